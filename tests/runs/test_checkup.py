"""What the checkup makes of facts: sentences that name both sides, commands that mend, and what blocks a training."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from workbench.runs import checkup, hardware, versions

CARD = hardware.Card(
    hardware.Gpu(0, "GPU-1", "NVIDIA RTX", 24 << 30, 23 << 30, 40, 30.0, 0), compute_capability=(8, 9), slowdown_c=90
)
ENGINE: dict[str, Any] = {
    "torch": {
        "version": "2.13.0", "cuda": "13.0", "hip": None, "available": True, "said": "",
        "cards": [{"name": "NVIDIA RTX", "capability": [8, 9]}], "built_for": ["sm_80", "sm_90", "compute_120"],
        "device": "cuda",
    },
    "product": {"device": "cuda", "right": True, "bf16": True},
    "four_bit": {"device": "cuda", "deviation": 0.09},
    "attention": {"torch": True, "flash_attn": False},
    "llama": {"version": "0.3.36", "gpu": True},
    "data": {"rows": 256, "of": 256, "language": "en"},
    "training": {"module": "session", "device": "cuda", "bf16": True},
}  # fmt: skip
PACKAGES = (
    versions.Package("torch", "2.13.0", ">=2.13,<2.14", True),
    versions.Package("llama-cpp-python", "0.3.36", ">=0.3.36,<0.4", True),
)
SHELL = checkup.Terminal(120, 40, "utf-8", "xterm-256color", "256")


def good() -> hardware.Survey:
    """Return a survey of a machine with one good card."""
    return replace(
        hardware.survey(Path("/")),
        driver=hardware.Driver("580.95.05", (13, 0), None, True),
        trouble="",
        cards=(CARD,),
        hidden=(),
        visible_devices=None,
        proposal=hardware.propose([CARD.gpu]),
        graphics=(),
        disk=hardware.Disk("/", 100 << 30, 100 << 30),
    )


def found(
    engine: dict[str, Any] | None = None,
    card: hardware.Card = CARD,
    driver: hardware.Driver | None = None,
    packages: tuple[versions.Package, ...] = PACKAGES,
    shown: checkup.Terminal = SHELL,
    disk_bytes: int = 100 << 30,
) -> tuple[checkup.Problem, ...]:
    """Return the judgement on a good machine with one card, but for what is given."""
    survey = replace(
        good(),
        driver=driver or good().driver,
        cards=(card,),
        proposal=hardware.propose([card.gpu]),
        disk=hardware.Disk("/", disk_bytes, disk_bytes),
    )
    return checkup.judge(packages, survey, {**ENGINE, **(engine or {})}, shown)


def one(*problems: checkup.Problem) -> checkup.Problem:
    """Return the only problem."""
    (problem,) = problems
    assert problem.text.endswith(".")
    return problem


def test_a_good_machine_has_no_problem() -> None:
    assert found() == ()


@pytest.mark.parametrize(
    ("driver", "cuda", "words"),
    [
        (("550.54.14", (12, 4)), "13.0", ("550.54.14", "12.4", "2.13.0", "13.0", "580.65.06")),
        (("470.57.02", (11, 4)), "12.8", ("470.57.02", "11.4", "12.8", "525.60.13")),
        (("400.1", (10, 1)), "99.0", ("a newer NVIDIA driver",)),
    ],
)
def test_a_driver_too_old_for_torch_is_named_with_what_to_install(
    driver: tuple[str, tuple[int, int]], cuda: str, words: tuple[str, ...]
) -> None:
    build = {**ENGINE["torch"], "cuda": cuda, "available": False}
    problem = one(*found({"torch": build}, driver=hardware.Driver(*driver, None, True)))
    assert all(word in problem.text for word in words)
    assert not problem.blocks


@pytest.mark.parametrize(("driver", "cuda"), [((13, 2), "12.8"), ((12, 2), "12.8"), ((13, 0), "13.0"), (None, "13.0")])
def test_a_driver_of_the_same_or_a_later_cuda_fits(driver: tuple[int, int] | None, cuda: str) -> None:
    assert hardware.cuda_fit(hardware.Driver("1", driver, None, True), "2.13.0", cuda) == ""


def test_a_card_that_torch_does_not_reach_says_what_torch_says() -> None:
    build = {**ENGINE["torch"], "available": False, "said": "CUDA initialization: unknown error."}
    assert "CUDA initialization: unknown error;" in one(*found({"torch": build})).text


def test_a_torch_for_processors_is_replaced_by_a_command() -> None:
    problem = one(*found({"torch": {**ENGINE["torch"], "cuda": None, "available": False, "built_for": []}}))
    assert "processors only" in problem.text
    words = shlex.split(problem.mend)
    assert words[:4] == [sys.executable, "-m", "pip", "install"]
    assert words[-1] == "torch>=2.13,<2.14"


@pytest.mark.parametrize(
    ("capability", "runs"),
    [([8, 0], True), ([8, 9], True), ([9, 0], True), ([12, 1], True), ([7, 5], False), ([10, 0], False)],
)
def test_a_card_torch_has_no_programs_for_is_named(capability: list[int], runs: bool) -> None:
    build = {**ENGINE["torch"], "cards": [{"name": "NVIDIA RTX", "capability": capability}]}
    problems = found({"torch": build})
    assert (not problems) == runs
    assert all(f"{capability[0]}.{capability[1]}" in problem.text and "sm_80" in problem.text for problem in problems)


@pytest.mark.parametrize(
    ("engine", "words", "blocks"),
    [
        ({"training": {"error": "ImportError: no trl"}}, "no trl", True),
        ({"data": {"error": "ModuleNotFoundError: No module named 'py3langid'"}}, "'py3langid'", True),
        ({"four_bit": {"error": "SIGSEGV"}}, "--tuning lora", False),
        ({"four_bit": {"device": "cuda", "deviation": 0.4}}, "40 %", False),
        ({"llama": {"error": "SIGILL"}}, "no GGUF can be proved", False),
        ({"product": {"error": "CUDA error: no kernel image"}}, "device=cpu", False),
        ({"product": {"error": "OutOfMemoryError: CUDA out of memory"}}, "which programs hold", False),
        ({"product": {"device": "cpu", "right": False, "bf16": True}}, "wrong", True),
        ({"torch": {"error": "OSError: libcudart"}}, "libcudart", False),
    ],
)
def test_what_the_engine_cannot_do_is_said(engine: dict[str, Any], words: str, blocks: bool) -> None:
    problem = one(*found(engine))
    assert words in problem.text
    assert problem.blocks is blocks


def test_packages_are_mended_by_a_command() -> None:
    missing = versions.Package("trl", "", ">=1.16,<1.17", False)
    other = versions.Package("peft", "0.30", ">=0.21,<0.22", False)
    first, second = found(packages=(*PACKAGES, missing, other))
    assert shlex.split(first.mend)[-1] == "trl>=1.16,<1.17"
    assert "make setup" in first.text
    assert "0.30" in second.text
    assert shlex.split(second.mend)[-1] == "peft>=0.21,<0.22"


@pytest.mark.parametrize(
    ("card", "words"),
    [
        (replace(CARD, gpu=replace(CARD.gpu, temperature_c=87)), "3 degrees"),
        (replace(CARD, gpu=replace(CARD.gpu, temperature_c=95)), "0 degrees"),
        (replace(CARD, ecc=hardware.Ecc(9, 2)), "2 memory errors"),
    ],
)
def test_a_card_in_trouble_is_named(card: hardware.Card, words: str) -> None:
    problem = one(*found(card=card))
    assert words in problem.text
    assert "GPU 0, NVIDIA RTX" in problem.text


def test_little_disk_and_a_folder_that_cannot_be_written_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "3.0 GiB" in one(*found(disk_bytes=3 << 30)).text
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    problem = one(*found())
    assert str(tmp_path / "file") in problem.text
    assert problem.blocks


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (replace(SHELL, encoding="ANSI_X3.4-1968"), "UTF-8 locale"),
        (replace(SHELL, columns=79), "79 columns"),
        (replace(SHELL, rows=20), "20 rows"),
        (replace(SHELL, kind="dumb"), "cursor"),
    ],
)
def test_a_terminal_that_cannot_show_the_screens_is_told(shown: checkup.Terminal, words: str) -> None:
    assert words in one(*found(shown=shown)).text


def test_no_terminal_is_no_problem() -> None:
    assert found(shown=checkup.Terminal(None, None, "ascii", "", "none")) == ()


@pytest.mark.parametrize(
    ("variables", "colours"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "16 million"),
        ({"TERM": "xterm-256color"}, "256"),
        ({"TERM": "linux"}, "16"),
        ({"TERM": "xterm", "NO_COLOR": "1"}, "none"),
        ({"TERM": "dumb", "COLORTERM": "truecolor"}, "none"),
    ],
)
def test_the_colours_are_those_the_environment_promises(
    variables: dict[str, str], colours: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TERM", "COLORTERM", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert checkup.terminal().colours == colours


OTHER = replace(
    CARD, gpu=replace(CARD.gpu, index=1, uuid="GPU-2", name="NVIDIA A100"), display=True, desktop_bytes=800 << 20
)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (
            {"graphics": (hardware.Graphics("AMD", "0000:03:00.0", 16 << 30),)},
            "AMD graphics at 0000:03:00.0: the packages",
        ),
        ({"graphics": (hardware.Graphics("Apple", "", None),)}, "device mps"),
        ({"cards": (CARD, OTHER)}, "The desktop on GPU 1 holds 800 MiB"),
        ({"driver": hardware.Driver("590.1", (13, 1), None, True)}, "the driver 590.1 speaks up to 13.1; the two fit"),
        ({"cards": (CARD, OTHER), "hidden": ("GPU-2",), "visible_devices": "GPU-1"}, "=GPU-1 hides 1 of 2 cards"),
        ({"cards": (CARD, OTHER), "visible_devices": "0,1"}, "CUDA_DEVICE_ORDER=PCI_BUS_ID"),
    ],
)
def test_what_is_worth_knowing_is_told(changed: dict[str, Any], words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_DEVICE_ORDER", raising=False)
    assert not list(checkup.remarks(good(), ENGINE))
    assert any(words in note for note in checkup.remarks(replace(good(), **changed), ENGINE))


def test_an_amd_card_that_torch_computes_on_needs_no_word() -> None:
    survey = replace(good(), graphics=(hardware.Graphics("AMD", "0000:03:00.0", None),))
    assert not list(checkup.remarks(survey, {**ENGINE, "torch": {**ENGINE["torch"], "hip": "7.0", "cuda": None}}))
