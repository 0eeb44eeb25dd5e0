"""Inflector: plural and singular of English words, by rules and lists."""

from __future__ import annotations

import re
from collections.abc import Callable, Sized
from functools import cache
from typing import Final

__all__ = ["Inflector", "Plurals"]

# The rules of English that Laravel's pluralizer rests on, as data: the first that fits is applied.
_SINGULAR: Final = (
    (r"(s)tatus(es)?$", r"\1tatus"),
    (r"(c)ampus$", r"\1ampus"),
    (r"^(.*)(menu)s$", r"\1\2"),
    (r"(quiz)zes$", r"\1"),
    (r"(matr)ices$", r"\1ix"),
    (r"(vert|ind)ices$", r"\1ex"),
    (r"^(ox)en", r"\1"),
    (r"(alias)(es)*$", r"\1"),
    (r"(buffal|her|potat|tomat|volcan)oes$", r"\1o"),
    (r"(alumn|bacill|cact|foc|fung|nucle|radi|stimul|syllab|termin|viri?)i$", r"\1us"),
    (r"([ftw]ax)es", r"\1"),
    (r"(analys|ax|cris|test|thes)es$", r"\1is"),
    (r"(shoe|slave)s$", r"\1"),
    (r"(o)es$", r"\1"),
    (r"ouses$", "ouse"),
    (r"([^a])uses$", r"\1us"),
    (r"([m|l])ice$", r"\1ouse"),
    (r"(x|ch|ss|sh)es$", r"\1"),
    (r"(m)ovies$", r"\1ovie"),
    (r"(s)eries$", r"\1eries"),
    (r"([^aeiouy]|qu)ies$", r"\1y"),
    (r"([lr])ves$", r"\1f"),
    (r"(tive|hive|drive|dive|olive)s$", r"\1"),
    (r"([^fo])ves$", r"\1fe"),
    (r"(^analy)ses$", r"\1sis"),
    (r"(analy|diagno|^ba|parenthe|progno|synop|the)ses$", r"\1sis"),
    (r"(tax)a$", r"\1on"),
    (r"(c)riteria$", r"\1riterion"),
    (r"([ti])a(?<!regatta)$", r"\1um"),
    (r"(p)eople$", r"\1erson"),
    (r"(m)en$", r"\1an"),
    (r"(c)hildren$", r"\1hild"),
    (r"(f)eet$", r"\1oot"),
    (r"(n)ews$", r"\1ews"),
    (r"eaus$", "eau"),
    (r"^tights$", "tights"),
    (r"^shorts$", "shorts"),
    (r"s$", ""),
)
_PLURAL: Final = (
    (r"(s)tatus$", r"\1tatuses"),
    (r"(quiz)$", r"\1zes"),
    (r"^(ox)$", r"\1en"),
    (r"([m|l])ouse$", r"\1ice"),
    (r"(matr|vert|ind)(ix|ex)$", r"\1ices"),
    (r"(x|ch|ss|sh)$", r"\1es"),
    (r"([^aeiouy]|qu)y$", r"\1ies"),
    (r"(hive|gulf)$", r"\1s"),
    (r"(?:([^f])fe|([lr])f)$", r"\1\2ves"),
    (r"sis$", "ses"),
    (r"([ti])um$", r"\1a"),
    (r"(tax)on$", r"\1a"),
    (r"(c)riterion$", r"\1riteria"),
    (r"(p)erson$", r"\1eople"),
    (r"(m)an$", r"\1en"),
    (r"(c)hild$", r"\1hildren"),
    (r"(f)oot$", r"\1eet"),
    (r"(buffal|her|potat|tomat|volcan)o$", r"\1oes"),
    (r"(alumn|bacill|cact|foc|fung|nucle|radi|stimul|syllab|termin|vir)us$", r"\1i"),
    (r"us$", "uses"),
    (r"(alias)$", r"\1es"),
    (r"(analys|ax|cris|test|thes)is$", r"\1es"),
    (r"s$", "s"),
    (r"$", "s"),
)
_IRREGULAR: Final = (
    "atlas atlases, axis axes, axe axes, beef beefs, blouse blouses, brother brothers, cafe cafes, "
    "cave caves, chateau chateaux, niveau niveaux, child children, canvas canvases, "
    "cookie cookies, brownie brownies, corpus corpuses, cow cows, criterion criteria, "
    "curriculum curricula, demo demos, domino dominoes, echo echoes, epoch epochs, foot feet, "
    "fungus fungi, ganglion ganglions, gas gases, genie genies, genus genera, goose geese, "
    "graffito graffiti, hippopotamus hippopotami, hoof hoofs, human humans, iris irises, "
    "larva larvae, leaf leaves, lens lenses, loaf loaves, man men, medium media, "
    "memorandum memoranda, money monies, mongoose mongooses, motto mottoes, move moves, "
    "mythos mythoi, niche niches, nucleus nuclei, numen numina, occiput occiputs, "
    "octopus octopuses, opus opuses, ox oxen, passerby passersby, penis penises, person people, "
    "plateau plateaux, runner-up runners-up, safe safes, sex sexes, sieve sieves, "
    "soliloquy soliloquies, son-in-law sons-in-law, syllabus syllabi, testis testes, "
    "thief thieves, tooth teeth, tornado tornadoes, trilby trilbys, turf turfs, valve valves, "
    "volcano volcanoes, abuse abuses, avalanche avalanches, cache caches, curve curves, "
    "emphasis emphases, foe foes, grave graves, hoax hoaxes, neurosis neuroses, save saves, "
    "wave waves, oasis oases, zombie zombies"
)
_UNINFLECTED: Final = (
    r"\w+media|advice|aircraft|amoyese|art|audio|baggage|bison|borghese|bream|breeches|britches|"
    r"buffalo|butter|cantus|carp|cattle|chassis|clippers|clothing|coal|cod|coitus|compensation|"
    r"congoese|contretemps|coreopsis|corps|cotton|data|debris|deer|diabetes|djinn|education|eland|"
    r"elk|emoji|equipment|evidence|faroese|feedback|fish|flounder|flour|foochowese|food|furniture|"
    r"gallows|genevese|genoese|gilbertese|gold|headquarters|herpes|hijinks|homework|hottentotese|"
    r"impatience|information|innings|jackanapes|jeans|jedi|kin|kiplingese|knowledge|kongoese|"
    r"leather|love|lucchese|luggage|mackerel|maltese|management|metadata|mews|money|moose|mumps|"
    r"music|nankingese|news|nexus|niasese|nutrition|offspring|oil|patience|pekingese|piedmontese|"
    r"pincers|pistoiese|plankton|pliers|pokemon|police|polish|portuguese|proceedings|progress|"
    r"rabies|rain|research|rhinoceros|rice|salmon|sand|sarawakese|scissors|sea[- ]bass|series|"
    r"shavese|shears|sheep|siemens|silk|sms|soap|social media|spam|species|staff|sugar|swine|"
    r"talent|toothpaste|traffic|travel|trousers|trout|tuna|us|vermontese|vinegar|weather|"
    r"wenchowese|wheat|whiting|wildebeest|wood|wool|yengeese"
)
_NO_SINGULAR: Final = (
    r".*ss|clothes|data|fascia|fuchsia|galleria|mafia|militia|pants|petunia|sepia|trivia|utopia"
)
_NO_PLURAL: Final = r"people|trivia|\w+ware|media"

