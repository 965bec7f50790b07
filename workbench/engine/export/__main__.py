"""The export process: `python -m workbench.engine.export --request FILE`.

Owns the protocol: JSON lines on stdout, each a step {"step", "done", "total", "detail"}, the last one {"result": report}
or {"error": sentence}. Must not decide anything about the export. FILE holds the fields of `exporter.Request` as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import fields
from pathlib import Path
from typing import Any

from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.text import one_line

_PATHS = ("base", "out", "adapter", "tokenizer")


def read_request(path: Path) -> Any:
    """Return the `exporter.Request` in the JSON file at `path`; raise UsageError for an unknown or missing field."""
    from workbench.engine.export.exporter import Request

    try:
        body = json.loads(path.read_bytes())
    except (OSError, ValueError):
        raise UsageError(f"The export request {one_line(str(path))} cannot be read; write it as JSON.") from None
    known = {item.name for item in fields(Request)}
    if not isinstance(body, dict) or not {"base", "out", "name", "types"} <= set(body) <= known:
        raise UsageError(f"An export request has base, out, name and types, and of the rest only: {', '.join(sorted(known))}.")
    body |= {key: Path(body[key]) for key in _PATHS if body.get(key)}
    body |= {key: tuple(body[key]) for key in ("types", "texts", "chats") if key in body}
    return Request(**body)


def main() -> int:
    """Run the export and report it; nothing but the protocol reaches stdout."""
    parser = argparse.ArgumentParser(prog="python -m workbench.engine.export")
    parser.add_argument("--request", type=Path, required=True, help="JSON file with the fields of the request")
    arguments = parser.parse_args()
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(body: dict[str, Any]) -> None:
        lines.write(json.dumps(body) + "\n")
        lines.flush()

    try:
        request = read_request(arguments.request)
        from workbench.engine.export.exporter import export

        say({"result": export(request, say)})
        return 0
    except WorkbenchError as error:
        say({"error": str(error)})
        return error.exit_code


if __name__ == "__main__":
    raise SystemExit(main())
