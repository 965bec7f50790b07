"""What one layer of a family keeps and needs in a training step, as sums of products of the model's dimensions.

Owns the tables in `presets/memory/` and the arithmetic of their terms. Must not know methods, tunings or hardware.

The factors: B sequences of S tokens, T = B·S, N = B·(S − 1) tokens with a label, M = B·S²; h hidden and i
intermediate size, a query and g key-value heads of size d, q = a·d, k = g·d; v words, r rank of the adapter; e experts
of intermediate size x, c of them per token; H and W tokens and words of the fused head's first tile, U and V of its
second, C words that a tile has room for.
"""

from __future__ import annotations

import functools
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.core.paths import presets_dir

Sum = tuple[tuple[float, tuple[str, ...]], ...]
"""Terms of (coefficient, names of the factors); the empty sum is 0."""


@functools.cache
def parsed(text: str) -> Sum:
    """Return the sum written as for example "2*T.h+0.5*T.i-4": coefficients before factors, factors joined by dots."""
    terms = []
    for term in filter(None, text.replace("-", "+-").split("+")):
        coefficient, _, factors = term.partition("*")
        terms.append((float(coefficient), tuple(filter(None, factors.split(".")))))
    return tuple(terms)


def value(text: str, symbols: Mapping[str, float]) -> float:
    """Return the value of a written sum where each factor is the number `symbols` has for it."""
    return sum(coefficient * math.prod(symbols[name] for name in names) for coefficient, names in parsed(text))


def largest(texts: tuple[str, ...], symbols: Mapping[str, float]) -> float:
    """Return the largest value among written sums, and 0 when there are none."""
    return max((value(text, symbols) for text in texts), default=0.0)


@dataclass(frozen=True)
class Stages:
    """A training step of one kind of layer, in bytes. Sums that start with a moment are the largest of several.

    What is kept grows with every layer; a moment is what is alive on top of that at one point of a stage.
    """

    start: str
    """Kept before the first layer: embedded tokens, positions, mask."""
    grows: str
    """Added by each layer while the forward pass runs, copies for the pass included."""
    kept: str
    """Kept by each layer until its backward pass."""
    tail: str
    """Kept beside the layers while the backward pass goes through them."""
    prefix: tuple[str, ...]
    """Moments before the first layer."""
    forward: tuple[str, ...]
    """Moments of a layer's forward pass, on top of what earlier layers added."""
    head: tuple[str, ...]
    """Moments of the head's forward pass, on top of what all layers added."""
    loss: tuple[str, ...]
    """Moments of the head's backward pass, on top of what all layers keep."""
    backward: tuple[str, ...]
    """Moments of a layer's backward pass with the gradients of that layer, on top of what it and all before it keep."""
    finish: tuple[str, ...] = ()
    """Moments after the layers' backward passes: the embedding's own."""
    reference: tuple[str, ...] = ()
    """Moments of the pass of a reference while the policy's layers keep theirs."""
    reference_grows: str = ""
    """Added by each layer of that pass."""


@dataclass(frozen=True)
class Table:
    """Everything the closed form knows of a family."""

    family: str
    linears: dict[str, tuple[str, str]]
    """Linear layer → (inputs, outputs)."""
    others: str
    """Further weights of a layer: norms, routers, experts."""
    outside: str
    """Weights beside layers, embedding and head."""
    biases: dict[str, tuple[bool, str]]
    """Switch of the configuration → (how it stood when `others` was counted, weights that a layer gains when it stands
    the other way)."""
    stages: dict[str, Stages]
    """"tuning.kept|recomputed.open|masked" → its stages."""
    heads: dict[str, tuple[tuple[str, ...], tuple[str, ...]]]
    """"score.full|frozen" → (head, loss) of a step with another head than the fused one."""

    @property
    def mixture(self) -> bool:
        """Whether its layers have experts."""
        return any("e" in names for _, names in parsed(self.others))


TRACED_LAYERS = 3
"""Layers of the models the tables were made from: moments of a reference hold what that many layers add."""


def _stages(body: Mapping[str, Any]) -> Stages:
    fields: dict[str, Any] = {name: tuple(part) if isinstance(part, list) else part for name, part in body.items()}
    return Stages(**fields)


@functools.cache
def families() -> tuple[str, ...]:
    """Return the model types there is a table for."""
    return tuple(sorted(path.stem for path in (presets_dir() / "memory").glob("*.toml")))


@functools.cache
def table(family: str) -> Table:
    """Return the table of a family; it must be one of `families()`."""
    body = tomllib.loads((presets_dir() / "memory" / f"{family}.toml").read_text(encoding="utf-8"))
    sizes = body["sizes"]
    if "like" in body:
        stages, heads = table(body["like"]).stages, table(body["like"]).heads
    else:
        tunings = {name: entry for name, entry in body.items() if name not in {"sizes", "score"}}
        stages = {
            f"{tuning}.{kept}.{seen}": _stages(entry)
            for tuning, parts in tunings.items()
            for kept, halves in parts.items()
            for seen, entry in halves.items()
        }
        scores = body["score"]
        heads = {f"score.{name}": (tuple(entry["head"]), tuple(entry["loss"])) for name, entry in scores.items()}
    return Table(
        family=family,
        linears={name: (inputs, outputs) for name, (inputs, outputs) in sizes["linears"].items()},
        others=sizes["others"],
        outside=sizes["outside"],
        biases={
            name: (sizes[name][0] == "true", sizes[name][1]) for name in ("attention_bias", "mlp_bias") if name in sizes
        },
        stages=stages,
        heads=heads,
    )


def pinned(size: int) -> int:
    """Return the bytes of the host's memory that torch pins for a tensor: its allocator rounds up to powers of two."""
    return 1 << (size - 1).bit_length() if size else 0
