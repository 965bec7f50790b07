"""`--refine`: a plan's step traced in a child process, and the plan made again with what the trace says.

Owns which steps are traced and how it is told. Must not import the engine: a limited child traces.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from typing import Any

from workbench.cli.output import Live, paragraph, size
from workbench.core import memory, plan
from workbench.core.demand import Demand
from workbench.core.errors import WorkbenchError
from workbench.core.memory import Memory
from workbench.core.plan import Attempt, Base, Card, Plan, Traces
from workbench.core.recipe import TUNINGS
from workbench.core.text import one_line
from workbench.runs import traced

MOST_TRACES = 5
"""Steps that are traced at most for one plan, some seconds each."""
TRACE_SECONDS = 120.0
_NO_CARD = "A trace counts what the kernels of a card allocate, and this plan is for a processor."
_WORTH_A_TRACE = 1.5
"""A better tuning of a family without a table is traced when its estimate is at most so many times what is free."""


def refined(solve: Callable[[Traces], Plan], base: Base, card: Card, live: Live) -> tuple[Plan, dict[str, Any]]:
    """Return the plan that holds by traces, and {"predicted", "traced", "apart", "traces", "seconds", "impossible"}.

    `solve` makes the plan from what was traced so far. The first two are peaks in bytes, of the closed form and by the
    trace, "apart" is the share by which the trace is above; the three are None where the proposal could not be traced,
    and "impossible" says why.
    """
    traces: dict[Demand, Memory] = {}
    began, why = time.monotonic(), "" if card.gpu else _NO_CARD
    found = solve(traces)
    for number in range(MOST_TRACES if card.gpu else 0):
        attempt = _next(found, card, traces)
        if attempt is None:
            break
        wanted = plan.demand(attempt.resolved.recipe, card)
        try:
            made = _traced(base, wanted, live, number + 1)
        except WorkbenchError as error:
            why = str(error)
            break
        traces[wanted] = memory.traced(_closed(base, card, attempt), made["parts"], made["phase"])
        found = solve(traces)
    live.clear()
    closed = _closed(base, card, found.chosen)
    made_for = traces.get(plan.demand(found.chosen.resolved.recipe, card))
    if made_for is None and not why:
        why = f"{MOST_TRACES} other steps were traced, and none of them fits."
    return found, {
        "predicted": closed.peak if made_for is not None else None,
        "traced": made_for.peak if made_for is not None else None,
        "apart": round(made_for.peak / closed.peak - 1, 4) if made_for is not None else None,
        "traces": len(traces),
        "seconds": round(time.monotonic() - began, 1),
        "impossible": why if made_for is None else "",
    }


def _closed(base: Base, card: Card, attempt: Attempt) -> Memory:
    """Return the closed form's estimate of an attempt, uncorrected."""
    return plan.expected(base.shape, attempt.resolved.recipe, card, base.beside.get(attempt.tuning, 0))


def _next(found: Plan, card: Card, traces: Traces) -> Attempt | None:
    """Return what is to be traced next: the proposal, then better tunings that only a wide margin kept out."""
    better = TUNINGS[: TUNINGS.index(found.chosen.tuning)]
    asked = not found.chosen.resolved.provenance["tuning"].startswith("derived")
    doubtful = [
        other
        for other in found.alternatives
        if other.tuning in better and not (asked or other.fits or other.memory.exact)
        and other.memory.peak <= _WORTH_A_TRACE * card.free
    ]  # fmt: skip
    for attempt in (found.chosen, *doubtful):
        if plan.demand(attempt.resolved.recipe, card) not in traces:
            return attempt
    return None


def _traced(base: Base, wanted: Demand, live: Live, number: int) -> dict[str, Any]:
    """Return the trace of a step while a line says that it is under way."""
    what = f"tracing a step, {wanted.tuning}, {wanted.batch} × {wanted.length} tokens"
    began = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        tracing: Future[dict[str, Any]] = pool.submit(traced.trace, dict(base.config), wanted, seconds=TRACE_SECONDS)
        while True:
            if live.rewrites or not tracing.running():
                live.update(f"{what}  {time.monotonic() - began:.0f} s")
            try:
                return tracing.result(1.0)
            except NotYet:
                continue


def printed(body: dict[str, Any]) -> str:
    """Return what a refinement found, for people."""
    if body["traced"] is None:
        return paragraph("traced", f"not possible: {one_line(body['impossible'], 400)}")
    apart = f"{100 * abs(body['apart']):.1f} % apart"
    more = f", {body['traces']} steps traced" if body["traces"] > 1 else ""
    said = (
        f"predicted {size(body['predicted'])}, traced {size(body['traced'])}, {apart} ({body['seconds']:.0f} s{more})"
    )
    return paragraph("traced", said)
