"""Interviews, votes that a DPO run can read, blind sides, transcripts, and who can be talked with."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.guide.talks import BASE, TUNED, kept, look, talked
from tests.nvml.machines import machine, rtx_4090, told
from tests.support import wait_until
from workbench.core import recipe
from workbench.core.errors import UsageError
from workbench.core.events import Sample
from workbench.core.paths import assets_dir, data_home
from workbench.data import survey
from workbench.guide import talking, votes
from workbench.guide.conversation import Conversation
from workbench.guide.interview import Interview
from workbench.runs import journal, store
from workbench.runs.talk import Settings

# Interviews


def test_a_question_can_be_taken_back_while_its_model_is_loaded() -> None:
    interview = Interview(["bundled"])
    interview.ask((0,), "Hello", "", Settings(max_tokens=2000))
    wait_until(lambda: interview.look(0).phase == "loading", 15, "it loads")
    assert interview.asked
    interview.stop()
    assert not interview.asked
    interview.close()
    assert interview.join(20)
    assert interview.history(0) == []


def test_who_is_not_there_is_a_sentence_at_its_side() -> None:
    interview = Interview(["no-such-model"])
    interview.load()
    assert interview.busy or interview.look(0).phase == "failed", "nobody who looks may cease to yet"
    wait_until(lambda: interview.look(0).phase == "failed", 15, "the refusal")
    assert "There is no base 'no-such-model'" in interview.look(0).error
    interview.close()
    assert interview.join(5)


# Votes


def test_a_vote_is_a_row_that_dpo_learns_from() -> None:
    talk = talked(("It is in Reedhaven.", "Gladly! It is in Reedhaven."), system="You answer for a shop.")
    path = talk.vote(1)
    assert path.parent == data_home() / "votes"
    assert path.stat().st_mode & 0o077 == 0
    (row,) = kept(path)
    asked = [{"role": "system", "content": "You answer for a shop."}, {"role": "user", "content": "question 0"}]
    assert row["prompt"] == asked
    assert row["chosen"] == [{"role": "assistant", "content": "Gladly! It is in Reedhaven."}]
    assert row["rejected"] == [{"role": "assistant", "content": "It is in Reedhaven."}]
    origin = row["provenance"]
    assert (origin["chosen_model"], origin["rejected_model"]) == ("some-run", "bundled")
    assert origin["settings"]["temperature"] == Settings().temperature
    assert (origin["blind"], origin["turn"], origin["same_prompt"]) == (False, 1, True)
    for number in range(12):
        talked((f"Answer {number} is short.", f"Gladly! Answer {number} it is.")).vote(number % 2)
    found = survey.inspect({"paths": [str(path)]})
    assert (found["type"], found["method"], found["usable"]) == ("conversational preference", "dpo", 13)
    assert votes.tally(["some-run", "bundled"]) == {"some-run": 7, "bundled": 6}


def test_half_a_row_that_a_full_disk_left_spoils_no_other() -> None:
    talked(("one", "two")).vote(0)
    path = votes.file_of(["bundled", "some-run"])
    with path.open("ab") as file:
        file.write(b'{"prompt": [{"role"')
    talked(("three", "four")).vote(1)
    rows = path.read_text(encoding="utf-8").splitlines()
    assert len(rows) == 3
    assert json.loads(rows[2])["chosen"][0]["content"] == "four"
    assert sum(votes.tally(["bundled", "some-run"]).values()) == 2


def test_from_the_second_question_on_each_side_has_a_conversation_of_its_own() -> None:
    talk = talked(("first left", "first right"), ("second left", "second right"))
    (row,) = kept(talk.vote(0))
    said = [message["content"] for message in row["prompt"]]
    assert said == ["question 0", "first left", "question 1"]
    assert row["provenance"]["same_prompt"] is False
    other = [message["content"] for message in row["provenance"]["rejected_prompt"]]
    assert other == ["question 0", "first right", "question 1"]


@pytest.mark.parametrize(
    ("answers", "why"),
    [(("same", "same "), "the same"), (("", "something"), "empty")],
)
def test_what_there_is_no_vote_on(answers: tuple[str, str], why: str) -> None:
    talk = talked(answers)
    assert why in talk.why_no_vote()


def test_a_vote_takes_two_whole_answers() -> None:
    talk = Conversation((BASE, TUNED), 0)
    talk.begin("question", Settings(), "", False, [[], []])
    talk.take(0, look("done", "one"))
    assert "whole" in talk.why_no_vote()
    talk.take(1, look("failed", error="It died."))
    assert "enter asks it again" in talk.why_no_vote()
    assert talk.repeat() == (1,)
    talk.take(1, look("stopped", "tw"))
    assert "half an answer" in talk.why_no_vote()
    talk = talked(("one", "two"))
    assert talk.why_no_vote() == ""


def test_a_vote_is_changed_by_the_other_one_and_taken_back_by_the_same() -> None:
    path = talked(("before", "it")).vote(0)
    first = path.read_bytes()
    with path.open("ab") as file:
        file.write(b'{"half a row')
    talk = talked(("one", "two"), blind=True)
    (turn,) = talk.turns
    left, right = turn.places
    talk.vote(0)
    after = talked(("and", "after"))
    after.vote(0)
    talk.vote(1)
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.endswith("}")]
    assert [row["chosen"][0]["content"] for row in rows] == ["before", ("one", "two")[right], "and"]
    assert rows[1]["provenance"]["blind"] is False, "the first vote has told who is who"
    assert path.stat().st_mode & 0o077 == 0
    talk.vote(1)
    after.vote(0)
    assert turn.vote is None
    assert not turn.hidden
    assert path.read_bytes() == first + b'{"half a row\n'
    talk.vote(0)
    assert votes.tally(["bundled", "some-run"])[talk.models[left].reference] == 1 + (left == 0)


def test_a_vote_that_somebody_removed_is_not_put_back() -> None:
    talk = talked(("one", "two"))
    path = talk.vote(0)
    path.unlink()
    talk.vote(0)
    assert path.read_bytes() == b""
    talk.vote(0)
    path.write_bytes(b"")
    talk.vote(1)
    assert [row["chosen"][0]["content"] for row in kept(path)] == ["two"]


def test_votes_of_several_at_once_are_all_kept() -> None:
    talks = [talked((f"one {number}", f"two {number}")) for number in range(8)]

    def there_and_back(talk: Conversation) -> None:
        for column in (0, 1, 1, 0):
            talk.vote(column)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(there_and_back, talks))
    found = kept(votes.file_of(["bundled", "some-run"]))
    assert sorted(row["chosen"][0]["content"] for row in found) == [f"one {number}" for number in range(8)]


def test_blind_sides_change_places_at_random_and_the_vote_goes_to_who_answered() -> None:
    talk = talked(*((f"base {n}", f"tuned {n}") for n in range(20)), blind=True, seed=7)
    again = talked(*((f"base {n}", f"tuned {n}") for n in range(20)), blind=True, seed=7)
    order = [turn.places for turn in talk.turns]
    assert order == [turn.places for turn in again.turns]
    assert {(0, 1), (1, 0)} == set(order)
    assert order != [turn.places for turn in talked(*((f"{n}", f"t{n}") for n in range(20)), blind=True, seed=8).turns]
    last = talk.last
    assert last is not None
    assert last.hidden
    row = kept(talk.vote(0))[-1]
    assert row["chosen"][0]["content"] == ("base 19" if last.places[0] == 0 else "tuned 19")
    assert row["provenance"]["chosen_model"] == ("bundled" if last.places[0] == 0 else "some-run")
    assert row["provenance"]["blind"] is True
    assert not last.hidden


def test_a_conversation_is_kept_to_read_and_for_programs() -> None:
    talk = talked(("# not a heading\n\x1b[31m", "fine"), ("second", "other"))
    talk.vote(1)
    path = talk.keep()
    assert path.parent == data_home() / "chats"
    text = path.read_text(encoding="utf-8")
    assert "\x1b" not in text
    assert "> # not a heading" in text
    assert "## some-run, preferred" in text
    body = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert body["models"] == ["bundled", "some-run"]
    assert [answer["preferred"] for answer in body["turns"][1]["answers"]] == [False, True]
    assert body["turns"][0]["answers"][0]["text"] == "# not a heading\n\x1b[31m"
    talk.begin("third", Settings(), "", False, [talk.history(0), talk.history(1)])
    assert talk.keep() == path
    assert len(json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["turns"]) == 3


def test_a_model_is_told_again_what_it_has_answered() -> None:
    talk = talked(("one", "other"), system="Be kind.")
    first = [{"role": "user", "content": "question 0"}, {"role": "assistant", "content": "other"}]
    assert talk.history(1) == first
    talk.begin("question 1", Settings(), "Be kind.", False, [talk.history(0), talk.history(1)])
    talk.take(1, look("writing", "ot"))
    talk.cease()
    assert talk.last is not None
    assert talk.last.over
    assert talk.history(0) == [*first[:1], {"role": "assistant", "content": "one"}], "nothing was answered"
    assert talk.history(1)[2:] == [{"role": "user", "content": "question 1"}, {"role": "assistant", "content": "ot"}]


# Who answers


def test_who_is_proposed() -> None:
    assert talking.proposed() == ("bundled", "")
    assert talking.proposed("bundled", "some.gguf") == ("bundled", "some.gguf")
    assert talking.proposed("bundled") == ("bundled", "")
    with pytest.raises(UsageError):
        talking.proposed("no-such-model")
    assert talking.model_of(str(assets_dir() / "base")).word == "base"


def test_what_does_not_fit_on_the_card_is_said_before_it_is_loaded(tmp_path: Path) -> None:
    ask = "import json; from workbench.guide import talking; print(json.dumps(talking.room_for('bundled')))"
    full = told(tmp_path / "machine.json", machine(rtx_4090(free=2 << 20)), ask)
    assert "The card has 0.00 GiB free and this model needs about 0.0" in full
    assert told(tmp_path / "machine.json", machine(rtx_4090()), ask) == ""
    assert told(tmp_path / "machine.json", machine(), ask) == ""


def test_a_run_is_proposed_beside_its_base_and_has_a_question() -> None:
    chosen = recipe.resolve({"method": "sft", "tuning": "full", "base": "bundled", "data": [__file__]})
    run = store.create(recipe.to_toml(chosen), method="sft", tuning="full", base="bundled", title="shop")
    (run.artifacts_dir / "model").mkdir(parents=True)
    (run.artifacts_dir / "shop-Q8_0.gguf").write_bytes(b"GGUF")
    writer = journal.Writer(run.events_path)
    writer.write(Sample(step=4, prompt="Where does\nAda live?", text="There."))
    writer.close()
    assert talking.proposed() == talking.proposed(run.id) == ("bundled", run.id)
    assert talking.proposed(str(run.artifacts_dir / "shop-Q8_0.gguf"))[1] == ""
    assert talking.proposed("scratch", run.id) == ("bundled", run.id)
    models = talking.beside([talking.model_of(name) for name in ("bundled", run.id)])
    assert [(model.word, model.label) for model in models] == [("base", "bundled"), ("tuned", f"{run.id}, model")]
    assert talking.example(models) == "Where does Ada live?"
    listed = [(model.word, model.group) for model in talking.partners()]
    assert listed == [("tuned", "your runs"), ("Q8_0", "your runs"), ("base", "on this machine")]


def test_a_file_is_called_by_its_type(tmp_path: Path) -> None:
    for name, word, label in (
        ("demo-0dfd-Q4_K_M.gguf", "Q4_K_M", "demo-0dfd"),
        ("anything.gguf", "GGUF", "anything"),
        ("my-little-model.gguf", "GGUF", "my-little-model"),
    ):
        path = tmp_path / name
        path.write_bytes(b"GGUF")
        found = talking.model_of(str(path))
        assert talking.beside([found]) == (found,)
        assert talking.example([found]) == ""
        assert (found.word, found.label, found.run) == (word, label, "")
