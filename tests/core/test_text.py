"""Nothing of unknown origin reaches the terminal with the power to drive it or to reorder a line."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.core.text import clean, json_safe, one_line, wrapped
from workbench.core.units import count

BIDIRECTIONAL = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@given(st.text())
def test_what_is_cleaned_drives_nothing(text: str) -> None:
    shown = clean(text)
    assert {unicodedata.category(character) for character in shown} & {"Cc", "Cs", "Zl", "Zp"} <= {"Cc"}
    assert {character for character in shown if unicodedata.category(character) == "Cc"} <= {"\t", "\n"}
    assert not {unicodedata.bidirectional(character) for character in shown} & BIDIRECTIONAL
    assert clean(shown) == shown
    shown.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        ("\x1b]0;title\x07", "␛]0;title␇"),
        ("\x9b2J", "\ufffd2J"),
        ("a\rb", "a␍b"),
        ("a\r\nb", "a\nb"),
        ("a\0b\x7f", "a␀b␡"),
        ("a\u202eb\u2066c", "a\ufffdb\ufffdc"),
        ("a\ud800b", "a\ufffdb"),
        ("naïve 日本 🙂\t\n", "naïve 日本 🙂\t\n"),
    ],
)
def test_unsafe_characters_become_visible_and_all_others_stay(text: str, shown: str) -> None:
    assert clean(text) == shown


@given(st.text(), st.integers(0, 20))
def test_one_line_is_one_line_and_no_longer_than_asked(text: str, width: int) -> None:
    line = one_line(text, width)
    assert len(line.splitlines()) <= 1
    assert line == line.strip()
    if width:
        assert len(line) <= width


def test_a_cut_is_marked() -> None:
    assert one_line("several words here", 10) == "several w…"
    assert one_line("several", 10) == one_line(" several\n") == "several"


def test_large_numbers_stand_in_groups_that_no_line_parts() -> None:
    assert [count(number) for number in (999, 1000, 1234567.6)] == ["999", "1\xa0000", "1\xa0234\xa0568"]
    assert one_line(f" of  {count(12345)}\nrows") == "of 12\xa0345 rows"
    assert wrapped(f"of {count(12345)} rows", 8) == ["of", "12\xa0345", "rows"]


def test_json_is_the_same_value_without_a_character_that_drives_a_terminal() -> None:
    value = {"a": "\x9b2J\u202eé\x7f\u2028", "b\x85": ["x\n", "\ud800"]}
    line = json_safe(json.dumps(value, ensure_ascii=False))
    assert json.loads(line) == value
    assert line.isprintable()
    assert "é" in line


def test_a_path_that_is_copied_stays_whole() -> None:
    path = "/a/" + "b" * 60
    assert wrapped(f"in {path} there", 20, whole=True) == ["in", path, "there"]
    assert all(len(line) <= 20 for line in wrapped(f"in {path} there", 20))
