"""The chat process: `python -m workbench.engine.chat`, which answers one conversation after another from one model.

Owns the child's side of the protocol that `workbench.runs.talk` describes, and the two ways to answer: a GGUF through
llama.cpp, a model directory with an optional adapter through transformers. Must not know runs or how answers are shown.
Nothing but the protocol reaches stdout; a request that comes while an answer is written waits for its end.
"""

from __future__ import annotations

import json
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.text import one_line
from workbench.core.units import count
from workbench.engine import lifeline, startup, thoughts
from workbench.runs.talk import BOUNDS, Settings, check_messages

Messages = Sequence[dict[str, str]]


@dataclass
class Outcome:
    """How an answer ended."""

    tokens: int = 0
    prompt: int = 0
    """Tokens of the conversation that the answer follows."""
    stopped: bool = False
    """Whether the model ended the answer by itself."""


class Speaker(Protocol):
    """Something that can continue a conversation."""

    kind: str
    context: int

    def answer(
        self, messages: Messages, settings: Settings, cancelled: Callable[[], bool], outcome: Outcome
    ) -> Iterator[str]:
        """Yield the answer's text; `outcome` is filled while it grows."""


def no_template() -> WorkbenchError:
    """Return the refusal to guess how a model wants to be talked to."""
    return WorkbenchError(
        "This model has no chat template, so it only continues text; "
        "fine-tune it with sft, or choose a model made for chat."
    )


class GgufSpeaker:
    """A GGUF in llama.cpp, with the chat template and vocabulary it carries."""

    kind = "gguf"

    def __init__(self, path: Path, context: int, adapters: Sequence[Path] = ()) -> None:
        from workbench.engine import llama

        llama.quiet()
        self._model = llama.Model(path, context, adapters=adapters)
        self._acting: tuple[int, ...] = ()
        self.switch(range(len(adapters)))
        self._template = self._model.metadata("tokenizer.chat_template")
        if not self._template:
            raise no_template()
        self.context = self._model.context

    def switch(self, numbers: Sequence[int]) -> None:
        """Let exactly the adapters of these numbers act from now on; what is cached stays where they did already."""
        if tuple(numbers) != self._acting:
            self._model.switch(numbers)
            self._acting = tuple(numbers)

    def answer(
        self, messages: Messages, settings: Settings, cancelled: Callable[[], bool], outcome: Outcome
    ) -> Iterator[str]:
        """Yield the answer's text; see Speaker."""
        from workbench.engine import llama
        from workbench.engine.export.gguf import template

        model = self._model
        text = template.render(
            self._template or "", messages, True, model.special_text("bos"), model.special_text("eos")
        )
        # The template writes every special token itself, as in training; adding BOS here would double it.
        prompt = model.tokenize(text, add_special=False)
        outcome.prompt = len(prompt)
        sampling = llama.Sampling(
            settings.temperature, settings.top_p, settings.top_k, settings.repeat_penalty, settings.seed
        )
        decode = llama.decoder()
        opening, instead = thoughts.opened(text), None
        if opening:
            yield opening
        if opening and settings.thinking_budget:
            mark, written = thoughts.closing_of(opening)
            ids = tuple(model.tokenize(written, add_special=False))
            instead = thoughts.Thoughts(settings.thinking_budget, mark, ids, self._text).instead
        for token in model.generate(prompt, settings.max_tokens, sampling, cancelled, instead):
            outcome.tokens += 1
            outcome.stopped = model.ends(token)
            if not outcome.stopped and (piece := decode.decode(model.piece(token))):
                yield piece
        if rest := decode.decode(b"", final=True):
            yield rest

    def _text(self, tokens: Sequence[int]) -> str:
        """Return tokens as text, control tokens included."""
        return b"".join(self._model.piece(token, special=True) for token in tokens).decode("utf-8", "replace")


