"""A process that puts exams to models: one JSON request on stdin, one JSON line per examination on stdout.

Owns the wire form only. The request is {"exam": path, "examinations": [{"name", "target", "kinds", "limit",
"temperature", "seed", "questions_shown"}]}; each answer is {"name", "scores", "stop_rate", "shown", "seconds"}.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from workbench.core.errors import WorkbenchError
from workbench.engine.evaluate import exam


def _examine(model: Any, tokenizer: Any, exam_path: Path, wanted: dict[str, Any]) -> dict[str, Any]:
    """Return the marks of one examination."""
    from workbench.engine import samples

    started = time.monotonic()

    def ask(prompts: Any, chat: bool) -> list[tuple[str, bool]]:
        # A cloze is marked by its first sentence, which is short.
        length = exam.MAX_NEW_TOKENS if chat else exam.MAX_NEW_TOKENS // 3
        replies = samples.answers(model, tokenizer, prompts, chat=chat, max_new_tokens=length, batch_size=64,
                                  temperature=wanted.get("temperature", 0.0), seed=wanted.get("seed", 0))  # fmt: skip
        return [(reply.text, reply.stopped) for reply in replies]

    marked = exam.mark(exam.read(exam_path, wanted.get("kinds", ()), wanted.get("limit", 0)), ask)
    shown = [
        {"kind": item.question.kind, "prompt": item.question.prompt, "answer": item.answer, "value": item.question.value, "right": item.right}
        for item in marked
    ]
    return {
        "name": wanted["name"],
        "scores": exam.scores(marked),
        "stop_rate": exam.stop_rate(marked),
        "answers": shown,
        "seconds": round(time.monotonic() - started, 2),
    }


def main() -> int:
    """Answer the request on stdin; the last line is {"error": sentence} when something was refused."""
    # Libraries print on stdout at will; the protocol keeps the real one for itself.
    protocol = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    request = json.loads(sys.stdin.read())
    try:
        from workbench.engine import load
        from workbench.runs import bases

        loaded: tuple[str, Any, Any] = ("", None, None)
        for wanted in request["examinations"]:
            if loaded[0] != wanted["target"]:
                base = bases.resolve(wanted["target"])
                model = load.load_for_use(base, load.Machine("cuda" if load.torch.cuda.is_available() else "cpu", False))
                loaded = (wanted["target"], model, load.load_tokenizer(base.model_dir))
            print(json.dumps(_examine(loaded[1], loaded[2], Path(request["exam"]), wanted)), file=protocol, flush=True)
    except WorkbenchError as error:
        print(json.dumps({"error": str(error)}), file=protocol, flush=True)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
