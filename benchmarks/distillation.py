"""What distillation is worth: a student of 65 % of its teacher's weights, taught by soft labels and by hard ones.

Run by hand: `.venv/bin/python benchmarks/distillation.py [--seeds 3] [--epochs 2] [--only NAME,NAME]`. The teacher is
the bundled model after cpt on the bundled articles and sft on the questions, as in the demo. The student is the teacher
with two of its five layers taken out (`cut`): a model that has its tokens and its shape and has forgotten most. It then
learns from the bundled questions and general text, in the same steps, by
- hard: the rows' own tokens alone (`distill_alpha=0`, which is sft and continued pre-training),
- forward, reverse, jsd: that divergence from the teacher for nine tenths of the loss, the rows' tokens for the rest.
Scores are the shares of right greedy answers in the bundled exam: facts that rows tell in running text only, asked and
to be completed, and sums that no row works out. The last columns say how much of the teacher's score is kept, and on
held-out rows the KL from the teacher in nats and how often both would say the same token.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.core import presets
from workbench.core.paths import assets_dir
from workbench.core.recipe import resolve, to_toml
from workbench.runs import bases, control, errand, store

DATA = assets_dir() / "data"
KEPT = (0, 1, 4)
"""Layers of the teacher that the student has: the first two, which read, and the last, which writes."""
KINDS = ["facts_a", "cloze_a", "sums"]
ARMS: Mapping[str, dict[str, Any]] = {
    "hard": {"distill_alpha": 0.0},
    "forward": {"divergence": "forward"},
    "reverse": {"divergence": "reverse"},
    "jsd": {"divergence": "jsd"},
}

SETTINGS: dict[str, Any] = {
    "learning_rate": 1e-3, "control_tokens": True, "eval_steps": 10_000, "save_steps": 10_000,
    "load_best_model_at_end": False,
}  # fmt: skip
"""Steps as large as those of the bundled cpt, and no look before the end."""


def cut(source: Path, layers: Sequence[int], target: Path) -> float:
    """Write the model in `source` with some of its layers only into `target`; return the share of weights it has."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(source, dtype=torch.bfloat16, local_files_only=True)
    whole = sum(one.numel() for one in model.parameters())
    inner = model.model
    inner.layers = torch.nn.ModuleList(inner.layers[number] for number in layers)
    for number, layer in enumerate(inner.layers):
        layer.self_attn.layer_idx = number
    config = model.config
    config.num_hidden_layers = len(layers)
    config.layer_types = [config.layer_types[number] for number in layers]
    model.save_pretrained(target)
    AutoTokenizer.from_pretrained(source, local_files_only=True).save_pretrained(target)
    return sum(one.numel() for one in model.parameters()) / whole


def trained(name: str, base: str, method: str, data: Sequence[str], **more: Any) -> store.Run:
    """Return a run that has come to its end; raises RuntimeError when it has not."""
    preset = presets.default_for(method, "full", "bundled")
    values = {"method": method, "tuning": "full", "base": base, "data": [str(DATA / one) for one in data],
              "sample_max_new_tokens": 0, "title": name, **more}  # fmt: skip
    made = resolve(values, preset.values, preset.name)
    run = store.create(to_toml(made), method=method, tuning="full", base=base, title=name, parent="")
    control.start(run)
    while run.status() in ("queued", "running"):
        time.sleep(0.5)
    if run.status() != "done":
        raise RuntimeError(f"{name} is {run.status()}: see {run.console_path}")
    return run


def scores(targets: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """Return name → kind → share of right answers."""
    found: dict[str, dict[str, float]] = {}
    request = {
        "exam": str(DATA / "exam.jsonl"),
        "examinations": [{"name": name, "target": target, "kinds": KINDS} for name, target in targets.items()],
    }

    def on_line(line: dict[str, Any]) -> None:
        if "name" in line:
            found[line["name"]] = line["scores"]

    errand.run("workbench.engine.evaluate", request, on_line, who="The exam")
    return found


def mean_of(figures: Mapping[str, float]) -> float:
    """Return the mean over the kinds of an exam."""
    return statistics.fmean(figures[kind] for kind in KINDS)


def main() -> None:
    """Train, examine and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=float, default=2.0)
    parser.add_argument("--teacher", default="", help="a run or folder in place of a teacher trained now")
    parser.add_argument("--only", default=",".join(ARMS))
    asked = parser.parse_args()
    began = time.monotonic()
    teacher = asked.teacher
    if not teacher:
        read = trained("reader", "bundled", "cpt", ["articles.jsonl"])
        teacher = trained("teacher", read.id, "sft", ["questions.jsonl"]).id
    with tempfile.TemporaryDirectory() as folder:
        student = Path(folder) / "student"
        share = cut(bases.resolve(teacher).model_dir, KEPT, student)
        marks = scores({"teacher": teacher, "student": str(student)})
        print(f"student: {100 * share:.0f} % of the teacher's weights")
        for name, found in marks.items():
            print(f"{name:16}" + "".join(f"{kind} {100 * found[kind]:5.1f} %   " for kind in KINDS), flush=True)
        of_teacher = mean_of(marks["teacher"])
        kept: dict[str, list[float]] = {}
        for seed in range(asked.seeds):
            for arm in asked.only.split(","):
                more = {**SETTINGS, "num_train_epochs": asked.epochs, "seed": seed, "teacher": teacher, **ARMS[arm]}
                run = trained(f"{arm} {seed}", str(student), "distill", ["general.jsonl", "questions.jsonl"], **more)
                found = scores({arm: run.id})[arm]
                kept.setdefault(arm, []).append(mean_of(found) / of_teacher)
                report = run.report()
                told = {name: pair["after"] for name, pair in report["held_out_metrics"].items()}
                print(
                    f"{arm:10} seed {seed} " + "".join(f"{kind} {100 * found[kind]:5.1f} %   " for kind in KINDS)
                    + f"kept {100 * kept[arm][-1]:5.1f} %   KL {told['teacher_kl']:.3f}   "
                    f"same token {100 * told['agreement']:.1f} %   {report['steps']} steps, {report['seconds']:.0f} s",
                    flush=True,
                )  # fmt: skip
    for arm, shares in kept.items():
        print(f"{arm:10} keeps {100 * statistics.fmean(shares):.1f} % of the teacher's score "
              f"(from {100 * min(shares):.1f} to {100 * max(shares):.1f} over {len(shares)} seeds)")  # fmt: skip
    print(json.dumps({"minutes": round((time.monotonic() - began) / 60, 1), "kept": kept}), file=sys.stderr)


if __name__ == "__main__":
    main()
