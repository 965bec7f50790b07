"""The README's own commands, typed in as they stand, and its claims about commands."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.support import few_steps
from workbench.cli import COMMANDS, main

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


CODE = "\n".join(re.findall(r"^```.*?^```", README, re.MULTILINE | re.DOTALL) + re.findall(r"`[^`\n]+`", README))
"""Everything in the README that is code and not a sentence."""


def shell_lines() -> list[str]:
    """Return every line of the README's sh blocks, except the two make commands, one of which runs this test."""
    blocks = re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip() and not line.startswith("make ")]


@pytest.mark.slow
def test_the_commands_of_the_readme_run_as_they_stand(tmp_path: Path) -> None:
    """The trainings are shorter than a reader's by a preset of their own; the demo's are not."""
    few_steps(2)
    for path in ROOT.iterdir():  # what the commands write is not to lie in the checkout
        (tmp_path / path.name).symlink_to(path)
    lines = shell_lines()
    assert sum("workbench " in line for line in lines) >= 8, "the README shows the road"
    script = "set -eu\n" + "\n".join(f"printf '%s\\n' {line!r} >&2\n{line}" for line in lines)
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Traceback" not in done.stderr
    assert "-Q4_K_M.gguf" in done.stdout + done.stderr


def test_the_readme_and_the_help_begin_with_the_same_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    opening = " ".join(README.split("\n\n")[1].split())
    assert opening[: opening.index(". ") + 1] in capsys.readouterr().out.splitlines()


def test_every_command_the_readme_names_exists() -> None:
    named = set(re.findall(r"(?:^|`| {2})workbench ([a-z]+)", CODE, re.MULTILINE))
    assert {"train", "chat", "export", "runs"} <= named <= set(COMMANDS)


def test_the_make_targets_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"(?:^|`)make ([a-z]+)", CODE, re.MULTILINE)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