# PHP's patterns know ASCII only, and case does not matter.
_FLAGS: Final = re.ASCII | re.IGNORECASE


class Inflector:
    """Plural and singular of English words; the case of the word stays.

    Attributes:
        uncountable: Words, in small letters, that are the same in the plural. An application adds
            its own.

    Source: Laravel 13, Illuminate\\Support\\Pluralizer.
    """

    uncountable: Final[set[str]] = {"recommended", "related"}

    @classmethod
    def plural(cls, value: str, count: float | Sized = 2) -> str:
        """Return the plural of *value*; *value* itself where *count* is one.

        Args:
            value: A word, or text that ends in one.
            count: How many, or what has a length.

        Example:
            >>> Inflector.plural("child"), Inflector.plural("Box"), Inflector.plural("child", 1)
            ('children', 'Boxes', 'child')
        """
        number = len(count) if isinstance(count, Sized) else count
        # Laravel cuts off what stands behind the point: 1.5 is one.
        if int(abs(number)) == 1 or value.lower() in cls.uncountable:
            return value
        if not re.search(r"[A-Za-z0-9\x80-\uffff]\Z", value):
            return value
        return _in_case_of(value, _inflected(value, *_plurals()))

    @classmethod
    def singular(cls, value: str) -> str:
        """Return the singular of *value*.

        Example:
            >>> Inflector.singular("children"), Inflector.singular("Boxes")
            ('child', 'Box')
        """
        return _in_case_of(value, _inflected(value, *_singulars()))


