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
from dataclasses import dataclass, field

from workbench.core.errors import WorkbenchError

Task = Callable[[], bytes]
_BLOCK = 1 << 16


def cores() -> int:
    """Return the number of processors this process may use."""
    with contextlib.suppress(AttributeError):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass
class _Child:
    """A process at work."""

    task: Task
    pid: int
    answer: bytearray = field(default_factory=bytearray)


def _work(task: Task, out: int) -> None:
    """Write the answer of one task and end the process, without visiting anything the parent had open."""
    code = 1
    gc.disable()
    try:
        with open(out, "wb") as pipe:
            pipe.write(task())
        code = 0
    finally:
        os._exit(code)


class Crew:
    """Children at work on tasks, in the order the tasks are given; a context that ends those that are left.

    A task is called for its answer. Use it in a process without threads.
    """

    def __init__(self) -> None:
        self._children: dict[int, _Child] = {}
        """Pipe that a child answers through → the child."""
        self._selector = selectors.DefaultSelector()

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        for fd in list(self._children):
            self._end(fd)
        self._selector.close()

    def begin(self, tasks: Sequence[Task]) -> None:
        """Start a child at each task, while it is not certain yet that their answers are wanted."""
        for task in tasks:
            self._start(task)

    def finish(self, tasks: Sequence[Task], processes: int) -> list[bytes]:
        """Return the answer to each task, computed by at most `processes` children at a time.

        What was begun counts where an equal task is among these, and is ended where there is none. With one process, or
        one task, nothing is forked. Raises what a task raises when nothing is forked, and WorkbenchError when a child
        dies.
        """
        for fd, child in list(self._children.items()):
            if child.task not in tasks:
                self._end(fd)
        if not self._children and (processes < 2 or len(tasks) < 2):
            return [task() for task in tasks]
        begun = {tasks.index(child.task): child for child in self._children.values()}
        waiting = [number for number in range(len(tasks)) if number not in begun][::-1]
        while waiting or self._children:
            while waiting and len(self._children) < processes:
                number = waiting.pop()
                begun[number] = self._start(tasks[number])
            for key, _ in self._selector.select():
                self._hear(key.fd)
        return [bytes(begun[number].answer) for number in range(len(tasks))]

    def _start(self, task: Task) -> _Child:
        """Fork a child that answers a task."""
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(read)
            _work(task, write)
        os.close(write)
        child = self._children[read] = _Child(task, pid)
        self._selector.register(read, selectors.EVENT_READ)
        return child

    def _hear(self, fd: int) -> None:
        """Take in what a child says, and its end."""
        child = self._children[fd]
        block = os.read(fd, _BLOCK)
        child.answer += block
        if not block:
            self._forget(fd)
            _, status = os.waitpid(child.pid, 0)
            if status:
                raise WorkbenchError("A helper process died while reading the data; try again.")

    def _forget(self, fd: int) -> None:
        self._selector.unregister(fd)
        os.close(fd)
        del self._children[fd]

    def _end(self, fd: int) -> None:
        """Kill a child."""
        pid = self._children[fd].pid
        self._forget(fd)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
