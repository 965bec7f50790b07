"""A teacher with other tokens than its student: where both stand at the same place of a text, and in which words.

Owns that arithmetic on tokens and bytes. Must not know models or files.

Both read the same conversation, each in its own tokens and through its own chat template. Where both have a token that
begins at the same byte of an answer, both have to say what follows the same text: there, and only there, what they say
is compared. The teacher's words are put into the student's by how they begin: each counts for the longest of the
student's words that its bytes begin with. What is known better is the token the student really reads next: its
probability is the product over the teacher's tokens that spell it out, and that much is taken from the word by which
the first of these would have counted. The result is a distribution over the student's own words, of which the likeliest
are kept, so that divergences, files and trainer are those of teachers with the same tokens.

Universal logit distillation (Boizard et al. 2024) compares sorted probabilities at the n-th token of either side, which
mostly stands elsewhere in the text, and does not ask which words they belong to; joining tokens that spell the same
text by the product of their probabilities is done by TRL's GOLD, too. A student's token that begins within one of the
teacher's has the rows' own loss alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from workbench.core.errors import UsageError
from workbench.engine.chat_templates import end_of_answer
from workbench.engine.masks import IGNORED, document_end

_METASPACE = "▁"
_BYTE_SPACE = "Ġ"


@cache
def _bytes_of_letters() -> dict[str, int]:
    """Return letter → byte, as byte-level vocabularies write bytes (GPT-2's table): printable ones as themselves."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {chr(256 + place): byte for place, byte in enumerate(others)}


def _byte_level(token: str) -> bytes:
    """Return the bytes of a token of a byte-level vocabulary."""
    letters = _bytes_of_letters()
    return bytes(letters[letter] for letter in token) if all(letter in letters for letter in token) else token.encode()


def _metaspace(token: str) -> bytes:
    """Return the bytes of a token of a vocabulary that writes spaces as ▁ and lone bytes as <0x0A>."""
    if len(token) == 6 and token.startswith("<0x") and token.endswith(">"):
        return bytes([int(token[3:5], 16)])
    return token.replace(_METASPACE, " ").encode("utf-8", "replace")


def pieces(tokenizer: Any) -> list[bytes]:
    """Return the bytes of text that each token stands for, none for control tokens.

    Raises UsageError for a vocabulary that is neither byte-level nor one with ▁ for a space.
    """
    vocabulary = tokenizer.get_vocab()
    if any(_BYTE_SPACE in token for token in vocabulary):
        read = _byte_level
    elif any(_METASPACE in token for token in vocabulary):
        read = _metaspace
    else:
        raise UsageError(
            "The tokens of base and teacher differ, and how those of one of them spell text is not known; choose a "
            "teacher of the base's own family, or let it write the data with --set teacher_writes=true."
        )
    found = [b""] * (max(vocabulary.values(), default=-1) + 1)
    for token, number in vocabulary.items():
        found[number] = read(token)
    for number, added in tokenizer.added_tokens_decoder.items():
        found[number] = b"" if added.special else added.content.encode()
    return found


def translation(ours: Any, theirs: Any, width: int) -> NDArray[np.int64]:
    """Return for each of a teacher's first `width` words the student's word it counts for, -1 for none.

    `ours` and `theirs` are tokenizers. Ends of answers and of documents stand for one another; other control tokens
    count for nothing.
    """
    known: dict[bytes, int] = {}
    for number, piece in enumerate(pieces(ours)):
        if piece:
            known.setdefault(piece, number)
    most = max(map(len, known), default=0)
    found = np.full(width, -1, dtype=np.int64)
    for number, piece in enumerate(pieces(theirs)[:width]):
        begins = (known.get(piece[:size]) for size in range(min(len(piece), most), 0, -1))
        found[number] = next((word for word in begins if word is not None), -1)
    for end in (document_end, _answer_end):
        one, other = end(ours), end(theirs)
        if one is not None and other is not None and other < width:
            found[other] = one
    return found


def _answer_end(tokenizer: Any) -> int | None:
    """Return the token that ends an answer, None for a tokenizer without a chat template."""
    return end_of_answer(tokenizer, tokenizer.chat_template) if tokenizer.chat_template else None


def _runs(ids: Sequence[int], labels: Sequence[int]) -> list[range]:
    """Return the stretches of tokens that are learnt."""
    found: list[range] = []
    for place, label in enumerate(labels):
        if label == IGNORED:
            continue
        if found and found[-1].stop == place:
            found[-1] = range(found[-1].start, place + 1)
        else:
            found.append(range(place, place + 1))
    return found


def _offsets(ids: Sequence[int], run: range, spelt: Sequence[bytes]) -> tuple[bytes, dict[int, int]]:
    """Return (the text of a stretch, byte at which a token begins → its place), without the spaces it begins with."""
    text, begins = b"", dict[int, int]()
    for place in run:
        begins.setdefault(len(text), place)
        text += spelt[ids[place]]
    lead = len(text) - len(text.lstrip(b" "))
    moved: dict[int, int] = {}
    for byte, place in begins.items():
        moved.setdefault(max(0, byte - lead), place)
    return text[lead:], moved


class Meeting(NamedTuple):
    """A place where a token of the student and one of the teacher begin at the same byte of the same text."""

    ours: int
    """Place of the student's token."""
    theirs: int
    """Place of the teacher's."""
    tokens: int
    """How many of the teacher's tokens, from there on, spell out the student's."""


def meetings(
    ours: tuple[Sequence[int], Sequence[int]], theirs: tuple[Sequence[int], Sequence[int]],
    our_pieces: Sequence[bytes], their_pieces: Sequence[bytes],
) -> list[Meeting]:  # fmt: skip
    """Return the places where learnt tokens of a row meet, of which `ours` and `theirs` are ids and labels.

    A first token of all, which nothing predicts, is left out, and so is what follows where their texts part.
    """
    found = []
    for here, there in zip(_runs(*ours), _runs(*theirs), strict=False):
        (text, begins), (other, others) = _offsets(ours[0], here, our_pieces), _offsets(theirs[0], there, their_pieces)
        alike = _alike(text, other)
        for byte, place in begins.items():
            start, end = others.get(byte, 0), byte + len(our_pieces[ours[0][place]])
            if not (place and start) or end > alike:
                continue
            at, count = byte + len(their_pieces[theirs[0][start]]), 1
            while at < end and start + count < there.stop:
                at += len(their_pieces[theirs[0][start + count]])
                count += 1
            found.append(Meeting(place, start, count))
    return found


def _alike(one: bytes, other: bytes) -> int:
    """Return how many bytes two texts have in common at their beginning."""
    size = min(len(one), len(other))
    return next((place for place in range(size) if one[place] != other[place]), size)


def text_of(ids: Iterable[int], spelt: Sequence[bytes]) -> str:
    """Return the text of tokens; a letter that is cut at an end is left out."""
    return b"".join(spelt[token] for token in ids).decode("utf-8", "ignore")


def translated(
    probs: torch.Tensor, words: torch.Tensor, width: int, read: torch.Tensor, chances: torch.Tensor, first: torch.Tensor
) -> torch.Tensor:
    """Return N × (`width` + 1) probabilities over a student's words of N × V of a teacher's, what counts for none last.

    `words` is the student's word for each of the V, -1 for none; `read` the N words the student really reads next,
    `chances` the teacher's probability of each, and `first` the teacher's words that begin them.
    """
    target = torch.where(words < 0, width, words)
    found = probs.new_zeros(len(probs), width + 1).index_add_(1, target, probs)
    rows = torch.arange(len(probs), device=probs.device)
    found[rows, target[first]] -= chances
    found[rows, read] += chances
    return found.clamp(min=0)
