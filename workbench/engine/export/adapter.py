"""An adapter alone as a GGUF file, to be loaded beside a GGUF of its base.

Owns the file's layout by our own writer or by llama.cpp's converter, and the proof that base and adapter together say
in llama.cpp what they say in transformers. Must not know runs, or where the file gets its name: `adapter_work.py` does.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.core.errors import WorkbenchError
from workbench.core.text import one_line
from workbench.engine.export import conversion, exporter, parity, reference, source
from workbench.engine.export.gguf import architectures, header, lora, writer
from workbench.engine.export.lora import Delta
from workbench.engine.export.upstream import families
from workbench.runs import converter, errand

CHILD = "workbench.engine.export.upstream.adapter_child"
_SLACK = 1 << 20


def _refuse(config: Any, changes: Mapping[str, Delta]) -> None:
    """Raise WorkbenchError where llama.cpp would compute something else with an adapter of this model."""
    quirk = families.quirk(config)
    if quirk.no_adapter:
        raise WorkbenchError(
            f"An adapter of this model cannot be a file of its own because {quirk.no_adapter}; {lora.MERGE}."
        )
    for name in changes:
        if ".experts." in name or (quirk.adapter_parts and quirk.adapter_parts in name):
            raise WorkbenchError(
                f"llama.cpp computes {one_line(name, 120)} without looking for an adapter; {lora.MERGE}."
            )


def write(path: Path, config: Any, opened: dict[str, Any], weights: source.TensorSource, name: str) -> None:
    """Write the adapter of `weights` to `path`, unproved; WorkbenchError for what has no place in such a file."""
    changes = lora.deltas(weights, architectures.distinct(weights))
    _refuse(config, changes)
    called = writer.model_name(name, phi3=False)
    text = conversion.own(config)
    if text is not None:
        lora.write(path, text, changes, called)
        return
    size = sum(4 * (math.prod(delta.a.shape) + math.prod(delta.b.shape)) for delta in changes.values())
    with conversion.staged(
        opened["base_dir"], config, weights.shape(architectures.EMBEDDING)[0], path.parent
    ) as folder:
        errand.run(
            CHILD,
            {
                "converter": str(converter.find()),
                "folder": folder,
                "adapter": str(opened["adapter_dir"]),
                "target": str(path),
                "file_bytes": 2 * size + _SLACK,
            },
            who="llama.cpp's converter",
            own_group=False,
        )
    # The converter writes the whole base for some models.
    if header.read(path).metadata.get("general.type") != "adapter":
        raise WorkbenchError(f"llama.cpp's converter wrote no adapter for this model; {lora.MERGE}.")


@dataclass(frozen=True)
class Opened:
    """An adapter that can be a file of its own, with the base it is proved on."""

    request: exporter.Request
    config: Any
    opened: dict[str, Any]
    """What its weights were opened with."""
    weights: source.TensorSource
    """Base and adapter together."""
    way: conversion.Conversion
    """How the base alone becomes a file."""
    tokenizer: Any


def opened(request: exporter.Request) -> Opened:
    """Return the adapter of a request, which was looked at; raises WorkbenchError when it cannot be such a file."""
    config = reference.load_config(request.base)
    conversion.check(config)
    arguments: dict[str, Any] = {"base_dir": request.base, "adapter_dir": request.adapter, "dtype": request.dtype}
    weights = source.open_source(**arguments)
    # Asked before the long part, for it may be refused.
    _refuse(config, lora.deltas(weights, architectures.distinct(weights)))
    folder = request.tokenizer or request.base
    tokenizer = reference.load_tokenizer(folder)
    plain = {**arguments, "adapter_dir": None}
    way = conversion.choose(config, source.open_source(**plain), plain, folder, tokenizer, request.name)
    reference.require_memory(way.bytes)
    return Opened(request, config, arguments, weights, way, tokenizer)


def ask(model: Opened, logits: Path, on_answer: Callable[[], None]) -> parity.Questions:
    """Return what base and adapter answer together, their logits in a file."""
    loaded = reference.load_model(model.request.base, model.weights)
    with families.as_llama(loaded, model.config):
        texts, chats = model.request.texts, model.request.chats
        return parity.ask(loaded, model.tokenizer, model.way.stops, texts, chats, logits, on_answer)


def prove(questions: parity.Questions, base: Path, made: Path, stop: threading.Event | None = None) -> parity.Parity:
    """Return the proof that a file beside the float32 GGUF of its base answers as was asked.

    Setting `stop` ends it from another thread. Raises WorkbenchError with the reason when it does not.
    """
    proof = parity.check(questions, base, stop, made)
    if why := parity.failure(proof, questions.allowed):
        raise WorkbenchError(f"The adapter's GGUF was not kept because {why}; {lora.MERGE}.")
    return proof
