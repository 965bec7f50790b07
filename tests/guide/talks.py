"""Conversations with two models that are not asked: what their sides come to is given.

Must not hold expectations: a test says what should follow.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from workbench.guide.conversation import Conversation
from workbench.guide.interview import Look
from workbench.guide.talking import Model
from workbench.runs.talk import Settings

BASE, TUNED = Model("bundled", "base", "bundled"), Model("some-run", "tuned", "some-run, adapter", run="some-run")


def look(phase: str, text: str = "", **rest: Any) -> Look:
    """Return what a side has come to."""
    figures = {"error": "", "reason": "stop" if phase == "done" else "", "tokens": 5, "used": 40, "context": 512}
    return Look(phase, text, **{**figures, "rate": 50.0, "seconds": 0.1, **rest})


def talked(*pairs: tuple[str, str], models: tuple[Model, Model] = (BASE, TUNED), **how: Any) -> Conversation:
    """Return a conversation in which both models have answered, each as it is given."""
    talk = Conversation(models, how.get("seed", 0))
    histories: list[list[dict[str, str]]] = [[], []]
    for number, answers in enumerate(pairs):
        talk.begin(f"question {number}", Settings(), how.get("system", ""), how.get("blind", False), histories)
        for model, text in enumerate(answers):
            talk.take(model, look("writing", text[:3]))
            talk.take(model, look("done", text[3:]))
            histories[model] += [
                {"role": "user", "content": f"question {number}"},
                {"role": "assistant", "content": text},
            ]
    return talk


def kept(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
