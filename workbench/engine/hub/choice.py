"""What is taken of a model's repository, and which repositories are refused.

Owns the choice by names and settings, so that a refusal costs no weight. Everything in here was written by a stranger:
names become paths and hashes become file names only after they were looked at. Must not know the network or the disk.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from workbench.core.errors import WorkbenchError
from workbench.core.text import one_line
from workbench.runs import bases

SETTINGS = ("config.json", "generation_config.json", "tokenizer_config.json")
"""What is read before anything is taken."""
WHOLE = "model.safetensors"
INDEX = "model.safetensors.index.json"
READABLE = frozenset({"mxfp4"})
"""Ways of quantising that transformers turns into 16 bits as it loads."""

_NAME = re.compile(r"[A-Za-z0-9][\w.+-]{0,250}")
_DIGEST = {True: re.compile(r"[0-9a-f]{64}"), False: re.compile(r"[0-9a-f]{40}")}
_BESIDE = re.compile(
    r"(config|generation_config|special_tokens_map|added_tokens|vocab|chat_template\w*)\.json"
    r"|(tokenizer|sentencepiece|spiece)[\w.-]*\.(json|model|txt)|vocab\.txt|merges\.txt|[\w.-]+\.(jinja|tiktoken)"
    r"|(README|LICEN[CS]E|NOTICE|USE_POLICY|COPYING)[\w-]*(\.(md|txt))?",
    re.IGNORECASE,
)
"""Everything but the weights that training, the tokenizer or the licence needs; it lies in the root."""
_ADAPTER = "adapter_config.json"


@dataclass(frozen=True)
class File:
    """One file of a repository."""

    name: str
    size: int
    digest: str
    """The SHA-256 of a large file; of others git's SHA-1 of the blob. The cache names files by it."""
    is_large: bool


def described(name: object, size: object, digest: object, is_large: bool) -> File | None:
    """Return a file of the root as the hub describes it, None for what is no such file."""
    right = isinstance(name, str) and isinstance(size, int) and isinstance(digest, str)
    if not right or not _NAME.fullmatch(str(name)) or not _DIGEST[is_large].fullmatch(str(digest)):
        return None
    return File(str(name), max(int(str(size)), 0), str(digest), is_large)


def _other_names(names: Iterable[str]) -> str:
    """Return why a repository without safetensors is none to train from, as the end of a sentence."""
    names = sorted(names)
    kinds = (
        ((".gguf",), "only GGUF files ({}), which are made to run and not to be trained"),
        (bases.PICKLES, "only pickled weights ({}), which can run code when opened"),
        ((".h5", ".msgpack", ".onnx", ".npz"), "only weights of another framework ({})"),
    )
    for endings, words in kinds:
        if found := next((name for name in names if name.lower().endswith(endings)), ""):
            return words.format(one_line(found, 60))
    return "no weights"


def check_names(hub_id: str, names: Iterable[str], made_from: str = "") -> None:
    """Raise WorkbenchError when the names of its files tell that a repository holds no model to train from.

    `made_from` is the model it says it was made from, "" when it does not.
    """
    present = set(names)
    rather = f"get {made_from}, from which it was made" if made_from else "choose the repository of the original model"
    if not any(name.endswith(".safetensors") for name in present):
        raise WorkbenchError(f"{hub_id} has {_other_names(present)}; {rather}.")
    if "config.json" not in present:
        what = "is an adapter and no whole model" if _ADAPTER in present else "has no config.json in its root"
        raise WorkbenchError(f"{hub_id} {what}; {rather}.")
    if not present & {WHOLE, INDEX}:
        raise WorkbenchError(f"{hub_id} has neither {WHOLE} nor {INDEX}, which transformers looks for; {rather}.")
    if not present & {"tokenizer.json", "tokenizer.model"}:
        raise WorkbenchError(f"{hub_id} has no tokenizer.json or tokenizer.model; {rather}.")


def check_settings(hub_id: str, settings: Mapping[str, Mapping[str, Any]], made_from: str = "") -> None:
    """Raise WorkbenchError when a settings file asks for code, or says that the weights cannot be trained.

    `settings` is name of the file → what is in it.
    """
    for name, body in settings.items():
        if key := next(bases.forbidden(body), ""):
            raise WorkbenchError(
                f"{hub_id} has {key!r} in its {name}: {bases.FORBIDDEN_KEYS[key]}, which is refused; choose a model "
                "without it."
            )
    if way := _quantised(settings.get("config.json", {})):
        rather = made_from or "the model it was made from"
        raise WorkbenchError(f"{hub_id} is quantised already ({way}) and cannot be trained further; get {rather}.")


def _quantised(config: Mapping[str, Any]) -> str:
    """Return in which way, that cannot be undone, a configuration says its weights are quantised; "" when in none."""
    said = config.get("quantization_config")
    if not said:
        return ""
    way = one_line(str(said.get("quant_method") or "unknown"), 40) if isinstance(said, dict) else "unknown"
    return "" if way in READABLE else way


def refusal(config: Mapping[str, Any]) -> str:
    """Return in a few words why a model with this configuration would be refused, "" when nothing speaks against it."""
    if any(bases.forbidden(config)):
        return "runs its own code"
    return f"quantised ({way})" if (way := _quantised(config)) else ""


def chosen(hub_id: str, files: Mapping[str, File], index: Mapping[str, Any] | None) -> list[File]:
    """Return the files to take, the small ones first; `index` is what INDEX holds, None when WHOLE is there.

    Weights that are there twice (consolidated, variants, other formats) are taken once: those that transformers opens.
    Raises WorkbenchError naming a shard that the repository lacks.
    """
    if index is None:
        weights = {WHOLE}
    else:
        said = index.get("weight_map")
        weights = {str(shard) for shard in said.values()} if isinstance(said, dict) else set()
        lacking = sorted(name for name in weights if name not in files or not name.endswith(".safetensors"))
        if lacking or not weights:
            what = one_line(lacking[0], 80) if lacking else "weights"
            raise WorkbenchError(f"{hub_id} names {what} in its {INDEX} and does not have them; choose another model.")
    beside = [file for name, file in files.items() if _BESIDE.fullmatch(name)]
    beside += [] if index is None else [files[INDEX]]
    return sorted(beside, key=lambda file: file.name) + [files[name] for name in sorted(weights)]
