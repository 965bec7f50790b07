"""What goes of a model by what was measured, and the smaller model that is left, tensor by tensor.

Owns the choice of layers, heads, channels and single weights, and the slices that follow from it. Must not know how
anything was measured, or how files are written.

Heads and channels are chosen by the part of a layer's output that would be missed: the mean square of what an input of
the output matrix carries, times the square of the weights that read it (Wanda's score, Sun et al. 2024, for a column;
Minitron, Muralidharan et al. 2024, takes the activation alone). Everything is measured once, on the whole model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from workbench.core.pruning import Target
from workbench.core.shape import Shape
from workbench.engine.compress.measuring import LINEARS, Measured
from workbench.engine.compress.sparsity import zeroed

Index = NDArray[np.int64]
Weights = Callable[[str], torch.Tensor]
"""Name of a tensor → the tensor."""
_PREFIX = "model.layers."


@dataclass(frozen=True)
class Cut:
    """What is kept of a model."""

    layers: tuple[int, ...]
    """Numbers of the layers that stay, in order."""
    groups: Mapping[int, Index]
    """Layer that stays → its key-value heads that do."""
    channels: Mapping[int, Index]
    """Layer that stays → its channels that do."""


def _kept_layers(found: Measured, left: int, by: str) -> tuple[int, ...]:
    """Return the layers that stay: all but the block that turns what passes least, or those that do each."""
    layers = len(found.influence)
    gone = layers - left
    if not gone:
        return tuple(range(layers))
    if by == "block":
        first = int(found.distance.argmin())
        return tuple(number for number in range(layers) if not first <= number < first + gone)
    idle = set(np.argsort(found.influence, kind="stable")[:gone].tolist())
    return tuple(number for number in range(layers) if number not in idle)


def _missed(found: Measured, weights: Weights, layer: int, name: str) -> torch.Tensor:
    """Return for each input of an output matrix the mean square of what it adds to the layer's output."""
    matrix = weights(f"{_PREFIX}{layer}.{name}.weight").float()
    return found.squares[layer, name] * matrix.square().sum(0)


def _most(scores: torch.Tensor, keep: int) -> Index:
    """Return the numbers of the highest scores, in order."""
    return np.sort(scores.topk(keep).indices.numpy()).astype(np.int64)


def choose(found: Measured, shape: Shape, left: Target, by: str, weights: Weights) -> Cut:
    """Return what is kept of the model of a shape, so that `left` is left of it; `weights` are those of the model."""
    layers = _kept_layers(found, left.layers, by)
    groups, channels = {}, {}
    for layer in layers:
        groups[layer] = np.arange(shape.kv_heads)
        channels[layer] = np.arange(shape.intermediate)
        if left.kv_heads < shape.kv_heads:
            scores = _missed(found, weights, layer, "self_attn.o_proj").view(shape.kv_heads, -1).sum(1)
            groups[layer] = _most(scores, left.kv_heads)
        if left.channels < shape.intermediate:
            channels[layer] = _most(_missed(found, weights, layer, "mlp.down_proj"), left.channels)
    return Cut(layers, groups, channels)


def _spans(numbers: Index, width: int) -> Index:
    """Return the places of spans of a width, of which `numbers` are kept."""
    return np.asarray((numbers[:, None] * width + np.arange(width)).ravel(), dtype=np.int64)


def _slices(part: str, cut: Cut, layer: int, shape: Shape) -> tuple[Index | None, Index | None]:
    """Return (rows, columns) that are kept of a linear layer's weight, None for all; its bias has the rows."""
    groups, channels = cut.groups[layer], cut.channels[layer]
    keys = _spans(groups, shape.head_dim)
    heads = _spans(groups, shape.heads // shape.kv_heads * shape.head_dim)
    asked, held = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
    return {
        "self_attn.q_proj": (heads, None),
        "self_attn.k_proj": (keys, None),
        "self_attn.v_proj": (keys, None),
        "self_attn.qkv_proj": (np.concatenate([heads, asked + keys, asked + held + keys]), None),
        "self_attn.o_proj": (None, heads),
        "mlp.gate_proj": (channels, None),
        "mlp.up_proj": (channels, None),
        "mlp.gate_up_proj": (np.concatenate([channels, shape.intermediate + channels]), None),
        "mlp.down_proj": (None, channels),
    }[part]


def tensors(
    names: tuple[str, ...], weights: Weights, cut: Cut, shape: Shape, found: Measured, recipe: Any
) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the tensors of the smaller model under their new names; `recipe` says how single weights are zeroed."""
    places = {layer: place for place, layer in enumerate(cut.layers)}
    for name in names:
        if not name.startswith(_PREFIX):
            yield name, weights(name)
            continue
        number, rest = name.removeprefix(_PREFIX).split(".", 1)
        layer = int(number)
        if layer not in places:
            continue
        part, _, kind = rest.rpartition(".")
        tensor = weights(name)
        if part in LINEARS:
            rows, columns = _slices(part, cut, layer, shape)
            if rows is not None:
                tensor = tensor[torch.from_numpy(rows)]
            if columns is not None and kind == "weight":
                tensor = tensor[:, torch.from_numpy(columns)]
            if recipe.sparsity and kind == "weight":
                squares = found.squares[layer, part]
                squares = squares if columns is None else squares[torch.from_numpy(columns)]
                by_size = recipe.sparsity_method == "magnitude"
                tensor = zeroed(tensor, None if by_size else squares, recipe.sparsity, recipe.sparsity_pattern)
        yield f"{_PREFIX}{places[layer]}.{rest}", tensor.contiguous()


_BY_LAYER = ("layer_types", "no_rope_layers", "mlp_layer_types")
"""Lists of a configuration with an entry for each layer."""


def configuration(config: Mapping[str, Any], full: Any, cut: Cut, left: Target) -> dict[str, Any]:
    """Return the config.json of the smaller model; `full` is the configuration with the stack's defaults filled in.

    What follows from a layer's number is written out, since the number has changed.
    """
    found = {
        **config,
        "num_hidden_layers": left.layers,
        "num_attention_heads": left.heads,
        "num_key_value_heads": left.kv_heads,
        "head_dim": left.head_dim,
        "intermediate_size": left.channels,
    }
    for name in _BY_LAYER:
        listed = getattr(full, name, None)
        if isinstance(listed, list) and len(listed) > cut.layers[-1]:
            found[name] = [listed[layer] for layer in cut.layers]
    if "max_window_layers" in config:
        found["max_window_layers"] = min(int(config["max_window_layers"] or 0), left.layers)
    return found
