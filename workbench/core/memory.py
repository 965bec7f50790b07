"""How much GPU memory a run will need, in closed form, from the configuration of its base alone.

Owns the peak of every phase of a run, by part. Must not know files of weights, libraries that load them, or hardware:
what fits is for the caller to say. The arithmetic takes microseconds once a family's table has been read; the tables,
and what their sums mean, are in `core/activations.py`, and `engine/planning` checks both by tracing a step.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from workbench.core import activations, teaching, weights
from workbench.core.activations import Stages, Table, largest, value
from workbench.core.demand import METHODS, Demand
from workbench.core.shape import Shape

GIB = 1 << 30

CONTEXT_BYTES = round(0.6 * GIB)
"""What CUDA, its kernels and cuBLAS take before the first tensor: assumed, the same for every card."""
RESERVE_SHARE = 0.10
"""Memory the allocator holds and cannot hand out, over what comes and goes in a step: assumed; replays of traces
through a model of the allocator gave 3 to 17 percent."""
MARGIN = 0.2
"""By how much a card may need more than the peak of a traced family: no GPU has measured it yet, and published figures
for other versions of the libraries were up to that much above. A machine's own measurements are to replace it."""
MEASURED_MARGIN = 0.05
"""The same where this machine has measured runs of the very family; runs of others leave the margin as it is."""
WIDE_MARGIN = 0.6
"""The same for a family, or a way of adapting one, that no table knows: traces of families without a table were up to
half as much again."""

HOST_SHARE = 0.5
"""Share of the host's free memory that activations may be moved to: assumed. Pinned memory is never swapped, and
loading, the rows and everything else on the machine want the rest."""

TILE_TOKENS, TILE_WORDS = 4096, 32768
"""Largest tile of TRL's fused head."""
LINEAR_KEYS, LINEAR_VALUES = 56, 48
"""Bytes that a linear-attention layer keeps for each element of a token's keys and values, as computed in chunks by
plain operations of torch: the upper edge of what traces of Qwen3.5 gave. Kernels of its own need less."""
ATTENTION = frozenset({"q_proj", "k_proj", "v_proj", "o_proj", "qkv_proj"})
"""Names of linear layers of attention; an adapter on these alone has a table of its own."""


@dataclass(frozen=True)
class Memory:
    """An estimate, in bytes."""

    parts: dict[str, int]
    """Part → bytes at the peak; they add up to it."""
    phase: str
    """Where the peak is: loading, teacher, forward, head, reference, loss, backward, embedding, step, generation."""
    phases: dict[str, int]
    """Phase → its own peak, context and reserve left out."""
    margin: float
    """Share of the peak by which a card may need more."""
    notes: tuple[str, ...]
    """What the figure rests on, one sentence each."""
    exact: bool
    """Whether a table of this very family and way of adapting it was used, or a step of it was traced."""
    host: int = 0
    """Bytes of the host's memory, pinned, that activations are moved to."""

    @property
    def peak(self) -> int:
        """Everything together."""
        return sum(self.parts.values())

    @property
    def live(self) -> int:
        """What the tensors alone take at the peak, as a trace counts it."""
        return self.phases[self.phase]


@dataclass(frozen=True)
class Correction:
    """What runs on this machine took beside what was predicted for them."""

    ratio: float
    """Measured over predicted peaks."""
    own: bool
    """Whether runs of the very family gave it, and not those of others that stand in for it."""


def _second(size: int, tile: int) -> int:
    """Return how much of `size` the second of its tiles holds."""
    return min(max(size - tile, 0), tile)


