"""Rows that are one turn of a conversation each: which columns say to which conversation it belongs and who speaks.

Owns the signs of such rows and the names of their columns. Must not know how turns are put together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from workbench.data.formats import names
from workbench.data.formats.columns import Table
from workbench.data.formats.roles import FLAGS, OTHER_KEYS, role_of
from workbench.data.readers.gathered import Gathering

_SPEAKERS = (
    "role", "from", "speaker", "speaker role", "sender", "sender type", "sender role", "author role", "speaker id",
    "speaker idx", "speaker name", "author", "author id", "sender name", "participant", "user id", "who", "name",
    "username", "user", "character", "from name", "type", "direction",
)  # fmt: skip
"""Names of the column of who speaks, the surest first."""
_NAMED = (
    "role", "speaker role", "author role", "speaker", "speaker name", "speaker id", "speaker idx", "sender",
    "sender name", "from", "from name", "who",
    "participant", "character", "author", "author id", "user id", "name", "username", "user",
)  # fmt: skip
"""Names of the column of who speaks where people have names of their own; the first can be nothing else."""
_SURELY_SPEAKING = 14
_FEWEST_SAID = 2
_LONG = 2000
"""Mean length in characters of texts too long for turns of people."""
_TEXTS = (
    "content", "text", "value", "message", "utterance", "msg", "body", "mes", "message text", "transcript", "line",
    "sentence", "dialogue", "dialog", "nachricht", "mensaje", "turn text", "utterance text", "comment", "message body",
)  # fmt: skip
_CONVERSATIONS = frozenset(
    f"{thing} {name}".strip()
    for thing in (
        "conversation", "conv", "convo", "dialogue", "dialog", "thread", "session", "chat", "message tree", "ticket",
        "case", "call", "discussion", "interaction", "meeting", "interview", "episode", "scene", "trace", "transcript",
    )
    for name in ("", "id", "no", "number", "nr", "key", "hash", "uuid", "idx", "index")
)  # fmt: skip
"""Names of the column of the conversation."""
_ORDERS = (
    "turn", "turn id", "turn idx", "turn index", "turn number", "turn no", "utterance idx", "utterance id",
    "utterance index", "position", "order", "seq", "sequence", "step", "message index", "message idx", "message number",
    "message no", "message order", "line no", "line number", "index", "idx", "timestamp", "created at", "sent at",
    "time", "date", "datetime", "created", "create time", "send date", "ts",
)  # fmt: skip
_IDENTITIES = ("message id", "id", "comment id", "post id", "node id", "turn id", "uuid")
_PARENTS = ("parent id", "parent", "parent message id", "reply to", "in reply to", "parent uuid", "parent message uuid")
_MOST_KNOWN = 0.9
_LOOKED_AT = 2000
_FEWEST_TURNS = 1.5
"""Rows per conversation from which rows are turns."""
_FEW_INTERRUPTED = 0.05


_FOREIGN = {" ".join(names.words(word)): key for word, key in OTHER_KEYS.items()} | {
    word: key
    for key, spelled in {
        "conversation": "gesprach gesprachs konversation unterhaltung verlauf conversacion conversazione conversa "
        "echange gesprek rozmowa диалог разговор чат sohbet gorusme samtal keskustelu konverzace 会话 對話 对话 대화",
        "ticket": "vorgang anfrage fall billet чат",
        "order": "reihenfolge zug orden ordre ordine ordem volgorde kolejnosc порядок sira 顺序",
        "time": "zeit uhrzeit zeitpunkt datum hora fecha heure ora data orario tijd czas время дата tarih saat tid "
        "时间",
    }.items()
    for word in spelled.split()
}
"""Name of a column in another language → the one it stands for."""
_NUMBERING = frozenset(("id", "nr", "no", "nummer", "numero", "number", "№"))


def _english(name: str) -> str:
    """Return the words of the name of a column, in English where they are known in another language."""
    parts = names.words(name)
    whole = " ".join(parts)
    if len(parts) > 1 and parts[-1] in _NUMBERING:
        return f"{_FOREIGN.get(' '.join(parts[:-1]), ' '.join(parts[:-1]))} id"
    return _FOREIGN.get(whole, whole)


def _spelled(table: Table, known: Sequence[str] | frozenset[str]) -> list[str]:
    """Return the columns with one of some names, in the order of those."""
    spelled: dict[str, str] = {}
    for name in sorted(table.columns):
        if "." not in name:
            spelled.setdefault(" ".join(names.words(name)), name)
            spelled.setdefault(_english(name), name)
    order = known if isinstance(known, tuple) else sorted(known)
    return [spelled[name] for name in order if name in spelled]


def _roles(values: Sequence[Any]) -> bool:
    """Return whether nearly all of some values are names of roles."""
    return sum(role_of(value) is not None for value in values) >= _MOST_KNOWN * max(1, len(values))


def _flag(table: Table) -> tuple[str, dict[str, str]] | None:
    """Return (column, value as text → role) of a column that says whether a turn is the person's or the model's."""
    for name in table.columns:
        role = FLAGS.get(" ".join(names.words(name)))
        values = {str(value).lower() for value in table.columns[name].values} if role is not None else set()
        if role is not None and "." not in name and values <= {"true", "false", "0", "1"}:
            other = "assistant" if role == "user" else "user"
            return name, {"true": role, "1": role, "false": other, "0": other}
    return None


def _together(rows: Sequence[Mapping[str, Any]], column: str) -> bool:
    """Return whether several neighbouring rows at a time have the same value in a column, which does not come back."""
    values = [str(row.get(column)) for row in rows]
    runs, distinct = sum(1 for _ in groupby(values)), len(set(values))
    return distinct * _FEWEST_TURNS <= len(values) and runs <= (1 + _FEW_INTERRUPTED) * distinct


def _two_speak(rows: Sequence[Mapping[str, Any]], conversation: str, speaker: str) -> bool:
    """Return whether in nearly all conversations two speak."""
    counts = [
        len({str(row.get(speaker)) for row in turns}) for _, turns in groupby(rows, lambda row: row.get(conversation))
    ]
    return sum(count == 2 for count in counts[:-1] or counts) >= _MOST_KNOWN * len(counts[:-1] or counts)


def may_be(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether a few rows could be single turns, by the names of their columns: a quick look."""
    known = {*_TEXTS, *_SPEAKERS, *_CONVERSATIONS, *FLAGS}
    spelled = {
        spelled
        for key in {key for row in rows for key in row}
        for spelled in (" ".join(names.words(key)), _english(key))
    }
    return not spelled.isdisjoint(_TEXTS) and len(spelled & known) > 1


