"""A model without contents, put together the way an engine loads one: precision, 4-bit weights, adapter, checkpointing.

Owns the imitation of `engine/load.py` on tensors that have a shape and no memory. Must not know methods or losses.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import nn
from transformers import AutoConfig, AutoModelForCausalLM, BitsAndBytesConfig

from workbench.core.demand import Demand

NF4_BLOCK = 64
"""Weights that share a scale."""
NESTED_BLOCK = 256
"""Scales that share a scale of their own, by double quantisation."""


def configuration(config: dict[str, Any]) -> Any:
    """Return transformers' configuration of the language model in a config.json."""
    config = config.get("text_config", config)
    keys = {key: value for key, value in config.items() if key not in {"model_type", "architectures", "dtype"}}
    return AutoConfig.for_model(config["model_type"], **keys)


def _attention(config: Any) -> str:
    """Return the attention an engine gets: sdpa, or eager where the family knows nothing else."""
    return "eager" if config.model_type in {"gpt_oss"} else "sdpa"


def skeleton(config: Any, demand: Demand) -> Any:
    """Return the model on the meta device, with quantised layers and adapter as the tuning has them."""
    full = demand.tuning == "full"
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(
            config, dtype=torch.float32 if full else torch.bfloat16, attn_implementation=_attention(config)
        )
        if demand.tuning == "qlora":
            from transformers.integrations import replace_with_bnb_linear

            quantised = BitsAndBytesConfig(
                load_in_4bit=True,
                bnb_4bit_quant_type="nf4",
                bnb_4bit_use_double_quant=True,
                bnb_4bit_compute_dtype=torch.bfloat16,
            )
            model = replace_with_bnb_linear(model, modules_to_not_convert=["lm_head"], quantization_config=quantised)
            model.is_loaded_in_4bit = True
        if not full:
            from peft import LoraConfig, get_peft_model

            model.requires_grad_(False)
            targets: Any = "all-linear" if demand.targets == ("all-linear",) else list(demand.targets)
            model = get_peft_model(
                model,
                LoraConfig(task_type="CAUSAL_LM", r=demand.rank, lora_dropout=demand.dropout, target_modules=targets),
            )
    return model


class _Dropout(nn.Module):
    """Dropout that keeps its mask as one byte per element, as the kernel of a GPU does."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.native_dropout(x, self.p, self.training)[0]


def _four_bit(weight: Any, rows: int, columns: int) -> nn.Parameter:
    """Return a packed NF4 weight with the scales of double quantisation, as bitsandbytes keeps them."""
    from bitsandbytes.functional import QuantState

    size = rows * columns
    blocks = -(-size // NF4_BLOCK)
    state = QuantState(
        absmax=torch.zeros(blocks, dtype=torch.uint8),
        shape=torch.Size((rows, columns)),
        code=torch.zeros(16),
        blocksize=NF4_BLOCK,
        quant_type="nf4",
        dtype=torch.bfloat16,
        offset=torch.zeros(()),
        state2=QuantState(
            absmax=torch.zeros(-(-blocks // NESTED_BLOCK)),
            code=torch.zeros(256),
            blocksize=NESTED_BLOCK,
            dtype=torch.float32,
        ),
    )
    packed = nn.Parameter(torch.zeros(-(-size // 2), 1, dtype=torch.uint8), requires_grad=False)
    packed.quant_state = state
    return packed


def materialise(model: Any) -> None:
    """Give every parameter and buffer a tensor of the current mode and device in place of the meta tensor.

    Tensors that are shared stay shared.
    """
    made: dict[int, Any] = {}
    for module in list(model.modules()):
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False
        for name, old in list(module._parameters.items()):
            if old is None:
                continue
            if id(old) not in made:
                if type(old).__name__ == "Params4bit":
                    made[id(old)] = _four_bit(old, module.out_features, module.in_features)
                else:
                    zeros = torch.zeros(old.shape, dtype=old.dtype, device="cpu")
                    made[id(old)] = nn.Parameter(zeros, requires_grad=old.requires_grad)
            module._parameters[name] = made[id(old)]
        for name, old in list(module._buffers.items()):
            if old is not None:
                module._buffers[name] = torch.zeros(old.shape, dtype=old.dtype, device="cpu")
        for name, child in list(module.named_children()):
            if type(child) is nn.Dropout:
                setattr(module, name, _Dropout(child.p))
        if isinstance(module, nn.ModuleDict):
            for name, child in list(module.items()):
                if type(child) is nn.Dropout:
                    module[name] = _Dropout(child.p)


def tensors(model: Any) -> Iterator[torch.Tensor]:
    """Yield everything a model holds on its device: parameters, buffers, and the scales of quantised weights."""
    for parameter in model.parameters():
        yield parameter
        state = getattr(parameter, "quant_state", None)
        if state is not None:
            yield from (state.absmax, state.code, state.offset, state.state2.absmax, state.state2.code)
    yield from model.buffers()
