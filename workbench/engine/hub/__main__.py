"""The errand to the hub: `python -m workbench.engine.hub`, a JSON request on stdin, JSON lines on stdout.

Owns the protocol: {"words", "most"} looks for models and {"id", "revision"} brings one here, with lines of progress;
the last line is the answer or {"error": sentence}. Must not decide anything about models.
"""

from __future__ import annotations

import json
import sys

from workbench.core.errors import UsageError, WorkbenchError
from workbench.engine import lifeline, startup


def check_token() -> None:
    """Raise UsageError for a token that cannot be sent: the client would quote it in its complaint."""
    from huggingface_hub import get_token

    try:
        token = get_token() or ""
    except Exception as error:  # a login may be a conversation with a server of its own
        raise WorkbenchError(
            f"Your login at the hub cannot be used ({type(error).__name__}); log in again with `hf auth login`."
        ) from None
    if not token.isascii() or not token.isprintable() or " " in token:
        raise UsageError("Your token of the hub has a character that no token has; set HF_TOKEN, or log in, again.")


def main() -> int:
    """Serve one request and return the exit code; nothing but the protocol reaches stdout."""
    lifeline.die_with_parent()
    startup.hasten()
    say = lifeline.take_stdout()
    try:
        request = json.loads(sys.stdin.buffer.read())
        check_token()
        if "words" in request:
            from workbench.engine.hub.search import search

            say(search([str(word) for word in request["words"]], int(request["most"])))
        else:
            from workbench.engine.hub.download import download

            say(download(str(request["id"]), str(request.get("revision", "")), say))
        return 0
    except WorkbenchError as error:
        say({"error": str(error)})
        return error.exit_code


if __name__ == "__main__":
    raise SystemExit(main())
