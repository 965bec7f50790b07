"""Packing: every example whole and once, documents that cannot see each other, and a proof that notices if they can."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests import models
from workbench.engine import micro, prepare
from workbench.engine.examples import Examples, Writer
from workbench.engine.masks import IGNORED, ChatEncoder, Example

LEAST_LEAK = 0.1
"""Logits of a document that sees another one differ by more than this; rounding stays below a thousandth of it."""

LENGTHS = st.lists(st.integers(2, 40), min_size=1, max_size=60)


def documents(*lengths: int) -> list[Example]:
    """Return documents of random tokens, all of them learnt."""
    draw = torch.Generator().manual_seed(sum(lengths))
    drawn = [torch.randint(1, 300, (length,), generator=draw).tolist() for length in lengths]
    return [Example(ids, list(ids)) for ids in drawn]


def sizes_of(examples: list[Example]) -> list[int]:
    return [len(example.input_ids) for example in examples]


def alone(model: Any, ids: list[int]) -> torch.Tensor:
    """Return the logits of one document by itself."""
    with torch.no_grad():
        return model(input_ids=torch.tensor([ids]), use_cache=False).logits[0]


class WithoutPositions(torch.nn.Module):
    """A model that takes no notice of positions, as families do that build their masks without them."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model, self.device, self.dtype = model, model.device, model.dtype

    def forward(self, position_ids: torch.Tensor | None = None, **rest: Any) -> Any:
        return self.model(**rest)


@given(LENGTHS, st.integers(0, 5))
def test_packing_keeps_every_example_whole_and_once(lengths: list[int], seed: int) -> None:
    examples = documents(*lengths)
    bins = prepare.pack(sizes_of(examples), 40, seed)
    assert sorted(number for chosen in bins for number in chosen) == list(range(len(examples)))
    sizes = [sum(lengths[number] for number in chosen) for chosen in bins]
    assert max(sizes) <= 40
    # Best fit never leaves two bins that would go into one, apart from bins it had no choice about.
    assert sum(size <= 20 for size in sizes) <= 1
    assert list(bins) == list(prepare.pack(lengths, 40, seed))


@given(LENGTHS)
def test_the_sequences_hold_the_examples_and_their_positions(lengths: list[int]) -> None:
    examples = documents(*lengths)
    for row, chosen in zip(
        prepare.Sequences(Examples.of(examples), 40, True, 0), prepare.pack(sizes_of(examples), 40, 0), strict=True
    ):
        assert row["input_ids"].tolist() == [token for number in chosen for token in examples[number].input_ids]
        assert row["position_ids"].tolist() == [place for number in chosen for place in range(lengths[number])]
        starts = [place for place, position in enumerate(row["position_ids"]) if position == 0]
        assert all(row["labels"][place] == IGNORED for place in starts)
        assert [label for label in row["labels"] if label != IGNORED] == [
            token for number in chosen for token in examples[number].labels[1:]
        ]


def test_without_packing_each_example_is_a_sequence() -> None:
    examples = documents(5, 9, 3)
    rows = prepare.Sequences(Examples.of(examples), 40, False, 0)
    assert [row["input_ids"].tolist() for row in rows] == [example.input_ids for example in examples]


@pytest.mark.parametrize("architecture", ["qwen3", "llama"])
def test_packed_documents_have_the_logits_they_have_alone(architecture: str) -> None:
    """Over a batch of sequences of different length, so with padding."""
    model, examples = models.tiny(architecture), documents(11, 7, 13, 5, 3, 2)
    rows = list(prepare.Sequences(Examples.of(examples), 24, True, 0))
    bins = prepare.pack(sizes_of(examples), 24, 0)
    assert max(map(len, bins)) > 1
    assert len({len(row["input_ids"]) for row in rows}) > 1
    batch = prepare.collator(0, packed=True)(rows)
    labels = batch.pop("labels")
    with torch.no_grad():
        logits = model(**batch, use_cache=False).logits
    for row, chosen in enumerate(bins):
        place = 0
        for number in chosen:
            ids = examples[number].input_ids
            torch.testing.assert_close(logits[row, place : place + len(ids)], alone(model, ids), atol=1e-4, rtol=1e-4)
            place += len(ids)
        assert (labels[row, place:] == IGNORED).all()


@pytest.mark.parametrize("architecture", ["qwen3", "llama"])
def test_the_proof_accepts_a_model_that_keeps_documents_apart(architecture: str) -> None:
    model = models.tiny(architecture)
    assert prepare.packing_leak(model, documents(11, 7)) < prepare.leak_tolerance(model)


