"""HTML and XHTML: the main text of a page, as text with Markdown marks.

Owns which parts of a page are its text, how they are set and which encoding the page is in. Must not know what the text
says.

Headings become `#` lines, list items `-` or `1.` lines, data tables `|` rows, `pre` a fenced block; a term of a list of
definitions and the summary of a fold, which is how many pages write the questions of a FAQ, become bold lines, and so
do questions that open a panel on a click (`folds_of_html`). Menus, headers and footers of the site, forms, hidden parts
and everything that is not text are left out.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from workbench.data.readers.folds_of_html import folds_of
from workbench.data.readers.member import Member
from workbench.data.readers.passages import records_of
from workbench.data.readers.records import MAX_RECORD_BYTES, BadRecord, Record
from workbench.data.readers.whole import content


def _names(text: str) -> frozenset[str]:
    """Return the words of a list written with spaces."""
    return frozenset(text.split())


_LEFT_OUT = _names(
    "head script style noscript template nav footer aside form button select textarea input label svg canvas iframe"
    " object embed audio video dialog menu rp rt map datalist progress meter"
)
_LEFT_OUT_ROLES = _names("navigation banner contentinfo search complementary dialog alertdialog menu toolbar")
_BLOCKS = _names(
    "address article blockquote body caption center dd details div dl dt fieldset figcaption figure h1 h2 h3 h4 h5 h6"
    " header hgroup html li main ol p section summary table tbody td tfoot th thead tr ul"
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BOLD_LINES = frozenset(("dt", "summary"))
_OPENS = re.compile(r"([?？؟])\s*[-+−–×▸▾▼▶►⌄›»✕✖➕➖]{1,2}$")
"""The sign behind a question for whether its answer is shown."""
_INSIDE_LAYOUT = "table, p, div, h1, h2, h3, h4, h5, h6, ul, ol, pre, section, article"
"""What the cells of a table of data do not hold more than one of."""
_HIDDEN_STYLE = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_NUMBER = re.compile(r"[0-9]{1,8}")
_TAG = re.compile(r"<(/?)([a-z][^\s/>]{0,40})")
_XHTML = re.compile(r"^\s*<\?xml|xmlns\s*=\s*[\"']http://www.w3.org/1999/xhtml")
_SELF_CLOSED = re.compile(r"<([A-Za-z][\w:-]*+)((?:[^<>\"'/]|\"[^\"<]*\"|'[^'<]*'|/(?!>))*+)/>")
_VOID = _names("area base br col embed hr img input link meta source track wbr")
_ENDED_BY_ANOTHER = _names("p li dt dd tr td th tbody thead tfoot colgroup option optgroup rp rt a")
"""Elements that the next one of their kind ends, so that they nest only within others."""
MAX_DEPTH = 10_000
_MAX_TABLES = 8
"""Tables within tables are layout beyond this depth, whatever they hold."""
_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w:.-]{1,40})", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"^\s*<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([\w:.-]{1,40})[\"']")
_META_BYTES = 4096
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_ENCODINGS = {
    **{name: name for name in _names("utf-8 koi8-r koi8-u gb18030 big5 euc_jp iso2022_jp euc_kr cp866 cp874")},
    **{f"cp125{digit}": f"cp125{digit}" for digit in range(9)},
    **{f"iso8859-{part}": f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)},
    "ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "iso8859-11": "cp874", "tis-620": "cp874",
    "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "cp932": "cp932", "cp949": "cp949",
    "mac-roman": "mac-roman", "utf-16": "utf-8", "utf-16-le": "utf-8", "utf-16-be": "utf-8",
}  # fmt: skip
"""Python's name of an encoding a page may declare → the one browsers read it in."""


def declared(data: bytes) -> str:
    """Return the encoding that a page, or a document of XML, declares, as Python names it, or ""."""
    head = data[:_META_BYTES]
    found = _XML_ENCODING.search(head) or _META.search(head)
    try:
        return _ENCODINGS.get(codecs.lookup(found[1].decode("ascii")).name, "") if found else ""
    except (LookupError, UnicodeDecodeError):
        return ""


