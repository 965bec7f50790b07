"""Makes the tables of presets/memory from traces: what a layer of each family keeps and needs, as exact sums.

Run by hand after an upgrade of torch, transformers, peft, bitsandbytes or trl:
`.venv/bin/python tools/trace_activations.py [FAMILY …]`. One step is traced at three shapes whose dimensions have
nothing in common, so that the size of every storage can be read as one product of dimensions. The moments of a step are
then sums of such products, and of those only the ones are kept that can be the largest for some real model.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from torch import nn

from tools.sums import SHAPES, Decoder, Timeline, largest_of, minus, symbols, written
from workbench.core.activations import TRACED_LAYERS as LAYERS
from workbench.core.demand import Demand
from workbench.core.paths import presets_dir
from workbench.engine.planning import build, trace

ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")
FAMILIES: dict[str, dict[str, Any]] = {
    "llama": {},
    "mistral": {"sliding_window": None},
    "ministral3": {"sliding_window": None},
    "qwen2": {},
    "qwen3": {},
    "gemma3_text": {"layer_types": ["full_attention"] * LAYERS},
    "phi3": {},
    "smollm3": {},
    "olmo2": {},
    "olmo3": {"layer_types": ["full_attention"] * LAYERS},
    "granite": {},
    "qwen3_moe": {},
    "gpt_oss": {"layer_types": ["full_attention"] * LAYERS},
}
"""Model type → what its configuration needs beside the dimensions."""
FUSED = {"phi3": ("qkv_proj", "o_proj")}
"""Families whose attention has other names than `ATTENTION`."""
MIXTURES = {"qwen3_moe": "num_experts", "gpt_oss": "num_local_experts"}
"""Families of experts, with the key of their number; under adapters their experts and routers stay as they are."""


def config_of(family: str, shape: dict[str, int]) -> dict[str, Any]:
    """Return the configuration of a family at a shape."""
    config = {
        "model_type": family, "hidden_size": shape["h"], "intermediate_size": shape["i"], "num_hidden_layers": LAYERS,
        "num_attention_heads": shape["a"], "num_key_value_heads": shape["g"], "head_dim": shape["d"],
        "vocab_size": shape["v"], "pad_token_id": None, "eos_token_id": None, "bos_token_id": None,
        "tie_word_embeddings": False, **FAMILIES[family],
    }  # fmt: skip
    if family in MIXTURES:
        config |= {MIXTURES[family]: shape["e"], "num_experts_per_tok": shape["c"], "moe_intermediate_size": shape["x"]}
    if family == "gpt_oss":
        config["intermediate_size"] = shape["x"]
    return config


@contextlib.contextmanager
def tiles(tokens: int, words: int) -> Iterator[None]:
    """Let the fused head work in tiles of another size."""
    from trl.kernels import chunked_logprob
    from trl.trainer import utils

    with (
        trace.replaced(chunked_logprob, TOKEN_CHUNK_SIZE=tokens),
        trace.replaced(utils, _CHUNKED_LOGPROB_CHUNK_SIZE=words),
    ):
        yield


def timeline(
    family: str, method: str, tuning: str, targets: tuple[str, ...], checkpointing: bool, masked: bool
) -> Timeline:
    """Return the history of one step of a family."""
    steps = []
    for shape in SHAPES:
        length = shape["S"] if masked else symbols(shape, 1)["S"]
        demand = Demand(
            method=method, tuning=tuning, batch=shape["B"] // 2 if masked else 1, length=length,
            checkpointing=checkpointing, rank=shape["r"], targets=targets, reference=method == "dpo",
        )  # fmt: skip
        with tiles(shape["H"], shape["W"]):
            steps.append(trace.run_step(config_of(family, shape), demand))
    return Timeline(steps, Decoder([shape["B"] if masked else 1 for shape in SHAPES]))


def record(line: Timeline, reference: bool) -> dict[str, Any]:
    """Return the entry of a table: what is kept, what grows, and the moments of every stage."""
    last = LAYERS - 1
    grows = minus(line.at(f"forward {last}"), line.at(f"forward {last - 1}"))
    start = minus(line.at(f"forward {last}"), grows, last)
    kept = minus(line.at(f"backward {last}"), line.at(f"backward {last - 1}"))
    ended = "reference" if reference else "backward"
    made: dict[str, Any] = {
        "start": written(start),
        "grows": written(grows),
        "kept": written(kept),
        "tail": written(minus(line.at(f"backward {last}"), kept, LAYERS)),
        "prefix": largest_of(line.moments("forward", "forward 0", Counter())),
        "forward": largest_of(line.moments(f"forward {last}", f"forward after {last}", line.at(f"forward {last}"))),
        "head": largest_of(line.moments(f"forward after {last}", ended, minus(start, grows, -LAYERS))),
        "loss": largest_of(line.moments("backward", f"backward {last}", kept_times(kept))),
        "backward": largest_of(line.moments(f"backward {last}", f"backward {last - 1}", line.at(f"backward {last}"))),
    }
    if line.has("backward -1"):
        made["finish"] = largest_of(line.moments("backward -1", "end", Counter()))
    if reference:
        made["reference"] = largest_of(
            line.moments("reference", f"reference {last}", kept_times(kept))
            + line.moments(f"reference {last}", "backward", kept_times(kept))
        )
        made["reference_grows"] = written(minus(line.at(f"reference {last}"), line.at(f"reference {last - 1}")))
    return made


def kept_times(kept: Counter[str]) -> Counter[str]:
    """Return what all layers of the traced model keep."""
    return Counter({name: LAYERS * coefficient for name, coefficient in kept.items()})


def sizes_of(family: str) -> dict[str, Any]:
    """Return what a layer consists of: its linear layers by name, and the numbers of its other weights."""
    decoder = Decoder([2, 2, 2])
    models = [build.skeleton(build.configuration(config_of(family, shape)), Demand(tuning="full")) for shape in SHAPES]
    layers = [model.base_model.layers[1] for model in models]
    linears: dict[str, list[str]] = {}
    inside = set()
    for name, first in layers[0].named_modules():
        if isinstance(first, nn.Linear):
            three = [layer.get_submodule(name) for layer in layers]
            wide = [decoder.read(tuple(getattr(m, f"{side}_features") for m in three)) for side in ("in", "out")]
            linears[name.rpartition(".")[2]] = [written(w) for w in wide]
            inside.add(f"{name}.weight")

    def others(models: list[Any], names: set[str]) -> Counter[str]:
        total: Counter[str] = Counter()
        for name, _ in models[0].named_parameters():
            if name not in names:
                total = minus(total, decoder.read(tuple(m.get_parameter(name).numel() for m in models)), -1)
        return total

    ends = {name for name, _ in models[0].named_parameters() if ".layers." in name or "embed" in name}
    made = {
        "linears": linears,
        "others": written(others(layers, inside)),
        "outside": written(others(models, ends | {"lm_head.weight"})),
    }
    for switch in ("attention_bias", "mlp_bias"):
        if not hasattr(models[0].config, switch):
            continue
        was = getattr(models[0].config, switch)
        flipped = []
        for shape in SHAPES:
            config = build.configuration({**config_of(family, shape), switch: not was})
            flipped.append(build.skeleton(config, Demand(tuning="full")).base_model.layers[1])
        more = minus(others(flipped, inside), others(layers, inside), 1)
        if more:
            made[switch] = [str(was).lower(), written(more)]
    return made


def headed(family: str, tuning: str) -> dict[str, Any]:
    """Return the two stages of a step that another head than the fused one has of its own."""
    made = record(timeline(family, "reward", tuning, attention_of(family), False, True), False)
    return {name: made[name] for name in ("head", "loss")}


def attention_of(family: str) -> tuple[str, ...]:
    """Return the names of a family's linear layers of attention."""
    return FUSED.get(family, ATTENTION)


