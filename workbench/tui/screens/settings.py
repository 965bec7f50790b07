"""The settings: how the interface looks and moves, when it rings, where files lie, and which key does what.

Owns the page. Must not know the files: `workbench.tui.settings` reads and writes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.content import Content

from workbench.core import paths
from workbench.tui import actions, settings
from workbench.tui.actions import EVERYWHERE, Action
from workbench.tui.desk import Desk
from workbench.tui.glyphs import glyph
from workbench.tui.ink import cut, foreign, ink, place, prose
from workbench.tui.widgets.listing import BLANK, Listing, Row, still
from workbench.tui.widgets.page import Page

if TYPE_CHECKING:
    from workbench.tui.app import Workbench

_VALUE, _NOTE = 16, 36
_KEYS, _SAYS = 18, 32


class SettingsScreen(Desk):
    """Change a setting; it holds at once and for good."""

    NAME: ClassVar[str] = "settings"

    @property
    def workbench(self) -> Workbench:
        """The application, which wears the settings."""
        return self.app  # type: ignore[return-value]

    def body(self) -> ComposeResult:
        """Yield the title and everything else as one list."""
        yield Page(self._top, id="settings-top")
        yield Listing(id="settings-list")
        yield Page(self._bottom, id="settings-bottom")

    def opened(self) -> None:
        """Put the first setting in focus."""
        self.rebuild()
        self.query_one(Listing).focus()

    # What is shown

    def _top(self, width: int) -> list[Content]:
        """Return the title."""
        where = ink((cut(foreign(str(settings.settings_path())), max(10, width - 16)), "label"))
        return [place(width, (0, ink("  ", ("Settings", "title"))), (-1, where)), Content("")]

    def _bottom(self, width: int) -> list[Content]:
        """Return on a narrow page what the row in focus has no room for."""
        key = self.query_one(Listing).key
        if not self.narrow:
            return []
        text = settings.HELP.get(key, "")
        if key.startswith("key."):
            text = actions.BY_ID[key.removeprefix("key.")].help
        said = prose(width - 2, (text, "label"))[:2]
        return [Content(""), *(ink("  ", line) for line in said), *[Content("")] * (2 - len(said))]

    def _rows(self) -> list[Row]:
        """Return the settings, the folders, and the keys."""
        gap = [BLANK] if self.short else [BLANK, BLANK]
        rows = [self._setting(name) for name in settings.CHOICES]
        rows += [*gap, *still(ink(("where files lie", "section")))]
        rows += [BLANK] if not self.short else []
        rows += [self._path(*entry) for entry in self._paths()]
        rows += [*gap, *still(ink(("keys", "section"))), *([] if self.short else [BLANK]), *self._keys_say()]
        for screen, members in self._groups():
            rows += [BLANK, *still(ink((screen, "label")))]
            rows += [self._key(action) for action in members]
        return rows

    def _setting(self, name: str) -> Row:
        """Return the row of a setting."""

        def draw(width: int, focused: bool) -> Content:
            left, right = (f"{glyph('left')} ", f" {glyph('right')}") if focused else ("  ", "")
            value = str(getattr(self.workbench.settings, name))
            strong = "title" if focused else "value"
            return place(
                width,
                (0, ink((name, "title" if focused else "label"))),
                (
                    _VALUE - 2,
                    ink(
                        (left, "accent", "settings.less"),
                        (value, strong),
                        (right, "accent", "settings.more"),
                    ),
                ),
                (_NOTE, ink((cut(settings.HELP[name], width - _NOTE), "value" if focused else "label"))),
            )

        return Row(name, draw)

    @staticmethod
    def _paths() -> list[tuple[str, str, str]]:
        """Return (key, what, where) of the folders."""
        return [
            ("runs", "runs", str(paths.runs_home())),
            ("presets", "own presets", str(paths.config_home() / "presets")),
            ("state", "state", str(paths.state_home())),
            ("keymap", "keys", str(settings.keys_path())),
        ]

    def _path(self, key: str, what: str, where: str) -> Row:
        """Return the row of a folder."""

        def draw(width: int, focused: bool) -> Content:
            text = ink((cut(foreign(where), width - _VALUE), "title" if focused else "value"))
            return place(width, (0, ink((what, "title" if focused else "label"))), (_VALUE, text))

        return Row(f"path.{key}", draw)

    def _keys_say(self) -> list[Row]:
        """Return how keys are changed, and what is wrong with those that were."""
        width = self.app.size.width - 8
        example = prose(width, 'A line such as "run.pause" = "P" in that file changes a key at the next start.')
        says = " writes it with every action in it, each as a comment."
        rows = still(*example, ink(("e", "key", "settings.keys"), (says, "label", "settings.keys")))
        for trouble in settings.keymap()[1]:
            rows += still(*prose(width, (f"{glyph('problem')} ", "warn"), foreign(trouble)))
        return rows

    @staticmethod
    def _groups() -> list[tuple[str, list[Action]]]:
        """Return the actions by the first screen that has them, those that are everywhere last."""
        found: dict[str, list[Action]] = {}
        for action in actions.ACTIONS:
            found.setdefault(action.screens[0], []).append(action)
        everywhere = found.pop(EVERYWHERE, [])
        return [*found.items(), ("everywhere", everywhere)]

    def _key(self, action: Action) -> Row:
        """Return the row of an action's keys."""

        def draw(width: int, focused: bool) -> Content:
            wanted = self.key_of(action)
            own = wanted != action.key
            keys = "  ".join(actions.shown(key.strip()) for key in wanted.split(","))
            says = f"{action.help} Usually {actions.shown(action.key)}." if own else action.help
            return place(
                width,
                (0, ink((action.id, "title" if focused else "label"))),
                (_KEYS, ink((cut(foreign(keys), _SAYS - _KEYS - 2), "accent" if own else "key"))),
                (_SAYS, ink((cut(foreign(says), width - _SAYS), "value" if focused else "label"))),
            )

        return Row(f"key.{action.id}", draw)

    def rebuild(self) -> None:
        """Draw everything anew."""
        self.query_one("#settings-top", Page).again()
        self.query_one(Listing).fill(self._rows())
        self.query_one("#settings-bottom", Page).again()
        self.foot()

    # What happens

    def why_not(self, action: str) -> str:
        """Return why an action cannot be done now."""
        if (
            action in ("settings.change", "settings.less", "settings.more")
            and self.query_one(Listing).key not in settings.CHOICES
        ):
            return "Only the settings at the top change here; files and keys are changed where they lie."
        if action == "settings.keys" and settings.keys_path().exists():
            return f"{settings.keys_path()} is there already; open it in an editor."
        return ""

    def on_listing_moved(self, message: Listing.Moved) -> None:
        """Draw anew what depends on the row in focus."""
        self.query_one("#settings-bottom", Page).again()
        self.foot()

    def on_listing_chosen(self, message: Listing.Chosen) -> None:
        """Change the setting that was clicked twice."""
        if self.query_one(Listing).key in settings.CHOICES:
            self._step(1)

    def act_settings_change(self) -> None:
        """Take the next value."""
        self._step(1)

    act_settings_more = act_settings_change

    def act_settings_less(self) -> None:
        """Take the value before."""
        self._step(-1)

    def _step(self, step: int) -> None:
        """Take another value, wear it, and keep it."""
        name = self.query_one(Listing).key
        there = settings.CHOICES[name]
        value = there[(there.index(getattr(self.workbench.settings, name)) + step) % len(there)]
        self.workbench.choose(name, value)

    def act_settings_keys(self) -> None:
        """Write a file with every key in it, each as a comment."""
        said = settings.write_keys_example()
        self.say(*said)
        self.rebuild()
