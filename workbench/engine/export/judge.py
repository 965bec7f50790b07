"""llama.cpp's side of every comparison, in a process of its own: `python -m workbench.engine.export.judge`.

Reads one JSON request on stdin and answers with one JSON line on stdout. Owns what llama.cpp is asked; must not import
torch. It runs apart because llama.cpp ends the process on some files, and that must be a sentence and not a crash.

Request: {"gguf": path, "adapter": path of one to use with it or "", "exact": bool, "context": tokens, "texts": [[text,
add_special]], "chats": [[messages, generation_prompt]], "reference": path of raw float32 logits, "sequences": [[id]],
"tie": logit difference below which two choices count as the same, "prompts": [[id]], "limit": tokens, "stops": [id],
"offset": byte of the reference at which the sequences begin, "learnt": [[whether a token counts for the perplexity]] or
none}.
Answer: {"ids", "rendered", "max_abs", "generated", "speed", "ends"} and what `closeness` says, or {"error": sentence}.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from workbench.core.errors import WorkbenchError
from workbench.engine import lifeline, llama
from workbench.engine.export import closeness
from workbench.engine.export.gguf import template


def _compare(
    model: llama.Model, path: Path, offset: int, sequences: list[list[int]], learnt: list[list[bool]], tie: float
) -> dict[str, Any]:
    """Return the largest logit difference and how close the model is to the reference.

    The logits of the first sequence begin at byte `offset`; `learnt` say which tokens count for the perplexity.
    """
    sums = closeness.Sums(tie)
    with path.open("rb") as file:
        file.seek(offset)
        for number, ids in enumerate(sequences):
            following = closeness.targets(ids, learnt[number] if learnt else None)
            sums.begin()
            start = 0
            for got in model.logits(ids):
                want = np.fromfile(file, np.float32, got.size).reshape(got.shape)
                if not np.isfinite(got).all():
                    raise WorkbenchError("The model computes values that are not finite.")
                sums.add(want, got, following[start : start + len(got)])
                start += len(got)
    return {"max_abs": sums.largest, **sums.result().plain()}


def _rendered(model: llama.Model, chats: list[Any]) -> list[str | None]:
    """Return each chat through the template stored in the file; None where it refuses or is missing."""
    stored = model.metadata("tokenizer.chat_template")
    texts: list[str | None] = []
    for messages, generation_prompt in chats:
        try:
            texts.append(
                stored
                and template.render(
                    stored, messages, generation_prompt, model.special_text("bos"), model.special_text("eos")
                )
            )
        except WorkbenchError:
            texts.append(None)
    return texts


def _generated(model: llama.Model, prompts: list[list[int]], limit: int) -> tuple[list[list[int]], float | None]:
    """Return what follows each prompt, and tokens per second after the first ones; None when nothing follows them."""
    texts, seconds, timed = [], 0.0, 0
    for prompt in prompts:
        coming = model.generate(prompt, limit)
        text = [token for token in [next(coming, None)] if token is not None]
        started = time.perf_counter()
        text += coming
        seconds += time.perf_counter() - started
        timed += max(len(text) - 1, 0)
        texts.append(text)
    return texts, timed / seconds if timed and seconds else None


def judge(request: dict[str, Any]) -> dict[str, Any]:
    """Return the answers to `request` from the GGUF it names."""
    adapters = [Path(request["adapter"])] if request.get("adapter") else []
    with llama.Model(
        Path(request["gguf"]), int(request["context"]), exact=bool(request["exact"]), adapters=adapters
    ) as model:
        model.switch(range(len(adapters)))
        sequences: list[list[int]] = request["sequences"]
        answer: dict[str, Any] = {
            "ids": [model.tokenize(text, add_special) for text, add_special in request["texts"]],
            "rendered": _rendered(model, request["chats"]),
            "ends": [model.ends(token) for token in request["stops"]],
        }
        answer |= _compare(
            model, Path(request["reference"]), request["offset"], sequences, request["learnt"], float(request["tie"])
        )
        answer["generated"], answer["speed"] = _generated(model, request["prompts"], int(request["limit"]))
        return answer


def main() -> int:
    """Answer the request on stdin; nothing but the answer reaches stdout."""
    lifeline.die_with_parent()
    say = lifeline.take_stdout()
    llama.quiet()
    try:
        say(judge(json.load(sys.stdin)))
        return 0
    except WorkbenchError as error:
        say({"error": str(error)})
        return error.exit_code


if __name__ == "__main__":
    raise SystemExit(main())
