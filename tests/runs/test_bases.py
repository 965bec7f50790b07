"""What a base is, and which folders are refused before anything in them is loaded."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.paths import assets_dir
from workbench.core.recipe import resolve as resolve_recipe
from workbench.core.recipe import to_toml
from workbench.runs import atomic, bases, store
from workbench.runs.store import Run

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Return a copy of the bundled base without its weights' bulk: one small tensor."""
    folder = Path(shutil.copytree(assets_dir() / "base", tmp_path / "model"))
    write_weights(folder / "model.safetensors", {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}, 8)
    return folder


def write_weights(path: Path, header: Any, size: int) -> None:
    """Write a safetensors file with this header and `size` bytes of tensors."""
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(size))


def refusal(folder: Path) -> str:
    with pytest.raises(WorkbenchError) as caught:
        bases.inspect({"path": str(folder)})
    assert "\n" not in str(caught.value)
    return str(caught.value)


def made(tuning: str = "full", base: str = "bundled", method: str = "sft") -> Run:
    recipe = resolve_recipe({"method": method, "tuning": tuning, "base": base, "data": ["x"]})
    return store.create(to_toml(recipe), method=method, tuning=tuning, base=base, title="t")


def publish(folder: Path) -> Path:
    """Make a sealed folder with something in it."""
    with atomic.staging(folder) as staged:
        (staged / "weights").write_bytes(b"x")
    return folder


def test_the_bundled_base_is_accepted() -> None:
    facts = bases.inspect({"path": str(assets_dir() / "base")})
    assert facts["architecture"].endswith("ForCausalLM")
    assert facts["tensors"] > 10
    assert facts["weight_bytes"] == (assets_dir() / "base" / "model.safetensors").stat().st_size
    assert facts["vocab_size"] > 300


@pytest.mark.parametrize(
    ("header", "size", "said"),
    [
        ({"a": {"data_offsets": [0, 8]}}, 4, "its tensors end at byte"),
        ({"a": {"data_offsets": [0, 8]}}, 12, "its tensors end at byte"),
        ({"a": {"data_offsets": [0, 8]}, "b": {"data_offsets": [4, 12]}}, 12, "begins at byte 4 where 8 was expected"),
        ({"a": {"data_offsets": [8, 0]}}, 8, "begins at byte 8"),
        ({"a": {"data_offsets": [0]}}, 8, "cannot be understood"),
        ({"a": {"data_offsets": ["0", "8"]}}, 8, "cannot be understood"),
        ({"a": {}}, 8, "cannot be understood"),
        ({"a": 3}, 8, "cannot be understood"),
        ([1], 8, "cannot be understood"),
    ],
)
def test_weights_whose_header_does_not_fit_are_damaged(model: Path, header: Any, size: int, said: str) -> None:
    write_weights(model / "model.safetensors", header, size)
    assert said in refusal(model)


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 7, b"\xff" * 8, (1 << 60).to_bytes(8, "little") + b"{}", (2).to_bytes(8, "little") + b"{"]
)
def test_weights_without_a_header_are_damaged(model: Path, content: bytes) -> None:
    (model / "model.safetensors").write_bytes(content)
    assert "is damaged" in refusal(model)


@given(st.binary(max_size=200))
def test_no_bytes_pass_for_weights_by_a_traceback(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.safetensors"
    path.write_bytes(content)
    with contextlib.suppress(WorkbenchError):
        assert bases.check_weights(path) >= 0


@given(JSON)
def test_no_header_passes_by_a_traceback(tmp_path_factory: pytest.TempPathFactory, header: Any) -> None:
    path = tmp_path_factory.getbasetemp() / "any.safetensors"
    write_weights(path, header, 4)
    with contextlib.suppress(WorkbenchError):
        assert bases.check_weights(path) >= 0


FORBIDDEN: dict[str, tuple[str, dict[str, Any]]] = {
    "code of its own": ("config.json", {"auto_map": {"AutoModel": "x.Y"}}),
    "code deep inside": ("config.json", {"text_config": [{"auto_map": {"AutoModel": "x.Y"}}]}),
    "an attention kernel to fetch": ("config.json", {"_attn_implementation_internal": "somebody/kernel"}),
    "trust": ("tokenizer_config.json", {"trust_remote_code": True}),
    "code in generation": ("generation_config.json", {"auto_map": {"a": "b"}}),
}


@pytest.mark.parametrize("case", FORBIDDEN)
def test_configurations_that_run_code_are_refused(model: Path, case: str) -> None:
    name, values = FORBIDDEN[case]
    path = model / name
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))
    assert "which is refused" in refusal(model)


