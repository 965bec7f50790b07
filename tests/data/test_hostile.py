"""Hostile data through `workbench inspect`, as a person meets it: the command line, the limited child and the readers.

Whatever the data is, the command ends by itself with exit code 0, 1 or 2, tells it in words that drive no terminal, and
leaves the disk as it was. A test adds what must be said of its own data.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.data.documents_made import lines, pdf
from tests.support import program_env

MIB = 2**20
DRIVES = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What moves a cursor, changes a title or turns the direction of a line."""
ESCAPES = "\x1b]0;owned\x07 \x1b[2J \x9b31m \u202e \x00"
MEASURED = """
import json, resource, subprocess, sys
done = subprocess.run(sys.argv[1:], capture_output=True, stdin=subprocess.DEVNULL)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
print(json.dumps([done.returncode, done.stdout.decode(), done.stderr.decode(), peak]))
"""
"""Runs a command from a small process: the memory of the one that starts it would count as the command's own."""
GOOD = [{"question": f"What is {number}?", "answer": f"It is the number {number}."} for number in range(5)]
LINES = "".join(json.dumps(row) + "\n" for row in GOOD).encode()


@dataclass(frozen=True)
class Told:
    """How a command ended."""

    code: int
    out: str
    error: str
    peak_bytes: int
    """Most memory that the command or one of its children held at once."""

    def json(self) -> dict[str, Any]:
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found


def _files(folder: Path) -> list[tuple[str, int, int]]:
    """Return name, mode and time of change of everything below a folder."""
    return sorted((str(path), path.lstat().st_mode, path.lstat().st_mtime_ns) for path in folder.rglob("*"))


@pytest.fixture
def inspect(tmp_path: Path, _own_folders: Path) -> Callable[..., Told]:
    """Return a function that inspects a path in a process of its own, started where nothing may be written."""
    here, temporary = tmp_path / "here", tmp_path / "temporary"
    here.mkdir()
    temporary.mkdir()
    environ = {**program_env(), "TMPDIR": str(temporary), "COLUMNS": "100"}

    def run(path: Path | str, *words: str) -> Told:
        before = _files(tmp_path), _files(_own_folders)
        command = [sys.executable, "-m", "workbench", "inspect", str(path), *words]
        done = subprocess.run(
            [sys.executable, "-c", MEASURED, *command],
            check=True, capture_output=True, cwd=here, env=environ, timeout=120,
        )  # fmt: skip
        code, out, error, peak = json.loads(done.stdout)
        assert code in (0, 1, 2), (code, error)
        assert "Traceback" not in out + error
        assert not DRIVES.search(out + error)
        assert error.count("\n") == (1 if error else 0), error
        assert bool(error) == (code == 2)
        assert (_files(tmp_path), _files(_own_folders)) == before
        return Told(code, out, error, peak)

    return run


