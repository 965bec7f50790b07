"""The glance at data: what a survey of all of it finds, about, and in a bounded part of it."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path

import pytest

from workbench.core.errors import UsageError
from workbench.data import glance, prepare, survey
from workbench.data.curate.texts import characters
from workbench.guide import lengths

WORDS = [f"{'abcdefghij'[number % 10]}{number}word"[: 3 + number % 7] for number in range(500)]


def rows(number: int, seed: int = 0) -> list[dict[str, str]]:
    draw = random.Random(seed)
    return [
        {
            "question": f"{' '.join(draw.choices(WORDS, k=draw.randint(4, 20)))}?",
            "answer": f"{' '.join(draw.choices(WORDS, k=draw.randint(5, 90)))}.",
        }
        for _ in range(number)
    ]


def lines(path: Path, number: int) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows(number)), encoding="utf-8")
    return path


def test_a_small_file_is_counted_as_a_survey_counts_it(tmp_path: Path) -> None:
    path = lines(tmp_path / "a.jsonl", 150)
    found, surveyed = glance.glance({"paths": [str(path)]}), survey.inspect({"paths": [str(path)]})
    assert (found["rows"], found["about"]) == (150, False)
    assert found["method"] == surveyed["method"] == "sft"
    assert found["why"] == surveyed["reasons"]
    assert found["characters"] == pytest.approx(surveyed["lengths"]["mean"], rel=0.01)


@pytest.mark.parametrize("kind", ["jsonl", "json", "csv"])
def test_of_a_large_file_a_part_tells_the_number_of_rows(tmp_path: Path, kind: str) -> None:
    path, made = tmp_path / f"a.{kind}", rows(30_000)
    if kind == "csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, ["question", "answer"])
            writer.writeheader()
            writer.writerows(made)
    else:
        text = "".join(json.dumps(row) + "\n" for row in made) if kind == "jsonl" else json.dumps(made)
        path.write_text(text, encoding="utf-8")
    found = glance.glance({"paths": [str(path)]})
    assert found["about"]
    assert found["rows"] == pytest.approx(30_000, rel=0.15)
    whole = sum(characters({"messages": [{"content": row["question"]}, {"content": row["answer"]}]}) for row in made)
    assert found["characters"] == pytest.approx(whole / 30_000, rel=0.1)


@pytest.mark.parametrize("kind", ["jsonl", "json"])
def test_a_file_of_some_megabytes_is_not_said_to_hold_rows_it_has_not(tmp_path: Path, kind: str) -> None:
    path, made = tmp_path / f"a.{kind}", rows(6_000)
    made += [{"question": "Short?", "answer": "Yes."}] * 1_234  # which no window's density tells
    path.write_text(
        "".join(json.dumps(row) + "\n" for row in made) if kind == "jsonl" else json.dumps(made), encoding="utf-8"
    )
    assert path.stat().st_size > glance.MOST_BYTES
    assert glance.glance({"paths": [str(path)]})["rows"] == 7_234


@pytest.mark.parametrize("places", [(0,), (15_000,), (30_000,), (5_000, 5_001, 25_000)])
@pytest.mark.parametrize("short", [30, 30_000])
def test_very_long_rows_do_not_tell_how_many_there_are(tmp_path: Path, places: tuple[int, ...], short: int) -> None:
    path, made = tmp_path / "a.jsonl", [json.dumps(row) + "\n" for row in rows(short)]
    for place in places:
        made.insert(place, json.dumps({"question": "How long?", "answer": "long " * 1_000_000}) + "\n")
    path.write_text("".join(made), encoding="utf-8")
    found = glance.glance({"paths": [str(path)]})
    assert found["rows"] == pytest.approx(len(made), rel=0.15)
    if found["lengths"]["p50"] < 100:  # the short rows were looked at
        assert found["lengths"]["max"] > 100_000


def test_blank_lines_are_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(row) + "\n\n" for row in rows(30_000)), encoding="utf-8")
    assert glance.glance({"paths": [str(path)]})["rows"] == pytest.approx(30_000, rel=0.05)


def test_a_survey_s_number_of_rows_stands_for_the_glance_s(tmp_path: Path) -> None:
    path = lines(tmp_path / "a.jsonl", 30_000)
    found, surveyed = glance.glance({"paths": [str(path)]}), survey.inspect({"paths": [str(path)]})
    assert lengths.settled(found, None) == found
    told = lengths.settled(found, surveyed)
    assert (told["rows"], told["about"], told["why"]) == (30_000, False, surveyed["reasons"])
    lines(tmp_path / "test.jsonl", 40)  # which is held out, and surveyed with the rest
    both = glance.glance({"paths": [str(tmp_path)]})
    assert lengths.settled(both, survey.inspect({"paths": [str(tmp_path)]})) == both


def _bytes_read() -> int:
    """Return how many bytes this process has read so far."""
    return int(Path("/proc/self/io").read_text(encoding="ascii").split("rchar: ")[1].split()[0])


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="only Linux tells what a process has read")
def test_a_glance_reads_no_more_of_a_larger_file(tmp_path: Path) -> None:
    """A million rows change nothing about how long a plan takes."""
    taken = []
    for number in (100, 20_000, 100_000):
        path = lines(tmp_path / f"{number}.jsonl", number)
        before = _bytes_read()
        glance.glance({"paths": [str(path)]})
        taken.append(_bytes_read() - before)
    assert max(taken[1:]) < 2 * glance.MOST_BYTES < (tmp_path / "100000.jsonl").stat().st_size
    assert taken[2] < 1.2 * taken[1]


def test_of_a_folder_some_files_tell_the_rest(tmp_path: Path) -> None:
    for number in range(120):
        (tmp_path / f"{number}.md").write_text(f"# Note {number}\n\n" + "It rained all day in the hills. " * 40)
    found = glance.glance({"paths": [str(tmp_path)]})
    assert found["method"] == "cpt"
    assert found["articles"]
    assert found["about"]
    assert found["rows"] == 120


def test_held_out_files_are_not_counted(tmp_path: Path) -> None:
    lines(tmp_path / "train.jsonl", 80)
    lines(tmp_path / "test.jsonl", 40)
    assert glance.glance({"paths": [str(tmp_path)]})["rows"] == 80


def test_a_prepared_dataset_is_looked_at_through_its_plan(tmp_path: Path) -> None:
    path = lines(tmp_path / "a.jsonl", 100)
    (tmp_path / "out").mkdir()
    prepare.prepare({"paths": [str(path)], "out": str(tmp_path / "out"), "recipe": {}}, lambda *_: None)
    found = glance.glance({"paths": [str(tmp_path / "out" / "plan.json")]})
    assert found["method"] == "sft"
    assert found["rows"] == 100


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("word " * 100, 125), ("你好世界" * 30, 80), ("привет " * 40, 106), ("", 0)],
)
def test_tokens_are_estimated_by_script(text: str, tokens: int) -> None:
    assert glance.tokens_of({"text": text}) == pytest.approx(tokens, rel=0.1)


def test_turns_take_what_a_template_writes_around_them() -> None:
    row = {"messages": [{"role": "user", "content": "a" * 40}, {"role": "assistant", "content": "b" * 40}]}
    assert glance.tokens_of(row) > glance.tokens_of({"text": "a" * 80})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b'{"embedding": [0.1, 0.2]}\n' * 5, "Nothing can be learnt"),
        (b"\x00\x01\x02" * 99, "x.jsonl"),
    ],
)
def test_what_cannot_be_learnt_from_is_one_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=said) as raised:
        glance.glance({"paths": [str(path)]})
    assert "\n" not in str(raised.value)
    with pytest.raises(UsageError, match="cannot learn") as raised:
        glance.glance({"paths": [str(lines(tmp_path / "a.jsonl", 20))], "method": "dpo"})
    assert str(raised.value).endswith(".")


def test_an_excerpt_of_a_large_file_is_bounded_and_comes_from_all_of_it(tmp_path: Path) -> None:
    path = tmp_path / "large.jsonl"
    total = 120_000
    with path.open("w", encoding="utf-8") as file:
        for number in range(total):
            file.write(json.dumps({"prompt": f"What is {number}?", "completion": "It is a number. " * 8}) + "\n")
    assert path.stat().st_size > 2 * glance.EXCERPT_BYTES
    rows = glance.excerpt([str(path)], "sft")
    assert len(rows) <= glance.EXCERPT_ROWS
    numbers = [int("".join(filter(str.isdigit, row["messages"][0]["content"]))) for row in rows]
    assert max(numbers) > 0.9 * total > 0.1 * total > min(numbers)
