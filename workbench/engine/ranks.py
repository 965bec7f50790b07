"""Training with several processes on one machine, seen from the engine that leads the attempt.

Owns the start of `accelerate launch`, the requests passed on to it, and the one outcome made of what the processes say.
The leader keeps the run's lock and the GPU lease and imports nothing heavy; the first process writes the journal
meanwhile. Must not know what is trained.

What is opened, only with num_processes above 1: the processes find each other through files in the run directory, and
exchange gradients by gloo or NCCL, which listen on loopback ports that the kernel chooses, for as long as they train.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workbench.core.errors import NoSpaceError, WorkbenchError
from workbench.core.events import Step
from workbench.core.recipe import load as load_recipe
from workbench.engine import layout
from workbench.engine.reporter import Reporter
from workbench.engine.requests import Requests
from workbench.runs import atomic, errand, journal, process, requests
from workbench.runs.store import Run

POLL_SECONDS = 0.25
FAREWELL_SECONDS = 40.0
"""How long the launcher may take to end everybody after the last word; it allows a process 30 s itself."""

PARENT = "WORKBENCH_PARENT"
"""The variable that tells a process who has started it."""

_FOREIGN = re.compile(r"^(ACCELERATE|FSDP|PET|TORCHELASTIC|PMI|OMPI_COMM|MV2_COMM)_|^MPI_LOCAL|^HYDRA_|_SOCKET_IFNAME$")
"""Settings a person made for other trainings, which the launcher and the libraries would follow."""


def _environment(processes: int) -> dict[str, str]:
    """Return the environment of the launcher and the processes."""
    own = {name: value for name, value in process.engine_env().items() if not _FOREIGN.search(name)}
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    loopback = "lo" if sys.platform.startswith("linux") else "lo0"
    return {
        **own,
        PARENT: str(os.getpid()),
        "OMP_NUM_THREADS": str(max(1, cores // processes)),
        "GLOO_SOCKET_IFNAME": loopback,
        "NCCL_SOCKET_IFNAME": loopback,
        # What accelerate has no option for: torch's launcher keeps its books in a file of its working directory, whose
        # name must look like an address, and not in a server that listens on every interface; and a request that comes
        # as a signal to the whole group does not end it.
        "PET_RDZV_ENDPOINT": "launch:1",
        "PET_LOCAL_ADDR": "127.0.0.1",
        "PET_SIGNALS_TO_HANDLE": "SIGQUIT",
        "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1",
    }


def _settings(processes: int) -> dict[str, Any]:
    """Return accelerate's configuration, complete, so that it looks for none of the person's."""
    return {
        "compute_environment": "LOCAL_MACHINE",
        # The name under which accelerate starts several processes with torch's launcher, on CPUs too; each process
        # chooses its device from the recipe.
        "distributed_type": "MULTI_GPU",
        "num_machines": 1,
        "machine_rank": 0,
        "num_processes": processes,
        "gpu_ids": "all",
        "main_process_port": 0,
        "mixed_precision": "no",
        "use_cpu": False,
        "debug": False,
    }


def _launch(run: Run, folder: Path, processes: int, stdin: int) -> subprocess.Popen[bytes]:
    """Start the launcher, which starts the processes, in the group of the engine and with its console."""
    settings = folder / "accelerate.json"
    atomic.write_text(settings, json.dumps(_settings(processes), indent=1) + "\n")
    command = [sys.executable, "-m", "workbench.engine.launcher", "--config_file", str(settings)]
    command += ["--rdzv_backend=c10d", "--rdzv_conf=store_type=file", f"--log_dir={folder}", "--max_restarts=0"]
    command += ["--module", "workbench.engine.rank", str(run.path), str(folder / "team")]
    return subprocess.Popen(command, stdin=stdin, env=_environment(processes), cwd=folder)


def _listen(run: Run, launcher: subprocess.Popen[bytes], pipe: int, asked: Requests) -> list[dict[str, Any]]:
    """Return everything that launcher and processes said, once none of them is left; requests are passed on meanwhile.

    The pipe ends when the last process that could write to it is gone; each line is written at once.
    """
    heard = b""
    told = ""
    deadline = math.inf
    while True:
        wish = asked.pending()
        if wish != told:
            with contextlib.suppress(WorkbenchError):  # is tried again
                requests.request(run.path, wish)
                told = wish
        if select.select([pipe], [], [], POLL_SECONDS)[0]:
            piece = os.read(pipe, 1 << 16)
            if not piece:
                return [json.loads(line) for line in heard.splitlines()]
            heard += piece
            deadline = min(deadline, time.monotonic() + FAREWELL_SECONDS)
        if time.monotonic() >= deadline:
            # The processes die with the launcher.
            launcher.kill()


def verdict(words: Sequence[dict[str, Any]], processes: int, launcher_code: int) -> str:
    """Return the outcome of the attempt by what its processes said, in the order they said it.

    `words` holds last words of processes, {"rank", "step"} with "outcome", "no_space", "out_of_memory" or "error", and
    of the launcher, {"exit_codes": {rank: code}}. Raises RanOut when a step needs more memory than there is, and
    NoSpaceError or WorkbenchError with what went wrong first: a process that died without a word before what the others
    said about its silence.
    """
    last = [word for word in words if "rank" in word]
    for word in last:
        if "outcome" in word:
            return str(word["outcome"])
    for word in last:
        if "out_of_memory" in word:
            raise layout.RanOut(word["out_of_memory"], word.get("can_offload", False))
    spoke = {str(word["rank"]) for word in last}
    silent = [end for word in words for end in word.get("exit_codes", {}).items() if end[0] not in spoke]
    # With SIGTERM the launcher ends the others once one has failed: it explains nothing unless there is nothing else.
    for rank, code in [end for end in silent if end[1] != -signal.SIGTERM] or silent * (not last):
        cause = ", often for lack of memory" if code == -signal.SIGKILL else ""
        raise WorkbenchError(
            f"Process {int(rank) + 1} of {processes} {errand.death(code)} without a word{cause}; see the console log, "
            "and resume the run to go on from its last checkpoint."
        )
    for word in last:
        if "no_space" in word:
            raise NoSpaceError(**word["no_space"])
        raise WorkbenchError(str(word["error"]))
    raise WorkbenchError(
        f"The {processes} processes could not be kept going: accelerate launch {errand.death(launcher_code)}; the "
        "console log has the details."
    )


def perform(run: Run, processes: int, reporter: Reporter, asked: Requests) -> str:
    """Do the run's work with several processes and return the outcome: done, paused or stopped.

    Processes that ran out of memory begin anew with a smaller layout, from the last checkpoint: the others have already
    exchanged parts of the step. Raises WorkbenchError when the work cannot go on; no process is left then.
    """
    while True:
        try:
            return _together(run, processes, reporter, asked)
        except layout.RanOut as out:
            reporter.write(layout.shrunk(run, load_recipe(run.recipe_path).recipe, out), durable=True)
            asked.check()


def _together(run: Run, processes: int, reporter: Reporter, asked: Requests) -> str:
    """Start the processes, wait for the end of all of them, and return the outcome."""
    folder = run.path / "ranks"
    atomic.remove_tree(folder)
    atomic.make_directories(folder, 0o700)
    with reporter.lent():
        pipe, their_end = os.pipe()
        try:
            launcher = _launch(run, folder, processes, their_end)
        finally:
            os.close(their_end)
        try:
            words = _listen(run, launcher, pipe, asked)
        except BaseException:
            launcher.kill()
            raise
        finally:
            os.close(pipe)
        code = launcher.wait()
    atomic.remove_tree(folder)
    steps = [word["step"] for word in words if "step" in word]
    known = journal.latest(run.events_path, [Step.kind]).get(Step.kind)
    reporter.step_reached = max(steps, default=known.step if isinstance(known, Step) else 0)
    return verdict(words, processes, code)
