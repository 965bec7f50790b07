"""Run directories and the processes that work on them."""
