"""Unpacking: gz, zst, bz2 and xz as streams, and the limits that hold for whatever is unpacked.

Owns the budgets, the sentences for what is damaged or beyond them, and the decompressors. Must not know archives of
several files.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Any, BinaryIO, cast

from workbench.data.readers import tar_headers
from workbench.data.readers.records import Unreadable

MAX_MEMBERS = 10_000
"""Most files in one archive, those of archives in it included."""
MAX_ARCHIVE_BYTES = 2**31
"""Most bytes that the members of one archive may unpack to, together."""
MAX_RATIO = 200
FREE_BYTES = 2**24
"""Unpacked bytes below which the ratio says nothing."""
BLOCK_BYTES = 2**18

Open = Callable[[], BinaryIO]

BOMB = f"it unpacks to more than {MAX_RATIO} times its size, as a zip bomb does; unpack it yourself if you trust it"
TOO_MUCH = f"the archive unpacks to more than {MAX_ARCHIVE_BYTES // 2**30} GiB; unpack it yourself"

_SAID: tuple[tuple[type[Exception], str], ...] = (
    (NotImplementedError, "is packed in a way that is not known; unpack it yourself"),
    (MemoryError, "wants more memory for unpacking than is reasonable; unpack it yourself"),
    (EOFError, "is cut off; get it again"),
    (RuntimeError, "needs a password; unpack it yourself"),
)
_DAMAGED = "is damaged; get it again"
FAULTS: tuple[type[Exception], ...] = (
    *(kind for kind, _ in _SAID),
    *(zipfile.BadZipFile, lzma.LZMAError, zlib.error, gzip.BadGzipFile, tar_headers.Damaged),
    *(struct.error, ValueError, LookupError, OverflowError, AssertionError),
)
"""What the libraries raise for an archive that is damaged or that they cannot unpack."""


def unreadable(name: str, error: Exception) -> Unreadable:
    """Return the sentence for what a library raised."""
    if isinstance(error, OSError) and error.errno is None and "runcated" in str(error):
        error = EOFError()
    if isinstance(error, OSError) and "too much memory" in str(error):
        error = MemoryError()
    said = next((words for kind, words in _SAID if isinstance(error, kind)), _DAMAGED)
    return Unreadable(f"{name} {said}.")


@dataclass
class Budget:
    """What one archive may still unpack to, however often it is read."""

    members: int = field(default_factory=lambda: MAX_MEMBERS)
    left: int = field(default_factory=lambda: MAX_ARCHIVE_BYTES)
    spent: dict[object, int] = field(default_factory=dict)
    """Member → the most bytes that were ever read of it, or its size where that is known."""

    def take(self, member: object, size: int) -> bool:
        """Return whether a member may have this many bytes in all, and count them if so."""
        more = size - self.spent.get(member, 0)
        if more > self.left:
            return False
        if more > 0:
            self.left -= more
            self.spent[member] = size
        return True


class _Limited(io.RawIOBase):
    """A stream that ends with Unreadable beyond its limits, and says in one sentence what is damaged."""

    def __init__(self, stream: IO[bytes], name: str, packed: int, take: Callable[[int], bool]) -> None:
        self._stream, self._name, self._packed, self._take = stream, name, packed, take
        self._given = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Read into a buffer and return the number of bytes."""
        try:
            block = self._stream.read(len(buffer))
        except FAULTS as error:
            raise unreadable(self._name, error) from None
        except OSError as error:
            if error.errno is not None:
                raise
            raise unreadable(self._name, error) from None
        given = self._given + len(block)
        if given > FREE_BYTES and self._packed and given > MAX_RATIO * self._packed:
            raise Unreadable(f"{self._name} is not read on: {BOMB}.")
        if not self._take(given):
            raise Unreadable(f"{self._name} is not read on: {TOO_MUCH}.")
        self._given = given
        buffer[: len(block)] = block
        return len(block)

    def close(self) -> None:
        """Close the stream behind it, too."""
        if not self.closed:
            self._stream.close()
        super().close()


def limited(stream: IO[bytes], name: str, packed: int = 0, take: Callable[[int], bool] = lambda size: True) -> BinaryIO:
    """Return a buffered stream that gives at most 200 times `packed` bytes (0: any number) and what `take` allows."""
    return cast(BinaryIO, io.BufferedReader(_Limited(stream, name, packed, take), BLOCK_BYTES))


def _zst(packed: IO[bytes]) -> IO[bytes]:
    # pyarrow says when a stream is cut off, which the zstandard package does not, and it keeps zstd's own limit of
    # 128 MiB for the window a frame may ask for.
    import pyarrow as pa

    return cast(IO[bytes], pa.CompressedInputStream(pa.PythonFile(packed, mode="r"), "zstd"))


_UNPACK: dict[str, Callable[[IO[bytes]], Any]] = {
    "gz": lambda packed: gzip.GzipFile(fileobj=packed),
    "zst": _zst,
    "bz2": bz2.BZ2File,
    "xz": lzma.LZMAFile,
}
"""How a single file is packed → its decompressor."""


class _Owned(io.RawIOBase):
    """A decompressing stream that closes the packed stream behind it."""

    def __init__(self, stream: IO[bytes], packed: IO[bytes]) -> None:
        self._stream, self._packed = stream, packed

    def read(self, size: int = -1) -> bytes:
        """Read at most `size` bytes."""
        return self._stream.read(size)

    def close(self) -> None:
        """Close both streams."""
        self._stream.close()
        self._packed.close()
        super().close()


def unpacked(how: str, open_packed: Open, name: str, size: int, budget: Budget | None) -> Open:
    """Return how to open what a gz, zst, bz2 or xz file of `size` bytes holds; no budget for one that stands alone."""

    def open_() -> BinaryIO:
        packed = open_packed()
        try:
            stream = _UNPACK[how](packed)
        except BaseException:
            packed.close()
            raise
        return limited(cast(IO[bytes], _Owned(stream, packed)), name, size, take)

    def take(given: int) -> bool:
        return budget is None or budget.take(open_, given)

    return open_
