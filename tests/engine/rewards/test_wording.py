"""Checks of a completion's words: scored by hand, bounded for any text, and not won by a trivial answer."""

from __future__ import annotations

import contextlib
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.core.checks import CHECKS
from workbench.core.errors import UsageError
from workbench.engine.rewards import Completion, build
from workbench.engine.rewards.wording import MAKERS


def score(reward: str, text: str, tokens: int = 10, **row: Any) -> float:
    """Return what one completion earns by one reward."""
    with build([reward]) as rewards:
        return float(rewards.score([Completion([], text, tokens, True, row)]).parts[0, 0])


GSM = "She sold 48/2 = 24 in May.\n#### 72"
THOUGHT = "<think>24 + 48, not 24 * 48</think>"


@pytest.mark.parametrize(
    ("reward", "text", "answer", "wanted"),
    [
        # numbers
        ("number", GSM, "72", 1), ("number", GSM, "#### 72", 1), ("number", "So it is 72.", "72", 1),
        ("number", THOUGHT + "The answer is 72 clips.", "72", 1), ("number", r"\boxed{\$72}", "72", 1),
        ("number", "<answer>72</answer>", "72", 1), ("number", "The answer is that she has 72 left.", "72", 1),
        ("number", "She paid $1,234.", "1234", 1), ("number", "It is 71 and then 72", "71", 0),
        ("number", "<think>72", "72", 0), ("number", "", "72", 0), ("number", "#### 71 or 72", "72", 0),
        ("number", "The answer is 70 or 72.", "72", 0), ("number", "#### 144/2", "72", 0), ("number", "72!", "72", 1),
        ("number(marked=true)", "So it is 72.", "72", 0), ("number(marked=true)", GSM, "72", 1),
        ("number(tolerance=0.01)", "#### 0.333", "1/3", 1), ("number", "#### 0.333", "1/3", 0),
        ("number", "72 72 72 72", "72", 1), ("number", "1 2 3 72 4", "72", 0), ("number", "x" * 5000 + "72", "72", 0),
        ("number", "12", "twelve", math.nan), ("number", "12", "", math.nan),
        ("number", "**Answer:** 72", "72", 1), ("number", "The answer is **72** clips (24 in May).", "72", 0),
        # words
        ("exact", "The answer is Paris.", "paris", 1), ("exact", " **Paris** ", "Paris", 1),
        ("exact", "Paris, London, Rome", "Paris", 0), ("exact(case=true)", "paris", "Paris", 0),
        ("exact", "", "Paris", 0),
        ("exact", "<think>Paris</think>", "Paris", 0),
        ("exact", "**Answer:** Paris", "Paris", 1), ("exact", "The answer is **Paris**.", "Paris", 1),
        # mathematics
        ("math", "The answer is: **72**", "72", 1), ("math", "The answer is 2**3**x.", "8^x", 0),
        ("math", r"so \boxed{\frac{2}{4}}", r"\frac12", 1), ("math", r"\boxed{3 \cdot 4}", "12", 0),
        ("math", r"<think>\boxed{5}</think>", "5", 0), ("math", r"\boxed{4}\boxed{5}", "5", 1),
        ("math", "long " * 99, "5", 0),
        # choices
        ("choice", "I would say: the answer is (C).", "C", 1), ("choice", "C", "(c)", 1),
        ("choice", "A, B, C, D", "C", 0),
        ("choice", "The answer is A or C", "C", 0), ("choice", "C", "Paris", math.nan),
    ],
)  # fmt: skip
def test_answers(reward: str, text: str, answer: str, wanted: float) -> None:
    """Right answers in every form, wrong ones, hedges, and rows that have none."""
    np.testing.assert_equal(score(reward, text, answer=answer), wanted)


