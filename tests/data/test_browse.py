"""Rows to look through: a page at a time, usable ones and those set aside, each with its place."""

from __future__ import annotations

import json
from pathlib import Path

from workbench.data.browse import page


def test_pages_hold_every_row_once(tmp_path: Path) -> None:
    """Usable rows and those set aside are all there, in order, whatever the size of a page."""
    path = tmp_path / "rows.jsonl"
    lines = [json.dumps({"instruction": f"Ask {n}", "output": f"Say {n}" if n % 5 else ""}) for n in range(23)]
    path.write_text("\n".join([*lines, "{torn"]))
    seen: dict[bool, list[int]] = {False: [], True: []}
    for aside, lines_seen in seen.items():
        more = True
        while more:
            found = page({"paths": [str(path)], "first": len(lines_seen), "number": 4, "aside": aside})
            lines_seen += [row["line"] for row in found["rows"]]
            more = found["more"]
            if not aside:
                asked = [row["row"]["messages"][0]["content"] for row in found["rows"]]
                assert asked == [f"Ask {row['line'] - 1}" for row in found["rows"]]
            else:
                assert all(row["reason"] for row in found["rows"])
    assert seen[True] == [1, 6, 11, 16, 21, 24]
    assert sorted(seen[False] + seen[True]) == list(range(1, 25))
