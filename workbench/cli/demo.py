"""`workbench demo`: the whole road on the bundled model and data, with the proof of what each rung did.

Owns what is shown of the ladder (`ladder.py`), its export and the first question to the file. Everything is done
through the same export and chat that a person uses.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.cli import descent, train
from workbench.cli.ladder import ALIGNED, REWARDED, Ladder, aligned, asks_on, climb, examine, marks
from workbench.cli.output import Live, duration, figure, print_json, table
from workbench.core.recipe import BUNDLED
from workbench.core.text import one_line
from workbench.runs.store import Run
from workbench.runs.talk import ChatProcess, Settings


def configure(parser: argparse.ArgumentParser, command: str) -> None:
    """Declare the arguments of `demo`."""
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object at the end, and nothing else on stdout"
    )


def _learnt(first: dict[str, Any], second: dict[str, Any]) -> bool:
    return bool(second["right"]) and not first["right"]


def _took_on(first: dict[str, Any], second: dict[str, Any]) -> bool:
    return bool(first["right"] and second["right"]) and asks_on(second["answer"]) > asks_on(first["answer"])


def _kept(first: dict[str, Any], second: dict[str, Any]) -> bool:
    return bool(first["right"] and second["right"])


def _shown(
    ladder: Ladder,
    kind: str,
    before: str,
    after: str,
    better: Callable[[dict[str, Any], dict[str, Any]], bool] = _learnt,
) -> dict[str, str]:
    """Return one question with two models' answers: the first that shows what the later one has become better at."""
    earlier = {item["prompt"]: item for item in ladder.answers[before] if item["kind"] == kind}
    pairs = [(earlier[item["prompt"]], item) for item in ladder.answers[after] if item["prompt"] in earlier]
    first, second = next((pair for pair in pairs if better(*pair)), pairs[0])
    return {"prompt": second["prompt"], "answer_before": first["answer"], "answer_after": second["answer"]}


def _losses(run: Run) -> dict[str, Any]:
    """Return a run's loss on held-out rows before and after."""
    return {
        "held_out_loss": (train.report(run) or {}).get("held_out_loss"),
        "other_losses": (train.report(run) or {}).get("other_losses"),
    }


def _rungs(ladder: Ladder, exported: Run) -> list[dict[str, Any]]:
    """Return the ladder as the JSON has it."""
    get = ladder.figures.get
    export_report, (distill, prune) = exported.report(), descent.rungs(ladder)
    cpt, sft, dpo, grpo = (ladder.runs[name] for name in ("cpt", "sft", "dpo", "grpo"))
    return [
        {
            "rung": "cpt",
            "run": cpt.id,
            "ok": cpt.status() == "done",
            **_shown(ladder, "cloze_b", "base", "cpt"),
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
            **_shown(ladder, "facts_b", "cpt", "sft"),
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
            "rung": "dpo",
            "run": dpo.id,
            "ok": dpo.status() == "done",
            **_shown(ladder, "facts_b", "sft", "dpo", _took_on),
            "metrics": {**_losses(dpo), **aligned(ladder, "dpo")},
        },
        {
            "rung": "grpo",
            "run": grpo.id,
            "ok": grpo.status() == "done",
            **_shown(ladder, REWARDED, "dpo", "grpo"),
            "metrics": aligned(ladder, "grpo"),
        },
        {**distill, **_shown(ladder, "facts_b", "sft", "distill", _took_on)},
        {**prune, **_shown(ladder, "facts_b", "distill", "prune", _kept)},
        {
            "rung": "export",
            "run": exported.id,
            "ok": True,
            **_shown(ladder, "facts_b", descent.LAST, f"{descent.LAST} Q8_0", _kept),
            "metrics": {
                **export_report["parity"],
                "files": export_report["files"],
                "facts_a": get(f"{descent.LAST} Q8_0: facts_a"),
                "facts_b": get(f"{descent.LAST} Q8_0: facts_b"),
                "difference_to_hf": get("export: q8_0_difference"),
            },
        },
    ]


def _share(value: float | None) -> str:
    """Return a share in per cent, or nothing for a figure that was not measured."""
    return "" if value is None else f"{100 * value:.0f} %"


def _loss(losses: dict[str, float] | None, moment: str) -> str:
    """Return a held-out loss before or after a rung."""
    return "" if not losses else figure(losses[moment])