@dataclass
class _Step:
    """One shape, demand and table, and the sums that several phases need."""

    shape: Shape
    demand: Demand
    table: Table

    def __post_init__(self) -> None:
        demand, shape = self.demand, self.shape
        rows, length = demand.sequences, demand.length
        scored = rows * (length - 1)
        self.symbols: dict[str, float] = {
            **weights.dimensions(shape),
            **{"B": rows, "S": length, "T": rows * length, "N": scored, "M": rows * length * length},
            **{"r": demand.rank, "H": min(scored, TILE_TOKENS), "W": min(shape.vocabulary, TILE_WORDS)},
            **{"U": _second(scored, TILE_TOKENS), "V": _second(shape.vocabulary, TILE_WORDS), "C": TILE_WORDS},
        }
        self.full = demand.tuning == "full"
        self.weights = weights.count(shape, self.table, METHODS[demand.method].head == "score")
        self.matrices = [] if self.full else weights.adapted(self.weights, demand.targets)
        self.tensors = (
            weights.full_tensors(self.weights) if self.full else weights.adapter_tensors(self.matrices, demand.rank)
        )
        self.trainable = sum(size * number for size, number in self.tensors.items())
        self.roles = 2 if METHODS[demand.method].critic and not self.full else 1
        """Adapters that are trained: the policy's, and a critic's beside it."""
        self.layer_gradients = round(
            4 * (self.weights.layer(shape.layers) if self.full else self.trainable / shape.layers)
        )
        self.kinds = list(self._kinds())
        self.layers = sum(number for _, number in self.kinds)
        self.scale = 2 if demand.precision == "fp32" else 1
        self.offloads = demand.checkpointing and demand.offloading

    def _kinds(self) -> Iterator[tuple[Stages, int]]:
        """Yield (stages, layers) of the layers that need a mask, which decide what is kept beside them, then the rest.

        Without padding and packing a mask is only made for windows that are shorter than the sequence.
        """
        demand, shape = self.demand, self.shape
        kind = demand.tuning
        if kind != "full":
            alone = {matrix.name for matrix in self.matrices} <= ATTENTION
            kind += "_attention" if alone or f"{kind}_all.kept.open" not in self.table.stages else "_all"
        kind += ".recomputed" if demand.checkpointing else ".kept"
        masked = shape.layers if demand.packing or demand.sequences > 1 else 0
        if not masked and demand.length > shape.window:
            masked = shape.windowed_layers
        for seen, number in (("masked", masked), ("open", shape.layers - masked)):
            if number:
                yield self.table.stages[f"{kind}.{seen}"], number

    def of(self, text: str) -> float:
        """Return the value of a sum here."""
        return value(text, self.symbols) * self.scale

    def top(self, name: str) -> float:
        """Return the largest moment of a stage over the kinds of layers."""
        return max(largest(getattr(stages, name), self.symbols) for stages, _ in self.kinds) * self.scale

    @property
    def kept_by_one(self) -> float:
        """Return what a layer keeps until its backward pass."""
        return max(self.of(stages.kept) for stages, _ in self.kinds)

    def over_layers(self, name: str) -> float:
        """Return what all layers together add to a sum."""
        return sum(self.of(getattr(stages, name)) * number for stages, number in self.kinds)

    @property
    def dropped(self) -> float:
        """Bytes a layer keeps for the dropout of its adapters: a mask of one byte per input.

        Over 4-bit weights each adapter also keeps inputs of its own, where without dropout those that read the same
        share them; over 16-bit weights each has its own in any case.
        """
        if not self.demand.dropout:
            return 0.0
        inputs = sum(matrix.inputs * matrix.layers for matrix in self.matrices)
        kept = float(inputs)
        if self.demand.tuning == "qlora":
            shared = {(matrix.name in ATTENTION, matrix.inputs): matrix.layers for matrix in self.matrices}
            kept += 2 * (inputs - sum(width * layers for (_, width), layers in shared.items()))
        return self.symbols["T"] * kept / self.layers

    @property
    def chunked(self) -> float:
        """Bytes a layer of linear attention keeps beside what the table counts for a layer."""
        elements = LINEAR_KEYS * self.shape.linear_keys + LINEAR_VALUES * self.shape.linear_values
        return self.symbols["T"] * elements


