"""A model as a folder that transformers loads, packed by bitsandbytes or in 16 bits, compared before it has its name.

Owns the layout that transformers reads such weights in, and the proof of the folder. It is a process of its own:
`python -m workbench.engine.export.folder`, with {"base", "adapter", "merge_base", "dtype", "prepared", "kind", "out"}
as JSON on stdin; JSON lines on stdout are steps {"step", "done", "total"}, the last {"result": report} or {"error"}.
Must not know runs. NF4: https://arxiv.org/abs/2305.14314; int8: https://arxiv.org/abs/2208.07339.
"""

from __future__ import annotations

import json
import math
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from workbench.core import gguf_size
from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.quantized import KINDS
from workbench.core.text import one_line
from workbench.engine import lifeline
from workbench.engine.export import closeness, exporter, parity, reference, source
from workbench.runs import atomic

OnStep = Callable[[str, int, int], None]

MAX_KL = {"nf4": 0.5, "int8": 0.1, "bf16": 1e-2}
"""Mean KL in nats beyond which a folder must be broken."""
_BLOCK = 64


def is_packed(name: str, shape: tuple[int, ...]) -> bool:
    """Return whether transformers holds a tensor in fewer bits: linear layers of the blocks, not embeddings or head."""
    return len(shape) == 2 and ".layers." in name and name.endswith(".weight")


def packed(kind: str, name: str, weight: Any) -> dict[str, Any]:
    """Return the tensors that stand for one matrix in a folder, as bitsandbytes itself would have saved them."""
    from bitsandbytes import functional

    if kind == "int8":
        codes, scales, _ = functional.int8_vectorwise_quant(weight.to(torch.float16))
        module = name.removesuffix(".weight")
        # 0 is the layout of rows, the only one that is left.
        form = torch.tensor(0, dtype=torch.uint8)
        return {name: codes, f"{module}.SCB": scales.float(), f"{module}.weight_format": form}
    codes, state = functional.quantize_4bit(weight, blocksize=_BLOCK, compress_statistics=True, quant_type="nf4")
    return {name: codes, **{f"{name}.{key}": value for key, value in state.as_dict(packed=True).items()}}


def _tensors(weights: source.TensorSource, kind: str, dtype: Any, on_step: OnStep) -> Iterator[tuple[str, Any]]:
    """Yield name and tensor of everything in the folder; one matrix is in memory in float32 at a time."""
    for done, name in enumerate(weights.names, start=1):
        weight = torch.from_numpy(weights.tensor(name)).to(dtype).contiguous()
        if kind != "bf16" and is_packed(name, weights.shape(name)):
            yield from packed(kind, name, weight).items()
        else:
            yield name, weight
        on_step("write", done, len(weights.names))


def configuration(kind: str, dtype: str) -> dict[str, Any]:
    """Return what config.json says of the weights."""
    from transformers import BitsAndBytesConfig

    if kind == "int8":
        return dict(BitsAndBytesConfig(load_in_8bit=True).to_dict())
    return dict(
        BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=dtype
        ).to_dict()
    )


def write(model: exporter.Opened, kind: str, folder: Path, on_step: OnStep) -> None:
    """Write the model with packed weights, its tokenizer, template and settings into `folder`."""
    from workbench.engine import lineage

    base = model.request.base
    config = json.loads((base / "config.json").read_text(encoding="utf-8"))
    stored = str(config.get("dtype") or config.get("torch_dtype") or "bfloat16")
    dtype = "bfloat16" if kind == "bf16" else stored
    lineage.write_weights(_tensors(model.weights, kind, getattr(torch, dtype), on_step), folder)
    lineage.write_rest(base, folder)
    if kind == "bf16":
        config["dtype"] = "bfloat16"
    else:
        config["quantization_config"] = configuration(kind, dtype)
    if model.weights.untied:
        config["tie_word_embeddings"] = False
    atomic.write_text(folder / "config.json", json.dumps(config, indent=2, default=str) + "\n")


