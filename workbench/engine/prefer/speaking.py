"""Models that answer conversations, many at once: a GGUF through llama.cpp, a folder or a run through transformers.

Owns loading for this purpose, what cannot be put to a model, and what tells one model from another. Must not know what
the answers are for. An answer follows from model, conversation, settings and key alone on a CPU, so that work that was
interrupted comes to the same end.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import os
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from workbench.core.errors import WorkbenchError
from workbench.core.paths import expanded
from workbench.core.text import one_line
from workbench.engine.chat import no_template
from workbench.runs import bases
from workbench.runs.bases import Base

MAX_CONTEXT = 8192
"""Tokens of context that are asked for of a GGUF."""
ROOM = 64
"""Answers that are written at once where the memory allows."""

TOO_LONG = "the conversation and an answer are longer than the model's context"
CONTROL = "a control token stands in the conversation, which a GGUF would obey"
TOOLS = "the row has tools, of which a GGUF cannot be told here"
UNSAYABLE = "the model's chat template cannot write the conversation"

Turns = Sequence[Mapping[str, Any]]


class Asked(NamedTuple):
    """A conversation to be answered."""

    turns: Turns
    tools: Any = None


class Answer(NamedTuple):
    """What a model wrote."""

    text: str
    tokens: int
    """Its length, the token it ended with included."""
    finished: bool
    """Whether it ended by itself, within the limit."""


@dataclass(frozen=True)
class Drawing:
    """How answers are drawn."""

    temperature: float = 1.0
    """0 always takes the likeliest token."""
    top_p: float = 1.0
    max_tokens: int = 256


class Speaker(Protocol):
    """A loaded model."""

    @property
    def context(self) -> int:
        """Tokens that conversation and answer may have together."""

    def answers(self, asked: Sequence[Asked], count: int, how: Drawing, key: Sequence[int]) -> list[list[Answer] | str]:
        """Return `count` answers to each conversation, or why it cannot be put to the model."""


def _files(folder: Path | None) -> list[Path]:
    """Return the weight files of a folder."""
    return sorted(folder.glob("*.safetensors")) if folder else []


def _parts(reference: str) -> list[Path]:
    """Return the files of a model: those that hold its weights."""
    path = expanded(reference)
    if os.path.isfile(path):
        return [path.resolve()]
    base = bases.resolve(reference)
    return _files(base.model_dir) + _files(base.adapter_dir)


def identity(reference: str) -> dict[str, Any]:
    """Return what tells a model from another, without reading it: name, size and time of its files."""
    stats = [(path, path.stat()) for path in _parts(reference)]
    return {
        "model": one_line(reference),
        "files": [[one_line(str(path)), stat.st_size, stat.st_mtime_ns] for path, stat in stats],
    }


def hashes(reference: str) -> dict[str, Any]:
    """Return a model's files with their SHA-256, for whoever asks later what wrote an answer."""
    found = []
    for path in _parts(reference):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        found.append({"path": one_line(str(path)), "bytes": path.stat().st_size, "sha256": digest})
    return {"model": one_line(reference), "files": found}


class _GgufSpeaker:
    """A GGUF in llama.cpp, one answer after another; those to one conversation share what was computed of it."""

    def __init__(self, path: Path) -> None:
        from workbench.engine import llama

        llama.quiet()
        self._model = llama.Model(path, MAX_CONTEXT)
        self._template = self._model.metadata("tokenizer.chat_template")
        if not self._template:
            raise no_template()

    @property
    def context(self) -> int:
        """Tokens of the context; see Speaker."""
        return self._model.context

    def close(self) -> None:
        """Give the memory back."""
        self._model.__exit__(None, None, None)

    def _opened(self, asked: Asked) -> list[int] | str:
        """Return the tokens before an answer, or why there are none."""
        from workbench.engine.export.gguf import template

        if asked.tools:
            return TOOLS
        model = self._model
        for turn in asked.turns:
            ids = model.tokenize(str(turn.get("content") or ""), add_special=False)
            # Such a token has a text only as a special one.
            if any(not model.piece(token) and model.piece(token, special=True) for token in set(ids)):
                return CONTROL
        turns = [{**turn, "content": turn.get("content") or ""} for turn in asked.turns]
        bos, eos = model.special_text("bos"), model.special_text("eos")
        try:
            text = template.render(self._template or "", turns, True, bos, eos)
        except WorkbenchError:
            return UNSAYABLE
        return model.tokenize(text, add_special=False)

    def answers(self, asked: Sequence[Asked], count: int, how: Drawing, key: Sequence[int]) -> list[list[Answer] | str]:
        """Return the answers; see Speaker."""
        found: list[list[Answer] | str] = []
        for number, conversation in enumerate(asked):
            ids = self._opened(conversation)
            if isinstance(ids, str):
                found.append(ids)
            elif len(ids) + how.max_tokens > self._model.context:
                found.append(TOO_LONG)
            else:
                found.append([self._answer(ids, how, (*key, number, turn)) for turn in range(count)])
        return found

    def _answer(self, ids: Sequence[int], how: Drawing, key: Sequence[int]) -> Answer:
        """Return one answer."""
        from workbench.engine import llama

        seed = random.Random(" ".join(map(str, key))).getrandbits(31)
        decode, pieces, tokens = llama.decoder(), list[str](), 0
        for token in self._model.generate(ids, how.max_tokens, llama.Sampling(how.temperature, how.top_p, seed=seed)):
            tokens += 1
            if self._model.ends(token):
                return Answer("".join([*pieces, decode.decode(b"", final=True)]).strip(), tokens, True)
            pieces.append(decode.decode(self._model.piece(token)))
        return Answer("".join(pieces).strip(), tokens, False)


