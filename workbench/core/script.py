"""A recipe as a plain TRL script: the same run with datasets, transformers, peft and trl, and without the workbench.

Owns which parts of `assets/script/` a recipe needs, and the constants at its top. Must not know how a base or
data is found: the caller says where the base is, and `prepare_command` says what writes the rows that a script reads.
"""

from __future__ import annotations

import importlib.metadata
import json
import re
import shlex
import textwrap
from collections.abc import Iterator, Mapping

from workbench.core import presets, templates
from workbench.core.errors import UsageError
from workbench.core.paths import assets_dir
from workbench.core.recipe import ALIGNING, FIELDS, REINFORCING, SCRATCH, SELF_REPLAY, Recipe, Resolved
from workbench.core.relevance import counts
from workbench.core.text import one_line

_WIDTH = 120
_IF, _END = re.compile(r"\s*# \[if (\w+)\]"), re.compile(r"\s*# \[end\]")

CURATION = (
    "data_weights", "duplicates", "min_characters", "max_characters", "languages", "quality", "secrets",
    "decontaminate", "eval_split", "seed",
)  # fmt: skip
"""Fields that decide about rows, which `workbench prepare` takes."""

_PARTS = {
    "opening": "always", "chats": "sft", "articles": "text", "sequences": "always", "model": "always",
    "training": "always",
}  # fmt: skip
"""File of the template → condition for it, in the order of a script."""

_CONSTANTS: Mapping[str, tuple[str, ...]] = {
    "always": (
        "max_length", "packing", "learning_rate", "weight_decay", "adam_beta1", "adam_beta2", "max_grad_norm",
        "num_train_epochs", "max_steps", "per_device_train_batch_size", "gradient_accumulation_steps",
        "lr_scheduler_type", "warmup_ratio", "seed", "logging_steps", "eval_steps", "save_steps", "save_total_limit",
        "device", "precision", "gradient_checkpointing", "activation_offloading", "num_processes",
    ),
    "text": ("control_tokens",),
    "adapter": ("lora_r", "lora_alpha", "lora_dropout", "target_modules"),
    "token_rows": ("trainable_token_indices",),
}  # fmt: skip
"""Condition → fields that are constants of a script."""

_HEAD = '''\
"""{what} with TRL, as a recipe of the workbench says.

It needs the packages named above and nothing of the workbench. Its rows are in TRL's own types, as `workbench prepare`
writes them. With the same packages on the same CPU it takes the steps of `workbench train`: the same tokens and labels,
packing, order of sequences, first weights, optimiser, schedule and held-out rows, so that losses differ by rounding at
most. A GPU adds up in an order of its own, and curves drift apart there as those of any two runs do.

Not the same: no samples are written; checkpoints are those of transformers, every so many steps and not by the clock;
the last state is the result, whatever the held-out rows say; a NaN does not end the run; and where packed documents
turn out to see each other the script stops, while the workbench goes on without packing.
"""
'''


def _conditions(recipe: Recipe) -> set[str]:
    """Return the conditions of the template that hold for a recipe."""
    true = {
        "always": True,
        "sft": recipe.method == "sft",
        "text": recipe.method != "sft",
        "given_template": bool(recipe.chat_template),
        "cpt": recipe.method == "cpt",
        "not_cpt": recipe.method != "cpt",
        "adapter": recipe.tuning != "full",
        "token_rows": recipe.tuning != "full" and bool(recipe.trainable_token_indices),
        "not_muon": recipe.optim != "muon",
        recipe.tuning: True,
        recipe.optim: True,
    }
    return {name for name, holds in true.items() if holds}


def _chosen(holding: set[str]) -> Iterator[str]:
    """Yield the lines of the template that hold: those outside of `# [if …]` … `# [end]`, and inside of true ones."""
    for part, condition in _PARTS.items():
        if condition not in holding:
            continue
        _, _, body = (assets_dir() / "script" / f"{part}.py").read_text(encoding="utf-8").partition('"""\n')
        open_conditions: list[bool] = []
        for line in body.splitlines():
            if match := _IF.fullmatch(line):
                open_conditions.append(match[1] in holding)
            elif _END.fullmatch(line):
                open_conditions.pop()
            elif all(open_conditions):
                yield line
        yield ""


def _comment(text: str) -> str:
    """Return a text as lines of comment; whatever is in it stays a comment."""
    return textwrap.fill(one_line(text), _WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)


def _reason(name: str, provenance: str, sources: Mapping[str, Mapping[str, str]]) -> str:
    """Return why a field has its value; `sources` are those of each preset that is known."""
    if provenance == "default":
        return f"The default. {FIELDS[name][1].why}"
    if provenance.startswith("derived: "):
        return f"{provenance.removeprefix('derived: ')[:1].upper()}{provenance.removeprefix('derived: ')[1:]}"
    said = "Chosen by hand." if provenance == "chosen" else f"From {provenance}."
    source = sources.get(provenance.removeprefix("preset "), {}).get(name, "")
    return f"{said} Source: {source}." if source else said


