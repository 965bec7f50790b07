"""Talks and pairs of answers that several files of the fifth set of datasets share, and what names and packs them.

Owns the words. Must not know any layout.
"""

from __future__ import annotations

import io
import uuid
import zipfile
from collections.abc import Mapping

ROUNDS = [
    [
        "Write me a packing list for two days of hiking in the rain.",
        "Waterproof jacket and trousers, spare socks, dry bag, head torch, map, first-aid kit, and food for "
        "one day more than planned.",
        "What if I have no dry bag?",
        "Line your rucksack with a strong bin liner and fold the top over twice.",
    ],
    [
        "Explain inflation to a teenager.",
        "When prices rise everywhere, the same pocket money buys fewer things.",
        "Why don't they just print more?",
        "Because more notes for the same amount of goods only push prices up further.",
        "Got it, thanks!",
        "Glad it helped.",
    ],
    ["Suggest a title for a blog post on slow travel.", "“The long way there”."],
    [
        "Which knots should a beginner learn?",
        "The bowline, the clove hitch and the figure eight.",
        "Which of them for a tent?",
        "The clove hitch at the peg and a taut-line hitch to tighten the guy.",
    ],
    ["Can cats eat cheese?", "A crumb now and then, but most adult cats digest milk sugar badly."],
    ["How do I store potatoes?", "Dark, cool and dry, away from onions.", "For how long?", "Two to three months."],
]
"""Talks of several turns."""

HERMES = [
    (
        "What is the opposite of entropy?",
        "There is no single opposite, but negentropy is often used for order gained in one place.",
    ),
    ("Who painted The Night Watch?", "Rembrandt van Rijn, in 1642."),
    ("Summarise Hamlet in ten words.", "A prince hesitates, feigns madness, and everyone dies in Denmark."),
    (
        "How can I make my e-mail sound less harsh?",
        "Open with thanks, ask instead of ordering, and give a reason for the deadline.",
    ),
    ("Name an element that is liquid at room temperature.", "Bromine."),
    ("Give me a haiku about rust.", "Gate that no one shuts\nslowly the rain writes on it\nin brown and in gold"),
]
"""Questions and answers."""

PAIRS = [
    (
        "How do I politely end a long phone call?",
        "Say you enjoyed the talk, name the next thing you have to do, and propose when to speak again.",
        "Hang up.",
    ),
    (
        "Give me a healthy snack for the office.",
        "A handful of almonds and an apple keeps for days in a drawer and fills you until dinner.",
        "Snacks are foods eaten between meals, and there are many kinds of snacks in the world.",
    ),
    ("What is the capital of Australia?", "Canberra.", "Sydney."),
    (
        "Describe snow to someone who has never seen it.",
        "Imagine ash that is cold and weightless, falling without a sound and turning to water on your palm.",
        "It is white frozen water.",
    ),
    (
        "Can I recharge ordinary alkaline batteries?",
        "No. They may leak or burst. Use rechargeable nickel metal hydride cells instead.",
        "Yes, any battery can be charged if you are quick.",
    ),
    (
        "Write a thank-you note for a teacher.",
        "Dear Ms. Okafor, you taught me that a wrong answer is the start of a better question. Thank you for "
        "every one of them.",
        "Thanks for teaching.",
    ),
    (
        "Why is my sourdough flat?",
        "Most often the starter was not lively or the dough rose too long. Bake when a poked dent springs back slowly.",
        "Because of gravity.",
    ),
    ("Recommend a board game for two.", "Patchwork: short, clever, and it fits on a café table.", "Poker."),
    ("How many bones has an adult human?", "206.", "About a thousand."),
]
"""Questions, good answers and bad ones."""


def identifier(text: str) -> str:
    """Return an identifier that belongs to a text."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, text))


def zipped(files: Mapping[str, str | bytes], name: str) -> dict[str, bytes]:
    """Return the files in one archive."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as z:
        for k, v in files.items():
            z.writestr(k, v)
    return {name: sink.getvalue()}
