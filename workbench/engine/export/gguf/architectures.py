"""How each Hugging Face model class is written as a GGUF architecture.

Owns the table of families: the metadata llama.cpp needs, the edits of tensors it expects, and the refusals where it
would silently compute something else. Must not know tokenizers, files or how weights are merged.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import gguf
import numpy as np
from numpy.typing import NDArray

from workbench.core.errors import WorkbenchError
from workbench.core.text import one_line

Rows = Callable[[int, int], NDArray[np.float32]]


class Source(Protocol):
    """What the converter needs of a source of weights."""

    @property
    def names(self) -> tuple[str, ...]:
        """Every tensor's Hugging Face name."""

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor, rows first."""

    def rows(self, name: str, start: int, stop: int) -> NDArray[np.float32]:
        """A block of rows as float32."""


@dataclass(frozen=True)
class Pair:
    """One metadata entry; a key that starts with "." belongs to the architecture."""

    key: str
    value: Any
    kind: gguf.GGUFValueType


def u32(key: str, value: int) -> Pair:
    """Return an unsigned integer entry."""
    return Pair(key, int(value), gguf.GGUFValueType.UINT32)


def f32(key: str, value: float) -> Pair:
    """Return a float entry."""
    return Pair(key, float(value), gguf.GGUFValueType.FLOAT32)


def text(key: str, value: str) -> Pair:
    """Return a string entry."""
    return Pair(key, value, gguf.GGUFValueType.STRING)


def flag(key: str, value: bool) -> Pair:
    """Return a boolean entry."""
    return Pair(key, bool(value), gguf.GGUFValueType.BOOL)


def array(key: str, value: list[Any]) -> Pair:
    """Return an array entry."""
    return Pair(key, value, gguf.GGUFValueType.ARRAY)


@dataclass(frozen=True)
class Planned:
    """One tensor of the file to be, rows first; `rows(start, stop)` gives its numbers."""

    name: str
    shape: tuple[int, ...]
    rows: Rows


@dataclass(frozen=True)
class Plan:
    """Everything of a GGUF file but the vocabulary."""

    architecture: str
    pairs: tuple[Pair, ...]
    tensors: tuple[Planned, ...]
    vocabulary: int
    """Rows of the embedding, which the vocabulary must fill."""
    block: int
    """Blocks of rows start at multiples of this."""


@dataclass(frozen=True)
class Family:
    """What sets one Hugging Face class apart in GGUF."""

    architecture: gguf.MODEL_ARCH
    activation: str = "silu"
    interleave: bool = False
    """Whether q and k rows go from two halves per head to interleaved pairs, as llama.cpp rotates them."""
    norm_offset: float = 0.0
    """Added to every norm weight: Gemma stores weight - 1."""
    head: bool = True
    """Whether the architecture can have an output matrix of its own."""
    ropes: tuple[str, ...] = ("default", "linear", "yarn")
    extra: Callable[[Any], list[Pair]] = lambda config: []


EMBEDDING, HEAD = "model.embed_tokens.weight", "lm_head.weight"


def refuse(why: str) -> WorkbenchError:
    """Return the refusal of a model llama.cpp would compute wrongly."""
    return WorkbenchError(f"This model cannot become a GGUF because {why}; run it with transformers instead.")


def head_size(config: Any) -> int:
    """Return the size of one attention head."""
    return int(getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads)


def _no_window(config: Any) -> list[Pair]:
    """Refuse a sliding window that these architectures ignore."""
    window = getattr(config, "sliding_window", None)
    used = getattr(config, "use_sliding_window", True)
    if used and window is not None and window < config.max_position_embeddings:
        raise refuse(f"llama.cpp ignores its sliding window of {window} tokens")
    return []


def _llama(config: Any) -> list[Pair]:
    return [*_no_window(config), u32(".rope.dimension_count", head_size(config))]


def _smollm3(config: Any) -> list[Pair]:
    every_fourth = [int((layer + 1) % 4 != 0) for layer in range(config.num_hidden_layers)]
    if [int(value) for value in config.no_rope_layers] != every_fourth:
        raise refuse("llama.cpp leaves out the rotation in every fourth layer only")
    return _llama(config)


def _gemma_scale(config: Any, big: int) -> None:
    """Refuse a query scale other than the one llama.cpp infers from the number of layers (`big`: of the 27B model)."""
    inferred = config.hidden_size / config.num_attention_heads if config.num_hidden_layers == big else head_size(config)
    if config.query_pre_attn_scalar != inferred:
        raise refuse(f"llama.cpp scales its attention by {inferred:g} and not by {config.query_pre_attn_scalar:g}")


def _pattern(config: Any, every: int) -> None:
    """Refuse layer types other than full attention in every n-th layer."""
    wanted = [
        "sliding_attention" if (layer + 1) % every else "full_attention" for layer in range(config.num_hidden_layers)
    ]
    if list(config.layer_types) != wanted:
        raise refuse(f"llama.cpp has full attention in every layer of number {every} only")


_CAPS = ("attn_logit_softcapping", "final_logit_softcapping")


def _softcaps(config: Any) -> list[Pair]:
    return [f32(f".{name}", getattr(config, name)) for name in _CAPS if getattr(config, name, None)]


def _gemma2(config: Any) -> list[Pair]:
    if not all(getattr(config, name, None) for name in _CAPS):
        raise refuse("llama.cpp caps the logits of all such models, and of their attention")
    _gemma_scale(config, 46)
    _pattern(config, 2)
    return [u32(".attention.sliding_window", config.sliding_window), *_softcaps(config)]


def _gemma3(config: Any) -> list[Pair]:
    if getattr(config, _CAPS[0], None):
        raise refuse("llama.cpp does not cap the logits of its attention")
    _gemma_scale(config, 62)
    _pattern(config, 6)
    sliding = config.rope_parameters["sliding_attention"]
    if sliding.get("rope_type", "default") != "default":
        raise refuse("llama.cpp does not stretch the positions of its sliding layers")
    return [
        u32(".attention.sliding_window", config.sliding_window),
        f32(".rope.freq_base_swa", sliding["rope_theta"]),
        *_softcaps(config),
    ]


def _phi3(config: Any) -> list[Pair]:
    _no_window(config)
    rope = config.rope_parameters
    rotated = int(head_size(config) * (rope.get("partial_rotary_factor") or 1.0))
    original = rope.get("original_max_position_embeddings") or config.original_max_position_embeddings
    pairs = [
        u32(".rope.dimension_count", rotated),
        u32(".rope.scaling.original_context_length", original),
        u32(".attention.sliding_window", 0),
    ]
    stretch = config.max_position_embeddings / original
    if rope["rope_type"] == "longrope" and stretch > 1:
        pairs.append(f32(".rope.scaling.attn_factor", math.sqrt(1 + math.log(stretch) / math.log(original))))
    return pairs


def _qwen(config: Any) -> list[Pair]:
    return _no_window(config)


FAMILIES: dict[str, Family] = {
    "LlamaForCausalLM": Family(
        gguf.MODEL_ARCH.LLAMA, interleave=True, ropes=("default", "linear", "yarn", "llama3"), extra=_llama
    ),
    "MistralForCausalLM": Family(gguf.MODEL_ARCH.LLAMA, interleave=True, extra=_llama),
    "Qwen2ForCausalLM": Family(gguf.MODEL_ARCH.QWEN2, extra=_qwen),
    "Qwen3ForCausalLM": Family(gguf.MODEL_ARCH.QWEN3, extra=_qwen),
    "SmolLM3ForCausalLM": Family(gguf.MODEL_ARCH.SMOLLM3, interleave=True, extra=_smollm3),
    "Gemma2ForCausalLM": Family(
        gguf.MODEL_ARCH.GEMMA2, "gelu_pytorch_tanh", norm_offset=1.0, head=False, ropes=("default",), extra=_gemma2
    ),
    "Gemma3ForCausalLM": Family(
        gguf.MODEL_ARCH.GEMMA3,
        "gelu_pytorch_tanh",
        norm_offset=1.0,
        head=False,
        ropes=("default", "linear"),
        extra=_gemma3,
    ),
    "Phi3ForCausalLM": Family(gguf.MODEL_ARCH.PHI3, ropes=("default", "longrope"), extra=_phi3),
}
"""Hugging Face class → how it is written. Every row is proved against transformers by a test."""


def family(config: Any) -> tuple[str, Family]:
    """Return the class name and family of a model's configuration; refuse what is not in the table."""
    name = (getattr(config, "architectures", None) or [type(config).__name__])[0]
    if name not in FAMILIES:
        raise WorkbenchError(
            f"The model class {one_line(str(name), 80)} cannot be exported to GGUF yet; "
            f"these can: {', '.join(sorted(FAMILIES))}."
        )
    found = FAMILIES[name]
    act = getattr(config, "hidden_activation", None) or getattr(config, "hidden_act", None)
    if act != found.activation:
        raise refuse(f"llama.cpp computes it with {found.activation} and not with {one_line(str(act), 40)}")
    return name, found


