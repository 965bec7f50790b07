"""The training loop's shell around TRL's trainer: journal instead of progress bars, sealed checkpoints, no silent NaN.

Owns `WorkbenchTrainer`: the loss of a token, and everything that does not depend on the loss. Must not know methods: it
trains on whatever dataset it is given.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import torch
from datasets import Dataset
from trl import SFTConfig, SFTTrainer

from workbench.core import events
from workbench.core.errors import NotFiniteError, WorkbenchError
from workbench.core.recipe import Recipe
from workbench.engine import checkpoint, micro, offload, optim, team
from workbench.engine import layout as layouts
from workbench.engine.conductor import Cadence
from workbench.engine.layout import Layout
from workbench.engine.load import Machine
from workbench.engine.masks import IGNORED
from workbench.engine.prepare import Order
from workbench.engine.progress import Progress
from workbench.engine.reporter import Reporter
from workbench.engine.tally import Tally

_Looked = TypeVar("_Looked")


def arguments(recipe: Recipe, where: Machine, steps: int, output_dir: Path, layout: Layout) -> SFTConfig:
    """Return the stack's own configuration for a recipe; everything the conductor decides is switched off in it.

    Its batches are the recipe's whatever the layout: the trainer cuts them itself, so that the place in the data means
    the same in every attempt.
    """
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
        activation_checkpointing=layout.gradient_checkpointing,
        activation_checkpointing_kwargs=(
            {"use_reentrant": False, "offload": layout.activation_offloading} if layout.gradient_checkpointing else None
        ),
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


class WorkbenchTrainer(SFTTrainer):
    """TRL's trainer with the workbench's journal, optimizers, evaluation and checkpoints."""

    def __init__(
        self,
        *,
        recipe: Recipe,
        reporter: Reporter,
        layout: Layout,
        plan: Cadence,
        checkpoints_dir: Path,
        held_out: dict[str, Any],
        on_evaluated: Callable[[int], None],
        progress: Progress,
        train_dataset: Any,
        **rest: Any,
    ) -> None:
        # TRL wants a dataset of its own kind to look at one sequence of it; what is trained on stays on the disk.
        super().__init__(train_dataset=Dataset.from_dict({"input_ids": [[0]], "labels": [[0]]}), **rest)
        self.train_dataset = train_dataset
        self._recipe, self._reporter, self._plan = recipe, reporter, plan
        self._checkpoints_dir, self._held_out, self._on_evaluated = checkpoints_dir, held_out, on_evaluated
        self._progress, self._layout = progress, layout
        self._order = Order(train_dataset.lengths, recipe.seed)
        self._longest = int(train_dataset.lengths.max())
        self._batches: list[dict[str, Any]] = []
        self._taken = 0
        """Batches of the present step that have passed through the model."""
        self._tally = Tally()
        """Figures beside the loss that no log entry has told yet."""
        self._started = self._logged_at = time.monotonic()
        self._logged_tokens = progress.tokens
        if layout.activation_offloading and offload.gains(self.args.device):
            tokens = layout.micro_batch * self._longest * self.args.world_size
            if lacking := offload.lacking(self.model, tokens):
                fewer = f"--set max_length={self._longest // 2}, or without activation_offloading"
                raise WorkbenchError(f"T{lacking[1:]}; start again with {fewer}.")
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

    def _get_train_sampler(self, train_dataset: Any = None) -> Order:
        """Return the order of the sequences."""
        return self._order

    def _run_epoch(self, *, epoch: int, **rest: Any) -> None:
        """Learn every sequence once; the stack does not tell the epoch to the samplers of a resumed team."""
        self._order.epoch = epoch
        super()._run_epoch(epoch=epoch, **rest)

    def get_batch_samples(self, *args: Any, **rest: Any) -> tuple[list[Any], Any]:
        """Return the batches of the next step, and keep them for the case that it has to be taken again."""
        self._batches, number = super().get_batch_samples(*args, **rest)
        self._taken = 0
        return self._batches, number

    def _passes(self, model: Any, batch: dict[str, Any], num_items_in_batch: Any) -> torch.Tensor:
        """Return the loss of a batch, whose gradient is added piece by piece; a team exchanges it with the last one."""
        *parts, last = micro.pieces(batch, self._layout.micro_batch)
        total = torch.zeros((), device=self.args.device)
        for part in parts:
            with self.accelerator.no_sync(model):
                total += super().training_step(model, part, num_items_in_batch)
        return total + super().training_step(model, last, num_items_in_batch)

    def _make_room(self, model: Any) -> None:
        """Go back to the beginning of the step with a smaller layout; raises WorkbenchError when there is none.

        Raises RanOut in a team, whose other processes wait in the middle of the step.
        """
        step, before = self.state.global_step + 1, self._layout
        gains = offload.gains(self.args.device)
        lacking = offload.lacking(self.model, self._longest * self.args.world_size) if gains else ""
        can_offload = gains and not lacking
        if self.args.world_size > 1:
            raise layouts.RanOut(step, can_offload)
        after = before.smaller(getattr(self.model, "supports_gradient_checkpointing", True), can_offload)
        if after is None:
            raise layouts.too_little(self._recipe, f"at step {step}", self._longest, lacking)
        if after.gradient_checkpointing and after.micro_batch == before.micro_batch:
            offload.switch_on(self.model, after.activation_offloading)
        self._layout = after
        model.zero_grad()
        micro.free()
        self._beginning.restore(self._tr_loss)
        self._tally = Tally(self._tallied)
        told = layouts.change(self._recipe, before, after, step, "the step is taken again from its beginning")
        self._reporter.write(told, durable=True)

    def training_step(self, model: Any, inputs: dict[str, Any], num_items_in_batch: Any = None) -> torch.Tensor:
        """Run one batch; raises NotFiniteError before a bad gradient can reach the weights.

        When memory runs out the whole step is taken again, from the same weights and random states, in smaller pieces.
        """
        if self._taken == 0:
            self._beginning = micro.Beginning.of(self._tr_loss)
            self._tallied = Tally(self._tally.sums).sums
        todo = [inputs]
        while True:
            try:
                *again, loss = [self._passes(model, batch, num_items_in_batch) for batch in todo]
                break
            except RuntimeError as error:
                # It holds the failed pass in memory, so nothing is done before it is gone.
                if not micro.ran_out(error):
                    raise
            self._make_room(model)
            todo = self._batches[: self._taken + 1]
        for earlier in again:
            self._tr_loss += earlier
        self._taken += 1
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
        figures, self._tally = self._figures(self._tally), Tally()
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
                metrics=figures,
            )
        )

    def _evaluate(self, trial: Any, ignore_keys_for_eval: Any, skip_scheduler: bool = False) -> dict[str, float]:
        """Measure the held-out loss and let the samples be written; random generators are left as they were."""
        step = self.state.global_step
        self.control.should_evaluate = False
        self._reporter.phase("evaluating")
        with torch.random.fork_rng():
            found = {name: self._measured(dataset) for name, dataset in self._held_out.items()}
            if found:
                main = found.pop("held_out", {})
                loss = main.pop("loss", None)
                others = {f"{name}_loss": figures["loss"] for name, figures in found.items()}
                metrics = {**main, **others}
                self._reporter.write(events.Eval(step=step, loss=loss, metrics=metrics, rows=self._progress.rows))
                self.control.should_save |= self._progress.saw(step, loss)
            try:
                self._on_evaluated(step)
            except RuntimeError as error:
                if not micro.ran_out(error):
                    raise
                self._reporter.notice(
                    "warning",
                    "samples_left_out",
                    f"Out of memory while the samples after step {step} were written, so they were left out; "
                    f"--set sample_max_new_tokens={self._recipe.sample_max_new_tokens // 2} makes them shorter.",
                )
        self.model.train()
        self._logged_at = time.monotonic()
        self._reporter.phase("training")
        return {}

    def _measured(self, dataset: Any) -> dict[str, float]:
        """Return the mean "loss" over a dataset, in nats, and what else a method tells of its rows."""
        self.model.eval()
        tally = Tally(dict.fromkeys(self._told(), (0.0, 0.0)))
        size = self.args.per_device_eval_batch_size
        with torch.no_grad(), self.compute_loss_context_manager():
            for start in range(self.args.process_index * size, len(dataset), size * self.args.world_size):
                rows = [dataset[number] for number in range(start, min(start + size, len(dataset)))]
                self._look(self.data_collator(rows), tally)
        return self._figures(tally)

    def _told(self) -> list[str]:
        """Return what is told of rows; a process of a team that has none to look at has to know it, too."""
        return ["loss"]

    def _figures(self, tally: Tally) -> dict[str, float]:
        """Return what is told of what was counted."""
        return tally.means()

    def _look(self, batch: dict[str, torch.Tensor], tally: Tally) -> None:
        """Count the loss of every learnt token of a batch."""

        def look(part: Mapping[str, torch.Tensor]) -> torch.Tensor:
            outputs = self.model(**part, use_cache=False, fused_lm_head=True)
            learnt = (part["labels"][:, 1:] != IGNORED).sum()
            return torch.stack([-outputs.log_probs.double().sum(), learnt.double()])

        total, learnt = torch.stack(self._looked(batch, look)).sum(0).tolist()
        tally.add("loss", total, learnt)

    def _looked(
        self, batch: Mapping[str, torch.Tensor], look: Callable[[dict[str, torch.Tensor]], _Looked]
    ) -> list[_Looked]:
        """Return what `look` finds in a batch without a gradient, by pieces; halves what passes at once until it fits.

        Each process of a team does so by itself. Raises WorkbenchError when a single row does not fit.
        """
        while True:
            try:
                found = []
                for part in micro.pieces(batch, self._layout.eval_batch):
                    moved = {key: value.to(self.model.device) for key, value in part.items()}
                    with torch.no_grad(), self.accelerator.autocast():
                        found.append(look(moved))
                return found
            except RuntimeError as error:
                if not micro.ran_out(error):
                    raise
            micro.free()
            before, after, step = self._layout, self._layout.smaller_evaluation(), self.state.global_step
            if after is None:
                raise layouts.too_little(
                    self._recipe, f"in the evaluation after step {step}", batch["input_ids"].shape[-1]
                )
            self._layout = after
            self._reporter.write(layouts.change(self._recipe, before, after, step, "it goes on"), durable=True)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        """Publish a sealed checkpoint and drop the oldest; raises NoSpaceError when the disk is full.

        Raises NotFiniteError instead when a step with a finite gradient has broken the weights all the same.
        """
        if not all(bool(weight.isfinite().all()) for weight in self.model.parameters() if weight.requires_grad):
            self._not_finite("weights", self.state.global_step)
        extra = {
            **self._progress.state(),
            "rng": checkpoint.gather_random_states(self.args.world_size),
            # A log entry is a mean over several steps, and a checkpoint may fall between two entries.
            "unlogged_loss": team.mean(self._tr_loss.item()),
            "logged_step": self._globalstep_last_logged,
            "unlogged_figures": self._tally.sums,
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
            checkpoint.rotate(self._checkpoints_dir, self._recipe.save_total_limit, self._progress.best_folder)
            seconds, step = round(time.monotonic() - started, 3), self.state.global_step
            path, held = f"{self._checkpoints_dir.name}/{folder.name}", self._progress.loss_at(step)
            event = events.Checkpoint(step=step, path=path, bytes=size, seconds=seconds, held_out_loss=held)
            self._reporter.write(event, durable=True)
            self._reporter.phase("training")
        if self.args.world_size > 1:
            torch.distributed.barrier()
        self._logged_at = time.monotonic()

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        """Put weights and counters of a sealed checkpoint back."""
        folder = Path(resume_from_checkpoint)
        checkpoint.load_weights(folder, self.model if model is None else model)
        self._logged_tokens = self._progress.follow(folder)

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
            self._tally = Tally(extra.get("unlogged_figures"))
