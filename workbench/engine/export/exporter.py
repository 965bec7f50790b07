"""The steps of an export: opening the model, the float32 file, the proof, what matters of it, and one file of a type.

Owns what each step makes and when it is refused. Must not know their order, where files get their names, or who asked:
`work.py` is the run around them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from workbench.core import gguf_size
from workbench.core import gguf_types as types
from workbench.core.errors import UsageError, WorkbenchError
from workbench.engine.export import conversion, importance, learnt, parity, quantize, reference, source
from workbench.engine.export.conversion import OnEvent, convert
from workbench.engine.export.gguf import writer
from workbench.engine.export.upstream import families

__all__ = [
    "F16_ENDS", "OnEvent", "Opened", "Request", "ask", "convert", "formats", "kinds_of", "line_of", "make", "measure",
    "opened", "refuse_overflow", "refuse_unproved",
]  # fmt: skip

F16_ENDS = 65504


@dataclass(frozen=True)
class Request:
    """What is to be exported."""

    base: Path
    """A model directory with safetensors weights."""
    name: str
    """Stands in the file as the model's name."""
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
    prepared: Path | None = None
    """The tokens a run read: importance is measured on what it learnt from, files on what it held out."""


@dataclass(frozen=True)
class Opened:
    """A model that can be exported: its weights, tensor by tensor, and everything that stands beside them."""

    request: Request
    config: Any
    weights: source.TensorSource
    way: conversion.Conversion
    tokenizer: Any


def opened(request: Request) -> Opened:
    """Return the model of a request, which has been looked at but not read; raises WorkbenchError when it cannot be."""
    config = reference.load_config(request.base)
    conversion.check(config)
    arguments: dict[str, Any] = {
        "base_dir": request.base,
        "adapter_dir": request.adapter,
        "merge_base": request.merge_base,
        "dtype": request.dtype,
        "double_quant": request.double_quant,
        "linear": reference.linear_weights(config) if request.merge_base == "dequantised" else None,
    }
    weights = source.open_source(**arguments)
    folder = request.tokenizer or request.base
    made = reference.load_tokenizer(folder)
    way = conversion.choose(config, weights, arguments, folder, made, request.name)
    reference.require_memory(way.bytes)
    return Opened(request, config, weights, way, made)


def refuse_overflow(largest: float, kinds: tuple[str, ...]) -> None:
    """Raise UsageError where the largest weight does not fit a type that was asked for."""
    if largest > F16_ENDS and "F16" in kinds:
        raise UsageError(f"A weight of {largest:.3g} does not fit F16, which ends at {F16_ENDS}; choose BF16.")


def ask(model: Opened, loaded: Any, logits: Path, on_answer: Callable[[], None]) -> parity.Questions:
    """Return what the trained model itself answers, its logits in a file; the adapter acts beside the base here."""
    request = model.request
    rows = learnt.held_out(request.prepared, gguf_size.REFERENCE_TOKENS) if request.prepared is not None else []
    with families.as_llama(loaded, model.config):
        questions = parity.ask(
            loaded, model.tokenizer, model.way.stops, request.texts, request.chats, logits, on_answer, rows
        )
    quirk = families.quirk(model.config)
    notes = parity.caveats(model.tokenizer)
    if quirk.rotation:
        lost = parity.divergence(loaded, questions)
        notes.append(f"{quirk.rotation} (KL {lost:.2g} nats per token in the texts of the proof).")
    return replace(questions, notes=tuple(notes))


def measure(
    model: Opened, load: Callable[[], Any], architecture: str, path: Path, on_progress: Callable[[int, int], None]
) -> dict[str, int]:
    """Write the importance of each input to `path`, on rows that the run learnt from; {} and no file without any.

    `architecture` is llama.cpp's name for the kind of model. Returns the rows and tokens it was measured on.
    """
    rows = learnt.rows(model.request.prepared) if model.request.prepared is not None else []
    if not rows:
        return {}
    found = importance.measure(load(), architecture, rows, on_progress)
    importance.write(path, found, f"rows that {model.request.name} learnt from")
    return {"rows": found.rows, "tokens": found.tokens}


def formats(
    model: Opened, kinds: Sequence[types.FileType], matrix: Path | None, skeleton: Path
) -> dict[str, writer.Formats]:
    """Return type → what becomes of each tensor, as llama.cpp decides it; `skeleton` is a file to ask with.

    None are needed of a model that llama.cpp's converter writes: its files come from the float32 one.
    """
    asked, content = [kind for kind in kinds if kind.name != "F32"], model.way.content
    if not asked or content is None:
        return {}
    writer.skeleton(skeleton, *content)
    found = quantize.formats(skeleton, asked, matrix)
    skeleton.unlink()
    means = importance.read(matrix) if matrix is not None else {}
    return {kind.name: writer.Formats(kind.ftype, found[kind.name], means) for kind in asked}


def make(
    model: Opened,
    kind: types.FileType,
    wanted: writer.Formats,
    path: Path,
    on_progress: Callable[[int, int], None],
) -> quantize.Quantised:
    """Merge, convert and quantise in one stream: write the file of a type to `path`.

    `on_progress(done, total)` follows each tensor, and may raise to end it.
    """
    assert model.way.content is not None, "there are no formats without it"
    writer.write(path, *model.way.content, lambda done, total, _: on_progress(done, total), wanted)
    return quantize.describe(path, kind)


def refuse_unproved(proof: parity.Parity, allowed: float) -> None:
    """Raise WorkbenchError with the reason when the float32 file does not say what the trained model says."""
    if why := parity.failure(proof, allowed):
        raise WorkbenchError(f"The GGUF was not kept because {why}; the trained model itself is untouched.")


def line_of(made: quantize.Quantised, kind: str, sane: parity.Sanity) -> dict[str, Any]:
    """Return what a report says of a finished file, but for its path and hash."""
    return {
        "type": kind,
        "bytes": made.bytes,
        "bits_per_weight": round(made.bits_per_weight, 3),
        **{name: value for name, value in sane.close.plain().items() if name != "tokens"},
        "measured": sane.close.tokens,
        "stopped": sane.stopped,
        "speed": sane.speed,
        "fallbacks": made.fallbacks,
    }


def kinds_of(names: tuple[str, ...]) -> tuple[types.FileType, ...]:
    """Return the types asked for, F32 last: it is the source of all others, so it leaves last."""
    return tuple(sorted(types.find(names), key=lambda kind: kind.name == "F32"))
