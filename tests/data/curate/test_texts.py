"""How texts are compared: what is folded, what is a number, and what is a sentence."""

from __future__ import annotations

from workbench.data.curate.texts import figures, folded, identity, normalised, sentences, text_of


def test_compatibility_forms_are_folded_unless_they_read_as_something_else() -> None:
    alike = {
        "ｏｎｅ １２": "one 12",
        "ﬁn": "fin",
        "𝟏𝟐": "12",
        "ﾊﾟﾘ": "パリ",
        "e\u0301": "é",
        "ﷲ": "الله",
        "a\u00a0b": "a b",
    }
    assert {text: normalised(text) for text in alike} == alike
    for text in ("10²", "x₁₂", "½", "①", "㎡", "1⁄2", "aⁿ", "10²³ ﬁ"):
        assert folded(text).replace("fi", "ﬁ") == text
    turns = [{"role": "user", "content": text} for text in ("What is 10²?", "What is 102?", "What is １０２?")]
    keys = [identity(row, text_of(row)) for row in ({"prompt": [turn]} for turn in turns)]
    assert keys[0] != keys[1] == keys[2]


def test_figures_and_sentences() -> None:
    assert figures("12 + 30 = 42, x2 and w123 of 3rd") == ["12", "+", "30", "=", "42", "3"]
    assert figures("a well-known and/or 2-fold - or (a+b)*c: -5, 10²") == ["2", "+", "*", "-", "5", "10²"]
    assert sentences("Is it? Yes... no\n---\n今日は。天気") == ["Is it?", " Yes...", " no\n", "今日は。", "天気"]
