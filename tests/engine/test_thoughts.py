"""Thoughts before answers: opened by the template, closed by force at their budget, and nothing learnt of that."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from tests.engine.bench import rows
from workbench.core import templates
from workbench.core.errors import UsageError
from workbench.core.paths import assets_dir
from workbench.core.recipe import resolve
from workbench.engine import chat_templates, load, samples
from workbench.engine.load import Machine
from workbench.engine.masks import IGNORED
from workbench.engine.reinforce import advantages, goals, rollouts
from workbench.engine.reinforce.scored import never_thought
from workbench.engine.rewards import Completion, build
from workbench.engine.thoughts import OPENER, OPENING, Thoughts, opened, opening_template

BASE = assets_dir() / "base"
CLOSING = "\n</think>\n\n"


@pytest.fixture(scope="module")
def model() -> Any:
    return load.load_model(BASE, tuning="full", where=Machine("cpu", bf16=False), for_training=False).eval()


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    found = load.load_tokenizer(BASE)
    found.chat_template = opening_template(found)
    return found


@pytest.fixture(scope="module")
def prompts(tokenizer: Any) -> list[list[int]]:
    return [samples.prompt_ids(tokenizer, row["prompt"][0]["content"], chat=True) for row in rows("prompts", 4)]


def how(model: Any, tokenizer: Any, thoughts: Thoughts | None, tokens: int = 24) -> rollouts.Sampling:
    ends = samples.stops(tokenizer, model)
    return rollouts.Sampling(tokens, ends, tokenizer.pad_token_id, vocabulary=len(tokenizer), thoughts=thoughts)


def test_a_template_opens_a_thought_once(tokenizer: Any) -> None:
    asked = [{"role": "user", "content": "x"}]
    text = tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
    assert text.endswith("assistant\n<think>\n")
    assert opened(text) == OPENING
    whole = tokenizer.apply_chat_template([*asked, {"role": "assistant", "content": "y"}], tokenize=False)
    assert OPENING not in whole
    assert opening_template(tokenizer) == "", "it does so already"


def test_templates_that_cannot_open_a_thought_are_refused() -> None:
    found = load.load_tokenizer(BASE)
    plain = found.chat_template
    assert opening_template(found) == plain + OPENER
    found.chat_template = plain + "{%- if add_generation_prompt %}<think>\n\n</think>\n\n{%- endif %}"
    with pytest.raises(UsageError, match="answers without a thought"):
        opening_template(found)
    found.chat_template = plain + "{# <|channel|> #}"
    with pytest.raises(UsageError, match="in channels"):
        opening_template(found)


@pytest.mark.parametrize("name", sorted(templates.files()))
def test_our_own_templates_open_thoughts(name: str) -> None:
    found = load.load_tokenizer(BASE)
    found.chat_template, found.bos_token = templates.text(name), "<|endoftext|>"
    try:
        made = opening_template(found)
    except UsageError:
        assert "<|channel|>" in found.chat_template
        return
    asked = [{"role": "user", "content": "x"}]
    text = found.apply_chat_template(
        asked, chat_template=made or found.chat_template, tokenize=False, add_generation_prompt=True
    )
    assert opened(text)


def test_a_thought_is_closed_where_its_budget_ends(model: Any, tokenizer: Any, prompts: list[list[int]]) -> None:
    """Against the same answers written without a budget, whatever is written beside them."""
    thoughts = Thoughts.of(tokenizer, prompts[0], 5)
    assert thoughts is not None
    assert tokenizer.decode(list(thoughts.closing)) == CLOSING
    free = rollouts.sample(model, prompts, how(model, tokenizer, None), count=3, key=(1,), batch=12)
    held = rollouts.sample(model, prompts, how(model, tokenizer, thoughts), count=3, key=(1,), batch=12)
    for batch in (1, 5):
        again = rollouts.sample(model, prompts, how(model, tokenizer, thoughts), count=3, key=(1,), batch=batch)
        assert (again.answers, again.forced) == (held.answers, held.forced)
    span = range(5, 5 + len(thoughts.closing))
    assert set(held.forced) <= {span, range(0)}
    assert span in held.forced
    for before, after, forced in zip(free.answers, held.answers, held.forced, strict=True):
        assert before[:5] == after[:5]
        if not forced:
            assert after == before
            assert len(before) <= 5 or "</think>" in tokenizer.decode(before[:5])
            continue
        assert tuple(after[span.start : span.stop]) == thoughts.closing
        assert tokenizer.decode(after).startswith(tokenizer.decode(before[:5]) + CLOSING)
    assert held.learnt == sum(map(len, held.answers)) - sum(map(len, held.forced))


def test_nothing_is_learnt_of_what_was_forced() -> None:
    """Labels by hand: the prompt, the closing tag and the padding have none."""
    written = rollouts.Rollouts(
        [[1, 2], [1, 2, 3]], [[5, 6, 90, 91, 7], [8, 9]], [[0.0] * 5, [0.0] * 2], [True, True], [range(2, 4), range(0)]
    )
    batch = written.batch([0, 1], pad=0)
    assert batch["input_ids"].tolist() == [[1, 2, 5, 6, 90, 91, 7], [1, 2, 3, 8, 9, 0, 0]]
    assert batch["attention_mask"].tolist() == [[1] * 7, [1] * 5 + [0] * 2]
    none = IGNORED
    assert batch["labels"].tolist() == [[none, none, 5, 6, none, none, 7], [none, none, none, 8, 9, none, none]]
    assert written.learnt == 5


def test_advantages_look_past_what_was_forced() -> None:
    """With the forced tokens in place, against the same answer without them."""
    draw = torch.Generator().manual_seed(0)
    rewards, values = (torch.rand(1, 4, generator=draw) for _ in range(2))
    plain = advantages.generalised(rewards, values, torch.ones(1, 4), 0.9, 0.8)
    places = [0, 1, 4, 5]
    mask, wide_rewards, wide_values = torch.zeros(1, 7), torch.full((1, 7), 3.0), torch.full((1, 7), 5.0)
    mask[:, places], wide_rewards[:, places], wide_values[:, places] = 1, rewards, values
    found = advantages.generalised(wide_rewards, wide_values, mask, 0.9, 0.8)
    for one, other in zip(plain, found, strict=True):
        assert torch.equal(other[:, places], one)
        assert not other[:, [2, 3, 6]].any()


def test_thoughts_are_measured_in_tokens(tokenizer: Any, prompts: list[list[int]]) -> None:
    thoughts = Thoughts.of(tokenizer, prompts[0], 5)
    assert thoughts is not None
    inside = tokenizer("3 and 4 make 7", add_special_tokens=False)["input_ids"]
    closing, said = list(thoughts.closing), tokenizer("It is 7.", add_special_tokens=False)["input_ids"]
    answer = [*inside, *closing, *said]
    # The tag may end within the last token of the closing, which carries the line breaks behind it.
    assert len(inside) < thoughts.length(answer) <= len(inside) + len(closing)
    assert thoughts.length(inside) == len(inside)
    assert not thoughts.empty(answer)
    assert thoughts.empty([*closing, *said])
    assert not thoughts.empty(inside)
    assert Thoughts.of(tokenizer, inside, 5) is None


def test_the_stack_s_own_generation_closes_thoughts_alike(model: Any, tokenizer: Any) -> None:
    """Samples are written by `generate`, rollouts by a loop of ours: the likeliest answers are the same."""
    asked = [row["prompt"][0]["content"] for row in rows("prompts", 3)]
    ids = [samples.prompt_ids(tokenizer, text, chat=True) for text in asked]
    sampling = rollouts.Sampling(
        24, samples.stops(tokenizer, model), tokenizer.pad_token_id, temperature=0.0, vocabulary=len(tokenizer),
        thoughts=Thoughts.of(tokenizer, ids[0], 4),
    )  # fmt: skip
    ours = rollouts.sample(model, ids, sampling, count=1, key=(0,), batch=3)
    assert any(ours.forced)
    theirs = samples.answers(model, tokenizer, asked, chat=True, max_new_tokens=24, thinking_budget=4)
    for prompt, answer, reply in zip(ids, ours.answers, theirs, strict=True):
        assert reply.text == samples.spoken(tokenizer, prompt, answer, sampling.ends)
        assert reply.text.startswith(OPENING)


def test_what_is_rewarded_beside_the_right_answer() -> None:
    """The form earns a fifth, but not where it was forced; length costs evenly from the budget to the limit."""
    assert goals.shaping(0, 64) == ()
    row = {"answer": "7"}
    kept = "<think>\n3 and 4\n</think>\n\n7"

    def of(text: str, tokens: int = 10, forced: bool = False) -> float:
        return float(judge.score([Completion([], text, tokens, True, row, forced)]).total[0])

    with build(["number", *goals.shaping(48, 64)]) as judge:
        assert of(kept) == pytest.approx(1.2)
        assert of(kept, forced=True) == pytest.approx(1.0)
        assert of("<think>\n</think>\n\n7") == pytest.approx(1.0), "an empty thought"
        assert of("<think>\n3 and 4 make 7") == pytest.approx(0.0), "a number is looked for behind the thought"
        assert of("<think>\n7\n</think>\n\n8") == pytest.approx(0.2)
        assert of("<think>\n7\n</think>\n\n") == pytest.approx(0.0), "nothing said"
        assert [of(kept, tokens) for tokens in (48, 56, 64)] == pytest.approx([1.2, 0.95, 0.7])
        assert of(kept, 64) > of(kept.replace("7", "8"), 10)


def test_a_budget_leaves_room_for_an_answer() -> None:
    fields = {"method": "grpo", "packing": False, "max_length": 64, "max_completion_length": 32}
    assert resolve({**fields, "thinking_budget": 31}).recipe.thinking_budget == 31
    with pytest.raises(UsageError, match="no room to answer"):
        resolve({**fields, "thinking_budget": 32})


def test_a_folder_is_given_the_habit(tmp_path: Any) -> None:
    for path in BASE.iterdir():
        if path.suffix != ".safetensors":
            (tmp_path / path.name).write_bytes(path.read_bytes())
    for _ in range(2):
        chat_templates.open_thoughts(tmp_path)
        found = load.load_tokenizer(tmp_path)
        ids = samples.prompt_ids(found, "x", chat=True)
        assert found.decode(ids).count(OPENING) == 1
    assert np.array_equal(ids[-2:], found(OPENING, add_special_tokens=False)["input_ids"][-2:])


def test_a_thought_that_the_prompt_opens_belongs_to_the_answer() -> None:
    assert opened("<|assistant|>\n<think>\n") == "<think>\n"
    assert opened("<|im_start|>assistant\n") == ""
    assert opened("<think>\n\n</think>\n\n") == ""


def test_a_base_that_does_not_close_its_thoughts_has_not_learnt_to_think() -> None:
    def told(forced: float, unclosed: float) -> dict[str, torch.Tensor]:
        return {"forced": torch.tensor([forced, 0.0]), "unclosed": torch.tensor([0.0, unclosed])}

    assert "100\u00a0% of the first answers do not close" in (never_thought(told(1.0, 1.0)) or "")
    assert never_thought(told(1.0, 0.0)) is None
    assert never_thought(told(0.0, 0.0)) is None
