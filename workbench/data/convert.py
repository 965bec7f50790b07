"""From a row of a known shape to a canonical row: TRL's conversational rows, or articles.

Owns the rewriting, the repairs and the reasons for refusing a row. Must not know files or methods.

A canonical conversation is {"messages": [{"role", "content"}, …]}, with "tools" where the row has them; roles are
system, user, assistant and tool; a system turn stands first, each answer follows a user or a tool turn, and the last
turn is an answer. A canonical article is {"text"}. Only what is certain is repaired: a system turn without words and
turns after the last answer are left out, neighbouring user turns are joined. Everything else is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from workbench.core.text import one_line
from workbench.data import shapes

ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "prompter": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "bot": "assistant",
    "model": "assistant",
    "ai": "assistant",
    "function_call": "assistant",
    "tool_call": "assistant",
    "tool": "tool",
    "observation": "tool",
    "function": "tool",
    "function_response": "tool",
    "tool_response": "tool",
    "ipython": "tool",
}
"""Spelling of a role → canonical role. A call of a tool is what the assistant writes, and is trained as its text."""

MAY_FOLLOW = {
    "system": frozenset({""}),
    "user": frozenset({"", "system", "assistant"}),
    "assistant": frozenset({"user", "tool"}),
    "tool": frozenset({"assistant", "tool"}),
}
"""Role → roles of the turn before it; "" is the beginning."""

_EXACT_INTEGER = 2.0**63
_WIDEST_NAME = 24


@dataclass(frozen=True)
class Rejected:
    """A row that is not trained on."""

    reason: str
    """One phrase, the same for all rows with the same fault."""


class _Refused(Exception):
    """Carries the reason out of the middle of a conversion."""


def _words(value: Any, what: str) -> str:
    """Return a value as text; raises _Refused for what is no text. `what` names it, with its article."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    # JSON readers turn integers beyond 64 bits into floats, which do not hold them exactly.
    if isinstance(value, float) and abs(value) >= _EXACT_INTEGER:
        raise _Refused(f"{what} is a number too large to be kept exactly")
    if shapes.is_text(value):
        return str(value)
    raise _Refused(f"{what} is not text")


def _content(turn: Mapping[str, Any]) -> str:
    """Return the words of a turn; typed parts are joined when all of them are text."""
    if turn.get("tool_calls") or turn.get("function_call"):
        raise _Refused("a turn calls a tool in structured form, and only calls written as text can be trained")
    key = next((key for key in shapes.CONTENT_KEYS if key in turn), None)
    value = turn[key] if key else None
    if not isinstance(value, list):
        return _words(value, "the content of a turn")
    texts = []
    for part in value:
        kind = part.get("type", "text") if isinstance(part, dict) else "text"
        if kind != "text":
            named = one_line(str(kind), _WIDEST_NAME)
            raise _Refused(f"a turn holds a part of type {named}, and only text parts can be trained")
        text = (
            next((part[key] for key in ("text", "value", "content") if key in part), None)
            if isinstance(part, dict)
            else part
        )
        texts.append(_words(text, "a part of a turn"))
    return "".join(texts)


def _role(turn: Mapping[str, Any]) -> str:
    """Return the canonical role of a turn."""
    name = next((turn[key] for key in shapes.ROLE_KEYS if turn.get(key) is not None), None)
    role = ROLES.get(name.strip().lower()) if isinstance(name, str) else None
    if role is None:
        raise _Refused(
            f"the role {one_line(str(name), _WIDEST_NAME)} is unknown" if name is not None else "a turn has no role"
        )
    return role


Turns = list[dict[str, str]]


