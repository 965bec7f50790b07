"""What a look at a file sees of it and leaves behind: long rows, rows beyond every limit, files that stay open."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.data.archives_made import tarred
from workbench.data import readers, sources
from workbench.data.readers import Unreadable
from workbench.data.readers.records import TOO_DEEP


def test_a_long_file_of_books_is_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "books.jsonl"
    with path.open("w") as file:
        for number in range(18):
            file.write(json.dumps({"text": f"Book {number}. " + "Some words. " * 90_000}) + "\n")
    assert path.stat().st_size > sources.WHOLE_BYTES
    (part,) = sources.find([str(path)]).parts
    assert part.detection.method == "cpt"
    assert len(part.sample) > 10


@pytest.mark.parametrize("row", ['{"a": %s1%s}', '{"a": "text", "b": [%s2%s]}'])
def test_rows_that_are_nested_too_deeply_are_said_to_be_so(tmp_path: Path, row: str) -> None:
    path = tmp_path / "deep.jsonl"
    path.write_text((row % ("[" * 300, "]" * 300) + "\n") * 3)
    (part,) = sources.find([str(path)]).parts
    assert (part.detection.layout, part.why_not) == (None, TOO_DEEP)


def _open_below(folder: Path) -> list[str]:
    """Return the files below a folder that this process holds open."""
    held = (Path("/proc/self/fd") / number for number in os.listdir("/proc/self/fd"))
    return [name for name in (os.readlink(one) for one in held if one.is_symlink()) if name.startswith(str(folder))]


def test_no_tar_stays_open_whatever_is_wrong_with_it(tmp_path: Path) -> None:
    whole = tarred({f"{number}.jsonl": b'{"a": 1}\n' * 3000 for number in range(4)})
    for name, content in {
        "whole": whole,
        "cut": whole[:70_000],
        "damaged": whole[:60_000] + b"\xff" * 9000 + whole[69_000:],
        "no tar": b"\xff" * 600 + whole[600:],
    }.items():
        path = tmp_path / f"{name}.tar"
        path.write_bytes(content)
        try:
            for member in readers.listing(path).members:
                assert list(readers.read(member))
        except Unreadable:
            assert name == "no tar"
        assert _open_below(tmp_path) == [], name
