"""The texts the fourth set of datasets is made of, and writers of files and turns that it shares.

Owns the words. Must not know any layout of a dataset.
"""

from __future__ import annotations

import gzip
import io
import zipfile
from typing import Any

from tests.data.wild.table import Has, turns

QUESTIONNAIRE = [
    (
        "Why does bread dough need to rest before it is shaped?",
        "Resting lets the gluten relax, so the dough can be stretched into shape without springing back or tearing.",
        "It does not need that, dough is dough.",
    ),
    (
        "How often should I descale an espresso machine?",
        "Every two to three months with average water, and monthly if your water is hard. Check the manual "
        "for the right descaler.",
        "Never, the scale protects the metal.",
    ),
    (
        "What is the difference between a violin and a viola?",
        "The viola is larger and tuned a fifth lower than the violin, which gives it a darker, warmer sound.",
        "One is for left-handed people.",
    ),
    (
        "Can I plant garlic in spring?",
        "You can, but autumn planting gives bigger bulbs because garlic needs a cold spell to split into cloves.",
        "Garlic only grows in greenhouses.",
    ),
    (
        "Why do my bicycle brakes squeal when it is wet?",
        "Water and grime glaze the pads. Clean the rim with alcohol, sand the pads lightly and toe them in "
        "by a millimetre.",
        "They are happy.",
    ),
    (
        "Give me three ideas for a rainy afternoon with two children.",
        "Build a blanket fort and read inside it, bake biscuits in odd shapes, or draw a treasure map of the flat.",
        "Let them watch television until dinner.",
    ),
    (
        "How do I remove a stripped screw?",
        "Press a wide rubber band between the driver and the screw head and turn slowly; if that fails, use "
        "a screw extractor.",
        "Hit it with a hammer until it goes away.",
    ),
    (
        "What causes the tides?",
        "The gravity of the moon, and to a lesser degree of the sun, pulls the oceans into bulges that the "
        "turning earth passes through.",
        "Whales cause the tides by breathing.",
    ),
    (
        "Summarise the rules of curling in two sentences.",
        "Two teams slide eight stones each towards a target, sweeping the ice to steer them. After each end "
        "the team nearest the centre scores a point for every stone closer than the opponent's best.",
        "It is something with brooms.",
    ),
    (
        "How can I keep cut tulips fresh for longer?",
        "Cut the stems straight, use little cold water, change it daily and keep them away from ripening fruit.",
        "Put them in the oven.",
    ),
    (
        "Why is my sourdough starter grey on top?",
        "The grey liquid is hooch, alcohol made by hungry yeast. Pour it off or stir it in and feed the "
        "starter more often.",
        "Throw away your whole kitchen.",
    ),
    (
        "What does a luthier do?",
        "A luthier builds and repairs stringed instruments such as guitars, lutes and violins.",
        "A luthier is a kind of lawyer.",
    ),
]
"""Questions, good answers and bad ones."""

QUESTIONS = [q for q, _, _ in QUESTIONNAIRE]
"""Only the questions."""

ANSWERS = [a for _, a, _ in QUESTIONNAIRE]
"""Only the good answers."""

WRONG = [b for _, _, b in QUESTIONNAIRE]
"""Only the bad answers."""

