"""Datasets of questions with short answers: reading comprehension, quizzes with choices, samples of evaluations.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import json

from tests.data.wild.second_instructions import mixed, pair
from tests.data.wild.second_texts import ARTICLES, FACTS, PLACES, QUIZ, SUMS
from tests.data.wild.table import Has, Turn, Wild, array, asked, jsonl, parquet, turns, wild

Q, A = FACTS[0]
PROBLEM, _, RESULT = SUMS[0]
PASSAGE = ARTICLES[0][1]

QUIZZES: tuple[Wild, ...] = (
    wild(
        "nested reading comprehension",
        array(
            {
                "version": "1.1",
                "data": [
                    {
                        "title": "Varn",
                        "paragraphs": [
                            {
                                "context": PASSAGE,
                                "qas": [
                                    {
                                        "id": str(i),
                                        "question": q,
                                        "answers": [{"text": a, "answer_start": PASSAGE.find(a)}],
                                    }
                                    for i, (q, a) in enumerate(PLACES)
                                ],
                            }
                        ],
                    }
                ],
            },
            "train-v1.1.json",
        ),
        "sft grpo",
        {"messages": [Turn("user", PASSAGE, PLACES[0][0]), Turn("assistant", "1871")]},
        {"prompt": [Turn("user", PASSAGE, PLACES[0][0])], "answer": "1871"},
    ),
    wild(
        "flat reading comprehension",
        parquet(
            [
                {
                    "id": str(i),
                    "title": "Varn",
                    "context": PASSAGE,
                    "question": q,
                    "answers": {"text": [a], "answer_start": [PASSAGE.find(a)]},
                }
                for i, (q, a) in enumerate(PLACES)
            ]
        ),
        "sft grpo",
        {"messages": [Turn("user", PASSAGE, PLACES[0][0]), Turn("assistant", "1871")]},
        {"prompt": [Turn("user", PASSAGE, PLACES[0][0])], "answer": "1871"},
        rows=4,
    ),
    wild(
        "open questions with lists of answers",
        jsonl([{"question": q, "answer": [a, a.title()]} for q, a in PLACES], "NQ-open.dev.jsonl"),
        "sft grpo",
        mixed(PLACES[0][0], "1871"),
        Has(PLACES[0][0], "1871"),
        rows=4,
    ),
    wild(
        "four choices and an index",
        parquet([{"question": q, "subject": "general", "choices": list(c), "answer": n} for q, c, n in QUIZ]),
        "sft grpo",
        Has(QUIZ[0][0], "Mercury"),
        rows=5,
    ),
    wild(
        "choices with labels and a key",
        jsonl(
            [
                {
                    "id": f"M_{i}",
                    "question": q,
                    "choices": {"text": list(c), "label": list("ABCD")},
                    "answerKey": "ABCD"[n],
                }
                for i, (q, c, n) in enumerate(QUIZ)
            ]
        ),
        "sft grpo",
        Has(QUIZ[0][0], "Mercury"),
        rows=5,
    ),
    wild(
        "yes-or-no questions on a passage",
        jsonl([{"question": q.lower(), "passage": PASSAGE, "answer": i % 2 == 0} for i, (q, _) in enumerate(PLACES)]),
        "sft grpo",
        Has(PLACES[0][0].lower(), PASSAGE),
        rows=4,
    ),
    wild(
        "evaluation samples with an ideal",
        jsonl(
            [
                {"input": [{"role": "system", "content": "Answer with a number."}, *turns(q)], "ideal": r}
                for q, _, r in SUMS
            ]
        ),
        "sft grpo",
        Has(PROBLEM, RESULT),
        rows=5,
    ),
    wild(
        "traced inputs and outputs",
        jsonl([{"inputs": {"question": q}, "outputs": {"answer": a}, "metadata": {"split": "base"}} for q, a in FACTS]),
        "sft",
        pair(Q, A),
        rows=6,
    ),
    wild(
        "calls of functions as text",
        parquet(
            [
                {
                    "id": i,
                    "query": f"What is the weather in {city}?",
                    "answers": json.dumps([{"name": "weather", "arguments": {"city": city}}]),
                    "tools": json.dumps(
                        [{"name": "weather", "description": "Weather", "parameters": {"city": {"type": "str"}}}]
                    ),
                }
                for i, city in enumerate(("Lima", "Oslo", "Pune", "Graz"))
            ]
        ),
        "sft",
        Has("What is the weather in Lima?", "arguments", "tools"),
        rows=4,
    ),
    wild(
        "prompts without any answer",
        jsonl([{"prompt": q, "source": "user"} for q, _ in FACTS], "prompts.jsonl"),
        "grpo refused cpt",
        asked(Q),
        {"text": Q},
    ),
)
"""Questions with short answers."""