def decoded(data: bytes) -> str:
    """Return the text of a page: by its byte-order mark, what it declares, UTF-8, or as browsers do, Windows-1252.

    Wrong bytes become U+FFFD, as in a browser.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    for encoding in filter(None, (declared(data), "utf-8")):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode(declared(data) or "cp1252", "replace")


def _open_and_shut(text: str) -> str:
    """Return XHTML with `<title/>` as `<title></title>`: a parser of HTML takes the former for an opening tag."""

    def both(found: re.Match[str]) -> str:
        name, rest = found[1], found[2]
        return found[0] if name.lower() in _VOID else f"<{name}{rest}></{name}>"

    return _SELF_CLOSED.sub(both, text)


def _is_hidden(node: LexborNode) -> bool:
    """Return whether a node is not shown, or belongs to the site and not to the page."""
    attributes = node.attributes
    if not attributes:
        return False
    return (
        "hidden" in attributes
        or attributes.get("aria-hidden") == "true"
        or (attributes.get("role") or "").lower() in _LEFT_OUT_ROLES
        or _HIDDEN_STYLE.search(attributes.get("style") or "") is not None
    )


def _is_data(table: LexborNode) -> bool:
    """Return whether a table holds data, one line per row, and is no means of layout."""
    if (table.attributes.get("role") or "") in ("presentation", "none"):
        return False
    for cell in table.css("td, th"):
        if len(cell.css(_INSIDE_LAYOUT)) > 1 or cell.css_first("table, pre, ul, ol, h1, h2, h3") is not None:
            return False
    return True


@dataclass
class _Page:
    """A page that is being set as text."""

    blocks: list[str] = field(default_factory=list)
    """Paragraphs and the line ends between them, alternating."""
    line: list[str] = field(default_factory=list)
    """The paragraph in the making; a newline in it is one that is to stay."""
    prefix: str = ""
    """The mark of the list item that the next paragraph begins."""
    tight: bool = False
    """The next paragraph follows the last one without a blank line."""
    lists: list[int] = field(default_factory=list)
    """The lists around: the number of the next item, or -1 in a list without numbers."""
    tables: list[bool] = field(default_factory=list)
    """The tables around: whether each holds data."""
    cells: list[str] | None = None
    """The row of a table of data in the making."""
    headers: int = 0
    """How many of its cells are headers."""

    def taken(self) -> str:
        """Return the paragraph in the making and begin the next one."""
        text = "".join(self.line)
        self.line.clear()
        return "\n".join(_SPACE.sub(" ", line).strip() for line in text.split("\n")).strip()

    def end(self) -> None:
        """End the paragraph in the making."""
        if text := self.taken():
            self.add(text)

    def add(self, text: str) -> None:
        """Add a paragraph, indented as the lists around it ask for."""
        if self.lists:
            indent = "  " * (len(self.lists) - 1)
            first = indent + (self.prefix or "  ")
            text = first + text.replace("\n", f"\n{indent}  ")
        if self.blocks:
            self.blocks.append("\n" if self.tight else "\n\n")
        self.blocks.append(text)
        self.prefix, self.tight = "", False

    def end_row(self) -> None:
        """Add the row of a table, and the line that parts a header from what follows."""
        cells, self.cells = self.cells or [], None
        if any(cells):
            self.add("| " + " | ".join(cells) + " |")
            if self.headers == len(cells):
                self.tight = True
                self.add("|" + " --- |" * len(cells))
            self.tight = True


def _begin(page: _Page, node: LexborNode, tag: str) -> bool:
    """Do what the beginning of an element asks for; return whether what is inside is still to be set."""
    if tag == "br":
        page.line.append(" " if page.cells is not None else "\n")
    elif tag == "code" or (tag == "pre" and page.cells is not None):
        text = _SPACE.sub(" ", node.text(deep=True))
        page.line.append(f"`{text}`" if text.strip() and "`" not in text else text)
        return False
    elif tag == "pre":
        page.end()
        text = node.text(deep=True).replace("\r\n", "\n").strip("\n").rstrip()
        if text.strip():
            fence = "~~~" if "```" in text else "```"
            page.add(f"{fence}\n{text}\n{fence}")
        return False
    elif page.cells is not None:
        if tag in _BLOCKS:
            page.line.append(" ")
    elif tag in ("ul", "ol"):
        page.end()
        start = node.attributes.get("start") or ""
        page.tight = bool(page.lists)
        page.lists.append(-1 if tag == "ul" else int(start) if _NUMBER.fullmatch(start) else 1)
    elif tag == "li" and page.lists:
        page.end()
        number = page.lists[-1]
        page.prefix = "- " if number < 0 else f"{number}. "
        page.lists[-1] += number >= 0
    elif tag == "table":
        page.end()
        page.tables.append(len(page.tables) < _MAX_TABLES and _is_data(node))
    elif tag == "tr" and page.tables and page.tables[-1]:
        page.end()
        page.cells, page.headers = [], 0
    elif tag in _BLOCKS:
        page.end()
    return True


def _finish(page: _Page, tag: str) -> None:
    """Do what the end of an element asks for."""
    if page.cells is not None:
        if tag in ("td", "th"):
            page.cells.append(page.taken().replace("|", "\\|"))
            page.headers += tag == "th"
        elif tag == "tr":
            page.end_row()
        elif tag in _BLOCKS:
            page.line.append(" ")
    elif tag in _HEADINGS:
        if text := page.taken():
            page.add("#" * _HEADINGS[tag] + " " + text.replace("\n", " "))
    elif tag in _BOLD_LINES:
        if text := _OPENS.sub(r"\1", page.taken()):
            page.add("**" + text.replace("\n", " ") + "**")
    elif tag in _BLOCKS:
        page.end()
        if tag == "li" and page.lists:
            page.prefix, page.tight = "", True
        elif tag in ("ul", "ol"):
            page.lists.pop()
            page.tight = bool(page.lists)
        elif tag == "table":
            page.tables.pop()
            page.tight = False


def _main_of(parser: LexborHTMLParser) -> LexborNode | None:
    """Return the part of a page that holds its text."""
    for where in ("main, [role=main]", "article"):
        found = parser.css(where)
        if len(found) == 1 and found[0].text(deep=True).strip():
            return found[0]
    return parser.body


def _set(root: LexborNode) -> str:
    """Return what is inside a node as text. The walk keeps its own stack: a page may be nested at will."""
    page, folds = _Page(), folds_of(root)
    stack: list[tuple[LexborNode, str]] = [(root, "")]
    while stack:
        node, ended = stack.pop()
        if ended:
            _finish(page, ended)
            continue
        tag = node.tag or ""
        if tag == "-text":
            page.line.append(_SPACE.sub(" ", node.text(deep=False).replace("\xad", "")))
            continue
        # A processing instruction has no tag, which on the stack stands for a node that begins.
        if tag[:1] in ("", "-", "!"):
            continue
        if node is not root and (tag in _LEFT_OUT or _is_hidden(node)) and node.mem_id not in folds.shown:
            continue
        tag = "summary" if node.mem_id in folds.titles else tag
        if not _begin(page, node, tag):
            continue
        stack.append((node, tag))
        child = node.last_child
        while child is not None:
            stack.append((child, ""))
            child = child.prev
    page.end()
    return "".join(page.blocks)


def _too_deep(text: str) -> bool:
    """Return whether elements are nested beyond `MAX_DEPTH`, judged without building the page.

    Building takes time that grows with the square of the depth.
    """
    deep: Counter[str] = Counter()
    deepest: Counter[str] = Counter()
    for shut, name in _TAG.findall(text.lower()):
        if shut:
            deep[name] -= deep[name] > 0
        elif name not in _ENDED_BY_ANOTHER and name not in _VOID:
            deep[name] += 1
            deepest[name] = max(deepest[name], deep[name])
    return deepest.total() > MAX_DEPTH


def text_of(data: bytes) -> str:
    """Return the main text of a page, "" when it has none; raises RecursionError for a page nested beyond reason."""
    text = decoded(data)
    if _XHTML.search(text[:_META_BYTES]):
        text = _open_and_shut(text)
    if _too_deep(text):
        raise RecursionError
    root = _main_of(LexborHTMLParser(text))
    return _set(root) if root is not None else ""


def read_html(member: Member) -> Iterator[Record | BadRecord]:
    """Yield the records of a page: an article, or questions with answers; raises Unreadable beyond 64 MiB."""
    data = content(member, MAX_RECORD_BYTES, "split it into pages")
    try:
        text = text_of(data)
    except RecursionError:
        yield BadRecord(member.name, 1, "nested too deeply")
        return
    yield from records_of(member.name, text)
