"""What the figures of a run mean that learns from answers of its own: whether they teach, and whether it cheats.

Owns these rules and their thresholds. Must not know files or screens, nor how a method computes its figures.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence

from workbench.core.checks import CHECKS
from workbench.core.errors import UsageError
from workbench.core.findings import Figures, Finding, Fix, scaled
from workbench.core.health_alignment import STILL_LOOKS, metric
from workbench.core.rewards import parse
from workbench.core.units import count, margin, percent

ALIKE_SHARE = 0.5
"""Share of groups whose answers all got the same reward, from which on most of the work teaches nothing: a reward that
is its group's mean has an advantage of 0, whatever it is divided by (Yu et al. 2025, DAPO, replace such groups)."""
CUT_SHARE = 0.25
"""Share of answers cut at the limit of length, or of thoughts closed by force, from which on it is worth a word. What
is cut is rewarded for where it was cut, which DAPO calls noise and softens or leaves out; the share is our choice."""
FAR = 10.0
"""Divergence from the base, in nats per answer, beyond which a rising reward is suspect: our choice. With d the root of
it, Gao et al. 2023 ("Scaling Laws for Reward Model Overoptimization") fit the true reward under reinforcement by
d·(α - β·log d), which turns where d is exp(α/β - 1), while the judge's own goes on rising. Where that is depends on the
judge, so that no distance is right for all. At this one an answer is likelier than it was by exp(10), in the mean of
logarithms."""
LARGE = 3.0
"""The same, from which on the distance is told beside a reward that rises, and is worth a look where a learnt judge
pays: our choice. An answer is then likelier than it was by exp(3), twenty times, in the mean of logarithms."""
VERIFIABLE = ("answer", "tests", "calls")
"""What a check compares an answer with that says whether it is right; the others judge its form, or like it."""
JUDGES = ("model", "judge")
"""Checks that are learnt, and can be pleased without being right."""
COLLAPSE = 0.5
"""Share of the gain in reward that is lost again, from which on it counts as collapsed: our choice."""
EDGE = 6
"""Values at the beginning and at the end whose means are compared; a run with fewer than twice as many is too young."""
SURE = 2.0
"""Standard errors by which two such means must differ. Student's t with 2·(6 - 1) degrees of freedom is above 2 in
3.7 % of cases, if the values of steps were independent; they nearly are, since each step has prompts of its own."""
NEARLY_ALL = 0.9
"""Share of what can be earned from which on little is left to learn, and answers rightly become alike: our choice. Of a
group of 8 answers that are each right in 9 of 10 cases, all are right in 43 % (0.9 to the 8th)."""
NEARLY_NONE = 0.05
"""Share of what a check gives up to which it pays next to nothing: of a group of 8 answers that are each right in 1 of
20 cases, none is right in 66 % (0.95 to the 8th). Our choice."""
SOFTER = "easier prompts, an sft first, or a softer check beside it"
"""What helps where no answer earns anything."""
FLAT_SHARE, FLAT_VALUES = 0.5, 24
"""Share of the run, and values of the reward, after which it should have risen: our choice, late, for slow runs rise
late."""
ENTROPY_LEFT, ENTROPY_LEAST = 0.1, 0.05
"""Entropy now as a share of what it was, and in nats per token, below both of which nothing new is tried any more. What
a policy earns is bought with its entropy and stands still when that is spent (Cui et al. 2025, "The Entropy Mechanism
of Reinforcement Learning for Reasoning Language Models"); both bounds are our choice."""
ENTROPY_TIMES, ENTROPY_MORE = 3.0, 1.0
"""The same as a multiple and as a rise in nats per token, above both of which it writes at random: our choice."""
SHRUNK, GROWN = 0.25, 2.5
"""Length of answers, or of thoughts, now as a share of what it was: below and above these it is the length that is
learnt. Our choice."""
SHORT = 8.0
"""Tokens of answers that are too short for either to mean anything: our choice."""
TRADED = 0.1
"""Fall of one check's mean, of its whole range, while the sum rises: the others are bought with it. Our choice."""
EMPTY_SHARE = 0.5
"""Share of thoughts without a word, from which on it does not think: our choice."""


def _values(figures: Figures, name: str) -> list[float]:
    """Return the values of a figure of steps, oldest first."""
    return [value for _, value in figures.metrics.get(name, ()) if math.isfinite(value)]


