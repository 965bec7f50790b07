"""Texts beside what they were rewritten to: drafts and edited texts, mistakes and corrections.

Owns the words that tell a text before a change from the one after it, in many languages, and how alike two columns are.
Must not know how well a layout fits in the end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from workbench.data.formats import names
from workbench.data.formats.choosing import WORDS, Columns, roles
from workbench.data.formats.columns import Table, most

_PAIRS = (
    ("old", "new"), ("before", "after"), ("original", "edited"), ("original", "rewritten"), ("original", "corrected"),
    ("original", "revised"), ("incorrect", "correct"), ("incorrect", "corrected"), ("wrong", "right"),
    ("noisy", "clean"), ("complex", "simple"), ("informal", "formal"), ("toxic", "neutral"), ("buggy", "fixed"),
    ("draft", "final"),
)  # fmt: skip
"""Words by which the names of a text and of what it is rewritten to differ."""


def _split(words: str) -> frozenset[str]:
    """Return the words of a list written with spaces."""
    return frozenset(words.split())


_BEFORE = _split(
    "before draft original originaltext originalfassung entwurf rohfassung rohtext rohentwurf vorher fehlerhaft falsch "
    "alt brouillon avant original originale fautif fautive ancien borrador antes erroneo bozza prima originario "
    "sbagliato rascunho errado kladde concept voor origineel utkast fore szkic przed oryginal черновик до исходный "
    "оригинал taslak once orijinal yanlis navrh puvodni vazlat eredeti 原文 草稿 修改前 下書き 修正前 초안 원문"
)
"""Words of names of texts as they were."""
_AFTER = _split(
    "after edited revised corrected rewritten proofread polished lektorat lektoriert korrektur korrigiert korrigierte "
    "uberarbeitet uberarbeitete uberarbeitung endfassung reinschrift nachher verbessert verbesserte verbesserung "
    "corrige corrigee correction revise revisee apres relu reecrit reformule corregido corregida correccion revisado "
    "revisada despues corretto corretta correzione rivisto rivista dopo revisao revisto corrigido corrigida depois "
    "gecorrigeerd herschreven na verbeterd rattad redigerad efter rettet poprawiony poprawione poprawiona korekta "
    "po исправлено исправленный исправление после правка duzeltilmis duzeltme sonra opraveno oprava javitott "
    "修改后 润色 修正 修正後 校正 교정 수정"
)
"""Words of names of texts as they became."""
_ALIKE = 0.5
"""Share of the words of the shorter of two texts that the other one has, too, where one was made of the other."""
_FEWEST_WORDS = 3
_COMPARED_ROWS = 500
_WORDS = re.compile(r"[^\W\d_]+")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


def _words(text: str) -> set[str]:
    """Return the words of a text; where words are not spaced, its characters."""
    return {word for run in _WORDS.findall(text.lower()) for word in (run if _UNSPACED.search(run) else (run,))}


def _alike(first: Any, second: Any) -> bool:
    """Return whether two values are texts of which one may have been made of the other."""
    if not (isinstance(first, str) and isinstance(second, str)):
        return False
    ones, others = _words(first), _words(second)
    fewer = min(len(ones), len(others))
    return (
        fewer >= _FEWEST_WORDS
        and len(ones & others) >= _ALIKE * fewer
        and fewer >= _ALIKE * max(len(ones), len(others))
    )


def are_near(table: Table, first: str, second: str) -> bool:
    """Return whether the texts of two columns are near copies of each other in most rows."""
    both = [row for row in table.rows[:_COMPARED_ROWS] if row.get(first) and row.get(second)]
    return most(_alike(row[first], row[second]) for row in both)


def ordered(table: Table, first: str, second: str) -> tuple[str, str]:
    """Return two columns in the order in which most rows have them."""
    keys = [list(row) for row in table.rows[:_COMPARED_ROWS] if first in row and second in row]
    return (first, second) if most(key.index(first) < key.index(second) for key in keys) else (second, first)


def _by_words(table: Table, texts: list[str]) -> tuple[str, str] | None:
    """Return (text before, text after) where names say so."""
    spelled = {names.words(name): name for name in texts}
    for first, second in _PAIRS:
        for parts, before in spelled.items():
            other = tuple(second if part == first else part for part in parts)
            if first in parts and other in spelled:
                return before, spelled[other]
    edited = [name for name in texts if not _AFTER.isdisjoint(names.words(name))]
    drafts = [name for name in texts if name not in edited and not _BEFORE.isdisjoint(names.words(name))]
    # Where only one of the two says what it is, the other is known by its texts.
    if len(edited) == 1 and not drafts:
        drafts = [name for name in texts if name not in edited and are_near(table, name, edited[0])]
    if len(drafts) == 1 and not edited:
        edited = [name for name in texts if name not in drafts and are_near(table, drafts[0], name)]
    return (drafts[0], edited[0]) if len(drafts) == len(edited) == 1 else None


def rewritten(table: Table) -> Iterator[Columns]:
    """Propose a text and what it is rewritten to, after what is said about the change."""
    texts = [name for name in table.of_kind("text") if "." not in name and not table.columns[name].is_coded]
    found = _by_words(table, texts)
    if found is None:
        return
    before, after = found
    asked = table.best("instruction", WORDS, found) or table.best("prompt", WORDS, found)
    asked = None if asked is not None and names.weak(asked, "prompt") else asked
    yield roles(prompt=asked or before, context=before if asked else None, completion=after)
