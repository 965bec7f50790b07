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
from itertools import count
from pathlib import Path

SECONDS = 10.0
IDLE_SECONDS = 3.0
PROBE_SECONDS = 0.005
CHARTS = 4
POINTS = (500, 5_000, 50_000, 1_000_000)
LINES = (1_000, 10_000)


def bench(kind: str, size: int, report: Path) -> None:
    """Show four charts or a console, feed them, and write what it cost; runs inside the pseudo-terminal."""
    from textual.app import App, ComposeResult

    from workbench.core.curves import Series
    from workbench.tui.themes import DEFAULT, THEMES
    from workbench.tui.widgets.chart import Chart
    from workbench.tui.widgets.console import Console
    from workbench.tui.widgets.plot import Layer

    chance = random.Random(7)

    def curve() -> tuple[Series, Series]:
        steps, looks = Series(), Series()
        steps.extend((step, 1 + 1.2 * 0.5 ** (8 * step / size) + chance.gauss(0, 0.1)) for step in range(1, size + 1))
        looks.extend((step, 1.05 + 1.2 * 0.5 ** (8 * step / size)) for step in range(0, size + 1, max(1, size // 20)))
        return steps, looks

    class Bench(App[None]):
        """Four charts in a square, or a console over the whole page."""

        CSS = "Screen { layout: grid; grid-size: 2 2; } Console { column-span: 2; row-span: 2; } Chart { margin: 1 2; }"

        def __init__(self) -> None:
            super().__init__()
            for theme in THEMES:
                self.register_theme(theme)
            self.theme = DEFAULT

        def compose(self) -> ComposeResult:
            """Yield the widgets."""
            if kind == "charts":
                for number in range(CHARTS):
                    yield Chart(f"loss {number}")
            else:
                yield Console()

        def on_mount(self) -> None:
            """Begin to measure."""
            self.run_worker(self.measure())

        async def measure(self) -> None:
            """Warm up, stand still for a while, then feed the widgets, and leave."""
            if kind == "charts":
                feed, pause = self.charts(), 0.5
            else:
                feed, pause = self.lines(), 0.1
            # What starting costs is no part of it.
            await watch(IDLE_SECONDS, feed, pause)
            idle_cpu, _, _ = await watch(IDLE_SECONDS, lambda: None, 1.0)
            cpu, lags, ticks = await watch(SECONDS, feed, pause)
            lags.sort()
            spent = cpu - idle_cpu * SECONDS / IDLE_SECONDS
            figures = {
                "cpu": 100 * cpu / SECONDS,
                "each": 1000 * spent / ticks,
                "p95": 1000 * lags[int(len(lags) * 0.95)],
                "p99": 1000 * lags[int(len(lags) * 0.99)],
                "worst": 1000 * lags[-1],
            }
            report.write_text(json.dumps(figures))
            self.exit()

        def charts(self) -> Callable[[], None]:
            """Return what lets four curves grow by one step and draws them."""
            curves = [curve() for _ in range(CHARTS)]
            charts = list(self.query(Chart))
            numbers = count(size + 1)
            for chart, (steps, looks) in zip(charts, curves, strict=True):
                chart.show(
                    [Layer(steps, "smoothed", raw_name="each step"), Layer(looks, "eval", "marks")], whole=1.2 * size
                )

            def grow() -> None:
                step = next(numbers)
                for chart, (steps, _) in zip(charts, curves, strict=True):
                    steps.append(step, 1 + chance.gauss(0, 0.1))
                    chart.advance()

            return grow

        def lines(self) -> Callable[[], None]:
            """Return what adds the lines of a tenth of a second."""
            console = self.query_one(Console)
            numbers = count()

            def add() -> None:
                said = [
                    f"step {next(numbers)}: loss {chance.random():.4f}, 2 390 tokens/s, モデル"
                    for _ in range(size // 10)
                ]
                console.extend(said)

            return add

    Bench().run()


async def watch(seconds: float, feed: Callable[[], None], pause: float) -> tuple[float, list[float], int]:
    """Call `feed` every `pause` seconds; return processor seconds, lags of the loop in seconds, and the calls."""
    lags: list[float] = []
    began, cpu, calls = time.perf_counter(), time.process_time(), 0
    while (now := time.perf_counter()) - began < seconds:
        if now - began >= calls * pause:
            feed()
            calls += 1
        asked = time.perf_counter()
        await asyncio.sleep(PROBE_SECONDS)
        lags.append(time.perf_counter() - asked - PROBE_SECONDS)
    return time.process_time() - cpu, lags, calls


def in_terminal(kind: str, size: int) -> tuple[dict[str, float], float]:
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
            [sys.executable, __file__, kind, str(size), str(report)],
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
        return json.loads(report.read_text()), written / 1024 / SECONDS


def main() -> None:
    """Print the table."""
    print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"{'what':<34}{'ms each':>9}{'CPU %':>8}{'lag p95':>9}{'p99':>7}{'worst':>8}{'kB/s':>8}")
    rows = [("charts", size, f"4 charts at 2 Hz, {size:,} points") for size in POINTS]
    rows += [("console", size, f"console, {size:,} lines/s") for size in LINES]
    for kind, size, name in rows:
        figures, rate = in_terminal(kind, size)
        print(
            f"{name:<34}{figures['each']:>9.1f}{figures['cpu']:>8.1f}{figures['p95']:>9.1f}{figures['p99']:>7.1f}"
            f"{figures['worst']:>8.1f}{rate:>8.0f}",
            flush=True,
        )
    print("ms each: processor time of one tick, four charts or the lines of a tenth of a second, over an idle screen.")


if __name__ == "__main__":
    bench(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])) if len(sys.argv) == 4 else main()
