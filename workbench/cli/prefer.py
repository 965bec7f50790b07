"""`workbench prefer`: rows of a better and a worse answer, written by one or two models and judged here.

Owns the arguments and what is printed. Data is first read in a probe; the models work in another process.
"""

from __future__ import annotations

import argparse
from dataclasses import fields
from typing import Any

from workbench.cli.output import Live, print_json
from workbench.core.recipe import BUNDLED
from workbench.core.rewards import listed
from workbench.core.text import one_line
from workbench.guide import preferring
from workbench.guide.preferring import Wish


def configure(parser: argparse.ArgumentParser, command: str) -> None:
    """Declare the arguments of `prefer`."""
    parser.add_argument(
        "--prompts",
        action="append",
        required=True,
        metavar="DATA",
        help="a file, folder, archive or hub id with prompts or questions; may be given several times",
    )
    parser.add_argument(
        "--model",
        action="append",
        dest="models",
        help="who answers: a GGUF file, a run, bundled, or a model folder; given twice, two are compared",
    )
    parser.add_argument(
        "--rewards",
        action="append",
        default=[],
        metavar="REWARDS",
        help="judge by checks of the library, name, name*weight or name(parameter=value)*weight with commas between, "
        "or by a reward model, model(run=RUN)",
    )
    parser.add_argument(
        "--judge",
        default="",
        metavar="MODEL",
        help="judge by a local model that compares answers in both orders; with --constitution, who revises them",
    )
    parser.add_argument("--rubric", default="", metavar="FILE", help="what makes an answer better, for --judge")
    parser.add_argument(
        "--constitution",
        default="",
        metavar="FILE",
        help=f"principles, one per line, or {BUNDLED}: an answer is criticised and revised, the revision is preferred",
    )
    parser.add_argument("--out", required=True, help="the file for the rows, .jsonl; it must not exist")
    defaults = Wish(prompts=())
    for name, kind, text in (
        ("count", int, "prompts, drawn evenly; when left out or 0, all"),
        ("completions", int, "answers of each model to a prompt; when left out, two of one model or one of each"),
        ("margin", float, "least difference of scores between the better and the worse answer"),
        ("temperature", float, f"how freely answers are drawn; {defaults.temperature:g} when left out"),
        ("top_p", float, "draw from the likeliest tokens that together have this probability"),
        ("max_tokens", int, f"longest answer; {defaults.max_tokens} when left out"),
        ("seed", int, "the same seed gives the same rows on a CPU"),
    ):
        parser.add_argument(preferring.option(name), type=kind, default=getattr(defaults, name), dest=name, help=text)
    parser.add_argument("--json", action="store_true", help="print JSON for programs")


def wish_of(arguments: argparse.Namespace) -> Wish:
    """Return what the words ask for."""
    given = {field.name: getattr(arguments, field.name) for field in fields(Wish)}
    models = tuple(arguments.models or (BUNDLED,))
    return Wish(
        **{**given, "prompts": tuple(arguments.prompts), "rewards": listed(arguments.rewards), "models": models}
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the rows and say what to do with them."""
    live = Live(quiet=arguments.json)
    wish = wish_of(arguments)

    def show(line: dict[str, Any]) -> None:
        if told := preferring.progress(line):
            live.update(told)

    try:
        report = preferring.make(wish, show, live)
    except KeyboardInterrupt:
        live.line("Interrupted; the same command goes on where it was.")
        return 130
    if arguments.json:
        print_json(report)
        return 0
    live.line("\n".join(preferring.told(report)))
    print(f"Where they come from: {one_line(report['provenance'])}")
    print(f"Train on them: {one_line(preferring.next_command(report, wish.models))}")
    return 0
