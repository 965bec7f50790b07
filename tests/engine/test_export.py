"""A whole export of the bundled model: report, names, failures, kills and every type."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import math
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import psutil
import pytest

from tests.engine.tiny import make_qwen3
from workbench.core import gguf_size
from workbench.core import gguf_types as types
from workbench.core.errors import NoSpaceError, UsageError, WorkbenchError
from workbench.core.paths import assets_dir
from workbench.engine.export import exporter, quantize, reference, source
from workbench.engine.export.gguf import architectures, tokenizer, writer
from workbench.runs import base_facts
from workbench.runs.process import engine_env

BASE = assets_dir() / "base"
CHAT = [{"role": "user", "content": "Where does the baker live?"}, {"role": "assistant", "content": "By the mill."}]


def request(out: Path, *kinds: str, **changes: Any) -> dict[str, Any]:
    """Return a request for the bundled model as the process reads it."""
    return {"base": str(BASE), "out": str(out), "name": "tiny", "types": kinds, "chats": [CHAT], **changes}


def spawn(body: dict[str, Any]) -> subprocess.Popen[str]:
    """Start an export process on `body`."""
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "workbench.engine.export"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=engine_env(),
        text=True,
    )
    assert child.stdin is not None
    child.stdin.write(json.dumps(body))
    child.stdin.close()
    return child


def lines(child: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    """Yield what the process says."""
    assert child.stdout is not None
    with child.stdout:
        for line in child.stdout:
            yield json.loads(line)


def test_export_of_the_bundled_model(tmp_path: Path) -> None:
    with spawn(request(tmp_path, "F32", "F16", "Q8_0", "Q4_K_M")) as child:
        said = list(lines(child))
    assert child.returncode == 0
    report = said[-1]["result"]
    proof = report["parity"]
    assert proof["tokenizer_mismatches"] == 0
    assert proof["max_abs_logit_diff"] < 1e-3
    assert proof["top1"] == 1.0
    assert proof["stops"] is True
    assert proof["chat_render"] is True
    assert proof["stopped"] >= 2, "the bundled model ends its answers, so the comparison of stops is a real one"
    files = {line["type"]: line for line in report["files"]}
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f"tiny-{kind}.gguf" for kind in files)
    for kind, line in files.items():
        data = Path(line["path"]).read_bytes()
        assert line["bytes"] == len(data)
        assert line["sha256"] == hashlib.sha256(data).hexdigest()
        bits = {"F32": 32, "F16": 16, "Q8_0": 8.5, "Q4_K_M": 4.9}[kind]
        assert line["bits_per_weight"] == pytest.approx(bits, rel=0.05)
        assert line["fallbacks"] == {}
        assert line["stopped"] >= 2
        assert line["speed"] > 1
    assert files["F32"]["kl"] < 1e-6
    assert files["F32"]["kl"] <= files["F16"]["kl"] < files["Q8_0"]["kl"] < files["Q4_K_M"]["kl"] < 0.1
    assert files["Q4_K_M"]["top1"] > 0.8
    steps = [line["step"] for line in said[:-1]]
    assert list(dict.fromkeys(steps)) == [
        "load", "room", "convert", "prove", "quantise F16", "quantise Q8_0", "quantise Q4_K_M", "quantise F32"
    ]  # fmt: skip


def test_no_file_when_the_proof_fails_and_nothing_of_a_killed_export_remains(tmp_path: Path) -> None:
    base = make_qwen3(tmp_path / "base")
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    for path in base.iterdir():
        (wrong / path.name).write_bytes(path.read_bytes())
    # llama.cpp has no normalisers, so this tokenizer says other things there.
    body = json.loads((wrong / "tokenizer.json").read_text())
    body["normalizer"] = {"type": "Lowercase"}
    (wrong / "tokenizer.json").write_text(json.dumps(body))
    out = tmp_path / "out"
    with spawn(request(out, "Q8_0", base=str(wrong))) as child:
        said = list(lines(child))
    assert child.returncode == 1
    assert "not kept because llama.cpp reads" in said[-1]["error"]
    assert list(out.iterdir()) == []

    with spawn(request(out, "Q8_0", base=str(base))) as child:
        for line in lines(child):
            if line["step"] == "quantise Q8_0":
                os.kill(child.pid, signal.SIGKILL)
                break
    assert child.returncode == -signal.SIGKILL
    assert [path for path in out.iterdir() if not path.name.startswith(".")] == []
    assert len(list(out.iterdir())) == 1, "a killed export cannot clean up; the next one does"
    with spawn(request(out, "Q8_0", base=str(base))) as child:
        for line in lines(child):
            if line["step"] == "prove":
                child.terminate()
    assert child.returncode == 128 + signal.SIGTERM
    assert list(out.iterdir()) == []


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled model as a float32 GGUF."""
    path = tmp_path_factory.mktemp("full") / "full.gguf"
    weights = source.open_source(BASE)
    plan = architectures.plan(reference.load_config(BASE), weights)
    made = reference.load_tokenizer(BASE)
    exporter.convert(path, plan, tokenizer.read(BASE, made, None, plan.vocabulary), "tiny", lambda _: None)
    return path


