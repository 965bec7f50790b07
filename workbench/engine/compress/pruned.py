"""The smaller model of a run, made once: measured on the run's rows, cut, and kept as the base that is healed.

Owns `base/` of a run of method prune. Must not know how importance follows from what was measured, or how it is healed.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig

from workbench.core import pruning
from workbench.core.shape import shape_of
from workbench.core.units import several
from workbench.engine import lineage, load, micro
from workbench.engine.compress import cutting
from workbench.engine.compress.measuring import Measured, chosen, measure
from workbench.engine.examples import Examples
from workbench.engine.export.stored import Stored, open_model
from workbench.engine.session import Attempt
from workbench.runs import atomic, bases

FACTS = "pruned.json"
"""What was taken away, beside the weights that are left."""
_RESERVE = 64 << 20


def _measured(attempt: Attempt, original: Path, examples: Examples, gone: int) -> Measured:
    """Return what the base shows on some of the run's rows; it is in memory for that time only."""
    recipe = attempt.recipe
    numbers = chosen(examples, recipe.prune_rows)
    attempt.reporter.phase("loading", "base, to be measured")
    # What is drawn at random later is the same in an attempt that measures as in one that does not.
    with torch.random.fork_rng():
        model = load.load_for_use(bases.resolve(str(original)), load.machine(recipe), recipe.teacher_in_4bit)
        attempt.reporter.phase("preparing", f"measuring the base on {several(len(numbers), 'row')}")
        found = measure(model, examples, numbers, gone, attempt.requests.check)
        del model
        micro.free()
    return found


def _counted(stored: dict[str, Stored]) -> dict[str, int]:
    """Return {"parameters", "bytes"} of the weights in files."""
    sizes = [math.prod(tensor.shape) for tensor in stored.values()]
    return {
        "parameters": sum(sizes),
        "bytes": sum(path.stat().st_size for path in {one.file for one in stored.values()}),
    }


def folder(attempt: Attempt, original: Path, examples: Examples) -> Path:
    """Return the folder of the smaller model, measured on the examples and cut from the one in `original` once per run.

    Raises UsageError for a model that cannot be cut so, NoSpaceError when the disk is too full.
    """
    final, recipe = attempt.run.path / "base", attempt.recipe
    atomic.sweep(attempt.run.path)
    if final.is_dir() and not atomic.verify(final):
        return final
    config = bases.read_json(original / "config.json")
    left, shape = pruning.target(config, recipe), shape_of(config)
    found = _measured(attempt, original, examples, shape.layers - left.layers)
    stored = open_model(original)
    attempt.reporter.phase("preparing", "cutting the base")
    dtype = load.stored_dtype(original)

    def weights(name: str) -> torch.Tensor:
        tensor = stored[name]
        return torch.from_numpy(tensor.rows(0, tensor.shape[0])).to(dtype)

    def told(parts: Iterator[tuple[str, torch.Tensor]]) -> Iterator[tuple[str, torch.Tensor]]:
        for part in parts:
            attempt.requests.check()
            yield part

    full = AutoConfig.from_pretrained(original, local_files_only=True, trust_remote_code=False)
    before = _counted(stored)
    atomic.require_space(attempt.run.path, before["bytes"], reserve=_RESERVE)
    with atomic.staging(final) as staged:
        cut = cutting.choose(found, shape, left, recipe.prune_layers_by, weights)
        lineage.write_rest(original, staged)
        lineage.write_weights(told(cutting.tensors(tuple(stored), weights, cut, shape, found, recipe)), staged)
        made = cutting.configuration(config, full, cut, left)
        (staged / "config.json").write_text(json.dumps(made, indent=2), encoding="utf-8")
        after = _counted(open_model(staged))
        facts = {
            "layers": {"before": shape.layers, "after": left.layers,
                       "gone": sorted({*range(shape.layers)} - {*cut.layers})},
            "heads": {"before": shape.heads, "after": left.heads},
            "channels": {"before": shape.intermediate, "after": left.channels},
            "sparsity": recipe.sparsity,
            **{name: {"before": size, "after": after[name]} for name, size in before.items()},
            "measured": {"tokens": found.tokens, "influence": found.influence.round(5).tolist(),
                         "distance": found.distance.round(5).tolist() if left.layers < shape.layers else []},
        }  # fmt: skip
        (staged / FACTS).write_text(json.dumps(facts), encoding="utf-8")
    attempt.reporter.notice("info", "pruned", in_words(facts))
    return final


def in_words(facts: dict[str, Any]) -> str:
    """Return what was taken away, in a sentence."""
    said = []
    if gone := facts["layers"]["gone"]:
        named, whole = ", ".join(map(str, gone)), facts["layers"]["before"]
        said.append(f"{several(len(gone), 'layer')} of {whole} ({named} of 0 to {whole - 1})")
    for name in ("heads", "channels"):
        before, after = facts[name]["before"], facts[name]["after"]
        said += [f"{before - after} of {before} {name} a layer"] if after < before else []
    if facts["sparsity"]:
        said.append(f"{100 * facts['sparsity']:g} % of the linear layers' weights, which stay in the file as zeros")
    return f"Taken away: {'; '.join(said)}."


def facts_of(folder: Path) -> dict[str, Any]:
    """Return what is kept beside a smaller model of what was taken away."""
    return bases.read_json(folder / FACTS)