def _ends(values: Sequence[float]) -> tuple[float, float, float] | None:
    """Return (mean at the beginning, mean at the end, standard error of their difference), None while too few."""
    if len(values) < 2 * EDGE:
        return None
    first, last = values[:EDGE], values[-EDGE:]
    error = math.sqrt((statistics.variance(first) + statistics.variance(last)) / EDGE)
    return statistics.fmean(first), statistics.fmean(last), error


def most(figures: Figures) -> float | None:
    """Return the most an answer can earn by the recipe's rewards, None where that is not bounded or not known.

    Where the rows choose the check it gives 1 at most.
    """
    recipe = figures.recipe
    if recipe is None or recipe.reward_model:
        return None
    try:
        specs = [parse(text) for text in recipe.rewards]
    except UsageError:
        return None
    whole = sum(max(spec.weight * spec.check.low, spec.weight * spec.check.high) for spec in specs) if specs else 1.0
    return whole if math.isfinite(whole) and whole > 0 else None


def _nearly_all(figures: Figures) -> bool:
    """Return whether answers earn nearly all there is."""
    reward, whole = _values(figures, "reward")[-EDGE:], most(figures)
    return bool(reward) and whole is not None and statistics.fmean(reward) >= NEARLY_ALL * whole


def _nearly_none(figures: Figures) -> bool:
    """Return whether no check that pays for something good, from 0 upwards, pays anything to speak of."""
    try:
        specs = [parse(text) for text in figures.recipe.rewards] if figures.recipe is not None else []
    except UsageError:
        return False
    worth = [spec for spec in specs if spec.weight > 0 and spec.check.low == 0]
    paid = [(_values(figures, f"reward_{spec.name}")[-EDGE:], spec.check.high) for spec in worth]
    return bool(paid) and all(
        values and math.isfinite(high) and statistics.fmean(values) <= NEARLY_NONE * high for values, high in paid
    )


def _groups(figures: Figures) -> Iterator[Finding]:
    """Groups whose answers are all alike, and answers that are cut."""
    alike = [value for _, value in metric(figures, "alike")][-STILL_LOOKS:]
    if len(alike) == STILL_LOOKS and min(alike) > ALIKE_SHARE:
        text = f"in {percent(alike[-1])} of groups all answers get the same reward and teach nothing"
        if _nearly_all(figures):
            text += ": nearly everything is right"
            yield Finding("groups_alike", "notice", text, Fix("harder prompts would teach more"))
        else:
            help_ = "prompts that are neither too easy nor too hard, or more answers to each"
            if _nearly_none(figures):
                text, help_ = f"{text}: next to no answer earns anything", SOFTER
            yield Finding("groups_alike", "warning", text, Fix(help_))
    cut = [value for _, value in metric(figures, "cut")][-STILL_LOOKS:]
    if len(cut) == STILL_LOOKS and min(cut) > CUT_SHARE:
        yield Finding(
            "answers_cut",
            "warning",
            f"{percent(cut[-1])} of answers are cut off before they end, so that what is rewarded is half an answer",
            Fix("a higher max_completion_length, or the reward overlong for answers that stop in time"),
        )


def _reward(figures: Figures) -> Iterator[Finding]:
    """The reward as a whole: rising, flat, collapsed, or rising far away from the base."""
    reward = [value for _, value in metric(figures, "reward")]
    if len(reward) >= 2 * STILL_LOOKS:
        now, best = statistics.fmean(reward[-STILL_LOOKS:]), max(reward[:-STILL_LOOKS])
        start = statistics.fmean(reward[:STILL_LOOKS])
        far = [value for _, value in metric(figures, "far")]
        if best - start > 0 and best - now > COLLAPSE * (best - start) and now < start + COLLAPSE * (best - start):
            if best - start > abs(start) * 0.1:
                yield Finding(
                    "reward_collapse",
                    "bad",
                    f"the reward has fallen from {best:.2f} to {now:.2f}",
                    _slower(figures, "stop it and begin anew with half the learning rate", "stop"),
                )
        elif far and far[-1] > FAR and now > start:
            yield Finding(
                "reward_hacking",
                "warning",
                f"the reward rises far away from the base (KL {far[-1]:.1f}): read the samples",
                _slower(figures, "half the learning rate keeps it nearer"),
            )
    if (ends := _ends(_values(figures, "reward"))) is None:
        return
    start, now, error = ends
    if now > start + SURE * error:
        yield Finding("reward_rising", "good", f"the reward rises ({margin(start)} → {margin(now)}){_away(figures)}")
    elif (
        figures.step >= FLAT_SHARE * figures.steps > 0
        and len(_values(figures, "reward")) >= FLAT_VALUES
        and now < start + error
        and not _nearly_all(figures)
    ):
        yield Finding(
            "reward_flat",
            "warning",
            f"the reward has not risen in {count(figures.step)} steps ({margin(start)} → {margin(now)})",
            Fix(
                "three times the learning rate, prompts it sometimes gets right, or a softer check",
                scaled(figures, "learning_rate", 3.0),
                "duplicate",
            ),
        )


