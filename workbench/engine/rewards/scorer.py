"""A trained reward model as judge: its score of a whole conversation, as it was trained to give it.

Owns loading such a model and reading its scores. Must not know how it was trained or what its scores are for.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from workbench.core.rewards import Spec
from workbench.engine import load
from workbench.engine.chat_templates import tokenizer_of
from workbench.engine.load import Machine
from workbench.engine.masks import ChatEncoder
from workbench.engine.rendering import MaskError
from workbench.engine.rewards.completion import Completion, Judge, Outcome, unjudged
from workbench.engine.tokenizer import generation_eos, padding_for_scores
from workbench.runs import reward_models
from workbench.runs.bases import Base


class Scorer:
    """A reward model in memory. Not thread-safe."""

    def __init__(self, base: Base, where: Machine, batch: int) -> None:
        folder = base.model_dir
        self._tokenizer = tokenizer_of(folder, base.label, "reward")
        self._encoder = ChatEncoder(self._tokenizer, generation_eos(folder))
        self._pad, self._batch = padding_for_scores(self._tokenizer), batch
        model = load.load_model(
            folder, tuning=base.adapter_tuning or "full", where=where, for_training=False, scored=True
        )
        if base.adapter_dir is not None:
            from peft import PeftModel

            load.new_head(model, self._pad, 0)
            model = PeftModel.from_pretrained(model, base.adapter_dir, is_trainable=False, local_files_only=True)
        model.config.pad_token_id = model.config.get_text_config().pad_token_id = self._pad
        self._model = model.eval()
        self._longest = int(getattr(model.config.get_text_config(), "max_position_embeddings", 1 << 30))

    def ids(self, prompt: Sequence[Mapping[str, Any]], answer: str, tools: Any = None) -> list[int]:
        """Return the tokens that are scored: the conversation with the answer and its end, as in training.

        An answer without a word is scored, too: what a model says by silence must not go unjudged. Raises MaskError for
        a conversation that the chat template cannot write.
        """
        if answer.strip():
            whole = [*prompt, {"role": "assistant", "content": answer}]
            try:
                return self._encoder.trace(whole, tools).example.input_ids
            except MaskError:
                pass
        begun = self._encoder.trace_prompt(prompt, tools).example.input_ids
        return [*begun, self._tokenizer.eos_token_id]

    def scores(self, sequences: Sequence[Sequence[int]]) -> list[float]:
        """Return the score of each sequence of tokens, whatever stands beside it in a batch; none is longer than the
        model reads."""
        order = sorted(range(len(sequences)), key=lambda number: len(sequences[number]))
        found = [0.0] * len(sequences)
        for start in range(0, len(order), self._batch):
            numbers = order[start : start + self._batch]
            width = max(len(sequences[number]) for number in numbers)
            ids = torch.full((len(numbers), width), self._pad)
            mask = torch.zeros_like(ids)
            for place, number in enumerate(numbers):
                ids[place, : len(sequences[number])] = torch.tensor(sequences[number])
                mask[place, : len(sequences[number])] = 1
            device = self._model.device
            with torch.no_grad():
                logits = self._model(input_ids=ids.to(device), attention_mask=mask.to(device)).logits
            for number, score in zip(numbers, logits[:, 0].float().tolist(), strict=True):
                found[number] = score
        return found

    def judge(self, completions: Sequence[Completion]) -> list[Outcome]:
        """Return the score of each completion."""
        outcomes: list[Outcome] = [unjudged("it was not scored")] * len(completions)
        sequences: dict[int, list[int]] = {}
        for number, completion in enumerate(completions):
            try:
                ids = self.ids(completion.prompt, completion.text, completion.row.get("tools"))
            except MaskError as error:
                outcomes[number] = unjudged(f"the reward model cannot read it: {error}")
                continue
            if len(ids) > self._longest:
                outcomes[number] = unjudged(f"it has {len(ids)} tokens and the reward model reads {self._longest}")
            else:
                sequences[number] = ids
        for number, score in zip(sequences, self.scores(list(sequences.values())), strict=True):
            outcomes[number] = Outcome(score)
        return outcomes


def scoring(spec: Spec, held: contextlib.ExitStack) -> Judge:
    """Return the judge by a trained reward model, on the card where there is one.

    On a CPU it computes in full precision, unless its base was held in less while it was trained.
    """
    base = reward_models.find(str(spec.parameters["run"]))
    device = "cuda" if torch.cuda.is_available() else "cpu"
    less = load.fast_bf16(device) and (device == "cuda" or base.adapter_dtype == "bfloat16")
    return Scorer(base, Machine(device, less), int(spec.parameters["batch"])).judge
