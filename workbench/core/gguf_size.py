"""How large a GGUF file of a type comes out, and what it takes to answer with it, by arithmetic on a model's shape.

Owns which tensor llama.cpp gives which format under a type, and the memory of a context. Must not read any file. The
rules are those of `llama_tensor_get_type_impl` in llama.cpp's src/llama-quant.cpp, without an importance matrix.
"""

from __future__ import annotations

from workbench.core import activations, weights
from workbench.core.gguf_types import TYPES
from workbench.core.memory import CONTEXT_BYTES
from workbench.core.shape import Shape

CONTEXT = 8192
"""Tokens of context that a file is judged with."""
BATCH = 512
"""Tokens that llama.cpp computes at a time, its `n_ubatch`."""

_BLOCKS: dict[str, tuple[int, int]] = {
    "F32": (1, 4), "F16": (1, 2), "BF16": (1, 2), "Q8_0": (32, 34), "Q6_K": (256, 210), "Q5_K": (256, 176),
    "Q5_1": (32, 24), "Q5_0": (32, 22), "Q4_K": (256, 144), "Q4_1": (32, 20), "Q4_0": (32, 18), "IQ4_NL": (32, 18),
    "IQ4_XS": (256, 136), "Q3_K": (256, 110), "IQ3_S": (256, 110), "Q2_K": (256, 84),
}  # fmt: skip
"""Format → (weights in a block, bytes of a block), as in ggml's `type_traits`."""
_FALLBACK = {
    "Q6_K": "Q8_0", "Q5_K": "Q5_1", "Q4_K": "Q5_0", "IQ4_XS": "IQ4_NL", "Q3_K": "IQ4_NL", "IQ3_S": "IQ4_NL",
    "Q2_K": "IQ4_NL",
}  # fmt: skip
"""Format → the one taken in its place for rows that do not fill its blocks."""
_PLAIN = {"F32": "F32", "F16": "F16", "BF16": "BF16", "IQ3_M": "IQ3_S"}
"""Type → the format most tensors get, where it is not the type without its last letter."""
_EVERYWHERE: dict[str, dict[str, str]] = {
    "Q2_K": {"v": "Q3_K", "output": "Q3_K", "down": "Q3_K"},
    "Q3_K_M": {"v": "Q4_K", "output": "Q4_K", "down": "Q4_K", "qkv": "Q4_K"},
    "Q3_K_L": {"v": "Q5_K", "output": "Q5_K", "down": "Q5_K", "qkv": "Q4_K"},
    "IQ3_M": {"v": "Q4_K", "output": "Q4_K", "qkv": "Q4_K"},
    "Q4_K_M": {"qkv": "Q5_K"},
    "Q5_K_M": {"qkv": "Q6_K"},
}
"""Type → role of a tensor → its format in every layer."""
_SHARED: dict[str, str] = {"Q2_K": "Q4_K", "IQ3_S": "Q4_K", "IQ4_NL": "Q5_K", "IQ4_XS": "Q5_K"}
"""Type → format of the values where four or more heads share them."""
_ROLES = {
    "q_proj": "q", "k_proj": "k", "v_proj": "v", "o_proj": "output", "qkv_proj": "qkv", "gate_proj": "gate",
    "up_proj": "up", "gate_up_proj": "up", "down_proj": "down",
}  # fmt: skip
_HEADER_BYTES_PER_WORD = 39
"""A vocabulary's words, kinds and merges in the header: Qwen3's 151 936 words take 5.9 MB."""


def _matters(layer: int, layers: int) -> bool:
    """Return whether a layer gets the finer of a type's two formats: the first and last eighth, every third between."""
    eighth = layers // 8
    return layer < eighth or layer >= 7 * layers // 8 or (layer - eighth) % 3 == 2


