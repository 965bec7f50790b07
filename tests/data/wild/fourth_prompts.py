"""Datasets of prompts whose answers can be checked.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import json

from tests.data.wild.fourth_pool import CODES, PROBLEMS, QUESTIONS, RESULTS, SOLUTIONS, TASKS, messages
from tests.data.wild.table import (
    Has,
    OneOf,
    Turn,
    Wild,
    array,
    asked,
    chat,
    jsonl,
    parquet,
    preferred,
    table,
    turns,
    wild,
)

PROMPTS: tuple[Wild, ...] = (
    wild(
        "deep math with three solutions of a model",
        parquet(
            [
                {
                    "question": PROBLEMS[i],
                    "final_answer": RESULTS[i],
                    "difficulty": 5.0 + i,
                    "topic": "Mathematics -> Algebra",
                    "r1_solution_1": "Okay.\n</think>\n" + SOLUTIONS[i],
                    "r1_solution_2": "Hmm.\n</think>\n" + SOLUTIONS[i],
                    "r1_solution_3": "Let me see.\n</think>\n" + SOLUTIONS[i],
                }
                for i in range(6)
            ]
        ),
        "grpo sft",
        asked(PROBLEMS[0], RESULTS[0]),
        chat(PROBLEMS[0], Has(SOLUTIONS[0])),
    ),
    wild(
        "constraints to verify with messages",
        parquet(
            [
                {
                    "messages": messages(f"{QUESTIONS[i]} Your answer must contain at least 3 commas."),
                    "ground_truth": json.dumps({"func_name": "verify_commas", "N": 3}),
                    "dataset": "ifeval",
                    "constraint_type": "Punctuation",
                    "constraint": "at least {N} commas",
                }
                for i in range(5)
            ]
        ),
        "grpo",
        {
            "prompt": turns(f"{QUESTIONS[0]} Your answer must contain at least 3 commas."),
            "answer": Has("verify_commas"),
        },
        rows=5,
    ),
    wild(
        "invitational of 2024 with capitals",
        jsonl(
            [
                {"ID": f"2024-I-{i}", "Problem": PROBLEMS[i], "Solution": SOLUTIONS[i], "Answer": int(RESULTS[i])}
                for i in range(6)
            ],
            "aime_2024_problems.jsonl",
        ),
        "sft grpo",
        chat(PROBLEMS[0], SOLUTIONS[0]),
        asked(PROBLEMS[0], RESULTS[0]),
        {"prompt": turns(PROBLEMS[0]), "answer": int(RESULTS[0])},
        rows=6,
        suggests="grpo",
    ),
    wild(
        "google proof questions",
        table(
            [
                [
                    "q1",
                    "Which animal lays the largest egg relative to its body?",
                    "The kiwi",
                    "The ostrich",
                    "The albatross",
                    "The hummingbird",
                    "The kiwi lays an egg of a fifth of her weight.",
                    "Biology",
                ],
                [
                    "q2",
                    "Which metal is liquid at room temperature?",
                    "Mercury",
                    "Lead",
                    "Tin",
                    "Zinc",
                    "Mercury melts at minus 39 degrees.",
                    "Chemistry",
                ],
                [
                    "q3",
                    "Which force holds a nucleus together?",
                    "The strong force",
                    "Gravity",
                    "Friction",
                    "The weak force",
                    "The strong force binds nucleons.",
                    "Physics",
                ],
                [
                    "q4",
                    "What turns milk into yoghurt?",
                    "Lactic acid bacteria",
                    "Yeast",
                    "Rennet only",
                    "Salt",
                    "They turn lactose into acid.",
                    "Biology",
                ],
            ],
            [
                "Record ID",
                "Question",
                "Correct Answer",
                "Incorrect Answer 1",
                "Incorrect Answer 2",
                "Incorrect Answer 3",
                "Explanation",
                "High-level domain",
            ],
            name="gpqa_main.csv",
        ),
        "sft grpo dpo",
        {"messages": [Turn("user", "Which animal lays the largest egg"), Turn("assistant")]},
        {
            "prompt": [Turn("user", "Which animal lays the largest egg")],
            "answer": OneOf(Has("kiwi"), "A", "B", "C", "D"),
        },
        preferred(Has("Which animal"), "The kiwi", "The ostrich"),
        rows=4,
        suggests="sft",
    ),
    wild(
        "eurus rl data with a system",
        parquet(
            [
                {
                    "data_source": "numina_synthetic_math",
                    "prompt": [
                        {
                            "role": "system",
                            "content": "When tackling complex reasoning tasks, use [ASSESS] and [OUTPUT].",
                        },
                        {
                            "role": "user",
                            "content": PROBLEMS[i] + "\n\nPresent the answer in LaTex format: \\boxed{Your answer}",
                        },
                    ],
                    "ability": "math",
                    "reward_model": {"ground_truth": RESULTS[i], "style": "rule"},
                    "extra_info": {"index": i, "split": "dummy"},
                }
                for i in range(6)
            ]
        ),
        "grpo",
        {"prompt": [Turn("system", "[ASSESS]"), Turn("user", PROBLEMS[0])], "answer": RESULTS[0]},
        rows=6,
    ),
    wild(
        "prompt collection with context messages",
        jsonl(
            [
                {
                    "dataset": "ultrafeedback",
                    "context": QUESTIONS[i],
                    "context_messages": messages(QUESTIONS[i]),
                    "id": f"{i:x}",
                }
                for i in range(5)
            ]
        ),
        "grpo",
        asked(QUESTIONS[0]),
        rows=5,
    ),
    wild(
        "instructions to follow with keyword arguments",
        jsonl(
            [
                {
                    "key": 1000 + i,
                    "prompt": f"{QUESTIONS[i]} Do not use the letter z, and write at least 50 words.",
                    "instruction_id_list": ["length_constraints:number_words"],
                    "kwargs": [{"relation": "at least", "num_words": 50}],
                }
                for i in range(5)
            ],
            "input_data.jsonl",
        ),
        "grpo",
        {"prompt": turns(f"{QUESTIONS[0]} Do not use the letter z, and write at least 50 words.")},
        {"prompt": turns(f"{QUESTIONS[0]} Do not use the letter z, and write at least 50 words."), "answer": Has()},
        rows=5,
    ),
    wild(
        "synthetic code problems with verification info",
        jsonl(
            [
                {
                    "source": "apps",
                    "task_type": "verifiable_code",
                    "in_source_id": str(i),
                    "prompt": "Solve the following coding problem using the programming language "
                    f"python:\n\n{TASKS[i]}",
                    "gold_standard_solution": f"```python\n{CODES[i]}\n```",
                    "verification_info": json.dumps(
                        {
                            "language": "python",
                            "test_cases": [{"type": "stdin_stdout", "input": "1\n", "output": "1\n"}],
                        }
                    ),
                    "metadata": json.dumps({"difficulty": "introductory"}),
                    "problem_id": f"vcp_{i}",
                }
                for i in range(5)
            ]
        ),
        "grpo sft",
        {"prompt": [Turn("user", TASKS[0])], "answer": Has()},
        chat(Has(TASKS[0]), Has(CODES[0])),
        rows=5,
    ),
    wild(
        "gym of reasoning with metadata",
        jsonl(
            [
                {
                    "question": f"Sort these words in ascending order: {w}",
                    "answer": ", ".join(sorted(w.split(", "))),
                    "metadata": {"source_dataset": "word_sorting", "source_index": i, "difficulty": {"num_words": 3}},
                }
                for i, w in enumerate(
                    ["pear, fig, apple", "tin, lead, iron", "oak, ash, elm", "red, blue, green", "cat, ant, bee"]
                )
            ],
            "reasoning_gym.jsonl",
        ),
        "grpo sft",
        asked("Sort these words in ascending order: pear, fig, apple", "apple, fig, pear"),
        chat("Sort these words in ascending order: pear, fig, apple", "apple, fig, pear"),
        rows=5,
    ),
    wild(
        "medical verifiable problems",
        array(
            [
                {"Open-ended Verifiable Question": q, "Ground-True Answer": a}
                for q, a in [
                    ("An infant has a barking cough and stridor. What is the most likely diagnosis?", "Croup"),
                    (
                        "A man finds he cannot see at night and eats no vegetables. Which vitamin is missing?",
                        "Vitamin A",
                    ),
                    ("A sailor's gums bleed and his wounds heal slowly. What is missing in his diet?", "Vitamin C"),
                    (
                        "A runner's heart beats 42 times a minute and he feels well. What is the finding called?",
                        "Athletic bradycardia",
                    ),
                ]
            ],
            "medical_o1_verifiable_problem.json",
        ),
        "grpo",
        asked("An infant has a barking cough and stridor. What is the most likely diagnosis?", "Croup"),
        rows=4,
        suggests="sft",
    ),
    wild(
        "simple questions with metadata as text",
        table(
            [
                [str({"topic": "Geography", "answer_type": "Other"}), q, a]
                for q, a in [
                    ("In which year did the ferry of Oldmere first cross the strait?", "1884"),
                    ("Who kept the weather diary of 92 notebooks?", "Miss Falk"),
                    ("How many species of lichen grow on the bridge at Harrow Ford?", "More than ninety"),
                    ("What was hidden under the school floor of Port Lessing?", "Nine copper plates"),
                ]
            ],
            ["metadata", "problem", "answer"],
            name="simple_qa_test_set.csv",
        ),
        "grpo sft",
        asked("In which year did the ferry of Oldmere first cross the strait?", "1884"),
        chat("In which year did the ferry of Oldmere first cross the strait?", "1884"),
        rows=4,
        suggests="sft",
    ),
    wild(
        "benchmark questions of two turns",
        jsonl(
            [
                {
                    "question_id": 81 + i,
                    "category": "writing",
                    "turns": [QUESTIONS[i], "Now rewrite your previous answer as a limerick."],
                }
                for i in range(5)
            ],
            "question.jsonl",
        ),
        "grpo",
        {"prompt": [Turn("user", QUESTIONS[0])]},
        {"prompt": [Turn("user", QUESTIONS[0]), Turn("user", "limerick")]},
        rows=5,
    ),
)
"""Datasets of prompts whose answers can be checked."""
