"""Modelfiles: chat templates as pieces of text, and the file Ollama reads, against the templates themselves."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from workbench.core.errors import UsageError
from workbench.core.paths import assets_dir, presets_dir
from workbench.engine.deploy import modelfile
from workbench.engine.deploy.turns import Chat, Render, Turns, turns
from workbench.engine.export.gguf import template

_TEMPLATES = [*sorted((presets_dir() / "templates").glob("*.jinja")), assets_dir() / "base" / "chat_template.jinja"]
_CHAT: Chat = [
    {"role": "system", "content": "Be {{ brief }}."},
    {"role": "user", "content": "What is 2 + 2?"},
    {"role": "assistant", "content": "4\n\nfour"},
    {"role": "user", "content": "And <3>?"},
]


def _render(source: str) -> Render:
    return lambda chat, opened: template.render(source, chat, opened, "<s>", "</s>")


@pytest.mark.parametrize("path", _TEMPLATES, ids=lambda path: path.stem)
def test_pieces_render_as_the_template_does(path: Path) -> None:
    render = _render(path.read_text(encoding="utf-8"))
    pieces = turns(render)
    for chat in (_CHAT, _CHAT[1:], _CHAT[:2], _CHAT[1:2]):
        assert pieces.render(chat) == render(chat, True)


def _go(text: str, chat: Chat) -> str:
    """Render what `modelfile.template` writes, as Go's text/template does: a reading of just its few instructions."""
    system = "\n\n".join(turn["content"] for turn in chat if turn["role"] == "system")
    tokens = [part for part in re.split(r"(\{\{.*?\}\})", text) if part]

    def block(i: int) -> tuple[list[object], int]:
        """Return the nodes up to the end that closes the block that began before token i."""
        nodes: list[object] = []
        while i < len(tokens):
            word = tokens[i][2:-2].strip() if tokens[i].startswith("{{") else None
            if word is None:
                nodes.append(("text", tokens[i]))
            elif word.startswith(("if ", "range ")):
                arms, test = [], word
                while True:
                    body, i = block(i + 1)
                    arms.append((test, body))
                    closing = tokens[i][2:-2].strip()
                    if closing == "end":
                        break
                    test = closing.removeprefix("else").strip() or "else"
                nodes.append(("block", arms))
            elif word == "end" or word.startswith("else"):
                return nodes, i
            else:
                nodes.append(("do", word))
            i += 1
        return nodes, i

    state = {"first": True}

    def holds(test: str, turn: dict[str, str], last: bool) -> bool:
        known = {
            "else": True, "if .System": bool(system), "if $first": state["first"], "if $last": last,
            "if and $last $.System": last and bool(system), 'if eq .Role "user"': turn.get("role") == "user",
            'if eq .Role "assistant"': turn.get("role") == "assistant",
        }  # fmt: skip
        return known[test]

    def run(nodes: list[object], turn: dict[str, str], last: bool) -> str:
        said = ""
        for kind, body in nodes:  # type: ignore[misc]
            if kind == "text":
                said += body
            elif kind == "do":
                if body == "$first = false":
                    state["first"] = False
                known = {"$.System": system, ".Content": turn.get("content", ""), '"{{"': "{{"}
                said += known.get(body, "")
            elif body[0][0].startswith("range"):
                said += "".join(run(body[0][1], one, one is chat[-1]) for one in chat)
            else:
                said += next((run(inner, turn, last) for test, inner in body if holds(test, turn, last)), "")
        return said

    return run(block(0)[0], {}, False)


@pytest.mark.parametrize("path", _TEMPLATES, ids=lambda path: path.stem)
def test_the_go_template_says_the_same(path: Path) -> None:
    """What Go's own text/template made of these, run by hand, was the same to the last character."""
    render = _render(path.read_text(encoding="utf-8"))
    text = modelfile.template(turns(render))
    for chat in (_CHAT, _CHAT[1:], _CHAT[:2]):
        assert _go(text, chat) == render(chat, True)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("{% for m in messages %}{{ m.content }}{{ loop.index }}{% endfor %}", "of several turns"),
        ("{{ messages[-1].content }}", "leaves out"),
        ("{{ raise_exception('no') }}", "cannot render"),
        ("{% for m in messages %}{{ m.content | upper if m.role == 'system' else m.content + '|' }}{% endfor %}", ""),
    ],
)  # fmt: skip
def test_a_template_with_ways_of_its_own_is_refused(source: str, why: str) -> None:
    render = _render(source)
    if not why:  # instructions it changes are instructions it does not take
        assert turns(render).before_system is None
        return
    with pytest.raises(UsageError, match=why):
        turns(render)


def test_a_modelfile_holds_what_its_language_can_say() -> None:
    pieces = Turns("<s>{{u}}", "<a>", "<u>", "<a>", None)
    facts = modelfile.Facts(
        "m.gguf", pieces.without("<s>"), ("</s>",), 512, {"temperature": 0.7, "top_k": 20, "seed": 3}
    )
    assert modelfile.text(facts).splitlines()[0] == "FROM ./m.gguf"
    assert 'TEMPLATE """{{ "{{" }}u}}' in modelfile.text(facts)
    assert [line for line in modelfile.text(facts).splitlines() if line.startswith("PARAMETER")] == [
        'PARAMETER stop """</s>"""', "PARAMETER num_ctx 512", "PARAMETER repeat_penalty 1", "PARAMETER temperature 0.7",
        "PARAMETER top_k 20",
    ]  # fmt: skip
    with pytest.raises(UsageError, match="three quotation marks"):
        modelfile.text(modelfile.Facts("m.gguf", Turns('"""', "", "", "", None), (), 512, {}))
