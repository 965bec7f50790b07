"""What pruning saves and what healing brings back, on the bundled model after sft, seed by seed.

Run by hand: `.venv/bin/python benchmarks/pruning.py [--seeds 0 1 2] [--arms NAME ...] [--epochs 2] [--home FOLDER]`;
with a folder, a second call takes up what is done there. About half a minute a run on two idle cores, one sft and a run
for each arm a seed. Each run is one of `workbench prune` with full tuning, made by the bundled preset for all but what
is cut, on the rows that the sft learnt from; a tenth of them are held out from both. Loss is that of the held-out rows'
answers, a mean over tokens in nats: of the whole model, of the cut one, and of the healed one. What is back is the
share of the gap between the first two that healing has closed, for each seed. Reading and writing are tokens a second
as a multiple of the whole model's; "above" is the share of held-out rows whose loss stays 0.05 or more above the whole
model's, and "worst tenth" how much of what is lost for good lies in a tenth of the rows.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.cli.follow import follow
from workbench.cli.output import table
from workbench.core import presets
from workbench.core.paths import assets_dir
from workbench.core.recipe import BUNDLED, resolve, to_toml
from workbench.runs import control, store

DATA = str(assets_dir() / "data" / "questions.jsonl")
ARMS: Mapping[str, dict[str, Any]] = {
    "1 layer": {"prune_layers": 1},
    "2 layers": {"prune_layers": 2},
    "½ heads, ⅓ channels": {"prune_layers": 0, "prune_heads": 0.5, "prune_channels": 1 / 3},
    "½ zeros, wanda": {"prune_layers": 0, "sparsity": 0.5},
    "½ zeros, magnitude": {"prune_layers": 0, "sparsity": 0.5, "sparsity_method": "magnitude"},
}


def trained(name: str, method: str, base: str, seed: int, **fields: Any) -> store.Run:
    """Return the run of a name, trained now or before."""
    done = {found.meta()["title"]: found for found in store.list_runs() if found.status() == "done"}
    if name in done:
        return done[name]
    preset = presets.default_for(method, "full", BUNDLED)
    values = {
        "method": method, "tuning": "full", "base": base, "data": [DATA], "seed": seed, "eval_split": 0.1,
        "sample_max_new_tokens": 0, "eval_steps": 10_000, "save_steps": 10_000, **fields,
    }  # fmt: skip
    recipe = to_toml(resolve(values, preset.values, preset.name))
    run = store.create(recipe, method=method, tuning="full", base=base, title=name, parent="")
    control.start(run)
    if (status := follow(run, quiet=True)) != "done":
        raise SystemExit(f"{name} of seed {seed} is {status}; see {run.console_path}")
    return run


def measured(seed: int, arms: Sequence[str], epochs: float) -> dict[str, dict[str, Any]]:
    """Return arm → what the report of its run says of the cut, all with one seed."""
    whole = trained("sft", "sft", BUNDLED, seed)
    found = {}
    for name in arms:
        run = trained(name, "prune", whole.id, seed, num_train_epochs=epochs, **ARMS[name])
        found[name] = run.report()["pruning"]
        print(f"seed {seed}, {name}: {found[name]['recovered']:.1%} is back", flush=True)
    return found


def line(name: str, told: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return an arm's line: size, speed, the three losses, what is back for each seed, and rows that stay above."""
    size, bytes_ = told[0]["parameters"], told[0]["bytes"]

    def mean(of: str) -> str:
        return f"{statistics.mean(one['loss'][of] for one in told):.3f}"

    speed = [
        f"{statistics.median(one['speed'][way]['after'] / one['speed'][way]['before'] for one in told):.2f}"
        for way in ("reading", "writing")
    ]
    back = " ".join(f"{100 * one['recovered']:.0f}" for one in told)
    above = statistics.mean(one["rows_above"] / one["rows"] for one in told)
    tenth = statistics.mean(one["worst_tenth"] for one in told)
    return [
        name, f"{size['after'] / size['before']:.0%}", f"{bytes_['after'] / 1e6:.1f}", *speed, mean("original"),
        mean("pruned"), mean("healed"), back, f"{above:.0%}", f"{tenth:.0%}",
    ]  # fmt: skip


def main() -> None:
    """Print the table, and under it the rows that recovered least."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--arms", nargs="+", choices=tuple(ARMS), default=list(ARMS))
    parser.add_argument("--epochs", type=float, default=2.0, help="of healing")
    parser.add_argument("--home", help="a folder that is kept; a new one that is removed when it is left out")
    arguments = parser.parse_args()
    found = []
    with tempfile.TemporaryDirectory() as passing:
        for seed in arguments.seeds:
            for kind in ("DATA", "STATE", "CONFIG", "CACHE"):
                os.environ[f"XDG_{kind}_HOME"] = f"{arguments.home or passing}/{seed}/{kind.lower()}"
            found.append(measured(seed, arguments.arms, arguments.epochs))
    head = [
        "what goes", "weights", "MB", "reads", "writes", "loss", "cut", "healed",
        "% back", "above", "worst tenth",
    ]  # fmt: skip
    print(table(head, [line(name, [of[name] for of in found]) for name in arguments.arms]))
    for name in arguments.arms:
        told = [
            f"  {row['row']}: {row['original']:.2f}, {row['healed']:.2f} healed"
            for row in found[0][name]["unrecovered"]
        ]
        print("\n".join([f"\n{name}, rows that recovered least:", *told[:4]]))


if __name__ == "__main__":
    main()
