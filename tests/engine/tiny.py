"""Tiny random models of real families, with real tokenizers, as the export and chat tests need them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from workbench.engine.export.parity import HARD_TEXTS

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{% if message['role'] == 'assistant' %}"
    "{% generation %}{{ message['content'] }}<|im_end|>{% endgeneration %}\n{% else %}"
    "{{ message['content'] }}<|im_end|>\n{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

_CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
_REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


_UPPER, _LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_CASED_REST = r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def _cased(ending: str, numbers: str) -> Any:
    start = r"[^\r\n\p{L}\p{N}]?"
    one, other = f"{start}{_UPPER}*{_LOWER}+{ending}", f"{start}{_UPPER}+{_LOWER}*{ending}"
    return _pieces(f"{one}|{other}|{numbers}{_CASED_REST}")


def _split(numbers: str) -> Any:
    return _pieces(_CONTRACTIONS + numbers + _REST)


def _pieces(pattern: str) -> Any:
    regex = Regex(pattern)
    return pre_tokenizers.Sequence(
        [pre_tokenizers.Split(regex, "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )


PRE_TOKENIZERS = {
    "llama-bpe": lambda: _split(r"\p{N}{1,3}"),
    "qwen2": lambda: _split(r"\p{N}"),
    "qwen35": lambda: _pieces(
        _CONTRACTIONS.replace(r"\p{L}+", r"[\p{L}\p{M}]+") + r"\p{N}" + _REST.replace(r"\p{L}", r"\p{L}\p{M}")
    ),
    "tekken": lambda: _cased("", r"\p{N}"),
    "gpt-4o": lambda: _cased(r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?", r"\p{N}{1,3}"),
    "gpt-2": lambda: pre_tokenizers.ByteLevel(add_prefix_space=False),
    "smollm": lambda: pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    ),
}


def make_tokenizer(kind: str, eos: str = "<|im_end|>", bos: str | None = None, template: str | None = CHATML) -> Any:
    """Return a tokenizer trained on the hard texts; `kind` is a byte-level pre-tokenizer or "spm"."""
    texts = [*HARD_TEXTS * 3, Path(__file__).read_text(), "The quick brown fox jumps over 13 lazy dogs. " * 5]
    specials = list(dict.fromkeys(["<unk>", *([bos] if bos else []), eos, "<|im_start|>", "<|im_end|>"]))
    if kind == "spm":
        tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
        tokenizer.normalizer = normalizers.Replace(" ", "▁")
        # For training only: real vocabularies have no piece that joins a line's end to anything else.
        tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\r\n]"), "isolated")
        tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
        alphabet = [f"<0x{byte:02X}>" for byte in range(256)]
        trainer = trainers.BpeTrainer(vocab_size=700, special_tokens=specials + alphabet, limit_alphabet=100)
    else:
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = PRE_TOKENIZERS[kind]()
        tokenizer.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=600, special_tokens=specials, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
        )
    tokenizer.train_from_iterator(texts, trainer)
    if kind == "spm":
        body = json.loads(tokenizer.to_str())
        body["added_tokens"] = [token for token in body["added_tokens"] if not token["content"].startswith("<0x")]
        body["pre_tokenizer"] = None
        tokenizer = Tokenizer.from_str(json.dumps(body))
    tokenizer.add_tokens([AddedToken("<think>", special=False, normalized=False)])
    if bos:
        from tokenizers import processors

        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{bos} $A", special_tokens=[(bos, tokenizer.token_to_id(bos))]
        )
    made = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=eos, bos_token=bos, unk_token="<unk>" if kind == "spm" else None
    )
    made.chat_template = template
    return made


def make_model(config: Any, tokenizer: Any, folder: Path, seed: int = 0, scale: float = 0.12) -> Path:
    """Save a random model of `config` with `tokenizer` in `folder`; weights are large enough to tell mistakes."""
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    config.eos_token_id = tokenizer.eos_token_id
    model = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.endswith("norm.weight"):
                weight.add_(torch.randn_like(weight) * 0.1)
            else:
                weight.normal_(0, scale)
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def sizes(tokenizer: Any, **changes: Any) -> dict[str, Any]:
    """Return the arguments of a tiny configuration."""
    values: dict[str, Any] = {
        "vocab_size": len(tokenizer),
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 512,
        "bos_token_id": None,
        "eos_token_id": None,
        "pad_token_id": None,
    }
    return values | changes


def make_qwen3(folder: Path, *, tie: bool = True, **changes: Any) -> Path:
    """Save a tiny Qwen3 with the Qwen 2 tokenizer."""
    from transformers import Qwen3Config

    tokenizer = make_tokenizer("qwen2")
    return make_model(
        Qwen3Config(**sizes(tokenizer, head_dim=32, tie_word_embeddings=tie, **changes)), tokenizer, folder
    )
