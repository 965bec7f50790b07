"""Readers: a path becomes a list of members, a member a stream of rows and of records that could not be read.

Owns which reader reads which kind. Must not know layouts, methods or what a row is used for.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator

from workbench.data.readers.gathered import gathered
from workbench.data.readers.listing import Listing, listing
from workbench.data.readers.member import Member
from workbench.data.readers.records import BadRecord, Record, Unreadable
from workbench.data.readers.register import spelled

__all__ = ["KINDS", "BadRecord", "Listing", "Member", "Record", "Unreadable", "listing", "read"]

KINDS: dict[str, str] = {
    "json": "rows_of_json:read_json",
    "table": "rows_of_table:read_table",
    "gettext": "rows_of_gettext:read_gettext",
    "chat": "chats_of_json:read_chat",
    "whatsapp": "chats_of_text:read_whatsapp",
    "text": "rows_of_text:read_text",
    "markdown": "rows_of_text:read_article",
    "document": "rows_of_text:read_article",
    "code": "rows_of_text:read_code",
    "notebook": "text_of_notebook:read_notebook",
    "mail": "text_of_mail:read_mail",
    "subtitles": "text_of_subtitles:read_subtitles",
    "html": "text_of_html:read_html",
    "pdf": "pages_of_pdf:read_pdf",
    "docx": "text_of_office:read_docx",
    "epub": "text_of_office:read_epub",
    "xlsx": "rows_of_sheet:read_sheet",
    "ods": "rows_of_ods:read_ods",
    "xml": "rows_of_xml:read_xml",
    "yaml": "rows_of_yaml:read_yaml",
    "parquet": "rows_of_arrow:read_parquet",
    "arrow": "rows_of_arrow:read_arrow",
}
"""Kind → "module:function" of its reader, which is imported with its libraries when the first such member is read."""


def read(member: Member) -> Iterator[Record | BadRecord]:
    """Yield the records of a member, in its order; raises Unreadable when it cannot be read as a whole."""
    module, _, function = KINDS[member.kind].partition(":")
    try:
        records = getattr(importlib.import_module(f"{__name__}.{module}"), function)(member)
        if member.declared is not None and member.declared.tags:
            records = spelled(records, member.declared)
        yield from records if member.gathering is None else gathered(records, member.gathering)
    except OSError as error:
        raise Unreadable(
            f"{member.name} cannot be read: {error.strerror}; check its permissions and its disk."
        ) from None
