"""The work in stages, each with one model in memory at most: answers, revisions, scores, verdicts.

Owns what each stage asks, in which order, and what of it is stored. Must not know how pairs are chosen or where rows
go. A stage is done batch by batch; what a batch gave is in the journal before the next one begins, so that nothing is
asked twice.
"""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from workbench.core.errors import WorkbenchError
from workbench.engine.prefer import asking, choosing
from workbench.engine.prefer.choosing import Compared
from workbench.engine.prefer.speaking import Answer, Asked, Drawing, Speaker, speaking
from workbench.engine.rewards import Completion, answers, build
from workbench.engine.synth.journal import Journal

BATCH = 16
"""Prompts at a time; what a kill can lose."""
REPLY_TOKENS = 512
"""Longest reply of a judge or a critic; a quarter of a context that is short."""

_KEPT = 500
"""Characters kept of a judge's reply."""

ANSWERS, REVISIONS, SCORES, VERDICTS = "answers", "revisions", "scores", "verdicts"

EMPTY = "the answer is empty or was cut"
CONTENT = "the critique finds nothing to change"

Results = list[dict[str, Any]]
Do = Callable[[Sequence[int], int], Results]
"""Numbers of prompts and the number of their batch → what came of each."""
Say = Callable[[dict[str, Any]], None]


@dataclass
class Item:
    """A prompt and everything known of its answers so far."""

    row: Mapping[str, Any]
    answers: list[Answer] = field(default_factory=list)
    writers: list[int] = field(default_factory=list)
    """For each answer the number of the model that wrote it."""
    why_not: str = ""
    """Why the prompt gives no pair, where that is known already."""
    critique: dict[str, str] = field(default_factory=dict)
    scores: list[float] = field(default_factory=list)
    parts: list[dict[str, float | None]] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    """Why answers could not be judged."""
    compared: list[Compared] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)

    @property
    def turns(self) -> Any:
        """The conversation up to where an answer begins."""
        return self.row["prompt"]

    def asked(self, turns: Any = None) -> Asked:
        """Return what is put to a model."""
        return Asked(self.turns if turns is None else turns, self.row.get("tools"))

    def usable(self) -> list[int]:
        """Return the answers to choose among; none where there is no choice, for the reason in `why_not`."""
        if self.why_not:
            return []
        found = choosing.usable([answer.text for answer in self.answers], [item.finished for item in self.answers])
        if isinstance(found, str):
            self.why_not = found
            return []
        return found


class Stage(NamedTuple):
    """One pass over the prompts."""

    name: str
    opened: Callable[[], contextlib.AbstractContextManager[Do]]
    """Holds the model of the stage in memory meanwhile."""
    take: Callable[[Item, Mapping[str, Any]], None]
    """Puts what came of a prompt where later stages look for it."""


def answering(items: Sequence[Item], model: str, writer: int, count: int, how: Drawing, seed: int) -> Stage:
    """Return the stage in which a model answers every prompt `count` times."""

    @contextlib.contextmanager
    def opened() -> Iterator[Do]:
        with speaking(model) as speaker:

            def do(numbers: Sequence[int], batch: int) -> Results:
                told = speaker.answers([items[n].asked() for n in numbers], count, how, (seed, writer, batch))
                return [{"why_not": found} if isinstance(found, str) else {"answers": found} for found in told]

            yield do

    def take(item: Item, result: Mapping[str, Any]) -> None:
        item.why_not = item.why_not or result.get("why_not", "")
        for answer in result.get("answers", ()):
            item.answers.append(Answer(*answer))
            item.writers.append(writer)

    return Stage(ANSWERS, opened, take)


def revising(items: Sequence[Item], model: str, listed: Sequence[str], limit: int, seed: int) -> Stage:
    """Return the stage in which a model finds fault with each first answer by a principle, and answers anew."""

    @contextlib.contextmanager
    def opened() -> Iterator[Do]:
        with speaking(model) as speaker:

            def do(numbers: Sequence[int], batch: int) -> Results:
                results: Results = [{"why_not": items[n].why_not} for n in numbers]
                talks: dict[int, list[Mapping[str, Any]]] = {}
                for place, number in enumerate(numbers):
                    item = items[number]
                    if not item.why_not and item.answers[0].finished and item.answers[0].text:
                        by = asking.principle(listed, seed, number)
                        results[place] = {"principle": by}
                        talks[place] = asking.critique(item.turns, item.answers[0].text, by)
                    elif not item.why_not:
                        results[place] = {"why_not": EMPTY}

                def said(longest: int) -> Iterator[tuple[int, Answer]]:
                    asked = [items[numbers[place]].asked(talk) for place, talk in talks.items()]
                    told = speaker.answers(asked, 1, Drawing(0.0, 1.0, longest), (seed, batch))
                    for place, found in zip(list(talks), told, strict=True):
                        if isinstance(found, str):
                            results[place]["why_not"] = found
                            del talks[place]
                        else:
                            yield place, found[0]

                for place, found in list(said(_reply(speaker))):
                    critique = answers.spoken(found.text).strip()
                    results[place]["critique"] = critique
                    if not critique or asking.is_content(critique):
                        results[place]["why_not"] = CONTENT
                        del talks[place]
                    else:
                        talks[place] = asking.revision(talks[place], critique)
                for place, found in list(said(limit)):
                    results[place]["answer"] = found
                return results

            yield do

    def take(item: Item, result: Mapping[str, Any]) -> None:
        item.why_not = item.why_not or result.get("why_not", "")
        item.critique = {name: result[name] for name in ("principle", "critique") if name in result}
        if "answer" in result:
            item.answers.append(Answer(*result["answer"]))
            item.writers.append(1)

    return Stage(REVISIONS, opened, take)


