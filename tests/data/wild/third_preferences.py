"""Datasets of preferences: comparisons, rankings, ratings and verdicts.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from tests.data.wild.table import Has, OneOf, Wild, array, chat, jsonl, judged, parquet, preferred, table, turns, wild
from tests.data.wild.third_pool import ARTICLES, CHINESE, COOKING, FRENCH, GARDEN, MEDICINE, PHYSICS, SUPPORT

BAD = "I'm not sure, maybe look it up somewhere."


def _sides(pairs: Sequence[tuple[str, str]]) -> list[tuple[int, str, str, str]]:
    """Return for each pair its number, the question and two answers, the good one first in every other row."""
    return [(i, q, BAD, a) if i % 2 else (i, q, a, BAD) for i, (q, a) in enumerate(pairs)]


def _better(pair: tuple[str, str]) -> dict[str, object]:
    return preferred(*pair, BAD)


PREFERENCES: tuple[Wild, ...] = (
    wild(
        "shp history/human_ref_A/B",
        jsonl(
            [
                {
                    "post_id": f"qt3n{i}",
                    "domain": "askculinary_train",
                    "upvote_ratio": 0.98,
                    "history": q,
                    "c_root_id_A": "h1",
                    "c_root_id_B": "h2",
                    "created_at_utc_A": 1636822112,
                    "created_at_utc_B": 1636822110,
                    "score_A": 6 if i % 2 else 340,
                    "score_B": 55 if i % 2 else 12,
                    "human_ref_A": first,
                    "human_ref_B": second,
                    "labels": 1 - i % 2,
                    "seconds_difference": 2.0,
                    "score_ratio": 9.0,
                }
                for i, q, first, second in _sides(COOKING)
            ],
            "train.json",
        ),
        "dpo",
        _better(COOKING[0]),
        rows=6,
    ),
    wild(
        "webgpt comparisons (third)",
        jsonl(
            [
                {
                    "question": {"dataset": "eli5", "id": f"5rdw{i}", "full_text": q},
                    "quotes_0": {"title": [], "extract": []},
                    "answer_0": first,
                    "tokens_0": {"prefix": [1], "completion": [2]},
                    "score_0": -0.5 if i % 2 else 0.5,
                    "quotes_1": {"title": [], "extract": []},
                    "answer_1": second,
                    "tokens_1": {"prefix": [1], "completion": [2]},
                    "score_1": 0.5 if i % 2 else -0.5,
                }
                for i, q, first, second in _sides(PHYSICS)
            ],
            "comparisons.jsonl",
        ),
        "dpo",
        _better(PHYSICS[0]),
        rows=5,
    ),
    wild(
        "chatbot arena conversation_a/b winner",
        parquet(
            [
                {
                    "question_id": f"58210e{i}",
                    "model_a": "chatglm-6b",
                    "model_b": "koala-13b",
                    "winner": "model_b" if i % 2 else "model_a",
                    "judge": f"arena_user_{i}",
                    "conversation_a": turns(q, first),
                    "conversation_b": turns(q, second),
                    "turn": 1,
                    "anony": True,
                    "language": "English",
                    "tstamp": 1682351591.1,
                }
                for i, q, first, second in _sides(GARDEN)
            ]
        ),
        "dpo",
        _better(GARDEN[0]),
        rows=5,
    ),
    wild(
        "lmsys kaggle csv json lists",
        table(
            [
                [
                    str(30192 + i),
                    "gpt-4-1106-preview",
                    "mixtral-8x7b",
                    *(json.dumps([text]) for text in (q, first, second)),
                    str(1 - i % 2),
                    str(i % 2),
                    "0",
                ]
                for i, q, first, second in _sides(MEDICINE)
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
        _better(MEDICINE[0]),
        rows=5,
    ),
    wild(
        "nectar ranked answers",
        jsonl(
            [
                {
                    "prompt": f"\n\nHuman: {q}\n\nAssistant: ",
                    "answers": [
                        {"answer": a, "model": "gpt-4", "rank": 1.0},
                        {"answer": BAD, "model": "llama-2-7b-chat", "rank": 2.0},
                        {"answer": "No.", "model": "alpaca", "rank": 3.0},
                    ],
                    "turns": 1,
                    "num_responses": 3,
                    "source": ["sharegpt"],
                    "good_natured": True,
                }
                for q, a in SUPPORT
            ]
        ),
        "dpo",
        preferred(*SUPPORT[0], OneOf(BAD, "No.")),
    ),
    wild(
        "helpsteer3 context/response1/response2/overall_preference",
        jsonl(
            [
                {
                    "domain": "general",
                    "language": "english",
                    "context": turns(q),
                    "response1": first,
                    "response2": second,
                    "overall_preference": 2 if i % 2 else -3,
                    "individual_preference": [
                        {"score": -3, "reasoning": "Much more helpful.", "feedback1": "Good.", "feedback2": "Vague."}
                    ],
                }
                for i, q, first, second in _sides(COOKING)
            ]
        ),
        "dpo",
        _better(COOKING[0]),
        rows=6,
    ),
    wild(
        "helpsteer2 ratings",
        jsonl(
            [
                {
                    "prompt": q,
                    "response": a,
                    "helpfulness": 4 - i % 3,
                    "correctness": 4,
                    "coherence": 4,
                    "complexity": 1,
                    "verbosity": 2,
                }
                for i, (q, a) in enumerate(PHYSICS)
            ]
        ),
        "sft kto",
        rows=5,
    ),
    wild(
        "capybara-dpo full conversations in chosen/rejected",
        parquet(
            [
                {
                    "source": "Airoboros",
                    "chosen": turns(*GARDEN[i], *GARDEN[i + 1]),
                    "rejected": turns(*GARDEN[i], GARDEN[i + 1][0], BAD),
                    "rating_chosen": 5,
                    "rating_rejected": 2,
                }
                for i in range(4)
            ]
        ),
        "dpo",
        preferred([*GARDEN[0], GARDEN[1][0]], GARDEN[1][1], BAD),
        rows=4,
    ),
    wild(
        "pku saferlhf",
        jsonl(
            [
                {
                    "prompt": q,
                    "response_0": first,
                    "response_1": second,
                    "prompt_source": "x",
                    "is_response_0_safe": True,
                    "is_response_1_safe": i % 2 == 1,
                    "better_response_id": i % 2,
                    "safer_response_id": i % 2,
                }
                for i, q, first, second in _sides(MEDICINE)
            ]
        ),
        "dpo",
        _better(MEDICINE[0]),
        rows=5,
    ),
    wild(
        "beavertails is_safe",
        jsonl(
            [
                {
                    "prompt": q,
                    "response": "Just steal it, nobody will notice." if i % 2 else a,
                    "category": {"theft": i % 2 == 1, "violence": False},
                    "is_safe": i % 2 == 0,
                }
                for i, (q, a) in enumerate(SUPPORT)
            ],
            "round0.jsonl",
        ),
        "kto sft",
        rows=6,
    ),
    wild(
        "openai dpo finetune",
        jsonl(
            [
                {
                    "input": {"messages": turns(q), "tools": [], "parallel_tool_calls": True},
                    "preferred_output": turns(a, first="assistant"),
                    "non_preferred_output": turns(BAD, first="assistant"),
                }
                for q, a in GARDEN
            ]
        ),
        "dpo",
        _better(GARDEN[0]),
        rows=5,
    ),
    wild(
        "llama-factory sharegpt ranking",
        array(
            [
                {
                    "conversations": [{"from": "human", "value": q}],
                    "chosen": {"from": "gpt", "value": a},
                    "rejected": {"from": "gpt", "value": BAD},
                }
                for q, a in CHINESE
            ],
            "dpo_zh_demo.json",
        ),
        "dpo",
        _better(CHINESE[0]),
        rows=5,
    ),
    wild(
        "llama-factory kto messages+label",
        array(
            [{"messages": turns(q, first), "label": i % 2 == 0} for i, q, first, _ in _sides(COOKING)],
            "kto_en_demo.json",
        ),
        "kto",
        judged(*COOKING[0], True),
        rows=6,
    ),
    wild(
        "thumbs csv feedback",
        table(
            [
                [f"2025-03-{i + 1:02}T09:12:44Z", f"user{i}", q, first, "👎" if i % 2 else "👍"]
                for i, q, first, _ in _sides(SUPPORT)
            ],
            ["timestamp", "user", "question", "answer", "feedback"],
            name="feedback_export.csv",
        ),
        "kto sft",
        rows=6,
        suggests="kto",
    ),
    wild(
        "ms-swift messages + rejected_response",
        jsonl(
            [
                chat(*pair, system="Tu es un assistant utile.") | {"rejected_response": "Je ne sais pas."}
                for pair in FRENCH
            ]
        ),
        "dpo",
        preferred(*FRENCH[0], "Je ne sais pas.", system="Tu es un assistant utile."),
        rows=4,
    ),
    wild(
        "stack exchange preferences answers with pm_score",
        jsonl(
            [
                {
                    "qid": 77 + i,
                    "question": q,
                    "date": "2012/08/01",
                    "metadata": ["https://gardening.stackexchange.com/questions/77"],
                    "answers": [
                        {
                            "answer_id": number,
                            "author": author,
                            "author_id": number,
                            "author_profile": f"u/{number}",
                            "pm_score": score,
                            "selected": text is a,
                            "text": text,
                        }
                        for number, author, score, text in ((1, "Kit", 1, BAD), (2, "Lea", 5, a))
                    ],
                }
                for i, (q, a) in enumerate(GARDEN)
            ]
        ),
        "dpo sft",
        Has(*GARDEN[0]),
    ),
    wild(
        "summarize from feedback comparisons",
        jsonl(
            [
                {
                    "info": {
                        "id": f"t3_{i}",
                        "post": text,
                        "title": title,
                        "subreddit": "history",
                        "site": None,
                        "article": None,
                    },
                    "summaries": [
                        {"text": "It is about something old.", "policy": "sup2", "note": None},
                        {"text": text.split(". ")[0], "policy": "sup4", "note": None},
                    ],
                    "choice": 1,
                    "worker": "w1",
                    "batch": "batch3",
                    "split": "train",
                    "extra": {"confidence": None},
                }
                for i, (title, text) in enumerate(ARTICLES[:4])
            ],
            "batch3.json",
        ),
        "dpo",
        Has("Two thousand workers moved the mud", ARTICLES[0][1].split(". ")[0]),
        rows=4,
    ),
)
"""A good answer and a bad one, side by side or one at a time."""
