"""`workbench quantize`: a run or a base as a model folder in fewer bits, or how that is done elsewhere.

Owns the arguments and what is printed.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from workbench.cli.output import Live, print_json
from workbench.core.quantized import ELSEWHERE, KINDS
from workbench.core.text import one_line
from workbench.guide import quantizing

_STEPS = {"ask": "asking the trained model", "write": "writing", "prove": "comparing"}


def configure(parser: argparse.ArgumentParser, command: str) -> None:
    """Declare the arguments of `quantize`."""
    parser.add_argument("target", help="a run, bundled, or a model folder")
    parser.add_argument(
        "--to",
        choices=(*KINDS, *ELSEWHERE),
        default="nf4",
        help="the form of the weights; gptq and awq are made elsewhere, with commands that are printed",
    )
    parser.add_argument("--out", type=Path, help="the new folder; among what was exported when left out")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")


def run(arguments: argparse.Namespace) -> int:
    """Write the folder and print what was measured of it."""
    if arguments.to in ELSEWHERE:
        said = quantizing.elsewhere(arguments.target, arguments.to, arguments.out)
        print_json({"kind": arguments.to, "why": said[0], "commands": said[2:]}) if arguments.json else print(
            "\n".join(one_line(line, 4096) if line else "" for line in said)
        )
        return 0
    live = Live(quiet=arguments.json)
    shown = ""

    def show(line: dict[str, Any]) -> None:
        nonlocal shown
        if "step" in line and (live.rewrites or line["step"] != shown):
            shown = line["step"]
            live.update(f"{_STEPS.get(shown, '')}  {line['done']}/{line['total']}")

    report = quantizing.quantize(arguments.target, arguments.to, arguments.out, show)
    if arguments.json:
        print_json(report)
        return 0
    path = one_line(report["path"], 4096)
    live.line("\n".join([*quantizing.described(report), path, f"Talk with it: workbench chat {path}"]))
    return 0
