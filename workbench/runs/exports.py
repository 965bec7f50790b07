"""What was exported: the GGUF files of a folder with what was measured of them, and those of a run or a base.

Owns `export.json`, where files are looked for, and what a folder that they are to go to may hold already. Must not know
how a file is made. A file counts as what its report says only while it has the bytes that were proved.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workbench.core import gguf_types, paths
from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.recipe import BUNDLED, PUBLISHING, Recipe
from workbench.core.text import one_line
from workbench.runs import atomic, bases, hub_cache, store

KEPT = "export.json"
"""The report beside the files."""
ADAPTER = "-adapter.gguf"
"""How the name of an adapter's own file ends; it is no model that could be talked with."""
IMPORTANCE = "importance.gguf"
"""The importance matrix that quantised files were made with, beside them."""
METHOD = "export"
"""The method of runs that make them."""
FOLDER = "folder.json"
"""What was measured of a model folder, in the artifacts of the run that made it."""
_FINE = gguf_types.TYPES["Q4_K_M"]
_MAX_KEPT_BYTES = 4 << 20
_NAME = re.compile(r"(.+)-([A-Z][A-Z0-9_]*)\.gguf")


@dataclass(frozen=True)
class Made:
    """A file that was exported and is still there."""

    kind: str
    path: Path
    bytes: int
    kl: float | None
    top1: float | None
    speed: float | None
    """Tokens per second as the proof's answers were written on this machine."""
    proof: Mapping[str, Any]
    """The proof's report, see `engine.export.parity.Parity`."""
    sha256: str = ""
    """As it was when it was proved, "" where nothing is reported of it."""
    perplexity_change: float | None = None
    """By how much the perplexity of held-out rows is higher than the trained model's, as a share of it."""
    memory: float | None = None
    """Bytes that answering takes on a card, with a context of 8 192 tokens or the model's own."""
    importance: bool | None = None
    """Whether the weights that matter most were kept most exactly; None where the report does not say."""
    run: str = ""
    """The export that made it, "" where that was no run."""


