"""A thin, quiet layer over llama.cpp's C interface: one model, its vocabulary, decoding and sampling.

Owns everything that touches `llama_cpp`. It runs in child processes only, because the library aborts the process on
some inputs; it must not know runs, recipes or Hugging Face models. Nothing is printed: log lines go to a callback.
"""

from __future__ import annotations

import codecs
import ctypes
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import llama_cpp.llama_cpp as c
import numpy as np
from numpy.typing import NDArray

from workbench.core.errors import WorkbenchError
from workbench.core.text import one_line
from workbench.core.units import count
from workbench.engine.export.gguf import header

BATCH = 256

_log_lines: deque[str] = deque(maxlen=40)
_listener: Callable[[str], None] | None = None


@c.llama_log_callback
def _log(level: int, text: bytes, user_data: Any) -> None:
    """Keep the last lines llama.cpp says and hand each to the listener; raising through C is not possible."""
    line = text.decode("utf-8", "replace")
    _log_lines.append(line)
    if _listener is not None:
        _listener(line)


def quiet(listener: Callable[[str], None] | None = None) -> None:
    """Send llama.cpp's log to `listener` (or nowhere) instead of the terminal; call before anything else."""
    global _listener
    _listener = listener
    os.environ.setdefault("GGML_NO_BACKTRACE", "1")
    c.llama_log_set(_log, ctypes.c_void_p(0))
    c.llama_backend_init()


def last_words() -> str:
    """Return the last thing llama.cpp logged, on one line, "" when it was silent."""
    lines = [line.strip() for line in _log_lines if len(line.strip()) > 3]
    return one_line(lines[-1], 200) if lines else ""


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class Sampling:
    """How the next token is drawn; temperature 0 takes the likeliest."""

    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    repeat_penalty: float = 1.0
    seed: int = 0


