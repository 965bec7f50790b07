"""Durable writing under failing operations, full disks, power cuts and kills: the old state or the new one, always."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import random
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.runs.faults import EVERY_ERROR, Disk, Faults, PowerCut
from tests.support import run_on_small_disk, start_program
from workbench.core.errors import NoSpaceError, WorkbenchError
from workbench.runs import atomic

Found = tuple[str, dict[str, bytes]]
"""What verify says about a directory, and its contents."""

OLD, NEW = {"a.bin": b"old" * 1000, "deep/b.txt": b"one"}, {"a.bin": b"new" * 2000, "c.txt": b"", "deep/b.txt": b"two"}


def publish(final: Path, files: dict[str, bytes]) -> None:
    """Publish `files` as the directory `final`, written the way foreign libraries write."""
    with atomic.staging(final) as staged:
        for name, data in files.items():
            (staged / name).parent.mkdir(exist_ok=True)
            (staged / name).write_bytes(data)


def contents(folder: Path) -> dict[str, bytes]:
    """Return the files of a published directory."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    del files[atomic.MANIFEST]
    return {name: path.read_bytes() for name, path in files.items()}


def leftovers(folder: Path) -> list[str]:
    """Return what is hidden in a folder."""
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def test_the_manifest_says_what_is_there(tmp_path: Path) -> None:
    publish(tmp_path / "x", NEW)
    manifest = json.loads((tmp_path / "x" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest == {
        name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in NEW.items()
    }
    assert contents(tmp_path / "x") == NEW
    assert atomic.verify(tmp_path / "x") == ""
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize(
    ("damage", "phrase"),
    [
        (lambda x: (x / "a.bin").unlink(), "a.bin is missing"),
        (lambda x: (x / "extra").write_bytes(b""), "extra is not in its manifest"),
        (lambda x: os.truncate(x / "a.bin", 10), "a.bin has the wrong size"),
        (lambda x: (x / "a.bin").write_bytes(bytes(6000)), "a.bin has other contents than were written"),
        (lambda x: ((x / "a.bin").unlink(), (x / "a.bin").symlink_to("deep/b.txt")), "a.bin has the wrong size"),
        (lambda x: (x / "manifest.json").unlink(), "manifest.json is missing"),
        (lambda x: (x / "manifest.json").write_bytes(b"[1]"), "its manifest is not readable"),
        (lambda x: (x / "manifest.json").write_bytes(b"[" * 99_999), "its manifest is not readable"),
        (lambda x: (x / "manifest.json").write_bytes(b'{"a.bin": 1, "c.txt": 1, "deep/b.txt": 1}'), "its manifest is"),
        (atomic.remove_tree, "is missing"),
    ],
)
def test_verify_names_the_damage(tmp_path: Path, damage: object, phrase: str) -> None:
    publish(tmp_path / "x", NEW)
    assert callable(damage)
    damage(tmp_path / "x")
    assert phrase in atomic.verify(tmp_path / "x")


def test_a_failed_body_leaves_what_was_there(tmp_path: Path) -> None:
    publish(tmp_path / "x", OLD)
    with pytest.raises(TypeError), atomic.staging(tmp_path / "x") as staged:
        (staged / "half").write_bytes("no bytes")  # type: ignore[arg-type]
    assert contents(tmp_path / "x") == OLD
    assert leftovers(tmp_path) == []


def test_a_symbolic_link_is_not_published(tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="write a copy instead"), atomic.staging(tmp_path / "x") as staged:
        (staged / "link").symlink_to("/etc/passwd")
    assert list(tmp_path.iterdir()) == []


def error_of(act: Callable[[], None]) -> WorkbenchError | None:
    """Return the error for the person that `act` ends with, if any."""
    try:
        act()
    except WorkbenchError as error:
        return error
    return None


EVERY_FAULT = [(error, lasting) for error in EVERY_ERROR for lasting in (False, True)]


@pytest.mark.parametrize(("error", "lasting"), EVERY_FAULT)
def test_whichever_operation_of_staging_fails_the_old_or_the_new_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int, lasting: bool
) -> None:
    at, struck = 0, True
    while struck:
        at += 1
        folder = tmp_path / str(at)
        publish(folder / "x", OLD)
        with monkeypatch.context() as patch:
            faults = Faults(patch, at, error, lasting=lasting)
            told = error_of(lambda folder=folder: publish(folder / "x", NEW))  # type: ignore[misc]
            struck = faults.has_struck
        assert told is None or isinstance(told, NoSpaceError) == (error == errno.ENOSPC)
        atomic.sweep(folder)
        assert leftovers(folder) == []
        assert atomic.verify(folder / "x") == ""
        found = contents(folder / "x")
        assert found == NEW or (told is not None and found == OLD)
    assert at > 20, "the operations were not counted"


@pytest.mark.parametrize(("error", "lasting"), EVERY_FAULT)
def test_whichever_operation_of_a_write_fails_the_old_or_the_new_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int, lasting: bool
) -> None:
    at, struck = 0, True
    while struck:
        at += 1
        path = tmp_path / str(at) / "file"
        atomic.write_bytes(path, b"old")
        with monkeypatch.context() as patch:
            faults = Faults(patch, at, error, lasting=lasting)
            told = error_of(lambda path=path: atomic.write_bytes(path, b"new"))  # type: ignore[misc]
            struck = faults.has_struck
        assert told is None or isinstance(told, NoSpaceError) == (error == errno.ENOSPC)
        atomic.sweep(path.parent)
        assert leftovers(path.parent) == []
        assert path.read_bytes() == b"new" or (told is not None and path.read_bytes() == b"old")
    assert at > 5, "the operations were not counted"


