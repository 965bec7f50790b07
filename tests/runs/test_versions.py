"""Installed packages against their ranges, held against the packaging library."""

from __future__ import annotations

import importlib.metadata
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from tests.support import ROOT
from workbench.runs import versions

VERSIONS = [
    "0.7.1",
    "0.50",
    "0.50.0",
    "0.50.2",
    "0.51",
    "1.15.0",
    "2",
    "2.0.0",
    "2.13.0+cpu",
    "2.13.1",
    "2.14",
    "8.2.8",
]
VERSIONS += ["5.23.0.post1", "10.0", "2.13.0rc1", "26.0.1", "3.1.6"]
RANGES = [">=0.50,<0.51", ">=2.13,<2.14", "==8.2.8", "!=2.14,>1", "<=2.0", "", ">=13", ">=5.23,<5.24"]


@pytest.mark.parametrize("wanted", RANGES)
def test_a_range_admits_what_packaging_says(wanted: str) -> None:
    specifier = SpecifierSet(wanted, prereleases=True)
    for version in VERSIONS:
        assert versions.admits(wanted, version) == specifier.contains(Version(version).public), (wanted, version)


def test_the_packages_are_those_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [Requirement(line) for line in project["dependencies"]]
    found = versions.packages()
    assert [package.name for package in found] == [requirement.name for requirement in asked]
    for package, requirement in zip(found, asked, strict=True):
        assert SpecifierSet(package.wanted) == requirement.specifier
        assert package.version == importlib.metadata.version(requirement.name)
        assert package.fits == requirement.specifier.contains(package.version, prereleases=True)
        assert Requirement(package.requirement) == requirement
