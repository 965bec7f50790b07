"""What the page of a run says, as lines and rows: figures, gauges, answers, findings, states, values.

Owns the look of these parts for a width. Is handed a view and readings; must not know widgets, files or processes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content

from workbench.core import units
from workbench.core.best import Result
from workbench.core.events import Rollout
from workbench.core.health import Verdict
from workbench.core.quantized import forms
from workbench.core.recipe import PUBLISHING
from workbench.core.text import one_line, width_of
from workbench.guide import lineage
from workbench.guide.road import name_of
from workbench.guide.watching import Limits, State
from workbench.runs.hardware import Reading
from workbench.tui import handed, scored
from workbench.tui.glyphs import glyph, of_status
from workbench.tui.ink import Piece, cut, foreign, ink, lines_of, place, prose
from workbench.tui.results import results
from workbench.tui.view import Answer, Prompt, RunView
from workbench.tui.widgets.gauge import Gauge, bar, gauge_rows

GRID = 20
"""Columns from one of the six figures to the next."""
TABS = ("samples", "health", "console", "recipe", "checkpoints")
_LABEL = 10
_NAMED = 96
"""Columns from which one line of figures has method and base, too."""
_STATUS_ROLES = {
    "running": "accent", "pausing": "accent", "stopping": "accent", "queued": "faint", "paused": "warn",
    "stopped": "warn", "done": "good", "failed": "bad", "lost": "bad", "stuck": "warn",
}  # fmt: skip
LEVELS = {"": ("queued", "faint"), "good": ("good", "good"), "notice": ("good", "accent"),
           "warning": ("problem", "warn"), "bad": ("failed", "bad")}  # fmt: skip
"""Level of a verdict → sign and role."""


def role_of(status: str) -> str:
    """Return the role of a status sign."""
    return _STATUS_ROLES.get(status, "label")


def sign(status: str) -> Piece:
    """Return the sign of a status, a blank while it is unknown."""
    return (of_status(status) if status in _STATUS_ROLES else " ", role_of(status))


# Figures


def doing(view: RunView, states: bool = True) -> str:
    """Return what the run does right now, with how far it is where that is told."""
    if view.status not in ("queued", "running", "pausing", "stopping"):
        return ""
    said = view.phase or "starting"
    if view.done is not None and view.total:
        return f"{said} {units.count(view.done)} of {units.count(view.total)}"
    return f"{said} {one_line(view.detail, 40)}".strip() if states and view.phase != "waiting" else said


def about(view: RunView) -> list[str]:
    """Return method, tuning, base and data in a few letters each."""
    recipe = view.about.recipe
    if recipe is None:
        found = [str(view.about.meta.get(name, "")) for name in ("method", "tuning", "base")]
        return [foreign(text, 24) for text in found if text]
    how = ", ".join(forms(recipe)) if recipe.method in PUBLISHING else lineage.tuning_name(recipe.tuning)
    said = [lineage.method_name(recipe.method), how, lineage.short(name_of(recipe.base))]
    return [*said, name_of(recipe.data[0])] if recipe.data else said


def share(view: RunView) -> float:
    """Return how much of the run is done, of 1."""
    if handed.is_hander(view):
        return handed.share(view)
    if view.status == "done":
        return 1.0
    return min(1.0, view.step / view.steps) if view.steps else 0.0


def _epochs(view: RunView) -> str:
    """Return how many epochs the run makes, "" where it counts steps instead."""
    recipe = view.about.recipe
    return f" of {recipe.num_train_epochs:g}" if recipe is not None and not recipe.max_steps else ""


def left_words(view: RunView) -> tuple[str, str]:
    """Return the time that is left as (figure, rest)."""
    seconds = view.left()
    if seconds is None or view.status not in ("running", "pausing", "stopping"):
        return units.NONE, ""
    figure, _, rest = units.duration(seconds).partition(units.SPACE)
    return figure, f" {rest}"


def top(view: RunView, width: int, compact: bool) -> list[Content]:
    """Return status, figures and bar."""
    status = [sign(view.status), " ", (view.status or "looking", "section")]
    bar_line = _bar(view, width)
    if compact:
        line = _one_line(view, width, status)
        return [line, bar_line, Content("")]
    head = place(width, (0, ink(*status, "   ", (doing(view), "label"))), (-1, _names(about(view))))
    left, unit = left_words(view)
    speed = view.tokens_per_second if view.status in ("running", "pausing", "stopping") else None
    figures = handed.figures(view) if handed.is_hander(view) else (
        (units.count(view.step), f" of {units.count(view.steps)}", "step") if view.steps else (units.NONE, "", "step"),
        (f"{view.epoch:.2f}", _epochs(view), "epoch") if view.steps else (units.NONE, "", "epoch"),
        (left, unit, "left"),
        (units.count(speed) if speed else units.NONE, " tok/s" if speed else "", "speed"),
        *results(view),
    )  # fmt: skip
    upper = place(
        width, *((at * GRID, ink((one, "figure"), (two, "label"))) for at, (one, two, _) in enumerate(figures))
    )
    lower = place(width, *((at * GRID, ink((name, "label"))) for at, (_, _, name) in enumerate(figures)))
    return [head, Content(""), upper, lower, Content(""), bar_line, Content(""), Content("")]


def _names(names: Sequence[str]) -> Content:
    """Return method, tuning, base and data in a row."""
    pieces: list[Piece] = []
    for text in names:
        pieces += [*([("   ", "label")] if pieces else []), (cut(text, 28), "label")]
    return ink(*pieces)


def _bar(view: RunView, width: int) -> Content:
    """Return the bar of the whole run, with its share."""
    figure, _, rest = units.percent(share(view)).partition(units.SPACE)
    return place(width, (0, bar(width - 8, share(view))), (-1, ink((f"{figure}", "figure"), (f" {rest}", "label"))))


def _one_line(view: RunView, width: int, status: Sequence[Piece]) -> Content:
    """Return status and figures in one line, as many as there is room for."""
    left, unit = left_words(view)
    speed = view.tokens_per_second if view.status in ("running", "pausing", "stopping") else None
    said = doing(view, states=False)
    parts = [ink(*status, (f" {said}" if said else "", "label"))]
    if view.steps:
        parts.append(
            ink(("step ", "label"), (units.count(view.step), "figure"), (f"/{units.count(view.steps)}", "label"))
        )
        parts.append(ink(("epoch ", "label"), (f"{view.epoch:.2f}", "value")))
    if handed.is_hander(view):
        parts += [ink((one, "figure"), (f"{two} {name}", "label")) for one, two, name in handed.figures(view)]
    if left != units.NONE:
        parts.append(ink((left, "figure"), (f"{unit} left", "label")))
    if speed:
        parts.append(ink((units.count(speed), "value"), (" tok/s", "label")))
    while len(parts) > 1 and sum(part.cell_length for part in parts) + 2 * (len(parts) - 1) > width:
        parts.pop()
    room = width - sum(part.cell_length for part in parts)
    gaps = max(1, len(parts) - 1)
    each = min(3, room // gaps)
    line = parts[0]
    for part in parts[1:]:
        line += Content(" " * each) + part
    names = about(view) if width >= _NAMED else []
    while names and line.cell_length + _names(names).cell_length + 4 > width:
        names.pop()
    return place(width, (0, line), (-1, _names(names)))


# The machine


def machine(view: RunView, reading: Reading | None, limits: Limits, width: int, rate: bool) -> list[Content]:
    """Return title, gauges, and on a small page the learning rate."""
    gpu = reading.usable[0] if reading is not None and reading.usable else None
    title, words = ink(("GPU" if gpu else "machine", "section")), memory_words(view, width)
    beside = title.cell_length + 2 + words.cell_length <= width
    lines = [
        place(width, (0, title), *([(-1, words)] if beside else [])),
        Content("") if beside else place(width, (-1, words)),
    ]
    if reading is None:
        gauges = [Gauge(name, None, units.NONE) for name in ("memory", "busy")]
    elif gpu is not None:
        used = (
            (gpu.total_bytes or 0) - (gpu.free_bytes or 0) if gpu.total_bytes and gpu.free_bytes is not None else None
        )
        gauges = [
            _memory(used, gpu.total_bytes),
            Gauge("busy", _of(gpu.utilisation, 100), _figure(gpu.utilisation), "%"),
            _limited("power", gpu.power_w, limits.power_w, "W"),
            _limited("heat", gpu.temperature_c, limits.slowdown_c, "°C", "hot", 1.0),
        ]
    else:
        host = reading.host
        taken = host.memory_total_bytes - host.memory_free_bytes if host.memory_total_bytes else None
        gauges = [
            Gauge(
                "cpu",
                host.cpu_utilisation / 100,
                f"{host.cpu_utilisation:.0f}",
                "%" if rate else f"% of {host.cores} cores",
            ),
            _memory(taken, host.memory_total_bytes),
        ]
    if gpu is None and limits.disk_total:
        free, whole = limits.disk_free or 0, limits.disk_total
        gauges.append(Gauge("disk", 1 - free / whole, units.gib(free), "GiB free", "full", 0.97))
    lines += gauge_rows(gauges, width)
    if rate:
        value = ink((units.rate(view.learning_rate), "figure"))
        lines += [Content(""), place(width, (0, ink(("learning rate", "label"))), (-1, value))]
    return lines


def memory_words(view: RunView, width: int) -> Content:
    """Return the run's memory as measured, and as its plan has predicted it where that is of the same kind."""
    if view.memory is None:
        return ink("")
    predicted, measured = view.memory
    word = "predicted" if width >= 40 else "pred."
    more = f", {word} {units.size(predicted)}" if predicted is not None else ""
    figure, _, unit = units.size(measured).partition(units.SPACE)
    return ink(("run ", "label"), (figure, "value"), (f"{units.SPACE}{unit}{more}", "label"))