def survivors_of_power_cuts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_honest: bool) -> list[Found]:
    """Cut the power at every operation in turn and return what is found after each cut."""
    found = []
    at, struck = 0, True
    while struck:
        at += 1
        folder = tmp_path / str(at)
        publish(folder / "x", OLD)
        with monkeypatch.context() as patch:
            disk = Disk(patch, at, is_honest=is_honest)
            disk.keep(folder)
            with contextlib.suppress(PowerCut):
                publish(folder / "x", NEW)
            struck = disk.faults.has_struck
            disk.lose_what_was_not_synced(folder)
        atomic.sweep(folder)
        found.append((atomic.verify(folder / "x"), contents(folder / "x")))
    return found


def test_a_power_cut_at_any_operation_leaves_the_old_or_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = survivors_of_power_cuts(tmp_path, monkeypatch, is_honest=True)
    assert all(damage == "" and files in (OLD, NEW) for damage, files in found)
    assert found[0][1] == OLD
    assert found[-1][1] == NEW


def test_without_fsync_a_power_cut_does_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: the simulation sees a missing fsync."""
    assert any(damage for damage, _ in survivors_of_power_cuts(tmp_path, monkeypatch, is_honest=False))


def test_the_name_of_a_published_directory_is_brought_to_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, Path]] = []
    monkeypatch.setattr(atomic, "_op", lambda name, path: seen.append((name, path)))
    publish(tmp_path / "new" / "x", NEW)
    atomic.write_bytes(tmp_path / "new" / "y", b"1")
    for made in ("x", "y"):
        renamed = seen.index(("rename", tmp_path / "new" / made))
        assert ("fsync", tmp_path / "new") in seen[renamed:]
    assert ("fsync", tmp_path) in seen[seen.index(("mkdir", tmp_path / "new")) :]
    assert ("fsync", tmp_path / "new" / ".x.partial" / "deep") in seen


WRITER = """
import sys
from pathlib import Path
from workbench.runs import atomic
folder, n = Path(sys.argv[1]), 0
print("ready", flush=True)
while True:
    n += 1
    atomic.write_text(folder / "counter", f"{n:09d}")
    {publish}
    if n > 3:
        atomic.withdraw(folder / f"step-{n - 3}")
"""
STAGED = """
    with atomic.staging(folder / f"step-{n}") as staged:
        for name in "abc":
            (staged / name).write_bytes(bytes([n % 256]) * 300_000)
"""
IN_PLACE = """
    made = folder / f"step-{n}"
    made.mkdir(exist_ok=True)
    atomic.write_text(made / "manifest.json", "{}")
    for name in "abc":
        (made / name).write_bytes(bytes([n % 256]) * 300_000)
    atomic._seal(made)
