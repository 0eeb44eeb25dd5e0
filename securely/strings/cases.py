"""Case shapes: camel, snake, kebab, studly, headline, title, apa …"""

from __future__ import annotations

import re
from typing import Final
from unicodedata import category

__all__ = ["Cases"]

# What stands within a word and is not part of its case: Unicode's Case_Ignorable.
_IGNORABLE_CATEGORIES: Final = frozenset({"Mn", "Me", "Cf", "Lm", "Sk"})
_IGNORABLE: Final = frozenset(
    "'.:\u00b7\u0387\u055f\u05f4\u2018\u2019\u2024\u2027\ufe13\ufe52\ufe55\uff07\uff0e\uff1a"
)

# Words that stay small within a title.
_MINOR_WORDS: Final = frozenset(
    {
        *("and", "as", "but", "for", "if", "nor", "or", "so", "yet", "a", "an", "the", "at", "by"),
        *("in", "of", "off", "on", "per", "to", "up", "via"),
        *("et", "ou", "un", "une", "la", "le", "les", "de", "du", "des", "par", "à"),
    }
)
_MINOR_LETTERS_MAX: Final = 3


class Cases:
    """Functions that change the case of text."""

    @staticmethod
    def camel(value: str) -> str:
        """Return *value* as one word, each part of it but the first begun with a capital.

        Source: Laravel 13, Str::camel.

        Example:
            >>> Cases.camel("foo_bar-baz")
            'fooBarBaz'
        """
        shaped = Cases.studly(value)
        # As PHP's lcfirst: a letter beyond ASCII stays as it is.
        return shaped[:1].lower() + shaped[1:] if shaped[:1].isascii() else shaped

    @staticmethod
    def studly(value: str, normalize: bool = False) -> str:
        """Return *value* as one word, each part of it begun with a capital.

        Args:
            value: Words with spaces, hyphens or underscores between.
            normalize: Whether words of capitals only become small first.

        Source: Laravel 13, Str::studly.

        Example:
            >>> Cases.studly("foo_bar baz"), Cases.studly("HTTP_server", normalize=True)
            ('FooBarBaz', 'HttpServer')
        """
        if normalize:
            value = re.sub(
                r"(^|[-_ \s])([A-Z]+)(?=[-_ \s]|$)", lambda m: m[1] + m[2].lower(), value
            )
        return "".join(map(Cases.ucfirst, value.replace("-", " ").replace("_", " ").split()))

    @staticmethod
    def pascal(value: str, normalize: bool = False) -> str:
        """Return what :meth:`studly` does.

        Example:
            >>> Cases.pascal("foo_bar")
            'FooBar'
        """
        return Cases.studly(value, normalize)

    @staticmethod
    def snake(value: str, delimiter: str = "_") -> str:
        """Return *value* in small letters, with *delimiter* before what were capitals.

        Each capital counts: "HTTPServer" is "h_t_t_p_server", as in Laravel.

        Source: Laravel 13, Str::snake.

        Example:
            >>> Cases.snake("fooBar Baz")
            'foo_bar_baz'
        """
        if re.fullmatch(r"[a-z]+", value):
            return value
        begun = re.sub(r"(^|[ \t\r\n\f\v])([a-z])", lambda m: m[1] + m[2].upper(), value)
        joined = re.sub(r"\s+", "", begun)
        return re.sub(r"(.)(?=[A-Z])", lambda m: m[1] + delimiter, joined).lower()

    @staticmethod
    def kebab(value: str) -> str:
        """Return *value* in small letters, with hyphens before what were capitals.

        Example:
            >>> Cases.kebab("fooBar")
            'foo-bar'
        """
        return Cases.snake(value, "-")

    @staticmethod
    def title(value: str) -> str:
        """Return *value* with each word begun with a capital, apostrophes within words.

        Source: Laravel 13, Str::title; Unicode 15, section 3.13 (toTitlecase).

        Example:
            >>> Cases.title("it's a nice title")
            "It's A Nice Title"
        """
        shaped: list[str] = []
        within = False
        for character in value:
            cased = character.isupper() or character.islower() or character.istitle()
            shaped.append(
                character.lower() if within else character.title() if cased else character
            )
            if not _is_ignorable(character):
                within = cased
        return "".join(shaped)

    @staticmethod
    def headline(value: str) -> str:
        """Return the words of *value*, however they are joined, each begun with a capital.

        Source: Laravel 13, Str::headline.

        Example:
            >>> Cases.headline("email_notification_sent"), Cases.headline("SendOrderEmail")
            ('Email Notification Sent', 'Send Order Email')
        """
        parts = value.split()
        if len(parts) <= 1:
            parts = Cases.ucsplit("_".join(parts))
        joined = "_".join(map(Cases.title, parts))
        return " ".join(filter(None, re.split(r"[-_ ]", joined)))

    @staticmethod
    def apa(value: str) -> str:
        """Return *value* as a title by the rules of the APA: small words stay small.

        Source: Laravel 13, Str::apa.

        Example:
            >>> Cases.apa("a guide to the galaxy")
            'A Guide to the Galaxy'
        """
        if not value.strip():
            return value
        words = value.split()
        before = ""
        for number, word in enumerate(words):
            begins = number == 0 or before[-1:] in {".", "!", "?", ":", "—", ","}
            words[number] = before = _apa_word(word.lower(), begins)
        return " ".join(words)

    @staticmethod
    def lcfirst(value: str) -> str:
        """Return *value* with a small first letter.

        Example:
            >>> Cases.lcfirst("Foo Bar")
            'foo Bar'
        """
        return value[:1].lower() + value[1:]

    @staticmethod
    def ucfirst(value: str) -> str:
        """Return *value* with a capital first letter; the rest stays as it is.

        Example:
            >>> Cases.ucfirst("foo Bar")
            'Foo Bar'
        """
        return value[:1].title() + value[1:]

    @staticmethod
    def ucwords(value: str, separators: str = " \t\r\n\f\v") -> str:
        """Return *value* with a capital after each of *separators*; the rest stays as it is.

        Source: Laravel 13, Str::ucwords.

        Example:
            >>> Cases.ucwords("laravel framework")
            'Laravel Framework'
        """
        shaped: list[str] = []
        begins = True
        for character in value:
            begun = begins and category(character) == "Ll"
            shaped.append(character.upper() if begun else character)
            begins = character in separators
        return "".join(shaped)

    @staticmethod
    def ucsplit(value: str) -> list[str]:
        """Return the parts of *value* that begin with a capital.

        Source: Laravel 13, Str::ucsplit.

        Example:
            >>> Cases.ucsplit("FooBarBaz")
            ['Foo', 'Bar', 'Baz']
        """
        parts: list[str] = []
        for character in value:
            if not parts or category(character) == "Lu":
                parts.append(character)
            else:
                parts[-1] += character
        return parts

    @staticmethod
    def initials(value: str, capitalize: bool = False) -> str:
        """Return the first letter of each word.

        Source: Laravel 13, Str::initials.

        Example:
            >>> Cases.initials("ann lee", capitalize=True)
            'AL'
        """
        letters = "".join(word[0] for word in value.split())
        return letters.upper() if capitalize else letters


def _is_ignorable(character: str) -> bool:
    return character in _IGNORABLE or category(character) in _IGNORABLE_CATEGORIES


def _apa_word(word: str, begins: bool) -> str:
    def stays(part: str) -> bool:
        return part in _MINOR_WORDS and len(part) <= _MINOR_LETTERS_MAX

    if "-" in word:
        return "-".join(
            part if stays(part) else part[:1].upper() + part[1:] for part in word.split("-")
        )
    return word if stays(word) and not begins else word[:1].upper() + word[1:]
