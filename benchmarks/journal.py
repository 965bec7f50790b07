"""What opening a long journal and following a busy run cost: time to the curves, work, and whether a key ever waits.

Run by hand: `.venv/bin/python benchmarks/journal.py [events]`. An application in a pseudo-terminal of its own opens a
run whose journal was generated, and one that is written meanwhile, while keys are typed and its event loop is probed.
Other work on the machine shows in the figures: the load is printed beside them, and how the event loop lagged before
anything was opened.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import math
import os
import pty
import random
import resource
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
EVENTS = 1_000_000
PROBE_SECONDS = 0.005
KEY_SECONDS = 0.02
COLUMNS, ROWS = 120, 40
SETTLE_SECONDS = 1.0
FOLLOWED_SECONDS = 6.0
BUSY_STEPS = 100_000
EVENTS_A_SECOND, LINES_A_SECOND, WRITES_A_SECOND = 200, 1000, 20


def generate(path: Path, events: int) -> None:
    """Write a journal of a run of so many steps, with figures as long as real ones."""
    draw = random.Random(1)
    with path.open("w", encoding="ascii") as file:
        file.write('{"v":1,"kind":"attempt_started","n":1,"t":1795233785.6,"attempt":1,"pid":1,"workbench":"0.1.0"}\n')
        for n in range(2, events + 1):
            loss, norm = 1 + 2 * math.exp(-8 * n / events) + draw.gauss(0, 0.1), 1 + draw.random()
            file.write(
                f'{{"v":1,"kind":"step","n":{n},"t":{1795233785 + n * 0.2:.7f},"step":{n - 1},"steps":{events},'
                f'"loss":{loss:.15f},"learning_rate":{2e-4 * (1 - n / events):.19f},"grad_norm":{norm:.15f},'
                f'"tokens_per_second":{4000 + 100 * norm:.1f},"epoch":{n / events:.4f},"tokens":{n * 1000},'
                f'"seconds":{n * 0.2:.3f}}}\n'
            )


def write(run_path: str) -> None:
    """Be a busy engine until nobody reads any more."""
    from workbench.core.events import Step
    from workbench.runs import journal
    from workbench.runs.store import Run

    run, step, draw = Run(Path(run_path)), 0, random.Random(1)
    writer = journal.Writer(run.events_path)
    with run.console_path.open("a", buffering=1 << 16) as console:
        while os.getppid() != 1 and run.path.is_dir():
            for _ in range(EVENTS_A_SECOND // WRITES_A_SECOND):
                step += 1
                loss, norm = 1 + 2 * math.exp(-step / 1000) + draw.gauss(0, 0.1), 1 + draw.random()
                rate, speed = 2e-4 * (1 - step / BUSY_STEPS), 4000 + 100 * draw.gauss(0, 1)
                writer.write(
                    Step(
                        step=step, steps=BUSY_STEPS, loss=loss, learning_rate=rate, grad_norm=norm,
                        tokens_per_second=speed,
                    )
                )  # fmt: skip
            console.writelines(
                f"line {n} of some output of an engine at work\n" for n in range(LINES_A_SECOND // WRITES_A_SECOND)
            )
            console.flush()
            time.sleep(1 / WRITES_A_SECOND)


def show(run_path: str, out_path: str, follows: bool) -> None:
    """Be the application: open the run, draw its figures and curve, note when; the child's main function.

    With `follows` it goes on for some seconds and follows the console, too.
    """
    from textual.app import App, ComposeResult
    from textual.events import Key
    from textual.screen import Screen
    from textual.widgets import Static

    from workbench.runs.store import Run
    from workbench.tui.messages import ConsoleGrew, RunAdvanced
    from workbench.tui.watcher import RunWatcher

    told: dict[str, Any] = {"lags": [], "keys": [], "takes": []}

    class Opened(Screen[None]):
        def compose(self) -> ComposeResult:
            yield Static("–", id="figures")
            yield Static("", id="console", markup=False)

        def on_mount(self) -> None:
            self.watcher = RunWatcher(self, Run(Path(run_path)))
            self.set_timer(SETTLE_SECONDS, self.open)

        def open(self) -> None:
            told["before"], told["lags"] = told["lags"], []
            told["opened"] = time.monotonic()
            self.watcher.start()
            if follows:
                self.watcher.follow_console(True)
                self.set_timer(1.0, self.begin)

        def begin(self) -> None:
            told["lags"], told["lines"], told["began"] = (
                [],
                0,
                (time.monotonic(), time.process_time(), self.watcher.take().step),
            )
            self.set_timer(FOLLOWED_SECONDS, self.end)

        def end(self) -> None:
            told["ended"] = (time.monotonic(), time.process_time(), self.watcher.take().step)
            self.app.exit()

        def on_console_grew(self, message: ConsoleGrew) -> None:
            lines = self.watcher.take_lines()
            told["lines"] = told.get("lines", 0) + len(lines)
            self.query_one("#console", Static).update("\n".join(lines[-20:]))

        def on_unmount(self) -> None:
            self.watcher.stop()

        def on_run_advanced(self, message: RunAdvanced) -> None:
            began = time.perf_counter()
            view = self.watcher.take()
            told["takes"].append(time.perf_counter() - began)
            self.query_one("#figures", Static).update(f"{view.step} {view.train_loss}")
            if view.step:
                told.setdefault("figures", time.monotonic())
                view.curves["loss"].columns(0, view.steps, 148)
                told.setdefault("outline", len(view.curves["loss"]))
            if view.is_whole and view.step and "whole" not in told:
                series = view.curves["loss"]
                series.columns(0, view.steps, 148)
                told["whole"], told["points"], told["buckets"] = time.monotonic(), series.points, len(series)
                if not follows:
                    self.set_timer(SETTLE_SECONDS, self.app.exit)

        def on_key(self, event: Key) -> None:
            told["keys"].append(time.monotonic())

    class Host(App[None]):
        def on_mount(self) -> None:
            self.push_screen(Opened())
            self.run_worker(self.probe())

        async def probe(self) -> None:
            while True:
                due = time.monotonic() + PROBE_SECONDS
                await asyncio.sleep(PROBE_SECONDS)
                told["lags"].append(time.monotonic() - due)

    Host().run()
    Path(out_path).write_text(json.dumps(told))


def in_a_terminal(run_path: Path, out: Path, how: str = "--show") -> list[float]:
    """Run the application in a pseudo-terminal, typing all the while; return when each key was typed."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    command = [sys.executable, __file__, how, str(run_path), str(out)]
    child = subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower, env=env, start_new_session=True)
    os.close(follower)
    typed, due = [], time.monotonic() + 1.0
    while child.poll() is None:
        if select.select([leader], [], [], 0.005)[0]:
            try:
                os.read(leader, 1 << 16)
            except OSError:
                break
        if time.monotonic() >= due:
            typed.append(time.monotonic())
            os.write(leader, b"x")
            due += KEY_SECONDS
    child.wait()
    os.close(leader)
    return typed


