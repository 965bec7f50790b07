"""`workbench export`: a run or a base as GGUF files.

Owns the arguments and what is printed of the result. The export is a run: it is followed as others are.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.cli.output import count, duration, figure, print_json, size, table
from workbench.core import best, gguf_size, units
from workbench.core.errors import UsageError
from workbench.core.quantized import forms
from workbench.core.recipe import MERGE_BASES, Recipe
from workbench.core.text import one_line
from workbench.core.units import percent
from workbench.guide import adapting, exporting, quantizing
from workbench.runs import base_facts, exports

_WORDS = {
    ("stops", True): "the same stops",
    ("stops", False): "other stops",
    ("chats", True): "the same chats",
    ("chats", False): "other chats",
    ("chats", None): "no chat template",
}
"""Part of a proof and how it went → in words."""


def configure(parser: argparse.ArgumentParser, command: str) -> None:
    """Declare the arguments of `export`."""
    parser.add_argument("target", help="a run, bundled, or a model folder")
    parser.add_argument("--type", help="GGUF types, separated by commas; for example F16,Q8_0,Q4_K_M; else Q8_0")
    parser.add_argument("--out", type=Path, help="the folder for the files; the artifacts of the export when left out")
    parser.add_argument("--name", help="the beginning of the file names")
    parser.add_argument(
        "--merge-base",
        choices=MERGE_BASES,
        default="auto",
        help="which weights an adapter is merged into; auto takes those that it was trained over",
    )
    parser.add_argument(
        "--no-importance",
        dest="importance",
        action="store_false",
        help="treat all weights alike, instead of keeping those most exactly that matter most for the run's own rows",
    )
    parser.add_argument(
        "--adapter", action="store_true", help="the adapter alone, as a file to load beside a GGUF of its base"
    )
    parser.add_argument("--plan", action="store_true", help="say how large the files are and what they need; no more")
    parser.add_argument("--detach", action="store_true", help="return at once; the export goes on by itself")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")


def _with_error(value: float | None, error: float | None, times: float, digits: int) -> str:
    """Return a figure with its standard error, where there are any."""
    if value is None:
        return "–"
    shown = round(times * value, digits) + 0.0  # a zero has no sign
    return f"{shown:.{digits}f}" + ("" if error is None else f" ±{times * error:.{digits}f}")


def sizes(
    reports: Mapping[str, Mapping[str, Any]], scores: Mapping[tuple[str, str], str] | None = None, scored: str = "score"
) -> str:
    """Return size against quality as a table: a line per file of some exports, by what each is an export of.

    `scores` has (name, type) → what else was found of a file, such as its share of an exam, in the last column, whose
    head is `scored`.
    """
    rows = []
    for name, report in reports.items():
        for line in report["files"]:
            measured = [
                size(line["bytes"]),
                figure(line["bits_per_weight"]),
                _with_error(line["kl"], line.get("kl_error"), 1, 4),
                "–" if line["top1"] is None else percent(line["top1"], 1),
                _with_error(line.get("perplexity_change"), line.get("perplexity_error"), 100, 2),
                "–" if line.get("speed") is None else units.roughly(line["speed"]),
                "–" if line.get("memory") is None else size(line["memory"]),
            ]
            rows.append([name, line["type"], *measured, (scores or {}).get((name, line["type"]), "")])
    heads = ["model", "type", "size", "bits", "KL", "same token", "perplexity, %", "tokens/s", "memory", scored]
    told = {0: len(reports) > 1, 9: bool(scores)} | {at: any(row[at] != "–" for row in rows) for at in (6, 7, 8)}
    shown = [at for at in range(len(heads)) if told.get(at, True)]
    return table([heads[at] for at in shown], [[row[at] for at in shown] for row in rows])


def describe(report: dict[str, Any]) -> str:
    """Return the report of an export in words: the proof, then a line per file."""
    proof = report["parity"]
    paths = {line["type"]: one_line(line["path"], 4096) for line in report["files"]}
    handiest = paths[exports.handiest({line["type"]: line["bytes"] for line in report["files"]})]
    return "\n".join(
        [
            f"made, proved in {duration(report['seconds'])}: {proof['tokenizer_mismatches']} texts of other tokens, "
            f"logits within {proof['max_abs_logit_diff']:.1e}, same token {percent(proof['top1'], 1)}, "
            f"{_WORDS['stops', proof['stops']]}, {_WORDS['chats', proof['chat_render']]}",
            *([f"exported: {state.words()}"] if (state := best.of_report(report.get("of", {}))) is not None else []),
            sizes({"": report}),
            *paths.values(),
            f"Talk with it: workbench chat {handiest}",
        ]
    )


def planned(asked: exporting.Wanted, as_json: bool) -> int:
    """Print what an export would come to; return the exit code."""
    wanted = asked.resolved.recipe
    if wanted.adapter_alone or wanted.method != exports.METHOD:
        print_json({"base": wanted.base, "disk": dict(asked.parts)}) if as_json else print(asked.room())
        return 0
    facts = base_facts.of_reference(wanted.base)
    tokens = min(gguf_size.CONTEXT, facts.context or gguf_size.CONTEXT)
    sizes = {kind: gguf_size.file_bytes(facts.shape, kind) for kind in wanted.gguf_types}
    needs = {kind: gguf_size.memory_bytes(facts.shape, sizes[kind], tokens) for kind in sizes}
    if as_json:
        files = [{"type": kind, "bytes": sizes[kind], "memory_bytes": needs[kind]} for kind in sizes]
        print_json({"base": wanted.base, "files": files, "disk": dict(asked.parts)})
        return 0
    context = f"memory at {count(tokens)} tokens"
    print(table(["type", "about", context], [[kind, size(sizes[kind]), size(needs[kind])] for kind in sizes]))
    print(asked.room())
    return 0


def begin(asked: exporting.Wanted, arguments: argparse.Namespace) -> int:
    """Start a run that hands something over and follow it, unless it is to go on by itself or only to be planned."""
    if arguments.plan:
        return planned(asked, arguments.json)
    from workbench.cli import train

    started = exporting.start(asked)
    if arguments.detach:
        print_json({"run": started.id}) if arguments.json else print(
            f"{started.id} is on its way; follow it with: workbench watch {started.id}"
        )
        return 0
    if not arguments.json:
        wanted = asked.resolved.recipe
        print(f"{started.id}: {', '.join(forms(wanted))} of {one_line(wanted.base)}\nCtrl-C leaves it running.")
    return train.watch(started, arguments.json)


def handed_over(wanted: Recipe, report: dict[str, Any]) -> str:
    """Return what a run that trains nothing has made, in words."""
    if wanted.method == quantizing.METHOD:
        path = one_line(report["folder"]["path"], 4096)
        return "\n".join([*quantizing.described(report["folder"]), path, f"Talk with it: workbench chat {path}"])
    return adapting.words(report) if wanted.adapter_alone else describe(report)


def run(arguments: argparse.Namespace) -> int:
    """Start the export and follow it, unless asked to let it go on by itself or only to say what it takes."""
    name = arguments.name or ""
    if arguments.adapter:
        refused = {"--type": arguments.type, "--no-importance": not arguments.importance}
        refused["--merge-base"] = arguments.merge_base != "auto"
        if given := [option for option, value in refused.items() if value]:
            raise UsageError(
                f"An adapter alone is one file in the numbers it was trained in, merged into nothing; leave out "
                f"{' and '.join(given)}, or --adapter."
            )
        return begin(adapting.wanted(arguments.target, arguments.out, name), arguments)
    types = [part for part in (arguments.type or "Q8_0").split(",") if part.strip()]
    asked = exporting.wanted(arguments.target, types, arguments.out, name, arguments.merge_base, arguments.importance)
    return begin(asked, arguments)
