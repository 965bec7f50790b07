"""The process in which a model's code is run against tests, with nothing it could reach.

Owns the confinement and the run. It is started by its path, isolated and without site-packages, and must not import
anything of ours. Before a line of the model's runs, the process has limits of memory and time and a filter in the
kernel that lets through only what computing and reading modules take: no network, no other process, no signal to one,
no file opened for writing, removed or renamed. Where the kernel has no such filter nothing is run.

What is wanted of a call never comes here: its value goes back, and the parent compares. Only tests that are whole
statements are judged inside, where a program written to attack its own test could still deceive it; an early exit,
printing, or an object that claims to equal everything cannot.
"""

from __future__ import annotations

import ast
import builtins
import ctypes
import errno
import importlib.abc
import importlib.machinery
import importlib.util
import io
import json
import os
import platform
import resource
import signal
import struct
import sys
import types
from typing import Any, NoReturn

_LONGEST_OUTPUT = 1 << 16
_DEEPEST = 20
_MOST_ITEMS = 20_000

# Numbers of system calls: asm/unistd_64.h and asm-generic/unistd.h of Linux.
_X86 = {
    "read": 0, "write": 1, "close": 3, "stat": 4, "fstat": 5, "lstat": 6, "poll": 7, "lseek": 8, "mmap": 9,
    "mprotect": 10, "munmap": 11, "brk": 12, "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15, "ioctl": 16,
    "pread64": 17, "readv": 19, "access": 21, "sched_yield": 24, "mremap": 25, "madvise": 28, "dup": 32,
    "nanosleep": 35, "getpid": 39, "exit": 60, "uname": 63, "fcntl": 72, "getcwd": 79, "readlink": 89,
    "gettimeofday": 96, "getrlimit": 97, "getrusage": 98, "sysinfo": 99, "times": 100, "getuid": 102, "getgid": 104,
    "geteuid": 107, "getegid": 108, "getppid": 110, "sigaltstack": 131, "gettid": 186, "time": 201, "futex": 202,
    "sched_getaffinity": 204, "getdents64": 217, "restart_syscall": 219, "clock_gettime": 228, "clock_getres": 229,
    "clock_nanosleep": 230, "exit_group": 231, "newfstatat": 262, "readlinkat": 267, "faccessat": 269,
    "set_robust_list": 273, "getrandom": 318, "statx": 332, "rseq": 334, "faccessat2": 439,
}  # fmt: skip
_ARM = {
    "getcwd": 17, "dup": 23, "fcntl": 25, "ioctl": 29, "faccessat": 48, "close": 57, "getdents64": 61, "lseek": 62,
    "read": 63, "write": 64, "readv": 65, "pread64": 67, "ppoll": 73, "readlinkat": 78, "newfstatat": 79, "fstat": 80,
    "exit": 93, "exit_group": 94, "futex": 98, "set_robust_list": 99, "nanosleep": 101, "clock_gettime": 113,
    "clock_getres": 114, "clock_nanosleep": 115, "sched_getaffinity": 123, "sched_yield": 124, "restart_syscall": 128,
    "sigaltstack": 132, "rt_sigaction": 134, "rt_sigprocmask": 135, "rt_sigreturn": 139, "times": 153, "uname": 160,
    "getrusage": 165, "gettimeofday": 169, "getpid": 172, "getppid": 173, "getuid": 174, "geteuid": 175, "getgid": 176,
    "getegid": 177, "gettid": 178, "sysinfo": 179, "brk": 214, "munmap": 215, "mremap": 216, "mmap": 222,
    "mprotect": 226, "madvise": 233, "getrandom": 278, "statx": 291, "rseq": 293, "faccessat2": 439,
}  # fmt: skip
_MACHINES = {
    "x86_64": (0xC000003E, _X86, {257: 2, 2: 1}),
    "aarch64": (0xC00000B7, _ARM, {56: 2}),
}
"""Machine → (its name for the kernel, what is let through, number of a call that opens → place of its flags)."""

_WRITING = (
    os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | getattr(os, "O_TMPFILE", 0) & ~getattr(os, "O_DIRECTORY", 0)
)
_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_ALLOW, _DENY, _KILL = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x80000000
_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 22, 38