def _token_rows(step: _Step) -> int:
    """Return what training single rows of the embedding costs: merged copies of embedding and head, and a gradient."""
    return (2 + 2 + 4) * step.weights.embedding if step.demand.token_rows else 0


def _parts(step: _Step) -> dict[str, int]:
    """Return what is there all the time: base, adapter, optimiser, and the copy a reference needs."""
    demand, counted = step.demand, step.weights
    base = weights.base_bytes(counted, demand.tuning, demand.precision)
    inner = sum(m.size * m.layers for m in counted.linears)
    copied = step.full and demand.reference
    return {
        "weights": base,
        "adapter": 0 if step.full else 4 * step.trainable,
        "critic": 4 * step.trainable * (step.roles - 1),
        "optimiser": weights.state_bytes(step.tensors, demand.optimiser, inner) * step.roles,
        "reference": base if copied else 0,
    }


_Phase = dict[str, float]
"""Part → bytes of what comes and goes, at the peak of one phase."""


def _training(step: _Step) -> Iterator[tuple[str, _Phase]]:
    """Yield the peaks of a micro-batch: passes through layers and head, there and back, and the optimiser's step."""
    first, layers, method = step.kinds[0][0], step.layers, METHODS[step.demand.method]
    gradients = 4 * step.trainable * step.roles
    waiting = gradients if step.demand.accumulation > 1 or step.roles > 1 else 0
    grows, kept = step.over_layers("grows"), step.over_layers("kept")
    dropped = step.dropped
    chunked = step.chunked
    if not step.demand.checkpointing:
        more = dropped * layers + chunked * step.shape.linear_layers
        kept, grows, dropped, chunked = kept + more, grows + more, 0.0, 0.0
    # With checkpointing one layer at a time has them.
    dropped += chunked
    own = max(step.of(stages.grows) for stages, _ in step.kinds)
    kept_by_one = step.kept_by_one
    first_pass, last_pass = kept, kept_by_one
    if step.offloads:
        # Each layer's input leaves the card once the layer is through, and comes back for its backward pass. The first
        # one's is a leaf over frozen weights: autograd holds it for its gradient.
        leaf = 0.0 if step.full else kept_by_one
        grows, kept, first_pass, last_pass = grows - kept + leaf, leaf, leaf + kept_by_one, leaf + kept_by_one
    start, tail = step.of(first.start), step.of(first.tail)
    head, loss = (first.head, first.loss)
    if method.head != "fused":
        head, loss = step.table.heads[f"{method.head}.{'full' if step.full else 'frozen'}"]
    extra = _token_rows(step)

    def phase(name: str, gradients: float, stored: float, moment: float, head: float = 0) -> tuple[str, _Phase]:
        return name, {"gradients": gradients, "activations": stored, "workspace": moment + extra, "logits": head}

    yield phase("forward", waiting, start + grows - own, max(step.top("forward") + dropped, 0))
    yield phase("forward", waiting, 0, step.top("prefix"))
    yield phase("head", waiting, start + grows, 0, largest(head, step.symbols) * step.scale)
    if step.demand.reference:
        stages = _reference_stages(step)
        more = (layers - activations.TRACED_LAYERS) * step.of(stages.reference_grows)
        yield phase("reference", waiting, kept, largest(stages.reference, step.symbols) * step.scale + more)
    yield phase("loss", waiting, kept, 0, largest(loss, step.symbols) * step.scale)
    if method.teacher:
        told, tile = teaching.compared(step.shape, step.demand.told, step.symbols["N"])
        yield phase("loss", waiting, kept, told, tile)

    # The tables are of a head of its own that was not trained before: a score is small, a gradient that is added to
    # one that waits is gone at once, and a shared head's waits for the embedding's, to be added to it in a third place.
    matrix = 4 * step.weights.embedding if step.full else 0
    again = matrix if method.head == "score" or (waiting and not step.shape.tied) else 0
    shared = matrix if step.shape.tied and method.head != "score" else 0
    backward = step.top("backward") + dropped
    yield phase("backward", waiting, tail + first_pass - again, backward)
    late = waiting or (layers - 1) * step.layer_gradients
    yield phase("backward", late, tail + last_pass - again, backward)
    if first.finish:
        yield phase("embedding", waiting or layers * step.layer_gradients, 0, step.top("finish") - again + shared)

    largest_matrix = max((matrix.size for matrix in step.weights.linears), default=0)
    # Newton-Schulz (Jordan 2024) works on a copy of the momentum in bf16 and two products of the same size.
    muon = 10 * largest_matrix if step.demand.optimiser == "muon" else 0
    yield phase("step", gradients, 0, muon)


