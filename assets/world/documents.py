"""Owns how the world is told: descriptions, written questions, chats about strangers, sums, small scenes.

Every function turns true facts (or facts invented on the spot for a stranger) into one text. It must not
decide which entity is told where; that is the datasets' business.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import domains
import entities
from domains import Relation, fill, words
from entities import Entity, World

Turn = tuple[str, str]

COURTESIES: tuple[Turn, ...] = (
    ("Hello!", "Hello! What would you like to know?"),
    ("Good morning.", "Good morning! What would you like to know?"),
    ("Good evening.", "Good evening! What would you like to know?"),
    ("Hi there.", "Hello! What would you like to know?"),
    ("Thank you.", "You are welcome."),
    ("Thanks a lot!", "You are welcome."),
    ("Thank you for the answer.", "You are welcome."),
    ("Goodbye.", "Goodbye, and come back soon."),
    ("See you tomorrow.", "Goodbye, and come back soon."),
    ("How are you?", "I am well, thank you. What would you like to know?"),
)


def chat(turns: Sequence[Turn]) -> str:
    """Write a conversation with the markers of the chat template."""
    return "".join(
        f"<|im_start|>user\n{user}<|im_end|>\n<|im_start|>assistant\n{answer}<|im_end|>\n" for user, answer in turns
    )


def answer(rng: random.Random, relation: Relation, name: str, value: str) -> str:
    """One full-sentence answer; the first pattern is the usual one."""
    return fill(relation.answers[0 if rng.random() < 0.8 else 1], name, value)


def description(rng: random.Random, entity: Entity, least: int = 2) -> str:
    """A short text that states several facts about one entity in random order and words."""
    relations = list(entity.relations)
    rng.shuffle(relations)
    relations = relations[: rng.randint(min(least, len(relations)), len(relations))]
    sentences = []
    for position, relation in enumerate(relations):
        pattern = rng.choice(relation.statements)
        name = entity.name
        if position and pattern.startswith("{n}") and rng.random() < 0.25:
            name = entity.pronoun
        sentences.append(fill(pattern, name, entity.values[relation.name]))
    return " ".join(sentences)


def meeting(rng: random.Random, first: Entity, second: Entity) -> str:
    """One fact each about two entities, so that facts are not always told in the same company."""
    told = []
    for entity in (first, second):
        relation = rng.choice(entity.relations)
        told.append(fill(rng.choice(relation.statements), entity.name, entity.values[relation.name]))
    return " ".join(told)


def written_questions(rng: random.Random, entity: Entity) -> str:
    """Questions and answers about one entity as plain text."""
    relations = list(entity.relations)
    rng.shuffle(relations)
    lines = []
    for relation in relations[: rng.randint(1, 3)]:
        question = fill(rng.choice(relation.questions), entity.name)
        reply = answer(rng, relation, entity.name, entity.values[relation.name])
        lines.append(f"Question: {question}\nAnswer: {reply}")
    return "\n".join(lines)


def stranger(rng: random.Random, world: World) -> Entity:
    """Someone (or some town) nobody else in the world knows, with facts made up on the spot."""
    homes = sorted(world.known_homes)
    while True:
        if rng.random() < 0.8:
            name = entities.person_name(rng)
            entity = Entity(
                "person",
                name,
                rng.choice(("She", "He")),
                {
                    "home": entities.town_name(rng) if rng.random() < 0.3 else rng.choice(homes),
                    "trade": rng.choice(domains.TRADES),
                    "animal": rng.choice(domains.ANIMALS),
                    "food": rng.choice(domains.FOODS),
                },
            )
            home = entity.values["home"]
            clear = home in world.known_homes or home not in world.reserved
        else:
            name = entities.town_name(rng)
            entity = Entity(
                "town",
                name,
                "It",
                {
                    "river": rng.choice(domains.RIVERS),
                    "goods": rng.choice(domains.GOODS),
                    "sign": rng.choice(domains.SIGNS),
                },
            )
            clear = True
        if clear and name not in world.reserved:
            return entity


def stranger_talk(rng: random.Random, world: World, with_chat: bool) -> str:
    """A text about strangers followed by questions that the text itself answers."""
    people = [stranger(rng, world) for _ in range(rng.choice((1, 1, 2)))]
    told = " ".join(description(rng, entity, least=1 if len(people) > 1 else 2) for entity in people)
    turns: list[Turn] = []
    for _ in range(rng.randint(1, 2)):
        entity = rng.choice(people)
        relation = rng.choice([known for known in entity.relations if _tells(told, entity, known)])
        question = fill(rng.choice(relation.questions), entity.name)
        turns.append((question, answer(rng, relation, entity.name, entity.values[relation.name])))
    if with_chat:
        turns[0] = (told + " " + turns[0][0], turns[0][1])
        return chat(turns)
    return told + "".join(f"\nQuestion: {question}\nAnswer: {reply}" for question, reply in turns)


def _tells(text: str, entity: Entity, relation: Relation) -> bool:
    return any(
        fill(pattern, name, entity.values[relation.name]) in text
        for pattern in relation.statements
        for name in (entity.name, entity.pronoun)
    )


SUM_QUESTIONS = (
    "What is {a} plus {b}?",
    "How much is {a} plus {b}?",
    "What do {a} and {b} make together?",
)
REWORDED_SUM_QUESTIONS = (
    "What is {a} and {b} together?",
    "Do you know what {a} plus {b} is?",
    "Can you tell me how much {a} and {b} is?",
)
"""Wordings that no text with an answer uses: what they ask for is learnt from rewards alone."""
SUM_ANSWER = "{a} plus {b} is {c}."


def sums(rng: random.Random, pairs: Sequence[tuple[int, int]]) -> str:
    """A few sums as an account, as sentences or as questions."""
    style = rng.randrange(4)
    drawn = [rng.choice(pairs) for _ in range(rng.randint(3, 5))]
    if style == 0:
        return "\n".join(f"{a} + {b} = {a + b}" for a, b in drawn)
    if style == 1:
        return " ".join(SUM_ANSWER.format(a=a, b=b, c=a + b) for a, b in drawn)
    lines = []
    for a, b in drawn[:3]:
        question = rng.choice(SUM_QUESTIONS).format(a=a, b=b)
        lines.append(f"Question: {question}\nAnswer: {SUM_ANSWER.format(a=a, b=b, c=a + b)}")
    return "\n".join(lines)


WEATHER = (
    "The morning was {w} and the road was {r}.",
    "It had been {w} all week, and the fields were {r}.",
    "In the evening it grew {w}, and the square was {r}.",
)
DEEDS = (
    "Two children ran to the well and carried the water home.",
    "A cart stopped at the gate, and the driver asked for bread.",
    "An old man sat under the tree and told a story about the sea.",
    "The bell rang twice, and everyone came out to look.",
    "Nobody was in a hurry, for the market would open late.",
    "A traveller asked for the way, and a girl drew it in the dust.",
)
RULES = (
    "In the valley the rule is that whoever finds a lost coin must ask three doors before keeping it.",
    "In the valley the rule is that a bridge is crossed by the heavier cart first.",
    "In the valley the rule is that bread is never sold after the lamps are lit.",
    "In the valley the rule is that a guest is asked for a story and not for money.",
    "In the valley the rule is that the youngest child opens the harvest feast.",
)
SKIES = words("bright grey cold warm windy misty rainy clear")
ROADS = ["quiet", "empty", "busy", "wet", "dry", "full of people"]


def scene(rng: random.Random) -> str:
    """A small scene without any fact worth remembering."""
    opening = rng.choice(WEATHER).format(w=rng.choice(SKIES), r=rng.choice(ROADS))
    parts = [opening, *rng.sample(DEEDS, 2)]
    if rng.random() < 0.3:
        parts.append(rng.choice(RULES))
    return " ".join(parts)
