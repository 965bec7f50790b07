"""One figure for one thing: the memory of a plan and the lengths of rows are the same wherever they are told."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from workbench.cli import offer, planning
from workbench.core import plan, resident, units, vocabulary
from workbench.core.memory import Correction
from workbench.core.paths import assets_dir
from workbench.core.plan import Card
from workbench.data import glance as glances
from workbench.guide import fits, fitting, lengths, trying
from workbench.guide import planning as guide_planning
from workbench.guide.starting import Prepared
from workbench.runs import base_facts

GIB = units.GIB
QUESTIONS = assets_dir() / "data" / "questions.jsonl"
PROCESSOR = Card("", 8 * GIB, 16 * GIB)
CARD = Card("NVIDIA GeForce RTX 4090", 22 * GIB, 24 * GIB)


def bundled(card: Card, **values: object) -> tuple[plan.Plan, dict[str, object]]:
    """Return the plan of the bundled questions on the bundled base, and the glance it was made from."""
    seen = glances.glance({"paths": [str(QUESTIONS)]})
    base = base_facts.of_reference("bundled")
    return guide_planning.of_values({"data": (str(QUESTIONS),), **values}, "", base, card, seen), seen


def weights_in(file: Path) -> int:
    """Return the numbers in a safetensors file, by its header alone."""
    with file.open("rb") as opened:
        header = json.loads(opened.read(struct.unpack("<Q", opened.read(8))[0]))
    sizes = [tensor["shape"] for name, tensor in header.items() if name != "__metadata__"]
    total = 0
    for shape in sizes:
        number = 1
        for side in shape:
            number *= side
        total += number
    return total


def plain(text: str) -> str:
    """Return a text on one line, with ordinary blanks."""
    return " ".join(text.split())


def test_every_place_shows_one_prediction_for_one_plan() -> None:
    for card in (PROCESSOR, CARD):
        found, seen = bundled(card)
        base = base_facts.of_reference("bundled")
        peak = found.chosen.memory.peak
        wanted = found.chosen.resolved
        assert plan.predicted(base.shape, wanted.recipe, card).peak == peak
        figure = plain(units.size(peak))
        free = plain(units.size(card.free))
        assert f"{figure} of {free} free" in plain(planning.printed(found, base, card, seen))
        prepared = Prepared(wanted, found, base, card, lengths.of_glance(seen, base))
        assert f"{figure} predicted" in plain(offer.summary(prepared))
        unit, name = fitting.scale(found)
        assert f"needs {fitting.amount(peak, unit)} {name}" in "".join(
            text for text, _ in fitting.sentence(found, card)
        )
        assert sum(part.bytes for part in fitting.parts(found, 8)) == peak
        assert plain(trying.memory_words(peak, peak, peak)) == f"{figure} predicted, {figure} measured, +0 %"


def test_the_badges_of_a_list_are_the_plan_of_the_leanest_step() -> None:
    """Where a plan takes one row at a time and computes activations twice, both tell the same figure."""
    base = base_facts.of_reference("Qwen/Qwen3-0.6B")
    for card in (PROCESSOR, CARD):
        known = {"lora": Correction(1.25, True)}
        for fit in fits.fits(fits.peaks(base, card), card, known):
            lean = {"per_device_train_batch_size": 1, "gradient_checkpointing": True, "max_length": fit.length}
            accumulated = plan.presets.default_for("sft", fit.tuning).values["gradient_accumulation_steps"]
            lean |= {"tuning": fit.tuning, "gradient_accumulation_steps": accumulated}
            if fit.tuning != "full":
                lean["target_modules"] = base.targets
            made = plan.solve(base, None, card, "sft", lean, correction=known).chosen.memory
            assert made.peak == fit.needed
            assert dict(fit.parts) == made.parts


def test_a_processor_is_told_the_memory_of_its_process_and_nothing_of_cuda() -> None:
    found, _ = bundled(PROCESSOR)
    parts = dict(found.chosen.memory.parts)
    numbers = weights_in(assets_dir() / "base" / "model.safetensors")
    assert parts["weights"] == pytest.approx(4 * numbers, rel=0.01)
    assert parts["optimiser"] == pytest.approx(8 * numbers, rel=0.01)
    assert parts["process"] == round(0.55 * GIB)
    coming = sum(parts.values()) - parts["weights"] - parts["optimiser"] - parts["process"] - parts["reserve"]
    assert parts["reserve"] == pytest.approx(0.3 * coming, abs=1)
    assert not any("CUDA" in note for note in found.chosen.memory.notes)
    assert "CUDA" not in {part.name for part in fitting.parts(found, 20)}
    base = base_facts.of_reference("bundled")
    for fit in fits.fits(fits.peaks(base, PROCESSOR), PROCESSOR):
        assert "context" not in dict(fit.parts)
    corrected = plan.predicted(base.shape, found.chosen.resolved.recipe, PROCESSOR, Correction(2.0, True))
    assert corrected.peak == found.chosen.memory.peak, "what was measured on cards says nothing of a processor"


def test_the_arithmetic_is_that_of_the_processor() -> None:
    """The engine computes in bfloat16 where the processor has it, so that the plan does."""
    found, _ = bundled(PROCESSOR)
    old, _ = bundled(Card("", 8 * GIB, 16 * GIB, bf16=False))
    wide, narrow = old.chosen.memory.parts, found.chosen.memory.parts
    assert wide["activations"] == 2 * narrow["activations"]
    assert wide["weights"] == narrow["weights"]
    assert bundled(PROCESSOR, precision="fp32")[0].chosen.memory.parts == wide
    asked, _ = bundled(Card("", 8 * GIB, 16 * GIB, bf16=False), precision="bf16")
    assert asked.chosen.memory.parts == narrow


def test_a_report_compares_what_is_of_one_kind() -> None:
    process = {"predicted": {"process": 1, "peak": 5}, "measured": {"peak": 6}}
    assert resident.compared(process) == (5, 6)
    assert resident.compared({**process, "planned": 7}) == (7, 6)
    growth = {"predicted": {"peak": 5}, "measured": {"peak": 6}}
    assert resident.compared(growth) == (None, 6), "what earlier versions measured was the growth of the process"
    assert resident.compared({**growth, "measured": {"peak": 6, "reserved": 2}}) == (5, 6)


def counted(rows: list[dict[str, list[dict[str, str]]]]) -> list[int]:
    """Return the tokens of rows as the bundled base's own template and tokenizer write them."""
    tokenizer = AutoTokenizer.from_pretrained(assets_dir() / "base")
    made = (tokenizer.apply_chat_template(row["messages"], tokenize=True, return_dict=True) for row in rows)
    return sorted(len(one["input_ids"]) for one in made)


