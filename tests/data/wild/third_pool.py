"""The texts the third set of datasets is made of: questions in several languages, sums, programs, articles.

Owns the words. Must not know any layout.
"""

from __future__ import annotations

COOKING = (
    (
        "How do I stop my risotto from turning gluey?",
        "Toast the rice in fat first, add warm stock one ladle at a time and stop stirring once the grains are "
        "just firm. Gluey risotto usually means too much stirring over too low a flame.",
    ),
    (
        "Can I freeze cooked lentils?",
        "Yes. Drain them, let them cool on a tray and freeze in flat bags for up to three months.",
    ),
    (
        "What does blind baking mean?",
        "Baking a pastry case without its filling, lined with paper and weighed down with beans, so the base "
        "stays crisp.",
    ),
    (
        "Why did my mayonnaise split?",
        "The oil went in faster than the yolk could take it. Start a new yolk in a clean bowl and whisk the "
        "split sauce into it drop by drop.",
    ),
    (
        "Which flour is best for fresh egg pasta?",
        "Tipo 00 gives the silkiest sheets; a spoonful of semolina adds bite.",
    ),
    (
        "How long should a stock simmer?",
        "Chicken bones need about three hours, beef bones six to eight, fish no more than thirty minutes.",
    ),
)
"""Questions and answers about cooking."""

GARDEN = (
    (
        "When should I prune lavender in a cold region?",
        "Right after flowering in late summer, cutting back to two pairs of leaves above the old wood. Leave "
        "spring for a light tidy only.",
    ),
    (
        "My tomato leaves curl upwards. Is it a disease?",
        "Usually not: heat, wind and heavy pruning make the leaves roll to save water. If the veins are purple "
        "or the growth is stunted, suspect a virus.",
    ),
    (
        "What can I plant under a walnut tree?",
        "Walnut roots release juglone, so choose tolerant plants such as hostas, geranium macrorrhizum, "
        "epimedium and snowdrops.",
    ),
    ("How deep do garlic cloves go?", "Two thumb widths, pointed end up, before the first hard frost."),
    (
        "Is coffee ground a good fertiliser?",
        "In small amounts, composted first. Fresh grounds crust over and can hold back seedlings.",
    ),
)
"""Questions and answers about gardens."""

LAW = (
    (
        "Wie lange beträgt die Kündigungsfrist in der Probezeit?",
        "Während einer vereinbarten Probezeit von höchstens sechs Monaten kann mit einer Frist von zwei Wochen "
        "gekündigt werden (§ 622 Abs. 3 BGB).",
    ),
    (
        "Muss ein Mietvertrag schriftlich geschlossen werden?",
        "Nein, er ist auch mündlich wirksam. Wird er aber für länger als ein Jahr nicht in schriftlicher Form "
        "geschlossen, gilt er für unbestimmte Zeit.",
    ),
    (
        "Was ist eine Vertragsstrafe?",
        "Ein Geldbetrag, den der Schuldner für den Fall verspricht, dass er seine Verbindlichkeit nicht oder "
        "nicht in gehöriger Weise erfüllt.",
    ),
    (
        "Wer haftet für Schäden durch meinen Hund?",
        "Grundsätzlich der Halter, unabhängig von eigenem Verschulden, solange das Tier nicht dem Beruf dient.",
    ),
    (
        "Wann verjährt eine Handwerkerrechnung?",
        "Nach drei Jahren, gerechnet ab dem Schluss des Jahres, in dem der Anspruch entstanden ist.",
    ),
)
"""Questions and answers about law, in German."""

FRENCH = (
    (
        "Comment choisir un vélo pour un enfant de six ans ?",
        "Mesurez l'entrejambe : l'enfant doit pouvoir poser les deux pieds au sol. Pour six ans, une roue de "
        "16 à 20 pouces convient le plus souvent.",
    ),
    (
        "Qu'est-ce que la marée de vive-eau ?",
        "C'est une marée de grande amplitude qui survient quand la Lune et le Soleil sont alignés avec la "
        "Terre, à la pleine lune et à la nouvelle lune.",
    ),
    (
        "Pourquoi le pain rassit-il ?",
        "L'amidon recristallise en perdant son eau ; ce phénomène s'accélère au réfrigérateur.",
    ),
    (
        "Peut-on visiter les calanques en été ?",
        "Oui, mais l'accès est réglementé selon le risque d'incendie ; consultez la carte du jour avant de partir.",
    ),
)
"""Questions and answers in French."""

