"""The texts the fifth set of datasets is made of, by language.

Owns the words. Must not know any layout.
"""

from __future__ import annotations

GERMAN = [
    (
        "Wie entkalke ich eine Kaffeemaschine?",
        "Lösen Sie zwei Esslöffel Zitronensäure in einem Liter kaltem Wasser, lassen Sie die Hälfte "
        "durchlaufen, warten Sie zwanzig Minuten und spülen Sie danach dreimal mit klarem Wasser.",
    ),
    ("Wo finde ich meine Kundennummer?", "Oben rechts auf jeder Rechnung."),
    (
        "Was tun bei Schimmel im Bad?",
        "Stoßlüften Sie mehrmals täglich, heizen Sie gleichmäßig und entfernen Sie kleine Flecken mit "
        "siebzigprozentigem Alkohol. Größere Flächen gehören in die Hände einer Fachfirma.",
    ),
    ("Kann ich das Abo pausieren?", "Ja, im Kundenkonto unter „Verträge“ für höchstens drei Monate im Jahr."),
    (
        "Wie viel Dünger brauchen Tomaten?",
        "Alle zwei Wochen ein wenig kaliumbetonter Flüssigdünger genügt, sobald die ersten Früchte sichtbar sind.",
    ),
    ("Darf ich mein Fahrrad im ICE mitnehmen?", "Nur mit einer Fahrradkarte und einer Stellplatzreservierung."),
    ("Wie lange ist der Gutschein gültig?", "Drei Jahre ab dem Ende des Jahres, in dem er gekauft wurde."),
    (
        "Warum piept der Rauchmelder alle paar Minuten?",
        "Meist ist die Batterie schwach. Tauschen Sie sie aus; ist das Gerät älter als zehn Jahre, ersetzen "
        "Sie es ganz.",
    ),
    (
        "Welche Unterlagen brauche ich für die Ummeldung?",
        "Personalausweis, Wohnungsgeberbestätigung und das ausgefüllte Formular.",
    ),
    ("Was kostet der Versand?", "4,90 €, ab 50 € Bestellwert ist er frei."),
]
"""Questions and answers in German."""

FRENCH = [
    (
        "Comment conserver le basilic frais ?",
        "Coupez l'extrémité des tiges, mettez-les dans un verre d'eau et gardez le bouquet à température "
        "ambiante, loin du soleil.",
    ),
    ("Quels sont les horaires de la mairie ?", "Du lundi au vendredi, de 8 h 30 à 12 h et de 13 h 30 à 17 h."),
    ("Puis-je annuler ma réservation ?", "Oui, sans frais jusqu'à quarante-huit heures avant votre arrivée."),
    (
        "Pourquoi ma pâte à crêpes fait-elle des grumeaux ?",
        "Parce que le lait a été versé trop vite : délayez la farine avec les œufs, puis ajoutez le lait peu "
        "à peu en fouettant.",
    ),
    ("Où garer mon vélo à la gare ?", "Un abri surveillé se trouve à gauche de l'entrée principale."),
    ("Combien de temps faut-il pour renouveler un passeport ?", "Comptez de trois à six semaines selon la saison."),
    (
        "Que faire si ma carte est avalée par le distributeur ?",
        "Appelez aussitôt votre banque pour faire opposition, puis passez à l'agence avec une pièce d'identité.",
    ),
    ("Le musée est-il gratuit le dimanche ?", "Seulement le premier dimanche du mois."),
]
"""Questions and answers in French."""

SPANISH = [
    ("¿Cómo cambio la contraseña?", "Entre en su perfil, pulse «Seguridad» y elija «Cambiar contraseña»."),
    (
        "¿Cuándo se siembran los tomates?",
        "En semillero, entre febrero y marzo; al aire libre, cuando ya no haya riesgo de heladas.",
    ),
    ("¿Puedo devolver un producto abierto?", "Sí, siempre que esté completo y no hayan pasado treinta días."),
    (
        "¿Qué documentos necesito para alquilar un coche?",
        "El carné de conducir, el DNI o pasaporte y una tarjeta de crédito a su nombre.",
    ),
    (
        "¿Por qué se va la luz cuando enciendo el horno?",
        "Probablemente la potencia contratada no basta para todos los aparatos a la vez. Apague otro o "
        "aumente la potencia.",
    ),
    ("¿Dónde recojo mi paquete?", "En la oficina indicada en el aviso."),
    ("¿Cuánto dura la garantía?", "Tres años desde la entrega."),
    ("¿Se admiten perros en el hotel?", "Sí, hasta diez kilos y con un suplemento de quince euros por noche."),
]
"""Questions and answers in Spanish."""

ITALIAN = [
    ("Come si pulisce la moka?", "Solo con acqua calda e un panno, senza detersivo, e lasciandola asciugare aperta."),
    ("A che ora chiude la biblioteca?", "Alle diciannove, il sabato alle tredici."),
    ("Quanto costa l'abbonamento mensile?", "Trentotto euro, ventidue per gli studenti."),
    (
        "Perché il pane non lievita?",
        "Di solito l'acqua era troppo calda e ha ucciso il lievito, oppure la cucina è troppo fredda.",
    ),
    ("Posso pagare a rate?", "Sì, in tre rate senza interessi oltre i cento euro."),
    ("Dove si timbra il biglietto?", "Alle macchinette verdi sul binario, prima di salire."),
]
"""Questions and answers in Italian."""

