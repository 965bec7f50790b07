"""Rows that no method here learns from: images, sound, token ids, embeddings, judged steps, loose turns.

Owns their signs and the sentences that refuse them by name. Must not know formats.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from workbench.core.text import one_line
from workbench.data.formats import names
from workbench.data.formats.columns import Table, holds_media, media_columns, most
from workbench.data.formats.roles import ROLES

_MOST = 0.5
_MEDIA_PARTS = ("image", "image_url", "input_image", "audio", "input_audio", "audio_url", "video", "video_url", "file")
_PLACEHOLDERS = ("<image>", "<video>", "<audio>", "<image_soft_token>")
_IDS = frozenset(("input ids", "token ids", "tokens", "ids", "token id"))
_VECTORS = frozenset(("embedding", "embeddings", "vector", "vectors", "emb"))
_LONG_VECTOR = 32
_LONG_TEXT = 500


def _parts(value: Any) -> str:
    """Return the kind of the first part of a list of turns that is not text, or ""."""
    if not isinstance(value, list):
        return ""
    for turn in value:
        content = turn.get("content", turn.get("parts", turn.get("value"))) if isinstance(turn, dict) else None
        for part in content if isinstance(content, list) else ():
            if isinstance(part, dict):
                if part.get("type") in _MEDIA_PARTS:
                    return str(part["type"])
                if inline := next((key for key in ("inlineData", "fileData", "inline_data") if key in part), ""):
                    return inline
    return ""


def _placeholder(value: Any) -> bool:
    """Return whether a text, or a turn of a list, says where an image or a sound belongs."""
    if isinstance(value, str):
        return any(mark in value for mark in _PLACEHOLDERS)
    if isinstance(value, list):
        return any(_placeholder(turn.get("value", turn.get("content"))) for turn in value if isinstance(turn, dict))
    return False


def _is_address(value: Any) -> bool:
    """Return whether a value is the address of something on the web, and not the thing itself or a file."""
    return isinstance(value, str) and value.startswith(("http://", "https://"))


def _is_long(value: Any) -> bool:
    """Return whether a value is a text worth learning by itself."""
    return isinstance(value, str) and len(value) >= _LONG_TEXT


def _multimodal(row: Mapping[str, Any]) -> str:
    """Return what in a row is not text, for people, or ""."""
    media = media_columns(tuple(row))
    for column in media:
        value = row[column]
        # An article with the address of a picture beside it is an article all the same.
        shown = holds_media(value) and not (_is_address(value) and any(map(_is_long, row.values())))
        if shown or (value and isinstance(value, str | list) and any(map(_placeholder, row.values()))):
            return f"the column {one_line(column, 32)}"
    for value in row.values():
        if kind := _parts(value):
            return f"parts of type {one_line(kind, 32)}"
    return ""


def _images(table: Table) -> str:
    found = [what for row in table.rows if (what := _multimodal(row))]
    if len(found) < _MOST * len(table.rows):
        return ""
    what = min(set(found), key=lambda item: (-found.count(item), item))
    return (
        f"The rows refer to images, sound or video ({what}); only text can be trained, so use a multimodal trainer or "
        "give the rows without them."
    )


def _numbers(table: Table, spelled: frozenset[str]) -> str | None:
    return next(
        (name for name in table.of_kind("numbers") if " ".join(names.words(name.rsplit(".", 1)[-1])) in spelled), None
    )


def _has_words(table: Table) -> bool:
    """Return whether the rows hold text beside their numbers."""
    return any(
        column.kind in ("turns", "turn", "texts") or (column.kind == "text" and column.mean_chars >= 20)
        for column in table.columns.values()
    )


def _token_ids(table: Table) -> str:
    name = _numbers(table, _IDS)
    if name is None or _has_words(table):
        return ""
    return (
        f"The column {one_line(name, 32)} holds token ids of some tokenizer, which mean nothing to another; give the "
        "text they were made from."
    )


def _embeddings(table: Table) -> str:
    vectors = [
        name
        for name in table.of_kind("numbers")
        if " ".join(names.words(name)[-1:]) in _VECTORS
        or all(not isinstance(value, list) or len(value) >= _LONG_VECTOR for value in table.columns[name].values)
    ]
    if not vectors or _has_words(table):
        return ""
    return f"The column {one_line(vectors[0], 32)} holds vectors of numbers and the rows no text; give rows of text."


def _steps(table: Table) -> str:
    columns = {" ".join(names.words(name)): column for name, column in table.columns.items()}
    steps, labels = columns.get("completions", columns.get("steps")), columns.get("labels", columns.get("step labels"))
    if steps is None or labels is None or steps.kind != "texts":
        return ""
    if not most(isinstance(value, list) and all(item in (0, 1, -1) for item in value) for value in labels.values):
        return ""
    return (
        "The rows judge the steps of an answer (completions and labels), which trains process reward models only; none "
        "of the methods here learns from that, so give whole answers with one label each."
    )


def _loose_turns(table: Table) -> str:
    role = next((table.columns[name] for name in ("role", "from") if name in table.columns), None)
    content = next((table.columns[name] for name in ("content", "text", "value") if name in table.columns), None)
    if role is None or content is None or not content.is_text or not role.texts:
        return ""
    known = sum(text.strip().lower() in ROLES for text in role.texts)
    if known < 0.9 * len(role.texts):
        return ""
    return (
        "Each row is one turn of a conversation, with nothing that says where one ends; give one row per conversation, "
        "its turns in a list under messages."
    )


_TRIPLETS = (
    ("anchor", "query", "question"),
    ("positive", "pos", "positive passages", "positive passage", "positives"),
    ("negative", "neg", "negatives", "hard negative", "hard negatives", "negative passages", "negative passage"),
)


def _triplets(table: Table) -> str:
    spelled = {" ".join(names.words(name)) for name in table.columns}
    if any(spelled.isdisjoint(group) for group in _TRIPLETS):
        return ""
    return (
        "The rows are texts with a matching and a foreign one, which train embeddings and no method here; give "
        "questions with answers, or chosen and rejected answers."
    )


_SIGNS: Sequence[Callable[[Table], str]] = (_images, _token_ids, _embeddings, _steps, _loose_turns, _triplets)


def refusal(table: Table) -> str:
    """Return the sentence that refuses the rows of a sample by name, or "" when nothing speaks against them."""
    return next((sentence for sign in _SIGNS if (sentence := sign(table))), "")
