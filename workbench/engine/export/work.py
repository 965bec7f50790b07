"""An export as the work of a run: the order of its steps, what a later attempt need not do again, and where files go.

Owns the folder that files are made in, the record of what is finished in it, and the report. Must not know how a step
does its work: `exporter.py` has them. Files are made inside the run and get their names one by one, after their proof.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from workbench.core import best, gguf_size, units
from workbench.core import gguf_types as types
from workbench.core import recipe as recipes
from workbench.core.errors import NoSpaceError, UsageError, WorkbenchError
from workbench.core.text import one_line
from workbench.engine.export import exporter, merging, parity, quantize, reference, rows
from workbench.engine.export.gguf import writer
from workbench.engine.requests import Interrupted
from workbench.engine.session import Attempt
from workbench.runs import atomic, base_facts, bases, exports, store

STAGE = "export"
"""The folder in a run that files are made in; it is gone once the run is done, stopped or failed."""
_TOLD_SECONDS = 0.2
"""Progress within a step is told this often at most."""


@dataclass(frozen=True)
class _Stage:
    """The folder that files are made in, and the record of what is finished there."""

    path: Path
    origin: list[Any]
    """What the weights are made from; a record of other weights counts for nothing."""

    @property
    def full(self) -> Path:
        """The float32 file, from which all others come."""
        return self.path / "full.gguf"

    @property
    def importance(self) -> Path:
        """How much each input of each matrix matters, as llama.cpp's tools read it."""
        return self.path / "importance.gguf"

    @property
    def logits(self) -> Path:
        """What the trained model answered, raw float32."""
        return self.path / "logits.f32"

    def _record(self) -> dict[str, Any]:
        """Return what was finished: {} where there is no record, or one of other weights."""
        try:
            body = json.loads((self.path / "done.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return body if isinstance(body, dict) and body.get("origin") == self.origin else {}

    def note(self, step: str, file: Path, **told: Any) -> None:
        """Keep that a step is finished, with its file and what it found out."""
        entry = {"bytes": file.stat().st_size, "sha256": digest(file), **told}
        body = {**self._record(), "origin": self.origin, step: entry}
        atomic.write_text(self.path / "done.json", json.dumps(body, ensure_ascii=False) + "\n")

    def finished(self, step: str, file: Path) -> dict[str, Any]:
        """Return what a finished step found out; {} when it has to be done, as its file is not what it was."""
        entry = self._record().get(step, {})
        try:
            same = file.stat().st_size == entry["bytes"] and digest(file) == entry["sha256"]
        except (OSError, KeyError):
            same = False
        return entry if same else {}

    def sweep(self) -> None:
        """Remove what an attempt that was cut off has left unfinished."""
        for path in self.path.iterdir():
            if path.suffix in (".partial", ".tmp"):
                path.unlink()


def digest(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _origin(base: bases.Base) -> list[Any]:
    """Return name, size and time of every file that a base's weights and tokenizer are in."""
    folders = [base.model_dir, *([base.adapter_dir] if base.adapter_dir is not None else [])]
    found = [(path, path.stat()) for folder in folders for path in sorted(folder.iterdir()) if path.is_file()]
    return [[str(path), figures.st_size, figures.st_mtime_ns] for path, figures in found]


def _request(recipe: recipes.Recipe, base: bases.Base) -> exporter.Request:
    """Return what is to be exported of a base."""
    texts, chats = rows.real(recipes.load(store.find(base.run_id).recipe_path).recipe) if base.run_id else ((), ())
    trained_on = "dequantised" if base.adapter_tuning == "qlora" else "original"
    return exporter.Request(
        base=base.model_dir,
        name=recipe.file_name or exports.name_of(base),
        adapter=base.adapter_dir,
        merge_base=trained_on if recipe.merge_base == "auto" else recipe.merge_base,
        dtype=base.adapter_dtype,
        texts=texts,
        chats=chats,
        prepared=store.find(base.run_id).path / "prepared" if base.run_id else None,
    )


@contextmanager
def _errors(folder: Path) -> Iterator[None]:
    """Turn the operating system's refusals into sentences; a full disk is one that can be mended and gone on from."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            free = atomic.free_bytes(folder)
            raise NoSpaceError(str(folder), free + atomic.RESERVE_BYTES, free) from None
        where = one_line(str(error.filename or folder))
        raise WorkbenchError(f"{where}: {error.strerror or error}; choose another folder.") from None


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
        self.stage = _Stage(self.run.path / STAGE, _origin(self.base))
        self._model: exporter.Opened | None = None
        self._loaded: Any = None
        self._matrix: Path | None = None
        self._told = 0.0

    # Progress

    def _say(self, phase: str, detail: str, done: int | None = None, total: int | None = None) -> None:
        """Tell how far a step is, and honour a request to pause or stop."""
        self.attempt.requests.check()
        now = time.monotonic()
        if done is None or done == total or now - self._told >= _TOLD_SECONDS:
            self._told = now
            self.attempt.reporter.phase(phase, detail, done, total)

    def _tell(self, code: str, text: str) -> None:
        """Tell one sentence."""
        self.attempt.reporter.notice("info", code, text)

    # Steps

    def model(self) -> exporter.Opened:
        """Return the model, opened once; an attempt that finds everything proved never needs it."""
        if self._model is None:
            self._model = exporter.opened(_request(self.recipe, self.base))
        return self._model

    def loaded(self) -> Any:
        """Return the trained model as transformers runs it, loaded once."""
        if self._loaded is None:
            model = self.model()
            self._loaded = reference.load_model(model.request.base, model.weights)
        return self._loaded

    def made(self) -> dict[str, dict[str, Any]]:
        """Return type → line of the report for the files that are there with the hashes they were published with."""
        found = {}
        for name, entry in exports.read(self.run.artifacts_dir).items():
            path = exports.place(self.run.artifacts_dir, name, entry)
            if path.is_file() and path.stat().st_size == entry.get("bytes") and digest(path) == entry.get("sha256"):
                found[str(entry.get("type"))] = entry
        return found

    def require_room(self, there: dict[str, dict[str, Any]]) -> None:
        """Say what the export needs on the disk and raise NoSpaceError unless it is free.

        What earlier attempts have made is there already. A folder on another file system holds the finished files, and
        this one all of them but one at a time.
        """
        full = self.stage.full.stat().st_size if self.stage.full.exists() else self.model().way.bytes
        vocabulary = 0 if self.stage.logits.exists() else self.model().way.rows
        parts = gguf_size.disk(full, vocabulary, [kind.name for kind in self.kinds if kind.name not in there])
        parts |= {"float32": 0} if self.stage.full.exists() else {}
        files = sum(size for name, size in parts.items() if name in types.TYPES)
        apart = self.out.stat().st_dev != self.stage.path.stat().st_dev
        if apart:
            atomic.require_space(self.out, files + (full if "F32" in self.recipe.gguf_types else 0))
        free = atomic.free_bytes(self.stage.path)
        said = ", ".join(f"{name} {units.size(size)}" for name, size in parts.items() if size)
        self._tell(
            "room", f"Disk: {units.size(sum(parts.values()))} needed ({said or 'nothing'}), {units.size(free)} free."
        )
        atomic.require_space(self.stage.path, sum(parts.values()))

    def full(self) -> None:
        """Have the float32 file, made or found."""
        stage = self.stage
        found = stage.finished("full", stage.full)
        if not found:
            model, partial = self.model(), stage.path / "full.partial"
            written = model.way.write(
                partial,
                lambda line: self._say("preparing", "the float32 file", line["done"], line["total"]),
            )
            os.replace(partial, stage.full)
            stage.note("full", stage.full, largest=written.largest)
            found = {"largest": written.largest}
        exporter.refuse_overflow(found["largest"], tuple(kind.name for kind in self.kinds))

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
            found = exporter.measure(
                self.model(), self.loaded, stage.full, partial,
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
            "sha256": digest(staged),
        }
        self._publish(staged, final)
        exports.keep(self.run.artifacts_dir, [line], proof)
        if self.out != self.run.artifacts_dir:
            exports.keep(self.out, [line], proof)
        self._tell(
            "made",
            f"{kind.name}: {units.size(made.bytes)}, {made.bits_per_weight:.2f} bits per weight, "
            f"KL {sane.close.kl:.4f}, the same token {units.percent(sane.close.top1, 1)} of the time.",
        )

    def _publish(self, staged: Path, final: Path) -> None:
        """Give a proved file its name; over the border of a file system it is copied beside its name first."""
        try:
            os.replace(staged, final)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            beside = self._beside(final)
            try:
                shutil.copyfile(staged, beside)
                atomic.fsync_path(beside)
                os.replace(beside, final)
            finally:
                beside.unlink(missing_ok=True)
            if staged != self.stage.full:
                staged.unlink()
        atomic.fsync_path(final.parent)

    def _beside(self, final: Path) -> Path:
        """Return the name a file has while it is copied to another file system."""
        return final.with_name(f".{self.run.id}-{final.name}.partial")

    def work(self) -> dict[str, Any]:
        """Do what is left to do and return the figures of the report."""
        self.attempt.reporter.phase("loading")
        atomic.make_directories(self.stage.path, 0o700)
        self.stage.sweep()
        for folder in {self.run.artifacts_dir, self.out}:
            atomic.make_directories(folder)
        for kind in self.kinds:
            self._beside(self.out / types.file_name(self.name, kind.name)).unlink(missing_ok=True)
        there = self.made()
        left = [kind for kind in self.kinds if kind.name not in there]
        merged: dict[str, Any] = {}
        if left:
            self.require_room(there)
            self.full()
            questions, proof = self.proof()
            self._matrix = self.matrix(left)
            formats = exporter.formats(self.model(), left, self._matrix, self.stage.path / "skeleton.partial")
            merged = self.merged(questions)
            self._loaded = None
            for kind in left:
                self.one(kind, formats.get(kind.name), questions, proof)
        lines = [line for kind in self.kinds for line in exports.read(self.run.artifacts_dir).values()
                 if line.get("type") == kind.name]  # fmt: skip
        figures: dict[str, Any] = {"files": lines, "parity": lines[-1]["parity"], "of": {"base": self.recipe.base}}
        figures |= {"merged": merged} if merged else {}
        if self.base.run_id and (state := best.of_report(store.find(self.base.run_id).report())) is not None:
            figures["of"]["result"] = state.plain()
        return figures


def publish(attempt: Attempt) -> tuple[str, dict[str, Any]]:
    """Export what the recipe's base is and return (outcome, figures for the report)."""
    stage = attempt.run.path / STAGE
    try:
        with _errors(stage):
            figures = _Export(attempt).work()
    except NoSpaceError:
        raise  # a pause: what is finished is gone on from
    except Interrupted as interrupted:
        if interrupted.outcome == "stopped":
            atomic.remove_tree(stage)
        raise
    except WorkbenchError:
        atomic.remove_tree(stage)
        raise
    atomic.remove_tree(stage)
    return "done", figures
