"""Runs beside one another: only what differs, figures as the runs tell them, and claims no larger than the figures."""

from __future__ import annotations

import contextlib
import random
import statistics
from typing import Any

import pytest

from tests.guide.past import past
from workbench.core import best, units
from workbench.core.errors import UsageError
from workbench.core.events import AttemptStarted, Eval, Step
from workbench.core.measures import Look
from workbench.core.recipe import FIELDS
from workbench.guide import comparing, sides, weighing
from workbench.runs import journal, store

FALLING = [2.0, 1.6, 1.3, 1.1, 1.0, 0.95, 0.92, 0.9, 0.89, 0.885, 0.88]


def seen(*runs: store.Run) -> tuple[sides.Side, ...]:
    return sides.sides([run.id for run in runs])


def test_what_answers_earned_and_how_far_it_moved_stand_together() -> None:
    told = [Eval(step=at, loss=None, metrics={"reward": 0.3 + at / 100, "kl": at / 10}) for at in (0, 20, 40)]
    run = store.create("", method="grpo", tuning="lora", base="bundled", title="sums")
    with contextlib.closing(journal.Writer(run.events_path)) as writer:
        for event in told:
            writer.write(event)
    figures = {figure.label: figure.shown for figure in comparing.figures(seen(run))}
    assert figures["reward"] == ("0.30 to 0.70",)
    assert figures["KL, nats/answer"] == ("0.00 to 4.00",)


def test_figures_of_answers_are_called_by_what_they_mean() -> None:
    names = ("reward", "reward_number", "greedy_reward", "greedy_reward_number", "kl", "accuracy", "general_loss")
    assert [comparing.label_of(name) for name in names] == [
        "reward", "by number", "greedy reward", "greedy by number", "KL, nats/answer", "right",
        "general loss",
    ]  # fmt: skip
    assert [comparing._words_of(name)(0.5) for name in ("reward", "clipped")] == ["0.50", f"50{units.SPACE}%"]


def test_only_what_differs_is_told_with_where_it_comes_from() -> None:
    one = past("one", FALLING, tuning="lora", lora_r=16, learning_rate=2e-4)
    two = past("two", FALLING, tuning="lora", lora_r=64, learning_rate=2e-4, data=("/somewhere/more/other.jsonl",))
    found = {difference.name: difference for difference in comparing.differences(seen(one, two))}
    assert found.keys() == {"lora_r", "data"}
    assert found["lora_r"].label == FIELDS["lora_r"][1].label
    assert found["lora_r"].values == ("16", "64")
    assert found["lora_r"].reasons == ("your choice", "your choice")
    assert found["data"].values == ("questions.jsonl", "more/other.jsonl"), "of paths what tells them apart"


def test_a_run_is_compared_by_the_state_it_has_published() -> None:
    """The last state of one is worse than the other's; its result is better."""
    kept = best.Result(10, 20, 20, best.Held(10, 0.8), best.Held(20, 0.95)).plain()
    found = seen(
        past("one", [2.0, 0.8, 0.95], steps=20, report={"result": kept}), past("two", [2.0, 1.0, 0.9], steps=20)
    )
    rows = {(one.section, one.label): one for one in comparing.figures(found)}
    assert rows["held-out loss", "after"].values == (0.8, 0.9)
    assert rows["held-out loss", "at step"].shown == ("10", "20")
    told = weighing.verdict(found)
    assert told.text.startswith("one ends at 0.80")
    assert "The result of one is step 10 of 20, held-out loss 0.80; the last was 0.95." in told.text


def test_a_number_of_steps_that_is_not_set_is_no_value_and_lone_paths_are_whole() -> None:
    one = past("one", FALLING, data=("/here/questions.jsonl",))
    two = past("two", FALLING, data=("/there/other.jsonl",), max_steps=6)
    found = {difference.name: difference.values for difference in comparing.differences(seen(one, two))}
    assert found["max_steps"] == ("–", "6")
    assert found["num_train_epochs"][1] == "–", "the steps decide"
    assert found["data"] == ("/here/questions.jsonl", "/there/other.jsonl")


