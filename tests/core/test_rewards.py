"""How a recipe names its rewards: the form is read, written and refused, and never evaluated."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.core import fields, rewards
from workbench.core.errors import UsageError
from workbench.core.rewards import CHECKS, NEEDS, Spec


def test_the_table_is_whole() -> None:
    """Every check says what it is, needs something known, and has defaults within their own bounds."""
    for name, check in CHECKS.items():
        assert check.name == name
        assert check.needs in NEEDS
        assert check.low < check.high
        assert check.help.endswith(".")
        assert check.why.endswith(".")
        for item in check.parameters:
            assert item.kind in ("whole", "number", "truth", "text", "path", "model")
            if isinstance(item.default, int | float) and not isinstance(item.default, bool):
                assert item.low is not None
                assert item.high is not None
                assert item.low <= item.default <= item.high


@pytest.mark.parametrize(
    ("text", "name", "weight", "given"),
    [
        ("number", "number", 1.0, {}),
        ("exact*0.5", "exact", 0.5, {}),
        (" length ( min = 5 , max=90, unit=tokens ) * 0.2 ", "length", 0.2, {"min": 5, "max": 90, "unit": "tokens"}),
        ("number()*0", "number", 0.0, {}),
        ("repetition*-1e-1", "repetition", -0.1, {}),
        (r'regex(pattern="^\d+(a|b), x\"*$")*2', "regex", 2.0, {"pattern": r'^\d+(a|b), x"*$'}),
        ("regex(pattern='a)b,c', case=false)", "regex", 1.0, {"pattern": "a)b,c", "case": False}),
        ("regex(pattern=^a=b*$)", "regex", 1.0, {"pattern": "^a=b*$"}),
        ("file(path=my rewards/own.py)", "file", 1.0, {"path": "my rewards/own.py"}),
    ],
)
def test_the_form_is_read(text: str, name: str, weight: float, given: dict[str, object]) -> None:
    """A name, parameters of their types in any spacing, and a weight."""
    spec = rewards.parse(text)
    assert (spec.name, spec.weight) == (name, weight)
    assert {key: spec.parameters[key] for key in given} == given
    assert set(spec.parameters) == {item.name for item in CHECKS[name].parameters}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no name"),
        ("numbr", "perhaps it is number"),
        ("number*x", "a number such as *0.5"),
        ("number*nan", "a number such as *0.5"),
        ("number*1e999", "a number such as *0.5"),
        ("number 0.5", "a number such as *0.5"),
        ("number(", "not closed"),
        ("number(tolerance=0.1", "not closed"),
        ("number(tolerance=0.1)x", "not closed"),
        ("number(tolerance=9)", "at most 0.5"),
        ("number(tolerance=lots)", "must be a number"),
        ("number(marked=1)", "true or false"),
        ("number(marked)", "name=value"),
        ("number(marked=true,marked=true)", "twice"),
        ("length(max=1.5)", "a whole number"),
        ("length(min=9,max=2)", "min above its max"),
        ("length(unit=meters)", "known are"),
        ("tools(x=1)", "it has none"),
        ("regex", "needs pattern"),
        ("regex(pattern=)", "is empty"),
        ('regex(pattern=")', "in quotes"),
        ("regex(pattern=a(b)c)", "in quotes"),
        ('format(tags="a b"))', "in quotes"),
        ("__import__('os').system('x')", "perhaps|known are|no name"),
    ],
)
def test_a_wrong_form_is_refused_in_a_sentence(text: str, says: str) -> None:
    """What is wrong and what to do, on one line."""
    with pytest.raises(UsageError, match=re.escape(says) if "|" not in says else says) as caught:
        rewards.parse(text)
    assert "\n" not in str(caught.value)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing a person types gives a traceback."""
    try:
        spec = rewards.parse(text)
    except UsageError:
        return
    assert spec.name in CHECKS


_texts = st.text(st.characters(blacklist_characters="\0\\", blacklist_categories=["Cs"]), min_size=1, max_size=20)


@settings(deadline=None)
@given(pattern=_texts.map(str.strip).filter(bool), weight=st.floats(-100, 100), whole=st.booleans())
def test_what_is_written_is_read_back(pattern: str, weight: float, whole: bool) -> None:
    """`text` and `parse` are each other's inverse, whatever signs a pattern has."""
    spec = rewards.parse(rewards.text(Spec("regex", {"pattern": pattern, "whole": whole, "case": True}, weight)))
    assert spec.parameters == {"pattern": pattern, "whole": whole, "case": True}
    assert math.isclose(spec.weight, weight, rel_tol=1e-11, abs_tol=1e-300)


def test_paths_are_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run works elsewhere, so that its recipe must not depend on where it was made."""
    monkeypatch.chdir(tmp_path)
    assert rewards.settled(["file(path=own.py)*0.5", "judge(model=bundled, rubric=r.txt)", "number( )"]) == (
        f"file(path={tmp_path}/own.py)*0.5",
        f"judge(model=bundled, rubric={tmp_path}/r.txt)",
        "number",
    )
    (tmp_path / "scorer").mkdir()
    given = ["model(run=scorer)", "model(run=2026-11-21-scorer)", "judge(model=j.gguf, rubric=/r.txt)"]
    assert rewards.settled(given) == (
        f"model(run={tmp_path}/scorer)",
        "model(run=2026-11-21-scorer)",
        f"judge(model={tmp_path}/j.gguf, rubric=/r.txt)",
    )


def test_commas_inside_brackets_do_not_divide_a_list() -> None:
    """A flag gives several rewards with commas between them; apostrophes in plain text stay what they are."""
    described = fields.Spec("task", "", "", "")
    for text, items in (
        ("number, length(min=1, max=9)*0.1,tags", ("number", "length(min=1, max=9)*0.1", "tags")),
        ("regex(pattern='a)b, c'),number", ("regex(pattern='a)b, c')", "number")),
        ("What's this,that's that", ("What's this", "that's that")),
        ("a (b,c", ("a (b", "c")),
    ):
        assert fields.parse("rewards", "tuple[str, ...]", described, text) == items
