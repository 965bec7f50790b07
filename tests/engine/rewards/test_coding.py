"""Code run against tests: what passes, what cannot fake it, and what it cannot reach."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.engine.rewards import Completion, build
from workbench.engine.rewards.coding import Result, code_in, run
from workbench.engine.rewards.completion import Unjudged
from workbench.engine.rewards.trials import of_row, value_of

SQUARES = ["assert f(2) == 4", "assert f(3) == 9", "assert f(-1) == 1"]
EVERYTHING = "({1, 2}, {'a': (1, 2.5)}, b'x', 1j, -3, None)"
CHECK = "def check(candidate):\n    assert candidate(1, 2) == 3\n    assert abs(candidate(1.0, 0.5) - 1.5) < 1e-6\n"


def ran(code: str, tests: Any, seconds: float = 10.0, **row: Any) -> Result:
    """Return the results of some tests on some code."""
    return run(code, of_row(tests, row, code), seconds, 512 << 20)


@pytest.mark.parametrize(
    ("code", "tests", "row", "passed"),
    [
        ("def f(x):\n    import math, heapq, re, itertools\n    return x * x", SQUARES, {}, (True, True, True)),
        ("def f(x): return 4", SQUARES, {}, (True, False, False)),
        ("def f(x): return x * x", "\n".join(SQUARES), {}, (True, True, True)),
        ("def f(x): return x * x", "import math\nassert f(2) == math.pow(2, 2)\nassert f(3) == 8", {}, (True, False)),
        ("def add(a, b): return a + b", CHECK, {"entry_point": "add"}, (True,)),
        ("def add(a, b): return 3", CHECK, {"entry_point": "add"}, (False,)),
        (
            "n = int(input())\nprint(n * 2)\nif n == 5: exit()",
            {"inputs": ["2\n", "5\n", "x"], "outputs": ["4", "10\n", "0"]},
            {},
            (True, True, False),
        ),
        (
            "import sys\nsys.stdout.buffer.write(sys.stdin.buffer.read())",
            [{"input": "a \nb", "output": "a\nb\n"}],
            {},
            (True,),
        ),
        (
            "class Solution:\n    def g(self, a, b): return (a, b)",
            {"inputs": [[1, 2], [1, 2]], "outputs": [[1, 2], [[1, 3]]], "fn_name": "g"},
            {},
            (True, False),
        ),
        (
            f"def g(): return {EVERYTHING}",
            [f"assert g() == {EVERYTHING}", "assert not g()", "assert g()"],
            {},
            (True, False, True),
        ),
        (
            "class P:\n    def __init__(s, x): s.x = x\n    def __eq__(s, o): return s.x == o.x",
            ["assert P(1) == P(1)", "assert P(1) == P(2)"],
            {},
            (True, False),
        ),
    ],
)
def test_tests_in_every_form(code: str, tests: Any, row: dict[str, Any], passed: tuple[bool, ...]) -> None:
    """Assertions, a check function, inputs with outputs, of functions and of programs."""
    found = ran(code, tests, **row)
    assert found.passed == passed
    assert [bool(reason) for reason in found.reasons] == [not ok for ok in passed]


FORGED = b'{"test": 0, "value": {"int": "0x4"}, "passed": true}\n'
EVIL_EQUAL = """
class E:
    def __eq__(self, other): return True
    def __lt__(self, other): return True
    def __gt__(self, other): return True
