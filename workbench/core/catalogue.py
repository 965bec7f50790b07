"""The catalogue of base models: families and their models with their shapes, as TOML files.

Owns finding, reading and checking them. Must not know transformers, hardware or which models are on this machine.

A file is one family. Its `[family]` says what all its models share; `[config]` are keys of their config.json, to which
`[sizes.<name>]` adds those of one size with its number of parameters, and each of `[[models]]` its own. Inside a
config, `layer_types` is written as runs, `[["sliding_attention", 5], ["full_attention", 1]]`, which repeat until
every layer has its type, and JSON's null as "null", for TOML has none.
"""

from __future__ import annotations

import itertools
import re
import tomllib
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from workbench.core.errors import UsageError
from workbench.core.fields import closest
from workbench.core.paths import config_home, presets_dir

KINDS = ("base", "instruct", "reasoning")
MAX_LAYERS = 1000
"""More than any model has, and few enough that a mistyped number fills no memory."""

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_DATE = re.compile(r"(\d{4}-\d{2}(-\d{2})?)?")


@dataclass(frozen=True)
class Family:
    """What the models of one architecture and maker have in common."""

    key: str
    """The name of its file."""
    name: str
    description: str
    """One or two sentences for somebody who chooses."""
    model_type: str
    """As config.json has it."""
    architecture: str
    """The class in transformers that config.json names."""
    licence: str
    gated: bool
    """Whether the hub asks for an account that accepted conditions."""
    chat_template: str
    """The family of chat templates its models talk in."""
    thinking: str
    """The variable of the chat template that says whether or how long to think, or ""."""
    lora_targets: tuple[str, ...] | str
    """Ends of module names, or a regular expression for the whole name, as PEFT's target_modules takes them."""
    packing: str
    """"safe" when packed documents do not see each other, else "unsafe: " and why."""
    sixteen_bit: tuple[str, ...]
    """Parts of names of the weights that qlora cannot hold in 4 bits; vectors never are and are not listed."""
    gguf: str
    """"proven" when a test compares this program's GGUF export of the architecture with transformers."""
    source: str
    """Where its numbers come from."""
    training_template: str = ""
    """Which chat template marks what the assistant says: the name of one of `presets/templates`, "stack" for one that
    TRL puts in the place of the family's own, "native" where that has marks itself, else "none: " and why, or ""."""

    def stays_sixteen_bit(self, parameter: str) -> bool:
        """Return whether qlora leaves the weight matrix of that name in 16 bits."""
        return any(f".{part}." in f".{parameter}." for part in self.sixteen_bit)


@dataclass(frozen=True)
class Model:
    """One repository of the hub; what it does not say itself it has from its size or its family."""

    hub_id: str
    label: str
    kind: str
    """base (continues text), instruct (answers) or reasoning (always thinks first)."""
    size: str
    parameters: int
    """All of them, in towers for pictures and sound too; matrices that are shared count once."""
    config: dict[str, Any] = field(hash=False)
    """The keys of its config.json that determine shapes and memory. Shared by all callers: copy before changing it."""
    family: Family
    licence: str
    gated: bool
    chat_template: str
    thinking: str
    training_template: str
    source: str
    date: str = ""
    """When it was published, YYYY-MM or YYYY-MM-DD, or "" when unknown."""
    extended_context: int = 0
    """Tokens its makers document with stretched positions, when that is more than its context, else 0."""

    @property
    def text_config(self) -> dict[str, Any]:
        """The part of `config` that is about the language model."""
        nested: dict[str, Any] | None = self.config.get("text_config")
        return self.config if nested is None else nested

    @property
    def context(self) -> int:
        """Tokens it takes as it comes."""
        return int(self.text_config["max_position_embeddings"])


class _BadFile(ValueError):
    """What is wrong with a file, as the middle of a sentence."""


