"""The trainer of a student that also learns from answers of its own, which a teacher in memory judges word by word.

Owns the steps in which that happens and how their batches come about (generalised knowledge distillation, Agarwal et
al. 2024, algorithm 1). Must not know the loss, which is that of every student, nor how answers are drawn. In such a
step the student answers the prompts of the step's conversations as it is now, and the teacher tells how it would have
gone on at each token; articles stay as they are. Which steps these are, and every draw, follow from the seed and the
step, so that a run that is taken up again writes the very same answers.
"""

from __future__ import annotations

import random
import time
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from workbench.core.recipe import Recipe
from workbench.engine import layout as layouts
from workbench.engine import micro, samples
from workbench.engine.compress import asking
from workbench.engine.compress.asking import Teacher
from workbench.engine.compress.distiller import WRITTEN, Distiller
from workbench.engine.compress.soft_labels import collator
from workbench.engine.masks import IGNORED
from workbench.engine.reinforce import rollouts
from workbench.engine.reinforce.rollouts import Rollouts, Sampling
from workbench.runs import teachers

_TOLD_SECONDS = 5.0
"""Between two words of how far the writing is."""
_KEY = 2
"""First number of keys: those of other trainers' answers begin with 0 and 1."""


def writes_at(recipe: Recipe, step: int) -> bool:
    """Return whether the student answers the prompts of a step itself; steps are counted from 0."""
    return random.Random(f"{recipe.seed} {step} on policy").random() < recipe.on_policy_share


def prompt_of(ids: NDArray[np.int64], labels: NDArray[np.int64], room: int, longest: int) -> NDArray[np.int64] | None:
    """Return the tokens of a row before its last answer, None for an article, or where no answer fits behind them.

    `room` is how many tokens a row may have, `longest` how many of them an answer.
    """
    learnt = np.flatnonzero(labels != IGNORED)
    if not len(learnt) or learnt[0] <= 1:
        return None
    breaks = np.flatnonzero(np.diff(learnt) > 1)
    begin = int(learnt[breaks[-1] + 1] if len(breaks) else learnt[0])
    return ids[:begin] if begin + longest <= room else None


class OnPolicyDistiller(Distiller):
    """The trainer of a student, with a teacher beside it."""

    def __init__(self, **rest: Any) -> None:
        super().__init__(**rest)
        recipe, tokenizer = self._recipe, self.processing_class
        self._teacher = Teacher(asking.loaded(recipe, teachers.find(recipe.teacher)), recipe, self._width)
        self._pad = int(tokenizer.pad_token_id)
        self._collate = collator(self._pad, packed=False)
        self._sampling = Sampling(
            recipe.max_completion_length, samples.stops(tokenizer, self.model), self._pad, recipe.temperature,
            recipe.top_p, min(len(tokenizer), self._width),
        )  # fmt: skip

    def get_batch_samples(self, *args: Any, **rest: Any) -> tuple[list[Any], Any]:
        """Return the batches of the next step, with the student's own answers where it is one of those."""
        batches, number = super().get_batch_samples(*args, **rest)
        step = self.state.global_step
        if not (batches and writes_at(self._recipe, step)):
            return batches, number
        self._batches = self._answered(batches, step)
        return self._batches, self._get_num_items_in_batch(self._batches, self.args.device)

    def _answered(self, batches: list[dict[str, torch.Tensor]], step: int) -> list[dict[str, torch.Tensor]]:
        """Return batches with the student's answers behind their prompts, and what the teacher says of those."""
        rows = [row for batch in batches for row in _rows(batch)]
        recipe = self._recipe
        sizes = recipe.max_length, recipe.max_completion_length
        prompts = [prompt_of(row["input_ids"], row["labels"], *sizes) for row in rows]
        asked = [number for number, prompt in enumerate(prompts) if prompt is not None]
        if asked:
            given = [prompt.tolist() for prompt in prompts if prompt is not None]
            written = self._write(given, step)
            made = [np.array([*prompt, *answer]) for prompt, answer in zip(given, written.answers, strict=True)]
            places = [np.arange(len(prompt), len(ids)) - 1 for prompt, ids in zip(given, made, strict=True)]
            for number, ids, at, said in zip(asked, made, places, self._teacher.say(made, places), strict=True):
                labels = np.full(len(ids), IGNORED, dtype=np.int64)
                labels[at + 1] = ids[at + 1]
                told = {} if said.words is None else {"teacher_words": said.words}
                rows[number] = {"input_ids": ids, "labels": labels, "teacher": said.log_probs, **told}
            lengths = torch.tensor([float(len(answer)) for answer in written.answers])
            self._tally.add_rows(
                {"length": lengths, "clipped": 1 - torch.tensor(written.finished, dtype=torch.float64)}
            )
        own = torch.tensor([prompt is not None for prompt in prompts])
        size = recipe.per_device_train_batch_size
        parts = [range(start, min(start + size, len(rows))) for start in range(0, len(rows), size)]
        self.model.train()
        return [
            {**self._collate([rows[number] for number in part]), WRITTEN: own[part.start : part.stop]} for part in parts
        ]

    def _write(self, prompts: list[list[int]], step: int) -> Rollouts:
        """Return the student's answers; writes fewer at once when memory runs out, raises when one does not fit."""
        began, doing = time.monotonic(), self._reporter.doing

        def told(done: int) -> None:
            nonlocal began
            if time.monotonic() - began > _TOLD_SECONDS:
                began = time.monotonic()
                self._reporter.phase(doing, "writing answers", done=done, total=len(prompts))

        while True:
            try:
                with self.accelerator.autocast():
                    return rollouts.sample(
                        self.accelerator.unwrap_model(self.model), prompts, self._sampling, count=1,
                        key=[_KEY, self._recipe.seed, step], batch=max(1, self._layout.written), told=told,
                    )  # fmt: skip
            except RuntimeError as error:
                # It holds the failed pass in memory, so nothing is done before it is gone.
                if not micro.ran_out(error):
                    raise
            micro.free()
            before, after = self._layout, self._layout.smaller_writing()
            if after is None:
                longest = max(map(len, prompts))
                raise layouts.too_little(self._recipe, f"while answers were written for step {step + 1}", longest)
            self._layout = after
            self._reporter.write(layouts.change(self._recipe, before, after, step + 1, "it goes on"), durable=True)


def _rows(batch: dict[str, torch.Tensor]) -> list[dict[str, NDArray[Any]]]:
    """Return the rows of a batch without padding, as sequences were before they were put together."""
    found = []
    for number, mask in enumerate(batch["attention_mask"].bool()):
        row = {name: batch[name][number][mask].cpu().numpy() for name in ("input_ids", "labels")}
        learnt = int((row["labels"][1:] != IGNORED).sum())
        told = [name for name in ("teacher", "teacher_words") if name in batch]
        found.append(row | {name: batch[name][number][:learnt].cpu().numpy() for name in told})
    return found