def _figure(value: float | None) -> str:
    """Return a whole number, or what stands for none."""
    return units.NONE if value is None else f"{value:.0f}"


def _of(value: float | None, whole: float | None) -> float | None:
    """Return a share, None where one of the two is unknown."""
    return min(1.0, value / whole) if value is not None and whole else None


def _memory(used: int | None, total: int | None) -> Gauge:
    """Return the gauge of a memory."""
    figure = units.NONE if used is None else units.gib(used)
    rest = f"of {units.gib(total).removesuffix('.0')} GiB" if total else "GiB"
    return Gauge("memory", _of(used, total), figure, rest, "full")


def _limited(
    label: str, value: float | None, most: float | None, unit: str, word: str = "", warn: float = 0.9
) -> Gauge:
    """Return the gauge of something with a limit that may be unknown."""
    rest = f"of {most:.0f} {unit}" if most else unit
    return Gauge(label, _of(value, most), _figure(value), rest, word, warn)


# States, health


def proved(view: RunView) -> Verdict:
    """Return what stands in place of the health of a run that has trained nothing: what was measured of its result."""
    made = next((event.text for event in reversed(view.notices) if event.code == "made"), "")
    return Verdict("good", "measured", one_line(made)) if made else PROVED


PROVED = Verdict("", "proof", "what it makes is held against the model it is made from before it gets its name")


