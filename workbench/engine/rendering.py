"""From a conversation to its text: the chat template's rendering, and which parts of it the assistant says.

Owns the foreign template: what it is given, what it may raise, and the spans of the answers in what it writes. Must not
know tokens. The spans come from the template itself, by rendering the conversation up to each answer and through it;
conversations of one shape share that work where the template writes what is said as it is.
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from transformers.utils.chat_template_utils import _compile_jinja_template

from workbench.data.formats.calls import spelled_out

OPEN, CLOSE = "\uf8f0", "\uf8f1"
SENTINEL = re.compile(f"{OPEN}([0-9]+){CLOSE}")
"""Stands for the n-th text that must not reach the tokenizer as it is; `OPEN` itself is such a text."""

_SLOT_OPEN, _SLOT_CLOSE = "\uf8f2", "\uf8f3"
_SLOT = re.compile(f"{_SLOT_OPEN}([0-9]+){_SLOT_CLOSE}")
_EDGE = "\u2003 "
"""Stands round a slot, so that it is seen whether the template trims what is said."""
_TRIMS: dict[tuple[bool, bool], Callable[[str], str]] = {
    (True, True): str,
    (False, False): str.strip,
    (False, True): str.lstrip,
    (True, False): str.rstrip,
}
"""Whether the blanks before and behind a slot are kept → what the template does to what is said."""

TRIALS = 32
"""Conversations of a shape whose spans are found in both ways before the quick way is trusted."""
_MOST_TURNS = 64
_MOST_SHAPES = 4096


class MaskError(Exception):
    """This row cannot be turned into an example; the text is a short reason."""


@dataclass(frozen=True)
class Rendered:
    """A conversation as the template writes it."""

    text: str
    """With sentinels in place of what must not be read as control tokens."""
    found: list[str]
    """What the sentinels stand for."""
    spans: list[tuple[int, int]]
    """Character spans of `text` that assistant turns cover, ends of turn included."""


@dataclass
class _Shape:
    """How the template writes conversations of one sequence of roles: texts, and what is said between them."""

    texts: list[str]
    said: list[tuple[int, Callable[[str], str]]]
    """For each gap between two texts the number of the turn that is said there, and what the template trims."""
    spans: list[tuple[tuple[int, int], tuple[int, int]]]
    """Begin and end of each answer as (number of a text, characters into it)."""
    opened: str = ""
    """What the prompt opens and answers do not have, a thought for example."""
    trials: int = TRIALS

    def fill(self, contents: Sequence[str]) -> tuple[str, list[tuple[int, int]]]:
        """Return the text of a conversation with these contents and the spans of its answers."""
        pieces, starts = [self.texts[0]], [0]
        position = len(self.texts[0])
        for (turn, trim), text in zip(self.said, self.texts[1:], strict=True):
            content = trim(contents[turn])
            position += len(content)
            starts.append(position)
            position += len(text)
            pieces += [content, text]
        spans = [(starts[a] + low, starts[b] + high) for (a, low), (b, high) in self.spans]
        return "".join(pieces), spans


def _is_plain(message: Mapping[str, Any]) -> bool:
    """Whether a turn is a role and a text and nothing else."""
    return type(message) is dict and len(message) == 2 and type(message.get("content")) is str


class Renderer:
    """Renders conversations with one tokenizer's chat template."""

    def __init__(
        self, tokenizer: Any, control: Sequence[str], stops: Sequence[str], template_kwargs: Mapping[str, Any]
    ) -> None:
        """`control` are the texts of control tokens, longest first; `stops` those at which generation stops."""
        self._tokenizer, self._stops, self._kwargs = tokenizer, stops, dict(template_kwargs)
        self._unsafe = re.compile("|".join(map(re.escape, [*control, OPEN])))
        self._plain_stops = [stop for stop in stops if stop not in control]
        self._shapes: dict[tuple[str, ...], _Shape | None] = {}

    @cached_property
    def _template(self) -> Any:
        """The chat template as transformers compiles it. Turns of a role and a text need none of its preparation of
        what a template is given, which takes longer than the rendering."""
        return _compile_jinja_template(self._tokenizer.get_chat_template(None, None))

    @cached_property
    def _known(self) -> dict[str, Any]:
        """What a template finds beside the conversation."""
        return {**self._tokenizer.special_tokens_map, **self._kwargs}

    def _render(self, messages: Sequence[Mapping[str, Any]], tools: Any, prompt: bool = False) -> str:
        """Return the text of the conversation; `prompt` adds what stands before an answer."""
        try:
            if tools is None and messages and all(map(_is_plain, messages)):
                return self._template.render(
                    messages=messages, tools=None, documents=None, add_generation_prompt=prompt, **self._known
                )
            return str(
                self._tokenizer.apply_chat_template(
                    list(messages), tools=tools, tokenize=False, add_generation_prompt=prompt, **self._kwargs
                )
            )
        except Exception as error:  # a template is foreign code and may raise anything
            raise MaskError(f"the chat template refuses it ({' '.join(str(error).split())[:120]})") from None

    def _defuse(self, value: Any, found: list[str]) -> Any:
        """Return a JSON value with the control tokens in its texts replaced by sentinels, adding them to `found`."""
        if isinstance(value, str):

            def swap(match: re.Match[str]) -> str:
                found.append(match.group())
                return f"{OPEN}{len(found) - 1}{CLOSE}"

            return self._unsafe.sub(swap, value)
        if isinstance(value, Mapping):
            return {self._defuse(key, found): self._defuse(item, found) for key, item in value.items()}
        return [self._defuse(item, found) for item in value] if isinstance(value, list) else value

    @cached_property
    def _knows_calls(self) -> bool:
        """Whether the template writes the calls of tools; one that does not would leave the answer empty."""
        return self._writes_call({})

    @cached_property
    def _knows_named_calls(self) -> bool:
        """Whether the template writes calls that have an id; some refuse any other."""
        return self._knows_calls or self._writes_call({"id": "trial1234"})

    def _writes_call(self, more: Mapping[str, str]) -> bool:
        """Return whether the template writes a call that has `more` beside its function."""
        call = {**more, "type": "function", "function": {"name": "call_of_a_trial", "arguments": {}}}
        asked: list[dict[str, Any]] = [
            {"role": "user", "content": "x"},
            {"role": "assistant", "content": "", "tool_calls": [call]},
        ]
        try:
            return "call_of_a_trial" in self._render(asked, None)
        except MaskError:
            return False

    def _ready(self, messages: Sequence[Mapping[str, Any]], found: list[str]) -> list[dict[str, Any]]:
        """Return the turns as the template gets them: control tokens replaced, calls as text where it ignores them."""
        calls = [call for message in messages for call in message.get("tool_calls") or []]
        if calls and not (self._knows_named_calls if all(call.get("id") for call in calls) else self._knows_calls):
            messages = [spelled_out(message) for message in messages]
        return [
            {key: value if key == "role" else self._defuse(value, found) for key, value in message.items()}
            for message in messages
        ]

    def render(self, messages: Sequence[Mapping[str, Any]], tools: Any = None) -> Rendered:
        """Return the text of a conversation and the spans of its answers.

        Raises MaskError when the template refuses it, or changes every answer so that none can be told from the rest.
        """
        found: list[str] = []
        defused = self._ready(messages, found)
        tools = self._defuse(tools, found)
        text = self._render(defused, tools)
        spans = self._quick(defused, text) if tools is None else None
        if spans is None:
            spans = self._spans(defused, text, tools)
        if not spans:
            raise MaskError("the chat template changes every answer, so none can be told from the rest")
        return Rendered(text, found, spans)

    def prompt(self, messages: Sequence[Mapping[str, Any]], tools: Any = None) -> Rendered:
        """Return the text before an answer to a conversation that ends with somebody else's turn; without spans."""
        found: list[str] = []
        defused = self._ready(messages, found)
        return Rendered(self._render(defused, self._defuse(tools, found), prompt=True), found, [])

    def _spans(self, messages: Sequence[Mapping[str, Any]], full: str, tools: Any) -> list[tuple[int, int]]:
        """Return the character spans of `full` that assistant turns cover, ends of turn included.

        Answers of weight 0 are read and not learnt. Where a template rewrites earlier turns, only the turns that it
        leaves as they were said are returned.
        """
        spans = []
        for index, message in enumerate(messages):
            if message["role"] != "assistant" or message.get("weight") == 0:
                continue
            before = self._render(messages[:index], tools, prompt=True)
            through = self._render(messages[: index + 1], tools) if index + 1 < len(messages) else full
            if not full.startswith(through):
                through = self._going_on(messages, index, through, full, tools)
            if not through.startswith(before):
                # The prompt opens something, a thought for example, that this answer does not have. What both begin
                # with is not the answer's own beginning, so it is looked for with another one.
                other = self._render([*messages[:index], {**message, "content": f"{_SLOT_OPEN}0"}], tools)
                shared = os.path.commonprefix([before, other])  # noqa: RUF071 - of any texts, whatever its home
                before = self._render(messages[:index], tools) if index else ""
                before = max(before, shared, key=len)
                if not through.startswith(before):
                    continue
            spans.append((len(before), self._end(through, len(before))))
        return spans

    def _going_on(self, messages: Sequence[Mapping[str, Any]], index: int, through: str, full: str, tools: Any) -> str:
        """Return what `full` has up to the end of an answer that ends otherwise where nothing follows it, as `through`
        has it; "" where the answer itself is written differently.

        Some templates close the whole text in a way of their own, after or in the place of the turn's end.
        """
        other = [*messages[: index + 1], {**messages[index + 1], "content": f"{_SLOT_OPEN}0"}]
        shared = os.path.commonprefix([full, self._render(other, tools)])  # noqa: RUF071 - of any texts
        same = os.path.commonprefix([full, through])  # noqa: RUF071 - of any texts
        start, stop = max(((shared.rfind(stop), stop) for stop in self._stops), default=(-1, ""))
        ends = 0 <= start <= len(same) and through.startswith(tuple(self._stops), start)
        return shared[: start + len(stop)] if ends else ""

    def _end(self, through: str, start: int) -> int:
        """Return where the assistant's turn ends: after its stop token, without the blanks the template adds behind."""
        text = through[start:]
        ends = [text.rfind(stop) + len(stop) for stop in self._stops if stop in text]
        return start + max(ends) if ends and not text[max(ends) :].strip() else len(through)

    def _quick(self, messages: Sequence[Mapping[str, Any]], full: str) -> list[tuple[int, int]] | None:
        """Return the spans as conversations of this shape have them, or None where they have to be found one by one.

        That what is known of the shape gives the very text the template wrote is checked for each conversation; the
        first ones are also looked at in the other way, and one that differs ends the quick way for the shape.
        """
        contents = [message["content"] for message in messages]
        if len(messages) > _MOST_TURNS or any(len(message) != 2 for message in messages):
            return None
        if not all(type(content) is str for content in contents):
            return None
        if any(stop in content for stop in self._plain_stops for content in contents):
            return None
        roles = tuple(message["role"] for message in messages)
        if roles not in self._shapes:
            if len(self._shapes) >= _MOST_SHAPES:
                self._shapes.clear()
            self._shapes[roles] = self._shape(roles)
        shape = self._shapes[roles]
        if shape is None:
            return None
        if shape.opened and any(content.lstrip().startswith(shape.opened.lstrip()[:1]) for content in contents):
            # An answer may begin with what the prompt opens, and then less of it is said by the assistant.
            return None
        text, spans = shape.fill(contents)
        if text != full:
            return None
        if shape.trials:
            shape.trials -= 1
            exact = self._spans(messages, full, None)
            if exact != spans:
                self._shapes[roles] = None
            return exact
        return spans

    def _shape(self, roles: tuple[str, ...]) -> _Shape | None:
        """Return how the template writes conversations with these roles, or None where that depends on what is said."""
        messages = [
            {"role": role, "content": f"{_EDGE}{_SLOT_OPEN}{turn}{_SLOT_CLOSE}{_EDGE[::-1]}"}
            for turn, role in enumerate(roles)
        ]
        try:
            full = self._render(messages, None)
            found = self._spans(messages, full, None)
        except MaskError:
            return None
        texts: list[str] = []
        said: list[tuple[int, Callable[[str], str]]] = []
        bounds: list[tuple[int, int]] = []
        position = 0
        for match in _SLOT.finditer(full):
            before, behind = full.startswith(_EDGE, match.start() - 2), full.startswith(_EDGE[::-1], match.end())
            start, end = match.start() - 2 * before, match.end() + 2 * behind
            if start < position:
                return None
            texts.append(full[position:start])
            bounds.append((position, start))
            said.append((int(match[1]), _TRIMS[before, behind]))
            position = end
        texts.append(full[position:])
        bounds.append((position, len(full)))

        def place(character: int) -> tuple[int, int] | None:
            return next(
                ((number, character - low) for number, (low, high) in enumerate(bounds) if low <= character <= high),
                None,
            )

        spans = [(place(low), place(high)) for low, high in found]
        known = [(low, high) for low, high in spans if low is not None and high is not None]
        if len(known) < len(spans):
            return None
        first = next((turn for turn, role in enumerate(roles) if role == "assistant"), len(roles))
        prompt = self._render(messages[:first], None, prompt=True)
        shared = os.path.commonprefix([prompt, full])  # noqa: RUF071 - of any texts, whatever its home
        return _Shape(texts, said, known, prompt[len(shared) :] if first < len(roles) else "")
