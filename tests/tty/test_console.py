"""A console as busy as they get, in a real terminal: nothing is lost, nothing is obeyed, and every key is answered."""

from __future__ import annotations

from tests.support import start_program
from tests.tty.terminal import Terminal, needs_tmux, workbench
from tests.tui.support import QUESTIONS
from workbench.core import recipe, units
from workbench.runs import store

pytestmark = needs_tmux

A_SECOND, BURSTS, SECONDS = 2_000, 20, 2
"""Lines in bursts, for so many seconds at least."""
ANSWERED = 2.0
"""Seconds until a key has to show: ten times what a person calls at once, for machines with much else to do."""
HOSTILE = "\x1b[2J\x1b[3;1H\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b]0;stolen\x07\x9b45m\x1b[45m"
"""Erases the screen, moves the cursor, leaves the page, shows the cursor, frees the mouse, takes the title, paints."""

ENGINE = """
import select, sys, time
from pathlib import Path
from workbench.core.events import AttemptStarted, Phase, Sample, Step
from workbench.runs import journal, locks, process, store
run, a_second, bursts, seconds = store.Run(Path(sys.argv[1])), *map(int, sys.argv[2:5])
fd = locks.acquire(run.lock_path)
process.write_identity(run.path, process.me(1))
writer = journal.Writer(run.events_path)
writer.write(AttemptStarted(attempt=1, pid=1))
writer.write(Phase(phase="training"))
writer.write(Sample(step=0, prompt="Is anybody there?", text="Somebody is."))
for step in range(1, 40):
    figures = dict(loss=2 / step, learning_rate=1e-4, grad_norm=1 + step % 3, tokens_per_second=900.0 + step)
    writer.write(Step(step=step, steps=99, **figures))
print("ready", flush=True)
sys.stdin.readline()
began, number, burst, asked = time.monotonic(), 0, 0, []
with run.console_path.open("a", encoding="utf-8") as console:
    while not asked or burst < seconds * bursts:
        # Paced by a clock and not by pauses, so that a slow machine is given as many lines a second as a quick one.
        due = max(0.0, began + burst / bursts - time.monotonic())
        asked += select.select([] if asked else [sys.stdin], [], [], due)[0]
        for _ in range(a_second // bursts):
            number += 1
            console.write(f"output {number}:{sys.argv[5]} モデル {'.' * (number % 200)}\\n")
        console.flush()
        burst += 1
    console.write(f"output {number + 1}, the last\\n")
print(number + 1, flush=True)
sys.stdin.read()
"""


def told(terminal: Terminal) -> list[str]:
    """Return what the terminal was told: alternate screen, mouse, cursor, title."""
    said = "#{alternate_on} #{mouse_any_flag} #{cursor_flag} #{pane_title}"
    return terminal._run("display-message", "-p", "-t", "main", said).split(maxsplit=3)


def test_two_thousand_lines_a_second_are_followed_and_every_key_is_answered() -> None:
    wanted = recipe.resolve({"method": "sft", "tuning": "lora", "data": [str(QUESTIONS)]})
    run = store.create(recipe.to_toml(wanted), method="sft", tuning="lora", base="bundled", title="busy")
    figures = (str(A_SECOND), str(BURSTS), str(SECONDS), HOSTILE)
    with Terminal(workbench()) as terminal, start_program(ENGINE, run.path, *figures) as engine:
        assert engine.stdin is not None
        assert engine.stdout is not None
        try:
            assert engine.stdout.readline() == "ready\n"
            terminal.until("help", 60)
            terminal.keys("F3")
            terminal.until("busy", 60)
            terminal.keys("Enter")
            terminal.until("39 of 99", 30)
            terminal.keys("3")
            terminal.until("has written nothing", 30)
            before = told(terminal)
            print("begin", file=engine.stdin, flush=True)
            terminal.until("output ", 10)
            for key, effect in (
                ("Home", "output 1:"),
                ("1", "Is anybody there?"),
                ("v", "gradient norm"),
                ("3", "output 1:"),
                ("v", "train, smoothed"),
            ):
                terminal.keys(key)
                terminal.until(effect, ANSWERED)
            terminal.keys("End")
            print("end", file=engine.stdin, flush=True)
            lines = int(engine.stdout.readline())
            page = terminal.until(f"output {lines}, the last", ANSWERED)
            assert lines > A_SECOND * SECONDS
            assert page.splitlines()[0].split()[:3] == ["workbench", "›", "runs"]
            assert f"output {lines - 6}: モデル ." in page
            terminal.type("/output")
            terminal.keys("Enter")
            terminal.until(f"{units.count(lines)} lines have", ANSWERED)
            assert told(terminal) == before
            assert "\x1b[45m" not in terminal._run("capture-pane", "-p", "-e", "-t", "main")
        finally:
            engine.stdin.close()