def filter_program(machine: str) -> list[tuple[int, int, int, int]]:
    """Return the filter for a machine as instructions (code, jump if true, jump if false, value) of classic BPF.

    The call's number lies at byte 0, the machine at 4, the arguments from 16 on, eight bytes each.
    """
    name, allowed, opening = _MACHINES[machine]
    program = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, name), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, 0)]
    for number, place in opening.items():
        program += [
            (_EQUAL, 0, 4, number),
            (_LOAD, 0, 0, 16 + 8 * place),
            (_ANY_BIT, 0, 1, _WRITING),
            (_RETURN, 0, 0, _DENY),
            (_RETURN, 0, 0, _ALLOW),
        ]
    for number in sorted(allowed.values()):
        program += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ALLOW)]
    return [*program, (_RETURN, 0, 0, _DENY)]


def _confine(seconds: float, memory_bytes: int) -> None:
    """Take from this process, for good, everything that a test does not need; raises OSError where that cannot be."""
    for kind, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, int(seconds) + 1),
    ):
        resource.setrlimit(kind, (value, value))
    libc = ctypes.CDLL(None, use_errno=True)
    if platform.machine() not in _MACHINES:
        raise OSError(errno.ENOSYS, "no filter for this machine")
    program = b"".join(struct.pack("HBBI", *line) for line in filter_program(platform.machine()))
    held = ctypes.create_string_buffer(program)
    described = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(held)))
    wanted = (
        (_PR_SET_PDEATHSIG, signal.SIGKILL, 0),
        (_PR_SET_NO_NEW_PRIVS, 1, 0),
        (_PR_SET_SECCOMP, 2, ctypes.addressof(described)),
    )
    for option, first, second in wanted:
        values = [ctypes.c_ulong(value) for value in (first, second, 0, 0)]
        if libc.prctl(option, *values) != 0:
            raise OSError(ctypes.get_errno(), "the kernel has no filter of system calls")


def plain(value: Any, depth: int = 0, room: list[int] | None = None) -> Any:
    """Return a value of Python's own types as tagged JSON, which the parent's `value_of` reads back.

    Raises TypeError for anything else: an object of the model's class could claim to be equal to whatever is wanted.
    """
    room = [_MOST_ITEMS] if room is None else room
    room[0] -= 1
    kind = type(value)
    if room[0] < 0 or depth > _DEEPEST:
        raise TypeError("it is too large")
    if value is None or kind in (bool, str):
        return value
    if kind is int:
        return {"int": hex(value)}
    if kind is float:
        return {"float": value.hex()}
    if kind is complex:
        return {"complex": [value.real.hex(), value.imag.hex()]}
    if kind is bytes:
        return {"bytes": value.hex()}
    if kind in (list, tuple, set, frozenset):
        return {kind.__name__: [plain(item, depth + 1, room) for item in value]}
    if kind is dict:
        return {"dict": [[plain(k, depth + 1, room), plain(v, depth + 1, room)] for k, v in value.items()]}
    raise TypeError(f"it is a {kind.__name__}")


class _Source(importlib.abc.InspectLoader):
    """Runs a module that is only a tree in memory."""

    def __init__(self, tree: ast.Module, name: str) -> None:
        self._tree, self._name = tree, name

    def get_source(self, fullname: str) -> str | None:
        return None

    def get_code(self, fullname: str) -> types.CodeType:
        return self.source_to_code(self._tree, f"<{self._name}>")


def _run(tree: ast.Module, module: types.ModuleType, name: str) -> None:
    """Run a tree in the namespace of a module."""
    _Source(tree, name).exec_module(module)


class _Strict(ast.NodeTransformer):
    """Lets a test compare out of reach of the operators a model's class defines."""

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if len(node.ops) != 1 or isinstance(node.ops[0], ast.Is | ast.IsNot):
            return node
        name = "__equal__" if isinstance(node.ops[0], ast.Eq | ast.NotEq) else "__honest__"
        called: ast.expr = ast.Call(ast.Name(name, ast.Load()), [node.left, node.comparators[0]], [])
        if name == "__honest__":
            both = ast.BoolOp(ast.And(), [called, node])
            return ast.copy_location(both, node)
        if isinstance(node.ops[0], ast.NotEq):
            called = ast.UnaryOp(ast.Not(), called)
        return ast.copy_location(called, node)


_ON_HEAP = 1 << 9
"""Flag of a class that was made while Python ran, Py_TPFLAGS_HEAPTYPE."""


_type, _bool, _getattr, _builtins = type, bool, getattr, dict(vars(builtins))
"""What Python offers by these names before the model's code may replace them."""


def _ours(kind: type) -> bool:
    """Return whether a class came with Python and not with the model's code."""
    if not kind.__flags__ & _ON_HEAP:
        return True
    home = sys.modules.get(kind.__module__) if kind.__module__ not in ("answer", "test", "__main__") else None
    return _getattr(home, kind.__qualname__, None) is kind


