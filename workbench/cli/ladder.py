"""The demo's ladder: its rungs, its two controls, the exams that are put to each, and the marks they have to meet.

Owns what is trained and asked, and the figures that follow. Must not know how they are shown. Everything is done
through the same runs and exams that a person uses.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from workbench.cli import train
from workbench.cli.follow import follow, last_error
from workbench.cli.output import Live
from workbench.core.errors import WorkbenchError
from workbench.core.paths import assets_dir
from workbench.core.recipe import BUNDLED
from workbench.guide import starting
from workbench.runs import control, errand
from workbench.runs.store import Run

DATA = {
    "cpt": "articles.jsonl",
    "sft": "questions.jsonl",
    "dpo": "preferences.jsonl",
    "grpo": "prompts.jsonl",
    "distill": "questions.jsonl",
    "prune": "questions.jsonl",
    "reward": "preferences.jsonl",
    "ppo": "preferences.jsonl",
}
"""Rung → the bundled data it learns from. The demo leaves out reward and ppo, the longer way from pairs to a policy."""

ALIGNED = {"dpo": "sft", "grpo": "dpo", "ppo": "sft"}
"""Rung of alignment → the rung below it, which it is measured against."""

ASKS_ON = "What more would you like to know?"
"""How the preferred answers of the bundled pairs end: the trait that dpo is to teach."""

REWARDED = "reworded_sums"
"""What grpo is rewarded for: sums asked in a way that no text with an answer asks."""

ANSWERED = ["facts_a", "facts_b", "sums", REWARDED]
_SAMPLED = {"temperature": 1.0, "seed": 0}
_AGAIN = (" sampled", " rewarded")

EXAMINATIONS: dict[str, dict[str, Any]] = {
    "base": {"kinds": ["cloze_a", "cloze_b", "facts_b"]},
    "cpt": {"kinds": ["cloze_a", "cloze_b", "facts_b"]},
    "cpt without replay": {"kinds": ["cloze_a"]},
    "sft": {"kinds": ANSWERED},
    "sft sampled": {"kinds": ANSWERED, **_SAMPLED},
    "sft without cpt": {"kinds": ["facts_b"]},
    "dpo": {"kinds": ANSWERED},
    "dpo sampled": {"kinds": ANSWERED, **_SAMPLED, "reference": ALIGNED["dpo"]},
    "dpo rewarded": {"kinds": [REWARDED], **_SAMPLED, "repeat": 4},
    "grpo": {"kinds": ANSWERED},
    "grpo sampled": {"kinds": ANSWERED, **_SAMPLED, "reference": ALIGNED["grpo"]},
    "grpo rewarded": {"kinds": [REWARDED], **_SAMPLED, "repeat": 4},
    "distill": {"kinds": ANSWERED},
    "prune": {"kinds": ANSWERED},
    "ppo": {"kinds": ANSWERED},
    "ppo sampled": {"kinds": ANSWERED, **_SAMPLED, "reference": ALIGNED["ppo"]},
}
"""Name → what that model is asked: greedily; "sampled" at a temperature of 1, which tells how far it has moved from its
reference, too; "rewarded" several times what grpo is rewarded for, since few sampled answers say little."""


@dataclass(frozen=True)
class Mark:
    """Something the ladder has to show."""

    words: str
    figure: str
    direction: str
    """at least or at most"""
    bound: float
    unit: str = "share"
    """share, of 1; or nats, per answer"""


MARKS = (
    Mark("cpt facts known without cpt", "sft without cpt: facts_b", "at most", 0.10),
    Mark("cpt facts known with cpt", "sft: facts_b", "at least", 0.75),
    Mark("pre-training facts answered after sft", "sft: facts_a", "at least", 0.60),
    Mark("pre-training facts kept by cpt with replay", "cpt: cloze_a", "at least", 0.85),
    Mark("sampled answers that stop by themselves", "sft sampled: stop_rate", "at least", 0.95),
    Mark("answers with the preferred trait gained by dpo", "dpo: trait_gained", "at least", 0.30),
    Mark("cpt facts lost to dpo", "dpo: facts_b_lost", "at most", 0.05),
    Mark("KL from the model before dpo", "dpo sampled: kl", "at most", 8.0, "nats"),
    Mark("mean reward of sampled answers gained by grpo", "grpo: reward_gained", "at least", 0.15),
    Mark("cpt facts lost to grpo", "grpo: facts_b_lost", "at most", 0.05),
    Mark("KL from the model before grpo", "grpo sampled: kl", "at most", 8.0, "nats"),
    Mark("score of its teacher kept by the student", "distill: kept", "at least", 0.80),
    Mark("loss given back after pruning", "prune: recovered", "at least", 0.80),
    Mark("points lost by Q8_0", "export: q8_0_difference", "at most", 0.02),
)


@dataclass
class Ladder:
    """What has been done so far."""

    live: Live
    seed: int = 0
    """Of every training on it."""
    runs: dict[str, Run] = field(default_factory=dict)
    answers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Examination → marked answers."""
    figures: dict[str, float] = field(default_factory=dict)
    """"examination: kind" → share of right answers, and what else is told of a model."""


def asks_on(answer: str) -> bool:
    """Return whether an answer has the preferred trait."""
    return answer.rstrip().endswith(ASKS_ON)


