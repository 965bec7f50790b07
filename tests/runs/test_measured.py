"""What was measured: kept line by line, whatever happens to the file, and the ratio later plans take from it."""

from __future__ import annotations

import json
import statistics

import pytest

from tests.support import start_program
from workbench.core.memory import Correction
from workbench.core.recipe import TUNINGS
from workbench.runs import measured
from workbench.runs.measured import Measurement

CARD = "NVIDIA GeForce RTX 4090"


def one(ratio: float, tuning: str = "lora", family: str = "qwen3", name: str = CARD) -> Measurement:
    card = "GPU-1" if name else ""
    return Measurement(card, name, family, "sft", tuning, "bf16", 1_000_000, round(ratio * 1_000_000), "2026-01-01")


def ratio(found: list[Measurement], family: str) -> tuple[float, bool]:
    known = measured.correction(found, CARD, family, "lora")
    assert known is not None
    return known.ratio, known.own


def test_the_ratio_is_the_median_of_the_family_on_this_card() -> None:
    ratios = [1.1, 1.04, 1.9]
    found = [*map(one, ratios), one(0.7, family="llama"), one(1.5, "full"), one(1.6, name="another"), one(9, name="")]
    assert ratio(found, "qwen3") == (pytest.approx(statistics.median(ratios)), True)
    assert ratio(found, "llama") == (pytest.approx(0.7), True)
    assert ratio(found, "gemma3") == (pytest.approx(statistics.median([*ratios, 0.7])), False), "all families stand in"
    assert measured.correction(found, CARD, "qwen3", "qlora") is None
    assert measured.correction(found, "", "qwen3", "lora") is None, "a processor is not corrected"
    assert ratio([one(7)], "qwen3") == (measured.BOUNDS[1], True)
    assert ratio([one(0.1)], "qwen3") == (measured.BOUNDS[0], True)


def test_damaged_lines_are_passed_over_and_a_torn_one_spoils_no_other() -> None:
    assert measured.load() == []
    measured.record(one(1.1))
    with measured.path().open("ab") as file:
        file.write(b'{"card": 1}\n[]\n\xff\xfe\nnull\n' + json.dumps({**vars(one(1.2)), "predicted": 0}).encode())
    measured.record(one(1.3))
    assert measured.load() == [one(1.1), one(1.3)]
    assert measured.corrections(CARD, "qwen3", TUNINGS) == {"lora": Correction(pytest.approx(1.2), own=True)}
    assert measured.path().stat().st_mode & 0o777 == 0o600


def test_processes_that_write_at_once_lose_nothing() -> None:
    text = (
        "from workbench.runs import measured\n"
        "for number in range(1, 26):\n"
        "    measured.record(measured.Measurement('', '', 'f', 'sft', 'lora', 'fp32', number, number))\n"
    )
    writers = [start_program(text) for _ in range(3)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert sorted(found.measured for found in measured.load()) == sorted(3 * [*range(1, 26)])
