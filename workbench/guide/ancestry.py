"""The runs that a result rests on, and the data each of them learnt from, as their own files tell it.

Owns finding them. Must not know what is made of them: a model card, or a bundle.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from workbench.core import catalogue, recipe, rewards
from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.recipe import BUNDLED, SCRATCH, Recipe
from workbench.core.text import one_line
from workbench.runs import hub_cache, store

RUN_FIELDS = ("base", "teacher", "reward_model")
"""Fields of a recipe that may name another run."""
PLAN = "plan.json"
_MAX_PLAN_BYTES = 256 << 20


@dataclass(frozen=True)
class Source:
    """One file that rows came from, as it was when the run began."""

    path: str
    bytes: int
    sha256: str

    @property
    def name(self) -> str:
        """Its name without the folder, which is nobody else's business."""
        return Path(self.path).name


@dataclass(frozen=True)
class Rung:
    """One run of a lineage."""

    run: store.Run
    recipe: Recipe
    sources: tuple[Source, ...]
    """() where the run keeps no plan of its data, or learnt from none."""


def plan_of(run: store.Run) -> dict[str, Any]:
    """Return the plan of a run's data as JSON; {} where there is none; raises WorkbenchError for a damaged one."""
    path = run.path / PLAN
    if not path.is_file():
        return {}
    try:
        with path.open("rb") as file:
            body = json.loads(file.read(_MAX_PLAN_BYTES))
    except (OSError, ValueError, RecursionError):
        body = None
    if not isinstance(body, dict) or not isinstance(body.get("files"), list):
        raise WorkbenchError(f"{path} is damaged, so what {run.id} learnt from cannot be told any more.")
    return body


def _sources(run: store.Run) -> tuple[Source, ...]:
    """Return the files a run's rows came from."""
    return tuple(
        Source(str(one["path"]), int(one["bytes"]), str(one["sha256"])) for one in plan_of(run).get("files", ())
    )


def rungs(reference: str) -> tuple[Rung, ...]:
    """Return a run and every run it rests on, as base, teacher or reward model, each after those it needs.

    Raises UsageError when one of them is not there any more.
    """
    found: dict[str, Rung] = {}

    def add(name: str, wanted_by: str, open_ones: tuple[str, ...]) -> None:
        try:
            run = store.find(name)
        except UsageError:
            if not wanted_by:
                raise
            raise UsageError(
                f"{wanted_by} rests on the run {one_line(name, 80)}, which is not there any more, so its ladder is not "
                "whole."
            ) from None
        if run.id in found or run.id in open_ones:
            return
        wanted = recipe.load(run.recipe_path).recipe
        for other in references(wanted):
            add(other, run.id, (*open_ones, run.id))
        found[run.id] = Rung(run, wanted, _sources(run))

    add(reference, "", ())
    return tuple(found.values())


def references(wanted: Recipe) -> tuple[str, ...]:
    """Return the runs that a recipe names."""
    named = [str(getattr(wanted, name)) for name in RUN_FIELDS]
    named += [value for kind, value in reward_values(wanted) if kind == "model"]
    return tuple(dict.fromkeys(name for name in named if is_run(name)))


def reward_values(wanted: Recipe) -> list[tuple[str, str]]:
    """Return (kind, value) of what a recipe's rewards name outside themselves: files ("path") and models ("model")."""
    found = []
    for given in wanted.rewards:
        spec = rewards.parse(given)
        kinds = {parameter.name: parameter.kind for parameter in spec.check.parameters}
        found += [
            (kinds[name], str(value)) for name, value in spec.parameters.items() if kinds[name] in ("path", "model")
        ]
    return found


def moved_rewards(wanted: Recipe, move: Callable[[str], str]) -> tuple[str, ...]:
    """Return a recipe's rewards with each file and model they name replaced by what `move` makes of it."""
    found = []
    for given in wanted.rewards:
        spec = rewards.parse(given)
        kinds = {parameter.name: parameter.kind for parameter in spec.check.parameters}
        values = {
            name: move(str(value)) if kinds[name] in ("path", "model") else value
            for name, value in spec.parameters.items()
        }
        found.append(rewards.text(replace(spec, parameters=values)))
    return tuple(found)


def is_run(reference: str) -> bool:
    """Return whether a recipe's reference is the id of a run, and no model of somebody else's."""
    if reference in ("", BUNDLED, SCRATCH) or "/" in reference or reference.endswith(".gguf"):
        return False
    return not Path(reference).is_dir()


@dataclass(frozen=True)
class Origin:
    """The model that a lineage began with."""

    reference: str
    """"bundled", "scratch", an id of the hub or a folder."""
    hub_id: str
    """"" for a model that is not of the hub's cache."""
    revision: str
    """The hub's commit, "" where it is not known."""
    licence: str
    """"" where it is not known."""


def origin(first: Recipe) -> Origin:
    """Return what the base of a lineage's first recipe is."""
    if first.base in (BUNDLED, SCRATCH):
        return Origin(first.base, "", "", "Apache-2.0" if first.base == BUNDLED else "")
    path, cache = Path(first.base), hub_cache.folder()
    hub_id, revision = "", ""
    if path.is_relative_to(cache):
        parts = path.relative_to(cache).parts
        if len(parts) >= 3 and parts[0].startswith("models--") and parts[1] == "snapshots":
            hub_id, revision = parts[0].removeprefix("models--").replace("--", "/", 1), parts[2]
    elif hub_cache.HUB_ID.fullmatch(first.base):
        hub_id = first.base
    known = catalogue.known(hub_id) if hub_id else None
    return Origin(hub_id or first.base, hub_id, revision, known.licence if known is not None else "")
