"""Models that score answers while others are written: what those among a recipe's rewards take in memory.

Owns that sum. Reads only JSON, sizes of files and, in a probe, the header of a GGUF; must not load weights. A reward
model is loaded in the engine's own process; a judge answers in one of its own, which takes a context on the card, too.
Of a GGUF all layers go to the card, where llama.cpp was built for one.
"""

from __future__ import annotations

import os.path
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from workbench.core import gguf_size
from workbench.core.errors import UsageError
from workbench.core.memory import CONTEXT_BYTES
from workbench.core.paths import expanded
from workbench.core.rewards import parse
from workbench.core.shape import shape_of
from workbench.core.text import one_line
from workbench.runs import bases, probe, reward_models


@lru_cache(64)
def _cache_of_token(path: Path, modified: int, size: int) -> int:
    """Return the bytes of keys and values of one token in 16 bits, as the header of a GGUF tells its shape."""
    told = probe.run_probe("workbench.engine.export.gguf.header:attention", {"path": str(path)}, seconds=20)
    return 2 * int(told["layers"]) * int(told["kv_heads"]) * (int(told["key"]) + int(told["value"]))


def _judge(target: str, context: int) -> int:
    """Return what a local judge takes: its weights, keys and values for its whole context, and its own context."""
    path = expanded(target)
    if os.path.isfile(path):
        facts = path.stat()
        token = _cache_of_token(path.resolve(), facts.st_mtime_ns, facts.st_size)
        return facts.st_size + context * token + CONTEXT_BYTES
    if path.suffix.lower() == ".gguf":
        raise UsageError(f"There is no file {one_line(target, 120)} for the judge; give the path of a GGUF.")
    base = bases.resolve(target)
    shape = shape_of(bases.read_json(base.model_dir / "config.json"))
    return reward_models.weights(base) + gguf_size.cache_bytes(shape, context) + CONTEXT_BYTES


def refuse_missing(rewards: Iterable[str]) -> None:
    """Raise UsageError for a reward that cannot be, or whose file is not there."""
    for spec in map(parse, rewards):
        for parameter in spec.check.parameters:
            path = str(spec.parameters[parameter.name])
            if parameter.kind == "path" and not os.path.isfile(expanded(path)):
                raise UsageError(
                    f"There is no file {one_line(path, 120)} for the reward {spec.name}; give the path of "
                    f"{parameter.help}."
                )


def beside(rewards: Iterable[str], own_process: bool = False) -> int:
    """Return the bytes of the models among some rewards; with `own_process` of those that no other process holds.

    Raises UsageError for a reward that cannot be, or names no model.
    """
    total = 0
    for spec in map(parse, rewards):
        if spec.name == "model":
            total += reward_models.weights(reward_models.find(str(spec.parameters["run"])))
        elif spec.name == "judge" and not own_process:
            total += _judge(str(spec.parameters["model"]), int(spec.parameters["context"]))
    return total
