"""The texts the fifth set of datasets is made of, by topic.

Owns the words. Must not know any layout.
"""

from __future__ import annotations

import random

PEOPLE = [
    "Mia",
    "Omar",
    "Priya",
    "Jonas",
    "Lucía",
    "Wei",
    "Ada",
    "Tomasz",
    "Fatima",
    "Noah",
    "Ingrid",
    "Kofi",
    "Hana",
    "Diego",
]
"""Names of people."""

GOODS = [
    "apples",
    "stickers",
    "marbles",
    "pencils",
    "eggs",
    "bricks",
    "tickets",
    "stamps",
    "muffins",
    "candles",
    "buttons",
    "seed packets",
]
"""What they count."""

PLACES = ["market", "school fair", "warehouse", "bakery", "toy shop", "library sale", "farm stand", "train station"]
"""Where they do it."""


def sums(n: int, seed: int = 1) -> list[tuple[str, str, str]]:
    """Word problems: question, worked steps, bare answer."""
    r = random.Random(seed)
    out: list[tuple[str, str, str]] = []
    while len(out) < n:
        w, g, p = (r.choice(PEOPLE), r.choice(GOODS), r.choice(PLACES))
        a, b, c = (r.randint(3, 40), r.randint(2, 12), r.randint(2, 9))
        kind = len(out) % 4
        if kind == 0:
            q = (
                f"{w} buys {b} boxes of {g} at the {p}. Each box holds {a} {g}. {w} gives away {c} of them. How "
                f"many {g} are left?"
            )
            s = (
                f"There are {b} boxes of {a}, so {b} * {a} = {a * b} {g}.\nAfter giving away {c}, {a * b} - {c} = "
                f"{a * b - c} remain."
            )
            x = a * b - c
        elif kind == 1:
            q = f"At the {p}, {a * c} {g} are shared equally among {c} children. How many does each child get?"
            s = f"Divide the total by the number of children: {a * c} / {c} = {a}."
            x = a
        elif kind == 2:
            q = (
                f"{w} had {a} {g} on Monday and collected {b} more on each of the next {c} days. How many {g} "
                f"does {w} have now?"
            )
            s = (
                f"{c} days with {b} each make {b * c}.\nTogether with the first {a} that is {a} + {b * c} = "
                f"{a + b * c}."
            )
            x = a + b * c
        else:
            q = (
                f"A {p} sells {g} for {b} dollars each. If {w} pays for {c} of them with a {b * c + a} dollar "
                "voucher, how much is left on the voucher?"
            )
            s = f"The {g} cost {b} * {c} = {b * c} dollars. What is left is {b * c + a} - {b * c} = {a} dollars."
            x = a
        if all(q != o[0] for o in out):
            out.append((q, s, str(x)))
    return out


ALGEBRA = [
    ("Solve for $x$: $3x + 7 = 22$.", "Subtracting 7 gives $3x = 15$, so $x = 5$. The answer is $\\boxed{5}$.", "5"),
    (
        "What is the remainder when $7^{10}$ is divided by $6$?",
        "Since $7 \\equiv 1 \\pmod 6$, we have $7^{10} \\equiv 1$. Thus the remainder is $\\boxed{1}$.",
        "1",
    ),
    (
        "Find the sum of the interior angles of a convex decagon, in degrees.",
        "The sum is $(10-2)\\cdot 180 = 1440$. So the answer is $\\boxed{1440}$.",
        "1440",
    ),
    (
        "If $f(x) = x^2 - 4x$, compute $f(f(5))$.",
        "$f(5) = 25 - 20 = 5$, so $f(f(5)) = f(5) = 5$. Hence $\\boxed{5}$.",
        "5",
    ),
    (
        "How many positive divisors does $360$ have?",
        "$360 = 2^3\\cdot 3^2\\cdot 5$, so there are $4\\cdot 3\\cdot 2 = \\boxed{24}$ divisors.",
        "24",
    ),
    (
        "A right triangle has legs of length $9$ and $40$. Find its hypotenuse.",
        "$9^2 + 40^2 = 81 + 1600 = 1681 = 41^2$. The hypotenuse is $\\boxed{41}$.",
        "41",
    ),
    ("Evaluate $\\sum_{k=1}^{20} k$.", "The sum is $\\frac{20\\cdot 21}{2} = \\boxed{210}$.", "210"),
    (
        "Express $0.\\overline{27}$ as a common fraction.",
        "Let $x = 0.2727\\ldots$; then $100x - x = 27$ and $x = 27/99 = \\boxed{\\frac{3}{11}}$.",
        "\\frac{3}{11}",
    ),
    ("In how many ways can 5 people stand in a line?", "That is $5! = \\boxed{120}$.", "120"),
    (
        "The product of two consecutive positive integers is $182$. What is the larger one?",
        "$13\\cdot 14 = 182$, so the larger is $\\boxed{14}$.",
        "14",
    ),
]
"""Problems, solutions and results."""

