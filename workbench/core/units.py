"""How quantities are written for people: groups of three, three significant digits, a unit after a blank.

Owns the formats. Must not know who shows them. No-break spaces hold a number and its groups together.
"""

from __future__ import annotations

import math
from datetime import datetime

GIB = 1 << 30
MIB = 1 << 20
SPACE = "\u00a0"
NONE = "–"
"""What stands where nothing was measured."""


def count(number: float) -> str:
    """Return a whole number in groups of three: "8 412"."""
    return f"{round(number):,}".replace(",", SPACE)


def several(number: float, one: str) -> str:
    """Return a number of things by the name of one of them: "1 step", "8 412 steps"."""
    return f"{count(number)} {one}{'' if round(number) == 1 else 's'}"


def significant(number: float, digits: int = 3) -> str:
    """Return a number with so many significant digits, whole digits never lost: "0.17", "11.0", "1 052"."""
    if not math.isfinite(number):
        return NONE
    whole = len(str(int(abs(number)))) if abs(number) >= 1 else 0
    if whole >= digits:
        return count(number)
    places = digits - whole if whole else min(digits - 1, 1 - math.floor(math.log10(abs(number)))) if number else 1
    return f"{number:.{max(places, 0)}f}"


def roughly(number: float) -> str:
    """Return a figure that scatters, such as a speed, with two significant digits at most: "8.4", "490", "1 300"."""
    whole = len(str(round(abs(number)))) if math.isfinite(number) else 0
    return count(round(number, 2 - whole)) if whole > 1 else significant(number, 2)


def gib(number: float) -> str:
    """Return bytes in GiB without the unit, one decimal from 1 GiB on and two below: "11.0", "0.17"."""
    value = number / GIB
    return f"{value:.1f}" if value >= 0.995 else f"{value:.2f}"


def size(number: float) -> str:
    """Return a number of bytes with a binary unit and three significant digits."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if number < 1024 or unit == "GiB":
            return f"{number:.0f}{SPACE}{unit}" if unit == "B" or number >= 999.5 else f"{number:.3g}{SPACE}{unit}"
        number /= 1024
    raise AssertionError("the loop returns at the last unit")


def duration(seconds: float) -> str:
    """Return a duration in its two largest units: "1 h 10 min", "43 min", "48 s"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole}{SPACE}s"
    if whole < 600 and whole % 60:
        return f"{whole // 60}{SPACE}min {whole % 60}{SPACE}s"
    if whole < 3570:
        return f"{round(whole / 60)}{SPACE}min"
    hours, minutes = divmod(round(whole / 60), 60)
    if hours < 48:
        return f"{hours}{SPACE}h {minutes:02d}{SPACE}min" if minutes else f"{hours}{SPACE}h"
    return f"{hours // 24}{SPACE}d {hours % 24}{SPACE}h"


def percent(share: float, digits: int = 0) -> str:
    """Return a share of 1 in percent, rounded down so that only the whole is 100: "39 %"."""
    scale = 10**digits
    return f"{math.floor(share * 100 * scale + 1e-9) / scale:.{digits}f}{SPACE}%"


def change(share: float) -> str:
    """Return a change as a percentage with its sign and two digits; what rounds to nothing has no sign."""
    rounded = round(100 * share, 2)
    return f"{rounded:+.2f}{SPACE}%" if rounded else f"0.00{SPACE}%"


def loss(value: float | None) -> str:
    """Return a loss with two decimals, more where they are all there is."""
    if value is None or not math.isfinite(value):
        return NONE
    return f"{value:.2f}" if abs(value) >= 0.095 or value == 0 else f"{value:.2g}"


def margin(value: float | None) -> str:
    """Return a reward, or a difference of two, with two decimals: "1.23", "-0.40"."""
    if value is None or not math.isfinite(value):
        return NONE
    return f"{round(value, 2) + 0.0:.2f}"


def rate(value: float | None) -> str:
    """Return a learning rate: "1.39e-4"."""
    if value is None or not math.isfinite(value):
        return NONE
    if value == 0:
        return "0"
    mantissa, exponent = f"{value:.2e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"


def parameters(number: int) -> str:
    """Return a number of parameters: "8.2 B", "270 M"."""
    if number >= 10**9:
        return f"{number / 1e9:.1f}{SPACE}B"
    return f"{number / 1e6:.0f}{SPACE}M" if number >= 10**7 else f"{number / 1e6:.1f}{SPACE}M"


def tokens(number: int) -> str:
    """Return a length of context: "40 k", "512"."""
    return f"{number // 1024}{SPACE}k" if number >= 1024 else str(number)


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def month(date: str) -> str:
    """Return YYYY-MM or YYYY-MM-DD as "Apr 2025"; "–" for none."""
    try:
        year, number = date.split("-")[:2]
        return f"{_MONTHS[int(number) - 1]} {year}"
    except (ValueError, IndexError):
        return NONE


def day(then: datetime, now: datetime) -> str:
    """Return a date as "19 Nov", with the year when it is not this one."""
    said = f"{then.day}{SPACE}{_MONTHS[then.month - 1]}"
    return said if then.year == now.year else f"{said} {then.year}"


def ago(seconds: float) -> str:
    """Return how long ago something was: "48 s ago"."""
    return f"{duration(max(seconds, 0))} ago"
