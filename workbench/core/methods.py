"""The words a recipe chooses from: methods, tunings, losses.

Owns those words, which `recipe.py` hands on. Must not know recipes or what a value does.
"""

from __future__ import annotations

METHODS = ("pretrain", "cpt", "sft", "dpo", "kto", "orpo", "reward", "grpo", "ppo", "distill", "prune")
ALIGNING = ("dpo", "kto", "orpo", "reward")
"""Methods that compare whole answers."""
REINFORCING = ("grpo", "ppo")
"""Methods that learn from answers the model writes itself."""
PUBLISHING = ("export", "quantize")
"""What a run does that trains nothing: it hands over what another one made, in another form."""
MERGE_BASES = ("auto", "dequantised", "original")
DIVERGENCES = ("forward", "reverse", "jsd")
GROUP_LOSSES = ("dapo", "grpo", "dr_grpo", "gspo")
REWARD_SCALES = ("group", "batch", "none")
CURRICULA = ("shuffled", "short_first", "easy_first")
LAYER_CHOICES = ("block", "single")
SPARSITY_METHODS = ("wanda", "magnitude")
SPARSITY_PATTERNS = ("free", "2:4", "4:8")
LOSSES = ("sigmoid", "ipo", "simpo")
TUNINGS = ("full", "lora", "qlora")
SCHEDULERS = ("cosine", "linear", "constant", "constant_with_warmup", "cosine_with_min_lr", "warmup_stable_decay")
OPTIMISERS = ("adamw", "adamw_8bit", "muon")

SCRATCH = "scratch"
"""The base of a model that does not exist yet: `pretrain` makes its tokenizer and random weights."""
BUNDLED = "bundled"
"""The tiny base that ships with the workbench."""
