"""Health in words: silent about healthy runs that were really trained, and right about those that are not."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from workbench.core import best, health
from workbench.core.events import AttemptStarted, Checkpoint, Eval, Event, Layout, Notice, Sample, Step, decode
from workbench.core.findings import Finding
from workbench.core.recipe import FIELDS, Recipe
from workbench.tui.view import About, RunView

JOURNALS = Path(__file__).parent / "journals"
RATE = 2e-4


def view_of(found: Sequence[Event], recipe: Recipe | None = None) -> RunView:
    view = RunView("run")
    view.learn(about=About(recipe=recipe or Recipe(method="sft", learning_rate=RATE)))
    view.see(found)
    return view


def steps(losses: Sequence[float | None], norms: Sequence[float] = (), speeds: Sequence[float] = (),
          total: int = 0, epochs: float = 2.0, rate: float = RATE) -> list[Event]:  # fmt: skip
    """Return a run's steps with these losses."""
    whole = total or len(losses)
    return [
        Step(step=number, steps=whole, loss=loss, learning_rate=rate, epoch=epochs * number / whole,
             grad_norm=norms[number - 1] if norms else 1.0 + 0.1 * (number % 7),
             tokens_per_second=speeds[number - 1] if speeds else 1000.0)
        for number, loss in enumerate(losses, 1)
    ]  # fmt: skip


def falling(count: int, start: float = 2.0, end: float = 1.0, noise: float = 0.05) -> list[float]:
    """Return losses of a healthy run."""
    draw = random.Random(7)
    return [end + (start - end) * math.exp(-5 * n / count) + draw.gauss(0, noise) for n in range(count)]


def codes(found: Sequence[Event], recipe: Recipe | None = None) -> dict[str, Finding]:
    return {finding.code: finding for finding in view_of(found, recipe).findings()}


@pytest.mark.parametrize("name", ["sft", "cpt"])
def test_nothing_is_said_against_a_run_that_went_well(name: str) -> None:
    """The journals are of real trainings of the bundled base; no prefix of them gives an alarm."""
    view = view_of([], Recipe(method=name))
    said = set()
    for line in (JOURNALS / f"{name}.jsonl").read_bytes().splitlines():
        event = decode(line)
        assert event is not None
        view.see([event])
        said |= {(finding.level, finding.text) for finding in view.findings() if finding.level != "good"}
    assert not said
    verdict = health.verdict(view.findings())
    assert (verdict.level, verdict.word) == ("good", "healthy")
    assert "no gradient spikes" in verdict.text


@pytest.mark.parametrize("seed", range(8))
def test_noise_alone_is_no_alarm(seed: int) -> None:
    """Batches of one conversation each: losses and gradients waver by a third, and the run is long."""
    draw = random.Random(seed)
    losses = [max(0.05, 0.5 + math.exp(-n / 150) + draw.gauss(0, 0.2)) for n in range(3000)]
    norms = [math.exp(draw.gauss(0, 0.3)) for _ in losses]
    speeds = [1000 * draw.uniform(0.7, 1.0) for _ in losses]
    view, alarms = view_of([]), set()
    for number, event in enumerate(steps(losses, norms, speeds, epochs=3.0), 1):
        view.see([event])
        if number % 100 == 0:
            view.see([Eval(step=number, loss=0.5 + math.exp(-number / 150) + draw.gauss(0, 0.003))])
            alarms |= {finding.text for finding in view.findings() if finding.level in ("warning", "bad")}
    assert not alarms


def test_before_there_is_anything_to_judge_it_says_so() -> None:
    verdict = health.verdict(view_of(steps(falling(5), total=100)).findings())
    assert verdict.level == ""
    assert "too early" in verdict.word


def test_overfitting_names_the_step_it_began_at_and_the_epochs_that_would_have_been_enough() -> None:
    run: list[Event] = []
    for number, event in enumerate(steps(falling(200, end=0.4)), 1):
        run.append(event)
        if number % 25 == 0:
            loss = 1.5 - 0.005 * number if number <= 100 else 1.0 + 0.003 * (number - 100)
            run.append(Eval(step=number, loss=loss))
    finding = codes(run)["eval_rising"]
    assert finding.level == "bad"
    assert "since step 100" in finding.text
    assert finding.fix is not None
    assert finding.fix.fields == {"num_train_epochs": pytest.approx(1.0)}
    assert finding.fix.action == "stop"


