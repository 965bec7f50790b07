"""The proof that a GGUF says what the trained model says, before anybody gets the file.

Owns the questions asked of both sides, the comparison and the bounds. Must not know how a file is made. Transformers
answers in this process, llama.cpp in a child.
"""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from workbench.core.errors import WorkbenchError
from workbench.core.gguf_size import REFERENCE_BYTES, REFERENCE_TOKENS
from workbench.core.text import one_line
from workbench.core.units import count
from workbench.engine.export import reference
from workbench.engine.export.closeness import Closeness
from workbench.runs import errand

MAX_LOGIT_DIFFERENCE = 1e-3
_GELU_SLACK = 2.0
"""ggml takes GELU from a table in half precision: a file differs by as much as that table changes in transformers' own
logits, and may differ by this many times as much, for a value between two of the table's may become the other one."""
MAX_KL = {"F16": 1e-2, "BF16": 1e-2, "Q8_0": 1e-2}
"""Mean KL in nats beyond which a file of a nearly lossless type must be broken."""

SEQUENCE = 192
ROW = 512
"""Tokens of a held-out row that count at most."""
PROMPTS = 4
LIMIT = 40

HARD_TEXTS = (
    "Hello, world! It's 3.14159 o'clock; she'll say \"we've DONE\" it.",
    "   leading,  double  and trailing spaces   ",
    "tabs\tand\nnewlines\n\n\n  indented\r\nwindows\r\n",
    "def f(x: int = 0) -> str:\n    return f\"{x:>8}\" if x != 1_000 else 'no'\n\n\nclass A(B[int]):\n\tpass\n",
    "for (int i = 0; i < n; ++i) { a[i] |= ~(b[i] << 2); } // {{braces}} #!$%^&*",
    "https://example.org/a?b=c&d=%20e#f user.name+tag@example.com C:\\dir\\file.txt",
    "0 1 12 123 1234 12345 1,234,567.89 1e-9 0x1F 2024-02-29T23:59:59Z",
    "Zażółć gęślą jaźń. Größe, naïve, Ærøskøbing, İstanbul ıI, ΑΒΓ αβγς.",
    "Привет, мир! Съешь ещё этих мягких булок.",
    "你好，世界。今日は良い天気ですね。한국어 문장입니다.",
    "مرحبا بالعالم ١٢٣ שלום עולם नमस्ते दुनिया สวัสดี",
    "🙂👍🏽👨‍👩‍👧‍👦🇩🇪 ❤️ ☃ ™ ½ ² ﬁ … – — “quotes” ‘single’ «» №",
    "zero\u200bwidth non\u00a0breaking soft\u00adhyphen em\u2003space",
    "CamelCaseAndSNAKE_CASE'S don't DON'T we'Re 'tis rock'n'roll",
    "",
    " ",
    "\n",
    "a",
)

CHATS: tuple[list[dict[str, str]], ...] = (
    [{"role": "user", "content": "Hello!"}],
    [{"role": "system", "content": "Answer briefly."}, {"role": "user", "content": "  What is 2 + 2?\n"}],
    [
        {"role": "user", "content": "Say “hi” in three languages 🙂"},
        {"role": "assistant", "content": "Hi, hallo,\n\nsalut."},
        {"role": "user", "content": "And what is 17 * 3?"},
    ],
)


@dataclass(frozen=True)
class Parity:
    """How close a float32 GGUF is to the trained model."""

    tokenizer_mismatches: int
    max_abs_logit_diff: float
    top1: float
    stops: bool
    chat_render: bool | None
    """None when the model has no chat template."""
    texts: int
    tokens: int
    stopped: int
    """Prompts after which the model stopped by itself, of `prompts`."""
    prompts: int
    chats: int
    """Conversations that were rendered on both sides."""


