"""How long rows are in the tokens of a base: one estimate for every page and the plan, or as they were counted.

Owns the estimate and its words. A glance gives lengths by a rule of thumb for large vocabularies; here a base's own
vocabulary, or the size of it where that is all that is known, says how far off the rule is. Must not read data, nor
load a tokenizer: the engine counts.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from workbench.core import units
from workbench.core.attempt import Base
from workbench.core.derive import Rows
from workbench.core.vocabulary import Vocabulary, read

_USUAL_VOCABULARY = 100_000
"""Words from which on the rule of thumb holds, so that no vocabulary is asked: reading a large one takes its time."""
_MARKS = (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("max", 1.0))
_MOST_BYTES = 8 << 20
"""A tokenizer.json beyond this size is not read."""


@lru_cache(maxsize=4)
def _vocabulary(folder: str, changed: int) -> Vocabulary | None:
    """Return the vocabulary of the base in a folder, None where there is none that is understood."""
    try:
        return read(json.loads((Path(folder) / "tokenizer.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError):
        return None


def vocabulary_of(base: Base) -> Vocabulary | None:
    """Return the vocabulary of a base that is here, None where the rule of thumb holds or it cannot be read."""
    if not base.folder or base.shape.vocabulary >= _USUAL_VOCABULARY:
        return None
    try:
        state = (Path(base.folder) / "tokenizer.json").stat()
    except OSError:
        return None
    return _vocabulary(base.folder, state.st_mtime_ns) if state.st_size <= _MOST_BYTES else None


@lru_cache(maxsize=8)
def _tokens(held: Vocabulary, texts: tuple[str, ...]) -> tuple[int, ...]:
    """Return the tokens that a vocabulary makes of each text; a plan is made anew at every key."""
    return tuple(map(held.tokens, texts))


def scaled(found: Mapping[str, Any], base: Base) -> dict[str, float]:
    """Return {"mean", "p50", "p90", "p99", "max"} of a glance in the tokens of a base, about.

    Where the base's vocabulary is here it reads the rows, or a sample of them where they are long. Else the letters of
    a token grow about with the logarithm of the vocabulary's size, so that smaller ones take more tokens.
    """
    basis = found.get("basis")
    held = vocabulary_of(base) if basis else None
    if basis is None:
        return {name: _by_size(base) * found["lengths"][name] for name in ("mean", *(name for name, _ in _MARKS))}
    rows = basis["rows"]
    if held is None:
        more = _by_size(base)
        lengths = sorted(more * text + basis["turn"] * turns for text, turns in rows)
    else:
        made = _tokens(held, tuple(basis["texts"]))
        whole = len(made) == len(rows)
        more = sum(made) / max(basis["texts_tokens"], 1.0)
        texts = made if whole else tuple(more * text for text, _ in rows)
        lengths = sorted(text + held.turn * turns for text, (_, turns) in zip(texts, rows, strict=True))
    last = len(lengths) - 1
    marks = {name: lengths[min(last, int(share * len(lengths)))] for name, share in _MARKS}
    marks["max"] = max(marks["max"], more * basis["longest"])
    return {"mean": sum(lengths) / len(lengths), **marks}


def _by_size(base: Base) -> float:
    """Return the tokens of a text over those of the rule of thumb, by the size of a vocabulary alone."""
    return max(1.0, math.log(_USUAL_VOCABULARY) / math.log(max(base.shape.vocabulary, 256)))


def of_glance(found: Mapping[str, Any], base: Base) -> Rows:
    """Return a glance as a plan takes it."""
    lengths = scaled(found, base)
    p50, p90, p99, longest = (round(lengths[name]) for name, _ in _MARKS)
    marks = (p50, p90, p99, longest)
    return Rows(
        found["rows"], found["about"], lengths["mean"], *marks, found["articles"], aside=bool(found.get("aside"))
    )


def settled(found: Mapping[str, Any], survey: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a glance with what a survey of the same data has counted and found of all rows, where there is one."""
    files = survey["files"] if survey is not None else []
    apart = any(file["split"] == "held_out" for file in files) or (survey or {}).get("file_count") != len(files)
    if survey is None or not found["about"] or found["curation"] or apart or survey["method"] != found["method"]:
        return dict(found)
    found = {**found, "why": survey["reasons"], "alternatives": survey["alternatives"]}
    return {**found, "rows": survey["usable"], "about": False}


def counted(found: Mapping[str, Any], base: Base, preview: Mapping[str, Any] | None) -> Rows:
    """Return a glance with the lengths that were counted by the base's own tokenizer, where they have been."""
    told = preview["lengths"] if preview is not None else {}
    if not told.get("sampled"):
        return of_glance(found, base)
    marks = (told["p50"], told["p90"], told["p99"], told["max"])
    aside = bool(found.get("aside"))
    return Rows(found["rows"], found["about"], told["mean"], *marks, found["articles"], measured=True, aside=aside)


def told(found: Mapping[str, Any], base: Base) -> dict[str, Any]:
    """Return a glance for programs: with the lengths its plan was made with."""
    return {name: value for name, value in found.items() if name != "basis"} | {"lengths": scaled(found, base)}


def number(rows: Rows, tokens: int) -> str:
    """Return a length as it is said: "28", "about 28" until it was counted."""
    return f"{'' if rows.measured else 'about '}{units.count(tokens)}"


def words(rows: Rows) -> str:
    """Return how long rows are, for a sentence."""
    return f"half of them up to {number(rows, rows.p50)} tokens, the longest {number(rows, rows.longest)}"
