"""How much smaller a model gets: what a recipe asks to be taken away, as counts that every tool can load.

Owns that arithmetic on a configuration, and what is refused because llama.cpp or transformers would compute another
model. Must not know weights, or which layers, heads and channels go.

A smaller model has the same heads and channels in each of its layers, since its configuration has one figure for all.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.core.errors import UsageError
from workbench.core.shape import Shape, shape_of
from workbench.core.text import one_line
from workbench.core.units import count

if TYPE_CHECKING:
    from workbench.core.recipe import Recipe

PERIODS: dict[str, tuple[str, int]] = {
    "llama": ("Llama", 1), "mistral": ("Mistral", 1), "qwen2": ("Qwen 2", 1), "qwen3": ("Qwen 3", 1),
    "phi3": ("Phi 3", 1), "smollm3": ("SmolLM3", 4), "gemma2": ("Gemma 2", 2), "gemma3_text": ("Gemma 3", 6),
}  # fmt: skip
"""Family of dense models that can be cut → (its name, after how many layers their kinds repeat). llama.cpp has the
pattern in its code, so that only whole periods can go, and in one piece."""
GROUPS = {"free": (0, 0), "2:4": (2, 4), "4:8": (4, 8)}
"""Pattern of zeros → (how many weights of a group are zero, how many a group has); no groups for free."""


@dataclass(frozen=True)
class Target:
    """What is left: figures of the smaller model's configuration."""

    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    channels: int


def _layers(wanted: Recipe, shape: Shape) -> int:
    """Return how many layers go; raises UsageError where the pattern of the family's layers does not allow it."""
    asked = wanted.prune_layers
    if not asked:
        return 0
    name, period = PERIODS[shape.model_type]
    gone = max(round(asked * shape.layers / period), 1) * period if asked < 1 else int(asked)
    if period > 1 and wanted.prune_layers_by != "block":
        raise UsageError(
            f"The layers of {name} are of kinds that repeat every {period}, so that only a block of them can go; set "
            "prune_layers_by=block."
        )
    if asked >= 1 and (gone != asked or gone % period):
        whole = "a whole number" if period == 1 else f"a multiple of {period}, after which their kinds repeat"
        raise UsageError(f"prune_layers={asked:g} of {name} has to be {whole}, or a share below 1.")
    if gone >= shape.layers:
        raise UsageError(f"The base has {shape.layers} layers and prune_layers takes {gone}; leave some of them.")
    return gone


def _groups(wanted: Recipe, shape: Shape) -> int:
    """Return how many key-value heads are left, with the heads that read them."""
    if not wanted.prune_heads:
        return shape.kv_heads
    if shape.kv_heads == 1:
        raise UsageError(
            "All heads of this base share one key-value head, so that none can go alone; leave prune_heads at 0."
        )
    gone = min(max(round(wanted.prune_heads * shape.kv_heads), 1), shape.kv_heads - 1)
    return shape.kv_heads - gone


def _channels(wanted: Recipe, shape: Shape) -> int:
    """Return how many channels of the feed-forward layers are left, a multiple of what the recipe says."""
    if not wanted.prune_channels:
        return shape.intermediate
    multiple = wanted.prune_multiple
    left = max(round((1 - wanted.prune_channels) * shape.intermediate / multiple), 1) * multiple
    if left >= shape.intermediate:
        raise UsageError(
            f"prune_channels={wanted.prune_channels:g} of {shape.intermediate} channels takes away less than "
            f"prune_multiple={multiple} of them; raise the one or lower the other."
        )
    return left


def family(config: Mapping[str, Any]) -> Shape:
    """Return the shape of the model in a parsed config.json; raises UsageError for one that cannot be cut."""
    shape = shape_of(config)
    if shape.model_type not in PERIODS or shape.experts or "text_config" in config:
        known = ", ".join(name for name, _ in PERIODS.values())
        raise UsageError(
            f"prune cuts dense language models of {known}, and this base is {one_line(shape.model_type, 40)}; "
            "distil it into a smaller one instead."
        )
    return shape


