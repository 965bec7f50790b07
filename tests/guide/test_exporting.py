"""What is offered of a model before anything is made, against arithmetic of another hand."""

from __future__ import annotations

import pytest

from workbench.core import catalogue
from workbench.guide import exporting
from workbench.runs import base_facts

GIB = 2**30
CONFIG = {
    "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "hidden_size": 4096, "intermediate_size": 12288,
    "num_hidden_layers": 36, "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128,
    "vocab_size": 151936, "tie_word_embeddings": False, "max_position_embeddings": 40960,
}  # fmt: skip
PUBLISHED = {"BF16": 16.39, "Q8_0": 8.71, "Q6_K": 6.73}
"""GB of the files that others made of Qwen3-8B with llama.cpp: huggingface.co/bartowski/Qwen_Qwen3-8B-GGUF."""


def test_sizes_of_a_known_model_are_those_of_its_published_files() -> None:
    found = exporting.offers(base_facts.of_config(CONFIG, "", "").shape, 8192)
    for offer in found:
        if offer.kind in PUBLISHED:
            assert offer.bytes / 1e9 == pytest.approx(PUBLISHED[offer.kind], rel=0.002), offer.kind
    assert [offer.kind for offer in found] == [offer.kind for offer in sorted(found, key=lambda offer: -offer.bytes)], (
        "from the largest to the smallest"
    )


def test_what_fits_is_file_and_cache_and_work() -> None:
    """8k tokens of 36 layers, two times 8 heads of 128 in 16 bits; 512 tokens of logits and of the widest layer."""
    found = {offer.kind: offer for offer in exporting.offers(base_facts.of_config(CONFIG, "", "").shape, 8192)}
    cache = 8192 * 36 * 2 * 8 * 128 * 2
    work = 512 * 4 * (151936 + 4 * 4096 + 2 * 12288)
    for offer in found.values():
        assert offer.memory == offer.bytes + cache + work + round(0.6 * GIB)
    said = {kind: "".join(offer.fit(card)[0] for card in exporting.CARDS) for kind, offer in found.items()}
    assert said["BF16"] == "nnf"
    assert said["Q8_0"] == "nff"
    assert said["Q4_K_M"] == "fff"
    assert exporting.recommended(tuple(found.values()))[0] == "Q4_K_M"


def test_a_window_keeps_its_tokens_and_the_batch() -> None:
    config = {
        **CONFIG, "model_type": "gemma3_text", "sliding_window": 1024,
        "layer_types": ["sliding_attention"] * 30 + ["full_attention"] * 6,
    }  # fmt: skip
    shape = base_facts.of_config(config, "", "").shape
    (plain, windowed) = (exporting.offers(one, 8192)[0] for one in (base_facts.of_config(CONFIG, "", "").shape, shape))
    a_layer = 2 * 8 * 128 * 2
    saved = 30 * a_layer * (8192 - 1536)
    assert (plain.memory - plain.bytes) - (windowed.memory - windowed.bytes) == saved


def test_every_model_of_the_catalogue_is_offered_with_a_recommendation() -> None:
    for model in catalogue.models():
        found = exporting.offers(base_facts.of_catalogue(model).shape, 8192)
        kind, why = exporting.recommended(found)
        assert kind in [offer.kind for offer in found]
        assert why
        size = {offer.kind: offer.bytes for offer in found}
        assert 0.25 < size["Q4_K_M"] / size["BF16"] < 0.55, model.hub_id
