"""Numbers and mathematics: what counts as the right answer, and what must not."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.engine.rewards import answers
from workbench.engine.rewards.equality import same

SAME = [
    (r"\frac{1}{2}", "0.5"), (r"\frac12", "1/2"), (r"2\sqrt{3}", r"\sqrt{12}"), ("x^2+2x+1", "(x+1)^2"),
    ("x=5", "5"), ("5", "x = 5"), ("(1,2)", "(1, 2)"), (r"\{1,2\}", r"\{2, 1\}"), ("1,2", "2, 1"),
    ("[0,1)", "[0,1)"), (r"(-\infty, 3]", r"(-\infty,3]"), ("y=2x+3", "2x - y + 3 = 0"),
    (r"\frac{\sqrt{2}}{2}", r"\frac{1}{\sqrt{2}}"), (r"10\%", "10"), ("1,000", "1000"), (r"\text{Monday}", "Monday"),
    (r"30^\circ", "30"), (r"2\pi", r"2 \cdot \pi"), (r"\sin^2 x", r"1-\cos^2 x"), (r"3\frac{1}{2}", "3.5"),
    (r"\frac{7}{2}", r"3\frac{1}{2}"), (r"2 \pm \sqrt{3}", r"2+\sqrt3, 2-\sqrt3"),
    (r"(-\infty,1)\cup(2,\infty)", r"(2,\infty) \cup (-\infty,1)"), ("x > 5", "5 < x"),
    (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}"),
    ("n!", "n!"), (r"-\frac{x}{2}", r"\frac{-x}{2}"), ("|x|", r"\sqrt{x^2}"), ("a_1+a_2", "a_{2}+a_{1}"),
    (r"5 \text{ cm}", "5"), (r"\$12.50", "12.5"), ("2^{10}x", "1024x"), ("(x-1)(x+2)", "x^2+x-2"), ("$6$", "6"),
    ("x=1 or x=2", "1, 2"), (r"\tan\theta", r"\frac{\sin\theta}{\cos\theta}"), (r"(\frac12, -3)", "(0.5,-3)"),
    (r"\log_2(8x)", r"3+\frac{\ln x}{\ln 2}"), ("C", "C"),
]  # fmt: skip

DIFFERENT = [
    ("3*4", "12"), ("48/2", "24"), (r"\sqrt{144}", "12"), ("2+2", "4"),  # a question handed back is no answer
    ("x", "-x"), (r"\sqrt{x^2}", "x"), ("[0,1]", "[0,1)"), ("(2,1)", "(1,2)"), ("1,2,3", "1,2"), ("1", "1,2"),
    ("1,2", "1"), ("5 or 6", "5"), ("5, 6", "5"), ("A or B", "A"), ("", ""), ("", "5"), ("x^2", "x^3"), ("5", "6"),
    ("x=5", "y=6"), ("y=2x", "y=2x+1"), ("0=0", "y=2x"), ("y=y", "y=2x"), ("5", "0=0"), ("x", "y"),
    ("0", "x-x+1"), (r"\frac{0}{0}", "0"), ("(100,200)", "100200"), (r"\infty", "5"), (r"-\infty", r"\infty"),
    (r"\{1,1\}", r"\{1,2\}"), ("1 < x", "x < 1"), ("__import__('os')", "5"), ("9^9^9^9^9", "5"), ("9!!!!!!!", "5"),
    ("x+0" * 60 + "+x", "2x"),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "right"), SAME)
def test_the_same_mathematics_is_found_to_be(answer: str, right: str) -> None:
    """Whatever way it is written, and either way round."""
    assert same(answer, right)
    assert same(right, answer)


def test_a_sum_may_be_worked_out_before_the_answer() -> None:
    """Steps with = between count by the last of them."""
    assert same("48/2 = 24", "24")
    assert not same("24 = 48/2", "24")


@pytest.mark.parametrize(("answer", "right"), DIFFERENT)
def test_another_answer_is_not(answer: str, right: str) -> None:
    """Near misses, hedges, unfinished sums, and what would be dangerous to evaluate; all of it at once."""
    started = time.process_time()
    assert not same(answer, right)
    assert time.process_time() - started < 0.5


_mathematical = st.text("0123456789xyeip+-*/^_!=<>(){}[]|,.\\ frcasqt±π∞$", max_size=60)


@settings(deadline=None)
@given(_mathematical, _mathematical)
def test_no_text_breaks_the_comparison(answer: str, right: str) -> None:
    """Any two texts are the same or not."""
    assert same(answer, right) in (True, False)


@settings(deadline=None)
@given(st.lists(st.sampled_from([r"\sqrt", r"\frac", "{", "(", "^", "-", "2", "x", r"\sin", "|", "["]), max_size=130))
def test_no_depth_breaks_the_comparison(parts: list[str]) -> None:
    """Nesting as deep as the length allows is read or refused."""
    assert same("".join(parts), "x") in (True, False)


@pytest.mark.parametrize(
    "nested", ["\u27e8" * 199 + "1" + "\u27e9" * 199, "(" * 99 + "1" + ",2)" * 99, r"\{" * 99 + "1"]
)
def test_lists_within_lists_end(nested: str) -> None:
    """As deep as an answer is long."""
    assert same(nested, nested) in (True, False)
    assert same(nested, "1") is False


@settings(deadline=None)
@given(st.fractions(max_denominator=999), st.fractions(max_denominator=999))
def test_fractions_are_compared_exactly(one: Fraction, other: Fraction) -> None:
    """Two fractions in LaTeX are the same exactly when Python's are."""
    written = [rf"\frac{{{part.numerator}x}}{{{part.denominator}}}" for part in (one, other)]
    assert same(written[0], written[1]) is (one == other)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234", 1234), ("$1,234.50", Fraction(2469, 2)), ("50%", 50), ("12 apples", 12), ("3/4", Fraction(3, 4)),
        ("1 1/2", Fraction(3, 2)), ("-1 1/2", Fraction(-3, 2)), ("−5", -5), ("1.5e3", 1500), ("$-5", -5), ("-$5", -5),
        (r"1.5 \times 10^{3}", 1500), (r"\frac{3}{4}", Fraction(3, 4)), (r"-\frac{3}{4}", Fraction(-3, 4)),
        (r"1\frac{1}{2}", Fraction(3, 2)), ("12 km/h", 12), ("12 m^2", 12), (r"5\text{ cm}", 5), (r"\$5", 5),
        ("3,5", Fraction(7, 2)), ("1 234 567", 1234567), ("x = 5", 5), ("12/2=6", 6), ("10 dollars per hour", 10),
        ("**42**", 42), (r"18\%", 18), (r"90^\circ", 90), (".5", Fraction(1, 2)), ("5.", 5), (r"\( 5 \)", 5),
        ("5 or 6", None), ("5, 6", None), ("1 2", None), ("12 not 13", None), ("1/0", None), ("", None), ("2:30", None),
        ("3-4", None), ("3½", None), ("five", None), ("1" * 80, None), ("5 to", None),
    ],
)  # fmt: skip
def test_a_number_is_read(text: str, value: Fraction | int | None) -> None:
    """Every way people write one number; two numbers are none."""
    found = answers.number(text)
    assert (None if found is None else found.value) == value


