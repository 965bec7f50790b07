"""A person's own logs of gateways and archives of sheets.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import json
from typing import Any

from tests.data.wild.fifth_pool_talks import zipped
from tests.data.wild.table import Turn, Wild, array, chat, jsonl, table, wild


def _log_proxy_messages() -> Wild:
    pairs = [
        ("Make this friendlier: Payment is due.", "Just a quick reminder that the payment is due. Thank you!"),
        (
            "Make this friendlier: You sent the wrong file.",
            "I think a different file slipped in. Could you send it once more?",
        ),
        (
            "Make this friendlier: We are closed.",
            "We're closed right now, but we look forward to seeing you tomorrow from nine.",
        ),
        (
            "Make this friendlier: Read the manual.",
            "You'll find a short explanation on page 12 of the manual; do tell me if it doesn't help.",
        ),
        ("Make this friendlier: No refunds.", "We can't refund this item, but we'd gladly exchange it."),
        (
            "Make this friendlier: Late again!",
            "I noticed we started late again. Is there a time that suits you better?",
        ),
    ]
    return wild(
        "log of a proxy with messages, response and spend",
        jsonl(
            [
                {
                    "id": f"chatcmpl-{7000 + index}",
                    "trace_id": f"t{index}",
                    "call_type": "acompletion",
                    "stream": False,
                    "status": "success",
                    "custom_llm_provider": "openai",
                    "model": "gpt-4o-mini",
                    "response_cost": 0.00012 + index / 1000000.0,
                    "total_tokens": 80 + index,
                    "startTime": 1712000000.1 + index,
                    "endTime": 1712000001.9 + index,
                    "cache_hit": None,
                    "requester_ip_address": "10.0.0.4",
                    "messages": [
                        {"role": "system", "content": "Rewrite in a warm tone."},
                        {"role": "user", "content": question},
                    ],
                    "response": {
                        "id": f"chatcmpl-{7000 + index}",
                        "object": "chat.completion",
                        "created": 1712000001 + index,
                        "model": "gpt-4o-mini-2024-07-18",
                        "choices": [
                            {
                                "index": 0,
                                "finish_reason": "stop",
                                "message": {
                                    "role": "assistant",
                                    "content": answer,
                                    "tool_calls": None,
                                    "function_call": None,
                                },
                            }
                        ],
                        "usage": {"prompt_tokens": 40, "completion_tokens": 40 + index, "total_tokens": 80 + index},
                    },
                    "model_parameters": {"temperature": 0.3},
                    "metadata": {"user_api_key_alias": "frontdesk"},
                    "error_str": None,
                }
                for index, (question, answer) in enumerate(pairs)
            ],
            "litellm_logs.jsonl",
        ),
        "sft",
        chat(*pairs[0], system="Rewrite in a warm tone."),
        rows=6,
    )


def _requests_answers_anthropic() -> Wild:
    sql = [
        (
            "Customers without an order?",
            "SELECT c.* FROM customers c LEFT JOIN orders o ON o.customer_id = c.id WHERE o.id IS NULL;",
        ),
        (
            "Total sales by month in 2023?",
            "SELECT date_trunc('month', sold_at) AS month, sum(amount) FROM sales WHERE sold_at >= "
            "'2023-01-01' AND sold_at < '2024-01-01' GROUP BY 1 ORDER BY 1;",
        ),
        ("Rename column tel to phone.", "ALTER TABLE customers RENAME COLUMN tel TO phone;"),
        (
            "Which products were never returned?",
            "SELECT * FROM products WHERE id NOT IN (SELECT product_id FROM returns WHERE product_id IS NOT NULL);",
        ),
        ("Five most expensive items.", "SELECT * FROM products ORDER BY price DESC LIMIT 5;"),
        (
            "Delete duplicate mails, keep the oldest.",
            "DELETE FROM mails a USING mails b WHERE a.address = b.address AND a.id > b.id;",
        ),
    ]
    return wild(
        "requests and answers of an anthropic gateway in bodies",
        jsonl(
            [
                {
                    "request_id": f"req_{index:04d}",
                    "user_id": "analyst",
                    "request_created_at": f"2024-05-{index + 1:02d}T08:00:00Z",
                    "response_status": 200,
                    "latency_ms": 900 + index,
                    "request_body": {
                        "model": "claude-3-5-sonnet-20240620",
                        "max_tokens": 1024,
                        "system": "You write PostgreSQL.",
                        "messages": [{"role": "user", "content": [{"type": "text", "text": question}]}],
                    },
                    "response_body": {
                        "id": f"msg_{index}",
                        "type": "message",
                        "role": "assistant",
                        "model": "claude-3-5-sonnet-20240620",
                        "content": [{"type": "text", "text": answer}],
                        "stop_reason": "end_turn",
                        "usage": {"input_tokens": 20, "output_tokens": 40},
                    },
                }
                for index, (question, answer) in enumerate(sql)
            ],
            "gateway-export.jsonl",
        ),
        "sft",
        chat(*sql[0], system="You write PostgreSQL."),
        rows=6,
    )


def _traces_observing_service() -> Wild:
    traces = [
        ("Qual è il contrario di 'avaro'?", "Generoso."),
        ("Correggi: Se avrei tempo, verrei.", "Se avessi tempo, verrei."),
        (
            "Che cosa vuol dire 'in bocca al lupo'?",
            "È un augurio di buona fortuna, soprattutto prima di una prova; si risponde «crepi» o «viva il lupo».",
        ),
        ("Scrivi il plurale di 'uovo'.", "Le uova: al plurale il nome diventa femminile."),
        ("Qual è il participio passato di 'cuocere'?", "Cotto."),
        (
            "Spiega quando si usa 'gli' al posto di 'i'.",
            "Davanti a vocale, a z, a s seguita da consonante, a gn, ps, pn, x e y: gli amici, gli zaini, "
            "gli studenti.",
        ),
    ]
    return wild(
        "traces of an observing service as a sheet with input and output in json",
        table(
            [
                [
                    f"tr-{index}",
                    f"2024-06-0{index + 1}T12:00:00.000Z",
                    "grammatica",
                    "",
                    json.dumps({"messages": [{"role": "user", "content": question}]}, ensure_ascii=False),
                    json.dumps({"role": "assistant", "content": answer}, ensure_ascii=False),
                    "{}",
                    str(0.4 + index / 10),
                    "default",
                ]
                for index, (question, answer) in enumerate(traces)
            ],
            ["id", "timestamp", "name", "userId", "input", "output", "metadata", "latency", "environment"],
            name="langfuse_traces.csv",
        ),
        "sft",
        chat(*traces[0]),
        rows=6,
    )


def _answers_local_model() -> Wild:
    ollama = [
        ("Give me a rhyme for 'silver'.", "Chilver, a ewe lamb, is the usual rescue."),
        ("Is a tomato a fruit?", "To a botanist yes, to a cook no, and to the customs office of 1893 no as well."),
        (
            "What can I do with stale bread?",
            "Crumb it, fry it in cubes for soup, soak it for dumplings or bake it with milk and apples.",
        ),
        ("How many sides has a stop sign?", "Eight."),
        ("Who painted The Night Watch?", "Rembrandt van Rijn, in 1642."),
        ("Suggest a name for a sourdough starter.", "Clint Yeastwood"),
        (
            "Explain what a mutex is in one sentence.",
            "A mutex is a lock that only one thread may hold at a time, so that the others wait before they "
            "touch the shared data.",
        ),
    ]
    return wild(
        "answers of a local model with durations and a context of numbers",
        jsonl(
            [
                {
                    "model": "llama3.1:8b",
                    "created_at": f"2024-07-2{index}T19:20:31.123456Z",
                    "prompt": prompt,
                    "response": answer,
                    "done": True,
                    "done_reason": "stop",
                    "context": [128006, 882, 128007, 271 + index, 3923],
                    "total_duration": 1834000000 + index,
                    "load_duration": 9000000,
                    "prompt_eval_count": 17,
                    "eval_count": 20 + index,
                    "eval_duration": 900000000,
                }
                for index, (prompt, answer) in enumerate(ollama)
            ],
            "ollama_generate.jsonl",
        ),
        "sft",
        chat(*ollama[0]),
        rows=7,
    )


def _zip_monthly_sheets() -> Wild:
    months: dict[str, Any] = {
        "faq/2024-01.csv": [
            ["Is the rink open on New Year's Day?", "Yes, from two in the afternoon."],
            ["Do you rent helmets?", "Free of charge for children, two euros for adults."],
            ["How cold is it inside?", "About eight degrees, so bring gloves."],
        ],
        "faq/2024-02.csv": [
            ["Can I hold a birthday party?", "Yes, on Saturdays; ten skaters, cake and a table for 120 euros."],
            ["Are figure skates sharpened here?", "Every Tuesday, while you wait."],
        ],
        "faq/2024-03.csv": [
            ["When does the season end?", "On the last Sunday of March."],
            [
                "What happens to my season ticket if I break a leg?",
                "Send us the doctor's note and we carry the rest over to next winter.",
            ],
            ["Is there a bus?", "Line 14 stops at the door."],
        ],
    }
    return wild(
        "zip of monthly sheets of an ice rink",
        zipped(
            {path: table(rows, ["question", "answer"])["data.csv"] for path, rows in months.items()}, "rink_faq.zip"
        ),
        "sft",
        chat("Is the rink open on New Year's Day?", "Yes, from two in the afternoon."),
        rows=8,
    )


LOGS: tuple[Wild, ...] = (
    _log_proxy_messages(),
    _requests_answers_anthropic(),
    _traces_observing_service(),
    _answers_local_model(),
    _zip_monthly_sheets(),
    wild(
        "questions of a french shop nested under themes in json",
        array(
            {
                "site": "Laines du Vercors",
                "maj": "2024-02-20",
                "themes": [
                    {
                        "titre": "Livraison",
                        "questions": [
                            {"q": "Livrez-vous en Suisse ?", "r": "Oui, sous cinq jours, droits de douane compris."},
                            {"q": "Le port est-il offert ?", "r": "À partir de soixante euros d'achat."},
                        ],
                    },
                    {
                        "titre": "Entretien",
                        "questions": [
                            {
                                "q": "Puis-je laver la laine en machine ?",
                                "r": "Seulement la gamme « superwash », à trente degrés, programme délicat.",
                            },
                            {
                                "q": "Mon pull bouloche, est-ce normal ?",
                                "r": "Oui, les fibres courtes remontent les premières semaines. Un peigne suffit, "
                                "puis cela cesse.",
                            },
                            {
                                "q": "Comment éloigner les mites ?",
                                "r": "Du cèdre, de la lavande, et surtout un pull propre.",
                            },
                        ],
                    },
                    {
                        "titre": "Ateliers",
                        "questions": [
                            {"q": "Faut-il savoir tricoter ?", "r": "Non."},
                            {"q": "Combien de personnes par atelier ?", "r": "Huit au plus."},
                        ],
                    },
                ],
            },
            "faq.json",
        ),
        "sft",
        {
            "messages": [
                Turn("user", "Livrez-vous en Suisse ?"),
                {"role": "assistant", "content": "Oui, sous cinq jours, droits de douane compris."},
            ]
        },
        {
            "messages": [
                Turn("system"),
                Turn("user", "Livrez-vous en Suisse ?"),
                {"role": "assistant", "content": "Oui, sous cinq jours, droits de douane compris."},
            ]
        },
        rows=7,
    ),
)
"""A person's own logs of gateways and archives of sheets."""
