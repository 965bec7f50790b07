"""Packed files: gz, zst, bz2, xz, zip and tar, one in another to a depth of two, as streams that never touch the disk.

Owns the budgets for unpacking and the refusal of members that reach outside. Must not know what a member means: it is
told what to do with each.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, cast

import zstandard

from workbench.data.readers.records import Unreadable

MAX_MEMBERS = 10_000
MAX_ARCHIVE_BYTES = 2**31
"""Most bytes that the members of one archive may unpack to, together."""
MAX_RATIO = 200
FREE_BYTES = 2**24
"""Unpacked bytes below which the ratio says nothing."""
MAX_DEPTH = 2
KEPT_BYTES = 2**26
"""Largest member of a compressed tar, or archive within an archive, that is kept in memory while it is read."""
_WINDOW_BYTES = 2**27
"""Largest window a zstd frame may ask for: what the program itself uses by default, --long included."""

Open = Callable[[], BinaryIO]

ERRORS = (
    zipfile.BadZipFile,
    tarfile.TarError,
    lzma.LZMAError,
    zlib.error,
    zstandard.ZstdError,
    gzip.BadGzipFile,
    EOFError,
    RuntimeError,
    NotImplementedError,
)
"""What the libraries raise for a damaged archive or one they cannot unpack."""


@dataclass(frozen=True)
class Entry:
    """One file inside an archive."""

    name: str
    """Relative, with forward slashes."""
    size: int
    open: Open


class Limited(io.RawIOBase):
    """A stream that ends with Unreadable beyond a budget, and says in one sentence what is damaged."""

    def __init__(self, stream: IO[bytes], name: str, most: int, packed: int) -> None:
        """Read `stream`; `most` bytes may come of it (0: any number), and at most 200 times `packed` (0: unknown)."""
        self._stream, self._name, self._most, self._packed = stream, name, most, packed
        self._given = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Read into a buffer and return the number of bytes."""
        try:
            block = self._stream.read(len(buffer))
        except ERRORS as error:
            raise Unreadable(f"{self._name} is damaged ({type(error).__name__}); get it again.") from None
        self._given += len(block)
        if self._most and self._given > self._most:
            raise Unreadable(f"{self._name} unpacks to more than {self._most // 2**20} MiB; unpack it yourself.")
        if self._packed and self._given > FREE_BYTES and self._given > MAX_RATIO * self._packed:
            raise Unreadable(f"{self._name} unpacks to more than {MAX_RATIO} times its size, as a zip bomb does.")
        buffer[: len(block)] = block
        return len(block)

    def close(self) -> None:
        """Close the stream behind it, too."""
        self._stream.close()
        super().close()


def limited(stream: IO[bytes], name: str, most: int = 0, packed: int = 0) -> BinaryIO:
    """Return a buffered `Limited` stream."""
    return cast(BinaryIO, io.BufferedReader(Limited(stream, name, most, packed), 2**18))


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


def _zst(packed: IO[bytes]) -> IO[bytes]:
    return cast(
        IO[bytes],
        zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES).stream_reader(packed, read_across_frames=True),
    )


_UNPACK: dict[str, Callable[[IO[bytes]], IO[bytes]]] = {
    "gz": lambda packed: cast(IO[bytes], gzip.GzipFile(fileobj=packed)),
    "zst": _zst,
    "bz2": lambda packed: cast(IO[bytes], bz2.BZ2File(packed)),
    "xz": lambda packed: cast(IO[bytes], lzma.LZMAFile(packed)),
}
"""How a single file is packed → its decompressor."""


def unpacked(how: str, open_packed: Open, name: str, size: int) -> Open:
    """Return how to open what a gz, zst, bz2 or xz file of `size` bytes holds."""

    def open_() -> BinaryIO:
        packed = open_packed()
        return limited(cast(IO[bytes], _Owned(_UNPACK[how](packed), packed)), name, 0, size)

    return open_


def why_unsafe(name: str) -> str:
    """Return why a name reaches outside its archive, or ""."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or (path.parts and path.parts[0].endswith(":")):
        return "its name is absolute"
    return "its name reaches outside the archive" if ".." in path.parts else ""


class _PerProcess:
    """Something that holds an open file, made again in a forked process: two processes must not share a position."""

    def __init__(self, make: Callable[[], zipfile.ZipFile]) -> None:
        self._make, self._pid, self._made = make, -1, cast(zipfile.ZipFile, None)

    def get(self) -> zipfile.ZipFile:
        """Return this process's own."""
        if self._pid != os.getpid():
            self._made, self._pid = self._make(), os.getpid()
        return self._made


