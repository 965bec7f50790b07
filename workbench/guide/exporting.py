"""Making GGUF files of a run or a base: what is offered and why, what it takes, and the run that makes them.

Owns the offers, the recipe of an export and the words for both. The work is a run's; must not know how a page looks.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.core import best, gguf_size, gguf_types, paths, recipe, units
from workbench.core.errors import UsageError
from workbench.core.lifecycle import ACTIVE
from workbench.core.shape import Shape
from workbench.core.text import one_line
from workbench.guide import lineage, starting
from workbench.guide.fits import verdict_of
from workbench.runs import atomic, base_facts, bases, control, exports, host, probe, store
from workbench.runs.exports import METHOD, Made

OFFERED = ("BF16", "Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "IQ4_XS", "Q3_K_M", "Q2_K")
"""The types a list offers, from the largest to the smallest; the command line takes every other one too."""
_FINE = OFFERED[1:6]
"""Those that are recommended: a larger one is no better, a smaller one loses too much."""
_UNFINISHED = (*ACTIVE, "paused", "lost", "stuck")
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
    making: str = ""
    """The newest export of it where that is at work or can go on, "" for none."""


def offers(shape: Shape, context: int, made: Iterable[str] = ()) -> tuple[Offer, ...]:
    """Return every type that a list shows of a model of this shape: those offered and those made, largest first."""
    found = []
    bits = {kind: gguf_types.TYPES[kind].bits for kind in (*OFFERED, *made)}
    for kind in sorted(bits, key=lambda kind: -bits[kind]):
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


def target(reference: str) -> Target:
    """Return what a page shows of a run, a base or a folder; raises WorkbenchError when it cannot be exported.

    An export stands for what it is an export of.
    """
    reference = exports.exported(reference)
    base, facts = bases.resolve(reference), base_facts.of_reference(reference)
    context = min(gguf_size.CONTEXT, facts.context or gguf_size.CONTEXT)
    made = exports.of_base(base)
    found = offers(facts.shape, context, made)
    kind, why = recommended(found)
    newest = next(iter(exports.runs_of(exports.key_of(base))), None)
    return Target(
        reference,
        base.run_id or base.label,
        base.root,
        base.adapter_dir is not None,
        context,
        found,
        kind,
        why,
        made,
        state_of(base),
        newest.id if newest is not None and newest.status() in _UNFINISHED else "",
    )


def state_of(base: bases.Base) -> best.Result | None:
    """Return which state of a run its result is; None for a run that does not say, and for what is no run."""
    return best.of_report(store.find(base.run_id).report()) if base.run_id else None


# The run that makes them


@dataclass(frozen=True)
class Wanted:
    """An export or a quantisation that could be started: its recipe, and what it takes on the disk."""

    resolved: recipe.Resolved
    base: bases.Base
    parts: Mapping[str, int]
    """What is on the disk at its fullest → bytes, foretold; {} where the shape of the model is not known."""
    apart: int = 0
    """Bytes of it that the files take once more in a folder on another disk, where the person wants them."""

    def room(self) -> str:
        """Return the disk it needs and where from, as a sentence."""
        parts = ", ".join(f"{name} {units.size(size)}" for name, size in self.parts.items() if size)
        free = units.size(atomic.free_bytes(paths.runs_home()))
        has_types = not {*self.parts}.isdisjoint(gguf_types.TYPES)
        margin = f", {units.percent(gguf_size.MARGIN - 1)} spare for each type" if has_types else ""
        said = f"About {units.size(sum(self.parts.values()))} of disk is needed ({parts}{margin}), and {free} is free."
        if not self.apart:
            return said
        out = self.resolved.recipe.out_dir
        free = units.size(atomic.free_bytes(Path(out)))
        return f"{said} The files then take {units.size(self.apart)} on the disk of {out}, where {free} is free."


def base_of(reference: str) -> bases.Base:
    """Return what is to be handed over in another form; raises WorkbenchError when no engine would begin with it."""
    base = bases.resolve(exports.exported(reference))
    probe.run_probe("workbench.runs.bases:inspect", {"path": str(base.model_dir)}, seconds=60)
    if bases.read_json(base.model_dir / "config.json").get("quantization_config"):
        raise UsageError(
            f"{one_line(str(base.model_dir), 4096)} is already quantised; export the model it was made from."
        )
    return base


def wanted(
    reference: str,
    types: Sequence[str],
    out: Path | None = None,
    name: str = "",
    merge_base: str = "auto",
    importance: bool = True,
) -> Wanted:
    """Return the recipe that exports a run, a base or a folder as files of these types, checked as far as it can be.

    Raises UsageError for a type or a base that does not exist, NoSpaceError when the disk is too small for it.
    """
    base = base_of(reference)
    found = gguf_types.find(types)
    kinds = tuple(kind.name for kind in found)
    if not (base.run_id and importance) and (why := gguf_types.need_matrix(found)):
        raise UsageError(why)
    values = {"method": METHOD, "base": exports.key_of(base), "gguf_types": kinds, "file_name": name}
    out = paths.expanded(str(out)).resolve() if out is not None else None
    values["out_dir"] = str(out) if out is not None else ""
    values["merge_base"] = merge_base
    resolved = recipe.resolve({key: value for key, value in values.items() if value} | {"importance": importance})
    say_merged(resolved, base)
    shape = base_facts.of_reference(exports.key_of(base)).shape
    parts = gguf_size.disk(gguf_size.file_bytes(shape, "F32"), shape.vocabulary, kinds, spare_memory(shape))
    atomic.require_space(paths.runs_home(), sum(parts.values()))
    if out is None:
        return Wanted(resolved, base, parts)
    apart = required_apart(out, sum(parts["float32" if kind == "F32" else kind] for kind in kinds))
    exports.refuse_taken(out, [gguf_types.file_name(name or exports.name_of(base), kind) for kind in kinds])
    return Wanted(resolved, base, parts, apart)


def required_apart(out: Path, made_bytes: int) -> int:
    """Return the bytes that what is made takes once more in `out`: all of them on another disk than the runs', else 0.

    Raises UsageError where nothing can be written there, NoSpaceError where its disk is too small for them.
    """
    same = paths.nearest(out).stat().st_dev == paths.nearest(paths.runs_home()).stat().st_dev
    apart = 0 if same else made_bytes
    exports.require_place(out, apart)
    return apart


def spare_memory(shape: Shape) -> int:
    """Return the bytes of memory that the float32 file of a proof may stand in; 0 where it is surely on the disk."""
    return host.host().memory_free_bytes if gguf_size.is_known(shape) and hasattr(os, "memfd_create") else 0


def say_merged(resolved: recipe.Resolved, base: bases.Base) -> None:
    """Write into the provenance why an adapter is merged into the weights that nobody has chosen."""
    if resolved.recipe.merge_base == "auto" and base.adapter_dir is not None:
        over = "4-bit weights" if base.adapter_tuning == "qlora" else "weights as they are stored"
        resolved.provenance["merge_base"] = f"derived: the adapter was trained over the {over}"


def create(asked: Wanted) -> store.Run:
    """Make the run of an export, not yet started; raises WorkbenchError when it cannot be written."""
    return starting.create(asked.resolved)


def start(asked: Wanted) -> store.Run:
    """Make the run of an export and start its engine; raises WorkbenchError when it cannot be."""
    run = create(asked)
    control.start(run)
    return run


def begun(reference: str, types: Sequence[str]) -> str:
    """Start an export as a page asks for it and return the run's id.

    One of the same base that has not ended is not begun a second time. Raises WorkbenchError.
    """
    asked = wanted(reference, types)
    for run in exports.runs_of(asked.resolved.recipe.base):
        if run.status() in ACTIVE:
            raise UsageError(f"The export {run.id} is at work on it already; wait for it, or stop it.")
    return start(asked).id


# The proof


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
    texts, wrong = exports.number(proof.get("texts")), exports.number(proof.get("tokenizer_mismatches"))
    if texts is not None and wrong is not None:
        said = f"{units.count(texts - wrong)} of {units.count(texts)} texts identical"
        found.append(Check("tokenizer ids", wrong == 0, said))
    largest, top1 = exports.number(proof.get("max_abs_logit_diff")), exports.number(proof.get("top1"))
    if largest is not None and top1 is not None:
        found.append(Check("logits", top1 == 1, f"at most {units.rate(largest)} apart"))
    if isinstance(proof.get("stops"), bool):
        prompts, stopped = exports.number(proof.get("prompts")), exports.number(proof.get("stopped"))
        counted = (
            f"{units.count(stopped)} of {units.count(prompts)} answers end with one" if prompts and stopped else ""
        )
        found.append(Check("stop tokens", proof["stops"], counted or "the same as the model's"))
    if "chat_render" in proof:
        chats, passed = exports.number(proof.get("chats")), proof["chat_render"]
        many = f"{units.count(chats)} of {units.count(chats)} chats identical" if chats else "identical"
        found.append(Check("chat rendering", passed, many if passed is not None else "the model has no chat template"))
    return tuple(found)


def figures(made: Made, context: int = gguf_size.CONTEXT) -> tuple[tuple[str, str], ...]:
    """Return (name, figure) of what else was measured of a file; what was not is left out."""
    found = []
    if made.perplexity_change is not None:
        found.append(("perplexity", f"{units.change(made.perplexity_change)} on held-out rows"))
    if made.speed is not None:
        found.append(("speed", f"about {units.roughly(made.speed)} tokens a second here"))
    if made.run:
        # Figures of one table may be of several exports, which weigh the weights differently.
        alike = ", all weights alike" if made.importance is False and gguf_types.TYPES[made.kind].bits < 8 else ""
        found.append(("measured by", f"{lineage.short(made.run)}{alike}"))
    if made.memory is not None:
        found.append(("memory", f"{units.size(made.memory)} with {units.count(context)} tokens"))
    return tuple(found)


def command(target: Target, types: Sequence[str]) -> str:
    """Return the command line that exports the same."""
    return shlex.join(["workbench", "export", target.reference, "--type", ",".join(types)])
