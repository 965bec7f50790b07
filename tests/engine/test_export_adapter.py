"""Adapters as files of their own: the same as PEFT on the same base, switched without loading anything again."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers as hf

from tests.engine.test_export_upstream import DELTA, EXPERTS, GEMMA4, saved
from tests.engine.tiny import make_model, make_tokenizer, sizes
from workbench.core.errors import UsageError, WorkbenchError
from workbench.engine import llama
from workbench.engine.export import adapter, conversion, exporter, parity, reference, source
from workbench.engine.export.gguf import header
from workbench.runs import converter
from workbench.runs.talk import ChatProcess, Settings

unpacked = pytest.mark.skipif(not converter.is_there(), reason="the converter is not unpacked")
ATTENTION = ["q_proj", "k_proj", "v_proj", "o_proj"]
DENSE = [*ATTENTION, "gate_proj", "up_proj", "down_proj"]


def adapted(folder: Path, out: Path, **settings: Any) -> Path:
    """Save a random adapter of the model in `folder`, large enough to change what it says."""
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(5)
    model = hf.AutoModelForCausalLM.from_pretrained(folder)
    model = get_peft_model(model, LoraConfig(**{"r": 4, "lora_alpha": 6, "target_modules": DENSE} | settings))
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if ".lora_" in name:
                weight.normal_(0, 0.15)
    model.save_pretrained(out)
    return out


def exported(folder: Path, adapter_dir: Path, out: Path) -> dict[str, Any]:
    """Write the adapter's file and prove it beside one of its base, which is removed again."""
    model = adapter.opened(exporter.Request(folder, "tiny", adapter_dir))
    made, base = out / "tiny-adapter.gguf", out / "base-of-proof.gguf"
    adapter.write(made, model.config, model.opened, model.weights, "tiny")
    model.way.write(base, lambda line: None)
    proof = adapter.prove(adapter.ask(model, out / "logits", lambda: None), base, made)
    base.unlink()
    return {"parity": asdict(proof), "file": {"path": str(made)}}


