"""From a row of a known layout to a canonical row of a type that a method learns from: TRL's dataset types.

Owns `converter`, the change of type, and the quick way for rows that are canonical already. Must not know files,
methods' settings or how a layout is found.

Canonical rows: messages {"messages", "tools"?}; text {"text"}; preference {"prompt", "chosen", "rejected", "tools"?};
unpaired_preference {"prompt", "completion", "label", "tools"?}; prompt_only {"prompt", "answer"?, "completion"?,
"tools"?, "columns"?}. Prompts and completions are lists of turns; an answer is a text that a rule can check; columns
are what else the row of a prompt holds, which a reward may ask for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from workbench.core.errors import UsageError
from workbench.data.formats import checkable, columns, desks, forms, outlines, proposals, quizzes, threads, verdicts
from workbench.data.formats.forms import Read, Row
from workbench.data.formats.order import MAY_FOLLOW
from workbench.data.formats.refusals import Refused, Rejected
from workbench.data.formats.roles import CALLING, ROLES
from workbench.data.layouts import FORMATS, METHOD_OF_TYPE, TYPE_NAMES, TYPE_OF_METHOD, Layout, picker

__all__ = ["TYPE_OF_METHOD", "Convert", "Rejected", "Tally", "converter", "fits", "types_of"]

Canonical = dict[str, Any]
Convert = Callable[[Mapping[str, Any]], "Canonical | Rejected"]

READERS: dict[str, Callable[[Mapping[str, str]], Read]] = {
    "reviewed": threads.reviewed,
    "preference": verdicts.preference,
    "compared": verdicts.compared,
    "ranked": verdicts.ranked,
    "unpaired": verdicts.unpaired,
    "rated": verdicts.rated,
    "chatgpt_export": threads.chatgpt_export,
    "desk": desks.read_desk,
    "reply_tree": threads.reply_tree,
    "segments": threads.segments,
    "messages": forms.turns,
    "sharegpt": forms.turns,
    "speakers": threads.speakers,
    "multiple_choice": quizzes.multiple_choice,
    "next_turn": threads.next_turn,
    "outline": outlines.read_outline,
    "alpaca": forms.alpaca,
    "translation": forms.translation,
    "prompt_completion": forms.prompt_completion,
    "prompt_only": forms.prompt_only,
    "classification": forms.classification,
    "dialogue": forms.written_dialogue,
    "question_first": forms.question_first,
    "text": forms.article,
}
"""Format → what makes the reader of its rows."""

OTHER_FORMAT = "rows of another layout than most were converted by their own"
_LARGEST_BESIDE = 1 << 16
"""Bytes of JSON of a column that is kept beside a prompt."""
_KNOWN = 512
"""Sets of columns that are remembered, each of at most as many columns."""
_ROLE = object()
"""Key of the role itself in the graph of roles, which nothing in a row can equal."""


@dataclass
class Tally:
    """What a converter put right."""

    repairs: Counter[str] = field(default_factory=Counter)
    """Repair → how often it was made, in rows that are used."""


def _answer_of(row: Canonical, answer: Any, repairs: Counter[str]) -> dict[str, str]:
    """Return {"answer"} where a row has one that a rule can check: of its own column, or in its last turn."""
    if answer is not None:
        text = forms.answer_text(answer, "the answer", repairs)
        return {"answer": text} if text.strip() else {}
    found = checkable.final_answer(row["messages"][-1]["content"])
    return {"answer": found[0]} if found is not None else {}


def _without(row: Canonical, *keys: str) -> Canonical:
    return {key: value for key, value in row.items() if key not in keys}


def _chosen(row: Canonical, answer: Any, repairs: Counter[str]) -> Canonical:
    return {"messages": row["prompt"] + row["chosen"], **_without(row, "prompt", "chosen", "rejected")}


def _praised(row: Canonical, answer: Any, repairs: Counter[str]) -> Canonical:
    if not row["label"]:
        raise Refused("the answer is labelled as bad")
    return {"messages": row["prompt"] + row["completion"], **_without(row, "prompt", "completion", "label")}


def _question(row: Canonical, answer: Any, repairs: Counter[str]) -> Canonical:
    preferred = row.get("chosen") or (row["completion"] if row["label"] else None)
    kept = {"completion": preferred} if preferred else {}
    return {**_without(row, "chosen", "rejected", "completion", "label"), **kept}


def _unanswered(row: Canonical, answer: Any, repairs: Counter[str]) -> Canonical:
    found = _answer_of(row, answer, repairs)
    return {"prompt": row["messages"][:-1], **found, "completion": row["messages"][-1:], **_without(row, "messages")}


def _answered(row: Canonical, answer: Any, repairs: Counter[str]) -> Canonical:
    if not row.get("answer", "").strip():
        raise Refused("there is no answer to learn")
    spoken = {"role": "assistant", "content": row["answer"]}
    return {"messages": [*row["prompt"], spoken], **_without(row, "prompt", "answer")}


CHANGES: dict[tuple[str, str], Callable[[Canonical, Any, Counter[str]], Canonical]] = {
    ("preference", "messages"): _chosen,
    ("preference", "prompt_only"): _question,
    ("unpaired_preference", "messages"): _praised,
    ("unpaired_preference", "prompt_only"): _question,
    ("messages", "prompt_only"): _unanswered,
    ("prompt_only", "messages"): _answered,
}
"""(type a format becomes of itself, other type) → how a canonical row is changed into it."""


def types_of(layout: Layout) -> list[str]:
    """Return the types of canonical row a layout can give, the one it becomes of itself first."""
    own = FORMATS[layout.format].type
    others = [wanted for have, wanted in CHANGES if have == own]
    if own == "prompt_only" and "answer" not in layout.columns:
        others = []
    if own == "messages" and "rating" in layout.columns:
        others = [*others, "unpaired_preference"]
    return list(dict.fromkeys([own, *others, *(["text"] if "text" in layout.columns else [])]))


def _reader(layout: Layout, type: str) -> Read:
    """Return the reader of a layout's rows as a type of canonical row; raises UsageError when it cannot give them."""
    own = FORMATS[layout.format].type
    if type not in types_of(layout):
        fits = METHOD_OF_TYPE[own]
        raise UsageError(
            f"These rows have {FORMATS[layout.format].rows}, which gives no {TYPE_NAMES.get(type, type)} rows; "
            f"use method {fits}."
        )
    if type == own:
        return READERS[layout.format](layout.columns)
    if type == "text":
        return forms.article(layout.columns)
    if type == "unpaired_preference":
        return verdicts.rated(layout.columns)
    read, change = READERS[layout.format](layout.columns), CHANGES[own, type]
    pick_answer = (
        picker(layout.columns["answer"]) if "answer" in layout.columns and own == "messages" else forms.nothing
    )

    def changed(row: Row, repairs: Counter[str]) -> Canonical:
        return change(read(row, repairs), pick_answer(row), repairs)

    return changed


