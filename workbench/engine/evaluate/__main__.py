"""A process that puts exams to models: one JSON request on stdin, one JSON line per examination on stdout.

Owns the wire form only. The request is {"exam": path, "examinations": [{"name", "target", "kinds", "limit",
"temperature", "seed"}]}; each line is {"name", "scores", "stop_rate", "answers", "seconds"}, the answers marked.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from workbench.core.errors import UsageError, WorkbenchError
from workbench.engine.evaluate import exam
from workbench.engine.lifeline import die_with_parent, take_stdout
from workbench.runs.talk import Settings

CONTEXT = 512
"""Tokens of context for a GGUF under examination: questions and answers are short."""


Ask = Callable[[Sequence[str], bool], list[tuple[str, bool]]]


def _ask_model(target: str, wanted: dict[str, Any]) -> Ask:
    """Return how to ask a run, a base or a folder, loaded with transformers."""
    import torch

    from workbench.engine import load, samples
    from workbench.runs import bases

    base = bases.resolve(target)
    model = load.load_for_use(base, load.Machine("cuda" if torch.cuda.is_available() else "cpu", False))
    tokenizer = load.load_tokenizer(base.model_dir)

    def ask(prompts: Sequence[str], chat: bool) -> list[tuple[str, bool]]:
        replies = samples.answers(
            model,
            tokenizer,
            prompts,
            chat=chat,
            max_new_tokens=_length(chat),
            temperature=wanted.get("temperature", 0.0),
            seed=wanted.get("seed", 0),
            batch_size=64,
        )
        return [(reply.text, reply.stopped) for reply in replies]

    return ask


def _ask_gguf(target: str, wanted: dict[str, Any]) -> Ask:
    """Return how to ask a GGUF file through llama.cpp; only what is asked as a chat."""
    from workbench.engine.chat import GgufSpeaker, Outcome

    speaker = GgufSpeaker(Path(target), CONTEXT)
    settings = Settings(
        temperature=wanted.get("temperature", 0.0), max_tokens=exam.MAX_NEW_TOKENS, seed=wanted.get("seed", 0)
    )

    def ask(prompts: Sequence[str], chat: bool) -> list[tuple[str, bool]]:
        if not chat:
            raise UsageError("A GGUF is asked questions only; leave the cloze kinds out.")
        answers = []
        for prompt in prompts:
            outcome = Outcome()
            text = "".join(speaker.answer([{"role": "user", "content": prompt}], settings, lambda: False, outcome))
            answers.append((text, outcome.stopped))
        return answers

    return ask


def _length(chat: bool) -> int:
    """Return the longest answer in tokens: a cloze is marked by its first sentence, which is short."""
    return exam.MAX_NEW_TOKENS if chat else exam.MAX_NEW_TOKENS // 3


def _examine(ask: Ask, exam_path: Path, wanted: dict[str, Any]) -> dict[str, Any]:
    """Return the marks of one examination."""
    started = time.monotonic()
    marked = exam.mark(exam.read(exam_path, wanted.get("kinds", ()), wanted.get("limit", 0)), ask)
    answers = [
        {
            "kind": item.question.kind,
            "prompt": item.question.prompt,
            "answer": item.answer,
            "value": item.question.value,
            "right": item.right,
        }
        for item in marked
    ]
    return {
        "name": wanted["name"],
        "scores": exam.scores(marked),
        "stop_rate": exam.stop_rate(marked),
        "answers": answers,
        "seconds": round(time.monotonic() - started, 2),
    }


def main() -> int:
    """Answer the request on stdin; the last line is {"error": sentence} when something was refused."""
    die_with_parent()
    say = take_stdout()
    request = json.loads(sys.stdin.read())
    try:
        for wanted in request["examinations"]:
            target = wanted["target"]
            ask = (_ask_gguf if target.endswith(".gguf") else _ask_model)(target, wanted)
            say(_examine(ask, Path(request["exam"]), wanted))
    except WorkbenchError as error:
        say({"error": str(error)})
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
