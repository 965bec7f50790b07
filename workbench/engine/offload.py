"""What gradient checkpointing keeps, held in the host's memory instead of the card's.

Owns which devices gain by it, what it takes of the host, and what the stack lacks for it where there is no card; the
stack itself moves the tensors. Must not know when it is switched on.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd.graph import save_on_cpu
from transformers import modeling_utils

from workbench.core.activations import pinned
from workbench.core.memory import GIB, HOST_SHARE
from workbench.runs import host


def _unpinned(pin_memory: bool, device_type: str) -> save_on_cpu:
    """Return torch's hooks as they are where nothing can be pinned: they copy all the same."""
    return save_on_cpu(pin_memory, "cuda")


if not torch.cuda.is_available():
    # The stack asks for pinned memory on a processor, too, where torch has none to give and fails.
    modeling_utils.save_on_cpu = _unpinned


def gains(device: torch.device) -> bool:
    """Return whether a device has memory of its own, apart from the host's."""
    return device.type == "cuda"


def switch_on(model: Any, offloading: bool) -> None:
    """Switch gradient checkpointing on, and say where it is to keep its tensors."""
    model.activation_checkpointing_enable({"use_reentrant": False}, offload=offloading)


def lacking(model: Any, tokens: int) -> str:
    """Return what is wrong with the host's memory for passes of so many tokens, as part of a sentence; "" for nothing.

    A pass takes each layer's input, pinned.
    """
    shape, width = model.config.get_text_config(), model.get_input_embeddings().weight.element_size()
    needed = int(shape.num_hidden_layers) * pinned(tokens * int(shape.hidden_size) * width)
    free = host.host().memory_free_bytes
    if needed <= HOST_SHARE * free:
        return ""
    return (
        f"the host's memory has {free / GIB:.1f} GiB free, of which {HOST_SHARE:.0%} may be taken, and "
        f"activation_offloading takes {needed / GIB:.1f} GiB"
    )
