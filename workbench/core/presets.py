"""Presets: named starting recipes for a method and a tuning, as TOML files.

Owns finding and reading them. Must not know hardware or data: what is derived from those is laid over a preset later.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from workbench.core.errors import UsageError
from workbench.core.fields import closest
from workbench.core.paths import config_home, presets_dir
from workbench.core.recipe import checked


@dataclass(frozen=True)
class Preset:
    """A starting recipe with blanks."""

    name: str
    method: str
    tuning: str
    for_whom: str
    why: str
    values: dict[str, Any]
    sources: dict[str, str]
    """Field → where its value comes from."""


def _read(path: Path) -> Preset:
    """Return the preset in a file; raises UsageError with what is wrong with it.

    A form asks for the same few at every key, so each is parsed once for as long as its file is the same.
    """
    try:
        figures = path.stat()
    except OSError as error:
        raise UsageError(f"The preset {path} cannot be used: {error}; correct or remove it.") from None
    return _parsed(path, figures.st_mtime_ns, figures.st_size)


@lru_cache(256)
def _parsed(path: Path, modified: int, size: int) -> Preset:
    """Return the preset in a file as it was then."""
    try:
        body = tomllib.loads(path.read_text(encoding="utf-8"))
        head = body["preset"]
        values = checked(body.get("values", {}))
        sources = {str(key): str(value) for key, value in body.get("sources", {}).items()}
        return Preset(path.stem, head["method"], head["tuning"], head["for_whom"], head["why"], values, sources)
    except KeyError as error:
        raise UsageError(f"The preset {path} cannot be used: it has no {error}; correct or remove it.") from None
    except (OSError, ValueError, AttributeError, TypeError, RecursionError) as error:
        raise UsageError(f"The preset {path} cannot be used: {error}; correct or remove it.") from None


def files() -> dict[str, Path]:
    """Return preset name → file; a person's own preset hides a shipped one of the same name."""
    folders = (presets_dir(), config_home() / "presets")
    return {path.stem: path for folder in folders if folder.is_dir() for path in sorted(folder.glob("*.toml"))}


def find(name: str) -> Preset:
    """Return the preset of that name; raises UsageError naming the nearest one."""
    known = files()
    if name not in known:
        raise UsageError(f"There is no preset {name!r}; {closest(name, known)}.")
    return _read(known[name])


def default_for(method: str, tuning: str, root: str = "") -> Preset:
    """Return the preset of a method and a tuning; `root`, the first base of the lineage, may have one of its own."""
    own = f"{root}-{method}-{tuning}"
    return find(own if own in files() else f"{method}-{tuning}")
