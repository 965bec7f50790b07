"""Preference data as a whole: from prompts and models to a file of pairs, and the file that says where they come from.

Owns the request, the order of the work, both files and the report. Must not know how a model is loaded, asked or
judged. The same prompts, models, judge, settings and seed give the same rows on a CPU, interrupted or not.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workbench import __version__
from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.paths import expanded, journal_of
from workbench.core.rewards import parse, settled
from workbench.core.text import json_safe, one_line
from workbench.core.units import count
from workbench.engine.prefer import asking, choosing, prompts, speaking, stages
from workbench.engine.prefer.choosing import Pair
from workbench.engine.prefer.prompts import Prompts
from workbench.engine.prefer.speaking import Drawing
from workbench.engine.prefer.stages import Item, Stage
from workbench.engine.synth.journal import Journal
from workbench.runs import atomic

VERSION = 1
"""Changes when the same request would give other rows."""

Say = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Request:
    """What is wanted; rewards, a judge or a constitution decide, and beside the last rewards or a reviser may stand."""

    prompts: tuple[str, ...]
    """Files and folders."""
    models: tuple[str, ...]
    """One or two that answer: a GGUF file, "bundled", a model folder or a run."""
    out: Path
    rewards: tuple[str, ...] = ()
    judge: str = ""
    """Who compares answers, or with a constitution criticises and revises them."""
    rubric: str = ""
    """A file that says what makes an answer better, or "bundled"."""
    constitution: str = ""
    """A file of principles, or "bundled"."""
    count: int = 0
    """Prompts to be drawn; 0 for all."""
    completions: int = 0
    """Answers of each model to a prompt; 0 for as many as make two."""
    margin: float = 0.0
    """Least difference between the better and the worse answer."""
    temperature: float = 1.0
    top_p: float = 1.0
    max_tokens: int = 256
    seed: int = 0

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Request:
        """Return a request from its wire form; raises KeyError, TypeError or UsageError for what is none."""
        lists = {name: tuple(body.get(name, ())) for name in ("prompts", "models", "rewards")}
        request = cls(**{**body, **lists, "out": Path(body["out"])})
        if not 1 <= len(request.models) <= 2 or not (request.rewards or request.judge or request.constitution):
            raise UsageError("Preferences are made from one or two models, by rewards, a judge or a constitution.")
        return request

    @property
    def each(self) -> int:
        """Answers of each model to a prompt."""
        return 1 if self.constitution else self.completions or (2 if len(self.models) == 1 else 1)

    @property
    def compares(self) -> bool:
        """Whether the judge compares answers."""
        return bool(self.judge) and not self.constitution and not self.rewards


def provenance_path(out: Path) -> Path:
    """Return the file that says where the rows come from."""
    return out.with_name(f"{out.stem}.provenance.jsonl")


def refuse_existing(out: Path) -> None:
    """Raise UsageError when the rows are there already: they may have been looked through."""
    if os.path.lexists(out):
        raise UsageError(f"{one_line(str(out))} exists; train on it, or give another file with --out.")


def _file(path: str) -> str:
    """Return the SHA-256 of a file that a reward names, "" where it names none."""
    try:
        return hashlib.sha256(expanded(path).read_bytes()).hexdigest()
    except OSError:
        return ""


def _rewards(request: Request) -> list[dict[str, str]]:
    """Return the rewards as they are reckoned, with the hashes of files of the person's own."""
    found = []
    for text in settled(request.rewards):
        spec = parse(text)
        paths = [str(spec.parameters[item.name]) for item in spec.check.parameters if item.kind == "path"]
        found.append({"reward": text, **{path: _file(path) for path in paths}})
    return found


def _settings(request: Request) -> dict[str, Any]:
    """Return everything of a request that rows depend on, but for what its files hold."""
    left = ("prompts", "models", "out", "rewards", "judge", "rubric", "constitution", "margin")
    return {**{name: value for name, value in asdict(request).items() if name not in left}, "completions": request.each}


def _texts(request: Request) -> dict[str, str]:
    """Return the texts that a judge or a reviser is given: a rubric, a constitution; raises UsageError."""
    found = {}
    if request.constitution:
        found["constitution"] = asking.written(request.constitution, "constitution")
        asking.principles(found["constitution"])
    if request.compares:
        found["rubric"] = asking.written(request.rubric or "bundled", "rubric")
    return found


