"""A model that goes on with a text to the end of the line: a GGUF through llama.cpp, or a base through transformers.

Owns loading for this purpose and the drawing of lines. Must not know what the lines are for. The same prompts in the
same order with the same seed give the same lines on a CPU.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from workbench.core.errors import WorkbenchError
from workbench.core.paths import expanded
from workbench.core.text import one_line

MAX_CONTEXT = 4096
"""Tokens of context that are asked for: a passage and its questions need no more."""
TOP_P = 0.95


class Prompt(NamedTuple):
    """A text to go on with."""

    text: str
    rendered: bool
    """Whether a chat template wrote it, special tokens included."""

    def then(self, text: str) -> Prompt:
        """Return the prompt with more text."""
        return Prompt(self.text + text, self.rendered)


class Line(NamedTuple):
    """What the model wrote up to the end of the line."""

    text: str
    finished: bool
    """Whether it ended the line or the text by itself, within the limit."""


class Writer(Protocol):
    """A loaded model."""

    context: int
    chat: bool
    """Whether it has a chat template."""
    identity: dict[str, Any]
    """What tells this model from another, as JSON."""

    def render(self, user: str) -> str:
        """Return a user's turn through the chat template, with the answer opened."""

    def tokens(self, text: str) -> int:
        """Return the length of a text in tokens."""

    def has_control(self, text: str) -> bool:
        """Return whether a control token is written in a text, which the model would obey."""

    def lines(self, prompts: Sequence[Prompt], limit: int, temperature: float, seed: int) -> list[Line]:
        """Return one line per prompt, at most `limit` tokens long; greedily at temperature 0."""


def _answer_opened(text: str) -> str:
    """Return a rendered prompt whose open chain of thought, if there is one, is closed: lines are asked for at once."""
    return text + "\n</think>\n\n" if text.rstrip().endswith("<think>") else text


def _files(folder: Path | None) -> list[tuple[str, int, int]]:
    """Return name, size and time of the weight files of a folder."""
    weights = sorted(folder.glob("*.safetensors")) if folder else []
    return [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in weights]


class GgufWriter:
    """A GGUF in llama.cpp, one line after another; prompts that begin alike share what was computed."""

    def __init__(self, path: Path) -> None:
        from workbench.engine import llama

        llama.quiet()
        self._model = llama.Model(path, MAX_CONTEXT)
        self._template = self._model.metadata("tokenizer.chat_template")
        self.context = self._model.context
        self.chat = bool(self._template)
        stat = path.stat()
        self.identity = {"gguf": one_line(str(path)), "bytes": stat.st_size, "time": stat.st_mtime_ns}

    def render(self, user: str) -> str:
        """Return the opened answer; see Writer."""
        from workbench.engine.export.gguf import template

        model = self._model
        messages = [{"role": "user", "content": user}]
        bos, eos = model.special_text("bos"), model.special_text("eos")
        return _answer_opened(template.render(self._template or "", messages, True, bos, eos))

    def tokens(self, text: str) -> int:
        """Return the length of a text in tokens."""
        return len(self._model.tokenize(text, add_special=False))

    def has_control(self, text: str) -> bool:
        """Return whether a control token is written in a text: such a token has a text only as a special one."""
        model = self._model
        return any(
            not model.piece(token) and model.piece(token, special=True)
            for token in set(model.tokenize(text, add_special=False))
        )

    def lines(self, prompts: Sequence[Prompt], limit: int, temperature: float, seed: int) -> list[Line]:
        """Return one line per prompt; see Writer."""
        return [
            self._line(prompt, limit, temperature, (seed + number) % 2**31) for number, prompt in enumerate(prompts)
        ]

    def _line(self, prompt: Prompt, limit: int, temperature: float, seed: int) -> Line:
        """Return one line."""
        from workbench.engine import llama

        ids = self._model.tokenize(prompt.text, add_special=not prompt.rendered)
        decode, text = llama.decoder(), ""
        for token in self._model.generate(ids, limit, llama.Sampling(temperature, TOP_P, seed=seed)):
            if self._model.ends(token):
                return Line(text.strip(), True)
            text += decode.decode(self._model.piece(token))
            if "\n" in text.lstrip():
                return Line(text.strip().partition("\n")[0].strip(), True)
        return Line(text.strip(), False)


