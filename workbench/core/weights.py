"""What the weights of a run weigh: base as loaded, adapter, gradients and optimiser states, by arithmetic on its shape.

Owns counting parameters and bytes. Must not know activations, phases or peaks.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from workbench.core.activations import Table, parsed, value
from workbench.core.shape import Shape

NF4_BLOCK, NESTED_BLOCK = 64, 256
"""Weights per 8-bit scale, and scales per scale of their own, under double quantisation (Dettmers et al. 2023)."""
NF4_TABLES = 64 + 1024 + 4
"""Bytes of the code books and the offset of one quantised layer."""
SMALL_TENSOR = 4096
"""bitsandbytes keeps the states of smaller tensors in fp32."""
STATE_BLOCK = 256
"""Elements of an 8-bit state that share a scale."""


@dataclass(frozen=True)
class Matrix:
    """A matrix of weights that occurs in several layers."""

    name: str
    inputs: int
    outputs: int
    layers: int

    @property
    def size(self) -> int:
        """Weights of one."""
        return self.inputs * self.outputs


@dataclass(frozen=True)
class Weights:
    """The parameters of a model, sorted by what a tuning does with them."""

    linears: tuple[Matrix, ...]
    """Linear layers: what is quantised and what gets adapters."""
    vectors: int
    """Norms, biases, routers and experts of all layers, and what stands outside them."""
    layer_vectors: int
    """The part of them in one layer."""
    embedding: int
    head: int
    """0 where the embedding's weights are the head's."""

    @property
    def total(self) -> int:
        """All parameters."""
        return sum(m.size * m.layers for m in self.linears) + self.vectors + self.embedding + self.head

    def layer(self, layers: int) -> float:
        """Parameters of one of `layers` layers."""
        return sum(m.size * m.layers for m in self.linears) / layers + self.layer_vectors


def dimensions(shape: Shape) -> dict[str, int]:
    """Return the factors of a table's sums that a shape alone decides."""
    return {
        "h": shape.hidden,
        "i": shape.intermediate,
        "a": shape.heads,
        "g": shape.kv_heads,
        "d": shape.head_dim,
        "q": shape.heads * shape.head_dim,
        "k": shape.kv_heads * shape.head_dim,
        "v": shape.vocabulary,
        "e": shape.experts,
        "c": shape.experts_per_token,
        "x": shape.expert_intermediate,
    }


def count(shape: Shape, table: Table, scored: bool) -> Weights:
    """Return the parameters of a model of the table's family; `scored` replaces its head by a single score."""
    d = dimensions(shape)
    linears = [
        Matrix(name, round(value(inputs, d)), round(value(outputs, d)), shape.layers)
        for name, (inputs, outputs) in table.linears.items()
    ]
    others = round(value(table.others, d))
    for switch, (on, more) in table.biases.items():
        wanted = getattr(shape, switch)
        if wanted is not None and wanted != on:
            others += round(value(more, d))
    vectors = others * shape.layers + round(value(table.outside, d)) + shape.layer_inputs
    if shape.dense_layers:
        experts = sum(c * math.prod(d[name] for name in names) for c, names in parsed(table.others) if "e" in names)
        vectors -= round(experts) * shape.dense_layers
        linears += [Matrix(name, d["h"], d["i"], shape.dense_layers) for name in ("gate_proj", "up_proj")] + [
            Matrix("down_proj", d["i"], d["h"], shape.dense_layers)
        ]
    matrix = shape.vocabulary * shape.hidden
    head = shape.hidden if scored else 0 if shape.tied else matrix
    made = Weights(tuple(linears), vectors, others, matrix, head)
    if table.family == shape.model_type:
        return made
    # What a stranger has more than the family that stands in for it is counted as what nothing makes smaller.
    return replace(made, vectors=vectors + max(shape.parameters - made.total, 0))


def nf4_bytes(size: int) -> int:
    """Return the bytes of a matrix of `size` weights in 4-bit NF4 with double quantisation."""
    scales = -(-size // NF4_BLOCK)
    return -(-size // 2) + scales + 4 * -(-scales // NESTED_BLOCK) + NF4_TABLES


def base_bytes(weights: Weights, tuning: str, precision: str) -> int:
    """Return the bytes of a base as an engine loads it.

    `full` keeps fp32, an adapter's base the number format that is computed in; `qlora` has its linear layers in 4 bits
    and everything else, fused experts included, in that format.
    """
    each = 4 if tuning == "full" or precision == "fp32" else 2
    if tuning != "qlora":
        return weights.total * each
    linear = sum(matrix.size * matrix.layers for matrix in weights.linears)
    return sum(nf4_bytes(m.size) * m.layers for m in weights.linears) + (weights.total - linear) * each


def adapted(weights: Weights, targets: Iterable[str]) -> list[Matrix]:
    """Return the linear layers that target modules name; "all-linear" names them all."""
    names = {target.rpartition(".")[2] for target in targets}
    return [matrix for matrix in weights.linears if "all-linear" in names or matrix.name in names]


def adapter_tensors(matrices: Iterable[Matrix], rank: int) -> dict[int, int]:
    """Return size → number of the tensors of a LoRA adapter (Hu et al. 2021): rank × inputs, and outputs × rank."""
    tensors: dict[int, int] = {}
    for matrix in matrices:
        for size in (rank * matrix.inputs, rank * matrix.outputs):
            tensors[size] = tensors.get(size, 0) + matrix.layers
    return tensors


def full_tensors(weights: Weights) -> dict[int, int]:
    """Return size → number of the tensors of a model; vectors count as one tensor each layer."""
    tensors: dict[int, int] = {weights.embedding: 1}
    for size, number in (
        *((matrix.size, matrix.layers) for matrix in weights.linears),
        (weights.head, 1),
        (weights.vectors, 1),
    ):
        tensors[size] = tensors.get(size, 0) + number
    return tensors


def state_bytes(tensors: Mapping[int, int], optimiser: str, matrices: int = 0) -> int:
    """Return the bytes of an optimiser's states over tensors given as size → number.

    AdamW keeps two fp32 numbers per parameter, its 8-bit form two bytes and two fp32 scales per block (Dettmers et al.
    2021); Muon one fp32 number for each of the `matrices` parameters inside the layers, and AdamW's two for the others.
    """
    total = sum(size * number for size, number in tensors.items())
    if optimiser == "muon":
        return 4 * matrices + 8 * (total - matrices)
    if optimiser != "adamw_8bit":
        return 8 * total
    return sum(
        (2 * size + 8 * -(-size // STATE_BLOCK) if size >= SMALL_TENSOR else 8 * size) * number
        for size, number in tensors.items()
    )
