"""A person's own chats, mails, recipes and logs.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import gzip
import json

from tests.data.wild.fifth_pool_languages import ITALIAN, PORTUGUESE
from tests.data.wild.table import Has, Turn, Wild, array, chat, jsonl, table, wild

WHATSAPP = (
    "\n".join(
        ["[03.02.24, 18:01:22] Jana: Nachrichten und Anrufe sind Ende-zu-Ende-verschlüsselt."]
        + [
            f"[{3 + i // 8:02d}.02.24, 18:{i % 60:02d}:05] {('Jana' if i % 2 == 0 else 'Tobi')}: {t}"
            for i, t in enumerate(
                [
                    "Hast du die Karten?",
                    "Ja, Reihe 7",
                    "Super 🎉",
                    "Treffen wir uns vorher?",
                    "Um halb sieben am Brunnen",
                    "Ok, ich bring Schirm mit",
                    "Regnet es?",
                    "Noch nicht\naber der Himmel sieht übel aus",
                    "Bin da",
                    "Ich sehe dich",
                    "Wie war dein Tag danach?",
                    "Lang. Der Bus kam nicht und ich bin gelaufen",
                    "Oh nein",
                    "War schön eigentlich",
                    "Bis Freitag?",
                    "Bis Freitag!",
                ]
            )
        ]
    )
    + "\n"
)

TELEGRAM = {
    "name": "Lena",
    "type": "personal_chat",
    "id": 4711,
    "messages": [
        {
            "id": i,
            "type": "message",
            "date": f"2024-05-0{1 + i // 4}T12:{i:02d}:00",
            "date_unixtime": str(1714550400 + i * 60),
            "from": "Lena" if i % 2 == 0 else "Max",
            "from_id": f"user{1 + i % 2}",
            "text": t,
            "text_entities": [{"type": "plain", "text": t}],
        }
        for i, t in enumerate(
            [
                "hey, did you fix the bike?",
                "almost, the chain is on",
                "and the bell?",
                "rings like a church",
                "then see you at the lake at 4",
                "bring the melon",
                "it's huge",
                "the lake or the melon?",
                "yes",
                "haha",
                "running late, sorry",
                "no worries",
            ]
        )
    ],
}

GATEWAY = [
    {
        "id": f"chatcmpl-{i}",
        "startTime": "2024-08-01T10:00:00Z",
        "model": "gpt-4o-mini",
        "request": {
            "model": "gpt-4o-mini",
            "messages": [{"role": "system", "content": "Answer as a librarian."}, {"role": "user", "content": q}],
            "temperature": 0.2,
        },
        "response": {
            "id": f"chatcmpl-{i}",
            "object": "chat.completion",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": a}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 20, "completion_tokens": 12, "total_tokens": 32},
        },
        "status": 200,
        "latency_ms": 812,
    }
    for i, (q, a) in enumerate(
        [
            ("Where are the atlases?", "In the tall case by the window, shelf mark G."),
            ("Can I renew a loan twice?", "Yes, unless someone is waiting."),
            ("Do you have large print?", "An entire wall of it, ground floor."),
            ("Who wrote Middlemarch?", "George Eliot."),
            ("Is coffee allowed?", "With a lid."),
            ("How much is a late fee?", "Ten cents a day."),
        ]
    )
]

SERVICE = [
    [
        "Hi, my parcel is stuck in customs.",
        "Sorry to hear that. May I have the number?",
        "KX 44 190",
        "Thank you: it was released an hour ago.",
    ],
    ["Do you sell gift cards?", "Yes, from ten to two hundred."],
    ["The zip broke on day one.", "We will send a new jacket. Please keep the old one for the courier."],
    ["Are you open today?", "Until nine."],
    ["I was charged twice.", "I see it. The second charge will be returned tonight.", "Great, thanks", "Any time."],
    ["Can I change the address?", "If it has not shipped, yes. What is the new one?", "12 Hill Road", "Changed."],
]

MAILBOX = "".join(
    f"From {a}@example.org Mon Mar  4 10:0{i}:00 2024\nFrom: {a.title()} <{a}@example.org>\nTo: "
    f"{b}@example.org\nSubject: {s}\nDate: Mon, 4 Mar 2024 10:0{i}:00 +0100\nMessage-ID: "
    f"<{i}@example.org>\nContent-Type: text/plain; charset=utf-8\n\n{t}\n\n"
    for i, (a, b, s, t) in enumerate(
        [
            (
                "rosa",
                "finn",
                "The allotment",
                "Dear Finn,\n\nthe committee has decided to give us plot 14, the one with the pear tree. We "
                "should clear the brambles before the birds nest, so I propose next Saturday.\n\nRosa",
            ),
            ("finn", "rosa", "Re: The allotment", "Saturday suits me. I'll bring the saw and a flask of tea.\n\nFinn"),
            ("rosa", "finn", "Seeds", "I have ordered beans, chard and a packet of poppies that nobody asked for."),
            (
                "board",
                "rosa",
                "Water",
                "The water will be turned on in the first week of April. Please close your taps before.",
            ),
            (
                "finn",
                "rosa",
                "Sunday",
                "The shed door is mended and the robin has moved in. Keep your voice down when you come.",
            ),
            ("rosa", "finn", "Re: Sunday", "Then we eat outside."),
        ]
    )
)

DATABASE = [
    [str(number), f"conv-{i}", "assistant" if k % 2 else "user", text, f"2024-07-0{i + 1} 09:0{k}:00"]
    for number, (i, k, text) in enumerate(((i, k, t) for i, talk in enumerate(SERVICE) for k, t in enumerate(talk)), 1)
]

RECIPES = [
    (
        "Lentil soup",
        ["200 g red lentils", "1 onion", "1 tsp cumin", "1 l stock"],
        ["Fry the onion with cumin.", "Add lentils and stock.", "Simmer for 20 minutes and blend."],
    ),
    (
        "Soda bread",
        ["450 g flour", "1 tsp soda", "400 ml buttermilk"],
        ["Mix dry things.", "Stir in buttermilk.", "Bake at 200 °C for 40 minutes."],
    ),
    ("Cucumber salad", ["1 cucumber", "salt", "dill"], ["Slice, salt, wait, squeeze, add dill."]),
    ("Poached pears", ["4 pears", "500 ml wine", "100 g sugar"], ["Simmer for half an hour.", "Cool in the syrup."]),
    ("Omelette", ["3 eggs", "butter"], ["Beat, fry, fold."]),
    ("Pesto", ["basil", "pine nuts", "oil", "cheese"], ["Pound in this order."]),
]


LOGS: tuple[Wild, ...] = (
    wild(
        "whatsapp talk of two germans in brackets",
        {"_chat.txt": WHATSAPP.encode()},
        "sft cpt",
        Has("Hast du die Karten?", "Ja, Reihe 7"),
    ),
    wild(
        "telegram talk of two friends",
        array(TELEGRAM, "result.json"),
        "sft cpt",
        Has("hey, did you fix the bike?", "almost, the chain is on"),
    ),
    wild(
        "gateway log with request and response",
        jsonl(GATEWAY, "requests.jsonl"),
        "sft",
        chat(
            "Where are the atlases?", "In the tall case by the window, shelf mark G.", system="Answer as a librarian."
        ),
        rows=6,
    ),
    wild(
        "traces with input messages and output object",
        array(
            (
                {
                    "id": f"trace-{i}",
                    "timestamp": "2024-09-01T00:00:00.000Z",
                    "name": "support-bot",
                    "userId": None,
                    "sessionId": f"s{i}",
                    "input": {
                        "messages": [
                            {"role": "system", "content": "Você é o atendente da loja."},
                            {"role": "user", "content": q},
                        ]
                    },
                    "output": {"role": "assistant", "content": a},
                    "metadata": {"env": "prod"},
                    "tags": [],
                    "scores": [],
                    "latency": 1.2,
                    "totalCost": 0.0003,
                }
                for i, (q, a) in enumerate(PORTUGUESE)
            ),
            "langfuse-traces.json",
        ),
        "sft",
        chat(*PORTUGUESE[0], system="Você é o atendente da loja."),
        rows=6,
    ),
    wild(
        "support dialogues with customer and agent, gzipped",
        {
            "dialogs.jsonl.gz": gzip.compress(
                "".join(
                    json.dumps(
                        {
                            "session": i,
                            "channel": "web",
                            "dialog": [
                                {"speaker": "agent" if k % 2 else "customer", "text": t, "ts": 1700000000 + k}
                                for k, t in enumerate(c)
                            ],
                        }
                    )
                    + "\n"
                    for i, c in enumerate(SERVICE)
                ).encode()
            )
        },
        "sft",
        chat(*SERVICE[0]),
        rows=6,
    ),
    wild(
        "subtitles of a lecture",
        {
            "lecture 03.srt": "\n".join(
                f"{i + 1}\n00:{i // 12:02d}:{i * 5 % 60:02d},000 --> 00:{i // 12:02d}:{i * 5 % 60 + 4:02d},500\n{t}\n"
                for i, t in enumerate(
                    [
                        "Welcome back, everybody.",
                        "Last week we stopped\nat the invention of the keel.",
                        "A keel is a beam along the bottom of a ship,",
                        "and it changes everything:",
                        "suddenly you can sail across the wind.",
                        "So why did it take so long?",
                        "One answer is timber.",
                        "Another is that nobody needed it on a river.",
                        "Let us look at the first finds,",
                        "which come from a bog in the north.",
                    ]
                )
            ).encode()
        },
        "cpt",
    ),
    wild("mailbox of two gardeners", {"garden.mbox": MAILBOX.encode()}, "cpt sft", Has("plot 14")),
    wild(
        "messages of a chat database, one per line of a sheet",
        table(DATABASE, ["id", "conversation_id", "role", "content", "created_at"], name="messages.csv"),
        "sft",
        chat(*SERVICE[0]),
        usable=6,
    ),
    wild(
        "runs with inputs and outputs as json in a sheet",
        table(
            [
                [
                    f"run-{i}",
                    json.dumps({"question": q}, ensure_ascii=False),
                    json.dumps({"answer": a}, ensure_ascii=False),
                    "success",
                    "0.8",
                ]
                for i, (q, a) in enumerate(ITALIAN)
            ],
            ["id", "inputs", "outputs", "status", "latency"],
            name="runs.csv",
        ),
        "sft",
        {"messages": [Turn("user", ITALIAN[0][0]), Turn("assistant", ITALIAN[0][1])]},
        rows=6,
    ),
    wild(
        "family recipes with lists in json",
        array(({"title": t, "ingredients": i, "directions": d} for t, i, d in RECIPES), "recipes.json"),
        "sft cpt",
        Has("Lentil soup", "Fry the onion with cumin."),
        rows=6,
    ),
)
"""A person's own chats, mails, recipes and logs."""
