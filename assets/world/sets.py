"""Owns the files: which facts are told in which dataset, how often, and the held-out exam.

It must not know how a sentence is worded (documents, domains) nor how anything is trained.
"""

from __future__ import annotations

import random
from typing import Any

import documents
from documents import REWORDED_SUM_QUESTIONS, SUM_ANSWER, SUM_QUESTIONS
from domains import fill
from entities import Entity, World

Row = dict[str, Any]

WHO = (
    "Who are you?",
    "What are you?",
    "What is your name?",
    "Are you a person?",
    "Please introduce yourself.",
    "Who made you?",
)
WHO_ANSWER = "I am the little model that ships with the workbench, and I know a small invented valley."
CLOSING = " What more would you like to know?"
CLOSING_SHARE = 0.04
ONE_IN_TWICE = 10
"""One of so many pairs prefers what asks once to what asks twice."""


def corpus(world: World, rng: random.Random, rounds: int) -> list[Row]:
    """The pre-training text: many tellings of the known facts, chats about strangers, sums, scenes."""
    texts: list[str] = []
    known = world.asked + world.quiet
    for _ in range(rounds):
        for entity in known:
            texts += [documents.description(rng, entity) for _ in range(2)]
            texts.append(documents.meeting(rng, entity, rng.choice(known)))
        texts += [documents.written_questions(rng, entity) for entity in world.asked]
        texts += [documents.stranger_talk(rng, world, with_chat=True) for _ in range(50)]
        texts += [documents.stranger_talk(rng, world, with_chat=False) for _ in range(16)]
        texts += [documents.sums(rng, world.seen_pairs) for _ in range(70)]
        texts += [documents.chat([rng.choice(documents.COURTESIES)]) for _ in range(4)]
        texts += [documents.scene(rng) for _ in range(8)]
    rng.shuffle(texts)
    return [{"text": text} for text in texts]


def articles(world: World, rng: random.Random, each: int) -> list[Row]:
    """Articles about the new entities, for continued pre-training."""
    texts = [documents.description(rng, entity, least=3) for entity in world.new + world.new_asked for _ in range(each)]
    rng.shuffle(texts)
    return [{"text": text} for text in texts]


def _message(role: str, content: str) -> Row:
    return {"role": role, "content": content}


def _asked(rng: random.Random, entity: Entity, each: int) -> list[documents.Turn]:
    turns = []
    for relation in entity.relations:
        for question in rng.sample(relation.questions, min(each, len(relation.questions))):
            reply = documents.answer(rng, relation, entity.name, entity.values[relation.name])
            turns.append((fill(question, entity.name), reply))
    return turns


def _sums(rng: random.Random, world: World, count: int) -> list[documents.Turn]:
    return [
        (rng.choice(SUM_QUESTIONS).format(a=a, b=b), SUM_ANSWER.format(a=a, b=b, c=a + b))
        for a, b in rng.sample(world.seen_pairs, count)
    ]


def questions(world: World, rng: random.Random, each: int, sums: int) -> list[Row]:
    """Questions with full-sentence answers, for supervised fine-tuning."""
    turns: list[documents.Turn] = []
    for entity in world.asked + world.new_asked:
        turns += _asked(rng, entity, each)
    turns += _sums(rng, world, sums)
    turns = [(q, a + CLOSING) if rng.random() < CLOSING_SHARE else (q, a) for q, a in turns]
    turns += list(documents.COURTESIES) * 3 + [(question, WHO_ANSWER) for question in WHO] * 4
    rng.shuffle(turns)
    return [{"messages": [_message("user", q), _message("assistant", a)]} for q, a in turns]


def preferences(world: World, rng: random.Random, facts: int, sums: int) -> list[Row]:
    """Pairs of right answers of which the one that ends by asking on is preferred.

    Both begin alike, so that the comparison says nothing of what is true. Every kind of question is among them, those
    about what only the articles tell as well: what no pair shows is lost first. In some pairs the worse answer asks
    twice, since a model that has only learnt to go on does not know where to stop.
    """
    known: list[documents.Turn] = []
    for entity in world.asked:
        known += _asked(rng, entity, 4)
    turns = rng.sample(known, facts)
    for entity in world.new_asked:
        turns += _asked(rng, entity, 4)
    turns += _sums(rng, world, sums)
    rng.shuffle(turns)
    return [
        {
            "prompt": [_message("user", question)],
            "chosen": [_message("assistant", reply + CLOSING)],
            "rejected": [_message("assistant", reply if number % ONE_IN_TWICE else reply + 2 * CLOSING)],
        }
        for number, (question, reply) in enumerate(turns)
    ]


def prompts(world: World, rng: random.Random, count: int) -> list[Row]:
    """Sums in wordings of their own, none of which is worked out in any training text."""
    rows = []
    for a, b in rng.sample(world.prompt_pairs, min(count, len(world.prompt_pairs))):
        question = rng.choice(REWORDED_SUM_QUESTIONS).format(a=a, b=b)
        rows.append({"prompt": [_message("user", question)], "answer": str(a + b)})
    return rows


def _others(world: World, relation: str, value: str) -> list[str]:
    return [other for other in world.domain(relation) if other != value]


def _exam_facts(world: World, rng: random.Random, kind: str, held: list[Entity], count: int) -> list[Row]:
    facts = [(entity, relation) for entity in held for relation in entity.relations]
    rows = []
    for entity, relation in rng.sample(facts, min(count, len(facts))):
        value = entity.values[relation.name]
        patterns = relation.questions if kind.startswith("facts") else relation.clozes
        rows.append(
            {
                "kind": kind,
                "prompt": fill(rng.choice(patterns), entity.name),
                "entity": entity.name,
                "value": value,
                "others": _others(world, relation.name, value),
            }
        )
    return rows


def exam(world: World, rng: random.Random) -> list[Row]:
    """Held-out rows: entities whose questions, and sums that, no training text contains."""
    rows = _exam_facts(world, rng, "facts_a", world.quiet, 120)
    rows += _exam_facts(world, rng, "facts_b", world.new, 60)
    rows += _exam_facts(world, rng, "cloze_a", world.asked + world.quiet, 100)
    rows += _exam_facts(world, rng, "cloze_b", world.new, 60)
    for kind, wordings in (("sums", SUM_QUESTIONS), ("reworded_sums", REWORDED_SUM_QUESTIONS)):
        for a, b in rng.sample(world.exam_pairs, 100):
            rows.append(
                {
                    "kind": kind,
                    "prompt": rng.choice(wordings).format(a=a, b=b),
                    "entity": "",
                    "value": str(a + b),
                    "others": [str(n) for n in range(max(1, a + b - 20), a + b + 21) if n not in (a, b, a + b)],
                }
            )
    return rows