def test_lengths_are_those_of_the_bases_own_vocabulary_and_told_alike() -> None:
    found, seen = bundled(PROCESSOR)
    base = base_facts.of_reference("bundled")
    rows = lengths.of_glance(seen, base)
    real = counted([json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()])
    assert rows.p50 == pytest.approx(real[len(real) // 2], abs=1)
    assert rows.longest == pytest.approx(real[-1], abs=2)
    assert rows.mean == pytest.approx(sum(real) / len(real), rel=0.03)
    said = f"half of them up to about {rows.p50} tokens, the longest about {rows.longest}"
    assert said in plain(planning.printed(found, base, PROCESSOR, seen))
    note = next(one.note for one in fitting.fields(found, rows, []) if one.name == "max_length")
    assert note == f"covers every row that was looked at, up to about {rows.longest}"
    assert planning.described(found, base, PROCESSOR, seen)["rows"]["lengths"]["max"] == pytest.approx(
        rows.longest, 0.02
    )


def test_lengths_that_were_counted_stand_in_place_of_the_estimate() -> None:
    found, seen = bundled(PROCESSOR)
    base = base_facts.of_reference("bundled")
    told = {"sampled": 9, "mean": 20.5, "p50": 20, "p90": 30, "p99": 40, "max": 41}
    rows = lengths.counted(seen, base, {"lengths": told})
    assert (rows.mean, rows.p50, rows.longest, rows.measured) == (20.5, 20, 41, True)
    assert lengths.words(rows) == "half of them up to 20 tokens, the longest 41"
    assert lengths.counted(seen, base, {"lengths": {"sampled": 0}}) == lengths.of_glance(seen, base)
    note = next(one.note for one in fitting.fields(found, rows, []) if one.name == "max_length")
    assert note.endswith("up to 41")


@pytest.mark.parametrize("text", ["What is 23 plus 37?", "Ein schöner Tag, 12 Grad.", "你好", "x = f(a, b)\n" * 5, ""])
def test_a_vocabulary_counts_about_as_the_tokenizer_does(text: str) -> None:
    held = vocabulary.read(json.loads((assets_dir() / "base" / "tokenizer.json").read_text(encoding="utf-8")))
    assert held is not None
    tokenizer = AutoTokenizer.from_pretrained(assets_dir() / "base")
    assert held.tokens(text) == pytest.approx(len(tokenizer(text, add_special_tokens=False)["input_ids"]), rel=0.1)


@pytest.mark.parametrize("body", [None, [], {}, {"model": 1}, {"model": {"vocab": {}}}, {"model": {"vocab": [1, []]}}])
def test_what_is_no_vocabulary_is_none(body: object) -> None:
    assert vocabulary.read(body) is None


def test_pieces_with_a_sign_for_blanks_are_read_too() -> None:
    held = vocabulary.read({"model": {"vocab": [["▁the", -1.0], ["▁", -2.0], ["cat", -3.0]]}})
    assert held is not None
    assert held.tokens(" the cat") == 3
    assert held.tokens("é") == 2, "what no piece is for is spelt in bytes"
