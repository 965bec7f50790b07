"""The models a person can start from, and which of them is proposed.

Owns the list, its groups and its order: what is on this machine, the person's runs, what can be downloaded. Must not
know how a list looks.
"""

from __future__ import annotations

import itertools
import os.path
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from workbench.core import catalogue, recipe, units
from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.lifecycle import OUTCOMES
from workbench.core.paths import expanded
from workbench.core.plan import Base, Card
from workbench.core.text import one_line
from workbench.guide import hub
from workbench.guide.fits import Fit, Peak, fits, peaks
from workbench.runs import base_facts, bases, hub_cache, measured, probe, store

HERE, RUNS, AWAY, HUB = "on this machine", "your runs", "to download", "on the hub"
_BUNDLED = "The tiny model that comes with the workbench: it learns in minutes on a processor."
GROUPS = (HERE, RUNS, AWAY, HUB)
MOST_OF_HUB = 20
"""Models that a search of the hub shows."""
WEIGHT_BYTES = 2
"""Bytes of a parameter as models are published."""


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
    folder: str = ""
    """Where it lies on this machine, "" when it does not."""
    refused: str = ""
    """Why it cannot be a base, in a few words; "" when nothing speaks against it."""
    proven: bool = False
    """Whether the whole road is proven with its architecture, GGUF files and packing included."""
    standing: str = ""
    """What a model of the hub is to the workbench, in a few words."""

    @property
    def is_away(self) -> bool:
        """Whether it has to be downloaded first."""
        return self.group in (AWAY, HUB)

    @property
    def can_be_planned(self) -> bool:
        """Whether enough is known of it for a plan."""
        return bool(self.fits) and not self.refused

    @property
    def bytes(self) -> int:
        """About how much it takes on disk, 0 when unknown."""
        return WEIGHT_BYTES * self.parameters

    def has(self, words: str) -> bool:
        """Return whether every word stands in what is known of it."""
        said = f"{self.reference} {self.label} {self.kind} {self.licence} {self.family} {self.released}".lower()
        return all(word in said for word in words.lower().split())

    def fitting(self, tuning: str) -> Fit | None:
        """Return what a tuning takes, None where nothing can be said."""
        return next((fit for fit in self.fits if fit.tuning == tuning), None)


def choices(card: Card) -> tuple[Choice, ...]:
    """Return every model to choose from, with what it takes on a card; looks at the cache of the hub and the runs.

    What answers stands before what only continues text, the newer before the older; one without a date is newer than
    the sources that dates come from, or the person's own.
    """
    found = [_of_base(base_facts.of_reference(recipe.BUNDLED), card, HERE, "bundled", "Apache-2.0")]
    found += [_of_catalogue(model, card) for model in catalogue.models()]
    found += _runs(card)
    order = {group: place for place, group in enumerate(GROUPS)}
    return tuple(sorted(found, key=lambda choice: (order[choice.group], *_age(choice))))


def _age(choice: Choice) -> tuple[bool, int, int]:
    """Return what orders models that can be downloaded; runs and what is here keep their order of finding."""
    if choice.group != AWAY:
        return False, 0, 0
    year, _, month = choice.released[:7].partition("-")
    months = int(year or 9999) * 12 + int(month or 12)
    return choice.kind == "base", -months, -choice.parameters


@lru_cache(maxsize=512)
def _peaks(model: catalogue.Model, gpu: bool, bf16: bool) -> tuple[Peak, ...]:
    """Return what a model of the catalogue takes, worked out once: the list is made anew whenever it is opened."""
    return peaks(base_facts.of_catalogue(model), Card("a card" if gpu else "", 0, 0, bf16=bf16))


def _fits(found: tuple[Peak, ...], family: str, card: Card) -> tuple[Fit, ...]:
    """Return which tunings fit a card, with what runs of the family took on it."""
    return fits(found, card, measured.corrections(card.name, family, recipe.TUNINGS) if card.gpu else {})


def _of_catalogue(model: catalogue.Model, card: Card, away: str = AWAY) -> Choice:
    """Return a model of the catalogue, in the group `away` when it is not on this machine."""
    here = hub_cache.find(model.hub_id)
    return Choice(
        reference=model.hub_id,
        label=model.label,
        group=away if here is None else HERE,
        parameters=model.parameters,
        context=model.context,
        licence=model.licence,
        released=model.date,
        kind=model.kind,
        fits=_fits(_peaks(model, card.gpu, card.bf16), model.family.model_type, card),
        gated=model.gated,
        family=model.family.name,
        about=model.family.description,
        folder=str(here or ""),
        proven=model.family.gguf == "proven" and model.family.packing == "safe",
    )


