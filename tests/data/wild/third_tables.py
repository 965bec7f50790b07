"""Datasets of questions, labels, translations, summaries and sums, many of them delimited text.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

from tests.data.wild.table import Has, Wild, array, asked, chat, jsonl, parquet, table, wild
from tests.data.wild.third_pool import ARTICLES, MEDICINE, SUMS, SUPPORT

RIVERS = (
    ("It flows through Vienna, Budapest and Belgrade", "the Danube"),
    ("The longest river of Scotland", "the Tay"),
    ("Cairo lies on it", "the Nile"),
    ("Its delta holds most of Bangladesh", "the Ganges"),
    ("This river of Paris rises in Burgundy", "the Seine"),
)
BELIEFS = (
    (
        "Misconceptions",
        "What happens if you swallow chewing gum?",
        "It passes through your digestive system",
        "It stays in your stomach for seven years",
    ),
    ("Myths", "Do bulls hate the colour red?", "No, bulls react to the movement", "Yes, red enrages them"),
    ("Science", "How much of its brain does a person use?", "All of it, though not all at once", "Ten percent"),
    ("Food", "Does sugar make children hyperactive?", "Studies found no such effect", "Yes, within minutes"),
)
WORRIES = (
    (
        "I feel guilty whenever I rest. How can I stop?",
        "Start with rests so small that guilt has no time to grow, and notice what you tell yourself in them.",
    ),
    (
        "My sister won't talk to me since the funeral.",
        "Grief closes people in different ways. A short letter that asks nothing of her may be easier to receive "
        "than a call.",
    ),
    ("I can't sleep before exams.", "Set a fixed hour to stop studying and write down what worries you."),
    ("How do I tell my parents I quit university?", "Plan the talk: what you decided, why, and what comes next."),
)
DIALOGUES = (
    (
        "Amanda: I baked cookies. Do you want some?\r\nJerry: Sure!\r\nAmanda: I'll bring you tomorrow :-)",
        "Amanda baked cookies and will bring Jerry some tomorrow.",
    ),
    (
        "Olga: Is the meeting still at 4?\r\nPer: moved to 5, room B\r\nOlga: thx",
        "The meeting has moved to 5 in room B.",
    ),
    ("Kim: bus is late again\r\nLou: I'll wait at the stop", "Kim's bus is late, and Lou will wait."),
    (
        "Eve: Can you feed the cat?\r\nDan: sure, where's the key?\r\nEve: under the pot",
        "Dan will feed Eve's cat; the key is under the pot.",
    ),
)
INTENTS = (
    ("My card still hasn't come", "card_arrival"),
    ("Why was I charged for a cash withdrawal?", "cash_withdrawal_charge"),
    ("I lost my phone, what now", "lost_or_stolen_phone"),
    ("What is the exchange rate today?", "exchange_rate"),
    ("Has my card been posted yet?", "card_arrival"),
    ("is there a fee at the ATM", "cash_withdrawal_charge"),
)
SHORT_MESSAGES = (
    ("ham", "Ok lar, see you at the gym around six then"),
    ("spam", "WINNER!! Claim your 900 pound prize, call 09061701461 now"),
    ("ham", "Did you feed the cat?"),
    ("ham", "I'll be twenty minutes late, sorry"),
    ("spam", "FREE entry in a weekly comp to win cup tickets, text FA to 87121"),
    ("ham", "Happy birthday grandma!"),
)
REVIEWS = (
    ("2", "Great little kettle", "Boils fast and does not drip. I bought a second one for the office."),
    ("1", "Broke in a week", "The lid snapped off on the sixth day and nobody answers my mails."),
    ("2", "My daughter loves it", "She sleeps with it every night and it washes well."),
    ("1", "Not as pictured", "The colour is a dull brown rather than the red shown."),
    ("2", "Solid", "Heavy, stable, plain. What more could one want from a stool?"),
)
SENTENCES = (
    ("Go.", "Geh.", "#2877272 (CM) & #8597805 (Roujin)"),
    ("I lost my key.", "Ich habe meinen Schlüssel verloren.", "#433 (CK) & #99 (x)"),
    ("The soup is too hot to eat.", "Die Suppe ist zum Essen zu heiß.", "#444 (CK) & #100 (y)"),
    ("Where did you learn to swim?", "Wo hast du schwimmen gelernt?", "#455 (CK) & #101 (z)"),
    ("We should have left earlier.", "Wir hätten früher gehen sollen.", "#456 (CK) & #102 (z)"),
)
DEBATE = (
    ("The committee met on Tuesday.", "Le comité s'est réuni mardi."),
    ("Member States shall inform the Commission.", "Les États membres informent la Commission."),
    ("The vote will take place tomorrow.", "Le vote aura lieu demain."),
    ("I declare the session resumed.", "Je déclare reprise la session."),
)
QUIZ = (
    ("Which gas do plants take in for photosynthesis?", ("oxygen", "carbon dioxide", "helium", "neon"), "B"),
    ("What orbits the Earth?", ("Mars", "the Sun", "the Moon", "Venus"), "C"),
    ("Water freezes at", ("0 °C", "10 °C", "50 °C", "100 °C"), "A"),
    ("Which of these is a mammal?", ("trout", "newt", "wren", "bat"), "D"),
    ("Sound travels slowest in", ("air", "water", "steel", "wood"), "A"),
)
PREMISES = (
    ("A man rides a horse on the beach.", "A man is outdoors.", "entailment"),
    ("Two women share a sandwich.", "The women are asleep.", "contradiction"),
    ("A child looks at a shop window.", "The child wants a toy.", "neutral"),
    ("Workers repair a roof.", "People are working.", "entailment"),
)
READING = (
    ("When was the harbour dug?", ("1874", "1879", "1900", "2011"), "A"),
    ("How many workers has a colony at most?", ("forty", "a hundred", "four hundred", "a thousand"), "C"),
    ("What did the player touch?", ("strings", "wet rims", "keys", "drums"), "B"),
    ("What grows on the lower steps?", ("millet", "goats", "vines", "taro"), "D"),
)
LAST_LINE = "The last line should be Answer: $Answer."


def _distractors(question: str, options: tuple[str, ...], key: str) -> dict[str, str]:
    answer = options["ABCD".index(key)]
    third, first, second = (option for option in options if option != answer)
    return {
        "question": question,
        "distractor3": third,
        "distractor1": first,
        "distractor2": second,
        "correct_answer": answer,
        "support": "Plants take up carbon dioxide and give off oxygen.",
    }


QUIZZED = Has(QUIZ[0][0], "carbon dioxide")

TABLES: tuple[Wild, ...] = (
    wild(
        "jeopardy csv",
        table(
            [
                [str(4680 + i), "2004-12-31", "Jeopardy!", "RIVERS", f"${(i + 1) * 200}", clue, river]
                for i, (clue, river) in enumerate(RIVERS)
            ],
            ["Show Number", " Air Date", " Round", " Category", " Value", " Question", " Answer"],
            name="JEOPARDY_CSV.csv",
        ),
        "sft grpo",
        Has(*RIVERS[0]),
        rows=5,
    ),
    wild(
        "truthfulqa csv",
        table(
            [
                ["Adversarial", kind, q, true, f"{true}; It depends", false, "https://en.wikipedia.org/wiki/X"]
                for kind, q, true, false in BELIEFS
            ],
            ["Type", "Category", "Question", "Best Answer", "Correct Answers", "Incorrect Answers", "Source"],
            name="TruthfulQA.csv",
        ),
        "sft dpo grpo",
        rows=4,
    ),
    wild(
        "bitext support csv",
        table(
            [["BL", q, "ORDER", "order_help", a] for q, a in SUPPORT],
            ["flags", "instruction", "category", "intent", "response"],
            name="Bitext_Sample_Customer_Support.csv",
        ),
        "sft",
        chat(*SUPPORT[0]),
        rows=6,
    ),
    wild(
        "counselchat Context/Response json lines",
        jsonl([{"Context": q, "Response": a} for q, a in WORRIES], "combined_dataset.json"),
        "sft",
        rows=4,
    ),
    wild(
        "medquad csv",
        table(
            [[q, a, "NIHSeniorHealth", "Cough"] for q, a in MEDICINE],
            ["question", "answer", "source", "focus_area"],
            name="medquad.csv",
        ),
        "sft",
        chat(*MEDICINE[0]),
        rows=5,
    ),
    wild(
        "samsum tsv",
        table(
            [[f"1386{i}", dialogue, summary] for i, (dialogue, summary) in enumerate(DIALOGUES)],
            ["id", "dialogue", "summary"],
            delimiter="\t",
            name="train.tsv",
        ),
        "sft",
        Has("Amanda: I baked cookies.", DIALOGUES[0][1]),
        rows=4,
    ),
    wild(
        "billsum jsonl",
        jsonl(
            [
                {"text": text, "summary": f"{text.split('. ')[0]}.", "title": f"A bill on {title}"}
                for title, text in ARTICLES
            ],
            "us_train.jsonl",
        ),
        "sft",
        Has(ARTICLES[0][1], f"{ARTICLES[0][1].split('. ')[0]}."),
        rows=6,
    ),
    wild(
        "banking77 csv text/category",
        table(INTENTS, ["text", "category"], name="train.csv"),
        "sft grpo",
        Has(*INTENTS[0]),
        rows=6,
    ),
    wild(
        "sms spam tsv without header",
        table(SHORT_MESSAGES, delimiter="\t", name="SMSSpamCollection"),
        "sft grpo",
        Has("see you at the gym", "ham"),
        rows=6,
    ),
    wild(
        "amazon polarity csv label,title,text no header",
        table(REVIEWS, name="train.csv"),
        "sft grpo cpt kto",
        rows=5,
    ),
    wild(
        "tatoeba tsv eng deu with attribution",
        table(
            [[*pair, f"CC-BY 2.0 (France) Attribution: tatoeba.org {authors}"] for *pair, authors in SENTENCES],
            delimiter="\t",
            name="deu.txt",
        ),
        "sft",
        Has("Go.", "Geh."),
        rows=5,
    ),
    wild(
        "opus translation parquet",
        parquet([{"id": str(i), "translation": {"en": en, "fr": fr}} for i, (en, fr) in enumerate(DEBATE)]),
        "sft",
        Has(*DEBATE[0]),
        rows=4,
    ),
    wild(
        "gsm8k jsonl",
        jsonl([{"question": q, "answer": a} for q, a, _ in SUMS], "train.jsonl"),
        "sft grpo",
        Has(SUMS[0][0], "37"),
        rows=6,
        suggests="grpo",
    ),
    wild(
        "arc choices struct parquet",
        parquet(
            [
                {
                    "id": f"Mercury_{i}",
                    "question": q,
                    "choices": {"text": options, "label": list("ABCD")},
                    "answerKey": key,
                }
                for i, (q, options, key) in enumerate(QUIZ)
            ]
        ),
        "sft grpo",
        QUIZZED,
        rows=5,
    ),
    wild(
        "medmcqa opa..opd cop",
        jsonl(
            [
                {
                    "id": f"e{i}",
                    "question": q,
                    **dict(zip(("opa", "opb", "opc", "opd"), options, strict=True)),
                    "cop": "ABCD".index(key) + 1,
                    "choice_type": "single",
                    "exp": "See the textbook, chapter 3.",
                    "subject_name": "Biology",
                    "topic_name": None,
                }
                for i, (q, options, key) in enumerate(QUIZ)
            ],
            "train.json",
        ),
        "sft grpo",
        QUIZZED,
        rows=5,
    ),
    wild(
        "sciq json",
        array([_distractors(q, options, key) for q, options, key in QUIZ], "train.json"),
        "sft grpo dpo",
        QUIZZED,
        rows=5,
    ),
    wild(
        "mmlu csv without header",
        table([[q, *options, key] for q, options, key in QUIZ], name="high_school_biology_test.csv"),
        "sft grpo",
        QUIZZED,
        rows=5,
    ),
    wild(
        "dapo/verl prompt messages + reward_model",
        parquet(
            [
                {
                    "data_source": "math_dapo",
                    **asked(f"{q} {LAST_LINE}"),
                    "ability": "MATH",
                    "reward_model": {"ground_truth": result, "style": "rule-lighteval/MATH_v2"},
                    "extra_info": {"index": f"9a9b6eb4-{i}"},
                }
                for i, (q, _, result) in enumerate(SUMS)
            ]
        ),
        "grpo",
        asked(f"{SUMS[0][0]} {LAST_LINE}", "37"),
        rows=6,
    ),
    wild(
        "deepscaler problem/answer/solution json",
        array(
            [{"problem": q, "answer": result, "solution": a.split("\n####")[0]} for q, a, result in SUMS],
            "deepscaler.json",
        ),
        "sft grpo",
        Has(SUMS[0][0], "37"),
        rows=6,
        suggests="grpo",
    ),
    wild(
        "snli jsonl",
        jsonl(
            [
                {
                    "annotator_labels": [label] * 3,
                    "captionID": f"34{i}.jpg#4",
                    "gold_label": label,
                    "pairID": f"34{i}.jpg#4r1n",
                    "sentence1": premise,
                    "sentence1_parse": "(ROOT (S x))",
                    "sentence2": hypothesis,
                    "sentence2_parse": "(ROOT (S y))",
                }
                for i, (premise, hypothesis, label) in enumerate(PREMISES)
            ],
            "snli_1.0_train.jsonl",
        ),
        "sft grpo",
        Has(*PREMISES[0]),
        rows=4,
    ),
    wild(
        "race article/question/options/answer",
        jsonl(
            [
                {"example_id": f"high{i}.txt", "article": text, "answer": key, "question": q, "options": options}
                for i, ((q, options, key), (_, text)) in enumerate(zip(READING, ARTICLES[:4], strict=True))
            ]
        ),
        "sft grpo",
        Has(READING[0][0], ARTICLES[0][1].split("\n")[0], "1874"),
        rows=4,
    ),
    wild(
        "s1K question/solution/thinking",
        parquet(
            [
                {
                    "solution": result,
                    "question": q,
                    "cot_type": "math",
                    "source_type": "AI-MO/NuminaMath-CoT/aops_forum",
                    "metadata": "{'url': None}",
                    "cot": None,
                    "thinking_trajectories": [f"Let me see. {a.splitlines()[0]} So that must be it."],
                    "attempt": f"The answer is {result}.",
                }
                for q, a, result in SUMS
            ]
        ),
        "sft grpo",
        rows=6,
    ),
)
"""Columns that name their parts, and columns that don't."""
