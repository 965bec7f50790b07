"""The words of a plan: what it needs, part by part, what each value follows from, and what it can be changed to.

Owns the sentences and the steps of every value. Pure; must not know how a page looks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workbench.core import recipe, relevance, units
from workbench.core.demand import METHODS
from workbench.core.derive import Rows, passes
from workbench.core.memory import GIB
from workbench.core.plan import Attempt, Card, Plan
from workbench.core.reasons import heavier
from workbench.guide import lengths
from workbench.guide.road import TUNING_NAMES, Road

MIB = 1 << 20
TUNING_SAID = {"full": "Full weights", "lora": "LoRA 16-bit", "qlora": "QLoRA 4-bit"}
_WHAT = {
    "full": "Training every weight",
    "lora": "A 16-bit base with a small adapter",
    "qlora": "A 4-bit base with a small adapter",
}
_PARTS = {"context": "CUDA", "process": "the process", "workspace": "one layer", "cache": "generation"}
_CHOSEN = "your choice"
"""What parts are called where their own name says too little."""


@dataclass(frozen=True)
class Part:
    """One part of the memory at the peak."""

    name: str
    bytes: int
    note: str


@dataclass(frozen=True)
class Field:
    """One value of a plan as a person sees and changes it."""

    name: str
    """The recipe field that is set when it is changed."""
    label: str
    shown: str
    note: str
    chosen: bool
    """Whether the person set it."""
    steps: tuple[Any, ...]
    """What it can be changed to with the arrow keys, in order."""
    brief: str = ""
    """The note in fewer words, for where it has little room; "" where there are no fewer."""

    @property
    def said(self) -> tuple[str, ...]:
        """The note, and the one in fewer words where there is one, each with whose choice the value is, once."""
        own = f"{_CHOSEN}; " if self.chosen and self.note != _CHOSEN else ""
        return tuple(own + note for note in (self.note, self.brief) if note)


def scale(plan: Plan) -> tuple[int, str]:
    """Return the unit that a plan's memory is told in: small models would all be 0.0 GiB."""
    return (GIB, "GiB") if plan.chosen.memory.peak >= GIB else (MIB, "MiB")


def amount(size: float, unit: int) -> str:
    """Return bytes in a unit: "11.0", "0.17", "412"."""
    value = size / unit
    if unit == MIB:
        return units.count(value) if value >= 10 else f"{value:.1f}"
    return f"{value:.1f}" if value >= 0.995 else f"{value:.2f}"


def verdict(plan: Plan) -> tuple[str, str]:
    """Return ("fits", "tight" or "no", words) for a proposal."""
    said = plan.chosen.verdict
    if said == "fits":
        return "fits", "fits"
    return ("tight", "tight") if said == "tight" else ("no", "too large")


def parts(plan: Plan, most: int) -> list[Part]:
    """Return the parts of the memory, the largest first, what is beyond `most` as one."""
    chosen, wanted = plan.chosen, plan.chosen.resolved.recipe
    notes = {
        "weights": _weights_note(wanted),
        "activations": f"{_at_once(wanted)} of {units.count(wanted.max_length)} tokens"
        + (", recomputed" if wanted.gradient_checkpointing else ""),
        "logits": "scores of the words",
        "context": "context and kernels",
        "process": "Python and its libraries",
        "workspace": "a layer at work",
        "adapter": f"rank {wanted.lora_r}",
        "optimiser": {"adamw": "AdamW", "adamw_8bit": "8-bit AdamW", "muon": "Muon"}.get(wanted.optim, wanted.optim),
        "gradients": "one per trained weight",
        "reserve": "held and not used",
        "reference": "the base beside it, frozen",
        "cache": "keys and values of answers",
        "critic": "an adapter that foresees scores",
        "reward model": "what scores the answers",
        "teacher": "asked before the base is loaded",
    }
    found = sorted(((name, size) for name, size in chosen.memory.parts.items() if size > 0), key=lambda item: -item[1])
    shown, rest = (found, []) if len(found) <= most else (found[: most - 1], found[most - 1 :])
    told = [Part(_PARTS.get(name, name), size, notes.get(name, "")) for name, size in shown]
    if rest:
        told.append(
            Part("the rest", sum(size for _, size in rest), ", ".join(_PARTS.get(name, name) for name, _ in rest))
        )
    return told


def _weights_note(wanted: recipe.Recipe) -> str:
    """Return what is said of the base's weights."""
    if wanted.tuning == "qlora":
        return "4-bit base, frozen"
    return "16-bit base, frozen" if wanted.tuning == "lora" else "all of them, trained"


