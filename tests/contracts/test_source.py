"""What every source file must be and must never do: an opening paragraph, a length, no dangerous call."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.contracts.repository import PACKAGE, ROOT, files, imports, place, sources, tree

LONGEST = 400

FORBIDDEN_MODULES = {
    "_pickle", "cloudpickle", "dill", "http.server", "joblib", "marshal", "pickle", "shelve", "socket", "socketserver",
    "wsgiref", "xmlrpc.server",
}  # fmt: skip
FORBIDDEN_CALLS = {
    "__import__", "asyncio.start_server", "asyncio.start_unix_server", "compile", "eval", "exec", "os.popen",
    "os.system", "subprocess.getoutput", "torch.load",
}  # fmt: skip
FORBIDDEN_ARGUMENTS = {"trust_remote_code", "shell", "allow_pickle"}

# Written so that these lines do not match themselves.
FORBIDDEN_TEXT = {
    "a machine's own path": re.compile(r"(?<![\w.])/(?:wor[k]|roo[t]|far[m])/|/tm[p]/boot|/hom[e]/\w"),
    "a registry host": re.compile(r"py[p]i\.org|python[h]osted\.org|npmj[s]\.(?:com|org)|deb[i]an\.org|crate[s]\.io"),
    "an issue number": re.compile(r"\bissue[s]? #?\d", re.IGNORECASE),
    "a large number that `text.count` does not write": re.compile(r":,(?:\.0f)?\}(?!\"\.replace)"),
    "unfinished work": re.compile(r"\b(?:TOD[O]|FIXM[E]|XX[X])\b"),
}


def dotted(node: ast.expr) -> str:
    """Return ``a.b.c`` for a chain of names, and an empty string for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return ""


def is_false(node: ast.expr) -> bool:
    """Tell whether an argument is the literal ``False``."""
    return isinstance(node, ast.Constant) and node.value is False


def dangers(module: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """Yield (node, what) for every import and call that could run, unpickle or serve something of a stranger's."""
    for name, node, _ in imports(module):
        if any(name == bad or name.startswith(bad + ".") for bad in FORBIDDEN_MODULES):
            yield node, f"imports {name}"
    for node in ast.walk(module):
        if isinstance(node, ast.Call):
            if dotted(node.func) in FORBIDDEN_CALLS:
                yield node, f"calls {dotted(node.func)}"
            for keyword in node.keywords:
                if keyword.arg in FORBIDDEN_ARGUMENTS and not is_false(keyword.value):
                    yield node, f"passes {keyword.arg}"


def sleeps(module: ast.Module) -> Iterator[ast.AST]:
    """Yield every call of ``time.sleep`` or ``asyncio.sleep`` with a length, under whatever name it was imported."""
    aliases = {
        alias.asname or alias.name
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom) and node.module in {"time", "asyncio"}
        for alias in node.names
        if alias.name == "sleep"
    }
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and dotted(node.func) in aliases | {"time.sleep", "asyncio.sleep"}:
            length = node.args[0] if node.args else None
            # A length of zero hands over to the event loop once and waits for nothing.
            if not (isinstance(length, ast.Constant) and length.value == 0):
                yield node


@pytest.mark.parametrize(
    "snippet",
    [
        "import pickle",
        "from http.server import HTTPServer",
        "def f():\n    import socket",
        "import torch\ntorch.load('x')",
        "eval('1')",
        "load(name, trust_remote_code=True)",
        "load(name, trust_remote_code=allowed)",
        "subprocess.run('ls', shell=True)",
        "np.load('x', allow_pickle=True)",
    ],
)
def test_the_check_for_dangers_sees_them(snippet: str) -> None:
    """Negative control: each kind of danger is found in a small program that has it."""
    assert list(dangers(ast.parse(snippet)))


@pytest.mark.parametrize(
    "snippet",
    ["model.eval()", "re.compile('x')", "load(name, trust_remote_code=False)", "from safetensors import torch"],
)
def test_the_check_for_dangers_leaves_the_harmless(snippet: str) -> None:
    """The look-alikes that the program does need are not reported."""
    assert not list(dangers(ast.parse(snippet)))


@pytest.mark.parametrize("snippet", ["import time\ntime.sleep(1)", "from time import sleep as nap\nnap(0.1)"])
def test_the_check_for_sleeps_sees_them(snippet: str) -> None:
    """Negative control: a sleep is found under its own and under another name."""
    assert list(sleeps(ast.parse(snippet)))


def test_the_package_does_nothing_dangerous() -> None:
    """No pickle, no remote code, no shell, no evaluated text, no listening socket anywhere in the package."""
    wrong = [f"{place(path, node)}: {what}" for path in sources(PACKAGE) for node, what in dangers(tree(path))]
    assert not wrong, "\n".join(wrong)


def test_no_test_waits_by_sleeping() -> None:
    """Tests wait for a condition (tests/support.py), never for a length of time."""
    wrong = [
        place(path, node)
        for path in sources(ROOT / "tests")
        if path != ROOT / "tests" / "support.py"
        for node in sleeps(tree(path))
    ]
    assert not wrong, "\n".join(wrong)


def test_every_file_opens_with_what_it_owns() -> None:
    """Every Python file has a docstring."""
    wrong = [str(path.relative_to(ROOT)) for path in sources() if not ast.get_docstring(tree(path))]
    assert not wrong, "\n".join(wrong)


def test_no_file_is_too_long_to_read() -> None:
    """No Python file is longer than the limit."""
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in sources()}
    assert not {name: lines for name, lines in lengths.items() if lines > LONGEST}


def test_no_text_holds_what_is_forbidden() -> None:
    """No text file of the repository holds a path of somebody's machine, a registry's host or the like."""
    wrong = []
    for path in files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            wrong += [
                f"{path.relative_to(ROOT)}:{number}: {what}"
                for what, pattern in FORBIDDEN_TEXT.items()
                if pattern.search(line)
            ]
    assert not wrong, "\n".join(wrong)
