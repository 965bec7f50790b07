"""A model of the hub becomes a folder of the shared cache: whole, with the right hashes, or not there at all.

Owns the order: what the repository holds, whether it is refused, whether there is room, the files one after the other,
and only then their names. The blobs of a model lie under their hashes as the hub's own library lays them down; a
partial one has `.incomplete` behind its name and is gone on with by the next download. Must not know who asked.
"""

from __future__ import annotations

import errno
import json
import os
import re
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.core.errors import NoSpaceError, UsageError, WorkbenchError
from workbench.core.text import one_line
from workbench.data.hub import RESERVE_BYTES, sentence
from workbench.engine.hub import choice, transfer
from workbench.engine.hub.choice import File
from workbench.runs import atomic, bases, hub_cache, locks

Say = Callable[[dict[str, Any]], None]

LINE_SECONDS = 0.25
SPEED_SECONDS = 10.0
"""The speed told is that of the last seconds."""

_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS)
"""What a file system without symbolic links says, of a stick for example."""
_COMMIT = re.compile(r"[0-9a-f]{40}")
_REVISION = re.compile(r"[A-Za-z0-9][\w.-]{0,99}(/[\w-][\w.-]{0,99}){0,4}")


class _Progress:
    """Bytes of all files that are there, told a few times a second."""

    def __init__(self, say: Say, total: int) -> None:
        self._say, self._total = say, total
        self.before = 0
        """Bytes of the files that are done with."""
        self._arrivals: deque[tuple[float, int]] = deque()
        self._told = 0.0

    def on(self, state: str, file: File, start: int) -> Callable[[int], None]:
        """Return what takes the bytes of one file, `start` of which were there; `state` is what happens to them."""
        self._arrivals.clear()
        self._tell(state, file, start, time.monotonic())

        def take(done: int) -> None:
            now = time.monotonic()
            if now - self._told >= LINE_SECONDS or done == file.size:
                self._tell(state, file, done, now)

        return take

    def _tell(self, state: str, file: File, done: int, now: float) -> None:
        """Say how far everything is, and how fast it goes."""
        self._told = now
        self._arrivals.append((now, done))
        while now - self._arrivals[0][0] > SPEED_SECONDS:
            self._arrivals.popleft()
        (since, there) = self._arrivals[0]
        speed = max(done - there, 0) / (now - since) if now > since else 0.0
        body = {"state": state, "file": file.name, "done": self.before + done, "total": self._total}
        self._say({**body, "bytes_per_second": round(speed)})


class _Cache:
    """The folders of one model in the cache."""

    def __init__(self, hub_id: str, commit: str) -> None:
        self.root = hub_cache.folder()
        self.model = hub_cache.model_folder(hub_id)
        self.blobs = self.model / "blobs"
        self.snapshot = self.model / "snapshots" / commit
        self.lock = self.root / ".locks" / self.model.name / "workbench.lock"

    def partial(self, file: File) -> Path:
        """Return where a file is put together."""
        return self.blobs / f"{file.digest}.incomplete"

    def places(self, file: File) -> tuple[Path, Path]:
        """Return where a whole file may lie: under its hash, or, where links are impossible, under its name."""
        return self.blobs / file.digest, self.snapshot / file.name

    def is_there(self, file: File) -> bool:
        """Return whether a whole file of that size lies in the cache."""
        return any(path.is_file() and path.stat().st_size == file.size for path in self.places(file))

    def bytes_of(self, file: File) -> int:
        """Return the bytes of a file that need not be fetched, as far as sizes tell."""
        if self.is_there(file):
            return file.size
        partial = self.partial(file)
        return min(partial.stat().st_size, file.size) if partial.is_file() else 0


