"""What the person says about the layout, which wins over what is detected.

Owns the reading of a format and of columns by role, and the sentences about those that do not exist. Must not know how
a layout is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from workbench.core.errors import UsageError
from workbench.core.text import one_line
from workbench.data.formats import proposals
from workbench.data.formats.columns import Table
from workbench.data.layouts import FORMATS, Format, Layout

Choose = Callable[[Sequence[Layout]], Layout | None]

_SAME = {
    "question": "prompt", "query": "prompt", "problem": "prompt", "input_text": "prompt", "answer": "completion",
    "response": "completion", "output": "completion", "messages": "turns", "conversations": "turns", "article": "text",
    "content": "text", "accepted": "chosen", "question_column": "prompt", "label": "class", "choice": "choices",
    "prompt": "instruction", "solution": "completion", "target": "completion",
}  # fmt: skip
"""Role as a person may call it → role, where a format has the one and not the other."""


def _listed(values: Sequence[str], most: int = 40) -> str:
    return ", ".join(one_line(value, 48) for value in values[:most]) or "none"


def _columns(table: Table, columns: Mapping[str, str]) -> dict[str, str]:
    """Return role → column; raises UsageError for a column that no row has, in whatever case it is written."""
    spelled = {name.lower(): name for name in reversed(table.columns)}
    found = {}
    for role, column in columns.items():
        # A column of nothing but null is no column of the table.
        given = column in table.columns or any(column in row for row in table.rows)
        name = column if given else spelled.get(column.strip().lower())
        if name is None:
            raise UsageError(f"There is no column {column!r}; the columns are {_listed(list(table.columns))}.")
        found[role] = name
    return found


def _meanings(role: str) -> list[str]:
    """Return what a role may be called in a format, itself first."""
    meant = [role]
    while (other := _SAME.get(meant[-1])) is not None and other not in meant:
        meant.append(other)
    return meant


def _roles(format: Format, columns: Mapping[str, str]) -> dict[str, str] | None:
    """Return given role → the format's role, or None when it lacks one of them or two mean the same."""
    known = {*format.required, *format.optional}
    found: dict[str, str] = {}
    for role in columns:
        meanings = [name for name in _meanings(role) if name in known and (name == role or name not in columns)]
        # "answer" is what a reward checks where a completion is given as well, and the completion where it is not.
        needed = [name for name in meanings if name in format.required]
        own = (needed or meanings or [""])[0]
        if not own or own in found.values():
            return None
        found[role] = own
    return found


def _filled(table: Table, format: Format, given: Mapping[str, str], choose: Choose) -> Layout | None:
    """Return the layout of a format with the given columns; roles it needs that were not given are found, or None."""
    roles = _roles(format, given)
    if roles is None:
        return None
    columns = {own: given[role] for role, own in roles.items()}
    if columns and format.is_complete(columns):
        return Layout(format.name, columns)
    taken = set(columns.values())
    proposed = [
        {role: name for role, name in layout.columns.items() if name not in taken and role not in columns} | columns
        for layout in proposals.propose(table, format.name)
    ]
    whole = [Layout(format.name, made) for made in proposed if format.is_complete(made)]
    return choose(whole) or (whole[0] if whole else None)


def _by_format(table: Table, format: str, given: Mapping[str, str], choose: Choose) -> Layout:
    """Return the layout of a format the person names."""
    if format not in FORMATS:
        raise UsageError(f"There is no format {format!r}; known are {', '.join(FORMATS)}.")
    wanted = FORMATS[format]
    if _roles(wanted, given) is None:
        unknown = [role for role in given if _roles(wanted, {role: ""}) is None] or list(given)
        known = ", ".join((*wanted.required, *wanted.optional))
        raise UsageError(f"The format {format} has no role {unknown[0]!r} for a column; its roles are {known}.")
    found = _filled(table, wanted, given, choose)
    if found is None:
        raise UsageError(
            f"The columns do not suit the format {format}, which needs {' and '.join(wanted.required)}; the columns "
            f"are {_listed(list(table.columns))}, so name one for each."
        )
    return found


def _by_roles(table: Table, given: Mapping[str, str], choose: Choose) -> Layout:
    """Return the layout that the roles the person names belong to."""
    fitting = []
    for format in FORMATS.values():
        made = _filled(table, format, given, choose)
        if made is not None:
            roles = _roles(format, given) or {}
            steps = sum(_meanings(role).index(own) for role, own in roles.items())
            named = set(format.required) <= set(roles.values())
            # A format all of whose required roles are named is what is meant; then the one that names them most alike.
            fitting.append(((not named, -len(format.required) if named else 0, steps), made))
    if not fitting:
        known = sorted({role for format in FORMATS.values() for role in (*format.required, *format.optional)})
        raise UsageError(f"No format has the roles {_listed(list(given))} together; known are {_listed(known)}.")
    nearest = min(distance for distance, _ in fitting)
    meant = [made for distance, made in fitting if distance == nearest]
    return choose(meant) or meant[0]


def layout(table: Table, format: str, columns: Mapping[str, str], choose: Choose) -> Layout:
    """Return the layout the person asks for by a format, by role → column, or by both; `choose` picks among several.

    Raises UsageError for a format, a role or a column that does not exist, naming those that do.
    """
    given = _columns(table, columns)
    return _by_format(table, format, given, choose) if format else _by_roles(table, given, choose)
