"""The survey: what some data is, how much of it is usable, which method it suits, and what is wrong with it.

Owns `inspect` and `preflight`, the targets of the probe that looks at data before anything is done with it. Must not
know models or tokenizers: lengths are in characters here. Counts are of all rows; lengths, languages and the like are
of a sample and say so.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.core.errors import UsageError
from workbench.core.text import one_line
from workbench.core.units import count
from workbench.data import account, canonical, counting, plan, sources
from workbench.data.curate import secrets
from workbench.data.curate.texts import characters, text_of
from workbench.data.layouts import FORMATS, type_for
from workbench.data.readers.records import shown
from workbench.data.sources import Part

DATASET_TYPES = {
    "messages": "conversational language modeling",
    "text": "language modeling",
    "preference": "conversational preference",
    "unpaired_preference": "conversational unpaired preference",
    "prompt_only": "conversational prompt-only",
}
"""Type of canonical row → what TRL's documentation calls such a dataset."""
MANY_BAD = 0.05
"""Share of unusable rows above which a survey says so: more is loaded all the same, and is worth a look."""

Survey = counting.Survey

_SHOWN_REASONS = 100
_SHOWN_FILES = 1000
_SHOWN_PARTS = 4
_SHOWN_COLUMNS = 50
_SHOWN_CHARACTERS = 2000
_HISTOGRAM_BARS = 24


def survey(
    paths: Sequence[str], method: str = "", format: str = "", columns: Mapping[str, str] | None = None
) -> Survey:
    """Return the survey of files and folders for a method, or for the one they suggest.

    Raises UsageError when a path is missing, forbidden, or holds nothing that can be read.
    """
    if method and method not in canonical.TYPE_OF_METHOD:
        raise UsageError(f"There is no method {method!r}; known are {', '.join(canonical.TYPE_OF_METHOD)}.")
    return counting.count(paths, method, format, columns)


def clipped(value: Any) -> Any:
    """Return a JSON value with its long texts cut, for a preview."""
    if isinstance(value, str):
        return value if len(value) <= _SHOWN_CHARACTERS else value[:_SHOWN_CHARACTERS] + "…"
    if isinstance(value, list):
        return [clipped(item) for item in value]
    if isinstance(value, dict):
        return {key: clipped(item) for key, item in value.items()}
    return value


