"""Columns of a sample of rows: what kinds of value each holds, and statistics of its texts.

Owns `Table` and `Column`, and which columns judge a row or refer to images, sound or video. Must not know formats.
Everything here is a count over the sample, so that the order of the rows does not matter.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import islice
from typing import Any, NamedTuple

from workbench.data.formats import names
from workbench.data.formats.lists import held_in, listed_in
from workbench.data.formats.roles import ROLE_KEYS, role_of
from workbench.data.formats.turns import are_turns
from workbench.data.layouts import alone

_MOST_COLUMNS = 512
"""Columns that are looked at, of a row and of the sample."""
_MOST_NAMES = 100_000
_MOST_KEYS = 48
"""An object with more keys than this is a map, not a part of the row with columns of its own."""
_DEPTH = 3
_DISTINCT = 4096
_FEWEST_REPEATED = 3
"""Rows from which it says something that all values of a column are the same."""
_NO_WORDS = re.compile(
    r"(?:https?://\S+|[0-9a-fA-F-]{8,}|[\d\s.,:/T+Z-]+|\S+@\S+"
    r"|\S{0,20}\d\S{0,20}|(?:CC[- ]?(?:BY|0)|Creative Commons|Public Domain|©|\(c\))[^\n]{0,200})",
    re.IGNORECASE,
)
"""What addresses, ids, numbers, dates and notes of a licence are made of."""
_VARIED = frozenset(("prompt", "completion", "text"))
"""Roles whose columns say something else in each row."""
_ASKED_OF_ALL = frozenset(("prompt", "instruction", "instructions", "completion", "response", "output", "answer"))
"""Names of columns that are what they are called even where all rows have the same value."""
_MEDIA_WORDS = frozenset(
    [
        "image",
        "images",
        "img",
        "imgs",
        "picture",
        "pictures",
        "photo",
        "photos",
        "audio",
        "audios",
        "video",
        "videos",
        "speech",
        "sound",
        "pixel",
        "waveform",
        "screenshot",
        "screenshots",
        "frames",
    ]
)
_MEDIA_SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".mp3", ".wav", ".flac", ".ogg", ".m4a", ".mp4",
    ".avi", ".mov", ".mkv", ".webm",
)  # fmt: skip

PAIRS = (
    ("chosen", "rejected"), ("preferred", "dispreferred"), ("preferred", "rejected"), ("preferred", "non preferred"),
    ("win", "lose"), ("winner", "loser"), ("winning", "losing"), ("won", "lost"), ("better", "worse"), ("good", "bad"),
    ("accepted", "rejected"), ("best", "worst"), ("response j", "response k"), ("yw", "yl"), ("y w", "y l"),
    ("safe", "unsafe"), ("positive response", "negative response"), ("pos response", "neg response"),
    ("selected", "rejected"), ("gewahlt", "abgelehnt"), ("bevorzugt", "abgelehnt"), ("akzeptiert", "abgelehnt"),
    ("gute", "schlechte"), ("gut", "schlecht"), ("bessere", "schlechtere"), ("besser", "schlechter"),
    ("bonne", "mauvaise"), ("bon", "mauvais"), ("meilleure", "pire"), ("choisie", "rejetee"), ("choisi", "rejete"),
    ("acceptee", "rejetee"), ("preferee", "rejetee"), ("buena", "mala"), ("mejor", "peor"), ("elegida", "rechazada"),
    ("elegido", "rechazado"), ("preferida", "rechazada"), ("aceptada", "rechazada"), ("buona", "cattiva"),
    ("migliore", "peggiore"), ("scelta", "rifiutata"), ("preferita", "rifiutata"), ("boa", "ruim"), ("boa", "ma"),
    ("melhor", "pior"), ("escolhida", "rejeitada"), ("goede", "slechte"), ("dobra", "zla"), ("lepsza", "gorsza"),
    ("хороший", "плохой"), ("лучший", "худший"), ("выбранный", "отклоненный"), ("iyi", "kotu"), ("bra", "dalig"),
)  # fmt: skip
"""Words by which the names of a better and of a worse answer differ."""


def most(signs: Iterable[bool], share: float = 0.5) -> bool:
    """Return whether more than a share of some signs are true; false when there is none."""
    counted = Counter(map(bool, signs))
    return counted[True] > share * counted.total()


class Column:
    """One column of a sample."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.values: list[Any] = []
        """Its values other than None, in the order of the rows."""
        self.places: set[int] = set()
        """Numbers of the rows that have one."""
        self.kinds: Counter[str] = Counter()

    def add(self, place: int, value: Any) -> None:
        """Take in the value of the row with number `place`."""
        self.places.add(place)
        self.values.append(value)
        self.kinds[kind_of(value)] += 1

    @cached_property
    def kind(self) -> str:
        """The kind most values have; equally common ones in alphabetical order. Blank texts count for any kind."""
        counted = [(-number, kind) for kind, number in self.kinds.items() if kind != "blank"]
        return min(counted)[1] if counted else "blank"

    @cached_property
    def texts(self) -> list[str]:
        """The values that are text with words."""
        return [value for value in self.values if isinstance(value, str) and value.strip()]

    @cached_property
    def mean_chars(self) -> float:
        """Mean length of the texts in characters."""
        return sum(map(len, self.texts)) / len(self.texts) if self.texts else 0.0

    @cached_property
    def questions(self) -> float:
        """Share of the texts that end in a question mark."""
        asking = sum(text.rstrip().endswith(("?", "？", "؟")) for text in self.texts)
        return asking / len(self.texts) if self.texts else 0.0

    @cached_property
    def distinct(self) -> int:
        """How many different values there are."""
        return len({str(value)[:_DISTINCT] for value in self.values})

    @cached_property
    def is_coded(self) -> bool:
        """Whether most texts are addresses, ids, numbers, dates or notes of a licence, not words."""
        return most(_NO_WORDS.fullmatch(text.strip()) is not None for text in self.texts)

    @cached_property
    def is_json(self) -> bool:
        """Whether most texts are JSON objects, whose keys are columns of their own then."""
        return most(text[:1] == "{" and alone(text) is not None for text in self.texts)

    @cached_property
    def is_repeated(self) -> bool:
        """Whether the values are the same in all rows, or in ten of many: something said about the rows."""
        number = len(self.values)
        return number >= _FEWEST_REPEATED and self.distinct <= max(1, number // 10 if number >= 20 else 1)

    def stands_beside(self, other: Column) -> bool:
        """Return whether the rows that have the rarer of two columns mostly have the other too."""
        return 2 * len(self.places & other.places) >= min(len(self.places), len(other.places))

    @property
    def is_text(self) -> bool:
        """Whether it holds text, or numbers that can stand as text."""
        return self.kind in ("text", "number")


def kind_of(value: Any) -> str:
    """Return the kind of a value: text, blank, bool, number, turn(s), texts, numbers, object(s), list or other.

    Turns are a list of them, or JSON text of one; texts, numbers and objects are lists of such; blank is without words.
    """
    if isinstance(value, str):
        if not value.strip():
            return "blank"
        return "turns" if value.lstrip()[:2] in ("[{", "[[") and _spoken(listed_in(value)) else "text"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, dict):
        if _spoken(held_in(value)):
            return "turns"
        return "turn" if _spoken([value]) else "object"
    if not isinstance(value, list):
        return "other"
    if not value:
        return "blank"
    if _spoken(value):
        return "turns"
    if all(isinstance(item, str) for item in value):
        return "texts"
    if all(isinstance(item, int | float) for item in value):
        return "numbers"
    return "objects" if all(isinstance(item, dict) for item in value) else "list"


