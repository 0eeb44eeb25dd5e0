"""Questions about text: wildcards, what it holds, what it is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from uuid import UUID

__all__ = ["Matching", "Regex"]

Regex = str | re.Pattern[str]
"""A regular expression of Python, as text or compiled; Laravel's delimiters are not written."""

_ULID = r"[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}"
_UUID = r"[\da-fA-F]{8}-[\da-fA-F]{4}-[\da-fA-F]{4}-[\da-fA-F]{4}-[\da-fA-F]{12}"


class Matching:
    """Functions that answer questions about text."""

    @staticmethod
    def is_(pattern: str | Iterable[str], value: object, ignore_case: bool = False) -> bool:
        """Tell whether *value* fits *pattern*, in which `*` is any text, or one of several.

        Source: Laravel 13, Str::is.

        Example:
            >>> Matching.is_("foo*", "foobar"), Matching.is_(["a*", "b*"], "cab")
            (True, False)
        """
        flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
        text = str(value)
        for each in _several(pattern):
            regex = ".*".join(map(re.escape, each.split("*")))
            if each == text or re.fullmatch(regex, text, flags):
                return True
        return False

    @staticmethod
    def contains(haystack: str, needles: str | Iterable[str], ignore_case: bool = False) -> bool:
        """Tell whether *haystack* holds *needles*, or one of several; nothing holds "".

        Example:
            >>> Matching.contains("This is my name", ["my", "foo"])
            True
        """
        where = haystack.lower() if ignore_case else haystack
        return any(
            each and (each.lower() if ignore_case else each) in where for each in _several(needles)
        )

    @staticmethod
    def contains_all(haystack: str, needles: Iterable[str], ignore_case: bool = False) -> bool:
        """Tell whether *haystack* holds all of *needles*, of which there has to be one.

        Example:
            >>> Matching.contains_all("This is my name", ["my", "name"])
            True
        """
        wanted = list(needles)
        return bool(wanted) and all(
            Matching.contains(haystack, each, ignore_case) for each in wanted
        )

    @staticmethod
    def doesnt_contain(
        haystack: str, needles: str | Iterable[str], ignore_case: bool = False
    ) -> bool:
        """Tell whether *haystack* holds none of *needles*.

        Example:
            >>> Matching.doesnt_contain("This is name", "my")
            True
        """
        return not Matching.contains(haystack, needles, ignore_case)

    @staticmethod
    def is_json(value: object) -> bool:
        """Tell whether *value* is text that is JSON (RFC 8259).

        Example:
            >>> Matching.is_json('{"a": 1}'), Matching.is_json("{a: 1}"), Matching.is_json(5)
            (True, False, False)
        """
        from json import JSONDecodeError, loads

        def refuse(constant: str) -> object:
            raise ValueError(constant)

        if not isinstance(value, str):
            return False
        try:
            loads(value, parse_constant=refuse)
        except (JSONDecodeError, ValueError, RecursionError):
            return False
        return True

    @staticmethod
    def is_uuid(value: object, version: int | None = None) -> bool:
        """Tell whether *value* is text that is a UUID, of that *version* (RFC 9562) if given.

        Example:
            >>> Matching.is_uuid("a0a2a2d2-0b87-4a18-83f2-2529882be2de", 4)
            True
        """
        if not isinstance(value, str) or re.fullmatch(_UUID, value) is None:
            return False
        return version is None or UUID(value).version == version

    @staticmethod
    def is_ulid(value: object) -> bool:
        """Tell whether *value* is text that is a ULID.

        Example:
            >>> Matching.is_ulid("01gd6r360bp37zj17nxb55yv40")
            True
        """
        return isinstance(value, str) and re.fullmatch(_ULID, value) is not None

    @staticmethod
    def match(pattern: Regex, subject: str) -> str:
        """Return what the first group of *pattern*, or else the whole, finds; "" for nothing.

        Example:
            >>> Matching.match("foo (.*)", "foo bar")
            'bar'
        """
        found = re.search(pattern, subject)
        if found is None:
            return ""
        return (found[1] or "") if found.re.groups else found[0]

    @staticmethod
    def match_all(pattern: Regex, subject: str) -> list[str]:
        """Return all that the first group of *pattern*, or else the whole, finds.

        Example:
            >>> Matching.match_all(r"f(\\w*)", "bar fun bar fly")
            ['un', 'ly']
        """
        return [
            (found[1] or "") if found.re.groups else found[0]
            for found in re.finditer(pattern, subject)
        ]

    @staticmethod
    def is_match(pattern: Regex | Iterable[Regex], value: str) -> bool:
        """Tell whether *pattern*, or one of several, is found in *value*.

        Example:
            >>> Matching.is_match(["foo", r"\\d"], "bar 1")
            True
        """
        several = [pattern] if isinstance(pattern, str | re.Pattern) else pattern
        return any(re.search(each, value) for each in several)

    @staticmethod
    def word_count(value: str) -> int:
        """Return how many words of ASCII letters *value* has; `'` and `-` are part of them.

        Source: PHP, str_word_count.

        Example:
            >>> Matching.word_count("Hello, it's me")
            3
        """
        return len(re.findall(r"[A-Za-z'-]+", value.lstrip("'-").rstrip("-")))


def _several(needles: str | Iterable[str]) -> Iterable[str]:
    return [needles] if isinstance(needles, str) else needles
