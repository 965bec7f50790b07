"""Engine processes: how one is started so that nothing but itself can end it, and how it is known again later.

Owns the launch, the environment it gets, and the identity by which a signal is allowed. Must not know runs' statuses.
A process is the one we mean only when host, boot and start time match its number: numbers are used again.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import NamedTuple

from workbench.core.errors import UsageError, WorkbenchError
from workbench.runs import atomic

IDENTITY_FILE = "process.json"
CONSOLE_FILE = "console.log"

_PACKAGE_PARENT = Path(__file__).resolve().parents[2]
_LINUX = sys.platform.startswith("linux")

_SECRET = re.compile(
    r"(^|_)(TOKEN|TOKENS|SECRET|SECRETS|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|CREDENTIALS|API_?KEY|ACCESS_KEY|PRIVATE_KEY)(_|$)"
    r"|^(AWS|AZURE|GOOGLE|GCP|GITHUB|GITLAB|OPENAI|ANTHROPIC|WANDB|COMET|NEPTUNE|CLEARML|MLFLOW|SSH|GPG|DBUS)_"
    r"|_PROXY$|^(KUBECONFIG|NETRC|MAIL)$",
    re.IGNORECASE,
)
"""Names of variables that an engine has no use for and a model's code must never see, and of reporting services."""

_SILENT = ("DO_NOT_TRACK", "HF_HUB_DISABLE_TELEMETRY")

_FIXED = {
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_DATASETS_OFFLINE": "1",
    "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
    "TRL_EXPERIMENTAL_SILENCE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "OMP_WAIT_POLICY": "PASSIVE",
    "GOMP_SPINCOUNT": "0",
    "GGML_NO_BACKTRACE": "1",
    # Nothing here is compiled, and bitsandbytes would import the compiler at every start, which takes a second.
    "TORCHDYNAMO_DISABLE": "1",
    "PYTHONFAULTHANDLER": "1",
    "PYTHONSAFEPATH": "1",
    "PYTHONUNBUFFERED": "1",
}


class _Stat(NamedTuple):
    """What the kernel says about one process."""

    is_dead: bool
    """Ended, all threads of it; a zombie that nobody has collected counts."""
    pgid: int
    sid: int
    start_ticks: int


@dataclass(frozen=True)
class Identity:
    """Everything that tells one process from every other, on this and any other boot."""

    pid: int
    pgid: int
    start_ticks: int
    """Start time in the kernel's own unit since boot; the wall clock cannot move it."""
    boot_id: str
    host: str
    attempt: int


def _stat(pid: int) -> _Stat | None:
    """Return the kernel's record of a process, or None when there is no such process."""
    if _LINUX:
        try:
            text = Path(f"/proc/{pid}/stat").read_bytes()
        except OSError:
            return None
        # The command name is in brackets and may itself hold brackets and spaces.
        values = text[text.rindex(b")") + 2 :].split()
        # While memory is given back the first thread may be gone and another one still have every file and lock open.
        is_dead = values[0] in (b"Z", b"X", b"x") and int(values[17]) <= 1
        return _Stat(is_dead, int(values[2]), int(values[3]), int(values[19]))
    import psutil

    try:
        process = psutil.Process(pid)
        is_dead = process.status() == psutil.STATUS_ZOMBIE
        return _Stat(is_dead, os.getpgid(pid), os.getsid(pid), round(process.create_time() * 100))
    except (psutil.Error, OSError):
        return None


def _boot_id() -> str:
    """Return a text that differs for every boot of this machine."""
    if _LINUX:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    import psutil

    return str(round(psutil.boot_time()))


def identify(pid: int, attempt: int) -> Identity | None:
    """Return the identity of a living process, or None when it is gone."""
    found = _stat(pid)
    if found is None or found.is_dead:
        return None
    return Identity(pid, found.pgid, found.start_ticks, _boot_id(), os.uname().nodename, attempt)


def me(attempt: int) -> Identity:
    """Return the identity of this process as the given attempt of a run."""
    identity = identify(os.getpid(), attempt)
    assert identity is not None, "this process is alive"
    return identity


def write_identity(run_dir: Path, identity: Identity) -> None:
    """Name the process that works on a run; raises WorkbenchError when it cannot be written."""
    atomic.write_text(run_dir / IDENTITY_FILE, json.dumps(asdict(identity), indent=1) + "\n")


