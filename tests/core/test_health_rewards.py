"""What a trial of rewards means: tables by hand, and what is said of each."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.core.health_rewards import TRIVIAL, findings


def check(reward: str = "number", **other: Any) -> dict[str, Any]:
    """Return the line of a check of which nothing bad is to be said."""
    told = {
        "reward": reward, "weight": 1.0, "low": 0.0, "high": 1.0, "needs": "answer", "samples": 0.4, "references": 1.0,
        "spread": 0.3, "varied": 0.8, "seconds": 0.1, "judged": 128, "not_judged": 0, "reasons": [],
    }  # fmt: skip
    return told | other


def trial(*checks: dict[str, Any], trivial: dict[str, float] | None = None, **other: Any) -> dict[str, Any]:
    """Return a trial whose sums are those of its checks, each of weight 1."""
    lines = list(checks) or [check()]

    def summed(name: str) -> float | None:
        known = [line[name] for line in lines if line[name] is not None]
        return sum(known) if known else None

    total = {"samples": summed("samples"), "references": summed("references"), "spread": 0.3, "varied": 0.8}
    given = {"empty": 0.0, "commonest": 0.1} | (trivial or {})
    return {
        "checks": lines,
        "total": total | other.pop("total", {}),
        "trivial": [
            {"name": name, "text": name, "total": earned, "parts": {line["reward"]: earned for line in lines}}
            for name, earned in given.items()
        ],
        "finished": 1.0,
        "longest": 64,
        **other,
    }


WITHOUT = {"samples": None, "spread": None, "varied": None}


@pytest.mark.parametrize(
    ("body", "code", "level"),
    [
        (trial(), "learnable", "good"),
        (trial(check(samples=0.0, varied=0.0), total={"varied": 0.0}), "all_zero", "bad"),
        (trial(check(samples=1.0, varied=0.0), total={"varied": 0.0}), "all_one", "bad"),
        (trial(check(samples=0.5, varied=0.0), total={"varied": 0.0}), "no_variance", "bad"),
        (trial(total={"varied": 0.3}), "groups_alike", "warning"),
        (trial(check(), check("choice", samples=0.0, varied=0.0)), "check_alike", "warning"),
        (trial(check(references=0.2)), "references_low", "bad"),
        (trial(check(references=0.8)), "references_low", "warning"),
        (trial(check(), check("format", needs="", references=0.0)), "references_form", "notice"),
        (trial(trivial={"prompt": 0.98}), "trivial_wins", "bad"),
        (trial(check(weight=-1.0)), "weight_negative", "bad"),
        (trial(check(weight=0.0)), "weight_zero", "bad"),
        (trial(check(needs="", **WITHOUT), trivial={"empty": 1.0, "commonest": 1.0}, total=WITHOUT), "constant", "bad"),
        (trial(trivial={"commonest": 0.6}), "trivial_pays", "warning"),
        (trial(check(references=None, **WITHOUT), total=WITHOUT, trivial={"tags": 0.95}), "trivial_wins", "bad"),
        (trial(check(seconds=45.0)), "check_slow", "warning"),
        (trial(check(judged=100, not_judged=28, reasons=[["the row has no answer", 28]])), "not_judged", "warning"),
        (trial(check(judged=0, not_judged=128, samples=None, references=None)), "not_judged", "bad"),
        (trial(finished=0.6), "answers_cut", "warning"),
    ],
)  # fmt: skip
def test_the_worst_of_a_trial_comes_first(body: dict[str, Any], code: str, level: str) -> None:
    found = findings(body)
    said = {finding.code: finding.level for finding in found}
    assert said[code] == level
    assert said[found[0].code] == found[0].level == level


def test_a_penalty_is_held_against_its_own_bounds() -> None:
    penalty = check("overlong", needs="", low=-1.0, high=0.0, samples=-0.2, references=0.0)
    assert {finding.code for finding in findings(trial(check(), penalty))} == {"learnable"}


def test_rewards_without_bounds_are_held_against_what_was_seen() -> None:
    free = check("model(run=judge)", needs="", low=None, high=None, samples=-3.0, references=2.0)
    assert [finding.code for finding in findings(trial(free, trivial={"empty": -6.0, "commonest": -5.0}))] == [
        "learnable"
    ]
    assert findings(trial(free, trivial={"empty": 1.9}))[0].code == "trivial_wins"


def test_what_is_cut_off_is_mended_with_a_value() -> None:
    cut = next(finding for finding in findings(trial(finished=0.5)) if finding.code == "answers_cut")
    assert cut.fix is not None
    assert cut.fix.fields == {"max_completion_length": 128}


def test_every_trivial_answer_has_words() -> None:
    body = trial(trivial=dict.fromkeys(TRIVIAL, 0.99))
    assert findings(body)[0].text.startswith("nothing at all earns 0.99")


def test_a_guard_that_costs_nobody_anything_now_is_left_in_peace() -> None:
    """Repetition at its best value in every answer teaches nothing yet, and is there for what may come."""
    guard = check("repetition", needs="", low=-1.0, high=0.0, samples=0.0, varied=0.0)
    assert "check_alike" not in [one.code for one in findings(trial(check(), guard))]
    assert "check_alike" in [one.code for one in findings(trial(check(), {**guard, "samples": -1.0}))]
