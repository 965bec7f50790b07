"""What a script says for every sort of recipe: a sound program, the values with their reasons, the rows it wants."""

from __future__ import annotations

import ast
import dataclasses
import itertools
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.core import presets, recipe, script
from workbench.core.errors import UsageError
from workbench.core.recipe import ALIGNING, METHODS, REINFORCING, TUNINGS, Resolved

OTHER = {
    "optim": ("adamw_8bit", "muon"), "packing": (False,), "trainable_token_indices": (("auto",),),
    "chat_template": ("chatml",),
}  # fmt: skip
"""Values of fields on which the parts of a script depend, beside those of the presets."""
MUON = {"optim": "muon"}
"""What goes with full tuning only."""


def resolved(method: str, tuning: str, **chosen: object) -> Resolved:
    preset = presets.default_for(method, tuning)
    values = {"method": method, "tuning": tuning, "data": ("rows.jsonl",), **chosen}
    return recipe.resolve(values, preset.values, preset.name)


def constants(text: str) -> dict[str, object]:
    """Return the constants at the top of a script, as Python reads them."""
    found = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id.isupper():
            try:
                found[node.targets[0].id] = ast.literal_eval(node.value)
            except ValueError:
                continue
    return found


def fits(method: str, tuning: str, other: dict[str, object]) -> bool:
    return (tuning == "full" or other != MUON) and (method == "sft" or "chat_template" not in other)


def every_recipe() -> list[Resolved]:
    """Return a recipe for each method and tuning, and for each other value that goes with them."""
    found = []
    scripted = [method for method in METHODS if method not in (*ALIGNING, *REINFORCING, "distill", "prune")]
    for method, tuning in itertools.product(scripted, TUNINGS):
        found.append(resolved(method, tuning))
        others = [{name: value} for name, values in OTHER.items() for value in values]
        found += [resolved(method, tuning, **other) for other in others if fits(method, tuning, other)]
    return found


@pytest.mark.parametrize("method", [*ALIGNING, *REINFORCING, "distill", "prune"])
def test_methods_with_losses_of_our_own_have_no_script(method: str) -> None:
    with pytest.raises(UsageError, match=f"There is no script of {method}: .*; train it here"):
        script.text(resolved(method, "lora"), "some/base", "prepared")


def test_every_script_is_a_sound_program_without_the_workbench(tmp_path: Path) -> None:
    """No name is undefined, no import unused, no part of the template left over."""
    for number, one in enumerate(every_recipe()):
        text = script.text(one, "some/base", "prepared")
        assert not any(mark in text for mark in ("# [if", "# [end]", "# [head]", "# [constants]"))
        assert "import workbench" not in text
        assert "from workbench" not in text
        (tmp_path / f"s{number}.py").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "E,F", "--line-length", "160"]
    done = subprocess.run([*command, str(tmp_path)], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_a_script_has_the_values_of_its_recipe() -> None:
    for one in every_recipe():
        found = constants(script.text(one, "some/base", "prepared"))
        assert found.pop("BASE") == "some/base"
        assert found.pop("IGNORED") == -100
        values = {name.upper(): value for name, value in dataclasses.asdict(one.recipe).items()}
        listed = {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}
        shown = {name: value for name, value in listed.items() if name in values}
        assert shown == {name: values[name] for name in shown}
        assert {"LEARNING_RATE", "SEED", "MAX_LENGTH", "PACKING"} <= shown.keys()
        assert ("LORA_R" in shown) == (one.recipe.tuning != "full")


def test_each_value_stands_under_its_reason() -> None:
    one = resolved("sft", "lora", lora_r="8")
    lines = script.text(one, "some/base", "prepared").splitlines()
    assert lines[lines.index("LORA_R = 8") - 1].endswith("Chosen by hand.")
    text = " ".join(line.removeprefix("# ") for line in lines)
    assert (
        f"From preset sft-lora. Source: {presets.find('sft-lora').sources['learning_rate']}. LEARNING_RATE = 0.0002"
        in text
    )
    assert f"The default. {recipe.FIELDS['max_grad_norm'][1].why} MAX_GRAD_NORM = 1.0" in text


def test_text_of_a_recipe_cannot_become_code() -> None:
    name = 'x"""\nimport shutil\n# \N{RIGHT-TO-LEFT OVERRIDE}\\'
    one = resolved("sft", "lora", data=(name,), target_modules=(name,))
    one = dataclasses.replace(one, provenance={**one.provenance, "lora_r": f"derived: {name}"})
    text = script.text(one, name, name)
    assert constants(text)["BASE"] == name
    assert constants(text)["TARGET_MODULES"] == [name.strip()]
    assert "import shutil" not in text.splitlines()
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in text


def test_the_command_prepares_the_rows_of_the_recipe() -> None:
    one = resolved("cpt", "full", data=("a file.jsonl",), duplicates="near", replay_data=("general, too.txt",))
    words = shlex.split(script.prepare_command(one.recipe, "rows of it"))
    assert words[:7] == ["workbench", "prepare", "a file.jsonl", "--method", "cpt", "--out", "rows of it"]
    pairs = [words[place + 1].split("=", 1) for place, word in enumerate(words) if word == "--set"]
    assert recipe.checked(dict(pairs)) == {
        "duplicates": "near", "replay_share": one.recipe.replay_share, "replay_data": ("general, too.txt",),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("chosen", "base", "word"),
    [
        ({"method": "pretrain", "tuning": "full", "base": "scratch"}, "scratch", "scratch"),
        ({"method": "cpt", "tuning": "full", "replay_data": ("self",)}, "some/base", "replay_data"),
    ],
)
def test_a_run_that_no_script_can_repeat_is_refused(chosen: dict[str, object], base: str, word: str) -> None:
    with pytest.raises(UsageError, match=word):
        script.text(recipe.resolve(chosen), base, "prepared")
