"""How far a student is from its teacher, token by token, and the loss that makes of it.

Owns pure functions on tensors. Must not know files, trainers or where either distribution comes from. Shapes are N
tokens × V words of a vocabulary, of which a teacher may have told K words and the rest of its mass as one more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch.utils.checkpoint import checkpoint

from workbench.core.teaching import TILE


def softened(logits: torch.Tensor, temperature: float, ids: torch.Tensor | None) -> torch.Tensor:
    """Return log-probabilities of N × V logits at a temperature, in fp32: of all words, or of K words and the rest.

    `ids` are the N × K words that are told; the result is N × (K + 1) then, the mass of every other word last.
    """
    scaled = logits.float() / temperature
    if ids is None:
        return scaled.log_softmax(-1)
    # The rest is summed up by itself: one minus the others would round to nothing where a model is sure.
    rest = scaled.scatter(-1, ids, -torch.inf).logsumexp(-1, keepdim=True)
    return torch.cat([scaled.gather(-1, ids), rest], -1) - scaled.logsumexp(-1, keepdim=True)


def forward_kl(student: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    """Return KL(teacher ‖ student) per token, in nats, of log-probabilities (Hinton et al. 2015)."""
    return (teacher.exp() * (teacher - student)).sum(-1)


def reverse_kl(student: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    """Return KL(student ‖ teacher) per token, in nats, of log-probabilities (Gu et al. 2024, MiniLLM)."""
    return forward_kl(teacher, student)


def jsd(student: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    """Return the Jensen-Shannon divergence per token, at most log 2 nats (Lin 1991; Agarwal et al. 2024 with β = ½)."""
    middle = torch.logaddexp(student, teacher) - torch.tensor(2.0).log().item()
    return (forward_kl(middle, teacher) + forward_kl(middle, student)) / 2


DIVERGENCES: Mapping[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "forward": forward_kl, "reverse": reverse_kl, "jsd": jsd,
}  # fmt: skip


def compared(
    logits: torch.Tensor, teacher: torch.Tensor, ids: torch.Tensor | None, kind: str, temperature: float
) -> torch.Tensor:
    """Return N × 3: the divergence times temperature², the KL from the teacher in nats, and 1 where both would say the
    same word, else 0; only the first has a gradient.

    `teacher` has its log-probabilities at that temperature, with `ids` as in `softened`, the likeliest first. Gradients
    of softened logits are smaller by temperature², which the factor makes up for (Hinton et al. 2015, section 2).
    """
    # Stored in half precision they do not quite add up to one.
    teacher = teacher.float().log_softmax(-1)
    student = softened(logits, temperature, ids)
    loss = DIVERGENCES[kind](student, teacher) * temperature**2
    with torch.no_grad():
        said = teacher.argmax(-1) if ids is None else ids[:, 0]
        same = (logits.argmax(-1) == said).float()
        kl = forward_kl(student, teacher)
    return torch.stack([loss, kl, same], -1)


def in_tiles(
    hidden: torch.Tensor, teacher: torch.Tensor, ids: torch.Tensor | None,
    project: Callable[[torch.Tensor], torch.Tensor], words: int, kind: str, temperature: float,
) -> torch.Tensor:  # fmt: skip
    """Return what `compared` says of N × D hidden states, projected to `words` logits a tile at a time.

    A backward pass computes each tile anew, so that logits of a whole batch never exist.
    """

    def tile(part: torch.Tensor, told: torch.Tensor, named: torch.Tensor | None) -> torch.Tensor:
        return compared(project(part), told, None if named is None else named.long(), kind, temperature)

    size = max(1, TILE // words)
    found = []
    for start in range(0, len(hidden), size):
        cut = slice(start, start + size)
        parts = hidden[cut], teacher[cut], None if ids is None else ids[cut]
        found.append(checkpoint(tile, *parts, use_reentrant=False) if torch.is_grad_enabled() else tile(*parts))
    return torch.cat(found) if found else hidden.new_zeros((0, 3), dtype=torch.float32)