def _rows(number: int) -> str:
    """Return a number of sequences."""
    return "1 row" if number == 1 else f"{units.count(number)} rows"


def _at_once(wanted: recipe.Recipe) -> str:
    """Return what goes through the model in one pass: of pairs both answers."""
    number = wanted.per_device_train_batch_size
    if METHODS[wanted.method].rows == 1:
        return _rows(number)
    return "2 answers" if number == 1 else f"2 × {units.count(number)} answers"


def sentence(plan: Plan, card: Card) -> tuple[tuple[str, str], ...]:
    """Return the proposal in one or two sentences, as (text, "figure" or "value") pieces."""
    unit, name = scale(plan)
    need = plan.chosen.memory.peak
    more = f"{amount(plan.chosen.needed, unit)} with its margin."
    where = "free" if card.gpu else "free on this machine, without a GPU"
    ends = {
        "fits": f"it fits{' with room to spare' if plan.chosen.needed < 0.8 * card.free else ''}, {more}",
        "tight": f"it is tight, as the prediction may be low by {units.percent(plan.chosen.memory.margin)}.",
        "no": f"it lacks {amount(need - card.free, unit)} {name}.",
    }
    free_unit, free_name = (GIB, "GiB") if card.free >= GIB else (MIB, "MiB")
    pieces = [
        (f"{_WHAT[plan.chosen.tuning]} needs ", "value"),
        (f"{amount(need, unit)} {name}", "figure"),
        (" of ", "value"),
        (f"{amount(card.free, free_unit)}" + (f" {free_name}" if free_name != name else ""), "figure"),
        (f" {where}: {ends[verdict(plan)[0]]} ", "value"),
    ]
    if plan.steps:
        known = plan.pace.hours is not None
        length = (
            units.duration(3600 * (plan.pace.hours or 0)) if known else f"about {units.several(plan.steps, 'step')}"
        )
        pieces += [
            ("The run takes about " if known else "The run takes ", "value"),
            (length, "figure"),
            (" and ", "value"),
        ]
        pieces += [(units.size(plan.disk), "figure"), (" of disk.", "value")]
    return tuple(pieces)


def fields(plan: Plan, rows: Rows | None, chosen: Sequence[str], every: bool = False) -> list[Field]:
    """Return the values that matter, each with the reason it has; `chosen` are the names the person set."""
    wanted, why = plan.chosen.resolved.recipe, plan.chosen.resolved.provenance
    length = [length_note(plan, rows, why["max_length"], brief) for brief in (False, True)]
    batch = (wanted.per_device_train_batch_size, wanted.gradient_accumulation_steps)
    effective = batch[0] * batch[1]
    found = [
        Field(
            "tuning",
            "tuning",
            TUNING_SAID[wanted.tuning],
            _others(plan),
            "tuning" in chosen,
            _tunings(plan),
            _others(plan, True),
        ),
    ]
    if wanted.tuning != "full":
        found.append(
            Field(
                "lora_r",
                "rank",
                units.count(wanted.lora_r),
                reason(why["lora_r"]),
                "lora_r" in chosen,
                _doubling(1, 512),
            )
        )
    found += [
        Field(
            "max_length", "max length", units.count(wanted.max_length), length[0],
            "max_length" in chosen, _doubling(64, 32768, wanted.max_length), length[1],
        ),
        Field(
            "per_device_train_batch_size", "batch", f"{batch[0]} × {batch[1]}",
            f"effective {effective}, {_origin(why['per_device_train_batch_size'])}",
            "per_device_train_batch_size" in chosen, _splits(effective),
        ),
        _duration(plan, chosen),
        Field(
            "learning_rate", "learning rate", units.rate(wanted.learning_rate), reason(why["learning_rate"]),
            "learning_rate" in chosen, tuple(m * 10.0**e for e in (-6, -5, -4, -3) for m in (1, 2, 5)),
        ),
    ]  # fmt: skip
    return [*found, *(field for field in alignment(plan, chosen) if field.name == "beta")]


