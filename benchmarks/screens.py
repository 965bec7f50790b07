"""What the live parts of the screen cost in a real pseudo-terminal: charts by their points, the console by its lines.

Run by hand on an idle machine: `.venv/bin/python benchmarks/screens.py`. Each row is a process of its own whose output
is read as a terminal would. Lag is how much later than asked for a timer of 5 ms comes: what a key would have to wait.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import pty
import random
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable
from itertools import count, islice
from pathlib import Path

from workbench.core import units

SECONDS = 10.0
IDLE_SECONDS = 3.0
PROBE_SECONDS = 0.005
CHARTS = 4
TICKS = 10
"""How often a second new points and lines are handed to the widgets; charts draw at most twice a second."""
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


async def watch(seconds: float, feeds: list[Callable[[], None]]) -> tuple[float, list[float]]:
    """Call all feeds at each tick for so long; return processor seconds, and the lags of the loop in seconds."""
    lags: list[float] = []
    began, cpu, ticks = time.perf_counter(), time.process_time(), 0
    while (now := time.perf_counter()) - began < seconds:
        if now - began >= ticks / TICKS:
            for feed in feeds:
                feed()
            ticks += 1
        asked = time.perf_counter()
        await asyncio.sleep(PROBE_SECONDS)
        lags.append(time.perf_counter() - asked - PROBE_SECONDS)
    return time.process_time() - cpu, lags


def in_terminal(points: int, lines: int) -> tuple[dict[str, float], float]:
    """Run one measurement in a pseudo-terminal of 120 by 40; return its figures and the kilobytes a second it wrote."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "figures.json"
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        environment = {
            **os.environ,
            "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
        }
        child = subprocess.Popen(
            [sys.executable, __file__, str(points), str(lines), str(report)],
            stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        written = 0
        while True:
            try:
                block = os.read(ours, 1 << 16)
            except OSError:  # The other side is closed.
                break
            if not block:
                break
            written += len(block)
        os.close(ours)
        child.wait()
        return json.loads(report.read_text()), written / 1024 / (SECONDS + IDLE_SECONDS)


def main() -> None:
    """Print the table."""
    print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
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


if __name__ == "__main__":
    bench(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])) if len(sys.argv) == 4 else main()