def test_the_proof_notices_a_model_that_does_not() -> None:
    """The same weights, once with positions and once without, and an independent look at how far they are apart."""
    model, (first, second) = models.tiny("qwen3"), documents(11, 7)
    leaking = WithoutPositions(model)
    joined = alone(model, first.input_ids + second.input_ids)[len(first.input_ids) :]
    apart = (joined - alone(model, second.input_ids)).abs().max().item()
    assert apart > LEAST_LEAK
    assert prepare.packing_leak(leaking, [first, second]) == pytest.approx(apart, abs=1e-3)
    assert prepare.packing_leak(leaking, [first, second]) > prepare.leak_tolerance(leaking)


def test_a_model_that_cannot_take_positions_is_no_model_to_pack_for() -> None:
    class Refusing(WithoutPositions):
        def forward(self, position_ids: torch.Tensor | None = None, **rest: Any) -> Any:
            if position_ids is not None:
                raise ValueError("no packed sequences")
            return self.model(**rest)

    assert prepare.packing_leak(Refusing(models.tiny("llama")), documents(5, 5)) == float("inf")


def test_the_proof_leaves_the_model_in_training() -> None:
    model = models.tiny("qwen3").train()
    prepare.packing_leak(model, documents(5, 5))
    assert model.training


@pytest.mark.parametrize("packed", [True, False])
def test_padded_and_packed_batches_have_the_loss_of_the_documents(packed: bool) -> None:
    """The model's own loss over a batch against torch's cross entropy over each document by itself."""
    model, examples = models.tiny("qwen3"), documents(11, 7, 13, 5, 9)
    for example in examples:
        example.labels[2:4] = [IGNORED, IGNORED]
    rows = list(prepare.Sequences(Examples.of(examples), 24, packed, 0))
    batch = prepare.collator(0, packed)(rows)
    with torch.no_grad():
        loss = model(**batch, use_cache=False).loss.item()
    total, count = 0.0, 0
    for example in examples:
        logits, labels = alone(model, example.input_ids)[:-1], torch.tensor(example.labels[1:])
        total += torch.nn.functional.cross_entropy(logits, labels, ignore_index=IGNORED, reduction="sum").item()
        count += int((labels != IGNORED).sum())
    assert loss == pytest.approx(total / count, abs=1e-5)


def test_plain_batches_mask_their_padding() -> None:
    batch = prepare.collator(7, packed=False)(list(prepare.Sequences(Examples.of(documents(3, 5)), 40, False, 0)))
    assert batch["input_ids"][0, 3:].tolist() == [7, 7]
    assert batch["attention_mask"].tolist() == [[1, 1, 1, 0, 0], [1] * 5]
    assert batch["labels"][0, 3:].tolist() == [IGNORED, IGNORED]
    assert "position_ids" not in batch


def test_rows_are_counted_and_the_dropped_ones_have_reasons(tmp_path: Path) -> None:
    fast = models.tokenizer("instructions")
    encoder = ChatEncoder(fast, models.generation_eos("instructions"))
    rows = [
        {"messages": models.chat("Hi", "Hello")},
        {"messages": models.chat("Hi </s>", "Hello")},
        {"messages": models.chat("Hi", "Hello", system="Be brief.")},
        {"messages": models.chat("Hi", "Hello " * 200)},
        {"messages": models.chat("Hi " * 200, "Hello")},
    ]
    counts = prepare.encode_chats(encoder, rows, 64, Writer(tmp_path / "made")).counts()
    assert (counts["rows"], counts["examples"], counts["cut"], counts["control_tokens"]) == (5, 3, 1, 1)
    assert sum(counts["dropped"].values()) == 2
    assert any("Only user and assistant turns!" in reason for reason in counts["dropped"])
    assert counts["dropped"]["the answer begins beyond max_length"] == 1
    assert 0 < counts["trained_tokens"] < counts["tokens"]


def test_articles_are_counted(tmp_path: Path) -> None:
    fast = models.tokenizer("chatml")
    encoded = prepare.encode_texts(fast, [{"text": models.TEXT}, {"text": ""}], 16, Writer(tmp_path / "made"))
    counts = encoded.counts()
    assert (counts["rows"], counts["examples"]) == (2, -(-counts["tokens"] // 16))
    assert counts["dropped"] == {"the text is empty": 1}
    assert counts["tokens"] == counts["trained_tokens"] == len(fast(models.TEXT)["input_ids"]) + 1


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 2**31 - 1), st.booleans()), min_size=1, max_size=9), min_size=1, max_size=20
    )
)
def test_examples_come_back_from_the_disk_as_they_were(drawn: list[list[tuple[int, bool]]]) -> None:
    examples = [
        Example([token for token, _ in one], [token if learn else IGNORED for token, learn in one]) for one in drawn
    ]
    with tempfile.TemporaryDirectory() as folder:
        with Writer(Path(folder) / "made") as writer:
            for example in examples:
                writer.add(example)
        stored = Examples.read(Path(folder) / "made")
        assert list(stored) == examples == list(Examples.of(examples))
        assert stored.lengths.tolist() == sizes_of(examples)
        assert (writer.examples, writer.tokens) == (len(examples), sum(sizes_of(examples)))
        assert writer.trained == sum(learn for one in drawn for _, learn in one)
        del stored


