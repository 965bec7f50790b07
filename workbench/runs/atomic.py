"""The only place that writes durable files: a name appears complete, or it does not appear.

Owns the order of write, fsync and rename, the manifest of a sealed directory, and what a full disk is called. Must not
know what the files mean. Every primitive operation passes `_op` first, so that a test can fail the N-th one, and can
know what would have survived a power cut.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import re
import stat
import uuid
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from workbench.core import paths
from workbench.core.errors import NoSpaceError, WorkbenchError

MANIFEST = "manifest.json"
RESERVE_BYTES = 16 << 20
"""Left free beside what is written, so that journals and reports still fit."""

MAX_MANIFEST_BYTES = 64 << 20
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_FULL_TEXT = re.compile(r"No space left on device|Disk quota exceeded|os error (28|122)\b")
_LEFTOVER = re.compile(r"\..*\.(partial|tmp)")
_REPLACED = re.compile(r"\.(.+)\.replaced")


def _op(name: str, path: Path) -> None:
    """Announce one primitive operation on `path`, just before it happens: the seam for fault injection in tests."""


def open_file(path: Path, flags: int, mode: int = 0o666) -> int:
    """Return a descriptor on `path`, closed on exec."""
    _op("open", path)
    return os.open(path, flags | os.O_CLOEXEC, mode)


def write(fd: int, data: bytes | memoryview, path: Path) -> int:
    """Write once and return the bytes written, which may be fewer than given; `path` says what `fd` is."""
    _op("write", path)
    return os.write(fd, data)


def fsync(fd: int, path: Path) -> None:
    """Wait until what was written to `fd` is on the disk."""
    _op("fsync", path)
    os.fsync(fd)


def mkdir(path: Path, mode: int = 0o777) -> None:
    """Make one directory whose parent exists; the parent is not fsynced."""
    _op("mkdir", path)
    os.mkdir(path, mode)


def rename(source: Path, target: Path) -> None:
    """Rename within one file system, over an existing file or an empty directory; the parent is not fsynced."""
    _op("rename", target)
    os.rename(source, target)


def unlink(path: Path) -> None:
    """Remove one file, or nothing when it is not there."""
    _op("unlink", path)
    path.unlink(missing_ok=True)


def fsync_path(path: Path) -> None:
    """Wait until a file or directory, however it was written, is on the disk."""
    fd = open_file(path, os.O_RDONLY)
    try:
        fsync(fd, path)
    finally:
        os.close(fd)


def make_directories(path: Path, mode: int = 0o777) -> None:
    """Make `path` and its missing parents so that all of them survive a power cut; raises OSError."""
    if path.is_dir():
        return
    make_directories(path.parent, mode)
    with contextlib.suppress(FileExistsError):
        mkdir(path, mode)
    if not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
    fsync_path(path.parent)


def remove_tree(path: Path) -> None:
    """Remove a directory and all in it, or one file; a symbolic link is removed, not followed. Raises OSError.

    What another process removes at the same time is no error.
    """
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISDIR(path.lstat().st_mode):
            unlink(path)
            return
        for child in list(path.iterdir()):
            remove_tree(child)
        _op("unlink", path)
        path.rmdir()


def free_bytes(path: Path) -> int:
    """Return the bytes an ordinary user may still write where `path` is or will be."""
    figures = os.statvfs(paths.nearest(path))
    return figures.f_bavail * figures.f_frsize


def require_space(path: Path, needed_bytes: int, reserve: int = RESERVE_BYTES) -> None:
    """Raise NoSpaceError unless `needed_bytes` and `reserve` bytes more fit where `path` is."""
    free = free_bytes(path)
    if free < needed_bytes + reserve:
        raise NoSpaceError(str(path), needed_bytes + reserve, free)


def is_disk_full(error: BaseException | None) -> bool:
    """Return whether an error, or one it was raised from, says that a disk or a quota is full.

    Libraries written in other languages say so only in their text.
    """
    while error is not None:
        if isinstance(error, NoSpaceError) or (isinstance(error, OSError) and error.errno in _FULL):
            return True
        if _FULL_TEXT.search(str(error)):
            return True
        error = error.__cause__ or error.__context__
    return False


def _full(folder: Path, needed_bytes: int) -> NoSpaceError:
    """Return the sentence for a full disk; what was free proved too little, whatever the caller's estimate."""
    free = free_bytes(folder)
    return NoSpaceError(str(folder), max(needed_bytes, free) + RESERVE_BYTES, free)


