"""What merging, converting and quantising costs: our stream against the usual three steps.

Run by hand: `.venv/bin/python benchmarks/export.py --converter FOLDER [--layers 20] [--types Q8_0,Q4_K_M]`, with
llama.cpp's own converter in FOLDER. A model of random weights (0.9 B in bfloat16 with 20 layers) and a LoRA adapter of
rank 16 on all of its linear layers are made first. The usual way merges with PEFT and saves the merged model, converts
that with llama.cpp's converter, and quantises the file; ours reads base and adapter once and writes the quantised file.
Neither proves anything here: the proof of an export compares the finished file with the model and costs the same on
top of either way.

Seconds are of the wall, then of all processors; memory is the peak of the proportional set size of all processes of a
way, sampled every 50 ms, with and without the pages of files they have mapped; disk is what the kernel counts as
written (`write_bytes`).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil

PERIOD = 0.05
RANK = 16
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def make(folder: Path, layers: int) -> None:
    """Write base and adapter; the tokenizer is the bundled model's."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoTokenizer, Qwen3Config, Qwen3ForCausalLM

    from workbench.core.paths import assets_dir

    tokenizer = AutoTokenizer.from_pretrained(assets_dir() / "base", local_files_only=True)
    config = Qwen3Config(
        vocab_size=len(tokenizer), hidden_size=2048, intermediate_size=5632, num_hidden_layers=layers,
        num_attention_heads=16, num_key_value_heads=8, head_dim=128, tie_word_embeddings=True,
        eos_token_id=tokenizer.eos_token_id, dtype=torch.bfloat16,
    )  # fmt: skip
    torch.manual_seed(0)
    with torch.device("meta"):
        model: Any = Qwen3ForCausalLM(config).to(torch.bfloat16)
    model = model.to_empty(device="cpu")
    for name, weight in model.named_parameters():
        weight.data.fill_(1.0) if "norm" in name else weight.data.uniform_(-0.03, 0.03)
    model.tie_weights()
    model.save_pretrained(folder / "base", max_shard_size="1GB")
    tokenizer.save_pretrained(folder / "base")
    peft: Any = get_peft_model(model, LoraConfig(r=RANK, lora_alpha=32, target_modules=TARGETS, task_type="CAUSAL_LM"))
    for name, weight in peft.named_parameters():
        if "lora_B" in name:
            weight.data.normal_(0, 0.01)
    peft.save_pretrained(folder / "adapter")


def merge(folder: Path, _: str) -> None:
    """Step one of the usual way: the merged model on the disk."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(folder / "base", dtype=torch.bfloat16, local_files_only=True)
    merged: Any = PeftModel.from_pretrained(model, folder / "adapter").merge_and_unload()
    merged.save_pretrained(folder / "merged")
    AutoTokenizer.from_pretrained(folder / "base", local_files_only=True).save_pretrained(folder / "merged")


def convert(folder: Path, converter: str) -> None:
    """Step two: llama.cpp's converter, told how the bundled tokenizer splits text, which it does not know."""
    sys.path[:0] = [str(Path(converter) / "gguf-py"), converter]
    import convert_hf_to_gguf
    from conversion import base

    base.TextModel.get_vocab_base_pre = lambda *_: "qwen2"
    sys.argv = ["convert", str(folder / "merged"), "--outfile", str(folder / "merged.gguf"), "--outtype", "bf16"]
    convert_hf_to_gguf.main()


def quantise(folder: Path, kind: str) -> None:
    """Step three: `llama_model_quantize`, which is all that llama.cpp's own tool calls."""
    from workbench.engine.export import quantize

    quantize.quantize(folder / "merged.gguf", folder / f"usual-{kind}.gguf", kind, lambda *_: None)


