"""How a step is laid out in memory: sequences per pass, checkpointing and offloading, the evaluation's batch.

Owns what is tried next when memory runs out, and the words that tell a person. A layout never changes what is learnt:
the effective batch and the learning rate stay the recipe's. The recipe says what was asked for, the last `layout` event
of the journal what is in effect, for later attempts too. Must not know torch: the leader of a team reads it as well.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from workbench.core import events
from workbench.core.errors import WorkbenchError
from workbench.core.recipe import REINFORCING, SCRATCH, Recipe
from workbench.core.units import count
from workbench.runs import journal
from workbench.runs.store import Run

SHORTEST_TO_HALVE = 32
"""Tokens; half of it is the least that max_length may be."""


class RanOut(Exception):
    """A process of a team ran out of memory in a step: all of them begin anew, since the others wait for its part."""

    def __init__(self, step: int, can_offload: bool = False) -> None:
        super().__init__(step)
        self.step, self.can_offload = step, can_offload


@dataclass(frozen=True)
class Layout:
    """What decides how much memory a step takes, the model and the lengths of its sequences aside."""

    micro_batch: int
    """Sequences of one process in a forward and backward pass."""
    gradient_checkpointing: bool
    eval_batch: int
    """Sequences of one process in a forward pass of the evaluation."""
    activation_offloading: bool = False
    written: int = 0
    """Answers that are written at once, for methods that learn from their own."""

    def accumulation(self, recipe: Recipe) -> int:
        """Return the passes of one process that make an optimizer step of the recipe's effective batch."""
        return recipe.gradient_accumulation_steps * math.ceil(recipe.per_device_train_batch_size / self.micro_batch)

    def smaller(self, can_checkpoint: bool = True, can_offload: bool = False) -> Layout | None:
        """Return the layout to try when a step ran out of memory, or None when nothing is left to try.

        Half the micro-batch, then checkpointing, at last what that keeps in the host's memory.
        """
        if self.micro_batch > 1:
            return replace(self, micro_batch=math.ceil(self.micro_batch / 2))
        if can_checkpoint and not self.gradient_checkpointing:
            return replace(self, gradient_checkpointing=True)
        if can_offload and self.gradient_checkpointing and not self.activation_offloading:
            return replace(self, activation_offloading=True)
        return None

    def smaller_evaluation(self) -> Layout | None:
        """Return the layout to try when an evaluation ran out of memory, or None when nothing is left."""
        return replace(self, eval_batch=math.ceil(self.eval_batch / 2)) if self.eval_batch > 1 else None

    def smaller_writing(self) -> Layout | None:
        """Return the layout to try when memory ran out while answers were written, or None when nothing is left."""
        return replace(self, written=math.ceil(self.written / 2)) if self.written > 1 else None


def asked(recipe: Recipe) -> Layout:
    """Return the layout a recipe asks for."""
    size = recipe.per_device_train_batch_size
    written = recipe.generation_batch_size or size * recipe.gradient_accumulation_steps
    writes = recipe.method in REINFORCING or (recipe.method == "distill" and recipe.on_policy_share)
    written = written if writes else 0
    return Layout(size, recipe.gradient_checkpointing, size, recipe.activation_offloading, written)


def in_effect(run: Run, recipe: Recipe) -> Layout:
    """Return the layout a run has come to: the last one its journal tells of, or what the recipe asks for."""
    last = journal.latest(run.events_path, [events.Layout.kind]).get(events.Layout.kind)
    if not isinstance(last, events.Layout):
        return asked(recipe)
    return Layout(
        last.per_device_train_batch_size,
        last.gradient_checkpointing,
        last.per_device_eval_batch_size,
        last.activation_offloading,
        last.generation_batch_size,
    )


