"""A process that reads how a GGUF file talks: one JSON request on stdin, one JSON line on stdout.

Owns the wire form and what is read of the file: its header alone. A chat template is a program of somebody else's and
runs nowhere but in a child like this one. The request is {"gguf": path, "sampling": {name: figure},
"licence": text}; the answer {"modelfile": text, "notes": [sentence], "context": tokens}, or {"error": sentence}.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from workbench.core import gguf_size
from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.text import one_line
from workbench.engine import lifeline
from workbench.engine.deploy import modelfile
from workbench.engine.deploy.turns import Chat, turns
from workbench.engine.export.gguf import header, template

_EVERY_TOKEN = 2_000_000
_ENDS = ("eos", "eot", "eom")


def _token(metadata: dict[str, Any], name: str) -> str:
    """Return the text of a named token, "" where the file names none."""
    number, tokens = metadata.get(f"tokenizer.ggml.{name}_token_id"), metadata.get("tokenizer.ggml.tokens")
    if not isinstance(number, int) or not isinstance(tokens, list) or not 0 <= number < len(tokens):
        return ""
    return str(tokens[number])


def read(path: Path) -> tuple[dict[str, Any], str]:
    """Return (metadata, chat template) of a GGUF file; raises WorkbenchError for what is no model, UsageError for a
    model that cannot chat.
    """
    metadata = header.read(path, keep=_EVERY_TOKEN).metadata
    header.refuse_what_is_no_model(path, metadata)
    source = metadata.get("tokenizer.chat_template")
    if not isinstance(source, str) or not source:
        raise UsageError(
            f"{one_line(path.name)} has no chat template, so no program can talk with it in turns; export a model that "
            "learnt to answer."
        )
    return metadata, source


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Return the Modelfile for a request, and what has to be said of it."""
    path = Path(request["gguf"])
    metadata, source = read(path)
    begin, end = _token(metadata, "bos"), _token(metadata, "eos")

    def render(chat: Chat, opened: bool) -> str:
        return template.render(source, chat, opened, begin, end)

    pieces = turns(render)
    notes = []
    adds = bool(metadata.get("tokenizer.ggml.add_bos_token", False))
    if adds and begin and pieces.first.startswith(begin):
        pieces = pieces.without(begin)
    elif adds and begin:
        notes.append(f"Ollama puts {begin} before every conversation, and the chat template does not.")
    if pieces.before_system is None:
        notes.append("The chat template takes no system prompt, so Ollama leaves one out.")
    if "strftime_now" in source:
        notes.append("The chat template writes today's date; here it stays that of the day this file was made.")
    if "tools" in source:
        notes.append("Tool calls are not in this template: llama-server runs the model's own one, with --jinja.")
    trained = metadata.get(f"{metadata.get('general.architecture')}.context_length")
    context = min(gguf_size.CONTEXT, trained) if isinstance(trained, int) and trained > 0 else gguf_size.CONTEXT
    stops = tuple(dict.fromkeys(text for name in _ENDS if (text := _token(metadata, name))))
    facts = modelfile.Facts(
        path.name,
        pieces,
        stops,
        context,
        request["sampling"],
        request["licence"],
        [f"ollama create NAME -f {path.stem}.Modelfile", *notes],
    )
    return {"modelfile": modelfile.text(facts), "notes": notes, "context": context}


def main() -> int:
    """Answer the request on stdin."""
    lifeline.die_with_parent()
    say = lifeline.take_stdout()
    try:
        say(answer(json.load(sys.stdin)))
        return 0
    except WorkbenchError as error:
        say({"error": str(error)})
        return error.exit_code


if __name__ == "__main__":
    raise SystemExit(main())