def stream(folder: Path, kind: str) -> None:
    """The whole of our way, in a process that starts as those of the engine do."""
    from workbench.engine import startup

    startup.hasten()
    from workbench.core import gguf_types
    from workbench.engine.export import quantize, reference, source
    from workbench.engine.export.gguf import architectures, tokenizer, writer

    base = folder / "base"
    weights = source.open_source(base, folder / "adapter", dtype="bfloat16")
    plan = architectures.plan(reference.load_config(base), weights)
    vocabulary = tokenizer.read(base, reference.load_tokenizer(base), None, plan.vocabulary)
    writer.skeleton(folder / "skeleton.gguf", plan, vocabulary.pairs, "ours")
    wanted = gguf_types.TYPES[kind]
    formats = quantize.formats(folder / "skeleton.gguf", [wanted])[kind]
    target = folder / f"ours-{kind}.gguf"
    writer.write(target, plan, vocabulary.pairs, "ours", lambda *_: None, writer.Formats(wanted.ftype, formats))


STEPS = {"make": make, "merge": merge, "convert": convert, "quantise": quantise, "stream": stream}


def _memory(process: psutil.Process) -> tuple[int, int]:
    """Return (proportional set size, the share of it that no file backs) of a process in bytes; 0 when it is gone."""
    try:
        text = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    except OSError:
        return 0, 0
    found = {line.split(":")[0]: int(line.split()[1]) << 10 for line in text.splitlines()[1:]}
    return found.get("Pss", 0), found.get("Pss_Anon", 0)


def run(folder: Path, step: str, argument: str) -> dict[str, float]:
    """Run one step in a process of its own and return its seconds, bytes written and peaks of memory."""
    started = time.monotonic()
    child = subprocess.Popen(
        [sys.executable, __file__, "--home", str(folder), "--step", step, "--argument", argument],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    peaks = [0, 0]
    done = threading.Event()

    def sample() -> None:
        main = psutil.Process(child.pid)
        while not done.wait(PERIOD):
            try:
                tree = [main, *main.children(recursive=True)]
            except psutil.NoSuchProcess:
                return
            sums = [sum(values) for values in zip(*map(_memory, tree), strict=True)]
            peaks[:] = [max(one, other) for one, other in zip(peaks, sums, strict=True)]

    watcher = threading.Thread(target=sample)
    watcher.start()
    said, _ = child.communicate()
    done.set()
    watcher.join()
    if child.returncode:
        raise SystemExit(f"{step} ended with exit code {child.returncode}")
    own: dict[str, float] = json.loads(said.splitlines()[-1])
    return {**own, "seconds": time.monotonic() - started, "pss": peaks[0], "anonymous": peaks[1]}


def _row(name: str, parts: list[dict[str, float]]) -> str:
    """Return a line of the table; seconds and bytes add up, of memory the largest counts."""
    seconds, processor, written = (sum(part[what] for part in parts) for what in ("seconds", "processor", "written"))
    pss, anonymous = (max(part[what] for part in parts) / 2**20 for what in ("pss", "anonymous"))
    return f"{name:<24}{seconds:>8.1f}{processor:>11.1f}{written / 2**20:>14,.0f}{pss:>11,.0f}{anonymous:>15,.0f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--converter")
    parser.add_argument("--layers", type=int, default=20)
    parser.add_argument("--types", default="Q8_0,Q4_K_M")
    parser.add_argument("--home", type=Path)
    parser.add_argument("--step", choices=STEPS)
    parser.add_argument("--argument", default="")
    given = parser.parse_args()
    if given.step:
        STEPS[given.step](given.home, int(given.argument) if given.step == "make" else given.argument)
        fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
        print(json.dumps({"written": int(fields["write_bytes"]), "processor": sum(os.times()[:4])}))
        return
    home = Path(tempfile.mkdtemp(prefix="benchmark-export-", dir=given.home))
    try:
        run(home, "make", str(given.layers))
        weights = sum(path.stat().st_size for path in (home / "base").glob("*.safetensors")) / 2
        usual = {step: run(home, step, given.converter) for step in ("merge", "convert")}
        print(f"{weights / 1e9:.2f} B weights, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
        print(f"{'':<24}{'seconds':>8}{'processor':>11}{'written, MiB':>14}{'peak, MiB':>11}{'without files':>15}")
        for kind in given.types.split(","):
            parts = [*usual.values(), run(home, "quantise", kind)]
            for step, part in zip(("merge", "convert", f"quantise {kind}"), parts, strict=True):
                print(_row(f"  {step}", [part]))
            print(_row(f"usual {kind}", parts))
            print(_row(f"stream {kind}", [run(home, "stream", kind)]), flush=True)
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