class Model:
    """A loaded GGUF with its context. Use it as a context manager; it is not thread-safe.

    `exact` keeps the KV cache in float32 and all work on the CPU, for comparisons; otherwise the library's defaults and
    every layer the GPU can take are used. `context` is in tokens and is cut to what the model was trained for.
    `adapters` are adapters' GGUF files to load beside it, of which none acts before `switch` says so. Raises
    WorkbenchError for a file that cannot be loaded or belongs to another model.
    """

    def __init__(
        self, path: Path, context: int, exact: bool = False, threads: int = 0, adapters: Sequence[Path] = ()
    ) -> None:
        header.refuse_what_is_no_model(path, header.read(path).metadata)
        params = c.llama_model_default_params()
        params.n_gpu_layers = 0 if exact else -1
        self._model: Any = c.llama_model_load_from_file(os.fsencode(path), params)
        if not self._model:
            raise WorkbenchError(
                f"llama.cpp cannot load {one_line(path.name)}: {last_words() or 'it gives no reason'}."
            )
        try:
            # Before the context, which is made with room in its graph for them.
            self._adapters = [self._load_adapter(adapter) for adapter in adapters]
        except WorkbenchError:
            c.llama_model_free(self._model)
            raise
        self.vocab: Any = c.llama_model_get_vocab(self._model)
        self.vocab_size = int(c.llama_vocab_n_tokens(self.vocab))
        settings = c.llama_context_default_params()
        self.context = max(min(context, int(c.llama_model_n_ctx_train(self._model))), 8)
        settings.n_ctx = self.context
        settings.n_batch = settings.n_ubatch = min(BATCH, self.context)
        settings.n_threads = settings.n_threads_batch = threads or cores()
        if exact:
            settings.type_k = settings.type_v = c.GGML_TYPE_F32
            settings.offload_kqv = settings.op_offload = False
            settings.flash_attn_type = c.LLAMA_FLASH_ATTN_TYPE_DISABLED
        self._abort_callback = c.ggml_abort_callback(lambda _: self._abort())
        settings.abort_callback = self._abort_callback
        self._abort: Callable[[], bool] = bool
        self._ctx: Any = c.llama_init_from_model(self._model, settings)
        if not self._ctx:
            c.llama_model_free(self._model)
            raise WorkbenchError(f"llama.cpp has no room to run {one_line(path.name)}: {last_words()}.")
        self._cached: list[int] = []

    def __enter__(self) -> Model:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        c.llama_free(self._ctx)
        c.llama_model_free(self._model)

    def _load_adapter(self, path: Path) -> Any:
        """Return a LoRA adapter's GGUF loaded beside the model, not yet at work."""
        if header.read(path).metadata.get("general.type") != "adapter":
            raise WorkbenchError(
                f"{one_line(path.name)} is no adapter; give a file that export --adapter made, and the model first."
            )
        # A null pointer is not None, so that the library's own class takes any file for loaded.
        found = c.llama_adapter_lora_init(self._model, os.fsencode(path))
        if not found:
            raise WorkbenchError(
                f"The adapter {one_line(path.name)} does not fit this model: {last_words() or 'it gives no reason'}."
            )
        return found

    def switch(self, numbers: Sequence[int]) -> None:
        """Let exactly these loaded adapters act from now on, each with the strength it was trained for."""
        pointers = [self._adapters[number] for number in numbers]
        # What is cached was computed with the others, and would be continued.
        self.forget()
        handles = (c.llama_adapter_lora_p_ctypes * len(pointers))(
            *(ctypes.cast(pointer, c.llama_adapter_lora_p_ctypes) for pointer in pointers)
        )
        scales = (ctypes.c_float * len(pointers))(*([1.0] * len(pointers)))
        if c.llama_set_adapters_lora(self._ctx, handles, len(pointers), scales):
            raise WorkbenchError(f"llama.cpp cannot switch adapters: {last_words()}.")

    def metadata(self, key: str) -> str | None:
        """Return one metadata value as text, or None when the file lacks it."""
        need = c.llama_model_meta_val_str(self._model, key.encode(), ctypes.create_string_buffer(1), 1)
        if need < 0:
            return None
        buffer = ctypes.create_string_buffer(need + 1)
        c.llama_model_meta_val_str(self._model, key.encode(), buffer, need + 1)
        return buffer.value.decode("utf-8", "replace")

    def tokenize(self, text: str, add_special: bool, parse_special: bool = True) -> list[int]:
        """Return the token ids of `text`; `add_special` adds what the model wants at the ends (BOS, EOS)."""
        data = text.encode("utf-8", "replace")
        room = len(data) + 8
        tokens = (c.llama_token * room)()
        count = c.llama_tokenize(self.vocab, data, len(data), tokens, room, add_special, parse_special)
        if count < 0:
            raise WorkbenchError("llama.cpp cannot tokenize this text; shorten it.")
        return list(tokens[:count])

    def piece(self, token: int, special: bool = False) -> bytes:
        """Return the bytes of one token; control tokens are empty unless `special`."""
        buffer = ctypes.create_string_buffer(256)
        count = c.llama_token_to_piece(self.vocab, token, buffer, len(buffer), 0, special)
        if count < 0:
            buffer = ctypes.create_string_buffer(-count)
            count = c.llama_token_to_piece(self.vocab, token, buffer, len(buffer), 0, special)
        return buffer.raw[: max(count, 0)]

    def ends(self, token: int) -> bool:
        """Return whether generation stops at `token`."""
        return bool(c.llama_vocab_is_eog(self.vocab, token))

    def special_text(self, which: str) -> str:
        """Return the text of the "bos" or "eos" token, "" when there is none."""
        token = {"bos": c.llama_vocab_bos, "eos": c.llama_vocab_eos}[which](self.vocab)
        return self.piece(token, special=True).decode("utf-8", "replace") if token >= 0 else ""

    def _decode(self, tokens: Sequence[int], start: int, every: bool) -> None:
        """Decode `tokens` at positions from `start`; logits for all of them or for the last one only."""
        count = len(tokens)
        batch = c.llama_batch_init(count, 0, 1)
        try:
            batch.n_tokens = count
            for i, token in enumerate(tokens):
                batch.token[i], batch.pos[i] = token, start + i
                batch.n_seq_id[i], batch.seq_id[i][0] = 1, 0
                batch.logits[i] = every or i == count - 1
            code = c.llama_decode(self._ctx, batch)
        finally:
            c.llama_batch_free(batch)
        if code == 2:
            self.forget()
            raise InterruptedError
        if code:
            self.forget()
            raise WorkbenchError(f"llama.cpp could not go on (code {code}): {last_words()}.")

    def forget(self) -> None:
        """Empty the KV cache."""
        c.llama_memory_clear(c.llama_get_memory(self._ctx), True)
        self._cached = []

    def logits(self, tokens: Sequence[int]) -> Iterator[NDArray[np.float32]]:
        """Yield the logits of a fresh sequence in blocks of at most BATCH positions, float32 [positions, vocab]."""
        self.forget()
        step = min(BATCH, self.context)
        for start in range(0, len(tokens), step):
            part = tokens[start : start + step]
            self._decode(part, start, every=True)
            pointer = c.llama_get_logits(self._ctx)
            yield np.ctypeslib.as_array(pointer, shape=(len(part), self.vocab_size)).copy()

    def _sampler(self, sampling: Sampling) -> Any:
        """Return a new sampler chain; the caller frees it."""
        chain = c.llama_sampler_chain_init(c.llama_sampler_chain_default_params())
        if sampling.repeat_penalty != 1.0:
            c.llama_sampler_chain_add(
                chain, c.llama_sampler_init_penalties(self.vocab_size, 64, sampling.repeat_penalty, 0.0, 0.0)
            )
        if sampling.temperature <= 0:
            c.llama_sampler_chain_add(chain, c.llama_sampler_init_greedy())
            return chain
        if sampling.top_k > 0:
            c.llama_sampler_chain_add(chain, c.llama_sampler_init_top_k(sampling.top_k))
        c.llama_sampler_chain_add(chain, c.llama_sampler_init_top_p(sampling.top_p, 1))
        c.llama_sampler_chain_add(chain, c.llama_sampler_init_temp(sampling.temperature))
        c.llama_sampler_chain_add(chain, c.llama_sampler_init_dist(sampling.seed & 0xFFFFFFFF))
        return chain

    def _reuse(self, prompt: Sequence[int]) -> int:
        """Keep the longest cached prefix of `prompt`, always leaving one token to decode; return its length."""
        same = 0
        for old, new in zip(self._cached, prompt[:-1], strict=False):
            if old != new:
                break
            same += 1
        # A sliding-window cache cannot be cut at every place, and then all is decoded again.
        if not same or not c.llama_memory_seq_rm(c.llama_get_memory(self._ctx), 0, same, -1):
            self.forget()
            return 0
        self._cached = list(prompt[:same])
        return same

    def generate(
        self, prompt: Sequence[int], limit: int, sampling: Sampling | None = None, cancelled: Callable[[], bool] = bool,
        instead: Callable[[Sequence[int]], int | None] | None = None,
    ) -> Iterator[int]:  # fmt: skip
        """Yield up to `limit` new tokens, the ending token included; stop early when `cancelled()` says so.

        `instead` is asked before each token, with those written so far, for one that is not drawn.

        Raises WorkbenchError when the prompt is empty or leaves no room in the context.
        """
        if not prompt:
            raise WorkbenchError("There is nothing to continue: the prompt has no token.")
        if len(prompt) >= self.context:
            raise WorkbenchError(
                f"The conversation has {count(len(prompt))} tokens and the model's context holds "
                f"{count(self.context)}; start a new one."
            )
        self._abort = cancelled
        chain = self._sampler(sampling or Sampling())
        try:
            done = self._reuse(prompt)
            step = min(BATCH, self.context)
            for start in range(done, len(prompt), step):
                part = prompt[start : start + step]
                self._decode(part, start, every=False)
                self._cached.extend(part)
            written: list[int] = []
            for _ in range(min(limit, self.context - len(prompt))):
                forced = instead(written) if instead is not None else None
                if forced is None:
                    token = int(c.llama_sampler_sample(chain, self._ctx, -1))
                else:
                    token = forced
                    c.llama_sampler_accept(chain, token)
                written.append(token)
                yield token
                if self.ends(token) or cancelled():
                    return
                if len(self._cached) + 1 < self.context:
                    self._decode([token], len(self._cached), every=False)
                    self._cached.append(token)
        except InterruptedError:
            return
        finally:
            self._abort = bool
            c.llama_sampler_free(chain)


def decoder() -> codecs.IncrementalDecoder:
    """Return a decoder for tokens whose bytes may split a character."""
    return codecs.getincrementaldecoder("utf-8")("replace")
