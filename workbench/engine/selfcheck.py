"""What the installed libraries can compute on this machine, one check after the other, each told once it is known.

Owns the checks. Run as a process of its own, `python -m workbench.engine.selfcheck NAME...`: a line of JSON before each
check and one after it, so that whoever reads knows in which one this process died. Must not judge what it finds.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.core.text import one_line
from workbench.engine import startup

_SIZE = 64
_ROWS = 256
_SENTENCE = "How many boats lie in the harbour today, and which of them have come home with the morning tide?"


@functools.cache
def _device() -> str:
    """Return the device that `device = auto` means here."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def torch_build() -> dict[str, Any]:
    """Return which torch this is, whether it reaches a card, and what it says when it does not."""
    import torch

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        available = torch.cuda.is_available()
    cards = []
    for number in range(torch.cuda.device_count() if available else 0):
        properties = torch.cuda.get_device_properties(number)
        cards.append({"name": one_line(properties.name), "capability": [properties.major, properties.minor]})
    return {
        "version": torch.__version__,
        "cuda": torch.version.cuda,
        "hip": torch.version.hip,
        "available": available,
        "said": one_line("; ".join(str(warning.message) for warning in said), 400),
        "cards": cards,
        "built_for": torch.cuda.get_arch_list() if torch.version.cuda else [],
        "device": _device(),
    }


def product() -> dict[str, Any]:
    """Return whether a matrix product on the device is right, and whether it has bfloat16.

    The numbers are whole and small, so that every order of adding them gives the same, exactly.
    """
    import torch

    numbers = torch.arange(_SIZE * _SIZE).reshape(_SIZE, _SIZE) % 7 - 3
    wanted = numbers @ numbers.T
    found = numbers.to(_device(), torch.float32) @ numbers.T.to(_device(), torch.float32)
    half = numbers.to(_device(), torch.bfloat16) @ numbers.T.to(_device(), torch.bfloat16)
    # bfloat16 keeps eight bits of the result.
    near = (half.float().cpu() - wanted).abs() <= wanted.abs() / 128
    return {"device": _device(), "right": bool((found.cpu() == wanted).all()), "bf16": bool(near.all())}


def four_bit() -> dict[str, Any]:
    """Return the relative deviation of normal numbers written in 4-bit NF4 and read back; it is near 0.09."""
    import bitsandbytes.functional as bnb
    import torch

    weights = torch.randn(_ROWS, _ROWS, generator=torch.Generator().manual_seed(1)).to(_device())
    packed, state = bnb.quantize_4bit(weights, quant_type="nf4", compress_statistics=True)
    deviation = (bnb.dequantize_4bit(packed, state) - weights).norm() / weights.norm()
    return {"device": _device(), "deviation": round(float(deviation), 4)}


def attention() -> dict[str, Any]:
    """Return which fast attention there is: torch's own kernels, tried on a card, and the package flash_attn."""
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel

    own = False
    if _device() == "cuda":
        states = torch.ones(1, 2, _SIZE, _SIZE, device="cuda", dtype=torch.bfloat16)
        try:
            with sdpa_kernel(SDPBackend.FLASH_ATTENTION):
                torch.nn.functional.scaled_dot_product_attention(states, states, states, is_causal=True)
            own = True
        except RuntimeError:
            own = False
    return {"torch": own, "flash_attn": importlib.util.find_spec("flash_attn") is not None}


def llama() -> dict[str, Any]:
    """Return whether llama.cpp loads and can use a card."""
    import llama_cpp

    return {"version": llama_cpp.__version__, "gpu": bool(llama_cpp.llama_supports_gpu_offload())}


def data() -> dict[str, Any]:
    """Return how many rows of a small dataset are usable, once it is read and told its language like any other."""
    from workbench.data.curate.language import language
    from workbench.data.survey import inspect

    rows = [{"prompt": f"{_SENTENCE} {number}", "completion": f"{_SENTENCE} {number + 1}"} for number in range(_ROWS)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        found = inspect({"paths": [str(path)], "method": "", "format": "", "columns": {}})
    return {"rows": found["usable"], "of": _ROWS, "language": language(_SENTENCE)}


def training() -> dict[str, Any]:
    """Return what the engine would train on: everything a run imports is imported."""
    from workbench.engine import session
    from workbench.engine.load import fast_bf16

    return {"module": session.__name__, "device": _device(), "bf16": fast_bf16(_device())}


CHECKS: dict[str, Callable[[], dict[str, Any]]] = {
    "torch": torch_build,
    "product": product,
    "four_bit": four_bit,
    "attention": attention,
    "llama": llama,
    "data": data,
    "training": training,
}


def main() -> None:
    """Do the checks named on the command line."""
    startup.hasten()
    out = os.dup(1)
    os.dup2(2, 1)
    with open(out, "w", encoding="ascii") as lines:
        for name in sys.argv[1:]:
            print(json.dumps({"check": name}), file=lines, flush=True)
            try:
                found = CHECKS[name]()
            except Exception as error:
                found = {"error": one_line(f"{type(error).__name__}: {error}", 400)}
            print(json.dumps({"check": name, "found": found}), file=lines, flush=True)
        # No farewell of libraries that may hang in it.
        lines.flush()
        os._exit(0)


if __name__ == "__main__":
    main()