def change(recipe: Recipe, before: Layout, after: Layout, step: int, resumption: str) -> events.Layout:
    """Return the event that tells of a change; `resumption` is where training goes on, as the end of its sentence."""
    if after.written != before.written:
        text = (
            f"Out of memory while answers were written for step {step}: {after.written} are written at once from now "
            f"on and no longer {before.written}, which changes none of them; {resumption}."
        )
    elif after.eval_batch != before.eval_batch:
        text = (
            f"Out of memory in the evaluation after step {step}: its batch was halved from {before.eval_batch} to "
            f"{after.eval_batch}, which changes no figure; {resumption}."
        )
    elif after.micro_batch != before.micro_batch:
        text = (
            f"Out of memory at step {step}: the micro-batch was halved from {before.micro_batch} to "
            f"{after.micro_batch} and accumulation raised from {before.accumulation(recipe)} to "
            f"{after.accumulation(recipe)}, so the effective batch and the learning rate stay as they were; "
            f"{resumption}."
        )
    elif after.activation_offloading and not before.activation_offloading:
        text = (
            f"Out of memory at step {step} with a micro-batch of 1 and gradient checkpointing: what that keeps is held "
            f"in the host's memory from now on, which costs time and changes no result; {resumption}."
        )
    else:
        text = (
            f"Out of memory at step {step} with a micro-batch of 1: gradient checkpointing was switched on, which "
            f"computes activations twice instead of keeping them and changes no result; {resumption}."
        )
    return events.Layout(
        step=step,
        per_device_train_batch_size=after.micro_batch,
        gradient_accumulation_steps=after.accumulation(recipe),
        gradient_checkpointing=after.gradient_checkpointing,
        activation_offloading=after.activation_offloading,
        per_device_eval_batch_size=after.eval_batch,
        generation_batch_size=after.written,
        text=text,
    )


def too_little(recipe: Recipe, when: str, longest: int | None = None, lacking: str = "") -> WorkbenchError:
    """Return the error of a run that no layout can save: when memory ran out, and what would fit.

    `longest` is the longest sequence in tokens where memory ran out in a pass over sequences, whose length counts;
    `lacking` says, as part of a sentence, why the host's memory was of no help.
    """
    wider = {"full": "--tuning lora or qlora", "lora": "--tuning qlora"}
    ways = []
    if longest is not None and longest >= SHORTEST_TO_HALVE:
        ways.append(f"--set max_length={longest // 2}")
    if recipe.base != SCRATCH and recipe.tuning in wider:
        ways.append(wider[recipe.tuning])
    if longest is None and recipe.tuning == "full" and recipe.optim == "adamw":
        ways.append("--set optim=adamw_8bit")
    ways.append("a smaller model" if recipe.base == SCRATCH else "a smaller base")
    listed = ", ".join(ways[:-1]) + " or " + ways[-1] if len(ways) > 1 else ways[0]
    what = f" with one sequence of at most {count(longest)} tokens per pass" if longest is not None else ""
    return WorkbenchError(
        f"Out of memory {when}{what}{f' ({lacking})' if lacking else ''}, and nothing is left to shrink in this run; "
        f"start again with {listed}."
    )


def shrunk(run: Run, recipe: Recipe, out: RanOut) -> events.Layout:
    """Return the event of the next layout of a team that ran out of memory; raises WorkbenchError when none is left."""
    before = in_effect(run, recipe)
    after = before.smaller(can_offload=out.can_offload)
    if after is None:
        raise too_little(recipe, f"at step {out.step}", recipe.max_length)
    return change(recipe, before, after, out.step, "all processes go on from the last checkpoint")


def figures(run: Run, recipe: Recipe) -> dict[str, Any]:
    """Return what the report says: the layout asked for, the one in effect at the end, and each change with its why."""

    def told(layout: Layout) -> dict[str, Any]:
        return {
            "per_device_train_batch_size": layout.micro_batch,
            "gradient_accumulation_steps": layout.accumulation(recipe),
            "gradient_checkpointing": layout.gradient_checkpointing,
            "activation_offloading": layout.activation_offloading,
            "per_device_eval_batch_size": layout.eval_batch,
            **({"generation_batch_size": layout.written} if layout.written else {}),
        }

    changes = [event for event in run.events() if isinstance(event, events.Layout)]
    return {
        "asked": told(asked(recipe)),
        "used": told(in_effect(run, recipe)),
        "changes": [{"step": event.step, "text": event.text} for event in changes],
    }
