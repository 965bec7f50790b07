"""How close a file is told to be, against torch's own arithmetic, and the rows it is told on."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from workbench.engine.examples import Writer
from workbench.engine.export import closeness, importance, learnt
from workbench.engine.masks import IGNORED, Example
from workbench.runs import atomic


def test_figures_are_those_of_torch() -> None:
    draw = torch.Generator().manual_seed(0)
    sums, kls, changes, losses, same = closeness.Sums(), [], [], [], []
    for length in (40, 7, 90):
        want, got = (torch.randn(length, 50, generator=draw) for _ in range(2))
        ids = torch.randint(0, 50, (length,), generator=draw).tolist()
        marks = [number % 3 == 0 for number in range(length)]
        sums.begin()
        following = closeness.targets(ids, marks)
        for start in range(0, length, 33):
            part = slice(start, start + 33)
            sums.add(want[part].numpy(), got[part].numpy(), following[part])
        kls.append(
            functional.kl_div(got.log_softmax(-1), want.log_softmax(-1), log_target=True, reduction="none").sum(1)
        )
        scored = [place for place in range(1, length) if marks[place]]
        before, after = (
            functional.cross_entropy(side[[at - 1 for at in scored]], torch.tensor(ids)[scored], reduction="none")
            for side in (want, got)
        )
        losses.append(after)
        changes.append(after - before)
        same.append((want.argmax(1) == got.argmax(1)).float())
    told = sums.result()
    assert told.tokens == 137
    assert told.scored == sum(map(len, losses))
    assert told.kl == pytest.approx(float(torch.cat(kls).mean()), rel=1e-5)
    assert told.top1 == pytest.approx(float(torch.cat(same).mean()))
    assert told.perplexity == pytest.approx(math.exp(float(torch.cat(losses).mean())), rel=1e-5)
    assert told.perplexity_change == pytest.approx(math.expm1(float(torch.cat(changes).mean())), rel=1e-5)
    mean = torch.cat(kls).mean()
    parts = torch.stack([(part - mean).sum() for part in kls])
    assert told.kl_error == pytest.approx(float((parts.square().sum() * 3 / 2).sqrt() / 137), rel=1e-4)
    alone = closeness.Sums()
    alone.begin()
    alone.add(np.zeros((2, 4), np.float32), np.zeros((2, 4), np.float32), closeness.targets([1, 2], None))
    assert alone.result() == closeness.Closeness(0.0, None, 1.0, None, None, None, 2, 0)


def test_rows_come_from_a_folder_that_is_whole(tmp_path: Path) -> None:
    prepared = tmp_path / "prepared"
    assert learnt.rows(prepared) == []
    with atomic.staging(prepared) as folder:
        for name, many in (("train", 40), ("held_out", 3)):
            with Writer(folder / name) as writer:
                for number in range(many):
                    ids = [number] * (number + 2)
                    writer.add(Example(ids, [IGNORED, *ids[1:]], desirable=name != "train" or number % 2 == 0))
        (folder / "material.json").write_text(json.dumps({"held_out": ["held_out"]}))
    found = learnt.rows(prepared)
    assert [row[0] for row in found] == list(range(0, 40, 2)), "an answer that is to be unlearnt says nothing"
    assert learnt.held_out(prepared, 100) == [
        ([number] * (number + 2), [False] + [True] * (number + 1)) for number in range(3)
    ]
    assert sum(map(len, found)) < importance.TOKENS
    with (prepared / "train" / "tokens.i32").open("ab") as file:
        file.write(b"more")
    assert learnt.rows(prepared) == [], "what is not what was sealed counts for nothing"
