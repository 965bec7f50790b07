"""The first row: where we are, whose machine this is, and how its card does.

Owns the row. Is handed crumbs and readings; must not ask the machine.
"""

from __future__ import annotations

from textual.content import Content

from workbench.core.units import gib
from workbench.runs.hardware import Reading
from workbench.tui.glyphs import glyph
from workbench.tui.ink import Piece, ink, place
from workbench.tui.widgets.drawn import Drawn

_NARROW = 100


class Header(Drawn):
    """Brand and crumbs at the left; machine, card, memory and temperature at the right."""

    DEFAULT_CSS = "Header { height: 1; padding: 0 2; text-wrap: nowrap; }"

    def __init__(self, crumbs: tuple[str, ...] = (), machine: str = "", reading: Reading | None = None) -> None:
        """`reading` is the last one there was, so that a new page begins with its figures."""
        super().__init__()
        self._crumbs = crumbs
        self._machine = machine
        self._reading = reading

    def lead(self, crumbs: tuple[str, ...]) -> None:
        """Show other crumbs."""
        if crumbs != self._crumbs:
            self._crumbs = crumbs
            self.redraw()

    def read(self, reading: Reading) -> None:
        """Show a new reading."""
        self._reading = reading
        self.redraw()

    def drawn(self) -> list[Content]:
        """Return the row."""
        width = self.size.width
        left: list[Piece] = [("workbench", "section")]
        for place_of, crumb in enumerate(self._crumbs):
            last = place_of == len(self._crumbs) - 1
            left += [(f"  {glyph('right')}  ", "faint"), (crumb, "value" if last else "label")]
        brand = ink(*left)
        tried = (self._right(width < _NARROW), self._right(True), self._right(True, card=False))
        fitting = (right for right in tried if brand.cell_length + right.cell_length + 3 <= width)
        return [place(width, (0, brand), (-1, next(fitting, None) or self._right(True, card=False, name=False)))]

    def _right(self, narrow: bool, card: bool = True, name: bool = True) -> Content:
        """Return what is said of the machine: its name longer than which card it has, and its memory in any case."""
        gap = "  " if narrow else "   "
        said: list[Piece] = [(self._machine, "label"), gap] if name else []
        reading = self._reading
        if reading is None:
            return ink(*said[:1])
        between = "/" if narrow else " of "
        if not reading.usable:
            host = reading.host
            if card:
                said += [("no GPU", "label"), gap]
            if host.memory_total_bytes:
                used = gib(host.memory_total_bytes - (host.memory_free_bytes or 0))
                said.append((f"{used}{between}{gib(host.memory_total_bytes)} GiB", "value"))
                said.append((" used", "label"))
            return ink(*said)
        gpu = reading.usable[0]
        if card:
            called = gpu.name.removeprefix("NVIDIA ").removeprefix("GeForce ")
            said += [(called if gpu.name else "GPU", "label"), gap]
        if gpu.total_bytes:
            used = gib(gpu.total_bytes - (gpu.free_bytes or 0))
            said.append((f"{used}{between}{gib(gpu.total_bytes)} GiB", "value"))
        if gpu.temperature_c is not None:
            said += [gap, (f"{gpu.temperature_c:.0f}\u00a0°C", "label")]
        return ink(*said)