def _spoken(value: list[Any] | None) -> bool:
    """Return whether a value is a list of turns of which at least one has a role that is known, or needs none."""
    if value is None or not are_turns(value):
        return False
    for item in value:
        if isinstance(item, list):
            return True
        inner = item.get("message")
        turn = inner if isinstance(inner, dict) else item
        roles = [turn[key] for key in (*ROLE_KEYS, "type") if turn.get(key) is not None]
        named = [role.get("role") if isinstance(role, dict) else role for role in roles]
        if not roles or any(role_of(role) is not None for role in named):
            return True
    return False


def _has_columns(value: Mapping[str, Any]) -> bool:
    """Return whether the keys of an object can be columns: those of a turn with a role, or of many turns, cannot."""
    kind = kind_of(value)
    return kind == "object" or (kind == "turn" and not any(key in value for key in ROLE_KEYS))


def _cells(row: Mapping[str, Any], prefix: str = "", depth: int = _DEPTH) -> Iterator[tuple[str, Any]]:
    """Yield (column, value) of a row, and behind its own columns those of the objects in it, alone in a list or not."""
    inner = []
    for key, value in row.items():
        if value is None or not isinstance(key, str):
            continue
        yield prefix + key, value
        held = alone(value)
        if depth and held is not None and len(held) <= _MOST_KEYS and _has_columns(held):
            inner.append((key, held))
    for key, value in inner:
        yield from _cells(value, f"{prefix}{key}.", depth - 1)


