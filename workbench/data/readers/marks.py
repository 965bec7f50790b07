"""The marks in a text that say who speaks, what is asked and where a part begins.

Owns what one line says by its form. Must not know what a text as a whole is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

WORDS: dict[str, tuple[str, ...]] = {
    "question": (
        "question", "frage", "pregunta", "domanda", "pergunta", "vraag", "вопрос", "pytanie", "otázka", "soru",
        "fråga", "spørgsmål", "spørsmål", "kysymys", "întrebare", "kérdés", "ερώτηση", "سؤال", "سوال", "प्रश्न",
        "câu hỏi", "pertanyaan", "问题", "問題", "问", "問", "提问", "質問", "질문", "문",
    ),
    "answer": (
        "answer", "antwort", "respuesta", "réponse", "reponse", "risposta", "resposta", "antwoord", "ответ",
        "odpowiedź", "odpověď", "cevap", "svar", "vastaus", "răspuns", "válasz", "απάντηση", "جواب", "إجابة", "उत्तर",
        "trả lời", "jawaban", "答案", "回答", "解答", "答え", "答", "답변", "답",
    ),
    "user": (
        "user", "human", "customer", "client", "person", "prompter", "you said", "you", "me", "student", "patient",
        "benutzer", "nutzer", "kunde", "kundin", "usuario", "cliente", "utilisateur", "utente", "usuário",
        "gebruiker", "klant", "пользователь", "клиент", "użytkownik", "用户", "用戶", "客户",
        "顾客", "ユーザー", "사용자",
    ),
    "assistant": (
        "assistant", "ai assistant", "ai", "bot", "chatbot", "chatgpt said", "chatgpt", "gpt", "claude", "gemini",
        "model", "agent", "support", "teacher", "tutor", "doctor", "assistent", "kundendienst", "asistente", "agente",
        "soporte", "assistente", "ассистент", "оператор", "asystent", "助手", "助理",
        "客服", "アシスタント", "어시스턴트",
    ),
    "system": ("system", "system prompt"),
}  # fmt: skip
"""Role → the words that mark it, in small letters."""

_LETTERS = {
    "Q": "question", "A": "answer", "D": "question", "R": "answer", "P": "question", "F": "question",
    "س": "question", "ج": "answer", "В": "question", "О": "answer", "问": "question", "問": "question",
    "答": "answer", "문": "question", "답": "answer", "K": "question", "V": "answer", "S": "question", "C": "answer",
}  # fmt: skip
"""Letter that stands for a question or an answer in some language → which."""
_ROLE_OF = {word: role for role, words in WORDS.items() for word in words}
_SHORT = {"q": "question", "a": "answer", "front": "question", "back": "answer"}


def _either(words: Iterable[str]) -> str:
    """Return a pattern for any of some words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


@cache
def _mark() -> re.Pattern[str]:
    """Return the pattern of a mark; the words of so many languages take a while to compile, and rows have no marks."""
    return re.compile(
        r"[ \t]{0,3}(?:>[ ]?)?(?P<hashes>\#{1,6}[ ]{0,3})?(?:[-*+•][ ]{1,3})?(?:\d{1,4}[.)][ ]{1,3})?"
        r"(?P<open>\*{1,3}|_{1,2})?\[?"
        rf"(?:(?P<letter>[{''.join(_LETTERS)}])|(?P<word>(?i:{_either(_ROLE_OF)})))"
        r"\]?[ ]{0,2}(?:\#|№)?(?P<number>\d{1,4})?(?P<shut>\*{1,3}|_{1,2})?"
        r"(?:[ ]{0,2}(?P<colon>[:：])|(?P<dot>[.)])(?=\s|\*|_|$)|[ ](?P<dash>[-–—])(?=\s)|(?P<alone>)(?=\s{0,9}$))"
        r"(?P<late>\*{1,3}|_{1,2})?[ \t]{0,9}"
    )


@cache
def _inline_answer() -> re.Pattern[str]:
    """Return the pattern of an answer's mark on the line of its question."""
    return re.compile(
        rf"(?:(?<=[?？؟])\s{{0,9}}|\s)(?:\*\*)?(?:A|(?i:{_either(WORDS['answer'])}))[ ]?\d{{0,4}}"
        r"(?:[:：]|(?<=A)\.(?=\s))(?:\*\*)?\s{0,9}"
    )


