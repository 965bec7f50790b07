"""How figures and events read: units, tables that fit, a pace that a pause does not spoil, and nothing that drives."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.cli import COMMANDS, export, main
from workbench.cli.follow import describe, follow
from workbench.cli.output import Live, count, duration, figure, print_json, size, table
from workbench.core import units
from workbench.core.errors import WorkbenchError
from workbench.core.events import AttemptEnded, AttemptStarted, Eval, Event, Layout, Notice, Sample, Step, encode
from workbench.core.paths import runs_home
from workbench.core.recipe import resolve, to_toml
from workbench.runs import store
from workbench.runs.store import Run


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (count(1234567.4), "1\xa0234\xa0567"),
        (size(0), "0\xa0B"),
        (size(1023), "1023\xa0B"),
        (size(1536), "1.5\xa0KiB"),
        (size(5 << 40), "5120\xa0GiB"),
        (duration(59.4), "59\xa0s"),
        (duration(61), "1\xa0min 1\xa0s"),
        (duration(3661), "1\xa0h 01\xa0min"),
        (duration(49.5 * 3600), "2\xa0d 1\xa0h"),
        (figure(None), "–"),
        (figure(1.005, 1), "1.0"),
    ],
)
def test_figures_have_units(text: str, shown: str) -> None:
    assert text == shown


@given(st.lists(st.lists(st.text(), min_size=3, max_size=3), max_size=4), st.integers(40, 120))
def test_a_table_fits_the_terminal_and_drives_nothing(rows: list[list[str]], width: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(width))
        lines = table(["one", "two", "three"], rows).split("\n")
    assert len(lines) == len(rows) + 1
    assert all(len(line) <= width for line in lines)
    assert "\x1b" not in "".join(lines)


def test_json_is_one_line_of_the_text_itself(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": "ü\n"})
    assert capsys.readouterr().out == '{"a": "ü\\n"}\n'


def run_with(*events: Event) -> Run:
    """Return a run with a journal that ends as these events do, and no process."""
    recipe = resolve({"data": ["x"]})
    run = store.create(to_toml(recipe), method="sft", tuning="lora", base="bundled", title="t")
    run.events_path.write_bytes(b"".join(map(encode, events)))
    return run


def step(number: int, seconds: float) -> Step:
    return Step(
        step=number, steps=110, loss=1.0, learning_rate=1e-4, grad_norm=1.0, tokens_per_second=10, seconds=seconds
    )


def test_the_time_left_is_measured_in_this_attempt(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred steps were taken before; the ten that are left take as long as the two of this attempt did."""
    monkeypatch.setattr("workbench.cli.follow.STEP_LINE_SECONDS", -1.0)
    run = run_with(
        AttemptStarted(attempt=1, pid=1),
        step(98, 500.0),
        AttemptStarted(attempt=2, pid=2),
        step(99, 10.0),
        step(100, 12.0),
        AttemptEnded(attempt=2, outcome="paused", step=100),
    )
    assert follow(run) == "paused"
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition("tokens/s")[2].strip() for line in lines if "step" in line] == ["", "", "about 20\xa0s left"]


def test_following_begins_at_the_attempt_that_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    notice: dict[str, Any] = {"level": "info", "code": "c"}
    run = run_with(
        AttemptStarted(attempt=1, pid=1),
        Notice(text="old", **notice),
        AttemptEnded(attempt=1, outcome="paused"),
        AttemptStarted(attempt=2, pid=2),
        Notice(text="new", **notice),
        AttemptEnded(attempt=2, outcome="done"),
    )
    assert follow(run, attempt=2) == "done"
    shown = capsys.readouterr().err
    assert "new" in shown
    assert "old" not in shown


def test_an_engine_that_dies_without_a_word_is_an_error_that_says_what_to_do() -> None:
    run = run_with(AttemptStarted(attempt=1, pid=1), step(3, 1.0))
    with pytest.raises(WorkbenchError, match=f"workbench resume {run.id}"):
        follow(run, quiet=True)


@pytest.mark.parametrize(
    "event",
    [
        Sample(step=1, prompt="\x1b[2Jp", text="\x1b]0;t\x07", stopped=True),
        Notice(level="warning", code="c", text="\x1b[31mred\nline"),
        Eval(step=1, loss=None, metrics={"general_loss": 1.0}),
        Layout(
            step=1,
            per_device_train_batch_size=2,
            gradient_accumulation_steps=4,
            gradient_checkpointing=False,
            per_device_eval_batch_size=4,
            text="halved\x1b[2J\nagain",
        ),
    ],
)
def test_what_a_model_or_its_data_says_drives_nothing(event: Event, capsys: pytest.CaptureFixture[str]) -> None:
    line = describe(event)
    assert line
    Live().line(line)
    shown = capsys.readouterr().err
    assert "\x1b" not in shown
    assert shown.count("\n") == 1


def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    overview = capsys.readouterr().out
    for name in COMMANDS:
        assert f"  {name} " in overview
        with pytest.raises(SystemExit) as left:
            main([*name.split(), "--help"])
        assert left.value.code == 0
        assert capsys.readouterr().out.startswith(f"usage: workbench {name} ")


def test_where_tells_the_persons_own_folders(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["where", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["runs"] == str(runs_home())


def test_a_share_of_an_export_is_that_of_its_page() -> None:
    """93.457 % is told as 93.4 % everywhere: no share is rounded up to one that was not reached."""
    line = {"type": "Q4_K_M", "bytes": 9, "bits_per_weight": 4.9, "kl": 0.01, "top1": 0.9345703125, "path": "one.gguf"}
    proof = {"tokenizer_mismatches": 0, "max_abs_logit_diff": 1e-5, "top1": 0.99996, "stops": True, "chat_render": True}
    said = export.describe({"files": [line], "parity": proof, "seconds": 2.0})
    assert units.percent(line["top1"], 1) in said  # type: ignore[arg-type]
    assert "same token 99.9\xa0%" in said


def test_size_against_quality_names_models_and_scores_where_there_are_some() -> None:
    line = {"type": "Q8_0", "bytes": 5 << 20, "bits_per_weight": 8.51, "kl": 0.0012, "top1": 0.985}
    smaller = {**line, "type": "Q4_K_M", "bytes": 3 << 20, "kl": None, "top1": None}
    alone = export.sizes({"": {"files": [line, smaller]}}).splitlines()
    assert alone[0].split() == ["type", "size", "bits", "KL", "same", "token"]
    assert alone[2].split()[-2:] == ["–", "–"]
    several = export.sizes({"sft": {"files": [line]}, "pruned": {"files": [smaller]}}, {("pruned", "Q4_K_M"): "93 %"})
    head, first, second = several.splitlines()
    assert head.split()[0] == "model"
    assert head.split()[-1] == "score"
    assert first.startswith("sft     Q8_0")
    assert second.endswith("93 %")
