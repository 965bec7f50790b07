"""How large a GGUF file of a type comes out, and what it takes to answer with it, by arithmetic on a model's shape.

Owns which tensor llama.cpp gives which format under a type, and the memory of a context. Must not read any file. The
rules are those of `llama_tensor_get_type_impl` in llama.cpp's src/llama-quant.cpp, with and without importance matrix.
"""

from __future__ import annotations

from collections.abc import Collection

from workbench.core import activations, weights
from workbench.core.gguf_types import TYPES
from workbench.core.memory import CONTEXT_BYTES
from workbench.core.shape import Shape

CONTEXT = 8192
"""Tokens of context that a file is judged with."""
BATCH = 512
"""Tokens that llama.cpp computes at a time, its `n_ubatch`."""
REFERENCE_TOKENS, REFERENCE_BYTES = 3072, 1 << 30
"""What a proof compares at most: the logits of so many tokens, in so many bytes."""
HELD = 2.5
"""Free memory, in sizes of the float32 file, with which a proof has that file there instead of on the disk.

The model itself is in memory in float32 then, too, and the rest is for computing with both.
"""
MARGIN = 1.3
"""What a quantised file may exceed its type's published bits per weight by, on small models and odd shapes."""

_BLOCKS: dict[str, tuple[int, int]] = {
    "F32": (1, 4), "F16": (1, 2), "BF16": (1, 2), "Q8_0": (32, 34), "Q6_K": (256, 210), "Q5_K": (256, 176),
    "Q5_1": (32, 24), "Q5_0": (32, 22), "Q4_K": (256, 144), "Q4_1": (32, 20), "Q4_0": (32, 18), "IQ4_NL": (32, 18),
    "IQ4_XS": (256, 136), "Q3_K": (256, 110), "IQ3_S": (256, 110), "Q2_K": (256, 84), "IQ3_XXS": (256, 98),
    "IQ2_S": (256, 82), "IQ2_XS": (256, 74), "IQ2_XXS": (256, 66), "IQ1_M": (256, 56), "IQ1_S": (256, 50),
}  # fmt: skip
"""Format → (weights in a block, bytes of a block), as in ggml's `type_traits`."""
_FALLBACK = {
    "Q6_K": "Q8_0", "Q5_K": "Q5_1", "Q4_K": "Q5_0", "IQ4_XS": "IQ4_NL", "Q3_K": "IQ4_NL", "IQ3_S": "IQ4_NL",
    "Q2_K": "IQ4_NL", "IQ3_XXS": "IQ4_NL", "IQ2_S": "IQ4_NL", "IQ2_XS": "IQ4_NL", "IQ2_XXS": "IQ4_NL",
    "IQ1_M": "IQ4_NL", "IQ1_S": "IQ4_NL",
}  # fmt: skip
"""Format → the one taken in its place for rows that do not fill its blocks."""
_PLAIN = {
    "F32": "F32", "F16": "F16", "BF16": "BF16", "IQ3_M": "IQ3_S", "IQ3_S": "IQ3_S", "IQ3_XS": "IQ3_S",
    "IQ2_M": "IQ2_S", "IQ2_S": "IQ2_XS", "IQ1_M": "IQ1_M", "IQ1_S": "IQ1_S",
}  # fmt: skip
"""Type → the format most tensors get, where it is not the type without its last letter."""
_EVERYWHERE: dict[str, dict[str, str]] = {
    "Q2_K": {"v": "Q3_K", "output": "Q3_K", "down": "Q3_K"},
    "Q3_K_M": {"v": "Q4_K", "output": "Q4_K", "down": "Q4_K", "qkv": "Q4_K"},
    "Q3_K_L": {"v": "Q5_K", "output": "Q5_K", "down": "Q5_K", "qkv": "Q4_K"},
    "IQ3_M": {"v": "Q4_K", "output": "Q4_K", "qkv": "Q4_K"},
    "Q4_K_M": {"qkv": "Q5_K"},
    "Q5_K_M": {"qkv": "Q6_K"},
    "IQ3_XS": {"q": "IQ3_XXS", "k": "IQ3_XXS"},
    "IQ3_XXS": {"q": "IQ2_S", "k": "IQ2_S", "output": "IQ3_S"},
    "IQ2_M": {"v": "IQ3_S", "qkv": "IQ3_S", "output": "IQ3_S"},
    "IQ2_S": {"v": "IQ3_S", "qkv": "IQ3_S", "output": "IQ3_S"},
    "IQ2_XS": {"v": "Q2_K", "qkv": "Q2_K"},
    "IQ2_XXS": {"v": "Q2_K", "qkv": "Q2_K"},
    "IQ1_M": {"v": "Q2_K", "qkv": "Q2_K", "output": "IQ2_XXS"},
    "IQ1_S": {"v": "Q2_K", "qkv": "Q2_K", "output": "IQ2_XXS"},
}
"""Type → role of a tensor → its format in every layer."""
_FEWEST = ("IQ2_M", "IQ2_S", "IQ2_XS", "IQ2_XXS", "IQ1_M", "IQ1_S")
_SHARED: dict[str, str] = {
    "Q2_K": "Q4_K", "Q2_K_S": "Q4_K", "IQ3_XXS": "Q4_K", "IQ3_XS": "Q4_K", "IQ3_S": "Q4_K", "IQ4_NL": "Q5_K",
    "IQ4_XS": "Q5_K", **dict.fromkeys(_FEWEST, "Q4_K"),
}  # fmt: skip
"""Type → format of the values where four or more heads share them."""
_EARLY: dict[str, str] = {
    "Q4_K_S": "Q5_K", "IQ3_M": "Q4_K", "Q2_K_S": "Q4_K", "IQ2_M": "IQ3_S", "IQ2_S": "IQ3_S", "IQ2_XS": "Q2_K",
    "IQ2_XXS": "Q2_K", "IQ1_M": "Q2_K", "IQ1_S": "Q2_K",
}  # fmt: skip
"""Type → format of the first eighth of the matrices that lead down."""
_EARLY_PLAIN, _EARLY_MEASURED = {"IQ4_NL": "Q5_K", "IQ4_XS": "Q5_K"}, {"Q4_0": "Q4_1", "Q5_0": "Q5_1"}
"""The same without an importance matrix, and with one."""
_EMBEDDING = {
    "IQ3_XXS": "IQ3_S", "IQ2_M": "IQ3_S", "IQ2_S": "IQ3_S", "IQ2_XS": "Q2_K", "IQ2_XXS": "Q2_K", "IQ1_M": "Q2_K",
    "IQ1_S": "Q2_K",
}  # fmt: skip
"""Type → format of an embedding that is not shared with the head, where it is not that of most tensors."""
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


