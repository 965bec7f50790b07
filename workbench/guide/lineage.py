"""Runs as families: which stems from which, drawn as trees under the base each began with, and how siblings differ.

Owns that order and the words for a run's path and its recipe. Must not know how a list looks or what goes on in a run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.core import quantized, units
from workbench.core import recipe as recipes
from workbench.core.recipe import Recipe
from workbench.core.text import one_line
from workbench.guide.road import METHOD_NAMES, TUNING_NAMES, Road, name_of

BRANCH, LAST, THROUGH, OPEN = "├─ ", "└─ ", "│  ", "   "
_DIFFERENCES = 2
"""Differences to a sibling that are named; the others are counted."""
_NOT_TOLD = ("title", "base", "data", "max_steps")
"""Fields that stand for themselves in a list, and the steps: they and the epochs are one value, how long a run is."""


@dataclass(frozen=True)
class Member:
    """A run, as much of it as its place in the tree needs."""

    id: str
    parent: str
    """"" for none; a run that is not there any more counts as none."""
    base: str


@dataclass(frozen=True)
class Branch:
    """One line of a tree: a base when `id` is "", else a run with what is drawn before its name."""

    id: str
    text: str
    """The base's name, or the tree before a run's name."""


def trees(members: Sequence[Member]) -> list[Branch]:
    """Return all runs in the order of their trees, under their bases; runs keep the order in which they are given."""
    known = {member.id: member for member in members}
    children: dict[str, list[Member]] = {}
    roots: dict[str, list[Member]] = {}
    for member in members:
        if member.parent in known and not _circular(member, known):
            children.setdefault(member.parent, []).append(member)
        else:
            roots.setdefault(name_of(member.base), []).append(member)
    lines: list[Branch] = []

    def add(siblings: Sequence[Member], before: str) -> None:
        for place, member in enumerate(siblings):
            last = place == len(siblings) - 1
            lines.append(Branch(member.id, before + (LAST if last else BRANCH)))
            add(children.get(member.id, ()), before + (OPEN if last else THROUGH))

    for base, first in roots.items():
        lines.append(Branch("", base))
        add(first, "")
    return lines


def _circular(member: Member, known: Mapping[str, Member]) -> bool:
    """Return whether a run is, by what its files say, its own ancestor."""
    seen = {member.id}
    while (member := known.get(member.parent)) is not None:  # type: ignore[assignment]
        if member.id in seen:
            return True
        seen.add(member.id)
    return False


def ancestors(id: str, members: Mapping[str, Member]) -> list[str]:
    """Return the runs that a run stems from, the oldest first."""
    found: list[str] = []
    member = members.get(id)
    while member is not None and member.parent in members and member.parent not in (*found, id):
        found.insert(0, member.parent)
        member = members.get(member.parent)
    return found


def matching(words: str, members: Iterable[Member], said: Mapping[str, str]) -> list[Member]:
    """Return the runs whose text in `said` has all the words, whatever their case, and those they stem from."""
    everyone = {member.id: member for member in members}
    wanted = words.casefold().split()
    kept: set[str] = set()
    for id in everyone:
        if all(word in said.get(id, id).casefold() for word in wanted):
            kept |= {id, *ancestors(id, everyone)}
    return [member for member in everyone.values() if member.id in kept]


def short(id: str) -> str:
    """Return a run's name without the date it begins with, which stands beside it."""
    head, rest = id[:11], id[11:]
    dated = len(head) == 11 and head[4] == head[7] == head[10] == "-" and head.replace("-", "").isdigit()
    return one_line(rest if dated and rest else id, 80)


def method_name(method: str) -> str:
    """Return a method as people write it."""
    return METHOD_NAMES.get(method, one_line(method, 12))


def tuning_name(tuning: str) -> str:
    """Return a tuning as people write it."""
    return TUNING_NAMES.get(tuning, one_line(tuning, 12))


def said_of(recipe: Recipe) -> str:
    """Return a recipe in a few words: "QLoRA, rank 16, 2 epochs", or of what trains nothing "Q8_0, Q4_K_M"."""
    if recipe.method in recipes.PUBLISHING:
        return ", ".join(quantized.forms(recipe))
    words = [tuning_name(recipe.tuning)]
    if recipe.tuning != "full":
        words.append(f"rank {recipe.lora_r}")
    return ", ".join([*words, length_of(recipe)])


def length_of(recipe: Recipe) -> str:
    """Return how long a run of a recipe is, in the unit that counts: "150 steps", "2 epochs"."""
    if recipe.max_steps:
        return units.several(recipe.max_steps, "step")
    return f"{recipe.num_train_epochs:g} epoch{'s' if recipe.num_train_epochs != 1 else ''}"


def difference(one: Recipe, other: Recipe, most: int = _DIFFERENCES) -> str:
    """Return how a recipe differs from another one: "rank 16 instead of 8", or that it does not.

    At most so many values are named, the others counted.
    """
    from workbench.guide.reviewing import counts, side_by_side, value_of

    found = []
    for name, (_, described) in recipes.FIELDS.items():
        if name in _NOT_TOLD or not (counts(name, one) and counts(name, other)):
            continue
        if name == "num_train_epochs":
            label, mine, its = "", length_of(one), length_of(other)
        else:
            label, mine, its = f"{described.label} ", value_of(one, name), value_of(other, name)
        if mine != its:
            values = (getattr(one, name), getattr(other, name))
            if label and all(isinstance(value, float) and value for value in values):
                mine, its = side_by_side(values)
            found.append(f"{label}{one_line(mine, 24)} instead of {one_line(its, 24)}")
    if one.data != other.data:
        found.insert(0, "other data")
    if not found:
        return "the same recipe"
    if not most:
        return units.several(len(found), "value")
    more = len(found) - most
    return ", ".join(found[:most]) + (f" and {more} more" if more > 0 else "")


def road_of(resolved: recipes.Resolved) -> Road:
    """Return a road with the values of a recipe, so that it can be begun anew: what was chosen stays chosen.

    What was derived or came with a preset is found anew, as base, data or machine may have changed since.
    """
    wanted = resolved.recipe
    chosen: dict[str, Any] = {
        name: getattr(wanted, name)
        for name, why in resolved.provenance.items()
        if name in recipes.FIELDS and name not in ("base", "data") and (why == "chosen" or why.startswith("recipe "))
    }
    chosen |= {"method": wanted.method, "tuning": wanted.tuning}
    return Road(base=wanted.base, data=tuple(wanted.data), chosen=chosen)
