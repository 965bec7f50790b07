"""What of a model matters on given rows: how far each layer turns what passes, and how much enters each linear layer.

Owns the readings and the order of importance that follows from them. Must not know files, or what is cut by them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from workbench.core.errors import WorkbenchError
from workbench.engine import micro
from workbench.engine.adapters import trunk
from workbench.engine.examples import Examples
from workbench.engine.prepare import collator

LINEARS = (
    "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.qkv_proj", "self_attn.o_proj",
    "mlp.gate_proj", "mlp.up_proj", "mlp.gate_up_proj", "mlp.down_proj",
)  # fmt: skip
"""Linear layers of a decoder layer, by their names in the families that can be cut."""
_BATCH_TOKENS = 4096
"""Tokens that go through the model together at most, a single longer example aside."""


@dataclass(frozen=True)
class Measured:
    """What was read, over all tokens of the rows."""

    influence: NDArray[np.float64]
    """1 - cosine of what enters and what leaves each layer, a mean over tokens (Men et al. 2024, ShortGPT)."""
    distance: NDArray[np.float64]
    """Angle between what enters and what leaves each block of so many layers, over pi (Gromov et al. 2024): one for
    each layer a block can begin at."""
    squares: dict[tuple[int, str], torch.Tensor]
    """(layer, one of `LINEARS`) → mean square of each of its inputs."""
    tokens: int


def chosen(examples: Examples, most: int) -> list[int]:
    """Return the numbers of so many examples from all over, the longest first."""
    spread = np.unique(np.linspace(0, len(examples) - 1, min(most, len(examples))).round().astype(int))
    return sorted(spread.tolist(), key=lambda number: -int(examples.lengths[number]))


class _Reader:
    """Sums up what passes through a model, by hooks on its layers."""

    def __init__(self, layers: Sequence[Any], block: int) -> None:
        self._turned = np.zeros(len(layers))
        self._apart = np.zeros(len(layers) - block + 1)
        self._squares: dict[tuple[int, str], torch.Tensor] = {}
        self._tokens = 0
        self._block = block
        self._entered: deque[torch.Tensor] = deque(maxlen=max(block, 1))
        self._begin(torch.zeros(0, dtype=torch.bool))

    def _begin(self, seen: torch.Tensor) -> None:
        """Make ready for a batch, of which `seen` has rows × tokens that are no padding."""
        self._seen = seen
        self._now: dict[tuple[int, str], torch.Tensor] = {}
        self._turns: list[float] = []
        self._angles: list[float] = []
        self._entered.clear()

    def layer(self, entered: torch.Tensor, left: torch.Tensor) -> None:
        """Note the cosine of a layer's two ends, and the angle between the ends of the block that it ends."""
        start, end = entered[self._seen], left[self._seen].float()
        self._turns.append(float((1 - torch.cosine_similarity(start.float(), end, dim=-1)).sum()))
        self._entered.append(start)
        if self._block and len(self._entered) == self._block:
            cosine = torch.cosine_similarity(self._entered[0].float(), end, dim=-1).clamp(-1, 1)
            self._angles.append(float((cosine.arccos() / torch.pi).sum()))

    def linear(self, key: tuple[int, str], entered: torch.Tensor) -> None:
        """Note the squares of a linear layer's inputs."""
        self._now[key] = entered[self._seen].float().square().sum(0)

    def read(self, model: Any, batch: dict[str, torch.Tensor]) -> None:
        """Let a batch pass and count it; one that does not fit the memory counts for nothing."""
        seen = batch["attention_mask"].bool().to(model.device)
        self._begin(seen)
        with torch.no_grad():
            trunk(model)(input_ids=batch["input_ids"].to(model.device), attention_mask=seen, use_cache=False)
        self._turned += self._turns
        if self._block:
            self._apart += self._angles
        for key, found in self._now.items():
            self._squares[key] = self._squares[key] + found if key in self._squares else found
        self._tokens += int(seen.sum())

    def measured(self) -> Measured:
        """Return the means over all that was counted."""
        squares = {key: (total / self._tokens).cpu() for key, total in self._squares.items()}
        return Measured(self._turned / self._tokens, self._apart / self._tokens, squares, self._tokens)


def _watch(reader: _Reader, layers: Sequence[Any], hooks: ExitStack) -> None:
    """Let the reader see what passes through decoder layers until the hooks are taken away."""

    def watch(number: int, layer: Any) -> None:
        def passed(module: Any, given: tuple[Any, ...], named: dict[str, Any], result: Any) -> None:
            entered = given[0] if given else named["hidden_states"]
            reader.layer(entered, result[0] if isinstance(result, tuple) else result)

        hooks.callback(layer.register_forward_hook(passed, with_kwargs=True).remove)
        for name in LINEARS:
            if (part := _part(layer, name)) is not None:
                watch_linear((number, name), part)

    def watch_linear(key: tuple[int, str], part: Any) -> None:
        hooks.callback(part.register_forward_pre_hook(lambda module, given: reader.linear(key, given[0])).remove)

    for number, layer in enumerate(layers):
        watch(number, layer)


def measure(model: Any, examples: Examples, numbers: Sequence[int], block: int, check: Callable[[], None]) -> Measured:
    """Return what a model in memory shows on examples, of which `numbers` has the longest first.

    `block` is how many layers in a row may go, 0 for none; `check` is called between batches, to end the attempt when
    that is asked for. Raises WorkbenchError when a single example does not fit the memory.
    """
    layers = trunk(model).layers
    reader = _Reader(layers, block)
    rest, most = list(numbers), _BATCH_TOKENS
    with ExitStack() as hooks:
        _watch(reader, layers, hooks)
        while rest:
            check()
            taken = rest[: max(1, most // int(examples.lengths[rest[0]]))]
            rows = [{"input_ids": ids, "labels": ids} for ids, _ in map(examples.columns, taken)]
            try:
                reader.read(model, collator(0, packed=False)(rows))
            except RuntimeError as error:
                if not micro.ran_out(error):
                    raise
                if len(taken) == 1:
                    raise WorkbenchError(
                        "Out of memory while the base was measured; start again with --set teacher_in_4bit=true, or a "
                        "smaller max_length."
                    ) from None
                most //= 2
                micro.free()
                continue
            rest = rest[len(taken) :]
    return reader.measured()


def _part(layer: Any, name: str) -> Any:
    """Return a linear layer of a decoder layer, None where its family has none of that name."""
    found = layer
    for step in name.split("."):
        found = getattr(found, step, None)
    return found
