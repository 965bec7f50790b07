"""Datasets with faults, and what there is nothing to learn from.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from tests.data.wild.table import Wild, chat, jsonl, preferred, table, wild


def _line(*texts: str | None, **more: Any) -> str:
    roles = ["user", "assistant"]
    return json.dumps(
        {"messages": [{"role": roles[index % 2], "content": text} for index, text in enumerate(texts)], **more},
        ensure_ascii=False,
    )


def _archive() -> dict[str, bytes]:
    sink = io.BytesIO()
    rows = [
        ["Was isst ein Igel?", "Käfer, Larven, Regenwürmer; keine Milch."],
        ["Wann wachen sie auf?", "Ende März, wenn die Nächte mild sind."],
        [
            "Ich habe tagsüber einen gefunden.",
            "Das ist ein Zeichen von Krankheit. Setzen Sie ihn in eine Kiste mit Tuch und rufen Sie uns an.",
        ],
        ["Wie groß muss das Loch im Zaun sein?", "Dreizehn mal dreizehn Zentimeter."],
        ["Soll ich ihn baden?", "Auf keinen Fall."],
        ["Wie schwer muss er im Herbst sein?", "Mindestens 500 Gramm, besser 600."],
    ]
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr(
            "igel/README.md", "# Igelfragen\n\nGesammelt am Telefon, Herbst 2023. Nicht weitergeben ohne zu fragen.\n"
        )
        archive.writestr("igel/LICENSE", "CC BY 4.0\n")
        archive.writestr("igel/.DS_Store", b"\x00\x00\x00\x01Bud1\x00\x00\x10\x00")
        archive.writestr("igel/Thumbs.db", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(64))
        archive.writestr(
            "igel/fragen.csv", table(rows, ["Frage", "Antwort"], delimiter=";", encoding="cp1252")["data.csv"]
        )
        archive.writestr("__MACOSX/igel/._fragen.csv", b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        ")
    return {"igel.zip": sink.getvalue()}


def _photographs_mushrooms_list() -> Wild:
    png = bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63600000020000"
        "01e221bc330000000049454e44ae426082"
    )
    return wild(
        "photographs of mushrooms with a list of labels",
        {f"img/{number:04d}.png": png for number in range(1, 9)}
        | table(
            [
                [f"img/{number:04d}.png", name]
                for number, name in enumerate(
                    [
                        "porcini",
                        "chanterelle",
                        "fly agaric",
                        "porcini",
                        "parasol",
                        "death cap",
                        "chanterelle",
                        "parasol",
                    ],
                    1,
                )
            ],
            ["file_name", "label"],
            name="labels.csv",
        ),
        "refused",
    )


DIRTY: tuple[Wild, ...] = (
    wild(
        "messages on trees, one line cut, one null, one without an answer",
        {
            "trees.jsonl": (
                "\n".join(
                    [
                        _line(
                            "How old can a yew get?",
                            "Two thousand years and more, though the hollow trunk hides its rings.",
                        ),
                        _line(
                            "Which tree has the largest leaves here?",
                            "The paulownia, up to half a metre across on young shoots.",
                            source="forum",
                            ok=True,
                        ),
                        _line("What is a burr?", None),
                        _line(
                            "Should I seal a pruning cut?",
                            "No, let it dry; a sealed wound stays wet.",
                            "Even on plums?",
                            "Even on plums, but prune them in summer.",
                        ),
                        _line("Why do beeches keep dry leaves?"),
                        _line("Name a tree that flowers in February.", "Hazel", source=None),
                        '{"messages": [{"role": "user", "content": "How do I tell a spruce from a fir?"}, '
                        '{"role": "assistant", "content": "Spruce cones ha',
                        _line(
                            "Is ivy bad for trees?",
                            "Rarely: it climbs, it does not suck. Only on weak trees its weight and shade matter.",
                        ),
                    ]
                )
                + "\n"
            ).encode()
        },
        "sft",
        chat("How old can a yew get?", "Two thousand years and more, though the hollow trunk hides its rings."),
        usable=5,
    ),
    wild(
        "sheet of a launderette with blank lines and missing answers",
        {
            "waschsalon.csv": "\ufeffFrage;Antwort;;\r\nWie viel kostet eine Maschine?;4,50 € für sieben "
            "Kilo;;\r\n;;;\r\n"
            'Kann ich hier trocknen?;"Ja, zehn Minuten kosten\r\n50 Cent.";;\r\nGibt es WLAN?;;;\r\n'
            "Nehmen Sie Karten?;Ja, ab fünf Euro.;;\r\n;;;\r\n;;;\r\n"
            "Darf ich Pferdedecken waschen?;Nur in der Maschine 12, die wir danach leer laufen lassen.;;\r\n"
            'Wann ist es am ruhigsten?;"Dienstags zwischen zehn und ""High Noon"".";;\r\n'
            "Haben Sie Waschmittel?;;;\r\nWer hilft bei Störungen?;Die Nummer steht über der Tür, bis 22 Uhr "
            "kommt jemand.;;\r\n;;;\r\n".encode()
        },
        "sft",
        chat("Wie viel kostet eine Maschine?", "4,50 € für sieben Kilo"),
        usable=6,
    ),
    wild(
        "prompts and completions with keys of uneven case, a mark at the start and carriage returns",
        {
            "export_final_v2.jsonl": (
                "\ufeff"
                + "\r\n".join(
                    json.dumps(row, ensure_ascii=False)
                    for row in [
                        {
                            "Prompt": "Describe the smell of a bookshop.",
                            "Completion": "Glue, dust and a trace of vanilla from old paper.",
                        },
                        {
                            "Prompt": "Describe the smell of a garage.",
                            "Completion": "Cold oil, rubber and somebody's forgotten apple.",
                        },
                        {
                            "prompt": "Describe the smell of rain on asphalt.",
                            "completion": "Warm stone and something green that was waiting underneath.",
                        },
                        {
                            "PROMPT": "Describe the smell of a swimming bath.",
                            "COMPLETION": "Chlorine, wet wool and chips.",
                        },
                        {"Prompt": "Describe the smell of a hospital.", "Completion": "Lemon that never met a lemon."},
                        {
                            "prompt": "Describe the smell of a stable.",
                            "completion": "Hay first, horse second, and ammonia if nobody mucked out.",
                        },
                    ]
                )
                + "\r\n\r\n"
            ).encode()
        },
        "sft",
        chat("Describe the smell of a bookshop.", "Glue, dust and a trace of vanilla from old paper."),
        rows=6,
    ),
    wild(
        "archive of a hedgehog station with leftovers of two systems",
        _archive(),
        "sft",
        chat("Was isst ein Igel?", "Käfer, Larven, Regenwürmer; keine Milch."),
        rows=6,
    ),
    wild(
        "pairs with an unnamed index, of which two have no loser and one is a draw",
        table(
            [
                [
                    "0",
                    "Comfort a friend whose cat died.",
                    "I'm so sorry. She slept on your feet for sixteen years; of course the bed feels too large now.",
                    "Cats die. You can get a new one.",
                    "en",
                ],
                [
                    "1",
                    "Sag höflich, dass ich keine Zeit habe.",
                    "Das klingt schön, aber diese Woche ist bei mir leider voll.",
                    "Keine Zeit.",
                    "de",
                ],
                ["2", "Erkläre mir das Wort 'fakultativ'.", "Freiwillig, nicht vorgeschrieben.", "", "de"],
                ["3", "Name a river in Spain.", "The Ebro.", "The Ebro.", "en"],
                [
                    "4",
                    "Give one tip against stage fright.",
                    "Breathe out longer than you breathe in, and look at one kind face.",
                    "Just don't be afraid.",
                    "en",
                ],
                [
                    "5",
                    "Écris une devise pour un club de marche.",
                    "Un pas après l'autre, et le village d'après.",
                    "Marcher c'est bien.",
                    "fr",
                ],
                [
                    "6",
                    "How do I apologise for being late?",
                    "Say sorry once, without a story, and ask what you missed.",
                    "",
                    "en",
                ],
                ["7", "Wie heißt die Hauptstadt von Kanada?", "Ottawa.", "Toronto.", "de"],
            ],
            ["", "prompt", "chosen", "rejected", "lang"],
            name="pairs (1).csv",
        ),
        "dpo",
        preferred(
            "Comfort a friend whose cat died.",
            "I'm so sorry. She slept on your feet for sixteen years; of course the bed feels too large now.",
            "Cats die. You can get a new one.",
        ),
        usable=5,
    ),
    wild(
        "talks with german roles and keys, some with blanks",
        jsonl(
            [
                {"Verlauf": [{"Rolle": first, "Inhalt": question}, {"Rolle": second, "Inhalt": answer}], "Nr": number}
                for number, (first, question, second, answer) in enumerate(
                    [
                        (
                            "Nutzer",
                            "Wie entferne ich Kalk aus dem Wasserkocher?",
                            "Assistent",
                            "Mit zwei Löffeln Zitronensäure auf einen Liter kaltes Wasser, eine halbe Stunde "
                            "stehen lassen, nicht kochen.",
                        ),
                        ("nutzer", "Und bei der Dusche?", "assistent", "Den Kopf über Nacht in Essigwasser hängen."),
                        (
                            "Nutzer ",
                            "Can I use vinegar on marble?",
                            "Assistent",
                            "No, acid eats marble. Use soft soap.",
                        ),
                        (
                            "Nutzer",
                            "Was hilft gegen Motten im Mehl?",
                            "Assistent",
                            "Alles Befallene wegwerfen, Ritzen aussaugen und Schlupfwespen aussetzen, bis "
                            "keine mehr fliegen.",
                        ),
                        (
                            "NUTZER",
                            "Riecht mein Kühlschrank noch?",
                            "ASSISTENT",
                            "Stellen Sie eine Schale Natron hinein; nach zwei Tagen riechen Sie nichts mehr.",
                        ),
                        ("Nutzer", "Wie oft soll ich Bettwäsche wechseln?", "Assistent", "Alle zwei Wochen."),
                    ],
                    1,
                )
            ],
            "haushalt.jsonl",
        ),
        "sft",
        chat(
            "Wie entferne ich Kalk aus dem Wasserkocher?",
            "Mit zwei Löffeln Zitronensäure auf einen Liter kaltes Wasser, eine halbe Stunde stehen lassen, "
            "nicht kochen.",
        ),
        rows=6,
    ),
    wild(
        "sheet glued from two, with the header again in the middle",
        table(
            [
                ["What does a luthier do?", "He builds and mends instruments with strings.", "Bo"],
                [
                    "Why is my violin buzzing?",
                    "Mostly a loose fine tuner, or an open seam. Tap round the edge and listen for a rattle.",
                    "Bo",
                ],
                ["How often do I change strings?", "Once a year if you play daily.", "Bo"],
                ["question", "answer", "by"],
                [
                    "Can a crack in the top be repaired?",
                    "Yes, glued and studded from within, it often outlives the player.",
                    "Lena",
                ],
                ["Is an old bow worth rehairing?", "If the stick is straight, always.", "Lena"],
                ["What is purfling?", "The inlaid line near the edge, which stops cracks.", "Lena"],
                [
                    "How should I store my cello in winter?",
                    "Lying on its side, far from heating, with the air at fifty percent.",
                    "Lena",
                ],
            ],
            ["question", "answer", "by"],
            name="luthier_all.csv",
        ),
        "sft",
        chat("What does a luthier do?", "He builds and mends instruments with strings."),
    ),
    wild(
        "pulse and steps of a watch by the minute",
        table(
            [
                [
                    f"2024-05-01 07:{minute:02d}:00",
                    str(62 + minute * 7 % 31),
                    str(minute * 13 % 90),
                    f"{0.11 * minute:.2f}",
                    f"{51.34 + minute / 1000:.5f}",
                    f"{12.37 + minute / 900:.5f}",
                ]
                for minute in range(30)
            ],
            ["timestamp", "heart_rate", "steps", "distance_km", "lat", "lon"],
            name="activity_2024-05-01.csv",
        ),
        "refused",
    ),
    wild(
        "vectors of notes without their words",
        jsonl(
            [
                {
                    "id": f"note-{number:03d}",
                    "model": "text-embedding-3-small",
                    "embedding": [round(((number * 37 + index * 11) % 200 - 100) / 173, 6) for index in range(24)],
                }
                for number in range(12)
            ],
            "vectors.jsonl",
        ),
        "refused",
    ),
    _photographs_mushrooms_list(),
)
"""Datasets with faults, and what there is nothing to learn from."""
