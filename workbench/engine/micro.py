"""The pieces of a batch that pass through the model one after the other, and what a repeated step begins with.

Owns how a batch is cut so that its pieces give the same loss and gradient together, and the state a step starts from.
Must not know when memory runs out or what is tried then.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch

from workbench.engine.masks import IGNORED


def pieces(batch: Mapping[str, torch.Tensor], size: int) -> Iterator[dict[str, torch.Tensor]]:
    """Yield a batch of rows × tokens, or of rows × answers × tokens, in pieces of at most `size` rows.

    A piece ends with its longest row, by the attention mask, so that it is what a batch of these rows alone would be.
    Without a mask it ends with the last token that is learnt: a causal model predicts nothing from what follows.
    """
    rows = len(batch["input_ids"])
    if rows <= size:
        yield dict(batch)
        return
    for start in range(0, rows, size):
        part = {name: tensor[start : start + size] for name, tensor in batch.items()}
        kept = part["attention_mask"] if "attention_mask" in part else part["labels"] != IGNORED
        columns = kept.flatten(0, -2).any(0).nonzero()
        # Two at least: the first token is never predicted.
        width = max(2, int(columns[-1]) + 1) if len(columns) else 2
        of_tokens = part["input_ids"].shape
        yield {
            name: tensor[..., :width].contiguous() if tensor.shape == of_tokens else tensor
            for name, tensor in part.items()
        }


@dataclass(frozen=True)
class Beginning:
    """What the passes of a step change, the gradient aside, as it was before the first of them."""

    cpu: torch.Tensor
    cuda: torch.Tensor | None
    loss: torch.Tensor
    """The loss that no log entry has told yet."""

    @classmethod
    def of(cls, loss: torch.Tensor) -> Beginning:
        """Return the beginning of a step that is about to be taken."""
        cuda = torch.cuda.get_rng_state() if torch.cuda.is_available() else None
        return cls(torch.get_rng_state(), cuda, loss.clone())

    def restore(self, loss: torch.Tensor) -> None:
        """Put the random generators and the loss back."""
        torch.set_rng_state(self.cpu)
        if self.cuda is not None:
            torch.cuda.set_rng_state(self.cuda)
        loss.copy_(self.loss)


_SAID = ("out of memory", "can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED")
"""What errors say that are no OutOfMemoryError: of the driver, of mps, of a CPU's allocator, of cuBLAS for its own."""


def ran_out(error: RuntimeError) -> bool:
    """Return whether an error says that memory ran out."""
    return isinstance(error, torch.OutOfMemoryError) or any(words in str(error) for words in _SAID)


def free() -> None:
    """Give back the memory that a failed pass has left behind."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
