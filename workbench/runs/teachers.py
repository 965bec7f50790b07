"""Teachers: what a reference to one names, whether it cuts text as a student does, and what it takes in memory.

Owns that and what is refused. Reads only JSON and the sizes of files; must not load weights or tokenizers.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.paths import expanded
from workbench.core.recipe import BUNDLED, TUNINGS
from workbench.core.teaching import writes_only
from workbench.core.text import one_line
from workbench.runs import bases, store
from workbench.runs.bases import Base

_QUANTISED = 0.3
"""Size of 4-bit weights with their scales over that of 16-bit ones, embeddings left in 16 bits included: about."""


def other_tokens(teacher: str) -> str:
    """Return the sentence that refuses a teacher whose tokens are not the student's."""
    return (
        f"The teacher {one_line(teacher, 80)} cuts text into other tokens than the base and cannot judge answers that "
        "the base writes; leave on_policy_share out: rows are compared where the tokens of both meet."
    )


def _gguf(reference: str) -> Path:
    """Return the GGUF file a reference names; raises UsageError when there is none."""
    path = expanded(reference)
    try:
        with path.open("rb") as file:
            right = file.read(4) == b"GGUF"
    except OSError as error:
        raise UsageError(
            f"The teacher {one_line(reference, 80)} cannot be read: {error.strerror}; check the path."
        ) from None
    if not right:
        raise UsageError(f"The teacher {one_line(reference, 80)} is no GGUF file; name one, or a run or a folder.")
    return path.absolute()


def find(reference: str) -> Base:
    """Return the teacher a person named: a run, a folder, or a model of the hub that is on this machine.

    Raises UsageError for anything else, and for a run that has made a reward model.
    """
    if not reference:
        raise UsageError("distill learns from a larger model and none is named; give for example --set teacher=RUN.")
    return bases.resolve(reference)


def named(reference: str, base: str, on_policy: bool = False) -> str:
    """Return a teacher as the recipe of a base names it: bundled, a run's id, or the path of a folder or GGUF file.

    Raises UsageError when it is none, or when the student is to write answers that it cannot judge.
    """
    if writes_only(reference):
        if on_policy:
            raise UsageError(
                "A GGUF writes answers and cannot judge the student's; leave on_policy_share out, or name the model "
                "the GGUF was made of."
            )
        return str(_gguf(reference))
    found = find(reference)
    if on_policy and not alike(found, bases.resolve(base)):
        raise UsageError(other_tokens(reference))
    return BUNDLED if reference == BUNDLED else found.run_id or str(found.model_dir)


def _vocabulary(base: Base) -> dict[str, Any] | None:
    """Return word → token of a base, None where its tokenizer is in no file that is JSON."""
    path = base.model_dir / "tokenizer.json"
    if not path.is_file():
        return None
    body = bases.read_json(path)
    model = body.get("model")
    words = model.get("vocab") if isinstance(model, dict) else None
    if not isinstance(words, dict):
        return None
    added = body.get("added_tokens")
    named = [one for one in added if isinstance(one, dict)] if isinstance(added, list) else []
    return {**words, **{str(one.get("content")): one.get("id") for one in named}}


def alike(teacher: Base, student: Base) -> bool:
    """Return whether both cut text into the same tokens, as far as their files say.

    A tokenizer that is no JSON is left to the engine, which compares again what it has loaded.
    """
    own, other = _vocabulary(student), _vocabulary(teacher)
    return own is None or other is None or own == other


def of_lineage(reference: str) -> tuple[str, ...]:
    """Return the runs that may teach a base: those of its lineage whose result writes, itself aside, newest first.

    None for a base that cannot be found.
    """
    try:
        base = bases.resolve(reference)
    except WorkbenchError:
        return ()
    found = []
    for run in store.list_runs():
        if run.meta().get("method") == "reward" or not any(run.artifacts_dir.glob("*/manifest.json")):
            continue
        try:
            other = bases.of_run(run)
        except WorkbenchError:
            continue  # what it stood on is gone
        if other.root == base.root and run.id != base.run_id:
            found.append(run.id)
    return tuple(found)


def beside(teacher: str, in_4bit: bool) -> dict[str, int]:
    """Return tuning → bytes that a teacher takes in memory while it is asked; raises UsageError when it is none."""
    if writes_only(teacher):
        return dict.fromkeys(TUNINGS, _gguf(teacher).stat().st_size)
    found = find(teacher)
    whole = sum(path.stat().st_size for path in found.model_dir.glob("*.safetensors"))
    small = in_4bit or found.adapter_tuning == "qlora"
    held = round(_QUANTISED * whole) if small else whole
    if found.adapter_dir is not None:
        held += sum(path.stat().st_size for path in found.adapter_dir.glob("*.safetensors"))
    return dict.fromkeys(TUNINGS, held)
