"""Archives: what is found in them, what is passed over by name, and what is refused."""

from __future__ import annotations

import contextlib
import gzip
import io
import itertools
import json
import lzma
import os
import random
import stat
import struct
import subprocess
import sys
import tarfile
import tracemalloc
import zipfile
from pathlib import Path
from typing import BinaryIO

import pytest

from tests.data.archives_made import LINES, PACKERS, ROWS, everything, ignored, made, names, tarred, values, zipped, zst
from workbench.data import readers
from workbench.data.readers import Record, Unreadable, archives, unpacking
from workbench.data.readers.member import Member

# What is found


@pytest.mark.parametrize("name", PACKERS)
def test_every_packing_gives_the_same_rows(tmp_path: Path, name: str) -> None:
    path = made(tmp_path, name, PACKERS[name](LINES))
    (member,) = readers.listing(path).members
    assert (member.kind, member.origin) == ("json", path)
    assert member.name.startswith(str(path))
    assert values(member) == ROWS
    assert values(member) == ROWS  # as often as wanted
    assert list(tmp_path.iterdir()) == [path]  # nothing is written


def test_members_are_named_by_where_they_lie(tmp_path: Path) -> None:
    inner = zipped({"b.jsonl": LINES, "deep/c.csv": b"q,a\n1,2\n"})
    path = made(tmp_path, "data.zip", zipped({"a.jsonl": LINES, "in/inner.zip": inner}))
    assert names(path) == ["a.jsonl", "in/inner.zip/b.jsonl", "in/inner.zip/deep/c.csv"]


def test_members_with_one_name_stay_apart(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.jsonl", LINES)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.jsonl", b'{"a": 3}\n')
        archive.writestr("a\x1b.jsonl", LINES)
    path = made(tmp_path, "x.zip", out.getvalue())
    members = readers.listing(path).members
    assert len({member.name for member in members}) == 3
    assert [len(values(member)) for member in members] == [2, 1, 2]
    assert not any("\x1b" in member.name for member in members)


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_long_names_in_a_tar(tmp_path: Path, mode: str) -> None:
    long = "/".join(["folder" * 10] * 5) + "/ü.jsonl"
    for format in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT):
        name = long[-150:] if format == tarfile.USTAR_FORMAT else long
        path = made(tmp_path, f"{format}.tar", tarred({"first.jsonl": LINES, name: LINES}, mode, format))
        assert names(path) == ["first.jsonl", name]
        assert everything(path) == ROWS * 2


def test_members_of_a_packed_tar_are_read_in_any_order_and_side_by_side(tmp_path: Path) -> None:
    files = {f"{number}.jsonl": json.dumps({"n": number}).encode() * 1 + b"\n" for number in range(20)}
    members = readers.listing(made(tmp_path, "x.tar.gz", tarred(files, "w:gz"))).members
    random.Random(1).shuffle(members)
    streams = [readers.read(member) for member in members]
    found = [record.value["n"] for stream in streams for record in stream if isinstance(record, Record)]
    assert found == [int(member.name.rpartition("/")[2].partition(".")[0]) for member in members]
    pairs = list(zip(readers.read(members[0]), readers.read(members[1]), strict=True))
    assert [one.value["n"] for one in itertools.chain(*pairs) if isinstance(one, Record)] == found[:2]


def test_a_member_too_long_to_be_kept_is_streamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "KEPT_BYTES", 1000)
    rows = [{"n": number, "x": "y" * 50} for number in range(500)]
    body = "\n".join(map(json.dumps, rows)).encode()
    for mode in ("w", "w:gz"):
        path = made(tmp_path, "x.tar", tarred({"a.jsonl": LINES, "b.jsonl": body, "c.jsonl": LINES}, mode))
        assert everything(path) == [*ROWS, *rows, *ROWS]


def test_a_forked_process_reads_on_its_own(tmp_path: Path) -> None:
    rows = [{"n": number} for number in range(2000)]
    body = "\n".join(map(json.dumps, rows)).encode()
    for name, content in (("x.zip", zipped({"a.jsonl": body})), ("x.tar", tarred({"a.jsonl": body}))):
        (member,) = readers.listing(made(tmp_path, name, content)).members
        stream = readers.read(member)
        first = next(stream)
        child = os.fork()
        if child == 0:
            os._exit(0 if values(member) == rows else 1)
        assert [first, *stream] == [Record(member.name, number + 1, row) for number, row in enumerate(rows)]
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


# Hostile archives


