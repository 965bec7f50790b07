"""`workbench doctor` and `workbench where`: what this machine offers, and where files live.

Owns how a checkup is shown to people and to programs. Must not judge: `runs/checkup.py` does.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from workbench.cli.output import print_json, size
from workbench.core.text import clean
from workbench.runs import checkup, hardware

_SHOWN_PROCESSES = 4
_INDENT = " " * 10


def configure(parser: argparse.ArgumentParser, command: str) -> None:
    """Declare the arguments."""
    parser.add_argument("--json", action="store_true", help="print JSON for programs")


def _known(number: float | None) -> str:
    """Return a number of bytes for people, or that nobody tells it."""
    return "unknown" if number is None else size(number)


def _holders(card: hardware.Card) -> Iterator[str]:
    """Yield who has memory of a card."""
    processes = card.processes or ()
    for process in processes[:_SHOWN_PROCESSES]:
        yield f"{process.name or 'process'} ({process.pid}) {_known(process.used_bytes)}"
    if len(processes) > _SHOWN_PROCESSES:
        yield f"{len(processes) - _SHOWN_PROCESSES} more"
    # Less is what the driver itself needs.
    if card.unaccounted_bytes is not None and card.unaccounted_bytes >= 1 << 30:
        yield f"processes that are not seen from here {size(card.unaccounted_bytes)}"


def _card_lines(card: hardware.Card, hidden: bool) -> Iterator[str]:
    """Yield the lines about one card."""
    gpu = card.gpu
    name = f"GPU {gpu.index}" + ("" if gpu.instance is None else f".{gpu.instance}")
    if gpu.lost:
        yield f"{name:<10}{gpu.name}, lost"
        return
    facts = [gpu.name, f"{_known(gpu.free_bytes)} of {_known(gpu.total_bytes)} free"]
    if gpu.shares_memory:
        facts.append("shared with the processor")
    if hidden:
        facts.append(f"hidden by {hardware.VISIBLE}")
    yield f"{name:<10}{', '.join(facts)}"
    figures = []
    if card.compute_capability is not None:
        figures.append("compute capability {}.{}".format(*card.compute_capability))
    if gpu.temperature_c is not None:
        slow = "" if card.slowdown_c is None else f" (slows down at {card.slowdown_c})"
        figures.append(f"{gpu.temperature_c} °C{slow}")
    if gpu.power_w is not None:
        most = "" if card.power_limit_w is None else f" of {card.power_limit_w:.0f}"
        figures.append(f"{gpu.power_w:.0f}{most} W")
    if card.link is not None and card.link.generation_most and card.link.width_most:
        now = f"{card.link.generation or '?'}.0 ×{card.link.width or '?'}"
        figures.append(f"PCIe {now} of {card.link.generation_most}.0 ×{card.link.width_most}")
    figures += card.throttled or ()
    if figures:
        yield _INDENT + ", ".join(figures)
    if holders := ", ".join(_holders(card)):
        yield f"{_INDENT}memory held by {holders}"


def _machine_lines(survey: hardware.Survey) -> Iterator[str]:
    """Yield the lines about the host, the driver and the cards."""
    host, system, disk = survey.host, survey.system, survey.disk
    memory = f"{size(host.memory_free_bytes)} of {size(host.memory_total_bytes)} memory free"
    swap = f"{size(system.swap_total_bytes)} swap" if system.swap_total_bytes else "no swap"
    room = f", {size(disk.free_bytes)} disk free for runs" if disk is not None else ""
    cores = f"{host.cores} core{'s' if host.cores != 1 else ''}"
    if host.cores != system.cores:
        cores += f" of {system.cores}"
    yield f"host      {cores}, {memory}, {swap}{room}" + (f", in {system.container}" if system.container else "")
    if survey.driver.answers:
        cuda = "" if survey.driver.cuda is None else ", CUDA up to {}.{}".format(*survey.driver.cuda)
        yield f"driver    NVIDIA {survey.driver.version or 'of unknown version'}{cuda}"
    for card in survey.cards:
        yield from _card_lines(card, card.gpu.uuid in survey.hidden)
    if survey.proposal is None:
        yield "GPU       none can be used; small models train on the processor"
    elif len(survey.cards) > 1:
        gpu = survey.proposal.gpu
        yield f"{_INDENT}a training takes GPU {gpu.index}, {gpu.name}: {survey.proposal.why}"


def _sign(found: dict[str, Any], good: bool = True) -> str:
    """Return the sign for a check."""
    return "✗" if "error" in found else "✓" if good else "–"


def _engine_lines(engine: dict[str, Any]) -> Iterator[str]:
    """Yield what the self-check found, a line per check."""
    training, build, four_bit = engine["training"], engine["torch"], engine["four_bit"]
    if "error" not in training:
        precision = "bfloat16" if training["bf16"] else "32-bit numbers"
        yield f"✓ trains on {training['device']} in {precision}"
    else:
        yield "✗ training"
    yield f"{_sign(engine['data'])} reads data"
    kind = build.get("cuda") and f"CUDA {build['cuda']}"
    kind = kind or (build.get("hip") and f"ROCm {build['hip']}") or "processors only"
    yield f"{_sign(build)} torch" + ("" if "error" in build else f", built for {kind}")
    yield f"{_sign(four_bit)} 4-bit weights"
    attention, llama = engine["attention"], engine["llama"]
    if "error" not in attention:
        names = [name for key, name in (("torch", "torch's own"), ("flash_attn", "flash_attn")) if attention[key]]
        yield f"{_sign(attention, bool(names))} flash attention: {', '.join(names) or 'none'}"
    yield f"{_sign(llama)} llama.cpp" + (
        "" if "error" in llama else ", on the card" if llama["gpu"] else ", on the processor"
    )


def _print(found: checkup.Checkup) -> None:
    """Show a checkup to a person."""
    lines = [f"workbench {found.workbench} on Python {found.python}, {found.survey.system.system}"]
    lines += _machine_lines(found.survey)
    shown = found.terminal
    if shown.columns is not None:
        lines.append(f"terminal  {shown.columns} × {shown.rows}, {shown.encoding}, {shown.colours} colours")
    lines += _engine_lines(found.engine)
    for package in found.packages:
        sign = "✓" if package.fits else "✗"
        lines.append(f"{sign} {package.name:<20}{package.version or 'missing':<14}{package.wanted}".rstrip())
    lines += [f"{name:<24}{path}" for name, path in found.folders.items()]
    lines += [f"· {note}" for note in found.notes]
    for problem in found.problems:
        lines.append(f"{'✗' if problem.blocks else '▲'} {problem.text}")
        if problem.mend:
            lines.append(f"    {problem.mend}")
    print(clean("\n".join(lines)))


def _json(found: checkup.Checkup) -> dict[str, Any]:
    """Return a checkup for programs."""
    survey = asdict(found.survey)
    for card in survey["cards"]:
        card.update(card.pop("gpu"))
    proposal = survey.pop("proposal")
    return {
        "ok": found.ok,
        "workbench": found.workbench,
        "python": found.python,
        "packages": {
            package.name: {"version": package.version, "wanted": package.wanted, "fits": package.fits}
            for package in found.packages
        },
        **survey,
        "proposal": proposal
        and {"uuid": proposal["gpu"]["uuid"], "index": proposal["gpu"]["index"], "why": proposal["why"]},
        "engine": found.engine,
        "terminal": asdict(found.terminal),
        "folders": found.folders,
        "notes": found.notes,
        "problems": [asdict(problem) for problem in found.problems],
    }


def run(arguments: argparse.Namespace) -> int:
    """Print the checks, or the folders; exit 1 when nothing can be trained here."""
    if arguments.command == "where":
        folders = checkup.folders()
        if arguments.json:
            print_json(folders)
        else:
            print("\n".join(f"{name:<24}{path}" for name, path in folders.items()))
        return 0
    found = checkup.examine()
    if arguments.json:
        print_json(_json(found))
    else:
        _print(found)
    return int(not found.ok)