_OPTION_B = re.compile(r"[ \t]{0,8}(?:\*\*|__)?\(?B[.)]")
_MAX_INLINE = 4000
"""Characters within which the answer on the line of its question begins."""
_RULE = re.compile(r"-(?: ?-){2,}|\*(?: ?\*){2,}|_(?: ?_){2,}|={3,}|~{4,}|\#{3,}")
_MAX_RULE = 200


def names_role(name: str) -> str:
    """Return "question" or "answer" where a name, of a column or a key, is a word or a letter for it; else ""."""
    first = name.strip().lower().replace("_", " ")
    role = _ROLE_OF.get(first) or _SHORT.get(first) or _LETTERS.get(first.upper()) or _ROLE_OF.get(first.split(" ")[0])
    return role if role in ("question", "answer") else ""


def is_rule(line: str) -> bool:
    """Return whether a line only parts one piece of a text from the next."""
    return len(line) <= _MAX_RULE and _RULE.fullmatch(line.strip()) is not None


class Seen(NamedTuple):
    """One line and what has to be known of its neighbours."""

    number: int
    line: str
    next: str
    """The line after it; "" at the end."""
    code: bool
    """It belongs to fenced code, in which nothing is a mark."""
    begins: bool
    """It stands at the top, or after a blank line, a rule or a Markdown heading."""


class Mark(NamedTuple):
    """The beginning of a question, an answer or a turn."""

    role: str
    """Key of `WORDS`."""
    rest: str
    """What the line says after its mark."""


@dataclass(frozen=True)
class Heading:
    """A line that names what follows it."""

    level: int
    """1 to 6 as in Markdown, else one of `BOLD`, `NUMBERED`, `LABELLED`, `LONE`."""
    title: str
    """Without numbers, marks and emphasis."""
    underlined: bool = False
    """The next line is its underline."""

    @property
    def asks(self) -> bool:
        """Whether it is a question."""
        return self.title.endswith(_QUESTION_MARKS)


BOLD, NUMBERED, LABELLED, LONE = 7, 8, 9, 10
"""Levels of lines that are headings by their looks: wholly bold; numbered; marked `Q:`; alone with a question mark."""

MAX_HEADING = 300
"""Characters beyond which no line is a heading."""
_QUESTION_MARKS = ("?", "？", "؟")
_ATX = re.compile(r"[ ]{0,3}(#{1,6})[ \t]+(\S.*)")
_UNDERLINE = re.compile(r"[ ]{0,3}(?:(=+)|-{3,})[ \t]*")
_WHOLLY_BOLD = re.compile(r"[ ]{0,3}(?:\d{1,4}[.)][ ]+)?(?:\*\*|__)(?P<title>[^*_].*?)(?:\*\*|__)[ ]{0,3}:?")
_NUMBER = re.compile(r"[ ]{0,3}\d{1,4}(?:\.\d{1,3}){0,3}[.):]?[ \t]+(?=\S)")
_TRAILER = re.compile(r"(?:[ \t]+#+|[ \t]*\{#[\w-]+\})[ \t]*$")
_PROSE = re.compile(r"[.!。！][\"'”’)]?\s|^[\"'“„«‘\-–—•*>|]")
"""What a lone question does not hold: another sentence before it, or the sign of speech or of a list."""


def mark_of(line: str, following: str = "") -> Mark | None:
    """Return the mark a line begins with, or None; `following` is the line after it.

    Q and A need a colon, a dot or a bracket, letters of other languages a colon; a word needs a colon, or a number and
    a dot; a word for a question or an answer may also stand alone on its line. `A.` before `B.` is an option to choose
    from and no answer.
    """
    found = _mark().match(line)
    if found is None:
        return None
    letter, word, number = found["letter"], found["word"], found["number"]
    role = _LETTERS[letter] if letter else _ROLE_OF[word.lower()]
    if not found["colon"]:
        if letter and letter not in "QA":
            return None
        if found["dot"] and not (letter or (number and role in ("question", "answer"))):
            return None
        if found["dash"] and not number:
            return None
        if found["alone"] is not None and role not in ("question", "answer") and not (found["hashes"] or found["shut"]):
            return None
        if letter == "A" and not number and _OPTION_B.match(following):
            return None
    rest = line[found.end() :]
    if (mark := found["open"]) and not found["shut"] and not found["late"]:
        rest = rest.rstrip().removesuffix(mark) if rest.rstrip().endswith(mark) else rest.replace(mark, "", 1)
    return Mark(role, rest)


