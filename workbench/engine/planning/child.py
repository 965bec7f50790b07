"""The process in which a step is traced: a configuration is a stranger's, and such tensors can end a process.

Owns the probe's target, which `runs/traced.py` calls. Must not import torch or its relatives before it is called.
"""

from __future__ import annotations

import tempfile
from typing import Any

from workbench.core.demand import Demand
from workbench.core.errors import WorkbenchError
from workbench.core.text import one_line


def answer(argument: dict[str, Any]) -> dict[str, Any]:
    """Trace the step of {"config", "demand", "scratch"}; only folders can be made in `scratch`.

    Raises WorkbenchError with why it cannot be traced.
    """
    tempfile.tempdir = argument["scratch"]
    from workbench.engine.planning import depth

    fields = {**argument["demand"], "targets": tuple(argument["demand"]["targets"])}
    try:
        return depth.traced(argument["config"], Demand(**fields))
    except (WorkbenchError, MemoryError):
        raise
    except Exception as error:  # whatever a family's own code does with tensors that have no contents
        said = one_line(f"{type(error).__name__}: {error}", 200).rstrip(".")
        raise WorkbenchError(f"Its layers cannot be traced: {said}; use the estimate from the configuration.") from None
