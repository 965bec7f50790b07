"""Conversations that are kept: the same as Markdown to read and as JSON for programs.

Owns the two files. Must not know how a conversation came about.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from workbench.core import paths
from workbench.core.text import clean, json_safe, one_line
from workbench.runs import atomic


def folder() -> Path:
    """Return the folder of all transcripts."""
    return paths.data_home() / "chats"


def save(
    models: Sequence[str], about: Mapping[str, Any], turns: Sequence[Mapping[str, Any]], before: Path | None = None
) -> Path:
    """Write a conversation and return the Markdown file; raises NoSpaceError or WorkbenchError.

    `about` is what was set: system prompt and sampling. A turn has "question" and "answers": a list of "model", "text",
    "end", "tokens_per_second" and "preferred". `before` is the file of the same conversation when it was shorter.
    """
    now = datetime.now().astimezone()
    subject = re.sub(r"[^a-z0-9]+", "-", str(turns[0]["question"]).lower()).strip("-")[:30].rstrip("-") or "chat"
    stem = before.stem if before is not None else f"{now:%Y-%m-%d-%H%M%S}-{subject}"
    body = {"time": now.isoformat(timespec="seconds"), "models": list(models), **about, "turns": list(turns)}
    atomic.write_text(folder() / f"{stem}.json", json_safe(json.dumps(body, ensure_ascii=False, indent=1)) + "\n")
    path = folder() / f"{stem}.md"
    atomic.write_text(path, _markdown(body))
    return path


def _markdown(body: Mapping[str, Any]) -> str:
    """Return a conversation to read; every text of a model is quoted, so that none of it is a heading of ours."""
    lines = [f"# {one_line(str(body['turns'][0]['question']), 80)}", ""]
    said = [f"{name.replace('_', ' ')} {value}" for name, value in body.get("settings", {}).items()]
    lines += [f"{body['time']}, {' and '.join(one_line(model) for model in body['models'])}; {', '.join(said)}", ""]
    if body.get("system"):
        lines += ["System prompt:", "", *_quoted(str(body["system"])), ""]
    for turn in body["turns"]:
        lines += ["## You", "", *_quoted(str(turn["question"])), ""]
        for answer in turn["answers"]:
            preferred = ", preferred" if answer["preferred"] else ""
            lines += [f"## {one_line(str(answer['model']))}{preferred}", "", *_quoted(str(answer["text"])), ""]
    return "\n".join(lines)


def _quoted(text: str) -> list[str]:
    """Return a text as a quotation."""
    return [f"> {line}".rstrip() for line in clean(text).split("\n")]
