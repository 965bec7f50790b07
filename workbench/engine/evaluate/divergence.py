"""How far a model has moved from the one it was trained from, told by its own answers.

Owns one figure. Must not know exams, nor how either model was trained.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from workbench.engine.samples import Answer, prompt_ids


@torch.no_grad()
def kl(
    model: Any,
    reference: Any,
    tokenizer: Any,
    prompts: Sequence[str],
    answers: Sequence[Answer],
    batch_size: int = 32,
) -> float:
    """Return KL(model || reference) in nats per answer, estimated on chat answers drawn from `model` at temperature 1.

    Each token's share is the divergence of the two whole distributions after the tokens before it, which varies less
    than the log-ratio of the token drawn and has the same mean (Amini et al. 2025, "Better Estimation of the KL
    Divergence Between Language Models", the Rao-Blackwellised estimator).
    """
    begins = [prompt_ids(tokenizer, prompt, chat=True) for prompt in prompts]
    texts = [[*begin, *answer.ids] for begin, answer in zip(begins, answers, strict=True)]
    # Answers of like length share a batch, so that little is padded.
    order = sorted(range(len(texts)), key=lambda number: len(texts[number]))
    total = 0.0
    for start in range(0, len(order), batch_size):
        numbers = order[start : start + batch_size]
        width = len(texts[numbers[-1]])
        ids = torch.full((len(numbers), width), tokenizer.pad_token_id)
        there = torch.zeros(len(numbers), width, dtype=torch.bool)
        answered = torch.zeros(len(numbers), width, dtype=torch.bool)
        for row, number in enumerate(numbers):
            ids[row, : len(texts[number])] = torch.tensor(texts[number])
            there[row, : len(texts[number])] = True
            answered[row, len(begins[number]) : len(texts[number])] = True
        batch = {"input_ids": ids.to(model.device), "attention_mask": there.to(model.device).long()}
        now, before = (
            torch.log_softmax(one(**batch, use_cache=False).logits[:, :-1][answered[:, 1:]].float(), dim=-1)
            for one in (model, reference)
        )
        total += float((now.exp() * (now - before)).sum())
    return total / max(len(answers), 1)
