"""`workbench models search` and `workbench models download`: base models of the hub.

Owns the arguments and what is printed. Must not know how the hub is asked.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

from workbench.cli.models import parameters
from workbench.cli.output import Live, count, duration, print_json, size, table
from workbench.core.errors import UsageError
from workbench.core.text import one_line
from workbench.guide import hub
from workbench.runs import hub_cache

MOST = 100
LINE_SECONDS = 5.0
"""Where lines cannot be rewritten, the state is told this often at most."""


def configure(parser: argparse.ArgumentParser, command: str) -> None:
    """Declare the arguments of `models search` or `models download`."""
    if command == "models search":
        parser.add_argument("words", nargs="+", help="what the names of the models must have in them")
        parser.add_argument("--limit", type=int, default=20, help=f"models at most, up to {MOST}")
    else:
        parser.add_argument("id", help="the model, owner/name")
        parser.add_argument("--revision", default="", help="a branch, a tag or a commit; the newest when left out")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")


def _search(arguments: argparse.Namespace) -> int:
    """Print the models of the hub that are called so."""
    if not 1 <= arguments.limit <= MOST:
        raise UsageError(f"--limit is a number of models from 1 to {MOST}, not {arguments.limit}.")
    found = hub.search(arguments.words, arguments.limit)
    standings = [hub.standing(model) for model in found]
    here = [str(hub_cache.find(model["id"]) or "") for model in found]
    if arguments.json:
        told = zip(found, standings, here, strict=True)
        print_json({"models": [{**model, "standing": word, "here": path} for model, (word, _), path in told]})
        return 0
    if not found:
        raise UsageError("The hub has no model for text with safetensors that is called so; try fewer words.")
    rows = [
        [
            model["id"],
            "–" if model["parameters"] is None else parameters(model["parameters"]),
            f"{model['licence'] or '–'}{' (gated)' if model['gated'] else ''}",
            "–" if model["downloads"] is None else count(model["downloads"]),
            words,
            "yes" if path else "",
        ]
        for model, (_, words), path in zip(found, standings, here, strict=True)
    ]
    print(table(["model", "size", "licence", "downloads a month", "to the workbench", "here"], rows))
    print("\nGet one: workbench models download ID")
    return 0


def _progress(line: dict[str, Any]) -> str:
    """Return the state of a download as one line."""
    text = f"{line['state']} {line['file']}, {size(line['done'])} of {size(line['total'])}"
    speed = line["bytes_per_second"]
    if not speed or line["state"] != "downloading":
        return text
    return f"{text}, {size(speed)}/s, about {duration((line['total'] - line['done']) / speed)} left"


def _teller(live: Live) -> Callable[[dict[str, Any]], None]:
    """Return what shows the lines of a download."""
    told = 0.0

    def tell(line: dict[str, Any]) -> None:
        nonlocal told
        if "damaged" in line:
            live.line(f"{line['damaged']} in the cache was damaged and is removed; it is fetched anew.")
        elif "state" in line and (live.rewrites or time.monotonic() - told >= LINE_SECONDS):
            told = time.monotonic()
            live.update(_progress(line))

    return tell


def _download(arguments: argparse.Namespace) -> int:
    """Bring a model here and say how it is called from now on."""
    live = Live(quiet=arguments.json)
    try:
        report = hub.fetch(arguments.id, arguments.revision, _teller(live))
    except KeyboardInterrupt:
        live.line("Interrupted; what has come is kept, and the same command goes on there.")
        return 130
    finally:
        live.clear()
    if arguments.json:
        print_json(report)
        return 0
    came = len(report["fetched"])
    print(
        f"{report['id']} is here: {size(report['bytes'])} in {len(report['files'])} files, "
        f"{came if came else 'none'} of them fetched now, each with the hash that the hub has for it."
    )
    print(f"folder  {one_line(report['folder'])}")
    print(f"train   workbench train --base {one_line(report['base'])} --data YOUR_FILE")
    return 0


def run(arguments: argparse.Namespace) -> int:
    """Search or download."""
    return _search(arguments) if arguments.command == "models search" else _download(arguments)