def lengths(values: Sequence[int], unit: str) -> dict[str, Any]:
    """Return what a histogram of lengths shows: percentiles, and rows per bar of equal width from the shortest on.

    The bars go up to the 99th percentile; what is longer counts in the last one.
    """
    if not values:
        return {"unit": unit, "sampled": 0}
    points = sources.percentiles(values)
    first = min(values)
    reach = max(0, points["p99"] - first)
    width = max(1, -(-reach // _HISTOGRAM_BARS))
    bars = [0] * (reach // width + 1)
    for value in values:
        bars[min((value - first) // width, len(bars) - 1)] += 1
    return {
        "unit": unit,
        "sampled": len(values),
        "min": first,
        "mean": round(sum(values) / len(values), 1),
        **points,
        "max": max(values),
        "histogram": {"width": width, "rows": bars},
    }


def _control_token(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the first control token in a sample of canonical rows and how its row begins; "" when none has one."""
    for row in rows:
        text = text_of(row)
        if match := account.CONTROL_TOKENS.search(text.encode("utf-8", "replace")):
            return f", such as {one_line(match.group().decode(), 40)} in the row {secrets.beginning(text)}"
    return ""


def _problems(surveyed: Survey) -> list[dict[str, Any]]:
    """Return what is worth a look, each as a sentence and the recipe fields that mend it."""
    counted = surveyed.account
    found: list[dict[str, Any]] = []

    def say(text: str, **fix: Any) -> None:
        found.append({"text": text, "fix": fix})

    if not counted.rows:
        say("There are no rows in it; give a file that holds some.")
    for part in surveyed.sources.parts:
        # What speaks against all rows of a part is the reason for which they are quarantined.
        for problem in part.detection.problems if part.detection.layout is not None else ():
            say(problem)
    if counted.quarantined > MANY_BAD * counted.rows:
        share = 100 * counted.quarantined / counted.rows
        say(
            f"{count(counted.quarantined)} of {count(counted.rows)} rows ({share:.0f} %) cannot be used; "
            "see why under quarantined."
        )
    if repeated := counted.repeated():
        said = "row is an exact copy" if repeated == 1 else "rows are exact copies"
        said = f"{count(repeated)} of {count(counted.usable)} {said} of another one"
        it = "it is" if repeated == 1 else "they are"
        say(f"{said}; {it} left out unless duplicates is keep.")
        found[-1]["if_kept"] = f"{said}; {it} kept, as duplicates is keep."
    if counted.control_tokens:
        said = "control token stands" if counted.control_tokens == 1 else "control tokens stand"
        text = f"{count(counted.control_tokens)} {said} in the text of rows; what is there is learnt as plain text"
        say(f"{text}{_control_token(surveyed.rows)}.")
    for repair, number in counted.repairs.most_common():
        say(f"{repair[:1].upper()}{repair[1:]}: {number} {'time' if number == 1 else 'times'}.")
    return found + surveyed.report


def _reasons(surveyed: Survey) -> list[str]:
    """Return the evidence for the method: that of the main part, and of the others when there are some."""
    if surveyed.main is None:
        return []
    detection, method = surveyed.main.detection, surveyed.method
    reasons = list(detection.reasons)
    if method != detection.method:
        if surveyed.account.usable:
            reasons.append(f"You asked for {method}; the data suggests {detection.method}.")
        else:
            reasons = [f"You asked for {method}, which cannot learn from these rows; they suit {detection.method}."]
    others = [part for part in surveyed.sources.parts if part is not surveyed.main and part.detection.reasons]
    if others:
        reasons[:1] = (
            [f"{_place(surveyed.main)}: {detection.reasons[0]}"] if method == detection.method else reasons[:1]
        )
        reasons += [f"{_place(part)}: {part.detection.reasons[0]}" for part in others[:_SHOWN_PARTS]]
        if len(others) > _SHOWN_PARTS:
            reasons.append(f"And {len(others) - _SHOWN_PARTS} more layouts.")
    return reasons


def _unused(part: Part) -> list[str]:
    """Return the columns of the rows of a part that nothing is learnt from."""
    used = set(part.detection.columns.values())
    used |= {column.partition(".")[0] for column in used}
    return sorted({column for row in part.sample for column in row} - used)[:_SHOWN_COLUMNS]


def _choices(part: Part) -> dict[str, Any]:
    """Return what a person can say of the rows of a part: the formats, the roles of the one it has, the columns."""
    layout = part.detection.layout
    format = FORMATS[layout.format] if layout is not None else None
    return {
        "formats": {name: known.rows for name, known in FORMATS.items()},
        "roles": [*format.required, *format.optional] if format is not None else [],
        "columns": sorted({column for row in part.sample for column in row})[:_SHOWN_COLUMNS],
    }


def _place(part: Part) -> str:
    """Return where the rows of a part are, for a sentence."""
    more = f" and {len(part.members) - 1} more" if len(part.members) > 1 else ""
    return f"{part.members[0].name.rsplit('/', 1)[-1]}{more}"


def inspect(argument: Mapping[str, Any]) -> dict[str, Any]:
    """Return the survey of {"paths", "method"?, "format"?, "columns"?} as JSON: the target of a probe.

    The keys are those `workbench inspect --json` prints. Raises UsageError as `survey` does.
    """
    surveyed = survey(
        argument["paths"], argument.get("method", ""), argument.get("format", ""), argument.get("columns") or None
    )
    return described(surveyed, argument["paths"])


def described(surveyed: Survey, paths: Sequence[str]) -> dict[str, Any]:
    """Return a survey as JSON."""
    counted, main = surveyed.account, surveyed.main
    detection = main.detection if main is not None else None
    kind = type_for(surveyed.method, detection.layout if detection else None) if surveyed.method else ""
    reasons = sorted(counted.bad.items(), key=lambda item: (-item[1][0], item[0]))[:_SHOWN_REASONS]
    formats = sorted({part.detection.layout.format for part in surveyed.sources.parts if part.detection.layout})
    members = [member for part in surveyed.sources.parts for member in part.members]
    return {
        "path": ", ".join(shown(path) for path in paths),
        "files": [
            {
                "path": member.name,
                "kind": member.kind,
                "rows": counted.files.get(member.name, 0),
                "split": "held_out" if member.held_out else "train",
            }
            for member in members[:_SHOWN_FILES]
        ],
        "file_count": len(members),
        "rows": counted.rows,
        "usable": counted.usable,
        "quarantined": [
            {"reason": reason, "count": number, "examples": places} for reason, (number, places) in reasons
        ],
        "format": " + ".join(formats),
        "type": DATASET_TYPES.get(kind, ""),
        "method": surveyed.method,
        "alternatives": list(detection.alternatives) if detection else [],
        "confidence": round(detection.confidence, 4) if detection else 0.0,
        "reasons": _reasons(surveyed),
        "columns": dict(detection.columns) if detection else {},
        "unused_columns": _unused(main) if main is not None else [],
        "choices": _choices(main) if main is not None else {"formats": {}, "roles": [], "columns": []},
        "examples": [clipped(row) for row in counted.examples],
        "lengths": lengths([characters(row) for row in surveyed.rows], "characters"),
        "problems": _problems(surveyed),
        "ignored": surveyed.sources.ignored[:_SHOWN_FILES],
        "repairs": dict(counted.repairs),
    }


def nothing_usable(surveyed: Survey, paths: Sequence[str], method: str) -> str:
    """Return the sentence that says why no row can be used."""
    where, counted = ", ".join(shown(path) for path in paths), surveyed.account
    if not counted.bad:
        ignored = surveyed.sources.ignored
        reason = f": {ignored[0]['reason']}" if ignored else ""
        return f"{where} holds no rows{reason.rstrip('.')}; give a file with rows or text."
    reason, (number, _) = max(counted.bad.items(), key=lambda item: item[1][0])
    suited = surveyed.main.detection.method if surveyed.main else ""
    if suited and method and suited != method:
        said = f"{reason[:1].lower()}{reason[1:]}"
        rest = "" if reason.endswith(f"use method {suited}") else f"; the data suits {suited}"
        return f"Method {method} cannot learn from {where}: {said}{rest}."
    share = "all" if number == counted.rows else f"{number} of them"
    return f"No row of {where} can be used ({counted.rows} found, {share} because {one_line(reason, 300)})."


def preflight(argument: Mapping[str, Any]) -> dict[str, Any]:
    """Return `inspect` of the argument with what is checked before a run exists.

    That is path, bytes and SHA-256 of each file as "sources", and the settings of a plan as "curation".

    Raises UsageError when a path cannot be read and when no row is usable for the method.
    """
    paths, method = argument["paths"], argument.get("method", "")
    surveyed = survey(paths, method, argument.get("format", ""), argument.get("columns") or None)
    if not surveyed.account.usable:
        raise UsageError(nothing_usable(surveyed, paths, method))
    curation = surveyed.sources.plan.curation.to_json() if surveyed.sources.plan is not None else {}
    stamps = [dataclasses.asdict(plan.stamp(path)) for path in surveyed.sources.origins()[:_SHOWN_FILES]]
    return described(surveyed, paths) | {"sources": stamps, "curation": curation}
