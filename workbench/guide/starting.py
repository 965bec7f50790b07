from workbench.cli import train as _t  # temporary
from workbench.cli.output import Live
from workbench.runs import control


def start(road):
    resolved = _t.prepare(road.values, {}, road.preset or None, Live(quiet=True)).resolved
    run = _t.create(resolved)
    control.start(run)
    return run.id
