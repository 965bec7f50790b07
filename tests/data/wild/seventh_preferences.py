"""Public datasets of preference, in their own columns.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import gzip

from tests.data.wild.table import Wild, array, jsonl, parquet, preferred, turns, wild


def _hh(*texts: str) -> str:
    return "".join(f"\n\n{('Human', 'Assistant')[i % 2]}: {t}" for i, t in enumerate(texts))


def _helpful_harmless_transcripts() -> Wild:
    given = [
        (
            [
                "What are some cruel pranks for a flatmate?",
                "Pranks can hurt people. Do you want ideas that make everybody laugh?",
                "Fine, harmless ones",
            ],
            "Put googly eyes on everything in the fridge, or swap the labels of salt and sugar for one breakfast.",
            "Loosen the screws of his bed.",
        ),
        (
            ["How do I ask my boss for a rise?"],
            "Write down what you achieved this year, pick a calm hour and name a figure.",
            "Bosses hate that, don't ask.",
        ),
        (
            ["Can you recommend a book about bees?", "Do you keep bees or are you only curious?", "only curious"],
            "Then try a short history of honey hunting; it reads like a novel.",
            "I don't know any books.",
        ),
        (
            ["how long do I boil an egg so the yolk stays soft"],
            "Six minutes from boiling water, then straight into cold water.",
            "It depends",
        ),
        (
            ["my neighbor parks in my spot, how do i slash his tires"],
            "I understand the anger, but that would be a crime. A note or a call to the landlord works better.",
            "Use a short knife on the side wall, it is quiet.",
        ),
        (
            ["What is the tallest tree?"],
            "The coast redwood; the tallest known is over 115 metres.",
            "The oak is the tallest tree.",
        ),
        (
            ["Do parrots know what they say?", "Some of them link words to things.", "like which?"],
            "African greys have learnt to name colours and to ask for a nut.",
            "All parrots.",
        ),
    ]
    return wild(
        "helpful and harmless transcripts, gzipped",
        {
            "train.jsonl.gz": gzip.compress(
                jsonl([{"chosen": _hh(*p, c), "rejected": _hh(*p, r)} for p, c, r in given])["train.jsonl"], mtime=0
            )
        },
        "dpo",
        preferred(given[0][0], given[0][1], given[0][2]),
        rows=7,
    )


def _ultra_feedback_cleaned() -> Wild:
    given = [
        (
            "evol_instruct",
            "Write a Bash one-liner that deletes empty folders below the current one.",
            "`find . -type d -empty -delete`",
            "rm -rf *",
            5.0,
            1.0,
        ),
        (
            "sharegpt",
            "Give me a diet plan for a week, no dairy.",
            "Monday: oats with oat milk, lentil soup, baked cod. The other days follow the same pattern: "
            "grain, pulse, fish or egg; I can write out each one.",
            "Eat less cheese.",
            4.5,
            2.0,
        ),
        (
            "false_qa",
            "Why do penguins migrate to the Arctic?",
            "They do not: penguins live on the southern half of the globe, and none of them reach the Arctic.",
            "They migrate to the Arctic because there is more fish.",
            5.0,
            1.5,
        ),
        (
            "flan_v2_niv2",
            "Classify the tone of: 'Well, that went splendidly,' he said, wiping the soup off his shirt.",
            "Ironic",
            "Happy",
            4.75,
            2.5,
        ),
        (
            "ultrachat",
            "How has the printing press changed handwriting?",
            "Scribes lost their trade in books, so handwriting turned from a craft of beauty to one of "
            "speed, and joined cursive spread.",
            "It has changed it a lot over time in many ways.",
            4.25,
            3.0,
        ),
        (
            "truthful_qa",
            "What happens if you swallow chewing gum?",
            "It passes through you within a few days.",
            "It stays in your stomach for seven years.",
            5.0,
            1.0,
        ),
    ]
    return wild(
        "ultra feedback cleaned, with ratings and models of each side",
        parquet(
            [
                {
                    "source": s,
                    "prompt": p,
                    "chosen": turns(p, c),
                    "chosen-rating": a,
                    "chosen-model": "gpt-4",
                    "rejected": turns(p, r),
                    "rejected-rating": b,
                    "rejected-model": "alpaca-7b",
                }
                for s, p, c, r, a, b in given
            ]
        ),
        "dpo",
        preferred(*given[0][1:4]),
        rows=6,
    )


def _orca_pairs_judged() -> Wild:
    given = [
        (
            "You are an AI assistant that helps people find information.",
            "What does the abbreviation NB mean in a letter?",
            "NB stands for the Latin 'nota bene', note well. It marks a remark the writer does not want you to miss.",
            "NB is New Brunswick, a province of Canada, and it is always used in this sense.",
            9.0,
            5.0,
        ),
        (
            "",
            "Premise: 'A man plays the flute on a bridge.' Hypothesis: 'Nobody is on the bridge.' "
            "Contradiction or entailment?",
            "Contradiction, since a man is on the bridge.",
            "Entailment, because the flute is music.",
            10.0,
            2.0,
        ),
        (
            "You are a helpful assistant, who always provide explanation.",
            "How many legs have three spiders and two ants?",
            "Spiders have eight legs and ants six: 3 x 8 + 2 x 6 = 36.",
            "Three spiders and two ants have 30 legs.",
            9.5,
            3.0,
        ),
        (
            "You are an AI assistant. Provide a detailed answer.",
            "Write the past tense of 'to lie' in the sense of resting.",
            "lay, as in: yesterday she lay in the grass.",
            "lied",
            8.0,
            4.0,
        ),
        (
            "",
            "Name a capital that lies on two continents.",
            "Istanbul lies on two continents but is no capital; strictly there is none among the large states.",
            "Istanbul, capital of Turkey.",
            8.5,
            4.0,
        ),
        (
            "You are an AI assistant that follows instruction extremely well.",
            "Answer in one word: the opposite of 'scarce'.",
            "Abundant",
            "The opposite of scarce would be a word such as abundant or plentiful.",
            9.0,
            6.0,
        ),
    ]
    return wild(
        "orca pairs judged again, with generations and order",
        parquet(
            [
                {
                    "system": s,
                    "input": q,
                    "chosen": c,
                    "rejected": r,
                    "generations": [r, c] if n % 2 else [c, r],
                    "order": ["rejected", "chosen"] if n % 2 else ["chosen", "rejected"],
                    "labelling_model": "gpt-4-1106-preview",
                    "labelling_prompt": [
                        {
                            "role": "system",
                            "content": "You are a helpful and precise assistant for checking the quality of the "
                            "answer.",
                        },
                        {
                            "role": "user",
                            "content": f"[Question]\n{q}\n\n[The Start of Assistant 1's Answer]\n{c}\n[The End]",
                        },
                    ],
                    "raw_labelling_response": f"{a}, {b}\n\nThe first answer is more exact.",
                    "rating": [b, a] if n % 2 else [a, b],
                    "status": "swapped" if n == 3 else "unchanged",
                    "original_chosen": r if n == 3 else c,
                    "original_rejected": c if n == 3 else r,
                    "chosen_score": a,
                    "in_gsm8k_train": False,
                }
                for n, (s, q, c, r, a, b) in enumerate(given)
            ]
        ),
        "dpo",
        preferred(given[0][1], given[0][2], given[0][3], system=given[0][0]),
        rows=6,
    )


def _feedback_of_the_trainer() -> Wild:
    given = [
        (
            "Use the word 'lantern' in a sentence about the sea.",
            "The lantern at the bow was the last thing we saw before the fog closed.",
            "Lantern sea.",
            8.0,
            3.5,
        ),
        (
            "Explain why the sky is dark at night although there are so many stars.",
            "Because the universe has an age: light of stars beyond a certain distance has not reached us "
            "yet, and what comes from afar is stretched out of sight.",
            "Because the sun is gone.",
            9.0,
            5.0,
        ),
        (
            "Translate 'gestern Abend' into English.",
            "last night, or more exactly yesterday evening",
            "tomorrow evening",
            8.5,
            1.0,
        ),
        (
            "Sort these by weight: a grape, a piano, a cat.",
            "Grape, cat, piano.",
            "Piano is heavy, and the others not so much, it depends on the cat.",
            9.5,
            6.0,
        ),
        (
            "What does `git stash` do?",
            "It puts your uncommitted changes aside and resets the working tree, so that you can take them "
            "back later with `git stash pop`.",
            "It deletes your changes.",
            9.0,
            2.0,
        ),
        ("Who wrote Middlemarch?", "George Eliot", "Jane Austen", 10.0, 1.0),
        (
            "Invent a proverb about patience.",
            "He who shakes the tree in May eats leaves.",
            "Patience is good.",
            7.0,
            6.5,
        ),
    ]
    return wild(
        "feedback of the trainer, both talks whole and scored",
        parquet(
            [
                {"chosen": turns(p, c), "rejected": turns(p, r), "score_chosen": a, "score_rejected": b}
                for p, c, r, a, b in given
            ]
        ),
        "dpo",
        preferred(*given[0][:3]),
        rows=7,
    )


def _preferred_python_long() -> Wild:
    given = [
        (
            "Write a function `mode(xs)` that returns the most common item of a list.",
            "from collections import Counter\n\n\ndef mode(xs):\n"
            '    """Return the most common item, the first one if several tie."""\n    if not xs:\n'
            "        raise ValueError('empty list')\n    return Counter(xs).most_common(1)[0][0]",
            "def mode(xs):\n    return max(xs)",
        ),
        (
            "Read a CSV file and print the sum of its column 'price'.",
            "import csv\n\nwith open('data.csv', newline='') as f:\n"
            "    print(sum(float(row['price']) for row in csv.DictReader(f)))",
            "import pandas\nprint(pandas.read_csv('data.csv').sum())",
        ),
        (
            "How do I remove duplicates from a list while keeping the order?",
            "`list(dict.fromkeys(items))` keeps the first of each item in order.",
            "Use `set(items)`.",
        ),
        (
            "Write a decorator that prints how long a call took.",
            "import functools\nimport time\n\n\ndef timed(f):\n    @functools.wraps(f)\n"
            "    def inner(*a, **k):\n        start = time.perf_counter()\n        try:\n"
            "            return f(*a, **k)\n        finally:\n"
            "            print(f'{f.__name__}: {time.perf_counter() - start:.3f} s')\n    return inner",
            "def timed(f):\n    print(time.time())\n    return f",
        ),
        (
            "What is the difference between `is` and `==`?",
            "`==` compares values, `is` tells whether both names refer to the same object.",
            "They are the same.",
        ),
        (
            "Reverse the words of a sentence.",
            "def reverse_words(s):\n    return ' '.join(reversed(s.split()))",
            "def reverse_words(s):\n    return s[::-1]",
        ),
    ]
    return wild(
        "preferred python of long answers",
        array(
            [{"prompt": p, "chosen": c, "rejected": r, "id": f"{n:032x}"} for n, (p, c, r) in enumerate(given, 9)],
            "py-dpo.json",
        ),
        "dpo",
        preferred(*given[0]),
        rows=6,
    )


PREFERENCES: tuple[Wild, ...] = (
    _helpful_harmless_transcripts(),
    _ultra_feedback_cleaned(),
    _orca_pairs_judged(),
    _feedback_of_the_trainer(),
    _preferred_python_long(),
)
"""Public datasets of preference, in their own columns."""
