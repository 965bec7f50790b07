"""Curves of a run: many points kept in bounded memory, and the arithmetic of the axes they are drawn on.

Owns `Series` (buckets on a grid of x that gets coarser as the run gets longer), the columns it is drawn from, ticks,
ranges and their labels. Must not know how a curve is drawn, what it is of, or where the points come from.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Any, NamedTuple, cast

from workbench.core import units

MOST_BUCKETS = 2048
"""Buckets kept at most. A chart has two columns of dots per cell and seldom more than 100 cells, so that every column
still has several buckets; runs of up to 2 048 steps are kept step by step."""

FINEST = 2.0**-10
"""Width of a bucket in x at the beginning: fine enough for epochs, and doubled twenty times within a million steps."""

LOOK_BACK = 0.1
"""Share of the points so far that the smoothed value looks back over, so that what happened in the first steps of a
run, however short, is soon forgotten."""

SHORTEST, LONGEST = 3, 20
"""Points that it looks back over at least and at most."""

_EVEN = round(LONGEST / LOOK_BACK)
"""Points after which it looks back over `LONGEST` of them; what was before its first point weighs nothing by then."""

HUGE = 1e150
"""What is larger is as good as infinite: differences of two such values have to be numbers."""

SMALL, LARGE = 0.01, 1e9
"""Values below and from here on are written with an exponent."""


class Column(NamedTuple):
    """The points that fall on one column of dots."""

    low: float
    high: float
    value: float
    """Mean of the points."""
    smooth: float
    """Mean of the smoothed value after each of the points."""
    joined: bool
    """Whether no gap lies between the column before this and this one."""


class _Bucket:
    """The points of one cell of the grid of x, and the state of the smoothing after the last of them."""

    __slots__ = ("age", "count", "first", "gap", "high", "last", "low", "smooth", "smooths", "total", "weight")

    def __init__(self, x: float, y: float, gap: bool) -> None:
        self.first = self.last = x
        self.low = self.high = y
        self.gap = gap
        self.age = self.count = 0
        self.total = self.smooths = self.smooth = self.weight = 0.0

    def take(self, later: _Bucket) -> None:
        """Add the points of the bucket that follows."""
        self.last = later.last
        self.low = min(self.low, later.low)
        self.high = max(self.high, later.high)
        self.count += later.count
        self.total += later.total
        self.smooths += later.smooths
        self.age, self.smooth, self.weight = later.age, later.smooth, later.weight


class Series:
    """A curve that grows: x rises, y is a number or None where there is nothing to show.

    Memory is bounded: a run of a million steps keeps `most` buckets with the minimum, maximum, mean and smoothed value
    of their points. Smoothing is an exponential moving average over all the points, divided by the sum of its weights
    (the bias correction of Adam, Kingma and Ba 2015, section 3), which looks back over `LOOK_BACK` of the points so
    far; it is computed at each point and therefore exact whatever is kept. `smooth=False` leaves it out. A point at an
    x that was reached before takes the place of everything from there on, as an attempt that goes on from a checkpoint
    does.
    """

    def __init__(self, *, smooth: bool = True, most: int = MOST_BUCKETS) -> None:
        self._smooth = smooth
        self._most = most
        self._span = FINEST
        self._buckets: list[_Bucket] = []
        self._gap = False
        self.points = 0
        """Points with a value that were ever appended."""
        self.last: tuple[float, float] | None = None
        """The newest point with a value."""

    def __len__(self) -> int:
        return len(self._buckets)

    def __iter__(self) -> Iterator[tuple[float, float]]:
        """Go over the points as they are kept: the middle of each bucket and the mean of its values."""
        for bucket in tuple(self._buckets):
            yield (bucket.first + bucket.last) / 2, bucket.total / bucket.count

    @property
    def smoothed(self) -> float | None:
        """The smoothed value after the newest point, or None without points."""
        return self._buckets[-1].smooth / self._buckets[-1].weight if self._buckets else None

    @property
    def first(self) -> float | None:
        """The smallest x, or None without points."""
        return self._buckets[0].first if self._buckets else None

    def append(self, x: float, y: float | None) -> None:
        """Add a point; None, an infinite value and NaN leave a gap."""
        if self.last is not None and x <= self.last[0]:
            self._rewind(x)
        if y is None or not abs(y) <= HUGE:
            self._gap = True
            return
        buckets = self._buckets
        bucket = buckets[-1] if buckets else None
        age, smooth, weight = (bucket.age, bucket.smooth, bucket.weight) if bucket else (0, 0.0, 0.0)
        if bucket is None or x // self._span != bucket.first // self._span:
            bucket = _Bucket(x, y, self._gap)
            buckets.append(bucket)
        if y < bucket.low:
            bucket.low = y
        elif y > bucket.high:
            bucket.high = y
        bucket.age = age = age + 1
        new = 1 / max(SHORTEST, min(LOOK_BACK * age, LONGEST)) if self._smooth else 1.0
        bucket.smooth = smooth = (1 - new) * smooth + new * y
        bucket.weight = weight = (1 - new) * weight + new
        bucket.last = x
        bucket.count += 1
        bucket.total += y
        bucket.smooths += smooth / weight
        self.points += 1
        self.last = (x, y)
        self._gap = False
        if len(buckets) > self._most:
            self._coarsen()

    def extend(self, points: Iterable[tuple[float, float | None]]) -> None:
        """Append each of the points."""
        for x, y in points:
            self.append(x, y)

    def extend_columns(self, xs: Sequence[float], ys: Sequence[float | None]) -> None:
        """Append points given as two columns of equal length, x rising: like `extend`, and several times as fast.

        It is `extend` where a value is missing, and until the smoothing looks back equally far from each point.
        """
        if xs and self.last is not None and xs[0] <= self.last[0]:
            self._rewind(xs[0])
        head = min(len(xs), max(0, _EVEN - (self._buckets[-1].age if self._buckets else 0)))
        if head:
            self.extend(zip(xs[:head], ys[:head], strict=True))
            xs, ys = xs[head:], ys[head:]
        if not xs:
            return
        if None in ys or not self._buckets or self._buckets[-1].age < _EVEN:
            self.extend(zip(xs, ys, strict=True))
            return
        new = 1 / LONGEST if self._smooth else 1.0
        old = 1 - new
        values = cast(Sequence[float], ys)
        age, smooth = self._buckets[-1].age, self._buckets[-1].smooth
        smooths = list(accumulate(values, lambda so_far, y: old * so_far + new * y, initial=smooth))
        place = 0
        while place < len(xs):
            x, last = xs[place], self._buckets[-1]
            end = bisect_left(xs, (x // self._span + 1) * self._span, place)
            part = values[place:end]
            if x // self._span != last.first // self._span:
                last = _Bucket(x, part[0], self._gap)
                self._buckets.append(last)
            low, high = min(part), max(part)
            last.low, last.high = min(last.low, low), max(last.high, high)
            last.smooth, last.weight, last.last = smooths[end], 1.0, xs[end - 1]
            last.age = age + end
            last.count += end - place
            last.total += sum(part)
            last.smooths += sum(smooths[place + 1 : end + 1])
            self._gap = False
            place = end
            if len(self._buckets) > self._most:
                self._coarsen()
        self.points += len(xs)
        self.last = (xs[-1], values[-1])

    def follow(self, later: Series) -> None:
        """Append a whole series, which begins where this one ends or, as an attempt that goes on, before that."""
        if later.first is None:
            self._gap = self._gap or later._gap
            return
        if self.last is not None and later.first <= self.last[0]:
            self._rewind(later.first)
        self._buckets += later._buckets
        self._span = max(self._span, later._span)
        self._gap, self.last = later._gap, later.last
        self.points += later.points
        while len(self._buckets) > self._most:
            self._coarsen()

    def moved(self, where: Callable[[float], float]) -> Series:
        """Return the same curve over another x, which rises with this one: steps as tokens, say."""
        other = Series.of_state(self.state())
        for bucket in other._buckets:
            bucket.first, bucket.last = where(bucket.first), where(bucket.last)
        other.last = (where(self.last[0]), self.last[1]) if self.last else None
        return other

    def _rewind(self, x: float) -> None:
        """Forget what lies at x and after it; of a bucket that x lies inside of, the extremes stay."""
        buckets = self._buckets
        while buckets and buckets[-1].first >= x:
            buckets.pop()
        self.last = (buckets[-1].last, buckets[-1].total / buckets[-1].count) if buckets else None

    def _coarsen(self) -> None:
        """Widen the buckets, by a power of two, until half of them suffice; gaps within one are no longer seen."""
        reach = self._buckets[-1].first - self._buckets[0].first
        while self._span * (self._most // 2) < reach:
            self._span *= 2
        kept: list[_Bucket] = []
        for bucket in self._buckets:
            if kept and kept[-1].first // self._span == bucket.first // self._span:
                kept[-1].take(bucket)
            else:
                kept.append(bucket)
        self._buckets = kept

    def columns(self, start: float, end: float, count: int) -> list[Column | None]:
        """Return what falls on each of `count` columns of dots, the first at x = start and the last at x = end."""
        columns: list[Column | None] = [None] * count
        scale = (count - 1) / (end - start) if end > start else 0.0
        place, gap = -1, False
        low = high = total = smooths = 0.0
        points = 0
        for bucket in tuple(self._buckets):
            at = int(((bucket.first + bucket.last) / 2 - start) * scale + 0.5)
            if at != place:
                if points and 0 <= place < count:
                    columns[place] = Column(low, high, total / points, smooths / points, not gap)
                place, gap = at, bucket.gap
                low, high, total, smooths, points = bucket.low, bucket.high, 0.0, 0.0, 0
            if bucket.low < low:
                low = bucket.low
            if bucket.high > high:
                high = bucket.high
            total += bucket.total
            smooths += bucket.smooths
            points += bucket.count
        if points and 0 <= place < count:
            columns[place] = Column(low, high, total / points, smooths / points, not gap)
        return columns

    def state(self) -> dict[str, Any]:
        """Return all that is kept as plain numbers and lists, which JSON can carry to another process."""
        return {
            "smooth": self._smooth, "most": self._most, "span": self._span, "gap": self._gap, "points": self.points,
            "last": self.last, "buckets": [[getattr(one, name) for name in _Bucket.__slots__] for one in self._buckets],
        }  # fmt: skip

    @classmethod
    def of_state(cls, state: dict[str, Any]) -> Series:
        """Return the series whose `state` this is."""
        series = cls(smooth=state["smooth"], most=state["most"])
        series._span, series._gap, series.points = state["span"], state["gap"], state["points"]
        series.last = tuple(state["last"]) if state["last"] else None
        for values in state["buckets"]:
            bucket = _Bucket(0.0, 0.0, False)
            for name, value in zip(_Bucket.__slots__, values, strict=True):
                setattr(bucket, name, value)
            series._buckets.append(bucket)
        return series


_NICE_ENDS = (1, 1.5, 2, 3, 4, 5, 6, 8, 10)


def grown(x: float, whole: float | None = None) -> float:
    """Return where the axis of x ends that has reached x: the next nice number, but not beyond the whole where known.

    Each nice number is at most half as large again as the one before, so that two thirds of the axis are in use and it
    stands still in between.
    """
    if x <= 0:
        return min(whole, 10.0) if whole else 10.0
    power = 10.0 ** math.floor(math.log10(x))
    end = next(nice * power for nice in _NICE_ENDS if nice * power >= x * (1 - 1e-9))
    end = max(end, 10.0) if x >= 1 or whole else end
    return max(x, min(end, whole)) if whole else end


def nice_step(least: float) -> float:
    """Return the smallest of 1, 2 and 5 times a power of ten that is at least `least` (> 0)."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(nice * power for nice in (1, 2, 5, 10) if nice * power >= least * (1 - 1e-9))


