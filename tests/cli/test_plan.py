"""`workbench plan`: one command from data and a base to a recipe that fits, its reasons, and a file that trains."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Followed
from tests.cli.home import ARTICLES, QUESTIONS, Home
from tests.nvml import machines
from workbench.core import catalogue
from workbench.core.recipe import FIELDS, load
from workbench.runs import locks, process, store

GIB = 1 << 30
KEYS = {
    "fits", "verdict", "base", "card", "memory", "host_memory", "phase", "notes", "recipe", "provenance", "rows",
    "sequences", "steps", "tokens", "hours", "hours_range", "pace", "disk", "reasons", "doubts", "alternatives",
    "remedies",
}  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Return folders of their own."""
    return Home(tmp_path / "home")


def refused(home: Home, *argv: str | Path) -> str:
    """Run a plan that is refused and return its sentence."""
    done = home.workbench("plan", *argv)
    assert done.returncode in (1, 2)
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_plan_as_json(home: Home) -> None:
    found = home.json("plan", "--base", "Qwen/Qwen3-8B", "--data", QUESTIONS, "--gpu-memory", "12GiB")
    assert set(found) == KEYS
    assert found["fits"]
    assert found["card"]["free"] == 12 * GIB
    assert found["recipe"]["tuning"] == "qlora"
    assert found["recipe"]["base"] == "Qwen/Qwen3-8B"
    assert set(found["recipe"]) == set(found["provenance"]) == set(FIELDS)
    memory = dict(found["memory"])
    peak, available, margin = (memory.pop(name) for name in ("peak", "available", "margin"))
    assert sum(memory.values()) == peak <= available == 12 * GIB
    assert 0 < margin < 1
    assert {other["tuning"]: other["fits"] for other in found["alternatives"]} == {"full": False, "lora": False}
    assert found["rows"]["rows"] == len(Path(QUESTIONS).read_text(encoding="utf-8").splitlines())


def test_a_plan_for_people_says_what_and_why(home: Home) -> None:
    told = home.workbench("plan", "--base", "Qwen/Qwen3-8B", "--data", QUESTIONS, "--gpu-memory", "24g").stdout
    assert "SFT with LoRA" in told
    for word in ("weights", "optimiser", "max length", "epochs", "rank", "steps over", "disk", "instead"):
        assert word in told
    assert all(len(line) <= 100 for line in told.splitlines())


def test_the_card_of_this_machine_is_asked(home: Home, tmp_path: Path) -> None:
    env = home.env() | machines.environment(tmp_path / "machine.json", machines.machine(machines.rtx_4090()))
    env |= {name: value for name, value in home.env().items() if name.startswith("XDG_")}
    argv = ("plan", "--base", "Qwen/Qwen3-8B", "--data", QUESTIONS, "--json")
    found = json.loads(home.workbench(*argv, env=env).stdout)
    assert found["card"] == {"name": "NVIDIA GeForce RTX 4090", "free": 23000 << 20, "total": 24564 << 20}
    assert found["hours_range"][0] < found["hours"] < found["hours_range"][1]


def test_memory_that_a_running_run_holds_is_free_for_the_next(home: Home, tmp_path: Path) -> None:
    """The next one waits until it has left the card; what other programs hold stays theirs."""
    child = subprocess.Popen(["sleep", "600"], start_new_session=True)
    try:
        run = store.create("", method="sft", tuning="lora", base="bundled", title="first")
        found = process.identify(child.pid, 1)
        assert found is not None
        process.write_identity(run.path, found)
        locks.lease_path().parent.mkdir(parents=True)
        card = machines.rtx_4090(free=2 * GIB, compute=[[child.pid, 12 * GIB], [os.getpid(), 8 * GIB]])
        env = dict(os.environ) | machines.environment(tmp_path / "machine.json", machines.machine(card))
        argv = ("plan", "--base", "Qwen/Qwen3-8B", "--data", QUESTIONS, "--json")
        alone = json.loads(home.workbench(*argv, env=env).stdout)
        lease = locks.acquire(locks.lease_path())
        assert lease is not None
        waiting = json.loads(home.workbench(*argv, env=env).stdout)
        locks.release(lease)
    finally:
        child.kill()
        child.wait()
    assert (alone["card"]["free"], alone["fits"]) == (2 * GIB, False)
    assert (waiting["card"]["free"], waiting["fits"]) == (14 * GIB, True)


