"""`workbench export`: a run or a base as GGUF files.

Owns the arguments and what is printed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.cli.output import Live, duration, figure, print_json, size, table
from workbench.core import best
from workbench.core.text import one_line
from workbench.core.units import percent
from workbench.guide.exporting import export


def configure(parser: argparse.ArgumentParser, command: str) -> None:
    """Declare the arguments of `export`."""
    parser.add_argument("target", help="a run, bundled, or a model folder")
    parser.add_argument("--type", default="Q8_0", help="GGUF types, separated by commas; for example F16,Q8_0,Q4_K_M")
    parser.add_argument("--out", type=Path, help="the folder for the files; the run's artifacts when left out")
    parser.add_argument("--name", help="the beginning of the file names")
    parser.add_argument(
        "--merge-base",
        choices=("dequantised", "original"),
        help="which weights a qlora adapter is merged into; dequantised is what was trained",
    )
    parser.add_argument("--json", action="store_true", help="print JSON for programs")


def progress(live: Live) -> Callable[[dict[str, Any]], None]:
    """Return a function that shows the lines of an export."""

    shown = ""

    def show(line: dict[str, Any]) -> None:
        nonlocal shown
        if "step" not in line:
            return
        if line["step"] == "room":
            live.line(f"room: {size(line['done'])} needed, {size(line['total'])} free")
        elif live.rewrites or line["step"] != shown:
            shown = line["step"]
            live.update(f"{line['step']}  {line['done']}/{line['total']}  {one_line(str(line['detail']), 60)}")

    return show


def describe(report: dict[str, Any]) -> str:
    """Return the report in words: the proof, then a line per file."""
    proof = report["parity"]
    rows = [
        [
            line["type"],
            size(line["bytes"]),
            figure(line["bits_per_weight"]),
            figure(line["kl"], 4),
            "–" if line["top1"] is None else percent(line["top1"], 1),
        ]
        for line in report["files"]
    ]
    return "\n".join(
        [
            f"proved in {duration(report['seconds'])}: {proof['tokenizer_mismatches']} tokenizer mismatches, "
            f"logits within {proof['max_abs_logit_diff']:.1e}, same token {percent(proof['top1'], 1)}, "
            f"stops {json.dumps(proof['stops'])}, chat renders {json.dumps(proof['chat_render'])}",
            *([f"exported: {state.words()}"] if (state := best.of_report(report)) is not None else []),
            table(["type", "size", "bits", "KL", "same token"], rows),
            *(line["path"] for line in report["files"]),
        ]
    )


def run(arguments: argparse.Namespace) -> int:
    """Export and print the report."""
    live = Live(quiet=arguments.json)
    types = [part for part in arguments.type.split(",") if part.strip()]
    report = export(
        arguments.target, types, arguments.out, arguments.name or "", arguments.merge_base or "", progress(live)
    )
    if arguments.json:
        print_json(report)
        return 0
    live.line(describe(report))
    print(f"Talk with it: workbench chat {report['files'][-1]['path']}")
    return 0