ARTICLES = [
    (
        "The ferry of Oldmere",
        "The ferry of Oldmere crossed the strait for the first time in 1884, carrying eleven passengers, two "
        "goats and the mail. For forty years it was pulled along a chain by a steam winch on the eastern "
        "bank, and the whole village could tell the hour by the rattle of its links. When the chain broke in "
        "the gale of 1926 the ferry drifted for a night before the lifeboat found it among the reeds. A "
        "motor was fitted the following spring, and the chain was cut up for fences that can be seen in the "
        "gardens to this day.",
    ),
    (
        "How cheese came to the high valleys",
        "Cheese came to the high valleys with the monks, who needed a food that would keep through the "
        "winter and could be paid as rent. The cows were driven up in June and milked in stone huts, where "
        "the milk was heated over juniper wood in copper kettles. A wheel of forty kilograms took the milk "
        "of a hundred cows, and every farm marked its share with a notch in a stick. The sticks survive in "
        "the parish archive, and historians have read from them how many animals each family owned in the "
        "famine years.",
    ),
    (
        "The mapmakers of Port Lessing",
        "In the narrow street behind the customs house of Port Lessing, three families drew sea charts for "
        "nearly two centuries. Their apprentices copied soundings by candlelight, and a single misplaced "
        "rock could cost a shop its licence. The charts were printed from copper plates that were corrected "
        "with a small hammer whenever a captain reported a new shoal. After the war the plates were sold for "
        "scrap, except for nine that a teacher had hidden under the floor of the school, where they were "
        "discovered during repairs in 1978.",
    ),
    (
        "Lichens on the old bridge",
        "The old bridge at Harrow Ford carries more than ninety species of lichen, which is more than the "
        "whole forest around it. Each stone faces the weather in its own way, and the mortar, rich in lime, "
        "feeds kinds that are otherwise found only on cliffs by the sea. Botanists measure the discs every "
        "ten years with a brass rule, for lichens grow so slowly that their width is a calendar. The oldest "
        "has been dated to the year in which the parapet was raised after a cart fell into the river.",
    ),
    (
        "A year in the seed library",
        "The seed library keeps four thousand jars in a cellar that is never warmer than eight degrees. In "
        "February the volunteers test a handful of every variety on damp paper, and what no longer sprouts "
        "is grown again in the walled garden behind the school. Members borrow a packet in spring and return "
        "two in autumn, one to be used and one to be kept. The most borrowed variety of last year was a "
        "purple bean that a baker had brought from her grandmother's allotment in the nineteen fifties.",
    ),
    (
        "The weather diary of Miss Falk",
        "Miss Falk wrote down the weather of every day between 1901 and 1947, in ninety-two notebooks bound "
        "in oilcloth. She had no instruments but a thermometer at the north window and a jam jar for the "
        "rain, yet her figures differ by less than half a degree from those of the observatory. The diary "
        "also tells when the swallows came, when the lake froze and what the neighbours said about it. It "
        "has been transcribed by pupils and is now used to test models of the regional climate.",
    ),
    (
        "Bell founding",
        "A bell begins as a pit. The core is built of bricks and loam, the false bell of clay is shaped over "
        "it with a turning board, and the cope is laid on top of that in many thin coats. When everything is "
        "dry the false bell is broken out, and the bronze, four parts of copper to one of tin, is poured "
        "into the gap it leaves. The casting cools for a week underground, because a bell that cools too "
        "fast will crack at the first stroke. Only then does the founder learn whether the note is true.",
    ),
    (
        "Night markets of the delta",
        "The night markets of the delta open when the tide turns, since the boats that supply them can enter "
        "the canals only at high water. Lamps are hung from bamboo poles and the prices are called from boat "
        "to boat in a chant that strangers cannot follow. Fish is sold first, then fruit, then cloth, and by "
        "four in the morning only the soup sellers are left. Attempts to move the trade to a hall with ice "
        "and scales have failed three times, because nobody wanted to carry a boat up a staircase.",
    ),
]
"""Titles and texts."""

TITLES = [t for t, _ in ARTICLES]
"""Only the titles."""

BODIES = [x for _, x in ARTICLES]
"""Only the texts."""

