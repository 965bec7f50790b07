"""Datasets of the hub: what is downloaded, from a server on this machine that speaks the hub's protocol."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.data.hub_server import Hub
from workbench.data import hub

ROW = b'{"question":"Why is the sky blue?","answer":"Rayleigh."}\n'
SUPPORT = {
    "README.md": b"# A dataset",
    "loader.py": b"print('never')",
    "data/train-00000.jsonl": ROW * 20_000,
    "data/test-00000.jsonl": ROW,
}
SEVERAL = {"main/train.jsonl": ROW, "main/test.jsonl": ROW, "hard/train.jsonl": ROW}
CARD = {
    "configs": [
        {
            "config_name": "main",
            "data_files": [{"split": "train", "path": "main/train*"}, {"split": "test", "path": "main/test*"}],
        },
        {"config_name": "hard", "data_files": "hard/*"},
    ]
}


def fetched(endpoint: str, home: Path, name: str) -> tuple[int, list[dict[str, Any]]]:
    """Return exit code and lines of the errand."""
    env = {**os.environ, "HF_ENDPOINT": endpoint, "HF_HOME": str(home), "HF_HUB_OFFLINE": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "workbench.data.hub"],
        input=json.dumps({"id": name}).encode(),
        capture_output=True,
        env=env,
        check=False,
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def test_only_data_comes_and_a_broken_download_goes_on_and_is_named_without_the_hub(tmp_path: Path) -> None:
    with Hub({"acme/support": SUPPORT}) as server:
        server.cuts["data/train-00000.jsonl"] = 5_000
        code, lines = fetched(server.endpoint, tmp_path, "acme/support")
        assert code == 0
        folder = Path(lines[-1]["paths"][0])
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
            "train-00000.jsonl": SUPPORT["data/train-00000.jsonl"],
            "test-00000.jsonl": ROW,
        }
        assert not any(path.endswith((".py", ".md")) for _, path in server.asked)
        assert lines[0]["total"] == len(ROW) * 20_001
        assert next(length for name, _, length in server.sent if name.endswith("train-00000.jsonl")) == 5_000
        fetches = len([path for verb, path in server.asked if verb == "GET" and "resolve" in path])
        assert fetched(server.endpoint, tmp_path, "acme/support")[1][-1] == lines[-1]
        assert len([path for verb, path in server.asked if verb == "GET" and "resolve" in path]) == fetches
        endpoint = server.endpoint
    code, lines = fetched(endpoint, tmp_path, "acme/support")
    assert code == 1
    kept = Path(lines[-1]["error"].rstrip(".").split(" before: ")[1])
    assert {path.name for path in kept.rglob("*.jsonl")} == {"train-00000.jsonl", "test-00000.jsonl"}


@pytest.mark.parametrize(
    ("name", "ends", "config", "others"),
    [
        ("acme/several", ["main"], "main", ["hard"]),
        ("acme/several/hard", ["hard/train.jsonl"], "hard", ["main"]),
        ("hf://datasets/acme/several/main/test.jsonl", ["main/test.jsonl"], "", []),
    ],
)
def test_one_configuration_is_taken(tmp_path: Path, name: str, ends: list[str], config: str, others: list[str]) -> None:
    with Hub({"acme/several": SEVERAL}, {"acme/several": CARD}) as server:
        code, lines = fetched(server.endpoint, tmp_path, name)
    assert code == 0
    assert [
        path.split("/", path.count("/") - end.count("/"))[-1]
        for path, end in zip(lines[-1]["paths"], ends, strict=True)
    ] == ends
    assert (lines[-1]["config"], lines[-1]["others"]) == (config, others)


def test_what_cannot_be_had_is_said_in_a_sentence(tmp_path: Path) -> None:
    with Hub({"acme/gated": SUPPORT, "acme/code": {"loader.py": b""}}) as server:
        server.gated.add("acme/gated")
        answers = {name: fetched(server.endpoint, tmp_path, f"acme/{name}") for name in ("gated", "code", "nothing")}
        endpoint = server.endpoint
    answers["away"] = fetched(endpoint, tmp_path, "acme/other")
    codes = {name: code for name, (code, _) in answers.items()}
    assert codes == {"gated": 1, "code": 2, "nothing": 1, "away": 1}
    words = {name: lines[-1]["error"] for name, (_, lines) in answers.items()}
    assert "accept its terms" in words["gated"]
    assert "holds no data file" in words["code"]
    assert "does not exist or is private" in words["nothing"]
    assert "cannot be reached" in words["away"]


def test_no_credential_gets_into_a_sentence() -> None:
    said = "Illegal header value b'Bearer abc.def' for hf_Xy12 at 'https://cdn.example/x?Signature=Sig&Expires=1'"
    for kind in ("dataset", "model"):
        sentence = hub.sentence(ValueError(said), kind, "acme/x", "wait")
        assert "cannot be reached (ValueError: Illegal header value" in sentence
        assert not [word for word in ("abc", "hf_Xy12", "Sig&", "Expires") if word in sentence]


def test_patterns_of_a_card_may_reach_into_folders() -> None:
    files = ["a/b/train.parquet", "a/test.parquet", "c.jsonl", "dataset_infos.json"]
    card = [{"config_name": "default", "data_files": [{"split": "train", "path": "**/train*"}]}]
    assert hub.chosen_files(files, "", card) == (["a/b/train.parquet"], "default", [])
    assert hub.chosen_files(files, "a", []) == (["a/b/train.parquet", "a/test.parquet"], "", [])
    assert hub.chosen_files(files, "", []) == (files[:3], "", [])
