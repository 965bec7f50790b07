"""Talking to a model in a process of its own, from a process that must survive whatever happens to it.

Owns the parent's side of the chat protocol: JSON lines over pipes to `python -m workbench.engine.chat`. Must not import
torch or llama.cpp, so that a crash of either is a sentence here and never the end of the caller.

To the child: which model, then {"messages": […], "settings": {…}, "acting": [numbers of adapters]} and {"cancel":
true}. From the child: {"ready": {…}} once, then per request {"text": piece, "tokens", "used"} … and {"done": {"answer",
"tokens", "used", "tokens_per_second", "stopped", "reason"}} or {"error": sentence}. `used` counts tokens of the
context, the conversation so far included.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.text import one_line
from workbench.runs import hardware
from workbench.runs.process import engine_env

_FAREWELL_SECONDS = 2.0

BOUNDS: dict[str, tuple[float, float]] = {
    "temperature": (0.0, 5.0),
    "top_p": (0.0, 1.0),
    "top_k": (0, 100_000),
    "repeat_penalty": (0.1, 5.0),
    "max_tokens": (1, 100_000),
    "thinking_budget": (0, 100_000),
    "seed": (0, 2**31 - 1),
}
"""Setting → its least and its greatest value."""


@dataclass(frozen=True)
class Settings:
    """How answers are drawn."""

    temperature: float = 0.7
    """0 always takes the likeliest token."""
    top_p: float = 0.95
    """Draw from the likeliest tokens that together have this probability."""
    top_k: int = 40
    """Draw from this many likeliest tokens; 0 for all."""
    repeat_penalty: float = 1.0
    """Above 1 makes tokens of the text so far less likely."""
    max_tokens: int = 512
    thinking_budget: int = 0
    """Tokens after which a thought that the chat template opens is closed by force; 0 sets no bound."""
    seed: int = 0
    """The same seed, conversation and model give the same answer."""

    def __post_init__(self) -> None:
        for name, (low, high) in BOUNDS.items():
            value = getattr(self, name)
            whole = isinstance(getattr(type(self), name), int)
            if (
                isinstance(value, bool)
                or not isinstance(value, int if whole else int | float)
                or not low <= value <= high
            ):
                kind = "a whole number" if whole else "a number"
                raise UsageError(f"{name} is {kind} from {low:g} to {high:g}, not {one_line(repr(value), 40)}.")


def check_messages(messages: Any) -> list[dict[str, str]]:
    """Return the conversation when it is a list of {"role", "content"} texts; raise UsageError otherwise."""
    if not isinstance(messages, Sequence) or isinstance(messages, str) or not messages:
        raise UsageError("A conversation is a list with at least one message.")
    for message in messages:
        if not isinstance(message, dict) or not all(isinstance(message.get(key), str) for key in ("role", "content")):
            raise UsageError('Every message of a conversation has a text "role" and a text "content".')
    return [{"role": message["role"], "content": message["content"]} for message in messages]


class ChatProcess:
    """A model loaded in a child process. Use it as a context manager, or call `start` and `close`.

    `target` is a GGUF file, or a model directory with an optional PEFT `adapter` directory; `tokenizer` is the
    directory of the tokenizer when it is not the model's. `context` is in tokens; the other values say how the adapter
    was trained, see `workbench.engine.export.source.open_source`. `adapters` are adapters' GGUF files for a GGUF
    file, of which those in `acting` act from the next answer on, at first all; nothing is loaded again for that.
    Not thread-safe, except for `cancel` and `kill`, which may be called while another thread reads an answer.
    """

    def __init__(
        self,
        target: Path,
        *,
        adapter: Path | None = None,
        tokenizer: Path | None = None,
        merge_base: str = "original",
        dtype: str = "float32",
        double_quant: bool = True,
        context: int = 4096,
        adapters: Sequence[Path] = (),
    ) -> None:
        self._request = {
            "target": str(target),
            "adapter": str(adapter) if adapter else None,
            "tokenizer": str(tokenizer) if tokenizer else None,
            "merge_base": merge_base,
            "dtype": dtype,
            "double_quant": double_quant,
            "context": context,
            "adapters": [str(path) for path in adapters],
        }
        self.adapters = tuple(path.name for path in adapters)
        """Names of the adapters' files, by number."""
        self.acting = tuple(range(len(self.adapters)))
        """Numbers of the adapters that act from the next answer on."""
        self._child: subprocess.Popen[bytes] | None = None
        self.ready: dict[str, Any] = {}
        """What the child said about the model: {"kind", "context"}."""
        self.done: dict[str, Any] = {}
        """The end of the last answer: {"answer", "tokens", "used", "tokens_per_second", "stopped", "reason"}."""
        self.tokens = 0
        """Tokens of the answer so far."""
        self.used = 0
        """Tokens of the context that are taken."""

    def __enter__(self) -> ChatProcess:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The child's process id, 0 when there is none."""
        return self._child.pid if self._child else 0

    def start(self) -> ChatProcess:
        """Load the model; raise WorkbenchError when that fails. Returns when it can be asked."""
        self._child = subprocess.Popen(
            [sys.executable, "-P", "-m", "workbench.engine.chat"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=engine_env() | {hardware.VISIBLE: hardware.training_card()},
            start_new_session=True,
        )
        try:
            self._send(self._request)
            self.ready = self._receive()["ready"]
        except BaseException:
            self.close()
            raise
        return self

    def ask(self, messages: Sequence[dict[str, str]], settings: Settings | None = None) -> Generator[str, None, None]:
        """Yield the answer piece by piece; afterwards `done` tells how it ended.

        Closing the iterator early cancels the answer. Raises UsageError for a malformed conversation and WorkbenchError
        when the model refuses it or its process dies.
        """
        request = {
            "messages": check_messages(messages),
            "settings": asdict(settings or Settings()),
            "acting": self.acting,
        }
        self.done = {}
        self.tokens = 0
        self._send(request)
        try:
            while True:
                line = self._receive()
                if "done" in line:
                    self.done = line["done"]
                    self.tokens, self.used = self.done["tokens"], self.done["used"]
                    return
                self.tokens, self.used = line["tokens"], line["used"]
                yield line["text"]
        except GeneratorExit:
            self.cancel()
            while not self.done:
                self.done = self._receive().get("done", {})
            raise

    def toggle(self, number: int) -> bool:
        """Switch one adapter on or off from the next answer on; return whether it acts then."""
        if not 0 <= number < len(self.adapters):
            raise UsageError(f"There is no adapter {number + 1}; this chat has {len(self.adapters)} of them.")
        self.acting = tuple(sorted({*self.acting} ^ {number}))
        return number in self.acting

    def cancel(self) -> None:
        """Stop the answer that is being written; its `done` has the reason "cancelled"."""
        child = self._child
        if child is not None and child.stdin is not None:
            # Who reads the answer finds out when the child is gone.
            with contextlib.suppress(OSError, ValueError):
                child.stdin.write(b'{"cancel": true}\n')
                child.stdin.flush()

    def kill(self) -> None:
        """End the child at once, whatever it does; whoever waits for it gets a WorkbenchError."""
        child = self._child
        if child is not None and child.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)

    def close(self) -> None:
        """End the child and everything it started, by force when it does not go at once."""
        child, self._child = self._child, None
        if child is not None:
            with contextlib.suppress(OSError):
                if child.stdin:
                    child.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(_FAREWELL_SECONDS)
            # The child leads its own group, so nothing it started outlives it.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            if child.stdout:
                child.stdout.close()

    def _send(self, body: dict[str, Any]) -> None:
        """Send one line to the child; raise WorkbenchError when it is gone."""
        if self._child is None or self._child.stdin is None:
            raise WorkbenchError("The chat has been closed; open it again.")
        try:
            self._child.stdin.write(json.dumps(body).encode() + b"\n")
            self._child.stdin.flush()
        except OSError:
            raise self._death() from None

    def _receive(self) -> dict[str, Any]:
        """Return the next line of the child; raise WorkbenchError when it is gone or says what went wrong."""
        if self._child is None or self._child.stdout is None:
            raise WorkbenchError("The chat has been closed; open it again.")
        line = self._child.stdout.readline()
        try:
            body = json.loads(line)
        except ValueError:
            raise self._death() from None
        if "error" in body:
            raise WorkbenchError(one_line(str(body["error"]), 400))
        return dict(body)

    def _death(self) -> WorkbenchError:
        """Return what to say about a child that ended by itself, and clean up after it."""
        child = self._child
        code = 0
        if child is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(_FAREWELL_SECONDS)
            code = child.returncode if child.returncode is not None else 0
        self.close()
        how = f"with exit code {code}"
        if code < 0:
            how = f"by {signal.Signals(-code).name}" if -code in set(signal.Signals) else f"by signal {-code}"
        return WorkbenchError(f"The model's process was ended {how}; ask again to load the model anew.")
