"""`workbench models`: the base models somebody with one GPU uses, and which of them are on this machine.

Owns what is printed of the catalogue. Must not know where its facts come from or what fits a card.
"""

from __future__ import annotations

import argparse
from typing import Any

from workbench.cli.output import print_json, table
from workbench.core import catalogue
from workbench.core.catalogue import Model
from workbench.core.errors import UsageError
from workbench.core.text import one_line
from workbench.guide import describing
from workbench.runs import hub_cache


def configure(parser: argparse.ArgumentParser, command: str) -> None:
    """Declare the arguments of `models`."""
    parser.add_argument("words", nargs="*", help="only models whose name or family has all of these words")
    parser.add_argument("--here", action="store_true", help="only models that are on this machine")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")


def _is_meant(model: Model, words: list[str]) -> bool:
    """Return whether all words stand in what a model is called."""
    called = f"{model.hub_id} {model.label} {model.family.name} {model.kind} {model.licence}".lower()
    return all(word.lower() in called for word in words)


def parameters(number: int) -> str:
    """Return a number of parameters as people say it: "8.19 B", "270 M"."""
    return f"{number / 1e9:.3g} B" if number >= 1e9 else f"{number / 1e6:.3g} M"


def _described(model: Model, here: str) -> dict[str, Any]:
    """Return a model as JSON."""
    family = model.family
    return {
        "id": model.hub_id,
        "family": family.name,
        "kind": model.kind,
        "parameters": model.parameters,
        "context": model.context,
        "extended_context": model.extended_context,
        "licence": model.licence,
        "gated": model.gated,
        "chat_template": model.chat_template,
        "thinking": model.thinking,
        "packing": family.packing,
        "sixteen_bit": list(family.sixteen_bit),
        "gguf": family.gguf,
        "source": model.source,
        "date": model.date,
        "here": here,
    }


def _whole(model: Model, here: str) -> str:
    """Return all that is known of one model, for people."""
    terms = "   (accept its terms on the hub first)" if model.gated else ""
    fetch = f"workbench models download {model.hub_id}{terms}"
    lines = {
        "model": f"{model.hub_id}, {model.kind}, {parameters(model.parameters)} parameters",
        "family": f"{model.family.name}: {model.family.description}",
        **dict(describing.of_catalogue(model)),
        "here": here or f"no; get it with: {fetch}",
        "train": f"workbench train --base {model.hub_id} --data YOUR_FILE",
    }
    return "\n".join(f"{name:<10}{one_line(text)}" for name, text in lines.items())


def run(arguments: argparse.Namespace) -> int:
    """Print the models that are meant, or all about the only one."""
    found = [(model, str(hub_cache.find(model.hub_id) or "")) for model in catalogue.models()]
    found = [
        (model, here) for model, here in found if _is_meant(model, arguments.words) and (here or not arguments.here)
    ]
    exact = [(model, here) for model, here in found if [model.hub_id.lower()] == [w.lower() for w in arguments.words]]
    found = exact or found
    if arguments.json:
        print_json({"models": [_described(model, here) for model, here in found]})
        return 0
    if not found:
        raise UsageError(
            "No model of the catalogue is on this machine; get one with `workbench models download ID`."
            if arguments.here and not arguments.words
            else "No model of the catalogue is called so; `workbench models` lists them all, `models search` the hub's."
        )
    if len(found) == 1:
        print(_whole(*found[0]))
        return 0
    rows = [
        [
            model.hub_id,
            model.kind,
            parameters(model.parameters),
            f"{model.context // 1024}k" if model.context >= 1024 else str(model.context),
            f"{model.licence}{' (gated)' if model.gated else ''}",
            "yes" if here else "",
        ]
        for model, here in found
    ]
    print(table(["model", "kind", "size", "context", "licence", "here"], rows))
    return 0
