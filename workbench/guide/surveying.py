"""The data of the road: which is proposed, how a person names it, what a survey of it says, and its rows.

Owns the choice, the words and the requests to probes. Must not read data itself: a limited child does, and a folder is
only listed here.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from workbench.core import paths, recipe
from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.text import one_line
from workbench.core.units import NONE, count
from workbench.guide import sources
from workbench.guide.asking import looked_at
from workbench.guide.glancing import glanced
from workbench.guide.road import METHOD_NAMES, Road
from workbench.guide.sources import Quiet
from workbench.runs import bases, probe

_ROWS = (".jsonl", ".ndjson", ".parquet", ".csv", ".tsv", ".arrow", ".json")
"""Files that hold rows, by name; `.gz` and the like may follow."""
_TEXTS = (".txt", ".md", ".html", ".pdf", ".docx", ".epub", ".zip")
_PACKED = (".gz", ".zst", ".bz2", ".xz")
_NOT_DATA = re.compile(
    r"(package|package-lock|tsconfig|config|composer|manifest|settings|tokenizer.*|.*_config|generation_config"
    r"|dataset_info)\.json|(readme|license|licence|changelog|contributing|notice|requirements.*)\b.*",
    re.IGNORECASE,
)
_MOST_LISTED = 2000
_MOST_COMPLETED = 1000
ROWS_SECONDS = 600


def bundled() -> str:
    """Return the path of the questions that come with the workbench."""
    return str(paths.assets_dir() / "data" / "questions.jsonl")


def candidates(folder: Path) -> list[str]:
    """Return the files of a folder that look like data, by name alone: rows before texts, newest first."""
    found: list[tuple[int, float, str]] = []
    try:
        with os.scandir(folder) as entries:
            for number, entry in enumerate(entries):
                if number >= _MOST_LISTED:
                    break
                name = entry.name.lower()
                for packed in _PACKED:
                    name = name.removesuffix(packed)
                rank = 0 if name.endswith(_ROWS) else 1 if name.endswith(_TEXTS) else 2
                if rank < 2 and not name.startswith(".") and not _NOT_DATA.fullmatch(name) and entry.is_file():
                    found.append((rank, -entry.stat().st_mtime, entry.path))
    except OSError:
        return []
    return [os.path.abspath(path) for _, _, path in sorted(found)]


def proposed(base: str, gpu: bool, folder: Path) -> tuple[str, str]:
    """Return (path, why) of the data to start from."""
    if base == recipe.BUNDLED and not gpu:
        return bundled(), "They come with the workbench, and the bundled model learns them in minutes."
    here = candidates(folder)
    if here and Path(here[0]).suffix not in _TEXTS:
        return here[0], "It is the newest file with rows in this folder."
    if here:
        return here[0], "It is the newest text in this folder."
    return bundled(), "No file here looks like data, and these questions come with the workbench."


_SUITS = {"sft": ("sft",), "dpo": ("dpo", "kto"), "grpo": ("grpo",), "ppo": ("grpo",)}
"""Method → what the methods are that rows for it suit first."""
_NEEDS = {
    "sft": "questions with answers", "dpo": "better and worse answers", "grpo": "prompts with answers to check",
    "ppo": "prompts",
}  # fmt: skip
_COME = {"sft": "questions", "dpo": "preferences", "grpo": "prompts", "ppo": "prompts"}
"""Method → the file that comes with the workbench and the bundled model learns from."""
_MADE = {"dpo": "; the page before makes such pairs of its own answers, under Preferences"}
_MOST_TRIED = 8


def suiting(wanted: str, base: str, folder: Path) -> tuple[str, str]:
    """Return (path, why) of the data for the method that is meant to come next; ("", why not) without any.

    Files of the folder are glanced at, the newest first; a run of the bundled base is offered what comes with it.
    """
    for path in candidates(folder)[:_MOST_TRIED]:
        try:
            glance = glanced({"data": (path,)}, Quiet())[1]
        except WorkbenchError:
            continue
        if glance is not None and glance["method"] in _SUITS[wanted]:
            return path, f"It is the newest file of {_NEEDS[wanted]} in this folder."
    no = f"No file of this folder has {_NEEDS[wanted]}, which {METHOD_NAMES[wanted]} learns from"
    if bases.resolve(base).root == recipe.BUNDLED:
        come = paths.assets_dir() / "data" / f"{_COME[wanted]}.jsonl"
        return str(come), f"{no}; these come with the workbench."
    return "", f"{no}{_MADE.get(wanted, '')}."


def of_plan(problems: Sequence[dict[str, Any]], copies_kept: bool) -> list[dict[str, Any]]:
    """Return the problems of a survey in words that hold for a plan, which may keep copies of rows."""
    return [{**one, "text": one["if_kept"]} if copies_kept and "if_kept" in one else one for one in problems]


def named(text: str) -> tuple[str, ...]:
    """Return the paths and hub ids in what a person typed, pasted or dragged onto the terminal.

    Quotes, blanks escaped with a backslash and file:// addresses are understood; a path with plain blanks is one when
    it is there. Raises UsageError when nothing is named.
    """
    text = text.strip()
    if not text:
        raise UsageError("Nothing is named; give a file, a folder, an archive or a hub id such as owner/name.")
    if os.path.lexists(paths.expanded(text)):
        return (str(paths.expanded(text)),)
    try:
        words = shlex.split(text)
    except ValueError:
        words = [text.strip("'\"")]
    found = []
    for word in words:
        address = urlsplit(word) if word.startswith("file://") else None
        found.append(unquote(address.path) if address is not None else word)
    return tuple(word for word in found if word)


def completions(text: str) -> list[str]:
    """Return what a path that is being typed can become: the folders, then the files, that begin so; of the last one
    where several stand. Lists one folder, so call it from a thread."""
    before, blank, last = text.rpartition(" ") if not os.path.lexists(paths.expanded(text)) else ("", "", text)
    if blank and before.endswith("\\"):
        before, blank, last = "", "", text
    head, slash, begun = last.replace("\\ ", " ").rpartition("/")
    folder = paths.expanded(head + slash) if slash else Path()
    found: list[tuple[bool, str]] = []
    try:
        with os.scandir(folder) as entries:
            for number, entry in enumerate(entries):
                if number >= _MOST_COMPLETED:
                    break
                if entry.name.startswith(begun) and (begun.startswith(".") or not entry.name.startswith(".")):
                    found.append((not entry.is_dir(), entry.name + ("/" if entry.is_dir() else "")))
    except (OSError, ValueError):
        return []
    escape = (lambda name: name.replace(" ", "\\ ")) if blank or "\\ " in last else str
    return [f"{before}{blank}{escape(head + slash + name)}" for _, name in sorted(found)]


class _Saying:
    """Passes on how far a download is, and what is said on the way."""

    rewrites = True

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.update = self.line = tell


def fetched(data: Sequence[str], tell: Callable[[str], None]) -> tuple[str, ...]:
    """Return the paths of data as a person named it; what is on the hub is downloaded, of which `tell` hears.

    Raises WorkbenchError with what to do when something cannot be had.
    """
    return sources.local(data, _Saying(tell))


def brought(text: str, tell: Callable[[str], None]) -> tuple[str, ...]:
    """Return the data a person named, brought to this machine: paths in full, ids of the hub as they are.

    Raises WorkbenchError when there is none such.
    """
    data = named(text)
    for path in fetched(data, tell):
        if not Path(path).exists():
            raise UsageError(f"There is no file or folder {one_line(path, 200)}; check the path.")
    return tuple(str(paths.expanded(name).absolute()) if paths.expanded(name).exists() else name for name in data)


def request_of(road: Road) -> dict[str, Any]:
    """Return what a probe is asked of the road's data; its datasets are on this machine."""
    data, method, format, columns = looked_at(road)
    roles = sources.assignments(columns, "--column", "ROLE=NAME", "prompt=question")
    return {
        "paths": list(fetched(data, lambda text: None)), "method": method, "format": format, "columns": roles,
    }  # fmt: skip


