"""What the catalogue says of its models, held against transformers' own classes: no weights, and tiny ones to compute.

Every size is built without memory from its configuration alone; what a plan reads from the catalogue must be true of
the modules that come out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import pytest
import torch
import transformers
from peft import LoraConfig
from peft.tuners.tuners_utils import check_target_module_exists
from transformers import AutoConfig, AutoModelForCausalLM, BitsAndBytesConfig
from transformers.integrations.bitsandbytes import replace_with_bnb_linear
from transformers.quantizers.base import get_keys_to_not_convert

from workbench.core import catalogue
from workbench.core.catalogue import Family, Model
from workbench.engine import prepare
from workbench.engine.export import conversion
from workbench.engine.export.gguf import architectures
from workbench.engine.export.upstream.families import PROVED
from workbench.engine.masks import Example

FAMILIES = catalogue.families()
MODELS = catalogue.models()
NOT_LANGUAGE = re.compile(r"visual|vision|audio|router|gate$|norm|embed|lm_head|multi_modal")
LAYER = re.compile(r"\.layers\.(\d+)\.")
# What transformers keeps under another name, per layer, or without a default; the number of parameters tells on them.
ELSEWHERE = {
    "rope_theta", "rope_scaling", "partial_rotary_factor", "global_head_dim", "num_global_key_value_heads", "head_dim",
}  # fmt: skip


def of(family: Family) -> list[Model]:
    """Return one model of each size of a family."""
    return list({model.size: model for model in MODELS if model.family is family}.values())


def built(model: Model, architecture: str = "") -> Any:
    """Return a model of that configuration whose weights take no memory, as the class config.json names or another."""
    config = AutoConfig.for_model(model.family.model_type, **model.config)
    with torch.device("meta"):
        if architecture:
            return AutoModelForCausalLM.from_config(config)
        return getattr(transformers, model.family.architecture)._from_config(config)


@dataclass(frozen=True)
class Built:
    """What one size of a family turned out to be."""

    size: str
    parameters: int
    linear: frozenset[str]
    layers: int
    small: frozenset[str]
    """Weight matrices that are quantised to 4 bits."""
    left: frozenset[str]
    """Weight matrices that are not, but for the very last, which transformers leaves alone whatever it is."""


@lru_cache
def sizes_of(family: Family) -> tuple[Built, ...]:
    """Build every size of a family once."""
    found = []
    for model in of(family):
        network = built(model)
        linear = frozenset(name for name, module in network.named_modules() if type(module) is torch.nn.Linear)
        parameters = sum(weight.numel() for weight in network.parameters())
        network = replace_with_bnb_linear(
            network, get_keys_to_not_convert(network), BitsAndBytesConfig(load_in_4bit=True)
        )
        small = frozenset(
            f"{name}.weight" for name, module in network.named_modules() if type(module).__name__ == "Linear4bit"
        )
        assert small
        matrices = frozenset(name for name, weight in network.named_parameters() if weight.dim() > 1)
        *_, (last, _) = network.named_parameters()
        if last != "lm_head.weight":
            matrices -= {last}
        layers = model.text_config["num_hidden_layers"]
        found.append(Built(model.size, parameters, linear, layers, small, matrices - small))
    return tuple(found)


def targets(family: Family) -> LoraConfig:
    """Return an adapter's configuration with the targets of a family."""
    chosen = family.lora_targets
    return LoraConfig(target_modules=chosen if isinstance(chosen, str) else list(chosen))


def adapted(family: Family, names: frozenset[str]) -> set[str]:
    """Return which modules an adapter with the targets of a family would be put on, as PEFT decides it."""
    config = targets(family)
    return {name for name in names if check_target_module_exists(config, name)}


@pytest.fixture(params=FAMILIES, ids=lambda family: family.key)
def family(request: pytest.FixtureRequest) -> Family:
    """Every family."""
    return request.param  # type: ignore[no-any-return]