CHINESE = (
    (
        "请解释一下什么是光合作用。",
        "光合作用是绿色植物利用光能，把二氧化碳和水转化为有机物并释放氧气的过程，主要在叶绿体中进行。",
    ),
    ("写一首关于秋天的短诗。", "风起一山红叶老，\n雁归千里白云低。\n谁家灯火窗前晚，\n细数霜痕到晓鸡。"),
    ("把下面的句子翻译成英文：我们明天早上八点在车站见。", "Let's meet at the station at eight tomorrow morning."),
    (
        "如何缓解长时间用电脑造成的眼睛疲劳？",
        "可以遵循“20-20-20”法则：每二十分钟看二十英尺以外的物体二十秒，并保持适当的屏幕亮度。",
    ),
    ("列出三种常见的排序算法。", "1. 冒泡排序\n2. 快速排序\n3. 归并排序"),
)
"""Requests and answers in Chinese."""

CODE = (
    (
        "Write a Python function that returns the second largest number in a list.",
        "def second_largest(numbers):\n    unique = sorted(set(numbers))\n    if len(unique) < 2:\n        "
        "raise ValueError('need two different numbers')\n    return unique[-2]",
    ),
    (
        "Write a shell one-liner that counts lines in all .log files below a folder.",
        "find . -name '*.log' -print0 | xargs -0 cat | wc -l",
    ),
    (
        "Implement a function in JavaScript that debounces another function.",
        "function debounce(fn, wait) {\n  let timer;\n  return (...args) => {\n    clearTimeout(timer);\n    "
        "timer = setTimeout(() => fn(...args), wait);\n  };\n}",
    ),
    (
        "Create a SQL query listing customers who never placed an order.",
        "SELECT c.id, c.name\nFROM customers c\nLEFT JOIN orders o ON o.customer_id = c.id\nWHERE o.id IS NULL;",
    ),
    (
        "Reverse a singly linked list in Rust.",
        "fn reverse(mut head: Option<Box<Node>>) -> Option<Box<Node>> {\n    let mut prev = None;\n    while "
        "let Some(mut node) = head {\n        head = node.next.take();\n        node.next = prev;\n        "
        "prev = Some(node);\n    }\n    prev\n}",
    ),
    (
        "Write a function to check whether a string is a palindrome, ignoring punctuation.",
        "def is_palindrome(text):\n    letters = [c.lower() for c in text if c.isalnum()]\n    return letters "
        "== letters[::-1]",
    ),
)
"""Requests for programs, and the programs."""

MEDICINE = (
    (
        "I have had a dry cough for three weeks after a cold. Should I worry?",
        "A cough that lingers for up to eight weeks after a viral infection is common. See a doctor sooner if "
        "you cough blood, lose weight, run a fever or get short of breath.",
    ),
    (
        "Hello doctor, my blood pressure was 148/92 twice this week. I am 44. What should I do?",
        "One or two raised readings do not make the diagnosis. Measure it twice daily for a week, seated and "
        "rested, and bring the list to your physician; cut salt and alcohol meanwhile.",
    ),
    (
        "Can I take ibuprofen together with paracetamol?",
        "For most adults, yes, as they work differently. Keep to the maximum daily dose of each, and avoid "
        "ibuprofen with kidney disease, stomach ulcers or late pregnancy.",
    ),
    (
        "What are the symptoms of iron deficiency?",
        "Tiredness, pale skin, brittle nails, headaches and breathlessness on effort are typical. A ferritin "
        "test shows the stores.",
    ),
    (
        "My toddler swallowed a cherry stone. Is that dangerous?",
        "A single smooth stone passes on its own within a few days. Seek help at once if there is drooling, "
        "vomiting or trouble breathing.",
    ),
)
"""Questions to a doctor, and answers."""

