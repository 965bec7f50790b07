"""`workbench export`: a run or a base as GGUF files.

Owns the arguments, the choice of real texts for the proof, and what is printed. The work is done in another process.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.cli.output import Live, duration, figure, print_json, size, table
from workbench.core import recipe
from workbench.core.errors import WorkbenchError
from workbench.core.text import one_line
from workbench.guide.sources import inspected
from workbench.runs import bases, errand, probe, store

PROOF_ROWS = 8
"""Rows of the run's own data that the proof uses beside its fixed hard texts."""


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


def _real_rows(base: bases.Base) -> tuple[list[str], list[list[dict[str, str]]]]:
    """Return texts and conversations from the data of the run, for the proof; none for a base without data."""
    if not base.run_id:
        return [], []
    wanted = recipe.load(store.find(base.run_id).recipe_path).recipe
    try:
        found = inspected(wanted.data, wanted.method, target="preflight")
    except WorkbenchError:
        # The data may be gone since; the fixed texts of the proof remain.
        return [], []
    rows = found.get("examples", [])[:PROOF_ROWS]
    texts = [row["text"][:2000] for row in rows if "text" in row]
    chats = [row["messages"] for row in rows if "messages" in row]
    return texts, [[{"role": turn["role"], "content": turn["content"]} for turn in chat] for chat in chats]


def export(
    target: str,
    types: list[str],
    out: Path | None = None,
    name: str = "",
    merge_base: str = "",
    on_line: Callable[[dict[str, Any]], None] | None = None,
) -> dict[str, Any]:
    """Export a target and return the report; raises WorkbenchError with the reason when the proof fails."""
    base = bases.resolve(target)
    probe.run_probe("workbench.runs.bases:inspect", {"path": str(base.model_dir)}, seconds=60)
    run = store.find(base.run_id) if base.run_id else None
    texts, chats = _real_rows(base)
    request = {
        "base": str(base.model_dir),
        "out": str((out or (run.artifacts_dir if run else Path.cwd())).expanduser().resolve()),
        "name": name or (run.id if run else base.model_dir.name),
        "types": types,
        "adapter": str(base.adapter_dir) if base.adapter_dir else None,
        "merge_base": merge_base or ("dequantised" if base.adapter_tuning == "qlora" else "original"),
        "dtype": base.adapter_dtype,
        "texts": texts,
        "chats": chats,
    }
    result = errand.run("workbench.engine.export", request, on_line, who="The export")
    report = result["result"]
    assert isinstance(report, dict)
    return report


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
            "–" if line["top1"] is None else f"{100 * line['top1']:.1f} %",
        ]
        for line in report["files"]
    ]
    return "\n".join(
        [
            f"proved in {duration(report['seconds'])}: {proof['tokenizer_mismatches']} tokenizer mismatches, "
            f"logits within {proof['max_abs_logit_diff']:.1e}, same token {100 * proof['top1']:.1f} %, "
            f"stops {json.dumps(proof['stops'])}, chat renders {json.dumps(proof['chat_render'])}",
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