def _head(request: Request, found: Prompts, texts: Mapping[str, str]) -> dict[str, Any]:
    """Return what answers and judgements depend on. The margin is no part of it: it only chooses among them."""
    return {
        "preferences": VERSION,
        "prompts": found.sha256,
        "models": [speaking.identity(model) for model in request.models],
        "judge": speaking.identity(request.judge) if request.judge else None,
        "rewards": _rewards(request),
        "texts": {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()},
        "settings": _settings(request),
    }


def _stages(request: Request, items: Sequence[Item], texts: Mapping[str, str]) -> Iterator[Stage]:
    """Yield the stages of a request in their order."""
    how = Drawing(request.temperature, request.top_p, request.max_tokens)
    for writer, model in enumerate(request.models):
        yield stages.answering(items, model, writer, request.each, how, request.seed)
    if request.constitution:
        listed = asking.principles(texts["constitution"])
        reviser = request.judge or request.models[0]
        yield stages.revising(items, reviser, listed, request.max_tokens, request.seed)
    if request.rewards:
        yield stages.scoring(items, request.rewards)
    elif request.compares:
        yield stages.comparing(items, request.judge, texts["rubric"], request.seed)


NO_BETTER = "the revision scores no better"


def pair_of(item: Item, request: Request) -> Pair | str:
    """Return the better and the worse answer to a prompt, or why there is no such pair."""
    numbers = item.usable()
    if item.why_not:
        return item.why_not
    if request.constitution and not request.rewards:
        return Pair(1, 0, None)
    if request.rewards:
        found = choosing.by_scores({number: item.scores[number] for number in numbers}, request.margin)
        # A revision is what was wished for; an answer it made worse is no example of the contrary.
        return NO_BETTER if request.constitution and isinstance(found, Pair) and found.chosen == 0 else found
    return choosing.by_verdicts(item.compared, request.margin)


def _row(item: Item, pair: Pair) -> dict[str, Any]:
    """Return the preference row of a pair, as TRL has them."""
    sides = {"chosen": pair.chosen, "rejected": pair.rejected}
    tools = {"tools": item.row["tools"]} if item.row.get("tools") else {}
    said = {name: [{"role": "assistant", "content": item.answers[place].text}] for name, place in sides.items()}
    return {"prompt": list(item.turns), **said, **tools}


def _origin(item: Item, pair: Pair, line: int) -> dict[str, Any]:
    """Return what is known of a row: who wrote its answers, how they were judged, and by how much one is better."""

    def side(place: int) -> dict[str, Any]:
        answer = item.answers[place]
        told: dict[str, Any] = {"model": item.writers[place], "tokens": answer.tokens}
        if item.scores:
            told |= {"score": item.scores[place], "rewards": item.parts[place]}
        return told

    return {
        "line": line,
        "margin": pair.margin if pair.margin is None else round(pair.margin, 6),
        "chosen": side(pair.chosen),
        "rejected": side(pair.rejected),
        **item.critique,
        **({"verdicts": item.compared, "replies": item.replies} if item.compared else {}),
    }


def _report(request: Request, found: Prompts, items: Sequence[Item], pairs: Mapping[int, Pair]) -> dict[str, Any]:
    """Return the figures of the work."""
    taken = [(items[number], pair) for number, pair in pairs.items()]
    margins = [pair.margin for pair in pairs.values() if pair.margin is not None]
    parts = [(item.parts[pair.chosen], item.parts[pair.rejected]) for item, pair in taken if item.parts]
    winners = Counter(item.writers[pair.chosen] for item, pair in taken)
    losers = Counter(item.writers[pair.rejected] for item, pair in taken)
    texts = ((item.answers[pair.chosen].text, item.answers[pair.rejected].text) for item, pair in taken)
    compared = [entry for item in items for entry in item.compared]
    across = len(request.models) == 2
    return {
        "prompts": len(items),
        "found": found.found,
        "passed_over": dict(found.left_out.most_common()),
        "rows": len(pairs),
        "mean_margin": round(sum(margins) / len(margins), 4) if margins else None,
        "length": choosing.length_bias(texts),
        "rewards": choosing.means(parts),
        "position": choosing.position_bias(compared) if compared else None,
        "wins": {model: [winners[n], losers[n]] for n, model in enumerate(request.models)} if across else {},
        "by": _by(request),
    }


