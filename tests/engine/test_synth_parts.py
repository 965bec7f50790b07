"""Sentences and passages, the checks of a pair, and the journal: what a synthesis stands on, without a model."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import start_program
from workbench.core.errors import UsageError, WorkbenchError
from workbench.engine.synth import articles, checks
from workbench.engine.synth.articles import Article, Passage
from workbench.engine.synth.journal import Journal
from workbench.engine.synth.writer import Line

HARBOUR = (
    "The harbour of Lund was built in 1893. It holds forty boats. Mr. Holm, who paid for it, kept a goat. "
    "His sister Ida kept a cat."
)


# Sentences and passages


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("Dr. Ames met J. Smith. He left.", ["Dr. Ames met J. Smith.", "He left."]),
        ("It cost 3.5 million, e.g. in fees. Then 4.", ["It cost 3.5 million, e.g. in fees.", "Then 4."]),
        ("A heading\n\nA sentence.  Another.", ["A heading", "A sentence.", "Another."]),
        ("“Stop!” She ran. (It was late.) Then", ["“Stop!”", "She ran.", "(It was late.)", "Then"]),
        ("今日は晴れ。明日は雨。", ["今日は晴れ。", "明日は雨。"]),
        (" \n ", []),
    ],
)
def test_a_text_falls_into_its_sentences(text: str, expected: list[str]) -> None:
    assert [text[slice(*span)] for span in articles.sentences(text)] == expected


@given(st.text("ab .!?\n。“”A1é", max_size=200), st.integers(5, 60))
def test_passages_hold_all_of_an_article_in_order_and_fit(text: str, room: int) -> None:
    article = Article("a.txt", 1, text)
    found = list(articles.passages(article, room, len))
    spans = [span for passage in found for span in passage.sentences]
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(spans))
    covered = "".join(text[slice(*span)] for span in spans)
    assert "".join(covered.split()) == "".join(text.split())
    for number, passage in enumerate(found, start=1):
        assert passage.number == number
        assert passage.text == text[passage.start : passage.end]
        assert sum(end - start for start, end in passage.sentences) <= room


@pytest.mark.parametrize("text", ["word " * 40_000, "x" * 200_000, "a" + " " * 200_000 + "b", "\n" * 200_000])
def test_a_text_without_sentences_is_counted_once(text: str) -> None:
    """The characters put to the tokenizer stay within a few times the text's, whatever the text is."""
    counted = 0

    def tokens(part: str) -> int:
        nonlocal counted
        counted += len(part)
        return len(part)

    for passage in articles.passages(Article("a", 1, text), 50, tokens):
        assert len(passage.text) <= 100
    assert counted <= 30 * len(text)


def test_a_passage_ends_with_a_paragraph_once_it_is_half_full() -> None:
    text = "One two three. Four five six.\n\nSeven eight nine. Ten."
    found = articles.passages(Article("a", 1, text), 50, len)
    assert [passage.text for passage in found] == ["One two three. Four five six.", "Seven eight nine. Ten."]


# The checks


def line(text: str, finished: bool = True) -> Line:
    """Return what a model may have written."""
    return Line(text, finished)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("When was the harbour of Lund built?", ""),
        ("What did Mr. Holm keep when he paid?", ""),
        ("When was the harbour of Lund built.", checks.NO_QUESTION),
        ("Who? What? When was Lund built?", checks.NO_QUESTION),
        ("Lund harbour?", checks.LENGTH),
        ("When did he keep a goat?", checks.POINTS),
        ("What does the passage say about Lund?", checks.POINTS),
        ("According to the text, when was Lund built?", checks.POINTS),
        ("Was sagt der Autor über Lund?", checks.POINTS),
        ("Que dit l’auteur de Lund?", checks.POINTS),
        ("When was it?", checks.POINTS),
        ("When was the harbour of Malmo built?", checks.UNKNOWN),
        ("Was the harbour of Lund built in 1894?", checks.UNKNOWN),
        ("Why was was was was was was was was was Lund?", checks.DAMAGED),
        ("Where is Lund \ufffd?", checks.DAMAGED),
    ],
)
def test_a_question_is_kept_only_when_it_stands_alone(text: str, reason: str) -> None:
    assert checks.question(line(text), HARBOUR) == reason


def test_in_german_a_noun_is_not_taken_for_a_name() -> None:
    passage = "Der Hafen von Lund wurde 1893 gebaut und ist für vierzig Boote da."
    assert checks.question(line("In welchem Jahr wurde der Hafen von Lund gebaut?"), passage) == ""
    assert checks.question(line("In welchem Jahr wurde die Kirche von Malmö gebaut?"), passage) == checks.UNKNOWN


