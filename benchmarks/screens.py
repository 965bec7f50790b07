"""What the application and the live parts of its screen cost in a real pseudo-terminal of 120 by 40.

Run by hand on an idle machine: `.venv/bin/python benchmarks/screens.py [parts | application]`. Each row is a process of
its own whose output is read as a terminal would. Lag is how much later than asked for a timer of 5 ms comes: what a key
would have to wait. The application is what a person starts; its run screen follows a run that another process writes.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import count, islice
from pathlib import Path
from typing import Any

from terminal import ROOT, TICKS, Window, environment, watch

from workbench.core import units

JOURNAL = Path(__file__).with_name("journal.py")
SECONDS = 10.0
OPENING_SECONDS = 10.0
"""How long a screen that was just opened is watched: longer than a long journal takes."""
SETTLE_SECONDS = 1.0
STARTS = 7
IDLE_SECONDS = 3.0
CHARTS = 4
EVENTS = 20
"""New points of each curve at a tick: a run that writes 200 events a second."""
ROWS = [
    (0, 0),
    *((points, 0) for points in (500, 5_000, 50_000, 1_000_000)),
    *((0, lines) for lines in (1_000, 10_000)),
    (50_000, 1_000),
]
"""Points of each curve at the beginning, and lines a second; 0 leaves the charts or the console out."""


def bench(points: int, lines: int, report: Path) -> None:
    """Show four charts, a console or both, feed them, and write what it cost; runs inside the pseudo-terminal."""
    from textual.app import App, ComposeResult

    from workbench.core.curves import Series
    from workbench.tui.themes import DEFAULT, THEMES
    from workbench.tui.widgets.chart import Chart
    from workbench.tui.widgets.console import Console
    from workbench.tui.widgets.plot import Layer

    chance = random.Random(7)

    def curve() -> tuple[Series, Series]:
        steps, looks = Series(), Series()
        steps.extend(
            (step, 1 + 1.2 * 0.5 ** (8 * step / points) + chance.gauss(0, 0.1)) for step in range(1, points + 1)
        )
        looks.extend((step, 1.05 + 1.2 * 0.5 ** (8 * step / points)) for step in range(0, points + 1, points // 20))
        return steps, looks

    class Bench(App[None]):
        """Four charts in a square, the console below them or over the whole page."""

        CSS = """
        Screen { layout: grid; grid-size: 2; }
        Chart { margin: 1 2; }
        Console { column-span: 2; }
        """

        def __init__(self) -> None:
            super().__init__()
            for theme in THEMES:
                self.register_theme(theme)
            self.theme = DEFAULT

        def compose(self) -> ComposeResult:
            """Yield the widgets."""
            if points:
                for number in range(CHARTS):
                    yield Chart(f"loss {number}")
            if lines:
                yield Console()

        def on_mount(self) -> None:
            """Begin to measure."""
            self.run_worker(self.measure())

        async def measure(self) -> None:
            """Warm up, stand still for a while, then feed the widgets, and leave."""
            feeds = [*([self.grow()] if points else ()), *([self.add()] if lines else ())]
            # What starting costs is no part of it.
            await watch(IDLE_SECONDS, feeds)
            idle_cpu, _ = await watch(IDLE_SECONDS, [])
            cpu, lags = await watch(SECONDS, feeds)
            lags.sort()
            figures = {
                "cpu": 100 * cpu / SECONDS,
                "spent": 1000 * (cpu / SECONDS - idle_cpu / IDLE_SECONDS),
                "p95": 1000 * lags[int(len(lags) * 0.95)],
                "p99": 1000 * lags[int(len(lags) * 0.99)],
                "worst": 1000 * lags[-1],
            }
            report.write_text(json.dumps(figures))
            self.exit()

        def grow(self) -> Callable[[], None]:
            """Return what lets four curves grow and tells their charts."""
            curves = [curve() for _ in range(CHARTS)]
            charts = list(self.query(Chart))
            numbers = count(points + 1, EVENTS)
            for chart, (steps, looks) in zip(charts, curves, strict=True):
                layers = [Layer(steps, "smoothed", raw_name="each step"), Layer(looks, "eval", "marks")]
                chart.show(layers, whole=2.0 * points)

            def feed() -> None:
                first = next(numbers)
                for chart, (steps, _) in zip(charts, curves, strict=True):
                    steps.extend((first + more, 1 + chance.gauss(0, 0.1)) for more in range(EVENTS))
                    chart.advance()

            return feed

        def add(self) -> Callable[[], None]:
            """Return what adds the lines of a tick to the console."""
            console = self.query_one(Console)
            said = (f"step {number}: loss {chance.random():.4f}, 2 390 tokens/s, モデル" for number in count())
            return lambda: console.extend(list(islice(said, lines // TICKS)))

    Bench().run()


def in_terminal(points: int, lines: int) -> tuple[dict[str, float], float]:
    """Run one measurement in a pseudo-terminal; return its figures and the kilobytes a second it wrote."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "figures.json"
        window = Window(__file__, str(points), str(lines), str(report))
        window.child.wait()
        window.end()
        return json.loads(report.read_text()), window.written / 1024 / (SECONDS + IDLE_SECONDS)


