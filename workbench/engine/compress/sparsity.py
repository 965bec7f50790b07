"""Single weights that are zero: which ones become it, and how they stay it while the others are trained.

Owns both. Must not know layers or files. Nothing gets smaller or faster by such zeros: files store them and kernels
multiply them like any other number.
"""

from __future__ import annotations

from typing import Any

import torch

from workbench.core.pruning import GROUPS
from workbench.engine.adapters import trunk
from workbench.engine.compress.measuring import LINEARS


def zeroed(weight: torch.Tensor, squares: torch.Tensor | None, share: float, pattern: str) -> torch.Tensor:
    """Return a matrix of outputs × inputs with its least weights set to zero, in its own type.

    By size alone and over the whole matrix without `squares`, the mean square of each input; with them by size times
    the input's norm and in each row by itself (Sun et al. 2024, Wanda). A pattern counts in groups along a row; inputs
    that fill no whole group are left as they are.
    """
    score = weight.float().abs()
    if squares is not None:
        score = score * squares.float().sqrt()
    zeros, of = GROUPS[pattern]
    gone = torch.zeros_like(score, dtype=torch.bool)
    if of:
        whole = score.shape[1] // of * of
        grouped = score[:, :whole].reshape(len(score), -1, of)
        least = grouped.topk(zeros, dim=-1, largest=False).indices
        marks = torch.zeros_like(grouped, dtype=torch.bool).scatter_(-1, least, True)
        gone[:, :whole] = marks.view(len(score), whole)
    elif squares is not None:
        least = score.topk(round(share * score.shape[1]), dim=-1, largest=False).indices
        gone.scatter_(-1, least, True)
    else:
        # On the processor and by sorting, since the largest matrices are too large for the stack's quantiles.
        order = score.flatten().argsort()
        gone.view(-1)[order[: round(share * score.numel())]] = True
    return weight.masked_fill(gone, 0)


def keep_zeros(model: Any) -> None:
    """Let the zeros in the linear layers of a model's decoder layers get no gradient, each time one is accumulated.

    AdamW moves a weight without gradients and momentum by nothing, and decay leaves a zero zero, so that no mask has to
    be kept in memory; an optimiser that mixes the gradients of a matrix would move it.
    """

    def spare(parameter: torch.Tensor) -> None:
        assert parameter.grad is not None, "it was accumulated just now"
        parameter.grad.masked_fill_(parameter == 0, 0)

    for name, parameter in trunk(model).layers.named_parameters():
        if parameter.requires_grad and any(name.endswith(f"{part}.weight") for part in LINEARS):
            parameter.register_post_accumulate_grad_hook(spare)
