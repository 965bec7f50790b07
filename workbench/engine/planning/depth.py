"""A deep model's step from two shallow ones: layers that repeat add the same bytes each, so the rest is a line.

Owns which depths are traced and the line through them. Must not know kernels or how a step is run. Where the layers do
not repeat, which their parameters tell, the whole model is traced.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from workbench.core.demand import Demand
from workbench.core.weights import state_bytes
from workbench.engine.planning import build, trace


def _cut(config: dict[str, Any], depth: int, layers: int) -> dict[str, Any]:
    """Return the configuration of the first layers of a model: lists with an entry per layer are cut, too."""
    cut = {key: value[:depth] if isinstance(value, list) and len(value) == layers else value
           for key, value in config.items()}  # fmt: skip
    return {**cut, "num_hidden_layers": depth}


def _period(settings: Any, layers: int) -> int:
    """Return after how many layers the kinds of layers repeat."""
    lists = [value for value in settings.to_dict().values() if isinstance(value, list) and len(value) == layers]
    kinds = [tuple(map(str, kind)) for kind in zip(*lists, strict=True)] or [()] * layers
    return next(period for period in range(1, layers + 1) if kinds[period:] == kinds[: layers - period])


_LAYER = re.compile(r"\.layers\.(\d+)\.")


def _sizes(settings: Any) -> list[int]:
    """Return the parameters of each layer, [] where they cannot be told apart."""
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(settings)
    sizes: Counter[int] = Counter()
    for name, weight in model.named_parameters():
        if found := _LAYER.search(name):
            sizes[int(found[1])] += weight.numel()
    return [sizes[layer] for layer in range(len(sizes))]


def depths(config: dict[str, Any]) -> tuple[int, int, int]:
    """Return (a shallow depth, one a period deeper, the model's own) of which the first two stand for the third.

    All three are the model's own where nothing shallower would do.
    """
    settings = build.configuration(config)
    layers = settings.num_hidden_layers
    period = _period(settings, layers)
    low = 2 * period + layers % period
    high = low + period
    if low + high >= layers:  # two of them would take as long as the whole
        return layers, layers, layers
    sizes = _sizes(settings)
    if len(sizes) != layers or sizes[period:] != sizes[:-period]:
        return layers, layers, layers
    return low, high, layers


_Moment = dict[str, int]
"""Part → bytes that are alive at one moment."""


def _moments(made: trace.Traced, depth: int, ends: int) -> Iterator[tuple[tuple[str, str, int], str, _Moment]]:
    """Yield (where, phase, moment) of the highest moment between any two marks of the last micro-batch.

    Only the first and last layers, `ends` of them each, are looked at: in between moments grow by the layer.
    """
    best: dict[tuple[str, str, int], tuple[int, str, _Moment]] = {}
    where: tuple[str, str, int] | None = None
    for number, phase, live, moment in trace.history(made):
        entry = made.entries[number]
        if entry.storage < 0:
            where = _place(entry.phase, depth, ends)
        if number >= made.micro_batch and where is not None and live > best.get(where, (-1,))[0]:
            best[where] = (live, phase, dict(moment))
    for place, (_, phase, moment) in best.items():
        yield place, phase, moment


def _place(mark: str, depth: int, ends: int) -> tuple[str, str, int] | None:
    """Return what a mark is called at any depth: layers are counted from the nearer end; None for one in between."""
    name, _, number = mark.rpartition(" ")
    if not number.lstrip("-").isdigit() or number.startswith("-"):
        return mark, "", 0
    layer = int(number)
    if layer < ends:
        return name, "first", layer
    return (name, "last", depth - layer) if layer >= depth - ends else None


def traced(config: dict[str, Any], demand: Demand) -> dict[str, Any]:
    """Return {"peak", "phase", "parts"} of a step as `trace.traced` does, in the time a few layers take.

    Raises UsageError for what no trace imitates.
    """
    trace.refuse(demand)
    config = config.get("text_config", config)
    low, high, layers = depths(config)
    if low == high:
        return trace.traced(config, demand)
    ends = high - low
    steps = (layers - low) / (high - low)
    found = []
    for depth in (low, high):
        made = trace.run_step(_cut(config, depth, layers), demand)
        places = {place: (phase, moment) for place, phase, moment in _moments(made, depth, ends)}
        found.append((places, state_bytes(made.trainable, demand.optimiser, made.inner)))
    (few, few_states), (more, more_states) = found

    def line(one: int, other: int) -> int:
        return round(one + (other - one) * steps)

    peaks = []
    for place in few.keys() & more.keys():
        (phase, one), (_, other) = few[place], more[place]
        parts = {part: line(one.get(part, 0), other.get(part, 0)) for part in one.keys() | other.keys()}
        peaks.append((sum(parts.values()), phase, parts))
    _, phase, parts = max(peaks, key=lambda peak: peak[0])
    parts = {**parts, "optimiser": line(few_states, more_states)}
    parts = {part: size for part, size in parts.items() if size}
    return {"peak": sum(parts.values()), "phase": phase, "parts": parts}
