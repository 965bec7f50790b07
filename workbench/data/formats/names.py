"""What columns and turns are called: the vocabularies, and how a name is compared with them.

Owns the words of names in every spelling and the table of role vocabularies. Must not know rows or formats. Names are
compared by whole words ("questionText" is "question text"; "context" never contains "text"), without regard to case.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+|[^\W\d_A-Za-z]+")


_LONGEST = 200


def words(name: str) -> tuple[str, ...]:
    """Return the words of a name in lower case, split at `_`, `-`, blanks, dots, digits and changes of case.

    Of a name longer than any that somebody chose, the beginning counts.
    """
    return _words(name[:_LONGEST])


_WITHOUT_PARTS = str.maketrans({"ı": "i", "ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ß": "ss"})
"""Letters that are no letter with an accent to Unicode → what they are folded to."""


@lru_cache(maxsize=4096)
def _words(name: str) -> tuple[str, ...]:
    # Letters with accents are folded first, so that they do not end a word: "réponse" is "reponse".
    decomposed = unicodedata.normalize("NFKD", name.translate(_WITHOUT_PARTS)) if not name.isascii() else name
    folded = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    return tuple(part.lower() for part in _PARTS.findall(unicodedata.normalize("NFC", folded)))


def last(name: str) -> str:
    """Return the last word of a name, "" when it has none."""
    return (words(name) or ("",))[-1]


_COMPOUND = 1000
_WEAK = 2000


def difference(first: str, second: str) -> tuple[str, str] | None:
    """Return the two words by which names of as many words differ, or None when they differ in none or in several."""
    ones, others = words(first), words(second)
    apart = [pair for pair in zip(ones, others, strict=False) if pair[0] != pair[1]]
    return apart[0] if len(ones) == len(others) and len(apart) == 1 else None


def _vocabulary(ranked: str, weak: str = "") -> dict[str, int]:
    """Return name → rank of names separated by commas; of a name that stands there twice, the first counts.

    `weak` names are taken only where no other column suits: they mostly name something that stands beside.
    """
    found: dict[str, int] = {}
    for first, listed in ((0, ranked), (_WEAK, weak)):
        for rank, name in enumerate(listed.split(", ") if listed else ()):
            found.setdefault(" ".join(words(name)), first + rank)
    return found


VOCABULARY: dict[str, dict[str, int]] = {
    "turns": _vocabulary(
        "messages, conversations, conversation, dialogue, dialog, turns, chat, chat messages, contents, data, "
        "history, items, thread, dialogs, dialogues, transcript, message list, chat history, log, chats, full "
        "conversation, gesprach, verlauf, konversation, unterhaltung, conversacion, conversazione, conversa, dialogo, "
        "echange, gesprek, rozmowa, konusma, sohbet, samtal, диалог, разговор, 对话, 對話, 会話, 대화, "
        "utterances, trajectory, prompt messages, context messages"
    ),
    "system": _vocabulary(
        "system, system prompt, system message, sys, system instruction, system instructions, preamble, persona, "
        "system msg, meta instruction, personality, systemprompt, systemnachricht, mensaje del sistema, "
        "message systeme, "
        "sistema, messaggio di sistema, система, системный промпт, 系统, 系统提示, 系统提示词, システム, 시스템"
    ),
    "tools": _vocabulary("tools, functions, available tools, tool definitions, function definitions"),
    "instruction": _vocabulary(
        "instruction, instructions, anweisung, instruccion, consigne, istruzione, instrucao, "
        "指令, 指示, 任务, instruktion, talimat, komut, yonerge, polecenie, opdracht, "
        "инструкция, 지시, 지시문, 명령, 命令, perintah, "
        "instruksi, utasitas, task definition, task description",
        "definition, task",
    ),
    "input": _vocabulary(
        "input, inputs, context, eingabe, entrada, 输入, giris, girdi, wejscie, invoer, ввод, вход, 입력, 入力, masukan"
    ),
    "context": _vocabulary(
        "context, passage, paragraph, background, reference, document, evidence, ctx, contexts, text, article, "
        "support, story, abstract, kontext, contexto, schema, 上下文, facts, knowledge, premise, body"
    ),
    "title": _vocabulary(
        "title, subject, headline, question title, betreff, asunto, titel, titre, titulo, titolo, "
        "objet, oggetto, assunto, uberschrift, 标题, タイトル, 제목, заголовок, название, tytul, baslik, titulek"
    ),
    "history": _vocabulary("history, chat history, previous turns"),
    "prompt": _vocabulary(
        "prompt, question, query, problem, user, human, instruction, instructions, input, inputs, request, task, q, "
        "anweisung, instruccion, istruzione, instrucao, polecenie, 指令, 指示, artikeltext, "
        "eingabe, "
        "frage, pregunta, domanda, pergunta, вопрос, 问题, 問題, 質問, 질문, سؤال, anfrage, "
        "consulta, 提问, user input, user "
        "message, user prompt, user query, ask, goal, exercise, challenge, puzzle, quiz, riddle, "
        "inquiry, premise, ctx, message, "
        "customer message, customer, patient, consigne, enonce, demande, soru, pytanie, vraag, otazka, fraga, "
        "sporgsmal, kysymys, kerdes, pertanyaan, cau hoi, utt, mr, meaning representation, "
        "chapter, beschreibung, descripcion, descrizione, "
        "descricao, opis, "
        "omschrijving, problembeschreibung, enunciado, aufgabe, aufgabenstellung, quesito, ejercicio, esercizio, "
        "exercicio, zadanie, uppgift, oppgave, задание, 题目, 题干, 提示, 문제, 設問, dotaz, anfrage, anliegen, "
        "artikel, articulo, articolo, artigo, статья, 文章, 기사, merkmale, stichworte, stichpunkte, mots cles, "
        "front, post, utterance, description, issue, document, "
        "article, dialogue, dialog, email, ticket, intent text, rewritten intent, intent, "
        "problem statement, questions, patterns, command, nl, "
        "sentence, docstring, body, term, word, begriff, wort, mot, palabra, concept, acronym, "
        "vorderseite, anverso, text, review, abstract, report, selftext, claim, kunde, "
        "cliente, faq, history, content",
        "subject, betreff, asunto, title, titel, headline, topic, thema, context, source, src",
    ),
    "completion": _vocabulary(
        "completion, response, response choices, solution, response body choices, output, "
        "answer, assistant, reply, outputs, answers, "
        "target, targets, responses, assistant message, bot message, a, antwort, respuesta, risposta, resposta, "
        "reponse, ответ, 答案, 回答, 答え, 답변, جواب, ausgabe, salida, 输出, 回复, 解答, "
        "gpt, bot, chatbot, model, assistant "
        "response, agent, generation, result, canonical solution, snippet, code, sql, program, cmd, "
        "bash, bash code, regex, "
        "cevap, yanit, cikti, odpowiedz, odpoved, antwoord, svar, vastaus, valasz, jawaban, "
        "tra loi, 출력, 응답, 出力, 応答, "
        "cypher, sparql, formula, safe html item html, best answer, "
        "correct answer, "
        "accepted answer, long answer, final answer, ground truth, gold, highlights, summary, tldr, zusammenfassung, "
        "resumen, translation, back, tgt, resolution, rewrite, correction, corrections, "
        "corrected, patch, paraphrase, schlagzeile, titular, "
        "kurzfassung, resume, riassunto, sintesi, resumo, samenvatting, streszczenie, "
        "ozet, sammanfattning, резюме, краткое содержание, 摘要, 要約, 요약, "
        "simplified, explanation, rationale, doctor, gold answer, reference answer, query, sql query, rückseite, "
        "reverso, reference, ref, human reference, "
        "sql human readable, assert value, completions, solutions, expected output, ideal, "
        "ideal response, label "
        "text, 解析, lösung, solucion, "
        "definition, annotations result value text, top comment, top answer, best comment, best reply",
        "story, essay, poem, lyrics, joke, letter, recipe, directions, steps",
    ),
    "thought": _vocabulary(
        "thinking, reasoning content, reasoning, complex cot, complex CoT, CoT, deepseek reasoning, thinking "
        "trajectories, thinking "
        "trajectory, deepseek thinking trajectory, gemini thinking trajectory, thoughts, thought, think, cot, chain of "
        "thought, reasoning trace, reasoning process, thought process, thinking process, model reasoning, r1 reasoning"
    ),
    "text": _vocabulary(
        "text, content, article, body, document, raw content, markdown, story, passage, texto, texte, testo, "
        "contents, page content, raw text, full text, maintext, main text, plain text, code, abstract, selftext, "
        "wikitext, lyrics, sentence, paragraph, transcript, doc, book, 文本, 内容, 正文, "
        "artikel, inhalt, chapter, post, "
        "description, html text, poem, poem content, essay, letter, recipe, verse, script, joke, tale, fable, "
        "contenu, contenido, conteudo, contenuto, artikeltext, beitrag, articulo, articolo, artigo, статья, текст, "
        "содержание, 본문, 本文, 記事, tekst, tresc, inhoud, icerik, metin, "
        "prose, quote, tweet, notes, note, body text, article text, gedicht, texto completo, poema"
    ),
    "label": _vocabulary(
        "label, labels, kto tag, kto label, thumbs up, thumbs, thumb, feedback, liked, like, vote, verdict, is good, "
        "good, desirable, is desirable, accepted, is accepted, is correct, correct, "
        "correctness, is helpful, helpful, "
        "is preferred, preferred, is positive, rating, score, upvoted, approved, user feedback, reaction, "
        "bewertung, urteil, valoracion, avaliacao, valutazione, оценка, ocena, 评价, is safe, "
        "reward, preference, utile, util, hilfreich, nutzlich, daumen, pulgar, pouce, pollice, polegar, nuttig, "
        "przydatne, faydali, полезно, ist gut, ist hilfreich, e utile, war hilfreich"
    ),
    "class": _vocabulary(
        "label, labels, class, sentiment, emotion, intent, category, topic, label text, label name, class name, "
        "target, tag, stars, rating, gold label, kategorie, categoria, 标签, etiqueta, toxicity, stance, polarity, "
        "class index, label id, coarse label, fine label, department, priority, genre, annotations result value "
        "choices, "
        "folder, ordner, dossier, carpeta, cartella, abteilung, bereich, rubrik, rubrique, kategori, kategoria, "
        "categorie, klasse, clase, classe, etichetta, etiquette, categoria ticket, stimmung, sentimiento, sentimento, "
        "queue, team, prioritat, prioridad, priorita, priorite, категория, класс, тема, 类别, 分类, 分類, カテゴリ, "
        "カテゴリー, 분류, 카테고리"
    ),
    "choices": _vocabulary(
        "choices, options, endings, mc1 targets, candidates, alternatives, answer choices, answers, option list, "
        "possible answers, opciones, 选项, multiple choice options, optionen, antwortmoglichkeiten, auswahl, opzioni, "
        "opcoes, alternativas, choix, propositions, reponses possibles, keuzes, opties, secenekler, warianty, "
        "варианты, "
        "варианты ответа, варианты ответов, 选择, 選択肢, 보기, 선택지"
    ),
    "answer_key": _vocabulary(
        "answer, answer key, label, correct answer, correct option, cop, gold, answer idx, answer index, correct, "
        "correct choice, correct index, gold index, target, solution, 答案, correct answer index, correct answer "
        "letter, correct answer number, correct answer num, answer number, key, antwort, respuesta, ground truth, "
        "richtig, mc answer, richtige antwort, richtige, losung, correcta, respuesta correcta, opcion correcta, "
        "bonne reponse, reponse correcte, bonne, corretta, risposta corretta, correta, resposta correta, gabarito, "
        "juiste antwoord, goede antwoord, dogru cevap, dogru, poprawna, poprawna odpowiedz, spravna odpoved, "
        "ratt svar, "
        "правильный ответ, верный ответ, ответ, 正确答案, 正解, 정답, right answer, right, right option"
    ),
    "answer": _vocabulary(
        "ground truth, answer, final answer, reference answer, gold answer, expected "
        "answer, target, solution, label, "
        "gold, correct answer, expected, reference solution, answers, reward model ground truth, verification info, "
        "exact answer, short answer, numerical answer, result"
    ),
    "candidates": _vocabulary(
        "completions, answers, responses, candidates, generations, outputs, candidate responses, replies, summaries"
    ),
    "scores": _vocabulary(
        "scores, ratings, rewards, ranks, rank, ranking, rating, score, overall score, pm score, reward, votes, "
        "annotations, grades, overall rating, preference scores"
    ),
    "better": _vocabulary(
        "better response id, preferred, preference, winner, choice, label, labels, better, chosen, overall "
        "preference, preference strength, preferred response, best, best response, chosen index, selected, safer "
        "response id, vote, human preference, verdict, winner model, preferred id, mejor, la mejor, mejor respuesta, "
        "preferida, elegida, ganadora, besser, bessere, bessere antwort, beste, beste antwort, bevorzugt, gewinner, "
        "meilleure, meilleur, meilleure reponse, preferee, prefere, gagnant, migliore, risposta migliore, preferita, "
        "scelta, melhor, melhor resposta, escolhida, beter, betere, lepsza, lepsi, daha iyi, лучше, лучший, лучший "
        "ответ, 更好, 优选, better answer, better one, which is better, better response"
    ),
}
"""Role → name → rank; where several columns suit, the one of the smallest rank is taken."""

_HARMLESS = frozenset((
    "text", "string", "str", "content", "contents", "body", "en", "eng", "english", "de", "german", "zh", "chinese",
    "fr", "es", "it", "pt", "ru", "ja", "ko", "full", "raw", "clean", "cleaned", "final", "md", "markdown", "html",
    "translated", "original", "new", "stem", "pretokenized", "value", "span", "spans",
    "corretta", "correcta", "correta", "correcte",
))  # fmt: skip
"""Words behind a name that do not change what it names: "question text" is a question."""
METADATA = frozenset((
    "id", "ids", "uid", "uuid", "idx", "index", "type", "kind", "source", "url", "urls", "link", "date", "time",
    "timestamp", "created", "updated", "count", "number", "num", "length", "len", "size", "tokens", "token",
    "score", "scores", "rating", "ratings", "model", "models", "name", "names", "lang", "language", "hash", "md5",
    "sha", "status", "key", "version", "file", "path", "filename", "tag", "tags", "category", "difficulty", "level",
    "domain", "subset", "split", "author", "metadata", "meta", "prob", "logprob", "logprobs", "reward", "rewards",
    "policy", "embedding", "embeddings", "style", "format", "rank", "avg", "mean", "license", "dataset", "ref",
))  # fmt: skip
"""Words that make of a name something said about a row."""
_OF_THE_ROW = frozenset(("prompt", "completion", "context", "input", "class"))
_ABOUT_THE_ROW = frozenset(("meta", "metadata"))


def rank(name: str, role: str) -> int | None:
    """Return how well a name suits a role, smaller being better, or None.

    A name suits when it is in the role's vocabulary, and less well when it ends in a word of it ("customer question")
    or when only harmless words follow one ("question text", or key "full_text" of the object "question"). What an
    object of metadata holds says something about the row.
    """
    outer, _, inner = name.rpartition(".")
    parts, known = words(inner), VOCABULARY[role]
    if outer and role in _OF_THE_ROW and not _ABOUT_THE_ROW.isdisjoint(outer.lower().split(".")):
        return None
    whole = words(name) if outer else parts
    around = " ".join(words(outer.rpartition(".")[2]))
    # Of the text of a question, "question" says what it is; of the whole, all the words do.
    if role == "prompt" and around in VOCABULARY["completion"] and around not in known and _HARMLESS.issuperset(parts):
        return None  # the text of an answer asks nothing
    spellings = [around] if outer and parts and _HARMLESS.issuperset(parts) else []
    spellings += [" ".join(parts), " ".join(whole)]
    if outer and role == "completion" and parts[-1:] == ("model",):  # which model said it
        return None
    exact = next((known[spelled] for spelled in spellings if spelled in known), None)
    if exact is not None:
        return exact
    if not parts or parts[-1] in METADATA:
        return None
    tails = [" ".join(parts[start:]) for start in range(1, len(parts))]
    heads = [
        " ".join(whole[:end])
        for end in range(1, len(whole))
        if all(word in _HARMLESS or word.isdigit() for word in whole[end:])
    ]
    places = [known[name] for name in (*tails, *heads) if name in known and len(name) > 1]
    return _COMPOUND + min(places) if places else None


def ranked(names: Iterable[str], role: str) -> list[str]:
    """Return the names that suit a role, the best first; names that suit equally well in alphabetical order."""
    suited = [(place, name) for name in names if (place := rank(name, role)) is not None]
    return [name for _, name in sorted(suited)]


def weak(name: str, role: str) -> bool:
    """Return whether a name suits a role only where no other does."""
    place = rank(name, role)
    return place is not None and place >= _WEAK


def exact(name: str, role: str) -> bool:
    """Return whether a name as a whole is in the vocabulary of a role."""
    place = rank(name, role)
    return place is not None and place < _COMPOUND
