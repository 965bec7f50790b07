"""The road: what a person has settled so far, from a base to a run, and what each station answers.

Owns the choices, the words for them and the command line that does the same. Must not ask files, models or hardware:
what is known of them is handed in.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from workbench.core import recipe
from workbench.core.plan import Plan
from workbench.core.text import one_line
from workbench.core.units import count, several

STATIONS = ("base", "data", "method", "fit", "review", "train", "use")
NAMES = {
    "base": "Base", "data": "Data", "method": "Method", "fit": "Fit", "review": "Review", "train": "Train",
    "use": "Use",
}  # fmt: skip
METHOD_NAMES = {
    "pretrain": "Pre-training", "cpt": "CPT", "sft": "SFT", "dpo": "DPO", "kto": "KTO", "orpo": "ORPO",
    "reward": "Reward model", "ppo": "PPO", "grpo": "GRPO", "distill": "Distillation",
    "export": "Export", "quantize": "Quantisation", "prune": "Pruning",
}  # fmt: skip
TUNING_NAMES = {"full": "full", "lora": "LoRA", "qlora": "QLoRA"}
_LEARNS = {
    "pretrain": "all text", "cpt": "articles", "sft": "answers only", "dpo": "preferred answers",
    "kto": "good and bad answers", "orpo": "preferred answers", "reward": "which is better", "grpo": "rewards",
    "ppo": "rewards", "distill": "a teacher's odds", "prune": "its own odds, cut smaller",
}  # fmt: skip

_UNTOLD = ("ppo",)
"""Methods that rows do not tell by themselves: prompts suit grpo as well."""
_OF_DATA = tuple(name for name, (_, described) in recipe.FIELDS.items() if described.section == "data")


@dataclass(frozen=True)
class Road:
    """What has been chosen; whatever is left open is proposed."""

    base: str = ""
    data: tuple[str, ...] = ()
    """Paths and hub ids as they were given."""
    chosen: Mapping[str, Any] = field(default_factory=dict)
    """Recipe values that the person set, beyond base and data."""
    preset: str = ""
    toward: Mapping[str, Any] = field(default_factory=dict)
    """What is meant to come next, its method and what else it needs: data that suits it is proposed."""
    run: str = ""
    """The run that was started from here."""
    reached: int = 0
    """The furthest station that was opened, by its place in `STATIONS`."""

    def with_value(self, name: str, value: Any) -> Road:
        """Return the road with a value set, checked; raises UsageError when it cannot be that."""
        return replace(self, chosen={**self.chosen, **recipe.checked({name: value})})

    def without(self, *names: str) -> Road:
        """Return the road with values given back to the plan."""
        return replace(self, chosen={name: value for name, value in self.chosen.items() if name not in names})

    def with_data(self, data: tuple[str, ...]) -> Road:
        """Return the road with other data; what was set because of the old data is given back.

        What is meant to come next is set where the rows alone would not tell it.
        """
        if data == self.data:
            return self
        bare = self.without("method", *_OF_DATA)
        meant = {name: value for name, value in self.toward.items() if name != "method" or value in _UNTOLD}
        return replace(bare, data=data, chosen={**bare.chosen, **meant})

    @property
    def values(self) -> dict[str, Any]:
        """The person's values as `plan` and `train` take them."""
        found = dict(self.chosen)
        if self.base:
            found["base"] = self.base
        if self.data:
            found["data"] = self.data
        return found


def name_of(reference: str) -> str:
    """Return what a base is called in a few letters: the end of a hub id or a path."""
    return one_line(reference.rstrip("/").rsplit("/", 1)[-1] or reference, 60)


def what(method: str, tuning: str) -> str:
    """Return what is done to a base: "SFT with LoRA", "SFT of all weights"."""
    name = METHOD_NAMES.get(method, method)
    return f"{name} of all weights" if tuning == "full" else f"{name} with {TUNING_NAMES[tuning]}"


def between(tuning: str) -> str:
    """Return the word between `what` and the name of the base."""
    return "of" if tuning == "full" else "on"


def answers(road: Road, glance: Mapping[str, Any] | None, plan: Plan | None) -> dict[str, tuple[str, ...]]:
    """Return what is settled at each station that was reached, in a line or two each."""
    found: dict[str, tuple[str, ...]] = {}
    if road.base:
        found["base"] = (name_of(road.base),)
    if road.data:
        more = f" and {len(road.data) - 1} more" if len(road.data) > 1 else ""
        lines = [name_of(road.data[0]) + more]
        if glance is not None:
            about = "about " if glance["about"] else ""
            lines.append(f"{about}{count(glance['rows'])} {'articles' if glance['articles'] else 'rows'}")
        found["data"] = tuple(lines)
    if plan is not None:
        wanted = plan.chosen.resolved.recipe
        found["method"] = (f"{METHOD_NAMES[wanted.method]}, {_LEARNS[wanted.method]}",)
        found["fit"] = (TUNING_NAMES[wanted.tuning] + (f", rank {wanted.lora_r}" if wanted.tuning != "full" else ""),)
        if plan.steps:
            found["review"] = (f"about {several(plan.steps, 'step')}",)
    if road.run:
        found["train"] = (road.run,)
    return found


_FLAGS = {"method": "--method", "tuning": "--tuning", "title": "--title", "data_format": "--format"}


def command(road: Road, verb: str = "train") -> str:
    """Return the command line that does the same as the road so far."""
    words = ["workbench", verb]
    if road.base:
        words += ["--base", road.base]
    for path in road.data:
        words += ["--data", short_path(path)]
    if road.preset:
        words += ["--preset", road.preset]
    for name, value in road.chosen.items():
        if name in _FLAGS:
            words += [_FLAGS[name], str(value)]
        elif name == "data_columns":
            words += [word for pair in value for word in ("--column", pair)]
        else:
            words += ["--set", f"{name}={_said(value)}"]
    return shlex.join(words)


def _said(value: Any) -> str:
    """Return a value as --set takes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list):
        plain = ",".join(map(str, value))
        return json.dumps(list(value)) if any("," in str(item) for item in value) else plain
    return f"{value:g}" if isinstance(value, float) else str(value)


def short_path(path: str) -> str:
    """Return a path as a person would type it from here."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return path
