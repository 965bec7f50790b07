"""From text to tokens and labels: of a chat what the assistant says is learnt, its end included, of an article all.

Owns the rule of which tokens are trained. Must not know files, batches of a trainer or models, nor how a chat template
is made to tell its spans.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.engine.anchors import Anchors
from workbench.engine.rendering import OPEN as _OPEN
from workbench.engine.rendering import SENTINEL, MaskError, Rendered, Renderer

IGNORED = -100
"""The label of a token that is read and not learnt, as torch's cross entropy has it."""

DOCUMENT_ENDS = ("<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>", "<|eot|>")
"""Tokens that end a document in the families we know; an instruct model's own eos ends a turn instead."""


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
    desirable: bool = True
    """Whether the answer is one to learn; false for a worse or a bad one."""


@dataclass(frozen=True)
class Traced:
    """A whole text as tokens, with the place of each: what an example is made of before it is cut."""

    text: str
    """What was encoded, sentinels in it replaced by what they stand for."""
    example: Example
    offsets: list[tuple[int, int]]
    """Characters of `text` each token stands for; a token that was added at the end has none."""


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
        stop_texts = [tokenizer.convert_ids_to_tokens(token) for token in self._stops]
        self._renderer = Renderer(tokenizer, special_texts(tokenizer), stop_texts, template_kwargs or {})
        self._anchors = Anchors(tokenizer)
        self._puts_space_first = "".join(tokenizer.tokenize("a")).startswith("▁")

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
            for number, piece in enumerate(SENTINEL.split(text[first:last])):
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

    def _exact(self, rendered: Rendered) -> tuple[list[int], list[int], list[tuple[int, int]]]:
        """Return ids, labels and offsets of any conversation."""
        text, spans = rendered.text, rendered.spans
        ids, offsets = self._encode(text, rendered.found)
        # Where a token joins the end of the prompt to the answer, they are cut apart as they are in generation.
        cuts = [low for low, _ in spans if any(start < low < end for start, end in offsets)]
        if cuts:
            ids, offsets = self._encode(text, rendered.found, cuts)
        # A stop token may reach over the blanks behind it.
        trained = [any(low <= start < high for low, high in spans) and end > start for start, end in offsets]
        return ids, [token if learn else IGNORED for token, learn in zip(ids, trained, strict=True)], offsets

    def _placed(self, rendered: Rendered, encoding: Any) -> list[tuple[int, int]] | None:
        """Return the tokens of each span from an encoding that knows its places, asked only for those at the ends.

        None where that does not settle it: a token lies across the beginning of an answer, or an end has no token.
        """
        found = []
        for low, high in rendered.spans:
            first = encoding.char_to_token(low)
            last = encoding.char_to_token(high) if high < len(rendered.text) else len(encoding)
            if first is None or last is None or encoding.token_to_chars(first)[0] != low:
                return None
            found.append((first, last + (last < len(encoding) and encoding.token_to_chars(last)[0] < high)))
        return found

    def _quick(self, pending: dict[int, Rendered]) -> Iterator[tuple[int, list[int], list[int]]]:
        """Yield (number, ids, labels) of those conversations in which nothing has to be looked at token by token.

        The texts are encoded together, and once more with the places of the tokens where the first did not settle it.
        """
        backend = _backend(self._tokenizer)

        def encoded(encode: Callable[..., list[Any]]) -> Iterator[tuple[int, Rendered, Any]]:
            encodings = encode([rendered.text for rendered in pending.values()], add_special_tokens=False)
            return ((*one, encoding) for one, encoding in zip(list(pending.items()), encodings, strict=True))

        if self._anchors.usable:
            for number, rendered, encoding in encoded(backend.encode_batch_fast):
                ids: list[int] = encoding.ids
                places = self._anchors.find(rendered.text, rendered.spans, ids)
                if places is not None:
                    del pending[number]
                    yield number, ids, _labels(ids, places)
        for number, rendered, encoding in encoded(backend.encode_batch):
            places = self._placed(rendered, encoding)
            if places is not None:
                yield number, encoding.ids, _labels(encoding.ids, places)

    def _example(self, rendered: Rendered, ids: list[int], labels: list[int], max_length: int) -> Example:
        """Return the example of these ids and labels with an end, cut to `max_length`.

        Raises MaskError when nothing in it can be trained.
        """
        end = self._tokenizer.eos_token_id
        end_added = bool(labels) and labels[-1] != IGNORED and labels[-1] not in self._stops and end is not None
        if end_added:
            ids, labels = [*ids, end], [*labels, end]
        cut = len(ids) > max_length
        if cut:
            ids, labels = ids[:max_length], labels[:max_length]
        if all(label == IGNORED for label in itertools.islice(labels, 1, None)):
            raise MaskError("the answer begins beyond max_length" if cut else "no token of it can be trained")
        return Example(ids, labels, sum(plain != _OPEN for plain in rendered.found), cut, end_added)

    def encode(self, messages: Sequence[Mapping[str, Any]], max_length: int, tools: Any = None) -> Example:
        """Return the conversation as an example of at most `max_length` tokens.

        Raises MaskError with a short reason when nothing in it can be trained.
        """
        rendered = self._renderer.render(messages, tools)
        ids, labels, _ = self._exact(rendered)
        return self._example(rendered, ids, labels, max_length)

    def encode_rows(self, rows: Sequence[Mapping[str, Any]], max_length: int) -> Iterator[Example | MaskError]:
        """Yield what `encode` makes of each {"messages", "tools"?} or raises; all texts are encoded at once."""
        outcomes: list[Rendered | MaskError] = []
        for row in rows:
            try:
                outcomes.append(self._renderer.render(row["messages"], row.get("tools")))
            except MaskError as error:
                outcomes.append(error)
        plain = {
            number: outcome
            for number, outcome in enumerate(outcomes)
            if isinstance(outcome, Rendered) and not outcome.found
        }
        quick = {number: (ids, labels) for number, ids, labels in self._quick(plain)}
        for number, outcome in enumerate(outcomes):
            if isinstance(outcome, MaskError):
                yield outcome
                continue
            try:
                ids, labels = quick.get(number) or self._exact(outcome)[:2]
                yield self._example(outcome, ids, labels, max_length)
            except MaskError as error:
                yield error

    def trace(self, messages: Sequence[Mapping[str, Any]], tools: Any = None) -> Traced:
        """Return the whole conversation as tokens with their places; raises MaskError as `encode` does."""
        rendered = self._renderer.render(messages, tools)
        ids, labels, offsets = self._exact(rendered)
        return _resolved(rendered, self._example(rendered, ids, labels, len(ids) + 1), offsets)

    def trace_prompt(self, messages: Sequence[Mapping[str, Any]], tools: Any = None) -> Traced:
        """Return the tokens before an answer, with their places; nothing of them is learnt."""
        rendered = self._renderer.prompt(messages, tools)
        ids, labels, offsets = self._exact(rendered)
        control_tokens = sum(plain != _OPEN for plain in rendered.found)
        return _resolved(rendered, Example(ids, labels, control_tokens), offsets)


