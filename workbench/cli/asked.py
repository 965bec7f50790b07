"""What a person asks of a run: a recipe file, flags and --set, one over the other.

Owns the flags that `plan` and `train` share. Must not look at bases, data or hardware.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from workbench.core import recipe, relevance
from workbench.core.errors import UsageError
from workbench.guide.sources import assignments


def configure(parser: argparse.ArgumentParser, base: str, tuning: str, method: str = "") -> None:
    """Declare the flags; `base` and `tuning` are the words of help for those two, `method` is the one that is settled.

    A command of one method is given a base where the others are given a recipe file.
    """
    if method:
        parser.add_argument("base", metavar="BASE", help=base)
        parser.set_defaults(recipe=None, method=method)
    else:
        parser.add_argument("recipe", nargs="?", type=Path, help="a recipe file; flags and --set win over it")
        parser.add_argument("--base", help=base)
    if relevance.counts("teacher", method):
        parser.add_argument("--teacher", help="the larger model to learn from: a run, a folder, or a model of the hub")
    parser.add_argument(
        "--data",
        action="append",
        help="a file, folder, archive, plan or hub id (owner/name); may be given several times",
    )
    parser.add_argument("--format", help="read the rows in this format instead of the one detected")
    parser.add_argument("--column", action="append", metavar="ROLE=NAME", help="take this column for a role")
    if not method:
        parser.add_argument("--method", choices=recipe.METHODS, help="proposed from the data when left out")
    parser.add_argument("--tuning", choices=recipe.TUNINGS, help=tuning)
    parser.add_argument("--preset", help="start from this preset instead of the one for method and tuning")
    parser.add_argument("--title", help="a short name for the run")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="set a recipe field, by its name or as a plan shows it",
    )


def chosen(arguments: argparse.Namespace) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the person's values and where each comes from: recipe file, then flags, then --set."""
    values: dict[str, Any] = {}
    origin: dict[str, str] = {}
    if arguments.recipe is not None:
        stored, provenance = recipe.from_toml(_text(arguments.recipe), str(arguments.recipe))
        values |= stored
        origin |= {name: provenance.get(name, f"recipe {arguments.recipe.name}") for name in stored}
    flags = {name: getattr(arguments, name, None) for name in ("base", "data", "method", "tuning", "title", "teacher")}
    flags |= {"data_format": arguments.format, "data_columns": arguments.column}
    for source in (
        {name: value for name, value in flags.items() if value is not None},
        {
            recipe.named(name): value
            for name, value in assignments(arguments.set, "--set", "FIELD=VALUE", "max_steps=100").items()
        },
    ):
        checked = recipe.checked(source)
        values |= checked
        origin |= dict.fromkeys(checked, "chosen")
    if (method := values.get("method")) in recipe.PUBLISHING:
        raise UsageError(f"{method} trains nothing; it has a command of its own: workbench {method} RUN")
    return values, origin


def _text(path: Path) -> str:
    """Return the text of a recipe file; raises UsageError when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"The recipe {path} cannot be read: {error.strerror}; check the path.") from None
    except UnicodeDecodeError:
        raise UsageError(f"The recipe {path} is not UTF-8 text; save it as UTF-8.") from None
