"""A base without a chat template is given one of the workbench's, if its tokens can write it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests import models
from tests.engine.bench import Bench, rows, write_rows
from tests.engine.tiny import make_qwen3
from workbench.core import templates
from workbench.core.errors import UsageError
from workbench.engine import chat_templates
from workbench.engine.masks import IGNORED, ChatEncoder
from workbench.engine.tokenizer import generation_eos, load_tokenizer
from workbench.runs import bases


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base that only continues text: ChatML's tokens, the end of a text as its only stop, and no chat template."""
    folder = make_qwen3(tmp_path_factory.mktemp("silent") / "base")
    (folder / "chat_template.jinja").unlink()
    said = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps({**said, "eos_token": "<unk>", "chat_template": "old"}))
    (folder / "generation_config.json").unlink()
    return folder


def test_a_template_that_is_given_replaces_what_was_there_and_ends_answers(silent: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(silent, tmp_path / "base"))
    chat_templates.give(folder, "chatml")
    tokenizer = load_tokenizer(folder)
    assert tokenizer.chat_template == templates.text("chatml")
    end, other = tokenizer.convert_tokens_to_ids("<|im_end|>"), tokenizer.convert_tokens_to_ids("<unk>")
    assert generation_eos(folder) == [end, other]
    example = ChatEncoder(tokenizer, generation_eos(folder)).encode(models.chat("Hi", "Hello."), 64)
    learnt = [label for label in example.labels if label != IGNORED]
    assert tokenizer.decode(learnt) == "Hello.<|im_end|>"
    assert not example.end_added


def test_a_base_without_the_tokens_of_a_template_is_told_which_suit_it(silent: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(silent, tmp_path / "base"))
    with pytest.raises(UsageError, match=r"has not <\|eot_id\|>|has not <\|start_header_id\|>|begin or end") as caught:
        chat_templates.give(folder, "llama3")
    assert "chatml" in str(caught.value)
    with pytest.raises(UsageError, match=r"no chat template 'chatm'.*chatml"):
        chat_templates.give(folder, "chatm")


def test_a_run_gives_its_base_the_template_and_leaves_the_base_as_it_was(silent: Path, tmp_path: Path) -> None:
    bench = Bench(tmp_path / "bench")
    base = Path(shutil.copytree(silent, tmp_path / "base"))
    said = json.loads((base / "tokenizer_config.json").read_text())
    del said["chat_template"]
    (base / "tokenizer_config.json").write_text(json.dumps(said))
    data = str(write_rows(tmp_path / "rows.jsonl", rows("questions", 12)))
    fields = {"method": "sft", "tuning": "lora", "base": str(base), "data": [data], "max_steps": 2}
    refused = bench.create(**fields)
    assert bench.attempt(refused) != 0
    assert "--set chat_template=chatml" in refused.path.joinpath("events.jsonl").read_text()
    run = bench.trained(**fields, chat_template="chatml")
    with bench.home():
        found = bases.resolve(run.id)
    assert found.model_dir == run.path / "base"
    assert load_tokenizer(found.model_dir).chat_template == templates.text("chatml")
    weights = "model.safetensors"
    assert (found.model_dir / weights).stat().st_ino == (base / weights).stat().st_ino, "they are there twice"
    assert not (base / "chat_template.jinja").exists()
