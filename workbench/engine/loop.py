"""Training, from encoded examples to a published result: the part every method shares.

Owns the order load, prove packing, train, publish. Must not know what the examples mean.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from workbench.core import best, events
from workbench.core.findings import steep
from workbench.core.relevance import counts
from workbench.engine import checkpoint, layout, load, prepare, samples, team
from workbench.engine.adapters import is_adapter
from workbench.engine.conductor import Conductor, cadence, total_steps
from workbench.engine.gauge import Gauge, keep
from workbench.engine.material import Material
from workbench.engine.progress import Progress, look_missed
from workbench.engine.requests import OUTCOME
from workbench.engine.session import Attempt, write_report
from workbench.engine.token_rows import chosen
from workbench.engine.trainer import WorkbenchTrainer, arguments
from workbench.engine.ways import Tokens
from workbench.runs import atomic

__all__ = ["cadence", "fit"]


def _packed(attempt: Attempt, model: Any, material: Material) -> bool:
    """Return whether packing is wanted and proved not to let documents see each other; says so when it is not."""
    if not attempt.recipe.packing:
        return False
    leak = team.largest(prepare.packing_leak(model, material.train))
    if leak > prepare.leak_tolerance(model):
        attempt.reporter.notice(
            "warning",
            "packing_leaks",
            "Packing was switched off: this model lets packed documents see each other "
            f"(logits differ by {leak:.3g} from the isolated document).",
        )
        return False
    return True


def _sampler(
    attempt: Attempt, tokenizer: Any, material: Material, trainer: Callable[[], WorkbenchTrainer]
) -> Callable[[int], None]:
    """Return the function that writes a sample event per fixed prompt."""
    recipe, reporter = attempt.recipe, attempt.reporter

    def write(step: int) -> None:
        if not (recipe.sample_max_new_tokens and material.prompts and team.is_first()):
            return
        texts = samples.answers(
            trainer().accelerator.unwrap_model(trainer().model),
            tokenizer,
            material.prompts,
            chat=material.chat,
            max_new_tokens=recipe.sample_max_new_tokens,
            thinking_budget=recipe.thinking_budget,
        )
        for prompt, answer in zip(material.prompts, texts, strict=True):
            reporter.write(events.Sample(step=step, prompt=prompt, text=answer.text, stopped=answer.stopped))

    return write


def _chosen(attempt: Attempt, model: Any, progress: Progress, steps: int) -> best.Result:
    """Return which state becomes the result, and leave that one's weights in the model."""
    run, reporter, trained = attempt.run, attempt.reporter, attempt.reporter.step_reached
    found = best.Result(trained, trained, steps, progress.best, progress.last, progress.rows)
    if not (attempt.recipe.load_best_model_at_end and found.best and found.was_better):
        return found
    folder = run.checkpoints_dir / progress.best_folder
    if what := atomic.verify(folder):
        reporter.notice(
            "warning",
            "best_damaged",
            f"The best checkpoint {folder.name} cannot be used ({what}), so the last state becomes the result; "
            "check the disk that the runs are on.",
        )
        return found
    checkpoint.load_weights(folder, model)
    return dataclasses.replace(found, step=found.best.step)


def _publish(attempt: Attempt, model: Any, tokenizer: Any, dtype: torch.dtype) -> None:
    """Write the result of the run: an adapter, or the whole model in the format of its base."""
    final = attempt.run.artifacts_dir / ("adapter" if is_adapter(model) else "model")
    atomic.require_space(attempt.run.artifacts_dir, checkpoint.size_bytes(model), reserve=checkpoint.RESERVE_BYTES)
    with atomic.staging(final) as folder:
        checkpoint.save_weights(model, tokenizer, folder, dtype)


def _figures(
    attempt: Attempt, material: Material, steps: int, packed: bool, tokens: int, result: best.Result | None
) -> dict[str, Any]:
    """Return what the report says: losses before and after, samples before and after, and what was trained on.

    "After" is the result where one was published and looked at, else the newest look.
    """
    journal = attempt.run.events()
    evals = [event for event in journal if isinstance(event, events.Eval)]
    written: dict[str, dict[int, str]] = {}
    for event in journal:
        if isinstance(event, events.Sample):
            written.setdefault(event.prompt, {})[event.step] = event.text
    losses = [event.loss for event in journal if isinstance(event, events.Step)]
    at = result.step if result is not None else -1
    after = next((event for event in reversed(evals) if event.step == at), evals[-1] if evals else None)
    first, last = (evals[0].metrics, after.metrics) if after is not None else ({}, {})
    compared = {name: {"before": value, "after": last.get(name)} for name, value in first.items()}
    looks = [(event.step, event.loss) for event in evals if event.loss is not None]
    return {
        **({"result": result.plain()} if result is not None else {}),
        "still_learning": steep(looks),
        "steps": steps,
        "tokens": tokens,
        "final_loss": losses[-1] if losses else None,
        "held_out_loss": {"before": evals[0].loss, "after": after.loss} if after is not None else None,
        "other_losses": {name: pair for name, pair in compared.items() if name.endswith("_loss")},
        "held_out_metrics": {name: pair for name, pair in compared.items() if not name.endswith("_loss")},
        "samples": [
            {"prompt": prompt, "before": texts[min(texts)], "after": texts.get(at, texts[max(texts)])}
            for prompt, texts in written.items()
        ],
        "data": material.counts,
        "packed": packed,
        "layout": layout.figures(attempt.run, attempt.recipe),
    }


