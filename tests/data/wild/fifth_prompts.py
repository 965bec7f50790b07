"""Popular datasets for reinforcement, in their true columns.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

from tests.data.wild.fifth_pool import ALGEBRA, PROGRAMS, sums
from tests.data.wild.table import Has, OneOf, Turn, Wild, asked, chat, jsonl, parquet, table, turns, wild

STEP_BY_STEP = (
    "Solve the following math problem step by step. The last line of your response should be of the form "
    "Answer: $Answer (without quotes) where $Answer is the answer to the problem.\n\n"
)

SUMS = sums(20, 31)

SCIENCE = [
    ("Which gas is released when zinc reacts with hydrochloric acid?", "Hydrogen", "String"),
    ("A car brakes from 20 m/s to rest in 4 s. What is its deceleration in m/s^2?", "5", "Float"),
    ("Is the halting problem decidable?", "No", "Boolean"),
    ("What is the present value of 110 due in one year at 10%?", "100", "Float"),
    ("Which organelle holds the enzymes of the citric acid cycle?", "Mitochondrion", "String"),
    ("Find the derivative of x^3.", "3x^2", "Expression"),
]

PROMPTS: tuple[Wild, ...] = (
    wild(
        "dapo math with reward model and extra info",
        parquet(
            {
                "data_source": "math_dapo",
                "prompt": [
                    {
                        "content": STEP_BY_STEP
                        + q
                        + '\n\nRemember to put your answer on its own line after "Answer:".',
                        "role": "user",
                    }
                ],
                "ability": "MATH",
                "reward_model": {"ground_truth": a, "style": "rule-lighteval/MATH_v2"},
                "extra_info": {"index": f"9a9b6eb4-{i:04d}"},
            }
            for i, (q, _, a) in enumerate(ALGEBRA)
        ),
        "grpo",
        {"prompt": [{"role": "user", "content": Has(ALGEBRA[0][0])}], "answer": "5"},
        rows=10,
    ),
    wild(
        "dapo math processed, prompt and solution",
        parquet(
            {
                "prompt": q,
                "solution": a,
                "data_source": "math_dapo",
                "source_prompt": [{"content": STEP_BY_STEP + q, "role": "user"}],
                "ability": "MATH",
                "reward_model": {"ground_truth": a, "style": "rule-lighteval/MATH_v2"},
                "extra_info": {"index": str(i)},
            }
            for i, (q, _, a) in enumerate(ALGEBRA)
        ),
        "grpo",
        {"prompt": [Turn("user", ALGEBRA[0][0])], "answer": "5"},
        rows=10,
    ),
    wild(
        "deep math of the trainer, prompt turns with a solution",
        parquet({"prompt": turns(q), "solution": a} for q, _, a in ALGEBRA),
        "grpo",
        asked(ALGEBRA[0][0], "5"),
        rows=10,
    ),
    wild(
        "verifiable sums with ground truth and data set",
        parquet({"messages": turns(q), "ground_truth": a, "dataset": "gsm8k"} for q, _, a in SUMS),
        "grpo",
        asked(SUMS[0][0], SUMS[0][2]),
        rows=20,
    ),
    wild(
        "olympiad invitational with capital columns in csv",
        table(
            [[f"2024-I-{i + 1}", q, s, a] for i, (q, s, a) in enumerate(ALGEBRA)],
            ["ID", "Problem", "Solution", "Answer"],
            name="aime_2024.csv",
        ),
        "sft grpo",
        chat(ALGEBRA[0][0], ALGEBRA[0][1]),
        asked(ALGEBRA[0][0], "5"),
        rows=10,
    ),
    wild(
        "natural reasoning with responses of a model",
        jsonl(
            (
                {
                    "question": q,
                    "reference_answer": a,
                    "responses": [
                        {
                            "response_model": "Llama3.3-70B-Instruct",
                            "response": "## Step 1: Recall\nWe recall the definition.\n\n## Step 2: Answer\nThe final "
                            f"answer is: {a}.",
                        }
                    ],
                }
                for q, a, _ in SCIENCE
            ),
            "natural_reasoning.jsonl",
        ),
        "sft grpo",
        {
            "messages": [
                {"role": "user", "content": SCIENCE[0][0]},
                {"role": "assistant", "content": OneOf(Has("## Step 1: Recall"), "Hydrogen")},
            ]
        },
        asked(SCIENCE[0][0], "Hydrogen"),
        rows=6,
    ),
    wild(
        "python problems with verification info",
        parquet(
            {
                "source": "apps",
                "task_type": "verifiable_code",
                "in_source_id": str(i),
                "problem": f"{q}\nRead from standard input.",
                "gold_standard_solution": f"```python\n{a}\n```",
                "problem_id": f"vcp_{i}",
                "metadata": {"difficulty": "introductory"},
                "verification_info": {
                    "language": "python",
                    "test_cases": [{"input": "abc\n", "output": "cba\n", "type": "stdin_stdout", "fn_name": None}],
                },
            }
            for i, (q, a, line) in enumerate([c for c in PROGRAMS if c[2] == "python"])
        ),
        "sft grpo",
        {"messages": [Turn("user", PROGRAMS[0][0]), Turn("assistant", PROGRAMS[0][1])]},
        Has("prompt", PROGRAMS[0][0]),
        rows=6,
    ),
)
"""Popular datasets for reinforcement, in their true columns."""
