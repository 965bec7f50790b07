"""Asking for a value of the recipe: from a list where it is a choice, else on a line that is checked as it is taken.

Owns the question. Must not know what the value changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from workbench.core import recipe
from workbench.core.errors import UsageError
from workbench.guide.fitting import TUNING_SAID, in_words
from workbench.guide.road import METHOD_NAMES
from workbench.tui.desk import Desk
from workbench.tui.widgets.choose import Choose
from workbench.tui.widgets.prompt import Prompt

_SAID: Mapping[str, Mapping[str, str]] = {"tuning": TUNING_SAID, "method": METHOD_NAMES}
"""Field → what its choices are called for people, where that is not what the recipe calls them."""


def ask_value(desk: Desk, name: str, present: Any, take: Callable[[str], None]) -> None:
    """Ask for a value of a field, beginning with the present one; `take` is called with one that is possible."""
    kind, described = recipe.FIELDS[name]
    title = recipe.titled(name)
    note = f"{described.help} {described.why}"

    def taken(value: str | None) -> None:
        if value is not None:
            take(value)

    choices = ("yes", "no") if kind == "bool" else recipe.METHODS if name == "method" else described.choices
    if choices:
        now = ("no", "yes")[present] if kind == "bool" else str(present)
        said = _SAID.get(name, {})
        offered = [(one, said.get(one, one), "as it is now" if one == now else "") for one in choices]
        desk.app.push_screen(Choose(title, offered, now, note), taken)
        return
    text = ",".join(present) if isinstance(present, tuple) else f"{present:g}" if kind == "float" else str(present)
    desk.app.push_screen(Prompt(title, note, text, lambda value: _checked(name, value)), taken)


def _checked(name: str, value: str) -> None:
    """Raise UsageError for a value that is impossible, in the names of the pages."""
    try:
        recipe.checked({name: value})
    except UsageError as error:
        raise UsageError(in_words(str(error))) from None
