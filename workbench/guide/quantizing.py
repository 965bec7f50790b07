"""A run or a base as a model folder in fewer bits: what is asked for, what is said of it, and recipes for elsewhere.

Owns where the folder goes and the words. The work is done in another process.
"""

from __future__ import annotations

import shlex
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from workbench.core import paths, units
from workbench.core import recipe as recipes
from workbench.core.errors import UsageError
from workbench.core.quantized import ELSEWHERE, KINDS
from workbench.runs import bases, errand, exports, probe, store

_MODULE = "workbench.engine.export.folder"


def _folder(base: bases.Base, kind: str, out: Path | None) -> Path:
    """Return where the folder goes: where the person says, or among what was exported."""
    if out is not None:
        return paths.expanded(str(out)).resolve()
    return paths.data_home() / "exports" / f"{exports.name_of(base)}-{kind}"


def quantize(
    reference: str,
    kind: str,
    out: Path | None = None,
    on_line: Callable[[dict[str, Any]], None] | None = None,
    stop: threading.Event | None = None,
) -> dict[str, Any]:
    """Write the model folder of a run, a base or a folder in a form and return its report.

    Setting `stop` ends it from another thread. Raises UsageError for what cannot be asked for, and WorkbenchError when
    the folder does not say what the trained model says; it is not there then.
    """
    if kind not in KINDS:
        raise UsageError(f"There is no form {kind!r}; choose from {', '.join([*KINDS, *ELSEWHERE])}.")
    base = bases.resolve(exports.exported(reference))
    probe.run_probe("workbench.runs.bases:inspect", {"path": str(base.model_dir)}, seconds=60)
    request = {
        "base": str(base.model_dir),
        "name": exports.name_of(base),
        "adapter": str(base.adapter_dir) if base.adapter_dir is not None else None,
        "merge_base": "dequantised" if base.adapter_tuning == "qlora" else "original",
        "dtype": base.adapter_dtype,
        "prepared": str(store.find(base.run_id).path / "prepared") if base.run_id else None,
        "kind": kind,
        "out": str(_folder(base, kind, out)),
    }
    report = errand.run(_MODULE, request, on_line, who="The quantisation", stop=stop)["result"]
    assert isinstance(report, dict)
    if kind == "nf4" and base.adapter_tuning == "qlora":
        report["note"] = (
            "The merged weights were rounded to 4 bits a second time, which takes back some of what the adapter has "
            "learnt; the run itself, its adapter beside the 4-bit base, takes as little memory and loses nothing."
        )
    return report


def described(report: Mapping[str, Any]) -> list[str]:
    """Return the report as sentences."""
    error = f" ± {units.rate(report['kl_error'])}" if report["kl_error"] is not None else ""
    said = [
        f"{report['kind']}: {units.size(report['bytes'])}, {report['bits_per_weight']:.2f} bits per weight.",
        f"Against the trained model over {units.count(report['tokens'])} tokens: KL {units.rate(report['kl'])}{error}, "
        f"the same token {units.percent(report['top1'], 1)} of the time.",
    ]
    if report["perplexity_change"] is not None:
        change = f"{100 * report['perplexity_change']:+.2f} %"
        said.append(f"Perplexity of held-out rows: {report['perplexity']:.3g}, {change}.")
    return [*said, *([str(report["note"])] if "note" in report else [])]


def elsewhere(reference: str, kind: str, out: Path | None = None) -> list[str]:
    """Return how a form that is not made here is made in an environment of its own: a sentence, then commands.

    Raises UsageError for a base that does not exist.
    """
    base = bases.resolve(exports.exported(reference))
    why, commands = ELSEWHERE[kind]
    model, lines = str(base.model_dir), []
    if base.adapter_dir is not None:
        model = str(_folder(base, "bf16", None))
        lines.append(shlex.join(["workbench", "quantize", reference, "--to", "bf16", "--out", model]))
    data = recipes.load(store.find(base.run_id).recipe_path).recipe.data if base.run_id else ()
    rows = next((str(Path(path).resolve()) for path in data if path.endswith(".jsonl")), "ROWS.jsonl")
    filled = {"model": model, "rows": rows, "out": str(_folder(base, kind, out))}
    lines += [command.format(**filled) for command in commands]
    return [f"{why} None of it was run by the workbench; {rows} has to have rows with messages.", "", *lines]
