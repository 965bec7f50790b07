"""Wild datasets of questions: reading comprehension, quizzes, FAQs and cards in many languages and kinds of file.

Owns their layouts. Must not know how the workbench reads them.
"""

from __future__ import annotations

from tests.data.wild.documents import docx, page
from tests.data.wild.table import OneOf, Turn, Wild, array, chat, jsonl, parquet, table, wild
from tests.data.wild.texts import ARTICLES, CHINESE, CHOICES, DIALOGUES, GERMAN, MATHS, QUESTIONS, SPANISH

N = len(QUESTIONS)
FIRST = chat(QUESTIONS[0][0], QUESTIONS[0][1])
LOOSE = {"messages": [Turn("user", QUESTIONS[0][0]), Turn("assistant", QUESTIONS[0][1])]}
PAIRS = [(question, answer) for question, answer, _ in QUESTIONS]

SPANS: list[tuple[str, str]] = [
    ("Until when was hemp twisted in the shed?", "1958"),
    ("Which plant grows nearest to the water?", "glasswort"),
    ("At what time does the train leave?", "ten past eleven"),
    ("What is packed between the two faces?", "rubble"),
    ("How many territories were found?", "fifty-one"),
    ("When did the first compressor hum?", "1904"),
]
"""A question on each article, and the words of the article that answer it."""
READ = {"messages": [Turn("user", SPANS[0][0], ARTICLES[0][1]), Turn("assistant", SPANS[0][1])]}
READING = [
    (title, text, question, answer) for (title, text, _), (question, answer) in zip(ARTICLES, SPANS, strict=True)
]
LETTERS = "ABCD"

CHOSEN = {
    "messages": [
        Turn("user", CHOICES[0][0]),
        OneOf(Turn("assistant", CHOICES[0][1][0]), {"role": "assistant", "content": OneOf("A", "A.", "0")}),
    ]
}
"""The right answer of the first quiz question: by its text or by its letter."""


def starts(text: str, answer: str) -> dict[str, list[object]]:
    return {"text": [answer], "answer_start": [text.index(answer)]}


