"""Rows of float32 numbers in the formats of ggml, by ggml's own code.

Owns the call into its library, which it loads without llama.cpp. Must not know files or threads, nor which tensor gets
which format. What comes out is what `llama_model_quantize` makes of the same rows, bit by bit.
"""

from __future__ import annotations

import ctypes
import os
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.errors import WorkbenchError
from workbench.engine.export.gguf.header import BLOCKS

NUMBERS = {name: number for number, (name, _, _) in BLOCKS.items()}
"""Format → ggml's number for it."""


@cache
def _library() -> Any:
    """Return ggml's base library with the types of what is called."""
    spec = find_spec("llama_cpp")
    home = Path(spec.origin).parent / "lib" if spec is not None and spec.origin else Path()
    found = sorted([*home.glob("*ggml-base.so"), *home.glob("*ggml-base.dylib"), *home.glob("*ggml-base.dll")])
    if not found:
        raise WorkbenchError("llama-cpp-python is not installed whole, its ggml-base library is missing; run `make`.")
    library = ctypes.CDLL(os.fspath(found[0]))
    library.ggml_quantize_chunk.restype = ctypes.c_size_t
    library.ggml_quantize_chunk.argtypes = (
        ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p
    )  # fmt: skip
    library.ggml_quantize_init.argtypes = (ctypes.c_int,)
    library.ggml_quantize_requires_imatrix.argtypes = (ctypes.c_int,)
    library.ggml_quantize_requires_imatrix.restype = ctypes.c_bool
    library.ggml_validate_row_data.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t)
    library.ggml_validate_row_data.restype = ctypes.c_bool
    return library


def row_bytes(format: str, columns: int) -> int:
    """Return the bytes of a row; raises WorkbenchError where it does not fill whole blocks."""
    _, block, size = BLOCKS[NUMBERS[format]]
    if columns % block:
        raise WorkbenchError(f"Rows of {columns} weights do not fill blocks of {block}; choose another type.")
    return columns // block * size


def quantise(rows: NDArray[np.float32], format: str, importance: NDArray[np.float32] | None) -> NDArray[np.uint8]:
    """Return `rows`, float32 [rows, columns], in a format, uint8 [rows, bytes of a row].

    `importance` is the mean of x² for each of the columns, or None. Other threads run meanwhile. Raises WorkbenchError
    where the format needs it and for rows that give numbers ggml itself does not take back.
    """
    count, columns = rows.shape
    width, number, library = row_bytes(format, columns), NUMBERS[format], _library()
    if importance is None and library.ggml_quantize_requires_imatrix(number):
        raise WorkbenchError(f"{format} needs an importance matrix; choose a type with more bits.")
    library.ggml_quantize_init(number)
    given = np.ascontiguousarray(rows, np.float32)
    weights = None if importance is None else np.ascontiguousarray(importance, np.float32)
    if weights is not None and weights.shape != (columns,):
        raise WorkbenchError("The importance matrix is of another model; measure it again.")
    made = np.empty((count, width), np.uint8)
    library.ggml_quantize_chunk(
        number, given.ctypes.data, made.ctypes.data, 0, count, columns,
        None if weights is None else weights.ctypes.data,
    )  # fmt: skip
    if not library.ggml_validate_row_data(number, made.ctypes.data, made.nbytes):
        raise WorkbenchError(f"The weights cannot be stored as {format}; choose a type with more bits.")
    return made
