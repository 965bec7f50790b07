"""An Ollama Modelfile for a GGUF file: its chat template in Ollama's language, where it stops, how it is sampled.

Owns the text of the file and the meaning of its instructions. Must not read models: what is known of one is given.

Ollama renders prompts with Go's text/template from `.System` and `.Messages`, joins neighbouring messages of one role,
and lets llama.cpp put the begin token in front where the file asks for it (ollama's docs/template.md and
docs/modelfile.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.core.errors import UsageError
from workbench.engine.deploy.turns import Turns

SAMPLING = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "min_p": "min_p",
    "repetition_penalty": "repeat_penalty",
}
"""What a generation_config.json calls it → what Ollama calls it."""
_NEUTRAL = {"repeat_penalty": 1.0}
"""Ollama's own penalty for repetitions is one that no model was trained or measured with."""


@dataclass(frozen=True)
class Facts:
    """What a Modelfile says of a model."""

    gguf: str
    """The name of the file, which lies beside the Modelfile."""
    turns: Turns
    stops: tuple[str, ...]
    """Texts of the tokens that end an answer."""
    context: int
    sampling: Mapping[str, float]
    """As in generation_config.json; other keys are left out."""
    licence: str = ""
    notes: Sequence[str] = ()
    """Sentences for whoever reads the file."""


def _text(piece: str) -> str:
    """Return a piece of text as Go's templates write it."""
    return piece.replace("{{", '{{ "{{" }}')


def template(turns: Turns) -> str:
    """Return the pieces as a template of Ollama."""
    first, told = _text(turns.first), ""
    if turns.before_system is not None:
        told = f"{_text(turns.before_system)}{{{{ $.System }}}}{_text(turns.after_system)}"
    if told and not turns.late:
        first = f"{{{{ if .System }}}}{told}{{{{ else }}}}{first}{{{{ end }}}}"
    late = f"{{{{ if and $last $.System }}}}{told}{{{{ end }}}}" if turns.late else ""
    return (
        first
        + "{{ $first := true }}{{ range $i, $_ := .Messages }}{{ $last := eq (len (slice $.Messages $i)) 1 }}"
        + '{{ if eq .Role "user" }}'
        + f"{{{{ if $first }}}}{{{{ $first = false }}}}{{{{ else }}}}{_text(turns.question)}{{{{ end }}}}{late}"
        + f"{{{{ .Content }}}}{{{{ if $last }}}}{_text(turns.opening)}{{{{ end }}}}"
        + f'{{{{ else if eq .Role "assistant" }}}}{_text(turns.answer)}{{{{ .Content }}}}'
        + "{{ end }}{{ end }}"
    )


def _quoted(text: str, what: str) -> str:
    """Return a text between the quotes of a Modelfile, which knows no escapes."""
    if '"""' in text:
        raise UsageError(f"A Modelfile cannot hold {what}, for it has three quotation marks in a row.")
    return f'"""{text}"""'


def text(facts: Facts) -> str:
    """Return the Modelfile; raises UsageError where its language cannot say what has to be said."""
    lines = [f"# {line}" for line in facts.notes]
    lines += [f"FROM ./{facts.gguf}", f"TEMPLATE {_quoted(template(facts.turns), 'the chat template')}"]
    lines += [f"PARAMETER stop {_quoted(stop, 'a stop token')}" for stop in facts.stops]
    lines.append(f"PARAMETER num_ctx {facts.context}")
    known = {SAMPLING[name]: value for name, value in facts.sampling.items() if name in SAMPLING}
    lines += [f"PARAMETER {name} {value:g}" for name, value in (_NEUTRAL | known).items()]
    if facts.licence:
        lines.append(f"LICENSE {_quoted(facts.licence, 'the licence')}")
    return "\n".join(lines) + "\n"
