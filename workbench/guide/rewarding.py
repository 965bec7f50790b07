"""Rewards tried before a run, as command line and screen ask for it: what is tried, and how the outcome is told.

Owns the request, its defaults and the cells of the table. Must not score anything itself: an engine errand does, and
what its figures mean is said in `core/health_rewards.py`.
"""

from __future__ import annotations

import shlex
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workbench.core import units
from workbench.core.checks import NEEDS
from workbench.core.errors import UsageError
from workbench.core.health_rewards import TRIVIAL, best_trivial, findings
from workbench.core.recipe import Recipe
from workbench.core.rewards import CHECKS, Check, Parameter, Spec, parse, settled, text
from workbench.core.text import one_line
from workbench.core.units import count
from workbench.guide.sources import Quiet, Teller, assignments, inspected, local
from workbench.runs import bases, errand, probe

__all__ = [
    "HEAD",
    "Wish",
    "best_trivial",
    "cells",
    "findings",
    "form",
    "of_recipe",
    "outlook",
    "progress",
    "tried",
    "trivial_cells",
]

MOST_ANSWERS = 1024
"""Answers that are sampled at most: a trial is to be short."""
_MOST_EACH = 16
"""Answers to a prompt that are taken from a recipe: larger groups tell little more."""
HEAD = ("reward", "samples", "references", "spread", "groups that differ", "s for 100", "not judged")
"""Heads of the columns of `cells`."""


@dataclass(frozen=True)
class Wish:
    """What is to be tried."""

    data: tuple[str, ...]
    """Files, folders and hub ids."""
    rewards: tuple[str, ...] = ()
    """As a recipe has them; what suits the rows when empty."""
    base: str = ""
    """Whose answers are sampled; "" samples none and takes a second."""
    chat_template: str = ""
    """One of the workbench's, for a base that has none."""
    tuning: str = ""
    """With qlora the base is held in 4 bits."""
    format: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    prompts: int = 8
    answers: int = 8
    longest: int = 256
    thinking_budget: int = 0
    """Tokens that a thought before an answer may have; 0 asks for none."""
    max_length: int = 1024
    temperature: float = 1.0
    top_p: float = 1.0
    seed: int = 0

    def quick(self) -> Wish:
        """Return the same without a model."""
        return Wish(**{**vars(self), "base": ""})


def of_recipe(recipe: Recipe, rewards: Sequence[str] | None = None) -> Wish:
    """Return what a recipe would be rewarded for, tried on its data with its base; `rewards` in place of its own.

    A reward model of ppo counts as one of them.
    """
    wanted = tuple(recipe.rewards if rewards is None else rewards)
    if recipe.method == "ppo" and recipe.reward_model:
        wanted = (*wanted, text(Spec("model", {**parse("model(run=it)").parameters, "run": recipe.reward_model})))
    return Wish(
        data=recipe.data,
        rewards=wanted,
        base=recipe.base,
        chat_template=recipe.chat_template,
        tuning="qlora" if recipe.tuning == "qlora" else "",
        format=recipe.data_format,
        columns=assignments(recipe.data_columns, "--column", "ROLE=NAME", "prompt=question"),
        answers=max(2, min(recipe.num_generations, _MOST_EACH)),
        longest=recipe.max_completion_length,
        thinking_budget=recipe.thinking_budget,
        max_length=recipe.max_length,
        temperature=recipe.temperature,
        top_p=recipe.top_p,
        seed=recipe.seed,
    )


