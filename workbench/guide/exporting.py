"""Making GGUF files of a run or a base: what is offered and why, the export itself, and what is kept of it.

Owns the choice of real texts for the proof, the report beside the files, and the words for both. The work is done in
another process; must not know how a page looks.
"""

from __future__ import annotations

import json
import shlex
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workbench.core import best, gguf_size, gguf_types, paths, recipe, units
from workbench.core.errors import WorkbenchError
from workbench.core.shape import Shape
from workbench.guide.fits import verdict_of
from workbench.guide.sources import inspected
from workbench.runs import atomic, base_facts, bases, errand, probe, store

PROOF_ROWS = 8
"""Rows of the run's own data that the proof uses beside its fixed hard texts."""
KEPT = "export.json"
"""The report beside the files."""
_MAX_KEPT_BYTES = 4 << 20

OFFERED = ("BF16", "Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "IQ4_XS", "Q3_K_M", "Q2_K")
"""The types a list offers, from the largest to the smallest; the command line takes every other one too."""
_FINE = OFFERED[1:6]
"""Those that are recommended: a larger one is no better, a smaller one loses too much."""
CARDS = (8, 12, 24)
"""Sizes of cards in GiB that a list judges by."""


# What is offered


@dataclass(frozen=True)
class Offer:
    """One type, before it is made."""

    kind: str
    bytes: int
    """About how large the file will be."""
    memory: int
    """About what answering with it takes on a card."""

    def fit(self, card: int) -> str:
        """Return "fits", "tight" or "no" for a card of so many GiB."""
        return verdict_of(self.memory, card * units.GIB)


@dataclass(frozen=True)
class Target:
    """What is exported, and what is known of its files."""

    reference: str
    label: str
    base: str
    """The root of its lineage."""
    merged: bool
    """Whether an adapter is merged into the base on the way."""
    out: Path
    context: int
    """Tokens the fits are judged with: 8 192, or fewer where the model has fewer."""
    offers: tuple[Offer, ...]
    recommended: str
    why: str
    """A sentence about the recommended type."""
    made: Mapping[str, Made]
    """Type → its file, for those that are there."""
    state: best.Result | None = None
    """Which state of a run it is; None where the run does not say."""


@dataclass(frozen=True)
class Made:
    """A file that was exported and is still there."""

    kind: str
    path: Path
    bytes: int
    kl: float | None
    top1: float | None
    speed: float | None
    """Tokens per second as the proof's answers were written on this machine."""
    proof: Mapping[str, Any]
    """The proof's report, see `engine.export.parity.Parity`."""


def offers(shape: Shape, context: int) -> tuple[Offer, ...]:
    """Return every type that a list offers for a model of this shape."""
    found = []
    for kind in OFFERED:
        size = gguf_size.file_bytes(shape, kind)
        found.append(Offer(kind, size, gguf_size.memory_bytes(shape, size, context)))
    return tuple(found)


def recommended(found: Sequence[Offer]) -> tuple[str, str]:
    """Return (type, why): the finest that leaves room on the smallest card on which a fine one does."""
    for card in CARDS:
        for offer in found:
            if offer.kind in _FINE and offer.fit(card) == "fits":
                return offer.kind, f"the finest type that leaves room on a card of {card} GiB"
    smallest = next(offer for offer in reversed(found) if offer.kind in _FINE)
    return smallest.kind, "the smallest type that still loses little, though it needs a larger card"


def place_of(base: bases.Base) -> Path:
    """Return the folder for the files: the run's artifacts, or one under the workbench's data for a base."""
    if base.run_id:
        return store.find(base.run_id).artifacts_dir
    return paths.data_home() / "exports" / base.model_dir.name


def target(reference: str) -> Target:
    """Return what a page shows of a run, a base or a folder; raises WorkbenchError when it cannot be exported."""
    base, facts = bases.resolve(reference), base_facts.of_reference(reference)
    context = min(gguf_size.CONTEXT, facts.context or gguf_size.CONTEXT)
    found = offers(facts.shape, context)
    kind, why = recommended(found)
    out = place_of(base)
    return Target(
        reference,
        base.run_id or base.label,
        base.root,
        base.adapter_dir is not None,
        out,
        context,
        found,
        kind,
        why,
        kept(out, _name(base)),
        state_of(base),
    )


def state_of(base: bases.Base) -> best.Result | None:
    """Return which state of a run its result is; None for a run that does not say, and for what is no run."""
    return best.of_report(store.find(base.run_id).report()) if base.run_id else None


# The export


def _real_rows(base: bases.Base) -> tuple[list[str], list[list[dict[str, str]]]]:
    """Return texts and conversations from the data of the run, for the proof; none for a base without data."""
    if not base.run_id:
        return [], []
    wanted = recipe.load(store.find(base.run_id).recipe_path).recipe
    try:
        found = inspected(wanted.data, wanted.method, target="preflight")
    except WorkbenchError:
        # The data may be gone since; the fixed texts of the proof remain.
        return [], []
    rows = found.get("examples", [])[:PROOF_ROWS]
    texts = [row["text"][:2000] for row in rows if "text" in row]
    chats = [row["messages"] for row in rows if "messages" in row]
    chats += [row["prompt"] + row[name] for row in rows for name in ("chosen", "completion") if name in row]
    return texts, [[{"role": turn["role"], "content": turn["content"]} for turn in chat] for chat in chats]


def _name(base: bases.Base) -> str:
    """Return what the files' names begin with."""
    return base.run_id or base.model_dir.name


def export(
    target: str,
    types: list[str],
    out: Path | None = None,
    name: str = "",
    merge_base: str = "",
    on_line: Callable[[dict[str, Any]], None] | None = None,
    stop: threading.Event | None = None,
) -> dict[str, Any]:
    """Export a target and return the report, which is kept beside the files too.

    Setting `stop` ends it from another thread, as `errand.run` says. Raises WorkbenchError with the reason when the
    proof fails.
    """
    base = bases.resolve(target)
    probe.run_probe("workbench.runs.bases:inspect", {"path": str(base.model_dir)}, seconds=60)
    run = store.find(base.run_id) if base.run_id else None
    texts, chats = _real_rows(base)
    folder = (out or (run.artifacts_dir if run else Path.cwd())).expanduser().resolve()
    request = {
        "base": str(base.model_dir),
        "out": str(folder),
        "name": name or _name(base),
        "types": types,
        "adapter": str(base.adapter_dir) if base.adapter_dir else None,
        "merge_base": merge_base or ("dequantised" if base.adapter_tuning == "qlora" else "original"),
        "dtype": base.adapter_dtype,
        "texts": texts,
        "chats": chats,
    }
    result = errand.run("workbench.engine.export", request, on_line, who="The export", stop=stop)
    report = result["result"]
    assert isinstance(report, dict)
    if (state := state_of(base)) is not None:
        report["result"] = state.plain()
    keep(folder, report)
    return report


def told(
    reference: str, types: list[str], out: Path, stop: threading.Event, tell: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """Export as a page asks for it; `tell` hears every step."""
    return export(reference, types, out, on_line=lambda line: tell(line) if "step" in line else None, stop=stop)


# What is kept of it


def _read(folder: Path) -> dict[str, Any]:
    """Return file name → entry of the report in a folder; {} when there is none or it is damaged."""
    try:
        with (folder / KEPT).open("rb") as file:
            body = json.loads(file.read(_MAX_KEPT_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    files = body.get("files") if isinstance(body, dict) else None
    return files if isinstance(files, dict) else {}


def keep(folder: Path, report: Mapping[str, Any]) -> None:
    """Write what an export reports beside its files, with what earlier ones reported of the others there."""
    made = datetime.now(UTC).isoformat(timespec="seconds")
    known = _read(folder)
    for line in report["files"]:
        known[Path(line["path"]).name] = {**line, "made": made, "parity": report["parity"]}
    body = {"files": {name: entry for name, entry in known.items() if (folder / name).is_file()}}
    atomic.write_text(folder / KEPT, json.dumps(body, ensure_ascii=False, indent=1) + "\n")


def kept(folder: Path, name: str) -> dict[str, Made]:
    """Return type → file for what was exported to a folder under a name.

    A file of which nothing is reported, or that is of another size than its report says, is there without figures.
    """
    known, found = _read(folder), {}
    for kind in OFFERED:
        path = folder / gguf_types.file_name(name, kind)
        try:
            size = path.stat().st_size
        except (OSError, ValueError):
            continue
        entry = known.get(path.name)
        entry = entry if isinstance(entry, dict) and entry.get("bytes") == size else {}
        kl, top1, speed = (_number(entry.get(what)) for what in ("kl", "top1", "speed"))
        proof = entry.get("parity")
        found[kind] = Made(kind, path, size, kl, top1, speed, proof if isinstance(proof, dict) else {})
    return found


def hashes(folder: Path) -> dict[str, str]:
    """Return file name → SHA-256 of the exported files in a folder, as they were when they were proved."""
    return {
        name: str(entry["sha256"])
        for name, entry in _read(folder).items()
        if isinstance(entry, dict) and "sha256" in entry
    }


def _number(value: Any) -> float | None:
    """Return a figure of the report; None for what is none."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


@dataclass(frozen=True)
class Check:
    """One line of the proof."""

    name: str
    passed: bool | None
    """None where there was nothing to check."""
    said: str


def checks(proof: Mapping[str, Any]) -> tuple[Check, ...]:
    """Return the four parts of a proof with their figures; a part whose figures are missing is left out."""
    found = []
    texts, wrong = _number(proof.get("texts")), _number(proof.get("tokenizer_mismatches"))
    if texts is not None and wrong is not None:
        said = f"{units.count(texts - wrong)} of {units.count(texts)} texts identical"
        found.append(Check("tokenizer ids", wrong == 0, said))
    largest, top1 = _number(proof.get("max_abs_logit_diff")), _number(proof.get("top1"))
    if largest is not None and top1 is not None:
        found.append(Check("logits", top1 == 1, f"at most {units.rate(largest)} apart"))
    if isinstance(proof.get("stops"), bool):
        prompts, stopped = _number(proof.get("prompts")), _number(proof.get("stopped"))
        counted = (
            f"{units.count(stopped)} of {units.count(prompts)} answers end with one" if prompts and stopped else ""
        )
        found.append(Check("stop tokens", proof["stops"], counted or "the same as the model's"))
    if "chat_render" in proof:
        chats, passed = _number(proof.get("chats")), proof["chat_render"]
        many = f"{units.count(chats)} of {units.count(chats)} chats identical" if chats else "identical"
        found.append(Check("chat rendering", passed, many if passed is not None else "the model has no chat template"))
    return tuple(found)


def quoted(made: Made) -> str:
    """Return the path of a file as a shell takes it."""
    return shlex.quote(str(made.path))


def commands(made: Made, context: int) -> tuple[tuple[str, str], ...]:
    """Return (program, command line) that run a file elsewhere."""
    path = quoted(made)
    return (
        ("llama.cpp, in a browser", f"llama-server -m {path} -c {context}"),
        ("llama.cpp, in the terminal", f"llama-cli -m {path} -c {context}"),
    )


def command(target: Target, types: Sequence[str]) -> str:
    """Return the command line that exports the same."""
    words = ["workbench", "export", target.reference, "--type", ",".join(types)]
    if target.out.name != "artifacts":
        words += ["--out", str(target.out)]
    return shlex.join(words)
