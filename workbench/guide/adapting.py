"""An adapter of a run as a GGUF file of its own, to be loaded beside a GGUF file of its base.

Owns what is asked for and the words for the result. The work is a run's: an export whose recipe says so.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.core import gguf_size, paths, recipe, units
from workbench.core.errors import UsageError
from workbench.core.text import one_line
from workbench.guide import exporting
from workbench.guide.exporting import Wanted
from workbench.runs import atomic, base_facts, exports


def wanted(reference: str, out: Path | None = None, name: str = "") -> Wanted:
    """Return the recipe that exports the adapter of a run, checked as far as it can be.

    Raises UsageError for what has no adapter, NoSpaceError when the disk is too small for the proof.
    """
    base = exporting.base_of(reference)
    if base.adapter_dir is None:
        raise UsageError(f"{one_line(reference)} has no adapter; export the whole model, without --adapter.")
    values = {"method": exports.METHOD, "base": exports.key_of(base), "file_name": name}
    out = paths.expanded(str(out)).resolve() if out is not None else None
    values["out_dir"] = str(out) if out is not None else ""
    resolved = recipe.resolve({key: value for key, value in values.items() if value} | {"adapter_alone": True})
    shape = base_facts.of_reference(exports.key_of(base)).shape
    parts = gguf_size.disk(gguf_size.file_bytes(shape, "F32"), shape.vocabulary, (), exporting.spare_memory(shape))
    atomic.require_space(paths.runs_home(), sum(parts.values()))
    if out is not None:
        exports.require_place(out, 0)
        exports.refuse_taken(out, [f"{name or exports.name_of(base)}{exports.ADAPTER}"])
    return Wanted(resolved, base, parts)


def words(report: Mapping[str, Any]) -> str:
    """Return the report in words: the proof, the file, and how it is used."""
    proof, file = report["parity"], report["files"][0]
    path = one_line(str(file["path"]), 4096)
    return (
        f"proved beside its base: logits within {proof['max_abs_logit_diff']:.1e}, same token "
        f"{units.percent(proof['top1'], 1)}\n{path}, {units.size(file['bytes'])}\n"
        f"Talk with it beside a GGUF of {one_line(str(report['root']), 200)}: "
        f"workbench chat BASE.gguf --adapter {shlex.quote(path)}"
    )
