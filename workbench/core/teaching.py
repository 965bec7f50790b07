"""What a teacher costs: in memory while it is asked, in a step that compares with it, and on the disk.

Owns that arithmetic, in bytes. Must not know recipes, or how a teacher is asked.
"""

from __future__ import annotations

from workbench.core.shape import Shape

TILE, COPIES = 1 << 25, 6
"""Largest tile of logits that are compared with a teacher's, as numbers, and how many of its size exist at once: it,
its softened form, two that the divergence keeps and two gradients."""
ASKING_SHARE = 0.1
"""Activations of a teacher that is asked about 4096 tokens at once, over its weights: assumed."""


def writes_only(reference: str) -> bool:
    """Return whether a teacher is a GGUF file, which writes answers and tells no probabilities to be kept."""
    return reference.endswith(".gguf")


def token_bytes(top_k: int, words: int) -> int:
    """Return the bytes that a run keeps of what a teacher says of a token: of `top_k` words of a vocabulary of so many,
    0 for all of them. Log-probabilities take two bytes, the number of a word four, and the rest is one more of them.
    """
    return 2 * (top_k + 1) + 4 * top_k if 0 < top_k < words else 2 * words


def _tile(words: int, tokens: float) -> float:
    """Return what comparing tokens with a teacher takes: some copies of a tile of logits, in fp32."""
    return COPIES * 4 * min(max(TILE, words), tokens * words)


def compared(shape: Shape, top_k: int, tokens: float) -> tuple[float, float]:
    """Return (what a batch brings of its teacher with the hidden states it is compared with, tiles of logits)."""
    kept = token_bytes(top_k, shape.vocabulary)
    return tokens * (kept + 2 * 4 * shape.hidden), _tile(shape.vocabulary, tokens)


def asking(shape: Shape, teacher: int, length: int) -> dict[str, float]:
    """Return part → bytes while a teacher of so many bytes is asked, before the base is loaded.

    Of each example, of up to `length` tokens, the logits are computed by themselves.
    """
    return {"teacher": teacher, "workspace": ASKING_SHARE * teacher, "logits": _tile(shape.vocabulary, length)}
