"""How a base reads rows, as the road asks for it: tokens with what becomes of each, lengths in tokens, checks in words.

Owns the request and the words for the answer. Must not touch a tokenizer: an engine errand does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.core.plan import Plan
from workbench.core.text import one_line
from workbench.core.units import count
from workbench.guide.asking import looked_at
from workbench.guide.road import Road, name_of
from workbench.guide.surveying import request_of
from workbench.runs import bases, errand, probe

BATCH = 16
"""Rows asked for at once: asking costs seconds, a row more almost nothing."""

_SPLIT = ("cpt", "pretrain")
"""Methods whose long rows are split without loss."""
_MOST_WHOLE = 0.95
"""A length that leaves a smaller share of the rows whole is worth a word."""


def preview(found: Mapping[str, Any], request: Mapping[str, Any]) -> dict[str, Any]:
    """Return how a base reads the rows of a survey: tokens with marks, lengths in tokens, what is wrong with them."""
    base = bases.resolve(request["base"])
    probe.run_probe("workbench.runs.bases:inspect", {"path": str(base.model_dir)}, seconds=60)
    asked = {**request, "base_dir": str(base.model_dir), "rows": found["examples"], "method": found["method"]}
    return errand.run("workbench.engine.preview", asked, who="The preview")


def max_length(road: Road, plan: Plan | None) -> int:
    """Return the longest example in tokens, 0 where the rows decide."""
    if plan is not None:
        return plan.chosen.resolved.recipe.max_length
    return int(road.chosen.get("max_length", 0))


def key(road: Road, length: int) -> tuple[Any, ...]:
    """Return what a preview depends on."""
    return (*looked_at(road), road.base, length, str(road.chosen.get("tuning", "")))


def reads_alike(of: tuple[Any, ...], road: Road) -> bool:
    """Return whether a preview made for `key` `of` has counted the tokens of the road's rows by the road's base."""
    return of[:-2] == (*looked_at(road), road.base)


def look(
    road: Road, survey: Mapping[str, Any], length: int, first: int = 0, measured: bool = True
) -> tuple[tuple[Any, ...], int, dict[str, Any]]:
    """Return (what it depends on, `first`, the preview of a batch of the road's rows from the row `first` on).

    Rows are measured only when that is asked for. Raises WorkbenchError when the base cannot be used for them.
    """
    request = {
        **request_of(road),
        "base": road.base,
        "tuning": road.chosen.get("tuning", "lora"),
        "trained_tokens": list(road.chosen.get("trainable_token_indices", ())),
        "max_length": length,
        "first": first,
        "shown": BATCH,
        "measured": measured or not length,
    }
    return key(road, length), first, preview(survey, request)


def problems(found: Mapping[str, Any], usable: int) -> list[dict[str, Any]]:
    """Return what is wrong with how a base reads the rows, each with the recipe values that mend it."""
    told, limit = found["lengths"], found["max_length"]
    said = list(found["problems"])
    if told.get("sampled") and told["max_length"] > limit and found["method"] not in _SPLIT:
        share = next((item["share"] for item in told["covered"] if item["max_length"] == limit), 1.0)
        if share < _MOST_WHOLE:
            lost = count((1 - share) * usable)
            text = f"{lost} of {count(usable)} rows are longer than {count(limit)} tokens; their ends are not learnt."
            said.append({"text": text, "fix": {"max_length": told["max_length"]}})
    return said


def checks(row: Mapping[str, Any], base: str, length: int) -> list[tuple[str, bool, str, str]]:
    """Return (name, whether it is as it should be, sentence, the same in three words) of a row's start, stop, whole."""
    said: dict[str, list[str]] = {}
    for about, sentence in zip(row["about"], row["checks"], strict=True):
        said.setdefault(about, []).append(sentence)
    tokens, special = row["tokens"], set(row["special"])
    article = any(turn["who"] == "text" for turn in row["turns"])
    first = one_line(str(tokens[0]["text"]), 24) if tokens and tokens[0]["id"] in special else ""
    start = f"begins with {first}" if first else f"begins with its text; {name_of(base)} asks for nothing before it"
    if not article:
        start += ", as the chat template says" if first else ""
    learnt = [token for token in tokens if token["mark"] == "trained"]
    stop, short = "the end of the text is learnt", "its end is learnt"
    if learnt and learnt[-1]["id"] in special:
        name = one_line(str(learnt[-1]["text"]), 24)
        stop, short = f"{name} is trained, so {'texts' if article else 'replies'} will end", f"{name} trained"
    elif not learnt:
        stop, short = "no answer stands in the row; the model writes it", "answer is written"
    if row["length"] > len(tokens) and not row["cut"]:
        stop, short = "its end lies beyond the tokens that are told one by one", "end not shown"
    whole = f"{count(row['length'])} of {count(length)} tokens, nothing cut"
    if article and row["length"] > length:
        whole = f"{count(row['length'])} tokens, split without loss"
    good = {
        "start": (start, "start as template" if not article else "start"),
        "stop": (stop, short),
        "whole": (whole, "nothing cut"),
    }
    bad = {"start": "start", "stop": "no stop", "whole": "cut"}
    found = []
    for name, (sentence, few) in good.items():
        if name == "stop" and row["cut"]:
            found.append((name, False, "cut off with the end of the answer, so replies may not end", "stop cut off"))
        elif name in said:
            split = name == "whole" and not row["cut"]
            found.append((name, split, " ".join(said[name]), "split" if split else bad[name]))
        else:
            found.append((name, True, sentence, few))
    return found + [("text", False, sentence, "control tokens") for sentence in said.get("text", ())]
