"""The hub, as the guide asks it: what it has by some words, bringing a model here, and whether one is here already.

Owns the requests and what a model of the hub is to the workbench. The network is asked in another process; what came
is read in a probe.
"""

from __future__ import annotations

import os.path
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from workbench.core import catalogue
from workbench.core.paths import expanded
from workbench.runs import atomic, errand, hub_cache, probe

MODULE = "workbench.engine.hub"


def standing(found: dict[str, Any]) -> tuple[str, str]:
    """Return what a model of the hub is to the workbench, as (word for programs, words for people)."""
    if found["refused"]:
        return "refused", f"refused: {found['refused']}"
    architecture = found["architecture"]
    family = next((item.name for item in catalogue.families(architecture) if item.architecture == architecture), "")
    if catalogue.known(found["id"]) is not None:
        return "catalogue", f"in the catalogue ({family})" if family else "in the catalogue"
    return ("family", f"like {family}") if family else ("unknown", "unknown architecture")


def search(words: Sequence[str], most: int, stop: threading.Event | None = None) -> list[dict[str, Any]]:
    """Return the facts of the models that have all words in their names, those first that are downloaded most.

    Setting `stop` ends it. Raises WorkbenchError with what to do when the hub cannot be asked.
    """
    request = {"words": list(words), "most": most}
    found: list[dict[str, Any]] = errand.run(MODULE, request, who="The search", online=True, stop=stop)["models"]
    return found


def fetch(
    hub_id: str,
    revision: str = "",
    tell: Callable[[dict[str, Any]], None] | None = None,
    stop: threading.Event | None = None,
) -> dict[str, Any]:
    """Bring a model here and return the report, with its "architecture"; `tell` gets lines on how far it is.

    Setting `stop` ends it; what has come is kept, and the next download goes on there. Raises WorkbenchError with what
    to do.
    """
    request = {"id": hub_id, "revision": revision}
    report = errand.run(MODULE, request, tell, who="The download", online=True, stop=stop)
    facts = probe.run_probe("workbench.runs.bases:inspect", {"path": report["folder"]}, seconds=60)
    return {**report, "architecture": facts["architecture"]}


def is_lacking(reference: str) -> bool:
    """Return whether a reference names a model of the hub that is not on this machine."""
    if not hub_cache.HUB_ID.fullmatch(reference) or os.path.isdir(expanded(reference)):
        return False
    return hub_cache.find(reference) is None


def place_and_room() -> tuple[str, int]:
    """Return the folder that models are downloaded to, and the bytes that are free there."""
    folder = hub_cache.folder()
    return shown(folder), atomic.free_bytes(folder)


def shown(folder: Path) -> str:
    """Return a folder as people write it: the home as "~"."""
    try:
        return str("~" / folder.relative_to(Path.home()))
    except (ValueError, RuntimeError):
        return str(folder)
