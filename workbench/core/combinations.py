"""Combinations of a recipe's values that no engine could honour, and the sentence that refuses each.

Owns `refuse`. Must not know how single values are parsed or what a run makes of them.
"""

from __future__ import annotations

import math
from typing import Any

from workbench.core import pruning
from workbench.core.errors import UsageError


def _check_weights(weights: tuple[str, ...], sources: int) -> None:
    """Raise UsageError unless there is no weight, or a number for each source of which one at least is not 0."""
    try:
        numbers = [float(text) for text in weights]
    except ValueError:
        numbers = []
    fits = len(numbers) == sources and any(numbers) and all(0 <= number < math.inf for number in numbers)
    if weights and not fits:
        wanted = f"{sources} numbers, one for each of data" if sources != 1 else "one number greater than 0"
        raise UsageError(
            f"data_weights wants {wanted}, not {', '.join(weights)}; "
            f"for example --set data_weights={','.join(['1', '0.5', '2'][:sources])}."
        )


def _refuse_reinforcement(recipe: Any) -> None:
    """Raise UsageError where answers and steps do not come out even."""
    answers = recipe.per_device_train_batch_size * recipe.gradient_accumulation_steps
    if recipe.method == "grpo" and answers % recipe.num_generations:
        whole = [str(number) for number in range(2, answers + 1) if answers % number == 0]
        can = f"it can be {', '.join(whole)}" if whole else "one answer is no group"
        raise UsageError(
            f"A step learns from {answers} answers (per_device_train_batch_size times gradient_accumulation_steps), "
            f"which makes no whole groups of num_generations={recipe.num_generations}; {can}, or change those two."
        )
    if recipe.method == "ppo" and recipe.trainable_token_indices:
        raise UsageError(
            "trainable_token_indices changes the base that critic and reward model of ppo share; leave it out."
        )
    if recipe.max_completion_length >= recipe.max_length:
        raise UsageError(
            f"max_length={recipe.max_length} has to hold a prompt and an answer of up to "
            f"max_completion_length={recipe.max_completion_length} tokens; raise the one or lower the other."
        )
    if recipe.thinking_budget >= recipe.max_completion_length:
        raise UsageError(
            f"A thought of thinking_budget={recipe.thinking_budget} tokens leaves no room to answer within "
            f"max_completion_length={recipe.max_completion_length}; raise the one or lower the other."
        )
    if recipe.num_processes > 1:
        raise UsageError(f"{recipe.method} writes and learns its answers in one process; leave num_processes at 1.")


def _refuse_distillation(recipe: Any) -> None:
    """Raise UsageError where a student cannot learn as it is asked to."""
    if recipe.num_processes > 1:
        raise UsageError("distill asks its teacher in one process; leave num_processes at 1.")
    if not recipe.on_policy_share:
        return
    if recipe.packing:
        raise UsageError(
            "packing puts rows into one sequence, and with on_policy_share the student writes answers of its own; set "
            "packing=false."
        )
    if recipe.max_completion_length >= recipe.max_length:
        raise UsageError(
            f"max_length={recipe.max_length} has to hold a prompt and an answer of up to "
            f"max_completion_length={recipe.max_completion_length} tokens; raise the one or lower the other."
        )


def refuse(recipe: Any) -> None:
    """Raise UsageError for a `Recipe` whose values exclude one another."""
    from workbench.core.recipe import ALIGNING, PUBLISHING, REINFORCING, SCRATCH

    if recipe.method in PUBLISHING:
        if recipe.base == SCRATCH:
            raise UsageError(
                f"A base made from scratch is nothing to {recipe.method} yet; train one by pretrain first."
            )
        return
    if recipe.base == SCRATCH and (recipe.method, recipe.tuning) != ("pretrain", "full"):
        raise UsageError("A base made from scratch has nothing to adapt yet: use method pretrain with tuning full.")
    if recipe.optim == "muon" and recipe.tuning != "full":
        raise UsageError("optim muon moves whole weight matrices; use tuning full, or optim adamw with an adapter.")
    if recipe.activation_offloading and not recipe.gradient_checkpointing:
        raise UsageError(
            "activation_offloading moves what gradient_checkpointing keeps; set gradient_checkpointing=true too."
        )
    if recipe.replay_data and recipe.method != "cpt":
        raise UsageError(
            f"replay_data is mixed into the articles of cpt, and this run is {recipe.method}; leave it out."
        )
    if recipe.chat_template and recipe.method in ("pretrain", "cpt"):
        raise UsageError(
            f"chat_template says how conversations are written, and this run is {recipe.method}; leave it out."
        )
    if recipe.packing and recipe.method in ALIGNING:
        raise UsageError(
            f"packing puts examples into one sequence, and {recipe.method} compares whole answers; set packing=false."
        )
    if recipe.packing and recipe.method in REINFORCING:
        raise UsageError(
            f"packing puts rows into one sequence, and {recipe.method} writes answers of its own; set packing=false."
        )
    if recipe.method in REINFORCING:
        _refuse_reinforcement(recipe)
    if recipe.method == "distill":
        _refuse_distillation(recipe)
    if recipe.method == "prune":
        pruning.refuse(recipe)
    if recipe.loss_type != "sigmoid" and recipe.method != "dpo":
        raise UsageError(f"loss_type chooses among the losses of dpo, and this run is {recipe.method}; leave it out.")
    if recipe.method == "kto" and not recipe.desirable_weight + recipe.undesirable_weight:
        raise UsageError(
            "desirable_weight and undesirable_weight are both 0, so nothing would be learnt; raise one of them."
        )
    _check_weights(recipe.data_weights, len(recipe.data))
    if recipe.num_attention_heads % recipe.num_key_value_heads:
        raise UsageError("num_key_value_heads must divide num_attention_heads.")
