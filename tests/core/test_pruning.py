"""What is left of a model by arithmetic: figures by hand, and what is refused because it would be another model."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.core import pruning
from workbench.core.errors import UsageError
from workbench.core.recipe import Recipe, resolve
from workbench.core.shape import shape_of

QWEN: dict[str, Any] = {
    "model_type": "qwen3", "hidden_size": 4096, "intermediate_size": 12288, "num_hidden_layers": 36,
    "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 151936,
}  # fmt: skip


def wanted(**values: Any) -> Recipe:
    return Recipe(method="prune", tuning=values.pop("tuning", "full"), **values)


@pytest.mark.parametrize(
    ("values", "left"),
    [
        ({"prune_layers": 0.15}, (31, 32, 8, 12288)),  # 5.4 of 36
        ({"prune_layers": 3}, (33, 32, 8, 12288)),
        ({"prune_layers": 0.001}, (35, 32, 8, 12288)),  # one at least
        ({"prune_heads": 0.25}, (36, 24, 6, 12288)),
        ({"prune_heads": 0.01}, (36, 28, 7, 12288)),
        ({"prune_channels": 0.3}, (36, 32, 8, 8704)),  # 8601.6 to a multiple of 256
        ({"prune_channels": 0.3, "prune_multiple": 32}, (36, 32, 8, 8608)),
        ({"sparsity": 0.5}, (36, 32, 8, 12288)),
    ],
)
def test_shares_are_rounded_to_what_every_tool_can_load(
    values: dict[str, Any], left: tuple[int, int, int, int]
) -> None:
    found = pruning.target(QWEN, wanted(**values))
    assert (found.layers, found.heads, found.kv_heads, found.channels) == left
    assert found.head_dim == 128


def test_the_smaller_shape_counts_what_is_left() -> None:
    """36 layers of 4096 × (2 × 4096 + 2 × 1024 + 3 × 12288) weights, the rest is embedding, head and norms."""
    layer, rest = 4096 * (2 * 32 * 128 + 2 * 8 * 128 + 3 * 12288), 1_245_000_000
    shape = pruning.cut(QWEN, wanted(prune_layers=6, prune_heads=0.5), 36 * layer + rest)
    assert shape.layers == 30
    assert shape.parameters == 30 * (4096 * (2 * 16 * 128 + 2 * 4 * 128 + 3 * 12288)) + rest
    said = pruning.in_words(shape_of(QWEN, 36 * layer + rest), shape)
    assert said.startswith("Left of the base: 30 of 36 layers, 16 of 32 heads a layer, about ")
    assert not pruning.in_words(shape_of(QWEN), shape_of(QWEN))


@pytest.mark.parametrize(
    ("config", "values", "said"),
    [
        ({"model_type": "lfm2"}, {"prune_layers": 1}, "prune cuts dense language models"),
        ({"num_experts": 8}, {"prune_layers": 1}, "prune cuts dense language models"),
        ({}, {"prune_layers": 36}, "leave some of them"),
        ({}, {"prune_layers": 1.5}, "a whole number"),
        ({}, {"prune_channels": 0.005}, "raise the one or lower the other"),
        ({"num_key_value_heads": 1}, {"prune_heads": 0.5}, "leave prune_heads at 0"),
        ({"model_type": "smollm3"}, {"prune_layers": 6}, "a multiple of 4"),
        ({"model_type": "gemma2"}, {"prune_layers": 2, "prune_layers_by": "single"}, "prune_layers_by=block"),
        ({"model_type": "gemma2", "query_pre_attn_scalar": 144}, {"prune_heads": 0.5}, "take another size"),
    ],
)
def test_what_would_be_another_model_is_refused(config: dict[str, Any], values: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        pruning.target({**QWEN, **config}, wanted(**values))


def test_layers_of_kinds_that_alternate_go_in_whole_periods() -> None:
    gemma = {**QWEN, "model_type": "gemma3_text", "num_hidden_layers": 26}
    assert pruning.target(gemma, wanted(prune_layers=0.05)).layers == 20
    assert pruning.target({**gemma, "model_type": "smollm3"}, wanted(prune_layers=0.3)).layers == 18


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "takes nothing away"),
        ({"sparsity": 0.5, "tuning": "lora"}, "use tuning full"),
        ({"sparsity": 0.5, "optim": "muon"}, "use optim adamw"),
        ({"sparsity": 0.6, "sparsity_pattern": "2:4"}, "set sparsity=0.5"),
        ({"prune_layers": 1, "num_processes": 2}, "num_processes at 1"),
    ],
)
def test_recipes_that_cannot_be_honoured_are_refused(values: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        wanted(**values)


def test_whoever_asks_for_zeros_loses_no_layer_to_a_preset() -> None:
    preset = {"method": "prune", "tuning": "full", "prune_layers": 0.15}
    assert resolve({"sparsity": "0.5"}, preset).recipe.prune_layers == 0
    assert resolve({"sparsity": 0}, preset).recipe.prune_layers == 0.15
    assert resolve({"sparsity": 0.5, "prune_layers": 0.25}, preset).recipe.prune_layers == 0.25
