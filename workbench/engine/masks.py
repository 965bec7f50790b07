"""From a conversation to tokens and labels: only what the assistant says is learnt, its end included.

Owns the rule of which tokens of a chat are trained. The spans come from the chat template itself, by rendering the
conversation up to each assistant turn and through it. Must not know files, batches or models.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

IGNORED = -100
"""The label of a token that is read and not learnt, as torch's cross entropy has it."""

DOCUMENT_ENDS = ("<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>", "<|eot|>")
"""Tokens that end a document in the families we know; an instruct model's own eos ends a turn instead."""

_SENTINEL = re.compile("\uf8f0([0-9]+)\uf8f1")


class MaskError(Exception):
    """This row cannot be turned into an example; the text is a short reason."""


@dataclass(frozen=True)
class Example:
    """One tokenised training item."""

    input_ids: list[int]
    labels: list[int]
    """Same length as `input_ids`; `IGNORED` where nothing is learnt."""
    control_tokens: int = 0
    """Control tokens that stood in somebody's text and were encoded as plain text."""
    cut: bool = False
    """Whether the end was cut off at the maximum length."""
    end_added: bool = False
    """Whether the template left the answer without a stop token, so that one was added."""


def special_texts(tokenizer: Any) -> list[str]:
    """Return the texts of all control tokens, longest first."""
    added = [token.content for token in tokenizer.added_tokens_decoder.values() if token.special]
    return sorted({*added, *tokenizer.all_special_tokens}, key=len, reverse=True)


def _special_pattern(tokenizer: Any) -> re.Pattern[str] | None:
    """Return a pattern that finds control tokens written in a text, or None for a tokenizer without any."""
    texts = special_texts(tokenizer)
    return re.compile("|".join(map(re.escape, texts))) if texts else None


def stop_ids(tokenizer: Any, generation_eos: int | Sequence[int] | None) -> set[int]:
    """Return the ids at which generation stops: the tokenizer's eos and those of the generation configuration."""
    listed = [generation_eos] if isinstance(generation_eos, int) else list(generation_eos or [])
    return {token for token in [tokenizer.eos_token_id, *listed] if token is not None}


def document_end(tokenizer: Any) -> int | None:
    """Return the id of the token that ends a document, or None when the tokenizer has none."""
    vocabulary = tokenizer.get_vocab()
    known = [vocabulary[text] for text in DOCUMENT_ENDS if text in vocabulary]
    return known[0] if known else tokenizer.eos_token_id


