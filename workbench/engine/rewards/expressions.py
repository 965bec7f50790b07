r"""Mathematics as models write it: LaTeX or plain, read into a tree and evaluated.

Owns the grammar and the arithmetic, exact while everything is rational. Must not know how two expressions are compared.
Nothing here is Python that a model wrote: the tree is built by this parser alone, of bounded length and depth, so that
reading and evaluating end at once.
"""

from __future__ import annotations

import cmath
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

LONGEST = 400
_DEEPEST = 40
_LARGEST_POWER = 4096
"""Bits of a number up to which powers are taken exactly."""

Value = Fraction | float | complex


class Unreadable(ValueError):
    """A text is no expression of this grammar."""


@dataclass(frozen=True)
class Node:
    """A part of an expression."""

    kind: str
    """number, symbol, or an operation of `_OPERATIONS`."""
    parts: tuple[Any, ...]

    def count(self) -> int:
        """Return how many operations it holds, signs aside."""
        own = self.kind not in ("number", "symbol", "neg")
        return own + sum(part.count() for part in self.parts if isinstance(part, Node))

    def symbols(self) -> frozenset[str]:
        """Return the letters it holds, constants aside."""
        if self.kind == "symbol":
            return frozenset(self.parts) - _CONSTANTS.keys()
        return frozenset().union(*(part.symbols() for part in self.parts if isinstance(part, Node)))


_CONSTANTS: dict[str, Value] = {"pi": math.pi, "e": math.e, "i": 1j, "infty": math.inf}

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?|\.\d+)|\\(?P<command>[A-Za-z]+)|(?P<word>[A-Za-z]+)|(?P<sign>[-+*/^_!|(){}\[\]πθ∞√°=]))"
)
_SPELLED = (
    ("\\left", ""), ("\\right", ""), ("\\!", ""), ("\\,", " "), ("\\;", " "), ("\\:", " "), ("\\ ", " "), ("~", " "),
    ("\\{", "("), ("\\}", ")"), ("\\displaystyle", ""), ("\\degree", ""), ("^\\circ", ""), ("^{\\circ}", ""),
    ("\\%", ""), ("%", ""), ("\\$", ""), ("$", ""), ("**", "^"), ("−", "-"), ("–", "-"), ("×", "*"), ("·", "*"),
    ("÷", "/"), ("⋅", "*"), ("²", "^2"), ("³", "^3"), ("{,}", ""), ("\u00a0", " "), ("°", ""),
)  # fmt: skip
_GROUPED = re.compile(r"(?<![\d.])\d{1,3}(?:,\d{3})+(?![\d])")
_TEXT = re.compile(r"\\(?:text|textbf|mathrm|mathbf|mbox|operatorname)\s?\{([^{}]*)\}")
_FUNCTION_NAMES = (
    "sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "ln", "log", "exp",
)  # fmt: skip
_GREEK = frozenset({
    "alpha", "beta", "gamma", "delta", "epsilon", "varepsilon", "zeta", "eta", "theta", "kappa", "lambda", "mu", "nu",
    "xi", "rho", "sigma", "tau", "phi", "varphi", "chi", "psi", "omega", "Gamma", "Delta", "Theta", "Lambda", "Xi",
    "Sigma", "Phi", "Psi", "Omega", "ell",
})  # fmt: skip
_SIGNS = {"π": "pi", "θ": "theta", "∞": "infty"}


def _tokens(text: str) -> list[tuple[str, str]]:
    """Return (kind, text) of every token; raises Unreadable for a sign that belongs to no expression."""
    for found, instead in _SPELLED:
        text = text.replace(found, instead)
    text = _GROUPED.sub(lambda match: match[0].replace(",", ""), text).strip()
    if not text or len(text) > LONGEST:
        raise Unreadable
    tokens: list[tuple[str, str]] = []
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            if text[place:].isspace():
                break
            raise Unreadable
        kind, held = str(match.lastgroup), str(match[str(match.lastgroup)])
        if kind == "word" and held not in _FUNCTION_NAMES and held not in ("pi", "sqrt"):
            tokens += [("symbol", letter) for letter in held]
        elif kind == "sign" and held in _SIGNS:
            tokens.append(("symbol", _SIGNS[held]))
        else:
            tokens.append(("command" if kind == "word" or held == "√" else kind, "sqrt" if held == "√" else held))
        place = match.end()
    return tokens


