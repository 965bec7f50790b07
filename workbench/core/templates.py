"""Chat templates for training, with marks round what the assistant says, as files of `presets/templates`.

Owns finding and reading them. Must not know Jinja, tokenizers or which base has which.
"""

from __future__ import annotations

from pathlib import Path

from workbench.core.errors import UsageError
from workbench.core.fields import closest
from workbench.core.paths import config_home, presets_dir


def files() -> dict[str, Path]:
    """Return name → file; a person's own file hides a shipped one of the same name."""
    folders = (presets_dir() / "templates", config_home() / "templates")
    return {path.stem: path for folder in folders if folder.is_dir() for path in sorted(folder.glob("*.jinja"))}


def text(name: str) -> str:
    """Return the template of that name; raises UsageError naming the nearest one, or when it cannot be read."""
    known = files()
    if name not in known:
        raise UsageError(f"There is no chat template {name!r}; {closest(name, known)}.")
    try:
        return known[name].read_text(encoding="utf-8").removesuffix("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The chat template {known[name]} cannot be read: {error}; correct or remove it.") from None