def _special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def test_a_tar_that_reaches_outside_is_passed_over_by_name(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(_special("link.jsonl", tarfile.SYMTYPE, "/etc/passwd"))
        archive.addfile(_special("hard.jsonl", tarfile.LNKTYPE, "../x"))
        archive.addfile(_special("device.jsonl", tarfile.CHRTYPE))
        archive.addfile(_special("pipe.jsonl", tarfile.FIFOTYPE))
        for name in (
            "../up.jsonl",
            "/absolute.jsonl",
            "in/../../up.jsonl",
            "C:\\x.jsonl",
            "ok.jsonl",
            "new\nli\x1bne.jsonl",
        ):
            info = tarfile.TarInfo(name)
            info.size = len(LINES)
            archive.addfile(info, io.BytesIO(LINES))
    path = made(tmp_path / "in", "x.tar", out.getvalue())
    assert names(path) == ["ok.jsonl", "new li␛ne.jsonl"]
    assert ignored(path) == {
        "link.jsonl": "it is a link",
        "hard.jsonl": "it is a link",
        "device.jsonl": "it is a device",
        "pipe.jsonl": "it is a device",
        "../up.jsonl": "its name reaches outside the archive",
        "/absolute.jsonl": "its name is absolute",
        "in/../../up.jsonl": "its name reaches outside the archive",
        "C:\\x.jsonl": "its name is absolute",
    }
    assert everything(path) == ROWS * 2
    assert sorted(item.name for item in tmp_path.rglob("*")) == ["in", "x.tar"]


def test_a_zip_that_reaches_outside_is_passed_over_by_name(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        link = zipfile.ZipInfo("link.jsonl")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        for name in ("../up.jsonl", "/absolute.jsonl", "..\\windows.jsonl", "ok.jsonl"):
            archive.writestr(name, LINES)
    path = made(tmp_path, "x.zip", out.getvalue())
    assert names(path) == ["ok.jsonl"]
    assert ignored(path) == {
        "link.jsonl": "it is a link or a device",
        "../up.jsonl": "its name reaches outside the archive",
        "/absolute.jsonl": "its name is absolute",
        "..\\windows.jsonl": "its name reaches outside the archive",
    }


def test_an_encrypted_member_is_passed_over_by_name(tmp_path: Path) -> None:
    content = bytearray(zipped({"locked.jsonl": LINES, "open.jsonl": LINES}))
    for sign, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(sign) + at] |= 1
    path = made(tmp_path, "x.zip", bytes(content))
    assert names(path) == ["open.jsonl"]
    assert ignored(path) == {"locked.jsonl": "it needs a password; unpack it yourself"}


def test_a_zip_bomb_is_refused_by_its_ratio(tmp_path: Path) -> None:
    bomb = bytes(unpacking.FREE_BYTES * 2)
    path = made(tmp_path, "x.zip", zipped({"bomb.jsonl": bomb, "ok.jsonl": LINES}))
    assert (names(path), ignored(path)) == (["ok.jsonl"], {"bomb.jsonl": unpacking.BOMB})
    with pytest.raises(Unreadable, match="zip bomb"):
        readers.listing(made(tmp_path, "alone.zip", zipped({"bomb.jsonl": bomb})))


@pytest.mark.parametrize("name", ["x.jsonl.gz", "x.jsonl.zst", "x.jsonl.bz2", "x.jsonl.xz"])
def test_a_packed_bomb_ends_the_reading_before_it_fills_the_memory(tmp_path: Path, name: str) -> None:
    body = LINES + b'{"a": "' + b"x" * (60 * 2**20)
    (member,) = readers.listing(made(tmp_path, name, PACKERS[name](body))).members
    stream = readers.read(member)
    assert [next(stream), next(stream)] == [Record(member.name, 1, {"a": 1}), Record(member.name, 2, {"a": 2})]
    with pytest.raises(Unreadable, match="zip bomb"):
        list(stream)


def test_the_budget_holds_for_all_members_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = b"".join(
        json.dumps({"n": number, "x": random.Random(number).random()}).encode() + b"\n" for number in range(99)
    )
    monkeypatch.setattr(unpacking, "MAX_ARCHIVE_BYTES", 2 * len(body) + 10)
    files = {f"{number}.jsonl": body for number in range(4)}
    for name, content in (("x.zip", zipped(files)), ("x.tar", tarred(files))):
        path = made(tmp_path, name, content)
        assert names(path) == ["0.jsonl", "1.jsonl"]
        assert set(ignored(path).values()) == {unpacking.TOO_MUCH}


def test_what_only_unpacking_tells_is_counted_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = b'{"x": "%s"}\n' % random.Random(0).randbytes(2**19).hex().encode()
    packed = gzip.compress(body)
    monkeypatch.setattr(unpacking, "MAX_ARCHIVE_BYTES", int(2.9 * len(body)) + 4 * len(packed))
    content = zipped({f"{number}.jsonl.gz": packed for number in range(4)})
    members = readers.listing(made(tmp_path, "x.zip", content)).members

    def rows(member: Member) -> int:
        try:
            return len(values(member))
        except Unreadable as error:
            return -len(str(error).partition("unpacks to more than")[1])

    # However often they are read, the same ones are within the budget.
    for _ in range(2):
        assert [rows(member) for member in members] == [1, 1, -20, -20]


def test_a_great_many_members_are_cut_off(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(unpacking.MAX_MEMBERS + 5):
            archive.writestr(f"{number}.txt", b"A text.")
    path = made(tmp_path, "x.zip", out.getvalue())
    found = readers.listing(path)
    assert len(found.members) == unpacking.MAX_MEMBERS
    assert found.ignored == [{"source": str(path), "reason": archives.TOO_MANY}]


def test_the_members_of_nested_archives_count_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "MAX_MEMBERS", 10)
    inner = zipped({f"{number}.txt": b"A text." for number in range(6)})
    path = made(tmp_path, "x.zip", zipped({f"{number}.zip": inner for number in range(6)}))
    assert len(names(path)) < 10


def test_a_table_of_contents_beyond_measure_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_DIRECTORY_BYTES", 1000)
    with pytest.raises(Unreadable, match="lists far more than"):
        readers.listing(made(tmp_path, "x.zip", zipped({f"{number}.txt": b"A text." for number in range(100)})))


def test_nesting_ends_at_the_second_level(tmp_path: Path) -> None:
    content = zipped({"deep.jsonl": LINES})
    for level in range(9, 0, -1):
        content = zipped({f"{level}.zip": content, f"{level}.jsonl": LINES})
    path = made(tmp_path, "x.zip", content)
    assert names(path) == ["1.zip/2.jsonl", "1.jsonl"] or sorted(names(path)) == ["1.jsonl", "1.zip/2.jsonl"]
    assert ignored(path) == {"1.zip/2.zip": "is packed more than 2 deep; unpack it yourself"}
    content = LINES
    for _ in range(5):
        content = gzip.compress(content)
    with pytest.raises(Unreadable, match="packed more than 2 deep"):
        readers.listing(made(tmp_path, "x.gz", content))


@pytest.mark.parametrize("size", [300, 300_000])
def test_a_damaged_member_is_named_and_the_rest_is_read(tmp_path: Path, size: int) -> None:
    rng = random.Random(0)
    rows = b"".join(b'{"x": "%s"}\n' % rng.randbytes(size // 30).hex().encode() for _ in range(60))
    content = bytearray(zipped({"bad.jsonl": rows, "good.jsonl": LINES}))
    content[len(content) * 3 // 4] ^= 0xFF
    found = readers.listing(made(tmp_path, "x.zip", bytes(content)))
    assert values(found.members[-1]) == ROWS
    if size == 300:
        assert found.ignored == [{"source": f"{tmp_path}/x.zip/bad.jsonl", "reason": "is damaged; get it again"}]
        return
    with pytest.raises(Unreadable, match=r"bad.jsonl is damaged; get it again\."):
        list(readers.read(found.members[0]))


@pytest.mark.parametrize("name", [name for name in PACKERS if "in." not in name and "frames" not in name])
def test_a_packed_file_that_is_cut_off_is_never_taken_for_whole(tmp_path: Path, name: str) -> None:
    rng = random.Random(0)
    rows = [{"x": rng.random()} for _ in range(300)]
    content = PACKERS[name]("".join(json.dumps(row) + "\n" for row in rows).encode())
    for cut in (len(content) // 2, len(content) * 9 // 10, 60):
        with contextlib.suppress(Unreadable):
            assert everything(made(tmp_path, name, content[:cut])) == rows
    with pytest.raises(Unreadable):
        everything(made(tmp_path, name, content[:300]))


def test_a_tar_that_is_cut_off_keeps_the_members_before(tmp_path: Path) -> None:
    rng = random.Random(0)
    files = {f"{number}.jsonl": b'{"x": "%s"}' % rng.randbytes(2**17).hex().encode() for number in range(5)}
    for mode in ("w", "w:gz"):
        whole = tarred(files, mode)
        path = made(tmp_path, "x.tar", whole[: len(whole) // 2])
        found = readers.listing(path)
        assert 0 < len(found.members) < 5
        assert "cut off" in found.ignored[0]["reason"]
        assert "was passed over" in found.ignored[0]["reason"]


@pytest.mark.parametrize("kind", [b"L", b"x"])
def test_a_name_of_gigabytes_is_not_read(tmp_path: Path, kind: bytes) -> None:
    header = bytearray(tarred({"a.jsonl": LINES})[:512])
    header[156:157] = kind
    header[124:136] = b"%011o\0" % 2**31
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    with pytest.raises(Unreadable, match="longer than any name"):
        readers.listing(made(tmp_path, "x.tar", bytes(header) + bytes(2**16)))


def test_a_frame_that_wants_a_huge_window_is_refused(tmp_path: Path) -> None:
    # Frame header of RFC 8878: magic, no checksum, a window of 2 GiB (exponent 21, 2^(10 + 21)); then a raw block.
    frame = b"\x28\xb5\x2f\xfd" + bytes([0, 21 << 3]) + struct.pack("<L", 1 | len(LINES) << 3)[:3] + LINES
    with pytest.raises(Unreadable, match="more memory"):
        readers.listing(made(tmp_path, "x.jsonl.zst", frame))


def test_bytes_that_were_changed_give_rows_or_one_sentence(tmp_path: Path) -> None:
    rng = random.Random(7)
    files = {"a.jsonl": LINES, "b.csv": b"q,a\n1,2\n", "c.jsonl.gz": gzip.compress(LINES)}
    whole = [
        zipped(files),
        tarred(files),
        tarred(files, "w:gz"),
        gzip.compress(LINES),
        zst(LINES),
        lzma.compress(LINES),
    ]
    sentences: list[str] = []
    for number in range(300):
        content = bytearray(whole[number % len(whole)])
        for _ in range(rng.randint(1, 4)):
            content[rng.randrange(len(content))] = rng.randrange(256)
        path = made(tmp_path, f"{number}.zip", bytes(content[: rng.choice([None, rng.randrange(1, len(content))])]))
        try:
            members = readers.listing(path).members
        except Unreadable:
            continue
        for member in members:
            try:
                for record in readers.read(member):
                    assert record.source == member.name
            except Unreadable as error:
                sentences.append(str(error))
    assert all(sentence.endswith(".") and "\n" not in sentence for sentence in sentences)


def test_reading_a_long_packed_file_needs_little_memory(tmp_path: Path) -> None:
    rng = random.Random(1)
    noise = b"".join(b'{"x": "%s"}\n' % rng.randbytes(500).hex().encode() for _ in range(20_000))
    (member,) = readers.listing(made(tmp_path, "y.jsonl.gz", gzip.compress(noise, 1))).members
    tracemalloc.start()
    count = sum(1 for _ in readers.read(member))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 20_000
    assert peak < 16 * 2**20


def test_listing_leaves_no_file_open(tmp_path: Path) -> None:
    script = (
        "import sys, warnings, gc; warnings.simplefilter('error', ResourceWarning)\n"
        "from pathlib import Path\n"
        "from workbench.data import readers\n"
        "for name in sys.argv[1:]:\n"
        "    for member in readers.listing(Path(name)).members: list(readers.read(member))\n"
        "gc.collect()\n"
    )
    paths = [made(tmp_path, name, PACKERS[name](LINES)) for name in PACKERS]
    done = subprocess.run(
        [sys.executable, "-c", script, *paths], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == ""


def test_the_members_of_a_packed_tar_are_read_onwards_and_not_from_the_beginning_each_time(tmp_path: Path) -> None:
    files = {f"{number}.txt": random.Random(number).randbytes(3000).hex().encode() for number in range(200)}
    path = made(tmp_path, "x.tar.gz", tarred(files, "w:gz"))
    opened = 0

    def open_packed() -> BinaryIO:
        nonlocal opened
        opened += 1
        return path.open("rb")

    unpacked = unpacking.unpacked("gz", open_packed, "x", path.stat().st_size, None)
    entries = list(archives.in_tar(unpacked, "x", unpacking.Budget(), lambda name, why: None))
    for entry in entries:
        for _ in range(2):
            with entry.open() as stream:
                assert stream.read() == files[entry.name]
    assert (len(entries), opened) == (200, 2)
