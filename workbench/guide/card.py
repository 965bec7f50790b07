"""The card of a model: what it is, what it learnt from, how it was measured, and how it is run, as Markdown.

Owns the text. Everything in it comes from the runs of its lineage; what they do not say is said to be unknown. Names of
files stand without their folders.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench import __version__
from workbench.core import best, recipe, units
from workbench.core.recipe import BUNDLED, SCRATCH
from workbench.core.text import clean, one_line
from workbench.guide.ancestry import Origin, Rung
from workbench.guide.road import METHOD_NAMES, TUNING_NAMES
from workbench.runs import versions
from workbench.runs.exports import Made

MARK = "Made with workbench"
"""Stands in every card, and tells it from a file of the person's."""
_STACK = ("torch", "transformers", "peft", "trl", "bitsandbytes", "gguf", "llama-cpp-python")

_NO_LICENCE = {SCRATCH: "That of the data, for the weights were random at first."}
_ASK = "That of the base, which is not known here: ask whoever published it."


def _cell(value: object) -> str:
    """Return a value as a cell of a table, in which nothing is a sign of Markdown's own."""
    return one_line(str(value), 200).replace("\\", "\\\\").replace("|", "\\|").replace("`", "'").replace("<", "&lt;")


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    return [
        "| " + " | ".join(head) + " |",
        "|" + "---|" * len(head),
        *("| " + " | ".join(map(_cell, row)) + " |" for row in rows),
        "",
    ]


def _yaml(text: str) -> str:
    """Return a text as a quoted scalar of YAML."""
    return '"' + one_line(text, 200).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _front(title: str, origin: Origin, rungs: Sequence[Rung]) -> list[str]:
    """Return the block that hubs read."""
    lines = ["---", f"license: {_yaml(origin.licence.lower() if origin.licence else 'unknown')}"]
    if origin.hub_id:
        lines.append(f"base_model: {_yaml(origin.hub_id)}")
    tags = dict.fromkeys(
        ["workbench", *(rung.recipe.method for rung in rungs), *(rung.recipe.tuning for rung in rungs)]
    )
    return [*lines, f"model_name: {_yaml(title)}", f"tags: [{', '.join(tags)}]", "---", ""]


def _base_name(origin: Origin) -> str:
    names = {BUNDLED: "the tiny base that ships with the workbench", SCRATCH: "random weights"}
    name = names.get(origin.reference) or (origin.hub_id or Path(origin.reference).name)
    return f"{name} (revision {origin.revision})" if origin.revision else name


