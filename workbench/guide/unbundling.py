"""Making a result again from a bundle: the archive checked and unpacked, and each recipe put right for this machine.

Owns that, and which run here stands for which run there. Must not train: whoever climbs the ladder is handed one recipe
after the other. An archive is a stranger's: nothing in it is believed before it was checked.

Unpacked it is a folder under the workbench's data, named after the archive's hash, beside which the names of its data
files and the runs made from it are kept.
"""

from __future__ import annotations

import dataclasses
import json
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench import __version__
from workbench.core import paths, recipe, rewards
from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.recipe import BUNDLED, SCRATCH, Resolved
from workbench.core.text import one_line
from workbench.guide.ancestry import PLAN, RUN_FIELDS, Origin, is_run, moved_rewards
from workbench.guide.bundling import BLOCK, FORMAT, INDEX, PATH_FIELDS, Bundle, Step, Tell, digest_of, hashes_of, quiet
from workbench.runs import atomic, bases, store, versions

_MAX_MEMBERS = 100_000
_MAX_INDEX_BYTES = 64 << 20


def home() -> Path:
    """Return the folder of all bundles that were opened here."""
    return paths.data_home() / "bundles"


def opened(path: Path) -> Bundle:
    """Unpack a bundle, once, and return it; raises UsageError for a file that is none or is damaged."""
    try:
        folder = home() / digest_of(path)[:16]
    except OSError as error:
        raise UsageError(f"{one_line(str(path))} cannot be read: {error.strerror}.") from None
    if not folder.is_dir():
        home().mkdir(parents=True, exist_ok=True, mode=0o700)
        atomic.sweep(home())
        try:
            with atomic.staging(folder, path.stat().st_size) as staged, tarfile.open(path, "r:gz") as archive:
                _unpack(archive, staged, path)
        except (tarfile.TarError, EOFError, OSError) as error:
            if isinstance(error, OSError) and atomic.is_disk_full(error):
                raise
            raise UsageError(f"{one_line(str(path))} is no bundle, or it is damaged; copy it again.") from None
    return _read(folder, path)


def _unpack(archive: tarfile.TarFile, folder: Path, path: Path) -> None:
    """Write the members of a bundle below a folder; anything that is no plain file of a bundle refuses the whole."""
    for number, member in enumerate(archive):
        parts = Path(member.name).parts
        plain = member.isfile() and 1 <= len(parts) <= 2 and not set(parts) & {"..", "/", "."}
        if not plain or Path(member.name).is_absolute() or number >= _MAX_MEMBERS:
            raise UsageError(
                f"{one_line(str(path))} is no bundle of the workbench; give one that `bundle` has written."
            )
        target = folder / member.name
        target.parent.mkdir(exist_ok=True)
        source = archive.extractfile(member)
        assert source is not None, "it is a file"
        atomic.require_space(folder, member.size)
        with source, target.open("xb") as file:
            while block := source.read(BLOCK):
                file.write(block)
        if parts[0] == "data" and digest_of(target) != parts[1]:
            raise UsageError(f"The file {parts[1][:12]} in {one_line(str(path))} is damaged; copy the bundle again.")


def _read(folder: Path, path: Path) -> Bundle:
    """Return an unpacked bundle, its index checked."""
    try:
        with (folder / INDEX).open("rb") as file:
            body = json.loads(file.read(_MAX_INDEX_BYTES))
        if body["workbench_bundle"] != FORMAT:
            raise UsageError(
                f"{one_line(str(path))} is a bundle of version {body['workbench_bundle']}, and this workbench reads "
                f"version {FORMAT}."
            )
        steps = tuple(Step(**step) for step in body["steps"])
        known = {str(name): str(value) for name, value in body["files"].items()}
        found = Bundle(
            folder, Origin(**body["base"]), dict(body["base_hashes"]), steps, dict(body["packages"]),
            str(body["workbench"]), known,
        )  # fmt: skip
        whole = all((folder / Path(step.name).name / "recipe.toml").is_file() for step in steps) and bool(steps)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        whole = False
    if not whole:
        raise UsageError(f"{one_line(str(path))} is no bundle, or it is damaged; copy it again.")
    return found


# Climbing it again


def differences(bundle: Bundle) -> list[str]:
    """Return what is other on this machine than where the bundle was made, as "name here, there"."""
    here = {package.name: package.version for package in versions.packages()} | {"workbench": __version__}
    there = {**bundle.packages, "workbench": bundle.workbench}
    return [
        f"{name} {here.get(name) or 'missing'} here, {version} there"
        for name, version in sorted(there.items())
        if here.get(name) != version
    ]


def base_of(bundle: Bundle, given: str = "", tell: Tell = quiet) -> str:
    """Return what stands for the ladder's first base on this machine; raises UsageError when it is another model."""
    reference = given or bundle.base.reference
    if reference == SCRATCH:
        return SCRATCH
    try:
        found = bases.resolve(reference)
    except WorkbenchError as error:
        raise UsageError(f"{str(error).rstrip('.')}; or name its folder with --base.") from None
    here = hashes_of(found.model_dir, tell)
    weights = [name for name in bundle.base_hashes if name.endswith(".safetensors") or name == "config.json"]
    other = next((name for name in weights if here.get(name) != bundle.base_hashes[name]), None)
    if other is not None:
        raise UsageError(
            f"The base {one_line(reference, 80)} is not the one the ladder began with: {other} differs; name the right "
            "one with --base."
        )
    return BUNDLED if reference == BUNDLED else str(found.model_dir)


