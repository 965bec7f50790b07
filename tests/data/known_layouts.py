"""Rows in layouts that are in use, as one finds them: what is in them is invented, what they are called is not."""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]

ASKED = [
    "What does a lighthouse keeper do all night?",
    "How long may soup stand on a stove?",
    "Why do the tides follow the moon?",
    "Which tool cuts a round hole in slate?",
    "Where do swifts sleep in summer?",
]
SAID = [
    "He keeps the lamp burning and writes down every ship that passes.",
    "Two hours at most; after that it belongs in the cold.",
    "The moon pulls the water that faces it more than the ground below.",
    "A core drill with a diamond rim, kept wet while it turns.",
    "They sleep in the air, gliding in wide circles at great height.",
]
WORSE = ["No idea.", "For ever.", "They do not.", "A spoon.", "In the cellar."]
NEWS = [
    "The harbour was closed for three days because of ice. Ferries waited outside, and the fishing boats stayed at "
    "their moorings until the wind turned. Nobody was hurt, and the market opened again on Friday with little fish.",
    "A new bridge for cyclists was opened over the canal yesterday. It is made of larch from the valley, weighs forty "
    "tonnes and was lifted into place by night, so that the trains below could keep to their timetable.",
    "The library has found a map that was thought lost. It shows the old town before the fire, with every well and "
    "every oven marked in red ink, and it will be on show until the end of the winter in the reading room.",
    "Beekeepers report a good year. The lime trees flowered late and long, the nights were warm, and the hives gave "
    "twice the honey of last summer, although the spring had been wet and cold in all the villages of the plain.",
    "Two schools share one orchestra from this autumn. They rehearse on Tuesdays in the old gymnasium, where the sound "
    "is said to be better than in the new hall, which was built for basketball and echoes like an empty cistern.",
]
SHORT = ["Ice closed the harbour.", "A bridge for cyclists.", "A lost map is found.", "Much honey.", "One orchestra."]


def rows(**columns: list[Any]) -> list[Row]:
    """Return five rows from columns of five values."""
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def each(value: Any) -> list[Any]:
    return [value] * 5


def turn(role: str, content: str) -> Row:
    return {"role": role, "content": content}


def chat(asked: str = ASKED[0], said: str = SAID[0], **more: Any) -> Row:
    return {"messages": [turn("user", asked), turn("assistant", said)], **more}


def spelled(role: str, content: str, names: tuple[str, str]) -> list[list[Row]]:
    """Return five conversations with the keys `role` and `content`, the roles being named so."""
    return [
        [{role: names[0], content: asked}, {role: names[1], content: said}]
        for asked, said in zip(ASKED, SAID, strict=True)
    ]


QA = chat()
PREFERENCE = {"prompt": [turn("user", ASKED[0])], "chosen": [turn("assistant", SAID[0])],
              "rejected": [turn("assistant", WORSE[0])]}  # fmt: skip
GOOD = {"prompt": [turn("user", ASKED[0])], "completion": [turn("assistant", SAID[0])], "label": True}
TREE = {
    "a": {"id": "a", "message": None, "parent": None, "children": ["b"]},
    "b": {"id": "b", "message": {"author": {"role": "user"}, "content": {"content_type": "text", "parts": [ASKED[0]]}},
          "parent": "a", "children": ["c", "d"]},
    "c": {"id": "c", "message": {"author": {"role": "assistant"}, "content": {"content_type": "text",
          "parts": [WORSE[0]]}}, "parent": "b", "children": []},
    "d": {"id": "d", "message": {"author": {"role": "assistant"}, "content": {"content_type": "text",
          "parts": [SAID[0]]}}, "parent": "b", "children": []},
}  # fmt: skip
CHOICES = ["north", "south", "east"]
MARKED = [f"First we add.\n#### {number}" for number in (3, 14, 15, 92, 65)]
NUMBERS = ["3", "14", "15", "92", "65"]
CHOICE_QUESTION = f"{ASKED[0]}\n\nA. north\nB. south\nC. east"


def hh(*turns: str) -> str:
    return "".join(f"\n\n{'Assistant' if place % 2 else 'Human'}: {words}" for place, words in enumerate(turns))


