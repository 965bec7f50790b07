"""Texts with end-of-text tokens between them: each is a row of its own, and prose about such tokens stays whole."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from workbench.data import readers
from workbench.data.readers import BadRecord, Record, passages

STORIES = (
    "Once there was a boat.\nIt was green.\n\nThe boat sailed far away.",
    "Lily had a hat.\n\nShe gave it to a cat named Tom.",
    "One day a bird sang.",
)


def read(folder: Path, text: str | bytes, name: str = "stories.txt") -> list[Record | BadRecord]:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return [record for member in readers.listing(path).members for record in readers.read(member)]


def rows(folder: Path, text: str, name: str = "stories.txt") -> list[dict[str, Any]]:
    found = read(folder, text, name)
    assert all(isinstance(record, Record) for record in found)
    return [record.value for record in found if isinstance(record, Record)]


@pytest.mark.parametrize(
    "between",
    [
        "\n<|endoftext|>\n", "\n\n<|endoftext|>\n\n", "<|endoftext|>", "<|endoftext|>\n", "\n<|endoftext|>", "\n</s>\n",
        "\n</s>\n<s>\n", "\r\n<|endoftext|>\r\n", "<|end_of_text|>\n<|begin_of_text|>", "\n <eos> \n",
        "\n<|endoftext|>\n<|endoftext|>\n",
    ],
)  # fmt: skip
@pytest.mark.parametrize("ended", [True, False])
def test_each_story_is_a_row(tmp_path: Path, between: str, ended: bool) -> None:
    text = between.join(STORIES) + between * ended
    for name in ("stories.txt", "stories.md", "stories"):
        assert rows(tmp_path, text, name) == [{"text": story} for story in STORIES]


def test_long_lines_with_tokens_are_stories_and_lines_are_counted(tmp_path: Path) -> None:
    stories = [f"Story {number} " + "and so on " * 200 for number in range(4)]
    found = read(tmp_path, "<|endoftext|>\n".join(stories))
    assert [record.value["text"] for record in found if isinstance(record, Record)] == [s.strip() for s in stories]
    assert [record.line for record in found] == [1, 2, 3, 4]
    assert [record.line for record in read(tmp_path, "\n<|endoftext|>\n".join(STORIES))] == [1, 6, 10]


@pytest.mark.parametrize(
    "text",
    [
        "The model ends its text with <|endoftext|> and then stops.\n\nThat is all.",
        "The token `<|endoftext|>` ends a text, and so does '<|endoftext|>', (<|endoftext|>).",
        "Struck out: <s>old</s>\n\n<s>all of this</s>\nbut not this",
        "A scene.\n\n***\n\nAnother.\n\n---\n\nA third.\n\n=====\n\nThe end.",
        "First part.\n\n\n\nSecond part.",
    ],
)
def test_a_text_stays_whole(tmp_path: Path, text: str) -> None:
    assert rows(tmp_path, text) == [{"text": text}]


def test_conversations_with_tokens_between_them(tmp_path: Path) -> None:
    one = "User: Where is the key?\n\nAssistant: Under the mat.\n\nUser: Thanks!\n\nAssistant: You are welcome."
    two = "User: Is it late?\nAssistant: It is nine."
    found = rows(tmp_path, "\n<|endoftext|>\n".join([one, two, "A text without marks.", two]))
    assert [list(row) for row in found] == [["messages"], ["messages"], ["text"], ["messages"]]
    assert [len(row["messages"]) for row in found if "messages" in row] == [4, 2, 2]


def test_a_book_between_stories_is_cut_and_keeps_every_word(tmp_path: Path) -> None:
    paragraphs = [f"Paragraph {number} {'x' * 300}." for number in range(2000)]
    found = [
        row["text"] for row in rows(tmp_path, "\n<|endoftext|>\n".join([STORIES[0], "\n\n".join(paragraphs), "x"]))
    ]
    assert (found[0], found[-1]) == (STORIES[0], "x")
    assert "\n\n".join(found[1:-1]) == "\n\n".join(paragraphs)
    assert max(map(len, found)) < 2 * passages.PART + 400


def test_a_damaged_line_costs_itself(tmp_path: Path) -> None:
    text = (
        "\n<|endoftext|>\n".join(
            [*STORIES, "Es läutet früh über Äckern, schöne Töne tönen, zwölf Vögel hören süß zu.\nbad\nEnde."]
        )
        .encode()
        .replace(b"bad", b"caf\xe9 x")
    )
    found = read(tmp_path, text)
    assert [record.reason for record in found if isinstance(record, BadRecord)] == ["not valid UTF-8"]
    assert [record.value["text"] for record in found if isinstance(record, Record)] == [
        *STORIES,
        "Es läutet früh über Äckern, schöne Töne tönen, zwölf Vögel hören süß zu.\nEnde.",
    ]


def test_many_stories_are_not_held_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "stories.txt"
    story = STORIES[0] * 20 + "\n<|endoftext|>\n"
    with path.open("w") as file:
        for _ in range(8 * 2**20 // len(story)):
            file.write(story)
    member = readers.listing(path).members[0]
    tracemalloc.start()
    count = sum(1 for _ in readers.read(member))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 8 * 2**20 // len(story)
    assert peak < 6 * 2**20
