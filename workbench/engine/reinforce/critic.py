"""The critic of PPO: what a model expects an unfinished answer still to earn, told by a head beside the language head.

Owns that head, the adapter the critic reads with, and their tensors as a checkpoint keeps them. Must not know losses,
rewards or trainers. On a base with an adapter the critic has an adapter of its own; under full tuning it reads the
policy's own hidden states, so that no second set of weights is trained.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from workbench.core.errors import WorkbenchError
from workbench.engine.adapters import POLICY, is_adapter, trunk

ADAPTER = "critic"
HEAD = "critic_head"
"""The head, as a part of the model: its parameters are optimised, clipped and checked with the model's own."""


def install(model: Any) -> None:
    """Give a model a critic that has learnt nothing: a head of zeros, and an adapter like the policy's where it has
    one.
    """
    head = nn.Linear(trunk(model).config.get_text_config().hidden_size, 1, dtype=torch.float32, device=model.device)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    if is_adapter(model):
        model.add_adapter(ADAPTER, model.peft_config[POLICY])
        for name, parameter in model.named_parameters():
            if f".{ADAPTER}." in name:
                # Small updates vanish in bf16.
                parameter.data = parameter.data.float()
                parameter.requires_grad_(True)
    model.add_module(HEAD, head)


def values(model: Any, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """Return what the answers still earn before each token but the first, rows × (tokens - 1), in fp32.

    The critic's adapter has to be at work.
    """
    seen = trunk(model)(input_ids=input_ids, attention_mask=attention_mask, use_cache=False).last_hidden_state
    # Returns differ by less than bf16 can tell apart.
    with torch.autocast(seen.device.type, enabled=False):
        found: torch.Tensor = getattr(model, HEAD)(seen[:, :-1].float()).squeeze(-1)
    return found


def is_part(name: str) -> bool:
    """Return whether a tensor of a model's state is the critic's head and no part of the language model."""
    return name.startswith(f"{HEAD}.")


def tensors(model: Any) -> dict[str, torch.Tensor]:
    """Return everything of a model's critic by name, nothing of a model without one."""
    head = getattr(model, HEAD, None)
    if head is None:
        return {}
    found = {f"{HEAD}.{name}": tensor for name, tensor in head.state_dict().items()}
    if is_adapter(model):
        from peft import get_peft_model_state_dict

        found |= get_peft_model_state_dict(model, adapter_name=ADAPTER, save_embedding_layers=False)
    return {name: tensor.detach().cpu().contiguous() for name, tensor in found.items()}


def restore(model: Any, stored: Mapping[str, torch.Tensor]) -> None:
    """Put back what `tensors` gave; raises WorkbenchError when it belongs to another model."""
    own = tensors(model)
    if {name: tensor.shape for name, tensor in own.items()} != {name: kept.shape for name, kept in stored.items()}:
        raise WorkbenchError("The critic of the checkpoint does not fit this model; start a new run.")
    if not own:
        return
    head = {name.removeprefix(f"{HEAD}."): tensor for name, tensor in stored.items() if is_part(name)}
    getattr(model, HEAD).load_state_dict(head)
    if is_adapter(model):
        from peft import set_peft_model_state_dict

        rest = {name: tensor for name, tensor in stored.items() if not is_part(name)}
        set_peft_model_state_dict(model, rest, adapter_name=ADAPTER)
