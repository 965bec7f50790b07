"""Popular datasets for a skill: code and tools.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import json
from typing import Any

from tests.data.wild.fifth_pool import PROGRAMS
from tests.data.wild.table import Has, Turn, Wild, array, chat, jsonl, parquet, wild

QUERIES = [
    (
        "List all customers from Lyon.",
        "CREATE TABLE customers (id INT, name TEXT, city TEXT);",
        "SELECT * FROM customers WHERE city = 'Lyon';",
    ),
    (
        "What is the total fuel used per ship in 2021?",
        "CREATE TABLE voyages (ship TEXT, year INT, fuel REAL); INSERT INTO voyages VALUES ('Ida', 2021, "
        "12.5), ('Ida', 2020, 3.0);",
        "SELECT ship, SUM(fuel) FROM voyages WHERE year = 2021 GROUP BY ship;",
    ),
    (
        "Delete all orders older than 2010.",
        "CREATE TABLE orders (id INT, placed DATE);",
        "DELETE FROM orders WHERE placed < '2010-01-01';",
    ),
    (
        "How many species live in more than three parks?",
        "CREATE TABLE sightings (species TEXT, park TEXT);",
        "SELECT COUNT(*) FROM (SELECT species FROM sightings GROUP BY species HAVING COUNT(DISTINCT park) > 3) t;",
    ),
    (
        "Who is the youngest player?",
        "CREATE TABLE players (name TEXT, born INT);",
        "SELECT name FROM players ORDER BY born DESC LIMIT 1;",
    ),
    (
        "Raise all wages in the kitchen by five percent.",
        "CREATE TABLE staff (name TEXT, dept TEXT, wage REAL);",
        "UPDATE staff SET wage = wage * 1.05 WHERE dept = 'kitchen';",
    ),
]

CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("Where can I find live giveaways for beta access?", "live_giveaways_by_type", {"type": "beta"}),
    ("What's the weather in Tromsø tomorrow?", "get_forecast", {"city": "Tromsø", "day": "tomorrow"}),
    ("Convert 250 euros to yen.", "convert_currency", {"amount": 250, "from": "EUR", "to": "JPY"}),
    ("Remind me to water the ferns at 18:00.", "set_reminder", {"text": "water the ferns", "time": "18:00"}),
    ("Who directed The Third Man?", "movie_lookup", {"title": "The Third Man"}),
    ("Find a dentist near Graz.", "find_place", {"kind": "dentist", "near": "Graz"}),
]

PROGRAM_SETS: tuple[Wild, ...] = (
    wild(
        "python instructions with a prompt column",
        parquet(
            {
                "instruction": q,
                "input": "",
                "output": a,
                "prompt": "Below is an instruction that describes a task. Write a response that appropriately "
                f"completes the request.\n\n### Instruction:\n{q}\n\n### Input:\n\n\n### Output:\n{a}",
            }
            for q, a, _ in PROGRAMS
        ),
        "sft",
        chat(PROGRAMS[0][0], PROGRAMS[0][1]),
        rows=12,
    ),
    wild(
        "filtered code feedback",
        jsonl(
            (
                {
                    "query": q,
                    "answer": f"Here is one way:\n\n```{line}\n{a}\n```",
                    "resource": "evol-instruct",
                    "lang": line,
                }
                for q, a, line in PROGRAMS
            ),
            "CodeFeedback-Filtered-Instruction.jsonl",
        ),
        "sft",
        chat(PROGRAMS[0][0], Has(PROGRAMS[0][1])),
        rows=12,
    ),
    wild(
        "tiny codes with topics and scenarios",
        parquet(
            {
                "prompt": f"{q} Explain the code to a beginner.",
                "main_topic": "Literature and Language",
                "subtopic": "Poetry",
                "adjective": "Poor",
                "action_verb": "create",
                "scenario": "usage patterns",
                "target_audience": "Beginners",
                "programming_language": line,
                "common_sense_topic": "Waste recycling",
                "idx": i * 11,
                "response": f"```{line}\n{a}\n```\nThis code is short on purpose.",
            }
            for i, (q, a, line) in enumerate(PROGRAMS)
        ),
        "sft",
        chat(Has(PROGRAMS[0][0]), Has(PROGRAMS[0][1])),
        rows=12,
    ),
    wild(
        "synthetic text to sql with domain and explanation",
        parquet(
            {
                "id": 5000 + i,
                "domain": "forestry",
                "domain_description": "Comprehensive data on sustainable forest management, timber production "
                "and wildlife habitat.",
                "sql_complexity": "single join",
                "sql_complexity_description": "only one join (specify inner, outer, cross)",
                "sql_task_type": "analytics and reporting",
                "sql_task_type_description": "generating reports, dashboards, and analytical insights",
                "sql_prompt": q,
                "sql_context": c,
                "sql": s,
                "sql_explanation": "Reads the rows and filters them.",
            }
            for i, (q, c, s) in enumerate(QUERIES)
        ),
        "sft",
        {"messages": [Turn("user", QUERIES[0][0], "CREATE TABLE customers"), Turn("assistant", QUERIES[0][2])]},
        rows=6,
    ),
    wild(
        "create a query from context in json",
        array(({"question": q, "context": c, "answer": s} for q, c, s in QUERIES), "sql_create_context_v4.json"),
        "sft",
        chat(Has(QUERIES[0][0], QUERIES[0][1]), QUERIES[0][2]),
        rows=6,
    ),
    wild(
        "calls of sixty thousand functions as strings",
        array(
            (
                {
                    "id": i,
                    "query": q,
                    "answers": json.dumps([{"name": n, "arguments": a}]),
                    "tools": json.dumps(
                        [
                            {
                                "name": n,
                                "description": f"Does what {n} says.",
                                "parameters": {k: {"description": k, "type": "str", "default": ""} for k in a},
                            }
                        ]
                    ),
                }
                for i, (q, n, a) in enumerate(CALLS)
            ),
            "xlam_function_calling_60k.json",
        ),
        "sft",
        Has(CALLS[0][0], "live_giveaways_by_type", "beta"),
        rows=6,
    ),
    wild(
        "glaive calls with system and chat, end of text marks",
        jsonl(
            (
                {
                    "system": "SYSTEM: You are a helpful assistant with access to the following functions. Use them if "
                    "required -\n"
                    + json.dumps(
                        {
                            "name": n,
                            "description": "Does it",
                            "parameters": {"type": "object", "properties": {k: {"type": "string"} for k in a}},
                        },
                        indent=4,
                    ),
                    "chat": f'USER: {q}\n\n\nASSISTANT: <functioncall> {{"name": "{n}", "arguments": '
                    f"'{json.dumps(a)}'}} <|endoftext|>\n\n\nFUNCTION RESPONSE: {{\"status\": "
                    f'"success"}}\n\n\nASSISTANT: Done, here is what I found for you. <|endoftext|>\n\n\n',
                }
                for q, n, a in CALLS
            ),
            "glaive-function-calling-v2.jsonl",
        ),
        "sft",
        Has(CALLS[0][0], "live_giveaways_by_type", "Done, here is what I found"),
        rows=6,
    ),
)
"""Popular datasets for a skill: code and tools."""
