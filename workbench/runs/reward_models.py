"""Reward models: what a reference to one names, which there are of a base's lineage, and what one takes beside a base.

Owns that and what is refused. Reads only JSON and safetensors headers; must not load weights.
"""

from __future__ import annotations

import os.path
from pathlib import Path

from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.paths import expanded
from workbench.core.recipe import TUNINGS
from workbench.core.recipe import load as load_recipe
from workbench.core.text import one_line
from workbench.runs import bases, store
from workbench.runs.bases import Base

_QUANTISED = 0.3
"""Size of 4-bit weights with their scales over that of 16-bit ones, embeddings left in 16 bits included: about."""


def find(reference: str) -> Base:
    """Return the reward model a person named: a run of method reward, or a folder in Hugging Face layout.

    Raises UsageError for anything else, and WorkbenchError for a folder that is damaged or asks for code of its own.
    """
    folder = expanded(reference)
    if os.path.isdir(folder) and not (folder / "recipe.toml").is_file():
        _check(folder.resolve())
        return Base(reference, folder.resolve(), root=str(folder.resolve()), scores=True)
    base = bases.of_run(store.find(reference))
    if not base.scores:
        raise UsageError(
            f"The run {base.run_id} has made a model that writes and gives no scores; name a run of method reward."
        )
    return base


def _check(folder: Path) -> None:
    """Refuse a folder that holds no model with a head of one score, or more than data."""
    config = bases.read_json(folder / "config.json")
    bases.refuse_forbidden(config, folder / "config.json")
    kinds = config.get("architectures")
    kind = str(kinds[0]) if isinstance(kinds, list) and kinds else ""
    labels = config.get("id2label")
    if not kind.endswith("ForSequenceClassification") or (isinstance(labels, dict) and len(labels) != 1):
        raise UsageError(
            f"{folder} holds no reward model ({one_line(kind, 60) or 'unknown'}); give one with a head of one score, "
            "or a run of method reward."
        )
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        raise UsageError(f"{folder} has no .safetensors weights; choose another reward model.")
    for path in weights:
        bases.check_weights(path)


def of_lineage(reference: str) -> tuple[str, ...]:
    """Return the runs that made reward models of the lineage of a base: those of the base itself first, then newest
    first. None for a base that cannot be found.
    """
    try:
        base = bases.resolve(reference)
    except WorkbenchError:
        return ()
    own = base.run_id or base.root
    found: list[tuple[bool, str]] = []
    for run in store.list_runs():
        if run.meta().get("method") != "reward" or not any(run.artifacts_dir.glob("*/manifest.json")):
            continue
        try:
            judge, stood_on = bases.of_run(run), load_recipe(run.recipe_path).recipe.base
        except WorkbenchError:
            continue  # what it stood on is gone
        if judge.root == base.root:
            found.append((stood_on != own, run.id))
    return tuple(name for _, name in sorted(found, key=lambda one: one[0]))


def weights(base: Base) -> int:
    """Return the bytes of a model's weights, an adapter's on it included."""
    folders = (base.model_dir, base.adapter_dir) if base.adapter_dir is not None else (base.model_dir,)
    return sum(path.stat().st_size for folder in folders for path in folder.glob("*.safetensors"))


def beside(reward_model: str, base: str) -> dict[str, int]:
    """Return tuning → bytes that a reward model takes beside a base: its adapter's where it was trained on that very
    base with that tuning, else a whole model's.

    Raises UsageError when it names no reward model.
    """
    judge = find(reward_model)
    whole = sum(path.stat().st_size for path in judge.model_dir.glob("*.safetensors"))
    if judge.adapter_dir is None:
        return dict.fromkeys(TUNINGS, whole)
    adapter = (judge.adapter_dir / "adapter_model.safetensors").stat().st_size
    own = load_recipe(store.find(judge.run_id).recipe_path).recipe.base
    held = round(_QUANTISED * whole) if judge.adapter_tuning == "qlora" else whole
    shared = {judge.adapter_tuning: adapter} if own == base else {}
    return {**dict.fromkeys(TUNINGS, held + adapter), **shared}
