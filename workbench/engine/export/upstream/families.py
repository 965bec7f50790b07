"""What llama.cpp's converter needs to be told of a model, and what has to be known of the model it makes.

Owns the table of architectures that need either: what transformers writes otherwise than the converter reads, what
llama.cpp computes otherwise, and what has no place in an adapter file. Must not run the converter or read weights.
Every row was found by comparing files with transformers; the proof of each export tells whether they still suffice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from workbench.core.errors import WorkbenchError
from workbench.core.text import one_line
from workbench.engine.export.gguf.architectures import refuse
from workbench.runs import converter


def _as_it_is(config: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration unchanged."""
    return config


def _gemma_unified(config: dict[str, Any]) -> dict[str, Any]:
    """Say that there are no experts; the converter asks for their size and this family does not mention them."""
    return config | {"text_config": {"moe_intermediate_size": None} | config["text_config"]}


def _granite_hybrid(config: dict[str, Any]) -> dict[str, Any]:
    """Name the types of layers as the converter knows them; transformers renamed them."""
    names = {"full_attention": "attention", "linear_attention": "mamba"}
    return config | {"layer_types": [names.get(kind, kind) for kind in config.get("layer_types") or []]}


def _positions(config: Any) -> str:
    """Granite's layers of attention alone are rotated in llama.cpp, those beside Mamba layers are not."""
    hybrid = any(kind in ("linear_attention", "mamba") for kind in config.layer_types or [])
    rotated = config.position_embedding_type == "rope"
    if rotated == hybrid:
        return f"llama.cpp {'does not rotate' if hybrid else 'rotates'} the positions of a model with such layers"
    return ""


def _experts(config: Any) -> str:
    """Qwen's experts count in llama.cpp by their share among those chosen, whatever the configuration says."""
    return "" if config.norm_topk_prob else "llama.cpp weighs the chosen experts so that they sum to one"


def _no_cap(config: Any) -> list[tuple[str, Any, str]]:
    """Say that logits are not capped: llama.cpp caps Gemma's at 30 where a file is silent, and so is the converter."""
    cap = getattr(config.get_text_config(), "final_logit_softcapping", None)
    return [] if cap else [("gemma4.final_logit_softcapping", 0.0, "FLOAT32")]


@dataclass(frozen=True)
class Quirk:
    """What sets one class apart."""

    config: Callable[[dict[str, Any]], dict[str, Any]] = _as_it_is
    """From config.json as transformers writes it to what the converter reads."""
    refused: Callable[[Any], str] = lambda config: ""
    """Why llama.cpp cannot represent a model of this class, the end of a sentence, or ""."""
    pairs: Callable[[Any], list[tuple[str, Any, str]]] = lambda config: []
    """Keys that the converter leaves out of a file, with their values and GGUF types."""
    rotation: str = ""
    """A sentence where llama.cpp rotates positions otherwise than transformers, else ""."""
    no_adapter: str = ""
    """Why an adapter cannot be a file of its own, the end of a sentence, else ""."""
    adapter_parts: str = ""
    """Part of the module names that llama.cpp computes without an adapter, else ""."""


_GEMMA4 = Quirk(pairs=_no_cap, adapter_parts="per_layer_model_projection")
_WHOLE = Quirk(no_adapter="llama.cpp's converter writes the whole model instead of the adapter")

QUIRKS: dict[str, Quirk] = {
    "GptOssForCausalLM": Quirk(
        rotation="llama.cpp rounds the range in which it stretches positions, which the model was trained without"
    ),
    "GraniteMoeHybridForCausalLM": Quirk(
        _granite_hybrid, _positions, no_adapter="llama.cpp computes another model as soon as one is loaded"
    ),
    "Gemma4ForConditionalGeneration": _GEMMA4,
    "Gemma4UnifiedForConditionalGeneration": replace(_GEMMA4, config=_gemma_unified),
    "Gemma4ForCausalLM": _GEMMA4,
    "Qwen3MoeForCausalLM": Quirk(refused=_experts),
    "Mistral3ForConditionalGeneration": _WHOLE,
    "Ministral3ForCausalLM": _WHOLE,
}


PROVED = frozenset(
    {
        "Gemma4ForConditionalGeneration",
        "Gemma4UnifiedForConditionalGeneration",
        "GptOssForCausalLM",
        "GraniteForCausalLM",
        "GraniteMoeHybridForCausalLM",
        "Lfm2ForCausalLM",
        "Lfm2MoeForCausalLM",
        "Olmo3ForCausalLM",
        "Qwen3MoeForCausalLM",
        "Qwen3_5ForConditionalGeneration",
    }
)
"""Classes of the catalogue whose files by the converter are held to transformers by a test; others are tried."""


def quirk(config: Any) -> Quirk:
    """Return what sets a model's class apart."""
    return QUIRKS.get(class_name(config), Quirk())


def class_name(config: Any) -> str:
    """Return the class that config.json names, or else the one of the configuration."""
    return str((getattr(config, "architectures", None) or [type(config).__name__])[0])


def check(config: Any) -> None:
    """Refuse a model that the converter has no program for, and whose windows llama.cpp would ignore."""
    name = class_name(config)
    if name not in converter.classes():
        raise WorkbenchError(
            f"The model class {one_line(name, 80)} is not known to llama.cpp, so it cannot become a GGUF; run it with "
            "transformers instead."
        )
    if why := quirk(config).refused(config):
        raise refuse(why)
    text = config.get_text_config()
    window = getattr(text, "sliding_window", None)
    used = getattr(text, "use_sliding_window", True) and "sliding_attention" in (
        getattr(text, "layer_types", None) or ["sliding_attention"]
    )
    if used and window is not None and window < text.max_position_embeddings and name in _WINDOWLESS:
        raise refuse(f"llama.cpp ignores its sliding window of {window} tokens")


_WINDOWLESS = ("Mistral3ForConditionalGeneration", "Ministral3ForCausalLM", "MixtralForCausalLM", "Qwen3MoeForCausalLM")
"""Classes whose architecture in llama.cpp has full attention only, though their configuration can ask for windows."""


def sliding(config: Any) -> list[bool]:
    """Return for each layer whether its attention has a window; [] where none has. The converter leaves it to guess."""
    kinds = getattr(config.get_text_config(), "layer_types", None) or []
    return [kind == "sliding_attention" for kind in kinds] if "sliding_attention" in kinds else []


@contextmanager
def as_llama(model: Any, config: Any) -> Iterator[None]:
    """Let a transformers model rotate positions as llama.cpp does, where that differs, so that a file can be proved.

    YaRN's range of dimensions is rounded outwards to whole ones there (arXiv:2309.00071, and ggml's rope).
    """
    if not quirk(config).rotation:
        yield
        return
    from copy import deepcopy

    from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

    changed = deepcopy(config)
    changed.rope_parameters["truncate"] = True
    rotary = model.model.rotary_emb
    kept = rotary.inv_freq
    rotary.inv_freq, _ = ROPE_INIT_FUNCTIONS[changed.rope_parameters["rope_type"]](changed, kept.device)
    try:
        yield
    finally:
        rotary.inv_freq = kept
