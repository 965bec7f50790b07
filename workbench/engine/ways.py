"""The ways a trainer learns: token by token, from a teacher's odds, answer against answer, or from its own answers.

Owns what `loop.fit` needs to know of each: its rows, batches and trainer, and what comes before training. Must not know
where rows come from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from workbench.core.recipe import Recipe, beta_of
from workbench.engine import load, prepare
from workbench.engine.align import pairs, reference
from workbench.engine.align.aligner import Aligner
from workbench.engine.align.preferences import objective_of
from workbench.engine.compress import soft_labels, sparsity
from workbench.engine.compress.distiller import Distiller
from workbench.engine.compress.on_policy import OnPolicyDistiller
from workbench.engine.examples import Examples
from workbench.engine.material import TRAIN, Material
from workbench.engine.reinforce import prompts
from workbench.engine.reinforce.actor_critic import ActorCritic
from workbench.engine.reinforce.reinforcer import Reinforcer, look_of
from workbench.engine.reinforce.shared_reward import SharedReward
from workbench.engine.rewards import Rewards
from workbench.engine.session import Attempt
from workbench.engine.tokenizer import padding_for_scores
from workbench.engine.trainer import WorkbenchTrainer
from workbench.engine.trial import Longest


class Tokens:
    """The usual way to learn: every learnt token of examples that may share a sequence counts alike."""

    scored = False
    """Whether the model gives a whole text one score."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe

    def sequences(self, examples: Examples, packed: bool) -> Any:
        """Return examples as what a trainer reads one after the other: a dataset with `lengths`."""
        return prepare.Sequences(examples, self._recipe.max_length, packed, self._recipe.seed)

    def padding(self, tokenizer: Any) -> int:
        """Return the token that fills batches; it is masked everywhere."""
        return int(tokenizer.pad_token_id)

    def written(self, held_out: Mapping[str, Any]) -> int:
        """Return how many answers a look at held-out sequences writes to measure them."""
        return 0

    def collator(self, pad_token_id: int, packed: bool) -> Any:
        """Return the function that makes a batch of them."""
        return prepare.collator(pad_token_id, packed)

    def learnt(self, sequences: Any) -> int:
        """Return how many sequences an epoch learns."""
        return len(sequences)

    def trainer(self, **settings: Any) -> WorkbenchTrainer:
        """Return the trainer."""
        return WorkbenchTrainer(**settings)

    def ready(self, attempt: Attempt, trainer: Any, sequences: Any, held_out: dict[str, Any]) -> None:
        """Do what has to be done with the model before it is trained."""


class Distillation(Tokens):
    """The usual way, with what a teacher said of every learnt token."""

    def __init__(self, recipe: Recipe, material: Material, said: Mapping[str, soft_labels.SoftLabels]) -> None:
        """`said` maps names of the material's examples to what the teacher said of them."""
        super().__init__(recipe)
        self._labels = [(material.train, said[TRAIN])]
        self._labels += [(examples, said[name]) for name, examples in material.held_out.items()]

    def sequences(self, examples: Examples, packed: bool) -> soft_labels.TaughtSequences:
        """Return examples as sequences that come with what the teacher said."""
        labels = next(labels for known, labels in self._labels if known is examples)
        recipe = self._recipe
        return soft_labels.TaughtSequences(examples, labels, recipe.max_length, packed, recipe.seed)

    def collator(self, pad_token_id: int, packed: bool) -> Any:
        """Return the function that makes a batch of them."""
        return soft_labels.collator(pad_token_id, packed)

    def trainer(self, **settings: Any) -> Distiller:
        """Return the trainer."""
        width = self._labels[0][1].width
        if not self._recipe.on_policy_share:
            return Distiller(width=width, **settings)
        return OnPolicyDistiller(width=width, **settings)


