"""A model folder and an adapter alone as runs: what they leave, what they do not make again, what they are called."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.engine.bench import Bench, of_kind, report, rows, write_rows
from tests.support import wait_until
from workbench.cli import export as export_cli
from workbench.core import recipe as recipes
from workbench.core.errors import NoSpaceError, UsageError
from workbench.core.events import AttemptEnded, Event, Notice, Phase
from workbench.guide import adapting, exporting, lineage, quantizing, sides, talking
from workbench.runs import atomic, bases, exports, requests
from workbench.runs.store import Run
from workbench.runs.talk import Settings


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"))


def when(run: Run, reached: Callable[[Event], bool], wish: str) -> Callable[[], None]:
    """Return what waits for an event of a run and then asks it for something."""

    def wait() -> None:
        wait_until(lambda: any(reached(event) for event in run.events()), 60, "the event")
        requests.request(run.path, wish)

    return wait


def test_a_folder_on_another_disk_is_told_with_the_room_there(bench: Bench, tmp_path: Path) -> None:
    with bench.home():
        near = quantizing.wanted("bundled", "bf16", tmp_path / "q")
        assert near.apart == 0
        elsewhere = Path("/dev/shm")
        if not elsewhere.is_dir() or elsewhere.stat().st_dev == tmp_path.stat().st_dev:
            pytest.skip("there is one disk alone")
        out = elsewhere / tmp_path.name / "q"
        far = quantizing.wanted("bundled", "bf16", out)
        assert far.apart == far.parts["bf16"] == near.parts["bf16"]
        assert f"on the disk of {out}, where " in far.room()
    with pytest.raises(NoSpaceError, match=str(elsewhere)):
        exporting.required_apart(out, 1 << 60)
    assert not out.parent.exists()


def test_a_model_folder_is_a_run_that_pauses_and_is_talked_with(bench: Bench) -> None:
    with bench.home():
        run = exporting.create(quantizing.wanted("bundled", "nf4"))

    def asked(event: Event) -> bool:
        return isinstance(event, Phase) and event.phase == "evaluating"

    assert bench.attempt(run, when(run, asked, "pause")) == 0
    assert of_kind(run, AttemptEnded)[-1].outcome == "paused"
    assert list(run.artifacts_dir.iterdir()) == []
    requests.clear(run.path)
    assert bench.attempt(run) == 0
    told = report(run)["folder"]
    folder = run.artifacts_dir / "nf4"
    assert Path(told["path"]) == folder
    assert atomic.verify(folder) == ""
    assert told["bytes"] == sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    assert told["manifest"] == hashlib.sha256((folder / atomic.MANIFEST).read_bytes()).hexdigest()
    assert 0 < told["kl"] < 0.5
    assert sorted(path.name for path in run.artifacts_dir.iterdir()) == ["folder.json", "nf4"]
    assert not (run.path / "export").exists()
    notices: list[Notice] = of_kind(run, Notice)
    assert "nf4" in next(event.text for event in notices if event.code == "room")
    with bench.home():
        assert exports.exported(run.id) == "bundled"
        assert talking.checked(run.id) == str(folder)
        assert not talking.is_file(run.id)
        assert talking.model_of(run.id).word == "nf4"
        assert [model.word for model in talking.partners() if model.run == run.id] == ["nf4"]
        assert lineage.said_of(recipes.load(run.recipe_path).recipe) == "nf4"
        assert run.meta()["title"] == "quantize nf4"
        with pytest.raises(UsageError, match="nothing to compare"):
            sides.sides([run.id])
        with pytest.raises(UsageError, match="is a quantisation of bundled, which is what to name here"):
            bases.resolve(run.id)
        said = export_cli.handed_over(recipes.load(run.recipe_path).recipe, report(run))
        assert "4-bit" not in said
        assert said.endswith(f"workbench chat {folder}")
        with talking.open_chat(run.id) as chat:
            assert "".join(chat.ask([{"role": "user", "content": "Hello!"}], Settings(temperature=0.0, max_tokens=4)))
        # A run that was killed after the folder got its name makes nothing again.
        before = (folder / atomic.MANIFEST).stat().st_mtime_ns
        run.report_path.unlink()
    assert bench.attempt(run) == 0
    assert (folder / atomic.MANIFEST).stat().st_mtime_ns == before
    assert report(run)["folder"] == told


def test_a_folder_that_is_stopped_or_whose_name_is_taken_leaves_nothing(bench: Bench, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with bench.home():
        run = exporting.create(quantizing.wanted("bundled", "int8", out))

    def writing(event: Event) -> bool:
        return isinstance(event, Phase) and event.phase == "evaluating"

    assert bench.attempt(run, when(run, writing, "stop")) == 0
    assert of_kind(run, AttemptEnded)[-1].outcome == "stopped"
    assert list(tmp_path.iterdir()) == list(run.artifacts_dir.iterdir()) == []
    assert not (run.path / "export").exists()
    requests.clear(run.path)
    out.mkdir()
    (out / "mine").write_text("kept")
    assert bench.attempt(run) == 1
    assert "exists already; choose another folder" in of_kind(run, AttemptEnded)[-1].error
    assert [path.name for path in out.iterdir()] == ["mine"]


def test_an_adapter_alone_is_a_run(bench: Bench, tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", rows("questions", 24))
    trained = bench.trained(method="sft", tuning="lora", data=[str(data)])
    with bench.home():
        run = exporting.create(adapting.wanted(trained.id, name="mine"))
        assert run.meta()["title"] == "export adapter"
    assert bench.attempt(run) == 0
    told: dict[str, Any] = report(run)
    (line,) = told["files"]
    file = run.artifacts_dir / "mine-adapter.gguf"
    assert Path(line["path"]) == file
    assert line["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert told["parity"]["top1"] == 1.0
    assert sorted(path.name for path in run.artifacts_dir.iterdir()) == ["export.json", file.name]
    assert not (run.path / "export").exists()
    with bench.home():
        assert talking.adapter_files() == [file]
        assert exports.of_run(run) == {}
        assert not [model for model in talking.partners() if model.run == run.id], "it is no model by itself"
        with pytest.raises(UsageError, match="is an adapter alone; name a GGUF of its base"):
            talking.checked(run.id)
        with pytest.raises(UsageError, match="has no adapter; export the whole model"):
            adapting.wanted("bundled")
        said = export_cli.handed_over(recipes.load(run.recipe_path).recipe, told)
        assert f"--adapter {file}" in said
    assert json.loads((run.artifacts_dir / "export.json").read_text())["files"][file.name]["type"] == "adapter"
