"""Answers that a model writes at present to some prompts, as a run of GRPO would have it write them.

Owns loading for this purpose. Must not know rewards.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.units import count
from workbench.engine import load, micro, samples
from workbench.engine.chat_templates import lend, tokenizer_of
from workbench.engine.masks import ChatEncoder
from workbench.engine.reinforce import rollouts
from workbench.engine.reinforce.rollouts import Rollouts, Sampling
from workbench.engine.rendering import MaskError
from workbench.engine.thoughts import Thoughts, opening_template
from workbench.runs import bases

_BATCH = 64
"""Answers written at once, at most."""


@dataclass(frozen=True)
class Written:
    """The answers to some rows' prompts, as many to each, in their order."""

    rows: list[Mapping[str, Any]]
    """Those whose prompts leave room for an answer."""
    texts: list[str]
    tokens: list[int]
    finished: list[bool]
    forced: list[bool]
    """Whether the thought of each was closed by force."""


class Model:
    """A loaded model and its tokenizer."""

    def __init__(self, reference: str, chat_template: str = "", tuning: str = "", thinking_budget: int = 0) -> None:
        """Load what a reference names, with a chat template of the workbench where one is named.

        With a budget its answers begin with a thought of so many tokens at most. A base for qlora is held in 4 bits, as
        its run would hold it. Raises WorkbenchError when it cannot be loaded, or cannot take a conversation.
        """
        base = bases.resolve(reference)
        ends = load.generation_eos(base.model_dir)
        self._more_ends: list[int] = []
        if chat_template:
            self._tokenizer = load.load_tokenizer(base.model_dir)
            self._more_ends = [lend(self._tokenizer, chat_template)]
            own = ends if isinstance(ends, list) else [] if ends is None else [ends]
            ends = list(dict.fromkeys([*self._more_ends, *own]))
        else:
            self._tokenizer = tokenizer_of(base.model_dir, reference, "grpo")
        self._budget = thinking_budget
        if thinking_budget and (made := opening_template(self._tokenizer)):
            self._tokenizer.chat_template = made
        self._encoder = ChatEncoder(self._tokenizer, ends)
        device = load.default_device()
        where = load.Machine(device, device == "cuda" and load.fast_bf16(device))
        try:
            if tuning == "qlora" and base.adapter_dir is None:
                self._model = load.load_model(base.model_dir, tuning=tuning, where=where, for_training=False).eval()
            else:
                self._model = load.load_for_use(base, where)
        except RuntimeError as error:
            if not micro.ran_out(error):
                raise
            raise WorkbenchError(
                "There is no memory to load this base; choose a smaller one, or tuning qlora, which holds it in 4 bits."
            ) from None

    def tokens(self, text: str) -> int:
        """Return the length of an answer in tokens, the one it ends with included."""
        return len(self._tokenizer(text, add_special_tokens=False)["input_ids"]) + 1

    def write(
        self,
        rows: Sequence[Mapping[str, Any]],
        wanted: int,
        count_: int,
        room: tuple[int, int],
        drawing: tuple[float, float, int],
        told: Callable[[int, int], None],
    ) -> Written:
        """Return `count_` answers to each of the first `wanted` rows whose prompts leave room for one.

        `room` is (tokens of an answer, tokens of prompt and answer together), `drawing` (temperature, top_p, seed).
        """
        longest, whole = room
        kept, prompts = list[Mapping[str, Any]](), list[list[int]]()
        for row in rows:
            try:
                ids = list(self._encoder.trace_prompt(row["prompt"], row.get("tools")).example.input_ids)
            except MaskError:
                continue
            if len(ids) + longest <= whole:
                kept.append(row)
                prompts.append(ids)
            if len(kept) == wanted:
                break
        if not kept:
            raise UsageError(
                f"No prompt leaves room for an answer of {count(longest)} tokens within {count(whole)}; raise "
                "max_length, or lower max_completion_length."
            )
        temperature, top_p, seed = drawing
        ends = sorted({*samples.stops(self._tokenizer, self._model), *self._more_ends})
        thoughts = Thoughts.of(self._tokenizer, prompts[0], self._budget) if self._budget else None
        how = Sampling(
            longest, ends, int(self._tokenizer.pad_token_id), temperature, top_p, len(self._tokenizer), thoughts
        )
        written = self._sample(prompts, how, count_, seed, lambda done: told(done, len(prompts) * count_))
        pairs = zip(written.prompts, written.answers, strict=True)
        return Written(
            kept,
            [samples.spoken(self._tokenizer, prompt, answer, ends) for prompt, answer in pairs],
            list(map(len, written.answers)),
            written.finished,
            list(map(bool, written.forced)),
        )

    def _sample(
        self, prompts: list[list[int]], how: Sampling, count_: int, seed: int, told: Callable[[int], None]
    ) -> Rollouts:
        """Return answers, fewer at once where memory runs out."""
        batch = _BATCH
        while True:
            try:
                return rollouts.sample(self._model, prompts, how, count=count_, key=[seed], batch=batch, told=told)
            except RuntimeError as error:
                if not micro.ran_out(error):
                    raise
            micro.free()
            if batch == 1:
                raise WorkbenchError(
                    "There is no memory to write even one answer with this base; choose a smaller one, or lower "
                    "max_completion_length."
                )
            batch //= 2
