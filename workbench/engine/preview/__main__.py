"""The errand `python -m workbench.engine.preview`: one JSON request on stdin, one JSON line on stdout.

Owns the wire form and the limits of the child that does the work. Must not touch a tokenizer or a template itself.
"""

from __future__ import annotations

import json
import sys

from workbench.core.errors import UsageError, WorkbenchError
from workbench.engine import lifeline
from workbench.runs import probe

SECONDS = 600.0
"""Rows are sampled from files of any size and kind in this time, too."""
MEMORY_BYTES = 8 << 30
OUTPUT_BYTES = 64 << 20


def main() -> int:
    """Answer the request; the line is {"error": sentence} when something was refused."""
    lifeline.die_with_parent()
    say = lifeline.take_stdout()
    try:
        request = json.loads(sys.stdin.buffer.read())
        if not isinstance(request, dict) or not isinstance(request.get("base_dir"), str):
            raise UsageError("A request is a JSON object with base_dir and rows.")
        answer = probe.run_probe(
            "workbench.engine.preview.look:preview",
            request,
            what=f"The tokenizer or chat template in {request['base_dir']}",
            seconds=SECONDS,
            memory_bytes=MEMORY_BYTES,
            output_bytes=OUTPUT_BYTES,
        )
        say(answer)
        return 0
    except ValueError:
        say({"error": "A request is a JSON object with base_dir and rows."})
        return 2
    except WorkbenchError as error:
        say({"error": str(error)})
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
