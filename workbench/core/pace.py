"""How long a run takes and how much disk it needs, before anything has run.

Owns the table of cards and the arithmetic of operations and bytes. Must not know recipes' reasons or what fits.
"""

from __future__ import annotations

import dataclasses
import math
import os
from dataclasses import dataclass

from workbench.core import weights
from workbench.core.activations import families, table
from workbench.core.recipe import Recipe
from workbench.core.relevance import counts
from workbench.core.shape import Shape
from workbench.core.units import count

CARDS: dict[str, tuple[float, int]] = {
    "H200": (989, 141), "H100": (989, 80), "A100 80GB": (312, 80), "A100-SXM4-80GB": (312, 80), "A100": (312, 40),
    "L40S": (362, 48), "L40": (181, 48), "L4": (121, 24), "A10G": (70, 24), "A10": (125, 24), "A40": (150, 48),
    "RTX PRO 6000": (503, 96), "RTX 6000 Ada": (364, 48), "RTX A6000": (155, 48), "RTX A5000": (111, 24),
    "RTX A4000": (77, 16), "RTX 5090": (210, 32), "RTX 5080": (113, 16), "RTX 5070 Ti": (88, 16), "RTX 5070": (62, 12),
    "RTX 5060 Ti": (47, 16), "RTX 4090": (165, 24), "RTX 4080": (97, 16), "RTX 4070 Ti": (80, 12), "RTX 4070": (58, 12),
    "RTX 4060 Ti": (44, 16), "RTX 4060": (30, 8), "RTX 3090": (71, 24), "RTX 3080": (60, 10), "RTX 3070": (41, 8),
    "RTX 3060": (25, 12),
}  # fmt: skip
"""Part of a card's name → (its dense matrix arithmetic in bf16 with sums in fp32, in 10^12 operations a second; its
memory in GiB), from NVIDIA's data sheets and architecture papers. More special names come before those they contain."""
UTILISATION = 0.45
"""Share of that which training reaches without compiled kernels: assumed. Published, with compilation: 3,083 tokens a
second with LoRA on 8 B weights and an RTX 4090 (torchtune's README), which is 0.8."""
QLORA_PACE = 0.78
"""Pace of 4-bit weights against 16-bit ones: 2,413 of 3,083 tokens a second in the same place."""
HOST_LINK = 12e9
"""Bytes a second between pinned memory and a card, each way: three quarters of what PCIe 3.0 with 16 lanes, or 4.0 with
8, can carry (15.75e9); assumed for every card. Faster links make offloading cheaper than said."""
SPREAD = (0.6, 1.5)
"""Shortest and longest time as shares of the estimate."""
CORE = 25e9
"""Operations a second that training reaches on one core of a processor: assumed, in fp32 on vectors of 256 bits."""
SPREAD_OF_PROCESSORS = (0.3, 3.0)
"""The same as `SPREAD`: no more than the order of magnitude is known."""
LAYER_SECONDS = 8e-4
"""Seconds a layer takes for the next token of all answers that are written together, on any card: assumed. Without
compiled kernels that is the time to start them, and neither the arithmetic nor the memory of the card."""
_STARTING = 60.0
"""Seconds for imports, loading and preparation."""


@dataclass(frozen=True)
class Pace:
    """An estimate of a run's time, in hours; None where no card is known."""

    hours: float | None
    low: float | None
    high: float | None
    tokens_per_second: float | None
    why: str

    def after(self, hours: float) -> Pace:
        """Return the pace of a run that also writes answers for so many hours."""
        if not hours or self.hours is None or self.low is None or self.high is None:
            return self
        low, high = self.low / self.hours, self.high / self.hours
        whole = self.hours + hours
        why = f"{self.why.rstrip('.')}; {100 * hours / whole:.0f} % of the time answers are written."
        return dataclasses.replace(self, hours=whole, low=whole * low, high=whole * high, why=why)


def known(card: str) -> tuple[float, int]:
    """Return what `CARDS` has for a card of this name, (0.0, 0) when it has none."""
    return next((figures for name, figures in CARDS.items() if name.lower() in card.lower()), (0.0, 0))


