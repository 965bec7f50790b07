"""The words of a plan: parts that add up, values with reasons, figures in units that can be read."""

from __future__ import annotations

import pytest

from workbench.core import memory, plan, presets, recipe, units
from workbench.core.demand import demand_of
from workbench.core.derive import Rows
from workbench.core.errors import UsageError
from workbench.core.plan import Card
from workbench.guide import fits, fitting, reviewing
from workbench.runs import base_facts

GIB = units.GIB
ROWS = Rows(8412, False, 320.0, 310, 900, 1500, 4000, False)
CARD = Card("NVIDIA GeForce RTX 4090", 22 * GIB, 24 * GIB)
HUB = "Qwen/Qwen3-8B"


def solved(**chosen: object) -> plan.Plan:
    return plan.solve(base_facts.of_reference(HUB), ROWS, CARD, "sft", chosen)


@pytest.mark.parametrize("tuning", recipe.TUNINGS)
@pytest.mark.parametrize("most", [2, 4, 20])
def test_the_parts_add_up_to_the_peak(tuning: str, most: int) -> None:
    found = solved(tuning=tuning)
    parts = fitting.parts(found, most)
    assert len(parts) <= most
    assert sum(part.bytes for part in parts) == found.chosen.memory.peak
    largest = [part.bytes for part in parts if part.name != "the rest"]
    assert largest == sorted(largest, reverse=True)


def test_a_value_can_be_moved_both_ways_and_back() -> None:
    found = solved()
    for field in fitting.fields(found, ROWS, []):
        present = getattr(found.chosen.resolved.recipe, field.name)
        assert present in field.steps or field.name == "learning_rate"
        for step in field.steps:
            recipe.checked({field.name: step})
        assert not field.chosen
        assert field.note


def test_micro_batches_keep_the_effective_batch() -> None:
    found = solved()
    wanted = found.chosen.resolved.recipe
    effective = wanted.per_device_train_batch_size * wanted.gradient_accumulation_steps
    field = next(one for one in fitting.fields(found, ROWS, []) if one.name == "per_device_train_batch_size")
    assert all(effective % step == 0 for step in field.steps)


def test_the_sentence_says_what_is_needed_of_what_is_free() -> None:
    fitting_plan = solved(tuning="qlora")
    said = "".join(text for text, _ in fitting.sentence(fitting_plan, CARD))
    assert f"{fitting_plan.chosen.memory.peak / GIB:.1f} GiB of 22.0 free: it fits" in said
    assert f"{fitting_plan.chosen.needed / GIB:.1f} with its margin." in said
    small = Card(CARD.name, 4 * GIB, 8 * GIB)
    too_large = plan.solve(base_facts.of_reference(HUB), ROWS, small, "sft", {"tuning": "lora"})
    lacking = (too_large.chosen.memory.peak - small.free) / GIB
    said = "".join(text for text, _ in fitting.sentence(too_large, small))
    assert f"it lacks {lacking:.1f} GiB." in said


def test_small_models_are_told_in_mib() -> None:
    short = Rows(1000, False, 25.0, 20, 40, 60, 90, False)
    found = plan.solve(base_facts.of_reference("bundled"), short, Card("", 8 * GIB, 16 * GIB), "sft", {})
    assert fitting.scale(found)[1] == "MiB"
    assert fitting.amount(17 << 20, 1 << 20) == "17"


def test_a_review_leaves_out_what_has_no_effect() -> None:
    full = {entry.name for entry in reviewing.entries(solved(tuning="full"), every=True)}
    lora = {entry.name for entry in reviewing.entries(solved(tuning="lora"), every=True)}
    assert "lora_r" not in full
    assert "lora_r" in lora
    assert not {name for name in full if recipe.FIELDS[name][1].section == "model"}
    some = reviewing.entries(solved(tuning="lora", lora_r=8), every=False)
    assert [entry.origin for entry in some if entry.name == "lora_r"] == ["chosen"]
    assert all(entry.note != "the usual value" for entry in some)