def made(folder: Path, name: str, content: bytes | str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def zipped(files: dict[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return sink.getvalue()


def reasons(found: dict[str, Any]) -> dict[str, int]:
    return {item["reason"]: item["count"] for item in found["quarantined"]}


# Too much


def test_a_line_of_hundreds_of_megabytes_costs_one_row_and_little_memory(
    tmp_path: Path, inspect: Callable[..., Told]
) -> None:
    path = tmp_path / "long.jsonl"
    with path.open("wb") as file:
        # So much that the file is known for text before the long line begins, which is a hole on the disk.
        rows = 0
        while file.tell() < MIB:
            rows += file.write(LINES) // len(LINES) * len(GOOD)
        file.write(b'{"question": "')
        file.seek(300 * MIB, os.SEEK_CUR)
        file.write(b'"}\n' + LINES)
    told = inspect(path, "--json")
    found = told.json()
    assert (told.code, found["rows"], found["usable"]) == (0, rows + 1 + len(GOOD), rows + len(GOOD))
    assert reasons(found) == {"the record is longer than 64 MiB": 1}
    assert told.peak_bytes < 300 * MIB


@pytest.mark.parametrize("name", ["bomb.jsonl.gz", "bomb.zip", "bomb.tar.gz"])
def test_a_bomb_is_named_and_costs_little_memory(tmp_path: Path, inspect: Callable[..., Told], name: str) -> None:
    alike = b"x" * (200 * MIB)
    if name.endswith(".zip"):
        content = zipped({"rows.jsonl": LINES, "bomb.txt": alike})
    elif name.endswith(".tar.gz"):
        sink = io.BytesIO()
        with tarfile.open(fileobj=sink, mode="w:gz", compresslevel=1) as archive:
            for inside, data in (("rows.jsonl", LINES), ("bomb.txt", alike)):
                entry = tarfile.TarInfo(inside)
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))
        content = sink.getvalue()
    else:
        content = gzip.compress(LINES + alike)
    told = inspect(made(tmp_path, name, content))
    assert "times its size, as a zip bomb does" in told.out + told.error
    assert told.peak_bytes < 300 * MIB
    if name != "bomb.jsonl.gz":
        assert (told.code, "5 found, 5 usable" in told.out) == (0, True)


# Too deep, too strange


def test_deep_nesting_and_what_is_no_json_cost_one_row_each(tmp_path: Path, inspect: Callable[..., Told]) -> None:
    strange = [
        "[" * 2000,
        '{"a":' * 2000,
        "[" * 900 + "]" * 900,
        '{"question": Infinity, "answer": "a"}',
        '{"question": "cut',
    ]
    path = made(tmp_path, "strange.jsonl", "\n".join(strange).encode() + b"\n" + LINES)
    found = inspect(path, "--json").json()
    assert (found["rows"], found["usable"]) == (len(strange) + len(GOOD), len(GOOD))
    assert sum(reasons(found).values()) == len(strange)
    assert reasons(found)["nested too deeply"] == 2
    assert reasons(found)["NaN or Infinity, which JSON does not have"] == 1


@pytest.mark.parametrize("text", ["[" * 100_000, '{"data": ' * 100_000, '[{"a": ' + "[" * 1000 + "]" * 1000 + "}]"])
def test_a_document_nested_without_end_is_quarantined(tmp_path: Path, inspect: Callable[..., Told], text: str) -> None:
    told = inspect(made(tmp_path, "deep.json", text), "--json")
    assert told.code == 1
    found = told.json()
    assert found["usable"] == 0
    assert found["rows"] == sum(reasons(found).values()) > 0


def test_a_row_nested_as_deeply_as_is_read_keeps_no_other_from_being_understood(
    tmp_path: Path, inspect: Callable[..., Told]
) -> None:
    deep: Any = "bottom"
    for _ in range(400):
        deep = [deep]
    path = made(tmp_path, "deep.jsonl", json.dumps({**GOOD[0], "meta": deep}).encode() + b"\n" + LINES)
    told = inspect(path, "--json")
    assert (told.code, told.json()["usable"]) == (0, 1 + len(GOOD))


# Documents


def docx(prologue: str, text: str) -> bytes:
    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = f'<w:document xmlns:w="{word}"><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>'
    return zipped({"word/document.xml": (prologue + body).encode()})


def test_entities_are_neither_unfolded_nor_fetched(tmp_path: Path, inspect: Callable[..., Told]) -> None:
    secret = made(tmp_path, "secret", "the secret of this machine")
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    for prologue in (
        f'<!DOCTYPE x [<!ENTITY l0 "lol">{laughs}<!ENTITY e "&l11;">]>',
        f'<!DOCTYPE x [<!ENTITY e SYSTEM "{secret.as_uri()}">]>',
        f'<!DOCTYPE x [<!ENTITY % p SYSTEM "{secret.as_uri()}"> %p; <!ENTITY e "x">]>',
    ):
        told = inspect(made(tmp_path, "letter.docx", docx(prologue, "&e;")))
        assert told.code == 2
        assert "entities" in told.error
        assert "secret of this" not in told.out + told.error
        assert told.peak_bytes < 300 * MIB


def test_a_pdf_with_a_password_says_so(tmp_path: Path, inspect: Callable[..., Told]) -> None:
    lock = (
        f"/Encrypt << /Filter /Standard /V 2 /R 3 /Length 128 /P -4 /O <{'12' * 32}> /U <{'34' * 32}> >>"
        f" /ID [<{'ab' * 16}> <{'ab' * 16}>]"
    )
    told = inspect(made(tmp_path, "locked.pdf", pdf([lines(["Nobody reads this."])], trailer=lock)))
    assert told.code == 2
    assert "needs a password" in told.error


# What drives a terminal


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_nothing_in_data_reaches_the_terminal_as_a_command(
    tmp_path: Path, inspect: Callable[..., Told], words: tuple[str, ...]
) -> None:
    folder = tmp_path / "data\x1b[31m\n\u202e"
    rows = [{"question": f"{number}? {ESCAPES}", "answer": f"[/INST] {ESCAPES}", ESCAPES: 1} for number in range(4)]
    content = "".join(json.dumps(row) + "\n" for row in rows)
    raw = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    made(folder, "one\x1b]0;owned\x07.jsonl", content + ESCAPES + "\n")
    made(folder, "two\n.jsonl", raw)
    made(
        folder,
        "three\x9b.zip",
        zipped({"a\x1b[2J.jsonl": content.encode(), "../\x1b[2J.jsonl": b"{}", "b\x1b.exe": b"MZ"}),
    )
    made(folder, "no\x1b[2J.pdf", b"%PDF-1.7 \x1b[2J")
    made(folder, "no\x1b[2J.\x1b", b"?")
    (folder / os.fsdecode(b"four\xff\x1b.jsonl")).write_text(content, encoding="utf-8")
    table = folder / "five.csv"
    table.write_text(
        f"question,answer,{ESCAPES.replace(chr(0), '')}\na?,{ESCAPES.replace(chr(0), '')},x\n", encoding="utf-8"
    )
    told = inspect(folder, *words)
    assert told.code == 0
    if words:
        found = told.json()
        assert found["usable"] >= 4 * len(rows)
        assert not DRIVES.search(json.dumps([found["path"], found["files"], found["ignored"]], ensure_ascii=False))
        # The training data itself is unchanged.
        assert found["examples"][-1]["messages"][0]["content"].endswith(ESCAPES.strip())


def test_a_name_that_drives_the_terminal_is_harmless_when_nothing_is_there(inspect: Callable[..., Told]) -> None:
    told = inspect("/nowhere/\x1b[2J\n\u202e.jsonl")
    assert told.code == 2
    assert "no file or folder" in told.error


# What is no file of data


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null", "/dev/stdin", "/proc/self/mem", "/proc/self/pagemap"])
def test_devices_are_refused_without_waiting(inspect: Callable[..., Told], path: str) -> None:
    assert inspect(path).code == 2


def test_pipes_loops_and_links_are_passed_over_by_name(tmp_path: Path, inspect: Callable[..., Told]) -> None:
    folder = tmp_path / "data"
    made(folder, "rows.jsonl", LINES)
    os.mkfifo(folder / "pipe.jsonl")
    (folder / "loop.jsonl").symlink_to("loop.jsonl")
    (folder / "above").symlink_to("..")
    (folder / "zero.jsonl").symlink_to("/dev/zero")
    (folder / "memory.jsonl").symlink_to("/proc/self/mem")
    found = inspect(folder, "--json").json()
    assert (found["rows"], found["usable"]) == (len(GOOD), len(GOOD))
    named = {Path(item["source"]).name for item in found["ignored"]}
    assert named >= {"pipe.jsonl", "loop.jsonl", "zero.jsonl", "memory.jsonl"}
    assert inspect(folder / "pipe.jsonl").code == inspect(folder / "loop.jsonl").code == 2


def test_one_good_file_among_hostile_ones_is_read(tmp_path: Path, inspect: Callable[..., Told]) -> None:
    folder = tmp_path / "data"
    made(folder, "rows.jsonl", LINES)
    for name in ("x.zip", "x.tar.gz", "x.parquet", "x.arrow", "x.pdf", "x.docx", "x.epub", "x.jsonl.gz", "x.jsonl.zst"):
        made(folder, name, b"\x1f\x8b not at all")
    made(folder, "slip.zip", zipped({"../../evil.jsonl": LINES, "/evil.jsonl": LINES, "C:\\evil.jsonl": LINES}))
    made(folder, "empty.jsonl", b"")
    made(folder, "pickle.jsonl", b"\x80\x04\x95cos\nsystem\n(S'touch evil'\ntR.")
    told = inspect(folder, "--json")
    found = told.json()
    assert (told.code, found["rows"], found["usable"]) == (0, len(GOOD), len(GOOD))
    assert len(found["ignored"]) >= 14
    assert all(item["reason"] for item in found["ignored"])
    assert {Path(item["path"]).name for item in found["files"]} == {"rows.jsonl"}
