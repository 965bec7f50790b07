"""A base and some rows, looked at together: the target of the limited child that answers a preview.

Owns the order of the looks and the problems that follow from them. Must not know processes or the wire.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import signal
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from workbench.core.derive import UNKNOWN_CONTEXT
from workbench.core.errors import WorkbenchError
from workbench.core.units import count

SHOWN_ROWS = 3
SHOWN_CHARACTERS = 400_000
"""Rows are shown until they have so many characters; at least one is."""
TEMPLATE_SECONDS = 10
"""Processor time the chat template has for all rows shown, or for a batch of measured ones."""
RENDERED_FROM = ("sft", "dpo", "kto", "orpo", "reward", "ppo", "grpo", "distill", "prune")
"""Methods whose rows go through the chat template."""


class Endless(BaseException):
    """A chat template takes longer than any honest one; no `except Exception` of a library swallows it."""


@contextlib.contextmanager
def limited(seconds: int) -> Iterator[None]:
    """Raise Endless inside the block when it has used so much processor time."""

    def give_up(_number: int, _frame: FrameType | None) -> None:
        raise Endless

    before = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _rows(request: Mapping[str, Any], method: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return (the canonical rows to show, those to measure): given ones, or the first ones and a sample of files."""
    given = list(request.get("rows") or [])
    if request.get("lengths_of") is not None:
        return given, list(request["lengths_of"])
    if not request.get("paths"):
        return given, given
    from workbench.data import account, canonical, readers, sources
    from workbench.data.layouts import type_for

    found = sources.find(request["paths"], request.get("format") or "", request.get("columns") or None)
    main = sources.main_part(found.parts)
    if main is None:
        return given, []

    def converted(part: sources.Part, rows: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        kind = type_for(method or main.detection.method, part.detection.layout)
        convert = account.converter(part.detection.layout, part.why_not, kind, canonical.Tally())
        return (made for row in rows if not isinstance(made := convert(row), canonical.Rejected))

    def readable(part: sources.Part) -> Iterator[dict[str, Any]]:
        for member in part.members:
            # What proves unreadable in its middle is told in the survey.
            with contextlib.suppress(readers.Unreadable):
                read = (record.value for record in readers.read(member) if isinstance(record, readers.Record))
                yield from converted(part, read)

    begin, number = request.get("first") or 0, request.get("shown") or SHOWN_ROWS
    every = (row for part in found.parts for row in readable(part))
    shown: list[dict[str, Any]] = []
    characters = 0
    for row in itertools.islice(every, begin, begin + number):
        characters += len(json.dumps(row, ensure_ascii=False))
        if shown and characters > SHOWN_CHARACTERS:
            break
        shown.append(row)
    return shown or given, [] if request.get("measured") is False else list(converted(main, main.sample))


def method_of(row: Mapping[str, Any]) -> str:
    """Return the method a canonical row is for."""
    if "text" in row:
        return "cpt"
    keys = {"messages": "sft", "chosen": "dpo", "label": "kto"}
    return next((method for key, method in keys.items() if key in row), "grpo")


def _template(folder: Path, tokenizer: Any, names: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """Return what is known of the template's tokens, and those unlearnt that `names` would not train."""
    from workbench.engine.preview import unlearnt
    from workbench.engine.token_rows import chosen, template_tokens

    tokens = template_tokens(tokenizer)
    judged = unlearnt.judge(folder, tokenizer, tokens)
    text = {token: tokenizer.added_tokens_decoder[token].content for token in tokens}
    told = {
        "checked": judged.checked,
        "why": judged.why,
        "tokens": [
            {
                "id": token,
                "text": text[token],
                "learnt": token not in judged.unlearnt if judged.checked else None,
                "similarity": judged.similarity.get(token),
            }
            for token in tokens
        ],
        "unlearnt": [text[token] for token in judged.unlearnt],
    }
    trained = chosen(tokenizer, names)
    return told, [text[token] for token in judged.unlearnt if token not in trained]


def preview(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer to a request; both are described at the head of the package.

    Raises WorkbenchError when the base cannot be used for these rows.
    """
    # Tokenizers need no torch, and transformers does without when it is not there: a second less to wait.
    sys.modules.setdefault("torch", None)  # type: ignore[arg-type]
    from workbench.engine.chat_templates import none_for
    from workbench.engine.preview import lengths, microscope
    from workbench.engine.tokenizer import generation_eos, load_tokenizer

    folder = Path(request["base_dir"])
    tokenizer = load_tokenizer(folder)
    using = microscope.encoders(tokenizer, generation_eos(folder))
    method = request.get("method") or (method_of(request["rows"][0]) if request.get("rows") else "")
    rows, sample = _rows(request, method)
    method = method or (method_of(sample[0]) if sample else "sft")
    if method in RENDERED_FROM and using.chat is None:
        raise none_for(tokenizer, f"in {folder}", method)
    most = lengths.context(folder)
    template: dict[str, Any] = {"checked": False, "why": "", "tokens": [], "unlearnt": []}
    lacking: list[str] = []
    try:
        if method in RENDERED_FROM:
            with limited(TEMPLATE_SECONDS):
                template, lacking = _template(folder, tokenizer, request.get("trained_tokens") or ())
        measured = lengths.measure(using, sample, lambda: limited(TEMPLATE_SECONDS))
        told = lengths.described(measured, request.get("max_length") or 0, most)
        max_length = request.get("max_length") or told.get("max_length") or most or UNKNOWN_CONTEXT
        with limited(TEMPLATE_SECONDS):
            shown = [microscope.view(using, row, max_length) for row in rows]
    except Endless:
        raise WorkbenchError(
            f"The chat template in {folder} still works after {TEMPLATE_SECONDS} seconds on a few rows, so it may "
            "never end; choose another base, or repair its chat_template."
        ) from None
    return {
        "method": method,
        "max_length": max_length,
        "context": most,
        "rows": shown,
        "lengths": told,
        "template": template,
        "problems": _problems(request, told, max_length, most, lacking),
    }


def _problems(
    request: Mapping[str, Any], told: Mapping[str, Any], max_length: int, most: int, lacking: Sequence[str]
) -> list[dict[str, Any]]:
    """Return what is wrong, each a sentence with the recipe fields that mend it."""
    found: list[dict[str, Any]] = []

    def say(text: str, **fix: Any) -> None:
        found.append({"text": text, "fix": fix})

    tuning = request.get("tuning") or ""
    if lacking and tuning != "full":
        say(
            f"The base has never learnt {', '.join(lacking)}, which its chat template writes: their embeddings are "
            f"like those of tokens no text ever held, and {tuning or 'an adapter'} alone does not train them.",
            trainable_token_indices="auto",
        )
    if most and max_length > most:
        say(f"max_length {max_length} is more than the {count(most)} tokens this base reads.", max_length=most)
    if too_long := told.get("too_long", 0):
        more = {"max_length": told["max_length"]} if told["max_length"] > max_length else {}
        say(
            f"{count(too_long)} of {count(told['sampled'])} rows looked at have a prompt that alone fills the "
            f"{count(max_length)} tokens of max_length, so nothing of them can be learnt.",
            **more,
        )
    for refused in told.get("refused", ()):
        say(f"{count(refused['count'])} rows looked at cannot be learnt with this base: {refused['reason']}.")
    return found
