"""The figures of a run's page that say how well it learns, and the pictures its curves are turned over in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from workbench.core import best, recipe
from workbench.core.curves import Series
from workbench.core.events import Eval, Sample, Step
from workbench.guide import aligning
from workbench.tui import results, runpage
from workbench.tui.view import About, RunView
from workbench.tui.widgets.plot import Layer, Plot


def view(method: str, looks: tuple[float, ...]) -> RunView:
    """Return a run with three steps and looks at held-out rows with these accuracies."""
    found = RunView("one")
    alone = {"packing": False} if method in recipe.ALIGNING else {}
    found.learn(about=About(recipe=recipe.resolve({"method": method, **alone}).recipe))
    for step in (1, 2, 3):
        told = {"accuracy": 0.75, "margin": 0.5, "chosen_reward": 0.2, "rejected_reward": -0.3}
        found.see([Step(step=step, steps=3, loss=0.6, learning_rate=1e-5, grad_norm=1.0, tokens_per_second=9.0,
                        metrics=told if alone else {})])  # fmt: skip
    for step, share in enumerate(looks):
        found.see([Eval(step=step, loss=0.65, metrics={"accuracy": share, "margin": -0.001} if alone else {})])
    return found


@pytest.mark.parametrize("method", recipe.ALIGNING)
def test_compared_answers_are_told_by_accuracy_and_margin(method: str) -> None:
    (margin, _, name), (share, rest, label) = results.results(view(method, (0.5, 0.66)))
    assert (margin, name, label) == ("0.00", "eval margin", "eval right")
    assert (share, rest.split()[0], rest.split()[-1]) == ("66", "%", "16")


def test_without_held_out_rows_the_learnt_ones_tell() -> None:
    (margin, _, name), (share, _, label) = results.results(view("dpo", ()))
    assert (margin, name, share, label) == ("0.50", "train margin", "75", "train right")


def test_other_methods_keep_their_losses() -> None:
    first, second = results.results(view("sft", (0.5,)))
    assert (first[2], second[2], second[0]) == ("train, smoothed", "eval loss", "0.65")


@pytest.mark.parametrize("method", ["sft", "dpo"])
def test_a_finished_run_shows_the_figures_and_the_answer_of_its_result(method: str) -> None:
    found = view(method, (0.5, 0.9, 0.4))
    for step, text in enumerate(("base", "Kr is red.", "Kr is breen.")):
        found.see([Sample(step=step, prompt="Kr?", text=text)])
    kept = best.Result(1, 2, 2, best.Held(1, 1.96), best.Held(2, 3.08)).plain()
    metrics = {"accuracy": {"before": 0.5, "after": 0.9}, "margin": {"before": 0.0, "after": 0.7}}
    report = {"result": kept, "held_out_metrics": metrics if method == "dpo" else {}}
    found.learn(status="done", about=replace(found.about, report=report))
    first, second = results.results(found)
    assert second == (("90", "\u00a0%", "right, its result") if method == "dpo" else ("1.96", "", "eval, its result"))
    assert first[0] == ("0.70" if method == "dpo" else "0.60")
    lines = "\n".join(line.plain for line in runpage.samples(found.prompts["Kr?"], found, 60, 9))
    assert "result    Kr is red." in lines
    assert "breen" not in lines
    told = runpage.sample_words(found.prompts, "Kr?", True, 0.0, found.result)
    assert told.plain.startswith("step 1")
    found.learn(status="running")
    assert "now       Kr is breen." in "\n".join(
        line.plain for line in runpage.samples(found.prompts["Kr?"], found, 60, 9)
    )


def test_every_picture_has_the_curves_it_names() -> None:
    found = view("dpo", (0.5,))
    names = {}
    for picture in aligning.pictures("dpo", found.curves):
        names[picture.name] = [layer.name for layer in results.layers(found, picture, compact=True)]
    assert names == {
        "accuracy": ["train", "held out"],
        "margin": ["train", "held out"],
        "rewards": ["chosen", "rejected"],
        "loss": ["train", "eval"],
        "rate": [""],
        "norm": [""],
        "speed": [""],
    }
    rewards = next(one for one in aligning.pictures("dpo", found.curves) if one.name == "rewards")
    assert [layer.figure for layer in results.layers(found, rewards, compact=False)] == ["0.20", "-0.30"]


def test_a_picture_of_one_curve_has_its_newest_value_beside_the_title() -> None:
    found = view("sft", (0.5,))
    said = {picture.name: results.beside(found, picture) for picture in aligning.pictures("sft", found.curves)}
    assert said == {"loss": "", "rate": "1e-5", "norm": "1.00", "speed": "9"}
    assert results.beside(RunView("none"), aligning.NORM) == "–"


def test_shares_are_labelled_in_percent() -> None:
    series = Series()
    series.extend([(0, 0.5), (10, 1.0)])
    layers = (Layer(series, "", "line"),)
    text = "\n".join("".join(piece for piece, _ in row) for row in Plot(layers, percent=True).rows(40, 12))
    assert "100" in text
    assert "0.5" not in text


def test_answers_of_its_own_are_told_by_what_they_earn() -> None:
    found = RunView("one")
    found.learn(about=About(recipe=recipe.resolve({"method": "grpo", "packing": False}).recipe))
    found.see([Step(step=1, steps=3, loss=0.0, learning_rate=1e-5, grad_norm=1.0, tokens_per_second=9.0,
                    metrics={"reward": 0.25, "zero_variance": 0.5})])  # fmt: skip
    (reward, _, name), (alike, _, label) = results.results(found)
    assert (reward, name, alike, label) == ("0.25", "train reward", "50", "groups alike")
    for step, earned in enumerate((0.25, 0.75)):
        found.see([Eval(step=step, loss=None, metrics={"reward": earned, "greedy_reward": 0.5})])
    first, second = results.results(found)
    assert (first[0], first[1].split()[-1], first[2]) == ("0.75", "0.50", "eval reward")
    assert second == ("0.50", "", "at its likeliest")