@pytest.mark.parametrize(
    ("result", "chosen", "level", "fix", "action", "fields"),
    [
        (None, True, "bad", "stop it, and the state of step 100 becomes its result", "stop", {}),
        (None, False, "bad", "stop it and begin anew", "stop", {"load_best_model_at_end": True}),
        (100, True, "notice", "fewer epochs would have ended there", "duplicate", {}),
        (200, False, "bad", "begin anew", "duplicate", {"load_best_model_at_end": True}),
    ],
)  # fmt: skip
def test_what_helps_against_overfitting_depends_on_which_state_is_the_result(
    result: int | None, chosen: bool, level: str, fix: str, action: str, fields: dict[str, object]
) -> None:
    recipe = Recipe(method="sft", learning_rate=RATE, load_best_model_at_end=chosen)
    view = view_of(
        [*steps(falling(200)), *(Eval(step=25 * n, loss=1.0 + 0.1 * abs(4 - n)) for n in range(1, 9))], recipe
    )
    if result is not None:
        told = best.Result(result, 200, 200).plain()
        view.learn(status="done", about=About(recipe=recipe, report={"result": told}))
    finding = next(finding for finding in view.findings() if finding.code == "eval_rising")
    assert finding.level == level
    assert finding.fix is not None
    assert finding.fix.text.startswith(fix)
    assert (finding.fix.action, finding.fix.fields) == (action, {"num_train_epochs": 1.0, **fields})


def test_a_rise_of_the_loss_on_one_held_out_row_is_not_told_as_a_rows_learnt_by_heart() -> None:
    run = [*steps(falling(200)), *(Eval(step=25 * n, loss=1.0 + 0.1 * abs(4 - n), rows=1) for n in range(1, 9))]
    finding = codes(run)["eval_rising"]
    assert (finding.level, "on 1 row " in finding.text, "too few" in finding.text) == ("notice", True, True)


def test_an_eval_loss_that_has_risen_is_not_called_near_its_best() -> None:
    """Two looks are too few for a trend, and enough to see that the second was worse."""
    finding = codes([Eval(step=0, loss=0.967), *steps(falling(40)), Eval(step=40, loss=1.031)])["eval_wavers"]
    assert finding.level == "notice"
    assert "0.97 → 1.03" in finding.text


def test_an_eval_loss_that_wavers_is_not_called_overfitting() -> None:
    run = [*steps(falling(100)), *(Eval(step=10 * n, loss=1.0 + 0.02 * (n % 2)) for n in range(1, 11))]
    assert {"eval_rising", "eval_falling"}.isdisjoint(codes(run))


def test_one_bad_look_is_not_called_overfitting() -> None:
    run = [*steps(falling(100)), Eval(step=0, loss=2.0), Eval(step=50, loss=1.0), Eval(step=100, loss=1.2)]
    assert "eval_rising" not in codes(run)


def test_losses_that_climb_out_again_diverge() -> None:
    losses = [*falling(200), *(1.0 + 0.02 * n for n in range(100))]
    finding = codes(steps(losses, total=400))["diverging"]
    assert finding.level == "bad"
    assert finding.fix is not None
    assert finding.fix.fields["learning_rate"] == pytest.approx(RATE / 3, rel=0.02)


def test_a_loss_that_is_no_number_is_bad() -> None:
    assert codes(steps([*falling(40), None]))["not_finite"].level == "bad"


def test_a_rise_under_the_full_rate_is_a_rate_too_high() -> None:
    losses = [*falling(200), *(1.0 + min(0.3, 0.01 * n) for n in range(100))]
    assert codes(steps(losses, total=1000))["learning_rate_high"].level == "warning"
    late = [*steps(losses, total=300, rate=RATE / 10)]
    assert "learning_rate_high" not in codes(late)


def test_a_loss_that_never_falls_asks_for_a_higher_rate() -> None:
    draw = random.Random(3)
    finding = codes(steps([1.5 + draw.gauss(0, 0.02) for _ in range(200)]))["no_progress"]
    assert finding.level == "warning"
    assert finding.fix is not None
    assert finding.fix.fields["learning_rate"] == pytest.approx(3 * RATE)


def test_the_loss_of_a_policy_hovers_about_zero_and_nothing_is_wrong() -> None:
    recipe = Recipe(method="sft")
    object.__setattr__(recipe, "method", "grpo")  # a method of a newer workbench
    draw = random.Random(3)
    assert {"no_progress", "near_zero", "diverging"}.isdisjoint(
        codes(steps([draw.gauss(0, 0.02) for _ in range(300)]), recipe)
    )


