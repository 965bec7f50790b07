"""The bounded header reader on real and on hostile files."""

from __future__ import annotations

import struct
import time
from pathlib import Path

import gguf
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.core.errors import WorkbenchError
from workbench.engine.export.gguf import header


def small(path: Path) -> bytes:
    """Write a small honest GGUF and return its bytes."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_uint32("llama.block_count", 2)
    writer.add_array("tokenizer.ggml.tokens", ["a", "b", "ç"])
    writer.add_array("tokenizer.ggml.scores", [0.0, -1.5])
    writer.add_tensor("token_embd.weight", np.arange(96, dtype=np.float32).reshape(3, 32))
    writer.add_tensor("norm.weight", np.ones(7, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path.read_bytes()


def test_an_honest_file_is_read_as_the_reference_reader_does(tmp_path: Path) -> None:
    path = tmp_path / "a.gguf"
    small(path)
    read, wanted = header.read(path), gguf.GGUFReader(path)
    assert read.architecture == "llama"
    assert read.metadata["tokenizer.ggml.tokens"] == ["a", "b", "ç"]
    assert read.metadata["tokenizer.ggml.scores"] == [0.0, -1.5]
    assert header.read(path, keep=2).metadata["tokenizer.ggml.tokens"] == 3
    for mine, theirs in zip(read.tensors, wanted.tensors, strict=True):
        assert (mine.name, list(mine.shape), mine.type) == (theirs.name, list(theirs.shape), theirs.tensor_type.name)
        assert (read.data_offset + mine.offset, mine.bytes) == (theirs.data_offset, theirs.n_bytes)


def test_the_table_of_blocks_is_that_of_gguf() -> None:
    for number, (name, block, size) in header.BLOCKS.items():
        assert gguf.GGMLQuantizationType(number).name == name
        assert gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType(number)] == (block, size)


def head(tensors: int, pairs: int, version: int = 3) -> bytes:
    """Return the fixed start of a file."""
    return b"GGUF" + struct.pack("<IQQ", version, tensors, pairs)


def pair(kind: int, body: bytes, key: bytes = b"k") -> bytes:
    """Return one metadata entry."""
    return struct.pack("<Q", len(key)) + key + struct.pack("<I", kind) + body


def tensor(dims: list[int], kind: int = 0, offset: int = 0, name: bytes = b"t") -> bytes:
    """Return one tensor info."""
    return struct.pack(f"<Q{len(name)}sI{len(dims)}QIQ", len(name), name, len(dims), *dims, kind, offset)


HOSTILE = {
    "empty": b"",
    "not-gguf": b"PK\x03\x04" * 50,
    "version": head(0, 0, 1),
    "big-endian": b"GGUF" + struct.pack(">IQQ", 3, 0, 0),
    "tensors": head(1 << 60, 0),
    "pairs": head(0, 1 << 63),
    "text": head(0, 1) + pair(8, struct.pack("<Q", 1 << 62)),
    "key": head(0, 1) + struct.pack("<Q", 1 << 40),
    "kind": head(0, 1) + pair(77, b""),
    "array-of-arrays": head(0, 1) + pair(9, struct.pack("<IQ", 9, 1 << 40)),
    "array-length": head(0, 1) + pair(9, struct.pack("<IQ", 10, 1 << 61)),
    "array-of-texts": head(0, 1) + pair(9, struct.pack("<IQ", 8, 1 << 40)),
    "twice": head(0, 2) + pair(0, b"\x01") * 2,
    "alignment": head(0, 1) + pair(4, struct.pack("<I", 0), b"general.alignment"),
    "dimensions": head(1, 0) + tensor([1] * 9),
    "overflow": head(1, 0) + tensor([1 << 32, 1 << 32, 1 << 32]) + bytes(4096),
    "zero": head(1, 0) + tensor([0, 4]) + bytes(4096),
    "type": head(1, 0) + tensor([32], 33) + bytes(4096),
    "rows": head(1, 0) + tensor([33], 8) + bytes(4096),
    "offset": head(1, 0) + tensor([32], 0, 1 << 62) + bytes(4096),
    "unaligned": head(1, 0) + tensor([32], 0, 3) + bytes(4096),
    "cut": head(1, 0) + tensor([1024]) + bytes(512),
    "same-tensor": head(2, 0) + tensor([1]) * 2 + bytes(4096),
    "million-texts": head(0, 1) + pair(9, struct.pack("<IQ", 8, 4_000_000)) + bytes(8 * 4_000_000),
    "many-texts": head(0, 1) + pair(9, struct.pack("<IQ", 8, 1_400_000)) + bytes(8 * 1_400_000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_header_is_one_sentence_and_quick(name: str, tmp_path: Path) -> None:
    path = tmp_path / "evil.gguf"
    path.write_bytes(HOSTILE[name])
    started = time.process_time()
    if name == "many-texts":
        assert header.read(path).metadata == {"k": 1_400_000}
    else:
        with pytest.raises(
            WorkbenchError, match=r"^evil\.gguf cannot be used: the file [^.]+; fetch or export it again\.$"
        ):
            header.read(path)
    # Seconds of the processor, however busy the machine is; one without a bound would take hours.
    assert time.process_time() - started < 20


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_damage_anywhere_never_escapes_as_another_error(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "b.gguf"
    whole = bytearray(small(path))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(whole[: data.draw(st.integers(0, len(whole)))]))
    try:
        header.read(path)
    except WorkbenchError as error:
        sentence = str(error)
    else:
        sentence = "."
    assert sentence.endswith(".")


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="cannot be read: No such file"):
        header.read(tmp_path / "none.gguf")
