"""The slow estimate: one step of a run on tensors without contents, with every storage it would allocate on a GPU.

Owns the kernels' own needs and the reading of a ledger. Must not know commands or recipes. Except in tests it runs in a
child process (`child.py`): a wrong turn with such tensors ends the process, not with an exception.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from workbench.core.demand import METHODS, Demand
from workbench.core.errors import UsageError
from workbench.core.weights import state_bytes
from workbench.engine.planning import build, step
from workbench.engine.planning.ledger import Entry, Ledger, rounded


def _dequantised(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> int:
    """A 4-bit product of many tokens unpacks its weight to bf16 first, and the scales to fp32 before that."""
    rows, columns = args[2]
    return rows * columns * 2 + rows * columns // build.NF4_BLOCK * 4


WORKSPACES = {"bitsandbytes::gemm_4bit": _dequantised}


@contextlib.contextmanager
def replaced(owner: Any, **functions: Any) -> Iterator[None]:
    """Put other values in place of attributes of a module for a while."""
    before = {name: getattr(owner, name) for name in functions}
    for name, function in functions.items():
        setattr(owner, name, function)
    try:
        yield
    finally:
        for name, function in before.items():
            setattr(owner, name, function)


class _Elsewhere(torch.autograd.graph.saved_tensors_hooks):
    """Moves saved tensors to the host's memory: nothing of them is left on the device until they are asked for."""

    def __init__(self, **_: Any) -> None:
        def leave(tensor: torch.Tensor) -> tuple[Any, ...]:
            return tuple(tensor.shape), tensor.dtype

        def come_back(packed: tuple[Any, ...]) -> torch.Tensor:
            return torch.empty(packed[0], dtype=packed[1])

        super().__init__(leave, come_back)


@contextlib.contextmanager
def gpu_kernels() -> Iterator[None]:
    """Let the step take the paths of a GPU where the code asks for the device.

    The fused head folds its tiles without temporaries there and adds products to fp32 sums in place; it projects learnt
    tokens only, and here all are taken to be learnt. Questions about autocast without a device mean the one that
    computes. What is moved to the host's memory leaves the device.
    """
    from transformers import modeling_utils
    from trl.kernels import chunked_logprob

    asked = torch.is_autocast_enabled
    tiles = dict.fromkeys(("_forward_tile", "_backward_tile", "_addmm_fp32"), lambda *args, **kwargs: None)
    with (
        replaced(chunked_logprob, **tiles),
        replaced(modeling_utils, save_on_cpu=_Elsewhere),
        replaced(torch, is_autocast_enabled=lambda device="cpu": asked(device)),
    ):
        yield


@contextlib.contextmanager
def _known_contents(demand: Demand) -> Iterator[None]:
    """Answer for tensors without contents what the code asks of their contents, or what their kernel would refuse.

    Whether a batch is packed is read off its positions. The products of full-precision experts have no shape function
    beside that of bf16, so they go through the slower path, which is taken to allocate the same.
    """
    from transformers import masking_utils
    from transformers.integrations import moe

    changes = contextlib.ExitStack()
    with changes:
        if not demand.packing:
            changes.enter_context(replaced(masking_utils, find_packed_sequence_indices=lambda positions: None))
        if demand.tuning == "full":
            changes.enter_context(replaced(moe, _can_use_grouped_mm=lambda *args: False))
        yield


@dataclass(frozen=True)
class Traced:
    """What running a step has left."""

    entries: list[Entry]
    owned: dict[str, frozenset[int]]
    """Storages of "weights", "adapter", "reference" (a second model), "gradients", and "layers" (gradients inside)."""
    micro_batch: int
    """Entry at which the last micro-batch begins."""
    trainable: dict[int, int]
    """Size → number of the tensors that are trained."""
    inner: int
    """Trained weights of the matrices inside the layers."""


def _storages(ledger: Ledger, tensors: Iterable[torch.Tensor]) -> frozenset[int]:
    """Return the storages of tensors, written into the ledger where they are new."""
    numbers = []
    for tensor in tensors:
        ledger.see(tensor)
        numbers.append(ledger.number(tensor))
    return frozenset(numbers)


