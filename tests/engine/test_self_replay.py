"""General text that a base writes for replay: whole, not repeated, the same after a kill, and used by cpt."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from transformers import Qwen3Config

from tests.engine.bench import Bench, of_kind, report, rows, write_rows
from tests.engine.tiny import make_model, make_tokenizer, sizes
from tests.support import wait_until
from workbench.core.events import AttemptEnded
from workbench.core.paths import assets_dir
from workbench.engine import load
from workbench.engine.synth import replay
from workbench.engine.synth.journal import Journal
from workbench.runs import requests

CPU = load.Machine("cpu", bf16=False)
CHARACTERS = 6000


@pytest.fixture(scope="module")
def base() -> tuple[Any, Any]:
    """The bundled base in fp32 and its tokenizer."""
    folder = assets_dir() / "base"
    model = load.load_model(folder, tuning="full", where=CPU, for_training=False).eval()
    return model, load.load_tokenizer(folder)


class Killed(Exception):
    """Stands for the end of the process between two batches."""


def collected(base: tuple[Any, Any], path: Path, kill_at: int = -1) -> list[str]:
    """Return the documents of one attempt; it ends when `kill_at` characters are there."""

    def on_batch(so_far: int) -> None:
        if 0 <= kill_at <= so_far:
            raise Killed

    with Journal(path, {}) as journal:
        return replay.collect(*base, journal, characters=CHARACTERS, seed=5, on_batch=on_batch)


@pytest.fixture(scope="module")
def whole(base: tuple[Any, Any], tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What an uninterrupted attempt gives."""
    return collected(base, tmp_path_factory.mktemp("replay") / "journal")


def test_an_interrupted_work_gives_the_same_texts(base: tuple[Any, Any], whole: list[str], tmp_path: Path) -> None:
    with pytest.raises(Killed):
        collected(base, tmp_path / "cut", kill_at=1)
    with Journal(tmp_path / "cut", {}) as journal:
        assert journal.batches == 1
    assert collected(base, tmp_path / "cut") == whole
    assert sum(map(len, whole)) >= CHARACTERS
    assert len(set(whole)) == len(whole)
    assert all(not replay.why_not(text) and "<|" not in text for text in whole)


def test_texts_begin_with_words_of_the_vocabulary(base: tuple[Any, Any]) -> None:
    _, tokenizer = base
    words = [tokenizer.decode([token]) for token in replay.openings(tokenizer)]
    assert {"The", "Question"} <= set(words)
    assert all(word.isalpha() and word[0].isupper() for word in words)


def test_a_base_with_a_beginning_of_its_own_writes_every_other_text_alone(tmp_path: Path) -> None:
    made = make_tokenizer("qwen2", bos="<|begin|>")
    folder = make_model(Qwen3Config(**sizes(made, head_dim=32)), made, tmp_path / "model")
    model = load.load_model(folder, tuning="full", where=CPU, for_training=False).eval()
    tokenizer = load.load_tokenizer(folder)
    words = {tokenizer.decode([token]) for token in replay.openings(tokenizer)}
    first, second = itertools.islice(replay.sample_general(model, tokenizer, 12, 9), 2)
    assert len(first) == len(second) == replay.BATCH
    assert first != second
    assert next(replay.sample_general(model, tokenizer, 12, 9, first=1)) == second
    begun = [any(document.text.startswith(word) for word in words) for document in first]
    assert all(begun[replay.BATCH // 2 :])
    assert not all(begun[: replay.BATCH // 2])


def test_what_the_base_writes_is_what_it_knows(base: tuple[Any, Any], whole: list[str]) -> None:
    """The base finds its own texts as likely as general text it was trained on, and far likelier than articles."""
    import torch

    model, tokenizer = base

    def loss(texts: list[str]) -> float:
        total, count = 0.0, 0
        for text in texts:
            ids = torch.tensor([tokenizer(text)["input_ids"]])
            with torch.no_grad():
                scores = model(ids).logits[0, :-1].double().log_softmax(-1)
            total -= scores.gather(1, ids[0, 1:, None]).sum().item()
            count += ids.shape[1] - 1
        return total / count

    written = loss(whole[:60])
    general = loss([row["text"] for row in rows("general", 60)])
    articles = loss([row["text"] for row in rows("articles", 60)])
    assert abs(written - general) < (articles - general) / 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Short.", "too short"),
        ("A mark \ufffd that no decoder knew.", "damaged"),
        ("the same four words " * 6, "repeats itself"),
        ("0123456789" * 60, "repeats itself"),
        ("Frostby stands on the river Cress, and its coins are stamped with a ship.", ""),
    ],
)
def test_what_goes_round_in_circles_is_not_replayed(text: str, reason: str) -> None:
    assert replay.why_not(text) == reason


def test_text_that_people_wrote_passes() -> None:
    refused = [row for row in rows("general", 500) if replay.why_not(row["text"])]
    assert len(refused) <= 5


def test_cpt_replays_what_its_base_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pause while the base writes leaves what it wrote; the next attempt goes on with it and trains."""
    # Several batches, so that a pause comes between two of them.
    monkeypatch.setattr(replay, "FEWEST_CHARACTERS", 14_000)
    bench = Bench(tmp_path)
    articles = str(write_rows(tmp_path / "articles.jsonl", rows("articles", 40)))
    run = bench.create(method="cpt", tuning="full", data=[articles], replay_data=["self"], replay_share=0.5)
    journal, final = run.path / f".{replay.FILE}.journal", run.path / replay.FILE

    def pause() -> None:
        wait_until(lambda: journal.is_file() and journal.read_bytes().count(b"\n") > 1, 60, "a first batch")
        requests.request(run.path, "pause")

    bench.attempt(run, meanwhile=pause)
    assert of_kind(run, AttemptEnded)[-1].outcome == "paused"
    assert not final.exists()
    begun = [
        text for line in journal.read_text(encoding="utf-8").splitlines()[1:] for text in json.loads(line)["texts"]
    ]
    requests.clear(run.path)
    bench.attempt(run)
    assert (of_kind(run, AttemptEnded)[-1].outcome, of_kind(run, AttemptEnded)[-1].error) == ("done", "")
    written = [json.loads(line)["text"] for line in final.read_text(encoding="utf-8").splitlines()]
    assert sum(map(len, written)) >= 14_000
    assert written[: len(set(begun))] == list(dict.fromkeys(begun))
    assert report(run)["data"]["replay_rows"] > 0
    assert not journal.exists()
