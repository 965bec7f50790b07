"""From rows to the sequences a trainer reads: encoding, packing, and the proof that packing does not leak.

Owns what is counted while rows become examples, and how examples become sequences. Must not know trainers or where rows
come from. Rows are taken a batch at a time and sequences are put together when they are asked for.
"""

from __future__ import annotations

import gc
import itertools
import random
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from workbench.engine.examples import Examples, Writer
from workbench.engine.masks import IGNORED, ChatEncoder, Example, TextEncoder
from workbench.engine.rendering import MaskError

LEAK_TOLERANCE = 1e-3
"""Largest logit difference between a packed and an isolated document that rounding explains: families isolate to
7e-5 in fp32, and the ones that leak differ by more than .5."""

_BATCH_ROWS = 256
_BATCH_CHARACTERS = 1 << 18
"""Rows encoded together: many, so that the tokenizer's threads have work, and few, so that they take little memory."""


@dataclass
class Encoded:
    """What happened to rows that became examples."""

    rows: int = 0
    examples: int = 0
    tokens: int = 0
    trained_tokens: int = 0
    cut: int = 0
    end_added: int = 0
    control_tokens: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    """Reason → rows that gave no example."""

    def counts(self) -> dict[str, Any]:
        """Return what the report says: rows, examples, tokens, trained tokens, and what was cut, added or dropped."""
        return {**vars(self), "dropped": dict(self.dropped)}


def batches(rows: Iterable[Mapping[str, Any]], size: Callable[[Any], int]) -> Iterator[list[Any]]:
    """Yield rows in lists of a bounded number of rows and, a single long one aside, characters."""
    # The many objects of the libraries stay for good; looking through them for garbage takes a twentieth of the time.
    gc.freeze()
    batch: list[Any] = []
    characters = 0
    for row in rows:
        batch.append(row)
        characters += size(row)
        if len(batch) >= _BATCH_ROWS or characters >= _BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _said(row: Mapping[str, Any]) -> int:
    """Return how many characters a conversation has."""
    return sum(len(turn.get("content") or "") for turn in row["messages"])


def write_row(
    into: Writer, outcome: list[Example] | MaskError, encoded: Encoded, row: Mapping[str, Any] | None = None
) -> None:
    """Write the examples of a row, beside the row itself where it is given, and count what happened to it."""
    encoded.rows += 1
    if isinstance(outcome, MaskError):
        encoded.dropped[str(outcome)] += 1
        return
    encoded.cut += any(example.cut for example in outcome)
    for example in outcome:
        into.add(example, row)
        encoded.end_added += example.end_added
        encoded.control_tokens += example.control_tokens


def _write(into: Writer, outcomes: Iterable[list[Example] | MaskError], encoded: Encoded) -> None:
    """Write the examples of rows and count what happened to them."""
    for outcome in outcomes:
        write_row(into, outcome, encoded)


def encode_texts(
    tokenizer: Any, rows: Iterable[Mapping[str, Any]], max_length: int, into: Writer, control_tokens: bool = False
) -> Encoded:
    """Write articles as examples; rows without a token are dropped with a reason."""
    encoded, encoder = Encoded(), TextEncoder(tokenizer, control_tokens)
    with into:
        for batch in batches(rows, lambda row: len(row["text"])):
            made = encoder.encode_texts([row["text"] for row in batch], max_length)
            _write(into, (examples or MaskError("the text is empty") for examples in made), encoded)
    return counted(encoded, into)


def encode_chats(encoder: ChatEncoder, rows: Iterable[Mapping[str, Any]], max_length: int, into: Writer) -> Encoded:
    """Write conversations as examples in which only the assistant's words are learnt."""
    encoded = Encoded()
    with into:
        for batch in batches(rows, _said):
            made = encoder.encode_rows(batch, max_length)
            _write(into, (one if isinstance(one, MaskError) else [one] for one in made), encoded)
    return counted(encoded, into)


_SAME = "both answers are the same, as far as max_length reaches"


def _answered(row: Mapping[str, Any], answer: str) -> dict[str, Any]:
    """Return a row's prompt with one of its answers as a conversation in which nothing but that answer is learnt."""
    asked = [{**turn, "weight": 0} if turn["role"] == "assistant" else turn for turn in row["prompt"]]
    return {"messages": [*asked, *row[answer]], **({"tools": row["tools"]} if row.get("tools") else {})}


def _said_in_answers(row: Mapping[str, Any]) -> int:
    """Return how many characters prompt and answers of a row have."""
    turns = [turn for name in ("prompt", "chosen", "rejected", "completion") for turn in row.get(name, ())]
    return sum(len(turn.get("content") or "") for turn in turns)


