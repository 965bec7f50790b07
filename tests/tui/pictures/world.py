"""A machine, a clock and runs that are the same everywhere and always, for pictures.

Owns what is fixed: a card, a day, names, recipes and journals. Must not know screens. Everything is written by the
parts that write it elsewhere; only the clock in the journals is set, as a writer takes the time of now.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import random
import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.support import ROOT
from workbench.core import paths, plan, recipe
from workbench.core.events import (
    AttemptEnded,
    AttemptStarted,
    Checkpoint,
    Eval,
    Event,
    Phase,
    Sample,
    Step,
    encode,
)  # fmt: skip
from workbench.guide.watching import Limits
from workbench.runs import locks, process, store
from workbench.runs.cards import Gpu
from workbench.runs.hardware import Reading
from workbench.runs.host import Host

MACHINE = "ada@tower"
TODAY = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
HOME = "/srv/ada/studio"
"""Stands in pictures for the folder below, which is as long."""
GIB = 1 << 30
TOTAL, FREE = 24_564 << 20, 22_870 << 20
CARD = plan.Card("NVIDIA GeForce RTX 4090", FREE, TOTAL, 41 * GIB)
LIMITS = Limits(power_w=450.0, slowdown_c=90, disk_free=612 * 10**9, disk_total=1_000 * 10**9)
DATA = "assets/data/questions.jsonl"
BIG = "Qwen/Qwen3-8B"
_SET = ("NO_COLOR", "SSH_CONNECTION", "SSH_TTY", "CUDA_VISIBLE_DEVICES", "HF_HOME", "HF_HUB_CACHE", "WORKBENCH_LOG")


def now() -> float:
    """Return the time in pictures, seconds since the epoch."""
    return TODAY.timestamp()


def idle() -> Reading:
    """Return a machine that does nothing much."""
    return _reading(FREE, 38, 21.0, 0, 4.0)


def busy() -> Reading:
    """Return a machine that trains."""
    return _reading(FREE - 19_311 * (1 << 20), 64, 398.0, 98, 12.0)


def _reading(free: int, celsius: int, watts: float, used: int, processor: float) -> Reading:
    gpu = Gpu(0, "GPU-00000000-0000-0000-0000-000000000000", CARD.name, TOTAL, free, celsius, watts, used)
    return Reading((gpu,), Host(16, processor, 64 * GIB, 41 * GIB))


@contextlib.contextmanager
def folders() -> Iterator[Path]:
    """Give this process a home, an environment, a time zone and a working directory that do not depend on anything."""
    home = Path("/tmp") / f"w-{secrets.token_hex(4)}"
    assert len(str(home)) == len(HOME)
    before, place = dict(os.environ), Path.cwd()
    home.mkdir(mode=0o700)
    own = {"data": ".local/share", "state": ".local/state", "config": ".config", "cache": ".cache"}
    for name in _SET:
        os.environ.pop(name, None)
    os.environ |= {f"XDG_{name.upper()}_HOME": str(home / folder) for name, folder in own.items()}
    os.environ |= {"HOME": str(home), "TZ": "UTC", "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    time.tzset()
    os.chdir(ROOT)
    try:
        yield home
    finally:
        os.chdir(place)
        os.environ.clear()
        os.environ |= before
        time.tzset()
        shutil.rmtree(home)


PROMPTS = (
    ("My parcel has not come. What can I do?",
     ("You can do a lot of things about a parcel. A parcel is a package that is sent.",
      "I am sorry about that. Please tell me the order number.",
      "I am sorry to hear that. Send me the order number, and I will ask the carrier today and write to you as soon "
      "as they have answered.")),
    ("Can I change the address?",
     ("Addresses are used to identify locations.",
      "Yes, until it leaves us.",
      "Yes, as long as the parcel has not left our house. Tell me the new address and I will see to it.")),
)  # fmt: skip
"""A prompt, and how it is answered at first, then, and now."""


@dataclass(frozen=True)
class Told:
    """What a run of these pictures is to have gone through."""

    id: str
    title: str
    status: str
    days: float
    """How long ago it was made."""
    steps: int = 600
    reached: int = 600
    start: float = 1.94
    end: float = 0.62
    base: str = BIG
    parent: str = ""
    error: str = ""
    chosen: tuple[tuple[str, Any], ...] = ()


RUNNING = Told("2026-03-14-support-r32-7c1d", "support r32", "running", 0.05, reached=372, chosen=(("lora_r", 32),))
RUNS = (
    RUNNING,
    Told("2026-03-14-support-long-51fe", "support long", "queued", 0.02, reached=0),
    Told("2026-03-13-support-a09b", "support", "done", 1.1, end=0.71),
    Told("2026-03-13-support-hot-e3d2", "support hot", "failed", 1.0, reached=88, end=2.4,
         error="The loss is not a number since step 88; resume from the checkpoint with a smaller learning rate.",
         chosen=(("learning_rate", 3e-3),)),
    Told("2026-03-12-support-night-44c0", "support night", "paused", 1.9, reached=240, end=0.93),
    Told("2026-03-10-support-first-0b7e", "support first", "lost", 4.0, reached=130, end=1.2),
    Told("2026-03-08-valley-articles-9d31", "valley articles", "done", 6.0, 240, 240, 1.31, 0.36, "bundled",
         chosen=(("method", "cpt"), ("tuning", "full"))),
    Told("2026-03-08-valley-answers-b2a6", "valley answers", "done", 5.9, 62, 62, 1.57, 0.16, "bundled",
         "2026-03-08-valley-articles-9d31", chosen=(("tuning", "full"),)),
)  # fmt: skip
"""From the newest to the oldest."""
TUNED = RUNS[-1]


def losses(told: Told) -> list[float]:
    """Return the loss of each step: a fall that flattens, with the scatter of single batches."""
    scatter = random.Random(told.id)
    reach = max(told.steps / 5, 1)
    return [
        told.end + (told.start - told.end) * math.exp(-step / reach) + scatter.uniform(-0.07, 0.07) * told.start / 2
        for step in range(1, told.reached + 1)
    ]


def events(told: Told) -> list[Event]:
    """Return what a run's journal says, without numbers and times."""
    found: list[Event] = [
        AttemptStarted(attempt=1, pid=4242),
        Phase(phase="waiting" if not told.reached else "training"),
    ]
    if told.status == "queued":
        return found
    curve, every = losses(told), max(told.steps // 10, 1)
    scatter = random.Random(told.steps)
    warm = max(told.steps // 20, 1)
    for step in range(told.reached + 1):
        if step:
            share = min(step / warm, 0.5 * (1 + math.cos(math.pi * max(step - warm, 0) / (told.steps - warm))))
            found.append(
                Step(
                    step=step, steps=told.steps, loss=curve[step - 1], learning_rate=2e-4 * share,
                    grad_norm=0.6 + 1.4 * math.exp(-8 * step / told.steps) + abs(scatter.gauss(0, 0.12)),
                    tokens_per_second=2_870 + (scatter.gauss(0, 40) if step < told.reached else 0.0),
                    epoch=2.0 * step / told.steps, tokens=step * 8_100, seconds=2.8 * step,
                )
            )  # fmt: skip
        if step % every == 0:
            smooth = told.end + (told.start - told.end) * math.exp(-step * 5 / told.steps) + 0.04
            found.append(Eval(step=step, loss=smooth))
            for prompt, answers in PROMPTS:
                text = answers[0 if not step else 1 if step < told.steps // 4 else 2]
                found.append(Sample(step=step, prompt=prompt, text=text, stopped=bool(step)))
        if step and step % (2 * every) == 0:
            folder = f"checkpoints/step-{step:06d}"
            found.append(Checkpoint(step=step, path=folder, bytes=349 << 20, seconds=1.4))
    if told.status in ("done", "failed", "paused"):
        found.append(AttemptEnded(attempt=1, outcome=told.status, error=told.error, step=told.reached))
    return found


def write(run: store.Run, found: Sequence[Event], first: float, pause: float, number: int = 0) -> None:
    """Append events to a run's journal, the first at a time and each other a while after the one before."""
    with run.events_path.open("ab") as file:
        for place, event in enumerate(found):
            file.write(encode(replace(event, n=number + place + 1, t=first + place * pause)))


@contextlib.contextmanager
def run_of(told: Told) -> Iterator[store.Run]:
    """Yield a run as it would stand there after all that; it is held by this process while it is at work."""
    values = {"base": told.parent or told.base, "data": ("support.jsonl" if told.base == BIG else DATA,)}
    tuning = {"tuning": "qlora"} if told.base == BIG else {}
    resolved = recipe.resolve({**values, **tuning, **dict(told.chosen)})
    wanted = resolved.recipe
    made = store.create(
        recipe.to_toml(resolved), method=wanted.method, tuning=wanted.tuning, base=wanted.base, title=told.title,
        parent=told.parent,
    )  # fmt: skip
    run = store.Run(made.path.rename(made.path.with_name(told.id)))
    created = TODAY - timedelta(days=told.days)
    meta = {**run.meta(), "id": told.id, "created": created.isoformat(timespec="microseconds")}
    (run.path / store.META_FILE).write_text(json.dumps(meta, indent=1))
    found = events(told)
    pause = (told.days * 86_400 - 38) / len(found) if told.status == "running" else 1.2
    write(run, found, created.timestamp(), pause)
    for event in found[-60:]:
        if isinstance(event, Checkpoint):
            (run.path / event.path).mkdir(parents=True)
    if told.status == "done":
        _finished(run, told)
    held = locks.acquire(run.lock_path) if told.status in ("running", "queued") else None
    if told.status == "running":
        process.write_identity(run.path, process.me(1))
    try:
        yield run
    finally:
        if held is not None:
            locks.release(held)


def _finished(run: store.Run, told: Told) -> None:
    """Give a run its result and its report."""
    if told.base == "bundled":
        shutil.copytree(paths.assets_dir() / "base", run.artifacts_dir / "model")
    report = {
        "steps": told.steps,
        "seconds": 2.8 * told.steps,
        "held_out_loss": {"before": told.start, "after": told.end},
        "data": {"train": 4_870},
        "samples": [{"prompt": "Which food does Malsanne like best?", "before": "Malsanne likes apricots best.",
                     "after": "Malsanne likes quinces best."}],
        "memory": {"predicted": {"peak": int(19.6 * GIB)}, "measured": {"peak": int(19.1 * GIB)}},
    }  # fmt: skip
    run.report_path.write_text(json.dumps(report))


@contextlib.contextmanager
def runs(wanted: Sequence[Told] = RUNS) -> Iterator[dict[str, store.Run]]:
    """Yield all runs of these pictures by their titles."""
    with contextlib.ExitStack() as stack:
        made = {told.title: stack.enter_context(run_of(told)) for told in reversed(wanted)}
        yield made
