"""The door of the command line: a Ctrl-C is quiet, however early it comes."""

from __future__ import annotations

import subprocess
import sys

from tests.support import program_env

WHILE_LOADING = """
import sys
class Interrupted:
    def find_spec(self, name, path=None, target=None):
        if name == "workbench.cli":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupted())
from workbench.__main__ import main
sys.exit(main())
"""


def test_an_interrupt_while_modules_are_loaded_is_quiet() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WHILE_LOADING],
        check=False,
        capture_output=True,
        text=True,
        env=program_env(),
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