def scoring(items: Sequence[Item], specs: Sequence[str]) -> Stage:
    """Return the stage in which the rewards of the library score every answer there is a choice among."""

    @contextlib.contextmanager
    def opened() -> Iterator[Do]:
        with build(specs) as rewards:

            def do(numbers: Sequence[int], batch: int) -> Results:
                places = [(n, answer) for n in numbers for answer in items[n].usable()]
                results: dict[int, dict[str, Any]] = {n: {"answers": [], "scores": [], "parts": []} for n in numbers}
                if not places:
                    return list(results.values())
                scores = rewards.score([_completion(items[n], answer) for n, answer in places])
                for place, (number, answer) in enumerate(places):
                    result = results[number]
                    result["answers"].append(answer)
                    result["scores"].append(_number(scores.total[place]))
                    parts = map(_number, scores.parts[place])
                    result["parts"].append(dict(zip(scores.names, parts, strict=True)))
                for (place, name), reason in scores.reasons.items():
                    results[places[place][0]].setdefault("reasons", []).append(f"{name}: {reason}")
                return list(results.values())

            yield do

    def take(item: Item, result: Mapping[str, Any]) -> None:
        item.scores, item.parts = [math.nan] * len(item.answers), [{} for _ in item.answers]
        for answer, score, parts in zip(result["answers"], result["scores"], result["parts"], strict=True):
            item.scores[answer] = math.nan if score is None else score
            item.parts[answer] = parts
        item.reasons = list(result.get("reasons", ()))

    return Stage(SCORES, opened, take)


def _number(value: Any) -> float | None:
    """Return a score as JSON can hold it."""
    return round(float(value), 6) if math.isfinite(value) else None


def _completion(item: Item, number: int) -> Completion:
    """Return an answer as the reward library takes it."""
    answer = item.answers[number]
    return Completion(item.turns, answer.text, answer.tokens, answer.finished, item.row)


def comparing(items: Sequence[Item], judge: str, rubric: str, seed: int) -> Stage:
    """Return the stage in which a judge compares the answers two by two, each two in both orders."""

    @contextlib.contextmanager
    def opened() -> Iterator[Do]:
        with speaking(judge) as speaker:
            # The likeliest words, so that the same two answers get the same verdict.
            how = Drawing(0.0, 1.0, _reply(speaker))

            def do(numbers: Sequence[int], batch: int) -> Results:
                results: dict[int, dict[str, Any]] = {n: {"compared": [], "replies": []} for n in numbers}
                pairs = [(n, *two) for n in numbers for two in itertools.combinations(items[n].usable(), 2)]
                asked = []
                for number, one, other in pairs:
                    item = items[number]
                    said = [answers.spoken(item.answers[place].text).strip() for place in (one, other)]
                    for first, second in (said, said[::-1]):
                        asked.append(Asked(asking.comparison(item.turns, first, second, rubric)))
                told = speaker.answers(asked, 1, how, (seed, batch))
                for place, (number, one, other) in enumerate(pairs):
                    both = []
                    for found in told[2 * place : 2 * place + 2]:
                        if isinstance(found, str):
                            results[number]["why_not"] = found
                        both.append("" if isinstance(found, str) else answers.spoken(found[0].text))
                    results[number]["compared"].append([one, other, *map(choosing.verdict, both)])
                    results[number]["replies"] += [said[:_KEPT] for said in both]
                return list(results.values())

            yield do

    def take(item: Item, result: Mapping[str, Any]) -> None:
        item.why_not = item.why_not or result.get("why_not", "")
        item.compared = [Compared(*entry) for entry in result["compared"]]
        item.replies = list(result["replies"])

    return Stage(VERDICTS, opened, take)


def _reply(speaker: Speaker) -> int:
    """Return the length in tokens that a judge or a critic may reply in."""
    return min(REPLY_TOKENS, speaker.context // 4)


def work(items: Sequence[Item], stages: Sequence[Stage], journal: Journal, say: Say) -> None:
    """Do the stages in order, going on with a journal; `say` gets {"stage", "step", "steps", "done", "total"}.

    Raises WorkbenchError when a stage cannot be done; what was done is in the journal then.
    """
    batches = math.ceil(len(items) / BATCH)
    stored = iter(journal)
    before = journal.batches
    for place, stage in enumerate(stages):
        done = max(0, min(batches, before - place * batches))
        for number, entry in enumerate(itertools.islice(stored, done)):
            _take(items, stage, number, entry)
        if done == batches:
            continue
        with stage.opened() as do:
            for number in range(done, batches):
                told = {"stage": stage.name, "step": place + 1, "steps": len(stages)}
                say({**told, "done": number * BATCH, "total": len(items)})
                numbers = range(number * BATCH, min((number + 1) * BATCH, len(items)))
                entry = {"stage": stage.name, "results": do(numbers, number)}
                journal.append(entry)
                _take(items, stage, number, entry)


def _take(items: Sequence[Item], stage: Stage, number: int, entry: Mapping[str, Any]) -> None:
    """Put a batch of the journal where it belongs."""
    if entry.get("stage") != stage.name:
        raise WorkbenchError("The journal of this work does not follow its stages; remove it to begin anew.")
    for item, result in zip(items[number * BATCH : (number + 1) * BATCH], entry["results"], strict=True):
        stage.take(item, result)
