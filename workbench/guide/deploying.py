"""Running a GGUF file elsewhere: the Modelfile beside it, the commands of other programs, and a trial in Ollama.

Owns these. The file is read in a process of its own; must not know how a page looks. Nothing is started here but
`ollama`, and that only when a person asks for it.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.core import gguf_size, gguf_types, paths
from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.paths import expanded
from workbench.core.text import clean, one_line
from workbench.guide import ancestry, card, exporting
from workbench.runs import atomic, bases, errand, exports, store

SAMPLING = ("temperature", "top_p", "top_k", "min_p", "repetition_penalty")
"""What a generation_config.json may say of sampling that other programs understand."""
CARD = "README.md"
"""What a model card is called in a folder of its own, where hubs look for it."""
SMOKE_PROMPT = "Hello! What can you do?"
_SMOKE_SECONDS = 300.0
_CREATE_SECONDS = 1800.0


@dataclass(frozen=True)
class Deployed:
    """What there is for other programs."""

    gguf: Path
    modelfile: Path | None
    """None where Ollama's language cannot say what has to be said, for the reason in `why_not`."""
    notes: tuple[str, ...] = ()
    """What is to be known of the Modelfile, in sentences."""
    why_not: str = ""
    context: int = gguf_size.CONTEXT
    """Tokens of context that the commands ask for: 8 192, or fewer where the model has fewer."""


def ollama_name(gguf: Path) -> str:
    """Return what Ollama calls the model of a file: a name of small letters, figures and -._, its type as the tag.

    Of the id of a run the date and the letters that tell it from others of its title are left out.
    """
    stem, _, kind = gguf.stem.rpartition("-")
    if not stem or kind not in gguf_types.TYPES:
        stem, kind = gguf.stem, ""
    if found := re.fullmatch(r"\d{4}-\d\d-\d\d-(.+)-[0-9a-f]{4}", stem):
        stem = found[1]
    name = re.sub(r"[^a-z0-9._-]+", "-", stem.lower()).strip("-._") or "model"
    return f"{name}:{kind.lower()}" if kind else name


def beside(gguf: Path, context: int) -> Deployed:
    """Return what there is beside a file by now, for a page; nothing is read or written."""
    modelfile = gguf.with_suffix(".Modelfile")
    return Deployed(gguf, modelfile if modelfile.is_file() else None, context=context)


def sampling_of(folder: Path) -> dict[str, float]:
    """Return what a model's makers say of sampling, {} where they say nothing or want the likeliest tokens."""
    path = folder / "generation_config.json"
    try:
        body: dict[str, Any] = bases.read_json(path) if path.is_file() else {}
    except WorkbenchError:
        return {}
    found = {
        name: float(value)
        for name in SAMPLING
        if isinstance(value := body.get(name), int | float) and not isinstance(value, bool)
    }
    greedy = {"repetition_penalty"} if body.get("do_sample") is False else set(SAMPLING)
    return {name: value for name, value in found.items() if name in greedy}


def _look(gguf: Path, reference: str, licence: str) -> dict[str, Any]:
    """Return what a file says of how it talks, or {"why_not": sentence}; nothing is written.

    Raises WorkbenchError for a file that cannot be read or is no model.
    """
    sampling = sampling_of(bases.resolve(reference).model_dir) if reference else {}
    request = {"gguf": str(gguf), "sampling": sampling, "licence": licence}
    try:
        return errand.run("workbench.engine.deploy", request, who="The look at the file")
    except UsageError as error:
        return {"why_not": str(error)}


def _write_modelfile(gguf: Path, told: Mapping[str, Any]) -> Deployed:
    """Write the Modelfile beside a file by what `_look` told, where there is one, and return what there is."""
    if "why_not" in told:
        return Deployed(gguf, None, why_not=str(told["why_not"]))
    path = gguf.with_suffix(".Modelfile")
    atomic.write_text(path, str(told["modelfile"]))
    return Deployed(gguf, path, tuple(str(note) for note in told["notes"]), context=int(told["context"]))


def prepare(gguf: Path, reference: str = "", licence: str = "") -> Deployed:
    """Write the Modelfile of a GGUF file beside it and return what there is; `reference` is what it was made from.

    Raises WorkbenchError for a file that cannot be read or is no model one can talk with.
    """
    return _write_modelfile(gguf, _look(gguf, reference, licence))


