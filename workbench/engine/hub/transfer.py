"""One file of the hub, byte by byte: from where an earlier attempt ended, to where its hash is right.

Owns the partial file, the retries and the hash. The library of the hub throws a half-loaded file away, so it only lends
the connection here. Plain HTTP is used for every file, because it can go on at any byte. Must not know the cache's
layout or which files are wanted.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from workbench.core.errors import WorkbenchError
from workbench.core.text import one_line
from workbench.engine.hub.choice import File
from workbench.runs import atomic

CHUNK_BYTES = 1 << 20
RETRIES = 5
"""Breaks of the connection in a row, no byte between them, after which it is given up."""
LONGEST_PAUSE_SECONDS = 8.0
_BUSY = (408, 429, 500, 502, 503, 504)


class BrokenOffError(Exception):
    """The connection ended before the file did."""


def _answer(url: str, start: int) -> Iterator[tuple[int, bytes]]:
    """Yield (where it belongs, bytes) of a file from byte `start` on, or from 0 when the server knows no ranges.

    Raises the library's HfHubHTTPError for a refusal and BrokenOffError for everything that may pass.
    """
    from huggingface_hub import constants
    from huggingface_hub.errors import HfHubHTTPError
    from huggingface_hub.utils import build_hf_headers, hf_raise_for_status, http_stream_backoff

    # Compressed on the way, a text would have other bytes than the ones that are counted and continued.
    headers = build_hf_headers(headers={"Accept-Encoding": "identity"})
    if start:
        headers["Range"] = f"bytes={start}-"
    try:
        with http_stream_backoff(
            "GET",
            url,
            headers=headers,
            timeout=constants.HF_HUB_DOWNLOAD_TIMEOUT,
            retry_on_exceptions=(),
            retry_on_status_codes=_BUSY,
        ) as response:
            hf_raise_for_status(response)
            ranged = response.headers.get("Content-Range", "").startswith(f"bytes {start}-")
            place = start if response.status_code == 206 and ranged else 0
            for piece in response.iter_bytes(CHUNK_BYTES):
                yield place, piece
                place += len(piece)
    except HfHubHTTPError:
        raise
    except Exception as error:  # the client lets errors of three libraries through
        raise BrokenOffError(f"{type(error).__name__}: {error}") from error


def read_small(url: str, most_bytes: int) -> bytes:
    """Return a small file without keeping it; raises WorkbenchError when it has more than `most_bytes`."""
    body = b""
    for _, piece in _answer(url, 0):
        body += piece
        if len(body) > most_bytes:
            raise WorkbenchError(
                f"{one_line(url.rpartition('/')[2], 80)} is too large for what it is called; choose another model."
            )
    return body


def fetch(url: str, file: File, partial: Path, on_bytes: Callable[[int], None]) -> None:
    """Bring all bytes of a file into `partial`, after those that are in it; its hash is another matter.

    `on_bytes` gets how many there are. Raises OSError for the disk, and what `_answer` raises when trying again does
    not help.
    """
    descriptor = atomic.open_file(partial, os.O_WRONLY | os.O_CREAT)
    try:
        have = os.fstat(descriptor).st_size
        if have > file.size:
            os.ftruncate(descriptor, have := 0)
        tries, furthest = 0, have
        while have < file.size:
            try:
                for place, piece in _answer(url, have):
                    if place != have:
                        os.ftruncate(descriptor, place)
                        have = place
                    if have + len(piece) > file.size:
                        raise WorkbenchError(
                            f"The hub sends more of {file.name} than it said; nothing of it was kept, try again."
                        )
                    os.lseek(descriptor, have, os.SEEK_SET)
                    view = memoryview(piece)
                    while view:
                        view = view[atomic.write(descriptor, view, partial) :]
                    have += len(piece)
                    on_bytes(have)
                if have < file.size:
                    raise BrokenOffError("the file ended early")
            except BrokenOffError:
                tries = 0 if have > furthest else tries + 1
                furthest = max(furthest, have)
                if tries > RETRIES:
                    raise
                time.sleep(min(LONGEST_PAUSE_SECONDS, 0.5 * 2**tries))
            except WorkbenchError:
                os.ftruncate(descriptor, 0)
                raise
        atomic.fsync(descriptor, partial)
    finally:
        os.close(descriptor)


def is_right(path: Path, file: File, on_bytes: Callable[[int], None]) -> bool:
    """Return whether the file at `path` has the size and the hash that the hub has for it."""
    with path.open("rb") as opened:
        if os.fstat(opened.fileno()).st_size != file.size:
            return False
        blob = b"blob %d\0" % file.size  # what git hashes before the bytes themselves
        digest = hashlib.sha256() if file.is_large else hashlib.sha1(blob, usedforsecurity=False)
        done = 0
        while piece := opened.read(CHUNK_BYTES):
            digest.update(piece)
            done += len(piece)
            on_bytes(done)
    return digest.hexdigest() == file.digest