def percentile(values: list[float], share: float) -> float:
    """Return the value that so large a share of them does not exceed."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def main() -> None:
    """Print the table."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    with tempfile.TemporaryDirectory() as home:
        os.environ["XDG_DATA_HOME"] = home
        from workbench.core.units import count
        from workbench.runs import history, store

        run = store.create("version = 1\n", method="sft", tuning="lora", base="bundled", title="long")
        generate(run.events_path, events)
        began, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        history.whole(run.events_path)
        condensed, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        work = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
        out = Path(home) / "told.json"
        typed = in_a_terminal(run.path, out)
        told = json.loads(out.read_text())
        size = run.events_path.stat().st_size
    waited = [came - went for went, came in zip(typed, told["keys"], strict=False) if went > told["opened"]]
    print(f"{count(events)} events, {size / 1e6:.0f} MB, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for name, value in (
        ("condensed without a screen, s", condensed),
        ("work of the children for that, s", work),
        ("figures, and curves in outline, s", told["figures"] - told["opened"]),
        ("whole curve, s", told["whole"] - told["opened"]),
        ("lag of the event loop p99 before, ms", percentile(told["before"], 0.99) * 1e3),
        ("lag of the event loop p50, ms", statistics.median(told["lags"]) * 1e3),
        ("lag of the event loop p99, ms", percentile(told["lags"], 0.99) * 1e3),
        ("lag of the event loop, largest, ms", max(told["lags"]) * 1e3),
        ("a key until it is handled p50, ms", statistics.median(waited) * 1e3),
        ("a key until it is handled p99, ms", percentile(waited, 0.99) * 1e3),
        ("one merge, largest, ms", max(told["takes"]) * 1e3),
    ):
        print(f"{name:<40}{value:>10.2f}")
    print(f"{'points of the outline':<40}{told['outline']:>10,}")
    print(f"{'points of the curve, kept as':<40}{told['points']:>10,}{told['buckets']:>8,}")


def follow() -> None:
    """Print what it costs to follow a run that writes much."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["XDG_DATA_HOME"] = home
        from workbench.runs import store

        run = store.create("version = 1\n", method="sft", tuning="lora", base="bundled", title="busy")
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        with subprocess.Popen([sys.executable, __file__, "--write", str(run.path)], env=env) as engine:
            out = Path(home) / "told.json"
            in_a_terminal(run.path, out, "--follow")
            engine.terminate()
        told = json.loads(out.read_text())
    (wall, work, first), (wall_end, work_end, last) = told["began"], told["ended"]
    seconds = wall_end - wall
    print(f"\n{(last - first) / seconds:.0f} events and {told['lines'] / seconds:.0f} lines a second followed")
    print(f"{'of one core, probe of the loop included':<40}{(work_end - work) / seconds * 100:>10.1f} %")
    for name, key in (("lag of the event loop p99 before, ms", "before"), ("lag of the event loop p99, ms", "lags")):
        print(f"{name:<40}{percentile(told[key], 0.99) * 1e3:>10.2f}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--show" | "--follow" as how, run_dir, told_file]:
            show(run_dir, told_file, how == "--follow")
        case ["--write", run_dir]:
            write(run_dir)
        case _:
            main()
            follow()
