"""Popular datasets of talks, in their true columns: many languages, templates in one column, distillates.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import json

from tests.data.wild.fifth_pool import LAW, sums, think
from tests.data.wild.fifth_pool_languages import CHINESE, FRENCH, ITALIAN, JAPANESE, PORTUGUESE
from tests.data.wild.fifth_pool_talks import HERMES, ROUNDS, identifier
from tests.data.wild.table import Has, Turn, Wild, chat, jsonl, parquet, table, turns, wild

TONGUES = (
    [(*x, "French", "fra") for x in FRENCH[:3]]
    + [(*x, "Italian", "ita") for x in ITALIAN[:3]]
    + [(*x, "Japanese", "jpn") for x in JAPANESE[:3]]
    + [
        ("Türkiye'nin başkenti neresidir?", "Ankara.", "Turkish", "tur"),
        ("ما هي عاصمة الأردن؟", "عمّان.", "Standard Arabic", "arb"),
        ("भारत का राष्ट्रीय पक्षी कौन सा है?", "मोर भारत का राष्ट्रीय पक्षी है।", "Hindi", "hin"),
    ]
)

COUNSEL = [
    (
        "I can't sleep and I keep thinking about my exam. What can I do?",
        "That sounds exhausting. It may help to set aside twenty minutes in the early evening to write the "
        "worries down, so that your bed is not the place for them.",
    ),
    (
        "My best friend stopped talking to me and I don't know why.",
        "Not knowing can hurt more than a quarrel. You might tell your friend what you noticed and how you "
        "feel, without asking for anything yet.",
    ),
    (
        "I feel guilty for wanting time away from my kids.",
        "Many parents feel this. Rest makes you more patient, not less loving.",
    ),
    ("Is it normal to cry without a reason?", "Yes. Sometimes the body finds the reason before we do."),
    (
        "I lost my job and feel worthless.",
        "Losing work is a loss like any other and deserves grief. Who are you outside your work? Starting a "
        "list can be a first step.",
    ),
    (
        "How do I tell my partner I need therapy?",
        "Choose a calm moment and speak about what you hope for rather than what is wrong.",
    ),
]

MIXTURES: tuple[Wild, ...] = (
    wild(
        "aya rows of many languages with annotators",
        parquet(
            {
                "inputs": q,
                "targets": a,
                "language": line,
                "language_code": c,
                "annotation_type": "original-annotations",
                "user_id": identifier(q).replace("-", ""),
            }
            for q, a, line, c in TONGUES
        ),
        "sft",
        chat(FRENCH[0][0], FRENCH[0][1]),
        rows=12,
    ),
    wild(
        "awesome prompts with an act",
        table(
            [
                [a, p, d]
                for a, p, d in [
                    (
                        "Linux Terminal",
                        "I want you to act as a linux terminal. I will type commands and you will reply with "
                        "what the terminal should show. My first command is pwd",
                        "TRUE",
                    ),
                    (
                        "Travel Guide",
                        "I want you to act as a travel guide. I will write you my location and you will "
                        "suggest a place to visit near it.",
                        "FALSE",
                    ),
                    (
                        "Storyteller",
                        "I want you to act as a storyteller. You will come up with entertaining stories that "
                        "are engaging for the audience.",
                        "FALSE",
                    ),
                    (
                        "Chess Player",
                        "I want you to act as a rival chess player. I we will say our moves in reciprocal order.",
                        "FALSE",
                    ),
                    (
                        "Plagiarism Checker",
                        "I want you to act as a plagiarism checker. I will write you sentences and you will "
                        "only reply undetected.",
                        "FALSE",
                    ),
                    (
                        "Debater",
                        "I want you to act as a debater. I will provide you with some topics related to "
                        "current events.",
                        "FALSE",
                    ),
                ]
            ],
            ["act", "prompt", "for_devs"],
            name="prompts.csv",
        ),
        "grpo sft cpt",
        Has("I want you to act as a linux terminal"),
        rows=6,
    ),
    wild(
        "counselling with context and response",
        jsonl(({"Context": q, "Response": a} for q, a in COUNSEL), "combined_dataset.json"),
        "sft",
        chat(COUNSEL[0][0], COUNSEL[0][1]),
        rows=6,
    ),
    wild(
        "human and assistant in angle brackets in one text column",
        parquet({"text": f"<HUMAN>: {q}\n<ASSISTANT>: {a}"} for q, a in COUNSEL),
        "sft",
        chat(COUNSEL[0][0], COUNSEL[0][1]),
        rows=6,
    ),
    wild(
        "guanaco with hash signs and several turns",
        jsonl(
            (
                {"text": "".join(f"### {('Human' if i % 2 == 0 else 'Assistant')}: {t}" for i, t in enumerate(c))}
                for c in ROUNDS
            ),
            "openassistant_best_replies_eval.jsonl",
        ),
        "sft",
        chat(*ROUNDS[0]),
        rows=6,
    ),
    wild(
        "thousand guanaco rows in llama two marks",
        parquet({"text": f"<s>[INST] {q} [/INST] {a} </s>"} for q, a in PORTUGUESE + ITALIAN),
        "sft",
        chat(PORTUGUESE[0][0], PORTUGUESE[0][1]),
        rows=12,
    ),
    wild(
        "mixture of thoughts with token counts",
        parquet(
            {
                "messages": turns(q, f"<think>\n{think('the count', i)}\n</think>\n\n{s} The answer is {a}."),
                "num_tokens": 300 + i,
                "source": "open-r1/OpenR1-Math-220k",
            }
            for i, (q, s, a) in enumerate(sums(16, 2))
        ),
        "sft",
        {
            "messages": [
                Turn("user", sums(16, 2)[0][0]),
                Turn("assistant", "Let me go through it", sums(16, 2)[0][1].split("\n")[0]),
            ]
        },
        rows=16,
    ),
    wild(
        "answers of people beside answers of chatgpt",
        jsonl(
            (
                {
                    "id": str(i),
                    "question": q,
                    "human_answers": [h],
                    "chatgpt_answers": [g],
                    "index": None,
                    "source": "reddit_eli5",
                }
                for i, (q, h, g) in enumerate(
                    [
                        (
                            "Why is every book a NY Times # 1 Best Seller? Please explain like I'm five.",
                            "Because there are a lot of lists : fiction , non - fiction , paperback , and a "
                            "book needs only one good week .",
                            "There are many different best seller lists, and each is updated weekly, so many "
                            "books have been at the top of one of them.",
                        ),
                        (
                            "If salt is so bad for cars, why do we use it on the road? Explain like I'm five.",
                            "Salt is cheap and a rusty car is better than a dead driver .",
                            "Salt lowers the freezing point of water, which keeps roads from icing over. "
                            "Safety is judged more important than corrosion.",
                        ),
                        (
                            "Why do we yawn?",
                            "Nobody really knows , ask me again tomorrow .",
                            "The reason is not fully understood; cooling the brain and signalling tiredness "
                            "are among the theories.",
                        ),
                        (
                            "How does a fridge make cold?",
                            "It does n't . It carries heat out of the box .",
                            "A refrigerant evaporates inside, takes up heat, and releases it behind the "
                            "appliance when it is compressed.",
                        ),
                        (
                            "What is a hedge fund?",
                            "A club for rich people 's money .",
                            "A hedge fund is a pooled investment that uses a wide range of strategies and is "
                            "open to qualified investors.",
                        ),
                        (
                            "Why are manholes round?",
                            "So the lid ca n't fall in .",
                            "A round cover cannot fall through its opening, whichever way it is turned.",
                        ),
                    ]
                )
            ),
            "all.jsonl",
        ),
        "sft dpo",
        Has("Why is every book a NY Times", "Because there are a lot of lists"),
        Has("Why is every book a NY Times", "There are many different best seller lists"),
    ),
    wild(
        "ultra chat original with data as strings",
        jsonl(({"id": str(i), "data": c} for i, c in enumerate(ROUNDS)), "train_0.jsonl"),
        "sft",
        chat(*ROUNDS[0]),
        rows=6,
    ),
    wild(
        "agent instruct with messages encoded in a string",
        parquet({"messages": json.dumps([{"role": "system", "content": ""}, *turns(q, a)])} for q, a in LAW),
        "sft",
        chat(LAW[0][0], LAW[0][1]),
        chat(LAW[0][0], LAW[0][1], system=""),
        rows=8,
    ),
    wild(
        "magpie pro with judgements of difficulty",
        parquet(
            {
                "uuid": identifier(q),
                "instruction": q,
                "response": a,
                "conversations": [{"from": "human", "value": q}, {"from": "gpt", "value": a}],
                "gen_input_configs": {
                    "temperature": 1.0,
                    "top_p": 1.0,
                    "input_generator": "meta-llama/Meta-Llama-3-70B-Instruct",
                },
                "intent": "The user wants to know something.",
                "knowledge": "Basic knowledge.",
                "difficulty": "easy",
                "input_quality": "good",
                "task_category": "Information seeking",
                "input_length": len(q),
                "instruct_reward": 0.7,
                "min_neighbor_distance": 0.1,
                "language": "EN",
            }
            for q, a in HERMES
        ),
        "sft",
        chat(HERMES[0][0], HERMES[0][1]),
        rows=6,
    ),
    wild(
        "chinese distillate of r1 with content and reasoning content",
        jsonl(
            {
                "input": q,
                "reasoning_content": f"嗯，用户问的是：{q}我需要先想清楚要点，然后组织语言。",
                "content": a,
                "repo_name": "coig/neo",
                "prompt_tokens_len": 20,
                "reason_tokens_len": 40,
                "content_tokens_len": 30,
                "score": 10,
            }
            for q, a in CHINESE
        ),
        "sft",
        {"messages": [Turn("user", CHINESE[0][0]), Turn("assistant", "嗯，用户问的是", CHINESE[0][1])]},
        rows=7,
    ),
)
"""Popular datasets of talks, in their true columns: many languages, templates in one column, distillates."""
