"""The GGUF types a person can ask for, and how large they make a file.

Owns the table of types llama.cpp writes without an importance matrix, and the names of files. Must not know how a file
is quantised.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from workbench.core.errors import UsageError


@dataclass(frozen=True)
class FileType:
    """One value of llama.cpp's `enum llama_ftype`."""

    name: str
    ftype: int
    """The number llama.cpp knows it by."""
    bits: float
    """Bits per weight of the whole file, as llama.cpp publishes them for an 8B Llama; small models come out larger."""
    block: int
    """Weights per quantisation block: a row that is no multiple of it silently falls back to another type."""


_TABLE = (
    FileType("F32", 0, 32.0, 1),
    FileType("F16", 1, 16.0, 1),
    FileType("BF16", 32, 16.0, 1),
    FileType("Q8_0", 7, 8.5, 32),
    FileType("Q6_K", 18, 6.56, 256),
    FileType("Q5_K_M", 17, 5.70, 256),
    FileType("Q5_K_S", 16, 5.57, 256),
    FileType("Q5_1", 9, 6.0, 32),
    FileType("Q5_0", 8, 5.5, 32),
    FileType("Q4_K_M", 15, 4.89, 256),
    FileType("Q4_K_S", 14, 4.67, 256),
    FileType("Q4_1", 3, 5.0, 32),
    FileType("Q4_0", 2, 4.5, 32),
    FileType("IQ4_NL", 25, 4.68, 32),
    FileType("IQ4_XS", 30, 4.46, 256),
    FileType("Q3_K_L", 13, 4.30, 256),
    FileType("Q3_K_M", 12, 4.00, 256),
    FileType("Q3_K_S", 11, 3.64, 256),
    FileType("IQ3_M", 27, 3.76, 256),
    FileType("IQ3_S", 26, 3.66, 256),
    FileType("Q2_K", 10, 3.16, 256),
)

TYPES: dict[str, FileType] = {row.name: row for row in _TABLE}
"""Name → type, from the largest to the smallest within each family."""


def find(names: Iterable[str]) -> tuple[FileType, ...]:
    """Return the types of `names` in the order given, each once; raise UsageError for an unknown or missing name."""
    found: dict[str, FileType] = {}
    for name in names:
        key = name.strip().upper()
        if key not in TYPES:
            raise UsageError(f"There is no GGUF type {name!r}; choose from {', '.join(TYPES)}.")
        found[key] = TYPES[key]
    if not found:
        raise UsageError(f"No GGUF type was asked for; choose from {', '.join(TYPES)}.")
    return tuple(found.values())


def file_name(name: str, kind: str) -> str:
    """Return the name of one exported file; `name` keeps letters, digits, ".", "_" and "-"."""
    kept = re.sub(r"[^\w.-]+", "-", name, flags=re.ASCII).strip("-.")[:100]
    return f"{kept or 'model'}-{kind}.gguf"
