"""Work spread over processes that were forked from this one, for counting through files of gigabytes.

Owns the forking, the pipes and the order of the answers. Must not know what the work is: an answer is bytes.
"""

from __future__ import annotations

import contextlib
import gc
import os
import selectors
import signal
from collections.abc import Callable, Sequence
from typing import TypeVar

from workbench.core.errors import WorkbenchError

Task = TypeVar("Task")
_BLOCK = 1 << 16


def cores() -> int:
    """Return the number of processors this process may use."""
    with contextlib.suppress(AttributeError):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _child(work: Callable[[Task], bytes], task: Task, out: int) -> None:
    """Write the answer of one task and end the process, without visiting anything the parent had open."""
    code = 1
    gc.disable()
    try:
        with open(out, "wb") as pipe:
            pipe.write(work(task))
        code = 0
    finally:
        os._exit(code)


def spread(tasks: Sequence[Task], work: Callable[[Task], bytes], processes: int) -> list[bytes]:
    """Return `work(task)` for each task, in the order of the tasks, computed by at most `processes` children at a time.

    With one process, or one task, nothing is forked. Call it from a process without threads. Raises what `work` raises
    when nothing is forked, and WorkbenchError when a child dies; the others are ended then.
    """
    if processes < 2 or len(tasks) < 2:
        return [work(task) for task in tasks]
    answers: list[bytearray] = [bytearray() for _ in tasks]
    waiting = list(range(len(tasks)))[::-1]
    children: dict[int, tuple[int, int]] = {}
    with selectors.DefaultSelector() as selector:

        def start() -> None:
            number = waiting.pop()
            read, write = os.pipe()
            pid = os.fork()
            if pid == 0:
                os.close(read)
                _child(work, tasks[number], write)
            os.close(write)
            children[read] = (number, pid)
            selector.register(read, selectors.EVENT_READ)

        try:
            while waiting or children:
                while waiting and len(children) < processes:
                    start()
                for key, _ in selector.select():
                    block = os.read(key.fd, _BLOCK)
                    number, pid = children[key.fd]
                    if block:
                        answers[number] += block
                        continue
                    selector.unregister(key.fd)
                    os.close(key.fd)
                    del children[key.fd]
                    _, status = os.waitpid(pid, 0)
                    if status:
                        raise WorkbenchError("A helper process died while reading the data; try again.")
        finally:
            for fd, (_, pid) in children.items():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                os.close(fd)
    return [bytes(answer) for answer in answers]
