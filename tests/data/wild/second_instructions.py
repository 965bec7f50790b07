"""Datasets of instructions, questions, sums and quizzes in the layouts of public sets and of tools.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

from typing import Any

from tests.data.wild.second_texts import ARTICLES, CODE, FACTS, SUMS
from tests.data.wild.table import Has, OneOf, Turn, Wild, array, chat, jsonl, parquet, table, turns, wild

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
PREAMBLE = "Below is an instruction that describes a task. Write a response that appropriately completes the request."

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
                    "text": f"{PREAMBLE}\n\n### Instruction:\n{q}\n\n### Response:\n{a}",
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
        jsonl([{"text": f"{PREAMBLE}\n\n### Instruction:\n{q}\n\n### Response:\n{a}"} for q, a in FACTS]),
        "sft",
        {"messages": OneOf(turns(Q, A), [Turn("system", "Below is"), *turns(Q, A)])},
        rows=6,
    ),
    wild(
        "dolly, second table",
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
                {"db_id": "farm", "query": query, "question": f"What is the {column} of cows over three?"}
                for column, query in (
                    ("name", "SELECT name FROM cows WHERE age > 3"),
                    ("weight", "SELECT weight FROM cows WHERE age > 3"),
                    ("breed", "SELECT breed FROM cows WHERE age > 3"),
                    ("owner", "SELECT owner FROM cows WHERE age > 3"),
                )
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
)
"""Instructions and their answers."""