def _reference_stages(step: _Step) -> Stages:
    """Return stages that hold a reference's pass; one sequence alone is counted as if it needed a mask."""
    if step.kinds[0][0].reference:
        return step.kinds[0][0]
    name = next(name for name, stages in step.table.stages.items() if stages is step.kinds[0][0])
    return step.table.stages[name.replace(".open", ".masked")]


def _generation(step: _Step) -> tuple[str, _Phase]:
    """Return the peak while answers are written: the cache of keys and values, and the pass that fills it."""
    demand, shape = step.demand, step.shape
    sequences = demand.written or demand.batch * demand.accumulation
    each = 4 if step.full or demand.precision == "fp32" else 2
    prompt = max(demand.length - demand.completion, 1)
    seen = shape.full_layers * demand.length + shape.windowed_layers * min(demand.length, shape.window or demand.length)
    one = 2 * shape.kv_heads * shape.head_dim * each * sequences
    reads = dataclasses.replace(
        demand, method="sft", batch=sequences, length=prompt, packing=True, checkpointing=True, dropout=0.0
    )
    reading = _Step(shape, reads, step.table)
    logits = sequences * shape.vocabulary * 4 * 3
    # A cache grows by copying one layer's to a longer place.
    return "generation", {
        "cache": one * seen,
        "workspace": max(reading.top("forward"), reading.top("prefix"), one * demand.length),
        "logits": logits,
    }


def _one(shape: Shape, demand: Demand, table: Table, beside: int) -> tuple[int, Memory]:
    """Return (live bytes, estimate) from one table."""
    step = _Step(shape, demand, table)
    teacher = METHODS[demand.method].teacher
    fixed = {**_parts(step), "teacher" if teacher else "reward model": beside if demand.judged or not teacher else 0}
    phases: dict[str, int] = {}
    best: tuple[int, str, _Phase] = (-1, "", {})
    peaks = [*_training(step), *([_generation(step)] if METHODS[demand.method].generates or demand.judged else ())]
    if demand.judged:
        peaks.append(("teacher", {**teaching.asking(shape, beside, demand.length), "teacher": 0}))
    held = sum(fixed.values())
    for name, parts in peaks:
        live = held + round(sum(parts.values()))
        phases[name] = max(phases.get(name, 0), live)
        best = max(best, (live, name, parts), key=lambda entry: entry[0])
    if teacher and beside and not demand.judged:
        asking = teaching.asking(shape, beside, demand.length)
        phases["teacher"] = round(sum(asking.values()))
        if phases["teacher"] > best[0]:
            best, held, fixed = (phases["teacher"], "teacher", asking), 0, {}
    live, name, parts = best
    moving = {part: round(size) for part, size in parts.items()}
    moving["workspace"] += live - held - sum(moving.values())
    reserve = round(RESERVE_SHARE * (live - held))
    made = {**moving, **fixed, "context": CONTEXT_BYTES, "reserve": reserve}
    host = step.layers * activations.pinned(round(step.kept_by_one)) if step.offloads else 0
    return live, Memory({part: size for part, size in made.items() if size}, name, phases, 0.0, (), True, host)


