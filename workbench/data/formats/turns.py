"""Turns: from a list of turns in whatever spelling to canonical turns.

Owns the content of a turn. Must not know the order of turns, rows, columns or formats.

A canonical turn is {"role", "content"}; an answer that calls tools has "tool_calls" too, and its content may be empty
then; one that is read and not learnt has "weight": 0. Roles are system, user, assistant and tool. The words of a turn
are never changed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson

from workbench.core.text import one_line
from workbench.data.formats import calls, names
from workbench.data.formats.lists import is_bare_text, listed_in, unnamed
from workbench.data.formats.refusals import Misfit, Refused
from workbench.data.formats.roles import CALLING, CONTENT_KEYS, ROLE_KEYS, flagged, named_role, role_of

Turn = dict[str, Any]
Turns = list[Turn]

_CALL_KEYS = ("tool_calls", "function_call")
_LEARNT_UNLESS = (("weight", 1), ("train", True), ("loss", True), ("trainable", True))
"""Keys by which trainers say that an answer is read and not learnt, with what holds where they are missing."""
_THOUGHT_KEYS = ("reasoning_content", "thinking", "reasoning", "thought")
THOUGHTS = "thoughts were written before their answers as <think>…</think>"
_THOUGHT_PARTS = frozenset({"reasoning", "thinking", "thought"})
_CALL_PARTS = frozenset({"tool_call", "tool_use", "function_call"})
_RESULT_PARTS = frozenset({"tool_result", "tool_response", "function_response"})
_TEXT_PARTS = frozenset({"text", "input_text", "output_text"})

_EXACT_INTEGER = 2.0**63
_WIDEST_NAME = 24


def is_text(value: Any) -> bool:
    """Return whether a value can stand as text: a string or a number, not a truth value."""
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def text_of(value: Any, what: str) -> str:
    """Return a value as text, "" for None; raises Misfit for what is no text. `what` names it, with its article."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    # JSON readers turn integers beyond 64 bits into floats, which do not hold them exactly.
    if isinstance(value, float) and abs(value) >= _EXACT_INTEGER:
        raise Refused(f"{what} is a number too large to be kept exactly")
    if is_text(value):
        return str(value)
    raise Misfit(f"{what} is not text")


def text_beside(value: Any, what: str) -> str:
    """Return what completes a row as text, "" for None; what is no text is a fault, as leaving it out would be."""
    try:
        return text_of(value, what)
    except Misfit as misfit:
        raise Refused(str(misfit)) from None


def joined(*texts: str) -> str:
    """Return the texts that have words, a blank line between them."""
    return "\n\n".join(text for text in texts if text.strip())


def turn(role: str, content: str) -> Turn:
    """Return a canonical turn."""
    return {"role": role, "content": content}


def thought(text: str) -> str:
    """Return a thought as reasoning models write it before their answer; "" for none."""
    return f"<think>\n{text}\n</think>\n\n" if text.strip() else ""


@lru_cache(maxsize=256)
def _pair_keys(keys: tuple[str, ...]) -> tuple[str, str] | None:
    """Return the keys of the question and its answer when a turn with these keys holds both, else None."""
    if any(key in keys for key in ROLE_KEYS[:2]):
        return None
    asked = [key for key in names.ranked(keys, "prompt") if names.exact(key, "prompt")]
    answered = [key for key in names.ranked(keys, "completion") if names.exact(key, "completion") and key not in asked]
    # "human" and "assistant" name roles as well: both kinds of name serve.
    asked = asked or [key for key in keys if role_of(key) == "user"]
    answered = answered or [key for key in keys if role_of(key) == "assistant"]
    return (asked[0], answered[0]) if asked and answered else None


def _version(versions: list[Any], chosen: Any) -> dict[str, Any]:
    """Return the turn that is the chosen one of several versions; one made in steps has the content of all of them."""
    place = chosen if isinstance(chosen, int) and 0 <= chosen < len(versions) else -1
    version = versions[place] if isinstance(versions[place], dict) else {}
    steps = version.get("steps")
    if not isinstance(steps, list):
        return version
    held = [step["content"] for step in steps if isinstance(step, dict) and isinstance(step.get("content"), list)]
    return {"role": version.get("role"), "content": [part for content in held for part in content]}


def _wrapped(value: dict[str, Any]) -> dict[str, Any]:
    """Return the turn that an object wraps ({"message": {"role", "content"}}, {"type", "data": {"content"}}), or it."""
    if isinstance(versions := value.get("versions"), list) and versions:
        return _version(versions, value.get("currentlySelected"))
    message, data = value.get("message"), value.get("data")
    if isinstance(message, dict) and "role" in message:
        return message
    if isinstance(data, dict) and "content" in data and role_of(value.get("type")) is not None:
        return {**data, "role": value["type"]}
    return value


def is_turn(value: Any) -> bool:
    """Return whether a value can be a turn: an object with a role and a content, or a question with its answer."""
    if not isinstance(value, dict):
        return False
    if _wrapped(value) is not value:
        return True
    keys = tuple(value)
    if len(keys) == 1 and role_of(keys[0]) is not None and isinstance(value[keys[0]], str):
        return True
    has_role = any(key in value for key in ROLE_KEYS) or role_of(value.get("type")) is not None
    has_role = has_role or flagged(value) is not None
    return (has_role and any(key in value for key in (*CONTENT_KEYS, *_CALL_KEYS))) or _pair_keys(keys) is not None


