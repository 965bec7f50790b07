"""What is made of the driver's answers, in real child processes on machines with cards that are not here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.nvml.machines import (
    GIB,
    GPU_IS_LOST,
    LIBRARY_MISMATCH,
    NO_PERMISSION,
    UNKNOWN,
    Value,
    a100,
    instance,
    machine,
    rtx_4090,
    told,
    without_library,
)  # fmt: skip

SURVEY = """
import dataclasses, json, pathlib, sys
from workbench.runs import hardware
bare = pathlib.Path(sys.argv[1]).parent / "root"
print(json.dumps(dataclasses.asdict(hardware.survey(root=bare))))
"""
"""On a bare machine: the one the test runs on may be a container."""

SAMPLE = "import dataclasses, json\nfrom workbench.runs import hardware\n"
SAMPLE += "print(json.dumps([*map(dataclasses.asdict, hardware.sample().gpus), hardware.training_card()]))"

AFTER = """
import dataclasses, json, pathlib, sys
from workbench.runs import hardware
path = pathlib.Path(sys.argv[1])
first = hardware.sample()
path.with_suffix(".new").write_text(json.dumps({after!r}))
path.with_suffix(".new").replace(path)
second, summary, survey = hardware.sample(), hardware.gpu_summary(), hardware.survey()
print(json.dumps([*(list(map(dataclasses.asdict, reading.gpus)) for reading in (first, second)), summary,
                  dataclasses.asdict(survey), len(second.usable)]))
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return where the machine is kept."""
    return tmp_path / "machine.json"


def surveyed(place: Path, value: Value, **variables: str) -> Any:
    return told(place, value, SURVEY, **variables)


def test_a_card_tells_everything(place: Path) -> None:
    card = rtx_4090(
        free=15000 << 20,
        compute=[[4242, 6000 << 20], [77, 500 << 20]],
        graphics=[[77, 500 << 20], [88, 300 << 20]],
        reasons=0x1 | 0x4 | 0x20,
        display=1,
    )
    processes = {"4242": "/opt/py/bin/python3 train.py", "77": "/usr/lib/xorg/Xorg :0", "88": "\x1b[31mgame\u202e"}
    survey = surveyed(place, machine(card, processes=processes))
    (found,) = survey["cards"]
    gpu = found["gpu"]
    assert survey["driver"] == {"version": "580.95.05", "cuda": [13, 0], "error": None, "answers": True}
    assert survey["trouble"] == ""
    assert (gpu["name"], gpu["uuid"], gpu["index"]) == (card["name"], card["uuid"], 0)
    assert (gpu["total_bytes"], gpu["free_bytes"]) == (24564 << 20, 15000 << 20)
    assert (gpu["temperature_c"], gpu["power_w"], gpu["utilisation"]) == (46, 31.5, 3)
    assert (found["slowdown_c"], found["power_limit_w"]) == (90, 450)
    assert found["compute_capability"] == [8, 9]
    assert found["reserved_bytes"] == 400 << 20
    assert [(each["pid"], each["used_bytes"], each["graphics"]) for each in found["processes"]] == [
        (4242, 6000 << 20, False),
        (77, 500 << 20, True),
        (88, 300 << 20, True),
    ]
    names = [each["name"] for each in found["processes"]]
    assert names[:2] == ["python3", "Xorg"]
    assert "game" in names[2]
    assert not {"\x1b", "\u202e"} & set(names[2])
    # 24564 in all, without 15000 free, 400 of the driver and 6800 of the three processes.
    assert found["unaccounted_bytes"] == (24564 - 15000 - 400 - 6800) << 20
    assert (found["display"], found["desktop_bytes"]) == (True, 800 << 20)
    assert found["throttled"] == ["at its power limit", "slowed by heat"]
    assert found["link"] == {"generation": 1, "generation_most": 4, "width": 16, "width_most": 16}
    assert (found["ecc"], found["mig"], found["persistence"]) == (None, None, False)


def test_the_program_that_asks_is_not_listed(place: Path) -> None:
    program = f"""
