"""General text that a base writes about nothing in particular: replayed, it keeps what the base knew.

Owns how documents are begun, drawn and judged, and the file in the run directory. Must not know how they are mixed or
encoded. Sampling from the base before training stands in for the text it was trained on, which nobody has at hand.
"""

from __future__ import annotations

import gc
import itertools
import json
import random
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from workbench.core.errors import WorkbenchError
from workbench.engine import load
from workbench.engine.samples import stops
from workbench.engine.session import Attempt
from workbench.engine.synth import checks
from workbench.engine.synth.journal import Journal
from workbench.runs import atomic

VERSION = 1
BATCH = 32
"""Documents drawn at a time; what a kill can lose."""
LONGEST = 512
"""Longest document in tokens."""
SHORTEST = 20
"""Shortest document in characters."""
FEWEST_CHARACTERS = 50_000
"""Least text that is drawn: a part of it is held out to measure forgetting, and has to be worth measuring."""
MOST_REPEATED = 0.25
"""Share of a document's four-word sequences that may stand in it before, as in the rules of MassiveText (Rae et al.
2021), where text that people wrote stays below."""
MOST_COMPRESSION = 4.0
"""Times that a document may shrink under deflate; what people wrote shrinks two to three times."""
PATIENCE = 20
"""Batches in a row without a usable document before it is given up."""

FILE = "self-replay.jsonl"


class Document(NamedTuple):
    """One text that a base wrote."""

    text: str
    finished: bool
    """Whether it came to its end within the limit."""


def openings(tokenizer: Any) -> list[int]:
    """Return the tokens that a document may begin with: words of the vocabulary as they stand at a text's beginning.

    Drawing the first word evenly instead of by the model gives texts about everything it has words for, and lets a base
    that knows no token for a document's beginning write one.
    """
    special = {token for token, item in tokenizer.added_tokens_decoder.items() if item.special}
    texts = tokenizer.batch_decode([[token] for token in range(len(tokenizer))])
    return [
        token
        for token, text in enumerate(texts)
        # In a script without capitals every word may begin a text.
        if token not in special and len(text) > 1 and text.isalpha() and text[0] == text[0].upper()
    ]


def _compression(text: str) -> float:
    """Return how many times a text shrinks under deflate."""
    data = text.encode("utf-8", "replace")
    return len(data) / len(zlib.compress(data, 9))


def why_not(text: str) -> str:
    """Return why a document is not worth replaying, or ""."""
    if len(text) < SHORTEST:
        return "too short"
    if "\ufffd" in text:
        return "damaged"
    words = checks.words(text)
    fours = [tuple(words[place : place + 4]) for place in range(len(words) - 3)]
    if fours and 1 - len(set(fours)) / len(fours) > MOST_REPEATED:
        return "repeats itself"
    return "repeats itself" if len(text) >= 400 and _compression(text) > MOST_COMPRESSION else ""


def _whole(document: Document) -> str:
    """Return a document's text; one that was cut at the limit ends with its last whole sentence or line."""
    text = document.text.strip()
    if document.finished:
        return text
    end = max(text.rfind(mark) for mark in (". ", "! ", "? ", ".\n", "。", "\n"))
    return text[: end + 1].rstrip() if end > 0 else ""


def _draw(model: Any, tokenizer: Any, starts: Sequence[Sequence[int]], limit: int, seed: int) -> Iterator[Document]:
    """Yield one document per start, drawn at temperature 1 from the whole distribution; starts are of one length."""
    import torch

    ends = stops(tokenizer, model)
    ids = torch.tensor(starts, device=model.device)
    with torch.random.fork_rng(), torch.inference_mode():
        torch.manual_seed(seed)
        rows = model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            do_sample=True,
            temperature=1.0,
            top_k=0,
            top_p=1.0,
            max_new_tokens=limit,
            eos_token_id=ends,
            pad_token_id=tokenizer.pad_token_id,
        ).tolist()
    for row in rows:
        end = next((place for place, token in enumerate(row) if place >= len(starts[0]) and token in ends), None)
        yield Document(tokenizer.decode(row[:end], skip_special_tokens=True), end is not None)


