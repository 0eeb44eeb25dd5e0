"""SafeInput: what was validated, to take from: only some of it, all but some, or with more added."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from securely.support.missing import MISSING
from securely.validation.plan.paths import find, holds, join, split, without

__all__ = ["SafeInput"]


class SafeInput(Mapping[str, Any]):
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
        for path in map(split, fields):
            value = find(self._data, path)
            if value is MISSING:
                continue
            node = taken
            for part in path[:-1]:
                node = node.setdefault(part, {})
            node[path[-1]] = value
        return taken

    def except_(self, *fields: str) -> dict[str, Any]:
        """Return all but *fields*."""
        data: object = self._data
        for path in map(split, fields):
            data = without(data, path)
        return dict(data)  # type: ignore[call-overload, no-any-return]  # a dict without some keys

    def merge(self, values: Mapping[str, Any] | None = None, **more: Any) -> SafeInput:
        """Return validated data with *values* beside it."""
        return SafeInput({**self._data, **(values or {}), **more})

    def has(self, *fields: str) -> bool:
        """Tell whether each of *fields* is there."""
        return all(holds(self._data, split(field)) for field in fields)

    def input(self, field: str, default: Any = None) -> Any:
        """Return what stands in *field*, by its dotted name, or *default*."""
        value = find(self._data, split(field))
        return default if value is MISSING else value

    def all(self) -> dict[str, Any]:
        """Return all of it, in a dict of its own."""
        return dict(self._data)

    to_dict = all

    def __getitem__(self, field: str) -> Any:
        return self._data[field]

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def __repr__(self) -> str:
        # Names alone: what was sent may be a password.
        return f"SafeInput({join([*self._data]) and ', '.join(self._data)})"
