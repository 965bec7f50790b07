"""The last row: at most seven keys, and the one for help.

Owns the row, made from the action table. Must not know what the actions do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import events
from textual.content import Content

from workbench.tui.actions import BY_ID, Action, shown
from workbench.tui.ink import Piece, ink, place
from workbench.tui.widgets.drawn import Drawn

MOST = 7


class Footer(Drawn):
    """Keys with their verbs; a disabled one stays in its place, muted."""

    DEFAULT_CSS = "Footer { height: 1; padding: 0 2; text-wrap: nowrap; dock: bottom; }"

    def __init__(
        self, actions: Sequence[Action], why_not: Callable[[str], str], key_of: Callable[[Action], str]
    ) -> None:
        super().__init__()
        self._actions = [action for action in actions if action.footer]
        self._why_not = why_not
        self._key_of = key_of

    def show(self, actions: Sequence[Action]) -> None:
        """Show these actions from now on: what makes sense has changed."""
        self._actions = list(actions)
        self.redraw()

    def drawn(self) -> list[Content]:
        """Return the row; what does not fit is left out from the right."""
        width = self.size.width
        help_at = ink(("?", "key", "app.help"), (" help", "label", "app.help"))
        room = width - help_at.cell_length - 2
        line: list[Piece] = []
        used = 0
        for action in self._actions[:MOST]:
            key = shown(self._key_of(action))
            label = f" {action.label}"
            other = BY_ID[action.beside] if action.beside else None
            before = f"{shown(self._key_of(other))} " if other is not None else ""
            if used + len(before) + len(key) + len(label) > room:
                break
            off = bool(self._why_not(action.id))
            role = "faint" if off else "enter" if key == "enter" else "key"
            gap = "   "
            line += [(before, role, action.beside)] if other is not None else []
            line += [(key, role, action.id), (label, "faint" if off else "label", action.id), gap]
            used += len(before) + len(key) + len(label) + len(gap)
        return [place(width, (0, ink(*line[:-1])), (-1, help_at))]

    def on_click(self, event: events.Click) -> None:
        """Do what the person clicked on."""
        if action := event.style.meta.get("act"):
            self.call_later(self.screen.run_action, f"act('{action}')")
