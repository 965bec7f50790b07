"""Answers that a model writes to be learnt from: the same whatever is written beside them, and drawn as they should."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from tests.engine.bench import rows
from workbench.core.paths import assets_dir
from workbench.engine import load, samples
from workbench.engine.load import Machine
from workbench.engine.masks import IGNORED
from workbench.engine.reinforce import policy, rollouts

BASE = assets_dir() / "base"


@pytest.fixture(scope="module")
def model() -> Any:
    found = load.load_model(BASE, tuning="full", where=Machine("cpu", bf16=False), for_training=False).eval()
    policy.at_temperature(found, 0.7)
    return found


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return load.load_tokenizer(BASE)


@pytest.fixture(scope="module")
def prompts(tokenizer: Any) -> list[list[int]]:
    asked = [row["prompt"][0]["content"] for row in rows("prompts", 3)]
    return [samples.prompt_ids(tokenizer, text, chat=True) for text in [*asked, "Hello! " * 9 + "Who are you?"]]


def how(model: Any, tokenizer: Any, tokens: int = 16, **changes: Any) -> rollouts.Sampling:
    ends = samples.stops(tokenizer, model)
    return rollouts.Sampling(tokens, ends, tokenizer.pad_token_id, vocabulary=len(tokenizer), **changes)


def test_an_answer_depends_on_its_key_and_place_alone(model: Any, tokenizer: Any, prompts: list[list[int]]) -> None:
    wanted = how(model, tokenizer, temperature=0.7)

    def written(key: tuple[int, ...], batch: int) -> rollouts.Rollouts:
        return rollouts.sample(model, prompts, wanted, count=3, key=key, batch=batch)

    torch.manual_seed(1)
    before = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()  # type: ignore[index, union-attr]
    whole = written((7, 1), 12)
    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1:] == (random.getstate(), np.random.get_state()[1].tolist())  # type: ignore[index, union-attr]
    torch.manual_seed(2)
    for batch in (1, 5, 12):
        assert written((7, 1), batch).answers == whole.answers
    assert written((7, 2), 12).answers != whole.answers
    assert whole.prompts == [prompt for prompt in prompts for _ in range(3)]
    assert len({tuple(answer) for answer in whole.answers}) > 4


def test_log_probabilities_are_those_of_the_model(model: Any, tokenizer: Any, prompts: list[list[int]]) -> None:
    wanted = how(model, tokenizer, temperature=0.7, top_p=0.9)
    found = rollouts.sample(model, prompts, wanted, count=2, key=(3,), batch=3)
    batch = found.batch(range(len(found)), tokenizer.pad_token_id)
    with torch.no_grad():
        told = policy.told(model, batch)
    for row, (prompt, answer) in enumerate(zip(found.prompts, found.answers, strict=True)):
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([prompt + answer]), use_cache=False).logits[0].double() / 0.7
        places = range(len(prompt) - 1, len(prompt) + len(answer) - 1)
        by_hand = logits.log_softmax(-1)
        expected = [by_hand[place, token].item() for place, token in zip(places, answer, strict=True)]
        assert found.log_probs[row] == pytest.approx(expected, abs=1e-4)
        assert told.log_probs[row][told.mask[row] > 0].tolist() == pytest.approx(expected, abs=1e-4)
        entropy = -(by_hand.exp() * by_hand).sum(-1)
        assert told.entropy[row][told.mask[row] > 0].tolist() == pytest.approx(
            [entropy[place].item() for place in places], abs=1e-3
        )
        learnt = batch["labels"][row][batch["labels"][row] != IGNORED].tolist()
        assert learnt == answer
        assert batch["attention_mask"][row].sum() == len(prompt) + len(answer)
        assert found.finished[row] == (answer[-1] in wanted.ends)
        assert not set(answer[:-1]) & set(wanted.ends)
        assert found.finished[row] or len(answer) == 16


def test_answers_alone_go_through_the_vocabulary(model: Any) -> None:
    ids = torch.arange(40, 80).reshape(2, 20)
    labels = torch.full_like(ids, IGNORED)
    labels[0, 12:], labels[1, 17:19] = ids[0, 12:], ids[1, 17:19]
    size, projected = model.config.vocab_size, []

    class Products(TorchDispatchMode):
        def __torch_dispatch__(self, operation: Any, types: Any, given: Any = (), named: Any = None) -> Any:
            found = operation(*given, **(named or {}))
            if isinstance(found, torch.Tensor) and operation.overloadpacket in (
                torch.ops.aten.mm,
                torch.ops.aten.addmm,
            ):
                projected.extend([len(found)] if found.shape[-1] == size else [])
            return found

    batch = {"input_ids": ids, "labels": labels, "attention_mask": torch.ones_like(ids)}
    with torch.no_grad(), Products():
        policy.told(model, batch)
    assert sum(projected) == 8 + 2
    nothing = policy.told(model, {**batch, "labels": torch.full_like(ids, IGNORED)})
    nothing.log_probs.sum().backward()
    assert not nothing.log_probs.any()


def test_without_temperature_the_likeliest_token_is_taken(model: Any, tokenizer: Any, prompts: list[list[int]]) -> None:
    found = rollouts.sample(model, prompts, how(model, tokenizer, 6, temperature=0.0), count=1, key=(0,), batch=2)
    for prompt, answer in zip(found.prompts, found.answers, strict=True):
        for place, token in enumerate(answer):
            with torch.no_grad():
                logits = model(input_ids=torch.tensor([prompt + answer[:place]]), use_cache=False).logits[0, -1]
            assert int(logits.argmax()) == token


@pytest.mark.parametrize(("top_p", "allowed"), [(1.0, {0, 1, 2}), (0.75, {0, 1}), (0.5, {0})])
def test_tokens_come_as_often_as_they_are_likely(top_p: float, allowed: set[int]) -> None:
    logits = torch.tensor([0.5, 0.3, 0.2, 0.0]).log().repeat(20_000, 1)
    wanted = rollouts.Sampling(1, [], 0, temperature=1.0, top_p=top_p)
    noise = torch.from_numpy(rollouts.noise_of((5,), 20_000, 1))[:, 0]
    tokens, log_probs = wanted.next(logits.clone(), noise)
    shares = {token: number / 20_000 for token, number in Counter(tokens.tolist()).items()}
    likely = {0: 0.5, 1: 0.3, 2: 0.2}
    kept = sum(likely[token] for token in allowed)
    assert shares == pytest.approx({token: likely[token] / kept for token in allowed}, abs=0.02)
    assert log_probs.exp().tolist() == pytest.approx([likely[token] for token in tokens.tolist()], abs=1e-5)


def test_the_largest_noise_there_is_draws_a_token_that_can_be() -> None:
    logits = torch.full((1, 5), -torch.inf)
    logits[0, 1:3] = 0.0
    wanted = rollouts.Sampling(1, [], 0)
    for noise in (0.0, 1 - 2**-24):
        tokens, _ = wanted.next(logits.clone(), torch.tensor([noise]))
        assert tokens.item() in (1, 2)


def test_tokens_the_tokenizer_does_not_know_are_never_written() -> None:
    wanted = rollouts.Sampling(1, [], 0, vocabulary=3)
    noise = torch.linspace(0, 0.999, 50)
    tokens, _ = wanted.next(torch.zeros(50, 8), noise)
    assert set(tokens.tolist()) == {0, 1, 2}


def test_policy_losses_are_those_computed_by_hand() -> None:
    generator = np.random.default_rng(3)
    ratio, advantages = generator.normal(0, 0.5, (4, 6)), generator.normal(0, 1, (4, 1))
    losses, outside = policy.clipped(torch.from_numpy(ratio), torch.from_numpy(advantages), 0.2, 0.28)
    for row in range(4):
        for place in range(6):
            rho, advantage = np.exp(ratio[row, place]), advantages[row, 0]
            bounded = min(max(rho, 0.8), 1.28)
            assert losses[row, place].item() == pytest.approx(-min(rho * advantage, bounded * advantage))
            held = (rho < 0.8 and advantage < 0) or (rho > 1.28 and advantage > 0)
            assert bool(outside[row, place]) == held
    one, other = generator.normal(-2, 1, (3, 5)), generator.normal(-2, 1, (3, 5))
    given = torch.from_numpy(one), torch.from_numpy(other)
    np.testing.assert_allclose(policy.k1(*given).numpy(), one - other)
    np.testing.assert_allclose(policy.k3(*given).numpy(), np.exp(other - one) - 1 - (other - one))
    mask = torch.tensor([[1.0, 1, 0, 0, 0], [0, 0, 0, 0, 0], [1, 1, 1, 1, 1]])
    np.testing.assert_allclose(policy.total(given[0], mask).numpy(), [one[0, :2].sum(), 0, one[2].sum()])
    np.testing.assert_allclose(policy.mean(given[0], mask).numpy(), [one[0, :2].mean(), 0, one[2].mean()])
