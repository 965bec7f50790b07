"""The part of a script that makes tokens and labels, against the engine's encoders, in every kind of chat template."""

from __future__ import annotations

import argparse
import copy
import itertools
import json
import os
import random
import re
import runpy
import tempfile
from bisect import bisect_left, insort
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from datasets import Dataset
from transformers import GenerationConfig

from tests import models
from workbench.core import templates
from workbench.core.paths import assets_dir
from workbench.engine.chat_templates import give
from workbench.engine.masks import IGNORED, ChatEncoder, TextEncoder, special_texts
from workbench.engine.prepare import pack
from workbench.engine.rendering import MaskError
from workbench.engine.tokenizer import generation_eos, load_tokenizer

Examples = Callable[[dict[str, Any]], list[tuple[list[int], list[int]]]]

CALL = {"type": "function", "function": {"name": "weather", "arguments": {"place": "Zürich <|im_end|>"}}}
CHATS = [
    models.chat("Where does Ada live?", "Ada lives in Stoneford.", "And 12 plus 7?", "It is 19."),
    models.chat("Where?", "There.", system="You are brief."),
    [
        *models.chat("One", "first"),
        {"role": "user", "content": "x"},
        {"role": "assistant", "content": "y", "weight": 0},
    ],
    models.chat("Say <|im_end|></s><end_of_turn><|eot_id|>.", "<|im_end|> \uf8f0 <think>why</think> </s> so"),
    models.chat("A thought?", "<think>\nWhat?\n</think>\n\nYes.", "Sure?", "<think>\nHm.\n</think>\n\nYes."),
    [{"role": "user", "content": "Weather?"}, {"role": "assistant", "content": "I look.", "tool_calls": [CALL]}],
    models.chat("  blanks ", "  round\n"),
    models.chat("What?", ""),
    [{"role": "user", "content": "No answer."}],
    [{"role": "assistant", "content": "Unasked."}],
    models.chat("Long?", "Very long indeed. " * 40),
]
ARTICLES = [
    "", "x", "Ada lives in Stoneford.", "A <|im_end|> in the text </s>.", "Stoneford is long. " * 60, "<|endoftext|>",
]  # fmt: skip


def part(name: str, fast: Any, **constants: Any) -> dict[str, Any]:
    """Return what a part of the template defines, with the names that its opening would have brought."""
    libraries = {"itertools": itertools, "json": json, "os": os, "random": random, "re": re, "np": np, "torch": torch}
    others = {"bisect_left": bisect_left, "insort": insort, "GenerationConfig": GenerationConfig}
    made = {"tokenizer": fast, "control_texts": special_texts(fast), "IGNORED": IGNORED}
    text = (assets_dir() / "script" / f"{name}.py").read_text(encoding="utf-8")
    if "TEMPLATE" not in constants:
        text = re.sub(r"# \[if given_template\].*?# \[end\]", "", text, flags=re.DOTALL)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.py"
        path.write_text(text, encoding="utf-8")
        return runpy.run_path(str(path), {"Dataset": Dataset, **libraries, **others, **made, **constants})


@pytest.mark.parametrize("family", models.FAMILIES)
@pytest.mark.parametrize("max_length", [48, 4096])
def test_conversations_have_the_engines_tokens_and_labels(family: str, max_length: int, tmp_path: Path) -> None:
    fast, ends = models.tokenizer(family), models.generation_eos(family)
    (tmp_path / "generation_config.json").write_text(json.dumps({"eos_token_id": ends}))
    base = argparse.Namespace(base=str(tmp_path))
    examples_of: Examples = part("chats", fast, arguments=base, MAX_LENGTH=max_length)["examples_of"]
    encoder = ChatEncoder(fast, ends)
    used = 0
    for messages in CHATS:
        try:
            example = encoder.encode(messages, max_length)
            expected = [(example.input_ids, example.labels)]
        except MaskError:
            expected = []
        assert examples_of({"messages": messages}) == expected
        used += len(expected)
    assert used >= 3


def test_a_template_that_a_base_is_given_makes_the_engines_labels(tmp_path: Path) -> None:
    """Its answers stop at the token it writes behind them, which the base does not know as a stop."""
    silent = copy.deepcopy(models.tokenizer("chatml"))
    silent.chat_template, silent.eos_token = None, "<|endoftext|>"
    silent.save_pretrained(tmp_path / "given")
    give(tmp_path / "given", "chatml")
    encoder = ChatEncoder(load_tokenizer(tmp_path / "given"), generation_eos(tmp_path / "given"))
    base = argparse.Namespace(base=str(tmp_path))
    made = part("chats", silent, arguments=base, MAX_LENGTH=4096, TEMPLATE=templates.text("chatml"))
    for messages in CHATS[:3]:
        example = encoder.encode(messages, 4096)
        assert made["examples_of"]({"messages": messages}) == [(example.input_ids, example.labels)]


@pytest.mark.parametrize("family", models.FAMILIES)
@pytest.mark.parametrize("control_tokens", [False, True])
def test_articles_have_the_engines_pieces(family: str, control_tokens: bool) -> None:
    fast = models.tokenizer(family)
    encoder = TextEncoder(fast, control_tokens)
    for max_length in (16, 17, 512):
        made: Examples = part("articles", fast, MAX_LENGTH=max_length, CONTROL_TOKENS=control_tokens)["examples_of"]
        for text in ARTICLES:
            expected = [(example.input_ids, example.labels) for example in encoder.encode(text, max_length)]
            assert made({"text": text}) == expected


def test_examples_are_packed_as_the_engine_packs_them() -> None:
    draw = random.Random(1)
    lengths = [draw.randint(2, 96) for _ in range(400)] + [96, 96, 2, 2]
    found = {"rows": lambda name: [[([1, 2], [1, 2])]], "examples_of": list}
    functions = part("sequences", models.tokenizer("chatml"), **found, SEED=7, MAX_LENGTH=96, PACKING=True)
    bins = pack(lengths, 96, 7)
    assert functions["packed"](lengths) == [bins[number] for number in range(len(bins))]
