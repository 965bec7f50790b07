"""Encodings that are no Unicode: short tables in many languages come out as they were written."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.data import survey

SENTENCES = {
    "turkish": ("cp1254 cp857", "Ekran kilidi nasıl değişir?", "Ayarlardan güvenlik menüsüne girip şifreyi yenileyin."),
    "polish": ("cp1250 iso8859-2 cp852", "Gdzie znajdę fakturę?", "W zakładce Płatności, obok każdego zamówienia."),
    "czech": ("cp1250 iso8859-2 cp852", "Jak změním heslo?", "Zásilku doručíme do dvou pracovních dnů."),
    "hungarian": ("cp1250 iso8859-2", "Mikor érkezik meg a csomagom?", "A következő héten, ünnepek után később."),
    "romanian": ("cp1250", "Cum îmi schimb parola?", "Apăsaţi pe butonul din setări şi urmaţi paşii."),
    "croatian": ("cp1250", "Kada stiže pošiljka?", "Najčešće za dva radna dana, bez obrazloženja i plaćanja."),
    "russian": ("cp1251 koi8-r iso8859-5 cp866 mac-cyrillic", "Как сменить пароль?", "Откройте настройки и нажмите."),
    "ukrainian": ("cp1251 koi8-u", "Коли прийде замовлення?", "Зазвичай через два робочі дні, її привезуть."),
    "bulgarian": ("cp1251", "Как да сменя паролата си?", "Отворете настройките и натиснете бутона."),
    "greek": ("cp1253 iso8859-7", "Πώς αλλάζω τον κωδικό μου;", "Ανοίξτε τις ρυθμίσεις και πατήστε το κουμπί."),
    "hebrew": ("cp1255", "איך משנים סיסמה?", "פותחים את ההגדרות ולוחצים על הכפתור."),
    "arabic": ("cp1256 iso8859-6", "كيف أغير كلمة المرور؟", "افتح الإعدادات واضغط على الزر."),
    "lithuanian": ("cp1257", "Kaip pakeisti slaptažodį?", "Atidarykite nustatymus, jei ne šventės, ir grąžinkite."),
    "thai": ("cp874", "ฉันจะเปลี่ยนรหัสผ่านได้อย่างไร", "เปิดการตั้งค่าแล้วกดปุ่มเปลี่ยนรหัส"),
    "french": ("cp1252 mac-roman cp850", "Où est ma commande ?", "Elle arrive sous deux jours, même à l'étranger."),
    "german": ("cp1252 mac-roman cp850", "Wie ändere ich mein Passwort?", "Öffnen Sie das Menü und drücken Sie außen."),
    "spanish": ("cp1252 mac-roman", "¿Cuándo llega mi pedido?", "En dos días, según la región, señora."),
    "icelandic": ("cp1252", "Hvernig breyti ég lykilorðinu?", "Opnaðu stillingarnar og ýttu á hnappinn."),
    "japanese": ("cp932 euc_jp", "パスワードを変更するには？", "設定を開いてボタンを押してください。"),
    "korean": ("cp949", "비밀번호를 어떻게 바꾸나요?", "설정을 열고 버튼을 누르세요."),
    "chinese": ("gb18030", "怎么修改密码？", "打开设置，点击修改密码按钮。"),
    "traditional chinese": ("big5", "怎麼修改密碼？", "打開設定，點選修改密碼按鈕。"),
    "english with polish names": ("cp1250", "Who was Lech Wałęsa?", "A politician who led the movement in Gdańsk."),
}
"""Language → encodings, a question and its answer."""


@pytest.mark.parametrize(
    ("encoding", "asked", "said"),
    [(encoding, asked, said) for codecs, asked, said in SENTENCES.values() for encoding in codecs.split()],
)
def test_a_table_of_one_row_is_read_in_the_encoding_it_was_written_in(
    tmp_path: Path, encoding: str, asked: str, said: str
) -> None:
    path = tmp_path / "faq.csv"
    path.write_bytes(f'Question,Answer\r\n"{asked}","{said}"\r\n'.encode(encoding))
    assert survey.inspect({"paths": [str(path)]})["examples"] == [
        {"messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": said}]}
    ]


@pytest.mark.parametrize("text", ["It’s £4 — “naïve”, he said.", "Der Preis: 5 €.", "A café – 20°.", "© Müller"])
def test_a_few_signs_are_read_as_windows_writes_them(tmp_path: Path, text: str) -> None:
    path = tmp_path / "note.txt"
    path.write_bytes(text.encode("cp1252"))
    assert survey.inspect({"paths": [str(path)]})["examples"] == [{"text": text}]
