"""What must stay light: the command line and the run layer start without any of the heavy libraries."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import workbench
from tests.contracts.repository import PACKAGE, ROOT, sources

HEAVY = {
    "accelerate", "bitsandbytes", "datasets", "gguf", "huggingface_hub", "jinja2", "llama_cpp", "numpy", "pandas",
    "peft", "pyarrow", "rich", "safetensors", "textual", "tokenizers", "torch", "transformers", "trl",
}  # fmt: skip


def loaded_after(code: str) -> tuple[set[str], str]:
    """Run ``code`` in a fresh interpreter; return the top-level modules it has loaded and what it printed before."""
    report = "\nimport json, sys\nprint('\\n' + json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    result = subprocess.run(
        [sys.executable, "-c", code + report], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 0, result.stderr
    printed, _, last = result.stdout.rstrip("\n").rpartition("\n")
    return set(json.loads(last)), printed.strip()


def modules(layer: str) -> list[str]:
    """Return the dotted names of every module of one sub-package."""
    found = []
    for path in sources(PACKAGE / layer):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return found


def test_the_measure_sees_a_heavy_library() -> None:
    """Negative control: a program that does import numpy is found out."""
    assert "numpy" in loaded_after("import numpy")[0]


def test_the_version_needs_nothing_heavy() -> None:
    """``workbench --version`` answers before any heavy library is loaded."""
    loaded, printed = loaded_after(
        "import workbench.cli\n"
        "try:\n"
        "    code = workbench.cli.main(['--version'])\n"
        "except SystemExit as end:\n"
        "    code = end.code\n"
        "assert not code, code"
    )
    assert workbench.__version__ in printed.split()
    assert not loaded & HEAVY


def test_a_plan_needs_nothing_heavy_and_looks_at_no_card_that_it_is_not_for() -> None:
    """``workbench plan`` imports only what it takes: its answer comes within the blink of an eye."""
    words = ["plan", "--base", "Qwen/Qwen3-8B", "--data", "assets/data/questions.jsonl", "--gpu-memory", "24GiB"]
    loaded, printed = loaded_after(f"import workbench.cli\nassert workbench.cli.main({words}) == 0")
    assert "proposal" in printed
    assert not loaded & (HEAVY | {"orjson", "psutil", "pynvml"})


@pytest.mark.parametrize("layer", ["cli", "runs", "core"])
def test_a_light_layer_loads_nothing_heavy(layer: str) -> None:
    """Importing all modules of the layer loads none of the heavy libraries."""
    loaded, _ = loaded_after("import " + ", ".join(modules(layer)))
    assert "workbench" in loaded
    assert not loaded & HEAVY
