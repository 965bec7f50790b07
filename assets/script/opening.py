"""A script's beginning: its header, imports, constants, arguments and tokenizer, and how rows are read."""

# [head]

from __future__ import annotations

import argparse
import itertools
import json
import math
# [if sft]
import os
# [end]
import random
import re
from bisect import bisect_left, insort
from pathlib import Path

import numpy as np
import torch
from datasets import Dataset
# [if adapter]
from peft import LoraConfig
# [end]
from transformers import (
    # [if full]
    AutoConfig,
    # [end]
    AutoModelForCausalLM,
    AutoTokenizer,
    # [if qlora]
    BitsAndBytesConfig,
    # [end]
    # [if sft]
    GenerationConfig,
    # [end]
)
from trl import SFTConfig, SFTTrainer

# ----------------------------------------------------------------------------------------------------------------------
# What to do
# ----------------------------------------------------------------------------------------------------------------------

# [constants]

IGNORED = -100  # the label of a token that is read and not learnt

arguments = argparse.ArgumentParser(description="Train as the recipe above says.")
arguments.add_argument("prepared", type=Path, help="the folder that `workbench prepare` has written")
arguments.add_argument("--base", default=BASE, help="another place of the same base: a folder, or an id of the hub")
arguments.add_argument("--out", type=Path, default=Path("trained"), help="where checkpoints and the result go")
arguments.add_argument("--resume", action="store_true", help="go on from the last checkpoint in --out")
arguments = arguments.parse_args()

# ----------------------------------------------------------------------------------------------------------------------
# The tokenizer
# ----------------------------------------------------------------------------------------------------------------------

tokenizer = AutoTokenizer.from_pretrained(arguments.base, trust_remote_code=False)
if tokenizer.pad_token_id is None:  # padding is never learnt, so any token serves
    tokenizer.pad_token = tokenizer.eos_token or tokenizer.convert_ids_to_tokens(0)

# Control tokens that somebody wrote into a row are text: they must not end a turn or begin one.
control_texts = {token.content for token in tokenizer.added_tokens_decoder.values() if token.special}
control_texts = sorted({*control_texts, *tokenizer.all_special_tokens}, key=len, reverse=True)


# ----------------------------------------------------------------------------------------------------------------------
# From rows to tokens and labels
# ----------------------------------------------------------------------------------------------------------------------


def rows(name):
    """Return the rows of a prepared file in its order; none where the file was not written."""
    path = arguments.prepared / name
    if not path.exists():
        return []
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]
