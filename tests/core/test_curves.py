"""Curves against arithmetic over all the points at once: smoothing, columns, bounds of memory, ticks and ranges."""

from __future__ import annotations

import json
import math
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.core import curves
from workbench.core.curves import Series

SPACE = "\u00a0"


def smoothed(values: np.ndarray) -> np.ndarray:
    """Return the bias-corrected moving average after each value, from the weights written out."""
    back = np.clip(np.arange(1, len(values) + 1) / 10, 3, 20)
    out = []
    for number in range(1, len(values) + 1):
        stays = np.append(np.cumprod((1 - 1 / back[1:number])[::-1])[::-1], 1.0)
        weights = stays / back[:number]
        out.append(float(weights @ values[:number] / weights.sum()))
    return np.array(out)


def noise(count: int, seed: int = 3) -> np.ndarray:
    return 2 + np.random.default_rng(seed).normal(size=count) / 5


def of(values: np.ndarray) -> Series:
    series = Series()
    series.extend((float(step), float(value)) for step, value in enumerate(values, start=1))
    return series


def test_smoothing_is_that_of_all_points_whatever_is_kept() -> None:
    """The smoothed value is exact before and after buckets are merged."""
    values = noise(3000)
    truth = smoothed(values)
    series = Series(most=64)
    for step, value in enumerate(values):
        series.append(step, float(value))
        assert series.smoothed == pytest.approx(truth[step], rel=1e-9)
    assert len(series) <= 64


def test_a_first_loss_that_was_far_off_is_soon_forgotten() -> None:
    """A loss of ten times the others at step 2 does not rule the figure that stands on the page of a short run."""
    values = np.full(62, 0.3)
    values[:3] = 2.0, 3.3, 1.5
    assert of(values[:33]).smoothed == pytest.approx(0.3, abs=0.005)
    assert of(values).smoothed == pytest.approx(0.3, abs=0.001)
    assert 0.5 < (of(values[:6]).smoothed or 0) < 2


def test_columns_are_the_extremes_and_means_of_their_points() -> None:
    """While each step is kept by itself, columns agree with a grouping of all the points."""
    values, width = noise(1500), 137
    steps = np.arange(1, 1501)
    truth = smoothed(values)
    columns = of(values).columns(0, 2000, width)
    places = np.floor(steps / 2000 * (width - 1) + 0.5).astype(int)
    for place, column in enumerate(columns):
        here = places == place
        if not here.any():
            assert column is None
            continue
        assert column is not None
        assert (column.low, column.high) == (values[here].min(), values[here].max())
        assert column.value == pytest.approx(values[here].mean())
        assert column.smooth == pytest.approx(truth[here].mean())


def test_a_long_run_keeps_its_extremes_in_bounded_memory() -> None:
    """A spike of one step among two hundred thousand is in its column, and the rest is where it was."""
    values = noise(200_000)
    values[123_456] = 50.0
    series = of(values)
    assert series.points == len(values)
    assert len(series) <= curves.MOST_BUCKETS
    width = 140
    columns = series.columns(0, 200_000, width)
    spike = round(123_457 / 200_000 * (width - 1))
    assert max(column.high for column in columns[spike - 1 : spike + 2] if column) == 50.0
    cell = 200_000 / (width - 1)
    for place in range(1, width - 1):
        column = columns[place]
        assert column is not None
        # A bucket may lie across the border of two columns, so that a column reaches half a column further.
        inside = values[int((place - 1) * cell) : int((place + 1) * cell)]
        assert inside.min() <= column.low <= column.high <= inside.max()
        assert column.value == pytest.approx(inside.mean(), abs=0.2)
    kept = sum(sys.getsizeof(bucket) for bucket in series._buckets)
    assert kept < 1 << 20


@given(
    st.lists(st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True, width=32)), max_size=300),
    st.integers(2, 40),
    st.floats(0.001, 1000),
)
def test_any_curve_stays_bounded_and_loses_no_point(ys: list[float | None], most: int, step: float) -> None:
    """Whatever is appended, buckets are few, hold every finite point and come in order."""
    series = Series(most=most)
    series.extend((number * step, y) for number, y in enumerate(ys))
    finite = [y for y in ys if y is not None and math.isfinite(y)]
    assert series.points == len(finite)
    assert len(series) <= most
    assert sum(bucket.count for bucket in series._buckets) == len(finite)
    if finite:
        assert min(bucket.low for bucket in series._buckets) == min(finite)
        assert max(bucket.high for bucket in series._buckets) == max(finite)
    places = [x for x, _ in series]
    assert places == sorted(places)


@pytest.mark.parametrize("nothing", [None, math.nan, math.inf])
def test_what_is_no_number_leaves_a_gap(nothing: float | None) -> None:
    """The column after a gap is not joined to the one before it, all others are."""
    series = Series()
    series.extend([(0, 1.0), (1, 1.0), (2, nothing), (3, 1.0), (4, 1.0)])
    columns = series.columns(0, 4, 5)
    assert columns[2] is None
    assert [column.joined for column in columns if column] == [True, True, False, True]


