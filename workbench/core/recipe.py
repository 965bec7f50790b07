"""The recipe: the complete, immutable statement of what a run does, and the one table of its fields.

Owns `Recipe`, its TOML form, and `resolve`, which lays preset, person and defaults over one another and remembers where
each value came from. Must not know how a value is used: an engine reads it, a form edits it.
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.core import combinations, rewards
from workbench.core.errors import UsageError
from workbench.core.fields import SECTIONS, Spec, closest, parse, spec
from workbench.core.losses import BETA, answers_of, beta_of, loss_of
from workbench.core.methods import (
    ALIGNING,
    BUNDLED,
    CURRICULA,
    DIVERGENCES,
    GROUP_LOSSES,
    LAYER_CHOICES,
    LOSSES,
    MERGE_BASES,
    METHODS,
    OPTIMISERS,
    PUBLISHING,
    REINFORCING,
    REWARD_SCALES,
    SCHEDULERS,
    SCRATCH,
    SPARSITY_METHODS,
    SPARSITY_PATTERNS,
    TUNINGS,
)  # fmt: skip
from workbench.core.quantized import KINDS

__all__ = [
    "ALIGNING", "BETA", "BUNDLED", "DIVERGENCES", "FIELDS", "LOSSES", "MERGE_BASES", "METHODS", "OPTIMISERS", "PUBLISHING",
    "REINFORCING", "SCHEDULERS", "SCRATCH", "SELF_REPLAY", "TUNINGS", "Recipe", "Resolved", "answers_of", "beta_of", "checked", "from_toml",
    "load", "loss_of", "named", "resolve", "titled", "to_toml",
]  # fmt: skip

SELF_REPLAY = ("self",)
"""replay_data that stands for text the base writes itself before it is trained."""

FORMAT_VERSION = 1


@dataclass(frozen=True)
class Recipe:
    """What a run does. Zero means "derived" wherever a field's help says so."""

    method: str = spec("sft", "task", "method", "What to learn from the data.",
        "Articles teach knowledge by cpt, questions and answers behaviour by sft, better and worse answers preferences by dpo or orpo, single judged ones by kto; reward makes a model that scores answers, grpo learns from answers of its own that a check rewards, ppo from those a reward model likes, distill from what a larger model says of each token, prune cuts parts of a model away and heals it, and pretrain starts a model; export and quantize train nothing and write GGUF files, or a model folder in fewer bits.", choices=(*METHODS, *PUBLISHING))  # fmt: skip
    tuning: str = spec("lora", "task", "tuning", "How the weights move.",
        "full changes every weight and needs the most memory; lora trains small matrices beside them; qlora does so over a 4-bit base.", choices=TUNINGS)  # fmt: skip
    base: str = spec(BUNDLED, "task", "base", "The model to start from: bundled, a folder, a run, or scratch for pretrain.",
        "A stronger base needs less data; a run as base continues its lineage.")  # fmt: skip
    data: tuple[str, ...] = spec((), "task", "data", "Files or folders with the rows to learn from.",
        "What is not in the data is not learnt.")  # fmt: skip
    title: str = spec("", "task", "title", "A short name for the run; derived from the data when empty.",
        "It only helps you to find the run again.")  # fmt: skip

    eval_split: float = spec(0.05, "data", "held out", "Share of the rows kept aside to measure the loss on unseen rows.",
        "More gives a steadier figure and leaves less to learn from.", low=0.0, high=0.5)  # fmt: skip
    data_format: str = spec("", "data", "format", "Format the rows are read in; detected when empty.",
        "Set it when the detection is wrong; `workbench inspect` shows what it makes of the rows.")  # fmt: skip
    data_columns: tuple[str, ...] = spec((), "data", "columns", "Columns taken for roles, as role=column; detected when empty.",
        "A wrong column teaches the wrong thing without any error.")  # fmt: skip
    data_weights: tuple[str, ...] = spec((), "data", "weights", "How often the rows of each source count, in the order of data; once when empty.",
        "2 shows a source twice per epoch, 0.5 takes half of its rows.")  # fmt: skip
    duplicates: str = spec("exact", "data", "duplicates", "What counts as a copy and is left out: exact, near (nearly the same question and answer), or keep for nothing.",
        "Copies are memorised first, and one that is held out and learnt makes the held-out loss a lie.", choices=("exact", "near", "keep"))  # fmt: skip
    min_characters: int = spec(0, "data", "shortest", "Rows with less text are left out.",
        "Fragments teach little.", unit="characters", low=0, high=1_000_000_000)  # fmt: skip
    max_characters: int = spec(0, "data", "longest", "Rows with more text are left out; 0 keeps all.",
        "A few giant rows can dominate an epoch.", unit="characters", low=0, high=1_000_000_000)  # fmt: skip
    languages: tuple[str, ...] = spec((), "data", "languages", "Languages to keep, as ISO 639-1 codes; all when empty.",
        "A language that slipped in is learnt like any other.")  # fmt: skip
    quality: str = spec("keep", "data", "quality", "What happens to articles that read like lists, boilerplate or noise.",
        "Meant for web text; rules that suit articles can be wrong about code, poems or short answers.", choices=("keep", "drop"))  # fmt: skip
    secrets: str = spec("keep", "data", "secrets", "What happens to keys, passwords and personal data in rows.",
        "What is learnt can be said again by the model; mask puts a placeholder, drop leaves the row out.", choices=("keep", "mask", "drop"))  # fmt: skip
    decontaminate: tuple[str, ...] = spec((), "data", "decontaminate", "Files with questions you will test on, whose rows are left out; bundled names the bundled exams.",
        "A model that has read the exam has not been examined.")  # fmt: skip
    replay_data: tuple[str, ...] = spec((), "data", "replay data", "General text mixed in by cpt; the bundled corpus when empty, self for text the base writes itself.",
        "Text like what the base was trained on keeps it from forgetting.")  # fmt: skip
    replay_share: float = spec(0.0, "data", "replay share", "Share of the training text that is general text.",
        "Without replay a base forgets; too much of it slows the learning of the articles.", low=0.0, high=0.9)  # fmt: skip
    max_length: int = spec(1024, "data", "max length", "Longest example in tokens; longer articles are split, longer conversations are cut.",
        "Memory for activations grows with it in proportion.", unit="tokens", low=16, high=1_048_576)  # fmt: skip
    chat_template: str = spec("", "data", "chat template", "Chat template of the workbench that the base is given for conversations; its own when empty.",
        "A base that only continues text has none; it needs the control tokens the template writes.")  # fmt: skip
    control_tokens: bool = spec(False, "data", "control tokens", "Read control tokens that are written in articles as control tokens.",
        "Only for a corpus that shows the chat template on purpose; in anybody else's text they are plain text.")  # fmt: skip
    packing: bool = spec(True, "data", "packing", "Put several examples into one sequence, kept apart by their positions.",
        "Faster on short rows; switched off by itself where the model would let examples see each other.")  # fmt: skip

    lora_r: int = spec(16, "tuning", "rank", "Rank of the adapter matrices (lora and qlora).",
        "More rank stores more facts and uses more memory; 16 suits behaviour, 64 and more suits knowledge.", low=1, high=1024)  # fmt: skip
    lora_alpha: int = spec(32, "tuning", "alpha", "Scale of the adapter: its output is multiplied by alpha / rank.",
        "Twice the rank is the usual choice; more acts like a higher learning rate.", low=1, high=4096)  # fmt: skip
    lora_dropout: float = spec(0.0, "tuning", "dropout", "Share of the adapter's inputs dropped in training.",
        "Some dropout helps on very few rows and slows learning otherwise.", low=0.0, high=0.9)  # fmt: skip
    trainable_token_indices: tuple[str, ...] = spec((), "tuning", "trained tokens", "Tokens whose embeddings are trained beside an adapter; auto names those of the chat template.",
        "A template token the base has never seen stays noise under lora and qlora.")  # fmt: skip
    target_modules: tuple[str, ...] = spec(("all-linear",), "tuning", "target modules", "Layers that get an adapter; all-linear means every one but the head.",
        "Adapting every linear layer matches full fine-tuning better than attention alone.")  # fmt: skip

    beta: float = spec(0.0, "alignment", "beta", "How strongly answers are held to what the base says of them (dpo, kto), or how much the comparison counts (orpo), or how much the KL from the base costs (grpo, ppo); 0 takes the usual 0.1, for simpo 2, for ppo 0.05, for grpo none.",
        "A small beta lets the model move far from its base, a large one keeps it close.", low=0.0, high=100.0)  # fmt: skip
    loss_type: str = spec("sigmoid", "alignment", "loss", "The loss of dpo: sigmoid is DPO's own, ipo IPO's, simpo SimPO's, which needs no reference.",
        "ipo overfits less on pairs that are all of one mind; simpo judges answers by their mean per token, so that long ones have no advantage.", choices=LOSSES)  # fmt: skip
    simpo_gamma: float = spec(0.5, "alignment", "SimPO margin", "By how much the reward of the better answer has to be higher for simpo.",
        "More separates the answers further, at the cost of their wording.", low=0.0, high=20.0)  # fmt: skip
    desirable_weight: float = spec(1.0, "alignment", "weight of good answers", "How much a good answer counts in kto.",
        "Raise it when there are far fewer good answers than bad ones.", low=0.0, high=100.0)  # fmt: skip
    undesirable_weight: float = spec(1.0, "alignment", "weight of bad answers", "How much a bad answer counts in kto.",
        "Raise it when there are far fewer bad answers than good ones.", low=0.0, high=100.0)  # fmt: skip

    rewards: tuple[str, ...] = spec((), "reinforcement", "rewards", "Checks that score each answer, as name, name*weight or name(parameter=value)*weight; what suits the rows' answers when empty.",
        "Whatever they reward is what you get, so a hole in a check is learnt as well.")  # fmt: skip
    num_generations: int = spec(8, "reinforcement", "answers per prompt", "Answers the model writes to each prompt, which are compared with one another.",
        "More tell better which answer is above the mean, and take as much longer to write.", unit="answers", low=2, high=1024)  # fmt: skip
    max_completion_length: int = spec(256, "reinforcement", "longest answer", "Longest answer the model may write in training; max_length holds it and its prompt.",
        "Longer answers leave room for reasoning; time and memory grow with them.", unit="tokens", low=1, high=1_048_576)  # fmt: skip
    thinking_budget: int = spec(0, "reinforcement", "longest thought", "Tokens an answer may think for in <think> tags before it speaks; a longer thought is closed by force, and 0 asks for none.",
        "Thoughts buy right answers to what takes several steps, and cost the time to write them; longest answer holds both.", unit="tokens", low=0, high=1_048_576)  # fmt: skip
    temperature: float = spec(1.0, "reinforcement", "temperature", "How freely answers are drawn in training.",
        "Answers that are all alike teach nothing; above 1 most of them become noise.", low=0.01, high=10.0)  # fmt: skip
    top_p: float = spec(1.0, "reinforcement", "top p", "Share of the probability that answers are drawn from, the likeliest tokens first.",
        "Below 1 answers are cleaner and differ from what the model is trained on.", low=0.01, high=1.0)  # fmt: skip
    grpo_loss: str = spec("dapo", "reinforcement", "loss of groups", "How tokens count in grpo: dapo all alike, grpo each answer alike, dr_grpo over a fixed length, gspo clips whole answers.",
        "dapo does not favour short right answers or long wrong ones; gspo suits mixtures of experts and wants an epsilon near 0.0003.", choices=GROUP_LOSSES)  # fmt: skip
    scale_rewards: str = spec("group", "reinforcement", "scaling", "What rewards are divided by once a group's mean is taken off: the deviation of the group, of the batch, or nothing.",
        "group gives rare successes and rare failures more weight; none keeps differences as large as the rewards have them.", choices=REWARD_SCALES)  # fmt: skip
    epsilon: float = spec(0.2, "reinforcement", "clip below", "By how much a token may become less likely before a step stops pushing it, as a share.",
        "Counts once the same answers are learnt more than once.", low=0.0, high=1.0)  # fmt: skip
    epsilon_high: float = spec(0.0, "reinforcement", "clip above", "The same for tokens that become likelier; 0 takes that of epsilon.",
        "Above epsilon (0.28 is usual) rare tokens may rise, which keeps answers varied.", low=0.0, high=10.0)  # fmt: skip
    num_iterations: int = spec(1, "reinforcement", "steps per answers", "Optimizer steps taken with the same answers.",
        "More learn more from what was slow to write, from answers that grow stale.", low=1, high=64)  # fmt: skip
    resample_groups: int = spec(0, "reinforcement", "resampling", "How many times prompts whose answers all got the same reward are replaced by others before a step.",
        "Such groups teach nothing; replacing them costs up to as many times the writing.", low=0, high=16)  # fmt: skip
    curriculum: str = spec("shuffled", "reinforcement", "order of prompts", "Order in which prompts are taken: shuffled; short_first, the shortest first; or easy_first, after a first pass that measures them those first whose answers earned most.",
        "What is easy is learnt first and helps with what is hard; with easy_first the measure is what the model itself gets right.", choices=CURRICULA)  # fmt: skip
    leave_out: int = spec(0, "reinforcement", "leave out", "Times in a row that all answers to a prompt may earn the same before later epochs leave it out; 0 keeps all.",
        "What is always right or never teaches nothing, and takes as long to write as what teaches; left out too early, what is hard never gets its turn.", unit="times", low=0, high=1000)  # fmt: skip
    generation_batch_size: int = spec(0, "reinforcement", "written at once", "Answers written at once; 0 writes those of a whole step together.",
        "Fewer take less memory and more time; the answers stay the same.", unit="answers", low=0, high=65_536)  # fmt: skip

    reward_model: str = spec("", "reinforcement", "reward model", "What scores the answers of ppo, beside any rewards: a run of method reward, or a folder.",
        "One that was trained on the same base with the same tuning takes no second base in memory.")  # fmt: skip
    gamma: float = spec(1.0, "reinforcement", "discount", "How much a token counts what is earned one token later.",
        "An answer is scored at its end: below 1 its first words hardly learn from that.", low=0.0, high=1.0)  # fmt: skip
    lam: float = spec(0.95, "reinforcement", "lambda", "How far advantages look beyond what the critic expects: 0 one token, 1 to the end of the answer.",
        "Less relies on the critic and varies less; more is right even where the critic is wrong.", low=0.0, high=1.0)  # fmt: skip
    vf_coef: float = spec(0.1, "reinforcement", "weight of the critic", "How much the critic's loss counts beside the policy's.",
        "Under full tuning both move the same weights, and more of it moves the policy, too.", low=0.0, high=100.0)  # fmt: skip
    cliprange_value: float = spec(0.2, "reinforcement", "critic's clip", "By how much what the critic expects may move while the same answers are learnt; 0 sets no bound.",
        "A reward of large numbers wants more, or a critic that starts at 0 takes long to get there.", low=0.0, high=1000.0)  # fmt: skip

    teacher: str = spec("", "distillation", "teacher", "The larger model that distill learns from: a run, a folder, or a model of the hub that is on this machine.",
        "It has to cut text into the same tokens as the base; its mistakes are learnt as well.")  # fmt: skip
    teacher_in_4bit: bool = spec(False, "distillation", "teacher in 4 bits", "Hold the teacher's linear layers in 4 bits while it is asked.",
        "A third of its memory, for odds that are a little off.")  # fmt: skip
    teacher_top_k: int = spec(64, "distillation", "teacher's top k", "Tokens whose probabilities are kept of what the teacher says, the rest as one; 0 keeps all.",
        "More say more of what it knows and take more disk: about 6 bytes each for every token learnt.", unit="tokens", low=0, high=500_000)  # fmt: skip
    divergence: str = spec("forward", "distillation", "divergence", "How far student and teacher are apart: forward is KL(teacher, student), reverse KL(student, teacher), jsd between them.",
        "forward covers all the teacher might say, reverse keeps to what it says most, which suits a much smaller student.", choices=DIVERGENCES)  # fmt: skip
    distill_temperature: float = spec(1.0, "distillation", "softening", "What the logits of both are divided by before they are compared.",
        "Above 1 the words that were nearly right count for more.", low=0.1, high=100.0)  # fmt: skip
    distill_alpha: float = spec(0.9, "distillation", "share of the teacher", "Share of the loss that is the teacher's; the rest is that of the rows' own tokens.",
        "1 learns from the teacher alone, 0 is sft.", low=0.0, high=1.0)  # fmt: skip
    on_policy_share: float = spec(0.0, "distillation", "own answers", "Share of the steps in which the student answers the prompts itself and the teacher judges every word of that.",
        "A student then learns to get out of its own mistakes; writing takes time, and the teacher stays in memory.", low=0.0, high=1.0)  # fmt: skip
    teacher_writes: bool = spec(False, "distillation", "teacher's answers", "Let the teacher write the answers first, in place of those the rows have.",
        "Its own words are the easiest to learn from it; prompts without an answer, and a teacher that is a GGUF, always do so.")  # fmt: skip

    prune_layers: float = spec(0.0, "pruning", "layers to go", "Whole layers that prune takes away: a share below 1, or from 1 on how many.",
        "Each saves its share of memory and of time everywhere; a tenth is hardly felt after healing, a quarter is.", low=0.0, high=1000.0)  # fmt: skip
    prune_layers_by: str = spec("block", "pruning", "choice of layers", "block takes layers that follow one another and together turn what passes least, single those that change it least each.",
        "A block keeps what the other layers were made for in their order; single may find more that is idle.", choices=LAYER_CHOICES)  # fmt: skip
    prune_heads: float = spec(0.0, "pruning", "heads to go", "Share of the attention heads that prune takes away in every layer, rounded to whole groups that share keys and values.",
        "Saves cache and time with long texts; attention is small beside the feed-forward layers.", low=0.0, high=0.9)  # fmt: skip
    prune_channels: float = spec(0.0, "pruning", "channels to go", "Share of the feed-forward layers' channels that prune takes away in every layer.",
        "Most weights and most facts are there: it saves most, and costs knowledge first.", low=0.0, high=0.9)  # fmt: skip
    prune_multiple: int = spec(256, "pruning", "channels in steps of", "The channels that are left are the nearest multiple of this.",
        "llama.cpp's K-quants hold 256 weights a block; with 32 a file falls back to coarser types such as Q8_0 and Q5_0.", unit="channels", low=32, high=4096)  # fmt: skip
    prune_rows: int = spec(128, "pruning", "rows to measure by", "Rows the base reads while it is measured what may go.",
        "More tell more surely what your data needs, and take a reading each.", unit="rows", low=1, high=100_000)  # fmt: skip
    sparsity: float = spec(0.0, "pruning", "zeros", "Share of the single weights of every linear layer that become and stay zero.",
        "File, memory and speed stay as they are, since files and kernels store and multiply zeros, too: it shows what is idle.", low=0.0, high=0.95)  # fmt: skip
    sparsity_method: str = spec("wanda", "pruning", "choice of weights", "magnitude takes the smallest weights, wanda those whose size times what comes in is least.",
        "wanda spares small weights that much passes through.", choices=SPARSITY_METHODS)  # fmt: skip
    sparsity_pattern: str = spec("free", "pruning", "pattern of zeros", "free lets zeros lie anywhere in a row, 2:4 makes two of each four weights zero, 4:8 four of eight.",
        "Some kernels of other programs are faster with 2:4; none here and none of llama.cpp's is.", choices=SPARSITY_PATTERNS)  # fmt: skip

    gguf_types: tuple[str, ...] = spec(("Q8_0",), "publishing", "types", "GGUF types that an export writes, as llama.cpp names them.",
        "Fewer bits make a smaller and faster file that says less exactly what was learnt; each one is measured.")  # fmt: skip
    adapter_alone: bool = spec(False, "publishing", "adapter alone", "Whether an export writes the adapter alone, to be loaded beside a GGUF of its base.",
        "Several adapters share one file of the base then, and are switched while one talks.")  # fmt: skip
    folder_kind: str = spec("nf4", "publishing", "form", "Form of the weights in a model folder that quantize writes.",
        "nf4 takes a quarter of the memory of 16 bits, int8 half of it and is nearer to what was learnt.", choices=tuple(KINDS))  # fmt: skip
    file_name: str = spec("", "publishing", "file name", "What the names of the files begin with; the name of the exported run or model when empty.",
        "It also stands in the file, where other programs show it.")  # fmt: skip
    out_dir: str = spec("", "publishing", "folder", "Folder that the files go to; among the artifacts of the run when empty.",
        "Other programs look for models in folders of their own; files outside the run stay when it is discarded.")  # fmt: skip
    merge_base: str = spec("auto", "publishing", "merged into", "Which weights an adapter is merged into: the base as stored, or what its 4-bit form stands for; auto takes what it was trained on.",
        "An adapter of qlora has learnt to mend what 4 bits lose, and the original weights have lost nothing.", choices=MERGE_BASES)  # fmt: skip
    importance: bool = spec(True, "publishing", "importance", "Whether the weights that matter most for the run's own rows are kept most exactly.",
        "Measured on rows the run learnt from; types of less than 3 bits cannot be made without it.")  # fmt: skip

    learning_rate: float = spec(2e-4, "optimisation", "learning rate", "Peak step size.",
        "The most important figure: too high diverges or forgets, too low does not learn.", low=1e-9, high=1.0)  # fmt: skip
    optim: str = spec("adamw", "optimisation", "optimiser", "The rule that turns gradients into steps.",
        "adamw_8bit saves memory; muon learns faster from scratch and needs full tuning.", choices=OPTIMISERS)  # fmt: skip
    weight_decay: float = spec(0.0, "optimisation", "weight decay", "Pull of the weights towards zero at each step.",
        "Helps long trainings generalise; adapters rarely need it.", low=0.0, high=1.0)  # fmt: skip
    adam_beta1: float = spec(0.9, "optimisation", "beta 1", "Memory of the gradient's mean.", "Rarely worth changing.", low=0.0, high=0.9999)  # fmt: skip
    adam_beta2: float = spec(0.999, "optimisation", "beta 2", "Memory of the gradient's square.",
        "0.95 follows short trainings faster than 0.999.", low=0.0, high=0.99999)  # fmt: skip
    max_grad_norm: float = spec(1.0, "optimisation", "gradient clip", "Largest gradient norm; larger gradients are scaled down to it.",
        "Guards against single bad batches.", low=0.01, high=1000.0)  # fmt: skip

    num_train_epochs: float = spec(1.0, "schedule", "epochs", "Passes over the data, unless max_steps is given.",
        "Facts want several passes; more than three on few rows mostly memorises.", low=0.01, high=1000.0)  # fmt: skip
    max_steps: int = spec(0, "schedule", "steps", "Optimizer steps; 0 derives them from the epochs.",
        "Fix it to compare runs of equal length.", low=0, high=10_000_000)  # fmt: skip
    per_device_train_batch_size: int = spec(4, "schedule", "micro-batch", "Sequences per forward pass.",
        "Memory grows with it; speed too, until the machine is busy.", unit="sequences", low=1, high=4096)  # fmt: skip
    gradient_accumulation_steps: int = spec(4, "schedule", "accumulation", "Micro-batches per optimizer step.",
        "Micro-batch times accumulation is the effective batch; trading one for the other changes memory, not the result.", low=1, high=4096)  # fmt: skip
    lr_scheduler_type: str = spec("cosine", "schedule", "decay", "How the learning rate falls after the warm-up.",
        "Ending near zero settles the weights; constant suits a run you mean to go on with.", choices=SCHEDULERS)  # fmt: skip
    warmup_ratio: float = spec(0.03, "schedule", "warm-up", "Share of the steps in which the learning rate rises from zero.",
        "A short rise keeps the first, noisy steps from doing damage.", low=0.0, high=0.9)  # fmt: skip
    seed: int = spec(42, "schedule", "seed", "Start of every random choice.",
        "The same seed, data and versions give the same run on a CPU to the last bit.", low=0, high=2**31 - 1)  # fmt: skip

    logging_steps: int = spec(1, "cadence", "log every", "Optimizer steps between two points of the loss curve.",
        "1 shows everything and costs nothing worth saving.", unit="steps", low=1, high=10_000)  # fmt: skip
    eval_steps: int = spec(0, "cadence", "evaluate every", "Steps between two looks at the held-out rows; 0 derives about ten per run, and fewer where looks would write more answers than learning does.",
        "Often shows overfitting early and costs time.", unit="steps", low=0, high=10_000_000)  # fmt: skip
    save_steps: int = spec(0, "cadence", "checkpoint every", "Steps between two checkpoints; 0 derives about five per run.",
        "A crash costs at most the steps since the last one.", unit="steps", low=0, high=10_000_000)  # fmt: skip
    save_minutes: float = spec(10.0, "cadence", "and at least every", "Longest time between two checkpoints.",
        "Bounds what a crash can cost however slow a step is.", unit="minutes", low=0.1, high=1440.0)  # fmt: skip
    save_total_limit: int = spec(2, "cadence", "checkpoints kept", "How many of the newest checkpoints stay on disk, beside the best one.",
        "The last two protect against a damaged newest one.", low=1, high=1000)  # fmt: skip
    load_best_model_at_end: bool = spec(True, "cadence", "best is the result", "Publish the state with the lowest held-out loss where the last one is worse by more than noise; false publishes the last.",
        "Learnt for too long, rows are known by heart and the last state is the worst; the best one's checkpoint is kept either way.")  # fmt: skip
    sample_prompts: tuple[str, ...] = spec((), "cadence", "sample prompts", "Prompts answered at every evaluation; taken from held-out rows when empty.",
        "Seeing the same prompt answered again tells more than a loss.")  # fmt: skip
    sample_max_new_tokens: int = spec(48, "cadence", "sample length", "Longest sample in tokens; 0 switches samples off.",
        "Longer samples cost time at each evaluation.", unit="tokens", low=0, high=4096)  # fmt: skip

    device: str = spec("auto", "machine", "device", "Where to train; auto takes the GPU when one answers.",
        "cpu is exact and repeatable, and slow.", choices=("auto", "cpu", "cuda", "mps"))  # fmt: skip
    precision: str = spec("auto", "machine", "precision", "Number format of the arithmetic; auto is bf16 where GPU or CPU multiplies it, else fp32.",
        "bf16 halves memory and doubles speed on a GPU; weights that are trained in full stay fp32.", choices=("auto", "bf16", "fp32"))  # fmt: skip
    gradient_checkpointing: bool = spec(False, "machine", "checkpointing", "Recompute activations in the backward pass instead of keeping them.",
        "Saves much memory and costs about a third more time.")  # fmt: skip
    activation_offloading: bool = spec(False, "machine", "offloading", "Hold what checkpointing keeps in the host's memory instead of the card's.",
        "Saves one hidden state per layer on the card, most of it with long rows, and costs a copy there and back.")  # fmt: skip
    num_processes: int = spec(1, "machine", "processes", "Processes that train together, one per device, under accelerate.",
        "For people who outgrew one card; the effective batch grows with it.", low=1, high=64)  # fmt: skip

    vocab_size: int = spec(2048, "model", "vocabulary", "Tokens of a new tokenizer (base scratch only).",
        "More tokens shorten the text and enlarge the embedding.", low=300, high=500_000)  # fmt: skip
    hidden_size: int = spec(256, "model", "hidden size", "Width of a new model.",
        "A multiple of 256 lets llama.cpp use its K-quants.", low=64, high=16_384)  # fmt: skip
    intermediate_size: int = spec(768, "model", "feed-forward size", "Width of the feed-forward layers of a new model.",
        "Where most facts are stored.", low=64, high=65_536)  # fmt: skip
    num_hidden_layers: int = spec(6, "model", "layers", "Depth of a new model.", "Depth buys steps of reasoning.", low=1, high=128)  # fmt: skip
    num_attention_heads: int = spec(4, "model", "heads", "Attention heads of a new model.", "Heads of 64 or 128 are usual.", low=1, high=256)  # fmt: skip
    num_key_value_heads: int = spec(2, "model", "key-value heads", "Heads whose keys and values are stored; divides the heads.",
        "Fewer make the generation cache smaller.", low=1, high=256)  # fmt: skip
    head_dim: int = spec(64, "model", "head size", "Width of one attention head of a new model.", "64 or 128 suit every kernel.", low=16, high=512)  # fmt: skip
    max_position_embeddings: int = spec(1024, "model", "context", "Longest text a new model can read.",
        "Longer than its training examples is not learnt.", unit="tokens", low=64, high=1_048_576)  # fmt: skip

    def __post_init__(self) -> None:
        """Refuse combinations that no engine could honour."""
        combinations.refuse(self)


