"""Popular datasets for a skill: sums, medicine, law.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

from tests.data.wild.fifth_pool import ALGEBRA, LAW, MEDICINE, sums
from tests.data.wild.table import Has, OneOf, Turn, Wild, array, asked, chat, jsonl, parquet, table, turns, wild

SUMS = sums(40, 7)

OTHER_SUMS = sums(12, 8)

MORE_SUMS = sums(15, 9)

REASONED = [
    (q, f"The person asks: {q.lower()} I think about the common causes first, then about the warning signs.", a)
    for q, a in MEDICINE
]

DOCTOR = "If you are a doctor, please answer the medical questions based on the patient's description."

SUM_SETS: tuple[Wild, ...] = (
    wild(
        "school sums with steps and four hash signs",
        parquet({"question": q, "answer": f"{s}\n#### {a}"} for q, s, a in SUMS),
        "sft grpo",
        chat(SUMS[0][0], Has(SUMS[0][1])),
        asked(SUMS[0][0], SUMS[0][2]),
        rows=40,
    ),
    wild(
        "meta math in one array, query and response",
        array(
            (
                {
                    "type": ["GSM_Rephrased", "GSM_SV", "MATH_AnsAug"][i % 3],
                    "query": q,
                    "original_question": q.replace("How many", "What number of"),
                    "response": f"{s}\n#### {a}\nThe answer is: {a}",
                }
                for i, (q, s, a) in enumerate(OTHER_SUMS)
            ),
            "MetaMathQA.json",
        ),
        "sft",
        chat(OTHER_SUMS[0][0], Has(OTHER_SUMS[0][1])),
        rows=12,
    ),
    wild(
        "numina chain of thought, problem and solution with messages",
        parquet(
            {
                "source": ["synthetic_math", "aops_forum", "cn_k12"][i % 3],
                "problem": q,
                "solution": s,
                "messages": turns(q, s),
            }
            for i, (q, s, _) in enumerate(ALGEBRA)
        ),
        "sft",
        chat(ALGEBRA[0][0], ALGEBRA[0][1]),
        rows=10,
    ),
    wild(
        "orca math of two columns",
        parquet({"question": q, "answer": f"{s} Therefore, the answer is {a}."} for q, s, a in MORE_SUMS),
        "sft grpo",
        chat(MORE_SUMS[0][0], Has(MORE_SUMS[0][1])),
        rows=15,
    ),
    wild(
        "math instruct with its source and output before instruction",
        array(
            ({"source": "data/CoT/MATH_train.json", "output": s, "instruction": q} for q, s, _ in ALGEBRA),
            "MathInstruct.json",
        ),
        "sft",
        chat(ALGEBRA[0][0], ALGEBRA[0][1]),
        rows=10,
    ),
    wild(
        "open math instruct two with an expected answer",
        parquet(
            {"problem": q, "generated_solution": s, "expected_answer": a, "problem_source": "augmented_math"}
            for q, s, a in ALGEBRA
        ),
        "sft grpo",
        chat(ALGEBRA[0][0], ALGEBRA[0][1]),
        asked(ALGEBRA[0][0], ALGEBRA[0][2]),
        rows=10,
    ),
    wild(
        "five hundred of math with subject and level",
        jsonl(
            (
                {
                    "problem": q,
                    "solution": s,
                    "answer": a,
                    "subject": ["Algebra", "Number Theory", "Geometry"][i % 3],
                    "level": 1 + i % 5,
                    "unique_id": f"test/algebra/{i * 37}.json",
                }
                for i, (q, s, a) in enumerate(ALGEBRA)
            ),
            "test.jsonl",
        ),
        "sft grpo",
        chat(ALGEBRA[0][0], ALGEBRA[0][1]),
        asked(ALGEBRA[0][0], ALGEBRA[0][2]),
        rows=10,
        suggests="grpo",
    ),
    wild(
        "medical o1 with a complex chain of thought in english",
        array(({"Question": q, "Complex_CoT": t, "Response": a} for q, t, a in REASONED), "medical_o1_sft.json"),
        "sft",
        {
            "messages": [
                Turn("user", MEDICINE[0][0]),
                Turn("assistant", "I think about the common causes first", MEDICINE[0][1]),
            ]
        },
        rows=10,
    ),
    wild(
        "health care magic, one instruction for all rows",
        parquet(
            {
                "instruction": DOCTOR,
                "input": f"Hello doctor. {q} Thank you for your time.",
                "output": f"Hi, thanks for using our service. {a} Regards, Dr. Varga",
            }
            for q, a in MEDICINE
        ),
        "sft",
        {
            "messages": OneOf(
                [
                    {"role": "user", "content": Has(DOCTOR, MEDICINE[0][0])},
                    {"role": "assistant", "content": Has(MEDICINE[0][1])},
                ],
                [
                    {"role": "system", "content": DOCTOR},
                    {"role": "user", "content": Has(MEDICINE[0][0])},
                    {"role": "assistant", "content": Has(MEDICINE[0][1])},
                ],
            )
        },
        rows=10,
    ),
    wild(
        "medical flashcards with instruction last",
        jsonl(
            ({"input": q, "output": a, "instruction": "Answer this question truthfully"} for q, a in MEDICINE),
            "medical_meadow_flashcards.jsonl",
        ),
        "sft",
        {
            "messages": OneOf(
                [
                    {"role": "user", "content": Has("Answer this question truthfully", MEDICINE[0][0])},
                    {"role": "assistant", "content": MEDICINE[0][1]},
                ],
                [
                    {"role": "system", "content": "Answer this question truthfully"},
                    {"role": "user", "content": MEDICINE[0][0]},
                    {"role": "assistant", "content": MEDICINE[0][1]},
                ],
            )
        },
        rows=10,
    ),
    wild(
        "quad of medicine with a question type",
        table(
            [[["symptoms", "treatment", "information"][i % 3], q, a] for i, (q, a) in enumerate(MEDICINE)],
            ["qtype", "Question", "Answer"],
            name="medDataset_processed.csv",
        ),
        "sft",
        chat(MEDICINE[0][0], MEDICINE[0][1]),
        rows=10,
    ),
    wild(
        "legal questions with the passage they come from",
        parquet(
            {
                "question": q,
                "answer": a,
                "text": f"Citation: Smith v Lane [{1990 + i}] HCA {i + 3}\nJurisdiction: commonwealth\nText: The "
                f"tenant appealed. {a} The appeal was dismissed with costs.",
                "prompt": "# Snippet\nThe snippet from an Australian legal document from which you must synthesise a "
                f"question and answer is provided below. {a}",
                "source": {
                    "version_id": f"hca:{i}",
                    "type": "decision",
                    "jurisdiction": "commonwealth",
                    "url": "https://example.org/hca",
                },
            }
            for i, (q, a) in enumerate(LAW)
        ),
        "sft",
        {"messages": [Turn("user", LAW[0][0]), Turn("assistant", LAW[0][1])]},
        rows=8,
    ),
    wild(
        "law in two capital columns",
        array(({"Instruction": q, "Response": a} for q, a in LAW), "train.json"),
        "sft",
        chat(LAW[0][0], LAW[0][1]),
        rows=8,
    ),
)
"""Popular datasets for a skill: sums, medicine, law."""
