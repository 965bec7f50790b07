"""Readings of the machine: checked against the kernel's own files, and never an exception."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.support import run_program
from workbench.runs import hardware


def test_the_host_is_what_the_kernel_says() -> None:
    host = hardware.read().host
    total = re.search(r"MemTotal:\s+(\d+) kB", Path("/proc/meminfo").read_text(encoding="ascii"))
    assert total is not None
    assert 0 < host.memory_free_bytes <= host.memory_total_bytes <= int(total[1]) * 1024
    assert host.cores == len(os.sched_getaffinity(0))
    assert 0 <= host.cpu_utilisation <= 100


def test_the_cards_are_what_the_driver_tells() -> None:
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        listed = []
    gpus = hardware.read().gpus
    assert [f"GPU {gpu.index}: {gpu.name}" for gpu in gpus] == [line.partition(" (UUID")[0] for line in listed]
    assert all(0 <= gpu.free_bytes <= gpu.total_bytes for gpu in gpus)
    assert (hardware.gpu_summary() == "no GPU") == (not listed)


@pytest.mark.parametrize(
    "broken", ["import sys; sys.modules['pynvml'] = None", "import pynvml; pynvml.nvmlInit = None"]
)
def test_a_machine_without_a_driver_has_no_cards(broken: str) -> None:
    program = f"{broken}\nfrom workbench.runs import hardware\nprint(hardware.read().gpus, hardware.gpu_summary())"
    assert run_program(program) == "() no GPU\n"


def test_a_container_s_share_of_the_memory_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "memory.max").write_text("1000000\n", encoding="ascii")
    (tmp_path / "memory.current").write_text("400000\n", encoding="ascii")
    monkeypatch.setattr(hardware, "_CGROUP", tmp_path)
    host = hardware.read().host
    assert (host.memory_total_bytes, host.memory_free_bytes) == (1_000_000, 600_000)
    (tmp_path / "memory.max").write_text("max\n", encoding="ascii")
    assert hardware.read().host.memory_total_bytes > 1_000_000
