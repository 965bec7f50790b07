"""Rows a student learns from: conversations, of which the answers are learnt, and articles, of which everything is.

Owns how rows of both kinds become the examples of one run. Must not know where rows come from, nor teachers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from workbench.core.errors import UsageError
from workbench.core.recipe import Recipe
from workbench.data.curate.texts import characters
from workbench.engine.chat_templates import none_for
from workbench.engine.examples import Writer
from workbench.engine.masks import ChatEncoder, Example, TextEncoder
from workbench.engine.prepare import Encoded, batches, counted, write_row
from workbench.engine.rendering import MaskError
from workbench.engine.tokenizer import generation_eos, load_tokenizer

WHY_NOT = "why_not"
"""Key of the reason for which a row is not learnt."""


class Encoder:
    """Encodes rows with the tokenizer of a base."""

    def __init__(self, folder: Path, recipe: Recipe) -> None:
        """`folder` holds the base."""
        self.tokenizer = load_tokenizer(folder)
        self._recipe = recipe
        self._texts = TextEncoder(self.tokenizer, recipe.control_tokens)
        has_template = self.tokenizer.chat_template is not None
        self._chats = ChatEncoder(self.tokenizer, generation_eos(folder)) if has_template else None
        self.chats = False
        """Whether a conversation was among the rows."""

    def _no_template(self) -> UsageError:
        return none_for(self.tokenizer, self._recipe.base, self._recipe.method)

    def _made(self, batch: list[Mapping[str, Any]]) -> Iterator[list[Example] | MaskError]:
        """Yield what each row of a batch gives, in their order; raises UsageError for a base that cannot chat."""
        length = self._recipe.max_length
        talks = [row for row in batch if "messages" in row and WHY_NOT not in row]
        if talks and self._chats is None:
            raise self._no_template()
        self.chats = self.chats or bool(talks)
        articles = self._texts.encode_texts([row["text"] for row in batch if "text" in row], length)
        answers = self._chats.encode_rows(talks, length) if self._chats is not None else iter(())
        for row in batch:
            if WHY_NOT in row:
                yield MaskError(row[WHY_NOT])
            elif "text" in row:
                yield next(articles) or MaskError("the text is empty")
            else:
                one = next(answers)
                yield one if isinstance(one, MaskError) else [one]

    def encode(self, rows: Iterable[Mapping[str, Any]], into: Writer, keeps_rows: bool = False) -> Encoded:
        """Write rows as examples and return what happened to them; an article may give several.

        `keeps_rows` keeps the row of every example beside it, as others will read it.
        """
        encoded = Encoded()
        with into:
            for batch in batches(rows, characters):
                for row, outcome in zip(batch, self._made(batch), strict=True):
                    write_row(into, outcome, encoded, row if keeps_rows else None)
        return counted(encoded, into)
