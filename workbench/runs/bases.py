"""What a base is: the bundled model, a folder, or the result of a run, and which folders are refused.

Owns the meaning of a base reference and the safety rules for model folders. Reads only JSON and safetensors headers,
both bounded; must not load weights or tokenizers. `inspect` is meant to run in a probe when the folder is a stranger's.
"""

from __future__ import annotations

import json
import os.path
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.paths import assets_dir, expanded
from workbench.core.quantized import NOUNS
from workbench.core.recipe import BUNDLED, PUBLISHING, SCRATCH
from workbench.core.recipe import load as load_recipe
from workbench.core.text import one_line
from workbench.core.units import count
from workbench.runs import hub_cache

if TYPE_CHECKING:
    from workbench.runs import store

MAX_JSON_BYTES = 32 << 20
MAX_HEADER_BYTES = 100 << 20
FORBIDDEN_KEYS = {
    "auto_map": "it asks for Python code of its own",
    "_attn_implementation_internal": "it names code to fetch and run",
    "trust_remote_code": "it asks for Python code of its own",
}
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")


@dataclass(frozen=True)
class Base:
    """Where the weights of a base are."""

    label: str
    """How the person named it."""
    model_dir: Path
    """A folder in Hugging Face layout."""
    adapter_dir: Path | None = None
    """A LoRA adapter on top of it, when the base is a run that trained one."""
    adapter_tuning: str = ""
    """lora or qlora: what the adapter was trained against."""
    adapter_dtype: str = "float32"
    """The number format the base was held in meanwhile."""
    run_id: str = ""
    """The run it is the result of, or ""."""
    root: str = ""
    """The first base of the lineage: bundled, scratch or a folder."""
    scores: bool = False
    """Whether it is a reward model: it scores texts and writes none."""


def forbidden(value: Any) -> Iterator[str]:
    """Yield every forbidden key at any depth of a configuration whose value would do something."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            yield from (key for key in FORBIDDEN_KEYS if item.get(key))
            stack += item.values()
        elif isinstance(item, list):
            stack += item


def refuse_forbidden(config: Mapping[str, Any], path: Path) -> None:
    """Raise WorkbenchError when the configuration in a file asks for something that is never done."""
    for key in forbidden(config):
        raise WorkbenchError(f"{path} has {key!r}: {FORBIDDEN_KEYS[key]}, which is refused; choose a model without it.")


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in a small file; raises WorkbenchError with what is wrong with it."""
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            raise WorkbenchError(f"{path} is too large for a model's {path.name}; the folder is damaged or no model.")
        body = json.loads(path.read_bytes())
    except OSError as error:
        raise WorkbenchError(f"{path} cannot be read: {error.strerror}; check the path and its permissions.") from None
    except (ValueError, RecursionError):
        raise WorkbenchError(f"{path} is not valid JSON; copy or download the model again.") from None
    if not isinstance(body, dict):
        raise WorkbenchError(f"{path} does not hold a JSON object; copy or download the model again.")
    return body


def check_weights(path: Path) -> int:
    """Check the header of one safetensors file against its size and return the number of its tensors.

    Raises WorkbenchError naming the file and what is wrong: a short file, overlapping or missing bytes, a bad header.
    """

    def damaged(what: str) -> WorkbenchError:
        return WorkbenchError(f"{path} is damaged: {what}; copy or download the model again.")

    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > min(size - 8, MAX_HEADER_BYTES):
            raise damaged(f"its header should be {count(length)} bytes and the file has {count(size)}")
        try:
            header = json.loads(file.read(length))
            spans = sorted(tuple(entry["data_offsets"]) for name, entry in header.items() if name != "__metadata__")
            position = 0
            for start, end in spans:
                if start != position or end < start:
                    raise damaged(f"a tensor begins at byte {count(start)} where {count(position)} was expected")
                position = end
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise damaged("its header cannot be understood") from None
    if 8 + length + position != size:
        raise damaged(f"its tensors end at byte {count(8 + length + position)} and the file has {count(size)}")
    return len(spans)


