"""`workbench plan`: what fits this card, with which values, and why, before anything is loaded.

Owns the flags, and that the look at the data is under way before anything else is imported: a plan is answered in a
fraction of a second. Must not import the engine.
"""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.guide.glancing import glancing, reader_of_data

if TYPE_CHECKING:
    from workbench.core.recipe import Resolved
    from workbench.runs.probe import Probe

Glanced = tuple[tuple[str, ...], dict[str, Any] | None]
"""Absolute paths of the data, and what a glance at them found, None without data."""

_GLANCE_SECONDS = 60
_GLANCE_BYTES = 4 << 30
"""Address space; what it really uses stays far below."""


def _reader() -> Probe:
    """Return a child that gets ready to glance at data."""
    return Probe("workbench.data.glance:glance", what="The data", seconds=_GLANCE_SECONDS, memory_bytes=_GLANCE_BYTES)


def ahead(words: Sequence[str]) -> contextlib.AbstractContextManager[Probe | None]:
    """Return a reader that gets ready while the words are understood, where they look as if they named data."""
    named = any(word.startswith("--data") or word.endswith(".toml") for word in words)
    return reader_of_data() if named else contextlib.nullcontext()


def configure(parser: argparse.ArgumentParser, command: str) -> None:
    """Declare the arguments of `plan`."""
    from workbench.cli import asked

    asked.configure(
        parser, "bundled, a model folder, a run, or a model of the catalogue", "the best that fits when left out"
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="a config.json in place of a base that is not here")
    parser.add_argument("--gpu-memory", metavar="SIZE", help="plan for a card with so much free, such as 24GiB")
    parser.add_argument("--gpu", metavar="NAME", help="plan for a card of this name, such as 'RTX 4090'")
    parser.add_argument("--save", type=Path, metavar="FILE", help="write the recipe; `workbench train FILE` runs it")
    parser.add_argument(
        "--script", type=Path, metavar="FILE", help="write a TRL script that does without the workbench"
    )
    parser.add_argument("--refine", action="store_true", help="trace a step without a GPU, for a closer estimate")
    parser.add_argument("--dry-run", action="store_true", help="try it: a few real steps, and what they take")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")


def run(arguments: argparse.Namespace) -> int:
    """Print the plan and return 0, or 1 when nothing fits."""
    from workbench.cli import asked
    from workbench.cli.output import Live, print_json

    live = Live(quiet=arguments.json)
    values, origin = asked.chosen(arguments)
    with glancing(values, live, arguments.ahead) as waited_for:
        from workbench.cli import planning  # while the data is being looked at

        solve, base, card, glance = planning.made(arguments, values, origin, waited_for)
    trace: dict[str, Any] | None = None
    if arguments.refine:
        from workbench.cli import refine

        found, trace = refine.refined(solve, base, card, live)
    else:
        found = solve({})
    live.clear()
    if arguments.save is not None:
        from workbench.core import recipe
        from workbench.guide.writing import write_new

        write_new(arguments.save, recipe.to_toml(found.chosen.resolved), "recipe")
    command = _script(arguments.script, found.chosen.resolved) if arguments.script is not None else ""
    told = planning.described(found, base, card, glance)
    body = {**told, **({"prepare": command} if command else {}), **({"trace": trace} if trace else {})}
    if not arguments.json:
        print(planning.printed(found, base, card, glance), flush=True)
        if trace is not None:
            print(refine.printed(trace), flush=True)
    if arguments.dry_run:
        from workbench.cli import dry
        from workbench.guide.lengths import of_glance

        tried = dry.tried(found, base, card, live, of_glance(glance, base) if glance else None)
        body["dry_run"] = tried
        if not arguments.json:
            print("\n" + dry.printed(tried, found, card))
    if arguments.json:
        print_json(body)
    else:
        if arguments.save is not None:
            run_it = f"run it with: workbench train {arguments.save}" if found.fits else "nothing of it fits yet."
            print(f"\nThe recipe is in {arguments.save}; {run_it}")
        if arguments.script is not None:
            from workbench.core.text import one_line

            print(f"\nThe script is in {one_line(str(arguments.script))}; it reads the rows that this command writes:")
            print(f"  {one_line(command)}")
    return 0 if found.fits else 1


def _script(path: Path, resolved: Resolved) -> str:
    """Write the recipe as a script and return the command that prepares its rows.

    Raises UsageError when no script can repeat the run, or the file cannot be written.
    """
    from workbench.core import script
    from workbench.guide.writing import write_new
    from workbench.runs import base_facts

    prepared = f"{path.stem}-rows"
    write_new(path, script.text(resolved, base_facts.weights_of(resolved.recipe.base), prepared), "script")
    return script.prepare_command(resolved.recipe, prepared)
