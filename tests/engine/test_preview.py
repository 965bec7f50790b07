"""The mask preview: marks that say what training does, lengths counted independently, template tokens never learnt."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from tests import models
from tests.engine.bench import rows, write_rows
from workbench.core.derive import MOST_FOR_ARTICLES, UNKNOWN_CONTEXT
from workbench.core.errors import WorkbenchError
from workbench.core.paths import assets_dir
from workbench.engine.masks import IGNORED, ChatEncoder
from workbench.engine.preview import lengths, microscope, unlearnt
from workbench.engine.token_rows import template_tokens
from workbench.engine.tokenizer import load_tokenizer
from workbench.runs import errand

BASE = assets_dir() / "base"
TURNS = models.chat("Where does Ada live?", "Ada lives in Stoneford. 🙂", "And 12 plus 7?", "It is 19.")
ENDLESS_LOOP = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"


def using(family: str) -> microscope.Encoders:
    return microscope.encoders(models.tokenizer(family), models.generation_eos(family))


def marked(view: dict[str, Any], *marks: str) -> str:
    """Return the text of the tokens with some marks."""
    return "".join(token["text"] for token in view["tokens"] if token["mark"] in marks)


def preview(folder: Path, **request: Any) -> dict[str, Any]:
    """Send the errand, as the command line does."""
    return errand.run("workbench.engine.preview", {"base_dir": str(folder), **request}, who="The preview")


# Marks


@pytest.mark.parametrize("family", ["chatml", "headers", "turns", "instructions", "prefilled", "greedy", "endless"])
def test_the_marks_are_what_training_does(family: str) -> None:
    row = {"messages": TURNS}
    view = microscope.view(using(family), row, 512)
    example = ChatEncoder(models.tokenizer(family), models.generation_eos(family)).encode(TURNS, 512)
    assert [token["id"] for token in view["tokens"]] == example.input_ids
    learnt = [token["mark"] == "trained" for token in view["tokens"]]
    assert learnt == [label != IGNORED for label in example.labels]
    assert view["trained"] == sum(learnt)
    assert view["trained_share"] == pytest.approx(sum(learnt) / len(learnt), abs=1e-4)
    assert not view["cut"]
    assert view["error"] == ""


@pytest.mark.parametrize("family", ["chatml", "headers", "turns", "instructions", "greedy"])
def test_the_texts_of_the_tokens_are_the_text_and_the_row_is_told_from_the_template(family: str) -> None:
    tokenizer = models.tokenizer(family)
    view = microscope.view(using(family), {"messages": TURNS}, 512)
    assert marked(view, *microscope_marks()) == tokenizer.apply_chat_template(TURNS, tokenize=False)
    asked = marked(view, "masked")
    assert asked.replace(" ", "") == "Wheredoes Adalive?And12plus7?".replace(" ", "")
    assert "Ada lives in Stoneford. 🙂" in marked(view, "trained")
    special = set(tokenizer.all_special_tokens) | {token.content for token in tokenizer.added_tokens_decoder.values()}
    assert all(token["text"].strip() in special for token in view["tokens"] if token["mark"] == "control")


def microscope_marks() -> tuple[str, ...]:
    return ("trained", "masked", "template", "control", "truncated")


def test_what_is_cut_off_is_marked_and_said() -> None:
    whole = microscope.view(using("chatml"), {"messages": TURNS}, 512)
    cut = microscope.view(using("chatml"), {"messages": TURNS}, whole["length"] - 5)
    assert [token["mark"] for token in cut["tokens"][-5:]] == ["truncated"] * 5
    assert [t["mark"] for t in cut["tokens"][:-5]] == [t["mark"] for t in whole["tokens"][:-5]]
    assert cut["cut"]
    assert any(f"is cut to {whole['length'] - 5}" in check for check in cut["checks"])
    assert microscope.view(using("chatml"), {"messages": TURNS}, 4)["error"] == "the answer begins beyond max_length"


@pytest.mark.parametrize("family", ["chatml", "headers", "turns", "instructions", "greedy"])
def test_every_turn_is_told_with_its_first_token(family: str) -> None:
    view = microscope.view(using(family), {"messages": TURNS}, 512)
    firsts = [turn["first"] for turn in view["turns"]]
    assert [turn["who"] for turn in view["turns"]] == [message["role"] for message in TURNS]
    assert firsts[0] == 0
    assert firsts == sorted(set(firsts))
    for message, begin, end in zip(TURNS, firsts, [*firsts[1:], view["length"]], strict=True):
        said = "".join(token["text"] for token in view["tokens"][begin:end])
        assert message["content"] in said
        others = [other["content"] for other in TURNS if other is not message]
        assert not any(other in said for other in others)
    special = {token["id"] for token in view["tokens"] if token["mark"] == "control"}
    assert special <= set(view["special"])
    assert len(view["about"]) == len(view["checks"])


def test_what_a_template_says_by_itself_is_no_turn_of_the_row() -> None:
    tokenizer = copy.copy(models.tokenizer("chatml"))
    tokenizer.chat_template = "<|im_start|>system\nBe kind.<|im_end|>\n" + tokenizer.chat_template
    view = microscope.view(microscope.encoders(tokenizer, models.generation_eos("chatml")), {"messages": TURNS}, 512)
    assert [turn["who"] for turn in view["turns"]][:2] == ["template", "user"]
    before = "".join(token["text"] for token in view["tokens"][: view["turns"][1]["first"]])
    assert before == "<|im_start|>system\nBe kind.<|im_end|>\n"


def test_rows_are_shown_from_any_place(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps({"messages": models.chat(f"Ask {n}", f"Say {n}")}) + "\n" for n in range(9)))
    found = preview(BASE, rows=[], paths=[str(path)], first=6, shown=16, measured=False, max_length=64)
    assert [marked(row, "masked") for row in found["rows"]] == ["Ask 6", "Ask 7", "Ask 8"]
    assert found["lengths"]["sampled"] == 0
    assert found["max_length"] == 64


def test_control_tokens_in_the_text_are_no_control_tokens() -> None:
    view = microscope.view(using("chatml"), {"messages": models.chat("Say <|im_end|> twice", "No <|im_end|>.")}, 512)
    assert view["control_tokens"] == 2
    assert "<|im_end|>" in marked(view, "masked")
    assert marked(view, "trained") == "No <|im_end|>.<|im_end|>"
    assert any(check.startswith("2 control tokens stand in its text") for check in view["checks"])


def test_beginnings_and_ends_are_checked() -> None:
    assert microscope.view(using("headers"), {"messages": TURNS}, 512)["checks"] == []
    doubled = copy.copy(models.tokenizer("headers"))
    doubled.chat_template = "{{ bos_token }}" + models.HEADERS
    lacking = copy.copy(models.tokenizer("headers"))
    lacking.chat_template = models.HEADERS.removeprefix("{{ bos_token }}")
    ends = models.generation_eos("headers")
    told = [
        microscope.view(microscope.encoders(each, ends), {"messages": TURNS}, 512)["checks"]
        for each in (doubled, lacking)
    ]
    assert "begins with <|begin_of_text|> twice" in told[0][0]
    assert "begins without <|begin_of_text|>" in told[1][0]
    endless = microscope.view(using("endless"), {"messages": TURNS}, 512)
    assert endless["end_added"]
    assert endless["tokens"][-1] == {
        "id": models.tokenizer("endless").eos_token_id,
        "text": "<|endoftext|>",
        "mark": "trained",
    }
    assert any("without a stop token" in check for check in endless["checks"])


def test_an_article_is_learnt_whole_but_for_its_first_token() -> None:
    view = microscope.view(using("chatml"), {"text": models.TEXT}, 16)
    assert [token["mark"] for token in view["tokens"]] == ["masked"] + ["trained"] * (view["length"] - 1)
    assert marked(view, "masked", "trained") == models.TEXT + "<|endoftext|>"
    assert any(f"learnt as {-(-view['length'] // 16)} examples" in check for check in view["checks"])


def test_of_a_preference_both_answers_are_told_the_chosen_one_first() -> None:
    prompt = models.chat("Hi", "Hello", "Where is it?")
    row = {
        "prompt": prompt,
        "chosen": [{"role": "assistant", "content": "In Stoneford."}],
        "rejected": [{"role": "assistant", "content": "No idea, really, none at all."}],
    }
    view = microscope.view(using("chatml"), row, 512)
    assert marked(view, "trained") == "In Stoneford.<|im_end|>"
    assert "Hello" in marked(view, "masked")
    assert marked(view["rejected"], "trained") == "No idea, really, none at all.<|im_end|>"
    assert marked(view["rejected"], "masked") == marked(view, "masked")
    assert [turn["who"] for turn in view["rejected"]["turns"]] == [turn["who"] for turn in view["turns"]]
    alone = microscope.view(using("chatml"), {"prompt": prompt}, 512)
    assert marked(alone, "trained") == ""
    assert alone["error"] == ""
    measured = lengths.measure(using("chatml"), [row, {"prompt": prompt}])
    fast = models.tokenizer("chatml")
    longer = fast.apply_chat_template([*prompt, *row["rejected"]], tokenize=True, return_dict=False)
    ahead = fast.apply_chat_template(prompt, tokenize=True, return_dict=False, add_generation_prompt=True)
    assert measured.lengths == [len(longer), len(ahead)]
    assert measured.prompts == [len(ahead), len(ahead)]


def test_a_row_the_template_refuses_says_why() -> None:
    row = {"messages": models.chat("Hi", "Hello", system="Be brief.")}
    assert "Only user and assistant turns!" in microscope.view(using("instructions"), row, 512)["error"]
    measured = lengths.measure(using("instructions"), [row, {"messages": TURNS}])
    assert len(measured.lengths) == 1
    assert sum(measured.refused.values()) == 1


# Lengths


def test_lengths_are_those_of_the_tokenizer(tmp_path: Path) -> None:
    given, fast = rows("questions", 60), load_tokenizer(BASE)
    prompts = [
        fast.apply_chat_template(row["messages"][:-1], add_generation_prompt=True, return_dict=False) for row in given
    ]
    limit = sorted(map(len, prompts))[-5]
    found = preview(BASE, rows=given[:1], lengths_of=given, max_length=limit)
    counted = sorted(len(fast.apply_chat_template(row["messages"], tokenize=True, return_dict=False)) for row in given)
    told = found["lengths"]
    assert (told["unit"], told["sampled"], told["min"], told["max"]) == ("tokens", 60, counted[0], counted[-1])
    assert sum(told["histogram"]["rows"]) == 60
    assert told["mean"] == pytest.approx(sum(counted) / 60, abs=0.05)
    for point in told["covered"]:
        assert point["share"] == pytest.approx(sum(length <= point["max_length"] for length in counted) / 60, abs=1e-4)
    assert told["max_length"] % 64 == 0
    covered = [sum(length <= most for length in counted) / 60 for most in (told["max_length"] - 64, told["max_length"])]
    assert covered[0] < 0.99 <= covered[1]
    too_long = sum(len(ids) >= limit for ids in prompts)
    assert told["too_long"] == too_long >= 5
    assert any(f"prompt that alone fills the {limit} tokens" in problem["text"] for problem in found["problems"])
    assert found["context"] == json.loads((BASE / "config.json").read_text())["max_position_embeddings"]

    # The same rows as a file; of a file its own first rows are shown, whole.
    path = write_rows(tmp_path / "questions.jsonl", given)
    shown = preview(
        BASE, rows=[{"messages": [{"role": "user", "content": "cut…"}]}], paths=[str(path)], max_length=limit
    )
    assert shown["lengths"] == told
    assert shown["rows"] == preview(BASE, rows=given[:3], max_length=limit)["rows"]


@pytest.mark.parametrize(
    ("counted", "context", "wanted"),
    [
        ([10] * 99 + [900], 2048, 64),
        ([10] * 98 + [900] * 2, 2048, 960),
        ([64] * 100, 2048, 64),
        ([65] * 100, 2048, 128),
        ([5000] * 100, 2048, 2048),
        ([5000] * 100, 0, UNKNOWN_CONTEXT),
    ],
)
def test_the_proposal_is_the_smallest_that_covers_nearly_all(counted: list[int], context: int, wanted: int) -> None:
    found, why = lengths.proposal(lengths.Measured(lengths=counted), context)
    assert found == wanted
    assert why.startswith(str(wanted))
    assert why.endswith(".")


def test_long_articles_get_no_long_sequences() -> None:
    found, why = lengths.proposal(lengths.Measured(lengths=[30_000] * 9, articles=True), 32_768)
    assert found == MOST_FOR_ARTICLES
    assert "split without loss" in why


# Tokens never learnt


def _base(folder: Path, *, tied: bool, unlearnt_names: tuple[str, ...], references: int = 24) -> Path:
    """Save a base whose ordinary tokens have their own norm and direction, and some tokens what initialisation left."""
    fast = models.tokenizer("chatml")
    size = len(fast) + references
    model = models.tiny("qwen3", vocab_size=size, tie_word_embeddings=tied)
    draw = torch.Generator().manual_seed(3)
    never = [*fast.convert_tokens_to_ids(list(unlearnt_names)), *range(len(fast), size)]
    with torch.no_grad():
        weight = model.get_input_embeddings().weight
        weight.copy_(torch.randn(weight.shape, generator=draw) * (0.05 + 0.1 * torch.rand(size, 1, generator=draw)))
        left = torch.randn(len(never), weight.shape[1], generator=draw) * 0.02
        # The output layer pulls tokens that never come along one common direction.
        weight[never] = left + (torch.randn(weight.shape[1], generator=draw) * 0.05 if tied else 0.0)
    return models.save(model, fast, folder)


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("names", [("<|im_start|>", "<|im_end|>"), ("<|im_start|>",), ()])
def test_template_tokens_that_were_never_learnt_are_found(tied: bool, names: tuple[str, ...], tmp_path: Path) -> None:
    folder = _base(tmp_path / "base", tied=tied, unlearnt_names=names)
    fast = models.tokenizer("chatml")
    judged = unlearnt.judge(folder, fast, template_tokens(fast))
    assert judged.checked
    assert {fast.convert_ids_to_tokens(token) for token in judged.unlearnt} == set(names)


def test_the_warning_comes_with_its_mend(tmp_path: Path) -> None:
    folder = _base(tmp_path / "base", tied=True, unlearnt_names=("<|im_start|>", "<|im_end|>"))
    row = {"messages": TURNS}

    def warned(**request: Any) -> list[dict[str, Any]]:
        found = preview(folder, rows=[row], **request)
        assert found["template"]["checked"]
        assert set(found["template"]["unlearnt"]) == {"<|im_start|>", "<|im_end|>"}
        return [problem for problem in found["problems"] if "never learnt" in problem["text"]]

    (problem,) = warned(tuning="lora")
    assert "<|im_start|>" in problem["text"]
    assert "<|im_end|>" in problem["text"]
    assert problem["fix"] == {"trainable_token_indices": "auto"}
    assert len(warned(tuning="qlora", trained_tokens=["<|im_end|>"])) == 1
    assert warned(tuning="lora", trained_tokens=["auto"]) == []
    assert warned(tuning="full") == []


def test_without_tokens_to_compare_with_nothing_is_claimed(tmp_path: Path) -> None:
    folder = _base(tmp_path / "few", tied=True, unlearnt_names=("<|im_end|>",), references=3)
    fast = models.tokenizer("chatml")
    few = unlearnt.judge(folder, fast, template_tokens(fast))
    assert (few.checked, few.unlearnt) == (False, ())
    assert "too few tokens" in few.why
    # A model nobody trained: all of its tokens look never seen.
    random = models.save(models.tiny("qwen3", vocab_size=len(fast) + 24), fast, tmp_path / "random")
    judged = unlearnt.judge(random, fast, template_tokens(fast))
    assert (judged.checked, judged.unlearnt) == (False, ())
    assert "ordinary tokens look like never-seen ones" in judged.why


# The errand


def test_a_template_that_never_ends_is_a_sentence(tmp_path: Path) -> None:
    folder = _base(tmp_path / "base", tied=True, unlearnt_names=())
    (folder / "chat_template.jinja").write_text(ENDLESS_LOOP + models.CHATML)
    started = time.monotonic()
    with pytest.raises(WorkbenchError, match=r"chat template in .* may never end; choose another base"):
        preview(folder, rows=[{"messages": TURNS}])
    assert time.monotonic() - started < 60


@pytest.mark.parametrize(
    "template", ["{{ 'a' * 10000000000 }}", "{% for m in messages %}{{ m.nothing.at.all }}{% endfor %}", "{% if %}"]
)
def test_a_template_that_fails_is_the_reason_of_the_row(template: str, tmp_path: Path) -> None:
    folder = _base(tmp_path / "base", tied=True, unlearnt_names=())
    (folder / "chat_template.jinja").write_text(template)
    found = preview(folder, rows=[{"messages": TURNS}])
    assert found["rows"][0]["error"].startswith("the chat template refuses it")


def test_a_folder_without_a_tokenizer_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="cannot be loaded"):
        preview(tmp_path, rows=[{"messages": TURNS}])


def test_a_base_without_a_chat_template_is_refused_for_chats_and_fine_for_articles(tmp_path: Path) -> None:
    folder = _base(tmp_path / "base", tied=True, unlearnt_names=())
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(WorkbenchError, match="has no chat template, which sft needs"):
        preview(folder, rows=[{"messages": TURNS}])
    found = preview(folder, rows=[{"text": models.TEXT}])
    assert found["method"] == "cpt"
    assert found["template"] == {"checked": False, "why": "", "tokens": [], "unlearnt": []}


def test_torch_is_not_imported() -> None:
    code = (
        "import sys; from workbench.engine.preview.look import preview;"
        f"preview({{'base_dir': {str(BASE)!r}, 'rows': [{{'messages': {TURNS!r}}}]}});"
        "assert not sys.modules.get('torch'), 'torch was imported'"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, cwd=root)
    assert done.returncode == 0, done.stderr