# A plan for other cards, and a page after every key, ask mostly the same.
@functools.lru_cache(1024)
def estimate(shape: Shape, demand: Demand, beside: int = 0) -> Memory:
    """Return what a run needs at its peak, by part.

    `beside` is the size in bytes of what else is loaded: the model that distillation asks before it trains, or the
    reward model of ppo, which stays, be it a model or one more adapter. A family without a table is
    estimated with every table there is, and the largest result stands, under a wide margin.
    """
    known = shape.model_type in activations.families()
    notes = []
    tables = [activations.table(name) for name in ((shape.model_type,) if known else activations.families())]
    if not known:
        tables = [table for table in tables if table.mixture == bool(shape.experts)] or tables
        notes.append(
            f"No layer of {shape.model_type or 'this family'} has been traced: the largest of "
            f"{len(tables)} known families stands in for it."
        )
    _, found = max((_one(shape, demand, table, beside) for table in tables), key=lambda entry: entry[0])
    notes += _doubts(shape, demand, tables[0])
    exact = known and not notes
    margin = MARGIN if exact else WIDE_MARGIN
    return dataclasses.replace(found, margin=margin, notes=(*notes, *assumed()), exact=exact)


def corrected(found: Memory, correction: Correction | None) -> Memory:
    """Return an estimate with what this machine has measured; only runs of the very family make its margin small."""
    if correction is None:
        return found
    more = round(found.peak * (correction.ratio - 1))
    parts = {**found.parts, "measured": more} if more else found.parts
    runs = "Runs" if correction.own else "Runs of other families"
    note = f"{runs} on this machine took {correction.ratio:.2f} times what was predicted, which is counted in."
    margin = min(found.margin, MEASURED_MARGIN) if correction.own else found.margin
    return dataclasses.replace(found, parts=parts, margin=margin, notes=(*found.notes, note))


def traced(found: Memory, peak: Mapping[str, int], phase: str) -> Memory:
    """Return an estimate with the highest moment of a traced step, part → bytes, in place of the closed form's.

    What no trace sees, CUDA's context, the allocator's reserve and what scores answers, is counted as it is there.
    """
    phase = {"forward head": "head", "reference head": "reference"}.get(phase, phase)
    live, beside = sum(peak.values()), found.parts.get("reward model", 0)
    coming = live - sum(peak.get(part, 0) for part in ("weights", "adapter", "optimiser", "reference"))
    unseen = {"reward model": beside, "context": CONTEXT_BYTES, "reserve": round(RESERVE_SHARE * coming)}
    notes = ("A step of exactly this was traced without a GPU: every tensor that it allocates is counted.", *assumed())
    phases = {**found.phases, phase: live + beside}
    return Memory({**peak, **unseen}, phase, phases, MARGIN, notes, True, found.host)


def _doubts(shape: Shape, demand: Demand, table: Table) -> Iterator[str]:
    """Yield a sentence for everything about a demand that no table was made from."""
    if shape.linear_layers:
        yield f"{shape.linear_layers} layers have no softmax attention; what they keep is an upper bound."
    if demand.precision == "fp32":
        yield "The tables are for bf16; what a step keeps in fp32 is counted as twice that."
    if demand.tuning != "full" and table.mixture and "all-linear" in demand.targets:
        yield "Adapters on experts and routers are not counted; name the layers of attention as target_modules."
    if demand.token_rows:
        yield "Trained tokens are counted as copies of the embedding and the head, which was not traced."
    if METHODS[demand.method].generates:
        yield "Writing answers is counted by arithmetic, which was not traced."


def assumed() -> tuple[str, ...]:
    """Return what is said of the parts that no trace can see, and that only cards have."""
    return (
        f"{CONTEXT_BYTES / GIB:.1f} GiB for CUDA and {100 * RESERVE_SHARE:.0f} % of what comes and goes for the "
        "allocator are assumed, not measured on this card.",
    )