PORTUGUESE = [
    (
        "Como faço para emitir a segunda via do boleto?",
        "Acesse a área do cliente, escolha o mês e clique em “Segunda via”.",
    ),
    ("Qual é o prazo de entrega?", "De três a sete dias úteis para as capitais."),
    ("Posso trocar o tamanho da camisa?", "Pode, dentro de trinta dias e com a etiqueta."),
    (
        "Por que meu feijão fica duro?",
        "Porque é velho ou não ficou de molho. Deixe-o na água por doze horas e troque a água antes de cozinhar.",
    ),
    ("Vocês abrem aos domingos?", "Não."),
    ("Como cancelo o plano?", "Pelo aplicativo, em Conta > Plano > Cancelar."),
]
"""Questions and answers in Portuguese."""

RUSSIAN = [
    ("Как восстановить пароль?", "Нажмите «Забыли пароль?» и следуйте ссылке из письма."),
    ("Сколько варить яйцо всмятку?", "Четыре минуты после закипания воды."),
    ("Можно ли вернуть билет?", "Да, не позднее чем за сутки до отправления, с удержанием десяти процентов."),
    (
        "Почему желтеют листья у фикуса?",
        "Чаще всего из-за избытка воды или сквозняка. Дайте земле подсохнуть и переставьте горшок.",
    ),
    ("Где находится отдел кадров?", "На втором этаже, кабинет 214."),
    ("Когда придёт посылка?", "Через пять–семь дней."),
]
"""Questions and answers in Russian."""

POLISH = [
    ("Jak zresetować router?", "Przytrzymaj przycisk RESET z tyłu przez dziesięć sekund, aż zgasną wszystkie diody."),
    ("Czy można płacić kartą?", "Tak, także zbliżeniowo."),
    ("Ile kosztuje bilet ulgowy?", "Dwa złote i dwadzieścia groszy."),
    ("Dlaczego ciasto drożdżowe opada?", "Zwykle za długo rosło albo piekarnik otwarto zbyt wcześnie."),
    ("Gdzie zgłosić awarię windy?", "Pod numerem 19 115 przez całą dobę."),
    ("Kiedy otwarta jest przychodnia?", "Od poniedziałku do piątku w godzinach 8–18."),
]
"""Questions and answers in Polish."""

CHINESE = [
    ("怎样保存新鲜的香菜？", "把根部插进装少量水的杯子里，套上保鲜袋放进冰箱，可以保存一周左右。"),
    ("请用一句话解释什么是光合作用。", "光合作用是植物利用光能把二氧化碳和水变成糖和氧气的过程。"),
    ("写一首关于秋天的四行小诗。", "风起梧桐落，\n云开雁字长。\n谁家新酿酒，\n一路桂花香。"),
    ("失眠怎么办？", "尽量固定起床时间，睡前一小时不看手机，下午以后不喝咖啡；若持续一个月以上请就医。"),
    ("长城有多长？", "据国家文物局公布，历代长城总长二万一千一百九十六公里。"),
    ("如何礼貌地拒绝同事的请求？", "先感谢对方的信任，再说明自己目前的安排，最后提出一个可行的替代办法。"),
    ("把“我喜欢读书”翻译成英文。", "I like reading books."),
]
"""Questions and answers in Chinese."""

JAPANESE = [
    ("お米はどのくらい水に浸けますか。", "夏は三十分、冬は一時間ほど浸けてください。"),
    ("会員証をなくしました。", "受付で身分証をお見せいただければ、その場で再発行いたします。"),
    ("富士山の高さを教えてください。", "三千七百七十六メートルです。"),
    (
        "電車に忘れ物をしたらどうすればよいですか。",
        "終着駅の忘れ物センターに電話し、乗った列車の時刻と車両を伝えてください。",
    ),
    ("返品はできますか。", "未使用であれば八日以内に承ります。"),
    ("味噌汁の味噌はいつ入れますか。", "火を止める直前に溶き入れると香りが残ります。"),
]
"""Questions and answers in Japanese."""

KOREAN = [
    ("김치는 얼마나 오래 보관할 수 있나요?", "냉장고에서 석 달 정도 보관할 수 있고, 시어지면 찌개에 쓰면 좋습니다."),
    ("회원 탈퇴는 어떻게 하나요?", "설정 > 계정 > 탈퇴하기를 누르면 됩니다."),
    ("한글은 누가 만들었나요?", "세종대왕이 1443년에 만들었습니다."),
    ("배송 조회는 어디에서 하나요?", "마이페이지의 주문 내역에서 송장 번호를 누르세요."),
    ("비 오는 날에 어울리는 음식을 추천해 주세요.", "파전과 막걸리, 또는 따뜻한 칼국수가 잘 어울립니다."),
    ("주차가 되나요?", "네, 두 시간 무료입니다."),
]
"""Questions and answers in Korean."""
