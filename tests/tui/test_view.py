"""What a screen knows of a run, from events alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.core import best
from workbench.core.events import (
    AttemptEnded,
    AttemptStarted,
    Checkpoint,
    Eval,
    Event,
    Layout,
    Notice,
    Phase,
    Request,
    Sample,
    Step,
    decode,
    encode,
)  # fmt: skip
from workbench.core.health import Verdict
from workbench.core.recipe import Recipe
from workbench.guide.watching import Limits
from workbench.runs import history
from workbench.tui import glyphs, runlists, runpage
from workbench.tui import view as views
from workbench.tui.view import About, RunView

JOURNALS = Path(__file__).parents[1] / "core" / "journals"


def a_step(step: int, steps: int = 100, **rest: float) -> Step:
    figures = {"loss": 1.0, "learning_rate": 1e-4, "grad_norm": 1.0, "tokens_per_second": 10.0, **rest}
    return Step(step=step, steps=steps, **figures)  # type: ignore[arg-type]


def seen(*events: Event) -> RunView:
    view = RunView("run")
    view.see(events)
    return view


def test_a_real_run_as_it_ends() -> None:
    lines = (JOURNALS / "sft.jsonl").read_bytes().splitlines()
    events = [event for line in lines if (event := decode(line)) is not None]
    view = seen(*events)
    losses = [event.loss for event in events if isinstance(event, Step)]
    looks = [event.loss for event in events if isinstance(event, Eval)]
    assert (view.step, view.steps) == (62, 62)
    assert view.loss == losses[-1]
    assert view.eval is not None
    assert (view.eval.loss, view.eval_change) == (looks[-1], pytest.approx(looks[-1] - looks[-2]))
    assert [y for _, y in view.curves["loss"]] == losses
    assert [y for _, y in view.curves["eval"]] == looks
    assert len(view.prompts) == 3
    prompt = view.prompts["What is 47 plus 4?"]
    assert (prompt.first.step, prompt.now.step) == (0, 62)
    assert prompt.now.text == "47 plus 4 is 51."
    assert [point.step for point in view.checkpoints] == [60, 62]
    assert [(one.number, one.outcome) for one in view.attempts] == [(1, "done")]
    assert view.left() is None
    assert view.phase == ""


def test_left_is_known_while_an_attempt_goes_on() -> None:
    view = seen(AttemptStarted(attempt=1, pid=1), *(a_step(n, seconds=2.0 * n) for n in range(1, 11)))
    assert view.left() == pytest.approx(180.0)


def test_an_attempt_that_takes_steps_again_replaces_them() -> None:
    view = seen(
        AttemptStarted(attempt=1, pid=1), *(a_step(n, loss=1.0) for n in range(1, 11)),
        Sample(step=0, prompt="p", text="base"), Sample(step=10, prompt="p", text="ten"), Eval(step=10, loss=5.0),
        AttemptStarted(attempt=2, pid=2), *(a_step(n, loss=2.0) for n in range(6, 9)),
        Sample(step=8, prompt="p", text="eight"), Eval(step=8, loss=4.0),
    )  # fmt: skip
    assert view.step == 8
    assert [y for _, y in view.curves["loss"]] == [1.0] * 5 + [2.0] * 3
    assert [answer.text for answer in view.prompts["p"].later] == ["eight"]
    assert view.eval_before is None
    assert [finding.code for finding in view.findings()].count("cut_off") == 1


def test_figures_of_steps_and_of_held_out_rows_have_curves_of_their_own() -> None:
    told = [Eval(step=n, loss=1.0, metrics={"accuracy": 0.5, "general_loss": 2.0}) for n in range(3)]
    view = seen(*told)
    assert set(view.metrics) == {"eval_accuracy", "eval_general_loss"}


def test_memory_stays_bounded_whatever_a_journal_says() -> None:
    view = RunView("run")
    for n in range(3 * views.KEPT):
        view.see([
            Sample(step=n, prompt="one", text="x" * 20_000), Sample(step=n, prompt=f"prompt {n}", text="y"),
            Notice(level="info", code=f"code {n}", text="…"), Checkpoint(step=n, path="c", bytes=1, seconds=1.0),
            AttemptStarted(attempt=n, pid=1), Eval(step=n, loss=1.0, metrics={f"metric {n}": 1.0}),
        ])  # fmt: skip
    assert len(view.prompts) == views.PROMPTS
    assert len(view.prompts["one"].later) == views.ANSWERS
    assert len(view.prompts["one"].now.text) == views.SHOWN_CHARACTERS
    assert view.prompts["one"].first.step == 0
    assert max(len(view.notices), len(view.checkpoints), len(view.attempts)) == views.KEPT
    assert len(view.curves) <= 64


def test_what_happens_beside_training_is_told() -> None:
    view = seen(AttemptStarted(attempt=1, pid=1), Phase(phase="preparing", detail="encoding", done=3, total=9))
    assert (view.phase, view.detail, view.done, view.total) == ("preparing", "encoding", 3, 9)
    view.see([Request(request="pause")])
    assert view.requested == "pause"
    view.see([Notice(level="error", code="failed", text="Why."), AttemptEnded(attempt=1, outcome="failed", step=3)])
    assert (view.error, view.phase) == ("Why.", "")
    view.see([AttemptStarted(attempt=2, pid=2)])
    assert (view.error, view.requested) == ("", "")
    layout = Layout(
        step=1, per_device_train_batch_size=1, gradient_accumulation_steps=4, gradient_checkpointing=True,
        per_device_eval_batch_size=1, text="t",
    )  # fmt: skip
    view.see([layout])
    assert list(view.layouts) == [layout]


@pytest.mark.parametrize("is_ascii", [False, True])
def test_the_best_checkpoint_is_marked_and_what_a_stop_would_publish_is_known(is_ascii: bool) -> None:
    losses = {20: 1.2, 40: 0.9, 60: 1.1}
    view = seen(*(event for step, loss in losses.items() for event in (
        a_step(step), Eval(step=step, loss=loss),
        Checkpoint(step=step, path=f"checkpoints/step-{step}", bytes=1 << 20, seconds=0.1, held_out_loss=loss),
    )))  # fmt: skip
    view.learn(about=About(recipe=Recipe()))
    assert view.result_if_stopped is not None
    assert view.result_if_stopped.words() == "step 40 of 100, held-out loss 0.90; the last was 1.10"
    assert view.result is None
    glyphs.use_ascii(is_ascii)
    try:
        rows = [row.draw(116, False).plain for row in runlists.checkpoint_rows(view, None, 0.0)]
    finally:
        glyphs.use_ascii(False)
    assert [("& best" if is_ascii else "★ best") in row for row in rows] == [False, True, False]
    assert "eval 0.90" in rows[1]
    view.learn(about=About(recipe=Recipe(load_best_model_at_end=False)))
    assert view.result_if_stopped is None, "the recipe asks for the last state"
    report = {"result": best.Result(40, 60, 100, best.Held(40, 0.9), best.Held(60, 1.1)).plain()}
    view.learn(status="stopped", about=About(recipe=Recipe(), report=report))
    assert "result" in runlists.checkpoint_rows(view, None, 0.0)[1].draw(116, False).plain
    assert "step 40 of 100" in runpage.result_line(view, 116)[0].plain


def test_the_version_grows_with_every_change_and_with_nothing_else() -> None:
    view = RunView("run")
    memory = {"predicted": {"peak": 5}, "measured": {"peak": 6, "reserved": 4}}
    view.learn(status="running", about=About(report={"memory": memory}))
    version = view.version
    assert view.memory == (5, 6)
    view.learn(status="running", about=view.about)
    assert view.version == version
    view.see([a_step(1)])
    assert view.version > version


def test_a_prediction_stands_beside_what_is_of_its_kind() -> None:
    """Of a card what is taken of it, of a processor the whole process, not its growth; each figure has its unit."""
    view = RunView("run")
    measured = {"peak": 3 << 30}
    both = "run 3\u00a0GiB, predicted 2\u00a0GiB"
    for parts, more, said in (({}, {}, "run 3\u00a0GiB"), ({}, {"reserved": 1}, both), ({"process": 1}, {}, both)):
        memory = {"predicted": {**parts, "peak": 2 << 30}, "measured": {**measured, **more}}
        view.learn(about=About(report={"memory": memory}))
        assert runpage.memory_words(view, 60).plain == said


def test_the_machine_keeps_its_name_beside_what_a_run_takes() -> None:
    view = RunView("run")
    memory = {"predicted": {"process": 1, "peak": 827 << 20}, "measured": {"peak": 1023 << 20}}
    view.learn(about=About(report={"memory": memory}))
    said = [line.plain for line in runpage.machine(view, None, Limits(), 30, True)]
    assert said[0].rstrip() == "machine"
    assert said[1].strip() == "run 1023\u00a0MiB, pred. 827\u00a0MiB"
    assert len(runpage.machine(view, None, Limits(), 60, True)) == len(said), "nothing below moves"


def test_a_verdict_is_cut_between_its_clauses() -> None:
    verdict = Verdict("", "too early to tell", "a few more steps, and a second look at the held-out rows")
    assert runpage.health_line(verdict, 76).plain.rstrip().endswith("a few more steps")
    assert runpage.health_line(verdict, 90).plain.rstrip().endswith("held-out rows")


@pytest.mark.parametrize("report", [{}, {"memory": {}}, {"memory": None}, {"memory": {"predicted": {"peak": "x"}}}])
def test_a_report_without_a_measurement_has_no_memory(report: dict[str, object]) -> None:
    view = RunView("run")
    view.learn(about=About(report=report))
    assert view.memory is None


def test_a_condensed_journal_gives_the_same_view(tmp_path: Path) -> None:
    """What a screen shows does not depend on how long the journal was when it was opened."""
    path = tmp_path / "events.jsonl"
    lines = (JOURNALS / "cpt.jsonl").read_bytes()
    path.write_bytes(lines)
    events = [event for line in lines.splitlines() if (event := decode(line)) is not None]
    single, condensed = seen(*events), RunView("run")
    condensed.recall(history.whole(path))
    assert condensed.prompts == single.prompts
    assert (condensed.step, condensed.eval, condensed.left()) == (single.step, single.eval, single.left())
    assert [finding.code for finding in condensed.findings()] == [finding.code for finding in single.findings()]
    assert condensed.curves.keys() == single.curves.keys()
    for name, series in single.curves.items():
        assert condensed.curves[name].smoothed == pytest.approx(series.smoothed, rel=1e-5)
    both = [view.version for view in (single, condensed)]
    more = a_step(1000, loss=7.0)
    single.see([more])
    condensed.see([decode(encode(more)) or more])
    assert [view.curves["loss"].last for view in (single, condensed)] == [(1000, 7.0)] * 2
    assert [view.version for view in (single, condensed)] > both
