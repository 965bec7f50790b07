"""The command line: the same product without a screen.

Owns the table of commands, errors and exit codes. Each command is a module that is imported only when it is called, so
that `workbench --version` costs nothing. Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted, and 128 plus the
number of another signal that ended it.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import json
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from workbench import __version__
from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.fields import closest
from workbench.core.text import clean, json_safe

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("demo", "the whole road on the bundled model and data: cpt, sft, dpo, grpo, distill, prune, export, chat"),
    "models": ("models", "list base models and those that are on this machine"),
    "models search": ("hub", "look for models on the hub"),
    "models download": ("hub", "bring a model of the hub to this machine"),
    "inspect": ("inspect", "say what some data is, what suits it and what is wrong with it"),
    "prepare": ("prepare", "write curated rows and the plan that gives the same rows again"),
    "synthesize": ("synthesize", "let a local model write questions and answers about articles"),
    "review": ("review", "accept or reject the pairs that a model wrote"),
    "rewards": ("rewards", "try what answers are rewarded by: on right answers, trivial ones and a model's own"),
    "prefer": ("prefer", "make pairs of a better and a worse answer: by rewards, a judge, a constitution"),
    "plan": ("plan", "say what fits this machine, with which values and why"),
    "train": ("train", "start a run from a recipe, or from a base and data"),
    "distill": ("train", "let a base learn from what a larger model says: `train` with that method"),
    "prune": ("train", "cut parts of a base away and heal the rest: `train` with that method"),
    "runs": ("runs", "list the runs"),
    "watch": ("runs", "follow a run until its attempt ends"),
    "pause": ("runs", "ask a run to write a checkpoint and free the GPU"),
    "resume": ("runs", "go on with a run from its newest checkpoint"),
    "stop": ("runs", "ask a run to end early and keep its result"),
    "kill": ("runs", "end a run's processes, by force what is left after 10 s"),
    "compare": ("compare", "lay runs beside one another: recipes, figures, answers, and what they bear"),
    "discard": ("runs", "delete a run and everything in it"),
    "export": ("export", "write a run or a base as GGUF files, proved before they get their name"),
    "quantize": ("quantize", "write a run or a base as a model folder in fewer bits, proved before it gets its name"),
    "deploy": ("deploy", "make a GGUF file ready for Ollama, llama.cpp and LM Studio, with a model card"),
    "bundle": ("bundle", "put a run, and all it rests on, into one archive"),
    "reproduce": ("bundle", "make the runs of a bundle again, on this machine"),
    "chat": ("chat", "talk with a run, a base or a GGUF file"),
    "doctor": ("doctor", "check this machine and the installation"),
    "where": ("doctor", "print where files live"),
}
"""Command, of one word or two → (module, one line of help).

A module has `configure(parser, command)` and `run(arguments) -> exit code`. One that starts something before its words
are understood has `ahead(words)`, too: what that context manager gives is `arguments.ahead`."""


class _Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are the workbench's own errors."""

    def error(self, message: str) -> NoReturn:
        """Raise a usage error that names the command to ask for help."""
        raise UsageError(f"{message[:1].upper()}{message[1:]}; see `{self.prog} --help`.")


_OPENING = (
    "Fine-tune a language model on your own computer, with one GPU or none, and get a GGUF file that llama.cpp runs."
)
"""The first sentence of the README."""


def _overview() -> str:
    """Return what `workbench --help` prints."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {text}" for name, (_, text) in COMMANDS.items()]
    return "\n".join(
        [
            "usage: workbench [COMMAND ...]",
            "",
            "Alone, on a terminal, it opens the workbench on a full screen.",
            "",
            _OPENING,
            "",
            *lines,
            "",
            "`workbench COMMAND --help` explains a command; `workbench --version` prints the version.",
        ]
    )


def _no_screen() -> str:
    """Return why the workbench cannot be opened here, a sentence with what to do; "" where it can."""
    lacking = [name for name, stream in (("input", sys.stdin), ("output", sys.stdout)) if not stream.isatty()]
    if lacking:
        said = f"{' and '.join(lacking)} {'is' if len(lacking) == 1 else 'are'} no terminal"
        return f"No screen is opened, as its {said}; `workbench` alone on a terminal opens it."
    if os.environ.get("TERM") == "dumb":
        return "No screen is opened, as TERM=dumb names a terminal that cannot draw; set TERM to what it is, if it can."
    return ""


def _dispatch(argv: Sequence[str]) -> int:
    """Run one command and return its exit code."""
    if not argv and not (why := _no_screen()):
        from workbench.tui import app

        return app.run()
    if not argv:
        print(_overview())
        print(why, file=sys.stderr)
        return 0
    if argv[0] in ("-h", "--help", "help"):
        print(_overview())
        return 0
    if argv[0] in ("-V", "--version"):
        print(f"workbench {__version__}")
        return 0
    words = 2 if " ".join(argv[:2]) in COMMANDS else 1
    name = " ".join(argv[:words])
    if name not in COMMANDS:
        raise UsageError(f"There is no command {name!r}; {closest(name, COMMANDS)}.")
    module = importlib.import_module(f"workbench.cli.{COMMANDS[name][0]}")
    parser = _Parser(prog=f"workbench {name}", description=COMMANDS[name][1], allow_abbrev=False)
    rest = argv[words:]
    with module.ahead(rest) if hasattr(module, "ahead") else contextlib.nullcontext() as ahead:
        module.configure(parser, name)
        arguments = parser.parse_args(rest)
        arguments.command, arguments.ahead = name, ahead
        return int(module.run(arguments))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code; every foreseen error is one sentence on stderr."""
    words = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdin, sys.stdout):
        # A character that the terminal cannot say, or a name that is no text, is no reason to fail.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        return _dispatch(words)
    except WorkbenchError as error:
        if "--json" in words:
            print(json_safe(json.dumps({"error": str(error)}, ensure_ascii=False)))
        print(f"workbench: {clean(str(error))}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output has gone; Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        print(
            f"workbench: {clean(what)}; check the path, its permissions and the disk.",
            file=sys.stderr,
        )
        return 1
