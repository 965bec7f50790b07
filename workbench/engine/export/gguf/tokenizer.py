"""A Hugging Face tokenizer as the vocabulary of a GGUF file.

Owns the two kinds llama.cpp computes like tokenizers does: byte-level BPE ("gpt2") and BPE over characters with byte
fallback ("llama"). Must not know weights. Whether the ids really agree is decided by the parity gate, not here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf

from workbench.core.errors import WorkbenchError
from workbench.core.text import one_line
from workbench.core.units import count
from workbench.engine.export.gguf.architectures import Pair, array, flag, text, u32

_CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_TAIL = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_WORDS = _CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|"

_CASED = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
_CASED_TOO = r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
_CASED_TAIL = r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_MARKED_TAIL = r" ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"

_PRE: dict[tuple[str, ...], str] = {
    (_WORDS + r"\p{N}{1,3}|" + _TAIL, "bytes"): "llama-bpe",
    (_WORDS + r"\p{N}|" + _TAIL, "bytes"): "qwen2",
    (_CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}|" + _MARKED_TAIL, "bytes"): "qwen35",
    (_CASED + _CASED_TOO + r"|\p{N}" + _CASED_TAIL, "bytes"): "tekken",
    (
        _CASED + _CONTRACTIONS + "?" + _CASED_TOO + _CONTRACTIONS + r"?|\p{N}{1,3}" + _CASED_TAIL,
        "bytes",
    ): "gpt-4o",
    ("words+bytes",): "gpt-2",
    ("digits", "words+bytes"): "smollm",
}
"""What tokenizer.json's pre-tokenizer does, step by step → llama.cpp's name for it. Each row is proved by a test."""

_UNUSED = gguf.TokenType.UNUSED


@dataclass(frozen=True)
class Vocabulary:
    """The vocabulary's metadata, and what the gate needs to know about it."""

    pairs: tuple[Pair, ...]
    stops: tuple[int, ...]
    """Every id at which generation ends."""


def _signature(pre: dict[str, Any] | None) -> tuple[str, ...]:
    """Return what a pre-tokenizer does as a tuple of steps; an unknown step is given by its type."""
    if pre is None:
        return ()
    kind = pre.get("type")
    if kind == "Sequence":
        return tuple(step for part in pre["pretokenizers"] for step in _signature(part))
    # To keep what matches and drop the rest is the same, since these patterns leave no rest.
    parts = (pre.get("behavior"), bool(pre.get("invert"))) in (("Isolated", False), ("Removed", True))
    if kind == "Split" and parts and "Regex" in pre["pattern"]:
        return (str(pre["pattern"]["Regex"]),)
    if kind == "ByteLevel" and not pre.get("add_prefix_space"):
        return ("words+bytes" if pre.get("use_regex", True) else "bytes",)
    if kind == "Digits" and pre.get("individual_digits"):
        return ("digits",)
    return (str(kind),)


def _pre(model: dict[str, Any]) -> str:
    """Return llama.cpp's name for the pre-tokenizer of a byte-level BPE; refuse one that has none here."""
    signature = _signature(model.get("pre_tokenizer"))
    if signature not in _PRE:
        shown = one_line(" + ".join(signature) or "none", 120)
        raise WorkbenchError(
            f"This tokenizer splits text in a way the export does not know ({shown}), so llama.cpp would read other "
            "tokens; use a base with a Llama 3, Qwen 2, SmolLM or GPT-2 style tokenizer."
        )
    return _PRE[signature]


