"""`workbench prepare` as a program: the same plan gives the same bytes, and nothing is ever left half written."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.home import ARTICLES, QUESTIONS, Home
from tests.support import run_on_small_disk, wait_until

QUARANTINE = "quarantine.jsonl"
FILES = ["held_out.jsonl", "manifest.json", "plan.json", QUARANTINE, "report.json", "train.jsonl"]


def digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file in a folder."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def refused(home: Home, *argv: str | Path) -> str:
    """Return the one sentence with which a command is refused."""
    done = home.workbench(*argv)
    assert done.returncode in (1, 2)
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return sentence_in(done.stderr)


def sentence_in(text: str) -> str:
    """Return the one sentence that ends what a command says of its progress."""
    (sentence,) = [
        line for line in text.strip().splitlines() if not line.startswith(("reading rows", "comparing rows"))
    ]
    assert sentence.startswith("workbench: ")
    assert sentence.endswith(".")
    return sentence


def asked_and_answered() -> list[tuple[str, str]]:
    """Return the bundled questions with their answers."""
    return [(row["messages"][0]["content"], row["messages"][1]["content"]) for row in lines(Path(QUESTIONS))]


def test_the_same_plan_gives_the_same_bytes(home: Home, tmp_path: Path) -> None:
    first, second, third = (tmp_path / name for name in ("first", "second", "third"))
    data = tmp_path / "data.jsonl"
    words = [f"{head}{second}o{head}" for head in "bdfgklm" for second in "aeiou" for _ in range(3)]
    story = " ".join(f"{word}{number % 3 * 'n'}" for number, word in enumerate(words))
    nearly = [story, story.replace("dao", "dau"), story.replace("kuo", "kue")]
    told_twice = [{"question": "Tell the story of the mill.", "answer": text} for text in nearly]
    rows = [{"question": q, "answer": a} for q, a in asked_and_answered()]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows + told_twice))
    told = home.json("prepare", data, "--out", first, "--set", "duplicates=near", "--set", "eval_split=0.1")
    assert sorted(path.name for path in first.iterdir()) == FILES
    assert told["plan"] == str(first / "plan.json")
    counts = told["counts"]
    assert counts["rows"] == counts["usable"] + counts["quarantined"] == len(rows) + 3
    assert counts["usable"] == counts["train"] + counts["held_out"] + counts["left_out"]
    assert len(lines(first / "train.jsonl")) == told["train"] == counts["train"]
    assert len(lines(first / "held_out.jsonl")) == told["held_out"] == counts["held_out"] > 0
    whole = (first / "train.jsonl").read_bytes() + (first / "held_out.jsonl").read_bytes()
    assert hashlib.sha256(whole).hexdigest() == told["sha256"]
    assert {"copies of another row", "nearly the same as another row"} <= {step["what"] for step in told["curation"]}
    assert all(len(step["examples"]) == min(3, step["rows"]) for step in told["curation"])
    for other in (second, third):
        home.json("prepare", first / "plan.json", "--out", other)
        assert digests(other) == digests(first)


def test_what_cannot_be_read_is_put_aside_with_its_place(home: Home, tmp_path: Path) -> None:
    data = tmp_path / "data.jsonl"
    row = {"question": "How much is {} plus 1?", "answer": "It is {}."}
    good = [json.dumps(row).replace("{}", str(number)) for number in range(50)]
    data.write_text("\n".join([*good[:10], "{broken", *good[10:], '{"question": "no answer"}']) + "\n")
    told = home.json("prepare", data, "--out", tmp_path / "out")
    assert told["counts"]["rows"] == 52
    assert told["counts"]["quarantined"] == 2
    assert [line["line"] for line in lines(tmp_path / "out" / QUARANTINE)] == [11, 52]
    assert sum(item["count"] for item in told["quarantined"]) == 2


def test_a_prepared_folder_is_data_with_its_sides_kept(home: Home, tmp_path: Path) -> None:
    first, again = tmp_path / "first", tmp_path / "again"
    home.json("prepare", ARTICLES, "--out", first, "--set", "eval_split=0.1")
    told = home.json("prepare", first, "--out", again, "--set", "eval_split=0.3")
    assert told["counts"]["quarantined"] == 0
    for name in ("train.jsonl", "held_out.jsonl"):
        assert (again / name).read_bytes() == (first / name).read_bytes()


def test_a_changed_file_another_method_and_settings_beside_a_plan_are_refused(home: Home, tmp_path: Path) -> None:
    data, out = tmp_path / "data.jsonl", tmp_path / "out"
    data.write_bytes(Path(QUESTIONS).read_bytes())
    home.json("prepare", data, "--out", out)
    plan, other = out / "plan.json", tmp_path / "other"
    assert "for method sft, not dpo" in refused(home, "prepare", plan, "--method", "dpo", "--out", other)
    assert "leave --set out" in refused(home, "prepare", plan, "--set", "duplicates=near", "--out", other)
    data.write_text(data.read_text().replace("60", "61", 1))
    assert "has changed since the plan was made" in refused(home, "prepare", plan, "--out", other)
    assert not other.exists()
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "home") == ["data.jsonl", "out"]


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["--set", "min_characters=1000000"], "No row is left to learn from"),
        (["--set", "learning_rate=1"], "does not change the rows"),
        (["--set", "decontaminate=nowhere.jsonl"], "nowhere.jsonl"),
        (["--set", "data_weights=nan"], "data_weights wants one number"),
    ],
)
def test_bad_settings_are_one_sentence_and_leave_nothing(
    home: Home, tmp_path: Path, argv: list[str], told: str
) -> None:
    assert told in refused(home, "prepare", QUESTIONS, "--out", tmp_path / "out", *argv)
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == []


def test_a_folder_that_is_there_is_never_written_to(home: Home, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    assert "is there already" in refused(home, "prepare", QUESTIONS, "--out", out)
    assert list(out.iterdir()) == []


def many_rows(path: Path, number: int) -> None:
    row = json.dumps({"question": "What stands in line {}? " + "word " * 60, "answer": "The number {} stands there."})
    with path.open("w", encoding="utf-8") as file:
        file.writelines(row.replace("{}", str(place)) + "\n" for place in range(number))


@contextlib.contextmanager
def preparing(home: Home, data: Path, out: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Give a `prepare` that writes rows at this moment; afterwards it is killed."""
    child = subprocess.Popen(
        home.command("prepare", data, "--out", out),
        env=home.env(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_until((out.with_name(f".{out.name}.partial") / QUARANTINE).exists, 120, "rows are being written")
        yield child
    finally:
        child.kill()
        child.wait()


def test_a_kill_in_the_middle_leaves_no_half_folder(home: Home, tmp_path: Path) -> None:
    data, out = tmp_path / "data.jsonl", tmp_path / "out"
    many_rows(data, 30_000)
    with preparing(home, data, out) as child:
        errands = Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text().split()
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in errands), 120, "the errand ends, too")
    assert not out.exists()
    assert errands
    home.json("prepare", data, "--out", out)
    assert sorted(path.name for path in out.iterdir()) == FILES
    assert not (tmp_path / ".out.partial").exists()
    assert len(lines(out / "train.jsonl")) + len(lines(out / "held_out.jsonl")) == 30_000


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_polite_end_in_the_middle_leaves_nothing(home: Home, tmp_path: Path, number: signal.Signals) -> None:
    data, out = tmp_path / "data.jsonl", tmp_path / "out"
    many_rows(data, 30_000)
    with preparing(home, data, out) as child:
        child.send_signal(number)
        assert child.wait(120) == 128 + number
    assert {path.name for path in tmp_path.iterdir()} - {"home"} == {"data.jsonl"}