def test_torch_is_not_imported(home: Home) -> None:
    program = (
        "import sys; from workbench.cli import main\n"
        f"main(['plan', '--base', 'Qwen/Qwen3-8B', '--data', {QUESTIONS!r}, '--gpu-memory', '24GiB', '--json'])\n"
        "print(sorted({'torch', 'transformers', 'numpy', 'pyarrow', 'textual'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program], env=home.env(), capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_saved_plan_trains_as_it_says(followed: Followed) -> None:
    made, stored = followed.planned, load(followed.saved)
    assert stored.recipe.max_steps == 2
    assert stored.provenance["tuning"] == made["provenance"]["tuning"]
    assert followed.run.status() == "done"
    kept = load(followed.run.recipe_path).recipe
    for name in ("method", "tuning", "max_length", "per_device_train_batch_size", "learning_rate", "lora_r"):
        assert getattr(kept, name) == made["recipe"][name]


def test_a_configuration_alone_is_enough(home: Home, tmp_path: Path) -> None:
    model = catalogue.find("Qwen/Qwen3-4B")
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"], **model.config}))
    by_file = home.json("plan", "--config", file, "--method", "cpt", "--gpu-memory", "16GiB")
    by_name = home.json("plan", "--base", "Qwen/Qwen3-4B", "--method", "cpt", "--gpu-memory", "16GiB")
    assert by_file["memory"] == by_name["memory"]
    assert by_file["rows"] is None


def test_what_does_not_fit_ends_with_1_and_says_what_would(home: Home) -> None:
    done = home.workbench("plan", "--base", "Qwen/Qwen3-32B", "--data", ARTICLES, "--gpu-memory", "8GiB")
    assert done.returncode == 1
    assert "Nothing fits" in done.stdout
    assert "it takes" in done.stdout


def test_the_persons_own_preset_is_taken(home: Home) -> None:
    folder = home.path / "config" / "workbench" / "presets"
    folder.mkdir(parents=True)
    body = (
        '[preset]\nmethod = "sft"\ntuning = "qlora"\nfor_whom = "Me."\nwhy = "So."\n[values]\nlearning_rate = 0.003\n'
    )
    (folder / "mine.toml").write_text(body)
    found = home.json("plan", "--base", "Qwen/Qwen3-8B", "--data", QUESTIONS, "--preset", "mine", "--gpu-memory", "80g")
    assert (found["recipe"]["tuning"], found["recipe"]["learning_rate"]) == ("qlora", 0.003)
    assert found["provenance"]["learning_rate"] == "preset mine"


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--data", QUESTIONS, "--gpu-memory", "lots"], "--gpu-memory wants a size"),
        (["--data", QUESTIONS, "--gpu-memory", "24"], "with its unit"),
        (["--data", QUESTIONS, "--gpu-memory", ""], "with its unit"),
        (["--data", QUESTIONS, "--gpu", "RTX 9999"], "RTX 4090"),
        (["--base", "qwen3-8b", "--data", QUESTIONS], "perhaps it is Qwen/Qwen3-8B"),
        ([], "There is no data to plan for"),
        (["--base", "no/such-model", "--data", QUESTIONS], "no/such-model"),
        (["--data", "/no/such/file.jsonl"], "There is no file or folder"),
        (["--data", QUESTIONS, "--set", "max_lenght=3"], "perhaps it is max_length"),
        (["--data", QUESTIONS, "--preset", "nothing"], "There is no preset"),
        (["--config", "/no/such/config.json", "--method", "sft"], "config.json cannot be read"),
        (["--data", QUESTIONS, "--save", f"{QUESTIONS}/x.toml"], "x.toml"),
    ],
)
def test_what_is_wrong_is_one_sentence(home: Home, argv: list[str], said: str) -> None:
    sentence = refused(home, *argv)
    assert said in sentence
    assert len(sentence.strip().splitlines()) == 1


def test_a_broken_configuration_is_one_sentence(home: Home, tmp_path: Path) -> None:
    broken: list[Any] = [b"", b"[]", b'{"hidden_size": "x"}', b"\xff\xfe", b'{"hidden_size": 1e400}', b"{" * 10_000]
    for number, content in enumerate(broken):
        file = tmp_path / f"{number}.json"
        file.write_bytes(content)
        assert len(refused(home, "--config", file, "--method", "sft").strip().splitlines()) == 1


def test_a_configuration_without_a_base_is_not_saved_as_a_recipe(home: Home, tmp_path: Path) -> None:
    """Training it would begin from the bundled base with the values of another model."""
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"model_type": "qwen3", **catalogue.find("Qwen/Qwen3-4B").config}))
    saved = tmp_path / "mine.toml"
    assert "--base" in refused(home, "--config", file, "--method", "sft", "--save", saved)
    assert not saved.exists()


def test_a_recipe_that_is_there_is_not_written_over(home: Home, tmp_path: Path) -> None:
    saved = tmp_path / "mine.toml"
    saved.write_text("# by hand\n")
    assert "already" in refused(home, "--data", QUESTIONS, "--save", saved)
    assert saved.read_text() == "# by hand\n"


