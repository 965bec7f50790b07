"""Looking for base models on the hub: words become a list of facts.

Owns what is asked and which facts are kept. They are a stranger's and of any type until they were looked at. Must not
know the catalogue or how a list is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.core.errors import WorkbenchError
from workbench.data.hub import sentence
from workbench.engine.hub import choice
from workbench.runs import hub_cache

FILTERS = ("text-generation", "safetensors")
"""What the hub itself leaves out: other tasks, and models without weights that are safe to open."""


def _described(model: Any) -> dict[str, Any]:
    """Return the facts of one model that the hub tells in a list."""
    config = model.config if isinstance(model.config, dict) else {}
    named = config.get("architectures")
    total = getattr(model.safetensors, "total", None)
    tags = [tag for tag in model.tags or [] if isinstance(tag, str)]
    return {
        "id": model.id,
        "parameters": total if isinstance(total, int) else None,
        "licence": next((tag.removeprefix("license:") for tag in tags if tag.startswith("license:")), ""),
        "gated": bool(model.gated),
        "downloads": model.downloads if isinstance(model.downloads, int) else None,
        "architecture": named[0] if isinstance(named, list) and named and isinstance(named[0], str) else "",
        "refused": choice.refusal(config),
    }


def search(words: Sequence[str], most: int) -> dict[str, Any]:
    """Return {"models": facts of at most so many}, those first that are downloaded most.

    Raises WorkbenchError with what to do when the hub cannot be asked.
    """
    from huggingface_hub import HfApi

    try:
        found = list(
            HfApi().list_models(
                search=" ".join(words),
                filter=FILTERS,
                sort="downloads",
                limit=most,
                expand=["config", "downloads", "gated", "safetensors", "tags"],
            )
        )
    except Exception as error:  # the client lets errors of three libraries through
        raise WorkbenchError(
            sentence(error, "list", "of models", "see what is here already: `workbench models --here`")
        ) from None
    return {"models": [_described(model) for model in found if hub_cache.HUB_ID.fullmatch(model.id)]}
