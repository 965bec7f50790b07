"""What there is to learn about the road: short explanations in files, filled with this person's own figures.

Owns reading the files, the figures, and what trying a value would change. Must not know how a page looks.

A file of `assets/learn` is TOML: `name`; `title` and `answer`, of whose sentences the first is taken whose figures are
all known; `places`, the pages and fields it explains; `picture`; `text`, paragraphs; `head` and `facts`, rows of a
label, values and a note; `try`, a value to change and what to watch. `{figure}` stands for a figure of `figures`,
`[role|text]` in a picture for a text in a role.
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from workbench.core import recipe, units
from workbench.core.errors import UsageError
from workbench.core.paths import assets_dir
from workbench.core.plan import Base, Card, Plan
from workbench.guide import asking, fitting, reviewing
from workbench.guide.lengths import scaled
from workbench.guide.road import METHOD_NAMES, TUNING_NAMES, Road, name_of


@dataclass(frozen=True)
class Trial:
    """A value to try: a recipe field and what becomes of it."""

    field: str
    change: tuple[str, ...]
    """half, double, or values, of which the first that differs from the present one is taken."""
    says: str


@dataclass(frozen=True)
class Topic:
    """One explanation."""

    id: str
    name: str
    title: tuple[str, ...]
    places: tuple[str, ...]
    answer: tuple[str, ...]
    picture: str
    """Lines with roles, or the name of a picture that is drawn from figures."""
    text: tuple[str, ...]
    head: tuple[str, ...]
    facts: tuple[tuple[str, ...], ...]
    trial: Trial | None
    says: str
    """What to try where there is no value to change."""


@lru_cache(1)
def topics() -> tuple[Topic, ...]:
    """Return every explanation, in the order of the road."""
    found = []
    for path in sorted((assets_dir() / "learn").glob("*.toml")):
        body = tomllib.loads(path.read_text(encoding="utf-8"))
        tries = body.get("try", {})
        change = tries.get("change", ())
        found.append(
            Topic(
                path.stem.split("-", 1)[1],
                body["name"],
                (body["title"],) if isinstance(body["title"], str) else tuple(body["title"]),
                tuple(body.get("places", ())),
                tuple(" ".join(text.split()) for text in body["answer"]),
                body.get("picture", "").strip("\n"),
                tuple(" ".join(text.split()) for text in body["text"]),
                tuple(body.get("head", ())),
                tuple(tuple(row) for row in body["facts"]),
                Trial(tries["field"], (change,) if isinstance(change, str) else tuple(change), tries["says"])
                if "field" in tries
                else None,
                str(tries.get("says", "")),
            )
        )
    return tuple(found)


def topic_of(place: str, key: str = "", about: str = "") -> int:
    """Return the place in `topics` of what explains a field of a page, the field, what the page is about, or the page.

    The first of all where nothing does.
    """
    for wanted in (f"{place}.{key}", key, f"{place}.{about}", place):
        for number, topic in enumerate(topics()):
            if wanted in topic.places:
                return number
    return 0


# Figures


def figures(road: Road, plan: Plan | None, base: Base | None, card: Card | None, glance: Any) -> dict[str, str]:
    """Return what is known of the road as texts: names, lengths, memory, time; what is not known is left out."""
    found: dict[str, str] = {}
    if road.base:
        found["base"] = name_of(road.base)
    if base is not None:
        size = base.shape.parameters
        found["layers"] = units.count(base.shape.layers)
        if base.context:
            found["context"] = units.count(base.context)
        if size:
            found |= {
                "parameters": units.parameters(size),
                "size16": units.size(2 * size),
                "sizeq4": units.size(0.611 * size),
            }
            found |= {"sizeq8": units.size(1.0625 * size), "full_bytes": units.gib(16 * size) + " GiB"}
            found["adamw"] = units.gib(8 * size) + " GiB"
    if card is not None:
        found["free"] = units.gib(card.free) + " GiB"
        found["card"] = card.name.removeprefix("NVIDIA ").removeprefix("GeForce ") or "this processor"
    if glance is not None:
        about = "about " if glance["about"] else ""
        found["rows"] = about + units.count(glance["rows"]) + (" articles" if glance["articles"] else " rows")
        found[f"{glance['method']}_rows"] = found["rows"]
        held = scaled(glance, base) if base is not None else glance["lengths"]
        found |= {"mean": units.count(held["mean"]), "p50": units.count(held["p50"])}
        found |= {"p99": units.count(held["p99"]), "longest": units.count(held["max"])}
        found["tokens"] = _many(glance["rows"] * held["mean"])
    return found | (_of_plan(plan) if plan is not None else {})


_DECAYS = {
    "cosine": "falls along a cosine to nothing",
    "linear": "falls in a straight line to nothing",
    "constant": "stays there to the end",
    "constant_with_warmup": "stays there to the end",
    "cosine_with_min_lr": "falls along a cosine to a small rest",
    "warmup_stable_decay": "stays there and falls at the very end",
}
"""Schedule → what the learning rate does after its rise."""


def _many(number: float) -> str:
    """Return a large number of tokens in words."""
    if number >= 1e6:
        return f"about {units.significant(number / 1e6, 2)} million tokens"
    return f"about {units.count(round(number, -2) if number > 1000 else number)} tokens"


def _of_plan(plan: Plan) -> dict[str, str]:
    """Return the figures of a plan."""
    wanted = plan.chosen.resolved.recipe
    effective = wanted.per_device_train_batch_size * wanted.gradient_accumulation_steps
    passes = max(effective // max(wanted.per_device_train_batch_size, 1), 1)
    found = {
        "method": METHOD_NAMES[wanted.method],
        "tuning": TUNING_NAMES[wanted.tuning],
        "max_length": units.count(wanted.max_length),
        "batch": units.count(wanted.per_device_train_batch_size),
        "passes": "1 pass" if passes == 1 else f"{units.count(passes)} passes",
        "effective": units.count(effective),
        "epochs": f"{wanted.num_train_epochs:g}" if not wanted.max_steps else units.significant(plan.passes, 2),
        "steps": units.count(plan.steps),
        "rate": units.rate(wanted.learning_rate),
        "decay": _DECAYS.get(wanted.lr_scheduler_type, "changes with the steps"),
        "needs": _size(plan.chosen.memory.peak, plan),
        "disk": units.size(plan.disk),
        f"{wanted.tuning}_needs": _size(plan.chosen.memory.peak, plan),
        **{f"{other.tuning}_needs": _size(other.memory.peak, plan) for other in plan.alternatives},
    }
    if warmup := round(wanted.warmup_ratio * plan.steps):
        found["warmup"] = units.count(warmup)
    if size := plan.chosen.memory.parts.get("adapter"):
        found["adapter"] = _size(size, plan)
    if plan.pace.hours is not None:
        found["time"] = units.duration(3600 * plan.pace.hours)
    if wanted.tuning != "full":
        found |= {"rank": units.count(wanted.lora_r), "alpha": units.count(wanted.lora_alpha)}
    if wanted.method == "cpt":
        found["replay"] = units.percent(wanted.replay_share)
    found["packing"] = "packed" if wanted.packing else "one row a sequence"
    for attempt in (plan.chosen, *plan.alternatives):
        for part in ("weights", "adapter", "optimiser", "activations", "gradients", "logits"):
            if size := attempt.memory.parts.get(part):
                found[f"{attempt.tuning}_{part}"] = _size(size, plan)
    return found


def _size(size: int, plan: Plan) -> str:
    """Return bytes of memory in the unit that the plan is told in, those of a far larger tuning in GiB."""
    unit, name = fitting.scale(plan) if size < units.GIB else (units.GIB, "GiB")
    return f"{fitting.amount(size, unit)} {name}"


def filled(template: str, known: Mapping[str, str], missing: str | None = units.NONE) -> list[tuple[str, bool]] | None:
    """Return a template as (text, whether it is a figure) pieces; None when one is unknown and `missing` is None."""
    pieces: list[tuple[str, bool]] = []
    for text, name, layout, _ in string.Formatter().parse(template):
        if text:
            pieces.append((text, False))
        if name is None:
            continue
        value = known.get(name, missing)
        if value is None:
            return None
        pieces.append((format(value, layout or ""), name != "decay"))
    return pieces


def plain(template: str, known: Mapping[str, str]) -> str:
    """Return a template as a text, a dash for what is not known."""
    return "".join(text for text, _ in filled(template, known) or ())


def title(topic: Topic, known: Mapping[str, str]) -> str:
    """Return the first title of a topic of which every figure is known."""
    found = next((pieces for text in topic.title if (pieces := filled(text, known, None)) is not None), [])
    return "".join(text for text, _ in found)


def answer(topic: Topic, known: Mapping[str, str]) -> list[tuple[str, bool]]:
    """Return the first answer of which every figure is known."""
    return next((pieces for text in topic.answer if (pieces := filled(text, known, None)) is not None), [])


# Trying a value


@dataclass(frozen=True)
class Tried:
    """A value that could be tried, and what the plan would be with it."""

    label: str
    shown: str
    road: Road
    change: str
    """What it would change, as a phrase; "" where the plan stays as it is."""


def tried(
    trial: Trial, road: Road, plan: Plan | None, base: Base | None, card: Card | None, glance: Any
) -> Tried | None:
    """Return a trial worked out for the road, None where it cannot be."""
    if plan is None or base is None or card is None:
        return None
    wanted = plan.chosen.resolved.recipe
    if trial.field in ("lora_r", "lora_alpha") and wanted.tuning == "full":
        return None
    if trial.field == "replay_share" and wanted.method != "cpt":
        return None
    if reviewing.idle(trial.field, wanted):
        return None
    present = getattr(wanted, trial.field)
    try:
        value = _changed(trial, present, plan)
        if value is None:
            return None
        other = fitting.changed(road, plan, trial.field, value)
        then = asking.plan(other, base, card, glance)
    except UsageError:
        return None
    shown = _shown(trial.field, getattr(then.chosen.resolved.recipe, trial.field))
    return Tried(recipe.FIELDS[trial.field][1].label, shown, other, _difference(plan, then))


def _changed(trial: Trial, present: Any, plan: Plan) -> Any:
    """Return the value to try, None when there is none."""
    if trial.change in (("half",), ("double",)):
        value = present * 2 if trial.change == ("double",) else present / 2
        if isinstance(present, int):
            return int(value) if value >= 1 else None
        return float(f"{value:.3g}")
    there = {plan.chosen.tuning, *(other.tuning for other in plan.alternatives)}
    values: Sequence[str] = [text for text in trial.change if trial.field != "tuning" or text in there]
    return next((text for text in values if recipe.checked({trial.field: text})[trial.field] != present), None)


def _shown(name: str, value: Any) -> str:
    """Return a value as the fields show it."""
    if name == "tuning":
        return TUNING_NAMES[value]
    if name == "replay_share":
        return units.percent(value)
    if name == "learning_rate":
        return units.rate(value)
    return units.count(value) if isinstance(value, int) and not isinstance(value, bool) else f"{value}"


def _difference(plan: Plan, then: Plan) -> str:
    """Return what another plan takes beside the present one."""
    said = []
    if _size(then.chosen.memory.peak, plan) != _size(plan.chosen.memory.peak, plan):
        said.append(
            f"{_size(then.chosen.memory.peak, plan)} of memory in place of {_size(plan.chosen.memory.peak, plan)}"
        )
    if then.steps != plan.steps:
        said.append(f"{units.several(then.steps, 'step')} in place of {units.count(plan.steps)}")
    if plan.pace.hours is not None and then.pace.hours is not None and then.pace.hours != plan.pace.hours:
        said.append(
            f"about {units.duration(3600 * then.pace.hours)} in place of {units.duration(3600 * plan.pace.hours)}"
        )
    end = "" if then.fits else "; it does not fit"
    return ", ".join(said) + end
