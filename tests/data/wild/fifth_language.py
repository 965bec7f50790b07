"""Popular datasets for a skill: labels, summaries, reading, translation, role play.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

from typing import Any

from tests.data.wild.fifth_pool import town
from tests.data.wild.table import Has, OneOf, Turn, Wild, parquet, table, wild

MARKET_NEWS = [
    ("$BYND - JPMorgan reels in expectations on Beyond Meat", 0),
    ("$ALK: Alaska Air upgraded to buy after strong quarter", 1),
    ("The ECB meets on Thursday", 2),
    ("$OIL drops 4% on demand fears", 0),
    ("Chipmaker raises full-year outlook", 1),
    ("Markets closed on Monday for the holiday", 2),
    ("Retailer warns of weak holiday sales", 0),
    ("Shipping rates hit a record high, carriers rally", 1),
]

REVIEWS = [
    (
        "One of the other reviewers has mentioned that after watching just one episode you'll be hooked. "
        "They are right.<br /><br />The first thing that struck me was its brutality.",
        "positive",
    ),
    ("I thought this was a wonderful way to spend time on a too hot summer weekend.", "positive"),
    (
        "Basically there's a family where a little boy thinks there's a zombie in his closet. Dull from start to end.",
        "negative",
    ),
    ("The plot holes would hold a lorry.", "negative"),
    ("Sound, camera, cast: all superb. I left the cinema humming.", "positive"),
    ("Two hours I will never get back.", "negative"),
]

SPAM = [
    ("ham", "Go until jurong point, crazy.. Available only in bugis n great world"),
    ("ham", "Ok lar... Joking wif u oni..."),
    ("spam", "Free entry in 2 a wkly comp to win FA Cup final tkts 21st May. Text FA to 87121"),
    ("ham", "Nah I don't think he goes to usf, he lives around here though"),
    ("spam", "WINNER!! You have been selected to receive a £900 prize reward! Call 09061701461."),
    ("ham", "I'll be home by six, put the rice on"),
]

DIALOGUES = [
    (
        "#Person1#: Hi, Mr. Smith. I'm Doctor Hawkins. Why are you here today?\n#Person2#: I found it would "
        "be a good idea to get a check-up.\n#Person1#: You haven't had one for five years.",
        "Mr. Smith gets a check-up from Doctor Hawkins, who tells him he has not had one for five years.",
        "get a check-up",
    ),
    (
        "#Person1#: Is this seat free?\n#Person2#: No, my coat is sitting there.\n#Person1#: Then tell it to move up.",
        "#Person1# asks #Person2# for a seat that is taken by a coat.",
        "find a seat",
    ),
    (
        "#Person1#: The train is late again.\n#Person2#: I'll call the office.",
        "The train is late, so #Person2# will call the office.",
        "late train",
    ),
    ("#Person1#: How was the exam?\n#Person2#: Long, but fair.", "#Person2# found the exam long but fair.", "exam"),
    (
        "#Person1#: Could you lend me your drill?\n#Person2#: Sure, bring it back by Friday.",
        "#Person2# lends #Person1# a drill until Friday.",
        "lending",
    ),
    (
        "#Person1#: I'd like to book a table for four.\n#Person2#: At eight?\n#Person1#: Half past seven, please.",
        "#Person1# books a table for four at half past seven.",
        "booking",
    ),
]

REPORTS = [
    (town(i, 4)[1], f"The report traces how {town(i)[0]} grew from a market into a town of visitors.") for i in range(8)
]


def _reading(number: int) -> dict[str, Any]:
    name, text = town(number, 2)
    year = str(1200 + number * 37 % 500)
    question = (
        f"In which year did {name} receive its charter?" if number % 3 else f"Who is the present mayor of {name}?"
    )
    return {
        "id": f"5733be284776f4190066{number:04d}",
        "title": name,
        "context": text,
        "question": question,
        "answers": {
            "text": [year] if number % 3 else [],
            "answer_start": [text.index(year)] if number % 3 else [],
        },
    }


READING = [_reading(number) for number in (*range(1, 9), 0)]

NOVEL = [
    (
        "The rain had stopped by the time we reached the inn.",
        "La pluie avait cessé lorsque nous atteignîmes l'auberge.",
    ),
    ("She did not answer.", "Elle ne répondit pas."),
    ("“Who goes there?” cried the sentry.", "« Qui va là ? » cria la sentinelle."),
    ("He had been a carpenter all his life.", "Il avait été charpentier toute sa vie."),
    ("Nothing moved.", "Rien ne bougeait."),
    ("The letter lay unopened on the table.", "La lettre gisait, fermée, sur la table."),
]

ROLES = [
    (
        "Sherlock Holmes",
        "You are Sherlock Holmes, a detective with sharp eyes and little patience.",
        "What do you see?",
        "You came by hansom, sat on the left, and quarrelled with the driver about his dog.",
    ),
    ("Captain Ahab", "You are Captain Ahab.", "Turn the ship around!", "Turn? I would turn the sun first."),
    ("Baba Yaga", "You are Baba Yaga.", "May I come in?", "Only if you bring your own bones."),
    (
        "Ada Lovelace",
        "You are Ada Lovelace.",
        "Can a machine think?",
        "It can do whatever we know how to order it to perform.",
    ),
    (
        "A tired barista",
        "You are a barista at closing time.",
        "One latte please",
        "The machine is asleep, and so, nearly, am I.",
    ),
    (
        "Robin Hood",
        "You are Robin Hood.",
        "Give me my purse!",
        "It has been given already, sir, to forty hungry people.",
    ),
]

CHOICES = [
    (
        "Which of the following lies deepest in the earth?",
        "geology",
        ["Crust", "Mantle", "Inner core", "Outer core"],
        2,
    ),
    (
        "A price floor above equilibrium causes",
        "high_school_microeconomics",
        ["a shortage", "a surplus", "no change", "inflation"],
        1,
    ),
    ("Who wrote the Critique of Pure Reason?", "philosophy", ["Kant", "Hume", "Hegel", "Mill"], 0),
    ("Find the degree of the field extension Q(sqrt(2)) over Q.", "abstract_algebra", ["0", "4", "2", "6"], 2),
    ("The vagus nerve is cranial nerve number", "anatomy", ["V", "VII", "IX", "X"], 3),
    ("Which gate outputs 1 only if both inputs are 1?", "electrical_engineering", ["AND", "OR", "XOR", "NOR"], 0),
]

LANGUAGE: tuple[Wild, ...] = (
    wild(
        "tweets of finance with numbered labels",
        table([[t, str(line)] for t, line in MARKET_NEWS], ["text", "label"], name="sent_train.csv"),
        "sft cpt",
        rows=8,
    ),
    wild(
        "sentiment of finance as instruction, input, output",
        parquet(
            {
                "input": t,
                "output": ["negative", "positive", "neutral"][line],
                "instruction": "What is the sentiment of this news? Please choose an answer from "
                "{negative/neutral/positive}.",
            }
            for t, line in MARKET_NEWS
        ),
        "sft",
        {
            "messages": OneOf(
                [
                    {"role": "user", "content": Has("What is the sentiment", MARKET_NEWS[0][0])},
                    {"role": "assistant", "content": "negative"},
                ],
                [
                    Turn("system", "What is the sentiment"),
                    {"role": "user", "content": MARKET_NEWS[0][0]},
                    {"role": "assistant", "content": "negative"},
                ],
            )
        },
        rows=8,
    ),
    wild(
        "fifty thousand film reviews with a sentiment",
        table([[t, line] for t, line in REVIEWS], ["review", "sentiment"], name="IMDB Dataset.csv"),
        "sft",
        {"messages": [Turn("user", "One of the other reviewers"), {"role": "assistant", "content": "positive"}]},
        rows=6,
    ),
    wild(
        "short messages ham or spam in cp1252 with unnamed columns",
        table(
            [[line, t, "", "", ""] for line, t in SPAM], ["v1", "v2", "", "", ""], encoding="cp1252", name="spam.csv"
        ),
        "sft",
        {"messages": [Turn("user", "Go until jurong point"), {"role": "assistant", "content": "ham"}]},
        rows=6,
    ),
    wild(
        "dialog sum with a topic",
        table(
            [[f"train_{i}", d, s, t] for i, (d, s, t) in enumerate(DIALOGUES)],
            ["id", "dialogue", "summary", "topic"],
            name="train.csv",
        ),
        "sft",
        {"messages": [Turn("user", "I'm Doctor Hawkins"), {"role": "assistant", "content": DIALOGUES[0][1]}]},
        rows=6,
    ),
    wild(
        "government reports with summaries",
        parquet({"report": a, "summary": b} for a, b in REPORTS),
        "sft",
        {"messages": [Turn("user", REPORTS[0][0][:60]), {"role": "assistant", "content": REPORTS[0][1]}]},
        rows=8,
    ),
    wild(
        "reading with unanswerable questions in parquet",
        parquet(READING),
        "sft grpo",
        {
            "messages": [
                Turn("user", READING[0]["question"], READING[0]["context"][:50]),
                {"role": "assistant", "content": "1237"},
            ]
        },
        Has(READING[0]["question"], "1237"),
    ),
    wild(
        "books in two languages under translation",
        parquet({"id": str(i), "translation": {"en": e, "fr": f}} for i, (e, f) in enumerate(NOVEL)),
        "sft",
        {"messages": [Turn("user", NOVEL[0][0]), Turn("assistant", NOVEL[0][1])]},
        {"messages": [Turn("user", NOVEL[0][1]), Turn("assistant", NOVEL[0][0])]},
        rows=6,
    ),
    wild(
        "role play with name, description and marked text",
        parquet(
            {
                "name": n,
                "description": s,
                "text": f"<|system|>{s}</s>\n<|user|>\n{q}</s>\n<|assistant|>\n{a}</s>\n<|user|>\nAnd "
                "then?</s>\n<|assistant|>\nThat would be telling.</s>",
            }
            for n, s, q, a in ROLES
        ),
        "sft",
        {
            "messages": [
                Turn("system", "You are Sherlock Holmes"),
                {"role": "user", "content": "What do you see?"},
                {"role": "assistant", "content": ROLES[0][3]},
                {"role": "user", "content": "And then?"},
                {"role": "assistant", "content": "That would be telling."},
            ]
        },
        rows=6,
    ),
    wild(
        "massive exam with subject, list of choices and an index",
        parquet({"question": q, "subject": s, "choices": c, "answer": a} for q, s, c, a in CHOICES),
        "sft grpo",
        {
            "messages": [
                Turn("user", CHOICES[0][0], "Crust", "Inner core"),
                {"role": "assistant", "content": OneOf("C", Has("Inner core"))},
            ]
        },
        {"prompt": [Turn("user", CHOICES[0][0], "Crust", "Inner core")], "answer": OneOf("C", Has("Inner core"))},
        rows=6,
    ),
)
"""Popular datasets for a skill: labels, summaries, reading, translation, role play."""