# fmt: off
QUESTION_SETS: list[Wild] = [
    # Reading comprehension.
    wild("squad", parquet({"id": f"{i:024x}", "title": t, "context": x, "question": q, "answers": starts(x, a)} for i,
        (t, x, q, a) in enumerate(READING)), "sft", READ, rows=6),
    wild("squad, original nesting", array({"version": "1.1", "data": [{"title": t,
        "paragraphs": [{"context": x, "qas": [{"id": f"q{i}", "question": q,
        "answers": [{"text": a, "answer_start": x.index(a)}]}]}]} for i, (t, x, q, a) in enumerate(READING)]},
        "dev-v1.1.json"), "sft", READ),
    wild("squad 2 with unanswerable questions", jsonl([*({"id": f"{i}", "title": t, "context": x, "question": q,
        "answers": starts(x, a)} for i, (t, x, q, a) in enumerate(READING)),
        {"id": "9", "title": "Owls", "context": ARTICLES[4][1], "question": "Who paints the owls?",
        "answers": {"text": [], "answer_start": []}}]), "sft", READ, rows=7, usable=6),
    wild("triviaqa", parquet({"question": q, "question_id": f"tc_{i}", "question_source": "own",
        "answer": {"value": a, "aliases": [a, a.upper()], "normalized_value": a.lower(), "type": "WikipediaEntity"}}
        for i, (_, _, q, a) in enumerate(READING)), "sft", chat(*SPANS[0]), rows=6),
    wild("natural questions open", jsonl({"question": q.lower().rstrip("?"), "answer": [a, a.title()]} for q,
        a in SPANS), "sft", {"messages": [Turn("user", "until when was hemp"), Turn("assistant", "1958")]}, rows=6),
    wild("web questions", jsonl({"url": "https://example.org/x", "question": q, "answers": [a]} for q, a in SPANS),
        "sft", chat(*SPANS[0]), rows=6),
    wild("boolq", jsonl({"question": f"is {t.lower()} mentioned in the town records", "passage": x,
        "answer": i % 2 == 0} for i, (t, x, _) in enumerate(ARTICLES)), "sft",
        {"messages": [Turn("user", "is the rope walk of merrow", ARTICLES[0][1]),
        {"role": "assistant", "content": OneOf("yes", "Yes", "true", "True")}]}, rows=6),
    wild("hotpotqa", parquet({"id": f"{i:x}", "question": q, "answer": a, "type": "bridge", "level": "easy",
        "supporting_facts": {"title": [t], "sent_id": [0]}, "context": {"title": [t, "Other"],
        "sentences": [[x], ["Nothing here."]]}} for i, (t, x, q, a) in enumerate(READING)), "sft",
        {"messages": [Turn("user", SPANS[0][0]), Turn("assistant", SPANS[0][1])]}, rows=6),
    wild("coqa", parquet({"source": "own", "story": x, "questions": [q, "Is that certain?"],
        "answers": {"input_text": [a, "yes"], "answer_start": [1, 2], "answer_end": [3, 4]}} for _, x, q, a in READING),
        "sft", rows=6),
    wild("drop", jsonl({"section_id": f"n_{i}", "query_id": f"{i:x}", "passage": x, "question": q,
        "answers_spans": {"spans": [a], "types": ["span"]}} for i, (_, x, q, a) in enumerate(READING)), "sft", READ,
        rows=6),
    wild("pubmedqa", jsonl({"pubid": 100 + i, "question": q, "context": {"contexts": [x], "labels": ["RESULTS"],
        "meshes": ["Water"]}, "long_answer": f"The text says: {a}.", "final_decision": "yes"} for i,
        (_, x, q, a) in enumerate(READING)), "sft", {"messages": [Turn("user", SPANS[0][0]),
        Turn("assistant", SPANS[0][1])]}, rows=6),
    wild("documents with questions", jsonl({"doc_id": f"D{i}", "passage_text": x, "user_question": q,
        "ground_truth_answer": a} for i, (_, x, q, a) in enumerate(READING)), "sft", READ, rows=6),
    wild("contexts of retrieval", jsonl({"question": q, "contexts": [x, "Nothing of use."], "ground_truth": a} for _, x,
        q, a in READING), "sft", {"messages": [Turn("user", SPANS[0][0]), Turn("assistant", SPANS[0][1])]}, rows=6),
    # Quizzes.
    wild("arc", parquet({"id": f"M_{i}", "question": q, "choices": {"text": c, "label": list(LETTERS)},
        "answerKey": LETTERS[k]} for i, (q, c, k) in enumerate(CHOICES)), "sft", CHOSEN, rows=6),
    wild("mmlu", parquet({"question": q, "subject": "nature", "choices": c, "answer": k} for q, c, k in CHOICES), "sft",
        CHOSEN, rows=6),
    wild("mmlu from csv without header", table([q, *c, LETTERS[k]] for q, c, k in CHOICES), "sft", rows=6),
    wild("mmlu pro", parquet({"question_id": i, "question": q, "options": c, "answer": LETTERS[k], "answer_index": k,
        "cot_content": "", "category": "nature", "src": "own"} for i, (q, c, k) in enumerate(CHOICES)), "sft", CHOSEN,
        rows=6),
    wild("commonsenseqa", jsonl({"id": f"{i:x}", "question": q, "question_concept": "tool",
        "choices": {"label": list(LETTERS), "text": c}, "answerKey": LETTERS[k]} for i,
        (q, c, k) in enumerate(CHOICES)), "sft", CHOSEN, rows=6),
    wild("openbookqa", jsonl({"id": f"7-{i}", "question_stem": q, "choices": {"text": c, "label": list(LETTERS)},
        "answerKey": LETTERS[k], "fact1": "a fact"} for i, (q, c, k) in enumerate(CHOICES)), "sft", CHOSEN, rows=6),
    wild("race", jsonl({"example_id": f"high{i}.txt", "article": ARTICLES[i][1], "question": q, "options": c,
        "answer": LETTERS[k]} for i, (q, c, k) in enumerate(CHOICES)), "sft", CHOSEN, rows=6),
    wild("medmcqa", jsonl({"id": f"{i:x}", "question": q, "opa": c[0], "opb": c[1], "opc": c[2], "opd": c[3], "cop": k,
        "choice_type": "single", "exp": f"It is {c[k]} since long ago.", "subject_name": "Nature"} for i,
        (q, c, k) in enumerate(CHOICES)), "sft", {"messages": [Turn("user", CHOICES[0][0]),
        OneOf(Turn("assistant", "barometer"), {"role": "assistant", "content": OneOf("A", "0")})]}, rows=6),
    wild("medqa", jsonl({"question": q, "answer": c[k], "options": dict(zip(LETTERS, c, strict=True)),
        "meta_info": "step1", "answer_idx": LETTERS[k]} for q, c, k in CHOICES), "sft", CHOSEN, rows=6),
    wild("sciq", jsonl({"question": q, "distractor1": c[(k + 1) % 4], "distractor2": c[(k + 2) % 4],
        "distractor3": c[(k + 3) % 4], "correct_answer": c[k], "support": ARTICLES[i][1]} for i,
        (q, c, k) in enumerate(CHOICES)), "sft", {"messages": [Turn("user", CHOICES[0][0]),
        {"role": "assistant", "content": "a barometer"}]}, rows=6),
    wild("truthfulqa", jsonl({"type": "Adversarial", "category": "Nature", "question": q, "best_answer": a,
        "correct_answers": [a, a[:-1]], "incorrect_answers": [bad], "source": "https://example.org"} for q, a,
        bad in QUESTIONS), "sft dpo", FIRST, rows=N),
    wild("hellaswag", jsonl({"ind": i, "activity_label": "Baking", "ctx_a": "A baker opens the oven.", "ctx_b": "she",
        "ctx": f"A baker opens oven {i}. she", "endings": ["flies off.", "takes out a loaf.", "sings to the moon.",
        "melts."], "source_id": f"own~{i}", "split": "train", "split_type": "indomain", "label": "1"}
        for i in range(6)), "sft", {"messages": [Turn("user", "A baker opens oven 0."),
        OneOf(Turn("assistant", "takes out a loaf."), {"role": "assistant", "content": OneOf("B", "1")})]}, rows=6),
    wild("winogrande", jsonl({"sentence": f"Ada gave Ben the key because _ wanted to leave at {i}.", "option1": "Ada",
        "option2": "Ben", "answer": str(1 + i % 2)} for i in range(1, 7)), "sft", rows=6),
    wild("piqa", jsonl({"goal": q, "sol1": a, "sol2": bad, "label": 0} for q, a, bad in QUESTIONS), "sft dpo",
        {"messages": [Turn("user", QUESTIONS[0][0]), OneOf(Turn("assistant", QUESTIONS[0][1]), Turn("assistant", "0"),
        Turn("assistant", "A"))]}, {"prompt": [Turn("user", QUESTIONS[0][0])],
        "chosen": [Turn("assistant", QUESTIONS[0][1])], "rejected": [Turn("assistant", QUESTIONS[0][2])]}, rows=N),
    wild("jeopardy", jsonl({"category": "HARBOURS", "air_date": "2004-12-31", "question": q, "value": "$200",
        "answer": a, "round": "Jeopardy!", "show_number": "4680"} for q, a in SPANS), "sft",
        {"messages": [Turn("user", SPANS[0][0]), Turn("assistant", SPANS[0][1])]}, rows=6),
    # Questions from forums and offices.
    wild("eli5", jsonl({"q_id": f"{i:x}", "title": q, "selftext": "", "document": "", "subreddit": "own",
        "answers": {"a_id": ["a", "b"], "text": [a, "See above, it was said before."], "score": [9, 2]}} for i,
        (q, a, _) in enumerate(QUESTIONS)), "sft dpo", LOOSE, {"prompt": [Turn("user", QUESTIONS[0][0])],
        "chosen": [Turn("assistant", QUESTIONS[0][1])], "rejected": [Turn("assistant", "See above")]}, rows=N),
    wild("yahoo answers", jsonl({"id": str(i), "question": q, "answer": a, "nbestanswers": [a, "No idea."],
        "main_category": "Home"} for i, (q, a) in enumerate(PAIRS)), "sft", FIRST, rows=N),
    wild("stack exchange answers", jsonl({"question_id": i, "title": q,
        "body": f"<p>I have wondered about this.</p><p>{q}</p>", "accepted_answer": f"<p>{a}</p>", "tags": ["home"],
        "score": 7} for i, (q, a) in enumerate(PAIRS)), "sft", LOOSE, rows=N),
    wild("medquad", table(([f"0000{i}-1", "information", q, a] for i, (q, a) in enumerate(PAIRS)),
        ["qid", "qtype", "Question", "Answer"]), "sft", FIRST, rows=N),
    wild("legal questions", array({"case_ref": f"14/{i}", "legal_question": q, "expert_opinion": a,
        "jurisdiction": "Merrow", "reviewed_by": "J. Holm"} for i, (q, a) in enumerate(PAIRS)), "sft", FIRST, rows=N),
    wild("faq pages", jsonl({"page": "https://example.org/faq", "faqs": [{"question": q, "answer": a} for q,
        a in PAIRS[i:i + 2]]} for i in range(0, N, 2)), "sft"),
    wild("short results to check", jsonl({"question": q, "final_answer": a, "difficulty": 2} for q, _, a in MATHS),
        "sft grpo", chat(MATHS[0][0], "57"), {"prompt": [Turn("user", MATHS[0][0])], "answer": "57"}, rows=6,
        suggests="grpo"),
    # Spreadsheets in other languages.
    wild("german faq", table(GERMAN, ["Frage", "Antwort"], delimiter=";", name="faq.csv"), "sft", chat(*GERMAN[0]),
        rows=5),
    wild("german faq in cp1252", table(GERMAN, ["Frage", "Antwort"], delimiter=";", encoding="cp1252", name="faq.csv"),
        "sft", chat(*GERMAN[0]), rows=5),
    wild("german faq with more columns", table((["Tarife", q, a, "01.03.2024"] for q, a in GERMAN),
        ["Kategorie", "Frage", "Antwort", "Stand"], delimiter=";", encoding="utf-8-sig"), "sft", chat(*GERMAN[0]),
        rows=5),
    wild("spanish faq", table(SPANISH, ["pregunta", "respuesta"]), "sft", chat(*SPANISH[0]), rows=4),
    wild("french faq", table(([f"Question {i} : à quelle heure ouvre le musée ?",
        f"Il ouvre à {i} heures, sauf le lundi."] for i in range(8, 13)), ["Question", "Réponse"], delimiter=";"),
        "sft", chat("Question 8 : à quelle heure ouvre le musée ?", "Il ouvre à 8 heures, sauf le lundi."), rows=5),
    wild("chinese faq", table(CHINESE, ["问题", "答案"], encoding="utf-8-sig"), "sft", chat(*CHINESE[0]), rows=4),
    wild("chinese faq in gb18030", table(CHINESE * 3, ["问题", "回答"], encoding="gb18030"), "sft", chat(*CHINESE[0]),
        rows=12),
    wild("japanese faq", jsonl({"質問": f"図書館は{i}時に開きますか?", "回答": f"はい、平日は{i}時に開きます。"}
        for i in range(8, 13)), "sft",
        chat("図書館は8時に開きますか?", "はい、平日は8時に開きます。"), rows=5),
    wild("russian faq", table(([f"Во сколько открывается касса {i}?", f"Касса {i} открывается в девять часов."]
        for i in range(1, 6)), ["Вопрос", "Ответ"]), "sft", chat("Во сколько открывается касса 1?",
        "Касса 1 открывается в девять часов."), rows=5),
    wild("portuguese faq", table(([f"Onde fica a sala {i}?", f"A sala {i} fica ao lado da escada."]
        for i in range(1, 6)), ["Pergunta", "Resposta"], delimiter="\t", name="faq.tsv"), "sft",
        chat("Onde fica a sala 1?", "A sala 1 fica ao lado da escada."), rows=5),
    wild("korean faq", jsonl({"질문": f"{i}번 버스는 언제 오나요?", "답변": f"{i}번 버스는 십 분마다 옵니다."}
        for i in range(1, 6)), "sft",
        chat("1번 버스는 언제 오나요?", "1번 버스는 십 분마다 옵니다."), rows=5),
    wild("csv that names its separator", {"faq.csv": b"sep=;\r\n" + table(PAIRS, ["Question", "Answer"],
        delimiter=";")["data.csv"]}, "sft", FIRST, rows=N),
    wild("csv with quoted line ends", table(([q, a.replace(", ", ",\n")] for q, a in PAIRS), ["question", "answer"]),
        "sft", chat(PAIRS[0][0], PAIRS[0][1].replace(", ", ",\n")), rows=N),
    wild("csv of numbered rows", table(([str(i), q, a] for i, (q, a) in enumerate(PAIRS)), ["", "question", "answer"]),
        "sft", FIRST, rows=N),
    wild("two columns without names", table(PAIRS, name="pairs.csv"), "sft", FIRST, rows=N),
    wild("anki", {"deck.txt": b"#separator:tab\n#html:true\n" + table(PAIRS, delimiter="\t")["data.csv"]}, "sft", FIRST,
        rows=N),
    wild("anki without its notes", table(PAIRS, delimiter="\t", name="deck.tsv"), "sft", FIRST, rows=N),
    wild("cards of front and back", table(([a, b, "home"] for a, b in PAIRS), ["Front", "Back", "Tags"]), "sft", FIRST,
        rows=N),
    # Text files, pages and documents.
    wild("q and a in text", {"faq.txt": "\n\n".join(f"Q: {q}\nA: {a}" for q, a in PAIRS).encode()}, "sft", FIRST,
        rows=N),
    wild("question and answer spelt out", {"faq.txt": "\n\n".join(f"Question: {q}\nAnswer: {a}" for q,
        a in PAIRS).encode()}, "sft", FIRST, rows=N),
    wild("numbered q and a", {"faq.txt": "\n\n".join(f"Q{i}. {q}\nA{i}. {a}" for i,
        (q, a) in enumerate(PAIRS, 1)).encode()}, "sft", FIRST, rows=N),
    wild("frage und antwort", {"faq.txt": "\n\n".join(f"Frage: {q}\nAntwort: {a}" for q, a in GERMAN).encode()}, "sft",
        chat(*GERMAN[0]), rows=5),
    wild("chinese questions in text", {"faq.txt": "\n".join(f"问:{q}\n答:{a}" for q, a in CHINESE).encode()}, "sft",
        chat(*CHINESE[0]), rows=4),
    wild("q and a in bold markdown", {"faq.md": ("# Questions\n\n" + "\n\n".join(f"**Q: {q}**\n\nA: {a}" for q,
        a in PAIRS)).encode()}, "sft", LOOSE),
    wild("markdown faq", {"FAQ.md": ("# Frequently asked\n\n" + "\n\n".join(f"## {q}\n\n{a}" for q,
        a in PAIRS)).encode()}, "sft", FIRST, rows=N),
    wild("markdown faq in bold", {"FAQ.md": ("# Frequently asked\n\n" + "\n\n".join(f"**{q}**\n\n{a}" for q,
        a in PAIRS)).encode()}, "sft", FIRST),
    wild("folder of one question per file", {f"answers/{i:02d}.md": f"# {q}\n\n{a}\n".encode() for i,
        (q, a) in enumerate(PAIRS)}, "sft", FIRST, rows=N),
    wild("folder of one question per text file", {f"{i:02d}.txt": f"{q}\n\n{a}\n".encode() for i,
        (q, a) in enumerate(PAIRS)}, "sft", FIRST, rows=N),
    wild("q and a in a text column", jsonl({"text": f"Q: {q}\nA: {a}"} for q, a in PAIRS), "sft", FIRST, rows=N),
    wild("user and assistant in a text column", jsonl({"text": f"User: {q}\nAssistant: {a}"} for q, a in PAIRS), "sft",
        FIRST, rows=N),
    wild("alpaca prompts in a text column", jsonl({"text": f"### Instruction:\n{q}\n\n### Response:\n{a}"} for q,
        a in PAIRS), "sft", FIRST, rows=N),
    wild("html faq", {"faq.html": page("<h1>Questions</h1>" + "".join(f"<h3>{q}</h3><p>{a}</p>" for q, a in PAIRS))},
        "sft", FIRST, rows=N),
    wild("html faq of details", {"faq.html": page("".join(f"<details><summary>{q}</summary><p>{a}</p></details>" for q,
        a in PAIRS))}, "sft", FIRST),
    wild("html faq of definitions", {"faq.html": page("<dl>" + "".join(f"<dt>{q}</dt><dd>{a}</dd>" for q,
        a in PAIRS) + "</dl>")}, "sft", FIRST),
    wild("word faq", {"faq.docx": docx([("Title", "Questions"), *(part for q, a in PAIRS
        for part in (("Heading2", q), ("Normal", a)))])}, "sft", FIRST),
    wild("word questions and answers", {"faq.docx": docx([("Normal", f"{mark}: {text}") for pair in PAIRS for mark,
        text in zip("QA", pair, strict=True)])}, "sft", FIRST, rows=N),
    wild("persons' questions as a map", array({f"q{i}": {"question": q, "answer": a} for i,
        (q, a) in enumerate(PAIRS)}), "sft", FIRST, rows=N),
    wild("map from question to answer", array(dict(PAIRS)), "sft", FIRST),
    wild("lists of two", array([q, a] for q, a in PAIRS), "sft", FIRST, rows=N),
    wild("intents", array({"intents": [{"tag": f"t{i}", "patterns": [d[0]], "responses": [d[1]]} for i,
        d in enumerate(DIALOGUES)]}, "intents.json"), "sft", {"messages": [Turn("user", DIALOGUES[0][0]),
        Turn("assistant", DIALOGUES[0][1])]}, rows=6),
]
# fmt: on