class Plurals:
    """Functions that give the plural and the singular."""

    @staticmethod
    def plural(value: str, count: float | Sized = 2, prepend_count: bool = False) -> str:
        """Return the plural of *value*; *value* itself where *count* is one.

        Args:
            value: A word, or text that ends in one.
            count: How many, or what has a length.
            prepend_count: Whether the count is put before it.

        Example:
            >>> Plurals.plural("car", 1000, prepend_count=True)
            '1,000 cars'
        """
        number = len(count) if isinstance(count, Sized) else count
        before = f"{_shown(number)} " if prepend_count else ""
        return before + Inflector.plural(value, number)

    @staticmethod
    def counted(value: str, count: float | Sized) -> str:
        """Return *count* and the plural of *value* that goes with it.

        Example:
            >>> Plurals.counted("order", 1), Plurals.counted("order", 3)
            ('1 order', '3 orders')
        """
        return Plurals.plural(value, count, prepend_count=True)

    @staticmethod
    def singular(value: str) -> str:
        """Return the singular of *value*.

        Example:
            >>> Plurals.singular("cars")
            'car'
        """
        return Inflector.singular(value)

    @staticmethod
    def plural_studly(value: str, count: float | Sized = 2) -> str:
        """Return *value* with the last word, which a capital begins, in the plural.

        Example:
            >>> Plurals.plural_studly("VerifiedHuman")
            'VerifiedHumans'
        """
        last = re.split(r"(?<=.)(?=[A-Z])", value)[-1]
        return value[: len(value) - len(last)] + Plurals.plural(last, count)

    @staticmethod
    def plural_pascal(value: str, count: float | Sized = 2) -> str:
        """Return what :meth:`plural_studly` does."""
        return Plurals.plural_studly(value, count)


_Rules = tuple[tuple[re.Pattern[str], str], ...]


@cache
def _plurals() -> tuple[re.Pattern[str], dict[str, str], _Rules]:
    words = dict(_irregular())
    return _compiled(_NO_PLURAL), words, _rules(_PLURAL)


@cache
def _singulars() -> tuple[re.Pattern[str], dict[str, str], _Rules]:
    words = {plural: one for one, plural in _irregular()}
    return _compiled(_NO_SINGULAR), words, _rules(_SINGULAR)


def _irregular() -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for pair in _IRREGULAR.split(", "):
        one, plural = pair.split()
        pairs.append((one, plural))
    return pairs


def _compiled(more: str) -> re.Pattern[str]:
    return re.compile(f"{_UNINFLECTED}|{more}", _FLAGS)


def _rules(rules: tuple[tuple[str, str], ...]) -> _Rules:
    return tuple((re.compile(pattern, _FLAGS), becomes) for pattern, becomes in rules)


def _inflected(
    value: str, uninflected: re.Pattern[str], irregular: dict[str, str], rules: _Rules
) -> str:
    if not value or uninflected.fullmatch(value):
        return value
    lower = value.lower()
    if lower in irregular:
        found = irregular[lower]
        return found if value[0] == lower[0] else found[0].upper() + found[1:]
    for pattern, becomes in rules:
        if pattern.search(value):
            return pattern.sub(becomes, value)
    return value


def _in_case_of(value: str, inflected: str) -> str:
    shapes: tuple[Callable[[str], str], ...] = (str.lower, str.upper, _ucfirst, _ucwords)
    for shape in shapes:
        if shape(value) == value:
            return shape(inflected)
    return inflected


def _ucfirst(value: str) -> str:
    return value[:1].upper() + value[1:] if value[:1].isascii() else value


def _ucwords(value: str) -> str:
    return re.sub(r"(^|[ \t\r\n\f\v])([a-z])", lambda found: found[1] + found[2].upper(), value)


def _shown(number: float) -> str:
    """Return *number* with commas between thousands, and three digits behind the point at most."""
    return f"{number:,.3f}".rstrip("0").rstrip(".")
