"""Owns who exists in the invented world and what is true of them, and which entities are held out.

It draws names and facts from a seeded generator. It must not know how documents or datasets are
written, only which entity belongs to which part of the world.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import domains
from domains import Relation

PEOPLE_KNOWN = 72
PEOPLE_ASKED = 48
TOWNS_KNOWN = 24
TOWNS_ASKED = 17
PEOPLE_NEW = 14
PEOPLE_NEW_ASKED = 2
TOWNS_NEW = 4
LARGEST_TERM = 49
UNSEEN_SHARE = 0.2


@dataclass(frozen=True)
class Entity:
    """A person or a town with one value for every relation of its kind."""

    kind: str
    name: str
    pronoun: str
    values: dict[str, str]

    @property
    def relations(self) -> tuple[Relation, ...]:
        """The relations that this kind of entity has."""
        return domains.PERSON_RELATIONS if self.kind == "person" else domains.TOWN_RELATIONS


@dataclass(frozen=True)
class World:
    """Everything that is true, split by where it may be told.

    ``asked`` entities are known from pre-training and have questions in training text; ``quiet`` ones are
    known from plain text only; ``new`` ones are told in the articles alone, and only ``new_asked`` of
    them have questions in training text.
    """

    asked: list[Entity]
    quiet: list[Entity]
    new_asked: list[Entity]
    new: list[Entity]
    town_names: list[str]
    known_homes: frozenset[str]
    reserved: frozenset[str]
    seen_pairs: list[tuple[int, int]]
    prompt_pairs: list[tuple[int, int]]
    exam_pairs: list[tuple[int, int]]

    def domain(self, relation: str) -> list[str]:
        """All values that a relation can take."""
        return {
            "home": self.town_names,
            "trade": domains.TRADES,
            "animal": domains.ANIMALS,
            "food": domains.FOODS,
            "river": domains.RIVERS,
            "goods": domains.GOODS,
            "sign": domains.SIGNS,
        }[relation]


def person_name(rng: random.Random) -> str:
    """Draw one name for a person."""
    middle = rng.choice(domains.PERSON_MIDDLES) if rng.random() < 0.5 else ""
    return rng.choice(domains.PERSON_STARTS) + middle + rng.choice(domains.PERSON_ENDS)


def town_name(rng: random.Random) -> str:
    """Draw one name for a town."""
    return rng.choice(domains.TOWN_STARTS) + rng.choice(domains.TOWN_ENDS)


def _even(rng: random.Random, values: list[str], count: int) -> list[str]:
    """Return ``count`` values, each used as often as any other, in random order."""
    drawn: list[str] = []
    while len(drawn) < count:
        deck = list(values)
        rng.shuffle(deck)
        drawn += deck[: count - len(drawn)]
    return drawn


def _people(rng: random.Random, names: list[str], homes: list[str]) -> list[Entity]:
    home = _even(rng, homes, len(names))
    trade = _even(rng, domains.TRADES, len(names))
    animal = _even(rng, domains.ANIMALS, len(names))
    food = _even(rng, domains.FOODS, len(names))
    return [
        Entity(
            "person",
            name,
            rng.choice(("She", "He")),
            {"home": home[i], "trade": trade[i], "animal": animal[i], "food": food[i]},
        )
        for i, name in enumerate(names)
    ]


def _towns(rng: random.Random, names: list[str]) -> list[Entity]:
    river = _even(rng, domains.RIVERS, len(names))
    goods = _even(rng, domains.GOODS, len(names))
    sign = _even(rng, domains.SIGNS, len(names))
    return [
        Entity("town", name, "It", {"river": river[i], "goods": goods[i], "sign": sign[i]})
        for i, name in enumerate(names)
    ]


def _spread_names(rng: random.Random) -> tuple[list[str], list[str]]:
    """Names of people, known and new, none of them easily mistaken for another."""
    drawn: list[str] = []
    new: list[str] = []
    starts = list(domains.PERSON_STARTS)
    rng.shuffle(starts)
    ends = list(domains.PERSON_ENDS)
    rng.shuffle(ends)
    for i in range(PEOPLE_NEW):
        middle = domains.PERSON_MIDDLES[i] if i % 2 else ""
        new.append(starts[i] + middle + ends[i])
    while len(drawn) < PEOPLE_KNOWN:
        name = person_name(rng)
        if all(name[:4] + name[-3:] != other[:4] + other[-3:] for other in drawn + new):
            drawn.append(name)
    return drawn, new


def _pairs(rng: random.Random) -> tuple[list[tuple[int, int]], ...]:
    """Split all sums into those told in training text, those only asked for, and those of the exam."""
    unordered = [(a, b) for a in range(1, LARGEST_TERM + 1) for b in range(a, LARGEST_TERM + 1)]
    rng.shuffle(unordered)
    unseen = int(len(unordered) * UNSEEN_SHARE)
    exam, prompt, seen = unordered[: unseen // 2], unordered[unseen // 2 : unseen], unordered[unseen:]

    def both(part: list[tuple[int, int]]) -> list[tuple[int, int]]:
        return sorted({(a, b) for a, b in part} | {(b, a) for a, b in part})

    return both(seen), both(prompt), both(exam)


def make_world(seed: int) -> World:
    """Build the whole world from one seed."""
    rng = random.Random(seed)
    starts = list(domains.TOWN_STARTS)
    rng.shuffle(starts)
    ends = _even(rng, domains.TOWN_ENDS, len(starts))
    towns = [start + end for start, end in zip(starts, ends, strict=True)]
    known_towns, new_towns = towns[:TOWNS_KNOWN], towns[TOWNS_KNOWN : TOWNS_KNOWN + TOWNS_NEW]
    known_names, new_names = _spread_names(rng)
    people = _people(rng, known_names, known_towns)
    places = _towns(rng, known_towns)
    new_people = _people(rng, new_names, known_towns)
    new_places = _towns(rng, new_towns)
    seen, prompt, exam = _pairs(rng)
    return World(
        asked=people[:PEOPLE_ASKED] + places[:TOWNS_ASKED],
        quiet=people[PEOPLE_ASKED:] + places[TOWNS_ASKED:],
        new_asked=new_people[:PEOPLE_NEW_ASKED],
        new=new_people[PEOPLE_NEW_ASKED:] + new_places,
        town_names=known_towns + new_towns,
        known_homes=frozenset(known_towns),
        reserved=frozenset(known_names + new_names + known_towns + new_towns),
        seen_pairs=seen,
        prompt_pairs=prompt,
        exam_pairs=exam,
    )