def _equal(one: Any, other: Any) -> bool:
    """Return whether two values are equal; one of the model's class equals only one of the same class."""
    if _type(one) is not _type(other) and not _honest(one, other):
        return False
    return _bool(one == other)


def _honest(one: Any, other: Any) -> bool:
    """Return whether two values are of classes whose operators the model has not written."""
    return _ours(_type(one)) and _ours(_type(other))


class _Bytes(io.BytesIO):
    """What the model's code writes, up to a length."""

    def write(self, data: Any) -> int:
        if self.tell() + len(data) > _LONGEST_OUTPUT:
            raise OSError(errno.EFBIG, "too much output")
        return super().write(data)


def _output() -> io.TextIOWrapper:
    """Return a standard output that is kept."""
    return io.TextIOWrapper(_Bytes(), encoding="utf-8", errors="replace", write_through=True)


def _module(name: str, tree: ast.Module) -> types.ModuleType:
    """Return a module after its body has run."""
    module = importlib.util.module_from_spec(importlib.machinery.ModuleSpec(name, None))
    sys.modules[name] = module
    _run(tree, module, name)
    return module


def _value(module: types.ModuleType, expression: str) -> Any:
    """Return the value of an expression in the namespace of the model's code, as tagged JSON."""
    tree = ast.parse(f"__value__ = (\n{expression}\n)")
    test = types.ModuleType("test")
    vars(test).update({key: item for key, item in vars(module).items() if not key.startswith("__")})
    _run(tree, test, "test")
    return plain(vars(test)["__value__"])


def _statement(module: types.ModuleType, source: str, entry: str) -> None:
    """Run a test that is a statement or several; raises what it raises."""
    test = types.ModuleType("test")
    vars(test).update({key: item for key, item in vars(module).items() if not key.startswith("__")})
    vars(test).update(__equal__=_equal, __honest__=_honest)
    if entry and entry in vars(test):
        vars(test)["candidate"] = vars(test)[entry]
    tree = _Strict().visit(ast.parse(source))
    if entry and any(isinstance(part, ast.FunctionDef) and part.name == "check" for part in tree.body):
        tree.body.append(ast.parse(f"check({entry})").body[0])
    _run(ast.fix_missing_locations(tree), test, "test")


def _program(tree: ast.Module, given: str) -> str:
    """Return what a program prints for an input."""
    kept, output = (sys.stdin, sys.stdout), _output()
    sys.stdin, sys.stdout = io.TextIOWrapper(io.BytesIO(given.encode())), output
    try:
        _module("__main__", tree)
    except SystemExit as end:
        if end.code not in (None, 0):
            raise
    finally:
        sys.stdin, sys.stdout = kept
    output.flush()
    written = output.buffer.getvalue()  # type: ignore[attr-defined]
    return written.decode("utf-8", "replace")


def _said(error: BaseException) -> str:
    """Return an error on one line."""
    return f"{type(error).__name__}: {error}"[:200]


def main() -> NoReturn:
    """Read a request from stdin, run its tests one after another, and write a line for each."""
    asked, out, null = os.dup(0), os.dup(1), os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    with open(asked, "rb") as source:
        request = json.loads(source.read())
    nonce = request["nonce"]

    def say(**body: Any) -> None:
        os.write(out, json.dumps({"nonce": nonce, **body}).encode("ascii") + b"\n")

    sys.stdout = sys.stderr = _output()
    sys.argv = ["answer"]
    vars(builtins).update(exit=sys.exit, quit=sys.exit)  # which programs use, and `site` would have brought
    try:
        _confine(request["seconds"], request["memory_bytes"])
    except (OSError, ValueError) as error:
        say(refused=str(error))
        os._exit(0)
    say(ready=True)
    try:
        tree = ast.parse(request["code"])
        module = None if request["programs_only"] else _module("answer", tree)
    except BaseException as error:
        say(why=_said(error))
        os._exit(0)
    for number, test in enumerate(request["tests"]):
        sys.stdout = sys.stderr = _output()
        vars(builtins).update(_builtins, exit=sys.exit, quit=sys.exit)
        try:
            if test["kind"] == "program":
                say(test=number, output=_program(tree, test["given"]))
            elif test["kind"] == "call":
                assert module is not None
                say(test=number, value=_value(module, test["source"]))
            else:
                assert module is not None
                _statement(module, test["source"], test["entry"])
                say(test=number, passed=True)
        except BaseException as error:
            say(test=number, why=_said(error))
    os._exit(0)


if __name__ == "__main__":
    main()
