"""`workbench deploy`, `bundle` and `reproduce`, as a person calls them."""

from __future__ import annotations

import io
import json
import stat
import tarfile
from hashlib import sha256
from pathlib import Path

import gguf
import numpy as np
import pytest

from tests.cli.conftest import Followed
from tests.cli.home import Home
from workbench.core.paths import assets_dir
from workbench.core.recipe import resolve, to_toml
from workbench.runs import exports, store


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def small_gguf(path: Path, template: str | None) -> Path:
    """Write a GGUF file whose header says how it talks."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(2048)
    writer.add_token_list(["<s>", "</s>", "a"])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_add_bos_token(True)
    if template is not None:
        writer.add_chat_template(template)
    writer.add_tensor("output.weight", np.zeros((1, 32), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def ollama(folder: Path, answer: str) -> Path:
    """Put a stand-in for somebody else's program into a folder: it keeps what it is told and answers one thing."""
    program = folder / "ollama"
    program.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$*" >> "{folder}/told"\n[ "$1" != run ] || printf "%s" "{answer}"\n'
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def test_a_file_gets_its_modelfile_and_is_tried_in_ollama(home: Home, tmp_path: Path) -> None:
    template = (assets_dir() / "base" / "chat_template.jinja").read_text(encoding="utf-8")
    path = small_gguf(tmp_path / "My Model.gguf", "{{ bos_token }}" + template)
    told = home.json("deploy", path)
    assert told["card"] is None, "nothing is known of a file's making"
    written = Path(told["modelfile"]).read_text(encoding="utf-8")
    assert "FROM ./My Model.gguf\n" in written
    assert "<s>" not in written, "llama.cpp puts the begin token there itself"
    assert 'PARAMETER stop """</s>"""\nPARAMETER num_ctx 2048' in written
    assert "-c 2048 --jinja" in told["commands"]["llama.cpp, in a browser"]

    ollama(tmp_path, "Good day.")
    env = {**home.env(), "PATH": f"{tmp_path}:/usr/bin:/bin"}
    done = home.workbench("deploy", path, "--ollama", "--prompt", "Hello?", "--json", env=env)
    assert json.loads(done.stdout)["ollama"]["answer"] == "Good day."
    asked = (tmp_path / "told").read_text().splitlines()
    assert asked == [f"create my-model -f {told['modelfile']}", "run my-model Hello?"]

    ollama(tmp_path, "Good day.</s>")
    leaking = home.workbench("deploy", path, "--ollama", env=env)
    assert leaking.returncode == 1
    assert "writes the stop token </s> into its answer" in leaking.stderr


def test_a_file_that_cannot_chat_is_told_so(home: Home, tmp_path: Path) -> None:
    told = home.json("deploy", small_gguf(tmp_path / "bare.gguf", None))
    assert told["modelfile"] is None
    assert "no chat template" in told["why_not"]
    assert "Ollama" not in told["commands"]
    assert home.workbench("deploy", tmp_path / "none.gguf").returncode == 2


def test_a_refusal_leaves_nothing_behind(home: Home, tmp_path: Path) -> None:
    junk = tmp_path / "junk.gguf"
    junk.write_bytes(bytes(range(256)))
    path = small_gguf(tmp_path / "a.gguf", "{{ messages[0].content }}")
    before = sorted(tmp_path.iterdir())
    for wrong in (junk, path):
        env = {**home.env(), "PATH": str(tmp_path / "nothing")}
        done = home.workbench("deploy", wrong, "--out", tmp_path / "new" / "er", "--ollama", env=env)
        assert done.returncode == 2
        assert "There is no ollama on this machine" in done.stderr
    assert home.workbench("deploy", junk, "--out", tmp_path / "new" / "er").returncode == 1
    below = home.workbench("deploy", path, "--out", junk / "new")
    assert (below.returncode, "is no folder; choose another" in below.stderr) == (2, True), below.stderr
    assert sorted(found for found in tmp_path.iterdir() if found != home.path) == before
    home.json("deploy", small_gguf(tmp_path / "b.gguf", None), "--out", tmp_path / "new" / "er")
    assert [found.name for found in (tmp_path / "new" / "er").iterdir()] == ["b.gguf"]


