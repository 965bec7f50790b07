"""`accelerate launch` as a child of the engine: `python -m workbench.engine.launcher` with that command's arguments.

Owns the precautions round it: it ends with the engine, lets signals to the engine's group pass, and tells the engine by
its stdin, the writing end of a pipe, which processes ended badly. Must not know what they do.
"""

from __future__ import annotations

import json
import os
import signal
import sys

from workbench.engine import lifeline, startup
from workbench.engine.ranks import PARENT


def main() -> int:
    """Launch the processes, wait for their end, and return 0 when all of them ended well."""
    lifeline.die_with_parent(int(os.environ[PARENT]))
    startup.hasten()
    os.environ[PARENT] = str(os.getpid())
    # A request to pause or stop is the processes' business, who save first. A handler that does nothing, unlike
    # ignoring, is not inherited by them: they must end when the launcher tells them to.
    for number in (signal.SIGTERM, signal.SIGUSR1):
        signal.signal(number, lambda *_: None)
    from accelerate.commands import launch
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    try:
        launch.main()
    except ChildFailedError as failed:
        codes = {str(rank): failure.exitcode for rank, failure in failed.failures.items()}
        os.write(0, json.dumps({"exit_codes": codes}).encode() + b"\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