def survey(road: Road, tell: Callable[[str], None]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return (what was looked at, its survey); raises WorkbenchError when it cannot be read."""
    data, method, format, columns = looked_at(road)
    local = fetched(data, tell)
    tell("reading all rows")
    roles = sources.assignments(columns, "--column", "ROLE=NAME", "prompt=question")
    return looked_at(road), sources.inspected(local, method, format, roles)


def rows(road: Road, first: int, number: int, aside: bool) -> tuple[bool, int, dict[str, Any]]:
    """Return (`aside`, `first`, {"rows", "more"}): some of the usable rows, or of those set aside."""
    request = {**request_of(road), "first": first, "number": number, "aside": aside}
    found = probe.run_probe(
        "workbench.data.browse:page",
        request,
        what="The data",
        seconds=ROWS_SECONDS,
        memory_bytes=sources.PROBE_BYTES,
        output_bytes=64 << 20,
    )
    assert isinstance(found, dict)
    return aside, first, found


def size_of(data: Sequence[str]) -> int:
    """Return the bytes of files that are named, 0 where one is a folder or not on this machine."""
    total = 0
    for path in data:
        try:
            if not os.path.isfile(path):
                return 0
            total += os.path.getsize(path)
        except (OSError, ValueError):
            return 0
    return total


def turns_of(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (who, text) for the parts of a canonical row."""
    for name, value in row.items():
        if name == "tools":
            continue
        turns: list[dict[str, Any]] = value if isinstance(value, list) else [{"role": name, "content": str(value)}]
        for turn in turns:
            said = turn.get("content") or "; ".join(
                str(call.get("function", call)) for call in turn.get("tool_calls") or []
            )
            yield (name if name not in ("messages", "prompt", turn["role"]) else turn["role"]), str(said)


# Words

_NOUNS = {"cpt": "articles", "pretrain": "articles", "dpo": "pairs of a better and a worse answer", "grpo": "prompts"}
_NOUNS |= {"orpo": _NOUNS["dpo"], "reward": _NOUNS["dpo"], "kto": "rated answers", "ppo": "prompts"}
_TAUGHT = {
    "sft": "trained on the answers only", "cpt": "trained on all of the text", "pretrain": "trained on all of the text",
    "dpo": "which learns what is better", "orpo": "which learns the better answer and the preference at once",
    "reward": "which learns to tell the better answer", "kto": "which learns what to say and what to avoid",
    "grpo": "which learns from rewards", "ppo": "which learns from rewards",
    "distill": "trained on what a larger model says of the answers",
    "prune": "which a cut model learns to answer as the whole one does",
}  # fmt: skip


def noun(method: str, examples: Sequence[Mapping[str, Any]]) -> str:
    """Return what rows are called."""
    if method == "sft":
        short = [[turn["role"] for turn in row.get("messages", ()) if turn["role"] != "system"] for row in examples]
        return "questions and answers" if short and all(len(turns) <= 2 for turns in short) else "conversations"
    return _NOUNS.get(method, "rows")


def sentence(road: Road, glance: Mapping[str, Any] | None, found: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Return as (text, role) pieces what the data is and which method follows; [] while nothing is known of it."""
    known = found if found is not None else glance
    if known is None:
        return []
    method = str(known["method"])
    if not method:
        return [("No method can learn from these rows", "figure"), (": " + " ".join(known["reasons"]), "value")]
    number = known["usable"] if found is not None else known["rows"]
    about = "about " if found is None and known["about"] else ""
    examples = found["examples"] if found is not None else []
    name = noun(method, examples) if examples or method != "sft" else "rows to answer"
    name = name.replace("articles", "article") if number == 1 else name
    so = "and the method is" if road.chosen.get("method") else "so the method will be"
    return [
        (f"{about}{count(number)}", "figure"),
        (f" {name}, {so} ", "value"),
        (METHOD_NAMES.get(method, method), "figure"),
        (f", {_TAUGHT.get(method, '')}.", "value"),
    ]


def fix_words(fix: Mapping[str, Any]) -> str:
    """Return what a problem's fix sets."""
    said = []
    for name, value in fix.items():
        label = recipe.FIELDS[name][1].label if name in recipe.FIELDS else name
        said.append(f"{label} to {', '.join(map(str, value)) if isinstance(value, list) else value}")
    return one_line("sets " + " and ".join(said), 70) if said else ""


def is_mended(road: Road, fix: Mapping[str, Any]) -> bool:
    """Return whether the road has all that a problem's fix sets."""
    return bool(fix) and all(road.chosen.get(name) == value for name, value in recipe.checked(dict(fix)).items())


@dataclass(frozen=True)
class Layout:
    """What rows were found to be, in words."""

    format: str
    columns: str
    """Which column has which role, "" where that is not known."""
    evidence: str


def layout(survey: Mapping[str, Any] | None, glance: Mapping[str, Any] | None) -> Layout:
    """Return what the rows of a survey are, while there is none those of a glance."""
    if survey is not None:
        return Layout(survey["format"] or "unknown", _roles(survey), evidence(survey))
    if glance is not None:
        return Layout(glance["format"], _roles(glance), evidence({"reasons": glance["why"]}))
    return Layout(NONE, "", "")


def _roles(found: Mapping[str, Any]) -> str:
    """Return which column has which role."""
    return ", ".join(f"{column} as {role}" if column != role else role for role, column in found["columns"].items())


def evidence(found: Mapping[str, Any]) -> str:
    """Return why rows are what they are, short enough to stand beside it; where it was a part of them it says so."""
    reason = str(found["reasons"][0]).rstrip(".") if found["reasons"] else ""
    whole = "rows" in found and f"of {count(found['rows'])} " in reason
    return re.sub(r" \(columns? .*\)$", "", reason.replace(" looked at", "") if whole else reason)
