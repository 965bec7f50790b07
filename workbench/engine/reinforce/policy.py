"""What a model says of answers it has written, and the arithmetic that makes a step of it: ratios, clipping, KL.

Owns pure functions on tensors that every method with rollouts shares. Must not know rewards, batches of a trainer or
files. Tensors are rows × tokens unless it is said; whatever stands outside of a mask counts for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from trl.trainer import utils as stack

from workbench.engine.masks import IGNORED


@dataclass(frozen=True)
class Told:
    """What a policy says of the tokens of answers; rows × (tokens - 1), since the first token is never predicted."""

    log_probs: torch.Tensor
    """Of each token of an answer, in nats; 0 outside of answers."""
    entropy: torch.Tensor
    """Of the distribution each of them was drawn from, in nats, without a gradient; 0 outside of answers."""
    mask: torch.Tensor
    """1 for tokens of answers, else 0."""


def at_temperature(model: Any, temperature: float) -> None:
    """Let a model tell log-probabilities and entropy at a temperature: answers drawn at it are judged by it.

    The projection goes through the vocabulary in tiles, so that logits of a whole batch never exist, and only where a
    token is told of: the stack leaves prompts and padding out on cards alone, for the sake of devices that compile
    anew for every shape, and a CPU spends a fifth of a pass on them.
    """
    base = model.get_base_model() if hasattr(model, "peft_config") else model
    stack._use_triton = lambda device: True
    stack.add_fused_lm_head(base, temperature=temperature or 1.0, outputs=("log_probs", "entropy"))


def told(model: Any, batch: Mapping[str, torch.Tensor]) -> Told:
    """Return what a model says of a batch with `input_ids`, `labels` and `attention_mask`."""
    labels = batch["labels"]
    found = model(
        input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], labels=labels, use_cache=False,
        fused_lm_head=True,
    )  # fmt: skip
    mask = (labels[:, 1:] != IGNORED).to(found.log_probs.device)
    return Told(found.log_probs.float(), found.entropy.detach().float(), mask.float())


def total(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return the sum over the tokens of each row."""
    return (values * mask).sum(-1)


def mean(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return the mean over the tokens of each row, 0 for a row without any."""
    return total(values, mask) / mask.sum(-1).clamp(min=1)


def k1(log_probs: torch.Tensor, reference: torch.Tensor) -> torch.Tensor:
    """Return the plain estimate of the KL from the reference, per token: log π - log π_ref (Schulman 2020)."""
    return log_probs - reference


def k3(log_probs: torch.Tensor, reference: torch.Tensor) -> torch.Tensor:
    """Return the estimate of low variance, per token, never negative: π_ref/π - 1 - log(π_ref/π) (Schulman 2020).

    Its gradient is what GRPO adds to the loss (Shao et al. 2024, equation 4).
    """
    log_ratio = reference - log_probs
    return torch.expm1(log_ratio) - log_ratio


def clipped(
    log_ratio: torch.Tensor, advantages: torch.Tensor, low: float, high: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return (losses, 1 where clipping holds the policy back, else 0): -min(ρ·A, clip(ρ, 1 - low, 1 + high)·A).

    ρ is the exponential of `log_ratio`, the policy's log-probability less that of the policy which wrote the answer
    (Schulman et al. 2017, equation 7; two bounds as Yu et al. 2025 have them). `advantages` may be broadcast.
    """
    ratio = log_ratio.exp()
    plain, bounded = ratio * advantages, ratio.clamp(1 - low, 1 + high) * advantages
    outside = ((ratio < 1 - low) & (advantages < 0)) | ((ratio > 1 + high) & (advantages > 0))
    return -torch.minimum(plain, bounded), outside.float()