def _slower(figures: Figures, text: str, action: str = "duplicate") -> Fix:
    """Return a fix that halves the learning rate."""
    return Fix(text, scaled(figures, "learning_rate", 0.5), action)


def _rises(figures: Figures) -> bool:
    """Return whether the reward has risen by more than chance."""
    ends = _ends(_values(figures, "reward"))
    return ends is not None and ends[1] > ends[0] + SURE * ends[2]


def _traded(figures: Figures) -> Iterator[Finding]:
    """A check that falls while the sum rises."""
    if not _rises(figures):
        return
    for name in figures.metrics:
        if not name.startswith("reward_") or name == "reward_std" or (ends := _ends(_values(figures, name))) is None:
            continue
        start, now, error = ends
        values = _values(figures, name)
        whole = max(max(values) - min(values), 1.0)
        if start - now > max(TRADED * whole, SURE * error):
            yield Finding(
                "check_traded",
                "warning",
                f"the reward rises while {name.removeprefix('reward_')} falls ({margin(start)} → {margin(now)}): "
                "one check is paid with another, so read the answers",
                Fix("give it more weight"),
            )


def _distance(figures: Figures) -> float:
    """Return the divergence from the base in nats an answer: of the newest steps, else of the newest look; else 0."""
    steps = _values(figures, "kl")[-STILL_LOOKS:]
    return statistics.fmean(steps or _values(figures, "eval_kl")[-1:] or [0.0])


def _away(figures: Figures) -> str:
    """Return how far from the base answers are, as the end of a clause, where that is worth a word; else ""."""
    far = _distance(figures)
    return f", {margin(far)} nats an answer away from the base" if far > LARGE else ""


def _parts(figures: Figures) -> dict[str, tuple[float, float, float]]:
    """Return what each part of the reward, and each check that watches it, gave: name → as `_ends`.

    Of steps where they have it. What only held-out prompts are asked by is of the first and the newest look.
    """
    found: dict[str, tuple[float, float, float]] = {}
    for metric_name in figures.metrics:
        name = metric_name.removeprefix("eval_").removeprefix("reward_")
        held_out = metric_name.startswith("eval_reward_")
        if name not in CHECKS or not metric_name.removeprefix("eval_").startswith("reward_"):
            continue
        values = _values(figures, metric_name)
        if held_out and f"reward_{name}" not in figures.metrics and len(values) > 1:
            found[name] = values[0], values[-1], 0.0
        elif not held_out and (ends := _ends(values)) is not None:
            found[name] = ends
    return found


def _not_right(figures: Figures) -> Iterator[Finding]:
    """A sum that rises while no more answers are right, and a learnt judge that is followed far from the base."""
    parts = _parts(figures)
    if not _rises(figures):
        return
    right = {name: ends for name, ends in parts.items() if CHECKS[name].needs in VERIFIABLE}
    stays = [
        name
        for name, (start, now, error) in right.items()
        if now <= start + error and now < NEARLY_ALL * CHECKS[name].high
    ]
    if len(parts) > 1 and stays:
        fell = any(right[name][1] < right[name][0] - SURE * right[name][2] for name in stays)
        shown = [*stays, *(name for name in parts if name not in stays)]
        more = (
            "fewer" if fell else "hardly more" if any(right[name][1] > right[name][0] for name in stays) else "no more"
        )
        told = ", ".join(f"{name} {margin(parts[name][0])} → {margin(parts[name][1])}" for name in shown)
        yield Finding(
            "right_not_rising",
            "warning" if fell else "notice",
            f"the reward rises, and {more} answers are right for it: {told}{_away(figures)}",
            Fix("read the samples; more weight on whether answers are right, or half the learning rate"),
        )
    elif any(name in JUDGES for name in parts) and LARGE < _distance(figures) <= FAR:
        yield Finding(
            "far_from_base",
            "notice",
            f"the reward rises{_away(figures)}: read the samples, a learnt judge can be pleased without being right",
            _slower(figures, "a higher beta or half the learning rate keeps it nearer"),
        )


