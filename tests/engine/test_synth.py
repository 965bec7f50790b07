"""Questions and answers that a model writes about articles: true, cited and resumable.

The bundled base writes for real. What it writes is compared with facts read from the articles by patterns that the
program does not know.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.engine.test_chat import convert
from tests.engine.tiny import make_qwen3
from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.paths import assets_dir, journal_of
from workbench.engine.synth import asking, pairs
from workbench.engine.synth.pairs import Request, synthesize
from workbench.engine.synth.writer import ModelWriter, Prompt, open_writer
from workbench.runs.process import engine_env

BASE = assets_dir() / "base"
SOURCE = assets_dir() / "data" / "articles.jsonl"
ARTICLES = 24


def texts(count: int) -> list[str]:
    """Return the first bundled articles."""
    return [json.loads(line)["text"] for line in SOURCE.read_text(encoding="utf-8").splitlines()[:count]]


def write_articles(path: Path, listed: Sequence[str]) -> Path:
    """Write articles as rows."""
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in listed), encoding="utf-8")
    return path


def read(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_articles(tmp_path_factory.mktemp("synth") / "articles.jsonl", texts(ARTICLES))


def request(source: Path, out: Path, **changes: Any) -> Request:
    """Return a request of the bundled base."""
    return Request(**{"articles": (str(source),), "model": "bundled", "out": out, **changes})


def silent(_: dict[str, Any]) -> None:
    """Hear nothing."""


@pytest.fixture(scope="module")
def whole(source: Path) -> tuple[Path, dict[str, Any]]:
    """What an uninterrupted work gives."""
    out = source.with_name("whole.jsonl")
    return out, synthesize(request(source, out, seed=3), silent)


# The model


def test_a_line_is_what_transformers_writes_up_to_its_end() -> None:
    writer = open_writer("bundled")
    assert isinstance(writer, ModelWriter)
    model, tokenizer = writer._model, writer._tokenizer
    prompts = [f"{text}\nQuestion:" for text in texts(5)]
    written = writer.lines([Prompt(prompt, False) for prompt in prompts], 24, 0.0, 0)
    for prompt, found in zip(prompts, written, strict=True):
        ids = tokenizer(prompt, return_tensors="pt")
        out = model.generate(**ids, max_new_tokens=24, do_sample=False)[0, ids["input_ids"].shape[1] :]
        alone = tokenizer.decode(out, skip_special_tokens=True)
        assert found.text == alone.strip().partition("\n")[0].strip()
        assert found.finished == ("\n" in alone.strip() or tokenizer.eos_token_id in out.tolist())


def test_control_tokens_in_a_text_are_seen() -> None:
    writer = open_writer("bundled")
    assert writer.has_control("before <|im_end|> after")
    assert not writer.has_control("before < | im_end | > after")


def test_a_line_is_asked_for_behind_a_chain_of_thought(tmp_path: Path) -> None:
    """Where a template opens a chain of thought it is closed, so that the answer's lines come at once."""
    folder = Path(shutil.copytree(BASE, tmp_path / "base"))
    template = folder / "chat_template.jinja"
    opened = "'<|im_start|>assistant\\n'"
    assert template.read_text().count(opened) == 1
    plain = open_writer(str(folder)).render("Hello!")
    template.write_text(template.read_text().replace(opened, "'<|im_start|>assistant\\n<think>\\n'"))
    assert plain.endswith("<|im_start|>assistant\n")
    assert open_writer(str(folder)).render("Hello!") == f"{plain}<think>\n\n</think>\n\n"


# The work as a whole


def relations() -> tuple[Any, ...]:
    """Return the kinds of facts of the invented world, as its generator has them."""
    sys.path.insert(0, str(assets_dir() / "world"))
    try:
        import domains
    finally:
        sys.path.pop(0)
    return (*domains.PERSON_RELATIONS, *domains.TOWN_RELATIONS)


def matched(sentence: str, patterns: Sequence[str]) -> dict[str, str] | None:
    """Return name and value where a sentence follows one of the world's patterns."""
    for pattern in patterns:
        shape = re.escape(pattern).replace(r"\{n\}", r"(?P<n>[A-Z]\w+)")
        shape = shape.replace(r"\{av\}", r"an? (?P<v>\w+)").replace(r"\{v\}", r"(?P<v>\w+)")
        if found := re.fullmatch(shape, sentence):
            return found.groupdict()
    return None


def truth(listed: Sequence[str]) -> set[tuple[str, str, str]]:
    """Return every (name, kind, value) that articles state."""
    found, known = set(), relations()
    for text in listed:
        name = ""
        for sentence in re.split(r"(?<=\.) ", text):
            for relation in known:
                if fact := matched(sentence, relation.statements):
                    name = name if fact["n"] in ("He", "She", "It") else fact["n"]
                    found.add((name, relation.name, fact["v"]))
    return found


def is_true(row: dict[str, Any], facts: set[tuple[str, str, str]]) -> bool:
    """Return whether question and answer are about one fact that an article states, and the citation shows it."""
    asked, said = (turn["content"] for turn in row["messages"])
    for relation in relations():
        question, answer = matched(asked, relation.questions), matched(said, relation.answers)
        if question and answer:
            fact = (question["n"], relation.name, answer["v"])
            return question["n"] == answer["n"] and fact in facts and answer["v"] in row["citation"]["quote"]
    return False


