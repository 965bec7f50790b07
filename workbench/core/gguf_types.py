"""The GGUF types a person can ask for, and how large they make a file.

Owns the table of types llama.cpp writes, which of them need an importance matrix, why others are not offered, and the
names of files. Must not know how a file is quantised.
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
    needs_matrix: bool = False
    """Whether llama.cpp refuses it without an importance matrix, since its few bits go to what matters or to waste."""


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
    FileType("IQ3_XS", 22, 3.50, 256, True),
    FileType("IQ3_XXS", 23, 3.25, 256, True),
    FileType("Q2_K", 10, 3.16, 256),
    FileType("Q2_K_S", 21, 2.97, 256, True),
    FileType("IQ2_M", 29, 2.93, 256, True),
    FileType("IQ2_S", 28, 2.74, 256, True),
    FileType("IQ2_XS", 20, 2.59, 256, True),
    FileType("IQ2_XXS", 19, 2.38, 256, True),
    FileType("IQ1_M", 31, 2.15, 256, True),
    FileType("IQ1_S", 24, 2.00, 256, True),
)

TYPES: dict[str, FileType] = {row.name: row for row in _TABLE}
"""Name → type, from the largest to the smallest within each family."""

_TERNARY = "it keeps -1, 0 and 1 only and is for models trained that way, others answer with noise; choose IQ2_XXS"
NOT_OFFERED: dict[str, tuple[int, str]] = {
    "TQ1_0": (36, _TERNARY),
    "TQ2_0": (37, _TERNARY),
    "MXFP4_MOE": (38, "it is for gpt-oss, and every other model comes out of it as Q8_0; choose Q8_0"),
    "NVFP4": (39, "llama.cpp reads such files and does not write them; choose Q4_K_M"),
    "Q1_0": (40, "one bit for each weight is for models trained that way, others answer with noise; choose IQ1_M"),
    "Q2_0": (41, "two bits without scales of their own lose far more than IQ2_XXS does; choose that"),
}
"""Name → (llama.cpp's number, why it cannot be asked for), of the types that llama.cpp lists besides."""


def find(names: Iterable[str]) -> tuple[FileType, ...]:
    """Return the types of `names` in the order given, each once; raise UsageError for an unknown or missing name."""
    found: dict[str, FileType] = {}
    for name in names:
        key = name.strip().upper()
        if key in NOT_OFFERED:
            raise UsageError(f"{key} is not offered: {NOT_OFFERED[key][1]}.")
        if key not in TYPES:
            raise UsageError(f"There is no GGUF type {name!r}; choose from {', '.join(TYPES)}.")
        found[key] = TYPES[key]
    if not found:
        raise UsageError(f"No GGUF type was asked for; choose from {', '.join(TYPES)}.")
    return tuple(found.values())


def need_matrix(wanted: Iterable[FileType]) -> str:
    """Return why types cannot be made without an importance matrix, as a sentence; "" when none of them needs one."""
    names = [kind.name for kind in wanted if kind.needs_matrix]
    if not names:
        return ""
    return (
        f"{', '.join(names)} {'needs' if len(names) == 1 else 'need'} an importance matrix, which is measured on rows, "
        "and there are none: export a run that was trained on rows, or choose Q2_K or larger."
    )


def file_name(name: str, kind: str) -> str:
    """Return the name of one exported file; `name` keeps letters, digits, ".", "_" and "-"."""
    kept = re.sub(r"[^\w.-]+", "-", name, flags=re.ASCII).strip("-.")[:100]
    return f"{kept or 'model'}-{kind}.gguf"
