"""What is said of a run while it is watched: its state in a sentence, what asking it to do something costs.

Owns these words and the questions to a run's directory behind them. Must not know how a page looks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.core import lifecycle, paths, units
from workbench.core import recipe as recipes
from workbench.core.best import Result
from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.lifecycle import ACTIVE
from workbench.core.text import one_line
from workbench.guide import lineage
from workbench.guide.road import Road, name_of
from workbench.runs import hardware, host, store
from workbench.runs.control import TERM_SECONDS
from workbench.runs.glances import Glance
from workbench.runs.store import META_FILE, Run

_RESULTS = ("model", "adapter")


def find(name: str) -> Run:
    """Return the run of that name; raises UsageError with what to do when there is none."""
    if not name:
        raise UsageError("No run was started from this road yet; the runs are under f3.")
    run = Run(paths.runs_home() / name)
    if name == Path(name).name and (run.path / META_FILE).is_file():
        return run
    return store.find(name)


def has_result(run: Run) -> bool:
    """Return whether a run has a model or an adapter to talk with."""
    return any((run.artifacts_dir / name).is_dir() for name in _RESULTS)


def kept(run: Run) -> frozenset[str]:
    """Return the names of the checkpoints' folders that are there."""
    try:
        return frozenset(path.name for path in run.checkpoints_dir.iterdir() if path.is_dir())
    except OSError:
        return frozenset()


@dataclass(frozen=True)
class Limits:
    """Where the gauges of this machine end; None where it does not tell."""

    power_w: float | None = None
    slowdown_c: int | None = None
    disk_free: int | None = None
    disk_total: int | None = None


def limits() -> Limits:
    """Return the limits of the first card that can be used, and the disk the runs are on."""
    disk = host.disk(paths.runs_home())
    room = {"disk_free": disk.free_bytes, "disk_total": disk.total_bytes} if disk is not None else {}
    for card in hardware.survey().cards:
        if not card.gpu.trouble:
            return Limits(card.power_limit_w, card.slowdown_c, **room)
    return Limits(**room)


def why_not(action: str, status: str, name: str) -> str:
    """Return why a run cannot be asked for something, as a sentence, or "" when it can."""
    if not status:
        return "The run has not been looked at yet."
    why = lifecycle.why_not(action, status)
    return f"{lineage.short(name)} {why}." if why else ""


def chat_why_not(status: str, result: bool, method: str = "") -> str:
    """Return why one cannot talk with a run's result, or not yet, or ""."""
    if method == "reward":
        return "It becomes a reward model, which scores answers and writes none: nothing to chat with or to export."
    if method in recipes.PUBLISHING:
        return "" if status in ("done", "stopped") else "It is still being made; it can be used once it is done."
    if result and status not in ACTIVE:
        return ""
    if status == "queued":
        return "It waits for its turn; its result can be used once it has ended."
    if status in ACTIVE:
        return "It is still learning; its result can be used once it has ended or was stopped."
    return "It has no result; resume it, or stop it while it runs to keep what it has learnt."


@dataclass(frozen=True)
class State:
    """What a run that does not train right now needs said, and the key that helps."""

    text: str
    action: str = ""
    """Id of the action that helps most, "" for none."""
    verb: str = ""


def working(run_id: str) -> str:
    """Return the names of the other runs that are at work, "" for none: what a queued run waits for."""
    names = [lineage.short(run.id) for run in store.list_runs() if run.id != run_id and run.status() == "running"]
    return ", ".join(names[:3])


def state(
    status: str, phase: str, detail: str, error: str, saved_step: int | None, requested: str, working: str = ""
) -> State | None:
    """Return what is said of a run in that state; None while it trains, as its health is what matters then.

    `working` names the runs that have the card while this one waits.
    """
    there = f"the checkpoint at step {units.count(saved_step)}" if saved_step is not None else "its beginning"
    detail = one_line(detail, 120)
    if status == "queued":
        if phase != "waiting":
            return State("its engine is about to start")
        ahead = ", ".join(filter(None, (detail, f"{working} is at work" if working else "")))
        return State(f"it waits for its turn{': ' if ahead else ''}{ahead}")
    if status in ("pausing", "stopping"):
        return State(
            f"it has been asked to {requested or status.removesuffix('ing')}, and does so at the end of a step"
        )
    if status == "running":
        return None
    if status == "paused":
        return State(error or f"its memory is free again; it goes on from {there}", "run.resume", "resume")
    if status == "stopped":
        return State("it ended early and keeps what it learnt; it can also go on", "run.next", "use it")
    if status == "failed":
        return State(error or "it ended with an error that it could not name", "run.resume", f"resume from {there}")
    if status == "lost":
        return State("its engine ended without a last word", "run.resume", f"resume from {there}")
    if status == "stuck":
        return State("its engine is gone, and processes it began go on", "run.kill", "end them")
    return None