def _plain(kind: str) -> str:
    """Return the format most tensors get under a type."""
    return _PLAIN.get(kind) or (kind.rpartition("_")[0] if kind[-2:] in ("_S", "_M", "_L") else kind)


def _format(kind: str, role: str, layer: int, shape: Shape, measured: bool) -> str:
    """Return the format of a layer's tensor under a type, before its rows are looked at."""
    layers, shared = shape.layers, shape.heads // shape.kv_heads >= 4
    found = _EVERYWHERE.get(kind, {}).get(role, _plain(kind))
    if role in ("v", "qkv") and shared and kind in (_SHARED if role == "v" else _FEWEST):
        found = _SHARED[kind]
    elif role == "v" and ((kind == "Q3_K_M" and layer < 2) or (kind == "Q4_K_S" and layer < 4)):
        found = "Q5_K"
    if role == "down" and layer < layers // 8:
        found = (_EARLY | (_EARLY_MEASURED if measured else _EARLY_PLAIN)).get(kind, found)
    if role == "down" and kind == "Q3_K_M" and layer < layers // 16:
        found = "Q5_K"
    if role in ("v", "down") and kind in ("Q4_K_M", "Q5_K_M") and _matters(layer, layers):
        found = "Q6_K"
    if role in ("gate", "up") and kind == "IQ3_XS" and layers // 8 <= layer < 7 * layers // 8:
        found = "IQ3_XXS"
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
    plain = _plain(kind)
    few = kind in _FEWEST or kind == "IQ3_XXS"
    head = plain if plain in ("F32", "F16", "BF16", "Q8_0") else "Q5_K" if few else "Q6_K"
    if shape.hidden % _BLOCKS[plain][0]:
        head = "Q8_0"
    ends = _bytes(head, shape.hidden, shape.vocabulary)
    return ends if shape.tied else ends + _bytes(_EMBEDDING.get(kind, plain), shape.hidden, shape.vocabulary)


def is_known(shape: Shape) -> bool:
    """Return whether every tensor of the family is known, so that a size is more than bits times weights."""
    known = shape.model_type in activations.families()
    return known and not shape.experts and not shape.linear_layers and not shape.layer_inputs


def file_bytes(shape: Shape, kind: str, measured: bool = False) -> int:
    """Return about how many bytes the file of a type has, `measured` with an importance matrix.

    For a family whose tensors are all known it is the sum over them. For others it is the type's published bits for
    each weight, which holds within a tenth for models of 8 B parameters and is too small for tiny ones.
    """
    header = shape.vocabulary * _HEADER_BYTES_PER_WORD
    if not is_known(shape):
        return round(shape.parameters * TYPES[kind].bits / 8) + header
    counted = weights.count(shape, activations.table(shape.model_type), scored=False)
    measured = measured or TYPES[kind].needs_matrix
    total = _ends(kind, shape) + 4 * counted.vectors + header
    for matrix in counted.linears:
        role = _ROLES.get(matrix.name, "")
        total += sum(
            _bytes(_format(kind, role, layer, shape, measured), matrix.inputs, matrix.outputs)
            for layer in range(matrix.layers)
        )
    return total


def disk(full: int, vocabulary: int, kinds: Collection[str], memory: int = 0) -> dict[str, int]:
    """Return what an export takes at its fullest → bytes: the float32 file, what is compared, and each file asked for.

    `full` is the size of the float32 file, which is also the one asked for as F32. Where it is not, and is there for
    the proof alone, `memory` is what is free for it: with enough it never reaches the disk.
    """
    files = {kind: int(full / 4 * TYPES[kind].bits / 8 * MARGIN) for kind in kinds if kind != "F32"}
    held = "F32" not in kinds and memory >= HELD * full
    return {"float32": 0 if held else full, "comparison": comparison_bytes(vocabulary), **files}


def comparison_bytes(vocabulary: int) -> int:
    """Return the bytes of the answers that something is compared with, at most."""
    return min(REFERENCE_TOKENS * vocabulary * 4, REFERENCE_BYTES)


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