@pytest.mark.parametrize("kind", ["adapter", "imatrix", "mmproj"])
def test_what_is_no_model_is_not_handed_over(home: Home, tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"{kind}.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_type(kind)
    writer.add_tensor("x", np.zeros((2, 32), np.float32))
    for step in (writer.write_header_to_file, writer.write_kv_data_to_file, writer.write_tensors_to_file, writer.close):
        step()
    done = home.workbench("deploy", path)
    assert done.returncode != 0
    assert "name" in done.stderr
    assert "llama-server" not in done.stdout + done.stderr
    assert not path.with_suffix(".Modelfile").exists()


def test_a_file_that_is_no_longer_what_was_proved_is_told_so(home: Home) -> None:
    recipe = resolve({"method": "export", "base": "bundled", "gguf_types": ("Q8_0", "F16")})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(home.path / "data"))
        run = store.create(to_toml(recipe), method="export", tuning="full", base="bundled", title="files")
    run.artifacts_dir.mkdir()
    places = {kind: small_gguf(run.artifacts_dir / f"base-{kind}.gguf", None) for kind in ("Q8_0", "F16")}
    lines = [
        {"type": kind, "path": str(path), "bytes": path.stat().st_size, "sha256": sha256(path.read_bytes()).hexdigest()}
        for kind, path in places.items()
    ]
    exports.keep(run.artifacts_dir, lines, {})
    body = bytearray(places["Q8_0"].read_bytes())
    body[-1] ^= 1
    places["Q8_0"].write_bytes(body)
    for target in ("bundled", run.id):
        done = home.workbench("deploy", target, "--type", "q8_0")
        assert done.returncode == 2
        for said in ("was made and is no longer the file that was proved", "workbench export bundled --type Q8_0"):
            assert said in done.stderr, done.stderr
    places["Q8_0"].unlink()
    assert "was made and is gone" in home.workbench("deploy", "bundled", "--type", "Q8_0").stderr
    assert "There is no Q6_K of" in home.workbench("deploy", "bundled", "--type", "Q6_K").stderr


def test_a_bundle_makes_the_same_run_elsewhere(followed: Followed, tmp_path: Path) -> None:
    home, first = followed.home, followed.run.id
    made = home.json("bundle", first, "--out", tmp_path / "b.tar.gz")
    assert made["runs"] == [first]
    again = home.workbench("bundle", first, "--out", tmp_path / "b.tar.gz")
    assert again.returncode == 2, "a file that is there is never written over"

    other = Home(tmp_path / "other")
    elsewhere = followed.data.rename(tmp_path / "elsewhere")  # the bundle has its own
    try:
        told = other.json("reproduce", tmp_path / "b.tar.gz")
    finally:
        elsewhere.rename(followed.data)
    assert told["differences"] == []
    (run,) = told["runs"]
    assert run["held_out_loss"] == run["held_out_loss_there"], "on a processor it is the same to the last bit"
    assert other.json("reproduce", tmp_path / "b.tar.gz")["runs"] == [run], "what is done is not done again"


@pytest.mark.parametrize("name", ["../out", "/etc/out", "a/b/c"])
def test_an_archive_that_is_no_bundle_leaves_nothing(home: Home, tmp_path: Path, name: str) -> None:
    path = tmp_path / "b.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.size = 2
        archive.addfile(member, io.BytesIO(b"{}"))
    done = home.workbench("reproduce", path)
    assert done.returncode == 2
    assert "is no bundle" in done.stderr
    assert not [found for found in home.path.rglob("*") if found.is_file() and found.name == Path(name).name]
    assert not (tmp_path / "out").exists()