def _rope(config: Any) -> dict[str, Any]:
    """Return the rope parameters of full attention."""
    rope = dict(config.rope_parameters)
    return dict(rope["full_attention"]) if "full_attention" in rope else rope


def _common(config: Any, found: Family, rows: int) -> list[Pair]:
    """Return the metadata every architecture has."""
    rope = _rope(config)
    kind = rope.get("rope_type", "default")
    if kind not in found.ropes:
        raise refuse(f"its positions are stretched by {one_line(str(kind), 40)}, which llama.cpp does not do for it")
    pairs = [
        u32(".vocab_size", rows),
        u32(".block_count", config.num_hidden_layers),
        u32(".context_length", config.max_position_embeddings),
        u32(".embedding_length", config.hidden_size),
        u32(".feed_forward_length", config.intermediate_size),
        u32(".attention.head_count", config.num_attention_heads),
        u32(".attention.head_count_kv", config.num_key_value_heads),
        u32(".attention.key_length", head_size(config)),
        u32(".attention.value_length", head_size(config)),
        f32(".attention.layer_norm_rms_epsilon", config.rms_norm_eps),
        f32(".rope.freq_base", rope["rope_theta"]),
    ]
    if kind in ("linear", "yarn"):
        pairs += [text(".rope.scaling.type", kind), f32(".rope.scaling.factor", rope["factor"])]
    if kind == "yarn":
        if rope.get("attention_factor") or rope.get("mscale") or rope.get("truncate") is False:
            raise refuse("llama.cpp chooses the strength of its YaRN scaling itself")
        original = rope.get("original_max_position_embeddings") or config.max_position_embeddings
        pairs += [
            u32(".rope.scaling.original_context_length", original),
            f32(".rope.scaling.yarn_beta_fast", rope.get("beta_fast") or 32),
            f32(".rope.scaling.yarn_beta_slow", rope.get("beta_slow") or 1),
        ]
    return pairs


