"""Writing a file that the person named: whole or not at all, and never over one that is there.

Owns the refusals. Must not know what is in the file, nor who asked for it.
"""

from __future__ import annotations

import os
from pathlib import Path

from workbench.core.errors import UsageError
from workbench.core.text import one_line
from workbench.runs import atomic


def write_new(path: Path, text: str, what: str) -> None:
    """Write a new file; raises UsageError when there is one of that name, and when it cannot be written.

    `what` is what the file holds, for the sentence.
    """
    if os.path.lexists(path):
        raise UsageError(f"There is a file {one_line(str(path))} already; give another name, or remove it.")
    try:
        atomic.write_text(path, text)
    except OSError as error:
        raise UsageError(f"The {what} cannot be written to {one_line(str(path))}: {error.strerror}.") from None
