"""`workbench review`: a person accepts or rejects the pairs that a model wrote, one by one or by their numbers.

Owns the decisions in a file for review: each row's "accepted" is true, false, or null while nobody has decided. Must
not change anything else in a row. The file is replaced as a whole or not at all.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from workbench.cli.output import count, print_json
from workbench.core.errors import UsageError
from workbench.core.paths import expanded
from workbench.core.text import clean, one_line
from workbench.runs import atomic

MAX_BYTES = 1 << 30

DECISIONS: dict[bool | None, str] = {True: "accepted", False: "rejected", None: "undecided"}
"""Value of "accepted" → its name."""

KEYS: dict[str, str] = {
    "y": "accept",
    "n": "reject",
    "s": "skip",
    "a": "accept all that are undecided",
    "r": "reject all that are undecided",
    "q": "leave",
}

Rows = list[dict[str, Any]]


def configure(parser: argparse.ArgumentParser, command: str) -> None:
    """Declare the arguments of `review`."""
    parser.add_argument("file", type=Path, help="the file that `workbench synthesize` wrote")
    parser.add_argument("--accept", metavar="PAIRS", help="numbers such as 1-5,8, or all, or rest")
    parser.add_argument("--reject", metavar="PAIRS", help="numbers such as 1-5,8, or all, or rest")
    parser.add_argument("--list", action="store_true", help="only print the pairs and what was decided")
    parser.add_argument("--json", action="store_true", help="print JSON for programs, and ask nothing")


def _is_pair(row: Any) -> bool:
    """Return whether a row is a pair for review."""
    if not isinstance(row, dict) or row.get("accepted", "") not in (True, False, None):
        return False
    messages, citation = row.get("messages"), row.get("citation")
    return (
        isinstance(messages, list)
        and len(messages) == 2
        and all(isinstance(turn, dict) and isinstance(turn.get("content"), str) for turn in messages)
        and isinstance(citation, dict)
        and isinstance(citation.get("quote"), str)
    )


def read(path: Path) -> Rows:
    """Return the pairs of a file for review; raises UsageError when it is none."""
    try:
        if not os.path.isfile(path):
            raise UsageError(f"There is no file {one_line(str(path))}; give the one that `workbench synthesize` wrote.")
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(f"{one_line(str(path))} is too large for a review; split it into smaller files.")
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise UsageError(f"{one_line(str(path))} cannot be read: {error.strerror}; check its permissions.") from None
    rows: Rows = []
    for number, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not _is_pair(row):
            raise UsageError(
                f"Line {number} of {one_line(str(path))} is no pair for review; give a file that "
                "`workbench synthesize` wrote."
            )
        rows.append(row)
    if not rows:
        raise UsageError(f"{one_line(str(path))} holds no pairs; give a file that `workbench synthesize` wrote.")
    return rows


def write(path: Path, rows: Rows) -> None:
    """Replace the file durably; raises NoSpaceError or WorkbenchError and leaves it as it was."""
    atomic.write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def chosen(text: str, rows: Rows) -> set[int]:
    """Return the places of the pairs a person names: "all", "rest" for the undecided, or numbers and ranges from 1.

    Raises UsageError for anything else.
    """
    if text == "all":
        return set(range(len(rows)))
    if text == "rest":
        return {place for place, row in enumerate(rows) if row["accepted"] is None}
    places: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not (first.isdecimal() and (last.isdecimal() or not dash)):
            raise UsageError(f"Pairs are named like 1-5,8, or all, or rest, not {one_line(text, 40)!r}.")
        start, end = int(first), int(last or first)
        if not 1 <= start <= end <= len(rows):
            raise UsageError(f"There is no pair {one_line(part.strip(), 40)}; the file has 1 to {len(rows)}.")
        places |= set(range(start - 1, end))
    return places


def tally(rows: Rows) -> dict[str, int]:
    """Return how many pairs there are and how many were decided which way."""
    return {
        "pairs": len(rows),
        **{name: sum(row["accepted"] is value for row in rows) for value, name in DECISIONS.items()},
    }


def shown(number: int, row: dict[str, Any]) -> str:
    """Return one pair for a person, its text cleaned."""
    citation = row["citation"]
    place = f"{citation.get('source', '')}, article {citation.get('article', '')}"
    question, answer = (clean(turn["content"]).strip() for turn in row["messages"])
    return (
        f"{number}. {one_line(place)} ({DECISIONS[row['accepted']]})\n"
        f"   question  {question}\n   answer    {answer}\n   proof     “{one_line(citation['quote'])}”"
    )


def _meanings() -> str:
    """Return what each key means, in one line."""
    return "  ".join(f"{key} {meaning}" for key, meaning in KEYS.items())


def _decide(rows: Rows) -> None:
    """Ask about each undecided pair in turn; the end of the input leaves."""
    print(_meanings())
    for number, row in enumerate(rows, start=1):
        if row["accepted"] is not None:
            continue
        print(f"\n{shown(number, row)}")
        key = ""
        while key not in KEYS:
            key = input("   y/n/s/a/r/q? ").strip().lower()
            if key not in KEYS:
                print(f"   {_meanings()}")
        if key == "q":
            return
        if key in "ar":
            for place in chosen("rest", rows):
                rows[place]["accepted"] = key == "a"
            return
        if key != "s":
            row["accepted"] = key == "y"


def run(arguments: argparse.Namespace) -> int:
    """Apply the decisions of the arguments, or ask, and print how many pairs were decided which way."""
    path = expanded(str(arguments.file))
    rows = read(path)
    given = {True: arguments.accept, False: arguments.reject}
    places = {value: chosen(text, rows) for value, text in given.items() if text is not None}
    if set(given.values()) == {"rest"}:
        raise UsageError("The rest is what no other option names, so it is accepted or rejected, not both.")
    for value, text in given.items():
        if text == "rest":
            places[value] -= places.get(not value, set())
    if both := sorted(places.get(True, set()) & places.get(False, set())):
        raise UsageError(f"Pair {both[0] + 1} is both accepted and rejected; name it once.")
    before = [row["accepted"] for row in rows]
    for value, numbers in places.items():
        for place in numbers:
            rows[place]["accepted"] = value
    asks = not (places or arguments.list or arguments.json)
    if asks and not sys.stdin.isatty():
        raise UsageError("There is no terminal to ask on; decide with --accept and --reject, or print with --list.")
    try:
        if asks:
            _decide(rows)
    except (EOFError, KeyboardInterrupt):
        print()
    finally:
        # What was decided until then is kept, however the session ends.
        if [row["accepted"] for row in rows] != before:
            write(path, rows)
    return _conclude(path, rows, arguments)


def _conclude(path: Path, rows: Rows, arguments: argparse.Namespace) -> int:
    """Print the state of the review."""
    counted = tally(rows)
    if arguments.json:
        print_json({"path": str(path), **counted} | ({"rows": rows} if arguments.list else {}))
        return 0
    if arguments.list:
        print("\n".join(shown(number, row) for number, row in enumerate(rows, start=1)))
    print(", ".join(f"{count(number)} {name}" for name, number in counted.items()))
    if counted["accepted"]:
        print(f"Train on the accepted ones: workbench train --data {one_line(str(path))} --method sft")
    return 0
