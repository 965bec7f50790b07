"""The recipe: one table of fields, a TOML form that loses nothing, and refusals that say what to do."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.core import recipe
from workbench.core.errors import UsageError
from workbench.core.fields import SECTIONS, Spec
from workbench.core.recipe import FIELDS, Recipe, Resolved, checked, from_toml, resolve, to_toml

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


def values_of(kind: str, described: Spec) -> st.SearchStrategy[Any]:
    """Return every value a field may have."""
    if kind == "bool":
        return st.booleans()
    if kind == "int":
        return st.integers(int(described.low or 0), int(described.high or 2**31))
    if kind == "float":
        return st.floats(described.low, described.high)
    if kind == "str":
        return st.sampled_from(described.choices) if described.choices else TEXT
    return st.lists(TEXT.map(str.strip).filter(bool), max_size=3).map(tuple)


VALID = st.fixed_dictionaries({}, optional={name: values_of(*field) for name, field in FIELDS.items()})


def test_every_field_is_described() -> None:
    for name, (kind, described) in FIELDS.items():
        assert kind in ("str", "int", "float", "bool", "tuple[str, ...]"), name
        assert described.section in SECTIONS, name
        assert described.label, name
        assert described.help.endswith("."), name
        assert described.why.endswith("."), name
        if kind in ("int", "float"):
            assert described.low is not None, name
            assert described.high is not None, name


def test_every_default_is_allowed() -> None:
    defaults = {field.name: getattr(Recipe(), field.name) for field in dataclasses.fields(Recipe)}
    assert checked(defaults) == defaults


@given(VALID)
def test_a_recipe_survives_its_file(values: dict[str, Any]) -> None:
    try:
        resolved = resolve(values)
    except UsageError:
        return  # a combination that no engine honours
    stored, provenance = from_toml(to_toml(resolved), "recipe.toml")
    assert Recipe(**stored) == resolved.recipe
    assert provenance == resolved.provenance


@given(VALID)
def test_texts_and_values_mean_the_same(values: dict[str, Any]) -> None:
    """What a flag says as text is what a file says as a value."""
    plain = {name: value for name, value in values.items() if not isinstance(value, tuple)}
    assert checked({name: value if isinstance(value, str) else str(value) for name, value in plain.items()}) == plain


def test_the_person_wins_over_the_preset_and_both_over_the_default() -> None:
    resolved = resolve({"lora_r": "8"}, {"lora_r": 64, "learning_rate": 1e-4}, "mine")
    assert (resolved.recipe.lora_r, resolved.recipe.learning_rate, resolved.recipe.seed) == (8, 1e-4, 42)
    told = resolved.provenance
    assert (told["lora_r"], told["learning_rate"], told["seed"]) == ("chosen", "preset mine", "default")


def test_a_field_may_stand_in_its_section_or_at_the_top() -> None:
    nested, _ = from_toml('[task]\nmethod = "cpt"\n[tuning]\nlora_r = 4\n', "r.toml")
    flat, _ = from_toml('method = "cpt"\nlora_r = 4\n', "r.toml")
    assert nested == flat == {"method": "cpt", "lora_r": 4}


def test_data_and_tuning_are_fields_as_well_as_sections() -> None:
    values, _ = from_toml('data = ["a.txt"]\ntuning = "full"\n', "r.toml")
    assert values == {"data": ("a.txt",), "tuning": "full"}
    values, _ = from_toml('[task]\ndata = ["a.txt"]\n[data]\neval_split = 0.1\n', "r.toml")
    assert values == {"data": ("a.txt",), "eval_split": 0.1}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("learning_rat = 1", "perhaps it is learning_rate"),
        ("learning_rate = 'fast'", "learning_rate must be a number"),
        ("learning_rate = nan", "learning_rate must be a number"),
        ("learning_rate = 2.0", "learning_rate must be at least 1e-09 and at most 1, not 2"),
        ("max_steps = 1.5", "max_steps must be a whole number"),
        ("max_steps = true", "max_steps must be a whole number"),
        ("seed = -1", "seed must be at least 0"),
        ("packing = 'perhaps'", "packing must be true or false"),
        ("method = 'stf'", "perhaps it is sft"),
        ("data = 'a.txt'\nmethod = 3", "method must be a text"),
        ("data = [1]", "data must be a list of texts"),
        ('base = "a\\u0000b"', "base must be UTF-8 text without NUL"),
        ('data = ["a\\u0000b"]', "data must be UTF-8 text without NUL"),
        ("[task.deep]\na = 1", "There is no recipe field 'deep'"),
        ("version = 99", "version 99"),
        ("broken", "not valid TOML"),
        ("seed = " + "9" * 5000, "not valid TOML"),
        ("a = " + "[" * 5000, "not valid TOML"),
    ],
)
def test_a_wrong_recipe_is_one_sentence(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        from_toml(text, "r.toml")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.text(max_size=200))
def test_any_text_is_a_recipe_or_a_sentence(text: str) -> None:
    try:
        values, _ = from_toml(text, "r.toml")
    except UsageError:
        return
    assert set(values) <= set(FIELDS)


@pytest.mark.parametrize(
    "values",
    [
        {"base": "scratch", "method": "sft", "tuning": "full"},
        {"base": "scratch", "method": "pretrain", "tuning": "lora"},
        {"optim": "muon", "tuning": "lora"},
        {"num_attention_heads": 6, "num_key_value_heads": 4},
    ],
)
def test_combinations_that_no_engine_honours_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        resolve(values)


def test_a_stored_recipe_keeps_its_provenance(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(to_toml(resolve({"seed": 7}, {"lora_r": 64}, "mine")), encoding="utf-8")
    loaded = recipe.load(path)
    assert loaded.recipe.seed == 7
    assert (loaded.provenance["seed"], loaded.provenance["lora_r"]) == ("chosen", "preset mine")


def test_a_persons_file_is_the_provenance_of_what_it_says(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("seed = 7\n", encoding="utf-8")
    assert recipe.load(path).provenance["seed"] == "recipe mine.toml"
    assert recipe.load(path).provenance["lora_r"] == "default"


@pytest.mark.parametrize(("content", "said"), [(None, "No such file"), (b"\xff\xfe\x00", "not UTF-8")])
def test_an_unreadable_recipe_is_one_sentence(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "recipe.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=said):
        recipe.load(path)


def test_a_recipe_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Recipe().seed = 1  # type: ignore[misc]
    assert isinstance(resolve({}), Resolved)


@given(st.floats() | st.integers() | st.text())
def test_a_number_is_a_number_within_its_bounds_or_refused(value: Any) -> None:
    try:
        found = checked({"learning_rate": value})["learning_rate"]
    except UsageError:
        return
    assert math.isfinite(found)
    assert 1e-9 <= found <= 1.0


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"method": "dpo"}, "packing puts examples into one sequence, and dpo compares whole answers"),
        ({"method": "kto", "packing": False, "loss_type": "ipo"}, "loss_type chooses among the losses of dpo"),
        (
            {"method": "kto", "packing": False, "desirable_weight": 0.0, "undesirable_weight": 0.0},
            "are both 0, so nothing would be learnt",
        ),
    ],
)
def test_settings_that_compared_answers_have_no_use_for_are_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Recipe(**fields)


def test_a_field_is_understood_as_it_is_shown() -> None:
    assert recipe.named("epochs") == recipe.named("num_train_epochs") == "num_train_epochs"
    assert recipe.named("learning_rate") == "learning_rate"
    assert recipe.named("nothing") == "nothing"
    assert recipe.titled("tuning") == "tuning"
    assert recipe.titled("num_train_epochs") == "epochs (num_train_epochs)"