def fit(
    attempt: Attempt, folder: Path, tokenizer: Any, material: Material, way: Tokens | None = None
) -> tuple[str, dict[str, Any]]:
    """Train the base in `folder` on the material and return (outcome, figures); `way` is how, by tokens if None."""
    run, recipe, reporter = attempt.run, attempt.recipe, attempt.reporter
    way = way or Tokens(recipe)
    attempt.requests.check()

    # Model
    reporter.phase("loading", "base")
    where = load.machine(recipe)
    write_report(run, {"machine": dataclasses.asdict(where)})
    gauge = Gauge(where)
    model = load.load_model(folder, tuning=recipe.tuning, where=where, for_training=True, scored=way.scored)
    if way.scored:
        load.new_head(model, way.padding(tokenizer), recipe.seed)
    result_dtype = load.stored_dtype(folder)
    gauge.watch(model)
    packed = _packed(attempt, model, material)
    sequences = way.sequences(material.train, packed)
    if attempt.rehearsal is not None:
        sequences = attempt.rehearsal.sequences(sequences)
    held_out = {name: way.sequences(examples, packed) for name, examples in material.held_out.items()}
    steps = total_steps(recipe, way.learnt(sequences))
    plan = cadence(recipe, steps, way.written(held_out))

    # Trainer
    run.checkpoints_dir.mkdir(mode=0o700, exist_ok=True)
    run.artifacts_dir.mkdir(mode=0o700, exist_ok=True)
    progress = Progress(counts("load_best_model_at_end", recipe.method), len(material.held_out.get("held_out", ())))
    laid_out = layout.in_effect(run, recipe)
    settings = arguments(recipe, where, steps, run.checkpoints_dir, laid_out)
    resume = attempt.resume_from
    settings.eval_on_start = resume is None or look_missed(resume, plan.evaluate_every)
    conductor = Conductor(plan, attempt.requests, reporter)
    trainer: WorkbenchTrainer = way.trainer(
        recipe=recipe,
        reporter=reporter,
        layout=laid_out,
        plan=plan,
        checkpoints_dir=run.checkpoints_dir,
        held_out=held_out,
        on_evaluated=_sampler(attempt, tokenizer, material, lambda: trainer),
        progress=progress,
        model=model,
        args=settings,
        train_dataset=sequences,
        processing_class=tokenizer,
        data_collator=way.collator(way.padding(tokenizer), packed),
        callbacks=[conductor],
        peft_config=load.adapter_config(recipe, chosen(tokenizer, recipe.trainable_token_indices), way.scored),
    )
    way.ready(attempt, trainer, sequences, held_out)

    if attempt.rehearsal is not None:
        figures = attempt.rehearsal.perform(trainer, material)
        memory = gauge.figures(recipe, folder, packed)
        keep(attempt, memory)
        return "done", {**figures, "memory": memory, "packed": packed}

    # Training: a checkpoint of the last step only waits for its result to be published.
    reporter.phase("training")
    if resume is not None and resume.name >= checkpoint.folder_name(steps):
        trainer._load_from_checkpoint(str(resume))
        reporter.step_reached = steps
    else:
        trainer.train(resume_from_checkpoint=None if resume is None else str(resume))

    tokens = team.total(progress.tokens)
    memory = gauge.figures(recipe, folder, packed)
    keep(attempt, memory)

    # Result: a pause leaves only the checkpoint, a stop publishes what there is.
    outcome = OUTCOME.get(conductor.request, "done")
    result = None
    if outcome != "paused" and team.is_first():
        reporter.phase("saving", "result")
        trained = trainer.accelerator.unwrap_model(trainer.model)
        result = _chosen(attempt, trained, progress, steps)
        _publish(attempt, trained, tokenizer, result_dtype)
        reporter.notice("info", "published", f"The result is {result.words()}.")
    return outcome, {**_figures(attempt, material, steps, packed, tokens, result), "memory": memory}