def encode_pairs(encoder: ChatEncoder, rows: Iterable[Mapping[str, Any]], max_length: int, into: Writer) -> Encoded:
    """Write rows of a better and a worse answer as two examples each, the better one first.

    Only the answers are learnt. A row of which either answer cannot be learnt is dropped with the reason.
    """

    def pair(better: Example | MaskError, worse: Example | MaskError) -> list[Example] | MaskError:
        for answer in (better, worse):
            if isinstance(answer, MaskError):
                return answer
        assert isinstance(better, Example)
        assert isinstance(worse, Example)
        if better.input_ids == worse.input_ids:
            return MaskError(_SAME)
        return [better, replace(worse, desirable=False)]

    encoded = Encoded()
    with into:
        for batch in batches(rows, _said_in_answers):
            chats = [_answered(row, name) for row in batch for name in ("chosen", "rejected")]
            made = encoder.encode_rows(chats, max_length)
            _write(into, (pair(better, worse) for better, worse in zip(made, made, strict=True)), encoded)
    return counted(encoded, into)


def encode_judged(encoder: ChatEncoder, rows: Iterable[Mapping[str, Any]], max_length: int, into: Writer) -> Encoded:
    """Write rows of one answer and whether it is good as an example each, in which only the answer is learnt."""
    encoded = Encoded()
    with into:
        for batch in batches(rows, _said_in_answers):
            made = encoder.encode_rows([_answered(row, "completion") for row in batch], max_length)
            _write(
                into,
                (
                    one if isinstance(one, MaskError) else [replace(one, desirable=bool(row["label"]))]
                    for row, one in zip(batch, made, strict=True)
                ),
                encoded,
            )
    return counted(encoded, into)


def encode_prompts(
    encoder: ChatEncoder, rows: Iterable[Mapping[str, Any]], longest: int, longest_answer: int, into: Writer
) -> Encoded:
    """Write prompts, up to where their answers begin, as examples of which nothing is learnt, and their rows with them.

    A prompt of more than `longest` tokens is dropped: cut, it would ask something else. `longest_answer` is what the
    reason names.
    """
    encoded = Encoded()
    with into:
        for row in rows:
            encoded.rows += 1
            try:
                example = encoder.trace_prompt(row["prompt"], row.get("tools")).example
            except MaskError as error:
                encoded.dropped[str(error)] += 1
                continue
            if len(example.input_ids) > longest:
                encoded.dropped[f"within max_length the prompt leaves no room for an answer of {longest_answer}"] += 1
                continue
            into.add(replace(example, labels=[IGNORED] * len(example.input_ids)), row)
            encoded.control_tokens += example.control_tokens
    return counted(encoded, into)


def counted(encoded: Encoded, written: Writer) -> Encoded:
    """Return the account with the writer's figures."""
    encoded.examples, encoded.tokens, encoded.trained_tokens = written.examples, written.tokens, written.trained
    return encoded


@dataclass(frozen=True)
class Bins:
    """Which examples make up each sequence."""

    numbers: NDArray[np.int64]
    """Numbers of examples, the sequences' one behind the other."""
    bounds: NDArray[np.int64]
    """Where each sequence begins in `numbers`, and at last where they end."""

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def __getitem__(self, number: int) -> list[int]:
        if not 0 <= number < len(self):
            raise IndexError(number)
        return [int(example) for example in self.numbers[self.bounds[number] : self.bounds[number + 1]]]


def pack(lengths: Sequence[int] | NDArray[np.int64], max_length: int, seed: int) -> Bins:
    """Return bins of examples of these lengths, each bin's tokens together at most `max_length`: best fit in a random
    order.

    Every example stays whole (Ding et al. 2024, "Fewer Truncations Improve Language Modeling"). Longest first would
    fill a little better and put examples of one length, so often of one kind, into one sequence: noisier steps.
    """
    order = list(range(len(lengths)))
    random.Random(seed).shuffle(order)
    rooms: list[int] = []
    by_room: dict[int, list[int]] = {}
    bin_of = np.empty(len(order), dtype=np.int64)
    firsts: list[int] = []
    for place, number in enumerate(order):
        length = int(lengths[number])
        at = bisect_left(rooms, length)
        if at == len(rooms):
            chosen, left = len(firsts), max_length - length
            firsts.append(number)
        else:
            chosen, left = by_room[rooms[at]].pop(), rooms[at] - length
            if not by_room[rooms[at]]:
                del by_room[rooms.pop(at)]
        bin_of[place] = chosen
        if left not in by_room:
            by_room[left] = []
            insort(rooms, left)
        by_room[left].append(chosen)
    # Sequences are in the order of their first examples, examples in the order they were put in.
    rank = np.empty(len(firsts), dtype=np.int64)
    rank[np.argsort(np.array(firsts, dtype=np.int64))] = np.arange(len(firsts))
    ranked = rank[bin_of]
    numbers = np.array(order, dtype=np.int64)[np.argsort(ranked, kind="stable")]
    counts = np.bincount(ranked, minlength=len(firsts)) if order else np.zeros(0, dtype=np.int64)
    return Bins(numbers, np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts)]))


