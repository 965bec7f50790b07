"""Conversations of every kind that chat templates tell apart, tokenizers for templates, and digests of what they write.

`python -m tests.engine.talks FOLDER` reads published chat templates, a `<name>.jinja` for each of `presets/templates`,
and writes the digests of their texts to `talks.json`. Those files are not ours to keep, the digests are. Must not know
what a template of ours should lead to.
"""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

DIGESTS = Path(__file__).with_suffix(".json")


@dataclass(frozen=True)
class Talk:
    """A conversation with what its template is told beside it."""

    messages: list[dict[str, Any]]
    tools: list[dict[str, Any]] | None = None
    told: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Words:
    """The control tokens of a family."""

    eos: str
    bos: str = ""
    stops: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def said(text: str, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": text, **more}


SYSTEM = {"role": "system", "content": "Be brief."}
CALL = {
    "id": "calloslo1",
    "type": "function",
    "function": {"name": "weather", "arguments": {"city": "Oslo", "days": [1, 2], "sure": True}},
}
GAVE = {"role": "tool", "name": "weather", "tool_call_id": "calloslo1", "content": "rain, 7 degrees"}
TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a place.",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string", "description": "Which place."},
                "days": {"type": "array", "items": {"type": "integer"}},
                "unit": {"type": "string", "enum": ["C", "F"]},
                "how": {"type": "object", "properties": {"wind": {"type": "boolean", "nullable": True}}},
            },
            "required": ["city"],
        },
    },
}
THINKING = {"enable_thinking": True, "thinking": True}
PLAIN = {"enable_thinking": False, "thinking": False}

TALKS = {
    "question": Talk([user("Who lives here?"), said("Ada does.")]),
    "turns": Talk([user("Who lives here?"), said("Ada does."), user("And there?"), said("Nobody.")]),
    "system": Talk([SYSTEM, user("Who lives here?"), said("Ada does."), user("And there?"), said("Nobody.")]),
    "plain": Talk([SYSTEM, user("Who lives here?"), said("Ada does.")], told=PLAIN),
    "unasked": Talk([user("Who lives here?"), said("Ada does.")], told=PLAIN),
    "thought": Talk([SYSTEM, user("Who?"), said("Ada.", reasoning_content="It says so.")], told=THINKING),
    "tools": Talk([SYSTEM, user("Rain?"), said("", tool_calls=[CALL]), GAVE, said("Yes.")], [TOOL]),
    "call": Talk([SYSTEM, user("Rain?"), said("", tool_calls=[CALL])], [TOOL]),
    "unused": Talk([user("Who lives here?"), said("Ada does.")], [TOOL]),
    "again": Talk(
        [user("Rain?"), said("", tool_calls=[CALL]), GAVE, said("Yes."), user("Sure?"), said("Yes, rain.")], [TOOL]
    ),
}
"""With a date said where a template asks for one, so that its text is the same every day."""

_CHATML = ("<|im_start|>",)
_HEADERS = ("<|start_header_id|>", "<|end_header_id|>")
_ROLES = ("<|start_of_role|>", "<|end_of_role|>")
_INST = ("[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_CALLS]", "[TOOL_RESULTS]")
_SYSTEM = (*_INST, "[/TOOL_RESULTS]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[ARGS]", "[CALL_ID]", "[TOOL_CONTENT]")

WORDS = {
    "chatml": Words("<|im_end|>", others=_CHATML),
    "falcon3": Words("<|endoftext|>", others=("<|user|>", "<|assistant|>", "<|system|>")),
    "gemma4": Words(
        "<eos>", "<bos>", ("<turn|>", "<|tool_response>"),
        ("<|turn>", "<|channel>", "<channel|>", "<|tool>", "<tool|>", "<|tool_call>", "<tool_call|>",
         "<tool_response|>", '<|"|>', "<|think|>"),
    ),
    "granite3": Words("<|end_of_text|>", others=(*_ROLES, "<|tool_call|>")),
    "granite4": Words("<|end_of_text|>", others=(*_ROLES, "<tool_call>", "</tool_call>")),
    "llama3": Words("<|eot_id|>", "<|begin_of_text|>", others=_HEADERS),
    "ministral-3": Words("</s>", "<s>", others=(*_SYSTEM, "[THINK]", "[/THINK]")),
    "mistral-nemo": Words("</s>", "<s>", others=_INST),
    "mistral-small-3": Words("</s>", "<s>", others=_SYSTEM),
    "olmo3": Words("<|endoftext|>", stops=("<|im_end|>",), others=_CHATML),
    "phi4": Words("<|im_end|>", others=(*_CHATML, "<|im_sep|>")),
    "phi4-mini": Words(
        "<|endoftext|>", stops=("<|end|>",), others=("<|user|>", "<|assistant|>", "<|system|>", "<|tool|>")
    ),
    "smollm2": Words("<|im_end|>", others=_CHATML),
    "smollm3": Words("<|im_end|>", others=_CHATML),
}  # fmt: skip

TRL = {"gemma4": "gemma4_v5", "llama3": "llama3_1"}
"""Published templates that the stack carries."""


@cache
def tokenizer(name: str) -> Any:
    """Return a tokenizer of bytes with the control tokens of a family, without a chat template."""
    from transformers import PreTrainedTokenizerFast

    words = WORDS[name]
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    made = Tokenizer(models.BPE({letter: number for number, letter in enumerate(letters)}, []))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    controls = [text for text in (words.bos, words.eos, *words.stops, *words.others) if text]
    made.add_special_tokens([AddedToken(text, special=True) for text in controls])
    return PreTrainedTokenizerFast(tokenizer_object=made, eos_token=words.eos, bos_token=words.bos or None)


def stops(name: str) -> list[int]:
    """Return the ids at which generation stops."""
    return [tokenizer(name).convert_tokens_to_ids(text) for text in (WORDS[name].eos, *WORDS[name].stops)]


def published(name: str) -> str:
    """Return a template that TRL carries."""
    return (files("trl") / "chat_templates" / f"{TRL[name]}.jinja").read_text(encoding="utf-8")


def text(name: str, template: str, talk: Talk, prompt: bool = False) -> str:
    """Return a conversation as a template of a family writes it, or the `prompt` for its last answer."""
    return str(
        tokenizer(name).apply_chat_template(
            talk.messages[:-1] if prompt else talk.messages, tools=talk.tools, chat_template=template, tokenize=False,
            add_generation_prompt=prompt, date_string="1 May 2026", **talk.told,
        )
    )  # fmt: skip


def digest(name: str, template: str, talk: Talk) -> str:
    """Return what a conversation and the prompt of its last answer come to, in 16 digits; "" where it is refused."""
    try:
        texts = [text(name, template, talk), text(name, template, talk, prompt=True)]
    except Exception:  # a template is foreign code and may raise anything
        return ""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


if __name__ == "__main__":
    given = {path.stem: path.read_text(encoding="utf-8") for path in sorted(Path(sys.argv[1]).glob("*.jinja"))}
    found = {
        name: {key: digest(name, template, talk) for key, talk in TALKS.items()} for name, template in given.items()
    }
    DIGESTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
