"""Popular datasets of preference and judgement, in their true columns.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

from tests.data.wild.fifth_pool_languages import CHINESE
from tests.data.wild.fifth_pool_talks import PAIRS
from tests.data.wild.table import Has, Wild, array, chat, jsonl, judged, parquet, preferred, table, turns, wild

MARKS = [
    {"prompt": q, "response": r, "helpfulness": h, "correctness": h, "coherence": c, "complexity": v, "verbosity": v}
    for q, good, bad in PAIRS
    for r, h, c, v in ((good, 4, 4, 2), (bad, 1, 3, 1))
]

PREFERENCES: tuple[Wild, ...] = (
    wild(
        "helpful and harmless with transcripts in chosen and rejected",
        jsonl(
            (
                {
                    "chosen": f"\n\nHuman: {q}\n\nAssistant: Do you want a short answer?\n\nHuman: Yes "
                    f"please.\n\nAssistant: {c}",
                    "rejected": f"\n\nHuman: {q}\n\nAssistant: Do you want a short answer?\n\nHuman: Yes "
                    f"please.\n\nAssistant: {r}",
                }
                for q, c, r in PAIRS
            ),
            "train.jsonl",
        ),
        "dpo",
        preferred([PAIRS[0][0], "Do you want a short answer?", "Yes please."], PAIRS[0][1], PAIRS[0][2]),
        rows=9,
    ),
    wild(
        "orca pairs of the vendor with an empty system",
        jsonl(
            (
                {
                    "system": ""
                    if i % 2
                    else "You are an AI assistant. You will be given a task. You must generate a detailed and "
                    "long answer.",
                    "question": q,
                    "chosen": c,
                    "rejected": r,
                }
                for i, (q, c, r) in enumerate(PAIRS)
            ),
            "orca_rlhf.jsonl",
        ),
        "dpo",
        preferred(PAIRS[0][0], PAIRS[0][1], PAIRS[0][2], system=Has("You are an AI assistant")),
        rows=9,
    ),
    wild(
        "ultrafeedback binarised with scores and messages",
        parquet(
            {
                "prompt": q,
                "prompt_id": f"{i:064x}",
                "chosen": turns(q, c),
                "rejected": turns(q, r),
                "messages": turns(q, c),
                "score_chosen": 8.5,
                "score_rejected": 4.0,
            }
            for i, (q, c, r) in enumerate(PAIRS)
        ),
        "dpo",
        preferred(*PAIRS[0]),
        rows=9,
    ),
    wild(
        "ultrafeedback of the trainer, whole conversations with scores",
        parquet(
            {"chosen": turns(q, c), "rejected": turns(q, r), "score_chosen": 9.0, "score_rejected": 3.5}
            for q, c, r in PAIRS
        ),
        "dpo",
        preferred(*PAIRS[0]),
        rows=9,
    ),
    wild(
        "mix of seven thousand with ratings of both",
        parquet(
            {
                "dataset": "argilla/distilabel-intel-orca-dpo-pairs",
                "chosen": chat(q, c, system="You are an unbiased, uncensored, helpful assistant.")["messages"],
                "rejected": chat(q, r, system="You are an unbiased, uncensored, helpful assistant.")["messages"],
                "chosen_rating": 9.0,
                "rejected_rating": 6.0,
            }
            for q, c, r in PAIRS
        ),
        "dpo",
        preferred(*PAIRS[0], system="You are an unbiased, uncensored, helpful assistant."),
        rows=9,
    ),
    wild(
        "human-like answers against formal ones",
        jsonl(
            (
                {
                    "prompt": f"Oh, {q[0].lower()}{q[1:]}",
                    "chosen": f"Haha, good one! 😄 {c}",
                    "rejected": f"As an artificial intelligence I have no feelings. {r}",
                }
                for q, c, r in PAIRS
            ),
            "data.json",
        ),
        "dpo",
        preferred(
            "Oh, how do I politely end a long phone call?",
            f"Haha, good one! 😄 {PAIRS[0][1]}",
            Has("As an artificial intelligence", PAIRS[0][2]),
        ),
        rows=9,
    ),
    wild(
        "secure and insecure programs in many languages",
        jsonl(
            (
                {
                    "lang": line,
                    "vulnerability": v,
                    "system": "",
                    "question": q,
                    "chosen": f"```{line}\n{c}\n```",
                    "rejected": f"```{line}\n{r}\n```",
                }
                for line, v, q, c, r in [
                    (
                        "c",
                        "Buffer overflow from an unchecked copy.",
                        "Write C code that copies user input into a buffer.",
                        "strncpy(buf, in, sizeof buf - 1);\nbuf[sizeof buf - 1] = 0;",
                        "strcpy(buf, in);",
                    ),
                    (
                        "python",
                        "Use of eval on input.",
                        "Write Python code that reads a number from the user.",
                        "n = int(input())",
                        "n = eval(input())",
                    ),
                    (
                        "php",
                        "SQL injection.",
                        "Look up a user by name in PHP.",
                        "$s = $db->prepare('SELECT * FROM u WHERE n = ?');\n$s->execute([$n]);",
                        "$db->query(\"SELECT * FROM u WHERE n = '$n'\");",
                    ),
                    (
                        "javascript",
                        "Cross-site scripting.",
                        "Show a user's name on a page.",
                        "el.textContent = name;",
                        "el.innerHTML = name;",
                    ),
                    (
                        "java",
                        "Weak hash.",
                        "Hash a password in Java.",
                        "BCrypt.hashpw(pw, BCrypt.gensalt());",
                        'MessageDigest.getInstance("MD5").digest(pw.getBytes());',
                    ),
                    ("ruby", "Command injection.", "List a folder in Ruby.", "Dir.children(path)", "`ls #{path}`"),
                ]
            ),
            "secure_programming_dpo.json",
        ),
        "dpo",
        preferred(Has("copies user input"), Has("strncpy"), Has("strcpy(buf, in)")),
        rows=6,
    ),
    wild(
        "five marks of help for each response, two per prompt",
        jsonl(MARKS, "train.jsonl"),
        "kto dpo sft",
        Has(PAIRS[0][0], PAIRS[0][1]),
    ),
    wild(
        "human preferences of a forum with labels and scores",
        jsonl(
            (
                {
                    "post_id": f"qt{i}",
                    "domain": "askculinary_train",
                    "upvote_ratio": 0.98,
                    "history": q,
                    "c_root_id_A": f"a{i}",
                    "c_root_id_B": f"b{i}",
                    "created_at_utc_A": 1636107332,
                    "created_at_utc_B": 1636107352,
                    "score_A": 34 if i % 2 else 3,
                    "score_B": 5 if i % 2 else 54,
                    "human_ref_A": c if i % 2 else r,
                    "human_ref_B": r if i % 2 else c,
                    "labels": i % 2,
                    "seconds_difference": 20.0,
                    "score_ratio": 6.8,
                }
                for i, (q, c, r) in enumerate(PAIRS)
            ),
            "train.json",
        ),
        "dpo",
        preferred(PAIRS[0][0], PAIRS[0][1], PAIRS[0][2]),
        rows=9,
    ),
    wild(
        "unpaired mix of the trainer with turns",
        parquet(
            row
            for q, c, r in PAIRS
            for row in (
                {"prompt": turns(q), "completion": turns(c, first="assistant"), "label": True},
                {"prompt": turns(q), "completion": turns(r, first="assistant"), "label": False},
            )
        ),
        "kto",
        judged(PAIRS[0][0], PAIRS[0][1], True),
        rows=18,
    ),
    wild(
        "orpo mix with question, prompt and whole conversations",
        jsonl(
            (
                {"source": "Airoboros", "chosen": turns(q, c), "rejected": turns(q, r), "prompt": q, "question": q}
                for q, c, r in PAIRS
            ),
            "orpo.jsonl",
        ),
        "dpo",
        preferred(*PAIRS[0]),
        rows=9,
    ),
    wild(
        "chinese comparisons in conversations of llama factory",
        array(
            (
                {
                    "conversations": [{"from": "human", "value": q}],
                    "chosen": {"from": "gpt", "value": a},
                    "rejected": {"from": "gpt", "value": "不知道。"},
                }
                for q, a in CHINESE
            ),
            "dpo_zh.json",
        ),
        "dpo",
        preferred(CHINESE[0][0], CHINESE[0][1], "不知道。"),
        rows=7,
    ),
    wild(
        "toxic pairs of three columns, csv",
        table([[q, c, r] for q, c, r in PAIRS], ["prompt", "chosen", "rejected"], name="dpo_pairs.csv"),
        "dpo",
        preferred(*PAIRS[0]),
        rows=9,
    ),
    wild(
        "feedback with four completions and principles",
        jsonl(
            (
                {
                    "source": "sharegpt",
                    "instruction": q,
                    "models": ["alpaca-7b", "gpt-4"],
                    "completions": [
                        {
                            "annotations": {"helpfulness": {"Rating": "2", "Rationale": "Thin."}},
                            "custom_system_prompt": "Be honest.",
                            "principle": "honesty",
                            "model": "alpaca-7b",
                            "response": r,
                            "critique": "Too thin.",
                            "overall_score": 4.0,
                            "fine-grained_score": 2.0,
                        },
                        {
                            "annotations": {"helpfulness": {"Rating": "5", "Rationale": "Good."}},
                            "custom_system_prompt": "Be kind.",
                            "principle": "helpfulness",
                            "model": "gpt-4",
                            "response": c,
                            "critique": "Good.",
                            "overall_score": 9.0,
                            "fine-grained_score": 5.0,
                        },
                    ],
                    "correct_answers": ["None"],
                    "incorrect_answers": ["None"],
                }
                for q, c, r in PAIRS
            ),
            "sharegpt.jsonl",
        ),
        "dpo kto sft",
        Has(PAIRS[0][0]),
    ),
)
"""Popular datasets of preference and judgement, in their true columns."""