def test_float32_file_holds_the_weights_bit_by_bit(full: Path) -> None:
    from safetensors.torch import load_file

    stored = load_file(BASE / "model.safetensors")
    written = {tensor.name: tensor.data for tensor in gguf.GGUFReader(full).tensors}
    assert len(written) == len(stored)
    for name, theirs in (
        ("token_embd.weight", "embed_tokens.weight"),
        ("blk.1.ffn_down.weight", "layers.1.mlp.down_proj.weight"),
    ):
        assert np.array_equal(written[name], stored[f"model.{theirs}"].float().numpy())


def test_rows_that_do_not_fill_a_block_are_reported(tmp_path: Path) -> None:
    base = make_qwen3(tmp_path / "base", hidden_size=320, intermediate_size=512)
    weights = source.open_source(base)
    plan = architectures.plan(reference.load_config(base), weights)
    made = tokenizer.read(base, reference.load_tokenizer(base), None, plan.vocabulary)
    exporter.convert(tmp_path / "full.gguf", plan, made, "odd", lambda _: None)
    got = quantize.quantize(tmp_path / "full.gguf", tmp_path / "q.gguf", "Q4_K_M", lambda *_: None)
    assert got.fallbacks["blk.0.attn_q.weight"] in ("Q5_0", "Q8_0")
    assert "blk.0.ffn_down.weight" not in got.fallbacks or got.fallbacks["blk.0.ffn_down.weight"] != "Q4_K"
    assert gguf_size.file_bytes(base_facts.of_reference(str(base)).shape, "Q4_K_M") == pytest.approx(
        got.bytes, rel=0.02
    )


def test_sizes_of_a_deep_random_model_with_shared_values_are_foretold(tmp_path: Path) -> None:
    base = make_qwen3(
        tmp_path / "base", tie=False, hidden_size=256, intermediate_size=256, num_hidden_layers=33,
        num_attention_heads=8, num_key_value_heads=2,
    )  # fmt: skip
    shape = base_facts.of_reference(str(base)).shape
    weights = source.open_source(base)
    plan = architectures.plan(reference.load_config(base), weights)
    made = tokenizer.read(base, reference.load_tokenizer(base), None, plan.vocabulary)
    exporter.convert(tmp_path / "full.gguf", plan, made, "deep", lambda _: None)
    for kind in ("Q3_K_M", "Q4_K_M", "IQ4_XS"):
        got = quantize.quantize(tmp_path / "full.gguf", tmp_path / f"{kind}.gguf", kind, lambda *_: None)
        tensors = sum(tensor.n_bytes for tensor in gguf.GGUFReader(got.path).tensors)
        header = shape.vocabulary * 39
        assert gguf_size.file_bytes(shape, kind) - header == tensors, kind


def test_a_killed_quantisation_leaves_no_file(full: Path, tmp_path: Path) -> None:
    def kill(done: int, total: int) -> None:
        for child in psutil.Process().children():
            with contextlib.suppress(psutil.NoSuchProcess):  # a child may end, or be a zombie, by the time it is asked
                if "workbench.engine.export.quantize" in child.cmdline():
                    child.kill()

    with pytest.raises(WorkbenchError, match=r"llama\.cpp was ended by SIGKILL"):
        quantize.quantize(full, tmp_path / "q.gguf", "Q4_K_M", kill)
    assert list(tmp_path.iterdir()) == []


