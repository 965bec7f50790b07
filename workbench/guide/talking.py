"""Whom one can talk with: bases, results of runs, GGUF files, and which two of them are proposed side by side.

Owns the list, what each is called, and how its process is opened. Must not hold a conversation or know how one looks.
"""

from __future__ import annotations

import os.path
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from workbench.core import catalogue, units
from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.events import Sample
from workbench.core.paths import expanded
from workbench.core.recipe import BUNDLED, SCRATCH
from workbench.core.recipe import load as load_recipe
from workbench.core.text import one_line
from workbench.guide import lineage
from workbench.guide.road import name_of
from workbench.runs import base_facts, bases, exports, hardware, hub_cache, journal, probe, store
from workbench.runs.talk import ChatProcess

RUNS, HERE, NAMED = "your runs", "on this machine", "named by you"
GROUPS = (NAMED, RUNS, HERE)
_SPARE = 1.1
"""Beside its weights a model needs room for the conversation."""


@dataclass(frozen=True)
class Model:
    """One that answers."""

    reference: str
    """What `open_chat` takes."""
    word: str
    """What it is beside another: "base", "tuned", or the type of a GGUF."""
    label: str
    group: str = NAMED
    run: str = ""
    """The run it comes from."""


def checked(reference: str) -> str:
    """Return how the engine finds a model that writes: a GGUF file, a run or a base; a folder is looked at in a probe.

    Raises UsageError or WorkbenchError when it cannot be used.
    """
    path = _file(reference)
    if path is not None:
        return str(path.resolve())
    reference = str(exports.packed(reference) or reference)
    path = expanded(reference)
    base = bases.resolve(reference)
    probe.run_probe("workbench.runs.bases:inspect", {"path": str(base.model_dir)}, seconds=60)
    # A folder is named from where the person is, which need not be where the engine works.
    return str(base.model_dir) if os.path.isdir(path) and not base.run_id else reference


def _file(reference: str) -> Path | None:
    """Return the GGUF file that a path or an export names, of several the handiest; None for anything else.

    Raises UsageError for a file that is not there.
    """
    path = expanded(reference)
    if os.path.isfile(path):
        return path
    if path.suffix.lower() == ".gguf":
        raise UsageError(f"There is no file {one_line(reference, 80)}; give the path that `workbench export` printed.")
    if exports.exported(reference) == reference or exports.packed(reference) is not None:
        return None
    run = store.find(reference)
    if load_recipe(run.recipe_path).recipe.adapter_alone:
        raise UsageError(
            f"The export {run.id} is an adapter alone; name a GGUF of its base, and load it beside that with --adapter."
        )
    if not (made := exports.of_run(run)):
        raise UsageError(f"The export {run.id} has no file that is still there; see it with: workbench watch {run.id}")
    return made[exports.handiest({kind: one.bytes for kind, one in made.items()})].path


def open_chat(target: str, adapters: Sequence[str] = ()) -> ChatProcess:
    """Return the chat with a GGUF file, a run or a base, not yet started; raises UsageError for anything else.

    `adapters` are GGUF files of adapters for a GGUF file.
    """
    reference = checked(target)
    files = [expanded(path) for path in adapters]
    for path in files:
        if not path.is_file():
            raise UsageError(f"There is no file {one_line(str(path))}; make one with `workbench export RUN --adapter`.")
    if os.path.isfile(reference):
        return ChatProcess(Path(reference), adapters=files)
    if files:
        raise UsageError(f"{one_line(target)} is no GGUF file, beside which an adapter could be loaded; name one.")
    base = bases.resolve(reference)
    merge_base = "dequantised" if base.adapter_tuning == "qlora" else "original"
    return ChatProcess(base.model_dir, adapter=base.adapter_dir, merge_base=merge_base, dtype=base.adapter_dtype)


def model_of(reference: str) -> Model:
    """Return what a reference names; raises UsageError when there is no such model here."""
    if (path := _file(reference)) is not None:
        return _of_file(path)
    if exports.packed(reference) is not None:
        run = store.find(reference)
        return Model(run.id, folder_word(run), run.id, run=run.id)
    base = bases.resolve(reference)
    if base.run_id:
        return Model(
            reference, "tuned", f"{base.run_id}, {'adapter' if base.adapter_dir else 'model'}", run=base.run_id
        )
    return Model(reference, "base", name_of(reference))


def _of_file(path: Path) -> Model:
    """Return a GGUF file; the type stands at the end of the name that an export gives."""
    name, _, kind = path.stem.rpartition("-")
    found = path.resolve().parent.parent
    run = found.name if (found / store.META_FILE).is_file() else ""
    named = bool(name) and len(kind) <= 8 and kind[:1] in "QFIB"
    return Model(str(path), kind if named else "GGUF", name if named else path.stem, run=run)


def folder_word(run: store.Run) -> str:
    """Return what the model folder of a run of method quantize is beside another: the form of its weights."""
    return one_line(str(exports.folder_told(run).get("kind", "")), 8)


def _run_of(model: Model) -> store.Run | None:
    """Return the run a model comes from, None when there is none among the person's."""
    try:
        return store.find(model.run) if model.run else None
    except UsageError:
        return None


def base_of(run: store.Run) -> str:
    """Return the reference of what a run began from, "" when that was nothing or cannot be told."""
    try:
        base = load_recipe(run.recipe_path).recipe.base
    except WorkbenchError:
        return ""
    return "" if base == SCRATCH else base


