"""Counting in pieces: every line belongs to one piece, whatever the bytes are and wherever the cuts fall."""

from __future__ import annotations

import io
import random
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
        for block in account.blocks_of_lines(Piece(member(path), first, last)):
            found += block
    assert found == [line.rstrip(b"\n") for line in io.BytesIO(content)]


def test_a_line_beyond_the_limit_is_passed_over_and_its_neighbours_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "_BLOCK", 16)
    monkeypatch.setattr(account, "MAX_RECORD_BYTES", 50)
    path = tmp_path / "x.jsonl"
    path.write_bytes(b"first\n" + b"y" * 1000 + b"\n" + b"z" * 50 + b"\nlast\n" + b"w" * 51)
    size = path.stat().st_size
    expected = [b"first", None, b"z" * 50, b"last", None]
    for cut in range(1, size):
        found: list[bytes | None] = []
        for piece in (Piece(member(path), 0, cut), Piece(member(path), cut, size)):
            for block in account.blocks_of_lines(piece):
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


def test_work_is_spread_and_answers_keep_their_order() -> None:
    tasks = list(range(9))
    random.Random(1).shuffle(tasks)
    answers = parallel.spread(tasks, lambda task: bytes([task]) * (task * 50_000), 3)
    assert [(len(answer), set(answer)) for answer in answers] == [
        (task * 50_000, {task} if task else set()) for task in tasks
    ]


def test_a_child_that_dies_is_an_error_and_nobody_is_left(capfd: pytest.CaptureFixture[str]) -> None:
    def work(task: int) -> bytes:
        if task == 2:
            raise ValueError("oops")
        return b"x"

    with pytest.raises(WorkbenchError, match="died while reading"):
        parallel.spread([1, 2, 3, 4], work, 2)
    import os

    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
