"""The tokenizer of a model folder, without the model.

Owns what makes a tokenizer fit for training. Must not import torch, so that looking at tokens stays cheap.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from transformers import AutoTokenizer
from transformers.utils import logging

from workbench.core.errors import WorkbenchError

logging.set_verbosity_error()

_REMEMBERED_WORDS = 1 << 18
"""Words whose tokens the tokenizer keeps; some 30 MB when all are taken."""


def brief(error: BaseException) -> str:
    """Return the type and the first words of an error from a library."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"


def load_tokenizer(folder: Path) -> Any:
    """Return the tokenizer of a model folder; raises WorkbenchError when it cannot be used for training."""
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:
        raise WorkbenchError(
            f"The tokenizer in {folder} cannot be loaded ({brief(error)}); copy the model again."
        ) from None
    if not tokenizer.is_fast:
        raise WorkbenchError(f"The tokenizer in {folder} has no tokenizer.json; save it once with a fast tokenizer.")
    if tokenizer.pad_token_id is None:
        # Padding is masked everywhere, so any token serves; the embedding must not be resized for it.
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.convert_ids_to_tokens(0)
    # The library remembers the tokens of 10,000 words and then no more, fewer than a corpus has: a tenth slower.
    if hasattr(tokenizer.backend_tokenizer.model, "_resize_cache"):
        tokenizer.backend_tokenizer.model._resize_cache(_REMEMBERED_WORDS)
    return tokenizer


def padding_for_scores(tokenizer: Any) -> int:
    """Return a token to fill batches with that ends no answer, for models that give their score at the last token.

    The stack looks for the last token that is no padding, and whoever loads an adapter may know of no padding.
    """
    usual = int(tokenizer.pad_token_id)
    others = (tokenizer.bos_token_id, tokenizer.unk_token_id, 0, 1)
    if usual != tokenizer.eos_token_id:
        return usual
    return int(next(token for token in others if token is not None and token != usual))


def generation_eos(folder: Path) -> int | list[int] | None:
    """Return the stop ids of the folder's generation configuration, or None without one."""
    file = folder / "generation_config.json"
    return json.loads(file.read_text(encoding="utf-8")).get("eos_token_id") if file.is_file() else None
