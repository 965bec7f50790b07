"""Startup: garbage is looked for seldom while modules are imported, as usual once there is a model, and not at exit."""

from __future__ import annotations

import gc

from tests.support import run_program
from workbench.core.paths import assets_dir
from workbench.engine import load, startup


def test_a_process_that_has_not_hastened_is_left_as_it_is() -> None:
    before = gc.get_threshold()
    startup.settle()
    assert gc.get_threshold() == before


def test_a_loaded_model_ends_the_haste() -> None:
    before = gc.get_threshold()
    try:
        startup.hasten()
        assert gc.isenabled()
        assert gc.get_threshold()[0] > before[0]
        load.load_model(assets_dir() / "base", tuning="full", where=load.Machine("cpu", False), for_training=False)
        assert gc.get_threshold() == before
    finally:
        gc.set_threshold(*before)


def test_nothing_is_gone_over_at_the_exit() -> None:
    told = run_program(
        "import atexit, gc\n"
        "from workbench.engine import startup\n"
        "atexit.register(lambda: print(gc.get_freeze_count() > 0))\n"
        "startup.hasten()\n"
        "print(gc.get_freeze_count() > 0)\n"
    )
    assert told.split() == ["False", "True"]