def _explained(error: OSError, path: Path, needed_bytes: int) -> WorkbenchError:
    """Return the sentence for a failed operation on `path`."""
    if is_disk_full(error):
        return _full(path.parent, needed_bytes)
    return WorkbenchError(
        f"{path} cannot be written: {error.strerror or error}; check the folder and its permissions, or choose another."
    )


@contextlib.contextmanager
def _removing_on_error(leftover: Path) -> Iterator[None]:
    """Remove `leftover` when the body fails; what cannot be removed is left for `sweep`."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            remove_tree(leftover)
        raise


def write_bytes(path: Path, data: bytes) -> None:
    """Replace the contents of `path` durably: afterwards it holds `data`, or on any error what it held before.

    Missing parents are made. Raises NoSpaceError or WorkbenchError.
    """
    temporary = path.with_name(f".{uuid.uuid4().hex}.tmp")
    try:
        make_directories(path.parent)
        with _removing_on_error(temporary):
            fd = open_file(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
            try:
                _claim(fd)
                rest = memoryview(data)
                while rest:
                    rest = rest[write(fd, rest, temporary) :]
                fsync(fd, temporary)
                rename(temporary, path)
            finally:
                os.close(fd)
        fsync_path(path.parent)
    except OSError as error:
        raise _explained(error, path, len(data)) from error


def write_text(path: Path, text: str) -> None:
    """Replace the contents of `path` durably with `text` as UTF-8; lone surrogates become question marks."""
    write_bytes(path, text.encode("utf-8", "replace"))


def _walk(folder: Path) -> Iterator[Path]:
    """Yield everything under `folder`, a directory after what is in it."""
    for child in sorted(folder.iterdir()):
        if child.is_dir() and not child.is_symlink():
            yield from _walk(child)
        yield child


def _digest(path: Path) -> dict[str, int | str]:
    """Return the manifest's entry for one file."""
    with path.open("rb") as file:
        return {"bytes": os.fstat(file.fileno()).st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def _seal(folder: Path) -> None:
    """Bring every file and directory under `folder` to the disk and write their manifest."""
    entries = {}
    for path in _walk(folder):
        if path.is_symlink() or not (path.is_dir() or path.is_file()):
            raise WorkbenchError(
                f"{path} is neither a file nor a directory and cannot be published; write a copy instead."
            )
        fsync_path(path)
        if path.is_file():
            entries[path.relative_to(folder).as_posix()] = _digest(path)
    write_text(folder / MANIFEST, json.dumps(entries, ensure_ascii=False, indent=1, sort_keys=True) + "\n")


def _claim(fd: int) -> None:
    """Let `sweep` know, by a lock that ends with this process, that somebody is working on what `fd` has open."""
    with contextlib.suppress(OSError):  # some network file systems refuse to lock a directory
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)


