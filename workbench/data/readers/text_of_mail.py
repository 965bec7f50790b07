"""Mails: the subject and the words of each, from a file of one mail or a mailbox of many.

Owns where a mail of a mailbox begins and which part of a mail is its text. Must not know what a mail says. Attachments
are left out, and of a mail that is written twice the plain text is taken; what is in memory is one mail.
"""

from __future__ import annotations

import codecs
import email
import re
from collections.abc import Iterator
from email.errors import MessageError
from email.header import decode_header
from email.message import Message

from workbench.data.readers import text_of_html
from workbench.data.readers.member import Member
from workbench.data.readers.passages import article, numbered, recorded
from workbench.data.readers.records import MAX_RECORD_BYTES, TOO_DEEP, TOO_LONG, BadRecord, Record

_BEGIN = re.compile(rb"From \S+.{0,80}\d\d:\d\d.{0,40}\d{4}")
"""The line before a mail of a mailbox."""
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)
_LINE_BYTES = 2**16
"""How much of a line is read at once."""
_MOST_SUBJECT = 2000
_MOST_PARTS = 1000
_MOST_HEADER = 2**14
_ABOUT_PART = re.compile(rb"^content-(?:type|disposition):[^\n]*(?:\n[ \t][^\n]*)*", re.MULTILINE | re.IGNORECASE)
_FAULTS = (LookupError, ValueError, TypeError, AttributeError, MessageError)
"""What the library raises for a mail that is damaged."""
_NO_TEXT = frozenset(("idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape"))
"""Codecs that no mail is written in, and that are slow or do something else."""
_DAMAGED = "the mail is damaged"
_NO_WORDS = "the mail holds no text"


def _mails(member: Member) -> Iterator[tuple[int, bytes | None]]:
    """Yield (line at which it begins, bytes) of each mail; None stands for one beyond the size limit."""
    mail = bytearray()
    number, start, size = 1, 1, 0
    begins_line = after_blank = True
    mailbox = False
    with member.open() as stream:
        while line := stream.readline(_LINE_BYTES):
            if begins_line and after_blank and (mailbox or number == 1) and _BEGIN.match(line):
                if size:
                    yield start, bytes(mail) if size <= MAX_RECORD_BYTES else None
                mail, start, size, mailbox = bytearray(), number, 0, True
            else:
                size += len(line)
                if size <= MAX_RECORD_BYTES:
                    mail += line
                else:
                    mail.clear()
            after_blank = begins_line and not line.strip()
            begins_line = line.endswith(b"\n")
            number += begins_line
    if size:
        yield start, bytes(mail) if size <= MAX_RECORD_BYTES else None


def _decoded(data: bytes, charset: str | None) -> str:
    """Return bytes as text, in the charset that is named for them where they are valid in it."""
    for name in (charset, "utf-8"):
        try:
            if name and codecs.lookup(name).name not in _NO_TEXT:
                return data.decode(name)
        except (LookupError, ValueError):
            continue
    return data.decode("cp1252", "replace")


def _subject(mail: Message) -> str:
    """Return the subject of a mail, "" for none; what is not encoded as it should be stays as it is."""
    raw = next((str(value) for name, value in mail.raw_items() if name.lower() == "subject"), "")
    text = _decoded(raw[:_MOST_SUBJECT].encode("utf-8", "surrogateescape"), None)
    try:
        parts = decode_header(text)
    except (MessageError, ValueError):
        return text
    words = "".join(part if isinstance(part, str) else _decoded(part, charset) for part, charset in parts)
    return " ".join(words.split())


def _words(part: Message) -> str:
    """Return the text of one part."""
    raw = part.get_payload(decode=True)
    data = raw if isinstance(raw, bytes) else b""
    text = _decoded(data, part.get_content_charset())
    if part.get_content_type() == "text/html":
        text = text_of_html.text_of(text.encode("utf-8", "replace"))
    return text.replace("\r\n", "\n").strip()


def text_of(data: bytes) -> str:
    """Return the subject and the words of a mail; raises RecursionError for one whose parts nest beyond reason.

    A header that says more of a part than `_MOST_HEADER` bytes raises ValueError: the library's time for it grows with
    the square of its length.
    """
    if any(found.end() - found.start() > _MOST_HEADER for found in _ABOUT_PART.finditer(data)):
        raise ValueError
    mail = email.message_from_bytes(_QUOTED.sub(rb"\1", data))
    found: dict[str, list[str]] = {"text/plain": [], "text/html": []}
    waiting: list[Message] = [mail]
    looked_at = 0
    while waiting and looked_at < _MOST_PARTS:
        part = waiting.pop()
        looked_at += 1
        inside = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(inside, list):
            waiting += [one for one in reversed(inside) if isinstance(one, Message)]
        elif part.get_content_type() in found and part.get_content_disposition() != "attachment":
            found[part.get_content_type()].append(_words(part))
    bodies = next((texts for texts in found.values() if any(texts)), [])
    return "\n\n".join(filter(None, (_subject(mail), *bodies)))


def read_mail(member: Member) -> Iterator[Record | BadRecord]:
    """Yield a text for each mail of a file, or several where it is long. Raises Unreadable for a damaged archive."""
    for number, (start, data) in enumerate(_mails(member)):
        if data is None:
            yield BadRecord(member.name, start, TOO_LONG)
            continue
        try:
            text = text_of(data)
        except RecursionError:
            yield BadRecord(member.name, start, TOO_DEEP)
            continue
        except _FAULTS:
            yield BadRecord(member.name, start, _DAMAGED)
            continue
        for record in recorded(member.name, article(numbered(text)), [], _NO_WORDS):
            if isinstance(record, Record):
                yield record._replace(line=start, document=number)
            else:
                yield record._replace(line=start)