_FAMILY: dict[str, tuple[type, ...]] = {
    "name": (str,), "description": (str,), "model_type": (str,), "architecture": (str,), "licence": (str,),
    "gated": (bool,), "chat_template": (str,), "thinking": (str,), "lora_targets": (list, str), "packing": (str,),
    "sixteen_bit": (list,), "gguf": (str,), "source": (str,),
}  # fmt: skip
_FAMILY_MAY: dict[str, tuple[type, ...]] = {"training_template": (str,)}
_SIZE: dict[str, tuple[type, ...]] = {"parameters": (int,)}
_MODEL: dict[str, tuple[type, ...]] = {"hub_id": (str,), "label": (str,), "kind": (str,), "size": (str,)}
_MODEL_MAY: dict[str, tuple[type, ...]] = {
    "licence": (str,), "gated": (bool,), "chat_template": (str,), "thinking": (str,), "source": (str,), "date": (str,),
    "training_template": (str,), "extended_context": (int,), "config": (dict,),
}  # fmt: skip
_INHERITED = ("licence", "gated", "chat_template", "thinking", "training_template")
_SAID = {str: "a text", bool: "true or false", int: "a whole number", list: "a list", dict: "a table"}


def _checked(table: Any, where: str, must: dict[str, tuple[type, ...]], may: dict[str, tuple[type, ...]]) -> None:
    """Raise when a table lacks a key, has one that is not known, or a value of another type."""
    if not isinstance(table, dict):
        raise _BadFile(f"{where} is not a table")
    known = must | may
    for key, value in table.items():
        if key not in known:
            raise _BadFile(f"{where} has an unknown {key!r}, {closest(key, known)}")
        if type(value) not in known[key]:
            raise _BadFile(f"{where} has a {key!r} that is not {' or '.join(_SAID[kind] for kind in known[key])}")
    for key in must:
        if key not in table:
            raise _BadFile(f"{where} has no {key!r}")


def _need(condition: bool, what: str) -> None:
    """Raise with what is wrong unless the condition holds."""
    if not condition:
        raise _BadFile(what)


def _family(key: str, table: Any) -> Family:
    """Return the family of a file's [family] table."""
    _checked(table, "[family]", _FAMILY, _FAMILY_MAY)
    targets = table["lora_targets"]
    if isinstance(targets, str):
        try:
            re.compile(targets)
        except re.error as error:
            raise _BadFile(f"its lora_targets are no regular expression ({error})") from None
    packing, gguf = table["packing"], table["gguf"]
    _need(packing == "safe" or packing.startswith("unsafe: "), 'its packing is neither "safe" nor "unsafe: " and why')
    _need(gguf in ("proven", "not proven"), 'its gguf is neither "proven" nor "not proven"')
    lists = {name: tuple(value) for name, value in table.items() if isinstance(value, list)}
    for name, value in lists.items():
        _need(all(isinstance(item, str) for item in value), f"its {name} is not a list of names")
    return Family(key=key, **(table | lists))


