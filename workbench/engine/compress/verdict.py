"""What cutting and healing came to: loss of every held-out row and speed of the original, the cut and the healed model.

Owns those figures, taken of the three one after the other in one process. Must not know how a model was cut or trained.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from workbench.core.teaching import TILE
from workbench.core.text import one_line
from workbench.core.units import several
from workbench.engine import load, micro
from workbench.engine.adapters import trunk
from workbench.engine.compress.projection import projection
from workbench.engine.compress.soft_labels import learnt
from workbench.engine.examples import Examples
from workbench.engine.material import TRAIN, Material
from workbench.engine.prepare import collator
from workbench.engine.session import Attempt
from workbench.runs import bases
from workbench.runs.bases import Base

MOST_ROWS = 256
"""Held-out rows that are looked at one by one."""
NAMED = 8
"""Rows that are named as those that recovered least."""
ABOVE = 0.05
"""Nats a token above the original's from which on a row counts as not recovered."""
LEAST = 0.01
"""Nats a token that cutting has to lose for a share of it to mean something."""
_ROWS_AT_ONCE, _WRITTEN, _REPEATS, _SECONDS = 8, 8, 5, 0.5
"""Of the measure of speed: rows that are read together, tokens that are written one after the other, how often each is
done at least, and for how long."""


@dataclass(frozen=True)
class Look:
    """What one model was found to be."""

    losses: NDArray[np.float64]
    """Of each row: the sum over its learnt tokens, in nats."""
    reading: float = 0.0
    """Tokens a second, several rows together; 0 where it was not timed."""
    writing: float = 0.0
    """Tokens a second, one text, with a cache."""


