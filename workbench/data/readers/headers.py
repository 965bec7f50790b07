"""Whether the first record of a table names its columns, judged by the records below it.

Owns the words columns are called by, the shapes of cells and the judgement. Must not know how a table is written or
what a column is used for.

The judgement is a naive Bayes classifier of two classes, names and data. How often a name has a shape, is a common word
for a column or recurs below itself is a table of estimates; how often data has is counted in the column below: with
pseudo-counts spread over the shapes not seen in it, and for the chance that a value is new by Good and Turing's
estimate, the share of the values that occur once.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

MOST_RECORDS = 200
"""Records below the first one that are looked at."""

_WORDS = (
    # What a row is for: questions, answers, texts, classes.
    "question questions q answer answers a prompt completion response responses instruction instructions input inputs "
    "output outputs text texts label labels title titles content contents body message messages context category "
    "categories class classes sentiment topic intent tag tags score scores rating type source target summary story "
    "article document description comment comments review reviews headline abstract query reply solution explanation "
    "rationale reason option options choice choices choice1 chosen rejected correct term terms definition meaning word "
    "words phrase sentence translation example examples notes note front back user assistant human system bot speaker "
    "role conversation conversations dialogue turn utterance passage paragraph keyword keywords subject "
    # What stands beside it.
    "id idx index no nr number name names first last date time timestamp created updated datetime year month day url "
    "link email phone address city country language lang locale author authors sender recipient status state priority "
    "split group level key value values count length width height price amount quantity total sum file filename path "
    "unnamed column col field feature age gender sex "
    # Languages, as the columns of a translation are called.
    "english german french spanish italian portuguese dutch russian polish turkish chinese japanese korean arabic "
    "hindi deutsch englisch französisch spanisch italienisch español inglés francés français anglais allemand "
    "espagnol italiano inglese tedesco português nederlands русский английский 中文 英文 英语 日本語 英語 한국어 영어 "
    "en de fr es it pt nl ru pl tr zh ja ko ar eng deu fra spa ita por rus src tgt "
    # The same in other languages.
    "frage fragen antwort antworten titel inhalt kategorie begriff erklärung bedeutung wort wörter übersetzung "
    "beispiel beschreibung name vorname nachname datum uhrzeit nummer thema klasse quelle sprache ort land "
    "bemerkung notiz vorderseite rückseite aufgabe lösung eingabe ausgabe nachricht betreff autor "
    "pregunta preguntas respuesta respuestas texto título titulo contenido categoría categoria palabra término termino "
    "definición definicion significado traducción ejemplo fecha nombre número numero etiqueta tema anverso reverso "
    "réponse réponses reponse texte titre contenu catégorie categorie mot mots terme définition définitions exemple "
    "nom prénom domanda domande risposta risposte testo titolo contenuto parola termine "
    "definizione traduzione esempio nome data numero pergunta perguntas resposta respostas conteúdo palavra termo "
    "definição tradução exemplo vraag antwoord tekst woord vertaling categorie вопрос вопросы ответ ответы текст "
    "метка заголовок слово перевод определение категория дата имя номер тема pytanie odpowiedź treść tytuł kategoria "
    "słowo tłumaczenie otázka odpověď soru cevap metin başlık kategori kelime anlam fråga svar spørgsmål "
    "问题 回答 答案 提问 文本 标签 标题 内容 类别 分类 指令 输入 输出 词语 定义 解释 翻译 日期 名称 编号 序号 "
    "質問 問題 答え 回答 テキスト ラベル タイトル 本文 単語 意味 定義 翻訳 日付 名前 番号 カテゴリ "
    "질문 답변 답 텍스트 라벨 제목 내용 단어 뜻 번역 날짜 이름 번호 سؤال جواب نص تصنيف عنوان كلمة معنى ترجمة "
    "प्रश्न उत्तर पाठ शीर्षक शब्द अर्थ अनुवाद"
)  # fmt: skip
"""Words by which columns are commonly called, in small letters."""
_COMMON = frozenset(_WORDS.split())

_NAMES: dict[str, dict[str, float]] = {
    "words": {"lower": 0.31, "title": 0.22, "letter": 0.06, "upper": 0.04, "short": 0.3},
    "phrases": {"phrase": 0.08, "clause": 0.02},
    "signs": {"identifier": 0.15, "code": 0.03, "empty": 0.02, "mixed": 0.004},
    "prose": {"question": 0.01, "sentence": 0.003, "line": 0.003, "long": 0.0005},
    "figures": {"number": 0.005, "date": 0.001, "link": 0.0005, "none": 0.0005},
}
"""Family of shapes → shape → how often the name of a column has it; "short" among names in scripts without capitals."""
_FAMILY = {shape: family for family, shapes in _NAMES.items() for shape in shapes}
_COMMON_NAME = 0.65
"""How often one is a common word."""
_OF_A_FAMILY, _OF_ANY = 1.5, 0.5
"""How many values are added to those of a column, spread over the shapes of the families seen in it, and over all."""
_RARE = 0.02
"""How often a value is one by chance, at least."""
_RECURS = 0.01
"""How often the name of a column is a value in it, too."""
_HEADERS = math.log(4)
"""Logarithm of how many tables have a header for one that has none."""
_MOST = 6.0
"""What one column may say at most, because what it says twice is not independent."""

_NOTHING = frozenset(("na", "n/a", "#n/a", "nan", "null", "none", "nil", "-", "--", "—", "*", "**", "?", ".", "..."))
"""What stands for no value."""
_NUMBER = re.compile(r"[-+(]?[$€£¥]?\s?\d[\d.,' \u00a0]*(?:[eE][-+]?\d+)?\s?[%€$£¥)]?")
_DATE = re.compile(
    r"\d{4}[-/.]\d\d?[-/.]\d\d?(?:[T ,].{0,20})?|\d\d?[-/.]\d\d?[-/.]\d{2,4}(?:[ ,].{0,15})?|\d\d?:\d\d(?::\d\d)?.{0,4}"
)
_LINK = re.compile(r"(?:https?://|www\.|[A-Za-z]:\\|\.{0,2}/)\S+|[\w.+-]+@[\w-]+\.[\w.]+")
_IDENTIFIER = re.compile(r"[^\W\d_][^\W_]*(?:[_.:/-]+[^\W_]+)+|[a-z]+(?:[A-Z][a-z0-9]*)+|(?:[A-Z][a-z0-9]+){2,}")
_STOPS = re.compile(r"(?:[,;!:]|\w{3}\.)(?=\s)|[，、；：]")
_ENDS = re.compile(r"[.!。！…]['\"”’»)\]]*$")
_SIGNS = re.compile(r"[+%=<>{}\[\]|$\\~^*@\"`]|\s-\w|\s\.")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[^\W\d_][^\W\d_A-Z]*")
_MOST_WORDS = 3
"""Words of a name of a column that is common because one of them is."""
_LONG = 100
_LINE = 6
"""Words from which a cell is a line of text."""
_SHORT = 6
"""Letters of a script without spaces and capitals that a name or a word has."""


def _shape(cell: str) -> str:
    """Return the shape of a cell, a key of `_FAMILY`."""
    if not cell:
        return "empty"
    if len(cell) > 1 and cell.endswith(("?", "？", "؟")):
        return "question"
    if len(cell) > _LONG or "\n" in cell:
        return "long"
    if cell.lower() in _NOTHING:
        return "none"
    for shape, pattern in (("number", _NUMBER), ("date", _DATE), ("link", _LINK)):
        if pattern.fullmatch(cell):
            return shape
    if len(cell) > 1 and (_ENDS.search(cell, len(cell) - 3) or _STOPS.search(cell)):
        return "sentence"
    words = cell.split()
    if len(words) > 1 and _SIGNS.search(cell):
        return "mixed"
    if len(words) > 1:
        return "phrase" if len(words) == 2 else "clause" if len(words) < _LINE else "line"
    if len(cell) == 1 and cell.lower() != cell.upper():
        return "letter"
    if cell.isalpha():
        if cell.islower() or cell.isupper():
            return "lower" if cell.islower() else "upper"
        if cell.istitle():
            return "title"
    if cell[0].isalpha() and cell.lower() == cell.upper() and not any(sign.isdigit() for sign in cell):
        return "short" if len(cell) <= _SHORT else "line"
    if _IDENTIFIER.fullmatch(cell):
        return "identifier"
    return "code" if cell.isalnum() or any(sign.isdigit() for sign in cell) else "mixed"


def _is_common(cell: str) -> bool:
    """Return whether a cell is called as columns commonly are: by one common word, or by two or three with one.

    Among several words, a letter is none: "a lathe" is no name for answers.
    """
    if cell.lower() in _COMMON:
        return True
    words = _WORD.findall(cell) if _FAMILY[_shape(cell)] in ("words", "phrases", "signs") else []
    return (
        len(words) <= _MOST_WORDS
        and not _SIGNS.search(cell)
        and any(len(word) > 1 and word.lower() in _COMMON for word in words)
    )


def _log_ratio(of_names: float, of_data: float) -> float:
    return math.log(of_names / of_data)


def _says(first: str, below: Sequence[str]) -> float:
    """Return how a column speaks for a name, as the logarithm of a ratio of likelihoods; below 0 against it."""
    filled = [cell for cell in below if cell]
    if not first and 2 * len(filled) <= len(below):
        return 0.0
    seen = filled if first else below
    count, shapes = len(seen), Counter(map(_shape, seen))
    shape = _shape(first)
    family = _NAMES[_FAMILY[shape]]
    kin = sum(shapes[one] for one in family) / max(count, 1) / len(family)
    added = _OF_A_FAMILY * kin + _OF_ANY / len(_FAMILY)
    expected = (shapes[shape] + added) / (count + _OF_A_FAMILY * bool(count) + _OF_ANY)
    said = _log_ratio(family[shape], expected)
    if first:
        chance = max(_RARE, (sum(map(_is_common, seen)) + _RARE) / (count + 1))
        said += _log_ratio(_COMMON_NAME, chance) if _is_common(first) else _log_ratio(1 - _COMMON_NAME, 1 - chance)
    if first and count > 1:
        times = Counter(seen)
        new = (sum(number == 1 for number in times.values()) + 0.5) / (count + 1)
        said += _log_ratio(_RECURS, 1 - new) if first in times else _log_ratio(1 - _RECURS, new)
    return max(-_MOST, min(_MOST, said))


def is_header(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Return whether the first record of a table names its columns, by the records below it.

    Records of another width, and those of several cells that repeat the first one, are not looked at.
    """
    cells = [cell.strip() for cell in first]
    if not any(cells):
        return False
    wide = [record for record in below if len(record) == len(cells)]
    looked_at = [record for record in wide if len(cells) == 1 or list(record) != list(first)][:MOST_RECORDS]
    columns = [[record[number].strip() for record in looked_at] for number in range(len(cells))]
    return _HEADERS + sum(map(_says, cells, columns)) > 0
