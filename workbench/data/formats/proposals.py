"""Proposals: the layouts that the names and kinds of columns suggest for a sample of rows.

Owns one proposer per format. Must not know how well a layout fits in the end; that is counted row by row where the
layouts are judged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from workbench.data.formats import (
    checkable,
    classing,
    desks,
    dialogue,
    guesses,
    judged,
    names,
    outlines,
    quizzes,
    rewriting,
    spoken,
)
from workbench.data.formats.choosing import WORDS, Columns, answering, aside, asking, repeats, roles, thinking
from workbench.data.formats.columns import Table, most
from workbench.data.formats.languages import language
from workbench.data.formats.lists import listed_in
from workbench.data.layouts import FORMATS, Layout

_SAYS = re.compile(r"[^\s:?][^:?\n]{0,40}: ")
"""The beginning of a line in which somebody says something: "Anna: What?" opens a talk, not a question and answer."""
_CHECKABLE = 0.9
_LOOKED_AT = 20_000
"""Characters of a text in which a dialogue shows."""
_DIALOGUES = 400
"""Texts in which dialogues are looked for."""
_MUCH_LONGER_TEXT = 3
_PLAIN_PROMPTS = 28
"""Names at the beginning of the vocabulary of prompts, which nothing but a prompt is called."""


def _alpaca(table: Table) -> Iterator[Columns]:
    instruction = table.best("instruction", WORDS, exact=True)
    given = table.best("input", ("text", "number", "texts"), (instruction or "",), exact=True)
    if instruction is None and given is not None:
        if names.words(given) == ("input",):
            instruction = table.best("prompt", WORDS, (given,), exact=True)
        instruction = instruction or table.best("instruction", WORDS, (given,))
    if instruction is None:
        return
    taken = [instruction, given or ""]
    completion = answering(table, *taken)
    if completion is None:
        return
    if given is None:
        given = table.best("prompt", WORDS, (instruction, completion), exact=True)
        given = given if given is not None and names.last(given) in ("question", "query", "problem") else None
    taken = [instruction, completion, given or ""]
    yield roles(
        instruction=instruction,
        input=given,
        completion=completion,
        history=table.best("history", ("turns", "text", "list", "blank"), taken, exact=True),
        thought=thinking(table, *taken),
        answer=table.best("answer", ("text", "number"), taken, exact=True),
        **aside(table, *taken),
    )


def _translation(table: Table) -> Iterator[Columns]:
    """Propose the two columns whose names differ in a language only; of several such pairs, that of longer texts."""
    groups: dict[str, dict[str, str]] = {}
    for name in table.of_kind("text"):
        if (found := language(name)) is not None and name != "id":
            groups.setdefault(found[0], {})[name] = found[1]
    pairs = [spoken for spoken in groups.values() if len(spoken) == len(set(spoken.values())) > 1]
    if pairs:
        spoken = min(pairs, key=lambda names: (-sum(table.columns[name].mean_chars for name in names), sorted(names)))
        # English is translated from, where it is one of the two; else the order of the alphabet decides.
        source, target, *_ = sorted(spoken, key=lambda name: (spoken[name] != "English", name))
        yield {"source": source, "target": target}


_SAYING = 40
"""Mean length in characters from which the texts beside a prompt may answer it."""
_MUCH_LONGER = 2
_CONTEXTS = frozenset(("context", "contexts", "passage", "background", "paragraph"))
_HEADED = ("body", "post", "selftext", "description")
"""Last words of names of texts to which a title belongs."""


def _told(table: Table, title: str, completion: str) -> str | None:
    """Return the column of the longest texts where a title stands beside them and beside what is said about them."""
    least = _MUCH_LONGER * max(table.columns[completion].mean_chars, _SAYING)
    texts = [column for column in guesses.wordy(table) if column.name not in (title, completion)]
    longest = max(texts, key=lambda column: (column.mean_chars, column.name), default=None)
    return longest.name if longest is not None and longest.mean_chars >= least else None


_INITIALS = (("q", "a"), ("q", "r"), ("p", "r"), ("d", "r"), ("f", "a"), ("v", "a"), ("в", "о"), ("s", "c"))
"""Initials of question and answer in a language, which name the two columns of some tables."""


def _initials(table: Table) -> tuple[str, str] | None:
    """Return the columns of questions and answers that have an initial for a name each, or None."""
    spelled = {name.lower(): name for name in table.of_kind("text")}
    found = [(spelled[asked], spelled[said]) for asked, said in _INITIALS if asked in spelled and said in spelled]
    # Beside a, b and c they count the choices of a quiz.
    return found[0] if found and {"b", "c", "d"}.isdisjoint({*spelled} - {*map(str.lower, found[0])}) else None


def _prompt_completion(table: Table) -> Iterator[Columns]:
    completion = None
    if (initials := _initials(table)) is not None:
        yield roles(prompt=initials[0], completion=initials[1])
        return
    prompt = asking(table)
    if prompt is not None:
        completion = answering(table, prompt)
    if prompt is None or completion is None or (names.weak(prompt, "prompt") and names.weak(completion, "completion")):
        yield from rewriting.rewritten(table)
        return
    if not names.exact(prompt, "prompt") and names.exact(prompt, "title"):
        prompt = _told(table, prompt, completion) or prompt
    taken = [prompt, completion]
    context = table.best("context", ("text", "texts"), taken)
    named = set(names.words(context.rsplit(".", 1)[-1])) if context is not None else set()
    plain = not _CONTEXTS.isdisjoint(named)
    if context is not None and ((not names.exact(context, "context") and not plain) or repeats(table, context, taken)):
        context = None
    last = names.last(prompt)
    asks = context is not None and (
        last in ("question", "questions", "query", "q") or table.columns[prompt].questions > 0.5
    )
    if not (asks or plain):
        # What a mail or a post is about stands in its title.
        context = table.best("title", WORDS, taken, exact=True) if last in _HEADED else None
    yield roles(
        prompt=prompt,
        completion=completion,
        context=context,
        history=table.best("history", ("turns", "blank"), taken, exact=True),
        thought=thinking(table, *taken),
        answer=table.best("answer", ("text", "number"), [*taken, context or ""], exact=True),
        **aside(table, *taken),
    )


_REFERENCES = (("reference",), ("expected",), ("correct",))
"""First words of names of what a grader compares an answer with."""


def _prompt_only(table: Table) -> Iterator[Columns]:
    """Propose prompts without completions; those with an answer only where it is plainly for a reward to check."""
    if (questions := spoken.questions(table)) is not None:
        yield {"prompt": questions}
        return
    prompt = asking(table)
    if prompt is None or _initials(table) is not None:
        return
    plain = names.exact(prompt, "prompt") or "verifiable" in names.words(prompt)
    if not (plain or table.columns[prompt].kind == "turns"):
        return
    turns = table.columns[prompt].kind == "turns"
    if turns and spoken.answered(
        [found for value in table.columns[prompt].values if (found := listed_in(value)) is not None]
    ):
        return
    if most(map(dialogue.is_whole, (text[:_LOOKED_AT] for text in table.columns[prompt].texts[:_DIALOGUES]))):
        return
    beside = aside(table, prompt)
    rewards = (name for name in table.columns if names.words(name)[:2] == ("reward", "model"))
    truth = next((name for name in rewards if names.words(name)[-2:] == ("ground", "truth")), None)
    answer = truth or table.best("answer", ("text", "number", "texts"), (prompt,)) or classing.reference(table)
    if answer is None and table.columns[prompt].kind == "turns":
        keys = (name for name in table.of_kind("text", "number") if names.words(name)[:1] in _REFERENCES)
        answer = next(keys, None)
    if answer is None:
        text = table.best("text", WORDS, (prompt,), exact=True)
        plain = turns or (names.rank(prompt, "prompt") or 0) < _PLAIN_PROMPTS
        others = [column for column in guesses.wordy(table) if column.name != prompt]
        said = not turns and any(column.mean_chars >= _SAYING for column in others)
        if plain and text is None and not said and answering(table, prompt) is None:
            yield roles(prompt=prompt, **beside)
        return
    column = table.columns[answer]
    kind, number = checkable.share([str(value) for value in column.values if not isinstance(value, list)])
    named = " ".join(names.words(answer))
    asked = " ".join(names.words(prompt))
    rewarded = "reward model" in named or "verification" in named or "verifiable" in f"{asked} {named}"
    rewarded = rewarded or answer == classing.reference(table)
    marked = turns and (kind not in ("", "short") or "ground truth" in named)
    if rewarded or (marked and number >= _CHECKABLE * len(column.values)):
        yield roles(prompt=prompt, answer=answer, **beside)


def _text_column(table: Table) -> str | None:
    """Return the column that holds the article: one named as such, or the only column of text there is."""
    name = table.best("text", WORDS)
    if name is not None:
        # Of an abstract and its article, the article.
        longer = [
            other
            for other in table.of_kind("text")
            if names.exact(other, "text") and not table.columns[other].is_coded
            and table.columns[other].mean_chars > _MUCH_LONGER_TEXT * table.columns[name].mean_chars
        ]  # fmt: skip
        name = max(longer, key=lambda other: (table.columns[other].mean_chars, other), default=name)
    if name is None:
        flat = [column for column in table.columns if "." not in column]
        name = flat[0] if len(flat) == 1 and table.columns[flat[0]].kind == "text" else None
    return name


def _dialogue(table: Table) -> Iterator[Columns]:
    names_of = [name for name in table.of_kind("text") if "." not in name]
    named = table.best("text", WORDS)
    for name in [named] if named else names_of:
        texts = table.columns[name].texts
        if sum(dialogue.turns_of(text[:_LOOKED_AT]) is not None for text in texts[:_DIALOGUES]) * 4 > len(
            texts[:_DIALOGUES]
        ):
            yield roles(text=name, system=table.best("system", WORDS, (name,)))
            return


def _question_first(table: Table) -> Iterator[Columns]:
    name = _text_column(table)
    if name is None or len(table.rows) < 2:
        return
    texts = table.columns[name].texts
    firsts = [text.strip().partition("\n") for text in texts]
    asked = sum(
        first.strip().endswith(("?", "？")) and bool(rest.strip()) and not (_SAYS.match(first) and _SAYS.match(rest))
        for first, _, rest in firsts
    )
    if asked >= _CHECKABLE * len(texts):
        yield {"text": name}


_LONGEST_TITLE = 200
"""Mean length in characters of titles, at most."""
_TITLED = frozenset(
    ("product", "item", "article", "page", "post", "book", "song", "section", "chapter", "case", "game", "movie",
     "film", "place", "poem", "story", "document", "topic", "entry")
)  # fmt: skip
"""Words before "title" or "name" in the name of a column of titles."""
_DESCRIBED = frozenset(("description", "beschreibung", "descripcion", "descrizione", "descricao"))
"""Last words of the names of texts that say what the thing of a name is."""


def _title_of(table: Table, text: str) -> str | None:
    """Return the column of the titles of some texts, beside which they stand, or None."""

    def is_title(name: str) -> bool:
        words, column = names.words(name.rpartition(".")[2]), table.columns[name]
        called = names.exact(name, "title") or (
            words[:1] and words[0] in _TITLED and words[1:] in (("title",), ("name",))
        )
        called = called or (words == ("name",) and names.last(text) in _DESCRIBED)
        differs = not column.is_coded and 2 * column.distinct > len(column.values)
        return bool(called) and differs and column.mean_chars <= min(_LONGEST_TITLE, table.columns[text].mean_chars)

    around = text.rpartition(".")[0]
    beside = [name for name in table.of_kind("text") if name != text and name.rpartition(".")[0] == around]
    return min(filter(is_title, beside), key=lambda name: (names.rank(name, "title") or 0, name), default=None)


def _text(table: Table) -> Iterator[Columns]:
    """Propose texts, each below its title."""
    name = _text_column(table)
    if name is not None:
        yield roles(text=name, title=_title_of(table, name))


PROPOSERS: dict[str, Callable[[Table], Iterator[Columns]]] = {
    "reviewed": spoken.reviewed,
    "preference": judged.preference,
    "compared": judged.compared,
    "ranked": judged.ranked,
    "unpaired": judged.unpaired,
    "rated": judged.rated,
    "chatgpt_export": spoken.chatgpt_export,
    "desk": desks.desk,
    "reply_tree": spoken.reply_tree,
    "segments": spoken.segments,
    "messages": spoken.messages,
    "sharegpt": spoken.sharegpt,
    "speakers": spoken.speakers,
    "multiple_choice": quizzes.quiz,
    "next_turn": spoken.next_turn,
    "outline": outlines.outline,
    "alpaca": _alpaca,
    "translation": _translation,
    "prompt_only": _prompt_only,
    "prompt_completion": _prompt_completion,
    "classification": classing.classification,
    "dialogue": _dialogue,
    "question_first": _question_first,
    "text": _text,
}
"""Format → the columns it would have in a table."""


def propose(table: Table, *formats: str) -> list[Layout]:
    """Return the layouts a table may have, in the order of FORMATS: of all formats, or of some."""
    return [
        Layout(format, columns) for format in FORMATS if not formats or format in formats
        for columns in PROPOSERS[format](table)
    ]  # fmt: skip


_BY_STATISTICS = frozenset(("classification", "question_first", "speakers", "rated", "next_turn"))


def by_name(row: Mapping[str, Any]) -> list[Layout]:
    """Return the layouts one row may have, judged by the names and kinds of its columns alone."""
    return [layout for layout in propose(Table([row])) if layout.format not in _BY_STATISTICS]
