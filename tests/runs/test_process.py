"""Engine processes: known for certain, signalled only then, and ended by nothing but themselves or a signal of ours."""

from __future__ import annotations

import dataclasses
import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.support import program_env, start_program, wait_until
from workbench.core.errors import UsageError, WorkbenchError
from workbench.runs import control, locks, process, store
from workbench.runs.store import Run

METRONOME = "tests.runs.metronome"

SLEEPER = "import signal; print('up', flush=True); signal.pause()"


def new_run(words: str = "") -> Run:
    """Make a run whose recipe is read by the metronome."""
    return store.create(words, method="sft", tuning="lora", base="bundled", title="a run")


def launch(run: Run) -> int:
    """Launch a metronome on a run."""
    fd = locks.acquire(run.lock_path)
    assert fd is not None
    return process.launch(run.path, fd, METRONOME)


def identity_of(child: subprocess.Popen[str]) -> process.Identity:
    """Return the identity of a living child."""
    assert child.stdout is not None
    assert child.stdout.readline() == "up\n"
    identity = process.identify(child.pid, 1)
    assert identity is not None
    return identity


def test_an_identity_is_what_the_kernel_says_and_survives_its_file(tmp_path: Path) -> None:
    mine = process.me(3)
    assert (mine.pid, mine.pgid, mine.attempt) == (os.getpid(), os.getpgid(0), 3)
    ticks = os.sysconf("SC_CLK_TCK")
    assert mine.start_ticks / ticks + psutil.boot_time() == pytest.approx(psutil.Process().create_time(), abs=1.5)
    process.write_identity(tmp_path, mine)
    assert process.read_identity(tmp_path) == mine
    assert json.loads((tmp_path / "process.json").read_text(encoding="utf-8"))["pid"] == os.getpid()
    assert process.is_alive(mine)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"pid": 1}', '{"pid": "x"}', "\0", "[" * 50_000])
def test_a_damaged_identity_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "process.json").write_text(text, encoding="utf-8")
    assert process.read_identity(tmp_path) is None
    assert process.read_identity(tmp_path / "missing") is None


def test_a_zombie_is_dead(tmp_path: Path) -> None:
    child = start_program(SLEEPER, start_new_session=True)
    identity = identity_of(child)
    child.kill()
    wait_until(lambda: psutil.Process(child.pid).status() == psutil.STATUS_ZOMBIE, 5, "the child is a zombie")
    assert not process.is_alive(identity)
    assert process.identify(child.pid, 1) is None
    assert process.group_members(identity) == []
    assert not process.signal_group(identity, signal.SIGTERM)
    child.communicate()


@pytest.mark.parametrize("change", [{"start_ticks": 1}, {"boot_id": "another boot"}, {"host": "another-host"}])
def test_another_process_with_the_same_number_is_never_signalled(change: dict[str, object]) -> None:
    child = start_program(SLEEPER, start_new_session=True)
    try:
        identity = identity_of(child)
        stranger = dataclasses.replace(identity, **change)  # type: ignore[arg-type]
        assert process.is_alive(identity)
        assert not process.is_alive(stranger)
        assert process.group_members(stranger) == []
        if "start_ticks" in change:
            assert not process.signal_group(stranger, signal.SIGKILL)
        else:
            with pytest.raises(UsageError, match="is not signalled"):
                process.signal_group(stranger, signal.SIGKILL)
        assert process.is_alive(identity)
        assert process.signal_group(identity, signal.SIGKILL)
        assert child.wait(5) == -signal.SIGKILL
    finally:
        child.kill()
        child.communicate()


def test_a_process_in_the_group_of_another_is_not_signalled() -> None:
    child = start_program(SLEEPER)
    try:
        identity = identity_of(child)
        assert identity.pgid == os.getpgid(0)
        with pytest.raises(UsageError, match="does not lead a group"):
            process.signal_group(identity, signal.SIGKILL)
        for number in (0, 1, -1):
            with pytest.raises(UsageError, match="does not lead a group"):
                process.signal_group(dataclasses.replace(identity, pid=number, pgid=number), signal.SIGKILL)
        assert child.poll() is None
    finally:
        child.kill()
        child.communicate()


