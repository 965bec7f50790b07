"""Where llama.cpp's own converter lies, and whether it is there.

Owns the place set-up unpacks it to. Must not know what it converts: it is run in a child of the engine. It comes out of
the very source release that llama.cpp was built from, so that writer and reader of a file are of one version.
"""

from __future__ import annotations

import ast
import importlib.metadata
import os
import sys
from functools import lru_cache
from pathlib import Path

from workbench.core.errors import WorkbenchError

PLACE = "WORKBENCH_CONVERTER"
"""Variable that names another folder."""
MEND = "make setup"
_NEEDED = ("convert_lora_to_gguf.py", "conversion/base.py", "gguf-py/gguf/__init__.py")


def folder() -> Path:
    """Return where the converter for the installed llama-cpp-python belongs, whether it is there or not."""
    named = os.environ.get(PLACE)
    if named:
        return Path(named).expanduser().absolute()
    try:
        version = importlib.metadata.version("llama-cpp-python")
    except importlib.metadata.PackageNotFoundError:
        version = "missing"
    return Path(sys.prefix) / "share" / "workbench" / f"llama.cpp-{version}"


def is_there() -> bool:
    """Return whether it is unpacked."""
    return all((folder() / name).is_file() for name in _NEEDED)


def find() -> Path:
    """Return its folder; raise WorkbenchError with what mends it when it is not unpacked."""
    if not is_there():
        raise WorkbenchError(
            f"llama.cpp's converter is not unpacked, so GGUF files are made of the commonest architectures only; "
            f"run {MEND} in the checkout."
        )
    return folder()


@lru_cache
def _classes(place: Path) -> frozenset[str]:
    """Return the model classes in the table of the converter at `place`, read without running it."""
    tree = ast.parse((place / "conversion" / "__init__.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "TEXT_MODEL_MAP":
            assert node.value is not None
            return frozenset(ast.literal_eval(node.value))
    return frozenset()


def classes() -> frozenset[str]:
    """Return the classes of config.json's `architectures` it has a program for; WorkbenchError as `find`."""
    return _classes(find())
