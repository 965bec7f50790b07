"""Quantising a GGUF file through llama.cpp, in a process of its own: `python -m workbench.engine.export.quantize`.

Owns both sides: the child that calls `llama_model_quantize`, and `quantize` that runs it, follows its progress and
leaves either a whole file or none. llama.cpp cannot be interrupted and leaves a part of the file when it fails.
"""

from __future__ import annotations

import ctypes
import json
import math
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.core import gguf_types as types
from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.text import one_line
from workbench.engine import lifeline
from workbench.engine.export.gguf import header
from workbench.runs import errand

_PROGRESS = re.compile(r"^\[\s*(\d+)/\s*(\d+)\]")


@dataclass(frozen=True)
class Quantised:
    """A finished file."""

    path: Path
    bytes: int
    bits_per_weight: float
    fallbacks: dict[str, str]
    """Tensors whose rows do not fill the type's blocks → the larger type llama.cpp took for them without saying so."""


def quantize(source: Path, target: Path, name: str, on_progress: Callable[[int, int], None]) -> Quantised:
    """Write `source` as the GGUF type `name` to `target`; `on_progress(done, total)` counts tensors.

    `source` is best a float32 file: every type then comes from the full precision. Raises UsageError for an unknown
    type and WorkbenchError when llama.cpp fails or is killed; `target` does not exist then.
    """
    (kind,) = types.find([name])
    if target.exists():
        raise UsageError(f"{one_line(str(target))} exists already; choose another name.")
    request = {"source": str(source), "target": str(target), "ftype": kind.ftype}
    complete = False
    try:
        errand.run(
            "workbench.engine.export.quantize",
            request,
            lambda line: on_progress(line["done"], line["total"]) if "total" in line else None,
            who="llama.cpp",
            own_group=False,
        )
        with target.open("rb+") as file:
            os.fsync(file.fileno())
        result = describe(target, kind)
        complete = True
        return result
    except OSError as error:
        raise WorkbenchError(f"{one_line(target.name)} could not be written: {error.strerror or error}.") from None
    finally:
        if not complete:
            target.unlink(missing_ok=True)


def describe(path: Path, kind: types.FileType) -> Quantised:
    """Return what the finished file at `path` is, from its own header."""
    tensors = header.read(path).tensors
    weights = sum(math.prod(tensor.shape) for tensor in tensors)
    fallbacks = {
        tensor.name: tensor.type for tensor in tensors if len(tensor.shape) > 1 and tensor.shape[0] % kind.block
    }
    return Quantised(path, path.stat().st_size, sum(tensor.bytes for tensor in tensors) * 8 / weights, fallbacks)


def _work(request: dict[str, Any], say: lifeline.Say) -> None:
    """Quantise in this process; raise WorkbenchError when llama.cpp refuses."""
    import llama_cpp.llama_cpp as c

    from workbench.engine import llama

    def listen(line: str) -> None:
        if match := _PROGRESS.match(line.strip()):
            say({"done": int(match[1]), "total": int(match[2])})

    llama.quiet(listen)
    header.read(Path(request["source"]))
    params = c.llama_model_quantize_default_params()
    params.ftype = int(request["ftype"])
    params.nthread = llama.cores()
    code = c.llama_model_quantize(os.fsencode(request["source"]), os.fsencode(request["target"]), ctypes.byref(params))
    if code:
        raise WorkbenchError(f"llama.cpp could not quantise the file: {llama.last_words() or f'code {code}'}.")


def main() -> int:
    """Quantise as the request on stdin says; progress and result are JSON lines on stdout."""
    lifeline.die_with_parent()
    say = lifeline.take_stdout()
    try:
        _work(json.load(sys.stdin), say)
        say({"ok": True})
        return 0
    except WorkbenchError as error:
        say({"error": str(error)})
        return error.exit_code


if __name__ == "__main__":
    raise SystemExit(main())
