"""An adapter alone as the work of a run: its file and one of its base, the proof of both together, and its name.

Owns that order and the report. Must not know how a step does its work: `adapter.py` has them. The file of the base is
there for the proof alone, and kept only until the run has ended.
"""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

from workbench.core import gguf_size, units
from workbench.core.errors import UsageError
from workbench.engine.export import adapter
from workbench.engine.export import stage as stages
from workbench.engine.session import Attempt
from workbench.runs import bases, exports

KIND = "adapter"
"""Its type in the report, where files of a whole model have that of llama.cpp."""


class _Adapter:
    """One attempt of an export of the adapter alone."""

    def __init__(self, attempt: Attempt) -> None:
        self.attempt, self.recipe, self.run = attempt, attempt.recipe, attempt.run
        self.base = bases.resolve(self.recipe.base)
        name = self.recipe.file_name or exports.name_of(self.base)
        self.out = Path(self.recipe.out_dir) if self.recipe.out_dir else self.run.artifacts_dir
        self.final = self.out / f"{name}{exports.ADAPTER}"
        self.stage = stages.Stage(self.run.path / stages.STAGE, stages.origin_of(self.base))
        self.made = self.stage.path / "adapter.gguf"
        self.teller = stages.Teller(attempt)
        self._model: adapter.Opened | None = None
        self._held = False
        """Whether the file of the base is in memory and not on the disk."""

    def model(self) -> adapter.Opened:
        """Return the adapter with its base, opened once."""
        if self._model is None:
            self._model = adapter.opened(stages.request_of(self.recipe, self.base))
        return self._model

    def require_room(self) -> None:
        """Say what is needed on the disk and raise NoSpaceError unless it is free."""
        way = self.model().way
        parts = gguf_size.disk(way.bytes, way.rows, (), stages.spare_memory(way.content))
        self._held = not parts["float32"] and not self.stage.full.exists()
        parts |= {"float32": 0} if self.stage.full.exists() else {}
        self.teller.room(parts, self.stage.path)

    def write(self) -> None:
        """Have the file of the adapter and, unless both are proved, the float32 one of its base, made or found."""
        model, stage = self.model(), self.stage
        if not stage.finished(KIND, self.made):
            self.teller.say("preparing", "the adapter")
            partial = stage.path / "adapter.partial"
            adapter.write(partial, model.config, model.opened, model.weights, model.request.name)
            os.replace(partial, self.made)
            stage.note(KIND, self.made)
        if not stage.finished("proof", stage.logits) and not stage.finished("full", stage.full):
            model.way.write(
                stage.partial,
                lambda line: self.teller.say("preparing", "the file of its base", line["done"], line["total"]),
            )
            os.replace(stage.partial, stage.full)
            if not self._held:
                stage.note("full", stage.full)

    def proof(self) -> dict[str, Any]:
        """Return the proof of adapter and base together, made or found."""
        stage = self.stage
        if found := stage.finished("proof", stage.logits):
            return dict(found["parity"])
        said = "transformers answers"
        self.teller.say("evaluating", said)
        questions = adapter.ask(self.model(), stage.logits, lambda: self.teller.say("evaluating", said))
        self.teller.say("evaluating", "llama.cpp answers")
        with self.attempt.requests.heeded() as stop:
            proof = adapter.prove(questions, stage.full, self.made, stop)
        stage.note("proof", stage.logits, parity=asdict(proof))
        self.teller.tell(
            "proved",
            f"Proved beside its base: logits are within {units.rate(proof.max_abs_logit_diff)}, the likeliest token is "
            f"the same in {units.percent(proof.top1, 1)} of {units.count(proof.tokens)} places.",
        )
        return asdict(proof)

    def work(self) -> dict[str, Any]:
        """Do what is left to do and return the figures of the report."""
        if self.base.adapter_dir is None:
            raise UsageError(f"{self.base.label} has no adapter; export the whole model, without --adapter.")
        stages.begin(self.attempt, self.stage, self.run.artifacts_dir, self.out)
        stages.beside(self.run, self.final).unlink(missing_ok=True)
        if KIND not in stages.finished_files(self.run):
            stages.refuse_taken(self.recipe, self.final)
            self.require_room()
            with self.stage.in_memory() if self._held else nullcontext():
                self.write()
                proof = self.proof()
            self.teller.say("exporting", KIND)
            size, sha256 = self.made.stat().st_size, stages.digest(self.made)
            line = {"type": KIND, "path": str(self.final), "bytes": size, "sha256": sha256}
            stages.refuse_taken(self.recipe, self.final)
            stages.enter(self.run, self.out, line, proof)
            stages.give_name(self.run, self.made, self.final)
            self.teller.tell("made", f"adapter: {units.size(size)}, proved beside its base.")
        line = stages.finished_files(self.run)[KIND]
        of = stages.made_of(self.recipe, self.base)
        return {"files": [line], "parity": line["parity"], "of": of, "root": self.base.root}


def publish(attempt: Attempt) -> tuple[str, dict[str, Any]]:
    """Export the adapter of the recipe's base and return (outcome, figures for the report)."""
    return stages.carried_out(attempt, lambda: _Adapter(attempt).work())