def _checked(wish: Wish) -> None:
    """Raise UsageError for figures that cannot be tried."""
    if not wish.data:
        raise UsageError("Rewards are tried on rows; give --data FILE.")
    for name, value, low in (("prompts", wish.prompts, 1), ("answers", wish.answers, 2), ("longest", wish.longest, 1)):
        if value < low:
            raise UsageError(f"--{name} is a number of at least {low}, not {value}.")
    if not 0 <= wish.thinking_budget < wish.longest:
        raise UsageError(
            f"--thinking-budget is a number from 0 to below --longest, which is {count(wish.longest)}, and not "
            f"{wish.thinking_budget}."
        )
    if wish.prompts * wish.answers > MOST_ANSWERS:
        raise UsageError(
            f"{count(wish.prompts)} prompts with {count(wish.answers)} answers each are more than the "
            f"{count(MOST_ANSWERS)} answers that a trial writes; lower one of them."
        )
    if not 0 < wish.top_p <= 1 or not 0 <= wish.temperature <= 100:
        raise UsageError("--top-p is a share above 0 and up to 1, and --temperature a number from 0 to 100.")


def tried(
    wish: Wish,
    tell: Callable[[str], None] = lambda said: None,
    live: Teller | None = None,
    stop: threading.Event | None = None,
) -> dict[str, Any]:
    """Return the table of a trial, as `engine/rehearsal` describes it, with "findings".

    `tell` hears how far it is. Raises WorkbenchError with what is wrong with data, rewards or base.
    """
    _checked(wish)
    wanted = settled(wish.rewards)
    if wish.base:
        base = bases.resolve(wish.base)
        probe.run_probe("workbench.runs.bases:inspect", {"path": str(base.model_dir)}, seconds=60)
    paths = local(wish.data, live or Quiet())
    inspected(paths, "grpo", wish.format, dict(wish.columns), target="preflight")
    request = {
        **{name: value for name, value in vars(wish).items() if name != "data"},
        "paths": list(paths),
        "rewards": list(wanted),
        "columns": dict(wish.columns),
    }

    def on_line(line: dict[str, Any]) -> None:
        if "stage" in line:
            tell(progress(line))

    body = errand.run("workbench.engine.rehearsal", request, on_line, who="The trial of rewards", stop=stop)
    return {**body, "findings": [_told(finding) for finding in findings(body)]}


def _told(finding: Any) -> dict[str, Any]:
    """Return a finding as JSON."""
    fix = finding.fix
    return {
        "code": finding.code,
        "level": finding.level,
        "text": finding.text,
        "fix": fix.text if fix is not None else "",
        "fields": dict(fix.fields) if fix is not None else {},
    }


def progress(line: Mapping[str, Any]) -> str:
    """Return how far a trial is, in words."""
    return f"{line['stage']}, {count(line['done'])} of {count(line['total'])}" if line["total"] else str(line["stage"])


