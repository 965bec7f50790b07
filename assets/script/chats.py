"""A script's part for conversations: which of their tokens are learnt, with any chat template."""

# Only what the assistant says is learnt, up to and with the token that ends its turn. `assistant_only_loss=True` would
# ask the chat template which words those are, and few templates can tell. So they are found with any template, by
# rendering the conversation up to each answer and through it.

try:
    stops = GenerationConfig.from_pretrained(arguments.base).eos_token_id or []
except OSError:  # a base without a generation_config.json
    stops = []
stops = {tokenizer.eos_token_id, *([stops] if isinstance(stops, int) else stops)} - {None}
# [if given_template]

# The base gets this template, and its answers stop at the token the template writes behind them.
tokenizer.chat_template = TEMPLATE
trial = [{"role": "user", "content": "x"}, {"role": "assistant", "content": "ANSWER"}, {"role": "user", "content": "y"}]
behind = tokenizer.apply_chat_template(trial, tokenize=False).partition("ANSWER")[2]
stops.add(tokenizer(behind, add_special_tokens=False)["input_ids"][0])
# [end]
stop_texts = [tokenizer.convert_ids_to_tokens(stop) for stop in stops]

# A text that must not become a control token is rendered as its number between two characters of private use.
OPEN, CLOSE, SLOT = "\uf8f0", "\uf8f1", "\uf8f20"
unsafe = re.compile("|".join(map(re.escape, [*control_texts, OPEN])))
stand_in = re.compile(f"{OPEN}([0-9]+){CLOSE}")

# Some tokenizers put a space before whatever they are given; in the middle of a text there must be none.
puts_space_first = "".join(tokenizer.tokenize("a")).startswith("▁")


class Unusable(Exception):
    """There is nothing to learn in a row."""


def render(messages, tools, prompt=False):
    """Return the conversation as the chat template writes it; `prompt` adds what stands before an answer."""
    try:
        return tokenizer.apply_chat_template(messages, tools=tools, tokenize=False, add_generation_prompt=prompt)
    except Exception as error:  # a template is foreign code and may raise anything
        raise Unusable from error


def defused(value, found):
    """Return a JSON value with the control tokens in its texts replaced by their numbers in `found`."""

    def swap(match):
        found.append(match.group())
        return f"{OPEN}{len(found) - 1}{CLOSE}"

    if isinstance(value, str):
        return unsafe.sub(swap, value)
    if isinstance(value, dict):
        return {defused(key, found): defused(item, found) for key, item in value.items()}
    return [defused(item, found) for item in value] if isinstance(value, list) else value


def knows_calls(**more):
    """Return whether the template writes calls with `more`; one that does not would leave the answer empty."""
    call = {**more, "type": "function", "function": {"name": "call_of_a_trial", "arguments": {}}}
    asked = [{"role": "user", "content": "x"}, {"role": "assistant", "content": "", "tool_calls": [call]}]
    try:
        return "call_of_a_trial" in render(asked, None)
    except Unusable:
        return False


def spelled_out(message):
    """Return a turn with its calls as lines of JSON in its content."""
    calls = message.get("tool_calls") or []
    lines = [json.dumps(call["function"], ensure_ascii=False, separators=(",", ":")) for call in calls]
    content = "\n".join([*filter(str.strip, [message["content"]]), *lines]) if calls else message.get("content")
    return {key: value for key, value in message.items() if key != "tool_calls"} | {"content": content}


def going_on(messages, turn, through, full, tools):
    """Return `full` up to the end of an answer that only ends otherwise where nothing follows it, else ""."""
    other = render([*messages[: turn + 1], {**messages[turn + 1], "content": SLOT}], tools)
    shared, same = os.path.commonprefix([full, other]), os.path.commonprefix([full, through])
    start, stop = max(((shared.rfind(stop), stop) for stop in stop_texts), default=(-1, ""))
    ends = 0 <= start <= len(same) and through.startswith(tuple(stop_texts), start)
    return shared[: start + len(stop)] if ends else ""


