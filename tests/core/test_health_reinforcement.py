"""Alarms of a run that learns from its own answers: silent about real ones that went well, right about others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from workbench.core import health
from workbench.core.events import Eval, Event, Step, decode
from workbench.core.findings import Finding
from workbench.core.recipe import FIELDS, Recipe
from workbench.tui.view import About, RunView

JOURNALS = Path(__file__).parent / "journals"
STEPS = 60
GRPO = Recipe(method="grpo", packing=False, rewards=("number",), learning_rate=1e-5)


def view_of(found: Sequence[Event], recipe: Recipe = GRPO) -> RunView:
    view = RunView("run")
    view.learn(about=About(recipe=recipe))
    view.see(found)
    return view


def run(steps: int = STEPS, **figures: tuple[float, float]) -> list[Event]:
    """Return the steps of a run whose figures go evenly from the first to the second value, with a little noise."""
    usual = {"reward": (0.3, 0.7), "reward_number": (0.3, 0.7), "entropy": (0.6, 0.4), "length": (40.0, 42.0)}

    def value(ends: tuple[float, float], step: int) -> float:
        start, end = ends
        return (start + (end - start) * step / steps) * (1 + 0.02 * (-1) ** step)

    return [
        Step(
            step=step, steps=STEPS, loss=0.0, learning_rate=1e-5, grad_norm=1.0, tokens_per_second=100.0,
            metrics={name: value(ends, step) for name, ends in (usual | figures).items()},
        )
        for step in range(1, steps + 1)
    ]  # fmt: skip


def codes(found: Sequence[Event], recipe: Recipe = GRPO) -> dict[str, Finding]:
    return {finding.code: finding for finding in view_of(found, recipe).findings()}


@pytest.mark.parametrize(
    ("name", "recipe"),
    [("grpo", GRPO), ("ppo", Recipe(method="ppo", packing=False, reward_model="judge", beta=0.2))],
)
def test_no_alarm_at_any_moment_of_a_real_run_that_went_well(name: str, recipe: Recipe) -> None:
    """The journals are of real trainings of the bundled base on its sums and with its reward model."""
    view, said = view_of([], recipe), set()
    for line in (JOURNALS / f"{name}.jsonl").read_bytes().splitlines():
        event = decode(line)
        assert event is not None
        view.see([event])
        said |= {finding.code for finding in view.findings()}
        assert not [finding for finding in view.findings() if finding.level in ("warning", "bad")]
    assert "reward_rising" in said


ALARMS = [
    (run(), "reward_rising", "good"),
    (run(reward=(0.3, 0.3)), "reward_flat", "warning"),
    (run(length=(40.0, 2.0)), "length_collapse", "warning"),
    (run(thought=(30.0, 28.0), forced=(0.3, 0.4)), "thoughts_forced", "warning"),
    (run(thought=(30.0, 2.0), thoughtless=(0.6, 0.7)), "thoughts_empty", "warning"),
    (run(thought=(30.0, 2.0)), "thoughts_shrunk", "notice"),
    (run(thought=(30.0, 2.0), reward=(0.3, 0.3)), "thoughts_shrunk", "warning"),
    (run(length=(40.0, 2.0), reward=(0.3, 0.2)), "length_collapse", "bad"),
    (run(length=(20.0, 90.0)), "length_runs_away", "notice"),
    (run(length=(20.0, 90.0), reward=(0.3, 0.3)), "length_runs_away", "warning"),
    (run(entropy=(0.6, 0.001)), "entropy_collapse", "warning"),
    (run(entropy=(0.6, 4.0)), "entropy_explodes", "bad"),
    (run(reward_number=(0.6, 0.2)), "check_traded", "warning"),
    (run(kl=(0.0, 30.0)), "reward_hacking", "warning"),
    (run(zero_variance=(0.8, 0.8)), "groups_alike", "warning"),
    (run(reward=(0.8, 1.0), zero_variance=(0.8, 0.8)), "groups_alike", "notice"),
    (run(clipped=(0.4, 0.4)), "answers_cut", "warning"),
]


@pytest.mark.parametrize(("found", "code", "level"), ALARMS)
def test_each_alarm_has_its_case(found: list[Event], code: str, level: str) -> None:
    assert codes(found)[code].level == level


def test_groups_in_which_nothing_is_earned_want_easier_prompts() -> None:
    recipe = Recipe(method="grpo", packing=False, rewards=("number", "repetition*0.2"))
    none = run(reward=(0.0, 0.0), reward_number=(0.01, 0.0), zero_variance=(0.9, 0.9))
    assert codes(none, recipe)["groups_alike"].fix.text.startswith("easier prompts, an sft first")
    some = run(reward=(0.3, 0.3), reward_number=(0.3, 0.3), zero_variance=(0.9, 0.9))
    assert "easier" not in codes(some, recipe)["groups_alike"].fix.text.replace("neither too easy", "")


@pytest.mark.parametrize("code", sorted({code for _, code, _ in ALARMS} - {"reward_rising"}))
def test_a_run_that_goes_well_gives_none_of_them(code: str) -> None:
    assert code not in codes(run())


def test_nothing_is_said_of_a_run_that_is_too_young() -> None:
    early = run(steps=8, reward=(0.3, 0.1), length=(40.0, 1.0), entropy=(0.6, 0.0))
    assert {"reward_flat", "length_collapse", "entropy_collapse", "check_traded"}.isdisjoint(codes(early))


def test_what_is_nearly_right_may_become_sure_of_itself() -> None:
    sure = run(reward=(0.9, 1.0), reward_number=(0.9, 1.0), entropy=(0.6, 0.001))
    assert "entropy_collapse" not in codes(sure)
    unbounded = Recipe(method="ppo", packing=False, reward_model="judge")
    assert "entropy_collapse" in codes(sure, unbounded)


def test_every_fix_names_fields_that_there_are() -> None:
    for found, _, _ in ALARMS:
        for finding in view_of(found).findings():
            assert finding.fix is None or set(finding.fix.fields) <= set(FIELDS)


TWO = Recipe(method="grpo", packing=False, rewards=("number", "model(run=judge)*0.5"), learning_rate=5e-5)


def test_a_sum_that_rises_without_right_answers_is_not_healthy() -> None:
    """With the figures of a real run on a judge that can be gamed: it earns more while nothing is right any more."""
    hacked = run(reward=(0.44, 0.55), reward_number=(0.06, 0.03), reward_model=(0.81, 1.06), kl=(5.0, 5.0))
    told = view_of(hacked, TWO).findings()
    said = health.verdict(told)
    assert said.word == "needs attention"
    assert said.text.startswith("the reward rises, and fewer answers are right for it: number 0.06 → 0.03, model 0.82")
    assert said.text.endswith(", 5.00 nats an answer away from the base")
    same = codes(run(reward=(0.44, 0.55), reward_number=(0.06, 0.06), reward_model=(0.81, 1.06)), TWO)
    assert (same["right_not_rising"].level, "nats" in same["right_not_rising"].text) == ("notice", False)


def test_a_sum_that_rises_with_right_answers_is_healthy() -> None:
    learns = run(reward_number=(0.06, 0.5), reward_model=(0.81, 1.06))
    assert health.verdict(view_of(learns, TWO).findings()).word == "healthy"
    assert "right_not_rising" not in codes(run(reward_number=(1.0, 1.0), reward_model=(0.81, 1.06)), TWO)


def test_a_check_that_only_watches_is_looked_at_on_held_out_prompts() -> None:
    judged = Recipe(method="ppo", packing=False, reward_model="judge")
    looks = [Eval(step=60 * n, loss=None, metrics={"reward_number": 0.4 - 0.3 * n}) for n in range(2)]
    steps = [replace(step, metrics={"reward": step.metrics["reward"], "reward_model": step.metrics["reward"]})
             for step in run() if isinstance(step, Step)]  # fmt: skip
    told = codes([looks[0], *steps, looks[1]], judged)["right_not_rising"]
    assert "number 0.40 → 0.10" in told.text


def test_a_learnt_judge_that_is_followed_far_is_worth_a_look() -> None:
    judged = Recipe(method="ppo", packing=False, reward_model="judge")
    far = run(reward_model=(0.3, 0.7), kl=(4.0, 4.0))
    for event in far:
        event.metrics.pop("reward_number")
    assert codes(far, judged)["far_from_base"].level == "notice"
    assert "4.00 nats an answer" in codes(far, judged)["far_from_base"].text
    checked = codes(run(kl=(4.0, 4.0)))
    assert "far_from_base" not in checked
    assert "4.00 nats an answer" in checked["reward_rising"].text
