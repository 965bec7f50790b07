"""A person's own questions and answers, in many languages.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

from tests.data.wild.table import OneOf, Wild, chat, table, wild

OWN_QUESTIONS: tuple[Wild, ...] = (
    wild(
        "questions to a french town hall, semicolons, cp1252",
        table(
            [
                [
                    "1",
                    "Où retirer ma carte d'identité ?",
                    "À l'accueil de la mairie, muni de l'ancienne carte et du SMS reçu.",
                    "État civil",
                ],
                [
                    "2",
                    "Quand passe le camion des encombrants ?",
                    "Le premier mardi du mois, sur rendez-vous pris au moins une semaine avant.",
                    "Déchets",
                ],
                [
                    "3",
                    "Combien coûte la cantine ?",
                    "Le repas coûte de 1,20 € à 4,80 € selon le quotient familial.",
                    "École",
                ],
                [
                    "4",
                    "Puis-je réserver la salle des fêtes ?",
                    "Oui, les habitants peuvent la réserver deux week-ends par an ; la caution est de 300 €.",
                    "Loisirs",
                ],
                [
                    "5",
                    "Qui s'occupe des nids de frelons ?",
                    "Appelez la police municipale : elle envoie gratuitement un apiculteur agréé.",
                    "Sécurité",
                ],
                [
                    "6",
                    "La piscine est-elle ouverte à Noël ?",
                    "Non, elle ferme du 24 décembre au 2 janvier pour vidange.",
                    "Loisirs",
                ],
                [
                    "7",
                    "Comment inscrire mon enfant à la crèche ?",
                    "Déposez le dossier au service petite enfance dès le sixième mois de grossesse.",
                    "École",
                ],
            ],
            ["N°", "Question", "Réponse", "Catégorie"],
            delimiter=";",
            encoding="cp1252",
            name="mairie.csv",
        ),
        "sft",
        chat("Où retirer ma carte d'identité ?", "À l'accueil de la mairie, muni de l'ancienne carte et du SMS reçu."),
        rows=7,
    ),
    wild(
        "portuguese bakery with pergunta and resposta, tabs",
        table(
            [
                ["Vocês fazem bolo sem glúten?", "Fazemos, mas só por encomenda e com dois dias de antecedência."],
                ["A que horas sai o pão quente?", "Às sete, às onze e às dezassete."],
                ["Posso pagar com MB Way?", "Pode."],
                ["Quantas fatias tem o bolo de dois quilos?", "Cerca de vinte e quatro fatias médias."],
                ["O pastel de nata leva leite?", "Leva. Temos também uma versão com bebida de aveia aos sábados."],
                [
                    "Entregam em Gaia?",
                    "Entregamos em Gaia e no Porto, a partir de quinze euros de compras, entre as nove e as "
                    "treze horas.",
                ],
                [
                    "Como se guarda a broa?",
                    "Embrulhada num pano, fora do frigorífico. Dura quatro dias e ao quinto ainda dá boas torradas.",
                ],
                ["Têm café descafeinado?", "Temos, de máquina e de saco."],
            ],
            ["pergunta", "resposta"],
            delimiter="\t",
            name="padaria.tsv",
        ),
        "sft",
        chat("Vocês fazem bolo sem glúten?", "Fazemos, mas só por encomenda e com dois dias de antecedência."),
        rows=8,
    ),
    wild(
        "turkish questions on phones, soru and cevap, cp1254",
        table(
            [
                [
                    "Telefonum neden ısınıyor?",
                    "Arka planda çalışan uygulamaları kapatın ve kılıfı çıkarıp şarj edin.",
                    "12.01.2024",
                ],
                ["Ekran görüntüsü nasıl alınır?", "Güç ve ses kısma tuşlarına aynı anda basın.", "15.01.2024"],
                [
                    "Şifremi unuttum, ne yapmalıyım?",
                    "Giriş sayfasında 'Şifremi unuttum' bağlantısına tıklayın; kod telefonunuza gelir.",
                    "16.01.2024",
                ],
                [
                    "Pil ömrü nasıl uzatılır?",
                    "Parlaklığı düşürün, konumu kapatın ve pili yüzde yirmi ile seksen arasında tutun.",
                    "02.02.2024",
                ],
                ["Garanti süresi kaç yıl?", "İki yıl.", "03.02.2024"],
                [
                    "Yedeklerim nerede duruyor?",
                    "Bulut hesabınızda, Ayarlar altındaki Yedekler bölümünde görebilirsiniz.",
                    "20.02.2024",
                ],
            ],
            ["Soru", "Cevap", "Tarih"],
            encoding="cp1254",
            name="destek.csv",
        ),
        "sft",
        chat("Telefonum neden ısınıyor?", "Arka planda çalışan uygulamaları kapatın ve kılıfı çıkarıp şarj edin."),
        rows=6,
    ),
    wild(
        "swedish housing cooperative, fråga before svar with a date between",
        table(
            [
                ["Får jag grilla på balkongen?", "2023-05-02", "Endast med elgrill, enligt stadgarna."],
                [
                    "Hur bokar jag tvättstugan?",
                    "2023-05-02",
                    "På tavlan i källaren eller i appen, högst två pass i veckan.",
                ],
                ["Vem byter lampan i trapphuset?", "2023-06-11", "Vaktmästaren. Ring på vardagar mellan åtta och tio."],
                [
                    "Kan jag hyra ut i andra hand?",
                    "2023-08-30",
                    "Ja, om styrelsen godkänner det. Ansök minst en månad innan och ange skäl, tid och hyresgäst.",
                ],
                ["Var slänger jag batterier?", "2023-09-14", "I den röda lådan i soprummet."],
                ["När höjs avgiften?", "2024-01-03", "Den första april, med tre procent."],
                ["Har föreningen ett gästrum?", "2024-02-19", "Ja, det kostar 250 kronor per natt."],
            ],
            ["Fråga", "Uppdaterad", "Svar"],
            delimiter=";",
            name="brf_faq.csv",
        ),
        "sft",
        chat("Får jag grilla på balkongen?", "Endast med elgrill, enligt stadgarna."),
        rows=7,
    ),
    wild(
        "greek questions on ferries, iso-8859-7",
        table(
            [
                ["Πότε φεύγει το πλοίο για τη Νάξο;", "Κάθε μέρα στις επτά και μισή το πρωί."],
                ["Μπορώ να πάρω μαζί τον σκύλο μου;", "Ναι, στο κατάστρωμα ή σε ειδικό κλουβί."],
                ["Πόσο πριν πρέπει να είμαι στο λιμάνι;", "Μία ώρα πριν, αν έχετε αυτοκίνητο, αλλιώς μισή."],
                [
                    "Τι γίνεται αν έχει απαγορευτικό;",
                    "Το εισιτήριο ισχύει για το επόμενο δρομολόγιο ή επιστρέφεται το ποσό.",
                ],
                ["Υπάρχει έκπτωση για φοιτητές;", "Πενήντα τοις εκατό στην οικονομική θέση."],
                ["Έχει το πλοίο ίντερνετ;", "Έχει, με πέντε ευρώ."],
            ],
            ["Ερώτηση", "Απάντηση"],
            delimiter=";",
            encoding="iso-8859-7",
            name="ferries_el.csv",
        ),
        "sft",
        chat("Πότε φεύγει το πλοίο για τη Νάξο;", "Κάθε μέρα στις επτά και μισή το πρωί."),
        rows=6,
    ),
    wild(
        "chinese sheet of a library in gbk with a source",
        table(
            [
                ["借书证怎么办理？", "带身份证到一楼服务台，当场办理，不收费用。", "服务手册", "2024/1/5"],
                ["一次可以借几本书？", "普通读者六本，教师十本。", "服务手册", "2024/1/5"],
                ["书丢了怎么办？", "可以买同一版本的新书赔偿，或者按定价的两倍付款。", "规章", "2024/1/8"],
                ["自习室几点关门？", "晚上九点半。", "通知", "2024/2/1"],
                ["可以续借吗？", "可以续借一次，期限三十天，但已被预约的书不能续借。", "服务手册", "2024/2/1"],
                ["有儿童阅览区吗？", "有，在二楼东侧，周末下午还有讲故事活动。", "通知", "2024/3/9"],
                ["打印一页多少钱？", "黑白两角，彩色一元。", "价目表", "2024/3/9"],
            ],
            ["问题", "答案", "来源", "日期"],
            encoding="gbk",
            name="图书馆问答.csv",
        ),
        "sft",
        chat("借书证怎么办理？", "带身份证到一楼服务台，当场办理，不收费用。"),
        rows=7,
    ),
    wild(
        "unicode text of a spreadsheet, utf-16, customer asks and we answer",
        table(
            [
                [
                    "1",
                    "Do your bikes come assembled?",
                    "Almost: you fit the pedals, turn the handlebar and pump the tyres, which takes ten minutes.",
                    "Tom",
                ],
                ["2", "What is the weight limit of the cargo model?", "200 kg including the rider.", "Tom"],
                [
                    "3",
                    "Can I lease through my employer?",
                    "Yes. Choose the bike, send us the offer number of your leasing company, and we do the rest.",
                    "Ines",
                ],
                [
                    "4",
                    "My brake squeals when wet.",
                    "Moisture and road film do that. Clean the disc with isopropyl alcohol; if it stays, "
                    "change the pads.",
                    "Ines",
                ],
                ["5", "Is the battery removable?", "Yes, with the key.", "Tom"],
                ["6", "How often should it be serviced?", "After the first 300 km, then once a year.", "Ines"],
                [
                    "7",
                    "Do you buy used bikes?",
                    "Only those which were bought here, and not older than five years.",
                    "Tom",
                ],
            ],
            ["No.", "Customer asks", "We answer", "Who"],
            delimiter="\t",
            encoding="utf-16",
            name="Mappe1.txt",
        ),
        "sft",
        chat(
            "Do your bikes come assembled?",
            "Almost: you fit the pedals, turn the handlebar and pump the tyres, which takes ten minutes.",
        ),
        rows=7,
    ),
    wild(
        "german questions in plain text, frage and antwort on their lines",
        {
            "fragen_kleingarten.txt": "Häufige Fragen im Kleingartenverein\n\n"
            "Frage: Darf ich in meiner Laube übernachten?\n"
            "Antwort: Gelegentlich ja, dauerhaft wohnen dürfen Sie dort nicht.\n\n"
            "Frage: Wie hoch darf die Hecke sein?\nAntwort: Außen 1,25 Meter, zwischen den Parzellen 60 "
            "Zentimeter.\nAusnahmen genehmigt der Vorstand.\n\nFrage: Wann ist Mittagsruhe?\n"
            "Antwort: Täglich von 13 bis 15 Uhr.\n\nFrage: Was passiert mit dem Wasser im Winter?\n"
            "Antwort: Es wird Ende Oktober abgestellt und Anfang April wieder aufgedreht. Bitte entleeren "
            "Sie vorher Ihre Leitungen.\n\nFrage: Darf ich Hühner halten?\nAntwort: Nein.\n\n"
            "Frage: Wie viele Arbeitsstunden muss ich leisten?\n"
            "Antwort: Acht im Jahr. Jede nicht geleistete Stunde kostet 15 Euro.\n\n"
            "Frage: Wer mäht die Wege?\nAntwort: Jeder bis zur Mitte vor seiner Parzelle.\n".encode()
        },
        "sft",
        chat("Darf ich in meiner Laube übernachten?", "Gelegentlich ja, dauerhaft wohnen dürfen Sie dort nicht."),
        rows=7,
    ),
    wild(
        "markdown with bold Q and A paragraphs",
        {
            "FAQ.md": b"# Tapewell FAQ\n\nEverything people ask us about digitising old cassettes.\n\n"
            b"**Q: How long does it take?**\n\nA: About three weeks from the day your box arrives.\n\n"
            b"**Q: Do you return the tapes?**\n\nA: Always. We send them back in the same box, rewound.\n\n"
            b"**Q: Which formats can I get?**\n\nA: FLAC, WAV and MP3. Choose as many as you like:\n\n"
            b"- FLAC for keeping\n- WAV for editing\n- MP3 for the car\n\n"
            b"**Q: My tape is torn. Is it lost?**\n\nA: Hardly ever. We splice it by hand, and you lose less "
            b"than a second.\n\n**Q: Can you remove the hiss?**\n\n"
            b"A: Yes, gently. We send a sample of one minute first.\n\n**Q: Do you listen to my tapes?**\n\n"
            b"A: Only the first and last ten seconds, to check the level.\n"
        },
        "sft",
        chat("How long does it take?", "About three weeks from the day your box arrives."),
        rows=6,
    ),
    wild(
        "web page with divisions of class question and answer",
        {
            "faq.html": b'<!DOCTYPE html>\n<html lang="nl"><head><meta charset="utf-8"><title>Veelgestelde vragen - '
            b"Camping De Wulp</title><style>.q{font-weight:bold}</style></head>\n"
            b'<body><nav><a href="/">Home</a> <a href="/prijzen">Prijzen</a></nav>\n'
            b'<h1>Veelgestelde vragen</h1>\n<div class="faq-item"><div class="faq-question">Hoe laat kan ik '
            b"aankomen?</div><div class=\"faq-answer\"><p>Tussen twee uur 's middags en acht uur 's "
            b'avonds.</p></div></div>\n<div class="faq-item"><div class="faq-question">Zijn honden '
            b'welkom?</div><div class="faq-answer"><p>Ja, aangelijnd en maximaal twee per '
            b'plek.</p></div></div>\n<div class="faq-item"><div class="faq-question">Is er wifi op het '
            b'terrein?</div><div class="faq-answer"><p>Alleen bij de receptie en in de '
            b'kantine.</p></div></div>\n<div class="faq-item"><div class="faq-question">Mag ik een kampvuur '
            b'maken?</div><div class="faq-answer"><p>Op de vuurplaats bij het water, tot elf uur. Hout koopt '
            b'u bij ons.</p></div></div>\n<div class="faq-item"><div class="faq-question">Kan ik brood '
            b'bestellen?</div><div class="faq-answer"><p>Ja, voor zes uur de avond ervoor.</p></div></div>\n'
            b'<div class="faq-item"><div class="faq-question">Wat kost een extra auto?</div><div '
            b'class="faq-answer"><p>Vier euro per nacht.</p></div></div>\n'
            b"<footer>&copy; Camping De Wulp</footer></body></html>\n"
        },
        "sft",
        chat("Hoe laat kan ik aankomen?", "Tussen twee uur 's middags en acht uur 's avonds."),
        rows=6,
    ),
    wild(
        "anki notes in plain text with header lines",
        {
            "Norsk grammatikk.txt": b"#separator:tab\n#html:true\n#tags column:3\n"
            + "".join(
                "\t".join(row) + "\n"
                for row in [
                    ["Hva heter flertall av <b>bok</b>?", "bøker", "flertall"],
                    ["Hva heter flertall av <b>fot</b>?", "føtter", "flertall"],
                    ["Når bruker man <b>da</b>, ikke <b>når</b>?", "Om én enkelt hendelse i fortiden.", "konjunksjon"],
                    ["Preteritum av <i>å gå</i>", "gikk", "verb"],
                    ["Perfektum av <i>å skrive</i>", "har skrevet", "verb"],
                    ["Hvilket kjønn har <b>jente</b>?", "Hunkjønn, men felleskjønn er også tillatt i bokmål.", "kjønn"],
                    ["Hva betyr <b>å glede seg til</b>?", "to look forward to", "uttrykk"],
                ]
            ).encode()
        },
        "sft",
        chat(
            OneOf("Hva heter flertall av bok?", "Hva heter flertall av <b>bok</b>?", "Hva heter flertall av **bok**?"),
            "bøker",
        ),
        rows=7,
    ),
    wild(
        "cards with double colons in one note of a vault",
        {
            "Histology cards.md": b"---\ntags: flashcards/histology\n---\nWhich epithelium lines the "
            b"trachea?::Pseudostratified "
            b"ciliated columnar epithelium with goblet cells\nWhich cells secrete collagen in connective "
            b"tissue?::Fibroblasts\nWhat colour are nuclei in an H&E stain?::Blue to purple\n"
            b"What is the functional unit of compact bone?::The osteon\n"
            b"Where do you find transitional epithelium?::In the urinary bladder, the ureters and the renal "
            b"pelvis\nWhich cartilage has visible elastic fibres?::Elastic cartilage, as in the external ear\n"
            b"Name the three layers of an artery.::Tunica intima, tunica media, tunica adventitia\n"
            b"Which white blood cell has a bilobed nucleus and red granules?::The eosinophil\n"
        },
        "sft",
        chat("Which epithelium lines the trachea?", "Pseudostratified ciliated columnar epithelium with goblet cells"),
        rows=8,
    ),
)
"""A person's own questions and answers, in many languages."""
