"""The engine: the only package that imports torch and its relatives; it runs in processes of its own.

Owns heavy work on behalf of one run directory. Must not know the screen: it speaks through the journal.
"""

from __future__ import annotations

import logging

# It advises to install a package of kernels that this stack cannot use, in the console of every run.
logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)
