"""A person's own chats.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import json
from typing import Any

from tests.data.wild.table import Wild, array, chat, table, wild


def _mapped(title: str, *texts: str, system: str = "") -> dict[str, Any]:
    ids = ["root", *(f"n{index}" for index in range(len(texts) + 1))]
    roles = ["system", *(("user", "assistant")[index % 2] for index in range(len(texts)))]
    mapping: dict[str, Any] = {"root": {"id": "root", "message": None, "parent": None, "children": [ids[1]]}}
    for index, (role, text) in enumerate(zip(roles, [system, *texts], strict=False)):
        mapping[ids[index + 1]] = {
            "id": ids[index + 1],
            "message": {
                "id": ids[index + 1],
                "author": {"role": role, "name": None, "metadata": {}},
                "create_time": 1709300000.5 + index,
                "content": {"content_type": "text", "parts": [text]},
                "status": "finished_successfully",
                "weight": 0.0 if role == "system" else 1.0,
                "metadata": {"is_visually_hidden_from_conversation": True} if role == "system" else {},
                "recipient": "all",
            },
            "parent": ids[index],
            "children": ids[index + 2 : index + 3],
        }
    return {
        "title": title,
        "create_time": 1709300000.5,
        "update_time": 1709300100.0,
        "mapping": mapping,
        "moderation_results": [],
        "current_node": ids[-1],
        "conversation_id": title.replace(" ", "-").lower(),
    }


def _turns_of_sessions() -> Wild:
    talks: dict[str, Any] = {
        "a1f": [
            "What does a rain gauge measure?",
            "The depth of water that fell on a level surface, in millimetres.",
            "And one millimetre is how much?",
            "One litre on each square metre.",
        ],
        "b77": ["Why is the sky white today?", "Thin high cloud scatters all colours alike."],
        "c20": [
            "Is hail possible in summer?",
            "It is most common then, because strong updraughts need warm ground.",
            "How big can it get?",
            "The largest known stone measured about 20 centimetres across.",
        ],
        "d9e": ["Define dew point.", "The temperature at which air, cooled at constant pressure, becomes saturated."],
        "e03": ["Does the moon change the weather?", "Hardly. It moves the air in tides too small to feel."],
        "f51": ["What is a foehn?", "A warm, dry wind in the lee of a mountain range."],
    }
    return wild(
        "turns of conversations, one per line, with session and sequence",
        table(
            [
                [
                    str(number),
                    key,
                    str(index + 1),
                    ("user", "assistant")[index % 2],
                    text,
                    f"2024-04-{index + 1:02d} 10:00:{index:02d}",
                ]
                for number, (key, index, text) in enumerate(
                    ((key, index, text) for key, texts in talks.items() for index, text in enumerate(texts)), 1
                )
            ],
            ["id", "session_id", "seq", "role", "content", "created_at"],
            name="chat_messages.csv",
        ),
        "sft",
        chat(*talks["a1f"]),
        rows=6,
    )


CHATS: tuple[Wild, ...] = (
    wild(
        "whatsapp of a tenant and a landlord, android",
        {
            "WhatsApp Chat with Mr Okafor.txt": b"12/03/2024, 14:02 - Messages and calls are end-to-end encrypted. "
            b"No one outside of this chat, "
            b"not even WhatsApp, can read or listen to them.\n12/03/2024, 14:05 - Priya: Hello Mr Okafor, the "
            b"boiler shows E119 again\n12/03/2024, 14:09 - Mr Okafor: Hello Priya. That means the pressure is "
            b"low.\n12/03/2024, 14:09 - Mr Okafor: Please open the two black taps under it until the needle "
            b"is at 1.5, then close both.\n12/03/2024, 14:21 - Priya: Done, it is back on! Thank you\n"
            b"12/03/2024, 14:22 - Mr Okafor: Good. If it drops again within a week I will send the plumber.\n"
            b"18/03/2024, 08:47 - Priya: Morning. It is at 0.6 again\n"
            b"18/03/2024, 08:55 - Mr Okafor: Then there is a leak somewhere. Is any radiator wet at the "
            b"valve?\n18/03/2024, 09:10 - Priya: <Media omitted>\n"
            b"18/03/2024, 09:10 - Priya: The one in the hall, a little\n"
            b"18/03/2024, 09:31 - Mr Okafor: I see. The plumber comes tomorrow between ten and twelve, his "
            b"name is Joe.\nHe will ring the bell of the ground floor.\n"
            b"18/03/2024, 09:33 - Priya: Perfect, I am home\n02/04/2024, 19:15 - Priya: May I paint the "
            b"bedroom?\n02/04/2024, 19:40 - Mr Okafor: Yes, in a light colour, and please keep the rest of "
            b"the paint for repairs.\n"
        },
        "sft cpt",
    ),
    wild(
        "whatsapp of a family of four, ios in italian",
        {
            "_chat.txt": "\u200e[03/11/23, 18:20:11] Famiglia: \u200eI messaggi e le chiamate sono crittografati "
            "end-to-end.\n[03/11/23, 18:21:40] Mamma: Chi viene a pranzo domenica?\n"
            "[03/11/23, 18:22:02] Luca: Io e Sara sì\n[03/11/23, 18:25:37] Papà: Porto il vino\n"
            "[03/11/23, 18:31:09] Giulia: Io arrivo alle due, ho la partita\n"
            "[03/11/23, 18:31:50] Mamma: Va bene, ti tengo le lasagne in caldo\n"
            "[03/11/23, 18:33:15] Luca: Serve qualcosa dal mercato?\n"
            "[03/11/23, 18:35:44] Mamma: Due limoni e il prezzemolo, grazie\n"
            "[03/11/23, 18:36:01] Papà: E il pane, quello di Altamura\n"
            "[05/11/23, 12:48:20] Luca: Siamo sotto casa, il citofono non va\n"
            "[05/11/23, 12:49:03] Papà: Scendo\n\u200e[05/11/23, 16:10:12] Giulia: \u200eimmagine omessa\n"
            "[05/11/23, 16:10:30] Giulia: La torta era buonissima, mi mandi la ricetta?\n"
            "[05/11/23, 16:42:55] Mamma: Tre uova, un vasetto di yogurt, due di zucchero, tre di farina, "
            "mezzo di olio, una bustina di lievito. Quaranta minuti a 180 gradi.\n".encode()
        },
        "sft cpt",
    ),
    wild(
        "discord channel of a game as an exported sheet",
        table(
            [
                ["119", "mossy#0", "2024-02-10T20:01:00.0000000+01:00", "how do i get past the flooded mine?", "", ""],
                [
                    "204",
                    "tinker_bo#0",
                    "2024-02-10T20:02:00.0000000+01:00",
                    "you need the bellows from the smith, then stand on the grate and use them twice",
                    "",
                    "👍 (2)",
                ],
                ["119", "mossy#0", "2024-02-10T20:06:00.0000000+01:00", "omg it works, ty", "", ""],
                [
                    "377",
                    "Ravn#0",
                    "2024-02-10T20:30:00.0000000+01:00",
                    "does the speedrun category allow the raft skip",
                    "",
                    "",
                ],
                [
                    "204",
                    "tinker_bo#0",
                    "2024-02-10T20:31:00.0000000+01:00",
                    "only in any%, in glitchless it is banned since the vote in january",
                    "",
                    "",
                ],
                ["377", "Ravn#0", "2024-02-10T20:31:00.0000000+01:00", "sad", "", "😢 (1)"],
                [
                    "512",
                    "Quill#0",
                    "2024-02-11T09:12:00.0000000+01:00",
                    "patch notes are out: the owl no longer steals your lantern if you feed it",
                    "https://cdn.example.org/notes.png",
                    "",
                ],
                [
                    "119",
                    "mossy#0",
                    "2024-02-11T09:15:00.0000000+01:00",
                    "finally, i lost six lanterns to that bird",
                    "",
                    "",
                ],
            ],
            ["AuthorID", "Author", "Date", "Content", "Attachments", "Reactions"],
            name="Lanternfall - help [8841].csv",
        ),
        "sft cpt",
    ),
    wild(
        "conversations of a chat assistant in danish and english, trees of nodes",
        array(
            [
                _mapped(
                    "Rugbrød uden surdej",
                    "Kan man bage rugbrød uden surdej?",
                    "Ja. Brug en deciliter kærnemælk og en spiseskefuld eddike i stedet, så får brødet syre nok.",
                    "Hvor længe skal det hæve?",
                    "To timer i formen er fint, når du bruger gær.",
                ),
                _mapped(
                    "Excel question",
                    "How do I count the cells that contain the word paid?",
                    'Use =COUNTIF(A:A,"*paid*"). The stars stand for any text before and after.',
                ),
                _mapped(
                    "Cykeltur på Fyn",
                    "Foreslå en cykeltur på Fyn på tre dage.",
                    "Dag 1: Odense til Faaborg, 42 km. Dag 2: Faaborg til Svendborg langs kysten, 35 km. Dag "
                    "3: Svendborg til Nyborg, 40 km, og toget hjem.",
                ),
                _mapped(
                    "Regex for dates",
                    "Regex for dates like 2024-03-01?",
                    "\\d{4}-\\d{2}-\\d{2}",
                    "It also matches 2024-99-99.",
                    "Right. Use \\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01]) to keep months and days in range.",
                    "Thanks",
                    "You're welcome!",
                ),
                _mapped("Name for a boat", "Give me one name for a small red boat.", "Rosehip"),
                _mapped(
                    "Tak-kort",
                    "Skriv et kort takkekort til min nabo, som passede katten.",
                    "Kære Inge\nTusind tak fordi du passede på Misser. Hun spinder endnu, når vi siger dit navn.",
                ),
            ],
            "conversations.json",
        ),
        "sft",
        chat(
            "Kan man bage rugbrød uden surdej?",
            "Ja. Brug en deciliter kærnemælk og en spiseskefuld eddike i stedet, så får brødet syre nok.",
            "Hvor længe skal det hæve?",
            "To timer i formen er fint, når du bruger gær.",
        ),
        rows=6,
    ),
    wild(
        "sheet with an id and the whole conversation as json",
        table(
            [
                [
                    key,
                    "web",
                    json.dumps(
                        [
                            {"role": role, "content": text}
                            for role, text in zip(
                                ["system", "user", "assistant", "user", "assistant"],
                                ["You help guests of Hotel Lindenhof.", *texts],
                                strict=False,
                            )
                        ],
                        ensure_ascii=False,
                    ),
                    stars,
                ]
                for key, stars, texts in [
                    ("c-01", "5", ["Is breakfast included?", "Yes, in every rate. It is served from 7 to 10:30."]),
                    (
                        "c-02",
                        "4",
                        [
                            "May I check in at noon?",
                            "If the room is ready, gladly. Shall I put a note in your booking?",
                            "Yes, Bauer, two nights.",
                            "Noted, Mr Bauer. We will do our best for noon.",
                        ],
                    ),
                    ("c-03", "5", ["Gibt es eine Sauna?", "Ja, im Keller, täglich von 16 bis 21 Uhr."]),
                    (
                        "c-04",
                        "2",
                        [
                            "The room smells of smoke.",
                            "I am very sorry. I have set aside room 214 for you, the key is at the desk.",
                        ],
                    ),
                    (
                        "c-05",
                        "5",
                        [
                            "How far is the station?",
                            "Six minutes on foot.",
                            "And by taxi?",
                            "Longer, because of the one-way streets.",
                        ],
                    ),
                    ("c-06", "5", ["Do you have an iron?", "There is one in the wardrobe of every room."]),
                ]
            ],
            ["session", "channel", "conversation", "stars"],
            name="sessions.csv",
        ),
        "sft",
        chat(
            "Is breakfast included?",
            "Yes, in every rate. It is served from 7 to 10:30.",
            system="You help guests of Hotel Lindenhof.",
        ),
        rows=6,
    ),
    _turns_of_sessions(),
)
"""A person's own chats."""
