"""The plan: which tuning of a base fits a card, with values that follow from the data, and a reason for each.

Owns the order in which things are given up and the account of it. Pure arithmetic on what it is given: it must not read
data, hardware or models.

Quality is given up last. Every tuning is tried with its full effective batch and length; what costs only time goes
first (recomputing activations, smaller micro-batches), then AdamW's states in 8 bits under full tuning, then
activations go to the host's memory, then the next tuning is taken, and at the very end the length of the rows is given
up.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.core import activations, derive, memory, pace, presets, reasons, resident, weights
from workbench.core.attempt import Attempt, Base, Card
from workbench.core.demand import METHODS, Demand, demand_of, named_layers
from workbench.core.derive import Rows
from workbench.core.errors import UsageError
from workbench.core.losses import answers_of, beta_of, longest_answer, own_answers
from workbench.core.memory import Correction, Memory
from workbench.core.recipe import ALIGNING, BUNDLED, REINFORCING, SCRATCH, TUNINGS, Recipe, Resolved, resolve
from workbench.core.relevance import counts
from workbench.core.reliefs import reliefs, whole_groups
from workbench.core.shape import Shape
from workbench.core.teaching import token_bytes, writes_only
from workbench.core.units import count

__all__ = ["Attempt", "Base", "Card", "Plan", "Traces", "demand", "expected", "predicted", "solve"]
_SHORTEST = 256

Traces = Mapping[Demand, Memory]
"""What was traced for exactly such a demand."""


@dataclass(frozen=True)
class Plan:
    """What is proposed, and what else there is."""

    chosen: Attempt
    reasons: tuple[str, ...]
    """Why this tuning, and what was given up for it, one sentence each."""
    alternatives: tuple[Attempt, ...]
    """The best attempt of every other tuning."""
    sequences: int
    steps: int
    passes: float
    """How often each row is read over the whole run: the epochs, or what the steps come to where they are given."""
    tokens: float
    """Trained over the whole run."""
    pace: pace.Pace
    disk: int
    doubts: tuple[str, ...] = field(default=())
    """What so few rows, or answers in a batch, cannot do, one sentence each."""
    remedies: tuple[str, ...] = field(default=())
    """What would make it fit, when nothing does."""

    @property
    def fits(self) -> bool:
        """Whether the proposal fits, tightly at least."""
        return self.chosen.verdict != "too large"


_USUAL, _USUAL_LONGEST = 0.5, 1.0
"""Tokens of a usual answer, and of the longest of those written together, as shares of the most that is allowed:
assumed."""


def _weights_per_rank(shape: Shape, targets: tuple[str, ...]) -> int:
    """Return how many weights an adapter gains with each rank."""
    if shape.model_type not in activations.families():
        return 9 * shape.hidden * shape.layers
    counted = weights.count(shape, activations.table(shape.model_type), scored=False)
    matrices = weights.adapted(counted, named_layers(targets) or ("all-linear",))
    return sum((matrix.inputs + matrix.outputs) * matrix.layers for matrix in matrices)


def _own(base: Base, preset: presets.Preset) -> bool:
    """Return whether a preset was made for this very base, so that it has settled what else is derived."""
    return bool(base.root) and preset.name.startswith(f"{base.root}-")


def _enough(
    rows: Rows, preset: presets.Preset, values: Mapping[str, Any], chosen: Mapping[str, Any]
) -> dict[str, derive.Value]:
    """Return how often so few rows are read, and in which batches, that there are steps enough; {} for other rows.

    Compared answers, and prompts, are read as often as their preset says, however few they are.
    """
    settled = {"num_train_epochs", "per_device_train_batch_size", "gradient_accumulation_steps"} & chosen.keys()
    recipe = dataclasses.replace(Recipe(), **{**values, **chosen})
    if settled or recipe.max_steps or preset.method in (*ALIGNING, *REINFORCING):
        return {}
    found = derive.sequences(rows, recipe.max_length, recipe.packing)
    kept = found if rows.aside else round(found * (1 - recipe.eval_split)) or found
    batch = recipe.per_device_train_batch_size * recipe.gradient_accumulation_steps
    return derive.enough(kept, batch, recipe.num_train_epochs)


def _derived(
    base: Base, rows: Rows | None, card: Card, preset: presets.Preset, chosen: Mapping[str, Any]
) -> dict[str, derive.Value]:
    """Return field → value of what base and data decide; a preset made for this very base has settled most of it."""
    grouped = whole_groups(preset.values, chosen)
    if rows is None:
        return grouped | derive.of_students(preset.values, {}, chosen)
    if _own(base, preset):
        length = int(preset.values.get("max_length", Recipe().max_length))
        settled = grouped | derive.of_students(preset.values, {}, chosen)
        whole = {name: value.value for name, value in settled.items()}
        answer = longest_answer(Recipe(**{**preset.values, **whole, **chosen}))
        cuts = not rows.articles and rows.p99 > length - answer and "max_length" not in chosen
        longer = derive.room(rows, base.context, answer) if answer else derive.max_length(rows, base.context)
        kept = {"max_length": longer} if cuts else {}
        kept |= derive.of_students(preset.values, kept, chosen)
        kept |= grouped
        return kept | _enough(rows, preset, {**preset.values, **{name: kept[name].value for name in kept}}, chosen)
    found: dict[str, derive.Value] = dict(grouped)

    def current(name: str) -> Any:
        value = found[name].value if name in found else None
        return chosen.get(name, value if value is not None else preset.values.get(name, getattr(Recipe(), name)))

    writes = preset.method in REINFORCING
    if writes:
        most = int(chosen.get("max_length", base.context or derive.UNKNOWN_CONTEXT))
        found |= derive.answers(int(current("max_completion_length")), most, int(current("thinking_budget")))
        found["max_length"] = derive.room(rows, base.context, int(current("max_completion_length")))
    else:
        found["max_length"] = derive.max_length(rows, base.context)
    found |= derive.of_students(preset.values, found, chosen)
    if base.packing != "safe":
        found["packing"] = derive.Value(False, f"Packing is {base.packing}.")
    # Compared answers, and prompts, are read as often as their preset says, however few they are.
    if preset.method not in (*ALIGNING, *REINFORCING):
        found["num_train_epochs"] = derive.epochs(rows)
    count = derive.sequences(rows, int(current("max_length")), bool(current("packing")))
    if not writes and not {"per_device_train_batch_size", "gradient_accumulation_steps"} & chosen.keys():
        batch = derive.effective_batch(count, float(current("num_train_epochs")), int(current("max_steps")))
        found["per_device_train_batch_size"] = batch
        found["gradient_accumulation_steps"] = derive.Value(1, "The whole batch goes through at once.")
    found |= _enough(rows, preset, {**preset.values, **{name: found[name].value for name in found}}, chosen)
    if chosen["tuning"] != "full":
        if base.targets:
            said = "All linear layers of this family's language model; no router and nothing that sees or hears."
            found["target_modules"] = derive.Value(base.targets, said)
        targets = tuple(current("target_modules"))
        usual, alpha = int(preset.values.get("lora_r", 16)), int(preset.values.get("lora_alpha", 32))
        if not writes:  # what a reward tells is little beside what rows hold
            found["lora_r"] = derive.rank(rows, usual, _weights_per_rank(base.shape, targets))
        if int(current("lora_r")) != usual:
            scale = max(1, round(int(current("lora_r")) * alpha / usual))
            found["lora_alpha"] = derive.Value(scale, f"Alpha stays {alpha / usual:g} times the rank.")
    return {name: value for name, value in found.items() if name not in chosen}


def _resolved(
    preset: presets.Preset, derived: Mapping[str, derive.Value], chosen: Mapping[str, Any], origin: Mapping[str, str]
) -> Resolved:
    """Return the recipe of a preset, what was derived, and what the person chose, one over the other."""
    values = {**{name: value.value for name, value in derived.items()}, **chosen}
    made = resolve(values, preset.values, preset.name)
    told = {name: f"derived: {value.why}" for name, value in derived.items()}
    return Resolved(made.recipe, {**made.provenance, **told, **{name: origin.get(name, "chosen") for name in chosen}})


def _attempt(
    base: Base, card: Card, preset: presets.Preset, derived: Mapping[str, derive.Value],
    chosen: Mapping[str, Any], origin: Mapping[str, str], correction: Correction | None, traces: Traces,
) -> Attempt:  # fmt: skip
    """Return the first relief that fits, or the smallest attempt when none does.

    What the host's memory has no room for is left out, unless the person has asked for it.
    """
    plain = _resolved(preset, derived, chosen, origin)
    shape, beside = base.shape, base.beside.get(plain.recipe.tuning, 0)
    best: Attempt | None = None
    refused: Attempt | None = None
    host = card.host if card.gpu else None
    if _own(base, preset):
        found = predicted(shape, plain.recipe, card, correction, traces, beside)
        best = Attempt(plain.recipe.tuning, plain, found, card.free, host=host)
        if best.fits:
            return best
    for relief in reliefs(plain.recipe, chosen, card.gpu):
        resolved = _resolved(preset, {**derived, **relief.values}, chosen, origin)
        found = predicted(shape, resolved.recipe, card, correction, traces, beside)
        attempt = Attempt(resolved.recipe.tuning, resolved, found, card.free, relief.costs, host)
        if attempt.fits:
            return attempt
        if not attempt.host_holds:
            refused = attempt
        elif best is None or attempt.memory.peak < best.memory.peak:
            best = attempt
    if best is None:
        assert refused is not None, "there is always one relief"
        return refused
    if refused is not None and refused.memory.peak <= refused.free:
        return dataclasses.replace(best, refused=refused.no_room)
    return best


def demand(recipe: Recipe, card: Card, **more: Any) -> Demand:
    """Return what a recipe asks of a card or a processor; `more` overrides what follows from it, as in `demand_of`."""
    precision = "fp32" if recipe.precision == "fp32" or (recipe.precision == "auto" and not card.bf16) else "bf16"
    own = {"precision": precision, "offloading": card.gpu and recipe.activation_offloading}
    return demand_of(recipe, **{**own, **more})


def expected(shape: Shape, recipe: Recipe, card: Card, beside: int = 0, **more: Any) -> Memory:
    """Return the estimate of a recipe, uncorrected; `more` overrides what follows from it, as in `demand_of`.

    `beside` is the size in bytes of a reward model that stays in memory, or of a teacher that is asked before.
    On a processor it is the memory of the whole process, and there is no context of CUDA.
    """
    wanted = demand(recipe, card, **more)
    found = memory.estimate(shape, wanted, beside)
    return found if card.gpu else resident.of_process(found, wanted.precision)


def predicted(
    shape: Shape, recipe: Recipe, card: Card, correction: Correction | None = None, traces: Traces | None = None,
    beside: int = 0,
) -> Memory:  # fmt: skip
    """Return what a recipe is told to need on a card or a processor: the one figure that every place shows.

    `correction` is what runs under its tuning took on this card: it says nothing of a processor. `traces` has estimates
    that stand in place of the closed form's.
    """
    made = traces.get(demand(recipe, card)) if traces else None
    found = made if made is not None else expected(shape, recipe, card, beside)
    return memory.corrected(found, correction) if card.gpu else found


def _senseless(tuning: str, base: Base, card: Card, chosen: Mapping[str, Any]) -> bool:
    """Return whether nobody would want a tuning here, or the person's other values rule it out."""
    if tuning == "full":
        return bool(chosen.get("trainable_token_indices"))
    tiny = tuning == "qlora" and not card.gpu and base.root in (BUNDLED, SCRATCH)
    return tiny or chosen.get("optim") == "muon" or bool(chosen.get("sparsity")) or base.reference == SCRATCH