def _turn(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def _listed(turns: list[Any]) -> Turns:
    """Return the turns of a list in whatever spelling."""
    found = []
    for turn in turns:
        if not isinstance(turn, dict):
            raise _Refused("a turn is not an object")
        pair = next((pair for pair in shapes.PAIR_KEYS if pair[0] in turn and pair[1] in turn), None)
        if pair is not None:
            found.append(_turn("user", _words(turn[pair[0]], "a question")))
            found.append(_turn("assistant", _words(turn[pair[1]], "an answer")))
        else:
            found.append(_turn(_role(turn), _content(turn)))
    return found


def _from_turns(row: Mapping[str, Any]) -> Turns:
    """Return the turns of a messages or ShareGPT row."""
    turns = shapes.turns_of(row)
    if turns is None:
        raise _Refused("the row has no list of turns")
    return _listed(turns)


def _history(value: Any) -> Turns:
    """Return earlier exchanges, given as a list of [question, answer] or as JSON text of one."""
    if isinstance(value, str):
        if not value.strip():
            return []
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            raise _Refused("the history is not a list of exchanges") from None
    turns: Turns = []
    for pair in value or []:
        if not isinstance(pair, list) or len(pair) != 2:
            raise _Refused("the history is not a list of exchanges")
        turns += [_turn("user", _words(pair[0], "the history")), _turn("assistant", _words(pair[1], "the history"))]
    return turns


def _joined(*texts: str) -> str:
    """Return the texts that have words, a blank line between them."""
    return "\n\n".join(text for text in texts if text.strip())


def _alpaca(row: Mapping[str, Any]) -> Turns:
    """Return the turns of an instruction row; the input follows the instruction after a blank line."""
    instruction, answer = shapes.column(row, (shapes.INSTRUCTION,)), shapes.column(row, shapes.COMPLETIONS)
    if instruction is None:
        raise _Refused("the instruction is missing")
    if answer is None:
        raise _Refused("the answer is missing")
    given, history = shapes.column(row, shapes.INPUTS), shapes.column(row, ("history",))
    asked = _joined(_words(row[instruction], "the instruction"), _words(row[given], "the input") if given else "")
    earlier = _history(row[history]) if history else []
    return [*earlier, _turn("user", asked), _turn("assistant", _words(row[answer], "the answer"))]


def _prompt_completion(row: Mapping[str, Any]) -> Turns:
    """Return the turns of a prompt and its completion; a context stands before the question."""
    names = shapes.prompt_and_completion(row)
    if names is None:
        raise _Refused("the prompt or the completion is missing")
    prompt, completion = row[names[0]], row[names[1]]
    if isinstance(prompt, list):
        asked = _listed(prompt)
    else:
        context = shapes.column(row, ("context",))
        before = _words(row[context], "the context") if context else ""
        asked = [_turn("user", _joined(before, _words(prompt, "the prompt")))]
    answered = (
        _listed(completion)
        if isinstance(completion, list)
        else [_turn("assistant", _words(completion, "the completion"))]
    )
    return asked + answered


_TURNS: dict[str, Callable[[Mapping[str, Any]], Turns]] = {
    "messages": _from_turns,
    "sharegpt": _from_turns,
    "alpaca": _alpaca,
    "prompt_completion": _prompt_completion,
}


def _tools(row: Mapping[str, Any]) -> list[Any] | None:
    """Return the tools of a row as a list of objects; they may be given as JSON text."""
    value = row.get("tools")
    if isinstance(value, str):
        try:
            value = orjson.loads(value) if value.strip() else None
        except orjson.JSONDecodeError:
            raise _Refused("the tools are not valid JSON") from None
    if not value:
        return None
    if not isinstance(value, list) or not all(isinstance(tool, dict) for tool in value):
        raise _Refused("the tools are not a list of objects")
    try:
        orjson.dumps(value)
    except orjson.JSONEncodeError:
        raise _Refused("the tools are nested too deeply") from None
    return value


def _repaired(turns: Turns, repairs: Counter[str]) -> Turns:
    """Return the turns in canonical order; raises _Refused where only a guess would put them in order."""
    kept: Turns = []
    for turn in turns:
        role, empty = turn["role"], not turn["content"].strip()
        if role == "system" and empty:
            repairs["a system turn without words was left out"] += 1
            continue
        if role != "tool" and empty:
            raise _Refused(f"{'an answer' if role == 'assistant' else 'a user turn'} is empty")
        before = kept[-1]["role"] if kept else ""
        if role == before == "user":
            kept[-1] = _turn("user", _joined(kept[-1]["content"], turn["content"]))
            repairs["neighbouring user turns were joined"] += 1
            continue
        if before not in MAY_FOLLOW[role]:
            raise _Refused(f"the turns are out of order: {role} {f'after {before}' if before else 'first'}")
        kept.append(turn)
    last = max((place for place, turn in enumerate(kept) if turn["role"] == "assistant"), default=-1)
    if last < 0:
        raise _Refused("there is no answer to learn")
    if last + 1 < len(kept):
        repairs["turns after the last answer were left out"] += 1
    return kept[: last + 1]


def _conversation(row: Mapping[str, Any], shape: str, repairs: Counter[str]) -> dict[str, Any]:
    """Return the canonical conversation of a row."""
    turns = _TURNS[shape](row)
    system = shapes.column(row, shapes.SYSTEMS)
    if system is not None and turns and turns[0]["role"] != "system":
        words = _words(row[system], "the system prompt")
        turns = [_turn("system", words), *turns] if words.strip() else turns
    canonical: dict[str, Any] = {"messages": _repaired(turns, repairs)}
    tools = _tools(row)
    return canonical if tools is None else {**canonical, "tools": tools}


def to_canonical(row: Mapping[str, Any], shape: str, repairs: Counter[str] | None = None) -> dict[str, Any] | Rejected:
    """Return a row as TRL reads it, or why it is not trained on.

    `shape` names the shape of the row's source. `repairs` counts what was put right, one for each repair. The words of
    a row are never changed; preference rows are always refused, because their rejected half must not be learnt.
    """
    if shape == "preference":
        return Rejected("the row is a preference between answers")
    if shape == "text":
        name = shapes.text_column(row)
        if name is None:
            return Rejected("the text is missing or is not text")
        return {"text": row[name]} if row[name].strip() else Rejected("the text is empty")
    # A row may carry a verdict although most of its file does not.
    if shapes.SHAPES["preference"].fits(row):
        return Rejected("the row is a preference between answers")
    mended: Counter[str] = Counter()
    try:
        canonical = _conversation(row, shape, mended)
    except _Refused as refused:
        return Rejected(str(refused))
    if repairs is not None:
        repairs.update(mended)
    return canonical