def _labels(ids: list[int], places: Sequence[tuple[int, int]]) -> list[int]:
    """Return the labels of tokens of which those in some ranges are learnt."""
    labels = [IGNORED] * len(ids)
    for first, last in places:
        labels[first:last] = ids[first:last]
    return labels


def _resolved(rendered: Rendered, example: Example, offsets: list[tuple[int, int]]) -> Traced:
    """Return a trace whose text has the words the sentinels stand for, and whose offsets fit them."""
    pieces: list[str] = []
    starts, moves = [0], [0]
    position = 0
    for match in SENTINEL.finditer(rendered.text):
        plain = rendered.found[int(match[1])]
        pieces += [rendered.text[position : match.start()], plain]
        position = match.end()
        starts.append(position)
        moves.append(moves[-1] + len(plain) - len(match[0]))
    text = "".join([*pieces, rendered.text[position:]])

    def moved(character: int) -> int:
        place = bisect_left(starts, character + 1) - 1
        return character + moves[place]

    return Traced(text, example, [(moved(start), moved(end)) for start, end in offsets])


def _backend(tokenizer: Any) -> Any:
    """Return the tokenizer in Rust, set to give every token of a text and to read control tokens as such."""
    backend = tokenizer.backend_tokenizer
    if backend.truncation is not None:
        backend.no_truncation()
    if backend.padding is not None:
        backend.no_padding()
    if backend.encode_special_tokens:
        backend.encode_special_tokens = False
    return backend


class TextEncoder:
    """Encodes articles with one tokenizer; every token is learnt, the document's end included.

    Control tokens written in a text become plain text unless `control_tokens` asks to read them as such.
    """

    def __init__(self, tokenizer: Any, control_tokens: bool = False) -> None:
        self._tokenizer, self._end = tokenizer, document_end(tokenizer)
        self._special = None if control_tokens else _special_pattern(tokenizer)

    def _written(self, text: str) -> int:
        """Return how many control tokens in the text are to become plain text."""
        return len(self._special.findall(text)) if self._special is not None else 0

    def _pieces(self, ids: list[int], written: int, max_length: int) -> list[Example]:
        """Return the ids of a text as examples; its end is added where the tokenizer has not written it."""
        if self._end is not None and ids and ids[-1] != self._end:
            ids.append(self._end)
        starts = list(range(0, len(ids), max_length))
        if len(starts) > 1 and len(ids) - starts[-1] == 1:
            # A token on its own is never predicted, and it would be the end.
            starts[-1] -= 1
        pieces = [ids[first:last] for first, last in itertools.pairwise([*starts, len(ids)])]
        return [
            Example(piece, piece, written if not number else 0) for number, piece in enumerate(pieces) if len(piece) > 1
        ]

    def encode(self, text: str, max_length: int) -> list[Example]:
        """Return an article as examples of at most `max_length` tokens.

        A long article is split without overlap; only its last piece carries the end.
        """
        written = self._written(text)
        ids = list(self._tokenizer(text, split_special_tokens=bool(written))["input_ids"])
        return self._pieces(ids, written, max_length)

    def encode_texts(self, texts: Sequence[str], max_length: int) -> Iterator[list[Example]]:
        """Yield what `encode` makes of each text; all of them are encoded at once."""
        plain = [number for number, text in enumerate(texts) if not self._written(text)]
        encodings = _backend(self._tokenizer).encode_batch_fast([texts[number] for number in plain])
        ids = {number: encoding.ids for number, encoding in zip(plain, encodings, strict=True)}
        for number, text in enumerate(texts):
            yield self._pieces(ids[number], 0, max_length) if number in ids else self.encode(text, max_length)

    def trace(self, text: str) -> Traced:
        """Return the whole article as tokens with their places."""
        written = self._written(text)
        encoded = self._tokenizer(text, split_special_tokens=bool(written), return_offsets_mapping=True)
        examples = self._pieces(list(encoded["input_ids"]), written, len(text.encode()) + 8)
        example = examples[0] if examples else Example([], [])
        return Traced(text, example, list(encoded["offset_mapping"])[: len(example.input_ids)])
