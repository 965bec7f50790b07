"""The models a person can start from, and which of them is proposed.

Owns the list, its groups and its order: what is on this machine, the person's runs, what can be downloaded. Must not
know how a list looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.core import catalogue, recipe
from workbench.core.errors import WorkbenchError
from workbench.core.lifecycle import OUTCOMES
from workbench.core.plan import Base, Card
from workbench.core.text import one_line
from workbench.guide.fits import Fit, fits
from workbench.runs import base_facts, hub_cache, store

HERE, RUNS, AWAY, HUB = "on this machine", "your runs", "to download", "on the hub"
_BUNDLED = "The tiny model that comes with the workbench: it learns in minutes on a processor."
GROUPS = (HERE, RUNS, AWAY, HUB)


@dataclass(frozen=True)
class Choice:
    """One model."""

    reference: str
    """What a recipe calls it."""
    label: str
    group: str
    parameters: int
    context: int
    licence: str
    released: str
    """YYYY-MM or YYYY-MM-DD, "" when unknown."""
    kind: str
    """base, instruct, reasoning, or "" when unknown."""
    fits: tuple[Fit, ...]
    """qlora, lora, full; empty where nothing can be said."""
    gated: bool = False
    family: str = ""
    about: str = ""
    """A sentence or two."""

    def has(self, words: str) -> bool:
        """Return whether every word stands in what is known of it."""
        said = f"{self.reference} {self.label} {self.kind} {self.licence} {self.family} {self.released}".lower()
        return all(word in said for word in words.lower().split())

    def fitting(self, tuning: str) -> Fit | None:
        """Return what a tuning takes, None where nothing can be said."""
        return next((fit for fit in self.fits if fit.tuning == tuning), None)


def choices(card: Card) -> tuple[Choice, ...]:
    """Return every model to choose from, with what it takes on a card; looks at the cache of the hub and the runs."""
    found = [_of_base(base_facts.of_reference(recipe.BUNDLED), card, HERE, "bundled", "Apache-2.0")]
    for model in catalogue.models():
        here = hub_cache.find(model.hub_id) is not None
        found.append(
            Choice(
                model.hub_id,
                model.hub_id.rsplit("/", 1)[-1],
                HERE if here else AWAY,
                model.parameters,
                model.context,
                model.licence,
                model.date,
                model.kind,
                fits(base_facts.of_catalogue(model), card),
                model.gated,
                model.family.name,
                model.family.description,
            )
        )
    found += _runs(card)
    order = {group: place for place, group in enumerate(GROUPS)}
    return tuple(sorted(found, key=lambda choice: (order[choice.group], _age(choice), -choice.parameters)))


def _age(choice: Choice) -> int:
    """Return a number that is smaller the newer a model is; runs and what is here keep their order of finding."""
    if choice.group != AWAY:
        return 0
    year, _, month = choice.released[:7].partition("-")
    return -(int(year or 0) * 12 + int(month or 0))


def _of_base(base: Base, card: Card, group: str, label: str, licence: str, released: str = "") -> Choice:
    """Return a base of which only the configuration is known."""
    about = _BUNDLED if base.reference == recipe.BUNDLED else ""
    size, fitting = base.shape.parameters, fits(base, card)
    return Choice(base.reference, label, group, size, base.context, licence, released, "", fitting, about=about)


def _runs(card: Card) -> list[Choice]:
    """Return the person's runs that have a result, newest first."""
    found = []
    for run in store.list_runs():
        if (
            not any((run.artifacts_dir / name).is_dir() for name in ("model", "adapter"))
            or run.status() not in OUTCOMES
        ):
            continue
        try:
            base, meta = base_facts.of_reference(run.id), run.meta()
        except WorkbenchError:
            continue
        found.append(_of_base(base, card, RUNS, run.id, "", str(meta.get("created", ""))[:10]))
    return found


def of_path(text: str, card: Card) -> Choice:
    """Return a folder, a run or a model of the hub that a person named; raises UsageError when it is none."""
    base = base_facts.of_reference(text)
    return _of_base(base, card, HERE, one_line(Path(text).name or text, 40), "")


def propose(found: Sequence[Choice], card: Card) -> tuple[str, str]:
    """Return (reference, why) of the base to start from.

    Without a card it is the bundled one. With one, the largest that fits in 16 bits beside an adapter, else in 4; what
    is here goes before what would have to be downloaded, and the newer before the older.
    """
    if not card.gpu:
        return recipe.BUNDLED, "There is no GPU here, and this one learns on a processor in minutes."
    for group, said in ((HERE, "and is already here"), (AWAY, "and can be downloaded")):
        for tuning in ("lora", "qlora"):
            fitting = [
                choice
                for choice in found
                if choice.group == group
                and choice.kind != "base"
                and choice.reference != recipe.BUNDLED
                and not choice.gated
                and (fit := choice.fitting(tuning)) is not None
                and fit.verdict == "fits"
            ]
            if fitting:
                best = max(fitting, key=lambda choice: (choice.parameters // 2e9, choice.released, choice.parameters))
                bits = "in 16 bits" if tuning == "lora" else "in 4 bits"
                return best.reference, f"is the strongest base that this card trains {bits}, {said}."
    return recipe.BUNDLED, "No model of the catalogue fits this card; this one does."