PROGRAMS = [
    (
        "Write a Python function that reverses the words of a sentence.",
        "def reverse_words(s):\n    return ' '.join(s.split()[::-1])",
        "python",
    ),
    (
        "Check whether a string is a palindrome, ignoring case.",
        "def is_palindrome(s):\n    s = s.lower()\n    return s == s[::-1]",
        "python",
    ),
    (
        "Create a JavaScript function which debounces another function.",
        "function debounce(fn, ms) {\n  let t;\n  return (...args) => {\n    clearTimeout(t);\n    t = "
        "setTimeout(() => fn(...args), ms);\n  };\n}",
        "javascript",
    ),
    (
        "Count how often each character occurs in a text in Python.",
        "from collections import Counter\n\ndef count_chars(text):\n    return dict(Counter(text))",
        "python",
    ),
    (
        "Write a bash one-liner that prints the five largest files below the current folder.",
        "find . -type f -printf '%s %p\\n' | sort -nr | head -5",
        "bash",
    ),
    (
        "Implement binary search in C over a sorted int array.",
        "int bsearch_int(const int *a, int n, int x) {\n    int lo = 0, hi = n - 1;\n    while (lo <= hi) "
        "{\n        int m = lo + (hi - lo) / 2;\n        if (a[m] == x) return m;\n        if (a[m] < x) lo "
        "= m + 1; else hi = m - 1;\n    }\n    return -1;\n}",
        "c",
    ),
    (
        "Merge two sorted lists into one sorted list in Python.",
        "def merge(a, b):\n    out = []\n    i = j = 0\n    while i < len(a) and j < len(b):\n        if "
        "a[i] <= b[j]:\n            out.append(a[i]); i += 1\n        else:\n            out.append(b[j]); j "
        "+= 1\n    return out + a[i:] + b[j:]",
        "python",
    ),
    (
        "Write an SQL query that returns the second highest salary of the table employees.",
        "SELECT MAX(salary) FROM employees WHERE salary < (SELECT MAX(salary) FROM employees);",
        "sql",
    ),
    (
        "Compute the n-th Fibonacci number iteratively.",
        "def fib(n):\n    a, b = 0, 1\n    for _ in range(n):\n        a, b = b, a + b\n    return a",
        "python",
    ),
    (
        "Write a Rust function that returns the largest item of a slice of i32, or None.",
        "fn largest(xs: &[i32]) -> Option<i32> {\n    xs.iter().copied().max()\n}",
        "rust",
    ),
    (
        "Flatten a list of lists in Python without importing anything.",
        "def flatten(xs):\n    return [y for x in xs for y in x]",
        "python",
    ),
    (
        "Create a CSS rule that centres a div both ways inside its parent.",
        ".parent {\n  display: grid;\n  place-items: center;\n}",
        "css",
    ),
]
"""Requests for programs, the programs and their languages."""

MEDICINE = [
    (
        "I have had a dry cough for three weeks after a cold. Should I worry?",
        "A cough can linger for up to eight weeks after a viral infection. See a doctor sooner if you cough "
        "up blood, lose weight, run a fever or become short of breath.",
    ),
    (
        "What are the early signs of iron deficiency?",
        "Tiredness, pale skin, brittle nails, cold hands and shortness of breath on exertion are typical. A "
        "blood count with ferritin confirms it.",
    ),
    (
        "My toddler has a temperature of 38.4 but plays happily. What do I do?",
        "Offer fluids, dress the child lightly and watch. Medicine is only needed for discomfort. Seek help "
        "if the fever lasts more than three days or the child becomes drowsy.",
    ),
    (
        "Can I take ibuprofen together with paracetamol?",
        "Yes, adults may combine them because they act differently, as long as neither exceeds its daily "
        "limit and you have no ulcer or kidney disease.",
    ),
    (
        "Which vaccine is recommended every ten years?",
        "Tetanus and diphtheria boosters are recommended every ten years for adults.",
    ),
    (
        "Why do my legs cramp at night?",
        "Night cramps often follow long standing, dehydration or certain drugs such as diuretics. Stretching "
        "the calves before bed helps many people.",
    ),
    (
        "What does a resting heart rate of 48 mean?",
        "In trained people it is usual. If you feel dizzy or faint, have an ECG to rule out a conduction problem.",
    ),
    (
        "How is type 2 diabetes diagnosed?",
        "By an HbA1c of 6.5 % or more, a fasting glucose of 126 mg/dl or more, or a two hour value of 200 "
        "mg/dl or more, confirmed on a second day.",
    ),
    (
        "I woke up with a red eye but no pain.",
        "A painless red patch is most often a burst small vessel and fades within two weeks. Pain, light "
        "sensitivity or blurred sight need an eye doctor today.",
    ),
    (
        "Is it safe to fly with a middle ear infection?",
        "Better postpone: pressure changes can be painful and may burst the eardrum. If you must fly, ask "
        "your doctor about decongestants.",
    ),
]
"""Questions to a doctor, and answers."""

