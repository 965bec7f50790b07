"""An adapter's file by llama.cpp's converter: `python -m workbench.engine.export.upstream.adapter_child`.

Owns the adapter as that converter understands it: it knows one alpha and nothing of the other ways to scale, so those
are put into the matrices first. Must not know what the file is good for; that it ends well proves nothing.

Request: {"converter", "folder" with the model's config.json, "adapter", "target", "file_bytes"}. Answer: {"ok": true}
or {"error": sentence}.
"""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path
from typing import Any

from workbench.core.errors import WorkbenchError
from workbench.core.text import one_line
from workbench.engine import lifeline
from workbench.engine.export.lora import alpha_of, halves, open_lora
from workbench.engine.export.source import canonical
from workbench.engine.export.upstream import child


def plain(adapter: Path, folder: Path) -> None:
    """Write the PEFT adapter in `adapter` to `folder` as one of a single alpha with the base's canonical names."""
    from safetensors.numpy import save_file

    changes = open_lora(adapter, canonical).deltas
    alpha = alpha_of(changes)
    tensors: dict[str, Any] = {}
    for name, delta in changes.items():
        module = f"base_model.model.{name.removesuffix('.weight')}"
        tensors[f"{module}.lora_A.weight"], tensors[f"{module}.lora_B.weight"] = halves(delta, alpha)
    save_file(tensors, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "lora_alpha": alpha}))


def _convert(request: dict[str, Any]) -> None:
    """Run the converter's own program in this process."""
    root, folder = Path(request["converter"]), Path(request["folder"])
    plain(Path(request["adapter"]), folder)
    base = child.load(root)
    # Sets what the program has no option for, on the very class that it will use.
    child.model_class(base, base.ModelBase.load_hparams(folder, False))
    child.confine(int(request["file_bytes"]))
    sys.argv = ["convert_lora_to_gguf.py", "--base", str(folder), "--outfile", request["target"], str(folder)]
    runpy.run_path(str(root / sys.argv[0]), run_name="__main__")


def main() -> int:
    """Convert as the request on stdin says; nothing but the protocol reaches stdout."""
    lifeline.die_with_parent()
    say = lifeline.take_stdout()
    try:
        _convert(json.load(sys.stdin))
        say({"ok": True})
        return 0
    except WorkbenchError as error:
        say({"error": str(error)})
        return error.exit_code
    except (Exception, SystemExit) as error:
        why = one_line(f"{type(error).__name__}: {error}".rstrip(": ."), 300)
        say({"error": f"llama.cpp's converter cannot write this adapter: {why}; export the whole model instead."})
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
