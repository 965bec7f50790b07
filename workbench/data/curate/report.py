"""What a sample of rows shows before anything is done with them.

Owns the sentences. Must not know files. Looks at a bounded amount of text, so that it costs a moment for any data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from workbench.data.curate import language, neighbours, quality, secrets
from workbench.data.curate.settings import NEAR
from workbench.data.curate.shingles import shingles, words_of
from workbench.data.curate.texts import text_of, turns_of

LOOKED_AT = 2**18
"""Characters of a sample that are looked at."""
LANGUAGES_OF = 100
"""Rows whose language is told."""
_ENGLISH = frozenset("the and of to is in a you that it for are".split())
WORTH_SAYING = 0.02
"""Share of the rows from which a finding is worth a sentence."""


def _share(number: int, of: int) -> str:
    return f"about {100 * number / of:.0f} % of the rows" if number < of else "all rows"


def _languages(rows: Sequence[Mapping[str, Any]]) -> Counter[str]:
    """Return language → rows; English is told by its commonest words, so that the classifier is rarely loaded."""
    texts = [text_of(row)[: language.LOOKED_AT] for row in rows]
    others = [text for text in texts if len(_ENGLISH.intersection(text.lower().split())) < 2]
    if len(others) < WORTH_SAYING * len(texts):
        return Counter({"en": len(texts)})
    return Counter({"en": len(texts) - len(others)}) + Counter(filter(None, map(language.language, others)))


def problems(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return {"text", "fix"} for what is worth a look in a sample of canonical rows."""
    looked: list[Mapping[str, Any]] = []
    size = 0
    kinds: Counter[str] = Counter()
    refusals = poor = 0
    texts: list[str] = []
    for row in rows:
        text = text_of(row)
        size += len(text)
        if looked and size > LOOKED_AT:
            break
        looked.append(row)
        kinds.update(dict.fromkeys(secrets.found(text), 1))
        texts.append(text)
        poor += "text" in row and bool(quality.broken(text))
        refusals += any(turn["role"] == "assistant" and quality.refuses(turn.get("content") or "") for turn in turns_of(row))
    if not looked:
        return []
    found: list[dict[str, Any]] = []
    for kind, number in kinds.most_common(4):
        name = kind.replace("_", " ").lower()
        words = f"{_share(number, len(looked))}" if number >= WORTH_SAYING * len(looked) else "some rows"
        found.append({"text": f"In {words} stands what looks like {_article(name)}.", "fix": {"secrets": "mask"}})
    signatures = neighbours.signatures(shingles(words_of(texts)))
    near = len(looked) - len(np.unique(neighbours.clusters(signatures, np.arange(len(looked)), NEAR)))
    if near >= WORTH_SAYING * len(looked):
        found.append({"text": f"{_share(near, len(looked))} are nearly the same as another.".capitalize(), "fix": {"duplicates": "near"}})
    if refusals >= WORTH_SAYING * len(looked):
        found.append({"text": f"{_share(refusals, len(looked))} answer with a refusal, which is learnt like any answer.".capitalize(), "fix": {}})
    if poor >= 0.2 * len(looked):
        found.append({"text": f"{_share(poor, len(looked))} break a rule for web text.".capitalize(), "fix": {"quality": "drop"}})
    told = _languages(looked[:LANGUAGES_OF])
    if told and (others := sum(told.values()) - told.most_common(1)[0][1]) >= 0.05 * sum(told.values()):
        parts = ", ".join(f"{name} {100 * number / sum(told.values()):.0f} %" for name, number in told.most_common(4))
        main = told.most_common(1)[0][0]
        if others:
            found.append({"text": f"The rows seem to be in several languages: {parts}.", "fix": {"languages": main}})
    return found


_NAMES = {
    "api key": "an API key",
    "email": "an e-mail address",
    "iban": "an IBAN",
    "ip": "an IP address",
    "card": "a card number",
    "phone": "a phone number",
}


def _article(name: str) -> str:
    return _NAMES.get(name, f"a {name}")
