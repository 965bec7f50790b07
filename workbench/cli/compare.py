"""`workbench compare`: what differs between runs, their figures and answers, and what the figures bear.

Owns the arguments and the print-out. Must not know how anything is compared.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import shutil
from typing import Any

from workbench.cli.output import paragraph, print_json, table
from workbench.core.errors import UsageError
from workbench.core.text import clean, one_line, wrapped
from workbench.guide import comparing, sides, weighing
from workbench.guide.sides import Side
from workbench.runs import store

ANSWER_CHARACTERS = 300
"""Of an answer on the terminal; --json has all of it."""


def configure(parser: argparse.ArgumentParser, command: str) -> None:
    """Declare the arguments of `compare`."""
    parser.add_argument(
        "run", nargs="*",
        help=f"up to {sides.MOST} runs: names, unique parts of them, or last; fewer than two make a proposed pair",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print JSON for programs")


def described(found: tuple[Side, ...]) -> dict[str, Any]:
    """Return a comparison as the JSON has it; lists are in the order of `runs`."""
    return {
        "runs": [
            {"run": side.run, "name": side.name, "status": side.status, "step": side.step, "steps": side.steps}
            for side in found
        ],
        "verdict": dataclasses.asdict(weighing.verdict(found)),
        "same_held_out_rows": comparing.same_rows(found),
        "same_loss": comparing.same_loss(found),
        "recipe": [dataclasses.asdict(one) for one in comparing.differences(found)],
        "figures": [dataclasses.asdict(one) for one in comparing.figures(found)],
        "held_out_losses": [[[look.step, look.loss] for look in side.looks] for side in found],
        "answers": [dataclasses.asdict(one) for one in comparing.answers(found)],
    }


def printed(found: tuple[Side, ...]) -> str:
    """Return a comparison for people."""
    names = [side.name for side in found]
    width = max(40, min(120, shutil.get_terminal_size((100, 24)).columns))
    parts = ["\n".join(wrapped(clean(weighing.verdict(found).text), width))]
    for section, members in itertools.groupby(comparing.figures(found), key=lambda one: one.section):
        rows = [[one.label, *one.shown, one.note] for one in members]
        parts.append(table([section, *names, ""], rows))
    differing = comparing.differences(found)
    if differing:
        parts.append(table(["recipe", *names], [[one.label, *one.values] for one in differing]))
    elif all(side.resolved for side in found):
        parts.append("The recipes are the same.")
    for one in comparing.answers(found):
        lines = [paragraph("prompt", one_line(one.prompt, ANSWER_CHARACTERS))]
        lines += [
            paragraph(one_line(name, 11), one_line(text, ANSWER_CHARACTERS))
            for name, text in zip(names, one.after, strict=True)
            if text is not None
        ]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def run(arguments: argparse.Namespace) -> int:
    """Print the comparison."""
    references = arguments.run
    if len(references) < 2:
        references = sides.proposed(store.list_runs(), store.find(references[0]).id if references else "")
    if len(references) < 2:
        raise UsageError("A comparison needs two runs; name them, or see which there are with: workbench runs")
    found = sides.sides(references)
    print_json(described(found)) if arguments.json else print(printed(found))
    return 0