def target(config: Mapping[str, Any], wanted: Recipe) -> Target:
    """Return what is left of the model in a parsed config.json.

    A share is rounded to what can be taken, and takes one at least. Raises UsageError for a model that cannot be cut,
    or one of which so much cannot go.
    """
    shape = family(config)
    found = Target(
        layers=shape.layers - _layers(wanted, shape),
        heads=shape.heads // shape.kv_heads * _groups(wanted, shape),
        kv_heads=_groups(wanted, shape),
        head_dim=shape.head_dim,
        channels=_channels(wanted, shape),
    )
    scale = config.get("query_pre_attn_scalar")
    if scale is not None and scale != shape.head_dim:
        raise UsageError(
            "llama.cpp tells how this size of Gemma scales its attention by its layers and heads, so that a cut one "
            "would be computed wrongly; take another size."
        )
    return found


def cut(config: Mapping[str, Any], wanted: Recipe, parameters: int = 0) -> Shape:
    """Return the shape of the smaller model; `parameters` counts those of the base, 0 where nobody did."""
    shape, left = shape_of(config, parameters), target(config, wanted)

    def layers_of(layers: int, heads: int, kv_heads: int, channels: int) -> int:
        one = 2 * shape.hidden * shape.head_dim * (heads + kv_heads) + 3 * shape.hidden * channels
        return layers * one

    whole = layers_of(shape.layers, shape.heads, shape.kv_heads, shape.intermediate)
    rest = layers_of(left.layers, left.heads, left.kv_heads, left.channels)
    return dataclasses.replace(
        shape,
        layers=left.layers,
        heads=left.heads,
        kv_heads=left.kv_heads,
        intermediate=left.channels,
        windowed_layers=round(shape.windowed_layers * left.layers / shape.layers),
        parameters=max(parameters - whole + rest, 0) if parameters else 0,
    )


def in_words(whole: Shape, left: Shape) -> str:
    """Return what is left of a model of a shape, in a sentence; "" where its shape is the same."""
    pairs = {
        "layers": (whole.layers, left.layers),
        "heads a layer": (whole.heads, left.heads),
        "channels a layer": (whole.intermediate, left.intermediate),
    }
    said = [f"{count(after)} of {count(before)} {name}" for name, (before, after) in pairs.items() if after < before]
    if not said:
        return ""
    size = f", about {100 * left.parameters / whole.parameters:.0f} % of its weights" if whole.parameters else ""
    return f"Left of the base: {', '.join(said)}{size}."


def refuse(recipe: Recipe) -> None:
    """Raise UsageError for a recipe of method prune that takes nothing away, or whose healing would put it back."""
    if not (recipe.prune_layers or recipe.prune_heads or recipe.prune_channels or recipe.sparsity):
        raise UsageError(
            "prune takes nothing away as it is; set prune_layers, prune_heads, prune_channels or sparsity, for "
            "example --set prune_layers=0.2."
        )
    if recipe.sparsity and recipe.tuning != "full":
        raise UsageError(
            "An adapter is added to every weight, the zeros of sparsity among them; use tuning full, or leave "
            "sparsity at 0."
        )
    if recipe.sparsity and recipe.optim == "muon":
        raise UsageError("optim muon moves weights that are to stay zero; use optim adamw with sparsity.")
    zeros, of = GROUPS[recipe.sparsity_pattern]
    if recipe.sparsity and of and recipe.sparsity * of != zeros:
        raise UsageError(
            f"sparsity_pattern={recipe.sparsity_pattern} makes {zeros} of {of} weights zero; "
            f"set sparsity={zeros / of:g}."
        )
    if recipe.num_processes > 1:
        raise UsageError("prune measures and asks its base in one process; leave num_processes at 1.")
