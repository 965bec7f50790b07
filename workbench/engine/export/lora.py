"""What a PEFT LoRA adapter does to the weights of its base.

Owns the reading of adapter_config.json, the scaling of each module, and the refusals of what cannot be merged exactly.
Must not know the base: it says which tensor of the base a delta belongs to by the base's own name.

The delta is scaling * B @ A with scaling = alpha / r, or alpha / sqrt(r) when rank-stabilised
(https://arxiv.org/abs/2106.09685, https://arxiv.org/abs/2312.03732).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.errors import WorkbenchError
from workbench.core.text import one_line
from workbench.engine.export.stored import Stored, open_adapter

_PREFIX = "base_model.model."
_PAIR = re.compile(r"^(?P<module>.+)\.lora_(?P<embedding>embedding_)?(?P<half>[AB])(?:\.weight)?$")

_TOKENS = ".token_adapter.trainable_tokens_delta"

_REFUSED = {
    "use_dora": "weight-decomposed (DoRA)",
    "fan_in_fan_out": "for transposed layers",
    "lora_bias": "with biases of its own",
    "layer_replication": "that repeats layers",
    "target_parameters": "on bare parameters",
    "alora_invocation_tokens": "that switches itself on by tokens",
    "arrow_config": "that routes between adapters",
}
"""Key of adapter_config.json → what such an adapter is, to end a refusal."""


def _product(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return left @ right, computed on one core.

    The others pack meanwhile. Those that numpy takes for it wait for its next product in a busy loop, which costs ten
    times the product of so narrow matrices.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return np.asarray((torch.from_numpy(left) @ torch.from_numpy(right)).numpy())
    finally:
        torch.set_num_threads(threads)


@dataclass(frozen=True)
class Delta:
    """The low-rank change of one base tensor."""

    a: Stored
    """[r, in], or [r, tokens] for an embedding."""
    b: Stored
    """[out, r], or [dim, r] for an embedding."""
    scaling: float
    embedding: bool

    def block(self, start: int, stop: int) -> NDArray[np.float32]:
        """Return rows `start` to `stop` (exclusive) of the change, float32."""
        a = self.a.rows(0, self.a.shape[0])
        left, right = (
            (a.T[start:stop], self.b.rows(0, self.b.shape[0]).T) if self.embedding else (self.b.rows(start, stop), a)
        )
        change = _product(left, right)
        change *= np.float32(self.scaling)
        return change

    @property
    def shape(self) -> tuple[int, int]:
        """The shape of the weight it changes."""
        return (self.a.shape[1], self.b.shape[0]) if self.embedding else (self.b.shape[0], self.a.shape[1])


@dataclass(frozen=True)
class TokenRows:
    """Rows of an embedding that were trained on their own, and that replace the base's."""

    tokens: NDArray[np.int64]
    values: Stored
    """[tokens, dim]"""

    def put(self, block: NDArray[np.float32], start: int, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return rows from `start` on of the embedding with those of `values`, [tokens, dim], in their places."""
        inside = (self.tokens >= start) & (self.tokens < start + len(block))
        if not inside.any():
            return block
        changed = block.copy()
        changed[self.tokens[inside] - start] = values[inside]
        return changed


@dataclass(frozen=True)
class Adapter:
    """Every change of an adapter, by the name of the base's tensor."""

    deltas: dict[str, Delta]
    replaced: dict[str, Stored]
    """Whole tensors in the base's place."""
    rows: dict[str, TokenRows] = field(default_factory=dict)


def _pattern(patterns: dict[str, Any], module: str, default: float) -> float:
    """Return the value of the first pattern that matches the end of `module`, as PEFT does, else `default`."""
    for pattern, value in patterns.items():
        if re.match(rf"(.*\.)?({pattern})$", module):
            return float(value)
    return default


def _config(folder: Path) -> dict[str, Any]:
    """Return the adapter's configuration after every refusal."""
    path = folder / "adapter_config.json"
    try:
        config = json.loads(path.read_bytes())
        kind = config.get("peft_type")
    except (OSError, ValueError, AttributeError):
        raise WorkbenchError(f"{one_line(str(path))} is missing or damaged; train or copy the adapter again.") from None
    if kind != "LORA":
        raise WorkbenchError(
            f"An adapter of the kind {one_line(str(kind), 40)} cannot be exported; only LoRA adapters can."
        )
    for key, what in _REFUSED.items():
        if config.get(key):
            raise WorkbenchError(f"A LoRA adapter {what} cannot be merged into a GGUF; train without {key}.")
    return dict(config)


def _token_rows(config: dict[str, Any], module: str, values: Stored) -> TokenRows:
    """Return the rows of one embedding: `trainable_token_indices` names them for all of them, or by module."""
    named = config.get("trainable_token_indices")
    if isinstance(named, dict):
        named = next((rows for name, rows in named.items() if f".{module}".endswith(f".{name}")), None)
    whole = isinstance(named, list) and all(type(token) is int and token >= 0 for token in named)
    if not whole or len(values.shape) != 2 or len(set(named or ())) != values.shape[0]:
        raise WorkbenchError(
            f"The adapter's trainable_tokens of {one_line(module, 120)} do not fit the tokens it names; train it again."
        )
    return TokenRows(np.array(named, dtype=np.int64), values)


def open_lora(folder: Path, called: Callable[[str], str] = str) -> Adapter:
    """Return the changes of the PEFT LoRA adapter in `folder`; WorkbenchError for what cannot be merged exactly.

    `called` gives the name of the base's tensor from the one the adapter has for it.
    """
    config, stored = _config(folder), open_adapter(folder)
    alphas = dict(config.get("alpha_pattern") or {})
    halves: dict[tuple[str, bool], dict[str, Stored]] = {}
    replaced: dict[str, Stored] = {}
    rows: dict[str, TokenRows] = {}
    for name, tensor in stored.items():
        plain = name.removeprefix(_PREFIX)
        if plain.endswith(_TOKENS):
            module = plain.removesuffix(_TOKENS)
            rows[f"{module}.weight"] = _token_rows(config, module, tensor)
        elif match := _PAIR.match(plain):
            halves.setdefault((match["module"], bool(match["embedding"])), {})[match["half"]] = tensor
        elif ".lora_" in plain or not plain.endswith((".weight", ".bias")):
            raise WorkbenchError(
                f"The adapter holds {one_line(plain, 120)}, which cannot be merged; train a plain LoRA."
            )
        else:
            replaced[re.sub(r"\.(base_layer|modules_to_save(\.default)?)\.", ".", plain)] = tensor
    deltas: dict[str, Delta] = {}
    for (module, embedding), pair in halves.items():
        if set(pair) != {"A", "B"} or len(pair["A"].shape) != 2 or len(pair["B"].shape) != 2:
            raise WorkbenchError(
                f"The adapter's part for {one_line(module, 120)} is not a pair of matrices; train it again."
            )
        rank = pair["A"].shape[0]
        if pair["B"].shape[1] != rank or not rank:
            raise WorkbenchError(
                f"The adapter's matrices for {one_line(module, 120)} do not fit together; train it again."
            )
        alpha = _pattern(alphas, module, float(config.get("lora_alpha", rank)))
        scaling = alpha / (math.sqrt(rank) if config.get("use_rslora") else rank)
        deltas[f"{module}.weight"] = Delta(pair["A"], pair["B"], scaling, embedding)
    return Adapter(
        {called(name): delta for name, delta in deltas.items()},
        {called(name): tensor for name, tensor in replaced.items()},
        {called(name): values for name, values in rows.items()},
    )


def alpha_of(changes: Mapping[str, Delta]) -> float:
    """Return the alpha of a file that has one for all: the one with which most matrices stay as they are."""
    values = [delta.scaling * delta.a.shape[0] for delta in changes.values()]
    return max(values, key=values.count)


def halves(delta: Delta, alpha: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return A and B as PEFT has them, float32, B such that alpha / rank times B @ A is the change."""
    a = delta.a.rows(0, delta.a.shape[0])
    b = delta.b.rows(0, delta.b.shape[0])
    return a, b * np.float32(delta.scaling * a.shape[0] / alpha)