_TIMES = frozenset(("timestamp", "created at", "sent at", "time", "date", "datetime", "sent date", "date sent"))
_MOST_COLUMNS_OF_A_LOG = 8
_SAID = 300
"""Mean length in characters of what people say in a chat, at most."""


def _of_whole_turns(table: Table, head: Sequence[Mapping[str, Any]]) -> Gathering | None:
    """Return how rows that hold a turn as an object each are put together by their conversation, or None."""
    turns = [name for name in ("message", "turn") if name in table.columns and table.columns[name].kind == "turn"]
    conversation = next((name for name in _spelled(table, _CONVERSATIONS) if _together(head, name)), None)
    return Gathering("role", turns[0], conversation, whole=True) if turns and conversation is not None else None


def _log(table: Table, text: str) -> Gathering | None:
    """Return how the rows of a log become a text: who said what when, by people who speak again and again, or None."""
    speaker = next((name for name in _spelled(table, _NAMED) if name != text), None)
    if speaker is None or not _spelled(table, _TIMES) or len(table.columns) > _MOST_COLUMNS_OF_A_LOG:
        return None
    people = table.columns[speaker]
    again = 1 < people.distinct <= max(2, len(people.values) // _FEWEST_SAID)
    if not again or table.columns[text].mean_chars > _SAID or people.kind != "text":
        return None
    return Gathering(speaker, text, prose=True)


def gathering(sample: Sequence[Mapping[str, Any]], head: Sequence[Mapping[str, Any]]) -> Gathering | None:
    """Return how the rows of a file are to be put together to conversations, or None when they are no loose turns.

    `sample` are rows from all over the file, `head` its first ones in their order, which show whether the turns of a
    conversation stand together.
    """
    head = head[:_LOOKED_AT]
    table = Table(sample)
    if len(head) < 2 or len(table.columns) < 2:
        return None
    text = next((name for name in _spelled(table, _TEXTS) if table.columns[name].kind == "text"), None)
    if text is None:
        return _of_whole_turns(table, head)
    flag = _flag(table)
    conversation = next(
        (name for name in _spelled(table, _CONVERSATIONS) if name != text and _together(head, name)), None
    )
    if conversation is None:
        if flag is None:
            return _log(table, text)
        mixed = flag is not None and len({str(row.get(flag[0])) for row in head if row.get(flag[0]) is not None}) == 2
        return Gathering(flag[0], text, spoken=flag[1]) if flag is not None and mixed else None
    speakers = [name for name in _spelled(table, _SPEAKERS) if name not in (text, conversation)]
    speakers = [name for name in speakers if table.columns[name].kind in ("text", "number")]
    known = next((name for name in speakers if _roles(table.columns[name].values)), None)
    order = next((name for name in _spelled(table, _ORDERS) if name not in (text, conversation)), "")
    parent = next((name for name in _spelled(table, _PARENTS) if name in table.columns), "")
    identity = next((name for name in _spelled(table, _IDENTITIES) if name != conversation), "") if parent else ""
    if known is not None and parent and identity:
        return Gathering(known, text, conversation, identity=identity, parent=parent)
    if known is not None:
        return Gathering(known, text, conversation, order)
    if flag is not None:
        return Gathering(flag[0], text, conversation, order, spoken=flag[1])
    named = [name for name in speakers if _english(name) in _NAMED and table.columns[name].distinct > 1]
    if not named or not (order or _english(named[0]) in _NAMED[:_SURELY_SPEAKING]):
        return None
    if table.columns[text].mean_chars > _LONG:  # articles of several authors are no conversation
        return None
    speakers = named
    prose = not _two_speak(head, conversation, speakers[0])
    return Gathering(speakers[0], text, conversation, order, prose=prose)
