"""Wiki markup: the plain text of an article of MediaWiki.

Owns which parts of the markup are text. Must not know dumps, pages or what an article says.

Links become their words, headings `#` lines, list items `-` or `1.` lines, formulas stay TeX between `$`, code becomes
a fenced block; templates, tables, references, comments, files, categories and links to other languages are left out.
Every step takes time in proportion to the text, whatever it holds.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Set

FILES_AND_CATEGORIES = frozenset(("file", "image", "media", "category"))
"""Names of the namespaces that are left out, as every wiki knows them beside its own."""

_MARK = "\ufdd1"
"""Stands around the number of a piece that is set aside; no text holds it of itself."""
_SET_ASIDE = re.compile(f"{_MARK}([0-9]+){_MARK}")
_ASIDE = re.compile(r"<(nowiki|pre|syntaxhighlight|source|math|chem)(?:\s[^<>]*)?(?<!/)>", re.IGNORECASE)
_LEFT_OUT = re.compile(
    r"<(ref|gallery|timeline|imagemap|score|hiero|mapframe|maplink|graph|templatedata|templatestyles|references"
    r"|style|script|noinclude|categorytree|inputbox)(?:\s[^<>]*)?(?<!/)>",
    re.IGNORECASE,
)
_EMPTY_TAG = re.compile(r"<[a-zA-Z][^<>]*/>")
_BREAK = re.compile(r"<br[^<>]{0,40}>|</(?:p|div|blockquote|poem|center)>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_TOKEN = re.compile(r"\{\{|\}\}|\[\[|\]\]|^[ \t:*#]{0,20}\{\|(?!\})|^[ \t]{0,20}\|\}(?!\})", re.MULTILINE)
_SWITCH = re.compile(r"__[A-Z]{3,30}__")
_ADDRESS = re.compile(r"\[(?:(?:https?|ftp|irc|news):|mailto:|//)[^\s\[\]<>]{1,2000}(?:[ \t]([^\[\]\n]{0,2000}))?\]")
_QUOTES = re.compile(r"'{2,5}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z]{2,8})?|simple|commons|meta|species")
_HOLLOW = re.compile(r"[(（][ \t\xa0]{0,9}[,;:،、–-]?[ \t\xa0]{0,9}[)）]")
_SPACES = re.compile(r"[ \t\xa0]{2,}")
_BEFORE_STOP = re.compile(r" ([,.;:!?])(?=\s|$)")
_BLANKS = re.compile(r"\n{3,}")
_MAX_NESTED = 40
"""Templates, tables and links within each other; beyond this depth brackets are text."""
_APART = re.compile(r"\s{0,4}\([^()]{0,200}\)$")
"""What tells several articles of one name apart."""
_FENCED = frozenset(("pre", "syntaxhighlight", "source"))


def _without(text: str, begin: re.Pattern[str], keep: Callable[[str, str], str] | None = None) -> str:
    """Return a text without the elements that `begin` opens, or with what `keep` makes of (name, inside)."""
    pieces: list[str] = []
    at = 0
    ends: dict[str, int] = {}
    while (found := begin.search(text, at)) is not None:
        name = found[1].lower()
        # Once an end has not been found there is none further on.
        ended = None if name in ends else re.compile(f"</{name}\\s*>", re.IGNORECASE).search(text, found.end())
        pieces.append(text[at : found.start()])
        if ended is None:
            ends[name] = found.start()
            at = found.end()
            continue
        if keep is not None:
            pieces.append(keep(name, text[found.end() : ended.start()]))
        at = ended.end()
    return "".join((*pieces, text[at:]))


def _without_comments(text: str) -> str:
    """Return a text without `<!-- -->`."""
    pieces: list[str] = []
    at = 0
    while (start := text.find("<!--", at)) >= 0:
        end = text.find("-->", start + 4)
        if end < 0:
            break
        pieces.append(text[at:start])
        at = end + 3
    return "".join((*pieces, text[at:]))


def _link(inside: str, dropped: Set[str]) -> str:
    """Return the words of an inner link."""
    target, bar, rest = inside.partition("|")
    prefix, colon, page = target.partition(":")
    if colon:
        prefix = prefix.strip().lower()
        if prefix in dropped or (not bar and _LANGUAGE.fullmatch(prefix)):
            return ""
    label = rest.rpartition("|")[2] if bar else ""
    if bar and not label:
        return _APART.sub("", page or target).strip()
    return label if bar else target.strip().removeprefix(":")


def _unfolded(text: str, dropped: Set[str]) -> str:
    """Return a text without templates and tables and with its inner links as their words.

    What is opened and never closed is a template up to the next blank line, and brackets otherwise.
    """
    stack: list[tuple[str, list[str]]] = [("", [])]
    at = templates = 0

    def shut() -> tuple[str, list[str]]:
        nonlocal templates
        kind, pieces = stack.pop()
        templates -= kind == "{{"
        return kind, pieces

    def give_up() -> None:
        """Close the innermost thing that was opened as text, or as a template that ends with its paragraph."""
        kind, pieces = shut()
        inside = "".join(pieces)
        _, blank, rest = inside.partition("\n\n")
        stack[-1][1].append(kind + inside if kind == "[[" else blank + rest)

    for found in _TOKEN.finditer(text):
        stack[-1][1].append(text[at : found.start()])
        at = found.end()
        sign = found[0].strip(" \t:*#")
        if sign in ("{{", "[[", "{|"):
            if len(stack) > _MAX_NESTED:
                stack[-1][1].append(sign)
                continue
            stack.append((sign, []))
            templates += sign == "{{"
        elif sign == "]]" and stack[-1][0] == "[[":
            _, pieces = shut()
            stack[-1][1].append(_link("".join(pieces), dropped))
        elif sign == "}}" and templates:
            while shut()[0] != "{{":
                pass
        elif sign == "|}" and stack[-1][0] in ("{|", "[[", "{{"):
            # Brackets left open in a table end with it.
            if any(kind == "{|" for kind, _ in stack[-8:]):
                while shut()[0] != "{|":
                    pass
        elif sign in ("]]", "}}"):
            stack[-1][1].append("" if sign == "}}" else sign)
    stack[-1][1].append(text[at:])
    while len(stack) > 1:
        give_up()
    return "".join(stack[0][1])


def _heading(line: str) -> tuple[int, str]:
    """Return (level, words) of a heading; level 0 for any other line."""
    if len(line) < 3 or line[0] != "=" or line[-1] != "=":
        return 0, ""
    words = line.strip("=")
    level = min(len(line) - len(line.lstrip("=")), len(line) - len(line.rstrip("=")), 6)
    return (level, words.strip()) if words.strip() else (0, "")


def _item(line: str, numbers: list[int]) -> str:
    """Return a line of a list; `numbers` counts the items of numbered lists by their depth."""
    words = line.lstrip("*#:;")
    marks = line[: len(line) - len(words)][:8]
    words = words.strip()
    if not marks or not words:
        del numbers[:]
        return words
    depth = len(marks)
    del numbers[depth:]
    numbers += [0] * (depth - len(numbers))
    if marks[-1] == "#":
        numbers[-1] += 1
        return "  " * (depth - 1) + f"{numbers[-1]}. {words}"
    return "  " * (depth - 1) + f"- {words}" if marks[-1] == "*" else words


def _lines(text: str) -> list[str]:
    """Return the lines of an article with its headings and lists in Markdown; a heading over nothing is left out."""
    found: list[tuple[int, str]] = []
    numbers: list[int] = []
    for raw in _BEFORE_STOP.sub(r"\1", _SPACES.sub(" ", _HOLLOW.sub("", text))).split("\n"):
        line = raw.strip()
        level, words = _heading(line)
        if level:
            found += [(0, ""), (level, "#" * level + " " + words), (0, "")]
        elif line.startswith(("----", "|", "!|")):
            continue
        else:
            found.append((0, _item(line, numbers)))
    kept: list[str] = []
    below = 1
    # From the end: what is below a heading is known before it.
    for level, line in reversed(found):
        if level and level >= below:
            continue
        if line:
            below = level or 7
        kept.append(line)
    return kept[::-1]


def plain(markup: str, dropped: Set[str] = FILES_AND_CATEGORIES) -> str:
    """Return the text of an article; links into namespaces in `dropped`, in small letters, are left out."""
    aside: list[str] = []

    def keep(name: str, inside: str) -> str:
        inside = html.unescape(inside)
        if name in _FENCED:
            fence = "~~~" if "```" in inside else "```"
            inside = f"\n{fence}\n" + inside.strip("\n").rstrip() + f"\n{fence}\n"
        elif name != "nowiki":
            inside = f"${' '.join(inside.split())}$"
        aside.append(inside)
        return f"{_MARK}{len(aside) - 1}{_MARK}"

    text = _without_comments(markup.replace(_MARK, "").replace("\r\n", "\n"))
    text = _without(text, _ASIDE, keep)
    text = _without(_EMPTY_TAG.sub(lambda found: "\n" if found[0][:3].lower() == "<br" else "", text), _LEFT_OUT)
    text = _SWITCH.sub("", _unfolded(text, dropped))
    text = _ADDRESS.sub(lambda found: found[1] or "", text)
    text = _TAG.sub("", _BREAK.sub("\n", _QUOTES.sub("", text)))
    text = "\n".join(_lines(html.unescape(text)))
    text = _SET_ASIDE.sub(lambda found: aside[int(found[1][:9])] if int(found[1][:9]) < len(aside) else "", text)
    return _BLANKS.sub("\n\n", text).strip()
