"""The trainer of GRPO: groups of answers are written, scored and learnt from, step by step.

Owns how a step comes by its answers, and what is told of them. Must not know the checks themselves, the arithmetic of
the loss (`groups.py`) or how answers are drawn (`rollouts.py`). The policy alone is in memory; what it is held to where
beta asks for that is the same weights with the adapter off, or a frozen copy under full tuning.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np
import torch

from workbench.core import events, units
from workbench.core.recipe import Recipe, answers_of, beta_of
from workbench.engine import layout as layouts
from workbench.engine import micro, samples
from workbench.engine.masks import IGNORED
from workbench.engine.reinforce import groups, policy, rollouts
from workbench.engine.reinforce.prompts import Groups, Prompts
from workbench.engine.reinforce.rollouts import Rollouts, Sampling
from workbench.engine.reinforce.scored import Group, joined, never_thought, own, thought_figures
from workbench.engine.reinforce.unjudged import Unjudged
from workbench.engine.rewards import Completion, Rewards, Scores
from workbench.engine.tally import Tally
from workbench.engine.thoughts import Thoughts
from workbench.engine.trainer import WorkbenchTrainer
from workbench.engine.trial import Longest

HELD_ANSWERS = 128
"""Answers to held-out prompts that are drawn at a look, at most: several to each prompt where there are few."""
SHOWN_ANSWERS, SHOWN_CHARACTERS = 8, 1000
"""What the journal keeps of one group per step."""
_TOLD_SECONDS = 5.0
"""Between two words of how far the writing is."""
_LOOK, TRAINING = 1, 0
"""First numbers of keys, so that answers of a look and of a step never share random numbers."""


def look_of(recipe: Recipe, prompts: int) -> tuple[int, int]:
    """Return (prompts that a look answers, answers drawn to each), of so many that are held out."""
    taken = min(prompts, HELD_ANSWERS)
    return taken, max(1, min(answers_of(recipe), HELD_ANSWERS // max(taken, 1)))


class Scorer(Protocol):
    """What gives answers their rewards."""

    def score(self, completions: Sequence[Completion]) -> Scores:
        """Return what each completion earns, in their order."""


class Reinforcer(WorkbenchTrainer):
    """The workbench's trainer, which writes what it learns from."""

    def __init__(self, *, rewards: Rewards, reference: Any = None, **rest: Any) -> None:
        """`reference` is the frozen copy of a base that has no adapter to take off, where one is asked for."""
        super().__init__(**rest)
        recipe = self._recipe
        self._rewards: Scorer = rewards
        self._names, self._copy = _names(rewards), reference
        self._thought_of = False
        """Whether the first answers' thoughts were looked at."""
        self._unjudged = Unjudged([spec.weight for spec in rewards.specs], self._reporter.notice)
        self._objective = groups.objective_of(recipe)
        self._prompts: Prompts = (
            self.train_dataset.whole if isinstance(self.train_dataset, Longest) else self.train_dataset
        )
        self._order = Groups(self.train_dataset.lengths, recipe)
        self._answered: list[dict[str, Any]] = []
        """The batches of the answers that are learnt at present, for as many steps as the recipe says."""
        self._size = groups.Size(1, 1)
        tokenizer = self.processing_class
        self._sampling = Sampling(
            recipe.max_completion_length, samples.stops(tokenizer, self.model), int(tokenizer.pad_token_id),
            recipe.temperature, recipe.top_p, len(tokenizer), self._thoughts(tokenizer),
        )  # fmt: skip
        policy.at_temperature(self.model, recipe.temperature)
        if reference is not None:
            policy.at_temperature(reference, recipe.temperature)
        # The stack would divide by the passes of a step what is divided by all of its answers already.
        self.loss_is_scaled_for_ga = True

    def _thoughts(self, tokenizer: Any) -> Thoughts | None:
        """Return how the thoughts of this run's answers are held, None where it asks for none."""
        if not self._recipe.thinking_budget:
            return None
        return Thoughts.of(tokenizer, self._prompts.tokens(0), self._recipe.thinking_budget)

    # What is written

    def _write(self, prompts: Sequence[Sequence[int]], count: int, key: Sequence[int], how: Sampling) -> Rollouts:
        """Return answers to prompts; writes fewer at once when memory runs out, and raises when one does not fit."""
        total, began = len(prompts) * count, time.monotonic()
        doing = self._reporter.doing

        def told(done: int) -> None:
            nonlocal began
            if time.monotonic() - began > _TOLD_SECONDS:
                began = time.monotonic()
                self._reporter.phase(doing, "writing answers", done=done, total=total)

        while True:
            try:
                with self.accelerator.autocast():
                    return rollouts.sample(
                        self.accelerator.unwrap_model(self.model), prompts, how, count=count, key=key,
                        batch=self._layout.written, told=told,
                    )  # fmt: skip
            except RuntimeError as error:
                # It holds the failed pass in memory, so nothing is done before it is gone.
                if not micro.ran_out(error):
                    raise
            micro.free()
            before, after, step = self._layout, self._layout.smaller_writing(), self.state.global_step + 1
            if after is None:
                raise layouts.too_little(
                    self._recipe, f"while answers were written for step {step}", max(map(len, prompts))
                )
            self._layout = after
            self._reporter.write(layouts.change(self._recipe, before, after, step, "it goes on"), durable=True)

    def _scored(self, dataset: Prompts, numbers: Sequence[int], count: int, written: Rollouts) -> list[Group]:
        """Return the answers to some prompts as groups with their rewards; those that are learnt must be judged."""
        texts = [self._text(prompt, answer) for prompt, answer in zip(written.prompts, written.answers, strict=True)]
        rows = [dataset.row(number) for number in numbers]
        scores = self._rewards.score(
            [
                Completion(
                    prompt=rows[place // count]["prompt"],
                    text=text,
                    tokens=len(written.answers[place]),
                    finished=written.finished[place],
                    forced=bool(written.forced[place]),
                    row=rows[place // count],
                )
                for place, text in enumerate(texts)
            ]
        )
        if dataset is self._prompts:
            self._unjudged.saw(scores, self.state.global_step + 1)
        total, parts = np.asarray(scores.total, dtype=np.float64), np.asarray(scores.parts, dtype=np.float64)
        spans = [slice(start, start + count) for start in range(0, len(texts), count)]
        return [
            Group(number, written, span.start, texts[span], total[span], parts[span])
            for number, span in zip(numbers, spans, strict=True)
        ]

    def _text(self, prompt: Sequence[int], answer: Sequence[int]) -> str:
        """Return an answer as checks read it."""
        return samples.spoken(self.processing_class, prompt, answer, self._sampling.ends)

    def _groups(self, numbers: Sequence[int], key: Sequence[int]) -> list[Group]:
        """Return a group of answers to each of some prompts."""
        count = answers_of(self._recipe)
        written = self._write([self._prompts.tokens(number) for number in numbers], count, key, self._sampling)
        found = self._scored(self._prompts, numbers, count, written)
        for group in found:
            known = group.rewards[~np.isnan(group.rewards)]
            self._order.difficulty.saw(group.number, known.mean() if len(known) else math.nan, group.alike)
        return found

    def _others(self, taken: set[int], wanted: int, key: Sequence[int]) -> list[int]:
        """Return up to `wanted` prompts that are not in a step yet, chosen by a key."""
        free = np.setdiff1d(np.arange(len(self._prompts)), np.array(sorted(taken), dtype=np.int64))
        chosen = np.random.default_rng(list(key)).permutation(free)[:wanted]
        return [int(number) for number in chosen]

    def _resampled(self, found: list[Group], key: Sequence[int]) -> list[Group]:
        """Return the groups of a step with those that teach nothing replaced, as often as the recipe allows.

        Where no better one turns up they stay: their advantages are 0 (dynamic sampling, Yu et al. 2025, section 3.2).
        """
        found, taken = list(found), {group.number for group in found}
        for again in range(1, self._recipe.resample_groups + 1):
            dull = [place for place, group in enumerate(found) if group.alike]
            numbers = self._others(taken, len(dull), [*key, again])
            if not numbers:
                break
            taken |= set(numbers)
            better = [group for group in self._groups(numbers, [*key, again]) if not group.alike]
            for place, group in zip(dull, better, strict=False):
                found[place] = group
        return found

    # What is learnt

    def _run_epoch(self, *, epoch: int, **rest: Any) -> None:
        """Learn from every prompt once, but for those that have taught nothing too often; says how many those are."""
        difficulty, known = self._order.difficulty, len(self._prompts)
        if not self.state.global_step:
            for said in self._order.without_effect(self._plan.steps):
                self._reporter.notice("warning", "without_effect", said)
        if difficulty.begun != epoch and (out := difficulty.left_out(range(known))):
            said = f"{units.count(len(out))} of {units.count(known)} prompts are left out in epoch {epoch + 1}"
            times = units.several(self._recipe.leave_out, "time")
            why = f"all answers to each of them earned the same, {times} in a row"
            self._reporter.notice("info", "prompts_left_out", f"{said}: {why}.")
        super()._run_epoch(epoch=epoch, **rest)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        """Publish a checkpoint with what was seen of the prompts."""
        self._progress.more = self._order.difficulty.state()
        super()._save_checkpoint(model, trial)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        """Put back what a checkpoint has kept."""
        super()._load_from_checkpoint(resume_from_checkpoint, model)
        self._order.difficulty.follow(self._progress.more)

    def get_batch_samples(self, *args: Any, **rest: Any) -> tuple[list[Any], Any]:
        """Return the prompts of the next step; they are answered when it begins."""
        batches, _ = super().get_batch_samples(*args, **rest)
        return batches, None

    def training_step(self, model: Any, inputs: dict[str, Any], num_items_in_batch: Any = None) -> torch.Tensor:
        """Run one batch of answers; before the first of a step they are written, or kept from the step before."""
        if self._taken == 0:
            if self.state.global_step % self._recipe.num_iterations == 0:
                self._answered = self._answer(torch.cat([batch["number"] for batch in self._batches]).tolist())
            self._batches = self._answered
        return super().training_step(model, self._batches[self._taken], num_items_in_batch)

    def _answer(self, numbers: list[int]) -> list[dict[str, Any]]:
        """Return the batches of a step whose answers' prompts have these numbers."""
        recipe, step = self._recipe, self.state.global_step
        key = [TRAINING, recipe.seed, step, 0]
        first = self._groups(numbers[:: recipe.num_generations], key)
        learnt = self._resampled(first, key)
        self._tell(first, self._tally, learnt)
        self._show(next((group for group in learnt if not group.alike), learnt[0]), step + 1)
        rewards = torch.from_numpy(np.stack([group.rewards for group in learnt])).float()
        advantages = groups.advantages(rewards, recipe.scale_rewards).flatten()
        written = joined(learnt, recipe.num_generations)
        self._size = groups.Size(len(written), written.learnt)
        size = recipe.per_device_train_batch_size
        batches = []
        for start in range(0, len(written), size):
            part = range(start, min(start + size, len(written)))
            batch = written.batch(part, self._sampling.pad)
            batch["advantages"] = advantages[part.start : part.stop]
            if recipe.num_iterations > 1:
                batch["old"] = self._log_probs(batch)
            if recipe.beta:
                with self._base():
                    batch["reference"] = self._log_probs(batch)
            batches.append(batch)
        self.model.train()
        return batches

    def _log_probs(self, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return the log-probabilities of the answers of a batch, rows × tokens, each at the place of its token."""
        self.model.eval()
        width = batch["input_ids"].shape[1]

        def look(part: Mapping[str, torch.Tensor]) -> torch.Tensor:
            found = policy.told(self._reader, part).log_probs
            return torch.nn.functional.pad(found, (1, width - part["input_ids"].shape[1])).cpu()

        return torch.cat(self._looked(batch, look))

    @property
    def _reader(self) -> Any:
        """The model that is asked: the policy, or while `_base` lasts what it is held to."""
        return self._copy if self._asks_copy else self.model

    _asks_copy = False

    @contextmanager
    def _base(self) -> Iterator[None]:
        """Ask what the base says for the length of a block: the adapter is off, or the frozen copy answers."""
        if self._copy is None:
            with self.accelerator.unwrap_model(self.model).disable_adapter():
                yield
            return
        self._asks_copy = True
        try:
            yield
        finally:
            self._asks_copy = False

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> torch.Tensor:
        """Return these answers' share of the loss of the step."""
        known = {name: inputs[name][:, 1:] for name in ("old", "reference") if name in inputs}
        judged = groups.judge(
            self._objective, policy.told(model, inputs), inputs["advantages"], self._size, **known
        )  # fmt: skip
        self._tally.add_rows(judged.figures)
        return judged.losses.sum()

    # What is told

    def _tell(self, found: Sequence[Group], tally: Tally, learnt: Sequence[Group] = ()) -> None:
        """Count the figures of groups as they were first written: what replaces them later would look too good.

        Which share of groups teaches nothing is told of those that are learnt, where some were replaced.
        """
        rewards = torch.from_numpy(np.stack([group.rewards for group in found]))
        lengths = [len(answer) for group in found for answer in own(group)]
        finished = [one for group in found for one in group.answers.finished[group.first :][: len(group.texts)]]
        rows = {
            "reward": rewards.flatten(),
            "reward_std": groups.deviation(rewards),
            "zero_variance": torch.tensor([float(group.alike) for group in learnt or found], dtype=torch.float64),
            "length": torch.tensor(lengths, dtype=torch.float64),
            "clipped": 1 - torch.tensor(finished, dtype=torch.float64),
        }
        if self._sampling.thoughts is not None:
            rows |= thought_figures(found, self._sampling.thoughts)
            if not (self.state.global_step or self._thought_of) and (said := never_thought(rows)) is not None:
                self._reporter.notice("warning", "never_thought", said)
            self._thought_of = True
        parts = torch.from_numpy(np.concatenate([group.parts for group in found]))
        rows |= {f"reward_{name}": parts[:, column] for column, name in enumerate(self._names)}
        for name, values in rows.items():
            tally.add_rows({name: values})

    def _show(self, group: Group, step: int) -> None:
        """Write a group into the journal, for steps that are told."""
        if step % self.args.logging_steps and step != 1:
            return
        said = [str(turn.get("content") or "") for turn in self._prompts.row(group.number)["prompt"]]
        lengths = [len(answer) for answer in own(group)]
        shown = [
            {
                "text": text[:SHOWN_CHARACTERS],
                "reward": float(group.rewards[place]),
                "parts": {name: float(group.parts[place, column]) for column, name in enumerate(self._names)},
                "tokens": lengths[place],
                "finished": group.answers.finished[group.first + place],
                "forced": bool(group.answers.forced[group.first + place]),
            }
            for place, text in enumerate(group.texts[:SHOWN_ANSWERS])
        ]
        self._reporter.write(events.Rollout(step=step, prompt=said[-1][:SHOWN_CHARACTERS], answers=shown))

    def _measured(self, dataset: Prompts) -> dict[str, float]:
        """Return the mean rewards of answers to held-out prompts, drawn as in training and without chance.

        The same prompts draw from the same random numbers at every look. Where there is an adapter the KL from the base
        is told, too.
        """
        self.model.eval()
        recipe = self._recipe
        taken, several = look_of(recipe, len(dataset))
        numbers = range(taken)
        prompts = [dataset.tokens(number) for number in numbers]
        tally = Tally()
        for lead, temperature, count in (("", self._sampling.temperature, several), ("greedy_", 0.0, 1)):
            how = dataclasses.replace(self._sampling, temperature=temperature)
            written = self._write(prompts, count, [_LOOK, recipe.seed, 0], how)
            found = self._scored(dataset, numbers, count, written)
            seen = Tally()
            self._tell(found, seen)
            for name, (total, known) in seen.sums.items():
                if name not in ("reward_std", "zero_variance"):
                    tally.add(f"{lead}{name}", total, known)
            if not lead and (beta_of(recipe) or recipe.tuning != "full"):
                self._tell_distance(written, tally)
        return tally.means()

    def _tell_distance(self, written: Rollouts, tally: Tally) -> None:
        """Count how far answers are from the base, in nats per answer."""
        for start in range(0, len(written), self.args.per_device_eval_batch_size):
            part = range(start, min(start + self.args.per_device_eval_batch_size, len(written)))
            batch = written.batch(part, self._sampling.pad)
            own = self._log_probs(batch)
            with self._base():
                base = self._log_probs(batch)
            mask = (batch["labels"] != IGNORED).float()
            tally.add_rows({"kl": policy.total(policy.k3(own, base), mask)})


def _names(rewards: Rewards) -> list[str]:
    """Return what the figures of checks go by: their names, with a number behind those that come more than once."""
    found: list[str] = []
    for spec in rewards.specs:
        same = sum(name.split("_")[0] == spec.name for name in found)
        found.append(f"{spec.name}_{same + 1}" if same else spec.name)
    return found