def consequences(
    action: str, step: int, steps: int, saved_step: int | None, best: Result | None = None
) -> tuple[str, str, tuple[str, ...]]:
    """Return (verb, question, what follows) of something that is hard to undo.

    `best` is the state that a stop publishes where that is not the last one.
    """
    done = f"{units.count(step)} of {units.count(steps)} steps are done." if steps else "It has not taken a step yet."
    if action == "stop":
        text = "It ends at the end of this step, writes a checkpoint and keeps what it has learnt as its result."
        if best is not None:
            text = f"It ends at the end of this step and writes a checkpoint. Its result is {best.words()}."
        return "stop it", "Stop this run", (text, f"{done} It can still go on later.")
    if saved_step is None:
        lost = "it has no checkpoint yet: everything so far is lost." if step else "nothing is lost."
    elif step > saved_step:
        which = "what was learnt in " + units.several(step - saved_step, "step")
        lost = f"{which} after the checkpoint at step {units.count(saved_step)} is lost."
    else:
        lost = f"it can go on from the checkpoint at step {units.count(saved_step)}."
    text = (
        "It is told to end its step and keep what it has learnt as its result, as by stop; what has not ended after "
        f"{TERM_SECONDS:.0f} s is ended by force."
    )
    return "kill it", "Kill this run", (text, f"Where that takes force, {lost}")


def headline(one: Glance) -> tuple[str, str]:
    """Return (label, figure) of the one result a list shows of a run; ("", reason) for one that failed."""
    if one.status == "failed":
        return "", one_line(one.error, 200) or "failed"
    if one.meta.get("method") in recipes.PUBLISHING:
        title = str(one.meta.get("title", "")).removeprefix(f"{one.meta['method']} ")
        return "", one_line(title, 24) or units.NONE
    judged = [("right", units.percent(one.accuracy))] if one.accuracy is not None else []
    judged += [("reward", units.margin(one.reward))] if one.reward is not None else []
    for label, figure in judged:
        return ("train", f"{figure} {label}") if one.of_steps else (label, figure)
    if one.eval_loss is not None:
        return "eval", units.loss(one.eval_loss)
    return ("train", units.loss(one.train)) if one.train is not None else ("", units.NONE)


@dataclass(frozen=True)
class Detail:
    """What is said of the run in focus."""

    run: str
    data: str
    """Where it learns from."""
    rows: int | None
    recipe: str
    differs: tuple[str, ...]
    """The same ever shorter, () without a sibling."""


def detail(run: Run, siblings: Sequence[Run]) -> Detail:
    """Return what a run learns and how its recipe differs from that of its newest sibling that can be read."""
    try:
        wanted = recipes.load(run.recipe_path).recipe
    except WorkbenchError as error:
        return Detail(run.id, "", None, str(error), ())
    differs: tuple[str, ...] = ()
    for sibling in siblings:
        try:
            other = recipes.load(sibling.recipe_path).recipe
        except WorkbenchError:
            continue
        name = lineage.short(sibling.id)
        differs = tuple(f"differs from {name}: {lineage.difference(wanted, other, most)}" for most in (2, 1))
        differs += (f"differs from {name} in {lineage.difference(wanted, other, 0)}",)
        if lineage.difference(wanted, other) == "the same recipe":
            differs = (f"the same recipe as {name}",)
        break
    more = f" and {len(wanted.data) - 1} more" if len(wanted.data) > 1 else ""
    data = name_of(wanted.data[0]) + more if wanted.data else ""
    return Detail(run.id, data, _rows(run.report()), lineage.said_of(wanted), differs)


def _rows(report: Mapping[str, Any]) -> int | None:
    """Return how many rows a finished run learnt from."""
    found = report.get("data")
    if not isinstance(found, dict) or not isinstance(number := found.get("train"), int):
        return None
    try:
        return number - sum(found["encoded"]["dropped"].values())
    except (KeyError, TypeError, AttributeError):
        return number


def duplicate(run: Run) -> Road:
    """Return the road of a run's recipe; raises UsageError when it cannot be read."""
    return lineage.road_of(recipes.load(run.recipe_path))


def mended(run: Run, fields: Mapping[str, Any]) -> Road:
    """Return the road of a run's recipe with other values; raises UsageError when one of them cannot be."""
    road = duplicate(run)
    for name, value in fields.items():
        road = road.with_value(name, value)
    return road


def road_from(path: str) -> Road:
    """Return the road of a recipe in a file; raises UsageError with what is wrong with it."""
    return lineage.road_of(recipes.load(paths.expanded(path.strip())))
