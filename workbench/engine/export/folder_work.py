"""A model folder in fewer bits as the work of a run: asked, written, compared, and then given its name.

Owns that order and the report. Must not know how weights are packed or
compared: `folder.py` does that. The folder is made inside the run; a folder that has its name is sealed by a manifest.
"""

from __future__ import annotations

import errno
import shutil
from pathlib import Path
from typing import Any

from workbench.core import units
from workbench.core.errors import UsageError
from workbench.core.text import one_line
from workbench.engine.export import exporter, folder, parity, reference
from workbench.engine.export import stage as stages
from workbench.engine.session import Attempt
from workbench.runs import atomic, bases, exports

_TWICE = (
    "The merged weights were rounded to 4 bits a second time, which takes back some of what the adapter has learnt; "
    "the run itself, its adapter beside the 4-bit base, takes as little memory and loses nothing."
)


class _Quantisation:
    """One attempt of a quantisation."""

    def __init__(self, attempt: Attempt) -> None:
        self.attempt, self.recipe, self.run = attempt, attempt.recipe, attempt.run
        self.base = bases.resolve(self.recipe.base)
        self.kind = self.recipe.folder_kind
        self.out = exports.folder_place(self.run, self.recipe)
        self.stage = stages.Stage(self.run.path / stages.STAGE, stages.origin_of(self.base))
        self.made = self.stage.path / "model"
        self.teller = stages.Teller(attempt)
        self._model: exporter.Opened | None = None

    def model(self) -> exporter.Opened:
        """Return the model, opened once; an attempt that finds everything compared never needs it."""
        if self._model is None:
            self._model = exporter.opened(stages.request_of(self.recipe, self.base))
        return self._model

    def _is_written(self) -> bool:
        """Return whether the folder inside the run is whole, to the last byte."""
        return bool(self.stage.finished("model", self.made / atomic.MANIFEST)) and not atomic.verify(self.made)

    def _told(self, place: Path) -> dict[str, Any]:
        """Return what was measured of a folder, {} for one that is not there or is another."""
        told, manifest = exports.folder_told(self.run), place / atomic.MANIFEST
        same = manifest.is_file() and stages.digest(manifest) == told.get("manifest")
        return told if same and not atomic.verify(place) else {}

    def require_room(self) -> None:
        """Say what the folder needs on the disk and raise NoSpaceError unless it is free."""
        parts = folder.disk(self.model(), self.kind)
        if self.out.parent.stat().st_dev != self.stage.path.stat().st_dev:
            atomic.require_space(self.out.parent, parts[self.kind])
        if self.stage.logits.exists():
            parts["comparison"] = 0
        self.teller.room(parts, self.stage.path)

    def questions(self) -> parity.Questions:
        """Return what the trained model answers, asked or found."""
        stage = self.stage
        if found := stage.finished("answers", stage.logits):
            return parity.questions_of(found["questions"], stage.logits)
        said = "transformers answers"
        self.teller.say("evaluating", said)
        loaded = reference.load_model(self.model().request.base, self.model().weights)
        questions = exporter.ask(self.model(), loaded, stage.logits, lambda: self.teller.say("evaluating", said))
        stage.note("answers", stage.logits, questions=questions.kept())
        return questions

    def write(self) -> None:
        """Have the folder written, now or by an earlier attempt."""
        if self._is_written():
            return
        atomic.remove_tree(self.made)
        with atomic.staging(self.made) as staged:
            folder.write(
                self.model(),
                self.kind,
                staged,
                lambda done, total: self.teller.say("exporting", self.kind, done, total),
            )
        self.stage.note("model", self.made / atomic.MANIFEST)

    def measure(self, questions: parity.Questions) -> None:
        """Have measured what the folder loses; raises WorkbenchError when that is too much."""
        if self._told(self.made):
            return
        self.teller.say("evaluating", self.kind)
        loaded = folder.load(self.made)
        close = folder.compare(questions, loaded, lambda: self.teller.say("evaluating", self.kind))
        folder.refuse_unlike(self.kind, close)
        size = sum(file.stat().st_size for file in self.made.glob("*.safetensors"))
        bits = round(8 * size / sum(folder.counts(self.model())), 3)
        told = {"kind": self.kind, "path": str(self.out), "bytes": size, "bits_per_weight": bits, **close.plain()}
        told["manifest"] = stages.digest(self.made / atomic.MANIFEST)
        if self.kind == "nf4" and self.base.adapter_tuning == "qlora":
            told["note"] = _TWICE
        exports.tell_folder(self.run, told)

    def name(self) -> None:
        """Give the folder its name; over the border of a file system it is copied beside its name first."""
        try:
            atomic.rename(self.made, self.out)
            atomic.fsync_path(self.out.parent)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            with atomic.staging(self.out) as staged:
                shutil.copytree(self.made, staged, dirs_exist_ok=True, ignore=shutil.ignore_patterns(atomic.MANIFEST))

    def work(self) -> dict[str, Any]:
        """Do what is left to do and return the figures of the report."""
        stages.begin(self.attempt, self.stage, self.run.artifacts_dir, self.out.parent)
        if self.made.is_dir():
            atomic.sweep_staged(self.out.parent, [path.name for path in self.made.iterdir()])
        if not self._told(self.out):
            if self.out.exists():
                raise UsageError(f"{one_line(str(self.out))} exists already; choose another folder with --out.")
            if not self._is_written():
                self.require_room()
            questions = self.questions()
            self.write()
            self.measure(questions)
            self.name()
        told = exports.folder_told(self.run)
        self.teller.tell(
            "made",
            f"{self.kind}: {units.size(told['bytes'])}, {told['bits_per_weight']:.2f} bits per weight, "
            f"KL {told['kl']:.4f}, the same token {units.percent(told['top1'], 1)} of the time.",
        )
        return {"folder": told, "of": stages.made_of(self.recipe, self.base)}


def publish(attempt: Attempt) -> tuple[str, dict[str, Any]]:
    """Write the recipe's base as a model folder and return (outcome, figures for the report)."""
    return stages.carried_out(attempt, lambda: _Quantisation(attempt).work())