def _merged(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Return both tables in one, the second before the first, tables inside them likewise."""
    both = {
        key: _merged(first[key], value) if isinstance(value, dict) and isinstance(first.get(key), dict) else value
        for key, value in second.items()
    }
    return first | both


def _as_in_json(config: dict[str, Any]) -> dict[str, Any]:
    """Return a config as config.json would have it: with nulls, and a layer type per layer."""
    full: dict[str, Any] = {
        key: _as_in_json(value) if isinstance(value, dict) else None if value == "null" else value
        for key, value in config.items()
    }
    if "layer_types" in full:
        try:
            layers, runs = (
                int(full["num_hidden_layers"]),
                [(str(kind), int(times)) for kind, times in full["layer_types"]],
            )
        except (KeyError, TypeError, ValueError):
            layers, runs = 0, []
        if not (runs and 0 < layers <= MAX_LAYERS and all(0 < times <= MAX_LAYERS for _, times in runs)):
            raise _BadFile('its layer_types are no runs such as ["full_attention", 4] for num_hidden_layers')
        cycle = itertools.cycle(kind for kind, times in runs for _ in range(times))
        full["layer_types"] = list(itertools.islice(cycle, layers))
    return full


def _model(table: Any, family: Family, shared: dict[str, Any], sizes: dict[str, Any]) -> Model:
    """Return the model of one of a file's [[models]]."""
    _checked(table, "one of [[models]]", _MODEL, _MODEL_MAY)
    own = dict(table)
    hub_id, size = own["hub_id"], own["size"]
    _need(bool(_HUB_ID.fullmatch(hub_id)), f"{hub_id!r} is no owner/name of the hub")
    _need(own["kind"] in KINDS, f"{hub_id} is of the kind {own['kind']!r}, known are {', '.join(KINDS)}")
    if size not in sizes:
        raise _BadFile(f"{hub_id} has the size {size!r}, {closest(size, sizes)}")
    _need(bool(_DATE.fullmatch(own.get("date", ""))), f"the date of {hub_id} is not YYYY-MM or YYYY-MM-DD")
    of_size = dict(sizes[size])
    said = {"parameters": of_size.pop("parameters"), "source": of_size.pop("source", family.source)}
    inherited = {name: getattr(family, name) for name in _INHERITED}
    config = _as_in_json(_merged(_merged(shared, of_size), own.pop("config", {})))
    model = Model(**(inherited | said | own), config=config, family=family)
    context = model.text_config.get("max_position_embeddings")
    _need(type(context) is int and context > 0, f"{hub_id} has no max_position_embeddings")
    return model


@lru_cache(maxsize=256)
def _read(path: Path, changed: int) -> tuple[Family, tuple[Model, ...]]:
    """Return what a file says; `changed`, the time of its last change, tells the cache what is new.

    Raises UsageError with what is wrong with it.
    """
    try:
        body = tomllib.loads(path.read_text(encoding="utf-8"))
        _checked(body, "it", {"family": (dict,), "sizes": (dict,), "models": (list,)}, {"config": (dict,)})
        family = _family(path.stem, body["family"])
        for name, size in body["sizes"].items():
            _need(isinstance(size, dict), f"[sizes.{name}] is not a table")
            _checked({key: size[key] for key in _SIZE if key in size}, f"[sizes.{name}]", _SIZE, {})
            _need(size["parameters"] > 0, f"[sizes.{name}] has no parameters")
        models = tuple(_model(table, family, body.get("config", {}), body["sizes"]) for table in body["models"])
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"The base file {path} cannot be used: {error}; correct or remove it.") from None
    return family, models


def files() -> dict[str, Path]:
    """Return family key → file; a person's own file hides a shipped one of the same name."""
    folders = (presets_dir() / "bases", config_home() / "bases")
    return {path.stem: path for folder in folders if folder.is_dir() for path in sorted(folder.glob("*.toml"))}


def _holds(path: Path, word: str) -> bool:
    """Return whether a file may say something of what a word names; one that cannot be read may."""
    try:
        return word.encode(errors="surrogatepass") in path.read_bytes()
    except OSError:
        return True


def _entries(word: str) -> list[tuple[Family, tuple[Model, ...]]]:
    """Return what the files say that hold a word, read again when one changed; a person's own come last."""
    own = config_home() / "bases"
    paths = sorted(files().values(), key=lambda path: path.parent == own)
    return [_read(path, path.stat().st_mtime_ns) for path in paths if not word or _holds(path, word)]


def _models(word: str = "") -> dict[str, Model]:
    """Return hub id → model; the last to name a model describes it."""
    return {model.hub_id: model for _, many in _entries(word) for model in many}


def families(word: str = "") -> tuple[Family, ...]:
    """Return all families; with a word only those of files that hold it, since reading all takes its time.

    Raises UsageError naming a file that cannot be used.
    """
    return tuple(family for family, _ in _entries(word))


def models() -> tuple[Model, ...]:
    """Return all models in the order of their files; raises UsageError as `families` does."""
    return tuple(_models().values())


def known(hub_id: str) -> Model | None:
    """Return the model of that hub id, None for one that is not in the catalogue; reads only the files that name it."""
    return _models(hub_id).get(hub_id) if hub_id else None


def find(hub_id: str) -> Model:
    """Return the model of that hub id; raises UsageError naming the nearest one."""
    known = _models()
    if hub_id not in known:
        raise UsageError(f"There is no model {hub_id!r} in the catalogue; {closest(hub_id, known)}.")
    return known[hub_id]
