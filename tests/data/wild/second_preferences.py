"""Datasets of preferences: pairs, rankings, votes and thumbs in the layouts of public sets and of services.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

from tests.data.wild.second_texts import CHOICES, TALKS
from tests.data.wild.table import Has, OneOf, Turn, Wild, array, jsonl, judged, parquet, preferred, table, turns, wild

P, GOOD, BAD = CHOICES[0]
FIRST = preferred(P, GOOD, BAD)

PREFERENCES: tuple[Wild, ...] = (
    wild(
        "helpful dialogues",
        jsonl(
            [
                {
                    "chosen": f"\n\nHuman: {a}\n\nAssistant: {b}\n\nHuman: {c}\n\nAssistant: {d}",
                    "rejected": f"\n\nHuman: {a}\n\nAssistant: {b}\n\nHuman: {c}\n\nAssistant: No idea.",
                }
                for a, b, c, d in TALKS
            ]
        ),
        "dpo",
        preferred(list(TALKS[0][:3]), TALKS[0][3], "No idea."),
        rows=5,
    ),
    wild(
        "binarised feedback",
        parquet(
            [
                {
                    "prompt": p,
                    "prompt_id": f"{i:064x}",
                    "chosen": turns(p, c),
                    "rejected": turns(p, r),
                    "messages": turns(p, c),
                    "score_chosen": 8.5,
                    "score_rejected": 3.0,
                }
                for i, (p, c, r) in enumerate(CHOICES)
            ],
            "train_prefs-00000-of-00001.parquet",
        ),
        "dpo",
        FIRST,
        rows=5,
    ),
    wild(
        "orca pairs",
        jsonl([{"system": "", "question": p, "chosen": c, "rejected": r} for p, c, r in CHOICES]),
        "dpo",
        FIRST,
        rows=5,
    ),
    wild(
        "truthful pairs with a system",
        parquet(
            [
                {"id": str(i), "source": "truthy", "system": "Be honest.", "prompt": p, "chosen": c, "rejected": r}
                for i, (p, c, r) in enumerate(CHOICES)
            ]
        ),
        "dpo",
        preferred(P, GOOD, BAD, system="Be honest."),
        rows=5,
    ),
    wild(
        "answers j and k",
        parquet(
            [
                {"qid": i, "question": p, "date": "2012/10/17", "metadata": ["x"], "response_j": c, "response_k": r}
                for i, (p, c, r) in enumerate(CHOICES)
            ]
        ),
        "dpo",
        FIRST,
        rows=5,
    ),
    wild(
        "whole conversations only",
        parquet([{"chosen": turns(p, c), "rejected": turns(p, r), "source": "magpie"} for p, c, r in CHOICES]),
        "dpo",
        FIRST,
        rows=5,
    ),
    wild(
        "conversations with two endings",
        array(
            [
                {
                    "conversations": [{"from": "human", "value": p}],
                    "chosen": {"from": "gpt", "value": c},
                    "rejected": {"from": "gpt", "value": r},
                }
                for p, c, r in CHOICES
            ],
            "dpo_en_demo.json",
        ),
        "dpo",
        FIRST,
        rows=5,
    ),
    wild(
        "preferred output of a service",
        jsonl(
            [
                {
                    "input": {"messages": turns(p), "tools": [], "parallel_tool_calls": True},
                    "preferred_output": turns(c, first="assistant"),
                    "non_preferred_output": turns(r, first="assistant"),
                }
                for p, c, r in CHOICES
            ]
        ),
        "dpo",
        FIRST,
        rows=5,
    ),
    wild(
        "two outputs and a preference",
        array(
            [
                {"instruction": p, "input": "", "output_1": c, "output_2": r, "preference": 1}
                if i % 2
                else {"instruction": p, "input": "", "output_1": r, "output_2": c, "preference": 2}
                for i, (p, c, r) in enumerate(CHOICES)
            ]
        ),
        "dpo",
        FIRST,
        rows=5,
    ),
    wild(
        "safe answers with ids of the better",
        jsonl(
            [
                {
                    "prompt": p,
                    "response_0": r,
                    "response_1": c,
                    "is_response_0_safe": False,
                    "is_response_1_safe": True,
                    "better_response_id": 1,
                    "safer_response_id": 1,
                }
                for p, c, r in CHOICES
            ]
        ),
        "dpo",
        FIRST,
        rows=5,
    ),
    wild(
        "posts with two human references",
        jsonl(
            [
                {
                    "post_id": f"p{i}",
                    "domain": "askculinary_train",
                    "history": p,
                    "human_ref_A": c if i % 2 else r,
                    "human_ref_B": r if i % 2 else c,
                    "labels": i % 2,
                    "score_A": 30 if i % 2 else 3,
                    "score_B": 3 if i % 2 else 30,
                    "score_ratio": 10.0,
                }
                for i, (p, c, r) in enumerate(CHOICES)
            ]
        ),
        "dpo",
        FIRST,
        rows=5,
    ),
    wild(
        "battles with a winner",
        jsonl(
            [
                {
                    "question_id": f"{i:032x}",
                    "model_a": "alpaca-13b",
                    "model_b": "koala-13b",
                    "winner": "model_a" if i % 2 == 0 else "model_b",
                    "judge": f"arena_user_{i}",
                    "conversation_a": turns(p, c if i % 2 == 0 else r),
                    "conversation_b": turns(p, r if i % 2 == 0 else c),
                    "turn": 1,
                    "language": "English",
                }
                for i, (p, c, r) in enumerate(CHOICES)
            ]
        ),
        "dpo",
        FIRST,
        rows=5,
    ),
    wild(
        "context with two responses and a signed preference",
        jsonl(
            [
                {
                    "domain": "general",
                    "language": "english",
                    "context": turns(p),
                    "response1": c if i % 2 else r,
                    "response2": r if i % 2 else c,
                    "overall_preference": -2 if i % 2 else 2,
                }
                for i, (p, c, r) in enumerate(CHOICES)
            ]
        ),
        "dpo",
        FIRST,
        rows=5,
    ),
    wild(
        "completions with overall scores",
        jsonl(
            [
                {
                    "source": "evol_instruct",
                    "instruction": p,
                    "models": ["m1", "m2"],
                    "completions": [
                        {"model": "m1", "response": r, "overall_score": 3.0},
                        {"model": "m2", "response": c, "overall_score": 8.0},
                    ],
                    "correct_answers": ["None"],
                }
                for p, c, r in CHOICES
            ]
        ),
        "dpo",
        FIRST,
        rows=5,
    ),
    wild(
        "answers with ranks",
        jsonl(
            [
                {
                    "prompt": f"\n\nHuman: {p}\n\nAssistant: ",
                    "answers": [{"answer": c, "model": "a", "rank": 1.0}, {"answer": r, "model": "b", "rank": 2.0}],
                    "turns": 1,
                    "num_responses": 2,
                }
                for p, c, r in CHOICES
            ]
        ),
        "dpo",
        OneOf(
            FIRST,
            {"prompt": [Turn("user", P)], "chosen": [Turn("assistant", GOOD)], "rejected": [Turn("assistant", BAD)]},
        ),
        rows=5,
    ),
    wild(
        "forum answers with votes",
        jsonl(
            [
                {
                    "qid": i,
                    "question": p,
                    "answers": [
                        {"answer_id": 1, "author": "Eva", "pm_score": 6, "selected": True, "text": c},
                        {"answer_id": 2, "author": "Tom", "pm_score": 0, "selected": False, "text": r},
                    ],
                    "date": "2015/01/02",
                }
                for i, (p, c, r) in enumerate(CHOICES)
            ]
        ),
        "dpo sft",
        OneOf(FIRST, {"messages": turns(P, GOOD)}),
        rows=5,
    ),
    wild(
        "unpaired turns with a label",
        parquet(
            [
                {
                    "prompt": turns(p),
                    "completion": turns(c if i % 2 == 0 else r, first="assistant"),
                    "label": i % 2 == 0,
                }
                for i, (p, c, r) in enumerate(CHOICES)
            ]
        ),
        "kto",
        judged(P, GOOD, True),
        rows=5,
    ),
    wild(
        "messages with a label",
        array(
            [{"messages": turns(p, c if i % 2 == 0 else r), "label": i % 2 == 0} for i, (p, c, r) in enumerate(CHOICES)]
        ),
        "kto",
        judged(P, GOOD, True),
        rows=5,
    ),
    wild(
        "thumbs of a support bot",
        table(
            [
                (f"2024-05-0{i + 1}", p, c if i % 2 == 0 else r, "up" if i % 2 == 0 else "down")
                for i, (p, c, r) in enumerate(CHOICES)
            ],
            ("timestamp", "question", "answer", "thumbs"),
        ),
        "kto",
        judged(P, GOOD, True),
        rows=5,
    ),
    wild(
        "ratings of five attributes",
        jsonl(
            [
                {
                    "prompt": p,
                    "response": c if i % 2 == 0 else r,
                    "helpfulness": 4 if i % 2 == 0 else 1,
                    "correctness": 4 if i % 2 == 0 else 2,
                    "coherence": 4,
                    "complexity": 1,
                    "verbosity": 1,
                }
                for i, (p, c, r) in enumerate(CHOICES)
            ]
        ),
        "sft kto",
        Has(P, GOOD),
        rows=5,
    ),
    wild(
        "comparisons with nested questions",
        jsonl(
            [
                {
                    "question": {"dataset": "eli5", "id": str(i), "full_text": p},
                    "quotes_0": {"title": [], "extract": []},
                    "answer_0": c,
                    "score_0": 0.75,
                    "quotes_1": {"title": [], "extract": []},
                    "answer_1": r,
                    "score_1": -0.75,
                }
                for i, (p, c, r) in enumerate(CHOICES)
            ]
        ),
        "dpo",
        FIRST,
        rows=5,
    ),
)
"""Preferences of every spelling."""
