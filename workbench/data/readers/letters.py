"""Letters beyond ASCII: which ones the languages of the world use, and the encodings they were stored in.

Owns the tables that the encoding of a text is told by. Must not know bytes. Letters stand from the commonest to the
rarest, as counted in running text; words are those of ASCII letters alone that every few sentences hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """What of a language shows in bytes."""

    letters: str
    """Small letters beyond ASCII; none where those of its neighbours occur, in names and words from abroad."""
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Family:
    """Languages that were stored in the same encodings."""

    encodings: Mapping[str, float]
    """Encoding as Python names it → how much evidence it takes to believe in one so rare, in nats."""
    letters: str
    """Letters of all of its languages."""
    languages: tuple[Language, ...]
    others: tuple[str, str] | None = None
    """First and last of the thousands of characters that are rarer each than any letter here."""


def _language(letters: str, words: str = "") -> Language:
    return Language(letters, tuple(words.split()))


_ABROAD = _language("", "the of and to is in what how you for it that with are on can do not be this")

_WESTERN = Family(
    {"cp1252": 0.0, "iso8859-15": 4.0, "mac-roman": 5.0, "cp850": 5.0, "cp437": 6.0},
    "éüäöèáçóíñàêãâôåßëïøæîûúœùòìõðþýÿšž¿¡ªº·",
    (
        _ABROAD,
        _language("éèàêçôîûâùëïœ", "le la les de des et est un une que pour dans pas vous ne se du en sur il"),
        _language("üäößé", "der die das und ist nicht ein eine zu mit den wie kann im auf man sie ich von es"),
        _language("óíáéñú¿¡üºª", "el la los las de que en un una es por para con como se del no al lo su"),
        _language("ãçáéíóêõâúàôºª", "o a os as de que em um uma para com como se do da no na por"),
        _language("èàùòìé", "il di che la per un una non come sono del della si con in le da mi"),
        _language("éàíóèòçúïü·", "el la de que per un una amb els les en no es"),
        _language("ëéïèüö", "de het een van en is niet wat hoe te op voor met dat ik"),
        _language("äåöé", "och att det som en av till med inte jag den om vad hur kan"),
        _language("åøæé", "og det er en at til som ikke jeg med kan den hvad hvordan av"),
        _language("äöå", "ja on ei se kun mutta voi ole jos tai"),
        _language("áíðéóöþæúý", "og er sem ekki um til en hvernig"),
    ),
)
_CENTRAL = Family(
    {"cp1250": 2.0, "iso8859-2": 3.0, "cp852": 6.0, "mac-latin2": 7.0},
    "éáíłąęčšžóěřżśćýöüůúőńăťşţäďňűđźľôâîßçĺŕ",
    (
        _ABROAD,
        _language("łżęąóśćźńé", "nie w na jest do i z to jak co czy o po za od od ile tak"),
        _language("íáěéýžřčšůúťóďň", "je se na v a jak co to za do od z o s ve"),
        _language("áíéčšžýúľťňôäóďĺŕ", "je sa na v a ako do za od z o s vo to"),
        _language("éáöóüíőúű", "a az hogy nem egy van is ha de meg mi mit hol ki"),
        _language("ăîâşţ", "de la este cum nu un o ce se din pe cu care sau"),
        _language("čžšćđ", "je se na u i da kako za od su ne v in bi ki po"),
    ),
)
_TURKISH = Family(
    {"cp1254": 2.0, "cp857": 7.0, "mac-turkish": 7.0},
    "ıüşğçöéäâßîûİ",
    (_language("ıüşğçöİâîû", "ve bir bu ne ile da de mi en var daha olan ya o ben"),),
)
_BALTIC = Family(
    {"cp1257": 3.0},
    "āšėžīūąēčįųņęļäõöüķģéóō",
    (
        _language("ėšąįųžčūę", "ir kad yra ne su kaip ar po iki i tai"),
        _language("āīēšūņļžķčģ", "un ir ka no uz par kas ar lai tas vai"),
        _language("äõüöšž", "ja on ei et see mis kui ka oma kas"),
    ),
)
_VIETNAMESE = Family(
    {"cp1258": 4.0},
    "\u0300\u0301\u0323đ\u0309ươôâêăá\u0303àéíóúèùã",
    (_language("\u0300\u0301\u0323đ\u0309ưôâêơă\u0303áàéíóúèùã", "trong cho thi khi con theo"),),
)
_RUSSIAN = "оеаинтсрвлкмдпуяызьбгчйхжшюцщэфёъ"
_UKRAINIAN = "оаиніврекслтдумпзьйгябчюїхжшцщєфґ"
_CYRILLIC = Family(
    {"cp1251": 0.0, "koi8-r": 3.0, "koi8-u": 4.0, "iso8859-5": 4.0, "cp866": 4.0, "mac-cyrillic": 5.0},
    "оаеинтсрвлкмдпузяыьбгчйхжшюцщіїєјљњћђџѓќўґэфёъ",
    (
        _language(_RUSSIAN),
        _language(_UKRAINIAN),
        _language("аиоентрвсклдпмзъгбучяйщшцхжюфь"),
        _language("аиоенрсјтвукдлмпзбгчцхљжшфћђњџ"),
        _language("аоінеыртсклувдмпязйьчўбгцшэхжюфё"),
    ),
)
_GREEK = Family(
    {"cp1253": 0.0, "iso8859-7": 3.0, "mac-greek": 6.0},
    "αοιετσνηυρπκμλςωδγχθάίφόέύβώήξζψϊϋΐΰ",
    (_language("αοιετσνηυρπκμλςωδγχθάίφόέύβώήξζψϊϋΐΰ"),),
)
_HEBREW = Family(
    {"cp1255": 0.0, "iso8859-8": 3.0},
    "יוהלאתרמשבנדעםכפקחסטגןזצךץף",
    (_language("יוהלאתרמשבנדעםכפקחסטגןזצךץף"),),
)
_ARABIC = Family(
    {"cp1256": 0.0, "iso8859-6": 3.0},
    "اليمنورتبةدعسفكهحقجشصطخذزئءضأإغظثؤىآپگچژکی؟،؛ًٌٍَُِّْ",
    (
        _language("اليمنورتبةدعسفكهحقجشصطخذزأئءضإغظثؤىآ؟،؛"),
        _language("ايرندمهتوسبشكلزعفخقگپچحجصطضژآئذثغظ؟،"),
    ),
)
_THAI = Family(
    {"cp874": 0.0},
    "านร่อก้เงมัยลีวดทิตส์ปะบคหืแจพำชขใไ็ุูโถซึผณภฝฟธศษญฐฉฎฏฑฒฆฌฤ๊๋ๆฯ",
    (_language("านร่อก้เงมัยลีวดทิตส์ปะบคหืแจพำชขใไ็ุูโถซึผณภฝฟธศษญฐฉฎฏฑฒฆฌฤ๊๋ๆฯ"),),
)
_SIMPLIFIED = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事"
    "成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日者意无力它与长把机十民第公此已"
    "工使情明性知全三又关点正业外将两高间由问很最重并物手应向头文体相见被利什二等产或新己制身果加西月话合回特代内信表化老"
    "给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活更别打女变四神总何电数安少报才结反受"
    "目太量再感建务做接必场件计管期市直资命山金指许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思"
    "完设式色路记南品住告类求据程北边交规万取格望觉术领共确传师观清今切院让识候带导争运吗请"
)
_TRADITIONAL = (
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然家種事"
    "成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日者意無力它與長把機十民第公此已"
    "工使情明性知全三又關點正業外將兩高間由問很最重並物手應向頭文體相見被利什二等產或新己制身果加西月話合回特代內信表化老"
    "給世位次度門任常先海通教兒原東聲提立及比員解水名真論處走義各入幾口認條平系氣題活更別打女變四神總何電數安少報才結反受"
    "目太量再感建務做接必場件計管期市直資命山金指許統區保至隊形社便空決治展馬科司五基眼書非則聽白卻界達光放強即像難且權思"
    "完設式色路記南品住告類求據程北邊交規萬取格望覺術領共確傳師觀清今切院讓識候帶導爭運嗎請"
)
_KANA = (
    "のいにたるしはをがとでてなすかまれこきらもさうりんくよせつっそえけちわみどだめおあげばびじべひほぐやふざずねぶむごろへ"
    "ーンスルトイリラアクシドレフコタマプロテジバデサッカパメィキムチグナネソミハモセヤエオブポニビダベペノツケホヒワガウユヨ"
    "日一人年大本中国出会見事時行分生者間上東部長田地方自社員力合内動立同新学場前発言対円用業金入手度目問題何語電話使"
)
_HANGUL = (
    "이다는을가의에하고지도사로한기어있니은를서나자대리시그인들만라해아것수전정보일제여부면게요거오스내상과떻합까무습주성장안"
    "구적년할원동우신때문용소세점음비입떤연저방물교생금공되와없했않으려며든데드마트모바조관식국열화위품호간회설치단계당"
)
_IDEOGRAPHS = ("一", "龥")
FAMILIES: tuple[Family, ...] = (
    _WESTERN,
    _CENTRAL,
    _TURKISH,
    _BALTIC,
    _VIETNAMESE,
    _CYRILLIC,
    _GREEK,
    _HEBREW,
    _ARABIC,
    _THAI,
    Family({"gb18030": 0.0}, _SIMPLIFIED, (_language(_SIMPLIFIED),), _IDEOGRAPHS),
    Family({"cp950": 0.0}, _TRADITIONAL, (_language(_TRADITIONAL),), _IDEOGRAPHS),
    Family({"cp932": 0.0, "euc_jp": 0.0}, _KANA, (_language(_KANA),), _IDEOGRAPHS),
    Family({"cp949": 0.0}, _HANGUL, (_language(_HANGUL),), ("가", "힣")),
)