def test_a_field_that_does_nothing_is_no_difference() -> None:
    """The rank of an adapter says nothing of a full fine-tune, nor do the layers of a new model of an old one."""
    full = past("full", FALLING, tuning="full", lora_r=8, num_hidden_layers=3)
    again = past("again", FALLING, tuning="full", lora_r=64, num_hidden_layers=9)
    lora = past("lora", FALLING, tuning="lora", lora_r=64)
    assert comparing.differences(seen(full, again)) == []
    values = {one.name: one.values for one in comparing.differences(seen(full, lora))}
    assert values["lora_r"] == ("–", "64")
    assert "num_hidden_layers" not in values


def test_other_contents_under_the_same_name_are_a_difference() -> None:
    (found,) = comparing.differences(seen(past("one", FALLING), past("two", FALLING, rows="edited rows")))
    assert (found.label, found.values) == ("examples", ("A", "B"))


def test_figures_are_those_of_the_runs() -> None:
    found = seen(past("one", [2.0, 0.8, 0.9], steps=20), past("two", FALLING, tokens_a_step=7))
    rows = {(one.section, one.label): one for one in comparing.figures(found)}
    assert rows["held-out loss", "before"].values == (2.0, 2.0)
    assert rows["held-out loss", "after"].shown == ("0.90", "0.88")
    assert rows["held-out loss", "lowest"].values == (0.8, 0.88)
    assert rows["training", "steps"].values == (20, 40)
    assert rows["training", "tokens"].values == (2000, 280)
    assert rows["training", "tokens/s"].values == (
        statistics.median(50.0 + step for step in range(1, 21)),
        statistics.median(50.0 + step for step in range(1, 41)),
    )
    assert rows["training", "time"].shown == ("1\u00a0min 30\u00a0s",) * 2
    assert rows["training", "peak of the process"].shown == ("1\u00a0GiB",) * 2
    assert ("training", "peak on the card") not in rows, "nobody measured it"


def test_the_time_of_several_attempts_leaves_out_the_wait_between_them() -> None:
    run = past("one", FALLING, ended=False)
    writer = journal.Writer(run.events_path)
    writer.write(AttemptStarted(attempt=2, pid=1, t=0.0))
    writer.close()
    (side,) = sides.named([sides.look(run)])
    assert side.seconds is not None
    assert side.seconds < 5, "the report's 90 s are those of the last attempt alone"


def test_steps_that_are_taken_again_count_once() -> None:
    run = past("one", [2.0, 1.0, 0.5], steps=20, ended=False)
    writer = journal.Writer(run.events_path)
    for event in (
        AttemptStarted(attempt=2, pid=1),
        Step(step=11, steps=20, loss=9.0, learning_rate=0.1, grad_norm=1.0, tokens_per_second=1.0, tokens=1100),
        Eval(step=12, loss=0.7),
    ):
        writer.write(event)
    writer.close()
    (side,) = seen(run)
    assert [(look.step, look.loss) for look in side.looks] == [(0, 2.0), (10, 1.0), (12, 0.7)]
    assert side.tokens[-1] == (11, 1100)
    assert side.loss.last == (11, 9.0)


def test_a_long_journal_tells_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    run = past("long", FALLING, steps=1600)
    assert run.events_path.stat().st_size > sides.LONG_BYTES
    condensed = sides.look(run)
    monkeypatch.setattr(sides, "LONG_BYTES", 1 << 40)
    whole = sides.look(run)
    assert condensed.looks == whole.looks
    assert condensed.loss.smoothed == pytest.approx(whole.loss.smoothed, rel=1e-6)
    assert condensed.tokens[-1] == whole.tokens[-1] == (1600, 160_000)
    assert condensed.answers == whole.answers
    assert condensed.speed == pytest.approx(whole.speed, rel=0.02), "the median of some steps, evenly chosen"


