"""The base of a run as one folder of weights, whatever lineage stands behind it.

Owns the merge of a parent's adapter into `base/` of the run that builds on it, so that a run never depends on more than
its own folder and a plain model. Must not know how the base is trained on.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from workbench.core.recipe import Recipe
from workbench.engine import chat_templates, team, thoughts
from workbench.engine.session import Attempt
from workbench.runs import atomic, bases

SHARD_BYTES = 512 << 20
"""A shard is in memory while it is written."""
INDEX = "model.safetensors.index.json"

COPIED = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template.jinja",
    "vocab.json",
    "merges.txt",
)
"""What makes a folder of weights a model; anything else in a stranger's folder is left behind."""


def merge_base(base: bases.Base) -> str:
    """Return which weights a base's adapter belongs to: a 4-bit base's adapter corrects the 4-bit weights."""
    return "dequantised" if base.adapter_tuning == "qlora" else "original"


def write_weights(tensors: Iterable[tuple[str, torch.Tensor]], folder: Path) -> None:
    """Write named tensors, as they come, into shards with an index; a shard at a time is in memory."""
    shards: list[dict[str, torch.Tensor]] = [{}]
    where: dict[str, int] = {}
    room = SHARD_BYTES

    def flush() -> None:
        save_file(shards[-1], folder / f"model-{len(shards):05d}.safetensors", metadata={"format": "pt"})
        shards[-1] = {}

    for name, tensor in tensors:
        if shards[-1] and tensor.nbytes > room:
            flush()
            shards.append({})
            room = SHARD_BYTES
        shards[-1][name] = tensor
        where[name] = len(shards)
        room -= tensor.nbytes
    flush()
    index: dict[str, Any] = {
        "metadata": {},
        "weight_map": {name: f"model-{shard:05d}.safetensors" for name, shard in where.items()},
    }
    (folder / INDEX).write_text(json.dumps(index), encoding="utf-8")


def write_rest(source: Path, folder: Path) -> None:
    """Write what makes a folder of weights a model, as it is in `source`."""
    for name in COPIED:
        if (source / name).is_file():
            shutil.copyfile(source / name, folder / name)


def _write_merged(base: bases.Base, folder: Path) -> None:
    """Write base and adapter as one model into `folder`, in the format the base is stored in."""
    from workbench.engine.export.source import open_source
    from workbench.engine.load import stored_dtype

    source = open_source(base.model_dir, base.adapter_dir, merge_base=merge_base(base), dtype=base.adapter_dtype)
    dtype = stored_dtype(base.model_dir)
    write_weights(
        ((name, torch.from_numpy(source.tensor(name)).to(dtype).contiguous()) for name in source.names), folder
    )
    write_rest(base.model_dir, folder)


def _write_copy(base: bases.Base, folder: Path) -> None:
    """Write a model as it is into `folder`; its weights take no room there where the disk can name a file twice."""
    for path in sorted(base.model_dir.glob("*.safetensors")):
        try:
            os.link(path.resolve(), folder / path.name)
        except OSError:
            shutil.copyfile(path, folder / path.name)
    write_rest(base.model_dir, folder)
    if (base.model_dir / INDEX).is_file():
        shutil.copyfile(base.model_dir / INDEX, folder / INDEX)


def _has_to_think(recipe: Recipe, base: bases.Base) -> bool:
    """Return whether a run asks for thoughts and the chat template of its base does not."""
    if not recipe.thinking_budget:
        return False
    if recipe.chat_template:
        return True
    return bool(thoughts.opening_template(chat_templates.tokenizer_of(base.model_dir, recipe.base, recipe.method)))


@team.first_goes_ahead
def folder(attempt: Attempt, name: str = "base") -> Path:
    """Return a folder in Hugging Face layout with the base's weights; `name` is what one that is made is called.

    A base that is a run with an adapter is merged into this run once, and one that is given a chat template, or the
    habit to think before it answers, gets a folder of its own here; anything else is used where it is. Raises
    WorkbenchError when the base is refused or the disk is too full.
    """
    final = attempt.run.path / name
    atomic.sweep(attempt.run.path)
    if final.is_dir() and not atomic.verify(final):
        return final
    base = bases.resolve(attempt.recipe.base)
    facts = bases.inspect({"path": str(base.model_dir)})
    given, thinks = attempt.recipe.chat_template, _has_to_think(attempt.recipe, base)
    if base.adapter_dir is None and not given and not thinks:
        return base.model_dir
    merging, giving = f"merging the adapter of {base.run_id}", f"giving the base the chat template {given}"
    opening = "giving the base a chat template that opens a thought"
    attempt.reporter.phase("preparing", merging if base.adapter_dir else giving if given else opening)
    atomic.require_space(attempt.run.path, facts["weight_bytes"], reserve=64 << 20)
    with atomic.staging(final) as staged:
        if base.adapter_dir is None:
            _write_copy(base, staged)
        else:
            _write_merged(base, staged)
        if given:
            chat_templates.give(staged, given)
        if thinks:
            chat_templates.open_thoughts(staged)
    return final