class Sequences(torch.utils.data.Dataset[dict[str, NDArray[np.int64]]]):
    """Examples as sequences with input_ids, labels and position_ids, put together when one is asked for.

    The first label of every document is ignored: with packing it would be predicted from the document before.
    """

    def __init__(self, examples: Examples, max_length: int, packing: bool, seed: int) -> None:
        self._examples = examples
        self.bins = pack(examples.lengths, max_length, seed) if packing else None

    def __len__(self) -> int:
        return len(self._examples) if self.bins is None else len(self.bins)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of each sequence."""
        lengths = self._examples.lengths
        return lengths if self.bins is None else np.add.reduceat(lengths[self.bins.numbers], self.bins.bounds[:-1])

    def __getitem__(self, number: int) -> dict[str, NDArray[np.int64]]:
        if not 0 <= number < len(self):
            raise IndexError(number)
        chosen = [number] if self.bins is None else self.bins[number]
        columns = [self._examples.columns(example) for example in chosen]
        for _, labels in columns:
            labels[0] = IGNORED
        return {
            "input_ids": np.concatenate([ids for ids, _ in columns]),
            "labels": np.concatenate([labels for _, labels in columns]),
            "position_ids": np.concatenate([np.arange(len(ids)) for ids, _ in columns]),
        }


class Order(torch.utils.data.Sampler[int]):
    """The order in which sequences are learnt: shuffled by the seed and the epoch, and nothing else.

    The first epoch begins with the longest sequence: the first batch is then as large as any batch gets, and a run that
    does not fit shows it at its first step and not hours later. It trades places with the sequence that would have been
    first, so that every sequence is still learnt once, and whatever the micro-batch is the rows of a step are the same.
    """

    def __init__(self, lengths: NDArray[np.int64], seed: int) -> None:
        self._lengths, self._seed = lengths, seed
        self.epoch = 0
        """Set by the trainer at the beginning of each epoch."""

    def __len__(self) -> int:
        return len(self._lengths)

    def numbers(self) -> list[int]:
        """Return the sequences of the present epoch in their order, each once."""
        generator = torch.Generator().manual_seed(self._seed + self.epoch)
        numbers: list[int] = torch.randperm(len(self._lengths), generator=generator).tolist()
        longest = int(self._lengths.argmax())
        if self.epoch == 0 and self._lengths[longest] > self._lengths[numbers[0]]:
            place = numbers.index(longest)
            numbers[0], numbers[place] = numbers[place], numbers[0]
        return numbers

    def __iter__(self) -> Iterator[int]:
        yield from self.numbers()


def collator(pad_token_id: int, packed: bool) -> Callable[[list[dict[str, Any]]], dict[str, torch.Tensor]]:
    """Return the function that makes a batch of sequences.

    Packed sequences carry position_ids and no attention mask: from positions that begin again, transformers builds the
    mask that keeps documents apart. Padding counts as one more document and is never learnt. Plain sequences carry an
    attention mask.
    """

    def collate(sequences: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        width = max(len(sequence["input_ids"]) for sequence in sequences)

        def padded(name: str, value: Callable[[int], Any]) -> torch.Tensor:
            rows = np.empty((len(sequences), width), dtype=np.int64)
            for row, sequence in zip(rows, sequences, strict=True):
                length = len(sequence[name])
                row[:length], row[length:] = sequence[name], value(width - length)
            return torch.from_numpy(rows)

        batch = {
            "input_ids": padded("input_ids", lambda missing: pad_token_id),
            "labels": padded("labels", lambda missing: IGNORED),
        }
        if packed:
            return batch | {"position_ids": padded("position_ids", np.arange)}
        lengths = torch.tensor([[len(sequence["input_ids"])] for sequence in sequences])
        return batch | {"attention_mask": (torch.arange(width)[None] < lengths).long()}

    return collate


def packing_leak(model: Any, examples: Iterable[Example]) -> float:
    """Return the largest logit difference between a document packed behind another one and the same document alone.

    Uses the collator's own keys, so that it proves what training will do. Infinite when the model cannot take them.
    """
    pieces = [example.input_ids[:48] for example in itertools.islice(examples, 2)]
    if len(pieces) < 2:
        return 0.0
    collate = collator(0, packed=True)

    def logits(*documents: list[int]) -> torch.Tensor:
        row = {
            "input_ids": [token for document in documents for token in document],
            "labels": [IGNORED for document in documents for _ in document],
            "position_ids": [position for document in documents for position in range(len(document))],
        }
        batch = {key: value.to(model.device) for key, value in collate([row]).items() if key != "labels"}
        return model(**batch, use_cache=False).logits[0, -len(pieces[1]) :].float()

    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            return (logits(*pieces) - logits(pieces[1])).abs().max().item()
    except (ValueError, TypeError, NotImplementedError):
        return float("inf")
    finally:
        model.train(was_training)


def leak_tolerance(model: Any) -> float:
    """Return the largest packed-versus-isolated difference that the model's number format explains."""
    return LEAK_TOLERANCE if model.dtype == torch.float32 else 0.25
