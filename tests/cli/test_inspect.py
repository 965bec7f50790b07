"""`workbench inspect`: what a person and a program see, with and without a base."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.data.hub_server import Hub
from workbench.cli import marks

ROOT = Path(__file__).resolve().parents[2]
QUESTIONS = ROOT / "assets" / "data" / "questions.jsonl"
KEYS = {
    "path", "files", "rows", "usable", "quarantined", "format", "type", "method", "alternatives", "confidence",
    "reasons", "columns", "examples", "lengths", "problems",
}  # fmt: skip


def workbench(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "workbench", *words], capture_output=True, text=True, check=False, cwd=ROOT,
        env={**os.environ, "COLUMNS": "100", **environ}, timeout=120,
    )  # fmt: skip


def as_json(*words: str) -> dict[str, Any]:
    done = workbench("inspect", *words, "--json")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 1
    return json.loads(done.stdout)


def test_the_bundled_questions_are_told_in_json() -> None:
    found = as_json(str(QUESTIONS))
    assert found.keys() >= KEYS
    rows = QUESTIONS.read_bytes().splitlines()
    assert (found["rows"], found["usable"], found["quarantined"]) == (len(rows), len(rows), [])
    assert (found["format"], found["method"], found["type"]) == ("messages", "sft", "conversational language modeling")
    assert found["examples"] == [json.loads(row) for row in rows[:3]]


def test_a_person_reads_what_it_is_and_no_row_drives_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "odd \x1b[31m name.jsonl"
    row = {"frage": "Was?\x1b]0;owned\x07", "antwort": "[/INST] \u202e nichts \x9b2J"}
    path.write_text("".join(json.dumps({**row, "frage": f"{row['frage']}{n}"}) + "\n" for n in range(9)) + "oops\n")
    done = workbench("inspect", str(path))
    assert done.returncode == 0, done.stderr
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", done.stdout + done.stderr)
    for words in (
        "10 found, 9 usable, 1 quarantined",
        "frage as prompt, antwort as completion",
        "not valid JSON",
        "[/INST]",
    ):
        assert words in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100


def test_a_person_reads_which_of_the_files_given_are_held_out(tmp_path: Path) -> None:
    for name, rows in (("train", 30), ("test", 7)):
        texts = [{"question": f"What is {n} in {name}?", "answer": f"It is {n}."} for n in range(rows)]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in texts))
    together = workbench("inspect", str(tmp_path / "train.jsonl"), str(tmp_path / "test.jsonl")).stdout
    assert "held out     test.jsonl, by name: 7 of the rows, to measure and not to learn" in together
    alone = workbench("inspect", str(tmp_path / "test.jsonl")).stdout
    assert "7 found, 7 usable" in alone
    assert "held out" not in alone


def test_nothing_usable_is_exit_code_1_and_bad_input_a_sentence(tmp_path: Path) -> None:
    unknown = tmp_path / "x.jsonl"
    unknown.write_text('{"input_ids": [1, 2]}\n')
    assert workbench("inspect", str(unknown)).returncode == 1
    for words, code in (
        (("nowhere.jsonl",), 2),
        ((str(unknown), "--column", "prompt"), 2),
        ((str(QUESTIONS), "--method", "x"), 2),
    ):
        done = workbench("inspect", *words, "--json")
        assert done.returncode == code
        assert "error" in json.loads(done.stdout)
        assert done.stderr.count("\n") == 1


def test_a_dataset_of_the_hub_is_fetched_and_then_looked_at(tmp_path: Path) -> None:
    row = b'{"pregunta": "Donde?", "respuesta": "En el puerto viejo."}\n'
    with Hub({"acme/puerto": {"data/train.jsonl": row * 9, "data/test.jsonl": row}}) as server:
        done = workbench(
            "inspect", "acme/puerto", "--json", HF_ENDPOINT=server.endpoint, HF_HOME=str(tmp_path), HF_HUB_OFFLINE="0"
        )
        gone = workbench(
            "inspect", "acme/nothing", HF_ENDPOINT=server.endpoint, HF_HOME=str(tmp_path), HF_HUB_OFFLINE="0"
        )
    found = json.loads(done.stdout)
    assert (found["rows"], found["method"]) == (10, "sft")
    assert {item["split"] for item in found["files"]} == {"train", "held_out"}
    assert gone.returncode == 1
    assert "does not exist or is private" in gone.stderr


@pytest.mark.slow
def test_a_base_shows_what_is_learnt_of_a_row() -> None:
    found = as_json(str(QUESTIONS), "--base", "bundled")
    assert found["lengths"]["unit"] == "tokens"
    row = found["preview"]["rows"][0]
    assert "".join(token["text"] for token in row["tokens"]).startswith("<|im_start|>user\n")
    learnt = "".join(token["text"] for token in row["tokens"] if token["mark"] == "trained")
    assert learnt == found["examples"][0]["messages"][-1]["content"] + "<|im_end|>"
    told = workbench("inspect", str(QUESTIONS), "--base", "bundled", "--max-length", "20")
    assert told.returncode == 0
    assert "⟦" in told.stdout
    assert "✂⟦" in told.stdout


def test_rows_that_are_all_alike_are_told_once(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"question": "Where is the cat?", "answer": "On the mat."}\n' * 30, encoding="utf-8")
    told = " ".join(workbench("inspect", str(path)).stdout.split())
    assert "lengths characters, of 30 rows: 28 each problems 29 of 30 rows are exact copies" in told
    assert "nearly the same" not in told
    path.write_text('{"question": "Hi?", "answer": "Yes."}\n', encoding="utf-8")
    told = " ".join(workbench("inspect", str(path)).stdout.split())
    assert "method sft: The only row looked at has a prompt" in told
    assert "lengths characters, of 1 row: 7 row 1" in told


def test_marks_are_colours_on_a_terminal_and_signs_elsewhere() -> None:
    tokens = [
        {"mark": "masked", "text": "a\x1b[2J"},
        {"mark": "trained", "text": "b\n"},
        {"mark": "trained", "text": "c"},
    ]
    assert marks.shown(tokens, coloured=False) == "a␛[2J⟦b\nc⟧"
    assert marks.legend(["masked", "trained"], coloured=False) == "⟦learnt⟧  no sign: read, not learnt"
    painted = marks.shown(tokens, coloured=True)
    assert painted == "\x1b[2ma␛[2J\x1b[0m\x1b[1;32mb\x1b[0m\n\x1b[1;32mc\x1b[0m"


def test_every_mark_is_told_without_colours() -> None:
    shown = {mark: marks.shown([{"mark": mark, "text": "a word"}], coloured=False) for mark in marks.LEGEND}
    assert len(set(shown.values())) == len(marks.LEGEND) == 5
    assert all("a word" in text for text in shown.values())
    legend = marks.legend(marks.LEGEND, coloured=False)
    for mark, words in marks.LEGEND.items():
        assert shown[mark].replace("a word", words) in legend
