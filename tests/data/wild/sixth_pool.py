"""Shorthand for expected rows that the sixth set of datasets shares.

Owns the shorthand. Must not know any layout.
"""

from __future__ import annotations

from typing import Any

from tests.data.wild.table import Turn


def said(role: str, text: Any) -> dict[str, Any]:
    """Return a turn."""
    return {"role": role, "content": text}


def ask_exactly(*parts: str, to: str) -> dict[str, Any]:
    """Return a row whose question mentions all of these, with this answer."""
    return {"messages": [Turn("user", *parts), {"role": "assistant", "content": to}]}


def ask_roughly(*parts: str, to: str) -> dict[str, Any]:
    """Return a row whose question mentions all of these, and whose answer mentions that."""
    return {"messages": [Turn("user", *parts), Turn("assistant", to)]}


def prefer_roughly(chosen: str, rejected: str, *parts: str) -> dict[str, Any]:
    """Return a preference row whose prompt and answers mention these."""
    return {
        "prompt": [Turn("user", *parts)],
        "chosen": [Turn("assistant", chosen)],
        "rejected": [Turn("assistant", rejected)],
    }
