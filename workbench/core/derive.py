"""What a recipe's values follow from: the lengths and the number of rows, the size of the base, and why.

Owns one function per value, each with its reason in a sentence. Must not know presets, memory or how data is read.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.core.best import FEWEST
from workbench.core.units import count, several

COVERED_SHARE = 0.99
"""Share of the rows that the proposed maximum length holds whole."""
STEP = 64
"""Maximum lengths are multiples of this: matrices of such sizes suit every kernel."""
MOST_FOR_ARTICLES = 2048
"""Articles are split without loss, so that a longer sequence costs memory and gains little."""
UNKNOWN_CONTEXT = 4096
"""Bound of the length when the base does not tell its context."""

_EPOCHS_OF_ROWS = ((10_000, 3.0), (200_000, 2.0))
"""Rows up to which questions and answers are read so often, once beyond: Alpaca (Taori et al. 2023) reads 52,000 rows
three times, Tulu 3 (Lambert et al. 2024) 939,000 twice in full; adapters overfit earlier, so the bounds are lower."""
_EPOCHS_OF_TOKENS = ((5_000_000, 3.0), (50_000_000, 2.0))
"""Tokens up to which articles are read so often: up to four passes teach nearly as much as new text would (Muennighoff
et al. 2023, "Scaling Data-Constrained Language Models")."""
STEPS_WANTED = 100
"""Optimizer steps a run should have at least, so that warm-up and decay are more than a few steps each."""
FEW_STEPS = 30
"""Optimizer steps below which a run ends before it has learnt much: its rate has hardly risen before it falls."""
_MOST_EPOCHS = 50.0
"""How often a handful of rows is read at most so that there are enough steps. Of twenty new facts the bundled model
knew none after 25 readings in 50 steps, and gave them word for word after 60 in 120."""
_BATCH = (4, 32)
"""Smallest and largest effective batch: adapters lose quality with large ones ("LoRA Without Regret", Thinking
Machines 2025)."""
_BITS_PER_PARAMETER = 2.0
"""What a trained parameter can store (Allen-Zhu and Li 2024, "Physics of Language Models: Part 3.3")."""
_BITS_PER_TOKEN = 1.0
"""What a token of a fine-tuning dataset holds, about ("LoRA Without Regret")."""
_MOST_RANK = 256
_FEW_ROWS = 2_000
"""Questions and answers below which changing every weight mostly forgets: adapters learn less and forget less
(Biderman et al. 2024)."""


@dataclass(frozen=True)
class Rows:
    """What a plan needs to know of the rows to learn from; lengths are in tokens, estimated unless `measured`."""

    rows: int
    about: bool
    """Whether the number of rows is estimated from a part of them."""
    mean: float
    p50: int
    p90: int
    p99: int
    longest: int
    """Of those that were looked at."""
    articles: bool
    """Whether rows are articles, which may be split, and not conversations, which are cut."""
    measured: bool = False
    """Whether the base's own tokenizer was asked."""
    aside: bool = False
    """Whether other files are held out, so that none of these rows is."""

    @property
    def tokens(self) -> float:
        """Tokens of all rows together."""
        return self.rows * self.mean


@dataclass(frozen=True)
class Value:
    """A derived value and the sentence that says why."""

    value: int | float | bool | str | tuple[str, ...]
    why: str


def _power(number: float) -> int:
    """Return the largest power of two that is not above a number of at least one."""
    return 1 << max(0, int(math.log2(max(number, 1.0))))


