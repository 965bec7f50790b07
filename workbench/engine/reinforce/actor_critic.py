"""The trainer of PPO: answers are written, scored, and learnt from by a policy and by a critic that foresees scores.

Owns which of the roles on one base is at work when. Must not know the arithmetic (`experience.py`), the checks, or how
answers are drawn. A round is: the policy writes an answer to each prompt; rewards and reward model score them; the
policy, the reference and the critic tell what they say of every token; then as many steps as the recipe says learn from
the same answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from workbench.engine.adapters import NONE, POLICY, at_work, is_adapter
from workbench.engine.reinforce import critic, experience, policy
from workbench.engine.reinforce.experience import Terms
from workbench.engine.reinforce.reinforcer import TRAINING, Reinforcer
from workbench.engine.reinforce.scored import Group, joined
from workbench.engine.reinforce.shared_reward import SharedReward
from workbench.engine.rewards import Completion, Rewards, Scores
from workbench.engine.tally import Tally

REWARD_MODEL = "model"
"""Name of the score of a reward model that shares the base: that of the check which one beside it goes by."""


class _Beside:
    """Rewards, with the score of a reward model that shares the base before them."""

    def __init__(self, rewards: Rewards, shared: SharedReward, looked: Any) -> None:
        self._rewards, self._shared, self._looked = rewards, shared, looked

    def score(self, completions: Sequence[Completion]) -> Scores:
        """Return what each completion earns."""
        others = self._rewards.score(completions)
        liked = self._shared.score(completions, self._looked)
        parts = np.column_stack([liked, others.parts])
        return Scores((REWARD_MODEL, *others.names), parts, liked + np.nan_to_num(others.total), others.reasons)


class ActorCritic(Reinforcer):
    """The trainer that writes what it learns from, with a critic and without groups."""

    def __init__(
        self,
        *,
        rewards: Rewards,
        share: Callable[[Any], SharedReward] | None = None,
        **rest: Any,
    ) -> None:
        """`share` puts a reward model that stems from the same base onto a model, where there is such a one."""
        super().__init__(rewards=rewards, **rest)
        self._terms = Terms.of(self._recipe)
        self._role = POLICY
        critic.install(self.model)
        if share is not None:
            self._rewards = _Beside(rewards, share(self.model), self._looked)
            # A reward that is another model goes by the name, too.
            taken = REWARD_MODEL in self._names
            self._names = [f"{REWARD_MODEL}_0" if taken else REWARD_MODEL, *self._names]
        self._tokens = 1
        """Tokens of the answers of the present round."""

    # What is learnt

    def _answer(self, numbers: list[int]) -> list[dict[str, Any]]:
        """Return the batches of a round, whose answers' prompts have these numbers."""
        found = self._groups(numbers, [TRAINING, self._recipe.seed, self.state.global_step, 0])
        self._tell(found, self._tally)
        self._show(found[0], self.state.global_step + 1)
        written = joined(found, 1)
        size, pad = self._recipe.per_device_train_batch_size, self._sampling.pad
        parts = [range(start, min(start + size, len(written))) for start in range(0, len(written), size)]
        batches = [written.batch(part, pad) for part in parts]
        whole = written.batch(range(len(written)), pad)
        width = whole["input_ids"].shape[1]

        def over(ask: Callable[[Mapping[str, torch.Tensor]], torch.Tensor]) -> torch.Tensor:
            told = [ask(batch) for batch in batches]
            return torch.cat([torch.nn.functional.pad(one, (0, width - one.shape[1])) for one in told])[:, 1:]

        own = over(self._log_probs)
        with self._base():
            reference = over(self._log_probs)
        with at_work(self._own, critic.ADAPTER):
            values = over(self._valued)
        scores = _known(np.concatenate([group.rewards for group in found]))
        learnt = experience.gathered(whole, own, reference, values, scores, self._terms)
        self._tally.add_rows(learnt.figures)
        if learnt.explained == learnt.explained:
            self._tally.add("explained", learnt.explained, 1)
        self._tokens = max(written.learnt, 1)
        for part, batch in zip(parts, batches, strict=True):
            kept = batch["input_ids"].shape[1]
            batch |= {name: tensor[part.start : part.stop, :kept] for name, tensor in learnt.columns.items()}
        self.model.train()
        return batches

    @property
    def _own(self) -> Any:
        return self.accelerator.unwrap_model(self.model)

    @contextmanager
    def _base(self) -> Iterator[None]:
        """Ask what the reference says for the length of a block: no adapter is at work, or the frozen copy answers."""
        if is_adapter(self._own):
            with at_work(self._own, NONE):
                yield
            return
        with super()._base():
            yield

    def _valued(self, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return what the critic expects before each token of a batch, at the token's place."""
        self.model.eval()
        width = batch["input_ids"].shape[1]

        def look(part: Mapping[str, torch.Tensor]) -> torch.Tensor:
            found = critic.values(self._own, part["input_ids"], part["attention_mask"])
            return torch.nn.functional.pad(found, (1, width - part["input_ids"].shape[1])).cpu()

        return torch.cat(self._looked(batch, look))

    def _passes(self, model: Any, batch: dict[str, Any], num_items_in_batch: Any) -> torch.Tensor:
        """Return the loss of a batch: the policy's passes, then the critic's, each with its own adapter."""
        total = torch.zeros((), device=self.args.device)
        for role in (POLICY, critic.ADAPTER):
            self._role = role
            with at_work(self._own, role):
                total += super()._passes(model, batch, num_items_in_batch)
        return total

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> torch.Tensor:
        """Return these answers' share of the mean over the tokens of the round, for the role that is at work."""
        if self._role == POLICY:
            loss, figures = experience.policy_loss(policy.told(model, inputs), inputs, self._terms)
        else:
            with self.accelerator.autocast():
                values = critic.values(self._own, inputs["input_ids"], inputs["attention_mask"])
            loss, figures = experience.critic_loss(values, inputs, self._terms)
        self._tally.add_rows(figures)
        return loss / self._tokens

    # What is told

    def _tell(self, found: Sequence[Group], tally: Tally, learnt: Sequence[Group] = ()) -> None:
        """Count the figures of answers; of groups there is nothing to tell."""
        seen = Tally()
        super()._tell(found, seen)
        for name, (total, known) in seen.sums.items():
            if name not in ("reward_std", "zero_variance"):
                tally.add(name, total, known)


def _known(scores: np.ndarray[Any, np.dtype[np.float64]]) -> torch.Tensor:
    """Return the scores of answers; one that could not be judged is taken for an average one, so that it teaches
    little.
    """
    known = scores[~np.isnan(scores)]
    return torch.from_numpy(np.nan_to_num(scores, nan=float(known.mean()) if len(known) else 0.0))