class ModelWriter:
    """A base or the result of a run in transformers, batch by batch."""

    def __init__(self, reference: str) -> None:
        import torch

        from workbench.engine import load
        from workbench.engine.samples import stops
        from workbench.runs import bases

        base = bases.resolve(reference)
        device = "cuda" if torch.cuda.is_available() else "cpu"
        self._model = load.load_for_use(base, load.Machine(device, device == "cuda" and torch.cuda.is_bf16_supported()))
        self._tokenizer = load.load_tokenizer(base.model_dir)
        self._special = {token for token, item in self._tokenizer.added_tokens_decoder.items() if item.special}
        ends_line = {
            token
            for token, text in enumerate(self._tokenizer.batch_decode([[n] for n in range(len(self._tokenizer))]))
            if "\n" in text
        }
        self._stops = set(stops(self._tokenizer, self._model))
        self._ends = sorted(ends_line | self._stops)
        self.context = min(MAX_CONTEXT, int(self._model.config.get_text_config().max_position_embeddings))
        self.chat = bool(self._tokenizer.chat_template)
        self.identity = {
            "model": one_line(str(base.model_dir)),
            "weights": _files(base.model_dir),
            "adapter": _files(base.adapter_dir),
        }

    def render(self, user: str) -> str:
        """Return the opened answer; see Writer."""
        messages = [{"role": "user", "content": user}]
        try:
            text = self._tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        except Exception as error:  # a template is foreign code and may raise anything
            raise WorkbenchError(
                f"The model's chat template cannot render a question: {one_line(str(error), 200)}."
            ) from None
        return _answer_opened(str(text))

    def tokens(self, text: str) -> int:
        """Return the length of a text in tokens."""
        return len(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def has_control(self, text: str) -> bool:
        """Return whether a control token is written in a text."""
        return not self._special.isdisjoint(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def lines(self, prompts: Sequence[Prompt], limit: int, temperature: float, seed: int) -> list[Line]:
        """Return one line per prompt; see Writer. A batch that the card has no room for is halved."""
        import torch

        if not prompts:
            return []
        try:
            return self._batch(prompts, limit, temperature, seed)
        except torch.OutOfMemoryError:
            if len(prompts) == 1:
                raise WorkbenchError(
                    "The GPU has no room for one passage with this model; choose a smaller model, or a GGUF of it."
                ) from None
        torch.cuda.empty_cache()
        half = len(prompts) // 2
        return [
            line for part in (prompts[:half], prompts[half:]) for line in self.lines(part, limit, temperature, seed)
        ]

    def _batch(self, prompts: Sequence[Prompt], limit: int, temperature: float, seed: int) -> list[Line]:
        """Return the lines of prompts that are padded on the left to one width."""
        import torch

        encoded = [self._tokenizer(text, add_special_tokens=not given)["input_ids"] for text, given in prompts]
        width = max(map(len, encoded))
        pad = self._tokenizer.pad_token_id
        place = self._model.device
        ids = torch.tensor([[pad] * (width - len(row)) + row for row in encoded], device=place)
        mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in encoded], device=place)
        drawn: dict[str, Any] = {"do_sample": False}
        if temperature:
            drawn = {"do_sample": True, "temperature": temperature, "top_p": TOP_P, "top_k": 0}
        with torch.random.fork_rng(), torch.inference_mode():
            torch.manual_seed(seed)
            out = self._model.generate(
                input_ids=ids,
                attention_mask=mask,
                max_new_tokens=limit,
                # A line that begins with its end would be empty.
                min_new_tokens=1,
                eos_token_id=self._ends,
                pad_token_id=pad,
                **drawn,
            )[:, width:].tolist()
        return [self._line(row) for row in out]

    def _line(self, row: list[int]) -> Line:
        """Return the line in new tokens, padding included."""
        ends = set(self._ends)
        end = next((place for place, token in enumerate(row) if token in ends), None)
        kept = row if end is None else row[: end + (row[end] not in self._stops)]
        text = self._tokenizer.decode(kept, skip_special_tokens=True).strip()
        return Line(text.partition("\n")[0].strip(), end is not None)


def open_writer(reference: str) -> Writer:
    """Return the model a reference names, loaded: a GGUF file, "bundled", a model folder or a run.

    Raises WorkbenchError when there is none or it cannot be loaded.
    """
    path = expanded(reference)
    return GgufWriter(path.resolve()) if os.path.isfile(path) else ModelWriter(reference)
