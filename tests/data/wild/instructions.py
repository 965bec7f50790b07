"""Wild datasets of tasks with their answers: instruction sets, summaries, translations, programs, tool calls.

Owns their layouts. Must not know how the workbench reads them.
"""

from __future__ import annotations

import json
from typing import Any

from tests.data.wild.table import Has, Turn, Wild, array, chat, jsonl, parquet, table, wild
from tests.data.wild.texts import (
    ARTICLES,
    INSTRUCTIONS,
    MATHS,
    PROGRAMS,
    QUESTIONS,
    TIDES,
    TOOL,
    TRANSLATIONS,
    tide_question,
)

N = len(INSTRUCTIONS)
FIRST = {
    "messages": [
        Turn("user", INSTRUCTIONS[0][0], INSTRUCTIONS[0][1]),
        {"role": "assistant", "content": INSTRUCTIONS[0][2]},
    ]
}
SECOND = chat(INSTRUCTIONS[1][0], INSTRUCTIONS[1][2])
PLAIN = chat(QUESTIONS[0][0], QUESTIONS[0][1])
SUMMARY = {"messages": [Turn("user", ARTICLES[0][1]), {"role": "assistant", "content": ARTICLES[0][2]}]}
PROGRAM = {"messages": [Turn("user", PROGRAMS[0][0]), Turn("assistant", json.dumps(PROGRAMS[0][1])[1:-1])]}
SUM = {"messages": [Turn("user", MATHS[0][0]), Turn("assistant", MATHS[0][1])]}
SYSTEM = "You are an assistant that answers in full sentences."
TALK = "Anna: Are you home?\r\nBen: At seven.\r\nAnna: Then I will bring soup."
LONGER = "SELECT name FROM ships WHERE length > {}"
CREWED = "SELECT COUNT(*) FROM ships WHERE crew = {}"


def called(index: int, **keys: str) -> dict[str, Any]:
    """Return the call of the tool for a harbour as an OpenAI tool call."""
    arguments = json.dumps({"harbour": TIDES[index][0]})
    return {"id": f"call_{index}", "type": "function", "function": {"name": "get_tide", "arguments": arguments}} | keys


def tool_chat(index: int) -> list[dict[str, Any]]:
    harbour, result, answer = TIDES[index]
    return [
        {"role": "user", "content": tide_question(harbour)},
        {"role": "assistant", "content": None, "tool_calls": [called(index)]},
        {"role": "tool", "tool_call_id": f"call_{index}", "content": json.dumps({"high_tide": result})},
        {"role": "assistant", "content": answer},
    ]


