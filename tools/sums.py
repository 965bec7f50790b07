"""Ledgers of a step at three shapes, read as one history of sums of products of the model's dimensions.

Owns the shapes, the reading of sizes, and the choice of the moments a table keeps. Must not know families or files.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction

from workbench.core.activations import parsed, value
from workbench.core.memory import TILE_TOKENS, TILE_WORDS
from workbench.engine.planning.ledger import Entry
from workbench.engine.planning.trace import Traced

SHAPES: tuple[dict[str, int], ...] = (
    {
        "h": 1848, "i": 5624, "a": 28, "g": 7, "d": 104, "v": 50008, "r": 24, "e": 16, "c": 3, "x": 1048,
        "B": 4, "S": 1304, "H": 3001, "W": 25013,
    },
    {
        "h": 2376, "i": 4328, "a": 33, "g": 11, "d": 136, "v": 60248, "r": 40, "e": 72, "c": 5, "x": 1384,
        "B": 6, "S": 872, "H": 2713, "W": 31013,
    },
    {
        "h": 3016, "i": 6536, "a": 26, "g": 13, "d": 184, "v": 40216, "r": 56, "e": 48, "c": 2, "x": 824,
        "B": 8, "S": 824, "H": 3511, "W": 22511,
    },
)  # fmt: skip
"""H and W are the tokens and the words of a tile of the fused head, of which there are two each."""


def clipped(number: int, most: int) -> int:
    """Return a number, but not less than 0 and not more than `most`."""
    return min(max(number, 0), most)


def symbols(shape: dict[str, int], rows: int) -> dict[str, int]:
    """Return the number behind every factor that a table may use."""
    s = dict(shape) | {"B": rows}
    if rows == 1:
        s["S"] = shape["B"] * shape["S"]
    tokens, scored = s["B"] * s["S"], s["B"] * (s["S"] - 1)
    more = {"T": tokens, "N": scored, "M": tokens * s["S"], "q": s["a"] * s["d"], "k": s["g"] * s["d"]}
    return (
        s
        | more
        | {"U": clipped(scored - s["H"], s["H"]), "V": clipped(s["v"] - s["W"], s["W"]), "C": s.get("C", s["W"])}
    )


_PER_TOKEN = ("", "h", "i", "q", "k", "a", "g", "d", "r", "v", "e", "c", "c.h", "c.x", "c.e", "h.a")
_MATRICES = (
    "h.i", "h.q", "N.v", "T.v", "h.k", "h.h", "i.r", "h.r", "q.r", "k.r", "h.v", "h.e", "e.x.h", "e.x", "h.W",
    "r.v", "h", "i", "q", "k", "d", "e", "x", "r", "v", "a", "g", "",
)  # fmt: skip


def candidates(several: bool) -> Iterator[str]:
    """Yield, simplest first, what the size of a storage may be proportional to."""
    yield from _MATRICES
    for front in ("T", "N", *(("S", "B") if several else ())):
        yield from (f"{front}.{back}".rstrip(".") for back in _PER_TOKEN)
    yield from ("M", "M.a", "H.h", "H", "H.C", "S.S", "M.g")
    # Layers that join several projections in one matrix.
    yield from ("T.q+2*T.k", "h.q+2*h.k", "q.r+2*k.r", "q+2*k", "T.q+1*T.k", "M.a+1*T.a", "T.d+1*T.d")
    yield from ("U.h", "h.V", "U", "U.C")


class Decoder:
    """Reads sizes at three shapes as a coefficient times a product of dimensions."""

    def __init__(self, rows: list[int]) -> None:
        self.symbols = [symbols(shape, row) for shape, row in zip(SHAPES, rows, strict=True)]
        self._known: dict[tuple[Fraction, ...], tuple[str, list[int]]] = {}
        for name in candidates(rows[0] > 1):
            sizes = [round(value("1*" + name, s)) for s in self.symbols]
            if all(sizes):
                signature = tuple(Fraction(size, sizes[0]) for size in sizes)
                self._known.setdefault(signature, (name, sizes))

    def read(self, sizes: tuple[int, ...]) -> Counter[str]:
        """Return product → coefficient; raises ValueError for sizes that are no known product."""
        if not any(sizes):
            return Counter()
        found = self._known.get(tuple(Fraction(size, sizes[0]) for size in sizes) if sizes[0] else ())
        if found is None:
            raise ValueError(f"No product of dimensions has the sizes {sizes}.")
        name, ones = found
        coefficient = sizes[0] / ones[0]
        return Counter({factors: factor * coefficient for factor, factors in _terms("1*" + name)})


def _terms(text: str) -> Iterator[tuple[float, str]]:
    for coefficient, factors in parsed(text):
        yield coefficient, ".".join(factors)


def written(total: Counter[str]) -> str:
    """Return a sum as tables have it."""
    terms = [f"{round(c * 4096) / 4096:g}*{name}" for name, c in sorted(total.items()) if abs(c) > 1e-9]
    return "+".join(terms).replace("+-", "-")


def minus(one: Counter[str], other: Counter[str], times: float = 1) -> Counter[str]:
    """Return one − times · other, with negative coefficients kept."""
    result = Counter(one)
    for name, coefficient in other.items():
        result[name] -= times * coefficient  # type: ignore[assignment]
    return Counter({name: c for name, c in result.items() if abs(c) > 1e-9})


def _ordered(ledger: list[Entry]) -> list[Entry]:
    """Return a ledger in which storages that went together go in the order they came: a cache has none of its own."""
    made: list[Entry] = []
    ledger = list(itertools.takewhile(lambda entry: entry.bytes or entry.phase != "end", ledger))
    for gone, group in itertools.groupby(ledger, key=lambda entry: entry.bytes < 0):
        lines = list(group)
        made += sorted(lines, key=lambda entry: entry.storage) if gone else lines
    return made


class Timeline:
    """The ledgers of one step at three shapes, as one history of sums."""

    def __init__(self, steps: list[Traced], decoder: Decoder) -> None:
        ledgers = [_ordered(step.entries) for step in steps]
        owned = steps[0].owned
        kinds = [[(entry.storage, entry.bytes > 0, entry.phase) for entry in ledger] for ledger in ledgers]
        if any(kind != kinds[0] for kind in kinds):
            at = next(n for n, three in enumerate(zip(*kinds, strict=False)) if len(set(three)) > 1)
            raise ValueError(f"The step takes another course at another shape: {[kind[at] for kind in kinds]}.")
        base = owned["weights"] | owned["adapter"] | owned["reference"]
        self.lines: list[tuple[str, Counter[str], int]] = []
        sizes: dict[int, Counter[str]] = {}
        for three in zip(*ledgers, strict=True):
            entry = three[0]
            if entry.storage < 0:
                self.lines.append((entry.phase, Counter(), 0))
            elif entry.storage not in base:
                if entry.storage not in sizes:
                    sizes[entry.storage] = decoder.read(tuple(abs(e.bytes) for e in three))
                sign = 1 if entry.bytes > 0 else -1
                self.lines.append(("", sizes[entry.storage], sign * (2 if entry.storage in owned["layers"] else 1)))

    def at(self, mark: str) -> Counter[str]:
        """Return what is alive at a mark, the gradients of layers left out."""
        live: Counter[str] = Counter()
        for name, size, sign in self.lines:
            if name == mark:
                return live
            if abs(sign) == 1:
                live = minus(live, size, -sign)
        raise KeyError(mark)

    def has(self, mark: str) -> bool:
        """Tell whether the step passed a mark."""
        return any(name == mark for name, _, _ in self.lines)

    def moments(self, first: str, last: str, less: Counter[str]) -> list[Counter[str]]:
        """Return what is alive after each allocation between two marks, `less` taken off.

        Gradients of layers count when they come in between.
        """
        live, inside, found = self.at(first), False, [minus(self.at(first), less)]
        for name, size, sign in self.lines:
            if name == first:
                inside = True
            elif inside and name == last != "end":
                return found
            elif inside and sign:
                live = minus(live, size, -1 if sign > 0 else 1)
                if sign > 0:
                    found.append(minus(live, less))
        if last != "end":
            raise KeyError(last)
        return found


def _real(draw: random.Random) -> dict[str, float]:
    """Return the dimensions of a model and a batch as they may come."""
    h, d, a = 64 * 2 ** draw.uniform(0, 8), draw.choice((32, 64, 80, 96, 128, 256)), 0
    a = max(1, round(h * draw.choice((0.5, 1, 1, 1, 1.5, 2)) / d))
    shape = {"h": h, "i": h * draw.uniform(1, 6), "a": a, "g": max(1, a / draw.choice((1, 2, 4, 8))), "d": d}
    shape |= {"v": 10 ** draw.uniform(3.5, 5.5), "r": 2 ** draw.uniform(2, 8), "e": 2 ** draw.uniform(3, 8)}
    shape |= {"c": draw.choice((1, 2, 4, 8)), "x": h * draw.uniform(0.2, 1.5)}
    shape |= {"S": round(2 ** draw.uniform(6, 16)), "H": TILE_TOKENS, "W": min(shape["v"], TILE_WORDS), "C": TILE_WORDS}
    made = symbols(shape, draw.choice((2, 4, 8, 32)))  # type: ignore[arg-type]
    return {**made, "H": min(made["N"], TILE_TOKENS)}


def largest_of(moments: list[Counter[str]]) -> list[str]:
    """Return the few moments of which one is, for any real shape, within half a percent of the largest."""
    draw = random.Random(7)
    texts = sorted({written(moment) for moment in moments} - {""})
    points = [_real(draw) for _ in range(250)]
    table = {text: [value(text, point) for point in points] for text in texts}
    best = [max(column) for column in zip(*table.values(), strict=True)] if texts else []
    kept: list[str] = []
    open_points = {n for n, peak in enumerate(best) if peak > 0}
    while open_points:
        covers = {t: {n for n in open_points if row[n] >= 0.99 * best[n]} for t, row in table.items()}
        pick = max(texts, key=lambda text: (len(covers[text]), text))
        kept.append(pick)
        open_points -= covers[pick]
    return kept
