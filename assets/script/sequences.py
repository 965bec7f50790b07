"""A script's part between examples and batches: packing, positions, padding, and the held-out rows."""

# ----------------------------------------------------------------------------------------------------------------------
# From examples to sequences and batches
# ----------------------------------------------------------------------------------------------------------------------


def packed(lengths):
    """Return lists of the numbers of examples that go into a sequence together: best fit, in a random order.

    Each example stays whole and goes into the fullest sequence that has room for it (Ding et al. 2024, "Fewer
    Truncations Improve Language Modeling").
    """
    order = list(range(len(lengths)))
    random.Random(SEED).shuffle(order)
    sequences, rooms, with_room = [], [], {}  # `rooms` is sorted; `with_room` has the sequences of each
    for number in order:
        fit = bisect_left(rooms, lengths[number])
        if fit == len(rooms):
            sequence, room = [], MAX_LENGTH
            sequences.append(sequence)
        else:
            room = rooms[fit]
            sequence = with_room[room].pop()
            if not with_room[room]:
                del with_room[rooms.pop(fit)]
        sequence.append(number)
        room -= lengths[number]
        if room not in with_room:
            with_room[room] = []
            insort(rooms, room)
        with_room[room].append(sequence)
    return sorted(sequences, key=lambda sequence: sequence[0])


def sequences_of(found):
    """Return the sequences of rows as a dataset with input_ids, labels and position_ids.

    Positions begin again with each document: from that, and from nothing else, transformers knows that documents in
    one sequence must not see each other. A document's first token is never predicted from the one before it.
    """
    examples = [example for row in found for example in examples_of(row)]
    together = packed([len(ids) for ids, _ in examples]) if PACKING else [[number] for number in range(len(examples))]
    columns = {"input_ids": [], "labels": [], "position_ids": []}
    for numbers in together:
        chosen = [examples[number] for number in numbers]
        columns["input_ids"].append(np.array([token for ids, _ in chosen for token in ids], dtype=np.int32))
        labels = [label for _, own in chosen for label in [IGNORED, *own[1:]]]
        columns["labels"].append(np.array(labels, dtype=np.int32))
        columns["position_ids"].append(np.concatenate([np.arange(len(ids), dtype=np.int32) for ids, _ in chosen]))
    return Dataset.from_dict(columns)


def batch_of(sequences):
    """Return sequences as one batch, padded to the longest of them; the padding is a document that is never learnt."""

    def padded(name, filling):
        width = max(len(sequence["input_ids"]) for sequence in sequences)
        rows = [[*sequence[name], *filling(width - len(sequence[name]))] for sequence in sequences]
        return torch.tensor(rows, dtype=torch.long)

    batch = {
        "input_ids": padded("input_ids", lambda missing: [tokenizer.pad_token_id] * missing),
        "labels": padded("labels", lambda missing: [IGNORED] * missing),
    }
    if PACKING:
        return batch | {"position_ids": padded("position_ids", range)}
    # One document a sequence: the usual mask hides the padding.
    lengths = torch.tensor([[len(sequence["input_ids"])] for sequence in sequences])
    return batch | {"attention_mask": (torch.arange(batch["input_ids"].shape[1]) < lengths).long()}


# [if cpt]
# Articles first, then the general text that keeps the base from forgetting; every epoch shuffles the sequences.
train = sequences_of(rows("train.jsonl") + rows("replay.jsonl"))
held_out = {"held_out": sequences_of(rows("held_out.jsonl")), "general": sequences_of(rows("general.jsonl"))}
# [end]
# [if not_cpt]
train = sequences_of(rows("train.jsonl"))
held_out = {"held_out": sequences_of(rows("held_out.jsonl"))}
# [end]
if not len(train):
    raise SystemExit(f"Nothing in {arguments.prepared / 'train.jsonl'} can be learnt; is it what prepare has written?")
held_out = {name: sequences for name, sequences in held_out.items() if len(sequences)}
