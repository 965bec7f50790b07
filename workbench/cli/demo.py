"""`workbench demo`: the whole road on the bundled model and data, with the proof of what each rung did.

Owns the ladder of the demo, its two controls and its marks. Everything is done through the same runs, exams, export and
chat that a person uses.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.cli import export as exporting
from workbench.cli import train
from workbench.cli.follow import follow, last_error
from workbench.cli.output import Live, duration, figure, print_json, size, table
from workbench.core.errors import WorkbenchError
from workbench.core.paths import assets_dir
from workbench.core.recipe import BUNDLED
from workbench.core.text import one_line
from workbench.guide import starting
from workbench.guide.exporting import export
from workbench.runs import control, errand
from workbench.runs.store import Run
from workbench.runs.talk import ChatProcess, Settings

TYPES = ["Q8_0", "Q4_K_M"]

EXAMINATIONS: dict[str, dict[str, Any]] = {
    "base": {"kinds": ["cloze_a", "cloze_b", "facts_b"]},
    "cpt": {"kinds": ["cloze_a", "cloze_b", "facts_b"]},
    "cpt without replay": {"kinds": ["cloze_a"]},
    "sft": {"kinds": ["facts_a", "facts_b", "sums"]},
    "sft sampled": {"kinds": ["facts_a", "facts_b"], "temperature": 1.0, "seed": 0},
    "sft without cpt": {"kinds": ["facts_b"]},
}
"""Name → what that model is asked; "sampled" asks the same model again, with a temperature of 1."""

MARKS: tuple[tuple[str, str, str, float], ...] = (
    ("cpt facts known without cpt", "sft without cpt: facts_b", "at most", 0.10),
    ("cpt facts known with cpt", "sft: facts_b", "at least", 0.75),
    ("pre-training facts answered after sft", "sft: facts_a", "at least", 0.60),
    ("pre-training facts kept by cpt with replay", "cpt: cloze_a", "at least", 0.85),
    ("sampled answers that stop by themselves", "sft sampled: stop_rate", "at least", 0.95),
    ("points lost by Q8_0", "export: q8_0_difference", "at most", 0.02),
)
"""What the demo has to show: (in words, figure, direction, bound)."""


@dataclass
class Demo:
    """What has been done so far."""

    live: Live
    started: float = field(default_factory=time.monotonic)
    runs: dict[str, Run] = field(default_factory=dict)
    answers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Examination → marked answers."""
    figures: dict[str, float] = field(default_factory=dict)
    """"examination: kind" → share of right answers."""


def configure(parser: argparse.ArgumentParser, command: str) -> None:
    """Declare the arguments of `demo`."""
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object at the end, and nothing else on stdout"
    )


def _data(name: str) -> str:
    return str(assets_dir() / "data" / name)


def _rung(demo: Demo, name: str, base: str, data: str, **fields: Any) -> Run:
    """Train one rung to its end, by the method its data suggests; raises WorkbenchError when it does not get there."""
    values = {"tuning": "full", "base": base, "data": [_data(data)], "title": f"demo {name}", **fields}
    resolved = starting.prepare(values, {}, None).resolved
    why = resolved.provenance["method"].removeprefix("derived: ")
    demo.live.line(f"\n{name}  ({resolved.recipe.method} on {base})\n  {data}: {why}")
    run = starting.create(resolved)
    control.start(run)
    try:
        status = follow(run, quiet=demo.live.quiet, prefix="  ")
    except KeyboardInterrupt:
        control.stop(run)
        raise
    if status != "done":
        raise WorkbenchError(last_error(run) or f"The run {run.id} of the demo is {status}; see {run.console_path}.")
    demo.runs[name] = run
    return run


def _examine(demo: Demo) -> None:
    """Put the held-out exam to every model of the ladder, in one process."""
    demo.live.line("\nexam on entities that no question in training was about")
    targets = {name: run.id for name, run in demo.runs.items()} | {"base": BUNDLED, "sft sampled": demo.runs["sft"].id}
    order = sorted(EXAMINATIONS, key=lambda name: targets[name])
    wanted = [{"name": name, "target": targets[name], **EXAMINATIONS[name]} for name in order]

    def on_line(line: dict[str, Any]) -> None:
        if "name" in line:
            demo.answers[line["name"]] = line["answers"]
            demo.figures |= {f"{line['name']}: {kind}": share for kind, share in line["scores"].items()}
            demo.figures[f"{line['name']}: stop_rate"] = line["stop_rate"]
            shown = "  ".join(f"{kind} {100 * share:.0f} %" for kind, share in line["scores"].items())
            demo.live.line(f"  {line['name']}: {shown}")

    errand.run(
        "workbench.engine.evaluate", {"exam": _data("exam.jsonl"), "examinations": wanted}, on_line, who="The exam"
    )


