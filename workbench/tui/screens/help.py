"""Help: what can be done here and now, from the action table, and the keys of what is in focus.

Owns the order and the look of the sheet. Must not know any screen: it is told which one it explains.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, TextArea

from workbench.core import recipe
from workbench.tui import actions
from workbench.tui.actions import EVERYWHERE, Action
from workbench.tui.desk import Desk
from workbench.tui.glyphs import glyph
from workbench.tui.ink import foreign, ink, place, prose
from workbench.tui.widgets.listing import Listing
from workbench.tui.widgets.sheet import Sheet

_KEY, _LABEL = 12, 26
_TYPING = (("enter", "take or send what is written"), ("←  →", "move in the text"), ("ctrl+u", "delete to the start"))
_MOVING = {
    "move(-1)": "up", "move(1)": "down", "move(-10)": "ten rows up", "move(10)": "ten rows down",
    "end(-1)": "to the first row", "end(1)": "to the last row",
}  # fmt: skip
"""What keys of a widget do whose own description is only a word."""


class HelpSheet(Sheet):
    """What can be done on a screen, in the words of the action table."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("question_mark,f1", "leave", "close", show=False)]

    def __init__(self, screen: Desk) -> None:
        super().__init__("What can be done here", self._lines, screen.NAME.capitalize())
        self._screen = screen
        self._focused = screen.focused

    def _lines(self, width: int) -> list[Content]:
        """Return the groups: what is in focus, this page, how to move, everywhere."""
        gap = [Content("")] if self.app.size.height < 32 else [Content(""), Content("")]
        own = [action for action in actions.of_screen(self._screen.NAME) if EVERYWHERE not in action.screens]
        rest = [action for action in actions.of_screen(self._screen.NAME) if EVERYWHERE in action.screens]
        lines = self._field(width)
        lines += [*(gap if lines else []), ink(("this page", "section")), Content("")]
        for action in own:
            lines += self._action(width, action)
        if moving := self._moving():
            lines += [*gap, ink(("moving", "section")), Content("")]
            lines += [place(width, (0, ink((key, "key"))), (_KEY, ink(said))) for key, said in moving]
        lines += [*gap, ink(("everywhere", "section")), Content("")]
        for action in rest:
            lines += self._action(width, action)
        mouse = "Everything with a key can be clicked, too; the wheel scrolls."
        return [*lines, Content(""), *prose(width, (mouse, "label"))]

    def _field(self, width: int) -> list[Content]:
        """Return what the recipe field in focus is for, nothing where none is."""
        name = self._focused.key if isinstance(self._focused, Listing) else ""
        if name not in recipe.FIELDS:
            return []
        described = recipe.FIELDS[name][1]
        lines = [ink((described.label, "section")), Content(""), *prose(width, f"{described.help} {described.why}")]
        why = self._screen.why_so(name)
        return [*lines, *([Content(""), *prose(width, (foreign(why), "label"))] if why else [])]

    def _action(self, width: int, action: Action) -> list[Content]:
        """Return an action: its keys, its label, its sentence, and why it cannot be done now."""
        why = self._screen.why_not(action.id)
        keys = [actions.shown(key.strip()) for key in self._screen.key_of(action).split(",")]
        said = prose(width - _LABEL, (action.help, "label" if why else "value"))
        if why:
            said += prose(width - _LABEL, (f"{glyph('none')} ", "warn"), (f"Not now: {why}", "label"))
        key, label = ("label", "label") if why else ("key", "value")
        head = place(width, (0, ink(("  ".join(keys[:2]), key))), (_KEY, ink((action.label, label))), (_LABEL, said[0]))
        return [head, *(place(width, (_LABEL, line)) for line in said[1:])]

    def _moving(self) -> Sequence[tuple[str, str]]:
        """Return the keys of the widget in focus, and what each does."""
        if isinstance(self._focused, Input | TextArea):
            return _TYPING
        if self._focused is None:
            return ()
        found: dict[str, str] = {}
        for kind in type(self._focused).__mro__:
            if not issubclass(kind, Widget) or kind is Widget:
                break
            for binding in kind.__dict__.get("BINDINGS", ()):
                if isinstance(binding, Binding) and binding.description:
                    found.setdefault(actions.shown(binding.key), _MOVING.get(binding.action, binding.description))
        return tuple(found.items())
