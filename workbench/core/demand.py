"""What a run asks of a card: the few values of a recipe that its memory follows from, and how methods differ in them.

Owns `Demand` and the table of methods. Must not know models or bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workbench.core.errors import UsageError
from workbench.core.fields import closest
from workbench.core.losses import own_answers
from workbench.core.recipe import OPTIMISERS, REINFORCING, TUNINGS, beta_of


@dataclass(frozen=True)
class Method:
    """How the step of a method differs from that of supervised fine-tuning."""

    rows: int = 1
    """Sequences per row of the batch: two where a chosen and a rejected answer go through together."""
    looks: int = 0
    """Sequences per row that go through without a gradient, once per run or epoch: a third of the work each. A critic's
    pass there and back counts as three, and so does its look before as one."""
    head: str = "fused"
    """fused (no logits exist) or score."""
    generates: bool = False
    """Whether the model writes its own answers between the steps."""
    teacher: bool = False
    """Whether a larger model is asked about every token before the base is loaded, and a step compares with that."""
    cuts: bool = False
    """Whether a smaller base is made of the whole one before, and kept."""
    critic: bool = False
    """Whether a critic is trained beside the model: a second adapter, or a head on what full tuning trains."""


METHODS = {
    "pretrain": Method(),
    "cpt": Method(),
    "sft": Method(),
    "dpo": Method(rows=2, looks=2),
    "kto": Method(looks=3),
    "orpo": Method(rows=2),
    "reward": Method(rows=2, head="score"),
    "grpo": Method(generates=True),
    "ppo": Method(looks=4, generates=True, critic=True),
    "distill": Method(teacher=True),
    "prune": Method(teacher=True, cuts=True),
}


@dataclass(frozen=True)
class Demand:
    """What a run asks of the card: the fields of a recipe that memory follows from."""

    method: str = "sft"
    tuning: str = "lora"
    batch: int = 1
    """Rows per forward pass."""
    length: int = 1024
    """Tokens of the longest sequence."""
    packing: bool = False
    checkpointing: bool = False
    offloading: bool = False
    """Whether what checkpointing keeps waits in the host's memory; says nothing without checkpointing."""
    accumulation: int = 1
    rank: int = 16
    targets: tuple[str, ...] = ("all-linear",)
    dropout: float = 0.0
    optimiser: str = "adamw"
    precision: str = "bf16"
    token_rows: bool = False
    """Whether single rows of the embedding are trained beside an adapter."""
    completion: int = 256
    """Tokens the model writes per answer, for methods that generate."""
    written: int = 0
    """Answers written at once, for methods that generate; 0 for those of a whole step."""
    told: int = 0
    """Numbers that are kept of what a teacher says of a token, for methods that have one; 0 for one of each word."""
    judged: bool = False
    """Whether the student of a teacher writes answers of its own, which the teacher beside it in memory judges."""
    reference: bool = False
    """Whether a frozen model looks at the same batch, as in grpo with a beta above 0: the base without its adapter, or
    a copy under full tuning. What dpo and kto compare with is computed before training."""

    def __post_init__(self) -> None:
        """Refuse a method or tuning nothing is known of."""
        if self.method not in METHODS:
            raise UsageError(f"No memory estimate for the method {self.method!r}; {closest(self.method, METHODS)}.")
        for name, value, known in (("tuning", self.tuning, TUNINGS), ("optim", self.optimiser, OPTIMISERS)):
            if value not in known:
                raise UsageError(f"{name} cannot be {value!r}; {closest(value, known)}.")

    @property
    def sequences(self) -> int:
        """Sequences that go through the model together."""
        return self.batch * METHODS[self.method].rows


def named_layers(targets: tuple[str, ...]) -> tuple[str, ...]:
    """Return the layers that targets name, () where they are parts of paths or an expression: all linear ones then."""
    return targets if all(name.replace("_", "").replace("-", "").isalnum() for name in targets) else ()


def _writing(recipe: Any) -> dict[str, Any]:
    """Return what answers ask for that the model writes itself, and the base it is held to."""
    step = recipe.per_device_train_batch_size * recipe.gradient_accumulation_steps
    return {
        "completion": recipe.max_completion_length,
        "written": min(recipe.generation_batch_size or step, step),
        "reference": bool(beta_of(recipe)),
    }


def demand_of(recipe: Any, **more: Any) -> Demand:
    """Return the demand of a recipe, of which only the fields named here are looked at; `more` overrides or adds.

    `precision` auto is taken for bf16, which every card since 2020 computes in.
    """
    return Demand(
        **{
            "method": recipe.method,
            "tuning": recipe.tuning,
            "batch": recipe.per_device_train_batch_size,
            "length": recipe.max_length,
            "packing": recipe.packing,
            "checkpointing": recipe.gradient_checkpointing,
            "offloading": recipe.activation_offloading,
            "accumulation": recipe.gradient_accumulation_steps,
            "rank": recipe.lora_r,
            "targets": named_layers(recipe.target_modules) or ("all-linear",),
            "dropout": recipe.lora_dropout,
            "optimiser": recipe.optim,
            "precision": "fp32" if recipe.precision == "fp32" else "bf16",
            "token_rows": bool(recipe.trainable_token_indices) and recipe.tuning != "full",
            **({"told": recipe.teacher_top_k} if METHODS[recipe.method].teacher else {}),
            **({"judged": True} if own_answers(recipe) else {}),
            **(_writing(recipe) if recipe.method in REINFORCING or own_answers(recipe) else {}),
            **more,
        }
    )
