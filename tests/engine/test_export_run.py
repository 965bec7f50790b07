"""An export as a run: its report, what it refuses and leaves behind, and that kills and pauses change no byte."""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.bench import Bench, of_kind, report
from tests.engine.tiny import make_qwen3
from tests.support import program_env, wait_until
from workbench.core import gguf_size
from workbench.core.errors import NoSpaceError, UsageError, WorkbenchError
from workbench.core.events import AttemptEnded, AttemptStarted, Notice, Phase
from workbench.core.paths import assets_dir
from workbench.guide import deploying, exporting, sides, talking, watching
from workbench.runs import bases, control, exports, process, requests, store
from workbench.runs.store import Run

BASE = assets_dir() / "base"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a tiny random model."""
    return make_qwen3(tmp_path_factory.mktemp("tiny") / "base")


def created(bench: Bench, reference: str | Path, *kinds: str, **asked: Any) -> Run:
    """Make the run of an export, not started."""
    with bench.home():
        return exporting.create(exporting.wanted(str(reference), kinds, **asked))


def error_of(run: Run) -> str:
    """Return why the last attempt failed."""
    ended: list[AttemptEnded] = of_kind(run, AttemptEnded)
    return ended[-1].error


def phases(run: Run) -> list[tuple[str, str]]:
    """Return (phase, detail) in the order in which they began."""
    return list(dict.fromkeys((event.phase, event.detail) for event in of_kind(run, Phase)))


def hashes(run: Run) -> dict[str, str]:
    """Return type → hash of the files of an export as they are on the disk."""
    return {kind: hashlib.sha256(made.path.read_bytes()).hexdigest() for kind, made in exports.of_run(run).items()}


def test_the_bundled_model_is_exported(bench: Bench) -> None:
    run = created(bench, "bundled", "F32", "F16", "Q8_0", "Q4_K_M", name="tiny")
    assert bench.attempt(run) == 0
    told = report(run)
    proof = told["parity"]
    assert proof["tokenizer_mismatches"] == 0
    assert proof["max_abs_logit_diff"] < 1e-3
    assert proof["top1"] == 1.0
    assert proof["stops"] is True
    assert proof["chat_render"] is True
    assert proof["stopped"] >= 1, "the bundled model ends its answers, so the comparison of stops is a real one"
    files = {line["type"]: line for line in told["files"]}
    there = sorted(path.name for path in run.artifacts_dir.iterdir())
    assert there == sorted(["export.json", *(f"tiny-{kind}.gguf" for kind in files)])
    for kind, line in files.items():
        data = Path(line["path"]).read_bytes()
        assert line["bytes"] == len(data)
        assert line["sha256"] == hashlib.sha256(data).hexdigest()
        bits = {"F32": 32, "F16": 16, "Q8_0": 8.5, "Q4_K_M": 4.9}[kind]
        assert line["bits_per_weight"] == pytest.approx(bits, rel=0.05)
        assert line["fallbacks"] == {}
        assert line["speed"] > 1
    assert files["F32"]["kl"] < 1e-6
    assert files["F32"]["kl"] <= files["F16"]["kl"] < files["Q8_0"]["kl"] < files["Q4_K_M"]["kl"] < 0.1
    assert files["Q4_K_M"]["top1"] > 0.8
    assert phases(run) == [
        ("loading", ""), ("preparing", "the float32 file"), ("evaluating", "transformers answers"),
        ("evaluating", "llama.cpp answers"), ("exporting", "F16"), ("evaluating", "F16"), ("exporting", "Q8_0"),
        ("evaluating", "Q8_0"), ("exporting", "Q4_K_M"), ("evaluating", "Q4_K_M"), ("evaluating", "F32"),
    ]  # fmt: skip
    with bench.home():
        base = bases.resolve("bundled")
        assert set(exports.of_base(base)) == set(files)
        assert exports.exported(run.id) == "bundled"
        assert exporting.target(run.id).reference == "bundled"
        assert exports.name_of(base) == "base"
        assert talking.checked(run.id).endswith("tiny-Q4_K_M.gguf"), "one talks with the smallest that loses little"
        path, made_from = deploying.chosen(run.id)
        assert (path.name, made_from) == ("tiny-Q4_K_M.gguf", "bundled")
        empty = exporting.create(exporting.wanted("bundled", ["Q8_0"]))
        with pytest.raises(UsageError, match=f"{empty.id} has no file"):
            deploying.chosen(empty.id)
        assert {model.word for model in talking.partners() if model.run == run.id} == set(files)
        assert watching.detail(run, []).recipe == "F32, F16, Q8_0, Q4_K_M"
        with pytest.raises(UsageError, match="nothing to compare"):
            sides.sides([run.id])
        with pytest.raises(UsageError, match="is an export of bundled, which is what to name here"):
            bases.resolve(run.id)


def test_no_file_gets_its_name_when_the_proof_fails(bench: Bench, tiny: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    shutil.copytree(tiny, wrong)
    # llama.cpp has no normalisers, so this tokenizer says other things there.
    body = json.loads((wrong / "tokenizer.json").read_text())
    body["normalizer"] = {"type": "Lowercase"}
    (wrong / "tokenizer.json").write_text(json.dumps(body))
    out = tmp_path / "out"
    run = created(bench, wrong, "Q8_0", out=out)
    assert bench.attempt(run) == 1
    assert "not kept because llama.cpp reads" in error_of(run)
    assert list(out.iterdir()) == list(run.artifacts_dir.iterdir()) == []
    assert not (run.path / "export").exists()


def test_weights_too_large_for_a_type_are_said_so(bench: Bench, tiny: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    base = shutil.copytree(tiny, tmp_path / "base")
    tensors = load_file(base / "model.safetensors")
    for value, kind, said in ((1e5, "F16", "1e+05 does not fit F16"), (math.nan, "BF16", "is not finite")):
        tensors["model.layers.0.mlp.up_proj.weight"][0, 0] = value
        save_file(tensors, base / "model.safetensors")
        run = created(bench, base, kind)
        assert bench.attempt(run) == 1
        assert said in error_of(run)
        assert list(run.artifacts_dir.iterdir()) == []


def test_an_export_goes_where_the_person_wants_it(bench: Bench, tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"file is no folder; choose another"):
        created(bench, tiny, "Q8_0", out=tmp_path / "file" / "out")
    wanted = Path("/dev/shm") / f"{tmp_path.name}-{os.getpid()}"
    if not wanted.parent.is_dir():
        wanted = tmp_path / "out"
    try:
        run = created(bench, tiny, "Q8_0", out=wanted)
        assert bench.attempt(run) == 0
        (line,) = report(run)["files"]
        assert Path(line["path"]) == wanted / "base-Q8_0.gguf"
        assert sorted(path.name for path in wanted.iterdir()) == ["base-Q8_0.gguf", "export.json"]
        assert hashes(run) == {"Q8_0": line["sha256"]}
        with pytest.raises(UsageError, match=r"base-Q8_0.gguf exists already; .*--out .*--name"):
            created(bench, tiny, "Q8_0", out=wanted)
        late = created(bench, tiny, "Q4_0", out=wanted)
        (wanted / "base-Q4_0.gguf").write_text("a person's own")
        assert bench.attempt(late) == 1
        assert "exists already" in error_of(late)
        assert (wanted / "base-Q4_0.gguf").read_text() == "a person's own"
        (wanted / "base-Q4_0.gguf").unlink()
        with bench.home():
            control.discard(run)
        assert Path(line["path"]).is_file(), "what the person put elsewhere is the person's"
    finally:
        shutil.rmtree(wanted, ignore_errors=True)


def meanwhile(run: Run, phase: str, then: Callable[[], Any]) -> Callable[[], None]:
    """Return what waits for a phase of a run and then does something."""

    def wait() -> None:
        wait_until(lambda: any(event.phase == phase for event in of_kind(run, Phase)), 60, phase)
        then()

    return wait


@pytest.mark.parametrize("held", [True, False], ids=["memory", "disk"])
def test_a_pause_keeps_what_is_finished_and_a_stop_leaves_nothing(
    bench: Bench, tiny: Path, held: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The float32 file is in memory where that is large enough, and then it is not there after a pause."""
    whole = created(bench, tiny, "Q8_0", "Q4_0")
    assert bench.attempt(whole) == 0
    if not held:
        monkeypatch.setattr(gguf_size, "HELD", math.inf)
    run = created(bench, tiny, "Q8_0", "Q4_0")
    full = run.path / "export" / "full.gguf"
    seen: list[bool] = []

    def pause() -> None:
        seen.append(full.is_symlink())
        requests.request(run.path, "pause")

    assert bench.attempt(run, meanwhile(run, "evaluating", pause)) == 0
    assert of_kind(run, AttemptEnded)[-1].outcome == "paused"
    assert seen == [held]
    assert os.path.lexists(full) is not held
    made = 0 if held else full.stat().st_mtime_ns
    requests.clear(run.path)
    assert bench.attempt(run, meanwhile(run, "exporting", lambda: requests.request(run.path, "pause"))) == 0
    requests.clear(run.path)
    if of_kind(run, AttemptEnded)[-1].outcome == "paused":
        assert held or full.stat().st_mtime_ns == made, "the float32 file was not made again"
        assert bench.attempt(run) == 0
    converted = sum(event.phase == "preparing" and event.done == 1 for event in of_kind(run, Phase))
    assert converted == (2 if held else 1), "what is proved is not converted again"
    assert hashes(run) == hashes(whole)
    assert len(hashes(run)) == 2
    assert not (run.path / "export").exists()

    gone = created(bench, tiny, "Q8_0")
    assert bench.attempt(gone, meanwhile(gone, "evaluating", lambda: requests.request(gone.path, "stop"))) == 0
    assert of_kind(gone, AttemptEnded)[-1].outcome == "stopped"
    assert list(gone.artifacts_dir.iterdir()) == []
    assert not (gone.path / "export").exists()

    killed = created(bench, tiny, "Q8_0")
    assert bench.attempt(killed, meanwhile(killed, "evaluating", lambda: os.kill(os.getpid(), signal.SIGTERM))) == 0
    assert of_kind(killed, AttemptEnded)[-1].outcome == "stopped"
    assert (killed.path / "export").is_dir(), "a kill keeps what is finished"
    assert (killed.path / "export" / "full.gguf").is_file() is not held


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a person's folders of their own, for engines that are real processes."""
    for name in ("data", "state", "config", "cache"):
        monkeypatch.setenv(f"XDG_{name.upper()}_HOME", str(tmp_path / name))
    yield tmp_path
    for run in store.list_runs():
        identity = process.read_identity(run.path)
        if identity is not None and identity.pid != os.getpid() and process.is_alive(identity):
            process.signal_group(identity, signal.SIGKILL)


