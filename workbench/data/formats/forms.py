"""Forms of rows that hold one conversation or one text: how each becomes a canonical row.

Owns one reader per such format, made for the columns of a layout. Must not know rows of preferences, other types of row
or files. A reader raises Refused with the reason for a row that is not trained on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from workbench.data.formats import calls, dialogue, names
from workbench.data.formats.languages import language
from workbench.data.formats.lists import listed_in, texts_in
from workbench.data.formats.order import asked, conversation
from workbench.data.formats.refusals import Misfit, Refused
from workbench.data.formats.roles import ROLE_KEYS
from workbench.data.formats.turns import (
    THOUGHTS,
    Turns,
    are_turns,
    is_text,
    joined,
    listed,
    one_side,
    spoken_in,
    text_beside,
    text_of,
    thought,
    turn,
    with_system,
)
from workbench.data.layouts import picker

Row = Mapping[str, Any]
Read = Callable[[Row, Counter[str]], dict[str, Any]]
"""A row → its canonical row; repairs are counted in the second argument."""

_INNER_TEXT = (
    "text", "value", "answer", "content", "response", "completion", "output", "normalized_value", "input_text", "spans",
)  # fmt: skip


def nothing(row: Row) -> Any:
    """Stand for a column that a layout does not have."""
    return None


def picks(columns: Mapping[str, str], *roles: str) -> list[Callable[[Row], Any]]:
    """Return a function for each role that takes its value from a row."""
    return [picker(columns[role]) if role in columns else nothing for role in roles]


def required(value: Any, what: str) -> Any:
    """Return a value; raises Misfit when it is None. `what` names it, with its article."""
    if value is None:
        raise Misfit(f"{what} is missing")
    return value


def answer_text(value: Any, what: str, repairs: Counter[str]) -> str:
    """Return an answer as text: of several equally good ones the first, of a truth value yes or no."""
    for _ in range(3):
        if isinstance(value, dict):
            key = next((key for key in _INNER_TEXT if value.get(key) is not None), None)
            value = value[key] if key is not None else required(None, what)
        elif isinstance(value, list):
            if not value:
                raise Refused("an answer is empty")
            value = value[0]
    if isinstance(value, bool):
        repairs["truth values were written as yes or no"] += 1
        return "yes" if value else "no"
    return text_of(required(value, what), what)


def one_text(value: Any, what: str) -> str:
    """Return text, or the texts of a list (the passages of a context, for example) with blank lines between them."""
    if isinstance(value, list) and all(map(is_text, value)):
        return joined(*map(str, value))
    return text_beside(value, what)


def history(value: Any) -> Turns:
    """Return earlier exchanges, given as a list of [question, answer] or of turns, or as JSON text of one."""
    if isinstance(value, str):
        if not value.strip():
            return []
        value = listed_in(value)
        if value is None:
            raise Refused("the history is not a list of exchanges")
    if value in (None, []):
        return []
    if not are_turns(value):
        raise Refused("the history is not a list of exchanges")
    return listed(value, Counter())


def finished(turns: Turns, system: Any, tools: Any, repairs: Counter[str]) -> dict[str, Any]:
    """Return the canonical conversation of turns."""
    row: dict[str, Any] = {"messages": conversation(with_system(system, turns), repairs)}
    known = calls.tools(tools)
    return row if known is None else {**row, "tools": known}


def turns(columns: Mapping[str, str]) -> Read:
    """Return the reader of rows with a list of turns."""
    pick_turns, pick_system, pick_tools = picks(columns, "turns", "system", "tools")

    def read(row: Row, repairs: Counter[str]) -> dict[str, Any]:
        found = listed(pick_turns(row), repairs)
        return finished(found, pick_system(row), pick_tools(row), repairs)

    return read


def _thoughtful(value: Any, answer: str, repairs: Counter[str]) -> str:
    """Return an answer with the thought of a column of its own before it, unless it brings one along."""
    words = one_text(value, "the thought")
    if not words.strip() or not answer.strip() or "<think>" in answer:
        return answer
    repairs[THOUGHTS] += 1
    bare = words.strip().removeprefix("<think>").removesuffix("</think>").strip()
    return thought(bare) + answer


def alpaca(columns: Mapping[str, str]) -> Read:
    """Return the reader of instruction rows; the input follows the instruction after a blank line."""
    pick_asked, pick_given, pick_answer = picks(columns, "instruction", "input", "completion")
    pick_history, pick_system, pick_tools = picks(columns, "history", "system", "tools")
    pick_thought = picks(columns, "thought")[0]

    def read(row: Row, repairs: Counter[str]) -> dict[str, Any]:
        instruction = text_of(required(pick_asked(row), "the instruction"), "the instruction")
        answer = answer_text(spoken_in(required(pick_answer(row), "the answer")), "the answer", repairs)
        question = joined(instruction, one_text(pick_given(row), "the input"))
        earlier = history(pick_history(row))
        spoken = turn("assistant", _thoughtful(pick_thought(row), answer, repairs))
        exchange = [*earlier, turn("user", question), spoken]
        return finished(exchange, pick_system(row), pick_tools(row), repairs)

    return read


def _bare(value: Any) -> Any:
    """Return the texts of a list of objects that hold one each and no role; another value as it is."""
    if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
        return value
    texts = [
        next((item[key] for key in _INNER_TEXT if isinstance(item.get(key), str)), None)
        for item in value
        if not any(key in item for key in ROLE_KEYS)
    ]
    return texts if len(texts) == len(value) and None not in texts else value


_WAYS_TO_ASK = ("patterns", "utterances", "phrases", "variants")
"""Last words of names of lists whose texts all ask the same."""
ONE_OF_SEVERAL = "of several ways to ask the first was kept"


def _asked_once(questions: Any, answers: Any, repairs: Counter[str]) -> Any:
    """Return questions of which each may be a list of ways to ask it, with the first way of each.

    They are known by their answers: there are as many of them, a text each.
    """
    lists = isinstance(questions, list) and bool(questions) and all(_are_texts(item) for item in questions)
    if not lists or not _are_texts(answers) or len(answers) != len(questions):
        return questions
    if any(len(ways) > 1 for ways in questions):
        repairs[ONE_OF_SEVERAL] += 1
    return [ways[0] for ways in questions]


def _are_texts(value: Any) -> bool:
    """Return whether a value is a list of texts that holds one at least."""
    return isinstance(value, list) and bool(value) and all(map(is_text, value))


def prompt_completion(columns: Mapping[str, str]) -> Read:
    """Return the reader of prompts with completions, as text or as turns; a context stands before the question."""
    pick_prompt, pick_completion, pick_context = picks(columns, "prompt", "completion", "context")
    pick_history, pick_system, pick_tools = picks(columns, "history", "system", "tools")
    pick_thought = picks(columns, "thought")[0]
    spellings = names.last(columns["prompt"]) in _WAYS_TO_ASK

    def several(questions: list[Any], answers: Any, row: Row, repairs: Counter[str]) -> dict[str, Any]:
        """Return the conversation that as many answers as questions are."""
        if isinstance(answers, dict):
            answers = next((answers[key] for key in _INNER_TEXT if isinstance(answers.get(key), list)), None)
        if not isinstance(answers, list) or not all(map(is_text, answers)):
            raise Misfit("the prompt is a list of several texts")
        if len(answers) != len(questions):
            raise Refused("there are not as many answers as questions")
        context = one_text(pick_context(row), "the context")
        exchange: Turns = []
        for asking, said in zip(questions, answers, strict=True):
            question = text_of(asking, "a question")
            opened = question if exchange else joined(context, question)
            exchange += [turn("user", opened), turn("assistant", text_of(said, "an answer"))]
        return finished(exchange, pick_system(row), pick_tools(row), repairs)

    def read(row: Row, repairs: Counter[str]) -> dict[str, Any]:
        prompt = required(pick_prompt(row), "the prompt")
        completion = required(pick_completion(row), "the completion")
        prompt, completion = _bare(prompt), _bare(spoken_in(completion))
        if isinstance(prompt, str) and isinstance(completion, str) and prompt[:2] == completion[:2] == '["':
            prompt, completion = texts_in(prompt) or prompt, texts_in(completion) or completion
        prompt = _asked_once(prompt, completion, repairs)
        if isinstance(prompt, list) and len(prompt) > 1 and all(map(is_text, prompt)):
            # Questions about a text have an answer each; by themselves they share one.
            shared = "context" not in columns and _are_texts(completion) and len(completion) == 1
            if not spellings and not shared:
                return several(prompt, completion, row, repairs)
            prompt = prompt[0]
            repairs[ONE_OF_SEVERAL] += 1
        before = side(prompt, "the prompt", repairs)
        context = one_text(pick_context(row), "the context")
        if context.strip():
            before = [*before[:-1], turn(before[-1]["role"], joined(context, before[-1]["content"]))]
        if isinstance(completion, str) or is_text(completion):
            tools = pick_tools(row)
            called = calls.written(completion) if tools and isinstance(completion, str) else None
            after = [turn("assistant", "" if called else text_of(completion, "the completion"))]
            if called:
                after[0]["tool_calls"] = called
        elif isinstance(completion, list | dict):
            try:
                after = one_side(completion, "assistant", "the completion", repairs)
            except Misfit:
                after = [turn("assistant", answer_text(completion, "the completion", repairs))]
        else:
            after = [turn("assistant", answer_text(completion, "the completion", repairs))]
        if len(after) == 1 and "tool_calls" not in after[0]:
            after = [turn("assistant", _thoughtful(pick_thought(row), after[0]["content"], repairs))]
        exchange = [*history(pick_history(row)), *before, *after]
        return finished(exchange, pick_system(row), pick_tools(row), repairs)

    return read


def side(prompt: Any, what: str, repairs: Counter[str]) -> Turns:
    """Return a prompt as turns: text, turns, or a dialogue written into one text with chat marks."""
    if isinstance(prompt, str) and ("\n\nHuman:" in prompt[:16] or dialogue.is_rendered(prompt)):
        found = dialogue.opened(prompt)
        if found is not None:
            return found
    return one_side(prompt, "user", what, repairs)


def translation(columns: Mapping[str, str]) -> Read:
    """Return the reader of texts in two languages; the prompt says from which into which."""
    pick_source, pick_target = picks(columns, "source", "target")
    spoken = [(language(columns[role]) or ("", columns[role]))[1] for role in ("source", "target")]
    task = f"Translate from {spoken[0]} to {spoken[1]}:"

    def read(row: Row, repairs: Counter[str]) -> dict[str, Any]:
        source = text_of(required(pick_source(row), "the text to translate"), "the text to translate")
        target = text_of(required(pick_target(row), "the translation"), "the translation")
        if not source.strip():
            raise Refused("a user turn is empty")
        return finished([turn("user", f"{task}\n\n{source}"), turn("assistant", target)], None, None, repairs)

    return read


def prompt_only(columns: Mapping[str, str]) -> Read:
    """Return the reader of prompts without a completion, with a checkable answer where there is one."""
    pick_prompt, pick_answer, pick_system, pick_tools = picks(columns, "prompt", "answer", "system", "tools")

    def read(row: Row, repairs: Counter[str]) -> dict[str, Any]:
        given = required(pick_prompt(row), "the prompt")
        if _are_texts(given) and len(given) > 1:
            given = given[0]
            repairs["of questions that follow each other the first was kept"] += 1
        prompt = side(given, "the prompt", repairs)
        canonical: dict[str, Any] = {"prompt": asked(with_system(pick_system(row), prompt), repairs)}
        answer = pick_answer(row)
        if answer is not None:
            canonical["answer"] = answer_text(answer, "the answer", repairs)
        known = calls.tools(pick_tools(row))
        return canonical if known is None else {**canonical, "tools": known}

    return read


def classification(columns: Mapping[str, str]) -> Read:
    """Return the reader of texts with a class; the answer is the name of the class."""
    pick_text, pick_class, pick_pair, pick_title = picks(columns, "text", "class", "pair", "title")

    def read(row: Row, repairs: Counter[str]) -> dict[str, Any]:
        text = text_of(required(pick_text(row), "the text"), "the text")
        if (pair := text_beside(pick_pair(row), "the second text")).strip():
            text = joined(text, pair)
        text = joined(text_beside(pick_title(row), "the title"), text) if text.strip() else text
        given = required(pick_class(row), "the class")
        several = isinstance(given, list) and bool(given) and all(map(is_text, given))
        named = ", ".join(map(str, given)) if several else answer_text(given, "the class", repairs)
        return finished([turn("user", text), turn("assistant", named)], None, None, repairs)

    return read


def written_dialogue(columns: Mapping[str, str]) -> Read:
    """Return the reader of dialogues written into one text."""
    pick_text, pick_system = picks(columns, "text", "system")

    def read(row: Row, repairs: Counter[str]) -> dict[str, Any]:
        text = pick_text(row)
        found = dialogue.turns_of(text) if isinstance(text, str) else None
        if found is None:
            raise Misfit("the text is no dialogue")
        if found[0]["role"] == "system" and dialogue.ANNOUNCED.fullmatch(found[0]["content"]):
            found = found[1:]
            repairs["a sentence that only announces the dialogue was left out"] += 1
        return finished(found, pick_system(row), None, repairs)

    return read


def question_first(columns: Mapping[str, str]) -> Read:
    """Return the reader of texts whose first line asks a question that the rest answers."""
    pick_text = picks(columns, "text")[0]

    def read(row: Row, repairs: Counter[str]) -> dict[str, Any]:
        text = pick_text(row)
        first, _, rest = text.strip().partition("\n") if isinstance(text, str) else ("", "", "")
        question = first.strip().lstrip("#").strip()
        if not question.endswith(("?", "？")) or not rest.strip():
            raise Misfit("the first line asks no question, or nothing follows it")
        return finished([turn("user", question), turn("assistant", rest.strip())], None, None, repairs)

    return read


_MARKS = "#*=_ \t\r\n"
"""Marks of a heading, which may stand before the title in a text."""


def _titled(title: str, text: str) -> str:
    """Return a text below its title, unless that is its first line."""
    first = text.lstrip(_MARKS).partition("\n")[0]
    return text if first.strip(_MARKS).casefold() == title.strip(_MARKS).casefold() else joined(title, text)


def article(columns: Mapping[str, str]) -> Read:
    """Return the reader of texts that are learnt as they are, below their titles where these have a column."""
    pick_text, pick_title = picks(columns, "text", "title")
    plain = "title" not in columns

    def read(row: Row, repairs: Counter[str]) -> dict[str, Any]:
        text = pick_text(row)
        if not isinstance(text, str):
            raise Misfit("the text is missing or is not text")
        if not text.strip():
            raise Refused("the text is empty")
        return {"text": text if plain else _titled(text_beside(pick_title(row), "the title"), text)}

    return read
