"""Reading the header of a GGUF file without trusting it.

Owns the bounded reader that every file passes before llama.cpp sees it: llama.cpp aborts the whole process on some
malformed headers. Reads nothing but the header; must not import anything beyond the standard library.

Layout (version 2 and 3): magic, version, tensor count, key-value count, key-value pairs, tensor infos, padding to the
alignment, tensor data. https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from workbench.core.errors import WorkbenchError
from workbench.core.text import one_line
from workbench.core.units import count

MAX_PAIRS = 4096
MAX_TENSORS = 65_536
MAX_STRING = 1 << 20
MAX_TEXTS = 1_500_000
"""Texts in all arrays together; the largest vocabularies have 300 000 tokens and 600 000 merges."""
MAX_DIMS = 4
MAX_HEADER = 1 << 28

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9

BLOCKS: dict[int, tuple[str, int, int]] = {
    0: ("F32", 1, 4),
    1: ("F16", 1, 2),
    2: ("Q4_0", 32, 18),
    3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34),
    10: ("Q2_K", 256, 84),
    11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210),
    16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74),
    18: ("IQ3_XXS", 256, 98),
    19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18),
    21: ("IQ3_S", 256, 110),
    22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136),
    24: ("I8", 1, 1),
    25: ("I16", 1, 2),
    26: ("I32", 1, 4),
    27: ("I64", 1, 8),
    28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56),
    30: ("BF16", 1, 2),
    34: ("TQ1_0", 256, 54),
    35: ("TQ2_0", 256, 66),
    39: ("MXFP4", 32, 17),
    40: ("NVFP4", 64, 36),
}
"""ggml type → name, weights per block, bytes per block, of every type that files hold."""


@dataclass(frozen=True)
class TensorInfo:
    """One tensor of the file; `shape` runs from the fastest dimension, as GGUF writes it."""

    name: str
    shape: tuple[int, ...]
    type: str
    offset: int
    bytes: int


@dataclass(frozen=True)
class Header:
    """What a GGUF file says about itself; arrays longer than `keep` are given as their length only."""

    version: int
    metadata: dict[str, Any]
    tensors: tuple[TensorInfo, ...]
    data_offset: int

    @property
    def architecture(self) -> str:
        """The value of general.architecture, or ""."""
        return str(self.metadata.get("general.architecture", ""))


class _Bad(Exception):
    """The header breaks a rule; the text is the end of a sentence."""


class _Reader:
    """Reads primitive values, never past the file's end and never more than the caps allow."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self.file = file
        self.left = min(size, MAX_HEADER)
        self.texts = MAX_TEXTS

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes."""
        if count > self.left:
            raise _Bad("ends in the middle of its header")
        self.left -= count
        data = self.file.read(count)
        if len(data) != count:
            raise _Bad("ends in the middle of its header")
        return data

    def skip(self, count: int) -> None:
        """Pass over the next `count` bytes."""
        if count > self.left:
            raise _Bad("ends in the middle of its header")
        self.left -= count
        self.file.seek(count, 1)

    def number(self, code: str) -> Any:
        """Return one little-endian number of the struct code `code`."""
        return struct.unpack("<" + code, self.take(struct.calcsize("<" + code)))[0]

    def string(self) -> str:
        """Return a length-prefixed UTF-8 string; undecodable bytes are replaced."""
        length = self.number("Q")
        if length > MAX_STRING:
            raise _Bad(f"holds a text of {count(length)} bytes where at most {count(MAX_STRING)} are allowed")
        return self.take(length).decode("utf-8", "replace")

    def value(self, kind: int, keep: int) -> Any:
        """Return one metadata value."""
        if kind in _SCALARS:
            return self.number(_SCALARS[kind])
        if kind == _STRING:
            return self.string()
        if kind != _ARRAY:
            raise _Bad(f"holds a value of the unknown kind {kind}")
        item, count = self.number("I"), self.number("Q")
        if item in _SCALARS:
            width = struct.calcsize("<" + _SCALARS[item])
            if count > keep:
                self.skip(count * width)
                return count
            return list(struct.unpack(f"<{count}{_SCALARS[item]}", self.take(count * width)))
        if item != _STRING:
            raise _Bad("holds an array of something that is neither a number nor a text")
        self.texts -= count
        if count * 8 > self.left or self.texts < 0:
            raise _Bad("promises more texts than a vocabulary can have")
        texts: list[str] = []
        for _ in range(count):
            text = self.string()
            if count <= keep:
                texts.append(text)
        return texts if count <= keep else count


def _tensor(reader: _Reader, alignment: int, size: int) -> TensorInfo:
    """Read one tensor info and check it against the file's size."""
    name = reader.string()
    dims = reader.number("I")
    if not 1 <= dims <= MAX_DIMS:
        raise _Bad(f"has a tensor of {dims} dimensions")
    shape = tuple(reader.number("Q") for _ in range(dims))
    kind, offset = reader.number("I"), reader.number("Q")
    if kind not in BLOCKS:
        raise _Bad(f"has a tensor of the unknown type {kind}")
    label, block, width = BLOCKS[kind]
    weights = 1
    for extent in shape:
        weights *= extent
        if not extent or weights > size * block:
            raise _Bad("has a tensor that is larger than the file")
    if shape[0] % block:
        raise _Bad(f"has a {label} tensor whose rows are no multiple of {block}")
    if offset % alignment:
        raise _Bad("has a tensor that is not aligned")
    return TensorInfo(name, shape, label, offset, weights // block * width)


def _parse(file: BinaryIO, size: int, keep: int) -> Header:
    """Read and check the header of the open file of `size` bytes."""
    reader = _Reader(file, size)
    if reader.take(4) != b"GGUF":
        raise _Bad("is not a GGUF file")
    version = reader.number("I")
    if version not in (2, 3):
        raise _Bad(f"has the GGUF version {version}, where 2 and 3 are known")
    tensors, pairs = reader.number("Q"), reader.number("Q")
    if pairs > MAX_PAIRS or tensors > MAX_TENSORS:
        raise _Bad(f"promises {count(pairs)} values and {count(tensors)} tensors, more than any model has")
    metadata: dict[str, Any] = {}
    for _ in range(pairs):
        key = reader.string()
        if key in metadata:
            raise _Bad("gives the same key twice")
        metadata[key] = reader.value(reader.number("I"), keep)
    alignment = metadata.get("general.alignment", 32)
    if not isinstance(alignment, int) or not 8 <= alignment <= 65_536 or alignment & (alignment - 1):
        raise _Bad("has an alignment that is no power of two")
    infos = tuple(_tensor(reader, alignment, size) for _ in range(tensors))
    if len({info.name for info in infos}) != len(infos):
        raise _Bad("gives the same tensor twice")
    start = -(-file.tell() // alignment) * alignment
    if any(start + info.offset + info.bytes > size for info in infos):
        raise _Bad("is cut off: a tensor lies behind its end")
    return Header(version, metadata, infos, start)


def attention(argument: dict[str, str]) -> dict[str, int]:
    """Return {"layers", "kv_heads", "key", "value"} of the GGUF at argument["path"]: what keys and values of a token
    take. A probe's target.

    Raises WorkbenchError as `read` does, and when the header does not tell. Of heads that differ by layer the most
    count.
    """
    path = Path(argument["path"])
    found = read(path, keep=MAX_PAIRS)

    def told(name: str, otherwise: int | None = None) -> int:
        value = found.metadata.get(f"{found.architecture}.{name}", otherwise)
        value = max(value, default=None) if isinstance(value, list) else value
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 1 << 32:
            raise WorkbenchError(f"The header of {one_line(path.name)} does not tell {name}; fetch or export it again.")
        return value

    heads = told("attention.head_count")
    size = told("embedding_length") // heads
    return {
        "layers": told("block_count"),
        "kv_heads": told("attention.head_count_kv", heads),
        "key": told("attention.key_length", size),
        "value": told("attention.value_length", size),
    }


def read(path: Path, keep: int = 64) -> Header:
    """Return the checked header of the GGUF file at `path`.

    Arrays with more than `keep` items are not kept: their value is their length. Raises WorkbenchError with one
    sentence when the file cannot be read or its header breaks a rule.
    """
    try:
        with path.open("rb") as file:
            return _parse(file, path.stat().st_size, keep)
    except _Bad as bad:
        raise WorkbenchError(
            f"{one_line(path.name)} cannot be used: the file {bad}; fetch or export it again."
        ) from None
    except OSError as error:
        raise WorkbenchError(f"{one_line(str(path))} cannot be read: {error.strerror or error}.") from None


_NO_MODELS = {
    "adapter": "is an adapter alone; name a GGUF of its base, and load it beside that with --adapter",
    "imatrix": "tells how much each weight matters and has none; name the file of a model beside it",
    "mmproj": "turns images into tokens and writes nothing; name the file of a model beside it",
}
"""What a GGUF file says it is → why nobody can talk with it."""


def refuse_what_is_no_model(path: Path, metadata: dict[str, Any]) -> None:
    """Raise WorkbenchError, which says what to name instead, for a file that says it is no model."""
    if why := _NO_MODELS.get(str(metadata.get("general.type", ""))):
        raise WorkbenchError(f"{one_line(path.name)} {why}.")
