"""Plans: stored and read again, refused in one sentence whatever is wrong with them, and never followed blindly."""

from __future__ import annotations

import dataclasses
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.core.errors import UsageError
from workbench.data import plan, rows, sources
from workbench.data.curate import Curation


def data(folder: Path) -> Path:
    path = folder / "facts.jsonl"
    lines = [{"question": f"What is {number} plus 1?", "answer": f"It is {number + 1}."} for number in range(40)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def made(folder: Path, curation: Curation | None = None) -> plan.Plan:
    return rows.find([str(data(folder))], "sft", curation or Curation(eval_split=0.1, seed=3)).plan()


def stored(folder: Path, text: str) -> Path:
    path = folder / "plan.json"
    path.write_text(text)
    return path


def one_sentence(error: BaseException) -> str:
    text = str(error)
    assert text.endswith(".")
    assert "\n" not in text
    assert "Traceback" not in text
    return text


def test_a_plan_survives_its_file(tmp_path: Path) -> None:
    one = made(tmp_path, Curation(eval_split=0.1, weights=(0.5,), languages=("en",)))
    path = stored(tmp_path, plan.to_json(one))
    assert plan.is_plan(path)
    assert plan.load(path) == one
    plan.verify(one)


def test_a_plan_gives_the_same_rows_as_the_files(tmp_path: Path) -> None:
    given_files = rows.find([str(data(tmp_path))], "sft", Curation(eval_split=0.1, seed=3))
    path = stored(tmp_path, plan.to_json(given_files.plan()))
    followed = rows.find([str(path)], "", Curation(seed=99))
    assert list(followed.train()) == list(given_files.train())
    assert followed.held_out == given_files.held_out
    assert followed.plan() == given_files.plan()


@pytest.mark.parametrize("change", ["appended", "same size", "gone"])
def test_a_file_that_has_changed_is_one_sentence(tmp_path: Path, change: str) -> None:
    path = stored(tmp_path, plan.to_json(made(tmp_path)))
    facts = tmp_path / "facts.jsonl"
    text = facts.read_text()
    if change == "gone":
        facts.unlink()
    else:
        facts.write_text(text + "{}\n" if change == "appended" else text.replace("It is 5.", "It is 6."))
    with pytest.raises(UsageError, match=r"facts\.jsonl") as caught:
        rows.find([str(path)], "", Curation())
    one_sentence(caught.value)


def test_a_plan_for_another_method_or_of_another_version_is_refused(tmp_path: Path) -> None:
    one = made(tmp_path)
    path = stored(tmp_path, plan.to_json(one))
    with pytest.raises(UsageError, match="for method sft, not dpo") as caught:
        rows.find([str(path)], "dpo", Curation())
    one_sentence(caught.value)
    stored(tmp_path, plan.to_json(one).replace(f'"{plan.KEY}": {plan.VERSION}', f'"{plan.KEY}": {plan.VERSION + 1}'))
    with pytest.raises(UsageError, match=f"version {plan.VERSION + 1}") as caught:
        plan.load(path)
    one_sentence(caught.value)
    stored(tmp_path, plan.to_json(dataclasses.replace(one, method="magic")))
    with pytest.raises(UsageError, match="magic") as caught:
        rows.find([str(path)], "", Curation())
    one_sentence(caught.value)


def test_a_plan_is_given_alone(tmp_path: Path) -> None:
    path = stored(tmp_path, plan.to_json(made(tmp_path)))
    for arguments in (([str(path), str(tmp_path)], ""), ([str(path)], "alpaca")):
        with pytest.raises(UsageError, match="give it alone"):
            sources.find(*arguments)


SCALAR = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.floats(), st.text(max_size=5), st.just([]), st.just({})
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to every value inside a JSON value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [way for key, item in inside for way in places(item, (*path, key))]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chosen=st.randoms(use_true_random=False), new=SCALAR, how=st.sampled_from(["replace", "remove", "cut"]))
def test_a_damaged_plan_is_one_sentence_or_harmless(tmp_path: Path, chosen: random.Random, new: Any, how: str) -> None:
    if not (tmp_path / "facts.jsonl").exists():
        (tmp_path / "good.json").write_text(plan.to_json(made(tmp_path, Curation(eval_split=0.1, weights=(1.5,)))))
    text = (tmp_path / "good.json").read_text()
    body = json.loads(text)
    *way, last = chosen.choice(places(body))
    inner = body
    for key in way:
        inner = inner[key]
    if how == "replace":
        inner[last] = new
    elif how == "remove":
        del inner[last]
    path = stored(tmp_path, text[: chosen.randrange(len(text))] if how == "cut" else json.dumps(body))
    try:
        found = rows.find([str(path)], "", Curation()) if plan.is_plan(path) else plan.load(path)
    except UsageError as error:
        one_sentence(error)
    else:
        assert how == "cut" or isinstance(found, (rows.Rows, plan.Plan))


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '"workbench_plan"', '{"workbench_plan": 1}', "\x00\x01", "[" * 100_000, '{"a": 1e999}'],
)
def test_what_is_no_plan_is_one_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match=r"plan\.json") as caught:
        plan.load(stored(tmp_path, text))
    one_sentence(caught.value)


def test_a_file_whose_name_is_no_text_can_be_planned(tmp_path: Path) -> None:
    folder = tmp_path / "rows"
    folder.mkdir()
    for name in (b"bad\xff.jsonl", b"good.jsonl"):
        lines = [{"question": f"{name!r} {number}?", "answer": f"It is {number}."} for number in range(9)]
        (folder / os.fsdecode(name)).write_text("".join(json.dumps(line) + "\n" for line in lines))
    one = rows.find([str(folder)], "sft", Curation()).plan()
    path = stored(tmp_path, plan.to_json(one))
    assert plan.load(path) == one
    plan.verify(one)
