"""Secrets and personal data in text: found by pattern, and by checksum where there is one.

Owns the patterns. Must not know rows. A pattern can miss and can be wrong, so that nothing is done unless asked.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Callable


def luhn(digits: str) -> bool:
    """Return whether the digits of a card number pass the Luhn check (ISO/IEC 7812-1)."""
    total = 0
    for place, digit in enumerate(int(sign) for sign in reversed(digits) if sign.isdigit()):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def _is_card(found: str) -> bool:
    digits = re.sub(r"\D", "", found)
    return 13 <= len(digits) <= 19 and len(set(digits)) > 1 and luhn(digits)


def iban(found: str) -> bool:
    """Return whether an IBAN passes its check (ISO 13616: the rearranged number leaves 1 when divided by 97)."""
    compact = re.sub(r"\s", "", found).upper()
    if not 15 <= len(compact) <= 34:
        return False
    return int("".join(str(int(sign, 36)) for sign in compact[4:] + compact[:4])) % 97 == 1


def _is_public_address(found: str) -> bool:
    try:
        address = ipaddress.IPv4Address(found)
    except ValueError:
        return False
    return address.is_global


def _is_phone(found: str) -> bool:
    return 8 <= len(re.sub(r"\D", "", found)) <= 15


KINDS: dict[str, tuple[str, Callable[[str], bool] | None]] = {
    "PRIVATE_KEY": (
        r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY(?: BLOCK)?-----(?:[\s\S]{0,8000}?-----END [A-Z ]{0,20}PRIVATE KEY(?: BLOCK)?-----)?",
        None,
    ),
    "API_KEY": (
        r"\b(?:sk-(?:proj-|ant-|or-|live-)?[A-Za-z0-9_-]{20,}|sk_(?:live|test)_[A-Za-z0-9]{16,}|gh[pousr]_[A-Za-z0-9]{36,}|"
        r"github_pat_[A-Za-z0-9_]{40,}|glpat-[A-Za-z0-9_-]{20,}|hf_[A-Za-z0-9]{30,}|xox[abposr]-[A-Za-z0-9-]{10,}|"
        r"AKIA[0-9A-Z]{16}|ASIA[0-9A-Z]{16}|AIza[0-9A-Za-z_-]{35}|ya29\.[0-9A-Za-z_-]{20,}|npm_[A-Za-z0-9]{36}|"
        r"pypi-[A-Za-z0-9_-]{40,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|dop_v1_[a-f0-9]{64})",
        None,
    ),
    "TOKEN": (r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}", None),
    "PASSWORD": (
        r"(?i)\b(?:password|passwd|api[_-]?key|secret[_-]?key|access[_-]?token)\b[\"']?\s{0,3}[:=]\s{0,3}"
        r"[\"']?(?=[^\s\"']{0,60}\d)[^\s\"'<>{}]{8,60}",
        None,
    ),
    "EMAIL": (r"\b[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}\b", None),
    "IBAN": (r"\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,4})?\b", iban),
    "CARD": (r"(?<![\d.,=-])(?:[2-6]\d{3}([ -]?)\d{4}\1\d{4}\1\d{1,7}|3\d{3}([ -]?)\d{6}\2\d{5})(?![\d.,])", _is_card),
    "PHONE": (r"(?<![\w.])\+\d{1,3}[ .-]?\(?\d{1,4}\)?(?:[ .-]?\d{2,4}){2,4}(?!\w)", _is_phone),
    "IP": (r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])", _is_public_address),
}
"""Kind → (pattern, check of what it finds)."""
_PATTERNS = {kind: (re.compile(pattern), check) for kind, (pattern, check) in KINDS.items()}
_HINTS: dict[str, tuple[str, ...]] = {
    "PRIVATE_KEY": ("PRIVATE KEY",),
    "API_KEY": ("sk-", "sk_", "gh", "glpat", "hf_", "xox", "AKIA", "ASIA", "AIza", "ya29", "npm_", "pypi-", "SG.", "dop_"),
    "TOKEN": ("eyJ",),
    "EMAIL": ("@",),
    "PHONE": ("+",),
}
"""Kind → texts of which one stands in everything the pattern finds; looking for them first makes clean text quick."""
_DIGITS = re.compile(r"\d[\d .-]{5,}")
_NAMED = re.compile(r"(?i)passw|key|token")
_NEEDS: dict[str, re.Pattern[str]] = {"CARD": _DIGITS, "IBAN": _DIGITS, "IP": _DIGITS, "PASSWORD": _NAMED}


def _likely(text: str) -> list[str]:
    """Return the kinds that the text can hold at all."""
    digits = _DIGITS.search(text) is not None
    named = _NAMED.search(text) is not None
    return [
        kind
        for kind in KINDS
        if (digits if _NEEDS.get(kind) is _DIGITS else named if kind in _NEEDS else any(h in text for h in _HINTS[kind]))
    ]


def found(text: str) -> Counter[str]:
    """Return kind → how often it stands in a text."""
    counted: Counter[str] = Counter()
    for kind in _likely(text):
        pattern, check = _PATTERNS[kind]
        number = sum(check is None or check(match.group()) for match in pattern.finditer(text))
        if number:
            counted[kind] = number
    return counted


def masked(text: str) -> str:
    """Return a text with what was found replaced by its kind in angle brackets."""
    for kind in _likely(text):
        pattern, check = _PATTERNS[kind]

        def replaced(match: re.Match[str], kind: str = kind, check: Callable[[str], bool] | None = check) -> str:
            return f"<{kind}>" if check is None or check(match.group()) else match.group()

        text = pattern.sub(replaced, text)
    return text
