"""Checks that are judged in a limited child: regular expressions, JSON schemas, functions of the person's own.

Owns what is sent to the child for each. Must not know what happens there.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from typing import Any

from workbench.core.rewards import Spec
from workbench.engine.rewards import answers
from workbench.engine.rewards.child import Child, judge_of
from workbench.engine.rewards.completion import Completion, Judge, columns_of

_SECONDS = 2.0
"""Time for a pattern or a schema on one completion."""
_MIB = 1 << 20
_WRITES = 64 * _MIB
"""What a function of one's own may write into a file, a log for example."""
_DEEPEST = 50


def _said(completion: Completion) -> Any:
    return _json(answers.spoken(completion.text))


def _json(value: Any, depth: int = 0) -> Any:
    """Return a value as JSON can hold it: what it cannot is text."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if depth < _DEEPEST and isinstance(value, Mapping):
        return {str(key): _json(item, depth + 1) for key, item in value.items()}
    if depth < _DEEPEST and isinstance(value, list | tuple):
        return [_json(item, depth + 1) for item in value]
    return str(value)


def _whole(completion: Completion) -> dict[str, Any]:
    row = {
        **columns_of(completion.row),
        "tokens": completion.tokens,
        "finished": completion.finished,
        "forced": completion.forced,
    }
    return {"prompt": _json(completion.prompt), "completion": _json(completion.text), "row": _json(row)}


_MODULE = "workbench.engine.rewards.judging"


def regex(spec: Spec, held: contextlib.ExitStack) -> Judge:
    """Return the judge by a regular expression."""
    child = Child(f"{_MODULE}:pattern", dict(spec.parameters), what="The pattern", seconds=_SECONDS)
    held.callback(child.close)
    return judge_of(child, _said)


def schema(spec: Spec, held: contextlib.ExitStack) -> Judge:
    """Return the judge by a JSON schema."""
    child = Child(f"{_MODULE}:schema", dict(spec.parameters), what="The JSON schema", seconds=_SECONDS)
    held.callback(child.close)
    return judge_of(child, _said)


def own(spec: Spec, held: contextlib.ExitStack) -> Judge:
    """Return the judge by a function of the person's own, which gets every column of the row as JSON."""
    settings = spec.parameters
    child = Child(
        f"{_MODULE}:function",
        {"path": settings["path"], "function": settings["function"]},
        what="The reward of your own",
        seconds=float(settings["seconds"]),
        memory_bytes=int(settings["memory"]) * _MIB,
        file_bytes=_WRITES,
    )
    held.callback(child.close)
    return judge_of(child, _whole)