class Healing(Distillation):
    """The same for a model that was cut, whose zeros of single weights stay zero."""

    def ready(self, attempt: Attempt, trainer: Any, sequences: Any, held_out: dict[str, Any]) -> None:
        """Let zeros have no gradient, where there are any by intention."""
        if self._recipe.sparsity:
            sparsity.keep_zeros(trainer.model)


class Comparison(Tokens):
    """Learning from answers that are compared: with each other, or with what the model said before training."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__(recipe)
        self._objective = objective_of(recipe)
        self.scored = self._objective.scored

    def sequences(self, examples: Examples, packed: bool) -> pairs.Pairs:
        """Return examples as rows of two answers."""
        return pairs.Pairs(examples, self._objective.paired, self._recipe.max_length, self._recipe.seed)

    def padding(self, tokenizer: Any) -> int:
        """Return the token that fills batches; none that ends an answer where the score is read at its last token."""
        return padding_for_scores(tokenizer) if self.scored else super().padding(tokenizer)

    def collator(self, pad_token_id: int, packed: bool) -> Any:
        """Return the function that makes a batch of rows."""
        return pairs.collator(pad_token_id)

    def trainer(self, **settings: Any) -> Aligner:
        """Return the trainer."""
        return Aligner(objective=self._objective, **settings)

    def ready(self, attempt: Attempt, trainer: Any, sequences: Any, held_out: dict[str, Any]) -> None:
        """Find out what the model says of the rows before it is trained, of those that will be looked at."""
        if not self._objective.reference:
            return
        if isinstance(sequences, Longest):
            rows, numbers = sequences.whole, sequences.numbers
        else:
            rows, numbers = sequences, trainer.first_rows()
        everything = {name: (kept, np.arange(len(kept))) for name, kept in held_out.items()}
        reference.prepare(attempt, trainer, {TRAIN: (rows, numbers), **everything})


class Reinforcement(Tokens):
    """Learning from answers the model writes itself and checks score."""

    def __init__(self, recipe: Recipe, folder: Path, rewards: Rewards) -> None:
        """`folder` holds the base."""
        super().__init__(recipe)
        self._folder, self._rewards = folder, rewards

    def sequences(self, examples: Examples, packed: bool) -> prompts.Prompts:
        """Return examples as prompts with room for an answer."""
        return prompts.Prompts(examples, self._recipe.max_completion_length)

    def learnt(self, sequences: Any) -> int:
        """Return how many answers an epoch learns."""
        return len(prompts.Groups(sequences.lengths, self._recipe))

    def written(self, held_out: Mapping[str, Any]) -> int:
        """Return how many answers a look writes: some with chance and one without to each prompt."""
        looks = (look_of(self._recipe, len(kept)) for kept in held_out.values())
        return sum(taken * (several + 1) for taken, several in looks)

    def collator(self, pad_token_id: int, packed: bool) -> Any:
        """Return the function that makes a batch of prompts."""
        return prompts.collate

    def trainer(self, **settings: Any) -> Reinforcer:
        """Return the trainer."""
        return Reinforcer(rewards=self._rewards, reference=self._copy(), **settings)

    def _copy(self) -> Any:
        """Return the frozen copy of the base that a beta asks for under full tuning, else None."""
        if not beta_of(self._recipe) or self._recipe.tuning != "full":
            return None
        where = load.machine(self._recipe)
        # Held in the precision of what is trained: in 16 bits it would differ before the first step, by rounding alone.
        return load.load_model(self._folder, tuning="full", where=where, for_training=True).eval()


class Criticism(Reinforcement):
    """The same with a critic that foresees scores, and perhaps with a reward model on the same base."""

    def __init__(
        self, recipe: Recipe, folder: Path, rewards: Rewards, share: Callable[[Any], SharedReward] | None
    ) -> None:
        """`share` puts the reward model onto a model, where it stems from the same base."""
        super().__init__(recipe, folder, rewards)
        self._share = share

    def trainer(self, **settings: Any) -> Reinforcer:
        """Return the trainer."""
        return ActorCritic(rewards=self._rewards, reference=self._copy(), share=self._share, **settings)
