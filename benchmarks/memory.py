"""How far the closed form is from traced steps, and what it says beside figures that others have measured.

Run by hand: `.venv/bin/python benchmarks/memory.py [--families llama,qwen3] [--layers 4]`. The first table has one line
per family, each figure the closed form's distance from the peak of a trace, in percent; no GPU takes part. The second
sets published peaks beside the prediction for the same setting, and says in words what differs.
"""

from __future__ import annotations

import argparse
import itertools
import warnings
from typing import Any

from workbench.core import activations
from workbench.core.demand import Demand
from workbench.core.memory import GIB, Memory, estimate
from workbench.core.shape import shape_of

ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")
EXPERTS = {"qwen3_moe": "num_experts", "gpt_oss": "num_local_experts"}

LLAMA_8B = {
    "model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
    "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256, "tie_word_embeddings": False,
}  # fmt: skip
LLAMA_2_7B = {
    "model_type": "llama", "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
    "num_attention_heads": 32, "num_key_value_heads": 32, "vocab_size": 32000, "tie_word_embeddings": False,
}  # fmt: skip
PUBLISHED: tuple[tuple[str, dict[str, Any], Demand, str], ...] = (
    (
        "torchtune, RTX 4090, Llama 3.1 8B QLoRA",
        LLAMA_8B,
        Demand(tuning="qlora", batch=2, length=2048, packing=True, checkpointing=True, rank=8, accumulation=16),
        "7.4 GiB",
    ),
    (
        "torchtune, RTX 4090, Llama 3.1 8B LoRA",
        LLAMA_8B,
        Demand(tuning="lora", batch=2, length=2048, packing=True, checkpointing=True, rank=8, accumulation=16),
        "16.2 GiB",
    ),
    *(
        (
            f"LLaMA-Factory, A100, Llama 2 7B QLoRA, {length} tokens",
            LLAMA_2_7B,
            Demand(tuning="qlora", batch=1, length=length, checkpointing=True, rank=8),
            f"{size} GB",
        )
        for length, size in ((1024, 6), (2048, 7), (4096, 9), (8192, 12), (16384, 19), (32768, 32))
    ),
)
WHY = """\
torchtune measured at batch 2, 2048 tokens, packed, compiled. Its published configurations have rank 8 on every linear
layer, gradient checkpointing, and everything in bf16; ours keeps the adapter, its gradients and AdamW's states in fp32,
{adapter:.2f} GiB here, of which theirs is half. A counter of the allocator, which we suppose theirs to be, sees no CUDA
context, for which {context:.1f} GiB are assumed here. Without context, reserve and that half the predictions are
{bare:.1f} and {bare16:.1f} GiB. What is left is a layer's own working memory, {workspace:.2f} GiB (QLoRA) and
{workspace16:.2f} GiB (LoRA) of fp32 copies for norms, activations and adapters that `torch.compile` fuses away and our
layers, computed one operation at a time, do not: beside weights and kept inputs ({inputs:.2f} GiB) the published LoRA
figure has room for next to none of it.

LLaMA-Factory's table is in whole gigabytes and from a loss that still had logits. Taken at ten bytes per token and word
that is 0.3 GB at 1024 tokens and 10 GB at 32768, most of the distance on long sequences. What is left lies between -0.7
and 0.7 GB, about the rounding, if its gigabytes are decimal, and up to 1.5 GiB above the prediction if they are binary.
Older libraries and a larger context are candidates that nobody tested; the margin of a prediction has room for either.
"""


def config(family: str, layers: int) -> dict[str, Any]:
    """Return a small configuration of a family."""
    made = {
        "model_type": family, "hidden_size": 1024, "intermediate_size": 2816, "num_hidden_layers": layers,
        "num_attention_heads": 16, "num_key_value_heads": 4, "head_dim": 80, "vocab_size": 40000,
        "tie_word_embeddings": family in {"gemma3_text", "smollm3"}, "pad_token_id": None, "bos_token_id": None,
        "eos_token_id": None,
    }  # fmt: skip
    if family in EXPERTS:
        made |= {EXPERTS[family]: 8, "num_experts_per_tok": 2, "moe_intermediate_size": 512}
    return made | ({"intermediate_size": 512} if family == "gpt_oss" else {})


def distances(families: list[str], layers: int) -> None:
    """Print the first table."""
    from workbench.engine.planning.trace import traced

    columns = list(itertools.product(("full", "lora", "qlora"), ("sft", "dpo"), (False, True)))
    print("percent    " + "".join(f"{tuning:>6} {method}" for tuning, method, kept in columns if not kept))
    print(f"{'kept / recomputed':<11}")
    for family in families:
        targets = ATTENTION if activations.table(family).mixture else ("all-linear",)
        line = ""
        for tuning, method, checkpointing in columns:
            demand = Demand(
                method=method, tuning=tuning, batch=2, length=768, checkpointing=checkpointing, targets=targets
            )  # fmt: skip
            body = config(family, layers)
            away = 100 * (estimate(shape_of(body), demand).live / traced(body, demand)["peak"] - 1)
            line += f"{away:>5.1f}" if checkpointing else f"{away:>6.1f}"
        print(f"{family:<12}{line}", flush=True)


def published() -> None:
    """Print the second table and what explains it."""
    print(f"\n{'setting':<52}{'published':>10}{'predicted':>11}{'tensors':>9}{'weights':>9}")
    found: list[Memory] = []
    for name, body, demand, size in PUBLISHED:
        made = estimate(shape_of(body), demand)
        found.append(made)
        figures = (made.peak, made.live, made.parts["weights"])
        print(f"{name:<52}{size:>10}{figures[0] / GIB:>11.1f}" + "".join(f"{f / GIB:>9.1f}" for f in figures[1:]))
    four, sixteen = found[:2]
    trained = four.parts["adapter"] + four.parts["gradients"] + four.parts["optimiser"]
    print()
    print(
        WHY.format(
            adapter=trained / GIB,
            workspace=four.parts["workspace"] / GIB,
            workspace16=sixteen.parts["workspace"] / GIB,
            inputs=sixteen.parts["activations"] / GIB,
            context=four.parts["context"] / GIB,
            bare=(four.live - trained / 2) / GIB,
            bare16=(sixteen.live - trained / 2) / GIB,
        )
    )


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--families", default=",".join(activations.families()))
    parser.add_argument("--layers", type=int, default=4)
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    published()
    distances(chosen.families.split(","), chosen.layers)


if __name__ == "__main__":
    main()
