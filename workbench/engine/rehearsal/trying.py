"""Rewards held against right answers, trivial ones and those a model writes at present: the table of what each gets.

Owns what is scored and the figures of the table. Must not know what they mean: `core/health_rewards.py` does.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.errors import UsageError
from workbench.core.rewards import Spec, parse
from workbench.data import account, canonical, sources
from workbench.engine import rewards
from workbench.engine.rehearsal import trivial
from workbench.engine.rewards import Completion, Rewards, Scores
from workbench.engine.thoughts import OPENING

HELD_UP = 64
"""References that are scored."""
TRIED_ON = 32
"""Rows on which each trivial answer is tried."""
_AT_ONCE = 16
"""Answers that are scored between two words of how far it is."""
SHOWN, LOWEST = 4000, 3
"""Characters of a text, and references with the lowest scores, that are told."""
_REASONS = 3

Say = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Request:
    """What is to be tried; the head of the package says what each is."""

    paths: tuple[str, ...]
    format: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    rewards: tuple[str, ...] = ()
    base: str = ""
    chat_template: str = ""
    tuning: str = ""
    prompts: int = 8
    answers: int = 8
    longest: int = 256
    thinking_budget: int = 0
    max_length: int = 1024
    temperature: float = 1.0
    top_p: float = 1.0
    seed: int = 0


@dataclass(frozen=True)
class _Scored:
    """Answers of one kind, and what they got."""

    completions: list[Completion]
    scores: Scores


def _read(request: Request) -> tuple[list[dict[str, Any]], Counter[str]]:
    """Return (rows with prompts, the samples by which layouts are found, reason → rows that have none)."""
    found = sources.find(request.paths, request.format, dict(request.columns) or None)
    rows: list[dict[str, Any]] = []
    unread: Counter[str] = Counter()

    for part in found.parts:
        convert = account.converter(part.detection.layout, part.why_not, "prompt_only", canonical.Tally())
        for value in part.sample:
            made = convert(value)
            if isinstance(made, canonical.Rejected):
                unread[made.reason] += 1
            else:
                rows.append(made)
    if not rows:
        why = f" ({unread.most_common(1)[0][0]})" if unread else ""
        raise UsageError(f"There is no prompt in this data{why}; give questions or rows with a prompt.")
    return rows, unread


def _specs(request: Request, rows: Sequence[Mapping[str, Any]]) -> tuple[list[Spec], str]:
    """Return (the rewards to try, why they suit the rows: "" for those that were asked for)."""
    if request.rewards:
        return [parse(text) for text in request.rewards], ""
    from workbench.engine.reinforce import goals  # with transformers, which takes seconds

    name, why = goals.suiting(rows[: goals.LOOKED_AT])
    shaping = goals.shaping(request.thinking_budget, request.longest)
    return [parse(text) for text in (name, *shaping)], why


def _number(value: float) -> float | None:
    """Return a figure for JSON, None for one that is not known."""
    return round(float(value), 6) if math.isfinite(value) else None


def _mean(values: NDArray[np.float64]) -> float | None:
    """Return the mean of what is known, None without any."""
    known = values[np.isfinite(values)]
    return _number(float(known.mean())) if known.size else None


def _prompt(row: Mapping[str, Any]) -> str:
    """Return the last turn of a prompt."""
    return str(row["prompt"][-1].get("content") or "")


def _grouped(values: NDArray[np.float64], size: int) -> tuple[float | None, float | None]:
    """Return (mean deviation within groups, share of groups with any) of scores, as training counts them."""
    import torch

    from workbench.engine.reinforce import groups

    of_groups = torch.from_numpy(values.reshape(-1, size))
    if not bool((~of_groups.isnan()).any()):
        return None, None
    return _number(float(groups.deviation(of_groups).mean())), _number(
        float((~groups.alike(of_groups)).double().mean())
    )


def _told_answer(scored: _Scored, place: int) -> dict[str, Any]:
    """Return an answer and what it got, as JSON."""
    scores = scored.scores
    return {
        "text": scored.completions[place].text[:SHOWN],
        "total": _number(scores.total[place]),
        "parts": {name: _number(scores.parts[place, column]) for column, name in enumerate(scores.names)},
        "reasons": {name: why for (number, name), why in scores.reasons.items() if number == place},
    }


class _Table:
    """Scores as they come together."""

    def __init__(self, judge: Rewards) -> None:
        self._judge = judge
        self._seconds = np.zeros(len(judge.specs))
        self._timed = 0

    def score(self, completions: list[Completion]) -> _Scored:
        """Return completions scored, without counting the time: in trivial answers nothing takes any."""
        return _Scored(completions, self._judge.score(completions))

    def timed(self, completions: list[Completion], stage: str, say: Say) -> _Scored:
        """Return completions scored and their time counted; says how far it is."""
        parts = []
        for start in range(0, len(completions), _AT_ONCE):
            say({"stage": stage, "done": start, "total": len(completions)})
            parts.append(self._judge.score(completions[start : start + _AT_ONCE]))
            self._seconds += parts[-1].seconds
        self._timed += len(completions)
        reasons = {
            (number * _AT_ONCE + place, name): why
            for number, part in enumerate(parts)
            for (place, name), why in part.reasons.items()
        }
        scores = np.concatenate([part.parts for part in parts])
        total = np.concatenate([part.total for part in parts])
        return _Scored(completions, Scores(self._judge.names, scores, total, reasons))

    def checks(self, samples: _Scored | None, references: _Scored | None, size: int) -> list[dict[str, Any]]:
        """Return a line per reward."""
        lines = []
        for column, (spec, name) in enumerate(zip(self._judge.specs, self._judge.names, strict=True)):
            found = [scored for scored in (samples, references) if scored is not None]
            reasons = Counter(
                why for scored in found for (_, reward), why in scored.scores.reasons.items() if reward == name
            )
            judged = sum(int(np.isfinite(scored.scores.parts[:, column]).sum()) for scored in found)
            spread, varied = _grouped(samples.scores.parts[:, column], size) if samples is not None else (None, None)
            lines.append(
                {
                    "reward": name,
                    "name": spec.name,
                    "label": spec.check.label,
                    "weight": spec.weight,
                    "low": _number(spec.check.low),
                    "high": _number(spec.check.high),
                    "needs": spec.check.needs,
                    "samples": None if samples is None else _mean(samples.scores.parts[:, column]),
                    "references": None if references is None else _mean(references.scores.parts[:, column]),
                    "spread": spread,
                    "varied": varied,
                    "seconds": _number(100 * self._seconds[column] / self._timed) if self._timed else None,
                    "judged": judged,
                    "not_judged": sum(len(scored.completions) for scored in found) - judged,
                    "reasons": [list(pair) for pair in reasons.most_common(_REASONS)],
                }
            )
        return lines


def _sampled(
    request: Request, rows: list[dict[str, Any]], specs: Sequence[Spec], table: _Table, say: Say
) -> tuple[_Scored, list[dict[str, Any]], Callable[[str], int]]:
    """Return (the answers a model writes, scored; the same as JSON, by prompt; how long a text is in its tokens)."""
    from workbench.engine.rehearsal.sampled import Model

    say({"stage": "loading the base", "done": 0, "total": 0})
    model = Model(request.base, request.chat_template, request.tuning, request.thinking_budget)
    written = model.write(
        rows,
        request.prompts,
        request.answers,
        (request.longest, request.max_length),
        (request.temperature, request.top_p, request.seed),
        lambda done, total: say({"stage": "writing answers", "done": done, "total": total}),
    )
    size = request.answers
    scored = table.timed(
        [
            Completion(
                written.rows[place // size]["prompt"], text, written.tokens[place], written.finished[place],
                written.rows[place // size], written.forced[place],
            )
            for place, text in enumerate(written.texts)
        ],
        "scoring answers",
        say,
    )  # fmt: skip
    told = [
        {
            "prompt": _prompt(row)[:SHOWN],
            "reference": (trivial.reference(row, specs) or "")[:SHOWN],
            "answers": [
                {
                    **_told_answer(scored, place),
                    "tokens": written.tokens[place],
                    "finished": written.finished[place],
                }
                for place in range(number * size, (number + 1) * size)
            ],
        }
        for number, row in enumerate(written.rows)
    ]
    return scored, told, model.tokens


def _about_tokens(text: str) -> int:
    """Return about how many tokens a text has, where no tokenizer is at hand."""
    return math.ceil(len(text) / trivial.CHARACTERS_OF_A_TOKEN) + 1


def tried(request: Request, say: Say) -> dict[str, Any]:
    """Return the table; `say` gets how far it is. Raises UsageError for data, rewards or a base that cannot be used."""
    say({"stage": "reading rows", "done": 0, "total": 0})
    rows, unread = _read(request)
    specs, chosen = _specs(request, rows)
    with rewards.build(specs) as judge:
        table = _Table(judge)
        samples, groups = None, list[dict[str, Any]]()
        tokens: Callable[[str], int] = _about_tokens
        if request.base:
            samples, groups, tokens = _sampled(request, rows, specs, table, say)

        def completion(row: Mapping[str, Any], text: str) -> Completion:
            length = tokens(text)
            return Completion(row["prompt"], text, length, length <= request.longest, row)

        def thoughtful(text: str, thought: str) -> str:
            """Return an answer behind a thought, with which every answer begins where one is asked for."""
            if not request.thinking_budget or "<think>" in text:
                return text
            return f"{OPENING}{thought}\n</think>\n\n{text}"

        found = [(row, text) for row in rows if (text := trivial.reference(row, specs)) is not None]
        held = [(row, thoughtful(text, _prompt(row))) for row, text in found]
        right = [completion(row, text) for row, text in held[:HELD_UP]]
        references = table.timed(right, "scoring references", say) if right else None
        lines = []
        shortcuts = trivial.answers(rows, specs, request.longest)
        for done, (name, text) in enumerate(shortcuts.items()):
            say({"stage": "scoring trivial answers", "done": done, "total": len(shortcuts)})
            said = [thoughtful(_prompt(row) if text is None else text, "") for row in rows[:TRIED_ON]]
            given = [completion(row, one) for row, one in zip(rows, said, strict=False)]
            scores = table.score(given).scores
            lines.append(
                {
                    "name": name,
                    "text": (text or "")[:SHOWN],
                    "total": _mean(scores.total),
                    "parts": {reward: _mean(scores.parts[:, column]) for column, reward in enumerate(scores.names)},
                }
            )
        checks = table.checks(samples, references, request.answers)
    spread, varied = _grouped(samples.scores.total, request.answers) if samples is not None else (None, None)
    return {
        "rewards": list(judge.names),
        "chosen": chosen,
        "rows": len(rows),
        "references": min(len(held), HELD_UP),
        "unread": dict(unread.most_common()),
        "checks": checks,
        "total": {
            "samples": None if samples is None else _mean(samples.scores.total),
            "references": None if references is None else _mean(references.scores.total),
            "spread": spread,
            "varied": varied,
        },
        "trivial": lines,
        "groups": groups,
        "lowest": _lowest(references),
        "finished": None if samples is None else _share([one.finished for one in samples.completions]),
        "length": None if samples is None else _share([one.tokens for one in samples.completions]),
        "base": request.base,
        "answers": request.answers,
        "longest": request.longest,
    }


def _share(values: Sequence[float]) -> float:
    """Return the mean of some figures, of which there is at least one."""
    return round(sum(values) / len(values), 6)


def _lowest(references: _Scored | None) -> list[dict[str, Any]]:
    """Return the references that got least, as JSON; those that could not be judged come first."""
    if references is None:
        return []
    order = np.argsort(np.nan_to_num(references.scores.total, nan=-math.inf), kind="stable")[:LOWEST]
    return [
        {"prompt": _prompt(references.completions[place].row)[:SHOWN], **_told_answer(references, int(place))}
        for place in order
    ]
