"""Catalogues of gettext: messages with their translations, and what is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data.archives_made import made
from workbench.data import readers, survey
from workbench.data.readers import BadRecord, Record, rows_of_gettext
from workbench.data.readers.rows_of_gettext import FUZZY, NO_MESSAGES, NO_SYNTAX, NOT_TRANSLATED

HEADER = 'msgid ""\nmsgstr ""\n"Language: pt_BR\\n"\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'


def read(path: Path) -> list[Record | BadRecord]:
    (member,) = readers.listing(path).members
    return list(readers.read(member))


def catalogue(tmp_path: Path, entries: str, name: str = "app.po") -> Path:
    return made(tmp_path, name, (HEADER + entries).encode())


def pairs(path: Path) -> list[tuple[str, str]]:
    found = read(path)
    assert all(isinstance(record, Record) and list(record.value) == ["en", "pt_BR"] for record in found), found
    return [tuple(record.value.values()) for record in found if isinstance(record, Record)]


@pytest.mark.parametrize(
    ("entry", "kept"),
    [
        ('#: ui.c:3\nmsgid "Open"\nmsgstr "Abrir"\n', [("Open", "Abrir")]),
        ('msgctxt "menu"\nmsgid "Open"\nmsgstr "Abrir"\n', [("Open", "Abrir")]),
        ('msgid ""\n"Two\\n"\n"lines"\nmsgstr ""\n"Duas\\n"\n"linhas"', [("Two\nlines", "Duas\nlinhas")]),
        ('msgid "a \\"b\\" \\\\ \\x41\\101"\nmsgstr "c\\t"\n', [('a "b" \\ AA', "c\t")]),
        ('msgid "A"\nmsgstr "B"\nmsgid "C"\nmsgstr "D"\n', [("A", "B"), ("C", "D")]),
        ('msgid "A"\nmsgstr "B"\n#~ msgid "Old"\n#~ msgstr "Velho"\n', [("A", "B")]),
        (
            'msgid "%d file"\nmsgid_plural "%d files"\nmsgstr[0] "%d ficheiro"\nmsgstr[1] "%d ficheiros"\n',
            [("%d file", "%d ficheiro"), ("%d files", "%d ficheiros")],
        ),
        ('msgid "%d file"\nmsgid_plural "%d files"\nmsgstr[0] "%d F"\n', [("%d files", "%d F")]),
    ],
)
def test_messages_and_their_translations(tmp_path: Path, entry: str, kept: list[tuple[str, str]]) -> None:
    assert pairs(catalogue(tmp_path, entry)) == kept
    assert pairs(catalogue(tmp_path, entry.replace("\n", "\r\n"), "b.po")) == kept


@pytest.mark.parametrize(
    ("entry", "line", "reason"),
    [
        ('msgid "Open"\nmsgstr ""\n', 6, NOT_TRANSLATED),
        ('#, c-format, fuzzy\nmsgid "Open"\nmsgstr "Fechar"\n', 7, FUZZY),
        ("Open = Abrir\n", 6, NO_SYNTAX),
        ('"a text of nothing"\n', 6, NO_SYNTAX),
    ],
)
def test_what_is_no_translation_is_refused_by_name(tmp_path: Path, entry: str, line: int, reason: str) -> None:
    found = read(catalogue(tmp_path, entry + '\nmsgid "A"\nmsgstr "B"\n'))
    assert [(record.line, record.reason) for record in found if isinstance(record, BadRecord)] == [(line, reason)]
    assert [record.value for record in found if isinstance(record, Record)] == [{"en": "A", "pt_BR": "B"}]


def test_a_message_that_is_too_long_costs_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows_of_gettext, "MAX_RECORD_BYTES", 400)
    entries = 'msgid ""\n' + '"many words "\n' * 99 + 'msgstr "x"\n\nmsgid "A"\nmsgstr "B"\n'
    first, second = read(catalogue(tmp_path, entries))
    assert isinstance(first, BadRecord)
    assert isinstance(second, Record)


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("es.po", "es"),
        ("app-pt_BR.po", "pt_BR"),
        ("de/LC_MESSAGES/app.po", "de"),
        ("messages.po", "translation"),
        ("en.po", "translation"),
    ],
)
def test_the_name_tells_the_language_where_the_header_does_not(tmp_path: Path, name: str, language: str) -> None:
    path = made(tmp_path, name, b'msgid "Open the door"\nmsgstr "x"\n')
    first = "en" if language != "translation" else "source"
    assert [record.value for record in read(path) if isinstance(record, Record)] == [
        {first: "Open the door", language: "x"}
    ]


def test_a_catalogue_is_learnt_as_translations(tmp_path: Path) -> None:
    said = [("Open the file", "Abrir o arquivo"), ("Close it", "Fechar"), ("Save as", "Salvar como")]
    path = catalogue(tmp_path, "".join(f'msgid "{a}"\nmsgstr "{b}"\n\n' for a, b in said))
    found = survey.inspect({"paths": [str(path)]})
    assert (found["method"], found["format"], found["usable"]) == ("sft", "translation", 3)
    assert found["examples"][0]["messages"][0]["content"] == "Translate from English to Portuguese:\n\nOpen the file"


def test_what_is_no_catalogue(tmp_path: Path) -> None:
    assert [record[2] for record in read(catalogue(tmp_path, ""))] == [NO_MESSAGES]
    assert readers.listing(made(tmp_path, "po.po", b"The Po is a river.")).members[0].kind == "text"


PIECES = st.sampled_from(
    ['msgid "a"', 'msgid ""', 'msgstr "b"', 'msgstr ""', 'msgstr[1] "c"', 'msgid_plural "d"', '"e', '"f"', "#, fuzzy",
     "# g", "", "msgid", 'msgstr[99999999999] "h"', 'msgctxt "i"', '"\\x"', '"\\777"', "é"]
)  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(st.lists(PIECES, max_size=12))
def test_any_lines_are_rows_or_refused(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    path = made(tmp_path_factory.mktemp("po"), "a.po", ("msgid\n" + "\n".join(lines)).encode())
    found = survey.inspect({"paths": [str(path)]})
    assert found["rows"] == found["usable"] + sum(item["count"] for item in found["quarantined"]) > 0
