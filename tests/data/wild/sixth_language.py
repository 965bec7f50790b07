"""Popular datasets of medicine, money, summaries and labels.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

from typing import Any

from tests.data.wild.sixth_pool import ask_exactly
from tests.data.wild.table import Has, Turn, Wild, array, chat, jsonl, parquet, table, wild


def _doctor_hundred_thousand() -> Wild:
    task = "If you are a doctor, please answer the medical questions based on the patient's description."
    ailments = [
        ("a swollen knee after skiing", "an MRI of the ligaments"),
        ("a rash behind my ears", "a mild steroid cream"),
        ("ringing in my left ear", "a hearing test"),
        ("numb toes in the morning", "checking your blood sugar"),
        ("a stiff thumb", "a splint at night"),
        ("headaches behind one eye", "keeping a headache diary"),
    ]
    rows: list[dict[str, Any]] = [
        {
            "instruction": task,
            "input": f"Hello doctor, I have had {a} for {i + 2} weeks and I am worried. What should I do?",
            "output": f"Hi, thank you for your query. I would suggest {b} and a visit to your physician. Hope this "
            "helps.",
        }
        for i, (a, b) in enumerate(ailments)
    ]
    q, a = (rows[0]["input"], rows[0]["output"])
    return wild(
        "doctor of a hundred thousand",
        array(rows, "HealthCareMagic-100k.json"),
        "sft",
        {
            "messages": [
                {"role": "system", "content": task},
                {"role": "user", "content": q},
                {"role": "assistant", "content": a},
            ]
        },
        ask_exactly(q, to=a),
        rows=6,
    )


def _medical_o1_chinese() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "Question": f"患者{n}岁,{s},最可能的诊断是什么?",
            "Complex_CoT": f"先看年龄,{n}岁。再看症状:{s}。这让我想到{d},其他可能性不大。",
            "Response": f"根据症状,最可能的诊断是{d}。",
        }
        for n, s, d in [
            (45, "右上腹疼痛伴发热", "急性胆囊炎"),
            (8, "犬吠样咳嗽", "喉炎"),
            (60, "静止性震颤", "帕金森病"),
            (30, "转移性右下腹痛", "急性阑尾炎"),
            (55, "压榨性胸痛", "心肌梗死"),
            (22, "多饮多尿消瘦", "一型糖尿病"),
        ]
    ]
    return wild(
        "medical o1 in chinese",
        array(rows, "medical_o1_sft_Chinese.json"),
        "sft",
        {"messages": [{"role": "user", "content": rows[0]["Question"]}, Turn("assistant", "最可能的诊断是急性胆囊炎")]},
        rows=6,
    )


def _dialogue_sum() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "id": f"train_{i}",
            "dialogue": f"#Person1#: Could you book me a {x}?\n#Person2#: For which day?\n#Person1#: {d}, please.\n"
            "#Person2#: Done.",
            "summary": f"#Person1# asks #Person2# to book a {x} for {d}.",
            "topic": "booking",
        }
        for i, (x, d) in enumerate(
            [
                ("taxi", "Monday"),
                ("table", "Sunday"),
                ("court", "Friday"),
                ("haircut", "Tuesday"),
                ("boat", "Saturday"),
                ("room", "Thursday"),
            ]
        )
    ]
    return wild(
        "dialogue sum",
        table(
            [[r[k] for k in ("id", "dialogue", "summary", "topic")] for r in rows],
            ["id", "dialogue", "summary", "topic"],
            name="train.csv",
        ),
        "sft",
        {
            "messages": [
                Turn("user", "Could you book me a taxi?", "Done."),
                {"role": "assistant", "content": rows[0]["summary"]},
            ]
        },
        rows=6,
    )


def _retrieval_twelve_thousand() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "context": f"{n} was founded in {y} by two brothers who sold {p} from a cart near the old quay. It now "
            f"employs {y % 100 + 20} people.",
            "question": f"What did the founders of {n} sell at first?",
            "answer": f"They sold {p}.",
        }
        for n, y, p in [
            ("Harlow & Sons", 1912, "smoked eels"),
            ("Pintado", 1954, "paper fans"),
            ("Brevik Works", 1888, "horn buttons"),
            ("Olano", 1973, "sunflower seeds"),
            ("Tessin AG", 1931, "chestnuts"),
            ("Marrow Ltd", 1969, "umbrellas"),
        ]
    ]
    return wild(
        "retrieval in twelve thousand",
        parquet(rows),
        "sft",
        ask_exactly(rows[0]["context"], rows[0]["question"], to="They sold smoked eels."),
        rows=6,
    )


def _film_reviews_imdb() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "text": f"{a} <br /><br />The {b} alone {('is worth the ticket' if label else 'made me leave early')}. "
            f"{('Ten' if label else 'Two')} out of ten.",
            "label": label,
        }
        for a, b, label in [
            ("I had low hopes for this western.", "final chase", 1),
            ("What a waste of good actors.", "dialogue", 0),
            ("Seen it three times already.", "music", 1),
            ("The plot has holes like a sieve.", "ending", 0),
            ("A small wonder from Finland.", "light", 1),
            ("Remakes should be banned.", "wig", 0),
        ]
    ]
    return wild("film reviews of imdb", parquet(rows), "sft cpt", rows=6)


def _setfit_sentiments() -> Wild:
    rows: list[dict[str, Any]] = [
        {"text": t, "label": label, "label_text": ["negative", "positive"][label]}
        for t, label in [
            ("a gorgeous , witty romp", 1),
            ("lifeless from start to finish", 0),
            ("warm and funny", 1),
            ("tries hard and fails", 0),
            ("an hour too long", 0),
            ("a quiet triumph", 1),
            ("stale jokes", 0),
            ("bright performances", 1),
        ]
    ]
    return wild(
        "setfit of sentiments",
        jsonl(rows),
        "sft cpt",
        {"messages": [Turn("user", "a gorgeous , witty romp"), Turn("assistant", "positive")]},
        {"text": Has("a gorgeous , witty romp")},
        rows=8,
    )


def _counselling_context_response() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "Context": f"I keep {x} and I don't know how to stop. Everyone tells me to relax but that only makes it "
            "worse.",
            "Response": f"It sounds exhausting to keep {x}. Notice when it starts, and be kind to yourself; a "
            "counsellor "
            "near you can help you find what sets it off.",
        }
        for x in [
            "waking at four",
            "checking the stove",
            "apologising for nothing",
            "avoiding my friends",
            "comparing myself to my sister",
            "crying at work",
        ]
    ]
    return wild(
        "counselling with context and response (sixth)",
        jsonl(rows, "combined_dataset.json"),
        "sft",
        chat(rows[0]["Context"], rows[0]["Response"]),
        rows=6,
    )


def _health_chatbot_tags() -> Wild:
    rows: list[dict[str, Any]] = [
        {"text": f"<HUMAN>: What is {x}?\n<ASSISTANT>: {x.capitalize()} is {y}."}
        for x, y in [
            ("burnout", "exhaustion from long stress"),
            ("grief", "the answer of the heart to loss"),
            ("mindfulness", "attention to the present"),
            ("insomnia", "trouble with falling or staying asleep"),
            ("a phobia", "a strong fear of a thing or place"),
            ("therapy", "guided talk with a trained person"),
        ]
    ]
    return wild(
        "health chatbot with tags of speakers",
        parquet(rows),
        "sft",
        chat("What is burnout?", "Burnout is exhaustion from long stress."),
        rows=6,
    )


def _finance_blank_systems() -> Wild:
    rows: list[dict[str, Any]] = [
        {"system": "\n", "user": f"Explain {x} in simple terms.", "assistant": f"{x.capitalize()} means {y}."}
        for x, y in [
            ("compound interest", "earning interest on interest"),
            ("a bond", "a loan you make to a state or firm"),
            ("inflation", "prices rising in general"),
            ("a dividend", "a share of profits paid out"),
            ("hedging", "insuring against a loss"),
            ("liquidity", "how fast a thing turns into cash"),
        ]
    ]
    return wild("finance with blank systems", jsonl(rows), "sft", chat(rows[0]["user"], rows[0]["assistant"]), rows=6)


def _flashcards_medicine() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "input": f"What is the function of the {o}?",
            "output": f"The {o} {f}.",
            "instruction": "Answer this question truthfully",
        }
        for o, f in [
            ("spleen", "filters the blood"),
            ("cornea", "bends light into the eye"),
            ("cochlea", "turns sound into nerve signals"),
            ("thyroid", "sets the pace of metabolism"),
            ("patella", "protects the knee"),
            ("diaphragm", "draws air into the lungs"),
        ]
    ]
    return wild(
        "flashcards of medicine",
        array(rows, "medical_meadow_wikidoc_medical_flashcards.json"),
        "sft",
        ask_exactly("What is the function of the spleen?", to="The spleen filters the blood."),
        {
            "messages": [
                Turn("system", "Answer this question truthfully"),
                Turn("user", "What is the function of the spleen?"),
                Turn("assistant", "The spleen filters the blood."),
            ]
        },
        rows=6,
    )


def _human_machine_answers() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "question": f"Why does {x} happen ? Explain like I'm five .",
            "human_answers": [f"Basically {y} .", f"Short answer : {y} , mostly ."],
            "chatgpt_answers": [
                f"{x.capitalize()} happens because {y}. It is important to note that other factors may play a role."
            ],
            "index": None,
            "source": "reddit_eli5",
        }
        for x, y in [
            ("rust", "iron meets water and air"),
            ("fog", "damp air cools"),
            ("hiccups", "a muscle cramps"),
            ("thunder", "lightning heats the air"),
            ("jet lag", "the body keeps its old hours"),
            ("mould", "spores find a damp place"),
        ]
    ]
    return wild(
        "human and machine answers compared",
        jsonl(rows, "all.jsonl"),
        "sft dpo",
        {"messages": [{"role": "user", "content": rows[0]["question"]}, Turn("assistant", "iron meets water and air")]},
        {
            "prompt": [Turn("user", "Why does rust happen")],
            "chosen": [Turn("assistant", "iron meets water and air")],
            "rejected": [Turn("assistant", "iron meets water and air")],
        },
    )


LANGUAGE: tuple[Wild, ...] = (
    _doctor_hundred_thousand(),
    _medical_o1_chinese(),
    _dialogue_sum(),
    _retrieval_twelve_thousand(),
    _film_reviews_imdb(),
    _setfit_sentiments(),
    _counselling_context_response(),
    _health_chatbot_tags(),
    _finance_blank_systems(),
    _flashcards_medicine(),
    _human_machine_answers(),
)
"""Popular datasets of medicine, money, summaries and labels."""
