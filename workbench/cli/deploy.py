"""`workbench deploy`: a run's GGUF file ready for other programs, with a Modelfile and a model card beside it.

Owns the arguments and what is printed.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from workbench.cli.output import duration, paragraph, print_json
from workbench.core.errors import UsageError
from workbench.core.paths import expanded
from workbench.core.text import clean, one_line
from workbench.guide import ancestry, card, deploying, exporting
from workbench.runs import atomic, bases
from workbench.runs.exports import Made


def configure(parser: argparse.ArgumentParser, command: str) -> None:
    """Declare the arguments of `deploy`."""
    parser.add_argument("target", help="a run that was exported, or a GGUF file")
    parser.add_argument("--type", default="", help="which of its files, for example Q4_K_M; the smallest when left out")
    parser.add_argument("--out", help="a folder for file, Modelfile and card together; beside the file when left out")
    parser.add_argument("--ollama", action="store_true", help="make it known to Ollama here and ask it one question")
    parser.add_argument("--prompt", default="", help="the question for --ollama")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")


def _chosen(target: str, kind: str) -> tuple[Path, str]:
    """Return (GGUF file, the run it is of or "")."""
    path = expanded(target)
    if path.suffix == ".gguf":
        if not path.is_file():
            raise UsageError(f"There is no file {one_line(target)}; give a GGUF file or a run that was exported.")
        return path.resolve(), ""
    found = exporting.target(target)
    if not found.made:
        raise UsageError(
            f"There is no GGUF file of {found.label} yet; make one with "
            f"`{exporting.command(found, [found.recommended])}`."
        )
    wanted = kind.upper()
    if wanted and wanted not in found.made:
        raise UsageError(f"There is no {one_line(kind)} of {found.label} yet, but {', '.join(found.made)}.")
    made = found.made[wanted] if wanted else min(found.made.values(), key=lambda one: one.bytes)
    return made.path, found.reference


def _files(reference: str, path: Path) -> tuple[list[Made], dict[str, str]]:
    """Return the files of a run that lie beside one, the largest first, and file name → SHA-256 as it was proved."""
    found = exporting.target(reference)
    made = sorted(found.made.values(), key=lambda one: -one.bytes)
    made = [one for one in made if (path.parent / one.path.name).is_file()]
    return made, {one.path.name: one.sha256 for one in made if one.sha256}


def _gathered(path: Path, out: Path) -> Path:
    """Put a file into a folder, by a link where the folder is on the same disk, and return its place."""
    out.mkdir(parents=True, exist_ok=True)
    place = out / path.name
    if place.exists():
        if place.samefile(path):
            return place
        raise UsageError(f"{one_line(str(place))} exists already; choose another folder.")
    try:
        place.hardlink_to(path)
    except OSError:
        atomic.require_space(out, path.stat().st_size)
        partial = place.with_name(f".{place.name}.partial")
        try:
            shutil.copyfile(path, partial)
            partial.rename(place)
        finally:
            partial.unlink(missing_ok=True)
    return place


def run(arguments: argparse.Namespace) -> int:
    """Write Modelfile and card, print the commands, and try it in Ollama where that was asked for."""
    path, reference = _chosen(arguments.target, arguments.type)
    if arguments.out:
        path = _gathered(path, expanded(arguments.out).absolute())
    rungs = ancestry.rungs(bases.resolve(reference).run_id) if reference and bases.resolve(reference).run_id else ()
    origin = ancestry.origin(rungs[0].recipe) if rungs else None
    found = deploying.prepare(path, reference, origin.licence if origin else "")
    commands = deploying.commands(found)
    made_card: Path | None = None
    if origin is not None:
        made_card = path.with_name("README.md") if arguments.out else path.with_suffix(".md")
        run_it = [line for _, line in deploying.commands(found, from_folder=True)]
        text = card.text(rungs, origin, *_files(reference, path), run_it)
        atomic.write_text(made_card, text)
    smoke = deploying.create(found, arguments.prompt) if arguments.ollama else None
    if arguments.json:
        print_json(
            {
                "gguf": str(path),
                "modelfile": str(found.modelfile) if found.modelfile else None,
                "why_not": found.why_not,
                "notes": list(found.notes),
                "card": str(made_card) if made_card else None,
                "commands": dict(commands),
                "ollama": {"name": smoke.name, "answer": smoke.answer, "seconds": smoke.seconds} if smoke else None,
            }
        )
        return 0
    lines = [paragraph("file", str(path))]
    lines += [paragraph("Modelfile", str(found.modelfile) if found.modelfile else f"none: {found.why_not}")]
    lines += [paragraph("", note) for note in found.notes]
    lines += [paragraph("card", str(made_card))] if made_card else []
    print("\n".join(lines))
    for program, line in commands:
        print(f"\n{program}\n  {clean(line)}")
    if smoke is not None:
        print(f"\n{smoke.name} in Ollama answered in {duration(smoke.seconds)}:\n  {one_line(smoke.answer, 400)}")
    elif found.modelfile is not None and deploying.has_ollama():
        print("\nOllama is on this machine: --ollama makes the model known to it and asks it one question.")
    return 0