def test_a_base_with_code_of_its_own_is_refused(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    config = {"model_type": "qwen3", "auto_map": {"AutoModel": "x.Y"}, **catalogue.find("Qwen/Qwen3-4B").config}
    (folder / "config.json").write_text(json.dumps(config))
    assert "auto_map" in refused(home, "--base", folder, "--data", QUESTIONS)


def test_a_card_is_known_by_its_name(home: Home) -> None:
    found = home.json("plan", "--base", "Qwen/Qwen3-8B", "--data", QUESTIONS, "--gpu", "RTX 4090")
    assert found["card"]["free"] == 24 * GIB
    assert found["hours"] is not None


def test_rows_that_are_cut_are_said(home: Home) -> None:
    argv = ("plan", "--base", "Qwen/Qwen3-8B", "--data", QUESTIONS, "--gpu-memory", "24GiB")
    assert not any("lose their end" in reason for reason in home.json(*argv)["reasons"])
    short = home.json(*argv, "--set", "max_length=16")
    assert any("more than half of the rows lose their end" in reason for reason in short["reasons"])


@pytest.mark.parametrize(
    "argv",
    [
        (),
        ("--tuning", "lora", "--set", "max_length=64", "--title", "mine"),
        ("--data", ARTICLES, "--method", "cpt", "--tuning", "lora"),
        ("--preset", "sft-qlora"),
    ],
)
def test_train_takes_the_values_of_the_plan(tmp_path: Path, argv: tuple[str, ...]) -> None:
    """The same flags give the same recipe, reasons included; nothing is started for it."""
    from workbench import cli
    from workbench.cli import asked, train

    if ARTICLES not in argv:
        argv = ("--data", QUESTIONS, *argv)
    saved = tmp_path / "mine.toml"
    assert cli.main(["plan", *argv, "--save", str(saved)]) == 0
    parser = argparse.ArgumentParser()
    train.configure(parser, "train")
    for given in (argv, (str(saved),)):
        arguments = parser.parse_args(given)
        prepared = train.prepare(*asked.chosen(arguments), arguments.preset)
        assert prepared.resolved == load(saved)


@pytest.mark.soak
def test_a_plan_of_the_data_is_followed_by_both(home: Home, tmp_path: Path) -> None:
    home.json("prepare", QUESTIONS, "--out", tmp_path / "made", "--set", "min_characters=3")
    saved = tmp_path / "mine.toml"
    home.json("plan", "--data", tmp_path / "made" / "plan.json", "--save", saved)
    assert load(saved).recipe.min_characters == 3
    assert load(saved).provenance["min_characters"] == "derived: the plan of the data"
    body = home.json("train", saved, "--set", "max_steps=1", "--set", "sample_max_new_tokens=0")
    assert load(home.run(body["run"]).recipe_path).recipe.min_characters == 3


def test_a_plan_is_refined_by_a_trace(home: Home) -> None:
    argv = ("plan", "--base", "bundled", "--data", QUESTIONS, "--gpu-memory", "4GiB", "--tuning", "lora", "--refine")
    found = home.json(*argv)
    assert set(found) == KEYS | {"trace"}
    trace = found["trace"]
    assert trace["traced"] == found["memory"]["peak"]
    assert trace["apart"] == pytest.approx(trace["traced"] / trace["predicted"] - 1, abs=1e-4)
    assert abs(trace["apart"]) < 0.05
    assert (trace["traces"], trace["impossible"]) == (1, "")


@pytest.mark.soak
def test_a_family_without_a_table_gets_the_margin_of_one(home: Home, tmp_path: Path) -> None:
    """By the closed form, wide margin included, it is too large for this card; a trace proves that it fits."""
    file = tmp_path / "config.json"
    body = catalogue.find("LiquidAI/LFM2-1.2B").config
    file.write_text(json.dumps({**body, "model_type": "lfm2", "architectures": ["Lfm2ForCausalLM"]}))
    argv = ("plan", "--config", file, "--method", "sft", "--tuning", "lora", "--gpu-memory", "5GiB", "--json")
    wide, narrow = json.loads(home.workbench(*argv).stdout), home.json(*argv[:-1], "--refine")
    assert wide["verdict"] == "tight"
    assert narrow["verdict"] == "fits"
    assert narrow["memory"]["margin"] < wide["memory"]["margin"] / 2


def test_what_no_trace_imitates_is_said(home: Home) -> None:
    found = home.json("plan", "--base", "bundled", "--data", QUESTIONS, "--refine", "--set", "device=cpu")
    assert found["trace"]["traced"] is None
    assert "plan is for a processor" in found["trace"]["impossible"]
    assert found["fits"]
