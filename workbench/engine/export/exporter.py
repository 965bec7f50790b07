"""One export from beginning to end: room, conversion, proof, quantisation, and only then files with their names.

Owns the order of the steps, the staging directory and the report. Must not know who asked: `__main__` is the process
around it. Everything is made in a hidden directory inside the output directory and renamed, file by file, after its
proof.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from workbench.core import gguf_types as types
from workbench.core.errors import NoSpaceError, UsageError, WorkbenchError
from workbench.core.text import one_line
from workbench.engine.export import parity, quantize, reference, source
from workbench.engine.export.gguf import architectures, tokenizer, writer
from workbench.runs import atomic

OnEvent = Callable[[dict[str, Any]], None]

_PARTIAL = ".export.partial"
_MARGIN = 1.3
"""What a quantised file may exceed its type's published bits per weight by, on small models and odd shapes."""


@dataclass(frozen=True)
class Request:
    """What is to be exported."""

    base: Path
    """A model directory with safetensors weights."""
    out: Path
    """The directory the files go to; made when missing."""
    name: str
    """The files are called `<name>-<TYPE>.gguf`."""
    types: tuple[str, ...]
    adapter: Path | None = None
    """A PEFT LoRA adapter directory."""
    tokenizer: Path | None = None
    """Where the tokenizer and its chat template are; the base's directory when None."""
    merge_base: str = "original"
    """"dequantised" for an adapter trained with tuning qlora, see `source.MERGE_BASES`."""
    dtype: str = "float32"
    """The type the base was loaded in for training."""
    double_quant: bool = True
    texts: tuple[str, ...] = ()
    """Real texts of the person's data, for the proof."""
    chats: tuple[list[dict[str, str]], ...] = field(default=())
    """Real conversations of the person's data, for the proof."""


