"""Datasets of instructions: sums, medicine and several languages.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

from tests.data.wild.fourth_pool import ANSWERS, CODES, PROBLEMS, QUESTIONS, RESULTS, SOLUTIONS, TASKS
from tests.data.wild.table import Has, Turn, Wild, array, chat, jsonl, parquet, table, wild

INSTRUCTIONS: tuple[Wild, ...] = (
    wild(
        "platypus with a data source",
        parquet(
            [
                {"input": "", "output": SOLUTIONS[i], "instruction": PROBLEMS[i], "data_source": "MATH/PRM-800K"}
                for i in range(6)
            ]
        ),
        "sft",
        chat(PROBLEMS[0], SOLUTIONS[0]),
        rows=6,
    ),
    wild(
        "math instruct of the tiger",
        array(
            [{"source": "data/CoT/gsm_rft.json", "output": SOLUTIONS[i], "instruction": PROBLEMS[i]} for i in range(5)],
            "MathInstruct.json",
        ),
        "sft",
        chat(PROBLEMS[0], SOLUTIONS[0]),
        rows=5,
    ),
    wild(
        "web instructions with the original pair",
        parquet(
            [
                {
                    "orig_question": "<p>" + QUESTIONS[i] + "</p>",
                    "orig_answer": ANSWERS[i].lower(),
                    "source": "socratic",
                    "question": QUESTIONS[i],
                    "answer": ANSWERS[i],
                    "index": i,
                }
                for i in range(6)
            ]
        ),
        "sft",
        chat(QUESTIONS[0], ANSWERS[0]),
        rows=6,
    ),
    wild(
        "mathinstruct of the vendor, second edition",
        parquet(
            [
                {
                    "problem": PROBLEMS[i],
                    "generated_solution": SOLUTIONS[i],
                    "expected_answer": RESULTS[i],
                    "problem_source": "augmented_gsm8k",
                }
                for i in range(6)
            ]
        ),
        "sft",
        chat(PROBLEMS[0], SOLUTIONS[0]),
        rows=6,
        suggests="grpo",
    ),
    wild(
        "open math reasoning with pass rates",
        parquet(
            [
                {
                    "expected_answer": RESULTS[i],
                    "problem_type": "has_answer_extracted",
                    "problem_source": "aops_c6_high_school_olympiads",
                    "generation_model": "DeepSeek-R1",
                    "pass_rate_72b_tir": "0.65625",
                    "problem": PROBLEMS[i],
                    "generated_solution": "<think>Okay, let's see.\n</think>" + SOLUTIONS[i],
                    "inference_mode": "cot",
                    "used_in_kaggle": True,
                }
                for i in range(6)
            ]
        ),
        "sft",
        {"messages": [{"role": "user", "content": PROBLEMS[0]}, Turn("assistant", "let's see", SOLUTIONS[0])]},
        rows=6,
        suggests="grpo",
    ),
    wild(
        "open code reasoning with a solution besides",
        parquet(
            [
                {
                    "id": f"{i}ab",
                    "input": TASKS[i],
                    "output": f"<think>\nFirst I read the task.\n</think>\n\n```python\n{CODES[i]}\n```",
                    "source": "code_contests",
                    "license": "cc-by-4.0",
                    "dataset": "code_contests",
                    "split": "train",
                    "difficulty": "7",
                    "solution": f"```python\n{CODES[i]}\n```",
                }
                for i in range(5)
            ]
        ),
        "sft",
        {"messages": [{"role": "user", "content": TASKS[0]}, Turn("assistant", CODES[0])]},
        rows=5,
    ),
    wild(
        "less is more for reasoning",
        jsonl(
            [{"question": PROBLEMS[i], "solution": SOLUTIONS[i], "answer": RESULTS[i]} for i in range(6)], "limo.jsonl"
        ),
        "sft",
        chat(PROBLEMS[0], SOLUTIONS[0]),
        chat(PROBLEMS[0], Has(SOLUTIONS[0])),
        rows=6,
        suggests="grpo",
    ),
    wild(
        "ai medical chatbot of three columns",
        table(
            [
                [
                    "Q. What does abutment of the nerve root mean?",
                    "Hi doctor, I am just wondering what is abutting and abutment of the nerve root means in "
                    "a back issue. Please explain.",
                    "Hi. I have gone through your query with diligence. Abutment means that a disc touches "
                    "the nerve root without pressing on it.",
                ],
                [
                    "Q. What should I do to reduce my weight gained due to genetic hypothyroidism?",
                    "Hi doctor, I am a 22-year-old female who was diagnosed with hypothyroidism. What can I do?",
                    "Hi. You have really done well with the hypothyroidism screen. Keep to the tablets in "
                    "the morning and walk daily.",
                ],
                [
                    "Q. Why do my ears ring after concerts?",
                    "Hello doctor, my ears ring for a day after every concert. Is this dangerous?",
                    "Hello. Loud sound tires the hair cells of the ear. Wear plugs, and see a specialist if "
                    "it lasts more than two days.",
                ],
                [
                    "Q. Is it fine to exercise with a cold?",
                    "Dear doctor, may I go running with a runny nose?",
                    "Hi. With a runny nose alone a gentle run is fine, with fever it is not.",
                ],
            ],
            ["Description", "Patient", "Doctor"],
            name="ai-medical-chatbot.csv",
        ),
        "sft",
        {"messages": [Turn("user", "Hi doctor, I am just wondering"), Turn("assistant", "gone through your query")]},
        {
            "messages": [
                Turn("system", "abutment"),
                Turn("user", "Hi doctor, I am just wondering"),
                Turn("assistant", "gone through your query"),
            ]
        },
        rows=4,
    ),
    wild(
        "russian alpaca with labels of annotators",
        parquet(
            [
                {
                    "instruction": i,
                    "input": n,
                    "output": o,
                    "alternative_output": alt,
                    "label": "ok",
                    "all_labels": ["ok", "ok", "bad"],
                    "agreements": 0.67,
                    "overlap": 3,
                }
                for i, n, o, alt in [
                    (
                        "Назови три птицы, которые зимуют в городе.",
                        "",
                        "Воробей, синица и большая синица зимуют в городе, а также голубь.",
                        "Ласточка, стриж, соловей.",
                    ),
                    (
                        "Переведи предложение на английский.",
                        "Мост закрыт до весны.",
                        "The bridge is closed until spring.",
                        "Bridge close.",
                    ),
                    (
                        "Объясни, что такое иней.",
                        "",
                        "Иней — это кристаллы льда, которые образуются из водяного пара на холодных предметах.",
                        "Это снег.",
                    ),
                    ("Исправь ошибку.", "Он пошол домой.", "Он пошёл домой.", "Он идёт."),
                ]
            ]
        ),
        "sft",
        chat(
            "Назови три птицы, которые зимуют в городе.",
            "Воробей, синица и большая синица зимуют в городе, а также голубь.",
        ),
        rows=4,
    ),
    wild(
        "turkish instructions with blanks in the names",
        table(
            [
                [
                    "0",
                    "Bir cümlede baharı anlat.",
                    "",
                    "Bahar, toprağın uykudan uyandığı ve badem ağaçlarının çiçek açtığı mevsimdir.",
                ],
                ["1", "Cümleyi olumsuz yap.", "Kedi balkonda uyuyor.", "Kedi balkonda uyumuyor."],
                ["2", "Üç kahvaltılık say.", "", "Zeytin, peynir ve domates."],
                [
                    "3",
                    "Metni bir cümleyle özetle.",
                    "Vapur sabah geç kalktı, çünkü boğazda sis vardı ve kaptan beklemek istedi.",
                    "Vapur sis yüzünden geç kalktı.",
                ],
            ],
            ["Unnamed: 0", "talimat", " giriş", " çıktı"],
            name="instructions.csv",
        ),
        "sft",
        chat(
            "Bir cümlede baharı anlat.", "Bahar, toprağın uykudan uyandığı ve badem ağaçlarının çiçek açtığı mevsimdir."
        ),
        rows=4,
    ),
    wild(
        "koalpaca with a url",
        jsonl(
            [
                {"instruction": q, "output": a, "url": f"https://kin.example/qna/{i}"}
                for i, (q, a) in enumerate(
                    [
                        (
                            "양파는 어떤 식물 부위인가요? 그리고 고구마는 뿌리인가요?",
                            "양파는 잎이 아닌 식물의 줄기 부분입니다. 고구마는 식물의 뿌리 부분입니다.",
                        ),
                        (
                            "스웨터의 유래는 어디에서 시작되었나요?",
                            "스웨터는 어부들이 입던 두꺼운 털옷에서 시작되었습니다.",
                        ),
                        ("등대는 왜 흰색이 많나요?", "낮에 바다와 절벽을 배경으로 잘 보이기 때문입니다."),
                        ("고양이가 박스를 좋아하는 이유는?", "좁은 공간이 안전하다고 느끼기 때문입니다."),
                    ]
                )
            ],
            "KoAlpaca_v1.1.jsonl",
        ),
        "sft",
        chat(
            "양파는 어떤 식물 부위인가요? 그리고 고구마는 뿌리인가요?",
            "양파는 잎이 아닌 식물의 줄기 부분입니다. 고구마는 식물의 뿌리 부분입니다.",
        ),
        rows=4,
    ),
    wild(
        "dolly in japanese with index as text",
        array(
            [
                {"index": str(i), "category": c, "instruction": q, "input": n, "output": a}
                for i, (c, q, n, a) in enumerate(
                    [
                        (
                            "closed_qa",
                            "フェリーはいつ運航を始めましたか。",
                            "オールドミアのフェリーは1884年に初めて海峡を渡りました。",
                            "1884年に運航を始めました。",
                        ),
                        ("open_qa", "味噌は何から作られますか。", "", "大豆、塩、麹から作られます。"),
                        (
                            "brainstorming",
                            "雨の日の過ごし方を三つ挙げてください。",
                            "",
                            "読書、料理、部屋の模様替えです。",
                        ),
                        ("classification", "鯨と鮭のうち哺乳類はどれですか。", "", "鯨が哺乳類です。"),
                    ]
                )
            ],
            "databricks-dolly-15k-ja.json",
        ),
        "sft",
        chat(
            Has("フェリーはいつ運航を始めましたか。", "オールドミアのフェリーは1884年に初めて海峡を渡りました。"),
            "1884年に運航を始めました。",
        ),
        rows=4,
    ),
    wild(
        "cidar of the arabs",
        table(
            [
                ["اكتب جملة عن البحر.", "البحر هادئ هذا الصباح والقوارب تنتظر الريح.", "0"],
                ["ما فائدة النوم؟", "النوم يريح الجسم ويثبت ما تعلمه الإنسان في نهاره.", "1"],
                ["اذكر ثلاث فواكه.", "التفاح والرمان والتين.", "2"],
                ["كيف أحفظ الخبز طازجا؟", "لفه بقماش قطني واحفظه في مكان جاف.", "3"],
            ],
            ["instruction", "output", "index"],
            name="cidar.csv",
        ),
        "sft",
        chat("اكتب جملة عن البحر.", "البحر هادئ هذا الصباح والقوارب تنتظر الريح."),
        rows=4,
    ),
    wild(
        "encyclopaedia of illnesses with nested questions",
        jsonl(
            [
                {"questions": [[q, q2]], "answers": [a]}
                for q, q2, a in [
                    ("什么是偏头痛？", "偏头痛是怎么回事？", "偏头痛是一种反复发作的搏动性头痛，常伴恶心和怕光。"),
                    ("感冒要多久才好？", "普通感冒几天能好？", "普通感冒一般七天左右自行好转，注意休息和饮水。"),
                    ("贫血的症状有哪些？", "贫血有什么表现？", "常见的有乏力、面色苍白、心慌和头晕。"),
                    ("高血压能吃咸菜吗？", "血压高可以吃咸菜吗？", "应当少吃，每天的盐最好不超过五克。"),
                ]
            ],
            "train_datasets.jsonl",
        ),
        "sft",
        chat(Has("什么是偏头痛？"), "偏头痛是一种反复发作的搏动性头痛，常伴恶心和怕光。"),
        chat("偏头痛是怎么回事？", "偏头痛是一种反复发作的搏动性头痛，常伴恶心和怕光。"),
    ),
)
"""Datasets of instructions: sums, medicine and several languages."""
