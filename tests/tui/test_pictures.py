"""Every screen looks as its pictures in the repository say, at both sizes, and so do the drawings in the README."""

from __future__ import annotations

import re

import pytest

from tests.support import ROOT
from tests.tui.pictures import kept, scenes

MOST_PICTURES = 40
MOST_BYTES = 120_000


@pytest.mark.parametrize("way", scenes.WAYS)
def test_the_screens_are_as_they_were_accepted(way: str) -> None:
    if difference := kept.difference(scenes.pictures(way), way):
        pytest.fail(difference, pytrace=False)


def test_a_change_of_a_word_or_of_a_colour_alone_is_told_line_by_line() -> None:
    was = kept.kept("fit-80x24.txt")
    word, colour = was.replace("Fit", "Fut", 1), was.replace("muted on background", "faint on background", 1)
    assert word != was != colour
    assert "+" in kept.difference({"fit-80x24.txt": word}, "road")
    told = kept.difference({"fit-80x24.txt": colour}, "road")
    assert "faint on background" in told
    assert told.endswith("python -m tests.tui.pictures road")
    assert kept.difference({"fit-80x24.txt": was}, "road") == ""


def test_there_are_few_pictures() -> None:
    assert len([name for name in kept.all_kept() if name.endswith(".txt")]) <= MOST_PICTURES


def test_the_drawings_are_small_and_ask_nobody_for_anything() -> None:
    names = {name for name in kept.all_kept() if name.endswith(".svg")}
    assert names == {f"{name}.svg" for name in scenes.DRAWN}
    for name in names:
        text = kept.kept(name)
        assert len(text.encode()) < MOST_BYTES, name
        assert set(re.findall(r"https?://[^\"\s]+", text)) == {"http://www.w3.org/2000/svg"}, name
        assert not re.search(r"@import|@font-face|<script|<image|/tmp/|url\((?!#)", text), name


def test_the_readme_shows_drawings_that_are_there() -> None:
    shown = re.findall(r"\]\(assets/pictures/([a-z]+\.svg)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert shown
    assert set(shown) <= kept.all_kept()
