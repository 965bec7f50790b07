"""The process in which a step is traced: a configuration is a stranger's, and such tensors can end a process.

Owns both sides of it, the call and the probe's target. Must not import torch or its relatives outside the child.
"""

from __future__ import annotations

import dataclasses
import tempfile
from typing import Any

from workbench.core.demand import Demand
from workbench.runs.probe import run_probe

ADDRESS_SPACE = 32 << 30
"""Bytes the child may map: torch maps far more than it uses."""


def trace(config: dict[str, Any], demand: Demand, *, seconds: float = 120.0) -> dict[str, Any]:
    """Return {"peak": bytes, "phase": name, "parts": {part: bytes}} of one step, optimiser states included.

    `config` is a parsed config.json. Raises WorkbenchError when the family cannot be traced. Takes some seconds, most
    of them for imports; the length of sequences does not matter.
    """
    # Libraries look for a place to write while they are imported, and a probe may write no file anywhere.
    with tempfile.TemporaryDirectory() as scratch:
        found: dict[str, Any] = run_probe(
            "workbench.engine.planning.child:answer",
            {"config": config, "demand": dataclasses.asdict(demand), "scratch": scratch},
            what="The base's config.json",
            seconds=seconds,
            memory_bytes=ADDRESS_SPACE,
        )
    return found


def answer(argument: dict[str, Any]) -> dict[str, Any]:
    """Trace the step that `trace` asks for; only folders can be made in its `scratch`, and they are gone afterwards."""
    tempfile.tempdir = argument["scratch"]
    from workbench.engine.planning.trace import traced

    fields = {**argument["demand"], "targets": tuple(argument["demand"]["targets"])}
    return traced(argument["config"], Demand(**fields))
