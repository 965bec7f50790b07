"""The learning rate that a recipe plans for each step, in closed form: what is still to come can be drawn.

Owns the formulas, which are those of transformers' schedulers (get_scheduler, optimization.py). Must not import them.
"""

from __future__ import annotations

import math

from workbench.core.recipe import Recipe

MIN_RATE = 0.1
"""Where cosine_with_min_lr ends, as a share of the highest rate."""
DECAY_SHARE = 5
"""warmup_stable_decay falls in the last fifth."""


def planned(recipe: Recipe, step: int, steps: int) -> float:
    """Return the learning rate after `step` of `steps` optimizer steps."""
    kind, warm = recipe.lr_scheduler_type, round(recipe.warmup_ratio * steps)
    peak = recipe.learning_rate
    if kind == "constant":
        return peak
    if step < warm:
        return peak * step / max(1, warm)
    share = min(1.0, (step - warm) / max(1, steps - warm))
    if kind == "linear":
        return peak * (1 - share)
    if kind in ("cosine", "cosine_with_min_lr"):
        factor = 0.5 * (1 + math.cos(math.pi * share))
        least = MIN_RATE if kind == "cosine_with_min_lr" else 0.0
        return peak * (factor * (1 - least) + least)
    if kind == "warmup_stable_decay":
        falling = max(1, steps // DECAY_SHARE)
        begins = steps - falling
        return peak if step < begins else peak * 0.5 * (1 + math.cos(math.pi * min(1.0, (step - begins) / falling)))
    return peak