class ModelSpeaker:
    """A model directory in transformers, with a LoRA adapter acting beside the weights as in training."""

    kind = "model"

    def __init__(self, request: dict[str, Any]) -> None:
        import torch

        from workbench.engine.export import reference, source
        from workbench.engine.export.gguf.tokenizer import stop_ids

        folder = Path(request["target"])
        adapter, tokenizer = request.get("adapter"), request.get("tokenizer")
        self._tokenizer = reference.load_tokenizer(Path(tokenizer) if tokenizer else folder)
        if not self._tokenizer.chat_template:
            raise no_template()
        config = reference.load_config(folder, packed=not adapter)
        place = ("cuda", "bfloat16") if torch.cuda.is_available() else ("cpu", "float32")
        if getattr(config, "quantization_config", None):
            from workbench.engine.load import Machine, load_model

            where = Machine(place[0], bf16=place[0] == "cuda")
            self._model = load_model(folder, tuning="full", where=where, for_training=False).eval()
        else:
            weights = source.open_source(
                folder,
                Path(adapter) if adapter else None,
                merge_base=request["merge_base"],
                dtype=request["dtype"],
                double_quant=request["double_quant"],
            )
            self._model = reference.load_model(folder, weights, *place)
        self._stops = stop_ids(self._tokenizer, reference.load_generation(folder))
        self.context = min(int(request["context"]), int(config.max_position_embeddings))

    def answer(
        self, messages: Messages, settings: Settings, cancelled: Callable[[], bool], outcome: Outcome
    ) -> Iterator[str]:
        """Yield the answer's text; see Speaker."""
        from jinja2 import TemplateError

        try:
            text = self._tokenizer.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=True)
        except (TemplateError, TypeError, ValueError) as error:
            raise WorkbenchError(
                f"The model's chat template cannot render this conversation: {one_line(str(error), 200)}."
            ) from None
        prompt = self._tokenizer(text, add_special_tokens=False).input_ids
        outcome.prompt = len(prompt)
        if len(prompt) >= self.context:
            raise WorkbenchError(
                f"The conversation has {count(len(prompt))} tokens and the model's context holds "
                f"{count(self.context)}; start a new one."
            )
        if opening := thoughts.opened(text):
            yield opening
        pieces: queue.Queue[str | BaseException | None] = queue.Queue()
        worker = threading.Thread(
            target=self._generate, args=(prompt, settings, cancelled, outcome, pieces), daemon=True
        )
        worker.start()
        while (piece := pieces.get()) is not None:
            if isinstance(piece, BaseException):
                raise WorkbenchError(f"The model could not answer: {one_line(str(piece), 200)}.") from piece
            yield piece
        worker.join()

    def _generate(
        self,
        prompt: list[int],
        settings: Settings,
        cancelled: Callable[[], bool],
        outcome: Outcome,
        pieces: queue.Queue[str | BaseException | None],
    ) -> None:
        """Generate in this thread; texts, an exception or the final None go to `pieces`."""
        import torch
        from transformers import StoppingCriteria, StoppingCriteriaList, TextStreamer

        class Streamer(TextStreamer):
            """Hands over text as soon as it is certain."""

            def put(self, value: Any) -> None:
                outcome.tokens += not self.next_tokens_are_prompt
                super().put(value)

            def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
                if text:
                    pieces.put(text)

        class Cancelled(StoppingCriteria):
            """Ends the generation on request."""

            def __call__(self, input_ids: Any, scores: Any, **options: Any) -> Any:
                return torch.full((input_ids.shape[0],), cancelled(), device=input_ids.device, dtype=torch.bool)

        try:
            torch.manual_seed(settings.seed)
            drawn: dict[str, Any] = {"do_sample": False}
            if settings.temperature > 0:
                drawn = {
                    "do_sample": True,
                    "temperature": settings.temperature,
                    "top_p": settings.top_p,
                    "top_k": settings.top_k,
                }
            ids = torch.tensor([prompt], device=self._model.device)
            budget = settings.thinking_budget
            held = thoughts.Thoughts.of(self._tokenizer, prompt, budget) if budget else None
            out = self._model.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=min(settings.max_tokens, self.context - len(prompt)),
                repetition_penalty=settings.repeat_penalty,
                eos_token_id=list(self._stops) or None,
                pad_token_id=self._stops[0] if self._stops else None,
                logits_processor=[thoughts.ForcedClosing(held, len(prompt))] if held else None,
                streamer=Streamer(self._tokenizer, skip_prompt=True, skip_special_tokens=True),
                stopping_criteria=StoppingCriteriaList([Cancelled()]),
                **drawn,
            )[0, len(prompt) :].tolist()
            outcome.tokens, outcome.stopped = len(out), bool(out) and out[-1] in self._stops
            pieces.put(None)
        except Exception as error:
            pieces.put(error)