@dataclass(frozen=True)
class Questions:
    """What is asked of both sides, and what transformers answered."""

    texts: tuple[tuple[str, bool], ...]
    ids: tuple[list[int], ...]
    chats: tuple[tuple[list[dict[str, str]], bool], ...]
    rendered: tuple[str | None, ...]
    sequences: tuple[list[int], ...]
    rows: tuple[list[int], ...]
    """Rows that were held out from training; none where there are none."""
    learnt: tuple[list[bool], ...]
    """Which of their tokens a run learns, and the perplexity is of."""
    offset: int
    """Byte at which the logits of the rows begin."""
    prompts: tuple[list[int], ...]
    greedy: tuple[reference.Greedy, ...]
    stops: tuple[int, ...]
    specials: frozenset[int]
    logits: Path
    context: int
    allowed: float
    """Largest logit difference the float32 file may have."""
    notes: tuple[str, ...] = ()
    """What llama.cpp computes otherwise whoever makes the file, a sentence each."""

    def request(self, gguf: Path, exact: bool) -> dict[str, Any]:
        """Return the request for the llama.cpp side: all questions exactly, or those of a file as users run it.

        How close a file is, is measured on held-out rows where there are any, else on the texts of the proof.
        """
        measured = bool(self.rows) and not exact
        return {
            "gguf": str(gguf),
            "exact": exact,
            "tie": self.allowed if exact else 0.0,
            "context": self.context,
            "texts": self.texts if exact else [],
            "chats": self.chats if exact else [],
            "reference": str(self.logits),
            "offset": self.offset if measured else 0,
            "sequences": self.rows if measured else self.sequences,
            "learnt": self.learnt if measured else [],
            "prompts": self.prompts,
            "limit": LIMIT,
            "stops": self.stops,
        }

    def kept(self) -> dict[str, Any]:
        """Return what is asked of a file as users run it as JSON values, for an attempt that goes on from there."""
        return {item.name: getattr(self, item.name) for item in fields(self) if item.name not in _ASKED_ONCE}


_ASKED_ONCE = ("texts", "ids", "chats", "rendered", "greedy", "specials", "logits")
"""What only the float32 file is asked, and the logits, which are a file of their own."""


def questions_of(kept: Mapping[str, Any], logits: Path) -> Questions:
    """Return the questions that `Questions.kept` has told, without those that only the float32 file is asked."""
    return Questions(texts=(), ids=(), chats=(), rendered=(), greedy=(), specials=frozenset(), logits=logits, **kept)


def _llama(request: dict[str, Any], stop: threading.Event | None) -> dict[str, Any]:
    """Return what llama.cpp answers; raise WorkbenchError when it dies over the file."""
    return errand.run("workbench.engine.export.judge", request, who="llama.cpp", own_group=False, stop=stop)


def _render(tokenizer: Any, messages: list[dict[str, str]], generation_prompt: bool) -> str | None:
    """Return the chat as transformers renders it; None where the template refuses it."""
    from jinja2 import TemplateError

    try:
        return str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=generation_prompt))
    except (TemplateError, TypeError, ValueError):
        return None


def _prompts(tokenizer: Any, chats: Sequence[list[dict[str, str]]]) -> list[list[int]]:
    """Return the ids of the chats up to where the assistant speaks next; none without a template."""
    asked = [chat[:-1] if chat[-1]["role"] == "assistant" else chat for chat in chats if tokenizer.chat_template]
    texts = [_render(tokenizer, chat, True) for chat in asked if chat]
    return [list(tokenizer(text, add_special_tokens=False).input_ids) for text in texts if text]


def _marks_apart(tokenizer: Any) -> bool:
    """Return whether the tokenizer joins combining marks to letters by their case, which llama.cpp does not."""
    return r"\p{Lt}" in repr(tokenizer.backend_tokenizer.pre_tokenizer)


def caveats(tokenizer: Any) -> list[str]:
    """Return what llama.cpp reads otherwise whoever makes the file, a sentence each."""
    if not _marks_apart(tokenizer):
        return []
    return [
        "llama.cpp splits words at combining marks, so that Hindi and other languages written with them may be read "
        "as other tokens; texts were compared without them."
    ]


def _texts(tokenizer: Any, texts: Sequence[str]) -> list[tuple[str, bool]]:
    """Return (text, whether to add special tokens) for the tokenizer check.

    Where the tokenizer composes characters first and llama.cpp does not, composed texts are compared, and texts without
    combining marks where `caveats` says so. Where it puts a
    space before a text, which a GGUF made for chat must not, texts are compared as they stand in a chat: behind a
    special token.
    """
    normalizer = str(getattr(tokenizer.backend_tokenizer, "normalizer", None))
    if "NFC" in normalizer:
        texts = [unicodedata.normalize("NFC", text) for text in texts]
    if _marks_apart(tokenizer):
        texts = ["".join(ch for ch in text if not unicodedata.category(ch).startswith("M")) for text in texts]
    prefixed = tokenizer.bos_token and tokenizer.convert_ids_to_tokens(
        tokenizer("a", add_special_tokens=False).input_ids
    )[0].startswith("▁")
    return [(tokenizer.bos_token + text, False) for text in texts] if prefixed else [(text, True) for text in texts]


