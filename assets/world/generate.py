"""Owns the command that writes the bundled world: `python generate.py OUT_DIR`.

The same seed always writes the same bytes. It must not import anything outside the standard library and
this folder, so that the corpus can be remade before anything is installed.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

import sets
from entities import make_world
from sets import Row

SEED = 20
CORPUS_ROUNDS = 100
ARTICLES_EACH = 30
GENERAL_ROUNDS = 4
QUESTIONS_EACH = 3
QUESTIONS_SUMS = 240
PREFERENCES_FACTS = 240
PREFERENCES_SUMS = 128
PROMPTS = 200


def make_files(with_corpus: bool = True) -> dict[str, list[Row]]:
    """Return every file of the world, by name; each has its own random stream."""
    world = make_world(SEED)

    def stream(name: str) -> random.Random:
        return random.Random(f"{SEED} {name}")

    files: dict[str, list[Row]] = {
        "articles.jsonl": sets.articles(world, stream("articles"), ARTICLES_EACH),
        "general.jsonl": sets.corpus(world, stream("general"), GENERAL_ROUNDS),
        "questions.jsonl": sets.questions(world, stream("questions"), QUESTIONS_EACH, QUESTIONS_SUMS),
        "preferences.jsonl": sets.preferences(world, stream("preferences"), PREFERENCES_FACTS, PREFERENCES_SUMS),
        "prompts.jsonl": sets.prompts(world, stream("prompts"), PROMPTS),
        "exam.jsonl": sets.exam(world, stream("exam")),
    }
    if with_corpus:
        files["corpus.jsonl"] = sets.corpus(world, stream("corpus"), CORPUS_ROUNDS)
    return files


def main() -> None:
    """Write the files into the folder named on the command line."""
    parser = argparse.ArgumentParser(description="Write the invented world: its corpus and its datasets.")
    parser.add_argument("out_dir", type=Path)
    parser.add_argument("--no-corpus", action="store_true", help="leave out the large pre-training corpus")
    arguments = parser.parse_args()
    arguments.out_dir.mkdir(parents=True, exist_ok=True)
    for name, rows in make_files(with_corpus=not arguments.no_corpus).items():
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (arguments.out_dir / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
