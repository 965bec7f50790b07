"""Questions and answers from articles: what is asked in which order, what is kept, and how it is stored.

Owns the work from articles to a file for review. Must not know how a model is loaded or what a person decides later.
The same articles, model and seed give the same file on a CPU, whether or not the work was interrupted.
"""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.paths import journal_of
from workbench.core.text import one_line
from workbench.engine.synth import articles, checks
from workbench.engine.synth.articles import Article, Passage
from workbench.engine.synth.asking import Outcome, Room, Unit, ask, room
from workbench.engine.synth.journal import Journal
from workbench.engine.synth.protocols import PROTOCOLS, Protocol
from workbench.engine.synth.writer import Writer, open_writer
from workbench.runs import atomic

VERSION = 1
"""Changes when the same request would give other pairs."""
BATCH = 16
"""Sentences asked about at a time; what a kill can lose."""
ROUNDS = 3
"""How often a sentence is asked about when a number of pairs was wanted and is not reached."""
FEWEST_WORDS = 4
"""A shorter sentence is a heading or a list item; it is not asked about."""
SATISFIED = 0.75
"""Share of kept pairs from which no other way of asking is tried."""
PATIENCE = 128
"""Sentences asked about without one kept pair before the work is given up."""

SURPLUS = "as many pairs as wanted were there"

Say = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Request:
    """What is wanted."""

    articles: tuple[str, ...]
    """Files and folders."""
    model: str
    """A GGUF file, "bundled", a model folder or a run."""
    out: Path
    count: int = 0
    """Pairs wanted; 0 for one question about every sentence."""
    seed: int = 0
    accept: bool = False
    """Whether pairs count as reviewed at once."""


def units(passages: Sequence[Passage], seed: int, rounds: int) -> Iterator[Unit]:
    """Yield the sentences to ask about, in an order that `seed` draws: one of each passage, then a second one …"""
    for turn in range(rounds):
        draw = random.Random(f"{seed} {turn}")
        queues = []
        for passage in passages:
            text = passage.article.text
            asked = [span for span in passage.sentences if len(checks.words(text[slice(*span)])) >= FEWEST_WORDS]
            draw.shuffle(asked)
            queues.append((passage, asked))
        draw.shuffle(queues)
        while queues:
            queues = [(passage, left) for passage, left in queues if left]
            for passage, left in queues:
                yield Unit(passage, left.pop())


def _first(writer: Writer, fits: Room, batch: Sequence[Unit], seed: int) -> tuple[Protocol, Outcome, dict[str, int]]:
    """Return the way of asking that keeps most pairs of the first batch, what came of it, and the figures of all."""
    tried: dict[str, int] = {}
    best: tuple[Protocol, Outcome] | None = None
    for protocol in fits.protocols:
        outcome = ask(writer, protocol, fits, batch, seed)
        tried[protocol.name] = len(outcome.pairs)
        if best is None or len(outcome.pairs) > len(best[1].pairs):
            best = protocol, outcome
        if len(outcome.pairs) >= SATISFIED * len(batch):
            break
    assert best is not None, "room() returns at least one way of asking"
    return *best, tried


class _Collected:
    """The pairs so far, without questions that were asked before."""

    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        self._seen: set[str] = set()
        self.pairs: list[dict[str, Any]] = []
        self.rejected: Counter[str] = Counter()
        self.asked = 0

    @property
    def enough(self) -> bool:
        """Whether as many pairs as were wanted are there."""
        return bool(self._wanted) and len(self.pairs) >= self._wanted

    def add(self, batch: dict[str, Any]) -> None:
        """Take in one batch of the journal."""
        self.asked += batch["asked"]
        self.rejected.update(batch["rejected"])
        for pair in batch["pairs"]:
            key = checks.normalised(pair["messages"][0]["content"])
            if key in self._seen:
                self.rejected[checks.DUPLICATE] += 1
            elif self.enough:
                self.rejected[SURPLUS] += 1
            else:
                self._seen.add(key)
                self.pairs.append(pair)


