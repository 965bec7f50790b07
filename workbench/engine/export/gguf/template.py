"""Rendering a chat template of unknown origin.

Owns the sandboxed Jinja environment with what chat templates may use. Must not know a tokenizer: it turns messages into
text. Templates run only in child processes, because a sandbox stops neither endless loops nor huge texts.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from jinja2 import TemplateError, nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from workbench.core.errors import WorkbenchError
from workbench.core.text import one_line


class _Generation(Extension):
    """`{% generation %}` marks what the assistant says, for training masks; rendering passes its body through."""

    tags = {"generation"}  # noqa: RUF012 - the attribute is the base class's

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """Return the nodes between the two tags."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _raise(message: str) -> None:
    """What templates call to refuse a conversation."""
    raise TemplateError(message)


def _tojson(value: Any, ensure_ascii: bool = False, indent: int | None = None, **options: Any) -> str:
    """JSON without HTML escapes, which is what chat templates expect of the filter."""
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, **options)


def _now(pattern: str) -> str:
    """The current date or time as a template formats it."""
    return datetime.now().astimezone().strftime(pattern)


def render(
    template: str, messages: Sequence[dict[str, Any]], generation_prompt: bool, bos: str = "", eos: str = ""
) -> str:
    """Return the conversation as text.

    `generation_prompt` opens the assistant's turn. Raises WorkbenchError when the template is broken or refuses the
    conversation.
    """
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, loopcontrols]
    )
    environment.filters["tojson"] = _tojson
    environment.globals["raise_exception"] = _raise
    environment.globals["strftime_now"] = _now
    try:
        return environment.from_string(template).render(
            messages=list(messages), add_generation_prompt=generation_prompt, bos_token=bos, eos_token=eos
        )
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, RecursionError) as error:
        raise WorkbenchError(
            f"The model's chat template cannot render this conversation: {one_line(str(error), 200)}."
        ) from None
