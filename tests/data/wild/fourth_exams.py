"""Datasets of tasks on texts: exams, questions on reports and cases, and glossaries of a person.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

from tests.data.wild.fourth_pool import plain
from tests.data.wild.table import Has, OneOf, Turn, Wild, array, chat, jsonl, table, wild

SAILING = [
    ("amarre", "Cordage servant à retenir un navire à quai."),
    ("étale", "Moment où le courant de marée est nul."),
    ("sillage", "Trace qu'un bateau laisse derrière lui à la surface de l'eau."),
    ("bôme", "Espar horizontal qui tend le bas d'une voile."),
    ("tribord", "Côté droit du navire quand on regarde vers l'avant."),
]

EXAMS: tuple[Wild, ...] = (
    wild(
        "meanings to sentences",
        table(
            [
                [
                    "name[The Eagle], eatType[coffee shop], food[Japanese]",
                    "The Eagle is a coffee shop that serves Japanese food.",
                ],
                ["name[The Mill], area[riverside]", "The Mill lies by the river."],
                ["name[Cotto], priceRange[cheap]", "Cotto is cheap."],
                ["name[Strada], familyFriendly[yes]", "Strada welcomes families."],
            ],
            ["mr", "ref"],
            name="trainset.csv",
        ),
        "sft",
        chat(
            Has("name[The Eagle], eatType[coffee shop], food[Japanese]"),
            "The Eagle is a coffee shop that serves Japanese food.",
        ),
        rows=4,
    ),
    wild(
        "aqua with rationales",
        jsonl(
            [
                {
                    "question": "A crate holds 24 bottles. How many bottles are in 17 crates?",
                    "options": ["A)380", "B)408", "C)412", "D)428", "E)400"],
                    "rationale": "17 times 24 is 408.\nAnswer is B",
                    "correct": "B",
                },
                {
                    "question": "What is 15 % of 80?",
                    "options": ["A)10", "B)15", "C)12", "D)8", "E)20"],
                    "rationale": "0.15 * 80 = 12.\nAnswer: C",
                    "correct": "C",
                },
                {
                    "question": "A train covers 270 km in 3 hours. Its speed?",
                    "options": ["A)90", "B)80", "C)70", "D)60", "E)50"],
                    "rationale": "270/3 = 90\nA",
                    "correct": "A",
                },
                {
                    "question": "How many edges has a cube?",
                    "options": ["A)6", "B)8", "C)10", "D)12", "E)24"],
                    "rationale": "4 + 4 + 4 = 12, D",
                    "correct": "D",
                },
            ],
            "train.json",
        ),
        "sft grpo",
        {"messages": [Turn("user", "A crate holds 24 bottles.", "412"), Turn("assistant", "B")]},
        {"prompt": [Turn("user", "A crate holds 24 bottles.", "412")], "answer": Has("B")},
        rows=4,
    ),
    wild(
        "interaction of people, answers in columns",
        jsonl(
            [
                {
                    "context": "Kai took the last loaf and left a note for the baker.",
                    "question": "Why did Kai do this?",
                    "answerA": "to be rude",
                    "answerB": "to pay later",
                    "answerC": "to learn baking",
                    "label": "2",
                },
                {
                    "context": "Robin lent a tent to the neighbours.",
                    "question": "How would the neighbours feel?",
                    "answerA": "grateful",
                    "answerB": "cold",
                    "answerC": "cheated",
                    "label": "1",
                },
                {
                    "context": "Sasha missed the ferry by a minute.",
                    "question": "What will Sasha do next?",
                    "answerA": "swim",
                    "answerB": "sell the boat",
                    "answerC": "wait for the next one",
                    "label": "3",
                },
                {
                    "context": "Alex repaired the fence for free.",
                    "question": "How would you describe Alex?",
                    "answerA": "lazy",
                    "answerB": "kind",
                    "answerC": "late",
                    "label": "2",
                },
            ],
            "train.jsonl",
        ),
        "sft grpo",
        {
            "messages": [
                Turn("user", "Kai took the last loaf", "Why did Kai do this?", "to learn baking"),
                Turn("assistant"),
            ]
        },
        {
            "prompt": [Turn("user", "Why did Kai do this?", "to be rude")],
            "answer": OneOf(Has("B"), Has("2"), Has("to pay later")),
        },
        rows=4,
    ),
    wild(
        "chinese exam of subjects",
        table(
            [
                ["0", "下列哪一项是哺乳动物？", "鲨鱼", "鲸", "章鱼", "海龟", "B", "鲸用肺呼吸并哺乳。"],
                ["1", "一年中白昼最长的是哪一天？", "春分", "夏至", "秋分", "冬至", "B", "夏至日太阳直射北回归线。"],
                ["2", "水的化学式是什么？", "CO2", "NaCl", "H2O", "O2", "C", "水由两个氢原子和一个氧原子组成。"],
                ["3", "等边三角形每个角是多少度？", "30", "45", "90", "60", "D", "内角和为一百八十度。"],
            ],
            ["id", "question", "A", "B", "C", "D", "answer", "explanation"],
            name="dev.csv",
        ),
        "sft grpo",
        {"messages": [Turn("user", "下列哪一项是哺乳动物？", "章鱼"), Turn("assistant")]},
        {"prompt": [Turn("user", "下列哪一项是哺乳动物？", "章鱼")], "answer": OneOf(Has("B"), Has("鲸"))},
        rows=4,
    ),
    wild(
        "strategy questions with facts",
        array(
            [
                {
                    "qid": f"e0{i}",
                    "term": t,
                    "description": d,
                    "question": q,
                    "answer": a,
                    "facts": [f, "A second fact."],
                    "decomposition": ["What is it?", "Is #1 so?"],
                }
                for i, (t, d, q, a, f) in enumerate(
                    [
                        (
                            "Ferry",
                            "boat",
                            "Could a ferry of 1884 carry a horse?",
                            True,
                            "Ferries of the time carried cattle.",
                        ),
                        (
                            "Lichen",
                            "organism",
                            "Do lichens grow faster than grass?",
                            False,
                            "Lichens grow a millimetre a year.",
                        ),
                        ("Bronze", "alloy", "Is there tin in a bell?", True, "Bells are cast of bronze."),
                        ("Canal", "waterway", "Can a canal run uphill without locks?", False, "Water finds its level."),
                    ]
                )
            ],
            "strategyqa_train.json",
        ),
        "sft grpo",
        {
            "messages": [
                Turn("user", "Could a ferry of 1884 carry a horse?"),
                OneOf(Turn("assistant", "rue"), Turn("assistant", "es")),
            ]
        },
        {
            "prompt": [Turn("user", "Could a ferry of 1884 carry a horse?")],
            "answer": OneOf("True", "true", "Yes", "yes", True),
        },
        rows=4,
    ),
    wild(
        "ten thousand questions on annual reports",
        table(
            [
                [
                    "What was the revenue of Oldmere Ferries in 2023?",
                    "The revenue was $12.4 million.",
                    "Revenue rose from $11.9 million to $12.4 million in fiscal 2023.",
                    "OMF",
                    "2023_10K",
                ],
                [
                    "Who audits the company?",
                    "Harrow and Sons.",
                    "The consolidated accounts were audited by Harrow and Sons.",
                    "OMF",
                    "2023_10K",
                ],
                [
                    "How many ships are owned?",
                    "Seven ships.",
                    "As of December 31 the company owned seven ships and leased two.",
                    "OMF",
                    "2023_10K",
                ],
                [
                    "Is a dividend planned?",
                    "No dividend is planned.",
                    "We do not expect to pay dividends in the foreseeable future.",
                    "OMF",
                    "2023_10K",
                ],
            ],
            ["question", "answer", "context", "ticker", "filing"],
            name="Financial-QA-10k.csv",
        ),
        "sft",
        chat(
            Has("What was the revenue of Oldmere Ferries in 2023?", "$11.9 million"), "The revenue was $12.4 million."
        ),
        rows=4,
    ),
    wild(
        "holdings of cases",
        table(
            [
                [
                    str(i),
                    f"In Smith v. Jones the court held that the fence was shared (<HOLDING>) {i}",
                    "holding that a fence on the border belongs to both",
                    "holding that a dog is not a fence",
                    "holding that rent is due in June",
                    "recognising a right of way",
                    "stating that costs follow the event",
                    str(i % 5),
                ]
                for i in range(5)
            ],
            ["", "citing_prompt", "holding_0", "holding_1", "holding_2", "holding_3", "holding_4", "label"],
            name="casehold.csv",
        ),
        "sft grpo",
        {"messages": [Turn("user", "In Smith v. Jones", "a dog is not a fence"), Turn("assistant")]},
        {
            "prompt": [Turn("user", "In Smith v. Jones", "a dog is not a fence")],
            "answer": OneOf(Has("0"), Has("A"), Has("belongs to both")),
        },
        rows=5,
    ),
    wild(
        "sums with body and question apart",
        array(
            [
                {"ID": f"chal-{i}", "Body": b, "Question": q, "Equation": e, "Answer": a, "Type": "Subtraction"}
                for i, (b, q, e, a) in enumerate(
                    [
                        ("Mia has 14 eggs and breaks 5.", "How many are left?", "( 14.0 - 5.0 )", 9.0),
                        ("A farmer owns 8 cows and 13 goats.", "How many animals does he own?", "( 8.0 + 13.0 )", 21.0),
                        ("Each of 6 boxes holds 7 pens.", "How many pens are there?", "( 6.0 * 7.0 )", 42.0),
                        ("30 apples are shared by 5 children.", "How many does each get?", "( 30.0 / 5.0 )", 6.0),
                    ]
                )
            ],
            "SVAMP.json",
        ),
        "grpo sft",
        {
            "prompt": [Turn("user", "Mia has 14 eggs and breaks 5.", "How many are left?")],
            "answer": OneOf("9.0", "9", 9.0),
        },
        {"messages": [Turn("user", "Mia has 14 eggs and breaks 5.", "How many are left?"), Turn("assistant", "9")]},
        rows=4,
    ),
    wild(
        "french glossary in latin one",
        table(SAILING, ["Terme", "Définition"], delimiter=";", encoding="latin-1", name="glossaire.csv"),
        "sft cpt",
        {"messages": [Turn("user", "amarre"), Turn("assistant", "Cordage servant à retenir")]},
        {"text": Has("amarre", "Cordage")},
        rows=5,
    ),
    wild(
        "glossary as a table in markdown",
        plain(
            "# Glossary of the bell foundry\n\n| Term | Meaning |\n|------|---------|\n"
            + "".join(
                f"| {t} | {m} |\n"
                for t, m in [
                    ("core", "The inner form of bricks and loam."),
                    ("cope", "The outer form that is lifted off."),
                    ("false bell", "The clay bell that keeps the room for the bronze."),
                    ("strike note", "The note one hears at the stroke."),
                    ("hum", "The lowest partial of a bell."),
                ]
            ),
            "glossary.md",
        ),
        "sft cpt",
        {"messages": [Turn("user", "core"), Turn("assistant", "inner form of bricks")]},
        {"text": Has("core", "inner form of bricks")},
    ),
    wild(
        "translation memory",
        plain(
            '<?xml version="1.0" encoding="UTF-8"?>\n<tmx version="1.4"><header creationtool="x" '
            'creationtoolversion="1" segtype="sentence" o-tmf="x" adminlang="en" srclang="en" '
            'datatype="plaintext"/><body>\n'
            + "".join(
                f'<tu><tuv xml:lang="en"><seg>{e}</seg></tuv><tuv xml:lang="de"><seg>{d}</seg></tuv></tu>\n'
                for e, d in [
                    ("Close the valve before cleaning.", "Schließen Sie vor der Reinigung das Ventil."),
                    ("The lamp flashes twice.", "Die Lampe blinkt zweimal."),
                    ("Do not use solvents.", "Verwenden Sie keine Lösungsmittel."),
                    ("Keep out of reach of children.", "Außer Reichweite von Kindern aufbewahren."),
                ]
            )
            + "</body></tmx>\n",
            "manual.tmx",
        ),
        "sft",
        {
            "messages": [
                Turn("user", "Close the valve before cleaning."),
                Turn("assistant", "Schließen Sie vor der Reinigung das Ventil."),
            ]
        },
        {
            "messages": [
                Turn("system"),
                Turn("user", "Close the valve before cleaning."),
                Turn("assistant", "Schließen Sie vor der Reinigung das Ventil."),
            ]
        },
        rows=4,
    ),
    wild(
        "catalogue of messages to translate",
        plain(
            'msgid ""\nmsgstr ""\n"Language: es\\n"\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'
            + "".join(
                f'#: src/ui.c:{i}\nmsgid "{e}"\nmsgstr "{s}"\n\n'
                for i, (e, s) in enumerate(
                    [
                        ("Open the file", "Abrir el archivo"),
                        ("The document has not been saved.", "El documento no se ha guardado."),
                        ("Search and replace", "Buscar y reemplazar"),
                        ("No results were found", "No se encontraron resultados"),
                    ]
                )
            ),
            "es.po",
        ),
        "sft",
        {"messages": [Turn("user", "Open the file"), Turn("assistant", "Abrir el archivo")]},
        {"messages": [Turn("system"), Turn("user", "Open the file"), Turn("assistant", "Abrir el archivo")]},
        usable=4,
    ),
)
"""Datasets of tasks on texts: exams, questions on reports and cases, and glossaries of a person."""
