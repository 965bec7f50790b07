"""The catalogue of bases is complete and consistent in itself, and a person's own files come first."""

from __future__ import annotations

import os
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from workbench.core import catalogue, paths
from workbench.core.catalogue import Family, Model
from workbench.core.errors import UsageError

OWN = """
[family]
name = "Valley"
description = "Mine."
model_type = "llama"
architecture = "LlamaForCausalLM"
licence = "MIT"
gated = false
chat_template = "valley"
thinking = "ponder"
lora_targets = ["q_proj", "v_proj"]
packing = "safe"
sixteen_bit = ["embed_tokens"]
gguf = "not proven"
source = "my notebook"

[config]
hidden_size = 8
max_position_embeddings = 64
rope = { theta = 5, kind = "plain", scaling = "null" }

[sizes.S]
parameters = 1234
num_hidden_layers = 5
layer_types = [["sliding_attention", 2], ["full_attention", 1]]
rope = { theta = 7 }

[[models]]
hub_id = "me/valley-s"
label = "Valley S"
kind = "base"
size = "S"
licence = "CC0-1.0"
config = { max_position_embeddings = 128 }
"""

WITHOUT_MODELS = OWN.partition("[[models]]")[0]


def write(name: str, text: str | bytes) -> Path:
    """Put a file among the person's own bases."""
    folder = paths.config_home() / "bases"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def written() -> list[dict[str, str]]:
    """Return every entry of the shipped files, as it stands there."""
    folder = paths.presets_dir() / "bases"
    return [entry for path in folder.glob("*.toml") for entry in tomllib.loads(path.read_text())["models"]]


def test_no_model_is_listed_twice() -> None:
    twice = [hub_id for hub_id, times in Counter(entry["hub_id"] for entry in written()).items() if times > 1]
    assert not twice
    assert [label for label, times in Counter(entry["label"] for entry in written()).items() if times > 1] == []
    assert {entry["hub_id"] for entry in written()} == {model.hub_id for model in catalogue.models()}


@pytest.mark.parametrize("family", catalogue.families(), ids=lambda family: family.key)
def test_a_family_says_what_a_person_and_a_plan_need(family: Family) -> None:
    assert family.description.endswith(".")
    assert family.source
    assert family.licence
    assert family.chat_template
    assert family.lora_targets
    assert any(model.family is family for model in catalogue.models())


@pytest.mark.parametrize("model", catalogue.models(), ids=lambda model: model.hub_id)
def test_a_model_is_complete(model: Model) -> None:
    text = model.text_config
    for name in ("hidden_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "vocab_size"):
        assert text[name] > 0, name
    assert model.context == text["max_position_embeddings"]
    assert model.extended_context == 0 or model.extended_context > model.context
    assert len(text.get("layer_types", [0] * text["num_hidden_layers"])) == text["num_hidden_layers"]
    assert model.source
    assert model.kind != "base" or not model.thinking, "a base has no chat template to switch anything in"
    assert catalogue.find(model.hub_id) is model


def test_a_file_gives_what_it_shares_to_its_sizes_and_models() -> None:
    write("valley", OWN)
    model = catalogue.find("me/valley-s")
    assert model.config == {
        "hidden_size": 8,
        "max_position_embeddings": 128,
        "rope": {"theta": 7, "kind": "plain", "scaling": None},
        "num_hidden_layers": 5,
        "layer_types": ["sliding_attention", "sliding_attention", "full_attention"] + ["sliding_attention"] * 2,
    }
    assert (model.parameters, model.context, model.licence) == (1234, 128, "CC0-1.0")
    assert (model.chat_template, model.thinking, model.source) == ("valley", "ponder", "my notebook")
    assert model.family.lora_targets == ("q_proj", "v_proj")


def test_the_language_model_of_a_nested_config_is_found() -> None:
    write("valley", OWN.replace("[config]", "[config.text_config]").replace("[sizes.S]", "[sizes.S]\nx = 1")
          .replace("num_hidden_layers", "[sizes.S.text_config]\nnum_hidden_layers")
          .replace("config = {", "config.text_config = {"))  # fmt: skip
    model = catalogue.find("me/valley-s")
    assert model.text_config["layer_types"].count("full_attention") == 1
    assert (model.config["x"], model.context) == (1, 128)


def test_a_persons_file_adds_to_the_shipped_ones() -> None:
    before = catalogue.models()
    write("valley", OWN)
    assert [model.hub_id for model in catalogue.models()] == [model.hub_id for model in before] + ["me/valley-s"]
    assert catalogue.families()[-1].name == "Valley"


def test_a_persons_entry_replaces_a_shipped_one() -> None:
    write("valley", OWN.replace("me/valley-s", "Qwen/Qwen3-8B"))
    assert catalogue.find("Qwen/Qwen3-8B").label == "Valley S"
    assert catalogue.find("Qwen/Qwen3-14B").family.key == "qwen3"


def test_a_persons_file_hides_a_shipped_one_of_the_same_name() -> None:
    write("qwen3", OWN)
    assert [model.hub_id for model in catalogue.models() if model.family.key == "qwen3"] == ["me/valley-s"]
    with pytest.raises(UsageError, match="no model 'Qwen/Qwen3-8B'"):
        catalogue.find("Qwen/Qwen3-8B")


def test_a_family_without_models_hides_all_of_a_shipped_one() -> None:
    write("qwen3", "models = []\n" + WITHOUT_MODELS)
    assert not [model for model in catalogue.models() if model.family.key == "qwen3"]


def test_files_are_read_once_and_again_when_they_change() -> None:
    path = write("valley", OWN)
    first = catalogue.find("me/valley-s")
    assert catalogue.find("me/valley-s") is first
    path.write_text(OWN.replace("Valley S", "Valley Small"), encoding="utf-8")
    os.utime(path, ns=(1, 1))
    assert catalogue.find("me/valley-s").label == "Valley Small"


def test_an_unknown_model_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"perhaps it is Qwen/Qwen3-8B"):
        catalogue.find("Qwen/Qwen-3-8B")


