"""Bad input: one sentence that says what is wrong, an exit code, and nothing left behind."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.home import ARTICLES, QUESTIONS, Home
from tests.support import run_on_small_disk
from workbench.cli import main
from workbench.core import paths
from workbench.runs import hardware

FAILED, USAGE = 1, 2

Make = Callable[[Path], list[str]]
"""Makes a bad thing in a folder and returns the arguments that name it."""


def model_folder(folder: Path) -> Path:
    """Return a copy of the bundled base, to be damaged."""
    return Path(shutil.copytree(paths.assets_dir() / "base", folder / "model"))


def base_with(change: Callable[[Path], Any]) -> Make:
    """Return how to make a base that is the bundled one with a change."""

    def make(folder: Path) -> list[str]:
        copy = model_folder(folder)
        change(copy)
        return ["train", "--base", str(copy), "--data", QUESTIONS]

    return make


def changed_json(name: str, **values: Any) -> Callable[[Path], None]:
    """Return a change of a JSON file of a model."""

    def change(folder: Path) -> None:
        path = folder / name
        path.write_text(json.dumps({**json.loads(path.read_text()), **values}))

    return change


def only_pickles(folder: Path) -> None:
    """Turn the weights of a model into a pickle."""
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def truncated(folder: Path) -> None:
    """Cut the weights of a model short."""
    os.truncate(folder / "model.safetensors", 4_000_000)


def data(content: bytes, name: str = "rows.jsonl", *more: str) -> Make:
    """Return how to make a data file."""

    def make(folder: Path) -> list[str]:
        (folder / name).write_bytes(content)
        return ["train", "--data", str(folder / name), *more]

    return make


def recipe(content: bytes) -> Make:
    """Return how to make a recipe file."""

    def make(folder: Path) -> list[str]:
        (folder / "mine.toml").write_bytes(content)
        return ["train", str(folder / "mine.toml"), "--data", QUESTIONS]

    return make


def words(*argv: str) -> Make:
    """Return arguments that need nothing made."""
    return lambda folder: list(argv)


TRAIN = ("train", "--data", QUESTIONS)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20

BAD: dict[str, tuple[Make, int, str]] = {
    # Words on the command line
    "unknown command": (words("trian"), USAGE, "perhaps it is train"),
    "command of control characters": (words("tr\x1b[31main"), USAGE, "There is no command"),
    "unknown flag": (words(*TRAIN, "--epochs", "3"), USAGE, "see `workbench train --help`"),
    "flag without its value": (words("train", "--data"), USAGE, "expected one argument"),
    "unknown method": (words(*TRAIN, "--method", "stf"), USAGE, "invalid choice: 'stf'"),
    "unknown tuning": (words(*TRAIN, "--tuning", "half"), USAGE, "invalid choice: 'half'"),
    "unknown preset": (words(*TRAIN, "--preset", "sft-lore"), USAGE, "perhaps it is sft-lora"),
    "unknown field": (words(*TRAIN, "--set", "learnin_rate=1"), USAGE, "perhaps it is learning_rate"),
    "path of a run too long": (words("watch", "/" + "x" * 5000), FAILED, "File name too long"),
    **(
        {}
        if hardware.sample().usable
        else {"card that is not there": (words(*TRAIN, "--set", "device=cuda"), USAGE, "No NVIDIA card answers")}
    ),
    "set without a value": (words(*TRAIN, "--set", "seed"), USAGE, "--set wants FIELD=VALUE"),
    "set to a wrong type": (words(*TRAIN, "--set", "max_steps=many"), USAGE, "max_steps must be a whole number"),
    "set out of bounds": (words(*TRAIN, "--set", "learning_rate=7"), USAGE, "at most 1, not 7"),
    "set to not a number": (words(*TRAIN, "--set", "learning_rate=nan"), USAGE, "must be a number"),
    "set to another choice": (words(*TRAIN, "--set", "optim=adam"), USAGE, "perhaps it is adamw"),
    "contradiction": (words(*TRAIN, "--tuning", "lora", "--set", "optim=muon"), USAGE, "muon"),
    "no data": (words("train"), USAGE, "give --data FILE"),
    "unknown run": (words("watch", "nothing-like-it"), USAGE, "There is no run yet"),
    "nothing to pause": (words("pause", "last"), USAGE, "There is no run yet"),
    "a folder that is no run": (words("stop", "/"), USAGE, "is not the directory of a run"),
    "chat with nothing": (words("chat", "nothing", "--prompt", "Hi"), USAGE, "There is no base 'nothing'"),
    "chat with a missing file": (words("chat", "no/such.gguf"), USAGE, "There is no file no/such.gguf"),
    "chat with an empty prompt": (words("chat", "bundled", "--prompt", ""), USAGE, "The prompt is empty"),
    "a temperature below zero": (
        words("chat", "bundled", "--prompt", "Hi", "--temperature", "-1"), USAGE, "temperature is a number from 0",
    ),
    "an adapter of a type": (words("export", "nothing", "--adapter", "--type", "F16"), USAGE, "leave out --type"),
    "export of nothing": (words("export", "nothing"), USAGE, "There is no base 'nothing'"),
    # Recipes
    "missing recipe": (words("train", "no/such.toml"), USAGE, "No such file"),
    "recipe that is a folder": (lambda folder: ["train", str(folder)], USAGE, "Is a directory"),
    "recipe with a wrong field": (recipe(b"learnin_rate = 1"), USAGE, "perhaps it is learning_rate"),
    "recipe with a wrong value": (recipe(b"seed = 'x'"), USAGE, "seed must be a whole number"),
    "recipe that is no TOML": (recipe(b"seed = = 1"), USAGE, "is not valid TOML"),
    "recipe that is not UTF-8": (recipe(b"title = '\xff\xfe'"), USAGE, "is not UTF-8 text"),
    "recipe nested without end": (recipe(b"a = " + b"[" * 9999), USAGE, "is not valid TOML"),
    "recipe with NUL in a path": (recipe(b'base = "a\\u0000b"'), USAGE, "without NUL"),
    # Data
    "missing data": (words("train", "--data", "no/such.jsonl"), USAGE, "no/such.jsonl"),
    "data with a name too long": (words("train", "--data", "x" * 5000), USAGE, "xxx"),
    "data of a person who is not there": (words("train", "--data", "~nobody-here/x.jsonl"), USAGE, "nobody-here"),
    "empty data": (data(b""), USAGE, "rows.jsonl"),
    "empty folder": (lambda folder: ["train", "--data", str(folder)], USAGE, "holds no file that can be read"),
    "picture": (data(PNG, "rows.png"), USAGE, "rows.png"),
    "picture called rows": (data(PNG), USAGE, "rows.jsonl"),
    "noise": (data(bytes(range(1, 256)) * 200, "noise.txt"), USAGE, "noise.txt"),
    "rows of no known layout": (data(b'{"a": 1}\n{"b": 2}\n'), USAGE, "No row of"),
    "articles for sft": (words("train", "--data", ARTICLES, "--method", "sft"), USAGE, "use method cpt"),
    "questions for cpt": (words(*TRAIN, "--method", "cpt"), USAGE, "use method sft"),
    "sft from scratch": (words(*TRAIN, "--base", "scratch", "--method", "sft"), USAGE, "use method pretrain"),
    # Bases
    "unknown base": (words(*TRAIN, "--base", "bundeld"), USAGE, "There is no base 'bundeld'"),
    "base with a name too long": (words(*TRAIN, "--base", "x" * 5000), USAGE, "There is no base"),
    "base of a person who is not there": (words(*TRAIN, "--base", "~nobody-here/x"), USAGE, "nobody-here"),
    "folder without a model": (lambda folder: [*TRAIN, "--base", str(folder)], FAILED, "has no config.json"),
    "only pickled weights": (base_with(only_pickles), FAILED, "only pickled weights (pytorch_model.bin)"),
    "no weights": (base_with(lambda folder: (folder / "model.safetensors").unlink()), FAILED, "no weights"),
    "truncated weights": (base_with(truncated), FAILED, "is damaged: its tensors end at byte"),
    "empty weights": (base_with(lambda folder: os.truncate(folder / "model.safetensors", 0)), FAILED, "is damaged"),
    "Python code beside the weights": (
        base_with(lambda folder: (folder / "modeling_own.py").write_text("1")), FAILED, "brings Python code",
    ),
    "remote code in the configuration": (
        base_with(changed_json("config.json", auto_map={"AutoModel": "own.Model"})), FAILED, "'auto_map'",
    ),
    "remote code in the tokenizer": (
        base_with(changed_json("tokenizer_config.json", auto_map={"AutoTokenizer": ["own.T"]})), FAILED, "'auto_map'",
    ),
    "no tokenizer": (base_with(lambda folder: (folder / "tokenizer.json").unlink()), FAILED, "no tokenizer.json"),
    "broken configuration": (
        base_with(lambda folder: (folder / "config.json").write_text("{")), FAILED, "is not valid JSON",
    ),
    "weights that lead nowhere": (
        base_with(lambda folder: (folder / "more.safetensors").symlink_to(folder / "gone")), FAILED, "more.safetensors",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_sentence_and_leaves_nothing(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make, code, fragment = BAD[case]
    monkeypatch.chdir(tmp_path)
    assert main(make(tmp_path)) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert fragment in err
    assert err.startswith("workbench: ")
    assert err.count("\n") == 1
    assert "\x1b" not in err
    assert not paths.runs_home().exists() or not list(paths.runs_home().iterdir())


def test_chat_for_programs_needs_a_prompt(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chat", "bundled", "--json"]) == USAGE
    assert "needs --prompt" in json.loads(capsys.readouterr().out)["error"]


@pytest.mark.parametrize("case", ["unknown method", "empty data", "only pickled weights"])
def test_bad_input_is_an_object_for_programs(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make, code, fragment = BAD[case]
    monkeypatch.chdir(tmp_path)
    assert main([*make(tmp_path), "--json"]) == code
    out, err = capsys.readouterr()
    assert fragment in json.loads(out)["error"]
    assert fragment in err


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.mark.parametrize("argv", [["train", "--data", b"/no/\xff.jsonl"], [b"\xff\x1b[2J"], ["chat", b"\xff"]])
@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_arguments_that_are_not_text_are_one_sentence(home: Home, argv: list[str | bytes], flags: list[str]) -> None:
    command = [*home.command(), *argv, *flags]
    done = subprocess.run(command, capture_output=True, env=home.env(), timeout=60, check=False)
    assert done.returncode == USAGE
    assert done.stderr.startswith(b"workbench: ")
    assert done.stderr.count(b"\n") == 1
    assert b"\x1b" not in done.stderr
    if flags:
        assert json.loads(done.stdout)["error"]


def test_a_question_nobody_answers_deletes_nothing(home: Home, tmp_path: Path) -> None:
    run = make_run(home)
    done = home.workbench("discard", run, stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stdout.endswith("nothing was deleted\n"), done.stderr) == (0, True, "")
    assert (home.runs_dir / run).is_dir()


def make_run(home: Home) -> str:
    """Return the id of a run that was made and never started."""
    program = (
        "from workbench.core import recipe; from workbench.runs import store;"
        "r = recipe.resolve({'data': ['x']});"
        "print(store.create(recipe.to_toml(r), method='sft', tuning='lora', base='bundled', title='t').id)"
    )
    command = [home.command()[0], "-c", program]
    return subprocess.run(command, capture_output=True, text=True, env=home.env(), check=True).stdout.strip()


def test_a_reader_that_goes_away_is_no_error(home: Home) -> None:
    done = subprocess.run(
        ["bash", "-c", '"$@" | true; echo ${PIPESTATUS[0]}', "-", *home.command("--help")],
        capture_output=True,
        text=True,
        env=home.env(),
        timeout=60,
        check=False,
    )
    assert done.stderr == ""


def test_a_terminal_without_the_signs_gets_others(home: Home) -> None:
    make_run(home)
    done = subprocess.run(
        home.command("runs"),
        capture_output=True,
        env={**home.env(), "PYTHONIOENCODING": "ascii"},
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"lost" in done.stdout


@pytest.mark.skipif(os.geteuid() == 0 and not Path("/proc/sys").exists(), reason="a read-only folder is needed")
@pytest.mark.parametrize("place", ["/proc/sys", "/dev/null"])
def test_a_runs_folder_that_cannot_be_written_is_one_sentence(home: Home, place: str) -> None:
    """Not even an administrator can make a folder there, so no permission has to be taken away."""
    done = home.workbench(*TRAIN, env={**home.env(), "XDG_DATA_HOME": place})
    assert done.returncode == FAILED
    assert done.stderr.startswith("workbench: ")
    assert place in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    program = f"""
import contextlib, io, json, os, sys
disk = sys.argv[1]
os.environ["XDG_DATA_HOME"] = disk
with contextlib.suppress(OSError), open(disk + "/ballast", "wb", buffering=0) as file:
    while file.write(bytes(4096)):
        pass
from workbench.cli import main
err = io.StringIO()
with contextlib.redirect_stderr(err):
    code = main({[*TRAIN, "--method", "sft"]!r})
runs = os.path.join(disk, "workbench", "runs")
print(json.dumps([code, err.getvalue(), os.listdir(runs) if os.path.isdir(runs) else []]))
"""
    code, err, left = run_on_small_disk(tmp_path, 1 << 20, program)
    assert code == FAILED
    assert err.startswith("workbench: No space left in ")
    assert "bytes are needed there" in err
    assert err.count("\n") == 1
    assert left == []
