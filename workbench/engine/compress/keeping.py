"""The pass in which a teacher is asked about all examples, kept block by block: after a kill it goes on where it was.

Owns the folder of a pass that is under way: soft labels as they are filled in, and a journal of the blocks that are
whole, each with its hash. Must not know models: what says something of examples is handed in.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from workbench.core.errors import UsageError
from workbench.engine.compress.asking import Said
from workbench.engine.compress.soft_labels import SoftLabels
from workbench.engine.examples import Examples
from workbench.engine.synth.journal import Journal
from workbench.runs import atomic

BLOCK = 64
"""Examples of a block, which is what a kill can lose: some seconds' work of a large teacher."""
_JOURNAL = "blocks.jsonl"

Ask = Callable[[str, list[int]], list[Said]]
"""(name of examples, their numbers) → what the teacher says of each."""


def _blocks(sets: Mapping[str, Examples]) -> list[tuple[str, int, int]]:
    """Return (name, first, behind the last) of all blocks, that with the longest example first.

    What does not fit into memory shows at once.
    """
    found = [
        (name, first, min(first + BLOCK, len(examples)))
        for name, examples in sets.items()
        for first in range(0, len(examples), BLOCK)
    ]
    longest = {(name, first): int(sets[name].lengths[first:last].max()) for name, first, last in found}
    return sorted(found, key=lambda block: (-longest[block[0], block[1]], block[0], block[1]))


def _opened(folder: Path, head: dict[str, Any], sets: Mapping[str, Examples], kept: int, width: int) -> Journal:
    """Return the journal of a pass, begun anew where there is none or where it was begun for something else."""
    try:
        with Journal(folder / _JOURNAL, head) as journal:
            for name in sets:
                SoftLabels.read(folder / name)
            return journal
    except (UsageError, OSError, ValueError, KeyError):
        atomic.remove_tree(folder)
    atomic.make_directories(folder)
    for name, examples in sets.items():
        SoftLabels.create(folder / name, examples, kept, width).flush()
        for path in (folder / name).iterdir():
            atomic.fsync_path(path)
        atomic.fsync_path(folder / name)
    return Journal(folder / _JOURNAL, head)


def asked(
    folder: Path, head: dict[str, Any], sets: Mapping[str, Examples], kept: int, width: int, ask: Ask,
    told: Callable[[int], None],
) -> None:  # fmt: skip
    """Fill the soft labels of examples in `folder`, a folder per name; what an earlier attempt has filled stays.

    `head` is what the answers depend on; `kept` and `width` are as in `SoftLabels.create`. `told` gets the number of
    examples that are done after each block, and may raise to end the work for now.
    """
    with _opened(folder, head, sets, kept, width) as journal:
        labels = {name: SoftLabels.read(folder / name, "r+") for name in sets}
        known = {(line["set"], line["first"]): line["sha256"] for line in journal}
        done = 0
        for name, first, last in _blocks(sets):
            if known.get((name, first)) != labels[name].digest(first, last):
                numbers = list(range(first, last))
                for number, said in zip(numbers, ask(name, numbers), strict=True):
                    labels[name].fill(number, said.log_probs, said.words)
                labels[name].flush()
                journal.append({"set": name, "first": first, "sha256": labels[name].digest(first, last)})
            done += last - first
            told(done)


def publish(folder: Path, final: Path) -> None:
    """Make what was filled in the finished folder `final`, sealed; the journal of blocks is dropped."""
    with atomic.staging(final) as staged:
        for part in sorted(path for path in folder.iterdir() if path.is_dir()):
            (staged / part.name).mkdir()
            for path in sorted(part.iterdir()):
                try:
                    os.link(path, staged / part.name / path.name)
                except OSError:
                    shutil.copyfile(path, staged / part.name / path.name)
    atomic.remove_tree(folder)
