"""`workbench synthesize`: questions and answers that a local model writes about articles, for review.

Owns the arguments and what is printed. Articles are first read in a probe; the model works in another process.
"""

from __future__ import annotations

import argparse
import os.path
from pathlib import Path
from typing import Any

from workbench.cli.output import Live, count, duration, print_json
from workbench.core.errors import UsageError
from workbench.core.paths import expanded
from workbench.core.recipe import BUNDLED
from workbench.core.text import one_line
from workbench.guide.sources import inspected, local
from workbench.guide.talking import checked
from workbench.runs import errand

MOST_SEED = 2**31 - 1

ASKED = {
    "instructed": "the model was told what to write",
    "shown": "the model was shown examples",
    "continued": "the model went on with the text",
}
"""Way of asking → what it is, for people."""


def configure(parser: argparse.ArgumentParser, command: str) -> None:
    """Declare the arguments of `synthesize`."""
    parser.add_argument(
        "--from",
        action="append",
        required=True,
        dest="articles",
        metavar="ARTICLES",
        help="a file, folder, archive or hub id of articles; may be given several times",
    )
    parser.add_argument("--model", default=BUNDLED, help="who writes: a GGUF file, a run, bundled, or a model folder")
    parser.add_argument("--out", required=True, type=Path, help="the file for review, .jsonl; it must not exist")
    parser.add_argument(
        "--count", type=int, default=0, help="pairs wanted; when left out or 0, a question per sentence"
    )
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same questions on a CPU")
    parser.add_argument("--accept", action="store_true", help="accept every pair without review")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")


def _request(arguments: argparse.Namespace, live: Live) -> dict[str, Any]:
    """Return the engine's request; raises UsageError for anything that cannot work."""
    if arguments.count < 0:
        raise UsageError(f"--count is a number of pairs, at least 1, not {arguments.count}.")
    if not 0 <= arguments.seed <= MOST_SEED:
        raise UsageError(f"--seed is a whole number from 0 to {MOST_SEED}, not {arguments.seed}.")
    out = expanded(str(arguments.out))
    if out.suffix.lower() != ".jsonl":
        raise UsageError(f"--out names a file of JSON lines; let it end in .jsonl, not {one_line(out.name)!r}.")
    if os.path.lexists(out):
        raise UsageError(f"{one_line(str(out))} exists; review it with `workbench review`, or give another file.")
    # The folder is resolved and the name is not: a link must not be written through.
    out = out.parent.resolve() / out.name
    model = checked(arguments.model)
    articles = local(arguments.articles, live)
    if not inspected(articles, "cpt")["usable"]:
        raise UsageError("There are no articles to ask about in what --from names; give files or folders of text.")
    return {
        "articles": list(articles),
        "model": model,
        "out": str(out),
        "count": arguments.count,
        "seed": arguments.seed,
        "accept": arguments.accept,
    }


def _progress(line: dict[str, Any]) -> str:
    """Return one line about the state of the work."""
    wanted = f" of {count(line['wanted'])}" if line["wanted"] else ""
    return f"{count(line['kept'])}{wanted} pairs kept, {count(line['asked'])} sentences asked about"


def describe(report: dict[str, Any]) -> str:
    """Return the report in words."""
    lines = [
        f"{count(report['pairs'])} pairs from {count(report['asked'])} sentences in {count(report['articles'])} "
        f"articles in {duration(report['seconds'])}; {ASKED[report['protocol']]}."
    ]
    lines += [f"  {count(number)} left out: {reason}" for reason, number in report["rejected"].items()]
    return "\n".join(lines)


def run(arguments: argparse.Namespace) -> int:
    """Write the pairs and say what to do with them."""
    live = Live(quiet=arguments.json)
    request = _request(arguments, live)

    def show(line: dict[str, Any]) -> None:
        if "kept" in line:
            live.update(_progress(line))

    try:
        report = errand.run("workbench.engine.synth", request, show, who="The synthesis")["result"]
    except KeyboardInterrupt:
        live.line("Interrupted; the same command goes on where it was.")
        return 130
    report["accepted"] = report["pairs"] if arguments.accept else 0
    if arguments.json:
        print_json(report)
        return 0
    live.line(describe(report))
    path = one_line(report["path"])
    review, train = f"workbench review {path}", f"workbench train --data {path} --method sft"
    print(f"Train on them: {train}" if arguments.accept else f"Review them: {review}")
    return 0
