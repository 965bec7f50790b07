"""Recipes in files that the person names: writing one, refused where a file is already, and reading one.

Owns the questions and the write. Must not know which screen asks.
"""

from __future__ import annotations

from pathlib import Path

from workbench.core import recipe
from workbench.core.errors import UsageError
from workbench.core.paths import expanded
from workbench.guide import watching
from workbench.guide.road import Road
from workbench.guide.writing import write_new
from workbench.tui.desk import Desk
from workbench.tui.widgets.prompt import Lookup, Prompt


def _named(name: str) -> Path:
    """Return the path that a name says; raises UsageError for an empty one."""
    if not name.strip():
        raise UsageError("The file needs a name.")
    return expanded(name.strip())


def save_recipe(desk: Desk, resolved: recipe.Resolved) -> None:
    """Ask for a name and write the recipe there."""
    text = recipe.to_toml(resolved)
    title = resolved.recipe.title or f"{resolved.recipe.method}-{resolved.recipe.tuning}"

    def say(name: str | None) -> None:
        if name is not None:
            desk.say(f"The recipe is in {name.strip()}; `workbench train {name.strip()}` runs it.")

    note = "A TOML file with every value and where it comes from; `workbench train FILE` runs it."
    desk.app.push_screen(
        Prompt("Save the recipe", note, f"{title}.toml", lambda name: write_new(_named(name), text, "recipe")), say
    )


def open_recipe(desk: Desk) -> None:
    """Ask for a file and read it; the desk is answered "recipe" with the road it describes."""

    def take(road: Road | None) -> None:
        if road is not None:
            desk.answered("recipe", road)

    note = "A TOML file as `workbench train` takes it; every value can still be changed."
    desk.app.push_screen(Lookup("Open a recipe", note, lambda path, tell: watching.road_from(path)), take)
