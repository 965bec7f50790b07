"""`workbench compare` in words and in JSON."""

from __future__ import annotations

import json

import pytest

from tests.guide.past import past
from workbench.cli import main

HOSTILE = "\x1b[31m[bold]x[/bold]\u202edlrow"


def test_two_runs_are_compared_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    one, two = past("one", [2.0, 0.7], learning_rate=1e-3), past("two", [2.0, 0.5], answer="better")
    assert main(["compare", one.id, two.id]) == 0
    told = capsys.readouterr().out
    assert told.startswith("two ends at 0.50 on the same held-out rows, 0.20 below one.")
    (rate,) = [line.split() for line in told.splitlines() if line.startswith("learning rate")]
    assert rate == ["learning", "rate", "1e-3", "2e-4"]
    assert "better" in told


def test_the_json_has_the_same_facts(capsys: pytest.CaptureFixture[str]) -> None:
    one, two = past("one", [2.0, 0.7]), past("two", [2.0, 0.5])
    assert main(["compare", "--json", one.id, two.id]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [run["run"] for run in told["runs"]] == [one.id, two.id]
    assert told["verdict"]["better"] == two.id
    assert told["verdict"]["difference"] == pytest.approx(0.2)
    assert told["same_held_out_rows"] is True
    assert told["recipe"] == []
    assert told["held_out_losses"] == [[[0, 2.0], [40, 0.7]], [[0, 2.0], [40, 0.5]]]


def test_without_names_a_pair_is_proposed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare"]) == 2
    assert "two runs" in capsys.readouterr().err
    one = past("one", [2.0, 0.7])
    assert main(["compare", "last"]) == 2
    two = past("two", [2.0, 0.5])
    assert main(["compare", "--json", one.id]) == 0
    assert [run["run"] for run in json.loads(capsys.readouterr().out.splitlines()[-1])["runs"]] == [one.id, two.id]


def test_text_of_runs_is_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    one, two = past(HOSTILE, [2.0, 0.7], answer=HOSTILE), past("two", [2.0, 0.5], answer=HOSTILE)
    assert main(["compare", one.id, two.id]) == 0
    told = capsys.readouterr().out
    assert "[bold]x[/bold]" in told
    assert not {"\x1b", "\u202e"} & set(told)
