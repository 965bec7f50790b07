"""A chat template of the workbench for a base that has none: which of them its tokens can write, and how it gets one.

Owns the words of a template that have to be tokens of the base. Must not know weights, rows or recipes.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from workbench.core import templates
from workbench.core.errors import UsageError
from workbench.core.text import one_line
from workbench.engine import thoughts
from workbench.engine.tokenizer import load_tokenizer

FILE = "chat_template.jinja"
_WORD = re.compile(r"<\|\w+\|?>|<\w+\|>|\[/?[A-Z_]+\]")
"""What a control token looks like in the families we know."""
_ANSWER = "ANSWER"
_TRIAL = ({"role": "user", "content": "x"}, {"role": "assistant", "content": _ANSWER}, {"role": "user", "content": "y"})


def _written(tokenizer: Any, template: str) -> str:
    """Return a conversation as a template writes it; "" where it needs what the tokenizer has not."""
    try:
        return str(tokenizer.apply_chat_template(list(_TRIAL), chat_template=template, tokenize=False))
    except Exception:  # a person's own template is foreign code and may raise anything
        return ""


def lacking(tokenizer: Any, template: str) -> str:
    """Return the first control token a template writes that the tokenizer has not as one token, or "".

    Of a template that cannot be rendered with this tokenizer it is "a token to begin or end a text with".
    """
    written = _written(tokenizer, template)
    if not written:
        return "a token to begin or end a text with"
    known = tokenizer.get_added_vocab()
    return next((word for word in _WORD.findall(written) if word not in known), "")


def fitting(tokenizer: Any) -> list[str]:
    """Return the names of the templates whose control tokens are all tokens of the tokenizer."""
    return [name for name in sorted(templates.files()) if not lacking(tokenizer, templates.text(name))]


def end_of_answer(tokenizer: Any, template: str) -> int:
    """Return the token that a template writes behind an answer, which another turn follows."""
    written = _written(tokenizer, template)
    ids = tokenizer(written[written.index(_ANSWER) + len(_ANSWER) :], add_special_tokens=False)["input_ids"]
    return int(ids[0])


def lend(tokenizer: Any, name: str) -> int:
    """Make a template of the workbench that of a tokenizer in memory, and return the token its answers then stop at.

    Raises UsageError when there is no template of that name, or the base has not the control tokens it writes.
    """
    template = templates.text(name)
    if word := lacking(tokenizer, template):
        others = ", ".join(fitting(tokenizer)) or "none of them"
        raise UsageError(
            f"The base has not {one_line(word, 60)}, which the chat template {name} writes; its tokens suit {others}."
        )
    tokenizer.chat_template = template
    return end_of_answer(tokenizer, template)


def give(folder: Path, name: str) -> None:
    """Make a template of the workbench the chat template of the model in `folder`, whose answers then stop at its end.

    Raises UsageError as `lend` does.
    """
    tokenizer = load_tokenizer(folder)
    end = lend(tokenizer, name)
    (folder / FILE).write_text(templates.text(name), encoding="utf-8")
    file = folder / "generation_config.json"
    said = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    stops = said.get("eos_token_id")
    stops = list(stops) if isinstance(stops, list) else [] if stops is None else [stops]
    if tokenizer.eos_token_id is not None:
        stops.append(tokenizer.eos_token_id)
    said["eos_token_id"] = list(dict.fromkeys([end, *stops]))
    file.write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")


def open_thoughts(folder: Path) -> None:
    """Let the chat template of the model in `folder` open a thought before each answer, unless it does.

    Raises UsageError as `thoughts.opening_template` does.
    """
    if made := thoughts.opening_template(load_tokenizer(folder)):
        (folder / FILE).write_text(made, encoding="utf-8")


def tokenizer_of(folder: Path, base: str, method: str) -> Any:
    """Return the tokenizer of a base that a method of conversations starts from; raises UsageError without template."""
    tokenizer = load_tokenizer(folder)
    if tokenizer.chat_template is None:
        raise none_for(tokenizer, base, method)
    return tokenizer


def none_for(tokenizer: Any, base: str, method: str) -> UsageError:
    """Return the error for a base without a chat template, with the templates of the workbench that suit it."""
    others = fitting(tokenizer)
    way = f", or give it one of {', '.join(others)} with --set chat_template={others[0]}" if others else ""
    return UsageError(
        f"The base {base} has no chat template, which {method} needs; choose its instruct variant as base{way}."
    )
