"""Where things live: XDG folders of the person, and the presets and assets that ship with the package.

Owns the mapping from purposes to folders. Must not create, read or write any of them.
"""

from __future__ import annotations

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def _xdg(variable: str, fallback: str) -> Path:
    """Return the folder of one XDG variable; relative values are ignored, as the XDG specification asks."""
    value = os.environ.get(variable, "")
    base = Path(value) if os.path.isabs(value) else Path.home() / fallback
    return base / "workbench"


def expanded(text: str) -> Path:
    """Return a path as a person writes it, with ~ resolved; a ~ of nobody's is part of a name."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)


def journal_of(out: Path) -> Path:
    """Return where the work on a file is kept, batch by batch, until the file is complete."""
    return out.with_name(f".{out.name}.journal")


def data_home() -> Path:
    """Return the folder that holds runs and everything else a person would not want to lose."""
    return _xdg("XDG_DATA_HOME", ".local/share")


def runs_home() -> Path:
    """Return the folder of all runs, one sub-folder each."""
    return data_home() / "runs"


def state_home() -> Path:
    """Return the folder of machine-local state: the GPU lease and its tickets."""
    return _xdg("XDG_STATE_HOME", ".local/state")


def config_home() -> Path:
    """Return the folder of the person's own presets and settings."""
    return _xdg("XDG_CONFIG_HOME", ".config")


def _shipped(name: str) -> Path:
    """Return a shipped folder: inside the package when installed from a wheel, else beside it in the checkout."""
    inside = _PACKAGE / "_shipped" / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


def presets_dir() -> Path:
    """Return the folder of the shipped presets."""
    return _shipped("presets")


def assets_dir() -> Path:
    """Return the folder of the bundled base model and datasets."""
    return _shipped("assets")


def nearest(path: Path) -> Path:
    """Return a path, or the nearest folder above it that is there."""
    place = path.absolute()
    while not os.path.exists(place) and place != place.parent:
        place = place.parent
    return place