def _exam_of_gguf(demo: Demo, path: str) -> None:
    """Put the questions about facts to the Q8_0 file through llama.cpp and compare with the model it was made from."""
    asked = [item for item in demo.answers["sft"] if item["kind"] in ("facts_a", "facts_b")]
    request = {
        "exam": _data("exam.jsonl"),
        "examinations": [{"name": "Q8_0", "target": path, "kinds": ["facts_a", "facts_b"]}],
    }
    line = errand.run("workbench.engine.evaluate", request, who="The exam")
    demo.answers["Q8_0"] = line["answers"]
    right = {
        name: sum(item["right"] for item in items) / len(asked)
        for name, items in (("hf", asked), ("Q8_0", line["answers"]))
    }
    demo.figures |= {f"Q8_0: {kind}": share for kind, share in line["scores"].items()}
    demo.figures["export: q8_0_difference"] = abs(right["hf"] - right["Q8_0"])
    demo.live.line(
        f"  Q8_0 answers {100 * right['Q8_0']:.0f} % right, the model it was made from {100 * right['hf']:.0f} %"
    )


def _shown(demo: Demo, kind: str, before: str, after: str) -> dict[str, str]:
    """Return one question with two models' answers: the first that only the later one has right."""
    earlier = {item["prompt"]: item for item in demo.answers[before] if item["kind"] == kind}
    pairs = [(earlier[item["prompt"]], item) for item in demo.answers[after] if item["prompt"] in earlier]
    first, second = next((pair for pair in pairs if pair[1]["right"] and not pair[0]["right"]), pairs[0])
    return {"prompt": second["prompt"], "answer_before": first["answer"], "answer_after": second["answer"]}


def _losses(run: Run) -> dict[str, Any]:
    """Return a run's loss on held-out rows before and after."""
    return {
        "held_out_loss": (train.report(run) or {}).get("held_out_loss"),
        "other_losses": (train.report(run) or {}).get("other_losses"),
    }


