"""A person's own chats, mails, captions and logs.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import gzip
from typing import Any

from tests.data.wild.fourth_pool import plain
from tests.data.wild.sixth_pool import said
from tests.data.wild.table import Has, Wild, array, chat, jsonl, wild


def _node(i: str, parent: str, role: str, body: str, t: float | None) -> dict[str, Any]:
    return {
        "id": i,
        "message": {
            "id": i,
            "author": {"role": role, "name": None, "metadata": {}},
            "create_time": t,
            "content": {"content_type": "text", "parts": [body]},
            "status": "finished_successfully",
            "weight": 1.0,
            "metadata": {},
            "recipient": "all",
        },
        "parent": parent,
        "children": [],
    }


def _chats_taken_out() -> Wild:
    talks: list[Any] = []
    for i, (title, q, a, q2, a2) in enumerate(
        [
            (
                "Beulen im Teig",
                "Warum hat mein Teig Blasen?",
                "Weil die Hefe Gas bildet.",
                "Ist das schlimm?",
                "Nein, im Gegenteil.",
            ),
            ("Excel sum", "How do I sum a column?", "=SUM(A:A)", "And only positive ones?", '=SUMIF(A:A,">0")'),
            ("Trip", "Two days in Ghent?", "Castle, altar, canals.", "With rain?", "Museums, then."),
            ("Regex", "Match a postcode of four digits", "\\b\\d{4}\\b", "With letters", "\\b\\d{4} ?[A-Z]{2}\\b"),
            ("Gift", "Idea for my father, 70?", "A bird feeder with a camera.", "Cheaper?", "A good book on birds."),
        ]
    ):
        m = {
            "root": {"id": "root", "message": None, "parent": None, "children": [f"s{i}"]},
            f"s{i}": _node(f"s{i}", "root", "system", "", None),
        }
        chain = [(f"a{i}", "user", q), (f"b{i}", "assistant", a), (f"c{i}", "user", q2), (f"d{i}", "assistant", a2)]
        last = f"s{i}"
        for k, (n, r, b) in enumerate(chain):
            m[n] = _node(n, last, r, b, 1700000000.5 + k)
            m[last]["children"] = [n]
            last = n
        talks.append(
            {
                "title": title,
                "create_time": 1700000000.1,
                "update_time": 1700000100.2,
                "mapping": m,
                "moderation_results": [],
                "current_node": last,
                "conversation_id": f"id-{i}",
                "default_model_slug": "gpt-4o",
            }
        )
    return wild(
        "chats taken out with their tree",
        array(talks, "conversations.json"),
        "sft",
        chat("Warum hat mein Teig Blasen?", "Weil die Hefe Gas bildet.", "Ist das schlimm?", "Nein, im Gegenteil."),
        rows=5,
    )


def _plausch_beim_training() -> Wild:
    messages = "03.02.24, 18:02 - Nachrichten und Anrufe sind Ende-zu-Ende-verschlüsselt.\n"
    for i, (a, b) in enumerate(
        [
            ("Kommst du heute zum Training?", "Ja, aber erst um halb acht"),
            ("Bringst du die Bälle mit?", "Klar, liegen im Auto"),
            ("Super 👍", "Hast du den Schlüssel?"),
            ("Den hat Jonas", "Na dann hoffen wir mal"),
            ("Wer fährt am Sonntag?", "Ich kann vier mitnehmen"),
            ("Perfekt, dann sind wir komplett", "Abfahrt um neun, bitte pünktlich"),
        ]
    ):
        messages += f"03.02.24, 18:{10 + i} - Mira: {a}\n03.02.24, 18:{30 + i} - Ole: {b}\n"
    return wild(
        "plausch beim training",
        plain(messages, "WhatsApp Chat mit Ole.txt"),
        "sft cpt",
        {"messages": Has("Kommst du heute zum Training?", "Ja, aber erst um halb acht")},
        {"text": Has("Kommst du heute zum Training?")},
    )


def _subtitles_workshop_video() -> Wild:
    subtitles = "".join(
        f"{i + 1}\n00:00:{i * 4:02d},000 --> 00:00:{i * 4 + 3:02d},500\n{t}\n\n"
        for i, t in enumerate(
            [
                "Welcome back to the workshop.",
                "Today we sharpen a plane iron.",
                "First flatten the back",
                "on a coarse stone.",
                "Then set the angle to twenty-five degrees",
                "and keep your elbows close.",
                "You should feel a burr",
                "along the whole edge.",
            ]
        )
    )
    return wild(
        "subtitles of a workshop video",
        plain(subtitles, "workshop.en.srt"),
        "cpt",
        {"text": Has("Today we sharpen a plane iron.", "along the whole edge.")},
        rows=1,
    )


def _captions_talk_bees() -> Wild:
    vtt = "WEBVTT\n\n" + "".join(
        f"00:00:{i * 5:02d}.000 --> 00:00:{i * 5 + 4:02d}.000\n<v {w}>{t}</v>\n\n"
        for i, (w, t) in enumerate(
            [
                ("Host", "What brought you to beekeeping?"),
                ("Guest", "My grandfather left me three hives."),
                ("Host", "Were you stung a lot?"),
                ("Guest", "Every week of the first year."),
                ("Host", "And today?"),
                ("Guest", "Hardly ever, one learns to move slowly."),
            ]
        )
    )
    return wild(
        "captions of a talk on bees",
        plain(vtt, "interview.vtt"),
        "sft cpt",
        {"text": Has("What brought you to beekeeping?", "My grandfather left me three hives.")},
        {"messages": Has("What brought you to beekeeping?", "My grandfather left me three hives.")},
    )


def _letters_rowing_club() -> Wild:
    box = "".join(
        f"From {a}@example.org Mon Mar  4 10:0{i}:00 2024\nFrom: {a.title()} <{a}@example.org>\n"
        f"To: club@example.org\nSubject: {s}\nDate: Mon, 4 Mar 2024 10:0{i}:00 +0000\n"
        f"Message-ID: <m{i}@example.org>\nContent-Type: text/plain; charset=utf-8\n\n{b}\n\n"
        for i, (a, s, b) in enumerate(
            [
                (
                    "rita",
                    "Key of the boathouse",
                    "Dear all,\nthe key of the boathouse now hangs in the kitchen. Please put it back after "
                    "rowing.\nRita",
                ),
                (
                    "hugo",
                    "Painting day",
                    "Hello everybody,\nwe paint the hulls on Saturday from nine. Bring old clothes.\nHugo",
                ),
                ("ida", "Lost scarf", "Hi,\nI left a green scarf in boat four. Has anybody seen it?\nIda"),
                ("max", "Regatta", "Friends,\nthe regatta was moved to June because of the flood.\nMax"),
            ]
        )
    )
    return wild(
        "letters of a rowing club",
        plain(box, "club.mbox"),
        "cpt sft",
        {"text": Has("the key of the boathouse now hangs in the kitchen")},
        {"messages": Has("the key of the boathouse now hangs in the kitchen")},
    )


def _gateway_log_small() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "timestamp": f"2024-09-0{i + 1}T08:00:00Z",
            "model": "llama3.1:8b",
            "request": {
                "model": "llama3.1:8b",
                "messages": [said("system", "Be terse."), said("user", q)],
                "stream": False,
                "options": {"temperature": 0.2},
            },
            "response": {"model": "llama3.1:8b", "message": said("assistant", a), "done": True, "eval_count": 12},
            "latency_ms": 300 + i,
        }
        for i, (q, a) in enumerate(
            [
                ("Unit of force?", "Newton."),
                ("Unit of charge?", "Coulomb."),
                ("Unit of pressure?", "Pascal."),
                ("Unit of power?", "Watt."),
                ("Unit of frequency?", "Hertz."),
                ("Unit of capacitance?", "Farad."),
            ]
        )
    ]
    return wild(
        "gateway log of a small llama",
        jsonl(rows, "requests.jsonl"),
        "sft",
        chat("Unit of force?", "Newton.", system="Be terse."),
        rows=6,
    )


def _zipped_lines_proxy() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "id": f"chatcmpl-{i}",
            "call_type": "acompletion",
            "model": "gpt-4o-mini",
            "messages": [said("user", f"Headline for: {t}")],
            "response": {
                "id": f"chatcmpl-{i}",
                "choices": [{"index": 0, "finish_reason": "stop", "message": said("assistant", h)}],
                "usage": {"total_tokens": 30},
            },
            "spend": 0.0001,
            "user": "u1",
            "metadata": {},
        }
        for i, (t, h) in enumerate(
            [
                ("bakery wins prize", "Loaf of the Year Goes to Corner Bakery"),
                ("bridge painted blue", "Old Bridge Gets the Blues"),
                ("cat returns after years", "Nine Lives, Six Years, One Cat"),
                ("rain stops fair", "Fair Washed Out"),
                ("choir turns ninety", "Ninety Years in Harmony"),
                ("library lends seeds", "Borrow a Book, Sow a Bed"),
            ]
        )
    ]
    return wild(
        "zipped lines of a proxy",
        {"spend_logs.jsonl.gz": gzip.compress(next(iter(jsonl(rows).values())), mtime=0)},
        "sft",
        chat("Headline for: bakery wins prize", "Loaf of the Year Goes to Corner Bakery"),
        rows=6,
    )


def _talk_astronomer_text() -> Wild:
    dialogue = "\n".join(
        f"Interviewer: {q}\nDr. Sand: {a}"
        for q, a in [
            ("When did you first see the comet?", "On the ninth of March, shortly before dawn."),
            ("Were you alone?", "My assistant had gone to fetch coffee."),
            ("Did he believe you?", "Not until he saw the plate."),
            ("How bright was it?", "You could have read a clock by it."),
            ("And now?", "It is gone for four thousand years."),
        ]
    )
    return wild(
        "talk with an astronomer in text",
        plain(dialogue + "\n", "interview_sand.txt"),
        "sft cpt",
        {"messages": Has("When did you first see the comet?", "On the ninth of March")},
        {"text": Has("When did you first see the comet?")},
    )


LOGS: tuple[Wild, ...] = (
    _chats_taken_out(),
    _plausch_beim_training(),
    _subtitles_workshop_video(),
    _captions_talk_bees(),
    _letters_rowing_club(),
    _gateway_log_small(),
    _zipped_lines_proxy(),
    _talk_astronomer_text(),
)
"""A person's own chats, mails, captions and logs."""