def run_step(config: dict[str, Any], demand: Demand, *, fake: bool = True, gpu: bool = True) -> Traced:
    """Run one or two micro-batches of a step and return what came of it.

    `fake=False` uses real tensors on the CPU, `gpu=False` the CPU's own kernels: tests compare both with what the real
    allocator gives.
    """
    settings = build.configuration(config)
    models = [build.skeleton(settings, demand)]
    if demand.tuning == "full" and demand.reference:
        models.append(build.skeleton(settings, demand))
    ledger = Ledger(WORKSPACES if gpu else {})
    modes = [FakeTensorMode(allow_non_fake_inputs=True)] if fake else []
    with contextlib.ExitStack() as stack:
        for mode in (*modes, torch.device("cpu"), *([gpu_kernels()] if gpu else []), _known_contents(demand)):
            stack.enter_context(mode)
        for one in models:
            build.materialise(one)
            step.prepare(one, demand)
        model, *others = models
        for other in others:
            other.eval()
        full = demand.tuning == "full"
        stack.enter_context(ledger)
        owned = {
            "adapter": _storages(ledger, (p for p in model.parameters() if p.requires_grad and not full)),
            "reference": _storages(ledger, (t for other in others for t in build.tensors(other))),
        }
        owned["weights"] = _storages(ledger, build.tensors(model)) - owned["adapter"]
        begun = 0
        for _ in range(min(demand.accumulation, 2)):
            marks, begun = step.Marks(ledger, *models), len(ledger.entries)
            step.step(model, demand, marks, *others)
            marks.stop()
        layers = step.language_model(model).base_model.layers
        for name, whole in (("gradients", model), ("layers", layers)):
            owned[name] = frozenset(ledger.number(p.grad) for p in whole.parameters() if p.grad is not None)
    trained = [p for p in model.parameters() if p.requires_grad]
    inner = sum(p.numel() for p in layers.parameters() if p.requires_grad and p.ndim == 2)
    return Traced(ledger.entries, owned, begun, Counter(p.numel() for p in trained), inner)


_PARTS = {"forward": "activations", "forward head": "logits", "reference head": "logits"}
"""Phase in which a storage came → the part it belongs to; else it is workspace."""


def history(made: Traced) -> Iterator[tuple[int, str, int, dict[str, int]]]:
    """Yield (entry, its phase, bytes alive after it, part → bytes of them): one object of parts, which changes."""
    of = {storage: part for part in ("gradients", "reference", "adapter", "weights") for storage in made.owned[part]}
    parts: dict[str, int] = {}
    live = 0
    for number, entry in enumerate(made.entries):
        if entry.storage >= 0:
            part = of.setdefault(entry.storage, _PARTS.get(entry.phase, "workspace"))
            parts[part] = parts.get(part, 0) + rounded(entry.bytes)
            live += rounded(entry.bytes)
        yield number, entry.phase, live, parts


def peak_of(made: Traced) -> dict[str, Any]:
    """Return the moment at which most is alive, once the last micro-batch began: {"peak", "phase", "parts"}."""
    best, at, then = 0, "", dict[str, int]()
    for number, phase, live, parts in history(made):
        if number >= made.micro_batch and live > best:
            best, at, then = live, phase, dict(parts)
    return {"peak": best, "phase": at, "parts": {part: size for part, size in then.items() if size}}


def refuse(demand: Demand) -> None:
    """Raise UsageError for what no trace imitates."""
    for wanted, what in (
        (METHODS[demand.method].generates, f"The answers {demand.method} writes are"),
        (METHODS[demand.method].teacher, "A teacher, and what a step compares with it, is"),
        (demand.precision != "bf16", f"Arithmetic in {demand.precision} is"),
        (demand.token_rows, "Training single tokens beside an adapter is"),
    ):
        if wanted:
            raise UsageError(f"{what} not traced; use the estimate from the configuration instead.")


def traced(config: dict[str, Any], demand: Demand) -> dict[str, Any]:
    """Return {"peak", "phase", "parts"} of a step, optimiser states included, in bytes; runs in this process.

    Raises UsageError for what no trace imitates.
    """
    refuse(demand)
    made = run_step(config, demand)
    found = peak_of(made)
    # The moment of the optimiser's step is not the highest: AdamW works in place, and activations are gone by then.
    states = state_bytes(made.trainable, demand.optimiser, made.inner)
    return {**found, "peak": found["peak"] + states, "parts": {**found["parts"], "optimiser": states}}
