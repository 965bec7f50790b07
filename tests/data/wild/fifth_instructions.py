"""Popular datasets of instructions, in their true columns.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

from tests.data.wild.fifth_pool_languages import SPANISH
from tests.data.wild.fifth_pool_talks import HERMES, ROUNDS, identifier
from tests.data.wild.table import Has, Wild, array, chat, parquet, turns, wild

PREAMBLE = "Below is an instruction that describes a task. Write a response that appropriately completes the request."

PREAMBLE_WITH_INPUT = (
    "Below is an instruction that describes a task, paired with an input that provides further context. "
    "Write a response that appropriately completes the request."
)

TASKS = [
    (
        "Name three ways to save water at home.",
        "",
        "1. Take shorter showers.\n2. Fix dripping taps.\n3. Collect rain for the garden.",
    ),
    ("Classify the animal as mammal, bird or fish.", "Penguin", "Bird"),
    (
        "Rewrite the sentence in the past tense.",
        "She walks to the harbour every morning.",
        "She walked to the harbour every morning.",
    ),
    (
        "Describe the smell of a bakery at dawn.",
        "",
        "Warm crust, a little smoke and sugar, and below it the sour breath of yeast.",
    ),
    ("Find the odd one out.", "copper, iron, oak, tin", "Oak"),
    ("Generate a slogan for a repair café.", "", "Broken today, busy tomorrow."),
    ("Convert the temperature to Fahrenheit.", "20 °C", "68 °F"),
    (
        "Explain why the sky is red at sunset.",
        "",
        "Low sunlight passes through more air, which scatters blue away and leaves red.",
    ),
    ("Correct the grammar.", "Him and me goes fishing.", "He and I go fishing."),
]

EXPLAINED = [
    (
        "flan.1001",
        "You are an AI assistant. You will be given a task. You must generate a detailed and long answer.",
        "Generate an approximately fifteen-word sentence that describes all this data: Midsummer House "
        "eatType restaurant; Midsummer House food Chinese; Midsummer House priceRange moderate.",
        "Midsummer House is a moderately priced Chinese restaurant that welcomes guests all year round.",
    ),
    (
        "t0.2002",
        "You are a helpful assistant, who always provide explanation. Think like you are answering to a five year old.",
        'Given the sentence "the dog sleeps under the table" can we conclude that "the dog is awake"? '
        "Options: yes, no, it is not possible to tell",
        "No. When a dog sleeps, its eyes are shut and it dreams, so it is not awake.",
    ),
    (
        "cot.3003",
        "",
        "Premise: A man plays the cello on stage. Hypothesis: A man makes music. Does the premise entail the "
        "hypothesis?",
        "Playing the cello is a way of making music. So the answer is yes.",
    ),
    (
        "niv.4004",
        "You are an AI assistant that follows instruction extremely well. Help as much as you can.",
        "Translate into German: The bridge is closed until Friday.",
        "Die Brücke ist bis Freitag gesperrt.",
    ),
    (
        "flan.5005",
        "You should describe the task and explain your answer.",
        'What is the sentiment of this review? "I would not send my enemy to this hotel."',
        "The task is to judge the feeling of a review. The writer warns strongly against the hotel, so it is negative.",
    ),
    ("flan.5006", "", "Which is heavier, a litre of oil or a litre of water?", "Water, because oil floats on it."),
]

INSTRUCTIONS: tuple[Wild, ...] = (
    wild(
        "stanford alpaca with its assembled text in parquet",
        parquet(
            {
                "instruction": a,
                "input": b,
                "output": c,
                "text": f"{PREAMBLE_WITH_INPUT}\n\n### Instruction:\n{a}\n\n### Input:\n{b}\n\n### Response:\n{c}"
                if b
                else f"{PREAMBLE}\n\n### Instruction:\n{a}\n\n### Response:\n{c}",
            }
            for a, b, c in TASKS
        ),
        "sft",
        chat(TASKS[0][0], TASKS[0][2]),
        rows=9,
    ),
    wild(
        "cleaned alpaca as one indented array, output first",
        array(
            ({"output": c, "input": b, "instruction": a} for a, b, c in [TASKS[i] for i in (2, 0, 1, 4, 6, 3, 5)]),
            "alpaca_data_cleaned.json",
        ),
        "sft",
        chat(Has(TASKS[2][0], TASKS[2][1]), TASKS[2][2]),
        rows=7,
    ),
    wild(
        "alpaca in spanish translated by a machine",
        parquet({"instruction": f"{q}", "input": "", "output": a} for q, a in SPANISH),
        "sft",
        chat(SPANISH[0][0], SPANISH[0][1]),
        rows=8,
    ),
    wild(
        "open orca rows with ids of flan",
        parquet({"id": i, "system_prompt": s, "question": q, "response": r} for i, s, q, r in EXPLAINED),
        "sft",
        chat(EXPLAINED[0][2], EXPLAINED[0][3], system=EXPLAINED[0][1]),
        rows=6,
    ),
    wild(
        "open hermes with columns mostly null, one array",
        array(
            (
                {
                    "custom_instruction": None,
                    "topic": None,
                    "model_name": None,
                    "model": None,
                    "skip_prompt_formatting": False,
                    "category": ["general", "orca", None][i % 3],
                    "conversations": [
                        {"from": "human", "value": q, "weight": None},
                        {"from": "gpt", "value": a, "weight": None},
                    ],
                    "views": None,
                    "language": None,
                    "id": None,
                    "title": None,
                    "idx": None,
                    "hash": None,
                    "avatarUrl": None,
                    "system_prompt": None,
                    "source": "airoboros2.2",
                }
                for i, (q, a) in enumerate(HERMES)
            ),
            "openhermes2_5.json",
        ),
        "sft",
        chat(HERMES[0][0], HERMES[0][1]),
        rows=6,
    ),
    wild(
        "ultrachat with a prompt beside its messages",
        parquet(
            {"prompt": c[0], "prompt_id": identifier(c[0]).replace("-", "") * 2, "messages": turns(*c)} for c in ROUNDS
        ),
        "sft",
        chat(*ROUNDS[0]),
        rows=6,
    ),
)
"""Popular datasets of instructions, in their true columns."""
