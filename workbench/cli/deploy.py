"""`workbench deploy`: a run's GGUF file ready for other programs, with a Modelfile and a model card beside it.

Owns the arguments and what is printed.
"""

from __future__ import annotations

import argparse

from workbench.cli.output import LABEL, duration, paragraph, print_json
from workbench.core.paths import expanded
from workbench.core.text import clean, one_line
from workbench.guide import deploying


def configure(parser: argparse.ArgumentParser, command: str) -> None:
    """Declare the arguments of `deploy`."""
    parser.add_argument("target", help="a run that was exported, or a GGUF file")
    parser.add_argument(
        "--type",
        default="",
        help="which of its files, for example Q4_K_M; the smallest that loses little when left out",
    )
    parser.add_argument("--out", help="a folder for file, Modelfile and card together; beside the file when left out")
    parser.add_argument("--ollama", action="store_true", help="make it known to Ollama here and ask it one question")
    parser.add_argument("--prompt", default="", help="the question for --ollama")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")


def run(arguments: argparse.Namespace) -> int:
    """Write Modelfile and card, print the commands, and try it in Ollama where that was asked for."""
    out = expanded(arguments.out).absolute() if arguments.out else None
    chosen = deploying.chosen(arguments.target, arguments.type)
    if arguments.ollama:
        deploying.require_ollama()
    handed = deploying.hand_over(*chosen, out)
    found, commands = handed.deployed, deploying.commands(handed.deployed)
    smoke = deploying.create(found, arguments.prompt) if arguments.ollama else None
    if arguments.json:
        print_json(
            {
                "gguf": str(found.gguf),
                "modelfile": str(found.modelfile) if found.modelfile else None,
                "why_not": found.why_not,
                "notes": list(found.notes),
                "card": str(handed.card) if handed.card else None,
                "commands": dict(commands),
                "ollama": {"name": smoke.name, "answer": smoke.answer, "seconds": smoke.seconds} if smoke else None,
            }
        )
        return 0
    # A path stands on one line whatever its length, to be copied.
    lines = [f"{'file':<{LABEL}}{one_line(str(found.gguf))}"]
    none = paragraph("Modelfile", f"none: {found.why_not}")
    lines += [f"{'Modelfile':<{LABEL}}{one_line(str(found.modelfile))}" if found.modelfile else none]
    lines += [paragraph("", note) for note in found.notes]
    lines += [f"{'card':<{LABEL}}{one_line(str(handed.card))}"] if handed.card else []
    print("\n".join(lines))
    for program, line in commands:
        print(f"\n{program}\n  {clean(line)}")
    if smoke is not None:
        print(f"\n{smoke.name} in Ollama answered in {duration(smoke.seconds)}:\n  {one_line(smoke.answer, 400)}")
    elif found.modelfile is not None and deploying.has_ollama():
        print("\nOllama is on this machine: --ollama makes the model known to it and asks it one question.")
    return 0
