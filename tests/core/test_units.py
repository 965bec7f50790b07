"""How quantities are written."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.core import units

S = units.SPACE


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (units.count(8412), f"8{S}412"),
        (units.significant(11.04), "11.0"),
        (units.significant(0.1744), "0.17"),
        (units.significant(1052.4), f"1{S}052"),
        (units.gib(11.0 * units.GIB), "11.0"),
        (units.gib(0.17 * units.GIB), "0.17"),
        (units.gib(0.999 * units.GIB), "1.0"),
        (units.size(1.9 * units.GIB), f"1.9{S}GiB"),
        (units.size(16.1 * units.GIB), f"16.1{S}GiB"),
        (units.size(48 * units.MIB), f"48{S}MiB"),
        (units.size(12), f"12{S}B"),
        (units.several(1, "step"), "1 step"),
        (units.several(8412, "step"), f"8{S}412 steps"),
        (units.duration(48), f"48{S}s"),
        (units.duration(234), f"3{S}min 54{S}s"),
        (units.duration(43 * 60), f"43{S}min"),
        (units.duration(70 * 60), f"1{S}h 10{S}min"),
        (units.duration(3 * 86400), f"3{S}d 0{S}h"),
        (units.percent(0.9999), f"99{S}%"),
        (units.percent(1.0), f"100{S}%"),
        (units.percent(0.9912, 1), f"99.1{S}%"),
        (units.loss(1.0234), "1.02"),
        (units.loss(0.0123), "0.012"),
        (units.loss(None), units.NONE),
        (units.loss(math.nan), units.NONE),
        (units.rate(1.39e-4), "1.39e-4"),
        (units.rate(2e-4), "2e-4"),
        (units.rate(9.996e-5), "1e-4"),
        (units.rate(0), "0"),
        (units.parameters(8_190_735_360), f"8.2{S}B"),
        (units.parameters(4_460_000), f"4.5{S}M"),
        (units.parameters(270_000_000), f"270{S}M"),
        (units.tokens(40_960), f"40{S}k"),
        (units.month("2025-04-28"), "Apr 2025"),
        (units.month(""), units.NONE),
        (units.day(datetime(2026, 11, 19, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC)), f"19{S}Nov"),
        (units.day(datetime(2025, 11, 19, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC)), f"19{S}Nov 2025"),
    ],
)
def test_a_quantity_is_written_for_people(said: str, wanted: str) -> None:
    assert said == wanted


@given(st.floats(1e-12, 1.0))
def test_a_rate_can_be_read_back(value: float) -> None:
    assert float(units.rate(value)) == pytest.approx(value, rel=0.006)


@given(st.floats(0, 1))
def test_only_the_whole_is_a_hundred_per_cent(share: float) -> None:
    assert (units.percent(share) == f"100{S}%") is (share >= 1 - 1e-10)


@given(st.integers(1, 10**15))
def test_a_size_keeps_its_order_of_magnitude(size: int) -> None:
    number, unit = units.size(size).rsplit(S, 1)
    scale = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}[unit]
    assert float(number.replace(S, "")) * scale == pytest.approx(size, rel=0.06)
