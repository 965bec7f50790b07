"""The process that writes questions and answers: `python -m workbench.engine.synth`, a request as JSON on stdin.

Owns the wire form: {"articles", "model", "out", "count", "seed", "accept"} comes in; lines {"asked", "kept", "wanted"}
go out, the last one {"result": report} or {"error": sentence}. Must not decide anything about the pairs.
"""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

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
        from workbench.engine.synth.pairs import Request, synthesize

        try:
            body = json.loads(sys.stdin.read())
            request = Request(**{**body, "articles": tuple(body["articles"]), "out": Path(body["out"])})
        except (ValueError, TypeError, KeyError):
            raise UsageError("A request is JSON with articles, model, out, count, seed and accept.") from None
        say({"result": synthesize(request, say)})
        return 0
    except WorkbenchError as error:
        say({"error": str(error)})
        return error.exit_code


if __name__ == "__main__":
    raise SystemExit(main())
