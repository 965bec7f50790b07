"""Which columns ask, answer and stand beside them, by their names and the kinds of their values.

Owns the choice of one column for a role. Must not know formats.
"""

from __future__ import annotations

from workbench.data.formats import dialogue, names
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


_ASKING = 0.8
"""Share of question marks from which a column asks, whatever it is called."""
_BRIEF = 20
"""Mean length in characters of texts too short to be thoughts: "on" and "off" say whether there are any."""


def thinking(table: Table, *taken: str) -> str | None:
    """Return the column of the thoughts before the answers."""
    refused = [name for name in table.of_kind("text") if table.columns[name].mean_chars < _BRIEF]
    return table.best("thought", ("text", "texts"), taken, exact=True, barred=refused)


def _packed(table: Table) -> list[str]:
    """Return the columns of JSON objects that hold the question or the turns, which are asked in there.

    With them, the columns of what such objects call their words, which as often are an answer's.
    """
    packed = []
    for name in table.of_kind("text"):
        if not table.columns[name].is_json:
            continue
        inner = [column for column in table.columns if column.startswith(f"{name}.")]
        words = [column for column in inner if column.rpartition(".")[2] in ANSWER_KEYS]
        asked = [column for column in inner if names.exact(column, "turns") or names.exact(column, "prompt")]
        packed += words + ([name] if set(asked) - set(words) else [])
    return packed


def _unpacked(table: Table, name: str, *taken: str) -> str:
    """Return the column of the answer in a column of JSON objects, where the question is in one, too; else itself.

    Where the question is plain text, the JSON is what was asked for.
    """
    asked = next(iter(taken), "").rpartition(".")[0]
    question = table.columns.get(next(iter(taken), ""))
    packed = asked in table.columns and table.columns[asked].is_json
    packed = packed or (question is not None and question.kind == "turns" and bool(question.texts))
    if not (packed and table.columns[name].is_json):
        return name
    inner = [column for column in table.columns if column.startswith(f"{name}.")]
    named = [column for column in names.ranked(inner, "completion") if names.exact(column, "completion")]
    return next(iter(named), next((column for key in ANSWER_KEYS if (column := f"{name}.{key}") in inner), name))


def _question_of(table: Table, *taken: str) -> str | None:
    """Return the column of the question that an answer belongs to, beside a prompt they were both made with."""
    spelled = {" ".join(names.words(name)): name for name in table.of_kind("text") if name not in taken}
    return spelled.get("question") if "answer" in spelled else None


def asking(table: Table, *taken: str) -> str | None:
    """Return the column that asks: text before a list of turns, unless only that is named so."""
    answers = [
        name
        for name in table.of_kind("turn")
        if most(speaks(value) == "assistant" for value in table.columns[name].values)
    ]
    text = table.best("prompt", SPOKEN, taken, barred=[*answers, *_packed(table)])
    if text is None:
        asked = [
            name for name in table.of_kind("text") if name not in taken and table.columns[name].questions > _ASKING
        ]
        text = next(iter(sorted(asked, key=lambda name: ("." in name, name))), None)
    turns = table.best("turns", ("turns",), taken)
    if text is not None and names.words(text) == ("prompt",):
        text = _question_of(table, *taken) or text
    if text is not None and names.exact(text, "prompt") and not (turns and table.columns[text].is_repeated):
        return text
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


_MUCH_LONGER = 4


def _worked(table: Table, found: str, *taken: str) -> str | None:
    """Return the column of the worked solutions of which a column of final answers holds the ends, or None."""
    short = table.columns[found]
    if "final" not in names.words(found) or not short.texts:
        return None
    longer = [
        name
        for name in table.of_kind("text")
        if name not in taken and {"solution", "generation", "response"} & {*names.words(name)}
        and table.columns[name].mean_chars > _MUCH_LONGER * short.mean_chars
    ]  # fmt: skip
    return min(longer, default=None)


def _named_answers(table: Table, taken: tuple[str, ...]) -> str | None:
    """Return the longest of the columns that are called an answer of somebody: "answer_chatbot"."""
    wordy = [
        table.columns[name]
        for name in table.of_kind("text")
        if name not in taken and "." not in name and names.words(name)[:1] in (("answer",), ("response",))
        and names.last(name) not in names.METADATA and table.columns[name].mean_chars >= _BRIEF
    ]  # fmt: skip
    return max(wordy, key=lambda column: (column.mean_chars, column.name)).name if wordy else None


def answering(table: Table, *taken: str) -> str | None:
    """Return the column that answers."""
    refused = [name for name in table.of_kind("object") if not _answer_object(table, name)]
    refused += [name for name in table.of_kind("objects") if not _answer_objects(table, name)]
    # A number answers where its column is called so; "status code" is no code.
    refused += [name for name in table.of_kind("number") if not names.exact(name, "completion")]
    found = table.best("completion", _ANSWERS, taken, barred=refused)
    if found is not None:
        worked = _worked(table, found, *taken)
        return worked or _unpacked(table, found, *taken)
    if (thought := thinking(table, *taken)) is not None:  # beside a thought, the content is what was said after it
        return table.best("text", ("text",), (*taken, thought), exact=True)
    if taken and names.words(taken[0]) == ("article",) and "abstract" in table.columns:
        return "abstract"
    asked = table.columns.get(taken[0]) if taken else None
    if asked is not None and most(map(dialogue.is_rendered, asked.texts)):  # what a template opened is answered
        return table.best("text", ("text",), taken, exact=True)
    if (named := _named_answers(table, taken)) is not None:
        return named
    said = table.best("completion", ("bool",), taken, exact=True)
    return said if said is not None and "prompt" not in said else None


def repeats(table: Table, context: str, columns: list[str]) -> bool:
    """Return whether a text holds what stands in other columns: a row rendered as one text, the answer with it."""
    rows = [row for row in table.rows if isinstance(row.get(context), str)]
    held = (all(str(row.get(name) or "").strip() in row[context] for name in columns) for row in rows)
    lengths = (sum(len(str(row.get(name) or "")) for name in columns) * 2 > len(row[context]) for row in rows)
    return most(all(both) for both in zip(held, lengths, strict=True))