def _rungs(demo: Demo, export_report: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the ladder as the JSON has it."""
    get = demo.figures.get
    cpt, sft = demo.runs["cpt"], demo.runs["sft"]
    return [
        {
            "rung": "cpt",
            "run": cpt.id,
            "ok": cpt.status() == "done",
            **_shown(demo, "cloze_b", "base", "cpt"),
            "metrics": {
                **_losses(cpt),
                "cloze_a_before": get("base: cloze_a"),
                "cloze_a": get("cpt: cloze_a"),
                "cloze_a_without_replay": get("cpt without replay: cloze_a"),
                "cloze_b_before": get("base: cloze_b"),
                "cloze_b": get("cpt: cloze_b"),
            },
        },
        {
            "rung": "sft",
            "run": sft.id,
            "ok": sft.status() == "done",
            **_shown(demo, "facts_b", "cpt", "sft"),
            "metrics": {
                **_losses(sft),
                "facts_a": get("sft: facts_a"),
                "facts_b": get("sft: facts_b"),
                "facts_b_before": get("base: facts_b"),
                "facts_b_without_cpt": get("sft without cpt: facts_b"),
                "sums": get("sft: sums"),
                "stop_rate": get("sft sampled: stop_rate"),
            },
        },
        {
            "rung": "export",
            "run": sft.id,
            "ok": True,
            **_shown(demo, "facts_b", "sft", "Q8_0"),
            "metrics": {
                **export_report["parity"],
                "files": export_report["files"],
                "facts_a": get("Q8_0: facts_a"),
                "facts_b": get("Q8_0: facts_b"),
                "difference_to_hf": get("export: q8_0_difference"),
            },
        },
    ]


def _marks(demo: Demo) -> list[dict[str, Any]]:
    """Return every mark with whether it is met."""
    result = []
    for words, name, direction, bound in MARKS:
        value = demo.figures[name]
        met = value <= bound if direction == "at most" else value >= bound
        result.append({"mark": words, "value": round(value, 4), direction.replace(" ", "_"): bound, "ok": met})
    return result


def _share(value: float | None) -> str:
    """Return a share in per cent, or nothing for a figure that was not measured."""
    return "" if value is None else f"{100 * value:.0f} %"


def _loss(losses: dict[str, float] | None, moment: str) -> str:
    """Return a held-out loss before or after a rung."""
    return "" if not losses else figure(losses[moment])


def _table(result: dict[str, Any]) -> str:
    """Return what each rung changed: a line per figure, with the control beside it where there is one."""
    cpt, sft, exported = (rung["metrics"] for rung in result["rungs"])
    cpt_loss, sft_loss = cpt["held_out_loss"], sft["held_out_loss"]
    no_replay = f"{_share(cpt['cloze_a_without_replay'])} without replay"
    no_cpt = f"{_share(sft['facts_b_without_cpt'])} without cpt"
    rows = [
        ["cpt", "loss on held-out articles", _loss(cpt_loss, "before"), _loss(cpt_loss, "after"), ""],
        ["", "their facts, in plain text", _share(cpt["cloze_b_before"]), _share(cpt["cloze_b"]), ""],
        ["", "old facts kept", _share(cpt["cloze_a_before"]), _share(cpt["cloze_a"]), no_replay],
        ["sft", "loss on held-out answers", _loss(sft_loss, "before"), _loss(sft_loss, "after"), ""],
        ["", "questions about the articles", _share(sft["facts_b_before"]), _share(sft["facts_b"]), no_cpt],
        ["", "questions about old facts", "", _share(sft["facts_a"]), ""],
        ["", "sums", "", _share(sft["sums"]), ""],
        ["", "answers that stop by themselves", "", _share(sft["stop_rate"]), ""],
    ]  # fmt: skip
    for line in exported["files"]:
        answers = _share(exported["facts_b"]) if line["type"] == "Q8_0" else ""
        rows.append(["export", f"{line['type']}, {size(line['bytes'])}, KL {figure(line['kl'], 4)}", "", answers, ""])
    return table(["rung", "what", "before", "after", "control"], rows)


def _print(result: dict[str, Any]) -> None:
    """Print what ends the demo."""
    print()
    print(_table(result))
    for rung in result["rungs"][:2]:
        print(f"\n{rung['rung']}: {one_line(rung['prompt'])}")
        print(f"  before  {one_line(rung['answer_before'], 80)}\n  after   {one_line(rung['answer_after'], 80)}")
    print(f"\nThe GGUF says\n  {one_line(result['chat']['prompt'])}\n  {one_line(result['chat']['answer'])}\n")
    for mark in result["marks"]:
        print(f"{'✓' if mark['ok'] else '✗'} {mark['mark']}: {100 * mark['value']:.0f} %")
    print(f"\n{duration(result['seconds'])}. The file: {result['gguf']}\nWhat to try next:")
    print(f"  workbench chat {result['rungs'][1]['run']}")
    print("  workbench runs\n  workbench train --base bundled --data YOUR_FILE")


def run(arguments: argparse.Namespace) -> int:
    """Walk the ladder and print what it shows; exit 1 when a mark is missed."""
    demo = Demo(Live(quiet=arguments.json))
    demo.live.line(
        "A tiny model that knows one half of an invented valley reads articles about the other half, learns to\n"
        "answer, and becomes a file for llama.cpp. Two controls show what each step is for."
    )
    cpt = _rung(demo, "cpt", BUNDLED, "articles.jsonl")
    _rung(demo, "sft", cpt.id, "questions.jsonl")
    _rung(demo, "sft without cpt", BUNDLED, "questions.jsonl")
    _rung(demo, "cpt without replay", BUNDLED, "articles.jsonl", replay_share=0.0)
    _examine(demo)
    demo.live.line("\nexport")
    report = export(demo.runs["sft"].id, TYPES, on_line=exporting.progress(demo.live))
    demo.live.line(f"  {exporting.describe(report)}".replace("\n", "\n  "))
    best = next(line["path"] for line in report["files"] if line["type"] == "Q8_0")
    _exam_of_gguf(demo, best)
    rungs = _rungs(demo, report)
    prompt = next(rung["prompt"] for rung in rungs if rung["rung"] == "sft")
    with ChatProcess(Path(best)) as chat:
        answer = "".join(chat.ask([{"role": "user", "content": prompt}], Settings(temperature=0.0, max_tokens=64)))
    marks = _marks(demo)
    result = {
        "ok": all(mark["ok"] for mark in marks) and all(rung["ok"] for rung in rungs),
        "seconds": round(time.monotonic() - demo.started, 1),
        "rungs": rungs,
        "gguf": best,
        "chat": {"prompt": prompt, "answer": answer},
        "marks": marks,
    }
    print_json(result) if arguments.json else _print(result)
    return int(not result["ok"])
