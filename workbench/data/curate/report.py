"""What a sample of rows shows before anything is done with them.

Owns the sentences. Must not know files. Looks at a bounded amount of text, so that it costs a moment for any data.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from workbench.core.text import one_line
from workbench.core.units import count
from workbench.data.curate import language, likeness, quality, secrets
from workbench.data.curate.texts import text_of

LOOKED_AT = 2**20
"""Characters of a sample that are looked at; the row that goes beyond is cut."""
LANGUAGES_OF = 100
"""Rows whose language is told."""
WORTH_SAYING = 0.02
"""Share of the rows from which a finding is worth a sentence."""
MANY_POOR = 0.1
"""Share of articles that break one rule for web text, which every good collection has some of."""
MOSTLY_POOR = 0.5
"""Share from which these are no web texts, notes or chats for example, and leaving them out would leave nothing."""
SEVERAL_LANGUAGES = 0.05
"""Share of the rows from which a language is named."""
MEANT_LANGUAGES = 0.1
"""Share of the rows from which other languages are hardly there by mistake."""
FEWEST_OF_A_LANGUAGE = 2
"""Rows below which a language may be an error of the classifier."""
_SHOWN_KINDS = 4
_BLANK = re.compile(r"\{\{ ?[A-Za-z_][\w .-]{0,38}\}\}")
"""What a template has where a name is to stand, such as {{name}}."""
_SHOWN_RULES = 2
_ENGLISH = frozenset(("the", "and", "you", "that", "are", "what", "which", "how", "with", "this", "from", "have"))
"""Common words of English that are none of its neighbours' common ones, as "is", "in" and "a" are."""
_NAMES = {
    "API_KEY": "an API key",
    "PRIVATE_KEY": "a private key",
    "TOKEN": "a token for access",
    "PASSWORD": "a password",
    "EMAIL": "an e-mail address",
    "IBAN": "an IBAN",
    "CARD": "a card number",
    "PHONE": "a phone number",
    "IP": "an IP address",
}
"""Kind of secret → how a sentence calls it."""


def _languages(texts: Sequence[str]) -> Counter[str]:
    """Return language → rows, "" for those too short to be sure.

    English is told by its commonest words, so that the classifier is rarely loaded.
    """
    parts = [text[: language.LOOKED_AT] for text in texts]
    others = [part for part in parts if len(_ENGLISH.intersection(part.lower().split())) < 2]
    if len(others) < WORTH_SAYING * len(parts):
        return Counter({"en": len(parts)})
    return Counter({"en": len(parts) - len(others)}) + Counter(map(language.language, others))


def _several(told: Counter[str]) -> list[dict[str, Any]]:
    """Return the finding that rows are in several languages, if they are; what nobody can be sure of is no language."""
    rows, unsure = told.total(), told.pop("", 0)
    least = max(FEWEST_OF_A_LANGUAGE, SEVERAL_LANGUAGES * rows)
    named = [(name, number) for name, number in told.most_common(4) if number >= least]
    if len(named) < 2:
        return []
    parts = [f"{language.called(name)} {100 * number / rows:.0f} %" for name, number in named]
    parts += [f"not sure {100 * unsure / rows:.0f} %"] if unsure else []
    text = (
        f"The rows seem to be in several languages: {', '.join(parts)}; languages={named[0][0]} would keep the first "
        "and what nobody can be sure of, and leave out the others."
    )
    slipped_in = sum(number for _, number in named[1:]) < MEANT_LANGUAGES * rows
    return [{"text": text, "fix": {"languages": named[0][0]} if slipped_in else {}}]


def _refuses(row: Mapping[str, Any]) -> bool:
    """Return whether an answer that is to be learnt refuses."""
    learnt = [row.get("messages"), row.get("completion"), row.get("chosen")]
    turns = [turn for part in learnt if isinstance(part, list) for turn in part]
    return any(turn["role"] == "assistant" and quality.refuses(turn.get("content") or "") for turn in turns)


def problems(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return {"text", "fix"} for what is worth a look in a sample of canonical rows."""
    texts: list[str] = []
    room = LOOKED_AT
    for row in rows:
        if room <= 0:
            break
        texts.append(text_of(row)[:room])
        room -= len(texts[-1])
    looked = rows[: len(texts)]
    found: list[dict[str, Any]] = []

    def say(number: int, least: float, text: str, more: str = "", **fix: str) -> None:
        if number and number >= least * len(looked):
            share = "all rows" if number == len(looked) else f"about {100 * number / len(looked):.0f} % of the rows"
            why = f" for this, {count(LOOKED_AT)} characters" if len(looked) < len(rows) else ""
            few = f"{count(number)} of the {count(len(looked))} rows looked at{why}"
            text = text.format(share if number >= WORTH_SAYING * len(looked) else few) + more
            found.append({"text": f"{text[0].upper()}{text[1:].rstrip('.')}.", "fix": fix})

    kinds: dict[str, list[str]] = {}
    for text in texts:
        for kind in secrets.found(text):
            kinds.setdefault(kind, []).append(text)
    for kind, having in sorted(kinds.items(), key=lambda item: -len(item[1]))[:_SHOWN_KINDS]:
        where = f"; first in the row {secrets.beginning(having[0])}" if len(having) < len(looked) else ""
        say(len(having), 0.0, f"in {{}} stands what looks like {_NAMES[kind]}", where, secrets="mask")
    blanks = [blank for text in texts if (blank := _BLANK.search(text))]
    if blanks:
        first = f", such as {one_line(blanks[0].group(), 40)}"
        say(len(blanks), WORTH_SAYING, "{} hold a blank to be filled in", f"{first}, which is learnt as it stands")
    if looked:
        kept = likeness.records([likeness.parts_of(row) for row in looked])
        # Exact copies are told elsewhere, and left out in any case.
        places = {text: place for place, text in reversed(list(enumerate(texts)))}
        distinct = np.array(sorted(places.values()), np.int32)
        near = len(distinct) - len(np.unique(likeness.clusters(kept, distinct).near))
        say(near, WORTH_SAYING, "{} are nearly the same as another.", duplicates="near")
    refusals = sum(map(_refuses, looked))
    say(refusals, WORTH_SAYING, "{} answer with a refusal, which is learnt like any answer.")
    broken = Counter(quality.broken(text) for row, text in zip(looked, texts, strict=True) if "text" in row)
    for rule, number in broken.most_common(1 + _SHOWN_RULES):
        # Short articles are no fault; the lengths are told elsewhere.
        if rule and rule != quality.AMOUNT:
            fix = {"quality": "drop"} if number < MOSTLY_POOR * len(looked) else {}
            say(number, MANY_POOR, f"{{}} would not do as web text: the text {rule}.", **fix)
    return found + _several(_languages(texts[:LANGUAGES_OF]))