def answers_in(messages, tools, full):
    """Return the (first, last) characters of each answer in the rendered conversation `full`, its end included.

    An answer of weight 0 is read and not learnt, and so is one that the template writes differently in hindsight.
    """
    found = []
    for turn, message in enumerate(messages):
        if message["role"] != "assistant" or message.get("weight") == 0:
            continue
        before = render(messages[:turn], tools, prompt=True)
        through = render(messages[: turn + 1], tools) if turn + 1 < len(messages) else full
        if not full.startswith(through):
            through = going_on(messages, turn, through, full, tools)
        if not through.startswith(before):
            # The prompt opens something, a thought for example, that this answer does not have. What the prompt shares
            # with any other answer is the template's, the rest is the answer's own beginning.
            other = render([*messages[:turn], {**message, "content": SLOT}], tools)
            shared = os.path.commonprefix([before, other])
            before = max(render(messages[:turn], tools) if turn else "", shared, key=len)
            if not through.startswith(before):
                continue
        answer = through[len(before) :]
        ends = [answer.rfind(stop) + len(stop) for stop in stop_texts if stop in answer]
        only_blanks_behind = bool(ends) and not answer[max(ends) :].strip()
        found.append((len(before), len(before) + max(ends) if only_blanks_behind else len(through)))
    return found


def tokens_of(text, found, cuts=()):
    """Return the ids of a rendered text and the (first, last) characters of each; none reaches over one of `cuts`."""
    ids, places = [], []

    def add(piece, at, **how):
        lead = "\n" if at and puts_space_first else ""
        encoded = tokenizer(lead + piece, add_special_tokens=False, return_offsets_mapping=True, **how)
        pairs = zip(encoded["input_ids"], encoded["offset_mapping"])
        return [(token, first - len(lead), last - len(lead)) for token, (first, last) in pairs if not lead or last > 1]

    for low, high in itertools.pairwise(sorted({0, *cuts, len(text)})):
        at = low
        for number, piece in enumerate(stand_in.split(text[low:high])):
            if number % 2:  # the number of a text that is no control token here
                width = len(piece) + 2
                plain = add(found[int(piece)], at, split_special_tokens=True)
                ids += [token for token, _, _ in plain]
                places += [(at, at + width)] * len(plain)
                at += width
            elif piece:
                read = add(piece, at)
                ids += [token for token, _, _ in read]
                places += [(at + first, at + last) for _, first, last in read]
                at += len(piece)
    return ids, places


def examples_of(row):
    """Return the [(ids, labels)] of a conversation: one, or none where it holds nothing to learn."""
    found = []
    messages = row["messages"]
    calls = [call for message in messages for call in message.get("tool_calls") or []]
    if calls and not (named_calls_are_written if all(call.get("id") for call in calls) else calls_are_written):
        messages = [spelled_out(message) for message in messages]
    messages = [{key: item if key == "role" else defused(item, found) for key, item in m.items()} for m in messages]
    tools = defused(row.get("tools"), found)
    try:
        text = render(messages, tools)
        answers = answers_in(messages, tools, text)
    except Unusable:
        return []
    ids, places = tokens_of(text, found)
    # Where a token joins the end of the prompt to the answer, they are cut apart, as they are in generation.
    cuts = [low for low, _ in answers if any(first < low < last for first, last in places)]
    if cuts:
        ids, places = tokens_of(text, found, cuts)
    learnt = [last > first and any(low <= first < high for low, high in answers) for first, last in places]
    labels = [token if learn else IGNORED for token, learn in zip(ids, learnt)]
    if labels and labels[-1] not in {IGNORED, *stops} and tokenizer.eos_token_id is not None:
        ids, labels = [*ids, tokenizer.eos_token_id], [*labels, tokenizer.eos_token_id]  # it must learn to stop
    ids, labels = ids[:MAX_LENGTH], labels[:MAX_LENGTH]
    return [(ids, labels)] if any(label != IGNORED for label in labels[1:]) else []


calls_are_written = knows_calls()
named_calls_are_written = calls_are_written or knows_calls(id="trial1234")