@pytest.fixture(scope="module")
def llama_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Llama, whose rows our own writer reorders."""
    made = make_tokenizer("llama-bpe", bos="<|begin|>")
    return make_model(hf.LlamaConfig(**sizes(made)), made, tmp_path_factory.mktemp("adapted") / "model")


def test_an_adapter_of_mixed_scales_is_switched_on_and_off(llama_dir: Path, tmp_path: Path) -> None:
    settings = {"use_rslora": True, "alpha_pattern": {"q_proj": 3}, "rank_pattern": {"down_proj": 2}}
    adapter_dir = adapted(llama_dir, tmp_path / "adapter", **settings)
    report = exported(llama_dir, adapter_dir, tmp_path)
    assert report["parity"]["max_abs_logit_diff"] < 1e-3
    assert report["parity"]["top1"] == 1.0
    assert [path.name for path in tmp_path.glob("*.gguf")] == ["tiny-adapter.gguf"]

    base, file = tmp_path / "base.gguf", Path(report["file"]["path"])
    opened: dict[str, Any] = {"base_dir": llama_dir}
    plain = source.open_source(**opened)
    made = reference.load_tokenizer(llama_dir)
    conversion.choose(reference.load_config(llama_dir), plain, opened, llama_dir, made, "base").write(
        base, lambda line: None
    )
    with_it = reference.load_model(llama_dir, source.open_source(llama_dir, adapter_dir))
    ids = made("The quick brown fox jumps over 13 lazy dogs.").input_ids
    want = {True: reference.logits(with_it, ids), False: reference.logits(reference.load_model(llama_dir, plain), ids)}
    assert np.abs(want[True] - want[False]).max() > 1
    llama.quiet()
    with llama.Model(base, 256, exact=True, adapters=[file]) as model:
        for on in (False, True, False):
            model.switch([0] if on else [])
            got = np.concatenate(list(model.logits(ids)))
            assert np.abs(got - want[on]).max() < 1e-3
        # A cache of the other model would show in what is written after a switch.
        written = {}
        for on in (True, False, True):
            model.switch([0] if on else [])
            text = list(model.generate(ids, 12))
            assert written.setdefault(on, text) == text
        assert written[True] != written[False]
    with pytest.raises(WorkbenchError, match=r"base\.gguf is no adapter"):
        llama.Model(base, 256, adapters=[base])


def test_an_adapter_of_another_model_is_a_sentence(llama_dir: Path, tmp_path: Path) -> None:
    made = make_tokenizer("llama-bpe", bos="<|begin|>")
    other = make_model(hf.LlamaConfig(**sizes(made, hidden_size=32)), made, tmp_path / "other")
    config = reference.load_config(other)
    opened: dict[str, Any] = {"base_dir": other, "adapter_dir": adapted(other, tmp_path / "adapter")}
    adapter.write(tmp_path / "a.gguf", config, opened, source.open_source(**opened), "a")
    plain: dict[str, Any] = {"base_dir": llama_dir}
    way = conversion.choose(
        reference.load_config(llama_dir),
        source.open_source(**plain),
        plain,
        llama_dir,
        reference.load_tokenizer(llama_dir),
        "b",
    )
    way.write(tmp_path / "b.gguf", lambda line: None)
    llama.quiet()
    with pytest.raises(WorkbenchError, match=r"a\.gguf does not fit this model: .*\.$"):
        llama.Model(tmp_path / "b.gguf", 64, adapters=[tmp_path / "a.gguf"])


def test_a_chat_switches_an_adapter_between_answers(llama_dir: Path, tmp_path: Path) -> None:
    config = reference.load_config(llama_dir)
    opened: dict[str, Any] = {"base_dir": llama_dir, "adapter_dir": adapted(llama_dir, tmp_path / "adapter")}
    weights = source.open_source(**opened)
    adapter.write(tmp_path / "a.gguf", config, opened, weights, "a")
    plain: dict[str, Any] = {"base_dir": llama_dir}
    made = reference.load_tokenizer(llama_dir)
    for name, arguments in (("base", plain), ("merged", opened)):
        way = conversion.choose(config, source.open_source(**arguments), arguments, llama_dir, made, name)
        way.write(tmp_path / f"{name}.gguf", lambda line: None)
    greedy, talk = Settings(temperature=0.0, max_tokens=8), [{"role": "user", "content": "Hello!"}]

    def said(chat: ChatProcess) -> str:
        return "".join(chat.ask(talk, greedy))

    with ChatProcess(tmp_path / "base.gguf") as chat:
        alone = said(chat)
    with ChatProcess(tmp_path / "merged.gguf") as chat:
        merged = said(chat)
    assert alone != merged
    with ChatProcess(tmp_path / "base.gguf", adapters=[tmp_path / "a.gguf"]) as chat:
        child = chat.pid
        assert said(chat) == merged
        assert chat.toggle(0) is False
        assert said(chat) == alone
        assert chat.toggle(0) is True
        assert said(chat) == merged
        assert chat.pid == child
        with pytest.raises(UsageError, match="There is no adapter 2"):
            chat.toggle(1)
    with pytest.raises(WorkbenchError, match=r"base\.gguf is no adapter"):
        ChatProcess(tmp_path / "base.gguf", adapters=[tmp_path / "base.gguf"]).start()


@unpacked
@pytest.mark.soak
@pytest.mark.parametrize(
    ("config", "changes", "targets"),
    [
        (hf.Qwen3_5TextConfig, DELTA, [*DENSE, "in_proj_qkv", "in_proj_z", "out_proj"]),
        (hf.Qwen3MoeConfig, EXPERTS, ATTENTION),
        (hf.Gemma4TextConfig, GEMMA4, DENSE),
        (hf.Olmo3Config, {}, DENSE),
        (hf.GraniteConfig, {"attention_multiplier": 0.25}, DENSE),
        (hf.Lfm2Config, {"layer_types": ["conv", "full_attention"], "block_ff_dim": 96}, ["q_proj", "in_proj", "w1"]),
        (hf.Phi3Config, {}, ["qkv_proj", "o_proj", "gate_up_proj", "down_proj"]),
    ],
    ids=["qwen3.5", "qwen3-moe", "gemma4", "olmo3", "granite", "lfm2", "phi3"],
)
def test_a_family_says_with_its_adapter_what_peft_says(
    config: Any, changes: dict[str, Any], targets: list[str], tmp_path: Path
) -> None:
    made = make_tokenizer("spm" if config is hf.Gemma4TextConfig else "qwen2", bos="<bos>")
    folder = make_model(config(**sizes(made, **changes)), made, tmp_path / "model")
    report = exported(folder, adapted(folder, tmp_path / "adapter", target_modules=targets), tmp_path)
    assert report["parity"]["top1"] == 1.0
    assert header.read(Path(report["file"]["path"])).metadata["general.type"] == "adapter"


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"modules_to_save": ["lm_head"]}, "holds lm_head.weight whole"),
        ({"use_dora": True}, "DoRA"),
    ],
    ids=["whole", "dora"],
)
def test_what_has_no_place_in_a_file_is_refused(
    llama_dir: Path, settings: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(WorkbenchError, match=sentence):
        exported(llama_dir, adapted(llama_dir, tmp_path / "adapter", **settings), tmp_path)
    assert not list(tmp_path.glob("*.gguf"))


@unpacked
@pytest.mark.soak
def test_a_model_that_also_sees_is_merged_and_says_what_peft_says(tmp_path: Path) -> None:
    folder = saved("gemma-4", tmp_path / "model")
    targets = r"model\.language_model\.layers\.\d+\.(self_attn|mlp)\.(q_proj|o_proj|gate_proj|down_proj)"
    adapter_dir = adapted(folder, tmp_path / "adapter", target_modules=targets)
    model = exporter.opened(exporter.Request(folder, "seeing", adapter=adapter_dir))
    assert len(model.weights.adapter.deltas) > 8
    model.way.write(tmp_path / "full.gguf", lambda line: None)
    loaded = reference.load_model(folder, model.weights)
    questions = exporter.ask(model, loaded, tmp_path / "logits", lambda: None)
    proof = parity.check(questions, tmp_path / "full.gguf")
    assert parity.failure(proof, questions.allowed) == ""
