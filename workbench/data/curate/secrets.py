"""Secrets and personal data in text: found by pattern, and by checksum where there is one.

Owns the patterns. Must not know rows. A pattern can miss and can be wrong, so that nothing is done unless asked.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from workbench.core.text import one_line


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
        return ipaddress.IPv4Address(found).is_global
    except ValueError:
        return False


def _is_phone(found: str) -> bool:
    return 8 <= len(re.sub(r"\D", "", found)) <= 15


@dataclass(frozen=True)
class Kind:
    """A kind of secret or personal data."""

    pattern: re.Pattern[str]
    """What is found; a group `known` at its beginning is no secret and stays."""
    hints: tuple[str, ...] = ()
    """Texts in small letters of which one stands in everything the pattern finds; none for what consists of digits.
    Looking for them first makes clean text quick."""
    check: Callable[[str], bool] | None = None
    """Whether what was found is what it looks like."""


_VENDORS = {
    "sk-": r"sk-(?:proj-|ant-|or-|live-)?(?=[A-Za-z0-9_-]*\d)[A-Za-z0-9_-]{20,}",
    "sk_": r"sk_(?:live|test)_[A-Za-z0-9]{16,}",
    "ghp_": r"ghp_[A-Za-z0-9]{36,}",
    "gho_": r"gho_[A-Za-z0-9]{36,}",
    "ghu_": r"ghu_[A-Za-z0-9]{36,}",
    "ghs_": r"ghs_[A-Za-z0-9]{36,}",
    "ghr_": r"ghr_[A-Za-z0-9]{36,}",
    "github_pat_": r"github_pat_[A-Za-z0-9_]{40,}",
    "glpat-": r"glpat-[A-Za-z0-9_-]{20,}",
    "hf_": r"hf_[A-Za-z0-9]{30,}",
    "xox": r"xox[abposr]-[A-Za-z0-9-]{10,}",
    "akia": r"AKIA[0-9A-Z]{16}",
    "asia": r"ASIA[0-9A-Z]{16}",
    "aiza": r"AIza[0-9A-Za-z_-]{35}",
    "ya29.": r"ya29\.[0-9A-Za-z_-]{20,}",
    "npm_": r"npm_[A-Za-z0-9]{36}",
    "pypi-": r"pypi-[A-Za-z0-9_-]{40,}",
    "sg.": r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
    "dop_v1_": r"dop_v1_[a-f0-9]{64}",
}
"""How a vendor's keys begin, in small letters → the pattern of its keys."""
_NAMES = (
    "password",
    "passwd",
    *(f"{one}{joint}{two}" for one, two in (("api", "key"), ("secret", "key"), ("access", "token")) for joint in "_- "),
    *("apikey", "secretkey", "accesstoken"),
)
"""What stands before a secret that can look like anything."""


def _ascii(pattern: str) -> re.Pattern[str]:
    """Return a pattern to which letters of other scripts are no letters: nothing parts them from what is looked for."""
    return re.compile(pattern, re.ASCII)


KINDS: dict[str, Kind] = {
    "PRIVATE_KEY": Kind(
        _ascii(
            r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY(?: BLOCK)?-----"
            r"(?:(?:(?!-----BEGIN)[\s\S]){0,8000}?-----END [A-Z ]{0,20}PRIVATE KEY(?: BLOCK)?-----)?"
        ),
        ("private key",),
    ),
    "API_KEY": Kind(_ascii(rf"(?<![A-Za-z0-9_-])(?:{'|'.join(_VENDORS.values())})"), tuple(_VENDORS)),
    "TOKEN": Kind(_ascii(r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"), ("eyj",)),
    "PASSWORD": Kind(
        _ascii(
            # In "db_password" the name has another one before it; what follows "&name=" is another value of an address.
            rf"(?i)(?P<known>(?<![A-Za-z0-9])(?:{'|'.join(_NAMES)})\b[\"']?\s{{0,3}}[:=]\s{{0,3}}[\"']?)"
            r"(?=[^\s\"']{0,60}\d)(?:(?!&\w{1,40}=)[^\s\"'<>{}()]){5,59}[^\s\"'<>{}(),.;:&]"
        ),
        _NAMES,
    ),
    "EMAIL": Kind(
        _ascii(r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}\b"), ("@",)
    ),
    "IBAN": Kind(_ascii(r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"), check=iban),
    "CARD": Kind(
        _ascii(
            r"(?<![0-9.,=+-])(?:[2-6][0-9]{3}([ -]?)[0-9]{4}\1[0-9]{4}\1[0-9]{1,7}|3[0-9]{3}([ -]?)[0-9]{6}\2[0-9]{5})"
            r"(?![0-9]|[.,][0-9])"
        ),
        check=_is_card,
    ),
    "PHONE": Kind(
        _ascii(r"(?<![\w.+])\+[0-9]{1,3}[ .-]?(?:\(?[0-9]{1,4}\)?)(?:[ .-]?[0-9]{2,4}){2,4}(?!\w)"), ("+",), _is_phone
    ),
    "IP": Kind(_ascii(r"(?<![\w.])(?<!ersion )(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?!\w|\.[0-9])"), check=_is_public_address),
}
"""Kind → how it is found."""
_BEGINNING, _BEGINNING_OF = 40, 1000
"""Characters by which a text is named, and characters in which secrets are looked for to find them."""
_DIGITS = re.compile(r"[0-9][0-9A-Z .-]{6}")
"""Stands in everything that is found without a hint."""


def _likely(text: str) -> list[tuple[str, Kind]]:
    """Return the kinds that the text can hold at all."""
    lowered = text.lower()
    digits = _DIGITS.search(text) is not None
    return [
        (name, kind)
        for name, kind in KINDS.items()
        if (any(hint in lowered for hint in kind.hints) if kind.hints else digits)
    ]


def found(text: str) -> Counter[str]:
    """Return kind → how often it stands in a text."""
    counted: Counter[str] = Counter()
    for name, kind in _likely(text):
        number = sum(kind.check is None or kind.check(match.group()) for match in kind.pattern.finditer(text))
        if number:
            counted[name] = number
    return counted


def masked(text: str) -> str:
    """Return a text with what was found replaced by its kind in angle brackets."""
    for name, kind in _likely(text):

        def replaced(match: re.Match[str], name: str = name, kind: Kind = kind) -> str:
            if kind.check is not None and not kind.check(match.group()):
                return match.group()
            return f"{match.groupdict().get('known') or ''}<{name}>"

        text = kind.pattern.sub(replaced, text)
    return text


def beginning(text: str) -> str:
    """Return how a text begins, for a sentence by which it can be found: on one line, cut, its secrets masked."""
    return f"“{one_line(masked(text[:_BEGINNING_OF]), _BEGINNING)}”"