def anthropic_chat(index: int) -> list[dict[str, Any]]:
    harbour, result, answer = TIDES[index]
    use = {"type": "tool_use", "id": f"toolu_{index}", "name": "get_tide", "input": {"harbour": harbour}}
    return [
        {"role": "user", "content": tide_question(harbour)},
        {"role": "assistant", "content": [{"type": "text", "text": "I will look it up."}, use]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": f"toolu_{index}", "content": result}]},
        {"role": "assistant", "content": [{"type": "text", "text": answer}]},
    ]


def tool_turns(index: int, *names: str) -> list[dict[str, str]]:
    """Return the same in ShareGPT spelling: names of the person, the call, its result and the model."""
    harbour, result, answer = TIDES[index]
    call = json.dumps({"name": "get_tide", "arguments": {"harbour": harbour}})
    texts = (tide_question(harbour), call, json.dumps({"high_tide": result}), answer)
    return [{"from": name, "value": text} for name, text in zip(names, texts, strict=True)]


def glaive(index: int) -> str:
    """Return the same as one text with the marks of its turns."""
    harbour, result, answer = TIDES[index]
    call = f'<functioncall> {{"name": "get_tide", "arguments": \'{{"harbour": "{harbour}"}}\'}} <|endoftext|>'
    turns = [
        f"USER: {tide_question(harbour)}",
        f"ASSISTANT: {call}",
        f'FUNCTION RESPONSE: {{"high_tide": "{result}"}}',
        f"ASSISTANT: {answer} <|endoftext|>\n",
    ]
    return "\n\n\n".join(turns)


def hermes(index: int) -> list[dict[str, str]]:
    harbour = TIDES[index][0]
    call = json.dumps({"name": "get_tide", "arguments": {"harbour": harbour}})
    return [
        {"from": "system", "value": f"You can call functions. <tools>{json.dumps(TOOL)}</tools>"},
        {"from": "human", "value": tide_question(harbour)},
        {"from": "gpt", "value": f"<tool_call>\n{call}\n</tool_call>"},
    ]


TOOLS = [{"type": "function", "function": TOOL}]
CALLED = [
    Turn("user", "Merrow"),
    Turn("assistant", "get_tide", "Merrow"),
    Turn("tool", "14:05"),
    Turn("assistant", TIDES[0][2]),
]
TOOL_ROW = {"messages": CALLED, "tools": Has("get_tide")}
TOOL_ROWS = (
    TOOL_ROW,
    {"messages": [Turn("system", "get_tide"), *CALLED]},
    {"messages": [Turn("system"), *CALLED], "tools": Has("get_tide")},
)
CALL_ONLY = [Turn("user", "Merrow"), Turn("assistant", "get_tide", "Merrow")]
CALL_ROWS = (
    {"messages": CALL_ONLY, "tools": Has("get_tide")},
    {"messages": [Turn("system", "get_tide"), *CALL_ONLY]},
    {"messages": [Turn("system"), *CALL_ONLY], "tools": Has("get_tide")},
)
COUNT = len(TIDES)

# fmt: off
INSTRUCTION_SETS: list[Wild] = [
    # Instruction sets.
    wild("dolly", jsonl({"instruction": i, "context": x, "response": o, "category": "open_qa"} for i, x,
        o in INSTRUCTIONS), "sft", FIRST, rows=N),
    wild("alpaca with its text column", array({"instruction": i, "input": x, "output": o,
        "text": f"Below is an instruction.\n\n### Instruction:\n{i}\n\n### Input:\n{x}\n\n### Response:\n{o}"} for i, x,
        o in INSTRUCTIONS), "sft", FIRST, rows=N),
    wild("alpaca, input first null", jsonl({"instruction": i, "input": x or None, "output": o} for i, x,
        o in INSTRUCTIONS[1:]), "sft", SECOND, rows=N - 1),
    wild("gpt4all", jsonl({"prompt": q, "response": a, "source": "own/questions"} for q, a, _ in QUESTIONS), "sft",
        PLAIN, rows=8),
    wild("openorca", parquet({"id": f"flan.{i}", "system_prompt": SYSTEM if i != 1 else "", "question": q,
        "response": a} for i, (q, a, _) in enumerate(QUESTIONS)), "sft",
        chat(QUESTIONS[0][0], QUESTIONS[0][1], system=SYSTEM), rows=8),
    wild("orca mini", jsonl({"system": SYSTEM, "instruction": q, "output": a} for q, a, _ in QUESTIONS), "sft",
        chat(QUESTIONS[0][0], QUESTIONS[0][1], system=SYSTEM), rows=8),
    wild("flan", parquet({"inputs": q, "targets": a, "task_source": "Own", "task_name": "harbour_qa",
        "template_type": "zs_noopt"} for q, a, _ in QUESTIONS), "sft", PLAIN, rows=8),
    wild("p3 with token ids", parquet({"inputs": [3, 9, i], "inputs_pretokenized": q, "targets": [5, i, 1],
        "targets_pretokenized": a} for i, (q, a, _) in enumerate(QUESTIONS)), "sft", PLAIN, rows=8),
    wild("natural instructions", jsonl({"id": f"task{i}", "task_name": f"task_{i}", "definition": i_,
        "inputs": x or "Nothing.", "targets": o} for i, (i_, x, o) in enumerate(INSTRUCTIONS)), "sft",
        {"messages": [Turn("user", *INSTRUCTIONS[0][:2]), Turn("assistant", INSTRUCTIONS[0][2])]},
        {"messages": [Turn("system", INSTRUCTIONS[0][0]), Turn("user", INSTRUCTIONS[0][1]),
        Turn("assistant", INSTRUCTIONS[0][2])]}, rows=N),
    wild("self-instruct seeds", jsonl({"id": f"seed_{i}", "name": "task", "instruction": t,
        "instances": [{"input": x, "output": o}], "is_classification": False} for i,
        (t, x, o) in enumerate(INSTRUCTIONS)), "sft", FIRST, rows=N),
    wild("belle", jsonl({"instruction": q, "input": "", "output": a} for q, a, _ in QUESTIONS), "sft", PLAIN, rows=8),
    wild("firefly", jsonl({"kind": "Summary", "input": x, "target": s} for _, x, s in ARTICLES), "sft", SUMMARY,
        rows=6),
    wild("aya", parquet({"inputs": q, "targets": a, "language": "English", "language_code": "eng",
        "annotation_type": "original-annotations", "user_id": f"{i:x}"} for i, (q, a, _) in enumerate(QUESTIONS)),
        "sft", PLAIN, rows=8),
    wild("evol code", array({"instruction": t, "output": p} for t, p, _ in PROGRAMS), "sft", PROGRAM, rows=5),
    wild("bitext support", table(([f"B{i}", q, "ORDER", "ask_thing", a] for i, (q, a, _) in enumerate(QUESTIONS)),
        ["flags", "instruction", "category", "intent", "response"]), "sft", PLAIN, rows=8),
    wild("metharme", jsonl({"prompt": f"<|system|>{SYSTEM}<|user|>{q}<|model|>", "generation": a} for q, a,
        _ in QUESTIONS), "sft", {"messages": [Turn("user", QUESTIONS[0][0]), Turn("assistant", QUESTIONS[0][1])]},
        {"messages": [Turn("system", SYSTEM), Turn("user", QUESTIONS[0][0]), Turn("assistant", QUESTIONS[0][1])]},
        rows=8),
    wild("axolotl oasst", jsonl({"INSTRUCTION": q, "RESPONSE": a} for q, a, _ in QUESTIONS), "sft", PLAIN, rows=8),
    wild("swift query", jsonl({"query": q, "response": a} for q, a, _ in QUESTIONS), "sft", PLAIN, rows=8),
    wild("helpsteer 2", jsonl({"prompt": q, "response": a, "helpfulness": 3 + i % 2, "correctness": 4, "coherence": 4,
        "complexity": 1, "verbosity": i % 3} for i, (q, a, _) in enumerate(QUESTIONS)), "sft", PLAIN, rows=8),
    wild("cosmopedia", parquet({"prompt": f"Write a page about: {t}.", "text_token_length": 120, "text": x,
        "seed_data": "web", "format": "textbook", "audience": "general"} for t, x, _ in ARTICLES), "sft cpt",
        {"text": ARTICLES[0][1]}, chat(f"Write a page about: {ARTICLES[0][0]}.", ARTICLES[0][1]), rows=6),
    wild("columns with capitals and spaces", table(((str(i), q, a, "yes") for i, (q, a, _) in enumerate(QUESTIONS)),
        ["No.", "User Message", "Assistant Reply", "Reviewed"]), "sft", PLAIN, rows=8),
    wild("medical reasoning", array({"Question": q, "Complex_CoT": f"Let me think. The point is this: {a}",
        "Response": a} for q, a, _ in QUESTIONS), "sft", {"messages": [Turn("user", QUESTIONS[0][0]),
        Turn("assistant", QUESTIONS[0][1])]}, rows=8),
    wild("s1k", parquet({"solution": a, "question": q, "cot_type": "math", "source_type": "own", "metadata": "{}",
        "cot": None, "thinking_trajectories": [f"First I add. {s}"], "attempt": s} for q, s, a in MATHS), "sft grpo",
        rows=6),
    # Summaries, translations, rewriting.
    wild("cnn dailymail", parquet({"article": x, "highlights": s, "id": f"{i:040x}"} for i,
        (_, x, s) in enumerate(ARTICLES)), "sft", SUMMARY, rows=6),
    wild("xsum", jsonl({"document": x, "summary": s, "id": str(i)} for i, (_, x, s) in enumerate(ARTICLES)), "sft",
        SUMMARY, rows=6),
    wild("billsum", jsonl({"text": x, "summary": s, "title": t} for t, x, s in ARTICLES), "sft", SUMMARY,
        {"messages": [Turn("user", ARTICLES[0][1], ARTICLES[0][0]), Turn("assistant", ARTICLES[0][2])]}, rows=6),
    wild("samsum", array({"id": f"1381{i}", "dialogue": f"{TALK}\r\nBen: Number {i}.",
        "summary": f"Anna brings soup at seven, says note {i}."} for i in range(6)), "sft",
        {"messages": [Turn("user", "Then I will bring soup."), Turn("assistant", "Anna brings soup at seven")]},
        rows=6),
    wild("arxiv summaries", jsonl({"article": x, "abstract": s, "section_names": "intro"} for _, x, s in ARTICLES),
        "sft cpt", SUMMARY, {"text": Has(ARTICLES[0][1])}, rows=6),
    wild("wmt", parquet({"translation": {"de": de, "en": en}} for en, de in TRANSLATIONS), "sft",
        {"messages": [Turn("user", TRANSLATIONS[0][1]), Turn("assistant", TRANSLATIONS[0][0])]},
        {"messages": [Turn("user", TRANSLATIONS[0][0]), Turn("assistant", TRANSLATIONS[0][1])]}, rows=6),
    wild("flores", parquet({"id": i, "URL": "https://example.org", "domain": "wikinews", "sentence_eng_Latn": en,
        "sentence_deu_Latn": de} for i, (en, de) in enumerate(TRANSLATIONS)), "sft",
        {"messages": [Turn("user", TRANSLATIONS[0][0]), Turn("assistant", TRANSLATIONS[0][1])]},
        {"messages": [Turn("user", TRANSLATIONS[0][1]), Turn("assistant", TRANSLATIONS[0][0])]}, rows=6),
    wild("translation columns", table(([str(i), en, de] for i, (en, de) in enumerate(TRANSLATIONS)),
        ["id", "english", "german"]), "sft", {"messages": [Turn("user", TRANSLATIONS[0][0]),
        Turn("assistant", TRANSLATIONS[0][1])]}, {"messages": [Turn("user", TRANSLATIONS[0][1]),
        Turn("assistant", TRANSLATIONS[0][0])]}, rows=6),
    wild("translation source and target", jsonl({"source": en, "target": de} for en, de in TRANSLATIONS), "sft",
        {"messages": [Turn("user", TRANSLATIONS[0][0]), Turn("assistant", TRANSLATIONS[0][1])]}, rows=6),
    wild("headlines", jsonl({"headline": t, "content": x} for t, x, _ in ARTICLES), "sft cpt", rows=6),
    wild("banking intents", table(((q, "travel" if i % 2 else "plants") for i, (q, _, _) in enumerate(QUESTIONS)),
        ["text", "label_text"]), "sft cpt", rows=8),
    wild("entailment", jsonl({"premise": x.split(". ")[0] + ".", "hypothesis": s,
        "label": ("entailment", "neutral", "contradiction")[i % 3]} for i, (_, x, s) in enumerate(ARTICLES)), "sft",
        {"messages": [Turn("user", ARTICLES[0][2]), Turn("assistant", "entailment")]}, rows=6),
    # Programs.
    wild("mbpp", jsonl({"task_id": 600 + i, "text": t, "code": p, "test_list": [x], "test_setup_code": "",
        "challenge_test_list": []} for i, (t, p, x) in enumerate(PROGRAMS)), "sft", PROGRAM, rows=5),
    wild("humaneval", jsonl({"task_id": f"Own/{i}", "prompt": f"{p.splitlines()[0]}\n    \"\"\"{t}\"\"\"\n",
        "canonical_solution": p.split(":\n", 1)[1], "test": f"def check(candidate):\n    {x}",
        "entry_point": p[4:].split("(")[0]} for i, (t, p, x) in enumerate(PROGRAMS)), "sft",
        {"messages": [Turn("user", PROGRAMS[0][0]), Turn("assistant", "'aeiou'")]}, rows=5),
    wild("apps", jsonl({"problem_id": i, "question": t, "solutions": json.dumps([p, p + "\n"]),
        "input_output": json.dumps({"inputs": ["1"], "outputs": ["2"]}), "difficulty": "introductory",
        "url": "https://example.org", "starter_code": ""} for i, (t, p, x) in enumerate(PROGRAMS)), "sft",
        {"messages": [Turn("user", PROGRAMS[0][0]), Turn("assistant", "count_vowels")]}, rows=5),
    wild("magicoder", jsonl({"lang": "python", "raw_index": i, "index": i, "seed": "def f():",
        "openai_fingerprint": "fp", "problem": t, "solution": p} for i, (t, p, _) in enumerate(PROGRAMS)), "sft",
        PROGRAM, rows=5),
    wild("code alpaca", array({"instruction": t, "input": "", "output": p} for t, p, _ in PROGRAMS), "sft", PROGRAM,
        rows=5),
    wild("spider", array({"db_id": "harbour", "query": LONGER.format(f"{i}0"), "query_toks": ["SELECT", "name"],
        "question": f"Which ships are longer than {i}0 metres?", "question_toks": ["Which", "ships"],
        "sql": {"from": {"table_units": [["table_unit", 1]]}, "limit": None}} for i in range(1, 7)), "sft",
        {"messages": [Turn("user", "Which ships are longer than 10 metres?"), Turn("assistant", LONGER.format("10"))]},
        rows=6),
    wild("sql create context", array({"answer": CREWED.format(i), "question": f"How many ships have a crew of {i}?",
        "context": "CREATE TABLE ships (name VARCHAR, crew INTEGER)"} for i in range(2, 8)), "sft",
        {"messages": [Turn("user", "How many ships have a crew of 2?", "CREATE TABLE"),
        Turn("assistant", CREWED.format(2))]}, rows=6),
    # Sums: worked solutions, with answers that can be checked.
    wild("gsm8k", jsonl({"question": q, "answer": f"{s}\n#### {a}"} for q, s, a in MATHS), "sft", SUM, rows=6,
        suggests="grpo"),
    wild("competition math", jsonl({"problem": q, "level": "Level 2", "type": "Algebra",
        "solution": f"{s} The answer is $\\boxed{{{a}}}$."} for q, s, a in MATHS), "sft", SUM, rows=6, suggests="grpo"),
    wild("numina", parquet({"source": "own", "problem": q, "solution": s,
        "messages": [{"role": "user", "content": q}, {"role": "assistant", "content": s}]} for q, s, _ in MATHS), "sft",
        chat(*MATHS[0][:2]), rows=6),
    wild("open r1", parquet({"problem": q, "solution": s, "answer": a, "problem_type": "Algebra",
        "question_type": "math-word-problem", "source": "own", "uuid": f"{i:x}", "is_reasoning_complete": [True],
        "generations": [f"<think>\nHm.\n</think>\n\n{s}"], "correctness_math_verify": [True],
        "finish_reasons": ["stop"], "correctness_count": 1, "messages": [{"role": "user", "content": q},
        {"role": "assistant", "content": f"<think>\nHm.\n</think>\n\n{s}"}]} for i, (q, s, a) in enumerate(MATHS)),
        "sft", SUM, rows=6),
    wild("deepscaler", array({"problem": q, "answer": a, "solution": s} for q, s, a in MATHS), "sft grpo", SUM,
        {"prompt": [Turn("user", MATHS[0][0])], "answer": MATHS[0][2]}, rows=6, suggests="grpo"),
    wild("metamath", array({"type": "GSM_Rephrased", "query": q, "original_question": q.replace("How", "So how"),
        "response": f"{s}\nThe answer is: {a}"} for q, s, a in MATHS), "sft", SUM, rows=6),
    # Tools.
    wild("openai tools", jsonl({"messages": tool_chat(i), "tools": TOOLS, "parallel_tool_calls": False}
        for i in range(COUNT)), "sft", TOOL_ROW, rows=COUNT),
    wild("openai functions", jsonl({"messages": [{"role": "user", "content": tide_question(h)},
        {"role": "assistant", "content": None, "function_call": {"name": "get_tide",
        "arguments": json.dumps({"harbour": h})}}, {"role": "function", "name": "get_tide", "content": r},
        {"role": "assistant", "content": a}], "functions": [TOOL]} for h, r, a in TIDES), "sft", TOOL_ROW, rows=COUNT),
    wild("anthropic tools", jsonl({"tools": [{"name": "get_tide", "description": "High tide.",
        "input_schema": TOOL["parameters"]}], "messages": anthropic_chat(i)} for i in range(COUNT)), "sft", TOOL_ROW,
        rows=COUNT),
    wild("tool calls in parquet", parquet({"messages": tool_chat(i), "tools": json.dumps(TOOLS)} for i in range(COUNT)),
        "sft", TOOL_ROW, rows=COUNT),
    wild("llama-factory tools", array({"conversations": tool_turns(i, "human", "function_call", "observation", "gpt"),
        "tools": json.dumps([TOOL])} for i in range(COUNT)), "sft", TOOL_ROW, rows=COUNT),
    wild("swift agent", jsonl({"tools": json.dumps(TOOLS), "messages": [{"role": "user", "content": tide_question(h)},
        {"role": "tool_call", "content": json.dumps({"name": "get_tide", "arguments": {"harbour": h}})},
        {"role": "tool_response", "content": json.dumps({"high_tide": r})}, {"role": "assistant", "content": a}]} for h,
        r, a in TIDES), "sft", TOOL_ROW, rows=COUNT),
    wild("hermes function calling", array({"id": f"{i:x}", "conversations": hermes(i), "tools": json.dumps(TOOLS),
        "category": "Tides", "subcategory": "Harbour", "task": "Look up"} for i in range(COUNT)), "sft", *CALL_ROWS,
        rows=COUNT),
    wild("glaive v2", array({"system": f"SYSTEM: You may use these functions where they help -\n{json.dumps(TOOL)}\n",
        "chat": glaive(i)} for i in range(COUNT)), "sft", *TOOL_ROWS, rows=COUNT),
    wild("xlam", array({"id": i, "query": tide_question(h), "answers": json.dumps([{"name": "get_tide",
        "arguments": {"harbour": h}}]), "tools": json.dumps([{"name": "get_tide", "description": "High tide.",
        "parameters": {"harbour": {"description": "Name", "type": "str", "default": ""}}}])} for i,
        (h, _, _) in enumerate(TIDES)), "sft", *CALL_ROWS, rows=COUNT),
    wild("toolace", array({"system": f"You compose calls of functions. These are given as JSON:\n[{json.dumps(TOOL)}]\n"
        "Write a call as [name(argument=value)].", "conversations": [{"from": "user", "value": tide_question(h)},
        {"from": "assistant", "value": f'[get_tide(harbour="{h}")]'}]} for h, _, _ in TIDES), "sft", *CALL_ROWS,
        rows=COUNT),
    # From offices.
    wild("help desk tickets", table(([str(9000 + i), "2024-05-02 10:11", "Open question", q, a, "solved", "normal",
        "anna@example.org"] for i, (q, a, _) in enumerate(QUESTIONS)),
        ["Ticket ID", "Created at", "Subject", "Description", "Agent reply", "Status", "Priority", "Requester"]), "sft",
        {"messages": [Turn("user", QUESTIONS[0][0]), Turn("assistant", QUESTIONS[0][1])]}, rows=8),
    wild("mails with replies", array({"id": i, "from": "guest@example.org", "to": "desk@example.org",
        "date": "2024-05-02", "subject": "A question", "body": f"Good morning,\n{q}\nKind regards",
        "reply": f"Dear guest,\n{a}\nYour desk"} for i, (q, a, _) in enumerate(QUESTIONS)), "sft",
        {"messages": [Turn("user", QUESTIONS[0][0]), Turn("assistant", QUESTIONS[0][1])]}, rows=8),
    wild("argilla records", jsonl({"id": f"{i:x}", "status": "completed", "_server_id": f"s{i}", "prompt": q,
        "response.suggestion": "A draft.", "response.suggestion.agent": "own-7b", "response.responses": [a],
        "response.responses.users": ["u1"], "response.responses.status": ["submitted"]} for i,
        (q, a, _) in enumerate(QUESTIONS)), "sft", PLAIN, rows=8),
    wild("label studio", array({"id": i, "data": {"prompt": q}, "annotations": [{"id": 1, "completed_by": 1,
        "was_cancelled": False, "lead_time": 12.5, "result": [{"id": "x", "type": "textarea", "from_name": "answer",
        "to_name": "prompt", "value": {"text": [a]}}]}], "predictions": [], "total_annotations": 1} for i,
        (q, a, _) in enumerate(QUESTIONS)), "sft", PLAIN, rows=8),
    wild("label studio, minimal", array({"id": i, "prompt": q, "answer": a, "annotator": 1, "annotation_id": i,
        "created_at": "2024-05-02T10:00:00Z", "updated_at": "2024-05-02T10:00:00Z", "lead_time": 3.2} for i,
        (q, a, _) in enumerate(QUESTIONS)), "sft", PLAIN, rows=8),
    wild("distilabel generations", parquet({"instruction": q, "generation": a, "model_name": "own-7b",
        "distilabel_metadata": {"raw_output_text_generation_0": a}} for q, a, _ in QUESTIONS), "sft", PLAIN, rows=8),
]
# fmt: on
