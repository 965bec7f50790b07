"""Preference data made here: what is wished for, what is wrong with a wish, and the result in words.

Owns the wish, its command line and the sentences about its progress and its end; the same for screen and command line.
Must not know how answers are written or judged: an engine does that.
"""

from __future__ import annotations

import os
import shlex
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from workbench.core import paths
from workbench.core.errors import UsageError
from workbench.core.recipe import BUNDLED
from workbench.core.rewards import settled
from workbench.core.text import one_line
from workbench.core.units import count, duration, margin, percent, several
from workbench.guide.sources import Quiet, Teller, inspected, local
from workbench.guide.talking import checked
from workbench.runs import errand

MODULE = "workbench.engine.prefer"
MOST_ANSWERS = 16
"""Answers to one prompt: a judge compares each two of them twice."""
MOST_SEED = 2**31 - 1
BIASED = 0.75
"""Share of pairs won by the longer answer, or by the shorter one, from which it is said that a run would learn length:
where preferences go with it, most of what is gained is length (Singhal et al. 2023, "A Long Way to Go")."""
LEANING = 0.65
"""Share of verdicts for the answer that stands first from which a judge is said to lean to it."""
FEWEST = 20
"""Pairs or verdicts below which a share says nothing."""

STAGES = {
    "answers": "writing answers",
    "revisions": "criticising and revising",
    "scores": "scoring answers",
    "verdicts": "comparing answers in both orders",
}
"""Stage of the engine → what is being done."""


@dataclass(frozen=True)
class Wish:
    """What a person asks for."""

    prompts: tuple[str, ...]
    models: tuple[str, ...] = (BUNDLED,)
    out: str = ""
    rewards: tuple[str, ...] = ()
    judge: str = ""
    rubric: str = ""
    constitution: str = ""
    count: int = 0
    completions: int = 0
    margin: float = 0.0
    temperature: float = 1.0
    top_p: float = 1.0
    max_tokens: int = 256
    seed: int = 0


_BOUNDS: dict[str, tuple[float, float]] = {
    "count": (0, 10_000_000),
    "completions": (0, MOST_ANSWERS),
    "margin": (0, 1e6),
    "temperature": (0, 5),
    "top_p": (0.01, 1),
    "max_tokens": (1, 100_000),
    "seed": (0, MOST_SEED),
}
"""Number → its least and its greatest value."""
_WORDS = {"prompts": "--prompts", "models": "--model", "rewards": "--rewards"}
"""Field → its option, where that is another word."""


def option(name: str) -> str:
    """Return the option of a field on the command line."""
    return _WORDS.get(name, f"--{name.replace('_', '-')}")


def command(wish: Wish) -> str:
    """Return the command line that asks for the same."""
    words = ["workbench", "prefer"]
    for field in fields(wish):
        value = getattr(wish, field.name)
        if isinstance(value, tuple):
            for item in value:
                words += [option(field.name), shlex.quote(str(item))]
        elif value != field.default or field.name == "out":
            words += [option(field.name), shlex.quote(f"{value:g}" if isinstance(value, float) else str(value))]
    return " ".join(words)


def _check(wish: Wish) -> None:
    """Raise UsageError for a wish that contradicts itself."""
    for name, (low, high) in _BOUNDS.items():
        value = getattr(wish, name)
        if not low <= value <= high:
            kind = "a whole number" if isinstance(value, int) else "a number"
            raise UsageError(f"{option(name)} is {kind} from {low:g} to {high:g}, not {value:g}.")
    if not 1 <= len(wish.models) <= 2:
        raise UsageError("--model is given once or twice: one model that answers several times, or two to be compared.")
    if len(set(wish.models)) < len(wish.models):
        raise UsageError("The same model is named twice; name it once, with --completions 2 or more.")
    if not (wish.rewards or wish.judge or wish.constitution):
        raise UsageError(
            "Nothing says which answer is better; give --rewards, --judge or --constitution, for example "
            f"--constitution {BUNDLED}."
        )
    if wish.rewards and wish.judge and not wish.constitution:
        raise UsageError(
            "Both --rewards and --judge are given; leave one out, or give the reward judge(model=…) a weight."
        )
    if wish.rubric and (not wish.judge or wish.constitution):
        raise UsageError("--rubric tells a judge that compares answers what is better; give --judge with it, alone.")
    if wish.constitution and (len(wish.models) == 2 or wish.completions):
        raise UsageError(
            "With --constitution one model answers each prompt once, and --judge names who revises it if that is "
            "another; leave the second --model and --completions out."
        )
    if len(wish.models) == 1 and wish.completions == 1:
        raise UsageError("One answer cannot be compared; give --completions 2 or more, or a second --model.")
    if len(wish.models) == 1 and not wish.temperature and not wish.constitution:
        raise UsageError("At --temperature 0 one model always writes the same answer; raise it, or give two models.")


def _file(path: str, option: str) -> str:
    """Return a file of the person's absolute, or "bundled"; raises UsageError when it is not there."""
    if not path or path == BUNDLED:
        return path
    found = paths.expanded(path)
    if not os.path.isfile(found):
        raise UsageError(f"There is no file {one_line(path)} for {option}; give its path, or {BUNDLED}.")
    return os.path.abspath(found)


