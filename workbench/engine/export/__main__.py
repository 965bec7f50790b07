"""The export process: `python -m workbench.engine.export`, with the fields of `exporter.Request` as JSON on stdin.

Owns the protocol: JSON lines on stdout, each a step {"step", "done", "total", "detail"}, the last one
{"result": report} or {"error": sentence}. Must not decide anything about the export.
"""

from __future__ import annotations

import json
import signal
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

from workbench.core.errors import UsageError, WorkbenchError
from workbench.engine import lifeline

_PATHS = ("base", "out", "adapter", "tokenizer")
_LISTS = ("types", "texts", "chats")


def read_request(text: str) -> Any:
    """Return the `exporter.Request` that `text` holds as JSON; raise UsageError for an unknown or missing field."""
    from workbench.engine.export.exporter import Request

    known = {item.name for item in fields(Request)}
    try:
        body = json.loads(text)
        right = {"base", "out", "name", "types"} <= set(body) <= known
    except (ValueError, TypeError):
        right = False
    if not right:
        raise UsageError(
            f"An export request is JSON with base, out, name, types and of these: {', '.join(sorted(known))}."
        )
    body |= {key: Path(body[key]) for key in _PATHS if body.get(key)}
    body |= {key: tuple(body[key]) for key in _LISTS if key in body}
    return Request(**body)


def main() -> int:
    """Run the export and report it; nothing but the protocol reaches stdout."""
    lifeline.die_with_parent()
    say = lifeline.take_stdout()
    # An exit that unwinds, so that the staging directory goes with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        request = read_request(sys.stdin.read())
        from workbench.engine.export.exporter import export

        say({"result": export(request, say)})
        return 0
    except WorkbenchError as error:
        say({"error": str(error)})
        return error.exit_code


if __name__ == "__main__":
    raise SystemExit(main())
