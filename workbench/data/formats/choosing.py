"""Which columns ask, answer and stand beside them, by their names and the kinds of their values.

Owns the choice of one column for a role. Must not know formats.
"""

from __future__ import annotations

from workbench.data.formats import names
from workbench.data.formats.columns import Table, most
from workbench.data.formats.roles import speaks

Columns = dict[str, str]
"""Role → column."""

WORDS = ("text",)
SPOKEN = ("text", "turns", "turn", "texts")
_ANSWERS = ("text", "number", "turns", "turn", "texts", "object", "objects")
ANSWER_KEYS = ("text", "value", "answer", "content", "input_text", "spans")
"""Keys of the words of an answer that is an object."""


def roles(**roles: str | None) -> Columns:
    """Return the roles that have a column."""
    return {role: column for role, column in roles.items() if column is not None}


def aside(table: Table, *taken: str) -> Columns:
    """Return the columns of the system prompt and of the tools."""
    return roles(
        system=table.best("system", ("text", "turn", "objects", "object"), taken),
        tools=table.best("tools", ("text", "objects", "list"), taken, exact=True),
    )


_BRIEF = 20
"""Mean length in characters of texts too short to be thoughts: "on" and "off" say whether there are any."""


def thinking(table: Table, *taken: str) -> str | None:
    """Return the column of the thoughts before the answers."""
    refused = [name for name in table.of_kind("text") if table.columns[name].mean_chars < _BRIEF]
    return table.best("thought", ("text", "texts"), taken, exact=True, barred=refused)


def asking(table: Table, *taken: str) -> str | None:
    """Return the column that asks: text before a list of turns, unless only that is named so."""
    answers = [
        name
        for name in table.of_kind("turn")
        if most(speaks(value) == "assistant" for value in table.columns[name].values)
    ]
    text = table.best("prompt", SPOKEN, taken, barred=answers)
    if text is not None and names.exact(text, "prompt"):
        return text
    turns = table.best("turns", ("turns",), taken)
    if turns is None:  # questions with more about each than their words
        objects = table.best("prompt", ("objects",), taken, exact=True)
        text = objects if objects is not None and _answer_objects(table, objects) else text
    return turns or text


def _answer_object(table: Table, name: str) -> bool:
    """Return whether a column of objects holds answers: {"text": [...]}, {"value": ...}."""
    return any(f"{name}.{key}" in table.columns for key in ANSWER_KEYS)


def _answer_objects(table: Table, name: str) -> bool:
    """Return whether a column of lists of objects holds answers that are equally good: {"text", "answer_start"}."""
    return most(
        any(isinstance(item.get(key), str) for key in ANSWER_KEYS)
        for value in table.columns[name].values
        if isinstance(value, list)
        for item in value
        if isinstance(item, dict)
    )


def answering(table: Table, *taken: str) -> str | None:
    """Return the column that answers."""
    refused = [name for name in table.of_kind("object") if not _answer_object(table, name)]
    refused += [name for name in table.of_kind("objects") if not _answer_objects(table, name)]
    # A number answers where its column is called so; "status code" is no code.
    refused += [name for name in table.of_kind("number") if not names.exact(name, "completion")]
    found = table.best("completion", _ANSWERS, taken, barred=refused)
    if found is not None:
        return found
    said = table.best("completion", ("bool",), taken, exact=True)
    return said if said is not None and "prompt" not in said else None