def _data(bundle: Bundle, folder: Path | None) -> dict[str, str]:
    """Return path there → path here of every data file; raises UsageError for one that is missing."""
    places = {}
    candidates: dict[str, Path] = {}
    if folder is not None:
        candidates = {digest_of(path): path for path in sorted(folder.rglob("*")) if path.is_file()}
    for path, known in bundle.files.items():
        packed = bundle.folder / "data" / known
        found = packed if packed.is_file() else candidates.get(known)
        if found is None and Path(path).is_file() and digest_of(Path(path)) == known:
            found = Path(path)
        if found is None:
            raise UsageError(
                f"The bundle comes without its data, and {one_line(Path(path).name)} is not here; give the folder it "
                "is in with --data FOLDER."
            )
        # A packed file has no name, by whose ending files are told apart; a link beside it gives that back.
        places[path] = str(_named(bundle, path, known) if found == packed else found)
    return places


def _named(bundle: Bundle, path: str, known: str) -> Path:
    """Return a packed file under the name it had."""
    place = bundle.folder.parent / f"{bundle.folder.name}-data" / known[:16] / Path(path).name
    if not place.is_file():
        place.parent.mkdir(parents=True, exist_ok=True)
        os.link(bundle.folder / "data" / known, place)
    return place


def _moved(text: str, places: Mapping[str, str]) -> str:
    """Return a path, or a member of a file, at its place on this machine."""
    for there, here in places.items():
        if text == there or text.startswith((f"{there}!", f"{there}/", f"{there}#", f"{there}:")):
            return here + text[len(there) :]
    return text


def _plan_here(bundle: Bundle, step: Step, places: Mapping[str, str]) -> Path | None:
    """Write a rung's plan for the files of this machine and return its path; None for a rung without one."""
    source = bundle.folder / step.name / PLAN
    if not source.is_file():
        return None
    body = json.loads(source.read_text(encoding="utf-8"))
    body["paths"] = [file["path"] for file in body["files"]]
    body["paths"] = [_moved(str(path), places) for path in body["paths"]]
    body["files"] = [{**file, "path": _moved(str(file["path"]), places)} for file in body["files"]]
    body["members"] = {_moved(str(name), places): number for name, number in body["members"].items()}
    target = bundle.folder.parent / f"{bundle.folder.name}-data" / f"{step.name}.{PLAN}"
    target.parent.mkdir(parents=True, exist_ok=True)
    atomic.write_text(target, json.dumps(body, ensure_ascii=False, indent=1) + "\n")
    return target


def recipe_of(bundle: Bundle, step: Step, base: str, made: Mapping[str, str], folder: Path | None = None) -> Resolved:
    """Return the recipe of a rung for this machine.

    `base` stands for the ladder's first base, `made` is run there → run here of the rungs below, `folder` where data
    files lie that the bundle does not hold.
    """
    resolved = recipe.load(bundle.folder / step.name / "recipe.toml")
    wanted, places = resolved.recipe, _data(bundle, folder)
    changed: dict[str, Any] = {}
    for name in RUN_FIELDS:
        value = str(getattr(wanted, name))
        if value in made:
            changed[name] = made[value]
        elif name == "base" and not is_run(value):
            changed[name] = base
    if (plan := _plan_here(bundle, step, places)) is not None:
        changed["data"] = [str(plan)]
    for name in PATH_FIELDS:
        given = getattr(wanted, name)
        changed[name] = [_moved(str(path), places) for path in given]
    changed["out_dir"] = ""  # a folder of the machine it was made on
    # Beside the run it repeats, where both are on one machine, it has a name of its own.
    changed["title"] = f"{wanted.title or step.run} again"
    changed["rewards"] = moved_rewards(wanted, lambda value: made.get(value) or _moved(value, places))
    values = recipe.checked(
        {name: value for name, value in changed.items() if value != list(getattr(wanted, name, ()))}
    )
    return Resolved(dataclasses.replace(wanted, **values), dict(resolved.provenance))


def code_of(bundle: Bundle) -> tuple[str, ...]:
    """Return the Python files in a bundle that reproducing it would run, to reward answers."""
    found = []
    for step in bundle.steps:
        wanted = recipe.load(bundle.folder / step.name / "recipe.toml").recipe
        named = [rewards.parse(given) for given in wanted.rewards]
        found += [Path(str(spec.parameters.get("path", ""))).name for spec in named if spec.name == "file"]
    return tuple(dict.fromkeys(found))


# What was made already


def _memory(bundle: Bundle) -> Path:
    return bundle.folder.parent / f"{bundle.folder.name}.runs.json"


def remembered(bundle: Bundle) -> dict[str, str]:
    """Return run there → run here of the rungs that were begun already and are still there."""
    try:
        body = json.loads(_memory(bundle).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    known = {run.id for run in store.list_runs()}
    return {str(there): here for there, here in body.items() if here in known} if isinstance(body, dict) else {}


def remember(bundle: Bundle, made: Mapping[str, str]) -> None:
    """Write down which run stands for which rung."""
    atomic.write_text(_memory(bundle), json.dumps(dict(made), indent=1) + "\n")
