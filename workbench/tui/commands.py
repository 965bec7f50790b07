"""What the palette finds by its name: the actions of a page, every value of every setting, and the explanations.

Owns their names and sentences. Must not know how an action is done.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from textual.app import SystemCommand
from textual.markup import escape

from workbench.core.text import clean
from workbench.tui import actions, settings
from workbench.tui.desk import Desk

if TYPE_CHECKING:
    from workbench.tui.app import Workbench


def of(app: Workbench, desk: Desk) -> Iterator[SystemCommand]:
    """Yield everything that can be done on a page, with why an action cannot be done now."""
    for action in actions.of_screen(desk.NAME):
        noun = action.id.split(".")[0]
        why = desk.why_not(action.id)
        text = f"{action.help} Not now: {why}" if why else action.help
        yield SystemCommand(
            f"{noun}: {action.label}",
            escape(clean(text)),  # the palette reads its help as markup
            partial(app.call_later, desk.run_action, f"act('{action.id}')"),
        )
    for name, values in settings.CHOICES.items():
        for value in values:
            yield SystemCommand(f"settings: {name} {value}", settings.HELP[name], partial(app.choose, name, value))
    from workbench.tui.screens.learn import open_sheet, titles

    for topic, name, title in titles():
        yield SystemCommand(f"learn: {name}", title, partial(app.call_later, open_sheet, desk, topic))
