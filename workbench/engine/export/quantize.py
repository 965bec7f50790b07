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
import threading
from collections.abc import Callable, Sequence
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
_FORMAT = re.compile(
    r"^\[\s*\d+/\s*\d+\]\s+(\S+)\s+- \[[^]]*\], type =\s*(\w+), size = [^\n(]*(?:\((\w+)\))?$", re.MULTILINE
)
"""A tensor in a dry run: its name, its type, and the one it would get where that is another."""


@dataclass(frozen=True)
class Quantised:
    """A finished file."""

    path: Path
    bytes: int
    bits_per_weight: float
    fallbacks: dict[str, str]
    """Tensors whose rows do not fill the type's blocks → the larger type llama.cpp took for them without saying so."""


def _run(
    request: dict[str, Any], on_progress: Callable[[int, int], None], stop: threading.Event | None = None
) -> dict[str, Any]:
    """Return what the child answers."""
    return errand.run(
        "workbench.engine.export.quantize",
        request,
        lambda line: on_progress(line["done"], line["total"]) if "total" in line else None,
        who="llama.cpp",
        own_group=False,
        stop=stop,
    )


def formats(
    skeleton: Path, kinds: Sequence[types.FileType], importance: Path | None = None
) -> dict[str, dict[str, str]]:
    """Return type → tensor → format, as llama.cpp gives them with or without the file of an importance matrix.

    Of `skeleton` only the header is read. Raises WorkbenchError when llama.cpp refuses it.
    """
    request = {
        "source": str(skeleton), "ftypes": [kind.ftype for kind in kinds], "importance": importance and str(importance)
    }  # fmt: skip
    found = _run(request, lambda *_: None)["formats"]
    names = [tensor.name for tensor in header.read(skeleton).tensors]
    for each in found:
        if lacking := [name for name in names if name not in each]:
            raise WorkbenchError(f"llama.cpp does not say what {one_line(lacking[0], 80)} becomes; export it as F16.")
    return {
        kind.name: {name: format.upper() for name, format in each.items()}
        for kind, each in zip(kinds, found, strict=True)
    }


def quantize(
    source: Path,
    target: Path,
    name: str,
    on_progress: Callable[[int, int], None],
    importance: Path | None = None,
    stop: threading.Event | None = None,
) -> Quantised:
    """Write the file `source` as the GGUF type `name` to `target`; `on_progress(done, total)` counts tensors.

    `source` is best a float32 file: every type then comes from the full precision. `importance` is the file of an
    importance matrix. Setting `stop` ends it from another thread, as `errand.run` says. Raises UsageError for an
    unknown type and WorkbenchError when llama.cpp fails or is killed; `target` does not exist then.
    """
    (kind,) = types.find([name])
    if target.exists():
        raise UsageError(f"{one_line(str(target))} exists already; choose another name.")
    request = {
        "source": str(source), "target": str(target), "ftype": kind.ftype,
        "importance": importance and str(importance),
    }  # fmt: skip
    complete = False
    try:
        _run(request, on_progress, stop)
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


def _entries(path: Path) -> Any:
    """Return an importance matrix as the array that llama.cpp takes, and that keeps its numbers alive."""
    import llama_cpp.llama_cpp as c

    from workbench.engine.export import importance

    means = importance.read(path)
    entries = (c.llama_model_imatrix_data * (len(means) + 1))()
    for entry, (name, values) in zip(entries, means.items(), strict=False):
        entry.name = name.encode()
        entry.data = values.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        entry.size = values.size
    # ctypes keeps the names but not the numbers, which are freed while llama.cpp reads them.
    entries.kept = means
    return entries


def _work(request: dict[str, Any], say: lifeline.Say) -> dict[str, Any]:
    """Quantise in this process, or say what each tensor would become under each of some types.

    Raises WorkbenchError when llama.cpp refuses.
    """
    import llama_cpp.llama_cpp as c

    from workbench.engine import llama

    said: list[str] = []
    asked = "ftypes" in request

    def listen(line: str) -> None:
        if asked:
            said.append(line)
        elif match := _PROGRESS.match(line.strip()):
            say({"done": int(match[1]), "total": int(match[2])})

    llama.quiet(listen)
    source = Path(request["source"])
    header.read(source)
    entries = _entries(Path(request["importance"])) if request.get("importance") else None
    found = []
    for ftype in request["ftypes"] if asked else [request["ftype"]]:
        params = c.llama_model_quantize_default_params()
        params.ftype = int(ftype)
        params.nthread = llama.cores()
        params.dry_run = asked
        if entries is not None:
            params.imatrix = entries
        target = os.fsencode(request.get("target", ""))
        code = c.llama_model_quantize(os.fsencode(source), target, ctypes.byref(params))
        if code:
            raise WorkbenchError(f"llama.cpp could not quantise the file: {llama.last_words() or f'code {code}'}.")
        found.append({name: new or old for name, old, new in _FORMAT.findall("".join(said))})
        said.clear()
    return {"formats": found} if asked else {"ok": True}


def main() -> int:
    """Quantise as the request on stdin says; progress and result are JSON lines on stdout."""
    lifeline.die_with_parent()
    say = lifeline.take_stdout()
    try:
        say(_work(json.load(sys.stdin), say))
        return 0
    except WorkbenchError as error:
        say({"error": str(error)})
        return error.exit_code


if __name__ == "__main__":
    raise SystemExit(main())
