"""What alignment gives and what it costs, on the bundled model: trait, facts, sums, KL and accuracy, seed by seed.

Run by hand: `.venv/bin/python benchmarks/alignment.py [--seeds 0 1 2] [--rungs dpo grpo ppo] [--home FOLDER]`; with a
folder, a second call goes on with the rungs that are done there. Three to four minutes a seed on two idle cores.
Each seed climbs the ladder of the demo from the bundled base in a home of its own, and from its sft the way of PPO: a
reward model from the pairs that dpo learns from, and a policy that it scores, both adapters on one base. Each is asked
the exam that the demo asks: people, towns and sums that no row of training was about. A fact counts when the answer
names the right one and the right value and no other. Greedy answers, and beside them one sampled answer per question at
a temperature of 1. KL is that of whole sampled answers from the model before the rung, in nats.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from collections.abc import Collection, Sequence
from typing import Any

from workbench.cli import train
from workbench.cli.ladder import ALIGNED, EXAMINATIONS, Ladder, aligned, climb, examine
from workbench.cli.output import Live, table
from workbench.core.recipe import BUNDLED
from workbench.runs.store import list_runs

SHARES = (
    ("reward: reworded sums, sampled 4 times", "reward"),
    ("trait, greedy", "trait"),
    ("trait, sampled", "trait_sampled"),
    ("cpt facts, greedy", "facts_b"),
    ("cpt facts, sampled", "facts_b_sampled"),
    ("old facts, greedy", "facts_a"),
    ("old facts, sampled", "facts_a_sampled"),
    ("sums, greedy", "sums"),
    ("sums, sampled", "sums_sampled"),
    ("reworded sums, greedy", "reworded_sums"),
    ("reward accuracy, held-out pairs", "accuracy"),
)

SCORES = (
    ("score of the reward model, sampled", "reward_model"),
    ("score of the reward model, greedy", "greedy_reward_model"),
)
"""What PPO is rewarded for, on held-out prompts."""
HELD_OUT = 0.2
"""Share of the pairs whose prompts tell what PPO has reached: 80 of 400."""


def climbed(seed: int, rungs: Collection[str]) -> dict[str, dict[str, float | None]]:
    """Return rung of alignment → its figures, of a ladder climbed with one seed."""
    ladder = Ladder(Live(), seed)
    done = {found.meta()["title"]: found for found in list_runs() if found.status() == "done"}
    base = BUNDLED

    def climb_once(name: str, base: str, **fields: Any) -> str:
        if (run := done.get(f"demo {name}")) is not None:
            ladder.runs[name] = run
        return (run or climb(ladder, name, base, **fields)).id

    wanted = {*rungs, *(ALIGNED[name] for name in rungs)}
    for name in ("cpt", "sft", *(name for name in ("dpo", "grpo") if name in wanted)):
        base = climb_once(name, base)
    if "ppo" in rungs:
        sft, beside = ladder.runs["sft"].id, {"tuning": "lora", "eval_split": HELD_OUT}
        judge = climb_once("reward", sft, method="reward", **beside)
        climb_once("ppo", sft, method="ppo", reward_model=judge, **beside)
    examine(ladder, [name for name in EXAMINATIONS if name.startswith(tuple(wanted))])
    return {name: {**aligned(ladder, name), **scored(ladder, name)} for name in rungs}


def scored(ladder: Ladder, name: str) -> dict[str, float | None]:
    """Return what the reward model says of a rung's answers to held-out prompts, before and after."""
    measured = (train.report(ladder.runs[name]) or {}).get("held_out_metrics", {})
    told: dict[str, float | None] = {}
    for _, figure in SCORES:
        pair = measured.get(figure, {})
        told |= {before_of(figure): pair.get("before"), figure: pair.get("after")}
    return told


def before_of(figure: str) -> str:
    """Return the name of the figure that was measured before the rung."""
    return f"{figure}_before"


def lines(seeds: Sequence[int], told: Sequence[dict[str, float | None]]) -> list[list[str]]:
    """Return a line per figure: before → after for each seed, and the mean change in points, or in its own unit."""
    found = []
    for words, name in SHARES:
        if any(of[name] is None or of[before_of(name)] is None for of in told):
            continue
        pairs = [(100 * (of[before_of(name)] or 0.0), 100 * (of[name] or 0.0)) for of in told]
        change = statistics.mean(after - before for before, after in pairs)
        found.append([words, *(f"{before:.0f} → {after:.0f}" for before, after in pairs), f"{change:+.1f}"])
    for words, name in SCORES:
        if any(of[name] is None for of in told):
            continue
        pairs = [(of[before_of(name)] or 0.0, of[name] or 0.0) for of in told]
        change = statistics.mean(after - before for before, after in pairs)
        found.append([words, *(f"{before:.2f} → {after:.2f}" for before, after in pairs), f"{change:+.2f}"])
    kl = [of["kl"] or 0.0 for of in told]
    found.append(["KL, nats per answer", *(f"{value:.2f}" for value in kl), f"{statistics.mean(kl):.2f}"])
    return found


def main() -> None:
    """Print a table per rung."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--rungs", nargs="+", choices=tuple(ALIGNED), default=list(ALIGNED))
    parser.add_argument("--home", help="a folder that is kept; a new one that is removed when it is left out")
    arguments = parser.parse_args()
    seeds = arguments.seeds
    found = []
    with tempfile.TemporaryDirectory() as passing:
        home = arguments.home or passing
        for seed in seeds:
            for kind in ("DATA", "STATE", "CONFIG", "CACHE"):
                os.environ[f"XDG_{kind}_HOME"] = f"{home}/{seed}/{kind.lower()}"
            found.append(climbed(seed, arguments.rungs))
    for name in arguments.rungs:
        told = [of[name] for of in found]
        head = [f"{name}, per cent", *(f"seed {seed}" for seed in seeds), "mean change"]
        print(f"\n{table(head, lines(seeds, told))}")


if __name__ == "__main__":
    main()
