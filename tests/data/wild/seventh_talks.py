"""Public datasets of talks, in their own columns.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

from tests.data.wild.table import Turn, Wild, chat, jsonl, parquet, wild


def _best_open_assistant() -> Wild:
    top = [
        [
            "How do I get candle soot off a white ceiling?",
            "Vacuum it with a brush first, then dab with a dry chemical sponge. Water smears soot, so keep "
            "it for the very end.",
            "I have no chemical sponge.",
            "A slice of soft white bread works nearly as well: press it on, do not rub, and turn it often.",
        ],
        ["¿Cuál es la capital de Bután?", "La capital de Bután es Timbu."],
        [
            "Write a haiku about a bus stop.",
            "Rain on the timetable\nthe last number is smudged out\nstill, somebody waits",
        ],
        [
            "Was ist ein Kehrwert?",
            "Der Kehrwert einer Zahl ist eins geteilt durch diese Zahl. Der Kehrwert von 4 ist also 1/4.",
            "Und von null?",
            "Null hat keinen Kehrwert, weil man durch null nicht teilen kann.",
        ],
        [
            "What is the difference between a moth and a butterfly?",
            "Most moths fly at night and have feathery feelers, most butterflies fly by day and have clubbed ones.",
        ],
        ["Кто написал «Мёртвые души»?", "«Мёртвые души» написал Николай Гоголь."],
        [
            "can u explain recursion",
            "A function is recursive when it calls itself on a smaller part of the problem until the part is "
            "small enough to answer at once.",
            "give an example",
            "```python\ndef depth(box):\n    return 1 + max(map(depth, box), default=0)\n```",
        ],
    ]
    return wild(
        "best open assistant threads in chatml",
        parquet(
            [
                {
                    "text": "".join(
                        f"<|im_start|>{('user', 'assistant')[i % 2]}\n{t}<|im_end|>\n" for i, t in enumerate(talk)
                    )
                }
                for talk in top
            ]
        ),
        "sft",
        chat(*top[0]),
        rows=7,
    )


def _guanaco_best_replies() -> Wild:
    threads = [
        [
            "Can you explain why bread rises higher in a Dutch oven?",
            "The closed pot keeps the steam of the dough around the loaf. The skin stays soft for longer, so "
            "the loaf can spring before it sets.",
            "At what temperature?",
            "Start at 250 °C with the lid on and go down to 220 °C when you take it off.",
        ],
        [
            "Escribe un poema de dos versos sobre el mar.",
            "El mar repite su nombre en la arena\ny la arena lo olvida sin pena.",
        ],
        ["How many moons has Mars?", "Two, Phobos and Deimos."],
        [
            "Donne-moi trois idées de cadeau pour un apiculteur.",
            "Un enfumoir neuf, un livre sur les plantes mellifères ou un abonnement à une revue apicole.",
            "Le deuxième me plaît, un titre ?",
            "Cherchez un guide des fleurs de votre région, il en existe presque toujours un.",
            "Merci !",
            "Avec plaisir.",
        ],
        [
            "What does 'pro bono' mean?",
            "It is short for 'pro bono publico', for the public good, and means professional work done without a fee.",
        ],
        ["Write a regular expression that matches a year between 1900 and 1999.", "`\\b19\\d{2}\\b`"],
        [
            "Is it safe to mix bleach and vinegar?",
            "No. The mixture gives off chlorine gas, which harms the lungs even in small amounts.",
        ],
        ["Tell me a riddle.", "What has teeth and cannot bite? A comb."],
    ]
    return wild(
        "guanaco best replies with hash signs",
        jsonl(
            [
                {"text": "".join(f"### {('Human', 'Assistant')[i % 2]}: {t}" for i, t in enumerate(talk))}
                for talk in threads
            ],
            "openassistant_best_replies_train.jsonl",
        ),
        "sft",
        chat(*threads[0]),
        rows=8,
    )


def _thousand_guanacos_second() -> Wild:
    ll2 = [
        [
            "Me gradué hace poco de enfermería. ¿Dónde puedo buscar mi primer trabajo?",
            "Empieza por los hospitales donde hiciste tus prácticas, ya te conocen. Después mira la bolsa "
            "del colegio profesional.",
        ],
        ["Name the five longest rivers of Europe.", "The Volga, the Danube, the Ural, the Dnieper and the Don."],
        [
            "How do I centre a div?",
            "Make its parent a grid and set `place-items: center`.",
            "And only horizontally?",
            "Give the div a width and `margin-inline: auto`.",
        ],
        [
            "¿Qué es la fotosíntesis?",
            "Es el proceso con que las plantas convierten luz, agua y dióxido de carbono en azúcar y oxígeno.",
        ],
        [
            "I feel tired every afternoon. Any advice?",
            "Look at lunch first: a lighter one with less starch and a ten minute walk after it help most people.",
        ],
        ["Which is heavier, a litre of milk or a litre of cream?", "The milk, since fat is lighter than water."],
    ]
    return wild(
        "thousand guanacos for the second llama",
        parquet(
            [
                {"text": "".join(f"<s>[INST] {q} [/INST] {a} </s>" for q, a in zip(talk[::2], talk[1::2], strict=True))}
                for talk in ll2
            ],
            "train-00000-of-00001-9ad84bb9cf65a42f.parquet",
        ),
        "sft",
        chat(*ll2[0]),
        rows=6,
    )


def _fine_tome_human() -> Wild:
    tome = [
        [
            "Explain what a hash table is to somebody who has sorted letters in a post office.",
            "Think of the wall of pigeonholes. From the name on a letter you work out the hole at once, "
            "without looking into the others. A hash table works out a slot from the key in the same way; "
            "when two keys fall in one slot, it keeps a short list there.",
        ],
        ["What are the factors of 28?", "1, 2, 4, 7, 14 and 28."],
        [
            "Write a Python function that merges two dictionaries and adds the values of shared keys.",
            "```python\ndef merge(a, b):\n    out = dict(a)\n    for key, value in b.items():\n"
            "        out[key] = out.get(key, 0) + value\n    return out\n```",
            "Now keep only keys present in both.",
            "```python\ndef common(a, b):\n    return {key: a[key] + b[key] for key in a.keys() & b.keys()}\n```",
        ],
        ["Who was the first woman to win a Nobel prize?", "Marie Curie, in 1903, for physics."],
        [
            "How can a town lower the heat in its streets?",
            "By planting trees, unsealing yards, painting roofs white and letting air through from the river.",
        ],
        [
            "If all bloops are razzies and no razzie is green, can a bloop be green?",
            "No. A green bloop would be a green razzie, and there is none.",
        ],
        [
            "Describe the water cycle in two sentences.",
            "The sun lifts water from seas and leaves into the air. It gathers in clouds, falls and runs "
            "back to the sea.",
        ],
    ]
    src = [
        "infini-instruct-top-500k",
        "WebInstructSub_axolotl",
        "ultrainteract_trajectories_sharegpt",
        "infini-instruct-top-500k",
        "cognitivecomputations/SystemChat-2.0",
        "infini-instruct-top-500k",
        "WebInstructSub_axolotl",
    ]
    return wild(
        "fine tome with human and gpt",
        parquet(
            [
                {
                    "conversations": [{"from": ("human", "gpt")[i % 2], "value": t} for i, t in enumerate(talk)],
                    "source": src[n],
                    "score": 5.2 - n * 0.05,
                }
                for n, talk in enumerate(tome)
            ]
        ),
        "sft",
        chat(*tome[0]),
        rows=7,
    )


def _open_orca_lines() -> Wild:
    orca_sys = [
        "You are an AI assistant. You will be given a task. You must generate a detailed and long answer.",
        "You are a helpful assistant, who always provide explanation. Think like you are answering to a five year old.",
        "",
    ]
    orca = [
        (
            "flan.564327",
            0,
            "Generate an approximately fifteen-word sentence that describes all this data: Kestrel Inn "
            "eatType pub; Kestrel Inn near Salt Quay; Kestrel Inn familyFriendly yes",
            "The Kestrel Inn is a pub near Salt Quay where families with children are welcome at any hour.",
        ),
        (
            "t0.1073241",
            1,
            'Is the following review good or bad? "The plot limps and the music drowns it."',
            "It is a bad review. The writer says the story walks badly, like somebody with a sore foot, and "
            "the music is too loud.",
        ),
        (
            "niv.242684",
            2,
            "You will be given a definition of a task first, then some input of the task.\n"
            "Answer with the longest word of the sentence.\n\nThe shepherd counted quietly.\nOutput:",
            "shepherd",
        ),
        (
            "cot.86217",
            0,
            "Question: A crate holds 24 jars and 7 are broken. How many are whole? Let's think step by step.",
            "There are 24 jars in the crate. Seven are broken, so 24 - 7 = 17 are whole. The answer is 17.",
        ),
        (
            "flan.1875913",
            1,
            "Translate to German: The key is under the mat.",
            "In German this is: Der Schlüssel liegt unter der Matte. A mat is a Matte, that is easy to remember.",
        ),
        (
            "t0.448190",
            2,
            "Title: Ferry strike enters second week\nWrite the first sentence of the article.",
            "The islands have been without ferries for eight days now, and talks between the crews and the "
            "line were broken off again on Tuesday.",
        ),
        (
            "flan.22071",
            0,
            'Which city does the passage name? "They met at the station of Graz and never spoke of it."',
            "The passage names Graz, a city in the south-east of Austria, where the two met at the station.",
        ),
    ]
    return wild(
        "open orca lines, some without a system",
        jsonl(
            [{"id": i, "system_prompt": orca_sys[s], "question": q, "response": r} for i, s, q, r in orca],
            "1M-GPT4-Augmented.jsonl",
        ),
        "sft",
        chat(orca[0][2], orca[0][3], system=orca_sys[0]),
        rows=7,
    )


def _distilled_thoughts_empty() -> Wild:
    teich = [
        (
            "Write a limerick about a plumber.",
            "Five lines, aabba. A plumber from Leith, beneath, teeth.",
            "A plumber who came from Leith\nfixed sinks with a wrench in his teeth.\n"
            "When asked for his bill,\nhe stood very still:\n\"Two pounds for the tap, ten for what's "
            'beneath."',
        ),
        (
            "Which is larger, 9.9 or 9.11?",
            "Compare the tenths: 9 against 1. So 9.9.",
            "9.9 is larger, since 9.9 = 9.90 and 90 hundredths are more than 11.",
        ),
        (
            "Refactor this: for i in range(len(a)): print(a[i])",
            "Loop over the items instead of the indices.",
            "```python\nfor item in a:\n    print(item)\n```",
        ),
        (
            "Why did the Hanseatic League decline?",
            "Trade moved to the Atlantic, princes grew stronger, the herring left the Baltic, members quarrelled.",
            "Because Atlantic trade, stronger states and quarrels among its own cities each took a share of "
            "its business.",
        ),
        (
            "Plan a vegetarian dinner for six under 25 euros.",
            "Lentil dal is cheap. Rice, cucumber salad, baked apples. Sum: about 18.",
            "Dal with rice, a cucumber salad with yoghurt and baked apples come to about 18 euros.",
        ),
        (
            "Prove that the square root of 2 is irrational.",
            "Classic: assume p/q in lowest terms, get both even.",
            "Suppose it were p/q in lowest terms. Then p² = 2q², so p is even, p = 2r, and q² = 2r² makes q "
            "even as well, a contradiction.",
        ),
    ]
    given = Turn("assistant", teich[0][1], "fixed sinks with a wrench")
    return wild(
        "distilled thoughts with an empty system",
        jsonl(
            [
                {
                    "messages": [
                        {"role": "system", "content": ""},
                        {"role": "user", "content": q},
                        {"role": "assistant", "content": f"<think>\n{t}\n</think>\n\n{a}"},
                    ]
                }
                for q, t, a in teich
            ],
            "claude-high-reasoning-250x.jsonl",
        ),
        "sft",
        {"messages": [Turn("user", teich[0][0]), given]},
        {"messages": [Turn("system"), Turn("user", teich[0][0]), given]},
        rows=6,
    )


TALKS: tuple[Wild, ...] = (
    _best_open_assistant(),
    _guanaco_best_replies(),
    _thousand_guanacos_second(),
    _fine_tome_human(),
    _open_orca_lines(),
    _distilled_thoughts_empty(),
)
"""Public datasets of talks, in their own columns."""
