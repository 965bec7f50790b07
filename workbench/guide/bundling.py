"""A bundle: everything that makes a result again on another machine, written into one archive.

Owns the layout of the archive and what goes into it; `unbundling.py` makes the result again. Nothing of the person but
what a run needs is in it.

The archive is a gzipped tar: `bundle.json` (what is below), `<rung>/recipe.toml`, `<rung>/report.json` and, where it
learnt from rows, `<rung>/plan.json` for each run, and `data/<SHA-256>` for each file that rows came from.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from workbench import __version__
from workbench.core import best, paths
from workbench.core.errors import NoSpaceError, UsageError, WorkbenchError
from workbench.core.lifecycle import WITH_RESULT
from workbench.core.recipe import BUNDLED, SCRATCH
from workbench.core.text import one_line
from workbench.guide.ancestry import PLAN, Origin, Rung, origin, reward_values, rungs
from workbench.runs import atomic, bases, store, versions

FORMAT = 1
INDEX = "bundle.json"
PATH_FIELDS = ("decontaminate", "replay_data")
"""Fields of a recipe that name files beside the data."""
BLOCK = 1 << 20

Tell = Callable[[str, int, int], None]
"""(what, done, total): how far it is, in bytes."""


def quiet(what: str, done: int, total: int) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class Step:
    """One rung as a bundle has it."""

    name: str
    """Its folder in the archive."""
    run: str
    """What the run was called where it was made."""
    method: str
    held_out_loss: float | None
    """Of its result; None where nothing was held out."""


@dataclass(frozen=True)
class Bundle:
    """An unpacked bundle."""

    folder: Path
    base: Origin
    base_hashes: Mapping[str, str]
    """File → SHA-256 of the model the ladder began with."""
    steps: tuple[Step, ...]
    packages: Mapping[str, str]
    workbench: str
    files: Mapping[str, str]
    """Path of a data file where it was made → SHA-256."""


def digest_of(path: Path, tell: Tell = quiet) -> str:
    """Return the SHA-256 of a file."""
    digest, done, total = hashlib.sha256(), 0, path.stat().st_size
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
            done += len(block)
            tell(f"hash {path.name}", done, total)
    return digest.hexdigest()


def hashes_of(folder: Path, tell: Tell = quiet) -> dict[str, str]:
    """Return file → SHA-256 of what makes a model: weights, configuration and tokenizer."""
    return {
        path.name: digest_of(path, tell)
        for path in sorted(folder.iterdir())
        if path.is_file()
        and path.suffix in (".safetensors", ".json", ".jinja", ".model")
        and path.name != "manifest.json"
    }


def _files(found: Sequence[Rung]) -> dict[str, str]:
    """Return path → SHA-256 of every file that rows came from, and of those beside them."""
    files = {one.path: one.sha256 for rung in found for one in rung.sources}
    for rung in found:
        beside = [given for name in PATH_FIELDS for given in getattr(rung.recipe, name)]
        beside += [value for _, value in reward_values(rung.recipe)]
        for path in map(Path, beside):
            if path.is_file():
                files.setdefault(str(path), digest_of(path))
            elif path.is_absolute():
                state = "is a folder, which a bundle cannot hold" if path.is_dir() else "is not there any more"
                raise UsageError(
                    f"{one_line(str(path))}, which {rung.run.id} was made with, {state}; bring it back as a file."
                )
    return files


def make(reference: str, out: Path, *, with_data: bool = True, tell: Tell = quiet) -> Bundle:
    """Write the bundle of a run to a new file `out` (.tar.gz) and return what is in it.

    Without data the bundle holds the hashes of the files alone. Raises UsageError when `out` exists, a run of the
    ladder is not there any more, or a data file has changed since it was learnt from.
    """
    if out.exists():
        raise UsageError(f"{one_line(str(out))} exists already; choose another name.")
    found = rungs(reference)
    for rung in found:
        if (status := rung.run.status()) not in WITH_RESULT:
            raise UsageError(f"The run {rung.run.id} is {status}; a bundle is made of runs that are done.")
    first = origin(found[0].recipe)
    files = _files(found)
    for path, known in files.items() if with_data else ():
        _require_same(Path(path), known)
    weights: dict[str, str] = {}
    if first.reference not in (BUNDLED, SCRATCH):
        weights = hashes_of(bases.resolve(found[0].recipe.base).model_dir, tell)
    elif first.reference == BUNDLED:
        weights = hashes_of(paths.assets_dir() / "base")
    steps = tuple(
        Step(
            f"{number}-{rung.recipe.method}",
            rung.run.id,
            rung.recipe.method,
            best.published(rung.run.report()).get("loss"),
        )
        for number, rung in enumerate(found, 1)
    )
    packages = {package.name: package.version for package in versions.packages() if package.version}
    index = {
        "workbench_bundle": FORMAT,
        "workbench": __version__,
        "base": asdict(first),
        "base_hashes": weights,
        "steps": [asdict(step) for step in steps],
        "packages": packages,
        "files": files,
        "with_data": with_data,
    }
    total = sum(Path(path).stat().st_size for path in files) if with_data else 0
    atomic.require_space(out.absolute().parent, total + (1 << 20), reserve=0)
    with _archive(out) as add:
        add(INDEX, json.dumps(index, ensure_ascii=False, indent=1).encode("utf-8", "surrogateescape"))
        for step, rung in zip(steps, found, strict=True):
            add(f"{step.name}/recipe.toml", rung.run.recipe_path.read_bytes())
            add(f"{step.name}/report.json", rung.run.report_path.read_bytes())
            if (rung.run.path / PLAN).is_file():
                add(f"{step.name}/{PLAN}", (rung.run.path / PLAN).read_bytes())
        done, packed = 0, set[str]()
        for path, known in files.items() if with_data else ():
            tell(f"pack {Path(path).name}", done, total)
            if known not in packed:
                add(f"data/{known}", Path(path))
            packed.add(known)
            done += Path(path).stat().st_size
    return Bundle(out, first, weights, steps, packages, __version__, files)


def beside(reference: str) -> Path:
    """Write the bundle of a run among its artifacts, unless it is there, and return its path."""
    run = store.find(reference)
    out = run.artifacts_dir / f"{run.id}.tar.gz"
    if not out.is_file():
        make(run.id, out)
    return out


def _require_same(path: Path, known: str) -> None:
    """Raise UsageError when a data file is not what was learnt from."""
    if not path.is_file() or digest_of(path) != known:
        state = "has changed since" if path.is_file() else "is not there any more, though"
        raise UsageError(
            f"{one_line(str(path))} {state} a run learnt from it; bring the old file back, or leave the data out with "
            "--without-data."
        )


@contextmanager
def _archive(out: Path) -> Iterator[Callable[[str, bytes | Path], None]]:
    """Yield a function that adds a member; the archive has its name once it is whole, and no date, so that the same
    runs give the same bytes."""
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")

    def entry(name: str, size: int) -> tarfile.TarInfo:
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o600
        return member

    try:
        with (
            partial.open("xb") as raw,
            gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed,
            tarfile.open(fileobj=packed, mode="w") as archive,
        ):

            def add(name: str, content: bytes | Path) -> None:
                if isinstance(content, bytes):
                    archive.addfile(entry(name, len(content)), io.BytesIO(content))
                    return
                with content.open("rb") as file:
                    archive.addfile(entry(name, content.stat().st_size), file)

            yield add
        atomic.fsync_path(partial)
        os.replace(partial, out)
    except OSError as error:
        if atomic.is_disk_full(error):
            free = atomic.free_bytes(out.absolute().parent)
            raise NoSpaceError(str(out), free + 1, free) from None
        raise WorkbenchError(f"{one_line(str(out))} cannot be written: {error.strerror or error}.") from None
    finally:
        partial.unlink(missing_ok=True)
