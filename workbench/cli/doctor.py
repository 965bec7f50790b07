"""`workbench doctor` and `workbench where`: what this machine offers, and where files live.

Owns the checks of an installation and the command that mends each. Must not import what it checks.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import platform
from pathlib import Path

from workbench import __version__
from workbench.cli.output import print_json, size
from workbench.core import paths
from workbench.runs import atomic, hardware

PACKAGES = (
    "torch",
    "transformers",
    "peft",
    "trl",
    "bitsandbytes",
    "datasets",
    "accelerate",
    "llama-cpp-python",
    "gguf",
    "safetensors",
    "tokenizers",
    "textual",
    "psutil",
    "nvidia-ml-py",
)

ROOM_BYTES = 20 << 30
"""Less free disk than this is worth a word: a checkpoint of a small model in full already takes several GiB."""


def configure(parser: argparse.ArgumentParser, command: str) -> None:
    """Declare the arguments."""
    parser.add_argument("--json", action="store_true", help="print JSON for programs")


def _versions() -> dict[str, str]:
    """Return package → installed version, "" for a missing one."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = ""
    return found


def _where() -> dict[str, Path]:
    """Return purpose → folder."""
    return {
        "runs": paths.runs_home(),
        "state": paths.state_home(),
        "your presets": paths.config_home() / "presets",
        "presets": paths.presets_dir(),
        "bundled model and data": paths.assets_dir(),
    }


def _existing(path: Path) -> Path:
    """Return the folder itself or its nearest parent that exists."""
    return next(folder for folder in (path, *path.parents) if folder.exists())


def _problems(versions: dict[str, str], free: int) -> list[str]:
    """Return what is wrong, each with the command that mends it."""
    missing = [name for name, version in versions.items() if not version]
    found = []
    if missing:
        found.append(f"{', '.join(missing)} missing; mend it with: make setup, or pip install {' '.join(missing)}")
    if not (paths.assets_dir() / "base" / "model.safetensors").is_file():
        found.append("the bundled base is missing; remake it with: make base")
    if free < ROOM_BYTES:
        found.append(f"only {size(free)} are free for runs; free some, or set XDG_DATA_HOME to a larger disk")
    return found


def run(arguments: argparse.Namespace) -> int:
    """Print the checks, or the folders; exit 1 when something is missing."""
    if arguments.command == "where":
        folders = {name: str(path) for name, path in _where().items()}
        if arguments.json:
            print_json(folders)
        else:
            print("\n".join(f"{name:<24}{path}" for name, path in folders.items()))
        return 0
    versions, reading = _versions(), hardware.read()
    free = atomic.free_bytes(_existing(paths.runs_home()))
    problems = _problems(versions, free)
    gpus = [
        {
            "name": gpu.name,
            "total_bytes": gpu.total_bytes,
            "free_bytes": gpu.free_bytes,
            "temperature_c": gpu.temperature_c,
        }
        for gpu in reading.gpus
    ]
    if arguments.json:
        print_json(
            {
                "ok": not problems,
                "workbench": __version__,
                "python": platform.python_version(),
                "packages": versions,
                "gpus": gpus,
                "cores": reading.host.cores,
                "memory_bytes": reading.host.memory_total_bytes,
                "free_disk_bytes": free,
                "problems": problems,
            }
        )
        return int(bool(problems))
    print(f"workbench {__version__} on Python {platform.python_version()}, {platform.system()} {platform.machine()}")
    memory = size(reading.host.memory_total_bytes)
    print(f"host      {reading.host.cores} cores, {memory} memory, {size(free)} disk free for runs")
    for gpu in reading.gpus:
        print(f"GPU       {gpu.name}, {size(gpu.free_bytes)} of {size(gpu.total_bytes)} free")
    if not reading.gpus:
        print("GPU       none answers; small models train on the CPU")
    for name, version in versions.items():
        print(f"{'✓' if version else '✗'} {name:<20}{version or 'missing'}")
    for problem in problems:
        print(f"▲ {problem}")
    return int(bool(problems))
