"""The door for `python -m workbench`: hands over to the command line and knows nothing else."""

from __future__ import annotations

import sys

from workbench.cli import main

if __name__ == "__main__":
    sys.exit(main())