def test_the_environment_of_an_engine_has_no_secrets_and_what_it_needs(tmp_path: Path) -> None:
    secrets = dict.fromkeys(
        (
            *("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "OPENAI_API_KEY"),
            *("MY_SERVICE_TOKEN", "DB_PASSWORD", "SSH_AUTH_SOCK", "WANDB_API_KEY", "WANDB_PROJECT", "https_proxy"),
            *("GOOGLE_APPLICATION_CREDENTIALS", "api_key", "CLIENT_SECRET"),
        ),
        "s3cret",
    )
    kept = {
        **{"PATH": "/bin", "HOME": "/h", "LANG": "C", "XDG_DATA_HOME": "/x", "CUDA_VISIBLE_DEVICES": "1"},
        **{"VIRTUAL_ENV": "/v", "LD_LIBRARY_PATH": "/l", "HF_HOME": "/hf", "OMP_NUM_THREADS": "2", "TMPDIR": "/t"},
    }
    env = process.engine_env({**secrets, **kept, "TOKENIZERS_PARALLELISM": "true", "PYTHONPATH": f":.:{tmp_path}"})
    assert "s3cret" not in env.values()
    assert kept.items() <= env.items()
    assert env["TOKENIZERS_PARALLELISM"] == "false"
    assert env["HF_HUB_OFFLINE"] == env["DO_NOT_TRACK"] == env["PYTHONSAFEPATH"] == "1"
    paths = env["PYTHONPATH"].split(os.pathsep)
    assert str(tmp_path) in paths
    assert all(os.path.isabs(path) for path in paths), "nothing is imported from the folder it runs in"


def test_an_engine_owns_lock_console_and_folder_and_imports_nothing_from_there() -> None:
    run = new_run("noisy probes-imports")
    for name in ("json.py", "evil.py", "workbench.py", "sitecustomize.py"):
        (run.path / name).write_text("raise SystemExit('imported from the run')", encoding="utf-8")
    pid = launch(run)
    wait_until(lambda: run.status() == "running", 10, "the metronome runs")
    identity = process.read_identity(run.path)
    assert identity is not None
    assert (identity.pid, identity.pgid, os.getsid(pid)) == (pid, pid, pid)
    assert process.group_members(identity) == [pid]
    assert process.has_open(pid, run.lock_path)
    assert not process.has_open(os.getpid(), run.lock_path), "this process gave its copy away"
    console = run.console_path.read_text(encoding="utf-8").splitlines()
    assert console[0] == "\x1b[31mhello\x1b[0m  True", "no input, and its own folder"
    assert console[1].startswith("json from ")
    assert str(run.path) not in console[1]
    assert console[2] == "evil found False"
    assert run.console_path.stat().st_mode & 0o777 == 0o600
    control.stop(run)
    wait_until(lambda: run.status() == "stopped" and not process.is_alive(identity), 5, "it stops")
    wait_until(lambda: not psutil.pid_exists(pid), 5, "its exit status is collected")


def test_an_engine_that_cannot_start_frees_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    run = new_run()
    fd = locks.acquire(run.lock_path)
    assert fd is not None
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(WorkbenchError, match="cannot be started"):
        process.launch(run.path, fd)
    assert not locks.is_held(run.lock_path)


PARENT = """
import sys, signal
from pathlib import Path
from workbench.runs import locks, process
run = Path(sys.argv[1])
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup may have started the tests
print(process.launch(run, locks.acquire(run / "lock"), "tests.runs.metronome"), flush=True)
signal.pause()
"""


def goes_on(run: Run) -> bool:
    """Return whether a run advances from now on."""
    before = run.summary()["step"]
    wait_until(lambda: run.summary()["step"] > before + 3, 5, "the run goes on")
    return run.status() == "running"


def test_an_engine_survives_the_death_of_what_started_it() -> None:
    run = new_run()
    parent = start_program(PARENT, run.path)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    wait_until(lambda: run.status() == "running", 10, "the metronome runs")
    parent.kill()
    parent.communicate()
    assert goes_on(run)
    assert process.read_identity(run.path).pid == pid  # type: ignore[union-attr]
    assert control.kill(run).endswith("after it was told to, without force.")
    assert run.status() == "stopped"


def test_an_engine_survives_the_end_of_its_terminal() -> None:
    """A shell in a terminal of its own starts a run; then the terminal is gone, and everything in it gets SIGHUP."""
    run = new_run()
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(sys.executable, [sys.executable, "-c", PARENT, str(run.path)], program_env())  # noqa: S606
    wait_until(lambda: run.status() == "running", 10, "the metronome runs")
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGHUP
    assert goes_on(run)
    control.kill(run)
    assert run.status() == "stopped"
