"""Popular datasets of texts, summaries, reviews and advice.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

from typing import Any

from tests.data.wild.sixth_pool import ask_roughly
from tests.data.wild.table import Has, Turn, Wild, chat, jsonl, parquet, table, wild


def _quotes_author_tags() -> Wild:
    rows: list[dict[str, Any]] = [
        {"quote": f"“{q}”", "author": a, "tags": t}
        for q, a, t in [
            ("A harbour is a question asked of the sea.", "Ilse Varga", ["sea", "home"]),
            ("Doubt is the salt of thought.", "Tomas Reed", ["doubt"]),
            ("No map was ever drawn by staying in.", "Nour Adeyemi", ["travel", "courage"]),
            ("Bread forgives.", "Old proverb", ["food"]),
            ("Speak last and you will be heard first.", "Hana Mori", ["wisdom"]),
            ("Winter is a long sentence.", "Pavel Dusek", ["winter"]),
            ("The clock minds nobody.", "Ruth Okello", ["time"]),
            ("Laugh on the stairs.", "Léon Brie", ["humour", "life"]),
        ]
    ]
    return wild(
        "quotes with author and tags (sixth)",
        jsonl(rows, "quotes.jsonl"),
        "cpt sft grpo",
        {"text": Has("A harbour is a question asked of the sea.")},
        {"messages": [Turn("user", "Ilse Varga"), Turn("assistant", "A harbour is a question")]},
        {"messages": [Turn("user", "A harbour is a question"), Turn("assistant", "Ilse Varga")]},
        {"messages": [Turn("user", "A harbour is a question"), Turn("assistant", "sea")]},
        rows=8,
    )


def _second_fine_web() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "text": f"Die Gemeinde {n} hat {k} Einwohner und liegt am Fuß eines Höhenzugs. Seit dem Bau der "
            f"Umgehungsstraße ist es im Ortskern ruhiger geworden, und auf dem Markt wird wieder jeden {t} "
            "Käse verkauft.",
            "id": f"<urn:uuid:{i}>",
            "dump": "CC-MAIN-2024-10",
            "url": f"https://{n.lower()}.example/",
            "date": "2024-02-21T05:11:03Z",
            "file_path": "s3://commoncrawl/x.warc.gz",
            "language": "deu",
            "language_score": 0.99,
            "language_script": "Latn",
            "minhash_cluster_size": i + 1,
            "top_langs": '{"deu_Latn_score": 0.99}',
        }
        for i, (n, k, t) in enumerate(
            [
                ("Altrode", 812, "Freitag"),
                ("Birkwang", 4310, "Dienstag"),
                ("Celm", 97, "Samstag"),
                ("Dornau", 1650, "Mittwoch"),
                ("Eschtal", 2204, "Montag"),
                ("Finkenort", 518, "Donnerstag"),
            ]
        )
    ]
    return wild("second fine web in german", parquet(rows), "cpt", {"text": rows[0]["text"]}, rows=6)


def _parrot_code_licences() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "repo_name": f"user{i}/{n}",
            "path": f"src/{n}.py",
            "copies": "1",
            "size": "210",
            "content": f"import sys\n\n\ndef {n}(path):\n    with open(path) as lines:\n"
            f"        return [line.{n}() for line in lines]\n\n\nif __name__ == '__main__':\n"
            f"    print({n}(sys.argv[1]))\n",
            "license": "mit",
        }
        for i, n in enumerate(["strip", "upper", "lower", "title", "split", "swapcase"])
    ]
    return wild(
        "parrot of code with licences",
        jsonl(rows, "file-000000000001.json"),
        "cpt",
        {"text": Has(rows[0]["content"].strip())},
        rows=6,
    )


def _textbooks_plain_text() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "text": f"# Chapter {i + 1}: {t}\n\n## Introduction\n\nThis chapter introduces {t.lower()}. We begin with "
            "everyday examples and move on to the formal definition.\n\n## Exercises\n\n"
            f"1. Give an example of {t.lower()}.\n2. Explain why it matters.\n"
        }
        for i, t in enumerate(
            ["Friction", "Supply and Demand", "Recursion", "Photosynthesis", "Irony", "Plate Tectonics"]
        )
    ]
    return wild("textbooks in plain text", parquet(rows), "cpt", {"text": rows[0]["text"]}, rows=6)


def _several_news_summary() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "document": f"{p} (AP) — Officials in {p} closed the {b} on Monday after cracks were found. ||||| The "
            f"{b} of "
            f"{p} will stay shut for {n} weeks, the mayor said, while steel plates are fitted.",
            "summary": f"The {b} in {p} is closed for {n} weeks because of cracks.",
        }
        for p, b, n in [
            ("Carden", "bridge", 3),
            ("Lowick", "library", 6),
            ("Stavel", "pool", 2),
            ("Mossley", "tower", 9),
            ("Quern", "tunnel", 5),
            ("Aldby", "theatre", 4),
        ]
    ]
    return wild(
        "several news with one summary",
        parquet(rows),
        "sft",
        ask_roughly(rows[0]["document"], to=rows[0]["summary"]),
        rows=6,
    )


def _australian_law_prompt() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "question": f"In the case of {a} v {b} [20{y}] NSWSC {n}, why was the appeal dismissed?",
            "answer": f"The appeal was dismissed because {r}.",
            "text": f"Question: In the case of {a} v {b} [20{y}] NSWSC {n}, why was the appeal dismissed?\n"
            f"Answer: The appeal was dismissed because {r}.",
            "prompt": "# Snippet\nThe snippet from an Australian legal document from which you must synthesise a "
            "question and answer is provided below.\n<document_metadata>\n<type>Decision</type>\n"
            f"</document_metadata>\n<snippet>\nThe appeal is dismissed since {r}.\n</snippet>\n# Format\n"
            "You must format your response as follows",
            "source": {
                "version_id": f"nsw:{n}",
                "type": "decision",
                "jurisdiction": "new_south_wales",
                "text": f"The appeal is dismissed since {r}.",
            },
        }
        for a, b, y, n, r in [
            ("Hall", "Ngo", "11", 402, "notice had been given in time"),
            ("Marsh", "Bell", "09", 77, "the deed was never signed"),
            ("Tran", "Coast Council", "17", 912, "the fence stood on public land"),
            ("Ellis", "Ode", "14", 18, "the damage was foreseeable"),
            ("Price", "Zed Pty Ltd", "20", 350, "no contract had been formed"),
            ("King", "Orr", "06", 61, "the limitation period had run"),
        ]
    ]
    return wild(
        "australian law with prompt and source",
        jsonl(rows, "qa.jsonl"),
        "sft",
        chat(rows[0]["question"], rows[0]["answer"]),
        rows=6,
    )


def _counsel_chat_csv() -> Wild:
    rows = [
        [
            str(i),
            f"{t}?",
            f"{x} What can I do about it?",
            f"https://example.org/questions/{i}",
            "relationships",
            "Jane Roe, LCSW",
            "https://example.org/t/jane",
            f"<p>Thank you for writing. {y}</p>",
            str(i % 3),
            str(120 + i),
        ]
        for i, (t, x, y) in enumerate(
            [
                (
                    "Is my partner too jealous",
                    "He reads my messages at night.",
                    "Name the behaviour and agree on a boundary.",
                ),
                ("Should I move out", "My parents want me to stay until I marry.", "Begin with a plan for money."),
                ("Why can't I trust", "My last friend lied to me.", "Trust grows in small steps."),
                ("Am I depressed", "Nothing has been fun since June.", "A doctor can screen you quickly."),
                ("How do I say no", "My boss asks me to work each Sunday.", "Practise one short sentence."),
                ("Is it normal to grieve a pet", "My dog died and I cannot eat.", "It is, and it passes."),
            ]
        )
    ]
    return wild(
        "counsel chat in csv",
        table(
            rows,
            [
                "questionID",
                "questionTitle",
                "questionText",
                "questionLink",
                "topic",
                "therapistInfo",
                "therapistURL",
                "answerText",
                "upvotes",
                "views",
            ],
            name="counselchat.csv",
        ),
        "sft",
        ask_roughly("He reads my messages at night.", to="Name the behaviour and agree on a boundary."),
        rows=6,
    )


def _books_languages() -> Wild:
    rows: list[dict[str, Any]] = [
        {"id": str(i), "translation": {"en": e, "fr": f}}
        for i, (e, f) in enumerate(
            [
                ("The door was open.", "La porte était ouverte."),
                ("He put down his lamp.", "Il posa sa lampe."),
                ("Nobody answered.", "Personne ne répondit."),
                ("It was raining on the roofs.", "Il pleuvait sur les toits."),
                ("She laughed at last.", "Elle rit enfin."),
                ("The horses were tired.", "Les chevaux étaient fatigués."),
            ]
        )
    ]
    return wild(
        "books in two languages",
        parquet(rows),
        "sft",
        ask_roughly("The door was open.", to="La porte était ouverte."),
        rows=6,
    )


def _summaries_spanish_news() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "id": f"mundo-{i}",
            "url": f"https://example.org/{i}",
            "title": f"Cierra {x}",
            "summary": f"El cierre de {x} deja sin empleo a {n} personas.",
            "text": f"La noticia llegó un martes. Tras cuarenta años, {x} cerrará sus puertas en marzo. Unas {n} "
            "personas perderán su empleo, según el sindicato, que pide una mesa de diálogo.",
        }
        for i, (x, n) in enumerate(
            [
                ("la fábrica de vidrio", 210),
                ("el último cine", 14),
                ("la mina de sal", 95),
                ("el astillero", 430),
                ("la imprenta", 38),
                ("el mercado viejo", 61),
            ]
        )
    ]
    return wild(
        "summaries of spanish news",
        jsonl(rows, "spanish_train.jsonl"),
        "sft cpt",
        ask_roughly(rows[0]["text"], to=rows[0]["summary"]),
        {"text": Has(rows[0]["text"])},
        rows=6,
    )


def _reviews_online_shop() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "rating": float(r),
            "title": t,
            "text": x,
            "images": [],
            "asin": f"B00{i}",
            "parent_asin": f"B00{i}",
            "user_id": f"AG{i}",
            "timestamp": 1588687728923 + i,
            "helpful_vote": i,
            "verified_purchase": True,
        }
        for i, (r, t, x) in enumerate(
            [
                (5, "Lovely jug", "Pours without dripping and fits the door of my fridge."),
                (1, "Broke", "Handle came off on day two."),
                (4, "Good", "Solid but heavy."),
                (2, "Meh", "Smaller than shown."),
                (5, "Gift", "My aunt adores it."),
                (3, "Fine", "Does what it says."),
            ]
        )
    ]
    return wild("reviews of an online shop", jsonl(rows, "Home_and_Kitchen.jsonl"), "sft cpt", rows=6)


TEXTS: tuple[Wild, ...] = (
    _quotes_author_tags(),
    _second_fine_web(),
    _parrot_code_licences(),
    _textbooks_plain_text(),
    _several_news_summary(),
    _australian_law_prompt(),
    _counsel_chat_csv(),
    _books_languages(),
    _summaries_spanish_news(),
    _reviews_online_shop(),
)
"""Popular datasets of texts, summaries, reviews and advice."""