def _aligned_rows(rung: dict[str, Any], first: tuple[str, str, str]) -> list[list[str]]:
    """Return the lines of a rung of alignment: what it was for, and below it what that cost.

    `first` is in words what was to rise, its figure and the figure that stands beside it.
    """
    told = rung["metrics"]

    def change(of: str) -> list[str]:
        return [_share(told[f"{of}_before"]), _share(told[of])]

    words, figure_of, beside = first
    how = "sampled" if beside.endswith("sampled") else "greedy"
    rows = [
        [words, *change(figure_of), f"{' → '.join([_share(told[f'{beside}_before']), _share(told[beside])])} {how}"]
    ]
    if told["accuracy"] is not None:
        rows.append(["better answer ahead, held-out pairs", *change("accuracy"), ""])
    costs = (("answers that ask what more", "trait"), ("questions about the articles", "facts_b"), ("sums", "sums"))
    rows += [[label, *change(of), ""] for label, of in costs if of not in (figure_of, beside)]
    rows.append([f"KL from {ALIGNED[rung['rung']]}, nats per answer", "", figure(told["kl"]), ""])
    return [["" if number else rung["rung"], *row] for number, row in enumerate(rows)]


def _table(result: dict[str, Any]) -> str:
    """Return what each rung changed: a line per figure, with the control beside it where there is one."""
    rungs = {rung["rung"]: rung for rung in result["rungs"]}
    cpt, sft = (rungs[name]["metrics"] for name in ("cpt", "sft"))
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
        *_aligned_rows(rungs["dpo"], ("answers that ask what more", "trait", "trait_sampled")),
        *_aligned_rows(rungs["grpo"], ("reward: reworded sums, sampled", "reward", REWARDED)),
    ]  # fmt: skip
    rows += descent.rows(result)
    return table(["rung", "what", "before", "after", "control"], rows)


def _print(result: dict[str, Any]) -> None:
    """Print what ends the ladder."""
    print()
    print(_table(result))
    print(f"\n{result['sizes']}")
    for rung in result["rungs"][:-1]:
        print(f"\n{rung['rung']}: {one_line(rung['prompt'])}")
        print(f"  before  {one_line(rung['answer_before'], 80)}\n  after   {one_line(rung['answer_after'], 80)}")
    print(f"\nThe GGUF says\n  {one_line(result['chat']['prompt'])}\n  {one_line(result['chat']['answer'])}\n")
    for mark in result["marks"]:
        value = f"{mark['value']:.1f} nats per answer" if mark["unit"] == "nats" else f"{100 * mark['value']:.0f} %"
        print(f"{'✓' if mark['ok'] else '✗'} {mark['mark']}: {value}")
    print(f"\n{duration(result['seconds'])}. The file: {result['gguf']}\nWhat to try next:")
    print(f"  workbench chat {result['rungs'][-2]['run']}")
    print("  workbench runs\n  workbench train --base bundled --data YOUR_FILE")


def run(arguments: argparse.Namespace) -> int:
    """Walk the ladder and print what it shows; exit 1 when a mark is missed."""
    started = time.monotonic()
    ladder = Ladder(Live(quiet=arguments.json))
    ladder.live.line(
        "A tiny model that knows one half of an invented valley reads articles about the other half, learns to\n"
        "answer, then which answers are preferred, is rewarded for sums it gets right, teaches all that to a student,\n"
        "which loses a layer, and becomes files for llama.cpp. Two controls show what the first steps are for."
    )
    cpt = climb(ladder, "cpt", BUNDLED)
    sft = climb(ladder, "sft", cpt.id)
    dpo = climb(ladder, "dpo", sft.id)
    climb(ladder, "grpo", dpo.id)
    climb(ladder, "sft without cpt", BUNDLED)
    climb(ladder, "cpt without replay", BUNDLED, replay_share=0.0)
    descent.shrink(ladder)
    ladder.live.line("\nexam on entities and sums that no row of training was about")
    examine(ladder)
    descent.weigh(ladder)
    ladder.live.line("\nexport")
    exports = descent.publish(ladder)
    descent.examine_files(ladder, exports)
    best = descent.paths(exports)[descent.LAST, "Q8_0"]
    rungs = _rungs(ladder, exports[descent.LAST])
    prompt = next(rung["prompt"] for rung in rungs if rung["rung"] == "dpo")
    with ChatProcess(Path(best)) as chat:
        answer = "".join(chat.ask([{"role": "user", "content": prompt}], Settings(temperature=0.0, max_tokens=64)))
    met = marks(ladder)
    result = {
        "ok": all(mark["ok"] for mark in met) and all(rung["ok"] for rung in rungs),
        "seconds": round(time.monotonic() - started, 1),
        "rungs": rungs,
        "gguf": best,
        "sizes": descent.size_table(ladder, exports),
        "chat": {"prompt": prompt, "answer": answer},
        "marks": met,
    }
    print_json(result) if arguments.json else _print(result)
    return int(not result["ok"])
