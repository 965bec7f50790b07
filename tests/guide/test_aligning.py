"""Methods that compare answers, on the road: which values count for them, their pictures, results and what follows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from workbench.core import recipe, units
from workbench.core.measures import Look
from workbench.guide import aligning, comparing, methods, reviewing, road, surveying, using, watching, weighing
from workbench.guide.road import Road
from workbench.guide.sides import Side
from workbench.runs import store
from workbench.runs.glances import Glance


def resolved(**values: Any) -> recipe.Resolved:
    """Return a recipe with these values; methods that compare answers, or write their own, do not pack."""
    alone = {"packing": False} if values.get("method") in (*recipe.ALIGNING, *recipe.REINFORCING) else {}
    return recipe.resolve({"data": "pairs.jsonl", "base": "bundled", **alone, **values})


def finished(method: str, metrics: dict[str, Any], votes: Path | None = None, no_export: str = "") -> using.Finished:
    """Return a finished run with these held-out figures."""
    report = {
        "held_out_metrics": metrics,
        "held_out_loss": {"before": 0.69, "after": 0.7},
        "steps": 38,
        "seconds": 90.0,
    }
    return using.Finished(
        run="one", method=method, tuning="lora", base="bundled", data=("pairs.jsonl",), folder=Path("/runs/one"),
        report=report, seconds=90.0, status="done", target=None, no_export=no_export, other="", other_is_parent=False,
        votes=votes, vote_count=3 if votes is not None else 0,
    )  # fmt: skip


def side(name: str, method: str, loss: float, accuracy: float, rows: str = "same", **values: Any) -> Side:
    """Return a run with one look at the held-out rows."""
    from workbench.core.curves import Series

    look = Look(10, loss, {"eval_accuracy": accuracy, "eval_margin": 0.004})
    return Side(
        name, name, "done", "", {"method": method}, resolved(method=method, **values), {}, Series(), Series(), (look,),
        ((0, 0),), rows={"held_out": rows},
    )  # fmt: skip


@pytest.mark.parametrize("method", recipe.METHODS)
def test_every_method_has_its_words_on_the_road(method: str) -> None:
    assert method in road.METHOD_NAMES
    assert method in road._LEARNS
    assert method in methods.TABLE
    assert surveying._TAUGHT[method]
    assert aligning.pictures(method, ["loss"])


@pytest.mark.parametrize(
    ("values", "there", "absent"),
    [
        ({"method": "dpo"}, {"beta", "loss_type"}, {"simpo_gamma", "desirable_weight", "packing", "replay_share"}),
        ({"method": "dpo", "loss_type": "simpo"}, {"beta", "simpo_gamma"}, {"undesirable_weight"}),
        ({"method": "kto"}, {"beta", "desirable_weight"}, {"loss_type", "simpo_gamma"}),
        ({"method": "orpo"}, {"beta"}, {"loss_type", "desirable_weight"}),
        ({"method": "reward"}, {"max_length"}, {"beta", "loss_type", "sample_prompts"}),
        (
            {"method": "grpo"},
            {"beta", "rewards", "num_generations", "grpo_loss"},
            {"packing", "loss_type", "simpo_gamma"},
        ),
        (
            {"method": "sft"},
            {"packing"},
            {"rewards", "num_generations", "beta", "loss_type", "simpo_gamma", "desirable_weight"},
        ),
    ],
)
def test_values_without_effect_are_left_out(values: dict[str, Any], there: set[str], absent: set[str]) -> None:
    wanted = resolved(**values).recipe
    counted = {name for name in recipe.FIELDS if reviewing.counts(name, wanted)}
    assert there <= counted
    assert not absent & counted


def test_a_beta_of_nothing_is_told_as_what_it_stands_for() -> None:
    assert reviewing.value_of(resolved(method="dpo").recipe, "beta") == "0.1"
    assert reviewing.value_of(resolved(method="dpo", loss_type="simpo").recipe, "beta") == "2"
    assert reviewing.value_of(resolved(method="kto", beta=0.3).recipe, "beta") == "0.3"


def test_another_method_takes_along_what_counts_for_it_alone() -> None:
    set_up = Road(chosen={"loss_type": "simpo", "beta": 2.5, "max_length": 512})
    assert dict(methods.taken(set_up, "orpo", "dpo").chosen) == {"max_length": 512, "method": "orpo"}


def test_pictures_of_compared_answers_begin_with_what_tells_most() -> None:
    known = ("loss", "eval", "accuracy", "margin", "chosen_reward", "drift")
    names = [picture.name for picture in aligning.pictures("dpo", known)]
    every_run = ["loss", "rate", "norm", "speed"]
    assert names == ["accuracy", "margin", "rewards", "drift", *every_run]
    assert [picture.name for picture in aligning.pictures("sft", known)] == every_run


@pytest.mark.parametrize("count", [4, 5, 7, 8, 9])
def test_four_pictures_lie_side_by_side_and_each_is_seen(count: int) -> None:
    found = (*aligning.PICTURES, *aligning.COMMON)[-count:]
    leaves = aligning.leaves(found)
    assert {len(leaf) for leaf in leaves} == {aligning.TOGETHER}
    assert list(dict.fromkeys(picture for leaf in leaves for picture in leaf)) == list(found)
    assert leaves[-1] == aligning.COMMON


def test_the_result_of_an_alignment_is_what_it_tells_apart() -> None:
    metrics = {"accuracy": {"before": 0.5, "after": 0.9375}, "margin": {"before": 0.0, "after": 1.234}}
    said = "".join(text for text, _ in using.headline(finished("dpo", metrics)))
    assert f"93{units.SPACE}%" in said
    assert "1.23" in said
    assert "guessing" not in said
    weak = {"accuracy": {"before": 0.5, "after": 0.55}}
    assert "guessing" in "".join(text for text, _ in using.headline(finished("kto", weak)))
    assert "loss" in "".join(text for text, _ in using.headline(finished("dpo", {})))
    assert "worse" not in said
    fell = {"accuracy": {"before": 0.5, "after": 0.22}}
    assert "worse than before it began" in "".join(text for text, _ in using.headline(finished("kto", fell)))


@pytest.mark.parametrize(
    ("accuracy", "losses", "said"),
    [
        (
            (0.5, 0.05), (0.69, 22.15),
            " That is worse than guessing and worse than before it began. Training has undone what the base knew: the "
            "loss went from 0.69 to 22.15. Begin anew with a lower learning rate.",
        ),
        ((0.5, 0.4), (0.5, 0.5002), " That is no better than guessing and worse than before it began."),
        ((0.5, 0.55), (0.69, 0.68), " That is little better than guessing."),
        ((0.1, 0.2), (0.38, 0.3), " That is worse than guessing."),
        ((0.5, 0.9), (0.69, 0.3), ""),
    ],
)  # fmt: skip
def test_an_accuracy_is_held_against_guessing_in_one_sentence(
    accuracy: tuple[float, float], losses: tuple[float, float], said: str
) -> None:
    pair = dict(zip(("before", "after"), accuracy, strict=True))
    found = finished("dpo", {"accuracy": pair})
    report = {**found.report, "held_out_loss": dict(zip(("before", "after"), losses, strict=True))}
    text = "".join(piece for piece, _ in using.headline(replace(found, report=report)))
    assert text.partition("after 38 steps in ")[2].partition(".")[2] == said


def test_a_judge_says_what_it_is_for_and_neither_chats_nor_is_exported() -> None:
    found = finished("reward", {"accuracy": {"before": 0.5, "after": 0.8}}, no_export="It is a reward model.")
    assert "scores answers" in "".join(text for text, _ in using.headline(found))
    offered = {item.key: item for item in using.proposals(found)}
    assert offered["chat"].not_now
    assert offered["export"].not_now == "It is a reward model."
    assert "artifacts/adapter" in offered["folder"].why
    assert offered["further"].not_now
    assert watching.chat_why_not("done", True, "reward")
    assert not watching.chat_why_not("done", True, "dpo")
    assert "learning" not in watching.chat_why_not("queued", False)
    assert "still learning" in watching.chat_why_not("running", False)


def test_votes_on_an_aligned_run_lead_to_another_alignment(tmp_path: Path) -> None:
    votes = tmp_path / "votes.jsonl"
    found = finished("kto", {}, votes=votes)
    rung = next(item for item in using.proposals(found) if item.key == "rung")
    assert "--method dpo" in rung.command
    assert using.onward(found, "rung").data == (str(votes),)
    rest = next(item for item in using.proposals(finished("kto", {})) if item.key == "rung")
    assert "--method grpo" in rest.command


def test_what_a_reward_model_likes_is_told_with_the_check_beside_it() -> None:
    metrics = {name: {"before": 0.5, "after": 2.5} for name in ("reward", "reward_model")}
    metrics["reward_number"] = {"before": 0.25, "after": 0.1}
    said = "".join(text for text, _ in using.headline(finished("ppo", metrics)))
    assert "earn 2.50, 0.50 before training; by the check number 0.10, 0.25 before" in said


def test_a_reward_that_rises_when_drawn_and_falls_when_sure_is_told_as_both() -> None:
    metrics = {"reward": {"before": 0.02, "after": 0.07}, "greedy_reward": {"before": 0.10, "after": 0.0}}
    said = "".join(text for text, _ in using.headline(finished("grpo", metrics)))
    assert "earn 0.07, 0.02 before training; at their likeliest words 0.00, 0.10 before" in said
    assert "earn less" in said
    metrics["greedy_reward"] = {"before": 0.10, "after": 0.2}
    assert "earn less" not in "".join(text for text, _ in using.headline(finished("grpo", metrics)))


def test_losses_that_measure_different_things_rank_nobody() -> None:
    found = [side("one", "dpo", 0.4, 0.9), side("two", "orpo", 2.1, 0.95)]
    told = weighing.verdict(found)
    assert told.kind == "apart"
    assert told.text.index("two 95") < told.text.index("one 90")
    assert weighing.verdict([side("one", "dpo", 0.4, 0.9), side("two", "dpo", 0.5, 0.9)]).better == "one"
    other_beta = [side("one", "dpo", 0.4, 0.9), side("two", "dpo", 0.5, 0.9, beta=0.3)]
    assert weighing.verdict(other_beta).kind == "apart"


def test_accuracies_are_compared_in_percent_and_margins_with_two_decimals() -> None:
    figures = {one.label: one.shown for one in comparing.figures([side("one", "dpo", 0.4, 0.9)])}
    assert f"90{units.SPACE}%" in figures["right"][0]
    assert figures["margin"][0] == "0.00 to 0.00"


def test_a_list_shows_the_accuracy_where_there_is_one() -> None:
    one = Glance(store.Run(Path("one")), "done", {}, loss=0.5, train=0.6, eval_loss=0.4)
    assert watching.headline(replace(one, accuracy=0.875)) == ("right", f"87{units.SPACE}%")
    trained = replace(one, accuracy=0.687, of_steps=True)
    assert watching.headline(trained) == ("train", f"68{units.SPACE}% right"), (
        "no figure of training stands as held out"
    )
    assert watching.headline(one) == ("eval", "0.40")
    assert watching.headline(replace(one, reward=-0.004, loss=-0.0075)) == ("reward", "0.00")
    assert watching.headline(replace(one, eval_loss=None)) == ("train", "0.60")


def test_a_run_that_earns_rewards_says_what_its_answers_earn() -> None:
    held = {"reward": {"before": 0.25, "after": 0.5}, "greedy_reward": {"before": 0.5, "after": 0.75}}
    said = "".join(text for text, _ in using.headline(finished("grpo", held)))
    assert said.startswith(
        "Answers to held-out prompts earn 0.50, 0.25 before training; at their likeliest words 0.75, 0.50 before"
    )
    assert "38 steps" in said
    far = "".join(text for text, _ in using.headline(finished("grpo", {**held, "kl": {"before": 0.0, "after": 2.5}})))
    assert "2.50 nats an answer away from the base" in far
    fallen = {"reward": {"before": 0.5, "after": 0.25}}
    assert "It has not learnt to earn more." in "".join(text for text, _ in using.headline(finished("grpo", fallen)))
    names = [picture.name for picture in aligning.pictures("grpo", ["reward", "zero_variance", "length", "entropy"])]
    assert names[:4] == ["reward", "alike", "length", "entropy"]
    checks = aligning.pictures("grpo", ["reward", "reward_std", "reward_number", "reward_length", "entropy"])[1]
    assert [(curve.name, curve.legend) for curve in checks.curves] == [
        ("reward_number", "number"),
        ("reward_length", "length"),
    ]
    assert "critic" in [picture.name for picture in aligning.pictures("ppo", ["reward", "value", "return"])]


@pytest.mark.parametrize(
    ("step", "saved", "lost"),
    [(0, None, "nothing is lost"), (3, None, "everything so far is lost"), (15, 2, "13 steps"), (15, 15, "can go on")],
)
def test_a_kill_is_a_stop_that_loses_something_only_where_it_takes_force(
    step: int, saved: int | None, lost: str
) -> None:
    _, _, (what, otherwise) = watching.consequences("kill", step, 54, saved)
    assert "keep what it has learnt as its result" in what
    assert otherwise.startswith("Where that takes force, ")
    assert lost in otherwise
