"""How rows are laid out: the signs by which each format is known, and how its rows become canonical.

Must not know files or methods' settings. `workbench.data.detect` and `workbench.data.canonical` are the ways in.
"""