def in_zip(open_file: Open, name: str, refuse: Callable[[str, str], None]) -> Iterator[Entry]:
    """Yield the files in a zip; what cannot be taken is told to `refuse` with its reason. Raises Unreadable."""
    archive = _PerProcess(lambda: zipfile.ZipFile(open_file()))
    try:
        entries = archive.get().infolist()
    except ERRORS as error:
        raise Unreadable(f"{name} is a damaged zip archive ({type(error).__name__}); get it again.") from None
    total = 0
    for number, entry in enumerate(entries):
        if entry.is_dir():
            continue
        if number >= MAX_MEMBERS:
            refuse(name, f"it holds more than {MAX_MEMBERS} files; the rest was passed over")
            return
        kind = stat.S_IFMT(entry.external_attr >> 16)
        why = why_unsafe(entry.filename)
        if kind not in (0, stat.S_IFREG):
            why = "it is a link or a device"
        elif entry.flag_bits & 1:
            why = "it is encrypted; unpack it with its password"
        elif entry.file_size > FREE_BYTES and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
            why = f"it unpacks to more than {MAX_RATIO} times its size, as a zip bomb does"
        elif total + entry.file_size > MAX_ARCHIVE_BYTES:
            why = f"the archive unpacks to more than {MAX_ARCHIVE_BYTES // 2**30} GiB; unpack it yourself"
        if why:
            refuse(f"{name}/{entry.filename}", why)
            continue
        total += entry.file_size

        def open_(entry: zipfile.ZipInfo = entry) -> BinaryIO:
            inside = f"{name}/{entry.filename}"
            try:
                stream = archive.get().open(entry)
            except ERRORS as error:
                raise Unreadable(f"{inside} cannot be unpacked ({type(error).__name__}); get it again.") from None
            return limited(stream, inside, max(entry.file_size, 1))

        yield Entry(entry.filename.replace("\\", "/"), entry.file_size, open_)


class _Tar:
    """The members of a tar by their positions: a plain file is entered anywhere, a packed one is read onwards."""

    def __init__(self, open_file: Open, name: str) -> None:
        self._open, self._name = open_file, name
        self._pid, self._stream, self._position = -1, cast(BinaryIO, None), 0
        self._kept: tuple[int, bytes] = (-1, b"")

    def _at(self, offset: int) -> BinaryIO:
        """Return the archive's stream at an offset, read onwards where that is the way there."""
        if self._pid != os.getpid() or self._position > offset:
            self._stream, self._pid, self._position = self._open(), os.getpid(), 0
        if self._stream.seekable() and not isinstance(self._stream, io.BufferedReader):
            self._stream.seek(offset)
            self._position = offset
        while self._position < offset and (block := self._stream.read(min(2**20, offset - self._position))):
            self._position += len(block)
        return self._stream

    def open(self, offset: int, size: int, name: str) -> BinaryIO:
        """Return a stream of a member."""
        if size > KEPT_BYTES:
            stream = self._open()
            left = offset
            while left and (block := stream.read(min(2**20, left))):
                left -= len(block)
            return limited(cast(IO[bytes], _Slice(stream, size)), name, size)
        if self._kept[0] != offset:
            block = self._at(offset).read(size)
            self._position += len(block)
            if len(block) < size:
                raise Unreadable(f"{name} is cut off; get the archive again.")
            self._kept = (offset, block)
        return cast(BinaryIO, io.BytesIO(self._kept[1]))


class _Slice(io.RawIOBase):
    """The next bytes of a stream."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream, self._left = stream, size

    def read(self, size: int = -1) -> bytes:
        """Read at most `size` bytes of the slice."""
        block = self._stream.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(block)
        return block

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()
        super().close()


def in_tar(open_file: Open, name: str, refuse: Callable[[str, str], None]) -> Iterator[Entry]:
    """Yield the files in a tar, unpacked already; what cannot be taken is told to `refuse`. Raises Unreadable."""
    members, total, found = _Tar(open_file, name), 0, []
    try:
        with open_file() as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
            for number, info in enumerate(archive):
                if number >= MAX_MEMBERS:
                    refuse(name, f"it holds more than {MAX_MEMBERS} files; the rest was passed over")
                    break
                if info.isdir():
                    continue
                why = why_unsafe(info.name)
                if not info.isreg():
                    why = "it is a link or a device"
                elif info.issparse():
                    why = "it is a sparse file"
                elif total + info.size > MAX_ARCHIVE_BYTES:
                    why = f"the archive unpacks to more than {MAX_ARCHIVE_BYTES // 2**30} GiB; unpack it yourself"
                if why:
                    refuse(f"{name}/{info.name}", why)
                    continue
                total += info.size
                found.append((info.name, info.offset_data, info.size))
    except ERRORS as error:
        if not found:
            raise Unreadable(f"{name} is a damaged tar archive ({type(error).__name__}); get it again.") from None
        refuse(name, "the archive is cut off; what stands before that was read")
    for inside, offset, size in found:

        def open_(offset: int = offset, size: int = size, inside: str = inside) -> BinaryIO:
            return members.open(offset, size, f"{name}/{inside}")

        yield Entry(inside.removeprefix("./"), size, open_)


ENTRIES: dict[str, Callable[[Open, str, Callable[[str, str], None]], Iterator[Entry]]] = {"zip": in_zip, "tar": in_tar}
"""Kind of an archive → its files."""


def kept(open_file: Open, name: str) -> Open:
    """Return how to open an archive within an archive from any place: by keeping it in memory, if it is small enough."""
    with open_file() as stream:
        data = stream.read(KEPT_BYTES + 1)
    if len(data) > KEPT_BYTES:
        raise Unreadable(f"{name} is an archive of more than {KEPT_BYTES // 2**20} MiB in another; unpack it first.")
    return lambda: cast(BinaryIO, io.BytesIO(data))


def plain(path: Path) -> Open:
    """Return how to open a file on disk."""
    return lambda: cast(BinaryIO, path.open("rb"))
