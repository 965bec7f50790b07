"""The training loop's shell around TRL's trainer: journal instead of progress bars, sealed checkpoints, no silent NaN.

Owns `WorkbenchTrainer`, which every method uses unchanged, and the conductor that decides at each step's end whether to
evaluate, save or end. Must not know methods: it trains on whatever dataset it is given.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import torch
from datasets import Dataset
from transformers import TrainerCallback, TrainerControl, TrainerState
from trl import SFTConfig, SFTTrainer

from workbench.core import events
from workbench.core.errors import NotFiniteError
from workbench.core.recipe import Recipe
from workbench.engine import checkpoint, optim, team
from workbench.engine.load import Machine
from workbench.engine.masks import IGNORED
from workbench.engine.prepare import Sequences
from workbench.engine.reporter import Reporter
from workbench.engine.requests import OUTCOME, Requests


@dataclass
class Progress:
    """What the loop has seen; saved with each checkpoint so that a resumed curve goes on where it was."""

    tokens: int = 0
    """Input tokens of this process, in packed sequences with the little padding at their ends; the first one's count
    goes on from the checkpoint's total."""


@dataclass(frozen=True)
class Cadence:
    """Steps between two looks and two checkpoints."""

    steps: int
    """Optimizer steps of the whole run."""
    evaluate_every: int
    save_every: int
    save_seconds: float


def cadence(recipe: Recipe, steps: int) -> Cadence:
    """Return the cadence for a run of `steps` steps; zeros in the recipe become ten looks and five checkpoints."""
    return Cadence(
        steps,
        recipe.eval_steps or max(1, math.ceil(steps / 10)),
        recipe.save_steps or max(1, math.ceil(steps / 5)),
        recipe.save_minutes * 60,
    )


def total_steps(recipe: Recipe, sequences: int) -> int:
    """Return the optimizer steps of a run over `sequences` sequences, as the trainer will count them."""
    if recipe.max_steps:
        return recipe.max_steps
    batches = math.ceil(sequences / (recipe.per_device_train_batch_size * recipe.num_processes))
    per_epoch = max(1, math.ceil(batches / recipe.gradient_accumulation_steps))
    return max(1, math.ceil(recipe.num_train_epochs * per_epoch))


def arguments(recipe: Recipe, where: Machine, steps: int, output_dir: Path) -> SFTConfig:
    """Return the stack's own configuration for a recipe; everything the conductor decides is switched off in it."""
    return SFTConfig(
        output_dir=str(output_dir),
        max_steps=steps,
        per_device_train_batch_size=recipe.per_device_train_batch_size,
        per_device_eval_batch_size=recipe.per_device_train_batch_size,
        gradient_accumulation_steps=recipe.gradient_accumulation_steps,
        learning_rate=recipe.learning_rate,
        lr_scheduler_type=recipe.lr_scheduler_type,
        lr_scheduler_kwargs=_SCHEDULER_KWARGS.get(recipe.lr_scheduler_type, lambda steps: {})(steps),
        warmup_steps=round(recipe.warmup_ratio * steps),
        max_grad_norm=recipe.max_grad_norm,
        logging_strategy="steps",
        logging_steps=recipe.logging_steps,
        logging_nan_inf_filter=False,
        eval_strategy="no",
        save_strategy="no",
        bf16=where.bf16,
        fp16=False,
        use_cpu=where.device == "cpu",
        gradient_checkpointing=None,
        activation_checkpointing=recipe.gradient_checkpointing,
        activation_checkpointing_kwargs={"use_reentrant": False} if recipe.gradient_checkpointing else None,
        max_length=None,
        packing=False,
        dataset_kwargs={"skip_prepare_dataset": True},
        remove_unused_columns=False,
        # The load-balancing term of mixtures of experts is opt-in: TRL adds it unasked and fails on some families.
        router_aux_loss_coef=0.0,
        dataloader_pin_memory=where.device == "cuda",
        ddp_find_unused_parameters=False,
        disable_tqdm=True,
        report_to="none",
        seed=recipe.seed,
        data_seed=recipe.seed,
    )


