"""Rows from files: two passes that agree, held-out files, documents kept together, and every record accounted for."""

from __future__ import annotations

import dataclasses
import json
import random
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.core.errors import UsageError
from workbench.core.recipe import Recipe
from workbench.data import plan, rows
from workbench.data.curate import Curation
from workbench.data.readers import passages


def pair(number: int) -> dict[str, str]:
    return {"question": f"What comes after {number}?", "answer": f"After {number} comes {number + 1}."}


def written(path: Path, *lines: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return path


def prose(draw: random.Random, characters: int) -> str:
    """Return a text in paragraphs."""
    words, size = [], 0
    while size < characters:
        words.append(f"w{draw.randrange(9000)}" + (".\n\n" if draw.random() < 0.02 else ""))
        size += len(words[-1]) + 1
    return " ".join(words)


def telegram(texts: list[str]) -> str:
    """Return an export of Telegram with a chat for each text."""
    message = {"id": 1, "type": "message", "date": "2024-01-01T10:00:00", "from": "Ann"}
    chats = [{"name": "Ann", "type": "personal_chat", "id": 1, "messages": [message | {"text": t}]} for t in texts]
    return json.dumps({"about": "Here is the data you requested", "chats": {"list": chats}})


MANY_IN_ONE = {
    "mbox": lambda texts: "".join(f"From a@b.org Mon Jan  1 10:00:00 2024\nSubject: It\n\n{t}\n\n" for t in texts),
    "txt": "\n<|endoftext|>\n".join,
    "json": telegram,
}
"""Suffix → what writes texts into one file."""
LINES = st.one_of(
    st.builds(pair, st.integers(0, 40)),
    st.sampled_from(["{broken", "[]", "null", '{"question": 3}', '{"question": "no answer", "answer": ""}', "3"]),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    train=st.lists(LINES, min_size=1, max_size=50),
    test=st.lists(LINES, max_size=6),
    duplicates=st.sampled_from(["keep", "exact", "near"]),
    weights=st.sampled_from([(), (0.5,), (2.5,)]),
)
def test_every_record_is_accounted_for_and_both_passes_agree(
    tmp_path: Path, train: list[Any], test: list[Any], duplicates: str, weights: tuple[float, ...]
) -> None:
    written(tmp_path / "set" / "train.jsonl", pair(1000), *[pair(2000 + n) for n in range(12)], *train)
    written(tmp_path / "set" / "test.jsonl", *test)
    refused: list[dict[str, Any]] = []
    curation = Curation(duplicates=duplicates, weights=weights, eval_split=0.1)
    found = rows.find([str(tmp_path / "set")], "sft", curation, refuse=refused.append)
    counts = found.counts
    learnt = list(found.train())
    assert counts["rows"] == counts["usable"] + counts["quarantined"]
    assert counts["quarantined"] == len(refused)
    assert counts["train"] == len(learnt)
    assert counts["held_out"] == len(found.held_out)
    used = [found.decisions.copies(number) for number in range(counts["usable"])]
    assert counts["left_out"] == used.count(0)
    assert sum(used) == len(learnt) + len(found.held_out)
    assert list(found.train()) == learnt
    texts = {json.dumps(row) for row in learnt}
    assert not texts & {json.dumps(row) for row in found.held_out}
    again = rows.find([str(tmp_path / "set")], "sft", curation)
    assert (list(again.train()), again.held_out, again.counts) == (learnt, found.held_out, counts)


def test_a_held_out_file_is_kept_aside_and_wins(tmp_path: Path) -> None:
    written(tmp_path / "train.jsonl", *map(pair, range(60)))
    written(tmp_path / "validation.jsonl", *map(pair, range(50, 70)))
    found = rows.find([str(tmp_path)], "sft", Curation(eval_split=0.1))
    assert [row["messages"][0]["content"] for row in found.held_out] == [pair(n)["question"] for n in range(50, 70)]
    assert len(list(found.train())) == 50
    (leak,) = found.decisions.report()
    assert (leak["rows"], leak["what"]) == (10, "learnt and held out both")
    assert len(leak["examples"]) == 3


def test_a_test_file_given_beside_its_training_file_is_not_learnt_and_its_plan_agrees(tmp_path: Path) -> None:
    train = written(tmp_path / "train.jsonl", *map(pair, range(60)))
    test = written(tmp_path / "test.jsonl", *map(pair, range(100, 110)))
    found = rows.find([str(train), str(test)], "sft", Curation(eval_split=0.1))
    assert [row["messages"][0]["content"] for row in found.held_out] == [pair(n)["question"] for n in range(100, 110)]
    assert len(list(found.train())) == 60
    (tmp_path / "plan.json").write_text(plan.to_json(found.plan()))
    again = rows.find([str(tmp_path / "plan.json")], "", Curation())
    assert (list(again.train()), again.held_out) == (list(found.train()), found.held_out)


def test_weights_belong_to_the_paths(tmp_path: Path) -> None:
    one = written(tmp_path / "a" / "one.jsonl", *map(pair, range(30)))
    two = written(tmp_path / "b" / "two.jsonl", *map(pair, range(100, 130)))
    recipe = Recipe(data=(str(one), str(two)), data_weights=("2", "0"), eval_split=0.0, method="sft")
    learnt = [row["messages"][0]["content"] for row in rows.of_recipe(recipe).train()]
    assert Counter(learnt) == {pair(number)["question"]: 2 for number in range(30)}


@pytest.mark.parametrize("weights", [("1",), ("1", "x"), ("1", "2", "3"), ("1", "nan"), ("1", "-1"), ("1", "inf")])
def test_weights_that_do_not_fit_are_one_sentence(tmp_path: Path, weights: tuple[str, ...]) -> None:
    path = str(written(tmp_path / "one.jsonl", *map(pair, range(30))))
    with pytest.raises(UsageError, match=r"^data_weights .*\.$"):
        rows.of_recipe(Recipe(data=(path, path), data_weights=weights, method="sft"))


def test_parts_of_long_documents_stay_on_one_side(tmp_path: Path) -> None:
    draw = random.Random(1)
    size = passages.LONG_TEXT + 4 * passages.PART
    for number in range(12):
        (tmp_path / f"book{number}.{('txt', 'md')[number % 2]}").write_text(f"Book {number}\n\n{prose(draw, size)}")
    found = rows.find([str(tmp_path)], "cpt", Curation(eval_split=0.1))
    assert found.counts["rows"] > 150
    # A part is known by its beginning, which stands in one book only.
    books = {path.name: path.read_text() for path in tmp_path.iterdir()}

    def books_of(side: list[dict[str, Any]]) -> set[str]:
        return {name for row in side for name, text in books.items() if row["text"][:200] in text}

    held = books_of(found.held_out)
    assert held
    assert len(found.held_out) < found.counts["rows"] / 4
    assert not held & books_of(list(found.train()))


def test_articles_on_lines_are_no_parts_of_one_document(tmp_path: Path) -> None:
    draw = random.Random(2)
    for number in range(3):
        articles = [prose(draw, 900).replace("\n", " ") for _ in range(40)]
        written(tmp_path / f"articles{number}.txt", *articles)
    found = rows.find([str(tmp_path)], "cpt", Curation(eval_split=0.1))
    assert found.counts["rows"] == 120
    assert len(found.held_out) == 12


@pytest.mark.parametrize("name", sorted(MANY_IN_ONE))
def test_documents_of_one_file_are_held_out_on_their_own(tmp_path: Path, name: str) -> None:
    draw = random.Random(3)
    for number in range(12):
        texts = [f"file {number} begins\n\n{prose(draw, 300)}" for _ in range(20)]
        texts[7] = "\n\n".join(f"long {number} {prose(draw, 900)}" for _ in range(330))
        (tmp_path / f"{number}.{name}").write_text(MANY_IN_ONE[name](texts))
    found = rows.find([str(tmp_path)], "cpt", Curation(eval_split=0.1))

    def named(kind: str, side: list[dict[str, Any]]) -> set[str]:
        return {number for row in side for number in re.findall(rf"{kind} (\d+) ", row["text"])}

    held, learnt = found.held_out, list(found.train())
    assert len(held) + len(learnt) == found.counts["rows"] > 12 * 30
    assert len(held) == pytest.approx(len(learnt) / 9, abs=1)
    assert len(named("file", held) & named("file", learnt)) > 1
    # The parts of one that is long stay together all the same.
    assert named("long", learnt)
    assert not named("long", held) & named("long", learnt)


def test_nothing_left_to_learn_from_is_one_sentence_with_its_reason(tmp_path: Path) -> None:
    path = str(written(tmp_path / "one.jsonl", *map(pair, range(30))))
    with pytest.raises(UsageError, match=r"of 30 usable rows, min_characters leaves out 30 \(too short\)"):
        rows.find([path], "sft", Curation(min_characters=10_000))
    german = [{"text": f"Die alte Mühle am Ende der Straße steht seit {n} Jahren leer und offen."} for n in range(29)]
    french = [{"text": "Le vieux moulin au bout de la rue est vide depuis des années et personne ne le sait."}]
    path = str(written(tmp_path / "texts.jsonl", *german, *french))
    with pytest.raises(UsageError) as caught:
        rows.find([path], "cpt", Curation(languages=("en",)))
    assert str(caught.value).endswith(
        "languages leaves out 30 (in another language; 29 in German (de); 1 in French (fr)); give other rows, or name "
        "their language in languages."
    )
    path = str(written(tmp_path / "one.jsonl", *map(pair, range(30))))
    with pytest.raises(UsageError, match=r"data_weights leaves out 30 \(left out by the weight of their source\)"):
        rows.find([path], "sft", Curation(weights=(0.0,)))


def test_curation_of_a_recipe_has_all_its_settings() -> None:
    recipe = Recipe(
        data=("a", "b"),
        data_weights=("1", "0.5"),
        duplicates="near",
        min_characters=3,
        max_characters=9,
        languages=("de",),
        quality="drop",
        secrets="mask",
        decontaminate=("bundled",),
        eval_split=0.2,
        seed=7,
    )
    settings_of = dataclasses.asdict(rows.curation_of(recipe))
    defaults = dataclasses.asdict(Curation())
    assert [name for name in defaults if settings_of[name] == defaults[name]] == []
    assert settings_of["weights"] == (1.0, 0.5)


def test_rows_under_a_key_for_tests_are_held_out(tmp_path: Path) -> None:
    def asked(first: int, last: int) -> list[dict[str, str]]:
        return [{"question": f"What is {n}?", "answer": f"It is {n}."} for n in range(first, last)]

    path = tmp_path / "splits.json"
    path.write_text(json.dumps({"train": asked(0, 20), "test": asked(20, 25)}))
    found = rows.find([str(path)], "sft", Curation(eval_split=0.0))
    assert found.counts["usable"] == 25
    assert [row["messages"][0]["content"] for row in found.held_out] == [f"What is {n}?" for n in range(20, 25)]
    assert len(list(found.train())) == 20


@pytest.mark.parametrize("what", ["keep", "mask", "drop"])
def test_no_report_holds_a_secret(tmp_path: Path, what: str) -> None:
    key = "sk-" + "proj-Zk3vQ9xW7mT2bN8cR5yL1dF6hJ4"
    path = tmp_path / "rows.jsonl"
    said = [*(f"Number {n} is a good one to count." for n in range(9)), f"The key is {key}.", f"The key is {key}."]
    path.write_text("".join(json.dumps({"question": "What now?", "answer": text}) + "\n" for text in said))
    found = rows.find([str(path)], "sft", Curation(secrets=what, eval_split=0.0))
    learnt = json.dumps(list(found.train()))
    assert (key in learnt) == (what == "keep")
    report = json.dumps(found.decisions.report())
    assert "The key is" in report
    assert key not in report
