"""Public datasets of instructions and sums, in their own columns.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

from tests.data.wild.table import Has, Turn, Wild, array, asked, chat, jsonl, parquet, wild


def _stanford_alpaca() -> Wild:
    head = "Below is an instruction that describes a task"
    alpaca = [
        (
            "Name three ways of keeping a cellar dry.",
            "",
            "1. Slope the soil away from the walls.\n2. Clear the gutters twice a year.\n"
            "3. Run a dehumidifier in the warm months.",
        ),
        ("Turn the sentence into a question.", "The ferry leaves at noon.", "Does the ferry leave at noon?"),
        ("Write a slogan for a shop that mends umbrellas.", "", "Weather comes back. So does your umbrella."),
        ("Put the words in alphabetical order.", "quince, apple, medlar, fig", "apple, fig, medlar, quince"),
        (
            "Describe the smell of a stable in one sentence.",
            "",
            "Warm hay, leather and a sharp note of ammonia hang in the air.",
        ),
        ("Find the odd one out.", "copper, tin, granite, zinc", "Granite, because it is a rock and not a metal."),
        ("Give a synonym of 'stubborn'.", "", "Obstinate"),
        (
            "Summarize the paragraph.",
            "Swifts spend almost their whole life in the air. They eat, sleep and mate on the wing and land "
            "only to breed.",
            "Swifts live in the air and come down only to breed.",
        ),
        ("Suggest a name for a grey cat.", "", "Pumice"),
        ("Convert the amount to metres.", "12 feet", "12 feet are about 3.66 metres."),
    ]
    return wild(
        "stanford's alpaca, four columns in parquet",
        parquet(
            [
                {
                    "instruction": a,
                    "input": b,
                    "output": c,
                    "text": f"{head}, paired with an input that provides further context. Write a response that "
                    f"appropriately completes the request.\n\n### Instruction:\n{a}\n\n### Input:\n{b}\n\n"
                    f"### Response:\n{c}"
                    if b
                    else f"{head}. Write a response that appropriately completes the request.\n\n### Instruction:\n"
                    f"{a}\n\n### Response:\n{c}",
                }
                for a, b, c in alpaca
            ]
        ),
        "sft",
        chat(alpaca[0][0], alpaca[0][2]),
        rows=10,
    )


def _dolly_fifteen_thousand() -> Wild:
    dolly = [
        (
            "When did the Harrow bridge open to trains?",
            "The Harrow bridge is a steel arch over the Teel. Road traffic crossed it from 1931, trains from "
            "1934, when the eastern ramp was finished.",
            "Trains have crossed the bridge since 1934.",
            "closed_qa",
        ),
        (
            "What should I take on a day's walk in the hills?",
            "",
            "Water, a map, a warm layer, food, a whistle and a charged phone. Tell somebody your route "
            "before you set out.",
            "open_qa",
        ),
        (
            "Which of these are string instruments: oboe, viola, lute, timpani, harp",
            "",
            "Viola, lute and harp are string instruments.",
            "classification",
        ),
        ("Give me a list of board games for two", "", "Chess\nGo\nBackgammon\nPatchwork\nHive", "brainstorming"),
        (
            "Extract the names of rivers from the passage, separated by commas.",
            "The barge went up the Lenn, through the lock at Ober and into the Kiel canal, then down the "
            "Aster to the sea.",
            "Lenn, Aster",
            "information_extraction",
        ),
        (
            "Write a short note to a neighbour whose dog barks at night.",
            "",
            "Dear Mr Pell,\n\nyour dog has been barking between two and four for several nights now. Could "
            "you keep him indoors after ten? I would be glad to help if something frightens him.\n\n"
            "Kind regards,\nIda",
            "creative_writing",
        ),
        ("What is a sextant for?", "", "", "open_qa"),
        (
            "Summarise what happened to the mill.",
            "The mill at Dorn burned in 1808, was rebuilt in brick, ground flour until 1952 and houses a "
            "theatre today.",
            "After a fire in 1808 the mill was rebuilt, worked until 1952 and is now a theatre.",
            "summarization",
        ),
        (
            "Why do cats knead?",
            "",
            "Kittens knead to make milk flow, and many cats keep the habit when they feel at ease.",
            "general_qa",
        ),
    ]
    return wild(
        "dolly of fifteen thousand, one answer blank",
        jsonl(
            [{"instruction": a, "context": b, "response": c, "category": d} for a, b, c, d in dolly],
            "databricks-dolly-15k.jsonl",
        ),
        "sft",
        chat(Has(dolly[0][0], dolly[0][1]), dolly[0][2]),
        rows=9,
        usable=8,
    )


def _grade_school_sums() -> Wild:
    gsm = [
        (
            "Mara packs 12 jars of honey in each of 5 boxes and sells 17 jars. How many jars are left?",
            "Mara packs 12*5=<<12*5=60>>60 jars.\nAfter the sale 60-17=<<60-17=43>>43 jars are left.\n#### 43",
            "43",
        ),
        (
            "A pump fills 35 litres in a minute. How long does it need for a tank of 420 litres?",
            "It needs 420/35=<<420/35=12>>12 minutes.\n#### 12",
            "12",
        ),
        (
            "Tickets cost $9 for adults and $4 for children. What do 3 adults and 6 children pay?",
            "The adults pay 3*9=$<<3*9=27>>27.\nThe children pay 6*4=$<<6*4=24>>24.\n"
            "Together they pay 27+24=$<<27+24=51>>51.\n#### 51",
            "51",
        ),
        (
            "Of 80 pupils a quarter come by bike and half of the others walk. How many walk?",
            "80/4=<<80/4=20>>20 come by bike.\n80-20=<<80-20=60>>60 do not.\n60/2=<<60/2=30>>30 walk.\n#### 30",
            "30",
        ),
        (
            "Ben reads 14 pages on Monday and three times as many on Tuesday. How many pages has he read?",
            "On Tuesday he reads 14*3=<<14*3=42>>42 pages.\nThat makes 14+42=<<14+42=56>>56.\n#### 56",
            "56",
        ),
        (
            "A rope of 30 metres is cut into pieces of 2.5 metres. How many pieces are there?",
            "30/2.5=<<30/2.5=12>>12 pieces.\n#### 12",
            "12",
        ),
        (
            "Flour costs $1.20 a kilo. Lea pays with a $20 note for 8 kilos. How much change does she get?",
            "The flour costs 8*1.2=$<<8*1.2=9.6>>9.60.\nShe gets 20-9.6=$<<20-9.6=10.4>>10.40.\n#### 10.40",
            "10.40",
        ),
        (
            "There are 6 rows of 15 seats and 23 seats are free. How many people sit?",
            "There are 6*15=<<6*15=90>>90 seats.\n90-23=<<90-23=67>>67 people sit.\n#### 67",
            "67",
        ),
    ]
    return wild(
        "grade school sums in parquet",
        parquet([{"question": q, "answer": a} for q, a, _ in gsm]),
        "sft grpo",
        {"messages": [Turn("user", gsm[0][0]), Turn("assistant", "43")]},
        asked(gsm[0][0], "43"),
        asked(Has(gsm[0][0]), Has("#### 43")),
        rows=8,
    )


def _open_r1_maths() -> Wild:
    given = [
        (
            "Find all integers $n$ with $n^2 = 5n$.",
            "We have $n(n-5)=0$, so $n=0$ or $n=5$.",
            "0, 5",
            "The equation can be factored. n squared minus 5n is n(n-5). A product is zero when one factor is.",
            "Bring everything to one side: $n(n-5)=0$. Hence $n\\in\\{\\boxed{0, 5}\\}$.",
            "Algebra",
        ),
        (
            "What is the area of a triangle with sides 5, 12 and 13?",
            "It is right-angled, so the area is $30$.",
            "30",
            "25 + 144 = 169, so the angle between 5 and 12 is right.",
            "The area is half of $5\\cdot 12$, that is $\\boxed{30}$.",
            "Geometry",
        ),
        (
            "How many subsets with two elements has a set of 9?",
            "$\\binom{9}{2}=36$.",
            "36",
            "Choose two of nine without order: 9*8/2.",
            "There are $\\boxed{36}$.",
            "Combinatorics",
        ),
        (
            "Compute the remainder of $7^{10}$ divided by 6.",
            "$7\\equiv 1$, so it is $1$.",
            "1",
            "7 is one more than 6, so every power leaves 1.",
            "The remainder is $\\boxed{1}$.",
            "Number Theory",
        ),
        (
            "Solve $|x-3|=2$.",
            "$x=1$ or $x=5$.",
            "x=1,5",
            "The distance from x to 3 is 2.",
            "So $x$ is $\\boxed{1}$ or $\\boxed{5}$.",
            "Algebra",
        ),
        (
            "Find $1+2+\\dots+40$.",
            "$40\\cdot 41/2=820$.",
            "820",
            "Pair the first with the last: twenty pairs of 41.",
            "The sum is $\\boxed{820}$.",
            "Algebra",
        ),
    ]
    return wild(
        "open r1 maths with generations and checks",
        parquet(
            [
                {
                    "problem": p,
                    "solution": s,
                    "answer": a,
                    "problem_type": kind,
                    "question_type": "math-word-problem",
                    "source": "olympiads",
                    "uuid": f"c1f5d2a0-0000-5000-8000-00000000000{n}",
                    "is_reasoning_complete": [True, True],
                    "generations": [
                        f"<think>\n{t}\n</think>\n\n{r}",
                        f"<think>\nLet me try it another way. {t}\n</think>\n\nI get {a}, that is {r}",
                    ],
                    "correctness_math_verify": [True, n % 2 == 0],
                    "correctness_llama": None,
                    "finish_reasons": ["stop", "stop"],
                    "correctness_count": 2 - n % 2,
                    "messages": [
                        {"content": p, "role": "user"},
                        {"content": f"<think>\n{t}\n</think>\n\n{r}", "role": "assistant"},
                    ],
                }
                for n, (p, s, a, t, r, kind) in enumerate(given)
            ],
            "train-00000-of-00010.parquet",
        ),
        "sft",
        {"messages": [Turn("user", given[0][0]), Turn("assistant", given[0][3], given[0][4])]},
        rows=6,
    )


def _meta_maths_rephrased() -> Wild:
    meta = [
        (
            "GSM_Rephrased",
            "If a baker bakes 48 rolls and packs them in bags of 6, what is the number of bags?",
            "A baker bakes 48 rolls. Each bag holds 6 rolls. How many bags are filled?",
            "The rolls go into 48/6 = 8 bags.\n#### 8\nThe answer is: 8",
        ),
        (
            "MATH_SV",
            "The value of $x+7$ is 19. What is the value of the unknown variable $x$?",
            "Solve $x+7=19$.",
            "Subtracting 7 from both sides gives $x=12$.\nThe answer is: 12",
        ),
        (
            "GSM_FOBAR",
            "Tom has x marbles and loses 4 of them. He has 9 marbles left. What is x?",
            "Tom has 13 marbles and loses 4 of them. How many has he left?",
            "From x - 4 = 9 it follows that x = 13.\n#### 13\nThe answer is: 13",
        ),
        (
            "MATH_AnsAug",
            "Compute $\\frac{3}{4}+\\frac{1}{6}$.",
            "Compute $\\frac{3}{4}+\\frac{1}{6}$.",
            "With the denominator 12 we get $\\frac{9}{12}+\\frac{2}{12}=\\boxed{\\frac{11}{12}}$.\n"
            "The answer is: \\frac{11}{12}",
        ),
        (
            "GSM_AnsAug",
            "A hen lays 5 eggs a week. How many eggs do 9 hens lay in 2 weeks?",
            "A hen lays 5 eggs a week. How many eggs do 9 hens lay in 2 weeks?",
            "Nine hens lay 45 eggs a week and so 90 in two weeks.\n#### 90\nThe answer is: 90",
        ),
        (
            "MATH_Rephrased",
            "What is the perimeter of a square whose area is 81?",
            "A square has area 81. Find its perimeter.",
            "The side is 9, so the perimeter is 36.\nThe answer is: 36",
        ),
    ]
    return wild(
        "meta maths with rephrased questions",
        array(
            [{"type": k, "query": q, "original_question": o, "response": r} for k, q, o, r in meta],
            "MetaMathQA-395K.json",
        ),
        "sft",
        chat(meta[0][1], meta[0][3]),
        rows=6,
    )


def _alpaca_fourth_model() -> Wild:
    given = [
        ("保持健康的三个提示。", "", "1. 每天走路半小时。\n2. 多吃蔬菜，少吃油炸食品。\n3. 晚上十一点以前睡觉。"),
        ("把下面的句子改成被动句。", "小猫打翻了花瓶。", "花瓶被小猫打翻了。"),
        ("三原色是什么？", "", "三原色是红色、黄色和蓝色。"),
        ("给这首诗起一个标题。", "山路弯弯入云深，一声钟响过松林。", "《松林钟声》"),
        ("解释什么是惯性。", "", "惯性是物体保持原来运动状态的性质。车突然停下时，乘客会向前倾，就是因为惯性。"),
        ("计算矩形的面积。", "长 8 厘米，宽 3 厘米", "面积是 24 平方厘米。"),
        ("写一句早上问候同事的话。", "", "早上好，今天也一起加油！"),
    ]
    return wild(
        "alpaca of the fourth model in chinese",
        jsonl([{"instruction": a, "input": b, "output": c} for a, b, c in given], "alpaca_gpt4_data_zh.jsonl"),
        "sft",
        chat(given[0][0], given[0][2]),
        rows=7,
    )


INSTRUCTIONS: tuple[Wild, ...] = (
    _stanford_alpaca(),
    _dolly_fifteen_thousand(),
    _grade_school_sums(),
    _open_r1_maths(),
    _meta_maths_rephrased(),
    _alpaca_fourth_model(),
)
"""Public datasets of instructions and sums, in their own columns."""
