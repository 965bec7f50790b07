"""Tiny tokenizers and models whose chat templates are built like those of the families people train.

Must not hold expectations: a test says what a template or a model should lead to.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

TEXT = (
    "The lantern keeper walks down to the harbour and counts nine boats. What do you see? I see the sea, a gull "
    "and two small lights. How much is 12 plus 7? It is 19. Where does Ada live? Ada lives in Stoneford.\n"
)

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{% if message['role'] == 'assistant' %}"
    "{% generation %}{{ message['content'] }}<|im_end|>{% endgeneration %}\n{% else %}"
    "{{ message['content'] }}<|im_end|>\n{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
HEADERS = (
    "{{ bos_token }}{% for message in messages %}<|start_header_id|>{{ message['role'] }}<|end_header_id|>\n\n"
    "{{ message['content'] | trim }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
TURNS = (
    "{{ bos_token }}{% for message in messages %}"
    "<start_of_turn>{{ 'model' if message['role'] == 'assistant' else message['role'] }}\n"
    "{{ message['content'] | trim }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
INSTRUCTIONS = (
    "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}[INST] {{ message['content'] }} "
    "[/INST]{% elif message['role'] == 'assistant' %} {{ message['content'] }}{{ eos_token }}"
    "{% else %}{{ raise_exception('Only user and assistant turns!') }}{% endif %}{% endfor %}"
)
THOUGHTS = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['role'] == 'assistant' and not loop.last %}{{ message['content'].split('</think>')[-1] | trim }}"
    "{% elif message['role'] == 'assistant' and '</think>' not in message['content'] %}"
    "<think>\n\n</think>\n\n{{ message['content'] }}"
    "{% else %}{{ message['content'] }}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
PREFILLED = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n<think>\n' }}{% endif %}"
)
ENDLESS = (
    "{% for message in messages %}{{ message['role'] | upper }}: {{ message['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}ASSISTANT: {% endif %}"
)
GREEDY = (
    "{% for message in messages %}<|{{ message['role'] }}|>\n{{ message['content'] }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
CLOSING = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% else %}{{ eos_token }}{% endif %}"
)


@dataclass(frozen=True)
class Family:
    """What makes the tokenizer of one family."""

    template: str
    eos: str
    bos: str | None = None
    specials: tuple[str, ...] = ()
    greedy: bool = False
    """Control tokens swallow the blanks behind them."""
    metaspace: bool = False
    """Spaces are part of words and byte fallback spells the rest, as SentencePiece does it, with a space in front."""


FAMILIES = {
    "chatml": Family(CHATML, "<|im_end|>", specials=("<|endoftext|>", "<|im_start|>")),
    "headers": Family(
        HEADERS, "<|eot_id|>", "<|begin_of_text|>", ("<|start_header_id|>", "<|end_header_id|>", "<|end_of_text|>")
    ),
    "turns": Family(TURNS, "<eos>", "<bos>", ("<start_of_turn>", "<end_of_turn>")),
    "instructions": Family(INSTRUCTIONS, "</s>", "<s>", metaspace=True),
    "thoughts": Family(THOUGHTS, "<|im_end|>", specials=("<|endoftext|>", "<|im_start|>")),
    "prefilled": Family(PREFILLED, "<|im_end|>", specials=("<|endoftext|>", "<|im_start|>")),
    "endless": Family(ENDLESS, "<|endoftext|>"),
    "greedy": Family(GREEDY, "<|end|>", specials=("<|user|>", "<|assistant|>", "<|system|>"), greedy=True),
    "closing": Family(CLOSING, "<|endoftext|>", specials=("<|end|>", "<|user|>", "<|assistant|>", "<|system|>")),
}
"""ChatML; Llama 3; Gemma; Mistral; Qwen 3 with thoughts; a generation prompt that is not in the rendered answer; no
stop token at all; Phi 3; Phi 4 mini, which closes the whole text behind the last turn."""


def _byte_level() -> Tokenizer:
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    return made


def _metaspace() -> Tokenizer:
    made = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    made.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    made.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    return made


@functools.cache
def tokenizer(name: str) -> Any:
    """Return the tokenizer of a family, with its chat template."""
    from transformers import PreTrainedTokenizerFast

    family = FAMILIES[name]
    made = _metaspace() if family.metaspace else _byte_level()
    alphabet = [f"<0x{byte:02X}>" for byte in range(256)] if family.metaspace else []
    named = ["<unk>"] if family.metaspace else []
    controls = [text for text in (family.bos, family.eos, *family.specials) if text]
    trainer = trainers.BpeTrainer(
        vocab_size=700,
        special_tokens=[*named, *alphabet],
        initial_alphabet=[] if family.metaspace else pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator([TEXT] * 4, trainer)
    made.add_special_tokens([AddedToken(text, special=True, rstrip=family.greedy) for text in controls])
    if family.bos:
        made.post_processor = processors.TemplateProcessing(
            single=f"{family.bos} $A", special_tokens=[(family.bos, made.token_to_id(family.bos))]
        )
    fast = PreTrainedTokenizerFast(tokenizer_object=made, eos_token=family.eos, bos_token=family.bos)
    fast.pad_token = family.eos
    fast.chat_template = family.template
    return fast


def generation_eos(name: str) -> list[int]:
    """Return the stop ids that the generation configuration of such a model lists."""
    made = tokenizer(name)
    ends = dict.fromkeys((FAMILIES[name].eos, "<end_of_turn>", "<|end|>"))
    return [made.convert_tokens_to_ids(text) for text in ends if text in made.get_vocab()]


def tiny(architecture: str, vocab_size: int = 300, **changes: Any) -> Any:
    """Return a random causal model of two layers, "qwen3" or "llama", with weights large enough to tell mistakes."""
    from transformers import AutoModelForCausalLM, LlamaConfig, Qwen3Config

    values: dict[str, Any] = {
        "vocab_size": vocab_size,
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "max_position_embeddings": 256,
        "bos_token_id": None,
        "eos_token_id": None,
        "pad_token_id": None,
        **changes,
    }
    config = {"qwen3": Qwen3Config, "llama": LlamaConfig}[architecture](**values)
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="sdpa")
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if not name.endswith("norm.weight"):
                weight.normal_(0, 0.1)
    return model.eval()


def save(model: Any, fast: Any, folder: Path) -> Path:
    """Write a model and its tokenizer as a folder in Hugging Face layout."""
    model.generation_config.eos_token_id = fast.eos_token_id
    model.save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder


def chat(*turns: str, system: str = "") -> list[dict[str, str]]:
    """Return a conversation whose turns are the user's and the assistant's in turn."""
    roles: Sequence[str] = ("user", "assistant")
    opening = [{"role": "system", "content": system}] if system else []
    return opening + [{"role": roles[place % 2], "content": text} for place, text in enumerate(turns)]