# The application


def probed(run_id: str, seconds: float, report: Path) -> None:
    """Be the application: open a run from another page and probe the loop, then stand still for others to measure."""
    from workbench.tui.app import Workbench
    from workbench.tui.widgets.chart import Chart

    class Probed(Workbench):
        CSS_PATH = ROOT / "workbench" / "tui" / "base.tcss"

        def on_mount(self) -> None:  # beside that of the application, which Textual calls as well
            self.run_worker(self.probe())

        async def probe(self) -> None:
            told: dict[str, Any] = {}
            _, told["idle"] = await watch(IDLE_SECONDS, [])
            work = sum(os.times()[:4])
            opened = time.perf_counter()
            self.go("run", run_id)

            def look() -> None:
                view = getattr(self.screen, "view", None)
                if view is not None and view.step:
                    told.setdefault("figures", time.perf_counter() - opened)
                    if view.is_whole:
                        told.setdefault("whole", time.perf_counter() - opened)

            _, told["opening"] = await watch(OPENING_SECONDS, [look], ticks=100)
            told["work"] = sum(os.times()[:4]) - work
            await self.run_action("simulate_key('3')")
            await watch(SETTLE_SECONDS, [])
            told["charts"] = sum(chart.region.height > 0 for chart in self.screen.query(Chart))
            first = self.screen.view.step  # type: ignore[attr-defined]
            _, told["lags"] = await watch(seconds, [])
            told["events"] = (self.screen.view.step - first) / seconds  # type: ignore[attr-defined]
            report.write_text(json.dumps(told))

    Probed("settings").run()


def start(rows: list[tuple[str, str]], home: Path) -> None:
    """Measure the start of the application and what it costs while nobody touches it."""
    bare = min(timed_start() for _ in range(STARTS))
    paints, usable, work = [], [], []
    for _ in range(STARTS):
        window = Window("-m", "workbench")
        paints.append(window.until("workbench"))
        work.append(window.cpu())
        usable.append(window.until("leanest step"))
        if len(paints) == STARTS:
            time.sleep(IDLE_SECONDS)
            before = window.cpu()
            time.sleep(SECONDS)
            idle, memory, has_torch = window.cpu() - before, window.megabytes(), window.has("libtorch")
        window.end()
    rows += [
        ("python -c pass, best, ms", f"{1000 * bare:.0f}"),
        ("first paint, best, ms", f"{1000 * min(paints):.0f}"),
        ("first paint, median, ms", f"{1000 * sorted(paints)[STARTS // 2]:.0f}"),
        ("processor time until then, best, ms", f"{1000 * min(work):.0f}"),
        ("list of models on the page, best, ms", f"{1000 * min(usable):.0f}"),
        ("idle, % of one core", f"{100 * idle / SECONDS:.1f}"),
        ("memory, MB", f"{memory:.0f}"),
        ("torch in the process", "yes" if has_torch else "no"),
    ]


def road(rows: list[tuple[str, str]], home: Path) -> None:
    """Count what is written from the key that opens a station until its page is quiet: over a slow line, the time."""
    window = Window("-m", "workbench")
    window.until("leanest step")
    for station, words, key in (
        ("data", "Rows", b"\r"), ("method", "suits these rows", b"\r"), ("fit", "GiB free", b"\r"),
        ("fit, the next value", "", b"\x1b[C"), ("review", "starts it", b"\r"),
    ):  # fmt: skip
        before = window.quiet(IDLE_SECONDS / 2)
        window.type(key)
        if words:
            window.until(words, 60)
        rows.append((f"{station}, kB to the terminal", f"{(window.quiet(IDLE_SECONDS / 2) - before) / 1024:.1f}"))
    window.end()


