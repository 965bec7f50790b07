"""Calls of tools: from the spellings they come in to the one that chat templates read.

Owns the structure of "tool_calls" and "tools". Must not know rows or the order of turns. A call is {"type":
"function", "function": {"name", "arguments"}} with the arguments as an object, and with its "id" where it has one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from workbench.data.formats.refusals import Refused

_ARGUMENT_KEYS = ("arguments", "args", "input", "parameters")


def _parsed(text: str) -> Any:
    """Return what JSON text holds, or None."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _written(value: Any, what: str) -> str:
    """Return a value as JSON text; raises Refused for what JSON cannot hold. `what` names it, with its article."""
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:
        raise Refused(f"{what} is nested too deeply or holds more than JSON can") from None


def _call(value: Any) -> dict[str, Any] | None:
    """Return one call in canonical form, or None when the value is none."""
    if not isinstance(value, dict):
        return None
    inner = next((value[key] for key in ("function", "functionCall") if isinstance(value.get(key), dict)), value)
    name = inner.get("name")
    arguments: Any = next((inner[key] for key in _ARGUMENT_KEYS if key in inner), {})
    if isinstance(arguments, str):
        arguments = _parsed(arguments) if arguments.strip() else {}
    else:
        _written(arguments, "a tool call")
    if not isinstance(name, str) or not name or not isinstance(arguments, dict):
        return None
    call = {"type": "function", "function": {"name": name, "arguments": arguments}}
    return {"id": value["id"], **call} if isinstance(value.get("id"), str) else call


def listed(value: Any) -> list[dict[str, Any]]:
    """Return the calls in the value of "tool_calls" or "function_call"; raises Refused for what is no call."""
    if isinstance(value, str):
        value = _parsed(value)
    found = [_call(item) for item in (value if isinstance(value, list) else [value])]
    if any(call is None for call in found):
        raise Refused("a tool call has no name, or its arguments are not a JSON object")
    return [call for call in found if call is not None]


def from_part(part: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the calls in a typed part of a turn; raises Refused for what is no call."""
    held = next((part[key] for key in ("value", "tool_call", "content", "text") if key in part), part)
    return listed(held)


def written(text: str) -> list[dict[str, Any]] | None:
    """Return the calls that a text as a whole is in JSON, each with a name and arguments; None when it is none."""
    value = _parsed(text)
    found = [_call(item) for item in (value if isinstance(value, list) else [value])]
    return [call for call in found if call is not None] if found and None not in found else None


def as_text(value: Any) -> str:
    """Return a result of a tool as text: the words of it, or its JSON."""
    if isinstance(value, list) and all(isinstance(part, dict) and isinstance(part.get("text"), str) for part in value):
        return "".join(part["text"] for part in value)
    return value if isinstance(value, str) else _written(value, "the result of a tool")


def result(part: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tool turn that a typed part with a tool's result is."""
    answered = part.get("functionResponse")
    inner = answered if isinstance(answered, dict) else part
    held = next((inner[key] for key in ("content", "response", "value", "text", "output") if key in inner), "")
    turn = {"role": "tool", "content": as_text(held)}
    identity = part.get("tool_use_id", part.get("tool_call_id"))
    if isinstance(inner.get("name"), str):
        turn["name"] = inner["name"]
    return {**turn, "tool_call_id": identity} if isinstance(identity, str) else turn


def tools(value: Any) -> list[Any] | None:
    """Return the tools of a row as a list of objects, or None; they may be given as JSON text. Raises Refused."""
    if isinstance(value, str):
        if not value.strip():
            return None
        value = _parsed(value)
        if value is None:
            raise Refused("the tools are not valid JSON")
    if not value:
        return None
    if not isinstance(value, list) or not all(isinstance(tool, dict) for tool in value):
        raise Refused("the tools are not a list of objects")
    _written(value, "the list of tools")
    return value


def spelled_out(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return a turn with its calls written into its content as JSON, one a line: for templates that know no tools."""
    if not message.get("tool_calls"):
        return dict(message)
    lines = [orjson.dumps(call["function"]).decode() for call in message["tool_calls"]]
    content = "\n".join([*filter(str.strip, [message["content"]]), *lines])
    return {key: value for key, value in message.items() if key != "tool_calls"} | {"content": content}
