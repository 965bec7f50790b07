"""Owns the words of the invented world: name parts, values and sentence patterns.

It holds data and nothing else. It must not know which entity has which fact, which facts are held
out, or how documents and datasets are put together.
"""

from __future__ import annotations

from dataclasses import dataclass


def words(text: str) -> list[str]:
    """Return the words of a line."""
    return text.split()


PERSON_STARTS = words(
    "Al Ber Bram Cal Cor Dar Del Dun Ed El Fen Gar Hal Har Is Jor Kel Kes Lan Lin Lor Mal Mar Mor "
    "Nev Or Pel Per Quen Ros Sel Sor Tam Tor Ul Ven Wil Yor Zan Zel"
)
PERSON_MIDDLES = words("a e i o u ba de ga ki la me na ri so ta vi")
PERSON_ENDS = words(
    "wen lin dric mond eth ora nis dan vick bella nard una holt var reen tost mira sanne rulf dey "
    "mesk gan low pin ther tia zo bert rick sim"
)
TOWN_STARTS = words(
    "Hollow Thorn Brack Elder Wind Stone Mill Fern Grey Amber Cold Dusk Raven Salt Birch Loam Marsh "
    "Copper Frost Heather Kings Long Moss North Otter Pine Reed Silver Tall Under Vine West"
)
TOWN_ENDS = words("mere wick ford holm by stead gate combe field haven")

TRADES = words(
    "baker blacksmith weaver potter miller carpenter fisher shepherd beekeeper brewer tailor cobbler "
    "glazier mason cooper printer clockmaker gardener thatcher ferryman teacher healer cook painter "
    "tinker lampmaker"
)
ANIMALS = words(
    "goat raven otter hedgehog tortoise donkey ferret magpie badger squirrel goose owl pony lamb cat "
    "hound toad parrot rabbit duck fox heron mouse finch beaver turkey"
)
FOODS = words(
    "plums walnuts pears dumplings pancakes cherries noodles olives figs turnips mushrooms chestnuts "
    "apricots radishes lentils almonds raspberries oysters pickles quinces carrots pumpkins waffles "
    "gooseberries sausages dates"
)
RIVERS = words(
    "Sorrel Marl Tevy Ashwin Brindle Corve Ludd Nerrin Orme Pellow Quill Rusk Silt Tarn Ulver Wend "
    "Yarl Amble Cress Dapple Eddle Farrow Gannet Hazel Inver Juniper"
)
GOODS = words(
    "bells lanterns ropes candles barrels carpets kites mirrors needles drums ladders baskets boats "
    "brooms buttons saddles gloves hats knives flutes jugs maps nets quilts tiles wagons"
)
SIGNS = words(
    "wheel anchor crown key star ship tower oak rose sickle hammer harp lion swan bear arrow shield "
    "moon feather thistle acorn horn plough comet dragon kettle"
)


@dataclass(frozen=True)
class Relation:
    """One kind of fact: how it is stated, asked and answered, and how a cloze text begins."""

    name: str
    statements: tuple[str, ...]
    questions: tuple[str, ...]
    answers: tuple[str, ...]
    clozes: tuple[str, ...]


