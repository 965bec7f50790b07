"""The shipped presets are complete and valid, and a person's own come first."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from workbench.core import paths, presets
from workbench.core.errors import UsageError
from workbench.core.recipe import METHODS, TUNINGS, resolve

COMPLETE = '[preset]\nmethod = "sft"\ntuning = "lora"\nfor_whom = "Me."\nwhy = "So."\n[values]\nseed = 5\n'


@pytest.mark.parametrize(("method", "tuning"), [*itertools.product(METHODS, TUNINGS)])
def test_every_method_and_tuning_has_a_preset(method: str, tuning: str) -> None:
    found = presets.default_for(method, tuning)
    assert (found.method, found.tuning) == (method, tuning)


@pytest.mark.parametrize("name", sorted(presets.files()))
def test_a_shipped_preset_makes_a_recipe_and_says_where_its_values_come_from(name: str) -> None:
    found = presets.find(name)
    assert found.method in METHODS
    assert found.tuning in TUNINGS
    assert found.for_whom.endswith(".")
    assert found.why.endswith(".")
    made = resolve({"method": found.method, "tuning": found.tuning}, found.values, name).recipe
    assert all(getattr(made, field) == value for field, value in found.values.items())
    assert set(found.sources) <= set(found.values)


def test_a_lineage_may_have_its_own_preset(tmp_path: Path) -> None:
    own = paths.config_home() / "presets"
    own.mkdir(parents=True)
    (own / "valley-sft-lora.toml").write_text(COMPLETE, encoding="utf-8")
    assert presets.default_for("sft", "lora", "valley").name == "valley-sft-lora"
    assert presets.default_for("sft", "lora", "elsewhere").name == "sft-lora"


def test_a_persons_preset_hides_a_shipped_one() -> None:
    shipped = presets.find("sft-lora").values
    own = paths.config_home() / "presets"
    own.mkdir(parents=True)
    (own / "sft-lora.toml").write_text(COMPLETE, encoding="utf-8")
    assert presets.find("sft-lora").values == {"seed": 5} != shipped


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it has no 'preset'"),
        (b"[preset]\nmethod = 'sft'\n", "it has no 'tuning'"),
        (b"[preset", "cannot be used"),
        (b"\xff", "cannot be used"),
        (b"preset = 3", "cannot be used"),
        (b"a = " + b"[" * 5000, "cannot be used"),
        (COMPLETE.replace("seed = 5", "sed = 5").encode(), "perhaps it is seed"),
        (b"values = 3\n" + COMPLETE.partition("[values]")[0].encode(), "cannot be used"),
    ],
)
def test_a_damaged_preset_is_one_sentence(content: bytes, said: str) -> None:
    own = paths.config_home() / "presets"
    own.mkdir(parents=True)
    (own / "mine.toml").write_bytes(content)
    with pytest.raises(UsageError) as caught:
        presets.find("mine")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_preset_names_a_near_one() -> None:
    with pytest.raises(UsageError, match=r"perhaps it is sft-lora"):
        presets.find("sft-lore")
