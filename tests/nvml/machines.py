"""Machines with NVIDIA cards that are not here, for tests: what their driver would tell, and how a program meets them.

Owns the scripted cards and the environment in which the stand-in for the driver's library answers. A machine is a value
for JSON; a test changes what it needs and gives it to a child process, which cannot tell it from a real one but by
computing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support import ROOT

STANDIN = ROOT / "tests" / "nvml" / "standin"
GIB = 1 << 30

GPU_IS_LOST = 15
LIBRARY_MISMATCH = 18
NO_PERMISSION = 4
UNKNOWN = 999

Value = dict[str, Any]


def rtx_4090(**changed: Any) -> Value:
    """Return a card for games with 24 GiB: no error correction, no instances."""
    return {
        "uuid": "GPU-4090aaaa-0000-1111-2222-333344445555", "name": "NVIDIA GeForce RTX 4090",
        "total": 24564 << 20, "free": 23000 << 20, "reserved": 400 << 20,
        "temperature": 46, "slowdown": 90, "power": 31_500, "power_limit": 450_000, "utilisation": 3,
        "compute_mode": 0, "capability": [8, 9], "compute": [], "graphics": [], "reasons": 0x1,
        "generation": 1, "generation_most": 4, "width": 16, "width_most": 16, "display": 0, "persistence": 0,
        **changed,
    }  # fmt: skip


def a100(**changed: Any) -> Value:
    """Return a card for servers with 40 GiB: error correction, instances possible and off."""
    return rtx_4090(**{
        "uuid": "GPU-a1000000-0000-1111-2222-333344445555", "name": "NVIDIA A100-SXM4-40GB", "total": 40 * GIB,
        "free": 39 * GIB, "reserved": 512 << 20, "capability": [8, 0], "ecc_mode": [1, 1], "ecc_errors": [3, 0],
        "mig": None, "persistence": 1, "generation": 4, **changed,
    })  # fmt: skip


def instance(number: int, **changed: Any) -> Value:
    """Return a MIG instance with 10 GiB: memory and processes of its own, nothing else."""
    return {
        "uuid": f"MIG-{number}0000000-aaaa-5555-bbbb-000000000000", "name": "NVIDIA A100-SXM4-40GB MIG 2g.10gb",
        "total": 10 * GIB, "free": (9 - number) * GIB, "compute": [], "graphics": [], **changed,
    }  # fmt: skip


def machine(*cards: Value, **changed: Any) -> Value:
    """Return a machine with these cards under a driver that runs CUDA 13."""
    return {"driver": "580.95.05", "cuda": 13_000, "cards": list(cards), **changed}


def without_library() -> Value:
    """Return a machine without the driver's library."""
    return machine(library=False)


def write(path: Path, value: Value) -> None:
    """Make the machine in a file this one, at once for every program that asks it."""
    staged = path.with_suffix(".new")
    staged.write_text(json.dumps(value), encoding="utf-8")
    staged.replace(path)


def environment(path: Path, value: Value, **variables: str) -> dict[str, str]:
    """Return the environment of a child process that finds this machine, which is kept in the file `path`."""
    write(path, value)
    own = {name: text for name, text in os.environ.items() if not name.startswith("CUDA_")}
    python_path = os.pathsep.join((str(STANDIN), str(ROOT)))
    return {**own, "PYTHONPATH": python_path, "NVML_STANDIN": str(path), **variables}


def told(path: Path, value: Value, program: str, **variables: str) -> Any:
    """Run a Python program on this machine and return the JSON it printed; `sys.argv[1]` is the machine's file."""
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        env=environment(path, value, **variables), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
