"""`workbench rewards`: what answers can be rewarded by, and what rewards give before a run learns from them.

Owns the arguments and the print-out. An engine errand scores; what its figures mean is the guide's to say.
"""

from __future__ import annotations

import argparse
import dataclasses
from typing import Any

from workbench.cli.output import LABEL, Live, count, paragraph, print_json, table
from workbench.core import units
from workbench.core.errors import UsageError
from workbench.core.recipe import TUNINGS
from workbench.core.rewards import listed
from workbench.core.text import one_line
from workbench.guide import rewarding
from workbench.guide.rewarding import Wish
from workbench.guide.sources import assignments

_SHOWN_PROMPTS = 2
_TEXT = 240
_GOOD = {"good": "good", "notice": "note", "warning": "mind", "bad": "wrong"}


def configure(parser: argparse.ArgumentParser, command: str) -> None:
    """Declare the arguments of `rewards`."""
    default = Wish(data=())
    parser.add_argument(
        "--data", action="append", default=[], metavar="DATA", help="rows to try them on: a file, a folder or a hub id"
    )
    parser.add_argument(
        "--rewards", action="append", default=[], metavar="REWARDS",
        help="name, name*weight or name(parameter=value)*weight, with commas between; what suits the rows if none",
    )  # fmt: skip
    parser.add_argument("--base", default="", help="whose answers are sampled: bundled, a model folder or a run")
    parser.add_argument(
        "--tuning", choices=TUNINGS, default="", help="with qlora the base is held in 4 bits, as its run would"
    )
    parser.add_argument("--chat-template", default="", metavar="NAME", help="for a base without one, as in a recipe")
    parser.add_argument("--format", default="", help="read the rows in this format instead of the one detected")
    parser.add_argument(
        "--column", action="append", default=[], metavar="ROLE=NAME", help="take this column for a role"
    )
    for name, text in (
        ("prompts", "prompts that the base answers"),
        ("answers", "answers to each of them"),
        ("longest", "tokens an answer may have"),
        ("thinking-budget", "tokens an answer may think for before it speaks"),
        ("max-length", "tokens that prompt and answer may have together"),
        ("temperature", "how freely answers are drawn"),
        ("top-p", "share of the probability that answers are drawn from"),
        ("seed", "the same seed gives the same answers on a CPU"),
    ):
        usual = getattr(default, name.replace("-", "_"))
        parser.add_argument(f"--{name}", type=type(usual), default=usual, help=f"{text} ({usual:g})")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")


def _wish(arguments: argparse.Namespace) -> Wish:
    """Return what the words ask for."""
    fields = {field.name for field in dataclasses.fields(Wish)} - {"data", "rewards", "columns"}
    return Wish(
        data=tuple(arguments.data),
        rewards=listed(arguments.rewards),
        columns=assignments(arguments.column, "--column", "ROLE=NAME", "prompt=question"),
        **{name: getattr(arguments, name) for name in fields},
    )


def _library(as_json: bool) -> int:
    """Print every check there is."""
    if as_json:
        print_json({"checks": [dataclasses.asdict(check) for check in rewarding.library()]})
        return 0
    for check in rewarding.library():
        needs = f" It needs {asked} in each row." if (asked := rewarding.asks(check)) else ""
        print(paragraph(check.name, f"{check.help} {check.why}{needs}"))
        for parameter in check.parameters:
            print(paragraph("", f"  {rewarding.takes(parameter)}"))
    print("\nTry some: workbench rewards --data FILE --rewards 'number, length(max=200)*0.2' --base BASE")
    return 0


def _answers(body: dict[str, Any]) -> list[str]:
    """Return the lines that show sampled answers, the best and the worst of some groups."""
    lines = []
    for group in body["groups"][:_SHOWN_PROMPTS]:
        lines += ["", paragraph("prompt", one_line(group["prompt"], _TEXT))]
        if group["reference"]:
            lines.append(paragraph("  its answer", one_line(group["reference"], _TEXT)))
        known = sorted(
            group["answers"], key=lambda one: one["total"] if one["total"] is not None else float("-inf"), reverse=True
        )
        for one in {id(one): one for one in (known[0], known[-1])}.values():
            lines.append(paragraph(f"  {units.margin(one['total'])}", one_line(one["text"], _TEXT) or "nothing"))
    return lines


def printed(body: dict[str, Any]) -> str:
    """Return a trial for people."""
    lines = []
    if body["chosen"]:
        lines.append(paragraph("chosen", f"{body['rewards'][0]}: {body['chosen']}"))
    seen = f"{count(body['references'])} right answers of the {count(body['rows'])} rows looked at"
    if body["groups"]:
        sampled = f"{count(len(body['groups']))} prompts with {count(body['answers'])} answers each"
        seen = f"{one_line(body['base'])} answered {sampled}, {count(body['length'])} tokens on average; {seen}"
    lines += [paragraph("tried", seen), ""]
    columns = list(rewarding.HEAD)
    rows = [list(row) for row in rewarding.cells(body)]
    if not body["groups"]:
        for name in ("samples", "spread", "groups that differ"):
            place = columns.index(name)
            for row in (columns, *rows):
                del row[place]
    lines += [table(columns, rows), ""]
    trivial = [[what, text, earned] for what, text, earned in rewarding.trivial_cells(body)]
    lines += [table(["trivial answer", "", "earns"], trivial), ""]
    for finding in body["findings"]:
        fix = f"; {finding['fix']}" if finding["fix"] else ""
        lines.append(
            paragraph(_GOOD[finding["level"]][:LABEL], f"{finding['text'][:1].upper()}{finding['text'][1:]}{fix}.")
        )
    return "\n".join([*lines, *_answers(body)])


def run(arguments: argparse.Namespace) -> int:
    """Try the rewards, or list what there is."""
    wish = _wish(arguments)
    if not wish.data:
        if wish.base or wish.rewards:
            raise UsageError("Rewards are tried on rows; give --data FILE.")
        return _library(arguments.json)
    live = Live(quiet=arguments.json)
    body = rewarding.tried(wish, lambda said: live.update(f"rewards  {said}"), live)
    live.clear()
    if arguments.json:
        print_json(body)
    else:
        print(printed(body))
    return 0
