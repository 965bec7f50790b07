"""The converter: what set-up takes out of a source release, and what is said where it is not there."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.contracts.repository import ROOT
from workbench.core.errors import WorkbenchError
from workbench.runs import checkup, converter

TABLE = 'TEXT_MODEL_MAP: dict[str, str] = {"NewForCausalLM": "new"}\n'
FILES = {
    "LICENSE": "MIT",
    "convert_hf_to_gguf.py": "",
    "convert_lora_to_gguf.py": "",
    "conversion/__init__.py": TABLE,
    "conversion/base.py": "",
    "gguf-py/gguf/__init__.py": "",
}


def release(path: Path, files: dict[str, str]) -> str:
    """Write a source release with these files of llama.cpp, and others; return its SHA-256."""
    inside = {f"llama_cpp_python-1/vendor/llama.cpp/{name}": text for name, text in files.items()}
    others = {"llama_cpp_python-1/setup.py": "raise SystemExit(3)", "../outside.py": "", "src/conversion/evil.py": ""}
    with tarfile.open(path, "w:gz") as archive:
        for name, text in (inside | others).items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return hashlib.sha256(path.read_bytes()).hexdigest()


def unpack(path: Path, sha256: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the tool as set-up does."""
    command = [sys.executable, ROOT / "tools" / "converter.py", path, sha256, folder]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_wanted_files_and_no_others_are_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, folder = tmp_path / "release.tar.gz", tmp_path / "share" / "converter"
    said = unpack(path, release(path, FILES), folder)
    assert (said.returncode, said.stderr) == (0, "")
    assert {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()} == set(FILES)
    assert sorted(each.name for each in folder.parent.iterdir()) == ["converter"]
    monkeypatch.setenv(converter.PLACE, str(folder))
    assert converter.is_there()
    assert converter.classes() == {"NewForCausalLM"}


@pytest.mark.parametrize(("files", "sha256"), [(FILES, "0" * 64), ({"LICENSE": "MIT"}, "")], ids=["hash", "empty"])
def test_another_release_leaves_nothing(files: dict[str, str], sha256: str, tmp_path: Path) -> None:
    path, folder = tmp_path / "release.tar.gz", tmp_path / "share" / "converter"
    right = release(path, files)
    said = unpack(path, sha256 or right, folder)
    assert said.returncode == 1
    assert said.stderr.startswith("setup: release.tar.gz ")
    assert list(folder.parent.iterdir() if folder.parent.exists() else ()) == []


def test_where_it_is_missing_that_is_said_with_what_mends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(converter.PLACE, str(tmp_path / "none"))
    assert not converter.is_there()
    with pytest.raises(WorkbenchError, match="run make setup in the checkout"):
        converter.find()
    (problem,) = checkup._converter_problems()
    assert problem.mend == "make setup"
    assert not problem.blocks
