"""A full disk pauses a run, says how much is needed where, and costs nothing once there is room."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.home import QUESTIONS, curve, result_digest, settings
from tests.engine.bench import Bench
from tests.support import run_on_small_disk

RECIPE = [
    *("--base", "bundled", "--method", "sft", "--tuning", "lora", "--data", QUESTIONS, "--title", "full disk"),
    *settings(
        max_steps=4,
        eval_steps=4,
        save_steps=2,
        per_device_train_batch_size=2,
        gradient_accumulation_steps=1,
        max_length=64,
        lora_r=8,
        sample_max_new_tokens=0,
        device="cpu",
    ),
]
DISK_BYTES = 48 << 20
"""Room for the run and its prepared rows, and less than a checkpoint may leave free beside it."""

STORY = f"""
import json, subprocess, sys
from pathlib import Path
from tests.cli.home import Home, curve, of_kind, result_digest, wait_for
from workbench.core.events import AttemptEnded, Checkpoint, Notice

disk = sys.argv[1]
home = Home(Path(disk))
run = home.train(*{RECIPE!r})
told = {{"first": wait_for(run, "paused", "failed", "lost", "done")}}
told["notices"] = [event.text for event in of_kind(run, Notice) if event.code == "no_space"]
told["checkpoints"] = [path.name for path in (run.path / "checkpoints").iterdir()]
told["ended"] = [event.outcome for event in of_kind(run, AttemptEnded)]
told["console"] = run.console_path.read_text()
still = home.workbench("resume", run.id, "--json")
told["still"] = [still.returncode, json.loads(still.stdout)["status"], still.stderr]
subprocess.run(["mount", "-o", "remount,size=512m", disk], check=True)
home.json("resume", run.id, "--detach")
told["second"] = wait_for(run, "paused", "failed", "lost", "done")
told["curve"] = sorted(curve(run).items())
told["digest"] = result_digest(run)
told["recipe"] = run.recipe_path.read_text()
print(json.dumps(told))
"""


@pytest.mark.slow
def test_a_full_disk_pauses_the_run_and_room_lets_it_go_on(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    told = run_on_small_disk(disk, DISK_BYTES, STORY, seconds=400)
    assert told["first"] == "paused"
    assert told["ended"] == ["paused"]
    (sentence,) = told["notices"]
    assert sentence.startswith(f"No space left in {disk}")
    assert "bytes are needed there and" in sentence
    assert "resume" in sentence
    assert told["checkpoints"] == []
    assert "Traceback" not in told["console"]
    assert told["still"] == [1, "paused", ""], "a script must not go on"
    assert told["second"] == "done"
    undisturbed = Bench(tmp_path / "home").again(told["recipe"])
    assert told["curve"] == [[step, list(values)] for step, values in sorted(curve(undisturbed).items())]
    assert told["digest"] == result_digest(undisturbed)