def solve(
    base: Base,
    rows: Rows | None,
    card: Card,
    method: str,
    chosen: Mapping[str, Any],
    origin: Mapping[str, str] | None = None,
    preset: presets.Preset | None = None,
    correction: Mapping[str, Correction] | None = None,
    traces: Traces | None = None,
) -> Plan:
    """Return the plan for a method; `chosen` are the person's values, which nothing changes.

    `rows` is None while there is no data: lengths and epochs are the preset's then. `preset` stands in for the one of
    method and tuning. `correction` maps tunings to what runs under them took on this card, where it is known. `traces`
    has estimates that stand in place of the closed form's. Raises UsageError where a value is impossible.
    """
    origin, correction, traces = origin or {}, correction or {}, traces or {}
    chosen = {"method": method, **chosen}
    wanted = str(chosen.get("tuning") or (preset.tuning if preset is not None else ""))
    tunings = (wanted,) if wanted else TUNINGS
    if wanted and wanted not in TUNINGS:
        raise UsageError(f"There is no tuning {wanted!r}; known are {', '.join(TUNINGS)}.")
    made: dict[str, Attempt] = {}
    derived: dict[str, dict[str, derive.Value]] = {}
    starts: dict[str, presets.Preset] = {}
    for tuning in TUNINGS:
        own = {**chosen, "tuning": tuning}
        if tuning != wanted and _senseless(tuning, base, card, own):
            continue
        given = preset is not None and tuning in (preset.tuning, wanted)
        starts[tuning] = preset if preset is not None and given else presets.default_for(method, tuning, base.root)
        derived[tuning] = _derived(base, rows, card, starts[tuning], own)
        told = {**origin, "tuning": origin.get("tuning", "chosen") if wanted else f"derived: {reasons.WHY[tuning]}"}
        made[tuning] = _attempt(base, card, starts[tuning], derived[tuning], own, told, correction.get(tuning), traces)
    few = derive.too_few_for_full(rows) if rows is not None and method not in ("cpt", "pretrain") else ""
    few = "" if base.root in (BUNDLED, SCRATCH) else few
    order = [tuning for tuning in tunings if tuning in made]
    if not wanted and few:
        order = [tuning for tuning in order if tuning != "full"]
    best = next((made[tuning] for tuning in order if made[tuning].fits), None)
    best = best or next((made[tuning] for tuning in order if made[tuning].verdict == "tight"), None)
    found: list[str] = []
    if best is None:
        best = _shortened(base, card, starts, derived, made, order, chosen, origin, correction, traces)
    found += reasons.why(best, made, order, few if not wanted else "", bool(wanted))
    if best.tuning == "qlora" and base.shape.experts:
        found.append("Its experts stay in 16 bits: only linear layers can be held in 4, and they are none.")
    settled = best.resolved.recipe
    if rows is not None and (lost := derive.cut(rows, settled.max_length, longest_answer(settled))):
        found.append(lost)
    if base.context and best.resolved.recipe.max_length > base.context:
        found.append(
            f"Rows may have {count(best.resolved.recipe.max_length)} tokens, and the base was made for texts of "
            f"{count(base.context)}: what lies beyond, it reads badly."
        )
    others = tuple(made[tuning] for tuning in TUNINGS if tuning in made and tuning != best.tuning)
    return _told(base, rows, card, best, tuple(found), others)


