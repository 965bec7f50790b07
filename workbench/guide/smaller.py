"""What prune takes away and how a student answers, as values a person changes, and what came of it in words.

Owns both. Must not know models or how anything is cut.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.core import units
from workbench.core.plan import Plan
from workbench.core.relevance import counts
from workbench.guide.fitting import Field

_SHARES = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
_WRITTEN = (0.0, 0.25, 0.5, 0.75, 1.0)
_WHAT = {
    "prune_layers": ("layers out", "whole layers that change least", "memory and time"),
    "prune_heads": ("heads out", "of the attention heads of every layer", "cache and time"),
    "prune_channels": ("channels out", "of the feed-forward layers, where most weights are", "most memory"),
    "sparsity": ("zeros", "of single weights; nothing shrinks or speeds up", "no gain in size"),
}
"""Field → its label, what it is a share of, and the same in fewer words."""


def fields(plan: Plan, chosen: Sequence[str]) -> list[Field]:
    """Return for prune how much of what goes, for distill how often the student answers, none for other methods."""
    wanted = plan.chosen.resolved.recipe
    if counts("on_policy_share", wanted.method):
        name, share = "on_policy_share", wanted.on_policy_share
        note = "of the steps: it writes, the teacher judges" if share else "it learns from the rows alone"
        shown = units.percent(share) if share else "none"
        return [Field(name, "own answers", shown, note, name in chosen, _WRITTEN, "own answers, judged")]
    if not counts("prune_layers", wanted.method):
        return []
    found = []
    for name, (label, note, brief) in _WHAT.items():
        if name == "sparsity" and wanted.tuning != "full":
            continue  # an adapter would fill the zeros again
        value = getattr(wanted, name)
        shown = "none" if not value else units.percent(value) if value < 1 else units.count(round(value))
        found.append(Field(name, label, shown, note, name in chosen, _SHARES, brief))
    return found


def told(report: Mapping[str, Any]) -> list[tuple[str, str]] | None:
    """Return what a finished run has taken away and healed, as (text, role) pieces; None for a run that cut nothing."""
    found = report.get("pruning")
    if not isinstance(found, dict):
        return None
    try:
        size, speed, loss = found["parameters"], found["speed"]["reading"], found["loss"]
        smaller, faster = 1 - size["after"] / size["before"], speed["after"] / speed["before"]
        said = [("It is as large and as fast as before. The loss went from ", "value")]
        if smaller > 0:
            said = [
                ("It has ", "value"),
                (units.percent(smaller), "figure"),
                (" fewer weights and reads about ", "value"),
            ]
            said += [(f"{faster:.1f}", "figure"), (" times as fast. The loss went from ", "value")]
        said += [(units.loss(loss["original"]), "figure"), (" to ", "value"), (units.loss(loss["pruned"]), "figure")]
        said += [(" when it was cut, and healed to ", "value"), (units.loss(loss["healed"]), "figure")]
        share = found["recovered"]
        back = ": all that was lost is back, and it has learnt from the rows besides."
        if share is None or share <= 1:
            back = "." if share is None else f": {units.percent(share)} of what was lost is back."
    except (KeyError, TypeError, ZeroDivisionError, AttributeError):
        return None  # a report that another version has written
    return [*said, (back, "value")]


def answered(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return how a smaller model's own answers compare with those of the model it learnt from, as (text, role) pieces;
    none of a report that does not say.

    Numbers are named where answers end at one; else the words both answers have.
    """
    found = report.get("answers")
    if not isinstance(found, dict):
        return []
    try:
        questions, scores = found["questions"], found["scores"]
        check = "number" if "number" in scores else "similar"
        shown = units.percent if check == "number" else units.margin
        values = dict(scores[check])
        last = next(name for name in ("student", "healed") if name in values)
        said = [
            (f" Asked {units.several(questions, 'held-out question')}, it answers ", "value"),
            (units.percent(scores["exact"][last]), "figure"),
            (" word for word and scores ", "value"),
            (shown(values.pop(last)), "figure"),
            (" by the number it ends at" if check == "number" else " by the words it has in common", "value"),
        ]
        said += [(f"; {name} {shown(value)}", "value") for name, value in values.items()]
    except (KeyError, TypeError, ValueError, AttributeError, StopIteration):
        return []  # a report that another version has written
    return [*said, (".", "value")]
