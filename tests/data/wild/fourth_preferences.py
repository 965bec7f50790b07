"""Datasets of preferences.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import json

from tests.data.wild.fourth_pool import (
    ANSWERS,
    ARTICLES,
    BODIES,
    CODES,
    PROBLEMS,
    QUESTIONS,
    RESULTS,
    SOLUTIONS,
    TASKS,
    TITLES,
    WRONG,
    messages,
)
from tests.data.wild.table import Has, Wild, array, chat, jsonl, parquet, preferred, table, turns, wild

PREFERENCES: tuple[Wild, ...] = (
    wild(
        "orpo mixture with the question twice",
        parquet(
            [
                {
                    "source": "Airoboros",
                    "chosen": messages(QUESTIONS[i], ANSWERS[i]),
                    "rejected": messages(QUESTIONS[i], WRONG[i]),
                    "prompt": QUESTIONS[i],
                    "question": QUESTIONS[i],
                }
                for i in range(6)
            ]
        ),
        "dpo",
        preferred(QUESTIONS[0], ANSWERS[0], WRONG[0]),
        rows=6,
    ),
    wild(
        "gutenberg chapters against a model",
        parquet(
            [
                {
                    "prompt": f"Write a scene about {t.lower()} in the voice of an old novel.",
                    "chosen": x,
                    "rejected": "The morning was very nice. " + x[:120] + " And everybody was happy ever after.",
                    "rejected_model": "gpt-4-0125-preview",
                }
                for t, x in ARTICLES[:5]
            ]
        ),
        "dpo",
        preferred(
            f"Write a scene about {TITLES[0].lower()} in the voice of an old novel.",
            BODIES[0],
            "The morning was very nice. " + BODIES[0][:120] + " And everybody was happy ever after.",
        ),
        rows=5,
    ),
    wild(
        "trajectories with a right and a wrong step",
        parquet(
            [
                {
                    "task": "Coding",
                    "dataset": "codecontest",
                    "trajectory": [
                        {"from": "user", "value": TASKS[i]},
                        {"from": "assistant", "value": "Let me think about the input first."},
                        {"from": "user", "value": "Observation: it is a string."},
                    ],
                    "chosen": f"```python\n{CODES[i]}\n```",
                    "rejected": "```python\npass\n```",
                    "id": f"{i}",
                    "parent_id": None,
                }
                for i in range(5)
            ]
        ),
        "dpo",
        preferred(
            [TASKS[0], "Let me think about the input first.", "Observation: it is a string."],
            Has(CODES[0]),
            Has("pass"),
        ),
        rows=5,
    ),
    wild(
        "steps of sums preferred",
        parquet(
            [
                {
                    "dataset": "gsm8k",
                    "prompt": PROBLEMS[i],
                    "prompt_no_use": PROBLEMS[i] + "\n\n### Response:",
                    "initial_reason_steps": "Let's think step by step.\nStep 1: I read the numbers.\nStep 2:",
                    "chosen": " " + SOLUTIONS[i],
                    "rejected": " I guess the answer is 13.",
                    "full_chosen": "Step 2: " + SOLUTIONS[i],
                    "full_rejected": "Step 2: I guess the answer is 13. Therefore 13.",
                    "answer": RESULTS[i],
                }
                for i in range(6)
            ]
        ),
        "dpo",
        {"prompt": Has(PROBLEMS[0]), "chosen": Has(SOLUTIONS[0]), "rejected": Has("I guess the answer is 13.")},
        rows=6,
    ),
    wild(
        "reward bench rows with models",
        parquet(
            [
                {
                    "prompt": QUESTIONS[i],
                    "chosen": ANSWERS[i],
                    "chosen_model": "GPT4-Turbo",
                    "rejected": WRONG[i],
                    "rejected_model": "alpaca-7b",
                    "subset": "alpacaeval-easy",
                    "id": i,
                }
                for i in range(6)
            ]
        ),
        "dpo",
        preferred(QUESTIONS[0], ANSWERS[0], WRONG[0]),
        rows=6,
    ),
    wild(
        "benchmark talks judged by people",
        parquet(
            [
                {
                    "question_id": 81 + i,
                    "model_a": "alpaca-13b",
                    "model_b": "gpt-3.5-turbo",
                    "winner": ["model_b", "model_a", "tie", "model_b"][i],
                    "judge": "author_2",
                    "conversation_a": messages(QUESTIONS[i], WRONG[i]),
                    "conversation_b": messages(QUESTIONS[i], ANSWERS[i]),
                    "turn": 1,
                }
                for i in range(4)
            ]
        ),
        "dpo",
        preferred(QUESTIONS[0], ANSWERS[0], WRONG[0]),
        rows=4,
        usable=3,
    ),
    wild(
        "arena of a competition, lists in csv",
        table(
            [
                [
                    str(30192 + i),
                    "gpt-4-1106-preview",
                    "koala-13b",
                    json.dumps([QUESTIONS[i]]),
                    json.dumps([ANSWERS[i]]),
                    json.dumps([WRONG[i]]),
                    w,
                    line,
                    t,
                ]
                for i, (w, line, t) in enumerate(
                    [("1", "0", "0"), ("0", "1", "0"), ("0", "0", "1"), ("1", "0", "0"), ("1", "0", "0")]
                )
            ],
            [
                "id",
                "model_a",
                "model_b",
                "prompt",
                "response_a",
                "response_b",
                "winner_model_a",
                "winner_model_b",
                "winner_tie",
            ],
            name="train.csv",
        ),
        "dpo",
        preferred(QUESTIONS[0], ANSWERS[0], WRONG[0]),
        rows=5,
        usable=4,
    ),
    wild(
        "feedback armed with five answers each",
        parquet(
            [
                {
                    "prompt_id": f"{i:064x}",
                    "prompt": QUESTIONS[i],
                    "all_generated_responses": [ANSWERS[i], WRONG[i], "I would rather not say."],
                    "all_rm_scores": [0.17, 0.05, 0.02],
                    "chosen": messages(QUESTIONS[i], ANSWERS[i]),
                    "rejected": messages(QUESTIONS[i], WRONG[i]),
                }
                for i in range(5)
            ]
        ),
        "dpo",
        preferred(QUESTIONS[0], ANSWERS[0], WRONG[0]),
        rows=5,
    ),
    wild(
        "helpful dialogues with chosen and response twice",
        parquet(
            [
                {
                    "prompt": f"\n\nHuman: {QUESTIONS[i]}\n\nAssistant:",
                    "response": " " + ANSWERS[i],
                    "chosen": " " + ANSWERS[i],
                    "rejected": " " + WRONG[i],
                }
                for i in range(5)
            ]
        ),
        "dpo",
        preferred(QUESTIONS[0], ANSWERS[0], WRONG[0]),
        rows=5,
    ),
    wild(
        "comparisons of post summaries",
        parquet(
            [
                {
                    "prompt": "SUBREDDIT: r/relationships\nTITLE: My neighbour borrows everything\nPOST: "
                    f"{BODIES[i]}\nTL;DR:",
                    "chosen": f"Neighbour {i} never returns things, what shall I do?",
                    "rejected": "Stuff happened.",
                }
                for i in range(4)
            ]
        ),
        "dpo",
        preferred(Has(BODIES[0]), "Neighbour 0 never returns things, what shall I do?", "Stuff happened."),
        rows=4,
    ),
    wild(
        "skywork pairs with a source",
        parquet(
            [
                {
                    "chosen": messages(QUESTIONS[i], ANSWERS[i], "More?", ANSWERS[i + 1]),
                    "rejected": messages(QUESTIONS[i], ANSWERS[i], "More?", WRONG[i + 1]),
                    "source": "offsetbias",
                }
                for i in range(5)
            ]
        ),
        "dpo",
        preferred([QUESTIONS[0], ANSWERS[0], "More?"], ANSWERS[1], WRONG[1]),
        {
            "prompt": turns(QUESTIONS[0]),
            "chosen": turns(ANSWERS[0], "More?", ANSWERS[1], first="assistant"),
            "rejected": turns(ANSWERS[0], "More?", WRONG[1], first="assistant"),
        },
        rows=5,
    ),
    wild(
        "comparisons in french with a system",
        jsonl(
            [
                {"system": "Tu es un assistant poli.", "question": q, "chosen": c, "rejected": r, "langue": "fr"}
                for q, c, r in [
                    (
                        "Comment conserver le basilic ?",
                        "Mettez les tiges dans un verre d'eau à température ambiante.",
                        "Au congélateur, sans rien.",
                    ),
                    (
                        "Qu'est-ce qu'une marée ?",
                        "C'est la montée et la descente de la mer sous l'effet de la lune.",
                        "Je ne sais pas.",
                    ),
                    ("Donne une rime en « -eau ».", "Le bateau glisse sur l'eau.", "Table."),
                    (
                        "Pourquoi le ciel est-il bleu ?",
                        "L'air diffuse davantage la lumière bleue que la rouge.",
                        "Parce que.",
                    ),
                ]
            ]
        ),
        "dpo",
        preferred(
            "Comment conserver le basilic ?",
            "Mettez les tiges dans un verre d'eau à température ambiante.",
            "Au congélateur, sans rien.",
            system="Tu es un assistant poli.",
        ),
        rows=4,
    ),
    wild(
        "judgements of a judge with criteria",
        array(
            [
                {
                    "orig_criteria": "Is the answer practical?",
                    "orig_response_A": ANSWERS[i],
                    "orig_response_B": WRONG[i],
                    "orig_instruction": QUESTIONS[i],
                    "orig_score_A": "5",
                    "orig_score_B": "1",
                    "orig_preference": "A",
                    "orig_reference_answer": ANSWERS[i],
                    "orig_feedback": "Response A is more practical.",
                    "instruction": "###Task Description:\nCompare two responses.\n\n###Instruction:\n"
                    f"{QUESTIONS[i]}\n\n"
                    f"###Response A:\n{ANSWERS[i]}\n\n###Response B:\n{WRONG[i]}\n\n###Feedback:",
                    "output": "Response A is more practical. [RESULT] A",
                }
                for i in range(4)
            ],
            "preference_collection.json",
        ),
        "sft dpo",
        chat(Has("###Task Description:", ANSWERS[0]), "Response A is more practical. [RESULT] A"),
        preferred(QUESTIONS[0], ANSWERS[0], WRONG[0]),
        rows=4,
    ),
)
"""Datasets of preferences."""