def _is_claimed(path: Path) -> bool | None:
    """Return whether a living process is working on `path`; None where nothing can be locked, so that nobody knows."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return None
    finally:
        os.close(fd)
    return False


@contextlib.contextmanager
def fresh_directory(path: Path, mode: int = 0o777) -> Iterator[None]:
    """Make the directory `path`, claimed while the body runs, and remove it when the body fails. Raises OSError."""
    make_directories(path.parent, mode)
    remove_tree(path)
    with _removing_on_error(path):
        mkdir(path, mode)
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _claim(fd)
            yield
        finally:
            os.close(fd)


def _publish(staged: Path, final: Path) -> None:
    """Rename the sealed `staged` to `final`; a directory of that name is replaced, and put back on an error."""
    replaced = final.with_name(f".{final.name}.replaced")
    remove_tree(replaced)
    if final.exists():
        rename(final, replaced)
    try:
        rename(staged, final)
    except BaseException:
        if replaced.exists():
            with contextlib.suppress(OSError):  # sweep puts it back when this fails too
                rename(replaced, final)
        raise
    fsync_path(final.parent)
    with contextlib.suppress(OSError):
        remove_tree(replaced)


@contextlib.contextmanager
def staging(final: Path, needed_bytes: int = 0) -> Iterator[Path]:
    """Yield a fresh directory beside `final`, and publish it under that name, sealed with a manifest, on a clean exit.

    On an error the directory is removed and `final` is what it was. `needed_bytes` is what the caller knows about the
    size, for the sentence about a full disk. Raises NoSpaceError whatever way the body met a full disk, WorkbenchError
    when the directory itself cannot be written, and every other error of the body as it is.
    """
    staged = final.with_name(f".{final.name}.partial")
    if _is_claimed(staged):
        raise WorkbenchError(f"{final} is being written by another process; wait for it to end.")
    in_body = False
    try:
        with fresh_directory(staged):
            in_body = True
            yield staged
            in_body = False
            _seal(staged)
            _publish(staged, final)
    except Exception as error:
        if is_disk_full(error):
            raise _full(final.parent, needed_bytes) from error
        if isinstance(error, OSError) and not in_body:
            raise _explained(error, final, needed_bytes) from error
        raise


def withdraw(path: Path) -> None:
    """Remove a published directory: out of sight in one step, so that it is never seen half removed. Raises OSError.

    What a kill leaves of it has a hidden name that `sweep` knows.
    """
    hidden = path.with_name(f".{uuid.uuid4().hex}.partial")
    rename(path, hidden)
    fsync_path(path.parent)
    remove_tree(hidden)


def create_directory(final: Path, files: Mapping[str, bytes], mode: int = 0o700) -> None:
    """Make the directory `final` with `files` in it, complete from the moment it can be seen.

    Raises FileExistsError when the name is taken, NoSpaceError or WorkbenchError when it cannot be written.
    """
    staged = final.with_name(f".{uuid.uuid4().hex}.partial")
    try:
        with fresh_directory(staged, mode):
            for name, data in files.items():
                write_bytes(staged / name, data)
            rename(staged, final)
            fsync_path(final.parent)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(final)) from None
        raise _explained(error, final, sum(map(len, files.values()))) from error


def verify(folder: Path) -> str:
    """Return "" when `folder` is exactly what its manifest says, else one phrase about the first difference."""
    try:
        path = folder / MANIFEST
        if path.stat().st_size > MAX_MANIFEST_BYTES:
            return "its manifest is far too large"
        entries = json.loads(path.read_text(encoding="utf-8"))
        present = {p.relative_to(folder).as_posix(): p for p in _walk(folder) if p.is_symlink() or not p.is_dir()}
        del present[MANIFEST]
        if odd := sorted(entries.keys() ^ present.keys()):
            return f"{odd[0]} is {'missing' if odd[0] in entries else 'not in its manifest'}"
        # Sizes first: they cost nothing and most damage shows in them.
        for name, file in present.items():
            if file.is_symlink() or not file.is_file() or file.stat().st_size != entries[name]["bytes"]:
                return f"{name} has the wrong size"
        for name, file in present.items():
            if _digest(file)["sha256"] != entries[name]["sha256"]:
                return f"{name} has other contents than were written"
    except FileNotFoundError as error:
        return f"{Path(error.filename or MANIFEST).name} is missing"
    except OSError as error:
        return f"it cannot be read ({error.strerror})"
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return "its manifest is not readable"
    return ""


def sweep(folder: Path) -> list[str]:
    """Remove what killed writers left in `folder`, put back what they had moved aside, and return the names found.

    What a living writer is working on stays. Raises WorkbenchError when something cannot be removed.
    """
    found: list[str] = []
    try:
        for path in sorted(folder.iterdir()) if folder.is_dir() else []:
            if match := _REPLACED.fullmatch(path.name):
                final = folder / match[1]
                found.append(path.name)
                if final.exists():
                    remove_tree(path)
                else:
                    rename(path, final)
                    fsync_path(folder)
            elif _LEFTOVER.fullmatch(path.name) and not _is_claimed(path):
                found.append(path.name)
                remove_tree(path)
    except OSError as error:
        raise WorkbenchError(
            f"What an interrupted writer left in {folder} cannot be removed: {error.strerror}; check its permissions."
        ) from error
    return found


def sweep_staged(folder: Path, names: Collection[str]) -> None:
    """Remove what killed writers staged in a folder that is not ours alone.

    Only a directory of `staging` goes that no living process works on and that holds files called as in `names` and
    nothing else; what cannot be looked at or removed stays.
    """
    with contextlib.suppress(OSError):
        for path in folder.glob(".*.partial/"):
            inside = {entry.name for entry in path.iterdir() if not _LEFTOVER.fullmatch(entry.name)}
            if inside and inside <= set(names) and _is_claimed(path) is False:
                remove_tree(path)