def _shortened(
    base: Base, card: Card, starts: Mapping[str, presets.Preset], derived: Mapping[str, Mapping[str, derive.Value]],
    made: Mapping[str, Attempt], order: list[str], chosen: Mapping[str, Any], origin: Mapping[str, str],
    correction: Mapping[str, Correction], traces: Traces,
) -> Attempt:  # fmt: skip
    """Return the smallest tuning with shorter rows, as long as they still fit; itself where that does not help."""
    tuning = order[-1]
    best = made[tuning]
    length = best.resolved.recipe.max_length
    while "max_length" not in chosen and length > _SHORTEST:
        length = max(_SHORTEST, length // 2)
        shorter = derive.Value(length, "Longer rows do not fit the memory; what is beyond is cut or split.")
        values = {**derived[tuning], "max_length": shorter}
        if longest_answer(written := best.resolved.recipe) or own_answers(written):
            values |= (cut := derive.answers(written.max_completion_length, length, written.thinking_budget))
            if any(chosen.get(name, 0) > value.value for name, value in cut.items()):
                break
        own = {**chosen, "tuning": tuning}
        told = {**origin, "tuning": made[tuning].resolved.provenance["tuning"]}
        found = _attempt(base, card, starts[tuning], values, own, told, correction.get(tuning), traces)
        if found.verdict != "too large":
            given_up = (*found.given_up, f"rows of at most {count(length)} tokens")
            return dataclasses.replace(found, given_up=given_up, refused=best.refused)
    return best


def _told(
    base: Base, rows: Rows | None, card: Card, best: Attempt, said: tuple[str, ...], others: tuple[Attempt, ...]
) -> Plan:
    """Return the plan with its steps, time and disk."""
    recipe = best.resolved.recipe
    count = derive.sequences(rows, recipe.max_length, recipe.packing) if rows is not None else 0
    held = round(count * (1 - recipe.eval_split)) or count
    writes = recipe.method in REINFORCING
    held *= answers_of(recipe) * recipe.num_iterations if writes else 1
    batch = recipe.per_device_train_batch_size * recipe.gradient_accumulation_steps * recipe.num_processes
    steps = recipe.max_steps or derive.steps_of(held, batch, recipe.num_train_epochs)
    passes = steps * batch / held if recipe.max_steps and held else recipe.num_train_epochs
    method = METHODS[recipe.method]
    of_rows = rows.tokens * method.rows if rows is not None else 0.0
    full = of_rows * (held / max(count, 1) if recipe.max_steps else 1 - recipe.eval_split) * passes
    most = float(steps * batch * recipe.max_length * method.rows)
    tokens = min(full, most)
    if writes:
        asked = rows.mean if rows is not None else 0.0
        tokens = min(steps * batch * (asked + _USUAL * recipe.max_completion_length), most)
    answers = steps * batch // recipe.num_iterations if writes else round(steps * batch * own_answers(recipe))
    hours = pace.writing(
        base.shape, answers, recipe.generation_batch_size or batch, _USUAL_LONGEST * recipe.max_completion_length,
        card.name,
    )  # fmt: skip
    total, trainable = _parameters(base.shape, recipe)
    beside = base.beside.get(recipe.tuning, 0) if method.teacher else 0
    # The teacher reads every row once; a pass there is a third of one there and back.
    asked = of_rows * beside / (2 * 3 * max(total, 1))
    time = pace.pace(
        base.shape, recipe.tuning, recipe.gradient_checkpointing, recipe.max_length,
        asked + tokens * (1 + (method.looks + bool(writes and beta_of(recipe))) / (3 * method.rows)), card.name,
        recipe.activation_offloading,
    ).after(hours)  # fmt: skip
    disk = pace.disk_bytes(total, trainable, recipe.tuning, pace.checkpoints_at_once(recipe))
    if method.teacher and not writes_only(recipe.teacher):
        told = of_rows * token_bytes(recipe.teacher_top_k, base.shape.vocabulary)
        disk += math.ceil(told) + 2 * total * method.cuts
    few = (_few_held(rows, recipe), _few_steps(steps, recipe)) if rows is not None else ()
    doubts = tuple(filter(None, (*few, reasons.alone(batch) if recipe.method == "kto" else "")))
    remedies = reasons.remedies(best, others, card.gpu)
    return Plan(best, said, others, count, steps, passes, tokens, time, disk, doubts, remedies)


def _few_steps(steps: int, recipe: Recipe) -> str:
    """Return the doubt about so few steps of a method that learns from text."""
    return "" if recipe.method in (*ALIGNING, *REINFORCING) else derive.few_steps(steps)


def _few_held(rows: Rows, recipe: Recipe) -> str:
    """Return the doubt about a recipe's held-out rows where the result is chosen by them."""
    chosen = recipe.load_best_model_at_end and counts("load_best_model_at_end", recipe.method)
    return derive.few_held(rows, recipe.eval_split) if chosen else ""


def _parameters(shape: Shape, recipe: Recipe) -> tuple[int, int]:
    """Return (parameters of the base, parameters that are trained)."""
    total = shape.parameters
    if shape.model_type in activations.families():
        total = weights.count(shape, activations.table(shape.model_type), scored=False).total
    if recipe.tuning == "full":
        return total, total
    adapters = 2 if METHODS[recipe.method].critic else 1
    return total, adapters * recipe.lora_r * _weights_per_rank(shape, recipe.target_modules)
