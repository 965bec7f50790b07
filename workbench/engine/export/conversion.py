"""How one model becomes a float32 GGUF: by our own writer, or by the converter that comes with llama.cpp.

Owns the choice between the two and what both have in common. Must not know the proof, which is the same for both, nor
the order of the steps. Our own writer comes first: it streams, and its families are held to transformers by tests.
"""

from __future__ import annotations

import copy
import json
import math
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.core.errors import WorkbenchError
from workbench.core.text import one_line
from workbench.core.units import count
from workbench.engine.export import reference, source
from workbench.engine.export.gguf import architectures, header, tokenizer, writer
from workbench.engine.export.upstream import families
from workbench.runs import converter, errand

OnEvent = Callable[[dict[str, Any]], None]

CHILD = "workbench.engine.export.upstream.child"
_VOCABULARY_BYTES = 64 << 20
"""More than tokens and merges of the largest vocabularies take."""


@dataclass(frozen=True)
class Conversion:
    """A model that can be written, and what that takes."""

    rows: int
    """Rows of the embedding."""
    stops: tuple[int, ...]
    """Every id at which generation ends."""
    bytes: int
    """About how large the float32 tensors are."""
    architecture: str
    """llama.cpp's name for the class; "" where only the file will tell."""
    write: Callable[[Path, OnEvent], writer.Written]
    content: tuple[architectures.Plan, tuple[architectures.Pair, ...], str] | None = None
    """What our own writer writes: tensors, vocabulary and the name in the file; None where the converter does."""


_TEXT_OF = {"Gemma3ForConditionalGeneration": "Gemma3ForCausalLM"}
"""Class that also sees → class of our own writer that its language model is."""


def own(config: Any) -> Any | None:
    """Return the configuration of the language model where our own writer takes it, else None."""
    name = families.class_name(config)
    if name in _TEXT_OF:
        text = copy.deepcopy(config.get_text_config())
        text.architectures = [_TEXT_OF[name]]
        return text
    return config if name in architectures.FAMILIES else None


def check(config: Any) -> None:
    """Raise WorkbenchError when neither way takes the model of `config`."""
    text = own(config)
    if text is not None:
        architectures.family(text)
    else:
        families.check(config)


def choose(
    config: Any, weights: source.TensorSource, opened: dict[str, Any], folder: Path, hf_tokenizer: Any, name: str
) -> Conversion:
    """Return how the model of `config` is written with `weights`, which `source.open_source(**opened)` returned.

    `folder` is where the tokenizer lies, `name` what the file is to call itself. Raises WorkbenchError for what
    llama.cpp cannot represent.
    """
    check(config)
    generation = reference.load_generation(Path(opened["base_dir"]))
    text = own(config)
    if text is not None:
        plan = architectures.plan(text, weights)
        vocabulary = tokenizer.read(folder, hf_tokenizer, generation, plan.vocabulary)
        return Conversion(
            plan.vocabulary,
            vocabulary.stops,
            writer.data_bytes(plan),
            plan.architecture,
            lambda path, on_event: convert(path, plan, vocabulary, name, on_event),
            (plan, tuple(vocabulary.pairs), general_name(plan, vocabulary, name)),
        )
    names = architectures.distinct(weights)
    rows = weights.shape(architectures.EMBEDDING)[0]
    vocabulary = tokenizer.read(folder, hf_tokenizer, generation, rows)
    size = sum(4 * math.prod(weights.shape(tensor)) for tensor in names)
    return Conversion(
        rows,
        vocabulary.stops,
        size,
        "",
        lambda path, on_event: _upstream(path, config, opened, names, size, rows, vocabulary, name, on_event),
    )


def _event(on_event: OnEvent, done: int, total: int, tensor: str) -> None:
    """Tell of one tensor that is written."""
    on_event({"step": "convert", "done": done, "total": total, "detail": tensor})


def general_name(plan: architectures.Plan, vocabulary: tokenizer.Vocabulary, name: str) -> str:
    """Return the name that stands in the file of a model that goes by `name`."""
    values = {pair.key: pair.value for pair in vocabulary.pairs}
    phi3 = (
        plan.architecture == "phi3"
        and values["tokenizer.ggml.model"] == "llama"
        and "</s>" in values["tokenizer.ggml.tokens"]
    )
    return writer.model_name(name, phi3)


def convert(
    path: Path, plan: architectures.Plan, vocabulary: tokenizer.Vocabulary, name: str, on_event: OnEvent
) -> writer.Written:
    """Merge and convert in one stream: write the float32 GGUF to `path` with a block of rows in memory at a time."""
    return writer.write(
        path,
        plan,
        vocabulary.pairs,
        general_name(plan, vocabulary, name),
        lambda done, total, tensor: _event(on_event, done, total, tensor),
    )


def _upstream(
    path: Path,
    config: Any,
    opened: dict[str, Any],
    names: tuple[str, ...],
    size: int,
    rows: int,
    vocabulary: tokenizer.Vocabulary,
    name: str,
    on_event: OnEvent,
) -> writer.Written:
    """Let llama.cpp's converter write the float32 GGUF to `path`, from weights that are merged while it reads them."""
    with staged(Path(opened["base_dir"]), config, rows, path.parent) as folder:
        answer = errand.run(
            CHILD,
            {
                "converter": str(converter.find()),
                "folder": folder,
                "target": str(path),
                "name": writer.model_name(name, phi3=False),
                "source": {key: str(value) if isinstance(value, Path) else value for key, value in opened.items()},
                "tensors": names,
                "pairs": [
                    *((pair.key, pair.value, pair.kind.name) for pair in vocabulary.pairs),
                    *families.quirk(config).pairs(config),
                ],
                "sliding": families.sliding(config),
                "file_bytes": size + size // 8 + _VOCABULARY_BYTES,
            },
            lambda line: _event(on_event, line["done"], line["total"], line["detail"]) if "done" in line else None,
            who="llama.cpp's converter",
            own_group=False,
        )
    with path.open("rb+") as file:
        os.fsync(file.fileno())
    made = header.read(path)
    written = sum(tensor.bytes for tensor in made.tensors)
    if any(tensor.type != "F32" for tensor in made.tensors) or not written:
        raise WorkbenchError(
            f"llama.cpp's converter wrote {count(len(made.tensors))} tensors that are not all float32; "
            "run the model with transformers instead."
        )
    return writer.Written(path.stat().st_size, float(answer["largest"]))


def staged(base_dir: Path, config: Any, rows: int, beside: Path) -> tempfile.TemporaryDirectory[str]:
    """Return a folder inside `beside` with the model's configuration as the converter reads it, and nothing else of it.

    Of the tokenizer it counts the entries, for some families, to cut the embedding: there are as many as `rows`.
    """
    try:
        body = json.loads((base_dir / "config.json").read_bytes())
    except (OSError, ValueError):
        raise WorkbenchError(f"{one_line(str(base_dir))} has no readable config.json; copy the model again.") from None
    folder = tempfile.TemporaryDirectory(prefix="config.", dir=beside)
    (Path(folder.name) / "config.json").write_text(json.dumps(families.quirk(config).config(body)), encoding="utf-8")
    count_only = {"model": {"vocab": [0] * rows}, "added_tokens": []}
    (Path(folder.name) / "tokenizer.json").write_text(json.dumps(count_only), encoding="utf-8")
    return folder
