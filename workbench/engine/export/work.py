"""An export as the work of a run: the order of its steps, what a later attempt need not do again, and where files go.

Owns that order and the report. Must not know how a step does its work: `exporter.py` has them. Files are made in a
folder inside the run (`stage.py`) and get their names one by one, after their proof.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

from workbench.core import gguf_size, units
from workbench.core import gguf_types as types
from workbench.core.errors import UsageError
from workbench.engine.export import adapter_work, exporter, merging, parity, quantize, reference
from workbench.engine.export import stage as stages
from workbench.engine.export.gguf import header, writer
from workbench.engine.session import Attempt
from workbench.runs import atomic, base_facts, bases, exports


class _Export:
    """One attempt of an export."""

    def __init__(self, attempt: Attempt) -> None:
        self.attempt, self.recipe, self.run = attempt, attempt.recipe, attempt.run
        self.base = bases.resolve(self.recipe.base)
        facts = base_facts.of_reference(self.recipe.base)
        self.shape, self.context = facts.shape, facts.context or gguf_size.CONTEXT
        self.kinds = exporter.kinds_of(self.recipe.gguf_types)
        self.name = self.recipe.file_name or exports.name_of(self.base)
        self.out = Path(self.recipe.out_dir) if self.recipe.out_dir else self.run.artifacts_dir
        self.stage = stages.Stage(self.run.path / stages.STAGE, stages.origin_of(self.base))
        teller = stages.Teller(attempt)
        self._say, self._tell, self._room = teller.say, teller.tell, teller.room
        self._model: exporter.Opened | None = None
        self._loaded: Any = None
        self._matrix: Path | None = None
        self._held = False
        """Whether the float32 file is in memory and not on the disk."""

    # Steps

    def model(self) -> exporter.Opened:
        """Return the model, opened once; an attempt that finds everything proved never needs it."""
        if self._model is None:
            self._model = exporter.opened(stages.request_of(self.recipe, self.base))
        return self._model

    def loaded(self) -> Any:
        """Return the trained model as transformers runs it, loaded once."""
        if self._loaded is None:
            model = self.model()
            self._loaded = reference.load_model(model.request.base, model.weights)
        return self._loaded

    def require_room(self, there: dict[str, dict[str, Any]]) -> None:
        """Say what the export needs on the disk and raise NoSpaceError unless it is free.

        What earlier attempts have made is there already. A folder on another file system holds the finished files, and
        this one all of them but one at a time.
        """
        full = self.stage.full.stat().st_size if self.stage.full.exists() else self.model().way.bytes
        vocabulary = 0 if self.stage.logits.exists() else self.model().way.rows
        left = [kind.name for kind in self.kinds if kind.name not in there]
        parts = gguf_size.disk(full, vocabulary, left, stages.spare_memory(self.model().way.content))
        self._held = not parts["float32"] and not self.stage.full.exists()
        parts |= {"float32": 0} if self.stage.full.exists() else {}
        files = sum(size for name, size in parts.items() if name in types.TYPES)
        apart = self.out.stat().st_dev != self.stage.path.stat().st_dev
        if apart:
            atomic.require_space(self.out, files + (full if "F32" in self.recipe.gguf_types else 0))
        self._room(parts, self.stage.path)

    def full(self) -> None:
        """Have the float32 file, made or found."""
        stage = self.stage
        found = stage.finished("full", stage.full)
        if not found:
            written = self.model().way.write(
                stage.partial,
                lambda line: self._say("preparing", "the float32 file", line["done"], line["total"]),
            )
            os.replace(stage.partial, stage.full)
            if not self._held:
                stage.note("full", stage.full, largest=written.largest)
            found = {"largest": written.largest}
        exporter.refuse_overflow(found["largest"], tuple(kind.name for kind in self.kinds))

    def proved(self, left: Sequence[types.FileType]) -> tuple[parity.Questions, dict[str, Any]]:
        """Return what `proof` does, with the float32 file as long as it is needed: a type may be made from it."""
        needed = self.model().way.content is None or any(kind.name == "F32" for kind in left)
        with self.stage.in_memory() if self._held else nullcontext():
            if needed or not self.stage.finished("proof", self.stage.logits):
                self.full()
            return self.proof()

    def proof(self) -> tuple[parity.Questions, dict[str, Any]]:
        """Return the questions for finished files and the proof of the float32 file, made or found."""
        stage = self.stage
        if found := stage.finished("proof", stage.logits):
            return parity.questions_of(found["questions"], stage.logits), found["parity"]
        self._say("evaluating", "transformers answers")
        questions = exporter.ask(
            self.model(), self.loaded(), stage.logits, lambda: self._say("evaluating", "transformers answers")
        )
        self._say("evaluating", "llama.cpp answers")
        with self.attempt.requests.heeded() as stop:
            proof = parity.check(questions, stage.full, stop)
        exporter.refuse_unproved(proof, questions.allowed)
        stage.note("proof", stage.logits, questions=questions.kept(), parity=asdict(proof))
        self._tell(
            "proved",
            f"Proved against the trained model: {units.count(proof.texts)} texts have the same tokens, logits are "
            f"within {units.rate(proof.max_abs_logit_diff)}, the likeliest token is the same in "
            f"{units.percent(proof.top1, 1)} of {units.count(proof.tokens)} places.",
        )
        for note in questions.notes:
            self._tell("otherwise", note)
        return questions, asdict(proof)

    def merged(self, questions: parity.Questions) -> dict[str, Any]:
        """Return how close a merge into either base is to what was trained, where that was over 4-bit weights."""
        if self.base.adapter_tuning != "qlora":
            return {}
        stage, path = self.stage, self.stage.path / "merged.json"
        if not stage.finished("merged", path):
            self._say("evaluating", "both bases of the adapter")
            self._loaded = None
            found = merging.compare(self.model(), self.base, questions, stage.path / "merged.partial")
            atomic.write_text(path, json.dumps(found))
            stage.note("merged", path)
            self._tell("merged", merging.told(found, self.model().request.merge_base))
        found = json.loads(path.read_text(encoding="utf-8"))
        return {"into": self.model().request.merge_base, **found}

    def matrix(self, left: Sequence[types.FileType]) -> Path | None:
        """Have the importance matrix, made or found; None where no type gains by one or there are no rows for it."""
        if not self.recipe.importance or all(kind.bits > 8 for kind in left):
            if why := types.need_matrix(left):
                raise UsageError(why)
            return None
        stage = self.stage
        found = stage.finished("importance", stage.importance)
        if not found:
            partial = stage.path / "importance.partial"
            architecture = self.model().way.architecture or header.read(stage.full).architecture
            found = exporter.measure(
                self.model(), self.loaded, architecture, partial,
                lambda done, total: self._say("evaluating", "importance of weights", done, total),
            )  # fmt: skip
            if found:
                os.replace(partial, stage.importance)
                stage.note("importance", stage.importance, **found)
        if found:
            kept = self.run.artifacts_dir / exports.IMPORTANCE
            if not kept.exists():
                shutil.copyfile(stage.importance, kept)
            self._tell(
                "importance",
                f"Which weights matter was measured on {units.count(found['rows'])} rows that the run learnt from, "
                f"{units.count(found['tokens'])} tokens.",
            )
            return stage.importance
        if why := types.need_matrix(left):
            raise UsageError(why)
        return None

    def one(
        self, kind: types.FileType, formats: writer.Formats | None, questions: parity.Questions, proof: dict[str, Any]
    ) -> None:
        """Make, examine and publish the file of one type."""
        staged = self.stage.path / f"{kind.name}.partial"

        def told(done: int, total: int) -> None:
            self._say("exporting", kind.name, done, total)

        with self.attempt.requests.heeded() as stop:
            if kind.name == "F32":
                staged = self.stage.full
                made = quantize.describe(staged, kind)
            elif formats is not None:
                made = exporter.make(self.model(), kind, formats, staged, told)
            else:
                made = quantize.quantize(self.stage.full, staged, kind.name, told, self._matrix, stop)
            self._say("evaluating", kind.name)
            sane = parity.examine(questions, staged, kind.name, stop)
        final = self.out / types.file_name(self.name, kind.name)
        line = {
            **exporter.line_of(made, kind.name, sane),
            "memory": gguf_size.memory_bytes(self.shape, made.bytes, min(gguf_size.CONTEXT, self.context)),
            "importance": self._matrix is not None and kind.name != "F32",
            "path": str(final),
            "sha256": stages.digest(staged),
            "modified": staged.stat().st_mtime_ns,
        }
        stages.refuse_taken(self.recipe, final)
        stages.enter(self.run, self.out, line, proof)
        stages.give_name(self.run, staged, final)
        self._tell(
            "made",
            f"{kind.name}: {units.size(made.bytes)}, {made.bits_per_weight:.2f} bits per weight, "
            f"KL {sane.close.kl:.4f}, the same token {units.percent(sane.close.top1, 1)} of the time.",
        )

    def work(self) -> dict[str, Any]:
        """Do what is left to do and return the figures of the report."""
        stages.begin(self.attempt, self.stage, self.run.artifacts_dir, self.out)
        for kind in self.kinds:
            stages.beside(self.run, self.out / types.file_name(self.name, kind.name)).unlink(missing_ok=True)
        there = stages.finished_files(self.run)
        left = [kind for kind in self.kinds if kind.name not in there]
        stages.refuse_taken(self.recipe, *(self.out / types.file_name(self.name, kind.name) for kind in left))
        merged: dict[str, Any] = {}
        if left:
            self.require_room(there)
            questions, proof = self.proved(left)
            self._matrix = self.matrix(left)
            formats = exporter.formats(self.model(), left, self._matrix, self.stage.path / "skeleton.partial")
            merged = self.merged(questions)
            self._loaded = None
            for kind in left:
                self.one(kind, formats.get(kind.name), questions, proof)
        lines = [line for kind in self.kinds for line in exports.read(self.run.artifacts_dir).values()
                 if line.get("type") == kind.name]  # fmt: skip
        of = stages.made_of(self.recipe, self.base)
        figures: dict[str, Any] = {"files": lines, "parity": lines[-1]["parity"], "of": of}
        return figures | ({"merged": merged} if merged else {})


def publish(attempt: Attempt) -> tuple[str, dict[str, Any]]:
    """Export what the recipe's base is and return (outcome, figures for the report)."""
    if attempt.recipe.adapter_alone:
        return adapter_work.publish(attempt)
    return stages.carried_out(attempt, lambda: _Export(attempt).work())
