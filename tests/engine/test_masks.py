"""Which tokens of a chat are learnt: the assistant's words and their end, in every kind of chat template."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests import models
from workbench.core.paths import assets_dir
from workbench.engine.masks import IGNORED, ChatEncoder, Example, TextEncoder, stop_ids
from workbench.engine.rendering import MaskError
from workbench.engine.tokenizer import generation_eos, load_tokenizer

WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
TWO_TURNS = models.chat("Where does Ada live?", "Ada lives in Stoneford.", "And 12 plus 7?", "It is 19.")

LEARNT = {
    "chatml": ["Ada lives in Stoneford.<|im_end|>", "It is 19.<|im_end|>"],
    "headers": ["Ada lives in Stoneford.<|eot_id|>", "It is 19.<|eot_id|>"],
    "turns": ["Ada lives in Stoneford.<end_of_turn>", "It is 19.<end_of_turn>"],
    "instructions": ["Ada lives in Stoneford.</s>", "It is 19.</s>"],
    # The template takes the thought out of earlier answers, so only the last one stands as it was said.
    "thoughts": ["<think>\n\n</think>\n\nIt is 19.<|im_end|>"],
    "prefilled": ["Ada lives in Stoneford.<|im_end|>", "It is 19.<|im_end|>"],
    "endless": ["Ada lives in Stoneford.\n", "It is 19.\n<|endoftext|>"],
    "greedy": ["Ada lives in Stoneford.<|end|>", "It is 19.<|end|>"],
    "closing": ["Ada lives in Stoneford.<|end|>", "It is 19.<|end|><|endoftext|>"],
}


def encoder(family: str) -> ChatEncoder:
    return ChatEncoder(models.tokenizer(family), models.generation_eos(family))


def learnt(tokenizer: Any, example: Example) -> list[str]:
    """Return the text of each unbroken stretch of learnt tokens."""
    stretches: list[list[int]] = []
    before = IGNORED
    for token, label in zip(example.input_ids, example.labels, strict=True):
        assert label in (token, IGNORED)
        if label != IGNORED and before == IGNORED:
            stretches.append([])
        if label != IGNORED:
            stretches[-1].append(token)
        before = label
    return [tokenizer.decode(ids) for ids in stretches]


def rendered(family: str, messages: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return the ids of the conversation as the tokenizer's own chat encoding gives them."""
    return list(models.tokenizer(family).apply_chat_template(list(messages), tokenize=True, return_dict=False))


@pytest.mark.parametrize("family", LEARNT)
def test_the_answers_and_their_ends_are_learnt_and_nothing_else(family: str) -> None:
    example = encoder(family).encode(TWO_TURNS, 512)
    assert [text.strip(" ") for text in learnt(models.tokenizer(family), example)] == LEARNT[family]
    assert not example.cut


@pytest.mark.parametrize("family", [name for name, said in LEARNT.items() if len(said) == 2 and name != "endless"])
@pytest.mark.parametrize("unlearnt", [0, 1])
def test_an_answer_of_weight_0_is_read_and_not_learnt(family: str, unlearnt: int) -> None:
    places = [place for place, message in enumerate(TWO_TURNS) if message["role"] == "assistant"]
    messages = [dict(message) for message in TWO_TURNS]
    messages[places[unlearnt]]["weight"] = 0
    weighted, plain = encoder(family).encode(messages, 512), encoder(family).encode(TWO_TURNS, 512)
    said = [text.strip(" ") for text in learnt(models.tokenizer(family), weighted)]
    assert said == [LEARNT[family][1 - unlearnt]]
    assert weighted.input_ids == plain.input_ids


@pytest.mark.parametrize("family", [name for name in LEARNT if name != "endless"])
def test_the_tokens_are_those_of_the_template(family: str) -> None:
    example = encoder(family).encode(TWO_TURNS, 512)
    assert example.input_ids == rendered(family, TWO_TURNS)
    assert not example.end_added


@pytest.mark.parametrize("family", LEARNT)
def test_the_last_learnt_token_is_a_stop(family: str) -> None:
    example = encoder(family).encode(TWO_TURNS, 512)
    last = [label for label in example.labels if label != IGNORED][-1]
    assert last in stop_ids(models.tokenizer(family), models.generation_eos(family))


def test_an_answer_without_a_stop_token_gets_one() -> None:
    example = encoder("endless").encode(TWO_TURNS, 512)
    assert example.end_added
    end = models.tokenizer("endless").eos_token_id
    assert example.input_ids[-1] == example.labels[-1] == end
    assert example.input_ids.count(end) == 1


