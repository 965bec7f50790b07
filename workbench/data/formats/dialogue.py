"""Dialogues written into one text, with a mark before each turn.

Owns the marks: those of chat templates, and labels at the beginning of a line ("### Human:", "Q:"). Must not know rows
or columns. The blanks around a turn belong to its marks.
"""

from __future__ import annotations

import re

from workbench.data.formats.roles import role_of
from workbench.data.formats.turns import Turns, turn

_USER = (
    "human|user|q|question|instruction|input|prompt|customer|client|problem|student|patient|frage|pregunta|domanda|"
    "pergunta|вопрос|問|问|问题|用户|質問|nutzer|nutzerin|benutzer|kunde|kundin|usuario|usuaria|usuário|cliente|clienta|"
    "utilisateur|utente|gebruiker|klant|użytkownik|klient|пользователь|клиент|kullanıcı|müşteri|ユーザー|사용자|고객|客户"
)
_ASSISTANT = (
    "assistant|a|answer|response|bot|gpt|chatgpt|ai|agent|solution|output|model|chatbot|tutor|doctor|support|antwort|"
    "respuesta|risposta|resposta|réponse|ответ|答|答案|回答|助手|assistent|assistentin|berater|beraterin|mitarbeiter|"
    "mitarbeiterin|asistente|assistente|agente|asesor|asesora|conseiller|conseillère|vendeur|vendeuse|consulente|"
    "operatore|medewerker|asystent|konsultant|ассистент|оператор|asistan|temsilci|アシスタント|어시스턴트|상담원|客服"
)
_TOOL = "function response|tool response|tool|observation|function"
_LABEL = re.compile(
    rf"^[ \t]*(?:\#{{1,5}}[ \t]*|\*\*|<|\[\|?|-[ \t])?"
    rf"(?:(?P<user>{_USER})|(?P<assistant>{_ASSISTANT})|"
    rf"(?P<system>system)|(?P<tool>{_TOOL}))"
    r"[ \t]*\d*(?:\*\*|>|\|?\])?[ \t]*[:：](?:\*\*)?|"
    r"^<(?:(?P<ut>usr|user|human|customer)|(?P<at>bot|assistant|gpt|model|ai|sys|agent))>[ \t]*|"
    r"^\#{2,5}[ \t]*(?:(?P<u>human|user|question|instruction|input|prompt)|"
    r"(?P<a>assistant|answer|response|output)|(?P<s>system))[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
"""A label at the beginning of a line: a word and a colon, or a heading of one word."""

_TEMPLATES = tuple(
    re.compile(pattern)
    for pattern in (
        r"<\|im_start\|>[ ]*(?P<role>\w+)[ ]*\n?",
        r"<\|start_header_id\|>(?P<role>\w+)<\|end_header_id\|>",
        r"<start_of_turn>(?P<role>\w+)\n?",
        r"<\|(?P<role>system|user|assistant|human|bot|prompter|observation|tool)\|>:?",
        r"<(?P<role>human|bot|user|assistant|gpt)>:?",
    )
)
_INLINE = tuple(
    re.compile(pattern)
    for pattern in (
        r"#{2,5}[ \t]*(?P<role>(?i:human|user|assistant|gpt|bot))[ \t]*:",
        r"\[\|(?P<role>\w+)\|\]:?",
        r"(?:^|(?<=[\s>]))(?P<role>USER|HUMAN|ASSISTANT|GPT|BOT):(?=\s)",
    )
)
"""Marks that stand anywhere, also in the middle of a line; asking and answering take turns behind them."""
ANNOUNCED = re.compile(
    r"(?:(?:the following|below|this|here) is )?(?:an?|the) (?:\w+ )?(?:conversation|dialogue|chat|transcript) "
    r"between [^.:\n]*[.:]?",
    re.IGNORECASE,
)
"""A sentence that only says that a dialogue follows, which tells a model nothing."""
_ENDS = re.compile(r"<\|im_end\|>|<\|eot_id\|>|<end_of_turn>|<\|end\|>|<\|endoftext\|>|<\|end_of_text\|>|</s>|<eos>")
_BEGINS = re.compile(r"\s*(?:(?:<s>|<bos>|<\|begin_of_text\|>|<\|endoftext\|>)\s*)*")
_SYS = re.compile(r"\s*<<SYS>>(.*?)<</SYS>>", re.DOTALL)


def _by_template(text: str) -> Turns | None:
    """Return the turns of a text that a chat template has rendered, or None."""
    for pattern in _TEMPLATES:
        marks = list(pattern.finditer(text))
        if not marks or _BEGINS.fullmatch(text, 0, marks[0].start()) is None:
            continue
        found: Turns = []
        for number, mark in enumerate(marks):
            role = role_of(mark["role"])
            if role is None:
                return None
            end = marks[number + 1].start() if number + 1 < len(marks) else len(text)
            words = _ENDS.split(text[mark.end() : end], maxsplit=1)[0].strip()
            found.append(turn(role, words))
        if not found[-1]["content"]:  # the opening of an answer that is to come
            found.pop()
        return found
    return None


def _by_inst(text: str) -> Turns | None:
    """Return the turns of a text in the style of Llama 2 and Mistral, or None."""
    start = _BEGINS.match(text)
    if start is None or not text.startswith("[INST]", start.end()):
        return None
    found: Turns = []
    for piece in text[start.end() :].split("[INST]")[1:]:
        asked, closed, answer = piece.partition("[/INST]")
        if not closed:
            return None
        system = _SYS.match(asked) if not found else None
        if system is not None:
            found.append(turn("system", system[1].strip()))
            asked = asked[system.end() :]
        found.append(turn("user", asked.strip()))
        said = _ENDS.split(answer, maxsplit=1)[0].strip().removesuffix("<s>").strip()
        if said:
            found.append(turn("assistant", said))
    return found or None


def _by_inline(text: str) -> Turns | None:
    """Return the turns of a text with marks in the middle of its lines, a user's and an assistant's by turns, or None.

    What stands before the first mark is a system turn.
    """
    for pattern in _INLINE:
        marks = list(pattern.finditer(text))
        roles = [role_of(mark["role"]) for mark in marks]
        if len(marks) < 2 or roles != [("user", "assistant")[place % 2] for place in range(len(marks))]:
            continue
        before = text[: marks[0].start()].strip()
        found: Turns = [turn("system", before)] if before else []
        ends = [*(mark.start() for mark in marks[1:]), len(text)]
        for mark, role, end in zip(marks, roles, ends, strict=True):
            found.append(turn(role or "", _ENDS.split(text[mark.end() : end], maxsplit=1)[0].strip()))
        if found[-1] == turn("user", ""):  # the mark of a question that is to come
            found.pop()
        return found
    return None


def _by_labels(text: str) -> Turns | None:
    """Return the turns of a text whose turns begin with a label on a line of their own, or None."""
    marks = list(_LABEL.finditer(text))
    if len(marks) < 2:
        return None
    found: Turns = []
    before = text[: marks[0].start()].strip()
    if before:
        if "#" not in marks[0].group():  # an article that quotes a dialogue
            return None
        found.append(turn("system", before))
    for number, mark in enumerate(marks):
        name = mark.lastgroup or ""
        role = {"u": "user", "ut": "user", "a": "assistant", "at": "assistant", "s": "system"}.get(name, name)
        end = marks[number + 1].start() if number + 1 < len(marks) else len(text)
        words = _ENDS.split(text[mark.end() : end], maxsplit=1)[0].strip()
        if found and found[-1]["role"] == role == "user":  # an instruction and its input
            words = "\n\n".join(filter(None, (found[-1]["content"], words)))
            found[-1] = turn(role, words)
        else:
            found.append(turn(role, words))
    return found


def turns_of(text: str) -> Turns | None:
    """Return the turns of a dialogue written into one text, or None for a text that is none.

    A dialogue begins with a user's or a system's turn and has a user's and an assistant's turn.
    """
    for read in (_by_template, _by_inst, _by_inline, _by_labels):
        found = read(text)
        if found and {"user", "assistant"} <= {item["role"] for item in found} and found[0]["role"] != "assistant":
            return found
    return None


_RENDERED = ("<|im_start|>", "<|start_header_id|>", "<start_of_turn>", "[INST]", "<|user|>", "<|system|>")
_OPENING = 64


def is_rendered(text: str) -> bool:
    """Return whether a text begins as a chat template writes it."""
    return any(mark in text[:_OPENING] for mark in _RENDERED)


def is_whole(text: str) -> bool:
    """Return whether a text is a dialogue that ends with an answer, or with the mark of a question to come."""
    found = turns_of(text)
    return found is not None and found[-1]["role"] == "assistant" and bool(found[-1]["content"])


def opened(text: str) -> Turns | None:
    """Return the turns of a dialogue that may still wait for its answer, or None for a text that is none."""
    found = turns_of(text)
    if found is None and is_rendered(text):
        found = _by_template(text) or _by_inst(text)
        return found if found and found[-1]["role"] == "user" else None
    if found is None:
        marks = list(_LABEL.finditer(text))
        if len(marks) == 1 and marks[0].lastgroup in ("user", "u") and not text[: marks[0].start()].strip():
            return [turn("user", text[marks[0].end() :].strip())]
        return None
    return found[:-1] if found[-1] == turn("assistant", "") else found