def _specials(tokenizer: Any) -> frozenset[int]:
    """Return the ids of all special tokens, named or not."""
    return frozenset(number for number, token in tokenizer.added_tokens_decoder.items() if token.special)


def ask(
    model: Any,
    tokenizer: Any,
    stops: Sequence[int],
    texts: Sequence[str],
    chats: Sequence[list[dict[str, str]]],
    logits: Path,
    on_answer: Callable[[], None] = lambda: None,
    rows: Sequence[tuple[list[int], list[bool]]] = (),
) -> Questions:
    """Put every question to the Hugging Face side; the logits it answers with are written to `logits`.

    `texts` and `chats` are real ones from the person's data; hard ones are added. `rows` are held-out ones, as tokens
    and whether each is learnt: the finished files are measured on as many as the budget holds. `on_answer` is called
    between two answers, and may raise to end it.
    """
    all_chats = [(messages, prompt) for messages in (*CHATS, *chats) for prompt in (True, False)]
    rendered = [_render(tokenizer, *chat) if tokenizer.chat_template else None for chat in all_chats]
    pieces = _texts(tokenizer, (*HARD_TEXTS, *texts)) + [(text, False) for text in rendered if text is not None]
    ids = [list(tokenizer(text, add_special_tokens=special).input_ids) for text, special in pieces]
    config = model.config.get_text_config()
    activation = str(getattr(config, "hidden_activation", None) or getattr(config, "hidden_act", None))
    # Long-context factors apply from the original length on, and llama.cpp decides by the context and not the prompt.
    original = getattr(config, "original_max_position_embeddings", None) or config.max_position_embeddings
    context = min(int(original), ROW if rows else SEQUENCE + LIMIT)
    width = 4 * model.get_input_embeddings().weight.shape[0]
    room = min(REFERENCE_TOKENS, REFERENCE_BYTES // width)
    budget = room // 3 if rows else room
    sequences: list[list[int]] = []
    # Real texts and chats first: the hard ones are full of rare tokens.
    for sequence in (*ids[len(HARD_TEXTS) :], *ids[: len(HARD_TEXTS)]):
        part = sequence[: min(context - 1, SEQUENCE, budget)]
        if part:
            sequences.append(part)
            budget -= len(part)
    measured, budget = [], room - sum(map(len, sequences))
    for tokens, marks in rows:
        part = tokens[: min(context, budget)]
        if len(part) > 1:
            measured.append((part, marks[: len(part)]))
            budget -= len(part)
    with logits.open("wb") as file:
        for sequence in (*sequences, *(part for part, _ in measured)):
            on_answer()
            file.write(np.ascontiguousarray(reference.logits(model, sequence)).data)
    allowed = MAX_LOGIT_DIFFERENCE
    if "gelu" in activation:
        with reference.half_gelu(model):
            allowed = max(allowed, _GELU_SLACK * _shift(model, sequences, logits, on_answer))
    prompts = [prompt for prompt in _prompts(tokenizer, (*chats, *CHATS)) if len(prompt) <= context - LIMIT]
    prompts = (prompts or [sequence[:16] for sequence in sequences])[:PROMPTS]
    answers = []
    for prompt in prompts:
        on_answer()
        answers.append(reference.greedy(model, prompt, stops, LIMIT))
    return Questions(
        tuple(pieces),
        tuple(ids),
        tuple(all_chats),
        tuple(rendered),
        tuple(sequences),
        tuple(part for part, _ in measured),
        tuple(marks for _, marks in measured),
        sum(map(len, sequences)) * width,
        tuple(prompts),
        tuple(answers),
        tuple(stops),
        _specials(tokenizer),
        logits,
        context,
        allowed,
    )


def _shift(model: Any, sequences: Sequence[list[int]], logits: Path, on_answer: Callable[[], None]) -> float:
    """Return the largest difference between what `model` says now and the logits that it said before."""
    largest = 0.0
    with logits.open("rb") as file:
        for ids in sequences:
            on_answer()
            now = reference.logits(model, ids)
            before = np.fromfile(file, np.float32, now.size).reshape(now.shape)
            largest = max(largest, float(np.abs(now - before).max()))
    return largest


def divergence(model: Any, questions: Questions) -> float:
    """Return mean KL(`model` || what answered `questions`) in nats per token, over the sequences of the proof."""
    import torch

    total, tokens = 0.0, 0
    with questions.logits.open("rb") as file:
        for ids in questions.sequences:
            own = torch.from_numpy(reference.logits(model, ids).copy()).double().log_softmax(-1)
            kept = np.fromfile(file, np.float32, own.numel()).reshape(own.shape)
            other = torch.from_numpy(kept).double().log_softmax(-1)
            total += float((own.exp() * (own - other)).sum())
            tokens += len(ids)
    return max(total, 0.0) / max(tokens, 1)


def _agrees(want: reference.Greedy, got: list[int], specials: frozenset[int], tie: float) -> bool:
    """Return whether llama.cpp wrote and stopped as transformers did.

    A tie in the logits may part them, and llama.cpp may end an answer earlier at a special token whose name it knows.
    """
    for i, (one, other) in enumerate(zip(want.tokens, got, strict=False)):
        if one != other:
            return bool(want.scores[i].max() - want.scores[i][other] <= tie)
    return len(want.tokens) == len(got) or (0 < len(got) < len(want.tokens) and got[-1] in specials)


def check(questions: Questions, gguf: Path, stop: threading.Event | None = None, adapter: Path | None = None) -> Parity:
    """Return how the float32 file `gguf` answers, with an `adapter` file beside it or alone.

    Raises WorkbenchError when llama.cpp cannot load or run it. Setting `stop` ends it from another thread, here and in
    `examine`, as `errand.run` says.
    """
    answer = _llama(questions.request(gguf, exact=True) | {"adapter": str(adapter) if adapter else ""}, stop)
    wrong = sum(want != got for want, got in zip(questions.ids, answer["ids"], strict=True))
    has_template = any(text is not None for text in questions.rendered)
    pairs = zip(questions.greedy, answer["generated"], strict=True)
    agreed = [_agrees(want, got, questions.specials, questions.allowed) for want, got in pairs]
    return Parity(
        tokenizer_mismatches=wrong,
        max_abs_logit_diff=float(answer["max_abs"]),
        top1=float(answer["top1"]),
        stops=bool(questions.stops) and all(answer["ends"]) and all(agreed),
        chat_render=answer["rendered"] == list(questions.rendered) if has_template else None,
        texts=len(questions.texts),
        tokens=sum(map(len, questions.sequences)),
        stopped=sum(want.stopped for want in questions.greedy),
        prompts=len(questions.prompts),
        chats=sum(text is not None for text in questions.rendered),
    )


def failure(parity: Parity, allowed: float) -> str:
    """Return why the file must not be handed over, "" when nothing speaks against it; `allowed` as in the questions."""
    reasons = (
        (
            parity.tokenizer_mismatches > 0,
            f"llama.cpp reads {count(parity.tokenizer_mismatches)} of {count(parity.texts)} texts as other tokens",
        ),
        (
            not parity.max_abs_logit_diff <= allowed,
            f"its logits differ by {parity.max_abs_logit_diff:.2g} where {allowed:g} is allowed",
        ),
        (
            parity.top1 < 1.0,
            f"it prefers another next token in {100 * (1 - parity.top1):.1f} % of {count(parity.tokens)} places",
        ),
        (parity.chat_render is False, "the stored chat template renders conversations differently"),
        (not parity.stops, "it does not end its answers where the model does"),
    )
    return "; ".join(text for failed, text in reasons if failed)


@dataclass(frozen=True)
class Sanity:
    """How a delivered file compares with the trained model, run as users run it."""

    close: Closeness
    """How close its logits are to the trained model's."""
    stops: bool
    """Whether every token that ends an answer is known to end one."""
    stopped: int
    """Prompts after which it stopped by itself."""
    speed: float | None
    """Tokens it writes in a second on this machine, one conversation at a time; None when it wrote none."""


def examine(questions: Questions, gguf: Path, kind: str, stop: threading.Event | None = None) -> Sanity:
    """Return how the finished file of type `kind` does; raise WorkbenchError when it is broken."""
    answer = _llama(questions.request(gguf, exact=False), stop)
    result = Sanity(
        close=Closeness(**{item.name: answer[item.name] for item in fields(Closeness)}),
        stops=all(answer["ends"]),
        stopped=sum(bool(got) and got[-1] in questions.stops for got in answer["generated"]),
        speed=answer["speed"],
    )
    if not result.close.kl <= MAX_KL.get(kind, float("inf")) or not result.stops:
        raise WorkbenchError(
            f"The {one_line(kind)} file does not say what the model says (KL {result.close.kl:.2g} nats per token); "
            "it was not kept, choose another type."
        )
    return result
