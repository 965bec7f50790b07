"""Roles: who speaks a turn, in the spellings that are in use.

Owns the table of spellings and the keys that name a role. Must not know the content or the order of turns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_SPELLINGS = {
    "system": "system developer context-setting systemprompt",
    "user": "user human prompter customer client caller student patient guest visitor question asker prompt q usr "
    "nutzer nutzerin benutzer benutzerin kunde kundin anrufer gast patientin schüler schülerin anwender interessent "
    "usuario usuaria usuário usuária cliente clienta paciente alumno alumna aluno aluna utilizador utilisateur "
    "utilisatrice client cliente élève utente paziente studente gebruiker klant gebruikster użytkownik klient klientka "
    "пользователь клиент человек користувач клієнт kullanıcı müşteri användare kund bruger kunde bruker käyttäjä "
    "asiakas uživatel zákazník felhasználó ügyfél utilizator χρήστης πελάτης المستخدم العميل pengguna pelanggan "
    "用户 用戶 人类 人類 客户 客戶 顾客 ユーザー ユーザ お客様 顧客 사용자 고객 유저",
    "assistant": "assistant gpt chatgpt bot chatbot model ai llm agent support operator representative "
    "claude gemini bard bing copilot grok llama mistral qwen deepseek gemma phi vicuna chatglm moss "
    "advisor berater beraterin mitarbeiter mitarbeiterin verkäufer verkäuferin kundendienst asesor asesora vendedor "
    "vendedora agente conseiller conseillère vendeur vendeuse consulente operatore operatrice operador operadora tutor "
    "doctor therapist expert arzt ärztin lehrer lehrerin profesor profesora médico atendente professeur "
    "answer response completion a asst assistent assistentin asistente assistente asistan asystent asystentka "
    "konsultant medewerker adviseur ассистент помощник оператор бот консультант поддержка асистент помічник temsilci "
    "destek rådgivare avustaja neuvoja asistentka poradce asszisztens βοηθός المساعد asisten "
    "助手 助理 机器人 機器人 客服 アシスタント 担当者 オペレーター 어시스턴트 상담원 상담사 챗봇 "
    "function_call tool_call tool_use",
    "tool": "tool observation function function_response tool_response ipython environment tool_result tool_output "
    "function_result function_output tool_results",
}
ROLES: dict[str, str] = {word: role for role, spelled in _SPELLINGS.items() for word in spelled.split()}
"""Spelling of a role → canonical role."""
CALLING = frozenset({"function_call", "tool_call", "tool_use"})
"""Roles of turns whose words are a call."""

FLAGS: dict[str, str] = {
    "is user": "user", "is human": "user", "from user": "user", "from human": "user", "is customer": "user",
    "is bot": "assistant", "is assistant": "assistant", "from bot": "assistant", "is agent": "assistant",
    "is ai": "assistant", "inbound": "user", "outbound": "assistant", "from me": "assistant", "is from me": "assistant",
}  # fmt: skip
"""Words of the name of a truth value → who speaks a turn of which it is true; the other one speaks the others."""

ROLE_KEYS = (
    "role", "from", "speaker", "sender", "author", "who", "participant", "side", "author_id", "sender_id", "speaker_id",
    "speaker_name", "author_name", "sender_name",
)  # fmt: skip

CONTENT_KEYS = ("content", "value", "text", "parts", "message", "body", "utterance", "msg", "mes", "txt")
"""Keys of the words of a turn, the commonest first."""

OTHER_KEYS: dict[str, str] = {
    word: key
    for key, spelled in {
        "role": "rolle rol ruolo rôle papel rola роль rooli role_name 角色 役割 역할",
        "speaker": "sprecher sprecherin absender person auteur autor autora autore locuteur hablante parlante emisor "
        "expéditeur mittente remetente afzender spreker nadawca kto mówca автор кто отправитель gönderen konuşan "
        "avsändare talare wer qui quien quién chi quem wie 说话人 发言人 話者 화자 발신자",
        "content": "inhalt nachricht aussage contenu texte contenido texto mensaje contenuto testo messaggio conteúdo "
        "mensagem inhoud tekst bericht treść wiadomość текст сообщение содержание içerik metin mesaj innehåll "
        "meddelande besked sisältö viesti obsah zpráva tartalom üzenet 内容 內容 消息 文本 発言 テキスト 내용 메시지",
    }.items()
    for word in spelled.split()
}
"""Key of a turn in another language → the one it stands for."""

_VERSION = re.compile(
    r"(gpt|chatgpt|claude|gemini|bard|bing|grok|llama|mistral|qwen|deepseek|gemma|phi)[- ]?v?\d[\w.: -]*"
)
"""Name of a model with its version, which answers as the model does."""


def role_of(value: Any) -> str | None:
    """Return the canonical role that a spelling stands for, or None."""
    if not isinstance(value, str):
        return None
    bare = value.strip().lower()
    return (
        ROLES.get(bare)
        or ROLES.get(bare.replace("-", "_").replace(" ", "_"))
        or ("assistant" if _VERSION.fullmatch(bare) else None)
    )


def named_role(turn: Mapping[str, Any]) -> Any:
    """Return what a turn calls its role, None where it has none.

    A "type" is one only when it is known as one, and a truth value only where nothing else is.
    """
    name = next((turn[key] for key in ROLE_KEYS if turn.get(key) is not None), None)
    if name is None and role_of(turn.get("type")) is not None:
        return turn["type"]
    return flagged(turn) if name is None else name


def flagged(turn: Mapping[str, Any]) -> str | None:
    """Return the role of a turn that says by a truth value who speaks it ({"is_user": true}), or None."""
    for key, value in turn.items():
        role = FLAGS.get(key.replace("_", " ").lower()) if isinstance(value, bool) else None
        if role is not None:
            return role if value else {"user": "assistant", "assistant": "user"}[role]
    return None


def speaks(turn: Any) -> str | None:
    """Return the role of an object with the key role or from, or None."""
    return role_of(turn.get("role", turn.get("from"))) if isinstance(turn, dict) else None
