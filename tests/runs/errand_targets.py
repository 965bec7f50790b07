"""Child programs for the tests of errands: `python -m tests.runs.errand_targets` does what its request says."""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any


def main() -> int:
    request: dict[str, Any] = json.loads(sys.stdin.read())
    print("no JSON, and no harm either")
    for line in request.get("lines", []):
        print(json.dumps(line), flush=True)
    if "file" in request:
        with open(request["file"], "w", encoding="utf-8") as file:
            file.write(f"{os.getpid()} {os.getpgid(0)} {os.environ.get('HF_TOKEN', '')}")
    if request.get("stubborn"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if request.get("lasting"):
        print(json.dumps({"ready": True}), flush=True)
        while True:
            signal.pause()
    if "signal" in request:
        os.kill(os.getpid(), request["signal"])
    return int(request.get("code", 0))


if __name__ == "__main__":
    sys.exit(main())