def _format(kind: str, role: str, layer: int, shape: Shape) -> str:
    """Return the format of a layer's tensor under a type, before its rows are looked at."""
    layers, shared = shape.layers, shape.heads // shape.kv_heads >= 4
    plain = _PLAIN.get(kind) or (kind.rpartition("_")[0] if kind[-2:] in ("_S", "_M", "_L") else kind)
    if kind == "IQ3_S":
        plain = "IQ3_S"
    found = _EVERYWHERE.get(kind, {}).get(role, plain)
    if role == "v":
        if shared and kind in _SHARED:
            found = _SHARED[kind]
        elif (kind == "Q3_K_M" and layer < 2) or (kind == "Q4_K_S" and layer < 4):
            found = "Q5_K"
    if role == "down":
        early = layer < layers // 8
        if (kind == "Q3_K_M" and layer < layers // 16) or (early and kind in ("IQ4_NL", "IQ4_XS", "Q4_K_S")):
            found = "Q5_K"
        elif kind == "IQ3_M" and early:
            found = "Q4_K"
    if role in ("v", "down") and kind in ("Q4_K_M", "Q5_K_M") and _matters(layer, layers):
        found = "Q6_K"
    return found


def _bytes(format: str, inputs: int, outputs: int) -> int:
    """Return the bytes of a matrix whose rows have `inputs` weights."""
    if inputs % _BLOCKS[format][0]:
        format = _FALLBACK.get(format, format)
    if inputs % _BLOCKS[format][0]:
        format = "F16"
    block, size = _BLOCKS[format]
    return inputs // block * size * outputs


def _ends(kind: str, shape: Shape) -> int:
    """Return the bytes of embedding and head; a shared one is kept as finely as a head."""
    plain = _format(kind, "embedding", 0, shape)
    head = plain if plain in ("F32", "F16", "BF16", "Q8_0") else "Q6_K"
    if shape.hidden % _BLOCKS[plain][0]:
        head = "Q8_0"
    ends = _bytes(head, shape.hidden, shape.vocabulary)
    return ends if shape.tied else ends + _bytes(plain, shape.hidden, shape.vocabulary)


def is_known(shape: Shape) -> bool:
    """Return whether every tensor of the family is known, so that a size is more than bits times weights."""
    known = shape.model_type in activations.families()
    return known and not shape.experts and not shape.linear_layers and not shape.layer_inputs


def file_bytes(shape: Shape, kind: str) -> int:
    """Return about how many bytes the file of a type has.

    For a family whose tensors are all known it is the sum over them. For others it is the type's published bits for
    each weight, which holds within a tenth for models of 8 B parameters and is too small for tiny ones.
    """
    header = shape.vocabulary * _HEADER_BYTES_PER_WORD
    if not is_known(shape):
        return round(shape.parameters * TYPES[kind].bits / 8) + header
    counted = weights.count(shape, activations.table(shape.model_type), scored=False)
    total = _ends(kind, shape) + 4 * counted.vectors + header
    for matrix in counted.linears:
        role = _ROLES.get(matrix.name, "")
        total += sum(
            _bytes(_format(kind, role, layer, shape), matrix.inputs, matrix.outputs) for layer in range(matrix.layers)
        )
    return total


def cache_bytes(shape: Shape, context: int) -> int:
    """Return the bytes of keys and values for `context` tokens in 16 bits.

    Two of them for each key-value head, in every layer with attention; a layer with a window keeps that window and the
    batch that is being computed.
    """
    windowed = min(context, shape.window + BATCH)
    tokens = shape.full_layers * context + shape.windowed_layers * windowed
    return 2 * 2 * shape.kv_heads * shape.head_dim * tokens


def memory_bytes(shape: Shape, file: int, context: int = CONTEXT) -> int:
    """Return the bytes of a card's memory that answering takes with all layers on it.

    Counted are the whole file, keys and values, and what computing `BATCH` tokens takes: their logits and the widest
    activations of a layer in 32 bits, with flash attention, beside what CUDA itself takes.
    """
    widest = 4 * shape.hidden + 2 * max(shape.intermediate, shape.heads * shape.head_dim)
    working = 4 * BATCH * (shape.vocabulary + widest)
    return file + cache_bytes(shape, context) + working + CONTEXT_BYTES
