"""Points given as columns and series that follow each other, against the same points appended one by one."""

from __future__ import annotations

import random

import pytest

from workbench.core.curves import Series


@pytest.mark.parametrize("seed", range(5))
def test_columns_are_the_same_as_single_points(seed: int) -> None:
    draw = random.Random(seed)
    singly, at_once = Series(most=64), Series(most=64)
    x = 0
    for _ in range(60):
        x = max(0, x - draw.choice([0, 0, 0, 0, 50]))
        xs = [x := x + draw.choice([1, 1, 1, 2]) for _ in range(draw.randint(1, 120))]
        ys = [None if draw.random() < 0.002 else draw.random() for _ in xs]
        for point in zip(xs, ys, strict=True):
            singly.append(*point)
        at_once.extend_columns(xs, ys)
        one, other = at_once.state(), singly.state()
        for mine, its in zip(one.pop("buckets"), other.pop("buckets"), strict=True):
            assert mine == pytest.approx(its, rel=1e-9)  # sums in another order round in another way
        assert one == other


def test_a_series_that_follows_another_ends_like_both_in_one() -> None:
    draw = random.Random(1)
    points = [(x, draw.random()) for x in range(5000)]
    whole, first, second = Series(), Series(most=1024), Series(most=1024)
    whole.extend(points)
    first.extend(points[:3000])
    second.extend(points[3000:])
    joined = Series()
    joined.follow(first)
    joined.follow(second)
    assert joined.points == whole.points
    assert joined.last == whole.last
    assert joined.smoothed == pytest.approx(whole.smoothed)
    for one, other in zip(joined.columns(0, 5000, 50), whole.columns(0, 5000, 50), strict=True):
        assert one is not None
        assert other is not None
        assert one.value == pytest.approx(other.value, abs=0.05)


def test_an_attempt_that_begins_before_the_end_replaces_what_it_takes_again() -> None:
    first, second = Series(), Series()
    first.extend((x, 1.0) for x in range(100))
    second.extend((x, 2.0) for x in range(60, 120))
    first.follow(second)
    assert [y for x, y in first if x < 60] == [1.0] * 60
    assert [y for x, y in first if x >= 60] == [2.0] * 60