def split_inline(text: str) -> tuple[str, str] | None:
    """Return (question, answer) of "Why? A: Because.", or None when no answer is marked on the line."""
    found = _inline_answer().search(text, 0, _MAX_INLINE)
    if found is None or not found.start() or found.end() == len(text):
        return None
    return text[: found.start()].strip(), text[found.end() :].strip()


def _title(text: str) -> str:
    """Return the words of a heading."""
    text = _TRAILER.sub("", text.strip())
    text = text.strip("*_ ").removesuffix(":").strip("*_ ") if text[:1] in "*_" or text[-1:] in "*_" else text
    text = _NUMBER.sub("", text, count=1)
    mark = mark_of(text)
    return mark.rest.strip() if mark and mark.role == "question" and mark.rest.strip() else text.strip()


def heading_of(seen: Seen) -> Heading | None:
    """Return the heading a line is, or None."""
    line = seen.line
    if seen.code or len(line) > MAX_HEADING or not line.strip():
        return None
    if found := _ATX.match(line):
        return Heading(len(found[1]), _title(found[2]))
    if seen.begins and (under := _UNDERLINE.fullmatch(seen.next)):
        return Heading(1 if under[1] else 2, _title(line), underlined=True)
    if found := _WHOLLY_BOLD.fullmatch(line):
        return Heading(BOLD, _title(found["title"]))
    if (mark := mark_of(line, seen.next)) and mark.role == "question" and mark.rest.strip():
        return Heading(LABELLED, _title(mark.rest))
    if not seen.begins:
        return None
    if _NUMBER.match(line):
        return Heading(NUMBERED, _title(line))
    lone = Heading(LONE, line.strip())
    return lone if lone.asks and not _PROSE.search(lone.title) else None


def scanned(lines: Iterable[tuple[int, str]]) -> Iterator[Seen]:
    """Yield numbered lines with what is known of their neighbours."""
    fence, begins = "", True
    held: tuple[int, str] | None = None
    for number, line in _with_end(lines):
        if held is not None:
            start = held[1].lstrip()[:3]
            code = bool(fence)
            if start in ("```", "~~~") and fence in ("", start):
                code, fence = True, "" if fence else start
            yield Seen(*held, line, code, begins)
            begins = not held[1].strip() or bool(not code and (is_rule(held[1]) or _ATX.match(held[1])))
        held = (number, line)


def _with_end(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Yield the lines and an empty one after the last."""
    yield from lines
    yield 0, ""


MESSAGE = re.compile(
    r"\u200e?(?:\[\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}[./-]\d{1,2}[./-]\d{1,2}(?=,)),?"
    r"(?: \w{1,3})?[ ]\d{1,2}[:.]\d\d(?:[:.]\d\d)?(?:[ \u202f\xa0]?[APap]\.?[ ]?[Mm]\.?)?(?:\][ ]|[ ]-[ ])"
    r"(?:~[ \u202f\xa0]?)?(?:(?P<name>[^:\n]{1,80}):[ ])?(?P<words>.*)",
    re.DOTALL,
)
"""A line with the date, the time and the words of a message, as WhatsApp writes it; a report of its own has no name."""
_NAMED = 0.5
"""Share of the dated lines of a chat that name somebody, at least."""


def is_chat(lines: Sequence[str]) -> bool:
    """Return whether lines begin a chat: the first one is dated, and most that are name who wrote them."""
    found = [MESSAGE.match(line) for line in lines]
    dated = [message["name"] is not None for message in found if message is not None]
    return bool(found) and found[0] is not None and any(dated) and sum(dated) >= _NAMED * len(dated)
