"""Asking one or two models the same, one after the other, so that each has the machine and its speed is its own.

Owns the thread in which the models' processes are started, asked and ended, and each side's own conversation. Whoever
shows the answers looks at a side as often as it likes; must not know how that is done. A model's process that dies is a
sentence at its side, and the next question starts it anew.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from workbench.core.errors import WorkbenchError
from workbench.guide import talking
from workbench.runs.talk import ChatProcess, Settings

_LEAVING_SECONDS = 15.0
BUSY = ("loading", "waiting", "reading", "writing")


@dataclass
class Question:
    """What is asked of one side."""

    text: str
    system: str
    settings: Settings
    dropped: bool = False


@dataclass(frozen=True)
class Look:
    """A side as it is at one moment."""

    phase: str
    """"" before anything was tried, then loading, ready, waiting, reading, writing, done, stopped or failed."""
    text: str
    """What was written since the last look."""
    error: str
    reason: str
    """How the answer ended: "stop", "length", "cancelled", "" before."""
    tokens: int
    used: int
    """Tokens of the context that are taken."""
    context: int
    """Tokens the context holds, 0 until the model is loaded."""
    rate: float
    """Tokens per second."""
    seconds: float
    """Since the phase began."""


@dataclass
class _Side:
    """One model and its conversation; everything but the process is guarded by the interview's lock."""

    reference: str
    chat: ChatProcess | None = None
    loaded: list[Path] = field(default_factory=list)
    """Adapters' files that its process loads beside a GGUF file."""
    history: list[dict[str, str]] = field(default_factory=list)
    phase: str = ""
    pieces: list[str] = field(default_factory=list)
    error: str = ""
    reason: str = ""
    tokens: int = 0
    used: int = 0
    context: int = 0
    rate: float = 0.0
    since: float = field(default_factory=time.monotonic)

    def enter(self, phase: str, error: str = "") -> None:
        """Begin a phase."""
        self.phase, self.error, self.since = phase, error, time.monotonic()


