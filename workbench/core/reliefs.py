"""Ways to hold one batch in less memory, the fastest first: what a plan tries before it gives up quality.

Owns their order and what each costs. Must not know memory, bases or cards beyond whether there is one.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from workbench.core.derive import Value
from workbench.core.recipe import REINFORCING, Recipe
from workbench.core.units import count, several

BUSY_TOKENS = 2048
"""Tokens of a micro-batch below which a card is not kept busy, so that recomputing with a larger one is as fast."""
MOST_TOKENS = 8192
"""Tokens of a micro-batch beyond which a larger one is not faster."""
MICRO, TIMES = "per_device_train_batch_size", "gradient_accumulation_steps"


@dataclass(frozen=True)
class Relief:
    """Values of a recipe that hold the same effective batch."""

    values: dict[str, Value]
    costs: tuple[str, ...]
    """What is slower or coarser for it, a phrase each; () for the fastest way."""


def micro_batches(effective: int, length: int) -> list[int]:
    """Return the micro-batches that divide an effective batch, the largest that is worth its memory first."""
    sizes = [size for size in (1 << power for power in range(13)) if effective % size == 0]
    return sorted((size for size in sizes if size * length <= MOST_TOKENS or size == 1), reverse=True)


def whole_groups(start: Mapping[str, Any], chosen: Mapping[str, Any]) -> dict[str, Value]:
    """Return the batch for a person's num_generations: whole groups, as near below that of `start` as a power of two.

    {} where that one is whole, or the person's own stays. Of so many groups a small micro-batch is a divisor.
    """

    def current(name: str) -> int:
        return int(chosen.get(name, start.get(name, getattr(Recipe(), name))))

    if (
        chosen.get("method") != "grpo"
        or "num_generations" not in chosen
        or not chosen.keys().isdisjoint({MICRO, TIMES})
    ):
        return {}
    answers, each = current(MICRO) * current(TIMES), current("num_generations")
    if answers % each == 0:
        return {}
    prompts = 1 << max(0, (answers // each).bit_length() - 1)
    effective = prompts * each
    micro = micro_batches(effective, current("max_length"))[0]
    said = f"num_generations={each} makes whole groups of {count(effective)} answers to {several(prompts, 'prompt')}."
    return {MICRO: Value(micro, said), TIMES: Value(effective // micro, said)}


def _batch(micro: int, effective: int, tokens: int, gpu: bool, largest: bool) -> dict[str, Value]:
    """Return the values of a micro-batch and why it has that size."""
    ends = "are enough for a processor" if not gpu else "keep the card busy" if largest else "are what fits"
    times = effective // micro
    made = f"{times} micro-batches make the batch of {effective}." if times > 1 else "The whole batch goes at once."
    return {MICRO: Value(micro, f"{count(tokens)} tokens at once {ends}."), TIMES: Value(times, made)}


def _together(recipe: Recipe, effective: int) -> list[Value | None]:
    """Return how many answers are written at once, all of a step first; [None] for methods that write none."""
    if recipe.method not in REINFORCING:
        return [None]
    sizes = [effective >> power for power in range(1, 4) if effective >> power]
    said = "Their keys and values fit; more at once would not."
    return [Value(0, "All answers of a step are written together."), *(Value(size, said) for size in sizes)]


def _recomputing(again: bool) -> Value:
    if again:
        return Value(True, "Activations are computed again in the backward pass: without that it does not fit.")
    return Value(False, "It fits with all activations kept, which is faster.")


_OFFLOADING = Value(True, "What checkpointing keeps is held in the host's memory: on the card it does not fit.")


def _optimiser(name: str, usual: bool) -> Value:
    return Value(name, "The usual optimiser fits." if usual else "AdamW's states in 8 bits: full ones do not fit.")


def reliefs(recipe: Recipe, chosen: Mapping[str, Any], gpu: bool) -> Iterator[Relief]:
    """Yield the ways to hold the effective batch of a recipe; values in `chosen` are the person's and stay.

    First a smaller micro-batch as long as it keeps the card busy, then activations computed again, which costs a third
    more time, then smaller micro-batches still, and under full tuning AdamW's states in 8 bits. At last all of these
    over again with what waits to be computed again in the host's memory, where there is a card that it leaves.
    """
    effective = recipe.per_device_train_batch_size * recipe.gradient_accumulation_steps
    fixed = not chosen.keys().isdisjoint({MICRO, TIMES})
    micros = [recipe.per_device_train_batch_size] if fixed else micro_batches(effective, recipe.max_length)
    recomputed = [False, True]
    if "gradient_checkpointing" in chosen:
        recomputed = [recipe.gradient_checkpointing]
    moved = [False, True] if gpu and True in recomputed else [False]
    if "activation_offloading" in chosen:
        moved = [recipe.activation_offloading]
    together = _together(recipe, effective) if gpu and "generation_batch_size" not in chosen else [None]
    optimisers = [recipe.optim]
    if gpu and recipe.tuning == "full" and recipe.optim == "adamw" and "optim" not in chosen:
        optimisers.append("adamw_8bit")
    for away, optim, again, written, micro in itertools.product(moved, optimisers, recomputed, together, micros):
        tokens, largest = micro * recipe.max_length, micro == micros[0]
        if away and not again:
            continue
        if not again and True in recomputed and tokens < BUSY_TOKENS and not largest:
            continue
        usual = optim == optimisers[0]
        values = {"gradient_checkpointing": _recomputing(again), "optim": _optimiser(optim, usual)}
        values |= {"activation_offloading": _OFFLOADING} if away else {}
        values |= {"generation_batch_size": written} if written is not None else {}
        values |= {} if fixed else _batch(micro, effective, tokens, gpu, largest)
        costs = ["activations computed again"] * again + ["8-bit optimiser"] * (not usual)
        costs += [f"{written.value} answers written at once"] if written is not None and written.value else []
        costs += ["what they begin with held in the host's memory"] * away + [f"micro-batch {micro}"] * (not largest)
        yield Relief({name: value for name, value in values.items() if name not in chosen}, tuple(costs))