def sample_general(model: Any, tokenizer: Any, tokens: int, seed: int, first: int = 0) -> Iterator[list[Document]]:
    """Yield batches of documents without end, from batch `first` on; a document has at most `tokens` new tokens.

    Every document begins with an even draw from `openings`; where the tokenizer begins texts with a token of their own,
    that stands first, and every other document is left wholly to the model. Batch n depends on `seed` and n only. On a
    card without room for a batch smaller ones are drawn. Raises WorkbenchError when not even one document fits.
    """
    words = openings(tokenizer)
    beginning = [token for token in tokenizer("")["input_ids"][:1] if token == tokenizer.bos_token_id]
    if not words and not beginning:
        raise WorkbenchError("This base has no word to begin a text with; name general text in replay_data.")
    for number in itertools.count(first):
        draw = random.Random(f"{seed} {number}")
        alone = BATCH if not words else BATCH // 2 if beginning else 0
        documents = []
        for starts in ([beginning] * alone, [[*beginning, draw.choice(words)] for _ in range(BATCH - alone)]):
            if starts:
                documents += _in_parts(model, tokenizer, starts, tokens, draw.getrandbits(31))
        yield documents


def _in_parts(model: Any, tokenizer: Any, starts: Sequence[Sequence[int]], limit: int, seed: int) -> list[Document]:
    """Return the documents of starts, halved as long as the card has no room for all."""
    import torch

    try:
        return list(_draw(model, tokenizer, starts, limit, seed))
    except torch.OutOfMemoryError:
        if len(starts) == 1:
            raise WorkbenchError(
                "The GPU has no room to draw one text from this base; name general text in replay_data."
            ) from None
    torch.cuda.empty_cache()
    half = len(starts) // 2
    return [text for part in (starts[:half], starts[half:]) for text in _in_parts(model, tokenizer, part, limit, seed)]


def collect(
    model: Any,
    tokenizer: Any,
    journal: Journal,
    *,
    characters: int,
    seed: int,
    on_batch: Callable[[int], None],
) -> list[str]:
    """Return documents of at least `characters` in all, going on with a journal; none of them is there twice.

    `on_batch` gets the characters so far before each batch and may raise to end the work. Raises WorkbenchError when
    the base writes nothing usable.
    """
    texts: dict[str, None] = {}
    for batch in journal:
        texts |= dict.fromkeys(batch["texts"])
    limit = min(LONGEST, int(model.config.get_text_config().max_position_embeddings) - 2)
    batches = sample_general(model, tokenizer, limit, seed, first=journal.batches)
    fruitless = 0
    while (so_far := sum(map(len, texts))) < characters:
        on_batch(so_far)
        found = [text for text in map(_whole, next(batches)) if not why_not(text)]
        journal.append({"texts": found})
        fruitless = 0 if found and not texts.keys() >= set(found) else fruitless + 1
        if fruitless == PATIENCE:
            raise WorkbenchError(
                "This base writes no general text that is worth replaying: what it writes repeats itself; name some "
                "in replay_data."
            )
        texts |= dict.fromkeys(found)
    return list(texts)


def self_replay(attempt: Attempt, folder: Path, tokenizer: Any, characters: int) -> Path:
    """Return the run's file of general text, {"text"} rows written by the base in `folder` before it is trained.

    It has at least `characters`, and at least FEWEST_CHARACTERS. A file that an earlier attempt completed is used
    again, one that it began is gone on with. Raises Interrupted when the attempt is asked to end, and WorkbenchError
    when the base cannot be loaded or writes nothing usable.
    """
    final = attempt.run.path / FILE
    if final.is_file():
        return final
    recipe, reporter = attempt.recipe, attempt.reporter
    wanted = max(characters, FEWEST_CHARACTERS)
    reporter.phase("preparing", "the base writes general text for replay")
    where = load.machine(recipe)
    model = load.load_model(folder, tuning=recipe.tuning, where=where, for_training=False).eval()
    head = {"self_replay": VERSION, "seed": recipe.seed}

    def on_batch(so_far: int) -> None:
        attempt.requests.check()
        reporter.phase("preparing", "the base writes general text for replay", done=min(so_far, wanted), total=wanted)

    with Journal(final.with_name(f".{FILE}.journal"), head) as journal:
        texts = collect(model, tokenizer, journal, characters=wanted, seed=recipe.seed, on_batch=on_batch)
        rows = "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts)
        atomic.write_text(final, rows)
        journal.remove()
    # The trainer loads the base again, in the format it trains in; two of them need not fit.
    del model
    gc.collect()
    if where.device == "cuda":
        import torch

        torch.cuda.empty_cache()
    return final
