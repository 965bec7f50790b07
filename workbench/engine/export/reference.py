"""The Hugging Face side of every comparison and of chat: the model as it was trained.

Owns loading the base and letting the adapter act beside it as in training, never merged into it: so a comparison with
an export also proves the merge. Must not know GGUF.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.errors import WorkbenchError
from workbench.core.text import one_line
from workbench.core.units import GIB
from workbench.engine import startup
from workbench.engine.export.source import TensorSource, canonical
from workbench.runs import host


def load_config(folder: Path, packed: bool = False) -> Any:
    """Return the model's configuration; refuse one that needs code from the model's directory.

    One that is quantised is refused, too, unless it may be `packed`.
    """
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WorkbenchError(
            f"{one_line(str(folder))} is no model this version knows: {one_line(str(error), 160)}"
        ) from None
    if getattr(config, "auto_map", None):
        raise WorkbenchError(
            f"{one_line(str(folder))} needs code of its own to run, which is refused; use a model without."
        )
    if getattr(config, "quantization_config", None) and not packed:
        raise WorkbenchError(f"{one_line(str(folder))} is already quantised; export the model it was made from.")
    return config


def load_tokenizer(folder: Path) -> Any:
    """Return the tokenizer in `folder`; raise WorkbenchError when there is none."""
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    except Exception as error:
        raise WorkbenchError(
            f"{one_line(str(folder))} holds no usable tokenizer: {one_line(str(error), 160)}"
        ) from None


def load_generation(folder: Path) -> Any:
    """Return the generation config in `folder`, or None."""
    from transformers import GenerationConfig

    try:
        return GenerationConfig.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, TypeError):
        return None


def _beside(module: Any, delta: Any) -> None:
    """Let a low-rank change act on the output of `module`, beside its weight."""
    import torch

    device = module.weight.device
    a = torch.from_numpy(delta.a.rows(0, delta.a.shape[0])).to(device)
    b = torch.from_numpy(delta.b.rows(0, delta.b.shape[0])).to(device)

    def embedding(_: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        return output + (a.T[inputs[0]] @ b.T * delta.scaling).to(output.dtype)

    def linear(_: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        return output + (inputs[0].float() @ a.T @ b.T * delta.scaling).to(output.dtype)

    module.register_forward_hook(embedding if delta.embedding else linear)


def _class(config: Any) -> Any:
    """Return the auto class for a model's configuration: some that also see have none for text alone."""
    from transformers import AutoModelForCausalLM, AutoModelForImageTextToText
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

    return (
        AutoModelForCausalLM if config.model_type in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES else AutoModelForImageTextToText
    )


def linear_weights(config: Any) -> frozenset[str]:
    """Return the canonical names of the weights of linear layers, which 4-bit loading takes; nothing is loaded."""
    import torch

    with torch.device("meta"):
        model = _class(config).from_config(config)
    return frozenset(
        f"{canonical(name)}.weight" for name, module in model.named_modules() if type(module) is torch.nn.Linear
    )


def require_memory(float32_bytes: int) -> None:
    """Raise WorkbenchError when the proof, which holds the model in float32, cannot have the memory for it."""
    need, free = int(float32_bytes * 1.1), host.host().memory_free_bytes
    if free and need > free:
        raise WorkbenchError(
            f"The proof holds the model in memory in float32, which takes {need / GIB:.1f} GiB where "
            f"{free / GIB:.1f} GiB are free; export it on a machine with more memory, or close other programs."
        )


def load_model(folder: Path, source: TensorSource, device: str = "cpu", dtype: str = "float32") -> Any:
    """Return the model in `folder` in evaluation mode, with the tensors and adapter of `source`."""
    import torch
    from transformers.utils import logging

    logging.disable_progress_bar()
    try:
        model = _class(load_config(folder)).from_pretrained(
            folder, dtype=getattr(torch, dtype), trust_remote_code=False, local_files_only=True, use_safetensors=True
        )
    except Exception as error:
        raise WorkbenchError(
            f"The model in {one_line(str(folder))} cannot be loaded: {one_line(str(error), 200)}"
        ) from None
    startup.settle()
    modules = {canonical(name): module for name, module in model.named_modules()}
    for name in source.names:
        if source.changed(name):
            module, _, attribute = name.rpartition(".")
            if module not in modules:
                raise WorkbenchError(
                    f"The weight {one_line(name, 120)} is held otherwise in training than on the disk, so a changed "
                    "one cannot be proved; merge the adapter into the original base with --merge-base original."
                )
            weight = torch.from_numpy(source.base_tensor(name).copy()).to(model.dtype)
            setattr(modules[module], attribute, torch.nn.Parameter(weight, requires_grad=False))
    if source.adapter.rows and "lm_head.weight" not in source.names:
        model.tie_weights()
    model.to(device)
    for name, delta in source.adapter.deltas.items():
        _beside(modules[name.removesuffix(".weight")], delta)
    return model.eval()


def logits(model: Any, ids: Sequence[int]) -> NDArray[np.float32]:
    """Return the logits of every position of one sequence, float32 [positions, vocabulary]."""
    import torch

    with torch.inference_mode():
        return np.asarray(model(torch.tensor([list(ids)])).logits[0].float().numpy())


def half_precision(values: Any) -> Any:
    """Return a tensor as ggml's table for GELU takes it and gives it: in half precision, where its size is below 10."""
    import torch

    return torch.where(values.abs() < 10, values.half().to(values.dtype), values)


@contextmanager
def half_gelu(model: Any) -> Iterator[None]:
    """Let a model compute GELU as ggml does on a processor: from a table in half precision, of values in it."""
    hooks = []
    for module in model.modules():
        if "gelu" in type(module).__name__.lower():
            hooks.append(module.register_forward_pre_hook(lambda _, inputs: (half_precision(inputs[0]),)))
            hooks.append(module.register_forward_hook(lambda _, inputs, output: half_precision(output)))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


@dataclass(frozen=True)
class Greedy:
    """What the model writes when it always takes the likeliest token."""

    tokens: tuple[int, ...]
    """The ending token included."""
    stopped: bool
    scores: tuple[NDArray[np.float32], ...]
    """The logits each token was chosen from."""


def greedy(model: Any, prompt: Sequence[int], stops: Sequence[int], limit: int) -> Greedy:
    """Return up to `limit` greedy tokens after `prompt`."""
    import torch

    tokens: list[int] = []
    scores: list[NDArray[np.float32]] = []
    cache: Any = None
    feed = torch.tensor([list(prompt)])
    with torch.inference_mode():
        while len(tokens) < limit and not (tokens and tokens[-1] in stops):
            out = model(feed, past_key_values=cache, use_cache=True)
            cache = out.past_key_values
            scores.append(out.logits[0, -1].float().numpy())
            tokens.append(int(scores[-1].argmax()))
            feed = torch.tensor([[tokens[-1]]])
    return Greedy(tuple(tokens), bool(tokens) and tokens[-1] in stops, tuple(scores))
