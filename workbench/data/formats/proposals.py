"""Proposals: the layouts that the names and kinds of columns suggest for a sample of rows.

Owns one proposer per format. Must not know how well a layout fits in the end; that is counted row by row where the
layouts are judged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from workbench.data.formats import checkable, classing, desks, dialogue, guesses, judged, names, outlines, spoken
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


_OPTION = re.compile(
    r"(?!incorrect|wrong|false|bad|negative)(?:(?:[a-z]{1,12}[ _-])?"
    r"(?:option|choice|ending|answer|opt|op|sol|candidate)s?[ _-]?)?([a-h]|[0-8])$",
    re.IGNORECASE,
)


_NUMBERED = re.compile(r"([a-z]{2,20})[ _-]?([a-h]|[0-8])$", re.IGNORECASE)
_FEWEST_ALIKE = 3


def _alike(table: Table) -> dict[str, str]:
    """Return tag → column of texts named alike but for it, where another column points at one of them by its tag."""
    groups: dict[str, dict[str, str]] = {}
    for name in table.of_kind("text"):
        if (match := _NUMBERED.fullmatch(name)) is not None:
            groups.setdefault(match[1].lower(), {})[match[2].lower()] = name
    found = max(groups.values(), key=len, default={})
    keys = [name for name in table.columns if names.words(name) in (("label",), ("answer",), ("correct",), ("target",))]
    values = {str(value).strip().lower() for name in keys[:1] for value in table.columns[name].values}
    return found if len(found) >= _FEWEST_ALIKE and len(values) > 1 and values <= found.keys() else {}


def _separate_choices(table: Table) -> Columns:
    """Return role → column of choices that have a column each."""
    groups: dict[str, dict[str, str]] = {}
    for name in table.of_kind("text", "number"):
        if (match := _OPTION.match(name)) is not None:
            groups.setdefault(name[: match.start(1)].lower(), {})[match[1].lower()] = name
    found = max(groups.values(), key=len, default={}) or _alike(table)
    ordered = [found[key] for key in sorted(found)]
    if len(ordered) < 2 or len(ordered) > 8 or sorted(found)[0] not in "a01":
        return {}
    return {f"choice_{chr(97 + place)}": name for place, name in enumerate(ordered)}


def _multiple_choice(table: Table) -> Iterator[Columns]:
    choices = table.best("choices", ("texts", "objects", "object"), exact=True)
    if choices is None:
        written = (
            name
            for name in table.of_kind("text")
            if names.exact(name, "choices") and most(text.lstrip()[:1] == "[" for text in table.columns[name].texts)
        )
        choices = next(written, None)
    separate = _separate_choices(table) if choices is None else {}
    if choices is None and not separate:
        return
    taken = [choices or "", *separate.values()]
    taken += [name for name in table.columns if choices is not None and name.startswith(f"{choices}.")]
    key = table.best("answer_key", ("text", "number", "texts", "numbers"), taken)
    labelled = choices is not None and f"{choices}.labels" in table.columns
    prompt = table.best("prompt", WORDS, [*taken, key or ""])
    if prompt is None or (key is None and not labelled):
        return
    role = "answer"
    if key is not None:
        numbers = [str(value).strip().removesuffix(".0") for value in table.columns[key].values]
        width = len(separate) or max(
            (len(value) for value in table.columns[choices or ""].values if isinstance(value, list)), default=0
        )
        # Counted from nought, the first choice is 0 and none is as many as there are; counted from one, the reverse.
        if width and numbers.count(str(width)) > numbers.count("0"):
            role = "answer_from_one"
    context = table.best("context", ("text", "texts"), [*taken, key or "", prompt], exact=True)
    yield roles(prompt=prompt, choices=choices, context=context, **{role: key}, **separate)


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


_REWRITTEN = (
    ("old", "new"), ("before", "after"), ("original", "edited"), ("original", "rewritten"), ("original", "corrected"),
    ("original", "revised"), ("incorrect", "correct"), ("incorrect", "corrected"), ("wrong", "right"),
    ("noisy", "clean"),
    ("complex", "simple"), ("informal", "formal"), ("toxic", "neutral"), ("buggy", "fixed"), ("draft", "final"),
)  # fmt: skip
"""Words by which the names of a text and of what it is rewritten to differ."""


def _rewriting(table: Table) -> Iterator[Columns]:
    """Propose a text and what it is rewritten to, after what is said about the change."""
    spelled = {names.words(name): name for name in table.of_kind("text") if "." not in name}
    for first, second in _REWRITTEN:
        for parts, before in spelled.items():
            other = tuple(second if part == first else part for part in parts)
            if first not in parts or other not in spelled:
                continue
            after = spelled[other]
            asked = table.best("instruction", WORDS, (before, after)) or table.best("prompt", WORDS, (before, after))
            yield roles(prompt=asked or before, context=before if asked else None, completion=after)
            return


def _prompt_completion(table: Table) -> Iterator[Columns]:
    completion = None
    prompt = asking(table)
    if prompt is not None:
        completion = answering(table, prompt)
    if prompt is None or completion is None or (names.weak(prompt, "prompt") and names.weak(completion, "completion")):
        yield from _rewriting(table)
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


def _prompt_only(table: Table) -> Iterator[Columns]:
    """Propose prompts without completions; those with an answer only where it is plainly for a reward to check."""
    if (questions := spoken.questions(table)) is not None:
        yield {"prompt": questions}
        return
    prompt = asking(table)
    if prompt is None:
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
    "multiple_choice": _multiple_choice,
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
