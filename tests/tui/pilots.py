"""What tests of the interface need: a loop of their own, and waiting for what a screen comes to show."""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.support import patience

LOOK = 0.05
"""Seconds between two looks at a page; each takes the processor that what is waited for needs as well."""


def played(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a test that is a coroutine in an event loop of its own."""

    @functools.wraps(test)
    def run(*args: Any, **rest: Any) -> None:
        asyncio.run(test(*args, **rest))

    return run


async def until(pilot: Pilot[Any], condition: Callable[[], object], what: str, seconds: float = 15.0) -> None:
    """Let the application run until a condition is true and drawn; fail the test when it does not come true in time."""
    deadline = time.monotonic() + patience(seconds)
    while not condition():
        if time.monotonic() >= deadline:
            pytest.fail(f"not within {seconds:g} s: {what}")
        await pilot.pause(LOOK)
    # What a screen knows is known before it is drawn: what is asked of its text next would find the page before.
    await pilot.pause()