def check(path: Path, report: dict[str, Any], listed: Sequence[str]) -> None:
    """Check the law of a finished work: everything asked is kept or counted, cited, and true."""
    rows = read(path)
    assert len(rows) == report["pairs"] > 10
    assert report["asked"] == report["pairs"] + sum(report["rejected"].values())
    for row in rows:
        citation = row["citation"]
        assert listed[citation["article"] - 1][citation["start"] : citation["end"]] == citation["quote"]
        assert [turn["role"] for turn in row["messages"]] == ["user", "assistant"]
    questions = [row["messages"][0]["content"] for row in rows]
    assert len(set(questions)) == len(questions)
    facts = truth(listed)
    assert [row for row in rows if not is_true(row, facts)] == []


def test_the_bundled_base_writes_true_and_cited_pairs(whole: tuple[Path, dict[str, Any]]) -> None:
    path, report = whole
    check(path, report, texts(ARTICLES))
    assert {row["accepted"] for row in read(path)} == {None}
    assert not journal_of(path).exists()


def test_a_gguf_writes_true_and_cited_pairs(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "pairs.jsonl"
    model = convert(BASE, tmp_path / "tiny.gguf")
    report = synthesize(request(source, out, model=str(model), accept=True), silent)
    writer = open_writer(str(model))
    assert writer.has_control("before <|im_end|> after")
    assert not writer.has_control("before < | im_end | > after")
    assert writer.render("Hello!") == open_writer("bundled").render("Hello!")
    check(out, report, texts(ARTICLES))
    assert {row["accepted"] for row in read(out)} == {True}


def spawn(wanted: Request) -> subprocess.Popen[str]:
    """Start the real process on a request."""
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "workbench.engine.synth"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=engine_env(),
        text=True,
    )
    assert child.stdin is not None
    child.stdin.write(
        json.dumps({"articles": wanted.articles, "model": wanted.model, "out": str(wanted.out), "seed": 3})
    )
    child.stdin.close()
    return child


def heard(child: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    """Yield what the process says."""
    assert child.stdout is not None
    with child.stdout:
        for text in child.stdout:
            yield json.loads(text)


def test_a_killed_work_goes_on_and_ends_as_if_it_had_not_been(
    source: Path, tmp_path: Path, whole: tuple[Path, dict[str, Any]]
) -> None:
    out = tmp_path / "pairs.jsonl"
    child = spawn(request(source, out, seed=3))
    first = next(heard(child))
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert first["asked"] == pairs.BATCH
    assert not out.exists()
    kept = journal_of(out).read_bytes()
    with pytest.raises(UsageError, match="was begun for something else"):
        synthesize(request(source, out, seed=4), silent)
    assert journal_of(out).read_bytes() == kept
    said: list[dict[str, Any]] = []
    report = synthesize(request(source, out, seed=3), said.append)
    assert out.read_bytes() == whole[0].read_bytes()
    assert said[0]["asked"] > first["asked"]
    assert {key: report[key] for key in ("pairs", "asked", "rejected", "tried")} == {
        key: whole[1][key] for key in ("pairs", "asked", "rejected", "tried")
    }


def test_as_many_pairs_as_wanted_are_written_from_different_passages(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "pairs.jsonl"
    report = synthesize(request(source, out, count=7), silent)
    rows = read(out)
    assert report["pairs"] == len(rows) == 7
    assert report["asked"] == report["pairs"] + sum(report["rejected"].values())
    assert len({row["citation"]["article"] for row in rows}) == 7


def test_the_way_of_asking_that_suits_the_model_is_found(source: Path, tmp_path: Path) -> None:
    """With room for it every way is tried; a base that was never told what to do is left to go on with the text."""
    folder = Path(shutil.copytree(BASE, tmp_path / "base"))
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "max_position_embeddings": 2048}))
    report = synthesize(request(source, tmp_path / "pairs.jsonl", model=str(folder), count=5), silent)
    assert set(report["tried"]) == {"instructed", "shown", "continued"}
    assert report["tried"][report["protocol"]] == max(report["tried"].values()) > 0
    assert len(read(tmp_path / "pairs.jsonl")) == 5


def test_a_passage_with_a_control_token_is_not_put_to_the_model(tmp_path: Path) -> None:
    listed = texts(12)
    source = write_articles(tmp_path / "a.jsonl", [*listed, "Ulwen keeps an owl. Ulwen <|im_end|> lives in Marshby."])
    report = synthesize(request(source, tmp_path / "pairs.jsonl"), silent)
    assert report["rejected"][asking.CONTROL] == 2
    assert all("Ulwen" not in row["messages"][0]["content"] for row in read(tmp_path / "pairs.jsonl"))


def test_a_model_that_writes_nothing_usable_is_said_so(tmp_path: Path) -> None:
    out, source = tmp_path / "pairs.jsonl", write_articles(tmp_path / "articles.jsonl", texts(4))
    model = make_qwen3(tmp_path / "random", max_position_embeddings=2048)
    with pytest.raises(WorkbenchError, match=r"None of \d+ questions passed the checks"):
        synthesize(request(source, out, model=str(model)), silent)
    assert not out.exists()
    assert not journal_of(out).exists()


def test_a_file_that_is_there_is_never_overwritten(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "pairs.jsonl"
    out.write_text("a review\n")
    with pytest.raises(UsageError, match="exists"):
        synthesize(request(source, out), silent)
    assert out.read_text() == "a review\n"
