"""Proposals for rows that hold a conversation: lists of turns, trees, pieces of text, pairs for review.

Owns one proposer per such format. Must not know how well a layout fits in the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from workbench.data.formats import judged, names
from workbench.data.formats.choosing import WORDS, Columns, answering, aside, roles
from workbench.data.formats.columns import REVIEWED, Table, most, review_column
from workbench.data.formats.lists import alternate, listed_in
from workbench.data.formats.roles import role_of, speaks
from workbench.data.formats.threads import are_pieces, parts_of, replies

_MOST_LOOKED_AT = 400


def reviewed(table: Table) -> Iterator[Columns]:
    """Propose pairs that were written for review, whatever was decided so far."""
    turns = table.best("turns", ("turns",), exact=True)
    if turns is not None and most(review_column(tuple(row)) is not None for row in table.rows):
        yield {"turns": turns, "accepted": REVIEWED}


def chatgpt_export(table: Table) -> Iterator[Columns]:
    """Propose a tree of messages with parents."""
    for name, column in table.columns.items():
        trees = [value for value in column.values if isinstance(value, dict) and value]
        nodes = [node for tree in trees for node in tree.values()]
        if most(isinstance(node, dict) and "parent" in node and "message" in node for node in nodes):
            current = next((other for other in table.columns if names.words(other) == ("current", "node")), None)
            yield roles(tree=name, current=current)
            return


def reply_tree(table: Table) -> Iterator[Columns]:
    """Propose a turn with replies, which have replies in turn."""
    for name in table.of_kind("turn"):
        if "." not in name and most(replies(value) is not None for value in table.columns[name].values):
            yield {"tree": name}
            return


def segments(table: Table) -> Iterator[Columns]:
    """Propose a list of pieces of text with a truth value each."""
    for name in table.of_kind("objects"):
        if names.last(name) in ("segments", "pieces", "parts") and most(map(are_pieces, table.columns[name].values)):
            yield {"segments": name}
            return


_TAKING_TURNS = frozenset(
    (
        "messages",
        "conversations",
        "conversation",
        "dialogue",
        "dialog",
        "dialogs",
        "turns",
        "chat",
        "data",
        "utterances",
        "dialogo",
        "gesprach",
        "verlauf",
        "konversation",
        "unterhaltung",
        "conversacion",
        "conversazione",
        "conversa",
        "echange",
        "gesprek",
        "rozmowa",
        "konusma",
        "диалог",
        "对话",
        "会話",
        "대화",
    )
)


def _column(table: Table) -> str | None:
    """Return the column with the list of turns."""
    lists = table.of_kind("turns")
    asked = table.best("prompt", WORDS, exact=True) or table.best("instruction", WORDS)
    answered = asked is not None and table.best("completion", ("text", "number"), (asked,)) is not None
    if answered:
        lists = [name for name in lists if "history" not in names.words(name)]
    named = [name for name in names.ranked(lists, "turns") if names.exact(name, "turns")]
    # Beside a question and its answer, a list of whatever can be read as turns is no conversation.
    rest = [] if answered else [name for name in lists if not names.exact(name, "prompt")]
    rest = [name for name in rest if not names.exact(name, "completion")]
    found = sorted(named or rest, key=lambda name: ("." in name, names.rank(name, "turns") or 0, name))
    if found:
        return found[0]
    texts = [name for name in table.of_kind("texts", "objects") if " ".join(names.words(name)) in _TAKING_TURNS]
    texts = [name for name in texts if name != questions(table)]
    return next((name for name in texts if most(map(alternate, table.columns[name].values))), None)


_NUMBERED = frozenset(f"{thing} {number}" for thing in ("question", "prompt", "query") for number in ("id", "idx"))


def _are_several(value: Any) -> bool:
    """Return whether a value is a list of several things."""
    return isinstance(value, list) and len(value) > 1


def questions(table: Table) -> str | None:
    """Return the column with lists of texts of one person, who asks in each of them, or None.

    Rows that are numbered as questions hold what is asked, turn by turn; an answer stands in some of them at most.
    Where the rows name a model as well, its answers may stand between the questions.
    """
    spelled = {" ".join(names.words(name)) for name in table.columns}
    if spelled.isdisjoint(_NUMBERED) or any("model" in name.split() for name in spelled):
        return None
    named = [name for name in table.of_kind("texts") if " ".join(names.words(name)) in ("turns", "prompt", "prompts")]
    found = next((name for name in named if most(map(_are_several, table.columns[name].values))), None)
    said = answering(table, found) if found is not None else None
    return None if said is not None and 2 * len(table.columns[said].values) > len(table.rows) else found


def answered(lists: list[list[Any]]) -> bool:
    """Return whether most lists of turns hold an answer, or turns without roles."""
    asking = sum(all(speaks(turn) in ("user", "system") for turn in value) for value in lists)
    return 2 * asking <= len(lists)


def _waiting(table: Table, name: str, lists: list[list[Any]]) -> bool:
    """Return whether most conversations wait for an answer that another column holds."""
    return most(speaks(value[-1]) == "user" for value in lists) and answering(table, name) is not None


def _turns(table: Table) -> tuple[Columns, bool] | None:
    """Return the columns of a conversation, and whether its turns have a role and a content."""
    name = _column(table)
    if name is None:
        return None
    taken = (name,)
    beside = aside(table, *taken)
    if "system" not in beside and (context := table.best("context", WORDS, taken, exact=True)) is not None:
        beside |= {"system": context} if names.words(context)[-1:] == ("context",) else {}
    answer = table.best("answer", ("text", "number"), taken, exact=True)
    columns = roles(turns=name, answer=answer, rating=next(iter(judged.ratings(table)), None), **beside)
    lists = [found for value in table.columns[name].values if (found := listed_in(value)) is not None]
    if not answered(lists) or _waiting(table, name, lists) or _of_named(lists):
        return None
    plain = sum(
        all(isinstance(turn, dict) and "role" in turn and ("content" in turn or "tool_calls" in turn) for turn in value)
        for value in lists
    )
    return columns, 2 * plain > len(lists)


def messages(table: Table) -> Iterator[Columns]:
    """Propose a list of turns with role and content."""
    found = _turns(table)
    if found is not None and found[1]:
        yield found[0]


def sharegpt(table: Table) -> Iterator[Columns]:
    """Propose a list of turns in another spelling."""
    found = _turns(table)
    if found is not None and not found[1]:
        yield found[0]


def _of_named(lists: list[list[Any]]) -> bool:
    """Return whether most lists are dialogues of two speakers of whom one at least is known by no role."""
    looked = [parts_of(value) for value in lists[:_MOST_LOOKED_AT]]
    return most(parts is not None and any(role_of(name) is None for name in parts) for parts in looked)


def speakers(table: Table) -> Iterator[Columns]:
    """Propose a list of turns of two speakers with names of their own."""
    for name in sorted(table.of_kind("turns", "objects", "object"), key=lambda name: ("." in name, name)):
        lists = [found for value in table.columns[name].values if (found := listed_in(value)) is not None]
        if _of_named(lists):
            yield {"turns": name, **roles(system=table.best("system", WORDS, (name,)))}
            return


def next_turn(table: Table) -> Iterator[Columns]:
    """Propose what was said so far, text by text, and candidates for what follows, of which the last one did."""
    said = table.best("history", ("texts",), exact=True)
    if said is None:
        return
    candidates = next((name for name in table.of_kind("texts") if names.words(name) == ("candidates",)), None)
    if candidates is None or not most(map(_are_several, table.columns[candidates].values)):
        return
    taken = (said, candidates)
    persona = table.best("system", ("text", "texts"), taken, exact=True)
    yield roles(history=said, candidates=candidates, system=persona)
