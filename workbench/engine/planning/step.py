"""One training step of each method, on any model: what goes through it, in which order, and what is kept meanwhile.

Owns the imitation of the trainers' steps, with marks that say where in the step a line of the ledger was written. Must
not know how a model was made.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn

from workbench.core.demand import METHODS, Demand
from workbench.engine.planning.ledger import Ledger

_FIELDS = ("log_probs", "entropy", "is_top1")
"""What TRL's trainer asks of the fused head."""


def language_model(model: Any) -> Any:
    """Return the causal language model under an adapter, or the model itself."""
    return model.get_base_model() if hasattr(model, "peft_config") else model


def prepare(model: Any, demand: Demand) -> None:
    """Give a model the head, the checkpointing and the mode a trainer gives it."""
    from trl.trainer.utils import add_fused_lm_head

    inner = language_model(model)
    head = METHODS[demand.method].head
    if head == "fused":
        add_fused_lm_head(inner, outputs=_FIELDS)
    elif head == "score":
        with torch.device("cpu"):
            weight = inner.lm_head.weight
            inner.lm_head = nn.Linear(weight.shape[1], 1, bias=False, dtype=weight.dtype)
    if demand.checkpointing:
        model.activation_checkpointing_enable({"use_reentrant": False}, offload=demand.offloading)
        if demand.tuning != "full":
            model.enable_input_require_grads()
    model.train()


class Marks:
    """Hooks that write into the ledger where forward and backward passes cross from one layer into the next."""

    def __init__(self, ledger: Ledger, *models: Any) -> None:
        self._ledger, self._name = ledger, ""
        self._handles: list[Any] = []
        for model in models:
            decoder = language_model(model).base_model
            for number, layer in enumerate(decoder.layers):
                self._handles += [
                    layer.register_forward_pre_hook(self._entered(number), with_kwargs=True),
                    layer.register_forward_hook(self._left(number)),
                ]
            self._handles.append(decoder.register_forward_hook(self._ended))

    def start(self, name: str) -> None:
        """Begin a phase: "forward", "reference" or "backward"; only the first two mark layers on the way."""
        self._name = self._ledger.phase = name
        self._ledger.mark(name)

    def stop(self) -> None:
        """Take the hooks away."""
        for handle in self._handles:
            handle.remove()

    def _entered(self, number: int) -> Callable[..., None]:
        def hook(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            if self._name == "backward":
                return
            self._ledger.mark(f"{self._name} {number}")
            hidden = args[0] if args else kwargs["hidden_states"]
            if number == 0 and hidden.requires_grad and torch.is_grad_enabled():
                hidden.register_hook(self._returned(-1))

        return hook

    def _left(self, number: int) -> Callable[..., None]:
        def hook(module: Any, args: tuple[Any, ...], result: Any) -> None:
            if self._name == "backward":
                return
            hidden = result[0] if isinstance(result, tuple) else result
            self._ledger.mark(f"{self._name} after {number}")
            if hidden.requires_grad and torch.is_grad_enabled():
                hidden.register_hook(self._returned(number))

        return hook

    def _returned(self, number: int) -> Callable[[torch.Tensor], None]:
        def hook(gradient: torch.Tensor) -> None:
            self._ledger.mark(f"backward {number}")

        return hook

    def _ended(self, module: Any, args: tuple[Any, ...], result: Any) -> None:
        if self._name != "backward":
            self._ledger.mark(f"{self._name} head")
            self._ledger.phase = f"{self._name} head"


def batch_of(demand: Demand) -> dict[str, torch.Tensor]:
    """Return what the collator gives for one micro-batch: positions when packed, else an attention mask.

    A single unpacked sequence has no padding, so its mask says nothing and is left out as the model would drop it.
    """
    rows = demand.batch * METHODS[demand.method].rows
    size = (rows, demand.length)
    ids = torch.zeros(size, dtype=torch.long)
    batch = {"input_ids": ids, "labels": torch.zeros(size, dtype=torch.long)}
    if demand.packing:
        return batch | {"position_ids": torch.zeros(size, dtype=torch.long)}
    if rows > 1:
        batch["attention_mask"] = torch.ones(size, dtype=torch.long)
    return batch


def _autocast() -> Any:
    return torch.autocast("cpu", dtype=torch.bfloat16)


def _fused(model: Any, batch: dict[str, torch.Tensor]) -> Any:
    """Return the per-token log-probabilities of a batch, under the autocast accelerate puts round each forward."""
    with _autocast():
        return model(**batch, use_cache=False, fused_lm_head=True)


def _logits(model: Any, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """Return the logits of a batch as accelerate hands them on: in fp32."""
    inputs = {name: value for name, value in batch.items() if name != "labels"}
    with _autocast():
        logits = model(**inputs, use_cache=False).logits
    return logits.float()


def _nll(model: Any, batch: dict[str, torch.Tensor], marks: Marks, reference: Any) -> Any:
    """SFT, CPT and pre-training: mean negative log-likelihood of the learnt tokens."""
    outputs = _fused(model, batch)
    return -outputs.log_probs.sum() / outputs.label_mask.sum().clamp(min=1), outputs


def _preference(model: Any, batch: dict[str, torch.Tensor], marks: Marks, reference: Any) -> Any:
    """DPO, KTO and ORPO: sums over answers, compared with each other or with what was computed before training."""
    outputs = _fused(model, batch)
    return -nn.functional.logsigmoid(outputs.log_probs.sum(dim=1)).mean(), outputs


def _referred(model: Any, batch: dict[str, torch.Tensor], marks: Marks, reference: Any) -> Any:
    """Log-ratios against a reference that runs while the policy's activations are kept."""
    outputs = _fused(model, batch)
    policy = outputs.log_probs.sum(dim=1)
    marks.start("reference")
    with torch.no_grad():
        if reference is None:
            with _plain(model), model.disable_adapter():
                old = _fused(model, batch).log_probs.sum(dim=1)
        else:
            old = _fused(reference, batch).log_probs.sum(dim=1)
    return -nn.functional.logsigmoid(policy - old).mean(), outputs


def _score(model: Any, batch: dict[str, torch.Tensor], marks: Marks, reference: Any) -> Any:
    """Reward models: the score of the last token of each half of the batch."""
    chosen, rejected = _logits(model, batch)[:, -1, 0].chunk(2)
    return -nn.functional.logsigmoid(chosen - rejected).mean(), None


_LOSSES: dict[str, Callable[..., Any]] = {"dpo": _preference, "kto": _preference, "orpo": _preference, "reward": _score}


@contextlib.contextmanager
def _plain(model: Any) -> Iterator[None]:
    """Leave checkpointing out for a while, as the trainers do for the reference."""
    layers = [module for module in model.modules() if getattr(module, "gradient_checkpointing", False)]
    for layer in layers:
        layer.gradient_checkpointing = False
    yield
    for layer in layers:
        layer.gradient_checkpointing = True


def step(model: Any, demand: Demand, marks: Marks, reference: Any = None) -> None:
    """Run one micro-batch forward and backward; gradients stay in the parameters."""
    batch = batch_of(demand)
    marks.start("forward")
    lost = _referred if demand.reference else _LOSSES.get(demand.method, _nll)
    loss, outputs = lost(model, batch, marks, reference)
    marks.start("backward")
    loss.backward()
    marks.start("end")
    del loss, outputs
