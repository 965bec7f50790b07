"""Tests of code as rows hold them, each as something that can be tried: a call, a program, or statements.

Owns the forms tests come in and what a result must be. Must not know how a test is run. Text is parsed and never run
here.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.engine.rewards.completion import Unjudged

MOST = 200
"""Tests of one row that are tried."""
_LONGEST = 200_000


@dataclass(frozen=True)
class Trial:
    """One test."""

    kind: str
    """call, program or statements."""
    source: str = ""
    """The expression of a call, or the statements."""
    given: str = ""
    """What a program reads."""
    wanted: Any = None
    """What a call must give or a program print; it is never sent to where the code runs."""
    listed: bool = False
    """Whether lists and tuples count alike, since the expected value comes from JSON."""
    entry: str = ""
    """The function that statements call `candidate`."""

    def to_json(self) -> dict[str, str]:
        """Return what the process that runs it has to know."""
        return {"kind": self.kind, "source": self.source, "given": self.given, "entry": self.entry}


_UNKNOWN = "the tests of the row are in no form that can be run"


def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text[:_LONGEST])
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def _literal(node: ast.expr) -> tuple[bool, Any]:
    """Return (whether an expression is a plain value, that value)."""
    try:
        return True, ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False, None


def _asserted(node: ast.expr) -> Trial | None:
    """Return the call that an assertion compares with a plain value, or None when it is anything else."""
    if isinstance(node, ast.Call):
        return Trial("call", f"not not {ast.unparse(node)}", wanted=True)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not) and isinstance(node.operand, ast.Call):
        return Trial("call", ast.unparse(node), wanted=True)
    if not isinstance(node, ast.Compare) or len(node.ops) != 1 or not isinstance(node.ops[0], ast.Eq | ast.Is):
        return None
    for told, wanted in ((node.left, node.comparators[0]), (node.comparators[0], node.left)):
        is_plain, value = _literal(wanted)
        if is_plain and isinstance(told, ast.Call) and not _literal(told)[0]:
            return Trial("call", ast.unparse(told), wanted=value)
    return None


def _statements(text: str, entry: str) -> list[Trial]:
    """Return the trials of tests written as Python: one for each assertion where they stand side by side."""
    tree = _parsed(text)
    if tree is None or not tree.body:
        raise Unjudged(_UNKNOWN)
    assertions = [part for part in tree.body if isinstance(part, ast.Assert)]
    setup = [part for part in tree.body if not isinstance(part, ast.Assert)]
    if not assertions or not all(isinstance(part, ast.Import | ast.ImportFrom | ast.Assign) for part in setup):
        return [Trial("statements", text, entry=entry)]
    before = "\n".join(map(ast.unparse, setup))
    found = []
    for part in assertions:
        call = _asserted(part.test) if not setup and not entry else None
        found.append(call or Trial("statements", f"{before}\n{ast.unparse(part)}", entry=entry))
    return found


def _called(name: str, code: str, arguments: Any, wanted: Any) -> Trial:
    """Return the trial of a function with arguments from JSON; of a class Solution where the code has one."""
    owner = "Solution()." if "class Solution" in code else ""
    listed = arguments if isinstance(arguments, list) else [arguments]
    return Trial("call", f"{owner}{name}(*{listed!r})", wanted=wanted, listed=True)


def _pairs(inputs: Any, outputs: Any, name: str, code: str) -> list[Trial]:
    """Return the trials of inputs with their outputs: calls of a function, or programs that read and print."""
    if not isinstance(inputs, list) or not isinstance(outputs, list) or len(inputs) != len(outputs):
        raise Unjudged(_UNKNOWN)
    if name:
        return [_called(name, code, given, wanted) for given, wanted in zip(inputs, outputs, strict=True)]

    def joined(value: Any) -> str:
        return "\n".join(map(str, value)) if isinstance(value, list) else str(value)

    return [Trial("program", given=joined(a), wanted=joined(b)) for a, b in zip(inputs, outputs, strict=True)]


def of_row(tests: Any, row: Mapping[str, Any], code: str) -> list[Trial]:
    """Return the trials that a row's tests are; raises Unjudged for tests in no known form."""
    try:
        return _of_row(tests, row, code)[:MOST]
    except RecursionError:
        raise Unjudged("the tests of the row are nested too deeply") from None


def _of_row(tests: Any, row: Mapping[str, Any], code: str) -> list[Trial]:
    if isinstance(tests, str) and tests.lstrip()[:1] in ("{", "["):
        try:
            tests = json.loads(tests)
        except (ValueError, RecursionError):
            raise Unjudged(_UNKNOWN) from None
    entry = row.get("entry_point")
    entry = entry if isinstance(entry, str) and entry.isidentifier() else ""
    if isinstance(tests, str):
        found = _statements(tests, entry)
    elif isinstance(tests, Mapping):
        name = tests.get("fn_name") or entry
        name = name if isinstance(name, str) and name.isidentifier() else ""
        found = _pairs(tests.get("inputs", tests.get("input")), tests.get("outputs", tests.get("output")), name, code)
    elif isinstance(tests, Sequence) and tests and all(isinstance(item, str) for item in tests):
        found = [trial for item in tests for trial in _statements(item, entry)]
    elif isinstance(tests, Sequence) and tests and all(isinstance(item, Mapping) for item in tests):
        wanted = [item.get("output", item.get("expected")) for item in tests]
        found = _pairs([item.get("input", item.get("args")) for item in tests], wanted, entry, code)
    else:
        raise Unjudged(_UNKNOWN)
    if not found:
        raise Unjudged("the row has no tests")
    return found


def value_of(tagged: Any) -> Any:
    """Return the value that tagged JSON of the sandbox stands for; raises ValueError or TypeError for none."""
    if tagged is None or isinstance(tagged, bool | str):
        return tagged
    if not isinstance(tagged, dict) or len(tagged) != 1:
        raise ValueError("no value")
    ((kind, held),) = tagged.items()
    if kind == "int":
        return int(held, 16)
    if kind == "float":
        return float.fromhex(held)
    if kind == "complex":
        return complex(float.fromhex(held[0]), float.fromhex(held[1]))
    if kind == "bytes":
        return bytes.fromhex(held)
    if kind == "dict":
        return {value_of(key): value_of(item) for key, item in held}
    made = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}[kind]
    return made(value_of(item) for item in held)


def _plain_lists(value: Any) -> Any:
    """Return a value as JSON would bring it: tuples as lists, keys as text."""
    if isinstance(value, list | tuple):
        return [_plain_lists(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain_lists(item) for key, item in value.items()}
    return value


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.rstrip().splitlines()]


def passed(trial: Trial, answer: Mapping[str, Any]) -> bool:
    """Return whether what came back from a test is what it must be."""
    if trial.kind == "program":
        return isinstance(answer.get("output"), str) and _lines(answer["output"]) == _lines(str(trial.wanted))
    if trial.kind != "call":
        return answer.get("passed") is True
    if "value" not in answer:
        return False
    try:
        value = value_of(answer["value"])
        if trial.listed:
            value, wanted = _plain_lists(value), _plain_lists(trial.wanted)
            # Some collections wrap each output in a list of one.
            return bool(value == wanted or [value] == wanted)
        return bool(value == trial.wanted)
    except (ValueError, TypeError, KeyError, IndexError, RecursionError, OverflowError):
        return False