@pytest.mark.parametrize(
    ("reward", "text", "wanted"),
    [
        ("format", "<think>a</think>\n<answer>b</answer>\n", 1), ("format", "<think>a</think>so<answer>b</answer>", 0),
        ("format", "<think></think><answer>b</answer>", 0), ("format", "<answer>b</answer><think>a</think>", 0),
        ("format", "<think>a</think><answer>b</answer><answer>c</answer>", 0), ("format", "", 0),
        ("format", "a</think><answer>b</answer>", 0),
        ("format", "<think>a<answer>b</think></answer>", 0), ("format(tags=a)", "<a>x</a>", 1),
        ("tags", "<think>a</think>", 0.5), ("tags", "<think><think></think></answer>", 0.5), ("tags", "", 0),
        ("length(min=4, max=8)", "a b c d", 1), ("length(min=4, max=8)", "a b c", 0.5),
        ("length(min=4, max=8)", "a b", 0),
        ("length(min=4, max=8)", "w " * 12, 0.5), ("length(min=4, max=8)", "w " * 99, 0), ("length", "", 0),
        ("length(max=4, unit=characters)", "abcdef", 0.5), ("length(max=8, unit=tokens)", "a", 0.75),
        ("repetition(size=1)", "a a a a", -0.75), ("repetition(size=2)", "a b c d", 0), ("repetition", "a", 0),
        ("repetition(size=2)", "a b a b", -1 / 3),
        ("budget(min=2, max=4)", "<think>a b c</think>", 1), ("budget(max=4)", "<think>a b c d e f</think>", 0.5),
        ("budget", "<think></think>done", 0), ("budget", "<think>on and on", 0), ("budget", "done", 0),
        ("budget(max=4)", "a b</think>", 1), ("budget(tag=plan)", "<plan>a</plan>", 1),
        ("language", "This is a sentence that is surely written in English, is it not?", 1),
        ("language(code=de)", "This is a sentence that is surely written in English, is it not?", 0),
        ("language", "yes", math.nan),
    ],
)  # fmt: skip
def test_form(reward: str, text: str, wanted: float) -> None:
    """Tags, lengths, repetition, thinking and language; every completion counts as ten tokens."""
    assert score(reward, text) == pytest.approx(wanted, nan_ok=True)


def test_the_soft_limit_is_that_of_the_paper() -> None:
    """Yu et al. 2025, eq. 13, with a limit of 20 and a buffer of 8: 0 up to 12, then falling to -1 at 20."""
    found = [score("overlong(max=20, buffer=8)", "a", tokens=tokens) for tokens in (1, 12, 14, 20, 99)]
    assert found == [0, 0, -0.25, -1, -1]


@pytest.mark.parametrize(
    ("measure", "told", "wanted"),
    [
        # words: 2 of 3 and 2 of 4 shared → F1 = 4/7; common subsequence "the cat" of 3 and 4 words → 4/7
        ("f1", "The cat sleeps!", 4 / 7), ("rouge", "the cat sleeps", 4 / 7), ("f1", "cat the", 2 * 1 * 0.5 / 1.5),
        ("rouge", "cat the", 2 / 6), ("f1", "the the the the", 0.25), ("f1", "", 0), ("chrf", "", 0),
        ("chrf", "xyz", 0),
        ("f1", "the cat sat down", 1), ("rouge", "the cat sat down", 1), ("chrf", "the cat sat down", 1),
    ],
)  # fmt: skip
def test_likeness(measure: str, told: str, wanted: float) -> None:
    """Against values worked out by hand; the preferred answer is "The cat sat down."."""
    for row in ({"chosen": "The cat sat down."}, {"chosen": [{"role": "assistant", "content": "The cat sat down."}]}):
        exact = score(f"similar(measure={measure})", told if wanted != 1 else "The cat sat down.", **row)
        assert exact == pytest.approx(wanted)


def test_chrf_agrees_with_its_definition() -> None:
    """The answer "ab" against "abc": precisions 1, 1; recalls 2/3, 1/2; orders above are longer than the answer."""
    precision, recall = 1.0, (2 / 3 + 1 / 2) / 2
    assert score("similar(measure=chrf)", "ab", answer="abc") == pytest.approx(5 * precision * recall / (4 + recall))


def test_likeness_without_a_preferred_answer_is_not_judged() -> None:
    """A row that has nothing to compare with is no fault of the completion."""
    with build(["similar", "length(max=5)*0.5"]) as rewards:
        found = rewards.score([Completion([], "a b", 2, True, {}), Completion([], "a b", 2, True, {"answer": "a b"})])
    assert np.isnan(found.parts[0, 0])
    assert found.reasons == {(0, "similar"): "the row has no preferred answer"}
    assert found.total.tolist() == [0.5, 1.5]
    assert found.names == ("similar", "length(max=5)*0.5")


