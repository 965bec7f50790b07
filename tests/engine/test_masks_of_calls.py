"""Calls of tools: learnt as the template writes them, or as text where it would leave them out."""

from __future__ import annotations

import copy
from typing import Any

import orjson

from tests import models
from tests.engine.test_masks import learnt
from workbench.engine.masks import ChatEncoder

CALL = {"type": "function", "function": {"name": "weather", "arguments": {"city": "Oslo <|im_end|>"}}}
MESSAGES = [
    {"role": "user", "content": "Is it raining in Oslo?"},
    {"role": "assistant", "content": "", "tool_calls": [CALL]},
    {"role": "tool", "content": "yes"},
    {"role": "assistant", "content": "It is."},
]
KNOWS_CALLS = (
    "{%- for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}"
    "{%- for call in message.tool_calls or [] %}"
    "<call>{{ call.function.name }} {{ call.function.arguments | tojson }}</call>"
    "{%- endfor %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def encoded(template: str | None) -> tuple[Any, Any]:
    tokenizer = copy.deepcopy(models.tokenizer("chatml"))
    if template is not None:
        tokenizer.chat_template = template
    return tokenizer, ChatEncoder(tokenizer, models.generation_eos("chatml")).encode(MESSAGES, 512)


def test_a_template_that_ignores_calls_gets_them_as_text() -> None:
    tokenizer, example = encoded(None)
    call, answer = learnt(tokenizer, example)
    assert call == orjson.dumps(CALL["function"]).decode() + "<|im_end|>"
    assert answer == "It is.<|im_end|>"
    assert example.control_tokens == 1


def test_a_template_that_writes_calls_is_left_to_it_and_control_tokens_in_them_are_text() -> None:
    tokenizer, example = encoded(KNOWS_CALLS)
    call, answer = learnt(tokenizer, example)
    assert call == '<call>weather {"city": "Oslo <|im_end|>"}</call><|im_end|>'
    assert answer == "It is.<|im_end|>"
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert example.input_ids.count(end) == len(MESSAGES)


def test_a_template_that_wants_ids_of_calls_gets_those_that_have_them() -> None:
    wants_ids = KNOWS_CALLS.replace("<call>", "<call>{{ call.id or raise_exception('no id') }} ")
    named = [MESSAGES[0], {**MESSAGES[1], "tool_calls": [{**CALL, "id": "call12345"}]}, *MESSAGES[2:]]
    tokenizer = copy.deepcopy(models.tokenizer("chatml"))
    tokenizer.chat_template = wants_ids
    encoder = ChatEncoder(tokenizer, models.generation_eos("chatml"))
    assert learnt(tokenizer, encoder.encode(named, 512))[0].startswith("<call>call12345 weather")
    assert learnt(tokenizer, encoder.encode(MESSAGES, 512))[0] == orjson.dumps(CALL["function"]).decode() + "<|im_end|>"
