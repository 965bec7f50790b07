"""Training templates of our own: they write what the published ones write, and mark what the masks say is learnt."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Any

import pytest
from trl.chat_template_utils import (
    get_training_chat_template,
    has_generation_markers,
    is_chat_template_stop_token_trained,
)

from tests.engine import talks
from workbench.core import templates
from workbench.core.catalogue import families, models
from workbench.engine.masks import IGNORED, ChatEncoder
from workbench.engine.rendering import MaskError

NAMES = sorted(templates.files())
DIGESTS: dict[str, dict[str, str]] = json.loads(talks.DIGESTS.read_text(encoding="utf-8"))

OTHER = {
    # Long texts about the model that the published template puts in where nobody speaks as the system.
    ("ministral-3", "question"), ("ministral-3", "turns"), ("ministral-3", "unasked"), ("ministral-3", "unused"),
    ("ministral-3", "again"), ("mistral-small-3", "question"), ("mistral-small-3", "turns"),
    ("mistral-small-3", "unasked"), ("mistral-small-3", "unused"), ("mistral-small-3", "again"),
    ("smollm3", "question"), ("smollm3", "turns"), ("smollm3", "unused"), ("smollm3", "again"),
    # The published template leaves the system's words out of what is learnt.
    ("mistral-nemo", "system"), ("mistral-nemo", "plain"), ("mistral-nemo", "thought"), ("mistral-nemo", "tools"),
    ("mistral-nemo", "call"),
}  # fmt: skip
"""Conversations of which a template of ours says something else on purpose, as its first lines tell."""
REWRITTEN = {("mistral-nemo", "system"), ("mistral-nemo", "again"), ("mistral-small-3", "again")}
"""Conversations of which a later turn changes an earlier one, so that masks find the last answer and marks find all."""


def unmarked(template: str) -> str:
    """Return a template with conditions that hold in the place of its marks."""
    template = re.sub(r"(\{%-?) generation (-?%\})", r"\1 if true \2", template)
    return re.sub(r"(\{%-?) endgeneration (-?%\})", r"\1 endif \2", template)


def marked(name: str, talk: talks.Talk) -> tuple[list[int], list[int]]:
    """Return the tokens of a conversation and which of them the template marks."""
    encoded = talks.tokenizer(name).apply_chat_template(
        talk.messages, tools=talk.tools, chat_template=templates.text(name), tokenize=True, return_dict=True,
        return_assistant_tokens_mask=True, date_string="1 May 2026", **talk.told,
    )  # fmt: skip
    return list(encoded["input_ids"]), list(encoded["assistant_masks"])


def masked(name: str, template: str, talk: talks.Talk) -> tuple[list[int], list[int]]:
    """Return the tokens of a conversation and which of them our masks learn, with any template."""
    tokenizer: Any = talks.tokenizer(name)
    tokenizer.chat_template = template
    encoder = ChatEncoder(tokenizer, talks.stops(name), {"date_string": "1 May 2026", **talk.told})
    example = encoder.encode(talk.messages, 4096, talk.tools)
    return example.input_ids, [int(label != IGNORED) for label in example.labels]


def takes(name: str, talk: talks.Talk) -> bool:
    """Return whether a template writes all of a conversation: some know no calls."""
    return not any(turn.get("tool_calls") for turn in talk.messages) or "tool_calls" in templates.text(name)


def pairs() -> list[tuple[str, str]]:
    return [(name, key) for name in NAMES for key, talk in talks.TALKS.items() if takes(name, talk)]


@pytest.mark.parametrize(("name", "key"), pairs())
def test_the_marks_are_what_the_masks_learn(name: str, key: str) -> None:
    talk = talks.TALKS[key]
    ids, marks = marked(name, talk)
    try:
        tokens, mask = masked(name, unmarked(templates.text(name)), talk)
    except MaskError:
        assert (name, key) in REWRITTEN
        return
    assert tokens == ids
    assert 0 < sum(marks) < len(marks)
    if (name, key) in REWRITTEN:
        assert all(mark >= learnt for mark, learnt in zip(marks, mask, strict=True))
        assert sum(mask) < sum(marks)
    else:
        assert marks == mask


@pytest.mark.parametrize("name", sorted(DIGESTS))
def test_they_write_what_the_published_templates_write(name: str) -> None:
    different = {
        key for key, talk in talks.TALKS.items() if talks.digest(name, templates.text(name), talk) != DIGESTS[name][key]
    }
    assert {(name, key) for key in different} == {pair for pair in OTHER if pair[0] == name}


@pytest.mark.parametrize("name", talks.TRL)
def test_the_digests_are_those_of_the_templates_the_stack_carries(name: str) -> None:
    template = talks.published(name)
    assert {key: talks.digest(name, template, talk) for key, talk in talks.TALKS.items()} == DIGESTS[name]


STACK = {
    "qwen2.5": "qwen2_5", "qwen3": "qwen3", "qwen3.5": "qwen3_5_think", "qwen3.6": "qwen3_6", "gemma3": "gemma3",
    "harmony": "gptoss", "deepseek-r1": "deepseek_r1_distill", "lfm2": "lfm2",
}  # fmt: skip
"""Chat template of the catalogue → file of TRL with the published one."""


STACKED = sorted({model.chat_template for model in models() if model.training_template == "stack"})


@pytest.mark.parametrize("key", STACKED)
def test_the_stack_has_a_template_for_training_where_the_catalogue_says_so(key: str) -> None:
    tokenizer: Any = talks.tokenizer("chatml")
    tokenizer.chat_template = (files("trl") / "chat_templates" / f"{STACK[key]}.jinja").read_text(encoding="utf-8")
    template = get_training_chat_template(tokenizer)
    assert template is not None
    assert has_generation_markers(template)


def test_each_family_says_which_template_it_is_trained_with() -> None:
    said = {model.hub_id: model.training_template for model in models()}
    unknown = {
        hub_id: name
        for hub_id, name in said.items()
        if name not in {"stack", "native", *NAMES} and not name.startswith("none: ")
    }
    assert not unknown
    assert {*NAMES} - {*said.values()} == {"chatml"}
    assert all(family.training_template for family in families())


@pytest.mark.parametrize("name", NAMES)
def test_the_stack_takes_them_for_assistant_only_loss_as_they_are(name: str) -> None:
    """But for Olmo 3, whose last answer ends otherwise than those before it, which TRL refuses."""
    tokenizer: Any = talks.tokenizer(name)
    tokenizer.chat_template = templates.text(name)
    assert has_generation_markers(tokenizer.chat_template)
    assert is_chat_template_stop_token_trained(tokenizer)
    if name == "olmo3":
        with pytest.raises(ValueError, match="prefix-preservation"):
            get_training_chat_template(tokenizer)
    else:
        assert get_training_chat_template(tokenizer) is None