def test_what_nobody_could_judge_has_no_total() -> None:
    """A zero would count as a wrong answer."""
    with build(["number", "exact"]) as rewards:
        found = rewards.score([Completion([], "5", 1, True, {})])
        assert np.isnan(found.total).all()
        assert rewards.score([]).parts.shape == (0, 2)


_TRIVIAL = (
    "", " ", "\n", ".", "0", "1", "yes", "A", "#", "####", r"\boxed{}", "<think></think>", "<answer></answer>", "{}",
    "[]", "the", "answer:", "I don't know",
)  # fmt: skip


@pytest.mark.parametrize("text", _TRIVIAL)
def test_a_trivial_answer_wins_nothing(text: str) -> None:
    """What a model could always say earns no reward of correctness."""
    with build(["number", "exact", "math", "choice", "format", "budget"]) as rewards:
        rows = [{"answer": answer} for answer in ("72", "C", "Paris is a city", r"\frac{1}{2}")]
        found = rewards.score([Completion([], text, 3, True, row) for row in rows])
    assert np.nan_to_num(found.parts).max() == 0


_PIECES = (
    "<think>", "</think>", "<answer>", "</answer>", "####", r"\boxed{", "}", " ", "72", "the answer is", "A", ",", "\n",
    "-", "%", "$", "é", "\ud800",
)  # fmt: skip
_words = st.text(max_size=200) | st.lists(st.sampled_from(_PIECES)).map("".join)


@settings(deadline=None)
@given(text=_words, answer=_words, tokens=st.integers(0, 10_000))
def test_every_score_lies_in_its_bounds(text: str, answer: str, tokens: int) -> None:
    """Any text against any answer is judged within the bounds the table states, or not at all, and repeatably."""
    row = {"answer": answer, "chosen": answer}
    found = _EVERY.score([Completion([], text, tokens, False, row)])
    again = _EVERY.score([Completion([], text, tokens, False, row)])
    np.testing.assert_equal(found.parts, again.parts)
    for value, spec in zip(found.parts[0], _EVERY.specs, strict=True):
        assert math.isnan(value) or spec.check.low <= value <= spec.check.high


_EVERY = build([*MAKERS, "similar(measure=rouge)", "similar(measure=chrf)", "number(marked=true)"])


@pytest.mark.parametrize(
    "reward",
    ["format(tags=<think>)", "format(tags=a a)", "language(code=xx)", "overlong(max=5, buffer=9)", "budget(tag=a b)"],
)
def test_parameters_that_cannot_be_are_refused(reward: str) -> None:
    """Before a run starts, in a sentence."""
    with pytest.raises(UsageError, match=r"reward|tag"):
        build([reward])


def test_worked_solutions_earn_their_own_reward() -> None:
    """Solutions in the style of GSM8K, read as the answer they mark, are right; the same with another number is not."""
    solutions = [
        f"He pays {n} / 2 = <<{n}/2={n // 2}>>{n // 2}.\n#### {n // 1000},{n % 1000:03d}"
        for n in range(1000, 1_000_000, 99_991)
    ]
    with build(["number", "exact", "math"]) as rewards:
        right = rewards.score([Completion([], text, 9, True, {"answer": text}) for text in solutions])
        other = rewards.score([Completion([], solutions[0], 9, True, {"answer": text}) for text in solutions[1:]])
    assert right.parts.min() == 1
    assert other.parts.max() == 0


def test_every_check_of_the_table_can_be_made_or_says_what_it_needs(tmp_path: Path) -> None:
    """No name in the table is without its judge."""
    given = {
        "regex": "(pattern=a)",
        "schema": f"(path={tmp_path / 'no.json'})",
        "file": f"(path={tmp_path / 'no.py'})",
        "model": "(run=nothing)",
        "judge": f"(model=bundled, rubric={tmp_path / 'no.txt'})",
    }
    for name in CHECKS:
        lacking = given.get(name, "").partition("(")[2].partition("=")[0] in ("path", "run", "model")
        with pytest.raises(UsageError) if lacking else contextlib.nullcontext():
            build([name + given.get(name, "")]).close()
