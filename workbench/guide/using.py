"""The last station: what a finished run has come to, and what can be done with it, in the order that makes sense.

Owns the proposals with their reasons and costs, and the road that begins anew with a run as its base.
Must not know how a page looks.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from workbench.core import pruning, recipe, units
from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.lifecycle import ACTIVE
from workbench.core.recipe import SCRATCH
from workbench.guide import exporting, votes
from workbench.guide.outcome import Finished, example, headline, short
from workbench.guide.road import METHOD_NAMES, TUNING_NAMES, Road, name_of
from workbench.runs import bases, spent, store

__all__ = ["Finished", "Next", "answers", "example", "headline", "look", "onward", "proposals"]

_FOLLOWS = {"pretrain": "sft", "cpt": "sft", "sft": "dpo", "dpo": "grpo", "orpo": "grpo", "kto": "grpo"}
"""Method → the one that usually comes next."""
_TEACHES = {
    "sft": "Articles gave it knowledge; questions with answers teach it to use that in a conversation.",
    "dpo": "It answers; pairs of a better and a worse answer teach it which of its ways you prefer.",
    "grpo": "Where a check tells right answers from wrong ones, it learns from its own answers that are rewarded.",
}
_SPEECHLESS = ("pretrain", "cpt")
"""Methods that do not teach to answer."""
_LEARNT = "Figures say that it learnt, an answer says what."
_SO_FAR = "It ended while it was still learning; an answer says how far it has come."


@dataclass(frozen=True)
class Next:
    """One thing that can be done."""

    key: str
    label: str
    what: str
    """In a few words."""
    cost: str
    why: str
    """A sentence or two."""
    command: str = ""
    """What does the same on the command line."""
    not_now: str = ""
    """Why it cannot be done yet."""


def _has_result(run: store.Run) -> bool:
    """Return whether a run has handed something over."""
    return any((run.artifacts_dir / name).is_dir() for name in ("model", "adapter"))


def look(reference: str) -> Finished:
    """Return what there is to say of a run; raises UsageError when it has no result yet."""
    run = store.find(reference)
    status = run.status()
    if status in ACTIVE and not _has_result(run):
        raise UsageError(f"The run {run.id} is still at work; its result can be used when it is done.")
    bases.of_run(run)
    wanted = recipe.load(run.recipe_path).recipe
    target, no_export = None, ""
    try:
        target = exporting.target(run.id)
    except WorkbenchError as error:
        no_export = str(error)
    parent = str(run.meta().get("parent", ""))
    others = [other.id for other in store.list_runs() if other.id != run.id and _has_result(other)]
    other = parent if parent in others else others[0] if others else ""
    report = run.report()
    voted, number = votes.about(run.id)
    return Finished(
        run=run.id,
        method=wanted.method,
        tuning=wanted.tuning,
        base=wanted.base,
        data=wanted.data,
        folder=run.path,
        report=report,
        seconds=spent.seconds(run, report),
        status=status,
        target=target,
        no_export=no_export,
        other=other,
        other_is_parent=bool(other) and other == parent,
        votes=voted,
        vote_count=number,
    )


def proposals(found: Finished) -> tuple[Next, ...]:
    """Return what can be done, the nearest first."""
    if found.method == "reward":
        return _with_a_judge(found)
    beside = "" if found.base == SCRATCH else f" beside {name_of(found.base)}"
    items = [
        Next(
            "chat",
            "Chat",
            f"ask it{beside}",
            "loads the model" if found.base == SCRATCH else "loads both models",
            f"{_SO_FAR if short(found) else _LEARNT} One of its own questions is written already; votes on the "
            "answers are kept for a later alignment.",
            f"workbench chat {found.run}",
        ),
        _export(found),
        _folder(found),
        _compare(found),
    ]
    if follows := _follows(found):
        items.append(_rung(found, follows))
    if found.method not in _SPEECHLESS:
        items += [_PREFERENCES, _smaller(found)]
    items.append(
        Next(
            "further",
            "Train further",
            "the road anew, from here",
            "another run",
            "More rows of the same kind, or another subject: this run becomes the base, and its lineage is kept.",
            f"workbench train --base {found.run} --data ...",
        )
    )
    items.append(
        Next(
            "bundle",
            "Bundle",
            "the ladder, for another machine",
            "disk for its data",
            "One archive with the recipes of this run and of those it rests on, and their data; `workbench reproduce` "
            "makes the runs again on another machine.",
            f"workbench bundle {found.run}",
            not_now="" if found.status == "done" else "The run has not come to its end yet.",
        )
    )
    everything = (
        f"Everything of the run is in {found.folder}: the result under artifacts, its recipe, and every figure."
    )
    items.append(Next("folder", "Folder", "copy its path", "nothing", everything))
    return tuple(items)


_PREFERENCES = Next(
    "prefer",
    "Preferences",
    "pairs from its own answers",
    "no training",
    "Rewards, a judge or a constitution say which of its answers are better: pairs that DPO and a reward model learn "
    "from.",
)


def _smaller(found: Finished) -> Next:
    """Return the proposal to make a smaller model of it, with its own rows where they are conversations."""
    what = "again, smaller still" if found.method == "prune" else "prune it, and heal what is left"
    try:
        base = bases.of_run(store.find(found.run))
        pruning.family(bases.read_json(base.model_dir / "config.json"))
    except WorkbenchError as error:
        return Next("smaller", "Make it smaller", what, "", "", not_now=str(error))
    data = " ".join(shlex.quote(path) for path in _talks(found)) or "..."
    why = (
        "What its rows use least goes, layers, heads or channels, and the whole model heals the rest. Or a smaller "
        f"base learns from it: workbench distill BASE --teacher {found.run}."
    )
    command = f"workbench prune {found.run} --data {data}"
    return Next("smaller", "Make it smaller", what, "another run", why, command)


def _talks(found: Finished) -> tuple[str, ...]:
    """Return what a run has learnt from, where prune can learn from it, too."""
    return found.data if found.method in ("sft", "cpt", "distill", "prune") else ()


def _with_a_judge(found: Finished) -> tuple[Next, ...]:
    """Return what can be done with a reward model, and why the rest cannot."""
    kind = "model" if found.tuning == "full" else "adapter"
    judge = (
        f"The judge is in {found.folder / 'artifacts' / kind}: transformers loads it as a sequence classification "
        "model with one label, and what it gives for a conversation is the score."
    )
    no = found.no_export or "A reward model scores answers and writes none; its folder is the result."
    base = name_of(found.base)
    return (
        Next(
            "judged",
            "PPO next",
            f"{base} writes, it judges",
            "another run",
            f"What the judge has learnt to prefer is what {base} is rewarded for: the second half of learning from "
            "human feedback.",
            f"workbench train --base {found.base} --method ppo --set reward_model={found.run} --data ...",
        ),
        Next("folder", "Folder", "copy its path", "nothing", judge),
        _compare(found),
        Next("chat", "Chat", "a judge writes nothing", "", "", not_now=no),
        Next("export", "Export", "not as GGUF", "", "", not_now=no),
        Next("further", "Train further", "from its base instead", "", "", not_now=no),
    )


def _export(found: Finished) -> Next:
    """Return the proposal to make files for other programs."""
    target = found.target
    if target is None:
        return Next("export", "Export", "a file for llama.cpp", "", found.no_export, not_now=found.no_export)
    offer = next(offer for offer in target.offers if offer.kind == target.recommended)
    made, there = ", ".join(target.made), target.made.get(target.recommended)
    why = (
        f"One file that llama.cpp and its kin run without Python. {target.recommended} is {target.why}; it is proved "
        "against the trained model before it gets its name."
    )
    return Next(
        "export",
        "Export",
        f"made: {made}" if made else f"a GGUF file, {target.recommended}",
        f"about {units.size(offer.bytes)}" if there is None else f"{target.recommended} {units.size(there.bytes)}",
        why,
        f"workbench export {found.run} --type {target.recommended}",
    )


def _folder(found: Finished) -> Next:
    """Return the proposal to make a model folder in fewer bits, for programs that load one with transformers."""
    why = (
        "A model folder that transformers loads, as many Python programs do, with the adapter merged in: nf4 takes a "
        "quarter of the memory, int8 half of it. It is compared with the trained model before it gets its name."
    )
    return Next(
        "quantize",
        "Model folder",
        "NF4 or int8",
        "a short run",
        why,
        f"workbench quantize {found.run} --to nf4",
        not_now=found.no_export,
    )


def _compare(found: Finished) -> Next:
    """Return the proposal to lay it beside another run."""
    kin = "its parent" if found.other_is_parent else "the newest other run"
    return Next(
        "compare",
        "Compare",
        f"with {kin}" if found.other else "with another run",
        "nothing",
        f"Curves, recipes and results beside those of {kin}, {found.other}: what the change between them did."
        if found.other
        else "Curves, recipes and results of two runs side by side.",
        not_now="" if found.other else "There is no other run with a result yet; train one and compare then.",
    )


def _follows(found: Finished) -> str:
    """Return the method that comes next, "" when none does: with votes it is aligned to them, and may be again."""
    if found.votes is not None and found.method not in _SPEECHLESS:
        return "dpo"
    return _FOLLOWS.get(found.method, "")


_WHAT = {
    "sft": "questions with answers", "dpo": "better and worse answers", "grpo": "prompts with answers to check",
}  # fmt: skip


def _rung(found: Finished, method: str) -> Next:
    """Return the proposal of the method that usually comes next."""
    why, data, what = _TEACHES[method], "...", _WHAT[method]
    if method == "dpo" and found.votes is not None:
        what = f"with your {units.several(found.vote_count, 'vote')}"
        why += " Your votes in the chat are such pairs; a hundred are a beginning."
        data = shlex.quote(str(found.votes))
    elif method == "dpo":
        why += " Votes in the chat become such pairs."
    command = f"workbench train --base {found.run} --method {method} --data {data}"
    name = "Align again" if method == "dpo" and found.method in recipe.ALIGNING else f"{METHOD_NAMES[method]} next"
    return Next("rung", name, what, "another run", why, command)


def answers(found: Finished) -> dict[str, tuple[str, ...]]:
    """Return what the run has settled at each station, for the map of the road."""
    more = f" and {len(found.data) - 1} more" if len(found.data) > 1 else ""
    return {
        "base": (name_of(found.base),),
        "data": (name_of(found.data[0]) + more,) if found.data else (),
        "method": (METHOD_NAMES[found.method],),
        "fit": (TUNING_NAMES[found.tuning],),
        "train": (found.run,),
    }


def onward(found: Finished, key: str) -> Road:
    """Return the road that begins anew with a run as its base; votes come along to an alignment."""
    if key == "smaller":
        return Road(base=found.run, data=_talks(found), chosen={"method": "prune"}, reached=1)
    if key == "judged":
        return Road(base=found.base, toward={"method": "ppo", "reward_model": found.run}, reached=1)
    follows = _follows(found) if key == "rung" else ""
    if follows == "dpo" and found.votes is not None:
        return Road(base=found.run, data=(str(found.votes),), reached=1)
    return Road(base=found.run, toward={"method": follows} if follows else {}, reached=1)
