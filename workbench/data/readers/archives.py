"""Archives: the files in a zip or a tar, in another one too to a depth of two, as streams that never touch the disk.

Owns the refusal of members that reach outside, and the order in which a packed archive is read. Must not know what a
member means: it is told what to do with each.
"""

from __future__ import annotations

import contextlib
import io
import os
import stat
import struct
import weakref
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, Any, BinaryIO, cast

from workbench.data.readers import tar_headers
from workbench.data.readers.records import Unreadable, shown
from workbench.data.readers.unpacking import (
    BLOCK_BYTES,
    BOMB,
    FAULTS,
    FREE_BYTES,
    MAX_ARCHIVE_BYTES,
    MAX_MEMBERS,
    MAX_RATIO,
    TOO_MUCH,
    Budget,
    Open,
    limited,
    unreadable,
)

MAX_DEPTH = 2
KEPT_BYTES = 2**26
"""Largest member of a tar, or archive within an archive, that is kept in memory while it is read."""
MAX_DIRECTORY_BYTES = 2**25
"""Largest table of contents of a zip; one of 10,000 files has some 1 MiB."""

Refuse = Callable[[str, str], None]
"""Called with the name of a member that is not taken and the reason."""

TOO_MANY = f"it holds more than {MAX_MEMBERS} files; the rest was passed over"


@dataclass(frozen=True)
class Entry:
    """One file inside an archive."""

    name: str
    """Relative, with forward slashes."""
    size: int
    open: Open


class Slot:
    """The last one of something that was made, for what is read again at once and is too large to keep all of."""

    def __init__(self) -> None:
        self._key: object = None
        self._value: Any = None

    def get(self, key: object, make: Callable[[], Any]) -> Any:
        """Return what was made for a key; a forked process makes its own, because a file has one position."""
        full = (os.getpid(), key)
        if self._key != full:
            self.drop()
            self._value = make()
            self._key = full
        return self._value

    def drop(self) -> None:
        """Forget what was made, and close it where it is open."""
        if isinstance(self._value, _Tar):
            self._value.close()
        self._key = self._value = None


_ZIPS, _TARS, _MEMBERS, _NESTED = Slot(), Slot(), Slot(), Slot()


def why_unsafe(name: str) -> str:
    """Return why a name reaches outside its archive, or ""."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or (path.parts and path.parts[0].endswith(":")):
        return "its name is absolute"
    return "its name reaches outside the archive" if ".." in path.parts else ""


def _directory_bytes(stream: BinaryIO) -> int:
    """Return the size of a zip's table of contents as its end record says; 0 where there is none."""
    end = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, end - 2**16 - 22 - 56 - 20))
    tail = stream.read()
    short = tail.rfind(b"PK\x05\x06")
    if short >= 20 and tail[short - 20 : short - 16] == b"PK\x06\x07":
        long = tail.rfind(b"PK\x06\x06", 0, short - 20)
        return int(struct.unpack_from("<Q", tail, long + 40)[0]) if 0 <= long <= len(tail) - 48 else 0
    return int(struct.unpack_from("<L", tail, short + 12)[0]) if 0 <= short <= len(tail) - 16 else 0


def _zip(open_file: Open, name: str) -> zipfile.ZipFile:
    """Return an opened zip; raises Unreadable."""

    def make() -> zipfile.ZipFile:
        stream = open_file()
        try:
            if _directory_bytes(stream) > MAX_DIRECTORY_BYTES:
                raise Unreadable(f"{name} lists far more than {MAX_MEMBERS} files; unpack it yourself.")
            archive = zipfile.ZipFile(stream)
            # A zip does not close a stream it was given, and members that are being read need it longer than this.
            weakref.finalize(archive, stream.close)
            return archive
        except FAULTS as error:
            stream.close()
            raise unreadable(name, error) from None
        except BaseException:
            stream.close()
            raise

    return cast(zipfile.ZipFile, _ZIPS.get(open_file, make))


def names_in_zip(open_file: Open, name: str) -> list[str]:
    """Return the names in a zip; raises Unreadable."""
    return _zip(open_file, name).namelist()


def in_zip(open_file: Open, name: str, budget: Budget, refuse: Refuse) -> Iterator[Entry]:
    """Yield the files in a zip; what cannot be taken is told to `refuse` with its reason. Raises Unreadable."""
    for number, info in enumerate(_zip(open_file, name).infolist()):
        if info.filename.endswith("/"):
            continue
        inside = f"{name}/{shown(info.filename)}"
        kind = stat.S_IFMT(info.external_attr >> 16)
        why = why_unsafe(info.filename) if info.filename else "it has no name"
        if kind not in (0, stat.S_IFREG):
            why = "it is a link or a device"
        elif info.flag_bits & 1:
            why = "it needs a password; unpack it yourself"
        elif info.file_size > FREE_BYTES and info.file_size > MAX_RATIO * max(info.compress_size, 1):
            why = BOMB
        elif not why and budget.members <= 0:
            refuse(name, TOO_MANY)
            return
        elif not why and not budget.take((open_file, number), info.file_size):
            why = TOO_MUCH
        if why:
            refuse(inside, why)
            continue
        budget.members -= 1

        def open_(info: zipfile.ZipInfo = info, inside: str = inside) -> BinaryIO:
            archive = _zip(open_file, name)
            try:
                return limited(archive.open(info), inside)
            except FAULTS as error:
                raise unreadable(inside, error) from None

        yield Entry(info.filename.replace("\\", "/"), info.file_size, open_)


