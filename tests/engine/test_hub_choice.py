"""What is taken of a repository: names and hashes of a stranger's, and which of its files."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contracts.test_lightness import HEAVY, loaded_after
from workbench.core.errors import WorkbenchError
from workbench.engine.hub import choice
from workbench.engine.hub.choice import File

SHA1, SHA256 = "a" * 40, "b" * 64


def repository(*names: str) -> dict[str, File]:
    """Return files of some size."""
    return {name: File(name, 10, SHA1, False) for name in names}


@pytest.mark.parametrize(
    "name", ["../x.json", "a/b.json", "/etc/x", "", ".", "..", ".x", "a\0.json", "a\n.json", 3, None]
)
def test_a_name_that_leads_elsewhere_is_no_file(name: Any) -> None:
    assert choice.described("config.json", 1, SHA1, False)
    assert choice.described(name, 1, SHA1, False) is None


@given(st.text(alphabet="aZ9_.-+/\\~ \0\n", max_size=5), st.integers())
def test_whatever_a_hub_says_a_path_stays_in_its_folder(name: str, size: int) -> None:
    file = choice.described(name, size, SHA1, False)
    assert (file is not None) == bool(re.match(r"[aZ9][aZ9_.+-]*\Z", name))
    assert file is None or file.size >= 0


@pytest.mark.parametrize(
    ("digest", "large"), [("../" + "a" * 37, False), (SHA1, True), (SHA256, False), ("A" * 40, False), (None, False)]
)
def test_a_hash_that_is_none_is_no_file(digest: Any, large: bool) -> None:
    assert choice.described("config.json", 1, digest, large) is None


def test_only_what_training_needs_is_taken() -> None:
    wanted = {
        "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "tokenizer.model",
        "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt", "chat_template.json",
        "chat_template.jinja", "sentencepiece.bpe.model", "LICENSE", "LICENSE.txt", "README.md", "USE_POLICY.md",
        "model.safetensors",
    }  # fmt: skip
    others = {
        "tokenizer.py", "tokenizer.pkl", "tokenizer_helper.py", "pytorch_model.bin", "model.fp16.safetensors",
        "consolidated.safetensors", "adapter_model.safetensors", "model.safetensors.index.json", "flax_model.msgpack",
        "model-Q4_K_M.gguf", "training_args.bin", "preprocessor.onnx", "figure.png", "params.json",
    }  # fmt: skip
    taken = choice.chosen("a/b", repository(*wanted, *others), None)
    assert {file.name for file in taken} == wanted
    assert taken[-1].name == "model.safetensors"


@pytest.mark.parametrize("weight_map", [None, [], {}, {"w": "../x.safetensors"}, {"w": 3}])
def test_an_index_that_names_no_file_of_the_repository_is_refused(weight_map: Any) -> None:
    files = repository("config.json", choice.INDEX, "model-00001-of-00001.safetensors")
    with pytest.raises(WorkbenchError, match="does not have them"):
        choice.chosen("a/b", files, {"weight_map": weight_map})
    assert choice.chosen("a/b", files, {"weight_map": {"w": "model-00001-of-00001.safetensors"}})


def test_a_shard_that_is_no_safetensors_is_refused() -> None:
    files = repository("config.json", choice.INDEX, "x.bin")
    with pytest.raises(WorkbenchError, match=r"names x\.bin"):
        choice.chosen("a/b", files, {"weight_map": {"w": "x.bin"}})


def test_the_errand_imports_no_torch() -> None:
    loaded, _ = loaded_after(
        "import workbench.engine.hub.__main__, workbench.engine.hub.download, workbench.engine.hub.search\n"
        "from huggingface_hub import HfApi, get_token"
    )
    assert "huggingface_hub" in loaded
    assert not loaded & (HEAVY - {"huggingface_hub"})
