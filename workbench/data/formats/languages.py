"""Languages in the names of columns: "en", "text_de", "pt_BR", "sentence_deu_Latn", "english".

Owns the names and the codes of languages. Must not know rows or formats.
"""

from __future__ import annotations

import re

LANGUAGES = {
    "ar": "Arabic", "bg": "Bulgarian", "bn": "Bengali", "ca": "Catalan", "cs": "Czech", "da": "Danish", "de": "German",
    "el": "Greek", "en": "English", "es": "Spanish", "et": "Estonian", "fa": "Persian", "fi": "Finnish", "fr": "French",
    "gu": "Gujarati", "he": "Hebrew", "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian", "id": "Indonesian",
    "it": "Italian", "ja": "Japanese", "ko": "Korean", "lt": "Lithuanian", "lv": "Latvian", "nl": "Dutch",
    "no": "Norwegian", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sk": "Slovak",
    "sl": "Slovenian", "sr": "Serbian", "sv": "Swedish", "sw": "Swahili", "ta": "Tamil", "te": "Telugu", "th": "Thai",
    "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip
"""ISO 639-1 code → English name of a language."""
_LONGER_CODES = {
    "ara": "ar", "arb": "ar", "bul": "bg", "ben": "bn", "cat": "ca", "ces": "cs", "dan": "da", "deu": "de", "ger": "de",
    "ell": "el", "eng": "en", "spa": "es", "est": "et", "pes": "fa", "fin": "fi", "fra": "fr", "fre": "fr", "guj": "gu",
    "heb": "he", "hin": "hi", "hrv": "hr", "hun": "hu", "ind": "id", "ita": "it", "jpn": "ja", "kor": "ko", "lit": "lt",
    "lav": "lv", "nld": "nl", "nob": "no", "pol": "pl", "por": "pt", "ron": "ro", "rus": "ru", "slk": "sk", "slv": "sl",
    "srp": "sr", "swe": "sv", "swh": "sw", "tam": "ta", "tel": "te", "tha": "th", "tur": "tr", "ukr": "uk", "urd": "ur",
    "vie": "vi", "zho": "zh",
}  # fmt: skip
"""ISO 639-3 code → ISO 639-1 code."""
_OTHER_NAMES = {
    "deutsch": "de", "englisch": "en", "französisch": "fr", "spanisch": "es", "italienisch": "it", "russisch": "ru",
    "anglais": "en", "français": "fr", "francais": "fr", "allemand": "de", "espagnol": "es", "italien": "it",
    "español": "es", "espanol": "es", "inglés": "en", "ingles": "en", "alemán": "de", "aleman": "de", "francés": "fr",
    "frances": "fr", "português": "pt", "portugues": "pt", "italiano": "it", "inglese": "en", "tedesco": "de",
    "polski": "pl", "nederlands": "nl", "русский": "ru", "английский": "en", "中文": "zh", "英文": "en", "日本語": "ja",
    "polnisch": "pl", "türkisch": "tr", "niederländisch": "nl", "portugiesisch": "pt", "ukrainisch": "uk",
    "tschechisch": "cs", "schwedisch": "sv", "dänisch": "da", "ungarisch": "hu", "rumänisch": "ro", "griechisch": "el",
    "arabisch": "ar", "chinesisch": "zh", "japanisch": "ja", "koreanisch": "ko", "finnisch": "fi", "kroatisch": "hr",
    "polonais": "pl", "turc": "tr", "néerlandais": "nl", "portugais": "pt", "ukrainien": "uk", "russe": "ru",
    "grec": "el", "arabe": "ar", "chinois": "zh", "japonais": "ja", "polaco": "pl", "turco": "tr", "ruso": "ru",
    "ucraniano": "uk", "chino": "zh", "japonés": "ja", "árabe": "ar", "griego": "el", "catalán": "ca", "català": "ca",
    "francese": "fr", "spagnolo": "es", "russo": "ru", "polacco": "pl", "portoghese": "pt", "cinese": "zh",
    "inglês": "en", "alemão": "de", "francês": "fr", "espanhol": "es", "angielski": "en", "niemiecki": "de",
    "francuski": "fr", "hiszpański": "es", "włoski": "it", "rosyjski": "ru", "ukraiński": "uk", "czeski": "cs",
    "engels": "en", "duits": "de", "frans": "fr", "spaans": "es", "svenska": "sv", "engelska": "en", "tyska": "de",
    "dansk": "da", "norsk": "no", "engelsk": "en", "tysk": "de", "suomi": "fi", "englanti": "en", "saksa": "de",
    "čeština": "cs", "angličtina": "en", "němčina": "de", "magyar": "hu", "angol": "en", "német": "de",
    "türkçe": "tr", "ingilizce": "en", "almanca": "de", "немецкий": "de", "французский": "fr", "испанский": "es",
    "украинский": "uk", "українська": "uk", "англійська": "en", "română": "ro", "engleză": "en", "ελληνικά": "el",
    "العربية": "ar", "الإنجليزية": "en", "英語": "en", "ドイツ語": "de", "中国語": "zh", "日文": "ja",
    "한국어": "ko", "영어": "en",
    "한글": "ko", "英语": "en", "德语": "de", "法语": "fr", "日语": "ja",
}  # fmt: skip
"""Name of a language in another one than English → its code."""
LANGUAGE_NAMES = frozenset(name.lower() for name in LANGUAGES.values())

_REGION = re.compile(r"[A-Z]{2}|[A-Z][a-z]{3}")
"""What may follow the code of a language: a region ("pt_BR") or a script ("deu_Latn")."""


def _named(word: str) -> str | None:
    """Return the name of the language that a word names or is the code of, or None."""
    lower = word.lower()
    if lower in LANGUAGE_NAMES:
        return lower.capitalize()
    return LANGUAGES.get(_LONGER_CODES.get(lower, _OTHER_NAMES.get(lower, lower)))


def language(column: str) -> tuple[str, str] | None:
    """Return (what else its name says, name of the language) when a column's name has a language or its code.

    It stands at the end, with or without a region or a script, or at the beginning.
    """
    outer, _, last = column.rpartition(".")
    parts = re.split(r"[_\- ]+", last)
    if len(parts) > 1 and _REGION.fullmatch(parts[-1]) and _named(parts[-2]) is not None:
        parts.pop()
    for place in (-1, 0):
        named = _named(parts[place])
        if named is not None:
            del parts[place]
            return f"{outer}.{'_'.join(parts)}", named
    return None