STAGES = ("preparing", "evaluating", "exporting")


@pytest.mark.parametrize("stages", [STAGES[::2], pytest.param(STAGES, marks=pytest.mark.soak)])
def test_an_export_that_is_killed_gives_the_same_bytes(
    own_home: Path, bench: Bench, tiny: Path, stages: tuple[str, ...]
) -> None:
    """The engine is killed while it converts, proves and quantises; each resume goes on behind what was finished."""
    whole = created(bench, tiny, "Q8_0", "Q4_0")
    assert bench.attempt(whole) == 0
    run = exporting.start(exporting.wanted(str(tiny), ["Q8_0", "Q4_0"]))
    for number, phase in enumerate(stages, start=1):
        if number > 1:
            control.resume(run)

        def reached(phase: str = phase, number: int = number) -> bool:
            # A step of so small a model may be over before it is looked at; what comes behind it takes seconds.
            begun = 0
            told: set[str] = set()
            for event in run.events():
                if isinstance(event, AttemptStarted):
                    begun, told = begun + 1, set()
                elif isinstance(event, Phase):
                    told.add(event.phase)
            return begun == number and phase in told

        wait_until(reached, 60, f"the export is {phase}")
        identity = process.read_identity(run.path)
        assert identity is not None
        assert identity.attempt == number
        os.kill(identity.pid, signal.SIGKILL)
        wait_until(lambda: run.status() == "lost", 30, "it is gone")
        visible = [path for path in run.artifacts_dir.iterdir() if not path.name.startswith(".")]
        assert all(path.name == "export.json" or path.name in exports.read(run.artifacts_dir) for path in visible)
    assert Bench(own_home).attempt(run) == 0
    assert hashes(run) == hashes(whole)
    assert sorted(path.name for path in run.artifacts_dir.iterdir()) == [
        "base-Q4_0.gguf", "base-Q8_0.gguf", "export.json"
    ]  # fmt: skip