def are_turns(value: Any) -> bool:
    """Return whether a value is a list of turns: objects, [question, answer] pairs, or texts that take turns."""
    found = listed_in(value)
    if found is None:
        return False
    if isinstance(found[0], dict):
        return all(map(is_turn, found))
    return all(
        isinstance(item, list) and len(item) == 2 and all(isinstance(text, str) for text in item) for item in found
    )


def _alone(value: Any) -> Any:
    """Return the one value that lists of a single item hold, [["Yes."]], or the value."""
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value


def _role(given: Mapping[str, Any]) -> tuple[str, str]:
    """Return (canonical role, spelling) of a turn."""
    name = named_role(given)
    if isinstance(name, dict):
        name = name.get("role", name.get("name"))
    role = role_of(name)
    if role is None:
        raise Refused(
            f"the role {one_line(str(name), _WIDEST_NAME)} is unknown" if name is not None else "a turn has no role"
        )
    return role, str(name).strip().lower()


class _Parts:
    """What the content of a turn holds: words, calls of tools, and results of tools."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.calls: list[dict[str, Any]] = []
        self.results: Turns = []

    def add(self, part: Any) -> None:
        """Take in one typed part; raises Refused for one that cannot be trained."""
        if not isinstance(part, dict):
            self.words.append(text_of(part, "a part of a turn"))
            return
        kind = part.get("type")
        if not isinstance(kind, str) or not kind:
            kind = next(
                (key for key in ("functionCall", "functionResponse", "inlineData", "fileData") if key in part), ""
            )
            kind = {"functionCall": "function_call", "functionResponse": "function_response"}.get(kind, kind) or "text"
        held = next((part[key] for key in ("text", "value", "content", "thinking", "reasoning") if key in part), None)
        if kind in _TEXT_PARTS:
            self.words.append(text_of(held, "a part of a turn"))
        elif kind in _THOUGHT_PARTS:
            self.words.append(thought(text_of(held, "a part of a turn")))
        elif kind in _CALL_PARTS:
            self.calls += calls.from_part(part)
        elif kind in _RESULT_PARTS:
            self.results.append(calls.result(part))
        else:
            raise Refused(
                f"a turn holds a part of type {one_line(str(kind), _WIDEST_NAME)}, and only text parts can be trained"
            )


def _spoken(given: dict[str, Any], repairs: Counter[str]) -> Turns:
    """Return the canonical turns of one turn with a role: one, or several where it holds results of tools."""
    given = _wrapped(given)
    role, spelled = _role(given)
    key = next((key for key in CONTENT_KEYS if key in given), None)
    value = given[key] if key else None
    parts = _Parts()
    if isinstance(value, dict) and "parts" in value:
        value = value["parts"]
    if isinstance(value, dict) and isinstance(value.get("text"), str):
        value = [value]
    if isinstance(value, list):
        for part in value:
            parts.add(part)
    else:
        parts.words.append(text_of(value, "the content of a turn"))
    words = "".join(parts.words)
    if role == "assistant":
        parts.calls += [call for name in _CALL_KEYS if given.get(name) for call in calls.listed(given[name])]
        if spelled in CALLING and not parts.calls and (written := calls.written(words)):
            parts.calls, words = written, ""
        given_thought = next((given[name] for name in _THOUGHT_KEYS if isinstance(given.get(name), str)), "")
        if given_thought.strip() and "<think>" not in words:
            words = thought(given_thought) + words
            repairs[THOUGHTS] += 1
    elif parts.calls:
        raise Refused(f"a turn of role {role} calls a tool")
    canonical = turn(role, words)
    if parts.calls:
        canonical["tool_calls"] = parts.calls
    if role == "assistant" and any(given.get(name) is True for name in _IS_THOUGHT):
        return [turn("assistant", words) | {"thought": True}]
    if role == "assistant" and any(given.get(name, unless) == 0 for name, unless in _LEARNT_UNLESS):
        canonical["weight"] = 0
    if role == "tool":
        canonical |= {name: given[name] for name in ("name", "tool_call_id") if isinstance(given.get(name), str)}
    if parts.results:
        return [*parts.results, canonical] if words.strip() else parts.results
    return [canonical]


_MARKED = re.compile(r"\s*<\|(?P<mark>[\w ]{1,24})\|>:[ \t]?(?P<words>.*?)\s*<eo\w>\s*", re.DOTALL)
"""Words between the marks of a template that a pair brings along."""


def _unmarked(value: Any, what: str, repairs: Counter[str]) -> str:
    """Return a text of a pair without the marks of a template around it."""
    text = text_of(value, what)
    match = _MARKED.fullmatch(text) if "<|" in text[:8] else None
    if match is None:
        return text
    repairs["marks of a template around turns were taken off"] += 1
    return match["words"]


def _one(given: Any, place: int, repairs: Counter[str]) -> Turns:
    """Return the canonical turns of one item of a list."""
    if isinstance(given, dict):
        pair = _pair_keys(tuple(given)) if _wrapped(given) is given else None
        if len(given) == 1 and (role := role_of(next(iter(given)))) is not None:
            return [turn(role, text_of(next(iter(given.values())), "the content of a turn"))]
        if pair is None:
            return _spoken(given, repairs)
        before = given.get("system") if not place and "system" not in pair else None
        return [
            *([turn("system", before)] if isinstance(before, str) and before.strip() else []),
            turn("user", _unmarked(_alone(given[pair[0]]), "a question", repairs)),
            turn("assistant", _unmarked(_alone(given[pair[1]]), "an answer", repairs)),
        ]
    if isinstance(given, list) and len(given) == 2:
        if (role := role_of(given[0])) is not None:
            return [turn(role, text_of(given[1], "the content of a turn"))]
        return [turn("user", text_of(given[0], "a question")), turn("assistant", text_of(given[1], "an answer"))]
    if isinstance(given, str):
        return [turn("assistant" if place % 2 else "user", given)]
    raise Refused("a turn is not an object")


_IS_THOUGHT = ("isThought", "is_thought", "thought")
"""Keys by which a turn says that it is what the model thought before it answered."""


def _with_thoughts(turns: Turns, repairs: Counter[str]) -> Turns:
    """Return turns in which what was thought stands at the beginning of the answer that follows it."""
    if not any("thought" in item for item in turns):
        return turns
    made: Turns = []
    waiting = ""
    for item in turns:
        if "thought" in item:
            waiting = joined(waiting, item["content"])
        elif waiting and item["role"] == "assistant":
            made.append({**item, "content": thought(waiting) + item["content"]})
            repairs[THOUGHTS] += 1
            waiting = ""
        else:
            made.append(item)
            waiting = ""
    return made


def listed(value: Any, repairs: Counter[str]) -> Turns:
    """Return the turns of a list in whatever spelling; raises Misfit when there is none."""
    found = listed_in(value)
    if found is None:
        raise Misfit("the row has no list of turns")
    if any(isinstance(item, str) for item in found) and not all(isinstance(item, str) for item in found):
        raise Refused("a turn is not an object")
    if len(found) > 1 and all(map(is_bare_text, found)):
        found = [next(iter(item.values())) for item in found]
    found = unnamed(found)
    made = _with_thoughts(
        [spoken for place, item in enumerate(found) for spoken in _one(item, place, repairs)], repairs
    )
    roles = [item["role"] for item in made]
    if roles[0] == "user" and "system" in roles and "assistant" not in roles:
        # A dialogue system is called so where people talk to it; a system prompt would stand first.
        repairs["turns of a system that answers were read as the assistant's"] += 1
        made = [{**item, "role": "assistant"} if item["role"] == "system" else item for item in made]
    return made


def spoken_in(value: Any) -> Any:
    """Return the turn, or the turns, that JSON text is: {"role", "content"}, a list of such, or an API's whole answer.

    Another value comes back as it is: JSON that was asked for names no role.
    """
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return value
    try:
        held = orjson.loads(value)
    except orjson.JSONDecodeError:
        return value
    if isinstance(held, dict) and isinstance(choices := held.get("choices"), list) and choices:
        held = choices[0]
    if isinstance(held, dict) and isinstance(held.get("message"), dict):
        held = held["message"]
    turns = held if isinstance(held, list) else [held]
    said = [item for item in turns if isinstance(item, dict) and role_of(item.get("role")) and is_turn(item)]
    return held if turns and len(said) == len(turns) else value


def one_side(value: Any, role: str, what: str, repairs: Counter[str]) -> Turns:
    """Return one side of an exchange: text spoken in a role, a turn, or a list of turns."""
    value = spoken_in(value)
    if isinstance(value, dict) and isinstance(value.get("messages"), list):
        value = value["messages"]
    if isinstance(value, dict) and is_turn(value):
        return _one(value, 0, repairs)
    if (isinstance(value, list) or (isinstance(value, str) and value[:2] == "[{")) and are_turns(value):
        return listed(value, repairs)
    if isinstance(value, list) and value and all(map(is_text, value)):
        if len(value) > 1:
            raise Misfit(f"{what} is a list of several texts")
        value = value[0]
    return [turn(role, text_of(value, what))]


_SYSTEM_LABEL = re.compile(r"\ASYSTEM:\s*")


def with_system(system: Any, turns: Turns) -> Turns:
    """Return turns that begin with a system prompt, unless they have one already or it has no words."""
    if system is None or (turns and turns[0]["role"] == "system"):
        return turns
    if isinstance(system, list | dict):
        parts = system.get("parts", [system]) if isinstance(system, dict) else system
        if not isinstance(parts, list):
            raise Refused("the system prompt is not text")
        held = _Parts()
        for part in parts:
            held.add(part)
        system = "".join(held.words)
    words = _SYSTEM_LABEL.sub("", text_beside(system, "the system prompt"), count=1)
    return [turn("system", words), *turns] if words.strip() else turns
