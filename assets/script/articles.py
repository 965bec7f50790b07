"""A script's part for articles: every token is learnt, and a long one is split."""

# Every token of an article is learnt, the end of the document included. An article longer than MAX_LENGTH is split
# without overlap, and only its last piece carries the end.

vocabulary = tokenizer.get_vocab()
document_ends = ["<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>", "<|eot|>"]  # an instruct model's eos ends a turn
document_end = next((vocabulary[end] for end in document_ends if end in vocabulary), tokenizer.eos_token_id)
control = re.compile("|".join(map(re.escape, control_texts))) if control_texts and not CONTROL_TOKENS else None


def examples_of(row):
    """Return the [(ids, labels)] of an article, one for each piece of it."""
    written_as_text = control is not None and control.search(row["text"]) is not None
    ids = list(tokenizer(row["text"], split_special_tokens=written_as_text)["input_ids"])
    if document_end is not None and ids and ids[-1] != document_end:
        ids.append(document_end)
    starts = list(range(0, len(ids), MAX_LENGTH))
    if len(starts) > 1 and len(ids) - starts[-1] == 1:
        starts[-1] -= 1  # a token on its own is never predicted
    pieces = [ids[first:last] for first, last in itertools.pairwise([*starts, len(ids)])]
    return [(piece, piece) for piece in pieces if len(piece) > 1]