def test_a_small_disk_is_refused_before_there_is_a_run(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    script = 'mount -t tmpfs -o size=20m tmpfs "$0" && shift && exec "$@"'
    mount = ["unshare", "-rm", "sh", "-c", script, str(small), "-"]
    if subprocess.run([*mount, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no permission to mount a small file system")
    command = [*mount, sys.executable, "-m", "workbench", "export", "bundled", "--json"]
    environment = {**program_env(), "XDG_DATA_HOME": str(small)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 1
    assert "No space left in" in json.loads(done.stdout)["error"]
    assert list((small / "workbench" / "runs").glob("*")) == []


def test_an_engine_that_finds_too_little_room_waits_for_more(
    bench: Bench, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The figures of the disk are the only thing that is not real here."""
    run = created(bench, tiny, "Q8_0")
    figures = os.statvfs(run.path)
    values = list(figures)
    values[4] = (1 << 20) // figures.f_frsize  # f_bavail: a megabyte
    monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result(values))
    assert bench.attempt(run) == 0
    assert of_kind(run, AttemptEnded)[-1].outcome == "paused"
    notices: list[Notice] = of_kind(run, Notice)
    room, full = (next(event.text for event in notices if event.code == code) for code in ("room", "no_space"))
    assert "comparison" in room
    assert "1\u00a0MiB free" in room
    assert "No space left in" in full
    with pytest.raises(NoSpaceError):
        created(bench, tiny, "Q8_0")
    monkeypatch.undo()
    assert bench.attempt(run) == 0
    assert set(hashes(run)) == {"Q8_0"}


@pytest.mark.soak
def test_two_exports_to_one_folder_follow_one_another(own_home: Path, tiny: Path) -> None:
    out = own_home / "out"
    first, second = (exporting.start(exporting.wanted(str(tiny), [kind], out=out)) for kind in ("Q8_0", "Q4_0"))
    for run in (first, second):
        wait_until(lambda run=run: run.status() in ("done", "failed", "lost"), 90, f"{run.id} ends")
        assert run.status() == "done", error_of(run)
    assert sorted(path.name for path in out.iterdir()) == ["base-Q4_0.gguf", "base-Q8_0.gguf", "export.json"]
    assert set(exports.of_base(bases.resolve(str(tiny)))) == {"Q8_0", "Q4_0"}


def test_what_cannot_be_asked_for_is_a_sentence(own_home: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no GGUF type 'Q9'; choose from F32, F16"):
        exporting.wanted("bundled", ["Q8_0", "Q9"])
    with pytest.raises(UsageError, match="No GGUF type was asked for"):
        exporting.wanted("bundled", [])
    with pytest.raises(WorkbenchError, match=r"has no config\.json"):
        exporting.wanted(str(tmp_path), ["Q8_0"])
    with pytest.raises(UsageError, match="nothing to export yet"):
        exporting.recipe.resolve({"method": "export", "base": "scratch"})
    assert store.list_runs() == []
