"""Rewards judged in a limited child: patterns, schemas and functions of one's own, the well-meant and others."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from tests.support import wait_until
from workbench.core.errors import UsageError
from workbench.engine.rewards import Completion, Scores, build
from workbench.engine.rewards.schema import Checker


def judged(reward: str, *texts: str, **row: Any) -> Scores:
    """Return what some texts earn by one reward."""
    with build([reward]) as rewards:
        return rewards.score([Completion([{"role": "user", "content": "q"}], text, 3, True, row) for text in texts])


def test_a_pattern_is_found_in_the_answer_and_not_in_its_thinking() -> None:
    """In part of it or in all of it, in the case that was asked for."""
    assert judged(r'regex(pattern="\d{3}")', "a 123", "12", "<think>123</think>", "\ud800").parts.T.tolist() == [
        [1, 0, 0, 0]
    ]
    assert judged(r'regex(pattern="a.c", whole=true, case=false)', "A\nC", "abcd").parts.T.tolist() == [[1, 0]]


def test_a_pattern_that_does_not_come_back_is_ended_and_the_next_text_judged() -> None:
    """Exponential backtracking costs its two seconds and one reason."""
    found = judged('regex(pattern="(a+)+b$")', "aab", "a" * 60, "x")
    assert found.parts[[0, 2], 0].tolist() == [1, 0]
    assert np.isnan(found.parts[1, 0])
    assert list(found.reasons.values()) == ["it took longer than 2 s"]


def test_what_never_comes_back_is_given_up(tmp_path: Path) -> None:
    """Three of a first batch are waited for and one of each later one, so that it may still recover."""
    file = tmp_path / "own.py"
    file.write_text(
        "def reward(prompt, completion, **row):\n    while completion == 'loop':\n        pass\n    return 1"
    )
    late = "it took longer than 0.2 s"
    given_up = f"{late} {{}} times in a row, so the rest were not asked about"
    with build([f"file(path={file}, seconds=0.2)"]) as rewards:

        def reasons(*texts: str) -> list[str]:
            scores = rewards.score(
                [Completion([{"role": "user", "content": "q"}], text, 3, True, {}) for text in texts]
            )
            return [scores.reasons.get((place, rewards.names[0]), "") for place in range(len(texts))]

        assert reasons(*["loop"] * 5) == [late] * 3 + [given_up.format(3)] * 2
        assert reasons("loop", "fine") == [late, given_up.format(4)]
        assert reasons("fine", *["loop"] * 4, "fine") == ["", *[late] * 4, ""]


SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": "integer", "minimum": 1}, "b": {"$ref": "#/$defs/names"}},
    "required": ["a"],
    "additionalProperties": False,
    "$defs": {"names": {"type": "array", "items": {"type": "string", "pattern": "^[a-z]+$"}, "uniqueItems": True}},
}


def test_json_is_held_against_a_schema(tmp_path: Path) -> None:
    """As a whole or in one fence; other JSON earns a little, no JSON nothing."""
    file = tmp_path / "schema.json"
    file.write_text(json.dumps(SCHEMA))
    texts = {
        '{"a": 1}': 1,
        '{"a": 1, "b": ["x", "y"]}': 1,
        '```json\n{"a": 2}\n```': 1,
        '<think>so</think>{"a": 1.0}': 1,
        '{"a": 0}': 0.2,
        '{"a": true}': 0.2,
        '{"a": 1, "b": ["x", "x"]}': 0.2,
        '{"a": 1, "b": ["X"]}': 0.2,
        "[]": 0.2,
        '{"a": 1, "c": 2}': 0.2,
        "{}": 0.2,
        'Here it is: {"a": 1}': 0,
        '{"a": NaN}': 0,
        "": 0,
        "[" * 100_000: 0,
    }
    assert judged(f"schema(path={file})", *texts).parts[:, 0].tolist() == list(texts.values())


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"enum": [1, "x"]}, [1, "x", 1.0], [True, "y", None]),
        ({"const": {"a": [1]}}, [{"a": [1]}], [{"a": [2]}, {}]),
        ({"type": ["string", "null"], "minLength": 2}, ["ab", None], ["a", 1]),
        ({"multipleOf": 0.1}, [0.3, "x"], [0.25]),
        ({"exclusiveMinimum": 1, "exclusiveMaximum": 2}, [1.5], [1, 2]),
        ({"anyOf": [{"type": "null"}, {"maximum": 3}]}, [None, 2, "x"], [4]),
        ({"oneOf": [{"type": "integer"}, {"minimum": 5}]}, [1, 5.5], [6]),
        ({"not": {"type": "string"}}, [1], ["a"]),
        ({"prefixItems": [{"type": "string"}], "items": {"type": "integer"}}, [["a", 1, 2], []], [[1], ["a", "b"]]),
        ({"contains": {"const": 1}, "maxContains": 2}, [[1], [1, 1, 2]], [[2], [1, 1, 1]]),
        (
            {"patternProperties": {"^x": {"type": "integer"}}, "additionalProperties": {"type": "string"}},
            [{"x1": 1, "y": "a"}],
            [{"x1": "a"}, {"y": 1}],
        ),
        ({"propertyNames": {"maxLength": 2}, "maxProperties": 2}, [{"ab": 1}], [{"abc": 1}, {"a": 1, "b": 2, "c": 3}]),
        ({"dependentRequired": {"a": ["b"]}}, [{"b": 1}, {"a": 1, "b": 2}], [{"a": 1}]),
        ({"if": {"type": "integer"}, "then": {"minimum": 1}, "else": {"type": "string"}}, [1, "a"], [0, None]),
        ({"type": "array", "items": {"$ref": "#"}}, [[], [[], [[]]]], [1, [1]]),
        ({"allOf": [True, {"minItems": 1}]}, [[1], 3], [[]]),
        (True, [1], []),
        (False, [], [1]),
    ],
)
def test_every_keyword_does_what_the_standard_says(schema: Any, good: list[Any], bad: list[Any]) -> None:
    """Values a schema allows, and values it does not (JSON Schema 2020-12, validation and applicators)."""
    checker = Checker(schema)
    assert [checker.allows(value) for value in good] == [True] * len(good)
    assert [checker.allows(value) for value in bad] == [False] * len(bad)


@pytest.mark.parametrize(
    "schema",
    [
        {"unevaluatedProperties": False},
        {"$ref": "https://example.org/s.json"},
        {"$ref": "#/$defs/x"},
        {"type": "text"},
        {"properties": []},
        {"items": 3},
        {"minimum": "1"},
        {"pattern": "("},
        {"allOf": {}},
        {"required": "a"},
    ],
)
def test_a_schema_that_cannot_be_followed_is_refused(schema: Any) -> None:
    """Nothing in it is passed over."""
    with pytest.raises(UsageError, match="JSON schema"):
        Checker(schema)


def test_a_schema_that_leads_in_circles_ends() -> None:
    """A reference to itself allows nothing that would have to be looked at forever."""
    assert Checker({"$ref": "#"}).allows(1) is False


OWN = """
import os, sys, time

