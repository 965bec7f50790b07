from workbench.cli import planning as _p
from workbench.cli.planning import *  # temporary
from workbench.core import plan as _plan
from workbench.core import presets as _presets


def of_values(values, preset, base, card, found):
    rows = _p.rows_of(found, base.shape.vocabulary) if found else None
    method = values.get("method") or found["method"]
    return _plan.solve(base, rows, card, method, values, {}, _presets.find(preset) if preset else None)
