"""Wild datasets of conversations: chat tuning sets of the hub, formats of vendors, and exports of chat programs.

Owns their layouts. Must not know how the workbench reads them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tests.data.wild.table import REFUSED, OneOf, Turn, Wild, array, chat, jsonl, parquet, wild
from tests.data.wild.texts import DIALOGUES, QUESTIONS

N = len(DIALOGUES)
FIRST = DIALOGUES[0]
ALL_TURNS = [text for dialogue in DIALOGUES for text in dialogue]


def said(texts: Sequence[str], role: str, text: str, roles: tuple[str, str]) -> list[dict[str, Any]]:
    """Return turns under the given keys and role names."""
    return [{role: roles[index % 2], text: turn} for index, turn in enumerate(texts)]


def openai(texts: Sequence[str]) -> list[dict[str, Any]]:
    return said(texts, "role", "content", ("user", "assistant"))


def sharegpt(texts: Sequence[str], person: str = "human", model: str = "gpt") -> list[dict[str, Any]]:
    return said(texts, "from", "value", (person, model))


def parts(texts: Sequence[str], model: str = "model") -> list[dict[str, Any]]:
    return [{"role": ("user", model)[index % 2], "parts": [{"text": turn}]} for index, turn in enumerate(texts)]


def blocks(texts: Sequence[str], **extra: str) -> list[dict[str, Any]]:
    return [
        {"role": ("user", "assistant")[index % 2], "content": [{**extra, "text": turn}]}
        for index, turn in enumerate(texts)
    ]


def chatgpt_export(index: int, texts: Sequence[str]) -> dict[str, Any]:
    """Return one conversation of a ChatGPT export: a tree of nodes with an empty system message at its root."""
    nodes: dict[str, Any] = {"root": {"id": "root", "message": None, "parent": None, "children": ["n0"]}}
    said_by = ["system", *(("user", "assistant")[turn % 2] for turn in range(len(texts)))]
    for turn, (role, text) in enumerate(zip(said_by, ["", *texts], strict=True)):
        nodes[f"n{turn}"] = {
            "id": f"n{turn}",
            "parent": f"n{turn - 1}" if turn else "root",
            "children": [f"n{turn + 1}"] if turn < len(texts) else [],
            "message": {
                "id": f"n{turn}",
                "author": {"role": role, "name": None, "metadata": {}},
                "create_time": 1_700_000_000.5 + turn,
                "content": {"content_type": "text", "parts": [text]},
                "status": "finished_successfully",
                "weight": 1.0,
                "recipient": "all",
            },
        }
    return {
        "title": f"Conversation {index}",
        "create_time": 1_700_000_000.5,
        "mapping": nodes,
        "moderation_results": [],
        "current_node": f"n{len(texts)}",
        "conversation_id": f"c-{index}",
        "default_model_slug": "gpt-4o",
    }


def oasst_tree(index: int, texts: Sequence[str]) -> dict[str, Any]:
    """Return one tree of an OpenAssistant export, each message inside the replies of the one before."""
    node: dict[str, Any] = {}
    for turn in reversed(range(len(texts))):
        node = {
            "message_id": f"m{index}-{turn}",
            "text": texts[turn],
            "role": ("prompter", "assistant")[turn % 2],
            "lang": "en",
            "review_count": 3,
            "deleted": False,
            "rank": 0 if turn % 2 else None,
            "replies": [node] if node else [],
        }
    return {"message_tree_id": f"m{index}-0", "tree_state": "ready_for_export", "prompt": node}


def oasst_flat() -> list[dict[str, Any]]:
    """Return the messages of all trees as rows of their own that name their parents."""
    return [
        {
            "message_id": f"{index:04d}-{turn}",
            "parent_id": f"{index:04d}-{turn - 1}" if turn else None,
            "message_tree_id": f"{index:04d}-0",
            "text": text,
            "role": ("prompter", "assistant")[turn % 2],
            "lang": "en",
            "rank": 0 if turn % 2 else None,
        }
        for index, texts in enumerate(DIALOGUES)
        for turn, text in enumerate(texts)
    ]


def pairs(texts: Sequence[str]) -> list[dict[str, str]]:
    return [{"input": texts[turn], "output": texts[turn + 1]} for turn in range(0, len(texts), 2)]


def baize(texts: Sequence[str]) -> str:
    said_by = "\n".join(f"[|{('Human', 'AI')[turn % 2]}|] {text}" for turn, text in enumerate(texts))
    return f"The conversation between human and AI assistant.\n{said_by}\n[|Human|] "


def moss(texts: Sequence[str]) -> dict[str, Any]:
    return {
        f"turn_{turn // 2 + 1}": {
            "Human": f"<|Human|>: {texts[turn]}<eoh>\n",
            "Inner Thoughts": "<|Inner Thoughts|>: None<eot>\n",
            "MOSS": f"<|MOSS|>: {texts[turn + 1]}<eom>\n",
        }
        for turn in range(0, len(texts), 2)
    }


def chatml(texts: Sequence[str]) -> str:
    return "".join(
        f"<|im_start|>{('user', 'assistant')[turn % 2]}\n{text}<|im_end|>\n" for turn, text in enumerate(texts)
    )


def whatsapp(texts: Sequence[str]) -> str:
    names = ("Anna", "Bert")
    return "".join(f"12/03/24, 09:{turn:02d} - {names[turn % 2]}: {text}\n" for turn, text in enumerate(texts))


def logged(texts: Sequence[str]) -> dict[str, Any]:
    """Return a call of a chat API as a proxy records it."""
    return {
        "id": "req_1",
        "request": {"model": "gpt-4o-mini", "messages": openai(texts[:-1]), "temperature": 0.2},
        "response": {
            "model": "gpt-4o-mini",
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": texts[-1]}}],
            "usage": {"prompt_tokens": 12, "completion_tokens": 30},
        },
    }


SYSTEM = "You are a patient neighbour."
IN_ORDER = chat(*FIRST)
FIRST_QUESTION = chat(QUESTIONS[0][0], QUESTIONS[0][1])

# fmt: off
CHATS: list[Wild] = [
    # Chat tuning sets.
    wild("ultrachat 200k", parquet({"prompt": d[0], "prompt_id": f"{i:064x}", "messages": openai(d)} for i,
        d in enumerate(DIALOGUES)), "sft", IN_ORDER, rows=N),
    wild("ultrachat of lists", jsonl({"id": str(i), "data": d} for i, d in enumerate(DIALOGUES)), "sft", IN_ORDER,
        rows=N),
    wild("lima", jsonl({"conversations": d[:2], "source": "forum"} for d in DIALOGUES), "sft", chat(*FIRST[:2]),
        rows=N),
    wild("no robots", parquet({"prompt": d[0], "prompt_id": f"{i:x}", "messages": openai(d), "category": "Chat"} for i,
        d in enumerate(DIALOGUES)), "sft", IN_ORDER, rows=N),
    wild("capybara", jsonl({"source": "walk", "conversation": pairs(d)} for d in DIALOGUES), "sft", IN_ORDER, rows=N),
    wild("tulu mixture", parquet({"id": f"t_{i}", "messages": openai(d), "source": "own/part"} for i,
        d in enumerate(DIALOGUES)), "sft", IN_ORDER, rows=N),
    wild("slimorca", jsonl({"conversations": [{"from": "system", "value": SYSTEM, "weight": None},
        {"from": "human", "value": d[0], "weight": 0.0}, {"from": "gpt", "value": d[1], "weight": 1.0}]}
        for d in DIALOGUES), "sft", chat(*FIRST[:2], system=SYSTEM), rows=N),
    wild("openhermes 2.5", array({"custom_instruction": None, "topic": None, "model_name": None, "model": None,
        "skip_prompt_formatting": False, "category": "general", "conversations": sharegpt(d), "views": None,
        "language": None, "id": None, "title": None, "idx": None, "hash": None, "avatarUrl": None,
        "system_prompt": None, "source": "own"} for d in DIALOGUES), "sft", IN_ORDER, rows=N),
    wild("wizardlm evolved", array({"idx": f"k{i}", "conversations": sharegpt(d[:2])} for i, d in enumerate(DIALOGUES)),
        "sft", chat(*FIRST[:2]), rows=N),
    wild("vicuna unfiltered", array({"id": f"x_{i}", "conversations": sharegpt(d)} for i, d in enumerate(DIALOGUES)),
        "sft", IN_ORDER, rows=N),
    wild("sharegpt, opened by the model", array({"id": f"x_{i}", "conversations": [{"from": "gpt",
        "value": "Hello, I am listening."}, *sharegpt(d)]} for i, d in enumerate(DIALOGUES)), f"sft {REFUSED}"),
    wild("sharegpt of user and bing", jsonl({"items": sharegpt(d, "user", "bing")} for d in DIALOGUES), "sft", IN_ORDER,
        rows=N),
    wild("lmsys chat", parquet({"conversation_id": f"{i:032x}", "model": "vicuna-13b", "conversation": openai(d),
        "turn": len(d) // 2, "language": "English", "openai_moderation": [{"flagged": False}], "redacted": False} for i,
        d in enumerate(DIALOGUES)), "sft", IN_ORDER, rows=N),
    wild("wildchat", parquet({"conversation_hash": f"{i:032x}", "model": "gpt-4", "timestamp": "2024-04-01T10:00:00",
        "turn": len(d) // 2, "toxic": False, "conversation": [t | {"country": "Norway", "language": "English",
        "redacted": False, "turn_identifier": 10 + i} for t in openai(d)]} for i, d in enumerate(DIALOGUES)), "sft",
        IN_ORDER, rows=N),
    wild("openthoughts", jsonl({"system": SYSTEM, "conversations": said(d[:2], "from", "value", ("user", "assistant"))}
        for d in DIALOGUES), "sft", chat(*FIRST[:2], system=SYSTEM), rows=N),
    wild("magpie", parquet({"uuid": f"{i:x}", "model": "own-70b", "instruction": d[0], "response": d[1],
        "conversations": sharegpt(d[:2]), "task_category": "Advice", "difficulty": "easy", "instruct_reward": -3.5,
        "min_similar_uuid": None} for i, d in enumerate(DIALOGUES)), "sft", chat(*FIRST[:2]), rows=N),
    wild("camel", jsonl({"role_1": "Gardener_RoleType.ASSISTANT", "topic;": "Plants", "sub_topic": "Care",
        "message_1": d[0], "message_2": d[1]} for d in DIALOGUES), "sft", chat(*FIRST[:2]), rows=N),
    wild("baize", array({"topic": d[0], "input": baize(d)} for d in DIALOGUES), "sft", IN_ORDER, rows=N),
    wild("moss", jsonl({"conversation_id": i, "meta_instruction": "MOSS is a helper.", "num_turns": len(d) // 2,
        "chat": moss(d)} for i, d in enumerate(DIALOGUES)), "sft", {"messages": OneOf(*([*system,
        *(Turn(("user", "assistant")[t % 2], text) for t, text in enumerate(FIRST))]
        for system in ([], [Turn("system", "MOSS is a helper.")])))}, rows=N),
    wild("oasst trees", jsonl(oasst_tree(i, d) for i, d in enumerate(DIALOGUES)), "sft", IN_ORDER, rows=N),
    wild("oasst messages", parquet(oasst_flat()), f"sft {REFUSED}"),
    wild("guanaco text", jsonl({"text": "".join(f"### {('Human', 'Assistant')[t % 2]}: {x}" for t, x in enumerate(d))}
        for d in DIALOGUES), "sft", IN_ORDER, rows=N),
    wild("llama-2 text", jsonl({"text": f"<s>[INST] {d[0]} [/INST] {d[1]} </s>"} for d in DIALOGUES), "sft",
        chat(*FIRST[:2]), rows=N),
    wild("chatml text", jsonl({"text": chatml(d)} for d in DIALOGUES), "sft", IN_ORDER, rows=N),
    wild("dailydialog", parquet({"dialog": d, "act": [1] * len(d), "emotion": [0] * len(d)} for d in DIALOGUES), "sft",
        IN_ORDER, rows=N),
    wild("soda", parquet({"head": "PersonX asks", "relation": "xWant", "narrative": "Two people talk.", "dialogue": d,
        "speakers": ["Ada", "Ben"] * (len(d) // 2)} for d in DIALOGUES), "sft",
        {"messages": OneOf(chat(*FIRST)["messages"], [Turn("system", "Two people talk."), *chat(*FIRST)["messages"]])},
        rows=N),
    wild("schema guided dialogue", array({"dialogue_id": f"1_{i:05d}", "services": ["Walks_1"],
        "turns": [{"speaker": ("USER", "SYSTEM")[t % 2], "utterance": x, "frames": []} for t, x in enumerate(d)]} for i,
        d in enumerate(DIALOGUES)), "sft", IN_ORDER, rows=N),
    wild("taskmaster", array({"conversation_id": f"dlg-{i}", "instruction_id": "walk-3",
        "utterances": [{"index": t, "speaker": ("USER", "ASSISTANT")[t % 2], "text": x} for t, x in enumerate(d)]}
        for i, d in enumerate(DIALOGUES)), "sft", IN_ORDER, rows=N),
    # Formats of vendors.
    wild("openai chat", jsonl({"messages": [{"role": "system", "content": SYSTEM}, *openai(d)]} for d in DIALOGUES),
        "sft", chat(*FIRST, system=SYSTEM), rows=N),
    wild("openai chat with weights", jsonl({"messages": [t | ({"weight": 1} if t["role"] == "assistant" else {})
        for t in openai(d)]} for d in DIALOGUES), "sft", IN_ORDER, rows=N),
    wild("openai developer role", jsonl({"messages": [{"role": "developer", "content": SYSTEM}, *openai(d)]}
        for d in DIALOGUES), "sft", chat(*FIRST, system=SYSTEM), {"messages": [{"role": "developer", "content": SYSTEM},
        *openai(FIRST)]}, rows=N),
    wild("openai text parts", jsonl({"messages": blocks(d, type="text")} for d in DIALOGUES), "sft", IN_ORDER, rows=N),
    wild("anthropic messages", jsonl({"system": SYSTEM, "messages": blocks(d, type="text")} for d in DIALOGUES), "sft",
        chat(*FIRST, system=SYSTEM), rows=N),
    wild("anthropic text completion", jsonl({"prompt": f"\n\nHuman: {q}\n\nAssistant:", "completion": f" {a}"} for q, a,
        _ in QUESTIONS), "sft", FIRST_QUESTION, rows=8),
    wild("gemini contents", jsonl({"contents": parts(d)} for d in DIALOGUES), "sft", IN_ORDER, rows=N),
    wild("vertex with system instruction", jsonl({"systemInstruction": {"role": "system", "parts": [{"text": SYSTEM}]},
        "contents": parts(d)} for d in DIALOGUES), "sft", chat(*FIRST, system=SYSTEM), rows=N),
    wild("vertex chat-bison", jsonl({"context": SYSTEM, "messages": said(d, "author", "content", ("user", "assistant"))}
        for d in DIALOGUES), "sft", chat(*FIRST, system=SYSTEM), rows=N),
    wild("vertex text-bison", jsonl({"input_text": q, "output_text": a} for q, a, _ in QUESTIONS), "sft",
        FIRST_QUESTION, rows=8),
    wild("bedrock conversation", jsonl({"schemaVersion": "bedrock-conversation-2024", "system": [{"text": SYSTEM}],
        "messages": blocks(d)} for d in DIALOGUES), "sft", chat(*FIRST, system=SYSTEM), rows=N),
    wild("cohere chat", jsonl({"messages": [{"role": "System", "content": SYSTEM},
        *said(d, "role", "content", ("User", "Chatbot"))]} for d in DIALOGUES), "sft", chat(*FIRST, system=SYSTEM),
        rows=N),
    wild("cohere chat history", jsonl({"chat_history": said(d[:-2], "role", "message", ("USER", "CHATBOT")),
        "message": d[-2], "response": d[-1]} for d in DIALOGUES), "sft", IN_ORDER, rows=N),
    wild("mistral chat", jsonl({"messages": openai(d)} for d in DIALOGUES), "sft", IN_ORDER, rows=N),
    wild("azure completion", jsonl({"prompt": f"{q}\n\n###\n\n", "completion": f" {a} END"} for q, a, _ in QUESTIONS),
        "sft", {"messages": [Turn("user", QUESTIONS[0][0]), Turn("assistant", QUESTIONS[0][1])]}, rows=8),
    # Tools' documentation.
    wild("swift query and history", jsonl({"system": SYSTEM, "query": d[-2], "response": d[-1],
        "history": [[d[t], d[t + 1]] for t in range(0, len(d) - 2, 2)]} for d in DIALOGUES), "sft",
        chat(*FIRST, system=SYSTEM), rows=N),
    wild("llama-factory sharegpt with its sidecar", array({"conversations": sharegpt(d), "system": SYSTEM, "tools": ""}
        for d in DIALOGUES) | array({"mine": {"file_name": "data.json", "formatting": "sharegpt",
        "columns": {"messages": "conversations", "system": "system"}}}, "dataset_info.json"), "sft",
        chat(*FIRST, system=SYSTEM), rows=N),
    wild("llama-factory alpaca with history", array({"instruction": d[-2], "input": "", "output": d[-1],
        "system": SYSTEM, "history": [[d[t], d[t + 1]] for t in range(0, len(d) - 2, 2)]} for d in DIALOGUES), "sft",
        chat(*FIRST, system=SYSTEM), rows=N),
    wild("torchtune dialogue", jsonl({"dialogue": openai(d)} for d in DIALOGUES), "sft", IN_ORDER, rows=N),
    wild("trl prompt and completion turns", jsonl({"prompt": openai(d)[:-1], "completion": openai(d)[-1:]}
        for d in DIALOGUES), "sft", IN_ORDER, rows=N),
    wild("axolotl segments", jsonl({"segments": [{"label": t % 2 == 1, "text": x + "\n"} for t, x in enumerate(d)]}
        for d in DIALOGUES), "sft", IN_ORDER, rows=N),
    wild("pygmalion", jsonl({"conversations": said(d, "role", "value", ("human", "bot"))} for d in DIALOGUES), "sft",
        IN_ORDER, rows=N),
    # Exports of programs.
    wild("chatgpt export", array(map(chatgpt_export, range(N), DIALOGUES), "conversations.json"), "sft", IN_ORDER,
        rows=N),
    wild("claude export", array(({"uuid": f"u{i}", "name": f"Talk {i}", "created_at": "2025-02-03T10:00:00Z",
        "account": {"uuid": "a"}, "chat_messages": [{"uuid": f"u{i}-{t}", "text": x,
        "content": [{"type": "text", "text": x, "citations": []}], "sender": ("human", "assistant")[t % 2],
        "created_at": "2025-02-03T10:00:00Z", "attachments": [], "files": []} for t, x in enumerate(d)]} for i,
        d in enumerate(DIALOGUES)), "conversations.json"), "sft", IN_ORDER, rows=N),
    wild("recorded api calls", jsonl(logged(d) for d in DIALOGUES), "sft", IN_ORDER, rows=N),
    wild("langsmith examples", jsonl({"id": f"e{i}", "inputs": {"question": q}, "outputs": {"answer": a},
        "metadata": {"dataset_split": ["base"]}} for i, (q, a, _) in enumerate(QUESTIONS)), "sft", FIRST_QUESTION,
        rows=8),
    wild("telegram export", array({"name": "Ben", "type": "personal_chat", "id": 4,
        "messages": [{"id": i, "type": "message", "date": "2024-03-12T09:15:00", "from": ("Anna", "Ben")[i % 2],
        "from_id": f"user{i % 2}", "text": x} for i, x in enumerate(ALL_TURNS)]}, "result.json"), "sft cpt"),
    wild("slack export", {f"general/2024-03-{i + 10}.json": json.dumps([{"type": "message",
        "user": ("U01ANNA", "U02BERT")[t % 2], "text": x, "ts": f"17100000{i}{t}.000100", "team": "T0"} for t,
        x in enumerate(d)]).encode() for i, d in enumerate(DIALOGUES)}, "sft cpt"),
    wild("discord export", array({"guild": {"id": "1", "name": "Garden"},
        "channel": {"id": "2", "name": "help", "type": "GuildTextChat"},
        "messages": [{"id": str(i), "type": "Default", "timestamp": "2024-03-12T09:15:00+00:00", "content": x,
        "author": {"id": str(i % 2), "name": ("anna", "ben")[i % 2]}, "attachments": [], "reactions": []} for i,
        x in enumerate(ALL_TURNS)], "messageCount": len(ALL_TURNS)}), "sft cpt"),
    wild("whatsapp export", {"WhatsApp Chat with Bert.txt": "".join(map(whatsapp, DIALOGUES)).encode()}, "sft cpt"),
    wild("interview transcript", {"interview.txt": "\n\n".join(f"{('Interviewer', 'Ms Holm')[t % 2]}: {x}" for t,
        x in enumerate(ALL_TURNS)).encode()}, "sft cpt"),
    # Conversations that need repair.
    wild("messages with empty and broken rows", jsonl([*({"messages": openai(d)} for d in DIALOGUES), {"messages": []},
        {"messages": [{"role": "user", "content": "Is anybody there?"}, {"role": "assistant", "content": None}]}]),
        "sft", IN_ORDER, rows=N + 2, usable=N),
    wild("messages ending with the user", jsonl({"messages": [*openai(d), {"role": "user", "content": "Thanks!"}]}
        for d in DIALOGUES), "sft", IN_ORDER, {"messages": [*openai(FIRST), Turn("user", "Thanks!")]}, rows=N),
    wild("messages as JSON in a string", jsonl({"id": i, "messages": json.dumps(openai(d))} for i,
        d in enumerate(DIALOGUES)), "sft", IN_ORDER, rows=N),
    wild("reasoning content", jsonl({"messages": [{"role": "user", "content": d[0]},
        {"role": "assistant", "reasoning_content": "Let me see.", "content": d[1]}]} for d in DIALOGUES), "sft",
        {"messages": [Turn("user", FIRST[0]), Turn("assistant", FIRST[1])]}, rows=N),
    wild("system text of a persona", jsonl({"persona": "A retired sailor.", "conversation": openai(d),
        "quality": "high"} for d in DIALOGUES), "sft", {"messages": OneOf(openai(FIRST),
        [Turn("system", "A retired sailor."), *openai(FIRST)])}, rows=N),
]
# fmt: on
