"""The keys as they are documented."""

from __future__ import annotations

from tests.tui import keys
from workbench.tui import actions


def test_the_readme_has_the_keys_of_the_action_table() -> None:
    assert keys.kept() == actions.documentation(), "python -m tests.tui.keys writes it anew"
