"""Wild datasets of judged answers: chosen and rejected, ranked, scored, thumbs up and down, and prompts by themselves.

Owns their layouts. Must not know how the workbench reads them.
"""

from __future__ import annotations

from typing import Any

from tests.data.wild.table import Turn, Wild, array, asked, jsonl, judged, parquet, preferred, table, turns, wild
from tests.data.wild.texts import DIALOGUES, INSTRUCTIONS, MATHS, PROGRAMS, QUESTIONS

N = len(QUESTIONS)
ROWS = list(enumerate(QUESTIONS))
Q, GOOD, BAD = QUESTIONS[0]
FIRST = preferred(Q, GOOD, BAD)
LOOSE = {"prompt": [Turn("user", Q)], "chosen": [Turn("assistant", GOOD)], "rejected": [Turn("assistant", BAD)]}
SYSTEM = "You answer neighbours kindly."
WITH_SYSTEM = preferred(Q, GOOD, BAD, system=SYSTEM)
LIKED = judged(Q, GOOD, True)
PROMPT = asked(Q)
LONG = DIALOGUES[0]


def both(index: int, question: str, good: str, bad: str) -> dict[str, Any]:
    """Return the two answers in places that alternate, and the place of the better one."""
    return {"better": index % 2, "answers": [good, bad] if index % 2 == 0 else [bad, good], "question": question}


SIDES = [both(i, *row) for i, row in ROWS]


def thumbs(index: int, question: str, good: str, bad: str) -> tuple[str, str, bool]:
    return question, good if index % 2 == 0 else bad, index % 2 == 0


VOTES = [thumbs(i, *row) for i, row in ROWS]


def dialogue(texts: list[str]) -> str:
    return "".join(f"\n\n{('Human', 'Assistant')[t % 2]}: {text}" for t, text in enumerate(texts))