def test_curves_over_tokens_keep_their_values() -> None:
    """Half the tokens a step: the same curve, half as long."""
    one, two = seen(past("one", FALLING), past("two", FALLING, tokens_a_step=50))
    (loss, looks), (half, half_looks) = comparing.by_tokens(one), comparing.by_tokens(two)
    assert [x for x, _ in loss] == pytest.approx([100.0 * x for x, _ in one.loss])
    assert [x for x, _ in half] == pytest.approx([50.0 * x for x, _ in two.loss])
    assert [y for _, y in half] == [y for _, y in two.loss]
    assert loss.smoothed == one.loss.smoothed
    assert looks.last == (4000.0, 0.88)
    assert half_looks.last == (2000.0, 0.88)


def test_only_prompts_of_more_than_one_are_laid_side_by_side() -> None:
    (found,) = comparing.answers(seen(past("one", FALLING, answer="yes"), past("two", FALLING, answer="no")))
    assert found.prompt == "Hello"
    assert found.after == ("yes", "no")
    assert found.before == ("before anything was learnt",) * 2


# Claims


def test_nothing_is_claimed_across_different_rows() -> None:
    told = weighing.verdict(seen(past("one", FALLING), past("two", [2.0, 0.1], rows="others")))
    assert told.kind == "apart"
    assert not told.better


def test_nothing_is_claimed_across_different_losses() -> None:
    """DPO's loss is relative to its base and as steep as beta makes it; that of tokens is the same for every method."""
    one = past("one", FALLING, method="dpo", packing=False, beta=0.1)
    steep = past("steep", [2.0, 0.1], method="dpo", packing=False, beta=0.5)
    told = weighing.verdict(seen(one, steep))
    assert (told.kind, told.better) == ("apart", "")
    assert "same loss" in told.text
    other = past("other base", [2.0, 0.1], method="dpo", packing=False, beta=0.1, parent=past("parent", FALLING).id)
    assert weighing.verdict(seen(one, other)).kind == "apart"
    again = past("again", [2.0, 0.1], method="dpo", packing=False, beta=0.1)
    assert weighing.verdict(seen(one, again)).better == again.id
    assert weighing.verdict(seen(past("cpt", FALLING, method="cpt"), past("sft", FALLING, method="sft"))).kind == "same"


def test_a_difference_is_claimed_beside_the_scatter_of_the_looks() -> None:
    draw = random.Random(3)
    noisy = [2.0 + draw.gauss(0, 0.05) for _ in range(21)]
    told = weighing.verdict(seen(past("one", [*noisy[:-1], 2.0]), past("two", [*noisy[::-1][:-1], 1.97])))
    assert told.kind == "same"
    assert "no difference" in told.text
    clear = weighing.verdict(seen(past("one", [*noisy[:-1], 2.0]), past("three", [one - 1 for one in noisy])))
    assert clear.kind == "lower"
    assert clear.text.startswith("three ends at")
    assert clear.scatter is not None
    assert 0.03 < clear.scatter < 0.15, "two runs of 0.05 each"


def test_with_few_looks_chance_is_said_to_be_unknown() -> None:
    low = past("low", [2.0, 0.5])
    told = weighing.verdict(seen(past("high", [2.0, 0.7]), low))
    assert (told.kind, told.better, told.scatter) == ("unclear", low.id, None)
    assert told.difference == pytest.approx(0.2)
    assert "chance is not known" in told.text


def test_the_same_loss_is_no_difference() -> None:
    assert weighing.verdict(seen(past("one", [2.0, 0.500]), past("two", [2.0, 0.503]))).kind == "same"


def test_what_was_forgotten_is_said_where_it_was_measured() -> None:
    kept = past("kept", [2.0, 0.5], other=[0.5, 0.6])
    lost = past("lost", [2.0, 0.5], other=[0.5, 1.1])
    told = weighing.verdict(seen(kept, lost)).text
    assert "On the general rows kept ends at 0.60 and lost at 1.10." in told


