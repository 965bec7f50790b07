"""What a run trains on, once it is encoded: kept in the run directory, so that every attempt reads the same tokens.

Owns `prepared/`. Must not know methods or trainers: a method builds the material, a trainer uses it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from datasets import Dataset, load_from_disk

from workbench.core.errors import UsageError
from workbench.data import load, split
from workbench.engine import team
from workbench.engine.masks import Example
from workbench.engine.prepare import Encoded
from workbench.engine.reporter import Reporter
from workbench.engine.session import Attempt
from workbench.runs import atomic
from workbench.runs.store import Run

SAMPLES = 3
"""Fixed prompts answered at each evaluation when the person names none."""
WORDS_OF_TEXT_PROMPT = 10


@dataclass(frozen=True)
class Material:
    """Everything a trainer reads, in tokens."""

    train: Sequence[Example]
    held_out: dict[str, Sequence[Example]]
    """Name → examples kept aside; "held_out" is the run's own, others measure forgetting."""
    prompts: list[str]
    chat: bool
    """Whether prompts go through the chat template."""
    counts: dict[str, Any]


def rows(attempt: Attempt) -> tuple[list[dict[str, Any]], list[dict[str, Any]], dict[str, Any]]:
    """Return the rows to learn from, those held out, and the counts of what was read; says what was left out."""
    recipe, reporter = attempt.recipe, attempt.reporter
    reporter.phase("preparing", "reading rows")
    loaded = load.load(recipe.data, recipe.method, recipe.seed)
    if loaded.quarantined:
        first = loaded.quarantined[0]
        reporter.notice(
            "warning",
            "rows_left_out",
            f"{loaded.counts['quarantined']} of {loaded.counts['rows']} rows cannot be used and were left out, "
            f"the first for this reason: {first['reason']}.",
        )
    learn, held = split.held_out(loaded.rows, recipe.eval_split, recipe.seed)
    if not held and recipe.eval_split:
        reporter.notice(
            "info", "nothing_held_out", "There are too few rows to keep some aside, so no loss on unseen rows is shown."
        )
    return learn, held, dict(loaded.counts)


def prompts_of(recipe_prompts: Sequence[str], rows_for_prompts: Sequence[dict[str, Any]]) -> list[str]:
    """Return the fixed prompts of a run: the person's, or the beginnings of the first rows."""
    if recipe_prompts:
        return list(recipe_prompts)
    found: list[str] = []
    for row in rows_for_prompts:
        if "text" in row:
            found.append(" ".join(row["text"].split()[:WORDS_OF_TEXT_PROMPT]))
        else:
            found += [message["content"] for message in row["messages"] if message["role"] == "user"][:1]
        if len(found) == SAMPLES:
            break
    return found


def _store(run: Run, material: Material) -> None:
    """Write the material into the run, all of it or nothing."""
    with atomic.staging(run.path / "prepared") as folder:
        for name, examples in {"train": material.train, **material.held_out}.items():
            columns = {
                "input_ids": [example.input_ids for example in examples],
                "labels": [example.labels for example in examples],
            }
            Dataset.from_dict(columns).save_to_disk(folder / name)
        head = {
            "held_out": list(material.held_out),
            "prompts": material.prompts,
            "chat": material.chat,
            "counts": material.counts,
        }
        (folder / "material.json").write_text(json.dumps(head, ensure_ascii=False), encoding="utf-8")


def _read(run: Run) -> Material:
    """Return the stored material."""
    folder = run.path / "prepared"
    head = json.loads((folder / "material.json").read_text(encoding="utf-8"))

    def examples(name: str) -> list[Example]:
        columns = load_from_disk(str(folder / name)).to_dict()
        return [Example(ids, labels) for ids, labels in zip(columns["input_ids"], columns["labels"], strict=True)]

    held_out: dict[str, Sequence[Example]] = {name: examples(name) for name in head["held_out"]}
    return Material(examples("train"), held_out, head["prompts"], head["chat"], head["counts"])


def _tell(reporter: Reporter, train: Encoded) -> None:
    """Say in words what encoding did to the rows."""
    counts = train.counts()
    for reason, number in train.dropped.items():
        reporter.notice(
            "warning",
            "rows_dropped",
            f"{number} of {train.rows} rows give nothing to learn and were dropped: {reason}.",
        )
    if counts["cut"]:
        reporter.notice(
            "warning",
            "rows_cut",
            f"{counts['cut']} of {train.rows} rows are longer than max_length and were cut, so the end of their "
            "answer is not learnt; "
            "raise max_length to keep it.",
        )
    if counts["end_added"]:
        reporter.notice(
            "info",
            "end_added",
            f"The chat template leaves {counts['end_added']} answers without a stop token; it was added "
            "so that the model learns to stop.",
        )
    if counts["control_tokens"]:
        reporter.notice(
            "warning",
            "control_tokens",
            f"{counts['control_tokens']} control tokens stood in the text of rows and were encoded as plain text.",
        )


@team.first_goes_ahead
def material(
    attempt: Attempt, build: Callable[[], tuple[Encoded, dict[str, Encoded], list[str], bool, dict[str, Any]]]
) -> Material:
    """Return the run's material: as an earlier attempt stored it, or built now and stored.

    `build` returns the training examples, the held-out ones by name, the prompts, whether they are chats, and counts.
    Raises UsageError when nothing can be learnt from the rows.
    """
    run, reporter = attempt.run, attempt.reporter
    atomic.sweep(run.path)
    if (run.path / "prepared").is_dir() and not atomic.verify(run.path / "prepared"):
        return _read(run)
    train, held_out, prompts, chat, counts = build()
    if not train.examples:
        reason = train.dropped.most_common(1)[0][0] if train.dropped else "there are no rows"
        raise UsageError(f"No row of {', '.join(attempt.recipe.data)} gives anything to learn: {reason}.")
    _tell(reporter, train)
    built = Material(
        train.examples,
        {name: encoded.examples for name, encoded in held_out.items() if encoded.examples},
        prompts,
        chat,
        {**counts, "encoded": train.counts()},
    )
    _store(run, built)
    return built
