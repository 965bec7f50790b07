"""A script's part that loads the base: device, precision, quantisation, adapter, and the proof that packing is safe."""

# ----------------------------------------------------------------------------------------------------------------------
# The model
# ----------------------------------------------------------------------------------------------------------------------

available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
device = next(name for name, there in available.items() if there) if DEVICE == "auto" else DEVICE
if device == "cuda":
    torch.set_float32_matmul_precision("high")
    has_bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
else:  # emulated bf16 is slower than fp32
    instructions = torch.cpu.get_capabilities() if device == "cpu" else {}
    has_bf16 = any(instructions.get(name, False) for name in ("avx512_bf16", "amx_bf16", "bf16"))
bf16 = has_bf16 if PRECISION == "auto" else PRECISION == "bf16"
compute = torch.bfloat16 if bf16 else torch.float32

# [if full]
# All weights move, in fp32: small updates vanish in bf16. The arithmetic runs under autocast.
model = AutoModelForCausalLM.from_pretrained(
    arguments.base, dtype=torch.float32, attn_implementation="sdpa", use_safetensors=True, trust_remote_code=False
).to(device)
# [end]
# [if lora]
# The base is frozen and held in the format of the arithmetic.
model = AutoModelForCausalLM.from_pretrained(
    arguments.base, dtype=compute, attn_implementation="sdpa", use_safetensors=True, trust_remote_code=False
).to(device)
# [end]
# [if qlora]
# The base is frozen, its linear layers in 4-bit NF4 with double quantisation (Dettmers et al. 2023).
model = AutoModelForCausalLM.from_pretrained(
    arguments.base,
    dtype=compute,
    quantization_config=BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=compute
    ),
    device_map={"": torch.cuda.current_device()} if device == "cuda" else None,
    attn_implementation="sdpa",
    use_safetensors=True,
    trust_remote_code=False,
)
for module in model.modules():
    # On a CPU with bf16 instructions bitsandbytes repacks the weights in evaluation, and a later backward reads noise.
    if hasattr(module, "support_avx512bf16_for_cpu"):
        module.support_avx512bf16_for_cpu = False
# [end]


def documents_stay_apart():
    """Return whether the second document of a packed sequence is read as if it were alone."""
    first, second = (train[0]["input_ids"][:48], train[min(1, len(train) - 1)]["input_ids"][:48])

    def logits(*documents):
        ids = torch.tensor([list(itertools.chain(*documents))], device=model.device)
        positions = torch.tensor([[at for document in documents for at in range(len(document))]], device=model.device)
        return model(input_ids=ids, position_ids=positions, use_cache=False).logits[0, -len(second) :].float()

    model.eval()
    with torch.no_grad():
        difference = (logits(first, second) - logits(second)).abs().max().item()
    return difference <= (1e-3 if model.dtype == torch.float32 else 0.25)


if PACKING and not documents_stay_apart():
    raise SystemExit("This base lets packed documents see each other; set PACKING = False above.")

# [if adapter]
# PEFT takes a text for "all-linear" or a regular expression, and a list for the ends of names.
is_pattern = len(TARGET_MODULES) == 1 and not TARGET_MODULES[0].replace("_", "").replace(".", "").isalnum()
# [if token_rows]
# The tokens that the chat template writes round a conversation: a base that has never seen them must learn them.
token_rows = {number for name, number in tokenizer.get_vocab().items() if name in TRAINABLE_TOKEN_INDICES}
if "auto" in TRAINABLE_TOKEN_INDICES and tokenizer.chat_template:
    turns = [{"role": "user", "content": "One"}, {"role": "assistant", "content": "two"}]
    for opening, (said, prompt) in itertools.product(
        ([], [{"role": "system", "content": "Zero"}]), ((turns, False), (turns[:1], True))
    ):
        try:
            text = tokenizer.apply_chat_template([*opening, *said], tokenize=False, add_generation_prompt=prompt)
        except Exception:  # a template that takes no system turn
            continue
        known = tokenizer.added_tokens_decoder
        written = tokenizer(text, add_special_tokens=False)["input_ids"]
        token_rows |= {token for token in written if token in known and known[token].content in text}
# [end]
adapter = LoraConfig(
    task_type="CAUSAL_LM",
    r=LORA_R,
    lora_alpha=LORA_ALPHA,
    lora_dropout=LORA_DROPOUT,
    target_modules=TARGET_MODULES[0] if is_pattern or TARGET_MODULES == ["all-linear"] else TARGET_MODULES,
    # [if token_rows]
    trainable_token_indices=sorted(token_rows) or None,
    # [end]
)
# [end]
