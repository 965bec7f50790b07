"""The journal under torn lines, kills, full disks and replaced files."""

from __future__ import annotations

import errno
import json
import os
import signal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.runs.faults import Faults
from tests.support import run_on_small_disk, start_program
from workbench.core.errors import NoSpaceError, WorkbenchError
from workbench.core.events import AttemptEnded, AttemptStarted, Eval, Event, Notice, Phase, Step, encode
from workbench.runs import journal


def step(number: int) -> Step:
    """Return one step of a run."""
    return Step(step=number, steps=9, loss=1.0, learning_rate=0.1, grad_norm=1.0, tokens_per_second=1.0)


def notice(text: str) -> Notice:
    """Return one notice."""
    return Notice(level="info", code="c", text=text)


def test_events_are_numbered_dated_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    writer = journal.Writer(path)
    writer.write(AttemptStarted(attempt=1, pid=5), durable=True)
    writer.write(step(1))
    writer.close()
    started, first = journal.load(path)
    assert isinstance(started, AttemptStarted)
    assert isinstance(first, Step)
    assert (started.n, first.n) == (1, 2)
    assert os.stat(path).st_mtime - 60 < started.t <= first.t
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["events.jsonl"]


def test_a_new_writer_seals_a_torn_line_and_counts_on(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    whole = [encode(notice("a")), b'{"kind":"of a newer workbench","n":7}\n']
    path.write_bytes(b"".join(whole) + b'{"v":1,"kind":"notice","n":8,"lev')
    journal.Writer(path).write(notice("b"))
    lines = path.read_bytes().split(b"\n")
    assert [line + b"\n" for line in lines[:2]] == whole
    assert json.loads(lines[3])["n"] == 8
    assert [event.text for event in journal.load(path) if isinstance(event, Notice)] == ["a", "b"]


def test_a_line_that_only_lacks_its_end_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(encode(Notice(n=4, level="info", code="c", text="a")).rstrip())
    assert journal.load(path) == []
    journal.Writer(path).write(notice("b"))
    assert [(event.n, event.text) for event in journal.load(path) if isinstance(event, Notice)] == [(4, "a"), (5, "b")]


def test_a_reader_follows_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    reader = journal.Reader(path)
    assert reader.read() == []
    line = encode(notice("é"))
    with path.open("wb", buffering=0) as file:
        for cut in range(1, len(line)):
            file.write(line[cut - 1 : cut])
            assert reader.read() == []
        file.write(line[-1:] + line)
        assert reader.read() == [notice("é")] * 2
    assert reader.read() == []


def test_a_reader_starts_again_when_the_journal_shrinks_or_is_another_file(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(encode(notice("a")) * 3)
    reader = journal.Reader(path)
    assert len(reader.read()) == 3
    os.truncate(path, len(encode(notice("a"))))
    assert reader.read() == [notice("a")]
    other = tmp_path / "other"
    other.write_bytes(encode(notice("b")) * 5)
    other.rename(path)
    assert reader.read() == [notice("b")] * 5


KINDS = st.sampled_from(["a" * 40, "b" * 30_000, 'a quoted "kind":"step" and a\nnewline'])


@settings(max_examples=40, deadline=None)
@given(st.lists(KINDS | st.integers(1, 9), max_size=60), st.integers(0, 200_000))
def test_the_end_of_a_journal_is_a_suffix_of_the_whole(
    tmp_path_factory: pytest.TempPathFactory, content: list[str | int], max_bytes: int
) -> None:
    path = tmp_path_factory.mktemp("journal") / "events.jsonl"
    events: list[Event] = [notice(item) if isinstance(item, str) else step(item) for item in content]
    path.write_bytes(b"".join(map(encode, events)) + b'{"v":1,"kind":"step","torn')
    assert journal.load(path) == events
    tail = journal.tail(path, max_bytes)
    assert tail == events[len(events) - len(tail) :]
    last = {event.kind: event for event in events}
    assert journal.latest(path, ("step", "eval", "notice")) == last


def test_the_last_event_of_a_kind_is_found_however_far_back(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    evaluation, phase = Eval(step=1, loss=2.0), Phase(phase="training")
    path.write_bytes(encode(evaluation) + encode(phase) + b"".join(encode(step(n)) for n in range(20_000)))
    assert path.stat().st_size > 3 * journal._BLOCK_BYTES
    found = journal.latest(path, ("eval", "step", "phase", "sample"))
    assert found == {"eval": evaluation, "step": step(19_999), "phase": phase}


def test_a_journal_that_is_not_there_or_no_file_is_empty(tmp_path: Path) -> None:
    for path in (tmp_path / "missing", tmp_path):
        assert journal.load(path) == []
        assert journal.tail(path) == []
        assert journal.latest(path, ("step",)) == {}


TELLER = """
import sys
from pathlib import Path
from workbench.core.events import Notice
from workbench.runs import journal
writer, n = journal.Writer(Path(sys.argv[1])), 0
while True:
    n += 1
    writer.write(Notice(level="info", code="c", text=str(n)))
    print(n, flush=True)
"""


def test_a_killed_writer_loses_nothing_it_had_written(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    expected = 0
    for _ in range(3):
        teller = start_program(TELLER, path)
        assert teller.stdout is not None
        for _ in range(200):
            teller.stdout.readline()
        teller.send_signal(signal.SIGKILL)
        told = 200 + len(teller.communicate()[0].splitlines())
        expected += told
        events = journal.load(path)
        assert len(events) >= expected
        expected = len(events)
        assert [event.n for event in events] == list(range(1, expected + 1))


@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC])
@pytest.mark.parametrize("lasting", [False, True])
def test_whichever_operation_fails_writing_never_raises_and_no_line_is_torn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int, lasting: bool
) -> None:
    at, struck = 0, True
    refusals: list[WorkbenchError] = []
    while struck:
        at += 1
        path = tmp_path / str(at) / "events.jsonl"
        path.parent.mkdir()
        path.write_bytes(encode(notice("before")) + b'{"torn')
        with monkeypatch.context() as patch:
            faults = Faults(patch, at, error, lasting=lasting)
            try:
                writer = journal.Writer(path)
            except WorkbenchError as told:
                refusals.append(told)
                continue
            events = [step(1), step(2), AttemptEnded(attempt=1, outcome="failed")]
            for event in events:
                writer.write(event, durable=True)
            struck = faults.has_struck
        found = journal.load(path)
        own = [event for event in found[1:] if not (isinstance(event, Notice) and event.code == "events_dropped")]
        assert len(own) == len(events) - writer.dropped
        numbers = [event.n for event in found]
        assert numbers == sorted(set(numbers))
        assert lasting or isinstance(found[-1], AttemptEnded), "one fault does not cost the last word"
        assert lasting or struck or writer.dropped == 0
    (refusal,) = refusals
    assert isinstance(refusal, NoSpaceError) == (error == errno.ENOSPC)
    assert journal.load(tmp_path / "1" / "events.jsonl") == [notice("before")], "only opening it can fail"
    assert at > 5, "the operations were not counted"


def test_the_ballast_really_takes_room(tmp_path: Path) -> None:
    writer = journal.Writer(tmp_path / "events.jsonl")
    (ballast,) = (path for path in tmp_path.iterdir() if path.name != "events.jsonl")
    figures = ballast.stat()
    assert figures.st_size == journal.BALLAST_BYTES
    os.sync()
    assert ballast.stat().st_blocks * 512 >= journal.BALLAST_BYTES
    writer.write(AttemptEnded(attempt=1, outcome="done"))
    assert not ballast.exists(), "after the last word there is nothing to keep room for"


FULL = """
import json, sys
from pathlib import Path
from workbench.core.events import AttemptEnded, Notice, Step
from workbench.runs import journal
disk = Path(sys.argv[1])
path = disk / "events.jsonl"
writer = journal.Writer(path)
def step(n):
    writer.write(Step(step=n, steps=9, loss=1.0, learning_rate=0.1, grad_norm=1.0, tokens_per_second=1.0))
def fill(name):
    with open(disk / name, "wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            pass
step(1)
fill("other")
for n in range(2, 5000):
    step(n)
first_dropped = writer.dropped
writer.write(Notice(level="error", code="no_space", text="x" * 9000))
for n in range(5000, 5100):
    step(n)
after_notice = writer.dropped
(disk / "other").unlink()
step(6000)
fill("other")
for n in range(6001, 9000):
    step(n)
writer.write(AttemptEnded(attempt=1, outcome="paused"), durable=True)
events = journal.load(path)
print(json.dumps({
    "first_dropped": first_dropped, "after_notice": after_notice, "dropped": writer.dropped,
    "kinds": [e.kind for e in events if e.kind != "step"],
    "codes": [e.code for e in events if e.kind == "notice"],
    "gap": [e.text for e in events if e.kind == "notice"][-1].split()[0],
    "steps": [e.step for e in events if e.kind == "step"],
    "numbers": [e.n for e in events], "lines": path.read_bytes().count(b"\\n"),
}))
"""


def test_on_a_full_disk_the_last_words_still_fit(tmp_path: Path) -> None:
    told = run_on_small_disk(tmp_path, 3 << 20, FULL)
    assert told["first_dropped"] > 4000
    assert told["after_notice"] == told["first_dropped"] + 100, "the room of the ballast is not for steps"
    assert told["kinds"] == ["notice", "notice", "attempt_ended"]
    assert told["codes"] == ["no_space", "events_dropped"]
    assert int(told["gap"]) == told["after_notice"]
    assert 6000 in told["steps"]
    assert len(told["steps"]) + told["dropped"] == 4999 + 100 + 3000
    assert told["numbers"] == sorted(set(told["numbers"]))
    assert told["lines"] == len(told["numbers"]), "no line is torn"


def test_a_reader_takes_no_more_at_once_than_it_is_asked_to(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"".join(encode(step(n)) for n in range(1, 1001)))
    line = len(encode(step(1)))
    reader = journal.Reader(path)
    assert reader.behind() == path.stat().st_size
    taken = []
    while events := reader.read(20 * line):
        taken.append(len(events))
    assert sum(taken) == 1000
    assert max(taken) <= 21
    assert reader.behind() == 0
    tiny = journal.Reader(path)
    assert [event.n for _ in range(3) for event in tiny.read(1)] == [0, 0, 0], "a long line comes whole"


def test_a_reader_goes_on_at_a_place_and_tells_when_the_journal_is_another(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(encode(step(1)) + encode(step(2)))
    figures = path.stat()
    place = journal.Place((figures.st_dev, figures.st_ino), len(encode(step(1))))
    reader = journal.Reader(path, place)
    assert [event.step for event in reader.read() if isinstance(event, Step)] == [2]
    assert not reader.was_replaced
    path.unlink()
    assert reader.behind() == 0
    assert reader.read() == []
    (tmp_path / "other").write_bytes(encode(step(9)))
    (tmp_path / "other").rename(path)
    assert [event.step for event in reader.read() if isinstance(event, Step)] == [9]
    assert reader.was_replaced
    assert reader.read() == []
    assert not reader.was_replaced


def test_the_last_event_of_a_kind_is_looked_for_no_further_back_than_asked(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    first = encode(Eval(step=1, loss=1.0))
    path.write_bytes(first + encode(step(1)) + encode(step(2)))
    assert journal.latest(path, ("eval", "step")).keys() == {"eval", "step"}
    assert journal.latest(path, ("eval", "step"), len(first)).keys() == {"step"}
    assert journal.latest(path, ("eval", "step"), path.stat().st_size) == {}


def test_the_end_of_the_last_whole_line_is_found(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"one\n" + b"x" * (3 << 20))
    found = journal.end_of(path)
    assert found is not None
    assert found.offset == 4
    path.write_bytes(b"x" * 10)
    found = journal.end_of(path)
    assert found is not None
    assert found.offset == 0
    assert journal.end_of(tmp_path / "none") is None
