"""Datasets of judged answers, and of instructions to programmers.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

from tests.data.wild.fourth_pool import ANSWERS, CODES, PROBLEMS, QUESTIONS, RESULTS, SOLUTIONS, TASKS, TESTS, WRONG
from tests.data.wild.table import Has, Turn, Wild, array, chat, jsonl, judged, parquet, table, turns, wild

JUDGED: tuple[Wild, ...] = (
    wild(
        "beaver tails",
        jsonl(
            [
                {
                    "prompt": QUESTIONS[i],
                    "response": [ANSWERS, WRONG][i % 2][i],
                    "category": {"animal_abuse": False, "violence,aiding_and_abetting,incitement": i % 2 == 1},
                    "is_safe": i % 2 == 0,
                }
                for i in range(6)
            ],
            "30k_train.jsonl",
        ),
        "kto",
        judged(QUESTIONS[0], ANSWERS[0], True),
        rows=6,
    ),
    wild(
        "toxic chat of a demo",
        table(
            [
                [f"c{i}", QUESTIONS[i], [ANSWERS, WRONG][i % 2][i], "True", str(i % 2), "0", '[["sexual", 0.0001]]']
                for i in range(5)
            ],
            [
                "conv_id",
                "user_input",
                "model_output",
                "human_annotation",
                "toxicity",
                "jailbreaking",
                "openai_moderation",
            ],
            name="toxic-chat_annotation_train.csv",
        ),
        "sft kto",
        chat(QUESTIONS[0], ANSWERS[0]),
        judged(QUESTIONS[0], ANSWERS[0], True),
        rows=5,
    ),
    wild(
        "answers of students marked correct",
        table(
            [
                [QUESTIONS[i], ANSWERS[i] if i % 2 == 0 else WRONG[i], "correct" if i % 2 == 0 else "incorrect"]
                for i in range(6)
            ],
            ["question", "student_answer", "verdict"],
            name="graded.csv",
        ),
        "kto",
        judged(QUESTIONS[0], ANSWERS[0], True),
        rows=6,
    ),
    wild(
        "math solutions judged by a checker",
        jsonl(
            [
                {
                    "problem": PROBLEMS[i // 2],
                    "response": SOLUTIONS[i // 2] if i % 2 == 0 else "It must be 13.",
                    "is_correct": i % 2 == 0,
                    "gold": RESULTS[i // 2],
                    "model": "small",
                }
                for i in range(8)
            ],
            "rollouts.jsonl",
        ),
        "kto",
        judged(PROBLEMS[0], SOLUTIONS[0], True),
        rows=8,
    ),
    wild(
        "thumbs up and down of a web interface",
        array(
            [
                {
                    "id": f"f{i}",
                    "type": "rating",
                    "data": {"rating": 1 if i % 2 == 0 else -1, "model_id": "qwen3:8b", "reason": ""},
                    "meta": {"chat_id": f"c{i}"},
                    "snapshot": {
                        "chat": {
                            "title": "x",
                            "chat": {
                                "messages": [
                                    {"id": "1", "role": "user", "content": QUESTIONS[i]},
                                    {"id": "2", "role": "assistant", "content": [ANSWERS, WRONG][i % 2][i]},
                                ]
                            },
                        }
                    },
                    "user_id": "u",
                    "created_at": 1750000000 + i,
                }
                for i in range(4)
            ],
            "feedback-history-export.json",
        ),
        "kto",
        judged(QUESTIONS[0], ANSWERS[0], True),
        rows=4,
    ),
    wild(
        "code feedback with a resource",
        jsonl(
            [
                {
                    "query": TASKS[i],
                    "answer": f"Here is one way:\n\n```python\n{CODES[i]}\n```",
                    "resource": "evolinstruct",
                    "lang": "python",
                }
                for i in range(5)
            ],
            "CodeFeedback-Filtered-Instruction.jsonl",
        ),
        "sft",
        chat(TASKS[0], Has("Here is one way", CODES[0])),
        rows=5,
    ),
    wild(
        "self instructions of the star coder",
        parquet(
            [
                {
                    "fingerprint": None,
                    "sha1": f"{i:040x}",
                    "seed": "def f(x):\n    return x",
                    "response": f"```python\n{CODES[i]}\n```\n\nThis keeps it short.",
                    "concepts": ["loops", "strings"],
                    "prompt": "You are exceptionally skilled at crafting code. Produce a task from the snippet "
                    "below.\ndef f(x):\n    return x",
                    "instruction": TASKS[i],
                    "id": i,
                }
                for i in range(5)
            ]
        ),
        "sft",
        chat(TASKS[0], Has(CODES[0], "This keeps it short.")),
        rows=5,
    ),
    wild(
        "kodcode with tests",
        parquet(
            [
                {
                    "version": "v1.0",
                    "style": "instruct",
                    "subset": "Leetcode",
                    "question_id": f"Leetcode_{i}_I",
                    "question": TASKS[i],
                    "solution": CODES[i],
                    "test": "from solution import *\n\ndef test_it():\n    " + TESTS[i].replace("\n", "\n    "),
                    "test_info": [
                        {
                            "docstring": "Does it.",
                            "function_declaration": CODES[i].split(":")[0],
                            "function_name": "f",
                            "parameter_list": "(x)",
                        }
                    ],
                    "gpt_pass_sequence": [1, 0, 1],
                    "gpt_pass_trial_num": 3,
                    "gpt_difficulty": "easy",
                    "gpt_pass_percentage": 0.66,
                }
                for i in range(5)
            ]
        ),
        "sft grpo",
        chat(TASKS[0], CODES[0]),
        {"prompt": turns(TASKS[0]), "answer": Has()},
        rows=5,
    ),
    wild(
        "commits with their contents",
        jsonl(
            [
                {
                    "commit": f"{i:08x}",
                    "old_file": f"src/m{i}.py",
                    "new_file": f"src/m{i}.py",
                    "old_contents": "def area(w, h):\n    return w + h\n",
                    "new_contents": CODES[i] + "\n",
                    "subject": s,
                    "message": s + "\n",
                    "lang": "Python",
                    "license": "mit",
                    "repos": "someone/tools,other/tools",
                }
                for i, s in enumerate(
                    [
                        "Replace area by reverse_words",
                        "Add a counter of characters",
                        "Compute Fibonacci numbers",
                        "Check brackets",
                        "Flatten lists",
                    ]
                )
            ],
            "data.jsonl",
        ),
        "sft",
        {"messages": [Turn("user", "def area(w, h)", "Replace area by reverse_words"), Turn("assistant", CODES[0])]},
        {"messages": [Turn("system"), Turn("user", "def area(w, h)"), Turn("assistant", CODES[0])]},
        rows=5,
    ),
)
"""Datasets of judged answers, and of instructions to programmers."""
