"""`workbench prepare`: curated rows as files, and the plan that gives the same rows again.

Owns the command and where its result goes. Must not read data itself: an errand does.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from workbench.cli.output import Live, count, print_json, table
from workbench.core import paths, recipe
from workbench.core.errors import UsageError
from workbench.core.fields import closest
from workbench.core.text import one_line
from workbench.guide.sources import assignments, inspected, local
from workbench.runs import atomic, errand

FIELDS = (
    "data_weights", "duplicates", "min_characters", "max_characters", "languages", "quality", "secrets",
    "decontaminate", "eval_split", "seed", "replay_share", "replay_data",
)  # fmt: skip
"""Fields of a recipe that say how rows are curated, and which general text is read with the articles of cpt."""
_FILES = (
    "train.jsonl", "held_out.jsonl", "replay.jsonl", "general.jsonl", "quarantine.jsonl", "plan.json", "report.json",
    atomic.MANIFEST,
)  # fmt: skip
"""What lies in a prepared folder."""


def configure(parser: argparse.ArgumentParser, command: str) -> None:
    """Declare the arguments of `prepare`."""
    parser.add_argument("path", nargs="+", help="files, folders, archives, a hub id, or the plan of earlier rows")
    parser.add_argument("--out", required=True, type=Path, help="the folder to make; it must not exist")
    parser.add_argument(
        "--method", default="", help="prepare rows for this method instead of the one the data suggests"
    )
    parser.add_argument("--format", default="", help="read the rows in this format instead of the one detected")
    parser.add_argument(
        "--column", action="append", default=[], metavar="ROLE=NAME", help="take this column for a role"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="FIELD=VALUE", help=f"how to curate: {', '.join(FIELDS)}"
    )
    parser.add_argument("--json", action="store_true", help="print JSON for programs")


def _curation(pairs: list[str]) -> dict[str, Any]:
    """Return the fields that were set; raises UsageError for one that has nothing to do with rows."""
    values = assignments(pairs, "--set", "FIELD=VALUE", "duplicates=near")
    for name in values:
        if name not in FIELDS:
            raise UsageError(f"{one_line(name, 40)} does not change the rows; {closest(name, FIELDS)}.")
    return recipe.checked(values)


def _told(report: dict[str, Any], out: Path) -> str:
    """Return a report in words."""
    lines = [
        f"{count(report['counts']['rows'])} rows found, {count(report['train'])} to learn from, "
        f"{count(report['held_out'])} held out."
    ]
    if "replay" in report:
        lines.append(
            f"{count(report['replay'])} general rows to read with them, {count(report['general'])} kept aside."
        )
    steps = [[step["step"], count(step["rows"]), one_line(step["what"])] for step in report["curation"]]
    steps += [["quarantined", count(item["count"]), item["reason"]] for item in report["quarantined"]]
    steps += [["repaired", count(number), repair] for repair, number in report["repairs"].items()]
    if steps:
        lines += ["", table(["step", "rows", "what"], steps)]
    lines += ["", f"Rows and plan: {out}"]
    if report["method"] in recipe.METHODS:
        lines.append(f"Train on them:  workbench train --base BASE --data {out / 'plan.json'}")
    return "\n".join(lines)


def run(arguments: argparse.Namespace) -> int:
    """Prepare the rows and print what was done."""
    live = Live(quiet=arguments.json)
    out = Path(os.path.abspath(paths.expanded(str(arguments.out))))
    if out.exists():
        raise UsageError(f"{one_line(str(out))} is there already; name a folder that does not exist.")
    atomic.sweep_staged(out.parent, _FILES)
    values = _curation(arguments.set)
    if values.keys() & {"replay_share", "replay_data"}:
        if arguments.method != "cpt":
            raise UsageError("General text is mixed into the articles of cpt; add --method cpt, or leave replay out.")
        values["method"] = arguments.method
    columns = assignments(arguments.column, "--column", "ROLE=NAME", "prompt=question")
    given = local(arguments.path, live)
    # A limited child reads everything first: what could harm or never end does so there.
    inspected(given, arguments.method, arguments.format, columns, target="preflight")
    if values.get("replay_data") and values["replay_data"] != recipe.SELF_REPLAY:
        values["replay_data"] = local(values["replay_data"], live)
        inspected(values["replay_data"], "cpt", target="preflight")
    with atomic.staging(out) as folder:
        request = {
            "paths": list(given),
            "method": arguments.method,
            "format": arguments.format,
            "columns": columns,
            "recipe": {
                **{name: list(value) if isinstance(value, tuple) else value for name, value in values.items()},
                "data": list(given),
            },
            "out": str(folder),
        }
        answer = errand.run(
            "workbench.data.prepare",
            request,
            lambda line: live.update(f"{line['what']}, {count(line['rows'])}") if "what" in line else None,
            who="Preparing",
        )
    report = answer["result"]
    live.clear()
    print_json({"out": str(out), "plan": str(out / "plan.json"), **report}) if arguments.json else print(
        _told(report, out)
    )
    return 0
