"""What the gradient norms of a run mean: steps that stand out from those before them.

Owns this rule and its thresholds. Must not know files, screens, or where the norms come from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workbench.core.findings import Figures, Finding, Fix, scaled
from workbench.core.measures import LEVEL_STEPS
from workbench.core.units import count, several

RECENT_STEPS = 200
"""Steps that gradient spikes are looked for in: what happened earlier has been survived."""
SPIKE = 6.0
"""A gradient norm this many times the median of the steps before it is a spike; healthy runs on small batches reach
four."""
SPIKE_STEPS = 16
"""Steps before a step whose median its gradient norm is compared with: few, since norms fall a thousandfold in a run
that comes to know its rows, and what is large beside the end of such a fall was small where it stood."""
MANY_SPIKES = 4
"""So many spikes in `RECENT_STEPS` are no single bad batch any more (2 %)."""
WARMED_UP, WARM_UP_SHARE = 8, 0.05
"""Steps passed over at the beginning, and the share of all steps, where gradients are large and the rate is rising."""


def _beside(norms: Sequence[tuple[int, float]]) -> Iterator[tuple[int, float, float]]:
    """Yield (step, norm, median of the norms before it) of steps that have enough before them."""
    for place in range(SPIKE_STEPS // 2, len(norms)):
        before = sorted(norm for _, norm in norms[max(0, place - SPIKE_STEPS) : place])
        yield *norms[place], before[len(before) // 2]


def spikes(figures: Figures) -> Iterator[Finding]:
    """Gradient norms far above those just before them."""
    norms = [
        (point.step, point.grad_norm)
        for point in figures.recent
        if point.grad_norm is not None and point.step > max(WARMED_UP, WARM_UP_SHARE * figures.steps)
    ][-RECENT_STEPS:]
    if len(norms) < LEVEL_STEPS:
        return
    high = [step for step, norm, usual in _beside(norms) if norm > SPIKE * usual > 0]
    span = f"the last {len(norms)} steps"
    if not high:
        yield Finding("no_spikes", "good", f"no gradient spikes in {span}")
    elif len(high) < MANY_SPIKES:
        yield Finding(
            "spikes",
            "notice",
            f"{several(len(high), 'gradient spike')} in {span}, the last at step {count(high[-1])}",
        )
    else:
        yield Finding(
            "spikes",
            "warning",
            f"{len(high)} gradient spikes in {span}: steps are too large or rows are odd",
            Fix("halve the learning rate", scaled(figures, "learning_rate", 0.5), "duplicate"),
        )