class Interview:
    """One or two models that are asked; `close` ends their processes."""

    def __init__(
        self,
        references: Sequence[str],
        after: Interview | None = None,
        histories: Sequence[list[dict[str, str]]] = (),
    ) -> None:
        """`after` is one that has been closed: its models leave the card before these are loaded.

        `histories` is what each model was told before, where a conversation goes on.
        """
        self._sides = [_Side(reference) for reference in references]
        for side, history in zip(self._sides, histories, strict=False):
            side.history = list(history)
        self._acting: list[Path] = []
        self._lock = threading.Lock()
        self._jobs: queue.SimpleQueue[tuple[_Side, Question | None] | None] = queue.SimpleQueue()
        self._open: list[tuple[_Side, Question]] = []
        self._answering: _Side | None = None
        self._closing = False
        self._after = after
        self._thread = threading.Thread(target=self._work, name="interview", daemon=True)
        self._thread.start()

    # For whoever asks

    def load(self) -> None:
        """Load every model that is not, in order."""
        for side in self._sides:
            with self._lock:
                # From now on it is busy, so that whoever looks does not cease to before the thread has begun.
                if side.phase in ("", "failed"):
                    side.enter("waiting")
            self._jobs.put((side, None))

    def ask(self, places: Sequence[int], text: str, system: str, settings: Settings) -> None:
        """Ask the sides at these places, in this order."""
        for place in places:
            side, question = self._sides[place], Question(text, system, settings)
            with self._lock:
                side.pieces.clear()
                side.reason, side.tokens, side.rate = "", 0, 0.0
                if side.phase != "loading":
                    side.enter("waiting")
                self._open.append((side, question))
            self._jobs.put((side, question))

    def stop(self) -> None:
        """Stop what is being written and ask nothing more; a model that is being loaded goes on loading."""
        with self._lock:
            for _, question in self._open:
                question.dropped = True
            for side in self._sides:
                if side.phase == "waiting":
                    side.enter("stopped")
            writing = self._answering
        if writing is not None and writing.chat is not None:
            writing.chat.cancel()

    @property
    def asked(self) -> bool:
        """Whether a question is still open."""
        with self._lock:
            return any(not question.dropped for _, question in self._open) or self._answering is not None

    @property
    def busy(self) -> bool:
        """Whether any side loads, waits or writes."""
        with self._lock:
            return any(side.phase in BUSY for side in self._sides)

    def look(self, place: int) -> Look:
        """Return a side as it is, with what was written since the last look."""
        with self._lock:
            side = self._sides[place]
            text = "".join(side.pieces)
            side.pieces.clear()
            return Look(
                side.phase,
                text,
                side.error,
                side.reason,
                side.tokens,
                side.used,
                side.context,
                side.rate,
                time.monotonic() - side.since,
            )

    def history(self, place: int) -> list[dict[str, str]]:
        """Return a side's conversation so far, without a system prompt."""
        with self._lock:
            return list(self._sides[place].history)

    def acting(self) -> list[Path]:
        """Return the adapters' files that act beside GGUF files from the next answer on."""
        with self._lock:
            return list(self._acting)

    def switch(self, path: Path) -> None:
        """Switch an adapter's file on or off; a model that has it loaded is not loaded again for that."""
        with self._lock:
            self._acting = [one for one in self._acting if one != path] + [path] * (path not in self._acting)

    def anew(self) -> None:
        """Forget the conversations."""
        with self._lock:
            for side in self._sides:
                side.history.clear()
                side.used, side.rate, side.tokens = 0, 0.0, 0
                if side.phase not in ("loading", "waiting", ""):
                    side.enter("ready" if side.chat is not None and side.chat.pid else "")

    def close(self) -> None:
        """End the models' processes at once; returns before they are gone."""
        with self._lock:
            self._closing = True
            chats = [side.chat for side in self._sides if side.chat is not None]
        for chat in chats:
            chat.kill()
        self._jobs.put(None)

    def join(self, seconds: float) -> bool:
        """Wait for the end after `close`; return whether it came."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    # In the thread

    def _work(self) -> None:
        """Do one job after the other until the interview is closed."""
        if self._after is not None:
            self._after.join(_LEAVING_SECONDS)
            self._after = None
        try:
            while (job := self._jobs.get()) is not None and not self._closing:
                side, question = job
                try:
                    self._do(side, question)
                except WorkbenchError as error:
                    self._fail(side, str(error))
                except (OSError, LookupError, TypeError, ValueError):
                    if side.chat is not None:
                        side.chat.close()
                    self._fail(
                        side, "The model's process said something that makes no sense; ask again to load it anew."
                    )
                finally:
                    with self._lock:
                        self._answering = None
                        self._open = [(whose, asked) for whose, asked in self._open if asked is not question]
        finally:
            for side in self._sides:
                if side.chat is not None:
                    side.chat.close()

    def _fail(self, side: _Side, error: str) -> None:
        """Keep why a side has no answer; what else it was to be asked goes unasked, until a person asks again."""
        with self._lock:
            side.enter("failed", error)
            for whose, question in self._open:
                question.dropped = question.dropped or whose is side

    def _do(self, side: _Side, question: Question | None) -> None:
        """Load a model where it is not, and ask it."""
        if question is not None and question.dropped:
            return
        lacking = [path for path in self._fitting(side) if path not in side.loaded]
        if lacking and side.chat is not None:
            side.chat.close()
        if side.chat is None or not side.chat.pid:
            self._load(side)
        if question is None or self._closing:
            return
        assert side.chat is not None, "it was loaded"
        side.chat.acting = tuple(side.loaded.index(path) for path in self._fitting(side))
        with self._lock:
            if question.dropped:
                side.enter("stopped")
                return
            self._answering = side
            side.enter("reading")
        self._answer(side, question)

    def _fitting(self, side: _Side) -> list[Path]:
        """Return the adapters' files that are to act on a side: none on one that is no GGUF file."""
        return self.acting() if talking.is_file(side.reference) else []

    def _load(self, side: _Side) -> None:
        """Start a model's process; raises WorkbenchError when that fails."""
        with self._lock:
            side.enter("loading")
        if trouble := talking.room_for(side.reference):
            raise WorkbenchError(trouble)
        wanted = list(dict.fromkeys([*side.loaded, *self._fitting(side)]))
        chat = talking.open_chat(side.reference, [str(path) for path in wanted])
        with self._lock:
            side.chat = chat
            if self._closing:
                return
        chat.start()
        with self._lock:
            side.loaded = wanted
            side.context = int(chat.ready["context"])
            waits = any(whose is side and not asked.dropped for whose, asked in self._open)
            side.enter("waiting" if waits else "ready")

    def _answer(self, side: _Side, question: Question) -> None:
        """Ask one side and take its answer as it comes."""
        chat = side.chat
        assert chat is not None, "it was loaded before"
        opening = [{"role": "system", "content": question.system}] if question.system else []
        asked = {"role": "user", "content": question.text}
        written: list[str] = []
        began = time.monotonic()
        for piece in chat.ask([*opening, *side.history, asked], question.settings):
            written.append(piece)
            with self._lock:
                if len(written) == 1:
                    side.enter("writing")
                    began = side.since
                side.pieces.append(piece)
                side.tokens, side.used = chat.tokens, chat.used
                side.rate = chat.tokens / max(time.monotonic() - began, 1e-3) if len(written) > 2 else 0.0
            if question.dropped or self._closing:
                # A stop that came before the question had reached the model.
                chat.cancel()
        with self._lock:
            side.tokens, side.used, side.rate = chat.tokens, chat.used, float(chat.done["tokens_per_second"])
            side.reason = str(chat.done["reason"])
            if written or side.reason != "cancelled":
                side.history += [asked, {"role": "assistant", "content": str(chat.done["answer"])}]
            side.enter("stopped" if side.reason == "cancelled" else "done")
