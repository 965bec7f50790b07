"""General text that is read between the articles, so that a base does not forget: which rows, and which kept aside.

Owns the two sides of the general text. Must not know tokens or models; where the text is, its caller says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.core.errors import UsageError
from workbench.core.paths import assets_dir
from workbench.core.recipe import SELF_REPLAY, Recipe
from workbench.data import mix, split
from workbench.data.rows import of_recipe

HELD_OUT = 0.05
"""Share of the general text that is never replayed, so that forgetting can be measured on it."""


def files(recipe: Recipe) -> tuple[str, ...]:
    """Return the files of general text: the recipe's, or the bundled one.

    Raises UsageError for text that the base writes itself, which only a run can have.
    """
    if recipe.replay_data == SELF_REPLAY:
        raise UsageError(
            "replay_data is self, text that the base writes while it is trained; name a file of general text instead."
        )
    return recipe.replay_data or (str(assets_dir() / "data" / "general.jsonl"),)


def mixed(recipe: Recipe, general: Sequence[str], characters: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return (rows that are read with so many characters of articles, general rows kept aside)."""
    rows, aside = split.held_out(list(of_recipe(recipe, general).train()), HELD_OUT, recipe.seed)
    return mix.replayed(characters, rows, recipe.replay_share, recipe.seed), aside
