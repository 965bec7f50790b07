"""Which versions of other people's packages are installed, and which the program is written against.

Owns reading both, and comparing them. Must not import any of the packages.
"""

from __future__ import annotations

import importlib.metadata
import operator
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

_PROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*\(?([^;()]*)\)?")
_CLAUSE = re.compile(r"(==|!=|>=|<=|>|<)\s*([^\s,]+)")
_OPERATORS = {
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


@dataclass(frozen=True)
class Package:
    """One package the program needs."""

    name: str
    version: str
    """What is installed; empty for a missing one."""
    wanted: str
    """The range the program is written against, for example >=1.15,<2; empty for any version."""
    fits: bool

    @property
    def requirement(self) -> str:
        """The package and its range as pip takes them."""
        return f"{self.name}{self.wanted}"


def _order(version: str) -> tuple[tuple[int, ...], bool]:
    """Return what versions are ordered by: the release without its zeros at the end, then whether it is final.

    What stands behind a plus says how a package was built and does not count.
    """
    found = re.match(r"\s*v?(\d+(?:\.\d+)*)(.*)", version.partition("+")[0])
    if found is None:
        return (), False
    numbers = [int(part) for part in found[1].split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers), re.match(r"[._-]?(a|b|c|rc|alpha|beta|pre|dev)", found[2]) is None


def admits(wanted: str, version: str) -> bool:
    """Return whether a version lies in a range such as ">=1.15,<2"."""
    clauses = _CLAUSE.findall(wanted)
    return all(_OPERATORS[sign](_order(version), _order(bound)) for sign, bound in clauses)


def requirements() -> tuple[tuple[str, str], ...]:
    """Return (package, range) for all the program needs, from the checkout it runs in or from its own installation."""
    try:
        lines = tomllib.loads(_PROJECT.read_text(encoding="utf-8"))["project"]["dependencies"]
    except (OSError, ValueError, KeyError):
        try:
            lines = importlib.metadata.requires("workbench") or []
        except importlib.metadata.PackageNotFoundError:
            lines = []
    found = (_REQUIREMENT.match(line) for line in lines if "extra ==" not in line)
    return tuple((match[1], match[2].strip()) for match in found if match is not None)


def packages() -> tuple[Package, ...]:
    """Return every package the program needs, as it is installed."""
    found = []
    for name, wanted in requirements():
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            version = ""
        found.append(Package(name, version, wanted, bool(version) and admits(wanted, version)))
    return tuple(found)
