"""What a row of the table is: a small dataset, and what the workbench should make of it.

Owns the writers of files, the shorthand for expected canonical rows, and the judgement whether a survey is right. Must
not know the workbench: it sees a survey as the JSON that `workbench inspect --json` prints.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

REFUSED = "refused"
"""Stands for a method where nothing can be learnt: no usable row, or an error of one sentence."""


@dataclass(frozen=True)
class Has:
    """A text, or anything as JSON, that contains all of these; for values whose joints are a matter of taste."""

    parts: tuple[str, ...]

    def __init__(self, *parts: str) -> None:
        object.__setattr__(self, "parts", parts)


@dataclass(frozen=True)
class OneOf:
    """A value that is any one of these."""

    values: tuple[Any, ...]

    def __init__(self, *values: Any) -> None:
        object.__setattr__(self, "values", values)


@dataclass(frozen=True)
class Turn:
    """A turn of this role that mentions all of these anywhere, in its content or in a tool call."""

    role: str
    parts: tuple[str, ...]

    def __init__(self, role: str, *parts: str) -> None:
        object.__setattr__(self, "role", role)
        object.__setattr__(self, "parts", parts)


@dataclass(frozen=True)
class Wild:
    """One dataset of the table."""

    name: str
    files: Mapping[str, bytes]
    """Content of each file by its relative name. A single file is given by itself, several as their folder."""
    methods: frozenset[str]
    """Any of these is a right proposal."""
    firsts: tuple[Any, ...] = ()
    """Any of these is a right first row; without one, the first row is a matter of taste."""
    rows: int | None = None
    usable: int | None = None
    suggests: str = ""
    """This method is the proposal or among the alternatives."""


def wild(
    name: str,
    files: Mapping[str, bytes],
    methods: str,
    *firsts: Any,
    rows: int | None = None,
    usable: int | None = None,
    suggests: str = "",
) -> Wild:
    """Return a dataset; `methods` are separated by spaces, and `usable` is `rows` unless it is given."""
    found = usable if usable is not None else rows
    return Wild(name, files, frozenset(methods.split()), firsts, rows, found, suggests)


# Writers: rows to files.


def jsonl(rows: Iterable[Mapping[str, Any]], name: str = "train.jsonl") -> dict[str, bytes]:
    """Return one file with a JSON object per line."""
    return {name: "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()}


def array(value: Any, name: str = "data.json") -> dict[str, bytes]:
    """Return one file with a single indented JSON value."""
    return {name: json.dumps(value if isinstance(value, dict) else list(value), ensure_ascii=False, indent=2).encode()}


def parquet(rows: Iterable[Mapping[str, Any]], name: str = "train-00000-of-00001.parquet") -> dict[str, bytes]:
    """Return one Parquet file; nested values become structs and lists."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([dict(row) for row in rows]), sink)
    return {name: sink.getvalue()}


def table(
    rows: Iterable[Sequence[str]],
    header: Sequence[str] = (),
    *,
    delimiter: str = ",",
    encoding: str = "utf-8",
    name: str = "data.csv",
) -> dict[str, bytes]:
    """Return one file of delimited text."""
    sink = io.StringIO()
    writer = csv.writer(sink, delimiter=delimiter, lineterminator="\r\n")
    writer.writerows([header, *rows] if header else rows)
    return {name: sink.getvalue().encode(encoding)}


# Shorthand for canonical rows.


def turns(*texts: Any, first: str = "user") -> list[dict[str, Any]]:
    """Return turns of user and assistant in alternation."""
    roles = ["user", "assistant"] if first == "user" else ["assistant", "user"]
    return [{"role": roles[index % 2], "content": text} for index, text in enumerate(texts)]


def chat(*texts: Any, system: Any = None) -> dict[str, Any]:
    """Return a row of messages."""
    before = [] if system is None else [{"role": "system", "content": system}]
    return {"messages": before + turns(*texts)}


def preferred(prompt: Any, chosen: Any, rejected: Any, system: Any = None) -> dict[str, Any]:
    """Return a preference row; `prompt` is a text or the texts of turns."""
    texts = prompt if isinstance(prompt, list) else [prompt]
    return {
        "prompt": chat(*texts, system=system)["messages"],
        "chosen": turns(chosen, first="assistant"),
        "rejected": turns(rejected, first="assistant"),
    }


def judged(prompt: Any, completion: Any, label: bool) -> dict[str, Any]:
    """Return a row of unpaired preference."""
    return {"prompt": turns(prompt), "completion": turns(completion, first="assistant"), "label": label}


def asked(prompt: Any, answer: Any = None) -> dict[str, Any]:
    """Return a row with nothing but a prompt, and the answer it is checked against when there is one."""
    return {"prompt": turns(prompt)} | ({} if answer is None else {"answer": answer})


# Judgement.


def fits(found: Any, expected: Any) -> bool:
    """Tell whether a value of a canonical row is the expected one; space around texts is a matter of taste."""
    if isinstance(expected, OneOf):
        return any(fits(found, value) for value in expected.values)
    if isinstance(expected, Has):
        text = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
        # In JSON, a line end or a quote of a text is written with a backslash.
        return all(part in text or json.dumps(part, ensure_ascii=False)[1:-1] in text for part in expected.parts)
    if isinstance(expected, Turn):
        return isinstance(found, dict) and found.get("role") == expected.role and fits(found, Has(*expected.parts))
    if isinstance(expected, dict):
        return (
            isinstance(found, dict)
            and found.keys() == expected.keys()
            and all(fits(found[key], value) for key, value in expected.items())
        )
    if isinstance(expected, list):
        return isinstance(found, list) and len(found) == len(expected) and all(map(fits, found, expected))
    if isinstance(expected, str):
        return isinstance(found, str) and found.strip() == expected.strip()
    return type(found) is type(expected) and found == expected


def unlike(dataset: Wild, survey: Mapping[str, Any]) -> str:
    """Return what is wrong with the survey of a dataset, or "" when it is right."""
    method = survey["method"] if survey["usable"] else REFUSED
    if (method or REFUSED) not in dataset.methods:
        return f"method {method!r} instead of {' or '.join(sorted(dataset.methods))}"
    if method == REFUSED:
        return ""
    proposed = [method, *(other["method"] for other in survey["alternatives"])]
    if dataset.suggests and dataset.suggests not in proposed:
        return f"{dataset.suggests} is not among {proposed}"
    if dataset.rows is not None and survey["rows"] != dataset.rows:
        return f"{survey['rows']} rows instead of {dataset.rows}"
    if dataset.usable is not None and survey["usable"] != dataset.usable:
        return f"{survey['usable']} usable rows instead of {dataset.usable}: {survey['quarantined']}"
    first = survey["examples"][0] if survey["examples"] else None
    if dataset.firsts and not any(fits(first, expected) for expected in dataset.firsts):
        return f"first row {json.dumps(first, ensure_ascii=False)} instead of {dataset.firsts[0]}"
    return ""