def _out(text: str) -> Path:
    """Return the file for the rows; raises UsageError when it cannot be made."""
    out = paths.expanded(text)
    if out.suffix.lower() != ".jsonl":
        raise UsageError(f"--out names a file of JSON lines; let it end in .jsonl, not {one_line(out.name)!r}.")
    if os.path.lexists(out):
        raise UsageError(f"{one_line(str(out))} exists; train on it, or give another file.")
    # The folder is resolved and the name is not: a link must not be written through.
    return out.parent.resolve() / out.name


def request(wish: Wish, live: Teller | None = None) -> dict[str, Any]:
    """Return what the engine is asked; raises UsageError or WorkbenchError for anything that cannot work.

    Data is looked at in a probe, and a dataset of the hub is downloaded, so this takes its time.
    """
    _check(wish)
    out = _out(wish.out)
    body = {field.name: getattr(wish, field.name) for field in fields(wish)}
    body |= {
        "rewards": settled(wish.rewards),
        "models": [checked(model) for model in wish.models],
        "judge": checked(wish.judge) if wish.judge else "",
        "rubric": _file(wish.rubric, "--rubric"),
        "constitution": _file(wish.constitution, "--constitution"),
        "out": str(out),
    }
    found = local(wish.prompts, live or Quiet())
    if not inspected(found, "grpo")["usable"]:
        raise UsageError("There is no prompt in what --prompts names; give questions, conversations or prompts.")
    return body | {"prompts": list(found)}


def make(
    wish: Wish,
    on_line: Callable[[dict[str, Any]], None] | None = None,
    live: Teller | None = None,
    stop: threading.Event | None = None,
) -> dict[str, Any]:
    """Make the rows and return the engine's report; a work that was broken off goes on where it was.

    Raises WorkbenchError, and StoppedError once `stop` is set.
    """
    asked = request(wish, live)
    result: dict[str, Any] = errand.run(MODULE, asked, on_line, who="The making of preferences", stop=stop)["result"]
    return result


def told_to(wish: Wish, stop: threading.Event, tell: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Make the rows as a page asks for it; `tell` hears how far it is."""
    Path(wish.out).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return make(wish, lambda line: tell(line) if "stage" in line else None, stop=stop)


def progress(line: Mapping[str, Any]) -> str:
    """Return one line about the state of the work, "" for a line that is not about it."""
    if "stage" not in line:
        return ""
    step = f"step {line['step']} of {line['steps']}: " if line["steps"] > 1 else ""
    return f"{step}{STAGES[line['stage']]}, {count(line['done'])} of {several(line['total'], 'prompt')}"


_BY = {
    "rewards": "the better answer is the one that scores higher",
    "judge": "the better answer is the one the judge prefers in both orders",
    "constitution": "the better answer is the revision by a principle",
}


def told(report: Mapping[str, Any]) -> list[str]:
    """Return the report in sentences, the first about the whole, those that begin with two blanks about details."""
    lines = [
        f"{several(report['rows'], 'pair')} from {several(report['prompts'], 'prompt')} in "
        f"{duration(report['seconds'])}; {_BY[report['by']]}."
    ]
    if report["mean_margin"] is not None:
        lines.append(f"The better answer leads by {margin(report['mean_margin'])} on average.")
    for name, sides in report["rewards"].items():
        better, worse = sides["chosen"], sides["rejected"]
        told = f"{margin(better)} for the better, {margin(worse)} for the worse"
        none = better is None and worse is None
        lines.append(f"  {one_line(name, 80)}: {'has nothing to judge in these rows' if none else told}")
    lines += _lengths(report["length"]) + _positions(report["position"])
    for model, (won, lost) in report["wins"].items():
        lines.append(
            f"  {one_line(model, 80)} wrote the better answer {several(won, 'time')}, the worse {several(lost, 'time')}"
        )
    lines += [f"  {count(number)} left out: {reason}" for reason, number in report["left_out"].items()]
    lines += [
        f"  {several(number, 'row')} not asked about: {reason}" for reason, number in report["passed_over"].items()
    ]
    return lines


def _lengths(length: Mapping[str, float]) -> list[str]:
    """Return how often the longer answer wins."""
    differ, longer = length["differ"], length["longer"]
    if not differ:
        return []
    said = f"The longer answer wins in {percent(longer / differ)} of {several(differ, 'pair')} of unlike length"
    said += f" ({count(length['chosen'])} characters against {count(length['rejected'])} on average)"
    share = longer / differ
    if differ < FEWEST or 1 - BIASED < share < BIASED:
        return [f"{said}."]
    what = "long" if share >= BIASED else "short"
    return [f"{said}: a run would learn to be {what}; add a reward that counts against it, such as length(max=…)."]


def _positions(position: Mapping[str, int] | None) -> list[str]:
    """Return how often the judge took the answer that stood first."""
    if not position or not position["decided"]:
        return []
    share = position["first"] / position["decided"]
    verdicts = several(position["decided"], "verdict")
    said = f"In both orders the judge took the answer that stood first in {percent(share)} of {verdicts}"
    if position["decided"] < FEWEST or 1 - LEANING < share < LEANING:
        return [f"{said}."]
    where = "first" if share >= LEANING else "second"
    return [f"{said}: it leans to the {where} one, and what it said for that reason alone is left out."]


def next_command(report: Mapping[str, Any], models: Sequence[str]) -> str:
    """Return the command line that learns from the rows: what answered is aligned, the second of two models."""
    base = shlex.quote(models[-1])
    return f"workbench train --base {base} --method dpo --data {shlex.quote(report['path'])}"