@dataclass
class Table:
    """A sample of rows and its columns."""

    rows: Sequence[Mapping[str, Any]]
    columns: dict[str, Column] = field(init=False)
    """Name → column; "a.b" is key b of the objects in column a."""

    def __post_init__(self) -> None:
        counted: Counter[str] = Counter()
        for row in self.rows:
            counted.update(name for name, _ in islice(_cells(row), _MOST_COLUMNS))
            if (
                len(counted) > _MOST_NAMES
            ):  # rows without a layout: nothing is lost with names that stand in one of them
                counted = Counter(dict(counted.most_common(_MOST_NAMES // 2)))
        # The commonest columns, whatever the order of the rows.
        ordered = sorted(counted, key=lambda name: (-counted[name], name.count("."), name))
        self.columns = {name: Column(name) for name in ordered[:_MOST_COLUMNS]}
        for place, row in enumerate(self.rows):
            for name, value in islice(_cells(row), _MOST_COLUMNS):
                if name in self.columns:
                    self.columns[name].add(place, value)

    def of_kind(self, *kinds: str) -> list[str]:
        """Return the names of the columns of some kinds."""
        return [name for name, column in self.columns.items() if column.kind in kinds]

    def best(
        self,
        role: str,
        kinds: Sequence[str],
        taken: Sequence[str] = (),
        exact: bool = False,
        barred: Sequence[str] = (),
    ) -> str | None:
        """Return the name of the column of some kinds that suits a role best, not taken and not barred, or None.

        The rows that have it must have the first of the columns `taken`, too, and it is neither inside one of them nor
        around it. A column on its own comes before one inside an object, one most rows have before a rare one, and
        where rows should differ, one with words that differ before one of addresses, ids or a few values.
        """
        suited = []
        varied = role in _VARIED
        anchor = next((self.columns[name] for name in taken if name in self.columns), None)
        for name in self.of_kind(*kinds):
            rank = names.rank(name, role)
            if rank is None or name in taken or name in barred or (exact and not names.exact(name, role)):
                continue
            if any(name.startswith(f"{other}.") or other.startswith(f"{name}.") for other in taken):
                continue
            if anchor is not None and not self.columns[name].stands_beside(anchor):
                continue
            # Less than a fiftieth of the commonest column's rows is an exception in some rows, not their column.
            rare = 50 * len(self.columns[name].values) < len(self.rows)
            column = self.columns[name]
            aside = varied and (
                column.is_coded or column.is_json or (column.is_repeated and name.lower() not in _ASKED_OF_ALL)
            )
            suited.append((rare, aside, "." in name, rank, name))
        return min(suited)[-1] if suited else None


@lru_cache(maxsize=256)
def media_columns(keys: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns whose names speak of images, sound or video."""
    named = []
    for key in keys:
        parts = names.words(key) if isinstance(key, str) else ()
        if parts and not _MEDIA_WORDS.isdisjoint((parts[0], parts[-1])) and len(parts) <= 2:
            named.append(key)
    return tuple(named)


def holds_media(value: Any) -> bool:
    """Return whether a value of such a column is an image, sound or video, or names a file of one."""
    if isinstance(value, bytes | bytearray | memoryview):
        return len(value) > 0
    if isinstance(value, dict):
        # Readers leave the bytes of media out; the object that held them tells all the same.
        return "bytes" in value or bool(value.get("path") or value.get("url") or value.get("array"))
    if isinstance(value, list):
        return any(holds_media(item) for item in value)
    if not isinstance(value, str):
        return False
    bare = value.strip().lower().split("?")[0]
    return bare.endswith(_MEDIA_SUFFIXES) or bare.startswith("data:image") or bare in ("<image>", "<video>", "<audio>")


class Verdicts(NamedTuple):
    """The columns of a row that judge its answers."""

    pairs: tuple[tuple[str, str], ...]
    """(better, worse)."""
    labels: tuple[str, ...]


_LABELS = frozenset(("label", "kto tag", "kto label"))

REVIEWED = "accepted"
"""Column of the decision about a row that a model wrote: true, false, or null while nobody has decided."""


def review_column(keys: tuple[str, ...]) -> str | None:
    """Return the column of the decision of a row written for review, which cites its source; None for other rows."""
    return REVIEWED if REVIEWED in keys and "citation" in keys else None


@lru_cache(maxsize=256)
def verdict_columns(keys: tuple[str, ...]) -> Verdicts:
    """Return the columns whose names say that they judge answers."""
    spelled = {" ".join(names.words(key)): key for key in keys if isinstance(key, str)}
    pairs = []
    for better, worse in PAIRS:
        for spelling, key in spelled.items():
            parts = f" {spelling} "
            if f" {better} " in parts:
                other = spelled.get(parts.replace(f" {better} ", f" {worse} ", 1).strip())
                if other is not None and other != key and f" non {better} " not in parts:
                    pairs.append((key, other))
    # The plainer the names, the more surely they are the answers and not their scores.
    pairs.sort(key=lambda pair: (len(names.words(pair[0])), pair))
    return Verdicts(tuple(pairs), tuple(key for spelling, key in spelled.items() if spelling in _LABELS))
