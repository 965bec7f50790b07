"""What a run trains on, once it is encoded: kept in the run directory, so that every attempt reads the same tokens.

Owns `prepared/`. Must not know methods or trainers: a method builds the material, a trainer uses it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.core.errors import UsageError
from workbench.core.recipe import load
from workbench.core.units import count
from workbench.data import plan
from workbench.data.curate.curator import told
from workbench.data.rows import Rows, of_recipe
from workbench.engine import team
from workbench.engine.examples import Examples, Writer
from workbench.engine.prepare import Encoded
from workbench.engine.reporter import Reporter
from workbench.engine.session import Attempt
from workbench.runs import atomic
from workbench.runs.store import Run

SAMPLES = 3
"""Fixed prompts answered at each evaluation when the person names none."""
WORDS_OF_TEXT_PROMPT = 10
PROGRESS_ROWS = 5000
HEAD = "material.json"
PLAN = "plan.json"
"""The plan of a run's rows, in the run."""
TRAIN = "train"
"""Name of the examples that are learnt."""
_LEFT = 0.01
"""Share of the rows that must give something to learn: a run on less would learn from what is left over by chance."""
_TOO_LONG = "max_length"
"""What the reason of rows names that are dropped because they are too long."""


@dataclass(frozen=True)
class Built:
    """What a method made of its rows, the examples themselves aside."""

    train: Encoded
    held_out: dict[str, Encoded]
    """Name → examples kept aside; those without any are not used."""
    prompts: list[str]
    chat: bool
    """Whether prompts go through the chat template."""
    counts: dict[str, Any]


@dataclass(frozen=True)
class Material:
    """Everything a trainer reads, in tokens."""

    train: Examples
    held_out: dict[str, Examples]
    """Name → examples kept aside; "held_out" is the run's own, others measure forgetting."""
    prompts: list[str]
    chat: bool
    """Whether prompts go through the chat template."""
    counts: dict[str, Any]


def rows(attempt: Attempt) -> Rows:
    """Return the rows of a run; says what was left out, and keeps the plan that gives them again."""
    recipe, reporter = attempt.recipe, attempt.reporter
    reporter.phase("preparing", "reading rows")

    def progress(what: str, number: int) -> None:
        attempt.requests.check()
        reporter.phase("preparing", what, done=number)

    found = of_recipe(recipe, progress=progress)
    if found.account.quarantined:
        reporter.notice(
            "warning",
            "rows_left_out",
            f"{count(found.account.quarantined)} of {count(found.account.rows)} rows cannot be used and were left out, "
            f"the first for this reason: {next(iter(found.account.bad))}.",
        )
    for step in found.decisions.report():
        reporter.notice("info", "curated", told(step))
    atomic.write_text(attempt.run.path / PLAN, plan.to_json(found.plan()))
    if not found.held_out and recipe.eval_split:
        reporter.notice(
            "info", "nothing_held_out", "There are too few rows to keep some aside, so no loss on unseen rows is shown."
        )
    return found


def watched(attempt: Attempt, given: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield rows that are being encoded; says how far it is and ends the attempt when that is asked for."""
    attempt.reporter.phase("preparing", "encoding rows")
    for number, row in enumerate(given, 1):
        yield row
        if number % PROGRESS_ROWS == 0:
            attempt.requests.check()
            attempt.reporter.phase("preparing", "encoding rows", done=number)


def prompts_of(recipe_prompts: Sequence[str], rows_for_prompts: Iterable[dict[str, Any]]) -> list[str]:
    """Return the fixed prompts of a run: the person's, or the beginnings of the first rows."""
    if recipe_prompts:
        return list(recipe_prompts)
    found: list[str] = []
    for row in rows_for_prompts:
        if "text" in row:
            found.append(" ".join(row["text"].split()[:WORDS_OF_TEXT_PROMPT]))
        else:
            said = row.get("messages") or row["prompt"]
            found += [message["content"] for message in said if message["role"] == "user"][:1]
        if len(found) == SAMPLES:
            break
    return found


def _read(run: Run) -> Material:
    """Return the stored material."""
    folder = run.path / "prepared"
    head = json.loads((folder / HEAD).read_text(encoding="utf-8"))
    held_out = {name: Examples.read(folder / name) for name in head["held_out"]}
    return Material(Examples.read(folder / TRAIN), held_out, head["prompts"], head["chat"], head["counts"])


def _refuse_leftovers(attempt: Attempt, train: Encoded) -> None:
    """Raise UsageError where so few of the rows give anything to learn that the run would not be of them."""
    if train.examples and train.rows - sum(train.dropped.values()) >= _LEFT * train.rows:
        return
    reason = train.dropped.most_common(1)[0][0] if train.dropped else "there are no rows"
    # A dry run reads an excerpt of its own, of which nobody has heard.
    named = ", ".join(load(attempt.run.recipe_path).recipe.data)
    left = count(train.rows - sum(train.dropped.values())) if train.examples else ""
    who = f"Only {left} of {count(train.rows)} rows of {named} give" if left else f"No row of {named} gives"
    remedy = f"; raise max_length, which is {attempt.recipe.max_length}" if _TOO_LONG in reason else ""
    raise UsageError(f"{who} anything to learn: {reason}{remedy}.")


def _tell(reporter: Reporter, train: Encoded) -> None:
    """Say in words what encoding did to the rows."""
    left = train.rows - sum(train.dropped.values())
    if left < train.rows / 2:
        text = f"Only {count(left)} of {count(train.rows)} rows are left to learn from."
        reporter.notice("warning", "few_rows_left", text)
    for reason, number in train.dropped.items():
        reporter.notice(
            "warning",
            "rows_dropped",
            f"{count(number)} of {count(train.rows)} rows give nothing to learn and were dropped: {reason}.",
        )
    if train.cut:
        reporter.notice(
            "warning",
            "rows_cut",
            f"{count(train.cut)} of {count(train.rows)} rows are longer than max_length and were cut, so the end "
            "of their answer is not learnt; raise max_length to keep it.",
        )
    if train.end_added:
        reporter.notice(
            "info",
            "end_added",
            f"The chat template leaves {train.end_added} answers without a stop token; it was added "
            "so that the model learns to stop.",
        )
    if train.control_tokens:
        reporter.notice(
            "warning",
            "control_tokens",
            f"{train.control_tokens} control tokens stood in the text of rows and were encoded as plain text.",
        )


@team.first_goes_ahead
def material(attempt: Attempt, build: Callable[[Callable[[str], Writer]], Built]) -> Material:
    """Return the run's material: as an earlier attempt stored it, or built now, all of it or nothing.

    `build` is given a function that makes the writer of the examples with a name: `TRAIN`, or those kept aside.
    Raises UsageError when nothing can be learnt from the rows, or from hardly any of them.
    """
    run, reporter = attempt.run, attempt.reporter
    atomic.sweep(run.path)
    if (run.path / "prepared").is_dir() and not atomic.verify(run.path / "prepared"):
        return _read(run)
    with atomic.staging(run.path / "prepared") as folder:
        built = build(lambda name: Writer(folder / name))
        _refuse_leftovers(attempt, built.train)
        _tell(reporter, built.train)
        head = {
            "held_out": [name for name, encoded in built.held_out.items() if encoded.examples],
            "prompts": built.prompts,
            "chat": built.chat,
            "counts": {**built.counts, "encoded": built.train.counts()},
        }
        (folder / HEAD).write_text(json.dumps(head, ensure_ascii=False), encoding="utf-8")
    return _read(run)
