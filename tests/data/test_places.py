"""Where a record stands: the line at which it begins, or its number where lines tell nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.data import readers


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ('[{"a":1},{"a":2},\n{"a":3}]', [1, 2, 3]),
        ('[{"a":1},{"a":2}]', [1, 2]),
        ('[{"a":1},\n\n{"a":2}]', [1, 3]),
        ('[\n{"a":1}]', [2]),
        ('{"a":1}\n\n{"a":2}\n', [1, 3]),
    ],
)
def test_a_record_can_be_found_again(tmp_path: Path, text: str, places: list[int]) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    (member,) = readers.listing(path).members
    assert [record.line for record in readers.read(member)] == places


def test_a_link_to_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "rows.jsonl").write_text('{"a":1}\n')
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "data" / "more").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (ignored,) = readers.listing(tmp_path / "data").ignored
    assert ignored["source"].endswith("more")
    assert "link to a folder" in ignored["reason"]
