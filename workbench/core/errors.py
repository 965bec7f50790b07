"""The errors a person may see, each one sentence that says what is wrong and what to do.

Owns the error classes and the exit codes they map to. Must not know who shows them: the command line prints the
sentence, an engine writes it to the journal.
"""

from __future__ import annotations

from dataclasses import dataclass

from workbench.core.units import count


class WorkbenchError(Exception):
    """Something went wrong that the person can act on; its text is shown as it stands, without a traceback."""

    exit_code = 1


class UsageError(WorkbenchError):
    """The command or the recipe asks for something that does not exist or contradicts itself."""

    exit_code = 2


@dataclass
class NoSpaceError(WorkbenchError):
    """A disk is too full to write what has to be written."""

    where: str
    """The folder that could not be written."""
    needed_bytes: int
    """Bytes the write needs, the reserve included."""
    free_bytes: int
    """Bytes that were free when it was asked."""

    def __str__(self) -> str:
        missing = max(self.needed_bytes - self.free_bytes, 1)
        return (
            f"No space left in {self.where}: {count(self.needed_bytes)} bytes are needed there and "
            f"{count(self.free_bytes)} are free; free at least {count(missing)} bytes, "
            "then repeat the command, or resume the run if one was paused."
        )


class NotFiniteError(WorkbenchError):
    """The loss or a gradient became NaN or infinite, so no later step can be trusted."""