def _figures(report: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return (what, before, after) of everything a run measured on rows it did not learn from."""
    held = report.get("held_out_loss")
    rows: list[tuple[str, str, str]] = []
    if isinstance(held, Mapping) and held.get("after") is not None:
        state = best.published(report).get("loss", held.get("after"))
        rows.append(("held-out loss", units.loss(held.get("before")), units.loss(state)))
    metrics = report.get("held_out_metrics")
    for name, pair in metrics.items() if isinstance(metrics, Mapping) else ():
        if isinstance(pair, Mapping) and pair.get("after") is not None:
            rows.append((name.replace("_", " "), units.margin(pair.get("before")), units.margin(pair.get("after"))))
    return rows + _answers(report)


_ANSWERS = {"number": "answers with the right number", "exact": "answers word for word", "similar": "F1 of answers"}


def _answers(report: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return the same of the answers a smaller model wrote by itself; the model it learnt from is named beside them."""
    found = report.get("answers")
    rows = []
    for check, values in found["scores"].items() if isinstance(found, Mapping) else ():
        first, last = (next((values[name] for name in names if name in values), None) for names in _ENDS)
        model = next((f" ({name}: {units.margin(values[name])})" for name in _FROM if name in values), "")
        rows.append((_ANSWERS.get(check, check) + model, units.margin(first), units.margin(last)))
    return rows


_ENDS = (("base", "pruned"), ("student", "healed"))
_FROM = ("teacher", "original")
"""What reports call the smaller model before and after it learnt, and the one it learnt from."""


def _learnt(rung: Rung) -> str:
    data = rung.run.report().get("data")
    train = data.get("train") if isinstance(data, Mapping) else None
    return units.several(train, "row") if isinstance(train, int) else "–"


def _recipe(rung: Rung) -> list[str]:
    """Return the values of a recipe that were chosen, derived or taken from a preset, with why."""
    resolved = recipe.load(rung.run.recipe_path)
    shown = []
    for name in recipe.FIELDS:
        why, value = resolved.provenance.get(name, "default"), getattr(resolved.recipe, name)
        if why == "default" or name in ("title", "method", "tuning"):
            continue
        if name in ("base", "data", "replay_data", "decontaminate", "teacher", "reward_model"):
            value = ", ".join(Path(str(part)).name for part in ([value] if isinstance(value, str) else value))
        shown.append((name, value if not isinstance(value, tuple) else ", ".join(map(str, value)), why))
    return _table(("field", "value", "from"), shown)


def _scores(rungs: Sequence[Rung]) -> list[str]:
    lines: list[str] = []
    for rung in rungs:
        if rows := _figures(rung.run.report()):
            lines += [f"### {METHOD_NAMES.get(rung.recipe.method, rung.recipe.method)}: {_cell(rung.run.id)}", ""]
            lines += _table(("on rows it did not learn from", "before", "after"), rows)
    return lines or ["No rows were held out, so nothing was measured.", ""]


def _files(made: Sequence[Made], hashes: Mapping[str, str]) -> list[str]:
    rows = [
        (
            one.path.name,
            one.kind,
            units.size(one.bytes),
            "–" if one.kl is None else units.rate(one.kl),
            "–" if one.top1 is None else units.percent(one.top1, 1),
            hashes.get(one.path.name, "–"),
        )
        for one in made
    ]
    head = ("file", "type", "size", "KL to the 16-bit model, nats", "same next token", "SHA-256")
    return _table(head, rows)


def text(
    rungs: Sequence[Rung], origin: Origin, made: Sequence[Made], hashes: Mapping[str, str], run_it: Sequence[str]
) -> str:
    """Return the card of the last of some rungs, with its files and the commands that run them.

    `hashes` is file name → SHA-256 as it was when the file was proved.
    """
    last = rungs[-1]
    title = str(last.run.meta().get("title") or last.run.id)
    way = " → ".join(METHOD_NAMES.get(rung.recipe.method, rung.recipe.method) for rung in rungs)
    lines = _front(title, origin, rungs)
    lines += [f"# {_cell(title)}", "", f"Made from {_cell(_base_name(origin))} by {way}.", ""]
    if made:
        lines += ["## Files", "", *_files(made, hashes)]
    if run_it:
        lines += ["## How to run it", "", "```", *(clean(line) for line in run_it), "```", ""]
    lines += ["## Lineage", ""]
    lines += _table(
        ("run", "method", "tuning", "rows learnt from", "began"),
        [
            (
                rung.run.id,
                METHOD_NAMES.get(rung.recipe.method, rung.recipe.method),
                TUNING_NAMES.get(rung.recipe.tuning, rung.recipe.tuning),
                _learnt(rung),
                str(rung.run.meta().get("created", ""))[:10],
            )
            for rung in rungs
        ],
    )
    sources = [(rung.run.id, one.name, units.size(one.bytes), one.sha256) for rung in rungs for one in rung.sources]
    lines += ["## Data", ""]
    lines += _table(("run", "file", "size", "SHA-256"), sources) if sources else ["No file was read.", ""]
    lines += ["## What was measured", "", *_scores(rungs)]
    lines += ["## Recipe", "", f"Of {_cell(last.run.id)}; what is not listed has its default.", "", *_recipe(last)]
    licence = (
        f"That of the base: {_cell(origin.licence)}." if origin.licence else _NO_LICENCE.get(origin.reference, _ASK)
    )
    lines += ["## Licence", "", f"{licence} The data may have terms of its own.", ""]
    installed = {package.name: package.version for package in versions.packages()}
    stack = ", ".join(f"{name} {installed[name]}" for name in _STACK if installed.get(name))
    lines += [f"{MARK} {__version__} ({stack}).", ""]
    return "\n".join(lines)