def fits(read: Read, row: Row) -> bool:
    """Return whether a row has the layout of a reader; whether it is any good is another question."""
    try:
        read(row, Counter())
    except Refused as refused:
        return not refused.misfit
    return True


def _guard(layout: Layout, type: str) -> Callable[[Row], str]:
    """Return a function that says why a row must not be learnt whatever its turns say, or ""."""
    used = set(layout.columns.values())
    judges = FORMATS[layout.format].type in ("preference", "unpaired_preference") or type == "text"
    nothing = ((), (), (), None)
    telling: dict[tuple[str, ...], tuple[Any, Any, Any, Any]] = {}
    """Columns of a row → those that hold media, those that label an answer, pairs of a better and a worse one, and the
    one that says whether the row was accepted."""

    def look(keys: tuple[str, ...]) -> tuple[Any, Any, Any, Any]:
        judged = columns.verdict_columns(keys)
        labels = [column for column in judged.labels if column not in used]
        media = () if type == "text" else columns.media_columns(keys)
        found = (media, *(((), ()) if judges else (labels, judged.pairs)), columns.review_column(keys))
        found = nothing if not any(found) else found
        if max(len(telling), len(keys)) < _KNOWN:
            telling[keys] = found
        return found

    def reason(row: Row) -> str:
        keys = tuple(row)
        found = telling.get(keys) or look(keys)
        if found is nothing:
            return ""
        media, labels, pairs, decision = found
        if decision is not None and row[decision] is not True:
            return threads.UNDECIDED if row[decision] is None else threads.REJECTED
        if any(columns.holds_media(row[column]) for column in media):
            return "the row refers to images, sound or video, and only text can be trained"
        if any(isinstance(row[column], bool) for column in labels):
            return "the row is a preference between answers"
        if any(isinstance(row[column], str | list | dict) for pair in pairs for column in pair):
            return "the row is a preference between answers"
        return ""

    return reason