def data_file(name: str) -> str:
    """Return the path of a bundled file of rows."""
    return str(assets_dir() / "data" / name)


def climb(ladder: Ladder, name: str, base: str, **fields: Any) -> Run:
    """Train one rung to its end, by the method its data suggests; raises WorkbenchError when it does not get there.

    A control is named after the rung it goes without something of: "cpt without replay".
    """
    data = DATA[name.split(maxsplit=1)[0]]
    values = {
        "tuning": "full",
        "base": base,
        "data": [data_file(data)],
        "title": f"demo {name}",
        "seed": ladder.seed,
        **fields,
    }
    resolved = starting.prepare(values, {}, None).resolved
    why = resolved.provenance["method"].removeprefix("derived: ")
    ladder.live.line(f"\n{name}  ({resolved.recipe.method} on {base})\n  {data}: {why}")
    run = starting.create(resolved)
    control.start(run)
    try:
        status = follow(run, quiet=ladder.live.quiet, prefix="  ")
    except KeyboardInterrupt:
        control.stop(run)
        raise
    if status != "done":
        raise WorkbenchError(last_error(run) or f"The run {run.id} of the demo is {status}; see {run.console_path}.")
    ladder.runs[name] = run
    return run


def examine(ladder: Ladder, names: Collection[str] = EXAMINATIONS) -> None:
    """Put the held-out exam to the models of the ladder that it has, in one process."""
    targets = {"base": BUNDLED} | {name: run.id for name, run in ladder.runs.items()}
    wanted = []
    for name, asked in EXAMINATIONS.items():
        rung = next((name.removesuffix(how) for how in _AGAIN if name.endswith(how)), name)
        if rung not in targets or name not in names:
            continue
        reference = {"reference": targets[asked["reference"]]} if "reference" in asked else {}
        wanted.append({"name": name, "target": targets[rung], **asked, **reference})

    def on_line(line: dict[str, Any]) -> None:
        if "name" not in line:
            return
        name = line["name"]
        ladder.answers[name] = line["answers"]
        ladder.figures |= {f"{name}: {kind}": share for kind, share in line["scores"].items()}
        ladder.figures |= {f"{name}: {told}": line[told] for told in ("stop_rate", "kl") if told in line}
        ladder.figures[f"{name}: trait"] = share(asks_on(item["answer"]) for item in line["answers"])
        shown = "  ".join(f"{kind} {100 * right:.0f} %" for kind, right in line["scores"].items())
        ladder.live.line(f"  {name}: {shown}")

    errand.run(
        "workbench.engine.evaluate", {"exam": data_file("exam.jsonl"), "examinations": wanted}, on_line, who="The exam"
    )
    for after, before in ALIGNED.items():
        if after in ladder.runs:
            _compare(ladder, after, before)


def _compare(ladder: Ladder, after: str, before: str) -> None:
    """Add what a rung of alignment has gained and lost against the one below it."""
    figures = ladder.figures
    figures[f"{after}: trait_gained"] = figures[f"{after}: trait"] - figures[f"{before}: trait"]
    for kind in ANSWERED:
        figures[f"{after}: {kind}_lost"] = figures[f"{before}: {kind}"] - figures[f"{after}: {kind}"]
    rewards = [figures.get(f"{name} rewarded: {REWARDED}") for name in (before, after)]
    if rewards[0] is not None and rewards[1] is not None:
        figures[f"{after}: reward_gained"] = rewards[1] - rewards[0]


def aligned(ladder: Ladder, after: str) -> dict[str, float | None]:
    """Return what is to be read together of a rung of alignment: trait, facts, reward and KL, before and after.

    Greedy answers, unless the name says "sampled"; of those, one per question. The reward is the share of sampled
    answers whose sum is right, and None where the rung below was not asked for it.
    """
    get, before = ladder.figures.get, ALIGNED[after]
    told: dict[str, float | None] = {
        "kl": get(f"{after} sampled: kl"),
        "reward_before": get(f"{before} rewarded: {REWARDED}"),
        "reward": get(f"{after} rewarded: {REWARDED}"),
    }
    for kind in ("trait", *ANSWERED):
        told |= {f"{kind}_before": get(f"{before}: {kind}"), kind: get(f"{after}: {kind}")}
        told[f"{kind}_sampled_before"] = get(f"{before} sampled: {kind}")
        told[f"{kind}_sampled"] = get(f"{after} sampled: {kind}")
    accuracy = (train.report(ladder.runs[after]) or {}).get("held_out_metrics", {}).get("accuracy", {})
    return told | {"accuracy_before": accuracy.get("before"), "accuracy": accuracy.get("after")}


def share(flags: Iterable[bool]) -> float:
    """Return the share of true flags, 0 without any."""
    found = list(flags)
    return round(sum(found) / len(found), 4) if found else 0.0


def marks(ladder: Ladder) -> list[dict[str, Any]]:
    """Return every mark with whether it is met."""
    result = []
    for mark in MARKS:
        value = ladder.figures[mark.figure]
        met = value <= mark.bound if mark.direction == "at most" else value >= mark.bound
        told = {"mark": mark.words, "value": round(value, 4), "unit": mark.unit}
        result.append({**told, mark.direction.replace(" ", "_"): mark.bound, "ok": met})
    return result
