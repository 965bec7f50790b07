"""Which base an adapter of qlora is merged into: how far each choice is from what was trained, measured.

Owns the comparison of both merges with the very model that was trained, 4-bit weights with the adapter beside them. It
is loaded afresh, before any pass: bitsandbytes repacks weights in place on some processors. Must not know files.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from workbench.core import units
from workbench.engine.export import closeness, reference, source
from workbench.engine.export.exporter import Opened
from workbench.engine.export.parity import Questions
from workbench.runs.bases import Base

TOKENS = 512
"""Tokens that are compared at most."""


def _some(questions: Questions) -> list[tuple[list[int], list[bool] | None]]:
    """Return as many held-out rows as the budget holds, or texts of the proof where there are none."""
    kept: list[tuple[list[int], list[bool] | None]] = []
    left = TOKENS
    rows: list[tuple[list[int], list[bool] | None]] = [(ids, None) for ids in questions.sequences]
    if questions.rows:
        rows = list(zip(questions.rows, questions.learnt, strict=True))
    for ids, learnt in rows:
        if len(ids) > 1 and left > 1:
            kept.append((ids[:left], learnt[:left] if learnt is not None else None))
            left -= len(ids[:left])
    return kept


def compare(model: Opened, base: Base, questions: Questions, logits: Path) -> dict[str, dict[str, Any]]:
    """Return merge base → how close the merged model is to the trained one, as `closeness` says it.

    `questions` have the rows; `logits` is a file to keep answers in, removed again.
    One model is in memory at a time.
    """
    from workbench.engine.load import Machine, load_for_use

    asked = _some(questions)
    trained = load_for_use(base, Machine("cpu", bf16=model.request.dtype == "bfloat16"))
    try:
        with logits.open("wb") as file:
            for ids, _ in asked:
                file.write(np.ascontiguousarray(reference.logits(trained, ids)).data)
        del trained
        found = {}
        for merge_base in source.MERGE_BASES:
            request = replace(model.request, merge_base=merge_base)
            weights = source.open_source(
                request.base, request.adapter, merge_base=merge_base, dtype=request.dtype,
                double_quant=request.double_quant,
            )  # fmt: skip
            merged, sums = reference.load_model(request.base, weights), closeness.Sums()
            with logits.open("rb") as file:
                for ids, learnt in asked:
                    got = reference.logits(merged, ids)
                    want = np.fromfile(file, np.float32, got.size).reshape(got.shape)
                    sums.begin()
                    sums.add(want, got, closeness.targets(ids, learnt))
            found[merge_base] = sums.result().plain()
            del merged
        return found
    finally:
        logits.unlink(missing_ok=True)


def told(found: dict[str, dict[str, Any]], chosen: str) -> str:
    """Return the comparison as a sentence."""

    def side(name: str) -> str:
        one = found[name]
        change = one["perplexity_change"]
        worse = "" if change is None else f" and perplexity {100 * change:+.1f} %"
        return f"KL {units.rate(one['kl'])}{worse}"

    return (
        "The adapter was trained over 4-bit weights: merged into what those stand for, the model is "
        f"{side('dequantised')} from the trained one, merged into the original weights {side('original')}; "
        f"the files are merged into the {chosen} ones."
    )
