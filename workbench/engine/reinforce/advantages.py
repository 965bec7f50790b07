"""How much better each written token was than expected: rewards per token, generalised advantages, the critic's loss.

Owns this arithmetic of PPO and nothing else. Must not know models, tokens, where scores come from, or batches of a
trainer. Tensors are answers × tokens unless it is said; `mask` is 1 for the tokens that were drawn of an answer, and 0
before, behind and among them, where something was written into the answer: such a token is no step of the policy, so
that the tokens before it look past it to what was drawn next.
"""

from __future__ import annotations

import torch

_ALMOST_NOTHING = 1e-8
"""Added to a variance, so that equal advantages become zeros."""


def last_tokens(mask: torch.Tensor) -> torch.Tensor:
    """Return the place of each answer's last token, one number per answer; 0 for an answer without any."""
    return (mask * torch.arange(1, mask.shape[1] + 1, device=mask.device)).argmax(1)


def token_rewards(
    scores: torch.Tensor, log_probs: torch.Tensor, reference: torch.Tensor, mask: torch.Tensor, kl_coef: float
) -> torch.Tensor:
    """Return the reward of each token: the score of the answer at its last one, less what leaving the reference costs.

    r_t = score·[t last] - β·(log π(t) - log π_ref(t)) (Ziegler et al. 2019, section 2; Ouyang et al. 2022, equation 2).
    `scores` has one number per answer; the log-probabilities are those under the policy that wrote the answers and
    under the reference.
    """
    rewards = -kl_coef * (log_probs - reference) * mask
    rewards[torch.arange(len(scores), device=mask.device), last_tokens(mask)] += scores * mask.any(1)
    return rewards


def generalised(
    rewards: torch.Tensor, values: torch.Tensor, mask: torch.Tensor, gamma: float, lam: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return (advantages, returns), zeros outside of the answers.

    A_t = δ_t + γλ·A_{t+1} with δ_t = r_t + γ·V_{t+1} - V_t (Schulman et al. 2016, equation 16), and the return is
    A_t + V_t. An answer ends with its last token, also where the length limit ended it: nothing is expected behind it.
    """
    advantages = torch.zeros_like(rewards)
    following, value_behind = torch.zeros_like(rewards[:, 0]), torch.zeros_like(values[:, 0])
    for place in reversed(range(rewards.shape[1])):
        inside = mask[:, place].bool()
        surprise = rewards[:, place] + gamma * value_behind - values[:, place]
        following = torch.where(inside, surprise + gamma * lam * following, following)
        value_behind = torch.where(inside, values[:, place], value_behind)
        advantages[:, place] = following * inside
    return advantages, (advantages + values) * mask


def whitened(advantages: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return the advantages with mean 0 and deviation 1 over all tokens of all answers, zeros outside of them."""
    number = mask.sum().clamp(min=1)
    mean = (advantages * mask).sum() / number
    variance = ((advantages - mean) ** 2 * mask).sum() / number
    return (advantages - mean) * torch.rsqrt(variance + _ALMOST_NOTHING) * mask


def value_losses(
    values: torch.Tensor, before: torch.Tensor, returns: torch.Tensor, cliprange: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return (losses, clipped): of each token ½·max((V-R)², (V_clip-R)²) and 1 where the clipped one is the greater.

    V_clip is V kept within `cliprange` of what the critic said `before` (OpenAI's PPO2; Stiennon et al. 2020). A
    cliprange of 0 clips nothing.
    """
    plain = (values - returns) ** 2
    if not cliprange:
        return 0.5 * plain, torch.zeros_like(plain)
    bound = (before + (values - before).clamp(-cliprange, cliprange) - returns) ** 2
    return 0.5 * torch.maximum(plain, bound), (bound > plain).to(plain)


def explained(values: torch.Tensor, returns: torch.Tensor, mask: torch.Tensor) -> float:
    """Return how much of the returns' variance the values explain: 1 all of it, 0 as much as a constant would.

    Below 0 they are worse than a constant; NaN where all returns are the same.
    """
    kept = mask.bool()
    told, wanted = values[kept].double(), returns[kept].double()
    spread = wanted.var(correction=0) if len(wanted) else torch.zeros(())
    return float(1 - (wanted - told).var(correction=0) / spread) if spread > 0 else float("nan")