def has_result(run: store.Run) -> bool:
    """Return whether a run has handed out a model or an adapter that answers; a reward model writes nothing."""
    handed_out = any((run.artifacts_dir / kind).is_dir() for kind in ("model", "adapter"))
    return handed_out and run.meta().get("method") != "reward"


def proposed(left: str = "", right: str = "") -> tuple[str, str]:
    """Return (left, right): what was given, a run beside its base, or the newest result; right is "" for one alone.

    Raises UsageError when what was given names nothing.
    """
    if left == SCRATCH:
        # A model made from nothing has no base to stand beside.
        left = ""
    if left and right:
        return left, right
    given = left or right
    if not given:
        newest = next((run for run in store.list_runs() if has_result(run)), None)
        if newest is None:
            return BUNDLED, ""
        given = newest.id
    model = model_of(given)
    if model.word != "tuned":
        return given, ""
    base = base_of(store.find(model.run))
    return (base, given) if base else (given, "")


def beside(models: Sequence[Model]) -> tuple[Model, ...]:
    """Return models as they are called beside each other: what another one began from is its base."""
    bases_of = {base_of(run) for run in map(_run_of, models) if run is not None}
    return tuple(replace(model, word="base") if model.reference in bases_of else model for model in models)


def seated(left: str, right: str, before: Sequence[Model]) -> tuple[Sequence[Model], str]:
    """Return who answers, and a question to begin with; who answered before does again, unless another is meant.

    Raises UsageError when what was given names nothing.
    """
    meant = right or left
    if before and (not meant or any(meant in (model.reference, model.run) for model in before)):
        with suppress(UsageError):
            for model in before:
                model_of(model.reference)
            return before, ""
    models = beside([model_of(name) for name in proposed(left, right) if name])
    return models, example(models)


def partners() -> list[Model]:
    """Return everything here that can be talked with: results of runs with their GGUF files, then bases."""
    found = []
    for run in store.list_runs():
        if has_result(run):
            kind = "adapter" if (run.artifacts_dir / "adapter").is_dir() else "model"
            found.append(Model(run.id, "tuned", f"{run.id}, {kind}", RUNS, run.id))
        if exports.folder_of(run) is not None:
            found.append(Model(run.id, folder_word(run), f"{run.id}, folder", RUNS, run.id))
        files = {*run.artifacts_dir.glob("*.gguf"), *(made.path for made in exports.of_run(run).values())}
        files = {path for path in files if path.name != exports.IMPORTANCE and not path.name.endswith(exports.ADAPTER)}
        found += [replace(_of_file(path), group=RUNS, run=run.id) for path in sorted(files)]
    found.append(Model(BUNDLED, "base", BUNDLED, HERE))
    for known in catalogue.models():
        if hub_cache.find(known.hub_id) is not None:
            found.append(Model(known.hub_id, "base", name_of(known.hub_id), HERE))
    return _told_apart(found)


def _told_apart(found: Sequence[Model]) -> list[Model]:
    """Return models of which each has a label of its own: of files that are named alike the run stands behind it."""
    many = Counter((model.label, model.word) for model in found)
    return [
        replace(model, label=f"{model.label}, {lineage.short(model.run)}")
        if model.run and many[model.label, model.word] > 1
        else model
        for model in found
    ]


def is_file(reference: str) -> bool:
    """Return whether a reference names a GGUF file, beside which adapters can be loaded."""
    try:
        return _file(reference) is not None
    except WorkbenchError:
        return False


def adapter_files() -> list[Path]:
    """Return the files of adapters that runs here have, those of the newest first."""
    found = []
    for run in store.list_runs():
        folder = run.artifacts_dir
        told = [exports.place(folder, name, entry) for name, entry in exports.read(folder).items()]
        files = {path for path in told if path.name.endswith(exports.ADAPTER) and path.is_file()}
        found += sorted(files.union(folder.glob(f"*{exports.ADAPTER}")))
    return found


def example(models: Sequence[Model]) -> str:
    """Return a question that a run of these was asked while it learnt, "" when there is none."""
    for model in reversed(models):
        if (run := _run_of(model)) is not None:
            run = _run_of(replace(model, run=exports.exported(run.id))) or run
            last = journal.latest(run.events_path, [Sample.kind]).get(Sample.kind)
            if isinstance(last, Sample):
                return one_line(last.prompt)
    return ""


def room_for(reference: str) -> str:
    """Return why the card cannot hold a model beside what it holds already, "" when it can or there is no card.

    What it takes is its file for a GGUF, and two bytes per parameter for a folder.
    """
    usable = hardware.sample().usable
    chosen = hardware.propose(usable)
    gpu = chosen.gpu if chosen is not None else usable[0] if usable else None
    if gpu is None or gpu.free_bytes is None:
        return ""
    reference = str(exports.packed(reference) or reference)
    path = expanded(reference)
    if os.path.isfile(path):
        needed = path.stat().st_size * _SPARE
    else:
        needed = base_facts.of_reference(reference).shape.parameters * 2 * _SPARE
    if needed <= gpu.free_bytes:
        return ""
    return (
        f"The card has {units.gib(gpu.free_bytes)} GiB free and this model needs about {units.gib(needed)}; choose a "
        "smaller file or one model alone, or pause what runs there."
    )