@pytest.mark.parametrize(
    ("answer", "right", "agrees"),
    [
        ("50%", "50", True), ("50%", "0.5", True), ("0.5", "50%", True), ("50", "50%", True), ("5000%", "50", True),
        ("50", "0.5", False), ("24/2", "12", False), ("1/2", "0.5", True), ("0.33333", "1/3", True),
        ("0.33", "1/3", False), ("100000", "100001", False),
    ],
)  # fmt: skip
def test_numbers_agree(answer: str, right: str, agrees: bool) -> None:
    """Whole numbers exactly, others within the tolerance, with or without a percent sign."""
    told, wanted = answers.number(answer), answers.number(right)
    assert told is not None
    assert wanted is not None
    assert answers.agree(told, wanted, 1e-4) is agrees


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("A", "A"), ("(B)", "B"), ("B.", "B"), ("B) Paris", "B"), ("option d", "D"), ("b", "B"), ("**D**", "D"),
        ("C: because it fits", "C"), ("A Paris", "A"), ("D, since nothing else fits", "D"),
        ("A or B", None), ("A B C D", None), ("B, A", None), ("A is right and B is wrong", None), ("a cat", None),
        ("A) one B) two", None), ("C: because A is wrong", None), ("I do not know", None), ("", None), ("K", None),
    ],
)  # fmt: skip
def test_a_letter_is_settled_on(text: str, letter: str | None) -> None:
    """One letter, however it is dressed; several are a choice left open."""
    assert answers.letter(text) == letter


@settings(deadline=None)
@given(st.text(max_size=200))
def test_no_text_breaks_the_reading(text: str) -> None:
    """Every reader takes any text."""
    for read in (answers.marked, answers.number, answers.numbers, answers.letter, answers.normal, answers.spoken):
        read(text)
    answers.thinking(text)
