"""The process that tries rewards: `python -m workbench.engine.rehearsal`, a request as JSON on stdin.

Owns the wire form, which the head of the package describes. Must not decide anything about rewards or answers.
"""

from __future__ import annotations

import json
import sys

from workbench.core.errors import UsageError, WorkbenchError
from workbench.engine import lifeline, startup


def main() -> int:
    """Do the work and report it; nothing but the protocol reaches stdout."""
    lifeline.die_with_parent()
    startup.hasten()
    say = lifeline.take_stdout()
    try:
        from workbench.engine.rehearsal.trying import Request, tried

        try:
            body = json.loads(sys.stdin.read())
            request = Request(**{**body, "paths": tuple(body["paths"]), "rewards": tuple(body.get("rewards", ()))})
        except (ValueError, TypeError, KeyError):
            raise UsageError("A request is JSON with the keys that workbench.engine.rehearsal names.") from None
        say(tried(request, say))
        return 0
    except WorkbenchError as error:
        say({"error": str(error)})
        return error.exit_code


if __name__ == "__main__":
    raise SystemExit(main())
