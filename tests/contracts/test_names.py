"""What two layers that may not import each other both have to know, held to be the same."""

from __future__ import annotations

import pytest

from workbench.data.readers import kinds
from workbench.guide.sources import may_be_of_hub


@pytest.mark.parametrize("suffix", [*kinds.SUFFIXES, *kinds.PACKED])
def test_a_mistyped_path_of_any_kind_of_data_is_no_dataset_of_the_hub(suffix: str) -> None:
    """The command line knows every suffix that a reader is there for, and asks no hub for such a file."""
    assert not may_be_of_hub(f"exports/notes{suffix}")
    assert not may_be_of_hub(f"exports/notes{suffix.upper()}")


@pytest.mark.parametrize("name", ["owner/name", "owner/name.v2", "owner/name-1.5", "owner/name/data/part.jsonl"])
def test_a_dataset_of_the_hub_may_be_called_nearly_anything(name: str) -> None:
    """Negative control: a name without such a suffix, or of a file inside a dataset, may be one of the hub."""
    assert may_be_of_hub(name)