LAW = [
    (
        "Can my landlord enter my flat without notice?",
        "Generally no. Except in an emergency the landlord must give reasonable notice, often 24 hours, and "
        "enter at a reasonable time.",
    ),
    (
        "What is consideration in contract law?",
        "Consideration is something of value that each party promises or gives in exchange for the other's "
        "promise; without it a simple contract is not binding.",
    ),
    (
        "How long do I have to return goods bought online in the EU?",
        "Fourteen days from delivery, without giving a reason, unless the goods are perishable, sealed for "
        "hygiene or made to order.",
    ),
    (
        "What is the difference between a misdemeanor and a felony?",
        "A felony is the graver class and carries more than a year of imprisonment; a misdemeanor carries at "
        "most a year, a fine or both.",
    ),
    (
        "Does a will need witnesses?",
        "In most common law countries a typed will must be signed before two witnesses who are not beneficiaries.",
    ),
    (
        "May an employer read private e-mail on a work computer?",
        "Only within limits: the policy must announce it, there must be a legitimate reason, and the measure "
        "must be proportionate.",
    ),
    ("What does pro bono mean?", "Legal work done without a fee for the public good."),
    (
        "When does copyright in a novel expire?",
        "In many countries seventy years after the end of the year in which the author died.",
    ),
]
"""Questions on law, and answers."""

TOWNS = [
    "Orrin",
    "Havelmouth",
    "Skelby",
    "Port Amsel",
    "Quarrydale",
    "Lindholm",
    "Brackwater",
    "Tessen",
    "Upper Mallow",
    "Fennick",
    "Castle Rook",
    "Eastry",
    "Wyndale",
    "Corrow",
]
"""Towns that do not exist."""

TRADES = [
    "paper",
    "cheese",
    "glass",
    "linen",
    "herring",
    "slate",
    "bells",
    "hops",
    "salt",
    "clocks",
    "barges",
    "pottery",
]
"""What they live on."""


def town(i: int, long: int = 3) -> tuple[str, str]:
    """Return an article on a town that does not exist: its name, and a text of so many paragraphs."""
    r = random.Random(100 + i)
    name, t = (TOWNS[i % len(TOWNS)], TRADES[(i * 5 + i // 14) % len(TRADES)])
    year = 1200 + i * 37 % 500
    paras = [
        f"{name} is a small town on the river Esk that grew rich on {t}. It received its charter in {year}, "
        "when the bishop needed money for a bridge and sold the right to hold a market on every second "
        "Thursday.",
        f"The trade in {t} shaped the streets: the houses stand with their narrow side to the quay so that as "
        f"many workshops as possible could reach the water. A tax list from {year + 120} names "
        f"{r.randint(20, 90)} masters and as many widows who carried on the business.",
        f"With the railway the town lost its carriers but won visitors. In {1860 + i % 30} the first boarding "
        f"house opened near the old mill, and within ten years there were {r.randint(6, 25)} of them. Many "
        "are now flats.",
        f"Today {name} has about {r.randint(2, 30)} thousand inhabitants. The museum of {t} in the former "
        "customs house is open from April to October, and a festival in September fills every bed for miles "
        "around.",
    ]
    return (f"{name}", "\n\n".join(paras[:long]))


PLANTS = [
    "Lavender",
    "Rhubarb",
    "Chicory",
    "Elder",
    "Fennel",
    "Sorrel",
    "Borage",
    "Angelica",
    "Hyssop",
    "Lovage",
    "Tansy",
    "Rue",
]
"""Herbs of a garden."""


def plant(i: int) -> tuple[str, str]:
    """Return the name of a herb and an article on it."""
    p = PLANTS[i % len(PLANTS)]
    return (
        p,
        f"{p} wants a sunny place and a soil that does not hold water in winter. Sow it in "
        f"{['March', 'April', 'late August'][i % 3]} and thin the seedlings to {20 + i * 3} centimetres.\nCut "
        f"the leaves before it flowers; dried in the shade they keep their scent for about {6 + i % 5} "
        f"months. Old plants turn woody and are best divided every {2 + i % 3} years.",
    )


def think(topic: str, i: int) -> str:
    """Return a trace of thought about a topic."""
    return [
        f"Okay, so I need to work out {topic}. Let me go through it step by step. First I write down what is "
        "given, then I look for what connects the numbers. Wait, let me double check that. Yes, that holds.",
        f"Let me think about {topic}. There are two ways to do this; the direct one is shorter. Hmm, if I try "
        "a small case it agrees, so I trust it.",
        f"The user asks about {topic}. I should recall the definition, apply it and then verify the result by "
        "putting it back in.",
    ][i % 3]
