"""The invented texts that the wild datasets are filled with: questions, dialogues, sums, programs, articles.

Owns sentences only. Must not know any layout: which key a text stands under is the business of the tables.
"""

from __future__ import annotations

QUESTIONS: list[tuple[str, str, str]] = [
    (
        "Why does the harbour clock in Merrow run four minutes fast?",
        "The keeper set it ahead after the ferry of 1911 left without its mail, and nobody has dared to set it back.",
        "Clocks are fast sometimes.",
    ),
    (
        "How do I keep basil alive through a dark winter?",
        "Put the pot on the brightest sill you have, water it from below once the surface is dry, and pinch off the "
        "flowers so that the plant keeps making leaves.",
        "Just buy a new one, basil is cheap.",
    ),
    (
        "What happens to bread dough when it proves for too long?",
        "The gluten slackens and the gas escapes, so the loaf spreads in the oven and its crumb turns coarse and sour.",
        "It gets bigger and bigger and that is always better.",
    ),
    (
        "Can a bicycle chain be used again after it has rusted?",
        "Surface rust comes off with a brush and a little oil; stiff links or pitted rollers mean that it is time for "
        "a new chain.",
        "No idea, ask a shop.",
    ),
    (
        "Which side of the valley gets the first frost?",
        "Cold air sinks, so the meadow along the stream freezes some nights before the terraces above it do.",
        "The left one.",
    ),
    (
        "How long should green tea steep?",
        "About two minutes in water of eighty degrees; longer draws out the bitter tannins.",
        "An hour, so that it gets strong.",
    ),
    (
        "Why do the lighthouse keepers of Osk paint the railing every spring?",
        "Salt creeps under the old coat during the winter gales, and a fresh layer before the damp summer stops the "
        "iron from flaking.",
        "Because they are told to do it.",
    ),
    (
        "What is the safest way to thaw a frozen pipe?",
        "Open the tap, warm the pipe with a hair dryer from the tap backwards, and never use an open flame.",
        "Use a blowtorch, it is the quickest.",
    ),
]
"""Question, good answer, poor answer."""

INSTRUCTIONS: list[tuple[str, str, str]] = [
    (
        "Rewrite the sentence in the passive voice.",
        "The baker opened the shutters at dawn.",
        "The shutters were opened by the baker at dawn.",
    ),
    ("Name three vegetables that keep well in a cool cellar.", "", "Carrots, beetroot and winter cabbage keep well."),
    (
        "Correct the spelling mistakes in the text.",
        "The librery closses at eigt.",
        "The library closes at eight.",
    ),
    (
        "Write a two-line poem about a kettle.",
        "",
        "The kettle hums before it sings,\nand morning comes on copper wings.",
    ),
    (
        "Sort the words by length, shortest first.",
        "harbour, sea, lantern-room, gull",
        "sea, gull, harbour, lantern-room",
    ),
    ("Suggest a name for a shop that mends umbrellas.", "", "Second Rain."),
    (
        "Say whether the review is positive or negative.",
        "The soup was cold and the waiter sighed at us.",
        "Negative",
    ),
    (
        "Explain in one sentence what a tide table is for.",
        "",
        "It tells sailors when the water is high enough to leave.",
    ),
]
"""Instruction, input or nothing, output."""

DIALOGUES: list[list[str]] = [
    [
        "My tomato leaves are curling, is that a disease?",
        "Not always; in hot, dry weather the plant curls its leaves to lose less water.",
        "It has been hot for two weeks here.",
        "Then water deeply in the evening and look again after three days.",
    ],
    [
        "Can you help me plan a walk around the lake?",
        "Gladly. The full round takes five hours; do you want the whole of it?",
        "Half a day is enough for me.",
        "Then take the ferry to the chapel and walk back along the south shore, about two and a half hours.",
    ],
    [
        "I would like to learn the accordion at sixty, is that silly?",
        "Not at all. Begin with the right hand alone and ten minutes a day.",
    ],
    [
        "What does the word thalweg mean?",
        "It is the line that joins the lowest points of a valley or a river bed.",
        "And where is it used?",
        "Borders that follow a river are often drawn along it.",
        "Thank you, that helps.",
        "You are welcome.",
    ],
    [
        "My printer says the tray is empty although it is full.",
        "Take the stack out, fan it, and check that the guides touch the paper without bending it.",
    ],
    [
        "Tell me something odd about octopuses.",
        "Most of their nerve cells sit in the arms, so an arm can solve a small task by itself.",
        "Does each arm think, then?",
        "It decides about touch and grip; the head still chooses where to go.",
    ],
]
"""Turns of a person and an assistant in turn, the person first."""

