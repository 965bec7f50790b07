"""A reward model that was trained on the very base that is being trained: one more adapter on it, and no second base.

Owns when that is so, and the scores it gives. Must not know what becomes of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file

from workbench.core.recipe import Recipe
from workbench.engine.adapters import at_work, trunk
from workbench.engine.load import HEAD
from workbench.engine.masks import ChatEncoder
from workbench.runs.bases import Base

ADAPTER = "reward"
_READ_BY = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja")
"""What decides which tokens a conversation becomes."""


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _same(one: Path, other: Path) -> bool:
    """Return whether two files have the same bytes, or neither is there."""
    if not (one.is_file() and other.is_file()):
        return one.is_file() == other.is_file()
    if one.samefile(other):
        return True
    return one.stat().st_size == other.stat().st_size and _digest(one) == _digest(other)


def _weights(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("*.safetensors")}


def stems_from(judge: Base, judged_by: Recipe, folder: Path, recipe: Recipe) -> bool:
    """Return whether a reward model is an adapter on the weights in `folder`, held as `recipe` holds them.

    `judged_by` is the recipe of the reward model. An adapter that was trained over 4-bit weights corrects their errors
    and belongs to no others.
    """
    if judge.adapter_dir is None or judged_by.tuning != recipe.tuning or judged_by.trainable_token_indices:
        return False
    theirs = judge.model_dir
    if theirs.resolve() == folder.resolve():
        return True
    names = _weights(theirs)
    return names == _weights(folder) and all(_same(theirs / name, folder / name) for name in (*_READ_BY, *names))


class SharedReward:
    """The scores of such a reward model, given by the model that is being trained with another adapter at work."""

    def __init__(self, model: Any, adapter: Path, encoder: ChatEncoder, max_length: int, pad: int) -> None:
        """Put the adapter of a reward model onto the base of `model`; it is read and not trained."""
        from peft import LoraConfig, set_peft_model_state_dict

        config = LoraConfig.from_pretrained(str(adapter))
        # Its head is no part of a language model, so that it is kept here.
        config.task_type, config.modules_to_save = "CAUSAL_LM", None
        stored = load_file(adapter / "adapter_model.safetensors")
        self._head = next(stored.pop(name) for name in list(stored) if name.endswith(f"{HEAD}.weight"))
        self._head = self._head.float().to(model.device)
        model.add_adapter(ADAPTER, config)
        set_peft_model_state_dict(model, stored, adapter_name=ADAPTER)
        for name, parameter in model.named_parameters():
            if f".{ADAPTER}." in name:
                parameter.requires_grad_(False)
        self._model, self._encoder, self._max_length, self._pad = model, encoder, max_length, pad

    def _ids(self, conversation: Sequence[Mapping[str, Any]]) -> list[int]:
        return self._encoder.encode(conversation, self._max_length).input_ids

    def score(self, conversations: Sequence[Sequence[Mapping[str, Any]]], batch: int) -> NDArray[np.float64]:
        """Return the score of each conversation, which ends with the answer; `batch` pass through at once."""
        rows = [self._ids(conversation) for conversation in conversations]
        found = np.zeros(len(rows))
        order = sorted(range(len(rows)), key=lambda number: len(rows[number]))
        was_training = self._model.training
        self._model.eval()
        with torch.no_grad(), at_work(self._model, ADAPTER):
            for start in range(0, len(order), batch):
                numbers = order[start : start + batch]
                found[numbers] = self._scored([rows[number] for number in numbers])
        self._model.train(was_training)
        return found

    def _scored(self, rows: Sequence[Sequence[int]]) -> list[float]:
        """Return the scores at the last tokens of sequences."""
        lengths = torch.tensor([len(row) for row in rows], device=self._model.device)
        width = int(lengths.max())
        ids = torch.tensor([[*row, *[self._pad] * (width - len(row))] for row in rows], device=lengths.device)
        mask = (torch.arange(width, device=lengths.device) < lengths[:, None]).long()
        hidden = trunk(self._model)(input_ids=ids, attention_mask=mask, use_cache=False).last_hidden_state
        last = hidden[torch.arange(len(rows), device=lengths.device), lengths - 1]
        scores: list[float] = (last.float() @ self._head.T)[:, 0].tolist()
        return scores