def stages_of(family: str) -> dict[str, Any]:
    """Return the stages of every tuning, with and without checkpointing and mask, and those of other heads."""
    made: dict[str, Any] = {}
    targets = {"attention": attention_of(family)} | ({} if family in MIXTURES else {"all": ("all-linear",)})
    kinds: list[tuple[str, str, tuple[str, ...]]] = [("full", "full", ())]
    kinds += [(f"{tuning}_{name}", tuning, names) for tuning in ("lora", "qlora") for name, names in targets.items()]
    for kind, tuning, names in kinds:
        for kept, checkpointing in (("kept", False), ("recomputed", True)):
            for seen, masked in (("open", False), ("masked", True)):
                line = timeline(family, "dpo" if masked else "sft", tuning, names, checkpointing, masked)
                made[f"{kind}.{kept}.{seen}"] = record(line, masked)
    for weights, tuning in (("full", "full"), ("frozen", "lora")):
        made[f"score.{weights}"] = headed(family, tuning)
    return made


def toml(tables: dict[str, Any]) -> str:
    """Return tables as TOML."""
    lines = []
    for name, entries in tables.items():
        lines.append(f"\n[{name}]")
        for key, entry in entries.items():
            if isinstance(entry, dict):
                inner = ", ".join(f"{k} = {json.dumps(v)}" for k, v in entry.items())
                lines.append(f"{key} = {{ {inner} }}")
            else:
                lines.append(f"{key} = {json.dumps(entry)}")
    return "\n".join(lines) + "\n"


HEADER = """\
# What a layer of this family keeps and needs in a training step, in bytes, as sums of products of dimensions.
# Made by tools/trace_activations.py with {versions}.
# workbench/core/activations.py says what the names mean.
"""


def main(families: list[str]) -> None:
    """Write the tables of the families; one whose stages equal an earlier one's only names it."""
    warnings.filterwarnings("ignore")
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("torch", "transformers", "peft", "trl"))
    folder = presets_dir() / "memory"
    folder.mkdir(exist_ok=True)
    stored: dict[str, str] = {}
    for family in families:
        started = time.monotonic()
        sizes, stages = toml({"sizes": sizes_of(family)}), toml(stages_of(family))
        like = stored.setdefault(stages, family)
        text = HEADER.format(versions=versions)
        text += f'\nlike = "{like}"\n{sizes}' if like != family else sizes + stages
        (folder / f"{family}.toml").write_text(text, encoding="utf-8")
        sys.stdout.write(f"{family}: {len(text)} bytes in {time.monotonic() - started:.0f} s\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:] or list(FAMILIES))
