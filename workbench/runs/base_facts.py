"""What a plan asks about a base: its shape, context, family and lineage, from its configuration alone.

Owns where that configuration is found: in the folder of a base that is here, in the catalogue for one that is not, in
the recipe for one that is to be made. Must not load weights or know memory.
"""

from __future__ import annotations

import dataclasses
import os.path
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.core import catalogue
from workbench.core.errors import UsageError
from workbench.core.paths import expanded
from workbench.core.plan import Base
from workbench.core.recipe import BUNDLED, SCRATCH, Recipe
from workbench.core.shape import Shape, shape_of
from workbench.core.text import one_line
from workbench.runs import bases, hub_cache


def of_config(config: Mapping[str, Any], reference: str, label: str, root: str = "", parameters: int = 0) -> Base:
    """Return the facts of a base from its parsed config.json, with what the catalogue knows of its family."""
    return _of_family(config, _family(config), reference, label, root, parameters)


def _of_family(
    config: Mapping[str, Any], family: catalogue.Family | None, reference: str, label: str, root: str, parameters: int
) -> Base:
    """Return the facts of a base from its parsed config.json and its family."""
    shape = shape_of(config, parameters)
    inner = config.get("text_config")
    text = inner if isinstance(inner, Mapping) else config
    context = text.get("max_position_embeddings")
    return Base(
        reference=reference,
        label=label,
        shape=shape,
        context=context if isinstance(context, int) and not isinstance(context, bool) and context > 0 else 0,
        root=root,
        packing=family.packing if family is not None else "safe",
        targets=_targets(family),
        config={**text, "model_type": shape.model_type},
    )


def _family(config: Mapping[str, Any]) -> catalogue.Family | None:
    """Return the catalogue's family of a configuration, told by the class it names."""
    named = config.get("architectures")
    wanted = named[0] if isinstance(named, list) and named else None
    kind = config.get("model_type")
    if not isinstance(kind, str) or not kind:
        return None
    of_kind = [family for family in catalogue.families(kind) if family.model_type == kind]
    return next((family for family in of_kind if wanted is None or wanted == family.architecture), None)


def _targets(family: catalogue.Family | None) -> tuple[str, ...]:
    """Return the layers of a family that get an adapter; a regular expression is one entry."""
    if family is None:
        return ()
    return (family.lora_targets,) if isinstance(family.lora_targets, str) else family.lora_targets


def of_catalogue(model: catalogue.Model) -> Base:
    """Return the facts of a model of the catalogue, which need not be on this machine."""
    family = model.family
    config = {"architectures": [family.architecture], "model_type": family.model_type, **model.config}
    return _of_family(config, family, model.hub_id, model.label, "", model.parameters)


def of_file(path: Path, reference: str = "") -> Base:
    """Return the facts of a base from a config.json alone; raises UsageError when it is none."""
    return of_config(bases.read_json(path), reference or str(path), str(path))


def of_reference(reference: str, recipe: Recipe | None = None) -> Base:
    """Return the facts of what a recipe calls its base.

    That is bundled, scratch (made as `recipe` says), a folder, a run, or a model of the hub, which need not be on this
    machine when the catalogue knows it. Raises UsageError when it is none of them.
    """
    if reference == SCRATCH:
        return _scratch(recipe or Recipe(method="pretrain", tuning="full", base=SCRATCH))
    known = catalogue.known(reference)
    try:
        base = bases.resolve(reference)
    except UsageError:
        if known is not None:
            return of_catalogue(known)
        ids = (model.hub_id for model in catalogue.models())
        near = next((name for name in ids if name.lower().endswith(f"/{reference.lower()}")), "")
        if not near:
            raise
        raise UsageError(f"There is no base {one_line(reference, 80)!r}; perhaps it is {near}.") from None
    config = bases.read_json(base.model_dir / "config.json")
    bases.refuse_forbidden(config, base.model_dir / "config.json")
    folder = reference != BUNDLED and os.path.isdir(expanded(reference))
    named = base.run_id or (str(base.model_dir) if folder else reference)
    label = known.label if known is not None else base.label
    found = of_config(config, named, label, base.root, _counted(base.model_dir))
    return dataclasses.replace(found, folder=str(base.model_dir))


def weights_of(reference: str) -> str:
    """Return where other programs find the weights of a base: a folder, an id of the hub, or "scratch".

    Raises UsageError for a run whose weights are in two places, its adapter's and those below.
    """
    if reference == SCRATCH:
        return SCRATCH
    if hub_cache.HUB_ID.fullmatch(reference) and not expanded(reference).is_dir():
        return reference
    base = bases.resolve(reference)
    if base.adapter_dir is not None:
        raise UsageError(
            f"The run {base.run_id} is an adapter on another base, and a script wants one folder; train the recipe "
            "once, and give the base/ folder of that run as --base."
        )
    return str(base.model_dir)


def _counted(folder: Path) -> int:
    """Return about how many parameters the weight files of a folder hold: two bytes each, as models are published."""
    return sum(path.stat().st_size for path in folder.glob("*.safetensors")) // 2


def _scratch(recipe: Recipe) -> Base:
    """Return the facts of the model that a recipe makes."""
    shape = Shape(
        model_type="qwen3",
        hidden=recipe.hidden_size,
        intermediate=recipe.intermediate_size,
        layers=recipe.num_hidden_layers,
        heads=recipe.num_attention_heads,
        kv_heads=recipe.num_key_value_heads,
        head_dim=recipe.head_dim,
        vocabulary=recipe.vocab_size,
        tied=True,
    )
    config = {
        "model_type": shape.model_type, "hidden_size": shape.hidden, "intermediate_size": shape.intermediate,
        "num_hidden_layers": shape.layers, "num_attention_heads": shape.heads, "num_key_value_heads": shape.kv_heads,
        "head_dim": shape.head_dim, "vocab_size": shape.vocabulary, "tie_word_embeddings": shape.tied,
    }  # fmt: skip
    return Base(SCRATCH, "a new model", shape, recipe.max_position_embeddings, SCRATCH, config=config)
