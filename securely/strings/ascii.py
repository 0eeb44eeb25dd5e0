"""ASCII: text in the letters of ASCII, and slugs made of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final
from unicodedata import category, digit, name, normalize

__all__ = ["Ascii"]

# A letter and what it becomes, where taking its accents off does not tell. The scripts and the
# letters that Laravel's library has for all languages together; a language may differ (below).
_LATIN: Final = (
    "æae Æ:AE ǽae Ǽ:AE ðd Ð:D đd Đ:D ƒf ħh Ħ:H ıi ĳij Ĳ:IJ ĸk łl Ł:L ŀl Ŀ:L ŉn ŋn Ŋ:N øo Ø:O ǿo "
    "Ǿ:O œoe Œ:OE ßss ẞ:SS ſs ŧt Ŧ:T þth Þ:TH əe Ə:E ⱥa Ⱥ:A Ɓ:B ȼc Ȼ:C ɇe Ɇ:E ɨi Ɨ:I ɉj Ɉ:J ƚl "
    "Ƚ:L ɵo Ɵ:O ⱦt Ⱦ:T ʉu Ʉ:U ʊu Ʊ:U ɏy Ɏ:Y ƶz Ƶ:Z ǆdz Ǆ:DZ ǲ:Dz ǳdz Ǳ:DZ ǉlj ǈ:Lj Ǉ:LJ ǌnj ǋ:Nj "
    "Ǌ:NJ ªa ºo"
)
_CYRILLIC: Final = (
    "аa бb вv гg дd еe ёe жz зz иi йi кk лl мm нn оo пp рr сs тt уu фf хx цc чc шs щshh ъie ыy ь: "
    "эe юiu яia ѓgj ѕdz јj љlj њnj ќkj џdz ђdj ћc іi їyi єje ґg ѣe ѳf ѵi ѥje ѡo ѫu ѧja ѯks ѱps "
    "әa ғg қq ңn өo ұu үu һh"
)
_GREEK: Final = (
    "αa βv γgh δd εe ζz ηi θth ιi κk λl μm νn ξks οo πp ρr σs ςs τt υi φf χkh ψps ωo ώw ύy ΰy ϋy "
    "ϑth ϐv Γ:G Η:H Υ:Y Ύ:Y Ϋ:Y Χ:X Ώ:W Β:B "
    "αυau αύau ευef εύeu ειei είi οιoi οίi ουoy ούou υιyi ύιi υίi Αυ:Au Αύ:Au ΑΥ:AU Ευ:Ef Εύ:Eu "
    "ΕΥ:EF Ει:Ei Εί:I ΕΙ:I Οι:Oi Οί:I ΟΙ:I Ου:Oy Ού:Ou ΟΥ:U Υι:Yi"
)
_OTHERS: Final = (
    "աa բb գg դd եe զz էe ըy թth ժzh իi լl խkh ծts կk հh ձdz ղgh ճtch մm յy նn շsh ոvo չch պp ջj "
    "ռr սs վv տt րr ցc ւu փph քq օo ֆf ևev "
    "აa ბb გg დd ეe ვv ზz თt იi კk ლl მm ნn ოo პp ჟzh რr სs ტt უu ფf ქq ღgh ყy შsh ჩch ცts ძdz "
    "წts ჭch ხkh ჯj ჰh "
    "اa بb پp تt ثth جg چch حh خkh دd ذth رr زz ژzh سs شsh صs ضd طt ظth عaa غgh فf قk کk كk گg لl "
    "مm نn هh وo یy يy آa أa إa ؤo ئy ءaa "
    "€:EUR £:PS ¥:YEN ¢c ₹:Rs ₽:RUB ₺:TL ₴:UAH ₩:W ₪:NS ₫:D ₸:KZT"
)

# What a language writes otherwise.
_LANGUAGES: Final[Mapping[str, str]] = {
    "de": "äae öoe üue Ä:Ae Ö:Oe Ü:Ue",
    "da": "øoe åaa Æ:Ae Ø:Oe Å:Aa",
    "no": "øoe åaa Ø:OE Å:AA",
    "pt": "åaa Å:AA øoe Ø:OE ðdj Ð:Dj",
    "hr": "đdj Đ:Dj",
    "ru": "ёyo жzh йy хh цts чch шsh щsch ъ: юyu яya",
    "uk": "гh єye иy йy хkh цts чch шsh щshch",
    "bg": "жzh йy хh чch шsh щsht ъa юyu яya",
}

# What sounds it has, rather than how a language writes it: for transliterate.
_SOUNDS: Final = (
    "ёio жzh хkh цts чch шsh щshch ъ:' ь:' єie ћtsh џdzh γg ηe υu φph χkh ξx βb ώo ύu ΰu ϋu ⁄:/ "
    "αυau ευeu ουou Β:B Γ:G Η:E Υ:U Χ:Kh Φ:Ph Ώ:O"
)

_PRINTABLE: Final = re.compile(r"[\x20-\x7e]*")


class Ascii:
    """Functions that write text in ASCII."""

    @staticmethod
    def ascii(value: str, language: str = "en") -> str:
        """Return *value* in ASCII; what has no counterpart is left out.

        Latin, Greek, Cyrillic, Armenian, Georgian and Arabic letters have one, digits of any
        script, and some signs of currencies.

        Args:
            value: The text.
            language: Whose rules are followed: "de" makes "ae" of "ä".

        Source: Laravel 13, Str::ascii.

        Example:
            >>> Ascii.ascii("ûñî Привет"), Ascii.ascii("Größe", "de")
            ('uni Privet', 'Groesse')
        """
        if _PRINTABLE.fullmatch(value):
            return value
        written = "".join(_written(value, _table(re.split("[-_]", language)[0].lower()), ""))
        return re.sub(r"[^\x20-\x7e]", "", re.sub(r"\r\n|[\n\r\t]", " ", written))

    @staticmethod
    def transliterate(value: str, unknown: str = "?") -> str:
        """Return *value* by its sounds in ASCII, with *unknown* for what has none known.

        Source: Laravel 13, Str::transliterate.

        Example:
            >>> Ascii.transliterate("ⓣⓔⓢⓣ テスト"), Ascii.transliterate("日")
            ('test tesuto', '?')
        """
        return value if value.isascii() else "".join(_written(value, _table("sounds"), unknown))

    @staticmethod
    def slug(
        title: str,
        separator: str = "-",
        language: str | None = "en",
        dictionary: Mapping[str, str] | None = None,
    ) -> str:
        """Return *title* in small letters and digits, with *separator* between words.

        Args:
            title: The text.
            separator: What stands between words.
            language: By whose rules it is written in ASCII; ``None`` keeps all letters.
            dictionary: Words for signs; "at" for "@" unless given.

        Source: Laravel 13, Str::slug.

        Example:
            >>> Ascii.slug("Hello, World!"), Ascii.slug("50% off", "_", dictionary={"%": "percent"})
            ('hello-world', '50_percent_off')
        """
        if language:
            title = Ascii.ascii(title, language)
        other = "_" if separator == "-" else "-"
        title = re.sub(rf"{re.escape(other)}+", lambda _: separator, title)
        for sign, word in ({"@": "at"} if dictionary is None else dictionary).items():
            title = title.replace(sign, f"{separator}{word}{separator}")
        kept = "".join(
            each
            for each in title.lower()
            if each.isspace() or each in separator or category(each)[0] in "LN"
        )
        joined = re.sub(rf"[{re.escape(separator)}\s]+", lambda _: separator, kept)
        return joined.strip(separator) if separator else joined


@cache
def _table(language: str) -> Mapping[str, str]:
    table = _pairs(f"{_LATIN} {_CYRILLIC} {_GREEK} {_OTHERS}")
    special = _SOUNDS if language == "sounds" else _LANGUAGES.get(language, "")
    return table | _pairs(special)


def _pairs(text: str) -> dict[str, str]:
    """Read "ßss Œ:OE αυau": letters, then what they become; a small letter has a capital one.

    Where it is not told apart by a colon, what is ASCII is what they become.
    """
    pairs: dict[str, str] = {}
    for entry in text.split():
        key, colon, value = entry.partition(":")
        if not colon:
            value = "".join(filter(str.isascii, entry))
            key = entry.removesuffix(value)
            upper = key.upper()
            if len(key) == 1 and upper != key and len(upper) == 1:
                pairs.setdefault(upper, value.capitalize())
        pairs[key] = value
    return pairs


def _written(value: str, table: Mapping[str, str], unknown: str) -> Iterator[str]:
    at = 0
    while at < len(value):
        pair = value[at : at + 2]
        if len(pair) > 1 and pair in table:
            yield table[pair]
            at += 2
        else:
            yield _letter(value[at], table, unknown)
            at += 1


def _letter(character: str, table: Mapping[str, str], unknown: str) -> str:
    if character.isascii():
        return character
    if character in table:
        return table[character]
    if category(character) in {"Nd", "No"} and digit(character, None) is not None:
        return str(digit(character))
    if unknown and (sound := _sound(character)):
        return sound
    bare = _without_accents(character, compatible=bool(unknown))
    if bare == character:
        return unknown
    return "".join(each if each.isascii() else table.get(each, "") for each in bare)


def _without_accents(character: str, *, compatible: bool) -> str:
    is_ligature = name(character, "").startswith("LATIN SMALL LIGATURE")
    parts = normalize("NFKD" if compatible or is_ligature else "NFD", character)
    return "".join(each for each in parts if category(each) != "Mn")


def _sound(character: str) -> str:
    """Return how a letter sounds whose name in Unicode tells: kana, and Hangul."""
    words = name(character, "").split()
    if words[:2] in (["HIRAGANA", "LETTER"], ["KATAKANA", "LETTER"], ["HANGUL", "SYLLABLE"]):
        return words[-1].lower()
    return ""