def read_identity(run_dir: Path) -> Identity | None:
    """Return the process named last as the one that works on a run, or None when none is."""
    try:
        body = json.loads((run_dir / IDENTITY_FILE).read_text(encoding="utf-8"))
        identity = Identity(**{field.name: body[field.name] for field in fields(Identity)})
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    numbers = (identity.pid, identity.pgid, identity.start_ticks, identity.attempt)
    if not all(type(value) is int for value in numbers) or not isinstance(identity.boot_id, str):
        return None
    return identity


def _is_here(identity: Identity) -> bool:
    """Return whether the identity was given on this machine since it was last started."""
    return identity.host == os.uname().nodename and identity.boot_id == _boot_id()


def is_alive(identity: Identity) -> bool:
    """Return whether that very process still runs; a zombie does not, and neither does a later user of its number."""
    found = _stat(identity.pid) if _is_here(identity) else None
    return found is not None and not found.is_dead and found.start_ticks == identity.start_ticks


def group_members(identity: Identity) -> list[int]:
    """Return the living processes of the session that the identified process leads or led.

    Empty when its number is in use again by another process. While one member lives the kernel gives the group's
    number to nobody else; that the group was never empty in between, a caller learns from the run's lock.
    """
    if not _is_here(identity) or identity.pid < 2 or identity.pgid != identity.pid:
        return []
    leader = _stat(identity.pid)
    if leader is not None and leader.start_ticks != identity.start_ticks:
        return []
    import psutil

    members = []
    for pid in psutil.pids():
        found = _stat(pid)
        if (
            found is not None
            and not found.is_dead
            and (found.pgid, found.sid) == (identity.pgid, identity.pgid)
            and found.start_ticks >= identity.start_ticks
        ):
            members.append(pid)
    return members


def has_open(pid: int, path: Path) -> bool:
    """Return whether a process of this person has the file `path` open."""
    import psutil

    try:
        return any(Path(file.path) == path for file in psutil.Process(pid).open_files())
    except (psutil.Error, OSError):
        return False


def signal_group(identity: Identity, sig: int) -> bool:
    """Send `sig` to the identified process and all of its group; return whether anybody was there to get it.

    Refuses, by raising UsageError, an identity that does not lead its own group or belongs to another machine or boot:
    group 0 or 1 would be every process of this person.
    """
    if identity.pid < 2 or identity.pgid != identity.pid:
        raise UsageError(
            f"Process {identity.pid} does not lead a group of its own, so it is not signalled; end it by hand."
        )
    if not _is_here(identity):
        raise UsageError(
            f"Process {identity.pid} was started on {identity.host} or before the last restart, so it is not signalled."
        )
    if not group_members(identity):
        return False
    try:
        os.killpg(identity.pgid, sig)
    except ProcessLookupError:
        return False
    return True


def engine_env(base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment of an engine or a probe: no secrets, network or reporting, no import from its folder."""
    env = {name: value for name, value in base.items() if not _SECRET.search(name)}
    roots = [part for part in env.pop("PYTHONPATH", "").split(os.pathsep) if os.path.isabs(part)]
    if _PACKAGE_PARENT.name not in ("site-packages", "dist-packages"):
        roots.insert(0, str(_PACKAGE_PARENT))
    if roots:
        env["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(roots))
    return env | _FIXED


def online_env(base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment of an errand to the hub: the person's own, credentials included, without reporting."""
    env = engine_env(base)
    return {**base, **{name: env[name] for name in ("PYTHONPATH", *_SILENT) if name in env}}


def launch(run_dir: Path, lock_fd: int, module: str = "workbench.engine") -> int:
    """Start an engine that owns the run's lock from its first instant, and return its process id.

    The engine has a session of its own, no input, and the run's console as output, so it outlives this process, its
    terminal and its connection. `lock_fd` is handed over: this process's copy is closed, whatever happens. Raises
    WorkbenchError when no process can be started.
    """
    command = [sys.executable, "-m", module, str(run_dir), "--lock-fd", str(lock_fd)]
    try:
        # Until the new process names itself, nobody must be taken for it.
        atomic.unlink(run_dir / IDENTITY_FILE)
        console = atomic.open_file(run_dir / CONSOLE_FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                cwd=run_dir,
                env=engine_env(),
                pass_fds=(lock_fd,),
                start_new_session=True,
            )
        finally:
            os.close(console)
    except OSError as error:
        raise WorkbenchError(
            f"The engine cannot be started in {run_dir}: {error.strerror}; free some resources."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            os.close(lock_fd)
    # Collects the exit status, so that an ended engine does not stay a zombie while this process lives.
    threading.Thread(target=child.wait, name=f"collect-{child.pid}", daemon=True).start()
    return child.pid