def test_an_attempt_that_goes_on_from_a_checkpoint_takes_the_place_of_what_was_lost() -> None:
    """Steps taken again replace the first ones, in the smoothing too."""
    values = noise(400)
    series = of(values[:350])
    series.extend((float(step), float(values[step - 1]) + 1) for step in range(301, 401))
    whole = of(np.concatenate([values[:300], values[300:] + 1]))
    assert list(series) == list(whole)
    assert series.smoothed == pytest.approx(whole.smoothed)
    assert series.last == whole.last


def test_the_state_passes_through_json() -> None:
    """Another process gets the same curve, and it goes on growing in the same way."""
    series = of(noise(5000))
    series.append(5001, None)
    other = Series.of_state(json.loads(json.dumps(series.state())))
    for one in (series, other):
        one.append(5002, 1.5)
    assert other.columns(0, 6000, 140) == series.columns(0, 6000, 140)
    assert (other.smoothed, other.last, other.points) == (series.smoothed, series.last, series.points)


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.integers(1, 12))
def test_ticks_are_nice_few_and_inside(low: float, width: float, most: int) -> None:
    """A step of 1, 2 or 5 times a power of ten, within the range, not more than asked for and one."""
    high = low + width
    found = curves.ticks(low, high, most)
    assert len(found) <= most + 1
    slack = 1e-6 * max(abs(low), abs(high))
    assert all(low - slack <= tick <= high + slack for tick in found)
    if len(found) > 1 and width > 1e-6 * abs(low):
        step = found[1] - found[0]
        leading = step / 10.0 ** math.floor(math.log10(step) + 1e-6)
        assert any(leading == pytest.approx(nice, rel=1e-3) for nice in (1, 2, 5))


@given(st.floats(10, 1e7), st.floats(1, 1e7))
def test_the_axis_of_steps_has_room_and_is_mostly_used(x: float, whole: float) -> None:
    """It reaches what was reached, is at most half as long again, and ends with the run."""
    assert x <= curves.grown(x) * (1 + 1e-9)
    assert curves.grown(x) <= 1.5 * x * (1 + 1e-9)
    assert curves.grown(x, whole) == pytest.approx(max(x, min(curves.grown(x), whole)))


@pytest.mark.parametrize(
    ("x", "whole", "end"), [(412, 1052, 500), (501, 1052, 600), (1010, 1052, 1052), (0, None, 10), (3, 1052, 10)]
)
def test_the_axis_of_steps(x: float, whole: float | None, end: float) -> None:
    """Examples a person can check."""
    assert curves.grown(x, whole) == end


def test_a_spike_does_not_flatten_the_rest() -> None:
    """One value in a hundred at each end may lie outside, a line never does."""
    values = [1.0 + step / 1000 for step in range(200)] + [900.0]
    low, high = curves.value_range(values, [1.05], log=False) or (0, 0)
    assert 0.9 <= low <= 1.01
    assert 1.19 <= high <= 1.3
    assert (curves.value_range(values, [2.5], log=False) or (0, 0))[1] >= 2.5
    assert curves.value_range([], [], log=False) is None
    flat = curves.value_range([3.0], [3.0], log=False)
    assert flat is not None
    assert flat[0] < 3.0 < flat[1]
    assert curves.value_range([-1.0, 0.0], [], log=True) is None


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([1.0, 1.5, 2.0], ["1.0", "1.5", "2.0"]),
        ([0, 500, 1000, 1500], ["0", "500", f"1{SPACE}000", f"1{SPACE}500"]),
        ([0, 1e-4, 2e-4], ["0", "1e-4", "2e-4"]),
        ([0.1, 0.12, 0.14], ["0.10", "0.12", "0.14"]),
        ([-1.0, 0.0, 1.0], ["-1", "0", "1"]),
    ],
)
def test_labels_have_the_decimals_of_their_distance(values: list[float], texts: list[str]) -> None:
    """Examples a person can check."""
    assert curves.labels(values) == texts


def test_logarithmic_ticks_thin_out_over_decades() -> None:
    """1, 2 and 5 while they are few, whole decades when there are many, and plain ones within half a decade."""
    assert curves.log_ticks(0.9, 21, 6) == pytest.approx([1, 2, 5, 10, 20])
    assert curves.log_ticks(1e-6, 1, 7) == pytest.approx([10.0**power for power in range(-6, 1)])
    assert len(curves.log_ticks(1e-12, 1, 5)) <= 5
    assert curves.log_ticks(0.8, 2.4, 4) == pytest.approx([1.0, 1.5, 2.0])

    assert curves.labels([0.001, 0.1, 10], log=True) == ["0.001", "0.1", "10"]
    assert curves.labels([], log=True) == []


def test_one_value_in_three_digits() -> None:
    """The ends of a small axis."""
    assert [curves.compact(value) for value in (2e-4, 0, 12.4, 2390)] == ["2e-4", "0", "12.4", f"2{SPACE}390"]
