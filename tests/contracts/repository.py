"""What the contract tests look at: the files of this checkout and their parsed sources. Knows nothing of the rules."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "workbench"

_MADE = {"__pycache__", "build", "dist"}
_HIDDEN_BUT_OURS = {".ci", ".gitignore"}


def files(folder: Path = ROOT) -> list[Path]:
    """Return every file under ``folder`` that belongs to the repository, environments and caches left out, sorted."""

    def ours(name: str) -> bool:
        return name not in _MADE and (not name.startswith(".") or name in _HIDDEN_BUT_OURS)

    def walk(here: Path) -> Iterator[Path]:
        for entry in here.iterdir():
            if ours(entry.name):
                if entry.is_dir():
                    yield from walk(entry)
                else:
                    yield entry

    return sorted(walk(folder))


def sources(folder: Path = ROOT) -> list[Path]:
    """Return every Python file of the repository under ``folder``."""
    found = [path for path in files(folder) if path.suffix == ".py"]
    assert found, f"no Python file under {folder}"
    return found


def tree(path: Path) -> ast.Module:
    """Return the parsed source of ``path``."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def place(path: Path, node: ast.AST) -> str:
    """Return ``file:line`` of a node, relative to the checkout."""
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}"


def imports(node: ast.AST, lazy: bool = False) -> Iterator[tuple[str, ast.stmt, bool]]:
    """Yield (module, statement, lazy) for every absolute import below ``node``; lazy: inside a function."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from ((alias.name, child, lazy) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            if child.level == 0 and child.module == "workbench":
                yield from ((f"workbench.{alias.name}", child, lazy) for alias in child.names)
            elif child.level == 0 and child.module is not None:
                yield child.module, child, lazy
        else:
            yield from imports(child, lazy or isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)))
