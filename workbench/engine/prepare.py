"""From rows to the examples a trainer reads: encoding, packing, and the proof that packing does not leak.

Owns the prepared dataset of a run and its report. Must not know trainers or where rows come from.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from datasets import Dataset

from workbench.engine.masks import IGNORED, ChatEncoder, Example, TextEncoder
from workbench.engine.rendering import MaskError

LEAK_TOLERANCE = 1e-3
"""Largest logit difference between a packed and an isolated document that rounding explains: families isolate to
7e-5 in fp32, and the ones that leak differ by more than .5."""


@dataclass
class Encoded:
    """Examples and what happened to the rows they came from."""

    examples: list[Example] = field(default_factory=list)
    rows: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    """Reason → rows that gave no example."""

    def counts(self) -> dict[str, Any]:
        """Return what the report says: rows, examples, tokens, trained tokens, and what was cut, added or dropped."""
        return {
            "rows": self.rows,
            "examples": len(self.examples),
            "tokens": sum(len(example.input_ids) for example in self.examples),
            "trained_tokens": sum(sum(label != IGNORED for label in example.labels) for example in self.examples),
            "cut": sum(example.cut for example in self.examples),
            "end_added": sum(example.end_added for example in self.examples),
            "control_tokens": sum(example.control_tokens for example in self.examples),
            "dropped": dict(self.dropped),
        }


def encode_texts(
    tokenizer: Any, rows: Iterable[dict[str, Any]], max_length: int, control_tokens: bool = False
) -> Encoded:
    """Return articles as examples; rows without a token are dropped with a reason."""
    encoded = Encoded()
    encoder = TextEncoder(tokenizer, control_tokens)
    for row in rows:
        encoded.rows += 1
        examples = encoder.encode(row["text"], max_length)
        if examples:
            encoded.examples += examples
        else:
            encoded.dropped["the text is empty"] += 1
    return encoded


def encode_chats(encoder: ChatEncoder, rows: Iterable[dict[str, Any]], max_length: int) -> Encoded:
    """Return conversations as examples in which only the assistant's words are learnt."""
    encoded = Encoded()
    for row in rows:
        encoded.rows += 1
        try:
            encoded.examples.append(encoder.encode(row["messages"], max_length, row.get("tools")))
        except MaskError as error:
            encoded.dropped[str(error)] += 1
    return encoded


def pack(examples: Sequence[Example], max_length: int, seed: int) -> list[list[int]]:
    """Return bins of example numbers, each bin's tokens together at most `max_length`: best fit in a random order.

    Every example stays whole (Ding et al. 2024, "Fewer Truncations Improve Language Modeling"). Longest first would
    fill a little better and put examples of one length, so often of one kind, into one sequence: noisier steps.
    """
    by_room: dict[int, list[list[int]]] = {}
    order = list(range(len(examples)))
    random.Random(seed).shuffle(order)
    for number in order:
        length = len(examples[number].input_ids)
        room = min((free for free in by_room if free >= length), default=None)
        chosen = [] if room is None else by_room[room].pop()
        if room is not None and not by_room[room]:
            del by_room[room]
        chosen.append(number)
        by_room.setdefault((max_length if room is None else room) - length, []).append(chosen)
    return sorted((chosen for bins in by_room.values() for chosen in bins), key=lambda chosen: chosen[0])


def dataset(examples: Sequence[Example], max_length: int, packing: bool, seed: int) -> Dataset:
    """Return the examples as a dataset with input_ids, labels and position_ids; one sequence a row.

    The first label of every document is ignored: with packing it would be predicted from the document before.
    """
    bins = pack(examples, max_length, seed) if packing else [[number] for number in range(len(examples))]
    columns: dict[str, list[list[int]]] = {"input_ids": [], "labels": [], "position_ids": []}
    for chosen in bins:
        columns["input_ids"].append([token for number in chosen for token in examples[number].input_ids])
        columns["labels"].append([label for number in chosen for label in [IGNORED, *examples[number].labels[1:]]])
        columns["position_ids"].append(
            [position for number in chosen for position in range(len(examples[number].input_ids))]
        )
    return Dataset.from_dict(columns)


def collator(pad_token_id: int, packed: bool) -> Callable[[list[dict[str, list[int]]]], dict[str, torch.Tensor]]:
    """Return the function that makes a batch of sequences.

    Packed sequences carry position_ids and no attention mask: from positions that begin again, transformers builds the
    mask that keeps documents apart. Padding counts as one more document and is never learnt. Plain sequences carry an
    attention mask.
    """

    def collate(sequences: list[dict[str, list[int]]]) -> dict[str, torch.Tensor]:
        width = max(len(sequence["input_ids"]) for sequence in sequences)

        def padded(name: str, value: Callable[[int], Iterable[int]]) -> torch.Tensor:
            return torch.tensor([[*sequence[name], *value(width - len(sequence[name]))] for sequence in sequences])

        batch = {
            "input_ids": padded("input_ids", lambda missing: [pad_token_id] * missing),
            "labels": padded("labels", lambda missing: [IGNORED] * missing),
        }
        if packed:
            return batch | {"position_ids": padded("position_ids", range)}
        lengths = torch.tensor([[len(sequence["input_ids"])] for sequence in sequences])
        return batch | {"attention_mask": (torch.arange(width)[None] < lengths).long()}

    return collate


def packing_leak(model: Any, examples: Sequence[Example]) -> float:
    """Return the largest logit difference between a document packed behind another one and the same document alone.

    Uses the collator's own keys, so that it proves what training will do. Infinite when the model cannot take them.
    """
    pieces = [example.input_ids[:48] for example in examples[:2]]
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