def test_a_writer_without_examples_leaves_nothing(tmp_path: Path) -> None:
    with Writer(tmp_path / "made") as writer:
        pass
    assert writer.examples == 0
    assert not (tmp_path / "made").exists()


def by_hand(lengths: list[int], max_length: int, seed: int) -> list[list[int]]:
    """Return what packing promises, in the plainest way: each example into the fullest bin that has room for it."""
    order = list(range(len(lengths)))
    random.Random(seed).shuffle(order)
    bins: list[tuple[int, list[int]]] = []
    for number in order:
        fitting = [one for one in bins if one[0] >= lengths[number]]
        # Among bins with as little room, the one that was changed last.
        chosen = min(reversed(fitting), key=lambda one: one[0], default=None)
        if chosen is not None:
            bins.remove(chosen)
        room, held = chosen or (max_length, [])
        bins.append((room - lengths[number], [*held, number]))
    return sorted((held for _, held in bins), key=lambda held: held[0])


@given(LENGTHS, st.integers(0, 5))
def test_bins_are_filled_best_fit_first(lengths: list[int], seed: int) -> None:
    assert list(prepare.pack(lengths, 40, seed)) == by_hand(lengths, 40, seed)


def test_nothing_packs_into_nothing() -> None:
    assert list(prepare.pack([], 40, 0)) == []


def test_encoding_holds_no_more_than_a_batch(tmp_path: Path) -> None:
    """Rows are taken as they come: none is asked for while those of two batches wait."""
    taken = 0
    fast = models.tokenizer("chatml")

    class Counting(Writer):
        def add(self, example: Example, row: Mapping[str, Any] | None = None) -> None:
            nonlocal written
            written += 1
            most.append(taken - written)
            super().add(example, row)

    written, most = 0, [0]

    def rows() -> Iterator[dict[str, str]]:
        nonlocal taken
        for number in range(1500):
            taken += 1
            yield {"text": f"{number} boats"}

    prepare.encode_texts(fast, rows(), 64, Counting(tmp_path / "made"))
    assert written == taken == 1500
    assert max(most) < 600


# The order of the sequences, and the pieces of a batch


@given(LENGTHS, st.integers(0, 3))
def test_each_epoch_has_every_sequence_once_and_the_first_begins_with_the_longest(
    lengths: list[int], seed: int
) -> None:
    order = prepare.Order(np.array(lengths), seed)
    epochs = []
    for epoch in range(3):
        order.epoch = epoch
        epochs.append(list(order))
        assert sorted(epochs[-1]) == list(range(len(lengths)))
        assert list(order) == epochs[-1]
    assert lengths[epochs[0][0]] == max(lengths)
    shuffled = torch.randperm(len(lengths), generator=torch.Generator().manual_seed(seed)).tolist()
    assert sum(one != other for one, other in zip(epochs[0], shuffled, strict=True)) in (0, 2)
    assert epochs[1] == torch.randperm(len(lengths), generator=torch.Generator().manual_seed(seed + 1)).tolist()


@given(LENGTHS, st.booleans(), st.integers(1, 8))
def test_the_pieces_of_a_batch_are_the_batches_of_its_rows(lengths: list[int], packed: bool, size: int) -> None:
    rows = list(prepare.Sequences(Examples.of(documents(*lengths)), 40, packed, 0))
    collate = prepare.collator(0, packed)
    found = list(micro.pieces(collate(rows), size))
    wanted = [collate(rows[start : start + size]) for start in range(0, len(rows), size)]
    for one, other in zip(found, wanted, strict=True):
        assert one.keys() == other.keys()
        assert all(torch.equal(one[name], other[name]) for name in other)


def test_the_lengths_of_sequences_are_those_of_their_tokens() -> None:
    examples = Examples.of(documents(3, 9, 30, 12, 5))
    for packed in (False, True):
        sequences = prepare.Sequences(examples, 40, packed, 0)
        assert sequences.lengths.tolist() == [len(sequence["input_ids"]) for sequence in sequences]
