"""A person's own sheets.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

from tests.data.wild.table import Has, OneOf, Turn, Wild, asked, chat, judged, preferred, table, wild

SHEETS: tuple[Wild, ...] = (
    wild(
        "prompts with an ideal response and notes of the author",
        table(
            [
                [
                    "Write a subject line for a mail that announces a delay of two weeks.",
                    "Your order will arrive two weeks later than planned",
                    "keep it honest",
                    "done",
                ],
                ["Name three synonyms of 'stubborn'.", "Obstinate, headstrong, pig-headed.", "", "done"],
                [
                    "Turn this into a polite request: Send me the file.",
                    "Could you please send me the file when you have a moment?",
                    "British tone",
                    "done",
                ],
                [
                    "Give me a title for a talk on composting.",
                    "From Peel to Soil: What Your Kitchen Owes Your Garden",
                    "",
                    "done",
                ],
                [
                    "Summarise: The meeting moved to Thursday because Carla is ill and the room is being painted.",
                    "The meeting is now on Thursday, owing to Carla's illness and painting work in the room.",
                    "one sentence",
                    "review",
                ],
                [
                    "Write a haiku about a photocopier.",
                    "Light slides under glass,\nthe same face a hundred times,\nwarm sheets in the tray.",
                    "5-7-5",
                    "done",
                ],
                [
                    "What should a cover letter not contain?",
                    "A retelling of the CV, excuses, salary complaints and anything about the former boss "
                    "that you would not say in front of him.",
                    "",
                    "done",
                ],
                ["Invent a name for a cat café in Leeds.", "Purr & Pour", "", "review"],
            ],
            ["prompt", "ideal_response", "notes", "status"],
            name="my_prompts.csv",
        ),
        "sft",
        chat(
            "Write a subject line for a mail that announces a delay of two weeks.",
            "Your order will arrive two weeks later than planned",
        ),
        rows=8,
    ),
    wild(
        "glossary of bee keepers in plain lines with a colon",
        {
            "glossary.txt": b"Absconding: The departure of a whole colony from its hive, usually because of pests, "
            b"hunger or "
            b"heat.\nBee space: A gap of 6 to 9 mm which bees leave open as a passage and fill neither with "
            b"wax nor with propolis.\nBrood: Eggs, larvae and pupae taken together.\n"
            b"Drone: A male bee; he has no sting and collects nothing.\n"
            b"Nuc: A small colony on three to six frames, sold in spring.\n"
            b"Propolis: Resin that bees gather from buds and use to seal cracks.\n"
            b"Queen excluder: A grid through which workers pass but the queen does not.\n"
            b"Skep: A basket of straw, used upside down as a hive until the nineteenth century.\n"
            b"Super: A box put on top of the brood chamber for honey.\n"
            b"Supersedure: The quiet replacement of an old queen by her daughter, without a swarm.\n"
            b"Varroa: A mite that feeds on the fat body of bees and spreads viruses among them.\n"
            b"Waggle dance: A figure of eight on the comb, which tells other foragers the direction and "
            b"distance of a find.\n"
        },
        "sft cpt",
    ),
    wild(
        "answers of a bot with thumb up or down in a sheet",
        table(
            [
                ["When was the abbey built?", "The oldest walls date from 1138.", "up"],
                ["Can I bring a pram?", "The abbey is an abbey.", "down"],
                ["Is there a discount for groups?", "Yes, from ten persons on each pays 4 euros instead of 6.", "up"],
                ["Where are the toilets?", "Behind the gatehouse, on the left.", "up"],
                ["Who is buried in the crypt?", "I do not want to talk about that.", "down"],
                ["Do you have audio guides in Polish?", "We have English.", "down"],
                ["How long does a visit take?", "Plan an hour and a half, or two with the herb garden.", "up"],
                ["Is photography allowed?", "Photography was invented in the nineteenth century.", "down"],
            ],
            ["question", "bot_answer", "thumb"],
            name="feedback_bot.csv",
        ),
        "kto",
        judged("When was the abbey built?", "The oldest walls date from 1138.", True),
        rows=8,
    ),
    wild(
        "two answers of which a colleague ticked the better, spanish headers",
        table(
            [
                [
                    "Explica qué es la inflación a un niño.",
                    "Es cuando con la misma moneda compras cada año menos caramelos.",
                    "Es el aumento generalizado y sostenido del nivel de precios medido por el IPC.",
                    "A",
                    "Marta",
                ],
                [
                    "Dame una excusa amable para no ir a una boda.",
                    "No me apetece.",
                    "Me encantaría acompañaros, pero ese fin de semana ya tengo un viaje cerrado. ¡Brindaré "
                    "por vosotros!",
                    "B",
                    "Marta",
                ],
                ["¿Cuál es la capital de Mongolia?", "Ulán Bator.", "Creo que Mongolia no tiene capital.", "A", "Iván"],
                [
                    "Resume El Quijote en una frase.",
                    "Un libro largo de Cervantes.",
                    "Un hidalgo enloquecido por los libros sale a enderezar el mundo y el mundo lo endereza a él.",
                    "B",
                    "Iván",
                ],
                [
                    "¿Cómo quito una mancha de vino?",
                    "Echa sal enseguida, espera diez minutos y lava con agua fría.",
                    "Compra otro mantel.",
                    "A",
                    "Iván",
                ],
                ["Escribe un lema para una panadería.", "Pan.", "El barrio se despierta aquí.", "B", "Marta"],
            ],
            ["Pregunta", "Respuesta A", "Respuesta B", "Mejor", "Evaluador"],
            delimiter=";",
            name="comparaciones.csv",
        ),
        "dpo",
        preferred(
            "Explica qué es la inflación a un niño.",
            "Es cuando con la misma moneda compras cada año menos caramelos.",
            "Es el aumento generalizado y sostenido del nivel de precios medido por el IPC.",
        ),
        rows=6,
    ),
    wild(
        "german sentences before and after the editor, entwurf and lektorat",
        table(
            [
                [
                    "Aufgrund der Tatsache, dass es regnete, fand das Fest nicht statt.",
                    "Weil es regnete, fiel das Fest aus.",
                ],
                ["Es ist davon auszugehen, dass die Preise steigen werden.", "Die Preise werden wohl steigen."],
                ["Er führte eine Überprüfung der Heizung durch.", "Er prüfte die Heizung."],
                [
                    "Das Buch, das ich, als ich krank war, las, gefiel mir.",
                    "Das Buch, das ich während meiner Krankheit las, gefiel mir.",
                ],
                ["Die Möglichkeit der Anmeldung besteht ab Montag.", "Ab Montag können Sie sich anmelden."],
                ["Im Rahmen des Projekts erfolgte eine Befragung von Eltern.", "Für das Projekt befragten wir Eltern."],
                [
                    "Sie hat das schönste und beste Zimmer von allen Zimmern im Haus.",
                    "Sie hat das schönste Zimmer im Haus.",
                ],
            ],
            ["Entwurf", "Lektorat"],
            delimiter="\t",
            encoding="cp1252",
            name="stil.tsv",
        ),
        "sft",
        {
            "messages": [
                Turn("user", "Aufgrund der Tatsache, dass es regnete"),
                {"role": "assistant", "content": "Weil es regnete, fiel das Fest aus."},
            ]
        },
        {
            "messages": [
                Turn("system"),
                Turn("user", "Aufgrund der Tatsache, dass es regnete"),
                {"role": "assistant", "content": "Weil es regnete, fiel das Fest aus."},
            ]
        },
        rows=7,
    ),
    wild(
        "menu translated, polski and english",
        table(
            [
                ["żurek z jajkiem", "sour rye soup with egg"],
                ["pierogi ruskie", "dumplings filled with potato and curd cheese"],
                ["Czy mogę prosić o rachunek?", "May I have the bill, please?"],
                ["placki ziemniaczane ze śmietaną", "potato pancakes with sour cream"],
                ["Stolik dla dwóch osób na ósmą.", "A table for two at eight."],
                ["kompot z rabarbaru", "stewed rhubarb drink"],
                ["Ta zupa jest zimna.", "This soup is cold."],
                ["schabowy z kapustą", "breaded pork chop with cabbage"],
                ["Smacznego!", "Enjoy your meal!"],
            ],
            ["Polski", "English"],
            encoding="utf-8-sig",
            name="menu_tlumaczenie.csv",
        ),
        "sft",
        {"messages": [Turn("user", "żurek z jajkiem"), {"role": "assistant", "content": "sour rye soup with egg"}]},
        {"messages": [Turn("user", "sour rye soup with egg"), {"role": "assistant", "content": "żurek z jajkiem"}]},
        {
            "messages": [
                Turn("system"),
                Turn("user", "żurek z jajkiem"),
                {"role": "assistant", "content": "sour rye soup with egg"},
            ]
        },
    ),
    wild(
        "labels of a machine in three languages, de, en and fr",
        table(
            [
                ["btn.start", "Starten", "Start", "Démarrer"],
                ["btn.stop", "Anhalten", "Stop", "Arrêter"],
                ["msg.door", "Bitte schließen Sie die Tür.", "Please close the door.", "Veuillez fermer la porte."],
                [
                    "msg.filter",
                    "Der Filter muss gereinigt werden.",
                    "The filter needs cleaning.",
                    "Le filtre doit être nettoyé.",
                ],
                ["msg.done", "Das Programm ist beendet.", "The programme has finished.", "Le programme est terminé."],
                [
                    "err.water",
                    "Kein Wasserzulauf. Prüfen Sie den Hahn.",
                    "No water supply. Check the tap.",
                    "Pas d'arrivée d'eau. Vérifiez le robinet.",
                ],
                [
                    "err.heat",
                    "Heizung gestört. Rufen Sie den Kundendienst.",
                    "Heating fault. Call customer service.",
                    "Chauffage en panne. Appelez le service après-vente.",
                ],
            ],
            ["key", "de", "en", "fr"],
            delimiter=";",
            name="strings.csv",
        ),
        "sft",
    ),
    wild(
        "driving theory quiz in spanish, three options and the right letter",
        table(
            [
                [
                    "1",
                    "¿Qué significa una luz ámbar fija?",
                    "Acelerar",
                    "Detenerse si es posible sin peligro",
                    "Paso libre",
                    "b",
                ],
                [
                    "2",
                    "¿A qué velocidad máxima se circula en una calle residencial?",
                    "20 km/h",
                    "40 km/h",
                    "50 km/h",
                    "a",
                ],
                [
                    "3",
                    "En una rotonda sin señales, ¿quién tiene prioridad?",
                    "El que entra",
                    "El más grande",
                    "El que ya circula por ella",
                    "c",
                ],
                [
                    "4",
                    "¿Cuándo se usan las luces antiniebla traseras?",
                    "Siempre de noche",
                    "Con niebla espesa o lluvia muy intensa",
                    "En los túneles",
                    "b",
                ],
                [
                    "5",
                    "¿Cada cuánto conviene revisar la presión de los neumáticos?",
                    "Una vez al mes",
                    "Cada dos años",
                    "Nunca",
                    "a",
                ],
                [
                    "6",
                    "¿Qué hay que hacer primero en un accidente?",
                    "Mover a los heridos",
                    "Hacer fotos",
                    "Proteger el lugar",
                    "c",
                ],
            ],
            ["num", "pregunta", "a", "b", "c", "correcta"],
            encoding="cp1252",
            delimiter=";",
            name="test_dgt.csv",
        ),
        "sft grpo",
        {
            "messages": [
                Turn(
                    "user",
                    "¿Qué significa una luz ámbar fija?",
                    "Acelerar",
                    "Detenerse si es posible sin peligro",
                    "Paso libre",
                ),
                {
                    "role": "assistant",
                    "content": OneOf("b", "B", "b.", "B.", "(b)", "(B)", Has("Detenerse si es posible sin peligro")),
                },
            ]
        },
        {
            "prompt": [
                Turn(
                    "user",
                    "¿Qué significa una luz ámbar fija?",
                    "Acelerar",
                    "Detenerse si es posible sin peligro",
                    "Paso libre",
                )
            ],
            "answer": OneOf("b", "B", "b.", "B.", "(b)", "(B)", Has("Detenerse si es posible sin peligro")),
        },
        rows=6,
    ),
    wild(
        "list of prompts with a category and nothing else",
        table(
            [
                ["Write a limerick about a lighthouse cat.", "poetry"],
                ["Plan a week of vegetarian dinners for two, with leftovers used up.", "planning"],
                ["Explain how a sewing machine makes a stitch.", "explaining"],
                ["List ten names for a brewery on an island.", "ideas"],
                ["Argue that Tuesday is the best day of the week.", "argument"],
                ["Write a letter from a retired clown to his old shoes.", "fiction"],
                ["Compare wool and down for a winter jacket.", "explaining"],
                ["Draft rules for a shared office kitchen.", "planning"],
            ],
            ["prompt", "category"],
            name="prompts_to_try.csv",
        ),
        "grpo",
        asked("Write a limerick about a lighthouse cat."),
        rows=8,
    ),
)
"""A person's own sheets."""
