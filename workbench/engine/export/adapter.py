"""An adapter alone as a GGUF file, to be loaded beside a GGUF of its base: `python -m workbench.engine.export.adapter`.

Owns the steps from a PEFT adapter to a proved file: layout by our own writer or by llama.cpp's converter, and the proof
that base and adapter together say in llama.cpp what they say in transformers. Request: {"base", "adapter", "out",
"name", "dtype", "run" whose data has real texts for the proof, or ""}. Answer: JSON lines, each a step {"step", "done",
"total", "detail"}, the last one {"result": {"file": {"path", "bytes", "sha256"}, "parity": …, "seconds"}} or {"error":
sentence}.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import signal
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from workbench.core import gguf_size
from workbench.core import recipe as recipes
from workbench.core.errors import WorkbenchError
from workbench.core.text import one_line
from workbench.engine import lifeline
from workbench.engine.export import conversion, parity, reference, rows, source
from workbench.engine.export.conversion import OnEvent
from workbench.engine.export.gguf import architectures, header, lora, writer
from workbench.engine.export.lora import Delta
from workbench.engine.export.upstream import families
from workbench.runs import atomic, converter, errand, exports, store

CHILD = "workbench.engine.export.upstream.adapter_child"
_SLACK = 1 << 20


@dataclass(frozen=True)
class Request:
    """Which adapter is to be exported, and with what it is proved."""

    base: Path
    adapter: Path
    out: Path
    name: str
    """The file is called `<name>-adapter.gguf`."""
    tokenizer: Path | None = None
    dtype: str = "float32"
    """The type the base was loaded in for training."""
    texts: tuple[str, ...] = ()
    chats: tuple[list[dict[str, str]], ...] = field(default=())


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


def export(request: Request, on_event: OnEvent) -> dict[str, Any]:
    """Write the adapter's file, prove it on a float32 GGUF of its base, and return the report.

    The base's file is made for the proof alone and removed. `on_event` gets {"step", "done", "total", "detail"}. Raises
    WorkbenchError with the reason when the proof fails; there is no file then.
    """
    started = time.monotonic()
    on_event({"step": "load", "done": 0, "total": 1, "detail": one_line(str(request.adapter))})
    config = reference.load_config(request.base)
    conversion.check(config)
    opened: dict[str, Any] = {"base_dir": request.base, "adapter_dir": request.adapter, "dtype": request.dtype}
    weights = source.open_source(**opened)
    # Asked before the long part, for it may be refused.
    changes = lora.deltas(weights, architectures.distinct(weights))
    _refuse(config, changes)
    folder = request.tokenizer or request.base
    tokenizer = reference.load_tokenizer(folder)
    plain = {**opened, "adapter_dir": None}
    way = conversion.choose(config, source.open_source(**plain), plain, folder, tokenizer, request.name)
    reference.require_memory(way.bytes)
    on_disk = sum(gguf_size.disk(way.bytes, way.rows, ()).values())
    request.out.mkdir(parents=True, exist_ok=True)
    atomic.require_space(request.out, on_disk)
    with tempfile.TemporaryDirectory(prefix=".adapter.", suffix=".partial", dir=request.out) as name:
        stage = Path(name)
        made, base = stage / "adapter.gguf", stage / "base.gguf"
        write(made, config, opened, weights, request.name)
        way.write(base, on_event)
        on_event({"step": "prove", "done": 0, "total": 1, "detail": "transformers"})
        model = reference.load_model(request.base, weights)
        with families.as_llama(model, config):
            questions = parity.ask(model, tokenizer, way.stops, request.texts, request.chats, stage / "logits.f32")
        del model
        on_event({"step": "prove", "done": 0, "total": 1, "detail": "llama.cpp"})
        proof = parity.check(questions, base, adapter=made)
        if why := parity.failure(proof, families.quirk(config).allowed or questions.allowed):
            raise WorkbenchError(f"The adapter's GGUF was not kept because {why}; {lora.MERGE}.")
        on_event({"step": "prove", "done": 1, "total": 1, "detail": "equal"})
        final = request.out / f"{request.name}{exports.ADAPTER}"
        with made.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        file = {"path": str(final), "bytes": made.stat().st_size, "sha256": digest}
        os.replace(made, final)
        atomic.fsync_path(request.out)
    return {"file": file, "parity": asdict(proof), "seconds": round(time.monotonic() - started, 3)}


def main() -> int:
    """Export as the request on stdin says; nothing but the protocol reaches stdout."""
    lifeline.die_with_parent()
    say = lifeline.take_stdout()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    body = json.load(sys.stdin)
    try:
        body |= {key: Path(body[key]) for key in ("base", "adapter", "out", "tokenizer") if body.get(key)}
        if run := body.pop("run", ""):
            body["texts"], body["chats"] = rows.real(recipes.load(store.find(run).recipe_path).recipe)
        say({"result": export(Request(**body), say)})
        return 0
    except WorkbenchError as error:
        say({"error": str(error)})
        return error.exit_code


if __name__ == "__main__":
    raise SystemExit(main())