def read(folder: Path) -> dict[str, dict[str, Any]]:
    """Return file name → entry of the report in a folder; {} when there is none or it is damaged."""
    try:
        with (folder / KEPT).open("rb") as file:
            body = json.loads(file.read(_MAX_KEPT_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    files = body.get("files") if isinstance(body, dict) else None
    return {str(k): v for k, v in files.items() if isinstance(v, dict)} if isinstance(files, dict) else {}


def keep(folder: Path, lines: Sequence[Mapping[str, Any]], proof: Mapping[str, Any]) -> None:
    """Write what an export reports of some files, with what is known of the others there.

    Each line has `type`, `path`, `bytes`, `sha256` and what was measured. Raises WorkbenchError.
    """
    made = datetime.now(UTC).isoformat(timespec="seconds")
    known = {name: entry for name, entry in read(folder).items() if place(folder, name, entry).is_file()}
    known |= {Path(line["path"]).name: {**line, "made": made, "parity": dict(proof)} for line in lines}
    atomic.write_text(folder / KEPT, json.dumps({"files": known}, ensure_ascii=False, indent=1) + "\n")


def refuse_taken(folder: Path, names: Iterable[str]) -> None:
    """Raise UsageError when a folder has a file of one of these names, or a report that is none of exported files.

    Nothing that is in a person's folder is written over, whoever has made it.
    """
    for name in names:
        if os.path.lexists(folder / name):
            raise UsageError(
                f"{one_line(str(folder / name), 4096)} exists already; choose another folder with --out or another "
                "name with --name."
            )
    try:
        body = json.loads((folder / KEPT).read_bytes())
    except FileNotFoundError:
        return
    except (OSError, ValueError, RecursionError):
        body = None
    if not isinstance(body, dict) or not isinstance(body.get("files"), dict):
        raise UsageError(
            f"{one_line(str(folder / KEPT), 4096)} is no report of exported files, which has that name; choose "
            "another folder with --out, or move it."
        )


def require_place(folder: Path, needed_bytes: int) -> None:
    """Raise UsageError where no folder can be made or written to, NoSpaceError where its disk is too small."""
    there = paths.nearest(folder)
    try:
        with tempfile.TemporaryFile(dir=there):  # without a name, so that nothing is seen of it
            pass
    except OSError as error:
        why = "is no folder" if not there.is_dir() else "cannot be written to"
        if not atomic.is_disk_full(error):
            raise UsageError(f"{one_line(str(there), 4096)} {why}; choose another folder with --out.") from None
    atomic.require_space(folder, needed_bytes)


def place(folder: Path, name: str, entry: Mapping[str, Any]) -> Path:
    """Return where a file of a folder's report is: in that folder, or where the person wanted it."""
    beside, told = folder / Path(name).name, entry.get("path")
    return Path(told) if isinstance(told, str) and told and "\0" not in told and not beside.is_file() else beside


def number(value: Any) -> float | None:
    """Return a figure of the report; None for what is none."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


@functools.lru_cache(256)
def _digest(path: Path, size: int, modified: int) -> str:
    """Return the SHA-256 of a file that has this size and time."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_same(path: Path, entry: Mapping[str, Any]) -> bool:
    """Return whether a file is the one that a line of a report is about; raises OSError when it cannot be read.

    It is hashed only where its time is not the one that was written down, as after it was copied.
    """
    figures = path.stat()
    if entry.get("bytes") != figures.st_size:
        return False
    if "sha256" not in entry or entry.get("modified") == figures.st_mtime_ns:
        return True
    return _digest(path, figures.st_size, figures.st_mtime_ns) == entry["sha256"]


def _made(kind: str, path: Path, entry: Mapping[str, Any]) -> Made | None:
    """Return a file that is there, without figures where it is not that of the report; None when it is gone."""
    try:
        size = path.stat().st_size
        entry = entry if is_same(path, entry) else {}
    except (OSError, ValueError):
        return None
    kl, top1, speed = (number(entry.get(what)) for what in ("kl", "top1", "speed"))
    proof = entry.get("parity")
    proof = proof if isinstance(proof, dict) else {}
    change, memory = (number(entry.get(what)) for what in ("perplexity_change", "memory"))
    sha256, importance = str(entry.get("sha256", "")), entry.get("importance")
    known = importance if isinstance(importance, bool) else None
    return Made(kind, path, size, kl, top1, speed, proof, sha256, change, memory, known)


def kept(folder: Path, name: str) -> dict[str, Made]:
    """Return type → file for those in a folder under a name, with what the report beside them says."""
    known, found = read(folder), {}
    for kind in gguf_types.TYPES:
        path = folder / gguf_types.file_name(name, kind)
        if (made := _made(kind, path, known.get(path.name, {}))) is not None:
            found[kind] = made
    return found


def of_run(run: store.Run) -> dict[str, Made]:
    """Return type → file for those that an export has made and that are still what it made, wherever they are."""
    found = {}
    for name, entry in read(run.artifacts_dir).items():
        kind, path = str(entry.get("type", "")), place(run.artifacts_dir, name, entry)
        try:
            made = _made(kind, path, entry) if kind in gguf_types.TYPES and is_same(path, entry) else None
        except (OSError, ValueError):
            continue
        if made is not None:
            found[kind] = replace(made, run=run.id)
    return found


def lost(runs: Iterable[store.Run], kind: str) -> Path | None:
    """Return the place of a file of a type that the first of some exports to report one made, None where none did.

    It is for a type that `of_run` has no file of: the file there is another one, or none is there.
    """
    for run in runs:
        for name, entry in read(run.artifacts_dir).items():
            if entry.get("type") == kind:
                return place(run.artifacts_dir, name, entry)
    return None


def handiest(sizes: Mapping[str, int]) -> str:
    """Return of type → bytes the smallest type that loses little, Q4_K_M or finer; the largest where all lose more."""
    fine = {kind: size for kind, size in sizes.items() if gguf_types.TYPES[kind].bits >= _FINE.bits}
    return min(fine, key=lambda kind: fine[kind]) if fine else max(sizes, key=lambda kind: sizes[kind])


def require_proved(made: Made) -> None:
    """Raise WorkbenchError when a file that is to be handed over has other bytes than those that were proved."""
    figures = made.path.stat()
    if made.sha256 and _digest(made.path, figures.st_size, figures.st_mtime_ns) != made.sha256:
        raise WorkbenchError(
            f"{one_line(str(made.path), 4096)} is not the file that was proved, its SHA-256 is another; export it anew."
        )


def is_copy(path: Path, made: Made) -> bool:
    """Return whether there is a file that has the bytes of one that was exported, or is it."""
    try:
        if path.samefile(made.path):
            return True
        return bool(made.sha256) and is_same(path, {"bytes": made.bytes, "sha256": made.sha256})
    except OSError:
        return False


def exported(reference: str) -> str:
    """Return what a run that trains nothing hands over in another form, and of anything else the reference itself."""
    folder = paths.expanded(reference)
    is_model = os.path.isdir(folder) and not (folder / store.RECIPE_FILE).is_file()
    if reference == BUNDLED or is_model or hub_cache.find(reference) is not None:
        return reference
    try:
        meta = store.find(reference).meta()
    except WorkbenchError:
        return reference
    return str(meta.get("base", reference)) if meta.get("method") in PUBLISHING else reference


def folder_place(run: store.Run, recipe: Recipe) -> Path:
    """Return where a run of method quantize puts its model folder."""
    return Path(recipe.out_dir) if recipe.out_dir else run.artifacts_dir / recipe.folder_kind


def tell_folder(run: store.Run, told: Mapping[str, Any]) -> None:
    """Keep what was measured of a run's model folder, with "path", "kind" and the hash of its "manifest"."""
    atomic.write_text(run.artifacts_dir / FOLDER, json.dumps(told, ensure_ascii=False, indent=1) + "\n")


def folder_told(run: store.Run) -> dict[str, Any]:
    """Return what was measured of a run's model folder; {} when there is none, or what tells of it is damaged."""
    try:
        with (run.artifacts_dir / FOLDER).open("rb") as file:
            body = json.loads(file.read(_MAX_KEPT_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def folder_of(run: store.Run) -> Path | None:
    """Return the model folder that a run of method quantize has made; None while it is not there."""
    place = str(folder_told(run).get("path", ""))
    found = Path(place) if place and "\0" not in place else None
    return found if found is not None and (found / atomic.MANIFEST).is_file() else None


def told(run: store.Run) -> tuple[dict[str, Any], ...]:
    """Return what was measured of all that a run has made that trains nothing, a line each with "type" and "path"."""
    folder, files = folder_told(run), read(run.artifacts_dir).values()
    lines = [line for line in files if os.path.lexists(str(line.get("path", "")).replace("\0", ""))]
    return (*lines, *([{"type": folder.get("kind"), **folder}] if folder and folder_of(run) is not None else []))


def packed(reference: str) -> Path | None:
    """Return the model folder that a reference to a run of method quantize stands for; None for anything else.

    Raises UsageError for such a run that has none.
    """
    if exported(reference) == reference:
        return None
    run = store.find(reference)
    if run.meta().get("method") == METHOD:
        return None
    if (found := folder_of(run)) is None:
        raise UsageError(f"{run.id} has no folder that is there; see it with: workbench watch {run.id}")
    return found


def key_of(base: bases.Base) -> str:
    """Return what an export of a base has as its base: bundled, the id of a run, or the path of a folder."""
    return BUNDLED if base.label == BUNDLED else base.run_id or str(base.model_dir)


def name_of(base: bases.Base) -> str:
    """Return what the names of its files begin with, where nobody chose another name."""
    return base.run_id or base.model_dir.name


def runs_of(key: str) -> list[store.Run]:
    """Return the exports of a base by its key, newest first."""
    found = []
    for run in store.list_runs():
        try:
            meta = run.meta()
        except WorkbenchError:
            continue
        if meta.get("method") == METHOD and meta.get("base") == key:
            found.append(run)
    return found


def of_base(base: bases.Base) -> dict[str, Made]:
    """Return type → newest file for what was exported of a base: by runs, or beside its weights before there were such.

    Files that stand in a run's own artifacts, or in the folder of exports, were made when an export was no run.
    """
    folder = paths.data_home() / "exports" / base.model_dir.name
    before = store.find(base.run_id).artifacts_dir if base.run_id else folder
    found = kept(before, name_of(base))
    for run in reversed(runs_of(key_of(base))):
        found |= of_run(run)
    return found