@contextmanager
def _errors(out: Path, need: int) -> Iterator[None]:
    """Turn the operating system's refusals into sentences."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            free = shutil.disk_usage(out).free if out.exists() else 0
            raise NoSpaceError(str(out), max(need, free + 1), free) from None
        raise WorkbenchError(
            f"{one_line(str(error.filename or out))}: {error.strerror or error}; choose another folder."
        ) from None


@contextmanager
def _staging(out: Path) -> Iterator[Path]:
    """Yield a fresh hidden directory inside `out` and remove it afterwards; one export at a time per directory.

    The lock is on the directory itself and dies with the process, so that what a killed export left is swept by the
    next one.
    """
    out.mkdir(parents=True, exist_ok=True)
    lock = os.open(out, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                f"Another export writes to {one_line(str(out))}; wait for it or choose another folder."
            ) from None
        for left in out.glob(f".*{_PARTIAL}"):
            shutil.rmtree(left, ignore_errors=True)
        folder = out / f".{os.getpid()}{_PARTIAL}"
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)


def disk_need(weights: int, vocabulary: int, wanted: Sequence[types.FileType]) -> int:
    """Return the bytes an export needs at its fullest: the float32 file, what is compared, and the files asked for."""
    proof = min(parity.REFERENCE_TOKENS * vocabulary * 4, parity.REFERENCE_BYTES)
    files = sum(int(weights * kind.bits / 8 * _MARGIN) for kind in wanted if kind.name != "F32")
    return weights * 4 + proof + files + (16 << 20)


def _publish(staged: Path, final: Path) -> str:
    """Give a proved file its name; return its SHA-256."""
    with staged.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    os.replace(staged, final)
    folder = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return digest


def convert(
    path: Path, plan: architectures.Plan, vocabulary: tokenizer.Vocabulary, name: str, on_event: OnEvent
) -> writer.Written:
    """Merge and convert in one stream: write the float32 GGUF to `path` with a block of rows in memory at a time."""
    values = {pair.key: pair.value for pair in vocabulary.pairs}
    phi3 = (
        plan.architecture == "phi3"
        and values["tokenizer.ggml.model"] == "llama"
        and "</s>" in values["tokenizer.ggml.tokens"]
    )
    return writer.write(
        path,
        plan,
        vocabulary.pairs,
        writer.model_name(name, phi3),
        lambda done, total, tensor: on_event({"step": "convert", "done": done, "total": total, "detail": tensor}),
    )


def export(request: Request, on_event: OnEvent) -> dict[str, Any]:
    """Write the GGUF files of `request` and return the report.

    The report is {"files": [{"type", "path", "bytes", "sha256", "bits_per_weight", "kl", "top1", "stopped",
    "speed", "fallbacks"}], "parity": {"tokenizer_mismatches", "max_abs_logit_diff", "top1", "stops", "chat_render", …},
    "seconds"}. `on_event` gets {"step", "done", "total", "detail"} while it works. Raises UsageError for what cannot be
    asked for and WorkbenchError with the reason when the proof fails; no file has its name then.
    """
    started = time.monotonic()
    wanted = types.find(request.types)
    folder = request.tokenizer or request.base
    on_event({"step": "load", "done": 0, "total": 1, "detail": one_line(str(request.base))})
    config = reference.load_config(request.base)
    architectures.family(config)
    weights = source.open_source(
        request.base,
        request.adapter,
        merge_base=request.merge_base,
        dtype=request.dtype,
        double_quant=request.double_quant,
    )
    plan = architectures.plan(config, weights)
    hf_tokenizer = reference.load_tokenizer(folder)
    vocabulary = tokenizer.read(folder, hf_tokenizer, reference.load_generation(request.base), plan.vocabulary)
    need = disk_need(writer.data_bytes(plan) // 4, plan.vocabulary, wanted)
    with _errors(request.out, need), _staging(request.out) as stage:
        on_event(
            {"step": "room", "done": need, "total": shutil.disk_usage(stage).free, "detail": "bytes needed and free"}
        )
        atomic.require_space(stage, need)
        full = stage / "full.gguf"
        written = convert(full, plan, vocabulary, request.name, on_event)
        if written.largest > 65504 and any(kind.name == "F16" for kind in wanted):
            raise UsageError(f"A weight of {written.largest:.3g} does not fit F16, which ends at 65504; choose BF16.")
        on_event({"step": "prove", "done": 0, "total": 1, "detail": "transformers"})
        model = reference.load_model(request.base, weights)
        questions = parity.ask(
            model, hf_tokenizer, vocabulary.stops, request.texts, request.chats, stage / "logits.f32"
        )
        del model
        on_event({"step": "prove", "done": 0, "total": 1, "detail": "llama.cpp"})
        proof = parity.check(questions, full)
        if why := parity.failure(proof, questions.allowed):
            raise WorkbenchError(f"The GGUF was not kept because {why}; the trained model itself is untouched.")
        on_event({"step": "prove", "done": 1, "total": 1, "detail": "equal"})
        # F32 is the source of all others, so it leaves the staging directory last.
        order = sorted(wanted, key=lambda kind: kind.name == "F32")
        files = [_one(request, kind, full, questions, on_event) for kind in order]
    return {"files": files, "parity": asdict(proof), "seconds": round(time.monotonic() - started, 3)}


def _one(
    request: Request, kind: types.FileType, full: Path, questions: parity.Questions, on_event: OnEvent
) -> dict[str, Any]:
    """Make, examine and publish the file of one type; return its line of the report."""
    step = f"quantise {kind.name}"
    staged = full.with_name(f"{kind.name}.gguf")
    if kind.name == "F32":
        staged = full
        made = quantize.describe(full, kind)
    else:
        made = quantize.quantize(
            full,
            staged,
            kind.name,
            lambda done, total: on_event({"step": step, "done": done, "total": total, "detail": ""}),
        )
    sane = parity.examine(questions, staged, kind.name)
    final = request.out / types.file_name(request.name, kind.name)
    line = {
        "type": kind.name,
        "path": str(final),
        "bytes": made.bytes,
        "sha256": _publish(staged, final),
        "bits_per_weight": round(made.bits_per_weight, 3),
        "kl": sane.kl,
        "top1": sane.top1,
        "stopped": sane.stopped,
        "speed": sane.speed,
        "fallbacks": made.fallbacks,
    }
    on_event({"step": step, "done": 1, "total": 1, "detail": final.name})
    return line
