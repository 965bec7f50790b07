"""Folders and files by name: what is found, what is passed over by name, which split it is and of which kind."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from tests.data.archives_made import LINES, ignored, made, names, zipped
from workbench.data import readers
from workbench.data.readers import Unreadable
from workbench.data.readers.listing import FEW_ROWS, PROSE

# Folders


def test_what_is_no_data_in_a_folder_is_passed_over_by_name(tmp_path: Path) -> None:
    for name in ("train.jsonl", "dev.jsonl", "sub/part-0001"):
        made(tmp_path, name, LINES)
    passed = {
        "README.md": "it is about the data, not of it",
        "LICENSE": "it is about the data, not of it",
        "dataset_infos.json": "it is about the data, not of it",
        "dataset_manifest.json": "it is about the data, not of it",
        ".DS_Store": "hidden",
        ".git": "hidden",
        "notes.md": PROSE,
        "photo.png": "no reader for .png",
        "empty.jsonl": "is empty; give a file with rows or text",
        "lfs.parquet": "is a pointer in place of the data; fetch the data with `git lfs pull`",
    }
    for name in passed:
        content = {"empty": b"", "lfs": b"version https://git-lfs.github.com/spec/v1\n", "datas": b"{}"}
        text = next((content[start] for start in content if name.startswith(start)), b"Some words.")
        made(tmp_path, f"{name}/config" if name == ".git" else name, text)
    (tmp_path / "gone.jsonl").symlink_to(tmp_path / "nowhere")
    assert ignored(tmp_path) == passed | {"gone.jsonl": "it is no regular file"}
    assert names(tmp_path) == ["dev.jsonl", "sub/part-0001", "train.jsonl"]
    assert [member.held_out for member in readers.listing(tmp_path).members] == [True, False, False]


@pytest.mark.parametrize(
    ("held_out", "others"),
    [
        (["test.jsonl"], ["train.jsonl"]),
        (["gsm8k_test.jsonl"], ["gsm8k_train.jsonl", "alpaca.json"]),
        (["data_val.csv"], ["data.csv"]),
        (["test.json"], ["alpaca.json"]),
        (["data/test-00000-of-00001.csv"], ["data/train-00000-of-00002.csv", "data/train-00001-of-00002.csv"]),
        (["validation/a.jsonl", "test/a.jsonl"], ["train/a.jsonl"]),
        (["faq_held-out.csv"], ["faq_train.csv"]),
        ([], ["test.jsonl"]),
        ([], ["test.jsonl", "val.jsonl"]),
        ([], ["contest.jsonl", "latest.jsonl"]),
        ([], ["unit_test_generation.jsonl", "sql.jsonl"]),
        ([], ["test_train.jsonl", "other.jsonl"]),
    ],
)
def test_the_splits_are_told_by_their_names(tmp_path: Path, held_out: list[str], others: list[str]) -> None:
    for where in ("folder", "x.zip"):
        if where == "folder":
            for name in held_out + others:
                made(tmp_path / where, name, LINES)
        else:
            made(tmp_path, where, zipped(dict.fromkeys(held_out + others, LINES)))
        found = {member.name: member.held_out for member in readers.listing(tmp_path / where).members}
        assert sorted(name.removeprefix(f"{tmp_path / where}/") for name, held in found.items() if held) == sorted(
            held_out
        )
        assert len(found) == len(held_out + others)


def test_a_file_given_by_name_is_not_held_out(tmp_path: Path) -> None:
    made(tmp_path, "train.jsonl", LINES)
    assert not readers.listing(made(tmp_path, "test.jsonl", LINES)).members[0].held_out


def test_many_articles_are_not_lost_for_one_small_table(tmp_path: Path) -> None:
    for number in range(50):
        made(tmp_path, f"{number}.txt", b"An article about something, in many words. " * 10)
    made(tmp_path, "index.json", b'{"files": 50}')
    assert len(names(tmp_path)) == 50
    assert ignored(tmp_path) == {"index.json": FEW_ROWS}


def test_a_file_without_a_name_in_a_zip_is_passed_over(tmp_path: Path) -> None:
    # A zero byte ends a name, so that nothing is left of this one.
    content = zipped({"0b.jsonl": LINES, "folder/": b"", "a.jsonl": LINES}).replace(b"0b.jsonl", b"\0b.jsonl")
    path = made(tmp_path, "x.zip", content)
    assert names(path) == ["a.jsonl"]
    assert list(ignored(path).values()) == ["it has no name"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_forbidden_folder_is_passed_over_by_name(tmp_path: Path) -> None:
    made(tmp_path, "a.jsonl", LINES)
    (tmp_path / "locked").mkdir(mode=0)
    assert ignored(tmp_path) == {"locked": "it cannot be read: Permission denied"}


def test_every_file_of_a_large_folder_is_listed(tmp_path: Path) -> None:
    for number in range(3000):
        (tmp_path / f"{number}.txt").write_bytes(b"A text.")
    assert len(readers.listing(tmp_path).members) == 3000


# The kind is told by content first


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.txt", LINES, "json"),
        ("a.txt", b'[\n {"a": 1}\n]\n', "json"),
        ("a.csv", LINES, "json"),
        ("a", LINES, "json"),
        ("a.txt", b"{name} wrote\n{text}\n", "text"),
        ("a.txt", b"[1] A footnote.\n", "text"),
        ("a.txt", b"What?\tThat.\nWho?\tShe.\nWhen?\tNow.\n", "table"),
        ("a.txt", b"#separator:tab\nWhat?\tThat.\n", "table"),
        ("a.txt", b"\tOnce upon\n\ta time\n\tthere was\n", "text"),
        ("a", b"<!DOCTYPE html><p>Hello", "html"),
        ("a.txt", b"PAR1" + bytes(20), "parquet"),
        ("a.md", b"# Title\n", "markdown"),
        ("a.csv", b"q,a\n", "table"),
        ("a.json", "[]".encode("utf-16"), "json"),
        ("a.txt", LINES.decode().encode("utf-16"), "json"),
        ("a.txt", 'What?\t"That,\nor so."\nWho?\tShe.\nWhen?\tNow.\n'.encode("utf-16"), "table"),
        ("a.jsonl", b"q,a\nWhat?,That.\nWho?,She.\n", "table"),
        ("a.json", b'q;a\nWhat?;"That,\nor so."\nWho?;She.\n', "table"),
        ("a.jsonl", b"q,a\nWhat?,That.\nWho?,She, too.\n", "json"),
        ("a.jsonl", b"{'q': 1, 'a': 2}\n" * 9, "json"),
        ("a.jsonl", b"a note, first\n" + b'{"q": 1, "a": 2}\n' * 9, "json"),
        ("a.jsonl", b'["What?", "That."]\n' * 9, "json"),
        ("a.jsonl", b'"Well, that", "Oh"\nno comma\n' * 9, "json"),
        ("a", b"Plain words.", "text"),
        ("strange.dat", b"Plain words.", "text"),
    ],
)
def test_the_kind_of_a_file(tmp_path: Path, name: str, content: bytes, kind: str) -> None:
    assert readers.listing(made(tmp_path, name, content)).members[0].kind == kind


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.pdf", b"Not a PDF at all.", "not pdf file"),
        ("a.parquet", b"PARE" + bytes(20), "encrypted Parquet"),
        ("a.bin", b"\x80\x04\x95" + bytes(20), "pickle"),
        ("a.xlsx", zipped({"xl/workbook.xml": b""}), "is damaged or not an Excel workbook"),
        ("a.odt", zipped({"mimetype": b"x", "content.xml": b""}), "OpenDocument"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c" + bytes(20), "7z archive; unpack it first"),
        ("a.doc", b"\xd0\xcf\x11\xe0" + bytes(20), "save it as DOCX"),
        ("a.zip", zipped({}), "holds no file"),
        ("a.zip", zipped({"photo.png": b"\x89PNG"}), "photo.png: no reader for .png"),
        ("a.gz", gzip.compress(b"", mtime=0), "empty"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_sentence(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    with pytest.raises(Unreadable, match=says) as refused:
        readers.listing(made(tmp_path, name, content))
    assert "\n" not in str(refused.value)
    assert str(refused.value).endswith(".")