MATHS: list[tuple[str, str, str]] = [
    (
        "Ilka buys 3 crates of plums with 24 plums each and gives 15 away. How many plums has she left?",
        "She buys 3 * 24 = 72 plums. After giving 15 away she has 72 - 15 = 57 plums.",
        "57",
    ),
    (
        "A ferry carries 18 cars per trip and makes 7 trips a day. How many cars does it carry in 5 days?",
        "Per day it carries 18 * 7 = 126 cars. In 5 days that makes 126 * 5 = 630 cars.",
        "630",
    ),
    (
        "A rope of 96 metres is cut into pieces of 8 metres. How many cuts are needed?",
        "There are 96 / 8 = 12 pieces, and one cut fewer than pieces, so 11 cuts.",
        "11",
    ),
    (
        "Tickets cost 4 for children and 9 for adults. A group of 6 children and 2 adults pays how much?",
        "The children pay 6 * 4 = 24 and the adults 2 * 9 = 18, together 42.",
        "42",
    ),
    (
        "If 5x + 3 = 38, what is x?",
        "Subtract 3 to get 5x = 35 and divide by 5, so x = 7.",
        "7",
    ),
    (
        "A cellar holds 250 bottles and 30 percent of them are white. How many are not white?",
        "White are 0.3 * 250 = 75 bottles, so 250 - 75 = 175 are not white.",
        "175",
    ),
]
"""Problem, worked solution, result."""

PROGRAMS: list[tuple[str, str, str]] = [
    (
        "Write a function to count the vowels in a word.",
        "def count_vowels(word):\n    return sum(letter in 'aeiou' for letter in word.lower())",
        "assert count_vowels('Harbour') == 3",
    ),
    (
        "Write a function that returns the middle item of a list with an odd number of items.",
        "def middle(items):\n    return items[len(items) // 2]",
        "assert middle([4, 9, 2]) == 9",
    ),
    (
        "Write a function to turn a number of minutes into hours and minutes.",
        "def clock(minutes):\n    return divmod(minutes, 60)",
        "assert clock(135) == (2, 15)",
    ),
    (
        "Write a function that removes every second character of a text.",
        "def thin(text):\n    return text[::2]",
        "assert thin('lantern') == 'lnen'",
    ),
    (
        "Write a function that tells whether all items of a list differ.",
        "def distinct(items):\n    return len(set(items)) == len(items)",
        "assert distinct([1, 2, 2]) is False",
    ),
]
"""Task, program, test."""

CHOICES: list[tuple[str, list[str], int]] = [
    ("Which tool measures air pressure?", ["a barometer", "a sextant", "a lathe", "a sieve"], 0),
    ("What do bees collect from flowers?", ["gravel", "nectar", "copper", "fog"], 1),
    ("Which of these floats on water?", ["an anvil", "a brick", "a cork", "a spanner"], 2),
    ("When do most owls hunt?", ["at noon", "at teatime", "never", "at night"], 3),
    ("What is charcoal made from?", ["sand", "wood", "salt", "wool"], 1),
    ("Which planet is known for wide rings?", ["Mercury", "Venus", "Saturn", "Mars"], 2),
]
"""Question, four choices, index of the right one."""

ARTICLES: list[tuple[str, str, str]] = [
    (
        "The rope walk of Merrow",
        "The rope walk of Merrow is a shed of four hundred metres in which hemp was twisted into cables until 1958. "
        "Workers walked backwards along its whole length, paying out fibre from a bundle at the waist. A boy at the "
        "far end turned the wheel. On a good day three cables were finished, each thick enough to hold a barque in a "
        "gale. The shed survived two fires and a flood. Since 1990 it has housed a museum and a swimming club, and on "
        "open days visitors may twist a short line of their own under the eyes of a retired foreman.",
        "A long shed in Merrow made ship's cables until 1958 and is a museum today.",
    ),
    (
        "Salt meadows",
        "Salt meadows lie between the dyke and the mud flats and are flooded some two hundred times a year. Only "
        "plants that bear salt grow here: glasswort nearest to the water, sea lavender a little higher, red fescue "
        "along the dyke. Each flood leaves a film of silt, so that the meadow rises by a few millimetres every year. "
        "Redshanks breed in the taller grass. Where sheep graze, the sward stays short and geese come in autumn. "
        "Where they do not, insects are many and the birds fewer, and the two kinds of meadow lie side by side.",
        "Salt meadows are flooded often, grow with the silt and shelter plants that bear salt.",
    ),
    (
        "The night train to Vall",
        "The night train to Vall leaves at ten past eleven and arrives when the bakers have just opened. It has six "
        "coaches, two of them with beds, and a guard who knows most of the travellers by name. In winter the line is "
        "closed for hours when snow drifts into the cutting at Hohen. The passengers are then given tea from the urn "
        "in the third coach. The railway has tried to end the service three times. Each time the mayors along the "
        "line travelled to the capital on that very train, and each time they came back with another five years.",
        "The night train to Vall has been saved three times by the mayors along its line.",
    ),
    (
        "How a dry stone wall is built",
        "A dry stone wall is built without mortar. Two faces of large stones lean towards each other, and the gap "
        "between them is packed with rubble, the hearting. Every metre or so a through stone ties the faces together. "
        "The first course is laid in a trench below the frost line. Each stone must sit on two others and be covered "
        "by two more. A skilled waller lays about three metres a day and never puts a stone down that has been picked "
        "up. Walls built in this way stand for a century because they can settle and drain.",
        "Two leaning faces, rubble between them and through stones make a wall that needs no mortar.",
    ),
    (
        "The owl count",
        "Every February volunteers listen for tawny owls in the woods above the lake. They stand at agreed points, "
        "wait for ten minutes and note the direction of each call. Calls of males are long and wavering, those of "
        "females short and sharp. The count of this year found fifty-one territories, four more than the year before. "
        "A mild winter with many mice explains most of the rise. The foresters use the numbers to decide which old "
        "beeches are left standing, since the owls breed in hollow trunks and return to the same tree for years.",
        "Volunteers found fifty-one owl territories, four more than last year.",
    ),
    (
        "The price of ice",
        "Before machines made cold, ice was cut from ponds in January and stored under sawdust. Farmers along the "
        "canal earned more with ice than with hay in a hard winter. Blocks of fifty kilograms were sawn in rows and "
        "floated to a ramp. A good ice house lost a tenth of its store until August. Breweries were the best buyers, "
        "followed by the fish market and the hospital. When the first compressor hummed in the town in 1904, the "
        "price fell by half within two years, and the ponds became what they are today, a place for skating.",
        "Ice from ponds was a trade until compressors halved its price.",
    ),
]
"""Title, article of a few hundred characters, summary."""

