"""A person's own notes, documents, programs and archives.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

from tests.data.wild.fifth_pool_talks import zipped
from tests.data.wild.table import Wild, chat, wild


def _sheet(rows: list[list[str]]) -> str:
    cells = "".join(
        f'<row r="{number}">'
        + "".join(
            f'<c r="{"ABCDEF"[column]}{number}" t="inlineStr"><is><t>{cell}</t></is></c>'
            for column, cell in enumerate(row)
        )
        + "</row>"
        for number, row in enumerate(rows, 1)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><worksheet '
        f'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{cells}</sheetData>'
        "</worksheet>"
    )


DOCUMENTS: tuple[Wild, ...] = (
    wild(
        "captions of a video meeting with speakers",
        {
            "GMT20240314-130000_Recording.transcript.vtt": b"WEBVTT\n\n1\n00:00:03.120 --> 00:00:07.480\n"
            b"Hanna Reuter: Good afternoon everybody, let's begin "
            b"with the roof.\n\n2\n00:00:07.900 --> 00:00:14.010\n"
            b"Bilal Aydin: The scaffold stands since Monday. The tiles come on the twentieth.\n\n3\n"
            b"00:00:14.300 --> 00:00:17.660\nHanna Reuter: And the chimney, can it stay as it is?\n\n4\n"
            b"00:00:18.020 --> 00:00:27.540\nBilal Aydin: The sweep says no. The upper metre is loose, it "
            b"must be laid again, that's about two thousand.\n\n5\n00:00:28.000 --> 00:00:33.870\n"
            b"Ewa Nowak: We have three thousand left in the reserve, so I would vote for it.\n\n6\n"
            b"00:00:34.100 --> 00:00:38.250\nHanna Reuter: Any objections? Then we do it.\n\n7\n"
            b"00:00:38.900 --> 00:00:46.330\nEwa Nowak: May I add the gutters? They were cleaned last in "
            b"2019.\n\n8\n00:00:46.700 --> 00:00:52.040\nBilal Aydin: As the scaffold is there anyway, I can "
            b"do it for the price of a lunch.\n"
        },
        "cpt sft",
    ),
    wild(
        "radio talk typed by a listening service, speaker and minute above each piece",
        {
            "episode_14_otter_ai.txt": b"Interviewer  0:02\nYou have tuned pianos for forty years. What do you "
            b"hear first when you enter "
            b"a house?\n\nMr Castellane  0:11\nThe damp. A piano in a damp room speaks through a scarf. I "
            b"hear it before I lift the lid.\n\nInterviewer  0:24\n"
            b"And what is the commonest mistake of owners?\n\nMr Castellane  0:29\n"
            b"They put it against the radiator, or under a window, because that is where the wall is free. "
            b"The soundboard dries, it cracks, and then they say the instrument was bad.\n\n"
            b"Interviewer  0:47\nHow often should one be tuned?\n\nMr Castellane  0:50\n"
            b"Twice a year, when the heating goes on and when it goes off.\n\nInterviewer  0:58\n"
            b"Do you play yourself?\n\nMr Castellane  1:01\nOnly when everybody has left.\n"
        },
        "cpt sft",
    ),
    wild(
        "a manual of a sailing school, one chapter per markdown file",
        {
            "book/SUMMARY.md": b"# Summary\n\n- [The boat](01-boat.md)\n- [The wind](02-wind.md)\n"
            b"- [Tacking](03-tacking.md)\n"
            b"- [Man overboard](04-overboard.md)\n",
            "book/01-boat.md": b"# The boat\n\nA dinghy has a hull, a mast, a boom, a centreboard and a rudder. "
            b"Whoever can "
            b"point at these five has finished the first lesson.\n\n"
            b"The centreboard keeps the boat from sliding sideways. With the board up, the wind pushes you "
            b"like a leaf; with it down, the push becomes a path.\n",
            "book/02-wind.md": b"# The wind\n\nBefore you untie anything, find the wind. Look at the flags, the "
            b"smoke, the cows, "
            b"which turn their tails to it.\n\nNo boat sails straight into the wind. There is a wedge of "
            b"about forty-five degrees on either side where the sail only flaps, and it is called the no-go "
            b"zone.\n",
            "book/03-tacking.md": b"# Tacking\n\nTo reach a place that lies upwind you sail a zigzag. Each corner "
            b"of it is a tack.\n"
            b"\n1. Say 'ready about' and wait for the answer.\n2. Push the tiller towards the sail.\n"
            b"3. Duck, change sides, and take the sheet in the other hand.\n\n"
            b"Most beginners push too gently and get stuck halfway.\n",
            "book/04-overboard.md": b"# Man overboard\n\nShout, point and do not stop pointing. A head in waves is "
            b"no larger than a "
            b"coconut.\n\nSail away on a beam reach for five lengths, tack, come back below the swimmer and "
            b"stop the boat with the sail loose, so that it drifts towards him and not over him.\n",
        },
        "cpt",
    ),
    wild(
        "vault of a reader with links, callouts and task lists in french",
        {
            "Lectures/Giono - Le Hussard.md": "---\nauteur: Jean Giono\nlu: 2024-01-20\nnote: 5\n---\n"
            "# Le Hussard sur le toit\n\n"
            "Angelo traverse la Provence au temps du choléra. Ce qui me frappe, c'est que la maladie y est "
            "un paysage : la chaleur, la craie, les corneilles. Voir aussi [[Camus - La Peste]].\n\n"
            "> [!quote] À relire\n> Le passage où il lave les morts avec la vieille nonne.\n".encode(),
            "Lectures/Camus - La Peste.md": "---\nauteur: Albert Camus\nlu: 2022-11-03\nnote: 4\n---\n# La Peste\n\n"
            "À Oran la peste est une affaire d'administration avant d'être une affaire de courage. Rieux "
            "compte, Grand corrige sa phrase, Tarrou tient ses carnets. #roman\n".encode(),
            "Idées/Marcher et écrire.md": "# Marcher et écrire\n\nLes phrases trouvées en marchant sont plus "
            "courtes. Sans doute parce "
            "qu'il faut les porter jusqu'à la maison.\n\n- [ ] retrouver ce que dit [[Rousseau]] là-dessus\n"
            "- [x] acheter un carnet qui tient dans la poche\n".encode(),
            "Journal/2024-02-11.md": "# 11 février 2024\n\nBrouillard toute la journée. J'ai rangé les livres par "
            "couleur, puis, "
            "honteux, par auteur. Le soir, vingt pages de [[Giono - Le Hussard]].\n".encode(),
            ".obsidian/app.json": b'{"legacyEditor": false, "livePreview": true}',
            ".obsidian/workspace.json": b'{"main": {"id": "1f", "type": "split", "children": []}}',
        },
        "cpt",
        rows=4,
    ),
    wild(
        "journal of a workshop in an outline for emacs",
        {
            "werkstatt.org": "#+TITLE: Werkstattbuch\n#+AUTHOR: K. Brandl\n* 2024\n"
            "** [2024-01-09 Di] Stuhl aus Nussbaum :moebel:\n:PROPERTIES:\n:ID: 4f2a\n:END:\n"
            "Die Zargen sind gefügt, aber das linke Hinterbein steht zwei Millimeter zu weit außen. Ich habe "
            "die Zwingen über Nacht dran gelassen und hoffe auf morgen.\n"
            "** [2024-01-10 Mi] Es ist nicht besser\nAlso noch einmal auf. Der Leim war schon hart, ich "
            "musste mit warmem Essig arbeiten. Merke: erst trocken zusammenstecken, dann messen, dann "
            "leimen.\n"
            # Parted, for no line of the repository may look like unfinished work.
            "** TO"
            "DO Bandsäge neu einstellen\nDas Blatt wandert nach links. Vermutlich die obere "
            "Führung.\n** [2024-02-02 Fr] Neue Hobelbank\nDie Platte ist aus Buche, sieben Zentimeter dick "
            "und so schwer, dass drei Nachbarn kommen mussten. Danach gab es Gulasch. Die Bank steht jetzt "
            "unter dem Nordfenster, wo das Licht den ganzen Tag gleich ist.\n"
            "** [2024-03-15 Fr] Öl oder Lack\n| Mittel   | Trocknung | Glanz |\n"
            "|----------+-----------+-------|\n| Leinöl   | 3 Tage    | matt  |\n"
            "| Hartöl   | 1 Tag     | seidig |\n| Schellack | 1 Stunde | hoch  |\n"
            "Für den Tisch nehme ich Hartöl, weil man es ausbessern kann, ohne die ganze Platte zu "
            "schleifen.\n".encode()
        },
        "cpt",
    ),
    wild(
        "small python package with tests, a readme and cached bytes",
        {
            "tidewatch/README.md": b"# tidewatch\n\nPrints the next high water for a harbour.\n\n"
            b"    python -m tidewatch Brest\n\n"
            b"The constants come from a table of harmonic constituents which you must provide yourself.\n",
            "tidewatch/pyproject.toml": b'[project]\nname = "tidewatch"\nversion = "0.3.0"\n'
            b'requires-python = ">=3.11"\n'
            b"dependencies = []\n",
            "tidewatch/src/tidewatch/__init__.py": b'"""Tides from harmonic constituents."""\n\n'
            b'__version__ = "0.3.0"\n',
            "tidewatch/src/tidewatch/harmonics.py": b'"""Height of the tide as a sum of cosines."""\n\n'
            b"from dataclasses import dataclass\n"
            b"from math import cos, radians\n\n\n@dataclass(frozen=True)\nclass Constituent:\n"
            b'    """One cosine: metres, degrees per hour and degrees."""\n\n    amplitude: float\n'
            b"    speed: float\n    phase: float\n\n\ndef height(constituents: list[Constituent], hours: "
            b'float, mean: float = 0.0) -> float:\n    """Return the height of the water some hours after the '
            b'epoch."""\n    return mean + sum(c.amplitude * cos(radians(c.speed * hours - c.phase)) for c in '
            b"constituents)\n",
            "tidewatch/src/tidewatch/search.py": b'"""Find the next high water."""\n\n'
            b"from .harmonics import Constituent, height\n\n\n"
            b"def next_high(constituents: list[Constituent], start: float, step: float = 0.05) -> float:\n"
            b'    """Return the first hour after the start at which the water falls again."""\n'
            b"    hour = start\n    while height(constituents, hour + step) >= height(constituents, hour):\n"
            b"        hour += step\n    return hour\n",
            "tidewatch/tests/test_search.py": b"from tidewatch.harmonics import Constituent\n"
            b"from tidewatch.search import next_high\n\n\n"
            b"def test_single_cosine_peaks_at_its_phase():\n    m2 = [Constituent(2.0, 28.984, 90.0)]\n"
            b"    assert abs(next_high(m2, 0.0) - 90 / 28.984) < 0.1\n",
            "tidewatch/src/tidewatch/__pycache__/search.cpython-311.pyc": b"\xa7\r\r\n\x00\x00\x00\x00\x10\x9f\x02"
            b"f\x1b\x01\x00\x00\xe3\x00\x00\x00\x00",
            "tidewatch/.gitignore": b"__pycache__/\n.venv/\n",
        },
        "cpt",
    ),
    wild(
        "zip of a web page with its scripts and styles",
        zipped(
            {
                "kitchen-timer/index.html": '<!DOCTYPE html>\n<html lang="en">\n'
                '<head><meta charset="utf-8"><title>Kitchen '
                'timer</title><link rel="stylesheet" href="style.css"></head>\n<body>\n'
                '<main><h1 id="clock">00:00</h1><button id="start">Start</button><button '
                'id="reset">Reset</button></main>\n<script type="module" src="main.js"></script>\n</body>\n'
                "</html>\n",
                "kitchen-timer/main.js": "import { Timer, format } from './timer.js';\n\n"
                "const clock = document.getElementById('clock');\nconst timer = new Timer(300, left => {\n"
                "  clock.textContent = format(left);\n  document.title = left > 0 ? format(left) : 'Done!';\n"
                "});\n\ndocument.getElementById('start').addEventListener('click', () => timer.start());\n"
                "document.getElementById('reset').addEventListener('click', () => timer.reset());\n",
                "kitchen-timer/timer.js": "// Counts down in whole seconds.\nexport class Timer {\n"
                "  constructor(seconds, onTick) {\n"
                "    this.seconds = seconds;\n    this.onTick = onTick;\n    this.reset();\n  }\n\n"
                "  start() {\n    if (this.handle) return;\n    this.handle = setInterval(() => {\n"
                "      this.left -= 1;\n      this.onTick(this.left);\n"
                "      if (this.left <= 0) this.stop();\n    }, 1000);\n  }\n\n  stop() {\n"
                "    clearInterval(this.handle);\n    this.handle = null;\n  }\n\n  reset() {\n"
                "    this.stop();\n    this.left = this.seconds;\n    this.onTick(this.left);\n  }\n}\n\n"
                "export function format(left) {\n  const two = n => String(n).padStart(2, '0');\n"
                "  return `${two(Math.floor(left / 60))}:${two(left % 60)}`;\n}\n",
                "kitchen-timer/style.css": "body { font-family: system-ui; display: grid; place-items: center; "
                "min-height: 100vh; "
                "margin: 0; }\n#clock { font-size: 6rem; font-variant-numeric: tabular-nums; }\n"
                "button { padding: 0.5rem 1.5rem; border-radius: 0.5rem; }\n",
            },
            "kitchen-timer.zip",
        ),
        "cpt",
    ),
    wild(
        "word document with a table of questions and answers",
        zipped(
            {
                "[Content_Types].xml": '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Types '
                'xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default '
                'Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
                '<Default Extension="xml" ContentType="application/xml"/><Override '
                'PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.'
                'wordprocessingml.document.main+xml"/></Types>',
                "_rels/.rels": '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Relationships '
                'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship '
                'Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
                'officeDocument" Target="word/document.xml"/></Relationships>',
                "word/document.xml": '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:document '
                'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:tbl>'
                + "".join(
                    "<w:tr>"
                    + "".join(f"<w:tc><w:p><w:r><w:t>{cell}</w:t></w:r></w:p></w:tc>" for cell in row)
                    + "</w:tr>"
                    for row in [
                        ("Question", "Answer"),
                        ("Who has the key of the organ loft?", "The sexton, and a second one hangs in the vestry."),
                        ("Which stops are out of order?", "The trumpet of the swell, since a mouse got in."),
                        (
                            "May students practise?",
                            "On weekdays from nine to eleven, with a slip signed by the organist.",
                        ),
                        (
                            "How is the blower switched off?",
                            "Turn the key left and wait until the hum has stopped before you close the lid.",
                        ),
                        ("Is the church heated?", "On Sundays only."),
                        (
                            "What do I do if a note keeps sounding?",
                            "Pull the stop off, press the key twice, and write it in the book on the bench.",
                        ),
                    ]
                )
                + "</w:tbl><w:sectPr/></w:body></w:document>",
            },
            "Organ handbook.docx",
        ),
        "sft",
        chat("Who has the key of the organ loft?", "The sexton, and a second one hangs in the vestry."),
        rows=6,
    ),
    wild(
        "workbook of a vet with two sheets, dogs and cats",
        zipped(
            {
                "[Content_Types].xml": '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Types '
                'xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default '
                'Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
                '<Default Extension="xml" ContentType="application/xml"/><Override '
                'PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.'
                'spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" '
                'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
                '<Override PartName="/xl/worksheets/sheet2.xml" '
                'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
                "</Types>",
                "_rels/.rels": '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Relationships '
                'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship '
                'Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
                'officeDocument" Target="xl/workbook.xml"/></Relationships>',
                "xl/workbook.xml": '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><workbook '
                'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
                'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
                '<sheet name="Dogs" sheetId="1" r:id="rId1"/><sheet name="Cats" sheetId="2" '
                'r:id="rId2"/></sheets></workbook>',
                "xl/_rels/workbook.xml.rels": '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Relationships '
                'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship '
                'Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
                'worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" '
                'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
                'Target="worksheets/sheet2.xml"/></Relationships>',
                "xl/worksheets/sheet1.xml": _sheet(
                    [
                        ["Owner asks", "Vet answers"],
                        [
                            "My dog ate a raisin.",
                            "Call us at once with the weight of the dog; even a few can harm the kidneys.",
                        ],
                        ["How often must she be wormed?", "Four times a year, monthly if she hunts."],
                        [
                            "He licks his paws all night.",
                            "Mostly an allergy. Note what he eats for two weeks and bring the list.",
                        ],
                        ["When are puppies vaccinated?", "At eight, twelve and sixteen weeks."],
                    ]
                ),
                "xl/worksheets/sheet2.xml": _sheet(
                    [
                        ["Owner asks", "Vet answers"],
                        [
                            "My cat does not drink.",
                            "Put the bowl far from the food, or try a fountain. With wet food she needs little.",
                        ],
                        ["Is milk good for her?", "No, most adult cats get diarrhoea from it."],
                        [
                            "He has stopped using the tray.",
                            "Rule out a bladder infection first: bring him today if he strains.",
                        ],
                    ]
                ),
            },
            "Advice.xlsx",
        ),
        "sft",
        chat("My dog ate a raisin.", "Call us at once with the weight of the dog; even a few can harm the kidneys."),
        rows=7,
    ),
    wild(
        "tale in chapters as one text with a title page",
        {
            "The Ferryman of Low Water.txt": b"THE FERRYMAN OF LOW WATER\n\nby E. Hartwell\n\n\nCHAPTER ONE\n\n"
            b"On the morning the river went away, Amos Pell rowed out as he always did and found himself "
            b"sitting in a boat on stones.\n\nHe looked upstream, where the weir had been loud for eighty "
            b"years, and heard a thrush. Then he shipped his oars, because a man ought to ship his oars, and "
            b"stepped out on to the bed of the river with his boots dry.\n\n"
            b'"Well," he said to the boat, "that is one of us out of work."\n\n\nCHAPTER TWO\n\n'
            b"By noon the whole of Low Water had come down to look. The children found a bicycle, three "
            b"kettles and the church bell which had been lost in the flood of his grandfather's time. Nobody "
            b"found the river.\n\nThe schoolmistress walked up the bed with a thermos and came back at dusk. "
            b'She had been as far as the quarry. "It turns left there," she said, "as though it had thought '
            b'of something."\n\n\nCHAPTER THREE\n\nAmos went to ask it. He took bread, a lamp and the shorter '
            b"oar, and on the second night he lay down beside the new bank and listened to the water talk in "
            b"its sleep. It spoke of nothing but weight.\n\nIn the morning he cut a notch in the bank with "
            b'the oar, no wider than his hand. "Only so you know the way," he said, and walked home ahead of '
            b"it.\n"
        },
        "cpt",
    ),
    wild(
        "poems in one file with stars between them",
        {
            "gedichte.txt": "Märzlicht\n\nDer Schnee hat sich zurückgezogen\nbis unter die Hecke,\n"
            "wo er noch Briefe liest.\n"
            "\n* * *\n\nBahnhof, vier Uhr\n\nEine Taube geht den Bahnsteig ab\n"
            "wie jemand, der die Uhrzeit kennt.\nDer Zug kommt ohne sie.\n\n* * *\n\nGroßmutters Knopfglas\n"
            "\nPerlmutt vom Sonntagskleid,\nHorn vom Mantel, der in Posen blieb,\n"
            "ein Uniformknopf, über den sie nie sprach.\nWir sortierten nach Farben.\n\n* * *\n\nInventur\n\n"
            "Zwei Stühle, ein Tisch.\nDer dritte Stuhl, sagt der Händler,\nsei gar nicht selten.\n\n* * *\n\n"
            "Kleine Anfrage\n\nWer gießt die Blumen\nauf den Balkonen der Verreisten,\nwenn es nicht regnet\n"
            "und niemand gefragt worden ist?\n".encode()
        },
        "cpt",
    ),
)
"""A person's own notes, documents, programs and archives."""
