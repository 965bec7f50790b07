"""Panels of a page that open on a click: which elements are the questions of a FAQ above them, and which the panels.

Owns how such panels are marked up. Must not know how a page is set as text. Only what asks is taken for the title of a
panel: every other button, and what it opens, belongs to the site and not to its text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborNode

_TRIGGERS = "button, [role=button], [aria-controls], [data-toggle=collapse], [data-bs-toggle=collapse]"
_ASKS = re.compile(r"\w.*[?？؟]\W{0,6}$", re.DOTALL)
"""A question, with a sign behind it for whether the panel is open."""
_TITLES = frozenset(("h1", "h2", "h3", "h4", "h5", "h6", "dt", "summary"))
_LONGEST = 400
"""Characters of a question, at most."""
_MOST_AROUND = 6
"""Elements around a question that hold nothing else, at most."""
_MOST_BESIDE = 20
"""Comments, blanks and the like between a question and its panel, at most."""
_MOST_TRIGGERS = 5000


@dataclass(frozen=True)
class Folds:
    """What opens on a click, by `mem_id` of the nodes."""

    titles: frozenset[int] = frozenset()
    """Questions that no heading marks."""
    shown: frozenset[int] = frozenset()
    """Questions and panels, which are text of the page whatever their elements are and whether they are hidden."""


def _around(node: LexborNode) -> Iterator[LexborNode]:
    """Yield an element and the elements around it."""
    above: LexborNode | None = node
    for _ in range(_MOST_AROUND):
        if above is None:
            return
        yield above
        above = above.parent


def _words(node: LexborNode, most: int = _LONGEST) -> str:
    """Return the beginning of the words in an element: some more than `most` characters, whatever it holds."""
    parts: list[str] = []
    size = 0
    for inner in node.traverse(include_text=True):
        if inner.tag == "-text":
            parts.append(str(inner.text(deep=False)))
            size += len(parts[-1].strip())
            if size > most:
                break
    return "".join(parts).strip()


def _beside(node: LexborNode, before: bool = False) -> LexborNode | None:
    """Return what stands next to a node, behind or before it, and has words; None where that is nothing."""
    found = node
    for _ in range(_MOST_BESIDE):
        beside = found.prev if before else found.next
        if beside is None:
            return None
        if ((beside.tag or "-")[:1] not in "-!" or beside.tag == "-text") and _words(beside, 0):
            return beside
        found = beside
    return None


def _follows(trigger: LexborNode) -> LexborNode | None:
    """Return the element behind a question, or behind what holds nothing but it, or None."""
    for node in _around(trigger):
        if (behind := _beside(node)) is not None:
            return behind if behind.tag != "-text" else None
        if _beside(node, before=True) is not None:
            return None
    return None


def _opened(trigger: LexborNode, named: dict[str, LexborNode]) -> LexborNode | None:
    """Return the panel that an element names as the one it opens, or None."""
    for key in ("aria-controls", "data-bs-target", "data-target", "href"):
        name = (trigger.attributes.get(key) or "").strip().removeprefix("#")
        if name in named and _words(named[name], 0):
            return named[name]
    return None


def folds_of(root: LexborNode) -> Folds:
    """Return the questions below a node that open a panel, and those panels."""
    told = ((node, _words(node)) for node in root.css(_TRIGGERS)[:_MOST_TRIGGERS])
    asked = [node for node, words in told if len(words) <= _LONGEST and _ASKS.search(words)]
    if not asked:
        return Folds()
    named = {node.attributes.get("id") or "": node for node in root.css("[id]")}
    titles, shown = set(), set()
    for node in asked:
        panel = _opened(node, named) or _follows(node)
        if panel is None or panel.tag == "button":
            continue
        shown |= {node.mem_id, panel.mem_id}
        if not any(above.tag in _TITLES for above in _around(node)):
            titles.add(node.mem_id)
    return Folds(frozenset(titles), frozenset(shown))
