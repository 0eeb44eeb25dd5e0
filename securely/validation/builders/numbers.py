"""NumberRules: the rules of numbers."""

from __future__ import annotations

from decimal import Decimal
from typing import Self, TypeAlias

from securely.validation.builders.written import WrittenRules

__all__ = ["Number", "NumberRules"]

Number: TypeAlias = int | float | Decimal


class NumberRules(WrittenRules):
    """The rules of numbers; made by `Rule.numeric()`.

    Example:
        >>> NumberRules().integer().between(1, 5).as_rules()
        ['numeric', 'integer', ['between', '1', '5']]

    Source: Laravel 13, Validation\\Rules\\Numeric.
    """

    def __init__(self) -> None:
        super().__init__("numeric")

    def between(self, min: Number, max: Number) -> Self:  # noqa: A002  # Laravel's names
        """Take numbers from *min* to *max*."""
        return self._add("between", min, max)

    def decimal(self, min: int, max: int | None = None) -> Self:  # noqa: A002  # Laravel's names
        """Take *min* decimal places, or from *min* to *max*."""
        return self._add("decimal", min) if max is None else self._add("decimal", min, max)

    def different(self, field: str) -> Self:
        """Take another value than *field* has."""
        return self._add("different", field)

    def digits(self, length: int) -> Self:
        """Take integers of *length* digits."""
        return self.integer()._add("digits", length)

    def digits_between(self, min: int, max: int) -> Self:  # noqa: A002  # Laravel's names
        """Take integers of *min* to *max* digits."""
        return self.integer()._add("digits_between", min, max)

    def exactly(self, value: int) -> Self:
        """Take the integer *value*."""
        return self.integer()._add("size", value)

    def greater_than(self, field: str) -> Self:
        """Take more than *field* has, which may be a number."""
        return self._add("gt", field)

    def greater_than_or_equal_to(self, field: str) -> Self:
        """Take as much as *field* has, or more."""
        return self._add("gte", field)

    def integer(self, strict: bool = False) -> Self:
        """Take integers; where *strict*, none that are text."""
        return self._add("integer", "strict") if strict else self._add("integer")

    def less_than(self, field: str) -> Self:
        """Take less than *field* has, which may be a number."""
        return self._add("lt", field)

    def less_than_or_equal_to(self, field: str) -> Self:
        """Take as much as *field* has, or less."""
        return self._add("lte", field)

    def max(self, value: Number) -> Self:
        """Take *value* at most."""
        return self._add("max", value)

    def max_digits(self, value: int) -> Self:
        """Take *value* digits at most."""
        return self._add("max_digits", value)

    def min(self, value: Number) -> Self:
        """Take *value* at least."""
        return self._add("min", value)

    def min_digits(self, value: int) -> Self:
        """Take *value* digits at least."""
        return self._add("min_digits", value)

    def multiple_of(self, value: Number) -> Self:
        """Take multiples of *value*."""
        return self._add("multiple_of", value)

    def same(self, field: str) -> Self:
        """Take the value that *field* has."""
        return self._add("same", field)