def reward(prompt, completion, answer="", **row):
    print("noise")
    if completion == "loop":
        while True:
            try:
                time.sleep(9)
            except Exception:
                pass
    if completion == "count":
        return sum(range(10**13))
    if completion == "exit":
        os._exit(0)
    if completion == "leave":
        sys.exit(3)
    if completion == "divide":
        return 1 / 0
    if completion == "none":
        return None
    if completion == "nan":
        return float("nan")
    if completion == "memory":
        return len(bytearray(1 << 40))
    return len(completion) + (answer == "x") + 10 * row["tokens"] + 100 * (prompt[0]["content"] == "q")


def plain(completion, prompt):
    return True


def wrong(text):
    return 0
"""


def test_a_function_of_ones_own_is_called_with_the_row(tmp_path: Path) -> None:
    """By the names it takes; what the row holds beside them does no harm."""
    file = tmp_path / "own.py"
    file.write_text(OWN)
    odd = {"answer": "x", "prompt": "mine", "completion": "mine", "thing": object(), "n": float("nan")}
    assert judged(f"file(path={file})", "abc", "", **odd).parts[:, 0].tolist() == [134, 131]
    assert judged(f"file(path={file}, function=plain)*2", "abc", **odd).total.tolist() == [2]


def test_what_goes_wrong_in_it_is_said_and_the_rest_is_judged(tmp_path: Path) -> None:
    """Errors with their line, time and memory that run out, an end of the process: a reason each, and on it goes."""
    file = tmp_path / "own.py"
    file.write_text(OWN)
    wanted = {
        "loop": "it took longer than 0.3 s",
        "count": "it took longer than 0.3 s",
        "exit": "it ended its process",
        "leave": "line 17 of own.py: SystemExit: 3",
        "divide": "line 19 of own.py: ZeroDivisionError: division by zero",
        "none": "reward in own.py gave None",
        "nan": "reward in own.py gave nan, which is no score",
        "memory": "line 25 of own.py: MemoryError",
    }
    found = judged(f"file(path={file}, seconds=0.3)", *wanted, "fine")
    assert np.isnan(found.parts[:-1]).all()
    assert found.parts[-1, 0] == 134
    assert list(found.reasons.values()) == list(wanted.values())


@pytest.mark.parametrize(
    ("text", "function", "says"),
    [
        (None, "reward", "There is no file"),
        ("def reward(prompt, completion)\n    return 1", "reward", "line 1 of own.py: SyntaxError"),
        ("x = 1\nimport no_such_module", "reward", "line 2 of own.py: ModuleNotFoundError"),
        ("x = 1", "reward", "has no function reward"),
        (OWN, "wrong", "must be def wrong"),
        ("raise SystemExit", "reward", "line 1 of own.py: SystemExit"),
    ],
)
def test_a_file_that_cannot_judge_is_refused_before_the_run(
    tmp_path: Path, text: str | None, function: str, says: str
) -> None:
    """In one sentence with the line."""
    file = tmp_path / "own.py"
    if text is not None:
        file.write_text(text)
    with pytest.raises(UsageError, match=says) as caught:
        build([f"file(path={file}, function={function})"])
    assert "\n" not in str(caught.value)


def test_the_child_dies_with_its_parent_and_is_started_again_when_it_was_killed(tmp_path: Path) -> None:
    """Nothing is left behind, and nothing that ends the child ends the run."""
    file = tmp_path / "own.py"
    file.write_text("import os\ndef reward(prompt, completion):\n    return os.getpid()\n")
    with build([f"file(path={file})"]) as rewards:

        def pid() -> int:
            return int(rewards.score([Completion([], "a", 1, True)]).parts[0, 0])

        first = psutil.Process(pid())
        os.kill(first.pid, signal.SIGKILL)
        wait_until(lambda: first.status() == psutil.STATUS_ZOMBIE, 10, "the child is dead")
        assert np.isnan(rewards.score([Completion([], "a", 1, True)]).parts[0, 0])
        second = psutil.Process(pid())
        assert second.pid != first.pid
    assert not second.is_running()
