"""Which rows of the embedding a run trains beside an adapter.

Owns the meaning of the recipe's `trainable_token_indices`. Must not know models.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.core.errors import UsageError
from workbench.core.text import one_line
from workbench.engine.masks import ChatEncoder
from workbench.engine.rendering import MaskError

AUTO = "auto"
"""Stands for the tokens of the chat template."""


def template_tokens(tokenizer: Any) -> list[int]:
    """Return the added tokens that the chat template writes round a conversation, in the order of their ids.

    Empty without a template, and with one that renders no plain conversation.
    """
    if not tokenizer.chat_template:
        return []
    encoder = ChatEncoder(tokenizer, None)
    turns = [{"role": "user", "content": "One"}, {"role": "assistant", "content": "two"}]
    added = tokenizer.added_tokens_decoder
    written: set[int] = set()
    for opening in ([], [{"role": "system", "content": "Zero"}]):
        for traced, messages in ((encoder.trace, turns), (encoder.trace_prompt, turns[:1])):
            try:
                found = traced([*opening, *messages])
            except MaskError:
                continue
            # Neither a stop token added behind the text nor one that spells a byte stands in it.
            written |= {
                token for token in found.example.input_ids if token in added and added[token].content in found.text
            }
    return sorted(written)


def chosen(tokenizer: Any, names: Sequence[str]) -> list[int]:
    """Return the ids of the tokens a recipe names, in their order; raises UsageError for one that is no token."""
    vocabulary = tokenizer.get_vocab()
    found: set[int] = set()
    for name in names:
        if name == AUTO and AUTO not in tokenizer.added_tokens_encoder:
            found |= set(template_tokens(tokenizer))
        elif name in vocabulary:
            found.add(vocabulary[name])
        else:
            raise UsageError(
                f"trainable_token_indices names {one_line(name, 60)!r}, which is no token of this base; "
                f"give tokens as the tokenizer writes them, or {AUTO}."
            )
    return sorted(found)
