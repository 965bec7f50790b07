"""What rewards make of thoughts on the bundled model: form, length, right answers and facts kept, seed by seed.

Run by hand: `.venv/bin/python benchmarks/reasoning.py [--seeds 0 1 2] [--home FOLDER]`; with a folder, a second call
goes on with the rungs that are done there. Four to five minutes a seed on two idle cores.
From the demo's cpt an sft learns the bundled questions with a thought before each answer: of a sum it is the sum, in
the words the model knows it by. Then grpo with thoughts learns sums in wordings that no text with an answer uses, so
that the thought has to be found by trial; it is rewarded by what the workbench proposes: the number, the form and a
limit of length. Rewards, form and thoughts are those of held-out prompts; facts, sums and reworded sums those of the
demo's exam, looked for behind the thought. An sft without thoughts is the control.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workbench.cli import train
from workbench.cli.ladder import REWARDED, Ladder, climb, data_file
from workbench.cli.output import Live, table
from workbench.core import presets
from workbench.core.recipe import BUNDLED
from workbench.runs import errand
from workbench.runs.store import list_runs

ANSWER = "It is {c}."
"""To a sum, behind the thought that works it out."""
REMEMBERED = "I remember this."
"""The thought before what needs none."""
_SUM = re.compile(r"(\d+) plus (\d+) is (\d+)\.")
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
SAMPLED = "sampled"
EXAM = (
    ("reworded sums, sampled 4 times", SAMPLED),
    ("reworded sums, greedy", REWARDED),
    ("sums, greedy", "sums"),
    ("cpt facts, greedy", "facts_b"),
    ("old facts, greedy", "facts_a"),
)
"""What is asked in the demo's exam."""


def thoughtful(folder: Path) -> str:
    """Write the bundled questions with thoughts before their answers, and return the path."""
    path, rows = folder / "thoughts.jsonl", []
    for line in Path(data_file("questions.jsonl")).read_text(encoding="utf-8").splitlines():
        asked, said = json.loads(line)["messages"]
        thought, answer = REMEMBERED, said["content"]
        if found := _SUM.match(answer):
            thought, answer = found[0], ANSWER.format(c=found[3]) + answer[found.end() :]
        content = f"<think>\n{thought}\n</think>\n\n{answer}"
        rows.append({"messages": [asked, {"role": "assistant", "content": content}]})
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def climbed(seed: int, folder: Path) -> dict[str, float]:
    """Return figure → value of one seed, those of before with "_before" behind them, of the control with "_control"."""
    ladder = Ladder(Live(), seed)
    done = {found.meta()["title"]: found for found in list_runs() if found.status() == "done"}

    def once(name: str, base: str, **fields: Any) -> str:
        run = done.get(f"demo {name}") or climb(ladder, name, base, **fields)
        ladder.runs[name] = run
        return run.id

    cpt = once("cpt", BUNDLED)
    # The model has never seen the tags. It takes four epochs to write them, while the loss on held-out sums is at its
    # least long before; a thought takes room in a row, too.
    taught = {"max_length": 160, "num_train_epochs": 4.0, "load_best_model_at_end": False}
    before = once("sft with thoughts", cpt, data=[thoughtful(folder)], **taught)
    asked: dict[str, Any] = {**presets.find("bundled-reasoning-full").values, "eval_split": 0.2}
    after = once("grpo with thoughts", before, **asked)
    control = once("sft", cpt)
    told: dict[str, float] = {}
    measured = (train.report(ladder.runs["grpo with thoughts"]) or {})["held_out_metrics"]
    for _, name, _ in FIGURES:
        if name in measured:
            told |= {f"{name}_before": measured[name]["before"], name: measured[name]["after"]}
    targets = {"": after, "_before": before, "_control": control}
    kinds = [kind for _, kind in EXAM if kind != SAMPLED]
    examinations: list[dict[str, Any]] = [
        {"name": name, "target": target, "kinds": kinds} for name, target in targets.items()
    ]
    drawn: dict[str, Any] = {"kinds": [REWARDED], "temperature": 1.0, "seed": 0, "repeat": 4}
    examinations += [{"name": f"sampled{name}", "target": target, **drawn} for name, target in targets.items()]

    def on_line(line: dict[str, Any]) -> None:
        for kind, share in line.get("scores", {}).items():
            name = line["name"]
            told[name if name.startswith(SAMPLED) else f"{kind}{name}"] = share

    request = {"exam": data_file("exam.jsonl"), "examinations": examinations}
    errand.run("workbench.engine.evaluate", request, on_line, who="The exam")
    return told


def lines(told: Sequence[dict[str, float]]) -> list[list[str]]:
    """Return a line per figure: before → after (control) for each seed, and the mean change."""
    found = []
    for words, name, scale in (*FIGURES, *((f"{words}, per cent", kind, 100.0) for words, kind in EXAM)):
        if any(name not in of for of in told):
            continue
        pairs = [(scale * of[f"{name}_before"], scale * of[name]) for of in told]
        digits = 0 if scale > 1 else 2
        change = statistics.mean(after - before for before, after in pairs)
        beside = [f" ({scale * of[f'{name}_control']:.0f})" if f"{name}_control" in of else "" for of in told]
        shown = [
            f"{before:.{digits}f} → {after:.{digits}f}{one}" for (before, after), one in zip(pairs, beside, strict=True)
        ]
        found.append([words, *shown, f"{change:+.{max(digits, 1)}f}"])
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
