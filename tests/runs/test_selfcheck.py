"""The self-check on libraries that refuse, die and hang: each answers for itself, and nothing stays behind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support import ROOT, wait_until
from workbench.runs import selfcheck


@pytest.fixture
def libraries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder whose modules are found before the installed ones."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(tmp_path), str(ROOT))))
    return tmp_path


def broken(libraries: Path, name: str, text: str) -> None:
    """Put a library there that does this when it is loaded."""
    (libraries / name).with_suffix(".py").write_text(text, encoding="utf-8")


def test_a_library_that_kills_its_process_does_not_keep_the_others_from_answering(libraries: Path) -> None:
    broken(libraries, "llama_cpp", "import os, signal\nos.kill(os.getpid(), signal.SIGILL)\n")
    broken(libraries, "bitsandbytes", "raise ImportError('libcudart.so.13: \x1b[2J cannot open shared object file')\n")
    found = selfcheck.ask(("llama", "four_bit"))
    assert "SIGILL" in found["llama"]["error"]
    assert "ImportError: libcudart.so.13" in found["four_bit"]["error"]
    assert "\x1b" not in found["four_bit"]["error"]


def test_a_library_that_exits_is_an_error_and_says_its_last_words(libraries: Path) -> None:
    broken(libraries, "llama_cpp", "import os\nos.write(2, b'no such instruction\\n')\nos._exit(3)\n")
    error = selfcheck.ask(("llama",))["llama"]["error"]
    assert "exit code 3" in error
    assert "no such instruction" in error


def test_a_library_that_hangs_is_ended_in_time(libraries: Path) -> None:
    mark = libraries / "pid"
    broken(
        libraries,
        "llama_cpp",
        f"import os, pathlib, signal\npathlib.Path({str(mark)!r}).write_text(str(os.getpid()))\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nsignal.pause()\n",
    )
    found = selfcheck.ask(("llama",), seconds=8)
    assert found["llama"]["error"] == "no answer within 4 s"
    pid = int(mark.read_text())
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), 5, "the child is gone")


def test_what_a_library_prints_is_no_answer(libraries: Path) -> None:
    broken(
        libraries,
        "llama_cpp",
        'print(\'{"check": "llama", "found": {"version": "lie"}}\')\n__version__ = \'9\'\n'
        "def llama_supports_gpu_offload():\n    return True\n",
    )
    assert selfcheck.ask(("llama",)) == {"llama": {"version": "9", "gpu": True}}


@pytest.mark.slow
def test_this_installation_passes() -> None:
    found = selfcheck.ask()
    assert tuple(found) == selfcheck.CHECKS
    assert not [name for name, facts in found.items() if "error" in facts]
    assert found["product"]["right"]
    assert found["data"] == {"rows": 256, "of": 256, "language": "en"}
    assert 0.07 < found["four_bit"]["deviation"] < 0.11
    assert found["torch"]["device"] == found["training"]["device"]


def test_a_missing_part_of_the_readers_is_found_by_reading(libraries: Path) -> None:
    broken(libraries, "py3langid", "raise ModuleNotFoundError('No module named py3langid')\n")
    assert "No module named py3langid" in selfcheck.ask(("data",))["data"]["error"]
