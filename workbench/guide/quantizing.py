"""A run or a base as a model folder in fewer bits: what is asked for, what is said of it, and recipes for elsewhere.

Owns what is asked for, what it takes, and the words. The work is a run's.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.core import gguf_size, paths, units
from workbench.core import recipe as recipes
from workbench.core.errors import UsageError
from workbench.core.quantized import BITS, ELSEWHERE, KINDS, folder_bytes
from workbench.core.text import one_line
from workbench.guide import exporting
from workbench.guide.exporting import Wanted
from workbench.runs import atomic, base_facts, bases, exports, store

METHOD = "quantize"
"""The method of runs that make such folders."""


def _folder(base: bases.Base, kind: str, out: Path | None) -> Path:
    """Return where a folder that is made elsewhere goes: where the person says, or among what was exported."""
    if out is not None:
        return paths.expanded(str(out)).resolve()
    return paths.data_home() / "exports" / f"{exports.name_of(base)}-{kind}"


def wanted(reference: str, kind: str, out: Path | None = None, merge_base: str = "auto") -> Wanted:
    """Return the recipe that writes a run, a base or a folder as a model folder, checked as far as it can be.

    Raises UsageError for what cannot be asked for, NoSpaceError when the disk is too small for it.
    """
    if kind not in KINDS:
        raise UsageError(f"There is no form {kind!r}; choose from {', '.join([*KINDS, *ELSEWHERE])}.")
    base = exporting.base_of(reference)
    place = paths.expanded(str(out)).resolve() if out is not None else None
    if place is not None and place.exists():
        raise UsageError(f"{one_line(str(place))} exists already; choose another folder with --out.")
    values = {"method": METHOD, "base": exports.key_of(base), "folder_kind": kind, "merge_base": merge_base}
    resolved = recipes.resolve(values | ({"out_dir": str(place)} if place is not None else {}))
    exporting.say_merged(resolved, base)
    shape = base_facts.of_reference(exports.key_of(base)).shape
    ends = shape.vocabulary * shape.hidden * (1 if shape.tied else 2)
    stored = bases.read_json(base.model_dir / "config.json")
    rest_bytes = 4 if "float32" in (stored.get("dtype"), stored.get("torch_dtype")) else 2
    packed = max(0, gguf_size.file_bytes(shape, "F32") // 4 - ends)
    size = folder_bytes(kind, packed, ends, rest_bytes)
    parts = {kind: size, "comparison": gguf_size.comparison_bytes(shape.vocabulary)}
    atomic.require_space(paths.runs_home(), sum(parts.values()))
    return Wanted(resolved, base, parts, exporting.required_apart(place, size) if place is not None else 0)


def begun(reference: str, kind: str) -> str:
    """Start a quantisation as a page asks for it and return the run's id; raises WorkbenchError."""
    return exporting.start(wanted(reference, kind)).id


def _whole(kind: str) -> str:
    """Return why there are more bits per weight than the form has."""
    said = f", {BITS[kind]:.0f} of them and scales in the linear layers, more in the embeddings"
    return "" if kind == "bf16" else said


def described(report: Mapping[str, Any]) -> list[str]:
    """Return the report as sentences."""
    error = f" ± {units.rate(report['kl_error'])}" if report["kl_error"] is not None else ""
    kind, bits = str(report["kind"]), f"{report['bits_per_weight']:.2f} bits per weight"
    said = [
        f"{kind}: {units.size(report['bytes'])}, {bits}{_whole(kind)}.",
        f"Against the trained model over {units.count(report['tokens'])} tokens: KL {units.rate(report['kl'])}{error}, "
        f"the same token {units.percent(report['top1'], 1)} of the time.",
    ]
    if report["perplexity_change"] is not None:
        scatter = report.get("perplexity_error")
        change = f"{100 * report['perplexity_change']:+.2f}{'' if scatter is None else f' ± {100 * scatter:.2f}'} %"
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
    untried = f"None of what follows was run by the workbench, and {rows} has to have rows with messages."
    return [f"{untried} {why}", "", *lines]
