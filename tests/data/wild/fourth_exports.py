"""What messengers and help desks export.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

from tests.data.wild.fourth_pool import ANSWERS, QUESTIONNAIRE, QUESTIONS, plain
from tests.data.wild.table import Has, Turn, Wild, array, chat, jsonl, table, wild

CALLS = [
    ("agent", "Oldmere Ferries, good morning."),
    ("customer", "Hello, can I take my bicycle on the evening ferry?"),
    ("agent", "Yes, bicycles travel free after six."),
    ("customer", "Wonderful, and must I book?"),
    ("agent", "No booking is needed, just be there ten minutes early."),
]

EXPORTS: tuple[Wild, ...] = (
    wild(
        "kakao talk csv",
        table(
            [
                ["2024-03-02 09:11:05", "민지", "오늘 빵 구웠어"],
                ["2024-03-02 09:12:40", "준호", "무슨 빵?"],
                ["2024-03-02 09:13:02", "민지", "호밀빵, 좀 시큼해"],
                ["2024-03-02 09:15:30", "준호", "한 조각 남겨 줘"],
                ["2024-03-03 18:00:01", "준호", "아직 남았어?"],
                ["2024-03-03 18:04:55", "민지", "마지막 조각이야"],
            ],
            ["Date", "User", "Message"],
            name="KakaoTalk_Chat_민지.csv",
            encoding="utf-8-sig",
        ),
        "sft cpt",
    ),
    wild(
        "line talk in text",
        plain(
            "[LINE] 由美とのトーク履歴\r\n保存日時：2024/05/01 "
            "21:40\r\n\r\n2024/04/28(日)\r\n09:02\t由美\tおはよう、今日は釣りに行く？\r\n"
            "09:05\t健\t風が強いからやめておく\r\n09:06\t由美\tじゃあ味噌でも仕込もうか\r\n"
            "09:09\t健\tいいね、大豆を買って行く\r\n\r\n2024/04/29(月)\r\n12:30\t健\t味噌はどうなった？\r\n"
            "12:41\t由美\t蔵で眠っているよ\r\n",
            "[LINE]由美.txt",
        ),
        "sft cpt",
    ),
    wild(
        "weechat log",
        plain(
            "".join(
                f"2024-06-0{1 + i // 4} 1{i % 4}:0{i % 10}:11\t{n}\t{m}\n"
                for i, (n, m) in enumerate(
                    [
                        ("-->", "anna (~anna@host) has joined #boats"),
                        ("anna", "anyone here who has varnished a mast?"),
                        ("@rolf", "yes, seven thin coats and sand between them"),
                        ("anna", "seven? how long does that take"),
                        ("@rolf", "a week if it is dry"),
                        ("<--", "rolf (~rolf@host) has quit"),
                        ("anna", "thanks"),
                        ("mia", "use a foam brush"),
                    ]
                )
            ),
            "irc.libera.#boats.weechatlog",
        ),
        "sft cpt",
    ),
    wild(
        "messages in paragraphs of an exporter",
        plain(
            "Mar 02, 2024  9:11:05 AM\nMe\nDid you feed the starter?\n\nMar 02, 2024  9:14:21 AM (Read by "
            "you after 2 minutes)\n+4915112345\nYes, twice, it smells of apples.\n\nMar 02, 2024  9:15:02 "
            "AM\nMe\nGreat, then we bake tonight.\n\nMar 02, 2024  9:20:44 AM (Read by you after 1 "
            "minute)\n+4915112345\nI bring the rye.\n",
            "+4915112345.txt",
        ),
        "sft cpt",
    ),
    wild(
        "calls of a centre line by line",
        table(
            [
                [c, str(i + 1), s, t, f"00:00:{i * 7:02d}"]
                for c in ["C-17", "C-18", "C-19"]
                for i, (s, t) in enumerate(
                    CALLS if c == "C-17" else [(s, t.replace("bicycle", "dog")) for s, t in CALLS]
                )
            ],
            ["call_id", "line_no", "speaker", "text", "offset"],
            name="transcripts.csv",
        ),
        "sft",
        {
            "messages": [
                *[Turn("assistant", "good morning")],
                Turn("user", "my bicycle"),
                Turn("assistant", "free after six"),
                Turn("user", "must I book"),
                Turn("assistant", "ten minutes early"),
            ]
        },
        {
            "messages": [
                Turn("user", "my bicycle"),
                Turn("assistant", "free after six"),
                Turn("user", "must I book"),
                Turn("assistant", "ten minutes early"),
            ]
        },
        usable=3,
    ),
    wild(
        "tickets with comments of users and agents",
        jsonl(
            [
                {
                    "id": 100 + i,
                    "subject": s,
                    "status": "closed",
                    "requester_id": 1,
                    "description": q,
                    "tags": ["web"],
                    "comments": [
                        {"id": 1, "author": {"id": 1, "role": "end-user"}, "body": q, "public": True},
                        {"id": 2, "author": {"id": 9, "role": "agent"}, "body": a, "public": True},
                        {
                            "id": 3,
                            "author": {"id": 1, "role": "end-user"},
                            "body": "That worked, thanks!",
                            "public": True,
                        },
                    ],
                }
                for i, (s, q, a) in enumerate(
                    [
                        (
                            "Cannot log in",
                            "I reset my password but the page says my account is locked.",
                            "I have unlocked your account; please sign in within the hour.",
                        ),
                        (
                            "Wrong invoice",
                            "My invoice shows two tickets but I bought one.",
                            "You are right, a corrected invoice is on its way.",
                        ),
                        (
                            "Refund",
                            "The ferry was cancelled, how do I get my money back?",
                            "Refunds go back to the card within five days.",
                        ),
                        (
                            "Group fare",
                            "Do you have a fare for twelve people?",
                            "From ten people on everybody pays half.",
                        ),
                    ]
                )
            ],
            "zendesk_tickets.jsonl",
        ),
        "sft",
        {
            "messages": [
                Turn("user", "my account is locked"),
                Turn("assistant", "I have unlocked your account"),
                Turn("user", "That worked"),
            ]
        },
        {"messages": [Turn("user", "my account is locked"), Turn("assistant", "I have unlocked your account")]},
        rows=4,
    ),
    wild(
        "german tickets with a solution in cp1252",
        table(
            [
                [
                    "4711",
                    "Drucker streikt",
                    "Der Drucker im Flur meldet Papierstau, obwohl kein Papier klemmt.",
                    "Bitte die hintere Klappe öffnen und den Sensor mit einem Pinsel säubern.",
                    "geschlossen",
                    "Müller",
                ],
                [
                    "4712",
                    "VPN bricht ab",
                    "Alle zehn Minuten verliere ich die Verbindung zum VPN.",
                    "Das lag am Energiesparmodus des WLAN, ich habe ihn abgeschaltet.",
                    "geschlossen",
                    "Groß",
                ],
                [
                    "4713",
                    "Postfach voll",
                    "Ich kann keine Mails mehr empfangen.",
                    "Das Archiv wurde eingerichtet, ältere Mails liegen jetzt dort.",
                    "geschlossen",
                    "Müller",
                ],
                [
                    "4714",
                    "Beamer flackert",
                    "Im Saal flackert der Beamer seit gestern.",
                    "Das Kabel war defekt und wurde getauscht.",
                    "geschlossen",
                    "Jäger",
                ],
            ],
            ["Ticket-Nr.", "Betreff", "Beschreibung", "Lösung", "Status", "Bearbeiter"],
            delimiter=";",
            encoding="cp1252",
            name="tickets_export.csv",
        ),
        "sft",
        {
            "messages": [
                Turn("user", "Papierstau"),
                {
                    "role": "assistant",
                    "content": "Bitte die hintere Klappe öffnen und den Sensor mit einem Pinsel säubern.",
                },
            ]
        },
        rows=4,
    ),
    wild(
        "issues with comments",
        array(
            [
                {
                    "number": i,
                    "title": t,
                    "state": "closed",
                    "user": {"login": "ada"},
                    "labels": [{"name": "bug"}],
                    "body": b,
                    "comments": [
                        {
                            "user": {"login": "maintainer"},
                            "author_association": "OWNER",
                            "body": c,
                            "created_at": "2024-01-01T00:00:00Z",
                        }
                    ],
                }
                for i, (t, b, c) in enumerate(
                    [
                        (
                            "Crash on empty file",
                            "When I open an empty file the program dies with IndexError.",
                            "Thanks, fixed in 1.2.1: the reader returns early now.",
                        ),
                        (
                            "Add dark mode",
                            "My eyes hurt at night.",
                            "Use the theme option, it has been there since 1.0.",
                        ),
                        ("Docs link broken", "The link to the guide gives 404.", "Repaired, the site was moved."),
                        (
                            "Slow start",
                            "It takes nine seconds to start on my laptop.",
                            "Please remove the old cache folder and try again.",
                        ),
                    ]
                )
            ],
            "issues.json",
        ),
        "sft cpt",
        {"messages": [Turn("user", "IndexError"), Turn("assistant", "reader returns early")]},
        {"text": Has("IndexError")},
        rows=4,
    ),
    wild(
        "form answers of a course",
        table(
            [
                [
                    "2024/02/01 10:11:12 AM GMT+1",
                    "ada@x.example",
                    "How long does clay have to dry before firing?",
                    "At least a week, and longer for thick walls.",
                    "Yes",
                ],
                [
                    "2024/02/01 11:00:00 AM GMT+1",
                    "bo@x.example",
                    "Can I glaze a pot twice?",
                    "Yes, if the first coat has been fired or is fully dry.",
                    "No",
                ],
                [
                    "2024/02/02 09:30:00 AM GMT+1",
                    "cy@x.example",
                    "Why did my bowl crack?",
                    "The bottom was not compressed enough while throwing.",
                    "Yes",
                ],
                [
                    "2024/02/03 08:15:00 AM GMT+1",
                    "di@x.example",
                    "What is grog?",
                    "Fired clay that was ground up and makes the body coarser and safer.",
                    "Yes",
                ],
            ],
            ["Timestamp", "Email Address", "What is your question?", "Answer from the team", "May we publish it?"],
            name="Form Responses 1.csv",
        ),
        "sft",
        chat("How long does clay have to dry before firing?", "At least a week, and longer for thick walls."),
        rows=4,
    ),
    wild(
        "conversations of a messenger for shops in html",
        array(
            {
                "type": "conversation.list",
                "conversations": [
                    {
                        "type": "conversation",
                        "id": str(i),
                        "created_at": 1700000000,
                        "state": "closed",
                        "source": {
                            "type": "conversation",
                            "body": f"<p>{q}</p>",
                            "author": {"type": "user", "id": "5f", "name": "Ada"},
                        },
                        "conversation_parts": {
                            "type": "conversation_part.list",
                            "total_count": 2,
                            "conversation_parts": [
                                {
                                    "type": "conversation_part",
                                    "part_type": "comment",
                                    "body": f"<p>{a}</p>",
                                    "author": {"type": "admin", "name": "Bo"},
                                },
                                {
                                    "type": "conversation_part",
                                    "part_type": "close",
                                    "body": None,
                                    "author": {"type": "admin", "name": "Bo"},
                                },
                            ],
                        },
                    }
                    for i, (q, a, _) in enumerate(QUESTIONNAIRE[:4])
                ],
            },
            "intercom.json",
        ),
        "sft",
        chat(Has(QUESTIONS[0]), Has(ANSWERS[0])),
        rows=4,
    ),
)
"""What messengers and help desks export."""
