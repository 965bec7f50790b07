"""What an importance matrix is worth: KL on held-out rows of a run with it and without, and by how many tokens.

Run by hand: `.venv/bin/python benchmarks/importance.py RUN [--types Q4_K_M,Q3_K_M,IQ3_M] [--tokens 1024,4096,32768]`,
for a run whose rows are kept. The matrix is measured on rows that the run learnt from, KL(trained || file) with its
standard error on rows it held out, both of the same files as an export makes. The last columns are the difference that
the matrix makes and its standard error, over the same rows.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from workbench.core import gguf_types as types
from workbench.engine import llama
from workbench.engine.export import closeness, exporter, importance, learnt, reference
from workbench.runs import bases, store

HELD_OUT_TOKENS = 8192


def measured(path: Path, rows: list[list[int]], want: list[Any]) -> tuple[closeness.Closeness, np.ndarray]:
    """Return how close a file is, and the divergence of each row."""
    every, each = closeness.Sums(), []
    with llama.Model(path, max(map(len, rows)) + 8, threads=1) as model:
        for ids, logits in zip(rows, want, strict=True):
            alone = closeness.Sums()
            got = np.concatenate(list(model.logits(ids)))
            for sums in (every, alone):
                sums.begin()
                sums.add(logits, got, closeness.targets(ids, None))
            each.append(alone.result().kl * len(ids))
    return every.result(), np.array(each)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("run")
    parser.add_argument("--base", help="measure this model in the run's place, on every other row it learnt from")
    parser.add_argument("--types", default="Q4_K_M,Q3_K_M,IQ3_M")
    parser.add_argument("--tokens", default=str(importance.TOKENS))
    given = parser.parse_args()
    llama.quiet()
    torch.set_num_threads(1)
    base = bases.resolve(given.base or given.run)
    prepared = store.find(given.run).path / "prepared"
    merge = "dequantised" if base.adapter_tuning == "qlora" else "original"
    model = exporter.opened(
        exporter.Request(base.model_dir, "model", base.adapter_dir, merge_base=merge, dtype=base.adapter_dtype)
    )
    loaded = reference.load_model(base.model_dir, model.weights)
    pool = learnt.rows(prepared)
    rows = [ids for ids, _ in learnt.held_out(prepared, HELD_OUT_TOKENS)]
    if given.base:
        pool, rows = pool[::2], pool[1::2]
        rows = [rows[number] for number in importance.chosen([len(row) for row in rows], 512, HELD_OUT_TOKENS)]
    want = [reference.logits(loaded, ids) for ids in rows]
    lengths = np.array([len(ids) for ids in rows])
    print(f"{len(rows)} rows held out, {lengths.sum()} tokens")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        plain = exporter.formats(model, types.find(given.types.split(",")), None, folder / "skeleton")
        for budget in map(int, given.tokens.split(",")):
            found = [pool[number] for number in importance.chosen([len(row) for row in pool], learnt.LONGEST, budget)]
            matrix = importance.measure(loaded, model.way.architecture, found, lambda *_: None)
            importance.write(folder / "matrix.gguf", matrix, "benchmark")
            weighed = exporter.formats(model, types.find(given.types.split(",")), folder / "matrix.gguf", folder / "sk")
            print(
                f"\nmatrix of {matrix.tokens} tokens, {matrix.rows} rows\n{'':<10}{'without':>18}{'with':>18}{'':>18}"
            )
            for kind in types.find(given.types.split(",")):
                sides = []
                for formats in (plain[kind.name], weighed[kind.name]):
                    path = folder / "made.gguf"
                    exporter.make(model, kind, formats, path, lambda *_: None)
                    sides.append(measured(path, rows, want))
                    path.unlink()
                (one, without), (other, within) = sides
                gain = within - without
                mean = gain.sum() / lengths.sum()
                error = math.sqrt(float(np.square(gain - mean * lengths).sum())) / lengths.sum()
                cells = [f"{side.kl:.5f} ±{side.kl_error:.5f}" for side in (one, other)] + [f"{mean:+.5f} ±{error:.5f}"]
                print(f"{kind.name:<10}" + "".join(f"{cell:>18}" for cell in cells), flush=True)


if __name__ == "__main__":
    main()
