"""Models of the hub that lie on this machine already, in the cache that every program of the hub shares.

Owns the folders of that cache. Must not know the network: what is not there is not fetched here.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from workbench.core.paths import expanded

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")


def folder() -> Path:
    """Return the folder of the cache, as the hub's own library finds it."""
    if named := os.environ.get("HF_HUB_CACHE"):
        return expanded(named)
    home = os.environ.get("HF_HOME") or os.path.join(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "huggingface")
    return expanded(home) / "hub"


def model_folder(hub_id: str) -> Path:
    """Return the folder of all revisions of a model in the cache, whether it is there or not."""
    return folder() / f"models--{hub_id.replace('/', '--')}"


def find(hub_id: str) -> Path | None:
    """Return the folder of a whole model in the cache, None when it is not there: that of `main`, else the newest."""
    if not HUB_ID.fullmatch(hub_id) or ".." in hub_id:
        return None
    kept = model_folder(hub_id)
    try:
        named = (kept / "refs" / "main").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        named = ""
    try:
        snapshots = sorted((kept / "snapshots").iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    except OSError:
        return None
    snapshots.sort(key=lambda path: path.name != named)
    return next((path for path in snapshots if _is_whole(path)), None)


def _is_whole(snapshot: Path) -> bool:
    """Return whether a snapshot has a configuration and weights, none of its files being a link into nothing."""
    try:
        files = list(snapshot.iterdir())
    except OSError:
        return False
    names = {path.name for path in files if path.exists()}
    weights = any(name.endswith(".safetensors") for name in names)
    return "config.json" in names and weights and len(names) == len(files)