def converter(layout: Layout, type: str, tally: Tally) -> Convert:
    """Return a function that makes a canonical row of a type of a row of a layout, or says why it is not trained on.

    A row that does not have the layout is converted by its own when that gives the same type. Repairs are counted in
    `tally`. The words of a row are never changed. Raises UsageError when the layout cannot give rows of this type.
    """
    read = _reader(layout, type)
    guard = _guard(layout, type)
    used = set(layout.columns.values())
    others: dict[tuple[tuple[str, str], ...], list[Read]] = {}
    """Columns of a row with the kinds of their values → readers of other layouts it may have."""
    mended: Counter[str] = Counter()
    """Repairs of the row at hand; they count when it is used."""

    def kept(made: Canonical) -> Canonical:
        if mended:
            tally.repairs.update(mended)
            mended.clear()
        return made

    def elsewhere(row: Row, first: Rejected) -> Canonical | Rejected:
        """Return what another layout makes of a row; `first` when none fits it."""
        if len(row) >= _KNOWN:
            return first
        keys = tuple((column, columns.kind_of(value)) for column, value in row.items())
        readers = others.get(keys)
        if readers is None:
            if len(others) >= _KNOWN:  # rows of that many kinds have no layout
                return first
            # What uses only columns of this layout is no other one: the row lacks something it should have.
            readers = [
                _reader(other, type)
                for other in proposals.by_name(row)
                if type == FORMATS[other.format].type and not used.issuperset(other.columns.values())
            ]
            others[keys] = readers
        for reader in readers:
            try:
                made = reader(row, mended)
            except Refused as refused:
                mended.clear()
                if not refused.misfit:
                    return Rejected(str(refused))
            else:
                mended[OTHER_FORMAT] += 1
                return kept(made)
        return first

    def careful(row: Row) -> Canonical | Rejected:
        if reason := guard(row):
            return Rejected(reason)
        try:
            made = read(row, mended)
        except Refused as refused:
            mended.clear()
            rejected = Rejected(str(refused), refused.misfit)
            return elsewhere(row, rejected) if refused.misfit else rejected
        return kept(made) if mended else made

    if layout.format in ("messages", "sharegpt") and type == "messages" and "." not in layout.columns["turns"]:
        return _quick(layout, careful)
    return _beside(used, careful) if type == "prompt_only" else careful


def _beside(used: set[str], convert: Convert) -> Convert:
    """Return a converter of prompts that keeps what else a row holds: tests and whatever a reward may ask for."""
    outer = {column.split(".", 1)[0] for column in used} | used

    def small(value: Any) -> bool:
        try:
            return len(orjson.dumps(value)) <= _LARGEST_BESIDE
        except orjson.JSONEncodeError:
            return False

    def converted(row: Mapping[str, Any]) -> Canonical | Rejected:
        made = convert(row)
        if isinstance(made, Rejected):
            return made
        beside = {column: row[column] for column in row if column not in outer and column not in made}
        kept = {column: value for column, value in beside.items() if value is not None and small(value)}
        return {**made, "columns": kept} if kept else made

    return converted


