"""Str: all functions by one name, and the way to the fluent ones."""

from __future__ import annotations

from securely.strings.ascii import Ascii
from securely.strings.cases import Cases
from securely.strings.fitting import Fitting
from securely.strings.ids import Ids
from securely.strings.inflector import Plurals
from securely.strings.matching import Matching
from securely.strings.replacing import Replacing
from securely.strings.slices import Slices
from securely.strings.stringable import Stringable

__all__ = ["Str"]


class Str(Cases, Plurals, Slices, Matching, Replacing, Fitting, Ascii, Ids):
    """What Python's `str` does not have, as functions in Laravel's words.

    Example:
        >>> Str.slug("Hello World"), Str.is_("foo*", "foobar"), Str.plural("child")
        ('hello-world', True, 'children')
        >>> Str.of("  Hello World ").squish().slug().limit(5)
        'hello...'

    Source: Laravel 13, Illuminate\\Support\\Str.
    """

    @staticmethod
    def of(value: object) -> Stringable:
        """Return *value* as text that goes on."""
        return Stringable(value)