SUMS = [
    (
        "A crate holds 24 bottles. How many bottles are in 17 crates?",
        "Each crate holds 24 bottles, so 17 crates hold 17 * 24 = 408 bottles. The answer is $\\boxed{408}$.",
        "408",
    ),
    (
        "Find the sum of the first 20 positive odd integers.",
        "The sum of the first $n$ odd integers is $n^2$. With $n = 20$ this gives $400$. Hence the answer is "
        "$\\boxed{400}$.",
        "400",
    ),
    ("If $3x + 7 = 31$, what is $x$?", "Subtracting 7 gives $3x = 24$, so $x = \\boxed{8}$.", "8"),
    (
        "A train covers 270 km in 3 hours. What is its mean speed in km/h?",
        "The mean speed is $270 / 3 = 90$ km/h, thus $\\boxed{90}$.",
        "90",
    ),
    (
        "How many ways are there to arrange the letters of LEVEL?",
        "There are five letters with L twice and E twice, so $5!/(2!2!) = 30$. We get $\\boxed{30}$.",
        "30",
    ),
    (
        "What is the remainder when $2^{10}$ is divided by 7?",
        "As $2^3 \\equiv 1$, $2^{10} = 2^9 \\cdot 2 \\equiv 2$. The remainder is $\\boxed{2}$.",
        "2",
    ),
]
"""Problems, solutions and results."""

PROBLEMS = [p for p, _, _ in SUMS]
"""Only the problems."""

SOLUTIONS = [s for _, s, _ in SUMS]
"""Only the solutions."""

RESULTS = [k for _, _, k in SUMS]
"""Only the results."""

PROGRAMS = [
    (
        "Write a Python function that reverses the words of a sentence.",
        'def reverse_words(sentence):\n    return " ".join(reversed(sentence.split()))',
        'assert reverse_words("a b c") == "c b a"',
    ),
    (
        "Write a Python function that counts how often each character occurs in a string.",
        "from collections import Counter\n\ndef count_chars(text):\n    return dict(Counter(text))",
        'assert count_chars("aab") == {"a": 2, "b": 1}',
    ),
    (
        "Write a Python function that returns the n-th Fibonacci number.",
        "def fib(n):\n    a, b = 0, 1\n    for _ in range(n):\n        a, b = b, a + b\n    return a",
        "assert fib(10) == 55",
    ),
    (
        "Write a Python function that checks whether brackets are balanced.",
        'def balanced(text):\n    depth = 0\n    for c in text:\n        depth += (c == "(") - (c == ")")\n  '
        "      if depth < 0:\n            return False\n    return depth == 0",
        'assert balanced("(())")\nassert not balanced(")(")',
    ),
    (
        "Write a Python function that flattens a nested list.",
        "def flatten(items):\n    out = []\n    for item in items:\n        out.extend(flatten(item) if "
        "isinstance(item, list) else [item])\n    return out",
        "assert flatten([1, [2, [3]]]) == [1, 2, 3]",
    ),
]
"""Requests for programs, the programs and tests of them."""

TASKS = [p for p, _, _ in PROGRAMS]
"""Only the requests."""

CODES = [s for _, s, _ in PROGRAMS]
"""Only the programs."""

TESTS = [t for _, _, t in PROGRAMS]
"""Only the tests."""


def plain(content: str, name: str, encoding: str = "utf-8") -> dict[str, bytes]:
    """Return one file of text."""
    return {name: content.encode(encoding)}


def gzipped(files: dict[str, bytes]) -> dict[str, bytes]:
    """Return the files compressed one by one."""
    return {n + ".gz": gzip.compress(b) for n, b in files.items()}


def zipped(files: dict[str, bytes], name: str = "export.zip") -> dict[str, bytes]:
    """Return the files in one archive."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as z:
        for n, b in files.items():
            z.writestr(n, b)
    return {name: sink.getvalue()}


def human_gpt(*texts: str, roles: tuple[str, str] = ("human", "gpt")) -> list[dict[str, str]]:
    """ShareGPT turns."""
    return [{"from": roles[i % 2], "value": t} for i, t in enumerate(texts)]


def messages(*texts: Any, system: Any = None) -> list[dict[str, Any]]:
    """Return turns, after a system prompt when there is one."""
    before = [] if system is None else [{"role": "system", "content": system}]
    return before + turns(*texts)


def tooled(messages: list[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The two right ways of a talk whose tools are described apart."""
    return ({"messages": messages}, {"messages": messages, "tools": Has()})


LONG_BODIES = [x + "\n\n" + y for x, y in zip(BODIES, BODIES[1:] + BODIES[:1], strict=False)]
"""Two texts each."""
