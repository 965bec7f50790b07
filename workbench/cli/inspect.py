"""`workbench inspect`: what some data is, what can be learnt from it and what is wrong with it.

Owns how a survey is told. Must not read data itself: a limited child does, and an engine errand encodes rows for a base.
"""

from __future__ import annotations

import argparse
import shutil
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from workbench.cli.data import assignments, inspected, local
from workbench.cli.output import Live, count, print_json
from workbench.core.text import clean, one_line
from workbench.runs import bases, errand, probe

BARS = " ▁▂▃▄▅▆▇█"
LABEL = 13
"""Width of the column of labels."""
ROW_CHARACTERS = 240


def configure(parser: argparse.ArgumentParser, command: str) -> None:
    """Declare the arguments of `inspect`."""
    parser.add_argument("path", nargs="+", help="a file, a folder, an archive, or a dataset of the hub (owner/name)")
    parser.add_argument(
        "--base", help="show how this base reads the rows: every token with its mark, and lengths in tokens"
    )
    parser.add_argument("--method", default="", help="ask for this method instead of the one the data suggests")
    parser.add_argument("--format", default="", help="read the rows in this format instead of the one detected")
    parser.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="ROLE=NAME",
        help="take this column for a role, e.g. prompt=frage",
    )
    parser.add_argument(
        "--tuning", choices=("full", "lora", "qlora"), default="lora", help="tuning the check of a base is for"
    )
    parser.add_argument("--max-length", type=int, default=0, metavar="TOKENS", help="show what this length would cut")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")


def _wrapped(label: str, text: str) -> str:
    """Return a labelled paragraph, wrapped to the terminal."""
    width = max(40, min(120, shutil.get_terminal_size((100, 24)).columns))
    body = textwrap.wrap(clean(text), width - LABEL, break_long_words=True) or [""]
    return "\n".join(f"{label if not number else '':<{LABEL}}{line}" for number, line in enumerate(body)).rstrip()


def _bars(histogram: Mapping[str, Any]) -> str:
    """Return a histogram as one line of blocks; every bar with a row is seen."""
    rows = histogram["rows"]
    most = max(rows, default=0)
    return "".join(BARS[0 if not number else max(1, round(8 * number / most))] for number in rows)


def _lengths(found: Mapping[str, Any]) -> list[str]:
    """Return the lines about lengths."""
    if not found.get("sampled"):
        return []
    words = (
        f"{found['unit']}, of {count(found['sampled'])} rows: half up to {count(found['p50'])}, "
        f"95 % up to {count(found['p95'])}, 99 % up to {count(found['p99'])}, longest {count(found['max'])}"
    )
    histogram = found["histogram"]
    last = count(histogram["width"] * len(histogram["rows"]))
    return [_wrapped("lengths", words), f"{'':<{LABEL}}0 {_bars(histogram)} {last}"]


def _turns(row: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Yield (who, text) for the parts of a canonical row."""
    for name, value in row.items():
        if name == "tools":
            continue
        turns = value if isinstance(value, list) else [{"role": name, "content": str(value)}]
        for turn in turns:
            said = turn.get("content") or "; ".join(
                str(call.get("function", call)) for call in turn.get("tool_calls") or []
            )
            yield (name if name not in ("messages", "prompt", turn["role"]) else turn["role"]), str(said)


def _row(label: str, row: Mapping[str, Any]) -> list[str]:
    """Return the lines that show a canonical row."""
    lines = [label]
    for who, said in _turns(row):
        lines.append(_wrapped(f"  {who}"[: LABEL - 1], one_line(said, ROW_CHARACTERS)))
    return lines


def told(found: Mapping[str, Any]) -> str:
    """Return a survey in words."""
    lines = [_wrapped("data", found["path"])]
    bad = sum(item["count"] for item in found["quarantined"])
    files = len(found["files"])
    rows = f"{count(found['rows'])} found, {count(found['usable'])} usable" + (
        f", {count(bad)} quarantined" if bad else ""
    )
    lines.append(_wrapped("rows", rows + (f", in {files} files" if files > 1 else "")))
    columns = ", ".join(f"{name} as {role}" if name != role else role for role, name in found["columns"].items())
    format = found["format"] or "unknown"
    lines.append(_wrapped("format", f"{format}" + (f" ({columns})" if columns else "")))
    if found["method"]:
        lines.append(_wrapped("method", f"{found['method']}: {' '.join(found['reasons'])}"))
    elif found["reasons"]:
        lines.append(_wrapped("method", f"none: {' '.join(found['reasons'])}"))
    lines += [_wrapped("", f"or {other['method']}: {other['why']}") for other in found["alternatives"]]
    if found["method"] and found["confidence"] < 0.98:
        lines.append(
            _wrapped("", f"{100 * found['confidence']:.0f} % of the rows looked at fit; check the rows below.")
        )
    lines += _lengths(found["lengths"])
    for number, problem in enumerate(found["problems"]):
        fix = " ".join(f"--set {name}={value}" for name, value in problem["fix"].items())
        lines.append(
            _wrapped("problems" if not number else "", problem["text"] + (f" Mend it with {fix}." if fix else ""))
        )
    for number, item in enumerate(found["quarantined"][:8]):
        place = item["examples"][0] if item["examples"] else {}
        where = f", first at {place['source']}:{place['line']}" if place else ""
        lines.append(_wrapped("quarantine" if not number else "", f"{count(item['count'])} × {item['reason']}{where}"))
    for number, item in enumerate(found["ignored"][:8]):
        lines.append(_wrapped("ignored" if not number else "", f"{item['source']}: {item['reason']}"))
    if len(found["ignored"]) > 8:
        lines.append(_wrapped("", f"and {len(found['ignored']) - 8} more"))
    for number, row in enumerate(found["examples"]):
        lines += ["", *_row(f"row {number + 1}", row)]
    return "\n".join(lines)


def preview(
    found: Mapping[str, Any], base: str, tuning: str, max_length: int, given: tuple[str, ...]
) -> dict[str, Any]:
    """Return how a base reads the rows of a survey: tokens with marks, lengths in tokens, what is wrong with them."""
    resolved = bases.resolve(base)
    probe.run_probe("workbench.runs.bases:inspect", {"path": str(resolved.model_dir)}, seconds=60)
    request = {
        "base_dir": str(resolved.model_dir),
        "rows": found["examples"],
        "paths": list(given),
        "method": found["method"],
        "tuning": tuning,
        "max_length": max_length,
    }
    return errand.run("workbench.engine.preview", request, who="The preview")


def run(arguments: argparse.Namespace) -> int:
    """Inspect and print; exit 1 when no row is usable."""
    live = Live(quiet=arguments.json)
    given = local(arguments.path, live)
    columns = assignments(arguments.column, "--column", "prompt=question")
    show = live.update if live.rewrites else lambda text: None
    show("reading")
    found = inspected(given, arguments.method, arguments.format, columns)
    if arguments.base:
        show("encoding")
        found["preview"] = preview(found, arguments.base, arguments.tuning, arguments.max_length, given)
        found["lengths"] = found["preview"]["lengths"]
    live.clear()
    print_json(found) if arguments.json else print(told(found))
    return int(not found["usable"])
