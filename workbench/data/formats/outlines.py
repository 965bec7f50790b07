"""Rows of a title and the lists that belong below it, as recipes and instructions are kept.

Owns the names of such lists, the proposal, and the reader. Must not know other formats or files. A reader raises
Refused with the reason for a row that is not trained on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from workbench.data.formats import names
from workbench.data.formats.choosing import Columns, answering, asking, roles
from workbench.data.formats.columns import Table, most
from workbench.data.formats.forms import Read, Row, finished, picks, required
from workbench.data.formats.lists import texts_in
from workbench.data.formats.refusals import Misfit, Refused
from workbench.data.formats.turns import joined, text_of, turn

_TITLES = frozenset(
    ("title", "name", "recipe", "dish", "task", "goal", "titel", "titre", "titulo", "titolo", "nombre", "nom", "nome",
     "rezept", "receta", "recette", "ricetta", "receita", "gericht", "plato", "plat", "piatto", "prato", "danie",
     "przepis", "рецепт", "блюдо", "recept", "tarif", "yemek")
)  # fmt: skip
"""Last words of the names of titles."""
_LISTS = frozenset(
    ("ingredients", "steps", "directions", "instructions", "method", "procedure", "preparation", "materials",
     "zutaten", "zubereitung", "anleitung", "schritte", "ingredientes", "pasos", "preparacion", "instrucciones",
     "etapes", "ingredienti", "preparazione", "passaggi", "procedimento", "preparo", "passos", "skladniki",
     "przygotowanie", "ингредиенты", "приготовление", "ingredienser", "ingredienten", "bereiding", "malzemeler",
     "yapilis", "suroviny", "postup", "elaboracion")
)  # fmt: skip
"""Last words of the names of lists whose lines are to be learnt."""
_MOST_LISTS = 4
_LONGEST_TITLE = 120
"""Mean length in characters of titles, at most."""
_LOOKED_AT = 400

Lines = list[str]


def _lines(value: Any) -> Lines | None:
    """Return the lines of a list of texts, or of the JSON text of one, without those without words; a text is one."""
    if isinstance(value, str):
        value = texts_in(value) or [value]
    if not isinstance(value, list) or not all(isinstance(line, str) for line in value):
        return None
    return [line for line in value if line.strip()]


def _width(lists: list[Lines]) -> float:
    """Return the mean length in characters of the lines of some lists."""
    lengths = [len(line) for lines in lists for line in lines]
    return sum(lengths) / len(lengths) if lengths else 0.0


def outline(table: Table) -> Iterator[Columns]:
    """Propose a title with the lists below it: those of short lines first, as what is needed comes before what is done.

    One of them may be a text. Where something else is asked and answered, the lists stand beside it.
    """
    lists: dict[str, float] = {}
    several = False
    for name in table.of_kind("texts", "text"):
        if "." not in name and names.last(name) in _LISTS:
            found = [lines for value in table.columns[name].values[:_LOOKED_AT] if (lines := _lines(value)) is not None]
            lists[name] = _width(found)
            several = several or most(len(lines) > 1 for lines in found)
    titles = [
        name
        for name in table.of_kind("text")
        if "." not in name and names.last(name) in _TITLES and 0 < table.columns[name].mean_chars <= _LONGEST_TITLE
        and not table.columns[name].is_coded and not table.columns[name].is_repeated
    ]  # fmt: skip
    # What is needed and what is done with it may be a text each.
    if not (several or len(lists) > 1) or not titles:
        return
    asked = asking(table)
    said = answering(table, asked) if asked is not None else None
    if said is not None and said not in lists and not names.weak(said, "completion"):
        return
    ordered = sorted(lists, key=lambda name: (lists[name], name))[-_MOST_LISTS:]
    below = {f"list_{letter}": name for letter, name in zip("abcd", ordered, strict=False)}
    yield roles(prompt=min(titles, key=lambda name: (len(names.words(name)), name)), **below)


def read_outline(columns: Mapping[str, str]) -> Read:
    """Return the reader of titles with lists; the lines of each list follow each other, with a blank line after it."""
    pick_title = picks(columns, "prompt")[0]
    pick_lists = picks(columns, *(role for role in sorted(columns) if role.startswith("list_")))

    def read(row: Row, repairs: Counter[str]) -> dict[str, Any]:
        title = text_of(required(pick_title(row), "the title"), "the title")
        lists = [_lines(value) for pick in pick_lists if (value := pick(row)) is not None]
        if not lists or None in lists:
            raise Misfit("the lists below the title are missing")
        body = joined(*("\n".join(lines) for lines in lists if lines))
        if not body:
            raise Refused("the lists below the title are empty")
        return finished([turn("user", title), turn("assistant", body)], None, None, repairs)

    return read