def _merges(model: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the merges as pairs; older files write them as one text."""
    pairs = (merge if isinstance(merge, list) else merge.split(" ", 1) for merge in model["merges"])
    return [(left, right) for left, right in pairs]


def _joined(left: str, right: str) -> str:
    """Return a merge as GGUF writes it; a space inside a part is moved out of the separator's way."""
    return " ".join("".join(chr(ord(ch) + 256) if ch == " " else ch for ch in part) for part in (left, right))


def _tokens(body: dict[str, Any], rows: int, byte_fallback: bool) -> tuple[list[str], list[int]]:
    """Return the text and type of every id, filled up to the embedding's `rows` with unused ones."""
    texts: list[str | None] = [None] * rows
    types = [int(_UNUSED)] * rows
    vocabulary: dict[str, int] = body["model"]["vocab"]
    added: list[dict[str, Any]] = body.get("added_tokens", [])
    highest = max([*vocabulary.values(), *(token["id"] for token in added)], default=-1)
    if highest >= rows:
        raise WorkbenchError(
            f"The tokenizer has {count(highest + 1)} tokens and the model's embedding only {count(rows)} rows; "
            "use the tokenizer it was trained with."
        )
    unknown = body["model"].get("unk_token")
    for token, number in vocabulary.items():
        texts[number], types[number] = token, int(gguf.TokenType.NORMAL)
        if byte_fallback and len(token) == 6 and token.startswith("<0x") and token.endswith(">"):
            types[number] = int(gguf.TokenType.BYTE)
    for entry in added:
        texts[entry["id"]] = entry["content"]
        types[entry["id"]] = int(gguf.TokenType.CONTROL if entry.get("special") else gguf.TokenType.USER_DEFINED)
    if byte_fallback and unknown in vocabulary:
        types[vocabulary[unknown]] = int(gguf.TokenType.UNKNOWN)
    return [token if token is not None else f"[PAD{number}]" for number, token in enumerate(texts)], types


def _ranks(body: dict[str, Any], texts: list[str]) -> list[float]:
    """Return the score of each piece: minus the rank of the first merge that makes it, so that both merge alike."""
    first: dict[str, int] = {}
    for rank, (left, right) in enumerate(_merges(body["model"])):
        first.setdefault(left + right, rank)
    return [-float(first[token]) if token in first else -float(len(first)) - 1 for token in texts]


def stop_ids(tokenizer: Any, generation: Any) -> tuple[int, ...]:
    """Return every id that ends generation: the tokenizer's EOS first, then the generation config's list."""
    listed = getattr(generation, "eos_token_id", None)
    listed = listed if isinstance(listed, list | tuple) else [listed]
    ids = [tokenizer.eos_token_id, *listed]
    return tuple(dict.fromkeys(int(number) for number in ids if number is not None and number >= 0))


def _ends(tokenizer: Any, stops: tuple[int, ...], rows: int) -> list[Pair]:
    """Return the special ids and what is added at the ends of a text, found out by trying."""
    pairs: list[Pair] = []
    for key, number in (
        ("bos", tokenizer.bos_token_id),
        ("unknown", tokenizer.unk_token_id),
        ("padding", tokenizer.pad_token_id),
    ):
        if number is not None and 0 <= number < rows:
            pairs.append(u32(f"tokenizer.ggml.{key}_token_id", number))
    if len(stops) > 3:
        raise WorkbenchError(
            f"The model ends its answers at {len(stops)} different tokens and a GGUF names at most 3; "
            "shorten eos_token_id in generation_config.json."
        )
    pairs += [
        u32(f"tokenizer.ggml.{key}_token_id", number) for key, number in zip(("eos", "eot", "eom"), stops, strict=False)
    ]
    probe = tokenizer("a", add_special_tokens=True).input_ids
    bare = tokenizer("a", add_special_tokens=False).input_ids
    pairs.append(flag("tokenizer.ggml.add_bos_token", len(probe) > len(bare) and probe[0] == tokenizer.bos_token_id))
    pairs.append(flag("tokenizer.ggml.add_eos_token", len(probe) > len(bare) and probe[-1] == tokenizer.eos_token_id))
    return pairs


def read(folder: Path, tokenizer: Any, generation: Any, rows: int) -> Vocabulary:
    """Return the vocabulary of the tokenizer in `folder` for an embedding of `rows` rows.

    `tokenizer` is the loaded Hugging Face tokenizer and `generation` its generation config or None. Raises
    WorkbenchError when llama.cpp has no such tokenizer.
    """
    try:
        body: dict[str, Any] = json.loads((folder / "tokenizer.json").read_bytes())
        kind, fallback = body["model"]["type"], bool(body["model"].get("byte_fallback"))
    except (OSError, ValueError, KeyError, TypeError):
        raise WorkbenchError(
            f"{one_line(str(folder))} has no readable tokenizer.json; copy or download the model again."
        ) from None
    if kind != "BPE":
        raise WorkbenchError(
            f"A tokenizer of the kind {one_line(str(kind), 40)} cannot be written to GGUF; only BPE ones can."
        )
    texts, types = _tokens(body, rows, fallback)
    pairs = [
        text("tokenizer.ggml.model", "llama" if fallback else "gpt2"),
        text("tokenizer.ggml.pre", "default" if fallback else _pre(body)),
        array("tokenizer.ggml.tokens", texts),
        array("tokenizer.ggml.token_type", types),
    ]
    if fallback:
        pairs += [array("tokenizer.ggml.scores", _ranks(body, texts)), flag("tokenizer.ggml.add_space_prefix", False)]
    else:
        pairs.append(array("tokenizer.ggml.merges", [_joined(*merge) for merge in _merges(body["model"])]))
    stops = tuple(number for number in stop_ids(tokenizer, generation) if number < rows)
    pairs += _ends(tokenizer, stops, rows)
    if isinstance(tokenizer.chat_template, str):
        pairs.append(text("tokenizer.chat_template", tokenizer.chat_template))
    return Vocabulary(tuple(pairs), stops)