def nobody_locks(folder: Path) -> bool:
    """Return whether no process holds a lock on a folder."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(fd)
    return True


def test_what_a_killed_one_left_is_cleaned_up_beside_it_once_nobody_works_on_it(home: Home, tmp_path: Path) -> None:
    data, few, out = tmp_path / "data.jsonl", tmp_path / "few.jsonl", tmp_path / "out"
    many_rows(data, 30_000)
    many_rows(few, 20)
    staged = tmp_path / ".out.partial"
    errand = 0
    try:
        with preparing(home, data, out) as child:
            errand = int(Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text())
            os.kill(errand, signal.SIGSTOP)
        # Its child lives and may go on to write.
        home.json("prepare", few, "--out", tmp_path / "first")
        assert staged.exists()
        assert "being written by another process" in refused(home, "prepare", few, "--out", out)
    finally:
        if errand:
            os.kill(errand, signal.SIGKILL)
    wait_until(lambda: nobody_locks(staged), 120, "the errand ends, too")
    home.json("prepare", few, "--out", tmp_path / "second")
    assert {path.name for path in tmp_path.iterdir()} - {"home"} == {"data.jsonl", "few.jsonl", "first", "second"}


FULL_DISK = """
import json, os, sys
from pathlib import Path
from tests.cli.home import Home
disk = Path(sys.argv[1])
home = Home(disk / "home")
done = home.workbench("prepare", {data!r}, "--out", disk / "out", "--set", "duplicates=keep")
left = sorted(path.name for path in disk.iterdir() if path.name != "home")
print(json.dumps([done.returncode, done.stdout, done.stderr, left]))
"""


def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    data, disk = tmp_path / "data.jsonl", tmp_path / "disk"
    disk.mkdir()
    many_rows(data, 12_000)
    code, out, error, left = run_on_small_disk(disk, 2 << 20, FULL_DISK.replace("{data!r}", repr(str(data))))
    assert (code, out, left) == (1, "", [])
    assert f"No space left in {disk}" in sentence_in(error)