def _parsed(hub_id: str, name: str, body: bytes) -> dict[str, Any]:
    """Return the JSON object in a settings file of a stranger's."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise WorkbenchError(f"{hub_id} has a {name} that is no JSON object; choose another model.")
    return value


def _made_from(card: Any) -> str:
    """Return the one model that a card names as its origin, "" when it names none or several."""
    named = getattr(card, "base_model", None)
    named = named[0] if isinstance(named, list) and len(named) == 1 else named
    return named if isinstance(named, str) and hub_cache.HUB_ID.fullmatch(named) else ""


def _look(hub_id: str, revision: str) -> tuple[str, list[File]]:
    """Return (commit, files to take) of a model; raises WorkbenchError when it is refused."""
    from huggingface_hub import HfApi, hf_hub_url

    info = HfApi().model_info(hub_id, revision=revision, files_metadata=True)
    commit = str(info.sha or "")
    if not _COMMIT.fullmatch(commit):
        raise WorkbenchError(f"The hub names no commit for {hub_id}; check HF_ENDPOINT.")
    made_from = _made_from(info.card_data)
    found = [
        choice.described(
            entry.rfilename, entry.size, entry.lfs.sha256 if entry.lfs else entry.blob_id, entry.lfs is not None
        )
        for entry in info.siblings or []
    ]
    files = {file.name: file for file in found if file is not None}
    choice.check_names(hub_id, files, made_from)

    def settings(name: str) -> dict[str, Any]:
        if files[name].size > bases.MAX_JSON_BYTES:
            raise WorkbenchError(f"{hub_id} has a {name} that is too large for one; choose another model.")
        url = hf_hub_url(hub_id, name, revision=commit)
        return _parsed(hub_id, name, transfer.read_small(url, bases.MAX_JSON_BYTES))

    choice.check_settings(hub_id, {name: settings(name) for name in choice.SETTINGS if name in files}, made_from)
    index = None if choice.WHOLE in files else settings(choice.INDEX)
    return commit, choice.chosen(hub_id, files, index)


def _check_room(cache: _Cache, files: list[File], free_bytes: Callable[[Path], int]) -> None:
    """Raise NoSpaceError unless all that is missing fits beside a reserve."""
    missing = sum(file.size - cache.bytes_of(file) for file in files)
    if missing and (free := free_bytes(cache.root)) < missing + RESERVE_BYTES:
        raise NoSpaceError(str(cache.root), missing + RESERVE_BYTES, free)


def _complete(cache: _Cache, file: File, url: str, say: Say, progress: _Progress) -> bool:
    """See to it that a file lies in the cache with the hub's own hash; return whether it had to be fetched.

    A damaged one is removed and said: one that was there is fetched anew, one that came so is an error.
    """
    for path in cache.places(file):
        if path.is_file():
            if transfer.is_right(path, file, progress.on("checking", file, 0)):
                return False
            path.unlink()
            say({"damaged": file.name})
    partial = cache.partial(file)
    start = min(partial.stat().st_size, file.size) if partial.is_file() else 0
    transfer.fetch(url, file, partial, progress.on("downloading", file, start))
    if not transfer.is_right(partial, file, progress.on("checking", file, 0)):
        partial.unlink()
        raise WorkbenchError(
            f"{file.name} did not arrive as the hub has it (its hash differs) and was removed; repeat the command."
        )
    atomic.rename(partial, cache.blobs / file.digest)
    atomic.fsync_path(cache.blobs)
    return True


def _link(cache: _Cache, file: File) -> None:
    """Give a file of the cache its name in the snapshot."""
    blob, pointer = cache.places(file)
    if not blob.is_file() or (pointer.is_file() and pointer.samefile(blob)):
        return
    fresh = pointer.with_name(f".{file.digest}.{os.getpid()}")
    try:
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(Path("..", "..", "blobs", file.digest))
        atomic.rename(fresh, pointer)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        atomic.rename(blob, pointer)


def _publish(cache: _Cache, files: list[File], revision: str, commit: str) -> None:
    """Name all files, config.json last: a folder with it counts as a model."""
    atomic.make_directories(cache.snapshot)
    for file in sorted(files, key=lambda file: file.name == "config.json"):
        _link(cache, file)
    atomic.fsync_path(cache.snapshot)
    if revision != commit:
        ref = cache.model / "refs" / revision
        atomic.make_directories(ref.parent)
        atomic.write_text(ref, commit)


def _fetch(hub_id: str, revision: str, say: Say, free_bytes: Callable[[Path], int]) -> dict[str, Any]:
    """Do what `download` says, with the errors of the client as they are."""
    from huggingface_hub import hf_hub_url

    commit, files = _look(hub_id, revision)
    cache = _Cache(hub_id, commit)
    atomic.make_directories(cache.lock.parent)
    if (lock := locks.acquire(cache.lock)) is None:
        raise WorkbenchError(f"Another download of {hub_id} is under way; wait for it.")
    try:
        _check_room(cache, files, free_bytes)
        atomic.make_directories(cache.blobs)
        total = sum(file.size for file in files)
        progress = _Progress(say, total)
        fetched = []
        for file in files:
            url = hf_hub_url(hub_id, file.name, revision=commit)
            if _complete(cache, file, url, say, progress):
                fetched.append(file.name)
            progress.before += file.size
        _publish(cache, files, revision, commit)
    finally:
        locks.release(lock)
    return {
        "id": hub_id,
        "revision": commit,
        "folder": str(cache.snapshot),
        # Of several revisions the name means one; another is a base by its folder.
        "base": hub_id if hub_cache.find(hub_id) == cache.snapshot else str(cache.snapshot),
        "files": [file.name for file in files],
        "bytes": total,
        "fetched": fetched,
    }


def download(
    hub_id: str, revision: str, say: Say, *, free_bytes: Callable[[Path], int] = atomic.free_bytes
) -> dict[str, Any]:
    """Bring a model into the cache and return {"id", "revision", "folder", "base", "files", "bytes", "fetched"}.

    `revision` is a branch, a tag or a commit, "" for the newest. `say` gets {"state": "downloading" or "checking",
    "file", "done", "total", "bytes_per_second"}, in bytes of all files, and {"damaged": file} for one that lay in the
    cache with another hash. `free_bytes` tells the room in a folder. Raises UsageError and WorkbenchError with what to
    do; whatever came until then stays and is not fetched again.
    """
    if not hub_cache.HUB_ID.fullmatch(hub_id) or ".." in hub_id:
        raise UsageError(f"{one_line(hub_id, 80)!r} is no model of the hub; write owner/name.")
    revision = revision or "main"
    if not _REVISION.fullmatch(revision) or ".." in revision:
        raise UsageError(f"{one_line(revision, 80)!r} is no revision; give a branch, a tag or a commit.")
    cached = hub_cache.find(hub_id)
    kept = f"train on what is here, {cached}" if cached else "repeat the command later: what has come is kept"
    try:
        return _fetch(hub_id, revision, say, free_bytes)
    except WorkbenchError:
        raise
    except Exception as error:  # the client lets errors of three libraries through
        if atomic.is_disk_full(error):
            free = free_bytes(hub_cache.folder())
            raise NoSpaceError(str(hub_cache.folder()), free + RESERVE_BYTES, free) from None
        if isinstance(error, OSError) and error.errno and not isinstance(error, ConnectionError):
            raise WorkbenchError(
                f"{one_line(str(error.filename or hub_cache.folder()))}: {error.strerror}; let it be "
                "written, or set HF_HUB_CACHE to another one."
            ) from None
        cause = error.__cause__ if isinstance(error, transfer.BrokenOffError) else None
        met = cause if isinstance(cause, Exception) else error
        raise WorkbenchError(sentence(met, "model", hub_id, kept)) from None
