"""The door of the command line, also for `python -m workbench`: what a signal does before and while a command runs.

Must not know commands. SIGTERM and SIGHUP leave like Ctrl-C, through every clean-up, so that nothing half-written
stays; a Ctrl-C that comes while modules are still being loaded is as quiet as a later one.
"""

from __future__ import annotations

import sys
from collections import namedtuple

INTERRUPTED = 130
"""Exit code after Ctrl-C."""


def main() -> int:
    """Run the command line as a process of its own and return the exit code; 128 plus its number after a signal."""
    try:
        import signal

        def leave(number: int, frame: object) -> None:
            # Once is enough: what cleans up now is not to be cut short by the next of its kind.
            for other in (signal.SIGTERM, signal.SIGHUP):
                signal.signal(other, signal.SIG_IGN)
            sys.exit(128 + number)

        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:  # nohup and its like have said otherwise
                signal.signal(number, leave)
        from workbench.cli import main as command_line

        return command_line()
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        # CPython remembers an interrupt that left evaluated text, as where a dataclass is being made while modules are
        # loaded, and `python -m` then dies of SIGINT although it was caught; the next evaluation takes it back.
        namedtuple("Evaluated", ())  # a class that the library makes by evaluating text


if __name__ == "__main__":
    sys.exit(main())
