"""Preparing: curated rows written as files, with the plan that gives the same files again.

Owns the files of a prepared dataset. Must not know models. It is an errand of its own process, `python -m
workbench.data.prepare`: a request {"paths", "method", "format", "columns", "recipe", "out"} on stdin, lines {"what",
"rows"} while it works, and a last {"result"} on stdout. `out` is an empty folder that the caller publishes; it is
locked while this process lives, because it may outlive a caller that was killed.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.recipe import Recipe, checked
from workbench.data import plan, replay, rows, sources

TRAIN, HELD_OUT = sources.PREPARED_ROWS
QUARANTINE, REPORT = "quarantine.jsonl", "report.json"
REPLAY, GENERAL = "replay.jsonl", "general.jsonl"
"""General text to read with the articles, and what of it is kept aside; written where the recipe has a replay share."""

_BESIDE_A_PLAN = {"data", "method", "replay_data", "replay_share", "seed"}
"""Fields that may stand beside a plan: they say nothing of its own rows. The seed counts for the replay then."""


def _write(file: BinaryIO, written: Iterable[Mapping[str, Any]], *digests: Any) -> int:
    """Write rows as JSON lines, feed the digests with them and return how many there were."""
    number = 0
    for row in written:
        number += 1
        line = orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)
        file.write(line)
        for digest in digests:
            digest.update(line)
    return number


def _claim(folder: Path) -> None:
    """Lock a folder until this process ends, in the way by which the caller knows what somebody is working on."""
    with contextlib.suppress(OSError):  # some network file systems refuse to lock a directory
        fcntl.flock(os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC), fcntl.LOCK_SH | fcntl.LOCK_NB)


def prepare(request: Mapping[str, Any], progress: rows.Progress) -> dict[str, Any]:
    """Write train.jsonl, held_out.jsonl, quarantine.jsonl, plan.json and report.json; return what the report says.

    A recipe of cpt with a replay share also gets replay.jsonl and general.jsonl, which are not rows of the plan.
    Raises UsageError when the data cannot be used, and when a plan that knows the hash of its rows gives other rows.
    """
    out = Path(request["out"])
    recipe = Recipe(**checked(request["recipe"]))
    allowed = _BESIDE_A_PLAN if recipe.replay_share else {"data"}
    if request["recipe"].keys() - allowed and any(plan.is_plan(Path(path)) for path in request["paths"]):
        raise UsageError("A plan says how its rows are curated; leave --set out, or give the files instead.")
    with (out / QUARANTINE).open("wb") as quarantine:

        def refuse(refused: dict[str, Any]) -> None:
            quarantine.write(orjson.dumps(refused, option=orjson.OPT_APPEND_NEWLINE))

        found = rows.find(
            request["paths"],
            request.get("method", ""),
            rows.curation_of(recipe),
            request.get("format", ""),
            request.get("columns") or None,
            progress,
            refuse,
        )
    whole = hashlib.sha256()
    with (out / TRAIN).open("wb") as file:
        train = _write(file, found.train(), whole)
    with (out / HELD_OUT).open("wb") as file:
        held_out = _write(file, found.held_out, whole)
    known = found.sources.plan
    if known is not None and known.sha256 and known.sha256 != whole.hexdigest():
        raise UsageError(
            "The plan gives other rows than when it was made, so this version reads or curates differently; "
            "make a new plan from the files."
        )
    made = dataclasses.replace(found.plan(), sha256=whole.hexdigest())
    (out / sources.PLAN_FILE).write_text(plan.to_json(made), encoding="utf-8")
    report = {
        "method": found.method,
        "counts": made.counts,
        "train": train,
        "held_out": held_out,
        "sha256": made.sha256,
        "quarantined": [
            {"reason": reason, "count": number, "examples": places}
            for reason, (number, places) in sorted(found.account.bad.items(), key=lambda item: -item[1][0])
        ],
        "repairs": dict(found.account.repairs),
        "ignored": found.sources.ignored,
        "curation": found.decisions.report(),
    }
    if recipe.replay_share:
        replayed, aside = replay.mixed(recipe, replay.files(recipe), found.decisions.characters)
        for name, written in ((REPLAY, replayed), (GENERAL, aside)):
            with (out / name).open("wb") as file:
                report[name.removesuffix(".jsonl")] = _write(file, written)
    (out / REPORT).write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return report


def serve(work: Callable[[Mapping[str, Any], rows.Progress], dict[str, Any]]) -> int:
    """Serve one request of an errand and return the exit code."""
    out = sys.stdout

    def say(line: dict[str, Any]) -> None:
        out.write(json.dumps(line) + "\n")
        out.flush()

    try:
        request = json.loads(sys.stdin.buffer.read())
        _claim(Path(request["out"]))
        say({"result": work(request, lambda what, number: say({"what": what, "rows": number}))})
    except UsageError as error:
        say({"error": str(error)})
        return 2
    except WorkbenchError as error:
        say({"error": str(error)})
        return 1
    except OSError as error:
        say({"error": f"{error.filename or 'The disk'}: {error.strerror}; make room, or write elsewhere."})
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(serve(prepare))
