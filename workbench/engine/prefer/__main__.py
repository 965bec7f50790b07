"""The process that makes preference data: `python -m workbench.engine.prefer`, a request as JSON on stdin.

Owns the wire form: the fields of `making.Request` come in; lines {"stage", "done", "total"} go out, the last one
{"result": report} or {"error": sentence}. Must not decide anything about the rows.
"""

from __future__ import annotations

import json
import signal
import sys

from workbench.core.errors import UsageError, WorkbenchError
from workbench.engine import lifeline, startup


def main() -> int:
    """Do the work and report it; nothing but the protocol reaches stdout."""
    lifeline.die_with_parent()
    startup.hasten()
    say = lifeline.take_stdout()
    # An exit that unwinds; what is done so far is in the journal.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        from workbench.engine.prefer import making

        try:
            request = making.Request.from_json(json.loads(sys.stdin.read()))
        except (ValueError, TypeError, KeyError):
            raise UsageError("A request is JSON with the fields that workbench.engine.prefer.making names.") from None
        say({"result": making.make(request, say)})
        return 0
    except WorkbenchError as error:
        say({"error": str(error)})
        return error.exit_code


if __name__ == "__main__":
    raise SystemExit(main())
