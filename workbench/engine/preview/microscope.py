"""The mask microscope: every token of a row with what becomes of it in training.

Owns the marks and the checks of beginnings and ends. Must not know how a mask is made: it asks the encoders.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from workbench.core.text import one_line
from workbench.core.units import count
from workbench.engine.masks import IGNORED, ChatEncoder, TextEncoder, Traced, document_end, stop_ids
from workbench.engine.rendering import MaskError

SHOWN_TOKENS = 20_000
"""Tokens of a row that are told one by one; the figures are of all of them."""


@dataclass(frozen=True)
class Encoders:
    """What turns rows into tokens for one base."""

    tokenizer: Any
    chat: ChatEncoder | None
    """None when the base has no chat template."""
    text: TextEncoder
    stops: frozenset[int]


def encoders(tokenizer: Any, generation_eos: int | Sequence[int] | None) -> Encoders:
    """Return the encoders of a base."""
    chat = ChatEncoder(tokenizer, generation_eos) if tokenizer.chat_template else None
    return Encoders(tokenizer, chat, TextEncoder(tokenizer), frozenset(stop_ids(tokenizer, generation_eos)))


def conversations(row: Mapping[str, Any]) -> list[tuple[list[dict[str, Any]], int]]:
    """Return the conversations a canonical row stands for, each with the number of turns before what is learnt.

    One for messages, an answer that is labelled and a prompt alone, whose preferred answer nobody learns; two for
    preferences, the chosen one first; none for an article.
    """
    if "messages" in row:
        return [(list(row["messages"]), 0)]
    prompt = list(row.get("prompt", ()))
    learnt = ("chosen", "rejected", "completion") if "label" in row else ("chosen", "rejected")
    answers = [list(row[name]) for name in learnt if name in row]
    return [(prompt + answer, len(prompt)) for answer in answers] or ([(prompt, len(prompt))] if prompt else [])


def traced(using: Encoders, row: Mapping[str, Any], answer: int = 0) -> Traced:
    """Return the tokens of a row, where it has two answers with the chosen one (0) or the rejected one (1).

    Raises MaskError when it gives none.
    What a method does not learn has no label: all before the completion, and the first token, which nothing predicts.
    """
    told = conversations(row)
    if not told:
        found = using.text.trace(str(row.get("text", "")))
        if not found.example.input_ids:
            raise MaskError("the text is empty")
        return _learnt_from(found, 1)
    if using.chat is None:
        raise MaskError("the base has no chat template")
    messages, before = told[answer]
    if before == len(messages):
        return using.chat.trace_prompt(messages, row.get("tools"))
    found = using.chat.trace(messages, row.get("tools"))
    if before:
        prompt = using.chat.trace_prompt(messages[:before], row.get("tools")).text
        earlier = sum(end <= len(prompt) for _, end in found.offsets) if found.text.startswith(prompt) else 0
        found = _learnt_from(found, earlier)
    return _learnt_from(found, 1)


def _learnt_from(found: Traced, first: int) -> Traced:
    """Return a trace in which nothing before token `first` is learnt."""
    labels = [IGNORED] * min(first, len(found.example.labels)) + found.example.labels[first:]
    return replace(found, example=replace(found.example, labels=labels))


def _said(row: Mapping[str, Any], text: str, answer: int) -> list[tuple[int, int]]:
    """Return the stretches of a rendered text that the row says and the template does not."""
    told = conversations(row)
    if not told:
        return [(0, len(text))]
    return [stretch for _, *stretch in _contents(told[answer][0], text)]  # type: ignore[misc]


def _contents(messages: Sequence[Mapping[str, Any]], text: str) -> list[tuple[int, int, int]]:
    """Return (message, start, end) of the words of messages in a rendered text, of those that are found in it."""
    stretches = []
    position = 0
    for number, message in enumerate(messages):
        content = message.get("content")
        for words in (content, content.strip()) if isinstance(content, str) and content.strip() else ():
            start = text.find(words, position)
            if start >= 0:
                position = start + len(words)
                stretches.append((number, start, position))
                break
    return stretches


def _turns(
    using: Encoders, row: Mapping[str, Any], found: Traced, special: Mapping[int, str], answer: int
) -> list[dict[str, Any]]:
    """Return where each turn begins, as {"who", "first": token}; a stop token ends the turn before it.

    What a template says before the first turn of the row is a turn of its own, called template.
    """
    told = conversations(row)
    if not told:
        return [{"who": "text", "first": 0}]
    messages = told[answer][0]
    marks = [
        (end, token in using.stops)
        for token, (_, end) in zip(found.example.input_ids, found.offsets, strict=False)
        if token in special
    ]
    turns: list[tuple[str, int]] = []
    before = 0
    for number, start, end in _contents(messages, found.text):
        between = [(place, stops) for place, stops in marks if before < place <= start]
        stops = [place for place, stop in between if stop]
        cut = stops[-1] if stops else between[0][0] if between and turns else before
        while cut < start and found.text[cut].isspace():
            cut += 1
        if not turns:
            turns += [("template", 0)] if stops and cut < start else []
            cut = cut if stops else 0
        turns.append((str(messages[number]["role"]), cut))
        before = end
    first = 0
    told_turns = []
    for who, cut in turns or [(str(messages[0]["role"]), 0)]:
        while first < len(found.offsets) and found.offsets[first][0] < cut:
            first += 1
        told_turns.append({"who": who, "first": first})
    return told_turns


def _texts(found: Traced) -> Iterator[str]:
    """Yield the text of each token such that all of them together are the whole text.

    A character spelt by several tokens is the first one's, blanks that no token has are the next one's.
    """
    position = 0
    last = len(found.offsets) - 1
    for number, (_, end) in enumerate(found.offsets):
        reached = max(end, position) if number < last else len(found.text)
        yield found.text[position:reached]
        position = reached


def view(using: Encoders, row: Mapping[str, Any], max_length: int) -> dict[str, Any]:
    """Return a row token by token, as the package's docstring has it."""
    if len(conversations(row)) < 2:
        return _view(using, row, max_length, 0)
    return {**_view(using, row, max_length, 0), "rejected": _view(using, row, max_length, 1)}