def _operations(shape: Shape, tuning: str, checkpointing: bool, length: int) -> float:
    """Return the operations a trained token takes (Kaplan et al. 2020, section 2.1, with attention's own).

    Two per weight forwards, two for what the backward pass hands on, two for gradients of weights under `full`; the
    forward pass again with checkpointing. Of experts, those that a token goes through.
    """
    known = shape.model_type in families()
    if known:
        counted = weights.count(shape, table(shape.model_type), scored=False)
        active = counted.total - counted.embedding
        if shape.experts:
            one = 3 * shape.hidden * shape.expert_intermediate
            sparse = shape.layers - shape.dense_layers
            active -= one * sparse * max(shape.experts - shape.experts_per_token, 0)
    else:
        active = shape.parameters or 12 * shape.layers * shape.hidden**2
    passes = 1 + 1 + (tuning == "full") + checkpointing
    attention = 2 * shape.layers * shape.heads * shape.head_dim * length
    return passes * (2.0 * max(active, 0) + attention)


def pace(
    shape: Shape, tuning: str, checkpointing: bool, length: int, tokens: float, card: str, offloading: bool = False
) -> Pace:
    """Return how long `tokens` trained tokens take on a card of this name, on this machine's processor without one.

    With `offloading` a hidden state per layer goes to the host's memory and back, while nothing is computed.
    """
    if not card:
        return _on_processor(tokens, _operations(shape, tuning, checkpointing, length))
    peak, _ = known(card)
    if not peak:
        why = f"The time is not known before the first steps: nothing is known of {card}; name one with --gpu."
        return Pace(None, None, None, None, why)
    speed = peak * 1e12 * UTILISATION / _operations(shape, tuning, checkpointing, length)
    speed *= QLORA_PACE if tuning == "qlora" else 1.0
    if offloading:
        speed = 1 / (1 / speed + 2 * shape.layers * shape.hidden * (4 if tuning == "full" else 2) / HOST_LINK)
    seconds = _STARTING + tokens / speed
    hours = seconds / 3600
    return Pace(
        hours, hours * SPREAD[0], hours * SPREAD[1], speed,
        f"{count(speed)} tokens a second, if training reaches {100 * UTILISATION:.0f} % of the card's arithmetic; "
        "the first steps will tell.",
    )  # fmt: skip


def writing(shape: Shape, answers: int, at_once: int, tokens: float, card: str) -> float:
    """Return the hours in which so many answers of so many tokens each are written, `at_once` of them together."""
    batches = math.ceil(answers / max(at_once, 1))
    if card:
        return batches * tokens * shape.layers * LAYER_SECONDS / 3600
    cores = os.cpu_count() or 1
    return answers * tokens * 2.0 * (shape.parameters or 12 * shape.layers * shape.hidden**2) / (cores * CORE) / 3600


def _on_processor(tokens: float, operations: float) -> Pace:
    """Return about how long so many tokens of so many operations each take on the processor of this machine."""
    cores = os.cpu_count() or 1
    speed = cores * CORE / operations
    hours = (_STARTING + tokens / speed) / 3600
    low, high = SPREAD_OF_PROCESSORS
    figure = count(speed) if speed >= 10 else f"{speed:.2g}"
    why = f"about {figure} tokens a second on {cores} cores, a guess at the order of magnitude; --dry-run measures it."
    return Pace(hours, hours * low, hours * high, speed, why)


def checkpoints_at_once(recipe: Recipe) -> int:
    """Return how many checkpoints are on the disk at most: the newest, the best by held-out rows, one being written."""
    keeps_best = recipe.eval_split > 0 and counts("load_best_model_at_end", recipe.method)
    return recipe.save_total_limit + keeps_best + 1


def on_disk(recipe: Recipe) -> str:
    """Return what a run takes its disk for."""
    if counts("prune_layers", recipe.method):
        return "checkpoints, the cut model, the result and what the whole one says"
    teacher = counts("teacher_top_k", recipe.method)
    return "checkpoints, the result and what the teacher says" if teacher else "checkpoints and the result"


def disk_bytes(total: int, trainable: int, tuning: str, checkpoints: int) -> int:
    """Return the bytes a run writes at most: `checkpoints` at once, and the result.

    `total` parameters in the model, `trainable` of them or of its adapter. A checkpoint holds the trained weights in
    fp32 with AdamW's two moments; the result the trained weights, a full one in 16 bits.
    """
    each = 4 * trainable + 8 * trainable
    result = 2 * total if tuning == "full" else 4 * trainable
    return math.ceil(checkpoints * each + result)
