"""Teachers: what is kept of a killed pass, answers one writes, rows of several kinds, and one with other tokens."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from tests.engine.bench import Bench, of_kind, rows, write_rows
from tests.engine.test_chat import convert
from workbench.core.errors import UsageError
from workbench.core.events import Eval, Notice
from workbench.core.paths import assets_dir
from workbench.engine.compress import alignment, answers, keeping
from workbench.engine.compress.alignment import Meeting
from workbench.engine.compress.asking import Said
from workbench.engine.compress.soft_labels import SoftLabels, learnt
from workbench.engine.examples import Examples
from workbench.engine.masks import IGNORED, Example
from workbench.engine.prefer.speaking import Answer, Asked
from workbench.engine.tokenizer import load_tokenizer

SHORT: dict[str, Any] = {"method": "distill", "tuning": "lora", "sample_max_new_tokens": 0, "learning_rate": 1e-3}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"))


# What is kept


class _Stop(Exception):
    """The end of an attempt."""


class _Oracle:
    """Says of each learnt token something that follows from its example alone, and counts what it is asked."""

    def __init__(self, sets: dict[str, Examples]) -> None:
        self.sets, self.asked = sets, list[tuple[str, int]]()

    def __call__(self, name: str, numbers: list[int]) -> list[Said]:
        self.asked += [(name, number) for number in numbers]
        return [self.said(name, number) for number in numbers]

    def said(self, name: str, number: int) -> Said:
        size = int(learnt(self.sets[name], number).sum())
        draw = np.random.default_rng([len(name), number])
        return Said(-draw.random((size, 4)).astype(np.float16), draw.integers(0, 9, (size, 3), dtype=np.int32))


def _sets() -> dict[str, Examples]:
    def made(count: int, length: int) -> Examples:
        ids = [list(range(length + number % 3)) for number in range(count)]
        return Examples.of(Example(one, [IGNORED, *one[1:]]) for one in ids)

    return {"train": made(keeping.BLOCK * 2 + 5, 6), "held_out": made(7, 9)}


def test_a_teacher_is_not_asked_again_what_it_has_said(tmp_path: Path) -> None:
    """After an end between two blocks, and after one block was damaged on the disk; another teacher begins anew."""
    sets = _sets()
    folder, head = tmp_path / "begun", {"teacher": "one"}
    total = sum(map(len, sets.values()))

    def stop(done: int) -> None:
        if done > keeping.BLOCK:
            raise _Stop

    first = _Oracle(sets)
    with pytest.raises(_Stop):
        keeping.asked(folder, head, sets, 3, 9, first, stop)
    # The longest examples are in the set that is held out.
    assert first.asked[0] == ("held_out", 0)
    assert len(first.asked) == keeping.BLOCK + 7
    with (folder / "train" / "log_probs.f16").open("r+b") as file:
        file.write(b"\x01")
    told: list[int] = []
    again = _Oracle(sets)
    keeping.asked(folder, head, sets, 3, 9, again, told.append)
    assert told[-1] == total
    assert len(again.asked) == total - 7, "the damaged block and those that were left"
    none = _Oracle(sets)
    keeping.asked(folder, head, sets, 3, 9, none, told.append)
    assert not none.asked
    keeping.publish(folder, tmp_path / "teacher")
    assert not folder.exists()
    for name, examples in sets.items():
        kept = SoftLabels.read(tmp_path / "teacher" / name)
        for number in range(len(examples)):
            said, of = first.said(name, number), kept.of([number])
            assert np.array_equal(of["teacher"], said.log_probs)
            assert np.array_equal(of["teacher_words"], said.words)
    other = _Oracle(sets)
    with pytest.raises(_Stop):
        keeping.asked(folder, head, sets, 3, 9, first, stop)
    keeping.asked(folder, {"teacher": "two"}, sets, 3, 9, other, told.append)
    assert len(other.asked) == total


# Rows of several kinds


def test_articles_and_conversations_are_learnt_together(bench: Bench) -> None:
    """Every token of an article, the answers of a conversation; both are compared with the teacher."""
    data = [str(write_rows(bench.path / f"{name}.jsonl", rows(name, 30))) for name in ("questions", "general")]
    run = bench.trained(**SHORT, data=data, eval_split=0.1)
    examples = Examples.read(run.path / "prepared" / "train")
    whole = [learnt(examples, number)[1:].all() for number in range(len(examples))]
    assert 20 < sum(whole) < len(whole) - 20
    kept = SoftLabels.read(run.path / "teacher" / "train")
    assert int(kept.starts[-1]) == sum(int(learnt(examples, number).sum()) for number in range(len(examples)))
    assert of_kind(run, Eval)[0].metrics["agreement"] == 1.0


def test_prompts_are_answered_by_the_teacher_first(bench: Bench) -> None:
    """The answers are in the run with what wrote them, and those that came to an end are learnt."""
    data = [str(write_rows(bench.path / "prompts.jsonl", rows("prompts", 12)))]
    run = bench.trained(**SHORT, data=data, max_completion_length=24, temperature=0.3)
    head, *lines = map(json.loads, (run.path / answers.FILE).read_text(encoding="utf-8").splitlines())
    written = [one for line in lines for one in line["answers"]]
    assert head["teacher"]["model"] == "bundled"
    assert len(written) == 12
    ended = sum(finished for _, _, finished in written)
    examples = len(Examples.read(run.path / "prepared" / "train"))
    held = run.path / "prepared" / "held_out"
    assert examples + (len(Examples.read(held)) if held.is_dir() else 0) == ended
    assert "teacher_wrote" in [event.code for event in of_kind(run, Notice)]


def test_rows_are_asked_for_what_they_lack() -> None:
    """A prompt always, a conversation where all answers are to be the teacher's, an article never."""
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    longer = [*turns, {"role": "user", "content": "c"}, {"role": "assistant", "content": "d"}]
    assert answers.asked_of({"text": "x"}, True) is None
    assert answers.asked_of({"messages": longer}, False) is None
    assert answers.asked_of({"messages": longer}, True) == Asked(longer[:3], None)
    assert answers.asked_of({"prompt": turns[:1], "answer": "b"}, False) == Asked(turns[:1], None)
    made = answers._answered({"messages": longer}, Asked(longer[:3]), Answer("new", 2, True))
    assert [turn["content"] for turn in made["messages"]] == ["a", "b", "c", "new"]
    assert [turn.get("weight") for turn in made["messages"]] == [None, 0, None, None]
    assert answers._answered({"messages": turns}, Asked(turns[:1]), Answer("new", 2, False))["why_not"] == answers.CUT