def inspect(argument: dict[str, str]) -> dict[str, Any]:
    """Return the facts of a model folder, or raise WorkbenchError with why it is refused; a probe target.

    `argument` has "path"; the answer has "architecture", "model_type", "tensors", "weight_bytes" and "vocab_size".
    """
    folder = Path(argument["path"])
    if not folder.is_dir():
        raise WorkbenchError(
            f"There is no model folder {folder}; give a folder with config.json and safetensors, or a run."
        )
    names = {path.name for path in folder.iterdir()}
    if "config.json" not in names:
        raise WorkbenchError(
            f"{folder} has no config.json, so it is no model in Hugging Face layout; choose another folder."
        )
    code = sorted(name for name in names if name.endswith(".py"))
    if code:
        raise WorkbenchError(
            f"{folder} brings Python code ({code[0]}), which is never run; choose a model that needs none."
        )
    config = read_json(folder / "config.json")
    for name in sorted(names & {"config.json", "tokenizer_config.json", "generation_config.json"}):
        refuse_forbidden(read_json(folder / name), folder / name)
    weights = sorted(path for path in folder.glob("*.safetensors"))
    if not weights:
        pickled = sorted(name for name in names if name.endswith(PICKLES))
        what = f"only pickled weights ({pickled[0]}), which can run code when opened" if pickled else "no weights"
        raise WorkbenchError(
            f"{folder} has {what}; choose a model with .safetensors files, or convert it elsewhere first."
        )
    if "model.safetensors.index.json" in names:
        shards = read_json(folder / "model.safetensors.index.json").get("weight_map", {})
        missing = sorted({str(shard) for shard in shards.values()} - names) if isinstance(shards, dict) else []
        if missing:
            raise WorkbenchError(f"{folder} lacks the weight file {missing[0]}; copy or download the model again.")
    if not names & {"tokenizer.json", "tokenizer.model"}:
        raise WorkbenchError(
            f"{folder} has no tokenizer.json or tokenizer.model; copy the tokenizer of the model into it."
        )
    architectures = config.get("architectures")
    architecture = str(architectures[0]) if isinstance(architectures, list) and architectures else ""
    if architecture.endswith("ForSequenceClassification"):
        raise WorkbenchError(
            f"{folder} holds a model that scores texts and writes none ({architecture}); choose a language model."
        )
    return {
        "architecture": architecture,
        "model_type": str(config.get("model_type", "")),
        "tensors": sum(check_weights(path) for path in weights),
        "weight_bytes": sum(path.stat().st_size for path in weights),
        "vocab_size": config.get("vocab_size"),
    }


def checkpoints(run: store.Run) -> list[Path]:
    """Return the sealed checkpoints of a run whose contents match their manifest, newest first."""
    from workbench.runs import atomic

    if not run.checkpoints_dir.is_dir():
        return []
    folders = sorted((path for path in run.checkpoints_dir.glob("step-*") if path.is_dir()), reverse=True)
    return [path for path in folders if not atomic.verify(path)]


def of_run(run: store.Run) -> Base:
    """Return the result of a run as a base: its artifact, or its newest good checkpoint while it has none."""
    recipe = load_recipe(run.recipe_path).recipe
    if recipe.method in PUBLISHING:
        raise UsageError(
            f"The run {run.id} has trained nothing: it is {NOUNS[recipe.method]} of {one_line(recipe.base, 80)}, "
            "which is what to name here; its files can be chatted with."
        )
    parent = None if recipe.base == SCRATCH else resolve(recipe.base)
    root = recipe.base if parent is None else parent.root
    kind = "model" if recipe.tuning == "full" else "adapter"
    finished = run.artifacts_dir / kind
    result = finished if finished.is_dir() else next(iter(checkpoints(run)), None)
    if result is None:
        raise UsageError(f"The run {run.id} has no result yet; wait for its first checkpoint, or resume it.")
    scores = recipe.method == "reward"
    if kind == "model":
        return Base(run.id, result, run_id=run.id, root=root, scores=scores)
    assert parent is not None, "the recipe refuses an adapter on a model made from scratch"
    merged = run.path / "base"
    model_dir = merged if merged.is_dir() else parent.model_dir
    return Base(run.id, model_dir, result, recipe.tuning, _computed_in(run), run.id, root, scores)


def _computed_in(run: store.Run) -> str:
    """Return the number format a run's frozen base was held in, as its report has it."""
    machine = read_json(run.report_path).get("machine", {}) if run.report_path.is_file() else {}
    return "bfloat16" if isinstance(machine, dict) and machine.get("bf16") else "float32"


def resolve(reference: str) -> Base:
    """Return the base a reference names: "bundled", a folder, a model of the hub that is on this machine, or a run.

    Raises UsageError naming what was tried when it is none of them, and for a run that has made a reward model.
    """
    if reference == BUNDLED:
        return Base(BUNDLED, assets_dir() / "base", root=BUNDLED)
    folder = expanded(reference)
    # In os.path a name that no file can have is no directory; in pathlib it is an error.
    if os.path.isdir(folder) and not (folder / "recipe.toml").is_file():
        return Base(reference, folder.resolve(), root=str(folder.resolve()))
    if (cached := hub_cache.find(reference)) is not None:
        return Base(reference, cached.resolve(), root=str(cached.resolve()))
    of_hub = hub_cache.HUB_ID.fullmatch(reference) is not None
    absent = UsageError(
        f"The model {one_line(reference, 80)} is not on this machine; get it with `workbench models download "
        f"{one_line(reference, 80)}`, or give its folder."
    )
    if of_hub and not os.path.isdir(folder):
        raise absent
    from workbench.runs import store  # runs and their journals are of no use to a plan for a model of the hub

    try:
        run = store.find(reference)
    except UsageError as error:
        if of_hub:
            raise absent from None
        if os.sep in reference and not os.path.lexists(folder):
            raise UsageError(
                f"There is no base {one_line(reference, 80)!r}: it is neither {BUNDLED!r} nor a model folder nor that "
                "of a run; see `workbench models`."
            ) from None
        raise UsageError(
            f"There is no base {one_line(reference, 80)!r}: it is neither {BUNDLED!r} nor a model folder, and as a "
            f"run: {error}"
        ) from None
    base = of_run(run)
    if base.scores:
        raise UsageError(
            f"The run {run.id} has made a reward model, which scores answers and writes none, so there is nothing to "
            "chat with, to export or to train on; name a run of another method."
        )
    return base
