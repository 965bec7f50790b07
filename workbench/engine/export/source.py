"""The weights of a finished run, tensor by tensor: base, 4-bit round trip, adapter, all merged while they stream.

Owns the one place where an adapter is merged. A block of rows is in memory at a time, never a merged copy of the model.
Must not know GGUF: the same source feeds the converter and whatever else needs the weights.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.text import one_line
from workbench.engine.export.lora import Adapter, open_lora
from workbench.engine.export.nf4 import RoundTrip
from workbench.engine.export.stored import Stored, bf16_to_f32, f32_to_bf16, open_model
from workbench.runs.bases import read_json

MERGE_BASES = ("original", "dequantised")
"""Which base an adapter is merged into: the weights as stored, or what their 4-bit form stands for."""

_STORED_AS = {"float32": "F32", "bfloat16": "BF16", "float16": "F16"}

TRAINED_DTYPES = tuple(_STORED_AS)


@dataclass
class TensorSource:
    """The merged tensors of a run by their Hugging Face names."""

    base: dict[str, Stored]
    adapter: Adapter
    quantised: frozenset[str]
    """Tensors whose base is replaced by its NF4 round trip."""
    dtype: str
    """The type the base had in memory while it was trained; wider stored weights are rounded to it first."""
    double_quant: bool = True
    untied: frozenset[str] = frozenset()
    """Tensors the model's files do not have because they were tied, and that part ways now."""
    _trip: tuple[str, RoundTrip] | None = field(default=None, repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """Every tensor, in the order of the files, then tensors only the adapter has."""
        return (*self.base, *(name for name in self.adapter.replaced if name not in self.base))

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of a tensor; rows first, as Hugging Face stores it."""
        return self._stored(name).shape

    def _stored(self, name: str) -> Stored:
        """Return where the tensor comes from, before any delta."""
        return self.adapter.replaced.get(name) or self.base[name]

    def _rounded(self, name: str) -> bool:
        """Return whether the base's tensor was rounded when it was loaded for training; trained ones never were."""
        stored = _STORED_AS[self.dtype]
        return stored != "F32" and name not in self.adapter.replaced and self.base[name].dtype != stored

    def rows(self, name: str, start: int, stop: int) -> NDArray[np.float32]:
        """Return rows `start` to `stop` (exclusive) of the merged tensor as float32.

        `start` and `stop` are multiples of 64 or the ends, so that no 4-bit block is cut.
        """
        stored = self._stored(name)
        if name in self.quantised and name not in self.adapter.replaced:
            if self._trip is None or self._trip[0] != name:
                self._trip = None
                self._trip = (name, RoundTrip(stored, self.dtype, self.double_quant))
            block = self._trip[1].rows(start, stop)
        else:
            block = stored.rows(start, stop)
            if self._rounded(name):
                block = _round(block, self.dtype)
        delta = self.adapter.deltas.get(name)
        if delta is not None:
            change = delta.block(start, stop)
            change += block
            block = change
        tokens = self.adapter.rows.get(name)
        if tokens is not None:
            values = tokens.values.rows(0, len(tokens.tokens))
            # In training they stand in a tensor of the base's type.
            block = tokens.put(block, start, values if self.dtype == "float32" else _round(values, self.dtype))
        return block

    def tensor(self, name: str) -> NDArray[np.float32]:
        """Return the whole merged tensor as float32."""
        return self.rows(name, 0, self.shape(name)[0])

    def changed(self, name: str) -> bool:
        """Return whether the base's tensor differs from the one in the model's files, the low-rank change aside."""
        own = self.quantised | self.untied | self.adapter.replaced.keys() | self.adapter.rows.keys()
        return name in own or self._rounded(name)

    def base_tensor(self, name: str) -> NDArray[np.float32]:
        """Return the whole tensor without the adapter's low-rank change, as float32."""
        return replace(self, adapter=replace(self.adapter, deltas={}), _trip=None).tensor(name)


def _round(rows: NDArray[np.float32], dtype: str) -> NDArray[np.float32]:
    """Return `rows` as a half-precision type holds them."""
    if dtype == "bfloat16":
        return bf16_to_f32(f32_to_bf16(rows))
    return rows.astype(np.float16).astype(np.float32)


def canonical(name: str) -> str:
    """Return the name a part of the language model has where no other model is beside it.

    Models that also see or hear keep it under `language_model`, at a place that changed between versions.
    """
    return name.replace("language_model.", "")


def _language(stored: dict[str, Stored]) -> dict[str, Stored]:
    """Return the tensors of the language model by their canonical names."""
    if any("language_model." in name for name in stored):
        stored = {name: at for name, at in stored.items() if "language_model." in name or name.startswith("lm_head.")}
    return {canonical(name): at for name, at in stored.items() if not name.startswith("mtp.")}


def _linear(name: str, stored: Stored) -> bool:
    """Return whether a QLoRA run holds this tensor in 4 bits: linear layers of the blocks, not embeddings or head."""
    return len(stored.shape) == 2 and ".layers." in name and name.endswith(".weight")


def _tied(base_dir: Path) -> bool:
    """Return whether the model's configuration says that embedding and head are one weight."""
    config = base_dir / "config.json"
    body = read_json(config) if config.is_file() else {}
    return bool(body.get("tie_word_embeddings", (body.get("text_config") or {}).get("tie_word_embeddings")))


def open_source(
    base_dir: Path,
    adapter_dir: Path | None = None,
    *,
    merge_base: str = "original",
    dtype: str = "float32",
    double_quant: bool = True,
    linear: Collection[str] | None = None,
) -> TensorSource:
    """Return the merged tensors of the model in `base_dir` and the LoRA adapter in `adapter_dir`.

    `merge_base` "dequantised" merges a QLoRA adapter into what the 4-bit base stood for, which is what was trained and
    evaluated; "original" into the weights as stored. `dtype` is the type the base was loaded in for training,
    `double_quant` whether its block maxima were quantised too, `linear` the canonical names of the weights that
    quantisation takes, or None where it takes every matrix of a layer. Raises WorkbenchError for pickles, damaged
    files, adapters that do not fit and adapters that cannot be merged.
    """
    if merge_base not in MERGE_BASES:
        raise UsageError(f"There is no merge base {merge_base!r}; choose from {', '.join(MERGE_BASES)}.")
    if dtype not in TRAINED_DTYPES:
        raise UsageError(f"There is no training type {dtype!r}; choose from {', '.join(TRAINED_DTYPES)}.")
    base = _language(open_model(base_dir))
    adapter = open_lora(adapter_dir, canonical) if adapter_dir is not None else Adapter({}, {})
    embedding, head = "model.embed_tokens.weight", "lm_head.weight"
    untied: frozenset[str] = frozenset()
    changed = adapter.deltas.keys() | adapter.replaced.keys()
    if head not in base and embedding in base and changed & {embedding, head}:
        # In training only the one that was named moves away from the weight both shared.
        base[head] = base[embedding]
        untied = frozenset({head})
    if embedding in adapter.rows and head in base and head not in adapter.rows and _tied(base_dir):
        # Single tokens are trained for both uses of a shared weight, also where the files hold it twice.
        adapter.rows[head] = adapter.rows[embedding]
    for name, rows in adapter.rows.items():
        home = base.get(name)
        if home is None or home.shape[1:] != rows.values.shape[1:] or rows.tokens.max() >= home.shape[0]:
            raise WorkbenchError(
                f"The tokens trained in {one_line(str(adapter_dir))} are not those of the base in "
                f"{one_line(str(base_dir))}; use the base it was trained on."
            )
    for name, delta in adapter.deltas.items():
        home = adapter.replaced.get(name) or base.get(name)
        if home is None or home.shape != delta.shape:
            raise WorkbenchError(
                f"The adapter in {one_line(str(adapter_dir))} does not fit the base in {one_line(str(base_dir))} "
                f"at {one_line(name, 120)}; use the base it was trained on."
            )
    quantised = frozenset(
        name
        for name, stored in base.items()
        if merge_base == "dequantised" and _linear(name, stored) and (linear is None or name in linear)
    )
    return TensorSource(base, adapter, quantised, dtype, double_quant, untied)