def _duration(plan: Plan, chosen: Sequence[str]) -> Field:
    """Return what decides how long it trains: the epochs, or the steps where they are given, which override them."""
    wanted, notes = plan.chosen.resolved.recipe, (_time_note(plan), _time_note(plan, True))
    if wanted.max_steps:
        steps = tuple(sorted({10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, wanted.max_steps}))
        shown = units.count(wanted.max_steps)
        return Field("max_steps", "steps", shown, notes[0], "max_steps" in chosen, steps, notes[1])
    times = (0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
    shown = f"{wanted.num_train_epochs:g}"
    return Field("num_train_epochs", "epochs", shown, notes[0], "num_train_epochs" in chosen, times, notes[1])


_BETA_NOTES = {
    "dpo": "less lets it move further from the base",
    "kto": "less lets it move further from the base",
    "orpo": "how much the comparison counts beside the better answer",
    "grpo": "how much leaving the base costs; 0 is nothing",
    "ppo": "how much leaving the base costs",
}
_LOSS_NOTES = {
    "sigmoid": "DPO's own, measured against the base",
    "ipo": "aims at a fixed margin: overfits less on pairs of one mind",
    "simpo": "judges by the mean per token, without the base",
}
_DIVERGENCE_NOTES = {
    "forward": "covers all that the teacher might say",
    "reverse": "keeps to what the teacher says most",
    "jsd": "between the two, and bounded",
}
_BETAS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)
_SIMPO_BETAS = (1.0, 1.5, 2.0, 2.5, 3.0, 5.0, 10.0)