def leaves(table: dict[str, Any], config: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield (key, value, the configuration that should know the key) of a table and the tables for parts of it."""
    for key, value in table.items():
        if key.endswith("_config"):
            yield from leaves(value, getattr(config, key))
        elif key != "model_type":
            yield key, value, config


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.hub_id)
def test_the_configuration_is_one_that_transformers_understands(model: Model) -> None:
    config = AutoConfig.for_model(model.family.model_type, **model.config)
    assert config.get_text_config().max_position_embeddings == model.context
    for key, value, known in leaves(model.config, config):
        default = type(known)()
        # Gemma 4 has these per layer, and answers for the whole model only when told to.
        known.allow_global_per_layer_attribute_access = True
        assert key in ELSEWHERE or hasattr(default, key), f"transformers ignores {key}"
        if key == "layer_types":
            assert len(known.layer_types) == len(value)
        elif key == "rope_theta":
            rope = known.rope_parameters
            assert {part["rope_theta"] for part in (rope if "rope_theta" not in rope else {"": rope}).values()} == {
                value
            }
        elif key not in ELSEWHERE | {"rope_parameters"}:
            assert getattr(known, key) == value, key


def test_the_number_of_parameters_is_that_of_the_model(family: Family) -> None:
    said = {model.size: model.parameters for model in of(family)}
    assert {size.size: size.parameters for size in sizes_of(family)} == said


def test_lora_goes_on_linear_layers_of_the_language_model_and_on_nothing_else(family: Family) -> None:
    for size in sizes_of(family):
        found = adapted(family, size.linear)
        assert not [name for name in found if NOT_LANGUAGE.search(name)]
        layers = {int(match[1]) for name in found if (match := LAYER.search(name))}
        assert layers == set(range(size.layers))


def test_lora_reaches_only_linear_layers(family: Family) -> None:
    for model in of(family)[:1]:
        network = built(model)
        everything = frozenset(name for name, _ in network.named_modules())
        linear = frozenset(name for name, module in network.named_modules() if type(module) is torch.nn.Linear)
        assert adapted(family, everything) == adapted(family, linear)


def test_every_lora_target_exists(family: Family) -> None:
    found = {name for size in sizes_of(family) for name in adapted(family, size.linear)}
    chosen = family.lora_targets
    ends = re.findall(r"\w+", chosen.rsplit("(", 1)[1]) if isinstance(chosen, str) else chosen
    for end in ends:
        assert any(name.endswith(f".{end}") for name in found), end


def test_lora_goes_on_the_same_layers_of_a_language_model_alone(family: Family) -> None:
    """Some classes for text load the language model out of one that also sees; its modules have other names there."""
    for model in of(family)[:1]:
        config = AutoConfig.for_model(family.model_type, **model.config)
        if type(config) not in transformers.MODEL_FOR_CAUSAL_LM_MAPPING:
            continue
        network = built(model, "text")
        linear = frozenset(name for name, module in network.named_modules() if type(module) is torch.nn.Linear)
        whole = {
            name.replace("model.language_model.", "model.") for name in adapted(family, sizes_of(family)[0].linear)
        }
        alone = {name.replace("model.language_model.", "model.") for name in adapted(family, linear)}
        assert alone == whole


def test_what_stays_in_sixteen_bits_is_what_quantisation_leaves(family: Family) -> None:
    for size in sizes_of(family):
        assert [name for name in sorted(size.left) if not family.stays_sixteen_bit(name)] == []
        assert [name for name in sorted(size.small) if family.stays_sixteen_bit(name)] == []
    for part in family.sixteen_bit:
        assert any(f".{part}." in f".{name}." for size in sizes_of(family) for name in size.left), part


def test_gguf_is_proven_for_what_the_exporter_takes(family: Family) -> None:
    config = AutoConfig.for_model(family.model_type, architectures=[family.architecture])
    ours = conversion.own(config) is not None
    assert (family.gguf == "proven") == (ours or family.architecture in PROVED)
    if family.architecture in architectures.FAMILIES:
        for model in MODELS:
            if model.family is family:
                config = AutoConfig.for_model(family.model_type, architectures=[family.architecture], **model.config)
                _, found = architectures.family(config)
                found.extra(config)
                assert found.head or model.config["tie_word_embeddings"]


TINY = {
    "vocab_size": 320, "vocab_size_per_layer_input": 320, "hidden_size": 64, "intermediate_size": 96, "head_dim": 16,
    "global_head_dim": 32, "num_attention_heads": 4, "num_key_value_heads": 2, "num_global_key_value_heads": 2,
    "sliding_window": 8, "hidden_size_per_layer_input": 16, "num_kv_shared_layers": 1, "query_pre_attn_scalar": 16,
    "linear_num_key_heads": 2, "linear_num_value_heads": 4, "linear_key_head_dim": 16, "linear_value_head_dim": 16,
    "num_experts": 4, "num_local_experts": 4, "num_experts_per_tok": 2, "top_k_experts": 2, "num_dense_layers": 1,
    "moe_intermediate_size": 32, "shared_intermediate_size": 96, "mamba_n_heads": 8, "mamba_d_head": 16,
    "mamba_d_state": 16, "mamba_chunk_size": 16, "max_position_embeddings": 256,
    "original_max_position_embeddings": 256,
}  # fmt: skip
TINY_TOWER = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2, "depth": 1,
    "num_heads": 2, "out_hidden_size": 64, "num_key_value_heads": 2, "head_dim": 16, "output_proj_dims": 32,
}  # fmt: skip


def tiny(model: Model, **sizes: int) -> Any:
    """Return a random network of a model's architecture with a few narrow layers, each kind of layer among them.

    `sizes` are those of the language model that are to be others than here.
    """
    text = {key: (TINY | sizes).get(key, value) for key, value in model.text_config.items()}
    text |= {"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0}
    text = {key: value for key, value in text.items() if not key.startswith("rope")}
    for key in ("num_local_experts", "num_experts_per_tok", "num_kv_shared_layers", "hidden_size_per_layer_input"):
        if model.text_config.get(key) == 0:
            text[key] = 0
    kinds = sorted(set(text.get("layer_types", ["full_attention"])), reverse=True)
    text["num_hidden_layers"] = 2 * len(kinds)
    if "layer_types" in text:
        text["layer_types"] = [kind for kind in kinds for _ in range(2)]
    config = text
    if text is not model.config and "text_config" in model.config:
        towers = {
            name: {key: TINY_TOWER.get(key, value) for key, value in tower.items()}
            for name, tower in model.config.items()
            if name in ("vision_config", "audio_config")
        }
        config = model.config | towers | {"text_config": text}
    made = AutoConfig.for_model(model.family.model_type, **config)
    torch.manual_seed(0)
    network = getattr(transformers, model.family.architecture)._from_config(made)
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if weight.dim() > 1 and "norm" not in name:
                weight.normal_(0, 0.1)
    return network.eval()


def test_packing_is_safe_where_the_catalogue_says_so(family: Family) -> None:
    generator = torch.Generator().manual_seed(1)
    documents = [Example(torch.randint(5, 300, (40,), generator=generator).tolist(), []) for _ in range(2)]
    leaks = [prepare.packing_leak(tiny(model), documents) > prepare.LEAK_TOLERANCE for model in of(family)]
    if family.packing == "safe":
        assert not any(leaks)
    else:
        assert all(leaks)


TEMPLATES = {
    "qwen2.5": "qwen2_5", "qwen3": "qwen3", "qwen3.5": "qwen3_5_think", "qwen3.6": "qwen3_6", "gemma3": "gemma3",
    "gemma4": "gemma4", "llama3": "llama3_2", "harmony": "gptoss", "deepseek-r1": "deepseek_r1_distill", "lfm2": "lfm2",
}  # fmt: skip


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_thinking_switch_is_one_of_the_chat_template(name: str) -> None:
    """For the families whose published template TRL carries."""
    text = (files("trl") / "chat_templates" / f"{TEMPLATES[name]}.jinja").read_text(encoding="utf-8")
    talking = [model for model in MODELS if model.chat_template == name and model.kind != "base"]
    assert talking
    switches = {model.thinking for model in talking} - {""}
    assert all(re.search(rf"\b{switch}\b", text) for switch in switches)
    assert switches or not re.search(r"\b(enable_thinking|reasoning_effort)\b", text)
