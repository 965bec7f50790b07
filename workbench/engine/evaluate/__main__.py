"""A process that puts exams to models: one JSON request on stdin, one JSON line per examination on stdout.

Owns the wire form only. The request is {"exam": path, "examinations": [{"name", "target", "kinds", "limit",
"temperature", "seed", "repeat", "reference"}]}; each line is {"name", "scores", "stop_rate", "answers", "seconds"}, the
answers marked; `repeat` asks every question so often. With a reference, which wants a temperature of 1, it has "kl"
too: how far the model has moved from that one, in nats per answer.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from workbench.core.errors import UsageError, WorkbenchError
from workbench.engine import startup
from workbench.engine.evaluate import exam
from workbench.engine.lifeline import die_with_parent, take_stdout
from workbench.runs.talk import Settings

CONTEXT = 512
"""Tokens of context for a GGUF under examination: questions and answers are short."""


Ask = Callable[[Sequence[str], bool], list[tuple[str, bool]]]


def _ask_model(target: str, wanted: dict[str, Any], told: dict[str, float]) -> Ask:
    """Return how to ask a run, a base or a folder, loaded with transformers; `told` gets what answers say beyond it."""
    import torch

    from workbench.engine import load, samples
    from workbench.engine.evaluate import divergence
    from workbench.engine.rewards.answers import spoken
    from workbench.runs import bases

    where = load.Machine("cuda" if torch.cuda.is_available() else "cpu", False)
    base = bases.resolve(target)
    model = load.load_for_use(base, where)
    tokenizer = load.load_tokenizer(base.model_dir)
    reference = wanted.get("reference")
    if reference and wanted.get("temperature") != 1.0:
        raise UsageError("How far a model is from a reference is told by answers at a temperature of 1; ask for that.")
    other = load.load_for_use(bases.resolve(reference), where) if reference else None

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
        if other is not None and chat:
            told["kl"] = round(divergence.kl(model, other, tokenizer, prompts, replies), 4)
        # A thought names what is weighed and left aside; the answer is what stands behind it.
        return [(spoken(reply.text), reply.stopped) for reply in replies]

    return ask


def _ask_gguf(target: str, wanted: dict[str, Any]) -> Ask:
    """Return how to ask a GGUF file through llama.cpp; only what is asked as a chat."""
    if wanted.get("reference"):
        raise UsageError("How far a GGUF is from another model is told by its export; leave the reference out.")
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


def _examine(exam_path: Path, wanted: dict[str, Any]) -> dict[str, Any]:
    """Return the marks of one examination."""
    target, told = wanted["target"], dict[str, float]()
    ask = _ask_gguf(target, wanted) if target.endswith(".gguf") else _ask_model(target, wanted, told)
    started = time.monotonic()
    questions = exam.read(exam_path, wanted.get("kinds", ()), wanted.get("limit", 0)) * wanted.get("repeat", 1)
    marked = exam.mark(questions, ask)
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
        **told,
        "answers": answers,
        "seconds": round(time.monotonic() - started, 2),
    }


def main() -> int:
    """Answer the request on stdin; the last line is {"error": sentence} when something was refused."""
    die_with_parent()
    startup.hasten()
    say = take_stdout()
    request = json.loads(sys.stdin.read())
    try:
        for wanted in request["examinations"]:
            say(_examine(Path(request["exam"]), wanted))
    except WorkbenchError as error:
        say({"error": str(error)})
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
