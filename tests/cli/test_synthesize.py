"""`workbench synthesize` and `workbench review`: from articles to pairs that a person has accepted."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.cli.home import ARTICLES, Home
from tests.support import wait_until

USAGE = 2


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A person's folders."""
    return Home(tmp_path / "home")


def read(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def decisions(path: Path) -> list[bool | None]:
    """Return what was decided about each pair."""
    return [row["accepted"] for row in read(path)]


def pair(number: int, **changes: Any) -> dict[str, Any]:
    """Return one undecided pair."""
    return {
        "messages": [
            {"role": "user", "content": f"What is number {number}?"},
            {"role": "assistant", "content": f"It is {number}."},
        ],
        "citation": {"source": "a.txt", "article": number, "passage": 1, "start": 0, "end": 4, "quote": "Number"},
        "accepted": None,
        "checks": {"support": 1.0, "agreement": 1.0, "quoted": False},
        **changes,
    }


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Five undecided pairs, the second with a text that would drive a terminal."""
    rows = [pair(number) for number in range(1, 6)]
    rows[1]["messages"][1]["content"] = "red \x1b[31m and\u202e back"
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_an_interrupted_synthesis_goes_on_to_pairs_that_are_cited_and_reviewed(home: Home, tmp_path: Path) -> None:
    out = tmp_path / "pairs.jsonl"
    wanted = ("synthesize", "--from", ARTICLES, "--count", "24", "--accept", "--out", out)
    child = subprocess.Popen(
        home.command(*wanted), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=home.env()
    )
    journal = out.with_name(f".{out.name}.journal")
    wait_until(lambda: journal.is_file() and journal.read_bytes().count(b"\n") > 1, 120, "a first batch")
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=60)
    assert child.returncode == 130
    assert "the same command goes on" in errors
    assert "Traceback" not in errors
    assert not out.exists()
    report = home.json(*wanted)
    assert (report["pairs"], report["accepted"], report["path"]) == (24, 24, str(out))
    assert not journal.exists()
    assert decisions(out) == [True] * 24
    texts = [json.loads(line)["text"] for line in Path(ARTICLES).read_text(encoding="utf-8").splitlines()]
    for row in read(out):
        citation = row["citation"]
        assert texts[citation["article"] - 1][citation["start"] : citation["end"]] == citation["quote"]
    again = home.workbench("synthesize", "--from", ARTICLES, "--out", out)
    assert again.returncode == USAGE
    assert "exists" in again.stderr
    assert home.json("review", out, "--reject", "all")["rejected"] == 24
    assert decisions(out) == [False] * 24


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", ARTICLES, "--out", "pairs.json"), "end in .jsonl"),
        (("--from", ARTICLES, "--out", "p.jsonl", "--count", "-1"), "--count"),
        (("--from", ARTICLES, "--out", "p.jsonl", "--seed", "-1"), "--seed"),
        (("--from", ARTICLES, "--out", "p.jsonl", "--model", "nobody.gguf"), "There is no file nobody.gguf"),
        (("--from", ARTICLES, "--out", "p.jsonl", "--model", "nobody"), "There is no base"),
        (("--from", "nowhere.txt", "--out", "p.jsonl"), "nowhere.txt"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    home: Home, tmp_path: Path, arguments: Sequence[str], said: str
) -> None:
    done = home.workbench("synthesize", *arguments, cwd=tmp_path)
    assert done.returncode == USAGE
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.glob("*.json*"))


def test_pairs_are_decided_by_their_numbers(home: Home, file: Path) -> None:
    before = read(file)
    counted = home.json("review", file, "--accept", "1-2,4", "--reject", "3")
    assert (counted["accepted"], counted["rejected"], counted["undecided"]) == (3, 1, 1)
    assert decisions(file) == [True, True, False, True, None]
    home.json("review", file, "--reject", "rest")
    assert decisions(file) == [True, True, False, True, False]
    assert [{**row, "accepted": None} for row in read(file)] == before


def test_the_rest_is_what_no_other_option_names(home: Home, file: Path) -> None:
    home.json("review", file, "--accept", "2", "--reject", "rest")
    assert decisions(file) == [False, True, False, False, False]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--accept", "6"), "There is no pair 6"),
        (("--accept", "0"), "There is no pair 0"),
        (("--accept", "3-2"), "There is no pair 3-2"),
        (("--accept", "one"), "named like 1-5,8"),
        (("--accept", "1-3", "--reject", "3"), "Pair 3 is both"),
        (("--accept", "rest", "--reject", "rest"), "accepted or rejected, not both"),
        ((), "There is no terminal"),
    ],
)
def test_a_decision_that_makes_no_sense_changes_nothing(
    home: Home, file: Path, arguments: Sequence[str], said: str
) -> None:
    before = file.read_bytes()
    done = home.workbench("review", file, *arguments, stdin=subprocess.DEVNULL)
    assert done.returncode == USAGE
    assert said in done.stderr
    assert file.read_bytes() == before


@pytest.mark.parametrize("line", ['{"messages": []}', "[]", "no json", '{"text": "an article"}', "[" * 100_000])
def test_a_file_that_is_no_review_is_left_alone(home: Home, tmp_path: Path, line: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(pair(1)) + "\n" + line + "\n", encoding="utf-8")
    before = path.read_bytes()
    done = home.workbench("review", path, "--accept", "all")
    assert done.returncode == USAGE
    assert "Line 2" in done.stderr
    assert path.read_bytes() == before


def test_a_list_shows_the_pairs_without_driving_the_terminal(home: Home, file: Path) -> None:
    done = home.workbench("review", file, "--list")
    assert done.returncode == 0
    assert "What is number 5?" in done.stdout
    assert not {"\x1b", "\u202e"} & set(done.stdout)
    assert decisions(file) == [None] * 5


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("y\nn\ns\nq\n", [True, False, None, None, None]),
        ("y\nwhat\na\n", [True] * 5),
        ("n\nr\n", [False] * 5),
        ("y\n\x04", [True, None, None, None, None]),
    ],
)
def test_a_person_is_asked_pair_by_pair(home: Home, file: Path, keys: str, expected: list[bool | None]) -> None:
    ours, theirs = pty.openpty()
    try:
        child = subprocess.Popen(
            home.command("review", file), stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=home.env()
        )
        os.write(ours, keys.encode())
        shown, errors = child.communicate(timeout=60)
    finally:
        os.close(ours)
        os.close(theirs)
    assert child.returncode == 0, errors
    assert b"What is number 1?" in shown
    assert b"\x1b[31m" not in shown
    assert decisions(file) == expected
