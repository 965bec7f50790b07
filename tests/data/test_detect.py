"""Which layout rows have: known layouts in many spellings, independence of order, overrides, refusals, evidence."""

from __future__ import annotations

import copy
import random
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data.known_layouts import ASKED, LAYOUTS, NEWS, NUMBERS, SAID, SHORT, WORSE, chat, each, rows, turn
from tests.data.more_layouts import OTHERS
from workbench.core.errors import UsageError
from workbench.data.canonical import TYPE_OF_METHOD, Rejected, Tally, converter, types_of
from workbench.data.detect import detect
from workbench.data.formats import checkable, names
from workbench.data.layouts import FORMATS, Layout

Row = dict[str, Any]


@pytest.mark.parametrize(
    ("sample", "format", "method", "first"), [case[1:] for case in LAYOUTS], ids=[case[0] for case in LAYOUTS]
)
def test_layout_and_first_row(sample: list[Row], format: str, method: str, first: Row) -> None:
    found = detect(sample)
    assert found.layout is not None, found
    assert (found.layout.format, found.method, found.confidence) == (format, method, 1.0), found
    assert not found.problems
    assert f"{len(sample)} of {len(sample)} rows looked at" in found.reasons[0]
    convert = converter(Layout.from_json(found.layout.to_json()), TYPE_OF_METHOD[method], Tally())
    assert convert(sample[0]) == first
    assert not any(isinstance(convert(row), Rejected) for row in sample)


@pytest.mark.parametrize("case", OTHERS, ids=[case[0] for case in OTHERS])
def test_method(case: tuple[Any, ...]) -> None:
    _, sample, method, *format = case
    found = detect(sample)
    assert found.method == method, found
    if not method:
        assert found.layout is None
        assert found.problems
        return
    assert found.layout is not None
    assert not format or found.layout.format == format[0], found
    convert = converter(found.layout, TYPE_OF_METHOD[method], Tally())
    assert not isinstance(convert(sample[0]), Rejected)


@pytest.mark.parametrize("case", [*LAYOUTS, *OTHERS], ids=[case[0] for case in (*LAYOUTS, *OTHERS)])
def test_the_order_of_rows_and_columns_does_not_matter(case: tuple[Any, ...]) -> None:
    sample = case[1]
    shuffled = [dict(reversed(row.items())) for row in sample]
    random.Random(case[0]).shuffle(shuffled)
    assert detect(shuffled) == detect(sample)


def test_the_layout_is_that_of_most_rows() -> None:
    sample: list[Row] = [{"text": "note"}] * 3 + rows(question=ASKED, answer=SAID) * 3 + [{"id": 1, "x": None}] * 2
    for seed in range(5):
        random.Random(seed).shuffle(sample)
        found = detect(sample)
        assert found.layout == Layout("prompt_completion", {"prompt": "question", "completion": "answer"})
        assert found.confidence == 0.75
        assert "75 %" in found.problems[0]
        assert "15 of 20 rows looked at" in found.reasons[0]


def test_rows_of_another_layout_and_the_same_type_count() -> None:
    sample = [*rows(question=ASKED, answer=SAID) * 2, *rows(instruction=ASKED, output=SAID), chat(), {"text": NEWS[0]}]
    found = detect(sample)
    assert found.confidence == 16 / 17
    assert any("6 of 17 rows looked at have another layout" in reason for reason in found.reasons)
    assert any("1 of 17 rows looked at cannot be used" in reason for reason in found.reasons)


def test_names_are_compared_by_whole_words() -> None:
    assert names.words("questionText") == ("question", "text")
    assert names.words("HTML_content-2") == ("html", "content", "2")
    assert names.rank("context", "text") is None
    assert names.rank("reprompt", "prompt") is None
    assert names.rank("question_id", "prompt") is None
    assert names.rank("Question", "prompt") == names.rank("question", "prompt")
    assert names.rank("customer_question", "prompt") > names.rank("question", "prompt")  # type: ignore[operator]
    found = detect([{"context": "c", "reprompt": "p", "answering": "x"}])
    assert found.confidence < 0.8


@pytest.mark.parametrize(
    "sample",
    [
        rows(col1=ASKED, col2=SAID),
        rows(eins=ASKED, zwei=SAID, drei=NUMBERS),
        rows(blurb=NEWS, brand=each("a")),
        rows(left=SHORT, right=NEWS),
    ],
)
def test_a_guess_is_never_sure(sample: list[Row]) -> None:
    found = detect(sample)
    assert found.layout is not None
    assert found.confidence < 0.8
    assert "look at the examples" in found.problems[0]


def test_a_guess_takes_the_column_that_holds_the_answers_as_context() -> None:
    passages = [f"{news} {said}" for news, said in zip(NEWS, SAID, strict=True)]
    found = detect(rows(x1=passages, x2=ASKED, x3=SAID))
    assert found.columns == {"prompt": "x2", "completion": "x3", "context": "x1"}