def test_a_leaner_tuning_that_needs_more_says_why() -> None:
    articles = Rows(540, False, 30.0, 30, 40, 44, 45, True)
    found = plan.solve(base_facts.of_reference("bundled"), articles, Card("", 8 * GIB, 16 * GIB), "cpt", {})
    lora = next(other for other in found.alternatives if other.tuning == "lora")
    assert lora.memory.peak > found.chosen.memory.peak
    note = fitting.fields(found, articles, [])[0].note
    assert "as it takes 2\u00a0048 tokens at once in place of 1\u00a0024" in note
    assert "tokens at once" not in fitting.fields(solved(), ROWS, [])[0].note


def test_fit_and_review_give_the_same_reasons() -> None:
    found = solved(tuning="lora", learning_rate=1e-4)
    review = {entry.name: entry.note for entry in reviewing.entries(found, False, ROWS)}
    fields = {field.name: field for field in fitting.fields(found, ROWS, ["tuning", "learning_rate"])}
    assert review["max_length"] == fields["max_length"].note
    assert review["tuning"] == "your choice"
    assert fields["tuning"].said[0].startswith("your choice; ")
    assert fields["learning_rate"].said == ("your choice",)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("per_device_train_batch_size", "0", "Micro-batch must be at least 1 and at most 4096, not 0."),
        ("num_train_epochs", "two", "Epochs must be a number, not 'two'."),
        ("base", "a\0b", "Base must be UTF-8 text without NUL"),
    ],
)
def test_pages_name_a_wrong_value_as_they_show_it(name: str, value: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        recipe.checked({name: value})
    assert fitting.in_words(str(error.value)).startswith(said)


def test_given_steps_say_that_they_override_the_epochs() -> None:
    found = solved(tuning="lora", max_steps=150, num_train_epochs=2.0)
    shown = {field.name: field for field in fitting.fields(found, ROWS, ["max_steps"])}
    assert "num_train_epochs" not in shown
    assert (shown["max_steps"].shown, shown["max_steps"].chosen) == ("150", True)
    assert fitting.moved(found, shown["max_steps"], 1) == 200
    assert "whatever the epochs; rows are read" in shown["max_steps"].note
    notes = {entry.name: entry.note for entry in reviewing.entries(found, every=False)}
    assert notes["num_train_epochs"].startswith("without effect: the steps decide")
    assert "without effect" not in {entry.name: entry.note for entry in reviewing.entries(solved(), True)}.values()


def test_badges_are_the_estimate_of_the_leanest_step() -> None:
    base = base_facts.of_reference(HUB)
    for fit in fits.fits(fits.peaks(base, CARD), CARD):
        preset = presets.default_for("sft", fit.tuning)
        values = {"per_device_train_batch_size": 1, "gradient_checkpointing": True, "tuning": fit.tuning}
        wanted = recipe.resolve({**values, "method": "sft"}, preset.values).recipe
        assert fit.needed == memory.estimate(base.shape, demand_of(wanted, precision="bf16")).peak
        assert (fit.verdict == "no") is (fit.needed > CARD.free)
        assert (fit.verdict == "fits") is (fit.needed <= 0.9 * CARD.free)


def test_a_model_is_asked_to_think_with_a_key() -> None:
    """Every step leaves room for what is said after the thought, and grpo alone and ppo have them."""

    def thought(method: str, **chosen: object) -> list[fitting.Field]:
        found.append(plan.solve(base_facts.of_reference(HUB), ROWS, CARD, method, {"tuning": "qlora", **chosen}))
        return [field for field in fitting.alignment(found[-1], list(chosen)) if field.name == "thinking_budget"]

    found: list[plan.Plan] = []
    assert thought("dpo") == []
    (none,) = thought("grpo")
    assert (none.shown, none.chosen, none.steps) == ("none", False, (0, 128, 256, 384))
    assert fitting.moved(found[-1], none, -1) is None
    more = fitting.moved(found[-1], none, 1)
    (some,) = thought("grpo", thinking_budget=more)
    assert (some.shown, some.chosen) == ("128 tokens", True)
    assert [fitting.moved(found[-1], some, step) for step in (-1, 1)] == [0, 256]
