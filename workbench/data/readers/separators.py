"""Texts that stand in one file with a token between them, as models are given them: which token, and where each ends.

Owns the tokens and the parting of lines. Must not know files, or what one of the texts consists of.

Only what cannot be a part of a text counts: an end-of-text token that stands at the edge of a line or touches the text
on both sides, and `<s>` or `</s>`, which strike out words in HTML, alone on a line. A rule of dashes, stars or equals
signs parts no texts: it stands between the scenes of one at least as often.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from workbench.data.readers.passages import ARTICLE, Form, Line, Row, begun, divided, form_of

_END = r"<\|(?:endoftext|end_of_text|startoftext|begin_of_text|eos|bos|eot|document|endofdocument)\|>"
_SEPARATOR = re.compile(
    rf"^[ \t]*{_END}[ \t]*|{_END}[ \t]*\r?$|(?<=[^\s`'\"(]){_END}(?=[^\s`'\"),.])"
    r"|^[ \t]*(?:</?s>|<eos>|<bos>)[ \t]*\r?$",
    re.MULTILINE,
)
_RULE = "\n\n---\n\n"


def are_in(head: str) -> bool:
    """Return whether texts are parted by tokens, judged by the beginning of a file."""
    return _SEPARATOR.search(head) is not None


def form_between(head: str) -> Form:
    """Return what each of the texts consists of, judged by the beginning of a file; see `passages`.

    A text is one conversation, blank lines in it or not.
    """
    form = form_of(_SEPARATOR.sub(_RULE, head))
    return Form(form.kind) if form.kind in ("pairs", "turns") else ARTICLE


def _parted(lines: Iterable[Line]) -> Iterator[Line | None]:
    """Yield the lines, and None between two texts."""
    for number, line in lines:
        if "<" not in line:
            yield number, line
            continue
        first, *others = _SEPARATOR.split(line)
        if first or not others:
            yield number, first
        for other in others:
            yield None
            if other:
                yield number, other


def texts(form: Form, lines: Iterable[Line]) -> Iterator[Iterator[Row]]:
    """Yield for each text in numbered lines its rows as (number of the first line, row): a long one has several.

    The rows of a text are to be taken before the next one is. A text without the marks of the others is an article.

    What is in memory is one text of at most `LONG_TEXT` characters, or one part of a longer one.
    """
    stream = _parted(lines)
    for first in stream:
        if first is None:
            continue
        lines = chain([first], iter(stream.__next__, None))
        taken, long = begun(lines)
        marked = form is not ARTICLE and next(divided(form, taken, long=False), None) is not None
        yield divided(form if marked else ARTICLE, chain(taken, lines), long=long)