class _Parser:
    """Recursive descent over the tokens of one expression."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens, self._place, self._depth = tokens, 0, 0

    def _next(self, ahead: int = 0) -> tuple[str, str]:
        place = self._place + ahead
        return self._tokens[place] if place < len(self._tokens) else ("end", "")

    def _take(self, text: str) -> bool:
        """Go past a sign when it comes next."""
        here = self._next()
        if here in (("sign", text), ("command", text)):
            self._place += 1
            return True
        return False

    def _need(self, text: str) -> None:
        if not self._take(text):
            raise Unreadable

    def whole(self) -> Node:
        """Return the tree of all tokens."""
        found = self._sum()
        if self._next()[0] != "end":
            raise Unreadable
        return found

    def _sum(self) -> Node:
        found = self._product()
        while True:
            if self._take("+"):
                found = Node("add", (found, self._product()))
            elif self._take("-"):
                found = Node("add", (found, Node("neg", (self._product(),))))
            else:
                return found

    def _product(self) -> Node:
        found = self._signed()
        while True:
            if self._take("*") or self._take("cdot") or self._take("times"):
                found = Node("mul", (found, self._signed()))
            elif self._take("/") or self._take("div"):
                found = Node("div", (found, self._signed()))
            elif self._begins():
                mixed = found.kind == "number" and self._is_number_fraction()
                found = Node("add" if mixed else "mul", (found, self._power()))
            else:
                return found

    def _is_number_fraction(self) -> bool:
        r"""Return whether a \frac of two whole numbers comes next: behind a whole number that is a mixed number."""
        texts = [self._next(ahead) for ahead in range(7)]
        shape = [text for _, text in texts[:1]] + [kind if kind == "number" else text for kind, text in texts[1:]]
        return shape == ["frac", "{", "number", "}", "{", "number", "}"]

    def _begins(self) -> bool:
        """Return whether what comes next multiplies what came before; a number there would be a slip."""
        kind, text = self._next()
        return (
            kind == "symbol"
            or (kind == "sign" and text in ("(", "{", "["))
            or (kind == "command" and text not in ("cdot", "times", "div"))
        )

    def _signed(self) -> Node:
        negative = False
        for _ in range(len(self._tokens)):
            if self._take("-"):
                negative = not negative
            elif not self._take("+"):
                break
        found = self._power()
        return Node("neg", (found,)) if negative else found

    def _power(self) -> Node:
        found = self._atom()
        while self._take("!"):
            found = Node("factorial", (found,))
        if self._take("^"):
            self._deeper()
            found = Node("pow", (found, self._exponent()))
            self._depth -= 1
        return found

    def _deeper(self) -> None:
        """Count a level of nesting; who calls this counts it down again."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Unreadable

    def _exponent(self) -> Node:
        if self._next() == ("sign", "{"):
            return self._atom()
        if self._take("-"):
            return Node("neg", (self._power(),))
        return self._power()

    def _argument(self) -> Node:
        """Return what stands behind a command: a group, one digit, or one sign."""
        kind, text = self._next()
        if kind == "number" and len(text) > 1:
            if not text[0].isdigit():
                raise Unreadable
            self._tokens[self._place] = ("number", text[1:])
            return Node("number", (Fraction(text[0]),))
        return self._atom()

    def _atom(self) -> Node:
        self._deeper()
        found = self._nested()
        self._depth -= 1
        return found

    def _nested(self) -> Node:
        kind, text = self._next()
        self._place += 1
        if kind == "number":
            return Node("number", (Fraction(text if text[0] != "." else "0" + text),))
        if kind == "symbol":
            return self._symbol(text)
        if kind == "sign" and text in ("(", "{", "["):
            found = self._sum()
            self._need({"(": ")", "{": "}", "[": "]"}[text])
            return found
        if kind == "sign" and text == "|":
            found = self._sum()
            self._need("|")
            return Node("abs", (found,))
        if kind == "command":
            return self._command(text)
        raise Unreadable

    def _symbol(self, name: str) -> Node:
        """Return a letter with what is written below it."""
        if self._take("_"):
            if self._take("{"):
                below = ""
                while not self._take("}"):
                    kind, text = self._next()
                    if kind not in ("number", "symbol"):
                        raise Unreadable
                    below, self._place = below + text, self._place + 1
            else:
                below = self._next()[1]
                self._place += 1
            name = f"{name}_{below}"
        return Node("symbol", (name,))

    def _command(self, name: str) -> Node:
        if name in ("frac", "dfrac", "tfrac", "cfrac"):
            above = self._argument()
            return Node("div", (above, self._argument()))
        if name == "sqrt":
            if self._take("["):
                degree = self._sum()
                self._need("]")
                return Node("root", (self._argument(), degree))
            return Node("root", (self._argument(), Node("number", (Fraction(2),))))
        if name in _FUNCTION_NAMES:
            return self._function(name)
        if name in ("lvert", "rvert", "vert"):
            found = self._sum()
            if not (self._take("rvert") or self._take("vert")):
                raise Unreadable
            return Node("abs", (found,))
        if name in _CONSTANTS or name in _GREEK:
            return self._symbol(name)
        raise Unreadable

    def _function(self, name: str) -> Node:
        """Return a function of what follows: a group, or factors up to the next sign: \\sin 2x."""
        power = base = None
        if name == "log" and self._take("_"):
            base = self._argument()
        if self._take("^"):
            power = self._exponent()
        bracketed = self._next() in (("sign", "("), ("sign", "{"), ("sign", "["))
        inside = self._power()
        while not bracketed and self._next()[0] == "symbol":
            inside = Node("mul", (inside, self._power()))
        found = Node("log", (inside, base)) if base is not None else Node(name, (inside,))
        return Node("pow", (found, power)) if power is not None else found