# fmt: off
PREFERENCES: list[Wild] = [
    wild("hh-rlhf", jsonl({"chosen": dialogue([q, a]), "rejected": dialogue([q, b])} for q, a, b in QUESTIONS), "dpo",
        FIRST, rows=N),
    wild("hh-rlhf of many turns", jsonl({"chosen": dialogue(d), "rejected": dialogue([*d[:-1],
        "I would rather not say."])} for d in DIALOGUES), "dpo", preferred(LONG[:-1], LONG[-1],
        "I would rather not say."), rows=6),
    wild("orca dpo pairs", jsonl({"system": SYSTEM if i % 3 == 0 else "", "question": q, "chosen": a, "rejected": b}
        for i, (q, a, b) in ROWS), "dpo", WITH_SYSTEM, rows=N),
    wild("distilabel orca pairs", parquet({"system": SYSTEM, "input": q, "chosen": a, "rejected": b,
        "generations": [a, b], "order": ["x", "y"], "labelling_model": "gpt-4", "rating": [9.0, 7.0],
        "status": "unchanged", "original_chosen": a, "original_rejected": b, "chosen_score": 9.0,
        "in_gsm8k_train": False} for q, a, b in QUESTIONS), "dpo", WITH_SYSTEM, rows=N),
    wild("ultrafeedback binarized", parquet({"prompt": q, "prompt_id": f"{i:x}", "chosen": turns(q, a),
        "rejected": turns(q, b), "messages": turns(q, a), "score_chosen": 8.5, "score_rejected": 6.0} for i,
        (q, a, b) in ROWS), "dpo", FIRST, rows=N),
    wild("ultrafeedback binarized, cleaned", parquet({"source": "own", "prompt": q, "chosen": turns(q, a),
        "chosen-rating": 5.0, "chosen-model": "x", "rejected": turns(q, b), "rejected-rating": 2.0,
        "rejected-model": "y"} for q, a, b in QUESTIONS), "dpo", FIRST, rows=N),
    wild("ultrafeedback completions", jsonl({"source": "own", "instruction": q, "models": ["x", "y"],
        "completions": [{"model": "x", "response": b, "overall_score": 4.0, "critique": "Short.",
        "annotations": {"helpfulness": {"Rating": "2"}}}, {"model": "y", "response": a, "overall_score": 8.5,
        "critique": "Good.", "annotations": {"helpfulness": {"Rating": "5"}}}]} for q, a, b in QUESTIONS), "dpo sft",
        FIRST, {"messages": [Turn("user", Q), Turn("assistant", GOOD)]}, rows=N),
    wild("capybara preferences", parquet({"source": "walk", "conversation": [{"input": d[t], "output": d[t + 1]}
        for t in range(0, len(d), 2)], "original_response": d[-1], "chosen": turns(*d),
        "rejected": turns(*d[:-1], "I do not care."), "turns": len(d) // 2} for d in DIALOGUES), "dpo",
        preferred(LONG[:-1], LONG[-1], "I do not care."), rows=6),
    wild("trl implicit prompt", jsonl({"chosen": turns(q, a), "rejected": turns(q, b)} for q, a, b in QUESTIONS), "dpo",
        FIRST, rows=N),
    wild("trl explicit prompt", jsonl({"prompt": turns(q), "chosen": turns(a, first="assistant"),
        "rejected": turns(b, first="assistant")} for q, a, b in QUESTIONS), "dpo", FIRST, rows=N),
    wild("truthy pairs", jsonl({"id": f"{i:x}", "source": "own", "system": SYSTEM, "prompt": q, "chosen": a,
        "rejected": b} for i, (q, a, b) in ROWS), "dpo", WITH_SYSTEM, rows=N),
    wild("helpful instructions", jsonl({"instruction": q, "input": "", "chosen": a, "rejected": b} for q, a,
        b in QUESTIONS), "dpo", FIRST, rows=N),
    wild("llama-factory preference", array({"conversations": [{"from": "human", "value": q}],
        "chosen": {"from": "gpt", "value": a}, "rejected": {"from": "gpt", "value": b}} for q, a, b in QUESTIONS),
        "dpo", FIRST, rows=N),
    wild("swift rejected response", jsonl({"messages": turns(q, a), "rejected_response": b} for q, a, b in QUESTIONS),
        "dpo", FIRST, rows=N),
    wild("torchtune preference", jsonl({"chosen_conversations": turns(q, a), "rejected_conversations": turns(q, b)}
        for q, a, b in QUESTIONS), "dpo", FIRST, rows=N),
    wild("openai preference", jsonl({"input": {"messages": turns(q), "tools": [], "parallel_tool_calls": True},
        "preferred_output": turns(a, first="assistant"), "non_preferred_output": turns(b, first="assistant")} for q, a,
        b in QUESTIONS), "dpo", FIRST, rows=N),
    wild("chosen and rejected messages", jsonl({"id": i, "chosen_messages": turns(q, a),
        "rejected_messages": turns(q, b)} for i, (q, a, b) in ROWS), "dpo", FIRST, rows=N),
    wild("zephyr spelling", jsonl({"question": q, "chosen_response": a, "rejected_response": b} for q, a,
        b in QUESTIONS), "dpo", FIRST, rows=N),
    wild("accepted and declined", table(((q, a, b) for q, a, b in QUESTIONS),
        ["Prompt", "Preferred answer", "Dispreferred answer"]), "dpo", FIRST, rows=N),
    wild("winner and loser", jsonl({"context": q, "winning_response": a, "losing_response": b} for q, a,
        b in QUESTIONS), "dpo", FIRST, rows=N),
    wild("stack exchange paired", parquet({"qid": i, "question": q, "date": "2020/01/01",
        "metadata": ["https://example.org"], "response_j": a, "response_k": b} for i, (q, a, b) in ROWS), "dpo", FIRST,
        rows=N),
    wild("stack exchange votes", parquet({"qid": i, "question": q, "answers": [{"answer_id": 1, "author": "x",
        "pm_score": 1, "selected": False, "text": b}, {"answer_id": 2, "author": "y", "pm_score": 6, "selected": True,
        "text": a}], "date": "2020/01/01"} for i, (q, a, b) in ROWS), "dpo sft", FIRST,
        {"messages": [Turn("user", Q), Turn("assistant", GOOD)]}, rows=N),
    wild("shp", jsonl({"post_id": f"{i:x}", "domain": "own_train", "upvote_ratio": 0.9, "history": s["question"],
        "human_ref_A": s["answers"][0], "human_ref_B": s["answers"][1], "labels": 1 - s["better"],
        "score_A": (30, 4)[s["better"]], "score_B": (4, 30)[s["better"]], "score_ratio": 7.5,
        "seconds_difference": 60.0} for i, s in enumerate(SIDES)), "dpo", FIRST, rows=N),
    wild("webgpt comparisons", jsonl({"question": {"dataset": "own", "id": f"{i:x}", "full_text": s["question"]},
        "answer_0": s["answers"][0], "answer_1": s["answers"][1], "score_0": (1.0, -1.0)[s["better"]],
        "score_1": (-1.0, 1.0)[s["better"]], "tokens_0": {"prefix": [1]},
        "quotes_0": {"title": ["x"], "extract": ["y"]}} for i, s in enumerate(SIDES)), "dpo", FIRST, rows=N),
    wild("feedback on summaries", jsonl({"info": {"id": f"t3_{i}", "post": s["question"], "title": "A question",
        "subreddit": "own"}, "summaries": [{"text": s["answers"][0], "policy": "sup1"},
        {"text": s["answers"][1], "policy": "ref"}], "choice": s["better"], "worker": "w", "batch": "b1"} for i,
        s in enumerate(SIDES)), "dpo", LOOSE, rows=N),
    wild("arena battles", parquet({"question_id": f"{i:x}", "model_a": "x", "model_b": "y",
        "winner": ("model_a", "model_b")[s["better"]], "judge": "arena_user",
        "conversation_a": turns(s["question"], s["answers"][0]), "conversation_b": turns(s["question"],
        s["answers"][1]), "turn": 1, "language": "English", "tstamp": 1.7e9} for i, s in enumerate(SIDES)), "dpo",
        FIRST, rows=N),
    wild("safe answers", jsonl({"prompt": s["question"], "response_0": s["answers"][0], "response_1": s["answers"][1],
        "is_response_0_safe": True, "is_response_1_safe": True, "better_response_id": s["better"],
        "safer_response_id": s["better"]} for s in SIDES), "dpo", FIRST, rows=N),
    wild("helpsteer 3", jsonl({"domain": "general", "language": "english", "context": turns(s["question"]),
        "response1": s["answers"][0], "response2": s["answers"][1], "overall_preference": (-3, 3)[s["better"]],
        "individual_preference": [{"score": (-3, 3)[s["better"]], "reasoning": "Clearer."}]} for s in SIDES), "dpo",
        FIRST, rows=N),
    wild("nectar", jsonl({"prompt": f"\n\nHuman: {q}\n\nAssistant: ",
        "answers": [{"answer": a, "model": "x", "rank": 1.0}, {"answer": b, "model": "y", "rank": 2.0}], "turns": 1,
        "num_responses": 2, "source": ["own"], "good_natured": True} for q, a, b in QUESTIONS), "dpo", FIRST, rows=N),
    wild("ranked responses", jsonl({"prompt": q, "responses": [b, a], "ranks": [2, 1]} for q, a, b in QUESTIONS), "dpo",
        FIRST, rows=N),
    wild("programs judged", jsonl({"prompt": t, "chosen": p, "rejected": "def f():\n    pass"} for t, p, _ in PROGRAMS),
        "dpo", preferred(PROGRAMS[0][0], PROGRAMS[0][1], "def f():\n    pass"), rows=5),
    wild("preferences with a broken row", jsonl([*({"prompt": q, "chosen": a, "rejected": b} for q, a, b in QUESTIONS),
        {"prompt": "Is anybody there?", "chosen": "", "rejected": "No."}]), "dpo", FIRST, rows=N + 1, usable=N),
    # Answers judged one at a time.
    wild("kto mix", parquet({"prompt": turns(q), "completion": turns(a, first="assistant"), "label": y} for q, a,
        y in VOTES), "kto", LIKED, rows=N),
    wild("kto of texts", jsonl({"prompt": q, "completion": a, "label": y} for q, a, y in VOTES), "kto", LIKED, rows=N),
    wild("kto of messages", array({"messages": turns(q, a), "label": y} for q, a, y in VOTES), "kto", LIKED, rows=N),
    wild("llama-factory kto tag", array({"conversations": [{"from": "human", "value": q}, {"from": "gpt", "value": a}],
        "kto_tag": y} for q, a, y in VOTES), "kto", LIKED, rows=N),
    wild("thumbs in a spreadsheet", table(((f"2024-05-0{i + 1}", q, a, "thumbs_up" if y else "thumbs_down") for i,
        (q, a, y) in enumerate(VOTES)), ["date", "user_message", "bot_reply", "feedback"]), "kto", LIKED, rows=N),
    wild("likes as ones and zeros", table(((q, a, str(int(y))) for q, a, y in VOTES),
        ["question", "answer", "is_helpful"]), "kto", LIKED, rows=N),
    wild("plus and minus one", jsonl({"prompt": q, "response": a, "rating": 1 if y else -1} for q, a, y in VOTES),
        "kto", LIKED, rows=N),
    wild("good and bad", jsonl({"instruction": q, "output": a, "label": "good" if y else "bad"} for q, a, y in VOTES),
        "kto", LIKED, rows=N),
    # Prompts without answers.
    wild("prompts", jsonl({"prompt": q} for q, _, _ in QUESTIONS), "grpo ppo", PROMPT, rows=N),
    wild("prompts as turns", parquet({"prompt": turns(q), "source": "own"} for q, _, _ in QUESTIONS), "grpo ppo",
        PROMPT, rows=N),
    wild("instructions without output", jsonl({"instruction": f"{i} {x}".strip(), "category": "task"} for i, x,
        _ in INSTRUCTIONS), "grpo ppo", asked(f"{INSTRUCTIONS[0][0]} {INSTRUCTIONS[0][1]}"), rows=8),
    wild("openai reinforcement", jsonl({"messages": turns(q), "reference_answer": a} for q, _, a in MATHS), "grpo sft",
        asked(MATHS[0][0], "57"), {"messages": [Turn("user", MATHS[0][0]), Turn("assistant", "57")]}, rows=6,
        suggests="grpo"),
    wild("verl", parquet({"data_source": "own/sums", "prompt": turns(q), "ability": "math",
        "reward_model": {"ground_truth": a, "style": "rule"}, "extra_info": {"index": i, "split": "train"}} for i,
        (q, _, a) in enumerate(MATHS)), "grpo", asked(MATHS[0][0], "57"), rows=6),
    wild("tulu verifiable", parquet({"messages": turns(q), "ground_truth": a, "dataset": "sums"} for q, _, a in MATHS),
        "grpo", asked(MATHS[0][0], "57"), rows=6),
    wild("trl prompt and ground truth", jsonl({"prompt": turns(q), "ground_truth": a} for q, _, a in MATHS), "grpo",
        asked(MATHS[0][0], "57"), rows=6),
    wild("swift prompt and solution", jsonl({"messages": turns(q), "solution": f"\\boxed{{{a}}}"} for q, _, a in MATHS),
        "grpo", {"prompt": [Turn("user", MATHS[0][0])], "answer": "57"}, asked(MATHS[0][0], "\\boxed{57}"), rows=6),
    wild("big math", parquet({"problem": q, "answer": a, "source": "own", "domain": ["Arithmetic"],
        "llama8b_solve_rate": 0.5} for q, _, a in MATHS), "grpo sft", asked(MATHS[0][0], "57"),
        {"messages": [Turn("user", MATHS[0][0]), Turn("assistant", "57")]}, rows=6, suggests="grpo"),
]
# fmt: on
