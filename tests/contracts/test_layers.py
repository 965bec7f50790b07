"""Who may import whom, and what: the layers of CONTRIBUTING.md, held against every file of the package."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tomllib
from dataclasses import dataclass
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.contracts.repository import PACKAGE, ROOT, imports, place, sources, tree

HEAVY = {
    "accelerate", "bitsandbytes", "datasets", "gguf", "llama_cpp", "peft", "safetensors", "tokenizers", "torch",
    "transformers", "trl",
}  # fmt: skip
SCREEN = {"rich", "textual"}


@dataclass(frozen=True)
class Layer:
    """What one sub-package may import: our own layers, and third-party modules (``None``: any that is not excluded)."""

    ours: frozenset[str]
    third_party: frozenset[str] | None = frozenset()
    excluded: frozenset[str] = frozenset()


LAYERS = {
    "cli": Layer(frozenset({"core", "data", "engine", "guide", "runs", "tui"})),
    "tui": Layer(frozenset({"core", "guide", "runs"}), frozenset(SCREEN)),
    "guide": Layer(frozenset({"core", "runs"})),
    "engine": Layer(frozenset({"core", "data", "runs"}), None, frozenset(SCREEN)),
    "data": Layer(frozenset({"core"}), None, frozenset(HEAVY | SCREEN)),
    "runs": Layer(frozenset({"core"}), frozenset({"orjson", "psutil", "pynvml", "tomli_w"})),
    "core": Layer(frozenset(), frozenset({"tomli_w"})),
}


def layer_of(path: Path) -> str:
    """Return the sub-package that a file of the package lies in; files directly in it count as the command line."""
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else "cli"


def test_every_import_is_allowed_in_its_layer() -> None:
    """Each sub-package imports only the layers and the libraries that the table grants it."""
    wrong = []
    for path in sources(PACKAGE):
        name = layer_of(path)
        layer = LAYERS[name]
        for module, node, lazy in imports(tree(path)):
            top, _, rest = module.partition(".")
            if top == "workbench":
                target = rest.partition(".")[0]
                allowed = target not in LAYERS or target == name or target in layer.ours
            elif top in sys.stdlib_module_names:
                allowed = True
            elif name == "core" and not lazy:
                allowed = False
            else:
                allowed = top in layer.third_party if layer.third_party is not None else top not in layer.excluded
            if not allowed:
                wrong.append(f"{place(path, node)}: {name} imports {module}")
    assert not wrong, "\n".join(wrong)


def test_every_imported_library_is_declared() -> None:
    """A module that the package imports comes from a distribution that pyproject.toml names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}
    providers = packages_distributions()
    wrong = []
    for path in sources(PACKAGE):
        for module, node, _ in imports(tree(path)):
            top = module.partition(".")[0]
            if top == "workbench" or top in sys.stdlib_module_names:
                continue
            if not declared & {canonicalize_name(name) for name in providers.get(top, [])}:
                wrong.append(f"{place(path, node)}: {module}")
    assert not wrong, "\n".join(wrong)


def test_import_linter_contracts_hold() -> None:
    """The contracts in pyproject.toml, which follow imports through other modules, are kept."""
    tool = Path(sysconfig.get_path("scripts")) / "lint-imports"
    result = subprocess.run([tool, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 broken" in result.stdout