def commands(found: Deployed, *, from_folder: bool = False) -> tuple[tuple[str, str], ...]:
    """Return (program, command line) that run a file elsewhere; Ollama's only where there is a Modelfile.

    With `from_folder` they are those for the folder of the file, which may be anywhere then.
    """

    def place(path: Path) -> str:
        return shlex.quote(path.name if from_folder else str(path))

    context, path, name = found.context, place(found.gguf), ollama_name(found.gguf)
    lines = [
        ("llama.cpp, in a browser", f"llama-server -m {path} -c {context} --jinja"),
        ("llama.cpp, in the terminal", f"llama-cli -m {path} -c {context} --jinja"),
        ("LM Studio", f"lms import -y --hard-link {path}"),
    ]
    if found.modelfile is not None:
        lines.insert(0, ("Ollama", f"ollama create {name} -f {place(found.modelfile)}"))
    return tuple(lines)


# Everything beside a file


@dataclass(frozen=True)
class Handed:
    """A file with all that goes with it."""

    deployed: Deployed
    card: Path | None
    """None for a file of which nothing is known but itself."""


def chosen(target: str, kind: str = "") -> tuple[Path, str]:
    """Return (GGUF file, what it was made from or "") of a path, or of what was exported: of a type, or the handiest.

    Of an export it is one of its own files, of anything else one of the newest. Raises UsageError when there is none,
    WorkbenchError for one that has changed since its proof.
    """
    path = expanded(target)
    if path.suffix == ".gguf":
        if not path.is_file():
            raise UsageError(f"There is no file {one_line(target)}; give a GGUF file or a run that was exported.")
        return path.resolve(), ""
    found = exporting.target(target)
    label, there, wanted = found.label, found.made, kind.upper()
    runs = exports.runs_of(exports.key_of(bases.resolve(found.reference)))
    if found.reference != target and (run := store.find(target)).meta().get("method") == exports.METHOD:
        label, there, runs = run.id, exports.of_run(run), [run]
        if not wanted and not there:
            raise UsageError(
                f"The export {run.id} has no file of a whole model that is still there; see it with: "
                f"workbench watch {run.id}"
            )
    if wanted and wanted not in there and (lost := exports.lost(runs, wanted)) is not None:
        now = "is no longer the file that was proved" if lost.exists() else "is gone"
        raise UsageError(
            f"{wanted} of {label} was made and {now}: {one_line(str(lost), 4096)}; make it anew with "
            f"`{exporting.command(found, [wanted])}`."
        )
    if not there:
        raise UsageError(
            f"There is no GGUF file of {found.label} yet; make one with "
            f"`{exporting.command(found, [found.recommended])}`."
        )
    if wanted and wanted not in there:
        raise UsageError(f"There is no {one_line(kind)} of {label} yet, but {', '.join(there)}.")
    made = there[wanted or exports.handiest({name: one.bytes for name, one in there.items()})]
    exports.require_proved(made)
    return made.path, found.reference


def _gathered(path: Path, out: Path) -> Path:
    """Put a file into a folder, by a link where the folder is on the same disk, and return its place."""
    if out.exists() and not out.is_dir():
        raise UsageError(f"{one_line(str(out))} is a file; choose a folder.")
    readme = out / CARD
    if readme.is_file() and card.MARK not in readme.read_text(encoding="utf-8", errors="replace"):
        raise UsageError(
            f"{one_line(str(readme))} is not one of the workbench's and would be lost; choose another folder."
        )
    place = out / path.name
    if place.exists():
        if place.samefile(path):
            return place
        raise UsageError(f"{one_line(str(place))} exists already; choose another folder.")
    there = path.stat()
    exports.require_place(out, 0 if paths.nearest(out).stat().st_dev == there.st_dev else there.st_size)
    out.mkdir(parents=True, exist_ok=True)
    try:
        place.hardlink_to(path)
    except OSError:
        atomic.require_space(out, path.stat().st_size)
        partial = place.with_name(f".{place.name}.partial")
        try:
            shutil.copyfile(path, partial)
            partial.rename(place)
        finally:
            partial.unlink(missing_ok=True)
    return place


