"""Catalogues of gettext (.po): each message of a program and its translation, as a row with a column per language.

Owns the syntax of a catalogue. Must not know what a row is used for. A message in the plural is a row of its own. What
is not translated, or marked as fuzzy, is no row to learn from and is refused by name; comments, the context of a
message and entries that are out of use are passed over. Messages are in English unless the catalogue says otherwise:
that is the convention of gettext.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from workbench.data.readers.member import Member
from workbench.data.readers.records import MAX_RECORD_BYTES, TOO_LONG, BadRecord, Record
from workbench.data.readers.source import Source, read_text_with

NO_MESSAGES = "the catalogue holds no messages"
NOT_TRANSLATED = "the message is not translated"
FUZZY = "the translation is marked as fuzzy"
NO_SYNTAX = "the line is not in the syntax of gettext"
_MESSAGES = "en"
"""Language of the messages unless the catalogue says otherwise."""
_KEYWORD = re.compile(r"(msgctxt|msgid_plural|msgid|msgstr)\s*(?:\[\s*(\d{1,2})\s*\])?\s*(\".*)")
_TEXT = re.compile(r"\"((?:[^\"\\]|\\.)*)\"")
_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|(.))")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_HEADER = re.compile(r"^(Language|X-Source-Language):[ \t]*([\w-]{2,20})(?:[@.][\w-]*)?[ \t]*$", re.MULTILINE)


@dataclass
class _Entry:
    """A message in the making."""

    line: int = 0
    """Where it begins; 0 before that."""
    fuzzy: bool = False
    texts: dict[str, list[str]] = field(default_factory=dict)
    """Keyword, that of a translation with its number → pieces of text."""
    size: int = 0

    def text(self, keyword: str) -> str:
        """Return the text of a keyword, "" where it is missing."""
        return "".join(self.texts.get(keyword, ()))

    def translations(self) -> list[str]:
        """Return the translations: one, or one for each form of the plural in its order."""
        numbered = sorted((key for key in self.texts if key.startswith("msgstr[")), key=lambda key: int(key[7:-1]))
        return [self.text(key) for key in numbered or ["msgstr"]]


def _unescaped(text: str) -> str:
    """Return a piece of text without its escapes, which are those of C."""

    def plain(found: re.Match[str]) -> str:
        octal, digits, sign = found.groups()
        if sign is not None:
            return _ESCAPED.get(sign, sign)
        return chr(int(octal, 8) if octal else int(digits, 16))

    return _ESCAPE.sub(plain, text) if "\\" in text else text


class _Catalogue:
    """A catalogue that is being read."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.languages = (_MESSAGES, "")
        self.entry = _Entry()
        self._keyword = ""

    def take(self, number: int, line: str) -> Iterator[Record | BadRecord]:
        """Take in a line; yield what it ends or what is wrong with it."""
        if line.startswith("#"):
            if "msgstr" in self.entry.texts or any(key.startswith("msgstr[") for key in self.entry.texts):
                yield from self.end()
            self._keyword = ""
            if line.startswith("#,") and "fuzzy" in (flag.strip() for flag in line[2:].split(",")):
                self.entry.fuzzy = True
            return
        found = _KEYWORD.fullmatch(line)
        text = _TEXT.fullmatch(found[3] if found is not None else line)
        if text is None or (found is None and not self._keyword):
            yield BadRecord(self.name, number, NO_SYNTAX)
            return
        if found is not None:
            keyword = found[1] if found[2] is None else f"{found[1]}[{int(found[2])}]"
            if keyword in self.entry.texts or (keyword == "msgctxt" and self.entry.texts):
                yield from self.end()
            self._keyword = keyword
            self.entry.line = self.entry.line or number
        self.entry.size += len(text[1])
        if self.entry.size <= MAX_RECORD_BYTES:
            self.entry.texts.setdefault(self._keyword, []).append(_unescaped(text[1]))

    def end(self) -> Iterator[Record | BadRecord]:
        """Yield the rows of the message that was taken in, and begin the next one."""
        entry, self.entry, self._keyword = self.entry, _Entry(), ""
        message, plural = entry.text("msgid"), entry.text("msgid_plural")
        if not entry.line:
            return
        if entry.size > MAX_RECORD_BYTES:
            yield BadRecord(self.name, entry.line, TOO_LONG)
            return
        if not message:
            self._learn(entry.text("msgstr"))
            return
        translations = entry.translations()
        if entry.fuzzy:
            yield BadRecord(self.name, entry.line, FUZZY)
            return
        # A language without forms of the plural says both alike; one with several says many with the last of them.
        pairs = [(message, translations[0])] if not plural or len(translations) > 1 else []
        pairs += [(plural, translations[-1])] if plural else []
        for said, translated in pairs:
            if translated.strip():
                yield Record(self.name, entry.line, dict(zip(self._columns(), (said, translated), strict=True)))
            else:
                yield BadRecord(self.name, entry.line, NOT_TRANSLATED)

    def _columns(self) -> tuple[str, str]:
        """Return the columns of a message and of its translation: their languages, where these are two."""
        source, target = self.languages
        return (source, target) if target and source != target else ("source", "translation")

    def _learn(self, header: str) -> None:
        """Take the languages from the header of the catalogue."""
        told = dict(_HEADER.findall(header))
        self.languages = (told.get("X-Source-Language", _MESSAGES), told.get("Language", self.languages[1]))


_LOCALE = re.compile(
    r"(?:.*/)?([a-z]{2,3}(?:_[A-Z][A-Za-z]{1,3})?)/LC_MESSAGES/[^/]*|(?:.*[/._-])?([a-z]{2}(?:_[A-Z][A-Za-z]{1,3})?)\.po(?:\.\w+)?"
)
"""The language in the name of a catalogue: "de/LC_MESSAGES/app.po", "es.po", "app-pt_BR.po"."""


def _records(source: Source) -> Iterator[Record | BadRecord]:
    """Yield the rows of a catalogue."""
    bad: list[BadRecord] = []
    catalogue = _Catalogue(source.name)
    if (named := _LOCALE.fullmatch(source.name)) is not None:
        catalogue.languages = (_MESSAGES, named[1] or named[2])
    found = False
    for number, raw in source.text_lines(bad):
        line = raw.strip()
        made = catalogue.take(number, line) if line else catalogue.end()
        for record in (*bad, *made):
            found = True
            yield record
        bad.clear()
    for record in (*bad, *catalogue.end()):
        found = True
        yield record
    if not found:
        yield BadRecord(source.name, 1, NO_MESSAGES)


def read_gettext(member: Member) -> Iterator[Record | BadRecord]:
    """Yield the messages of a catalogue with their translations. Raises Unreadable."""
    return read_text_with(_records, member)