def _of_base(base: Base, card: Card, group: str, label: str, licence: str, released: str = "") -> Choice:
    """Return a base of which only the configuration is known."""
    about = _BUNDLED if base.reference == recipe.BUNDLED else ""
    return Choice(
        reference=base.reference,
        label=label,
        group=group,
        parameters=base.shape.parameters,
        context=base.context,
        licence=licence,
        released=released,
        kind="",
        fits=_fits(peaks(base, card), base.shape.model_type, card),
        about=about,
        folder=str(bases.resolve(base.reference).model_dir),
    )


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
    """Return a folder, a run or a model of the hub that a person named.

    A folder is looked at in a probe; of a model that is neither here nor in the catalogue the hub is asked. Raises
    WorkbenchError with what to do when it is none of them, or one that is refused.
    """
    text = text.strip()
    known = catalogue.known(text)
    if known is not None:
        return _of_catalogue(known, card)
    folder = expanded(text)
    is_folder = os.path.isdir(folder) and not (folder / "recipe.toml").is_file()
    if not is_folder and hub.is_lacking(text):
        return _of_hub(text, card)
    found = bases.resolve(text)
    if not found.run_id:
        probe.run_probe("workbench.runs.bases:inspect", {"path": str(found.model_dir)}, seconds=60)
    base = base_facts.of_reference(str(folder.resolve()) if is_folder else text)
    label = one_line(Path(text).name or text, 60)
    return _of_base(base, card, RUNS if found.run_id else HERE, label, "")


def _of_hub(hub_id: str, card: Card) -> Choice:
    """Return the model of the hub of that very name; raises WorkbenchError when there is none to train from."""
    said = hub.search((hub_id,), MOST_OF_HUB)
    found = next((facts for facts in said if facts["id"].lower() == hub_id.lower()), None)
    if found is None:
        raise UsageError(
            f"The hub has no model for text {one_line(hub_id, 80)!r} with safetensors, and there is no such folder; "
            "check the name."
        )
    choice = _of_facts(found, card)
    if choice.refused:
        raise UsageError(f"{choice.reference} cannot be a base: it is {choice.refused}; choose the original model.")
    return choice


def search(words: str, card: Card, stop: threading.Event | None = None) -> tuple[Choice, ...]:
    """Return what the hub has by these words, those first that are downloaded most; what is refused comes last.

    Setting `stop` ends the search. Raises WorkbenchError with what to do when the hub cannot be asked.
    """
    found = [_of_facts(facts, card) for facts in hub.search(words.split(), MOST_OF_HUB, stop)]
    return tuple(sorted(found, key=lambda choice: bool(choice.refused)))


def _of_facts(facts: dict[str, Any], card: Card) -> Choice:
    """Return a model of the hub by what the hub tells of it in a list."""
    known = catalogue.known(facts["id"])
    if known is not None:
        return _of_catalogue(known, card, HUB)
    here = hub_cache.find(facts["id"])
    if here is not None:
        return _of_base(base_facts.of_reference(facts["id"]), card, HERE, facts["id"], one_line(facts["licence"], 40))
    owner, _, name = facts["id"].partition("/")
    _, words = hub.standing(facts)
    return Choice(
        reference=facts["id"],
        label=name,
        group=HUB,
        parameters=facts["parameters"] or 0,
        context=0,
        licence=one_line(facts["licence"], 40),
        released="",
        kind="",
        fits=(),
        gated=facts["gated"],
        about=f"By {owner}.",
        refused=facts["refused"],
        standing=words,
    )


def propose(found: Sequence[Choice], card: Card) -> tuple[str, str]:
    """Return (reference, why) of the base to start from.

    Without a card it is the bundled one. With one, the largest that fits in 16 bits beside an adapter, else in 4; what
    is here goes before what would have to be downloaded, what is proven before what is not, the newer before the older.
    """
    if not card.gpu:
        return recipe.BUNDLED, "learns in minutes on a processor, and there is no GPU here."
    for group, proven, tuning in itertools.product((HERE, AWAY), (True, False), ("lora", "qlora")):
        fitting = [
            choice
            for choice in found
            if choice.group == group
            and choice.proven == proven
            and choice.kind != "base"
            and choice.reference != recipe.BUNDLED
            and not choice.gated
            and (fit := choice.fitting(tuning)) is not None
            and fit.verdict == "fits"
        ]
        if fitting:
            best = max(fitting, key=lambda choice: (choice.parameters // 2e9, choice.released, choice.parameters))
            which = "the strongest proven base" if proven else "the strongest base"
            bits = "16 bits" if tuning == "lora" else "4 bits"
            said = "and is already here" if group == HERE else f"{units.size(best.bytes)} to download"
            return best.reference, f"is {which} for this card in {bits}, {said}."
    return recipe.BUNDLED, "fits this card, and no model of the catalogue does."
