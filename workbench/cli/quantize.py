"""`workbench quantize`: a run or a base as a model folder in fewer bits, or how that is done elsewhere.

Owns the arguments. The quantisation is a run, started and followed as an export is.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from workbench.cli import export
from workbench.cli.output import print_json
from workbench.core.quantized import ELSEWHERE, KINDS
from workbench.core.recipe import MERGE_BASES
from workbench.core.text import one_line
from workbench.guide import quantizing


def configure(parser: argparse.ArgumentParser, command: str) -> None:
    """Declare the arguments of `quantize`."""
    parser.add_argument("target", help="a run, bundled, or a model folder")
    parser.add_argument(
        "--to",
        choices=(*KINDS, *ELSEWHERE),
        default="nf4",
        help="the form of the weights; gptq and awq are made elsewhere, with commands that are printed",
    )
    parser.add_argument("--out", type=Path, help="the new folder; among the artifacts of the run when left out")
    parser.add_argument(
        "--merge-base",
        choices=MERGE_BASES,
        default="auto",
        help="which weights an adapter is merged into; auto takes those that it was trained over",
    )
    parser.add_argument("--plan", action="store_true", help="say how much disk it takes; no more")
    parser.add_argument("--detach", action="store_true", help="return at once; the run goes on by itself")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")


def run(arguments: argparse.Namespace) -> int:
    """Start the run that writes the folder and follow it, or print how the folder is made elsewhere."""
    if arguments.to in ELSEWHERE:
        said = quantizing.elsewhere(arguments.target, arguments.to, arguments.out)
        print_json({"kind": arguments.to, "why": said[0], "commands": said[2:]}) if arguments.json else print(
            "\n".join(one_line(line, 4096) if line else "" for line in said)
        )
        return 0
    asked = quantizing.wanted(arguments.target, arguments.to, arguments.out, arguments.merge_base)
    return export.begin(asked, arguments)