def test_a_stop_token_of_the_generation_configuration_counts() -> None:
    """Without it the end of a turn is not known to be a stop, and the tokenizer's own is added behind it."""
    fast = models.tokenizer("turns")
    known = ChatEncoder(fast, models.generation_eos("turns")).encode(TWO_TURNS, 512)
    unknown = ChatEncoder(fast, None).encode(TWO_TURNS, 512)
    assert fast.convert_ids_to_tokens([x for x in known.labels if x != IGNORED][-1]) == "<end_of_turn>"
    assert not known.end_added
    assert unknown.end_added
    assert unknown.labels[-1] == fast.convert_tokens_to_ids("<eos>")


@pytest.mark.parametrize("source", ["chatml", "bundled"])
@pytest.mark.parametrize(
    "messages",
    [
        TWO_TURNS,
        models.chat("Hi", "Hello", system="Be brief."),
        models.chat("One", " two ", "three", "four", "five", "six"),
    ],
)
def test_the_mask_is_what_the_templates_own_marks_say(source: str, messages: list[dict[str, str]]) -> None:
    if source == "bundled":
        folder = assets_dir() / "base"
        fast, ends = load_tokenizer(folder), generation_eos(folder)
    else:
        fast, ends = models.tokenizer(source), models.generation_eos(source)
    marked = fast.apply_chat_template(messages, tokenize=True, return_dict=True, return_assistant_tokens_mask=True)
    example = ChatEncoder(fast, ends).encode(messages, 512)
    assert example.input_ids == marked["input_ids"]
    assert [int(label != IGNORED) for label in example.labels] == marked["assistant_masks"]
    assert 0 < sum(marked["assistant_masks"]) < len(example.labels)


def test_a_thought_of_the_last_turn_is_learnt() -> None:
    messages = models.chat("A?", "<think>\nhm\n</think>\n\nYes.", "B?", "<think>\nso\n</think>\n\nNo.")
    fast = models.tokenizer("thoughts")
    assert learnt(fast, encoder("thoughts").encode(messages, 512)) == ["<think>\nso\n</think>\n\nNo.<|im_end|>"]


def test_a_template_that_rewrites_every_answer_gives_nothing_to_learn() -> None:
    shouting = copy.deepcopy(models.tokenizer("chatml"))
    # Each rendering begins with its length, so none is the beginning of another.
    shouting.chat_template = "{{ messages | length }} of {% for one in messages %}{{ one.content }}{% endfor %}"
    with pytest.raises(MaskError, match="changes every answer"):
        ChatEncoder(shouting, None).encode([*TWO_TURNS, {"role": "user", "content": "Bye"}], 512)


@pytest.mark.parametrize("family", sorted(models.FAMILIES))
def test_plain_turns_are_rendered_as_the_library_renders_them(family: str) -> None:
    """They go straight to the compiled template, past what the library does to a conversation before."""
    fast, own = models.tokenizer(family), encoder(family)._renderer
    for messages in (TWO_TURNS, models.chat(" Hi\n", "Hello <b> & 'you'"), models.chat("One", "", "three", "four")):
        for prompt in (False, True):
            expected = fast.apply_chat_template(messages, tokenize=False, add_generation_prompt=prompt)
            assert own._render(messages, None, prompt=prompt) == expected


def test_a_row_the_template_refuses_is_told_from_the_others() -> None:
    with pytest.raises(MaskError, match="Only user and assistant turns!"):
        encoder("instructions").encode(models.chat("Hi", "Hello", system="Be brief."), 512)


@pytest.mark.parametrize("family", LEARNT)
def test_control_tokens_in_somebodys_text_are_plain_text(family: str) -> None:
    """A forged turn in the user's words must neither end the user's turn nor be learnt."""
    fast, made = models.tokenizer(family), models.FAMILIES[family]
    controls = [text for text in (made.bos, made.eos, *made.specials) if text]
    forged = "a " + " b ".join(controls) + " c"
    example = encoder(family).encode(models.chat(forged, f"No {made.eos} yet"), 512)
    plain = encoder(family).encode(models.chat("a c", "No yet"), 512)
    special = set(fast.convert_tokens_to_ids(controls))
    assert [t for t in example.input_ids if t in special] == [t for t in plain.input_ids if t in special]
    assert example.control_tokens == len(controls) + 1
    text = fast.decode(example.input_ids)
    assert forged in text
    assert f"No {made.eos} yet" in text


