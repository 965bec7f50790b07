"""The end of the demo's ladder: what was learnt goes into a smaller model and into files, and what that costs.

Owns the rungs that make it smaller, the files of both models, and the table of their sizes against what they know. Must
not know how the rungs before it are shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.cli import train
from workbench.cli.export import sizes
from workbench.cli.follow import follow, last_error
from workbench.cli.ladder import ANSWERED, Ladder, climb, data_file, share
from workbench.cli.output import figure
from workbench.core.errors import WorkbenchError
from workbench.core.units import parameters, percent
from workbench.guide import exporting
from workbench.runs import errand
from workbench.runs.store import Run

TEACHER = "grpo"
LAST = "prune"
"""The rung whose file is talked with."""
TYPES = ("Q8_0", "Q4_K_M")
NAMES = {TEACHER: "grpo", LAST: "distilled, pruned"}
"""Rung that becomes files → what it is called in the table of sizes."""
_ASKED = ("facts_a", "facts_b")
"""What a file is asked: facts, in questions."""


def shrink(ladder: Ladder) -> None:
    """Let the model before the alignment learn from the one after it, and take a layer out of what it became.

    Half of the time the student answers for itself, since what its teacher adds to an answer stands in no row.
    """
    student = climb(
        ladder, "distill", ladder.runs["sft"].id, method="distill", teacher=ladder.runs[TEACHER].id,
        on_policy_share=0.5, packing=False, max_completion_length=40, max_steps=40,
    )  # fmt: skip
    climb(ladder, "prune", student.id, method="prune", max_steps=40)


def weigh(ladder: Ladder) -> None:
    """Add what the smaller models have kept to the figures, once they were examined."""
    figures = ladder.figures
    kinds = (*ANSWERED, "trait")

    def score(rung: str) -> float:
        return sum(figures[f"{rung}: {kind}"] for kind in kinds) / len(kinds)

    figures["distill: kept"] = score("distill") / score(TEACHER)
    figures["prune: recovered"] = pruned(ladder)["recovered"]


def pruned(ladder: Ladder) -> dict[str, Any]:
    """Return what the run of pruning measured of itself."""
    told: dict[str, Any] = (train.report(ladder.runs["prune"]) or {})["pruning"]
    return told


def publish(ladder: Ladder) -> dict[str, Run]:
    """Export teacher and last rung; return rung → finished export."""
    found = {}
    for rung in NAMES:
        made = exporting.start(exporting.wanted(ladder.runs[rung].id, TYPES))
        if follow(made, ladder.live.quiet, prefix="  ") != "done":
            raise WorkbenchError(last_error(made) or f"The export {made.id} was not finished.")
        found[rung] = made
    return found


def paths(exports: Mapping[str, Run]) -> dict[tuple[str, str], str]:
    """Return (rung, type) → path of every file."""
    return {(rung, line["type"]): line["path"] for rung, made in exports.items() for line in made.report()["files"]}


def examine_files(ladder: Ladder, exports: Mapping[str, Run]) -> None:
    """Put the questions about facts to every file, and compare Q8_0 with the model it was made from."""
    asked = [
        {"name": f"{rung} {kind}", "target": path, "kinds": _ASKED} for (rung, kind), path in paths(exports).items()
    ]

    def on_line(line: dict[str, Any]) -> None:
        if "name" in line:
            ladder.answers[line["name"]] = line["answers"]
            ladder.figures |= {f"{line['name']}: {kind}": part for kind, part in line["scores"].items()}

    errand.run(
        "workbench.engine.evaluate", {"exam": data_file("exam.jsonl"), "examinations": asked}, on_line, who="The exam"
    )
    whole = _right(ladder, LAST)
    ladder.figures["export: q8_0_difference"] = abs(whole - _right(ladder, f"{LAST} Q8_0"))


def _right(ladder: Ladder, name: str) -> float:
    """Return the share of right answers about facts."""
    return share(bool(item["right"]) for item in ladder.answers[name] if item["kind"] in _ASKED)


def size_table(ladder: Ladder, exports: Mapping[str, Run]) -> str:
    """Return size against quality: a line per file, with the facts it answers."""
    scores = {(NAMES[rung], kind): percent(_right(ladder, f"{rung} {kind}")) for rung, kind in paths(exports)}
    return sizes({NAMES[rung]: made.report() for rung, made in exports.items()}, scores, "facts")


def rungs(ladder: Ladder) -> list[dict[str, Any]]:
    """Return the rungs of this file as the JSON of the demo has them, without their example."""
    get, cut = ladder.figures.get, pruned(ladder)
    kinds = (*ANSWERED, "trait")
    return [
        {
            "rung": "distill",
            "run": ladder.runs["distill"].id,
            "ok": ladder.runs["distill"].status() == "done",
            "metrics": {
                "kept": get("distill: kept"),
                **{f"{kind}_before": get(f"sft: {kind}") for kind in kinds},
                **{kind: get(f"distill: {kind}") for kind in kinds},
                **{f"{kind}_teacher": get(f"{TEACHER}: {kind}") for kind in kinds},
            },
        },
        {
            "rung": "prune",
            "run": ladder.runs["prune"].id,
            "ok": ladder.runs["prune"].status() == "done",
            "metrics": {
                "parameters": cut["parameters"],
                "loss": cut["loss"],
                "recovered": cut["recovered"],
                **{f"{kind}_before": get(f"distill: {kind}") for kind in kinds},
                **{kind: get(f"prune: {kind}") for kind in kinds},
            },
        },
    ]


def rows(result: Mapping[str, Any]) -> list[list[str]]:
    """Return the lines of these rungs in the table of what each rung changed."""
    found = {rung["rung"]: rung["metrics"] for rung in result["rungs"]}
    student, cut = found["distill"], found["prune"]

    def learnt(label: str, kind: str) -> list[str]:
        return [
            label,
            percent(student[f"{kind}_before"]),
            percent(student[kind]),
            f"{percent(student[f'{kind}_teacher'])} its teacher",
        ]

    return [
        ["distill", *learnt("answers that ask what more", "trait")],
        ["", *learnt("questions about the articles", "facts_b")],
        ["", *learnt("reworded sums", "reworded_sums")],
        ["prune", "parameters", parameters(cut["parameters"]["before"]), parameters(cut["parameters"]["after"]), ""],
        ["", "loss on held-out answers", figure(cut["loss"]["original"]), figure(cut["loss"]["healed"]),
         f"{figure(cut['loss']['pruned'])} before healing"],
        ["", "questions about the articles", percent(cut["facts_b_before"]), percent(cut["facts_b"]), ""],
        ["", "sums", percent(cut["sums_before"]), percent(cut["sums"]), ""],
    ]  # fmt: skip
