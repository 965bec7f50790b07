"""The plan of a dataset: which files, read how, curated how. The same plan gives the same rows, byte for byte.

Owns the plan's file format. Must not read data: `rows` makes plans and follows them.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from workbench.core.errors import UsageError
from workbench.core.text import json_safe, one_line
from workbench.data.curate import Curation
from workbench.data.layouts import TYPE_OF_METHOD, Layout
from workbench.data.readers.records import shown

KEY = "workbench_plan"
VERSION = 1
MAX_BYTES = 2**28
"""A plan lists every file of a dataset, and no dataset we read has more than fit in this."""

_Value = TypeVar("_Value")


@dataclass(frozen=True)
class Stamp:
    """A file as it was when the plan was made."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Plan:
    """The complete statement of how files become rows."""

    method: str
    paths: tuple[str, ...]
    """Files and folders as given, absolute."""
    files: tuple[Stamp, ...]
    """Every file that is read, in order."""
    layouts: tuple[Layout, ...]
    members: dict[str, int]
    """Name of a member → number of its layout."""
    curation: Curation
    counts: dict[str, int] = field(default_factory=dict)
    """What following the plan gives: rows, usable, quarantined, train, held_out, and so on."""
    sha256: str = ""
    """Of the rows as JSON lines, those to learn from before those held out; "" while they were not written."""


def stamp(path: Path) -> Stamp:
    """Return the stamp of a file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Stamp(str(path), path.stat().st_size, digest)


def verify(plan: Plan) -> None:
    """Raise UsageError when a file is not what it was when the plan was made."""
    for known in plan.files:
        path = Path(known.path)
        try:
            same = path.stat().st_size == known.bytes and stamp(path) == known
        except OSError as error:
            raise UsageError(
                f"The plan's file {shown(path)} cannot be read: {error.strerror}; bring it back."
            ) from None
        if not same:
            raise UsageError(
                f"{shown(path)} has changed since the plan was made; bring the old file back, "
                "or make a new plan with `workbench prepare`."
            )


def method_of(plan: Plan, wanted: str) -> str:
    """Return the method of a plan; raises UsageError when another one is wanted."""
    if wanted and wanted != plan.method:
        raise UsageError(f"The plan is for method {plan.method}, not {wanted}; make one for {wanted} from the files.")
    return plan.method


def to_json(plan: Plan) -> str:
    """Return the plan as JSON text."""
    body = {
        KEY: VERSION,
        "method": plan.method,
        "paths": list(plan.paths),
        "files": [dataclasses.asdict(stamp) for stamp in plan.files],
        "layouts": [{"format": layout.format, "columns": dict(layout.columns)} for layout in plan.layouts],
        "members": plan.members,
        "curation": plan.curation.to_json(),
        "counts": plan.counts,
        "sha256": plan.sha256,
    }
    # The name of a file may hold bytes that are no text; as escapes they come back as they were.
    return json_safe(json.dumps(body, ensure_ascii=False, indent=1)) + "\n"


def is_plan(path: Path) -> bool:
    """Return whether a file is a plan, told by how it begins."""
    try:
        if not path.is_file() or path.suffix != ".json":
            return False
        with path.open("rb") as file:
            return file.read(64).lstrip(b"{ \r\n\t").startswith(f'"{KEY}"'.encode())
    except OSError:
        return False


def _is(kind: type[_Value], value: Any, what: str) -> _Value:
    """Return a value that must be of a kind; raises TypeError when it is not."""
    if type(value) is not kind:
        raise TypeError(f"{what} is not what it should be")
    return value


def _path(value: Any) -> str:
    """Return a path; raises TypeError or ValueError for what cannot be one."""
    if b"\0" in os.fsencode(_is(str, value, "a path")) or not os.path.isabs(value):
        raise ValueError("a path is none")
    return str(value)


def _strings(value: Any, what: str) -> dict[str, str]:
    """Return an object of texts."""
    return {name: _is(str, item, what) for name, item in _is(dict, value, what).items()}


def _numbers(value: Any, what: str) -> dict[str, int]:
    """Return an object of whole numbers."""
    return {name: _is(int, item, what) for name, item in _is(dict, value, what).items()}


def _checked(body: Mapping[str, Any]) -> Plan:
    """Return the plan in a JSON object; raises KeyError, TypeError, ValueError or UsageError where it is none."""
    layouts = tuple(
        Layout(_is(str, item["format"], "a format"), _strings(item["columns"], "a column"))
        for item in _is(list, body["layouts"], "layouts")
    )
    members = _numbers(body["members"], "a member")
    if any(not 0 <= number < len(layouts) for number in members.values()):
        raise ValueError("a member has a layout that the plan does not hold")
    if body["method"] not in TYPE_OF_METHOD:
        raise ValueError(f"there is no method {body['method']!r}")
    paths = tuple(map(_path, _is(list, body["paths"], "paths")))
    curation = Curation.from_json(_is(dict, body["curation"], "curation"))
    if curation.weights and len(curation.weights) != len(paths):
        raise ValueError("it has not one weight for each path")
    return Plan(
        method=body["method"],
        paths=paths,
        files=tuple(
            Stamp(_path(item["path"]), _is(int, item["bytes"], "a size"), _is(str, item["sha256"], "a hash"))
            for item in _is(list, body["files"], "files")
        ),
        layouts=layouts,
        members=members,
        curation=curation,
        counts=_numbers(body["counts"], "a count"),
        sha256=_is(str, body["sha256"], "a hash"),
    )


def load(path: Path) -> Plan:
    """Return the plan stored in a file; raises UsageError with what is wrong with it."""
    name = shown(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError("it is too large to be one")
        body = json.loads(path.read_text(encoding="utf-8"))
        version = body.get(KEY)
        plan = _checked(body) if type(version) is int and version == VERSION else None
    except OSError as error:
        raise UsageError(f"The plan {name} cannot be read: {error.strerror}; check the path.") from None
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, UsageError) as error:
        told = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        reason = one_line(told, 200).rstrip(".")
        raise UsageError(f"{name} is a damaged plan ({reason}); make it again with `workbench prepare`.") from None
    if plan is None:
        of = one_line(repr(version), 40)
        raise UsageError(
            f"The plan {name} is of version {of}, and this workbench reads {VERSION}; make it again with "
            "`workbench prepare`."
        )
    return plan