def _orders(spellings: Mapping[str, str]) -> dict[Any, Any]:
    """Return where a conversation begins, as a graph of roles: spelling of a role → where it leads, _ROLE → the role.

    Only orders that need no repair can be walked.
    """
    after: dict[str, dict[Any, Any]] = {role: {_ROLE: role} for role in ("", *MAY_FOLLOW)}
    for spelling, role in spellings.items():
        for before in MAY_FOLLOW[role]:
            after[before][spelling] = after[role]
    return after[""]


def _quick(layout: Layout, careful: Convert) -> Convert:
    """Return a converter that recognises rows which need no change but their spelling; `careful` does the rest.

    Such a row has turns of exactly a role and a text with words, in canonical order, and no column that judges it or
    adds to it. It is the row of nearly every file, so that this is written for speed.
    """
    column = layout.columns["turns"]
    isspace = str.isspace  # refuses with TypeError what is no text
    special = {layout.columns[role] for role in ("system", "tools") if role in layout.columns}
    harmless: dict[tuple[str, ...], bool] = {}
    """Columns of a row → whether none of them but its turns matters here."""
    width, all_known = 0, frozenset[str]().issuperset
    """Number of the columns of the last such row, and whether a row has no others."""

    def judge(row: Row) -> bool:
        nonlocal width, all_known
        keys = tuple(row)
        clear = harmless.get(keys)
        if clear is None:
            judged = columns.verdict_columns(keys)
            clear = not (special.intersection(keys) or judged.pairs or judged.labels or columns.media_columns(keys))
            clear = len(keys) == 1 or (clear and columns.review_column(keys) is None)
            if max(len(harmless), len(keys)) < _KNOWN:
                harmless[keys] = clear
        if clear:
            width, all_known = len(keys), frozenset(keys).issuperset
        return clear

    def plain(row: Row) -> Canonical | Rejected:
        """Return a row whose turns alternate, as most do."""
        try:
            turns = row[column]
            due, then = "user", "assistant"
            for turn in turns:
                if turn["role"] != due or isspace(turn["content"] or " ") or len(turn) != 2:
                    return walked(row)
                due, then = then, due
            if due != "user" or not turns:
                return walked(row)
        except (TypeError, KeyError):
            return careful(row)
        if (len(row) == width and all_known(row)) or judge(row):
            return row if width == 1 and column == "messages" else {"messages": turns}  # type: ignore[return-value]
        return careful(row)

    def walked(row: Row) -> Canonical | Rejected:
        """Return a row whose turns are in any canonical order."""
        try:
            turns = row[column]
            place = begin
            for turn in turns:
                place = place[turn["role"]]
                text = turn["content"]
                if not text or isspace(text) or len(turn) != 2:
                    return careful(row)
            if place[_ROLE] != "assistant":
                return careful(row)
        except (TypeError, KeyError):
            return careful(row)
        return {"messages": turns} if judge(row) else careful(row)

    def spelled(row: Row) -> Canonical | Rejected:
        made = []
        try:
            place = begin
            for turn in row[column]:
                place = place[turn["from"]]
                text = turn["value"]
                if not text or isspace(text) or len(turn) != 2:
                    return careful(row)
                made.append({"role": place[_ROLE], "content": text})
            if place[_ROLE] != "assistant":
                return careful(row)
        except (TypeError, KeyError):
            return careful(row)
        return {"messages": made} if judge(row) else careful(row)

    if layout.format == "messages":
        begin = _orders({role: role for role in MAY_FOLLOW})
        return plain
    begin = _orders({name: role for name, role in ROLES.items() if name not in CALLING})
    return spelled