def load(folder: Path) -> Any:
    """Return the model in a folder as transformers loads it here, in evaluation mode."""
    from workbench.engine.load import Machine, load_model

    return load_model(folder, tuning="full", where=Machine("cpu", bf16=False), for_training=False).eval()


def compare(questions: parity.Questions, model: Any) -> closeness.Closeness:
    """Return how close a model is to the one that was asked `questions`, on held-out rows where there are any."""
    import numpy as np

    sums = closeness.Sums()
    measured = questions.rows or questions.sequences
    with questions.logits.open("rb") as file:
        file.seek(questions.offset if questions.rows else 0)
        for number, ids in enumerate(measured):
            got = reference.logits(model, ids)
            want = np.fromfile(file, np.float32, got.size).reshape(got.shape)
            sums.begin()
            sums.add(want, got, closeness.targets(ids, questions.learnt[number] if questions.rows else None))
    return sums.result()


def quantize(request: exporter.Request, kind: str, out: Path, on_step: OnStep) -> dict[str, Any]:
    """Write the folder of a model in `kind`, prove it and give it its name; return the report.

    Raises UsageError where the folder exists or the kind does not, WorkbenchError when the folder does not say what
    the trained model says; it is not there then.
    """
    if kind not in KINDS:
        raise UsageError(f"There is no {one_line(kind, 20)!r} here; choose from {', '.join(KINDS)}.")
    if out.exists():
        raise UsageError(f"{one_line(str(out))} exists already; choose another folder with --out.")
    model = exporter.opened(request)
    atomic.make_directories(out.parent)
    weights = sum(math.prod(model.weights.shape(name)) for name in model.weights.names)
    # Embeddings stay in 16 bits; beside the weights lie the answers that are compared.
    need = 2 * weights + min(gguf_size.REFERENCE_TOKENS * 4 * model.way.rows, gguf_size.REFERENCE_BYTES)
    atomic.require_space(out.parent, need)
    logits = out.with_name(f".{out.name}.logits")
    try:
        on_step("ask", 0, 1)
        loaded = reference.load_model(request.base, model.weights)
        questions = exporter.ask(model, loaded, logits, lambda: None)
        del loaded
        with atomic.staging(out, need) as folder:
            write(model, kind, folder, on_step)
            on_step("prove", 0, 1)
            close = compare(questions, load(folder))
            if not close.kl <= MAX_KL[kind]:
                raise WorkbenchError(
                    f"The {kind} folder does not say what the model says (KL {close.kl:.2g} nats per token); "
                    "it was not kept, choose another form."
                )
    finally:
        logits.unlink(missing_ok=True)
    size = sum(path.stat().st_size for path in out.glob("*.safetensors"))
    bits = round(8 * size / weights, 3)
    return {"kind": kind, "path": str(out), "bytes": size, "bits_per_weight": bits, **close.plain()}


def main() -> int:
    """Quantise as the request on stdin says; nothing but the protocol reaches stdout."""
    lifeline.die_with_parent()
    say = lifeline.take_stdout()
    # An exit that unwinds, so that what is half written goes with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        body = json.load(sys.stdin)
        paths = {key: Path(body[key]) if body.get(key) else None for key in ("adapter", "prepared")}
        asked = exporter.Request(
            Path(body["base"]), body["name"], paths["adapter"], merge_base=body["merge_base"], dtype=body["dtype"],
            prepared=paths["prepared"],
        )  # fmt: skip
        report = quantize(
            asked, body["kind"], Path(body["out"]),
            lambda step, done, total: say({"step": step, "done": done, "total": total}),
        )  # fmt: skip
        say({"result": report})
        return 0
    except WorkbenchError as error:
        say({"error": str(error)})
        return error.exit_code


if __name__ == "__main__":
    raise SystemExit(main())