def test_no_loss_left_in_the_first_epoch_is_suspect() -> None:
    assert codes(steps([0.5 * 0.9**n for n in range(100)], epochs=0.9))["near_zero"].level == "warning"
    later = codes(steps([0.5 * 0.9**n for n in range(100)], total=200, epochs=5.0))
    assert later["by_heart"].level == "notice"


def test_a_run_of_two_steps_is_not_healthy() -> None:
    run = [Eval(step=0, loss=6.57), *steps([6.6, 5.0], total=2), Eval(step=2, loss=4.0)]
    found = codes(run, Recipe(method="sft", num_train_epochs=2.0))
    assert health.verdict(list(found.values())).word != "healthy"
    assert "2 steps, which are too few" in found["few_steps"].text
    assert found["few_steps"].fix is not None
    assert found["few_steps"].fix.fields["num_train_epochs"] == pytest.approx(100.0)
    assert "few_steps" not in codes(steps([6.6, 5.0], total=200)), "it goes on"
    assert health.verdict([], ended=True).word == "too little to tell"


def test_a_loss_that_falls_as_fast_as_ever_at_the_end_asks_for_more() -> None:
    def looks(power: float) -> list[Event]:
        return [*steps(falling(100)), *(Eval(step=10 * n, loss=1 + 3 * (1 - n / 10) ** power) for n in range(11))]

    assert codes(looks(0.8))["still_learning"].level == "notice"
    assert "still_learning" not in codes(looks(3.0))


@pytest.mark.parametrize("count", [150, 400])
def test_a_norm_that_falls_steeply_has_no_spikes_and_one_that_jumps_from_there_has(count: int) -> None:
    """A run that comes to know its rows: from 20 to a ten-thousandth, each step well within its neighbours."""
    draw = random.Random(5)
    norms = [20 * 1e-5 ** (n / count) * math.exp(draw.gauss(0, 0.2)) for n in range(count)]
    assert "spikes" not in codes(steps(falling(count), norms))
    norms[-5] *= 20
    assert f"at step {count - 4}" in codes(steps(falling(count), norms))["spikes"].text


def test_what_becomes_of_the_result_is_said_before_what_happened_on_the_way() -> None:
    norms = [1.0] * 400
    norms[300::20] = [20.0] * 5
    run = [*steps(falling(400), norms), *(Eval(step=50 * n, loss=1.0 + 0.02 * abs(4 - n)) for n in range(1, 9))]
    assert [finding.code for finding in view_of(run).findings()][:2] == ["eval_rising", "spikes"]


def test_gradient_spikes_are_counted_where_they_are() -> None:
    norms = [1.0] * 400
    assert "no_spikes" in codes(steps(falling(400), norms))
    norms[350] = 20.0
    one = codes(steps(falling(400), norms))["spikes"]
    assert one.level == "notice"
    assert "step 351" in one.text
    norms[360] = norms[370] = norms[380] = 20.0
    assert codes(steps(falling(400), norms))["spikes"].level == "warning"


def test_a_run_that_gets_slow_says_so_and_a_new_attempt_begins_anew() -> None:
    speeds = [1000.0] * 100 + [300.0] * 100
    run = steps(falling(200), speeds=speeds)
    assert "slower" in codes(run)
    again = [*run[:100], AttemptStarted(attempt=2, pid=1), *run[100:]]
    assert "slower" not in codes(again)


def test_samples_that_stop_ending_are_told_from_samples_that_are_long() -> None:
    def looks(*ended: bool) -> list[Event]:
        return [
            Sample(step=10 * n, prompt=prompt, text="…", stopped=stops)
            for n, stops in enumerate(ended)
            for prompt in "ab"
        ]

    assert codes(looks(True, True, False, False))["never_stops"].level == "warning"
    assert codes(looks(False, False, False))["never_stops"].level == "notice"
    assert "never_stops" not in codes(looks(False, True, False))
    assert "never_stops" not in codes(looks(True, False, False), Recipe(method="cpt"))


def test_memory_that_ran_out_gives_the_values_to_begin_with() -> None:
    layout = Layout(
        step=3, per_device_train_batch_size=2, gradient_accumulation_steps=8, gradient_checkpointing=True,
        per_device_eval_batch_size=2, text="Memory ran out.",
    )  # fmt: skip
    fix = codes([layout])["memory"].fix
    assert fix is not None
    assert fix.fields == {
        "per_device_train_batch_size": 2, "gradient_accumulation_steps": 8, "gradient_checkpointing": True,
        "activation_offloading": False,
    }  # fmt: skip


