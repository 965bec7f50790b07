"""Answers: greedy ones are those of a plain loop, batches change nothing, and a stop is told from a length limit."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from workbench.core.paths import assets_dir
from workbench.engine import load, samples
from workbench.engine.load import Machine
from workbench.runs.bases import resolve

PROMPTS = ["Hello!", "What is 23 plus 37?", "How much is 2 plus 2, and why is that so, if you happen to know?"]


@pytest.fixture(scope="module")
def parts() -> tuple[Any, Any]:
    return load.load_for_use(resolve("bundled"), Machine("cpu", bf16=False)), load.load_tokenizer(assets_dir() / "base")


def by_hand(model: Any, tokenizer: Any, text: str, limit: int) -> tuple[list[int], bool]:
    """Take the likeliest token again and again, without a cache; return the ids and whether a stop came."""
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    stops = {tokenizer.convert_tokens_to_ids(t) for t in ("<|im_end|>", "<|endoftext|>")}
    answer: list[int] = []
    for _ in range(limit):
        with torch.no_grad():
            token = int(model(input_ids=torch.tensor([ids + answer]), use_cache=False).logits[0, -1].argmax())
        if token in stops:
            return answer, True
        answer.append(token)
    return answer, False


@pytest.mark.parametrize("chat", [True, False])
@pytest.mark.parametrize("batch_size", [1, 3])
def test_greedy_answers_are_those_of_a_plain_loop(parts: tuple[Any, Any], chat: bool, batch_size: int) -> None:
    model, tokenizer = parts
    found = samples.answers(model, tokenizer, PROMPTS, chat=chat, max_new_tokens=12, batch_size=batch_size)
    for prompt, answer in zip(PROMPTS, found, strict=True):
        text = f"<|im_start|>user\n{prompt}<|im_end|>\n<|im_start|>assistant\n" if chat else prompt
        ids, stopped = by_hand(model, tokenizer, text, 12)
        assert answer.text == tokenizer.decode(ids, skip_special_tokens=True)
        assert (answer.tokens, answer.stopped) == (len(ids), stopped)


def test_a_length_limit_is_no_stop(parts: tuple[Any, Any]) -> None:
    (answer,) = samples.answers(*parts, PROMPTS[2:], chat=True, max_new_tokens=1)
    assert (answer.tokens, answer.stopped) == (1, False)


def test_sampling_is_repeatable_and_leaves_the_generators_alone(parts: tuple[Any, Any]) -> None:
    def draw(seed: int) -> list[str]:
        found = samples.answers(*parts, PROMPTS, chat=True, max_new_tokens=12, temperature=5.0, seed=seed)
        return [answer.text for answer in found]

    before = torch.get_rng_state()
    assert draw(1) == draw(1) != draw(2)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_model_in_training_stays_in_training(parts: tuple[Any, Any]) -> None:
    model, tokenizer = parts
    model.train()
    try:
        samples.answers(model, tokenizer, PROMPTS[:1], chat=True, max_new_tokens=1)
        assert model.training
    finally:
        model.eval()


def test_no_prompt_has_no_answer(parts: tuple[Any, Any]) -> None:
    assert samples.answers(*parts, [], chat=True, max_new_tokens=4) == []


def test_an_answer_ends_at_the_turn_and_at_the_document(parts: tuple[Any, Any]) -> None:
    model, tokenizer = parts
    assert set(samples.stops(tokenizer, model)) == {
        tokenizer.convert_tokens_to_ids(text) for text in ("<|im_end|>", "<|endoftext|>")
    }