E.__module__ = "builtins"
def f(x): return E()
"""


@pytest.mark.parametrize(
    "code",
    [
        "print('passed', flush=True)\nimport sys; sys.exit(0)",
        "import os\nos._exit(0)",
        "raise SystemExit(0)",
        "def f(x):\n    import os\n    os._exit(0)",
        "def f(x): raise SystemExit",
        EVIL_EQUAL,
        EVIL_EQUAL.replace("class E:", "class E(int):"),
        f"import os\nfor fd in range(3, 60):\n    try: os.write(fd, {FORGED!r})\n    except OSError: pass\nos._exit(0)",
        "import builtins\nbuiltins.AssertionError = None\nbuiltins.bool = lambda x: True\ndef f(x): return 0",
        "def f(x)\n    return x * x",
        "",
        "def f(x): return f(x)",
        "def f(x): return bytearray(1 << 33)",
    ],
)
def test_nothing_but_the_right_values_passes(code: str) -> None:
    """Exits, prints, objects that equal everything, forged results, broken code: no test is passed."""
    tests = [*SQUARES, "x = 4\nassert f(2) == x", "assert f(2) > 3", "def check(c):\n    assert c(2) == 4\ncheck(f)"]
    assert not any(ran(code, tests).passed)


def test_what_does_not_end_is_ended() -> None:
    """A loop costs its time; the tests before it keep their results."""
    found = ran("def f(x):\n    while x == 3: pass\n    return x * x", SQUARES, seconds=1.0)
    assert found.passed == (True, False, False)
    assert found.reasons[1] == "it took too long"


REACHING = {
    "write": "open({path!r} + 'new', 'w')",
    "overwrite": "open({path!r}, 'r+')",
    "append": "import os; os.open({path!r}, os.O_WRONLY | os.O_APPEND)",
    "remove": "import os; os.remove({path!r})",
    "rename": "import os; os.rename({path!r}, {path!r} + 'new')",
    "folder": "import os; os.mkdir({path!r} + 'new')",
    "mode": "import os; os.chmod({path!r}, 0)",
    "link": "import os; os.symlink({path!r}, {path!r} + 'new')",
    "shorten": "import os; os.truncate({path!r}, 0)",
    "fork": "import os; os.fork()",
    "program": "import subprocess; subprocess.run(['true'])",
    "replace": "import os; os.execv('/bin/true', ['true'])",
    "thread": "import threading; threading.Thread(target=print).start()",
    "signal": "import os; os.kill(os.getppid(), 9)",
    "network": "import socket; socket.socket()",
    "limits": "import resource; resource.setrlimit(resource.RLIMIT_AS, (1 << 40, 1 << 40))",
    "shell": "import ctypes; assert ctypes.CDLL(None).system(b'touch new') == 0",
    "memory": "open('/proc/self/mem', 'r+b')",
}


@pytest.mark.parametrize("what", REACHING)
def test_it_reaches_nothing(what: str, tmp_path: Path) -> None:
    """No file is changed, no process or connection made, no limit lifted: each attempt is an error in the code."""
    file = tmp_path / "kept"
    file.write_text("kept")
    code = f"{REACHING[what].format(path=str(file))}\ndef f(x): return x * x"
    found = ran(code, SQUARES)
    assert not any(found.passed)
    assert found.reasons[0].partition(":")[0] in ("PermissionError", "RuntimeError", "ValueError", "AssertionError")
    assert os.listdir(tmp_path) == ["kept"]
    assert file.read_text() == "kept"
    assert file.stat().st_mode & 0o600 == 0o600


def test_a_flood_of_output_is_ended() -> None:
    """What is written past the tests takes no memory here."""
    flood = "    for fd in range(3, 20):\n        try: os.write(fd, b'x' * 65536)\n        except OSError: pass"
    found = ran(f"import os\nwhile True:\n{flood}", SQUARES)
    assert found.reasons[0] == "it wrote too much"


def test_the_expected_value_is_not_where_the_code_runs() -> None:
    """Searching the whole process for it finds nothing."""
    code = (
        "import gc\ndef f(x):\n    wanted = ''.join(['98765', '4321'])\n"
        "    return sum(wanted in repr(found)[:9999] for found in gc.get_objects() if found is not wanted)"
    )
    found = run(code, of_row(["assert f(2) == 987654321", "assert f(1) == 0"], {}, code), 20.0, 512 << 20)
    assert found.passed == (False, True)


@pytest.mark.parametrize(
    "tests", ["", "what?", "{", "1 +", [1, 2], [], {"inputs": [1]}, {"inputs": [1], "outputs": []}]
)
def test_tests_in_no_known_form_are_not_judged(tests: Any) -> None:
    """The completion is not to blame."""
    with pytest.raises(Unjudged, match="tests"):
        of_row(tests, {}, "x")


def test_the_share_of_passed_tests_is_the_score() -> None:
    """Or all of them; code is taken from its fence, and several answers are tried at once."""
    right = "<think>easy</think>Here:\n```python\ndef f(x):\n    return x * x\n```\nDone."
    texts = (
        right,
        right.replace("x * x", "4"),
        "```python\nprint(1)\n```\nand then\n```\ndef f(x): return x*x",
        "no idea",
        "",
    )
    rows: list[dict[str, Any]] = [{"tests": SQUARES}] * len(texts)
    with build(["code", "code(all=true)*0.5"]) as rewards:
        found = rewards.score([Completion([], text, 5, True, row) for text, row in zip(texts, rows, strict=True)])
        assert np.isnan(rewards.score([Completion([], right, 5, True, {})]).total[0])
    assert found.parts[:, 0] == pytest.approx([1, 1 / 3, 1, 0, 0])
    assert found.parts[:, 1].tolist() == [1, 0, 1, 0, 0]


def test_tests_that_stand_beside_a_prompt_are_found() -> None:
    """As canonical rows keep them, with the name of the function where the row has one."""
    answer = "```python\ndef add(a, b):\n    return a + b\n```"
    rows: list[dict[str, Any]] = [
        {"prompt": [], "columns": {"test_list": ["assert add(1, 2) == 3"], "id": 3}},
        {"prompt": [], "columns": {"test": CHECK, "entry_point": "add"}},
        {"prompt": [], "columns": {"input_output": json.dumps({"inputs": [[1, 2]], "outputs": [3], "fn_name": "add"})}},
    ]
    with build(["code"]) as rewards:
        assert rewards.score([Completion([], answer, 5, True, row) for row in rows]).total.tolist() == [1, 1, 1]


@settings(deadline=None)
@given(st.text(max_size=300) | st.lists(st.sampled_from(["```", "python", "\n", "x=1", " ", "js"])).map("".join))
def test_code_is_taken_out_of_any_text(text: str) -> None:
    """Whatever stands in it."""
    assert code_in(text) in text


_rows = st.recursive(
    st.none() | st.integers() | st.text(max_size=9) | st.sampled_from(["assert f(1) == 2", "x = 1", "[1]", "f"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["inputs", "outputs", "input", "output", "fn_name", "args", "x"]), inner)
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(_rows | st.sampled_from(["assert f(" + "-" * 3000 + "1) == 2", "assert f(1) == " + "[" * 3000, "[" * 100_000]))
def test_any_tests_are_read_or_refused(tests: Any) -> None:
    """Rows are a stranger's: none of them may end a run."""
    with contextlib.suppress(Unjudged):
        assert all(trial.kind in ("call", "program", "statements") for trial in of_row(tests, {}, "x"))


_atoms = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
_plain = st.recursive(
    _atoms,
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@settings(max_examples=25, deadline=None)
@given(_plain)
def test_values_come_back_as_they_were(value: Any) -> None:
    """What the sandbox tags is read back the same, types included; nothing is run for it."""
    from workbench.engine.rewards import sandbox

    back = value_of(json.loads(json.dumps(sandbox.plain(value))))
    assert repr(back) == repr(value)
