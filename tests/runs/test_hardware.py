"""Readings of this machine: checked against the kernel's own files and other programs, and never an exception."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support import run_program
from workbench.engine import load
from workbench.runs import hardware, host


def test_the_host_is_what_the_kernel_says() -> None:
    found = hardware.sample().host
    total = re.search(r"MemTotal:\s+(\d+) kB", Path("/proc/meminfo").read_text(encoding="ascii"))
    assert total is not None
    assert 0 < found.memory_free_bytes <= found.memory_total_bytes <= int(total[1]) * 1024
    assert 1 <= found.cores <= len(os.sched_getaffinity(0))
    assert 0 <= found.cpu_utilisation <= 100


def test_the_system_and_the_disk_are_what_other_programs_say(tmp_path: Path) -> None:
    survey = hardware.survey(tmp_path / "not" / "yet")
    uname = subprocess.run(["uname", "-srm"], capture_output=True, text=True, check=True).stdout.strip()
    assert survey.system.system == uname
    swap = re.search(r"SwapTotal:\s+(\d+) kB", Path("/proc/meminfo").read_text(encoding="ascii"))
    assert swap is not None
    assert survey.system.swap_total_bytes == int(swap[1]) * 1024
    assert survey.disk is not None
    assert survey.disk.total_bytes == shutil.disk_usage(tmp_path).total
    assert 0 <= survey.disk.free_bytes <= survey.disk.total_bytes


def test_the_cards_are_what_the_driver_tells() -> None:
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        listed = []
    wholes = [card.gpu for card in hardware.survey().cards if card.gpu.instance is None]
    assert [f"GPU {gpu.index}: {gpu.name} (UUID: {gpu.uuid})" for gpu in wholes] == [
        line for line in listed if line.startswith("GPU")
    ]
    assert (hardware.gpu_summary() == "no GPU") == (not hardware.sample().gpus)


@pytest.mark.parametrize(
    "broken", ["import sys; sys.modules['pynvml'] = None", "import pynvml; pynvml.nvmlInit = None"]
)
def test_a_machine_without_a_driver_has_no_cards(broken: str) -> None:
    program = (
        f"{broken}\nfrom workbench.runs import hardware\n"
        "print(hardware.sample().gpus, hardware.survey().cards, hardware.survey().proposal, hardware.gpu_summary())"
    )
    assert run_program(program) == "() () None no GPU\n"


def made_up(root: Path, files: dict[str, str]) -> Path:
    """Write the files of a machine that is not there, and return its root."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    return root


V2 = {"proc/self/cgroup": "0::/user/me"}
V1 = {"proc/self/cgroup": "5:cpu,cpuacct:/\n4:memory:/job\n0::/"}
LIMITS = [
    pytest.param(
        {**V2, "sys/fs/cgroup/user/me/memory.max": "1000000", "sys/fs/cgroup/user/me/memory.current": "400000"},
        (1_000_000, 600_000),
        id="its own",
    ),
    pytest.param(
        {
            **V2,
            "sys/fs/cgroup/user/me/memory.max": "max",
            "sys/fs/cgroup/user/me/memory.current": "1",
            "sys/fs/cgroup/user/memory.max": "900000",
            "sys/fs/cgroup/user/memory.current": "500000",
            "sys/fs/cgroup/user/memory.stat": "anon 1\ninactive_file 200000",
        },
        (900_000, 600_000),
        id="the one above, files can go",
    ),
    pytest.param(
        {"sys/fs/cgroup/memory.max": "700000", "sys/fs/cgroup/memory.current": "800000"},
        (700_000, 0),
        id="a container sees only its top",
    ),
    pytest.param(
        {
            **V1,
            "sys/fs/cgroup/memory/job/memory.limit_in_bytes": "2000000",
            "sys/fs/cgroup/memory/job/memory.usage_in_bytes": "500000",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
            "sys/fs/cgroup/memory/memory.usage_in_bytes": "500000",
        },
        (2_000_000, 1_500_000),
        id="version 1",
    ),
]


@pytest.mark.parametrize(("files", "expected"), LIMITS)
def test_a_group_s_share_of_the_memory_counts(tmp_path: Path, files: dict[str, str], expected: tuple[int, int]) -> None:
    found = hardware.survey(root=made_up(tmp_path, files)).host
    assert (found.memory_total_bytes, found.memory_free_bytes) == expected