LAYOUTS: list[tuple[str, list[Row], str, str, Row]] = [
    ("messages", [chat(a, s) for a, s in zip(ASKED, SAID, strict=True)], "messages", "sft", QA),
    ("messages and metadata", [chat(a, s, id=3, source="x") for a, s in zip(ASKED, SAID, strict=True)], "messages",
     "sft", QA),
    ("messages with prompt beside", [chat(a, s, prompt=a, prompt_id="7") for a, s in zip(ASKED, SAID, strict=True)],
     "messages", "sft", QA),
    ("ShareGPT", rows(conversations=spelled("from", "value", ("human", "gpt"))), "sharegpt", "sft", QA),
    ("ShareGPT with id and system", rows(id=each("i"), system=each("Be brief."), conversations=spelled("from",
     "value", ("human", "gpt"))), "sharegpt", "sft", {"messages": [turn("system", "Be brief."), *QA["messages"]]}),
    ("speaker and text", rows(dialogue=spelled("speaker", "text", ("customer", "agent"))), "sharegpt", "sft", QA),
    ("author and message", rows(thread=spelled("author", "message", ("User", "Bot"))), "sharegpt", "sft", QA),
    ("sender and text", rows(chat_messages=spelled("sender", "text", ("human", "assistant")), name=SHORT),
     "sharegpt", "sft", QA),
    ("pairs of human and assistant", rows(conversation=[[{"human": a, "assistant": s}] for a, s in zip(ASKED, SAID,
     strict=True)]), "sharegpt", "sft", QA),
    ("lists of two", rows(conversations=[[[a, s]] for a, s in zip(ASKED, SAID, strict=True)]), "sharegpt", "sft", QA),
    ("texts that take turns", rows(id=NUMBERS, data=[[a, s] for a, s in zip(ASKED, SAID, strict=True)]), "sharegpt",
     "sft", QA),
    ("contents with parts", rows(contents=[[{"role": "user", "parts": [{"text": a}]}, {"role": "model",
     "parts": [{"text": s}]}] for a, s in zip(ASKED, SAID, strict=True)]), "sharegpt", "sft", QA),
    ("contents with a system instruction", rows(systemInstruction=each({"role": "system",
     "parts": [{"text": "Be brief."}]}), contents=[[{"role": "user", "parts": [{"text": a}]}, {"role": "model",
     "parts": [{"text": s}]}] for a, s in zip(ASKED, SAID, strict=True)]), "sharegpt", "sft",
     {"messages": [turn("system", "Be brief."), *QA["messages"]]}),
    ("turns as JSON text",
     rows(messages=['[{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}]'] * 5),
     "messages", "sft", chat("Why?", "So.")),
    ("an exported conversation", [{"title": "Sea", "mapping": TREE, "current_node": "d"}] * 3, "chatgpt_export",
     "sft", QA),
    ("instruction and output", rows(instruction=ASKED, input=each(""), output=SAID), "alpaca", "sft", QA),
    ("instruction, context, response", rows(instruction=ASKED, context=["", *NEWS[1:]], response=SAID,
     category=each("open_qa")), "alpaca", "sft", QA),
    ("instruction with a question beside", rows(instruction=each("Answer."), question=ASKED, answer=SAID), "alpaca",
     "sft", chat(f"Answer.\n\n{ASKED[0]}")),
    ("prompt, input, output", rows(prompt=each("Answer."), input=ASKED, output=SAID), "alpaca", "sft",
     chat(f"Answer.\n\n{ASKED[0]}")),
    ("system_prompt, question, response", rows(id=NUMBERS, system_prompt=each("Be brief."), question=ASKED,
     response=SAID), "prompt_completion", "sft", {"messages": [turn("system", "Be brief."), *QA["messages"]]}),
    ("context, question, answer", rows(context=NEWS, question=ASKED, answer=SAID), "prompt_completion", "sft",
     chat(f"{NEWS[0]}\n\n{ASKED[0]}")),
    ("extractive answers", rows(id=NUMBERS, title=SHORT, context=NEWS, question=ASKED, answers=[{"text": [text, "x"],
     "answer_start": [1, 2]} for text in SHORT]), "prompt_completion", "sft", chat(f"{NEWS[0]}\n\n{ASKED[0]}",
     SHORT[0])),
    ("an answer with aliases", rows(question=ASKED, answer=[{"value": text, "aliases": ["x"]} for text in SAID]),
     "prompt_completion", "sft", QA),
    ("question and yes or no", rows(question=ASKED, passage=NEWS, answer=[True, False, True, True, False]),
     "prompt_completion", "sft", chat(f"{NEWS[0]}\n\n{ASKED[0]}", "yes")),
    ("Frage und Antwort", rows(Frage=ASKED, Antwort=SAID, Kategorie=each("Meer")), "prompt_completion", "sft", QA),
    ("pregunta y respuesta", rows(pregunta=ASKED, respuesta=SAID), "prompt_completion", "sft", QA),
    ("问题 and 回答", rows(问题=ASKED, 回答=SAID), "prompt_completion", "sft", QA),
    ("customer support", rows(ticket_id=NUMBERS, customer_message=ASKED, agent_reply=SAID, status=each("closed")),
     "prompt_completion", "sft", QA),
    ("camel case", rows(questionText=ASKED, answerText=SAID, createdAt=each("2024-01-08")), "prompt_completion",
     "sft", QA),
    ("front and back", rows(Front=ASKED, Back=SAID, Tags=each("sea")), "prompt_completion", "sft", QA),
    ("article and highlights", rows(article=NEWS, highlights=SHORT, id=NUMBERS), "prompt_completion", "sft",
     chat(NEWS[0], SHORT[0])),
    ("document and summary", rows(document=NEWS, summary=SHORT), "prompt_completion", "sft", chat(NEWS[0], SHORT[0])),
    ("task and code", rows(task_id=[1, 2, 3, 4, 5], text=ASKED, code=SAID, test_list=each(["assert f(1)"])),
     "prompt_completion", "sft", QA),
    ("prompt and canonical_solution", rows(task_id=NUMBERS, prompt=ASKED, canonical_solution=SAID, test=SHORT,
     entry_point=each("f")), "prompt_completion", "sft", QA),
    ("turns and turns", rows(prompt=[[turn("user", a)] for a in ASKED], completion=[[turn("assistant",
     s)] for s in SAID]), "prompt_completion", "sft", QA),
    ("prompt, response and scores", rows(prompt=ASKED, response=SAID, helpfulness=[4, 3, 2, 1, 0],
     verbosity=each(1)), "prompt_completion", "sft", QA),
    ("worked answers", rows(question=ASKED, answer=MARKED), "prompt_completion", "sft", chat(said=MARKED[0])),
    ("problem, solution, answer", rows(problem=ASKED, solution=SAID, answer=NUMBERS), "prompt_completion", "sft", QA),
    ("prompts for a reward", rows(data_source=each("x"), prompt=[[turn("user", a)] for a in ASKED],
     ability=each("math"), reward_model=[{"style": "rule", "ground_truth": n} for n in NUMBERS]), "prompt_only",
     "grpo", {"prompt": [turn("user", ASKED[0])], "answer": "3", "columns": {"data_source": "x", "ability": "math"}}),
    ("turns and ground truth", rows(prompt=[[turn("user", a)] for a in ASKED], ground_truth=NUMBERS), "prompt_only",
     "grpo", {"prompt": [turn("user", ASKED[0])], "answer": "3"}),
    ("prompts alone", rows(prompt=ASKED), "prompt_only", "grpo", {"prompt": [turn("user", ASKED[0])]}),
    ("prompts and metadata", rows(id=NUMBERS, prompt=ASKED, category=each("sea")), "prompt_only", "grpo",
     {"prompt": [turn("user", ASKED[0])], "columns": {"id": NUMBERS[0], "category": "sea"}}),
    ("choices and a number", rows(question=ASKED, subject=each("sea"), choices=each(CHOICES), answer=[1, 0, 2, 1,
     0]), "multiple_choice", "sft", chat(CHOICE_QUESTION, "B. south")),
    ("labelled choices", rows(id=NUMBERS, question=ASKED, choices=each({"text": CHOICES, "label": ["A", "B", "C"]}),
     answerKey=["B", "A", "C", "B", "A"]), "multiple_choice", "sft", chat(CHOICE_QUESTION, "B. south")),
    ("options in columns", rows(question=ASKED, A=each("north"), B=each("south"), C=each("east"), answer=["B", "A",
     "C", "A", "B"]), "multiple_choice", "sft", chat(CHOICE_QUESTION, "B. south")),
    ("options as an object", rows(question=ASKED, options=each(dict(zip("ABC", CHOICES, strict=True))),
     answer_idx=["B", "A", "C", "A", "B"], answer=each("south")), "multiple_choice", "sft", chat(CHOICE_QUESTION,
     "B. south")),
    ("endings", rows(ctx=ASKED, endings=each(CHOICES), label=["1", "0", "2", "1", "0"]), "multiple_choice", "sft",
     chat(CHOICE_QUESTION, "B. south")),
    ("numbers from one", rows(question=ASKED, option_1=each("north"), option_2=each("south"), option_3=each("east"),
     correct_option=[2, 1, 3, 2, 1]), "multiple_choice", "sft", chat(CHOICE_QUESTION, "B. south")),
    ("prompt, chosen, rejected", rows(prompt=ASKED, chosen=SAID, rejected=WORSE), "preference", "dpo", PREFERENCE),
    ("system, question, chosen, rejected", rows(system=each("Be brief."), question=ASKED, chosen=SAID,
     rejected=WORSE), "preference", "dpo", {**PREFERENCE, "prompt": [turn("system", "Be brief."), turn("user",
     ASKED[0])]}),
    ("instruction, input, chosen, rejected", rows(instruction=each("Answer."), input=ASKED, chosen=SAID,
     rejected=WORSE), "preference", "dpo", {**PREFERENCE, "prompt": [turn("user", f"Answer.\n\n{ASKED[0]}")]}),
    ("conversations with chosen turns", rows(conversations=[[{"from": "human", "value": a}] for a in ASKED],
     chosen=[{"from": "gpt", "value": s} for s in SAID], rejected=[{"from": "gpt", "value": w} for w in WORSE]),
     "preference", "dpo", PREFERENCE),
    ("whole conversations on both sides", rows(prompt=ASKED, prompt_id=NUMBERS, chosen=[[turn("user", a),
     turn("assistant", s)] for a, s in zip(ASKED, SAID, strict=True)], rejected=[[turn("user", a), turn("assistant",
     w)] for a, w in zip(ASKED, WORSE, strict=True)], messages=[chat(a, s)["messages"] for a, s in zip(ASKED, SAID,
     strict=True)], score_chosen=each(8.0), score_rejected=each(2.0)), "preference", "dpo", PREFERENCE),
    ("implicit prompt", rows(chosen=[[turn("user", a), turn("assistant", s)] for a, s in zip(ASKED, SAID,
     strict=True)], rejected=[[turn("user", a), turn("assistant", w)] for a, w in zip(ASKED, WORSE, strict=True)]),
     "preference", "dpo", PREFERENCE),
    ("chosen_messages", rows(chosen_messages=[[turn("user", a), turn("assistant", s)] for a, s in zip(ASKED, SAID,
     strict=True)], rejected_messages=[[turn("user", a), turn("assistant", w)] for a, w in zip(ASKED, WORSE,
     strict=True)]), "preference", "dpo", PREFERENCE),
    ("dialogue texts", rows(chosen=[hh(a, s) for a, s in zip(ASKED, SAID, strict=True)], rejected=[hh(a, w) for a,
     w in zip(ASKED, WORSE, strict=True)]), "preference", "dpo", PREFERENCE),
    ("dialogue prompts", rows(prompt=[hh(a, "") for a in ASKED], chosen=SAID, rejected=WORSE), "preference", "dpo",
     PREFERENCE),
    ("response_j and response_k", rows(qid=NUMBERS, question=ASKED, response_j=SAID, response_k=WORSE), "preference",
     "dpo", PREFERENCE),
    ("preferred_output", rows(input=[{"messages": [turn("user", a)], "tools": []} for a in ASKED],
     preferred_output=[[turn("assistant", s)] for s in SAID], non_preferred_output=[[turn("assistant",
     w)] for w in WORSE]), "preference", "dpo", PREFERENCE),
    ("win and lose", rows(prompt=ASKED, response_win=SAID, response_lose=WORSE), "preference", "dpo", PREFERENCE),
    ("better_response_id", rows(prompt=ASKED, response_0=WORSE, response_1=SAID, better_response_id=each(1),
     safer_response_id=each(0)), "compared", "dpo", PREFERENCE),
    ("winner by name", rows(prompt=ASKED, response_a=SAID, response_b=WORSE, winner=each("model_a")), "compared",
     "dpo", PREFERENCE),
    ("references and a label", rows(post_id=NUMBERS, history=ASKED, human_ref_A=SAID, human_ref_B=WORSE,
     labels=each(1), score_A=each(7), score_B=each(2)), "compared", "dpo", PREFERENCE),
    ("strength of preference", rows(prompt=ASKED, response_1=SAID, response_2=WORSE, preference_strength=each(-2)),
     "compared", "dpo", PREFERENCE),
    ("scored candidates", rows(instruction=ASKED, completions=[[{"model": "m", "response": w, "overall_score": 2.0},
     {"model": "n", "response": s, "overall_score": 8.5}] for w, s in zip(WORSE, SAID, strict=True)]), "ranked",
     "dpo", PREFERENCE),
    ("ranked answers", rows(prompt=ASKED, answers=[[{"answer": s, "rank": 1}, {"answer": w, "rank": 2}] for w,
     s in zip(WORSE, SAID, strict=True)]), "ranked", "dpo", PREFERENCE),
    ("lists of responses and scores", rows(prompt=ASKED, responses=[[w, s] for w, s in zip(WORSE, SAID,
     strict=True)], scores=each([0.1, 0.9])), "ranked", "dpo", PREFERENCE),
    ("messages and a label", [chat(a, s, label=place % 2 == 0) for place, (a, s) in enumerate(zip(ASKED, SAID,
     strict=True))], "unpaired", "kto", GOOD),
    ("completion and a label", rows(prompt=ASKED, completion=SAID, label=[True, False, True, False, True]),
     "unpaired", "kto", GOOD),
    ("a label of 0 or 1", rows(prompt=ASKED, completion=SAID, label=[1, 0, 1, 0, 1]), "unpaired", "kto", GOOD),
    ("thumbs", rows(question=ASKED, response=SAID, feedback=["thumbs_up", "thumbs_down", "thumbs_up", "thumbs_up",
     "thumbs_down"]), "unpaired", "kto", GOOD),
    ("plus and minus one", rows(prompt=ASKED, response=SAID, score=[1, -1, 1, -1, 1]), "unpaired", "kto", GOOD),
    ("kto_tag", rows(messages=[chat(a, s)["messages"] for a, s in zip(ASKED, SAID, strict=True)], kto_tag=[True,
     True, False, False, True]), "unpaired", "kto", GOOD),
    ("text", rows(text=NEWS), "text", "cpt", {"text": NEWS[0]}),
    ("text and metadata", rows(text=NEWS, timestamp=each("2019-04-25T12:57:54Z"), url=each("https://example.org")),
     "text", "cpt", {"text": NEWS[0]}),
    ("encyclopaedia", rows(id=NUMBERS, url=each("https://example.org"), title=SHORT, text=NEWS), "text", "cpt",
     {"text": f"{SHORT[0]}\n\n{NEWS[0]}"}),
    ("products", rows(product_name=SHORT, keywords=each("a, b"), price=NUMBERS, description=NEWS), "text", "cpt",
     {"text": f"{SHORT[0]}\n\n{NEWS[0]}"}),
    ("names beside texts", rows(name=SHORT, text=NEWS), "text", "cpt", {"text": NEWS[0]}),
    ("one title for all", rows(title=each("News"), text=NEWS), "text", "cpt", {"text": NEWS[0]}),
    ("titles within the texts", rows(title=SHORT, text=[f"# {t}\n\n{x}" for t, x in zip(SHORT, NEWS, strict=True)]),
     "text", "cpt", {"text": f"# {SHORT[0]}\n\n{NEWS[0]}"}),
    ("text with scores", rows(text=NEWS, id=NUMBERS, dump=each("d"), language=each("en"), language_score=each(0.9),
     token_count=each(70), int_score=each(3)), "text", "cpt", {"text": NEWS[0]}),
    ("text with an object of metadata", rows(text=NEWS, meta=each({"pile_set_name": "News", "title": "x"})), "text",
     "cpt", {"text": NEWS[0]}),
    ("title and abstract", rows(id=NUMBERS, title=SHORT, authors=each("A. Name"), abstract=NEWS), "text", "cpt",
     {"text": f"{SHORT[0]}\n\n{NEWS[0]}"}),
    ("files of code", rows(repo_name=each("a/b"), path=each("c.py"), content=NEWS, license=each("mit"),
     size=each(3)), "text", "cpt", {"text": NEWS[0]}),
    ("a prompt and the text made of it", rows(prompt=ASKED, text=NEWS, token_length=each(80)), "text", "cpt",
     {"text": NEWS[0]}),
    ("only one column", rows(story=NEWS), "text", "cpt", {"text": NEWS[0]}),
    ("### Human", rows(text=[f"### Human: {a}\n### Assistant: {s}" for a, s in zip(ASKED, SAID, strict=True)]),
     "dialogue", "sft", QA),
    ("### Instruction", rows(text=[f"Below is a task.\n\n### Instruction:\n{a}\n\n### Response:\n{s}" for a,
     s in zip(ASKED, SAID, strict=True)]), "dialogue", "sft", {"messages": [turn("system", "Below is a task."),
     *QA["messages"]]}),
    ("ChatML", rows(text=[f"<|im_start|>user\n{a}<|im_end|>\n<|im_start|>assistant\n{s}<|im_end|>\n" for a,
     s in zip(ASKED, SAID, strict=True)]), "dialogue", "sft", QA),
    ("[INST]", rows(text=[f"<s>[INST] {a} [/INST] {s} </s>" for a, s in zip(ASKED, SAID, strict=True)]), "dialogue",
     "sft", QA),
    ("headers",
     rows(text=["<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n"
     f"{a}<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"
     f"{s}<|eot_id|>" for a,
     s in zip(ASKED, SAID, strict=True)]), "dialogue", "sft", QA),
    ("start_of_turn",
     rows(text=[f"<bos><start_of_turn>user\n{a}<end_of_turn>\n<start_of_turn>model\n{s}<end_of_turn>\n" for a,
     s in zip(ASKED, SAID, strict=True)]), "dialogue", "sft", QA),
    ("Q: and A:", rows(text=[f"Q: {a}\nA: {s}" for a, s in zip(ASKED, SAID, strict=True)]), "dialogue", "sft", QA),
    ("User: and Assistant:", rows(text=[f"User: {a}\n\nAssistant: {s}" for a, s in zip(ASKED, SAID, strict=True)]),
     "dialogue", "sft", QA),
    ("a question in the first line", rows(text=[f"{a}\n\n{s}\n" for a, s in zip(ASKED, SAID, strict=True)]),
     "question_first", "sft", QA),
    ("translation", rows(translation=[{"en": a, "de": s} for a, s in zip(ASKED, SAID, strict=True)]), "translation",
     "sft", chat(f"Translate from English to German:\n\n{ASKED[0]}")),
    ("two languages", rows(id=NUMBERS, english=ASKED, french=SAID), "translation", "sft",
     chat(f"Translate from English to French:\n\n{ASKED[0]}")),
    ("text and label", [{"text": NEWS[n % 5] + str(n), "label": "good" if n % 2 else "bad"} for n in range(20)],
     "classification", "sft", chat(NEWS[0] + "0", "bad")),
    ("questions in turns", rows(question_id=[1, 2, 3, 4, 5], turns=[[a, "Now shorter."] for a in ASKED]),
     "prompt_only", "grpo", {"prompt": [turn("user", ASKED[0])], "columns": {"question_id": 1}}),
    ("ways to ask with one answer", rows(questions=[[[a, "Say!"]] for a in ASKED], answers=[[s] for s in SAID]),
     "prompt_completion", "sft", QA),
    ("a list of questions with one answer", rows(questions=[[a, "Say!"] for a in ASKED], answers=[[s] for s in SAID]),
     "prompt_completion", "sft", QA),
    ("a recipe", rows(title=SHORT, servings=[1, 2, 3, 4, 5], steps=[[s, "Serve."] for s in SAID],
     ingredients=each(["salt", "", "oil"])), "outline", "sft", chat(SHORT[0], f"salt\noil\n\n{SAID[0]}\nServe.")),
    ("a recipe with a text", rows(title=SHORT, ingredients=each(["salt", "oil"]), instructions=SAID), "outline", "sft",
     chat(SHORT[0], f"salt\noil\n\n{SAID[0]}")),
    ("a recipe of JSON text", rows(name=SHORT, description=NEWS, directions=[f'["{s}", "Serve."]' for s in SAID],
     tags=each('["x", "y"]')), "outline", "sft", chat(SHORT[0], f"{SAID[0]}\nServe.")),
    ("ratings of answers", rows(prompt=ASKED, response=SAID, rating=[5, 1, "4/5", "★★☆☆☆", "4.0"]), "rated", "kto",
     GOOD),
    ("stars of conversations", [chat(a, s, stars=n) for a, s, n in zip(ASKED, SAID, (5, 1, 4, 2, 5), strict=True)],
     "rated", "kto", GOOD),
    ("two answers beside what a judge was asked", rows(orig_instruction=ASKED, orig_response_A=SAID,
     orig_response_B=WORSE, orig_preference=each("A"), instruction=[f"Compare the answers to {a}" for a in ASKED],
     output=each("A is better.")), "compared", "dpo", PREFERENCE),
]  # fmt: skip
"""(what it is, rows, format, method, first canonical row)"""
