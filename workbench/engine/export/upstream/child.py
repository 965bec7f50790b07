"""The converter's own process: `python -m workbench.engine.export.upstream.child`.

Owns what llama.cpp's converter is told and what it may do. It sees a folder with a configuration and nothing else: the
weights come from `source`, merged while it reads them, and `pairs` hold the vocabulary from `gguf.tokenizer` and what
the converter does not say. It has its own `gguf`, which is not the installed one, so nothing that imports that may be
imported here. That it ends well proves nothing.

Request: {"converter", "folder", "target", "name", "source": arguments of `source.open_source`, "tensors": [name],
"pairs": [[key, value, kind]], "sliding": [bool], "file_bytes"}. Answer: {"done", "total", "detail"} per tensor,
then {"largest"}, the largest absolute weight, or {"error": sentence}.
"""

from __future__ import annotations

import importlib
import json
import math
import resource
import sys
from pathlib import Path
from typing import Any

from workbench.core.errors import WorkbenchError
from workbench.core.text import one_line
from workbench.engine import lifeline
from workbench.engine.export import source

FORBIDDEN = ("socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen", "os.exec", "os.posix_spawn")
"""What Python reports of itself that a converter has no use for; see `sys.addaudithook`."""
_SLACK = 64 << 20


def confine(file_bytes: int) -> None:
    """Take away for good what a converter has no use for: dumps, files larger than its own, network, programs."""
    for kind, value in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, file_bytes + _SLACK)):
        _, hard = resource.getrlimit(kind)
        limit = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (limit, limit))

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event in FORBIDDEN or event == "pickle.find_class":
            raise PermissionError(f"{event} is not for a converter")

    sys.addaudithook(watch)


def load(root: Path) -> Any:
    """Return the converter's module `conversion.base` from `root`, with the `gguf` that belongs to it."""
    sys.path[:0] = [str(root), str(root / "gguf-py")]
    import gguf

    if root.resolve() not in Path(gguf.__file__).resolve().parents:
        raise WorkbenchError("llama.cpp's converter found another version of its own library; run make setup again.")
    return importlib.import_module("conversion.base")


def model_class(base: Any, hparams: dict[str, Any]) -> Any:
    """Return the converter's class for a model; it leaves out heads that foretell several tokens."""
    table = importlib.import_module("conversion")
    found = table.get_model_class(base.get_model_architecture(hparams, base.ModelType.TEXT))
    # transformers drops them, and without the switch the converter insists on them.
    if found.supports_mtp_export:
        found.no_mtp = True
    return found


class Feed:
    """The merged weights as the converter's lazy tensors, each computed when it is written."""

    def __init__(self, weights: source.TensorSource, names: list[str], say: lifeline.Say) -> None:
        self.weights, self.names, self._say = weights, names, say
        self.largest, self._read = 0.0, 0

    def _tensor(self, name: str) -> Any:
        """Return one merged tensor; raise WorkbenchError when it is not finite."""
        import torch

        values = self.weights.tensor(name)
        top = float(max(values.max(initial=0.0), -values.min(initial=0.0)))
        if not math.isfinite(top):
            raise WorkbenchError(f"The weight {one_line(name, 80)} is not finite; go back to an earlier checkpoint.")
        self.largest = max(self.largest, top)
        self._read += 1
        self._say({"done": min(self._read, len(self.names)), "total": len(self.names), "detail": name})
        return torch.from_numpy(values)

    def index(self, lazily: Any, model: Any) -> dict[str, Any]:
        """Return the converter's index of tensors for its `model`, which drops those it does not write.

        `lazily` is its class of tensors that are computed when they are written.
        """
        import torch

        found: dict[str, Any] = {}
        for name in self.names:
            meta = lazily.meta_with_dtype_and_shape(torch.float32, self.weights.shape(name))

            def lazy(name: str = name, meta: Any = meta) -> Any:
                return lazily(meta=meta, args=(name,), func=self._tensor)

            kept = model.filter_tensors((name, lazy))
            if kept is not None:
                found[kept[0]] = kept[1]
        return found


def _convert(request: dict[str, Any], say: lifeline.Say) -> float:
    """Write the file and return the largest absolute weight."""
    import torch

    base = load(Path(request["converter"]))
    from gguf import GGUFValueType, LlamaFileType

    places = {key: Path(value) if value else None for key, value in request["source"].items() if key.endswith("_dir")}
    weights = source.open_source(**{**request["source"], **places})
    feed = Feed(weights, request["tensors"], say)
    folder = Path(request["folder"])
    kind = model_class(base, base.ModelBase.load_hparams(folder, False))
    base.ModelBase.index_tensors = lambda model, *_, **__: feed.index(base.LazyTorchTensor, model)
    confine(int(request["file_bytes"]))
    with torch.inference_mode():
        model = kind(folder, LlamaFileType.ALL_F32, Path(request["target"]), model_name=request["name"])
        # Some of its classes hand all work on to another one.
        inner = getattr(model, "impl", model)

        def pairs() -> None:
            for key, value, value_kind in request["pairs"]:
                inner.gguf_writer.add_key_value(key, value, GGUFValueType[value_kind])
            if request["sliding"]:
                inner.gguf_writer.add_sliding_window_pattern(request["sliding"])

        inner.set_vocab = pairs
        model.write()
    return feed.largest


def main() -> int:
    """Convert as the request on stdin says; nothing but the protocol reaches stdout."""
    lifeline.die_with_parent()
    say = lifeline.take_stdout()
    request = json.load(sys.stdin)
    try:
        say({"largest": _convert(request, say)})
        return 0
    except WorkbenchError as error:
        say({"error": str(error)})
        return error.exit_code
    except Exception as error:
        why = one_line(f"{type(error).__name__}: {error}".rstrip(": ."), 300)
        say({"error": f"llama.cpp's converter cannot write this model: {why}; run it with transformers instead."})
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
