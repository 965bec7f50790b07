"""The detector on layouts it was not written for: at least 95 % right, and every record accounted for.

Owns the bar. Must not know any layout: the tables beside it do.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.data.wild.datasets import DATASETS
from tests.data.wild.table import REFUSED, Has, OneOf, Turn, Wild, fits, unlike
from workbench.core.errors import UsageError
from workbench.data.survey import inspect

RIGHT = 0.95
"""Share of datasets nobody has tried that must come out right."""

Outcome = dict[str, Any] | str
"""A survey, or the sentence of a refusal."""


def _surveyed(dataset: Wild, folder: Path) -> Outcome:
    for name, content in dataset.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    given = folder / next(iter(dataset.files)) if len(dataset.files) == 1 else folder
    try:
        return inspect({"paths": [str(given)]})
    except UsageError as error:
        return str(error)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """Return what is made of each dataset, by its name."""
    return {dataset.name: _surveyed(dataset, tmp_path_factory.mktemp("wild")) for dataset in DATASETS}


def _wrong(dataset: Wild, outcome: Outcome) -> str:
    if isinstance(outcome, str):
        return "" if REFUSED in dataset.methods else f"refused: {outcome}"
    return unlike(dataset, outcome)


def test_the_table_is_large_and_names_are_unique() -> None:
    assert len(DATASETS) >= 120
    assert [name for name, count in Counter(dataset.name for dataset in DATASETS).items() if count > 1] == []


def test_the_judge_tells_rows_apart() -> None:
    row = {"messages": [{"role": "user", "content": "Is it late? "}, {"role": "assistant", "content": "It is: nine."}]}
    turn = {"role": "assistant", "content": "It is: nine."}
    right = [row, {"messages": [Turn("user", "late"), OneOf("x", turn)]}, {"messages": Has("late", "nine")}]
    wrong = [
        {},
        {"messages": [Turn("user", "late")]},
        {"messages": [Turn("user", "early"), turn]},
        {"messages": [turn, turn]},
        {"messages": [Turn("system", "late"), turn]},
        row | {"tools": []},
        {"messages": OneOf("x", [turn])},
    ]
    assert [fits(row, expected) for expected in right + wrong] == [True] * len(right) + [False] * len(wrong)
    assert not fits({"label": 1}, {"label": True})


def test_nearly_all_layouts_come_out_right(outcomes: dict[str, Outcome]) -> None:
    wrong = {dataset.name: why for dataset in DATASETS if (why := _wrong(dataset, outcomes[dataset.name]))}
    for name, why in wrong.items():
        print(f"{name}: {why}")
    right = 1 - len(wrong) / len(DATASETS)
    assert right >= RIGHT, f"{right:.1%} of {len(DATASETS)} right; wrong: {', '.join(wrong)}"


def test_the_order_of_rows_changes_nothing(outcomes: dict[str, Outcome], tmp_path: Path) -> None:
    compared = ("format", "type", "method", "columns", "rows", "usable")
    for dataset in DATASETS:
        (name, content), *others = dataset.files.items()
        forwards = outcomes[dataset.name]
        if others or not name.endswith(".jsonl") or content[:1] != b"{" or isinstance(forwards, str):
            continue
        backwards = tmp_path / name
        backwards.write_bytes(b"\n".join(reversed(content.splitlines())))
        found = inspect({"paths": [str(backwards)]})
        assert [found[key] for key in compared] == [forwards[key] for key in compared], dataset.name


def test_every_record_is_usable_or_quarantined_with_a_reason(outcomes: dict[str, Outcome]) -> None:
    for name, outcome in outcomes.items():
        if isinstance(outcome, str):
            continue
        quarantined = sum(entry["count"] for entry in outcome["quarantined"])
        assert outcome["rows"] == outcome["usable"] + quarantined, name
        assert all(entry["reason"] and entry["examples"] for entry in outcome["quarantined"]), name


def test_a_refusal_is_one_sentence_that_says_what_to_do(outcomes: dict[str, Outcome]) -> None:
    for name, outcome in outcomes.items():
        if isinstance(outcome, str):
            assert outcome.endswith("."), name
            assert "\n" not in outcome, name


def test_examples_are_the_first_usable_rows(outcomes: dict[str, Outcome]) -> None:
    for name, outcome in outcomes.items():
        if isinstance(outcome, dict):
            assert len(outcome["examples"]) == min(3, outcome["usable"]), name
