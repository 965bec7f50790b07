"""Rows in XML of any name: which element is a row, and its attributes and elements as columns.

Owns the choice and the conversion. Must not know any kind of document by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from workbench.data.readers.text_of_xml import PARAGRAPHS, prose
from workbench.data.readers.tree_of_xml import Node

Cells = dict[str, Any]

_SPEAKERS = frozenset(("role", "from", "speaker", "author", "sender", "who", "user"))
"""Attributes and elements that say who speaks."""
_FIELDS = frozenset(
    (
        *("field", "column", "col", "cell", "str", "int", "long", "float", "double", "bool", "date", "arr", "data"),
        *("property", "prop", "param", "value", "string"),
    )
)
"""Elements whose column is named by an attribute."""
_NAMING = ("name", "key", "column", "id")


def _says_who(node: Node) -> bool:
    """Return whether an element is what one side of a conversation says."""
    return not _SPEAKERS.isdisjoint(node.attributes) or any(child.name in _SPEAKERS for child in node.elements)


def _commonest(nodes: Sequence[Node]) -> tuple[str, int]:
    """Return (name, number) of the commonest of some elements, the first of those equally common."""
    return Counter(node.name for node in nodes).most_common(1)[0] if nodes else ("", 0)


def repeated(root: Node, whole: bool) -> tuple[int, str] | None:
    """Return (elements around it, name) of the element that is a row, or None when the document is a text.

    `root` is the document, or only its beginning unless it is `whole`.
    """
    above = root.elements
    name, number = _commonest(above)
    inside = [child for node in above if number < 2 or node.name == name for child in node.elements]
    inner, many = _commonest(inside)
    if number >= 2:
        grouped = [node for node in inside if node.name == inner]
        records = sum(bool(node.elements) for node in grouped)
        if many > number and 2 * records > many and inner not in PARAGRAPHS and not any(map(_says_who, grouped)):
            return 2, inner
        return None if name in PARAGRAPHS else (1, name)
    if many >= 2:
        return None if inner in PARAGRAPHS else (2, inner)
    # A row that is longer than what is looked at has nothing after it there.
    return None if whole or number != 1 or name in PARAGRAPHS else (1, name)


def _value(node: Node) -> Any:
    """Return what an element inside a row holds: a text, or columns, or a list of what it repeats."""
    inside = node.elements
    if not inside:
        return cells(node) if not _SPEAKERS.isdisjoint(node.attributes) else node.text().strip()
    if node.is_mixed() or any(child.name in PARAGRAPHS - _AMBIGUOUS for child in inside):
        return prose(node)
    names = {child.name for child in inside}
    if len(names) == 1 and (len(inside) > 1 or node.name.lower().startswith(inside[0].name.lower())):
        return [_value(child) for child in inside]
    return cells(node)


_AMBIGUOUS = frozenset(("text", "title", "head", "body", "q", "s", "l", "group", "section", "quote"))
"""Names of elements of prose that are names of columns as well."""


def _column(node: Node) -> str:
    """Return the name of the column that an element is."""
    if node.name in _FIELDS:
        return next((node.attributes[key] for key in _NAMING if node.attributes.get(key)), node.name)
    return node.name


def cells(node: Node) -> Cells:
    """Return an element as a row: its attributes, its elements by name, repeated ones as a list, and its own text."""
    row: Cells = dict(node.attributes)
    inside = node.elements
    if not inside or node.is_mixed() or any(child.name in PARAGRAPHS - _AMBIGUOUS for child in inside):
        text = prose(node) if inside else node.text().strip()
        if text or not row:
            row["text" if "text" not in row else "content"] = text
        return row
    own: Cells = {}
    for child in inside:
        own.setdefault(_column(child), []).append(_value(child))
    for name, values in own.items():
        free = name if name not in row else f"{name}_2"
        row[free] = values[0] if len(values) == 1 else values
    return row