def hand_over(path: Path, reference: str = "", out: Path | None = None) -> Handed:
    """Write Modelfile and model card beside a GGUF file, or put all three into a folder, and return them.

    `reference` is what the file was made from. In a folder of its own the card is its README. Raises WorkbenchError.
    """
    run = bases.resolve(reference).run_id if reference else ""
    rungs = ancestry.rungs(run) if run else ()
    origin = ancestry.origin(rungs[0].recipe) if rungs else None
    # What is refused is refused before a folder or a link to the file is made.
    told = _look(path, reference, origin.licence if origin is not None else "")
    path = _gathered(path, out) if out is not None else path
    found = _write_modelfile(path, told)
    if origin is None:
        return Handed(found, None)
    base = bases.resolve(reference)
    every = [one for run in exports.runs_of(exports.key_of(base)) for one in exports.of_run(run).values()]
    every += exports.of_base(base).values()
    here = {one.path.name: one for one in every if exports.is_copy(path.parent / one.path.name, one)}
    made = sorted(here.values(), key=lambda one: -one.bytes)
    hashes = {one.path.name: one.sha256 for one in made if one.sha256}
    place = path.with_name(CARD) if out is not None else path.with_suffix(".md")
    run_it = [line for _, line in commands(found, from_folder=True)]
    atomic.write_text(place, card.text(rungs, origin, made, hashes, run_it))
    return Handed(found, place)


# A trial in Ollama


@dataclass(frozen=True)
class Smoke:
    """What Ollama made of a file."""

    name: str
    answer: str
    seconds: float
    """From the question to the end of the answer, loading included."""


def has_ollama() -> bool:
    """Return whether `ollama` is on this machine."""
    return shutil.which("ollama") is not None


def require_ollama() -> str:
    """Return the program `ollama`; raises UsageError where this machine has none."""
    program = shutil.which("ollama")
    if program is None:
        raise UsageError(
            "There is no ollama on this machine; install it, or leave out --ollama and copy GGUF and Modelfile to "
            "where it is."
        )
    return program


def _ollama(words: list[str], seconds: float) -> str:
    """Run `ollama` and return what it prints; raises WorkbenchError with its own last words."""
    program = require_ollama()
    try:
        done = subprocess.run(
            [program, *words], stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        raise WorkbenchError(f"ollama {words[0]} took longer than {seconds:.0f} s and was ended.") from None
    except OSError as error:
        raise WorkbenchError(f"ollama could not be started: {error.strerror}.") from None
    if done.returncode:
        said = clean(done.stderr.decode("utf-8", "replace")).strip().splitlines()
        why = one_line(said[-1] if said else f"exit code {done.returncode}", 300)
        raise WorkbenchError(f"ollama {words[0]} failed: {why.rstrip('.')}; is `ollama serve` running?")
    return clean(done.stdout.decode("utf-8", "replace"))


def create(found: Deployed, prompt: str = "", stops: tuple[str, ...] = ()) -> Smoke:
    """Make the model known to Ollama and ask it one question; raises WorkbenchError when it does not answer well.

    An answer that is empty, or that has a stop token in its text, is no answer.
    """
    if found.modelfile is None:
        raise UsageError(f"There is no Modelfile for {found.gguf.name}: {found.why_not}")
    name = ollama_name(found.gguf)
    _ollama(["create", name, "-f", str(found.modelfile)], _CREATE_SECONDS)
    started = time.monotonic()
    answer = _ollama(["run", name, prompt or SMOKE_PROMPT], _SMOKE_SECONDS).strip()
    seconds = time.monotonic() - started
    leaked = next((stop for stop in stops or stops_of(found.modelfile) if stop in answer), "")
    if not answer or leaked:
        why = f"writes the stop token {leaked} into its answer" if leaked else "answers nothing"
        raise WorkbenchError(
            f"Ollama knows {name} now, but it {why}; remove it with `ollama rm {name}` and use llama-server instead."
        )
    return Smoke(name, answer, seconds)


def stops_of(modelfile: Path) -> tuple[str, ...]:
    """Return the texts that end an answer by a Modelfile of ours."""
    return tuple(re.findall(r'^PARAMETER stop """(.+?)"""$', modelfile.read_text(encoding="utf-8"), re.MULTILINE))