def health_line(verdict: Verdict, width: int) -> Content:
    """Return the verdict on all findings."""
    name, role = LEVELS[verdict.level]
    head = ink((glyph(name), role), " ", (verdict.word, "section"), "   ")
    clauses = verdict.text.split("; ")
    while len(clauses) > 1 and head.cell_length + width_of("; ".join(clauses)) > width:
        clauses.pop()
    said = "; ".join(clauses)
    while ", " in said and head.cell_length + width_of(said) > width:
        said = said.rpartition(", ")[0]
    return place(width, (0, head + ink((said, "label"))))


def result_line(view: RunView, width: int) -> list[Content]:
    """Return which state a finished run has published, one line; none where it does not say."""
    if (result := view.result) is None:
        return []
    role = "accent" if result.is_early else "label"
    return [place(width, (0, ink((f"{glyph('best')} ", role), ("its result is ", "label"), (result.words(), "value"))))]


def state_lines(view: RunView, said: State, width: int, most: int) -> list[Content]:
    """Return what is said of a run that does not train, with the key that helps."""
    pieces: list[Piece] = [sign(view.status), " ", (f"{view.status}   ", "section"), (one_line(said.text), "value")]
    helps: list[Piece] = [("   ", "label"), (said.verb, "key", said.action)] if said.action else []
    lines = prose(width, *pieces, *helps)
    return (
        [*lines[: most - 1], ink(*([Content(" ").join(lines[most - 1 :]).truncate(width, ellipsis=True)]))]
        if (len(lines) > most)
        else lines
    )


# Samples


