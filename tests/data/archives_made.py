"""Archives made by the standard library for the tests of their readers, and what is found in them.

Must not hold expectations of its own.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from workbench.data import readers
from workbench.data.readers import Record
from workbench.data.readers.member import Member

LINES = b'{"a": 1}\n{"a": 2}\n'
ROWS = [{"a": 1}, {"a": 2}]


def zst(content: bytes) -> bytes:
    out = pa.BufferOutputStream()
    with pa.CompressedOutputStream(out, "zstd") as stream:
        stream.write(content)
    return bytes(out.getvalue().to_pybytes())


def zipped(files: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def tarred(files: dict[str, bytes], mode: str = "w", format: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode, format=format) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "x.jsonl.gz": gzip.compress,
    "x.jsonl.zst": zst,
    "x.jsonl.bz2": bz2.compress,
    "x.jsonl.xz": lzma.compress,
    "x.zip": lambda content: zipped({"in/x.jsonl": content}),
    "stored.zip": lambda content: zipped({"x.jsonl": content}, zipfile.ZIP_STORED),
    "lzma.zip": lambda content: zipped({"x.jsonl": content}, zipfile.ZIP_LZMA),
    "x.tar": lambda content: tarred({"in/x.jsonl": content}),
    "old.tar": lambda content: tarred({"x.jsonl": content}, format=tarfile.GNU_FORMAT),
    "x.tar.gz": lambda content: tarred({"x.jsonl": content}, "w:gz"),
    "x.tgz": lambda content: tarred({"x.jsonl": content}, "w:gz"),
    "x.tar.bz2": lambda content: tarred({"x.jsonl": content}, "w:bz2"),
    "x.tar.xz": lambda content: tarred({"x.jsonl": content}, "w:xz"),
    "x.tar.zst": lambda content: zst(tarred({"x.jsonl": content})),
    "no_suffix": gzip.compress,
    "wrong.jsonl": gzip.compress,
    "gz_in.zip": lambda content: zipped({"x.jsonl.gz": gzip.compress(content)}),
    "zip_in.zip": lambda content: zipped({"inner.zip": zipped({"x.jsonl": content})}),
    "gz_in.tar.gz": lambda content: tarred({"x.jsonl.gz": gzip.compress(content)}, "w:gz"),
    "tgz_in.zip": lambda content: zipped({"inner.tgz": tarred({"x.jsonl": content}, "w:gz")}),
    "two_frames.jsonl.gz": lambda content: gzip.compress(content[:5]) + gzip.compress(content[5:]),
    "two_frames.jsonl.zst": lambda content: zst(content[:5]) + zst(content[5:]),
}


def made(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def names(path: Path) -> list[str]:
    return [member.name.removeprefix(f"{path}/") for member in readers.listing(path).members]


def values(member: Member) -> list[dict[str, object]]:
    return [record.value for record in readers.read(member) if isinstance(record, Record)]


def ignored(path: Path) -> dict[str, str]:
    return {item["source"].removeprefix(f"{path}/"): item["reason"] for item in readers.listing(path).ignored}


def everything(path: Path) -> list[dict[str, object]]:
    return [value for member in readers.listing(path).members for value in values(member)]