def ticks(low: float, high: float, most: int) -> list[float]:
    """Return at most `most` + 1 ticks within [low, high], a step of 1, 2 or 5 times a power of ten apart."""
    if not high > low or most < 1:
        return [low]
    step = nice_step((high - low) / most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """Return ticks within [low, high] (> 0) for a logarithmic axis: 1, 2 and 5 in each decade, or fewer of them.

    Where the axis spans little more than one such step they are those of a linear one.
    """
    if high < 5 * low:
        return ticks(low, high, most)
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for nice in ((1, 2, 5), (1, 3), (1,)):
        found = [one * 10.0**power for power in decades for one in nice]
        found = [tick for tick in found if low * (1 - 1e-9) <= tick <= high * (1 + 1e-9)]
        if len(found) <= most:
            return found if found else ticks(low, high, most)
    return found[:: math.ceil(len(found) / most)]


def value_range(values: Sequence[float], lines: Sequence[float], log: bool) -> tuple[float, float] | None:
    """Return where the axis of y begins and ends, or None without values.

    All of `lines` lie within, and `values` but for one in a hundred at each end, so that one spike does not flatten
    the rest. The ends lie on tenths of a nice step, so that they stand still while values move a little.
    """
    values = sorted(values)
    spare = len(values) // 100
    seen = [*lines, *values[spare : len(values) - spare]]
    if log:
        seen = [value for value in seen if value > 1 / HUGE]
    if not seen:
        return None
    low, high = min(seen), max(seen)
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        half = abs(high) / 2 or 0.5
        return (low / 2, high * 2) if log else (low - half, high + half)
    if log:
        return low, high
    step = nice_step((high - low) / 4) / 5
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step


def labels(values: Sequence[float], log: bool = False) -> list[str]:
    """Return ticks as text, thousands in groups of three.

    All have the decimals that their distance asks for; on a logarithmic axis each has as many as it needs.
    """
    largest = max((abs(value) for value in values), default=0.0)
    if largest and (largest < SMALL or largest >= LARGE):
        return [units.rate(value) for value in values]
    if log and values and values[-1] >= 5 * values[0]:
        return [_decimal(value, max(0, -math.floor(math.log10(value) + 1e-9))) for value in values]
    steps = [b - a for a, b in pairwise(values) if b > a]
    smallest = min(steps) if steps else largest or 1.0
    decimals = max(0, -math.floor(math.log10(smallest) + 1e-9))
    return [_decimal(value, decimals) for value in values]


def _decimal(value: float, decimals: int) -> str:
    """Return a number with so many decimals, with an exponent where they would be too many."""
    return units.rate(value) if decimals > 4 else f"{value + 0.0:,.{decimals}f}".replace(",", units.SPACE)


def compact(value: float) -> str:
    """Return one value in at most three digits: 2e-4, 0.35, 12.4, 2 390."""
    return units.rate(value) if abs(value) < SMALL or abs(value) >= LARGE else units.significant(value)