def _constants(resolved: Resolved, base: str, holding: set[str]) -> str:
    """Return the constants of a script, each under what it is and why it has its value."""
    named = {why.removeprefix("preset ") for why in resolved.provenance.values() if why.startswith("preset ")}
    sources = {name: presets.find(name).sources for name in named & presets.files().keys()}
    lines = [_comment(f"The base. {_reason('base', resolved.provenance['base'], sources)}"), f"BASE = {base!r}"]
    wanted = {name for condition, names in _CONSTANTS.items() if condition in holding for name in names}
    for name, (_, described) in FIELDS.items():
        if name not in wanted:
            continue
        value = getattr(resolved.recipe, name)
        said = f"{described.help} {_reason(name, resolved.provenance[name], sources)}"
        lines += ["", _comment(said), f"{name.upper()} = {list(value) if isinstance(value, tuple) else value!r}"]
    if given := resolved.recipe.chat_template:
        reason = _reason("chat_template", resolved.provenance["chat_template"], sources)
        lines += ["", _comment(f"{FIELDS['chat_template'][1].help} It is {given}. {reason}"), "TEMPLATE = ("]
        lines += [*(f"    {line!r}" for line in templates.text(given).splitlines(keepends=True)), ")"]
    return "\n".join(lines)


def _requirements(recipe: Recipe) -> list[str]:
    """Return the packages a script needs, at the versions that are installed here."""
    names = ["torch", "transformers", "datasets", "trl", "accelerate", "numpy"]
    names += ["peft"] if recipe.tuning != "full" else []
    names += ["bitsandbytes"] if recipe.tuning == "qlora" or recipe.optim == "adamw_8bit" else []
    found = []
    for name in names:
        try:
            found.append(f"{name}=={importlib.metadata.version(name).partition('+')[0]}")
        except importlib.metadata.PackageNotFoundError:
            found.append(name)
    return found


def prepare_command(recipe: Recipe, out: str) -> str:
    """Return the command that writes the rows of a recipe into a folder, for a shell.

    The rows of a plan are curated already, so nothing is said of that.
    """
    words = ["workbench", "prepare", *(recipe.data or ("DATA",)), "--method", recipe.method, "--out", out]
    words += ["--format", recipe.data_format] if recipe.data_format else []
    for pair in recipe.data_columns:
        words += ["--column", pair]
    standard = Recipe()
    planned = len(recipe.data) == 1 and recipe.data[0].endswith("plan.json")
    fields: tuple[str, ...] = ("seed",) if planned and recipe.replay_share else () if planned else CURATION
    if recipe.method == "cpt" and recipe.replay_share:
        fields += ("replay_share", "replay_data")
    for name in fields:
        value = getattr(recipe, name)
        if value != getattr(standard, name):
            told = json.dumps(list(value), ensure_ascii=False) if isinstance(value, tuple) else f"{value}"
            words += ["--set", f"{name}={told}"]
    return shlex.join(words)


def text(resolved: Resolved, base: str, out: str) -> str:
    """Return the script of a recipe.

    `base` is a folder or an id of the hub, `out` the folder of prepared rows that its header names. Raises UsageError
    for a run that no script can repeat: a model from scratch, whose tokenizer is trained on the rows, replay of text
    that the base writes itself, methods that compare answers or write their own, and those with a teacher.
    """
    recipe = resolved.recipe
    if base == SCRATCH:
        raise UsageError(
            "A script starts from a base that is there, and scratch makes one; train the run first and give the base/ "
            "folder of its run as --base."
        )
    if recipe.replay_data == SELF_REPLAY:
        raise UsageError(
            "A script cannot repeat replay_data=self, text that the base writes while it is trained; name a file of "
            "general text with --set replay_data=FILE."
        )
    if recipe.method in ALIGNING:
        raise UsageError(
            f"There is no script of {recipe.method}: TRL's own trainer of it cuts, masks and scales in other ways, so "
            "that it would take other steps than the run; train it here, and see recipe.toml for its values."
        )
    if recipe.method in REINFORCING:
        raise UsageError(
            f"There is no script of {recipe.method}: its checks and its way to write are the workbench's own, and "
            "TRL's trainer would write others; train it here, and see recipe.toml for its values."
        )
    if counts("teacher_top_k", recipe.method):
        raise UsageError(
            f"There is no script of {recipe.method}: what its teacher says is asked once and kept in the run, which "
            "TRL's trainers do not read; train it here, and see recipe.toml for its values."
        )
    holding = _conditions(recipe)
    requirements = _requirements(recipe)
    launcher = f"accelerate launch --num_processes {recipe.num_processes}" if recipe.num_processes > 1 else "python"
    head = [
        "# /// script",
        '# requires-python = ">=3.11"',
        "# dependencies = [",
        *(f'#   "{requirement}",' for requirement in requirements),
        "# ]",
        "# ///",
        _HEAD.format(what=f"{recipe.method.upper()}, {recipe.tuning} tuning,"),
        f"# pip install {' '.join(requirements)}",
        f"# {one_line(prepare_command(recipe, out))}",
        f"# {launcher} THIS_FILE {one_line(shlex.quote(out))} --out trained",
    ]
    body = re.sub(r"\n{4,}", "\n\n\n", "\n".join(_chosen(holding)))
    opening, _, rest = body.partition("# [head]")
    before, _, behind = rest.partition("# [constants]")
    return "".join(
        [opening.lstrip(), "\n".join(head), before, _constants(resolved, base, holding), behind.rstrip(), "\n"]
    )
