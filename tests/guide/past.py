"""Finished runs as an engine leaves them, written by the parts an engine writes with."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.core import recipe
from workbench.core.events import AttemptEnded, AttemptStarted, Eval, Event, Sample, Step
from workbench.engine.examples import Writer
from workbench.engine.masks import Example
from workbench.runs import atomic, journal, store


def past(
    title: str,
    looks: Sequence[float],
    *,
    rows: str = "some rows",
    parent: str = "",
    steps: int = 40,
    tokens_a_step: int = 100,
    other: Sequence[float] = (),
    answer: str = "an answer",
    report: Mapping[str, Any] | None = None,
    ended: bool = True,
    **chosen: Any,
) -> store.Run:
    """Return a run that looked at its held-out rows so often, evenly over its steps, the first time before them.

    `rows` stands for what was held out, `other` are the losses on general rows, `chosen` recipe values.
    """
    values = {"data": ("/somewhere/questions.jsonl",), "base": parent or "bundled", **chosen}
    resolved = recipe.resolve(values)
    wanted = resolved.recipe
    run = store.create(
        recipe.to_toml(resolved),
        method=wanted.method,
        tuning=wanted.tuning,
        base=wanted.base,
        title=title,
        parent=parent,
    )
    with atomic.staging(run.path / "prepared") as folder:
        for name in ("train", "held_out", *(["general"] if other else [])):
            ids = list(f"{rows} {name}".encode())
            with Writer(folder / name) as examples:
                examples.add(Example(ids, ids))
    at = {round(number * steps / max(len(looks) - 1, 1)): number for number in range(len(looks))}
    told: list[Event] = [AttemptStarted(attempt=1, pid=1)]
    for step in range(steps + 1):
        if step:
            told.append(
                Step(
                    step=step, steps=steps, loss=2.0 - step / steps, learning_rate=1e-4, grad_norm=1.0,
                    tokens_per_second=50.0 + step, tokens=step * tokens_a_step,
                )
            )  # fmt: skip
        if step in at:
            number = at[step]
            told.append(
                Eval(step=step, loss=looks[number], metrics={"general_loss": other[number]} if other else {})
            )  # fmt: skip
            told.append(Sample(step=step, prompt="Hello", text=answer if step else "before anything was learnt"))
    writer = journal.Writer(run.events_path)
    for event in [*told, *([AttemptEnded(attempt=1, outcome="done", step=steps)] if ended else [])]:
        writer.write(event)
    writer.close()
    atomic.write_text(
        run.report_path, json.dumps({"seconds": 90.0, "peak_memory": {"host_bytes": 1 << 30}, **(report or {})})
    )
    return run
