"""MemoryVerifier: tells what is stored of rows that it was given; for tests and small lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

from securely.support.suggest import did_you_mean
from securely.validation.contracts import Query
from securely.validation.exceptions import RulesError
from securely.validation.rules.loose import text

__all__ = ["MemoryVerifier"]


class MemoryVerifier:
    """Tells what is stored of rows that it was given; values are compared as text.

    Args:
        collections: The rows of each collection.

    Example:
        >>> verifier = MemoryVerifier({"users": [{"id": 1, "email": "a@b.co"}]})
        >>> app.make("validator").answer_with("presence", verifier)
    """

    def __init__(
        self, collections: Mapping[str, Iterable[Mapping[str, Any]]] | None = None
    ) -> None:
        self._rows = {name: [*rows] for name, rows in (collections or {}).items()}

    def add(self, collection: str, *rows: Mapping[str, Any]) -> Self:
        """Store *rows*; return this verifier."""
        self._rows.setdefault(collection, []).extend(rows)
        return self

    def present(
        self, collection: str, column: str, values: Sequence[Any], query: Query, /
    ) -> list[Any]:
        """Return those of *values* that stand in *column* of a row that fits *query*.

        Raises:
            RulesError: There is no such collection.
        """
        rows = self._rows.get(collection)
        if rows is None:
            near = did_you_mean(collection, self._rows)
            hint = f' Did you mean "{near}"?' if near else ""
            raise RulesError(f'Nothing is stored under the name "{collection}".{hint}')
        held = {text(row[column]) for row in rows if _fits(row, query) and _has(row, column)}
        return [value for value in values if text(value) in held]


def _has(row: Mapping[str, Any], column: str) -> bool:
    return row.get(column) is not None


def _fits(row: Mapping[str, Any], query: Query) -> bool:
    if query.ignored is not None:
        column, value = query.ignored
        if not _keeps(row.get(column), "!=", value):
            return False
    return all(_keeps(row.get(column), operator, value) for column, operator, value in query.wheres)


def _keeps(held: Any, operator: str, value: Any) -> bool:
    """Tell whether what is *held* fits; nothing fits neither = nor !=, as in SQL."""
    if operator == "null":
        return held is None
    if operator == "not in" and not value:
        return True
    if held is None:
        return False
    if operator == "not null":
        return True
    several = operator in ("in", "not in")
    equal = text(held) in (map(text, value) if several else (text(value),))
    return equal is (operator in ("=", "in"))