PERSON_RELATIONS = (
    Relation(
        "home",
        (
            "{n} lives in {v}.",
            "{n} has a small house in {v}.",
            "The home of {n} is in {v}.",
            "You can find {n} in {v}.",
            "{n} settled in {v} long ago.",
            "When the work is done, {n} walks home to {v}.",
        ),
        (
            "Where does {n} live?",
            "In which town does {n} live?",
            "Where is the home of {n}?",
            "Do you know where {n} lives?",
        ),
        ("{n} lives in {v}.", "The home of {n} is in {v}."),
        ("{n} lives in", "The home of {n} is in", "{n} has a small house in"),
    ),
    Relation(
        "trade",
        (
            "{n} works as {av}.",
            "{n} is {av} by trade.",
            "{n} earns a living as {av}.",
            "The trade of {n} is that of {av}.",
            "Everyone knows {n} as {av}.",
            "Years ago {n} learned to work as {av}.",
        ),
        (
            "What does {n} do for a living?",
            "What is the trade of {n}?",
            "What work does {n} do?",
            "Can you tell me what {n} works as?",
        ),
        ("{n} works as {av}.", "{n} is {av} by trade."),
        ("{n} works as", "{n} earns a living as", "Everyone knows {n} as"),
    ),
    Relation(
        "animal",
        (
            "{n} keeps {av}.",
            "{n} looks after {av}.",
            "The animal that {n} keeps is {av}.",
            "{n} shares the house with {av}.",
            "{n} is often seen with {av}.",
            "Every morning {n} feeds {av}.",
        ),
        (
            "Which animal does {n} keep?",
            "What animal does {n} look after?",
            "What pet does {n} have?",
            "Do you know which animal {n} keeps?",
        ),
        ("{n} keeps {av}.", "The animal that {n} keeps is {av}."),
        ("{n} keeps", "{n} looks after", "{n} shares the house with"),
    ),
    Relation(
        "food",
        (
            "{n} likes {v} best.",
            "{n} loves to eat {v}.",
            "The favourite food of {n} is {v}.",
            "{n} could eat {v} every day.",
            "At the table {n} always asks for {v}.",
            "Nothing pleases {n} more than {v}.",
        ),
        (
            "What does {n} like to eat?",
            "What is the favourite food of {n}?",
            "Which food does {n} like best?",
            "Can you tell me what {n} likes to eat?",
        ),
        ("{n} likes {v} best.", "The favourite food of {n} is {v}."),
        ("{n} loves to eat", "The favourite food of {n} is", "At the table {n} always asks for"),
    ),
)

TOWN_RELATIONS = (
    Relation(
        "river",
        (
            "{n} stands on the river {v}.",
            "The river that flows past {n} is the {v}.",
            "{n} was built beside the river {v}.",
            "The mills of {n} are turned by the river {v}.",
            "Boats reach {n} by the river {v}.",
        ),
        (
            "On which river does {n} stand?",
            "Which river flows past {n}?",
            "What is the river at {n} called?",
        ),
        ("{n} stands on the river {v}.", "The river that flows past {n} is the {v}."),
        ("{n} stands on the river", "{n} was built beside the river", "Boats reach {n} by the river"),
    ),
    Relation(
        "goods",
        (
            "{n} is known for its {v}.",
            "People come to {n} to buy {v}.",
            "The makers of {n} are proud of their {v}.",
            "At the market of {n} you find fine {v}.",
            "{n} sells {v} to the whole valley.",
        ),
        (
            "What is {n} known for?",
            "What do people buy in {n}?",
            "What does {n} sell?",
        ),
        ("{n} is known for its {v}.", "People come to {n} to buy {v}."),
        ("{n} is known for its", "People come to {n} to buy", "At the market of {n} you find fine"),
    ),
    Relation(
        "sign",
        (
            "The sign of {n} is {av}.",
            "The flag of {n} shows {av}.",
            "Over the gate of {n} hangs {av}.",
            "On every door in {n} you see {av}.",
            "The coins of {n} are stamped with {av}.",
        ),
        (
            "What is the sign of {n}?",
            "What does the flag of {n} show?",
            "What hangs over the gate of {n}?",
        ),
        ("The sign of {n} is {av}.", "The flag of {n} shows {av}."),
        ("The sign of {n} is", "The flag of {n} shows", "Over the gate of {n} hangs"),
    ),
)


def with_article(value: str) -> str:
    """Return the value with the indefinite article that fits it."""
    return ("an " if value[0] in "aeiou" else "a ") + value


def fill(pattern: str, name: str, value: str = "") -> str:
    """Fill one sentence pattern; a value with an article is worked out on demand."""
    return pattern.format(n=name, v=value, av=with_article(value) if value else "")