class _ModelSpeaker:
    """A base or the result of a run in transformers, batch by batch."""

    def __init__(self, base: Base, in_4bit: bool = False) -> None:
        import torch

        from workbench.engine import load
        from workbench.engine.masks import ChatEncoder
        from workbench.engine.samples import stops

        device = "cuda" if torch.cuda.is_available() else "cpu"
        self._tokenizer = load.load_tokenizer(base.model_dir)
        if self._tokenizer.chat_template is None:
            raise no_template()
        self._encoder = ChatEncoder(self._tokenizer, load.generation_eos(base.model_dir))
        where = load.Machine(device, device == "cuda" and load.fast_bf16(device))
        self._model = load.load_for_use(base, where, in_4bit)
        self._ends = stops(self._tokenizer, self._model)
        self.context = int(getattr(self._model.config.get_text_config(), "max_position_embeddings", 1 << 30))
        self._room = ROOM

    def close(self) -> None:
        """Give the memory back."""
        import torch

        self._model = None
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _opened(self, asked: Asked, longest: int) -> list[int] | str:
        """Return the tokens before an answer, or why there are none."""
        from workbench.engine.rendering import MaskError

        try:
            ids = self._encoder.trace_prompt(asked.turns, asked.tools).example.input_ids
        except MaskError:
            return UNSAYABLE
        return ids if len(ids) + longest <= self.context else TOO_LONG

    def answers(self, asked: Sequence[Asked], count: int, how: Drawing, key: Sequence[int]) -> list[list[Answer] | str]:
        """Return the answers; see Speaker. Fewer are written at once where the card has no room."""
        import torch

        from workbench.engine.reinforce import rollouts

        opened = [self._opened(conversation, how.max_tokens) for conversation in asked]
        prompts = [ids for ids in opened if not isinstance(ids, str)]
        sampling = rollouts.Sampling(
            how.max_tokens,
            self._ends,
            self._tokenizer.pad_token_id,
            how.temperature,
            how.top_p,
            vocabulary=len(self._tokenizer),
        )
        while True:
            try:
                written = rollouts.sample(self._model, prompts, sampling, count=count, key=key, batch=self._room)
                break
            except torch.OutOfMemoryError:
                if self._room == 1:
                    raise WorkbenchError(
                        "The GPU has no room for one answer of this model; choose a smaller model, or a GGUF of it."
                    ) from None
            self._room //= 2
            torch.cuda.empty_cache()
        texts = self._tokenizer.batch_decode(written.answers, skip_special_tokens=True) if prompts else []
        lines = (
            Answer(text.strip(), len(ids), finished)
            for text, ids, finished in zip(texts, written.answers, written.finished, strict=True)
        )
        return [ids if isinstance(ids, str) else [next(lines) for _ in range(count)] for ids in opened]


@contextlib.contextmanager
def speaking(reference: str | Base, in_4bit: bool = False) -> Iterator[Speaker]:
    """Hold a model in memory for the length of a block: a GGUF file, "bundled", a model folder or a run, or a base that
    was found.

    `in_4bit` holds the linear layers of any but a GGUF in 4 bits.
    Raises WorkbenchError when there is none, it cannot be loaded, or it was not made to answer.
    """
    model: _GgufSpeaker | _ModelSpeaker
    if isinstance(reference, Base):
        model = _ModelSpeaker(reference, in_4bit)
    elif os.path.isfile(path := expanded(reference)):
        model = _GgufSpeaker(path.resolve())
    else:
        model = _ModelSpeaker(bases.resolve(reference), in_4bit)
    try:
        yield model
    finally:
        model.close()
