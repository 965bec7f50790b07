"""A step of GRPO here and in a plain TRL script with the same settings: seconds, tokens written, peak memory.

Run by hand: `.venv/bin/python benchmarks/grpo.py [--base RUN_OR_FOLDER] [--steps 8] [--tuning lora] [--repeat 1]
[--spin]`. Each side is a process of its own, one after the other and as often as asked, on the bundled sums with the
numeric reward: groups of eight, 64 answers of up to 40 tokens a step, the same learning rate, loss and adapter. Seconds
are the median over the steps after the first, those of the processor the mean. Evaluation, samples and checkpoints are
left out on both sides. TRL's threads wait for each other as an engine's do, asleep; with `--spin` as a plain script's.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

import psutil

from workbench.core import presets
from workbench.core.events import Step
from workbench.core.paths import assets_dir
from workbench.core.recipe import resolve, to_toml
from workbench.runs import bases, control, store
from workbench.runs.process import engine_env

LENGTH, GROUP, MICRO, PASSES, RATE = 40, 8, 32, 2, 1e-5
DATA = assets_dir() / "data" / "prompts.jsonl"


def ours(base: str, tuning: str, steps: int) -> dict[str, Any]:
    """Return the figures of a run of the engine."""
    preset = presets.default_for("grpo", tuning)
    values: dict[str, Any] = {
        "method": "grpo", "tuning": tuning, "base": base, "data": [str(DATA)], "rewards": ["number"],
        "learning_rate": RATE, "num_generations": GROUP, "per_device_train_batch_size": MICRO,
        "gradient_accumulation_steps": PASSES, "max_completion_length": LENGTH, "max_length": 128, "max_steps": steps,
        "eval_split": 0.0, "sample_max_new_tokens": 0, "save_steps": steps, "gradient_checkpointing": False,
        "resample_groups": 0, "precision": "fp32", "device": "cpu", "epsilon_high": 0.2,
    }  # fmt: skip
    made = resolve(values, preset.values, preset.name)
    run = store.create(to_toml(made), method="grpo", tuning=tuning, base=base, title="benchmark", parent="")
    engine = psutil.Process(control.start(run))
    spent: dict[int, float] = {}
    while run.status() in ("queued", "running"):
        done = sum(isinstance(event, Step) for event in run.events())
        with contextlib.suppress(psutil.Error):
            if done and done not in spent:
                spent[done] = sum(engine.cpu_times()[:2])
        time.sleep(0.05)
    first, *_, last = spent
    told = [event for event in run.events() if isinstance(event, Step)]
    report = run.report()
    ends = [event.seconds for event in told]
    return {
        "seconds": [later - earlier for earlier, later in itertools.pairwise(ends)],
        "processor": (spent[last] - spent[first]) / (last - first),
        "length": statistics.fmean(event.metrics["length"] for event in told),
        "peak": report["peak_memory"]["host_bytes"],
    }


def theirs(folder: str, tuning: str, steps: int) -> dict[str, Any]:
    """Return the figures of TRL's trainer; runs in a process of its own."""
    import re
    import resource

    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
    from trl import GRPOConfig, GRPOTrainer

    rows = [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines()]
    lengths: list[float] = []
    ends: list[float] = []
    spent: list[float] = []

    def reward(completions: Any, answer: Any, completion_ids: Any, **_: Any) -> list[float]:
        lengths.append(statistics.fmean(map(len, completion_ids)))
        said = [re.findall(r"\d+", one[0]["content"]) for one in completions]
        return [float(bool(found) and found[-1] == right) for found, right in zip(said, answer, strict=True)]

    class Clock(TrainerCallback):
        def on_step_end(self, *_: Any, **__: Any) -> None:
            ends.append(time.monotonic())
            spent.append(time.process_time())

    adapter = LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM")
    settings = GRPOConfig(
        output_dir=tempfile.mkdtemp(), max_steps=steps, learning_rate=RATE, num_generations=GROUP, temperature=1.0,
        per_device_train_batch_size=MICRO, gradient_accumulation_steps=PASSES, max_completion_length=LENGTH, beta=0.0,
        loss_type="dapo", bf16=False, use_cpu=True, gradient_checkpointing=False, report_to="none", save_strategy="no",
        logging_steps=1, disable_tqdm=True, lr_scheduler_type="constant_with_warmup",
    )  # fmt: skip
    trainer = GRPOTrainer(
        model=AutoModelForCausalLM.from_pretrained(folder, dtype="float32"), reward_funcs=[reward], args=settings,
        train_dataset=Dataset.from_list(rows), processing_class=AutoTokenizer.from_pretrained(folder),
        peft_config=adapter if tuning == "lora" else None, callbacks=[Clock()],
    )  # fmt: skip
    trainer.train()
    return {
        "seconds": [later - earlier for earlier, later in itertools.pairwise(ends)],
        "processor": (spent[-1] - spent[0]) / (len(spent) - 1),
        "length": statistics.fmean(lengths),
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def main() -> None:
    """Measure both sides and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--base", default="bundled")
    parser.add_argument("--tuning", choices=("full", "lora"), default="lora")
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--spin", action="store_true", help="let TRL's threads wait as those of a plain script do")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        print(json.dumps(theirs(asked.base, asked.tuning, asked.steps)))
        return
    folder = bases.resolve(asked.base).model_dir
    command = [sys.executable, __file__, "--child", "--base", str(folder)]
    command += ["--tuning", asked.tuning, "--steps", str(asked.steps)]
    quiet = {**(os.environ if asked.spin else engine_env()), "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    head = f"{asked.steps} steps of {MICRO * PASSES} answers, {asked.tuning}, {os.cpu_count()} cores"
    print(f"{head}, load {os.getloadavg()[0]:.1f}")
    print(f"{'':12}{'s per step':>12}{'processor':>12}{'tokens of an answer':>22}{'peak, MiB':>12}")
    for _ in range(asked.repeat):
        said = subprocess.run(command, check=True, capture_output=True, text=True, env=quiet).stdout
        found = {"TRL": json.loads(said.splitlines()[-1]), "workbench": ours(asked.base, asked.tuning, asked.steps)}
        for name, figures in found.items():
            median = statistics.median(figures["seconds"])
            rest = f"{figures['length']:>22.1f}{figures['peak'] / (1 << 20):>12.0f}"
            print(f"{name:12}{median:>12.2f}{figures['processor']:>12.2f}{rest}", flush=True)


if __name__ == "__main__":
    main()
