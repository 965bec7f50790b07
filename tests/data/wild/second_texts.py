"""The texts the second set of datasets is made of: questions, sums, dialogues, opinions, articles.

Owns the words. Must not know any layout.
"""

from __future__ import annotations

FACTS = (
    ("Why does bread dough need to rest?", "Resting lets the gluten relax, so the dough stretches instead of tearing."),
    (
        "How do I get candle wax out of a tablecloth?",
        "Freeze the cloth, chip off the wax, then iron it between papers.",
    ),
    ("Which knot holds a hammock best?", "Two half hitches hold well and come loose easily once the weight is off."),
    ("When should I prune a plum tree?", "Prune plums in dry summer weather, because winter cuts invite silver leaf."),
    ("What does the amber light on my kettle mean?", "It means that limescale has built up and a descaling is due."),
    (
        "How often should a bicycle chain be oiled?",
        "Oil it about every two hundred kilometres, and after each ride in rain.",
    ),
)
"""Questions and answers."""

SUMS = (
    ("Mara packs 6 boxes with 14 jars each. How many jars is that?", "Each box holds 14 jars, so 6 * 14 = 84.", "84"),
    ("A ferry leaves every 25 minutes. How many leave in 5 hours?", "Five hours are 300 minutes; 300 / 25 = 12.", "12"),
    ("Ivo had 90 stamps and gave away a third. How many are left?", "A third of 90 is 30, so 90 - 30 = 60.", "60"),
    ("A fence of 48 m has a post every 4 m. How many gaps are there?", "The gaps are 48 / 4 = 12 in number.", "12"),
    ("Three pears cost 2.40. What do seven cost?", "One pear costs 0.80, and seven cost 7 * 0.80 = 5.60.", "5.60"),
)
"""Problems, solutions and short answers."""

TALKS = (
    ("I can't sleep.", "How long has this been going on?", "About a week.", "Try to leave the phone in another room."),
    ("Name a river in Chile.", "The Loa is the longest.", "And in Peru?", "The Ucayali is one of its great rivers."),
    ("My fern turns brown.", "Is it near a radiator?", "Yes, right above.", "Move it: ferns need cool, damp air."),
    ("Suggest a gift for a baker.", "A good scraper.", "Something nicer?", "A proving basket of willow, then."),
    ("What is a fugue?", "A piece built on one theme.", "Who wrote many?", "Bach wrote dozens of them."),
)
"""Dialogues of four turns, the person first."""

CHOICES = (
    ("Describe the taste of quince.", "Quince is tart and floral, like a pear with rose.", "It tastes fine."),
    (
        "Explain a mortgage to a child.",
        "The bank lends you a house's price and you pay it back bit by bit.",
        "Ask a bank.",
    ),
    ("Write a toast for a retirement.", "To Ruth, who leaves us her patience and takes our thanks!", "Cheers, bye."),
    (
        "How do bees find flowers?",
        "They follow scent and ultraviolet marks, and dance to tell the others.",
        "They fly.",
    ),
    ("Is it safe to eat raw elderberries?", "No: raw ones upset the stomach, so cook them first.", "Sure, go ahead."),
)
"""Prompts with a better and a worse answer."""

ARTICLES = (
    (
        "The lighthouse of Varn",
        "The lighthouse of Varn was built in 1871 by a guild of salt traders. Its lamp burned whale oil for three "
        "decades before paraffin arrived. Keepers climbed two hundred steps twice a night, and a bell of bronze "
        "warned the boats when fog lay over the sound. Today the tower houses a small museum of knots.",
    ),
    (
        "Peat and its keepers",
        "Peat forms where water stands so long that plants cannot rot. A metre of it takes a thousand years to grow. "
        "Farmers of the northern fens cut it in spring, stacked the bricks to dry in the wind, and burned them through "
        "the winter. Since the bogs were drained, the ground has sunk by the height of a man.",
    ),
    (
        "A short history of the zip fastener",
        "Early fasteners jammed, rusted and opened at the worst moment. The interlocking tooth solved the matter: "
        "each one has a bump above and a hollow below. Makers of boots bought the first thousands. Tailors refused "
        "the thing for twenty years, and only pilots' jackets changed their minds.",
    ),
    (
        "How the valley got its railway",
        "Surveyors walked the valley for two summers before a route was drawn. The grade was steep, the river "
        "restless, and the bishop opposed to noise. In the end a cog line was laid along the eastern slope. It "
        "carried slate down and schoolchildren up, and it never once ran on time.",
    ),
    (
        "The grammar of birdsong",
        "Great tits order their calls. A warning followed by a summons brings the flock; the same calls reversed are "
        "ignored. Researchers played both orders through a loudspeaker in an oak wood and counted the birds that "
        "came. Whether this deserves the name of grammar is still debated over many dinners.",
    ),
)
"""Titles and texts."""

CODE = (
    ("Reverse the words of a sentence.", 'def flip(text):\n    return " ".join(reversed(text.split()))\n', "flip"),
    (
        "Count the vowels of a text.",
        'def vowels(text):\n    return sum(c in "aeiou" for c in text.lower())\n',
        "vowels",
    ),
    ("Return the middle item of a list.", "def middle(items):\n    return items[len(items) // 2]\n", "middle"),
    (
        "Tell whether a year is a leap year.",
        "def leap(y):\n    return y % 4 == 0 and (y % 100 != 0 or y % 400 == 0)\n",
        "leap",
    ),
)
"""Tasks, programs and the names of their functions."""

QUIZ = (
    ("Which metal is liquid at room temperature?", ("Mercury", "Zinc", "Copper", "Tin"), 0),
    ("Which organ makes insulin?", ("Liver", "Pancreas", "Spleen", "Kidney"), 1),
    ("Which of these is a prime number?", ("21", "27", "29", "33"), 2),
    ("Who tends a hive?", ("A farrier", "A cooper", "A chandler", "A beekeeper"), 3),
    ("Which planet has the shortest year?", ("Mercury", "Venus", "Mars", "Jupiter"), 0),
)
"""Questions, four choices, and the index of the right one."""

PLACES = (
    ("When was the lighthouse built?", "1871"),
    ("What did the lamp burn at first?", "whale oil"),
    ("How many steps were there?", "two hundred"),
    ("What is in the tower today?", "a small museum of knots"),
)
"""Questions on the first article, and words of it that answer them."""
