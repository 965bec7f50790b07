"""A script's end: optimiser, trainer, the loop and the result."""

# ----------------------------------------------------------------------------------------------------------------------
# Training
# ----------------------------------------------------------------------------------------------------------------------


# [if muon]
class MuonWithAdamW(torch.optim.Optimizer):
    """Muon (Jordan 2024) for the matrices inside the layers, AdamW for everything else, under one scheduler.

    transformers knows Muon under no name of `optim`, and torch's takes nothing but matrices.
    """

    def __init__(self, matrices, others):
        self.muon = torch.optim.Muon(
            matrices, lr=LEARNING_RATE * 20 / 3, weight_decay=WEIGHT_DECAY, momentum=0.95
        )  # steps of matrices are larger: .02 against 3e-3 in the trials that made the bundled base
        self.adamw = torch.optim.AdamW(
            others, lr=LEARNING_RATE, betas=(ADAM_BETA1, ADAM_BETA2), weight_decay=0.0, foreach=True
        )
        super().__init__([*matrices, *others], {})
        self.param_groups = [*self.adamw.param_groups, *self.muon.param_groups]

    def step(self, closure=None):
        self.muon.step()
        self.adamw.step()

    def zero_grad(self, set_to_none=True):
        self.muon.zero_grad(set_to_none)
        self.adamw.zero_grad(set_to_none)

    def state_dict(self):
        return {"muon": self.muon.state_dict(), "adamw": self.adamw.state_dict()}

    def load_state_dict(self, state):
        self.muon.load_state_dict(state["muon"])
        self.adamw.load_state_dict(state["adamw"])
        self.param_groups = [*self.adamw.param_groups, *self.muon.param_groups]


# [end]
class Order(torch.utils.data.Sampler):
    """Sequences shuffled by seed and epoch; the first epoch begins with the longest, which shows at once what fits."""

    def __init__(self, lengths):
        self.lengths, self.epoch = lengths, 0

    def __len__(self):
        return len(self.lengths)

    def set_epoch(self, epoch):
        """Take the epoch that begins from the trainer."""
        self.epoch = epoch

    def __iter__(self):
        numbers = torch.randperm(len(self), generator=torch.Generator().manual_seed(SEED + self.epoch)).tolist()
        longest = int(np.argmax(self.lengths))
        if self.epoch == 0 and self.lengths[longest] > self.lengths[numbers[0]]:
            place = numbers.index(longest)
            numbers[0], numbers[place] = numbers[place], numbers[0]
        yield from numbers


class Trainer(SFTTrainer):
    """TRL's trainer with the recipe's optimiser, and a held-out loss that is the mean over all learnt tokens."""

    def _get_train_sampler(self, train_dataset=None):
        """Return the order in which sequences are learnt."""
        return Order([len(ids) for ids in train["input_ids"]])

    def create_optimizer(self, model=None):
        """Return the optimiser; weight decay acts on matrices only."""
        if self.optimizer is None:
            moving = [(name, p) for name, p in self.model.named_parameters() if p.requires_grad]
            # [if muon]
            inner = {name for name, p in moving if p.ndim == 2 and "embed" not in name and "lm_head" not in name}
            self.optimizer = MuonWithAdamW(
                [p for name, p in moving if name in inner], [p for name, p in moving if name not in inner]
            )
            # [end]
            # [if not_muon]
            groups = [
                {"params": [p for _, p in moving if p.ndim >= 2], "weight_decay": WEIGHT_DECAY},
                {"params": [p for _, p in moving if p.ndim < 2], "weight_decay": 0.0},
            ]
            groups = [group for group in groups if group["params"]]
            # [end]
            # [if adamw]
            self.optimizer = torch.optim.AdamW(groups, lr=LEARNING_RATE, betas=(ADAM_BETA1, ADAM_BETA2), fused=True)
            # [end]
            # [if adamw_8bit]
            from bitsandbytes.optim import AdamW8bit

            self.optimizer = AdamW8bit(groups, lr=LEARNING_RATE, betas=(ADAM_BETA1, ADAM_BETA2))
            # [end]
        return self.optimizer

    def evaluate(self, *_, **__):
        """Return the loss on each set of held-out rows, in nats per learnt token."""
        self.model.eval()  # training begins each step by putting it back
        losses = {}
        for name, sequences in held_out.items():
            total = tokens = 0.0
            for start in range(0, len(sequences), PER_DEVICE_TRAIN_BATCH_SIZE):
                end = min(start + PER_DEVICE_TRAIN_BATCH_SIZE, len(sequences))
                batch = batch_of([sequences[number] for number in range(start, end)])
                learnt = (batch["labels"][:, 1:] != IGNORED).sum().item()
                loss, _, _ = self.prediction_step(self.model, batch, prediction_loss_only=True)
                total, tokens = total + loss.item() * learnt, tokens + learnt
            losses[f"eval_{name}_loss"] = total / max(tokens, 1)
        self._metrics["eval"].clear()
        self.log(losses)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, losses)
        return losses


