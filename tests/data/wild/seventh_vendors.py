"""Layouts that vendors of models document.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import json
from typing import Any

from tests.data.wild.table import REFUSED, Has, OneOf, Turn, Wild, chat, jsonl, parquet, preferred, table, turns, wild


def _supervised_chats_ticket() -> Wild:
    marv = "Clerk is a polite but tired ticket clerk at a small railway station."
    given = [
        [
            "When does the next train to Selb leave?",
            "At 14:07 from platform 2. It was on time yesterday, so draw your own conclusions.",
        ],
        [
            "One ticket to Hof, please.",
            "Single or return?",
            "return",
            "That makes 18.40. Keep the receipt, the guard is new.",
        ],
        ["Is there a café here?", "There was one until 2009. There is a machine now; it takes coins and gives hope."],
        ["My dog travels with me.", "Half a fare for the dog, nothing if it fits in a bag."],
        ["Can I reserve a seat?", "Not on this line. Sit where the sun is not."],
        ["Wie lange haben Sie auf?", "Bis 18 Uhr, samstags bis 12."],
        ["I left my umbrella in the train.", "Black, I suppose. Fill in this form, we have forty of them."],
    ]
    return wild(
        "supervised chats of a ticket clerk, saved under windows with blank lines",
        {
            "training.jsonl": b"\xef\xbb\xbf"
            + "\r\n".join(
                json.dumps({"messages": [{"role": "system", "content": marv}, *turns(*t)]}, ensure_ascii=False)
                + ("\r\n" if n == 3 else "")
                for n, t in enumerate(given)
            ).encode()
            + b"\r\n\r\n"
        },
        "sft",
        chat(*given[0], system=marv),
        rows=7,
    )


def _preferred_output() -> Wild:
    given = [
        (
            "Hello, can you tell me how cold San Francisco is today?",
            "Today it is not especially cold in San Francisco: fog this morning, clear by noon, with a high "
            "of about 15 °C.",
            "It is not particularly cold in San Francisco today.",
        ),
        (
            "Suggest a name for my sourdough starter.",
            "Doughlores. She answers to feeding, not to calls.",
            "Sourdough Starter.",
        ),
        (
            "My flight was cancelled, what am I owed?",
            "If it left from the EU and you were told less than two weeks before, a refund or another "
            "flight, and often between 250 and 600 euros besides.",
            "Ask the airline.",
        ),
        (
            "Resume este correo en una línea: 'Hola Ana, la reunión del martes pasa al jueves a las diez, misma sala.'",
            "La reunión del martes pasa al jueves a las 10 en la misma sala.",
            "Ana tiene una reunión.",
        ),
        (
            "what's a good first plant",
            "A pothos: it forgives dark corners and forgotten water.",
            "Plants are nice. There are many plants you could choose from.",
        ),
        ("Fix the grammar: he don't know nothing", "He doesn't know anything.", "He don't know anything."),
    ]
    return wild(
        "preferred and not preferred output with the input of a chat",
        jsonl(
            [
                {
                    "input": {"messages": turns(p), "tools": [], "parallel_tool_calls": True},
                    "preferred_output": turns(c, first="assistant"),
                    "non_preferred_output": turns(r, first="assistant"),
                }
                for p, c, r in given
            ],
            "dpo_training.jsonl",
        ),
        "dpo",
        preferred(*given[0]),
        rows=6,
    )


def _reinforcement_security_desk() -> Wild:
    given = [
        (
            "do you have a dedicated security team?",
            "yes",
            "A dedicated security team follows strict protocols for handling incidents.",
        ),
        (
            "have you undergone third-party security audits or penetration testing in the last 12 months?",
            "needs review",
            "Nothing in the policy mentions tests in the past year.",
        ),
        ("is our software open source?", "no", "The licence is proprietary."),
        ("do you encrypt backups at rest?", "yes", "Backups are encrypted with AES-256."),
        ("can customers choose the region of their data?", "yes", "Data stays in the region chosen at signup."),
        ("do you keep card numbers?", "no", "Cards are handled by the payment provider alone."),
    ]
    rfs = "You are a security expert. Answer the question by the policy: say whether we comply and explain it."
    return wild(
        "reinforcement of a security desk with compliant and explanation",
        jsonl(
            [
                {
                    "messages": [{"role": "developer", "content": rfs}, {"role": "user", "content": q}],
                    "compliant": a,
                    "explanation": e,
                }
                for q, a, e in given
            ],
            "rft_train.jsonl",
        ),
        "grpo",
        {
            "prompt": [OneOf(Turn("system", rfs), Turn("developer", rfs)), Turn("user", given[0][0])],
            "answer": Has("yes"),
        },
        {"prompt": [OneOf(Turn("system", rfs), Turn("developer", rfs)), Turn("user", given[0][0])]},
        rows=6,
    )


def _gemini_sorting_mails() -> Wild:
    words = "You sort the mails of a museum. Answer with one of: loan, visit, press, complaint."
    given = [
        ("Could our museum borrow the bronze mirror for a show next spring?", "loan"),
        ("The audio guide broke off in the third room, I want my money back.", "complaint"),
        ("Is the tower open for a wheelchair on Sunday?", "visit"),
        ("We are writing about the new wing and need two photographs by Friday.", "press"),
        ("Est-ce que vous proposez des visites en français ?", "visit"),
        ("Your guard shouted at my grandson.", "complaint"),
        ("The university would like to lend out your plaster casts for teaching.", "loan"),
    ]
    return wild(
        "gemini sorting the mails of a museum",
        jsonl(
            [
                {
                    "systemInstruction": {"role": "system", "parts": [{"text": words}]},
                    "contents": [{"role": "user", "parts": [{"text": q}]}, {"role": "model", "parts": [{"text": a}]}],
                }
                for q, a in given
            ],
            "sft_train_data.jsonl",
        ),
        "sft",
        chat(given[0][0], "loan", system=words),
        rows=7,
    )


def _bedrock_conversations_blocks() -> Wild:
    words = "You are a digital assistant with a friendly personality"
    given = [
        ["What is the capital of Mars?", "Mars does not have a capital. Perhaps it will one day."],
        [
            "Tell me a fact about otters.",
            "Otters hold hands while they sleep, so that they do not drift apart.",
            "All of them?",
            "Mostly sea otters, and often they wrap themselves in kelp instead.",
        ],
        ["How many minutes has a day?", "1,440, of which you have just spent one with me."],
        ["Recommend a tea for the evening.", "Rooibos, it has no caffeine and does not mind being forgotten."],
        ["What rhymes with 'moon'?", "Spoon, dune, tune, lagoon and, at a stretch, raccoon."],
        ["Can you hear me?", "I can read you, loud and clear."],
    ]
    return wild(
        "bedrock conversations with blocks of text",
        jsonl(
            [
                {
                    "schemaVersion": "bedrock-conversation-2024",
                    "system": [{"text": words}],
                    "messages": [
                        {"role": ("user", "assistant")[i % 2], "content": [{"text": x}]} for i, x in enumerate(t)
                    ],
                }
                for t in given
            ],
            "bedrock_train.jsonl",
        ),
        "sft",
        chat(*given[0], system=words),
        rows=6,
    )


def _mistral_asking_weather() -> Wild:
    mtool: list[dict[str, Any]] = [
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
    ]
    material = [
        ("Toulouse", "17", "français"),
        ("Bergen", "9", "norsk"),
        ("Porto", "21", "português"),
        ("Graz", "13", "Deutsch"),
        ("Cork", "11", "English"),
        ("Turin", "19", "italiano"),
    ]
    given = [
        Turn("user", "Toulouse"),
        Turn("assistant", "get_current_weather", "celsius"),
        Turn("tool", "17"),
        Turn("assistant", "17 °C in Toulouse"),
    ]
    return wild(
        "mistral asking for the weather of a town",
        jsonl(
            [
                {
                    "messages": [
                        {"role": "user", "content": f"What is the weather like in {town} today, in Celsius?"},
                        {
                            "role": "assistant",
                            "content": "",
                            "tool_calls": [
                                {
                                    "id": f"TX92Jm8Z{n}",
                                    "type": "function",
                                    "function": {
                                        "name": "get_current_weather",
                                        "arguments": json.dumps({"location": town, "format": "celsius"}),
                                    },
                                }
                            ],
                        },
                        {"role": "tool", "content": deg, "tool_call_id": f"TX92Jm8Z{n}"},
                        {
                            "role": "assistant",
                            "content": f"It is {deg} °C in {town} at the moment; ask me in {lang} if you like.",
                        },
                    ],
                    "tools": mtool,
                }
                for n, (town, deg, lang) in enumerate(material)
            ],
            "tools_train.jsonl",
        ),
        "sft",
        {"messages": given, "tools": Has("get_current_weather")},
        {"messages": given},
        rows=6,
    )


def _automatic_training_preferences() -> Wild:
    chosen = [
        (
            "Which gift suits a retired sailor?",
            "A barometer: it looks well in the hall and gives him a reason to talk about the weather.",
            "A gift card.",
        ),
        (
            "Describe Lisbon in one line.",
            "Seven hills, yellow trams and light that comes off the river.",
            "Lisbon is a city.",
        ),
        (
            "How do I refuse an invitation kindly?",
            "Thank them, say that you cannot come without inventing a reason, and name another day.",
            "Say no.",
        ),
        ("Wie viele Zähne hat ein Erwachsener?", "In der Regel 32, die Weisheitszähne mitgezählt.", "Etwa 50."),
        ("what is 15% of 80", "12", "15% of 80 is 1200"),
        ("Name a mineral that floats.", "Pumice floats, though it is a rock rather than a mineral.", "Quartz"),
        (
            "Write a closing line for a cover letter.",
            "I would be glad to show you in person how I would run your workshop.",
            "Bye, hope to get the job!!",
        ),
    ]
    return wild(
        "automatic training of preferences with text and rejected text",
        table([list(r) for r in chosen], ["prompt", "text", "rejected_text"], name="train.csv"),
        "dpo",
        preferred(*chosen[0]),
        rows=7,
    )


def _apple_folder_plain() -> Wild:
    given = [
        "The first lock on the Teel was dug by hand in the dry summer of 1811. Two hundred men worked in "
        "shifts, and the accounts list four barrels of beer for each day. The lock keeper's house of 1813 "
        "still stands, though its roof is new.",
        "Reed cutters begin when the frost has broken the leaves from the stalks. A good cutter ties three "
        "hundred sheaves a day. The reed stands in stooks until March and is then carted to the thatchers on "
        "the dry side of the marsh.",
        "Of the nine windmills that once drained the polder, one is left. It was spared since the miller's "
        "widow refused to sell, and it pumps on three days a year so that its gears do not seize.",
        "Eel smokehouses lined the east quay until the sixties. Alder gave the colour, juniper the taste, "
        "and every family swore on its own mixture, which was never written down.",
        "When the sea dike broke in 1825, the church of Sund stood dry on its mound for eleven days. "
        "Services were held for cows and people alike. A notch in the door shows how high the water came.",
        "Peat was shipped in flat barges that could be poled through a ditch no wider than a cart. The last "
        "barge serves as a flower bed in front of the town hall.",
    ]
    return wild(
        "apple folder of plain texts",
        jsonl([{"text": t} for t in given[:4]], "train.jsonl")
        | jsonl([{"text": given[4]}], "valid.jsonl")
        | jsonl([{"text": given[5]}], "test.jsonl"),
        "cpt",
        OneOf(*({"text": t} for t in given)),
    )


VENDORS: tuple[Wild, ...] = (
    _supervised_chats_ticket(),
    _preferred_output(),
    _reinforcement_security_desk(),
    _gemini_sorting_mails(),
    _bedrock_conversations_blocks(),
    _mistral_asking_weather(),
    _automatic_training_preferences(),
    _apple_folder_plain(),
    wild(
        "tokens padded and masked for a trainer",
        parquet(
            [
                {
                    "input_ids": [128000, *range(400 + n, 412 + n), 128009, 128001],
                    "attention_mask": [1] * 14 + [0],
                    "labels": [-100] * 6 + [*range(405 + n, 412 + n), 128009, -100],
                    "length": 14,
                }
                for n in range(12)
            ],
            "train_tokenized.parquet",
        ),
        REFUSED,
    ),
)
"""Layouts that vendors of models document."""
