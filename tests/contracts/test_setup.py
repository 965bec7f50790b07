"""The set-up script, run in a copy of the checkout up to the point where it would compile.

Which build it chooses, what it says when something is missing, and that a cut-off installation is made anew. The
compiler it is given does not exist, so nothing is built or installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.contracts.repository import ROOT

NEEDED_TOOLS = (
    "bash",
    "dirname",
    "uname",
    "sed",
    "cat",
    "cksum",
    "tr",
    "grep",
    "touch",
    "mkdir",
    "mktemp",
    "rm",
    "getconf",
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a folder that holds just what the set-up script reads."""
    folder = tmp_path / "checkout"
    (folder / "tools").mkdir(parents=True)
    for name in ("tools/setup.sh", "tools/converter.py", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def program(folder: Path, name: str, body: str) -> None:
    """Write an executable shell script."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    (folder / name).chmod(0o755)


def set_up(checkout: Path, path: str) -> str:
    """Run the set-up script with ``path`` as PATH and without a C++ compiler; return what it says while it fails."""
    environment = {
        "HOME": str(checkout.parent),
        "XDG_CACHE_HOME": str(checkout.parent / "cache"),
        "PATH": path,
        "CXX": "no-such-compiler",
        "CUDA_HOME": str(checkout.parent / "no-cuda"),
        "LC_ALL": "C",
    }
    result = subprocess.run(
        [shutil.which("bash") or "bash", checkout / "tools" / "setup.sh"],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert result.returncode == 1, result.stdout + result.stderr
    assert result.stdout == ""
    assert not (checkout / ".venv" / "setup-done").exists()
    return result.stderr


@pytest.mark.slow
def test_cuda_is_built_only_where_a_card_answers(checkout: Path) -> None:
    """A toolkit alone gets the plain build, a toolkit with a card the CUDA build; what was cut off is made anew."""
    tools = checkout.parent / "tools-of-nvidia"
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    program(tools, "nvcc", "echo Build cuda_13.0")
    program(tools, "nvidia-smi", "echo 'No devices were found'; exit 6")

    said = set_up(checkout, path)
    assert "making .venv" in said
    assert "building llama.cpp, about" in said
    assert "CUDA" not in said
    assert "apt install g++" in said.splitlines()[-1]

    kept = checkout / ".venv" / "kept"
    kept.touch()
    program(tools, "nvidia-smi", "echo 'GPU 0: NVIDIA H200 (UUID: GPU-0)'")
    said = set_up(checkout, path)
    assert kept.exists()
    assert "making .venv" not in said
    assert "building llama.cpp with CUDA" in said

    (checkout / ".venv" / "setup-started").touch()
    assert "making .venv" in set_up(checkout, path)
    assert not kept.exists()


def test_a_missing_python_is_said_in_one_sentence(checkout: Path) -> None:
    """With only an old Python to be had the script names what to install, and leaves nothing behind."""
    tools = checkout.parent / "few-tools"
    tools.mkdir()
    for name in NEEDED_TOOLS:
        (tools / name).symlink_to(shutil.which(name) or name)
    program(tools, "python3", "exit 1")
    said = set_up(checkout, str(tools))
    assert said.startswith("setup: Python 3.11 or newer was not found; ")
    assert len(said.splitlines()) == 1
    assert not (checkout / ".venv").exists()
