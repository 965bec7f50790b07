"""What thinking before answers gives on the bundled model, and what rewards then make of it, seed by seed.

Run by hand: `.venv/bin/python benchmarks/reasoning.py [--seeds 0 1 2] [--home FOLDER]`; with a folder, a second call
goes on with the rungs that are done there. Five to six minutes a seed on two idle cores.
The task is sums of three numbers, which the bundled model has never seen; it knows those of two. From the demo's cpt an
sft learns six hundred of them beside the bundled questions, once with the two steps spelled out in a thought, once
without, as a control. The first then learns by grpo with thoughts from sums that no example works out, rewarded by what
the workbench proposes: the number, the form, and a limit of length. Rewards, form and thoughts are those of held-out
sums; facts are those of the demo's exam, looked for behind the thought.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from workbench.cli import train
from workbench.cli.ladder import Ladder, climb, data_file
from workbench.cli.output import Live, table
from workbench.core import presets
from workbench.core.recipe import BUNDLED
from workbench.runs import errand
from workbench.runs.store import list_runs

LARGEST = 29
"""Largest term: the sum of the first two is one that the bundled model may have seen as a term."""
EXAMPLES, PROMPTS = 600, 320
QUESTION = "What is {a} plus {b} plus {c}?"
STEPS = "{a} plus {b} is {d}.\n{d} plus {c} is {e}."
ANSWER = "{a} plus {b} plus {c} is {e}."
REMEMBERED = "I remember this."
"""The thought before what needs no steps."""
FIGURES = (
    ("reward, sampled", "reward", 1.0),
    ("right, sampled, per cent", "reward_number", 100.0),
    ("right, greedy, per cent", "greedy_reward_number", 100.0),
    ("proper form, sampled, per cent", "reward_format", 100.0),
    ("thought, tokens", "thought", 1.0),
    ("thoughts closed by force, per cent", "forced", 100.0),
    ("empty thoughts, per cent", "thoughtless", 100.0),
    ("KL, nats per answer", "kl", 1.0),
)


def sums(seed: int) -> Iterator[dict[str, int]]:
    """Yield sums of three numbers, none twice."""
    rng, seen = random.Random(seed), set()
    while True:
        a, b, c = terms = tuple(rng.randint(1, LARGEST) for _ in "abc")
        if terms not in seen:
            seen.add(terms)
            yield {"a": a, "b": b, "c": c, "d": a + b, "e": a + b + c}


def written(folder: Path, seed: int) -> dict[str, str]:
    """Write the data of a seed and return name → path: `thoughts`, `none` and `prompts`."""
    drawn = sums(seed)
    examples, prompts = [next(drawn) for _ in range(EXAMPLES)], [next(drawn) for _ in range(PROMPTS)]
    known = [json.loads(line)["messages"] for line in Path(data_file("questions.jsonl")).read_text().splitlines()]

    def rows(thinks: bool) -> Iterator[dict[str, Any]]:
        pairs = [(QUESTION.format(**one), STEPS.format(**one), ANSWER.format(**one)) for one in examples]
        pairs += [(asked["content"], REMEMBERED, said["content"]) for asked, said in known]
        for question, thought, answer in pairs:
            said = f"<think>\n{thought}\n</think>\n\n{answer}" if thinks else answer
            yield {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": said}]}

    asked = [
        {"prompt": [{"role": "user", "content": QUESTION.format(**one)}], "answer": str(one["e"])} for one in prompts
    ]
    found = {}
    for name, made in (("thoughts", rows(True)), ("none", rows(False)), ("prompts", iter(asked))):
        path = folder / f"{name}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in made), encoding="utf-8")
        found[name] = str(path)
    return found


def climbed(seed: int, folder: Path) -> dict[str, float]:
    """Return figure → value of one seed, those of before with "_before" behind them."""
    ladder = Ladder(Live(), seed)
    done = {found.meta()["title"]: found for found in list_runs() if found.status() == "done"}

    def once(name: str, base: str, **fields: Any) -> str:
        run = done.get(f"demo {name}") or climb(ladder, name, base, **fields)
        ladder.runs[name] = run
        return run.id

    data = written(folder, seed)
    cpt = once("cpt", BUNDLED)
    # A little longer than the bundled preset, since a thought takes room in a row. The last state is taken, which is the
    # one that gets new sums right: the loss says more of which words a thought is told in.
    taught = {"max_length": 160, "load_best_model_at_end": False}
    thinks = once("sft with thoughts", cpt, data=[data["thoughts"]], **taught)
    silent = once("sft without thoughts", cpt, data=[data["none"]], **taught)
    asked: dict[str, Any] = {"method": "grpo", "data": [data["prompts"]], "eval_split": 0.2}
    reasons = once("grpo with thoughts", thinks, **presets.find("bundled-reasoning-full").values, **asked)
    # A run of one step of no size tells what the control earns on the same held-out sums.
    plain: dict[str, Any] = {"max_steps": 1, "learning_rate": 1e-9, "rewards": ["number"]}
    once("grpo without thoughts", silent, **asked, **plain)
    told: dict[str, float] = {}
    measured = (train.report(ladder.runs["grpo with thoughts"]) or {})["held_out_metrics"]
    for _, name, _ in FIGURES:
        if name in measured:
            told |= {f"{name}_before": measured[name]["before"], name: measured[name]["after"]}
    control = (train.report(ladder.runs["grpo without thoughts"]) or {})["held_out_metrics"]
    told["control"], told["greedy_control"] = (
        control[name]["before"] for name in ("reward_number", "greedy_reward_number")
    )
    examinations = [
        {"name": name, "target": target, "kinds": ["facts_a", "facts_b"]}
        for name, target in (("before", thinks), ("after", reasons))
    ]

    def on_line(line: dict[str, Any]) -> None:
        for kind, share in line.get("scores", {}).items():
            told[kind if line["name"] == "after" else f"{kind}_before"] = share

    request = {"exam": data_file("exam.jsonl"), "examinations": examinations}
    errand.run("workbench.engine.evaluate", request, on_line, who="The exam")
    return told


def lines(told: Sequence[dict[str, float]]) -> list[list[str]]:
    """Return a line per figure: before → after for each seed, and the mean change."""
    facts = (("cpt facts, greedy, per cent", "facts_b", 100.0), ("old facts, greedy, per cent", "facts_a", 100.0))
    found = []
    for words, name, scale in (*FIGURES, *facts):
        if any(name not in of for of in told):
            continue
        pairs = [(scale * of[f"{name}_before"], scale * of[name]) for of in told]
        digits = 0 if scale > 1 else 2
        change = statistics.mean(after - before for before, after in pairs)
        shown = [f"{before:.{digits}f} → {after:.{digits}f}" for before, after in pairs]
        found.append([words, *shown, f"{change:+.{max(digits, 1)}f}"])
    for words, name in (("right without thoughts, sampled", "control"), ("the same, greedy", "greedy_control")):
        values = [100 * of[name] for of in told]
        found.append([f"{words}, per cent", *(f"{value:.0f}" for value in values), f"{statistics.mean(values):.1f}"])
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--home", help="a folder that is kept; a new one that is removed when it is left out")
    arguments = parser.parse_args()
    found = []
    with tempfile.TemporaryDirectory() as passing:
        for seed in arguments.seeds:
            home = Path(arguments.home or passing) / str(seed)
            for kind in ("DATA", "STATE", "CONFIG", "CACHE"):
                os.environ[f"XDG_{kind}_HOME"] = str(home / kind.lower())
            home.mkdir(parents=True, exist_ok=True)
            found.append(climbed(seed, home))
    print(f"\n{table(['', *(f'seed {seed}' for seed in arguments.seeds), 'mean change'], lines(found))}")


if __name__ == "__main__":
    main()
