"""Resumable state without pickles: weights and optimizer tensors as safetensors, everything else as JSON.

Owns what a checkpoint holds and how it is put back bit by bit. The folder is staged, hashed and renamed by
`runs.atomic`; a kill at any moment leaves the previous checkpoint untouched. Must not know when to save.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from workbench.core.errors import WorkbenchError
from workbench.engine.adapters import POLICY, is_adapter
from workbench.engine.reinforce import critic
from workbench.runs import atomic

OPTIMIZER_FILE = "optimizer.safetensors"
STATE_FILE = "state.json"
TRAINER_FILE = "trainer_state.json"
CRITIC_FILE = "critic.safetensors"
"""What PPO trains beside the model; it is no part of the result."""

RESERVE_BYTES = 64 << 20
"""Left free on the disk beside a checkpoint, so that journal and report still fit."""


def folder_name(step: int) -> str:
    """Return the name of the checkpoint of a step; names sort by step."""
    return f"step-{step:08d}"


def optimizer_tensors(state_dict: dict[str, Any]) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Return an optimizer's state as named tensors and a JSON value that holds the rest."""
    tensors: dict[str, torch.Tensor] = {}
    plain: dict[str, dict[str, Any]] = {}
    for number, entries in state_dict["state"].items():
        # bitsandbytes hands out its 8-bit state in an inner dictionary, and takes it back with or without that.
        inner = [value for value in entries.values() if isinstance(value, dict)]
        flat = {
            name: value for part in (entries, *inner) for name, value in part.items() if not isinstance(value, dict)
        }
        for name, value in flat.items():
            if isinstance(value, torch.Tensor):
                tensors[f"{number}.{name}"] = value.detach().cpu().contiguous().clone()
            else:
                plain.setdefault(str(number), {})[name] = value
    return tensors, {"groups": state_dict["param_groups"], "plain": plain}


def optimizer_state(tensors: dict[str, torch.Tensor], rest: dict[str, Any]) -> dict[str, Any]:
    """Return the state_dict that `optimizer_tensors` took apart."""
    state: dict[int, dict[str, Any]] = {int(number): dict(entries) for number, entries in rest["plain"].items()}
    for key, tensor in tensors.items():
        number, _, name = key.partition(".")
        state.setdefault(int(number), {})[name] = tensor
    groups = [{k: tuple(v) if k == "betas" else v for k, v in group.items()} for group in rest["groups"]]
    return {"state": state, "param_groups": groups}


def random_states() -> dict[str, Any]:
    """Return the state of every random generator of this process, its device's included, as JSON values."""
    version, words, gauss = random.getstate()
    name, keys, position, has_gauss, cached = numpy.random.get_state()
    return {
        "python": [version, list(words), gauss],
        "numpy": [str(name), numpy.asarray(keys).tolist(), int(position), int(has_gauss), float(cached)],
        "torch": torch.get_rng_state().tolist(),
        "cuda": torch.cuda.get_rng_state().tolist() if torch.cuda.is_available() else [],
    }


def set_random_states(states: dict[str, Any]) -> None:
    """Put back what `random_states` returned."""
    version, words, gauss = states["python"]
    random.setstate((version, tuple(words), gauss))
    name, keys, position, has_gauss, cached = states["numpy"]
    numpy.random.set_state((name, numpy.array(keys, dtype=numpy.uint32), position, has_gauss, cached))
    torch.set_rng_state(torch.tensor(states["torch"], dtype=torch.uint8))
    if torch.cuda.is_available() and states["cuda"]:
        torch.cuda.set_rng_state(torch.tensor(states["cuda"], dtype=torch.uint8))


def gather_random_states(world_size: int) -> list[dict[str, Any]]:
    """Return the random states of every process, in rank order; each process has to call it.

    Python's and numpy's generators start alike on all ranks and no rank-dependent code draws from them.
    """
    mine = random_states()
    if world_size == 1:
        return [mine]
    device = "cuda" if torch.distributed.get_backend() == "nccl" else "cpu"
    state = torch.tensor(mine["torch"] + mine["cuda"], dtype=torch.uint8, device=device)
    everyone = [torch.empty_like(state) for _ in range(world_size)]
    torch.distributed.all_gather(everyone, state)
    cut = len(mine["torch"])
    return [{**mine, "torch": (item := each.tolist())[:cut], "cuda": item[cut:]} for each in everyone]


