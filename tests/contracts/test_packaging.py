"""What a person installs: the wheel with its presets and assets, and constraints that name every package that runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.contracts.repository import ROOT, files

SHIPPED = ("presets", "assets")
# These follow torch, which pins each of them itself, and exist only where it was built for an NVIDIA card.
FOLLOWS_TORCH = re.compile(r"nvidia-(?!ml-py)|cuda-|triton")


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the contents of the wheel, built offline with the build tools of this environment."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    result = subprocess.run(
        [*command, "--wheel-dir", folder, ROOT], capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    (wheel,) = folder.glob("workbench-*-py3-none-any.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "unpacked")
    return folder / "unpacked"


@pytest.mark.parametrize("name", SHIPPED)
def test_the_wheel_carries_what_ships(unpacked: Path, name: str) -> None:
    """Every preset and asset is in the wheel, byte for byte, and nothing else is beside them."""
    expected = {path.relative_to(ROOT / name): path.read_bytes() for path in files(ROOT / name)}
    shipped = unpacked / "workbench" / "_shipped" / name
    found = {path.relative_to(shipped): path.read_bytes() for path in shipped.rglob("*") if path.is_file()}
    assert expected
    assert found.keys() == expected.keys()
    assert found == expected


def test_an_installed_copy_finds_what_ships(unpacked: Path) -> None:
    """The program, run from the unpacked wheel, uses the folders inside itself and answers to its command."""
    environment = os.environ | {"PYTHONPATH": str(unpacked)}

    def answer(*arguments: str) -> str:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=unpacked,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout.strip()

    folders = answer("-c", "from workbench.core import paths; print(paths.presets_dir()); print(paths.assets_dir())")
    assert [Path(line) for line in folders.splitlines()] == [
        unpacked / "workbench" / "_shipped" / name for name in SHIPPED
    ]
    assert (unpacked / "workbench" / "_shipped" / "assets" / "base" / "model.safetensors").is_file()
    (metadata,) = unpacked.glob("workbench-*.dist-info")
    version = metadata.name.removesuffix(".dist-info").removeprefix("workbench-")
    assert answer("-m", "workbench", "--version").split()[-1] == version
    assert "workbench = workbench.__main__:main" in (metadata / "entry_points.txt").read_text(encoding="utf-8")
    assert "Apache License" in (metadata / "licenses" / "LICENSE").read_text(encoding="utf-8")


def pins() -> dict[str, Version]:
    """Return name → version of constraints.txt, each line of which is an exact public version."""
    found = {}
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, equals, version = line.partition("==")
            assert equals, line
            assert Version(version).local is None, line
            assert canonicalize_name(name) not in found, line
            found[canonicalize_name(name)] = Version(version)
    return found


def requirements() -> list[Requirement]:
    """Return what pyproject.toml asks for, the tools that check it included."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [Requirement(line) for line in (*project["dependencies"], *project["optional-dependencies"]["dev"])]


def test_constraints_name_everything_that_is_needed() -> None:
    """Every distribution that the project needs here, directly or not, is pinned, and installed at that version."""
    pinned = pins()
    waiting = [(requirement, "pyproject.toml") for requirement in requirements()]
    seen: set[tuple[str, frozenset[str]]] = set()
    wrong = set()
    while waiting:
        requirement, asker = waiting.pop()
        name = canonicalize_name(requirement.name)
        key = (name, frozenset(requirement.extras))
        if key in seen or FOLLOWS_TORCH.match(name):
            continue
        seen.add(key)
        if name not in pinned:
            wrong.add(f"{name}, needed by {asker}, is not in constraints.txt")
            continue
        try:
            installed = distribution(name)
        except PackageNotFoundError:
            wrong.add(f"{name}, needed by {asker}, is not installed")
            continue
        if Version(Version(installed.version).public) != pinned[name]:
            wrong.add(f"{name} is {installed.version}, constraints.txt says {pinned[name]}")
        for line in installed.requires or []:
            needed = Requirement(line)
            extras = requirement.extras or {""}
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
                waiting.append((needed, name))
    assert not wrong, "\n".join(sorted(wrong))


def test_the_ranges_admit_the_constraints() -> None:
    """Each range of pyproject.toml contains the pinned version."""
    pinned = pins()
    wrong = [str(asked) for asked in requirements() if pinned[canonicalize_name(asked.name)] not in asked.specifier]
    assert not wrong, wrong