def test_a_run_and_its_parent_are_judged_by_the_child_s_own_rows() -> None:
    parent = past("articles", [2.0, 1.0])
    child = past("questions", [1.5, 0.4], rows="others", parent=parent.id)
    for pair in ((parent, child), (child, parent)):
        told = weighing.verdict(seen(*pair))
        assert told.kind == "lineage"
        assert "questions goes on from articles" in told.text
        assert "fell from 1.50 to 0.40" in told.text


def test_a_run_without_looks_is_not_judged() -> None:
    assert weighing.verdict(seen(past("one", FALLING), past("two", []))).kind == "none"
    assert weighing.verdict(seen(past("three", FALLING))).kind == "none"


def test_runs_without_a_loss_are_compared_by_what_their_answers_earn() -> None:
    def earning(title: str, reward: float, rows: str = "some", **chosen: Any) -> store.Run:
        run = past(title, [], rows=rows, method="grpo", packing=False, **chosen)
        with contextlib.closing(journal.Writer(run.events_path)) as writer:
            for step, earned in ((0, 0.1), (40, reward)):
                metrics = {"reward": earned, "reward_number": earned / 2, "reward_std": 0.1, "kl": step / 10}
                writer.write(Eval(step=step, loss=None, metrics=metrics))
        return run

    one, two, like = earning("one", 0.3), earning("two", 0.5), earning("like", 0.3)
    other, apart = earning("other", 0.9, rewards=("number", "repetition*0.2")), earning("apart", 0.9, rows="others")
    told = weighing.verdict(seen(one, two))
    assert (told.kind, told.better, told.difference) == ("unclear", two.id, pytest.approx(0.2))
    assert "Answers of two earn 0.50 on the same held-out prompts, 0.20 more" in told.text
    assert "one 4.00, two 4.00" in told.text
    assert weighing.verdict(seen(one, like)).kind == "same"
    told = weighing.verdict(seen(one, other))
    assert told.kind == "apart"
    assert "by number: one 0.15, other 0.45" in told.text
    assert "not the same" in weighing.verdict(seen(one, apart)).text
    assert [y for _, y in seen(two)[0].rewards] == [0.1, 0.5]
    assert "by a loss" in weighing.verdict(seen(one, past("lossy", FALLING))).text


def test_scatter_is_that_of_the_noise_alone() -> None:
    draw = random.Random(1)
    line = [Look(step, 3 - step / 1000) for step in range(0, 1000, 2)]
    assert weighing.scatter(line) == pytest.approx(0, abs=1e-12)
    noisy = [Look(look.step, look.loss + draw.gauss(0, 0.02)) for look in line]
    assert weighing.scatter(noisy) == pytest.approx(0.02, rel=0.15)
    assert weighing.scatter(line[:4]) is None


# Which runs


def test_a_run_and_the_one_it_goes_on_from_are_proposed() -> None:
    parent = past("parent", FALLING)
    child = past("child", FALLING, parent=parent.id)
    past("newest", FALLING)
    runs = store.list_runs()
    assert sides.proposed(runs) == (parent.id, child.id)
    assert sides.proposed(runs, parent.id) == (parent.id, child.id)


def test_else_two_of_the_same_base_and_method() -> None:
    one = past("one", FALLING)
    past("other", FALLING, method="cpt")
    two = past("two", FALLING)
    runs = store.list_runs()
    assert sides.proposed(runs) == (one.id, two.id)
    assert sides.proposed(runs[:1], two.id) == (two.id,)
    assert sides.proposed([]) == ()


def test_runs_have_names_of_their_own() -> None:
    one, two, three = past("same", FALLING), past("same", FALLING), past("own", FALLING)
    assert [side.name for side in seen(one, two, three)] == [f"same {one.id[-4:]}", f"same {two.id[-4:]}", "own"]
    with pytest.raises(UsageError, match="twice"):
        sides.sides([one.id, one.id[-4:]])
