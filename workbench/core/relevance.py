"""Which fields of a recipe do anything for which method.

Owns that table and `counts`. Must not know what a field means or how it is used: pages leave out what has no effect.
"""

from __future__ import annotations

from workbench.core.methods import ALIGNING, METHODS, PUBLISHING, REINFORCING

_COUNTS_FOR: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("method", "base", "title"), (*METHODS, *PUBLISHING)),
    **dict.fromkeys(("gguf_types", "adapter_alone", "file_name", "importance"), ("export",)),
    **dict.fromkeys(("out_dir", "merge_base"), PUBLISHING),
    "folder_kind": ("quantize",),
    "replay_data": ("cpt",), "replay_share": ("cpt",),
    "beta": ("dpo", "kto", "orpo", "grpo", "ppo"), "loss_type": ("dpo",),
    "simpo_gamma": ("dpo",), "desirable_weight": ("kto",), "undesirable_weight": ("kto",),
    "trainable_token_indices": tuple(name for name in METHODS if name != "ppo"),
    "chat_template": tuple(name for name in METHODS if name not in ("pretrain", "cpt")),
    "packing": tuple(name for name in METHODS if name not in (*ALIGNING, *REINFORCING)),
    "load_best_model_at_end": tuple(name for name in METHODS if name not in REINFORCING),
    "sample_prompts": tuple(name for name in METHODS if name != "reward"),
    "sample_max_new_tokens": tuple(name for name in METHODS if name != "reward"),
    "grpo_loss": ("grpo",), "scale_rewards": ("grpo",), "num_generations": ("grpo",), "resample_groups": ("grpo",),
    "leave_out": ("grpo",),
    **dict.fromkeys(
        ("rewards", "thinking_budget", "curriculum", "epsilon", "epsilon_high", "num_iterations"), REINFORCING
    ),
    **dict.fromkeys(
        ("max_completion_length", "temperature", "top_p", "generation_batch_size"), (*REINFORCING, "distill")
    ),
    **dict.fromkeys(
        ("teacher_in_4bit", "teacher_top_k", "divergence", "distill_temperature", "distill_alpha"),
        ("distill", "prune"),
    ),
    **dict.fromkeys(("teacher", "on_policy_share", "teacher_writes"), ("distill",)),
    **dict.fromkeys(
        ("prune_layers", "prune_layers_by", "prune_heads", "prune_channels", "prune_multiple", "prune_rows", "sparsity",
         "sparsity_method", "sparsity_pattern"), ("prune",)
    ),
    **dict.fromkeys(("reward_model", "gamma", "lam", "vf_coef", "cliprange_value"), ("ppo",)),
}  # fmt: skip
"""Field → the methods it does anything for; those that are not here count for all that train."""


def counts(name: str, method: str, loss_type: str = "") -> bool:
    """Return whether a field does anything for a method, and for a loss of dpo where that is named."""
    if name == "simpo_gamma" and loss_type not in ("", "simpo"):
        return False
    return method in _COUNTS_FOR.get(name, METHODS)