batches = math.ceil(len(train) / (PER_DEVICE_TRAIN_BATCH_SIZE * NUM_PROCESSES))
steps = MAX_STEPS or max(1, math.ceil(NUM_TRAIN_EPOCHS * max(1, math.ceil(batches / GRADIENT_ACCUMULATION_STEPS))))
scheduler_kwargs = {
    "cosine_with_min_lr": {"min_lr_rate": 0.1},
    "warmup_stable_decay": {"num_decay_steps": max(1, steps // 5)},
}

trainer = Trainer(
    model=model,
    args=SFTConfig(
        output_dir=str(arguments.out / "checkpoints"),
        max_steps=steps,
        per_device_train_batch_size=PER_DEVICE_TRAIN_BATCH_SIZE,
        gradient_accumulation_steps=GRADIENT_ACCUMULATION_STEPS,
        learning_rate=LEARNING_RATE,
        lr_scheduler_type=LR_SCHEDULER_TYPE,
        lr_scheduler_kwargs=scheduler_kwargs.get(LR_SCHEDULER_TYPE, {}),
        warmup_steps=round(WARMUP_RATIO * steps),
        max_grad_norm=MAX_GRAD_NORM,
        logging_steps=LOGGING_STEPS,
        logging_nan_inf_filter=False,  # a NaN must be seen
        eval_strategy="steps" if held_out else "no",
        eval_steps=EVAL_STEPS or math.ceil(steps / 10),
        eval_on_start=bool(held_out) and not arguments.resume,
        save_strategy="steps",
        save_steps=SAVE_STEPS or math.ceil(steps / 5),
        save_total_limit=SAVE_TOTAL_LIMIT,
        bf16=bf16,
        fp16=False,
        use_cpu=device == "cpu",
        gradient_checkpointing=None,
        activation_checkpointing=GRADIENT_CHECKPOINTING,
        # Only a card has memory of its own, apart from the host's.
        activation_checkpointing_kwargs={"use_reentrant": False, "offload": ACTIVATION_OFFLOADING and device == "cuda"}
        if GRADIENT_CHECKPOINTING
        else None,
        # The sequences are ready: TRL must neither cut, nor pack, nor mask, nor drop a column.
        max_length=None,
        packing=False,
        dataset_kwargs={"skip_prepare_dataset": True},
        remove_unused_columns=False,
        router_aux_loss_coef=0.0,
        dataloader_pin_memory=device == "cuda",
        ddp_find_unused_parameters=False,
        report_to="none",
        seed=SEED,
        data_seed=SEED,
    ),
    train_dataset=train,
    eval_dataset=next(iter(held_out.values()), None),  # all of them are read, by `evaluate`
    data_collator=batch_of,
    processing_class=tokenizer,
    # [if adapter]
    peft_config=adapter,
    # [end]
)
# [if adapter]

# TRL turns the adapter of a 4-bit base to bf16, in which small updates vanish.
for parameter in trainer.model.parameters():
    if parameter.requires_grad and parameter.dtype == torch.bfloat16:
        parameter.data = parameter.data.float()
# [if token_rows]
# A tied head stands behind a wrapper while single tokens are trained, and TRL asks it for a bias.
head = trainer.model.get_output_embeddings()
if head is not None and not hasattr(head, "bias"):
    head.register_parameter("bias", None)
# [end]
# [end]

trainer.train(resume_from_checkpoint=arguments.resume or None)

# ----------------------------------------------------------------------------------------------------------------------
# The result
# ----------------------------------------------------------------------------------------------------------------------

trainer.state.save_to_json(str(arguments.out / "curve.json"))  # every loss, learning rate and gradient norm
model = trainer.accelerator.unwrap_model(trainer.model)
# [if full]
stored = AutoConfig.from_pretrained(arguments.base).dtype  # the format the base is stored in
model = model.to(stored if isinstance(stored, torch.dtype) else torch.bfloat16)
# [end]
# [if given_template]
model.generation_config.eos_token_id = sorted(stops)
# [end]
if trainer.args.should_save:
    model.save_pretrained(arguments.out / "result")
    tokenizer.save_pretrained(arguments.out / "result")