def _lengths(figures: Figures) -> Iterator[Finding]:
    """Answers that shrink to nothing, or grow without end."""
    ends = _ends(_values(figures, "length"))
    if ends is None or max(ends[:2]) < SHORT:
        return
    start, now, _ = ends
    rises = _rises(figures)
    span = f"from {count(round(start))} to {count(round(now))} tokens"
    if now < SHRUNK * start:
        text = f"answers have shrunk {span}" + (", and earn more that way: it may be the reward's gap" if rises else "")
        help_ = "a check that a short answer does not pass, or the reward length with a min"
        yield Finding("length_collapse", "warning" if rises else "bad", text, Fix(help_))
    elif now > GROWN * start:
        text = f"answers have grown {span}" + ("" if rises else ", and earn no more for it")
        yield Finding(
            "length_runs_away", "notice" if rises else "warning", text, Fix("the reward overlong or length holds them")
        )


def _thoughts(figures: Figures) -> Iterator[Finding]:
    """Thoughts that are closed by force, empty, or shrink to nothing."""
    forced = [value for _, value in metric(figures, "forced")][-STILL_LOOKS:]
    if len(forced) == STILL_LOOKS and min(forced) > CUT_SHARE:
        yield Finding(
            "thoughts_forced",
            "warning",
            f"{percent(forced[-1])} of thoughts are closed by force, so that the answer follows half a thought",
            Fix("a higher thinking_budget, or the reward overlong for thoughts that end in time"),
        )
    empty = [value for _, value in metric(figures, "thoughtless")][-STILL_LOOKS:]
    if len(empty) == STILL_LOOKS and min(empty) > EMPTY_SHARE:
        yield Finding(
            "thoughts_empty",
            "warning",
            f"{percent(empty[-1])} of thoughts have no word in them: it answers without thinking",
            Fix("an sft with thoughts first, the reward format(tags=think, rest=true), or tasks of several steps"),
        )
        return
    ends = _ends(_values(figures, "thought"))
    if ends is not None and ends[0] >= SHORT and ends[1] < SHRUNK * ends[0]:
        span = f"from {count(round(ends[0]))} to {count(round(ends[1]))} tokens"
        yield Finding(
            "thoughts_shrunk",
            "notice" if _rises(figures) else "warning",
            f"thoughts have shrunk {span}" + ("" if _rises(figures) else ", and earn no more for it"),
            Fix("the reward budget with a min holds them, where the tasks need several steps"),
        )


def _entropy(figures: Figures) -> Iterator[Finding]:
    """Answers that are always the same, or written at random."""
    if (ends := _ends(_values(figures, "entropy"))) is None:
        return
    start, now, _ = ends
    if now < min(ENTROPY_LEFT * start, ENTROPY_LEAST) and not _nearly_all(figures):
        recipe = figures.recipe
        wider = recipe is not None and recipe.epsilon_high < 0.28
        yield Finding(
            "entropy_collapse",
            "warning",
            f"the entropy has fallen to {percent(now / start)} of what it was: it tries nothing new any more",
            Fix(
                "a wider upper clip (epsilon_high), a higher temperature, or half the learning rate",
                {"epsilon_high": 0.28} if wider else scaled(figures, "learning_rate", 0.5),
                "duplicate",
            ),
        )
    elif now > max(ENTROPY_TIMES * start, start + ENTROPY_MORE):
        yield Finding(
            "entropy_explodes",
            "bad",
            f"the entropy has risen from {start:.2f} to {now:.2f} nats per token: it writes more and more at random",
            _slower(figures, "stop it and begin anew with half the learning rate", "stop"),
        )


def reinforcement(figures: Figures) -> Iterator[Finding]:
    """Groups that teach nothing, answers that are cut, rewards that are flat, collapse or are hacked, lost variety.

    Of runs that think before they answer also what becomes of their thoughts.
    """
    for rule in (_groups, _reward, _traded, _not_right, _lengths, _thoughts, _entropy):
        yield from rule(figures)