_SCHEDULER_KWARGS: dict[str, Callable[[int], dict[str, Any]]] = {
    "cosine_with_min_lr": lambda steps: {"min_lr_rate": 0.1},
    "warmup_stable_decay": lambda steps: {"num_decay_steps": max(1, steps // 5)},
}


_URGENCY = ("", "save", "pause", "stop")
"""What one process of a team may want at a step's end, and all of them then do: the strongest word counts."""


class Conductor(TrainerCallback):
    """Decides at the end of each step what happens next."""

    def __init__(self, plan: Cadence, requests: Requests, reporter: Reporter) -> None:
        self._plan, self._requests, self._reporter = plan, requests, reporter
        self._saved_at = time.monotonic()
        self.request = ""
        """The request that ended training early, or ""."""

    def on_train_begin(self, args: Any, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Start the clock of time-based checkpoints."""
        self._saved_at = time.monotonic()

    def on_step_end(self, args: Any, state: TrainerState, control: TrainerControl, **_: Any) -> TrainerControl:
        """Ask for evaluation, saving and stopping as the plan and the person want them."""
        step, last = state.global_step, state.global_step >= self._plan.steps
        self._reporter.step_reached = step
        late = time.monotonic() - self._saved_at > self._plan.save_seconds
        urgent = _URGENCY[int(team.largest(_URGENCY.index(self._requests.pending() or ("save" if late else ""))))]
        control.should_log = control.should_log or last
        control.should_evaluate = last or step % self._plan.evaluate_every == 0
        control.should_save = last or bool(urgent) or step % self._plan.save_every == 0
        if control.should_save:
            self._saved_at = time.monotonic()
        if urgent in OUTCOME and not last:
            self.request = urgent
            control.should_evaluate = False
            control.should_training_stop = True
        return control


class WorkbenchTrainer(SFTTrainer):
    """TRL's trainer with the workbench's journal, optimizers, evaluation and checkpoints."""

    def __init__(
        self,
        *,
        recipe: Recipe,
        reporter: Reporter,
        plan: Cadence,
        checkpoints_dir: Path,
        held_out: dict[str, Sequences],
        on_evaluated: Callable[[int], None],
        progress: Progress,
        train_dataset: Sequences,
        **rest: Any,
    ) -> None:
        # TRL wants a dataset of its own kind to look at one sequence of it; what is trained on stays on the disk.
        first = {name: [column.tolist()] for name, column in train_dataset[0].items()}
        super().__init__(train_dataset=Dataset.from_dict(first), **rest)
        self.train_dataset = train_dataset
        self._recipe, self._reporter, self._plan = recipe, reporter, plan
        self._checkpoints_dir, self._held_out, self._on_evaluated = checkpoints_dir, held_out, on_evaluated
        self._progress = progress
        self._started = self._logged_at = time.monotonic()
        self._logged_tokens = progress.tokens
        # A tied head stands behind a wrapper while single tokens are trained; TRL asks it for a bias.
        head = self.model.get_output_embeddings()
        if head is not None and not hasattr(head, "bias"):
            head.register_parameter("bias", None)
        # TRL turns the adapter of a 4-bit base to bf16, in which small updates vanish.
        for parameter in self.model.parameters():
            if parameter.requires_grad and parameter.dtype == torch.bfloat16:
                parameter.data = parameter.data.float()

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """Make the recipe's optimizer once."""
        if getattr(self, "optimizer", None) is None:
            self.optimizer: Any = optim.make(self._recipe, self.model if model is None else model)
        return self.optimizer

    def training_step(self, model: Any, inputs: dict[str, Any], num_items_in_batch: Any = None) -> torch.Tensor:
        """Run one micro-batch; raises NotFiniteError before a bad gradient can reach the weights."""
        loss = super().training_step(model, inputs, num_items_in_batch)
        mask = inputs.get("attention_mask")
        self._progress.tokens += inputs["input_ids"].numel() if mask is None else int(mask.sum())
        if self.args.world_size == 1 and not torch.isfinite(loss):
            self._not_finite("loss", self.state.global_step + 1)
        return loss

    def _get_grad_norm(self, model: Any, grad_norm: Any = None) -> Any:
        """Return the gradient's norm; called just before the optimizer steps."""
        norm = super()._get_grad_norm(model, grad_norm)
        if not math.isfinite(float(norm)):
            self._not_finite("gradient", self.state.global_step + 1)
        return norm

    def _not_finite(self, what: str, step: int) -> NoReturn:
        kept = next((path.name for path in sorted(self._checkpoints_dir.glob("step-*"), reverse=True)), "")
        rest = f"the checkpoint {kept} is good" if kept else "no checkpoint was written yet"
        raise NotFiniteError(
            f"The {what} became NaN or infinite at step {step}, so training was stopped; {rest}; "
            f"start again with a learning_rate below {self._recipe.learning_rate:g}."
        )

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Write a step event; the stack's own summary at the end of training says nothing the journal lacks."""
        self._metrics["train"].clear()
        if "loss" not in logs:
            return
        now, total = time.monotonic(), team.total(self._progress.tokens)
        seconds, tokens = now - self._logged_at, total - self._logged_tokens
        self._logged_at, self._logged_tokens = now, total
        self._reporter.write(
            events.Step(
                step=self.state.global_step,
                steps=self._plan.steps,
                loss=logs["loss"],
                learning_rate=logs.get("learning_rate", 0.0),
                grad_norm=logs.get("grad_norm"),
                tokens_per_second=round(tokens / max(seconds, 1e-9), 1),
                epoch=round(self.state.epoch or 0.0, 4),
                tokens=total,
                seconds=round(now - self._started, 3),
            )
        )

    def _evaluate(self, trial: Any, ignore_keys_for_eval: Any, skip_scheduler: bool = False) -> dict[str, float]:
        """Measure the held-out loss and let the samples be written; random generators are left as they were."""
        step = self.state.global_step
        self.control.should_evaluate = False
        self._reporter.phase("evaluating")
        with torch.random.fork_rng():
            losses = {name: self._loss_on(dataset) for name, dataset in self._held_out.items()}
            if losses:
                main = losses.pop("held_out", None)
                self._reporter.write(
                    events.Eval(step=step, loss=main, metrics={f"{k}_loss": v for k, v in losses.items()})
                )
            self._on_evaluated(step)
        self.model.train()
        self._logged_at = time.monotonic()
        self._reporter.phase("training")
        return {}

    def _loss_on(self, dataset: Sequences) -> float:
        """Return the mean loss per learnt token over a dataset, in nats."""
        self.model.eval()
        total = torch.zeros(
            2, dtype=torch.float64, device=self.args.device if self.args.device.type != "mps" else "cpu"
        )
        size = self.args.per_device_eval_batch_size
        with torch.no_grad(), self.compute_loss_context_manager():
            for start in range(self.args.process_index * size, len(dataset), size * self.args.world_size):
                rows = [dataset[number] for number in range(start, min(start + size, len(dataset)))]
                batch = {key: value.to(self.model.device) for key, value in self.data_collator(rows).items()}
                with self.accelerator.autocast():
                    outputs = self.model(**batch, use_cache=False, fused_lm_head=True)
                learnt = (batch["labels"][:, 1:] != IGNORED).sum()
                total += torch.stack([-outputs.log_probs.double().sum(), learnt.double()]).to(total.device)
        if self.args.world_size > 1:
            torch.distributed.all_reduce(total)
        return (total[0] / total[1].clamp(min=1)).item()

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        """Publish a sealed checkpoint and drop the oldest; raises NoSpaceError when the disk is full.

        Raises NotFiniteError instead when a step with a finite gradient has broken the weights all the same.
        """
        if not all(bool(weight.isfinite().all()) for weight in self.model.parameters() if weight.requires_grad):
            self._not_finite("weights", self.state.global_step)
        extra = {
            "tokens": team.total(self._progress.tokens),
            "rng": checkpoint.gather_random_states(self.args.world_size),
            # A log entry is a mean over several steps, and a checkpoint may fall between two entries.
            "unlogged_loss": team.mean(self._tr_loss.item()),
            "logged_step": self._globalstep_last_logged,
        }
        if self.args.should_save:
            self._reporter.phase("saving")
            started = time.monotonic()
            folder = self._checkpoints_dir / checkpoint.folder_name(self.state.global_step)
            size = checkpoint.save(
                folder,
                model=self.accelerator.unwrap_model(self.model_wrapped),
                tokenizer=self.processing_class,
                optimizer=self.optimizer,
                scheduler=self.lr_scheduler,
                trainer_state=self.state,
                extra=extra,
            )
            checkpoint.rotate(self._checkpoints_dir, self._recipe.save_total_limit)
            seconds = round(time.monotonic() - started, 3)
            path = f"{self._checkpoints_dir.name}/{folder.name}"
            event = events.Checkpoint(step=self.state.global_step, path=path, bytes=size, seconds=seconds)
            self._reporter.write(event, durable=True)
            self._reporter.phase("training")
        if self.args.world_size > 1:
            torch.distributed.barrier()
        self._logged_at = time.monotonic()

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        """Put weights and counters of a sealed checkpoint back."""
        folder = Path(resume_from_checkpoint)
        checkpoint.load_weights(folder, self.model if model is None else model)
        self._logged_tokens = checkpoint.read_state(folder)["extra"]["tokens"]
        self._progress.tokens = self._logged_tokens if team.is_first() else 0

    def _load_optimizer_and_scheduler(self, resume: str | None) -> None:
        """Put optimizer and scheduler of a sealed checkpoint back."""
        if resume is not None:
            checkpoint.load_optimizer(Path(resume), self.optimizer, self.lr_scheduler)

    def _load_rng_state(self, resume: str | None) -> None:
        """Put the random generators back, one state per process, and the loss that no log entry has told yet.

        The stack calls this last of all before the first step of a resumed attempt.
        """
        if resume is not None:
            extra = checkpoint.read_state(Path(resume))["extra"]
            checkpoint.set_random_states(extra["rng"][min(self.args.process_index, len(extra["rng"]) - 1)])
            self._tr_loss.fill_(extra["unlogged_loss"])
            self._globalstep_last_logged = extra["logged_step"]
