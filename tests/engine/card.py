"""A card with little memory, played by the model of the stack: a pass raises what CUDA raises when it gets more at once
than a limit. Must not hold expectations.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
import transformers

from workbench.core.paths import assets_dir

ENDLESS = 1 << 40


@dataclass
class Card:
    """How much fits at once, and what went through."""

    training: int = ENDLESS
    """Tokens of a pass that keeps activations for a gradient."""
    sequences: int = ENDLESS
    """Sequences of such a pass."""
    evaluated: int = ENDLESS
    """Sequences of a pass without a gradient."""
    written: int = ENDLESS
    """Texts that are written at once."""
    checkpointing_gains: int = 1
    """How many times as much fits with gradient checkpointing."""
    free_until: int = 0
    """Training passes before somebody else takes the memory beyond the limit."""
    in_backward: bool = False
    sizes: list[int] = field(default_factory=list)
    """Tokens of every training pass that was tried."""

    def take(self, model: Any, shape: torch.Size, writes: bool) -> bool:
        """Return whether a pass over sequences × tokens fits."""
        if not torch.is_grad_enabled():
            return shape[0] <= (self.written if writes else self.evaluated)
        self.sizes.append(shape.numel())
        gain = self.checkpointing_gains if model.is_activation_checkpointing else 1
        fits = shape.numel() <= self.training * gain and shape[0] <= self.sequences
        return fits or len(self.sizes) <= self.free_until


def exhausted(*_: Any, **__: Any) -> None:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


def limited(monkeypatch: pytest.MonkeyPatch) -> Card:
    """Return a card without a limit, until the test gives it one; it is there for the length of the test."""
    made = Card()
    name = transformers.AutoConfig.from_pretrained(assets_dir() / "base").architectures[0]
    inner = type(transformers.AutoModel.from_pretrained(assets_dir() / "base"))
    assert name.startswith(inner.__name__.removesuffix("Model"))
    forward = inner.forward

    def passed(self: Any, input_ids: torch.Tensor, *rest: Any, **options: Any) -> Any:
        fits = made.take(self, input_ids.shape, bool(options.get("use_cache")))
        if not fits and not (made.in_backward and torch.is_grad_enabled()):
            exhausted()
        outputs = forward(self, input_ids, *rest, **options)
        if not fits:
            outputs.last_hidden_state.register_hook(exhausted)
        return outputs

    monkeypatch.setattr(inner, "forward", passed)
    return made
