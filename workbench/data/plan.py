"""The plan of a dataset: which files, read how, curated how. The same plan gives the same rows, byte for byte.

Owns the plan's file format. Must not read data: `rows` makes plans and follows them.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.core.errors import UsageError
from workbench.data.curate import Curation
from workbench.data.layouts import Layout
from workbench.data.readers.records import shown

KEY = "workbench_plan"
VERSION = 1
MAX_BYTES = 2**28
"""A plan lists every file of a dataset, and no dataset we read has more than fit in this."""


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
    return json.dumps(body, ensure_ascii=False, indent=1) + "\n"


def is_plan(path: Path) -> bool:
    """Return whether a file is a plan, told by how it begins."""
    try:
        if not path.is_file() or path.suffix != ".json":
            return False
        with path.open("rb") as file:
            return file.read(64).lstrip(b"{ \r\n\t").startswith(f'"{KEY}"'.encode())
    except OSError:
        return False


def _checked(body: Mapping[str, Any]) -> Plan:
    """Return the plan in a JSON object; raises KeyError, TypeError or ValueError where it is none."""
    layouts = tuple(Layout(str(item["format"]), dict(item["columns"])) for item in body["layouts"])
    members = {str(name): int(number) for name, number in body["members"].items()}
    if any(not 0 <= number < len(layouts) for number in members.values()):
        raise ValueError("a member has a layout that the plan does not hold")
    return Plan(
        method=str(body["method"]),
        paths=tuple(str(path) for path in body["paths"]),
        files=tuple(Stamp(str(item["path"]), int(item["bytes"]), str(item["sha256"])) for item in body["files"]),
        layouts=layouts,
        members=members,
        curation=Curation.from_json(body["curation"]),
        counts={str(name): int(number) for name, number in body.get("counts", {}).items()},
        sha256=str(body.get("sha256", "")),
    )


def load(path: Path) -> Plan:
    """Return the plan stored in a file; raises UsageError with what is wrong with it."""
    name = shown(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(f"The plan {name} is too large to be one; make it again with `workbench prepare`.")
        body = json.loads(path.read_text(encoding="utf-8"))
        if body.get(KEY) != VERSION:
            raise UsageError(f"The plan {name} is of version {body.get(KEY)!r}, and this workbench reads {VERSION}.")
        return _checked(body)
    except OSError as error:
        raise UsageError(f"The plan {name} cannot be read: {error.strerror}; check the path.") from None
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise UsageError(f"{name} is a damaged plan ({error}); make it again with `workbench prepare`.") from None