class ChatEncoder:
    """Encodes conversations with one tokenizer and one chat template."""

    def __init__(
        self,
        tokenizer: Any,
        generation_eos: int | Sequence[int] | None,
        template_kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        self._tokenizer = tokenizer
        self._stops = stop_ids(tokenizer, generation_eos)
        self._stop_texts = [tokenizer.convert_ids_to_tokens(token) for token in self._stops]
        self._kwargs = dict(template_kwargs or {})
        self._special = _special_pattern(tokenizer)

    def _render(self, messages: Sequence[Mapping[str, Any]], tools: Any, prompt: bool = False) -> str:
        """Return the text of the conversation; `prompt` adds what stands before an answer."""
        try:
            return self._tokenizer.apply_chat_template(
                list(messages), tools=tools, tokenize=False, add_generation_prompt=prompt, **self._kwargs
            )
        except Exception as error:  # a template is foreign code and may raise anything
            raise MaskError(f"the chat template refuses it ({' '.join(str(error).split())[:120]})") from None

    def _defuse(self, messages: Sequence[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], list[str]]:
        """Return the messages with control tokens in their contents replaced by sentinels, and what was replaced."""
        found: list[str] = []

        def swap(match: re.Match[str]) -> str:
            found.append(match.group())
            return f"\uf8f0{len(found) - 1}\uf8f1"

        defused = []
        for message in messages:
            content = message.get("content")
            if self._special is not None and isinstance(content, str):
                content = self._special.sub(swap, content)
            defused.append({**message, "content": content})
        return defused, found

    def _spans(self, messages: Sequence[Mapping[str, Any]], full: str, tools: Any) -> list[tuple[int, int]]:
        """Return the character spans of `full` that assistant turns cover, ends of turn included.

        Where a template rewrites earlier turns, only the turns that it leaves as they were said are returned.
        """
        spans = []
        for index, message in enumerate(messages):
            if message["role"] != "assistant":
                continue
            before = self._render(messages[:index], tools, prompt=True)
            through = self._render(messages[: index + 1], tools)
            if not full.startswith(through):
                continue
            if not through.startswith(before):
                before = self._render(messages[:index], tools) if index else ""
                if not through.startswith(before):
                    continue
            spans.append((len(before), self._end(through, len(before))))
        return spans

    def _end(self, through: str, start: int) -> int:
        """Return where the assistant's turn ends: after its stop token, without the blanks the template adds behind."""
        text = through[start:]
        ends = [text.rfind(stop) + len(stop) for stop in self._stop_texts if stop in text]
        return start + max(ends) if ends and not text[max(ends) :].strip() else len(through)

    def _encode(self, text: str, found: Sequence[str]) -> tuple[list[int], list[tuple[int, int]]]:
        """Return token ids and their character offsets in `text`; sentinels become the plain text they stand for."""
        ids: list[int] = []
        offsets: list[tuple[int, int]] = []
        position = 0
        for number, piece in enumerate(_SENTINEL.split(text)):
            if number % 2:
                width = len(piece) + 2
                plain = self._plain(found[int(piece)])
                ids += plain
                offsets += [(position, position + width)] * len(plain)
                position += width
            elif piece:
                encoded = self._tokenizer(piece, add_special_tokens=False, return_offsets_mapping=True)
                ids += encoded["input_ids"]
                offsets += [(position + start, position + end) for start, end in encoded["offset_mapping"]]
                position += len(piece)
        return ids, offsets

    def _plain(self, text: str) -> list[int]:
        """Return the ids of a control token's text, encoded like any other text instead of as the control token."""
        return list(self._tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"])

    def encode(self, messages: Sequence[Mapping[str, Any]], max_length: int, tools: Any = None) -> Example:
        """Return the conversation as an example of at most `max_length` tokens.

        Raises MaskError with a short reason when nothing in it can be trained.
        """
        defused, found = self._defuse(messages)
        text = self._render(defused, tools)
        spans = self._spans(defused, text, tools)
        if not spans:
            raise MaskError("the chat template changes every answer, so none can be told from the rest")
        ids, offsets = self._encode(text, found)
        trained = [any(low <= start and end <= high for low, high in spans) and end > start for start, end in offsets]
        labels = [token if learn else IGNORED for token, learn in zip(ids, trained, strict=True)]
        end_added = False
        if (
            labels
            and labels[-1] != IGNORED
            and labels[-1] not in self._stops
            and self._tokenizer.eos_token_id is not None
        ):
            ids.append(self._tokenizer.eos_token_id)
            labels.append(self._tokenizer.eos_token_id)
            end_added = True
        cut = len(ids) > max_length
        ids, labels = ids[:max_length], labels[:max_length]
        if all(label == IGNORED for label in labels[1:]):
            raise MaskError("the answer begins beyond max_length" if cut else "no token of it can be trained")
        return Example(ids, labels, len(found), cut, end_added)


def text_examples(tokenizer: Any, text: str, max_length: int, control_tokens: bool = False) -> list[Example]:
    """Return an article as examples of at most `max_length` tokens, every token learnt, the document's end included.

    A long article is split without overlap; only its last piece carries the end. Control tokens written in the text
    become plain text unless `control_tokens` asks to read them as such.
    """
    special = None if control_tokens else _special_pattern(tokenizer)
    written = len(special.findall(text)) if special is not None else 0
    ids = list(tokenizer(text, split_special_tokens=bool(written))["input_ids"])
    end = document_end(tokenizer)
    if end is not None and ids and ids[-1] != end:
        ids.append(end)
    pieces = [ids[start : start + max_length] for start in range(0, len(ids), max_length)]
    return [
        Example(piece, list(piece), written if not number else 0)
        for number, piece in enumerate(pieces)
        if len(piece) > 1
    ]
