"""Console output made fit for a screen, in bounded memory whatever was written."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.core.text import clean
from workbench.core.units import count
from workbench.runs import console


def shown(path: Path, data: bytes, lines: int = 100, **rest: int) -> list[str]:
    """Return the tail of a console file with the given contents."""
    path.write_bytes(data)
    return console.tail(path, lines, **rest)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"\n", [""]),
        (b"one\ntwo", ["one", "two"]),
        (b"one\r\ntwo\r\n", ["one", "two"]),
        (b"\x1b[1;31mred\x1b[0m \x1b[2K\x1b[3Aup", ["red up"]),
        (b"\x1b]0;title\x07a\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", ["alink"]),
        (b"\x1b]52;c;never ended\nnext", ["", "next"]),
        ("\x9b31mred\x9d0;title\x9cx".encode(), ["redx"]),
        (b" 10%|#\r 50%|##\r100%|###\nnext", ["100%|###", "next"]),
        (b" 10%|#\r 50%|##\r", [" 50%|##"]),
        (b"bell\x07 nul\x00", ["bell␇ nul␀"]),
        ("bidi\u202eevil".encode(), ["bidi\ufffdevil"]),
        (b"not \xff utf-8", ["not \ufffd utf-8"]),
        ("grüße 😀".encode(), ["grüße 😀"]),
    ],
)
def test_a_line_is_what_a_terminal_would_leave(tmp_path: Path, data: bytes, expected: list[str]) -> None:
    assert shown(tmp_path / "console.log", data) == expected


@given(st.binary(max_size=3000) | st.text().map(str.encode), st.integers(1, 50))
def test_nothing_that_drives_a_terminal_gets_through(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, lines: int
) -> None:
    out = shown(tmp_path_factory.mktemp("console") / "console.log", data, lines, max_line=100)
    assert len(out) <= lines
    for line in out:
        assert len(line) <= 100
        assert clean(line) == line
        assert "\n" not in line


def test_the_last_lines_are_found_across_blocks(tmp_path: Path) -> None:
    written = [f"line {n} " + "x" * (n % 300) for n in range(5000)]
    data = "\n".join(written).encode() + b"\n"
    assert shown(tmp_path / "c", data, 1700) == written[-1700:]
    assert shown(tmp_path / "c", data, 9999) == written
    assert shown(tmp_path / "c", data, 0) == []


def test_a_gigabyte_takes_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "console.log"
    with path.open("wb") as file:
        file.truncate(1 << 30)
        file.seek(1 << 30)
        file.write(b"\nthe end\n")
    tracemalloc.start()
    lines = console.tail(path, 10)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert lines[-1] == "the end"
    assert len(lines[0]) <= 4096
    assert peak < 64 << 20


def test_a_missing_console_has_no_lines(tmp_path: Path) -> None:
    assert console.tail(tmp_path / "missing", 5) == []
    assert console.tail(tmp_path, 5) == []


def test_a_console_is_followed_line_by_line_and_anew_when_it_is_another(tmp_path: Path) -> None:
    path = tmp_path / "console.log"
    follower = console.Follower(path)
    assert follower.read() == []
    path.write_bytes(b"one\ntwo\nthr")
    assert follower.read() == ["one", "two"]
    assert follower.read() == []
    with path.open("ab") as file:
        file.write(b"ee\n\n\x1b[31mred\n")
    assert follower.read() == ["three", "", "red"]
    path.write_bytes(b"new\n")
    assert follower.read() == ["new"]


def test_a_console_that_runs_ahead_is_passed_over_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "console.log"
    lines = [f"line {n:06d}" for n in range(400_000)]
    path.write_bytes("".join(line + "\n" for line in lines).encode())
    follower = console.Follower(path)
    first, *rest = follower.read()
    assert rest == lines[-len(rest) :]
    left_out = path.stat().st_size - 12 * len(rest)
    assert first == f"… {count(left_out)} bytes left out …"
    with path.open("ab") as file:
        file.write(b"more\n" * 100_000)
    found: list[str] = []
    while more := follower.read():
        found += more
    assert found == ["more"] * 100_000, "half a megabyte is caught up with"


def test_a_line_without_an_end_comes_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "console.log"
    path.write_bytes(b"x" * (600 << 10))
    follower = console.Follower(path)
    assert len(follower.read()) == len(follower.read()) == 1
    assert follower.read() == []
    with path.open("ab") as file:
        file.write(b"\nend\n")
    assert follower.read()[-1] == "end"
