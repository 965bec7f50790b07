"""Loading a base for training or for use: weights, quantisation, adapter.

Owns how weights come into memory for each tuning. Must not know data or trainers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets
import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    BitsAndBytesConfig,
    GenerationConfig,
)
from transformers.utils import logging as transformers_logging

from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.recipe import Recipe
from workbench.engine import startup
from workbench.engine.tokenizer import brief, generation_eos, load_tokenizer
from workbench.runs.bases import Base

__all__ = [
    "Machine",
    "adapter_config",
    "default_device",
    "fast_bf16",
    "generation_eos",
    "load_for_use",
    "load_model",
    "load_tokenizer",
    "machine",
    "stored_dtype",
]

transformers_logging.disable_progress_bar()
datasets.disable_progress_bars()


@dataclass(frozen=True)
class Machine:
    """Where and in which number format an attempt computes."""

    device: str
    """cpu, cuda or mps."""
    bf16: bool
    """Whether matrix products run in bfloat16."""


def _available() -> dict[str, bool]:
    """Return the kinds of device, the fastest first, and whether each is there."""
    return {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}


def default_device() -> str:
    """Return the fastest kind of device there is."""
    return next(name for name, there in _available().items() if there)


def machine(recipe: Recipe) -> Machine:
    """Return the device and precision the recipe resolves to here; raises UsageError when the device is not there."""
    device = recipe.device if recipe.device != "auto" else default_device()
    if not _available()[device]:
        raise UsageError(f"This machine has no {device} device; use --set device=auto, and see `workbench doctor`.")
    native = fast_bf16(device)
    if device == "cuda":
        torch.set_float32_matmul_precision("high")
    return Machine(device, native if recipe.precision == "auto" else recipe.precision == "bf16")


def fast_bf16(device: str) -> bool:
    """Return whether the device multiplies bfloat16 in hardware; emulated it is slower than fp32."""
    if device == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device == "cpu":
        capabilities = torch.cpu.get_capabilities()
        return any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16", "bf16"))
    return False


HEAD = "score"
"""Name of the layer that gives a whole text one score, in every family of the stack that has one."""


def load_model(folder: Path, *, tuning: str, where: Machine, for_training: bool, scored: bool = False) -> Any:
    """Return the causal language model in a folder, on its device; `scored` puts a head of one score in its place.

    `full` training keeps fp32 master weights; a frozen base is held in bf16 where the device computes in it, else in
    fp32; `qlora` holds the linear layers in 4-bit NF4 with double quantisation (Dettmers et al. 2023).
    """
    compute = torch.bfloat16 if where.bf16 else torch.float32
    dtype = torch.float32 if for_training and tuning == "full" else compute
    quantisation = None
    if tuning == "qlora":
        quantisation = BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=compute
        )
    kind, more = (AutoModelForSequenceClassification, {"num_labels": 1}) if scored else (AutoModelForCausalLM, {})
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        packed = getattr(config, "quantization_config", None) is not None
        model, found = kind.from_pretrained(
            folder,
            **more,
            dtype=dtype,
            # None would be taken for a wish to have packed weights read as they lie there.
            **({} if quantisation is None else {"quantization_config": quantisation}),
            device_map={"": torch.cuda.current_device()}
            if (quantisation is not None or packed) and where.device == "cuda"
            else None,
            attn_implementation="sdpa",
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            output_loading_info=True,
        )
    except torch.OutOfMemoryError:
        raise
    except Exception as error:
        raise WorkbenchError(f"The model in {folder} cannot be loaded ({brief(error)}); choose another base.") from None
    startup.settle()
    if lacking := sorted(key for key in found["missing_keys"] if not (scored and key.startswith(f"{HEAD}."))):
        # The stack would go on with random numbers in their place.
        raise WorkbenchError(f"The model in {folder} lacks the weights {lacking[0]}; copy or download it again.")
    if quantisation is None and not packed:
        return model.to(where.device)
    for module in model.modules():
        # On a CPU with bfloat16 instructions bitsandbytes repacks the weights at the first forward in evaluation mode,
        # and everything that reads them afterwards, a backward pass included, reads noise.
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False
    return model


def new_head(model: Any, pad_token_id: int, seed: int) -> None:
    """Give a scored model a head that has learnt nothing: small random weights, the same for the same seed.

    Their deviation is 1 / sqrt(width + 1), as Stiennon et al. 2020 ("Learning to Summarize from Human Feedback") take.
    The score is read at the last token that is no padding.
    """
    weight = getattr(model, HEAD).weight
    drawn = torch.randn(weight.shape, generator=torch.Generator().manual_seed(seed)) / (weight.shape[1] + 1) ** 0.5
    with torch.no_grad():
        weight.copy_(drawn.to(weight))
    model.config.pad_token_id = pad_token_id
    model.config.get_text_config().pad_token_id = pad_token_id


def load_for_use(base: Base, where: Machine, in_4bit: bool = False) -> Any:
    """Return base and adapter together, ready to generate: the base in the format the adapter was trained against, or
    in 4 bits.
    """
    tuning = "qlora" if in_4bit else base.adapter_tuning or "full"
    model = load_model(base.model_dir, tuning=tuning, where=where, for_training=False)
    if base.adapter_dir is not None:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, base.adapter_dir, is_trainable=False, local_files_only=True)
    if (base.model_dir / "generation_config.json").is_file():
        model.generation_config = GenerationConfig.from_pretrained(base.model_dir, local_files_only=True)
    return model.eval()


def adapter_config(recipe: Recipe, token_rows: Sequence[int] = (), scored: bool = False) -> Any:
    """Return the PEFT configuration of the recipe's adapter, or None for full tuning.

    The head of a `scored` model is new, so it is trained whole beside the adapter and stored with it. `token_rows` are
    the tokens whose embeddings are trained beside it; where the head shares them it moves along.
    """
    if recipe.tuning == "full":
        return None
    from peft import LoraConfig

    named = recipe.target_modules
    alone = len(named) == 1 and not named[0].replace("_", "").replace(".", "").isalnum()
    # PEFT takes a text for "all-linear" or a regular expression, and a list for ends of names.
    targets: Any = named[0] if alone or named == ("all-linear",) else list(named)
    return LoraConfig(
        task_type="SEQ_CLS" if scored else "CAUSAL_LM",
        r=recipe.lora_r,
        lora_alpha=recipe.lora_alpha,
        lora_dropout=recipe.lora_dropout,
        target_modules=targets,
        trainable_token_indices=list(token_rows) or None,
        modules_to_save=[HEAD] if scored else None,
    )


def stored_dtype(folder: Path) -> torch.dtype:
    """Return the number format the weights in a folder are stored in; results are published in the same."""
    dtype = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False).dtype
    return dtype if isinstance(dtype, torch.dtype) else torch.bfloat16