# Other tokens


def _tokenizer(words: list[str]) -> Any:
    """Return a tokenizer that knows these words, of letters and Ġ for a space, and single letters."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {word: number for number, word in enumerate(["<end>", *letters, *words])}
    merges = []
    for word in words:
        merges += [(word[:place], word[place]) for place in range(1, len(word)) if word[: place + 1] in vocabulary]
    backend = Tokenizer(models.BPE(vocabulary, merges))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    backend.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="<end>")


def _spelt(tokenizer: Any, text: str) -> list[int]:
    return [*tokenizer(text)["input_ids"], tokenizer.eos_token_id]


def test_tokens_meet_where_both_begin_at_the_same_byte() -> None:
    """Ours: b eau ti ful end. Theirs: be autiful end, behind a prompt of other length."""
    ours, theirs = _tokenizer(["ea", "eau", "ti", "fu", "ful"]), _tokenizer(["be", "au", "aut", "auti", "autif"])
    one, other = _spelt(ours, "beautiful"), _spelt(theirs, "beautiful")
    assert [ours.decode(token) for token in one] == ["b", "eau", "ti", "ful", "<end>"]
    assert [theirs.decode(token) for token in other] == ["be", "autif", "u", "l", "<end>"]
    here = [5, *one], [IGNORED, *one]
    there = [5, 6, 7, *other], [IGNORED] * 3 + other
    found = alignment.meetings(here, there, alignment.pieces(ours), alignment.pieces(theirs))
    # "b" begins with "be"; the end with the end. "eau", "ti" and "ful" begin within a token of theirs.
    assert found == [Meeting(1, 3, 1), Meeting(5, 7, 1)]
    back = alignment.meetings(there, here, alignment.pieces(theirs), alignment.pieces(ours))
    # "be" is spelt out by "b" and "eau".
    assert back == [Meeting(3, 1, 2), Meeting(7, 5, 1)]
    parted = alignment.meetings(here, ([5, *_spelt(theirs, "beauty")], [IGNORED, *_spelt(theirs, "beauty")]),
                                alignment.pieces(ours), alignment.pieces(theirs))  # fmt: skip
    assert [meeting.ours for meeting in parted] == [1], "their texts part behind it"


def test_a_teacher_s_words_count_for_those_they_begin_with() -> None:
    """By hand: theirs are "be", "bee", "a" and the end; ours "b", "bee", "a", the end and no "be"."""
    ours, theirs = _tokenizer(["be", "bee"]), _tokenizer(["be", "bee"])
    spelt = {tokenizer.decode(number): number for tokenizer in (ours,) for number in range(len(ours))}
    words = alignment.translation(ours, theirs, len(theirs))
    assert words.tolist() == list(range(len(ours))), "the same vocabulary stands for itself"
    small = _tokenizer([])
    words = alignment.translation(small, theirs, len(theirs))
    assert words[spelt["bee"]] == words[spelt["be"]] == small("b")["input_ids"][0]
    assert words[theirs.eos_token_id] == small.eos_token_id
    # Four words of theirs → three of ours: be and bee count for b; of the last nobody knows.
    table = torch.tensor([0, 0, 1, -1])
    probs = torch.tensor([[0.5, 0.2, 0.2, 0.1], [0.5, 0.2, 0.2, 0.1]])
    # In the second place ours reads its word 2, which theirs spells out by "be" and one more, 0.5 × 0.6 in all.
    read, chances, first = torch.tensor([0, 2]), torch.tensor([0.5, 0.3]), torch.tensor([0, 0])
    found = alignment.translated(probs, table, 3, read, chances, first)
    wanted: NDArray[np.float64] = np.array([[0.7, 0.2, 0.0, 0.1], [0.4, 0.2, 0.3, 0.1]])
    assert found.numpy() == pytest.approx(wanted, abs=1e-6)
    assert found.sum(-1).numpy() == pytest.approx([1.0, 1.0])


def test_tokens_that_cannot_be_read_are_refused_with_the_way_that_is_left() -> None:
    backend = Tokenizer(models.WordLevel({"a": 0, "b": 1}, unk_token="a"))
    with pytest.raises(UsageError, match="teacher_writes=true"):
        alignment.pieces(PreTrainedTokenizerFast(tokenizer_object=backend))


def test_a_student_learns_from_a_teacher_with_other_tokens(bench: Bench, tmp_path: Path) -> None:
    """The teacher is the base itself under a vocabulary with other numbers: what it says has to be the base's own."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    source = assets_dir() / "base"
    model = AutoModelForCausalLM.from_pretrained(source, dtype=torch.float32)
    body = json.loads((source / "tokenizer.json").read_text(encoding="utf-8"))
    special = len(body["added_tokens"])
    size = len(AutoTokenizer.from_pretrained(source))
    # Words change places two by two; control tokens stay.
    swap = list(range(model.config.vocab_size))
    for number in range(special, size - 1, 2):
        swap[number], swap[number + 1] = number + 1, number
    body["model"]["vocab"] = {word: swap[number] for word, number in body["model"]["vocab"].items()}
    with torch.no_grad():
        table = model.get_input_embeddings().weight
        table.copy_(table[torch.tensor(swap)].clone())
    folder = tmp_path / "teacher"
    model.save_pretrained(folder)
    for name in ("tokenizer_config.json", "chat_template.jinja"):
        (folder / name).write_bytes((source / name).read_bytes())
    (folder / "tokenizer.json").write_text(json.dumps(body), encoding="utf-8")
    data = [str(write_rows(bench.path / f"{name}.jsonl", rows(name, 24))) for name in ("questions", "general")]
    run = bench.trained(**SHORT, data=data, teacher=str(folder), teacher_top_k=64, eval_split=0.1)
    first = of_kind(run, Eval)[0].metrics
    assert first["agreement"] > 0.99
    assert first["teacher_kl"] < 0.01
    told = next(event.text for event in of_kind(run, Notice) if event.code == "teacher_asked")
    assert "100 % of the base's" in told.replace("\N{NO-BREAK SPACE}", " ")


