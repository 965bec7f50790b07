"""Datasets of tables: spreadsheets people keep, exports of flash cards and help desks, summaries, translations.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

from tests.data.wild.second_instructions import mixed, pair
from tests.data.wild.second_texts import ARTICLES, FACTS, PLACES, QUIZ, SUMS
from tests.data.wild.table import Has, OneOf, Turn, Wild, array, chat, jsonl, parquet, table, wild

Q, A = FACTS[0]
TITLE, TEXT = ARTICLES[0]
GERMAN = (
    ("Wo kann ich mein Fahrrad abstellen?", "Im Hof hinter dem Gebäude stehen überdachte Ständer."),
    ("Wie lange ist die Küche geöffnet?", "Die Küche schließt um zweiundzwanzig Uhr."),
    ("Dürfen Hunde mitkommen?", "Ja, an der Leine und nicht ins Frühstückszimmer."),
    ("Gibt es ein Kinderbett?", "Wir stellen auf Wunsch gern eines auf."),
)
WORDS = (
    ("The boat is late.", "Das Boot hat Verspätung."),
    ("We have no more flour.", "Wir haben kein Mehl mehr."),
    ("Close the green gate.", "Schließ das grüne Tor."),
    ("Her uncle mends clocks.", "Ihr Onkel repariert Uhren."),
)

TABLES: tuple[Wild, ...] = (
    wild(
        "German questions from a spreadsheet",
        table(GERMAN, ("Frage", "Antwort"), delimiter=";", encoding="cp1252", name="FAQ Hotel.csv"),
        "sft",
        pair(*GERMAN[0]),
        rows=4,
    ),
    wild(
        "questions with number and category",
        table([(str(i), "Home", q, a) for i, (q, a) in enumerate(FACTS, 1)], ("No.", "Category", "Question", "Answer")),
        "sft",
        pair(Q, A),
        rows=6,
    ),
    wild(
        "questions with a byte order mark",
        table(FACTS, ("question", "answer"), encoding="utf-8-sig", name="faq.csv"),
        "sft",
        pair(Q, A),
        rows=6,
    ),
    wild(
        "questions in sixteen bits with tabs",
        table(FACTS, ("Question", "Answer"), encoding="utf-16", delimiter="\t", name="Unicode Text.txt"),
        "sft",
        pair(Q, A),
        rows=6,
    ),
    wild(
        "flash cards with a preamble",
        {
            "deck.txt": (
                "#separator:tab\n#html:false\n#tags column:3\n" + "".join(f"{q}\t{a}\thome\n" for q, a in FACTS)
            ).encode()
        },
        "sft",
        pair(Q, A),
        rows=6,
    ),
    wild(
        "question and answer without a header",
        table(FACTS, delimiter="\t", name="cards.tsv"),
        "sft",
        pair(Q, A),
        rows=6,
    ),
    wild(
        "help desk tickets, second table",
        table(
            [
                (f"T-{i}", "2024-02-01", "closed", f"Ticket about {q.split()[-1].strip('?')}", f"Hello, {q}", a)
                for i, (q, a) in enumerate(FACTS)
            ],
            ("Ticket ID", "Created", "Status", "Subject", "Description", "Resolution"),
        ),
        "sft",
        {"messages": [Turn("user", f"Hello, {Q}"), Turn("assistant", A)]},
        rows=6,
    ),
    wild(
        "medical questions by type",
        table([("information", q, a) for q, a in FACTS], ("qtype", "Question", "Answer"), name="train.csv"),
        "sft",
        pair(Q, A),
        rows=6,
    ),
    wild(
        "forum questions with title, body and best answer",
        parquet(
            [
                {"id": i, "topic": 3, "question_title": q, "question_content": "Thanks!", "best_answer": a}
                for i, (q, a) in enumerate(FACTS)
            ]
        ),
        "sft",
        Has(Q, A),
        rows=6,
    ),
    wild(
        "news with highlights",
        parquet(
            [
                {"article": b, "highlights": f"A report on {t.lower()}.", "id": f"{i:040x}"}
                for i, (t, b) in enumerate(ARTICLES)
            ]
        ),
        "sft cpt",
        {"messages": [Turn("user", TEXT), Turn("assistant", "A report on the lighthouse of varn.")]},
        {"text": Has(TEXT)},
        rows=5,
    ),
    wild(
        "documents with a summary",
        jsonl(
            [{"document": b, "summary": f"A report on {t.lower()}.", "id": str(i)} for i, (t, b) in enumerate(ARTICLES)]
        ),
        "sft",
        {"messages": [Turn("user", TEXT), Turn("assistant", "A report on the lighthouse of varn.")]},
        rows=5,
    ),
    wild(
        "sentence pairs under translation",
        parquet([{"translation": {"de": b, "en": a}} for a, b in WORDS]),
        "sft",
        {"messages": [Turn("user", WORDS[0][0]), Turn("assistant", WORDS[0][1])]},
        {"messages": [Turn("user", WORDS[0][1]), Turn("assistant", WORDS[0][0])]},
        rows=4,
    ),
    wild(
        "translation lines with attribution",
        {
            "deu.txt": "".join(
                f"{a}\t{b}\tCC-BY 2.0 (France) Attribution: #{i}\n" for i, (a, b) in enumerate(WORDS)
            ).encode()
        },
        "sft",
        {"messages": [Turn("user", WORDS[0][0]), Turn("assistant", WORDS[0][1])]},
        rows=4,
    ),
    wild(
        "reviews with a class",
        table(
            [(f"{t} was {'a joy' if i % 2 else 'a bore'} to read.", str(i % 2)) for i, (t, _) in enumerate(ARTICLES)],
            ("text", "label"),
        ),
        "cpt sft kto",
        rows=5,
    ),
    wild(
        "news lines with a numbered class",
        table([(str(i % 4 + 1), t, b) for i, (t, b) in enumerate(ARTICLES)], ("Class Index", "Title", "Description")),
        "cpt sft",
        Has(TEXT),
        rows=5,
    ),
    wild(
        "science quiz with distractors",
        array(
            [
                {
                    "question": q,
                    "distractor1": c[1],
                    "distractor2": c[2],
                    "distractor3": c[3],
                    "correct_answer": c[0],
                    "support": "",
                }
                for q, c, n in QUIZ
                if n == 0
            ]
            + [
                {
                    "question": q,
                    "distractor1": c[0],
                    "distractor2": "Gold",
                    "distractor3": "Moss",
                    "correct_answer": c[n],
                    "support": "",
                }
                for q, c, n in QUIZ
                if n
            ]
        ),
        "sft grpo",
        Has(QUIZ[0][0], "Mercury"),
        rows=5,
    ),
    wild(
        "sums with an answer column only",
        table([(q, r) for q, _, r in SUMS], ("Question", "Answer"), name="sums.csv"),
        "sft grpo",
        mixed(SUMS[0][0], "84"),
        rows=5,
    ),
    wild(
        "test set of a retrieval judge",
        jsonl(
            [
                {"user_input": q, "reference_contexts": [TEXT], "reference": a, "synthesizer_name": "single_hop"}
                for q, a in PLACES
            ]
        ),
        "sft grpo",
        Has(PLACES[0][0], "1871"),
        rows=4,
    ),
    wild(
        "search queries with passages and answers",
        jsonl(
            [
                {
                    "answers": [a],
                    "passages": {"is_selected": [1, 0], "passage_text": [TEXT, ARTICLES[1][1]], "url": ["u", "v"]},
                    "query": q.lower().strip("?"),
                    "query_id": i,
                    "query_type": "ENTITY",
                    "wellFormedAnswers": [],
                }
                for i, (q, a) in enumerate(PLACES)
            ]
        ),
        "sft grpo",
        Has(PLACES[0][0].lower().strip("?"), "1871"),
        rows=4,
    ),
    wild(
        "stories with many questions each",
        jsonl(
            [
                {
                    "source": "gutenberg",
                    "story": TEXT,
                    "questions": [q for q, _ in PLACES],
                    "answers": {"input_text": [a for _, a in PLACES], "answer_start": [0] * 4, "answer_end": [4] * 4},
                }
            ]
            + [
                {
                    "source": "race",
                    "story": text,
                    "questions": ["What is it about?", "Is it long?"],
                    "answers": {"input_text": [title, "No"], "answer_start": [0, 0], "answer_end": [3, 3]},
                }
                for title, text in ARTICLES[1:]
            ],
            "coqa.jsonl",
        ),
        "sft grpo",
        Has(TEXT, PLACES[0][0], "1871"),
    ),
    wild(
        "prompt and text of generated textbooks",
        parquet(
            [
                {
                    "prompt": f"Write a page of a textbook about {t.lower()}.",
                    "text": b,
                    "token_length": 90,
                    "seed_data": "web",
                    "format": "textbook",
                }
                for t, b in ARTICLES
            ]
        ),
        "cpt sft",
        OneOf({"text": Has(TEXT)}, chat("Write a page of a textbook about the lighthouse of varn.", TEXT)),
        rows=5,
    ),
)
"""Tables."""
