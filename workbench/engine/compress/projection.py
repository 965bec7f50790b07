"""From hidden states to logits, as the model's own head has them.

Owns the scale and the cap that some families put behind the projection. Must not know what the logits are for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

_SCALES = ("logit_scale", "output_multiplier", "lm_head_multiplier")
"""Names under which configurations have what logits are multiplied by."""


def _scale(config: Any) -> float:
    """Return what a family multiplies its logits by."""
    for name in _SCALES:
        if getattr(config, name, None) is not None:
            return float(getattr(config, name))
    divisor = getattr(config, "logits_scaling", None)
    if divisor is None:
        return 1.0
    return float(divisor) if config.model_type == "hyperclovax" else 1 / float(divisor)


def projection(model: Any, words: int) -> Callable[[torch.Tensor], torch.Tensor]:
    """Return the function from N × D hidden states to N × `words` logits, of a language model or one with an adapter.

    A head may have more rows than there are words, to fill up its tiles; those beyond `words` are left out.
    """
    config = model.config.get_text_config()
    scale, cap = _scale(config), getattr(config, "final_logit_softcapping", None)
    head = model.get_output_embeddings()

    def project(hidden: torch.Tensor) -> torch.Tensor:
        logits = head(hidden)[..., :words].float() * scale
        return torch.tanh(logits / cap) * cap if cap else logits

    return project
