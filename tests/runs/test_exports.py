"""What is kept of exported files: it stays with the file it was measured of, and damage costs figures and no more."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from workbench.core.errors import NoSpaceError, UsageError, WorkbenchError
from workbench.runs import exports

PROOF = {"texts": 4, "tokenizer_mismatches": 0}


def made(folder: Path, kind: str, **changes: Any) -> dict[str, Any]:
    """Return a line of a report about a file, which is written."""
    path = folder / f"tuned-{kind}.gguf"
    path.write_bytes(b"GGUF" + kind.encode())
    line = {"type": kind, "path": str(path), "bytes": path.stat().st_size, "kl": 0.01, "top1": 0.97, "speed": 81.5}
    return {**line, **changes}


def test_what_was_measured_stays_with_the_file_it_was_measured_of(tmp_path: Path) -> None:
    exports.keep(tmp_path, [made(tmp_path, "Q8_0")], PROOF)
    exports.keep(tmp_path, [made(tmp_path, "Q4_K_M", kl=0.02)], PROOF)
    found = exports.kept(tmp_path, "tuned")
    assert {kind: one.kl for kind, one in found.items()} == {"Q8_0": 0.01, "Q4_K_M": 0.02}
    (tmp_path / "tuned-Q8_0.gguf").write_bytes(b"another")
    (tmp_path / "tuned-Q4_K_M.gguf").unlink()
    found = exports.kept(tmp_path, "tuned")
    assert list(found) == ["Q8_0"]
    assert (found["Q8_0"].kl, found["Q8_0"].proof) == (None, {})
    exports.keep(tmp_path, [made(tmp_path, "Q6_K")], PROOF)
    assert list(exports.kept(tmp_path, "tuned")) == ["Q8_0", "Q6_K"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"files": 3}', '{"files": {"tuned-Q8_0.gguf": {"bytes": "x"}}}'])
def test_a_damaged_report_costs_figures_and_nothing_else(tmp_path: Path, text: str) -> None:
    line = made(tmp_path, "Q8_0")
    (tmp_path / exports.KEPT).write_text(text)
    assert exports.kept(tmp_path, "tuned")["Q8_0"].kl is None
    exports.keep(tmp_path, [line], PROOF)
    assert exports.kept(tmp_path, "tuned")["Q8_0"].kl == 0.01


@pytest.mark.parametrize("path", [3, "", "/no/such/\0file", "../elsewhere.gguf"])
def test_a_place_of_another_hand_names_no_file(tmp_path: Path, path: Any) -> None:
    assert not exports.place(tmp_path, "../tuned-Q8_0.gguf", {"path": path}).is_file()


def test_a_report_vouches_for_the_bytes_that_were_proved_and_no_others(tmp_path: Path) -> None:
    line = made(tmp_path, "Q8_0")
    path = Path(line["path"])
    line |= {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "modified": path.stat().st_mtime_ns}
    exports.keep(tmp_path, [line], PROOF)
    os.utime(path, (1, 1))
    assert exports.kept(tmp_path, "tuned")["Q8_0"].kl == 0.01, "a copy with another time is the same file"
    path.write_bytes(path.read_bytes()[::-1])
    assert path.stat().st_size == line["bytes"]
    assert exports.kept(tmp_path, "tuned")["Q8_0"].kl is None


def test_nothing_in_the_folder_of_a_person_is_written_over(tmp_path: Path) -> None:
    exports.refuse_taken(tmp_path / "none yet", ["a.gguf"])
    (tmp_path / "a.gguf").symlink_to("nowhere")
    with pytest.raises(UsageError, match=r"a\.gguf exists already; choose another folder with --out"):
        exports.refuse_taken(tmp_path, ["b.gguf", "a.gguf"])
    exports.refuse_taken(tmp_path, ["b.gguf"])
    (tmp_path / exports.KEPT).write_text(json.dumps({"files": {}}))
    exports.refuse_taken(tmp_path, ["b.gguf"])
    (tmp_path / exports.KEPT).write_text("[1]")
    with pytest.raises(UsageError, match="no report of exported files"):
        exports.refuse_taken(tmp_path, ["b.gguf"])


def test_a_place_is_looked_at_before_anything_is_made(tmp_path: Path) -> None:
    exports.require_place(tmp_path / "new" / "er", 1)
    with pytest.raises(NoSpaceError, match="bytes are needed there"):
        exports.require_place(tmp_path / "new", 1 << 60)
    with pytest.raises(UsageError, match="/proc cannot be written to"):
        exports.require_place(Path("/proc/x"), 0)
    assert list(tmp_path.iterdir()) == []


def test_the_handiest_file_is_the_smallest_that_loses_little() -> None:
    sizes = {"F32": 400, "Q8_0": 110, "Q4_K_M": 60, "IQ4_XS": 55, "IQ1_S": 20}
    assert exports.handiest(sizes) == "Q4_K_M"
    assert exports.handiest({kind: sizes[kind] for kind in ("IQ1_S", "IQ4_XS")}) == "IQ4_XS"
    assert exports.handiest({kind: sizes[kind] for kind in ("IQ1_S", "F32")}) == "F32"


def test_a_file_with_other_bytes_is_not_handed_over(tmp_path: Path) -> None:
    line = made(tmp_path, "Q8_0")
    path = Path(line["path"])
    line["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    exports.keep(tmp_path, [line], PROOF)
    one = exports.kept(tmp_path, "tuned")["Q8_0"]
    exports.require_proved(one)
    copy = tmp_path / "copy.gguf"
    copy.write_bytes(path.read_bytes())
    assert exports.is_copy(path, one)
    assert exports.is_copy(copy, one)
    changed = path.read_bytes()[::-1]
    for file in (path, copy):
        file.write_bytes(changed)
        os.utime(file, (1, 1))
    assert not exports.is_copy(copy, one)
    assert not exports.is_copy(tmp_path / "none.gguf", one)
    with pytest.raises(WorkbenchError, match="not the file that was proved"):
        exports.require_proved(one)