SUPPORT = (
    (
        "I was charged twice for order #40218, please help",
        "I'm sorry about the double charge. I can see two authorisations for your order; one of them will be "
        "released by your bank within three business days.",
    ),
    (
        "how do i change the delivery address after paying",
        "Open My Orders, choose the order and tap Edit address. This works until the parcel is handed to the courier.",
    ),
    (
        "The app logs me out every time I lock my phone",
        "That happens when battery optimisation closes the app. Exclude it under Settings > Battery > "
        "Unrestricted and sign in again.",
    ),
    (
        "Do you ship to Iceland?",
        "Yes, we ship to Iceland with DHL. Delivery takes five to seven days, and import duties are paid on arrival.",
    ),
    (
        "Where is my refund? It's been ten days!",
        "Thank you for your patience. The refund was sent on the 3rd; some banks need up to fourteen days to "
        "show it. I can send you the reference number.",
    ),
    (
        "I want to cancel my subscription",
        "I can help with that. Your plan runs until the end of the month; after cancelling you keep access "
        "until then and won't be charged again.",
    ),
)
"""Messages to a shop, and replies."""

PHYSICS = (
    (
        "Why is the sky blue during the day but red at sunset?",
        "Air molecules scatter short wavelengths far more strongly than long ones. At noon the scattered blue "
        "reaches us from all directions; at sunset the light crosses so much air that mostly red survives in "
        "the direct beam.",
    ),
    (
        "What does entropy measure?",
        "It counts, on a logarithmic scale, how many microscopic arrangements look the same macroscopically.",
    ),
    (
        "Could a compass work on the Moon?",
        "Hardly. The Moon has no global magnetic field today, only patches of magnetised crust, so a needle "
        "would point in whatever direction the local patch suggests.",
    ),
    (
        "How do noise-cancelling headphones work?",
        "Microphones record the outside sound, and the electronics play it back with opposite phase so that "
        "the two waves cancel at the ear.",
    ),
    (
        "What keeps a bicycle upright?",
        "Mostly steering: rider and geometry turn the front wheel into the fall, which brings the contact "
        "points back under the centre of mass.",
    ),
)
"""Questions and answers about physics."""

SPANISH = (
    (
        "¿Qué diferencia hay entre un volcán activo y uno dormido?",
        "Un volcán activo ha entrado en erupción en tiempos históricos; uno dormido no lo ha hecho en siglos, "
        "pero podría hacerlo de nuevo.",
    ),
    (
        "Escribe un correo breve para pedir una cita con el dentista.",
        "Estimados señores:\n\n"
        "Quisiera pedir una cita para una revisión la próxima semana, preferiblemente por la tarde.\n\n"
        "Saludos cordiales,\nMarta Ruiz",
    ),
    (
        "¿Cuánto tarda en madurar un queso manchego?",
        "El semicurado madura entre dos y tres meses; el curado, de tres a seis; y el viejo, más de un año.",
    ),
    (
        "Dame tres consejos para aprender a nadar de adulto.",
        "1. Empieza por flotar y respirar.\n2. Toma clases en grupos pequeños.\n3. Practica dos veces por semana.",
    ),
)
"""Requests and answers in Spanish."""

RUSSIAN = (
    (
        "Как правильно заваривать зелёный чай?",
        "Используйте воду температурой 75–80 градусов, насыпьте чайную ложку на чашку и настаивайте не дольше "
        "двух минут.",
    ),
    (
        "Почему зимой скрипит снег?",
        "На морозе ломаются кристаллы льда, и при сжатии тысячи таких разломов сливаются в скрип.",
    ),
    (
        "Что такое инфляция?",
        "Это устойчивый рост общего уровня цен, при котором на одну и ту же сумму можно купить меньше товаров.",
    ),
    (
        "Посоветуй книгу о полярных экспедициях.",
        "Попробуйте «Самое ужасное путешествие» Эпсли Черри-Гаррарда: это честный рассказ об экспедиции Скотта.",
    ),
)
"""Requests and answers in Russian."""