@pytest.mark.parametrize("name", ["accuracy", "rewards/accuracies", "eval_rewards/accuracies"])
def test_pairs_that_are_not_told_apart(name: str) -> None:
    still = [Eval(step=10 * n, loss=0.69, metrics={name: 0.51}) for n in range(5)]
    assert codes(still)["accuracy_still"].level == "warning"
    learns = [Eval(step=10 * n, loss=0.69 - 0.05 * n, metrics={name: 0.5 + 0.08 * n}) for n in range(5)]
    assert codes(learns)["accuracy_rising"].level == "good"
    assert "accuracy_still" not in codes(learns)


def test_groups_that_teach_nothing_and_rewards_that_fall_or_are_hacked() -> None:
    def evals(reward: Sequence[float], kl: float = 0.5, alike: float = 0.0) -> list[Event]:
        return [
            Eval(step=10 * n, loss=0.01, metrics={"reward": r, "kl": kl, "frac_reward_zero_std": alike})
            for n, r in enumerate(reward)
        ]

    rising = [0.1 * n for n in range(10)]
    assert {"groups_alike", "reward_collapse", "reward_hacking"}.isdisjoint(codes(evals(rising)))
    assert "groups_alike" in codes(evals(rising, alike=0.8))
    assert codes(evals(rising, kl=30.0))["reward_hacking"].level == "warning"
    assert codes(evals([*rising, 0.2, 0.1, 0.1, 0.1]))["reward_collapse"].level == "bad"


def test_answers_that_never_end_are_told() -> None:
    def steps(clipped: float) -> list[Event]:
        return [
            Step(step=n, steps=9, loss=0.0, learning_rate=1e-5, grad_norm=1.0, tokens_per_second=9.0,
                 metrics={"reward": 0.1 * n, "clipped": clipped})
            for n in range(1, 6)
        ]  # fmt: skip

    assert codes(steps(0.75))["answers_cut"].level == "warning"
    assert "answers_cut" not in codes(steps(0.25))


def test_lost_events_and_lost_attempts_are_told() -> None:
    run: list[Event] = [AttemptStarted(attempt=1, pid=1), Notice(level="warning", code="events_dropped", text="…")]
    run += [AttemptStarted(attempt=2, pid=2)]
    assert {"events_dropped", "cut_off"} <= codes(run).keys()


def test_every_fix_names_fields_that_there_are() -> None:
    """What is proposed can be put into a recipe."""
    runs = [
        steps([*falling(200), *(1.0 + 0.02 * n for n in range(100))]),
        steps([1.5] * 200),
        steps(falling(400), [20.0 if n % 50 == 0 else 1.0 for n in range(400)]),
    ]
    fixes = [finding.fix for run in runs for finding in codes(run).values() if finding.fix is not None]
    assert fixes
    for fix in fixes:
        assert fix.fields.keys() <= FIELDS.keys()
        replace(Recipe(), **fix.fields)


@pytest.mark.parametrize("saved", [True, False])
def test_a_run_that_had_no_checkpoint_did_not_go_on_from_one(saved: bool) -> None:
    kept = [Checkpoint(step=2, path="checkpoints/step-00000002", bytes=1, seconds=0.1)] if saved else []
    run = [AttemptStarted(attempt=1, pid=1), *steps(falling(3)), *kept, AttemptStarted(attempt=2, pid=2)]
    found = codes(run)["cut_off"]
    text = found.text
    assert found.level == ("good" if saved else "notice")
    assert text == f"it was cut off once and {'went on from a checkpoint' if saved else 'was taken up again'}"


def test_a_kill_without_loss_leaves_the_verdict_as_it_was() -> None:
    """Neither a reason to look, nor a proof that what is learnt is healthy."""
    kept = Checkpoint(step=8, path="checkpoints/step-00000008", bytes=1, seconds=0.1)
    killed = [AttemptStarted(attempt=1, pid=1), *steps(falling(8), total=400), kept, AttemptStarted(attempt=2, pid=2)]
    told = view_of(killed).findings()
    assert "cut_off" in {finding.code for finding in told}
    assert health.verdict(told).word == health.WORDS[""]
    learns = [Eval(step=10 * n, loss=2.0 - 0.2 * n) for n in range(4)]
    assert health.verdict(view_of([*killed, *learns]).findings()).word == "healthy"