def _view(using: Encoders, row: Mapping[str, Any], max_length: int, answer: int) -> dict[str, Any]:
    """Return a row with one of its answers."""
    nothing: dict[str, Any] = {
        "about": [],
        "turns": [],
        "special": [],
        "tokens": [],
        "length": 0,
        "trained": 0,
        "trained_share": 0.0,
        "cut": False,
        "end_added": False,
    }
    try:
        found = traced(using, row, answer)
    except MaskError as error:
        return {**nothing, "control_tokens": 0, "checks": [], "error": str(error)}
    ids, labels = found.example.input_ids, found.example.labels
    special = {number: token.content for number, token in using.tokenizer.added_tokens_decoder.items() if token.special}
    article = not conversations(row)
    # A long article becomes several examples, so nothing of it is lost.
    limit = len(ids) if article else max_length
    stretches = iter(_said(row, found.text, answer))
    stretch = next(stretches, None)
    tokens = []
    for number, (token, label, text) in enumerate(zip(ids, labels, _padded(found, using), strict=True)):
        start, end = found.offsets[number] if number < len(found.offsets) else (len(found.text), len(found.text))
        while stretch is not None and stretch[1] <= start:
            stretch = next(stretches, None)
        if number >= limit:
            mark = "truncated"
        elif label != IGNORED:
            mark = "trained"
        elif token in special and special[token] in text:
            mark = "control"
        else:
            mark = "masked" if stretch is not None and end > stretch[0] else "template"
        if number < SHOWN_TOKENS:
            tokens.append({"id": token, "text": text, "mark": mark})
    kept = sum(label != IGNORED for label in labels[:limit])
    checks = _checks(using, found, article, max_length)
    return {
        "tokens": tokens,
        "length": len(ids),
        "trained": kept,
        "trained_share": round(kept / max(1, min(len(ids), limit)), 4),
        "cut": len(ids) > limit,
        "end_added": found.example.end_added,
        "control_tokens": found.example.control_tokens,
        "checks": [said for _, said in checks],
        "about": [about for about, _ in checks],
        "turns": _turns(using, row, found, special, answer),
        "special": sorted({token for token in ids if token in special}),
        "error": "" if kept or _is_prompt(row) else "the answer begins beyond max_length",
    }


def _is_prompt(row: Mapping[str, Any]) -> bool:
    """Return whether a row has no answer to learn."""
    return all(before == len(messages) for messages, before in conversations(row)) and "text" not in row


def _padded(found: Traced, using: Encoders) -> list[str]:
    """Return the text of each token; one that was added at the end is told by its name."""
    texts = list(_texts(found))
    added = found.example.input_ids[len(texts) :]
    return texts + [str(name) for name in using.tokenizer.convert_ids_to_tokens(added)]


def _checks(using: Encoders, found: Traced, article: bool, max_length: int) -> list[tuple[str, str]]:
    """Return what is to be said about the beginning and the end of a row: what it is about, and a sentence."""
    tokenizer, ids, labels = using.tokenizer, found.example.input_ids, found.example.labels
    said: list[tuple[str, str]] = []
    bos = tokenizer.bos_token_id
    name = one_line(str(tokenizer.bos_token), 40)
    if bos is not None and ids[:2] == [bos, bos]:
        text = f"It begins with {name} twice: the chat template writes it although it stands there already."
        said.append(("start", text))
    elif bos is not None and not article and ids[0] != bos and tokenizer("a")["input_ids"][0] == bos:
        text = (
            f"It begins without {name}, which this tokenizer puts before every text: the chat template does not "
            "write it, so training and chatting go without."
        )
        said.append(("start", text))
    if article:
        pieces = -(-len(ids) // max_length)
        if pieces > 1:
            said.append(("whole", f"It is longer than max_length and is learnt as {pieces} examples without overlap."))
        if document_end(tokenizer) is None:
            said.append(("stop", "It ends without a token for the end of a document, since this tokenizer has none."))
        return said
    if found.example.end_added:
        text = (
            "The chat template leaves the answer without a stop token; "
            f"{one_line(str(tokenizer.eos_token), 40)} is added so that the model learns to stop."
        )
        said.append(("stop", text))
    learnt = [label for label in labels if label != IGNORED]
    if learnt and learnt[-1] not in using.stops:
        said.append(("stop", "The answer ends without a stop token, so the model does not learn to stop."))
    if len(ids) > max_length:
        text = (
            f"It has {count(len(ids))} tokens and is cut to {count(max_length)}: the end of the answer is not learnt."
        )
        said.append(("whole", text))
    if number := found.example.control_tokens:
        what = f"{count(number)} control tokens stand" if number > 1 else "A control token stands"
        said.append(("text", f"{what} in its text; it is read as plain text."))
    return said