def cells(body: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return a row of the table per reward, and the weighted sum last, in the order of `HEAD`."""
    rows = [
        (
            check["reward"],
            units.margin(check["samples"]),
            units.margin(check["references"]),
            units.margin(check["spread"]),
            _share(check["varied"]),
            _seconds(check["seconds"]),
            count(check["not_judged"]),
        )
        for check in body["checks"]
    ]
    total = body["total"]
    return [
        *rows,
        (
            "together",
            units.margin(total["samples"]),
            units.margin(total["references"]),
            units.margin(total["spread"]),
            _share(total["varied"]),
            "",
            "",
        ),
    ]


def _share(value: float | None) -> str:
    return units.NONE if value is None else units.percent(value)


def _seconds(value: float | None) -> str:
    """Return a time of 100 answers in a few signs."""
    return units.NONE if value is None else "< 0.1" if value < 0.1 else f"{value:.1f}" if value < 100 else count(value)


def outlook(body: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return (level, sentence, what mends it) of what a trial with a base says of a run with these rewards.

    The level is one of `core.findings.LEVELS`; the sentence has no stop, and what mends it is "" for nothing.
    """
    answers = [one["total"] for group in body["groups"] for one in group["answers"]]
    whole, worst = count(len(answers)), body["findings"][0]
    if worst["code"] == "all_zero":
        nothing = count(sum(total is None or total <= 0 for total in answers))
        return "bad", f"the base earns no reward on {nothing} of {whole} sampled answers", worst["fix"]
    if worst["code"] == "all_one":
        return "bad", f"the base earns all there is on {whole} of {whole} sampled answers", worst["fix"]
    if worst["level"] in ("bad", "warning"):
        return worst["level"], worst["text"], worst["fix"]
    mean, varied = units.margin(body["total"]["samples"]), _share(body["total"]["varied"])
    return "good", f"the base earns {mean} on {whole} sampled answers, which differ in {varied} of groups", ""


def trivial_cells(body: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return (what it is, the text as one line, what it earns) of each trivial answer, the best first."""
    order = sorted(body["trivial"], key=lambda one: -(one["total"] if one["total"] is not None else float("-inf")))
    return [(TRIVIAL[one["name"]], one_line(one["text"], 60), units.margin(one["total"])) for one in order]


# The library


def asks(check: Check) -> str:
    """Return what a row must hold for a check, "" for nothing."""
    return NEEDS[check.needs] if check.needs else ""


def form(check: Check) -> str:
    """Return how a check is written, with every parameter that has to be given."""
    wanted = [f"{parameter.name}=…" for parameter in check.parameters if parameter.default is None]
    return f"{check.name}({', '.join(wanted)})" if wanted else check.name


def takes(parameter: Parameter) -> str:
    """Return a parameter in words: its name, its default and what it is."""
    value = str(parameter.default).lower() if parameter.kind == "truth" else str(parameter.default)
    default = "" if parameter.default is None else f"={value}"
    choices = f" ({', '.join(parameter.choices)})" if parameter.choices else ""
    return f"{parameter.name}{default}: {parameter.help}{choices}"


def library() -> tuple[Check, ...]:
    """Return every check there is, in the order they are offered."""
    return tuple(CHECKS.values())


def command(wish: Wish) -> str:
    """Return the command line that tries the same."""
    words = ["workbench", "rewards", *(word for path in wish.data for word in ("--data", path))]
    words += [word for reward in wish.rewards for word in ("--rewards", reward)]
    words += ["--base", wish.base] if wish.base else []
    words += ["--chat-template", wish.chat_template] if wish.chat_template else []
    words += ["--tuning", wish.tuning] if wish.base and wish.tuning == "qlora" else []
    words += ["--format", wish.format] if wish.format else []
    words += [word for role, name in wish.columns.items() for word in ("--column", f"{role}={name}")]
    default = Wish(data=())
    for name in ("answers", "longest", "thinking_budget", "max_length", "temperature", "top_p", "seed"):
        if getattr(wish, name) != getattr(default, name):
            words += [f"--{name.replace('_', '-')}", f"{getattr(wish, name):g}"]
    return shlex.join(words)


# A recipe's rewards as a list that is changed

SLOW = ("model", "judge")
"""Checks that load a model, so that they are tried only when that is asked for."""


def is_quick(rewards: Sequence[str]) -> bool:
    """Return whether rewards can be tried at once, without a model."""
    return not any(parse(reward).name in SLOW for reward in rewards)


def others(rewards: Sequence[str]) -> list[Check]:
    """Return the checks that are not among some rewards."""
    taken = {parse(reward).name for reward in rewards}
    return [check for check in library() if check.name not in taken]


def needs_words(check: Check) -> bool:
    """Return whether a check has a parameter that a person has to give."""
    return any(parameter.default is None for parameter in check.parameters)


def replaced(rewards: Sequence[str], place: int, text: str) -> tuple[str, ...]:
    """Return rewards with the one at a place written anew, or added where the place is behind the last.

    Raises UsageError for one that does not exist, or stands there already.
    """
    new = settled((text,))[0]
    found = [*rewards[:place], new, *rewards[place + 1 :]]
    if found.count(new) > 1:
        raise UsageError(f"The reward {new} stands there already; give one of them other parameters.")
    return tuple(found)
