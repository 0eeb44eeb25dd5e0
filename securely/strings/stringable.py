"""Stringable: the functions of Str one after the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sized
from typing import SupportsIndex, TypeVar

from securely.strings.ascii import Ascii
from securely.strings.cases import Cases
from securely.strings.fitting import Fitting
from securely.strings.inflector import Plurals
from securely.strings.matching import Matching, Regex
from securely.strings.replacing import Replacing
from securely.strings.slices import Slices

__all__ = ["Stringable"]

T = TypeVar("T")


class Stringable(str):
    """Text that goes on: each method of :class:`~securely.strings.Str` takes it as its subject.

    It is a `str`, equal to one and usable as one.

    Args:
        value: Becomes text as `str` makes it.

    Example:
        >>> Stringable("app/http").after_last("/").studly().append("Kernel")
        'HttpKernel'

    Source: Laravel 13, Illuminate\\Support\\Stringable.
    """

    __slots__ = ()

    def after(self, search: str) -> Stringable:
        """See :meth:`Str.after`."""
        return self._on(Slices.after(self, search))

    def after_last(self, search: str) -> Stringable:
        """See :meth:`Str.after_last`."""
        return self._on(Slices.after_last(self, search))

    def apa(self) -> Stringable:
        """See :meth:`Str.apa`."""
        return self._on(Cases.apa(self))

    def ascii(self, language: str = "en") -> Stringable:
        """See :meth:`Str.ascii`."""
        return self._on(Ascii.ascii(self, language))

    def before(self, search: str) -> Stringable:
        """See :meth:`Str.before`."""
        return self._on(Slices.before(self, search))

    def before_last(self, search: str) -> Stringable:
        """See :meth:`Str.before_last`."""
        return self._on(Slices.before_last(self, search))

    def between(self, start: str, end: str) -> Stringable:
        """See :meth:`Str.between`."""
        return self._on(Slices.between(self, start, end))

    def between_first(self, start: str, end: str) -> Stringable:
        """See :meth:`Str.between_first`."""
        return self._on(Slices.between_first(self, start, end))

    def camel(self) -> Stringable:
        """See :meth:`Str.camel`."""
        return self._on(Cases.camel(self))

    def chop_end(self, needle: str | Iterable[str]) -> Stringable:
        """See :meth:`Str.chop_end`."""
        return self._on(Slices.chop_end(self, needle))

    def chop_start(self, needle: str | Iterable[str]) -> Stringable:
        """See :meth:`Str.chop_start`."""
        return self._on(Slices.chop_start(self, needle))

    def contains(self, needles: str | Iterable[str], ignore_case: bool = False) -> bool:
        """See :meth:`Str.contains`."""
        return Matching.contains(self, needles, ignore_case)

    def contains_all(self, needles: Iterable[str], ignore_case: bool = False) -> bool:
        """See :meth:`Str.contains_all`."""
        return Matching.contains_all(self, needles, ignore_case)

    def counted(self, count: float | Sized) -> Stringable:
        """See :meth:`Str.counted`."""
        return self._on(Plurals.counted(self, count))

    def deduplicate(self, characters: str | Iterable[str] = " ") -> Stringable:
        """See :meth:`Str.deduplicate`."""
        return self._on(Replacing.deduplicate(self, characters))

    def doesnt_contain(self, needles: str | Iterable[str], ignore_case: bool = False) -> bool:
        """See :meth:`Str.doesnt_contain`."""
        return Matching.doesnt_contain(self, needles, ignore_case)

    def excerpt(self, phrase: str = "", radius: int = 100, omission: str = "...") -> str | None:
        """See :meth:`Str.excerpt`."""
        return Fitting.excerpt(self, phrase, radius, omission)

    def finish(self, cap: str) -> Stringable:
        """See :meth:`Str.finish`."""
        return self._on(Slices.finish(self, cap))

    def headline(self) -> Stringable:
        """See :meth:`Str.headline`."""
        return self._on(Cases.headline(self))

    def initials(self, capitalize: bool = False) -> Stringable:
        """See :meth:`Str.initials`."""
        return self._on(Cases.initials(self, capitalize))

    def is_json(self) -> bool:
        """See :meth:`Str.is_json`."""
        return Matching.is_json(self)

    def is_ulid(self) -> bool:
        """See :meth:`Str.is_ulid`."""
        return Matching.is_ulid(self)

    def is_uuid(self, version: int | None = None) -> bool:
        """See :meth:`Str.is_uuid`."""
        return Matching.is_uuid(self, version)

    def kebab(self) -> Stringable:
        """See :meth:`Str.kebab`."""
        return self._on(Cases.kebab(self))

    def lcfirst(self) -> Stringable:
        """See :meth:`Str.lcfirst`."""
        return self._on(Cases.lcfirst(self))

    def limit(self, limit: int = 100, end: str = "...", preserve_words: bool = False) -> Stringable:
        """See :meth:`Str.limit`."""
        return self._on(Fitting.limit(self, limit, end, preserve_words))

    def mask(self, character: str, index: int, length: int | None = None) -> Stringable:
        """See :meth:`Str.mask`."""
        return self._on(Fitting.mask(self, character, index, length))

    def numbers(self) -> Stringable:
        """See :meth:`Str.numbers`."""
        return self._on(Replacing.numbers(self))

    def pad_both(self, length: int, pad: str = " ") -> Stringable:
        """See :meth:`Str.pad_both`."""
        return self._on(Fitting.pad_both(self, length, pad))

    def pad_left(self, length: int, pad: str = " ") -> Stringable:
        """See :meth:`Str.pad_left`."""
        return self._on(Fitting.pad_left(self, length, pad))

    def pad_right(self, length: int, pad: str = " ") -> Stringable:
        """See :meth:`Str.pad_right`."""
        return self._on(Fitting.pad_right(self, length, pad))

    def pascal(self, normalize: bool = False) -> Stringable:
        """See :meth:`Str.pascal`."""
        return self._on(Cases.pascal(self, normalize))

    def plural(self, count: float | Sized = 2, prepend_count: bool = False) -> Stringable:
        """See :meth:`Str.plural`."""
        return self._on(Plurals.plural(self, count, prepend_count))

    def plural_pascal(self, count: float | Sized = 2) -> Stringable:
        """See :meth:`Str.plural_pascal`."""
        return self._on(Plurals.plural_pascal(self, count))

    def plural_studly(self, count: float | Sized = 2) -> Stringable:
        """See :meth:`Str.plural_studly`."""
        return self._on(Plurals.plural_studly(self, count))

    def singular(self) -> Stringable:
        """See :meth:`Str.singular`."""
        return self._on(Plurals.singular(self))

    def slug(
        self,
        separator: str = "-",
        language: str | None = "en",
        dictionary: Mapping[str, str] | None = None,
    ) -> Stringable:
        """See :meth:`Str.slug`."""
        return self._on(Ascii.slug(self, separator, language, dictionary))

    def snake(self, delimiter: str = "_") -> Stringable:
        """See :meth:`Str.snake`."""
        return self._on(Cases.snake(self, delimiter))

    def squish(self) -> Stringable:
        """See :meth:`Str.squish`."""
        return self._on(Replacing.squish(self))

    def start(self, prefix: str) -> Stringable:
        """See :meth:`Str.start`."""
        return self._on(Slices.start(self, prefix))

    def studly(self, normalize: bool = False) -> Stringable:
        """See :meth:`Str.studly`."""
        return self._on(Cases.studly(self, normalize))

    def transliterate(self, unknown: str = "?") -> Stringable:
        """See :meth:`Str.transliterate`."""
        return self._on(Ascii.transliterate(self, unknown))

    def ucfirst(self) -> Stringable:
        """See :meth:`Str.ucfirst`."""
        return self._on(Cases.ucfirst(self))

    def ucsplit(self) -> list[str]:
        """See :meth:`Str.ucsplit`."""
        return Cases.ucsplit(self)

    def ucwords(self, separators: str = " \t\r\n\x0c\x0b") -> Stringable:
        """See :meth:`Str.ucwords`."""
        return self._on(Cases.ucwords(self, separators))

    def unwrap(self, before: str, after: str | None = None) -> Stringable:
        """See :meth:`Str.unwrap`."""
        return self._on(Slices.unwrap(self, before, after))

    def word_count(self) -> int:
        """See :meth:`Str.word_count`."""
        return Matching.word_count(self)

    def word_wrap(
        self, characters: int = 75, line_break: str = "\n", cut_long_words: bool = False
    ) -> Stringable:
        """See :meth:`Str.word_wrap`."""
        return self._on(Fitting.word_wrap(self, characters, line_break, cut_long_words))

    def words(self, words: int = 100, end: str = "...") -> Stringable:
        """See :meth:`Str.words`."""
        return self._on(Fitting.words(self, words, end))

    def wrap(self, before: str, after: str | None = None) -> Stringable:
        """See :meth:`Str.wrap`."""
        return self._on(Slices.wrap(self, before, after))

    def is_(self, pattern: str | Iterable[str], ignore_case: bool = False) -> bool:
        """Tell whether it fits *pattern*; see :meth:`Str.is_`."""
        return Matching.is_(pattern, self, ignore_case)

    def match(self, pattern: Regex) -> Stringable:
        """Return what *pattern* finds; see :meth:`Str.match`."""
        return self._on(Matching.match(pattern, self))

    def match_all(self, pattern: Regex) -> list[str]:
        """Return all that *pattern* finds; see :meth:`Str.match_all`."""
        return Matching.match_all(pattern, self)

    def is_match(self, pattern: Regex | Iterable[Regex]) -> bool:
        """Tell whether *pattern* is found; see :meth:`Str.is_match`."""
        return Matching.is_match(pattern, self)

    def remove(self, search: str | Iterable[str], case_sensitive: bool = True) -> Stringable:
        """Return it without *search*; see :meth:`Str.remove`."""
        return self._on(Replacing.remove(search, self, case_sensitive))

    def replace_first(self, search: str, replace: str) -> Stringable:
        """Return it with the first *search* replaced."""
        return self._on(Replacing.replace_first(search, replace, self))

    def replace_last(self, search: str, replace: str) -> Stringable:
        """Return it with the last *search* replaced."""
        return self._on(Replacing.replace_last(search, replace, self))

    def replace_start(self, search: str, replace: str) -> Stringable:
        """Return it with *search* replaced where it begins with it."""
        return self._on(Replacing.replace_start(search, replace, self))

    def replace_end(self, search: str, replace: str) -> Stringable:
        """Return it with *search* replaced where it ends in it."""
        return self._on(Replacing.replace_end(search, replace, self))

    def replace_array(self, search: str, replace: Iterable[object]) -> Stringable:
        """Return it with each *search* replaced by the next of *replace*."""
        return self._on(Replacing.replace_array(search, replace, self))

    def replace_matches(
        self, pattern: Regex, replace: str | Callable[[re.Match[str]], str], limit: int = -1
    ) -> Stringable:
        """Return it with what *pattern* finds replaced; see :meth:`Str.replace_matches`."""
        return self._on(Replacing.replace_matches(pattern, replace, self, limit))

    def swap(self, pairs: Mapping[str, str]) -> Stringable:
        """Return it with each key replaced by its value; see :meth:`Str.swap`."""
        return self._on(Replacing.swap(pairs, self))

    def append(self, *values: object) -> Stringable:
        """Return it with *values* behind it."""
        return self._on("".join((self, *map(str, values))))

    def prepend(self, *values: object) -> Stringable:
        """Return it with *values* before it."""
        return self._on("".join((*map(str, values), self)))

    def pipe(self, function: Callable[[Stringable], T]) -> T:
        """Return what *function* makes of it."""
        return function(self)

    # What `str` does itself goes on as well.

    def lower(self) -> Stringable:
        """Return it in small letters."""
        return self._on(str.lower(self))

    def upper(self) -> Stringable:
        """Return it in capitals."""
        return self._on(str.upper(self))

    def title(self) -> Stringable:
        """Return it with each word begun with a capital; see :meth:`Str.title`."""
        return self._on(Cases.title(self))

    def strip(self, chars: str | None = None, /) -> Stringable:
        """Return it without *chars*, or white space, at its ends."""
        return self._on(str.strip(self, chars))

    def lstrip(self, chars: str | None = None, /) -> Stringable:
        """Return it without *chars*, or white space, at its start."""
        return self._on(str.lstrip(self, chars))

    def rstrip(self, chars: str | None = None, /) -> Stringable:
        """Return it without *chars*, or white space, at its end."""
        return self._on(str.rstrip(self, chars))

    def removeprefix(self, prefix: str, /) -> Stringable:
        """Return it without *prefix*."""
        return self._on(str.removeprefix(self, prefix))

    def removesuffix(self, suffix: str, /) -> Stringable:
        """Return it without *suffix*."""
        return self._on(str.removesuffix(self, suffix))

    def replace(self, old: str, new: str, /, count: SupportsIndex = -1) -> Stringable:
        """Return it with *old* replaced, *count* times at most."""
        return self._on(str.replace(self, old, new, count))

    def _on(self, text: str) -> Stringable:
        return type(self)(text)
