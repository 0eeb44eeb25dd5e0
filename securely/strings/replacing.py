"""Replacing: the first, the last, at an end, by pattern, one after the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import cast

from securely.strings.matching import Regex

__all__ = ["Replacing"]


class Replacing:
    """Functions that put other text in the place of some."""

    @staticmethod
    def replace(
        search: str | Iterable[str],
        replace: str | Iterable[str],
        subject: str,
        case_sensitive: bool = True,
    ) -> str:
        """Return *subject* with each of *search* replaced by its partner, or all by one text.

        Example:
            >>> Replacing.replace(["a", "b"], ["1", "2"], "abc")
            '12c'
            >>> Replacing.replace("LARAVEL", "Securely", "laravel", case_sensitive=False)
            'Securely'
        """
        searches = [search] if isinstance(search, str) else list(search)
        partners = [replace] * len(searches) if isinstance(replace, str) else list(replace)
        for number, each in enumerate(searches):
            partner = partners[number] if number < len(partners) else ""
            if each and case_sensitive:
                subject = subject.replace(each, partner)
            elif each:
                subject = _without_case(each, partner, subject)
        return subject

    @staticmethod
    def remove(search: str | Iterable[str], subject: str, case_sensitive: bool = True) -> str:
        """Return *subject* without *search*.

        Example:
            >>> Replacing.remove(["e", "a"], "Peter Piper picked a pack")
            'Ptr Pipr pickd  pck'
        """
        return Replacing.replace(search, "", subject, case_sensitive)

    @staticmethod
    def replace_first(search: str, replace: str, subject: str) -> str:
        """Return *subject* with the first *search* replaced.

        Example:
            >>> Replacing.replace_first("the", "a", "the quick fox jumps over the lazy dog")
            'a quick fox jumps over the lazy dog'
        """
        return subject.replace(search, replace, 1) if search else subject

    @staticmethod
    def replace_last(search: str, replace: str, subject: str) -> str:
        """Return *subject* with the last *search* replaced.

        Example:
            >>> Replacing.replace_last("the", "a", "the quick fox jumps over the lazy dog")
            'the quick fox jumps over a lazy dog'
        """
        return replace.join(subject.rsplit(search, 1)) if search else subject

    @staticmethod
    def replace_start(search: str, replace: str, subject: str) -> str:
        """Return *subject* with *search* replaced where it begins with it.

        Example:
            >>> Replacing.replace_start("Hello", "Goodbye", "Hello World")
            'Goodbye World'
        """
        return (
            replace + subject[len(search) :] if search and subject.startswith(search) else subject
        )

    @staticmethod
    def replace_end(search: str, replace: str, subject: str) -> str:
        """Return *subject* with *search* replaced where it ends in it.

        Example:
            >>> Replacing.replace_end("World", "Ann", "Hello World")
            'Hello Ann'
        """
        return subject[: -len(search)] + replace if search and subject.endswith(search) else subject

    @staticmethod
    def replace_array(search: str, replace: Iterable[object], subject: str) -> str:
        """Return *subject* with each *search* replaced by the next of *replace*.

        Example:
            >>> Replacing.replace_array("?", ["8:30", "9:00"], "from ? to ?")
            'from 8:30 to 9:00'
        """
        values = replace
        if isinstance(replace, Mapping):
            values = cast("Mapping[object, object]", replace).values()
        left = iter(values)
        first, *rest = subject.split(search) if search else [subject]
        return first + "".join(f"{next(left, search)}{part}" for part in rest)

    @staticmethod
    def replace_matches(
        pattern: Regex,
        replace: str | Callable[[re.Match[str]], str],
        subject: str,
        limit: int = -1,
    ) -> str:
        """Return *subject* with what *pattern* finds replaced, *limit* times at most.

        Example:
            >>> Replacing.replace_matches(r"[^A-Za-z0-9]+", "", "(+1) 501-555-1000")
            '15015551000'
        """
        return re.sub(pattern, replace, subject, count=max(limit, 0))

    @staticmethod
    def swap(pairs: Mapping[str, str], subject: str) -> str:
        """Return *subject* with each key replaced by its value, the longest first, all at once.

        Example:
            >>> Replacing.swap({"Tacos": "Burritos", "great": "fantastic"}, "Tacos are great!")
            'Burritos are fantastic!'
        """
        keys = sorted(filter(None, pairs), key=len, reverse=True)
        if not keys:
            return subject
        return re.sub("|".join(map(re.escape, keys)), lambda found: pairs[found[0]], subject)

    @staticmethod
    def deduplicate(value: str, characters: str | Iterable[str] = " ") -> str:
        """Return *value* with one of *characters* where several of it follow each other.

        Example:
            >>> Replacing.deduplicate("The   Laravel   Framework")
            'The Laravel Framework'
        """
        for each in [characters] if isinstance(characters, str) else characters:
            if each:
                value = each.join(re.split(f"{re.escape(each)}+", value))
        return value

    @staticmethod
    def squish(value: str) -> str:
        """Return *value* without space at its ends, and with one where there were several.

        Example:
            >>> Replacing.squish("    laravel    framework    ")
            'laravel framework'
        """
        return re.sub(r"[\s\u3164\u1160]+", " ", re.sub(_ENDS, "", value))

    @staticmethod
    def numbers(value: str) -> str:
        """Return the digits (0 to 9) of *value*.

        Example:
            >>> Replacing.numbers("(555) 123-4567")
            '5551234567'
        """
        return re.sub(r"[^0-9]", "", value)


# White space, and characters that nobody sees; Laravel's list.
_UNSEEN = (
    r"\s\0\xa0\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u2000-\u200f\u202f\u205f-\u2065"
    r"\u206a-\u206f\u3000\u2800\u3164\ufeff\uffa0\U0001d159\U0001d173-\U0001d17a\U000e0020"
)
_ENDS = rf"\A[{_UNSEEN}]+|[{_UNSEEN}]+\Z"


def _without_case(search: str, replace: str, subject: str) -> str:
    return re.sub(re.escape(search), lambda _: replace, subject, flags=re.IGNORECASE)
