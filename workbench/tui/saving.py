"""Writing a recipe to a file that the person names; refused where a file is already.

Owns the question and the write. Must not know which screen asks.
"""

from __future__ import annotations

import os

from workbench.core import recipe
from workbench.core.errors import UsageError
from workbench.core.paths import expanded
from workbench.core.text import one_line
from workbench.runs import atomic
from workbench.tui.desk import Desk
from workbench.tui.widgets.prompt import Prompt


def write_new(text: str, name: str) -> None:
    """Write a file that is not there yet; raises UsageError when it is, or cannot be written."""
    path = expanded(name.strip())
    if not name.strip() or os.path.lexists(path):
        raise UsageError(f"There is a file {one_line(str(path))} already; give another name.")
    try:
        atomic.write_text(path, text)
    except OSError as error:
        raise UsageError(f"It cannot be written to {one_line(str(path))}: {error.strerror}.") from None


def save_recipe(desk: Desk, resolved: recipe.Resolved) -> None:
    """Ask for a name and write the recipe there."""
    text = recipe.to_toml(resolved)
    title = resolved.recipe.title or f"{resolved.recipe.method}-{resolved.recipe.tuning}"

    def say(name: str | None) -> None:
        if name is not None:
            desk.say(f"The recipe is in {name.strip()}; `workbench train {name.strip()}` runs it.")

    note = "A TOML file with every value and where it comes from; `workbench train FILE` runs it."
    desk.app.push_screen(Prompt("Save the recipe", note, f"{title}.toml", lambda name: write_new(text, name)), say)