def alignment(
    plan: Plan, chosen: Sequence[str], judges: Sequence[str] = (), teachers: Sequence[str] = ()
) -> list[Field]:
    """Return the values of a method that compares or rewards answers: how strongly it is held, for dpo its loss, and
    for ppo which of the reward models in `judges` scores them, for distill which of `teachers` it learns from, and how.
    """
    wanted = plan.chosen.resolved.recipe
    found = []
    if relevance.counts("reward_model", wanted.method) and (known := [*judges, wanted.reward_model]) != [""]:
        steps = tuple(dict.fromkeys(known))
        shown = f"{steps.index(wanted.reward_model) + 1} of {len(steps)}" if wanted.reward_model else "none"
        note = wanted.reward_model or "checks alone score the answers"
        found.append(Field("reward_model", "reward model", shown, note, "reward_model" in chosen, steps))
    if relevance.counts("teacher", wanted.method):
        steps = tuple(dict.fromkeys((*teachers, wanted.teacher))) if wanted.teacher else tuple(teachers)
        if steps:
            shown = f"{steps.index(wanted.teacher) + 1} of {len(steps)}" if wanted.teacher else "none"
            note = wanted.teacher or "what it is to learn from"
            found.append(Field("teacher", "teacher", shown, note, "teacher" in chosen, steps))
        note = _DIVERGENCE_NOTES[wanted.divergence]
        how = recipe.DIVERGENCES
        found.append(Field("divergence", "divergence", wanted.divergence, note, "divergence" in chosen, how))
    if relevance.counts("loss_type", wanted.method):
        note = _LOSS_NOTES[wanted.loss_type]
        found.append(Field("loss_type", "loss", wanted.loss_type, note, "loss_type" in chosen, recipe.LOSSES))
    if relevance.counts("beta", wanted.method):
        simpo = wanted.loss_type == "simpo"
        note = "how sharply means per token are told apart" if simpo else _BETA_NOTES[wanted.method]
        shown = f"{recipe.beta_of(wanted):g}"
        found.append(Field("beta", "beta", shown, note, "beta" in chosen, _SIMPO_BETAS if simpo else _BETAS))
    if relevance.counts("thinking_budget", wanted.method):
        held, quarters = wanted.thinking_budget, tuple(wanted.max_completion_length * part // 4 for part in range(4))
        shown, note = (f"{held} tokens", "thinks, then answers") if held else ("none", "answers without thinking")
        found.append(Field("thinking_budget", "longest thought", shown, note, "thinking_budget" in chosen, quarters))
    return found


def moved(plan: Plan, field: Field, step: int) -> Any:
    """Return the value before (-1) or after (1) the present one among the steps of a field, None at their end."""
    wanted = plan.chosen.resolved.recipe
    present = recipe.beta_of(wanted) if field.name == "beta" else getattr(wanted, field.name)
    if isinstance(present, str):
        return (
            field.steps[(field.steps.index(present) + step) % len(field.steps)]
            if present in field.steps
            else field.steps[0]
        )
    larger = [value for value in field.steps if value > present * (1 + 1e-9)]
    smaller = [value for value in field.steps if value < present * (1 - 1e-9)]
    if not (larger if step > 0 else smaller):
        return None
    return larger[0] if step > 0 else smaller[-1]


def changed(road: Road, plan: Plan, name: str, value: Any) -> Road:
    """Return the road with a value set; a micro-batch takes its accumulation with it, so the effective one stays.

    Raises UsageError for a value that is impossible.
    """
    wanted = plan.chosen.resolved.recipe
    road = road.with_value(name, value)
    if name == "loss_type":
        # What suits one loss does not suit another.
        road = road.without("beta", "simpo_gamma")
    if name == "per_device_train_batch_size":
        effective = wanted.per_device_train_batch_size * wanted.gradient_accumulation_steps
        road = road.with_value("gradient_accumulation_steps", max(1, effective // road.chosen[name]))
    return road


def reason(provenance: str) -> str:
    """Return a provenance as a note: the reason where it is derived, else where the value comes from."""
    if provenance.startswith("derived: "):
        return provenance.removeprefix("derived: ").rstrip(".")
    return {"chosen": _CHOSEN, "default": "the usual value"}.get(provenance, provenance)


def in_words(error: str) -> str:
    """Return what is wrong with a value in the names of the pages, without what only a command line can do."""
    names = sorted((name for name in recipe.FIELDS if "_" in name), key=len, reverse=True)
    said = re.sub(r"; give for example --set [^;]*$", ".", error)
    said = re.sub(rf"\b({'|'.join(names)})\b", lambda found: recipe.FIELDS[found[1]][1].label, said)
    return said[:1].upper() + said[1:]


def _origin(provenance: str) -> str:
    """Return where a value comes from in one word."""
    return "derived" if provenance.startswith("derived") else reason(provenance)


def _others(plan: Plan, brief: bool = False) -> str:
    """Return what the other tunings would take."""
    unit, name = scale(plan)
    said = []
    for other in plan.alternatives:
        end = {"fits": "fits", "tight": "tight", "too large": "no"}[other.verdict]
        needs = " " if brief else " needs "
        why = f" {said_why}" if not brief and (said_why := heavier(other, plan.chosen)) else ""
        said.append(f"{TUNING_NAMES[other.tuning]}{needs}{_other(other, unit, '' if brief else name)}{why}: {end}")
    return (", " if brief else ". ").join(said) or "the only one for this base"


def _other(other: Attempt, unit: int, name: str) -> str:
    """Return the peak of another tuning, in GiB where it is that large; with "" a smaller one without its unit."""
    peak = other.memory.peak
    if peak >= GIB:
        return units.significant(peak / GIB) + (" GiB" if unit != GIB else "")
    return f"{amount(peak, unit)} {name if unit != GIB else ''}".rstrip()


def _tunings(plan: Plan) -> tuple[str, ...]:
    """Return the tunings this base can have."""
    there = {plan.chosen.tuning, *(other.tuning for other in plan.alternatives)}
    return tuple(tuning for tuning in ("qlora", "lora", "full") if tuning in there)


def _doubling(low: int, high: int, present: int = 0) -> tuple[int, ...]:
    """Return the powers of two in a range, and the present value where it is none of them."""
    found = {1 << place for place in range(high.bit_length()) if low <= 1 << place <= high}
    return tuple(sorted(found | ({present} if present else set())))


def _splits(effective: int) -> tuple[int, ...]:
    """Return the micro-batches that divide an effective batch."""
    return tuple(size for size in range(1, effective + 1) if effective % size == 0)


def length_note(plan: Plan, rows: Rows | None, provenance: str, brief: bool = False) -> str:
    """Return what a maximum length means for the rows, or where it comes from while these are not known."""
    length = plan.chosen.resolved.recipe.max_length
    if rows is None or rows.articles:
        return reason(provenance)
    if rows.longest <= length:
        every = "all looked at" if brief else "every row that was looked at"
        return f"covers {every}, up to {lengths.number(rows, rows.longest)}"
    bounds = ((rows.p99, "99 %"), (rows.p90, "90 %"), (rows.p50, "half"))
    share = next((said for bound, said in bounds if bound <= length), "less than half")
    return f"covers {share}; longer rows are cut" if brief else f"covers {share} of the rows; longer ones are cut"


def _time_note(plan: Plan, brief: bool = False) -> str:
    """Return how many steps the epochs make, or how often given steps read the rows, and how long that takes."""
    steps = f"about {units.several(plan.steps, 'step')}"
    if plan.chosen.resolved.recipe.max_steps:
        steps = f"whatever the epochs; rows are read {passes(plan.passes)}" if not brief else passes(plan.passes)
        steps = steps if plan.sequences else "whatever the epochs"
    if plan.pace.hours is None:
        return steps if brief else f"{steps}; the first of them will tell the time"
    return f"{steps}, {units.duration(3600 * plan.pace.hours)}"
