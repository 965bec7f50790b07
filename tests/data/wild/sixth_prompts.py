"""Popular datasets of problems, with answers to check and with thoughts.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

from typing import Any

from tests.data.wild.sixth_pool import ask_roughly
from tests.data.wild.table import Has, Turn, Wild, asked, chat, jsonl, parquet, table, wild


def _processed_problems_dapo() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "prompt": f"Let $n$ be the number of divisors of {m}. Find $n$.",
            "solution": str(n),
            "data_source": "math_dapo",
            "source_prompt": [
                {
                    "content": "Solve the following math problem step by step. Let $n$ be the number of divisors of "
                    f"{m}. Find $n$.",
                    "role": "user",
                }
            ],
            "ability": "MATH",
            "reward_model": {"ground_truth": str(n), "style": "rule-lighteval/MATH_v2"},
            "extra_info": {"index": f"9a{m}"},
        }
        for m, n in [(12, 6), (36, 9), (97, 2), (100, 9), (128, 8), (60, 12)]
    ]
    return wild(
        "processed problems of dapo",
        parquet(rows),
        "grpo sft",
        {"prompt": [Turn("user", "the number of divisors of 12. Find $n$.")], "answer": "6"},
        chat(rows[0]["prompt"], "6"),
        rows=6,
        suggests="grpo",
    )


def _ace_problems_short() -> Wild:
    rows: list[dict[str, Any]] = [
        {"problem": f"A triangle has sides {a}, {b} and {c}. Find its area.", "answer": s}
        for a, b, c, s in [
            (3, 4, 5, "6"),
            (5, 12, 13, "30"),
            (8, 15, 17, "60"),
            (6, 8, 10, "24"),
            (7, 24, 25, "84"),
            (9, 40, 41, "180"),
        ]
    ]
    return wild(
        "ace problems with short answers",
        jsonl(rows),
        "grpo sft",
        asked(rows[0]["problem"], "6"),
        chat(rows[0]["problem"], "6"),
        rows=6,
        suggests="grpo",
    )


def _natural_reasoning_responses() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "question": f"A {o} is dropped from {h} m. Ignoring air, how long does it fall?",
            "reference_answer": f"{(2 * h / 9.81) ** 0.5:.2f} s",
            "responses": [
                {
                    "response_model": "Llama3.3-70B-Instruct",
                    "response": f"Use h = g t^2 / 2. So t = sqrt(2 * {h} / 9.81) = {(2 * h / 9.81) ** 0.5:.2f} s.",
                }
            ],
        }
        for o, h in [("ball", 20), ("brick", 45), ("coin", 10), ("shoe", 31), ("melon", 62), ("pen", 2)]
    ]
    return wild(
        "natural reasoning with responses",
        jsonl(rows),
        "sft grpo",
        {"messages": [Turn("user", "A ball is dropped from 20 m."), Turn("assistant", "2.02 s")]},
        {"prompt": [Turn("user", "A ball is dropped from 20 m.")], "answer": "2.02 s"},
        rows=6,
        suggests="grpo",
    )


def _general_thought_archive() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "question_id": 296582 + i,
            "question_url": f"https://example.org/viewQuestion/{i}",
            "question": q,
            "reference_answer": a,
            "prev_messages": None,
            "model_name": "DeepSeek/DeepSeek-R1",
            "model_answer": f"The answer is {a}.",
            "model_reasoning": f"Okay, think. I recall that it is {a}.",
            "task": "Trivia",
            "question_license": "MIT",
            "question_source": "General/Trivia",
            "community_answer_score": 0,
            "verifier_score": 1.0,
        }
        for i, (q, a) in enumerate(
            [
                ("Which metal is liquid at room temperature?", "mercury"),
                ("Which planet has the shortest day?", "Jupiter"),
                ("What do you call a group of crows?", "a murder"),
                ("Which strait parts Spain from Morocco?", "Gibraltar"),
                ("Which gas do plants take in?", "carbon dioxide"),
                ("Which letter is rarest in English?", "z"),
            ]
        )
    ]
    return wild(
        "general thought archive",
        parquet(rows),
        "sft grpo",
        ask_roughly("Which metal is liquid at room temperature?", to="mercury"),
        asked(rows[0]["question"], "mercury"),
        rows=6,
    )


def _examination_thirty_year() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "id": 60 + i,
            "problem": f"Find the number of integers from 1 to {n} divisible by {a} or {b}.",
            "solution": f"There are {n // a} + {n // b} - {n // (a * b)} such integers, so the answer is "
            f"$\\boxed{{{n // a + n // b - n // (a * b)}}}$.",
            "answer": f"{n // a + n // b - n // (a * b):03d}",
            "url": f"https://example.org/2024_AIME_I_Problems/Problem_{i}",
            "year": "2024",
        }
        for i, (n, a, b) in enumerate(
            [(500, 7, 11), (1000, 3, 5), (300, 2, 9), (720, 5, 7), (999, 8, 13), (640, 3, 11)]
        )
    ]
    return wild(
        "examination of thirty with year",
        parquet(rows),
        "sft grpo",
        chat(rows[0]["problem"], rows[0]["solution"]),
        asked(rows[0]["problem"], rows[0]["answer"]),
        rows=6,
        suggests="grpo",
    )


def _awesome_prompts_act() -> Wild:
    rows = [
        [
            f"{a}",
            f"I want you to act as a {a.lower()}. I will {x} and you will {y}. Do not write explanations. My "
            'first sentence is "hello".',
        ]
        for a, x, y in [
            ("Travel Guide", "write my location", "suggest a place near it"),
            ("Linux Terminal", "type commands", "reply with what the terminal shows"),
            ("Debate Coach", "give a motion", "prepare both sides"),
            ("Etymologist", "give a word", "trace its origin"),
            ("Chef", "name what I have", "suggest dishes"),
            ("Florist", "name an occasion", "propose a bouquet"),
        ]
    ]
    return wild("awesome prompts with act", table(rows, ["act", "prompt"], name="prompts.csv"), "grpo sft cpt")


def _verified_issues_patches() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "repo": "astro/kit",
            "instance_id": f"astro__kit-{i}",
            "base_commit": f"{i:040x}",
            "patch": f"diff --git a/kit/{m}.py b/kit/{m}.py\n--- a/kit/{m}.py\n+++ b/kit/{m}.py\n@@ -1 +1 @@\n"
            f"-    return x\n+    return x + {i}\n",
            "test_patch": "diff --git a/tests/t.py b/tests/t.py\n",
            "problem_statement": f"`{m}` returns a wrong value for empty input\n\n"
            f"Steps: call `kit.{m}([])`. Expected {i}, got "
            "nothing.",
            "hints_text": "",
            "created_at": "2022-03-04T10:00:00Z",
            "version": "4.3",
            "FAIL_TO_PASS": '["tests/t.py::test_empty"]',
            "PASS_TO_PASS": "[]",
            "environment_setup_commit": "0" * 40,
            "difficulty": "15 min - 1 hour",
        }
        for i, m in enumerate(["fold", "scan", "zipper", "window", "pad", "merge"], 101)
    ]
    return wild(
        "verified issues with patches",
        parquet(rows),
        "sft grpo",
        ask_roughly("`fold` returns a wrong value for empty input", to="return x + 101"),
        {"prompt": [Turn("user", "`fold` returns a wrong value for empty input")], "answer": Has("")},
        {"prompt": [Turn("user", "`fold` returns a wrong value for empty input")]},
        rows=6,
    )


def _numina_tools() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "problem": f"Compute the sum of the first {n} odd numbers.",
            "solution": f"The sum is ${n}^2$.\n```python\nprint({n}**2)\n```\n```output\n{n * n}\n```\n"
            f"So $\\boxed{{{n * n}}}$.",
            "messages": [
                {"content": f"Compute the sum of the first {n} odd numbers.", "role": "user"},
                {
                    "content": f"The sum is ${n}^2$.\n```python\nprint({n}**2)\n```\n```output\n{n * n}\n```\n"
                    f"So $\\boxed{{{n * n}}}$.",
                    "role": "assistant",
                },
            ],
        }
        for n in (12, 19, 25, 31, 40, 64)
    ]
    return wild("numina with tools", parquet(rows), "sft", chat(rows[0]["problem"], rows[0]["solution"]), rows=6)


def _open_code_instruct() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "id": f"{i:032x}",
            "input": f'Write a function `{n}` that takes a string and returns {d}.\n\n**Sample Input:** "abc"',
            "output": f"```python\ndef {n}(s):\n    return {b}\n```",
            "domain": "generic",
            "generation_algorithm": "self-instruct",
            "llm_judgement": '{"requirement_conformance": {"score": 5}}',
            "unit_tests": f"[\"assert {n}('') is not None\"]",
            "tests_execution_status": '["pass"]',
            "average_test_score": "1.0",
        }
        for i, (n, d, b) in enumerate(
            [
                ("tail", "its last letter", "s[-1:]"),
                ("head", "its first letter", "s[:1]"),
                ("twice", "it doubled", "s + s"),
                ("loud", "it in capitals", "s.upper()"),
                ("rev", "it reversed", "s[::-1]"),
                ("size", "its length", "len(s)"),
            ]
        )
    ]
    return wild("open code instruct", parquet(rows), "sft", chat(rows[0]["input"], rows[0]["output"]), rows=6)


PROMPTS: tuple[Wild, ...] = (
    _processed_problems_dapo(),
    _ace_problems_short(),
    _natural_reasoning_responses(),
    _general_thought_archive(),
    _examination_thirty_year(),
    _awesome_prompts_act(),
    _verified_issues_patches(),
    _numina_tools(),
    _open_code_instruct(),
)
"""Popular datasets of problems, with answers to check and with thoughts."""
