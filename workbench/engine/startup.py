"""A quick start and a quick end for processes of the engine, by when they look for garbage.

Owns the collector's settings. Must not know what a process does. Some three thousand modules are imported at a start
and nothing of them is garbage; going over them again and again takes a sixth of that time, and once more at the exit
as long as a second.
"""

from __future__ import annotations

import atexit
import gc

_SELDOM = (100_000, 20, 20)
"""Thresholds of the collector while modules are imported."""
_usual: tuple[int, int, int] | None = None
"""Thresholds to go back to; None in a process that has not hastened, and in one that has settled."""


def hasten() -> None:
    """Look for garbage seldom until `settle`, and not at the exit; for a process that is nothing but an engine's."""
    global _usual
    _usual = gc.get_threshold()
    gc.set_threshold(*_SELDOM)
    # What is frozen is not gone over; files and folders are put away by those who made them.
    atexit.register(gc.freeze)


def settle() -> None:
    """Look for garbage as usual from now on: the modules are there, and the first tensors that may become some, too.

    Does nothing in a process that has not hastened, and the second time.
    """
    global _usual
    if _usual is not None:
        gc.set_threshold(*_usual)
        _usual = None