TRANSLATIONS: list[tuple[str, str]] = [
    ("The ferry leaves at noon.", "Die Fähre fährt um zwölf ab."),
    ("Please close the garden gate.", "Bitte schließen Sie das Gartentor."),
    ("My brother repairs old radios.", "Mein Bruder repariert alte Radios."),
    ("It has rained since Tuesday.", "Es regnet seit Dienstag."),
    ("Where can I buy a stamp?", "Wo kann ich eine Briefmarke kaufen?"),
    ("The bread is still warm.", "Das Brot ist noch warm."),
]

GERMAN: list[tuple[str, str]] = [
    ("Wie lange gilt die Tageskarte?", "Sie gilt bis Betriebsschluss, auch auf der Fähre und im Nachtbus."),
    ("Darf ich mein Fahrrad mitnehmen?", "Ja, außerhalb der Stoßzeiten und im letzten Wagen für zwei Euro."),
    ("Wo finde ich verlorene Gegenstände?", "Das Fundbüro am Südbahnhof öffnet täglich von neun bis fünf Uhr."),
    ("Was kostet die Überfahrt für Kinder?", "Kinder unter zwölf Jahren fahren frei; danach gilt der halbe Preis."),
    ("Kann ich mit Karte zahlen?", "An Bord ja, am Automaten größere Beträge nur mit Münzen oder Scheinen."),
]

SPANISH: list[tuple[str, str]] = [
    ("¿A qué hora abre la biblioteca?", "Abre a las nueve de lunes a viernes y a las diez los sábados."),
    ("¿Cuánto cuesta el carné?", "El carné es gratuito para los vecinos; los demás pagan cinco euros al año."),
    ("¿Puedo renovar un préstamo?", "Sí, dos veces, siempre que nadie haya reservado el libro."),
    ("¿Dónde devuelvo los libros?", "En el mostrador o en el buzón azul junto a la puerta."),
]

CHINESE: list[tuple[str, str]] = [
    ("图书馆几点开门?", "周一到周五九点开门,周六十点开门。"),
    ("借书证怎么办理?", "请带身份证到一楼服务台办理,当天就可以使用。"),
    ("一次可以借几本书?", "每次最多可以借五本,借期为三十天。"),
    ("书丢了怎么办?", "请尽快联系服务台,按原价赔偿或购买同一本书。"),
]

TOOL = {
    "name": "get_tide",
    "description": "Return the next high tide of a harbour.",
    "parameters": {
        "type": "object",
        "properties": {"harbour": {"type": "string", "description": "Name of the harbour"}},
        "required": ["harbour"],
    },
}
"""A function as the tools of a chat describe it."""

TIDES: list[tuple[str, str, str]] = [
    ("Merrow", "14:05", "The next high tide in Merrow is at five past two."),
    ("Osk", "03:40", "High water in Osk comes at 3:40 in the morning."),
    ("Vall", "19:22", "You have time until 19:22 in Vall."),
    ("Hohen", "08:11", "In Hohen the tide is highest at 8:11."),
]
"""Harbour, what the tool answers, what the assistant says then."""


def tide_question(harbour: str) -> str:
    """Return what the person asks before the tool is called."""
    return f"When is the next high tide in {harbour}?"