class _Tar:
    """A tar's unpacked bytes, read onwards where that is the way to a position."""

    def __init__(self, open_file: Open) -> None:
        self._open = open_file
        self._stream, self._at = open_file(), 0

    def read(self, offset: int, size: int) -> bytes:
        """Return the bytes at a position; fewer at the end."""
        if self._stream.seekable():
            self._at = self._stream.seek(offset)
        elif self._at > offset:
            self._stream.close()
            self._stream, self._at = self._open(), 0
        while self._at < offset and (block := self._stream.read(min(BLOCK_BYTES, offset - self._at))):
            self._at += len(block)
        block = self._stream.read(size)
        self._at += len(block)
        return block

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()

    def __del__(self) -> None:
        """Close the stream of a tar that was not read to its end when it is forgotten."""
        with contextlib.suppress(AttributeError):  # it could not be opened
            self.close()


class _Part(io.RawIOBase):
    """Some of the bytes of a tar, as a stream of their own."""

    def __init__(self, tar: _Tar, offset: int, size: int) -> None:
        self._tar, self._at, self._end = tar, offset, offset + size

    def read(self, size: int = -1) -> bytes:
        """Read at most `size` bytes."""
        left = self._end - self._at
        block = self._tar.read(self._at, left if size < 0 else min(size, left))
        if left and size and not block:
            raise EOFError
        self._at += len(block)
        return block

    def close(self) -> None:
        """Close the tar."""
        self._tar.close()
        super().close()


def _tar_member(open_file: Open, header: tar_headers.Header, name: str, is_last: bool) -> BinaryIO:
    """Return a stream of a member of a tar; a short one is kept, so that it can be opened again at no cost.

    The tar stays open for the members behind it.
    """
    if header.size > KEPT_BYTES:
        return limited(cast(IO[bytes], _Part(_Tar(open_file), header.offset, header.size)), name)

    def read() -> bytes:
        data = b""
        try:
            data = cast(_Tar, _TARS.get(open_file, lambda: _Tar(open_file))).read(header.offset, header.size)
        finally:
            if is_last or len(data) < header.size:
                _TARS.drop()
        return data

    data: bytes = _MEMBERS.get((open_file, header.offset), read)
    if len(data) < header.size:
        raise Unreadable(f"{name} is cut off; get the archive again.")
    return cast(BinaryIO, io.BytesIO(data))


def in_tar(open_file: Open, name: str, budget: Budget, refuse: Refuse) -> Iterator[Entry]:
    """Yield the files in a tar, unpacked already; what cannot be taken is told to `refuse`. Raises Unreadable."""
    found: list[tar_headers.Header] = []
    try:
        with open_file() as stream:
            for header in tar_headers.headers(stream):
                inside = f"{name}/{shown(header.name)}"
                why = why_unsafe(header.name) or ("" if header.kind in ("file", "folder") else f"it is {header.kind}")
                if header.offset > MAX_ARCHIVE_BYTES:
                    refuse(inside, TOO_MUCH)
                    break
                if why:
                    refuse(inside, why)
                elif header.kind == "file":
                    if budget.members <= 0:
                        refuse(name, TOO_MANY)
                        break
                    if budget.take((open_file, header.offset), header.size):
                        budget.members -= 1
                        found.append(header)
                    else:
                        refuse(inside, TOO_MUCH)
    except (tar_headers.Damaged, Unreadable) as error:
        why = str(error) if isinstance(error, Unreadable) else f"{error}; get the archive again"
        if not found:
            raise (error if isinstance(error, Unreadable) else Unreadable(f"{name} is a damaged tar: {why}.")) from None
        refuse(name, f"what follows {shown(found[-1].name)} was passed over: {why.rstrip('.')}")
    for header in found:

        def open_(header: tar_headers.Header = header) -> BinaryIO:
            return _tar_member(open_file, header, f"{name}/{shown(header.name)}", header is found[-1])

        yield Entry(header.name.removeprefix("./"), header.size, open_)


ENTRIES: dict[str, Callable[[Open, str, Budget, Refuse], Iterator[Entry]]] = {"zip": in_zip, "tar": in_tar}
"""Kind of an archive → its files."""


def kept(open_file: Open, name: str) -> Open:
    """Return how to open an archive within an archive from any place: in memory, where the last one read is kept."""

    def read() -> bytes:
        with open_file() as stream:
            data = stream.read(KEPT_BYTES + 1)
        if len(data) > KEPT_BYTES:
            raise Unreadable(
                f"{name} is an archive of more than {KEPT_BYTES // 2**20} MiB in another; unpack it first."
            )
        return data

    return lambda: cast(BinaryIO, io.BytesIO(_NESTED.get(open_file, read)))