def looked_at(view: RunView) -> dict[str, Prompt | Rollout]:
    """Return what is shown of a run's answers, by names that stay as the run goes on.

    The newest group that is learnt from is first, under "", then come the fixed prompts and older groups.
    """
    groups = list(reversed(view.rollouts))
    found: dict[str, Prompt | Rollout] = {"": groups[0]} if groups else {}
    found |= {f"prompt {text}": prompt for text, prompt in view.prompts.items()}
    return found | {f"step {group.step}": group for group in groups[1:]}


def samples(shown: Prompt | Rollout | None, view: RunView, width: int, height: int) -> list[Content]:
    """Return a prompt, what the base wrote and what is written now, or a group of answers, in `height` lines."""
    if isinstance(shown, Rollout):
        return scored.rollout(shown, width, height)
    if handed.is_hander(view):
        return handed.places(view, width, height)
    if shown is None:
        recipe = view.about.recipe
        said = "What the model writes for fixed prompts stands here once it has been asked."
        if recipe is not None and recipe.method == "reward":
            return prose(width, ("A reward model scores answers and writes none, so there are no samples.", "label"))
        if recipe is not None and not recipe.sample_max_new_tokens:
            said = "The recipe asks for no samples."
        return prose(width, (said, "label"))
    prompt = shown
    room = width - _LABEL
    roomy = height >= 7
    each = max(1, (height - 3) // 2) if roomy else 1
    first = _block("prompt", "label", foreign(prompt.text), "value", room, 1, width)
    base = _answer("base", "label", prompt.first, "label", room, each, width)
    shown_now = prompt.of(view.result)
    label = "now" if shown_now is prompt.now else "result"
    now = _answer(label, "here", shown_now, "value", room, each, width) if prompt.later else [
        place(width, (0, ink(("now", "label"))), (_LABEL, ink(("not asked again yet", "label"))))
    ]  # fmt: skip
    gap = [Content("")] if roomy else []
    return [*first, *gap, *base, *gap, *now]


def _answer(label: str, role: str, answer: Answer, text_role: str, room: int, most: int, width: int) -> list[Content]:
    """Return one answer under its label."""
    return _block(label, role, answer.text.strip() or "(nothing)", text_role, room, most, width)


def _block(label: str, role: str, text: str, text_role: str, room: int, most: int, width: int) -> list[Content]:
    """Return a text beside its label."""
    lines = [ink((foreign(text, room), text_role))] if most == 1 else lines_of(text, room, text_role, most)
    return [
        place(width, (0, ink((label if not number else "", role))), (_LABEL, line)) for number, line in enumerate(lines)
    ]


def sample_words(
    found: Mapping[str, Prompt | Rollout], name: str, wide: bool, now: float, result: Result | None = None
) -> Content:
    """Return which answers are shown and when they were written; `result` is the state that was published."""
    if name not in found:
        return ink("")
    shown, whole = found[name], len(found)
    place_of = f"{list(found).index(name) + 1}"
    arrows: list[Piece] = [
        ("  ", "label"),
        (glyph("left"), "key", "run.previous"),
        " ",
        (glyph("right"), "key", "run.following"),
    ]
    if not wide:
        return ink((place_of, "value"), (f"/{whole}", "label"), *arrows)
    of_step = shown if isinstance(shown, Rollout) else shown.of(result)
    step, when = of_step.step, of_step.t
    ago = units.ago(now - when) if when else ""
    kind = "     learnt from " if isinstance(shown, Rollout) else "     prompt "
    return ink(
        ("step ", "label"), (units.count(step), "value"), (f", {ago}" if ago else "", "label"),
        (kind, "label"), (place_of, "value"), (f" of {whole}", "label"), *arrows,
    )  # fmt: skip


def tab_row(open_tab: int, right: Content, width: int, narrow: bool, first: str = TABS[0]) -> Content:
    """Return the tabs, the open one underlined, and what belongs to it at the right."""
    pieces: list[Piece] = []
    for number, name in enumerate((first, *TABS[1:]), 1):
        here = number == open_tab
        action = f"run.tab{number}"
        gap = "   " if narrow else "    "
        pieces += [
            (str(number), "accent" if here else "value", action),
            " ",
            (name, "tab" if here else "label", action),
            gap,
        ]
    return place(width, (0, ink(*pieces[:-1])), (-1, right))
