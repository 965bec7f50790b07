"""The forms a model's folder can have its weights in, and how others are made elsewhere.

Owns their names, what each is for and takes, the words for what trains nothing, and the commands for those that nothing
here can make. Must not know models.
"""

from __future__ import annotations

from typing import Any

KINDS = {
    "nf4": "4 bits for each weight of the linear layers; what qlora trains over, a quarter of the memory",
    "bf16": "16 bits, as most models are handed on; an adapter is merged in",
    "int8": "8 bits for each weight of the linear layers, nearly what the model said before; half of the memory",
}
"""Form → what it is for; bitsandbytes holds the weights of those with fewer bits."""
BITS = {"nf4": 4 + 8 / 64 + 32 / (64 * 256), "int8": 8.0, "bf16": 16.0}
"""Bits for each packed weight. NF4 has a maximum of 8 bits for 64 weights and one of 32 for 256 of these
(https://arxiv.org/abs/2305.14314); int8 has one of 32 bits for each row, which is within the margin."""
_MARGIN = 1.03
NOUNS = {"export": "an export", "quantize": "a quantisation"}
"""Method that trains nothing → what a run of it is called."""


def folder_bytes(kind: str, packed: int, rest: int, rest_bytes: int) -> int:
    """Return about how many bytes a folder has.

    `packed` weights are held in the form, `rest` others in `rest_bytes` bytes each, of bf16 in 2.
    """
    others = rest * (2 if kind == "bf16" else rest_bytes)
    return int((packed * BITS[kind] / 8 + others) * _MARGIN)


def forms(recipe: Any) -> tuple[str, ...]:
    """Return the forms that a `Recipe` which trains nothing hands its model over in, a word each."""
    if recipe.method == "quantize":
        return (recipe.folder_kind,)
    return ("adapter",) if recipe.adapter_alone else tuple(recipe.gguf_types)


ELSEWHERE = {
    "gptq": (
        "GPTQ is not made here: gptqmodel asks for a newer torch and an older numpy than the workbench is built on. "
        "In an environment of its own, on a machine with a CUDA card:",
        (
            "python3 -m venv gptq && . gptq/bin/activate",
            "pip install gptqmodel==7.7.0 datasets",
            "python - <<'END'",
            "from datasets import load_dataset",
            "from gptqmodel import GPTQModel, QuantizeConfig",
            "from transformers import AutoTokenizer",
            "tokenizer = AutoTokenizer.from_pretrained({model!r})",
            "rows = load_dataset('json', data_files={rows!r}, split='train').select_columns(['messages'])[:256]",
            "texts = [tokenizer.apply_chat_template(turns, tokenize=False) for turns in rows['messages']]",
            "model = GPTQModel.load({model!r}, QuantizeConfig(bits=4, group_size=128))",
            "model.quantize(texts, batch_size=1)",
            "model.save({out!r})",
            "END",
        ),
    ),
    "awq": (
        "AWQ is not made here: AutoAWQ is no longer maintained, and llmcompressor, which took its place, asks for an "
        "older transformers than the workbench is built on. In an environment of its own, on a machine with a CUDA "
        "card:",
        (
            "python3 -m venv awq && . awq/bin/activate",
            "pip install llmcompressor==0.14.0.1 datasets",
            "python - <<'END'",
            "from datasets import load_dataset",
            "from llmcompressor import oneshot",
            "from llmcompressor.modifiers.awq import AWQModifier",
            "from transformers import AutoModelForCausalLM, AutoTokenizer",
            "tokenizer = AutoTokenizer.from_pretrained({model!r})",
            "model = AutoModelForCausalLM.from_pretrained({model!r}, dtype='auto')",
            "rows = load_dataset('json', data_files={rows!r}, split='train[:256]')",
            "rows = rows.map(lambda row: tokenizer(tokenizer.apply_chat_template(row['messages'], tokenize=False)),",
            "                remove_columns=rows.column_names)",
            "oneshot(model=model, dataset=rows, num_calibration_samples=len(rows), max_seq_length=2048,",
            "        recipe=[AWQModifier(targets=['Linear'], ignore=['lm_head'], scheme='W4A16_ASYM')])",
            "model.save_pretrained({out!r}, save_compressed=True)",
            "tokenizer.save_pretrained({out!r})",
            "END",
        ),
    ),
}
"""Form that is made elsewhere → (why, the commands), with {model}, {rows} and {out} to be filled in."""
