"""Public datasets of summaries, reading, labels and translations, in their own columns.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

from tests.data.wild.table import Has, OneOf, Turn, Wild, chat, jsonl, parquet, table, wild


def _short_talks_summaries() -> Wild:
    sam = [
        (
            "13818513",
            "Amanda: I baked rye bread. Do you want some?\r\nJerry: Sure!\r\n"
            "Amanda: I'll bring you a loaf tomorrow :-)",
            "Amanda baked rye bread and will bring Jerry a loaf tomorrow.",
        ),
        (
            "13728867",
            "Olivia: Who are you voting for in the club election?\r\nOliver: Petra, as always.\r\nOlivia: Me too!!",
            "Olivia and Oliver are both voting for Petra.",
        ),
        (
            "13681000",
            "Tim: Hi, what's up?\r\nKim: Bad mood tbh, I was going to finish the shed but it rained all "
            "day\r\nTim: Come over, we have soup\r\nKim: On my way",
            "Kim could not finish her shed because of the rain. She is going to Tim's for soup.",
        ),
        (
            "13730747",
            "Edward: the boiler is dead again\r\nBella: did you press the red button?\r\n"
            "Edward: <file_photo>\r\nBella: no, the other one",
            "Edward's boiler has failed and Bella tells him which button to press.",
        ),
        (
            "13728094",
            "Sam: Running late, start without me\r\nNaomi: ok, we order you the lentils\r\nSam: you know me",
            "Sam is late. Naomi orders lentils for him.",
        ),
        (
            "13716343",
            "Neville: Does anyone remember when we got the dog?\r\nDon: May, I think\r\n"
            "Wyatt: 12 May 2016, I have the papers\r\nNeville: Hero",
            "Neville, Don and Wyatt got the dog on 12 May 2016.",
        ),
        (
            "13611672",
            "John: Ave. Was there any homework for tomorrow?\r\n"
            "Cassandra: hello :D Of course, as always :D\r\nJohn: What exactly?\r\n"
            "Cassandra: page 40, all of it\r\nJohn: sigh",
            "Cassandra tells John that page 40 is the homework for tomorrow.",
        ),
    ]
    return wild(
        "short talks and their summaries in csv",
        table([list(r) for r in sam], ["id", "dialogue", "summary"], name="train.csv"),
        "sft",
        chat(Has("Amanda: I baked rye bread. Do you want some?", "Jerry: Sure!", "a loaf tomorrow :-)"), sam[0][2]),
        rows=7,
    )


def _news_channel_daily() -> Wild:
    cnn = [
        (
            "LONDON, England (Reuters) -- A swan that had blocked the lock at Teddington for two days was "
            "led away on Thursday by a retired postman with a bag of oats. Thirty boats had been waiting. "
            '"He only wanted company," said Arthur Glenn, 71, who knows the bird from his morning walks. The '
            "river authority thanked him with a season ticket for the ferry. The swan has since returned "
            "twice.",
            "Swan blocked the lock at Teddington for two days .\nRetired postman led it away with oats .\n"
            "Thirty boats had been waiting .",
        ),
        (
            "(CNN) -- Schools in the valley will open an hour later from next month, after a trial showed "
            "that pupils slept longer and missed fewer lessons. Bus companies had warned of crowded morning "
            "runs, but the council has promised four more vehicles. Teachers voted for the plan by two to "
            "one.",
            "Schools open an hour later from next month .\nTrial showed pupils sleep longer .\n"
            "Four more buses promised .",
        ),
        (
            "By . Daily Mail Reporter . A couple who bought a wardrobe for £40 found a letter of 1916 behind "
            "its back wall, written by a soldier to his sister. They traced her granddaughter in Leeds, who "
            "had never seen her great-uncle's hand. The letter now hangs in her kitchen.",
            "Letter of 1916 found in a £40 wardrobe .\nCouple traced the granddaughter of its addressee .",
        ),
        (
            "(CNN) -- The last typewriter repair shop of the city closes on Saturday. Its owner, Rosa Imhof, "
            'is 88 and has repaired machines since 1953. "People still come, but my eyes do not," she said. '
            "The tools go to a museum of technology.",
            "City's last typewriter repair shop closes .\nOwner, 88, has worked since 1953 .",
        ),
        (
            "A rare comet will be visible with the naked eye over the southern sky for six nights, "
            "astronomers said. It was last seen 412 years ago and will be brightest before dawn on Sunday, "
            "low above the eastern horizon. Clouds may spoil the view on the coast.",
            "Comet visible for six nights .\nBrightest before dawn on Sunday .",
        ),
        (
            "(CNN) -- Firefighters freed a boy of nine from a vending machine into which he had climbed for "
            "a toy elephant. He was unhurt and was allowed to keep the elephant. The shop has moved the "
            "machine.",
            "Boy, 9, freed from vending machine .\nHe kept the toy elephant .",
        ),
    ]
    return wild(
        "news of the channel and the daily with highlights",
        parquet(
            [{"article": a, "highlights": h, "id": f"{n:040x}"} for n, (a, h) in enumerate(cnn, 3055)],
            "train-00000-of-00003.parquet",
        ),
        "sft",
        chat(Has(cnn[0][0]), cnn[0][1]),
        rows=6,
    )


def _first_reading_comprehension() -> Wild:
    ctx1 = (
        "The Organ of Saint Brice was built between 1741 and 1746 by Jonas Thiel. It has 2,114 pipes, of "
        "which the tallest measures nearly five metres. After a fire in 1873 the bellows were renewed in oak."
    )
    ctx2 = (
        "Lake Imre freezes in most winters. A ferry connects the villages of Tal and Borsk from April to "
        "November; in the cold months people walk across on a path marked with spruce branches."
    )
    squad = [
        ("Organ_of_Saint_Brice", ctx1, "Who built the Organ of Saint Brice?", "Jonas Thiel"),
        ("Organ_of_Saint_Brice", ctx1, "How many pipes does the organ have?", "2,114"),
        ("Organ_of_Saint_Brice", ctx1, "Of which wood are the newer bellows?", "oak"),
        ("Organ_of_Saint_Brice", ctx1, "When was the fire?", "1873"),
        ("Lake_Imre", ctx2, "How is the winter path marked?", "with spruce branches"),
        ("Lake_Imre", ctx2, "Which villages does the ferry connect?", "Tal and Borsk"),
        ("Lake_Imre", ctx2, "When does the ferry run?", "from April to November"),
    ]
    return wild(
        "first reading comprehension of stanford in parquet",
        parquet(
            [
                {
                    "id": f"5733be284776f4190066{n:04x}",
                    "title": t,
                    "context": c,
                    "question": q,
                    "answers": {"text": [a], "answer_start": [c.index(a)]},
                }
                for n, (t, c, q, a) in enumerate(squad)
            ]
        ),
        "sft",
        chat(Has(ctx1, squad[0][2]), "Jonas Thiel"),
        chat(squad[0][2], "Jonas Thiel", system=Has(ctx1)),
        rows=7,
    )


def _snippets_reviews_nought() -> Wild:
    given = [
        (
            "the rock is destined to be the 21st century's new baker , and he's going to make a loaf even "
            "greater than arnold's .",
            1,
        ),
        ("simplistic , silly and as long as a wet sunday .", 0),
        ("a quiet film about two lighthouse keepers that trusts its faces and its weather .", 1),
        ("it plays like the reading of an insurance policy by a man with a cold .", 0),
        ("if you sometimes like to go to the movies to have fun , the ferry heist is a good place to start .", 1),
        ("the jokes arrive late , out of breath and without their luggage .", 0),
        ("emerges as something rare , a comedy about grief that earns both words .", 1),
        ("so exaggerated and broad that it comes off as annoying rather than charming .", 0),
    ]
    return wild(
        "snippets of reviews with one and nought",
        parquet([{"text": t, "label": y} for t, y in given]),
        "sft cpt",
        rows=8,
    )


def _wishes_bank_customers() -> Wild:
    bank = [
        ("I am still waiting on my card?", 11, "card_arrival"),
        ("What can I do if my card still hasn't arrived after 2 weeks?", 11, "card_arrival"),
        ("why was i charged when i took out cash abroad", 19, "cash_withdrawal_charge"),
        ("My PIN is blocked, how do I get a new one", 50, "pin_blocked"),
        ("Which currencies can I hold in the app?", 36, "fiat_currency_support"),
        ("someone stole my phone, please lock everything", 42, "lost_or_stolen_phone"),
        ("the machine kept my card!!", 18, "card_swallowed"),
        ("Can my daughter of 15 have an account?", 1, "age_limit"),
        ("top up by cheque possible?", 60, "top_up_by_cash_or_cheque"),
        ("You rejected my transfer to Poland twice.", 27, "declined_transfer"),
    ]
    return wild(
        "wishes of bank customers with names of labels",
        jsonl([{"text": t, "label": n, "label_text": y} for t, n, y in bank]),
        "sft",
        chat(Has(bank[0][0]), "card_arrival"),
        rows=10,
    )


def _opus_hundred_languages() -> Wild:
    opus = [
        ("Er hat den Zug um eine Minute verpasst.", "He missed the train by one minute."),
        ("Artikel 4 gilt nicht für Saatgut.", "Article 4 shall not apply to seed."),
        ("- Wo bist du?", "- Where are you?"),
        (
            "Das Wasser war so klar, dass man die Steine zählen konnte.",
            "The water was so clear that you could count the stones.",
        ),
        ("Datei konnte nicht gespeichert werden.", "Could not save file."),
        ("Nein, danke.", "No, thank you."),
        (
            "Die Kommission legt dem Rat bis zum 31. Dezember einen Bericht vor.",
            "The Commission shall submit a report to the Council by 31 December.",
        ),
        ("Ich glaube, er weiß es längst.", "I think he has known for ages."),
    ]
    return wild(
        "opus of a hundred languages, german and english",
        parquet([{"translation": {"de": d, "en": e}} for d, e in opus]),
        "sft",
        chat(Has(opus[0][0]), opus[0][1]),
        chat(Has(opus[0][1]), opus[0][0]),
        chat(opus[0][0], opus[0][1], system=Has("")),
        rows=8,
    )


def _questions_all_subjects() -> Wild:
    mmlu = [
        (
            "Which of these gases makes up most of the air?",
            "high_school_chemistry",
            ["Oxygen", "Nitrogen", "Argon", "Carbon dioxide"],
            1,
        ),
        (
            "A contract without consideration is, as a rule,",
            "professional_law",
            ["voidable", "valid", "unenforceable", "criminal"],
            2,
        ),
        ("The derivative of x^3 at x = 2 is", "high_school_mathematics", ["6", "8", "12", "3"], 2),
        ("Who painted 'The Night Watch'?", "miscellaneous", ["Vermeer", "Rembrandt", "Hals", "Steen"], 1),
        ("Which bone is in the thigh?", "anatomy", ["Femur", "Tibia", "Ulna", "Radius"], 0),
        (
            "A stack is a structure in which the item removed first is the one",
            "college_computer_science",
            ["added first", "that is smallest", "that is largest", "added last"],
            3,
        ),
        (
            "In a perfectly competitive market a firm is a",
            "high_school_microeconomics",
            ["price taker", "price maker", "monopolist", "cartel"],
            0,
        ),
    ]
    return wild(
        "questions of all subjects with four choices and the place of the right one",
        parquet(
            [{"question": q, "subject": s, "choices": c, "answer": a} for q, s, c, a in mmlu],
            "auxiliary_train-00000-of-00001.parquet",
        ),
        "sft grpo",
        {
            "messages": [
                Turn("user", mmlu[0][0], "Oxygen", "Nitrogen", "Argon"),
                OneOf(Turn("assistant", "Nitrogen"), Turn("assistant", "B")),
            ]
        },
        {
            "prompt": [Turn("user", mmlu[0][0], "Oxygen", "Nitrogen", "Argon")],
            "answer": OneOf(Has("Nitrogen"), Has("B")),
        },
        rows=7,
    )


def _wishes_with_flags() -> Wild:
    bit = [
        (
            "B",
            "question about cancelling order {{Order Number}}",
            "ORDER",
            "cancel_order",
            "I've understood you have a question regarding canceling order {{Order Number}}, and I'm here to "
            "provide you with the information you need. Please open 'My Orders', select it and press "
            "'Cancel'.",
        ),
        (
            "BQZ",
            "i have a question about cancelling oorder {{Order Number}}",
            "ORDER",
            "cancel_order",
            "I've been informed that you have a question about canceling order {{Order Number}}. Just give "
            "me the reason and I will walk you through it.",
        ),
        (
            "BLQZ",
            "i need help cancelling puchase {{Order Number}}",
            "ORDER",
            "cancel_order",
            "I can sense that you're seeking assistance with purchase {{Order Number}}. Sign in at {{Online "
            "Company Portal Info}} and choose it from the list.",
        ),
        (
            "BL",
            "where can I find my bill from {{Person Name}}?",
            "INVOICE",
            "check_invoice",
            "Your bill from {{Person Name}} is under 'Invoices' in your account; a copy was sent to the "
            "address on file.",
        ),
        (
            "BCLN",
            "what is the time frame of the refund, if I sent it back last week?",
            "REFUND",
            "track_refund",
            "Refunds are booked within {{Refund Time Frame}} after the parcel reached our warehouse.",
        ),
        (
            "BQW",
            "gimme a fucking human now",
            "CONTACT",
            "contact_human_agent",
            "I am sorry for the trouble. I am putting you through to a colleague, who will be with you in a moment.",
        ),
        (
            "BIP",
            "would you mind telling me which payment methods you take?",
            "PAYMENT",
            "check_payment_methods",
            "Gladly! We take cards, bank transfer and payment on invoice.",
        ),
    ]
    return wild(
        "twenty-seven thousand wishes of customers with flags",
        table(
            [list(r) for r in bit],
            ["flags", "instruction", "category", "intent", "response"],
            name="Bitext_Sample_Customer_Support_Training_Dataset_27K_responses-v11.csv",
        ),
        "sft",
        chat(bit[0][1], bit[0][4]),
        rows=7,
    )


LANGUAGE: tuple[Wild, ...] = (
    _short_talks_summaries(),
    _news_channel_daily(),
    _first_reading_comprehension(),
    _snippets_reviews_nought(),
    _wishes_bank_customers(),
    _opus_hundred_languages(),
    _questions_all_subjects(),
    _wishes_with_flags(),
)
"""Public datasets of summaries, reading, labels and translations, in their own columns."""
