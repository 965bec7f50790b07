"""`workbench doctor` on machines with cards that are not here, in real processes with the real libraries."""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.nvml.machines import (
    GIB,
    GPU_IS_LOST,
    LIBRARY_MISMATCH,
    a100,
    environment,
    instance,
    machine,
    rtx_4090,
    without_library,
)
from tests.support import ROOT
from workbench.core.paths import runs_home

pytestmark = pytest.mark.slow

Value = dict[str, Any]


def doctor(place: Path, value: Value, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command on a machine."""
    return subprocess.run(
        [sys.executable, "-m", "workbench", "doctor", *arguments],
        env=environment(place, value, **variables),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def answers(place: Path, value: Value, **variables: str) -> Any:
    """Return what the command tells a program, and hold its exit code to it."""
    done = doctor(place, value, "--json", **variables)
    told = json.loads(done.stdout)
    assert done.returncode == (0 if told["ok"] else 1), done.stderr
    assert not done.stderr
    return told


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return where the machine is kept."""
    return tmp_path / "machine.json"


def texts(told: Any) -> str:
    return "\n".join(problem["text"] for problem in told["problems"])


def test_cards_instances_and_a_lost_one(place: Path) -> None:
    busy = rtx_4090(compute=[[4242, 5 * GIB]], graphics=[[4243, 700 << 20]], free=17 * GIB, display=1, temperature=88)
    lost = rtx_4090(uuid="GPU-lost", error=GPU_IS_LOST)
    told = answers(place, machine(busy, a100(mig=[instance(0)]), lost, driver="550.54.14", cuda=12_040))
    assert told["ok"]
    assert [(card["index"], card["instance"], card["lost"]) for card in told["cards"]] == [
        (0, None, False),
        (1, 0, False),
        (2, None, True),
    ]
    assert told["proposal"]["uuid"] == busy["uuid"]
    assert told["driver"]["cuda"] == [12, 4]
    assert [process["pid"] for process in told["cards"][0]["processes"]] == [4242, 4243]
    assert told["cards"][0]["desktop_bytes"] == 700 << 20
    assert any("700 MiB" in note for note in told["notes"])
    assert "88 °C it is 2 degrees" in texts(told)
    assert "fallen off the bus" in texts(told)
    # The real torch finds no real card under the stand-in, and the sentence names both sides.
    build = told["engine"]["torch"]
    assert not build["available"]
    sentence = next(
        problem for problem in told["problems"] if "answers" in problem["text"] or "speaks" in problem["text"]
    )
    assert build["version"] in sentence["text"]
    if not build["cuda"]:
        assert "550.54.14" in sentence["text"]
        assert sentence["mend"].startswith(f"{sys.executable} -m pip install --force-reinstall")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        pytest.param(without_library(), "", marks=pytest.mark.soak),
        (machine(init=LIBRARY_MISMATCH), "restart the machine"),
        pytest.param(machine({"uuid": "GPU-x", "name": "NVIDIA GB10"}), "", marks=pytest.mark.soak),
    ],
    ids=["no library", "mismatch", "nothing supported"],
)
def test_whatever_the_driver_withholds_the_processor_trains(place: Path, value: Value, words: str) -> None:
    told = answers(place, value, CUDA_VISIBLE_DEVICES="")
    assert told["ok"]
    assert words in texts(told)
    assert told["proposal"] is None
    assert len(told["cards"]) == len(value["cards"])
    assert told["engine"]["training"]["device"] in {"cpu", "mps"}
    assert any("hides 1 of 1 cards" in note for note in told["notes"]) is bool(value["cards"])
    assert told["ok"] is not any(problem["blocks"] for problem in told["problems"])
    assert told["folders"]["runs"] == str(runs_home())
    assert told["packages"]["torch"]["version"] == importlib.metadata.version("torch")
    assert told["host"]["cores"] >= 1


def test_a_person_reads_it_and_no_name_drives_the_terminal(place: Path) -> None:
    card = rtx_4090(name="NVIDIA \x1b[2JCard\u202e", compute=[[4_000_001, 5 * GIB]], reasons=0x20, free=15 * GIB)
    done = doctor(place, machine(card, processes={"4000001": "evil\x1b]0;x\x07"}))
    assert done.returncode == 0
    assert not {"\x1b", "\x07", "\u202e"} & set(done.stdout)
    for words in (
        "15 GiB of 24 GiB free",
        "46 °C (slows down at 90)",
        "of 450 W",
        "PCIe 1.0 ×16 of 4.0 ×16",
        "slowed by heat",
        "(4000001) 5 GiB",
        "not seen from here 3.6 GiB",
        "driver    NVIDIA 580.95.05, CUDA up to 13.0",
        "✓ trains on ",
        "✓ 4-bit weights",
    ):
        assert words in done.stdout.replace("\u00a0", " "), words


def test_an_engine_that_does_not_load_blocks_training_and_says_how_to_mend_it(place: Path, tmp_path: Path) -> None:
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "torch.py").write_text(
        "raise ImportError('libcudart.so.13: cannot open')\n", encoding="utf-8"
    )
    value = without_library()
    paths = (str(tmp_path / "modules"), environment(place, value)["PYTHONPATH"])
    told = answers(place, value, PYTHONPATH=os.pathsep.join(paths))
    assert not told["ok"]
    problem = next(problem for problem in told["problems"] if problem["text"].startswith("torch does not load"))
    assert "libcudart.so.13: cannot open" in problem["text"]
    assert "torch>=" in problem["mend"]
    assert any(problem["blocks"] for problem in told["problems"])
