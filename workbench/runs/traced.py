"""A step of a run traced without a GPU, in a limited child: a configuration is a stranger's, and a trace can end badly.

Owns the call. Must not know how a step is traced: that is the engine's, which the child imports and this process never.
"""

from __future__ import annotations

import dataclasses
import tempfile
import time
from typing import Any

from workbench.core.demand import Demand
from workbench.core.errors import WorkbenchError
from workbench.runs.probe import run_probe

ADDRESS_SPACE = 32 << 30
"""Bytes the child may map: torch maps far more than it uses."""


def trace(config: dict[str, Any], demand: Demand, *, seconds: float = 120.0) -> dict[str, Any]:
    """Return {"peak": bytes, "phase": name, "parts": {part: bytes}} of one step, optimiser states included.

    `config` is a parsed config.json. Raises WorkbenchError when the step cannot be traced, or not within `seconds`.
    Takes some seconds, most of them for imports; the length of sequences does not matter.
    """
    # Libraries look for a place to write while they are imported, and a probe may write no file anywhere.
    with tempfile.TemporaryDirectory() as scratch:
        request = {"config": config, "demand": dataclasses.asdict(demand), "scratch": scratch}
        began = time.monotonic()
        try:
            found: dict[str, Any] = run_probe(
                "workbench.engine.planning.child:answer",
                request,
                what="The base's config.json",
                seconds=seconds,
                memory_bytes=ADDRESS_SPACE,
            )
        except WorkbenchError:
            if time.monotonic() - began < seconds:
                raise
            raise WorkbenchError(
                f"A step could not be traced within {seconds:g} s; use the estimate from the configuration."
            ) from None
    return found
