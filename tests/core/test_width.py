"""Columns of a terminal: wide characters take two, and no wrapped line takes more than there are."""

from __future__ import annotations

import textwrap

from hypothesis import given
from hypothesis import strategies as st

from workbench.core.text import clean, width_of, wrapped


def test_widths() -> None:
    assert [width_of(text) for text in ("", "abc", "猫", "e\u0301", "한글 a")] == [0, 3, 2, 1, 6]


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126) | st.just(" "), max_size=120), st.integers(1, 30))
def test_plain_text_is_wrapped_as_the_standard_library_does(text: str, columns: int) -> None:
    expected = textwrap.wrap(" ".join(text.split()), columns, break_on_hyphens=False, break_long_words=False)
    if all(len(word) <= columns for word in text.split()):
        assert wrapped(text, columns) == expected


@given(st.text(max_size=120), st.integers(2, 30))
def test_no_line_is_too_wide_and_nothing_is_lost(text: str, columns: int) -> None:
    lines = wrapped(clean(text), columns)
    assert all(width_of(line) <= columns for line in lines)
    assert "".join("".join(lines).split()) == "".join(clean(text).split())
