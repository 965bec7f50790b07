"""`python -m tests.tui.pictures [WAY …]` accepts how the screens look now; read what changed before it is kept."""

from __future__ import annotations

import sys

from tests.tui.pictures.kept import accept
from tests.tui.pictures.scenes import WAYS, pictures

for way in sys.argv[1:] or WAYS:
    for name in accept(pictures(way)):
        print(f"{way}: {name}")
