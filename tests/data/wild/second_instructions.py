"""Datasets of instructions, questions, sums and quizzes in the layouts of public sets and of tools.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import json
from typing import Any

from tests.data.wild.second_texts import ARTICLES, CODE, FACTS, PLACES, QUIZ, SUMS
from tests.data.wild.table import Has, OneOf, Turn, Wild, array, asked, chat, jsonl, parquet, table, turns, wild

Q, A = FACTS[0]
PROBLEM, SOLUTION, RESULT = SUMS[0]


def pair(prompt: Any, answer: Any, system: Any = None) -> OneOf:
    """Return one exchange, as messages or as a prompt with its completion."""
    row = chat(prompt, answer, system=system)
    split = {"prompt": row["messages"][:-1], "completion": row["messages"][-1:]}
    return OneOf(row, split, {"prompt": prompt, "completion": answer})


def mixed(prompt: Any, *answers: Any) -> OneOf:
    """Return one exchange with any of these answers, or the prompt with one to check."""
    checked = [{"prompt": turns(prompt), "answer": answer} for answer in answers]
    return OneOf(*(pair(prompt, answer) for answer in answers), *checked)


PASSAGE = ARTICLES[0][1]

INSTRUCTIONS: tuple[Wild, ...] = (
    wild(
        "alpaca cleaned",
        array([{"instruction": q, "input": "", "output": a} for q, a in FACTS], "alpaca_data_cleaned.json"),
        "sft",
        pair(Q, A),
        rows=6,
    ),
    wild(
        "alpaca with the assembled prompt in text",
        parquet(
            [
                {
                    "instruction": q,
                    "input": "",
                    "output": a,
                    "text": "Below is an instruction that describes a task. Write a response that appropriately completes "
                    f"the request.\n\n### Instruction:\n{q}\n\n### Response:\n{a}",
                }
                for q, a in FACTS
            ]
        ),
        "sft",
        pair(Q, A),
        rows=6,
    ),
    wild(
        "only the assembled prompt in text",
        jsonl(
            [
                {
                    "text": "Below is an instruction that describes a task. Write a response that appropriately completes "
                    f"the request.\n\n### Instruction:\n{q}\n\n### Response:\n{a}"
                }
                for q, a in FACTS
            ]
        ),
        "sft",
        {"messages": OneOf(turns(Q, A), [Turn("system", "Below is"), *turns(Q, A)])},
        rows=6,
    ),
    wild(
        "dolly",
        jsonl(
            [
                {"instruction": q, "context": PASSAGE if i == 1 else "", "response": a, "category": "closed_qa"}
                for i, (q, a) in enumerate(FACTS)
            ],
            "databricks-dolly-15k.jsonl",
        ),
        "sft",
        pair(Q, A),
        rows=6,
    ),
    wild(
        "grade school sums",
        jsonl([{"question": q, "answer": f"{s}\n#### {r}"} for q, s, r in SUMS], "test.jsonl"),
        "sft grpo",
        mixed(PROBLEM, f"{SOLUTION}\n#### {RESULT}", RESULT),
        rows=5,
        suggests="grpo",
    ),
    wild(
        "rewritten sums with the original question",
        array(
            [
                {
                    "query": q,
                    "response": f"{s}\nThe answer is: {r}",
                    "type": "GSM_Rephrased",
                    "original_question": f"{q} Solve.",
                }
                for q, s, r in SUMS
            ],
            "MetaMathQA-395K.json",
        ),
        "sft grpo",
        mixed(PROBLEM, f"{SOLUTION}\nThe answer is: {RESULT}", RESULT),
        rows=5,
    ),
    wild(
        "numina with messages",
        parquet(
            [
                {
                    "source": "cn_k12",
                    "problem": q,
                    "solution": f"{s} $\\boxed{{{r}}}$",
                    "messages": turns(q, f"{s} $\\boxed{{{r}}}$"),
                }
                for q, s, r in SUMS
            ]
        ),
        "sft grpo",
        mixed(PROBLEM, f"{SOLUTION} $\\boxed{{{RESULT}}}$", RESULT),
        rows=5,
    ),
    wild(
        "problems with a solution and an answer",
        parquet(
            [
                {"ID": f"2024-I-{i}", "Problem": q, "Solution": s, "Answer": int(float(r))}
                for i, (q, s, r) in enumerate(SUMS)
            ]
        ),
        "sft grpo",
        mixed(PROBLEM, SOLUTION, RESULT),
        rows=5,
        suggests="grpo",
    ),
    wild(
        "problems with a bare answer and a rate",
        parquet([{"problem": q, "answer": r, "source": "orca", "llama8b_solve_rate": 0.5} for q, _, r in SUMS]),
        "sft grpo",
        mixed(PROBLEM, RESULT),
        rows=5,
        suggests="grpo",
    ),
    wild(
        "reinforcement rows with a ground truth",
        parquet(
            [
                {
                    "data_source": "math_dapo",
                    "prompt": turns(q),
                    "ability": "MATH",
                    "reward_model": {"ground_truth": r, "style": "rule-lighteval/MATH_v2"},
                    "extra_info": {"index": f"{i:04d}"},
                }
                for i, (q, _, r) in enumerate(SUMS)
            ],
            "dapo-math-17k.parquet",
        ),
        "grpo sft",
        mixed(PROBLEM, RESULT),
        rows=5,
        suggests="grpo",
    ),
    wild(
        "reasoning rows with thoughts apart",
        jsonl(
            [
                {"question": q, "thinking_trajectories": [f"Let me think. {s}"], "solution": r, "attempt": s}
                for q, s, r in SUMS
            ]
        ),
        "sft grpo",
        rows=5,
    ),
    wild(
        "orca with system prompts",
        parquet(
            [
                {"id": f"flan.{i}", "system_prompt": "Be brief.", "question": q, "response": a}
                for i, (q, a) in enumerate(FACTS)
            ]
        ),
        "sft",
        pair(Q, A, "Be brief."),
        rows=6,
    ),
    wild(
        "customer support with intents",
        table(
            [("BCLN", q, "ORDER", "cancel_order", a) for q, a in FACTS],
            ("flags", "instruction", "category", "intent", "response"),
        ),
        "sft",
        pair(Q, A),
        rows=6,
    ),
    wild(
        "prompt and completion",
        jsonl([{"prompt": f"{q}\n\n###\n\n", "completion": f" {a} END"} for q, a in FACTS]),
        "sft",
        rows=6,
    ),
    wild(
        "inputs and targets of many tasks",
        parquet(
            [
                {"inputs": q, "targets": a, "task_source": "Flan2021", "task_name": "nq", "template_type": "zs_noopt"}
                for q, a in FACTS
            ]
        ),
        "sft",
        pair(Q, A),
        rows=6,
    ),
    wild(
        "input text and output text",
        jsonl([{"input_text": q, "output_text": a} for q, a in FACTS]),
        "sft",
        pair(Q, A),
        rows=6,
    ),
    wild(
        "kind, input and target",
        jsonl([{"kind": "OpenQA", "input": q, "target": a} for q, a in FACTS]),
        "sft",
        pair(Q, A),
        rows=6,
    ),
    wild(
        "seed tasks with instances",
        jsonl(
            [
                {
                    "id": f"seed_task_{i}",
                    "name": "tip",
                    "instruction": q,
                    "instances": [{"input": "", "output": a}],
                    "is_classification": False,
                }
                for i, (q, a) in enumerate(FACTS)
            ],
            "seed_tasks.jsonl",
        ),
        "sft",
        pair(Q, A),
    ),
    wild(
        "task definition with instances",
        array(
            {
                "Contributors": ["Ola"],
                "Source": ["own"],
                "Categories": ["Question Answering"],
                "Definition": ["Answer the household question in one sentence."],
                "Positive Examples": [{"input": "Is soap basic?", "output": "Yes, it is.", "explanation": "True."}],
                "Negative Examples": [],
                "Instances": [{"id": f"task9-{i}", "input": q, "output": [a]} for i, (q, a) in enumerate(FACTS)],
            },
            "task009_household.json",
        ),
        "sft",
        {"messages": Has(Q, A)},
    ),
    wild(
        "code problems and solutions",
        jsonl(
            [
                {
                    "lang": "python",
                    "raw_index": i,
                    "index": i,
                    "seed": "x = 1",
                    "openai_fingerprint": "fp",
                    "problem": q,
                    "solution": c,
                }
                for i, (q, c, _) in enumerate(CODE)
            ]
        ),
        "sft",
        pair(CODE[0][0], CODE[0][1]),
        rows=4,
    ),
    wild(
        "functions to complete with tests",
        jsonl(
            [
                {
                    "task_id": f"Test/{i}",
                    "prompt": f'def {name}(x):\n    """{q}"""\n',
                    "entry_point": name,
                    "canonical_solution": c.split("\n", 1)[1],
                    "test": f"def check(candidate):\n    assert candidate is not {name}\n",
                }
                for i, (q, c, name) in enumerate(CODE)
            ],
            "HumanEval.jsonl",
        ),
        "sft grpo",
        rows=4,
    ),
    wild(
        "basic programs with test lists",
        jsonl(
            [
                {
                    "text": q,
                    "code": c,
                    "task_id": i,
                    "test_setup_code": "",
                    "test_list": [f"assert {n}"],
                    "challenge_test_list": [],
                }
                for i, (q, c, n) in enumerate(CODE)
            ]
        ),
        "sft grpo",
        OneOf(pair(CODE[0][0], CODE[0][1]), {"messages": [Turn("user", CODE[0][0]), Turn("assistant", "def flip")]}),
        rows=4,
    ),
    wild(
        "text to database queries",
        array(
            [
                {
                    "db_id": "farm",
                    "query": f"SELECT {c} FROM cows WHERE age > 3",
                    "question": f"What is the {c} of cows over three?",
                }
                for c in ("name", "weight", "breed", "owner")
            ],
            "train_spider.json",
        ),
        "sft",
        {
            "messages": [
                Turn("user", "What is the name of cows over three?"),
                {"role": "assistant", "content": "SELECT name FROM cows WHERE age > 3"},
            ]
        },
        rows=4,
    ),
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
"""Instructions, questions and their kin."""