def test_nothing_is_made_of_columns_without_words() -> None:
    samples: list[list[Row]] = [
        [{"a": 1, "b": 2}],
        [{"id": "1f2e3d4c", "url": "https://example.org/x", "n": 4}],
        [{}],
    ]
    for sample in samples:
        found = detect(sample)
        assert found.layout is None
        assert (found.confidence, found.method) == (0.0, "")
        assert found.problems
    assert detect([]).layout is None


@pytest.mark.parametrize(
    ("sample", "said"),
    [
        (rows(prompt=ASKED, response=SAID, image=each({"path": "a.png", "bytes": None})), "the column image"),
        (rows(messages=[chat(f"<image>{a}")["messages"] for a in ASKED], images=each(["1.jpg"])), "the column images"),
        (rows(text=SAID, audio=each({"path": "a.wav"})), "the column audio"),
        (rows(input_ids=each([1, 2, 3])), "token ids"),
        (rows(vector=each([0.5, 0.25])), "vectors of numbers"),
        (rows(prompt=ASKED, completions=each(["a", "b"]), labels=each([True, False])), "judge the steps"),
        ([turn("user", "a"), turn("assistant", "b")], "one turn of a conversation"),
    ],
)
def test_what_cannot_be_trained_is_refused_by_name(sample: list[Row], said: str) -> None:
    found = detect(sample)
    assert found.layout is None
    assert said in found.problems[0]
    assert found.problems[0].endswith(".")


def test_an_article_with_the_address_of_a_picture_is_an_article() -> None:
    sample = rows(text=[news * 4 for news in NEWS], image=each("https://example.org/a.jpg"))
    found = detect(sample)
    assert (found.method, found.layout) == ("cpt", Layout("text", {"text": "text"}))
    assert found.layout is not None
    assert converter(found.layout, "text", Tally())(sample[0]) == {"text": sample[0]["text"]}
    assert detect(rows(question=ASKED, answer=SAID, image=each("https://example.org/a.jpg"))).layout is None


def test_empty_columns_of_images_do_no_harm() -> None:
    sample = [chat(images=[], audio=None) for _ in range(5)]
    assert detect(sample).method == "sft"
    sample.append(chat(images=["x.png"]))
    found = detect(sample)
    assert found.layout is not None
    refused = converter(found.layout, "messages", Tally())(sample[-1])
    assert refused == Rejected("the row refers to images, sound or video, and only text can be trained")


@pytest.mark.parametrize(
    ("sample", "method", "why"),
    [
        (rows(question=ASKED, answer=[f"So.\n#### {n}" for n in NUMBERS]), "grpo", "5 of 5 answers looked at end in"),
        (rows(problem=ASKED, solution=[f"\\boxed{{{n}}}" for n in NUMBERS]), "grpo", r"\boxed{}"),
        (rows(problem=ASKED, solution=SAID, answer=NUMBERS), "grpo", "5 of 5 values of column answer looked at"),
        (rows(question=ASKED, answer=list("ABCAD")), "grpo", "the letter of a choice"),
        (rows(question=ASKED, choices=each(["a", "b"]), answer=each(0)), "grpo", "one of the choices"),
        (rows(prompt=ASKED, chosen=SAID, rejected=WORSE), "orpo", "without a reference model"),
        (rows(prompt=ASKED, chosen=SAID, rejected=WORSE), "sft", "better answer"),
        (rows(prompt=ASKED, completion=SAID, label=[True, False, True, False, True]), "sft", "the 3 of 5"),
        (rows(text=[f"Q: {a}\nA: {s}" for a, s in zip(ASKED, SAID, strict=True)]), "cpt", "column text"),
        (rows(text=NEWS), "pretrain", "from scratch"),
    ],
)
def test_other_methods_are_offered_with_their_evidence(sample: list[Row], method: str, why: str) -> None:
    found = detect(sample)
    offered = {item["method"]: item["why"] for item in found.alternatives}
    assert why in offered[method]
    assert method != found.method
    assert found.layout is not None
    convert = converter(found.layout, TYPE_OF_METHOD[method], Tally())
    assert not isinstance(convert(sample[0]), Rejected)


def test_long_answers_are_not_offered_to_a_reward() -> None:
    assert detect(rows(question=ASKED, answer=SAID)).alternatives == ()


