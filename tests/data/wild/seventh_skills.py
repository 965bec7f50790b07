"""Public datasets of medicine, queries and tools, in their own columns.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import json

from tests.data.wild.table import Has, Turn, Wild, array, chat, parquet, table, wild


def _medical_thinking_response() -> Wild:
    given = [
        (
            "A 34-year-old potter has had a dry cough and breathlessness for a year; the film shows small "
            "nodules in the upper lobes. Which disease of the lungs fits best?",
            "Let's see. She works with clay, so she breathes in silica. Nodules in the upper lobes over a "
            "long time point away from infection. Tuberculosis sits there too, but there is no fever or loss "
            "of weight.",
            "Silicosis fits best: years of silica dust, slow breathlessness and nodules in the upper lobes.",
        ),
        (
            "Which vitamin is missing in a sailor with bleeding gums and poor wound healing?",
            "Hmm, gums and collagen. Collagen needs hydroxylation, and that needs ascorbic acid.",
            "Vitamin C is missing; the picture is scurvy.",
        ),
        (
            "A child swallowed a button battery an hour ago and drools. What comes first?",
            "Okay, drooling means it is stuck in the gullet. Batteries burn the tissue within two hours, so "
            "there is no time to wait and see.",
            "Immediate endoscopic removal.",
        ),
        (
            "What explains a painless swelling of the testis that lights up when a torch is held behind it?",
            "Light passes through fluid, not through a solid tumour.",
            "A hydrocele.",
        ),
        (
            "Which nerve is hurt when a patient cannot lift the foot after a plaster below the knee?",
            "Lifting the foot is dorsiflexion. The nerve for it runs around the head of the fibula, where "
            "plaster presses.",
            "The common peroneal nerve.",
        ),
        (
            "Why is metformin paused before contrast is given to a patient with weak kidneys?",
            "So, contrast may hurt the kidneys further. Metformin leaves by the kidneys; when it piles up, "
            "lactate rises.",
            "To avoid lactic acidosis in case the kidneys fail after the contrast.",
        ),
    ]
    return wild(
        "medical thinking before the response",
        array([{"Question": q, "Complex_CoT": c, "Response": r} for q, c, r in given], "medical_o1_sft.json"),
        "sft",
        {"messages": [Turn("user", given[0][0]), Turn("assistant", given[0][1], given[0][2])]},
        rows=6,
    )


def _hundred_thousand_patients() -> Wild:
    cd_i = "If you are a doctor, please answer the medical questions based on the patient's description."
    given = [
        (
            "Hello doctor, my left ear has been ringing since I went to a concert on Friday. I can hear well "
            "otherwise. Should I worry?",
            "Hello, thank you for writing. Ringing after loud music usually settles within a few days. Keep "
            "away from noise and do not use cotton buds. If it is still there after a week or your hearing "
            "drops, please have an audiogram. Take care.",
        ),
        (
            "my son is 4 and has red cheeks and fever 38.5 since morning, he drinks but does not eat",
            "Hi, as long as he drinks and passes urine there is no need to force food. You may give "
            "paracetamol by weight. If the rash spreads or he becomes drowsy, see a doctor today.",
        ),
        (
            "I am 52 and my knee clicks when I climb stairs, no pain. Is it arthritis?",
            "Clicking without pain or swelling is mostly harmless. Strengthen the thigh muscles and keep "
            "cycling. Pain, locking or swelling would need an examination.",
        ),
        (
            "hi i took two tablets of cetirizine by mistake, is that dangerous",
            "Hello, two tablets may make you sleepy but are not dangerous in a healthy adult. Do not drive "
            "today and go on with one tablet tomorrow.",
        ),
        (
            "I have white spots on the nails of both hands. Do I lack calcium?",
            "Thanks for your question. White spots come from small knocks to the nail root and grow out by "
            "themselves. They have nothing to do with calcium.",
        ),
        (
            "My mother, 80, fell and now her hip hurts when she walks. There is no bruise.",
            "A fracture of the hip may hide without a bruise at that age. Please have her X-rayed today and "
            "let her not put weight on the leg until then.",
        ),
        (
            "how long after a tattoo can i swim",
            "Wait two to three weeks, until the skin has closed and no longer peels.",
        ),
    ]
    return wild(
        "a hundred thousand patients with one instruction",
        parquet(
            [{"instruction": cd_i, "input": i, "output": o} for i, o in given],
            "train-00000-of-00001-5e7cb295b9cff0bf.parquet",
        ),
        "sft",
        chat(given[0][0], given[0][1], system=cd_i),
        chat(Has(cd_i, given[0][0]), given[0][1]),
        rows=7,
    )


def _patient_and_doctor() -> Wild:
    aim = [
        (
            "Q. What does abutment of the nerve root mean?",
            "Hi doctor, I am just wondering what is abutting and abutment of the nerve root means in a back "
            "issue. Please explain.",
            "Hi. I have gone through your query with diligence. Abutment means that the disc touches the "
            "nerve without pressing it yet. For more information consult a neurologist online.",
        ),
        (
            "Q. Can I take a painkiller after my dental filling?",
            "Hello doctor, I had a filling this morning and the numbness has gone. It throbs a bit. May I "
            "take ibuprofen?",
            "Hello. Yes, one tablet of 400 mg after food will do. If it throbs beyond two days, have the "
            "height of the filling checked.",
        ),
        (
            "Q. Why does my skin peel after swimming?",
            "Hi doctor, whenever I swim in the public pool the skin of my arms peels the next day. What can I do?",
            "Hi. Chlorine strips the fat of your skin. Rinse at once and use a cream with urea.",
        ),
        (
            "Q. Is a resting pulse of 48 too low?",
            "Hello doctor, I run marathons and my watch shows a pulse of 48 at night. Should I see someone?",
            "Hello. In a trained runner this is normal as long as you are neither dizzy nor faint.",
        ),
        (
            "Q. My baby has hiccups after each feed, is it reflux?",
            "Hi doctor, my daughter is six weeks old and gets hiccups every time she drinks. She gains weight well.",
            "Hi. Hiccups in a thriving baby are harmless. Hold her upright for a while after the feed.",
        ),
        (
            "Q. How do I stop nose bleeds in winter?",
            "Hello doctor, in winter my nose bleeds almost daily, mostly on the right side.",
            "Hello. Dry air is the usual cause. Use a nasal ointment at night and a humidifier. Should it go "
            "on, a small vessel can be sealed.",
        ),
    ]
    return wild(
        "description, patient and doctor",
        table([list(r) for r in aim], ["Description", "Patient", "Doctor"], name="dialogues.csv"),
        "sft",
        {"messages": [Turn("user", aim[0][1]), Turn("assistant", aim[0][2])]},
        {"messages": [Turn("system", aim[0][0]), Turn("user", aim[0][1]), Turn("assistant", aim[0][2])]},
        rows=6,
    )


def _queries_create_statement() -> Wild:
    sql = [
        (
            "How many keepers are older than 56?",
            "CREATE TABLE keeper (age INTEGER)",
            "SELECT COUNT(*) FROM keeper WHERE age > 56",
        ),
        (
            "List the name and harbour of every ship, longest first.",
            "CREATE TABLE ship (name VARCHAR, harbour VARCHAR, metres INTEGER)",
            "SELECT name, harbour FROM ship ORDER BY metres DESC",
        ),
        (
            "Which venue has a crowd smaller than 7,200?",
            "CREATE TABLE table_name_74 (venue VARCHAR, crowd INTEGER)",
            "SELECT venue FROM table_name_74 WHERE crowd < 7200",
        ),
        (
            "What is the average price of the wines from 2009?",
            "CREATE TABLE wine (price INTEGER, year INTEGER)",
            "SELECT AVG(price) FROM wine WHERE year = 2009",
        ),
        (
            "Show the title of each film directed by a woman born after 1970.",
            "CREATE TABLE film (title VARCHAR, director_id VARCHAR); CREATE TABLE director (id VARCHAR, sex "
            "VARCHAR, born INTEGER)",
            "SELECT T1.title FROM film AS T1 JOIN director AS T2 ON T1.director_id = T2.id WHERE T2.sex = "
            "'F' AND T2.born > 1970",
        ),
        (
            'Who scored when the opponent was "leeds"?',
            "CREATE TABLE table_11_2 (scorer VARCHAR, opponent VARCHAR)",
            'SELECT scorer FROM table_11_2 WHERE opponent = "leeds"',
        ),
    ]
    return wild(
        "queries from a create statement, answer first",
        array([{"answer": a, "question": q, "context": c} for q, c, a in sql], "sql_create_context_v4.json"),
        "sft",
        chat(Has(sql[0][0], sql[0][1]), sql[0][2]),
        chat(sql[0][0], sql[0][2], system=Has(sql[0][1])),
        rows=6,
    )


def _hermes_calls_tool() -> Wild:
    tool = json.dumps(
        [
            {
                "type": "function",
                "function": {
                    "name": "get_tram_delay",
                    "description": "Delay of a tram line in minutes",
                    "parameters": {"type": "object", "properties": {"line": {"type": "string"}}, "required": ["line"]},
                },
            }
        ]
    )
    calls = [
        ("4", "Riverside", 6),
        ("11", "Old Mill", 0),
        ("2", "Opera", 14),
        ("7", "Zoo", 3),
        ("19", "Harbour", 22),
        ("5", "Airport", 1),
    ]
    system = (
        "You are a function calling AI model. You are provided with function signatures within <tools> "
        "</tools> XML tags. Here are the available tools:\n<tools>\n"
        + tool
        + "\n</tools>\nFor each function call return a json object within <tool_call> </tool_call> tags."
    )
    talks = [
        Turn("system", "function calling AI model"),
        Turn("user", "Is line 4 to Riverside late today?"),
        Turn("assistant", "get_tram_delay", "4"),
        Turn("tool", "minutes", "6"),
        Turn("assistant", "Line 4 runs 6 minutes behind"),
    ]
    return wild(
        "hermes calls with tool responses",
        array(
            [
                {
                    "id": f"85f2c398-{n}",
                    "conversations": [
                        {"from": "system", "value": system},
                        {"from": "human", "value": f"Is line {line} to {stop} late today?"},
                        {
                            "from": "gpt",
                            "value": "<tool_call>\n"
                            + json.dumps({"name": "get_tram_delay", "arguments": {"line": line}})
                            + "\n</tool_call>",
                        },
                        {
                            "from": "tool",
                            "value": "<tool_response>\n"
                            + json.dumps({"name": "get_tram_delay", "content": {"minutes": late}})
                            + "\n</tool_response>",
                        },
                        {
                            "from": "gpt",
                            "value": f"Line {line} runs {late} minutes behind at {stop}."
                            if late
                            else f"No, line {line} to {stop} is on time.",
                        },
                    ],
                    "tools": tool,
                    "category": "Transport",
                    "subcategory": "Trams",
                    "task": "Ask for delays",
                }
                for n, (line, stop, late) in enumerate(calls)
            ],
            "func-calling.json",
        ),
        "sft",
        {"messages": talks},
        {"messages": talks, "tools": Has("get_tram_delay")},
        {"messages": talks[1:], "tools": Has("get_tram_delay")},
        rows=6,
    )


def _documents_vendor_tokens() -> Wild:
    lambdas = [
        (
            "How can I evaluate the performance of my tuned model?",
            "You can compute BLEU or ROUGE on a held-out set, compare perplexity, and above all read fifty "
            "answers yourself.",
        ),
        ("Can the library run on Windows?", "Yes, it runs on Windows, macOS and Linux with Python 3.9 or newer."),
        ("Who can I contact for support?", "Write to the address on the contact page or open a thread in the forum."),
        (
            "What is the purpose of the 'batch' argument?",
            "It sets how many prompts are sent at once. Larger batches are faster and need more memory.",
        ),
        ("Is my data shared with third parties?", "No, nothing leaves your account."),
        ("How do I install the client?", "Run `pip install lamina` and set your key in the environment."),
    ]
    return wild(
        "documents of a vendor with tokens beside questions",
        parquet(
            [
                {
                    "question": q,
                    "answer": a,
                    "input_ids": (ids := [sum(map(ord, w)) % 50000 for w in (q + " " + a).split()]),
                    "attention_mask": [1] * len(ids),
                    "labels": ids,
                }
                for q, a in lambdas
            ]
        ),
        "sft",
        chat(*lambdas[0]),
        rows=6,
    )


SKILLS: tuple[Wild, ...] = (
    _medical_thinking_response(),
    _hundred_thousand_patients(),
    _patient_and_doctor(),
    _queries_create_statement(),
    _hermes_calls_tool(),
    _documents_vendor_tokens(),
)
"""Public datasets of medicine, queries and tools, in their own columns."""
