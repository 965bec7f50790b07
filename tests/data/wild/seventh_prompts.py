"""Public datasets of problems whose answers can be checked.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

from tests.data.wild.table import Has, Turn, Wild, array, asked, chat, jsonl, parquet, wild


def _kinds(names: list[str], good: list[bool]) -> list[str]:
    return [f"{n} is a {('knight' if g else 'knave')}" for n, g in zip(names, good, strict=True)]


def _deep_scaling_problems() -> Wild:
    given = [
        (
            "The operation $\\otimes$ is defined by $a \\otimes b = \\frac{a^2}{b}$. Find $(2\\otimes 4)\\otimes 1$.",
            "1",
            "First $2\\otimes 4=\\frac{4}{4}=1$, then $1\\otimes 1=1$, so the value is $\\boxed{1}$.",
        ),
        (
            "A fair coin is thrown three times. What is the probability of exactly two heads?",
            "\\frac{3}{8}",
            "There are eight outcomes, three of which have two heads, hence $\\boxed{\\frac{3}{8}}$.",
        ),
        ("Find the sum of the digits of $10^{12}-7$.", "102", ""),
        (
            "A rectangle has perimeter 26 and area 40. Find its longer side.",
            "8",
            "The sides solve $t^2-13t+40=0$, so they are 5 and $\\boxed{8}$.",
        ),
        ("How many primes lie between 40 and 60?", "5", "They are 41, 43, 47, 53 and 59, so $\\boxed{5}$."),
        ("What is the largest integer below $\\sqrt{150}$?", "12", ""),
    ]
    return wild(
        "deep scaling problems, answer and solution",
        array([{"problem": p, "answer": a, "solution": s} for p, a, s in given], "deepscaler.json"),
        "sft grpo",
        asked(given[0][0], "1"),
        {"messages": [Turn("user", given[0][0]), Turn("assistant", "1")]},
    )


def _big_verified_maths() -> Wild:
    given = [
        (
            "Kara has 5 coins worth 10 cents and 4 worth 25 cents. How much money has she, in cents?",
            "150",
            "orca_math",
            "Mathematics -> Applied Mathematics -> Math Word Problems",
            0.92,
        ),
        (
            "Determine the smallest $n$ such that $n!$ ends with three zeros.",
            "15",
            "cn_k12",
            "Mathematics -> Number Theory -> Factorization",
            0.53,
        ),
        (
            "Given $\\sin x = \\frac{3}{5}$ with $x$ acute, find $\\tan x$.",
            "\\frac{3}{4}",
            "math",
            "Mathematics -> Geometry -> Trigonometry",
            0.77,
        ),
        (
            "If $f(x) = 2x + 1$, for which $x$ is $f(f(x)) = 15$?",
            "3",
            "big_math",
            "Mathematics -> Algebra -> Functions",
            0.66,
        ),
        (
            "In how many ways can 4 books stand on a shelf?",
            "24",
            "olympiads",
            "Mathematics -> Discrete Mathematics -> Combinatorics",
            0.88,
        ),
        (
            "The mean of five numbers is 8. Four of them are 6, 7, 9 and 11. Find the fifth.",
            "7",
            "gsm8k",
            "Mathematics -> Applied Mathematics -> Statistics",
            0.81,
        ),
        (
            "Find the distance between (1, 2) and (7, 10).",
            "10",
            "harp",
            "Mathematics -> Geometry -> Analytic Geometry",
            0.7,
        ),
    ]
    return wild(
        "big verified maths whose solution is an answer",
        parquet(
            [
                {"problem": p, "answer": a, "source": s, "domain": [d], "llama8b_solve_rate": r}
                for p, a, s, d, r in given
            ]
        ),
        "sft grpo",
        asked(given[0][0], "150"),
        chat(given[0][0], "150"),
        rows=7,
    )


def _sums_messages_user() -> Wild:
    shot = (
        "Question: There are 15 trees in the grove. Workers will plant trees today. After they are done, "
        "there will be 21 trees. How many did they plant?\nAnswer: There are 21 - 15 = 6. So the answer is "
        "6.\n\n"
    )
    given = [
        ("A tailor sews 4 coats a week. How many does he sew in 13 weeks?", "52"),
        ("A bus with 40 seats carries 27 people. 9 get off and 15 get on. How many seats are free?", "7"),
        ("Nora has twice as many stamps as Paul, together they have 96. How many has Nora?", "64"),
        ("A box of 12 pencils costs $3. What do 60 pencils cost in dollars?", "15"),
        ("It takes 6 painters 4 days to paint a hall. How many days do 8 painters need?", "3"),
        ("Eve runs 5 km on weekdays and 12 km on Sunday, none on Saturday. How many km a week?", "37"),
    ]
    return wild(
        "sums as messages of the user with a ground truth",
        parquet(
            [
                {
                    "messages": [{"content": shot + f"Question: {q}", "role": "user"}],
                    "ground_truth": a,
                    "dataset": "gsm8k",
                }
                for q, a in given
            ]
        ),
        "grpo",
        asked(shot + f"Question: {given[0][0]}", "52"),
        rows=6,
    )


def _knights_knaves_truth() -> Wild:
    given = [
        (
            ["Zoey", "Oliver"],
            "Zoey told you that Oliver is not a knight. Oliver stated that Oliver is a knight if and only if "
            "Zoey is a knave.",
            [False, True],
        ),
        (["Ella", "Mason"], 'Ella said "Mason is a knave". Mason said "we are both knaves".', [True, False]),
        (["Aria", "Jack"], "Aria claimed that Jack is a knight. Jack remarked that Aria is a knight.", [True, True]),
        (["Liam", "Ava"], "Liam noted that both of them are knaves. Ava was silent.", [False, True]),
        (["Noah", "Ruth"], "Noah says that at least one of them is a knave. Ruth says nothing.", [True, False]),
        (
            ["Owen", "Iris"],
            "Owen asserted: if I am a knight, so is Iris. Iris asserted: Owen is a knight.",
            [True, True],
        ),
    ]
    material = [
        "A very special island is inhabited only by knights and knaves. Knights always tell the truth, and "
        f"knaves always lie. You meet 2 inhabitants: {n[0]}, and {n[1]}. {s} So who is a knight and who is a "
        "knave?"
        for n, s, _ in given
    ]
    return wild(
        "knights and knaves with their truth tables",
        jsonl(
            [
                {
                    "quiz": q,
                    "names": n,
                    "knight_knave": {
                        "knight": "a knight",
                        "knave": "a knave",
                        "a_knight": "a knight",
                        "a_knave": "a knave",
                        "Knight": "Knight",
                        "Knave": "Knave",
                    },
                    "solution": g,
                    "solution_text": ", and ".join(_kinds(n, g)) + ".",
                    "solution_text_format": "\n".join(f"({i}) {x}" for i, x in enumerate(_kinds(n, g), 1)),
                    "cot_head": "Let's think step by step, by considering whether each person is lying and if "
                    "that leads "
                    "to contradiction.",
                    "cot_repeat_steps": [
                        f"Assume {n[0]} is a knight. No contradiction is found in their false claim.",
                        f"{n[1]} follows from it.",
                    ],
                    "cot_foot": "This leads to a feasible solution.",
                    "statements": str(("not", ("telling-truth", 1))),
                    "index": i,
                }
                for i, (q, (n, _, g)) in enumerate(zip(material, given, strict=True))
            ],
            "people2_num200.jsonl",
        ),
        "sft grpo",
        asked(material[0], Has("Zoey is a knave", "Oliver is a knight")),
        {"messages": [Turn("user", material[0]), Turn("assistant", "Zoey is a knave", "Oliver is a knight")]},
        rows=6,
    )


PROMPTS: tuple[Wild, ...] = (
    _deep_scaling_problems(),
    _big_verified_maths(),
    _sums_messages_user(),
    _knights_knaves_truth(),
)
"""Public datasets of problems whose answers can be checked."""
