"""Loading: the account of every row, the sentences for bad input, and the probe's answer."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.core.errors import UsageError
from workbench.data import load, readers

QUICK = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
GOOD = [{"question": f"question {number}", "answer": f"answer {number}"} for number in range(20)]


def lines(rows: list[Any]) -> str:
    return "".join(row + "\n" if isinstance(row, str) else json.dumps(row) + "\n" for row in rows)


def made(folder: Path, name: str, content: bytes | str) -> str:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def test_bad_rows_are_listed_with_line_and_reason_and_the_rest_loads(tmp_path: Path) -> None:
    rows = [*GOOD[:10], "{oops", {"question": "q", "answer": ""}, *GOOD[10:], {"text": "an article among questions"}]
    path = made(tmp_path, "x.jsonl", lines(rows))
    loaded = load.load([path], "sft", 0)
    assert loaded.counts == {"rows": 23, "usable": 20, "quarantined": 3}
    assert loaded.shape == "prompt_completion"
    assert loaded.quarantined == [
        {"source": path, "line": 11, "reason": "not valid JSON"},
        {"source": path, "line": 12, "reason": "an answer is empty"},
        {"source": path, "line": 23, "reason": "the prompt or the completion is missing"},
    ]
    assert loaded.rows[10]["messages"][0]["content"] == "question 10"


def test_files_of_different_shapes_are_found_out_one_by_one(tmp_path: Path) -> None:
    made(tmp_path, "a.csv", "instruction,output\nadd,3\n")
    made(tmp_path, "b.json", json.dumps({"data": GOOD}))
    made(tmp_path, "c.jsonl", lines([{"text": "an article"}]))
    made(tmp_path, "d.json", b"\x89PNG")
    loaded = load.load([str(tmp_path)], "sft", 0)
    assert loaded.shape == "alpaca + prompt_completion + text"
    assert loaded.counts == {"rows": 22, "usable": 21, "quarantined": 1}
    assert [Path(file["source"]).name for file in loaded.ignored] == ["d.json"]


@pytest.mark.parametrize("method", ["pretrain", "cpt"])
def test_articles_and_conversations_are_not_confused(tmp_path: Path, method: str) -> None:
    articles, questions = made(tmp_path, "a.txt", "An article."), made(tmp_path, "q.jsonl", lines(GOOD))
    assert load.load([articles], method, 0).rows == [{"text": "An article."}]
    with pytest.raises(UsageError, match=r"These rows are articles; use method cpt\.$"):
        load.load([articles], "sft", 0)
    with pytest.raises(UsageError, match=r"These rows are conversations; use method sft\.$"):
        load.load([questions], method, 0)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.jsonl", "", "is empty"),
        ("blank.jsonl", "\n \n", "holds no rows"),
        ("header.csv", "question,answer\n", "holds no rows"),
        ("none.json", "[]", "holds no rows"),
        ("broken.json", '{"data": [', "cut off"),
        ("columns.jsonl", lines([{"a": 1, "b\x1b]": 2}] * 3), "no known layout fits the columns a, b␛]"),
        ("answers.jsonl", lines([{"question": "q", "answer": ""}] * 2), "all because an answer is empty"),
        ("pairs.jsonl", lines([{"chosen": "a", "rejected": "b"}]), "preferences"),
        ("photo.jpg", b"\xff\xd8\xff\xe0" + bytes(100), "JPEG image"),
    ],
)
def test_input_without_a_usable_row_is_one_sentence(tmp_path: Path, name: str, content: bytes | str, says: str) -> None:
    path = made(tmp_path, name, content)
    with pytest.raises(UsageError) as refused:
        load.load([path], "sft", 0)
    text = str(refused.value)
    assert says in text
    assert name in text
    assert text.isprintable()


@pytest.mark.parametrize("path", ["nowhere.jsonl", "~nobody-has-this-name/x.jsonl", "nul\0byte", "x" * 5000])
def test_a_path_that_is_not_there(tmp_path: Path, path: str) -> None:
    with pytest.raises(UsageError) as refused:
        load.load([str(tmp_path / path) if not path.startswith("~") else path], "sft", 0)
    assert str(refused.value).isprintable()


def test_an_empty_folder_an_unknown_method_and_no_data(tmp_path: Path) -> None:
    for paths, method in (([str(tmp_path)], "sft"), ([], "sft"), ([str(tmp_path)], "magic")):
        with pytest.raises(UsageError):
            load.load(paths, method, 0)


@pytest.mark.parametrize("name", ["x.json", "x.jsonl", "x.csv", "x.tsv", "x.txt", "x.md", "x"])
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
    good = {"sft": lines(GOOD[:5]), "cpt": lines([{"text": f"{number}"} for number in range(5)])}[method]
    made(tmp_path, "a.jsonl", good)
    path = made(tmp_path, name, content)
    try:
        loaded = load.load([str(tmp_path / "a.jsonl"), path], method, 0)
    except UsageError:
        return
    assert loaded.counts["rows"] == loaded.counts["usable"] + loaded.counts["quarantined"]
    assert len(loaded.rows) == loaded.counts["usable"] >= 5
    assert loaded.counts["rows"] == 5 + len(list(readers.read(Path(path))))
    assert len(loaded.quarantined) == loaded.counts["quarantined"]


def test_preflight_says_what_a_person_wants_to_know(tmp_path: Path) -> None:
    path = made(tmp_path, "x.jsonl", lines([{"question": "q " * 3000, "answer": "a"}, *GOOD, "oops", "oops"]))
    answer = load.preflight({"paths": [path], "method": "sft", "seed": 3})
    assert json.loads(json.dumps(answer)) == answer
    assert answer["counts"] == {"rows": 23, "usable": 21, "quarantined": 2}
    assert answer["many_bad"]
    assert answer["shape"] == "prompt_completion"
    assert len(answer["examples"]) == 3
    assert len(answer["examples"][0]["messages"][0]["content"]) == 2001
    places = [{"source": path, "line": 22}, {"source": path, "line": 23}]
    assert answer["quarantined"] == [{"reason": "not valid JSON", "count": 2, "examples": places}]
    content = Path(path).read_bytes()
    assert answer["files"] == [{"path": path, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}]


def test_preflight_runs_as_a_probe(tmp_path: Path) -> None:
    from workbench.core.errors import WorkbenchError
    from workbench.runs.probe import run_probe

    path = made(tmp_path, "x.jsonl", lines(GOOD))
    answer = run_probe("workbench.data.load:preflight", {"paths": [path], "method": "sft", "seed": 0})
    assert answer["counts"]["usable"] == 20
    with pytest.raises(WorkbenchError, match="use method sft"):
        run_probe("workbench.data.load:preflight", {"paths": [path], "method": "cpt", "seed": 0})