def losses(model: Any, examples: Examples, numbers: Sequence[int]) -> NDArray[np.float64]:
    """Return the summed cross entropy of the learnt tokens of each example, in nats."""
    words = int(model.config.get_text_config().vocab_size)
    project, found = projection(model, words), []
    size = max(1, TILE // words)
    for number in numbers:
        ids, _ = examples.columns(number)
        tokens = torch.from_numpy(ids).to(model.device)
        with torch.no_grad():
            hidden = trunk(model)(input_ids=tokens[None], use_cache=False).last_hidden_state[0]
            places = torch.from_numpy(np.flatnonzero(learnt(examples, number))).to(model.device)
            total = 0.0
            for part in places.split(size):
                # What is said of a token stands at the one before it.
                total += float(
                    torch.nn.functional.cross_entropy(project(hidden[part - 1]), tokens[part], reduction="sum")
                )
        found.append(total)
    return np.array(found)


def _waited(model: Any) -> float:
    """Return the time in seconds when a card has done what it was given; on a processor that which its threads have
    computed, each at its share, so that it does not count how long other programs held the cores.
    """
    if model.device.type == "cpu":
        return time.process_time() / torch.get_num_threads()
    if model.device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def _fastest(tokens: int, once: Callable[[], object], model: Any) -> float:
    """Return the tokens a second of the fastest of many passes after a warm-up: what else a machine does slows some."""
    once()
    marks = [_waited(model)]
    while len(marks) <= _REPEATS or marks[-1] < marks[0] + _SECONDS:
        once()
        marks.append(_waited(model))
    return tokens / float(np.diff(marks).min())


def speed(model: Any, examples: Examples) -> tuple[float, float]:
    """Return (tokens a second while several rows are read, and while one text is written with a cache) of a model."""
    longest = np.argsort(-examples.lengths, kind="stable")[:_ROWS_AT_ONCE]
    batch = collator(0, packed=False)([{"input_ids": ids, "labels": ids} for ids, _ in map(examples.columns, longest)])
    ids, seen = batch["input_ids"].to(model.device), batch["attention_mask"].to(model.device)

    def read() -> None:
        trunk(model)(input_ids=ids, attention_mask=seen, use_cache=False)

    def write() -> None:
        last = model(input_ids=ids[:1, :1], use_cache=True)
        for _ in range(_WRITTEN - 1):
            following = last.logits[:, -1:].argmax(-1)
            last = model(input_ids=following, past_key_values=last.past_key_values, use_cache=True)

    with torch.no_grad():
        return _fastest(int(seen.sum()), read, model), _fastest(_WRITTEN, write, model)


def look(attempt: Attempt, base: Base, examples: Examples, numbers: Sequence[int], timed: bool) -> Look:
    """Return what a model is like on examples; it is in memory for that time only.

    All models of a run are held in 4 bits where that is what its card has room for.
    """
    recipe = attempt.recipe
    with torch.random.fork_rng():
        in_4bit = recipe.teacher_in_4bit or recipe.tuning == "qlora"
        model = load.load_for_use(base, load.machine(recipe), in_4bit)
        attempt.requests.check()
        found = Look(losses(model, examples, numbers), *(speed(model, examples) if timed else ()))
        del model
        micro.free()
    return found


def recovered(original: float, cut: float, healed: float) -> float | None:
    """Return the share of what cutting lost that healing brought back, of mean losses; None of next to nothing."""
    return (cut - healed) / (cut - original) if cut - original >= LEAST else None


def figures(
    looks: dict[str, Look], counts: NDArray[np.int64], numbers: Sequence[int], told: Sequence[str]
) -> dict[str, Any]:
    """Return the figures of the report from the looks at the "original", the "pruned" and the "healed" model.

    `counts` are learnt tokens of each row, `told` its beginnings. The rows that recovered least are those whose mean
    loss is furthest above the original's.
    """
    means = {name: float(one.losses.sum() / counts.sum()) for name, one in looks.items()}
    rows = {name: one.losses / counts for name, one in looks.items()}
    above = rows["healed"] - rows["original"]
    # The same row may be there more than once.
    order = {told[number]: int(number) for number in np.argsort(above, kind="stable") if above[number] > 0}
    worst = sorted(order.values(), key=lambda number: -above[number])[:NAMED]
    lost = np.maximum(looks["healed"].losses - looks["original"].losses, 0)
    tenth = np.sort(lost)[::-1][: max(1, len(lost) // 10)].sum()
    return {
        "loss": means,
        "perplexity": {name: float(np.exp(min(mean, 700.0))) for name, mean in means.items()},
        "recovered": recovered(means["original"], means["pruned"], means["healed"]),
        "rows": len(numbers),
        "rows_above": int((above > ABOVE).sum()),
        # Whether a few rows or all of them are what healing did not bring back.
        "worst_tenth": float(tenth / lost.sum()) if lost.sum() > 0 else 0.0,
        "unrecovered": [
            {"row": told[number], **{name: round(float(rows[name][number]), 4) for name in looks}} for number in worst
        ],
    }


def _beginning(tokenizer: Any, examples: Examples, number: int) -> str:
    """Return the beginning of a row as people read it, without the marks of its chat template."""
    return one_line(str(tokenizer.decode(examples.columns(number)[0][:60], skip_special_tokens=True)), 160)


def judge(attempt: Attempt, original: Path, cut: Path, tokenizer: Any, material: Material) -> dict[str, Any]:
    """Return what the report says of a pruned and healed run, and say it in a sentence, too."""
    held = material.held_out.get("held_out")
    examples = held if held is not None else material.train
    numbers = list(range(min(len(examples), MOST_ROWS)))
    models = {
        "original": bases.resolve(str(original)),
        "pruned": bases.resolve(str(cut)),
        "healed": bases.of_run(attempt.run),
    }
    looks: dict[str, Look] = {}
    for name, base in models.items():
        attempt.reporter.phase("evaluating", f"the {name} model", done=len(looks), total=len(models))
        # An adapter costs time that it no longer does once it is merged.
        looks[name] = look(attempt, base, examples, numbers, timed=name != "healed")
    counts = np.array([int(learnt(examples, number).sum()) for number in numbers])
    told = [_beginning(tokenizer, examples, number) for number in numbers]
    return {
        "speed": {
            name: {"before": getattr(looks["original"], name), "after": getattr(looks["pruned"], name)}
            for name in ("reading", "writing")
        },
        "rows_of": "held_out" if held is not None else TRAIN,
        **figures(looks, counts, numbers, told),
    }


def in_words(found: dict[str, Any]) -> str:
    """Return the verdict in a few sentences."""
    size, fast, loss = found["parameters"], found["speed"], found["loss"]
    smaller = 1 - size["after"] / size["before"]
    first = "It is as large and as fast as before, since zeros are stored and multiplied like any other weight."
    if smaller:
        times = [f"{fast[way]['after'] / fast[way]['before']:.1f}" for way in ("reading", "writing")]
        first = (
            f"It has {100 * smaller:.0f} % fewer parameters, reads about {times[0]} and writes about {times[1]} times "
        )
        first += "as fast."
    rows = "held-out rows" if found["rows_of"] == "held_out" else "rows it has learnt"
    share = found["recovered"]
    lost = (
        f"Loss on what {rows} answer: {loss['original']:.3f}, {loss['pruned']:.3f} when cut, {loss['healed']:.3f} when "
        "healed"
    )
    if share is None:
        lost += "."
    elif share > 1:
        lost += ": all that was lost is back, and it has learnt from the rows besides."
    else:
        lost += f": {100 * share:.0f} % of what was lost is back."
    parts = [first, lost]
    if not found["rows_above"]:
        parts.append(f"No row of {found['rows']} stays {ABOVE} or more above the original's.")
    elif found["unrecovered"]:
        above, rows_of = several(found["rows_above"], "row"), found["rows"]
        worst = found["unrecovered"][0]["row"]
        parts.append(f"{above} of {rows_of} stay {ABOVE} or more above the original's, furthest: {worst}")
    return " ".join(parts)
