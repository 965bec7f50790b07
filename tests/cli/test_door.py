"""The door of the command line: a Ctrl-C is quiet, however early it comes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import ROOT, program_env

WHILE_LOADING = """
import sys
class Interrupted:
    def find_spec(self, name, path=None, target=None):
        if name == "workbench.cli":
            {interrupt}
sys.meta_path.insert(0, Interrupted())
from workbench.__main__ import main
sys.exit(main())
"""


@pytest.mark.parametrize("interrupt", ["raise KeyboardInterrupt", "exec('raise KeyboardInterrupt')"])
def test_an_interrupt_while_modules_are_loaded_is_quiet(interrupt: str, tmp_path: Path) -> None:
    """Also one that comes while a dataclass is made, which is text that is evaluated."""
    (tmp_path / "door.py").write_text(WHILE_LOADING.format(interrupt=interrupt), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "door"],
        check=False,
        capture_output=True,
        text=True,
        env={**program_env(), "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])},
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