"""


def damage_after_kills(folder: Path, publish: str, kills: int) -> list[str]:
    """Kill a writer again and again at random moments; return all the damage found on the way."""
    chance = random.Random(7)
    damage = []
    for _ in range(kills):
        writer = start_program(WRITER.replace("{publish}", publish.strip()), folder)
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        with pytest.raises(subprocess.TimeoutExpired):
            writer.wait(chance.uniform(0.005, 0.08))
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
        atomic.sweep(folder)
        assert leftovers(folder) == []
        if (counter := folder / "counter").exists():
            assert len(counter.read_bytes()) == 9
        damage += [what for path in folder.glob("step-*") if (what := atomic.verify(path))]
    return damage


def test_a_writer_killed_at_any_moment_leaves_only_whole_directories(tmp_path: Path) -> None:
    assert damage_after_kills(tmp_path, STAGED, 10) == []
    assert list(tmp_path.glob("step-*")), "nothing was ever published"


def test_a_writer_without_staging_is_caught(tmp_path: Path) -> None:
    """Negative control: the same kills find damage when directories are written in place."""
    assert damage_after_kills(tmp_path, IN_PLACE, 10)


def test_sweep_leaves_the_work_of_the_living(tmp_path: Path) -> None:
    (tmp_path / ".dead.partial").mkdir()
    (tmp_path / ".dead.partial" / "x").write_bytes(b"1")
    (tmp_path / ".0123.tmp").write_bytes(b"1")
    (tmp_path / ".replaced-but-not-published.replaced").mkdir()
    (tmp_path / ".hidden").write_bytes(b"the person's own")
    with atomic.staging(tmp_path / "live") as staged:
        (staged / "x").write_bytes(b"1")
        found = atomic.sweep(tmp_path)
        with pytest.raises(WorkbenchError, match="being written by another process"):
            publish(tmp_path / "live", NEW)
    assert found == [".0123.tmp", ".dead.partial", ".replaced-but-not-published.replaced"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [".hidden", "live", "replaced-but-not-published"]
    assert contents(tmp_path / "live") == {"x": b"1"}


def test_in_a_folder_of_the_person_only_what_was_surely_staged_is_swept(tmp_path: Path) -> None:
    kept = (".other.partial", ".empty.partial", ".dead.part", "dead.partial")
    for name in (".dead.partial", *kept):
        (tmp_path / name).mkdir()
        if name != ".empty.partial":
            (tmp_path / name / ("mine" if name == ".other.partial" else "x")).write_bytes(b"1")
    (tmp_path / ".dead.partial" / ".0123.tmp").write_bytes(b"1")
    for name in (".a.partial", ".0123.tmp"):
        (tmp_path / name).write_bytes(b"the person's own")
    (tmp_path / ".link.partial").symlink_to(tmp_path / "dead.partial", target_is_directory=True)
    with atomic.staging(tmp_path / "live") as staged:
        (staged / "x").write_bytes(b"1")
        atomic.sweep_staged(tmp_path, ("x", "y"))
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {*kept, ".a.partial", ".0123.tmp", ".link.partial", "live"}
    assert contents(tmp_path / "live") == {"x": b"1"}
    atomic.sweep_staged(tmp_path / "nowhere", ("x",))


@pytest.mark.parametrize(
    ("error", "is_full"),
    [
        (OSError(errno.ENOSPC, "x"), True),
        (OSError(errno.EDQUOT, "x"), True),
        (RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)"), True),
        (Exception("Disk quota exceeded (os error 122)"), True),
        (OSError(errno.EACCES, "x"), False),
        (RuntimeError("os error 281"), False),
    ],
)
def test_a_full_disk_is_known_however_a_library_says_it(tmp_path: Path, error: Exception, is_full: bool) -> None:
    with pytest.raises(NoSpaceError if is_full else type(error)), atomic.staging(tmp_path / "x"):
        raise error


def test_space_is_asked_for_where_a_folder_will_be(tmp_path: Path) -> None:
    figures = os.statvfs(tmp_path)
    free = figures.f_bavail * figures.f_frsize
    atomic.require_space(tmp_path / "not" / "yet", 1, reserve=0)
    with pytest.raises(NoSpaceError) as told:
        atomic.require_space(tmp_path / "not" / "yet", 2 * free, reserve=7)
    assert told.value.needed_bytes == 2 * free + 7
    assert str(tmp_path / "not" / "yet") in str(told.value)


FULL = """
import json, sys
from pathlib import Path
from workbench.core.errors import NoSpaceError
from workbench.runs import atomic
disk = Path(sys.argv[1])
with atomic.staging(disk / "x") as staged:
    (staged / "a").write_bytes(b"1" * 400_000)
told = []
for write in (lambda: big(disk / "x"), lambda: atomic.write_bytes(disk / "x.txt", b"1" * 3_000_000)):
    try:
        write()
    except NoSpaceError as error:
        told.append([error.where, error.needed_bytes > error.free_bytes, str(error).count("\\n")])
print(json.dumps([told, atomic.verify(disk / "x"), sorted(p.name for p in disk.iterdir())]))
""".replace(
    "told = []",
    """
def big(final):
    with atomic.staging(final) as staged:
        (staged / "a").write_bytes(b"2" * 3_000_000)
told = []""",
)


def test_a_really_full_disk_keeps_the_old_and_says_how_much_is_missing(tmp_path: Path) -> None:
    told, damage, names = run_on_small_disk(tmp_path, 2 << 20, FULL)
    assert told == [[str(tmp_path), True, 0]] * 2
    assert damage == ""
    assert names == ["x"]


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind the superuser")
def test_a_forbidden_folder_is_one_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(WorkbenchError, match="Permission denied"):
        atomic.write_text(tmp_path / "x", "1")


def test_a_file_where_a_folder_should_be_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for write in (
        lambda: atomic.write_text(tmp_path / "file" / "x", "1"),
        lambda: publish(tmp_path / "file" / "x", NEW),
    ):
        with pytest.raises(WorkbenchError, match="cannot be written"):
            write()


def test_a_new_directory_never_replaces_one(tmp_path: Path) -> None:
    atomic.create_directory(tmp_path / "x", {"a": b"1"})
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o700
    with pytest.raises(FileExistsError):
        atomic.create_directory(tmp_path / "x", {"a": b"2"})
    assert (tmp_path / "x" / "a").read_bytes() == b"1"
    assert leftovers(tmp_path) == []