def test_names_of_parts_are_whole_words_between_dots() -> None:
    write("valley", OWN)
    stays = catalogue.find("me/valley-s").family.stays_sixteen_bit
    assert stays("model.embed_tokens.weight")
    assert not stays("model.embed_tokens_per_layer.weight")
    assert not stays("model.layers.0.self_attn.q_proj.weight")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it has no 'family'"),
        (b"\xff", "cannot be used"),
        (b"family = [", "cannot be used"),
        (b"a = " + b"[" * 5000, "cannot be used"),
        (OWN.replace("[family]", "[famly]"), "it has an unknown 'famly', perhaps it is family"),
        (OWN.replace('name = "Valley"\n', ""), "[family] has no 'name'"),
        (OWN.replace('name = "Valley"', "name = 3"), "[family] has a 'name' that is not a text"),
        (OWN.replace("gated = false", "gated = 0"), "[family] has a 'gated' that is not true or false"),
        (OWN.replace("licence", "license", 1), "[family] has an unknown 'license', perhaps it is licence"),
        (OWN.replace('["q_proj", "v_proj"]', '"(q_proj"'), "its lora_targets are no regular expression"),
        (OWN.replace('["q_proj", "v_proj"]', "[1]"), "its lora_targets is not a list of names"),
        (OWN.replace('packing = "safe"', 'packing = "unsafe"'), "its packing is neither"),
        (OWN.replace('"not proven"', '"maybe"'), "its gguf is neither"),
        (OWN.replace("parameters = 1234\n", ""), "[sizes.S] has no 'parameters'"),
        (OWN.replace("parameters = 1234", "parameters = 0"), "[sizes.S] has no parameters"),
        (OWN.replace("parameters = 1234", "parameters = 1.5"), "that is not a whole number"),
        (OWN.replace('"full_attention", 1', '"full_attention"'), "its layer_types are no runs"),
        (OWN.replace("num_hidden_layers = 5", ""), "its layer_types are no runs"),
        (OWN.replace("num_hidden_layers = 5", "num_hidden_layers = 100_000_000"), "its layer_types are no runs"),
        (OWN.replace('attention", 2', 'attention", 2_000_000_000'), "its layer_types are no runs"),
        (OWN.replace("[sizes.S]", "[sizes]\nT = 3\n[sizes.S]"), "[sizes.T] is not a table"),
        (OWN.replace("[[models]]", "[models]"), "it has a 'models' that is not a list"),
        ("models = [3]\n" + WITHOUT_MODELS, "one of [[models]] is not a table"),
        (OWN.replace("me/valley-s", "valley"), "'valley' is no owner/name of the hub"),
        (OWN.replace("me/valley-s", "../valley"), "is no owner/name of the hub"),
        (OWN.replace('kind = "base"', 'kind = "pet"'), "is of the kind 'pet'"),
        (OWN.replace('size = "S"', 'size = "M"'), "has the size 'M'"),
        (OWN.replace('size = "S"', 'size = "S"\ndate = "soon"'), "is not YYYY-MM or YYYY-MM-DD"),
        (OWN.replace("max_position_embeddings", "max_positions"), "has no max_position_embeddings"),
        (OWN.replace("embeddings = 128", 'embeddings = "x"'), "has no max_position_embeddings"),
    ],
)  # fmt: skip
def test_a_broken_file_is_named_with_what_is_wrong(content: str | bytes, said: str) -> None:
    path = write("valley", content)
    with pytest.raises(UsageError) as caught:
        catalogue.models()
    sentence = str(caught.value)
    assert str(path) in sentence
    assert said in sentence
    assert sentence.endswith("; correct or remove it.")
    assert "\n" not in sentence
