"""The held-out split and the replay mixture, compared with their definitions."""

from __future__ import annotations

import json
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.core.errors import UsageError
from workbench.data import mix, split

QUICK = settings(max_examples=80, deadline=None)


def texts(*words: str) -> list[dict[str, Any]]:
    return [{"text": word} for word in words]


def bag(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(row) for row in rows)


@QUICK
@given(
    numbers=st.lists(st.integers(0, 40), max_size=120),
    fraction=st.floats(0.0, 0.5),
    seed=st.integers(0, 2**31 - 1),
    order=st.randoms(use_true_random=False),
)
def test_split(numbers: list[int], fraction: float, seed: int, order: random.Random) -> None:
    rows = texts(*map(str, numbers))
    train, held = split.held_out(rows, fraction, seed)
    assert bag(train + held) == bag(rows)
    assert not set(bag(train)) & set(bag(held))
    if fraction > 0 and len(set(numbers)) >= split.FEWEST_ROWS:
        assert held
        assert train
    else:
        assert not held
    shuffled = list(rows)
    order.shuffle(shuffled)
    assert bag(split.held_out(shuffled, fraction, seed)[1]) == bag(held)


def test_split_holds_the_fraction_and_depends_on_the_seed() -> None:
    rows = texts(*map(str, range(1000)))
    held = [bag(split.held_out(rows, 0.05, seed)[1]) for seed in (1, 2)]
    assert [len(side) for side in held] == [50, 50]
    assert held[0] != held[1]
    assert len(split.held_out(rows * 3, 0.5, 1)[1]) <= split.MOST_HELD
    assert len(split.held_out(texts(*map(str, range(8))), 0.01, 1)[1]) == 1
    assert split.held_out(texts(*map(str, range(8))) * 600, 0.5, 1)[1] == []


def joined(clusters: list[int], documents: list[int]) -> list[set[int]]:
    """Return the groups of rows that are joined by clusters and documents, by going from row to row."""
    groups: list[set[int]] = []
    left = set(range(len(clusters)))
    while left:
        group: set[int] = set()
        ahead = [left.pop()]
        while ahead:
            row = ahead.pop()
            group.add(row)
            found = {
                other for other in left if clusters[other] == clusters[row] or documents[other] == documents[row] >= 0
            }
            left -= found
            ahead += found
        groups.append(group)
    return groups


@QUICK
@given(pairs=st.lists(st.tuples(st.integers(0, 40), st.integers(-1, 30)), max_size=80))
def test_rows_of_a_document_are_together_unless_it_has_most_of_them(pairs: list[tuple[int, int]]) -> None:
    clusters, documents = [cluster for cluster, _ in pairs], [document for _, document in pairs]
    bound = [document if 2 * documents.count(document) <= len(pairs) else -1 for document in documents]
    expected = joined(clusters, bound)
    if len(expected) < split.FEWEST_ROWS:
        expected = joined(clusters, [-1] * len(clusters))
    found = split.together(np.array(clusters, dtype=np.int64), np.array(documents, dtype=np.int64)).tolist()
    groups = [{row for row, name in enumerate(found) if name == one} for one in set(found)]
    assert sorted(map(sorted, groups)) == sorted(map(sorted, expected))


@QUICK
@given(
    own=st.integers(1, 10_000),
    general=st.lists(st.integers(1, 60), min_size=1, max_size=30),
    share=st.floats(0.01, 0.9),
    seed=st.integers(0, 1000),
)
def test_replay_makes_up_its_share_of_the_characters(own: int, general: list[int], share: float, seed: int) -> None:
    replay = texts(*("b" * size for size in general))
    chosen = mix.replayed(own, replay, share, seed)
    got = sum(len(row["text"]) for row in chosen)
    assert abs(got - own * share / (1 - share)) <= min(general) / 2 + 1
    assert chosen == mix.replayed(own, replay, share, seed)


def test_replay_is_repeated_only_when_it_has_to_be() -> None:
    replay = texts(*(f"{number:010}" for number in range(20)))
    half = [row["text"] for row in mix.replayed(100, replay, 0.5, 1)]
    assert len(half) == len(set(half)) == 10
    most = mix.replayed(100, replay, 0.8, 1)
    assert bag(most) == bag(replay * 2)
    assert most != mix.replayed(100, replay, 0.8, 2)


def test_replay_takes_the_beginning_of_a_text_that_is_too_long() -> None:
    assert mix.replayed(100, texts("word " * 1000), 0.2, 1) == texts("word word word word word")


@pytest.mark.parametrize("share", [-0.1, 0.91, float("nan")])
def test_replay_share_has_bounds(share: float) -> None:
    with pytest.raises(UsageError, match="replay_share"):
        mix.replayed(1, texts("b"), share, 1)


def test_replay_without_text_is_refused_and_none_is_wanted_at_zero() -> None:
    assert mix.replayed(100, [], 0.0, 1) == mix.replayed(0, texts("a"), 0.5, 1) == []
    with pytest.raises(UsageError, match="replay_data"):
        mix.replayed(1, texts(""), 0.1, 1)
