"""The dimensions of a language model, read from its config.json without any library that could load it.

Owns the reading of a configuration's keys in the spellings families use. Must not know memory, methods or weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.core.errors import UsageError

_KEYS: dict[str, tuple[str, ...]] = {
    "hidden": ("hidden_size", "n_embd", "d_model"),
    "intermediate": ("intermediate_size", "n_inner", "ffn_dim"),
    "layers": ("num_hidden_layers", "n_layer", "num_layers"),
    "heads": ("num_attention_heads", "n_head", "num_heads"),
    "kv_heads": ("num_key_value_heads", "num_kv_heads"),
    "head_dim": ("head_dim",),
    "wide_head_dim": ("global_head_dim",),
    "linear_heads": ("linear_num_value_heads",),
    "linear_key": ("linear_key_head_dim",),
    "linear_value": ("linear_value_head_dim",),
    "layer_input": ("hidden_size_per_layer_input",),
    "layer_vocabulary": ("vocab_size_per_layer_input",),
    "vocabulary": ("vocab_size",),
    "experts": ("num_experts", "num_local_experts", "n_routed_experts"),
    "experts_per_token": ("num_experts_per_tok", "top_k_experts"),
    "expert_intermediate": ("moe_intermediate_size",),
}
"""Dimension → the keys it goes by, of which the first that is there counts."""
LARGEST = 1 << 40
"""No dimension of a model is larger; a larger one is a broken file."""


@dataclass(frozen=True)
class Shape:
    """What the memory of a model follows from. All sizes count elements."""

    model_type: str
    hidden: int
    intermediate: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    vocabulary: int
    tied: bool
    """Whether the head shares the embedding's weights."""
    experts: int = 0
    experts_per_token: int = 0
    expert_intermediate: int = 0
    dense_layers: int = 0
    """Layers of a mixture of experts that have no experts."""
    windowed_layers: int = 0
    """Layers whose attention sees only `window` tokens back."""
    window: int = 0
    linear_layers: int = 0
    """Layers with linear attention, convolution or a state-space model in place of attention."""
    linear_keys: int = 0
    """Key elements of a token in a linear-attention layer: value heads times the size of a key."""
    linear_values: int = 0
    """Value elements of a token in such a layer."""
    layer_inputs: int = 0
    """Weights of the embeddings that some families have for each layer."""
    attention_bias: bool | None = None
    """As the configuration says; None when it does not."""
    mlp_bias: bool | None = None
    parameters: int = 0
    """All parameters where somebody counted them, for families whose layers are not known; else 0."""

    @property
    def full_layers(self) -> int:
        """Layers whose attention sees everything."""
        return self.layers - self.windowed_layers - self.linear_layers


def _count(config: Mapping[str, Any], name: str, default: int | None) -> int:
    """Return a dimension of a configuration; raises UsageError when it is missing or no sensible number."""
    for key in _KEYS[name]:
        value = config.get(key)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < LARGEST:
            raise UsageError(f"{key} of the base's config.json must be a whole number, not {value!r:.60}; repair it.")
        return value
    if default is None:
        raise UsageError(f"The base's config.json has no {_KEYS[name][0]}; copy or download the base again.")
    return default


def _layer_types(config: Mapping[str, Any], layers: int, window: int) -> tuple[int, int]:
    """Return (windowed, linear) layers; older configurations give a pattern in place of a list."""
    types = config.get("layer_types")
    if isinstance(types, list):
        windowed = sum(kind in ("sliding_attention", "chunked_attention") for kind in types)
        return windowed, sum(kind not in ("sliding_attention", "chunked_attention", "full_attention") for kind in types)
    interval = config.get("full_attention_interval")
    if isinstance(interval, int) and interval > 0:
        return 0, layers - layers // interval
    if not window or config.get("use_sliding_window") is False:
        return 0, 0
    pattern = config.get("sliding_window_pattern") or config.get("_sliding_window_pattern")
    if isinstance(pattern, int) and pattern > 0:
        return layers - layers // pattern, 0
    defaults = {"gemma3_text": 6, "gpt_oss": 2, "olmo3": 4, "mistral": 0, "phi3": 0}
    every = defaults.get(str(config.get("model_type")))
    if every is None:
        return 0, 0
    return (layers - layers // every if every else layers), 0


def shape_of(config: Mapping[str, Any], parameters: int = 0) -> Shape:
    """Return the shape of the language model in a parsed config.json; a vision or audio tower is not part of it.

    Raises UsageError for a configuration that lacks a dimension or has nonsense in its place.
    """
    inner = config.get("text_config")
    text: Mapping[str, Any] = inner if isinstance(inner, Mapping) else config
    hidden, heads = _count(text, "hidden", None), max(1, _count(text, "heads", None))
    layers, window = _count(text, "layers", None), text.get("sliding_window")
    window = window if isinstance(window, int) and not isinstance(window, bool) and window > 0 else 0
    intermediate = _count(text, "intermediate", 4 * hidden)
    windowed, linear = _layer_types(text, layers, window)
    experts = _count(text, "experts", 0)
    dense = text.get("mlp_only_layers")
    tied = text.get("tie_word_embeddings", config.get("tie_word_embeddings"))
    return Shape(
        model_type=_kind(config, text),
        hidden=hidden,
        intermediate=intermediate,
        layers=layers,
        heads=heads,
        kv_heads=max(1, _count(text, "kv_heads", heads)),
        # Families with two sizes of heads are counted as if all had the larger one.
        head_dim=max(_count(text, "head_dim", hidden // heads), _count(text, "wide_head_dim", 0)),
        vocabulary=_count(text, "vocabulary", None),
        tied=_TIED_BY_DEFAULT.get(_kind(config, text), False) if tied is None else bool(tied),
        experts=experts,
        experts_per_token=_count(text, "experts_per_token", 0) if experts else 0,
        expert_intermediate=_count(text, "expert_intermediate", intermediate) if experts else 0,
        dense_layers=len(dense) if experts and isinstance(dense, list) else 0,
        windowed_layers=windowed if window else 0,
        window=window,
        linear_layers=linear,
        linear_keys=_count(text, "linear_heads", 0) * _count(text, "linear_key", 0) if linear else 0,
        linear_values=_count(text, "linear_heads", 0) * _count(text, "linear_value", 0) if linear else 0,
        layer_inputs=_count(text, "layer_input", 0) * _count(text, "layer_vocabulary", 0) * layers,
        attention_bias=_switch(text, "attention_bias"),
        mlp_bias=_switch(text, "mlp_bias"),
        parameters=parameters,
    )


_TEXT_OF = {
    "gemma3": "gemma3_text", "gemma3n": "gemma3n_text", "gemma4": "gemma4_text",
    "gemma4_unified": "gemma4_unified_text", "mistral3": "mistral", "qwen3_5": "qwen3_5_text",
    "qwen3_5_moe": "qwen3_5_moe_text", "llama4": "llama4_text",
}  # fmt: skip
"""Model with towers → the type of its language model, where the configuration leaves that to the default."""


def _kind(config: Mapping[str, Any], text: Mapping[str, Any]) -> str:
    """Return the model type of the language model in a configuration."""
    named = str(text.get("model_type") or config.get("model_type") or "")
    return _TEXT_OF.get(named, named)


_TIED_BY_DEFAULT = {"gemma3_text": True, "gemma4_text": True, "gemma2": True, "gemma": True, "smollm3": True}
"""Families whose configuration leaves a shared head unsaid, because it is their default."""


def _switch(config: Mapping[str, Any], key: str) -> bool | None:
    value = config.get(key)
    return value if isinstance(value, bool) else None
