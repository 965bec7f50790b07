"""Formats of vendors as their documentation shows them.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import json

from tests.data.wild.fifth_pool import LAW, MEDICINE, sums
from tests.data.wild.fifth_pool_languages import FRENCH, KOREAN, PORTUGUESE, SPANISH
from tests.data.wild.table import Has, Wild, asked, chat, jsonl, preferred, turns, wild

SARCASM = [
    ("What's the capital of France?", "Paris, as if everyone doesn't know that already."),
    ("Who wrote 'Romeo and Juliet'?", "Oh, just some guy named William Shakespeare. Ever heard of him?"),
    ("How far is the Moon from Earth?", "Around 384,400 kilometers. Give or take a few, like that really matters."),
    ("What is 12 times 12?", "144, but I'm sure your fingers would have got there by spring."),
    ("Do fish sleep?", "More than I do, with questions like these."),
    ("Can you recommend a book?", "The one you keep using as a coaster."),
    ("Is it raining?", "There is a device for that. It's called a window."),
]

MARV = "Marv is a factual chatbot that is also sarcastic."

VENDORS: tuple[Wild, ...] = (
    wild(
        "openai supervised with a sarcastic system",
        jsonl((chat(q, a, system=MARV) for q, a in SARCASM), "training.jsonl"),
        "sft",
        chat(*SARCASM[0], system=MARV),
        rows=7,
    ),
    wild(
        "openai supervised in several turns with weights of zero and one",
        jsonl(
            (
                {
                    "messages": [
                        {"role": "system", "content": MARV},
                        {"role": "user", "content": q},
                        {"role": "assistant", "content": a.split(",")[0], "weight": 0},
                        {"role": "user", "content": "Can you be more sarcastic?"},
                        {"role": "assistant", "content": a, "weight": 1},
                    ]
                }
                for q, a in SARCASM
            ),
            "multi.jsonl",
        ),
        "sft",
        Has(MARV, "Can you be more sarcastic?", SARCASM[0][1]),
        rows=7,
    ),
    wild(
        "openai preference with input and outputs",
        jsonl(
            (
                {
                    "input": {"messages": [{"role": "user", "content": q}], "tools": [], "parallel_tool_calls": True},
                    "preferred_output": [{"role": "assistant", "content": a}],
                    "non_preferred_output": [{"role": "assistant", "content": "I cannot answer that."}],
                }
                for q, a in SARCASM
            ),
            "preference.jsonl",
        ),
        "dpo",
        preferred(SARCASM[0][0], SARCASM[0][1], "I cannot answer that."),
        rows=7,
    ),
    wild(
        "openai reinforcement with a reference answer beside messages",
        jsonl(
            (
                {
                    "messages": [{"role": "user", "content": f"Compute and answer with a number only: {q}"}],
                    "reference_answer": a,
                }
                for q, _, a in sums(9, 51)
            ),
            "rft.jsonl",
        ),
        "grpo",
        asked(Has(sums(9, 51)[0][0]), sums(9, 51)[0][2]),
        rows=9,
    ),
    wild(
        "openai tool calls with a schema and a weather tool",
        jsonl(
            (
                {
                    "messages": [
                        {"role": "user", "content": f"What is the weather in {c}?"},
                        {
                            "role": "assistant",
                            "tool_calls": [
                                {
                                    "id": "call_id",
                                    "type": "function",
                                    "function": {
                                        "name": "get_current_weather",
                                        "arguments": json.dumps({"location": c, "format": "celsius"}),
                                    },
                                }
                            ],
                        },
                    ],
                    "parallel_tool_calls": False,
                    "tools": [
                        {
                            "type": "function",
                            "function": {
                                "name": "get_current_weather",
                                "description": "Get the current weather",
                                "parameters": {
                                    "type": "object",
                                    "properties": {
                                        "location": {"type": "string"},
                                        "format": {"type": "string", "enum": ["celsius", "fahrenheit"]},
                                    },
                                    "required": ["location", "format"],
                                },
                            },
                        }
                    ],
                }
                for c in ["San Francisco", "Lima", "Oslo", "Hanoi", "Accra", "Perth"]
            ),
            "tools.jsonl",
        ),
        "sft",
        Has("What is the weather in San Francisco?", "get_current_weather", "celsius"),
        rows=6,
    ),
    wild(
        "legacy completions with separator and stop",
        jsonl(({"prompt": f"{q}\n\n###\n\n", "completion": f" {a} END"} for q, a in SARCASM), "prepared.jsonl"),
        "sft",
        chat(Has(SARCASM[0][0]), Has(SARCASM[0][1])),
        rows=7,
    ),
    wild(
        "gemini of the cloud with system instruction and parts",
        jsonl(
            (
                {
                    "systemInstruction": {"role": "system", "parts": [{"text": "You summarise support calls."}]},
                    "contents": [
                        {"role": "user", "parts": [{"text": f"Call: {q}"}]},
                        {"role": "model", "parts": [{"text": f"The customer asks: {q} Advice: {a}"}]},
                    ],
                }
                for q, a in SPANISH
            ),
            "gemini.jsonl",
        ),
        "sft",
        chat(Has(SPANISH[0][0]), Has(SPANISH[0][1]), system="You summarise support calls."),
        rows=8,
    ),
    wild(
        "bedrock conversation schema of two years ago",
        jsonl(
            (
                {
                    "schemaVersion": "bedrock-conversation-2024",
                    "system": [{"text": "You are a digital assistant with a friendly personality"}],
                    "messages": [
                        {"role": "user", "content": [{"text": q}]},
                        {"role": "assistant", "content": [{"text": a}]},
                    ],
                }
                for q, a in PORTUGUESE
            ),
            "nova.jsonl",
        ),
        "sft",
        chat(*PORTUGUESE[0], system="You are a digital assistant with a friendly personality"),
        rows=6,
    ),
    wild(
        "bedrock prompt and completion",
        jsonl(({"prompt": f"<s>[INST] {q} [/INST]", "completion": a} for q, a in LAW), "train.jsonl"),
        "sft",
        chat(Has(LAW[0][0]), LAW[0][1]),
        rows=8,
    ),
    wild(
        "claude messages with system on top",
        jsonl(({"system": "You are a pharmacist.", "messages": turns(q, a)} for q, a in MEDICINE), "haiku.jsonl"),
        "sft",
        chat(*MEDICINE[0], system="You are a pharmacist."),
        rows=10,
    ),
    wild(
        "mistral instruct with a french assistant",
        jsonl(({"messages": turns(q, a)} for q, a in FRENCH), "mistral_chunk_train.jsonl"),
        "sft",
        chat(*FRENCH[0]),
        rows=8,
    ),
    wild(
        "cohere chat with capitalised roles",
        jsonl(
            (
                {
                    "messages": [
                        {"role": "System", "content": "You are a chatty park ranger."},
                        {"role": "User", "content": q},
                        {"role": "Chatbot", "content": a},
                    ]
                }
                for q, a in [
                    (
                        "May I light a fire here?",
                        "Only in the stone rings by the lake, and not this week, friend: it is dry as toast.",
                    ),
                    ("Are there bears?", "Two, both shy."),
                    ("Where does the red trail go?", "Up, mostly."),
                    ("Can I fly a drone?", "No, the falcons are nesting."),
                    ("What bird is that?", "A dipper: look how it bows."),
                    ("When do the gates close?", "At dusk."),
                ]
            ),
            "park.jsonl",
        ),
        "sft",
        chat("May I light a fire here?", Has("Only in the stone rings"), system="You are a chatty park ranger."),
        rows=6,
    ),
    wild(
        "together instruction of prompt and completion",
        jsonl(({"prompt": q, "completion": a} for q, a in KOREAN), "together.jsonl"),
        "sft",
        chat(*KOREAN[0]),
        rows=6,
    ),
)
"""Formats of vendors as their documentation shows them."""