def timed_start() -> float:
    """Return how long a bare interpreter takes."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return time.perf_counter() - began


def busy(rows: list[tuple[str, str]], home: Path) -> None:
    """Measure the screen of a run that writes 200 events and 1 000 lines a second, its console open."""
    from workbench.tui.settings import Settings, save

    for charts in ("four", "two"):
        save(Settings(charts=charts))
        watched(rows, home / f"{charts}.json")


def watched(rows: list[tuple[str, str]], report: Path) -> None:
    """Measure the screen of a busy run with as many charts as the settings say."""
    from workbench.core import recipe
    from workbench.runs import store

    text = recipe.to_toml(recipe.resolve({"data": ("questions.jsonl",)}))
    run = store.create(text, method="sft", tuning="lora", base="bundled", title="busy")
    writer = subprocess.Popen([sys.executable, str(JOURNAL), "--write", str(run.path)], env=environment())
    try:
        window = Window(__file__, "--run", run.id, str(SECONDS), str(report))
        told = read(report)
        before, written = window.cpu(), window.written
        time.sleep(SECONDS)
        work, wrote = window.cpu() - before, window.written - written
        memory = window.megabytes()
        window.end()
    finally:
        writer.terminate()
        writer.wait()
    lags, idle = sorted(told["lags"]), sorted(told["idle"])
    rows += [
        ("an idle page, lag of the loop p99, ms", f"{1000 * idle[int(len(idle) * 0.99)]:.1f}"),
        ("a busy run, charts on its page", f"{told['charts']}"),
        ("a busy run, events followed a second", f"{told['events']:.0f}"),
        ("a busy run, lag of the loop p95, ms", f"{1000 * lags[int(len(lags) * 0.95)]:.1f}"),
        ("a busy run, lag of the loop p99, ms", f"{1000 * lags[int(len(lags) * 0.99)]:.1f}"),
        ("a busy run, worst lag, ms", f"{1000 * lags[-1]:.1f}"),
        ("a busy run, % of one core", f"{100 * work / SECONDS:.1f}"),
        ("a busy run, memory, MB", f"{memory:.0f}"),
        ("a busy run, kB/s to the terminal", f"{wrote / 1024 / SECONDS:.0f}"),
    ]


def long(rows: list[tuple[str, str]], home: Path) -> None:
    """Measure how a run with a journal of a million events opens."""
    from journal import EVENTS, generate

    from workbench.core import recipe
    from workbench.runs import store

    text = recipe.to_toml(recipe.resolve({"data": ("questions.jsonl",)}))
    run = store.create(text, method="sft", tuning="lora", base="bundled", title="long")
    generate(run.events_path, EVENTS)
    report = home / "long.json"
    window = Window(__file__, "--run", run.id, "1", str(report))
    told = read(report)
    memory = window.megabytes()
    window.end()
    lags = sorted(told["opening"])
    rows += [
        ("a million events, figures and outline, ms", f"{1000 * told['figures']:.0f}"),
        ("a million events, whole curves, ms", f"{1000 * told['whole']:.0f}" if "whole" in told else "–"),
        ("a million events, processor time in 10 s, ms", f"{1000 * told['work']:.0f}"),
        ("a million events, lag of the loop p99, ms", f"{1000 * lags[int(len(lags) * 0.99)]:.1f}"),
        ("a million events, worst lag, ms", f"{1000 * lags[-1]:.1f}"),
        ("a million events, memory, MB", f"{memory:.0f}"),
    ]


def read(report: Path) -> dict[str, Any]:
    """Wait for what a probed application tells, and return it."""
    deadline = time.perf_counter() + 30 + 2 * SECONDS
    while not report.is_file() or not report.read_text():
        if time.perf_counter() > deadline:
            sys.exit("the application did not tell its figures")
        time.sleep(0.05)
    return dict(json.loads(report.read_text()))


def application() -> None:
    """Print what the application as a person starts it costs."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("DATA", "STATE", "CONFIG", "CACHE"):
            os.environ[f"XDG_{name}_HOME"] = f"{folder}/{name.lower()}"
        for measure in (start, road, busy, long):
            rows: list[tuple[str, str]] = []
            measure(rows, Path(folder))
            for name, value in rows:
                print(f"{name:<50}{value:>8}", flush=True)


def parts() -> None:
    """Print what the live parts of a screen cost."""
    print(f"{'what':<46}{'ms each':>9}{'CPU %':>8}{'lag p95':>9}{'p99':>7}{'worst':>8}{'kB/s':>8}")
    for points, lines in ROWS:
        figures, rate = in_terminal(points, lines)
        said = (
            f"4 charts of {units.count(points)} points" if points else "",
            f"{units.count(lines)} lines/s" if lines else "",
        )
        name = ", ".join(part for part in said if part)
        drawn = 2 if points else TICKS
        each = "–" if bool(points) == bool(lines) else f"{figures['spent'] / drawn:.1f}"
        print(
            f"{name or 'an idle screen':<46}{each:>9}{figures['cpu']:>8.1f}{figures['p95']:>9.1f}{figures['p99']:>7.1f}"
            f"{figures['worst']:>8.1f}{rate:>8.0f}",
            flush=True,
        )
    print("ms each: processor time over an idle screen, for four charts drawn anew or for the lines of a tick.")
    print("Each curve grows by 200 points a second. Lags in ms.")


def main(which: list[str]) -> None:
    """Print the tables that are asked for, or both."""
    print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for name, table in (("application", application), ("parts", parts)):
        if not which or name in which:
            table()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--run", run_id, seconds, out]:
            probed(run_id, float(seconds), Path(out))
        case [points, lines, out]:
            bench(int(points), int(lines), Path(out))
        case which:
            main(which)