def test_control_tokens_in_tools_are_plain_text() -> None:
    fast = models.tokenizer("chatml")
    template = "{% for tool in tools or [] %}{{ tool['name'] }};{% endfor %}" + models.CHATML
    own = ChatEncoder(_with_template(fast, template), models.generation_eos("chatml"))
    tools = [{"name": "sum<|im_end|>\uf8f09\uf8f1"}]
    example = own.encode(models.chat("Hi", "Hello"), 512, tools)
    assert fast.decode(example.input_ids).startswith("sum<|im_end|>\uf8f09\uf8f1;<|im_start|>user")
    assert example.input_ids.count(fast.eos_token_id) == 2


def _with_template(fast: Any, template: str) -> Any:
    import copy

    changed = copy.copy(fast)
    changed.chat_template = template
    return changed


@pytest.mark.parametrize("family", ["chatml", "headers", "turns", "greedy", "prefilled"])
@settings(max_examples=60, deadline=None)
@given(asked=WORDS, answered=WORDS, again=WORDS, ended=WORDS)
def test_whatever_is_said_exactly_the_answers_are_learnt(
    family: str, asked: str, answered: str, again: str, ended: str
) -> None:
    fast, made = models.tokenizer(family), models.FAMILIES[family]
    example = encoder(family).encode(models.chat(asked, answered, again, ended), 4096)
    stop = "<end_of_turn>" if family == "turns" else made.eos
    said = [answered.strip(), ended.strip()] if "trim" in made.template else [answered, ended]
    assert "".join(learnt(fast, example)) == "".join(text + stop for text in said)
    assert example.labels[0] == IGNORED


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from("\uf8f0\uf8f10123456789<|im_end|> a"), min_size=1, max_size=40))
def test_no_text_can_pass_for_the_encoders_own_marks(words: str) -> None:
    fast = models.tokenizer("chatml")
    example = encoder("chatml").encode(models.chat(words, words), 4096)
    assert "".join(learnt(fast, example)) == words + "<|im_end|>"


def test_a_long_conversation_is_cut_at_the_end() -> None:
    whole = encoder("chatml").encode(TWO_TURNS, 512)
    first = whole.labels.index(next(label for label in whole.labels if label != IGNORED))
    cut = encoder("chatml").encode(TWO_TURNS, first + 3)
    assert cut.cut
    assert cut.input_ids == whole.input_ids[: first + 3]
    assert cut.labels == whole.labels[: first + 3]
    with pytest.raises(MaskError, match="begins beyond max_length"):
        encoder("chatml").encode(TWO_TURNS, first)


def test_an_article_is_learnt_whole_with_its_end() -> None:
    fast = models.tokenizer("chatml")
    (example,) = TextEncoder(fast).encode("The sea.", 512)
    assert fast.decode(example.input_ids) == "The sea.<|endoftext|>"
    assert example.labels == example.input_ids


@pytest.mark.parametrize("max_length", [16, 17, 26, 51, 52, 53, 54])
def test_a_long_article_is_split_without_loss_and_ends_with_its_end(max_length: int) -> None:
    fast = models.tokenizer("chatml")
    whole = [*fast(models.TEXT)["input_ids"], fast.convert_tokens_to_ids("<|endoftext|>")]
    pieces = TextEncoder(fast).encode(models.TEXT, max_length)
    assert [token for piece in pieces for token in piece.input_ids] == whole
    assert all(2 <= len(piece.input_ids) <= max_length for piece in pieces)


def test_a_beginning_that_the_tokenizer_writes_is_kept() -> None:
    fast = models.tokenizer("headers")
    (example,) = TextEncoder(fast).encode("The sea.", 512)
    assert fast.decode(example.input_ids) == "<|begin_of_text|>The sea.<|end_of_text|>"


def test_control_tokens_in_an_article_are_plain_text_unless_asked_for() -> None:
    fast = models.tokenizer("chatml")
    text, turn = "Say <|im_end|> now.", fast.convert_tokens_to_ids("<|im_end|>")
    (plain,) = TextEncoder(fast).encode(text, 512)
    (read,) = TextEncoder(fast, control_tokens=True).encode(text, 512)
    assert turn not in plain.input_ids
    assert plain.control_tokens == 1
    assert read.input_ids.count(turn) == 1
    assert read.control_tokens == 0
    assert fast.decode(plain.input_ids) == fast.decode(read.input_ids) == text + "<|endoftext|>"


def test_an_empty_article_gives_no_example() -> None:
    assert TextEncoder(models.tokenizer("chatml")).encode("", 512) == []


# Many at once


ODD = st.sampled_from(
    [
        *("", " ", "\n", "\n\n  x", " two", "Yes.", "<", "<|im_end|>", "</think>", "e\u0301", "\u0338x", "🙂", "</s>"),
        "<think>\nhm\n</think>\n\nYes.",
    ]
)


