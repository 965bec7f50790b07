"""Popular datasets of sums, of programs and of reasoning in several languages.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

from typing import Any

from tests.data.wild.table import Turn, Wild, asked, chat, jsonl, parquet, wild

HEAD = "Below is an instruction that describes a task. Write a response that appropriately completes the request."


def _open_math_instruct() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "problem": f"A box holds {n} pens. How many pens are in {k} boxes?",
            "generated_solution": f"Each box holds {n} pens, so {k} boxes hold {n} * {k} = {n * k} pens.\n\n"
            f"\\boxed{{{n * k}}}",
            "expected_answer": str(n * k),
            "problem_source": "augmented_gsm8k",
        }
        for n, k in [(12, 7), (9, 15), (20, 4), (6, 33), (14, 8), (25, 5), (11, 11)]
    ]
    return wild(
        "open math instruct two",
        parquet(rows),
        "sft",
        chat(rows[0]["problem"], rows[0]["generated_solution"]),
        rows=7,
        suggests="grpo",
    )


def _math_of_five_hundred() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "problem": f"Find the remainder when ${a}$ is divided by ${b}$.",
            "solution": f"Since ${a} = {b} \\cdot {a // b} + {a % b}$, the remainder is $\\boxed{{{a % b}}}$.",
            "answer": str(a % b),
            "subject": "Number Theory",
            "level": 2,
            "unique_id": f"test/number_theory/{a}.json",
        }
        for a, b in [(1029, 17), (777, 23), (4096, 31), (512, 19), (2718, 28), (3141, 59)]
    ]
    return wild(
        "five hundred of math",
        jsonl(rows, "test.jsonl"),
        "sft grpo",
        chat(rows[0]["problem"], rows[0]["solution"]),
        asked(rows[0]["problem"], "9"),
        rows=6,
        suggests="grpo",
    )


def _orca_word_problems() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "question": f"{n} has {a} marbles and gives {b} to a friend. How many are left?",
            "answer": f"{n} starts with {a} marbles. After giving away {b}, {n} has {a} - {b} = {a - b} marbles left.",
        }
        for n, a, b in [
            ("Jun", 40, 13),
            ("Ada", 28, 9),
            ("Mira", 55, 21),
            ("Tom", 33, 18),
            ("Sol", 90, 47),
            ("Ines", 61, 25),
            ("Kofi", 72, 36),
            ("Lea", 19, 4),
        ]
    ]
    return wild("orca of word problems", parquet(rows), "sft", chat(rows[0]["question"], rows[0]["answer"]), rows=8)


def _web_instruct_verified() -> Wild:
    rows: list[dict[str, Any]] = [
        {"id": 1000 + i, "question": q, "answer": a, "answer_type": t, "category": c, "difficulty": d}
        for i, (q, a, t, c, d) in enumerate(
            [
                (
                    "A resistor of 4 ohms carries 3 A. What power does it dissipate?",
                    "36 W",
                    "Float",
                    "Physics",
                    "Senior High School",
                ),
                (
                    "What is the present value of $1100 due in one year at 10%?",
                    "$1000",
                    "Integer",
                    "Finance",
                    "University",
                ),
                (
                    "Does demand for a Giffen good rise when its price rises?",
                    "Yes",
                    "Boolean",
                    "Economics",
                    "University",
                ),
                (
                    "Give the molar mass of water in g/mol to the nearest whole number.",
                    "18",
                    "Integer",
                    "Chemistry",
                    "Junior High School",
                ),
                ("Simplify (x^2-1)/(x-1).", "x+1", "Expression", "Mathematics", "Senior High School"),
                (
                    "Which organelle makes most of a cell's ATP?",
                    "Mitochondrion",
                    "String",
                    "Biology",
                    "Junior High School",
                ),
            ]
        )
    ]
    return wild(
        "web instruct verified",
        parquet(rows),
        "sft grpo",
        chat(rows[0]["question"], "36 W"),
        asked(rows[0]["question"], "36 W"),
        rows=6,
        suggests="grpo",
    )


def _python_instructions_eighteen() -> Wild:
    functions = [
        ("sum", "return sum(xs)"),
        ("maximum", "return max(xs)"),
        ("length", "return len(xs)"),
        ("reverse", "return xs[::-1]"),
        ("sorted copy", "return sorted(xs)"),
        ("set", "return set(xs)"),
    ]
    rows: list[dict[str, Any]] = [
        {
            "instruction": f"Write a Python function that returns the {n} of a list.",
            "input": "[3, 1, 2]" if i % 2 else "",
            "output": f"def f(xs):\n    {b}",
            "prompt": "",
        }
        for i, (n, b) in enumerate(functions)
    ]
    for r in rows:
        r["prompt"] = (
            HEAD + f"\n\n### Instruction:\n{r['instruction']}\n\n### Input:\n{r['input']}\n\n### Output:\n{r['output']}"
        )
    return wild(
        "python instructions of eighteen thousand",
        parquet(rows),
        "sft",
        chat(rows[0]["instruction"], rows[0]["output"]),
        rows=6,
    )


def _magicoder_evolved() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "instruction": f"Create a {language} program that prints the first {n} square numbers, one per "
            "line, and explain its complexity.",
            "response": f"Here is a {language} solution:\n\n```{language.lower()}\n// prints {n} squares\n```\n\n"
            f"It runs in O({n}) steps.",
        }
        for language, n in [("Rust", 10), ("Go", 20), ("Kotlin", 5), ("Ruby", 12), ("Swift", 8), ("Lua", 30)]
    ]
    return wild(
        "magicoder evolved",
        jsonl(rows, "data-evol_instruct-decontaminated.jsonl"),
        "sft",
        chat(rows[0]["instruction"], rows[0]["response"]),
        rows=6,
    )


def _tiny_codes() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "prompt": f"Create a {lang} code snippet that {verb} {topic} for {aud}.",
            "main_topic": topic.title(),
            "subtopic": "Scheduling",
            "adjective": "Useful",
            "action_verb": verb,
            "scenario": "",
            "target_audience": aud.title(),
            "programming_language": lang,
            "common_sense_topic": "Logistics",
            "idx": i,
            "response": f"```{lang.lower()}\n# {verb} {topic}\n```\nThis snippet {verb} {topic}.",
        }
        for i, (lang, verb, topic, aud) in enumerate(
            [
                ("Bash", "lists", "parking spaces", "beginners"),
                ("Julia", "plots", "rainfall", "experts"),
                ("PHP", "stores", "bookings", "professionals"),
                ("Python", "counts", "bus stops", "beginners"),
                ("C#", "sorts", "invoices", "experts"),
                ("Perl", "renames", "photos", "beginners"),
            ]
        )
    ]
    return wild("tiny codes", parquet(rows), "sft", chat(rows[0]["prompt"], rows[0]["response"]), rows=6)


def _synthetic_text_sql() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "id": 5097 + i,
            "domain": d,
            "domain_description": f"Data on {d}.",
            "sql_complexity": "basic SQL",
            "sql_complexity_description": "basic SQL with a simple select statement",
            "sql_task_type": "analytics and reporting",
            "sql_task_type_description": "generating reports",
            "sql_prompt": f"What is the total {c} in {t}?",
            # No database reads these.
            "sql_context": f"CREATE TABLE {t} (id INT, {c} INT); INSERT INTO {t} VALUES (1, 5);",  # noqa: S608
            "sql": f"SELECT SUM({c}) FROM {t};",  # noqa: S608
            "sql_explanation": f"It sums the column {c}.",
        }
        for i, (d, t, c) in enumerate(
            [
                ("forestry", "timber_sales", "volume"),
                ("fishery", "catches", "kilos"),
                ("museums", "visits", "guests"),
                ("rail", "journeys", "minutes"),
                ("bakeries", "loaves", "amount"),
                ("energy", "turbines", "output"),
            ]
        )
    ]
    return wild(
        "synthetic text to sql",
        parquet(rows),
        "sft",
        {
            "messages": [
                Turn("user", rows[0]["sql_prompt"], "CREATE TABLE timber_sales"),
                Turn("assistant", rows[0]["sql"]),
            ]
        },
        rows=6,
    )


def _thinking_many_tongues() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "reasoning_language": language,
            "developer": f"You are a calm assistant.\nreasoning language: {language}",
            "user": u,
            "analysis": t,
            "final": f,
            "messages": [
                {
                    "content": f"reasoning language: {language}\n\nYou are a calm assistant.",
                    "role": "system",
                    "thinking": None,
                },
                {"content": u, "role": "user", "thinking": None},
                {"content": f, "role": "assistant", "thinking": t},
            ],
        }
        for language, u, t, f in [
            (
                "French",
                "Can you suggest a name for my sailing boat?",
                "L'utilisateur veut un nom de bateau, quelque chose de marin.",
                "How about *Tern's Wake*?",
            ),
            (
                "German",
                "Which knots should a beginner learn?",
                "Drei einfache Knoten genügen.",
                "The bowline, the clove hitch and the reef knot.",
            ),
            ("Spanish", "Why is my bread dense?", "Quizá falta fermentación.", "It probably rose too little."),
            ("Italian", "Name a short opera.", "Gianni Schicchi dura un'ora.", "Gianni Schicchi."),
            (
                "French",
                "Is cycling good for the knees?",
                "Oui, en général.",
                "Usually yes, with the saddle at the right height.",
            ),
            ("Spanish", "How do I start a diary?", "Consejo breve.", "With one line every evening."),
        ]
    ]
    return wild(
        "thinking in many tongues",
        parquet(rows),
        "sft",
        {
            "messages": [
                Turn("system", "reasoning language: French"),
                {"role": "user", "content": rows[0]["user"]},
                Turn("assistant", "How about *Tern's Wake*?"),
            ]
        },
        rows=6,
    )


SUM_SETS: tuple[Wild, ...] = (
    _open_math_instruct(),
    _math_of_five_hundred(),
    _orca_word_problems(),
    _web_instruct_verified(),
    _python_instructions_eighteen(),
    _magicoder_evolved(),
    _tiny_codes(),
    _synthetic_text_sql(),
    _thinking_many_tongues(),
)
"""Popular datasets of sums, of programs and of reasoning in several languages."""