def llama3_factors(config: Any) -> NDArray[np.float32]:
    """Return what Llama 3 divides each rotary frequency by, float32 [head size / 2] (arXiv:2407.21783)."""
    rope, size = config.rope_parameters, head_size(config)
    low, high, factor = rope["low_freq_factor"], rope["high_freq_factor"], rope["factor"]
    original = rope["original_max_position_embeddings"]
    wavelength = 2 * math.pi * rope["rope_theta"] ** (np.arange(0, size, 2, dtype=np.float64) / size)
    smooth = (original / wavelength - low) / (high - low)
    between = 1 / ((1 - smooth) / factor + smooth)
    factors = np.where(wavelength < original / high, 1.0, np.where(wavelength > original / low, factor, between))
    return factors.astype(np.float32)


def _computed(config: Any) -> list[Planned]:
    """Return the tensors that GGUF has and the checkpoint has not."""
    rope = _rope(config)
    kind = rope.get("rope_type", "default")
    made: dict[str, NDArray[np.float32]] = {}
    if kind == "llama3":
        made["rope_freqs.weight"] = llama3_factors(config)
    if kind == "longrope":
        made["rope_factors_long.weight"] = np.asarray(rope["long_factor"], np.float32)
        made["rope_factors_short.weight"] = np.asarray(rope["short_factor"], np.float32)
    return [
        Planned(name, value.shape, lambda start, stop, value=value: value[start:stop])  # type: ignore[misc]
        for name, value in made.items()
    ]


