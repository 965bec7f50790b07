"""What the limited child judges: a pattern, a schema, a function of the person's own.

Owns the three makers a `child.Child` is given as its target; each takes JSON settings and returns the judge of JSON
items. Must not know the process around it, nor completions.
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import math
import re
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.text import one_line
from workbench.engine.rewards.completion import Unjudged
from workbench.engine.rewards.schema import Checker, value_in

OTHER_JSON = 0.2
"""What JSON earns that a schema does not allow: it is nearer to the goal than no JSON."""
_LARGEST_SCHEMA = 1 << 20


def pattern(settings: dict[str, Any]) -> Callable[[str], float]:
    """Return the judge of texts by a regular expression: {"pattern", "whole", "case"}."""
    flags = re.DOTALL | (0 if settings["case"] else re.IGNORECASE)
    shown = one_line(settings["pattern"], 60)
    try:
        compiled = re.compile(settings["pattern"], flags)
    except (re.error, RecursionError, OverflowError) as error:
        raise UsageError(f"The pattern {shown!r} of the reward regex is none: {error}; correct it.") from None
    find = compiled.fullmatch if settings["whole"] else compiled.search
    return lambda text: float(find(text) is not None)


def schema(settings: dict[str, Any]) -> Callable[[str], float]:
    """Return the judge of texts by a JSON schema in a file: {"path"}."""
    path = Path(settings["path"])
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST_SCHEMA + 1)
        body = json.loads(data) if len(data) <= _LARGEST_SCHEMA else None
    except OSError as error:
        raise UsageError(f"The JSON schema {path} cannot be read: {error.strerror}; check the path.") from None
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict | bool):
        raise UsageError(f"{path} holds no JSON schema; give a file with one JSON object of at most 1 MiB.")
    checker = Checker(body)

    def judge(text: str) -> float:
        is_json, value = value_in(text)
        try:
            return (1.0 if checker.allows(value) else OTHER_JSON) if is_json else 0.0
        except RecursionError:
            return OTHER_JSON

    return judge


def _line(error: BaseException, path: Path) -> int | None:
    """Return the last line of the person's file that an error went through, None when it went through none."""
    if isinstance(error, SyntaxError):
        return error.lineno
    frames = traceback.extract_tb(error.__traceback__)
    return next((frame.lineno for frame in reversed(frames) if frame.filename == str(path)), None)


def _blamed(error: BaseException, path: Path) -> str:
    """Return what went wrong and where, without the full stop."""
    line = _line(error, path)
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    what = one_line(f"{type(error).__name__}: {said}" if said else type(error).__name__, 200)
    return f"line {line} of {path.name}: {what}" if line is not None else f"{path.name}: {what}"


def function(settings: dict[str, Any]) -> Callable[[dict[str, Any]], float]:
    """Return the judge of {"prompt", "completion", "row"} by a function in a file: {"path", "function"}.

    The function is called as f(prompt, completion, **row), with the columns it takes. None says that it has nothing to
    say of this row.
    """
    path, name = Path(settings["path"]), settings["function"]
    if not path.is_file():
        raise UsageError(f"There is no file {path} for the reward file; give a Python file with def {name}(…).")
    spec = importlib.util.spec_from_file_location("own_reward", path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path} is no Python file; give one whose name ends in .py.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    sys.path.append(str(path.parent))
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        raise UsageError(f"The reward of your own cannot be loaded: {_blamed(error, path)}; correct it.") from None
    own = getattr(module, name, None)
    if not callable(own):
        raise UsageError(f"{path} has no function {name}; write def {name}(prompt, completion, **row) -> float.")
    taken = _taken(own, name, path)

    def judge(item: dict[str, Any]) -> float:
        given = {"prompt": item["prompt"], "completion": item["completion"]}
        row = {key: value for key, value in item["row"].items() if key not in given and (taken is None or key in taken)}
        try:
            score = own(**given, **row)
        except Exception as error:
            raise WorkbenchError(_blamed(error, path)) from None
        except SystemExit as error:
            raise WorkbenchError(_blamed(error, path)) from None
        return _score(score, path, name)

    return judge


def _taken(own: Callable[..., Any], name: str, path: Path) -> frozenset[str] | None:
    """Return the names a function takes, None where it takes any; raises UsageError when it cannot be called."""
    try:
        parameters = inspect.signature(own).parameters
    except (TypeError, ValueError):
        return None
    kinds = {parameter.kind for parameter in parameters.values()}
    names = frozenset(parameters)
    takes_any = inspect.Parameter.VAR_KEYWORD in kinds
    if inspect.Parameter.POSITIONAL_ONLY in kinds or not (takes_any or {"prompt", "completion"} <= names):
        raise UsageError(f"The function {name} in {path} must be def {name}(prompt, completion, **row) -> float.")
    return None if takes_any else names


def _score(value: Any, path: Path, name: str) -> float:
    """Return what a function gave as a score; raises Unjudged for None and WorkbenchError for what is no number."""
    if value is None:
        raise Unjudged(f"{name} in {path.name} gave None")
    try:
        score = float(value)
    except (TypeError, ValueError, OverflowError):
        kind = type(value).__name__
        raise WorkbenchError(f"{name} in {path.name} gave {one_line(kind, 40)} instead of a number") from None
    if not math.isfinite(score):
        raise WorkbenchError(f"{name} in {path.name} gave {score}, which is no score")
    return score
