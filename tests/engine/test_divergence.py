"""How far a model has moved: the figure of a batch is that of each answer by itself, computed with numpy."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch

from workbench.core.paths import assets_dir
from workbench.engine import load, samples
from workbench.engine.evaluate import divergence
from workbench.engine.load import Machine
from workbench.runs.bases import resolve

PROMPTS = ["Hello!", "What is 23 plus 37?", "How much is 2 plus 2, and why is that so, if you happen to know?"]


@pytest.fixture(scope="module")
def parts() -> tuple[Any, Any, Any]:
    """Return the bundled model, one that has moved from it, and their tokenizer."""
    reference = load.load_for_use(resolve("bundled"), Machine("cpu", bf16=False))
    model = copy.deepcopy(reference)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.15 * weight.std() * torch.randn(weight.shape, generator=generator))
    return model, reference, load.load_tokenizer(assets_dir() / "base")


def probabilities(model: Any, ids: list[int]) -> Any:
    """Return the probabilities of the next token after each of some tokens, in double precision."""
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([ids]), use_cache=False).logits[0].double().numpy()
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


def test_the_divergence_of_a_batch_is_the_mean_of_its_answers(parts: tuple[Any, Any, Any]) -> None:
    model, reference, tokenizer = parts
    answers = samples.answers(
        model, tokenizer, PROMPTS, chat=True, max_new_tokens=12, temperature=1.0, seed=0, batch_size=3
    )
    assert len({len(answer.ids) for answer in answers}) > 1, "some of them are padded"
    expected = []
    for prompt, answer in zip(PROMPTS, answers, strict=True):
        ids = samples.prompt_ids(tokenizer, prompt, chat=True)
        now, before = (probabilities(one, [*ids, *answer.ids])[len(ids) - 1 : -1] for one in (model, reference))
        assert len(now) == len(answer.ids) == answer.tokens + answer.stopped
        expected.append((now * np.log(now / before)).sum())
    assert min(expected) > 0.001
    for batch_size in (1, 2, 3):
        told = divergence.kl(model, reference, tokenizer, PROMPTS, answers, batch_size)
        assert told == pytest.approx(np.mean(expected), rel=1e-4)


def test_a_model_has_not_moved_from_itself(parts: tuple[Any, Any, Any]) -> None:
    model, _, tokenizer = parts
    answers = samples.answers(model, tokenizer, PROMPTS, chat=True, max_new_tokens=4)
    assert divergence.kl(model, model, tokenizer, PROMPTS, answers) == 0
    assert divergence.kl(model, model, tokenizer, [], []) == 0
