"""Thoughts before answers: how a prompt opens one, how long it may grow, and how it is closed when it grows too long.

Owns the tags and what is told of a thought. Must not know rewards, losses or trainers. An answer then begins inside of
the thought. One that has not closed it by the end of its budget gets the closing tag written for it and goes on with
what it says (budget-constrained rollouts, Xu et al. 2025, "Scalable Chain of Thoughts via Elastic Reasoning"). Those
tokens were not drawn from the policy, so that nothing is learnt from them; what follows them was, and is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.core.errors import UsageError

if TYPE_CHECKING:
    import torch

OPENING = "<think>\n"
"""What a prompt is given behind it; DeepSeek-R1, Qwen3 and most families after them write thoughts in this tag."""
OPENER = "{%- if add_generation_prompt %}{{- '" + OPENING.replace("\n", "\\n") + "' }}{%- endif %}"
"""The end of a chat template that opens a thought."""
_OPENED = re.compile(r"<(think|thinking|thought|reasoning)>\s*\Z")
_CLOSED = re.compile(r"</(?:think|thinking|thought|reasoning)>\s*\Z")
_CHANNELS = "<|channel|>"
_TAIL = 16
"""Tokens at a prompt's end in which an opening tag stands."""


def opened(text: str) -> str:
    """Return the tag with which a prompt already begins the thought of its answer, as some templates do, or ""."""
    found = _OPENED.search(text)
    return found[0] if found else ""


def closing_of(opening: str) -> tuple[str, str]:
    """Return (the tag that closes what an opening tag has opened, that as it is written by force)."""
    mark = opening.strip().replace("<", "</")
    return mark, f"\n{mark}\n\n"


def _prompt(tokenizer: Any, template: str) -> str:
    """Return what a template writes before an answer; "" where it refuses."""
    asked = [{"role": "user", "content": "x"}]
    try:
        return str(
            tokenizer.apply_chat_template(asked, chat_template=template, tokenize=False, add_generation_prompt=True)
        )
    except Exception:  # a template is foreign code and may raise anything
        return ""


def opening_template(tokenizer: Any) -> str:
    """Return a tokenizer's chat template with a thought opened before each answer; "" where it opens one already.

    Raises UsageError for a template whose answers cannot begin with such a thought.
    """
    template = str(tokenizer.get_chat_template())
    if opened(_prompt(tokenizer, template)):
        return ""
    if _CHANNELS in template:
        raise UsageError("This base writes its thoughts in channels and not in tags; leave thinking_budget at 0.")
    made = template + OPENER
    prompt = _prompt(tokenizer, made)
    if not opened(prompt) or _CLOSED.search(prompt.removesuffix(OPENING)):
        raise UsageError(
            "The chat template of this base answers without a thought; give it another with --set chat_template=NAME, "
            "or leave thinking_budget at 0."
        )
    return made


@dataclass(frozen=True)
class Thoughts:
    """The thoughts of answers whose prompts have opened one."""

    longest: int
    """Tokens after which a thought is closed by force."""
    mark: str
    """What closes it."""
    closing: tuple[int, ...]
    """The tokens that are written then."""
    decode: Callable[[list[int]], str]

    @classmethod
    def of(cls, tokenizer: Any, prompt: Sequence[int], longest: int) -> Thoughts | None:
        """Return how thoughts behind a prompt like this one are held; None where it opens none."""
        found = _OPENED.search(tokenizer.decode(list(prompt[-_TAIL:])))
        if found is None:
            return None
        mark, written = closing_of(found[0])
        return cls(longest, mark, tuple(tokenizer(written, add_special_tokens=False)["input_ids"]), tokenizer.decode)

    def closed(self, answer: Sequence[int]) -> bool:
        """Return whether the thought of an answer is closed within these tokens."""
        return self.mark in self.decode(list(answer))

    def instead(self, written: Sequence[int]) -> int | None:
        """Return the token that follows those written of an answer by force, None where it is drawn."""
        since = len(written) - self.longest
        if not 0 <= since < len(self.closing) or self.closed(written[: self.longest]):
            return None
        return self.closing[since]

    def length(self, answer: Sequence[int]) -> int:
        """Return the tokens of an answer up to where its thought is closed, the tag included; all where it is not."""
        low, high = 0, len(answer)
        if not self.closed(answer):
            return high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.closed(answer[:middle]) else (middle, high)
        return high

    def empty(self, answer: Sequence[int]) -> bool:
        """Return whether an answer has closed its thought with nothing in it."""
        inside, closed, _ = self.decode(list(answer)).partition(self.mark)
        return bool(closed) and not inside.strip()


class ForcedClosing:
    """A logits processor of the stack that writes the closing tag where a budget ends; rows begin at `width`."""

    def __init__(self, thoughts: Thoughts, width: int) -> None:
        self._thoughts, self._width = thoughts, width
        self._open: torch.Tensor | None = None

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Return the scores of rows × vocabulary, in which nothing but the next token of the tag is left."""
        import torch

        place = input_ids.shape[1] - self._width - self._thoughts.longest
        if not 0 <= place < len(self._thoughts.closing):
            return scores
        if place == 0:
            answers = input_ids[:, self._width :].tolist()
            self._open = torch.tensor([not self._thoughts.closed(answer) for answer in answers], device=scores.device)
        forced = torch.full_like(scores, -torch.inf)
        forced[:, self._thoughts.closing[place]] = 0
        assert self._open is not None, "the first place comes first"
        return torch.where(self._open[:, None], forced, scores)