def test_llama_cpp_sees_no_file_with_a_bad_header(tmp_path: Path) -> None:
    (tmp_path / "bad.gguf").write_bytes(b"GGUF" + b"\xff" * 100)
    with pytest.raises(WorkbenchError, match=r"bad\.gguf cannot be used"):
        quantize.quantize(tmp_path / "bad.gguf", tmp_path / "q.gguf", "Q8_0", lambda *_: None)
    assert not (tmp_path / "q.gguf").exists()


def run(out: Path, *kinds: str, **changes: Any) -> dict[str, Any]:
    """Run an export in this process."""
    body = request(out, *kinds, **changes)
    paths = {key: Path(body[key]) for key in ("base", "out")}
    return exporter.export(exporter.Request(**{**body, **paths, "chats": (CHAT,)}), lambda _: None)


def test_what_cannot_be_asked_for_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no GGUF type 'Q9'; choose from F32, F16"):
        run(tmp_path, "Q8_0", "Q9")
    with pytest.raises(UsageError, match="No GGUF type was asked for"):
        run(tmp_path)
    with pytest.raises(WorkbenchError, match="no model this version knows"):
        run(tmp_path, "Q8_0", base=str(tmp_path))
    with spawn({"base": "x", "type": "Q8_0"}) as child:
        assert "An export request is JSON" in list(lines(child))[-1]["error"]
    assert child.returncode == 2
    assert list(tmp_path.iterdir()) == []


def test_two_exports_do_not_share_a_folder(tmp_path: Path) -> None:
    with (
        exporter._staging(tmp_path),
        pytest.raises(UsageError, match="Another export writes to"),
        exporter._staging(tmp_path),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_says_how_much_is_missing(tmp_path: Path) -> None:
    with pytest.raises(NoSpaceError) as caught, exporter._errors(tmp_path, 5):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert caught.value.needed_bytes > caught.value.free_bytes


def test_a_small_disk_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mount = [
        "unshare",
        "-rm",
        "sh",
        "-c",
        'mount -t tmpfs -o size=20m tmpfs "$0" && shift && exec "$@"',
        str(small),
        "-",
    ]
    if subprocess.run([*mount, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no permission to mount a small file system")
    command = [*mount, sys.executable, "-P", "-m", "workbench.engine.export"]
    done = subprocess.run(
        command, input=json.dumps(request(small, "Q8_0")), capture_output=True, text=True, env=engine_env(), check=False
    )
    assert done.returncode == 1
    assert "No space left in" in json.loads(done.stdout.splitlines()[-1])["error"]


def test_an_unwritable_folder_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkbenchError, match=r"file.*choose another folder\.$"):
        run(tmp_path / "file" / "out", "Q8_0")


def test_weights_too_large_for_f16_are_said_so(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    base = make_qwen3(tmp_path / "base")
    tensors = load_file(base / "model.safetensors")
    tensors["model.layers.0.mlp.up_proj.weight"][0, 0] = 1e5
    save_file(tensors, base / "model.safetensors")
    with pytest.raises(UsageError, match=r"1e\+05 does not fit F16.*choose BF16"):
        run(tmp_path / "out", "F16", base=str(base))
    tensors["model.layers.0.mlp.up_proj.weight"][0, 0] = math.nan
    save_file(tensors, base / "model.safetensors")
    with pytest.raises(WorkbenchError, match="is not finite"):
        run(tmp_path / "out", "BF16", base=str(base))
    assert list((tmp_path / "out").iterdir()) == []


def test_names_are_harmless() -> None:
    assert types.file_name("../../etc/my model", "Q8_0") == "etc-my-model-Q8_0.gguf"
    assert types.file_name("", "F16") == "model-F16.gguf"
    assert "phi-3" not in writer.model_name("My Phi-3 tune/phi3", phi3=False).lower()
    assert "phi3" not in writer.model_name("My Phi-3 tune/phi3", phi3=False).lower()
    assert "phi-3" in writer.model_name("tune", phi3=True)
