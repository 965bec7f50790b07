"""Why a plan is as it is, in sentences: the tuning that was taken, what was given up for it, what would help.

Owns these words. Must not know how a plan is found.
"""

from __future__ import annotations

from collections.abc import Mapping

from workbench.core.attempt import Attempt
from workbench.core.memory import GIB
from workbench.core.recipe import TUNINGS
from workbench.core.units import count

WHY = {
    "full": "It changes every weight, which learns most, and it fits.",
    "lora": "Adapters over 16-bit weights learn nearly as much as changing every weight and forget less.",
    "qlora": "Adapters over 4-bit weights: the base fits no other way, and little quality is lost.",
}
"""Tuning → why it was taken."""


def why(best: Attempt, made: Mapping[str, Attempt], order: list[str], few: str, asked: bool) -> list[str]:
    """Return the sentences that say why this tuning."""
    refused = [best.refused] if best.refused else []
    if not best.host_holds:
        return [best.no_room]
    if best.verdict == "too large":
        over = (best.memory.peak - best.free) / GIB
        what = f"{best.tuning}, as you asked," if asked else f"Nothing fits: the smallest way, {best.tuning},"
        return [f"{what} needs {over:.1f} GiB more than are free.", *refused]
    found = ["You asked for it." if asked else WHY[best.tuning]]
    if few and best.tuning != "full":
        found.append(few)
    for tuning in order[: order.index(best.tuning)] if not asked else ():
        lacking = (made[tuning].needed - made[tuning].free) / GIB
        found.append(
            f"{tuning} lacks {lacking:.1f} GiB, a margin of {100 * made[tuning].memory.margin:.0f} % included."
        )
    if best.verdict == "tight":
        found.append(
            f"It is tight: {best.memory.peak / GIB:.1f} GiB are predicted and {best.free / GIB:.1f} free, and the "
            f"prediction may be low by {100 * best.memory.margin:.0f} %; try it with --dry-run first."
        )
    if best.given_up:
        found.append(f"So that it fits: {', '.join(best.given_up)}.")
    return found + refused


def alone(batch: int) -> str:
    """Return the doubt about so few answers in a step of kto, "" when there are enough.

    Its baseline is a mean over the answers of a step (Ethayarajh et al. 2024).
    """
    if batch > 1:
        return ""
    return (
        "kto's baseline is a mean over a step, here over 1 answer, so that it goes up and down by chance; "
        "gradient_accumulation_steps=8 costs no memory."
    )


def heavier(other: Attempt, best: Attempt) -> str:
    """Return why a tuning that is meant to need less needs more, a phrase; "" where it does not."""
    leaner = TUNINGS.index(other.tuning) > TUNINGS.index(best.tuning)
    if not leaner or other.memory.peak <= best.memory.peak:
        return ""
    one, two = (found.resolved.recipe for found in (other, best))
    tokens = [found.per_device_train_batch_size * found.max_length for found in (one, two)]
    if tokens[0] > tokens[1]:
        return f"as it takes {count(tokens[0])} tokens at once in place of {count(tokens[1])}"
    grown = {name: size - best.memory.parts.get(name, 0) for name, size in other.memory.parts.items()}
    return f"most of what is more for {max(grown, key=lambda name: grown[name])}"


def remedies(best: Attempt, others: tuple[Attempt, ...], gpu: bool) -> tuple[str, ...]:
    """Return what would help when nothing fits."""
    if best.verdict != "too large":
        return ()
    smallest = min((best, *others), key=lambda attempt: attempt.memory.peak)
    found = [
        f"A {'card' if gpu else 'machine'} with {smallest.needed / GIB:.0f} GiB free, or other programs ended that use "
        "this one.",
        "A smaller base; `workbench models` lists them.",
    ]
    if smallest.tuning != best.tuning:
        found.insert(0, f"Tuning {smallest.tuning}, which needs {smallest.memory.peak / GIB:.1f} GiB.")
    return tuple(found)
