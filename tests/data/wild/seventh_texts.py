"""Public datasets of texts, code and pictures, in their own columns.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

from tests.data.wild.table import REFUSED, Has, Wild, jsonl, parquet, wild


def _german_wikipedia_address() -> Wild:
    wiki = [
        (
            "Ölrausch",
            "Ein Ölrausch ist eine Phase, in der die Entdeckung von Erdöl viele Menschen in eine Gegend "
            "zieht.\n\nGeschichte\nDer erste Ölrausch begann 1859 in Pennsylvania. In wenigen Monaten "
            "entstanden Orte mit Tausenden Einwohnern, von denen heute viele verlassen sind.\n\nFolgen\n"
            "Bäche und Wälder litten unter den Bohrungen.\n\nSiehe auch \n Goldrausch",
        ),
        (
            "Taubenschlag",
            "Ein Taubenschlag ist ein Bau zur Haltung von Tauben. Er steht oft auf einem Pfahl, damit Marder "
            "ihn nicht erreichen.\n\nWeblinks",
        ),
        (
            "Seilerei",
            "Die Seilerei ist das Handwerk, Fasern zu Seilen zu drehen. Die Bahn, auf der ein Seil "
            "geschlagen wird, heißt Reeperbahn und ist so lang wie das Seil.",
        ),
        (
            "Kaltfront",
            "Eine Kaltfront ist die vordere Grenze einer Kaltluftmasse. Hinter ihr klart es auf, und der "
            "Wind dreht auf Nordwest.",
        ),
        (
            "Hufeisen",
            "Das Hufeisen schützt den Huf des Pferdes vor Abrieb.\n\nBrauchtum\n"
            "Über der Tür gilt es als Glückszeichen, meist mit der Öffnung nach oben.",
        ),
        (
            "Wendeltreppe",
            "Eine Wendeltreppe windet sich um eine Spindel oder ein offenes Auge. In Burgen steigt sie meist "
            "rechtsherum an.",
        ),
    ]
    return wild(
        "german wikipedia with address and title",
        parquet(
            [
                {"id": str(7 + n), "url": f"https://de.wikipedia.org/wiki/{t}", "title": t, "text": x}
                for n, (t, x) in enumerate(wiki)
            ],
            "train-00000-of-00020.parquet",
        ),
        "cpt",
        {"text": Has(wiki[0][1])},
        rows=6,
    )


def _tiny_stories_parquet() -> Wild:
    people = [
        ("Lily", "spoon", "puddle", "frog"),
        ("Tom", "kite", "oak", "owl"),
        ("Mia", "drum", "gate", "goat"),
        ("Ben", "shell", "sand", "crab"),
        ("Sue", "lamp", "stairs", "mouse"),
        ("Max", "boat", "pond", "duck"),
        ("Anna", "scarf", "snow", "fox"),
        ("Tim", "bell", "barn", "cow"),
    ]
    tiny = [
        f"One day, a little {('girl' if n % 2 == 0 else 'boy')} named {a} found a {b} near the {c}. {a} "
        f'wanted to keep the {b}, but a {d} said, "That is mine!" {a} was sad at first.\n\n'
        f'"Can we play with it together?" asked {a}. The {d} smiled and nodded. They played with the {b} '
        f"until the sun went down.\n\nFrom that day on, {a} and the {d} shared everything."
        for n, (a, b, c, d) in enumerate(people)
    ]
    return wild(
        "tiny stories in parquet",
        parquet([{"text": t} for t in tiny], "train-00000-of-00004-2d5a1467fff1081b.parquet"),
        "cpt",
        {"text": tiny[0]},
        rows=8,
    )


def _small_stack() -> Wild:
    code = [
        (
            "import sys\n\n\ndef main() -> int:\n    total = 0\n    for line in sys.stdin:\n"
            "        total += len(line.split())\n    print(total)\n    return 0\n\n\n"
            'if __name__ == "__main__":\n    sys.exit(main())\n',
            "wordcount/cli.py",
            "marta/wordcount",
            "Python",
        ),
        (
            "package tide\n\n// Height returns the height of the tide in metres.\n"
            "func Height(hour float64) float64 {\n\treturn 1.8 + 1.2*math.Sin(hour*0.5058)\n}\n",
            "tide/height.go",
            "sea-lab/tide",
            "Go",
        ),
        (
            "export const clamp = (x: number, lo: number, hi: number) =>\n  Math.min(hi, Math.max(lo, x));\n",
            "src/clamp.ts",
            "pix/tools",
            "TypeScript",
        ),
        (
            '#include <stdio.h>\n\nint main(void) {\n    for (int i = 0; i < 3; i++) puts("tick");\n    return 0;\n}\n',
            "tick.c",
            "oldclock/tick",
            "C",
        ),
        (
            "SELECT name, COUNT(*)\nFROM visits\nGROUP BY name\nHAVING COUNT(*) > 3;\n",
            "reports/visits.sql",
            "museum/db",
            "SQL",
        ),
        (
            "body { margin: 0; font: 16px/1.5 serif; }\nmain { max-width: 40em; margin: auto; }\n",
            "style.css",
            "ida/blog",
            "CSS",
        ),
    ]
    return wild(
        "small stack with lengths of lines and licences",
        jsonl(
            [
                {
                    "content": c,
                    "avg_line_length": round(len(c) / c.count("\n"), 2),
                    "max_line_length": max(map(len, c.split("\n"))),
                    "alphanum_fraction": 0.61,
                    "licenses": ["MIT"],
                    "repository_name": r,
                    "path": p,
                    "size": len(c),
                    "lang": lang,
                }
                for c, p, r, lang in code
            ],
            "data.json",
        ),
        "cpt",
        {"text": Has(code[0][0].strip())},
        rows=6,
    )


def _pictures_formulas_markup() -> Wild:
    png = bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63600000020000"
        "01e221bc330000000049454e44ae426082"
    )
    return wild(
        "pictures of formulas with their markup",
        parquet(
            [
                {"image": {"bytes": png, "path": f"{n}.png"}, "text": t}
                for n, t in enumerate(
                    [
                        "\\frac { N } { M } \\in { \\bf Z } ,",
                        "D _ { \\mu } \\phi = 0 .",
                        "\\alpha ^ { 2 } + \\beta",
                        "\\int _ { 0 } ^ { 1 } x d x",
                        "e ^ { i \\pi } = - 1",
                        "\\sqrt { 2 g h }",
                    ]
                )
            ]
        ),
        REFUSED,
    )


TEXTS: tuple[Wild, ...] = (
    _german_wikipedia_address(),
    _tiny_stories_parquet(),
    _small_stack(),
    _pictures_formulas_markup(),
)
"""Public datasets of texts, code and pictures, in their own columns."""