def _up(number: float, step: int = STEP) -> int:
    """Return the number rounded up to a multiple."""
    return -(-math.ceil(number) // step) * step


def max_length(rows: Rows, context: int) -> Value:
    """Return the maximum length in tokens; `context` is what the base can read, 0 when it does not tell."""
    bound = context or UNKNOWN_CONTEXT
    wanted = max(_up(rows.p99), STEP)
    said = "" if rows.measured else "about "
    if rows.articles:
        length = min(MOST_FOR_ARTICLES, bound)
        return Value(
            length, f"Articles are split without loss; {count(length)} tokens a piece keep what belongs together."
        )
    if wanted > bound:
        what = "is all the base can read" if context else "is a safe bound for a base that does not tell its context"
        return Value(bound, f"{count(bound)} {what}, and 1 % of the rows have {said}{count(rows.p99)} tokens or more.")
    return Value(wanted, f"99 % of the rows have at most {said}{count(rows.p99)} tokens.")


def answers(longest: int, most: int, thought: int = 0) -> dict[str, Value]:
    """Return the longest answer where `longest` leaves no prompt any room within `most` tokens, and the longest thought
    where `thought` then leaves no answer any; else nothing.
    """
    found = {}
    if longest >= most:
        longest = max(1, most // 2)
        found["max_completion_length"] = Value(longest, f"Half of {count(most)} tokens; the prompt has the rest.")
    if thought >= longest:
        why = f"Three fourths of {count(longest)} tokens; what is said after it has the rest."
        found["thinking_budget"] = Value(3 * longest // 4, why)
    return found


def of_students(preset: Mapping[str, Any], derived: Mapping[str, Value], chosen: Mapping[str, Any]) -> dict[str, Value]:
    """Return what distillation with answers of the student's own asks for: no packing, and room behind a prompt.

    `preset`, `derived` and `chosen` have the values so far. A share that is no number is refused where it is read.
    """
    values = {**preset, **{name: value.value for name, value in derived.items()}, **chosen}
    share = str(values.get("on_policy_share", 0))
    if values.get("method") != "distill" or not share.strip("0."):
        return {}
    length, longest = int(values.get("max_length", 1024)), int(values.get("max_completion_length", 256))
    return {
        "packing": Value(False, "The student writes answers of its own, which share no sequence."),
        **answers(longest, length),
    }


def room(rows: Rows, context: int, answer: int) -> Value:
    """Return the maximum length in tokens of a prompt together with an answer of up to `answer` tokens."""
    bound = context or UNKNOWN_CONTEXT
    length = min(_up(rows.p99) + answer, max(bound, answer + STEP))
    said = "" if rows.measured else "about "
    return Value(length, f"99 % of the rows have at most {said}{count(rows.p99)} tokens, and answers up to {answer}.")


def epochs(rows: Rows) -> Value:
    """Return how often the rows are read."""
    amount, table, unit = (
        (rows.tokens, _EPOCHS_OF_TOKENS, "tokens") if rows.articles else (rows.rows, _EPOCHS_OF_ROWS, "rows")
    )
    times = next((times for most, times in table if amount <= most), 1.0)
    shown = f"{count(amount)} {unit}" if amount < 1e6 else f"{amount / 1e6:.1f} million {unit}"
    why = "are few enough to be read more than once" if times > 1 else "are read once; there is enough to learn"
    return Value(times, f"{shown[:1].upper()}{shown[1:]} {why}.")


def steps_of(sequences: int, batch: int, times: float) -> int:
    """Return the optimizer steps of reading so many sequences so often; an epoch ends with a smaller batch."""
    return max(1, math.ceil(times * max(1, -(-sequences // batch))))


def enough(sequences: int, batch: int, times: float) -> dict[str, Value]:
    """Return how often rows are read, and the batch, where `times` by `batch` are too few steps; {} where they do."""
    steps = steps_of(sequences, batch, times)
    if steps >= FEW_STEPS:
        return {}
    smaller = min(batch, _BATCH[0])
    each = steps_of(sequences, smaller, 1.0)
    more = max(times, min(float(math.ceil(STEPS_WANTED / each)), _MOST_EPOCHS))
    why = (
        f"{several(sequences, 'sequence')} read {times:g} times make {several(steps, 'step')}, too few to learn "
        f"from; {more:g} times make {steps_of(sequences, smaller, more)}."
    )
    return {
        "num_train_epochs": Value(more, why),
        "per_device_train_batch_size": Value(smaller, "Few rows: a smaller batch gives more steps."),
        "gradient_accumulation_steps": Value(1, "The whole batch goes through at once."),
    }


def sequences(rows: Rows, length: int, packing: bool) -> int:
    """Return how many sequences of `length` tokens the rows make, packed or one each."""
    if rows.articles and not packing:
        return max(1, round(rows.rows * math.ceil(rows.mean / length)))
    kept = rows.rows * min(rows.mean, float(length))
    # Best fit leaves a few per cent of a sequence empty.
    packed = math.ceil((rows.tokens if rows.articles else kept) / (0.97 * length))
    return max(1, min(packed, rows.rows) if not rows.articles else packed) if packing else max(1, rows.rows)


def effective_batch(sequences: int, times: float, given: int = 0) -> Value:
    """Return the sequences of an optimizer step for so many `sequences` read `times` times.

    `given` is the number of steps where the person, or a preset, has settled it: they read what they come to.
    """
    batch = min(max(_power(sequences * times / STEPS_WANTED), _BATCH[0]), _BATCH[1])
    if given:
        often = passes(given * batch / max(sequences, 1))
        said = f"{several(given, 'step')} of {batch} read {several(sequences, 'sequence')} {often}."
        return Value(batch, said)
    steps = math.ceil(sequences * times / batch)
    return Value(
        batch,
        f"{count(sequences)} sequences make {several(steps, 'step')} of {batch}, enough for a warm-up and a decay.",
    )


def passes(times: float) -> str:
    """Return how often rows are read: "not even once (about 7 %)", "about once", "about 150 times"."""
    if times < 0.95:
        return f"not even once (about {100 * times:.2g} %)"
    number = count(times) if times >= 10 else f"{times:.2g}"
    return "about once" if number == "1" else f"about {number} times"


def rank(rows: Rows, usual: int, weights_per_rank: int) -> Value:
    """Return the rank of an adapter: the usual one of the method, or as many as what is learnt takes to be stored.

    `weights_per_rank` is how many weights the adapter gains with each rank: inputs and outputs of all adapted matrices.
    """
    needed = rows.tokens * _BITS_PER_TOKEN / (_BITS_PER_PARAMETER * max(weights_per_rank, 1))
    if needed <= usual:
        return Value(usual, f"Rank {usual} can store what {_tokens(rows)} hold; more would mostly memorise.")
    chosen = min(1 << math.ceil(math.log2(needed)), _MOST_RANK)
    return Value(chosen, f"{_tokens(rows)} hold more than rank {usual} can store at 2 bits a weight.".capitalize())


def _tokens(rows: Rows) -> str:
    amount = rows.tokens
    return f"about {amount / 1e6:.1f} million tokens" if amount >= 1e6 else f"about {count(amount)} tokens"


def few_steps(steps: int) -> str:
    """Return the sentence that says that so many steps are too few, "" when they are not."""
    if steps >= FEW_STEPS:
        return ""
    return f"{several(steps, 'step')} {'is' if steps == 1 else 'are'} too few to learn much; more epochs make more."


def cut(rows: Rows, length: int, answer: int = 0) -> str:
    """Return the sentence that says how many rows are longer than a length, "" when hardly any is.

    `answer` is the longest answer that is written to a row, where rows are prompts: those without room for it are
    dropped, since a prompt that is cut would ask something else.
    """
    room = length - answer
    if rows.articles or rows.p99 <= room:
        return ""
    share = "more than half" if rows.p50 > room else "more than a tenth" if rows.p90 > room else "at least 1 %"
    if answer:
        said = f"At {count(length)} tokens with answers of up to {count(answer)}, {share} of the rows do not fit"
        return f"{said}; prompts that do not fit are dropped, not cut."
    return f"At {count(length)} tokens {share} of the rows lose their end, and an answer that begins later is left out."


def few_held(rows: Rows, share: float) -> str:
    """Return the sentence that says that a held-out share is too few rows to choose a state by, "" when it is not.

    None held out are no doubt: then nothing is chosen by them.
    """
    held = max(round(rows.rows * share), 1)
    if rows.articles or rows.aside or not share or rows.rows < FEWEST or held >= FEWEST:
        return ""
    more = math.ceil(100 * FEWEST / rows.rows) / 100
    helps = f"eval_split={more:g} holds out {FEWEST}" if more <= 0.5 else "a file of other rows would do"
    return (
        f"{several(held, 'row')} held out of {count(rows.rows)} cannot tell which state is the best, so the last one "
        f"becomes the result; {helps}."
    )


def too_few_for_full(rows: Rows) -> str:
    """Return why changing every weight is not proposed for these rows, or ""."""
    if rows.articles or rows.rows >= _FEW_ROWS:
        return ""
    return f"{count(rows.rows)} rows are few: changing every weight would forget more than it learns."
