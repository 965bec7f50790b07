"""From a conversation to tokens and labels: only what the assistant says is learnt, its end included.

Owns the rule of which tokens of a chat are trained. The spans come from the chat template itself, by rendering the
conversation up to each assistant turn and through it. Must not know files, batches or models.
"""

from __future__ import annotations

import itertools
import os.path
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

IGNORED = -100
"""The label of a token that is read and not learnt, as torch's cross entropy has it."""

DOCUMENT_ENDS = ("<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>", "<|eot|>")
"""Tokens that end a document in the families we know; an instruct model's own eos ends a turn instead."""

_OPEN, _CLOSE = "\uf8f0", "\uf8f1"
_SENTINEL = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")
"""Stands for the n-th text that must not reach the tokenizer as it is; `_OPEN` itself is such a text."""


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
        self._unsafe = re.compile("|".join(map(re.escape, [*special_texts(tokenizer), _OPEN])))
        self._puts_space_first = "".join(tokenizer.tokenize("a")).startswith("▁")

    def _render(self, messages: Sequence[Mapping[str, Any]], tools: Any, prompt: bool = False) -> str:
        """Return the text of the conversation; `prompt` adds what stands before an answer."""
        try:
            return self._tokenizer.apply_chat_template(
                list(messages), tools=tools, tokenize=False, add_generation_prompt=prompt, **self._kwargs
            )
        except Exception as error:  # a template is foreign code and may raise anything
            raise MaskError(f"the chat template refuses it ({' '.join(str(error).split())[:120]})") from None

    def _defuse(self, value: Any, found: list[str]) -> Any:
        """Return a JSON value with the control tokens in its texts replaced by sentinels, adding them to `found`."""
        if isinstance(value, str):

            def swap(match: re.Match[str]) -> str:
                found.append(match.group())
                return f"{_OPEN}{len(found) - 1}{_CLOSE}"

            return self._unsafe.sub(swap, value)
        if isinstance(value, Mapping):
            return {self._defuse(key, found): self._defuse(item, found) for key, item in value.items()}
        return [self._defuse(item, found) for item in value] if isinstance(value, list) else value

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
                # The prompt opens something, a thought for example, that this answer does not have.
                shared = os.path.commonprefix([before, through])  # noqa: RUF071 - of any texts, whatever its home
                before = self._render(messages[:index], tools) if index else ""
                if not through.startswith(before):
                    continue
                before = max(before, shared, key=len)
            spans.append((len(before), self._end(through, len(before))))
        return spans

    def _end(self, through: str, start: int) -> int:
        """Return where the assistant's turn ends: after its stop token, without the blanks the template adds behind."""
        text = through[start:]
        ends = [text.rfind(stop) + len(stop) for stop in self._stop_texts if stop in text]
        return start + max(ends) if ends and not text[max(ends) :].strip() else len(through)

    def _encode(
        self, text: str, found: Sequence[str], cuts: Sequence[int] = ()
    ) -> tuple[list[int], list[tuple[int, int]]]:
        """Return token ids and their character offsets in `text`; sentinels become the plain text they stand for.

        No token reaches over a character position in `cuts`.
        """
        ids: list[int] = []
        offsets: list[tuple[int, int]] = []
        bounds = sorted({0, *cuts, len(text)})
        for first, last in itertools.pairwise(bounds):
            position = first
            for number, piece in enumerate(_SENTINEL.split(text[first:last])):
                if number % 2:
                    width = len(piece) + 2
                    plain, _ = self._piece(found[int(piece)], position > 0, split_special_tokens=True)
                    ids += plain
                    offsets += [(position, position + width)] * len(plain)
                    position += width
                elif piece:
                    encoded, places = self._piece(piece, position > 0)
                    ids += encoded
                    offsets += [(position + start, position + end) for start, end in places]
                    position += len(piece)
        return ids, offsets

    def _piece(self, text: str, inside: bool, **how: Any) -> tuple[list[int], list[tuple[int, int]]]:
        """Return the ids and offsets of a text on its own, or as it is `inside` a longer one.

        Some tokenizers put a space before whatever they are given; a line break before it, taken off again, keeps that
        space from the middle of a text.
        """
        lead = "\n" if inside and self._puts_space_first else ""
        encoded = self._tokenizer(lead + text, add_special_tokens=False, return_offsets_mapping=True, **how)
        pairs = zip(encoded["input_ids"], encoded["offset_mapping"], strict=True)
        kept = [(token, (start - len(lead), end - len(lead))) for token, (start, end) in pairs if not lead or end > 1]
        return [token for token, _ in kept], [place for _, place in kept]

    def encode(self, messages: Sequence[Mapping[str, Any]], max_length: int, tools: Any = None) -> Example:
        """Return the conversation as an example of at most `max_length` tokens.

        Raises MaskError with a short reason when nothing in it can be trained.
        """
        found: list[str] = []
        defused = [{**message, "content": self._defuse(message.get("content"), found)} for message in messages]
        tools = self._defuse(tools, found)
        text = self._render(defused, tools)
        spans = self._spans(defused, text, tools)
        if not spans:
            raise MaskError("the chat template changes every answer, so none can be told from the rest")
        ids, offsets = self._encode(text, found)
        # Where a token joins the end of the prompt to the answer, they are cut apart as they are in generation.
        cuts = [low for low, _ in spans if any(start < low < end for start, end in offsets)]
        if cuts:
            ids, offsets = self._encode(text, found, cuts)
        # A stop token may reach over the blanks behind it.
        trained = [any(low <= start < high for low, high in spans) and end > start for start, end in offsets]
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
        return Example(ids, labels, sum(plain != _OPEN for plain in found), cut, end_added)


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
    starts = list(range(0, len(ids), max_length))
    if len(starts) > 1 and len(ids) - starts[-1] == 1:
        # A token on its own is never predicted, and it would be the end.
        starts[-1] -= 1
    pieces = [ids[first:last] for first, last in itertools.pairwise([*starts, len(ids)])]
    return [
        Example(piece, list(piece), written if not number else 0)
        for number, piece in enumerate(pieces)
        if len(piece) > 1
    ]
