"""Counting in pieces: every line belongs to one piece, whatever the bytes are and wherever the cuts fall."""

from __future__ import annotations

import io
import os
import random
import signal
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from workbench.core.errors import WorkbenchError
from workbench.data import account, parallel
from workbench.data.account import Account, Piece
from workbench.data.readers.member import Member

QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
LINE = st.one_of(st.binary(max_size=12).filter(lambda raw: b"\n" not in raw), st.just(b""))


def member(path: Path) -> Member:
    return Member(str(path), path, "json", path.stat().st_size, path, lambda: path.open("rb"))


@QUICK
@given(lines=st.lists(LINE, max_size=30), end=st.booleans(), cuts=st.lists(st.integers(0, 400), max_size=6))
@example(lines=[b"a", b"b"], end=True, cuts=[2])
@example(lines=[b"", b"", b"x" * 11], end=False, cuts=[1, 2, 3])
def test_pieces_give_every_line_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: list[bytes], end: bool, cuts: list[int]
) -> None:
    monkeypatch.setattr(account, "_BLOCK", 7)
    content = b"\n".join(lines) + (b"\n" if end and lines else b"")
    if content.startswith(b"\xef\xbb\xbf"):
        content = b"x" + content
    path = tmp_path / "x.jsonl"
    path.write_bytes(content)
    bounds = sorted({0, *(cut for cut in cuts if cut < len(content)), len(content)})
    found: list[bytes | None] = []
    for first, last in pairwise(bounds):
        for block, part in account.blocks_of_lines(Piece(member(path), first, last)):
            assert all(line in block for line in part[1:] if line)
            found += part
    assert found == [line.removesuffix(b"\n") + b"\n" for line in io.BytesIO(content)]


def test_a_line_beyond_the_limit_is_passed_over_and_its_neighbours_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "_BLOCK", 16)
    monkeypatch.setattr(account, "MAX_RECORD_BYTES", 50)
    path = tmp_path / "x.jsonl"
    path.write_bytes(b"first\n" + b"y" * 1000 + b"\n" + b"z" * 50 + b"\nlast\n" + b"w" * 51)
    size = path.stat().st_size
    expected = [b"first\n", None, b"z" * 50 + b"\n", b"last\n", None]
    for cut in range(1, size):
        found: list[bytes | None] = []
        for piece in (Piece(member(path), 0, cut), Piece(member(path), cut, size)):
            for _, block in account.blocks_of_lines(piece):
                found += block
        assert found == expected, cut


def test_accounts_add_up_and_survive_a_pipe() -> None:
    first, second = Account(), Account()
    for number in range(5):
        first.refuse("a", number + 1, "bad")
        second.refuse("a", number + 1, "bad" if number else "worse")
        second.accept({"text": str(number)})
        second.hashes.append(number % 2)
    second.files["a"] = 10
    whole = Account()
    whole.add(first)
    whole.add(Account.from_bytes(second.to_bytes()), lines_before=100)
    assert (whole.rows, whole.usable, whole.quarantined) == (15, 5, 10)
    assert whole.bad["bad"] == (9, [{"source": "a", "line": line} for line in (1, 2, 3)])
    assert whole.bad["worse"] == (1, [{"source": "a", "line": 101}])
    assert [row["text"] for row in whole.examples] == ["0", "1", "2"]
    assert whole.repeated() == 3


def test_control_tokens_are_counted_in_any_family() -> None:
    text = (
        "a <|im_end|> b [INST] c [/INST] </s> d <start_of_turn> e <｜User｜> <s> and 1 < 2 <b> < |x| > [inst]".encode()
    )
    assert account.control_tokens(text) == 7


@dataclass(frozen=True)
class Answer:
    """A task for a crew."""

    number: int
    size: int = 50_000

    def __call__(self) -> bytes:
        if self.number < 0:
            raise ValueError("oops")
        return bytes([self.number]) * (self.number * self.size)


@dataclass(frozen=True)
class Stuck:
    """A task that never ends."""

    def __call__(self) -> bytes:
        while True:
            signal.pause()


def nobody_is_left() -> bool:
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return True
    return False


def test_work_is_spread_and_answers_keep_their_order() -> None:
    tasks = [Answer(number) for number in range(9)]
    random.Random(1).shuffle(tasks)
    for processes in (1, 3):
        with parallel.Crew() as crew:
            assert crew.finish(tasks, processes) == [task() for task in tasks]


def test_what_was_begun_counts_where_it_is_wanted_and_is_ended_where_not() -> None:
    with parallel.Crew() as crew:
        crew.begin([Stuck(), Answer(3)])
        assert crew.finish([Answer(5), Answer(3)], 2) == [Answer(5)(), Answer(3)()]
    with parallel.Crew() as crew:
        crew.begin([Stuck(), Stuck()])
        assert crew.finish([Answer(5), Answer(6)], 1) == [Answer(5)(), Answer(6)()]
    with parallel.Crew() as crew:
        crew.begin([Stuck(), Stuck()])
    assert nobody_is_left()


def test_a_child_that_dies_is_an_error_and_nobody_is_left(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(WorkbenchError, match="died while reading"), parallel.Crew() as crew:
        crew.finish([Answer(1), Answer(-1), Stuck(), Stuck()], 2)
    assert nobody_is_left()
