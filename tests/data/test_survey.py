"""The survey: the account of every row, the proposal, the sentences for bad input, and the probe's answer."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import random
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.core.errors import UsageError, WorkbenchError
from workbench.data import account, counting, glance, parallel, readers, sources, survey, windows
from workbench.runs.probe import run_probe

QUICK = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
GOOD = [{"question": f"question {number}?", "answer": f"the answer is {number}"} for number in range(20)]


def lines(rows: list[Any]) -> str:
    return "".join(row + "\n" if isinstance(row, str) else json.dumps(row) + "\n" for row in rows)


def made(folder: Path, name: str, content: bytes | str) -> str:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def inspected(*paths: str, **options: Any) -> dict[str, Any]:
    return survey.inspect({"paths": list(paths), **options})


def test_bad_rows_are_listed_with_line_and_reason_and_the_rest_loads(tmp_path: Path) -> None:
    rows = [*GOOD[:10], "{oops", {"question": "q", "answer": ""}, *GOOD[10:], {"text": "an article among questions"}]
    path = made(tmp_path, "x.jsonl", lines(rows))
    found = inspected(path)
    assert (found["rows"], found["usable"], found["format"], found["method"]) == (23, 20, "prompt_completion", "sft")
    places = {item["reason"]: (item["count"], item["examples"]) for item in found["quarantined"]}
    assert places["not valid JSON"] == (1, [{"source": path, "line": 11}])
    assert places["an answer is empty"] == (1, [{"source": path, "line": 12}])
    assert sum(count for count, _ in places.values()) == 3
    assert found["columns"] == {"prompt": "question", "completion": "answer"}
    assert [row["messages"][0]["content"] for row in found["examples"]] == [f"question {n}?" for n in range(3)]


def test_a_file_that_is_given_twice_is_read_once_and_said(tmp_path: Path) -> None:
    path = made(tmp_path, "x.jsonl", lines(GOOD))
    link = tmp_path / "link.jsonl"
    link.symlink_to(path)
    folder = tmp_path / "folder"
    folder.mkdir()
    other = made(folder, "y.jsonl", lines([{"question": "other?", "answer": "yes"}]))
    for paths, rows in (((path, path), 20), ((path, str(link), other), 21), ((str(folder), path, other), 21)):
        found = inspected(*paths)
        assert found["rows"] == glance.glance({"paths": paths})["rows"] == rows
        assert [item["reason"] for item in found["ignored"]] == [sources.AGAIN]


def test_the_order_of_rows_changes_nothing_but_their_order(tmp_path: Path) -> None:
    rows = [*GOOD, *({"prompt": f"p {n}", "response": f"r {n}"} for n in range(15)), "{", {"a": 1}]
    first = inspected(made(tmp_path, "a.jsonl", lines(rows)))
    random.Random(1).shuffle(rows)
    second = inspected(made(tmp_path, "b.jsonl", lines(rows)))
    for key in ("rows", "usable", "format", "type", "method", "confidence", "columns", "reasons", "lengths", "repairs"):
        assert first[key] == second[key], key
    assert {item["reason"]: item["count"] for item in first["quarantined"]} == {
        item["reason"]: item["count"] for item in second["quarantined"]
    }


def test_a_folder_of_parts_takes_the_method_of_the_largest(tmp_path: Path) -> None:
    made(tmp_path, "a.csv", "instruction,output\nadd one to two,it makes three\n")
    made(tmp_path, "b.json", json.dumps({"data": GOOD}))
    made(tmp_path, "c.jsonl", lines([{"text": "an article, and not a short one at that"}]))
    made(tmp_path, "d.json", b"\x89PNG")
    found = inspected(str(tmp_path))
    assert (found["method"], found["rows"], found["usable"]) == ("sft", 22, 21)
    assert [Path(item["source"]).name for item in found["ignored"]] == ["d.json"]
    assert {Path(item["path"]).name: item["rows"] for item in found["files"]} == {
        "a.csv": 1,
        "b.json": 20,
        "c.jsonl": 1,
    }


def test_held_out_files_are_told_and_both_sides_counted(tmp_path: Path) -> None:
    made(tmp_path, "train.jsonl", lines(GOOD))
    made(tmp_path, "validation.jsonl", lines(GOOD[:5]))
    made(tmp_path, "README.md", "# about it")
    found = inspected(str(tmp_path))
    assert {Path(item["path"]).name: item["split"] for item in found["files"]} == {
        "train.jsonl": "train",
        "validation.jsonl": "held_out",
    }
    assert (found["rows"], found["examples"][0]["messages"][0]["content"]) == (25, "question 0?")


def test_paths_given_together_tell_their_splits_like_files_of_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "train"  # what the folder of all of them is called says nothing
    for name in ("a/train", "a/test", "b"):
        (folder / name).mkdir(parents=True)
    train, test = made(folder, "train.jsonl", lines(GOOD)), made(folder, "test.jsonl", lines(GOOD[:5]))
    other = made(folder / "b", "faq.jsonl", lines(GOOD[:3]))
    made(folder / "a" / "train", "part.jsonl", lines(GOOD))
    made(folder / "a" / "test", "part.jsonl", lines(GOOD[:4]))

    def splits(*paths: str) -> dict[str, str]:
        return {str(Path(file["path"]).relative_to(folder)): file["split"] for file in inspected(*paths)["files"]}

    assert splits(test, train) == {"train.jsonl": "train", "test.jsonl": "held_out"}
    assert splits(test) == {"test.jsonl": "train"}
    assert splits(test, other) == {"b/faq.jsonl": "train", "test.jsonl": "held_out"}
    assert splits(train, other) == {"train.jsonl": "train", "b/faq.jsonl": "train"}
    assert splits(str(folder / "a" / "train"), str(folder / "a" / "test")) == {
        "a/train/part.jsonl": "train",
        "a/test/part.jsonl": "held_out",
    }


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.jsonl", "", "is empty"),
        ("blank.jsonl", "\n \n", "holds no rows"),
        ("header.csv", "question,answer\n", "holds no rows"),
        ("none.json", "[]", "holds no rows"),
        ("broken.json", '{"data": [', "cut off"),
        ("columns.jsonl", lines([{"a": 1, "b\x1b]": 2}] * 3), "b␛]"),
        ("answers.jsonl", lines([{"question": "q", "answer": ""}] * 2), "use method grpo"),
        ("photo.jpg", b"\xff\xd8\xff\xe0" + bytes(100), "JPEG image"),
        ("old.doc", b"\xd0\xcf\x11\xe0" + bytes(100), "an Office document of an old format"),
    ],
)
def test_input_without_a_usable_row_is_one_sentence(tmp_path: Path, name: str, content: bytes | str, says: str) -> None:
    path = made(tmp_path, name, content)
    with pytest.raises(UsageError) as refused:
        survey.preflight({"paths": [path], "method": "sft"})
    text = str(refused.value)
    assert says in text
    assert name in text
    assert text.isprintable()


@pytest.mark.parametrize("path", ["nowhere.jsonl", "~nobody-has-this-name/x.jsonl", "nul\0byte", "x" * 5000])
def test_a_path_that_is_not_there(tmp_path: Path, path: str) -> None:
    with pytest.raises(UsageError) as refused:
        inspected(str(tmp_path / path) if not path.startswith("~") else path)
    assert str(refused.value).isprintable()


def test_an_empty_folder_an_unknown_method_and_no_data(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    article = made(tmp_path, "a.txt", "An article.")
    for paths, method in (([str(tmp_path / "empty")], "sft"), ([], "sft"), ([article], "magic")):
        with pytest.raises(UsageError):
            inspected(*paths, method=method)


def test_a_method_the_rows_do_not_suit_is_refused_with_the_one_they_do(tmp_path: Path) -> None:
    articles = made(tmp_path, "a.jsonl", lines([{"text": f"An article about {number} things."} for number in range(9)]))
    with pytest.raises(UsageError, match=r"Method sft cannot learn from .*; use method cpt\.$"):
        survey.preflight({"paths": [articles], "method": "sft"})


def test_format_and_columns_of_the_person_win(tmp_path: Path) -> None:
    rows = [{"one": f"a thing {number}", "two": f"another {number}", "three": "x"} for number in range(9)]
    path = made(tmp_path, "x.jsonl", lines(rows))
    found = inspected(path, format="prompt_completion", columns={"prompt": "two", "completion": "one"})
    assert [turn["content"] for turn in found["examples"][0]["messages"]] == ["another 0", "a thing 0"]
    with pytest.raises(UsageError, match="one, three, two"):
        inspected(path, format="prompt_completion", columns={"prompt": "four", "completion": "one"})


@pytest.mark.parametrize("name", ["x.json", "x.jsonl", "x.csv", "x.tsv", "x.txt", "x.md", "x", "x.html"])
@QUICK
@given(
    content=st.one_of(
        st.binary(max_size=200),
        st.text(alphabet='[]{}",:\\\n\r\t ax1é\0\ufeff', max_size=80).map(str.encode),
        st.lists(st.sampled_from(['{"text":"a"}', '["', '"a","b"', "text,q", "{}", "", "NaN", '"']), max_size=12).map(
            lambda parts: "\n".join(parts).encode()
        ),
    ),
    method=st.sampled_from(["sft", "cpt"]),
)
def test_rows_are_usable_or_quarantined_for_any_bytes(tmp_path: Path, name: str, content: bytes, method: str) -> None:
    good = {"sft": lines(GOOD[:5]), "cpt": lines([{"text": f"text {number}"} for number in range(5)])}[method]
    path = made(tmp_path, name, content)
    try:
        found = inspected(made(tmp_path, "a.jsonl", good), path, method=method)
    except UsageError:
        return
    assert found["rows"] == found["usable"] + sum(item["count"] for item in found["quarantined"])
    assert found["rows"] == 5 + sum(1 for member in readers.listing(Path(path)).members for _ in readers.read(member))


def test_a_long_file_is_counted_in_pieces_to_the_same_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(3)
    rows: list[Any] = []
    for number in range(3000):
        row = {
            "messages": [
                {"role": "user", "content": f"q{number}" + "x" * draw.randint(0, 90)},
                {"role": "assistant", "content": "a <|im_end|>"},
            ]
        }
        unanswered = {"messages": [{"role": "user", "content": "only"}]}
        rows.append(draw.choice([row, row, row, row, "{broken", "", {"messages": []}, unanswered]))
    path = made(tmp_path, "x.jsonl", lines(rows))
    whole = inspected(path)
    monkeypatch.setattr(sources, "WHOLE_BYTES", 1000)
    monkeypatch.setattr(counting, "SPREAD_BYTES", 1000)
    monkeypatch.setattr(account, "PIECE_BYTES", 20_000)
    monkeypatch.setattr(parallel, "cores", lambda: 3)
    monkeypatch.setattr(windows.is_long_json_lines, "__defaults__", (1000,))
    pieces = inspected(path)
    for key in ("rows", "usable", "quarantined", "format", "method", "examples", "repairs", "files"):
        assert pieces[key] == whole[key], key
    tokens = [problem["text"] for problem in whole["problems"] if "control tokens" in problem["text"]]
    assert tokens
    assert tokens == [problem["text"] for problem in pieces["problems"] if "control tokens" in problem["text"]]


def test_many_small_files_are_counted_by_few_processes_to_the_same_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(120):
        odd = ["{broken"] if number % 7 == 0 else []
        row = {"question": f"question {number % 50}?", "answer": "a <|im_end|>"}
        made(tmp_path, f"{number:03}.jsonl", lines([GOOD[number % 20], *odd, row]))
    forks: list[int] = []
    fork = os.fork

    def counted_fork() -> int:
        forks.append(1)
        return fork()

    monkeypatch.setattr(os, "fork", counted_fork)
    alone = inspected(str(tmp_path))
    assert (alone["rows"], alone["usable"], len(forks)) == (258, 240, 0)
    monkeypatch.setattr(counting, "SPREAD_BYTES", 1000)
    monkeypatch.setattr(parallel, "cores", lambda: 2)
    for least, most in ((100_000, 8), (20_000, 40)):
        forks.clear()
        monkeypatch.setattr(counting, "BATCH_BYTES", least)
        assert inspected(str(tmp_path)) == alone
        assert 3 <= len(forks) <= most


@pytest.mark.parametrize("first", ["alike", "other columns", "another type", "unknown", "empty"])
def test_a_head_start_on_a_long_file_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    beginning: list[Any] = {
        "alike": [],
        "other columns": [{"prompt": f"p {number}", "completion": f"c {number}"} for number in range(100)],
        "another type": [{"text": f"An article of some length about {number} things."} for number in range(100)],
        "unknown": [{"a": number} for number in range(100)],
        "empty": [{"question": "", "answer": ""}] * 100,
    }[first]
    rows = [GOOD[number % 20] for number in range(1200)]
    path = made(tmp_path, "x.jsonl", lines([*beginning, *rows]))

    monkeypatch.setattr(counting, "SPREAD_BYTES", 1000)
    monkeypatch.setattr(account, "PIECE_BYTES", 20_000)
    monkeypatch.setattr(windows.is_long_json_lines, "__defaults__", (1000,))

    def told(cores: int) -> list[dict[str, Any] | str]:
        monkeypatch.setattr(parallel, "cores", lambda: cores)
        found: list[dict[str, Any] | str] = []
        for columns in ({}, {"prompt": "answer", "completion": "question"}, {"prompt": "nothing like it"}):
            try:
                found.append(inspected(path, columns=columns))
            except UsageError as error:
                found.append(str(error))
        return found

    alone = told(cores=1)
    assert [type(outcome) for outcome in alone] == [dict, dict, str]
    assert told(cores=3) == alone


def test_preflight_says_what_a_person_wants_to_know_and_runs_as_a_probe(tmp_path: Path) -> None:
    long = {"question": "q " * 3000, "answer": "a long answer"}
    path = made(tmp_path, "x.jsonl", lines([long, *GOOD, "oops", "oops"]))
    answer = run_probe("workbench.data.survey:preflight", {"paths": [path], "method": "sft"})
    assert (answer["rows"], answer["usable"]) == (23, 21)
    assert any("cannot be used" in problem["text"] for problem in answer["problems"])
    assert len(answer["examples"][0]["messages"][0]["content"]) == 2001
    places = [{"source": path, "line": 22}, {"source": path, "line": 23}]
    assert answer["quarantined"] == [{"reason": "not valid JSON", "count": 2, "examples": places}]
    content = Path(path).read_bytes()
    assert answer["sources"] == [{"path": path, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}]
    with pytest.raises(WorkbenchError, match=r"cannot learn from .*; use method sft"):
        run_probe("workbench.data.survey:preflight", {"paths": [path], "method": "cpt"})


def test_lengths_agree_with_a_count_by_hand(tmp_path: Path) -> None:
    rows = [{"text": "x" * size} for size in [10, 20, 30, 40, 1000]]
    found = inspected(made(tmp_path, "x.jsonl", lines(rows)), method="cpt")["lengths"]
    assert (found["min"], found["p50"], found["max"], found["mean"], found["sampled"]) == (10, 30, 1000, 220.0, 5)
    width, bars = found["histogram"]["width"], found["histogram"]["rows"]
    assert sum(bars) == 5
    assert bars[0], "the first bar holds the shortest"
    assert 10 + width * len(bars) > min(1000, found["p99"]), "the last one reaches the 99th percentile"


def test_exact_copies_are_counted(tmp_path: Path) -> None:
    found = inspected(made(tmp_path, "x.jsonl", lines([*GOOD, *GOOD[:7], GOOD[0]])))
    assert {
        "text": "8 of 28 rows are exact copies of another one; they are left out unless duplicates is keep.",
        "fix": {},
        "if_kept": "8 of 28 rows are exact copies of another one; they are kept, as duplicates is keep.",
    } in found["problems"]
    assert orjson.loads(orjson.dumps(found)) == found


def test_of_several_layouts_the_one_with_most_to_learn_says_what_the_data_is(tmp_path: Path) -> None:
    made(tmp_path, "questions.jsonl", lines(GOOD))
    padded = [{"kind": "note", "client_msg_id": "x" * 900, "blocks": [{"type": "y" * 900}], "text": "ok then"}] * 5
    made(tmp_path, "log.jsonl", lines(padded))
    found = inspected(str(tmp_path))
    assert (found["method"], found["rows"], found["usable"]) == ("sft", 25, 20)
    first, *_, last = [reason.split(":")[0] for reason in found["reasons"]]
    assert (first, last) == ("questions.jsonl", "log.jsonl")


def test_what_is_asked_for_is_not_said_to_be_suggested(tmp_path: Path) -> None:
    path = made(tmp_path, "x.jsonl", lines(GOOD))
    assert inspected(path, method="dpo")["reasons"] == [
        "You asked for dpo, which cannot learn from these rows; they suit sft."
    ]
    assert inspected(path, method="grpo")["reasons"][-1] == "You asked for grpo; the data suggests sft."


def test_a_table_is_read_as_one_whatever_it_is_called(tmp_path: Path) -> None:
    answers = [f"It is {number}, of course.\nReally" for number in range(30)]
    rows = [("question", "answer"), *((f"What is {number}?", answer) for number, answer in enumerate(answers))]
    for name, encoding, dialect in (("x.jsonl", "utf-8", csv.excel), ("x.txt", "utf-16", csv.excel_tab)):
        with (tmp_path / name).open("w", encoding=encoding, newline="") as file:
            csv.writer(file, dialect).writerows(rows)
        found = inspected(str(tmp_path / name))
        assert (found["files"][0]["kind"], found["rows"], found["usable"]) == ("table", 30, 30)
        assert found["columns"] == {"prompt": "question", "completion": "answer"}
        assert found["examples"][0]["messages"][-1]["content"] == answers[0]


def test_columns_nothing_is_learnt_from_are_named(tmp_path: Path) -> None:
    path = made(tmp_path, "x.jsonl", lines([{**row, "source": "s", "meta": {"a": 1}} for row in GOOD]))
    assert inspected(path)["unused_columns"] == ["meta", "source"]


def test_empty_rows_and_no_rows_are_said(tmp_path: Path) -> None:
    empty = inspected(made(tmp_path, "empty.jsonl", "{}\n{}\n"))
    assert [item["reason"] for item in empty["quarantined"]] == [
        "The rows are empty: they have no columns, or nothing but null in them"
    ]
    none = inspected(made(tmp_path, "none.csv", "question,answer\n"))
    assert none["problems"][0]["text"] == "There are no rows in it; give a file that holds some."
