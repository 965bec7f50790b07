"""An adapter of a run as a GGUF file of its own, to be loaded beside a GGUF file of its base.

Owns what is asked for and the words for the result. The work is done in another process.
"""

from __future__ import annotations

import shlex
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from workbench.core import units
from workbench.core.errors import UsageError
from workbench.core.text import one_line
from workbench.runs import bases, errand, exports, probe, store


def export(
    target: str,
    out: Path | None = None,
    name: str = "",
    on_line: Callable[[dict[str, Any]], None] | None = None,
    stop: threading.Event | None = None,
) -> dict[str, Any]:
    """Make and prove the file of the adapter that `target` is, and return the report.

    The report is that of `engine.export.adapter` with the base under "base". Setting `stop` ends it from another
    thread, as `errand.run` says. Raises UsageError for what has no adapter and WorkbenchError when the proof fails.
    """
    base = bases.resolve(target)
    if base.adapter_dir is None:
        raise UsageError(f"{one_line(target)} has no adapter; export the whole model, without --adapter.")
    probe.run_probe("workbench.runs.bases:inspect", {"path": str(base.model_dir)}, seconds=60)
    folder = out or (store.find(base.run_id).artifacts_dir if base.run_id else Path.cwd())
    request = {
        "base": str(base.model_dir),
        "adapter": str(base.adapter_dir),
        "out": str(folder.expanduser().resolve()),
        "name": name or exports.name_of(base),
        "dtype": base.adapter_dtype,
        "run": base.run_id,
    }
    report = errand.run("workbench.engine.export.adapter", request, on_line, who="The export", stop=stop)["result"]
    assert isinstance(report, dict)
    return report | {"base": base.root}


def words(report: Mapping[str, Any]) -> str:
    """Return the report in words: the proof, the file, and how it is used."""
    proof, file = report["parity"], report["file"]
    path = one_line(str(file["path"]), 4096)
    return (
        f"proved beside its base: logits within {proof['max_abs_logit_diff']:.1e}, same token "
        f"{units.percent(proof['top1'], 1)}\n{path}, {units.size(file['bytes'])}\n"
        f"Talk with it beside a GGUF of {one_line(str(report['base']), 200)}: "
        f"workbench chat BASE.gguf --adapter {shlex.quote(path)}"
    )
