"""A reward model that was trained on the very base that is being trained: one more adapter on it, and no second base.

Owns when that is so, and the scores it gives. Must not know what becomes of them.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file

from workbench.core.rewards import Spec, parse
from workbench.engine import chat_templates
from workbench.engine.adapters import at_work, trunk
from workbench.engine.load import HEAD
from workbench.engine.masks import ChatEncoder
from workbench.engine.rendering import MaskError
from workbench.engine.rewards import Completion
from workbench.engine.session import Attempt
from workbench.engine.thoughts import OPENER
from workbench.runs import reward_models
from workbench.runs.bases import Base, read_json

Looked = Callable[[Mapping[str, torch.Tensor], Callable[[dict[str, torch.Tensor]], torch.Tensor]], list[torch.Tensor]]

ADAPTER = "reward"
_READ_BY = ("tokenizer.json", "tokenizer_config.json")
"""What decides, beside the chat template, which tokens a conversation becomes."""


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


def _template(folder: Path) -> str:
    """Return the chat template of a model as it writes whole conversations, of which an opened thought is no part."""
    file = folder / chat_templates.FILE
    if file.is_file():
        return file.read_text(encoding="utf-8").removesuffix(OPENER)
    config = folder / "tokenizer_config.json"
    return str(read_json(config).get("chat_template") or "") if config.is_file() else ""


def _weights(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("*.safetensors")}


def stems_from(judge: Base, folder: Path, tuning: str) -> bool:
    """Return whether a reward model is an adapter on the weights in `folder`, held as `tuning` holds them.

    An adapter that was trained over 4-bit weights corrects their errors and belongs to no others.
    """
    if judge.adapter_dir is None or judge.adapter_tuning != tuning:
        return False
    if read_json(judge.adapter_dir / "adapter_config.json").get("trainable_token_indices"):
        return False
    theirs = judge.model_dir
    if theirs.resolve() == folder.resolve():
        return True
    names = _weights(theirs)
    if names != _weights(folder) or _template(theirs) != _template(folder):
        return False
    return all(_same(theirs / name, folder / name) for name in (*_READ_BY, *names))


def wanted(attempt: Attempt, folder: Path) -> tuple[Path | None, tuple[Spec, ...]]:
    """Return how the reward model of a run is held: (its adapter, ()) on the base in `folder`, or (None, a reward).

    Neither without a reward model. Raises UsageError for a reference that names none.
    """
    reference = attempt.recipe.reward_model
    if not reference:
        return None, ()
    judge = reward_models.find(reference)
    if stems_from(judge, folder, attempt.recipe.tuning):
        return judge.adapter_dir, ()
    attempt.reporter.notice(
        "info",
        "reward_model_beside",
        "The reward model is held in memory beside the base, since it is no adapter that was trained on the very same "
        "weights with the same tuning.",
    )
    return None, (parse(f"model(run={json.dumps(reference)})"),)


class SharedReward:
    """The scores of such a reward model, given by the model that is being trained with another adapter at work."""

    def __init__(self, model: Any, adapter: Path, encoder: ChatEncoder, end: int) -> None:
        """Put the adapter of a reward model onto the base of `model`; it is read and not trained. `end` is the token
        that ends an answer.
        """
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
        self._model, self._encoder, self._end = model, encoder, end

    def _ids(self, completion: Completion) -> list[int]:
        """Return the tokens that are scored, the end of the answer included; an answer without a word is an end."""
        tools = completion.row.get("tools")
        if completion.text.strip():
            whole = [*completion.prompt, {"role": "assistant", "content": completion.text}]
            with contextlib.suppress(MaskError):
                return self._encoder.trace(whole, tools).example.input_ids
        return [*self._encoder.trace_prompt(completion.prompt, tools).example.input_ids, self._end]

    def score(self, completions: Sequence[Completion], looked: Looked) -> NDArray[np.float64]:
        """Return the score of each completion; `looked` takes a batch through a function without a gradient, in pieces
        that fit the memory.
        """
        rows = [self._ids(completion) for completion in completions]
        order = sorted(range(len(rows)), key=lambda number: len(rows[number]))
        width = max(map(len, rows))
        padded = [[*rows[number], *[self._end] * (width - len(rows[number]))] for number in order]
        lengths = torch.tensor([len(rows[number]) for number in order])
        batch = {"input_ids": torch.tensor(padded), "attention_mask": (torch.arange(width) < lengths[:, None]).long()}
        was_training = self._model.training
        self._model.eval()
        with at_work(self._model, ADAPTER):
            scores = torch.cat(looked(batch, self._scored))
        self._model.train(was_training)
        found = np.zeros(len(rows))
        found[order] = scores.cpu().numpy()
        return found

    def _scored(self, part: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return the scores at the last tokens of a batch's sequences."""
        hidden = trunk(self._model)(**part, use_cache=False).last_hidden_state
        last = part["attention_mask"].sum(1) - 1
        with torch.autocast(hidden.device.type, enabled=False):
            return (hidden[torch.arange(len(last), device=last.device), last].float() @ self._head.T)[:, 0]