class TestOverrides:
    sample = rows(id=NUMBERS, eins=ASKED, zwei=SAID, Text=NEWS)

    def test_columns_alone(self) -> None:
        found = detect(self.sample, columns={"prompt": "eins", "completion": "zwei"})
        assert found.layout == Layout("prompt_completion", {"prompt": "eins", "completion": "zwei"})
        assert (found.method, found.confidence) == ("sft", 1.0)
        swapped = detect(self.sample, columns={"question": "zwei", "answer": "eins"})
        assert swapped.layout == Layout("prompt_completion", {"prompt": "zwei", "completion": "eins"})

    def test_columns_in_another_case(self) -> None:
        assert detect(self.sample, columns={"text": "text"}).layout == Layout("text", {"text": "Text"})

    def test_format_alone(self) -> None:
        sample = rows(text=[f"Q: {a}\nA: {s}" for a, s in zip(ASKED, SAID, strict=True)])
        assert detect(sample).method == "sft"
        found = detect(sample, format="text")
        assert (found.method, found.layout) == ("cpt", Layout("text", {"text": "text"}))

    def test_format_and_columns(self) -> None:
        found = detect(self.sample, format="alpaca", columns={"instruction": "eins", "output": "zwei"})
        assert found.layout == Layout("alpaca", {"instruction": "eins", "completion": "zwei"})

    def test_some_columns_are_completed(self) -> None:
        sample = rows(question=ASKED, answer=SAID, other=WORSE)
        found = detect(sample, columns={"completion": "other"})
        assert found.layout is not None
        assert found.layout.format == "prompt_completion"
        assert (found.columns["prompt"], found.columns["completion"]) == ("question", "other")

    @pytest.mark.parametrize(
        ("how", "said"),
        [
            ({"columns": {"prompt": "nein"}}, "no column 'nein'; the columns are Text, eins, id, zwei"),
            ({"format": "csv"}, "no format 'csv'; known are reviewed, preference"),
            ({"format": "text", "columns": {"chosen": "eins"}}, "no role 'chosen'"),
            ({"format": "preference"}, "needs chosen and rejected"),
            ({"columns": {"colour": "eins"}}, "No format has the roles colour"),
        ],
    )
    def test_what_does_not_exist_is_named(self, how: dict[str, Any], said: str) -> None:
        with pytest.raises(UsageError, match=said):
            detect(self.sample, **how)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
COLUMNS = st.sampled_from(
    sorted({column for _, sample, *_ in (*LAYOUTS, *OTHERS) for row in sample[:1] for column in row})
)
"""Names that mean something, so that strange values meet every proposer."""


@settings(max_examples=150, deadline=None)
@given(st.lists(st.dictionaries(COLUMNS | st.text(max_size=6), JSON, max_size=6), max_size=6))
def test_any_rows_have_a_layout_or_none(sample: list[Row]) -> None:
    found = detect(sample)
    assert 0 <= found.confidence <= 1
    assert (found.layout is None) == (found.method == "")
    if found.layout is not None:
        assert set(FORMATS[found.layout.format].required) <= set(found.layout.columns)


ODD: list[Any] = [
    *(None, "", " ", 0, 1, -1, 2.5, True, False, b"ab", "[", "[{", "[[1]]", "<image>", "\n\nHuman: a", "\x1b[2J"),
    *([], {}, [[]], [{}], {"a": {}}, ["x"], [1, 2], [None], {"text": None}, {"role": "user"}, {"type": [1]}),
    *([{"role": ["x"], "content": "y"}], [{"type": ["x"]}], {"bytes": b"x"}),
]  # fmt: skip


@pytest.mark.parametrize("text", ["36 W", "2.02 s", "9.81 m/s²", "20 °C", "-4", "1,200.5", "3/4", "12 %", "$5", "90°"])
def test_a_number_with_its_unit_can_be_checked(text: str) -> None:
    assert checkable.final_answer(text) == (text, "number")


def damaged(value: Any, chance: random.Random) -> Any:
    """Return a JSON value some of whose parts, at any depth, are left out or replaced by odd ones."""
    if chance.random() < 0.15:
        return copy.deepcopy(chance.choice(ODD))
    if isinstance(value, dict):
        return {key: damaged(item, chance) for key, item in value.items() if chance.random() > 0.05}
    return [damaged(item, chance) for item in value if chance.random() > 0.05] if isinstance(value, list) else value


@settings(max_examples=250, deadline=None)
@given(st.sampled_from([case[1] for case in (*LAYOUTS, *OTHERS)]), st.randoms(use_true_random=False), st.booleans())
def test_damaged_rows_are_canonical_or_refused(sample: list[Row], chance: random.Random, some_whole: bool) -> None:
    broken = [damaged(row, chance) for row in sample[:5]]
    given = [row if isinstance(row, dict) else {} for row in broken] + (sample[:5] * 2 if some_whole else [])
    found = detect(given)
    for type in types_of(found.layout) if found.layout is not None else ():
        assert found.layout is not None
        convert = converter(found.layout, type, Tally())
        for row in given:
            before = copy.deepcopy(row)
            made = convert(row)
            assert row == before
            if isinstance(made, Rejected):
                assert made.reason
                continue
            assert set(made) <= {*KEYS[type], "tools"}
            orjson.dumps(made)


KEYS = {
    "messages": ("messages",),
    "text": ("text",),
    "preference": ("prompt", "chosen", "rejected"),
    "unpaired_preference": ("prompt", "completion", "label"),
    "prompt_only": ("prompt", "answer", "completion", "columns"),
}
