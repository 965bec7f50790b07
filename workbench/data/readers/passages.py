"""What a text as a whole is: articles, questions with answers, or conversations.

Owns the division of one text into records, whatever file the text comes from. Must not know files, columns or methods.

Prose that merely contains a few questions stays prose. A text is divided only when its marks carry it from beginning to
end (`form_of`):

- questions and answers: lines marked `Q:` and `A:` (or the words for them, in many languages) alternate;
- conversations: lines marked `User:` and `Assistant:` (or `Human:`, `AI:` ...) alternate;
- tables of questions and answers (`tables_of_text`), and flash cards (`cards`);
- a FAQ: headings, bold or numbered lines, or lines that stand alone, of which most end in a question mark.

A single question with its answer is left as it is: only a look at the files beside it tells what it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any

from workbench.data.readers import cards, tables_of_text
from workbench.data.readers.marks import LONE, Mark, Seen, heading_of, is_rule, mark_of, scanned, split_inline
from workbench.data.readers.records import BadRecord, Record

LONG_TEXT = 2**18
"""Characters beyond which a text is a book or a collection, and is cut into parts."""
PART = 16_384
"""Characters after which a long text is cut at the next blank line, or after twice as many at a line end."""
JUDGED = 2**20
"""Characters from the beginning of a text by which its form is told."""

MIN_PAIRS = 2
MIN_QUESTIONS = 3
ALTERNATION = 0.8
"""Share of the marked lines that must belong to a question followed by its answer."""
COVERAGE = 0.6
"""Share of the blocks (of a FAQ: of the characters) that must belong to the pairs, and of headings that must ask."""
LONE_QUESTIONS = 0.4
"""Share of the paragraphs that must be questions where nothing but its question mark tells a question from prose."""

EMPTY = "the document holds no text"
_FRONT_KEYS = ("-", "#", " ", "\t")
_MAX_FRONT_LINES = 200

Line = tuple[int, str]
Row = tuple[int, dict[str, Any]]


@dataclass(frozen=True)
class Form:
    """How a text is divided."""

    kind: str
    """article, pairs, turns, table, cards, words or faq."""
    level: int = 0
    """FAQ: the level of the headings that ask."""
    by_block: bool = False
    """Turns: each block that a person begins is a conversation of its own."""


ARTICLE = Form("article")
_OF_LINES = {
    "table": (tables_of_text.are_in, tables_of_text.rows),
    "cards": (cards.are_in, cards.rows),
    "words": (cards.are_words, cards.words),
}
"""Kind of text whose lines are read one by one → what tells and what reads it."""
_ALTERNATIONS = (("pairs", "question", "answer"), ("turns", "user", "assistant"))


def numbered(text: str) -> Iterator[Line]:
    """Yield (number from 1, line without its line end); only a newline ends a line, as in an editor."""
    for number, line in enumerate(text.split("\n"), 1):
        yield number, line.removesuffix("\r")


def _is_front(line: str) -> bool:
    """Return whether a line can stand in a block of YAML and is no mark of a question or a turn."""
    key, colon, _ = line.partition(":")
    return not line.strip() or line.startswith(_FRONT_KEYS) or bool(colon and len(key) < 40 and not mark_of(line))


def without_front_matter(lines: Iterable[Line]) -> Iterator[Line]:
    """Yield the lines after a block of YAML between `---` lines at the top; numbers stay those of the text."""
    held: list[Line] = []
    rest = iter(lines)
    for number, line in rest:
        held.append((number, line))
        if len(held) == 1:
            if line.rstrip() != "---":
                break
        elif line.rstrip() in ("---", "..."):
            # A heading between two rules is as good a comment; a key makes a block of YAML of it.
            held = [] if any(":" in line and not line.startswith("#") for _, line in held) else held
            break
        elif not _is_front(line) or len(held) > _MAX_FRONT_LINES:
            break
    yield from held
    yield from rest


# What a text is


def _mark(seen: Seen) -> Mark | None:
    """Return the mark of a line."""
    return None if seen.code else mark_of(seen.line, seen.next)


def _blocks(lines: Iterable[Line]) -> list[list[Mark]]:
    """Return the marks of each block of lines; blank lines and rules part blocks."""
    blocks: list[list[Mark]] = []
    inside = False
    for seen in scanned(lines):
        if not seen.line.strip() or (not seen.code and is_rule(seen.line)):
            inside = inside and seen.code
            continue
        if not inside:
            blocks.append([])
            inside = True
        if mark := _mark(seen):
            blocks[-1].append(mark)
    return blocks


def _covered(blocks: list[list[Mark]]) -> float:
    """Return the share of the blocks that belong to marked lines.

    Blocks without a mark continue the one before; many more of them than usual in this text are prose after a mark.
    """
    follow: list[int] = []
    for block in blocks:
        if block:
            follow.append(0)
        elif follow:
            follow[-1] += 1
    counts = sorted(follow)
    usual = max(2, 2 * counts[(len(counts) - 1) // 2], counts[3 * len(counts) // 4 - 1] if len(counts) > 3 else 0)
    return sum(1 + min(count, usual) for count in follow) / len(blocks)


def _marked_form(lines: list[Line]) -> Form | None:
    """Return the form of a text of marked lines, or None when marks do not carry it."""
    blocks = _blocks(lines)
    marks = [mark for block in blocks for mark in block if mark.role != "system"]
    for kind, asks, answers in _ALTERNATIONS:
        roles: list[str] = []
        for mark, after in zip(marks, [*marks[1:], None], strict=False):
            roles.append(mark.role)
            if mark.role == asks == "question" and (after is None or after.role == asks) and split_inline(mark.rest):
                roles.append(answers)
        pairs = sum(pair == (asks, answers) for pair in pairwise(roles))
        if pairs < MIN_PAIRS or 2 * pairs < ALTERNATION * len(roles) or _covered(blocks) < COVERAGE:
            continue
        opened = [block for block in blocks if block and block[0].role in (asks, "system")]
        complete = sum(any(mark.role == answers for mark in block) for block in opened)
        return Form(kind, by_block=complete >= COVERAGE * len(opened))
    return None


def _faq_form(lines: list[Line]) -> Form | None:
    """Return the form of a text whose headings ask questions, or None."""
    seen = list(scanned(lines))
    headings = [heading for heading in map(heading_of, seen) if heading is not None]
    total = sum(len(one.line.strip()) for one in seen)
    paragraphs = sum(
        bool(one.line.strip()) and (one.begins or heading_of(before) is not None)
        for before, one in pairwise([Seen(0, "", "", False, True), *seen])
    )
    for level in sorted({heading.level for heading in headings}):
        here = [heading for heading in headings if heading.level == level]
        asking = sum(heading.asks for heading in here)
        if asking < MIN_QUESTIONS or asking < (LONE_QUESTIONS * paragraphs if level == LONE else COVERAGE * len(here)):
            continue
        answered = [row for _, row in _faq(level, lines, []) if row["answer"]]
        inside = sum(len(row["question"]) + len(row["answer"]) for row in answered)
        if len(answered) >= max(MIN_QUESTIONS, ALTERNATION * asking) and inside >= COVERAGE * total:
            return Form("faq", level)
    return None


def form_of(text: str) -> Form:
    """Return how a text is to be divided, judged by its first `JUDGED` characters."""
    lines = list(without_front_matter(numbered(text[:JUDGED])))
    if (marked := _marked_form(lines)) is not None:
        return marked
    kind = next((kind for kind, (is_one, _) in _OF_LINES.items() if is_one(lines)), "")
    return Form(kind) if kind else _faq_form(lines) or ARTICLE


# Its division


def _joined(lines: list[str]) -> str:
    """Return lines as a text without blank lines, spaces and closing rules around it."""
    while lines and (not lines[-1].strip() or is_rule(lines[-1])):
        lines.pop()
    return "\n".join(lines).strip()


@dataclass
class _Said:
    """A marked line and what follows it up to the next one."""

    number: int
    role: str
    lines: list[str]
    begins: bool
    """It stands at the beginning of a block."""
    ruled: bool
    """A rule parts it from the one before."""


def _said(lines: Iterable[Line], left_out: list[int]) -> Iterator[_Said]:
    """Yield what is marked."""
    current: _Said | None = None
    ruled = False
    for seen in scanned(lines):
        if mark := _mark(seen):
            if current is not None:
                yield current
            current = _Said(seen.number, mark.role, [mark.rest], seen.begins, ruled)
            ruled = False
        elif not seen.code and is_rule(seen.line):
            ruled = True
            if current is not None:
                current.lines.append(seen.line)
        elif current is not None:
            current.lines.append(seen.line)
            ruled = ruled and not seen.line.strip()
        elif seen.line.strip():
            left_out.append(seen.number)
    if current is not None:
        yield current


def _pair(question: str, answer: list[str]) -> dict[str, Any]:
    """Return a question with its answer, which may stand on the same line."""
    if not answer and (found := split_inline(question)):
        return {"question": found[0], "answer": found[1]}
    return {"question": question, "answer": "\n\n".join(answer)}


def _pairs(lines: Iterable[Line], left_out: list[int]) -> Iterator[Row]:
    """Yield questions with their answers; what nobody answers has an empty one."""
    start, question = 0, ""
    answer: list[str] = []
    for said in _said(lines, left_out):
        if said.role == "question":
            if start:
                yield start, _pair(question, answer)
            start, question, answer = said.number, _joined(said.lines), []
        elif start:
            answer.append(_joined(said.lines))
        else:
            left_out.append(said.number)
    if start:
        yield start, _pair(question, answer)


_TURN_ROLES = {"question": "user", "answer": "assistant"}


def _conversations(form: Form, lines: Iterable[Line], left_out: list[int]) -> Iterator[Row]:
    """Yield conversations, parted at rules and, where each block is one, at blank lines."""
    start = 0
    turns: list[dict[str, str]] = []
    for said in _said(lines, left_out):
        role = _TURN_ROLES.get(said.role, said.role)
        fresh = role == "system" or (role == "user" and turns and turns[-1]["role"] != "system")
        if turns and (said.ruled or (form.by_block and said.begins and fresh)):
            yield start, {"messages": turns}
            turns = []
        start = start if turns else said.number
        turns.append({"role": role, "content": _joined(said.lines)})
    if turns:
        yield start, {"messages": turns}


def _faq(level: int, lines: Iterable[Line], left_out: list[int]) -> Iterator[Row]:
    """Yield the headings of a level that ask, each with the text below it."""
    start, question, underline = 0, "", 0
    answer: list[str] = []
    for seen in scanned(lines):
        heading = heading_of(seen)
        if heading is not None and heading.level <= level:
            if start:
                yield start, {"question": question, "answer": _joined(answer)}
            asked = heading.level == level and heading.asks
            start, question, answer = (seen.number if asked else 0), heading.title, []
            underline = seen.number + 1 if heading.underlined else 0
            if not asked:
                left_out.append(seen.number)
        elif seen.number == underline:
            continue
        elif start:
            answer.append(seen.line)
        elif seen.line.strip():
            left_out.append(seen.number)
    if start:
        yield start, {"question": question, "answer": _joined(answer)}


def _articles(lines: Iterable[Line], long: bool) -> Iterator[Row]:
    """Yield a text as one article, or a long one as parts that end at blank lines or, failing these, at line ends."""
    start, size = 1, 0
    parts: list[str] = []
    for number, line in lines:
        blank = not line.strip()
        if long and size and ((blank and size >= PART) or size >= 2 * PART):
            yield start, {"text": "\n".join(parts).rstrip()}
            parts, size = [], 0
        if not size:
            if blank:
                continue
            start = number
        parts.append(line)
        size += len(line) + 1
    if parts:
        yield start, {"text": "\n".join(parts).rstrip()}


def divided(form: Form, lines: Iterable[Line], *, long: bool, left_out: list[int] | None = None) -> Iterator[Row]:
    """Yield (number of its first line, row) of each record in numbered lines of the form `form_of` told.

    Rows are {"question", "answer"}, {"messages"} or {"text"}. The lines are read one by one, so a text of any length
    can be divided in the memory of its longest record. `long` cuts an article into parts. To `left_out`, when given,
    the numbers are added of lines that belong to no question: a title, an introduction, a heading between questions.
    """
    aside = left_out if left_out is not None else []
    body = without_front_matter(lines)
    if form.kind == "pairs":
        return _pairs(body, aside)
    if form.kind == "turns":
        return _conversations(form, body, aside)
    if form.kind in _OF_LINES:
        return _OF_LINES[form.kind][1](body, aside)
    return _faq(form.level, body, aside) if form.kind == "faq" else _articles(body, long)


def begun(lines: Iterator[Line]) -> tuple[list[Line], bool]:
    """Take lines up to `LONG_TEXT` characters and return them, and whether that was not all."""
    taken: list[Line] = []
    size = 0
    for line in lines:
        taken.append(line)
        size += len(line[1]) + 1
        if size > LONG_TEXT:
            return taken, True
    return taken, False


def article(lines: Iterator[Line]) -> Iterator[Row]:
    """Yield numbered lines as one article, or as parts where they are long; at most `LONG_TEXT` characters are held."""
    taken, long = begun(lines)
    return divided(ARTICLE, chain(taken, lines), long=long)


def segments(text: str, left_out: list[int] | None = None) -> Iterator[Row]:
    """Yield the records of a text as `divided` does; nothing for a text of white space."""
    return divided(form_of(text), numbered(text), long=len(text) > LONG_TEXT, left_out=left_out)


def recorded(name: str, rows: Iterable[Row], bad: list[BadRecord], empty: str = EMPTY) -> Iterator[Record | BadRecord]:
    """Yield rows of one document as records, with what is added to `bad` while they are made; one BadRecord when there
    is nothing."""
    return recorded_each(name, [rows], bad, empty)


def recorded_each(
    name: str, documents: Iterable[Iterable[Row]], bad: list[BadRecord], empty: str = EMPTY
) -> Iterator[Record | BadRecord]:
    """Yield the rows of documents that stand in one file as `recorded` does."""
    found = False
    for number, rows in enumerate(documents):
        for line, row in rows:
            found = True
            yield from bad
            bad.clear()
            yield Record(name, line, row, document=number)
    yield from bad or ([] if found else [BadRecord(name, 1, empty)])
    bad.clear()


def records_of(name: str, text: str) -> Iterator[Record | BadRecord]:
    """Yield the records of a document's text, numbered from 1; one BadRecord when it holds no text."""
    count = 0
    for count, (_, row) in enumerate(segments(text), 1):
        yield Record(name, count, row)
    if not count:
        yield BadRecord(name, 1, EMPTY)
