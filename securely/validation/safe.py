"""SafeInput: what was validated, to take from: some of it, all but some, or with a type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from enum import Enum
from math import isfinite
from typing import Any, TypeVar, cast

from securely.support import clock
from securely.support.missing import MISSING
from securely.validation.plan.paths import closed, find, holds, split, without
from securely.validation.rules.loose import is_numeric, number, text
from securely.validation.rules.numbers import EXPONENT_MAX

__all__ = ["SafeInput", "TypedInput"]

E = TypeVar("E", bound=Enum)

_YES = frozenset({"1", "true", "on", "yes"})


class TypedInput:
    """What was sent, read with the type that is wanted; what does not fit is the default.

    Source: Laravel 13, Support\\Traits\\InteractsWithData.
    """

    def all(self) -> dict[str, Any]:
        """Return all of it."""
        raise NotImplementedError

    def input(self, field: str, default: Any = None) -> Any:
        """Return what stands in *field*, by its dotted name, or *default*."""
        value = find(self.all(), split(field))
        return default if value is MISSING else value

    def has(self, *fields: str) -> bool:
        """Tell whether each of *fields* is there."""
        data = self.all()
        return all(holds(data, split(field)) for field in fields)

    def string(self, field: str, default: str = "") -> str:
        """Return a field as text."""
        value = self.input(field)
        return default if value is None or isinstance(value, (list, tuple, dict)) else text(value)

    def integer(self, field: str, default: int = 0) -> int:
        """Return a field as an integer: of a number, what stands before its point."""
        found = _number(self.input(field))
        return default if found is None else int(found)

    def float(self, field: str, default: float = 0.0) -> float:
        """Return a field as a float."""
        value = self.input(field)
        try:
            return float(number(value)) if is_numeric(value) else default
        except OverflowError:  # an integer beyond all floats
            return default

    def boolean(self, field: str, default: bool = False) -> bool:
        """Tell whether a field says yes: 1, true, on, yes."""
        value = self.input(field, default)
        return value.lower() in _YES if isinstance(value, str) else value is True or value == 1

    def array(self, field: str) -> list[Any] | dict[str, Any]:
        """Return a field as a list or a dict; one value as a list of it."""
        value = self.input(field)
        if isinstance(value, (list, dict)):
            return cast("list[Any] | dict[str, Any]", value)
        return [] if value is None else [value]

    def date(self, field: str, layout: str | None = None, zone: tzinfo = UTC) -> datetime | None:
        """Return a field as a moment; None for what is none.

        Args:
            field: Its dotted name.
            layout: How it is written, as in `date_format`; by default as dates are read.
            zone: The time zone of what states none.
        """
        from securely.validation.rules.date_formats import read
        from securely.validation.rules.moments import moment

        value = self.input(field)
        if isinstance(value, datetime):
            return value
        if isinstance(value, date):
            return datetime(value.year, value.month, value.day, tzinfo=zone)
        if not isinstance(value, str) or not value.strip():
            return None
        now = clock.now()
        return moment(value, now, zone) if layout is None else read(value, layout, now, zone)

    def enum(self, field: str, kind: type[E], default: E | None = None) -> E | None:
        """Return a field as the member of *kind* that has its value."""
        return _member(kind, self.input(field), default)

    def enums(self, field: str, kind: type[E]) -> list[E]:
        """Return a field as members of *kind*; what is none is left out."""
        found = (_member(kind, value, None) for value in cast("Sequence[Any]", self.array(field)))
        return [member for member in found if member is not None]


def _member(kind: type[E], value: object, default: E | None) -> E | None:
    # A list is not written out to be compared: it may be deeper than Python can write.
    written = None if isinstance(value, (list, tuple, Mapping)) else text(value)
    for member in kind:
        if member is value or member.value == value or text(member.value) == written:
            return member
    return default


def _number(value: object) -> int | float | Decimal | None:
    """Return the number that *value* is; None for what is none, or would fill the memory."""
    if not is_numeric(value):
        return None
    found = number(value)
    if isinstance(found, int):
        return found
    if isinstance(found, float):
        return found if isfinite(found) else None
    # The integer of "1e999999999" has a billion digits.
    return found if found.is_finite() and found.adjusted() <= EXPONENT_MAX else None


class SafeInput(TypedInput, Mapping[str, Any]):
    """Validated data; what is made of it leaves it as it is.

    Args:
        data: The validated data.

    Example:
        >>> safe = SafeInput({"name": "Ann", "address": {"city": "Bern", "zip": "3000"}})
        >>> safe.only("name", "address.city")
        {'name': 'Ann', 'address': {'city': 'Bern'}}
        >>> safe.merge(role="admin")["role"]
        'admin'

    Source: Laravel 13, Support\\ValidatedInput.
    """

    __slots__ = ("_data",)

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = dict(data)

    def only(self, *fields: str) -> dict[str, Any]:
        """Return *fields* alone, by their dotted names; those that are not there are left out."""
        taken: dict[str, Any] = {}
        own: set[int] = set()  # dicts that are made here, and not of the data
        for path in map(split, fields):
            value = find(self._data, path)
            if value is MISSING:
                continue
            node = taken
            for part in path[:-1]:
                if part not in node:
                    node[part] = {}
                    own.add(id(node[part]))
                node = node[part]
                if id(node) not in own:
                    break  # the whole of it is taken already
            else:
                node[path[-1]] = value
        return taken

    def except_(self, *fields: str) -> dict[str, Any]:
        """Return all but *fields*."""
        paths = [*map(split, fields)]
        data = closed(without(self._data, paths), paths)
        return dict(data)  # type: ignore[call-overload, no-any-return]  # a dict without some keys

    def merge(self, values: Mapping[str, Any] | None = None, **more: Any) -> SafeInput:
        """Return validated data with *values* beside it."""
        return SafeInput({**self._data, **(values or {}), **more})

    def all(self) -> dict[str, Any]:
        """Return all of it, in a dict of its own."""
        return dict(self._data)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it, in a dict of its own."""
        return dict(self._data)

    def __getitem__(self, field: str) -> Any:
        return self._data[field]

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def __repr__(self) -> str:
        # Names alone: what was sent may be a password.
        return f"SafeInput({', '.join(self._data)})"
