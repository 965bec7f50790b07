"""Model folders in fewer bits: the very tensors bitsandbytes makes, loaded back, compared, and refused when damaged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.engine.tiny import make_qwen3
from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.quantized import ELSEWHERE, KINDS
from workbench.engine.export import exporter, folder, reference
from workbench.engine.load import Machine, load_model
from workbench.guide import quantizing

CHAT = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hello to you, too."}]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_qwen3(tmp_path_factory.mktemp("folder") / "base", tie=False, intermediate_size=128)


def made(base: Path, kind: str, out: Path) -> dict[str, object]:
    """Write the folder of the model, and return how close it is to the model."""
    model = exporter.opened(exporter.Request(base, "tiny", chats=(CHAT,)))
    out.mkdir()
    folder.write(model, kind, out, lambda *_: None)
    loaded = reference.load_model(base, model.weights)
    questions = exporter.ask(model, loaded, out.with_suffix(".logits"), lambda: None)
    close = folder.compare(questions, folder.load(out))
    folder.refuse_unlike(kind, close)
    size = sum(path.stat().st_size for path in out.glob("*.safetensors"))
    assert size == pytest.approx(folder.disk(model, kind)[kind], rel=0.1), "what was foretold"
    return close.plain()


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_holds_what_bitsandbytes_makes_of_the_weights(base: Path, kind: str, tmp_path: Path) -> None:
    report = made(base, kind, tmp_path / kind)
    assert 0 <= report["kl"] < folder.MAX_KL[kind]  # type: ignore[operator]
    told = json.loads((tmp_path / kind / "config.json").read_text()).get("quantization_config", {})
    assert told.get("quant_method") == (None if kind == "bf16" else "bitsandbytes")
    for name in ("tokenizer.json", "generation_config.json", "chat_template.jinja"):
        assert (tmp_path / kind / name).is_file()
    stored = {
        name: value for path in (tmp_path / kind).glob("*.safetensors") for name, value in load_file(path).items()
    }
    if kind == "nf4":
        # An independent computation: the stack quantises the same base while it loads it.
        theirs = load_model(base, tuning="qlora", where=Machine("cpu", bf16=False), for_training=False)
        saved = theirs.state_dict()
        name = "model.layers.1.mlp.down_proj.weight"
        assert torch.equal(stored[name], saved[name])
        assert torch.equal(stored[f"{name}.absmax"], saved[f"{name}.absmax"])
        assert stored["lm_head.weight"].dtype == torch.float32
    if kind == "int8":
        weight = load_file(base / "model.safetensors")["model.layers.0.self_attn.q_proj.weight"].float()
        codes, scales = (stored[f"model.layers.0.self_attn.q_proj.{part}"] for part in ("weight", "SCB"))
        assert (codes.float() * scales[:, None] / 127 - weight).abs().max() < weight.abs().max() / 127


def test_a_folder_that_says_something_else_is_not_kept(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(folder.MAX_KL, "nf4", 1e-9)
    with pytest.raises(WorkbenchError, match="does not say what the model says"):
        made(base, "nf4", tmp_path / "out")


def test_forms_made_elsewhere_have_their_commands(base: Path) -> None:
    for kind in ELSEWHERE:
        said = quantizing.elsewhere(str(base), kind, Path("/x/out"))
        assert "is not made here" in said[0]
        assert any(str(base) in line for line in said[1:])
        assert said[-1] == "END"
        body = "\n".join(said[said.index("python - <<'END'") + 1 : -1])
        compile(body, kind, "exec")
    with pytest.raises(UsageError, match="no form 'q9'"):
        quantizing.wanted(str(base), "q9")
    with pytest.raises(UsageError, match="exists already; choose another folder"):
        quantizing.wanted(str(base), "nf4", base)