def test_what_did_not_come_to_an_end_is_not_kept() -> None:
    assert checks.question(line("When was the harbour of Lund built?", finished=False), HARBOUR) == checks.UNFINISHED
    assert checks.answer(line("In 1893.", finished=False), "When?") == checks.UNFINISHED


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("In 1893.", ""),
        ("The harbour of Lund was built.", checks.NOTHING_NEW),
        ("The passage does not say when.", checks.REFUSED),
        ("I cannot tell you.", checks.REFUSED),
        ("Was it 1893?", checks.DAMAGED),
        ("", checks.LENGTH),
        ("word " * 90 + "1893.", checks.LENGTH),
    ],
)
def test_an_answer_has_to_say_something(text: str, reason: str) -> None:
    assert checks.answer(line(text.strip()), "When was the harbour of Lund built?") == reason


@pytest.fixture
def harbour() -> Passage:
    """The passage about Lund, in the middle of an article."""
    text = f"Before. {HARBOUR}"
    return Passage(Article("a.txt", 7, text), 1, tuple(articles.sentences(text)[1:]))


@pytest.mark.parametrize(
    ("asked", "said", "quote", "expected"),
    [
        ("When was the harbour of Lund built?", "It was built in 1893.", "", "The harbour of Lund was built in 1893."),
        ("When was the harbour of Lund built?", "In 1893.", '"Built   in 1893."', "built in 1893."),
        (
            "When was the harbour of Lund built?",
            "In 1893.",
            "It holds forty boats.",
            "The harbour of Lund was built in",
        ),
        ("When was the harbour of Lund built?", "It was built in 1894.", "", None),
        ("When was the harbour of Lund built?", "It was built in 1894.", "built in 1893", None),
        ("How many boats does the harbour hold?", "It holds fifty.", "", None),
        ("How many boats does the harbour hold?", "It holds forty boats.", "", "It holds forty boats."),
        ("Which animal did Mr. Holm keep?", "Mr. Holm kept a goat.", "", "Mr. Holm, who paid for it, kept a goat."),
        ("Which animal did Mr. Holm keep?", "Mr. Holm kept a goose.", "", None),
        ("Which animal did Ida keep?", "Ida kept a cat.", "", "His sister Ida kept a cat."),
    ],
)
def test_an_answer_is_proved_by_words_of_the_article(
    harbour: Passage, asked: str, said: str, quote: str, expected: str | None
) -> None:
    found = checks.evidence(asked, said, quote, harbour, harbour.sentences[0])
    if expected is None:
        assert found is None
    else:
        assert found is not None
        assert harbour.article.text[slice(*found.span)].startswith(expected)
        assert found.quoted == bool(quote and expected.lower() in quote.lower().replace("   ", " "))


@pytest.mark.parametrize(
    ("first", "second", "agree"),
    [
        ("It was built in 1893.", "In 1893.", True),
        ("It was built in 1893.", "It was built in 1894.", False),
        ("Mr. Holm kept a goat.", "He had a cat.", False),
        ("Because stone was cheap.", "Stone was cheap then.", True),
        ("Because stone was cheap.", "", False),
    ],
)
def test_two_answers_agree_when_they_add_the_same(first: str, second: str, agree: bool) -> None:
    assert (checks.agreement("When was Lund built?", first, second) >= checks.AGREEMENT) is agree


# The journal


@pytest.mark.parametrize("rest", [b'{"n": 3, "te', b"\0" * 40 + b"\n", b'[3]\n{"n": 4}\n'])
def test_a_journal_goes_on_behind_the_last_complete_batch(tmp_path: Path, rest: bytes) -> None:
    path = tmp_path / "work.journal"
    with Journal(path, {"of": "this"}) as journal:
        journal.append({"n": 1})
        journal.append({"n": 2, "text": "lone \ud800 surrogate"})
    with path.open("ab") as file:
        file.write(rest)
    with Journal(path, {"of": "this"}) as journal:
        assert journal.batches == 2
        journal.append({"n": 3})
        assert [batch["n"] for batch in journal] == [1, 2, 3]
    with pytest.raises(UsageError, match="was begun for something else"), Journal(path, {"of": "that"}):
        pass
    with Journal(path, {"of": "this"}) as journal:
        assert journal.batches == 3


def test_a_journal_has_one_writer(tmp_path: Path) -> None:
    path = tmp_path / "work.journal"
    holder = start_program(
        "import sys\nfrom pathlib import Path\nfrom workbench.engine.synth.journal import Journal\n"
        "with Journal(Path(sys.argv[1]), {}):\n    print('held', flush=True)\n    sys.stdin.read()",
        path,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(WorkbenchError, match="another process"), Journal(path, {}):
            pass
    finally:
        holder.communicate("")
    with Journal(path, {}) as journal:
        assert journal.batches == 0