import json, os, pathlib, sys
from workbench.runs import hardware
path = pathlib.Path(sys.argv[1])
machine = json.loads(path.read_text())
machine["cards"][0]["compute"].append([os.getpid(), {GIB}])
path.write_text(json.dumps(machine))
(card,) = hardware.survey(root=path.parent / "root").cards
print(json.dumps([process.pid for process in card.processes]))
"""
    assert told(place, machine(rtx_4090(compute=[[1, GIB]])), program) == [1]


def test_a_process_the_driver_does_not_name_is_named_by_the_kernel(place: Path) -> None:
    (found,) = surveyed(place, machine(rtx_4090(compute=[[os.getpid(), GIB], [4_000_000, GIB]])))["cards"]
    names = {process["pid"]: process["name"] for process in found["processes"]}
    assert names[os.getpid()] in Path("/proc/self/comm").read_text(encoding="utf-8")
    assert names[os.getpid()]
    assert names[4_000_000] == ""


def test_a_container_s_numbers_are_not_looked_up(place: Path) -> None:
    inside = place.parent / "root" / ".dockerenv"
    inside.parent.mkdir()
    inside.touch()
    listed, empty = rtx_4090(compute=[[os.getpid(), 2 * GIB]]), a100(free=30 * GIB, compute=[])
    first, second = surveyed(place, machine(listed, empty))["cards"]
    assert first["processes"] == [{"pid": os.getpid(), "name": "", "used_bytes": 2 * GIB, "graphics": False}]
    assert second["processes"] == []
    assert second["unaccounted_bytes"] == 10 * GIB - (512 << 20)


def test_processes_whose_memory_is_kept_secret_are_listed(place: Path) -> None:
    (found,) = surveyed(place, machine(rtx_4090(compute=[[9, None]], graphics=[[8, None]])))["cards"]
    assert [process["used_bytes"] for process in found["processes"]] == [None, None]
    assert found["desktop_bytes"] is None
    assert found["unaccounted_bytes"] == (24564 - 23000 - 400) << 20


def test_a_card_that_tells_nothing_but_its_name_has_no_figures(place: Path) -> None:
    (found,) = surveyed(place, machine({"uuid": "GPU-bare", "name": "NVIDIA Thor"}))["cards"]
    gpu = found.pop("gpu")
    assert all(value is None for value in found.values())
    assert gpu["shares_memory"]
    assert gpu["total_bytes"] > gpu["free_bytes"] > 0
    assert gpu["temperature_c"] is gpu["power_w"] is gpu["utilisation"] is None
    assert not gpu["lost"]
    assert not gpu["trouble"]


def test_an_older_driver_answers_the_older_questions(place: Path) -> None:
    missing = ["nvmlDeviceGetMemoryInfo_v2", "nvmlDeviceGetTemperatureV", "nvmlDeviceGetMarginTemperature"]
    (found,) = surveyed(place, machine(rtx_4090(), without=missing))["cards"]
    assert found["gpu"]["free_bytes"] == 23000 << 20
    assert found["gpu"]["temperature_c"] == 46
    assert found["reserved_bytes"] is None


def test_a_newer_card_tells_how_far_slowing_down_is(place: Path) -> None:
    (found,) = surveyed(place, machine(rtx_4090(slowdown=None, margin=41)))["cards"]
    assert found["slowdown_c"] == 46 + 41


def test_memory_that_may_not_be_asked_is_not_the_host_s(place: Path) -> None:
    refused = dict.fromkeys(("nvmlDeviceGetMemoryInfo", "nvmlDeviceGetMemoryInfo_v2"), NO_PERMISSION)
    (found,) = surveyed(place, machine(rtx_4090(refusals=refused)))["cards"]
    assert found["gpu"]["total_bytes"] is found["gpu"]["free_bytes"] is found["unaccounted_bytes"] is None
    assert not found["gpu"]["shares_memory"]


def test_memory_errors_are_counted_where_they_are_corrected(place: Path) -> None:
    first, second = surveyed(place, machine(a100(ecc_errors=[3, 1]), rtx_4090(ecc_mode=[0, 0])))["cards"]
    assert first["ecc"] == {"corrected": 3, "uncorrected": 1}
    assert second["ecc"] is None


def test_instances_are_cards_of_their_own(place: Path) -> None:
    parts = [instance(0), None, instance(2, compute=[[5, GIB]])]
    survey = surveyed(place, machine(rtx_4090(free=GIB), a100(mig=parts)), CUDA_DEVICE_ORDER="PCI_BUS_ID")
    gpus = [card["gpu"] for card in survey["cards"]]
    assert [(gpu["index"], gpu["instance"], gpu["uuid"][:6]) for gpu in gpus] == [
        (0, None, "GPU-40"),
        (1, 0, "MIG-00"),
        (1, 2, "MIG-20"),
    ]
    assert [gpu["total_bytes"] for gpu in gpus[1:]] == [10 * GIB] * 2
    assert [process["pid"] for process in survey["cards"][2]["processes"]] == [5]
    assert [gpu["temperature_c"] for gpu in gpus[1:]] == [46, 46]
    assert [card["mig"] for card in survey["cards"]] == [None, True, True]
    assert survey["proposal"]["gpu"]["uuid"] == parts[0]["uuid"]  # type: ignore[index]


def test_a_divided_card_without_instances_says_what_to_do(place: Path) -> None:
    survey = surveyed(place, machine(a100(mig=[])))
    assert "-mig 0" in survey["cards"][0]["gpu"]["trouble"]
    assert survey["proposal"] is None


def test_a_card_that_may_not_compute_is_not_proposed(place: Path) -> None:
    survey = surveyed(place, machine(a100(compute_mode=2), rtx_4090()))
    assert "nvidia-smi -i 0 -c DEFAULT" in survey["cards"][0]["gpu"]["trouble"]
    assert survey["proposal"]["gpu"]["index"] == 1


@pytest.mark.parametrize(
    ("setting", "seen", "taken"),
    [
        (None, [0, 1], "GPU-a1"),
        ("", [], ""),
        ("0", [0], "0"),
        ("1,0", [1, 0], "GPU-a1"),
        ("GPU-40", [0], "GPU-40"),
        ("MIG-1", [], "MIG-1"),
    ],
)
def test_the_card_taken_is_the_one_with_the_most_room(
    place: Path, setting: str | None, seen: list[int], taken: str
) -> None:
    variables = {} if setting is None else {"CUDA_VISIBLE_DEVICES": setting}
    *gpus, card = told(place, machine(rtx_4090(), a100()), SAMPLE, **variables)
    assert [gpu["index"] for gpu in gpus] == seen
    assert card == (a100()["uuid"] if taken == "GPU-a1" else taken)


def test_the_choice_has_a_reason(place: Path) -> None:
    busy, free = rtx_4090(free=GIB), rtx_4090(uuid="GPU-other")
    assert surveyed(place, machine(busy, free))["proposal"]["why"] == (
        "it has the most free memory, 22.5 GiB; the next has 1.0 GiB"
    )
    assert "only one" in surveyed(place, machine(busy))["proposal"]["why"]
    even = surveyed(place, machine(free, rtx_4090()))["proposal"]
    assert (even["gpu"]["index"], even["why"][:15]) == (0, "it is the first")
    hidden = surveyed(place, machine(busy, free), CUDA_VISIBLE_DEVICES="0")
    assert hidden["proposal"]["gpu"]["index"] == 0
    assert hidden["hidden"] == ["GPU-other"]


@pytest.mark.parametrize(
    ("second", "why"),
    [
        ([rtx_4090(error=GPU_IS_LOST), a100()], "fallen off the bus"),
        ([rtx_4090(handle_error=GPU_IS_LOST), a100()], "fallen off the bus"),
        ([rtx_4090(handle_error=UNKNOWN), a100()], "cannot reach it"),
        ([rtx_4090(refusals={"nvmlDeviceGetName": 16}), a100()], "reset"),
        ([a100()], "counts it no longer"),
    ],
)
def test_a_card_that_vanishes_is_lost_and_keeps_its_name(place: Path, second: list[Value], why: str) -> None:
    before = [rtx_4090(), a100()]
    first, now, summary, survey, usable = told(
        place, machine(*before), AFTER.replace("{after!r}", repr(machine(*second)))
    )
    assert not any(gpu["lost"] for gpu in first)
    left, gone = now
    assert (left["uuid"], left["lost"]) == (before[1]["uuid"], False)
    assert (gone["uuid"], gone["name"], gone["lost"]) == (before[0]["uuid"], before[0]["name"], True)
    assert why in gone["trouble"]
    assert gone["free_bytes"] is gone["temperature_c"] is None
    assert summary.endswith("NVIDIA GeForce RTX 4090, lost")
    assert [card["gpu"]["lost"] for card in survey["cards"]].count(True) == 1
    assert survey["proposal"]["gpu"]["uuid"] == before[1]["uuid"]
    assert usable == 1


def test_a_card_lost_between_its_questions_is_lost(place: Path) -> None:
    card = rtx_4090(refusals={"nvmlDeviceGetPersistenceMode": GPU_IS_LOST})
    (found,) = surveyed(place, machine(card))["cards"]
    assert found["gpu"]["lost"]
    assert found["gpu"]["name"] == card["name"]
    assert found["processes"] is None


def test_a_card_that_is_somebody_else_s_is_no_failure(place: Path) -> None:
    survey = surveyed(place, machine(rtx_4090(handle_error=NO_PERMISSION), a100()))
    assert "you may not use it" in survey["cards"][0]["gpu"]["trouble"]
    assert not survey["cards"][0]["gpu"]["lost"]
    assert survey["proposal"]["gpu"]["index"] == 1


@pytest.mark.parametrize(
    ("value", "loaded", "on_bus", "words"),
    [
        (without_library(), False, False, ""),
        (without_library(), False, True, "no driver answers; install one"),
        (without_library(), True, True, "library does not answer"),
        (machine(init=9), False, True, "no driver answers; install one"),
        (machine(init=LIBRARY_MISMATCH), True, True, "550.54.14 that is loaded and the driver's library"),
        (machine(init=NO_PERMISSION), True, True, "You may not ask the NVIDIA driver"),
        (machine(rtx_4090()), True, True, ""),
    ],
)
def test_a_driver_that_does_not_answer_says_what_to_do(
    place: Path, value: Value, loaded: bool, on_bus: bool, words: str
) -> None:
    root = place.parent / "root"
    if loaded:
        (root / "proc/driver/nvidia").mkdir(parents=True)
        text = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14  Thu Feb 22 01:44:30 UTC 2024\n"
        (root / "proc/driver/nvidia/version").write_text(text, encoding="utf-8")
    if on_bus:
        device = root / "sys/bus/pci/devices/0000:01:00.0"
        device.mkdir(parents=True)
        (device / "vendor").write_text("0x10de\n", encoding="utf-8")
        (device / "class").write_text("0x030000\n", encoding="utf-8")
    survey = surveyed(place, value)
    assert words in survey["trouble"]
    assert bool(words) == bool(survey["trouble"])
    assert survey["trouble"].count(".") <= 3
    assert survey["driver"]["answers"] is bool(value["cards"])
