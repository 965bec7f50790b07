"""Prose marked up in XML (TEI, DocBook, JATS and the like): an element as text with Markdown marks.

Owns which elements are paragraphs, headings, parts of a line, or no text of the document. Must not know files.

Headings become `#` lines by the depth of the sections around them, list items `-` lines, program listings fenced
blocks, a row of a table one line; notes, indexes and what is said about the document are left out. An element of an
unknown name is a paragraph, unless text stands before it in the line.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from workbench.data.readers.tree_of_xml import Node


def _names(text: str) -> frozenset[str]:
    """Return the words of a list written with spaces."""
    return frozenset(text.split())


SECTIONS = _names(
    "div div0 div1 div2 div3 div4 div5 div6 div7 sec section sect1 sect2 sect3 sect4 sect5 simplesect chapter part book"
    " article appendix preface dedication refsect1 refsect2 refentry"
)
"""Elements that have a heading of their own."""
PARAGRAPHS = SECTIONS | _names(
    "TEI text body front group p para simpara formalpara ab lg l s u sp stage q quote blockquote epigraph title head"
)
"""Elements of which a document of prose consists."""
DOCUMENTS = _names("TEI TEI.2 book article chapter refentry set part preface appendix section")
"""Outermost elements of documents of prose."""
_HEADINGS = _names("title head")
_BLOCKS = PARAGRAPHS | _names(
    "item listitem list itemizedlist orderedlist variablelist varlistentry term row table tgroup tbody thead "
    "informaltable figure caption li ul ol tr h1 h2 h3 h4 h5 h6 salute signed closer opener dateline trailer note "
    "verse"
)
_INLINE = _names(
    "hi emph emphasis em i b strong bold italic sub sup subscript superscript ref link ulink xref a name persName "
    "placeName orgName rs date num foreign soCalled mentioned gloss code literal filename command option varname "
    "function classname email uri quote q seg w pc c span g choice corr sic orig reg abbr expan lb pb cb "
    "milestone anchor firstterm acronym guilabel keycap application productname replaceable ext-link named- "
    "content sc monospace styled-content"
)
_LEFT_OUT = _names(
    "teiHeader note footnote fn fn-group indexterm index remark bibliography listBibl ref-list back-matter toc"
    " article-meta journal-meta tex-math fw"
)
_INSTEAD = _names("sic orig abbr")
"""What stands in the source, beside the corrected or full form in the same choice."""
_ABOUT = _names("info bookinfo articleinfo chapterinfo sectioninfo refentryinfo")
"""What is said about a part of DocBook; its title is read."""
_CODE = _names("programlisting screen literallayout eg egXML synopsis disp-formula")
_ITEMS = _names("item listitem li")
_CELLS = _names("cell entry td th")
_ROWS = _names("row tr")
_VERSES = _names("l line")
_BREAKS = _names("lb br")


@dataclass
class _Page:
    """A text in the making."""

    blocks: list[str] = field(default_factory=list)
    """Paragraphs and the line ends between them, alternating."""
    line: list[str] = field(default_factory=list)
    prefix: str = ""
    tight: bool = False
    lists: int = 0

    def taken(self) -> str:
        """Return the paragraph in the making and begin the next one."""
        lines = "".join(self.line).split("\0")
        self.line.clear()
        return "\n".join(" ".join(line.split()) for line in lines).strip()

    def end(self) -> None:
        """End the paragraph in the making."""
        if text := self.taken():
            self.add(text)

    def add(self, text: str) -> None:
        """Add a paragraph."""
        if self.lists:
            indent = "  " * (self.lists - 1)
            text = indent + (self.prefix or "  ") + text.replace("\n", f"\n{indent}  ")
        if self.blocks:
            self.blocks.append("\n" if self.tight and self.prefix else "\n\n")
        self.blocks.append(text)
        self.tight, self.prefix = bool(self.lists), ""

    def is_blank(self) -> bool:
        """Return whether nothing stands in the line yet."""
        return not any(piece.strip() for piece in self.line)


def _is_block(page: _Page, name: str, parent: str) -> bool:
    """Return whether an element is a paragraph of its own."""
    if name in _VERSES or (name in ("quote", "q", "note") and parent in ("p", "para", "s", "l")):
        return False
    return name in _BLOCKS or (name not in _INLINE and page.is_blank())


def _set(page: _Page, node: Node, parent: str, level: int, *, outermost: bool = False) -> None:
    """Set an element; `level` counts the sections around it."""
    name = node.name
    if (name in _LEFT_OUT and not outermost) or (name in _INSTEAD and parent == "choice"):
        return
    if name in _ABOUT:
        for title in node.elements:
            if title.name in _HEADINGS:
                _set(page, title, parent, level)
        return
    if name in _BREAKS:
        page.line.append("\0" if page.lists < 1 else " ")
        return
    if name in _CODE:
        page.end()
        if text := node.text().strip("\n").rstrip():
            fence = "~~~" if "```" in text else "```"
            page.add(f"{fence}\n{text}\n{fence}")
        return
    block = _is_block(page, name, parent)
    if block:
        page.end()
    if name in _ITEMS:
        page.lists, page.prefix = page.lists + 1, "- "
    inner = level + (name in SECTIONS)
    for child in node.children:
        if isinstance(child, str):
            page.line.append(child.replace("\0", ""))
        else:
            _set(page, child, name, inner)
    if name in _HEADINGS and parent in SECTIONS:
        if text := page.taken().replace("\n", " "):
            page.add("#" * min(max(level, 1), 6) + " " + text)
    elif name in _CELLS:
        page.line.append(" | ")
    elif name in _VERSES:
        page.line.append("\0")
    elif name in _ROWS:
        if text := page.taken().removesuffix("|").strip():
            page.add(text)
    elif block:
        page.end()
    if name in _ITEMS:
        page.end()
        page.lists, page.prefix = page.lists - 1, ""


def prose(node: Node) -> str:
    """Return the text of an element."""
    page = _Page()
    parent = node.parent.name if node.parent is not None else ""
    _set(page, node, parent, 0, outermost=True)
    page.end()
    return "".join(page.blocks)
