"""`workbench inspect`: what some data is, what can be learnt from it and what is wrong with it.

Owns how a survey is told. Must not read data itself: a limited child does, and an engine errand encodes its rows.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from workbench.cli import marks
from workbench.cli.output import LABEL, Live, count, paragraph, print_json
from workbench.core.errors import UsageError
from workbench.core.recipe import METHODS
from workbench.core.text import one_line
from workbench.core.units import percent, several
from workbench.guide.previewing import preview
from workbench.guide.sources import assignments, inspected, local
from workbench.guide.surveying import turns_of

BARS = " ▁▂▃▄▅▆▇█"
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


def _bars(histogram: Mapping[str, Any]) -> str:
    """Return a histogram as one line of blocks; every bar with a row in it is seen."""
    rows = histogram["rows"]
    most = max(rows, default=0)
    return "".join(BARS[0 if not number else max(1, round(8 * number / most))] for number in rows)


def _mended(problem: Mapping[str, Any]) -> str:
    """Return a problem with the settings that mend it."""
    values = ((name, ",".join(value) if isinstance(value, list) else value) for name, value in problem["fix"].items())
    fix = " ".join(f"--set {name}={value}" for name, value in values)
    return f"{problem['text']} Mend it with {fix}." if fix else str(problem["text"])


def _lengths(found: Mapping[str, Any]) -> list[str]:
    """Return the lines about lengths."""
    if not found.get("sampled"):
        return []
    rows = several(found["sampled"], "row")
    if found["min"] == found["max"]:
        each = " each" if found["sampled"] > 1 else ""
        return [paragraph("lengths", f"{found['unit']}, of {rows}: {count(found['max'])}{each}")]
    words = f"{found['unit']}, of {rows}: half up to {count(found['p50'])}, "
    words += f"95 % up to {count(found['p95'])}, 99 % up to {count(found['p99'])}, longest {count(found['max'])}"
    histogram = found["histogram"]
    return [
        paragraph("lengths", words),
        f"{'':<{LABEL}}{count(found['min'])} {_bars(histogram)} {count(found['max'])}",
    ]


def _row(label: str, row: Mapping[str, Any]) -> list[str]:
    """Return the lines that show a canonical row."""
    lines = [label]
    for who, said in turns_of(row):
        lines.append(paragraph(f"  {who}"[: LABEL - 1], one_line(said, ROW_CHARACTERS)))
    return lines


def told(found: Mapping[str, Any]) -> str:
    """Return a survey in words."""
    lines = [paragraph("data", found["path"])]
    bad = sum(item["count"] for item in found["quarantined"])
    files = found["file_count"]
    rows = f"{count(found['rows'])} found, {count(found['usable'])} usable" + (
        f", {count(bad)} quarantined" if bad else ""
    )
    lines.append(paragraph("rows", rows + (f", in {files} files" if files > 1 else "")))
    if aside := [item for item in found["files"] if item["split"] == "held_out"]:
        named = ", ".join(one_line(item["path"].rsplit("/", 1)[-1], 40) for item in aside[:4])
        more = f" and {len(aside) - 4} more" if len(aside) > 4 else ""
        kept = count(sum(item["rows"] for item in aside))
        lines.append(paragraph("held out", f"{named}{more}, by name: {kept} of the rows, to measure and not to learn"))
    columns = ", ".join(f"{name} as {role}" if name != role else role for role, name in found["columns"].items())
    format = found["format"] or "unknown"
    lines.append(paragraph("format", f"{format}" + (f" ({columns})" if columns else "")))
    if unused := found["unused_columns"]:
        named = ", ".join(one_line(name, 32) for name in unused[:8])
        lines.append(paragraph("", f"not used: {named}{f' and {len(unused) - 8} more' if len(unused) > 8 else ''}"))
    if found["method"]:
        lines.append(paragraph("method", f"{found['method']}: {' '.join(found['reasons'])}"))
    elif found["reasons"]:
        lines.append(paragraph("method", f"none: {' '.join(found['reasons'])}"))
    lines += [paragraph("", f"or {other['method']}: {other['why']}") for other in found["alternatives"]]
    if found["method"] and found["method"] not in METHODS:
        lines.append(paragraph("", f"This version trains {', '.join(METHODS)}; {found['method']} is to come."))
    if found["method"] and found["confidence"] < 0.98:
        lines.append(
            paragraph("", f"The detection is {100 * found['confidence']:.0f} % sure of it; look at the rows below.")
        )
    lines += _lengths(found["lengths"])
    for number, problem in enumerate(found["problems"]):
        fix = " ".join(f"--set {name}={value}" for name, value in problem["fix"].items())
        lines.append(
            paragraph("problems" if not number else "", problem["text"] + (f" Mend it with {fix}." if fix else ""))
        )
    for number, item in enumerate(found["quarantined"][:8]):
        place = item["examples"][0] if item["examples"] else {}
        where = f", first at {place['source']}:{place['line']}" if place else ""
        lines.append(paragraph("quarantine" if not number else "", f"{count(item['count'])} × {item['reason']}{where}"))
    for number, item in enumerate(found["ignored"][:8]):
        lines.append(paragraph("ignored" if not number else "", f"{item['source']}: {item['reason']}"))
    if len(found["ignored"]) > 8:
        lines.append(paragraph("", f"and {len(found['ignored']) - 8} more"))
    for number, row in enumerate(found["examples"]):
        lines += ["", *_row(f"row {number + 1}", row)]
    return "\n".join(lines)


def _template(told: Mapping[str, Any]) -> str:
    """Return what is known of the chat template's tokens, "" when there is nothing to say."""
    if not told["tokens"]:
        return ""
    names = ", ".join(token["text"] for token in told["tokens"])
    if not told["checked"]:
        return f"{names}: {told['why']}" if told["why"] else ""
    return f"{names}: {'not learnt by this base: ' + ', '.join(told['unlearnt']) if told['unlearnt'] else 'learnt'}"