def interleaved(rows: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Return the rows of heads of `size` rows each in llama.cpp's order: the two halves of a head alternate."""
    return rows.reshape(-1, 2, size // 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def _edited(source: Source, name: str, config: Any, found: Family) -> Rows:
    """Return the row reader of one tensor with the family's edit."""
    if found.norm_offset and name.endswith("norm.weight"):
        return lambda start, stop: source.rows(name, start, stop) + np.float32(found.norm_offset)
    if found.interleave and name.rsplit(".", 2)[-2] in ("q_proj", "k_proj"):
        size = head_size(config)
        return lambda start, stop: interleaved(source.rows(name, start, stop), size)
    return lambda start, stop: source.rows(name, start, stop)


def _same(source: Source, one: str, other: str) -> bool:
    """Return whether two tensors are equal, comparing a block of rows at a time."""
    rows, columns = source.shape(one)
    step = 64 * max((1 << 16) // columns, 1)
    return source.shape(other) == (rows, columns) and all(
        np.array_equal(source.rows(one, i, min(i + step, rows)), source.rows(other, i, min(i + step, rows)))
        for i in range(0, rows, step)
    )


def distinct(source: Source) -> tuple[str, ...]:
    """Return the names of the tensors to write: an output matrix that equals the embedding is written once."""
    names = [name for name in source.names if not name.endswith(".rotary_emb.inv_freq")]
    if EMBEDDING not in names:
        raise WorkbenchError(
            "The model has no model.embed_tokens.weight, so it is not a language model this export knows."
        )
    if HEAD in names and _same(source, EMBEDDING, HEAD):
        names.remove(HEAD)
    return tuple(names)


def plan(config: Any, source: Source) -> Plan:
    """Return what to write for the model of `config` with the weights of `source`.

    Raises WorkbenchError for an unknown class, for a tensor that has no GGUF name, and for what llama.cpp would compute
    differently.
    """
    _, found = family(config)
    embedding, head = EMBEDDING, HEAD
    names = distinct(source)
    if head in names and not found.head:
        raise refuse("its output matrix differs from its embedding")
    if head not in source.names and not config.tie_word_embeddings:
        raise WorkbenchError("The model's lm_head.weight is missing; copy or download the model again.")
    if head in names and source.shape(head) != source.shape(embedding):
        raise WorkbenchError(
            "The model's lm_head.weight and embedding have different sizes; train both or none of them."
        )
    table = gguf.get_tensor_name_map(found.architecture, config.num_hidden_layers)
    tensors = _computed(config)
    for name in names:
        mapped = table.get_name(name, try_suffixes=(".weight", ".bias"))
        if mapped is None:
            raise WorkbenchError(
                f"The tensor {one_line(name, 120)} has no place in a GGUF; the model cannot be exported."
            )
        tensors.append(Planned(mapped, source.shape(name), _edited(source, name, config, found)))
    rows = source.shape(embedding)[0]
    pairs = (*_common(config, found, rows), *found.extra(config))
    return Plan(gguf.MODEL_ARCH_NAMES[found.architecture], pairs, tuple(tensors), rows, math.lcm(64, head_size(config)))