def _batches(stream: Iterator[Unit]) -> Iterator[list[Unit]]:
    """Yield the units in lists of BATCH."""
    batch: list[Unit] = []
    for unit in stream:
        batch.append(unit)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _collect(
    writer: Writer, fits: Room, stream: Iterator[Unit], journal: Journal, request: Request, say: Say
) -> tuple[_Collected, dict[str, int], str]:
    """Ask until there is enough or nothing left; return the pairs, what each way of asking gave, and the one chosen."""
    collected, tried, name = _Collected(request.count), dict[str, int](), ""
    for stored in journal:
        collected.add(stored)
        tried, name = stored.get("tried", tried), stored.get("protocol", name)
    for number, batch in enumerate(_batches(stream)):
        if number < journal.batches:
            continue
        if collected.enough:
            break
        if not collected.pairs and collected.asked >= PATIENCE:
            break
        seed = random.Random(f"{request.seed} {number}").getrandbits(31)
        entry: dict[str, Any] = {"asked": len(batch)}
        if number == 0:
            protocol, outcome, tried = _first(writer, fits, batch, seed)
            name = protocol.name
            entry |= {"protocol": name, "tried": tried}
        else:
            outcome = ask(writer, PROTOCOLS[name], fits, batch, seed)
        entry |= {"pairs": outcome.pairs, "rejected": dict(outcome.rejected)}
        journal.append(entry)
        collected.add(entry)
        say({"asked": collected.asked, "kept": len(collected.pairs), "wanted": request.count})
    return collected, tried, name


def refuse_existing(out: Path) -> None:
    """Raise UsageError when the file for review is there already: a review is never overwritten."""
    if out.exists() or out.is_symlink():
        raise UsageError(f"{one_line(str(out))} exists; review it, or give another file with --out.")


def _head(request: Request, writer: Writer, texts: Sequence[Article]) -> dict[str, Any]:
    """Return what the pairs depend on."""
    return {
        "synthesis": VERSION,
        "articles": articles.digest(texts),
        "model": writer.identity,
        "seed": request.seed,
    }


def synthesize(request: Request, say: Say) -> dict[str, Any]:
    """Write questions and answers about articles to `request.out` and return the report.

    `say` gets {"asked", "kept", "wanted"} after each batch. The report has path, pairs, asked, rejected (reason →
    number), articles, passages, protocol, tried (way of asking → pairs kept of the first batch) and seconds. Raises
    UsageError when the file exists or the articles cannot be read, WorkbenchError when no pair passes the checks.
    """
    started = time.monotonic()
    refuse_existing(request.out)
    texts = list(articles.read(request.articles))
    writer = open_writer(request.model)
    fits = room(writer)
    passages = [passage for text in texts for passage in articles.passages(text, fits.passage, writer.tokens)]
    stream = units(passages, request.seed, ROUNDS if request.count else 1)
    with Journal(journal_of(request.out), _head(request, writer, texts)) as journal:
        collected, tried, name = _collect(writer, fits, stream, journal, request, say)
        if not collected.pairs:
            journal.remove()
            raise WorkbenchError(_nothing(collected))
        refuse_existing(request.out)
        rows = ({**pair, "accepted": True if request.accept else None} for pair in collected.pairs)
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        atomic.write_text(request.out, lines)
        journal.remove()
    return {
        "path": str(request.out),
        "pairs": len(collected.pairs),
        "asked": collected.asked,
        "rejected": dict(collected.rejected.most_common()),
        "articles": len(texts),
        "passages": len(passages),
        "protocol": name,
        "tried": tried,
        "seconds": round(time.monotonic() - started, 1),
    }


def _nothing(collected: _Collected) -> str:
    """Return the sentence for work that came to nothing."""
    if not collected.asked:
        return "The articles have no sentence to ask about; give texts of whole sentences."
    reason, number = collected.rejected.most_common(1)[0]
    return (
        f"None of {collected.asked} questions passed the checks, {number} of them because of this: {reason}; "
        "choose a larger model, or one made for chat."
    )
