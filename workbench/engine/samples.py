"""Texts the model writes for fixed prompts while it trains, and answers in general.

Owns greedy and sampled generation in the engine. Must not know what the answers are for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from workbench.engine.masks import document_end, stop_ids
from workbench.engine.thoughts import ForcedClosing, Thoughts, opened


@dataclass(frozen=True)
class Answer:
    """What a model wrote."""

    text: str
    tokens: int
    stopped: bool
    """Whether it ended by itself and not at the length limit."""
    ids: tuple[int, ...] = ()
    """Its tokens as they were drawn, the one it stopped with included."""


@contextmanager
def generating(model: Any) -> Iterator[None]:
    """Switch the model to inference for the length of a block."""
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        model.train(was_training)


def prompt_ids(tokenizer: Any, prompt: str, chat: bool) -> list[int]:
    """Return the tokens before an answer: a user turn through the chat template, or raw text to go on with."""
    if not chat:
        return list(tokenizer(prompt)["input_ids"])
    messages = [{"role": "user", "content": prompt}]
    text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def spoken(tokenizer: Any, prompt: Sequence[int], answer: Sequence[int], ends: Sequence[int]) -> str:
    """Return an answer as checks read it: without its end, with the tag of a thought that its prompt has opened."""
    kept = answer[:-1] if answer and answer[-1] in ends else answer
    return opened(tokenizer.decode(prompt[-8:])) + str(tokenizer.decode(kept, skip_special_tokens=True))


def stops(tokenizer: Any, model: Any) -> list[int]:
    """Return every id at which an answer ends: the model's own, the tokenizer's, and the end of a document."""
    ends = stop_ids(tokenizer, model.generation_config.eos_token_id) | {document_end(tokenizer)}
    return sorted(token for token in ends if token is not None)


def answers(
    model: Any,
    tokenizer: Any,
    prompts: Sequence[str],
    *,
    chat: bool,
    max_new_tokens: int,
    temperature: float = 0.0,
    seed: int | None = None,
    batch_size: int = 32,
    thinking_budget: int = 0,
) -> list[Answer]:
    """Return one answer per prompt, greedily when `temperature` is 0, in batches padded on the left.

    Where the template opens a thought, the answer has its tag before it, and one that is longer than the
    `thinking_budget` is closed by force; 0 sets no bound. A `seed` makes sampling repeatable and leaves the global
    generator as it was.
    """
    ends = stops(tokenizer, model)
    encoded = [prompt_ids(tokenizer, prompt, chat) for prompt in prompts]
    # Prompts of like length share a batch, so that little is padded.
    order = sorted(range(len(prompts)), key=lambda number: len(encoded[number]))
    results: dict[int, Answer] = {}
    sampling = (
        {"do_sample": True, "temperature": temperature, "top_k": 0, "top_p": 1.0}
        if temperature
        else {"do_sample": False}
    )
    with torch.random.fork_rng(enabled=seed is not None), generating(model):
        if seed is not None:
            torch.manual_seed(seed)
        for start in range(0, len(order), batch_size):
            numbers = order[start : start + batch_size]
            width = max(len(encoded[number]) for number in numbers)
            pad = tokenizer.pad_token_id
            ids = torch.tensor([[pad] * (width - len(encoded[n])) + encoded[n] for n in numbers], device=model.device)
            mask = torch.tensor(
                [[0] * (width - len(encoded[n])) + [1] * len(encoded[n]) for n in numbers], device=model.device
            )
            thoughts = Thoughts.of(tokenizer, encoded[numbers[0]], thinking_budget) if thinking_budget else None
            out = model.generate(
                input_ids=ids,
                attention_mask=mask,
                max_new_tokens=max_new_tokens,
                eos_token_id=ends,
                pad_token_id=pad,
                logits_processor=[ForcedClosing(thoughts, width)] if thoughts else None,
                **sampling,
            )
            for number, row in zip(numbers, out[:, width:].tolist(), strict=True):
                length = next((index for index, token in enumerate(row) if token in ends), len(row))
                text = spoken(tokenizer, encoded[number], row[:length], ends)
                results[number] = Answer(text, length, length < len(row), tuple(row[: length + 1]))
    return [results[number] for number in range(len(prompts))]
