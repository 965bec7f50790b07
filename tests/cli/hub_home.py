"""A model of a hub on this machine, and where a person's downloads of it lie.

Must not hold expectations but one: a refused download says a sentence and leaves nothing.
"""

from __future__ import annotations

from pathlib import Path

from tests.cli.home import Home

NAME = "acme/tiny"
WEIGHTS = "model.safetensors"
MIB = 1 << 20
LEFT_OUT = {
    "pytorch_model.bin": b"a pickle",
    "consolidated.safetensors": b"the same weights once more",
    "modeling_acme.py": b"print('never')",
    "training_args.bin": b"a pickle",
    "onnx/model.onnx": b"another format",
    "../../escaped.json": b"{}",
    ".gitattributes": b"",
}
"""What lies beside a model and is not for training."""


def cache_of(home: Home) -> Path:
    """Return the folder of the model in the cache."""
    return home.path / "cache" / "huggingface" / "hub" / "models--acme--tiny"


def refused(home: Home, *argv: str) -> str:
    """Return the sentence a download is refused with, nothing of the model being left behind."""
    done = home.workbench("models", "download", *argv)
    assert done.returncode in (1, 2)
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert not [path for path in home.path.rglob("*") if path.is_file() and path.name != "workbench.lock"]
    return done.stderr.strip().splitlines()[-1]