# Teachers that only write


def test_a_gguf_teaches_by_what_it_writes(bench: Bench, tmp_path: Path) -> None:
    """Every answer is its own, kept one by one: what a first attempt has written is not written again."""
    gguf = convert(assets_dir() / "base", tmp_path / "teacher.gguf")
    data = [str(write_rows(bench.path / "asked.jsonl", rows("questions", 16)))]
    how = {**SHORT, "data": data, "teacher": str(gguf), "max_completion_length": 24, "temperature": 0.01}
    run = bench.trained(**how)
    head, *lines = map(json.loads, (run.path / answers.FILE).read_text(encoding="utf-8").splitlines())
    assert head["teacher"]["files"][0]["sha256"] == hashlib.sha256(gguf.read_bytes()).hexdigest()
    assert [len(line["answers"]) for line in lines] == [1] * 16
    assert not (run.path / "teacher").exists()
    tokenizer = load_tokenizer(assets_dir() / "base")
    learnt_texts = set()
    for name in ("train", "held_out"):
        if (run.path / "prepared" / name).is_dir():
            for example in Examples.read(run.path / "prepared" / name):
                ids = [token for token in example.labels if token != IGNORED]
                learnt_texts.add(tokenizer.decode(ids, skip_special_tokens=True).strip())
    written = {line["answers"][0][0] for line in lines if line["answers"][0][2]}
    assert learnt_texts == written
    # A second run that finds half of the file goes on behind it.
    again = bench.create(**{**how, "title": "again"})
    kept = (run.path / answers.FILE).read_text(encoding="utf-8").splitlines(keepends=True)
    changed = json.loads(kept[1]) | {"answers": [["Kept from before.", 4, True]]}
    (again.path / answers.FILE).write_text(
        "".join([kept[0], json.dumps(changed, ensure_ascii=False) + "\n", *kept[2:9]]), encoding="utf-8"
    )
    assert bench.attempt(again) == 0
    lines_again = (again.path / answers.FILE).read_text(encoding="utf-8").splitlines(keepends=True)
    assert json.loads(lines_again[1])["answers"][0][0] == "Kept from before."
    assert lines_again[9:] == kept[9:]
