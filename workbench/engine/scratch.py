"""A model that does not exist yet: a tokenizer trained on the run's own text, and random weights.

Owns `base/` of a pre-training run that starts from scratch. Must not know how it is trained.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GenerationConfig, PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM, set_seed

from workbench.core.recipe import Recipe
from workbench.data import rows
from workbench.engine import team
from workbench.engine.session import Attempt
from workbench.runs import atomic

END_OF_DOCUMENT, START_OF_TURN, END_OF_TURN = "<|endoftext|>", "<|im_start|>", "<|im_end|>"

PRE_TOKENIZER = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""How Qwen2 cuts text before merging: digits stand alone, which sums need, and llama.cpp knows it as `qwen2`."""

CHAT_TEMPLATE = (
    "{%- for message in messages %}"
    "{{- '<|im_start|>' + message['role'] + '\\n' }}"
    "{%- if message['role'] == 'assistant' %}"
    "{% generation %}{{- message['content'] + '<|im_end|>' }}{% endgeneration %}"
    "{%- else %}{{- message['content'] + '<|im_end|>' }}{%- endif %}"
    "{{- '\\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
)
"""ChatML with marks round what the assistant says."""


def train_tokenizer(texts: Iterable[str], vocab_size: int) -> Any:
    """Return a byte-level BPE tokenizer of at most `vocab_size` tokens trained on `texts`; it encodes any text."""
    specials = [END_OF_DOCUMENT, START_OF_TURN, END_OF_TURN]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PRE_TOKENIZER), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[AddedToken(text, special=True) for text in specials],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    # Control tokens in the corpus are not text: merges must not grow across them.
    tokenizer.train_from_iterator((_without_specials(text) for text in texts), trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=END_OF_TURN, pad_token=END_OF_DOCUMENT)
    fast.chat_template = CHAT_TEMPLATE
    return fast


def _without_specials(text: str) -> str:
    """Return the text with control tokens taken out."""
    for special in (END_OF_DOCUMENT, START_OF_TURN, END_OF_TURN):
        text = text.replace(special, " ")
    return text


def configuration(recipe: Recipe, vocab_size: int) -> Qwen3Config:
    """Return the shape of the new model: a Qwen3 decoder with tied embeddings."""
    return Qwen3Config(
        vocab_size=vocab_size,
        hidden_size=recipe.hidden_size,
        intermediate_size=recipe.intermediate_size,
        num_hidden_layers=recipe.num_hidden_layers,
        num_attention_heads=recipe.num_attention_heads,
        num_key_value_heads=recipe.num_key_value_heads,
        head_dim=recipe.head_dim,
        max_position_embeddings=recipe.max_position_embeddings,
        rope_theta=10_000.0,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=None,
        pad_token_id=None,
        dtype=torch.bfloat16,
    )


@team.first_goes_ahead
def folder(attempt: Attempt) -> Path:
    """Return the folder of the new, untrained model, making it once per run."""
    final = attempt.run.path / "base"
    atomic.sweep(attempt.run.path)
    if final.is_dir() and not atomic.verify(final):
        return final
    recipe = attempt.recipe
    attempt.reporter.phase("preparing", "training a tokenizer")
    texts = (row["text"] for row in rows.of_recipe(recipe).train())
    tokenizer = train_tokenizer(texts, recipe.vocab_size)
    set_seed(recipe.seed)
    # Stored in 16 bits like any published base; training makes fp32 master weights of it.
    model = Qwen3ForCausalLM(configuration(recipe, len(tokenizer))).to(torch.bfloat16)
    ends = [tokenizer.convert_tokens_to_ids(text) for text in (END_OF_TURN, END_OF_DOCUMENT)]
    model.generation_config = GenerationConfig(eos_token_id=ends, pad_token_id=ends[1], do_sample=False)
    with atomic.staging(final) as staged:
        model.save_pretrained(staged)
        tokenizer.save_pretrained(staged)
    return final
