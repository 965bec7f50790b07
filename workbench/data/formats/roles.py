"""Roles: who speaks a turn, in the spellings that are in use.

Owns the table of spellings and the keys that name a role. Must not know the content or the order of turns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_SPELLINGS = {
    "system": "system developer context-setting systemprompt",
    "user": "user human prompter customer client caller student patient guest visitor question asker prompt q usr "
    "nutzer benutzer kunde kundin usuario cliente utilisateur utente 用户 人类 ユーザー",
    "assistant": "assistant gpt chatgpt bot chatbot model ai llm agent support operator representative "
    "claude gemini bard bing copilot grok llama mistral qwen deepseek gemma phi vicuna chatglm moss "
    "advisor berater beraterin mitarbeiter verkäufer asesor vendedor conseiller "
    "vendeur consulente operatore operador tutor doctor therapist expert "
    "answer response completion a asst assistent asistente 助手 机器人 "
    "function_call tool_call tool_use",
    "tool": "tool observation function function_response tool_response ipython environment tool_result tool_output "
    "function_result function_output tool_results",
}
ROLES: dict[str, str] = {word: role for role, spelled in _SPELLINGS.items() for word in spelled.split()}
"""Spelling of a role → canonical role."""
CALLING = frozenset({"function_call", "tool_call", "tool_use"})
"""Roles of turns whose words are a call."""

FLAGS: dict[str, str] = {
    "is user": "user", "is human": "user", "from user": "user", "from human": "user", "is customer": "user",
    "is bot": "assistant", "is assistant": "assistant", "from bot": "assistant", "is agent": "assistant",
    "is ai": "assistant", "inbound": "user", "outbound": "assistant", "from me": "assistant", "is from me": "assistant",
}  # fmt: skip
"""Words of the name of a truth value → who speaks a turn of which it is true; the other one speaks the others."""

ROLE_KEYS = (
    "role", "from", "speaker", "sender", "author", "who", "participant", "side", "author_id", "sender_id", "speaker_id",
    "speaker_name", "author_name", "sender_name",
)  # fmt: skip

CONTENT_KEYS = ("content", "value", "text", "parts", "message", "body", "utterance", "msg", "mes", "txt")
"""Keys of the words of a turn, the commonest first."""

_VERSION = re.compile(
    r"(gpt|chatgpt|claude|gemini|bard|bing|grok|llama|mistral|qwen|deepseek|gemma|phi)[- ]?v?\d[\w.: -]*"
)
"""Name of a model with its version, which answers as the model does."""


def role_of(value: Any) -> str | None:
    """Return the canonical role that a spelling stands for, or None."""
    if not isinstance(value, str):
        return None
    bare = value.strip().lower()
    return (
        ROLES.get(bare)
        or ROLES.get(bare.replace("-", "_").replace(" ", "_"))
        or ("assistant" if _VERSION.fullmatch(bare) else None)
    )


def named_role(turn: Mapping[str, Any]) -> Any:
    """Return what a turn calls its role, None where it has none.

    A "type" is one only when it is known as one, and a truth value only where nothing else is.
    """
    name = next((turn[key] for key in ROLE_KEYS if turn.get(key) is not None), None)
    if name is None and role_of(turn.get("type")) is not None:
        return turn["type"]
    return flagged(turn) if name is None else name


def flagged(turn: Mapping[str, Any]) -> str | None:
    """Return the role of a turn that says by a truth value who speaks it ({"is_user": true}), or None."""
    for key, value in turn.items():
        role = FLAGS.get(key.replace("_", " ").lower()) if isinstance(value, bool) else None
        if role is not None:
            return role if value else {"user": "assistant", "assistant": "user"}[role]
    return None


def speaks(turn: Any) -> str | None:
    """Return the role of an object with the key role or from, or None."""
    return role_of(turn.get("role", turn.get("from"))) if isinstance(turn, dict) else None
