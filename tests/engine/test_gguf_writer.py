"""The stream of blocks into a GGUF: the same bytes however they are cut, few of them in memory, and a clean end."""

from __future__ import annotations

import threading
from pathlib import Path

import gguf
import numpy as np
import pytest
from numpy.typing import NDArray

from workbench.core.errors import WorkbenchError
from workbench.engine.export.gguf import writer
from workbench.engine.export.gguf.architectures import Plan, Planned, u32

ROWS, COLUMNS, BLOCK = 640, 256, 64
FORMATS = writer.Formats(15, {"a.weight": "Q4_K", "b.weight": "Q8_0"})


class Numbers:
    """Random weights that count how often they are read."""

    def __init__(self) -> None:
        self.values = np.random.default_rng(0).normal(size=(ROWS, COLUMNS)).astype(np.float32)
        self.read = 0

    def rows(self, start: int, stop: int) -> NDArray[np.float32]:
        self.read += 1
        return self.values[start:stop]


def plan_of(numbers: Numbers) -> Plan:
    """Return a file of two matrices and a vector, all from the same numbers."""
    matrices = [Planned(name, (ROWS, COLUMNS), numbers.rows) for name in ("a.weight", "b.weight")]
    vector = Planned("c.weight", (COLUMNS,), lambda start, stop: numbers.values[0, start:stop])
    return Plan("llama", (u32(".block_count", 1),), (*matrices, vector), 0, BLOCK)


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "BLOCK_BYTES", 4 * COLUMNS * BLOCK)


def test_the_bytes_do_not_depend_on_how_they_are_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan, told = plan_of(Numbers()), list[tuple[int, int, str]]()
    whole = writer.write(tmp_path / "whole.gguf", plan, (), "model", lambda *_: None, FORMATS)
    monkeypatch.setattr(writer, "BLOCK_BYTES", 4 * COLUMNS * BLOCK)
    monkeypatch.setattr(writer, "AT_MOST", 3)
    cut = writer.write(tmp_path / "cut.gguf", plan, (), "model", lambda *line: told.append(line), FORMATS)
    assert cut == whole
    assert (tmp_path / "cut.gguf").read_bytes() == (tmp_path / "whole.gguf").read_bytes()
    assert told == [(1, 3, "a.weight"), (2, 3, "b.weight"), (3, 3, "c.weight")]
    numbers = Numbers().values
    assert cut.largest == np.abs(numbers).max()
    for tensor in gguf.GGUFReader(tmp_path / "cut.gguf").tensors:
        kept = gguf.dequantize(tensor.data, tensor.tensor_type)
        want = numbers[0] if tensor.name == "c.weight" else numbers
        assert np.abs(kept - want).max() < {"a.weight": 0.5, "b.weight": 0.05, "c.weight": 1e-9}[tensor.name]


@pytest.mark.usefixtures("small_blocks")
def test_only_a_few_blocks_are_read_ahead(tmp_path: Path) -> None:
    numbers = Numbers()
    seen: list[int] = []

    def told(done: int, total: int, name: str) -> None:
        seen.append(numbers.read)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        writer.write(tmp_path / "o.gguf", plan_of(numbers), (), "model", told, FORMATS)
    ahead = min(writer.cores() + writer.AHEAD, writer.AT_MOST)
    assert ROWS // BLOCK <= seen[0] < ROWS // BLOCK + ahead
    assert numbers.read == seen[0], "what was interrupted reads no more"
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("pack")]


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_a_weight_that_is_not_finite_ends_it(bad: float, tmp_path: Path) -> None:
    numbers = Numbers()
    numbers.values[-1, -1] = bad
    with pytest.raises(WorkbenchError, match=r"a\.weight is not finite"):
        writer.write(tmp_path / "o.gguf", plan_of(numbers), (), "model", lambda *_: None, FORMATS)
