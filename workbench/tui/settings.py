"""The person's preferences for the interface, and their keys: two small TOML files in the config folder.

Owns reading, checking and writing them. Must not know how a theme looks. A file that is wrong is named in a sentence
and passed over, so that a typing error never keeps anybody out.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from workbench.core.errors import WorkbenchError
from workbench.core.fields import closest
from workbench.core.paths import config_home
from workbench.runs import atomic
from workbench.tui import actions
from workbench.tui.themes import DEFAULT, THEMES

CHOICES: dict[str, tuple[str, ...]] = {
    "theme": tuple(theme.name for theme in THEMES),
    "signs": ("unicode", "ascii"),
    "motion": ("auto", "full", "none"),
    "notify": ("away", "always", "never"),
    "models": ("all", "fitting"),
    "charts": ("two", "four"),
}
"""Setting → what it can be."""
HELP = {
    "theme": "graphite is dark, paper light; the ansi themes take the terminal's colours.",
    "signs": "ascii for fonts and terminals that lack the signs.",
    "motion": "auto leaves motion out over ssh.",
    "models": "The models to choose from: all, or only those that fit.",
    "notify": "Ring when a run ends: while you are elsewhere, always, or never.",
    "charts": "On the page of a run: two with the machine, or four where there is room.",
}


@dataclass(frozen=True)
class Settings:
    """What the person prefers."""

    theme: str = DEFAULT
    signs: str = "unicode"
    motion: str = "auto"
    notify: str = "away"
    models: str = "all"
    charts: str = "two"

    @property
    def still(self) -> bool:
        """Whether nothing may move for show: by wish, over ssh, or without colours."""
        far = any(name in os.environ for name in ("SSH_CONNECTION", "SSH_TTY", "NO_COLOR"))
        return self.motion == "none" or (self.motion == "auto" and far)


def settings_path() -> Path:
    """Return the file of the settings."""
    return config_home() / "settings.toml"


def keys_path() -> Path:
    """Return the file of the keys: lines such as `"run.pause" = "P"`."""
    return config_home() / "keys.toml"


def _table(path: Path) -> tuple[dict[str, Any], str]:
    """Return what a file says, and what is wrong with it, "" for nothing."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")), ""
    except FileNotFoundError:
        return {}, ""
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        return {}, f"{path} cannot be read and is passed over: {reason}."


def load() -> tuple[Settings, list[str]]:
    """Return the settings, and a sentence for each thing that is wrong with their file."""
    said, trouble = _table(settings_path())
    troubles = [trouble] if trouble else []
    known = {field.name for field in fields(Settings)}
    good = {}
    for name, value in said.items():
        if name not in known:
            troubles.append(f"{settings_path()} names {name!r}, which is no setting; {closest(name, known)}.")
        elif value not in CHOICES[name]:
            troubles.append(f"{settings_path()} sets {name} to {value!r}; it can be {', '.join(CHOICES[name])}.")
        else:
            good[name] = value
    return replace(Settings(), **good), troubles


def save(settings: Settings) -> str:
    """Write the settings and return "", or why that failed."""
    lines = [f'{name} = "{value}"' for name, value in asdict(settings).items()]
    path = settings_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic.write_text(path, "\n".join(lines) + "\n")
    except (OSError, WorkbenchError) as error:
        return f"The setting holds for now only: {path} cannot be written ({getattr(error, 'strerror', error)})."
    return ""


def write_keys_example() -> tuple[str, str]:
    """Write a file of keys that changes none: every action with its keys, as comments.

    Returns (a sentence, its level for the person). A file that is there already is left alone.
    """
    path = keys_path()
    if path.exists():
        return f"{path} is there already; open it in an editor.", "warning"
    lines = [
        "# Keys of the workbench: remove the # before a line and change what stands behind =.",
        "# Commas part alternatives; keys are called as in: p, P, ctrl+p, enter, escape, space, f5, left, slash.",
    ]
    last = ""
    for action in actions.ACTIONS:
        noun = action.id.split(".")[0]
        lines += [""] if noun != last else []
        last = noun
        lines += [f"# {action.help}", f'# "{action.id}" = "{action.key}"']
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic.write_text(path, "\n".join(lines) + "\n")
    except (OSError, WorkbenchError) as error:
        return f"{path} cannot be written: {getattr(error, 'strerror', None) or error}.", "error"
    return f"{path} is written; what is changed there holds from the next start.", "information"


def keymap() -> tuple[Mapping[str, str], list[str]]:
    """Return action id → keys as the person wants them, and a sentence for each line that cannot be followed."""
    said, trouble = _table(keys_path())
    troubles = [trouble] if trouble else []
    good: dict[str, str] = {}
    for name, keys in said.items():
        if name not in actions.BY_ID:
            troubles.append(f"{keys_path()} names {name!r}, which is no action; {closest(name, actions.BY_ID)}.")
        elif not isinstance(keys, str) or not keys.strip():
            troubles.append(f'{keys_path()} gives {name!r} no keys; write for example {name!r} = "ctrl+x".')
        else:
            good[name] = keys
    for screen in {screen for action in actions.ACTIONS for screen in action.screens}:
        taken: dict[str, str] = {}
        wanted = [
            (action.id, key.strip())
            for action in actions.of_screen(screen)
            for key in good.get(action.id, action.key).split(",")
        ]
        troubles += [
            f"{keys_path()}: {id} and {taken[key]} both want {key!r} on {screen}."
            for id, key in wanted
            if taken.setdefault(key, id) != id and {id, taken[key]} & good.keys()
        ]
    return good, troubles
