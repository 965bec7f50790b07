"""What can be learnt from the data at hand: the methods, the one the rows suggest, and why the others do not serve.

Owns the words for each method and what taking one changes on the road. Must not look at data: a glance is handed in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.core import presets, recipe, relevance
from workbench.core.errors import UsageError
from workbench.core.plan import Plan
from workbench.guide.road import METHOD_NAMES, Road


@dataclass(frozen=True)
class Method:
    """What is said of a method wherever it is offered."""

    teaches: str
    """A few words."""
    costs: str
    """A few words."""
    needs: str
    """What rows must have, for those that do not."""
    about: str
    """Two or three sentences."""


TABLE: dict[str, Method] = {
    "sft": Method(
        "how to answer",
        "one reading of each row",
        "questions with answers, or conversations",
        "Shows the model questions with the answers you want, and trains it on the answers alone. It sets manner, form "
        "and task within minutes or hours; new knowledge sticks less well than from articles.",
    ),
    "cpt": Method(
        "what articles say",
        "some forgetting; replay holds it",
        "running text: articles, notes, pages",
        "Continues the base's own pre-training on your text: every token is learnt. It adds knowledge, and it does not "
        "teach answering: an SFT on questions usually follows.",
    ),
    "pretrain": Method(
        "a language, from nothing",
        "very much text and time",
        "running text: articles, notes, pages",
        "Starts from random weights, so that everything the model will know has to be in the text. For a small world "
        "of its own; for everything else a base is the better start.",
    ),
    "dpo": Method(
        "which answer is better",
        "two answers a row, read twice each",
        "a better and a worse answer to each prompt",
        "Raises the better answer of each pair against the worse one, measured from where the base stood. For taste, "
        "tone and refusals, best after an SFT that already answers well.",
    ),
    "kto": Method(
        "good answers over bad ones",
        "each row read twice or more",
        "answers marked good or bad",
        "Like DPO without pairs: single answers with a thumb up or down, as a product collects them. Pairs teach more "
        "a row, marks are easier to come by.",
    ),
    "orpo": Method(
        "to answer, and which is better",
        "two answers a row, read once each",
        "a better and a worse answer to each prompt",
        "Learns the better answer as SFT does and pushes the worse one away in the same step, without a reference "
        "model. One run in place of two, with less hold on the base.",
    ),
    "reward": Method(
        "to score answers",
        "a judge, which cannot chat",
        "a better and a worse answer to each prompt",
        "Makes a model that gives an answer a number, higher for the better one of each pair. It judges samples, or "
        "later serves as the goal of reinforcement learning.",
    ),
    "grpo": Method(
        "what a check rewards",
        "many answers written a prompt",
        "prompts with answers to check",
        "The model writes several answers to each prompt, a check scores them, and what scored above the group's mean "
        "becomes likelier. For sums, code and formats, where right can be told from wrong.",
    ),
    "ppo": Method(
        "what a reward model likes",
        "a judge and a critic, many answers",
        "prompts with a reward model or answers to check",
        "The model writes an answer to each prompt, a reward model scores it, a critic learns what was to be expected, "
        "and what did better becomes likelier. Train the reward model first, from preferences, on the same base.",
    ),
    "distill": Method(
        "what a larger model says",
        "the teacher reads each row once",
        "questions with answers, articles, or prompts",
        "A larger model says of each word of answers or articles how likely it held every other one, and a smaller one "
        "learns that. Prompts without answers are answered by the larger one first, as all are where it is a GGUF.",
    ),
    "prune": Method(
        "itself, with less in it",
        "the base reads each row once",
        "questions with answers, conversations, or articles",
        "Takes out of the base what these rows use least, whole layers, heads or channels, and lets the rest learn "
        "from the whole one. The result is a smaller and faster model of the same kind, which knows a little less.",
    ),
}  # fmt: skip

REPLAY_STEPS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
REPLAY_SUGGESTED = (0.1, 0.2)


@dataclass(frozen=True)
class Offer:
    """A method as it is offered for the data."""

    method: str
    name: str
    said: Method
    why: str = ""
    """The evidence, "" for none."""
    lacks: str = ""
    """What the data would need for it, "" when it serves."""

    @property
    def serves(self) -> bool:
        """Whether the data can be learnt from in this way."""
        return not self.lacks


def suggested(glance: Mapping[str, Any]) -> str:
    """Return the method to propose: what the rows suggest, or the first of the others that can be trained."""
    wanted = [glance["suggested"], *(str(other["method"]) for other in glance["alternatives"]), glance["method"]]
    return next((method for method in wanted if method in recipe.METHODS), str(glance["method"]))


def _judged(glance: Mapping[str, Any], why: Mapping[str, str], judges: Sequence[str]) -> str:
    """Return why PPO serves, "" when it does not: who scores answers, where rows have prompts at all."""
    if judges and glance["method"] not in ("cpt", "pretrain"):
        return f"{judges[0]} scores answers of this lineage"
    return why.get("grpo", "")


def offers(glance: Mapping[str, Any] | None, base: str = "", judges: Sequence[str] = ()) -> list[Offer]:
    """Return the methods there are, those that serve the data first and the proposed one on top.

    `judges` are the reward models of the base's lineage. Without a glance nothing is ruled out.
    """
    why = {}
    if glance is not None:
        why = {str(other["method"]): str(other["why"]) for other in glance["alternatives"]}
        why = {suggested(glance): evidence(glance), **why, glance["method"]: why.get(glance["method"], "")} | (
            {glance["suggested"]: evidence(glance)}
        )
        if said := _judged(glance, why, judges):
            why.setdefault("ppo", said)
        if why.keys() & {"sft", "cpt", "grpo"}:
            why.setdefault("distill", "")
        if {"sft", "cpt"} & why.keys():
            why.setdefault("prune", "")
    first = [suggested(glance)] if glance is not None else []
    order = [*first, *why, *TABLE]
    found = []
    for method in dict.fromkeys(order):
        if method not in recipe.METHODS or method not in TABLE:
            continue
        lacks = TABLE[method].needs if glance is not None and method not in why else ""
        if base == recipe.SCRATCH and method != "pretrain":
            lacks = "a base that already knows something"
        found.append(Offer(method, METHOD_NAMES.get(method, method), TABLE[method], why.get(method, ""), lacks))
    return sorted(found, key=lambda offer: not offer.serves)


def evidence(glance: Mapping[str, Any]) -> str:
    """Return what in the rows speaks for the method they suggest."""
    return str(glance["why"][0]) if glance["why"] else ""


def beyond(glance: Mapping[str, Any]) -> str:
    """Return the sentence about a method that would suit the rows and that cannot be trained, "" when there is none."""
    best = str(glance["suggested"])
    if best in recipe.METHODS:
        return ""
    return f"{METHOD_NAMES.get(best, best)} would suit these rows, and this version does not train it."


def taken(road: Road, method: str, proposed: str, judges: Sequence[str] = (), teachers: Sequence[str] = ()) -> Road:
    """Return the road with a method, set only where it is not the proposed one; what only another one uses is dropped.

    PPO takes the first of the reward models in `judges`, distillation the first of
    `teachers`. Raises UsageError for a method that does not exist.
    """
    bare = road.without("method")
    # A beta that suits one loss does not suit another.
    bare = bare.without("beta", *(name for name in bare.chosen if not relevance.counts(name, method)))
    if method == "ppo" and judges and "reward_model" not in bare.chosen:
        bare = bare.with_value("reward_model", judges[0])
    if method == "distill" and teachers and "teacher" not in bare.chosen:
        bare = bare.with_value("teacher", teachers[0])
    return bare if method == proposed else bare.with_value("method", method)


def replay_share(road: Road, plan: Plan | None) -> float:
    """Return the share of general text that a run of the road mixes in: the person's, the plan's, or the preset's."""
    if "replay_share" in road.chosen:
        return float(road.chosen["replay_share"])
    if plan is not None and plan.chosen.resolved.recipe.method == "cpt":
        return float(plan.chosen.resolved.recipe.replay_share)
    try:
        return float(presets.default_for("cpt", "lora").values.get("replay_share", 0.0))
    except UsageError:
        return 0.0


def replay_note(share: float) -> str:
    """Return what a replay share means."""
    low, high = REPLAY_SUGGESTED
    if share == 0:
        return "no general text: the base forgets most this way"
    if share < low:
        return "little general text; 10–20 % is the usual hold on it"
    if share <= high:
        return "general text between yours, so that little is forgotten"
    return "more than usual: a firmer hold, and slower articles"