FIELDS: dict[str, tuple[str, Spec]] = {f.name: (str(f.type), f.metadata["spec"]) for f in dataclasses.fields(Recipe)}
"""Field name → (type as written, Spec), in the order they are shown."""


_LABELLED = {re.sub(r"[^a-z0-9]+", "_", described.label.lower()): name for name, (_, described) in FIELDS.items()}
"""What a field is called where it is shown, for those who set it by that → its name."""


def named(name: str) -> str:
    """Return the field of a name, or of a label as pages and plans show it, with _ for what is no letter."""
    return name if name in FIELDS else _LABELLED.get(name, name)


def titled(name: str) -> str:
    """Return what a field is called above the question for its value."""
    label = FIELDS[name][1].label
    return label if label == name else f"{label} ({name})"


def checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return `values` parsed and checked by the field table; raises UsageError for an unknown field or a bad value."""
    result = {}
    for name, value in values.items():
        if name not in FIELDS:
            other = _LABELLED.get(name)
            said = f"what is shown as {FIELDS[other][1].label} is set as {other}" if other else closest(name, FIELDS)
            raise UsageError(f"There is no recipe field {name!r}; {said}.")
        kind, described = FIELDS[name]
        result[name] = parse(name, kind, described, value)
    if "rewards" in result:
        result["rewards"] = rewards.settled(result["rewards"])
    return result


@dataclass(frozen=True)
class Resolved:
    """A recipe, and for each of its values the reason it has that value."""

    recipe: Recipe
    provenance: dict[str, str]
    """Field → "default", "preset NAME", "chosen", "recipe FILE", or "derived: …"."""


def resolve(chosen: Mapping[str, Any], preset: Mapping[str, Any] | None = None, preset_name: str = "",
            chosen_from: str = "chosen") -> Resolved:  # fmt: skip
    """Return the recipe that has the person's values over the preset's over the defaults.

    `chosen` and `preset` map field names to texts or values; every one is checked. Raises UsageError.
    """
    if checked(chosen).get("sparsity"):  # whoever asks for zeros has not asked for layers to go
        preset = {name: value for name, value in (preset or {}).items() if name != "prune_layers"}
    laid = {**dict.fromkeys(preset or {}, f"preset {preset_name}"), **dict.fromkeys(chosen, chosen_from)}
    values = {**checked(preset or {}), **checked(chosen)}
    return Resolved(Recipe(**values), {name: laid.get(name, "default") for name in FIELDS})


def to_toml(resolved: Resolved) -> str:
    """Return the recipe as TOML: one table per section, and a table of provenance."""
    import tomli_w

    body: dict[str, Any] = {"version": FORMAT_VERSION}
    for section in SECTIONS:
        body[section] = {
            name: list(value) if isinstance(value := getattr(resolved.recipe, name), tuple) else value
            for name, (_, described) in FIELDS.items()
            if described.section == section
        }
    body["provenance"] = resolved.provenance
    return tomli_w.dumps(body)


def from_toml(text: str, where: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Return (values, provenance) of a recipe's TOML; fields may stand in their sections or at the top.

    `where` names the file in errors. Raises UsageError for text that is no recipe.
    """
    try:
        body = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # beside its own error, tomllib lets those of int() and nesting out
        raise UsageError(f"{where} is not valid TOML: {error}; correct that line and try again.") from None
    version = body.pop("version", FORMAT_VERSION)
    if version != FORMAT_VERSION:
        raise UsageError(
            f"{where} is a recipe of version {version!r}, and this workbench reads version {FORMAT_VERSION}."
        )
    provenance = body.pop("provenance", {})
    values: dict[str, Any] = {}
    for name, value in body.items():
        if name in SECTIONS and isinstance(value, dict):
            values.update(value)
        else:
            values[name] = value
    return checked(values), {str(key): str(value) for key, value in provenance.items()} if isinstance(
        provenance, dict
    ) else {}


def load(path: Path) -> Resolved:
    """Return the recipe stored in a file, with its stored provenance; raises UsageError with what is wrong with it."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UsageError(f"The recipe {path} cannot be read: {reason}.") from None
    values, provenance = from_toml(text, str(path))
    known = {name: provenance.get(name, f"recipe {path.name}") if name in values else "default" for name in FIELDS}
    return Resolved(Recipe(**values), known)
