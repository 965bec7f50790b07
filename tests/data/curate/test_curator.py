"""Curation as a whole: every step, the split by clusters and documents, weights, and what does not depend on order."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.core.errors import UsageError
from workbench.data import split
from workbench.data.curate import Curation, Curator, Decisions
from workbench.data.curate import curator as steps
from workbench.data.curate.texts import characters

Row = dict[str, Any]


def invented(draw: random.Random, words: int) -> str:
    return " ".join(f"w{draw.randrange(5000)}" for _ in range(words))


def nearly(draw: random.Random, text: str, changes: int = 1) -> str:
    """Return a text with so many of its words changed."""
    words = text.split()
    for place in draw.sample(range(len(words)), changes):
        words[place] = f"x{draw.randrange(10**9)}"
    return " ".join(words)


def decided(
    rows: Sequence[Row],
    curation: Curation,
    *,
    held_out: Iterable[int] = (),
    sources: Sequence[int] = (),
    documents: Sequence[int] = (),
) -> Decisions:
    """Return the decisions about rows of which those numbered in `held_out` are from a held-out file."""
    curator, aside = Curator(curation), set(held_out)
    for number, row in enumerate(rows):
        curator.add(
            row,
            source=sources[number] if sources else 0,
            held_out=number in aside,
            document=documents[number] if documents else -1,
        )
    decisions = curator.finish()
    for number, row in enumerate(rows):
        decisions.meet(number, row)
    return decisions


def learnt(decisions: Decisions, rows: Sequence[Row]) -> list[int]:
    return [n for n in range(len(rows)) if decisions.copies(n) and not decisions.is_held_out(n)]


def aside(decisions: Decisions, rows: Sequence[Row]) -> list[int]:
    return [n for n in range(len(rows)) if decisions.copies(n) and decisions.is_held_out(n)]


def why(decisions: Decisions) -> dict[str, int]:
    return {line["what"]: line["rows"] for line in decisions.report()}


def conversation(question: str, answer: str) -> Row:
    return {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]}


def test_copies_are_left_out_but_for_the_first() -> None:
    rows = [{"text": text} for text in ("One text.", "another", "one  TEXT.", "other", "\none text. ", "ｏｎｅ text.")]
    decisions = decided(rows, Curation())
    assert learnt(decisions, rows) == [0, 1, 3]
    (line,) = decisions.report()
    assert line["what"] == steps.COPY
    assert line["share"] == 0.5
    assert line["examples"] == ["one  TEXT.", "\none text. ", "ｏｎｅ text."]
    assert learnt(decided(rows, Curation(duplicates="keep")), rows) == list(range(6))


@pytest.mark.parametrize(
    ("rows", "what", "step", "sentence"),
    [
        (5, steps.COPY, "duplicates", "5 rows are left out: copies of another row (duplicates)."),
        (1, steps.SHORT, "min_characters", "1 row is left out: too short (min_characters)."),
        (1200, "with e-mail addresses, masked", "secrets", "1\u00a0200 rows have e-mail addresses, masked (secrets)."),
        (2, "in German", "languages", "2 rows are in German (languages)."),
    ],
)
def test_what_was_done_is_told_in_sentences(rows: int, what: str, step: str, sentence: str) -> None:
    assert steps.told({"rows": rows, "what": what, "step": step}) == sentence


def test_rows_that_differ_in_their_label_or_answer_are_no_copies() -> None:
    turn = [{"role": "user", "content": "Tell me a long story about a ship and a storm at sea."}]
    said = [{"role": "assistant", "content": "There was a ship in a storm and everybody was afraid of the sea."}]
    labelled: list[Row] = [{"prompt": turn, "completion": said, "label": label} for label in (True, False, True)]
    asked: list[Row] = [{"prompt": turn, "answer": answer} for answer in ("1", "2", "1")]
    for rows in (labelled, asked):
        assert learnt(decided(rows, Curation(eval_split=0.1)), rows) == [0, 1]
    assert learnt(decided(labelled, Curation(duplicates="near")), labelled) == [0, 1]


def test_all_parts_of_a_preference_count() -> None:
    def row(chosen: str, rejected: str) -> Row:
        return {
            "prompt": [{"role": "user", "content": "Why?"}],
            "chosen": [{"role": "assistant", "content": chosen}],
            "rejected": [{"role": "assistant", "content": rejected}],
        }

    rows = [row("a", "b"), row("b", "a"), row("a", "c"), row("a", "b")]
    assert learnt(decided(rows, Curation()), rows) == [0, 1, 2]


def test_near_copies_are_left_out_only_when_asked() -> None:
    draw = random.Random(1)
    texts = [invented(draw, 120) for _ in range(40)]
    rows = [{"text": text} for text in texts + [nearly(draw, text) for text in texts[:10]] + texts[:5]]
    near = decided(rows, Curation(duplicates="near"))
    assert learnt(near, rows) == list(range(40))
    assert why(near) == {steps.COPY: 5, steps.NEAR_COPY: 10}
    assert learnt(decided(rows, Curation(duplicates="exact")), rows) == list(range(50))


def test_each_rule_leaves_out_its_rows() -> None:
    english = "The house at the end of the street has been empty for years and nobody knows who owned it."
    german = "Das Haus am Ende der Straße steht seit Jahren leer und niemand weiß, wem es gehört hat."
    rows = [
        {"text": text} for text in (english, german, "short", english * 9, "#" * 60, f"{english} 4111 1111 1111 1111")
    ]
    for curation, left in (
        (Curation(min_characters=10), {steps.SHORT: 1}),
        (Curation(max_characters=500), {steps.LONG: 1}),
        (Curation(languages=("en",)), {steps.FOREIGN: 1, "in German (de)": 1}),
        (Curation(languages=("de", "en")), {}),
        (Curation(quality="drop"), {steps.POOR: 5}),
        (Curation(secrets="drop"), {steps.SECRET: 1, "with CARD, found": 1}),
        (Curation(secrets="mask"), {"with CARD, masked": 1}),
        (Curation(min_characters=10, max_characters=500, secrets="drop", languages=("en",)), None),
    ):
        decisions = decided(rows, curation)
        if left is not None:
            assert why(decisions) == left
        assert len(learnt(decisions, rows)) == 6 - decisions.counts()["left_out"]
    assert why(decided([conversation("Hi", "Hello")], Curation(quality="drop"))) == {}


def test_masking_leaves_roles_and_tools_alone() -> None:
    tools = [{"type": "function", "function": {"name": "mail", "description": "Writes to me@example.com"}}]
    call = {"type": "function", "function": {"name": "mail", "arguments": {"to": "a.b@example.org"}}}
    row: Row = {
        "messages": [
            {"role": "user", "content": "Write to a.b@example.org, card 4111 1111 1111 1111."},
            {"role": "assistant", "content": "", "tool_calls": [call]},
        ],
        "tools": tools,
    }
    decisions = decided([row], Curation(secrets="mask"))
    used = decisions.applied(row)
    assert used["tools"] == tools
    assert used["messages"][0] == {"role": "user", "content": "Write to <EMAIL>, card <CARD>."}
    assert used["messages"][1]["tool_calls"][0]["function"]["arguments"] == {"to": "<EMAIL>"}
    assert why(decisions) == {"with EMAIL, masked": 1, "with CARD, masked": 1}
    assert decided([row], Curation()).applied(row) is row


def test_secrets_are_counted_of_the_rows_that_stay_or_go_for_them() -> None:
    texts = ["Write to a.b@example.org.", "Call +49 30 901820, or write to a.b@example.org."]
    rows = [{"text": texts[number % 2]} for number in range(20)] + [{"text": "c@example.org"}]
    counted = why(decided(rows, Curation(secrets="mask", min_characters=20)))
    assert counted == {steps.SHORT: 1, steps.COPY: 18, "with EMAIL, masked": 2, "with PHONE, masked": 1}
    counted = why(decided(rows, Curation(secrets="mask", min_characters=20, duplicates="keep")))
    assert counted == {steps.SHORT: 1, "with EMAIL, masked": 20, "with PHONE, masked": 10}
    counted = why(decided(rows, Curation(secrets="drop", min_characters=20)))
    assert counted == {steps.SHORT: 1, steps.SECRET: 20, "with EMAIL, found": 20, "with PHONE, found": 10}


def test_no_near_copy_stands_on_both_sides() -> None:
    draw = random.Random(2)
    rows = []
    for _ in range(150):
        text = invented(draw, 200)
        rows += [{"text": version} for version in (text, nearly(draw, text), nearly(draw, text, 2))]
    decisions = decided(rows, Curation(eval_split=0.1, duplicates="keep"))
    held = aside(decisions, rows)
    assert len(held) == 45
    assert Counter(number // 3 for number in held) == dict.fromkeys({number // 3 for number in held}, 3)


@pytest.mark.parametrize("duplicates", ["keep", "exact", "near"])
def test_the_held_out_rows_do_not_depend_on_the_order(duplicates: str) -> None:
    draw = random.Random(3)
    texts = [invented(draw, 80) for _ in range(150)]
    near = [nearly(draw, text) for text in texts[:60]]
    rows = [{"text": text} for text in texts + near + texts[40:80]]
    curation = Curation(eval_split=0.1, duplicates=duplicates, seed=5)
    family = {text: number for number, text in enumerate(texts)} | {text: number for number, text in enumerate(near)}

    def chosen(order: list[Row]) -> set[int]:
        return {family[order[number]["text"]] for number in aside(decided(order, curation), order)}

    first = chosen(rows)
    assert first
    for _ in range(4):
        draw.shuffle(rows)
        assert chosen(rows) == first
    assert chosen(rows) != {
        family[rows[number]["text"]]
        for number in aside(decided(rows, Curation(eval_split=0.1, duplicates=duplicates, seed=6)), rows)
    }


@pytest.mark.parametrize("duplicates", ["keep", "exact", "near"])
def test_what_a_held_out_file_has_is_not_learnt(duplicates: str) -> None:
    draw = random.Random(4)
    texts = [invented(draw, 80) for _ in range(60)]
    held = texts[:10] + [nearly(draw, text) for text in texts[10:20]]
    rows = [{"text": text} for text in texts + held]
    decisions = decided(rows, Curation(eval_split=0.1, duplicates=duplicates), held_out=range(60, 80))
    assert aside(decisions, rows) == list(range(60, 80))
    assert learnt(decisions, rows) == list(range(20, 60))
    assert why(decisions) == {steps.LEAK: 20}


def test_more_than_enough_held_out_rows_are_neither_learnt_nor_measured() -> None:
    rows = [{"text": f"row {number}"} for number in range(700)]
    decisions = decided(rows, Curation(), held_out=range(600))
    assert len(aside(decisions, rows)) == split.MOST_HELD
    assert learnt(decisions, rows) == list(range(600, 700))
    assert why(decisions) == {steps.HELD: 600 - split.MOST_HELD}


def test_weights_are_copies_and_shares() -> None:
    rows = [{"text": f"row {number}"} for number in range(3000)]
    sources = [number % 4 for number in range(3000)]
    decisions = decided(rows, Curation(weights=(0, 0.5, 2.5, 1)), sources=sources)
    used = [Counter(decisions.copies(number) for number in range(place, 3000, 4)) for place in range(4)]
    assert used[0] == {0: 750}
    assert used[3] == {1: 750}
    assert set(used[1]) == {0, 1}
    assert set(used[2]) == {2, 3}
    # Four standard deviations of a fair coin thrown 750 times.
    assert abs(used[1][1] - 375) < 55
    assert abs(used[2][3] - 375) < 55
    assert why(decisions) == {steps.WEIGHED: 750 + used[1][0]}
    assert decisions.counts()["train"] == sum(times * rows for part in used for times, rows in part.items())
    again = decided(rows, Curation(weights=(0, 0.5, 2.5, 1)), sources=sources)
    assert [again.copies(number) for number in range(3000)] == [decisions.copies(number) for number in range(3000)]


def test_held_out_rows_are_measured_once_whatever_their_weight() -> None:
    rows = [{"text": f"row {number}"} for number in range(400)]
    for weights in ((3.0,), (0.0,)):
        decisions = decided(rows, Curation(eval_split=0.1, weights=weights))
        assert [decisions.copies(number) for number in aside(decisions, rows)] == [1] * 40


def test_characters_are_those_of_the_rows_to_learn_from() -> None:
    draw = random.Random(5)
    rows: list[Row] = [{"text": invented(draw, draw.randrange(1, 60))} for _ in range(300)] + [conversation("a", "bc")]
    sources = [number % 2 for number in range(len(rows))]
    decisions = decided(rows, Curation(eval_split=0.1, weights=(2.5, 0.5), min_characters=30), sources=sources)
    expected = sum(decisions.copies(number) * characters(rows[number]) for number in learnt(decisions, rows))
    assert decisions.characters == expected > 1000


def test_parts_of_a_document_stay_on_one_side() -> None:
    rows = [{"text": f"part {number}"} for number in range(600)]
    documents = [number // 4 if number < 400 else -1 for number in range(600)]
    decisions = decided(rows, Curation(eval_split=0.1), documents=documents)
    held = aside(decisions, rows)
    assert len(held) == 60
    parts = Counter(documents[number] for number in held if documents[number] >= 0)
    assert parts
    assert set(parts.values()) == {4}


def test_a_document_with_most_of_the_rows_and_a_few_documents_are_divided() -> None:
    rows = [{"text": f"part {number}"} for number in range(400)]
    most = [0 if number < 300 else 1 + number // 5 for number in range(400)]
    held = aside(decided(rows, Curation(eval_split=0.1), documents=most), rows)
    assert len(held) == 40
    assert sum(most[number] == 0 for number in held) > 15
    assert set(Counter(most[number] for number in held if most[number]).values()) == {5}
    three = [number % 3 for number in range(400)]
    assert len(aside(decided(rows, Curation(eval_split=0.1), documents=three), rows)) == 40


def test_documents_that_share_a_text_stay_together() -> None:
    rows = [{"text": f"part {number}"} for number in range(400)]
    documents = [number // 4 for number in range(400)]
    for number in range(0, 400, 8):
        rows[number + 4] = dict(rows[number])
    held = aside(decided(rows, Curation(eval_split=0.1, duplicates="keep"), documents=documents), rows)
    assert len(held) == 40
    assert set(Counter(number // 8 for number in held).values()) == {8}
    # The copies are left out, so that nothing joins the documents.
    held = aside(decided(rows, Curation(eval_split=0.1), documents=documents), rows)
    assert set(Counter(number // 8 for number in held).values()) == {3, 4}


TEXTS = st.sampled_from([*"abcdefgh", "A", "a b c d e f g h", "a b c d e f g i", "x@y.org", "4111 1111 1111 1111", ""])


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(st.tuples(TEXTS, st.integers(0, 2), st.booleans(), st.integers(-1, 3)), max_size=60),
    duplicates=st.sampled_from(["keep", "exact", "near"]),
    secrets=st.sampled_from(["keep", "mask", "drop"]),
    weights=st.sampled_from([(), (1.0, 0.5, 0.0), (2.5, 1.0, 0.25)]),
    eval_split=st.sampled_from([0.0, 0.05, 0.5]),
    least=st.sampled_from([0, 2]),
)
def test_every_row_is_learnt_held_out_or_left_out(
    texts: list[tuple[str, int, bool, int]],
    duplicates: str,
    secrets: str,
    weights: tuple[float, ...],
    eval_split: float,
    least: int,
) -> None:
    rows = [{"text": text} for text, *_ in texts]
    curation = Curation(
        duplicates=duplicates, secrets=secrets, weights=weights, eval_split=eval_split, min_characters=least
    )
    decisions = decided(
        rows,
        curation,
        held_out=[number for number, (_, _, held, _) in enumerate(texts) if held],
        sources=[source for _, source, _, _ in texts],
        documents=[document for *_, document in texts],
    )
    counts = decisions.counts()
    train, held = learnt(decisions, rows), aside(decisions, rows)
    assert len(rows) == len(train) + counts["held_out"] + counts["left_out"]
    assert counts["held_out"] == len(held)
    assert counts["train"] == sum(decisions.copies(number) for number in train)
    assert sum(line["rows"] for line in decisions.report() if line["what"] in steps.STEPS) == counts["left_out"]
    assert not {rows[number]["text"].lower() for number in train} & {rows[number]["text"].lower() for number in held}


def test_nothing_at_all_is_decided_about_no_rows() -> None:
    decisions = decided([], Curation(eval_split=0.1, duplicates="near", weights=(2,), decontaminate=("bundled",)))
    assert decisions.counts() == {"left_out": 0, "held_out": 0, "train": 0}
    assert decisions.report() == []
    assert decisions.characters == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("duplicates", "all"),
        ("quality", "mask"),
        ("secrets", ""),
        ("min_characters", -1),
        ("max_characters", 1.5),
        ("seed", True),
        ("eval_split", 0.6),
        ("eval_split", float("nan")),
        ("languages", ("de", 3)),
        ("weights", (1.0, -0.5)),
        ("weights", (float("inf"),)),
        ("weights", (2000.0,)),
    ],
)
def test_settings_out_of_bounds_are_one_sentence(field: str, value: Any) -> None:
    with pytest.raises(UsageError, match="weights" if field == "weights" else field):
        Curation(**{field: value})


def test_a_language_nobody_can_tell_is_refused() -> None:
    with pytest.raises(UsageError, match="'english' is no language"):
        Curator(Curation(languages=("english",)))


def test_settings_survive_json() -> None:
    curation = Curation(languages=("de", "en"), weights=(0.5, 2), decontaminate=("bundled",), eval_split=0.2)
    assert Curation.from_json(curation.to_json()) == curation
    with pytest.raises(TypeError):
        Curation.from_json({"colour": "red"})
