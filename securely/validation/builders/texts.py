"""TextRules: the rules of text."""

from __future__ import annotations

from typing import Self

from securely.validation.builders.written import Several, WrittenRules, flattened

__all__ = ["TextRules"]


class TextRules(WrittenRules):
    """The rules of text; made by `Rule.string()`.

    Example:
        >>> TextRules().min(2).max(20).alpha_dash(ascii=True).as_rules()
        ['string', ['min', '2'], ['max', '20'], ['alpha_dash', 'ascii']]

    Source: Laravel 13, Validation\\Rules\\StringRule.
    """

    def __init__(self) -> None:
        super().__init__("string")

    def alpha(self, ascii: bool = False) -> Self:  # noqa: A002  # Laravel's name
        """Take letters alone, of any alphabet or of ASCII."""
        return self._letters("alpha", ascii)

    def alpha_dash(self, ascii: bool = False) -> Self:  # noqa: A002  # Laravel's name
        """Take letters, digits, dashes and underscores alone."""
        return self._letters("alpha_dash", ascii)

    def alpha_numeric(self, ascii: bool = False) -> Self:  # noqa: A002  # Laravel's name
        """Take letters and digits alone."""
        return self._letters("alpha_num", ascii)

    def ascii(self) -> Self:
        """Take ASCII alone."""
        return self._add("ascii")

    def between(self, min: int, max: int) -> Self:  # noqa: A002  # Laravel's names
        """Take from *min* to *max* characters."""
        return self._add("between", min, max)

    def doesnt_end_with(self, *values: Several) -> Self:
        """Refuse what ends in one of *values*."""
        return self._add("doesnt_end_with", *flattened(values))

    def doesnt_start_with(self, *values: Several) -> Self:
        """Refuse what begins with one of *values*."""
        return self._add("doesnt_start_with", *flattened(values))

    def ends_with(self, *values: Several) -> Self:
        """Take what ends in one of *values*."""
        return self._add("ends_with", *flattened(values))

    def exactly(self, value: int) -> Self:
        """Take *value* characters."""
        return self._add("size", value)

    def lowercase(self) -> Self:
        """Take small letters alone."""
        return self._add("lowercase")

    def max(self, value: int) -> Self:
        """Take *value* characters at most."""
        return self._add("max", value)

    def min(self, value: int) -> Self:
        """Take *value* characters at least."""
        return self._add("min", value)

    def starts_with(self, *values: Several) -> Self:
        """Take what begins with one of *values*."""
        return self._add("starts_with", *flattened(values))

    def uppercase(self) -> Self:
        """Take capital letters alone."""
        return self._add("uppercase")

    def _letters(self, name: str, ascii: bool) -> Self:  # noqa: A002  # as above
        return self._add(name, "ascii") if ascii else self._add(name)