def save_weights(model: Any, tokenizer: Any, folder: Path, dtype: torch.dtype | None = None) -> None:
    """Write adapter or model and its tokenizer into `folder` in the layout every tool loads.

    `dtype` casts a full model while writing; None keeps the training format.
    """
    if is_adapter(model):
        model.save_pretrained(folder, save_embedding_layers=False, selected_adapters=[POLICY])
        (folder / "README.md").unlink(missing_ok=True)
        return
    state = {name: tensor for name, tensor in model.state_dict().items() if not critic.is_part(name)}
    if dtype is not None:
        # A cast copy of a tied weight no longer shows that it is tied, and would be stored twice.
        cast: dict[int, torch.Tensor] = {}
        for name, tensor in state.items():
            if tensor.is_floating_point():
                state[name] = cast.setdefault(tensor.data_ptr(), tensor.to(dtype))
    # Training switches the generation cache off; whoever loads the result wants it on.
    model.config.use_cache = True
    model.save_pretrained(folder, state_dict=state)
    if dtype is not None:
        # The configuration tells the format of the files; the stack has written that of the model in memory.
        model.config.dtype = dtype
        model.config.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def size_bytes(model: Any) -> int:
    """Return what a checkpoint of this model takes on disk: the trained weights and two moments each, in fp32."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad) * 12 + (1 << 20)


def save(
    folder: Path,
    *,
    model: Any,
    tokenizer: Any,
    optimizer: Any,
    scheduler: Any,
    trainer_state: Any,
    extra: dict[str, Any],
) -> int:
    """Write one sealed checkpoint under its final name and return its bytes.

    Raises NoSpaceError when the disk cannot hold it; nothing with the final name exists then.
    """
    atomic.require_space(folder.parent, size_bytes(model), reserve=RESERVE_BYTES)
    tensors, rest = optimizer_tensors(optimizer.state_dict())
    with atomic.staging(folder, size_bytes(model)) as staged:
        save_weights(model, tokenizer, staged)
        save_file(tensors, staged / OPTIMIZER_FILE)
        if beside := critic.tensors(model):
            save_file(beside, staged / CRITIC_FILE)
        state = {"optimizer": rest, "scheduler": scheduler.state_dict(), "extra": extra}
        (staged / STATE_FILE).write_text(json.dumps(state), encoding="utf-8")
        trainer_state.save_to_json(str(staged / TRAINER_FILE))
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def read_state(folder: Path) -> dict[str, Any]:
    """Return the JSON part of a checkpoint."""
    state = json.loads((folder / STATE_FILE).read_text(encoding="utf-8"))
    assert isinstance(state, dict)
    return state


def load_weights(folder: Path, model: Any) -> None:
    """Put a checkpoint's weights into the model; raises WorkbenchError when they do not belong to it."""
    if is_adapter(model):
        from peft import set_peft_model_state_dict

        result = set_peft_model_state_dict(model, load_file(folder / "adapter_model.safetensors"))
        unknown = list(result.unexpected_keys)
        missing = [name for name in result.missing_keys if "lora_" in name and f".{POLICY}" in name]
    else:
        shards = sorted(folder.glob("model*.safetensors"))
        stored: dict[str, torch.Tensor] = {}
        for shard in shards:
            with safe_open(shard, framework="pt") as file:
                stored |= {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
        result = model.load_state_dict(stored, strict=False)
        tied = set(getattr(model, "_tied_weights_keys", None) or ())
        unknown = list(result.unexpected_keys)
        missing = [name for name in result.missing_keys if name not in tied and not critic.is_part(name)]
    if unknown or missing:
        raise WorkbenchError(
            f"The checkpoint {folder.name} does not fit this model ({(unknown + missing)[0]}); start a new run."
        )
    beside = folder / CRITIC_FILE
    critic.restore(model, load_file(beside) if beside.is_file() else {})


def load_optimizer(folder: Path, optimizer: Any, scheduler: Any) -> None:
    """Put a checkpoint's optimizer and scheduler state back."""
    state = read_state(folder)
    optimizer.load_state_dict(optimizer_state(load_file(folder / OPTIMIZER_FILE), state["optimizer"]))
    scheduler.load_state_dict(state["scheduler"])


def rotate(checkpoints_dir: Path, keep: int, best: str = "") -> None:
    """Remove all but the newest `keep` checkpoints and the one called `best`."""
    for old in sorted(checkpoints_dir.glob("step-*"), reverse=True)[keep:]:
        if old.name != best:
            atomic.withdraw(old)