def test_an_empty_key_does_nothing_and_is_no_reason(model: Path) -> None:
    path = model / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "auto_map": None, "trust_remote_code": False}))
    assert bases.inspect({"path": str(model)})["tensors"] == 1


CHANGES: dict[str, tuple[Callable[[Path], Any], str]] = {
    "no configuration": (lambda f: (f / "config.json").unlink(), "has no config.json"),
    "a list as configuration": (lambda f: (f / "config.json").write_text("[]"), "does not hold a JSON object"),
    "a configuration nested without end": (lambda f: (f / "config.json").write_text("[" * 99999), "is not valid JSON"),
    "code": (lambda f: (f / "x.py").write_text(""), "brings Python code (x.py)"),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), "has no weights"),
    "pickles": (lambda f: (f / "model.safetensors").rename(f / "model.pt"), "only pickled weights (model.pt)"),
    "a missing shard": (
        lambda f: (f / "model.safetensors.index.json").write_text('{"weight_map": {"a": "b.safetensors"}}'),
        "lacks the weight file b.safetensors",
    ),
    "a shard elsewhere": (
        lambda f: (f / "model.safetensors.index.json").write_text('{"weight_map": {"a": "../b.safetensors"}}'),
        "lacks the weight file ../b.safetensors",
    ),
    "no tokenizer": (lambda f: (f / "tokenizer.json").unlink(), "has no tokenizer.json"),
}


@pytest.mark.parametrize("case", CHANGES)
def test_folders_that_are_no_whole_model_are_refused(model: Path, case: str) -> None:
    change, said = CHANGES[case]
    change(model)
    assert said in refusal(model)


def test_a_huge_configuration_is_not_read(model: Path) -> None:
    with (model / "config.json").open("wb") as file:
        file.truncate(bases.MAX_JSON_BYTES + 1)
    assert "is too large" in refusal(model)


def test_a_base_is_bundled_a_folder_or_a_run(model: Path) -> None:
    bundled = bases.resolve("bundled")
    assert (bundled.model_dir, bundled.root, bundled.run_id) == (assets_dir() / "base", "bundled", "")
    folder = bases.resolve(str(model))
    assert (folder.model_dir, folder.root, folder.adapter_dir) == (model, str(model), None)
    run = made("lora", str(model))
    publish(run.artifacts_dir / "adapter")
    found = bases.resolve(run.id)
    assert (found.model_dir, found.adapter_dir, found.adapter_tuning) == (model, run.artifacts_dir / "adapter", "lora")
    assert (found.run_id, found.root) == (run.id, str(model))


def test_a_full_run_is_a_model_of_its_own() -> None:
    run = made("full")
    publish(run.artifacts_dir / "model")
    found = bases.resolve(run.id)
    assert (found.model_dir, found.adapter_dir, found.root) == (run.artifacts_dir / "model", None, "bundled")


def test_a_run_on_an_adapter_stands_on_its_own_merged_base() -> None:
    parent = made("lora")
    publish(parent.artifacts_dir / "adapter")
    child = made("lora", parent.id)
    publish(child.artifacts_dir / "adapter")
    publish(child.path / "base")
    assert bases.resolve(child.id).model_dir == child.path / "base"
    assert bases.resolve(child.id).root == "bundled"


def test_until_it_has_a_result_the_newest_good_checkpoint_counts() -> None:
    run = made("lora")
    with pytest.raises(UsageError, match="has no result yet"):
        bases.resolve(run.id)
    older, newer = (publish(run.checkpoints_dir / f"step-{n:08d}") for n in (2, 10))
    assert bases.resolve(run.id).adapter_dir == newer
    (newer / "weights").write_bytes(b"y")
    assert bases.resolve(run.id).adapter_dir == older
    assert bases.checkpoints(run) == [older]


def test_the_adapters_number_format_is_what_the_report_says() -> None:
    run = made("qlora")
    publish(run.artifacts_dir / "adapter")
    assert bases.resolve(run.id).adapter_dtype == "float32"
    run.report_path.write_text('{"machine": {"bf16": true}}', encoding="utf-8")
    assert bases.resolve(run.id).adapter_dtype == "bfloat16"


@pytest.mark.parametrize("reference", ["nothing", "no/such/folder", "~nobody-here/x", "x" * 5000, "a\0b", ""])
def test_a_reference_to_nothing_says_what_was_tried(reference: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="neither 'bundled' nor a model folder") as caught:
        bases.resolve(reference or str(tmp_path / "gone"))
    assert len(str(caught.value)) < 600


def test_a_path_that_is_not_there_is_said_to_be_missing_and_no_more() -> None:
    with pytest.raises(UsageError) as error:
        bases.resolve("/nonexist")
    assert str(error.value).endswith("nor a model folder nor that of a run; see `workbench models`.")
