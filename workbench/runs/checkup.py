"""What decides whether this installation can train on this machine, what is wrong with it, and what mends it.

Owns the judgement. Must not import what it judges: versions come from the metadata of packages, what they can do from
the engine's self-check, figures from a survey.
"""

from __future__ import annotations

import locale
import os
import platform
import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from workbench import __version__
from workbench.core import paths
from workbench.runs import converter, hardware, selfcheck, versions

ROOM_BYTES = 20 << 30
"""Less free disk than this is worth a word: a checkpoint of a small model in full already takes several GiB."""

COLUMNS, ROWS = 80, 24
"""The smallest terminal the screens are made for."""

HOT_C = 5
"""Degrees below the temperature of slowing down from which a card counts as hot."""

_FOUR_BIT_DEVIATION = 0.11
"""NF4 with blocks of 64 writes normal numbers with a relative deviation near 0.09; more means broken kernels."""

_LLAMA_FLAGS = "-DGGML_NATIVE=OFF -DLLAVA_BUILD=OFF"
_MAKER_SAYS = {
    "AMD": "the packages of this installation do not compute on AMD cards, so it is not used for training",
    "Intel": "the engine does not compute on Intel graphics, so it is not used for training",
    "Apple": "the engine computes on it as device mps, where qlora and speed are untried",
}


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong."""

    text: str
    """What is wrong and what to do, in a sentence."""
    mend: str = ""
    """The exact command that mends it, where there is one."""
    blocks: bool = False
    """Whether nothing can be trained before it is mended."""


@dataclass(frozen=True)
class Terminal:
    """What the terminal says it can show."""

    columns: int | None
    """None where the output is no terminal."""
    rows: int | None
    encoding: str
    kind: str
    """$TERM."""
    colours: str
    """16 million, 256, 16 or none."""


@dataclass(frozen=True)
class Checkup:
    """The whole picture."""

    workbench: str
    python: str
    packages: tuple[versions.Package, ...]
    survey: hardware.Survey
    engine: dict[str, Any]
    """What the self-check found, by check."""
    terminal: Terminal
    folders: dict[str, str]
    notes: tuple[str, ...]
    """What is worth knowing and needs no mending."""
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """Whether something can be trained here, if only on the processor."""
        return not any(problem.blocks for problem in self.problems)


def folders() -> dict[str, str]:
    """Return purpose → folder."""
    return {
        "runs": str(paths.runs_home()),
        "state": str(paths.state_home()),
        "your presets": str(paths.config_home() / "presets"),
        "presets": str(paths.presets_dir()),
        "bundled model and data": str(paths.assets_dir()),
    }


def terminal() -> Terminal:
    """Return what the terminal of this process says it can show."""
    size = None
    for stream in (sys.__stdout__, sys.__stderr__):
        try:
            size = os.get_terminal_size(stream.fileno()) if stream is not None else None
        except (OSError, ValueError):
            continue
        if size is not None:
            break
    kind, depth = os.environ.get("TERM", ""), os.environ.get("COLORTERM", "").lower()
    if os.environ.get("NO_COLOR") or kind in ("", "dumb"):
        colours = "none"
    elif depth in ("truecolor", "24bit"):
        colours = "16 million"
    else:
        colours = "256" if "256" in kind else "16"
    encoding = getattr(sys.__stdout__, "encoding", None) or locale.getpreferredencoding(False)
    return Terminal(size and size.columns, size and size.lines, encoding, kind, colours)


def pip(*arguments: str) -> str:
    """Return the command that installs into the Python that runs this."""
    return shlex.join([sys.executable, "-m", "pip", "install", *arguments])


def _llama_command(version: str, *flags: str) -> str:
    """Return the command that builds llama.cpp anew."""
    built = pip("--force-reinstall", "--no-deps", "--no-cache-dir", "--no-binary", "llama-cpp-python")
    return f'CMAKE_ARGS="{" ".join((_LLAMA_FLAGS, *flags))}" {built} {shlex.quote(f"llama-cpp-python{version}")}'


def _package_problems(found: Sequence[versions.Package]) -> Iterator[Problem]:
    """Yield what is wrong with the versions of packages."""
    missing = [package for package in found if not package.version]
    if missing:
        names = ", ".join(package.name for package in missing)
        yield Problem(
            f"{names} missing; run make setup in the checkout, or install {'it' if len(missing) == 1 else 'them'}.",
            pip(*(package.requirement for package in missing)),
        )
    for package in found:
        if package.version and not package.fits:
            yield Problem(
                f"{package.name} is {package.version} and this version of the workbench is written against "
                f"{package.wanted}; install one of those.",
                pip(package.requirement),
            )


def _card_problems(survey: hardware.Survey) -> Iterator[Problem]:
    """Yield what is wrong with the driver and the cards."""
    if survey.trouble:
        yield Problem(survey.trouble)
    for card in survey.cards:
        gpu = card.gpu
        if gpu.uuid in survey.hidden and not gpu.lost:
            continue
        where = f"GPU {gpu.index}, {gpu.name}"
        if gpu.trouble:
            yield Problem(f"{where}: {gpu.trouble}.")
            continue
        if card.ecc is not None and card.ecc.uncorrected:
            yield Problem(
                f"{where}: {card.ecc.uncorrected} memory errors that could not be corrected since the driver was "
                "loaded; what was computed meanwhile may be wrong, so restart the machine and have the card replaced "
                "if they return."
            )
        if gpu.temperature_c is not None and card.slowdown_c is not None:
            left = card.slowdown_c - gpu.temperature_c
            if left <= HOT_C:
                yield Problem(
                    f"{where}: at {gpu.temperature_c} °C it is {max(left, 0)} degrees from slowing itself down; see to "
                    "its fans and the air around it."
                )


def _torch_problems(survey: hardware.Survey, engine: dict[str, Any], wanted: str) -> Iterator[Problem]:
    """Yield why torch does not compute on a card that is there."""
    build, product = engine["torch"], engine["product"]
    if "error" in build:
        yield Problem(f"torch does not load: {build['error'].rstrip('.')}; install it anew.", _anew(wanted))
        return
    version, cuda, card = build["version"], build["cuda"], survey.proposal
    if card is not None and not build["available"] and not build["hip"]:
        if not cuda:
            yield Problem(
                f"{card.gpu.name} answers (driver {survey.driver.version}) and torch {version} is built for processors "
                "only; install the build for CUDA.",
                _anew(wanted),
            )
        else:
            yield Problem(
                hardware.cuda_fit(survey.driver, version, cuda)
                or f"{card.gpu.name} answers and torch {version}, built for CUDA {cuda}, does not reach it: "
                f"{(build['said'] or 'it does not say why').rstrip('.')}; restart the machine, or install torch anew."
            )
    if build["available"] and cuda:
        for each in build["cards"]:
            yield from _too_old(each, version, build["built_for"])
    if "error" in product:
        full = "out of memory" in product["error"].lower()
        yield Problem(
            f"The {build['device']} device cannot be computed on: {product['error'].rstrip('.')}; "
            + ("see which programs hold its memory, above." if full else "train with --set device=cpu meanwhile."),
            blocks=not full and build["device"] == "cpu",
        )
    elif not product["right"]:
        yield Problem(
            f"A matrix product on the {product['device']} device is wrong; do not trust what is computed on it.",
            blocks=product["device"] == "cpu",
        )


def _too_old(card: dict[str, Any], version: str, built_for: Sequence[str]) -> Iterator[Problem]:
    """Yield that torch has no programs for a card, from the list of architectures it was built for.

    A program for sm_80 runs on every 8.x from 8.0 on; one for compute_90 is translated for every later card.
    """
    major, minor = card["capability"]
    number = major * 10 + minor
    runs = False
    for name in built_for:
        kind, _, text = name.partition("_")
        least = int(text.rstrip("af")) if text.rstrip("af").isdigit() else sys.maxsize
        runs = runs or (least <= number and (kind == "compute" or least // 10 == major))
    if built_for and not runs:
        yield Problem(
            f"{card['name']} has compute capability {major}.{minor} and torch {version} is built for "
            f"{', '.join(built_for)}; train with --set device=cpu, or install a torch that is built for it."
        )


def _anew(wanted: str) -> str:
    """Return the command that replaces torch by the build that suits the machine."""
    # With what it depends on: the build for CUDA brings NVIDIA's libraries.
    return pip("--force-reinstall", f"torch{wanted}")


def _engine_problems(survey: hardware.Survey, engine: dict[str, Any], ranges: dict[str, str]) -> Iterator[Problem]:
    """Yield what the engine cannot do."""
    training, four_bit, llama = engine["training"], engine["four_bit"], engine["llama"]
    if "error" in training:
        yield Problem(
            f"The engine does not load: {training['error'].rstrip('.')}; run make setup in the checkout, or install "
            "its packages anew.",
            pip(
                "--force-reinstall",
                "--no-deps",
                *(f"{name}{wanted}" for name, wanted in ranges.items() if name in _ENGINE),
            ),
            blocks=True,
        )
    if "error" in engine["data"]:
        yield Problem(
            f"No data can be read: {engine['data']['error'].rstrip('.')}; run make setup in the checkout, or install "
            "what is missing.",
            blocks=True,
        )
    if "error" in four_bit:
        yield Problem(
            f"Nothing can be held in 4 bits, so qlora is out of reach: {four_bit['error'].rstrip('.')}; install "
            "bitsandbytes anew, or train with --tuning lora.",
            pip("--force-reinstall", "--no-deps", f"bitsandbytes{ranges.get('bitsandbytes', '')}"),
        )
    elif four_bit["deviation"] > _FOUR_BIT_DEVIATION:
        yield Problem(
            f"Numbers written in 4 bits come back {100 * four_bit['deviation']:.0f} % off on the "
            f"{four_bit['device']} device, where 9 % is right; do not use qlora there."
        )
    wanted = ranges.get("llama-cpp-python", "")
    if "error" in llama:
        yield Problem(
            f"llama.cpp does not load, so no GGUF can be proved or talked to: {llama['error'].rstrip('.')}; build it "
            "anew.",
            _llama_command(wanted),
        )
    elif survey.proposal is not None and not llama["gpu"] and shutil.which("nvcc"):
        yield Problem(
            "llama.cpp is built for processors only, so chatting with a GGUF does not use the card; build it anew.",
            _llama_command(wanted, "-DGGML_CUDA=on"),
        )


_ENGINE = ("accelerate", "datasets", "peft", "safetensors", "tokenizers", "transformers", "trl")


def _place_problems(survey: hardware.Survey) -> Iterator[Problem]:
    """Yield what is wrong with the folders and the disk."""
    if not (paths.assets_dir() / "base" / "model.safetensors").is_file():
        yield Problem("The bundled base is missing; remake it in the checkout.", "make base")
    runs = paths.runs_home()
    nearest = next(folder for folder in (runs, *runs.parents) if folder.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        yield Problem(
            f"Runs cannot be written, because {nearest} is not a folder you may write to; set XDG_DATA_HOME to another "
            "one.",
            blocks=True,
        )
    if survey.disk is not None and survey.disk.free_bytes < ROOM_BYTES:
        yield Problem(
            f"Only {survey.disk.free_bytes / 2**30:.1f} GiB are free for runs; free some, or set XDG_DATA_HOME to a "
            "larger disk."
        )


def _terminal_problems(found: Terminal) -> Iterator[Problem]:
    """Yield what would keep a person from reading the screens; nothing where there is no screen."""
    if found.columns is None or found.rows is None:
        return
    if found.encoding.lower().replace("-", "").replace("_", "") != "utf8":
        yield Problem(
            f"The terminal is set to {found.encoding}, so signs and letters will be missing; set a UTF-8 locale.",
            "export LC_ALL=C.UTF-8",
        )
    if found.columns < COLUMNS or found.rows < ROWS:
        yield Problem(
            f"The terminal has {found.columns} columns and {found.rows} rows; make it at least {COLUMNS} by {ROWS}."
        )
    if found.kind in ("", "dumb"):
        yield Problem(
            "TERM says that the terminal cannot move its cursor; set it to what yours is.", "export TERM=xterm-256color"
        )


def remarks(survey: hardware.Survey, engine: dict[str, Any]) -> Iterator[str]:
    """Yield what is worth knowing and needs no mending, a sentence each."""
    for device in survey.graphics:
        if device.vendor in _MAKER_SAYS and not (device.vendor == "AMD" and engine["torch"].get("hip")):
            place = f" at {device.place}" if device.place else ""
            yield f"{device.vendor} graphics{place}: {_MAKER_SAYS[device.vendor]}."
    if survey.visible_devices is not None and survey.hidden:
        yield f"{hardware.VISIBLE}={survey.visible_devices} hides {len(survey.hidden)} of {len(survey.cards)} cards."
    names = {card.gpu.name for card in survey.cards if card.gpu.instance is None}
    by_number = (survey.visible_devices or "")[:1].isdigit()
    if by_number and len(names) > 1 and os.environ.get("CUDA_DEVICE_ORDER") != "PCI_BUS_ID":
        yield (
            f"{hardware.VISIBLE} names cards by number, and of different cards CUDA counts the fastest first, not as "
            "they are listed here; set CUDA_DEVICE_ORDER=PCI_BUS_ID, or name them by uuid."
        )
    build, driver = engine["torch"], survey.driver
    if build.get("available") and build.get("cuda") and driver.cuda is not None:
        spoken = ".".join(map(str, driver.cuda))
        if spoken != build["cuda"]:
            yield (
                f"torch {build['version']} is built for CUDA {build['cuda']} and the driver {driver.version} speaks up "
                f"to {spoken}; the two fit."
            )
    for card in survey.cards:
        if card.display and card.desktop_bytes:
            yield (
                f"The desktop on GPU {card.gpu.index} holds {card.desktop_bytes / 2**20:.0f} MiB of its memory; logged "
                "out, a training has them."
            )


def judge(
    packages: Sequence[versions.Package], survey: hardware.Survey, engine: dict[str, Any], shown: Terminal
) -> tuple[Problem, ...]:
    """Return what is wrong, from what was found; `engine` is what `selfcheck.ask` returns."""
    ranges = {package.name: package.wanted for package in packages}
    return (
        *_package_problems(packages),
        *_place_problems(survey),
        *_card_problems(survey),
        *_torch_problems(survey, engine, ranges.get("torch", "")),
        *_engine_problems(survey, engine, ranges),
        *_terminal_problems(shown),
    )


def _converter_problems() -> Iterator[Problem]:
    """Yield that only some architectures can become a GGUF, where the converter for the others is not unpacked."""
    if not converter.is_there():
        yield Problem(
            "llama.cpp's converter is not unpacked, so GGUF files are made of the commonest architectures only; set "
            "the checkout up again.",
            converter.MEND,
        )


def examine() -> Checkup:
    """Return the whole picture; ten seconds or so, most of them for the engine's self-check in a child process."""
    packages, survey, shown = versions.packages(), hardware.survey(paths.runs_home()), terminal()
    engine = selfcheck.ask()
    return Checkup(
        workbench=__version__,
        python=platform.python_version(),
        packages=packages,
        survey=survey,
        engine=engine,
        terminal=shown,
        folders=folders(),
        notes=tuple(remarks(survey, engine)),
        problems=(*judge(packages, survey, engine, shown), *_converter_problems()),
    )