def told_preview(base: str, seen: Mapping[str, Any]) -> str:
    """Return how a base reads the rows in words, the tokens of each row with their marks."""
    coloured = marks.colours()
    lines = ["", paragraph("base", base)]
    lengths = seen["lengths"]
    if lengths.get("sampled"):
        covered = ", ".join(
            f"{percent(item['share'], 1)} in {count(item['max_length'])}" for item in lengths["covered"]
        )
        lines.append(paragraph("covered", covered))
        lines.append(paragraph("max length", f"{lengths['why']} Set it with --set max_length={lengths['max_length']}."))
    if template := _template(seen["template"]):
        lines.append(paragraph("template", template))
    for number, problem in enumerate(seen["problems"]):
        lines.append(paragraph("problems" if not number else "", _mended(problem)))
    for number, row in enumerate(seen["rows"], 1):
        if row["error"]:
            lines += ["", paragraph(f"row {number}", f"gives nothing to learn: {row['error']}")]
            continue
        kept = min(row["length"], seen["max_length"]) if row["cut"] else row["length"]
        share = f"{count(row['trained'])} of {count(kept)} tokens learnt ({percent(row['trained_share'])})"
        checks = "".join(f". {check.rstrip('.')}" for check in row["checks"])
        lines += ["", paragraph(f"row {number}", share + checks), marks.shown(row["tokens"], coloured)]
    present = {token["mark"] for row in seen["rows"] for token in row["tokens"]}
    if legend := marks.legend(present, coloured):
        lines += ["", legend]
    return "\n".join(lines)


def run(arguments: argparse.Namespace) -> int:
    """Inspect and print; exit 1 when no row is usable."""
    if arguments.max_length < 0 or (arguments.max_length and not arguments.base):
        raise UsageError(
            "--max-length must be at least 1." if arguments.max_length < 0 else
            "--max-length counts the tokens of a base; name one with --base."
        )  # fmt: skip
    live = Live(quiet=arguments.json)
    given = local(arguments.path, live)
    columns = assignments(arguments.column, "--column", "ROLE=NAME", "prompt=question")
    show = live.update if live.rewrites else lambda text: None
    show("reading")
    found = inspected(given, arguments.method, arguments.format, columns)
    if arguments.base and found["usable"]:
        show("encoding")
        request = {
            "base": arguments.base,
            "paths": list(given),
            "format": arguments.format,
            "columns": columns,
            "tuning": arguments.tuning,
            "max_length": arguments.max_length,
        }
        found["preview"] = preview(found, request)
        found["lengths"] = found["preview"]["lengths"]
    live.clear()
    if arguments.json:
        print_json(found)
    else:
        print(told(found))
        if "preview" in found:
            print(told_preview(arguments.base, found["preview"]))
    return int(not found["usable"])
