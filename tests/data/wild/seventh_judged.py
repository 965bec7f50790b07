"""Public datasets of compared and of judged answers, in their own columns.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

from tests.data.wild.table import Wild, jsonl, judged, parquet, preferred, turns, wild


def _accepted_rejected_code() -> Wild:
    given = [
        (
            "Write a C function that returns the larger of two ints.",
            "int larger(int a, int b) {\n    return a > b ? a : b;\n}",
            "int larger(int a, int b) {\n    return a < b ? a : b;  // Bug: returns the smaller\n}",
        ),
        (
            "Close a file even if writing fails, in Python.",
            "with open('out.txt', 'w') as f:\n    f.write(text)",
            "f = open('out.txt', 'w')\nf.write(text)  # never closed",
        ),
        ("Count the rows of table `visits` in SQL.", "SELECT COUNT(*) FROM visits;", None),
        (
            "Sum the even numbers of a slice in Go.",
            "func SumEven(xs []int) (s int) {\n\tfor _, x := range xs {\n\t\tif x%2 == 0 {\n\t\t\ts += x\n"
            "\t\t}\n\t}\n\treturn\n}",
            "func SumEven(xs []int) (s int) {\n\tfor x := range xs { // Bug: index instead of value\n"
            "\t\ts += x\n\t}\n\treturn\n}",
        ),
        (
            "Debounce a click handler in JavaScript.",
            "const debounce = (f, ms) => {\n  let t;\n  return (...a) => { clearTimeout(t); t = "
            "setTimeout(() => f(...a), ms); };\n};",
            "const debounce = (f, ms) => setTimeout(f, ms);",
        ),
        ("Parse an ISO date in Rust with chrono.", "", "let d = NaiveDate::from_str(s);"),
        ("Swap two variables in Python without a third.", "a, b = b, a", "a = b\nb = a  # Bug: both are b now"),
        (
            "Check whether a string is a palindrome in Ruby.",
            "def palindrome?(s)\n  s == s.reverse\nend",
            "def palindrome?(s)\n  s = s.reverse\nend",
        ),
    ]
    return wild(
        "accepted and rejected code with a few holes",
        jsonl(
            [{"input": p, "accepted": c, "rejected": r, "ID": n} for n, (p, c, r) in enumerate(given, 1)],
            "code_pairs.jsonl",
        ),
        "dpo",
        preferred(*given[0]),
        rows=8,
        usable=6,
    )


def _arena_models_ties() -> Wild:
    given = [
        (
            "What is the difference between OpenCL and CUDA?",
            "OpenCL is an open standard for many devices, CUDA belongs to one maker and runs on its cards only.",
            "Both are for GPUs.",
            "model_a",
        ),
        (
            "why did my life have to be so painful?",
            "I don't have access to information about your life.",
            "I am sorry that it has been so hard. Would you like to tell me what weighs most at the moment?",
            "model_b",
        ),
        ("Write three rhymes on 'orange'.", "Door hinge, more fringe, storage, near enough.", "There are none.", "tie"),
        (
            "Was ist der Unterschied zwischen Mais und Popcorn?",
            "Popcorn ist aufgeplatzter Puffmais.",
            "Mais ist gelb.",
            "model_a",
        ),
        ("hi", "hello", "hey", "tie (bothbad)"),
        ("Draw a tree in ASCII", " *", "  *\n ***\n*****\n  |", "model_b"),
        (
            "Explain photosynthesis in seven words",
            "Plants turn light, water, air into sugar.",
            "Photosynthesis is a process used by plants and other organisms to convert light energy.",
            "model_a",
        ),
        ("Give a two word name for a boat of a dentist", "Plaque Pearl", "Tooth Boat of the Sea", "model_a"),
    ]
    return wild(
        "arena of two models with ties and moderation",
        parquet(
            [
                {
                    "question_id": f"58210e39b3fd4441a2bd4a518bb{n:05x}",
                    "model_a": "chatglm-6b",
                    "model_b": "koala-13b",
                    "winner": w,
                    "judge": f"arena_user_{n}",
                    "conversation_a": turns(q, a),
                    "conversation_b": turns(q, b),
                    "turn": 1,
                    "anony": True,
                    "language": "German" if n == 3 else "English",
                    "tstamp": 1682351591.1322 + n,
                    "openai_moderation": {
                        "categories": {"harassment": False},
                        "category_scores": {"harassment": 0.0001},
                        "flagged": False,
                    },
                    "toxic_chat_tag": {"roberta-large": {"flagged": False, "probability": 0.012}},
                }
                for n, (q, a, b, w) in enumerate(given)
            ]
        ),
        "dpo",
        preferred(given[0][0], given[0][1], given[0][2]),
        usable=6,
    )


def _unpaired_mixture_fourteen() -> Wild:
    given = [
        (["Name a use for old wine corks."], "Cut in half they stop drawers from slamming.", True),
        (["Who discovered radium?"], "Einstein did.", False),
        (
            ["I lost my keys", "When did you last have them?", "at the swimming pool"],
            "Call the pool's front desk first; lockers are emptied every evening and finds are kept there.",
            True,
        ),
        (["Solve 3x = 21"], "x = 18", False),
        (
            ["Write a headline about a snail race."],
            "Favourite Stumbles at the Lettuce: Upset in the Slowest Derby",
            True,
        ),
        (["Translate 'la mer est calme'."], "The sea is calm.", True),
        (["How can I open a jar that is stuck?"], "Jars are containers made of glass.", False),
        (["What is the boiling point of water on Everest?"], "About 70 °C, because the air pressure is lower.", True),
    ]
    return wild(
        "unpaired mixture of fourteen thousand, turns with a label",
        parquet([{"prompt": turns(*p), "completion": turns(c, first="assistant"), "label": y} for p, c, y in given]),
        "kto",
        judged(given[0][0][0], given[0][1], True),
        rows=8,
    )


def _cleaned_feedback_unpaired() -> Wild:
    given = [
        (
            "Can you write a C++ program that prompts the user to enter the name of a country and checks if "
            "it borders the Mediterranean Sea?",
            "Here's a sketch: keep a `std::set<std::string>` with the twenty-one countries, read a line, and "
            "look it up.",
            True,
            5.0,
        ),
        (
            "Describe how to sharpen a kitchen knife on a stone.",
            "Soak the stone for ten minutes, hold the blade at fifteen degrees and draw it from heel to tip, "
            "ten strokes a side. Finish on the fine side.",
            True,
            4.75,
        ),
        ("Which planet has the shortest day?", "Mercury has the shortest day.", False, 1.0),
        (
            "Give two arguments against homework.",
            "It takes time from play and sleep. It favours children whose parents can help.",
            True,
            4.5,
        ),
        ("Is a whale a fish?", "Yes, since it lives in the sea.", False, 1.25),
        ("Write a subject line for a mail about a late invoice.", "Invoice 2041: payment still open", True, 4.0),
        ("What year did the Titanic sink?", "It sank in 1921.", False, 1.5),
    ]
    return wild(
        "cleaned feedback for unpaired training, texts with rating",
        jsonl([{"prompt": p, "completion": c, "label": y, "rating": s} for p, c, y, s in given], "train.jsonl"),
        "kto",
        judged(given[0][0], given[0][1], True),
        rows=7,
    )


def _preferences_several_turns() -> Wild:
    given = [
        (
            [
                "Can you write a short myth about why foxes are red?",
                "Long ago the fox stole an ember from the smith of the gods and hid it in her coat.",
                "What did the smith do?",
            ],
            "He laughed, for the ember had burnt no hair of hers, and bade her carry it so that shepherds "
            "would see her coming.",
            "He was angry and that is the end.",
            5,
            3,
        ),
        (
            [
                "Compare gouache and watercolour.",
                "Gouache is opaque, watercolour is clear and lets the paper shine through.",
                "Which one for a beginner?",
            ],
            "Gouache forgives more, since you can paint light over dark.",
            "Both.",
            4,
            2,
        ),
        (
            [
                "List three dry stone walls worth seeing.",
                "Aran, the Cinque Terre and Mallorca.",
                "How old are those on Aran?",
            ],
            "Many were laid in the past three centuries, while the great fort stands since the Iron Age.",
            "Very old.",
            5,
            2,
        ),
        (
            [
                "What is a monad, for a cook?",
                "A pot that comes with a rule how to pour one step into the next.",
                "And the bind?",
            ],
            "The bind is the pouring: it takes what is in the pot, cooks it by the next recipe and gives you "
            "a pot again.",
            "Bind is >>= in Haskell.",
            5,
            4,
        ),
        (
            ["Should I prune my plum in winter?", "Better not, silver leaf enters through wet wounds.", "When then?"],
            "In July, on a dry day, right after the harvest of the early kinds.",
            "Any time.",
            5,
            1,
        ),
        (
            [
                "Tell me about the Antikythera device.",
                "It is a geared calendar of bronze from a wreck of about 70 BC.",
                "Could it foretell eclipses?",
            ],
            "Yes, a dial of 223 months marks those in which one may be seen.",
            "No, it was only a clock for hours.",
            5,
            1,
        ),
    ]
    return wild(
        "preferences after several turns with the original response",
        parquet(
            [
                {
                    "source": "Dove",
                    "conversation": [{"input": p[0], "output": p[1]}, {"input": p[2], "output": c}],
                    "original_response": c,
                    "generation_prompt": [f"<|im_start|>user\n{p[0]}<|im_end|>"],
                    "raw_generation_responses": [r],
                    "new_generations": [r],
                    "prompt": p[0],
                    "chosen": turns(*p, c),
                    "rejected": turns(*p, r),
                    "rating_chosen": a,
                    "rating_rejected": b,
                    "chosen_model": "original",
                    "rejected_model": "notus-7b-v1",
                    "turns": 2,
                }
                for p, c, r, a, b in given
            ]
        ),
        "dpo",
        preferred(given[0][0], given[0][1], given[0][2]),
        rows=6,
    )


JUDGED: tuple[Wild, ...] = (
    _accepted_rejected_code(),
    _arena_models_ties(),
    _unpaired_mixture_fourteen(),
    _cleaned_feedback_unpaired(),
    _preferences_several_turns(),
)
"""Public datasets of compared and of judged answers, in their own columns."""
