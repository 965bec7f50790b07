"""What a weight becomes when bitsandbytes holds it in 4 bits: the NF4 round trip, a block of rows at a time.

Owns the round trip with bitsandbytes' own kernels, so that it equals what a QLoRA run trained on. The weights are
always freshly read: bitsandbytes repacks loaded layers in place on some CPUs, and dequantising those gives garbage.
NF4: https://arxiv.org/abs/2305.14314 (blocks of 64 weights, one maximum each, the maxima quantised in blocks of 256).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.engine.export.stored import Stored

BLOCK = 64
_ROWS = 2048


class RoundTrip:
    """One weight in NF4; 4.5 bits per weight in memory."""

    def __init__(self, stored: Stored, dtype: str, double_quant: bool) -> None:
        import torch
        from bitsandbytes import functional

        self._columns = stored.row
        self._dtype = getattr(torch, dtype)
        packed: list[Any] = []
        maxima: list[Any] = []
        for start in range(0, stored.shape[0], _ROWS):
            rows = stored.rows(start, min(start + _ROWS, stored.shape[0]))
            codes, state = functional.quantize_4bit(
                torch.from_numpy(rows).to(self._dtype).contiguous(), blocksize=BLOCK, quant_type="nf4"
            )
            packed.append(codes.reshape(-1))
            maxima.append(state.absmax)
        self._code = state.code
        self._packed = torch.cat(packed)
        self._maxima = torch.cat(maxima)
        if double_quant:
            offset = self._maxima.mean()
            small, nested = functional.quantize_blockwise(self._maxima - offset, blocksize=256)
            self._maxima = functional.dequantize_blockwise(small, nested) + offset

    def rows(self, start: int, stop: int) -> NDArray[np.float32]:
        """Return rows `start` to `stop` (exclusive) after the round trip; `start` is a multiple of 64."""
        import torch
        from bitsandbytes import functional

        first, last = start * self._columns, stop * self._columns
        state = functional.QuantState(
            absmax=self._maxima[first // BLOCK : -(-last // BLOCK)],
            shape=torch.Size((stop - start, self._columns)),
            dtype=self._dtype,
            blocksize=BLOCK,
            code=self._code,
            quant_type="nf4",
        )
        codes = self._packed[first // 2 : -(-last // 2)].unsqueeze(1)
        return functional.dequantize_4bit(codes, state).float().numpy()
