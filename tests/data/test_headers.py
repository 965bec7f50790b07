"""First records of tables as people and public datasets write them: which are names of columns and which are rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.data import readers
from workbench.data.readers import BadRecord, Record, tables
from workbench.data.readers.headers import is_header

SMS = (
    "ham\tOk lar... Joking wif u oni...",
    "spam\tFree entry in 2 a wkly comp to win the cup final. Text FA to 87121 to receive entry",
    "ham\tU dun say so early hor... U c already then say...",
    "ham\tNah I don't think he goes to usf, he lives around here though",
    "spam\tWINNER!! As a valued customer you have been selected to receive a prize",
    "ham\tSounds good",
)
QUIZ = (
    "Find the degree of the extension Q(sqrt(2)) over Q.,0,4,2,6,B",
    "Which planet is nearest to the sun?,Mercury,Venus,Earth,Mars,A",
    "The largest organ of the body is the,liver,skin,heart,lung,B",
    '"Statement 1 | A group is abelian. Statement 2 | It is not.","True, True","False, False","True, False",None,C',
    "What colour is the sky?,Blue,Green,Red,White,A",
)
REVIEWS = (
    '"2","Stuning even for the non-gamer","This sound track was beautiful! It paints the scenery in your mind."',
    '"2","Great CD","My lovely Pat has one of the great voices of her generation."',
    '"1","Batteries died within a year","I bought this charger in July and it worked OK for a while."',
    '"1","DVD menu select problems","I cannot scroll through a DVD menu that is set up vertically."',
)
NEWS = (
    '"3","Wall St. Bears Claw Back Into the Black","Short-sellers are seeing green again."',
    '"3","Oil and Economy Cloud Stocks\' Outlook","Soaring prices plus worries are expected to hang over stocks."',
    '"4","Probe finds moon","The craft found a moon nobody had seen before, and took pictures of it."',
    '"1","Rebels sign truce","The two sides signed a truce on Tuesday after long talks in the capital."',
)
PHRASES = (
    "Go.\tGeh.\tCC-BY 2.0 (France) Attribution: tatoeba.org #2877272 (CM) & #8597805 (Roujin)",
    "Hi.\tHallo!\tCC-BY 2.0 (France) Attribution: tatoeba.org #538123 (CM) & #380701 (cburgmer)",
    "Run!\tLauf!\tCC-BY 2.0 (France) Attribution: tatoeba.org #906328 (papabear) & #941078 (Fingerhut)",
    "Wow!\tPotzdonner!\tCC-BY 2.0 (France) Attribution: tatoeba.org #52027 (Zifre) & #2122382 (Pfirsichbaeumchen)",
)
CHAT = (
    "hi, how are you doing?\ti'm fine. how about yourself?",
    "i'm fine. how about yourself?\ti'm pretty good. thanks for asking.",
    "i'm pretty good. thanks for asking.\tno problem. so how have you been?",
    "no problem. so how have you been?\ti've been great. what about you?",
)
WORDS = ("Haus;house", "Baum;tree", "Straße;street", "Fenster;window", "Vogel;bird", "Brot;bread")
LOWER = ("perro;dog", "gato;cat", "mesa;table", "silla;chair", "cielo;sky")
TERMS = (
    "Adapter;A small set of weights that is added to a base.",
    "Base;The model that a run begins from.",
    "Epoch;One pass over all rows of the data.",
    "Loss;How far the model is from the text, in nats per token.",
)
CAPITALS = ("Capital of France\tParis", "Capital of Spain\tMadrid", "Capital of Italy\tRome", "Capital of Peru\tLima")
FAQ = (
    "Where do I park?,In lot B behind the house.",
    "Who keeps the keys?,The clerk at the desk has them all.",
    "When is breakfast?,From seven to ten.",
)
CHINESE = ("你们几点开门?,早上九点开门。", "可以退货吗?,七天内可以退货。", "怎么付款?,可以用现金或者刷卡。")
MEDICAL = (
    "内科,高血压患者能吃党参吗？,高血压病人可以口服党参的，党参有降血脂、降血压的作用。",
    "内科,高血压该治疗什么？,高血压患者首先要注意控制食盐摄入量，每天不超过六克。",
    "外科,老年人高血压一般如何治疗？,老年人高血压常常没有症状，应定期检查。",
)
JAPANESE = ("犬\tいぬ\tdog", "猫\tねこ\tcat", "本\tほん\tbook", "水\tみず\twater")
RUSSIAN = ("дом;house", "дерево;tree", "окно;window", "птица;bird", "хлеб;bread")
NUMBERS = ("1,0.5,12", "2,0.7,15", "3,0.1,9", "4,0.9,22")
DATES = ("2024-01-03,Rain in the north.,4", "2024-01-04,Sun all day long.,9", "2024-01-05,Fog and no wind.,6")
TWEETS = (
    '"0","1467810369","Mon Apr 06 22:19:45 PDT 2009","NO_QUERY","_TheSpecialOne_","@switchfoot Awww, what a bummer."',
    '"0","1467810672","Mon Apr 06 22:19:49 PDT 2009","NO_QUERY","scotthamilton","is upset that he can\'t update it"',
    '"4","1467810917","Mon Apr 06 22:19:53 PDT 2009","NO_QUERY","mattycus","@Kenichan I dived many times."',
)
TREC = ("DESC\tHow did serfdom develop in Russia ?", "ENTY\tWhat films featured Popeye ?", "HUM\tWho was Galileo ?",
        "DESC\tWhy does the moon turn orange ?", "LOC\tWhat sprawling state is the largest ?")  # fmt: skip
EMOTIONS = ("i didnt feel humiliated;sadness", "im grabbing a minute to post i feel greedy;anger",
            "i am feeling grouchy;anger", "ive been feeling a little burdened lately;sadness",
            "i feel romantic too;love")  # fmt: skip
INTENTS = ("set an alarm for nine,alarm_set", "wake me up at five,alarm_set", "what is the weather,weather_query",
           "play some jazz,play_music", "is it going to rain today,weather_query")  # fmt: skip
QUORA = ("0\t1\t2\tHow do I invest?\tHow can one invest?\t1", "1\t3\t4\tWhat is a lens?\tWhy is water wet?\t0",
         "2\t5\t6\tWhere is Oslo?\tIn which country is Oslo?\t1")  # fmt: skip
URLS = ("https://a.example/1,A page about boats and harbours.", "https://a.example/2,Another page on lakes.",
        "https://b.example/,The third page of all.")  # fmt: skip
PEOPLE = ("Anna,Berger,Berlin", "Ben,Schmidt,Hamburg", "Clara,Vogt,Bremen", "David,Kraus,Berlin")
JOKES = ("0,What do you call a fish without eyes? A fsh.", "1,I used to be a banker. I lost interest.",
         "2,Why did the tomato blush? It saw the salad dressing.")  # fmt: skip
JOKES_NAMED = tuple(line.partition(",")[2] for line in JOKES)
LABELLED = ('"I loved every minute of it.",positive', '"A waste of an evening.",negative', '"The best I saw.",positive',
            '"Dull and far too long.",negative')  # fmt: skip
FORM = ("2024/03/01 10:11:12,Sure,The rooms were clean and the staff was kind.", "2024/03/01 11:15:00,No,Too loud.",
        "2024/03/02 09:01:44,Sure,I liked the breakfast and the view of the lake.")  # fmt: skip
TICKETS = ("T-001,open,The printer prints only blue pages.", "T-002,closed,I cannot log in since Monday.",
           "T-003,open,My chair squeaks.")  # fmt: skip
ARABIC = ("أين أوقف سيارتي؟,في الموقف خلف المبنى.", "متى يبدأ الإفطار؟,من السابعة إلى العاشرة.")
HINDI = ("घर;house", "पेड़;tree", "पानी;water", "किताब;book")
KOREAN = ("몇 시에 문을 여나요?,아침 아홉 시에 엽니다.", "환불할 수 있나요?,칠 일 안에 가능합니다.")
SENTENCES = ("The boat is late.", "We have no more flour.", "Close the green gate.", "Her uncle mends clocks.")
CODE = ("list files,ls -la", "show the date,date +%F", "count lines,wc -l FILE", "find text,grep -rn WORD .")
EMPTY_TAIL = ('ham,"Go until jurong point, crazy..",,,', "ham,Ok lar...,,,", 'spam,"Free entry, call now",,,')

HEADERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "messages and spam": ("label\tmessage", SMS),
    "messages under v1 and v2": ("v1,v2,,,", EMPTY_TAIL),
    "a quiz": ("question,A,B,C,D,answer", QUIZ),
    "a quiz, spelled out": ("Question,Option A,Option B,Option C,Option D,Correct", QUIZ),
    "a quiz with unusual names": ("stem,first,second,third,fourth,letter", QUIZ),
    "reviews": ("polarity,heading,body", REVIEWS),
    "news": ('"Class Index","Title","Description"', NEWS),
    "phrases": ("English\tGerman\tAttribution", PHRASES),
    "chat": ("Question\tAnswer", CHAT),
    "chat, unusual names": ("post\trejoinder", CHAT),
    "words": ("Deutsch;Englisch", WORDS),
    "words by code": ("de;en", WORDS),
    "words in English": ("word;translation", WORDS),
    "words in small letters": ("Spanish;English", LOWER),
    "words in small letters, names too": ("palabra;word", LOWER),
    "terms": ("term;definition", TERMS),
    "terms in German": ("Begriff;Erklärung", TERMS),
    "terms in French": ("Terme;Définition", TERMS),
    "capitals": ("Front\tBack", CAPITALS),
    "a FAQ": ("Question,Answer", FAQ),
    "a FAQ in German": ("Frage,Antwort", FAQ),
    "a FAQ in Spanish": ("Pregunta,Respuesta", FAQ),
    "a FAQ with unusual names": ("asked,said", FAQ),
    "Chinese": ("问题,答案", CHINESE),
    "Chinese, unusual names": ("客户,店员", CHINESE),
    "Chinese medicine": ("department,ask,answer", MEDICAL),
    "Chinese medicine in Chinese": ("科室,提问,回答", MEDICAL),
    "Japanese": ("漢字\t読み\t意味", JAPANESE),
    "Russian": ("слово;перевод", RUSSIAN),
    "numbers": ("id,share,count", NUMBERS),
    "numbers, single letters": ("n,x,y", NUMBERS),
    "dates": ("date,report,degrees", DATES),
    "tweets": ("target,ids,date,flag,user,text", TWEETS),
    "kinds of questions": ("coarse\ttext", TREC),
    "emotions": ("text;emotion", EMOTIONS),
    "intents": ("utterance,intent", INTENTS),
    "pairs of questions": ("id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate", QUORA),
    "pages": ("url,text", URLS),
    "people": ("Vorname,Nachname,Ort", PEOPLE),
    "people in English": ("first_name,last_name,city", PEOPLE),
    "jokes": ("ID,Joke", JOKES),
    "jokes with an index of pandas": (",joke", JOKES),
    "numbers as names": ("0,1", (*(line for line in FAQ * 4),)),
    "labelled": ("review,sentiment", LABELLED),
    "a questionnaire": ("Timestamp,Would you come again?,What did you like most about your stay with us?", FORM),
    "tickets": ("Ticket ID,Status,Problem Description", TICKETS),
    "Arabic": ("سؤال,جواب", ARABIC),
    "Hindi": ("शब्द;अर्थ", HINDI),
    "Korean": ("질문,답변", KOREAN),
    "sentences": ("text", SENTENCES),
    "sentences, unusual name": ("utt", SENTENCES),
    "commands": ("prompt,completion", CODE),
    "commands in camel case": ("userInput,shellCommand", CODE),
    "a single row": ("question,answer", FAQ[:1]),
    "a single row of numbers": ("a,b,c", NUMBERS[:1]),
    "two letters": ("q,a", FAQ[:1]),
    "no row": ("question,answer", ()),
    "no row in German": ("Frage;Antwort", ()),
    "no row, many columns": ("id,created_at,userName,body", ()),
}
"""Name → names of the columns, rows."""

ROWS: dict[str, tuple[str, ...]] = {
    "messages and spam": SMS, "a quiz": QUIZ, "reviews": REVIEWS, "news": NEWS, "phrases": PHRASES, "chat": CHAT,
    "words": WORDS, "words in small letters": LOWER, "terms": TERMS, "capitals": CAPITALS, "a FAQ": FAQ,
    "Chinese": CHINESE, "Chinese medicine": MEDICAL, "Japanese": JAPANESE, "Russian": RUSSIAN, "numbers": NUMBERS,
    "dates": DATES, "tweets": TWEETS, "kinds of questions": TREC, "emotions": EMOTIONS, "intents": INTENTS,
    "pairs of questions": QUORA, "pages": URLS, "people": PEOPLE, "jokes": JOKES, "labelled": LABELLED,
    "a questionnaire": FORM, "tickets": TICKETS, "Arabic": ARABIC, "Hindi": HINDI, "Korean": KOREAN,
    "sentences": SENTENCES, "commands": CODE, "empty columns": EMPTY_TAIL, "named jokes": JOKES_NAMED,
    "one message": SMS[:1], "one quiz": QUIZ[:1], "one review": REVIEWS[:1], "one phrase": PHRASES[:1],
    "one chat": CHAT[:1], "one term": TERMS[:1], "one FAQ": FAQ[:1], "one Chinese": CHINESE[:1],
    "one row of numbers": NUMBERS[:1], "one date": DATES[:1], "one page": URLS[:1], "one sentence": SENTENCES[:1],
    "two messages": SMS[:2], "two phrases": PHRASES[:2], "two FAQ": FAQ[:2], "two labelled": LABELLED[:2],
}  # fmt: skip
"""Name → rows without names."""


def read(folder: Path, lines: tuple[str, ...]) -> list[Record | BadRecord]:
    path = folder / "x.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [record for member in readers.listing(path).members for record in readers.read(member)]


@pytest.mark.parametrize("name", HEADERS)
def test_names_of_columns_are_no_row(tmp_path: Path, name: str) -> None:
    header, rows = HEADERS[name]
    found = read(tmp_path, (header, *rows))
    assert [type(record) for record in found] == [Record] * len(rows)
    named = [cell.strip('"') for cell in header.split("\t" if "\t" in header else ";" if ";" in header else ",")]
    for record in found:
        assert isinstance(record, Record)
        assert list(record.value) == [cell or f"column_{number}" for number, cell in enumerate(named, 1)]


@pytest.mark.parametrize("name", ROWS)
def test_a_first_row_is_not_lost(tmp_path: Path, name: str) -> None:
    found = read(tmp_path, ROWS[name])
    assert [record.line for record in found] == list(range(1, len(ROWS[name]) + 1))
    for record in found:
        assert isinstance(record, Record)
        assert list(record.value) == [f"column_{number}" for number in range(1, len(record.value) + 1)]


def test_any_row_may_be_the_first(tmp_path: Path) -> None:
    lost = []
    for name, rows in ROWS.items():
        for number in range(1, len(rows)):
            turned = (*rows[number:], *rows[:number])
            if len(read(tmp_path, turned)) != len(rows):
                lost.append((name, turned[0]))
    assert lost == []


def test_names_repeated_in_a_file_are_no_row(tmp_path: Path) -> None:
    found = read(tmp_path, ("question,answer", *FAQ, "question,answer", *FAQ))
    assert [record.reason for record in found if isinstance(record, BadRecord)] == [tables.AGAIN]
    assert len(found) == 2 * len(FAQ) + 1


def test_a_class_among_the_words_of_names_is_a_class() -> None:
    classes = ["text", "code", "title", "text", "code", "title", "text"]
    assert not is_header(["title"], [[name] for name in classes])
    assert is_header(["type"], [[name] for name in classes])


def test_records_of_another_width_and_copies_say_nothing() -> None:
    below = [["a longer sentence, of words.", "7"]] * 3
    assert is_header(["text", "label"], [*below, ["text", "label"], ["text"], ["a", "b", "c"]])
    assert not is_header(["Some words of a sentence.", "8"], [*below, ["Some"]])
