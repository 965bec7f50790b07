"""A teacher with other tokens than its student, asked in its own and heard in the student's.

Owns how rows are put to it, and what is made of its logits. Must not know files or trainers; the arithmetic is that of
`alignment.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from workbench.core.recipe import Recipe
from workbench.engine.compress import alignment
from workbench.engine.compress.alignment import Meeting
from workbench.engine.compress.asking import LEAST, Said, Teacher, kept_words
from workbench.engine.examples import Examples
from workbench.engine.masks import ChatEncoder, Example, TextEncoder
from workbench.engine.rendering import MaskError

_LONGER = 4
"""Times as many tokens as the student's a row may have in the teacher's; what is beyond is not compared."""


class Foreigner(Teacher):
    """A teacher whose words are put into the student's."""

    def __init__(self, model: Any, recipe: Recipe, width: int, words: NDArray[np.int64], student_width: int) -> None:
        """`width` is how many words the teacher has logits of, `words` the student's word for each of them."""
        super().__init__(model, recipe, width)
        self._words = torch.from_numpy(words).to(model.device)
        self._own_width = student_width
        self._kept = kept_words(recipe.teacher_top_k, student_width)

    def _said(self, hidden: torch.Tensor, ids: NDArray[np.int64], places: Any) -> Said:
        """Return what it says at meetings of one sequence, each with the student's word that is read there."""
        # What is said of a token stands at the one before it.
        chances = self._chances(hidden, ids, places)
        at = np.array([meeting.theirs - 1 for meeting, _ in places], dtype=np.int64)
        read = torch.tensor([word for _, word in places], device=hidden.device, dtype=torch.long)
        first = torch.from_numpy(ids[at + 1]).to(hidden.device)
        log_probs, words, done = [], [], 0
        for logits in self._tiles(hidden, at):
            probs = (logits.float() / self._temperature).softmax(-1)
            cut = slice(done, done + len(probs))
            done += len(probs)
            found = alignment.translated(probs, self._words, self._own_width, read[cut], chances[cut], first[cut])
            if self._kept:
                chosen = found[:, : self._own_width].topk(self._kept, sorted=True)
                rest = found.scatter(-1, chosen.indices, 0).sum(-1, keepdim=True)
                found = torch.cat([chosen.values, rest], -1)
                words.append(chosen.indices.int().cpu())
            else:
                found = found[:, : self._own_width]
            log_probs.append(found.log().clamp(min=LEAST).half().cpu())
        return Said(torch.cat(log_probs).numpy(), torch.cat(words).numpy() if words else None)

    def _chances(self, hidden: torch.Tensor, ids: NDArray[np.int64], places: list[tuple[Meeting, int]]) -> torch.Tensor:
        """Return its probability of each word the student reads: the product over the tokens that spell it out."""
        spans = [range(meeting.theirs, meeting.theirs + meeting.tokens) for meeting, _ in places]
        needed = np.array(sorted({place for span in spans for place in span}), dtype=np.int64)
        told, done = torch.zeros(len(ids), device=hidden.device), 0
        for logits in self._tiles(hidden, needed - 1):
            cut = needed[done : done + len(logits)]
            done += len(logits)
            if len(cut):
                at = torch.from_numpy(cut).to(hidden.device)
                own = torch.from_numpy(ids[cut]).to(hidden.device)[:, None]
                told[at] = (logits.float() / self._temperature).log_softmax(-1).gather(-1, own)[:, 0]
        sums = [told[span.start : span.stop].sum() for span in spans]
        return torch.stack(sums).exp() if sums else told[:0]


class Interpreter:
    """Puts the rows of examples to a teacher with other tokens."""

    def __init__(self, ours: Any, theirs: Any, generation_eos: Any) -> None:
        """`ours` and `theirs` are tokenizers, `generation_eos` what the teacher's answers stop at."""
        self._ours, self._theirs = alignment.pieces(ours), alignment.pieces(theirs)
        self._texts = TextEncoder(theirs)
        self._chats = ChatEncoder(theirs, generation_eos) if theirs.chat_template is not None else None

    def _read(self, row: Mapping[str, Any], ids: NDArray[np.int64]) -> Example | None:
        """Return a row as the teacher reads it, None where it cannot."""
        most = _LONGER * len(ids) + 64
        if "text" in row:
            pieces = self._texts.encode(alignment.text_of(ids, self._ours), most)
            return pieces[0] if pieces else None
        if self._chats is None:
            return None
        try:
            return self._chats.encode(row["messages"], most, row.get("tools"))
        except MaskError:
            return None

    def put(
        self, examples: Examples, numbers: Sequence[int]
    ) -> tuple[list[NDArray[np.int64]], list[list[tuple[Meeting, int]]]]:
        """Return (tokens of the teacher's, meetings with the word the student reads there) of each example."""
        sequences, places = [], []
        for number in numbers:
            ids, labels = examples.columns(number)
            read = self._read(examples.row(number), ids)
            found: list[Meeting] = []
            if read is not None:
                theirs = (read.input_ids, read.labels)
                found = alignment.meetings((ids.tolist(), labels.tolist()), theirs, self._ours, self._theirs)
            sequences.append(np.array(read.input_ids if read is not None else [0], dtype=np.int64))
            places.append([(meeting, int(ids[meeting.ours])) for meeting in found])
        return sequences, places


def heard(said: Said, places: list[tuple[Meeting, int]], learnt: NDArray[np.bool_]) -> Said:
    """Return what was said at meetings as of every learnt token of an example, NaN for those where none is."""
    rank = np.cumsum(learnt) - 1
    at = [int(rank[meeting.ours]) for meeting, _ in places]
    rows = int(learnt.sum())
    log_probs = np.full((rows, said.log_probs.shape[1]), np.nan, dtype=np.float16)
    log_probs[at] = said.log_probs[: len(at)]
    if said.words is None:
        return Said(log_probs, None)
    words = np.zeros((rows, said.words.shape[1]), dtype=np.int32)
    words[at] = said.words[: len(at)]
    return Said(log_probs, words)