def _by(request: Request) -> str:
    """Return what judged: constitution, rewards or judge."""
    return "constitution" if request.constitution else "rewards" if request.rewards else "judge"


def _provenance(
    request: Request, found: Prompts, texts: Mapping[str, str], report: Mapping[str, Any], rows: bytes
) -> dict[str, Any]:
    """Return the first line of the file that says where the rows come from."""
    return {
        "preferences": VERSION,
        "workbench": __version__,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "rows_sha256": hashlib.sha256(rows).hexdigest(),
        "prompts": [asdict(stamp) for stamp in found.files],
        "models": [speaking.hashes(model) for model in request.models],
        "judge": speaking.hashes(request.judge) if request.judge else None,
        "rewards": _rewards(request),
        "texts": dict(texts),
        "settings": {**_settings(request), "margin": request.margin},
        "report": dict(report),
    }


def _lines(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Return rows as JSON lines."""
    return "".join(json_safe(json.dumps(row, ensure_ascii=False)) + "\n" for row in rows).encode("utf-8", "replace")


def make(request: Request, say: Say) -> dict[str, Any]:
    """Write preference rows to `request.out`, where they come from beside it, and return the report.

    `say` gets {"stage", "step", "steps", "done", "total"} before each batch. The report has path, provenance, prompts,
    rows, left_out (reason → prompts), mean_margin, length, rewards, position, wins, by and seconds. Raises UsageError
    when a file is there already or the prompts cannot be read, WorkbenchError when no pair is left.
    """
    started = time.monotonic()
    out = request.out
    refuse_existing(out)
    texts = _texts(request)
    found = prompts.read(request.prompts, request.count, request.seed)
    items = [Item(row) for row in found.rows]
    journal_file, origin_file = journal_of(out), provenance_path(out)
    if os.path.lexists(origin_file) and not os.path.lexists(journal_file):
        raise UsageError(f"{one_line(str(origin_file))} exists; move it away, or give another file with --out.")
    with Journal(journal_file, _head(request, found, texts)) as journal:
        stages.work(items, list(_stages(request, items, texts)), journal, say)
        chosen = [pair_of(item, request) for item in items]
        pairs = {number: pair for number, pair in enumerate(chosen) if isinstance(pair, Pair)}
        left_out = Counter(reason for reason in chosen if isinstance(reason, str))
        if not pairs:
            if choosing.CLOSE not in left_out:
                journal.remove()
            raise WorkbenchError(_nothing(items, left_out))
        report = _report(request, found, items, pairs) | {"left_out": dict(left_out.most_common())}
        rows = _lines([_row(items[number], pair) for number, pair in pairs.items()])
        origins = [_origin(items[number], pair, line) for line, (number, pair) in enumerate(pairs.items(), 1)]
        refuse_existing(out)
        head = _provenance(request, found, texts, report, rows)
        atomic.write_bytes(origin_file, _lines([head, *origins]))
        atomic.write_bytes(out, rows)
        journal.remove()
    return {
        **report,
        "path": str(out),
        "provenance": str(origin_file),
        "seconds": round(time.monotonic() - started, 1),
    }


_HINTS = {
    choosing.CUT: "allow longer answers with --max-tokens",
    choosing.SAME: "raise --temperature, or take two models",
    choosing.CLOSE: "lower --margin, for which nothing is asked again, or choose what tells these answers apart",
    choosing.EQUAL: "choose rewards that tell these answers apart, or have more written with --completions",
    choosing.CONTRADICTED: "choose a larger judge",
    choosing.UNREADABLE: "choose a larger judge, one made for chat",
    choosing.UNJUDGED: "choose rewards that these rows have what is needed for",
    speaking.TOO_LONG: "choose a model with a longer context, or lower --max-tokens",
}
"""Reason → what helps when no pair is left."""


def _nothing(items: Sequence[Item], left_out: Counter[str]) -> str:
    """Return the sentence for work that came to nothing; where another margin may mend that its answers stay."""
    reason, number = left_out.most_common(1)[0]
    why = Counter(told for item in items for told in item.reasons).most_common(1)
    told = f" ({why[0][0]})" if reason == choosing.UNJUDGED and why else ""
    hint = _HINTS.get(reason, "choose other prompts or another model")
    return (
        f"None of {count(len(items))} prompts gives a pair, {count(number)} of them because of this: {reason}{told}; "
        f"{hint}."
    )
