"""What a plan proposes for every base of the catalogue on five sizes of cards, as the lines of a table.

Owns the lines. Run as a program it prints them: `python -m tests.core.plan_table > tests/core/plan_table.txt`, and the
difference is then to be read by eye. A cell is the tuning with what was given up for it (c: activations are computed
again, h: what they begin with is held in the host's memory, 8: an 8-bit optimiser, s: shorter rows, ?: it fits, its
margin does not), micro-batch and length, and the peak in GiB; "-" and the least that is needed where nothing fits.
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core import catalogue, plan
from workbench.core.derive import Rows
from workbench.core.memory import GIB
from workbench.core.plan import Attempt, Card
from workbench.runs import base_facts

CARDS = (8, 12, 16, 24, 80)
"""GiB of a card, of which a desktop and the driver have taken half a GiB."""
ROWS = Rows(rows=10_000, about=False, mean=350.0, p50=250, p90=800, p99=1400, longest=6000, articles=False)
"""Questions and answers as in the usual instruction datasets."""


def cell(attempt: Attempt) -> str:
    """Return what is proposed, in a few characters."""
    if attempt.verdict == "too large":
        return f"- {attempt.memory.peak / GIB:.0f}"
    wanted = attempt.resolved.recipe
    signs = (
        "c" * wanted.gradient_checkpointing + "h" * wanted.activation_offloading + "8" * (wanted.optim == "adamw_8bit")
    )
    signs += "s" * any("rows" in given for given in attempt.given_up) + "?" * (attempt.verdict == "tight")
    size = f"{wanted.per_device_train_batch_size}x{wanted.max_length}"
    return f"{wanted.tuning}{f'+{signs}' if signs else ''} {size} {attempt.memory.peak / GIB:.1f}"


def lines() -> Iterator[str]:
    """Yield the lines of the table."""
    yield f"{'base':<44}" + "".join(f"{f'{size} GiB':<26}" for size in CARDS).rstrip()
    for model in catalogue.models():
        base = base_facts.of_catalogue(model)
        cells = []
        for size in CARDS:
            free = round((size - 0.5) * GIB)
            solved = plan.solve(base, ROWS, Card("a card", free, size * GIB), "sft", {})
            cells.append(cell(solved.chosen))
        yield f"{model.hub_id:<44}" + "".join(f"{one:<26}" for one in cells).rstrip()


if __name__ == "__main__":
    print("\n".join(lines()))