SUMS = (
    (
        "A baker makes 24 rolls per tray and fills 7 trays. She sells 131 rolls. How many are left?",
        "She bakes 24 * 7 = <<24*7=168>>168 rolls. After selling 131, 168 - 131 = <<168-131=37>>37 rolls are "
        "left.\n#### 37",
        "37",
    ),
    (
        "Tom walks 3 km to school and back every weekday. How far does he walk in 4 weeks?",
        "Each day he walks 3 * 2 = <<3*2=6>>6 km. In 4 weeks there are 20 school days, so 6 * 20 = "
        "<<6*20=120>>120 km.\n#### 120",
        "120",
    ),
    (
        "A rope of 96 m is cut into pieces of 8 m. Each piece is sold for $3. How much money is made?",
        "There are 96 / 8 = <<96/8=12>>12 pieces. They bring 12 * 3 = $<<12*3=36>>36.\n#### 36",
        "36",
    ),
    (
        "A tank holds 450 litres and loses 15 litres an hour. After how many hours is it two thirds full?",
        "Two thirds of 450 is 300, so 150 litres must leak. That takes 150 / 15 = <<150/15=10>>10 hours.\n#### 10",
        "10",
    ),
    (
        "Lina is twice as old as Ben. In 6 years their ages add up to 48. How old is Ben now?",
        "Let Ben be x. Then x + 6 + 2x + 6 = 48, so 3x = 36 and x = <<36/3=12>>12.\n#### 12",
        "12",
    ),
    (
        "A shirt costs $40 after a discount of 20%. What did it cost before?",
        "The price is 80% of the old one: 40 / 0.8 = <<40/0.8=50>>50.\n#### 50",
        "50",
    ),
)
"""Problems, worked solutions with the result after a mark, and the results."""

ARTICLES = (
    (
        "Harbour of Vrela",
        "The harbour of Vrela was dug in 1874, when the river silted up and the salt barges could no longer "
        "reach the old quay. Two thousand workers moved the mud by hand and by mule.\n\n"
        "The first steamer called in the spring of 1879. By the turn of the century the town shipped more salt "
        "than any other on the coast, and its warehouses, most of them brick, lined the water for a "
        "kilometre.\n\n"
        "The decline came with the railway. Today the basins hold sailing boats, and the largest warehouse is "
        "a museum of fishing nets.",
    ),
    (
        "Red-tailed ant",
        "The red-tailed ant nests in south-facing slopes with sparse grass. Its colonies are small, rarely "
        "more than four hundred workers, and a single queen lays all the eggs.\n\n"
        "Workers forage alone. When one finds a dead insect too heavy to carry, it returns to the nest and "
        "recruits a handful of helpers by tapping their antennae. The trail is not marked with scent, so the "
        "group must keep touch to find its way.\n\n"
        "In winter the colony withdraws to a chamber about half a metre deep, below the frost.",
    ),
    (
        "Glass harmonica",
        "The glass harmonica is a musical instrument of nested bowls that turn on a common spindle. The player "
        "touches the wet rims with the fingertips, and friction makes them sing.\n\n"
        "It was fashionable for about fifty years. Composers wrote quintets and lullabies for it, and some "
        "towns forbade it because its sound was said to unsettle the mind.\n\n"
        "The instrument fell out of use as concert halls grew, since it could not be heard beyond the first "
        "rows.",
    ),
    (
        "Terraced fields of Omu",
        "On the northern slopes of Omu the farmers have cut terraces into the basalt for at least eight "
        "hundred years. Each wall is built without mortar and leans slightly into the hill.\n\n"
        "Millet grows on the upper steps and taro on the lower ones, where the water collects. After harvest "
        "the goats are let in, and their dung feeds the soil.\n\n"
        "Since the 1980s young people have left for the capital, and about a third of the walls has fallen. A "
        "cooperative founded in 2011 pays masons to rebuild them.",
    ),
    (
        "Night trains",
        "For a century the night train was the ordinary way to cross the continent. One went to sleep among "
        "vineyards and woke beside the sea.\n\n"
        "Cheap flights ended most of the lines within fifteen years. The sleeping cars were sold, scrapped or "
        "turned into hotels.\n\n"
        "Lately the trend has reversed. Several operators ordered new coaches with small private cabins, and "
        "the trains between the larger cities are sold out weeks ahead.",
    ),
    (
        "Sourdough cultures",
        "A sourdough culture is a community of yeasts and lactic acid bacteria that live on flour and water. "
        "The yeasts raise the dough, while the bacteria give it its sour taste and keep moulds away.\n\n"
        "Bakers feed the culture at regular intervals. A stiff, cool culture makes more acetic acid, and a "
        "liquid, warm one more lactic acid, so the same flour can give quite different breads.\n\n"
        "Some bakeries keep cultures that are more than a hundred years old, although the species in them "
        "change with every bag of flour.",
    ),
)
"""Titles and texts."""
