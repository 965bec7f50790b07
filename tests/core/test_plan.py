"""The plan: what fits is proposed, quality is given up last, and every value says why."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core import plan_table
from workbench.core import plan, presets
from workbench.core.demand import demand_of
from workbench.core.derive import Rows
from workbench.core.errors import UsageError
from workbench.core.memory import GIB, MEASURED_MARGIN, Correction, estimate
from workbench.core.plan import Base, Card
from workbench.core.recipe import FIELDS, TUNINGS
from workbench.core.reliefs import MOST_TOKENS
from workbench.runs import base_facts

GOLDEN = Path(__file__).with_name("plan_table.txt")
ROWS = Rows(rows=10_000, about=False, mean=350.0, p50=250, p90=800, p99=1400, longest=6000, articles=False)
ARTICLES = Rows(rows=500, about=True, mean=4000.0, p50=3000, p90=9000, p99=20_000, longest=30_000, articles=True)


def base(hub_id: str = "Qwen/Qwen3-8B") -> Base:
    return base_facts.of_reference(hub_id)


def card(gib: float = 24) -> Card:
    return Card("NVIDIA GeForce RTX 4090", round(gib * GIB), round(gib * GIB))


def test_what_is_proposed_for_every_base_on_five_cards() -> None:
    """The table is read by eye when it changes: `python -m tests.core.plan_table > tests/core/plan_table.txt`."""
    assert "\n".join(plan_table.lines()) == GOLDEN.read_text(encoding="utf-8").rstrip("\n")


@pytest.mark.parametrize(
    ("hub_id", "gib", "tuning"),
    [
        ("Qwen/Qwen3-0.6B", 24, "full"),
        ("Qwen/Qwen3-8B", 80, "lora"),
        ("Qwen/Qwen3-8B", 24, "lora"),
        ("Qwen/Qwen3-8B", 12, "qlora"),
        ("Qwen/Qwen3-14B", 24, "qlora"),
    ],
)
def test_the_best_tuning_that_fits_is_proposed(hub_id: str, gib: float, tuning: str) -> None:
    found = plan.solve(base(hub_id), ROWS, card(gib), "sft", {})
    assert found.chosen.tuning == tuning
    assert found.fits
    better = [other for other in found.alternatives if TUNINGS.index(other.tuning) < TUNINGS.index(tuning)]
    assert all(not other.fits for other in better)
    assert len(found.alternatives) == 2


@settings(max_examples=60, deadline=None)
@given(
    gib=st.floats(1, 200),
    rows=st.integers(1, 3_000_000),
    mean=st.floats(5, 5000),
    articles=st.booleans(),
    hub_id=st.sampled_from(["Qwen/Qwen3-0.6B", "Qwen/Qwen3-8B", "google/gemma-3-4b-it", "microsoft/phi-4"]),
    method=st.sampled_from(["sft", "cpt", "grpo"]),
)
def test_whatever_the_card_and_the_rows_a_plan_adds_up(
    gib: float, rows: int, mean: float, articles: bool, hub_id: str, method: str
) -> None:
    known = Rows(rows, False, mean, int(mean), int(2 * mean), int(4 * mean), int(9 * mean), articles)
    facts = base(hub_id)
    found = plan.solve(facts, known, card(gib), method, {})
    chosen, recipe = found.chosen, found.chosen.resolved.recipe
    assert chosen.fits == (chosen.needed <= chosen.free)
    assert found.fits == (chosen.memory.peak <= chosen.free)
    assert chosen.memory.peak == sum(chosen.memory.parts.values())
    assert chosen.memory.parts == estimate(facts.shape, demand_of(recipe, precision="bf16")).parts
    assert recipe.max_length <= (facts.context or recipe.max_length)
    assert (
        recipe.per_device_train_batch_size * recipe.max_length <= MOST_TOKENS or recipe.per_device_train_batch_size == 1
    )
    assert found.steps >= 1
    assert bool(found.remedies) != found.fits
    assert set(chosen.resolved.provenance) == set(FIELDS)


def test_a_smaller_card_never_gets_a_tuning_of_more_quality() -> None:
    facts, worst = base("Qwen/Qwen3-4B"), 0
    for gib in (200, 80, 48, 24, 16, 12, 8, 6):
        found = plan.solve(facts, ROWS, card(gib), "sft", {})
        place = TUNINGS.index(found.chosen.tuning)
        assert place >= worst
        worst = place


def test_the_effective_batch_is_the_same_on_every_card() -> None:
    """What costs only time is given up first: the batch is put together of smaller ones."""
    batches = set()
    for gib in (80, 24, 16, 12):
        recipe = plan.solve(base(), ROWS, card(gib), "sft", {"tuning": "qlora"}).chosen.resolved.recipe
        batches.add(recipe.per_device_train_batch_size * recipe.gradient_accumulation_steps)
    assert len(batches) == 1


def test_answers_are_written_a_few_at_once_where_all_do_not_fit() -> None:
    asked = Rows(rows=7000, about=False, mean=130.0, p50=120, p90=220, p99=290, longest=430, articles=False)
    recipes = {gib: plan.solve(base(), asked, card(gib), "grpo", {}).chosen.resolved.recipe for gib in (80, 24, 16)}
    assert {recipe.per_device_train_batch_size * recipe.gradient_accumulation_steps for recipe in recipes.values()} == {
        64
    }
    assert {recipe.max_length for recipe in recipes.values()} == {320 + 512}
    assert recipes[80].generation_batch_size == 0
    assert 0 < recipes[16].generation_batch_size < 64
    memory = estimate(base().shape, demand_of(recipes[16], precision="bf16"))
    all_at_once = dataclasses.replace(recipes[16], generation_batch_size=0)
    more = estimate(base().shape, demand_of(all_at_once, precision="bf16"))
    assert more.phases["generation"] > memory.phases["generation"]
    assert more.phases["backward"] == memory.phases["backward"]


@pytest.mark.parametrize(("each", "answers"), [(7, 56), (3, 48), (16, 64), (100, 100)])
def test_a_batch_is_made_of_whole_groups_of_a_person_s_number(each: int, answers: int) -> None:
    for reference in ("Qwen/Qwen3-8B", "bundled"):
        found = plan.solve(base_facts.of_reference(reference), ROWS, card(80), "grpo", {"num_generations": each})
        made = found.chosen.resolved.recipe
        assert made.per_device_train_batch_size * made.gradient_accumulation_steps == answers
    with pytest.raises(UsageError, match="num_generations=7; it can be 2, 3, 4, 6, 8, 12, 16, 24, 48"):
        plan.solve(base(), ROWS, card(80), "grpo", {"num_generations": 7, "per_device_train_batch_size": 6})


def test_steps_and_time_of_a_run_that_writes_count_its_answers() -> None:
    asked = Rows(rows=800, about=False, mean=100.0, p50=90, p90=180, p99=200, longest=430, articles=False)
    chosen = {"eval_split": 0.0, "num_iterations": 2}
    found = plan.solve(base(), asked, card(80), "grpo", chosen)
    assert found.steps == 800 * 8 * 2 // 64
    assert "answers are written" in found.pace.why
    assert found.pace.hours is not None
    once = plan.solve(base(), asked, card(80), "grpo", {**chosen, "num_iterations": 1})
    assert once.pace.hours is not None
    assert once.pace.hours < found.pace.hours < 2 * once.pace.hours


def test_a_person_s_length_leaves_room_for_answers() -> None:
    short = plan.solve(base(), ROWS, card(80), "grpo", {"max_length": 300}).chosen.resolved
    assert short.recipe.max_completion_length == 150
    assert "prompt has the rest" in short.provenance["max_completion_length"]
    thinks = presets.find("reasoning-lora")
    long = plan.solve(base(), ROWS, card(80), "grpo", {"tuning": "lora"}, preset=thinks).chosen.resolved
    assert (long.recipe.thinking_budget, long.recipe.max_completion_length) == (1536, 2048)
    short = plan.solve(
        base(), ROWS, card(80), "grpo", {"tuning": "lora", "max_length": 300}, preset=thinks
    ).chosen.resolved
    assert (short.recipe.thinking_budget, short.recipe.max_completion_length) == (112, 150)
    assert "said after it has the rest" in short.provenance["thinking_budget"]


def test_what_the_person_chose_stays() -> None:
    wanted = {"tuning": "qlora", "max_length": 512, "lora_r": 7, "per_device_train_batch_size": 3, "optim": "adamw"}
    found = plan.solve(base(), ROWS, card(), "sft", wanted, {"max_length": "recipe mine.toml"})
    made = found.chosen.resolved
    assert {name: getattr(made.recipe, name) for name in wanted} == wanted
    assert made.provenance["max_length"] == "recipe mine.toml"
    assert made.provenance["lora_r"] == "chosen"
    assert "You asked for it." in found.reasons
    with pytest.raises(UsageError, match="There is no tuning 'all'"):
        plan.solve(base(), ROWS, card(), "sft", {"tuning": "all"})


def test_derived_values_say_what_they_follow_from() -> None:
    made = plan.solve(base(), ROWS, card(), "sft", {}).chosen.resolved
    assert made.recipe.max_length == 1408
    assert "99 % of the rows" in made.provenance["max_length"]
    for name in ("num_train_epochs", "per_device_train_batch_size", "gradient_checkpointing", "lora_r", "tuning"):
        assert made.provenance[name].startswith("derived: "), name
    assert made.provenance["learning_rate"] == "preset sft-lora"


def test_when_nothing_fits_it_says_by_how_much_and_what_would() -> None:
    found = plan.solve(base("Qwen/Qwen3-32B"), ROWS, card(8), "sft", {})
    assert not found.fits
    assert found.chosen.tuning == "qlora"
    lacking = (found.chosen.memory.peak - found.chosen.free) / GIB
    assert f"{lacking:.1f} GiB more" in found.reasons[0]
    assert any("smaller base" in remedy for remedy in found.remedies)
    enough = plan.solve(base("Qwen/Qwen3-32B"), ROWS, card(found.chosen.needed / GIB + 0.1), "sft", {})
    assert enough.chosen.fits


def test_rows_are_shortened_only_when_nothing_else_helps() -> None:
    long = dataclasses.replace(ROWS, p99=8000)
    found = plan.solve(base("Qwen/Qwen3-8B"), long, card(8), "sft", {})
    assert found.fits
    assert found.chosen.resolved.recipe.max_length < 8000
    assert "rows of at most" in found.chosen.given_up[-1]
    asked = plan.solve(base("Qwen/Qwen3-8B"), long, card(8), "sft", {"max_length": 8000})
    assert asked.chosen.resolved.recipe.max_length == 8000
    assert not asked.fits


LONG = dataclasses.replace(ROWS, p99=8000)


def test_activations_go_to_the_host_before_rows_are_shortened() -> None:
    found = plan.solve(base("Qwen/Qwen3-8B"), LONG, card(11), "sft", {"tuning": "qlora"})
    made = found.chosen.resolved
    assert (made.recipe.activation_offloading, made.recipe.gradient_checkpointing) == (True, True)
    assert made.recipe.max_length == 8000
    assert made.provenance["activation_offloading"].startswith("derived: What checkpointing keeps is held in the host")
    assert any("held in the host's memory" in reason for reason in found.reasons)
    assert found.chosen.memory.host == 36 * (1 << 26), "8,000 tokens of 4,096 bf16 each, pinned in powers of two"
    larger = plan.solve(base("Qwen/Qwen3-8B"), LONG, card(24), "sft", {"tuning": "qlora"})
    assert not larger.chosen.resolved.recipe.activation_offloading
    assert found.pace.tokens_per_second is not None
    assert larger.pace.tokens_per_second is not None
    assert 0.8 < found.pace.tokens_per_second / larger.pace.tokens_per_second < 1


def test_a_host_with_too_little_memory_is_refused_in_figures() -> None:
    """Twice what is moved must be free: 2.25 GiB of 4.4 are too many."""
    small, large = (dataclasses.replace(card(11), host=round(gib * GIB)) for gib in (4.4, 4.6))
    found = plan.solve(base("Qwen/Qwen3-8B"), LONG, small, "sft", {"tuning": "qlora"})
    told = "activation_offloading would take 2.2 GiB of the host's memory, of which 4.4 GiB are free and 50% may be"
    assert found.chosen.resolved.recipe.max_length == 4000
    assert any(told in reason for reason in found.reasons)
    asked = {"tuning": "qlora", "activation_offloading": True}
    refused = plan.solve(base("Qwen/Qwen3-8B"), LONG, small, "sft", {**asked, "max_length": 8000})
    assert not refused.fits
    assert told in refused.reasons[0]
    held = plan.solve(base("Qwen/Qwen3-8B"), LONG, large, "sft", {"tuning": "qlora"})
    assert held.chosen.resolved.recipe.activation_offloading
    assert not any("may be taken" in reason for reason in held.reasons)


def test_offloading_is_for_cards_and_for_what_is_computed_again() -> None:
    facts = base_facts.of_reference("bundled")
    tight = plan.solve(facts, ROWS, Card("", 1 << 20, 1 << 30), "sft", {"tuning": "lora"})
    assert not tight.chosen.resolved.recipe.activation_offloading
    kept = plan.solve(base(), LONG, card(8), "sft", {"tuning": "qlora", "gradient_checkpointing": False})
    assert not kept.chosen.resolved.recipe.activation_offloading
    asked = plan.solve(base(), ROWS, card(80), "sft", {"activation_offloading": True}).chosen.resolved.recipe
    assert (asked.activation_offloading, asked.gradient_checkpointing) == (True, True)
    with pytest.raises(UsageError, match="set gradient_checkpointing=true too"):
        plan.solve(base(), ROWS, card(), "sft", {"activation_offloading": True, "gradient_checkpointing": False})


def test_few_questions_and_answers_are_learnt_with_an_adapter() -> None:
    few = dataclasses.replace(ROWS, rows=300)
    assert plan.solve(base("Qwen/Qwen3-0.6B"), few, card(), "sft", {}).chosen.tuning == "lora"
    assert plan.solve(base("Qwen/Qwen3-0.6B"), few, card(), "sft", {"tuning": "full"}).chosen.tuning == "full"
    assert plan.solve(base("Qwen/Qwen3-0.6B"), ARTICLES, card(), "cpt", {}).chosen.tuning == "full"


def test_a_processor_plans_with_the_memory_of_the_host() -> None:
    found = plan.solve(base_facts.of_reference("bundled"), ROWS, Card("", 8 * GIB, 16 * GIB), "sft", {})
    assert found.chosen.tuning == "full"
    assert "context" not in found.chosen.memory.parts
    assert found.pace.hours is not None
    assert found.chosen.resolved.recipe.max_length == 512, "the preset's 128 would cut most rows"
    short = dataclasses.replace(ROWS, p50=20, p90=40, p99=60, longest=90, mean=25.0)
    kept = plan.solve(base_facts.of_reference("bundled"), short, Card("", 8 * GIB, 16 * GIB), "sft", {})
    assert kept.chosen.resolved.provenance["max_length"] == "preset bundled-sft-full"
    assert kept.tokens <= kept.steps * 8 * 128
    long = {"max_length": 700}
    told = plan.solve(base_facts.of_reference("bundled"), ROWS, Card("", 8 * GIB, 16 * GIB), "sft", long).reasons
    assert any("made for texts of 512" in reason for reason in told)


def test_measured_runs_correct_the_estimate_and_narrow_its_margin() -> None:
    plain = plan.solve(base(), ROWS, card(), "sft", {"tuning": "qlora"}).chosen.memory
    for own in (True, False):
        known = {"qlora": Correction(1.25, own)}
        higher = plan.solve(base(), ROWS, card(), "sft", {"tuning": "qlora"}, correction=known).chosen.memory
        assert higher.peak == pytest.approx(1.25 * plain.peak, rel=1e-6)
        assert plain.margin > MEASURED_MARGIN
        assert higher.margin == (MEASURED_MARGIN if own else plain.margin), "other families do not narrow it"
        assert ("other families" in " ".join(higher.notes)) is not own


def test_a_preset_stands_in_for_the_usual_one() -> None:
    own = dataclasses.replace(presets.find("sft-lora"), name="mine", values={"learning_rate": 1e-5, "lora_r": 4})
    made = plan.solve(base(), ROWS, card(), "sft", {}, preset=own).chosen.resolved
    assert made.recipe.tuning == "lora"
    assert made.recipe.learning_rate == 1e-5
    assert made.provenance["learning_rate"] == "preset mine"


def test_layers_of_a_family_with_towers_are_named_by_its_expression() -> None:
    facts = base("mistralai/Mistral-Small-3.1-24B-Instruct-2503")
    assert facts.shape.model_type == "mistral"
    recipe = plan.solve(facts, ROWS, card(), "sft", {}).chosen.resolved.recipe
    assert recipe.target_modules == facts.targets
    assert recipe.lora_r == 16


def test_a_student_that_writes_needs_room_and_time_and_no_packing() -> None:
    """Its preset packs rows; what was derived gives way, the person's own value is refused in a sentence."""
    plain, writing = (
        plan.solve(base(), ROWS, card(80), "distill", {"max_length": 300, **more})
        for more in ({}, {"on_policy_share": 0.5})
    )
    made = writing.chosen.resolved
    assert plain.chosen.resolved.recipe.packing
    assert (made.recipe.packing, made.recipe.max_completion_length) == (False, 256)
    assert "share no sequence" in made.provenance["packing"]
    assert writing.pace.hours > plain.pace.hours
    short = plan.solve(base(), ROWS, card(80), "distill", {"max_length": 200, "on_policy_share": 1})
    assert short.chosen.resolved.recipe.max_completion_length == 100
    with pytest.raises(UsageError, match="set packing=false"):
        plan.solve(base(), ROWS, card(80), "distill", {"on_policy_share": 1, "packing": True})
    unread = plan.solve(base(), None, card(80), "distill", {"on_policy_share": 1})
    assert not unread.chosen.resolved.recipe.packing, "nor before its rows are known"


def test_a_teacher_that_only_writes_leaves_no_probabilities_on_the_disk() -> None:
    told, writes = (plan.solve(base(), ROWS, card(80), "distill", {"teacher": name}) for name in ("", "large.gguf"))
    assert told.disk - writes.disk > ROWS.tokens
