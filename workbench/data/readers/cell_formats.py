"""Formats of numbers in a workbook: which of them are dates, and a stored number as the text a person sees.

Owns the built-in formats, the reading of a format code and the arithmetic of serial dates. Must not know where a format
or a number is stored.

A date is stored as days since an epoch and told from a number by its format alone (ECMA-376 part 1, 18.8.30 and
18.17.4). The first calendar counts a 29 February 1900 that never was, as Lotus 1-2-3 did; the second begins in 1904.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

_DAY_MS = 86_400_000
_LAST_DAY = 2_958_465
"""The serial of 31 December 9999."""
_LEAP_BUG = 60
"""The serial of the day that never was; those before it count from a day later."""
_SURE_DIGITS = 15
"""Significant digits that spreadsheet programs keep and show."""
_INTEGER = re.compile(r"-?\d{1,400}")
_NUMBER = re.compile(r"[-+]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:[eE][-+]?\d{1,4})?")

# What in a code is no letter of a date: texts in quotes, escaped signs, room left for one, colours and conditions.
_NO_CODE = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!(?:h+|m+|s+)\])[^\]]*\]', re.IGNORECASE)
_ELAPSED = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
_HALVES = re.compile(r"AM/PM|A/P|上午/下午|오전/오후", re.IGNORECASE)
_PADDED = re.compile(r"0{2,30}")
_MOST_CODE = 255


@dataclass(frozen=True)
class Form:
    """How a number is shown, as far as it matters."""

    day: bool = False
    time: bool = False
    elapsed: bool = False
    """Hours are counted on beyond a day."""
    digits: int = 0
    """Digits up to which zeros are put before a whole number, as in a postcode."""


PLAIN = Form()
_DAY, _TIME, _BOTH, _ELAPSED_TIME = Form(day=True), Form(time=True), Form(day=True, time=True), Form(elapsed=True)
BUILT_IN: dict[int, Form] = {
    **dict.fromkeys((14, 15, 16, 17, *range(27, 32), 34, 35, 36, *range(50, 59)), _DAY),
    **dict.fromkeys((18, 19, 20, 21, 32, 33, 45, 47), _TIME),
    22: _BOTH,
    46: _ELAPSED_TIME,
}
"""Number of a format that a workbook may use without spelling it out → what it is, where it is a date."""


def form_of(code: str) -> Form:
    """Return what a format code says of positive numbers, its first section."""
    letters = _NO_CODE.sub("", code[:_MOST_CODE]).partition(";")[0].lower()
    if _ELAPSED.search(letters):
        return _ELAPSED_TIME
    if _PADDED.fullmatch(letters):
        return Form(digits=len(letters))
    if "general" in letters:
        return PLAIN
    clock = bool(_HALVES.search(letters))
    letters = _HALVES.sub("", letters)
    time = clock or "h" in letters or "s" in letters
    # An m is a month, but beside hours and seconds it is a minute.
    day = "d" in letters or "y" in letters or ("m" in letters and (not time or "mmm" in letters))
    return Form(day=day, time=time)


def _clock(milliseconds: int, hours: int) -> str:
    """Return hours, minutes and seconds as text, with milliseconds where there are some."""
    minutes, rest = divmod(milliseconds, 60_000)
    text = f"{hours:02}:{minutes % 60:02}:{rest // 1000:02}"
    return text + f".{rest % 1000:03}" * bool(rest % 1000)


def _date(serial: float, form: Form, since_1904: bool) -> str | None:
    """Return a serial date as text, or None where it is none."""
    if not 0 <= serial < _LAST_DAY + 1:
        return None
    whole = round(serial * _DAY_MS)
    days, milliseconds = divmod(whole, _DAY_MS)
    if form.elapsed:
        return _clock(whole, whole // 3_600_000)
    clock = _clock(milliseconds, milliseconds // 3_600_000)
    if not form.day:
        return clock if not days else None
    if since_1904:
        epoch = date(1904, 1, 1)
    elif days == _LEAP_BUG or not days:
        return None
    else:
        epoch = date(1899, 12, 30 + (days < _LEAP_BUG))
    try:
        day = (epoch + timedelta(days=days)).isoformat()
    except OverflowError:
        return None
    return f"{day} {clock}" if form.time or milliseconds else day


def shown(number: str, form: Form = PLAIN, since_1904: bool = False) -> str:
    """Return a stored number as the text a person sees, dates as ISO 8601; what is no number comes back as it is.

    Currencies, percent signs and separators of thousands are left out: the number is what is stored.
    """
    number = number.strip()
    if not _NUMBER.fullmatch(number):
        return number
    value = float(number)
    if (form.day or form.time or form.elapsed) and (moment := _date(value, form, since_1904)) is not None:
        return moment
    if _INTEGER.fullmatch(number):
        text = str(int(number))
    elif value.is_integer() and abs(value) < 10**_SURE_DIGITS:
        text = str(int(value))
    else:
        text = f"{value:.{_SURE_DIGITS}g}"
    return text.zfill(form.digits) if form.digits and text.isdecimal() else text