def open_speaker(request: dict[str, Any]) -> Speaker:
    """Return the model `request` names, loaded; raise WorkbenchError when there is none or it cannot chat."""
    target = Path(request["target"])
    adapters = [Path(path) for path in request.get("adapters", ())]
    if target.is_dir():
        if adapters:
            raise UsageError("An adapter's file is loaded beside a GGUF file of its base; give that instead.")
        return ModelSpeaker(request)
    if not target.is_file():
        raise UsageError(f"There is no model at {one_line(str(target))}; give a GGUF file or a model directory.")
    return GgufSpeaker(target, int(request["context"]), adapters)


def respond(speaker: Speaker, request: dict[str, Any], cancelled: Callable[[], bool], say: lifeline.Say) -> None:
    """Answer one request: pieces, then how it ended; a refusal is an error line and the chat goes on."""
    try:
        messages = check_messages(request.get("messages"))
        if isinstance(speaker, GgufSpeaker):
            speaker.switch(request.get("acting", ()))
        settings = Settings(**request.get("settings", {}))
        outcome, pieces, started = Outcome(), [], time.monotonic()
        for piece in speaker.answer(messages, settings, cancelled, outcome):
            pieces.append(piece)
            say({"text": piece, "tokens": outcome.tokens, "used": outcome.prompt + outcome.tokens})
    except TypeError:
        say({"error": f"The chat settings are {', '.join(BOUNDS)}."})
    except WorkbenchError as error:
        say({"error": str(error)})
    else:
        seconds = max(time.monotonic() - started, 1e-9)
        reason = "stop" if outcome.stopped else "cancelled" if cancelled() else "length"
        done = {
            "answer": "".join(pieces),
            "tokens": outcome.tokens,
            "used": outcome.prompt + outcome.tokens,
            "tokens_per_second": round(outcome.tokens / seconds, 2),
            "stopped": outcome.stopped,
            "reason": reason,
        }
        say({"done": done})


def _listen(requests: queue.Queue[dict[str, Any] | None], cancel: threading.Event) -> None:
    """Read stdin to its end; a cancel takes effect at once, requests queue up, the end of stdin ends the process."""
    for line in sys.stdin:
        try:
            body = json.loads(line)
        except ValueError:
            continue
        if isinstance(body, dict) and body.get("cancel"):
            cancel.set()
        elif isinstance(body, dict):
            # Cleared here and not where the answer begins, or a cancel that follows at once would be lost.
            cancel.clear()
            requests.put(body)
    cancel.set()
    requests.put(None)


def main() -> int:
    """Load the model the first line names, then answer until stdin ends."""
    startup.hasten()
    say = lifeline.take_stdout()
    requests: queue.Queue[dict[str, Any] | None] = queue.Queue()
    cancel = threading.Event()
    first = sys.stdin.readline()
    try:
        speaker = open_speaker(json.loads(first))
    except WorkbenchError as error:
        say({"error": str(error)})
        return error.exit_code
    threading.Thread(target=_listen, args=(requests, cancel), daemon=True).start()
    say({"ready": {"kind": speaker.kind, "context": speaker.context}})
    while (request := requests.get()) is not None:
        respond(speaker, request, cancel.is_set, say)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