def trusted(shape: Any) -> Any:
    """Return what is known of a shape as if enough conversations had proved it."""
    if shape is not None:
        shape.trials = 0
    return shape


@pytest.mark.parametrize("family", LEARNT)
@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(ODD | WORDS, min_size=1, max_size=5), min_size=1, max_size=6), st.booleans())
@example([["", "<think>\nhm\n</think>\n\nYes."]], False)
def test_rows_encoded_together_are_those_encoded_one_by_one(family: str, said: list[list[str]], system: bool) -> None:
    """And those one by one are found without anything that conversations of one shape share."""
    together, alone = encoder(family), encoder(family)
    alone._renderer._quick = lambda *_: None  # type: ignore[method-assign]
    shape = together._renderer._shape
    together._renderer._shape = lambda roles: trusted(shape(roles))  # type: ignore[method-assign]
    conversations = [models.chat(*turns, system="Be brief." if system else "") for turns in said]

    def outcome(messages: list[dict[str, str]]) -> Example | str:
        try:
            return alone.encode(messages, 48)
        except MaskError as error:
            return str(error)

    found = together.encode_rows([{"messages": messages} for messages in conversations], 48)
    assert [str(one) if isinstance(one, MaskError) else one for one in found] == list(map(outcome, conversations))


@pytest.mark.parametrize("family", ["chatml", "headers", "turns", "prefilled"])
def test_a_shape_is_rendered_once_and_each_conversation_once(family: str) -> None:
    """Else preparing a gigabyte would take hours: the template is the slowest part after the tokenizer."""
    own = encoder(family)
    rendered = 0
    original = own._renderer._render

    def counted(*arguments: Any, **rest: Any) -> str:
        nonlocal rendered
        rendered += 1
        return original(*arguments, **rest)

    own._renderer._render = counted  # type: ignore[method-assign]
    several = [{"messages": models.chat(f"Is {number} odd?", f"Look: {number}.")} for number in range(200)]
    assert all(isinstance(one, Example) for one in own.encode_rows(several, 512))
    before, rendered = rendered, 0
    assert all(isinstance(one, Example) for one in own.encode_rows(several, 512))
    assert rendered == len(several)
    assert before < 2 * len(several)


def test_a_template_that_looks_at_what_is_said_is_asked_about_each_conversation() -> None:
    """Thousands that it leaves alone must not hide the one that it rewrites."""
    own = encoder("thoughts")
    plain = models.chat("A?", "Yes.", "B?", "No.")
    thought = models.chat("A?", "<think>\nhm\n</think>\n\nYes.", "B?", "<think>\nso\n</think>\n\nNo.")
    outcomes = list(own.encode_rows([{"messages": plain}] * 100 + [{"messages": thought}], 512))
    last = outcomes[-1]
    assert isinstance(last, Example)
    assert last.input_ids == rendered("thoughts", thought)
    assert learnt(models.tokenizer("thoughts"), last) == ["<think>\nso\n</think>\n\nNo.<|im_end|>"]


@settings(max_examples=40, deadline=None)
@given(st.lists(ODD | WORDS, max_size=6), st.booleans(), st.integers(2, 40))
def test_articles_encoded_together_are_those_encoded_one_by_one(texts: list[str], read: bool, max_length: int) -> None:
    for family in ("chatml", "headers", "instructions"):
        own = TextEncoder(models.tokenizer(family), control_tokens=read)
        assert list(own.encode_texts(texts, max_length)) == [own.encode(text, max_length) for text in texts]


@pytest.mark.parametrize("family", LEARNT)
def test_a_trace_is_the_example_with_the_places_of_its_tokens(family: str) -> None:
    fast, made = models.tokenizer(family), models.FAMILIES[family]
    messages = models.chat(f"Hi {made.eos}, é🙂?", f"No {made.eos} yet")
    traced, example = encoder(family).trace(messages), encoder(family).encode(messages, 512)
    assert traced.example == example
    assert traced.text == fast.apply_chat_template(messages, tokenize=False)
    places = traced.offsets
    assert len(places) == len(example.input_ids) - example.end_added
    assert all(0 <= start <= end <= len(traced.text) for start, end in places)
    learnt_places = {place for place, label in zip(places, example.labels, strict=False) if label != IGNORED}
    assert f"No {made.eos} yet" in "".join(traced.text[start:end] for start, end in sorted(learnt_places))


def test_an_answer_that_begins_like_what_the_prompt_opens_is_learnt_from_its_first_character() -> None:
    example = encoder("prefilled").encode(models.chat("A?", "<b>bold"), 512)
    assert learnt(models.tokenizer("prefilled"), example) == ["<b>bold<|im_end|>"]
