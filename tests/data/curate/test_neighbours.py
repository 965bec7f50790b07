"""Words, shingles and near duplicates, compared with sets of words and the Jaccard similarity by definition."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.data.curate import likeness, neighbours
from workbench.data.curate.shingles import PIECE, WORDS, shingles, words_of


def said_words(text: str) -> list[str]:
    """Return the words of an English text by pattern."""
    return re.findall(r"\w+", text.lower())


def runs(words: Sequence[str], size: int = WORDS) -> set[tuple[str, ...]]:
    """Return the shingles of a text as they are defined."""
    return {tuple(words[place : place + size]) for place in range(max(1, len(words) - size + 1))}


def jaccard(one: str, other: str) -> float:
    """Return the similarity of two texts by definition."""
    first, second = runs(said_words(one)), runs(said_words(other))
    return len(first & second) / len(first | second)


def invented(draw: random.Random, words: int) -> list[str]:
    """Return words of a made-up language of 3000 words."""
    return [f"w{draw.randrange(3000)}" for _ in range(words)]


def changed(draw: random.Random, words: Sequence[str], share: float) -> list[str]:
    """Return words of which a share was replaced by others."""
    return [f"x{draw.randrange(10**9)}" if draw.random() < share else word for word in words]


def clustered(texts: Sequence[str]) -> list[int]:
    """Return the cluster of each text."""
    kept = likeness.records([likeness.parts_of({"text": text}) for text in texts])
    return likeness.clusters(kept, np.arange(len(texts), dtype=np.int32)).near.tolist()


def test_words_and_shingles_are_those_of_the_definition() -> None:
    draw = random.Random(1)
    texts = [
        "One, two -- THREE's four_five 6!",
        "one two",
        "  one\ttwo\nthree four five six  ",
        "Ünïcode Straße ΣΑΣ naïve",
        *(" ".join(invented(draw, number)) for number in (1, 4, 5, 6, 40)),
    ]
    words = words_of(texts)
    known: dict[int, str] = {}
    for place, text in enumerate(texts):
        numbers = words.numbers[words.starts[place] : words.starts[place + 1]].tolist()
        assert len(numbers) == len(said_words(text))
        for hashed, word in zip(numbers, said_words(text), strict=True):
            assert known.setdefault(hashed, word) == word
    assert len(set(known.values())) == len(known)
    for size in (1, 2, WORDS, 13):
        found = shingles(words, size)
        for place, text in enumerate(texts):
            own = found.numbers[found.starts[place] : found.starts[place + 1]].tolist()
            assert len(own) == max(1, len(said_words(text)) - size + 1)
            assert len(set(own)) == len(runs(said_words(text), size))


def test_every_text_has_a_word_and_marks_stay_with_their_letters() -> None:
    texts = ["", "...", "?!", "हिन्दी लिपि", "new\u00adline \x00 zero", "\ud800"]
    words = words_of(texts)
    assert np.diff(words.starts).tolist() == [1, 1, 1, 2, 3, 1]
    assert len(set(words.numbers.tolist())) == 9


def test_a_text_longer_than_is_looked_at_together_has_the_same_words() -> None:
    draw = random.Random(2)
    texts = [" ".join(invented(draw, PIECE // 2)), "a" * (3 * PIECE), "and more"]
    assert len(texts[0]) > 2 * PIECE
    together, alone = words_of(texts), [words_of([text]) for text in texts]
    assert len(alone[0].numbers) == PIECE // 2
    assert len(set(alone[0].numbers.tolist())) == len(set(texts[0].split()))
    for place in (0, 2):
        own = together.numbers[together.starts[place] : together.starts[place + 1]]
        assert own.tolist() == alone[place].numbers.tolist()


def test_words_of_scripts_without_spaces_are_letters() -> None:
    count = [
        int(np.diff(words_of([text]).starts)[0]) for text in ("今日は天気がいい。", "สวัสดี", "GPUは速い", "😀😂 ok")
    ]
    assert count == [8, 6, 4, 3]


@pytest.mark.parametrize("length", [60, 300])
def test_near_duplicates_are_found_and_others_are_not(length: int) -> None:
    draw = random.Random(3)
    texts: list[str] = []
    pairs: list[tuple[int, int, float]] = []
    for number in range(2000):
        words = invented(draw, length)
        other = changed(draw, words, 0.11 * number / 2000)
        texts += [" ".join(words), " ".join(other)]
        pairs.append((2 * number, 2 * number + 1, jaccard(texts[-2], texts[-1])))
    found = clustered(texts)
    alike = [found[one] == found[other] for one, other, similarity in pairs if similarity >= 0.85]
    unlike = [found[one] == found[other] for one, other, similarity in pairs if 0.5 <= similarity < 0.7]
    assert len(alike) > 250
    assert len(unlike) > 250
    assert sum(alike) >= 0.95 * len(alike)
    assert sum(unlike) <= 0.05 * len(unlike)
    together = sum(alike) + sum(unlike)
    assert sum(alike) >= 0.95 * together
    # No two of different pairs ever are together.
    assert all(len({place // 2 for place, cluster in enumerate(found) if cluster == name}) == 1 for name in set(found))


def test_near_duplicates_are_found_among_rows_of_one_template() -> None:
    draw = random.Random(4)
    frame = [" ".join(invented(draw, 12)) for _ in range(12)]
    texts = [" ".join(f"{part} {' '.join(invented(draw, 6))}" for part in frame) for _ in range(300)]
    copies = [" ".join(changed(draw, text.split(), 0.004)) for text in texts]
    both = texts + copies
    found = clustered(both)
    pairs = [(place, place + 300) for place in range(300) if jaccard(both[place], both[place + 300]) >= 0.85]
    assert len(pairs) > 280
    assert max(jaccard(texts[0], other) for other in texts[1:]) > 0.25
    assert sum(found[one] == found[other] for one, other in pairs) >= 0.95 * len(pairs)
    assert len(set(found)) >= 300


def test_chinese_near_duplicates() -> None:
    draw = random.Random(5)
    letters = [chr(0x4E00 + draw.randrange(3000)) for _ in range(200)]
    near = [*letters[:100], "的", *letters[101:]]
    far = letters[:60] + [chr(0x4E00 + draw.randrange(3000)) for _ in range(140)]
    found = clustered(["".join(text) + "。" for text in (letters, near, far)])
    assert found == [0, 0, 2]


def test_estimates_are_off_by_chance_only() -> None:
    draw = random.Random(6)
    errors = []
    for _ in range(200):
        words = invented(draw, 200)
        one, other = " ".join(words), " ".join(changed(draw, words, 0.03))
        signed = neighbours.signatures(neighbours.minima(shingles(words_of([one, other]))))
        errors.append(float(neighbours.agreement(signed[:1], signed[1:])[0]) - jaccard(one, other))
    # Places agree by chance, too: a share of s + (1 - s) / 16 of them, of which 1 / 16 is taken off.
    agree = 0.75 + 0.25 / 16
    spread = agree * (1 - agree) / (15 / 16) ** 2 / neighbours.PERMUTATIONS
    assert abs(float(np.mean(errors))) < 0.01
    assert 0.5 * spread < float(np.var(errors)) < 1.6 * spread


def test_texts_without_words_are_no_near_duplicates() -> None:
    assert clustered(["...", "???", "", "!", "..."]) == [0, 1, 2, 3, 0]
    assert clustered(["😀", "😂"]) == [0, 1]
    assert clustered(["Berlin", "Paris", "berlin!"]) == [0, 1, 0]


def test_clusters_depend_on_the_rows_asked_for() -> None:
    texts = ["a b c d e f", "x y z", "a b c d e f", "X, Y, Z!"]
    kept = likeness.records([likeness.parts_of({"text": text}) for text in texts])
    assert likeness.clusters(kept, np.array([3, 1, 2], dtype=np.int32)).near.tolist() == [0, 0, 2]
    assert likeness.clusters(kept, np.array([], dtype=np.int32)).near.tolist() == []


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=40))
def test_joined_pairs_make_the_clusters_of_their_graph(pairs: list[tuple[int, int]]) -> None:
    parent = np.arange(31, dtype=np.int32)
    one, other = (np.array([pair[side] for pair in pairs], dtype=np.int32) for side in (0, 1))
    neighbours.join(parent, one, other)
    expected = list(range(31))
    for _ in range(31):
        for first, second in pairs:
            expected[first] = expected[second] = min(expected[first], expected[second])
    assert neighbours.roots(parent, np.arange(31)).tolist() == expected
