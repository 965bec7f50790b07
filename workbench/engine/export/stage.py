"""The folder inside a run that what it hands over is made in, and the record of what is finished there.

Owns that folder, how a finished thing gets its name, and what is left of it all at the end of an attempt. Must not know
what is made: files (`work.py`), an adapter alone (`adapter_work.py`), a model folder (`folder_work.py`).
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.core import best, units
from workbench.core import recipe as recipes
from workbench.core.errors import NoSpaceError, WorkbenchError
from workbench.core.text import one_line
from workbench.engine.export import exporter, rows
from workbench.engine.requests import Interrupted
from workbench.engine.session import Attempt
from workbench.runs import atomic, bases, exports, host, store

STAGE = "export"
"""The folder in a run that files are made in; it is gone once the run is done, was stopped or has failed."""
_TOLD_SECONDS = 0.2
"""Progress within a step is told this often at most."""


@dataclass(frozen=True)
class Stage:
    """The folder that files are made in, and the record of what is finished there."""

    path: Path
    origin: list[Any]
    """What the weights are made from; a record of other weights counts for nothing."""

    @property
    def full(self) -> Path:
        """The float32 file, from which all others come."""
        return self.path / "full.gguf"

    @property
    def partial(self) -> Path:
        """The float32 file while it is written."""
        return self.path / "full.partial"

    @property
    def importance(self) -> Path:
        """How much each input of each matrix matters, as llama.cpp's tools read it."""
        return self.path / "importance.gguf"

    @property
    def logits(self) -> Path:
        """What the trained model answered, raw float32."""
        return self.path / "logits.f32"

    def _record(self) -> dict[str, Any]:
        """Return what was finished: {} where there is no record, or one of other weights."""
        try:
            body = json.loads((self.path / "done.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return body if isinstance(body, dict) and body.get("origin") == self.origin else {}

    def note(self, step: str, file: Path, **told: Any) -> None:
        """Keep that a step is finished, with its file and what it found out."""
        entry = {"bytes": file.stat().st_size, "sha256": digest(file), **told}
        body = {**self._record(), "origin": self.origin, step: entry}
        atomic.write_text(self.path / "done.json", json.dumps(body, ensure_ascii=False) + "\n")

    def finished(self, step: str, file: Path) -> dict[str, Any]:
        """Return what a finished step found out; {} when it has to be done, as its file is not what it was."""
        entry = self._record().get(step, {})
        try:
            same = file.stat().st_size == entry["bytes"] and digest(file) == entry["sha256"]
        except (OSError, KeyError):
            same = False
        return entry if same else {}

    @contextmanager
    def in_memory(self) -> Iterator[None]:
        """Have the float32 file in memory, not on the disk, until the end, when it is gone.

        Only its name is in the folder: a link that leads nowhere once the process that made it is gone.
        """
        descriptor, partial = os.memfd_create("float32"), self.partial
        try:
            partial.symlink_to(f"/proc/{os.getpid()}/fd/{descriptor}")
            yield
        finally:
            os.close(descriptor)
            for name in (partial, self.full):
                if name.is_symlink():
                    name.unlink()

    def sweep(self) -> None:
        """Remove what an attempt that was cut off has left unfinished, or had in its memory."""
        for path in self.path.iterdir():
            if path.suffix in (".partial", ".tmp") or path.is_symlink():
                atomic.remove_tree(path)


def spare_memory(content: Any) -> int:
    """Return the bytes of memory that the float32 file may stand in; 0 where it must be on the disk.

    llama.cpp's converter, which writes it where our writer has no `content`, may write to no other place.
    """
    return host.host().memory_free_bytes if content is not None and hasattr(os, "memfd_create") else 0


def digest(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def origin_of(base: bases.Base) -> list[Any]:
    """Return name, size and time of every file that a base's weights and tokenizer are in."""
    folders = [base.model_dir, *([base.adapter_dir] if base.adapter_dir is not None else [])]
    found = [(path, path.stat()) for folder in folders for path in sorted(folder.iterdir()) if path.is_file()]
    return [[str(path), figures.st_size, figures.st_mtime_ns] for path, figures in found]


def request_of(recipe: recipes.Recipe, base: bases.Base) -> exporter.Request:
    """Return what is to be exported of a base."""
    texts, chats = rows.real(recipes.load(store.find(base.run_id).recipe_path).recipe) if base.run_id else ((), ())
    trained_on = "dequantised" if base.adapter_tuning == "qlora" else "original"
    return exporter.Request(
        base=base.model_dir,
        name=recipe.file_name or exports.name_of(base),
        adapter=base.adapter_dir,
        merge_base=trained_on if recipe.merge_base == "auto" else recipe.merge_base,
        dtype=base.adapter_dtype,
        texts=texts,
        chats=chats,
        prepared=store.find(base.run_id).path / "prepared" if base.run_id else None,
    )


@contextmanager
def errors_of(folder: Path) -> Iterator[None]:
    """Turn the operating system's refusals into sentences; a full disk is one that can be mended and gone on from."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            free = atomic.free_bytes(folder)
            raise NoSpaceError(str(folder), free + atomic.RESERVE_BYTES, free) from None
        where = one_line(str(error.filename or folder))
        raise WorkbenchError(f"{where}: {error.strerror or error}; choose another folder.") from None


class Teller:
    """What an attempt says of its progress, and where it honours a request to pause or stop."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt, self._told = attempt, 0.0

    def say(self, phase: str, detail: str, done: int | None = None, total: int | None = None) -> None:
        """Tell how far a step is, and raise Interrupted where the person wants it to end."""
        self._attempt.requests.check()
        now = time.monotonic()
        if done is None or done == total or now - self._told >= _TOLD_SECONDS:
            self._told = now
            self._attempt.reporter.phase(phase, detail, done, total)

    def tell(self, code: str, text: str) -> None:
        """Tell one sentence."""
        self._attempt.reporter.notice("info", code, text)

    def room(self, parts: dict[str, int], folder: Path) -> None:
        """Say what is needed on the disk, part by part in bytes, and raise NoSpaceError unless it is free."""
        free = atomic.free_bytes(folder)
        said = ", ".join(f"{name} {units.size(size)}" for name, size in parts.items() if size)
        needed = units.size(sum(parts.values()))
        self.tell("room", f"Disk: {needed} needed ({said or 'nothing'}), {units.size(free)} free.")
        atomic.require_space(folder, sum(parts.values()))


def begin(attempt: Attempt, stage: Stage, *folders: Path) -> None:
    """Make the folder of the attempt and those that its results go to, without what an earlier one left unfinished."""
    attempt.reporter.phase("loading")
    atomic.make_directories(stage.path, 0o700)
    stage.sweep()
    for folder in folders:
        atomic.make_directories(folder)


def finished_files(run: store.Run) -> dict[str, dict[str, Any]]:
    """Return type → line of the report for the files that are there with the hashes they were published with."""
    found = {}
    for name, entry in exports.read(run.artifacts_dir).items():
        path = exports.place(run.artifacts_dir, name, entry)
        if path.is_file() and path.stat().st_size == entry.get("bytes") and digest(path) == entry.get("sha256"):
            found[str(entry.get("type"))] = entry
    return found


def beside(run: store.Run, final: Path) -> Path:
    """Return the name that a file has while it is copied to another file system."""
    return final.with_name(f".{run.id}-{final.name}.partial")


def refuse_taken(recipe: recipes.Recipe, *finals: Path) -> None:
    """Raise UsageError when a folder that the person has named has a file of such a name."""
    if recipe.out_dir:
        exports.refuse_taken(Path(recipe.out_dir), [final.name for final in finals])


def give_name(run: store.Run, staged: Path, final: Path) -> None:
    """Give a proved file its name; over the border of a file system it is copied beside its name first."""
    try:
        os.replace(staged, final)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        copy = beside(run, final)
        try:
            shutil.copyfile(staged, copy)
            shutil.copystat(staged, copy)
            atomic.fsync_path(copy)
            os.replace(copy, final)
        finally:
            copy.unlink(missing_ok=True)
        staged.unlink()
    atomic.fsync_path(final.parent)


def enter(run: store.Run, out: Path, line: dict[str, Any], proof: dict[str, Any]) -> None:
    """Write a file that is about to get its name into the report of the run, and into that of the folder it goes to.

    Before it has it, so that an attempt that is cut off between the two knows it as its own.
    """
    for folder in {run.artifacts_dir, out}:
        exports.keep(folder, [line], proof)


def made_of(recipe: recipes.Recipe, base: bases.Base) -> dict[str, Any]:
    """Return what a report says of the thing that was handed over: the base, and which state of its run that is."""
    state = best.of_report(store.find(base.run_id).report()) if base.run_id else None
    return {"base": recipe.base} | ({"result": state.plain()} if state is not None else {})


def carried_out(attempt: Attempt, work: Callable[[], dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    """Do the work and return (outcome, figures for the report).

    A pause, a kill and a full disk keep what is finished; a stop and an error leave nothing of it.
    """
    stage = attempt.run.path / STAGE
    try:
        with errors_of(stage):
            figures = work()
    except NoSpaceError:
        raise  # a pause: what is finished is gone on from
    except Interrupted as interrupted:
        if interrupted.outcome == "stopped" and not attempt.requests.was_told_to_die:
            atomic.remove_tree(stage)
        raise
    except WorkbenchError:
        atomic.remove_tree(stage)
        raise
    atomic.remove_tree(stage)
    return "done", figures