def parse(text: str) -> Node:
    """Return the tree of an expression; raises Unreadable for any other text."""
    bare = _TEXT.sub("", text) if _TEXT.search(text) else text
    return _Parser(_tokens(bare)).whole()


def _power_of(base: Value, exponent: Value) -> Value:
    if isinstance(base, Fraction) and isinstance(exponent, Fraction) and exponent.denominator == 1:
        bits = max(base.numerator.bit_length(), base.denominator.bit_length()) * abs(exponent.numerator)
        if bits <= _LARGEST_POWER:
            return base**exponent.numerator
    return _plain(complex(base) ** complex(exponent))


def _plain(value: complex) -> Value:
    """Return a complex number without an imaginary part as a real one."""
    return value.real if value.imag == 0 else value


def _root(value: Value, degree: Value) -> Value:
    """Return the principal root; of an odd degree the real one of a negative number."""
    if isinstance(degree, Fraction) and degree.denominator == 1 and degree > 0 and not isinstance(value, complex):
        n = degree.numerator
        if isinstance(value, Fraction) and max(value.numerator.bit_length(), value.denominator.bit_length()) < 512:
            near = [round(abs(part) ** (1 / n)) for part in (value.numerator, value.denominator)]
            exact = n <= 512 and [part**n for part in near] == [abs(value.numerator), value.denominator]
            if exact and (value >= 0 or n % 2):
                return Fraction(near[0], near[1]) * (-1 if value < 0 else 1)
        if value < 0 and n % 2:
            return -(float(-value) ** (1 / n))
    return _plain(complex(value) ** (1 / complex(degree)))


def _factorial(value: Value) -> Value:
    if not isinstance(value, Fraction) or value.denominator != 1 or not 0 <= value <= 170:
        raise ValueError
    return Fraction(math.factorial(value.numerator))


def _complex(function: Callable[[complex], complex]) -> Callable[[Value], Value]:
    return lambda value: _plain(function(complex(value)))


_OPERATIONS: dict[str, Callable[..., Value]] = {
    "add": lambda a, b: a + b,
    "neg": lambda a: -a,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": _power_of,
    "root": _root,
    "abs": abs,
    "factorial": _factorial,
    "ln": _complex(cmath.log),
    "log": lambda a, base=Fraction(10): _plain(cmath.log(complex(a)) / cmath.log(complex(base))),
    "exp": _complex(cmath.exp),
    "cot": _complex(lambda a: 1 / cmath.tan(a)),
    "sec": _complex(lambda a: 1 / cmath.cos(a)),
    "csc": _complex(lambda a: 1 / cmath.sin(a)),
    **{name: _complex(getattr(cmath, name)) for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    **{f"arc{name}": _complex(getattr(cmath, f"a{name}")) for name in ("sin", "cos", "tan")},
}


def evaluate(node: Node, symbols: Mapping[str, Value]) -> Value:
    """Return the value of a tree, exact while rational; raises ArithmeticError or ValueError where it has none."""
    if node.kind == "number":
        return node.parts[0]
    if node.kind == "symbol":
        name = node.parts[0]
        return symbols[name] if name in symbols else _CONSTANTS[name]
    value = _OPERATIONS[node.kind](*(evaluate(part, symbols) for part in node.parts))
    if (
        isinstance(value, Fraction)
        and max(value.numerator.bit_length(), value.denominator.bit_length()) > 2 * _LARGEST_POWER
    ):
        raise OverflowError
    return value
