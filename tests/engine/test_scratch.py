"""A model from nothing: a tokenizer that encodes any text, the shape that was asked for, and a first training."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import models
from tests.engine.bench import Bench, of_kind, report, result, rows, write_rows
from workbench.core.events import AttemptEnded
from workbench.core.recipe import Recipe
from workbench.engine import load, samples, scratch
from workbench.engine.load import Machine
from workbench.runs import atomic

TOKENIZER = scratch.train_tokenizer([models.TEXT, "<|im_start|>user\nHi<|im_end|>\n"] * 3, 400)


@settings(deadline=None)
@given(st.text())
def test_any_text_can_be_said(text: str) -> None:
    plain = text.encode("utf-8", "replace").decode()
    ids = TOKENIZER(plain, split_special_tokens=True)["input_ids"]
    assert TOKENIZER.decode(ids) == plain


def test_digits_stand_alone_and_control_tokens_are_one() -> None:
    assert TOKENIZER.tokenize("1234") == list("1234")
    assert len(TOKENIZER("<|im_start|><|im_end|><|endoftext|>")["input_ids"]) == 3
    assert len(TOKENIZER) <= 400


def test_no_merge_grew_out_of_control_tokens_in_the_corpus() -> None:
    learnt = set(TOKENIZER.get_vocab()) - set(TOKENIZER.get_added_vocab())
    assert not any("im_" in token or "<|" in token for token in learnt)


def test_the_template_marks_what_the_assistant_says() -> None:
    encoded = TOKENIZER.apply_chat_template(
        models.chat("Hi", "Hello"), tokenize=True, return_dict=True, return_assistant_tokens_mask=True
    )
    said = [t for t, mark in zip(encoded["input_ids"], encoded["assistant_masks"], strict=True) if mark]
    assert TOKENIZER.decode(said) == "Hello<|im_end|>"


def test_the_shape_is_the_recipes() -> None:
    wanted = Recipe(hidden_size=128, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2, head_dim=32)
    made = scratch.configuration(wanted, 400)
    assert (made.hidden_size, made.num_hidden_layers, made.head_dim, made.vocab_size) == (128, 3, 32, 400)
    assert made.tie_word_embeddings


@pytest.mark.parametrize("optim", ["adamw", "muon"])
def test_a_run_from_scratch_learns_and_leaves_a_whole_model(tmp_path: Path, optim: str) -> None:
    bench = Bench(tmp_path)
    data = write_rows(tmp_path / "articles.jsonl", rows("articles", 60))
    run = bench.create(
        method="pretrain",
        tuning="full",
        base="scratch",
        data=[str(data)],
        optim=optim,
        vocab_size=400,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=32,
        max_position_embeddings=128,
        max_steps=12,
        save_steps=12,
        eval_steps=12,
        learning_rate=0.01,
    )
    assert bench.attempt(run) == 0
    assert of_kind(run, AttemptEnded)[-1].outcome == "done"
    assert atomic.verify(run.path / "base") == ""
    losses = report(run)["held_out_loss"]
    assert losses["after"] < losses["before"] - 0.3
    assert result(run)
    folder = run.artifacts_dir / "model"
    stops = json.loads((folder / "generation_config.json").read_text())["eos_token_id"]
    tokenizer = load.load_tokenizer(folder)
    assert tokenizer.convert_ids_to_tokens(stops) == ["<|im_end|>", "<|endoftext|>"]
    model = load.load_model(folder, tuning="full", where=Machine("cpu", bf16=False), for_training=False)
    (answer,) = samples.answers(model, tokenizer, ["The sea"], chat=False, max_new_tokens=4)
    assert answer.tokens <= 4