def test_no_limit_leaves_the_machine_s_memory(tmp_path: Path) -> None:
    files = {**V2, "sys/fs/cgroup/user/me/memory.max": "max", "sys/fs/cgroup/user/me/memory.current": "5"}
    assert host.host(made_up(tmp_path, files)).memory_total_bytes == host.host(tmp_path / "none").memory_total_bytes


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({**V2, "sys/fs/cgroup/user/cpu.max": "50000 100000"}, 1),
        ({**V1, "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "20000", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000"}, 1),
        ({**V2, "sys/fs/cgroup/cpu.max": "max 100000"}, len(os.sched_getaffinity(0))),
        ({**V1, "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1"}, len(os.sched_getaffinity(0))),
    ],
)
def test_a_group_s_share_of_the_cores_counts(tmp_path: Path, files: dict[str, str], cores: int) -> None:
    assert host.host(made_up(tmp_path, files)).cores == cores


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({".dockerenv": ""}, "Docker"),
        ({"run/.containerenv": ""}, "Podman"),
        ({"proc/1/cgroup": "0::/kubepods/besteffort/pod1"}, "Kubernetes"),
        ({"run/systemd/container": "lxc"}, "LXC"),
        ({"run/systemd/container": "systemd-nspawn"}, "container"),
        ({"proc/sys/kernel/osrelease": "5.15.167.4-microsoft-standard-WSL2"}, "WSL"),
        ({"proc/sys/kernel/osrelease": "6.8.0-48-generic", "proc/1/cgroup": "0::/init.scope"}, ""),
    ],
)
def test_what_it_runs_inside_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], name: str
) -> None:
    for variable in ("container", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(variable, raising=False)
    assert host.container(made_up(tmp_path, files)) == name


AMD = {
    "sys/bus/pci/devices/0000:03:00.0/vendor": "0x1002",
    "sys/bus/pci/devices/0000:03:00.0/class": "0x030000",
    "sys/bus/pci/devices/0000:03:00.0/mem_info_vram_total": str(16 << 30),
    "sys/bus/pci/devices/0000:00:1f.0/vendor": "0x8086",
    "sys/bus/pci/devices/0000:00:1f.0/class": "0x060100",
}
NVIDIA = {
    "sys/bus/pci/devices/0000:01:00.0/vendor": "0x10de",
    "sys/bus/pci/devices/0000:01:00.0/class": "0x030000",
}


def test_cards_of_other_makers_are_named(tmp_path: Path) -> None:
    assert host.graphics(made_up(tmp_path, AMD)) == (host.Graphics("AMD", "0000:03:00.0", 16 << 30),)
    assert host.graphics(tmp_path / "none") == ()


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14  Thu Feb 22 01:44:30 UTC 2024", "550.54.14"),
        ("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build", "580.95.05"),
        ("", ""),
    ],
)
def test_the_loaded_kernel_module_is_told(tmp_path: Path, text: str, version: str) -> None:
    assert host.kernel_module(made_up(tmp_path, {"proc/driver/nvidia/version": text})) == version


@pytest.mark.parametrize(
    ("setting", "chosen"),
    [
        (None, "abc"), ("", ""), ("0", "a"), ("2,0", "ca"), ("1,7,0", "b"), ("-1", ""), ("1,-1,0", "b"), ("0,0", ""),
        ("1x,2", "bc"), ("no", ""), ("GPU-b", "b"), ("GPU-b,GPU-a", "ba"), ("GPU-", ""), ("GPU-b,0", "b"),
        ("GPU-b,GPU-z,GPU-a", "b"), ("GPU-b,GPU-z,GPU-z", ""), ("GPU-b,GPU-bb", ""), (" 2 , 1", "cb"),
    ],
)  # fmt: skip
def test_the_visible_cards_are_those_torch_would_see(
    setting: str | None, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch.cuda as reference

    uuids = ["GPU-aaaa", "GPU-bbbb", "GPU-cccc"]
    gpus = [hardware.Gpu(index, uuid, "card", 1, 1, None, None, None) for index, uuid in enumerate(uuids)]
    mine = hardware.visible(gpus, setting)
    assert "".join(gpu.uuid[4] for gpu in mine) == chosen
    if setting is None:
        monkeypatch.delenv(hardware.VISIBLE, raising=False)
    else:
        monkeypatch.setenv(hardware.VISIBLE, setting)
    named = reference._parse_visible_devices()
    if any(isinstance(name, str) for name in named):
        ordinals = reference._transform_uuid_to_ordinals(named, uuids)
    else:
        first_bad = next((place for place, name in enumerate(named) if name >= len(uuids)), len(named))
        ordinals = named[:first_bad]
    assert [gpu.index for gpu in mine] == ordinals


def test_a_processor_with_bfloat16_is_told_as_torch_tells_it(tmp_path: Path) -> None:
    assert host.fast_bf16() == load.fast_bf16("cpu")
    made = {
        "new": "processor : 0\nflags\t\t: fpu avx512f avx512_bf16 amx_tile\n",
        "old": "processor : 0\nflags\t\t: fpu avx2 bf16x\n",
        "arm": "processor : 0\nFeatures\t: fp asimd bf16 i8mm\n",
        "none": "",
    }
    for name, text in made.items():
        (tmp_path / name / "proc").mkdir(parents=True)
        (tmp_path / name / "proc" / "cpuinfo").write_text(text, encoding="ascii")
    assert {name: host.fast_bf16(tmp_path / name) for name in made} == {
        "new": True, "old": False, "arm": True, "none": False,
    }  # fmt: skip
    assert not host.fast_bf16(tmp_path / "elsewhere")
