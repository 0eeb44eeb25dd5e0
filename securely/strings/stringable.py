"""Stringable: the functions of Str one after the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Concatenate, Generic, ParamSpec, SupportsIndex, TypeVar

from securely.strings.ascii import Ascii
from securely.strings.cases import Cases
from securely.strings.fitting import Fitting
from securely.strings.inflector import Plurals
from securely.strings.matching import Matching, Regex
from securely.strings.replacing import Replacing
from securely.strings.slices import Slices

__all__ = ["Stringable"]

P = ParamSpec("P")
T = TypeVar("T")


class _Asked(Generic[P, T]):
    """A function whose first parameter is the text, as a method that gives what it gives."""

    def __init__(self, function: Callable[Concatenate[str, P], T]) -> None:
        self._function = function
        # Its first sentence: the examples call functions, not methods.
        self.__doc__ = (function.__doc__ or "").partition("\n")[0]

    def __get__(self, subject: str | None, owner: type) -> Callable[P, T]:
        return partial(self._function, owner() if subject is None else subject)


class _Chained(Generic[P]):
    """A function whose first parameter is the text, as a method that gives a Stringable."""

    def __init__(self, function: Callable[Concatenate[str, P], str]) -> None:
        self._function = function
        self.__doc__ = (function.__doc__ or "").partition("\n")[0]

    def __get__(
        self, subject: str | None, owner: Callable[[str], Stringable]
    ) -> Callable[P, Stringable]:
        text = "" if subject is None else subject

        def method(*args: P.args, **kwargs: P.kwargs) -> Stringable:
            return owner(self._function(text, *args, **kwargs))

        method.__doc__ = self.__doc__
        return method


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

    after = _Chained(Slices.after)
    after_last = _Chained(Slices.after_last)
    apa = _Chained(Cases.apa)
    ascii = _Chained(Ascii.ascii)
    before = _Chained(Slices.before)
    before_last = _Chained(Slices.before_last)
    between = _Chained(Slices.between)
    between_first = _Chained(Slices.between_first)
    camel = _Chained(Cases.camel)
    chop_end = _Chained(Slices.chop_end)
    chop_start = _Chained(Slices.chop_start)
    contains = _Asked(Matching.contains)
    contains_all = _Asked(Matching.contains_all)
    counted = _Chained(Plurals.counted)
    deduplicate = _Chained(Replacing.deduplicate)
    doesnt_contain = _Asked(Matching.doesnt_contain)
    excerpt = _Asked(Fitting.excerpt)
    finish = _Chained(Slices.finish)
    headline = _Chained(Cases.headline)
    initials = _Chained(Cases.initials)
    is_json = _Asked(Matching.is_json)
    is_ulid = _Asked(Matching.is_ulid)
    is_uuid = _Asked(Matching.is_uuid)
    kebab = _Chained(Cases.kebab)
    lcfirst = _Chained(Cases.lcfirst)
    limit = _Chained(Fitting.limit)
    mask = _Chained(Fitting.mask)
    numbers = _Chained(Replacing.numbers)
    pad_both = _Chained(Fitting.pad_both)
    pad_left = _Chained(Fitting.pad_left)
    pad_right = _Chained(Fitting.pad_right)
    pascal = _Chained(Cases.pascal)
    plural = _Chained(Plurals.plural)
    plural_pascal = _Chained(Plurals.plural_pascal)
    plural_studly = _Chained(Plurals.plural_studly)
    singular = _Chained(Plurals.singular)
    slug = _Chained(Ascii.slug)
    snake = _Chained(Cases.snake)
    squish = _Chained(Replacing.squish)
    start = _Chained(Slices.start)
    studly = _Chained(Cases.studly)
    transliterate = _Chained(Ascii.transliterate)
    ucfirst = _Chained(Cases.ucfirst)
    ucsplit = _Asked(Cases.ucsplit)
    ucwords = _Chained(Cases.ucwords)
    unwrap = _Chained(Slices.unwrap)
    word_count = _Asked(Matching.word_count)
    word_wrap = _Chained(Fitting.word_wrap)
    words = _Chained(Fitting.words)
    wrap = _Chained(Slices.wrap)

    def is_(self, pattern: str | Iterable[str], ignore_case: bool = False) -> bool:
        """Tell whether it fits *pattern*; see :meth:`Str.is_`."""
        return Matching.is_(pattern, self, ignore_case)

    def match(self, pattern: Regex) -> Stringable:
        """Return what *pattern* finds; see :meth:`Str.match`."""
        return Stringable(Matching.match(pattern, self))

    def match_all(self, pattern: Regex) -> list[str]:
        """Return all that *pattern* finds; see :meth:`Str.match_all`."""
        return Matching.match_all(pattern, self)

    def is_match(self, pattern: Regex | Iterable[Regex]) -> bool:
        """Tell whether *pattern* is found; see :meth:`Str.is_match`."""
        return Matching.is_match(pattern, self)

    def remove(self, search: str | Iterable[str], case_sensitive: bool = True) -> Stringable:
        """Return it without *search*; see :meth:`Str.remove`."""
        return Stringable(Replacing.remove(search, self, case_sensitive))

    def replace_first(self, search: str, replace: str) -> Stringable:
        """Return it with the first *search* replaced."""
        return Stringable(Replacing.replace_first(search, replace, self))

    def replace_last(self, search: str, replace: str) -> Stringable:
        """Return it with the last *search* replaced."""
        return Stringable(Replacing.replace_last(search, replace, self))

    def replace_start(self, search: str, replace: str) -> Stringable:
        """Return it with *search* replaced where it begins with it."""
        return Stringable(Replacing.replace_start(search, replace, self))

    def replace_end(self, search: str, replace: str) -> Stringable:
        """Return it with *search* replaced where it ends in it."""
        return Stringable(Replacing.replace_end(search, replace, self))

    def replace_array(self, search: str, replace: Iterable[object]) -> Stringable:
        """Return it with each *search* replaced by the next of *replace*."""
        return Stringable(Replacing.replace_array(search, replace, self))

    def replace_matches(
        self, pattern: Regex, replace: str | Callable[[re.Match[str]], str], limit: int = -1
    ) -> Stringable:
        """Return it with what *pattern* finds replaced; see :meth:`Str.replace_matches`."""
        return Stringable(Replacing.replace_matches(pattern, replace, self, limit))

    def swap(self, pairs: Mapping[str, str]) -> Stringable:
        """Return it with each key replaced by its value; see :meth:`Str.swap`."""
        return Stringable(Replacing.swap(pairs, self))

    def append(self, *values: object) -> Stringable:
        """Return it with *values* behind it."""
        return Stringable("".join((self, *map(str, values))))

    def prepend(self, *values: object) -> Stringable:
        """Return it with *values* before it."""
        return Stringable("".join((*map(str, values), self)))

    def pipe(self, function: Callable[[Stringable], T]) -> T:
        """Return what *function* makes of it."""
        return function(self)

    # What `str` does itself goes on as well.

    def lower(self) -> Stringable:
        """Return it in small letters."""
        return Stringable(str.lower(self))

    def upper(self) -> Stringable:
        """Return it in capitals."""
        return Stringable(str.upper(self))

    def title(self) -> Stringable:
        """Return it with each word begun with a capital; see :meth:`Str.title`."""
        return Stringable(Cases.title(self))

    def strip(self, chars: str | None = None, /) -> Stringable:
        """Return it without *chars*, or white space, at its ends."""
        return Stringable(str.strip(self, chars))

    def lstrip(self, chars: str | None = None, /) -> Stringable:
        """Return it without *chars*, or white space, at its start."""
        return Stringable(str.lstrip(self, chars))

    def rstrip(self, chars: str | None = None, /) -> Stringable:
        """Return it without *chars*, or white space, at its end."""
        return Stringable(str.rstrip(self, chars))

    def removeprefix(self, prefix: str, /) -> Stringable:
        """Return it without *prefix*."""
        return Stringable(str.removeprefix(self, prefix))

    def removesuffix(self, suffix: str, /) -> Stringable:
        """Return it without *suffix*."""
        return Stringable(str.removesuffix(self, suffix))

    def replace(self, old: str, new: str, /, count: SupportsIndex = -1) -> Stringable:
        """Return it with *old* replaced, *count* times at most."""
        return Stringable(str.replace(self, old, new, count))
