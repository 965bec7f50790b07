"""Several adapters on one base: which of them is at work, and the model as it was before any of them.

Owns their names and the switching. Must not know what an adapter is trained for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

POLICY = "default"
"""The adapter that becomes the result, as the library calls the first one."""
NONE = ""
"""No adapter: the base, which is the reference of what is trained on it."""


def is_adapter(model: Any) -> bool:
    """Return whether the model is a base with a PEFT adapter on it."""
    return hasattr(model, "peft_config")


def trunk(model: Any) -> Any:
    """Return the part of a language model that ends with its hidden states."""
    inner = model.get_base_model() if is_adapter(model) else model
    return getattr(inner, inner.base_model_prefix)


@contextmanager
def at_work(model: Any, name: str) -> Iterator[None]:
    """Let one adapter be at work for the length of a block, or none; a model without adapters is left as it is.

    The library switches gradients with the adapter, so that in the block no other is trained; behind it everything is
    trained that was. A backward pass that computes activations anew belongs into the block.
    """
    if not is_adapter(model):
        yield
        return
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    try:
        if name == NONE:
            model.base_model.disable_adapter_layers()
        else:
            model.base_model.set_adapter(name)
        yield
    finally:
        if name == NONE:
            model.base_model.enable_adapter_layers()
        model.base_model.set_adapter(POLICY)
        for parameter in trained:
            parameter.requires_grad_(True)
